/* See predict.h.
 *
 * A block is predicted per list into a "source": a pointer and stride. Where the samples already
 * lie in memory (whole vector, or one half-sample plane) the source is that place, so that nothing
 * is copied before it is averaged or weighted; otherwise it is the scratch buffer that was filled.
 *
 * Positions are clamped such that reads, filter taps included, stay inside the padding. A block
 * that is moved by the clamp lies in a region where every row (or column) is constant, so the
 * samples stay exact. */
#include "base/util.h"
#include "h264/neighbour.h"
#include "h264/predict.h"

typedef struct Source {
    const pixel *data;
    ptrdiff_t stride;
} Source;

/* One rectangle of the picture in luma samples and what it is predicted from. */
typedef struct Block {
    int x, y, w, h;
    const int8_t *ref_idx;
    const AvoMv *mv;
} Block;

enum { PLANE_FULL, PLANE_H, PLANE_V, PLANE_C, PLANE_NONE };

/* Quarter-sample position [fy * 4 + fx] as the average of two samples of the
 * half-sample planes (8.4.2.2.1). */
typedef struct QpelRule {
    uint8_t a, ax, ay; /* plane and offset in whole samples */
    uint8_t b, bx, by;
} QpelRule;

static const QpelRule qpel_rule[16] = {
    {PLANE_FULL, 0, 0, PLANE_NONE, 0, 0}, {PLANE_FULL, 0, 0, PLANE_H, 0, 0},
    {PLANE_H, 0, 0, PLANE_NONE, 0, 0},    {PLANE_H, 0, 0, PLANE_FULL, 1, 0},
    {PLANE_FULL, 0, 0, PLANE_V, 0, 0},    {PLANE_H, 0, 0, PLANE_V, 0, 0},
    {PLANE_H, 0, 0, PLANE_C, 0, 0},       {PLANE_H, 0, 0, PLANE_V, 1, 0},
    {PLANE_V, 0, 0, PLANE_NONE, 0, 0},    {PLANE_V, 0, 0, PLANE_C, 0, 0},
    {PLANE_C, 0, 0, PLANE_NONE, 0, 0},    {PLANE_V, 1, 0, PLANE_C, 0, 0},
    {PLANE_V, 0, 0, PLANE_FULL, 0, 1},    {PLANE_V, 0, 0, PLANE_H, 0, 1},
    {PLANE_C, 0, 0, PLANE_H, 0, 1},       {PLANE_V, 1, 0, PLANE_H, 0, 1},
};

/* Where a block's prediction goes. */
typedef struct Dst {
    pixel *data;
    ptrdiff_t stride;
} Dst;

/* Index of the copy and avg kernels for a width of 16, 8, 4 or 2. */
AVO_INLINE int width_index(int w)
{
    return w == 16 ? 0 : w == 8 ? 1 : w == 4 ? 2 : 3;
}

AVO_INLINE const pixel *plane_at(const AvoFrame *f, int which, ptrdiff_t offset)
{
    return (which == PLANE_FULL ? f->plane[0].data : f->hpel[which - PLANE_H].data) + offset;
}

/* 8.4.2.2.1; what has to be computed goes to scratch. */
AVO_INLINE Source luma_source(const AvoDsp *dsp, const AvoFrame *f, const Block *b, AvoMv mv,
                              Dst scratch)
{
    const AvoPlane *p = &f->plane[0];
    int x = avo_clip3(2 - AVO_FRAME_PAD, p->width + AVO_FRAME_PAD - 19, b->x + (mv.x >> 2));
    int y = avo_clip3(2 - AVO_FRAME_PAD, p->height + AVO_FRAME_PAD - 19, b->y + (mv.y >> 2));
    int fx = mv.x & 3, fy = mv.y & 3;
    ptrdiff_t at = y * p->stride + x;
    if (!(fx | fy))
        return (Source){p->data + at, p->stride};
    if (!f->hpel[0].data) {
        dsp->luma_qpel(scratch.data, scratch.stride, p->data + at, p->stride, fx, fy, b->w, b->h);
        return (Source){scratch.data, scratch.stride};
    }
    const QpelRule *r = &qpel_rule[4 * fy + fx];
    const pixel *first = plane_at(f, r->a, at + r->ax + r->ay * p->stride);
    if (r->b == PLANE_NONE)
        return (Source){first, p->stride};
    const pixel *second = plane_at(f, r->b, at + r->bx + r->by * p->stride);
    dsp->avg[width_index(b->w)](scratch.data, scratch.stride, first, p->stride, second, p->stride,
                                b->h);
    return (Source){scratch.data, scratch.stride};
}

/* 8.4.2.2.2, plane 1 or 2. */
AVO_INLINE Source chroma_source(const AvoDsp *dsp, const AvoFrame *f, int plane, const Block *b,
                                AvoMv mv, Dst scratch)
{
    const AvoPlane *p = &f->plane[plane];
    const int pad = AVO_FRAME_PAD / 2;
    int x = avo_clip3(-pad, p->width + pad - 9, b->x / 2 + (mv.x >> 3));
    int y = avo_clip3(-pad, p->height + pad - 9, b->y / 2 + (mv.y >> 3));
    int fx = mv.x & 7, fy = mv.y & 7;
    const pixel *src = p->data + y * p->stride + x;
    if (!(fx | fy))
        return (Source){src, p->stride};
    dsp->chroma_mc(scratch.data, scratch.stride, src, p->stride, fx, fy, b->w / 2, b->h / 2);
    return (Source){scratch.data, scratch.stride};
}

AVO_INLINE Source plane_source(const AvoPredictCtx *ctx, int plane, const Block *b, int list,
                               Dst scratch)
{
    const AvoFrame *f = ctx->refs->frame[list][b->ref_idx[list]];
    if (plane == 0)
        return luma_source(ctx->dsp, f, b, b->mv[list], scratch);
    return chroma_source(ctx->dsp, f, plane, b, b->mv[list], scratch);
}

/* One list; dst doubles as the scratch of interpolation. */
AVO_INLINE void predict_uni(const AvoPredictCtx *ctx, int plane, const Block *b, int list, int w,
                            int h, Dst dst)
{
    const AvoSliceRefs *refs = ctx->refs;
    Source s = plane_source(ctx, plane, b, list, dst);
    if (refs->weight_mode == AVO_WEIGHT_EXPLICIT) {
        const AvoWeight *wt = &refs->weight[list][b->ref_idx[list]];
        if (plane ? wt->chroma_flag : wt->luma_flag) {
            ctx->dsp->weight(dst.data, dst.stride, s.data, s.stride, w, h,
                             refs->log2_denom[plane > 0], wt->w[plane], wt->o[plane]);
            return;
        }
    }
    if (s.data != dst.data)
        ctx->dsp->copy[width_index(w)](dst.data, dst.stride, s.data, s.stride, h);
}

/* How two predictions mix: ((a*w0 + b*w1 + 2^denom) >> (denom + 1)) + o. */
typedef struct Mix {
    int log2_denom, w0, w1, o;
} Mix;

/* False: plain average (8.4.2.3.1). */
static bool bi_weights(const AvoSliceRefs *refs, int plane, const int8_t ref_idx[2], Mix *mix)
{
    if (refs->weight_mode == AVO_WEIGHT_IMPLICIT) {
        int w1 = refs->implicit_w1[ref_idx[0]][ref_idx[1]];
        *mix = (Mix){5, 64 - w1, w1, 0};
        return w1 != 32;
    }
    if (refs->weight_mode == AVO_WEIGHT_EXPLICIT) {
        const AvoWeight *a = &refs->weight[0][ref_idx[0]], *b = &refs->weight[1][ref_idx[1]];
        *mix = (Mix){refs->log2_denom[plane > 0], a->w[plane], b->w[plane],
                     (a->o[plane] + b->o[plane] + 1) >> 1};
        return plane ? a->chroma_flag || b->chroma_flag : a->luma_flag || b->luma_flag;
    }
    return false;
}

static void predict_bi(const AvoPredictCtx *ctx, int plane, const Block *b, int w, int h, Dst dst)
{
    const AvoDsp *dsp = ctx->dsp;
    Dst scratch0 = {ctx->scratch, AVO_REC_STRIDE};
    Dst scratch1 = {ctx->scratch + 16 * AVO_REC_STRIDE, AVO_REC_STRIDE};
    Source s0 = plane_source(ctx, plane, b, 0, scratch0);
    Source s1 = plane_source(ctx, plane, b, 1, scratch1);
    Mix mix;
    if (bi_weights(ctx->refs, plane, b->ref_idx, &mix))
        dsp->weight_bi(dst.data, dst.stride, s0.data, s0.stride, s1.data, s1.stride, w, h,
                       mix.log2_denom, mix.w0, mix.w1, mix.o);
    else
        dsp->avg[width_index(w)](dst.data, dst.stride, s0.data, s0.stride, s1.data, s1.stride, h);
}

static void predict_plane(const AvoPredictCtx *ctx, int plane, const Block *b, Dst dst)
{
    int w = plane ? b->w / 2 : b->w, h = plane ? b->h / 2 : b->h;
    if (b->ref_idx[0] >= 0 && b->ref_idx[1] >= 0)
        predict_bi(ctx, plane, b, w, h, dst);
    else
        predict_uni(ctx, plane, b, b->ref_idx[0] >= 0 ? 0 : 1, w, h, dst);
}

/* One rectangle of 4x4 blocks; y, cb, cr are the macroblock's. */
static void predict_rect(const AvoPredictCtx *ctx, const Block *b, int bx, int by, unsigned planes,
                         Dst y, Dst cb, Dst cr)
{
    if (planes & 1)
        predict_plane(ctx, 0, b, (Dst){y.data + 4 * by * y.stride + 4 * bx, y.stride});
    if ((planes & 2) && cb.data) {
        ptrdiff_t at = 2 * by * cb.stride + 2 * bx;
        predict_plane(ctx, 1, b, (Dst){cb.data + at, cb.stride});
        predict_plane(ctx, 2, b, (Dst){cr.data + at, cr.stride});
    }
}

void avo_predict_block(const AvoPredictCtx *ctx, int mb_x, int mb_y, int bx, int by, int bw, int bh,
                       const int8_t ref_idx[2], const AvoMv mv[2], unsigned planes, pixel *y,
                       pixel *cb, pixel *cr)
{
    Block b = {16 * mb_x + 4 * bx, 16 * mb_y + 4 * by, 4 * bw, 4 * bh, ref_idx, mv};
    predict_rect(ctx, &b, bx, by, planes, (Dst){y, AVO_REC_STRIDE}, (Dst){cb, AVO_REC_STRIDE},
                 (Dst){cr, AVO_REC_STRIDE});
}

/* ---- whole macroblocks ---- */

/* Nothing of it from list 1: true of all macroblocks of P slices. */
AVO_INLINE bool is_from_list0(const AvoMbInfo *info)
{
    return (info->ref_idx[1][0] & info->ref_idx[1][1] & info->ref_idx[1][2] & info->ref_idx[1][3]) <
           0;
}

/* One reference and vector per list in the whole macroblock? */
static bool has_one_motion(const AvoMbInfo *info)
{
    if (is_from_list0(info))
        return avo_ref_uniform(info->ref_idx[0]) && avo_mv_uniform(info->mv[0]);
    for (int list = 0; list < 2; list++)
        if (!avo_ref_uniform(info->ref_idx[list]) || !avo_mv_uniform(info->mv[list]))
            return false;
    return true;
}

/* One bit per raster block: its references or vectors differ from the block's to the left (columns)
 * or above (rows). From these two masks the uniform areas of a macroblock can be read off. */
typedef struct Seams {
    unsigned columns, rows;
} Seams;

static Seams find_seams(const AvoMbInfo *info)
{
    Seams seams = {0, 0};
    uint32_t mv[16];
    for (int list = 0; list < 2; list++) {
        const int8_t *ref = info->ref_idx[list];
        memcpy(mv, info->mv[list], sizeof mv);
        for (int i = 0; i < 15; i++)
            seams.columns |= (unsigned)(mv[i + 1] != mv[i]) << (i + 1);
        for (int i = 0; i < 12; i++)
            seams.rows |= (unsigned)(mv[i + 4] != mv[i]) << (i + 4);
        seams.columns |= (ref[0] != ref[1] ? 0x0044u : 0) | (ref[2] != ref[3] ? 0x4400u : 0);
        seams.rows |= (ref[0] != ref[2] ? 0x0300u : 0) | (ref[1] != ref[3] ? 0x0c00u : 0);
    }
    seams.columns &= 0xeeee; /* column 0 has no block to its left */
    return seams;
}

/* One reference and vector per list all over a rectangle of 4x4 blocks? */
static bool is_uniform(Seams seams, int x, int y, int w, int h)
{
    static const uint16_t column_bits[5] = {0, 0x0, 0x2, 0, 0xe}; /* [w]: inner seams of one row */
    static const uint16_t row_bits[5] = {0, 0x1, 0x3, 0, 0xf};    /* [w]: blocks of one row */
    unsigned columns = 0, rows = 0;
    for (int j = 0; j < h; j++) {
        columns |= (unsigned)column_bits[w] << (4 * j);
        rows |= j ? (unsigned)row_bits[w] << (4 * j) : 0;
    }
    int at = 4 * y + x;
    return !(seams.columns & columns << at) && !(seams.rows & rows << at);
}

typedef struct MbDst {
    const AvoPredictCtx *ctx;
    const AvoMbInfo *info;
    int mb_x, mb_y;
    Dst y, cb, cr;
} MbDst;

static void predict_area(const MbDst *m, int x, int y, int w, int h)
{
    int blk = 4 * y + x, blk8 = (y & 2) | (x >> 1);
    const int8_t ref_idx[2] = {m->info->ref_idx[0][blk8], m->info->ref_idx[1][blk8]};
    const AvoMv mv[2] = {m->info->mv[0][blk], m->info->mv[1][blk]};
    Block b = {16 * m->mb_x + 4 * x, 16 * m->mb_y + 4 * y, 4 * w, 4 * h, ref_idx, mv};
    predict_rect(m->ctx, &b, x, y, 3, m->y, m->cb, m->cr);
}

/* Predicts a square of 4x4 blocks with as few and large pieces as its vectors allow. */
static void predict_square(const MbDst *m, Seams seams, int x, int y, int size)
{
    int half = size / 2;
    if (size == 1 || is_uniform(seams, x, y, size, size)) {
        predict_area(m, x, y, size, size);
    } else if (is_uniform(seams, x, y, size, half) && is_uniform(seams, x, y + half, size, half)) {
        predict_area(m, x, y, size, half);
        predict_area(m, x, y + half, size, half);
    } else if (is_uniform(seams, x, y, half, size) && is_uniform(seams, x + half, y, half, size)) {
        predict_area(m, x, y, half, size);
        predict_area(m, x + half, y, half, size);
    } else {
        for (int i = 0; i < 4; i++)
            predict_square(m, seams, x + (i & 1) * half, y + (i >> 1) * half, half);
    }
}

/* The most frequent case with all its sizes known: one vector, list 0. */
static void predict_whole(const MbDst *m)
{
    Block b = {16 * m->mb_x, 16 * m->mb_y, 16, 16, m->info->ref_idx[0], m->info->mv[0]};
    predict_uni(m->ctx, 0, &b, 0, 16, 16, m->y);
    if (m->cb.data) {
        predict_uni(m->ctx, 1, &b, 0, 8, 8, m->cb);
        predict_uni(m->ctx, 2, &b, 0, 8, 8, m->cr);
    }
}

static void predict_mb(const MbDst *m)
{
    if (!has_one_motion(m->info))
        predict_square(m, find_seams(m->info), 0, 0, 4);
    else if (is_from_list0(m->info))
        predict_whole(m);
    else
        predict_area(m, 0, 0, 4, 4);
}

void avo_predict_mb(const AvoPredictCtx *ctx, const AvoMbInfo *info, int mb_x, int mb_y, pixel *y,
                    pixel *cb, pixel *cr)
{
    Dst luma = {y, AVO_REC_STRIDE}, chroma[2] = {{cb, AVO_REC_STRIDE}, {cr, AVO_REC_STRIDE}};
    MbDst m = {ctx, info, mb_x, mb_y, luma, chroma[0], chroma[1]};
    predict_mb(&m);
}

void avo_predict_mb_into(const AvoPredictCtx *ctx, const AvoMbInfo *info, int mb_x, int mb_y,
                         pixel *const dst[3], ptrdiff_t stride_luma, ptrdiff_t stride_chroma)
{
    Dst luma = {dst[0], stride_luma};
    Dst chroma[2] = {{dst[1], stride_chroma}, {dst[2], stride_chroma}};
    MbDst m = {ctx, info, mb_x, mb_y, luma, chroma[0], chroma[1]};
    predict_mb(&m);
}
