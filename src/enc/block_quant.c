/* See block_quant.h. */
#include "enc/block_quant.h"
#include "enc/residual_syntax.h"
#include "enc/trellis.h"
#include "h264/tables.h"


/* ---- coded_block_flag (9.3.3.1.1.9) ---- */

/* ctxIdxInc for the block with index k in nnz. */
static int block_cbf_inc(const AvoRowCtx *row, const AvoMbInfo *info, int k)
{
    int wide = k < 16 ? 4 : 2, x = k & (wide - 1), y = (k & (wide * wide - 1)) / wide;
    const AvoMbInfo *a = row->nb.a, *b = row->nb.b;
    int missing = AVO_MB_IS_INTRA(info->type);
    int left = x ? info->nnz[k - 1] : a ? a->nnz[k + wide - 1] : missing;
    int above = y ? info->nnz[k - wide] : b ? b->nnz[k + wide * (wide - 1)] : missing;
    return (left != 0) + 2 * (above != 0);
}

static int dc_cbf_inc(const AvoRowCtx *row, const AvoMbInfo *info, int flag)
{
    const AvoMbInfo *a = row->nb.a, *b = row->nb.b;
    int missing = AVO_MB_IS_INTRA(info->type);
    return (a ? (a->dc_flags & flag) != 0 : missing) + 2 * (b ? (b->dc_flags & flag) != 0 : missing);
}

/* ---- what a bit costs the trellis ---- */

/* Share of the mode decision's lambda, 1/256: what was left out of a picture is missing in those that refer to it, too,
 * most of all in I pictures. */
enum { SHARE_I, SHARE_INTRA, SHARE_P, SHARE_BREF, SHARE_B };
static const uint16_t lambda_share_q8[] = {
    [SHARE_I] = 110, [SHARE_INTRA] = 180, [SHARE_P] = 240, [SHARE_BREF] = 240, [SHARE_B] = 240,
};

static int64_t block_lambda2(const AvoRowCtx *row, bool intra)
{
    AvocetFrameType type = row->job->plan.type;
    int share = row->syntax.slice_type == AVO_SLICE_I ? SHARE_I
                : intra                               ? SHARE_INTRA
                : type == AVOCET_TYPE_P               ? SHARE_P
                : type == AVOCET_TYPE_BREF            ? SHARE_BREF
                                                      : SHARE_B;
    return row->lambda2_q8 * lambda_share_q8[share] >> 8;
}

/* ---- blocks ---- */

static AvoTrellisBlock trellis_block(const AvoRowCtx *row, AvoBlockCat cat, int cbf_inc, bool intra, int qp)
{
    return (AvoTrellisBlock){
        .dsp = row->job->dsp,
        .contexts = &row->coding,
        .cat = cat,
        .cbf_inc = cbf_inc,
        .qp = qp,
        .lambda2_q8 = block_lambda2(row, intra),
        .max_level = INT16_MAX,
    };
}

bool avo_quant_4x4(const AvoRowCtx *row, const AvoMbCand *cand, coef *c, AvoBlockCat cat, int list, int qp, int k,
                   int64_t *gain)
{
    const AvoQuantSet *q = row->job->quant;
    if (!row->use_trellis)
        return row->job->dsp->quant_4x4(c, q->mf4[list][qp], q->bias4[list][qp]);
    AvoTrellisBlock b = trellis_block(row, cat, block_cbf_inc(row, &cand->info, k), list < AVO_LIST_INTER_Y, qp);
    b.mf = q->mf4[list][qp];
    b.round = q->round4[list][qp];
    b.scale = q->scale.dequant4[list][qp % 6];
    return avo_trellis_quant(c, &b, gain);
}

bool avo_quant_8x8(const AvoRowCtx *row, coef *c, int list, int qp, int64_t *gain)
{
    const AvoQuantSet *q = row->job->quant;
    if (!row->use_trellis)
        return row->job->dsp->quant_8x8(c, q->mf8[list][qp], q->bias8[list][qp]);
    AvoTrellisBlock b = trellis_block(row, AVO_CAT_LUMA_8x8, -1, list == AVO_LIST8_INTRA, qp);
    b.mf = q->mf8[list][qp];
    b.round = q->round8[list][qp];
    b.scale = q->scale.dequant8[list][qp % 6];
    return avo_trellis_quant(c, &b, gain);
}

bool avo_quant_dc(const AvoRowCtx *row, const AvoMbCand *cand, coef *c, AvoBlockCat cat, int flag, int list, int qp,
                  int64_t *gain)
{
    const AvoQuantSet *q = row->job->quant;
    if (!row->use_trellis) {
        int mf = q->dc_mf[list][qp], bias = q->dc_bias[list][qp];
        return cat == AVO_CAT_I16_DC ? row->job->dsp->quant_4x4_dc(c, mf, bias)
                                     : row->job->dsp->quant_2x2_dc(c, mf, bias);
    }
    AvoTrellisBlock b = trellis_block(row, cat, dc_cbf_inc(row, &cand->info, flag), list < AVO_LIST_INTER_Y, qp);
    b.mf = &q->dc_mf[list][qp];
    b.round = &q->dc_round[list][qp];
    b.scale = q->scale.dequant4[list][qp % 6];
    return avo_trellis_quant(c, &b, gain);
}

/* ---- contexts ---- */

/* Contexts of residual blocks in frame macroblocks: 85..435 (table 9-34). */
enum { FIRST_RESIDUAL_CTX = 85, RESIDUAL_CTX_END = 436 };

void avo_coding_start(AvoRowCtx *row)
{
    if (row->use_trellis)
        memcpy(row->coding.state + FIRST_RESIDUAL_CTX, row->contexts.state + FIRST_RESIDUAL_CTX,
               RESIDUAL_CTX_END - FIRST_RESIDUAL_CTX);
}

void avo_coding_follow_4x4(AvoRowCtx *row, const AvoMbCand *cand, AvoBlockCat cat, int k, const int16_t *levels)
{
    if (!row->use_trellis)
        return;
    int inc = block_cbf_inc(row, &cand->info, k);
    if (levels) {
        avo_block_bits_cabac(&row->coding, cat, inc, levels);
    } else {
        uint8_t *cbf = &row->coding.state[avo_cabac_cat[cat].coded_block_flag + inc];
        *cbf = avo_cabac_next[*cbf][0];
    }
}

void avo_coding_follow_8x8(AvoRowCtx *row, const int16_t *levels)
{
    if (row->use_trellis)
        avo_block_bits_cabac(&row->coding, AVO_CAT_LUMA_8x8, 0, levels);
}

void avo_coding_follow_intra(AvoRowCtx *row, const AvoMbCand *cand, int size, int raster)
{
    const int16_t *levels = cand->info.nnz[raster] ? cand->levels.luma[avo_blk_coding[raster]] : NULL;
    if (size == 4)
        avo_coding_follow_4x4(row, cand, AVO_CAT_LUMA_4x4, raster, levels);
    else if (levels)
        avo_coding_follow_8x8(row, levels);
}

/* ---- groups ---- */

static int64_t bin_bits(const AvoRowCtx *row, int ctx, int bin)
{
    return avo_cabac_entropy[row->contexts.state[ctx] ^ bin];
}

static int64_t worth(const AvoRowCtx *row, int64_t bits_q8, bool intra)
{
    return block_lambda2(row, intra) * bits_q8 << (AVO_TRELLIS_SCORE_BITS - 16);
}

int64_t avo_saved_luma_8x8(const AvoRowCtx *row, const AvoMbCand *cand, int blk8, int cbp)
{
    enum { CTX_CBP_LUMA = 73 };
    int a = row->nb.a ? row->nb.a->cbp : 15, b = row->nb.b ? row->nb.b->cbp : 15;
    int left = blk8 & 1 ? cbp >> (blk8 - 1) : a >> (blk8 + 1);
    int above = blk8 & 2 ? cbp >> (blk8 - 2) : b >> (blk8 + 2);
    int ctx = CTX_CBP_LUMA + (~left & 1) + 2 * (~above & 1);
    int64_t bits = bin_bits(row, ctx, 1) - bin_bits(row, ctx, 0);
    if (!cand->info.transform_8x8)
        for (int i = 4 * blk8; i < 4 * blk8 + 4; i++)
            bits += bin_bits(row, avo_cabac_cat[AVO_CAT_LUMA_4x4].coded_block_flag +
                                      block_cbf_inc(row, &cand->info, avo_blk_raster[i]), 0);
    return worth(row, bits, false);
}
