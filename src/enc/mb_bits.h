/* Entropy coding of macroblocks, once for real and once for counting: the same syntax code over
 * different sinks.
 *
 * A picture's records are written after its analysis (slice_write.h); mode decision asks here what
 * a candidate would cost. Counting never touches the real coder: with CABAC it runs on a shadow
 * copy of the contexts. */
#ifndef AVO_ENC_MB_BITS_H
#define AVO_ENC_MB_BITS_H

#include "h264/cabac_ctx.h"
#include "h264/neighbour.h"
#include "h264/slice.h"

/* Constant over a slice. */
typedef struct AvoSyntaxCtx {
    AvoSliceType slice_type;
    bool cabac;
    bool transform_8x8_mode;
    bool direct_8x8_inference;
    int chroma_format; /* 0 or 1 */
    int num_ref_idx[2];
} AvoSyntaxCtx;

/* One macroblock as the syntax sees it. Of info, everything that the syntax or its contexts need
 * must be filled in: type, cbp, transform_8x8, nnz, dc_flags, intra_chroma_mode, ref_idx,
 * direct8x8, and with CABAC mvd; nnz and dc_flags are 0 where the cbp says that nothing is coded.
 * An 8x8 transform block whose cbp bit is set has at least one level with CABAC. */
typedef struct AvoMbSyntax {
    const AvoMbInfo *info;
    const AvoMbCode *code;
    const AvoLevels *levels;
    AvoNeighbours nb;
    int qp_pred;               /* QPY,pred (7.4.5) */
    int prev_qp_delta_nonzero; /* previous macroblock in coding order sent a non-zero mb_qp_delta */
} AvoMbSyntax;

/* Whether mb_qp_delta and residual() are sent (7.3.5): then the macroblock's QP is the wanted one.
 */
static inline bool avo_mb_has_residual(const AvoMbInfo *info)
{
    return info->type == AVO_MB_I16x16 || (info->type != AVO_MB_IPCM && info->cbp);
}

/* Bits of the whole macroblock in 1/256 bit, mb_skip_flag included (CAVLC: skip counts as 1/2 bit
 * or so; the run is not known). ctx: CABAC contexts, advanced as the writer would advance them;
 * NULL for CAVLC. */
uint32_t avo_mb_bits(const AvoSyntaxCtx *syntax, const AvoMbSyntax *mb, AvoCabacContexts *ctx);
/* With CABAC, without the residual. */
uint32_t avo_mb_head_bits(const AvoSyntaxCtx *syntax, const AvoMbSyntax *mb, AvoCabacContexts *ctx);

/* ctxBlockCat (Table 9-42). */
typedef enum AvoBlockCat {
    AVO_CAT_I16_DC,
    AVO_CAT_I16_AC,
    AVO_CAT_LUMA_4x4,
    AVO_CAT_CHROMA_DC,
    AVO_CAT_CHROMA_AC,
    AVO_CAT_LUMA_8x8
} AvoBlockCat;

/* Bits of one residual block, 1/256 bit; a block of zeros costs its coded_block_flag or coeff_token
 * (an 8x8 block: nothing). Levels are found by value, whatever the records say. CABAC: cbf_inc is
 * ctxIdxInc of coded_block_flag (not used for LUMA_8x8); ctx is advanced. levels points at index 0
 * of the block as in AvoLevels (AC blocks: index 0 unused). nonzero: bit i: level i is not 0. */
uint32_t avo_block_bits_cabac(AvoCabacContexts *ctx, AvoBlockCat cat, int cbf_inc,
                              const int16_t *levels, uint64_t nonzero);
/* The same with contexts that are not advanced. */
uint32_t avo_block_bits_kept(const AvoCabacContexts *ctx, AvoBlockCat cat, int cbf_inc,
                             const int16_t *levels);
/* CAVLC: nc as in 9.2.1 (chroma DC: -1). */
uint32_t avo_block_bits_cavlc(AvoBlockCat cat, int nc, const int16_t *levels);
/* The same for who knows which levels are not 0. */
uint32_t avo_block_bits_cavlc_of(AvoBlockCat cat, int nc, const int16_t *levels, uint32_t nonzero);

#endif
