/* The loop filter (8.7): boundary strengths from macroblock records,
 * one row of macroblocks at a time. */
#ifndef AVO_H264_DEBLOCK_H
#define AVO_H264_DEBLOCK_H

#include "dsp/dsp.h"
#include "h264/frame.h"

/* Per slice of the picture, indexed by AvoMbInfo.slice. */
typedef struct AvoDeblockSlice {
    int disable_idc;               /* disable_deblocking_filter_idc */
    int alpha_offset, beta_offset; /* FilterOffsetA, FilterOffsetB (already times 2) */
    int chroma_qp_offset[2];
} AvoDeblockSlice;

/* Filters macroblock row mb_y of frame in place, macroblocks left to right; rows must be filtered
 * in order and row mb_y must be completely reconstructed (row mb_y + 1 need not be). It changes up
 * to 3 luma (1 chroma) rows of the macroblock row above. */
void avo_deblock_row(const AvoDsp *dsp, AvoFrame *frame, int mb_y, const AvoDeblockSlice *slices);

/* The same on a copy of the row's samples, row[c].data being its first in plane c. */
void avo_deblock_row_copy(const AvoDsp *dsp, const AvoFrame *frame, int mb_y,
                          const AvoDeblockSlice *slices, const AvoPlane row[3]);

#endif
