/* One still picture from a file, as RGB24. */
#ifndef TOOLS_STILL_H
#define TOOLS_STILL_H

#include <stdint.h>
#include "fault.h"

typedef struct Still {
    int width, height;
    uint8_t *rgb; /* width * 3 bytes per row; free() it */
} Still;

/* By the file's first bytes: PPM and PGM (binary, 8 bit), PNG and JPEG where built in. 0 or -1. */
int still_load(const char *path, Still *still, Fault *fault);

/* still_png.c, still_jpeg.c */
int still_load_png(const char *path, Still *still, Fault *fault);
int still_load_jpeg(const char *path, Still *still, Fault *fault);
int still_has_png(void);
int still_has_jpeg(void);

#endif
