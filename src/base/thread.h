/* What tasks of one picture tell each other: progress counters, and work passed on. Without threads
 * (AVO_THREADS 0) they are plain integers. */
#ifndef AVO_BASE_THREAD_H
#define AVO_BASE_THREAD_H

#include "base/util.h"

#ifndef AVO_THREADS
#if defined(AVOCET_TINY) || defined(__STDC_NO_ATOMICS__)
#define AVO_THREADS 0
#else
#define AVO_THREADS 1
#endif
#endif

#if AVO_THREADS
#include <stdatomic.h>
typedef struct AvoProgress {
    AVO_ALIGN(64) atomic_int done; /* on its own cache line: neighbours poll it */
} AvoProgress;
typedef struct AvoRelay {
    AVO_ALIGN(64) atomic_int arrivals;
} AvoRelay;
#else
typedef struct AvoProgress {
    int done;
} AvoProgress;
typedef struct AvoRelay {
    int arrivals;
} AvoRelay;
#endif

AVO_INLINE void avo_progress_reset(AvoProgress *p)
{
#if AVO_THREADS
    atomic_store_explicit(&p->done, 0, memory_order_relaxed);
#else
    p->done = 0;
#endif
}

AVO_INLINE void avo_progress_publish(AvoProgress *p, int done)
{
#if AVO_THREADS
    atomic_store_explicit(&p->done, done, memory_order_release);
#else
    p->done = done;
#endif
}

AVO_INLINE int avo_progress_get(AvoProgress *p)
{
#if AVO_THREADS
    return atomic_load_explicit(&p->done, memory_order_acquire);
#else
    return p->done;
#endif
}

/* Returns once p has reached `needed`. With threads it spins a little, then yields, then sleeps;
 * the task waited for always runs already, because rows are started in order. */
void avo_progress_wait(AvoProgress *p, int needed);

/* Returns once p is no longer `old`, or after some ten microseconds. */
void avo_progress_linger(AvoProgress *p, int old);

/* A stage at which one task at a time works, and for which none waits: each publishes what it
 * brings, then
 *
 *     for (int seen = avo_relay_enter(r); seen; seen = avo_relay_leave(r, seen))
 *         ... whatever is ready by now ...
 *
 * avo_relay_enter gives 0 if another task is at it, which will see to what was brought, too. */
AVO_INLINE int avo_relay_enter(AvoRelay *r)
{
#if AVO_THREADS
    return atomic_fetch_add_explicit(&r->arrivals, 1, memory_order_acq_rel) == 0;
#else
    return r->arrivals = 1;
#endif
}

/* 0: left. Otherwise others have come since `seen`, the value that enter or leave gave last. */
AVO_INLINE int avo_relay_leave(AvoRelay *r, int seen)
{
#if AVO_THREADS
    if (atomic_compare_exchange_strong_explicit(&r->arrivals, &seen, 0, memory_order_acq_rel,
                                                memory_order_acquire))
        return 0;
    return seen;
#else
    r->arrivals = 0;
    return seen - 1;
#endif
}

#endif
