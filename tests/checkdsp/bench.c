/* Timing of kernels: the clock, medians, a line per kernel and a table per family at the end. */
#include <time.h>
#include "checkdsp/checkdsp.h"

enum { MOST_RESULTS = 512, GOAL = 3 };

typedef struct Result {
    char name[CHECK_NAME];
    double speedup;
} Result;

/* By what the names begin with; the last one takes the rest. */
static const struct {
    const char *name, *prefixes[8];
} families[] = {
    {"SAD", {"sad"}},
    {"SATD", {"satd", "sa8d", "texture", "intra_satd", "intra_sa8d", "chroma_satd"}},
    {"interpolation", {"copy", "avg", "hpel", "luma_qpel", "chroma_mc", "weight", "sixteenth"}},
    {"deblock", {"deblock", "edge_strengths"}},
    {"others", {""}},
};

static Result results[MOST_RESULTS];
static int n_results;

volatile int bench_sink;

uint64_t ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc();
#else
    return (uint64_t)clock();
#endif
}

static int compare_samples(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t median(uint64_t *samples)
{
    qsort(samples, BENCH_ROUNDS, sizeof(*samples), compare_samples);
    return samples[BENCH_ROUNDS / 2];
}

uint64_t bench_median(uint64_t *samples)
{
    uint64_t clock_alone[BENCH_ROUNDS], sample = median(samples);
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        uint64_t start = ticks();
        clock_alone[i] = ticks() - start;
    }
    uint64_t overhead = median(clock_alone);
    return sample > overhead ? sample - overhead : 1;
}

static void keep(const char *name, double speedup)
{
    int i = 0;
    while (i < n_results && strcmp(results[i].name, name))
        i++;
    if (i == MOST_RESULTS)
        return;
    n_results += i == n_results;
    snprintf(results[i].name, sizeof(results[i].name), "%s", name);
    results[i].speedup = speedup;
}

void bench_report(Tester *t, uint64_t ref, uint64_t got)
{
    double speedup = (double)ref / (double)(got ? got : 1);
    printf("%-8s %-26s %9.1f -> %8.1f  x%.2f\n", t->level, t->name, (double)ref / BENCH_CALLS,
           (double)got / BENCH_CALLS, speedup);
    keep(t->name, speedup);
}

static bool is_of_family(const Result *r, size_t family)
{
    size_t f = 0;
    for (;; f++)
        for (int i = 0; i < 8 && families[f].prefixes[i]; i++)
            if (!strncmp(r->name, families[f].prefixes[i], strlen(families[f].prefixes[i])))
                return f == family;
}

static int compare_results(const void *a, const void *b)
{
    double x = ((const Result *)a)->speedup, y = ((const Result *)b)->speedup;
    return (x > y) - (x < y);
}

static void summarize(size_t family)
{
    const Result *of[MOST_RESULTS];
    int n = 0, n_under = 0;
    for (int i = 0; i < n_results; i++)
        if (is_of_family(&results[i], family)) {
            of[n++] = &results[i];
            n_under += results[i].speedup < GOAL;
        }
    if (!n)
        return;
    printf("%-14s %4d kernels, x%.2f to x%.2f, median x%.2f; %d under x%d", families[family].name,
           n, of[0]->speedup, of[n - 1]->speedup, of[n / 2]->speedup, n_under, GOAL);
    for (int i = 0; i < n_under; i++)
        printf("%s%s %.2f", i % 5 ? ", " : "\n    ", of[i]->name, of[i]->speedup);
    putchar('\n');
}

void bench_summary(void)
{
    qsort(results, (size_t)n_results, sizeof(results[0]), compare_results);
    for (size_t f = 0; f < AVO_COUNT(families); f++)
        summarize(f);
}
