/* Progress counters between tasks of one picture. Without threads (AVO_THREADS 0) they are plain integers. */
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
#else
typedef struct AvoProgress {
    int done;
} AvoProgress;
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

/* Returns once p has reached `needed`. With threads it spins a little, then yields, then sleeps; the task waited for always
 * runs already, because rows are started in order. */
void avo_progress_wait(AvoProgress *p, int needed);

#endif
