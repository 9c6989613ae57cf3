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

#define CHECK_EDGE(entry, lines, vertical)                                                         \
    check_edge(t, #entry, lines, vertical, t->ref->entry, t->below->entry, t->got->entry)
#define CHECK_INTRA_EDGE(entry, lines, vertical)                                                   \
    check_intra_edge(t, #entry, lines, vertical, t->ref->entry, t->below->entry, t->got->entry)

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
}
