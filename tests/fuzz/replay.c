/* Runs a fuzz target over files without a fuzzer:
 *
 *     replay [--mutate N] [--seed S] [--limit SECONDS] [-v] FILE...
 *
 * Each file is given to the target as it is, then N damaged variants of it: flipped bits,
 * overwritten, removed, doubled and moved pieces, truncation. Equal arguments give equal variants,
 * so a crash can be repeated (-v names what runs). An input that takes longer than the limit
 * (default 20 s) counts as a hang: exit status 1. At the end it tells the slowest input and the
 * most memory that the process had. */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Bytes {
    uint8_t *data;
    size_t size;
} Bytes;

static uint64_t random_state;
static double slowest; /* seconds */

/* xorshift64* */
static uint32_t random_next(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * 0x2545f4914f6cdd1dull) >> 32);
}

static size_t random_below(size_t n)
{
    return n ? random_next() % n : 0;
}

static Bytes read_file(const char *path)
{
    Bytes b = {NULL, 0};
    FILE *f = fopen(path, "rb");
    if (!f)
        return b;
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    b.data = malloc(size > 0 ? (size_t)size : 1);
    if (b.data && size > 0)
        b.size = fread(b.data, 1, (size_t)size, f);
    fclose(f);
    return b;
}

/* One piece of damage in place; the buffer holds at least the original size. */
static size_t damage(uint8_t *p, size_t size)
{
    if (size < 8)
        return size;
    size_t at = random_below(size), length = 1 + random_below(random_next() & 1 ? 8 : 400);
    if (length > size - at)
        length = size - at;
    switch (random_below(8)) {
    case 0:
    case 1:
    case 2:
        p[at] ^= (uint8_t)(1 << random_below(8));
        return size;
    case 3:
        p[at] = (uint8_t)random_next();
        return size;
    case 4:
        for (size_t i = 0; i < length; i++)
            p[at + i] = (uint8_t)random_next();
        return size;
    case 5: /* remove */
        memmove(p + at, p + at + length, size - at - length);
        return size - length;
    case 6: { /* copy a piece over another place */
        size_t to = random_below(size - length + 1);
        memmove(p + to, p + at, length);
        return size;
    }
    default:
        return random_below(4) ? size : at + 1; /* truncate */
    }
}

static int run(const uint8_t *data, size_t size, const char *name, long variant, double limit)
{
    /* An exact copy on the heap, so that a sanitizer sees a read past its end. */
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    clock_t start = clock();
    LLVMFuzzerTestOneInput(copy, size);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    free(copy);
    slowest = seconds > slowest ? seconds : slowest;
    if (seconds <= limit)
        return 0;
    fprintf(stderr, "replay: %s variant %ld takes %.1f s\n", name, variant, seconds);
    return 1;
}

static int run_file(const char *path, long mutations, uint64_t seed, double limit, int verbose)
{
    Bytes original = read_file(path);
    if (!original.data) {
        fprintf(stderr, "replay: cannot read %s\n", path);
        return 1;
    }
    uint8_t *work = malloc(original.size + 1);
    int slow = run(original.data, original.size, path, -1, limit);
    for (long i = 0; work && i < mutations; i++) {
        if (verbose)
            fprintf(stderr, "%s variant %ld\n", path, i);
        random_state = (seed + 1) * 0x9e3779b97f4a7c15ull + (uint64_t)i * 0x2545f4914f6cdd1dull + 1;
        size_t size = original.size, count = 1 + random_below(random_next() & 1 ? 3 : 30);
        memcpy(work, original.data, size);
        while (count--)
            size = damage(work, size);
        slow |= run(work, size, path, i, limit);
    }
    free(work);
    free(original.data);
    return slow;
}

int main(int argc, char **argv)
{
    long mutations = 0, files = 0;
    uint64_t seed = 1;
    double limit = 20;
    int failed = 0, verbose = 0;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--mutate") && i + 1 < argc)
            mutations = strtol(argv[++i], NULL, 0);
        else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 0);
        else if (!strcmp(argv[i], "--limit") && i + 1 < argc)
            limit = strtod(argv[++i], NULL);
        else if (!strcmp(argv[i], "-v"))
            verbose = 1;
        else
            failed |= run_file(argv[i], mutations, seed, limit, verbose), files++;
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%ld files, %ld variants each, slowest %.3f s, memory %ld MB: %s\n", files, mutations,
           slowest, (long)usage.ru_maxrss / 1024, failed ? "FAILED" : "passed");
    return files ? failed : 2;
}
