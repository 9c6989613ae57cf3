/* Quantisation of one residual block: plainly, or by the trellis with all it wants to know (tables,
 * contexts, increments), whichever row->use_trellis says. The contexts are those of coding.h. */
#ifndef AVO_ENC_BLOCK_QUANT_H
#define AVO_ENC_BLOCK_QUANT_H

#include "enc/row.h"

/* Scaling list numbers of AvoQuantSet. */
enum { AVO_LIST_INTRA_Y = 0, AVO_LIST_INTER_Y = 3, AVO_LIST8_INTRA = 0, AVO_LIST8_INTER = 1 };

/* Sets row->trellis_lambda2_q8 from row->lambda2_q8. */
void avo_trellis_lambdas(AvoRowCtx *row);

/* Each replaces coefficients by levels in raster order and returns whether any is not 0; *gain is
 * what they are worth against an empty block, in units of AVO_TRELLIS_SCORE_BITS (trellis only,
 * else untouched, as where nothing is left). AC blocks come with 0 in the place of their DC. k: the
 * block's index in AvoMbInfo.nnz. flag: AVO_DC_*. */
bool avo_quant_4x4(const AvoRowCtx *row, const AvoMbCand *cand, coef *c, AvoBlockCat cat, int list,
                   int qp, int k, int64_t *gain);
bool avo_quant_8x8(const AvoRowCtx *row, const AvoMbCand *cand, coef *c, int list, int qp, int blk8,
                   int64_t *gain);
bool avo_quant_dc(const AvoRowCtx *row, const AvoMbCand *cand, coef *c, AvoBlockCat cat, int flag,
                  int list, int qp, int64_t *gain);

/* The trellis for many 4x4 blocks, most of which are empty: the first rounds four blocks to the
 * nearest levels and returns which of them have any (bit i: block i), the second chooses levels for
 * one that has. */
int avo_round_4x4_x4(const AvoRowCtx *row, coef *rounded, const coef *c, int list, int qp);
bool avo_choose_4x4(const AvoRowCtx *row, const AvoMbCand *cand, coef *c, const coef *rounded,
                    AvoBlockCat cat, int list, int qp, int k, int64_t *gain);

/* Levels in the blocks beside one, or what stands for them outside. */
typedef struct AvoAround {
    int left, above;
} AvoAround;

/* k: index in nnz of a luma block, four of which are a row, or of a chroma block, two of which are.
 */
AVO_INLINE AvoAround avo_counts_around(const AvoRowCtx *row, const AvoMbInfo *info, int k,
                                       int missing)
{
    int wide = k < 16 ? 4 : 2, row_end = wide - 1, last_row = wide * row_end;
    const AvoMbInfo *a = row->nb.a, *b = row->nb.b;
    return (AvoAround){
        .left = k & row_end ? info->nnz[k - 1]
                : a         ? a->nnz[k + row_end]
                            : missing,
        .above = k & last_row ? info->nnz[k - wide]
                 : b          ? b->nnz[k + last_row]
                              : missing,
    };
}

/* ctxIdxInc of coded_block_flag (9.3.3.1.1.9) for the block with index k in nnz, or for DC. */
AVO_INLINE int avo_block_cbf_inc(const AvoRowCtx *row, const AvoMbInfo *info, int k)
{
    AvoAround n = avo_counts_around(row, info, k, AVO_MB_IS_INTRA(info->type));
    return (n.left != 0) + 2 * (n.above != 0);
}
int avo_dc_cbf_inc(const AvoRowCtx *row, const AvoMbInfo *info, int flag);

/* What it would save, in the unit of gains, to leave a group of blocks out by coded_block_pattern
 * or mb_type instead of coding each as empty. cbp: luma bits of the 8x8 blocks before this one. */
int64_t avo_saved_luma_8x8(const AvoRowCtx *row, const AvoMbCand *cand, int blk8, int cbp);
int64_t avo_saved_i16_ac(const AvoRowCtx *row, const AvoMbCand *cand);
int64_t avo_saved_chroma_ac(const AvoRowCtx *row, const AvoMbCand *cand);
int64_t avo_saved_chroma_dc(const AvoRowCtx *row, const AvoMbCand *cand);
/* The same for all residual that is left in an inter macroblock after that. */
int64_t avo_saved_residual(const AvoRowCtx *row, const AvoMbCand *cand);

#endif
