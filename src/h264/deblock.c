/* See deblock.h.
 *
 * Boundary strengths of a macroblock are kept per direction as bs[edge][4]; edge 0 is the
 * macroblock's own border. Work is avoided in layers: no filtering at all by slice parameter, no
 * internal edges when nothing is coded and one vector serves the whole macroblock, no edge whose
 * four strengths are 0 or whose alpha or beta is 0. */
#include "base/util.h"
#include "h264/deblock.h"
#include "h264/neighbour.h"
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

/* Bit i: count i is not 0; counts are 16 at most. */
AVO_INLINE unsigned nonzero_bytes(const uint8_t counts[8])
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v |= (uint64_t)counts[i] << (8 * i);
    v = (v + 0x7f7f7f7f7f7f7f7f) >> 7 & 0x0101010101010101;
    return (unsigned)(v * 0x0102040810204080 >> 56);
}

/* One bit per raster block: it has levels that count for bS 2. An 8x8 transform spreads over its
 * four blocks. */
static unsigned coded_blocks(const AvoMbInfo *mb)
{
    if (!(mb->cbp & 15))
        return 0;
    unsigned mask = nonzero_bytes(mb->nnz) | nonzero_bytes(mb->nnz + 8) << 8;
    if (mb->transform_8x8) {
        unsigned rows = mask | (mask & 0x0f0f) << 4 | (mask & 0xf0f0) >> 4;
        mask = rows | (rows & 0x5555) << 1 | (rows & 0xaaaa) >> 1;
    }
    return mask;
}

AVO_INLINE int far_apart(AvoMv a, AvoMv b)
{
    /* |d| >= 4 for either component, with one unsigned comparison each */
    return ((unsigned)(a.x - b.x + 3) > 6u) | ((unsigned)(a.y - b.y + 3) > 6u);
}

AVO_INLINE int blk8_of(int blk)
{
    return (blk >> 3 << 1) | (blk >> 1 & 1);
}

/* bS 1 (8.7.2.1): other pictures, another number of vectors, or vectors 4 quarter samples apart.
 * Unused lists have slot -1 and zero vectors, which makes sets of one and of two pictures compare
 * alike. one_list: list 1 is used on neither side. */
AVO_INLINE int motion_differs(const AvoMbInfo *p, int p_blk, const AvoMbInfo *q, int q_blk,
                              bool one_list)
{
    int p8 = blk8_of(p_blk), q8 = blk8_of(q_blk);
    int p0 = p->ref_slot[0][p8], q0 = q->ref_slot[0][q8];
    if (one_list)
        return (p0 != q0) | far_apart(p->mv[0][p_blk], q->mv[0][q_blk]);
    int p1 = p->ref_slot[1][p8], q1 = q->ref_slot[1][q8];
    bool straight = p0 == q0 && p1 == q1, crossed = p0 == q1 && p1 == q0;
    if (straight && !(far_apart(p->mv[0][p_blk], q->mv[0][q_blk]) |
                      far_apart(p->mv[1][p_blk], q->mv[1][q_blk])))
        return 0;
    if (crossed && !(far_apart(p->mv[0][p_blk], q->mv[1][q_blk]) |
                     far_apart(p->mv[1][p_blk], q->mv[0][q_blk])))
        return 0;
    return 1;
}

/* Predicted from list 0 alone, as in P slices. */
static bool uses_one_list(const AvoMbInfo *mb)
{
    return mb->type <= AVO_MB_P8x8;
}

/* One reference set and vector for the whole macroblock. */
static bool has_one_motion(const AvoMbInfo *mb)
{
    for (int list = 0; list < (uses_one_list(mb) ? 1 : 2); list++)
        if (!avo_ref_uniform(mb->ref_slot[list]) || !avo_mv_uniform(mb->mv[list]))
            return false;
    return true;
}

/* Strengths of four pieces of an edge, from bits: levels on one side (2), else other motion (1). */
AVO_INLINE void set_strengths(int8_t bs[4], unsigned coded, unsigned moved)
{
    static const uint8_t spread[16][4] = {{0, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}, {1, 1, 0, 0},
                                          {0, 0, 1, 0}, {1, 0, 1, 0}, {0, 1, 1, 0}, {1, 1, 1, 0},
                                          {0, 0, 0, 1}, {1, 0, 0, 1}, {0, 1, 0, 1}, {1, 1, 0, 1},
                                          {0, 0, 1, 1}, {1, 0, 1, 1}, {0, 1, 1, 1}, {1, 1, 1, 1}};
    uint32_t two, one;
    memcpy(&two, spread[coded], sizeof two);
    memcpy(&one, spread[moved & ~coded], sizeof one);
    two = 2 * two + one; /* no byte reaches its neighbour */
    memcpy(bs, &two, sizeof two);
}

/* Four bits of a block mask: row i, or column i. */
AVO_INLINE unsigned line_of(unsigned mask, int i, bool row)
{
    return row ? mask >> (4 * i) & 15 : ((mask >> i & 0x1111) * 0x1248 >> 12) & 15;
}

/* Strengths of the border with neighbour p. q_one_motion:
 * one reference set and vector in all of q. */
static void border_strengths(int8_t bs[4], const AvoMbInfo *p, const AvoMbInfo *q, unsigned q_coded,
                             bool q_one_motion, bool horizontal_edge)
{
    if (AVO_MB_IS_INTRA(p->type) || AVO_MB_IS_INTRA(q->type)) {
        memset(bs, 4, 4);
        return;
    }
    bool one_list = uses_one_list(p) && uses_one_list(q);
    int p_first = horizontal_edge ? 12 : 3, step = horizontal_edge ? 1 : 4;
    unsigned moved = 0, coded = line_of(q_coded, 0, horizontal_edge);
    if (p->type == AVO_MB_P_SKIP && q_one_motion) /* most borders of quiet pictures */
        moved = motion_differs(p, p_first, q, 0, one_list) ? 15 : 0;
    else
        for (int i = 0; i < 4; i++)
            moved |= (unsigned)motion_differs(p, p_first + i * step, q, i * step, one_list) << i;
    if (p->cbp & 15)
        coded |= line_of(coded_blocks(p), 3, horizontal_edge);
    set_strengths(bs, coded, moved);
}

/* Strengths of the three internal edges; with an 8x8 transform only the middle one is filled in.
 * Returns false if all are 0. */
static bool internal_strengths(int8_t bs[4][4], const AvoMbInfo *mb, unsigned coded,
                               bool one_motion, bool horizontal_edge)
{
    if (AVO_MB_IS_INTRA(mb->type)) {
        memset(bs[1], 3, 12);
        return true;
    }
    if (one_motion && !coded)
        return false;
    int across = horizontal_edge ? 4 : 1, along = horizontal_edge ? 1 : 4;
    int step = mb->transform_8x8 ? 2 : 1;
    unsigned any = coded;
    bool one_list = uses_one_list(mb);
    coded |= coded << across; /* this side's or the other's */
    for (int edge = step; edge < 4; edge += step) {
        unsigned moved = 0;
        for (int i = 0, q_blk = edge * across; i < 4 && !one_motion; i++, q_blk += along)
            moved |= (unsigned)motion_differs(mb, q_blk - across, mb, q_blk, one_list) << i;
        set_strengths(bs[edge], line_of(coded, edge, horizontal_edge), moved);
        any |= moved;
    }
    return any != 0;
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

/* Luma edges 0 and 2 are chroma edges 0 and 1, four samples apart. */
static void filter_chroma(const MbEdges *e, int edge, const int8_t bs[4], int qp_p, bool horizontal)
{
    const AvoDsp *dsp = e->dsp;
    ptrdiff_t stride = e->stride[1];
    Thresholds t = {0, 0, 0};
    int8_t tc0[4];
    bool any = false;
    for (int c = 0; c < 2; c++) {
        int offset = e->slice->chroma_qp_offset[c];
        if (c == 0 || offset != e->slice->chroma_qp_offset[0]) {
            any = find_thresholds(
                &t, e->slice, (chroma_qp(qp_p, offset) + chroma_qp(e->mb->qp, offset) + 1) >> 1);
            if (bs[0] < 4)
                strengths_to_tc0(tc0, bs, t.index_a);
        }
        if (!any)
            continue;
        pixel *pix = e->pix[1 + c] + 2 * edge * (horizontal ? stride : 1);
        if (bs[0] == 4) {
            (horizontal ? dsp->deblock_chroma_intra_h
                        : dsp->deblock_chroma_intra_v)(pix, stride, t.alpha, t.beta);
            continue;
        }
        (horizontal ? dsp->deblock_chroma_h : dsp->deblock_chroma_v)(pix, stride, t.alpha, t.beta,
                                                                     tc0);
    }
}

static bool any_strength(const int8_t bs[4])
{
    uint32_t all;
    memcpy(&all, bs, sizeof all);
    return all != 0;
}

/* All edges of one direction: border with p (NULL: not filtered), then the internal ones. */
static void filter_direction(const MbEdges *e, const AvoMbInfo *p, unsigned coded, bool one_motion,
                             bool horizontal)
{
    const bool has_chroma = e->frame->chroma_format != 0;
    int8_t bs[4][4];
    if (p) {
        border_strengths(bs[0], p, e->mb, coded, one_motion, horizontal);
        if (any_strength(bs[0])) {
            filter_luma(e, 0, bs[0], p->qp, horizontal);
            if (has_chroma)
                filter_chroma(e, 0, bs[0], p->qp, horizontal);
        }
    }
    if (!internal_strengths(bs, e->mb, coded, one_motion, horizontal))
        return;
    int step = e->mb->transform_8x8 ? 2 : 1;
    for (int edge = step; edge < 4; edge += step)
        if (any_strength(bs[edge]))
            filter_luma(e, edge, bs[edge], e->mb->qp, horizontal);
    if (has_chroma && any_strength(bs[2]))
        filter_chroma(e, 2, bs[2], e->mb->qp, horizontal);
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
    const AvoMbInfo *mb = e->mb;
    unsigned coded = coded_blocks(mb);
    bool one_motion = has_one_motion(mb);
    filter_direction(e, border_neighbour(e, mb - 1, mb_x > 0), coded, one_motion, false);
    filter_direction(e, border_neighbour(e, mb - e->frame->mb_width, mb_y > 0), coded, one_motion,
                     true);
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
