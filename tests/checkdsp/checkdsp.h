/* The frame of the kernel check: random and shaped input, the list of families, reporting and
 * timing.
 *
 * A family function compares every kernel of one table with the C reference. It runs once per ISA
 * level and skips kernels which that level did not replace (got equals below):
 *
 *     if (check_begin(t, t->got->f != t->below->f, "name")) {
 *         ... CHECK(condition) ...
 *         BENCH(t, t->ref->f(...), t->got->f(...));
 *         check_end(t);
 *     }
 *
 * Output buffers of both versions start with equal random content and are compared as a whole, so
 * a write outside the block shows. */
#ifndef CHECKDSP_H
#define CHECKDSP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/util.h"
#include "dsp/dsp.h"

enum { CHECK_NAME = 64 };

typedef struct Tester {
    const AvoDsp *ref;   /* C, with --bench that of vectorised.h, if it is there */
    const AvoDsp *below; /* the level below the one under test */
    const AvoDsp *got;   /* the level under test */
    const char *level;
    const char *filter; /* only kernels whose name starts so */
    bool bench, list, verbose;

    char name[CHECK_NAME]; /* family functions that time several sizes change it */
    bool failed;
    int n_passed, n_failed;
} Tester;

bool check_begin(Tester *t, bool is_new, const char *format, ...);
void check_end(Tester *t);

/* Evaluates to whether the condition holds; reports the first failure of a kernel. */
#define CHECK(t, condition) check_that(t, condition, #condition, __FILE__, __LINE__)
bool check_that(Tester *t, bool ok, const char *text, const char *file, int line);

/* ---- families ---- */

void check_cost(Tester *t);
void check_intra(Tester *t);
void check_transform(Tester *t);
void check_quant(Tester *t);
void check_interp(Tester *t);
void check_deblock(Tester *t);
void check_planes(Tester *t);
void check_convert(Tester *t);
void check_temporal(Tester *t);
void check_heritage(Tester *t);

/* The C reference against formulas written from the standard's text. */
void check_formulas(Tester *t);

/* ---- random input ---- */

uint32_t rnd(void);
int rnd_range(int lo, int hi); /* inclusive */

enum {
    SHAPE_RANDOM,
    SHAPE_ZERO,
    SHAPE_MAX,
    SHAPE_BINARY, /* each sample 0 or 255 */
    SHAPE_FLAT,   /* little noise around a value */
    SHAPE_RAMP,   /* horizontal gradient */
    SHAPE_STEP,   /* 0 up to some sample, 255 from there, or the reverse */
    SHAPE_TAPS,   /* signs of the 6-tap filter in both directions: its extremes */
    SHAPE_COUNT
};
void fill_pixels(pixel *p, size_t n, int shape);
void fill_coefs(coef *c, size_t n, int limit); /* |c| <= limit, often 0, often the extremes */

/* Samples for one operand: a block may start anywhere near the middle of it. */
#define AREA_STRIDE 96
#define AREA_SIZE   (AREA_STRIDE * 72)
#define AREA_ORIGIN (AREA_STRIDE * 24 + 32)

extern const int blk_width[AVO_BLK_COUNT], blk_height[AVO_BLK_COUNT];
extern const char *const blk_name[AVO_BLK_COUNT];

/* The C kernels once more, compiled for the instruction set at hand: false if this build or this
 * CPU has not got them. What they were compiled with, as text. */
bool vectorised_init(AvoDsp *dsp);
const char *vectorised_options(void);

/* Independent table of the standard (8-16): alpha, beta by index, tc0 by index and bS - 1. */
extern const uint8_t deblock_alpha[52], deblock_beta[52];
extern const int8_t deblock_tc0[52][3];

/* ---- timing ---- */

uint64_t ticks(void);
uint64_t bench_median(uint64_t *samples); /* of BENCH_ROUNDS, less what the clock takes */
void bench_report(Tester *t, uint64_t ref, uint64_t got);
void bench_summary(void); /* by family; of each kernel, the highest level it was timed at */
extern volatile int bench_sink;

#define BENCH_ROUNDS 200
#define BENCH_CALLS  32

/* setup runs before each round, untimed. round_ and i_ number the calls. */
#define BENCH_MEASURE(result, setup, call)                                                         \
    do {                                                                                           \
        uint64_t samples_[BENCH_ROUNDS];                                                           \
        for (int round_ = 0; round_ < BENCH_ROUNDS; round_++) {                                    \
            setup;                                                                                 \
            uint64_t start_ = ticks();                                                             \
            for (int i_ = 0; i_ < BENCH_CALLS; i_++) {                                             \
                call;                                                                              \
            }                                                                                      \
            samples_[round_] = ticks() - start_;                                                   \
        }                                                                                          \
        result = bench_median(samples_);                                                           \
    } while (0)

#define BENCH_WITH(t, setup, ref_call, got_call)                                                   \
    do {                                                                                           \
        if ((t)->bench) {                                                                          \
            uint64_t ref_ticks_, got_ticks_;                                                       \
            BENCH_MEASURE(ref_ticks_, setup, ref_call);                                            \
            BENCH_MEASURE(got_ticks_, setup, got_call);                                            \
            bench_report(t, ref_ticks_, got_ticks_);                                               \
        }                                                                                          \
    } while (0)

#define BENCH(t, ref_call, got_call) BENCH_WITH(t, (void)0, ref_call, got_call)

#endif
