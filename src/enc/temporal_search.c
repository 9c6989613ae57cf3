/* See temporal_search.h.
 *
 * Whole samples: a small diamond on SAD of 16x16 from a few candidates. Fractions: the error of an
 * 8x8 block is taken as linear in its displacement, with the slopes of the current block,
 *
 *     pred(p) - cur(p) ~ slope(p) * displacement,
 *
 * so that least squares give the displacement at once. The slopes are those of the current block
 * for every neighbour and step, hence computed once; two or three steps settle. A search over
 * positions compressed no better and needs many more interpolations. */
#include "enc/temporal_search.h"

#define DIAMOND_STEPS 6
#define RANGE         1000 /* samples */
#define REFINE_STEPS  3
#define STEP_MAX      16           /* a sample at a time at most */
#define DAMPING       (4 * 64 * 4) /* on slopes doubled: keeps noise from moving flat blocks */
#define WINDOW_STRIDE 32

/* ---- samples ---- */

/* The block with its margin (2 before, 3 behind), border samples repeated. */
static const pixel *window_at(pixel *window, const AvoPlane *plane, int x, int y, int size)
{
    int width = size + 5, first = x - 2;
    int before = avo_clip3(0, width, -first);
    int behind = avo_clip3(0, width, first + width - plane->width);
    int inside = width - before - behind;
    for (int j = 0; j < width; j++) {
        int row = avo_clip3(0, plane->height - 1, y + j - 2);
        const pixel *from = plane->data + row * plane->stride;
        pixel *to = window + j * WINDOW_STRIDE;
        for (int i = 0; i < before; i++)
            *to++ = from[0];
        if (inside)
            memcpy(to, from + first + before, (size_t)inside * sizeof *to);
        for (int i = 0; i < behind; i++)
            to[inside + i] = from[plane->width - 1];
    }
    return window + 2 * WINDOW_STRIDE + 2;
}

void avo_temporal_fetch(const AvoDsp *dsp, pixel *dst, ptrdiff_t stride_dst, const AvoPlane *plane,
                        int x, int y, AvoMv mv, int size)
{
    pixel window[(8 + 5) * WINDOW_STRIDE + 16];
    int fx = mv.x & 15, fy = mv.y & 15;
    x += (mv.x - fx) / 16;
    y += (mv.y - fy) / 16;
    const pixel *src = plane->data + y * plane->stride + x;
    ptrdiff_t stride = plane->stride;
    if (x < 2 || y < 2 || x + size + 3 > plane->width || y + size + 3 > plane->height) {
        src = window_at(window, plane, x, y, size);
        stride = WINDOW_STRIDE;
    }
    if (fx | fy)
        dsp->sixteenth(dst, stride_dst, src, stride, fx, fy, size, size);
    else
        dsp->copy[size == 8 ? 1 : 2](dst, stride_dst, src, stride, size);
}

/* ---- whole samples ---- */

typedef struct Search {
    const AvoDsp *dsp;
    const pixel *cur, *ref; /* ref: the reference at the block's place */
    ptrdiff_t stride;
    int min_x, max_x, min_y, max_y;
    AvoMv mv;
    int cost;
} Search;

static AvoMv clip_mv(const Search *s, int x, int y)
{
    return (AvoMv){(int16_t)avo_clip3(s->min_x, s->max_x, x),
                   (int16_t)avo_clip3(s->min_y, s->max_y, y)};
}

static void try_four(Search *s, const AvoMv mv[4])
{
    const pixel *at[4];
    int cost[4];
    for (int i = 0; i < 4; i++)
        at[i] = s->ref + mv[i].y * s->stride + mv[i].x;
    s->dsp->sad_x4[AVO_BLK_16x16](s->cur, at, s->stride, cost);
    for (int i = 0; i < 4; i++)
        if (cost[i] < s->cost) {
            s->cost = cost[i];
            s->mv = mv[i];
        }
}

int avo_temporal_search(const AvoDsp *dsp, const pixel *cur, const AvoPlane *ref, int x, int y,
                        const AvoMv *candidates, int count, AvoMv *best)
{
    Search s = {.dsp = dsp,
                .cur = cur,
                .ref = ref->data + y * ref->stride + x,
                .stride = ref->stride,
                .cost = INT32_MAX};
    s.min_x = avo_max(-x, -RANGE);
    s.max_x = avo_min(ref->width - 16 - x, RANGE);
    s.min_y = avo_max(-y, -RANGE);
    s.max_y = avo_min(ref->height - 16 - y, RANGE);
    AvoMv four[4];
    for (int i = 0; i < 4; i++) {
        const AvoMv *c = &candidates[avo_min(i, count - 1)];
        four[i] = clip_mv(&s, c->x, c->y);
    }
    try_four(&s, four);
    for (int step = 0; step < DIAMOND_STEPS && s.cost; step++) {
        AvoMv from = s.mv;
        four[0] = clip_mv(&s, from.x - 1, from.y);
        four[1] = clip_mv(&s, from.x + 1, from.y);
        four[2] = clip_mv(&s, from.x, from.y - 1);
        four[3] = clip_mv(&s, from.x, from.y + 1);
        try_four(&s, four);
        if (s.mv.x == from.x && s.mv.y == from.y)
            break;
    }
    *best = s.mv;
    return s.cost;
}

/* ---- fractions ---- */

void avo_temporal_block_init(AvoTemporalBlock *b, const AvoDsp *dsp, const AvoPlane *plane, int x,
                             int y)
{
    pixel window[(8 + 5) * WINDOW_STRIDE + 16];
    int sums[3];
    b->x = x;
    b->y = y;
    b->cur = plane->data + y * plane->stride + x;
    b->stride = plane->stride;
    if (x == 0 || y == 0 || x + 9 > plane->width || y + 9 > plane->height)
        dsp->slopes(b->slope, window_at(window, plane, x, y, 8), WINDOW_STRIDE, sums);
    else
        dsp->slopes(b->slope, b->cur, b->stride, sums);
    b->hxx = sums[0] + DAMPING;
    b->hxy = sums[1];
    b->hyy = sums[2] + DAMPING;
}

/* Rounded quotient limited to a step. */
static int limited_step(int64_t a, int64_t b)
{
    int64_t q = (a < 0 ? a - b / 2 : a + b / 2) / b;
    return (int)avo_clip3_64(-STEP_MAX, STEP_MAX, q);
}

/* The displacement that explains the error, 1/16 samples. The slopes are twice the gradients. */
static AvoMv displacement(const AvoTemporalBlock *b, int along_x, int along_y)
{
    int64_t det = b->hxx * b->hyy - b->hxy * b->hxy;
    int64_t x = b->hyy * along_x - b->hxy * along_y, y = b->hxx * along_y - b->hxy * along_x;
    return (AvoMv){(int16_t)limited_step(32 * x, det), (int16_t)limited_step(32 * y, det)};
}

/* Whether most of the block still lies in the picture. */
static bool inside(const AvoTemporalBlock *b, const AvoPlane *ref, AvoMv mv)
{
    int x = 16 * b->x + mv.x, y = 16 * b->y + mv.y;
    return x >= -32 && y >= -32 && x <= 16 * (ref->width - 6) && y <= 16 * (ref->height - 6);
}

AvoTemporalMatch avo_temporal_refine(const AvoTemporalBlock *b, const AvoDsp *dsp,
                                     const AvoPlane *ref, AvoMv start, int64_t error_max,
                                     pixel *pred)
{
    AvoTemporalMatch best = {.error = INT32_MAX};
    AvoMv mv = {(int16_t)(16 * start.x), (int16_t)(16 * start.y)};
    AVO_ALIGN(16) pixel trial[64];
    for (int step = 0; step <= REFINE_STEPS; step++) {
        int sums[4];
        avo_temporal_fetch(dsp, trial, 8, ref, b->x, b->y, mv, 8);
        dsp->mismatch(b->cur, b->stride, trial, b->slope, sums);
        if (sums[0] >= best.error)
            break;
        best = (AvoTemporalMatch){mv, sums[0], sums[3]};
        memcpy(pred, trial, sizeof trial);
        AvoMv d = displacement(b, sums[1], sums[2]);
        mv.x = (int16_t)(mv.x - d.x);
        mv.y = (int16_t)(mv.y - d.y);
        bool settled = avo_abs(d.x) <= 1 && avo_abs(d.y) <= 1;
        if (settled || best.error > error_max + (step ? 0 : error_max / 2) || !inside(b, ref, mv))
            break;
    }
    return best;
}
