/* See taste.h.
 *
 * Every row to be tasted is a slice of its own, and the rows between are one, too, so that nothing
 * refers to rows that are not there. */
#include "enc/taste.h"

int avo_taste_count(int rows, int step, int most)
{
    return avo_clip3(1, most, rows / step);
}

int avo_taste_row(int rows, int count, int index)
{
    return (2 * index + 1) * rows / (2 * count);
}

static void taste_task(void *context, int index, int worker)
{
    const AvoTaste *taste = context;
    avo_row_encode(&taste->workers[worker], taste->job,
                   avo_taste_row(taste->rows, taste->count, index));
}

static void make_slices(const AvoTaste *taste)
{
    AvoPicJob *job = taste->job;
    for (int i = 0; i < taste->count; i++) {
        int row = avo_taste_row(taste->rows, taste->count, i);
        job->slice_end_row[2 * i] = row;
        job->slice_end_row[2 * i + 1] = row + 1;
        avo_progress_publish(&job->row_progress[row - 1], job->mb_width + 1);
    }
    job->slice_count = 2 * taste->count;
}

void avo_taste_begin(AvoTaste *taste)
{
    AvoPicJob *job = taste->job;
    taste->slice_count = job->slice_count;
    memcpy(taste->slice_end_row, job->slice_end_row, sizeof taste->slice_end_row);
    make_slices(taste);
    avo_pool_run(taste->pool, taste_task, taste, taste->count);
    for (int i = 0; i < taste->count; i++)
        avo_resolve_row_qp(job, avo_taste_row(taste->rows, taste->count, i));
}

void avo_taste_end(const AvoTaste *taste)
{
    AvoPicJob *job = taste->job;
    memcpy(job->slice_end_row, taste->slice_end_row, sizeof taste->slice_end_row);
    job->slice_count = taste->slice_count;
}
