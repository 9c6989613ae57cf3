/* The line that counts up on a terminal; nothing at all where standard error is no terminal. */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include <stdint.h>

typedef struct Progress {
    int active;
    int shown;     /* characters of the line on the screen */
    int64_t total; /* pictures, -1: unknown */
    double fps;    /* of the video */
    double started, last;
} Progress;

double progress_clock(void); /* seconds, monotonic */
void progress_start(Progress *progress, int wanted, int64_t total, double fps);
void progress_update(Progress *progress, int64_t frames, int64_t bytes);
void progress_clear(Progress *progress);

#endif
