/* A pool of threads that runs one batch of tasks at a time: fn(context, index, worker) for index
 * 0..count-1.
 *
 * Indexes are handed out in rising order, so a task may wait for a lower one (wavefront rows do):
 * whatever it waits for has been started already. The caller works along as worker 0; with no
 * threads it does everything, in order. */
#ifndef AVO_BASE_TASKPOOL_H
#define AVO_BASE_TASKPOOL_H

#include "base/arena.h"
#include "base/thread.h"

typedef struct AvoTaskPool AvoTaskPool;
typedef void (*AvoTaskFn)(void *context, int index, int worker);

/* Processors that this process may use, at least 1. */
int avo_cpu_count(void);

/* workers: with the caller, at least 1. NULL on a dry run. Threads start in avo_pool_start. */
AvoTaskPool *avo_pool_carve(AvoArena *arena, int workers);
/* False if a thread could not be started; those that were are stopped again. */
bool avo_pool_start(AvoTaskPool *pool);
/* Ends and joins all threads. NULL and pools never started are fine. */
void avo_pool_stop(AvoTaskPool *pool);
/* Returns when all tasks are done. */
void avo_pool_run(AvoTaskPool *pool, AvoTaskFn fn, void *context, int count);
/* For tests: every task starts after a wait that depends on seed (not 0), so that threads meet in
 * orders that would seldom happen. What comes out may not change. Called while the pool has no
 * work. */
void avo_pool_disturb(AvoTaskPool *pool, uint32_t seed);

#endif
