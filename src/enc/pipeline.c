/* See encoder.h. The only file that knows all stages: a picture's way from the application's
 * samples to an access unit.
 *
 *     take_picture:  input -> lookahead
 *     code_next:     plan -> references, rate control -> rows (wavefront) -> slices -> packet
 *                         -> rate control */
#include "enc/encoder.h"
#include "dsp/cpu.h"
#include "enc/headers_write.h"
#include "enc/motion.h"
#include "enc/options.h"
#include "enc/quality.h"
#include "enc/stream_setup.h"
#include "h264/nal.h"

/* ---- set-up ---- */

static void carve_frames(AvocetEncoder *enc, AvoArena *arena, int count)
{
    AvoFrame *frames = avo_arena_take(arena, (size_t)count * sizeof *frames, 0);
    for (int i = 0; i < count; i++) {
        AvoFrame dry, *f = frames ? &frames[i] : &dry;
        avo_frame_carve(f, arena, enc->sps.mb_width, enc->sps.mb_height, enc->sps.chroma_format_idc,
                        AVO_FRAME_HPEL | AVO_FRAME_INFO);
        f->slot = i;
        f->uid = -1;
    }
    enc->frames = frames;
}

static void carve_job(AvocetEncoder *enc, AvoArena *arena)
{
    AvoPicJob *job = &enc->job;
    size_t mbs = (size_t)enc->sps.mb_width * (size_t)enc->sps.mb_height,
           rows = (size_t)enc->sps.mb_height;
    job->code = avo_arena_take(arena, mbs * sizeof *job->code, 0);
    job->levels = avo_arena_take(arena, mbs * sizeof *job->levels, 0);
    for (int plane = 0; plane < (enc->sps.chroma_format_idc ? 3 : 1); plane++) {
        size_t width = (size_t)enc->sps.mb_width * (plane ? 8 : 16);
        job->line_stride[plane] = (ptrdiff_t)avo_align_up(width + 32, 64);
        pixel *lines =
            avo_arena_take(arena, ((size_t)job->line_stride[plane] * rows + 64) * sizeof(pixel), 0);
        job->line[plane] = lines ? lines + 32 : NULL;
    }
    job->row_contexts = avo_arena_take(arena, rows * sizeof *job->row_contexts, 0);
    job->row_progress = avo_arena_take(arena, rows * sizeof *job->row_progress, 0);
    job->row_last_qp = avo_arena_take(arena, rows, 0);
    job->row_stats = avo_arena_take(arena, rows * sizeof *job->row_stats, 0);
    avo_row_control_carve(&job->row_control, arena, (int)rows);
    job->hpel_scratch =
        avo_arena_take(arena, ((size_t)enc->sps.mb_width * 16 + 32 + 64) * sizeof(int16_t), 0);
    job->mvd_range = avo_mvd_range(16 * enc->sps.mb_width, 16 * enc->sps.mb_height);
    enc->mvd_bits = avo_arena_take(arena, (size_t)(2 * job->mvd_range + 1) * sizeof(uint16_t), 0);
    enc->quant = avo_arena_take(arena, sizeof *enc->quant, 0);
}

static void bind_job(AvocetEncoder *enc)
{
    AvoPicJob *job = &enc->job;
    const AvoLevelLimits *level = avo_level_find(enc->config.level);
    job->tools = &enc->tools;
    job->dsp = &enc->dsp;
    job->sps = &enc->sps;
    job->pps = &enc->pps;
    job->quant = enc->quant;
    job->mvd_bits = enc->mvd_bits + job->mvd_range;
    job->mb_width = enc->sps.mb_width;
    job->mb_height = enc->sps.mb_height;
    job->seen_width = enc->config.width;
    job->seen_height = enc->config.height;
    job->mv_min_y = -4 * avo_min(level->max_vmv, 2048);
    job->mv_max_y = 4 * avo_min(level->max_vmv, 2048) - 1;
    job->mv_min_x = -8192;
    job->mv_max_x = 8191;
    job->max_mvs_per_2mb = level->max_mvs_per_2mb;
}

static void set_slices(AvocetEncoder *enc)
{
    AvoPicJob *job = &enc->job;
    const AvocetEncoderConfig *c = &enc->config;
    job->slice_count = avo_clip3(1, avo_min(AVO_SLICES_MAX, job->mb_height), c->slices);
    for (int i = 0; i < job->slice_count; i++) {
        job->slice_end_row[i] = job->mb_height * (i + 1) / job->slice_count;
        job->deblock_slice[i] = (AvoDeblockSlice){
            .disable_idc = !c->deblock,
            .alpha_offset = 2 * c->deblock_alpha,
            .beta_offset = 2 * c->deblock_beta,
            .chroma_qp_offset = {enc->pps.chroma_qp_offset[0], enc->pps.chroma_qp_offset[1]},
        };
    }
    job->deblock = c->deblock;
}

static int begin_two_pass(AvocetEncoder *enc)
{
    int bframes = avo_lookahead_bframes(enc->lookahead);
    AVO_RETURN_IF_ERROR(
        avo_two_pass_begin(&enc->two_pass, &enc->rc, &enc->config, bframes, &enc->message));
    if (!enc->two_pass.count)
        return AVOCET_OK;
    enc->rc.two_pass = &enc->two_pass;
    avo_lookahead_follow(enc->lookahead, enc->two_pass.type, enc->two_pass.count);
    return AVOCET_OK;
}

int avo_encoder_setup(AvocetEncoder *enc, AvoArena *arena)
{
    const AvocetEncoderConfig *c = &enc->config;
    int dpb_frames = avo_config_dpb_frames(c), workers = c->threads ? c->threads : avo_cpu_count();
    enc->reorder = avo_config_reorder_frames(c);
    avo_setup_sps(&enc->sps, c, dpb_frames, enc->reorder);
    avo_setup_pps(&enc->pps, &enc->sps, c);
    enc->has_fade_pps = avo_setup_fade_pps(&enc->fade_pps, &enc->pps);
    avo_tools_from_config(&enc->tools, c, enc->sps.profile_idc);
    avo_dsp_init(&enc->dsp, avo_cpu_detect() & c->cpu_mask);
    workers = avo_clip3(1, enc->sps.mb_height, workers);

    carve_frames(enc, arena, dpb_frames + 2);
    carve_job(enc, arena);
    avo_input_carve(&enc->input, arena, c, enc->sps.chroma_format_idc,
                    avo_lookahead_sources(c) + 2);
    enc->input.tasks = enc->pool = avo_pool_carve(arena, workers);
    enc->lookahead =
        avo_lookahead_carve(arena, &enc->input, enc->pool, workers, c, &enc->dsp, dpb_frames);
    avo_two_pass_carve(&enc->two_pass, arena, c);
    bool annexb = c->container == AVOCET_ANNEXB;
    size_t filler = c->filler ? (size_t)(c->vbv_bufsize / 8) : 0;
    avo_temporal_carve(&enc->filter, arena, &enc->dsp, enc->sps.mb_width, enc->sps.mb_height,
                       enc->sps.chroma_format_idc, c->temporal_filter);
    avo_packet_carve(&enc->packet, arena, enc->sps.mb_width * enc->sps.mb_height, c->slices, filler,
                     annexb);
    avo_packet_carve(&enc->headers, arena, 0, 0, 0, annexb);
    enc->rows = avo_arena_take(arena, (size_t)workers * sizeof *enc->rows, 0);
    if (!arena->base || arena->overflow)
        return arena->overflow ? AVOCET_ERR_MEMORY : AVOCET_OK;

    avo_quant_init(enc->quant, &enc->pps.scaling, enc->pps.chroma_qp_offset,
                   enc->tools.deadzone_intra, enc->tools.deadzone_inter);
    avo_mvd_bits_init(enc->mvd_bits, enc->job.mvd_range, c->cabac);
    avo_references_init(&enc->references, &enc->sps, &enc->pps, enc->frames, dpb_frames + 2, c);
    bind_job(enc);
    set_slices(enc);
    AVO_RETURN_IF_ERROR(
        avo_rc_init(&enc->rc, c, enc->sps.mb_width * enc->sps.mb_height, &enc->message));
    AVO_RETURN_IF_ERROR(begin_two_pass(enc));
    avo_encoder_write_headers(enc, &enc->headers);
    if (!avo_pool_start(enc->pool))
        return avo_fail(&enc->message, AVOCET_ERR_MEMORY, "cannot start %d threads", workers);
    return AVOCET_OK;
}

/* ---- pictures in ---- */

/* The lookahead may not be fed while it has plans to give, so the next one is taken as soon as it
 * is there. */
static void take_plan(AvocetEncoder *enc)
{
    if (!enc->has_plan)
        enc->has_plan = avo_lookahead_pop(enc->lookahead, &enc->job.plan);
}

int avo_encoder_take_picture(AvocetEncoder *enc, const AvocetPicture *picture)
{
    if (enc->sent && picture->pts <= enc->last_pts)
        return avo_fail(&enc->message, AVOCET_ERR_ARGUMENT,
                        "picture %l: pts %l is not above the previous %l", enc->sent, picture->pts,
                        enc->last_pts);
    if (enc->two_pass.count && enc->sent >= enc->two_pass.count)
        return avo_fail(&enc->message, AVOCET_ERR_ARGUMENT, "the first pass had only %l pictures",
                        enc->two_pass.count);
    AvoSource *src = avo_input_take(&enc->input);
    if (!src)
        return avo_fail(&enc->message, AVOCET_ERR_BUSY,
                        "receive packets before sending more pictures");
    int status =
        avo_input_convert(&enc->input, src, picture, &enc->config, &enc->dsp, &enc->message);
    if (status == AVOCET_OK) {
        if (enc->force_keyframe)
            src->wish = AVOCET_TYPE_IDR;
        enc->force_keyframe = false;
        enc->display_pts[enc->sent % AVO_PTS_RING] = picture->pts;
        if (enc->sent <= enc->reorder)
            enc->dts_shift = picture->pts - enc->display_pts[0];
        enc->last_pts = picture->pts;
        enc->sent++;
        avo_lookahead_push(enc->lookahead, src);
    }
    avo_input_release(src);
    take_plan(enc);
    return status;
}

/* ---- headers ---- */

static void add_version_sei(AvocetEncoder *enc, AvoPacketBuffer *p)
{
    static const uint8_t uuid[16] = {0x5b, 0x1c, 0x9e, 0x42, 0x7a, 0x60, 0x4d, 0x3f,
                                     0x9d, 0x0e, 0xa7, 0x21, 0xc8, 0x54, 0x6f, 0x13};
    char text[2048];
    size_t n = avo_format(text, sizeof text, "avocet %s: ", avocet_version());
    n += avo_options_describe(&enc->config, text + n, sizeof text - n);
    AvoBitWriter w = avo_packet_writer(p);
    avo_write_sei_user_data(&w, uuid, (const uint8_t *)text, n);
    avo_packet_add(p, 0, AVO_NAL_SEI, &w);
}

/* A small buffer at a low rate has no bits to spare for that. */
static bool has_room_for_text(const AvocetEncoder *enc)
{
    return !enc->rc.vbv.size || enc->rc.vbv.fill >= 65536;
}

static void add_parameter_sets(AvocetEncoder *enc, AvoPacketBuffer *p)
{
    AvoBitWriter w = avo_packet_writer(p);
    avo_write_sps(&w, &enc->sps);
    avo_packet_add(p, 3, AVO_NAL_SPS, &w);
    w = avo_packet_writer(p);
    avo_write_pps(&w, &enc->pps, &enc->sps);
    avo_packet_add(p, 3, AVO_NAL_PPS, &w);
    if (enc->has_fade_pps) {
        w = avo_packet_writer(p);
        avo_write_pps(&w, &enc->fade_pps, &enc->sps);
        avo_packet_add(p, 3, AVO_NAL_PPS, &w);
    }
}

void avo_encoder_write_headers(AvocetEncoder *enc, AvoPacketBuffer *p)
{
    avo_packet_reset(p);
    add_parameter_sets(enc, p);
    if (enc->config.sei_version)
        add_version_sei(enc, p);
}

static void add_hrd_sei(AvocetEncoder *enc, const AvoPlan *plan)
{
    const AvoVbv *vbv = &enc->rc.vbv;
    bool buffering = plan->type == AVOCET_TYPE_IDR;
    if (enc->sps.vui.nal_hrd_present && buffering) {
        uint32_t delay = avo_vbv_delay(vbv), whole = vbv->ticks;
        AvoBitWriter w = avo_packet_writer(&enc->packet);
        avo_write_sei_buffering_period(&w, &enc->sps, delay, whole - delay);
        avo_packet_add(&enc->packet, 0, AVO_NAL_SEI, &w);
    }
    if (enc->sps.vui.nal_hrd_present || enc->sps.vui.pic_struct_present) {
        int64_t output = plan->src->display_index - plan->coded_index + enc->reorder;
        AvoBitWriter w = avo_packet_writer(&enc->packet);
        avo_write_sei_pic_timing(&w, &enc->sps, (uint32_t)(2 * enc->since_buffering_period),
                                 (uint32_t)(2 * avo_max64(output, 0)), 0);
        avo_packet_add(&enc->packet, 0, AVO_NAL_SEI, &w);
    }
    if (buffering)
        enc->since_buffering_period = 0;
    enc->since_buffering_period++;
}

/* Everything of the access unit before its slices (7.4.1.2.3). */
static void add_preamble(AvocetEncoder *enc, const AvoPicJob *job)
{
    const AvocetEncoderConfig *c = &enc->config;
    AvoPacketBuffer *p = &enc->packet;
    bool idr = job->plan.type == AVOCET_TYPE_IDR;
    if (idr && enc->timing_changed) {
        enc->sps.vui.num_units_in_tick = (uint32_t)c->fps.den;
        enc->sps.vui.time_scale = (uint32_t)c->fps.num * 2;
    }
    if (c->aud) {
        AvoBitWriter w = avo_packet_writer(p);
        avo_write_aud(&w, job->header.type);
        avo_packet_add(p, 0, AVO_NAL_AUD, &w);
    }
    if (idr && (c->repeat_headers || job->plan.coded_index == 0 || enc->timing_changed)) {
        add_parameter_sets(enc, p);
        enc->timing_changed = false;
    }
    add_hrd_sei(enc, &job->plan);
    if (c->sei_version && job->plan.coded_index == 0 && has_room_for_text(enc))
        add_version_sei(enc, p);
    if (job->refresh_end > job->refresh_begin && job->refresh_begin == 0) {
        AvoBitWriter w = avo_packet_writer(p);
        avo_write_sei_recovery_point(
            &w, avo_min(c->keyint - 1, (1 << enc->sps.log2_max_frame_num) - 1), false, false);
        avo_packet_add(p, 0, AVO_NAL_SEI, &w);
    }
}

/* ---- one picture ---- */

static AvoSliceType slice_type_of(AvocetFrameType type)
{
    switch (type) {
    case AVOCET_TYPE_P:
        return AVO_SLICE_P;
    case AVOCET_TYPE_B:
    case AVOCET_TYPE_BREF:
        return AVO_SLICE_B;
    default:
        return AVO_SLICE_I;
    }
}

/* Explicit weights of B pictures follow the mean brightness: offsets only. Each reference has its
 * own in the slice header, in the shortest form: a weight of 1 with nothing behind the point. */
static void set_b_weights(AvoPicJob *job)
{
    AvoSliceHeader *h = &job->header;
    h->luma_log2_denom = h->chroma_log2_denom = 0;
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < job->refs.count[list]; i++) {
            int offset =
                (job->rec->brightness_q4 - job->refs.frame[list][i]->brightness_q4 + 8) >> 4;
            AvoWeight *w = &h->weight[list][i];
            w->luma_flag = offset != 0;
            w->w[0] = 1;
            w->o[0] = (int16_t)avo_clip3(-128, 127, offset);
        }
}

/* The lookahead's weights belong to the nearest anchor before the picture; see lead_with_weighted
 * in references.c. */
static void set_weights(AvoPicJob *job)
{
    AvoSliceHeader *h = &job->header;
    const AvoPlan *plan = &job->plan;
    h->luma_log2_denom = plan->weight.log2_denom[0];
    h->chroma_log2_denom = plan->weight.log2_denom[1];
    int anchor_poc = plan->poc - 2 * (int)(plan->src->display_index - plan->minigop_start);
    for (int i = 0; i < (job->header.type == AVO_SLICE_P ? job->refs.count[0] : 0); i++) {
        AvoWeight *w = &h->weight[0][i];
        bool here = i == 0 && job->refs.frame[0][i]->poc == anchor_poc;
        w->luma_flag = here && plan->weight.used[0];
        w->chroma_flag = here && (plan->weight.used[1] || plan->weight.used[2]);
        for (int c = 0; c < 3; c++) {
            bool used = here && plan->weight.used[c];
            w->w[c] = (int16_t)(used ? plan->weight.w[c]
                                     : 1 << (c ? h->chroma_log2_denom : h->luma_log2_denom));
            w->o[c] = (int16_t)(used ? plan->weight.o[c] : 0);
        }
    }
}

static void set_refresh(AvocetEncoder *enc, AvoPicJob *job)
{
    job->refresh_begin = job->refresh_end = 0;
    job->refresh_limits = false;
    if (!enc->config.intra_refresh || job->header.type != AVO_SLICE_P)
        return;
    int period = avo_min(enc->config.keyint, 4 * job->mb_width);
    int step = (int)((job->plan.coded_index - enc->last_idr_coded - 1) % period);
    job->refresh_begin = job->mb_width * step / period;
    job->refresh_end = avo_max(job->refresh_begin + 1, job->mb_width * (step + 1) / period);
    job->refresh_limits = true;
}

/* Spatial vectors also predict those of coded blocks well, so temporal must be clearly better. */
static bool likes_spatial(const AvocetEncoder *enc)
{
    if (enc->config.direct == AVOCET_DIRECT_AUTO)
        return enc->direct_cost[0] * 7 <= enc->direct_cost[1] * 8;
    return enc->config.direct != AVOCET_DIRECT_TEMPORAL;
}

/* Implicit weights suit what moves, and steady fades where both references are used; explicit ones
 * also help blocks of one reference, skipped ones most of all. Which of them a picture has is told
 * by its picture parameter set. */
static const AvoPps *choose_pps(AvocetEncoder *enc, const AvoPicJob *job)
{
    if (job->plan.layer == 0)
        enc->fades = job->plan.type == AVOCET_TYPE_P && job->plan.weight.used[0];
    return enc->has_fade_pps && enc->fades && job->header.type == AVO_SLICE_B ? &enc->fade_pps
                                                                              : &enc->pps;
}

static int start_picture(AvocetEncoder *enc, AvoPicJob *job)
{
    const AvocetEncoderConfig *c = &enc->config;
    AvoSliceHeader *h = &job->header;
    memset(h, 0, sizeof *h);
    h->type = slice_type_of(job->plan.type);
    job->pps = choose_pps(enc, job);
    h->pps_id = job->pps->id;
    job->rec = avo_references_start(&enc->references, &job->plan, enc->fades, h, &job->refs,
                                    &enc->message);
    if (!job->rec)
        return AVOCET_ERR_INTERNAL;
    job->rec->slice_type = h->type;
    h->direct_spatial = likes_spatial(enc);
    h->disable_deblocking_idc = !c->deblock;
    h->alpha_offset_div2 = c->deblock_alpha;
    h->beta_offset_div2 = c->deblock_beta;
    set_weights(job);
    job->rec->brightness_q4 = job->plan.brightness_q4;
    if (job->pps->weighted_bipred_idc == 1 && h->type == AVO_SLICE_B)
        set_b_weights(job);
    avo_slice_refs_derive(&job->refs, h, job->pps, &enc->sps, job->rec->poc);
    job->use_direct = h->type == AVO_SLICE_B && c->direct != AVOCET_DIRECT_NONE;
    job->compare_direct = h->type == AVO_SLICE_B && c->direct == AVOCET_DIRECT_AUTO;
    if (job->compare_direct) {
        AvoSliceHeader other = *h;
        other.direct_spatial = !h->direct_spatial;
        job->other_refs = job->refs;
        avo_slice_refs_derive(&job->other_refs, &other, job->pps, &enc->sps, job->rec->poc);
    }

    avo_rc_start(&enc->rc, &job->plan, &job->frame_qp);
    if (job->plan.type == AVOCET_TYPE_IDR)
        enc->last_idr_coded = job->plan.coded_index;
    set_refresh(enc, job);
    return AVOCET_OK;
}

/* ---- rows ---- */

/* Everything is as before the first row; also for a picture that is coded again. */
static void start_rows(AvocetEncoder *enc, AvoPicJob *job)
{
    const AvocetEncoderConfig *c = &enc->config;
    int mean = job->plan.qp_offset_q8 ? job->plan.qp_offset_mean_q8 : 0;
    job->slice_qp = avo_clip3(c->qp_min, c->qp_max, (job->frame_qp.qp_q8 + mean + 128) >> 8);
    job->header.qp = job->slice_qp;
    for (int i = 0; i < job->mb_width * job->mb_height; i++)
        job->rec->info[i].slice = AVO_SLICE_NONE;
    for (int i = 0; i < job->mb_height; i++)
        avo_progress_reset(&job->row_progress[i]);
    avo_progress_reset(&job->finished_rows);
    avo_row_control_start(&job->row_control, &job->frame_qp, job->plan.row_cost,
                          (int64_t)enc->packet.size * 8);
    if (job->frame_qp.starve)
        avo_row_control_starve(&job->row_control, job->frame_qp.bits_planned,
                               job->plan.coded_index);
    avo_picture_writer_begin(&enc->writer, job, &enc->packet);
}

/* The row above has its quantiser once it has begun. */
static void control_row(AvoPicJob *job, int mb_y)
{
    if (!job->row_control.on || mb_y < job->row_control.lag)
        return;
    avo_progress_wait(&job->row_progress[mb_y - 1], 1);
    avo_progress_wait(&job->finished_rows, mb_y - job->row_control.lag + 1);
    avo_row_control_row(&job->row_control, mb_y);
}

/* From decisions to final samples and bits: all rows that are decided, in order. */
static void finish_rows(AvocetEncoder *enc, AvoPicJob *job)
{
    int mb_y = avo_progress_get(&job->finished_rows);
    for (; mb_y < job->mb_height && avo_progress_get(&job->row_progress[mb_y]) > job->mb_width;
         mb_y++) {
        avo_resolve_row_qp(job, mb_y);
        avo_row_control_done(&job->row_control, mb_y, avo_picture_writer_row(&enc->writer, mb_y));
        avo_finish_row(job, mb_y);
        avo_progress_publish(&job->finished_rows, mb_y + 1);
    }
}

static void row_task(void *context, int mb_y, int worker)
{
    AvocetEncoder *enc = context;
    AvoPicJob *job = &enc->job;
    control_row(job, mb_y);
    avo_row_encode(&enc->rows[worker], job, mb_y);
    avo_progress_publish(&job->row_progress[mb_y], job->mb_width + 1);
    for (int seen = avo_relay_enter(&job->finishing); seen;
         seen = avo_relay_leave(&job->finishing, seen))
        finish_rows(enc, job);
}

/* All rows; once more with a coarser quantiser as long as the buffer
 * does not hold what came out. */
static void code_rows(AvocetEncoder *enc, AvoPicJob *job)
{
    size_t preamble = enc->packet.size;
    do {
        enc->packet.size = preamble;
        enc->packet.overflow = false;
        start_rows(enc, job);
        avo_pool_run(enc->pool, row_task, enc, job->mb_height);
        if (enc->pps.cabac)
            avo_packet_zero_words(&enc->packet, enc->writer.bins,
                                  avo_picture_writer_bytes(&enc->writer),
                                  job->mb_width * job->mb_height);
    } while (avo_rc_retry(&enc->rc, (int64_t)enc->packet.size * 8, &job->frame_qp));
}

/* What the decoder's buffer could not take in is sent as filler, so that the rate stays constant.
 * Returns its bits. */
static int64_t add_filler(AvocetEncoder *enc, const AvoPicJob *job)
{
    size_t before = enc->packet.size;
    AvoVbv after = enc->rc.vbv;
    int64_t excess = avo_vbv_take(&after, (int64_t)before * 8, job->plan.duration_q16);
    if (enc->config.filler && excess > 0)
        avo_packet_fill(&enc->packet, (size_t)(excess + 7) / 8);
    return (int64_t)(enc->packet.size - before) * 8;
}

static void report(AvocetEncoder *enc, const AvoPicJob *job, int64_t filler_bits,
                   AvocetPacket *packet)
{
    AvoFrameStats stats = {
        .coded_index = job->plan.coded_index,
        .bits = (int64_t)enc->packet.size * 8,
        .filler_bits = filler_bits,
        .qp_shift_q8 = avo_row_control_mean_q8(&job->row_control),
        .inter_cost = job->plan.inter_cost,
    };
    int qp_sum = 0;
    for (int i = 0; i < job->mb_height; i++)
        qp_sum += job->row_stats[i].qp_sum;
    for (int kind = 0; kind < 2 && job->compare_direct; kind++) {
        enc->direct_cost[kind] = enc->direct_cost[kind] * 3 / 4;
        for (int i = 0; i < job->mb_height; i++)
            enc->direct_cost[kind] += job->row_stats[i].direct_cost[kind];
    }
    int mbs = job->mb_width * job->mb_height;
    packet->qp = (qp_sum + mbs / 2) / mbs;
    avo_rc_end(&enc->rc, &stats);
}

static void measure(const AvocetEncoder *enc, const AvoPicJob *job, AvocetPacket *packet)
{
    int w = enc->config.width, h = enc->config.height;
    if (enc->tools.measure_psnr)
        for (int c = 0; c < (enc->sps.chroma_format_idc ? 3 : 1); c++)
            packet->sse[c] = avo_quality_sse(&job->rec->plane[c], &job->plan.src->plane[c],
                                             c ? (w + 1) / 2 : w, c ? (h + 1) / 2 : h);
    if (enc->tools.measure_ssim)
        packet->ssim =
            avo_quality_ssim(&enc->dsp, &job->rec->plane[0], &job->plan.src->plane[0], w, h);
}

static void stamp(AvocetEncoder *enc, const AvoPlan *plan, AvocetPacket *packet)
{
    packet->pts = plan->src->pts;
    packet->dts = enc->coded < enc->reorder
                      ? enc->display_pts[enc->coded] - enc->dts_shift
                      : enc->display_pts[(enc->coded - enc->reorder) % AVO_PTS_RING];
    packet->opaque = plan->src->opaque;
    packet->type = plan->type;
    packet->keyframe = plan->type == AVOCET_TYPE_IDR;
    packet->is_reference = plan->type != AVOCET_TYPE_B;
    enc->coded++;
}

static void filter_task(void *context, int mb_y, int worker)
{
    const AvocetEncoder *enc = context;
    (void)worker;
    avo_temporal_row(&enc->filter, mb_y);
}

/* What is coded is the source, or what the temporal filter makes of it and its neighbours. */
static void filter_picture(AvocetEncoder *enc, AvoPicJob *job)
{
    job->input = job->plan.src->plane;
    if (!avo_temporal_start(&enc->filter, &job->plan, job->frame_qp.qp_q8))
        return;
    avo_pool_run(enc->pool, filter_task, enc, job->mb_height);
    avo_plan_release_neighbours(&job->plan);
    job->input = enc->filter.plane;
}

static int code_picture(AvocetEncoder *enc, AvocetPacket *packet)
{
    AvoPicJob *job = &enc->job;
    AVO_RETURN_IF_ERROR(start_picture(enc, job));
    avo_packet_reset(&enc->packet);
    add_preamble(enc, job);
    filter_picture(enc, job);
    code_rows(enc, job);
    int64_t filler_bits = add_filler(enc, job);
    if (enc->packet.overflow)
        return avo_fail(&enc->message, AVOCET_ERR_INTERNAL,
                        "picture %l does not fit the output buffer", job->plan.coded_index);
    memset(packet, 0, sizeof *packet);
    packet->data = enc->packet.data;
    packet->size = enc->packet.size;
    measure(enc, job, packet);
    report(enc, job, filler_bits, packet);
    stamp(enc, &job->plan, packet);
    AVO_RETURN_IF_ERROR(
        avo_references_finish(&enc->references, &job->header, job->rec, &enc->message));
    if (enc->recon)
        enc->recon->refcount--;
    enc->recon = job->rec; /* takes over the caller's count */
    return AVOCET_OK;
}

void avo_encoder_end_input(AvocetEncoder *enc)
{
    enc->flushed = true;
    avo_lookahead_flush(enc->lookahead);
    take_plan(enc);
}

int avo_encoder_reconfigure(AvocetEncoder *enc, const AvocetEncoderConfig *changed)
{
    bool timing =
        changed->fps.num != enc->config.fps.num || changed->fps.den != enc->config.fps.den;
    AVO_RETURN_IF_ERROR(avo_rc_reconfigure(&enc->rc, changed, &enc->message));
    enc->config = *changed;
    enc->tools.qp_min = changed->qp_min;
    enc->tools.qp_max = changed->qp_max;
    enc->timing_changed |= timing; /* said by the next IDR's parameter sets */
    return AVOCET_OK;
}

int avo_encoder_code_next(AvocetEncoder *enc, AvocetPacket *packet)
{
    if (!enc->has_plan)
        return AVOCET_NEED_INPUT;
    int status = code_picture(enc, packet);
    avo_plan_release(&enc->job.plan);
    enc->has_plan = false;
    take_plan(enc);
    return status;
}
