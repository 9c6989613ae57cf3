/* See thread.h. */
#if !defined(_POSIX_C_SOURCE) && !defined(_GNU_SOURCE)
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#endif
#include "base/thread.h"

#if AVO_THREADS
#include <sched.h>
#include <time.h>

#define SPINS         200 /* under a microsecond: the value is about to come */
#define YIELDS        150 /* some ten microseconds: a macroblock or two */
#define PAUSE_NS      20000
#define LINGER_YIELDS 50

/* Who waits for long sleeps: the task waited for may have lost its processor to another program,
 * and polling would keep it from getting one back. A row that has slept is a few macroblocks behind
 * and will not wait again soon. */
void avo_progress_wait(AvoProgress *p, int needed)
{
    for (int turn = 0; avo_progress_get(p) < needed; turn++)
        if (turn >= SPINS + YIELDS)
            nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
        else if (turn >= SPINS)
            sched_yield();
}

void avo_progress_linger(AvoProgress *p, int old)
{
    for (int turn = 1; turn < LINGER_YIELDS * SPINS && avo_progress_get(p) == old; turn++)
        if (turn % SPINS == 0)
            sched_yield();
}
#else
void avo_progress_wait(AvoProgress *p, int needed)
{
    (void)p;
    (void)needed;
}
#endif
