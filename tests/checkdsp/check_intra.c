/* Kernel check: intra predictors and the 8x8 edge filter. */
#include "checkdsp/checkdsp.h"

#define ROUNDS 120

static AVO_ALIGN(64) pixel want[AREA_SIZE];
static AVO_ALIGN(64) pixel have[AREA_SIZE];
static AVO_ALIGN(64) pixel line[AVO_EDGE_SIZE];

static const char *const names_small[AVO_I4_COUNT] = {
    "v", "h", "dc", "ddl", "ddr", "vr", "hd", "vl", "hu", "dc_left", "dc_top", "dc_128"};
static const char *const names_16[AVO_I16_COUNT] = {"v",       "h",      "dc",    "plane",
                                                    "dc_left", "dc_top", "dc_128"};
static const char *const names_chroma[AVO_IC_COUNT] = {"dc",      "h",      "v",     "plane",
                                                       "dc_left", "dc_top", "dc_128"};

static void check_table(Tester *t, const char *size, int align, int n, const char *const *names,
                        const AvoIntraFn *ref, const AvoIntraFn *below, const AvoIntraFn *got)
{
    const pixel *edge = line + AVO_EDGE_ORIGIN;
    for (int i = 0; i < n; i++) {
        if (!check_begin(t, got[i] != below[i], "intra_%s_%s", size, names[i]))
            continue;
        for (int round = 0; round < ROUNDS; round++) {
            ptrdiff_t stride = round & 1 ? AVO_REC_STRIDE : AREA_STRIDE;
            size_t at = (size_t)(AREA_ORIGIN + rnd_range(0, 3) * align);
            fill_pixels(line, sizeof(line), round % SHAPE_COUNT);
            fill_pixels(want, sizeof(want), SHAPE_RANDOM);
            memcpy(have, want, sizeof(have));
            ref[i](want + at, stride, edge);
            got[i](have + at, stride, edge);
            CHECK(t, !memcmp(want, have, sizeof(want)));
        }
        BENCH(t, ref[i](want + AREA_ORIGIN, AVO_REC_STRIDE, edge),
              got[i](have + AREA_ORIGIN, AVO_REC_STRIDE, edge));
        check_end(t);
    }
}

/* Only what exists is compared. */
static bool same_edge(const pixel *a, const pixel *b, unsigned have_flags)
{
    if ((have_flags & AVO_EDGE_LEFT) && memcmp(a - 8, b - 8, 8 * sizeof(pixel)))
        return false;
    if ((have_flags & AVO_EDGE_TOP) && memcmp(a + 1, b + 1, 16 * sizeof(pixel)))
        return false;
    return !(have_flags & AVO_EDGE_CORNER) || a[0] == b[0];
}

static void check_filter_edge(Tester *t)
{
    static AVO_ALIGN(64) pixel want_line[AVO_EDGE_SIZE], have_line[AVO_EDGE_SIZE + 2];
    const pixel *edge = line + AVO_EDGE_ORIGIN;
    if (!check_begin(t, t->got->filter_edge_8x8 != t->below->filter_edge_8x8, "filter_edge_8x8"))
        return;
    for (int round = 0; round < 16 * 40; round++) {
        unsigned flags = (unsigned)round & 15;
        if (!(flags & AVO_EDGE_TOP))
            flags &= ~(unsigned)AVO_EDGE_TOPRIGHT;
        fill_pixels(line, sizeof(line), round / 16 % SHAPE_COUNT);
        have_line[0] = have_line[AVO_EDGE_SIZE + 1] = 77;
        t->ref->filter_edge_8x8(want_line + AVO_EDGE_ORIGIN, edge, flags);
        t->got->filter_edge_8x8(have_line + 1 + AVO_EDGE_ORIGIN, edge, flags);
        CHECK(t, same_edge(want_line + AVO_EDGE_ORIGIN, have_line + 1 + AVO_EDGE_ORIGIN, flags));
        CHECK(t, have_line[0] == 77 && have_line[AVO_EDGE_SIZE + 1] == 77);
    }
    BENCH(t, t->ref->filter_edge_8x8(want_line + AVO_EDGE_ORIGIN, edge, 15),
          t->got->filter_edge_8x8(have_line + AVO_EDGE_ORIGIN, edge, 15));
    check_end(t);
}

typedef void (*CostAllFn)(const pixel *cur, const pixel *edge, int out[9]);

static void check_cost_all(Tester *t, const char *name, CostAllFn ref, CostAllFn below,
                           CostAllFn got)
{
    static AVO_ALIGN(64) pixel cur[16 * 16];
    const pixel *edge = line + AVO_EDGE_ORIGIN;
    int want_cost[9], have_cost[10];
    if (!check_begin(t, got != below, "%s", name))
        return;
    for (int round = 0; round < 200; round++) {
        int at = rnd_range(0, 1) * 8 + rnd_range(0, 1) * 8 * AVO_CUR_STRIDE;
        fill_pixels(line, sizeof(line), round % SHAPE_COUNT);
        fill_pixels(cur, sizeof(cur), round / SHAPE_COUNT % SHAPE_COUNT);
        have_cost[9] = 12345;
        ref(cur + at, edge, want_cost);
        got(cur + at, edge, have_cost);
        CHECK(t, !memcmp(want_cost, have_cost, sizeof(want_cost)) && have_cost[9] == 12345);
    }
    BENCH(t, ref(cur, edge, want_cost), got(cur, edge, have_cost));
    check_end(t);
}

void check_intra(Tester *t)
{
    const AvoDsp *ref = t->ref, *below = t->below, *got = t->got;
    check_table(t, "4x4", 4, AVO_I4_COUNT, names_small, ref->intra_4x4, below->intra_4x4,
                got->intra_4x4);
    check_table(t, "8x8", 8, AVO_I4_COUNT, names_small, ref->intra_8x8, below->intra_8x8,
                got->intra_8x8);
    check_table(t, "16x16", 16, AVO_I16_COUNT, names_16, ref->intra_16x16, below->intra_16x16,
                got->intra_16x16);
    check_table(t, "chroma", 8, AVO_IC_COUNT, names_chroma, ref->intra_chroma, below->intra_chroma,
                got->intra_chroma);
    check_filter_edge(t);
    check_cost_all(t, "intra_satd_x9_4x4", ref->intra_satd_x9_4x4, below->intra_satd_x9_4x4,
                   got->intra_satd_x9_4x4);
    check_cost_all(t, "intra_sa8d_x9_8x8", ref->intra_sa8d_x9_8x8, below->intra_sa8d_x9_8x8,
                   got->intra_sa8d_x9_8x8);
}
