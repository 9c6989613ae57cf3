/* The pool of threads: every task once, in which order, what may wait for what. */
#include <string.h>
#include "base/taskpool.h"
#include "check.h"

enum { TASKS = 300, WORKERS = 4 };

/* A batch whose tasks note when they ran, and wait for the ones they need. */
typedef struct Chain {
    AvoProgress done[TASKS];
    AvoProgress started;
    struct Chain *before; /* task i needs its task i + LAG */
    bool waits_for_last;  /* and its own task i - 1 */
    int ran[TASKS], worker[TASKS];
    int by_caller; /* tasks that worker 0 ran; its own to read */
    int ready_asked;
} Chain;

enum { LAG = 20 };

static int needed(int index)
{
    return index + LAG < TASKS ? index + LAG : TASKS - 1;
}

static bool is_ready(void *context, int index)
{
    Chain *chain = context;
    chain->ready_asked++; /* the pool holds its lock */
    return !chain->before || avo_progress_get(&chain->before->done[needed(index)]) == 1;
}

static void run_task(void *context, int index, int worker)
{
    Chain *chain = context;
    chain->worker[index] = worker;
    if (worker == 0)
        chain->by_caller++;
    if (chain->before)
        avo_progress_wait(&chain->before->done[needed(index)], 1);
    if (chain->waits_for_last && index > 0)
        avo_progress_wait(&chain->done[index - 1], 1);
    chain->ran[index]++;
    avo_progress_publish(&chain->done[index], 1);
}

static void check_chain(const Chain *chain, const char *what, int workers)
{
    int times = 0, odd = 0;
    for (int i = 0; i < TASKS; i++) {
        times += chain->ran[i];
        odd += chain->ran[i] != 1 || chain->worker[i] < 0 || chain->worker[i] >= workers;
    }
    CHECK(times == TASKS && !odd, "%s with %d workers: %d tasks ran, %d not once, or by nobody",
          what, workers, times, odd);
}

static AvoTaskPool *open_pool(AvoArena *arena, void *memory, size_t size, int workers)
{
    avo_arena_init(arena, memory, size);
    AvoTaskPool *pool = avo_pool_carve(arena, workers);
    CHECK(pool && avo_pool_start(pool), "%d workers", workers);
    return pool;
}

/* Two batches that depend on each other and on themselves, with others before them all meanwhile.
 */
static void test_batches(int workers, uint32_t seed)
{
    static AVO_ALIGN(64) uint8_t memory[8192];
    static Chain first, second, urgent;
    AvoArena arena;
    AvoTaskBatch batch[2];
    AvoTaskPool *pool = open_pool(&arena, memory, sizeof memory, workers);
    if (!pool)
        return;
    avo_pool_disturb(pool, seed);
    memset(&first, 0, sizeof first);
    memset(&second, 0, sizeof second);
    first.waits_for_last = second.waits_for_last = true;
    second.before = &first;
    avo_pool_submit(pool, &batch[0], run_task, is_ready, &first, TASKS);
    avo_pool_submit(pool, &batch[1], run_task, is_ready, &second, TASKS);
    for (int i = 0; i < 3; i++) {
        memset(&urgent, 0, sizeof urgent);
        avo_pool_run(pool, run_task, &urgent, TASKS);
        check_chain(&urgent, "urgent batch", workers);
    }
    avo_pool_finish(pool, &batch[0]);
    check_chain(&first, "first batch", workers);
    avo_pool_finish(pool, &batch[1]);
    check_chain(&second, "second batch", workers);
    CHECK(workers == 1 || first.ready_asked + second.ready_asked > 0, "readiness was not asked");
    avo_pool_stop(pool);
}

/* Batches are finished in any order, each of its own accord or before all others. */
static void test_order(int workers, uint32_t seed)
{
    static AVO_ALIGN(64) uint8_t memory[8192];
    static Chain chain[3];
    AvoArena arena;
    AvoTaskBatch batch[3], alone;
    for (int order = 0; order < 6; order++) {
        AvoTaskPool *pool = open_pool(&arena, memory, sizeof memory, workers);
        if (!pool)
            return;
        avo_pool_disturb(pool, seed);
        memset(chain, 0, sizeof chain);
        for (int i = 0; i < 3; i++) {
            chain[i].waits_for_last = true;
            avo_pool_submit(pool, &batch[i], run_task, is_ready, &chain[i], TASKS);
        }
        for (int i = 0; i < 3; i++) {
            int which = (order + (order < 3 ? i : 2 * i)) % 3;
            void (*finish)(AvoTaskPool *, AvoTaskBatch *) =
                (order + i) % 2 ? avo_pool_finish_first : avo_pool_finish;
            finish(pool, &batch[which]);
            check_chain(&chain[which], "batch out of order", workers);
        }
        memset(chain, 0, sizeof chain[0]);
        avo_pool_run_alone(&alone, run_task, &chain[0], TASKS);
        check_chain(&chain[0], "batch alone", 1);
        CHECK(avo_progress_get(&alone.done) == TASKS, "alone: not all is told done");
        avo_pool_stop(pool);
    }
}

/* Who finishes batches that go first does nothing else meanwhile; the others are done, too. */
static void test_first(int workers, uint32_t seed)
{
    static AVO_ALIGN(64) uint8_t memory[8192];
    static Chain later, first[2];
    AvoArena arena;
    AvoTaskBatch batch[3];
    AvoTaskPool *pool = open_pool(&arena, memory, sizeof memory, workers);
    if (!pool)
        return;
    avo_pool_disturb(pool, seed);
    memset(&later, 0, sizeof later);
    memset(first, 0, sizeof first);
    avo_pool_submit(pool, &batch[0], run_task, is_ready, &later, TASKS);
    for (int i = 0; i < 2; i++) {
        first[i].waits_for_last = true;
        avo_pool_submit_first(pool, &batch[1 + i], run_task, is_ready, &first[i], TASKS);
    }
    for (int i = 0; i < 2; i++)
        avo_pool_finish_first(pool, &batch[1 + i]);
    CHECK(later.by_caller == 0, "%d workers: %d tasks of another batch run by the caller", workers,
          later.by_caller);
    for (int i = 0; i < 2; i++)
        check_chain(&first[i], "batch that goes first", workers);
    avo_pool_finish(pool, &batch[0]);
    check_chain(&later, "batch that does not go first", workers);
    avo_pool_stop(pool);
}

/* What was submitted and not begun is left out, what was begun ends. */
static void test_stop(void)
{
    static AVO_ALIGN(64) uint8_t memory[8192];
    static Chain chain;
    AvoArena arena;
    AvoTaskBatch batch;
    for (int round = 0; round < 20; round++) {
        AvoTaskPool *pool = open_pool(&arena, memory, sizeof memory, WORKERS);
        if (!pool)
            return;
        memset(&chain, 0, sizeof chain);
        chain.waits_for_last = true;
        avo_pool_submit(pool, &batch, run_task, NULL, &chain, TASKS);
        avo_pool_stop(pool);
        int ran = 0;
        while (ran < TASKS && chain.ran[ran])
            ran++;
        for (int i = ran; i < TASKS; i++)
            CHECK(chain.ran[i] == 0, "task %d ran, %d did not", i, ran);
    }
    avo_pool_stop(NULL);
}

int main(void)
{
    for (int workers = 1; workers <= WORKERS; workers++)
        for (uint32_t seed = 0; seed < 3; seed++) {
            test_batches(workers, seed);
            test_order(workers, seed);
            test_first(workers, seed);
        }
    test_stop();
    return check_finish();
}
