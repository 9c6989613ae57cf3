/* Rate-distortion optimised quantisation of one residual block: the trellis under CABAC, a search
 * downwards from the rounded levels under CAVLC. */
#ifndef AVO_ENC_TRELLIS_H
#define AVO_ENC_TRELLIS_H

#include "dsp/dsp.h"
#include "enc/coef_error.h"
#include "enc/mb_bits.h"

typedef struct AvoTrellisBlock {
    const AvoDsp *dsp;
    AvoBlockCat cat;
    /* CABAC: contexts as they stand before the block, not changed; ctxIdxInc of coded_block_flag,
     * -1: the flag is not sent (8x8). */
    const AvoCabacContexts *contexts;
    int cbf_inc;
    /* CAVLC (contexts is NULL): number of levels in the blocks to the left and above, -1: not
     * available. Two each for an 8x8 block; of no interest for chroma DC. */
    int8_t left[2], above[2];
    /* Rounding to the nearest level: (|c| + round) * mf >> 16; raster, DC blocks:
     * one value each. */
    const uint16_t *mf, *round;
    const uint16_t *scale; /* LevelScale(qp % 6) in raster order; DC blocks use the first */
    int qp;
    int64_t lambda2_q8; /* score = SSD (sample domain) + lambda2 * bits */
    int max_level;      /* largest |level| allowed */
    int mean_extra;     /* errors of means count 1 + so many times */
} AvoTrellisBlock;

/* A coefficient of the block, its error weighed. What DC blocks hold are means. */
AVO_INLINE AvoCoefPoint avo_trellis_point(const AvoTrellisBlock *b, AvoCoefKind kind, int raster,
                                          int magnitude)
{
    AvoCoefPoint point = avo_coef_point(kind, b->scale, b->qp, raster, magnitude);
    if (raster == 0 || kind == AVO_COEF_DC_2x2 || kind == AVO_COEF_DC_4x4)
        point.weight *= 1 + b->mean_extra;
    return point;
}

/* What the levels gain over an empty block (with its coded_block_flag 0 or coeff_token): difference
 * of the scores in AVO_TRELLIS_SCORE_BITS fractional bits; 0 for a block left empty. */
#define AVO_TRELLIS_SCORE_BITS 18

/* c: transform coefficients in raster order, replaced by the chosen levels (raster). Sizes by cat:
 * 16 (AC: index 0 is left alone and ignored), 4 (chroma DC) or 64. Returns whether any level is
 * non-zero. gain may be NULL. */
bool avo_trellis_quant(coef *c, const AvoTrellisBlock *block, int64_t *gain);

/* The same for who has rounded already, by mf and round: rounded, in raster order, has levels that
 * are not 0. */
bool avo_trellis_choose(coef *c, const coef *rounded, const AvoTrellisBlock *block, int64_t *gain);

/* cavlc_choose.c. levels: rounded magnitudes in scan order, replaced; c: coefficients in raster
 * order; mask: levels that are not 0. Returns the gain, 0 if an empty block is best (levels are
 * then undefined). */
int64_t avo_cavlc_choose(int16_t *levels, const coef *c, uint64_t mask, const AvoTrellisBlock *b,
                         AvoCoefKind kind);

#endif
