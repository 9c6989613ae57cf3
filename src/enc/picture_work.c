/* See picture_work.h. */
#include "enc/picture_work.h"
#include "enc/lookahead.h"

#define LEAD 4 /* macroblocks between rows at their start, so that they do not wait soon again */

/* ---- memory ---- */

static void carve_lines(AvoPicJob *job, AvoArena *arena, const AvoSps *sps)
{
    for (int plane = 0; plane < (sps->chroma_format_idc ? 3 : 1); plane++) {
        size_t width = (size_t)sps->mb_width * (plane ? 8 : 16);
        job->line_stride[plane] = (ptrdiff_t)avo_align_up(width + 32, 64);
        size_t samples = (size_t)job->line_stride[plane] * (size_t)sps->mb_height + 64;
        pixel *lines = avo_arena_take(arena, samples * sizeof(pixel), 0);
        job->line[plane] = lines ? lines + 32 : NULL;
    }
}

static void carve_job(AvoPicJob *job, AvoArena *arena, const AvoSps *sps)
{
    size_t mbs = (size_t)sps->mb_width * (size_t)sps->mb_height, rows = (size_t)sps->mb_height;
    job->code = avo_arena_take(arena, mbs * sizeof *job->code, 0);
    job->levels = avo_arena_take(
        arena, (size_t)job->level_rows * (size_t)sps->mb_width * sizeof *job->levels, 0);
    carve_lines(job, arena, sps);
    job->row_contexts = avo_arena_take(arena, rows * sizeof *job->row_contexts, 0);
    job->row_progress = avo_arena_take(arena, rows * sizeof *job->row_progress, 0);
    job->row_last_qp = avo_arena_take(arena, rows, 0);
    job->row_stats = avo_arena_take(arena, rows * sizeof *job->row_stats, 0);
    avo_row_control_carve(&job->row_control, arena, (int)rows);
    avo_deblock_tally_carve(&job->deblock_tally, arena, sps->mb_width, sps->chroma_format_idc != 0);
    job->hpel_scratch =
        avo_arena_take(arena, ((size_t)sps->mb_width * 16 + 32 + 64) * sizeof(int16_t), 0);
}

void avo_picture_carve(AvoPictureWork *work, AvoArena *arena, const AvoSps *sps,
                       const AvocetEncoderConfig *config, size_t filler_bytes)
{
    carve_job(&work->job, arena, sps);
    avo_temporal_carve(&work->filter, arena, work->job.dsp, sps->mb_width, sps->mb_height,
                       sps->chroma_format_idc, config->temporal_filter);
    avo_packet_carve(&work->packet, arena, sps->mb_width * sps->mb_height, config->slices,
                     filler_bytes, config->container == AVOCET_ANNEXB);
}

/* ---- temporal filter ---- */

static void filter_task(void *context, int mb_y, int worker)
{
    const AvoPictureWork *work = context;
    (void)worker;
    avo_temporal_row(&work->filter, mb_y);
}

/* What is coded is the source, or what the temporal filter makes of it and its neighbours. */
static void begin_filter(AvoPictureWork *work)
{
    AvoPicJob *job = &work->job;
    work->filters = avo_temporal_start(&work->filter, &job->plan, job->frame_qp.qp_q8);
    job->input = work->filters ? work->filter.plane : job->plan.src->plane;
    if (work->filters)
        avo_pool_submit(work->pool, &work->filtering, filter_task, NULL, work, job->mb_height);
}

void avo_picture_release_neighbours(AvoPictureWork *work)
{
    if (work->filters)
        avo_pool_finish(work->pool, &work->filtering);
    work->filters = false;
    avo_plan_release_neighbours(&work->job.plan);
}

/* ---- rows ---- */

/* Everything is as before the first row; also for a picture that is coded again. */
static void start_rows(AvoPictureWork *work)
{
    AvoPicJob *job = &work->job;
    int mean = job->plan.qp_offset_q8 ? job->plan.qp_offset_mean_q8 : 0;
    job->slice_qp =
        avo_clip3(job->tools->qp_min, job->tools->qp_max, (job->frame_qp.qp_q8 + mean + 128) >> 8);
    job->header.qp = job->slice_qp;
    for (int i = 0; i < job->mb_width * job->mb_height; i++)
        job->rec->info[i].slice = AVO_SLICE_NONE;
    for (int i = 0; i < job->mb_height; i++)
        avo_progress_reset(&job->row_progress[i]);
    avo_progress_reset(avo_job_finished_rows(job, job->rec));
    avo_row_control_start(&job->row_control, &job->frame_qp, job->plan.row_cost,
                          (int64_t)work->packet.size * 8);
    if (job->frame_qp.starve)
        avo_row_control_starve(&job->row_control, job->frame_qp.bits_planned,
                               job->plan.coded_index);
    avo_picture_writer_begin(&work->writer, job, &work->packet);
}

/* The row above has its quantiser once it has begun. */
static void control_row(AvoPicJob *job, int mb_y)
{
    if (!job->row_control.on || mb_y < job->row_control.lag)
        return;
    avo_progress_wait(&job->row_progress[mb_y - 1], 1);
    avo_progress_wait(avo_job_finished_rows(job, job->rec), mb_y - job->row_control.lag + 1);
    avo_row_control_row(&job->row_control, mb_y);
}

/* From decisions to final samples and bits: all rows that are decided, in order. */
static void finish_rows(AvoPictureWork *work)
{
    AvoPicJob *job = &work->job;
    AvoProgress *finished = avo_job_finished_rows(job, job->rec);
    int mb_y = avo_progress_get(finished);
    for (; mb_y < job->mb_height && avo_progress_get(&job->row_progress[mb_y]) > job->mb_width;
         mb_y++) {
        avo_resolve_row_qp(job, mb_y);
        avo_row_control_done(&job->row_control, mb_y, avo_picture_writer_row(&work->writer, mb_y));
        avo_deblock_trial_row(job, mb_y);
        avo_finish_row(job, mb_y);
        avo_progress_publish(finished, mb_y + 1);
    }
}

/* Rows of its references that a row needs. */
static int rows_needed(const AvoPicJob *job, int mb_y)
{
    return avo_min(job->mb_height, mb_y + job->reach_rows);
}

static bool is_filtered(AvoPictureWork *work)
{
    return work->job.input != work->filter.plane ||
           avo_progress_get(&work->filtering.done) == work->job.mb_height;
}

/* The row above has come as far as a row waits for at its start, and a little further. */
static bool is_above_ahead(const AvoPicJob *job, int mb_y)
{
    int lead = avo_min(job->tools->context_columns + LEAD, job->mb_width);
    return mb_y == 0 || avo_progress_get(&job->row_progress[mb_y - 1]) >= lead;
}

static bool is_row_ready(void *context, int mb_y)
{
    AvoPictureWork *work = context;
    const AvoPicJob *job = &work->job;
    if (!is_filtered(work) || !is_above_ahead(job, mb_y))
        return false;
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < job->refs.count[list]; i++)
            if (avo_progress_get(avo_job_finished_rows(job, job->refs.frame[list][i])) <
                rows_needed(job, mb_y))
                return false;
    return true;
}

static void wait_for_input(AvoPictureWork *work, int mb_y)
{
    AvoPicJob *job = &work->job;
    if (job->input == work->filter.plane)
        avo_progress_wait(&work->filtering.done, job->mb_height);
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < job->refs.count[list]; i++)
            avo_progress_wait(avo_job_finished_rows(job, job->refs.frame[list][i]),
                              rows_needed(job, mb_y));
}

static void row_task(void *context, int mb_y, int worker)
{
    AvoPictureWork *work = context;
    AvoPicJob *job = &work->job;
    wait_for_input(work, mb_y);
    control_row(job, mb_y);
    avo_row_encode(&work->workers[worker], job, mb_y);
    avo_progress_publish(&job->row_progress[mb_y], job->mb_width + 1);
    for (int seen = avo_relay_enter(&job->finishing); seen;
         seen = avo_relay_leave(&job->finishing, seen))
        finish_rows(work);
}

/* Of the source: nothing waits for the temporal filter here. */
void avo_picture_taste(AvoPictureWork *work, AvoDeblockTrial *trial)
{
    work->job.input = work->job.plan.src->plane;
    start_rows(work);
    avo_deblock_trial_taste(trial, &work->job, work->pool, work->workers);
}

int avo_picture_match(AvoPictureWork *work, AvoSteady *steady)
{
    work->job.input = work->job.plan.src->plane;
    start_rows(work);
    return avo_steady_match(steady, &work->job, work->pool, work->workers);
}

void avo_picture_begin(AvoPictureWork *work)
{
    work->preamble = work->packet.size;
    begin_filter(work);
    start_rows(work);
    avo_pool_submit(work->pool, &work->rows, row_task, is_row_ready, work, work->job.mb_height);
}

void avo_picture_finish(AvoPictureWork *work)
{
    AvoPicJob *job = &work->job;
    avo_picture_release_neighbours(work);
    avo_pool_finish(work->pool, &work->rows);
    if (job->pps->cabac)
        avo_packet_zero_words(&work->packet, work->writer.bins,
                              avo_picture_writer_bytes(&work->writer),
                              job->mb_width * job->mb_height);
}

void avo_picture_repeat(AvoPictureWork *work)
{
    work->packet.size = work->preamble;
    work->packet.overflow = false;
    start_rows(work);
    avo_pool_submit(work->pool, &work->rows, row_task, is_row_ready, work, work->job.mb_height);
    avo_picture_finish(work);
}
