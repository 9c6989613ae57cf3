/* Coded bytes for the decoder: from a byte stream in pieces as they are read; from MP4 files, and
 * behind a jump, picture by picture; from MP4 in a pipe fragment by fragment. */
#ifndef TOOLS_STREAM_INPUT_H
#define TOOLS_STREAM_INPUT_H

#include <stdint.h>
#include <stdio.h>
#include "fault.h"
#include "file_io.h"
#include "picture_order.h"
#include "pipe_demux.h"

typedef struct StreamInput {
    FILE *file;
    const char *path, *name; /* as given, and for messages */
    int64_t size;            /* of the file; -1: unknown */
    uint64_t given;          /* bytes so far */
    uint8_t *buffer;
    FileIo packet_file;
    AvocetReader *reader; /* NULL: a byte stream */
    int64_t next;         /* packet of the reader */
    PipeDemux demux;      /* a pipe, or a byte stream */
    PictureOrder order;   /* behind a jump; count 0: not known */
    int sends_headers;    /* the packet that comes next may lack parameter sets */
} StreamInput;

/* Where to start: a number of pictures, or a time. */
typedef struct SeekPoint {
    int64_t pictures;
    double seconds;
    int is_time;
} SeekPoint;

/* "250" (pictures), "10.5s" or "1:02:03.5". 0 or -1. */
int seek_point_parse(SeekPoint *point, const char *text, Fault *fault);

/* "-" is standard input. Refuses what is plainly no H.264 byte stream. 0 or -1. */
int stream_input_open(StreamInput *in, const char *name, Fault *fault);
/* Jumps ahead in a file, before anything is read, to where decoding must start; *first: number of
 * the picture that is wanted first. Pictures then bear their number as pts. In a pipe nothing is
 * done: all pictures before *first are to be left out. 0 or -1. */
int stream_input_seek(StreamInput *in, const SeekPoint *point, int64_t *first, Fault *fault);
/* 1: the next bytes, valid until the next call; 0: the end; -1: fault. */
int stream_input_read(StreamInput *in, const uint8_t **data, size_t *size, int64_t *pts,
                      Fault *fault);
/* How many pictures a file holds, by its index or the headers of its units; -1: not known. */
int64_t stream_input_pictures(const StreamInput *in);
void stream_input_close(StreamInput *in);

#endif
