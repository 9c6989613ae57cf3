/* The module of FFmpeg's libraries: other video files in and out, Motion JPEG of cameras. The
 * functions are those of input.h, output.h and mjpeg.h. */
#ifndef TOOLS_MEDIA_H
#define TOOLS_MEDIA_H

#include "input/input.h"
#include "input/mjpeg.h"
#include "modules/module.h"
#include "output/output.h"

typedef struct MediaModule {
    ModuleHead head;
    Input *(*input_open)(const InputRequest *request, Fault *fault);
    int (*output_check)(const char *name, Fault *fault);
    Output *(*output_open)(const char *name, const OutputTrack *track, Fault *fault);
    int (*mjpeg_available)(void);
    Mjpeg *(*mjpeg_open)(int width, int height, Fault *fault);
} MediaModule;

#endif
