/* Pictures of a fixed size one after another in a byte source:
 * what y4m and raw files have in common. */
#ifndef TOOLS_FRAME_READER_H
#define TOOLS_FRAME_READER_H

#include "input/input.h"

typedef struct FrameReader {
    Input base;
    ByteSource source;
    uint8_t *buffer; /* one picture */
    size_t frame_size;
    int64_t index;   /* of the next picture */
    int has_headers; /* a line "FRAME...\n" before each picture */
} FrameReader;

/* An Input over the source with base.info filled in by the caller beforehand; NULL: no memory. */
Input *frame_reader_open(const InputInfo *info, ByteSource source, int has_headers, Fault *fault);

#endif
