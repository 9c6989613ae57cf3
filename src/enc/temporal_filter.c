/* See temporal_filter.h.
 *
 * Why: noise is new in every picture, so what an anchor spends on its own noise is lost when the
 * next pictures refer to it. The mean of the picture and its neighbours, moved to where things are
 * in the picture, carries less of it: the anchor gets cheaper and its followers find a better
 * prediction.
 *
 * Each 8x8 block is looked for in every neighbour (temporal_search.c). The filtered sample is
 *
 *     cur + sum over neighbours of w * d * (1 - (d / t)^2)^2,    d = pred - cur, 0 beyond t
 *
 * one step of a robust mean: what does not fit does not pull. The weight w of a neighbour falls
 * with its distance in time and with the block's error,
 *
 *     w ~ N / (N + error + drift),
 *
 * where drift stands for errors that have a sign in common, as from a wrong vector, a fade or a
 * shadow; noise has none. N, what may differ without being a difference, is what the quantiser will
 * erase anyway, but no more than part of the block's own variance: in an even block the coder
 * keeps faint differences, so the filter must, too. t follows from N.
 *
 * Blocks whose content many later pictures inherit are filtered more than those that nobody refers
 * to, whose own error is all that counts. */
#include "enc/temporal_filter.h"
#include "base/fixmath.h"
#include "enc/temporal_search.h"

#define OWN_WEIGHT     256
#define DRIFT_DIVISOR  2  /* of the squared sums of 4x4 samples, so that drift counts eightfold */
#define BLOCK_SHARE_Q3 5  /* part of a block's energy that may differ, 1/8 */
#define FLOOR          6  /* and this much in any case */
#define ERROR_MAX      16 /* tolerances: beyond, a neighbour's share is next to nothing */
/* QP by which importance lowers a block that gets the strength as it is. */
#define IMPORTANT_Q8  (5 * 256)
#define FACTOR_MAX_Q8 384
#define DISTANCES     4

/* By distance in pictures, 1/256 per ten steps of strength. */
static const int fall_q8[DISTANCES + 1] = {0, 290, 248, 207, 146};

/* What is known of a block's match in each neighbour. */
typedef struct Matches {
    AvoTemporalMatch match[AVO_NEIGHBOURS_MAX];
    int weight[AVO_NEIGHBOURS_MAX]; /* 0: unused */
    AVO_ALIGN(32) pixel pred[AVO_NEIGHBOURS_MAX][64];
} Matches;

static void carve_plane(AvoPlane *p, AvoArena *arena, int width, int height)
{
    p->width = width;
    p->height = height;
    p->stride = (ptrdiff_t)avo_align_up((size_t)width, 64);
    p->data = avo_arena_take(arena, (size_t)p->stride * (size_t)height * sizeof(pixel), 64);
}

void avo_temporal_carve(AvoTemporalFilter *f, AvoArena *arena, const AvoDsp *dsp, int mb_width,
                        int mb_height, int chroma_format, int strength)
{
    memset(f, 0, sizeof *f);
    f->dsp = dsp;
    f->mb_width = mb_width;
    f->mb_height = mb_height;
    f->strength = strength;
    if (!strength)
        return;
    carve_plane(&f->plane[0], arena, 16 * mb_width, 16 * mb_height);
    for (int c = 1; c < 3 && chroma_format; c++)
        carve_plane(&f->plane[c], arena, 8 * mb_width, 8 * mb_height);
}

bool avo_temporal_start(AvoTemporalFilter *f, const AvoPlan *plan, int qp_q8)
{
    if (!plan->neighbour_count)
        return false;
    f->plan = plan;
    /* 64 * step^2 / 8, step = 2^((qp - 4) / 6). */
    f->tolerance = (int)(avo_exp2_q16((qp_q8 - 4 * 256) * 256 / 3) * 8 >> 16);
    for (int i = 0; i < plan->neighbour_count; i++) {
        int distance = avo_abs(plan->neighbour[i].distance);
        f->base_q8[i] = f->strength * fall_q8[avo_min(distance, DISTANCES)] / 10;
    }
    return true;
}

/* ---- weights ---- */

static int block_tolerance(const AvoTemporalFilter *f, const pixel *cur, ptrdiff_t stride)
{
    uint64_t sums = f->dsp->var[1](cur, stride);
    uint32_t sum = (uint32_t)sums, squares = (uint32_t)(sums >> 32);
    int energy = (int)(squares - (uint32_t)((uint64_t)sum * sum >> 6));
    return avo_min(f->tolerance, energy / 8 * BLOCK_SHARE_Q3 + FLOOR);
}

/* How much later pictures make of the macroblock; 256 where nothing is known. */
static int importance_q8(const AvoPlan *plan, int mb)
{
    const AvoSource *src = plan->src;
    if (!plan->importance)
        return 256;
    int lowered = src->aq_q8[mb] + (src->roi ? 256 * src->roi[mb] : 0) - plan->qp_offset_q8[mb];
    return avo_clip3(0, FACTOR_MAX_Q8, lowered * 256 / IMPORTANT_Q8);
}

/* Shares of the neighbours, their sum and the picture's own share being 256. */
static void set_weights(const AvoTemporalFilter *f, Matches *m, int tolerance, int factor_q8)
{
    int count = f->plan->neighbour_count, sum = OWN_WEIGHT;
    for (int i = 0; i < count; i++) {
        if (!m->weight[i])
            continue;
        int64_t error = (int64_t)m->match[i].error + m->match[i].drift / DRIFT_DIVISOR;
        m->weight[i] =
            (int)((int64_t)f->base_q8[i] * factor_q8 / 256 * tolerance / (tolerance + error));
        sum += m->weight[i];
    }
    for (int i = 0; i < count; i++)
        m->weight[i] = m->weight[i] * OWN_WEIGHT / sum;
}

/* ---- blocks ---- */

static void average_luma(const AvoTemporalFilter *f, const Matches *m, int reach, int x, int y)
{
    const AvoPlane *from = &f->plan->src->plane[0], *to = &f->plane[0];
    const pixel *cur = from->data + y * from->stride + x;
    AVO_ALIGN(32) int16_t sum[64] = {0};
    for (int i = 0; i < f->plan->neighbour_count; i++)
        if (m->weight[i] && m->match[i].error)
            f->dsp->pull(sum, cur, from->stride, m->pred[i], 8, m->weight[i], reach);
    f->dsp->settle(to->data + y * to->stride + x, to->stride, cur, from->stride, sum, 8);
}

static void copy_4x4(pixel *to, ptrdiff_t stride_to, const pixel *from, ptrdiff_t stride)
{
    for (int y = 0; y < 4; y++)
        memcpy(to + y * stride_to, from + y * stride, 4 * sizeof(pixel));
}

/* Both chroma blocks side by side. */
static void average_chroma(const AvoTemporalFilter *f, const Matches *m, int reach, int x, int y)
{
    const AvoPlane *cb = &f->plan->src->plane[1], *cr = &f->plan->src->plane[2];
    ptrdiff_t at = y * cb->stride + x;
    AVO_ALIGN(32) pixel cur[32], pred[32];
    AVO_ALIGN(32) int16_t sum[32] = {0};
    copy_4x4(cur, 8, cb->data + at, cb->stride);
    copy_4x4(cur + 4, 8, cr->data + at, cr->stride);
    for (int i = 0; i < f->plan->neighbour_count; i++) {
        const AvoSource *ref = f->plan->neighbour[i].src;
        AvoMv mv = {(int16_t)(m->match[i].mv.x >> 1), (int16_t)(m->match[i].mv.y >> 1)};
        if (!m->weight[i])
            continue;
        avo_temporal_fetch(f->dsp, pred, 8, &ref->plane[1], x, y, mv, 4);
        avo_temporal_fetch(f->dsp, pred + 4, 8, &ref->plane[2], x, y, mv, 4);
        f->dsp->pull(sum, cur, 8, pred, 4, m->weight[i], reach);
    }
    f->dsp->settle(pred, 8, cur, 8, sum, 4);
    copy_4x4(f->plane[1].data + y * f->plane[1].stride + x, f->plane[1].stride, pred, 8);
    copy_4x4(f->plane[2].data + y * f->plane[2].stride + x, f->plane[2].stride, pred + 4, 8);
}

/* 65536 / t, t = 3 sqrt(tolerance / 64). */
static int reach_of(int tolerance)
{
    int root = (int)avo_isqrt((uint64_t)tolerance * 256);
    return avo_clip3(256, 65535, 65536 * 128 / 3 / avo_max(root, 1));
}

static void filter_block(const AvoTemporalFilter *f, const AvoMv *start, int x, int y,
                         int factor_q8)
{
    const AvoPlan *plan = f->plan;
    AvoTemporalBlock block;
    Matches m;
    avo_temporal_block_init(&block, f->dsp, &plan->src->plane[0], x, y);
    int tolerance = block_tolerance(f, block.cur, block.stride), reach = reach_of(tolerance);
    int64_t error_max = (int64_t)ERROR_MAX * tolerance;
    for (int i = 0; i < plan->neighbour_count; i++) {
        m.weight[i] = factor_q8 > 0 && start[i].x != INT16_MIN;
        if (!m.weight[i])
            continue;
        m.match[i] = avo_temporal_refine(&block, f->dsp, &plan->neighbour[i].src->plane[0],
                                         start[i], error_max, m.pred[i]);
        m.weight[i] = m.match[i].error <= error_max;
    }
    set_weights(f, &m, tolerance, factor_q8);
    average_luma(f, &m, reach, x, y);
    if (f->plane[1].data)
        average_chroma(f, &m, reach, x / 2, y / 2);
}

/* ---- macroblocks ---- */

/* Where to start in a neighbour: the lookahead's vector, the macroblock to the left, no motion. */
static int list_candidates(const AvoNeighbour *n, int mb, AvoMv left, AvoMv out[3])
{
    int count = 0;
    out[count++] = (AvoMv){0, 0};
    out[count++] = left;
    if (n->mv)
        out[count++] = (AvoMv){(int16_t)(n->mv[mb].x * n->scale_q8 / 256),
                               (int16_t)(n->mv[mb].y * n->scale_q8 / 256)};
    return count;
}

void avo_temporal_row(const AvoTemporalFilter *f, int mb_y)
{
    const AvoPlan *plan = f->plan;
    const AvoPlane *luma = &plan->src->plane[0];
    AvoMv left[AVO_NEIGHBOURS_MAX] = {{0, 0}}, start[AVO_NEIGHBOURS_MAX];
    AVO_ALIGN(64) pixel cur[16 * AVO_CUR_STRIDE];
    /* Mean difference beyond which a neighbour is not worth a closer look. */
    int sad_max = 256 * (int)avo_isqrt((uint64_t)f->tolerance / 4 + 16);
    for (int mb_x = 0; mb_x < f->mb_width; mb_x++) {
        int mb = mb_y * f->mb_width + mb_x, x = 16 * mb_x, y = 16 * mb_y;
        f->dsp->copy[0](cur, AVO_CUR_STRIDE, luma->data + y * luma->stride + x, luma->stride, 16);
        for (int i = 0; i < plan->neighbour_count; i++) {
            AvoMv candidates[3];
            int count = list_candidates(&plan->neighbour[i], mb, left[i], candidates);
            int sad = avo_temporal_search(f->dsp, cur, &plan->neighbour[i].src->plane[0], x, y,
                                          candidates, count, &left[i]);
            start[i] = left[i];
            if (sad > sad_max)
                start[i].x = INT16_MIN;
        }
        int factor_q8 = importance_q8(plan, mb);
        for (int b = 0; b < 4; b++)
            filter_block(f, start, x + 8 * (b & 1), y + 8 * (b >> 1), factor_q8);
    }
}
