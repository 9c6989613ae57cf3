/* One interface for everything pictures can come from.
 *
 * An Input is opened by name (input.c finds the right reader), says what it will deliver, and then
 * gives picture after picture. A reader embeds Input as its first member. */
#ifndef TOOLS_INPUT_H
#define TOOLS_INPUT_H

#include <stdio.h>
#include <avocet/avocet.h>
#include "fault.h"

/* What the user said about the input; zero or -1: nothing. */
typedef struct InputRequest {
    const char *name;
    int width, height;
    int format;         /* AvocetFormat or -1 */
    AvocetRational fps; /* 0/0: not given */
    int64_t frames;     /* most pictures wanted, -1: all */
} InputRequest;

/* What the input knows about itself; -1: unknown. */
typedef struct InputInfo {
    const char *kind; /* for messages: "y4m", "raw", ... */
    AvocetFormat format;
    int width, height;
    AvocetRational fps;
    AvocetRational time_base; /* of the pictures' pts; 0/0: 1/fps */
    AvocetRational sar;       /* 0/0: unknown */
    int full_range;
    int primaries, transfer, matrix; /* H.273 codes */
    int64_t frames;
    int is_live; /* pictures come when they are taken: nothing is to be waited for */
} InputInfo;

typedef struct Input Input;
struct Input {
    InputInfo info;
    /* 1: a picture (its samples stay valid until the next call), 0: the end, -1: fault. */
    int (*read)(Input *input, AvocetPicture *picture, Fault *fault);
    /* The same into the caller's buffer of avocet_format_size bytes; never waits for somebody to
     * write. NULL: it would. */
    int (*fill)(Input *input, uint8_t *buffer, AvocetPicture *picture, Fault *fault);
    /* Leaves out pictures; returns as read, 0 if the input ended before. NULL: read and forget. */
    int (*skip)(Input *input, int64_t count, Fault *fault);
    void (*close)(Input *input);
};

/* Opens "-" (standard input), "testsrc", a camera, a printf pattern or glob of stills, or a file.
 * NULL: fault. */
Input *input_open(const InputRequest *request, Fault *fault);
int input_skip(Input *input, int64_t count, Fault *fault);
/* Takes over an input and reads it in a thread of its own, two pictures ahead; gives it back as it
 * was if it has no `fill` or memory is short. */
Input *input_read_ahead(Input *inner);
/* Nothing known; for readers to start from. */
InputInfo input_info_unknown(const char *kind);

/* A file whose first bytes have been looked at. */
typedef struct ByteSource {
    FILE *file;
    const char *name;
    uint8_t head[16];
    size_t head_size, head_used;
} ByteSource;

void byte_source_close(ByteSource *source);
/* Reads up to n bytes, fewer only at the end or on an error (then *failed
 * is set and fault written). */
size_t byte_source_read(ByteSource *source, void *to, size_t n, int *failed, Fault *fault);
/* Size of the file, -1 if it is not a regular one. */
int64_t byte_source_size(const ByteSource *source);
/* Jumps n bytes ahead by seeking if the file can do so; -1 if it cannot. */
int byte_source_jump(ByteSource *source, int64_t n);

/* The readers. Those that get a ByteSource take it over, also when they fail. */
Input *input_y4m_open(const InputRequest *request, ByteSource source, Fault *fault);
Input *input_yuv_open(const InputRequest *request, ByteSource source, Fault *fault);
Input *input_stills_open(const InputRequest *request, Fault *fault);
Input *input_testsrc_open(const InputRequest *request, Fault *fault);
Input *input_v4l2_open(const InputRequest *request, Fault *fault);
Input *input_lavf_open(const InputRequest *request, Fault *fault); /* fault too if not built in */
int input_lavf_available(void);
int input_v4l2_wanted(const char *name);   /* a camera: /dev/video... */
int input_stills_wanted(const char *name); /* pattern, glob or the name of a still picture */

#endif
