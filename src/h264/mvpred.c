/* See mvpred.h.
 *
 * The neighbour C of a block inside the macroblock is available only if it precedes the block in
 * coding order. That is a fact of the block's place and width alone, so it is looked up in a bit
 * mask and the cache need not be cleaned between trials. Neighbours A, B and D always precede. */
#include "h264/mvpred.h"
#include "h264/frame.h"

/* Bit y * 4 + x of [width in blocks]: C = (x + width, y - 1) lies in the border (first row) or
 * precedes (x, y). */
static const uint16_t c_precedes[5] = {0, 0x575f, 0x010f, 0, 0x000f};

static AvoMv median_mv(AvoMv a, AvoMv b, AvoMv c)
{
    AvoMv m;
    m.x = (int16_t)avo_median3(a.x, b.x, c.x);
    m.y = (int16_t)avo_median3(a.y, b.y, c.y);
    return m;
}

/* Cache index of neighbour C of a block, or of D when C is not available (8.4.1.3.2). */
AVO_INLINE int index_of_c(const int8_t *ref, int x, int y, int w)
{
    int at = AVO_MVC(x, y);
    if ((c_precedes[w] >> (4 * y + x) & 1) && ref[at - 8 + w] != AVO_REF_MISSING)
        return at - 8 + w;
    return at - 9;
}

/* 8.4.1.3.1 */
AvoMv avo_mvpred_median(const AvoMvCache *cache, int list, int x, int y, int w, int ref)
{
    const int8_t *refs = cache->ref[list];
    const AvoMv *mv = cache->mv[list];
    int a = AVO_MVC(x, y) - 1, b = a - 7, c = index_of_c(refs, x, y, w);
    int match_a = refs[a] == ref, match_b = refs[b] == ref, match_c = refs[c] == ref;
    int matches = match_a + match_b + match_c;
    if (matches == 1)
        return mv[match_a ? a : match_b ? b : c];
    if (matches == 0 && refs[b] == AVO_REF_MISSING && refs[c] == AVO_REF_MISSING &&
        refs[a] != AVO_REF_MISSING)
        return mv[a];
    return median_mv(mv[a], mv[b], mv[c]);
}

AvoMv avo_mvpred_16x8(const AvoMvCache *cache, int list, int part, int ref)
{
    int at = part ? AVO_MVC(-1, 2) : AVO_MVC(0, -1); /* A of the lower half, B of the upper */
    if (cache->ref[list][at] == ref)
        return cache->mv[list][at];
    return avo_mvpred_median(cache, list, 0, 2 * part, 4, ref);
}

AvoMv avo_mvpred_8x16(const AvoMvCache *cache, int list, int part, int ref)
{
    int at = part ? index_of_c(cache->ref[list], 2, 0, 2) : AVO_MVC(-1, 0);
    if (cache->ref[list][at] == ref)
        return cache->mv[list][at];
    return avo_mvpred_median(cache, list, 2 * part, 0, 2, ref);
}

static bool is_still(const AvoMvCache *cache, int at)
{
    return cache->ref[0][at] == 0 && cache->mv[0][at].x == 0 && cache->mv[0][at].y == 0;
}

/* 8.4.1.1 */
AvoMv avo_mvpred_pskip(const AvoMvCache *cache, const AvoNeighbours *nb)
{
    static const AvoMv zero = {0, 0};
    if (!nb->a || !nb->b || is_still(cache, AVO_MVC(-1, 0)) || is_still(cache, AVO_MVC(0, -1)))
        return zero;
    return avo_mvpred_median(cache, 0, 0, 0, 4, 0);
}

/* ---- direct (8.4.1.2) ---- */

/* With direct_8x8_inference the macroblock's corner speaks for its whole 8x8 block. */
static const uint8_t corner_of_8x8[4] = {0, 3, 12, 15};
static const uint16_t area_of_8x8[4] = {0x0033, 0x00cc, 0x3300, 0xcc00};

AVO_INLINE int blk8_of(int blk)
{
    return (blk >> 3 << 1) | (blk >> 1 & 1);
}

/* List that the co-located block's vector is taken from; its reference may be -1 (intra). */
AVO_INLINE int colocated_list(const AvoMbInfo *col, int blk8)
{
    return col->ref_idx[0][blk8] >= 0 ? 0 : 1;
}

static int min_positive(int a, int b)
{
    return a >= 0 && b >= 0 ? avo_min(a, b) : avo_max(a, b);
}

/* colZeroFlag of 8.4.1.2.2 without the long-term condition. */
AVO_INLINE bool colocated_is_still(const AvoMbInfo *col, int blk)
{
    int blk8 = blk8_of(blk), list = colocated_list(col, blk8);
    AvoMv mv = col->mv[list][blk];
    return col->ref_idx[list][blk8] == 0 && mv.x >= -1 && mv.x <= 1 && mv.y >= -1 && mv.y <= 1;
}

/* One bit per raster block: colZeroFlag. */
static unsigned still_blocks(const AvoSliceRefs *refs, const AvoMbInfo *col)
{
    unsigned still = 0;
    if (refs->col_is_long_term || AVO_MB_IS_INTRA(col->type))
        return 0;
    if (refs->direct_8x8_inference) {
        for (int i = 0; i < 4; i++)
            if (colocated_is_still(col, corner_of_8x8[i]))
                still |= area_of_8x8[i];
        return still;
    }
    for (int blk = 0; blk < 16; blk++)
        still |= (unsigned)colocated_is_still(col, blk) << blk;
    return still;
}

/* Vectors of one list: mv everywhere except where `still` sets a zero vector. */
static void spread_vector(AvoMv out[16], AvoMv mv, unsigned still)
{
    static const AvoMv zero = {0, 0};
    for (int blk = 0; blk < 16; blk++)
        out[blk] = still >> blk & 1 ? zero : mv;
}

/* 8.4.1.2.2 */
static void direct_spatial(AvoDirect *out, const AvoMvCache *cache, const AvoSliceRefs *refs,
                           const AvoMbInfo *col)
{
    int ref[2];
    for (int list = 0; list < 2; list++) {
        const int8_t *r = cache->ref[list];
        ref[list] = min_positive(r[AVO_MVC(-1, 0)],
                                 min_positive(r[AVO_MVC(0, -1)], r[index_of_c(r, 0, 0, 4)]));
    }
    if (ref[0] < 0 && ref[1] < 0) {
        memset(out, 0, sizeof *out);
        return;
    }
    unsigned still = 0;
    if (col && (ref[0] == 0 || ref[1] == 0))
        still = still_blocks(refs, col);
    for (int list = 0; list < 2; list++) {
        AvoMv mv = {0, 0};
        if (ref[list] >= 0)
            mv = avo_mvpred_median(cache, list, 0, 0, 4, ref[list]);
        memset(out->ref_idx[list], ref[list] >= 0 ? ref[list] : AVO_REF_NONE, 4);
        spread_vector(out->mv[list], mv, ref[list] == 0 ? still : 0);
    }
}

/* The vectors of one block from the co-located one (8-190..8-195). */
static void scale_colocated(AvoDirect *out, const AvoSliceRefs *refs, int blk, int ref0, AvoMv col)
{
    AvoMv l0 = col, l1 = {0, 0};
    if (!refs->ref0_is_long_term[ref0]) {
        l0.x = (int16_t)((refs->dist_scale[ref0] * col.x + 128) >> 8);
        l0.y = (int16_t)((refs->dist_scale[ref0] * col.y + 128) >> 8);
        l1.x = (int16_t)(l0.x - col.x);
        l1.y = (int16_t)(l0.y - col.y);
    }
    out->mv[0][blk] = l0;
    out->mv[1][blk] = l1;
}

/* 8.4.1.2.3 */
static bool direct_temporal(AvoDirect *out, const AvoSliceRefs *refs, const AvoMbInfo *col)
{
    if (AVO_MB_IS_INTRA(col->type)) {
        memset(out, 0, sizeof *out);
        return true;
    }
    for (int blk8 = 0; blk8 < 4; blk8++) {
        int list = colocated_list(col, blk8), slot = col->ref_slot[list][blk8];
        int ref0 = slot >= 0 ? refs->col_to_ref0[slot] : -1;
        if (ref0 < 0)
            return false;
        out->ref_idx[0][blk8] = (int8_t)ref0;
        out->ref_idx[1][blk8] = 0;
        for (int i = 0; i < 4; i++) {
            int blk = (blk8 >> 1) * 8 + (blk8 & 1) * 2 + (i >> 1) * 4 + (i & 1);
            int from = refs->direct_8x8_inference ? corner_of_8x8[blk8] : blk;
            scale_colocated(out, refs, blk, ref0, col->mv[list][from]);
        }
    }
    return true;
}

/* The records of the co-located picture are far from the cache:
 * ask for the next macroblock's now. */
static void prefetch_record(const AvoMbInfo *mb)
{
#if defined(__GNUC__) || defined(__clang__)
    for (size_t at = 0; at < offsetof(AvoMbInfo, mvd); at += 64)
        __builtin_prefetch((const char *)mb + at);
#else
    (void)mb;
#endif
}

bool avo_direct_derive(AvoDirect *out, const AvoMvCache *cache, const AvoSliceRefs *refs, int mb_x,
                       int mb_y)
{
    const AvoMbInfo *col = NULL;
    if (refs->col)
        col = refs->col->info + (ptrdiff_t)mb_y * refs->col->mb_width + mb_x;
    if (col && mb_x + 1 < refs->col->mb_width)
        prefetch_record(col + 1);
    if (refs->direct_spatial) {
        direct_spatial(out, cache, refs, col);
        return true;
    }
    return col && direct_temporal(out, refs, col);
}
