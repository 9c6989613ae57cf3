/* Frames: their memory, which one is free, activation of parameter sets. See decoder.h. */
#include "dec/decoder.h"
#include "base/memory.h"

#define BATCH_MEMORY ((size_t)512 << 20) /* of the frames of pictures that run side by side */

/* ---- memory that depends on the picture size ---- */

static void *take(AvocetDecoder *dec, size_t size)
{
    return dec->allocator.alloc(dec->allocator.opaque, size, AVO_ARENA_ALIGN);
}

static void give_back(AvocetDecoder *dec, void *memory)
{
    if (memory)
        dec->allocator.free(dec->allocator.opaque, memory);
}

void avo_dec_deactivate(AvocetDecoder *dec)
{
    for (int i = 0; i < AVO_DEC_FRAMES; i++)
        give_back(dec, dec->frames[i].memory);
    for (int i = 0; i < dec->job_count; i++) {
        give_back(dec, dec->jobs[i]->slices);
        give_back(dec, dec->jobs[i]->group_map);
        dec->jobs[i]->slices = NULL;
        dec->jobs[i]->group_map = NULL;
    }
    memset(dec->frames, 0, sizeof dec->frames);
    memset(&dec->dpb, 0, sizeof dec->dpb);
    dec->frame_count = 0;
    dec->pending = dec->queue_count = 0;
    dec->current = NULL;
    dec->job = NULL;
    dec->held = NULL;
    dec->last_reference = NULL;
    dec->is_active = false;
    dec->has_header = false;
    dec->prev_ref_frame_num = -1;
}

/* ---- activation (7.4.1.2.1) ---- */

int avo_dec_check_supported(AvocetDecoder *dec, const AvoSps *sps)
{
    const char *what = avo_sps_unsupported(sps);
    if (what)
        return avo_fail(&dec->message, AVOCET_ERR_UNSUPPORTED, "%s is not supported", what);
    if (sps->mb_width > (dec->config.max_width + 15) / 16 ||
        sps->mb_height > (dec->config.max_height + 15) / 16 ||
        sps->mb_width * sps->mb_height > avo_levels[AVO_LEVEL_COUNT - 1].max_fs)
        return avo_fail(&dec->message, AVOCET_ERR_UNSUPPORTED,
                        "pictures of %dx%d are larger than allowed", 16 * sps->mb_width,
                        16 * sps->mb_height);
    return AVOCET_OK;
}

/* Frames change size or number: start from nothing. */
static int activate_size(AvocetDecoder *dec, const AvoSps *sps)
{
    avo_dec_deactivate(dec);
    dec->mb_count = sps->mb_width * sps->mb_height;
    bool complete = true;
    for (int i = 0; i < dec->job_count; i++) {
        AvoPicJob *job = dec->jobs[i];
        job->mb_count = dec->mb_count;
        job->slice_capacity = avo_min(dec->mb_count, AVO_SLICE_NONE - 2);
        job->slices = take(dec, ((size_t)job->slice_capacity + 1) * sizeof *job->slices);
        job->group_map = take(dec, (size_t)dec->mb_count);
        complete = complete && job->slices && job->group_map;
    }
    if (!complete) {
        avo_dec_deactivate(dec);
        return avo_fail(&dec->message, AVOCET_ERR_MEMORY, "no memory for pictures of %dx%d",
                        16 * sps->mb_width, 16 * sps->mb_height);
    }
    return AVOCET_OK;
}

static bool needs_new_frames(const AvocetDecoder *dec, const AvoSps *sps)
{
    const AvoSps *old = &dec->active_sps;
    return !dec->is_active || old->mb_width != sps->mb_width || old->mb_height != sps->mb_height ||
           old->chroma_format_idc != sps->chroma_format_idc;
}

/* Pictures that are gathered: all jobs, unless their frames took too much memory. */
static int find_batch(const AvocetDecoder *dec)
{
    size_t frame = (size_t)dec->mb_count * (384 + sizeof(AvoMbInfo));
    size_t most = BATCH_MEMORY / frame;
    return most >= (size_t)dec->job_count ? dec->job_count : avo_max((int)most, 1);
}

static void adopt_sps(AvocetDecoder *dec, int id)
{
    dec->active_sps = *dec->sps[id];
    dec->active_sps_serial = dec->sps_serial[id];
    dec->active_pps_serial = 0;
    avo_dec_find_limits(dec);
    dec->batch = find_batch(dec);
    int frames = dec->dpb_frames + AVO_DEC_FRAMES_EXTRA + (dec->job_count > 1 ? 2 * dec->batch : 0);
    dec->frame_count = avo_max(dec->frame_count, avo_min(frames, AVO_DEC_FRAMES));
}

/* Only an IDR picture may bring another set; where one comes in between and the frames stay the
 * same, decoding simply goes on with it. */
int avo_dec_activate_sps(AvocetDecoder *dec, int id, bool is_idr)
{
    const AvoSps *sps = dec->sps[id];
    if (!is_idr && !needs_new_frames(dec, sps)) {
        adopt_sps(dec, id);
        return AVOCET_OK;
    }
    avo_dec_output_all(dec);
    avo_dec_run_jobs(dec);
    if (dec->queue_count > 0)
        return AVO_DEC_AGAIN;
    if (needs_new_frames(dec, sps))
        AVO_RETURN_IF_ERROR(activate_size(dec, sps));
    for (int i = 0; i < dec->dpb.count; i++)
        dec->dpb.ref[i]->is_ref = false;
    memset(&dec->poc, 0, sizeof dec->poc);
    dec->last_reference = NULL;
    dec->dpb = (AvoDpb){.max_long_term_idx = -1};
    dec->prev_ref_frame_num = -1;
    dec->is_active = true;
    adopt_sps(dec, id);
    return AVOCET_OK;
}

int avo_dec_activate_pps(AvocetDecoder *dec, int id)
{
    if (dec->active_pps_serial == dec->pps_serial[id])
        return AVOCET_OK;
    dec->active_pps_serial = 0;
    dec->active_pps = *dec->pps[id];
    AVO_RETURN_IF_ERROR(avo_pps_activate(&dec->active_pps, &dec->active_sps, &dec->message));
    avo_quant_tables_init_dequant(&dec->quant, &dec->active_pps.scaling);
    dec->active_pps_serial = dec->pps_serial[id];
    return AVOCET_OK;
}

/* ---- frame pool ---- */

static bool is_free(const AvocetDecoder *dec, const AvoDecFrame *f)
{
    return f != dec->current && f != dec->last_reference && !f->f.is_ref && !f->waiting &&
           !f->queued && !f->held && !avo_dec_is_busy(dec, f);
}

/* A frame that nobody needs, NULL if there is none. */
static AvoDecFrame *find_free(AvocetDecoder *dec)
{
    for (int i = 0; i < dec->frame_count; i++)
        if (is_free(dec, &dec->frames[i]))
            return &dec->frames[i];
    return NULL;
}

static void carve(const AvocetDecoder *dec, AvoFrame *f, AvoTrace *trace, AvoArena *arena)
{
    avo_frame_carve(f, arena, dec->active_sps.mb_width, dec->active_sps.mb_height,
                    dec->active_sps.chroma_format_idc, AVO_FRAME_INFO);
    if (dec->config.inspect)
        avo_trace_carve(trace, f, arena);
}

/* Gives a pool frame its memory when it is used first. */
static int provide_memory(AvocetDecoder *dec, AvoDecFrame *frame)
{
    AvoArena arena;
    AvoFrame dry;
    AvoTrace dry_trace;
    if (frame->memory)
        return AVOCET_OK;
    avo_arena_init(&arena, NULL, 0);
    carve(dec, &dry, &dry_trace, &arena);
    size_t size = arena.used;
    frame->memory = arena.overflow ? NULL : take(dec, size);
    if (!frame->memory)
        return avo_fail(&dec->message, AVOCET_ERR_MEMORY, "no memory for a frame of %l bytes",
                        (int64_t)size);
    if (avo_memory_is_zeroed(&dec->allocator))
        avo_memory_prefer_large(frame->memory, size);
    avo_arena_init(&arena, frame->memory, size);
    carve(dec, &frame->f, &frame->trace, &arena);
    return AVOCET_OK;
}

int avo_dec_take_frame(AvocetDecoder *dec, AvoDecFrame **taken)
{
    AvoDecFrame *frame = find_free(dec);
    if (!frame && dec->pending) {
        avo_dec_run_jobs(dec);
        frame = find_free(dec);
    }
    if (!frame) {
        avo_dec_output_one(dec);
        return dec->queue_count > 0 ? AVO_DEC_AGAIN
                                    : avo_fail(&dec->message, AVOCET_ERR_INTERNAL, "no free frame");
    }
    AVO_RETURN_IF_ERROR(provide_memory(dec, frame));
    AvoFrame f = frame->f;
    AvoTrace trace = frame->trace;
    void *memory = frame->memory;
    memset(frame, 0, sizeof *frame);
    frame->memory = memory;
    frame->f = f;
    frame->trace = trace;
    frame->f.slot = (int)(frame - dec->frames);
    frame->f.is_ref = frame->f.is_idr = frame->f.non_existing = false;
    frame->f.long_term_idx = -1;
    frame->f.uid = ++dec->next_uid;
    avo_progress_reset(&frame->lines);
    *taken = frame;
    return AVOCET_OK;
}
