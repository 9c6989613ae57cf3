/* The macroblock layer (7.3.5) once, for CAVLC and CABAC, written and counted (syntax_sink.h).
 *
 * In: one macroblock as records (AvoMbSyntax). The functions follow the syntax tables from the
 * outside in: types, prediction, coded_block_pattern, transform flag, mb_qp_delta, residual.
 * Neighbours are read from the records of A (left) and B (above); where the current macroblock is
 * its own neighbour, from its own record, which is complete before anything is coded. That works
 * since a block's neighbours to the left and above always come earlier, and what is not coded is 0
 * in the records: cbp of skipped macroblocks, nnz without a cbp bit, mvd and ref_idx > 0 outside
 * coded partitions. */
#ifndef AVO_ENC_MB_SYNTAX_H
#define AVO_ENC_MB_SYNTAX_H

#include "enc/syntax_sink.h"
#include "h264/tables.h"

/* Bases of contexts that stand alone (Table 9-34). */
enum {
    AVO_CTX_SKIP_P = 11,
    AVO_CTX_SKIP_B = 24,
    AVO_CTX_INTRA_PREFIX_P = 14,
    AVO_CTX_MVD_X = 40,
    AVO_CTX_MVD_Y = 47,
    AVO_CTX_REF_IDX = 54,
    AVO_CTX_QP_DELTA = 60,
    AVO_CTX_CHROMA_MODE = 64,
    AVO_CTX_PREV_INTRA = 68,
    AVO_CTX_REM_INTRA = 69,
    AVO_CTX_CBP_LUMA = 73,
    AVO_CTX_CBP_CHROMA = 77,
    AVO_CTX_TRANSFORM_8x8 = 399
};

/* ---- mb_type ---- */

/* mb_skip_flag (CABAC; CAVLC has runs, which only the slice knows). */
AVO_INLINE void avo_syntax_skip_flag(AvoSink *s, AvoSinkKind kind, const AvoSyntaxCtx *sx,
                                     const AvoMbSyntax *mb)
{
    const AvoNeighbours *nb = &mb->nb;
    int inc = (nb->a && !AVO_MB_IS_SKIP(nb->a->type)) + (nb->b && !AVO_MB_IS_SKIP(nb->b->type));
    int base = sx->slice_type == AVO_SLICE_B ? AVO_CTX_SKIP_B : AVO_CTX_SKIP_P;
    avo_sink_bin(s, kind, base + inc, AVO_MB_IS_SKIP(mb->info->type));
}

AVO_INLINE bool avo_syntax_is_nxn(const AvoMbInfo *info)
{
    return info->type == AVO_MB_I4x4 || info->type == AVO_MB_I8x8;
}

/* Neighbours that count for the first bin of mb_type: in I slices not I_NxN, in B slices neither
 * B_Skip nor B_Direct_16x16. */
AVO_INLINE int avo_syntax_type_cond(AvoSliceType slice_type, const AvoMbInfo *n)
{
    if (!n)
        return 0;
    if (slice_type == AVO_SLICE_I)
        return !avo_syntax_is_nxn(n);
    return n->type != AVO_MB_B_SKIP && n->type != AVO_MB_B_DIRECT;
}

AVO_INLINE int avo_syntax_type_inc(const AvoSyntaxCtx *sx, const AvoMbSyntax *mb)
{
    return avo_syntax_type_cond(sx->slice_type, mb->nb.a) +
           avo_syntax_type_cond(sx->slice_type, mb->nb.b);
}

/* Table 7-11 without I_PCM. */
AVO_INLINE uint32_t avo_syntax_intra_type(const AvoMbSyntax *mb)
{
    if (avo_syntax_is_nxn(mb->info))
        return 0;
    int cbp = mb->info->cbp;
    return (uint32_t)(1 + mb->code->intra16_mode + 4 * (cbp >> 4) + (cbp & 15 ? 12 : 0));
}

AVO_INLINE void avo_syntax_intra_type_cavlc(AvoSink *s, AvoSinkKind kind, const AvoSyntaxCtx *sx,
                                            const AvoMbSyntax *mb)
{
    uint32_t offset = sx->slice_type == AVO_SLICE_I ? 0 : sx->slice_type == AVO_SLICE_P ? 5 : 23;
    bool pcm = mb->info->type == AVO_MB_IPCM;
    avo_sink_ue(s, kind, offset + (pcm ? 25 : avo_syntax_intra_type(mb)));
}

/* Without the terminate bin of I_PCM, which belongs to its samples. */
AVO_INLINE void avo_syntax_intra_type_cabac(AvoSink *s, AvoSinkKind kind, const AvoSyntaxCtx *sx,
                                            const AvoMbSyntax *mb)
{
    const uint8_t *ctx = avo_cabac_i_mb_type_ctx[sx->slice_type];
    int inc = 0;
    if (sx->slice_type == AVO_SLICE_P)
        avo_sink_bin(s, kind, AVO_CTX_INTRA_PREFIX_P, 1);
    else if (sx->slice_type == AVO_SLICE_B)
        avo_sink_string(s, kind, &avo_cabac_b_mb_type[23], avo_syntax_type_inc(sx, mb));
    else
        inc = avo_syntax_type_inc(sx, mb);
    avo_sink_bin(s, kind, ctx[0] + inc, !avo_syntax_is_nxn(mb->info));
    if (mb->info->type != AVO_MB_I16x16)
        return;
    int chroma = mb->info->cbp >> 4, mode = mb->code->intra16_mode;
    avo_sink_not_pcm(s, kind);
    avo_sink_bin(s, kind, ctx[1], (mb->info->cbp & 15) != 0);
    avo_sink_bin(s, kind, ctx[2], chroma != 0);
    if (chroma)
        avo_sink_bin(s, kind, ctx[3], chroma == 2);
    avo_sink_bin(s, kind, ctx[4], mode >> 1);
    avo_sink_bin(s, kind, ctx[5], mode & 1);
}

/* 0 list 0, 1 list 1, 2 both, of one 8x8 block. */
AVO_INLINE int avo_syntax_pred(const AvoMbInfo *info, int b8)
{
    return (info->ref_idx[0][b8] >= 0) + 2 * (info->ref_idx[1][b8] >= 0) - 1;
}

/* CAVLC only: P_8x8ref0 saves four ref_idx when all are 0. */
AVO_INLINE bool avo_syntax_is_ref0(const AvoSyntaxCtx *sx, const AvoMbInfo *info)
{
    const int8_t *ref = info->ref_idx[0];
    return !sx->cabac && info->type == AVO_MB_P8x8 && sx->num_ref_idx[0] > 1 &&
           !(ref[0] | ref[1] | ref[2] | ref[3]);
}

/* Tables 7-13 and 7-14. */
AVO_INLINE int avo_syntax_inter_type(const AvoSyntaxCtx *sx, const AvoMbSyntax *mb)
{
    const AvoMbInfo *info = mb->info;
    int partition = mb->code->partition;
    switch (info->type) {
    case AVO_MB_P:
        return partition;
    case AVO_MB_P8x8:
        return avo_syntax_is_ref0(sx, info) ? 4 : 3;
    case AVO_MB_B:
        return avo_b_mb_type[partition][avo_syntax_pred(info, 0)][avo_syntax_pred(info, 3)];
    case AVO_MB_B8x8:
        return 22;
    default:
        AVO_ASSERT(info->type == AVO_MB_B_DIRECT);
        return 0;
    }
}

AVO_INLINE void avo_syntax_mb_type(AvoSink *s, AvoSinkKind kind, const AvoSyntaxCtx *sx,
                                   const AvoMbSyntax *mb)
{
    if (AVO_MB_IS_INTRA(mb->info->type)) {
        if (AVO_SINK_IS_CABAC(kind))
            avo_syntax_intra_type_cabac(s, kind, sx, mb);
        else
            avo_syntax_intra_type_cavlc(s, kind, sx, mb);
        return;
    }
    int type = avo_syntax_inter_type(sx, mb);
    if (!AVO_SINK_IS_CABAC(kind))
        avo_sink_ue(s, kind, (uint32_t)type);
    else if (sx->slice_type == AVO_SLICE_P)
        avo_sink_string(s, kind, &avo_cabac_p_mb_type[type], 0);
    else
        avo_sink_string(s, kind, &avo_cabac_b_mb_type[type], avo_syntax_type_inc(sx, mb));
}

/* ---- intra prediction modes ---- */

AVO_INLINE void avo_syntax_intra_modes(AvoSink *s, AvoSinkKind kind, const AvoMbSyntax *mb)
{
    int count = mb->info->type == AVO_MB_I8x8 ? 4 : 16;
    for (int i = 0; i < count; i++) {
        int rem = mb->code->intra_pred[i];
        if (!AVO_SINK_IS_CABAC(kind)) {
            avo_sink_bits(s, kind, rem < 0 ? 1 : 4, rem < 0 ? 1 : (uint32_t)rem);
            continue;
        }
        avo_sink_bin(s, kind, AVO_CTX_PREV_INTRA, rem < 0);
        for (int bit = 0; rem >= 0 && bit < 3; bit++)
            avo_sink_bin(s, kind, AVO_CTX_REM_INTRA, rem >> bit & 1);
    }
}

AVO_INLINE int avo_syntax_chroma_mode_cond(const AvoMbInfo *n)
{
    return n && n->type < AVO_MB_IPCM && n->intra_chroma_mode != 0;
}

AVO_INLINE void avo_syntax_chroma_mode(AvoSink *s, AvoSinkKind kind, const AvoMbSyntax *mb)
{
    int mode = mb->info->intra_chroma_mode;
    if (!AVO_SINK_IS_CABAC(kind)) {
        avo_sink_ue(s, kind, (uint32_t)mode);
        return;
    }
    int inc = avo_syntax_chroma_mode_cond(mb->nb.a) + avo_syntax_chroma_mode_cond(mb->nb.b);
    avo_sink_bin(s, kind, AVO_CTX_CHROMA_MODE + inc, mode > 0);
    if (mode > 0)
        avo_sink_bin(s, kind, AVO_CTX_CHROMA_MODE + 3, mode > 1);
    if (mode > 1)
        avo_sink_bin(s, kind, AVO_CTX_CHROMA_MODE + 3, mode > 2);
}

/* ---- references and vectors ---- */

/* ref_idx > 0 of a neighbouring 8x8 block, direct ones not counted (9.3.3.1.1.6). */
AVO_INLINE int avo_syntax_ref_cond(const AvoMbInfo *n, int list, int b8)
{
    return n && n->ref_idx[list][b8] > 0 && !(n->direct8x8 >> b8 & 1);
}

AVO_INLINE void avo_syntax_ref_idx(AvoSink *s, AvoSinkKind kind, const AvoSyntaxCtx *sx,
                                   const AvoMbSyntax *mb, int list, int b8)
{
    const AvoMbInfo *info = mb->info;
    int ref = info->ref_idx[list][b8];
    if (!AVO_SINK_IS_CABAC(kind)) {
        avo_sink_te(s, kind, sx->num_ref_idx[list] - 1, (uint32_t)ref);
        return;
    }
    int a = b8 & 1 ? avo_syntax_ref_cond(info, list, b8 - 1)
                   : avo_syntax_ref_cond(mb->nb.a, list, b8 + 1);
    int b = b8 & 2 ? avo_syntax_ref_cond(info, list, b8 - 2)
                   : avo_syntax_ref_cond(mb->nb.b, list, b8 + 2);
    int ctx = AVO_CTX_REF_IDX + a + 2 * b;
    for (int k = 0; k < ref; k++) {
        avo_sink_bin(s, kind, ctx, 1);
        ctx = AVO_CTX_REF_IDX + avo_min(4 + k, 5);
    }
    avo_sink_bin(s, kind, ctx, 0);
}

/* One component: unary prefix up to 9 (its contexts end at the fifth), Exp-Golomb suffix,
 * sign (9.3.2.3). */
AVO_INLINE void avo_syntax_mvd_component(AvoSink *s, AvoSinkKind kind, int base, int sum, int value)
{
    int magnitude = avo_abs(value), ctx = base + (sum > 2) + (sum > 32);
    int prefix = avo_min(magnitude, 9);
    for (int k = 0; k < prefix; k++) {
        avo_sink_bin(s, kind, ctx, 1);
        ctx = base + avo_min(3 + k, 6);
    }
    if (prefix < 9)
        avo_sink_bin(s, kind, ctx, 0);
    else
        avo_sink_exp_golomb(s, kind, (uint32_t)magnitude - 9, 3);
    if (magnitude)
        avo_sink_sign(s, kind, value < 0);
}

/* The vector difference of the partition whose first 4x4 block is blk (raster). */
AVO_INLINE void avo_syntax_mvd(AvoSink *s, AvoSinkKind kind, const AvoMbSyntax *mb, int list,
                               int blk)
{
    static const uint8_t none[2] = {0, 0};
    AvoMv mvd = mb->code->mvd[list][blk];
    if (!AVO_SINK_IS_CABAC(kind)) {
        avo_sink_se(s, kind, mvd.x);
        avo_sink_se(s, kind, mvd.y);
        return;
    }
    const AvoMbInfo *info = mb->info, *na = mb->nb.a, *nb = mb->nb.b;
    const uint8_t *a = blk & 3 ? info->mvd[list][blk - 1] : na ? na->mvd[list][blk + 3] : none;
    const uint8_t *b = blk >= 4 ? info->mvd[list][blk - 4] : nb ? nb->mvd[list][blk + 12] : none;
    avo_syntax_mvd_component(s, kind, AVO_CTX_MVD_X, a[0] + b[0], mvd.x);
    avo_syntax_mvd_component(s, kind, AVO_CTX_MVD_Y, a[1] + b[1], mvd.y);
}

/* mb_pred() of one or two partitions. */
AVO_INLINE void avo_syntax_partitions(AvoSink *s, AvoSinkKind kind, const AvoSyntaxCtx *sx,
                                      const AvoMbSyntax *mb)
{
    int partition = mb->code->partition;
    int count = partition == AVO_PART_16x16 ? 1 : 2;
    int step = partition == AVO_PART_16x8 ? 2 : 1;     /* first 8x8 block of the second */
    int blk_step = partition == AVO_PART_16x8 ? 8 : 2; /* and its first 4x4 block */
    int lists = sx->slice_type == AVO_SLICE_B ? 2 : 1;
    for (int list = 0; list < lists; list++)
        for (int i = 0; i < count; i++)
            if (sx->num_ref_idx[list] > 1 && mb->info->ref_idx[list][i * step] >= 0)
                avo_syntax_ref_idx(s, kind, sx, mb, list, i * step);
    for (int list = 0; list < lists; list++)
        for (int i = 0; i < count; i++)
            if (mb->info->ref_idx[list][i * step] >= 0)
                avo_syntax_mvd(s, kind, mb, list, i * blk_step);
}

AVO_INLINE void avo_syntax_sub_type(AvoSink *s, AvoSinkKind kind, const AvoSyntaxCtx *sx,
                                    const AvoMbSyntax *mb, int b8)
{
    int sub = mb->code->sub_type[b8];
    bool is_b = sx->slice_type == AVO_SLICE_B;
    if (is_b)
        sub = sub == AVO_SUB_DIRECT ? 0 : avo_b_sub_type[sub][avo_syntax_pred(mb->info, b8)];
    if (!AVO_SINK_IS_CABAC(kind))
        avo_sink_ue(s, kind, (uint32_t)sub);
    else
        avo_sink_string(s, kind, is_b ? &avo_cabac_b_sub_type[sub] : &avo_cabac_p_sub_type[sub], 0);
}

/* The sub-macroblock's vector differences; its sub-partitions begin 1 block
 * right and/or 4 further on. */
AVO_INLINE void avo_syntax_sub_mvds(AvoSink *s, AvoSinkKind kind, const AvoMbSyntax *mb, int list,
                                    int b8)
{
    int sub = mb->code->sub_type[b8], blk = (b8 & 1) * 2 + (b8 >> 1) * 8;
    bool split_x = sub == AVO_SUB_4x8 || sub == AVO_SUB_4x4;
    bool split_y = sub == AVO_SUB_8x4 || sub == AVO_SUB_4x4;
    for (int y = 0; y <= (split_y ? 4 : 0); y += 4)
        for (int x = 0; x <= (split_x ? 1 : 0); x++)
            avo_syntax_mvd(s, kind, mb, list, blk + y + x);
}

/* sub_mb_pred() */
AVO_INLINE void avo_syntax_sub_mbs(AvoSink *s, AvoSinkKind kind, const AvoSyntaxCtx *sx,
                                   const AvoMbSyntax *mb)
{
    const uint8_t *sub = mb->code->sub_type;
    int lists = sx->slice_type == AVO_SLICE_B ? 2 : 1;
    bool ref0 = avo_syntax_is_ref0(sx, mb->info);
    for (int i = 0; i < 4; i++)
        avo_syntax_sub_type(s, kind, sx, mb, i);
    for (int list = 0; list < lists; list++)
        for (int i = 0; i < 4; i++)
            if (sx->num_ref_idx[list] > 1 && !ref0 && sub[i] != AVO_SUB_DIRECT &&
                mb->info->ref_idx[list][i] >= 0)
                avo_syntax_ref_idx(s, kind, sx, mb, list, i);
    for (int list = 0; list < lists; list++)
        for (int i = 0; i < 4; i++)
            if (sub[i] != AVO_SUB_DIRECT && mb->info->ref_idx[list][i] >= 0)
                avo_syntax_sub_mvds(s, kind, mb, list, i);
}

/* ---- coded_block_pattern, transform flag, quantiser ---- */

AVO_INLINE void avo_syntax_cbp_cabac(AvoSink *s, AvoSinkKind kind, const AvoSyntaxCtx *sx,
                                     const AvoMbSyntax *mb)
{
    int cbp = mb->info->cbp;
    int a = mb->nb.a ? mb->nb.a->cbp : 15, b = mb->nb.b ? mb->nb.b->cbp : 15;
    for (int i = 0; i < 4; i++) {
        int left = i & 1 ? cbp >> (i - 1) : a >> (i + 1);
        int above = i & 2 ? cbp >> (i - 2) : b >> (i + 2);
        int inc = (~left & 1) + 2 * (~above & 1);
        avo_sink_bin(s, kind, AVO_CTX_CBP_LUMA + inc, cbp >> i & 1);
    }
    if (!sx->chroma_format)
        return;
    int chroma = cbp >> 4, inc = (a >> 4 > 0) + 2 * (b >> 4 > 0);
    avo_sink_bin(s, kind, AVO_CTX_CBP_CHROMA + inc, chroma > 0);
    if (chroma) {
        inc = 4 + (a >> 4 == 2) + 2 * (b >> 4 == 2);
        avo_sink_bin(s, kind, AVO_CTX_CBP_CHROMA + inc, chroma == 2);
    }
}

AVO_INLINE void avo_syntax_cbp(AvoSink *s, AvoSinkKind kind, const AvoSyntaxCtx *sx,
                               const AvoMbSyntax *mb)
{
    int inter = !avo_syntax_is_nxn(mb->info);
    if (AVO_SINK_IS_CABAC(kind))
        avo_syntax_cbp_cabac(s, kind, sx, mb);
    else if (sx->chroma_format)
        avo_sink_ue(s, kind, avo_cbp_to_me[inter][mb->info->cbp]);
    else
        avo_sink_ue(s, kind, avo_cbp_to_me_mono[inter][mb->info->cbp]);
}

AVO_INLINE void avo_syntax_transform_flag(AvoSink *s, AvoSinkKind kind, const AvoMbSyntax *mb)
{
    if (!AVO_SINK_IS_CABAC(kind)) {
        avo_sink_bits(s, kind, 1, mb->info->transform_8x8);
        return;
    }
    const AvoMbInfo *a = mb->nb.a, *b = mb->nb.b;
    int inc = (a && a->transform_8x8) + (b && b->transform_8x8);
    avo_sink_bin(s, kind, AVO_CTX_TRANSFORM_8x8 + inc, mb->info->transform_8x8);
}

/* Whether an inter macroblock with luma residual may use the 8x8 transform (7.3.5). */
AVO_INLINE bool avo_syntax_inter_transform_sent(const AvoSyntaxCtx *sx, const AvoMbSyntax *mb)
{
    int type = mb->info->type;
    if (!sx->transform_8x8_mode || !(mb->info->cbp & 15))
        return false;
    if (type == AVO_MB_B_DIRECT)
        return sx->direct_8x8_inference;
    if (type != AVO_MB_P8x8 && type != AVO_MB_B8x8)
        return true;
    for (int i = 0; i < 4; i++) {
        int sub = mb->code->sub_type[i];
        if (sub != AVO_SUB_8x8 && !(sub == AVO_SUB_DIRECT && sx->direct_8x8_inference))
            return false;
    }
    return true;
}

/* mb_qp_delta as sent: the short way round the circle of 52. */
AVO_INLINE int avo_syntax_qp_delta_value(const AvoMbSyntax *mb)
{
    int delta = mb->code->qp - mb->qp_pred;
    return delta < -26 ? delta + 52 : delta > 25 ? delta - 52 : delta;
}

AVO_INLINE void avo_syntax_qp_delta(AvoSink *s, AvoSinkKind kind, const AvoMbSyntax *mb)
{
    int delta = avo_syntax_qp_delta_value(mb);
    if (!AVO_SINK_IS_CABAC(kind)) {
        avo_sink_se(s, kind, delta);
        return;
    }
    int ctx = AVO_CTX_QP_DELTA + (mb->prev_qp_delta_nonzero != 0);
    int count = (int)avo_se_code(delta);
    for (int k = 0; k < count; k++) {
        avo_sink_bin(s, kind, ctx, 1);
        ctx = AVO_CTX_QP_DELTA + avo_min(2 + k, 3);
    }
    avo_sink_bin(s, kind, ctx, 0);
}

/* ---- residual with CAVLC ---- */

/* nC from TotalCoeff of the blocks to the left and above, NULL: not available (9.2.1). */
AVO_INLINE int avo_syntax_nc(const uint8_t *a, const uint8_t *b)
{
    if (a && b)
        return (*a + *b + 1) >> 1;
    return a ? *a : b ? *b : 0;
}

AVO_INLINE int avo_syntax_nc_luma(const AvoMbSyntax *mb, int raster)
{
    const AvoMbInfo *a = mb->nb.a, *b = mb->nb.b;
    const uint8_t *nnz = mb->info->nnz + raster;
    const uint8_t *left = raster & 3 ? nnz - 1 : a ? &a->nnz[raster + 3] : NULL;
    const uint8_t *above = raster >= 4 ? nnz - 4 : b ? &b->nnz[raster + 12] : NULL;
    return avo_syntax_nc(left, above);
}

/* i: index in nnz of a chroma block, 16..23. */
AVO_INLINE int avo_syntax_nc_chroma(const AvoMbSyntax *mb, int i)
{
    const AvoMbInfo *a = mb->nb.a, *b = mb->nb.b;
    const uint8_t *nnz = mb->info->nnz + i;
    const uint8_t *left = i & 1 ? nnz - 1 : a ? &a->nnz[i + 1] : NULL;
    const uint8_t *above = i & 2 ? nnz - 2 : b ? &b->nnz[i + 2] : NULL;
    return avo_syntax_nc(left, above);
}

AVO_INLINE void avo_syntax_residual_cavlc(AvoSink *s, AvoSinkKind kind, const AvoMbSyntax *mb)
{
    const AvoMbInfo *info = mb->info;
    const AvoLevels *lv = mb->levels;
    AvoBlockCat cat = AVO_CAT_LUMA_4x4;
    if (info->type == AVO_MB_I16x16) {
        avo_sink_block_cavlc(s, kind, AVO_CAT_I16_DC, avo_syntax_nc_luma(mb, 0),
                             info->dc_flags & AVO_DC_LUMA, lv->luma_dc);
        cat = AVO_CAT_I16_AC;
    }
    for (int k = 0; k < 16; k++) {
        int raster = avo_blk_raster[k];
        if (info->cbp >> (k >> 2) & 1)
            avo_sink_block_cavlc(s, kind, cat, avo_syntax_nc_luma(mb, raster), info->nnz[raster],
                                 lv->luma[k]);
    }
    for (int c = 0; c < 2 && info->cbp >> 4; c++)
        avo_sink_block_cavlc(s, kind, AVO_CAT_CHROMA_DC, -1, info->dc_flags & AVO_DC_CB << c,
                             lv->chroma_dc[c]);
    for (int k = 0; k < 8 && info->cbp >> 4 == 2; k++)
        avo_sink_block_cavlc(s, kind, AVO_CAT_CHROMA_AC, avo_syntax_nc_chroma(mb, 16 + k),
                             info->nnz[16 + k], lv->chroma_ac[k >> 2][k & 3]);
}

/* ---- residual with CABAC ---- */

/* Bit per byte of 8: not 0. */
AVO_INLINE uint32_t avo_syntax_nonzero8(const uint8_t *bytes)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t v;
    memcpy(&v, bytes, sizeof v);
    v = (((v & 0x7f7f7f7f7f7f7f7f) + 0x7f7f7f7f7f7f7f7f) | v) & 0x8080808080808080;
    return (uint32_t)((v >> 7) * 0x0102040810204080 >> 56);
#else
    uint32_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits |= (uint32_t)(bytes[i] != 0) << i;
    return bits;
#endif
}

/* Which blocks have levels, and which of their neighbours: bit k is nnz[k], k = 0..23. A missing
 * neighbour counts as coded for intra macroblocks (9.3.3.1.1.9). */
typedef struct AvoCodedBits {
    uint32_t self, left, above;
} AvoCodedBits;

AVO_INLINE AvoCodedBits avo_syntax_coded_bits(const AvoMbSyntax *mb)
{
    uint32_t missing = AVO_MB_IS_INTRA(mb->info->type) ? 0xffffff : 0, self = 0;
    uint32_t a = missing, b = missing;
    for (int i = 0; i < 24; i += 8) {
        self |= avo_syntax_nonzero8(mb->info->nnz + i) << i;
        if (mb->nb.a)
            a = (a & ~(0xffu << i)) | avo_syntax_nonzero8(mb->nb.a->nnz + i) << i;
        if (mb->nb.b)
            b = (b & ~(0xffu << i)) | avo_syntax_nonzero8(mb->nb.b->nnz + i) << i;
    }
    /* Luma 4 wide, chroma 2 wide: columns 0 and rows 0 come from the neighbours. */
    AvoCodedBits bits;
    bits.self = self;
    bits.left = (self << 1 & 0xaaeeee) | (a >> 3 & 0x1111) | (a >> 1 & 0x550000);
    bits.above =
        (self << 4 & 0xfff0) | (self << 2 & 0xcc0000) | (b >> 12 & 0xf) | (b >> 2 & 0x330000);
    return bits;
}

AVO_INLINE int avo_syntax_dc_cond(const AvoMbSyntax *mb, const AvoMbInfo *n, int flag)
{
    return n ? (n->dc_flags & flag) != 0 : AVO_MB_IS_INTRA(mb->info->type);
}

AVO_INLINE void avo_syntax_dc_cabac(AvoSink *s, AvoSinkKind kind, const AvoMbSyntax *mb,
                                    AvoBlockCat cat, int flag, const int16_t *levels)
{
    int inc = avo_syntax_dc_cond(mb, mb->nb.a, flag) + 2 * avo_syntax_dc_cond(mb, mb->nb.b, flag);
    avo_sink_block_cabac(s, kind, cat, inc, mb->info->dc_flags & flag, levels);
}

/* Block k of nnz. */
AVO_INLINE void avo_syntax_ac_cabac(AvoSink *s, AvoSinkKind kind, const AvoCodedBits *bits,
                                    AvoBlockCat cat, int k, const int16_t *levels)
{
    int inc = (int)((bits->left >> k & 1) + 2 * (bits->above >> k & 1));
    avo_sink_block_cabac(s, kind, cat, inc, bits->self >> k & 1, levels);
}

AVO_INLINE void avo_syntax_residual_cabac(AvoSink *s, AvoSinkKind kind, const AvoMbSyntax *mb)
{
    const AvoMbInfo *info = mb->info;
    const AvoLevels *lv = mb->levels;
    AvoCodedBits bits = avo_syntax_coded_bits(mb);
    AvoBlockCat cat = AVO_CAT_LUMA_4x4;
    if (info->type == AVO_MB_I16x16) {
        avo_syntax_dc_cabac(s, kind, mb, AVO_CAT_I16_DC, AVO_DC_LUMA, lv->luma_dc);
        cat = AVO_CAT_I16_AC;
    }
    for (int i = 0; i < 4; i++) {
        if (!(info->cbp >> i & 1))
            continue;
        if (info->transform_8x8) {
            avo_sink_block_cabac(s, kind, AVO_CAT_LUMA_8x8, 0, true, lv->luma[4 * i]);
            continue;
        }
        for (int k = 4 * i; k < 4 * i + 4; k++)
            avo_syntax_ac_cabac(s, kind, &bits, cat, avo_blk_raster[k], lv->luma[k]);
    }
    for (int c = 0; c < 2 && info->cbp >> 4; c++)
        avo_syntax_dc_cabac(s, kind, mb, AVO_CAT_CHROMA_DC, AVO_DC_CB << c, lv->chroma_dc[c]);
    for (int k = 0; k < 8 && info->cbp >> 4 == 2; k++)
        avo_syntax_ac_cabac(s, kind, &bits, AVO_CAT_CHROMA_AC, 16 + k,
                            lv->chroma_ac[k >> 2][k & 3]);
}

/* ---- macroblock_layer() ---- */

AVO_INLINE void avo_syntax_prediction(AvoSink *s, AvoSinkKind kind, const AvoSyntaxCtx *sx,
                                      const AvoMbSyntax *mb)
{
    int type = mb->info->type;
    if (AVO_MB_IS_INTRA(type)) {
        if (avo_syntax_is_nxn(mb->info)) {
            if (sx->transform_8x8_mode)
                avo_syntax_transform_flag(s, kind, mb);
            avo_syntax_intra_modes(s, kind, mb);
        }
        if (sx->chroma_format)
            avo_syntax_chroma_mode(s, kind, mb);
    } else if (type == AVO_MB_P8x8 || type == AVO_MB_B8x8) {
        avo_syntax_sub_mbs(s, kind, sx, mb);
    } else if (type != AVO_MB_B_DIRECT) {
        avo_syntax_partitions(s, kind, sx, mb);
    }
}

/* Everything in front of the residual of a macroblock that is not skipped; I_PCM as a whole. */
AVO_INLINE void avo_syntax_head(AvoSink *s, AvoSinkKind kind, const AvoSyntaxCtx *sx,
                                const AvoMbSyntax *mb)
{
    const AvoMbInfo *info = mb->info;
    avo_syntax_mb_type(s, kind, sx, mb);
    if (info->type == AVO_MB_IPCM) {
        avo_sink_pcm(s, kind, (const uint8_t *)mb->levels->luma, sx->chroma_format ? 384 : 256);
        return;
    }
    avo_syntax_prediction(s, kind, sx, mb);
    if (info->type != AVO_MB_I16x16)
        avo_syntax_cbp(s, kind, sx, mb);
    if (!AVO_MB_IS_INTRA(info->type) && avo_syntax_inter_transform_sent(sx, mb))
        avo_syntax_transform_flag(s, kind, mb);
    if (avo_mb_has_residual(info))
        avo_syntax_qp_delta(s, kind, mb);
}

/* Everything of a macroblock that is not skipped. */
AVO_INLINE void avo_syntax_macroblock(AvoSink *s, AvoSinkKind kind, const AvoSyntaxCtx *sx,
                                      const AvoMbSyntax *mb)
{
    avo_syntax_head(s, kind, sx, mb);
    if (!avo_mb_has_residual(mb->info))
        return;
    if (AVO_SINK_IS_CABAC(kind))
        avo_syntax_residual_cabac(s, kind, mb);
    else
        avo_syntax_residual_cavlc(s, kind, mb);
}

#endif
