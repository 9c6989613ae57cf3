/* Checks every kernel of every ISA level that this CPU has against the C reference, bit for bit,
 * and the C reference against the standard's formulas; --bench also times them, against the C
 * kernels compiled for AVX2 where the build has those too (vectorised.h), and sums up by family.
 *
 *   cc -std=c11 -O2 -Iinclude -Isrc -Itests -o checkdsp \
 *      $(find src/dsp tests/checkdsp -name '*.c')
 *   ./checkdsp [--bench] [--list] [--verbose] [--seed=N] [--cpu=LEVEL] [kernel prefix]
 *
 * LEVEL: sse41, avx2, avx512 or neon.
 * Exit code 0: all passed, 1: a kernel failed, 2: bad usage. */
#include <stdarg.h>
#include "checkdsp/checkdsp.h"
#include "dsp/cpu.h"

const int blk_width[AVO_BLK_COUNT] = {16, 16, 8, 8, 8, 4, 4};
const int blk_height[AVO_BLK_COUNT] = {16, 8, 16, 8, 4, 8, 4};
const char *const blk_name[AVO_BLK_COUNT] = {"16x16", "16x8", "8x16", "8x8", "8x4", "4x8", "4x4"};

const uint8_t deblock_alpha[52] = {0,  0,  0,  0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
                                   0,  0,  0,  4,   4,   5,   6,   7,   8,   9,   10,  12,  13,
                                   15, 17, 20, 22,  25,  28,  32,  36,  40,  45,  50,  56,  63,
                                   71, 80, 90, 101, 113, 127, 144, 162, 182, 203, 226, 255, 255};
const uint8_t deblock_beta[52] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0,  0,  2,  2,  2,  3,  3,  3,  3,  4,  4,  4,
    6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 18, 18};
const int8_t deblock_tc0[52][3] = {
    {0, 0, 0},    {0, 0, 0},    {0, 0, 0},   {0, 0, 0},  {0, 0, 0},   {0, 0, 0},   {0, 0, 0},
    {0, 0, 0},    {0, 0, 0},    {0, 0, 0},   {0, 0, 0},  {0, 0, 0},   {0, 0, 0},   {0, 0, 0},
    {0, 0, 0},    {0, 0, 0},    {0, 0, 0},   {0, 0, 1},  {0, 0, 1},   {0, 0, 1},   {0, 0, 1},
    {0, 1, 1},    {0, 1, 1},    {1, 1, 1},   {1, 1, 1},  {1, 1, 1},   {1, 1, 1},   {1, 1, 2},
    {1, 1, 2},    {1, 1, 2},    {1, 1, 2},   {1, 2, 3},  {1, 2, 3},   {2, 2, 3},   {2, 2, 4},
    {2, 3, 4},    {2, 3, 4},    {3, 3, 5},   {3, 4, 6},  {3, 4, 6},   {4, 5, 7},   {4, 5, 8},
    {4, 6, 9},    {5, 7, 10},   {6, 8, 11},  {6, 8, 13}, {7, 10, 14}, {8, 11, 16}, {9, 12, 18},
    {10, 13, 20}, {11, 15, 23}, {13, 17, 25}};

/* ---- random input ---- */

static uint64_t rnd_state = 0x9e3779b97f4a7c15u;

uint32_t rnd(void)
{
    rnd_state ^= rnd_state << 13;
    rnd_state ^= rnd_state >> 7;
    rnd_state ^= rnd_state << 17;
    return (uint32_t)(rnd_state >> 32);
}

int rnd_range(int lo, int hi)
{
    return lo + (int)(rnd() % (uint32_t)(hi - lo + 1));
}

/* 1 where the 6-tap filter has a positive weight. */
static int tap_sign(size_t i)
{
    return i % 6 != 1 && i % 6 != 4;
}

void fill_pixels(pixel *p, size_t n, int shape)
{
    int base = rnd_range(0, 240), slope = rnd_range(-9, 9), spread = rnd_range(1, 15);
    int flip = rnd() & 1;
    size_t step = rnd() % (n < AREA_STRIDE ? n : AREA_STRIDE);
    for (size_t i = 0; i < n; i++) {
        size_t x = i % AREA_STRIDE, y = i / AREA_STRIDE;
        int v = 0;
        switch (shape) {
        case SHAPE_RANDOM:
            v = (int)(rnd() & 255);
            break;
        case SHAPE_ZERO:
            v = 0;
            break;
        case SHAPE_MAX:
            v = AVO_PIXEL_MAX;
            break;
        case SHAPE_BINARY:
            v = rnd() & 1 ? AVO_PIXEL_MAX : 0;
            break;
        case SHAPE_FLAT:
            v = base + rnd_range(0, spread);
            break;
        case SHAPE_RAMP:
            v = base + (int)x * slope + rnd_range(0, 2);
            break;
        case SHAPE_STEP:
            v = (x < step) ^ flip ? 0 : AVO_PIXEL_MAX;
            break;
        default:
            v = tap_sign(x) ^ tap_sign(y) ^ flip ? 0 : AVO_PIXEL_MAX;
            break;
        }
        p[i] = avo_clip_pixel(v);
    }
}

void fill_coefs(coef *c, size_t n, int limit)
{
    int zeros = rnd_range(0, 3); /* of 4 coefficients; 3: sparse */
    for (size_t i = 0; i < n; i++) {
        int kind = rnd_range(0, 9);
        c[i] = (coef)rnd_range(-limit, limit);
        if (kind == 0)
            c[i] = (coef)limit;
        else if (kind == 1)
            c[i] = (coef)-limit;
        else if (kind < 5)
            c[i] = (coef)rnd_range(-avo_min(3, limit), avo_min(3, limit));
        if (rnd_range(0, 3) < zeros)
            c[i] = 0;
    }
}

/* ---- reporting ---- */

bool check_begin(Tester *t, bool is_new, const char *format, ...)
{
    va_list args;
    if (!is_new)
        return false;
    va_start(args, format);
    vsnprintf(t->name, sizeof(t->name), format, args);
    va_end(args);
    if (t->filter && strncmp(t->name, t->filter, strlen(t->filter)))
        return false;
    if (t->list) {
        printf("%-8s %s\n", t->level, t->name);
        return false;
    }
    t->failed = false;
    return true;
}

bool check_that(Tester *t, bool ok, const char *text, const char *file, int line)
{
    if (!ok && !t->failed) {
        printf("FAIL %-8s %s: %s (%s:%d)\n", t->level, t->name, text, file, line);
        t->failed = true;
    }
    return ok;
}

void check_end(Tester *t)
{
    if (t->failed)
        t->n_failed++;
    else
        t->n_passed++;
    if (t->verbose && !t->failed)
        printf("ok   %-8s %s\n", t->level, t->name);
}

/* ---- levels ---- */

typedef struct Level {
    const char *name, *option;
    uint32_t mask;
} Level;

static const Level levels[] = {
    {"SSE4.1", "sse41", AVO_CPU_SSE41},
    {"AVX2", "avx2", AVO_CPU_SSE41 | AVO_CPU_AVX2},
    {"AVX-512", "avx512", AVO_CPU_SSE41 | AVO_CPU_AVX2 | AVO_CPU_AVX512},
    {"NEON", "neon", AVO_CPU_NEON},
};

static void check_level(Tester *t)
{
    check_cost(t);
    check_intra(t);
    check_transform(t);
    check_quant(t);
    check_interp(t);
    check_deblock(t);
    check_planes(t);
    check_convert(t);
    check_temporal(t);
    check_heritage(t);
}

/* ref: to compare with; c: the kernels that no level has replaced. */
static void run_levels(Tester *t, const AvoDsp *ref, const AvoDsp *c, const char *only)
{
    AvoDsp below = *c, got;
    for (size_t i = 0; i < AVO_COUNT(levels); i++) {
        avo_dsp_init(&got, levels[i].mask);
        if (got.cpu_flags != levels[i].mask)
            continue; /* this CPU lacks it */
        t->ref = ref;
        t->below = &below;
        t->got = &got;
        t->level = levels[i].name;
        if (!only || !strcmp(only, levels[i].option))
            check_level(t);
        below = got;
    }
}

static void run_formulas(Tester *t, const AvoDsp *ref)
{
    static const AvoDsp none;
    t->ref = t->got = ref;
    t->below = &none;
    t->level = "C";
    check_formulas(t);
}

static int usage(const char *arg)
{
    fprintf(stderr,
            "checkdsp: unknown option %s\n"
            "usage: checkdsp [--bench] [--list] [--verbose] [--seed=N] [--cpu=LEVEL] [prefix]\n",
            arg);
    return 2;
}

int main(int argc, char **argv)
{
    AvoDsp ref, vectorised;
    Tester t = {0};
    const char *only = NULL;

    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (!strcmp(arg, "--bench"))
            t.bench = true;
        else if (!strcmp(arg, "--list"))
            t.list = true;
        else if (!strcmp(arg, "--verbose"))
            t.verbose = true;
        else if (!strncmp(arg, "--seed=", 7))
            rnd_state ^= strtoull(arg + 7, NULL, 0) * 0x2545f4914f6cdd1du;
        else if (!strncmp(arg, "--cpu=", 6))
            only = arg + 6;
        else if (arg[0] == '-')
            return usage(arg);
        else
            t.filter = arg;
    }
    avo_dsp_init(&ref, 0);
    if (!only)
        run_formulas(&t, &ref);
    if (t.bench) {
        bool has = vectorised_init(&vectorised);
        printf("time stamps per call: C (%s) -> kernel\n",
               has ? vectorised_options() : "as the library is compiled");
        run_levels(&t, has ? &vectorised : &ref, &ref, only);
        bench_summary();
    } else {
        run_levels(&t, &ref, &ref, only);
    }
    if (!t.list)
        printf("%d passed, %d failed\n", t.n_passed, t.n_failed);
    return t.n_failed ? 1 : 0;
}
