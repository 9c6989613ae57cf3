/* Pictures side by side: jobs are gathered and then run together. See decoder.h.
 *
 * A batch holds up to two pictures per thread. They start in the order of the stream, so whatever a
 * picture waits for has been started before it. One thread has a single job, whose slices run as
 * they come. */
#include "dec/decoder.h"

static void *carve(AvocetDecoder *dec, AvoArena *arena, int threads, int jobs)
{
    AvoPicJob **list = avo_arena_take(arena, (size_t)jobs * sizeof *list, 0);
    int stored = threads > 1 ? AVO_JOB_SLICES : 1;
    for (int i = 0; i < jobs; i++) {
        AvoPicJob *job = avo_arena_take(arena, sizeof *job, 0);
        AvoJobSlice *slices = avo_arena_take(arena, (size_t)stored * sizeof *slices, 0);
        if (!list || !job)
            continue;
        job->dsp = &dec->dsp;
        job->vlc = &dec->vlc;
        job->stored = slices;
        list[i] = job;
    }
    size_t faults = threads > 1 ? (size_t)(jobs + 1) * AVO_JOB_SLICES : 0;
    dec->faults = avo_arena_take(arena, faults * sizeof *dec->faults, 0);
    dec->pool = threads > 1 ? avo_pool_carve(arena, threads) : NULL;
    return list;
}

int avo_dec_open_jobs(AvocetDecoder *dec, AvoMessage *msg)
{
    AvoArena arena;
    int threads = dec->config.threads ? dec->config.threads : avo_cpu_count();
    threads = avo_min(threads, AVO_DEC_THREADS_MAX);
    int jobs = threads > 1 ? 2 * threads : 1;
    avo_arena_init(&arena, NULL, 0);
    carve(dec, &arena, threads, jobs);
    size_t size = arena.used;
    dec->job_memory = dec->allocator.alloc(dec->allocator.opaque, size, AVO_ARENA_ALIGN);
    if (!dec->job_memory)
        return avo_fail(msg, AVOCET_ERR_MEMORY, "no memory for %d threads", threads);
    avo_arena_init(&arena, dec->job_memory, size);
    dec->jobs = carve(dec, &arena, threads, jobs);
    dec->job_count = jobs;
    if (!dec->pool || avo_pool_start(dec->pool))
        return AVOCET_OK;
    dec->allocator.free(dec->allocator.opaque, dec->job_memory);
    return avo_fail(msg, AVOCET_ERR_MEMORY, "cannot start %d threads", threads);
}

void avo_dec_close_jobs(AvocetDecoder *dec)
{
    avo_pool_stop(dec->pool);
    for (int i = 0; i < dec->job_count; i++)
        if (dec->jobs[i]->bytes.data)
            dec->allocator.free(dec->allocator.opaque, dec->jobs[i]->bytes.data);
    dec->allocator.free(dec->allocator.opaque, dec->job_memory);
}

void avo_dec_begin_job(AvocetDecoder *dec)
{
    AvoPicJob *job = dec->jobs[dec->pending];
    dec->job = job;
    job->frame = dec->current;
    job->stand_in = job->grey = NULL;
    job->uses = 1u << dec->current->f.slot;
    job->has_first = false;
    job->accepted = job->stored_count = job->mbs_done = 0;
    job->bytes.size = 0;
    if (job->sps_serial != dec->active_sps_serial)
        job->sps = dec->active_sps;
    if (job->sps_serial != dec->active_sps_serial || job->pps_serial != dec->active_pps_serial) {
        job->pps = dec->active_pps;
        job->quant = dec->quant;
    }
    job->sps_serial = dec->active_sps_serial;
    job->pps_serial = dec->active_pps_serial;
    job->runs_at_once = !dec->pool;
    job->waits = false;
    if (job->runs_at_once)
        avo_job_start(job);
}

/* ---- slices ---- */

static void note_faults(AvocetDecoder *dec, const AvoPicJob *job)
{
    for (int i = 0; i < job->stored_count; i++) {
        const AvoJobSlice *slice = &job->stored[i];
        if (slice->status < 0)
            dec->faults[dec->fault_count++] =
                (AvoDecFault){slice->status, slice->unit_offset, slice->message};
    }
}

/* The current picture has more slices than are stored: everything before it runs, then its slices
 * as they come. */
static void stop_storing(AvocetDecoder *dec)
{
    AvoPicJob *job = dec->job;
    avo_dec_run_jobs(dec);
    job->runs_at_once = true;
    avo_job_start(job);
    avo_job_run_stored(job);
    note_faults(dec, job);
    job->stored_count = 0;
}

AvoJobSlice *avo_dec_next_slice(AvocetDecoder *dec)
{
    AvoPicJob *job = dec->job;
    if (!job->runs_at_once && job->stored_count == AVO_JOB_SLICES)
        stop_storing(dec);
    return &job->stored[job->stored_count];
}

static int store_slice(AvocetDecoder *dec, AvoJobSlice *slice)
{
    AvoPicJob *job = dec->job;
    AvoDecBuffer *bytes = &job->bytes;
    size_t size = dec->rbsp.size + AVO_SB_PADDING;
    AVO_RETURN_IF_ERROR(avo_dec_reserve(dec, bytes, bytes->size + size));
    memcpy(bytes->data + bytes->size, dec->rbsp.data, size);
    slice->at = bytes->size;
    slice->unit_offset = dec->unit_offset;
    bytes->size += size;
    job->stored_count++;
    return AVOCET_OK;
}

int avo_dec_add_slice(AvocetDecoder *dec, AvoJobSlice *slice)
{
    if (!dec->job->runs_at_once)
        return store_slice(dec, slice);
    int status = avo_job_run_slice(dec->job, slice);
    if (status < 0)
        dec->message = slice->message;
    return status;
}

/* ---- pictures ---- */

void avo_dec_end_job(AvocetDecoder *dec)
{
    if (dec->job->runs_at_once)
        avo_job_finish(dec->job);
    else
        dec->pending++;
}

static void run_job(void *context, int index, int worker)
{
    AvocetDecoder *dec = context;
    AvoPicJob *job = dec->jobs[index];
    (void)worker;
    job->waits = dec->pending > 1;
    avo_job_start(job);
    avo_job_run_stored(job);
    avo_job_finish(job);
}

void avo_dec_run_jobs(AvocetDecoder *dec)
{
    if (dec->pending == 0)
        return;
    if (dec->faults_told == dec->fault_count)
        dec->faults_told = dec->fault_count = 0;
    avo_pool_run(dec->pool, run_job, dec, dec->pending);
    for (int i = 0; i < dec->pending; i++)
        note_faults(dec, dec->jobs[i]);
    /* The job of the current picture, if it has one yet, becomes the first. */
    AvoPicJob *next = dec->pending < dec->job_count ? dec->jobs[dec->pending] : NULL;
    if (next) {
        dec->jobs[dec->pending] = dec->jobs[0];
        dec->jobs[0] = next;
    }
    dec->pending = 0;
}

bool avo_dec_is_busy(const AvocetDecoder *dec, const AvoDecFrame *frame)
{
    uint32_t uses = dec->current ? dec->job->uses : 0;
    for (int i = 0; i < dec->pending; i++)
        uses |= dec->jobs[i]->uses;
    return uses >> (frame - dec->frames) & 1;
}
