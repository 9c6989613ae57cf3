/* Coded bytes for the decoder: from a file or standard input, in pieces as they are read; from MP4 files picture by
 * picture. */
#ifndef TOOLS_STREAM_INPUT_H
#define TOOLS_STREAM_INPUT_H

#include <stdint.h>
#include <stdio.h>
#include "fault.h"
#include "file_io.h"

typedef struct StreamInput {
    FILE *file;
    const char *name;
    int64_t size;   /* of the file; -1: unknown */
    uint64_t given; /* bytes so far */
    uint8_t *buffer;
    FileIo mp4_file;
    AvocetReader *mp4; /* NULL: a byte stream */
    int64_t next;      /* packet of mp4 */
} StreamInput;

/* "-" is standard input. Refuses what is plainly no H.264 byte stream. 0 or -1. */
int stream_input_open(StreamInput *in, const char *name, Fault *fault);
/* 1: the next bytes, valid until the next call; 0: the end; -1: fault. */
int stream_input_read(StreamInput *in, const uint8_t **data, size_t *size, Fault *fault);
void stream_input_close(StreamInput *in);

#endif
