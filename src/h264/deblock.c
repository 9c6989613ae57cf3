/* See deblock.h.
 *
 * Boundary strengths of a macroblock are kept per direction as bs[edge][4]; edge 0 is the
 * macroblock's own border. A kernel finds those that depend on vectors and levels; here intra
 * prediction, borders that are not filtered, and thresholds are added. */
#include "base/util.h"
#include "h264/deblock.h"
#include "h264/tables.h"

/* The macroblock at work. */
typedef struct MbEdges {
    const AvoDsp *dsp;
    const AvoFrame *frame;
    const AvoDeblockSlice *slice;
    const AvoMbInfo *mb;
    pixel *pix[3];
    ptrdiff_t stride[3];
} MbEdges;

/* Predicted from list 0 alone, as in P slices; intra macroblocks count as such. */
static bool uses_one_list(const AvoMbInfo *mb)
{
    return mb->type <= AVO_MB_P8x8;
}

/* With an 8x8 transform, CAVLC counts the levels of each 4x4 block by itself. */
static AvoEdgeMotion motion_of(const AvoMbInfo *mb)
{
    static const uint8_t none[16];
    return (AvoEdgeMotion){.picture = mb->ref_slot[0],
                           .mv = &mb->mv[0][0].x,
                           .levels = mb->cbp & 15 ? mb->nnz : none,
                           .whole_8x8 = mb->transform_8x8};
}

/* Strengths of all edges, [0] vertical, [1] horizontal. beside: the neighbours whose borders are
 * filtered, NULL where they are not. */
static void find_strengths(int8_t bs[2][4][4], const MbEdges *e, const AvoMbInfo *const beside[2])
{
    if (AVO_MB_IS_INTRA(e->mb->type)) {
        memset(bs, 3, 2 * sizeof bs[0]);
        memset(bs[0][0], 4, sizeof bs[0][0]);
        memset(bs[1][0], 4, sizeof bs[1][0]);
        return;
    }
    AvoEdgeMotion block[3] = {motion_of(e->mb)};
    bool one_list = uses_one_list(e->mb);
    for (int i = 0; i < 2; i++) {
        block[1 + i] = beside[i] ? motion_of(beside[i]) : block[0];
        if (beside[i])
            one_list &= uses_one_list(beside[i]);
    }
    e->dsp->edge_strengths(bs, block, one_list ? 1 : 2);
    for (int i = 0; i < 2; i++)
        if (beside[i] && AVO_MB_IS_INTRA(beside[i]->type))
            memset(bs[i][0], 4, sizeof bs[i][0]);
}

/* Thresholds of one edge (8.7.2.2). False: it cannot change a sample. */
typedef struct Thresholds {
    int alpha, beta, index_a;
} Thresholds;

static bool find_thresholds(Thresholds *t, const AvoDeblockSlice *s, int qp_average)
{
    t->index_a = avo_clip3(0, 51, qp_average + s->alpha_offset);
    t->alpha = avo_deblock_alpha[t->index_a];
    t->beta = avo_deblock_beta[avo_clip3(0, 51, qp_average + s->beta_offset)];
    return t->alpha && t->beta;
}

static int chroma_qp(int qp, int offset)
{
    return avo_chroma_qp[avo_clip3(0, 51, qp + offset)];
}

static void strengths_to_tc0(int8_t tc0[4], const int8_t bs[4], int index_a)
{
    for (int i = 0; i < 4; i++)
        tc0[i] = bs[i] ? (int8_t)avo_deblock_tc0[index_a][bs[i]] : -1;
}

static void filter_luma(const MbEdges *e, int edge, const int8_t bs[4], int qp_p, bool horizontal)
{
    const AvoDsp *dsp = e->dsp;
    Thresholds t;
    if (!find_thresholds(&t, e->slice, (qp_p + e->mb->qp + 1) >> 1))
        return;
    ptrdiff_t stride = e->stride[0];
    pixel *pix = e->pix[0] + 4 * edge * (horizontal ? stride : 1);
    if (bs[0] == 4) {
        (horizontal ? dsp->deblock_luma_intra_h : dsp->deblock_luma_intra_v)(pix, stride, t.alpha,
                                                                             t.beta);
        return;
    }
    int8_t tc0[4];
    strengths_to_tc0(tc0, bs, t.index_a);
    (horizontal ? dsp->deblock_luma_h : dsp->deblock_luma_v)(pix, stride, t.alpha, t.beta, tc0);
}

/* One chroma plane, or (cr not NULL) both. */
static void filter_planes(const AvoDsp *dsp, pixel *pix, pixel *cr, ptrdiff_t stride,
                          const Thresholds *t, const int8_t bs[4], bool horizontal)
{
    int8_t tc0[4];
    if (bs[0] == 4) {
        if (cr)
            (horizontal ? dsp->deblock_pair_intra_h : dsp->deblock_pair_intra_v)(pix, cr, stride,
                                                                                 t->alpha, t->beta);
        else
            (horizontal ? dsp->deblock_chroma_intra_h
                        : dsp->deblock_chroma_intra_v)(pix, stride, t->alpha, t->beta);
        return;
    }
    strengths_to_tc0(tc0, bs, t->index_a);
    if (cr)
        (horizontal ? dsp->deblock_pair_h : dsp->deblock_pair_v)(pix, cr, stride, t->alpha, t->beta,
                                                                 tc0);
    else
        (horizontal ? dsp->deblock_chroma_h : dsp->deblock_chroma_v)(pix, stride, t->alpha, t->beta,
                                                                     tc0);
}

/* Luma edges 0 and 2 are chroma edges 0 and 1, four samples apart. */
static void filter_chroma(const MbEdges *e, int edge, const int8_t bs[4], int qp_p, bool horizontal)
{
    const int *offset = e->slice->chroma_qp_offset;
    ptrdiff_t stride = e->stride[1], at = 2 * edge * (horizontal ? stride : 1);
    bool alike = offset[0] == offset[1];
    for (int c = 0; c < (alike ? 1 : 2); c++) {
        Thresholds t;
        int qp_q = chroma_qp(e->mb->qp, offset[c]);
        if (find_thresholds(&t, e->slice, (chroma_qp(qp_p, offset[c]) + qp_q + 1) >> 1))
            filter_planes(e->dsp, e->pix[1 + c] + at, alike ? e->pix[2] + at : NULL, stride, &t, bs,
                          horizontal);
    }
}

static bool any_strength(const int8_t bs[4])
{
    uint32_t all;
    memcpy(&all, bs, sizeof all);
    return all != 0;
}

/* All edges of one direction: border with p (NULL: not filtered), then the internal ones. */
static void filter_direction(const MbEdges *e, const AvoMbInfo *p, const int8_t bs[4][4],
                             bool horizontal)
{
    const bool has_chroma = e->frame->chroma_format != 0;
    int step = e->mb->transform_8x8 ? 2 : 1;
    for (int edge = p ? 0 : step; edge < 4; edge += step) {
        int qp_p = edge ? e->mb->qp : p->qp;
        if (!any_strength(bs[edge]))
            continue;
        filter_luma(e, edge, bs[edge], qp_p, horizontal);
        if (has_chroma && !(edge & 1))
            filter_chroma(e, edge, bs[edge], qp_p, horizontal);
    }
}

/* The neighbour whose border is filtered, NULL if it is not (8.7). */
static const AvoMbInfo *border_neighbour(const MbEdges *e, const AvoMbInfo *p, bool exists)
{
    if (!exists || (e->slice->disable_idc == 2 && p->slice != e->mb->slice))
        return NULL;
    return p;
}

static void deblock_mb(MbEdges *e, int mb_x, int mb_y)
{
    const AvoMbInfo *const beside[2] = {
        border_neighbour(e, e->mb - 1, mb_x > 0),
        border_neighbour(e, e->mb - e->frame->mb_width, mb_y > 0),
    };
    int8_t bs[2][4][4];
    find_strengths(bs, e, beside);
    filter_direction(e, beside[0], bs[0], false);
    filter_direction(e, beside[1], bs[1], true);
}

void avo_deblock_row_copy(const AvoDsp *dsp, const AvoFrame *frame, int mb_y,
                          const AvoDeblockSlice *slices, const AvoPlane row[3])
{
    const int planes = frame->chroma_format ? 3 : 1;
    MbEdges e = {.dsp = dsp, .frame = frame};
    for (int c = 0; c < planes; c++)
        e.stride[c] = row[c].stride;
    const AvoMbInfo *info = frame->info + (ptrdiff_t)mb_y * frame->mb_width;
    for (int mb_x = 0; mb_x < frame->mb_width; mb_x++) {
        e.mb = info + mb_x;
        e.slice = &slices[e.mb->slice];
        if (e.slice->disable_idc == 1)
            continue;
        for (int c = 0; c < planes; c++)
            e.pix[c] = row[c].data + (c ? 8 : 16) * mb_x;
        deblock_mb(&e, mb_x, mb_y);
    }
}

void avo_deblock_row(const AvoDsp *dsp, AvoFrame *frame, int mb_y, const AvoDeblockSlice *slices)
{
    AvoPlane row[3] = {frame->plane[0], frame->plane[1], frame->plane[2]};
    for (int c = 0; c < (frame->chroma_format ? 3 : 1); c++)
        row[c].data += (c ? 8 : 16) * mb_y * row[c].stride;
    avo_deblock_row_copy(dsp, frame, mb_y, slices, row);
}
