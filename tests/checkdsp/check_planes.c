/* Kernel check: plane operations of any width. */
#include "checkdsp/checkdsp.h"

static AVO_ALIGN(64) pixel src[AREA_SIZE], want[AREA_SIZE], have[AREA_SIZE];

static void refill(int round)
{
    fill_pixels(src, sizeof(src), round % SHAPE_COUNT);
    fill_pixels(want, sizeof(want), SHAPE_RANDOM);
    memcpy(have, want, sizeof(have));
}

static void check_half_plane(Tester *t)
{
    if (!check_begin(t, t->got->half_plane != t->below->half_plane, "half_plane"))
        return;
    for (int round = 0; round < 200; round++) {
        int w = rnd_range(1, 47), h = rnd_range(1, 12);
        ptrdiff_t stride = round & 1 ? AREA_STRIDE : 97;
        refill(round);
        t->ref->half_plane(want + AREA_ORIGIN + 1, AREA_STRIDE, src + 3, stride, w, h);
        t->got->half_plane(have + AREA_ORIGIN + 1, AREA_STRIDE, src + 3, stride, w, h);
        CHECK(t, !memcmp(want, have, sizeof(want)));
    }
    BENCH(t, t->ref->half_plane(want, AREA_STRIDE, src, AREA_STRIDE, 48, 16),
          t->got->half_plane(have, AREA_STRIDE, src, AREA_STRIDE, 48, 16));
    check_end(t);
}

static void check_split(Tester *t)
{
    if (!check_begin(t, t->got->split_uv != t->below->split_uv, "split_uv"))
        return;
    for (int round = 0; round < 200; round++) {
        int n = rnd_range(1, 300);
        refill(round);
        t->ref->split_uv(want + 65, want + 1026, src + 5, n);
        t->got->split_uv(have + 65, have + 1026, src + 5, n);
        CHECK(t, !memcmp(want, have, sizeof(want)));
    }
    BENCH(t, t->ref->split_uv(want, want + 1024, src, 960),
          t->got->split_uv(have, have + 1024, src, 960));
    check_end(t);
}

void check_planes(Tester *t)
{
    check_half_plane(t);
    check_split(t);
}
