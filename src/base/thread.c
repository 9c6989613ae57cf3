/* See thread.h. */
#include "base/thread.h"

#if AVO_THREADS
#include <sched.h>

void avo_progress_wait(AvoProgress *p, int needed)
{
    for (int spins = 0; avo_progress_get(p) < needed; spins++)
        if (spins > 200)
            sched_yield();
}
#else
void avo_progress_wait(AvoProgress *p, int needed)
{
    (void)p;
    (void)needed;
}
#endif
