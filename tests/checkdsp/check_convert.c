/* Kernel check: pixel formats. Rows of every length up to a few steps, at any alignment; what lies
 * behind a source row differs between the two calls, since nobody may look at it. */
#include "checkdsp/checkdsp.h"

enum { GUARD = 32, MOST = 200, ROW = 2 * GUARD + 4 * MOST };

static uint8_t src_a[2][ROW], src_b[2][ROW];
static pixel want[3][ROW], have[3][ROW];

/* Equal sources of `bytes` from GUARD on, unequal around; equal outputs. */
static void refill(int round, int bytes)
{
    for (int i = 0; i < 2; i++) {
        fill_pixels(src_a[i], ROW, round % SHAPE_COUNT);
        fill_pixels(src_b[i], ROW, SHAPE_RANDOM);
        memcpy(src_b[i] + GUARD, src_a[i] + GUARD, (size_t)bytes);
    }
    fill_pixels(want[0], sizeof(want), SHAPE_RANDOM);
    memcpy(have, want, sizeof(have));
}

static bool same(void)
{
    return !memcmp(want, have, sizeof(want));
}

static void check_luma_422(Tester *t)
{
    if (!check_begin(t, t->got->luma_422 != t->below->luma_422, "luma_422"))
        return;
    for (int round = 0; round < 600; round++) {
        int n = rnd_range(1, MOST), luma_at = round & 1, at = GUARD + rnd_range(0, 15);
        refill(round, 2 * n);
        t->ref->luma_422(want[0] + at, src_a[0] + GUARD, n, luma_at);
        t->got->luma_422(have[0] + at, src_b[0] + GUARD, n, luma_at);
        CHECK(t, same());
    }
    BENCH(t, t->ref->luma_422(want[0], src_a[0], 352, 0),
          t->got->luma_422(have[0], src_a[0], 352, 0));
    check_end(t);
}

static void check_chroma_422(Tester *t)
{
    if (!check_begin(t, t->got->chroma_422 != t->below->chroma_422, "chroma_422"))
        return;
    for (int round = 0; round < 600; round++) {
        int n = rnd_range(1, MOST), luma_at = round & 1, at = GUARD + rnd_range(0, 15);
        refill(round, 4 * n);
        t->ref->chroma_422(want[0] + at, want[1] + at, src_a[0] + GUARD, src_a[1] + GUARD, n,
                           luma_at);
        t->got->chroma_422(have[0] + at, have[1] + at, src_b[0] + GUARD, src_b[1] + GUARD, n,
                           luma_at);
        CHECK(t, same());
    }
    BENCH(t, t->ref->chroma_422(want[0], want[1], src_a[0], src_a[1], 176, 0),
          t->got->chroma_422(have[0], have[1], src_a[0], src_a[1], 176, 0));
    check_end(t);
}

typedef void (*UnpackFn)(pixel *a, pixel *b, pixel *c, const uint8_t *src, int n);

static void check_unpack(Tester *t, const char *name, int bytes, UnpackFn ref, UnpackFn below,
                         UnpackFn got)
{
    if (!check_begin(t, got != below, "%s", name))
        return;
    for (int round = 0; round < 600; round++) {
        int n = rnd_range(1, AVO_RGB_RUN), at = GUARD + rnd_range(0, 15);
        refill(round, bytes * n);
        ref(want[0] + at, want[1] + at, want[2] + at, src_a[0] + GUARD, n);
        got(have[0] + at, have[1] + at, have[2] + at, src_b[0] + GUARD, n);
        CHECK(t, same());
    }
    BENCH(t, ref(want[0], want[1], want[2], src_a[0], AVO_RGB_RUN),
          got(have[0], have[1], have[2], src_a[0], AVO_RGB_RUN));
    check_end(t);
}

static void check_565(Tester *t)
{
    if (!check_begin(t, t->got->unpack_565 != t->below->unpack_565, "unpack_565"))
        return;
    for (int round = 0; round < 600; round++) {
        int n = rnd_range(1, AVO_RGB_RUN), at = GUARD + rnd_range(0, 15);
        refill(round, 2 * n);
        t->ref->unpack_565(want[0] + at, want[1] + at, want[2] + at, src_a[0] + GUARD, n,
                           round & 1);
        t->got->unpack_565(have[0] + at, have[1] + at, have[2] + at, src_b[0] + GUARD, n,
                           round & 1);
        CHECK(t, same());
    }
    BENCH(t, t->ref->unpack_565(want[0], want[1], want[2], src_a[0], AVO_RGB_RUN, 1),
          t->got->unpack_565(have[0], have[1], have[2], src_a[0], AVO_RGB_RUN, 1));
    check_end(t);
}

/* Those of BT.601 and BT.709, limited and full; the last one's chroma leaves the range. */
static const AvoColourMatrix matrices[] = {
    {{8414, 16520, 3208}, {-4857, -9535, 14392}, {14392, -12051, -2341}},
    {{9798, 19234, 3736}, {-5529, -10855, 16384}, {16384, -13720, -2664}},
    {{6966, 23436, 2366}, {-3754, -12630, 16384}, {16384, -14882, -1502}},
    {{6966, 23436, 2366}, {-32768, 0, 32767}, {32767, -32768, -1}},
};

static void fill_run(AvoRgbRun *run)
{
    fill_pixels(run->r, sizeof(run->r), rnd() % SHAPE_COUNT);
    fill_pixels(run->g, sizeof(run->g), rnd() % SHAPE_COUNT);
    fill_pixels(run->b, sizeof(run->b), rnd() % SHAPE_COUNT);
}

/* Up to the multiple of `step` that n reaches, samples behind n may be anything. */
static void forgive(pixel *row, const pixel *as, int n, int step)
{
    int end = (n + step - 1) / step * step;
    memcpy(row + n, as + n, (size_t)(end - n));
}

static void check_rgb(Tester *t)
{
    AvoRgbRun upper, lower;
    if (check_begin(t, t->got->rgb_luma != t->below->rgb_luma, "rgb_luma")) {
        for (int round = 0; round < 1000; round++) {
            int n = rnd_range(1, AVO_RGB_RUN), at = GUARD + rnd_range(0, 15);
            int black = round & 1 ? 0 : 16;
            const AvoColourMatrix *m = &matrices[round & 1 ? 1 + (round >> 1 & 1) : 0];
            refill(round, 0);
            fill_run(&upper);
            t->ref->rgb_luma(want[0] + at, &upper, m, black, n);
            t->got->rgb_luma(have[0] + at, &upper, m, black, n);
            forgive(have[0] + at, want[0] + at, n, 16);
            CHECK(t, same());
        }
        BENCH(t, t->ref->rgb_luma(want[0], &upper, &matrices[0], 16, AVO_RGB_RUN),
              t->got->rgb_luma(have[0], &upper, &matrices[0], 16, AVO_RGB_RUN));
        check_end(t);
    }
    if (check_begin(t, t->got->rgb_chroma != t->below->rgb_chroma, "rgb_chroma")) {
        for (int round = 0; round < 1000; round++) {
            int n = rnd_range(1, AVO_RGB_RUN / 2), at = GUARD + rnd_range(0, 15);
            const AvoColourMatrix *m = &matrices[round % 4];
            refill(round, 0);
            fill_run(&upper);
            fill_run(&lower);
            t->ref->rgb_chroma(want[0] + at, want[1] + at, &upper, &lower, m, n);
            t->got->rgb_chroma(have[0] + at, have[1] + at, &upper, &lower, m, n);
            forgive(have[0] + at, want[0] + at, n, 8);
            forgive(have[1] + at, want[1] + at, n, 8);
            CHECK(t, same());
        }
        BENCH(t, t->ref->rgb_chroma(want[0], want[1], &upper, &lower, &matrices[0], 32),
              t->got->rgb_chroma(have[0], have[1], &upper, &lower, &matrices[0], 32));
        check_end(t);
    }
}

void check_convert(Tester *t)
{
    check_luma_422(t);
    check_chroma_422(t);
    check_unpack(t, "unpack_3", 3, t->ref->unpack_3, t->below->unpack_3, t->got->unpack_3);
    check_unpack(t, "unpack_4", 4, t->ref->unpack_4, t->below->unpack_4, t->got->unpack_4);
    check_565(t);
    check_rgb(t);
}
