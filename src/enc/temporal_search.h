/* Where a block of a picture is found in another one, to a sixteenth of a sample: block matching
 * for the temporal filter. It looks for true motion, so nothing but the difference counts. */
#ifndef AVO_ENC_TEMPORAL_SEARCH_H
#define AVO_ENC_TEMPORAL_SEARCH_H

#include "base/util.h"
#include "dsp/dsp.h"
#include "h264/frame.h"

/* An 8x8 luma block as refinement needs it. */
typedef struct AvoTemporalBlock {
    const pixel *cur;
    ptrdiff_t stride;
    int x, y;              /* in the picture, samples */
    int64_t hxx, hxy, hyy; /* sums of products of slopes, regularised */
    AVO_ALIGN(32) int16_t slope[2][64];
} AvoTemporalBlock;

/* A block found: its samples and how they differ. */
typedef struct AvoTemporalMatch {
    AvoMv mv;  /* 1/16 luma samples */
    int error; /* squared, sum over the block */
    int drift; /* sum of the squared sums of the error in the four quarters */
} AvoTemporalMatch;

/* Slopes of the block at x, y. */
void avo_temporal_block_init(AvoTemporalBlock *b, const AvoDsp *dsp, const AvoPlane *plane, int x,
                             int y);
/* Best whole-sample vector (in samples) of the 16x16 block at x, y among the candidates and what
 * lies around the best of them. cur: the block, stride AVO_CUR_STRIDE, aligned. Returns its SAD. */
int avo_temporal_search(const AvoDsp *dsp, const pixel *cur, const AvoPlane *ref, int x, int y,
                        const AvoMv *candidates, int count, AvoMv *best);
/* Refines from a whole-sample vector, as long as the error may come below error_max; pred gets the
 * samples of the match, stride 8. */
AvoTemporalMatch avo_temporal_refine(const AvoTemporalBlock *b, const AvoDsp *dsp,
                                     const AvoPlane *ref, AvoMv start, int64_t error_max,
                                     pixel *pred);
/* Samples of a plane around (x + mv.x / 16, y + mv.y / 16), border samples repeated outside. */
void avo_temporal_fetch(const AvoDsp *dsp, pixel *dst, ptrdiff_t stride_dst, const AvoPlane *plane,
                        int x, int y, AvoMv mv, int size);

#endif
