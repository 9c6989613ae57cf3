/* See block_quant.h. */
#include "enc/block_quant.h"
#include "enc/psy.h"
#include "enc/residual_syntax.h"
#include "enc/trellis.h"
#include "h264/tables.h"

/* ---- neighbouring blocks ---- */

int avo_dc_cbf_inc(const AvoRowCtx *row, const AvoMbInfo *info, int flag)
{
    const AvoMbInfo *a = row->nb.a, *b = row->nb.b;
    int missing = AVO_MB_IS_INTRA(info->type);
    return (a ? (a->dc_flags & flag) != 0 : missing) +
           2 * (b ? (b->dc_flags & flag) != 0 : missing);
}

/* ---- what a bit costs the trellis ---- */

/* Share of the mode decision's lambda, 1/256: what was left out of a picture is missing in those
 * that refer to it, too, most of all in I pictures. */
enum { SHARE_I, SHARE_INTRA, SHARE_P, SHARE_BREF, SHARE_B };
static const uint16_t lambda_share_q8[] = {
    [SHARE_I] = 110, [SHARE_INTRA] = 180, [SHARE_P] = 240, [SHARE_BREF] = 256, [SHARE_B] = 256,
};

/* A psycho-visual strength of 1 takes this much off: levels keep texture that the squared error
 * alone does not value. Most of all in B pictures, whose mixed predictions lose most of it. */
enum { PSY_SHARE_Q8 = 60, PSY_SHARE_B_Q8 = 110, PSY_MAX = 200 };

static int64_t find_lambda2(const AvoRowCtx *row, bool intra)
{
    AvocetFrameType type = row->job->plan.type;
    int share = row->syntax.slice_type == AVO_SLICE_I ? SHARE_I
                : intra                               ? SHARE_INTRA
                : type == AVOCET_TYPE_P               ? SHARE_P
                : type == AVOCET_TYPE_BREF            ? SHARE_BREF
                                                      : SHARE_B;
    int psy_share_q8 = row->syntax.slice_type == AVO_SLICE_B ? PSY_SHARE_B_Q8 : PSY_SHARE_Q8;
    int psy_q8 = 256 - avo_min(row->job->tools->psy_rd, PSY_MAX) * psy_share_q8 / 100;
    return row->lambda2_q8 * (lambda_share_q8[share] * psy_q8) >> 16;
}

void avo_trellis_lambdas(AvoRowCtx *row)
{
    row->trellis_lambda2_q8[0] = find_lambda2(row, false);
    row->trellis_lambda2_q8[1] = find_lambda2(row, true);
}

/* ---- blocks ---- */

/* Of Intra4x4, too: the mean of a 4x4 is what carries on into the next. */
static int mean_extra(const AvoRowCtx *row, AvoBlockCat cat)
{
    if (!avo_means_matter(row))
        return 0;
    return cat == AVO_CAT_CHROMA_DC ? AVO_MEAN_EXTRA_CHROMA : AVO_MEAN_EXTRA_LUMA;
}

static AvoTrellisBlock trellis_block(const AvoRowCtx *row, const AvoMbCand *cand, AvoBlockCat cat,
                                     bool intra, int qp)
{
    return (AvoTrellisBlock){
        .dsp = row->job->dsp,
        .cat = cat,
        .contexts = row->syntax.cabac ? &cand->contexts : NULL,
        .cbf_inc = -1,
        .qp = qp,
        .lambda2_q8 = row->trellis_lambda2_q8[intra],
        .max_level = row->job->tools->clip_levels_cavlc ? 2047 : INT16_MAX,
        .mean_extra = mean_extra(row, cat),
    };
}

/* Neighbours of the block with index k in nnz, as the entropy coder in use sees them; of those of
 * an 8x8 block, too. */
static void look_around(AvoTrellisBlock *b, const AvoRowCtx *row, const AvoMbInfo *info, int k)
{
    if (row->syntax.cabac) {
        b->cbf_inc = avo_block_cbf_inc(row, info, k);
        return;
    }
    AvoAround n = avo_counts_around(row, info, k, -1);
    b->left[0] = (int8_t)n.left;
    b->above[0] = (int8_t)n.above;
    if (b->cat == AVO_CAT_LUMA_8x8) {
        b->left[1] = (int8_t)avo_counts_around(row, info, k + 4, -1).left;
        b->above[1] = (int8_t)avo_counts_around(row, info, k + 1, -1).above;
    }
}

int avo_round_4x4_x4(const AvoRowCtx *row, coef *rounded, const coef *c, int list, int qp)
{
    const AvoQuantSet *q = row->job->quant;
    memcpy(rounded, c, 64 * sizeof *c);
    return row->job->dsp->quant_4x4_x4(rounded, q->mf4[list][qp], q->round4[list][qp]);
}

bool avo_choose_4x4(const AvoRowCtx *row, const AvoMbCand *cand, coef *c, const coef *rounded,
                    AvoBlockCat cat, int list, int qp, int k, int64_t *gain)
{
    AvoTrellisBlock b = trellis_block(row, cand, cat, list < AVO_LIST_INTER_Y, qp);
    look_around(&b, row, &cand->info, k);
    b.scale = row->job->quant->scale.dequant4[list][qp % 6];
    return avo_trellis_choose(c, rounded, &b, gain);
}

bool avo_quant_4x4(const AvoRowCtx *row, const AvoMbCand *cand, coef *c, AvoBlockCat cat, int list,
                   int qp, int k, int64_t *gain)
{
    const AvoQuantSet *q = row->job->quant;
    const AvoDsp *dsp = row->job->dsp;
    if (!row->use_trellis)
        return dsp->quant_4x4(c, q->mf4[list][qp], q->bias4[list][qp]);
    AVO_ALIGN(32) coef rounded[16];
    memcpy(rounded, c, sizeof rounded);
    if (dsp->quant_4x4(rounded, q->mf4[list][qp], q->round4[list][qp]))
        return avo_choose_4x4(row, cand, c, rounded, cat, list, qp, k, gain);
    memset(c, 0, sizeof rounded);
    return false;
}

bool avo_quant_8x8(const AvoRowCtx *row, const AvoMbCand *cand, coef *c, int list, int qp, int blk8,
                   int64_t *gain)
{
    const AvoQuantSet *q = row->job->quant;
    if (!row->use_trellis)
        return row->job->dsp->quant_8x8(c, q->mf8[list][qp], q->bias8[list][qp]);
    AvoTrellisBlock b = trellis_block(row, cand, AVO_CAT_LUMA_8x8, list == AVO_LIST8_INTRA, qp);
    if (!row->syntax.cabac)
        look_around(&b, row, &cand->info, (blk8 & 2) * 4 + (blk8 & 1) * 2);
    b.mf = q->mf8[list][qp];
    b.round = q->round8[list][qp];
    b.scale = q->scale.dequant8[list][qp % 6];
    return avo_trellis_quant(c, &b, gain);
}

/* Of chroma, the mean alone is weighed by its quantiser: where it is wrong the next pictures copy
 * it, and it takes few bits. More of its texture costs luma as much as it gains. */
static int64_t dc_lambda2(const AvoRowCtx *row, bool intra, int flag)
{
    int64_t lambda2_q8 = row->trellis_lambda2_q8[intra];
    if (flag == AVO_DC_LUMA)
        return lambda2_q8;
    return avo_max64(lambda2_q8 * 256 / row->chroma_weight_q8[flag == AVO_DC_CR], 1);
}

bool avo_quant_dc(const AvoRowCtx *row, const AvoMbCand *cand, coef *c, AvoBlockCat cat, int flag,
                  int list, int qp, int64_t *gain)
{
    const AvoQuantSet *q = row->job->quant;
    if (!row->use_trellis) {
        int mf = q->dc_mf[list][qp], bias = q->dc_bias[list][qp];
        return cat == AVO_CAT_I16_DC ? row->job->dsp->quant_4x4_dc(c, mf, bias)
                                     : row->job->dsp->quant_2x2_dc(c, mf, bias);
    }
    AvoTrellisBlock b = trellis_block(row, cand, cat, list < AVO_LIST_INTER_Y, qp);
    b.lambda2_q8 = dc_lambda2(row, list < AVO_LIST_INTER_Y, flag);
    if (row->syntax.cabac)
        b.cbf_inc = avo_dc_cbf_inc(row, &cand->info, flag);
    else
        look_around(&b, row, &cand->info, 0); /* 9.2.1: nC of the DC is that of block 0 */
    b.mf = &q->dc_mf[list][qp];
    b.round = &q->dc_round[list][qp];
    b.scale = q->scale.dequant4[list][qp % 6];
    return avo_trellis_quant(c, &b, gain);
}

/* ---- groups ---- */

enum { CTX_QP_DELTA = 60, CTX_CBP_LUMA = 73, CTX_CBP_CHROMA = 77, CTX_TRANSFORM_8x8 = 399 };

static int bin_bits(const AvoRowCtx *row, int ctx, int bin)
{
    return avo_cabac_entropy[row->contexts.state[ctx] ^ bin];
}

/* What bin 1 costs more than bin 0. */
static int extra_bits(const AvoRowCtx *row, int ctx)
{
    return bin_bits(row, ctx, 1) - bin_bits(row, ctx, 0);
}

static int64_t worth(const AvoRowCtx *row, int bits_q8, bool intra)
{
    return row->trellis_lambda2_q8[intra] * bits_q8 * (1 << (AVO_TRELLIS_SCORE_BITS - 16));
}

/* An empty block with index k in nnz: coded_block_flag, coeff_token. */
static int empty_bits(const AvoRowCtx *row, const AvoMbCand *cand, AvoBlockCat cat, int k)
{
    if (row->syntax.cabac)
        return bin_bits(
            row, avo_cabac_cat[cat].coded_block_flag + avo_block_cbf_inc(row, &cand->info, k), 0);
    AvoAround n = avo_counts_around(row, &cand->info, k, -1);
    int nc = n.left < 0 ? n.above : n.above < 0 ? n.left : (n.left + n.above + 1) >> 1;
    return 256 * avo_coeff_token[avo_coeff_token_table(avo_max(nc, 0))][0][0].size;
}

static int empty_dc_bits(const AvoRowCtx *row, const AvoMbCand *cand, int flag)
{
    if (row->syntax.cabac)
        return bin_bits(row,
                        avo_cabac_cat[AVO_CAT_CHROMA_DC].coded_block_flag +
                            avo_dc_cbf_inc(row, &cand->info, flag),
                        0);
    return 256 * avo_coeff_token[avo_coeff_token_table(-1)][0][0].size;
}

/* CAVLC: what one coded block pattern costs more than another. With Intra16x16 it is part of
 * mb_type (Table 7-11). */
static int pattern_bits_cavlc(const AvoRowCtx *row, const AvoMbCand *cand, int cbp, int than)
{
    const AvoMbInfo *info = &cand->info;
    if (info->type == AVO_MB_I16x16) {
        static const uint8_t offset[3] = {[AVO_SLICE_P] = 6, [AVO_SLICE_B] = 24, [AVO_SLICE_I] = 1};
        uint32_t base = offset[row->syntax.slice_type] + cand->code.intra16_mode;
        return 256 * (avo_ue_bits(base + 4u * (uint32_t)(cbp >> 4) + (cbp & 15 ? 12 : 0)) -
                      avo_ue_bits(base + 4u * (uint32_t)(than >> 4) + (than & 15 ? 12 : 0)));
    }
    int inter = !AVO_MB_IS_INTRA(info->type);
    if (!row->syntax.chroma_format)
        return 256 * (avo_ue_bits(avo_cbp_to_me_mono[inter][cbp]) -
                      avo_ue_bits(avo_cbp_to_me_mono[inter][than]));
    return 256 * (avo_ue_bits(avo_cbp_to_me[inter][cbp]) - avo_ue_bits(avo_cbp_to_me[inter][than]));
}

/* Context of the bin for 8x8 block i in the pattern that has the bits of cbp so far. */
static int cbp_luma_ctx(const AvoRowCtx *row, int i, int cbp)
{
    int a = row->nb.a ? row->nb.a->cbp : 15, b = row->nb.b ? row->nb.b->cbp : 15;
    int left = i & 1 ? cbp >> (i - 1) : a >> (i + 1);
    int above = i & 2 ? cbp >> (i - 2) : b >> (i + 2);
    return CTX_CBP_LUMA + (~left & 1) + 2 * (~above & 1);
}

/* Context of "chroma coded" (0) or "chroma AC coded" (1), of coded_block_pattern or of mb_type. */
static int chroma_ctx(const AvoRowCtx *row, const AvoMbCand *cand, int which)
{
    if (cand->info.type == AVO_MB_I16x16)
        return avo_cabac_i_mb_type_ctx[row->syntax.slice_type][2 + which];
    int a = row->nb.a ? row->nb.a->cbp >> 4 : 0, b = row->nb.b ? row->nb.b->cbp >> 4 : 0;
    return CTX_CBP_CHROMA + 4 * which + (a > which) + 2 * (b > which);
}

int64_t avo_saved_luma_8x8(const AvoRowCtx *row, const AvoMbCand *cand, int blk8, int cbp)
{
    int bits = row->syntax.cabac ? extra_bits(row, cbp_luma_ctx(row, blk8, cbp))
                                 : pattern_bits_cavlc(row, cand, cbp | 1 << blk8, cbp);
    if (!cand->info.transform_8x8 || !row->syntax.cabac)
        for (int i = 4 * blk8; i < 4 * blk8 + 4; i++)
            bits += empty_bits(row, cand, AVO_CAT_LUMA_4x4, avo_blk_raster[i]);
    return worth(row, bits, false);
}

int64_t avo_saved_i16_ac(const AvoRowCtx *row, const AvoMbCand *cand)
{
    int bits = row->syntax.cabac
                   ? extra_bits(row, avo_cabac_i_mb_type_ctx[row->syntax.slice_type][1])
                   : pattern_bits_cavlc(row, cand, 15, 0);
    for (int k = 0; k < 16; k++)
        bits += empty_bits(row, cand, AVO_CAT_I16_AC, k);
    return worth(row, bits, true);
}

int64_t avo_saved_chroma_ac(const AvoRowCtx *row, const AvoMbCand *cand)
{
    int luma = cand->info.cbp & 15;
    int bits = row->syntax.cabac ? extra_bits(row, chroma_ctx(row, cand, 1))
                                 : pattern_bits_cavlc(row, cand, luma | 2 << 4, luma | 1 << 4);
    for (int k = 16; k < 24; k++)
        bits += empty_bits(row, cand, AVO_CAT_CHROMA_AC, k);
    return worth(row, bits, AVO_MB_IS_INTRA(cand->info.type));
}

int64_t avo_saved_chroma_dc(const AvoRowCtx *row, const AvoMbCand *cand)
{
    int luma = cand->info.cbp & 15;
    int bits = row->syntax.cabac ? extra_bits(row, chroma_ctx(row, cand, 0)) +
                                       bin_bits(row, chroma_ctx(row, cand, 1), 0)
                                 : pattern_bits_cavlc(row, cand, luma | 1 << 4, luma);
    bits += empty_dc_bits(row, cand, AVO_DC_CB) + empty_dc_bits(row, cand, AVO_DC_CR);
    return worth(row, bits, AVO_MB_IS_INTRA(cand->info.type));
}

static int residual_bits_cabac(const AvoRowCtx *row, const AvoMbCand *cand)
{
    const AvoMbInfo *a = row->nb.a, *b = row->nb.b;
    int cbp = cand->info.cbp;
    int bits =
        bin_bits(row, CTX_QP_DELTA + (row->prev_qp_delta_nonzero != 0), row->qp != row->prev_qp);
    for (int i = 0; i < 4; i++)
        bits += bin_bits(row, cbp_luma_ctx(row, i, cbp), cbp >> i & 1) -
                bin_bits(row, cbp_luma_ctx(row, i, 0), 0);
    if (row->syntax.transform_8x8_mode && cbp & 15)
        bits += bin_bits(row, CTX_TRANSFORM_8x8 + (a && a->transform_8x8) + (b && b->transform_8x8),
                         cand->info.transform_8x8);
    if (cbp >> 4)
        bits += extra_bits(row, chroma_ctx(row, cand, 0)) +
                bin_bits(row, chroma_ctx(row, cand, 1), cbp >> 4 == 2);
    return bits;
}

int64_t avo_saved_residual(const AvoRowCtx *row, const AvoMbCand *cand)
{
    int cbp = cand->info.cbp;
    int bits = row->syntax.cabac ? residual_bits_cabac(row, cand)
                                 : pattern_bits_cavlc(row, cand, cbp, 0) + 256 +
                                       256 * (row->syntax.transform_8x8_mode && cbp & 15);
    return worth(row, bits, AVO_MB_IS_INTRA(cand->info.type));
}
