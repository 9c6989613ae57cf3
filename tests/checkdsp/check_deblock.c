/* Kernel check: loop filter. Each line across an edge is drawn around the thresholds in force,
 * so that every comparison goes both ways and every branch is taken. */
#include "checkdsp/checkdsp.h"

typedef void (*EdgeFn)(pixel *pix, ptrdiff_t stride, int alpha, int beta, const int8_t *tc0);
typedef void (*IntraEdgeFn)(pixel *pix, ptrdiff_t stride, int alpha, int beta);

static AVO_ALIGN(64) pixel want[AREA_SIZE], have[AREA_SIZE];

/* A step whose size is just below, at or just above a limit, or small. */
static int step_near(int limit)
{
    int size;
    switch (rnd() % 5) {
    case 0:
        size = limit - 1;
        break;
    case 1:
        size = limit;
        break;
    case 2:
        size = limit + 1;
        break;
    case 3:
        size = rnd_range(0, avo_max(limit - 1, 0));
        break;
    default:
        size = rnd_range(0, 2);
        break;
    }
    return rnd() & 1 ? size : -size;
}

/* p3..p0 or q0..q3 outwards from the edge; pix[0] is set, away leads from the edge. */
static void draw_side(pixel *pix, ptrdiff_t away, int beta)
{
    int v0 = pix[0], v2 = v0 + step_near(beta);
    pix[away] = avo_clip_pixel(v0 + step_near(beta));
    pix[2 * away] = avo_clip_pixel(v2);
    pix[3 * away] = avo_clip_pixel(v2 + rnd_range(-20, 20));
}

static void draw_edge(pixel *pix, ptrdiff_t across, ptrdiff_t along, int lines, int alpha, int beta)
{
    for (int i = 0; i < lines; i++, pix += along) {
        int limit = rnd() & 1 ? alpha : (alpha >> 2) + 2;
        int p0 = rnd() % 4 ? rnd_range(20, 235) : rnd() & 1 ? rnd_range(0, 8) : rnd_range(247, 255);
        pix[-across] = (pixel)p0;
        pix[0] = avo_clip_pixel(p0 + step_near(limit));
        draw_side(pix - across, -across, beta);
        draw_side(pix, across, beta);
    }
}

/* Thresholds of random indices, mostly in the range where they do something. */
static void draw_thresholds(int *alpha, int *beta, int8_t tc0[4])
{
    int index_a = rnd() % 8 ? rnd_range(16, 51) : rnd_range(0, 51);
    int index_b = rnd() % 8 ? rnd_range(16, 51) : rnd_range(0, 51);
    *alpha = deblock_alpha[index_a];
    *beta = deblock_beta[index_b];
    for (int i = 0; i < 4; i++)
        tc0[i] = (int8_t)(rnd() % 4 ? deblock_tc0[index_a][rnd() % 3] : -1);
}

static void prepare(int round, ptrdiff_t across, ptrdiff_t along, int lines, int alpha, int beta)
{
    fill_pixels(want, sizeof(want), round % 16 ? SHAPE_RANDOM : round / 16 % SHAPE_COUNT);
    if (round % 16)
        draw_edge(want + AREA_ORIGIN, across, along, lines, alpha, beta);
    memcpy(have, want, sizeof(have));
}

/* Timing: many different edges, each filtered once per round, so that neither the branch predictor
 * nor the filter's own smoothing makes it easier than a picture. Lines are as in a picture: of
 * those that the encoder hands to the filter at CRF 22 to 34, seven to nine of ten are smooth
 * enough to be changed. */
#define POOL_EDGES  256
#define POOL_STRIDE 32 /* what one round takes stays in the first cache */
#define POOL_STEP   (POOL_STRIDE * 16)
static AVO_ALIGN(64) pixel fresh[POOL_EDGES * POOL_STEP], pool[POOL_EDGES * POOL_STEP];

/* For alpha 40, beta 10. */
static void draw_ordinary_side(pixel *pix, ptrdiff_t away)
{
    int v0 = pix[0], v2 = v0 + rnd_range(-12, 12);
    pix[away] = (pixel)(v0 + rnd_range(-6, 6) * (rnd() % 8 ? 1 : 4));
    pix[2 * away] = (pixel)v2;
    pix[3 * away] = (pixel)(v2 + rnd_range(-6, 6));
}

static void draw_pool(bool vertical, int lines)
{
    ptrdiff_t across = vertical ? 1 : POOL_STRIDE, along = vertical ? POOL_STRIDE : 1;
    for (int i = 0; i < POOL_EDGES; i++) {
        pixel *pix = fresh + i * POOL_STEP + 8 * POOL_STRIDE * !vertical + 8;
        for (int k = 0; k < lines; k++, pix += along) {
            pix[-across] = (pixel)rnd_range(60, 190);
            pix[0] = (pixel)(pix[-across] + rnd_range(-16, 16) * (rnd() % 16 ? 1 : 3));
            draw_ordinary_side(pix - across, -across);
            draw_ordinary_side(pix, across);
        }
    }
}

/* The edge of call i of a round, its input renewed. */
static pixel *renew_edge(int round, int i)
{
    size_t at = (size_t)((round * BENCH_CALLS + i) % POOL_EDGES) * POOL_STEP;
    memcpy(pool + at, fresh + at, POOL_STEP);
    return pool + at;
}

#define RENEW                                                                                      \
    for (int k_ = 0; k_ < BENCH_CALLS; k_++)                                                       \
    edges[k_] = renew_edge(round_, k_) + (vertical ? 8 : 8 * POOL_STRIDE + 8)

static void check_edge(Tester *t, const char *name, int lines, bool vertical, EdgeFn ref,
                       EdgeFn below, EdgeFn got)
{
    int alpha = 40, beta = 10;
    int8_t tc0[4] = {1, 2, 3, 4};
    if (!check_begin(t, got != below, "%s", name))
        return;
    for (int round = 0; round < 1000; round++) {
        ptrdiff_t stride = round & 1 ? AREA_STRIDE : 64;
        draw_thresholds(&alpha, &beta, tc0);
        prepare(round, vertical ? 1 : stride, vertical ? stride : 1, lines, alpha, beta);
        ref(want + AREA_ORIGIN, stride, alpha, beta, tc0);
        got(have + AREA_ORIGIN, stride, alpha, beta, tc0);
        CHECK(t, !memcmp(want, have, sizeof(want)));
    }
    pixel *edges[BENCH_CALLS];
    memcpy(tc0, (int8_t[4]){1, 2, -1, 2}, 4);
    draw_pool(vertical, lines);
    BENCH_WITH(t, RENEW, ref(edges[i_], POOL_STRIDE, 40, 10, tc0),
               got(edges[i_], POOL_STRIDE, 40, 10, tc0));
    check_end(t);
}

static void check_intra_edge(Tester *t, const char *name, int lines, bool vertical, IntraEdgeFn ref,
                             IntraEdgeFn below, IntraEdgeFn got)
{
    int alpha = 40, beta = 10;
    int8_t tc0[4];
    if (!check_begin(t, got != below, "%s", name))
        return;
    for (int round = 0; round < 1000; round++) {
        ptrdiff_t stride = round & 1 ? AREA_STRIDE : 64;
        draw_thresholds(&alpha, &beta, tc0);
        prepare(round, vertical ? 1 : stride, vertical ? stride : 1, lines, alpha, beta);
        ref(want + AREA_ORIGIN, stride, alpha, beta);
        got(have + AREA_ORIGIN, stride, alpha, beta);
        CHECK(t, !memcmp(want, have, sizeof(want)));
    }
    pixel *edges[BENCH_CALLS];
    draw_pool(vertical, lines);
    BENCH_WITH(t, RENEW, ref(edges[i_], POOL_STRIDE, 40, 10), got(edges[i_], POOL_STRIDE, 40, 10));
    check_end(t);
}

/* ---- both chroma planes ---- */

typedef void (*PairFn)(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha, int beta,
                       const int8_t *tc0);
typedef void (*IntraPairFn)(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha, int beta);

/* Of the two planes in one area. */
#define PAIR_AT (AREA_ORIGIN - 10)
#define PAIR_TO (AREA_ORIGIN + 9)

static void prepare_pair(int round, ptrdiff_t stride, bool vertical, int alpha, int beta)
{
    ptrdiff_t across = vertical ? 1 : stride, along = vertical ? stride : 1;
    fill_pixels(want, sizeof(want), round % 16 ? SHAPE_RANDOM : round / 16 % SHAPE_COUNT);
    if (round % 16) {
        draw_edge(want + PAIR_AT, across, along, 8, alpha, beta);
        draw_edge(want + PAIR_TO, across, along, 8, alpha, beta);
    }
    memcpy(have, want, sizeof(have));
}

/* The second plane of a timed call is an edge that no call of the round has as its first. */
#define RENEW_PAIR                                                                                 \
    RENEW;                                                                                         \
    for (int k_ = 0; k_ < BENCH_CALLS; k_++)                                                       \
    other[k_] = renew_edge(round_, k_ + POOL_EDGES / 2) + (edges[0] - pool) % POOL_STEP
#define PAIR_CALLS(fn, ...) fn(edges[i_], other[i_], POOL_STRIDE, __VA_ARGS__)

static void check_pair(Tester *t, const char *name, bool vertical, PairFn ref, PairFn below,
                       PairFn got)
{
    int alpha = 40, beta = 10;
    int8_t tc0[4] = {1, 2, 3, 4};
    if (!check_begin(t, got != below, "%s", name))
        return;
    for (int round = 0; round < 1000; round++) {
        ptrdiff_t stride = round & 1 ? AREA_STRIDE : 77;
        draw_thresholds(&alpha, &beta, tc0);
        prepare_pair(round, stride, vertical, alpha, beta);
        ref(want + PAIR_AT, want + PAIR_TO, stride, alpha, beta, tc0);
        got(have + PAIR_AT, have + PAIR_TO, stride, alpha, beta, tc0);
        CHECK(t, !memcmp(want, have, sizeof(want)));
    }
    pixel *edges[BENCH_CALLS], *other[BENCH_CALLS];
    memcpy(tc0, (int8_t[4]){1, 2, -1, 2}, 4);
    draw_pool(vertical, 8);
    BENCH_WITH(t, RENEW_PAIR, PAIR_CALLS(ref, 40, 10, tc0), PAIR_CALLS(got, 40, 10, tc0));
    check_end(t);
}

static void check_intra_pair(Tester *t, const char *name, bool vertical, IntraPairFn ref,
                             IntraPairFn below, IntraPairFn got)
{
    int alpha = 40, beta = 10;
    int8_t tc0[4];
    if (!check_begin(t, got != below, "%s", name))
        return;
    for (int round = 0; round < 1000; round++) {
        ptrdiff_t stride = round & 1 ? AREA_STRIDE : 77;
        draw_thresholds(&alpha, &beta, tc0);
        prepare_pair(round, stride, vertical, alpha, beta);
        ref(want + PAIR_AT, want + PAIR_TO, stride, alpha, beta);
        got(have + PAIR_AT, have + PAIR_TO, stride, alpha, beta);
        CHECK(t, !memcmp(want, have, sizeof(want)));
    }
    pixel *edges[BENCH_CALLS], *other[BENCH_CALLS];
    draw_pool(vertical, 8);
    BENCH_WITH(t, RENEW_PAIR, PAIR_CALLS(ref, 40, 10), PAIR_CALLS(got, 40, 10));
    check_end(t);
}

/* ---- strengths ---- */

/* A macroblock's vectors, pictures and levels, with guards around each. */
typedef struct Motion {
    int16_t mv[8 + 64 + 8];
    int8_t picture[4 + 8 + 4];
    uint8_t levels[16 + 16 + 16];
} Motion;

/* Components near the threshold of 4, or any at all. */
static int16_t draw_component(int kind, int base)
{
    if (kind == 0)
        return (int16_t)(base + rnd_range(-5, 5));
    if (kind == 1)
        return (int16_t)(rnd() & 1 ? base : base + 4);
    return (int16_t)(rnd() % 4 ? rnd() : rnd() & 1 ? 32767 : 32768);
}

static AvoEdgeMotion draw_motion(Motion *m, int lists)
{
    int kind = rnd_range(0, 4), base = rnd_range(-900, 900), most = rnd_range(0, 3);
    for (size_t i = 0; i < AVO_COUNT(m->mv); i++)
        m->mv[i] = kind > 2 ? (int16_t)(base * !(i & 1)) : draw_component(kind, base);
    for (size_t i = 0; i < AVO_COUNT(m->picture); i++)
        m->picture[i] = (int8_t)(rnd_range(0, most) - (lists == 2));
    for (size_t i = 0; i < AVO_COUNT(m->levels); i++)
        m->levels[i] = rnd_range(0, 3) ? 0 : (uint8_t)rnd_range(0, 16);
    if (kind == 4)
        memset(m->levels, 0, sizeof(m->levels));
    return (AvoEdgeMotion){m->picture + 4, m->mv + 8, m->levels + 16, rnd() & 1};
}

static void check_strengths(Tester *t)
{
    enum { GUARD = 16 };
    static Motion motion[BENCH_CALLS][3];
    AvoEdgeMotion block[BENCH_CALLS][3];
    int8_t a[GUARD + 32 + GUARD], b[sizeof(a)];
    if (!check_begin(t, t->got->edge_strengths != t->below->edge_strengths, "edge_strengths"))
        return;
    for (int round = 0; round < 20000; round++) {
        int lists = 1 + (round & 1);
        for (int i = 0; i < 3; i++)
            block[0][i] = draw_motion(&motion[0][i], lists);
        if (round & 2) /* vectors of one field */
            for (int i = 1; i < 3; i++)
                for (int k = 0; k < 64; k++)
                    motion[0][i].mv[8 + k] = (int16_t)(motion[0][0].mv[8 + k] + rnd_range(-4, 4));
        for (size_t i = 0; i < sizeof(a); i++)
            a[i] = b[i] = (int8_t)rnd();
        t->ref->edge_strengths((int8_t(*)[4][4])(a + GUARD), block[0], lists);
        t->got->edge_strengths((int8_t(*)[4][4])(b + GUARD), block[0], lists);
        CHECK(t, !memcmp(a, b, sizeof(a)));
    }
    for (int lists = 1; lists <= 2; lists++) {
        for (int i = 0; i < BENCH_CALLS * 3; i++)
            block[i / 3][i % 3] = draw_motion(&motion[i / 3][i % 3], lists);
        snprintf(t->name, sizeof(t->name), "edge_strengths_%d", lists);
        BENCH(t, t->ref->edge_strengths((int8_t(*)[4][4])a, block[i_], lists),
              t->got->edge_strengths((int8_t(*)[4][4])b, block[i_], lists));
    }
    check_end(t);
}

#define CHECK_EDGE(entry, lines, vertical)                                                         \
    check_edge(t, #entry, lines, vertical, t->ref->entry, t->below->entry, t->got->entry)
#define CHECK_INTRA_EDGE(entry, lines, vertical)                                                   \
    check_intra_edge(t, #entry, lines, vertical, t->ref->entry, t->below->entry, t->got->entry)

#define CHECK_PAIR(entry, vertical)                                                                \
    check_pair(t, #entry, vertical, t->ref->entry, t->below->entry, t->got->entry)
#define CHECK_INTRA_PAIR(entry, vertical)                                                          \
    check_intra_pair(t, #entry, vertical, t->ref->entry, t->below->entry, t->got->entry)

void check_deblock(Tester *t)
{
    CHECK_EDGE(deblock_luma_v, 16, true);
    CHECK_EDGE(deblock_luma_h, 16, false);
    CHECK_INTRA_EDGE(deblock_luma_intra_v, 16, true);
    CHECK_INTRA_EDGE(deblock_luma_intra_h, 16, false);
    CHECK_EDGE(deblock_chroma_v, 8, true);
    CHECK_EDGE(deblock_chroma_h, 8, false);
    CHECK_INTRA_EDGE(deblock_chroma_intra_v, 8, true);
    CHECK_INTRA_EDGE(deblock_chroma_intra_h, 8, false);
    CHECK_PAIR(deblock_pair_v, true);
    CHECK_PAIR(deblock_pair_h, false);
    CHECK_INTRA_PAIR(deblock_pair_intra_v, true);
    CHECK_INTRA_PAIR(deblock_pair_intra_h, false);
    check_strengths(t);
}
