/* Motion-compensated temporal filter: what others will refer to is averaged with its neighbours in
 * time before it is coded.
 *
 * In: a plan with its neighbours (unfiltered sources) and the quantiser of its picture. Out: planes
 * that are coded in place of the source's. Rows of macroblocks are independent of each other and
 * may run in any order and at once. */
#ifndef AVO_ENC_TEMPORAL_FILTER_H
#define AVO_ENC_TEMPORAL_FILTER_H

#include "dsp/dsp.h"
#include "enc/plan.h"

/* What all rows of a picture have in common. */
typedef struct AvoTemporalFilter {
    const AvoDsp *dsp;
    const AvoPlan *plan; /* of the picture being filtered */
    AvoPlane plane[3];   /* the result; chroma data NULL in 4:0:0 */
    int mb_width, mb_height;
    int strength;  /* the option */
    int tolerance; /* squared error of 8x8 samples that the quantiser makes nothing of */
    /* Weight of each neighbour when it fits; the picture's own is 256. */
    int base_q8[AVO_NEIGHBOURS_MAX];
} AvoTemporalFilter;

/* Carves the result's planes; safe on a dry run. strength 0 carves nothing. */
void avo_temporal_carve(AvoTemporalFilter *f, AvoArena *arena, const AvoDsp *dsp, int mb_width,
                        int mb_height, int chroma_format, int strength);
/* Prepares for the picture of a plan that is about to be coded at qp_q8 (1/256 QP, block offsets
 * left out); the plan must stay until all rows are done. False: it is to be coded as it is. */
bool avo_temporal_start(AvoTemporalFilter *f, const AvoPlan *plan, int qp_q8);
/* Filters one row of macroblocks. */
void avo_temporal_row(const AvoTemporalFilter *f, int mb_y);

#endif
