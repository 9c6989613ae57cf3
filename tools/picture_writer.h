/* Decoded pictures into a .y4m or raw .yuv file, PNG files, or nowhere (/dev/null). */
#ifndef TOOLS_PICTURE_WRITER_H
#define TOOLS_PICTURE_WRITER_H

#include <avocet/decoder.h>
#include <stdio.h>
#include "overlay_canvas.h"

typedef struct PictureWriter {
    FILE *file; /* NULL: PNG files, or nowhere */
    const char *name;
    int is_y4m, is_nowhere;
    AvocetFormat format; /* of the first picture; width 0: none yet */
    int width, height;
    Canvas canvas; /* PNG files */
    int64_t stills;
} PictureWriter;

/* Can this name be written? Else the fault says what can. */
int picture_writer_check_name(const char *name, Fault *fault);
/* "-" is standard output, as y4m. 0 or -1. */
int picture_writer_open(PictureWriter *writer, const char *name, Fault *fault);
/* All pictures of one file have one size and format. */
int picture_writer_add(PictureWriter *writer, const AvocetPicture *picture,
                       const AvocetStreamInfo *info, Fault *fault);
/* A fault when the last bytes could not be written. */
int picture_writer_close(PictureWriter *writer, Fault *fault);

#endif
