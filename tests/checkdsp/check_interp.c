/* Kernel check: inter prediction. Sources at any offset with odd strides,
 * outputs aligned to their width. */
#include "checkdsp/checkdsp.h"

static AVO_ALIGN(64) pixel src[AREA_SIZE], src_b[AREA_SIZE];
static AVO_ALIGN(64) pixel want[AREA_SIZE], have[AREA_SIZE];

static const int widths[4] = {16, 8, 4, 2};

static void refill(int round)
{
    fill_pixels(src, sizeof(src), round % SHAPE_COUNT);
    fill_pixels(src_b, sizeof(src_b), round / SHAPE_COUNT % SHAPE_COUNT);
    fill_pixels(want, sizeof(want), SHAPE_RANDOM);
    memcpy(have, want, sizeof(have));
}

static bool same(void)
{
    return !memcmp(want, have, sizeof(want));
}

static ptrdiff_t some_stride(void)
{
    static const ptrdiff_t strides[] = {AREA_STRIDE, 64, 57, 45, -AREA_STRIDE};
    return strides[rnd() % AVO_COUNT(strides)];
}

static size_t dst_at(int width)
{
    return (size_t)(AREA_ORIGIN + rnd_range(0, 3) * width);
}

static const pixel *anywhere(const pixel *base)
{
    return base + AREA_ORIGIN + rnd_range(-16, 16);
}

static void check_copy_avg(Tester *t)
{
    for (int i = 0; i < 4; i++) {
        int w = widths[i];
        if (check_begin(t, t->got->copy[i] != t->below->copy[i], "copy_%d", w)) {
            for (int round = 0; round < 100; round++) {
                refill(round);
                int h = 2 * rnd_range(1, 8);
                size_t at = dst_at(w);
                ptrdiff_t s = some_stride();
                const pixel *p = anywhere(src);
                t->ref->copy[i](want + at, AREA_STRIDE, p, s, h);
                t->got->copy[i](have + at, AREA_STRIDE, p, s, h);
                CHECK(t, same());
            }
            BENCH(t, t->ref->copy[i](want + AREA_ORIGIN, 32, src + 5, AREA_STRIDE, w),
                  t->got->copy[i](have + AREA_ORIGIN, 32, src + 5, AREA_STRIDE, w));
            check_end(t);
        }
        if (check_begin(t, t->got->avg[i] != t->below->avg[i], "avg_%d", w)) {
            for (int round = 0; round < 100; round++) {
                refill(round);
                int h = 2 * rnd_range(1, 8);
                size_t at = dst_at(w);
                ptrdiff_t sa = some_stride(), sb = some_stride();
                const pixel *p = anywhere(src), *q = anywhere(src_b);
                t->ref->avg[i](want + at, AREA_STRIDE, p, sa, q, sb, h);
                t->got->avg[i](have + at, AREA_STRIDE, p, sa, q, sb, h);
                CHECK(t, same());
            }
            BENCH(t,
                  t->ref->avg[i](want + AREA_ORIGIN, 32, src + 5, AREA_STRIDE, src_b + 3,
                                 AREA_STRIDE, w),
                  t->got->avg[i](have + AREA_ORIGIN, 32, src + 5, AREA_STRIDE, src_b + 3,
                                 AREA_STRIDE, w));
            check_end(t);
        }
    }
}

/* The planes of a 64x20, 16x3 or 48x1 picture; the margins of the outputs must stay untouched. */
static void check_hpel(Tester *t)
{
    static AVO_ALIGN(64) pixel planes[2][3][AREA_SIZE];
    static AVO_ALIGN(64) int16_t scratch[64 + 8 + 32];
    static const int sizes[][2] = {{64, 20}, {16, 3}, {48, 1}, {32, 7}};
    if (!check_begin(t, t->got->hpel_planes != t->below->hpel_planes, "hpel_planes"))
        return;
    for (int round = 0; round < 100; round++) {
        int w = sizes[round & 3][0], h = sizes[round & 3][1];
        refill(round);
        fill_pixels(planes[0][0], sizeof(planes[0]), SHAPE_RANDOM);
        memcpy(planes[1], planes[0], sizeof(planes[1]));
        memset(scratch, 0x33, sizeof(scratch));
        for (int i = 0; i < 2; i++) {
            const AvoDsp *dsp = i ? t->got : t->ref;
            dsp->hpel_planes(planes[i][0] + AREA_ORIGIN, planes[i][1] + AREA_ORIGIN,
                             planes[i][2] + AREA_ORIGIN, src + AREA_ORIGIN, AREA_STRIDE, w, h,
                             scratch);
            CHECK(t, scratch[w + 8] == 0x3333);
        }
        CHECK(t, !memcmp(planes[0], planes[1], sizeof(planes[0])));
    }
#define HPEL_64x20(dsp, i)                                                                         \
    dsp->hpel_planes(planes[i][0] + AREA_ORIGIN, planes[i][1] + AREA_ORIGIN,                       \
                     planes[i][2] + AREA_ORIGIN, src + AREA_ORIGIN, AREA_STRIDE, 64, 20, scratch)
    BENCH(t, HPEL_64x20(t->ref, 0), HPEL_64x20(t->got, 1));
    check_end(t);
}

static void check_qpel(Tester *t)
{
    if (!check_begin(t, t->got->luma_qpel != t->below->luma_qpel, "luma_qpel"))
        return;
    for (int round = 0; round < 16 * 3 * 12; round++) {
        int fx = round & 3, fy = round >> 2 & 3, w = widths[round / 16 % 3];
        int h = 2 * rnd_range(2, 8);
        refill((int)(rnd() % 64));
        size_t at = dst_at(w);
        ptrdiff_t s = round & 64 ? 57 : AREA_STRIDE;
        const pixel *p = anywhere(src);
        t->ref->luma_qpel(want + at, AREA_STRIDE, p, s, fx, fy, w, h);
        t->got->luma_qpel(have + at, AREA_STRIDE, p, s, fx, fy, w, h);
        CHECK(t, same());
    }
    for (int xy = 0; t->bench && xy < 16; xy++) {
        snprintf(t->name, sizeof(t->name), "luma_qpel_16_%d%d", xy & 3, xy >> 2);
        BENCH(t,
              t->ref->luma_qpel(want + AREA_ORIGIN, 32, src + AREA_ORIGIN + 5, AREA_STRIDE, xy & 3,
                                xy >> 2, 16, 16),
              t->got->luma_qpel(have + AREA_ORIGIN, 32, src + AREA_ORIGIN + 5, AREA_STRIDE, xy & 3,
                                xy >> 2, 16, 16));
    }
    check_end(t);
}

static void check_chroma(Tester *t)
{
    if (!check_begin(t, t->got->chroma_mc != t->below->chroma_mc, "chroma_mc"))
        return;
    for (int round = 0; round < 64 * 3 * 4; round++) {
        int fx = round & 7, fy = round >> 3 & 7, w = widths[1 + round / 64 % 3];
        int h = 2 * rnd_range(1, 8);
        refill((int)(rnd() % 64));
        size_t at = dst_at(w);
        ptrdiff_t s = some_stride();
        const pixel *p = anywhere(src);
        t->ref->chroma_mc(want + at, AREA_STRIDE, p, s, fx, fy, w, h);
        t->got->chroma_mc(have + at, AREA_STRIDE, p, s, fx, fy, w, h);
        CHECK(t, same());
    }
    for (int i = 1; t->bench && i < 4; i++) {
        int w = widths[i];
        snprintf(t->name, sizeof(t->name), "chroma_mc_%d", w);
        BENCH(t, t->ref->chroma_mc(want + AREA_ORIGIN, 32, src + 5, AREA_STRIDE, 3, 5, w, w),
              t->got->chroma_mc(have + AREA_ORIGIN, 32, src + 5, AREA_STRIDE, 3, 5, w, w));
    }
    check_end(t);
}

static void check_chroma_satd(Tester *t)
{
    AVO_ALIGN(64) pixel cur[8 * AVO_CUR_STRIDE];
    if (!check_begin(t, t->got->chroma_satd != t->below->chroma_satd, "chroma_satd"))
        return;
    for (int round = 0; round < 64 * 4 * 4; round++) {
        int fx = round & 7, fy = round >> 3 & 7, w = round >> 6 & 1 ? 8 : 4,
            h = round >> 7 & 1 ? 8 : 4;
        refill((int)(rnd() % 64));
        ptrdiff_t s = some_stride();
        const pixel *p = anywhere(src), *q = anywhere(src);
        memcpy(cur, anywhere(src), sizeof cur);
        int at = round >> 8 & 1 ? 8 - w + 4 * AVO_CUR_STRIDE * (8 - h) / 4 : 0;
        CHECK(t, t->ref->chroma_satd(cur + at, p, q, s, fx, fy, w, h) ==
                     t->got->chroma_satd(cur + at, p, q, s, fx, fy, w, h));
    }
    for (int w = 4; t->bench && w <= 8; w += 4) {
        snprintf(t->name, sizeof(t->name), "chroma_satd_%d", w);
        BENCH(t, t->ref->chroma_satd(cur, src + 5, src + 700, AREA_STRIDE, 3, 5, w, w),
              t->got->chroma_satd(cur, src + 5, src + 700, AREA_STRIDE, 3, 5, w, w));
    }
    check_end(t);
}

static void check_weight(Tester *t)
{
    if (!check_begin(t, t->got->weight != t->below->weight, "weight"))
        return;
    for (int round = 0; round < 1000; round++) {
        int w = widths[round & 3], h = 2 * rnd_range(1, 8), log2_denom = rnd_range(0, 7);
        int scale = round % 5 ? rnd_range(-128, 127) : round & 1 ? -128 : 1 << log2_denom;
        int o = round % 3 ? rnd_range(-128, 127) : 0;
        refill(round);
        size_t at = dst_at(w);
        bool in_place = round % 4 == 0;
        const pixel *p = anywhere(src);
        t->ref->weight(want + at, AREA_STRIDE, in_place ? want + at : p, AREA_STRIDE, w, h,
                       log2_denom, scale, o);
        t->got->weight(have + at, AREA_STRIDE, in_place ? have + at : p, AREA_STRIDE, w, h,
                       log2_denom, scale, o);
        CHECK(t, same());
    }
    for (int i = 0; t->bench && i < 3; i++) {
        int w = widths[i];
        snprintf(t->name, sizeof(t->name), "weight_%d", w);
        BENCH(t, t->ref->weight(want + AREA_ORIGIN, 32, src + 5, AREA_STRIDE, w, w, 5, 40, -3),
              t->got->weight(have + AREA_ORIGIN, 32, src + 5, AREA_STRIDE, w, w, 5, 40, -3));
    }
    check_end(t);
}

static void check_weight_bi(Tester *t)
{
    if (!check_begin(t, t->got->weight_bi != t->below->weight_bi, "weight_bi"))
        return;
    for (int round = 0; round < 1000; round++) {
        int w = widths[round & 3], h = 2 * rnd_range(1, 8), log2_denom = rnd_range(0, 7);
        int w0 = rnd_range(-128, 128), w1 = rnd_range(-128, 128), o = rnd_range(-128, 127);
        if (round % 3 == 0)
            log2_denom = 5, w1 = 64 - w0, o = 0; /* implicit */
        if (round % 31 == 0)
            w0 = w1 = 128;
        refill(round);
        size_t at = dst_at(w);
        const pixel *p = anywhere(src), *q = anywhere(src_b);
        ptrdiff_t sa = some_stride(), sb = some_stride();
        t->ref->weight_bi(want + at, AREA_STRIDE, p, sa, q, sb, w, h, log2_denom, w0, w1, o);
        t->got->weight_bi(have + at, AREA_STRIDE, p, sa, q, sb, w, h, log2_denom, w0, w1, o);
        CHECK(t, same());
    }
    for (int i = 0; t->bench && i < 3; i++) {
        int w = widths[i];
        snprintf(t->name, sizeof(t->name), "weight_bi_%d", w);
        BENCH(t,
              t->ref->weight_bi(want + AREA_ORIGIN, 32, src + 5, AREA_STRIDE, src_b, AREA_STRIDE, w,
                                w, 5, 40, 24, 0),
              t->got->weight_bi(have + AREA_ORIGIN, 32, src + 5, AREA_STRIDE, src_b, AREA_STRIDE, w,
                                w, 5, 40, 24, 0));
    }
    check_end(t);
}

void check_interp(Tester *t)
{
    check_copy_avg(t);
    check_hpel(t);
    check_qpel(t);
    check_chroma(t);
    check_chroma_satd(t);
    check_weight(t);
    check_weight_bi(t);
}
