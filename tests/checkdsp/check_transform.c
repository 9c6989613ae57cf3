/* Kernel check: forward and inverse transforms. */
#include "checkdsp/checkdsp.h"

#define ROUNDS 200

typedef void (*SubFn)(coef *out, const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                      ptrdiff_t stride_pred);
typedef void (*AddFn)(pixel *dst, ptrdiff_t stride, const coef *in);

static AVO_ALIGN(64) pixel cur[16 * 16];
static AVO_ALIGN(64) pixel area[AREA_SIZE], want_px[AREA_SIZE], have_px[AREA_SIZE];
static AVO_ALIGN(64) coef want[96], have[96], input[96];

static void check_sub(Tester *t, const char *name, SubFn ref, SubFn below, SubFn got)
{
    if (!check_begin(t, got != below, "%s", name))
        return;
    for (int round = 0; round < ROUNDS; round++) {
        const pixel *pred = area + AREA_ORIGIN + rnd_range(0, 7) * 4;
        fill_pixels(cur, sizeof(cur), round % SHAPE_COUNT);
        fill_pixels(area, sizeof(area), round / SHAPE_COUNT % SHAPE_COUNT);
        fill_coefs(want, AVO_COUNT(want), 999);
        memcpy(have, want, sizeof(have));
        ref(want + 16, cur + 8, AVO_CUR_STRIDE, pred, AREA_STRIDE);
        got(have + 16, cur + 8, AVO_CUR_STRIDE, pred, AREA_STRIDE);
        CHECK(t, !memcmp(want, have, sizeof(want)));
        ref(want + 16, pred + 77, 35, cur + 4, 16); /* any alignment, odd stride */
        got(have + 16, pred + 77, 35, cur + 4, 16);
        CHECK(t, !memcmp(want, have, sizeof(want)));
    }
    BENCH(t, ref(want + 16, cur, AVO_CUR_STRIDE, area, AVO_REC_STRIDE),
          got(have + 16, cur, AVO_CUR_STRIDE, area, AVO_REC_STRIDE));
    check_end(t);
}

static void check_add(Tester *t, const char *name, AddFn ref, AddFn below, AddFn got)
{
    static const int limits[] = {64, 1000, 8000, 32767, 16};
    if (!check_begin(t, got != below, "%s", name))
        return;
    for (int round = 0; round < ROUNDS; round++) {
        size_t at = (size_t)(AREA_ORIGIN + rnd_range(0, 3) * 8);
        ptrdiff_t stride = round & 1 ? AVO_REC_STRIDE : AREA_STRIDE;
        fill_pixels(want_px, sizeof(want_px), round % SHAPE_COUNT);
        memcpy(have_px, want_px, sizeof(have_px));
        fill_coefs(input, AVO_COUNT(input), limits[round % 5]);
        if (round % 7 == 0)
            memset(input + 1, 0, sizeof(input) - sizeof(coef));
        memcpy(want, input, sizeof(want));
        ref(want_px + at, stride, input);
        got(have_px + at, stride, input);
        CHECK(t, !memcmp(want_px, have_px, sizeof(want_px)));
        CHECK(t, !memcmp(want, input, sizeof(want)));
    }
    BENCH(t, ref(want_px + AREA_ORIGIN, AVO_REC_STRIDE, input),
          got(have_px + AREA_ORIGIN, AVO_REC_STRIDE, input));
    check_end(t);
}

static void check_add_dc(Tester *t)
{
    if (!check_begin(t, t->got->add_idct_4x4_dc != t->below->add_idct_4x4_dc, "add_idct_4x4_dc"))
        return;
    for (int round = 0; round < ROUNDS; round++) {
        int dc = round < 100 ? rnd_range(-17000, 17000) : rnd_range(-32768, 32767);
        fill_pixels(want_px, sizeof(want_px), round % SHAPE_COUNT);
        memcpy(have_px, want_px, sizeof(have_px));
        t->ref->add_idct_4x4_dc(want_px + AREA_ORIGIN + 4, AVO_REC_STRIDE, dc);
        t->got->add_idct_4x4_dc(have_px + AREA_ORIGIN + 4, AVO_REC_STRIDE, dc);
        CHECK(t, !memcmp(want_px, have_px, sizeof(want_px)));
    }
    BENCH(t, t->ref->add_idct_4x4_dc(want_px + AREA_ORIGIN, AVO_REC_STRIDE, 640),
          t->got->add_idct_4x4_dc(have_px + AREA_ORIGIN, AVO_REC_STRIDE, 640));
    check_end(t);
}

static void check_dc(Tester *t, const char *name, void (*ref)(coef *), void (*below)(coef *),
                     void (*got)(coef *), int limit)
{
    if (!check_begin(t, got != below, "%s", name))
        return;
    for (int round = 0; round < ROUNDS; round++) {
        fill_coefs(want, AVO_COUNT(want), round & 1 ? limit : 300);
        if (round % 5 == 0)
            for (int i = 0; i < 16; i++)
                want[16 + i] = (coef)(rnd() & 1 ? limit : -limit);
        memcpy(have, want, sizeof(have));
        ref(want + 16);
        got(have + 16);
        CHECK(t, !memcmp(want, have, sizeof(want)));
    }
    BENCH(t, ref(want + 16), got(have + 16));
    check_end(t);
}

void check_transform(Tester *t)
{
    const AvoDsp *ref = t->ref, *below = t->below, *got = t->got;
    check_sub(t, "sub_dct_4x4", ref->sub_dct_4x4, below->sub_dct_4x4, got->sub_dct_4x4);
    check_sub(t, "sub_dct_4x4_x4", ref->sub_dct_4x4_x4, below->sub_dct_4x4_x4, got->sub_dct_4x4_x4);
    check_sub(t, "sub_dct_8x8", ref->sub_dct_8x8, below->sub_dct_8x8, got->sub_dct_8x8);
    check_add(t, "add_idct_4x4", ref->add_idct_4x4, below->add_idct_4x4, got->add_idct_4x4);
    check_add(t, "add_idct_4x4_x4", ref->add_idct_4x4_x4, below->add_idct_4x4_x4,
              got->add_idct_4x4_x4);
    check_add(t, "add_idct_8x8", ref->add_idct_8x8, below->add_idct_8x8, got->add_idct_8x8);
    check_add_dc(t);
    check_dc(t, "hadamard_dc_4x4", ref->hadamard_dc_4x4, below->hadamard_dc_4x4,
             got->hadamard_dc_4x4, 4095);
    check_dc(t, "ihadamard_dc_4x4", ref->ihadamard_dc_4x4, below->ihadamard_dc_4x4,
             got->ihadamard_dc_4x4, 32767);
}
