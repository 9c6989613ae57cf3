/* A pool of threads that runs batches of tasks: fn(context, index, worker) for index 0..count-1.
 *
 * A thread takes the lowest index left of a batch that was submitted: of the one that fewest
 * threads are at, since tasks of one batch may have to wait for each other (wavefront rows do), and
 * of the oldest where that is even, so that a thread stays with its batch. Some go first: others
 * are what threads do when no task of those can start. One batch at a time may go before them all
 * and is waited for (avo_pool_run). A task may wait for lower ones of its batch, which have been
 * started already, and for those of batches submitted earlier, which never wait for later ones;
 * those that go first wait for none that do not. The caller works along as worker 0; with no
 * threads it does everything, in order, when it waits.
 *
 * All calls come from one thread. */
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
/* Ends and joins all threads; tasks that were not begun are left out. NULL and pools never started
 * are fine. */
void avo_pool_stop(AvoTaskPool *pool);
/* Whether a task can start without having to wait for one of an earlier batch. */
typedef bool (*AvoTaskReadyFn)(void *context, int index);

/* Work to do. The submitter's, who keeps it in place until avo_pool_finish. */
typedef struct AvoTaskBatch {
    AvoTaskFn fn;
    AvoTaskReadyFn ready; /* NULL: always */
    void *context;
    int count;
    int next;         /* first that nobody has taken */
    bool first;       /* goes before those that do not */
    AvoProgress done; /* tasks; what other tasks may wait for */
    struct AvoTaskBatch *after;
    uint32_t number; /* in the order of starting */
} AvoTaskBatch;

/* Gives the threads a batch, without waiting. */
void avo_pool_submit(AvoTaskPool *pool, AvoTaskBatch *batch, AvoTaskFn fn, AvoTaskReadyFn ready,
                     void *context, int count);
/* The same for one that goes first. */
void avo_pool_submit_first(AvoTaskPool *pool, AvoTaskBatch *batch, AvoTaskFn fn,
                           AvoTaskReadyFn ready, void *context, int count);
/* Returns when all tasks of a submitted batch are done; the caller works on whatever there is. */
void avo_pool_finish(AvoTaskPool *pool, AvoTaskBatch *batch);
/* The same for one that goes first from now on; the caller works on nothing but such. */
void avo_pool_finish_first(AvoTaskPool *pool, AvoTaskBatch *batch);
/* Runs a batch before all that is submitted; returns when its tasks are done. */
void avo_pool_run(AvoTaskPool *pool, AvoTaskFn fn, void *context, int count);
/* Runs a batch here and now, whatever threads there are. */
void avo_pool_run_alone(AvoTaskBatch *batch, AvoTaskFn fn, void *context, int count);
/* For tests: every task starts after a wait that depends on seed (not 0), so that threads meet in
 * orders that would seldom happen. What comes out may not change. Called while the pool has no
 * work. */
void avo_pool_disturb(AvoTaskPool *pool, uint32_t seed);

#endif
