/* See pace.h. */
#define _POSIX_C_SOURCE 200809L
#include "pace.h"
#include <time.h>
#include "progress.h"

#define LATE 1.0 /* seconds */

void pace_start(Pace *p, AvocetRational time_base)
{
    *p = (Pace){.unit = (double)time_base.num / time_base.den};
}

void pace_wait(Pace *p, int64_t pts, const volatile sig_atomic_t *stop)
{
    double now = progress_clock(), due = p->start + (double)pts * p->unit;
    if (!p->started || now - due > LATE) {
        p->start = now - (double)pts * p->unit;
        p->started = 1;
        return;
    }
    while (!*stop && due > now) {
        double left = due - now;
        struct timespec t = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
        nanosleep(&t, NULL);
        now = progress_clock();
    }
}
