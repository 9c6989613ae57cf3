/* Kernel check: the temporal filter. */
#include "checkdsp/checkdsp.h"

static AVO_ALIGN(64) pixel src[AREA_SIZE], pred[64];
static AVO_ALIGN(64) pixel want[AREA_SIZE], have[AREA_SIZE];

static void refill(int round)
{
    fill_pixels(src, sizeof(src), round % SHAPE_COUNT);
    fill_pixels(pred, sizeof(pred), round / SHAPE_COUNT % SHAPE_COUNT);
    fill_pixels(want, sizeof(want), SHAPE_RANDOM);
    memcpy(have, want, sizeof(have));
}

static const pixel *anywhere(void)
{
    return src + AREA_ORIGIN + rnd_range(-16, 16);
}

static ptrdiff_t some_stride(void)
{
    static const ptrdiff_t strides[] = {AREA_STRIDE, 64, 57, 16, -AREA_STRIDE};
    return strides[rnd() % AVO_COUNT(strides)];
}

static void check_sixteenth(Tester *t)
{
    if (!check_begin(t, t->got->sixteenth != t->below->sixteenth, "sixteenth"))
        return;
    for (int round = 0; round < 1000; round++) {
        refill(round);
        int width = round & 1 ? 8 : 4, height = 2 * rnd_range(1, 4);
        int fx = rnd_range(0, 15), fy = rnd_range(0, 15);
        ptrdiff_t stride = some_stride();
        const pixel *p = anywhere();
        t->ref->sixteenth(want + AREA_ORIGIN, 8, p, stride, fx, fy, width, height);
        t->got->sixteenth(have + AREA_ORIGIN, 8, p, stride, fx, fy, width, height);
        CHECK(t, !memcmp(want, have, sizeof(want)));
    }
    BENCH(t, t->ref->sixteenth(want, 8, src + AREA_ORIGIN, AREA_STRIDE, 5, 9, 8, 8),
          t->got->sixteenth(have, 8, src + AREA_ORIGIN, AREA_STRIDE, 5, 9, 8, 8));
    check_end(t);
}

/* Each row of taps keeps an even surface as it is, and whole samples are copied. */
static void check_flat(Tester *t)
{
    if (!check_begin(t, t->got->sixteenth != t->below->sixteenth, "sixteenth_flat"))
        return;
    for (int fy = 0; fy < 16; fy++)
        for (int fx = 0; fx < 16; fx++) {
            int level = rnd_range(0, 255);
            memset(src, level, sizeof(src));
            t->got->sixteenth(have, 8, src + AREA_ORIGIN, AREA_STRIDE, fx, fy, 8, 8);
            for (int i = 0; i < 64; i++)
                CHECK(t, have[i] == level);
        }
    check_end(t);
}

static void check_slopes(Tester *t)
{
    int16_t a[2][64], b[2][64];
    int sums_a[3], sums_b[3];
    if (!check_begin(t, t->got->slopes != t->below->slopes, "slopes"))
        return;
    for (int round = 0; round < 200; round++) {
        refill(round);
        ptrdiff_t stride = some_stride();
        const pixel *p = anywhere();
        t->ref->slopes(a, p, stride, sums_a);
        t->got->slopes(b, p, stride, sums_b);
        CHECK(t, !memcmp(a, b, sizeof(a)) && !memcmp(sums_a, sums_b, sizeof(sums_a)));
    }
    BENCH(t, t->ref->slopes(a, src + AREA_ORIGIN, AREA_STRIDE, sums_a),
          t->got->slopes(b, src + AREA_ORIGIN, AREA_STRIDE, sums_b));
    check_end(t);
}

static void check_mismatch(Tester *t)
{
    int16_t slope[2][64];
    int sums[3], a[4], b[4];
    if (!check_begin(t, t->got->mismatch != t->below->mismatch, "mismatch"))
        return;
    for (int round = 0; round < 400; round++) {
        refill(round);
        ptrdiff_t stride = some_stride();
        const pixel *p = anywhere();
        t->ref->slopes(slope, anywhere(), AREA_STRIDE, sums);
        t->ref->mismatch(p, stride, pred, slope, a);
        t->got->mismatch(p, stride, pred, slope, b);
        CHECK(t, !memcmp(a, b, sizeof(a)));
    }
    BENCH(t, t->ref->mismatch(src + AREA_ORIGIN, AREA_STRIDE, pred, slope, a),
          t->got->mismatch(src + AREA_ORIGIN, AREA_STRIDE, pred, slope, b));
    check_end(t);
}

static void check_pull(Tester *t)
{
    int16_t a[64], b[64];
    if (!check_begin(t, t->got->pull != t->below->pull, "pull"))
        return;
    for (int round = 0; round < 1000; round++) {
        refill(round);
        for (int i = 0; i < 64; i++)
            a[i] = b[i] = (int16_t)rnd_range(-10000, 10000);
        ptrdiff_t stride = some_stride();
        int height = round & 1 ? 8 : 4, weight = rnd_range(0, 255), reach = rnd_range(256, 65535);
        if (round & 2)
            reach = rnd_range(256, 4096);
        const pixel *p = anywhere();
        t->ref->pull(a, p, stride, pred, height, weight, reach);
        t->got->pull(b, p, stride, pred, height, weight, reach);
        CHECK(t, !memcmp(a, b, sizeof(a)));
    }
    BENCH(t, t->ref->pull(a, src + AREA_ORIGIN, AREA_STRIDE, pred, 8, 40, 2000),
          t->got->pull(b, src + AREA_ORIGIN, AREA_STRIDE, pred, 8, 40, 2000));
    check_end(t);
}

static void check_settle(Tester *t)
{
    int16_t sum[64];
    if (!check_begin(t, t->got->settle != t->below->settle, "settle"))
        return;
    for (int round = 0; round < 200; round++) {
        refill(round);
        for (int i = 0; i < 64; i++)
            sum[i] = (int16_t)rnd_range(-32768, 32767 - 128);
        ptrdiff_t stride = some_stride();
        int height = round & 1 ? 8 : 4;
        const pixel *p = anywhere();
        t->ref->settle(want + AREA_ORIGIN, AREA_STRIDE, p, stride, sum, height);
        t->got->settle(have + AREA_ORIGIN, AREA_STRIDE, p, stride, sum, height);
        CHECK(t, !memcmp(want, have, sizeof(want)));
    }
    BENCH(t, t->ref->settle(want, 8, src + AREA_ORIGIN, AREA_STRIDE, sum, 8),
          t->got->settle(have, 8, src + AREA_ORIGIN, AREA_STRIDE, sum, 8));
    check_end(t);
}

void check_temporal(Tester *t)
{
    check_sixteenth(t);
    check_flat(t);
    check_slopes(t);
    check_mismatch(t);
    check_pull(t);
    check_settle(t);
}
