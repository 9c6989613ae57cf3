/* See progress.h. */
#define _POSIX_C_SOURCE 200809L
#include "progress.h"
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL 0.1 /* seconds between two updates */

double progress_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void progress_start(Progress *p, int wanted, int64_t total, double fps)
{
    *p = (Progress){.active = wanted && isatty(STDERR_FILENO), .total = total, .fps = fps};
    p->started = p->last = progress_clock();
}

void progress_update(Progress *p, int64_t frames, int64_t bytes)
{
    if (!p->active)
        return;
    double now = progress_clock();
    if (now - p->last < INTERVAL || frames == 0)
        return;
    p->last = now;
    double speed = (double)frames / (now - p->started);
    double kbps = (double)bytes * 8 / 1000 * p->fps / (double)frames;
    char line[160];
    int n;
    if (p->total > 0) {
        int64_t left = (int64_t)((double)(p->total - frames) / speed + 0.5);
        n = snprintf(line, sizeof line,
                     "[%.1f%%] %" PRId64 "/%" PRId64
                     " pictures, %.1f fps, %.1f kb/s, eta %d:%02d:%02d",
                     100.0 * (double)frames / (double)p->total, frames, p->total, speed, kbps,
                     (int)(left / 3600), (int)(left / 60 % 60), (int)(left % 60));
    } else {
        n = snprintf(line, sizeof line, "%" PRId64 " pictures, %.1f fps, %.1f kb/s", frames, speed,
                     kbps);
    }
    fprintf(stderr, "\r%s%*s", line, p->shown > n ? p->shown - n : 0, "");
    fflush(stderr);
    p->shown = n;
}

void progress_clear(Progress *p)
{
    if (p->shown)
        fprintf(stderr, "\r%*s\r", p->shown, "");
    p->shown = 0;
}
