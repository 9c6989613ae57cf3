/* Rate control inside a picture: the quantiser of a row of macroblocks follows from what the rows
 * above it cost.
 *
 *     start(goal)   then for every row: wait until row r - lag is written, row(r), code it, done(r)
 *
 * The lookahead says how the picture's bits should spread over its rows. What finished rows really
 * took, against that, tells what the whole picture will take; the rest is coarsened or refined so
 * that the sum stays within the goal's band. Inside the band nothing is corrected: even quality is
 * worth more than an exact size.
 *
 * Row r knows the rows up to r - lag, and the quantisers (not the bits) of those between, however
 * many threads there are: so the bytes do not depend on them. */
#ifndef AVO_ENC_ROW_CONTROL_H
#define AVO_ENC_ROW_CONTROL_H

#include "base/arena.h"
#include "base/util.h"
#include "enc/plan.h"

typedef struct AvoRowControl {
    bool on;              /* otherwise all rows take the picture's quantiser */
    int rows;
    int lag;              /* at least 1 */
    AvoFrameQp goal;
    const uint32_t *cost; /* per row, what bits should be proportional to; NULL: equal */
    uint64_t cost_sum;
    int64_t bits_before;  /* of the picture, before its first row */
    int32_t *shift_q8;    /* per row: its quantiser above the picture's */
    int64_t *bits;        /* per row; from start on of the attempt before */
    uint8_t *starved;     /* per row: coded with the fewest bits possible (starve.c) */
} AvoRowControl;

/* Arrays for `rows` rows; safe on a dry run. */
void avo_row_control_carve(AvoRowControl *rc, AvoArena *arena, int rows);
/* For a picture; bits_before: its headers. */
void avo_row_control_start(AvoRowControl *rc, const AvoFrameQp *goal, const uint32_t *row_cost,
                           int64_t bits_before);
/* Starves rows until the others, at what they took last time, take no more than `bits`. */
void avo_row_control_starve(AvoRowControl *rc, int64_t bits, int64_t coded_index);
/* Sets shift_q8 of a row; rows up to row - lag are done, those between have been set. */
void avo_row_control_row(AvoRowControl *rc, int row);
/* What a row took. */
AVO_INLINE void avo_row_control_done(AvoRowControl *rc, int row, int64_t bits)
{
    rc->bits[row] = bits;
}
/* Mean of the shifts, weighted by cost, 1/256 QP. */
int avo_row_control_mean_q8(const AvoRowControl *rc);

#endif
