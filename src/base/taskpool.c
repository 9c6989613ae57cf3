/* See taskpool.h. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "base/taskpool.h"

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
    /* The batch at work; changed only with the lock held. */
    AvoTaskFn fn;
    void *context;
    int next, count;
    AvoProgress batch;   /* its number, which wraps around */
    AvoProgress running; /* threads at work on it */
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
static void disturb(uint32_t seed, int batch, int index)
{
    uint32_t mixed =
        (seed ^ (uint32_t)batch * 0x9e3779b9u ^ (uint32_t)index * 0x85ebca6bu) * 0xc2b2ae35u;
    for (uint32_t i = mixed >> 25; i > 0; i--)
        sched_yield();
}

/* Batches follow each other closely, and waking a sleeping thread takes as long as a small one: a
 * thread with nothing to do looks around a little before it sleeps. Called and returns with the
 * lock held. */
static void linger(AvoTaskPool *pool, AvoProgress *what)
{
    int old = avo_progress_get(what);
    pthread_mutex_unlock(&pool->lock);
    avo_progress_linger(what, old);
    pthread_mutex_lock(&pool->lock);
}

/* Takes tasks until none is left. Called and returns with the lock held. */
static void work(AvoTaskPool *pool, int worker)
{
    avo_progress_publish(&pool->running, avo_progress_get(&pool->running) + 1);
    while (pool->next < pool->count) {
        int index = pool->next++;
        pthread_mutex_unlock(&pool->lock);
        if (pool->disturbance)
            disturb(pool->disturbance, avo_progress_get(&pool->batch), index);
        pool->fn(pool->context, index, worker);
        pthread_mutex_lock(&pool->lock);
    }
    int running = avo_progress_get(&pool->running) - 1;
    avo_progress_publish(&pool->running, running);
    if (running == 0)
        pthread_cond_signal(&pool->idle);
}

static void *thread_main(void *argument)
{
    Worker *self = argument;
    AvoTaskPool *pool = self->pool;
    int seen = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        if (!pool->quit && avo_progress_get(&pool->batch) == seen)
            linger(pool, &pool->batch);
        while (!pool->quit && avo_progress_get(&pool->batch) == seen)
            pthread_cond_wait(&pool->wake, &pool->lock);
        if (pool->quit)
            break;
        seen = avo_progress_get(&pool->batch);
        work(pool, self->index);
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

void avo_pool_run(AvoTaskPool *pool, AvoTaskFn fn, void *context, int count)
{
    if (pool->started == 0) {
        for (int i = 0; i < count; i++)
            fn(context, i, 0);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->fn = fn;
    pool->context = context;
    pool->next = 0;
    pool->count = count;
    avo_progress_publish(&pool->batch, (int)((unsigned)avo_progress_get(&pool->batch) + 1));
    pthread_cond_broadcast(&pool->wake);
    work(pool, 0);
    for (int left; (left = avo_progress_get(&pool->running)) > 0;) {
        linger(pool, &pool->running);
        if (avo_progress_get(&pool->running) == left)
            pthread_cond_wait(&pool->idle, &pool->lock);
    }
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

void avo_pool_run(AvoTaskPool *pool, AvoTaskFn fn, void *context, int count)
{
    (void)pool;
    for (int i = 0; i < count; i++)
        fn(context, i, 0);
}

#endif
