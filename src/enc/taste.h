/* Some rows of an intra picture, coded for a try before it is begun. */
#ifndef AVO_ENC_TASTE_H
#define AVO_ENC_TASTE_H

#include "base/taskpool.h"
#include "enc/job.h"
#include "enc/row.h"

#define AVO_TASTE_ROWS 16 /* at most */

typedef struct AvoTaste {
    AvoPicJob *job;
    AvoTaskPool *pool;
    AvoRowCtx *workers; /* one context per worker of pool */
    int rows;           /* among the first so many, at least 2, */
    int count;          /* so many are coded */
    /* The picture's own slices. */
    int slice_count, slice_end_row[2 * AVO_TASTE_ROWS];
} AvoTaste;

/* One row in `step` (at least 2), spread evenly: how many, and which. */
int avo_taste_count(int rows, int step, int most);
int avo_taste_row(int rows, int count, int index);
/* Codes rows of a picture that is ready for its first row; they are in job->rec then, not yet
 * filtered. Until the end the picture has other slices, and it has to be started again. */
void avo_taste_begin(AvoTaste *taste);
void avo_taste_end(const AvoTaste *taste);

#endif
