/* See taskpool.h. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "base/taskpool.h"

static void begin_batch(AvoTaskBatch *batch, AvoTaskFn fn, AvoTaskReadyFn ready, void *context,
                        int count)
{
    *batch = (AvoTaskBatch){.fn = fn, .ready = ready, .context = context, .count = count};
}

/* All tasks that are left, in order. */
static void run_alone(AvoTaskBatch *batch)
{
    while (batch->next < batch->count) {
        batch->fn(batch->context, batch->next++, 0);
        avo_progress_publish(&batch->done, batch->next);
    }
}

void avo_pool_run_alone(AvoTaskBatch *batch, AvoTaskFn fn, void *context, int count)
{
    begin_batch(batch, fn, NULL, context, count);
    run_alone(batch);
}

#if AVO_THREADS

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

typedef struct Worker {
    AvoTaskPool *pool;
    int index;
    pthread_t thread;
} Worker;

struct AvoTaskPool {
    int workers, started; /* started: threads running, without the caller */
    Worker *worker;
    pthread_mutex_t lock;
    pthread_cond_t wake, idle;
    bool has_sync; /* lock and conditions exist */
    /* Changed only with the lock held. */
    AvoTaskBatch *urgent; /* goes before the others */
    AvoTaskBatch *oldest; /* of those submitted and not finished */
    AvoProgress batches;  /* started so far; wraps around */
    bool quit;
    uint32_t disturbance; /* 0: none */
};

int avo_cpu_count(void)
{
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
#endif
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

AvoTaskPool *avo_pool_carve(AvoArena *arena, int workers)
{
    AvoTaskPool *pool = avo_arena_take(arena, sizeof *pool, 0);
    Worker *worker = avo_arena_take(arena, (size_t)workers * sizeof *worker, 0);
    if (!pool || !worker)
        return NULL;
    pool->workers = workers;
    pool->worker = worker;
    return pool;
}

/* Gives way to others a number of times that looks random. */
static void disturb(uint32_t seed, uint32_t batch, int index)
{
    uint32_t mixed = (seed ^ batch * 0x9e3779b9u ^ (uint32_t)index * 0x85ebca6bu) * 0xc2b2ae35u;
    for (uint32_t i = mixed >> 25; i > 0; i--)
        sched_yield();
}

/* Batches follow each other closely, and waking a sleeping thread takes as long as a small one: a
 * thread with nothing to do looks around a little before it sleeps. Called and returns with the
 * lock held. */
static void linger(AvoTaskPool *pool, AvoProgress *what, int old)
{
    pthread_mutex_unlock(&pool->lock);
    avo_progress_linger(what, old);
    pthread_mutex_lock(&pool->lock);
}

static bool has_tasks(const AvoTaskBatch *b)
{
    return b->next < b->count;
}

static int running(AvoTaskBatch *b)
{
    return b->next - avo_progress_get(&b->done);
}

/* Whether b is to be preferred to an older one. */
static bool goes_before(AvoTaskBatch *b, AvoTaskBatch *older)
{
    return b->first != older->first ? b->first : running(b) < running(older);
}

/* Where nothing can start, the oldest of those that go first, or of all: what it waits for has been
 * started. first_only: nothing else will do. */
static AvoTaskBatch *choose_batch(const AvoTaskPool *pool, bool first_only)
{
    if (pool->urgent && has_tasks(pool->urgent))
        return pool->urgent;
    AvoTaskBatch *best = NULL, *waiting = NULL;
    for (AvoTaskBatch *b = pool->oldest; b; b = b->after) {
        if (!has_tasks(b) || (first_only && !b->first))
            continue;
        if (b->ready && !b->ready(b->context, b->next))
            waiting = !waiting || (b->first && !waiting->first) ? b : waiting;
        else if (!best || goes_before(b, best))
            best = b;
    }
    return best ? best : waiting;
}

/* Called and returns with the lock held. Who waits for the batch may take it back as soon as its
 * last task is counted. */
static void run_task(AvoTaskPool *pool, AvoTaskBatch *b, int worker)
{
    int index = b->next++;
    pthread_mutex_unlock(&pool->lock);
    if (pool->disturbance)
        disturb(pool->disturbance, b->number, index);
    b->fn(b->context, index, worker);
    pthread_mutex_lock(&pool->lock);
    int done = avo_progress_get(&b->done) + 1, count = b->count;
    avo_progress_publish(&b->done, done);
    if (done == count)
        pthread_cond_signal(&pool->idle);
}

static void *thread_main(void *argument)
{
    Worker *self = argument;
    AvoTaskPool *pool = self->pool;
    pthread_mutex_lock(&pool->lock);
    while (!pool->quit) {
        AvoTaskBatch *b = choose_batch(pool, false);
        if (b) {
            run_task(pool, b, self->index);
            continue;
        }
        int seen = avo_progress_get(&pool->batches);
        linger(pool, &pool->batches, seen);
        while (!pool->quit && avo_progress_get(&pool->batches) == seen)
            pthread_cond_wait(&pool->wake, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

bool avo_pool_start(AvoTaskPool *pool)
{
    if (pool->workers <= 1)
        return true;
    if (pthread_mutex_init(&pool->lock, NULL))
        return false;
    if (pthread_cond_init(&pool->wake, NULL)) {
        pthread_mutex_destroy(&pool->lock);
        return false;
    }
    if (pthread_cond_init(&pool->idle, NULL)) {
        pthread_cond_destroy(&pool->wake);
        pthread_mutex_destroy(&pool->lock);
        return false;
    }
    pool->has_sync = true;
    for (int i = 1; i < pool->workers; i++) {
        pool->worker[i].pool = pool;
        pool->worker[i].index = i;
        if (pthread_create(&pool->worker[i].thread, NULL, thread_main, &pool->worker[i])) {
            avo_pool_stop(pool);
            return false;
        }
        pool->started++;
    }
    return true;
}

void avo_pool_stop(AvoTaskPool *pool)
{
    if (!pool || !pool->has_sync)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->quit = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 1; i <= pool->started; i++)
        pthread_join(pool->worker[i].thread, NULL);
    pthread_cond_destroy(&pool->idle);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    pool->has_sync = false;
    pool->started = 0;
}

/* Called with the lock held. */
static void announce(AvoTaskPool *pool, AvoTaskBatch *batch)
{
    unsigned number = (unsigned)avo_progress_get(&pool->batches) + 1;
    batch->number = number;
    avo_progress_publish(&pool->batches, (int)number);
    pthread_cond_broadcast(&pool->wake);
}

/* Called and returns with the lock held. */
static void wait_for_others(AvoTaskPool *pool, AvoTaskBatch *batch)
{
    for (int done; (done = avo_progress_get(&batch->done)) < batch->count;) {
        linger(pool, &batch->done, done);
        if (avo_progress_get(&batch->done) == done)
            pthread_cond_wait(&pool->idle, &pool->lock);
    }
}

/* Called with the lock held. */
static void unlink_batch(AvoTaskPool *pool, const AvoTaskBatch *batch)
{
    AvoTaskBatch **at = &pool->oldest;
    while (*at != batch)
        at = &(*at)->after;
    *at = batch->after;
}

static void submit(AvoTaskPool *pool, AvoTaskBatch *batch)
{
    if (pool->started == 0)
        return;
    pthread_mutex_lock(&pool->lock);
    AvoTaskBatch **end = &pool->oldest;
    while (*end)
        end = &(*end)->after;
    *end = batch;
    announce(pool, batch);
    pthread_mutex_unlock(&pool->lock);
}

void avo_pool_submit(AvoTaskPool *pool, AvoTaskBatch *batch, AvoTaskFn fn, AvoTaskReadyFn ready,
                     void *context, int count)
{
    begin_batch(batch, fn, ready, context, count);
    submit(pool, batch);
}

void avo_pool_submit_first(AvoTaskPool *pool, AvoTaskBatch *batch, AvoTaskFn fn,
                           AvoTaskReadyFn ready, void *context, int count)
{
    begin_batch(batch, fn, ready, context, count);
    batch->first = true;
    submit(pool, batch);
}

/* Works along until the batch is done. Called with the lock held. */
static void work_until_done(AvoTaskPool *pool, AvoTaskBatch *batch, bool first_only)
{
    for (AvoTaskBatch *b; avo_progress_get(&batch->done) < batch->count;) {
        if ((b = choose_batch(pool, first_only)))
            run_task(pool, b, 0);
        else
            wait_for_others(pool, batch);
    }
    unlink_batch(pool, batch);
}

void avo_pool_finish(AvoTaskPool *pool, AvoTaskBatch *batch)
{
    if (pool->started == 0) {
        run_alone(batch);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    work_until_done(pool, batch, false);
    pthread_mutex_unlock(&pool->lock);
}

void avo_pool_finish_first(AvoTaskPool *pool, AvoTaskBatch *batch)
{
    if (pool->started == 0) {
        run_alone(batch);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    batch->first = true;
    work_until_done(pool, batch, true);
    pthread_mutex_unlock(&pool->lock);
}

void avo_pool_run(AvoTaskPool *pool, AvoTaskFn fn, void *context, int count)
{
    AvoTaskBatch batch;
    begin_batch(&batch, fn, NULL, context, count);
    if (pool->started == 0) {
        run_alone(&batch);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->urgent = &batch;
    announce(pool, &batch);
    while (batch.next < batch.count)
        run_task(pool, &batch, 0);
    wait_for_others(pool, &batch);
    pool->urgent = NULL;
    pthread_mutex_unlock(&pool->lock);
}

void avo_pool_disturb(AvoTaskPool *pool, uint32_t seed)
{
    pool->disturbance = seed;
}

#else

struct AvoTaskPool {
    int unused;
};

int avo_cpu_count(void)
{
    return 1;
}

AvoTaskPool *avo_pool_carve(AvoArena *arena, int workers)
{
    (void)workers;
    return avo_arena_take(arena, sizeof(AvoTaskPool), 0);
}

bool avo_pool_start(AvoTaskPool *pool)
{
    (void)pool;
    return true;
}

void avo_pool_stop(AvoTaskPool *pool)
{
    (void)pool;
}

void avo_pool_disturb(AvoTaskPool *pool, uint32_t seed)
{
    (void)pool;
    (void)seed;
}

void avo_pool_submit(AvoTaskPool *pool, AvoTaskBatch *batch, AvoTaskFn fn, AvoTaskReadyFn ready,
                     void *context, int count)
{
    (void)pool;
    begin_batch(batch, fn, ready, context, count);
}

void avo_pool_submit_first(AvoTaskPool *pool, AvoTaskBatch *batch, AvoTaskFn fn,
                           AvoTaskReadyFn ready, void *context, int count)
{
    avo_pool_submit(pool, batch, fn, ready, context, count);
}

void avo_pool_finish(AvoTaskPool *pool, AvoTaskBatch *batch)
{
    (void)pool;
    run_alone(batch);
}

void avo_pool_finish_first(AvoTaskPool *pool, AvoTaskBatch *batch)
{
    avo_pool_finish(pool, batch);
}

void avo_pool_run(AvoTaskPool *pool, AvoTaskFn fn, void *context, int count)
{
    AvoTaskBatch batch;
    avo_pool_submit(pool, &batch, fn, NULL, context, count);
    avo_pool_finish(pool, &batch);
}

#endif
