/* The few lines that unit tests share: counted checks, a small random generator,
 * the closing line. */
#ifndef AVO_TESTS_CHECK_H
#define AVO_TESTS_CHECK_H

#include <stdint.h>
#include <stdio.h>

typedef struct Tally {
    long passed, failed;
} Tally;

/* The counts of the one test program that includes this. */
static Tally tally;

#define CHECK(cond, ...)                                                                           \
    do {                                                                                           \
        if (cond) {                                                                                \
            tally.passed++;                                                                        \
        } else if (tally.failed++ < 20) {                                                          \
            printf("FAILED %s:%d: %s: ", __FILE__, __LINE__, #cond);                               \
            printf(__VA_ARGS__);                                                                   \
            printf("\n");                                                                          \
        }                                                                                          \
    } while (0)

static inline int check_finish(void)
{
    printf("%ld passed, %ld failed\n", tally.passed, tally.failed);
    return tally.failed != 0;
}

/* xorshift64* */
typedef struct Random {
    uint64_t s;
} Random;

static inline uint32_t random_next(Random *r)
{
    r->s ^= r->s >> 12;
    r->s ^= r->s << 25;
    r->s ^= r->s >> 27;
    return (uint32_t)(r->s * 0x2545f4914f6cdd1d >> 32);
}

/* 0..n - 1 */
static inline int random_below(Random *r, int n)
{
    return (int)((uint64_t)random_next(r) * (uint32_t)n >> 32);
}

/* lo..hi */
static inline int random_in(Random *r, int lo, int hi)
{
    return lo + random_below(r, hi - lo + 1);
}

/* True in `percent` of 100 cases. */
static inline int random_chance(Random *r, int percent)
{
    return random_below(r, 100) < percent;
}

#endif
