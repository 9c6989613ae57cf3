/* Curves of a stream as one SVG picture: bits and QP per picture, types, PSNR. */
#ifndef TOOLS_PLOTS_H
#define TOOLS_PLOTS_H

#include "overlay.h"

typedef struct PlotPoint {
    FrameStat stat;
    double psnr; /* luma, dB; negative: unknown */
} PlotPoint;

/* Points in order of output. title is put above. 0 or -1. */
int plots_write(const char *path, const char *title, const PlotPoint *points, int64_t count,
                Fault *fault);

#endif
