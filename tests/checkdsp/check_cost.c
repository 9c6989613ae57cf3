/* Kernel check: block costs. cur is an aligned block of AVO_CUR_STRIDE; references lie at any
 * offset and with odd strides. */
#include "checkdsp/checkdsp.h"

#define ROUNDS 200

static AVO_ALIGN(64) pixel cur[16 * 16];
static AVO_ALIGN(64) pixel area[AREA_SIZE];
static AVO_ALIGN(64) pixel area_b[AREA_SIZE];

/* New input; returns the stride for references. */
static ptrdiff_t refill(int round)
{
    static const ptrdiff_t strides[] = {AREA_STRIDE, 64, 33, 81, -AREA_STRIDE, 16};
    fill_pixels(cur, sizeof(cur), round % SHAPE_COUNT);
    fill_pixels(area, sizeof(area), round / SHAPE_COUNT % SHAPE_COUNT);
    fill_pixels(area_b, sizeof(area_b), (int)(rnd() % SHAPE_COUNT));
    return strides[rnd() % AVO_COUNT(strides)];
}

static const pixel *anywhere(const pixel *base)
{
    return base + AREA_ORIGIN + rnd_range(-24, 24);
}

static void check_pair(Tester *t, const char *family, int n, const AvoCostFn *ref,
                       const AvoCostFn *below, const AvoCostFn *got)
{
    for (int i = 0; i < n; i++) {
        if (!check_begin(t, got[i] != below[i], "%s_%s", family, blk_name[i]))
            continue;
        for (int round = 0; round < ROUNDS; round++) {
            ptrdiff_t stride = refill(round);
            const pixel *p = anywhere(area);
            CHECK(t, ref[i](cur, 16, p, stride) == got[i](cur, 16, p, stride));
            const pixel *q = anywhere(area_b); /* no alignment promised when it is not cur */
            CHECK(t, ref[i](q, 35, p, stride) == got[i](q, 35, p, stride));
        }
        BENCH(t, bench_sink = ref[i](cur, 16, area + AREA_ORIGIN + 3, AREA_STRIDE),
              bench_sink = got[i](cur, 16, area + AREA_ORIGIN + 3, AREA_STRIDE));
        check_end(t);
    }
}

static void check_x3(Tester *t, const char *family, const AvoCostX3Fn *ref,
                     const AvoCostX3Fn *below, const AvoCostX3Fn *got)
{
    for (int i = 0; i < AVO_BLK_COUNT; i++) {
        if (!check_begin(t, got[i] != below[i], "%s_x3_%s", family, blk_name[i]))
            continue;
        int want[3] = {0}, have[4];
        const pixel *p[3] = {anywhere(area), anywhere(area), anywhere(area)};
        for (int round = 0; round < ROUNDS; round++) {
            ptrdiff_t stride = refill(round);
            for (int k = 0; k < 3; k++)
                p[k] = anywhere(area);
            have[3] = 12345;
            ref[i](cur, p, stride, want);
            got[i](cur, p, stride, have);
            CHECK(t, !memcmp(want, have, sizeof(want)) && have[3] == 12345);
        }
        BENCH(t, ref[i](cur, p, AREA_STRIDE, want), got[i](cur, p, AREA_STRIDE, have));
        check_end(t);
    }
}

static void check_x4(Tester *t, const char *family, const AvoCostX4Fn *ref,
                     const AvoCostX4Fn *below, const AvoCostX4Fn *got)
{
    for (int i = 0; i < AVO_BLK_COUNT; i++) {
        if (!check_begin(t, got[i] != below[i], "%s_x4_%s", family, blk_name[i]))
            continue;
        int want[4] = {0}, have[5];
        const pixel *p[4] = {anywhere(area), anywhere(area), anywhere(area), anywhere(area)};
        for (int round = 0; round < ROUNDS; round++) {
            ptrdiff_t stride = refill(round);
            for (int k = 0; k < 4; k++)
                p[k] = anywhere(area);
            have[4] = 12345;
            ref[i](cur, p, stride, want);
            got[i](cur, p, stride, have);
            CHECK(t, !memcmp(want, have, sizeof(want)) && have[4] == 12345);
        }
        BENCH(t, ref[i](cur, p, AREA_STRIDE, want), got[i](cur, p, AREA_STRIDE, have));
        check_end(t);
    }
}

static void check_mean(Tester *t, const char *name, const AvoMeanCostFn *ref_table,
                       const AvoMeanCostFn *below, const AvoMeanCostFn *got_table)
{
    for (int i = 0; i < AVO_BLK_COUNT; i++) {
        AvoMeanCostFn ref = ref_table[i], got = got_table[i];
        if (!check_begin(t, got != below[i], "%s_mean_%s", name, blk_name[i]))
            continue;
        int want[4] = {0}, have[5];
        const pixel *a[4] = {area, area, area, area}, *b[4] = {area_b, area_b, area_b, area_b};
        for (int round = 0; round < ROUNDS; round++) {
            ptrdiff_t stride = refill(round);
            int count = 1 + round % 4;
            for (int k = 0; k < 4; k++) {
                a[k] = anywhere(area);
                b[k] = anywhere(area_b);
            }
            have[count] = 12345;
            ref(cur, a, stride, b, 51, count, want);
            got(cur, a, stride, b, 51, count, have);
            CHECK(t, !memcmp(want, have, (size_t)count * sizeof(want[0])) && have[count] == 12345);
        }
        BENCH(t, ref(cur, a, AREA_STRIDE, b, AREA_STRIDE, 4, want),
              got(cur, a, AREA_STRIDE, b, AREA_STRIDE, 4, have));
        check_end(t);
    }
}

static void check_texture(Tester *t)
{
    for (int i = 0; i < 2; i++) {
        if (!check_begin(t, t->got->var[i] != t->below->var[i], "var_%s", i ? "8x8" : "16x16"))
            continue;
        for (int round = 0; round < ROUNDS; round++) {
            ptrdiff_t stride = refill(round);
            const pixel *p = anywhere(area);
            CHECK(t, t->ref->var[i](p, stride) == t->got->var[i](p, stride));
        }
        BENCH(t, bench_sink = (int)t->ref->var[i](cur, 16),
              bench_sink = (int)t->got->var[i](cur, 16));
        check_end(t);
    }
    if (!check_begin(t, t->got->texture != t->below->texture, "texture"))
        return;
    AvoTexture want[2], have[2];
    for (int round = 0; round < ROUNDS; round++) {
        ptrdiff_t stride = refill(round);
        const pixel *p = anywhere(area);
        memset(want, 85, sizeof(want));
        memset(have, 85, sizeof(have));
        t->ref->texture(p, stride, want);
        t->got->texture(p, stride, have);
        CHECK(t, !memcmp(want, have, sizeof(want)));
    }
    BENCH(t, t->ref->texture(cur, 16, want), t->got->texture(cur, 16, have));
    check_end(t);
}

static void check_ssim(Tester *t)
{
    if (!check_begin(t, t->got->ssim_4x4x2 != t->below->ssim_4x4x2, "ssim_4x4x2"))
        return;
    int want[2][4], have[2][4];
    for (int round = 0; round < ROUNDS; round++) {
        ptrdiff_t stride = refill(round);
        const pixel *p = anywhere(area), *q = anywhere(area_b);
        t->ref->ssim_4x4x2(p, stride, q, 51, want);
        t->got->ssim_4x4x2(p, stride, q, 51, have);
        CHECK(t, !memcmp(want, have, sizeof(want)));
    }
    BENCH(t, t->ref->ssim_4x4x2(area, AREA_STRIDE, area_b, AREA_STRIDE, want),
          t->got->ssim_4x4x2(area, AREA_STRIDE, area_b, AREA_STRIDE, have));
    check_end(t);
}

static void check_sad_line(Tester *t)
{
    if (!check_begin(t, t->got->sad_line_8x8 != t->below->sad_line_8x8, "sad_line_8x8"))
        return;
    uint16_t extra[24];
    for (int round = 0; round < ROUNDS; round++) {
        ptrdiff_t stride = refill(round);
        const pixel *p = anywhere(area);
        for (int i = 0; i < 24; i++)
            extra[i] = (uint16_t)(round % 3 == 0   ? 0
                                  : round % 3 == 1 ? 2 * i
                                  : i & 1          ? 65535
                                                   : 60000);
        for (int count = 8; count <= 24; count += 8)
            CHECK(t, t->ref->sad_line_8x8(cur, p, stride, extra, count) ==
                         t->got->sad_line_8x8(cur, p, stride, extra, count));
    }
    BENCH(t, bench_sink = (int)t->ref->sad_line_8x8(cur, area, AREA_STRIDE, extra, 24),
          bench_sink = (int)t->got->sad_line_8x8(cur, area, AREA_STRIDE, extra, 24));
    check_end(t);
}

static void check_sad_around(Tester *t)
{
    for (int i = 0; i <= AVO_BLK_8x8; i++) {
        if (!check_begin(t, t->got->sad_around[i] != t->below->sad_around[i], "sad_around_%s",
                         blk_name[i]))
            continue;
        int want[8] = {0}, have[9];
        for (int round = 0; round < ROUNDS; round++) {
            ptrdiff_t stride = refill(round);
            const pixel *p = anywhere(area);
            have[8] = 12345;
            t->ref->sad_around[i](cur, p, stride, want);
            t->got->sad_around[i](cur, p, stride, have);
            CHECK(t, !memcmp(want, have, sizeof(want)) && have[8] == 12345);
            for (int k = 0; k < 8; k++) { /* as promised: sides, then corners */
                static const int8_t dx[8] = {0, -1, 1, 0, -1, 1, -1, 1},
                                    dy[8] = {-1, 0, 0, 1, -1, -1, 1, 1};
                CHECK(t, have[k] == t->ref->sad[i](cur, 16, p + dy[k] * stride + dx[k], stride));
            }
        }
        const pixel *p = area + AREA_ORIGIN + 3;
        BENCH(t, t->ref->sad_around[i](cur, p, AREA_STRIDE, want),
              t->got->sad_around[i](cur, p, AREA_STRIDE, have));
        check_end(t);
    }
}

void check_cost(Tester *t)
{
    const AvoDsp *ref = t->ref, *below = t->below, *got = t->got;
    check_pair(t, "sad", AVO_BLK_COUNT, ref->sad, below->sad, got->sad);
    check_x3(t, "sad", ref->sad_x3, below->sad_x3, got->sad_x3);
    check_x4(t, "sad", ref->sad_x4, below->sad_x4, got->sad_x4);
    check_sad_around(t);
    check_sad_line(t);
    check_pair(t, "ssd", AVO_BLK_COUNT, ref->ssd, below->ssd, got->ssd);
    check_pair(t, "satd", AVO_BLK_COUNT, ref->satd, below->satd, got->satd);
    check_x3(t, "satd", ref->satd_x3, below->satd_x3, got->satd_x3);
    check_x4(t, "satd", ref->satd_x4, below->satd_x4, got->satd_x4);
    check_mean(t, "sad", ref->sad_mean, below->sad_mean, got->sad_mean);
    check_mean(t, "satd", ref->satd_mean, below->satd_mean, got->satd_mean);
    check_pair(t, "sa8d", AVO_BLK_8x8 + 1, ref->sa8d, below->sa8d, got->sa8d);
    check_pair(t, "mean_ssd", 1, &ref->mean_ssd, &below->mean_ssd, &got->mean_ssd);
    check_texture(t);
    check_ssim(t);
}
