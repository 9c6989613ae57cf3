/* Vector prediction (8.4.1.3), P_Skip (8.4.1.1), B direct (8.4.1.2). */
#ifndef AVO_H264_MVPRED_H
#define AVO_H264_MVPRED_H

#include "h264/neighbour.h"
#include "h264/slice.h"

/* Median rule for a partition whose first 4x4 block is (x, y) and which is w blocks wide; the
 * partitions before it must be in the cache. Serves 16x16, 8x8 and sub-partitions. */
AvoMv avo_mvpred_median(const AvoMvCache *cache, int list, int x, int y, int w, int ref);
AvoMv avo_mvpred_16x8(const AvoMvCache *cache, int list, int part, int ref);
AvoMv avo_mvpred_8x16(const AvoMvCache *cache, int list, int part, int ref);
/* The P_Skip vector (reference 0). nb tells availability. */
AvoMv avo_mvpred_pskip(const AvoMvCache *cache, const AvoNeighbours *nb);

/* The vectors and references that direct prediction gives a macroblock, for all four 8x8 blocks at
 * once. Spatial: the border of the cache is used, never its inside. Temporal: false if the stream
 * could not be coded with it (the co-located reference is not in list 0); out is then unspecified.
 * Blocks of intra co-located macroblocks included. */
typedef struct AvoDirect {
    AvoMv mv[2][16];      /* raster; 0 where a list is not used */
    int8_t ref_idx[2][4]; /* per 8x8; -1 not used */
} AvoDirect;
bool avo_direct_derive(AvoDirect *out, const AvoMvCache *cache, const AvoSliceRefs *refs, int mb_x,
                       int mb_y);

#endif
