/* CABAC syntax elements and residual blocks (9.3). See mb_read.h; context numbers are those of
 * Table 9-34. */
#include "dec/mb_read.h"
#include "h264/cabac_tables.h"
#include "h264/tables.h"

AVO_INLINE int bin(AvoSliceDec *s, int ctx)
{
    return avo_cabac_decision(&s->reader, &s->contexts.state[ctx]);
}

/* ---- macroblock and sub-macroblock types ---- */

bool avo_cabac_read_skip(AvoSliceDec *s)
{
    const AvoMbInfo *a = s->nb.a, *b = s->nb.b;
    int inc = (a && !AVO_MB_IS_SKIP(a->type)) + (b && !AVO_MB_IS_SKIP(b->type));
    return bin(s, (s->header->type == AVO_SLICE_P ? 11 : 24) + inc);
}

/* Intra types behind their first bin: 1..25. */
static int read_intra_type(AvoSliceDec *s)
{
    const uint8_t *ctx = avo_cabac_i_mb_type_ctx[s->header->type];
    if (avo_cabac_terminate(&s->reader))
        return 25;
    int type = 1 + 12 * bin(s, ctx[1]);
    if (bin(s, ctx[2]))
        type += 4 + 4 * bin(s, ctx[3]);
    type += 2 * bin(s, ctx[4]);
    return type + bin(s, ctx[5]);
}

static bool is_not_nxn(const AvoMbInfo *mb)
{
    return mb && mb->type != AVO_MB_I4x4 && mb->type != AVO_MB_I8x8;
}

static bool is_not_direct(const AvoMbInfo *mb)
{
    return mb && mb->type != AVO_MB_B_SKIP && mb->type != AVO_MB_B_DIRECT;
}

static int read_i_type(AvoSliceDec *s)
{
    int inc = is_not_nxn(s->nb.a) + is_not_nxn(s->nb.b);
    return bin(s, avo_cabac_i_mb_type_ctx[AVO_SLICE_I][0] + inc) ? read_intra_type(s) : 0;
}

static int read_p_type(AvoSliceDec *s)
{
    if (bin(s, 14))
        return 5 + (bin(s, avo_cabac_i_mb_type_ctx[AVO_SLICE_P][0]) ? read_intra_type(s) : 0);
    if (bin(s, 15))
        return bin(s, 17) ? 1 : 2;
    return bin(s, 16) ? 3 : 0;
}

static int read_b_type(AvoSliceDec *s)
{
    int inc = is_not_direct(s->nb.a) + is_not_direct(s->nb.b);
    if (!bin(s, 27 + inc))
        return 0;
    if (!bin(s, 30))
        return 1 + bin(s, 32);
    int bits = bin(s, 31) << 3;
    bits |= bin(s, 32) << 2;
    bits |= bin(s, 32) << 1;
    bits |= bin(s, 32);
    if (bits < 8)
        return 3 + bits;
    if (bits == 13)
        return 23 + (bin(s, avo_cabac_i_mb_type_ctx[AVO_SLICE_B][0]) ? read_intra_type(s) : 0);
    if (bits == 14)
        return 11;
    if (bits == 15)
        return 22;
    return 2 * bits + bin(s, 32) - 4;
}

int avo_cabac_read_mb_type(AvoSliceDec *s)
{
    switch (s->header->type) {
    case AVO_SLICE_P:
        return read_p_type(s);
    case AVO_SLICE_B:
        return read_b_type(s);
    default:
        return read_i_type(s);
    }
}

int avo_cabac_read_sub_type(AvoSliceDec *s)
{
    if (s->header->type == AVO_SLICE_P) {
        if (bin(s, 21))
            return 0;
        if (!bin(s, 22))
            return 1;
        return bin(s, 23) ? 2 : 3;
    }
    if (!bin(s, 36))
        return 0;
    if (!bin(s, 37))
        return 1 + bin(s, 39);
    int type = 3;
    if (bin(s, 38)) {
        if (bin(s, 39))
            return 11 + bin(s, 39);
        type = 7;
    }
    type += 2 * bin(s, 39);
    return type + bin(s, 39);
}

/* ---- prediction ---- */

int avo_cabac_read_intra_mode(AvoSliceDec *s)
{
    if (bin(s, 68))
        return -1;
    int mode = bin(s, 69);
    mode |= bin(s, 69) << 1;
    return mode | bin(s, 69) << 2;
}

static bool has_chroma_mode(const AvoMbInfo *mb)
{
    return mb && mb->intra_chroma_mode != 0;
}

int avo_cabac_read_chroma_mode(AvoSliceDec *s)
{
    if (!bin(s, 64 + has_chroma_mode(s->nb.a) + has_chroma_mode(s->nb.b)))
        return 0;
    if (!bin(s, 67))
        return 1;
    return 2 + bin(s, 67);
}

/* refIdxZeroFlag and the other conditions of 9.3.3.1.1.6: does block blk8 use a reference other
 * than the first? */
static bool is_far_ref(const AvoMbInfo *mb, int list, int blk8)
{
    return mb->ref_idx[list][blk8] > 0 && !(mb->direct8x8 >> blk8 & 1);
}

int avo_cabac_read_ref_idx(AvoSliceDec *s, int list, int blk8)
{
    const AvoMbInfo *left = blk8 & 1 ? s->mb : s->nb.a, *above = blk8 & 2 ? s->mb : s->nb.b;
    int inc = (left && is_far_ref(left, list, blk8 ^ 1)) +
              2 * (above && is_far_ref(above, list, blk8 ^ 2));
    int ref = 0;
    while (bin(s, 54 + inc)) {
        if (++ref >= AVO_REFS_MAX)
            return -1;
        inc = ref == 1 ? 4 : 5;
    }
    return ref;
}

/* One component with its sum of neighbouring differences (9.3.3.1.1.7); UEG3, uCoff 9. */
static bool read_mvd_component(AvoSliceDec *s, int base, int sum, int *mvd)
{
    AvoCabacReader *r = &s->reader;
    if (!bin(s, base + (sum > 2) + (sum > 32))) {
        *mvd = 0;
        return true;
    }
    int value = 1, ctx = base + 3;
    while (value < 9 && bin(s, ctx)) {
        value++;
        ctx += ctx < base + 6;
    }
    if (value >= 9) {
        int k = 3;
        while (avo_cabac_bypass(r)) {
            value += 1 << k;
            if (++k > 20)
                return false;
        }
        while (k--)
            value += avo_cabac_bypass(r) << k;
    }
    *mvd = avo_cabac_bypass(r) ? -value : value;
    return true;
}

bool avo_cabac_read_mvd(AvoSliceDec *s, int list, int blk, int mvd[2])
{
    static const uint8_t zero[2] = {0, 0};
    const uint8_t(*own)[2] = (const uint8_t(*)[2])s->mb->mvd[list];
    const uint8_t *left = zero, *above = zero;
    if (blk & 3)
        left = own[blk - 1];
    else if (s->nb.a)
        left = s->nb.a->mvd[list][blk + 3];
    if (blk >= 4)
        above = own[blk - 4];
    else if (s->nb.b)
        above = s->nb.b->mvd[list][blk + 12];
    return read_mvd_component(s, 40, left[0] + above[0], &mvd[0]) &&
           read_mvd_component(s, 47, left[1] + above[1], &mvd[1]);
}

/* ---- coded_block_pattern, transform_size_8x8_flag, mb_qp_delta ---- */

bool avo_cabac_read_transform_8x8(AvoSliceDec *s)
{
    return bin(s, 399 + (s->nb.a && s->nb.a->transform_8x8) + (s->nb.b && s->nb.b->transform_8x8));
}

int avo_cabac_read_cbp(AvoSliceDec *s)
{
    /* A missing neighbour counts as coded in luma and not in chroma. */
    int a = s->nb.a ? s->nb.a->cbp : 0x0f, b = s->nb.b ? s->nb.b->cbp : 0x0f;
    int cbp = bin(s, 73 + !(a >> 1 & 1) + 2 * !(b >> 2 & 1));
    cbp |= bin(s, 73 + !(cbp & 1) + 2 * !(b >> 3 & 1)) << 1;
    cbp |= bin(s, 73 + !(a >> 3 & 1) + 2 * !(cbp & 1)) << 2;
    cbp |= bin(s, 73 + !(cbp >> 2 & 1) + 2 * !(cbp >> 1 & 1)) << 3;
    if (!s->has_chroma)
        return cbp;
    a >>= 4;
    b >>= 4;
    if (bin(s, 77 + (a != 0) + 2 * (b != 0)))
        cbp |= bin(s, 81 + (a == 2) + 2 * (b == 2)) ? 0x20 : 0x10;
    return cbp;
}

bool avo_cabac_read_qp_delta(AvoSliceDec *s, int *delta)
{
    int code = 0, ctx = 60 + s->last_delta_nonzero;
    while (bin(s, ctx)) {
        if (++code > 104)
            return false;
        ctx = code == 1 ? 62 : 63;
    }
    *delta = code & 1 ? (code + 1) >> 1 : -(code >> 1);
    return true;
}

/* ---- residual blocks (7.3.5.3.3) ---- */

/* ctxBlockCat */
enum { CAT_LUMA_DC, CAT_LUMA_AC, CAT_LUMA_4x4, CAT_CHROMA_DC, CAT_CHROMA_AC, CAT_LUMA_8x8 };

/* coeff_abs_level_minus1 above its first bin, plus 2; UEG0, uCoff 14. */
AVO_INLINE int read_large_level(AvoCabacReader *r, uint8_t *state)
{
    int level = 2;
    while (level < 15 && avo_cabac_decision(r, state))
        level++;
    if (level < 15)
        return level;
    int k = 0;
    while (k < 20 && avo_cabac_bypass(r))
        level += 1 << k++;
    while (k--)
        level += avo_cabac_bypass(r) << k;
    return level;
}

/* Positions of the significant coefficients, rising; returns how many. */
AVO_INLINE int read_significance(AvoCabacReader *r, uint8_t *state, int cat, int max_coeff,
                                 uint8_t *found)
{
    uint8_t *sig = state + avo_cabac_cat[cat].significant, *last = state + avo_cabac_cat[cat].last;
    int count = 0;
    for (int i = 0; i < max_coeff - 1; i++) {
        int sig_inc = cat == CAT_LUMA_8x8 ? avo_cabac_sig_inc_8x8[i] : i;
        if (avo_cabac_decision(r, sig + sig_inc)) {
            int last_inc = cat == CAT_LUMA_8x8 ? avo_cabac_last_inc_8x8[i] : i;
            found[count++] = (uint8_t)i;
            if (avo_cabac_decision(r, last + last_inc))
                return count;
        }
    }
    found[count++] = (uint8_t)(max_coeff - 1);
    return count;
}

/* A block whose coded_block_flag is 1 (or inferred): levels into out at scan[position]. Returns how
 * many. The engine is copied to locals so that it stays in registers. */
AVO_INLINE int read_coefficients(AvoSliceDec *s, int cat, int max_coeff, coef *out,
                                 const uint8_t *scan, const AvoLevelScale *scale)
{
    AvoCabacReader r = s->reader;
    uint8_t *state = s->contexts.state, *abs_level = state + avo_cabac_cat[cat].abs_level;
    uint8_t found[64];
    int count = read_significance(&r, state, cat, max_coeff, found);
    int ones = 1, larger = 0; /* context of the first bin, count of levels above 1 */
    const int max_larger = cat == CAT_CHROMA_DC ? 3 : 4;
    for (int i = count - 1; i >= 0; i--) {
        int level = 1;
        if (avo_cabac_decision(&r, abs_level + ones)) {
            level = read_large_level(&r, abs_level + 5 + larger);
            larger += larger < max_larger;
            ones = 0;
        } else {
            ones += ones > 0 && ones < 4;
        }
        int pos = scan[found[i]];
        out[pos] = avo_scale_level(scale, pos, avo_cabac_bypass(&r) ? -level : level);
    }
    s->reader = r;
    return count;
}

/* The same, one copy per kind of block. */
static int read_coefficients_16(AvoSliceDec *s, int cat, coef *out, const AvoLevelScale *scale)
{
    return read_coefficients(s, cat, 16, out, avo_zigzag_4x4, scale);
}

static int read_coefficients_15(AvoSliceDec *s, int cat, coef *out, const AvoLevelScale *scale)
{
    return read_coefficients(s, cat, 15, out, avo_zigzag_4x4 + 1, scale);
}

static int read_coefficients_64(AvoSliceDec *s, coef *out, const AvoLevelScale *scale)
{
    return read_coefficients(s, CAT_LUMA_8x8, 64, out, avo_zigzag_8x8, scale);
}

static int read_coefficients_dc(AvoSliceDec *s, coef *out)
{
    static const uint8_t scan[4] = {0, 1, 2, 3};
    static const AvoLevelScale plain = {NULL, 0, 0};
    return read_coefficients(s, CAT_CHROMA_DC, 4, out, scan, &plain);
}

AVO_INLINE bool is_coded(AvoSliceDec *s, int cat, int left, int above)
{
    return bin(s, avo_cabac_cat[cat].coded_block_flag + (left != 0) + 2 * (above != 0));
}

/* coded_block_flag of a DC block; a missing neighbour counts as coded for intra macroblocks. */
static bool is_dc_coded(AvoSliceDec *s, int cat, unsigned flag)
{
    unsigned missing = AVO_MB_IS_INTRA(s->mb->type) ? flag : 0;
    unsigned left = s->nb.a ? s->nb.a->dc_flags : missing;
    unsigned above = s->nb.b ? s->nb.b->dc_flags : missing;
    return is_coded(s, cat, (left & flag) != 0, (above & flag) != 0);
}

static void read_luma_8x8(AvoSliceDec *s, int blk8)
{
    AvoMbInfo *mb = s->mb;
    bool intra = AVO_MB_IS_INTRA(mb->type);
    if (mb->transform_8x8) {
        AvoLevelScale scale = avo_level_scale_8x8(s, intra ? 0 : 1, s->qp);
        int count = read_coefficients_64(s, s->work.luma[4 * blk8], &scale);
        uint8_t *nz = &s->nz.luma[AVO_NZ_LUMA((blk8 & 1) * 2, blk8 & 2)];
        nz[0] = nz[1] = nz[8] = nz[9] = (uint8_t)count;
        return;
    }
    AvoLevelScale scale = avo_level_scale_4x4(s, intra ? 0 : 3, s->qp);
    for (int i = 4 * blk8; i < 4 * blk8 + 4; i++) {
        int raster = avo_blk_raster[i];
        uint8_t *nz = &s->nz.luma[AVO_NZ_LUMA(raster & 3, raster >> 2)];
        if (mb->type == AVO_MB_I16x16) {
            if (is_coded(s, CAT_LUMA_AC, nz[-1], nz[-8]))
                *nz = (uint8_t)read_coefficients_15(s, CAT_LUMA_AC, s->work.luma[i], &scale);
        } else if (is_coded(s, CAT_LUMA_4x4, nz[-1], nz[-8])) {
            *nz = (uint8_t)read_coefficients_16(s, CAT_LUMA_4x4, s->work.luma[i], &scale);
        }
    }
}

static void read_chroma_dc(AvoSliceDec *s)
{
    for (int c = 0; c < 2; c++)
        if (is_dc_coded(s, CAT_CHROMA_DC, AVO_DC_CB << c)) {
            read_coefficients_dc(s, s->work.chroma_dc[c]);
            s->mb->dc_flags |= (uint8_t)(AVO_DC_CB << c);
        }
}

static void read_chroma_ac(AvoSliceDec *s)
{
    for (int c = 0; c < 2; c++) {
        int list = (AVO_MB_IS_INTRA(s->mb->type) ? 1 : 4) + c;
        AvoLevelScale scale = avo_level_scale_4x4(s, list, avo_slice_chroma_qp(s, c));
        for (int i = 0; i < 4; i++) {
            uint8_t *nz = &s->nz.chroma[c][AVO_NZ_CHROMA(i & 1, i >> 1)];
            if (is_coded(s, CAT_CHROMA_AC, nz[-1], nz[-4]))
                *nz = (uint8_t)read_coefficients_15(s, CAT_CHROMA_AC, s->work.chroma[c][i], &scale);
        }
    }
}

bool avo_cabac_read_residual(AvoSliceDec *s)
{
    static const AvoLevelScale plain = {NULL, 0, 0};
    AvoMbInfo *mb = s->mb;
    if (mb->type == AVO_MB_I16x16 && is_dc_coded(s, CAT_LUMA_DC, AVO_DC_LUMA)) {
        read_coefficients_16(s, CAT_LUMA_DC, s->work.luma_dc, &plain);
        mb->dc_flags |= AVO_DC_LUMA;
    }
    for (int blk8 = 0; blk8 < 4; blk8++)
        if (mb->cbp >> blk8 & 1)
            read_luma_8x8(s, blk8);
    if (mb->cbp >> 4)
        read_chroma_dc(s);
    if (mb->cbp >> 4 == 2)
        read_chroma_ac(s);
    return !avo_cabac_overread(&s->reader);
}
