/* Rate-distortion optimised quantisation (trellis) of one residual block under CABAC. */
#ifndef AVO_ENC_TRELLIS_H
#define AVO_ENC_TRELLIS_H

#include "dsp/pixel.h"
#include "enc/mb_bits.h"

typedef struct AvoTrellisBlock {
    const AvoCabacContexts *contexts; /* as they stand before the block; not changed */
    AvoBlockCat cat;
    int cbf_inc;               /* ctxIdxInc of coded_block_flag, -1: the flag is not sent (8x8)     */
    const uint16_t *mf;        /* forward multiplier per raster position, as for dsp->quant_*
                                * (level = c * mf >> 16; for DC blocks one value: mf_is_single)     */
    bool mf_is_single;
    int64_t lambda2_q8;        /* score = SSD (sample domain) + lambda2 * bits                      */
    int max_level;             /* largest |level| allowed */
} AvoTrellisBlock;

/* c: transform coefficients in raster order, replaced by the chosen levels (raster). Returns whether any is non-zero.
 * Sizes by cat: 16 (AC: index 0 is left alone and ignored), 4 (chroma DC) or 64. */
bool avo_trellis_quant(coef *c, const AvoTrellisBlock *block);

#endif
