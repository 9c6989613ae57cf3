/* See encoder.h. The only file that knows all stages: a picture's way from the application's
 * samples to an access unit.
 *
 *     take_picture:  input -> lookahead
 *     code_next:     plan -> references, rate control -> picture_work.c -> packet -> rate control
 *
 * With threads, the next picture is begun before the one at work is done, and the last one of a
 * burst of plans is held back until the next plans come, so that threads always find work. Where
 * rate control needs to know what a picture took before the next one begins (a buffer), they follow
 * one by one. */
#include "enc/encoder.h"
#include "base/memory.h"
#include "dsp/cpu.h"
#include "enc/headers_write.h"
#include "enc/motion.h"
#include "enc/options.h"
#include "enc/quality.h"
#include "enc/stream_setup.h"
#include "h264/nal.h"

/* ---- set-up ---- */

static void carve_frames(AvocetEncoder *enc, AvoArena *arena)
{
    int count = enc->frame_count;
    AvoFrame *frames = avo_arena_take(arena, (size_t)count * sizeof *frames, 0);
    size_t begin = arena->used;
    for (int i = 0; i < count; i++) {
        AvoFrame dry, *f = frames ? &frames[i] : &dry;
        avo_frame_carve(f, arena, enc->sps.mb_width, enc->sps.mb_height, enc->sps.chroma_format_idc,
                        AVO_FRAME_HPEL | AVO_FRAME_INFO);
        avo_motion_prepare(f);
        f->slot = i;
        f->uid = -1;
    }
    if (arena->base && arena->is_zeroed && !arena->overflow)
        avo_memory_prefer_large(arena->base + begin, arena->used - begin);
    enc->frames = frames;
}

static void set_slices(AvocetEncoder *enc, AvoPicJob *job)
{
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

/* In 1/64 of a step: nearly half a step rounds up. */
#define MEAN_DEADZONE 28

/* What all pictures have in common; before anything is carved, since carving asks for dsp. */
static void bind_job(AvocetEncoder *enc, AvoPicJob *job)
{
    const AvoLevelLimits *level = avo_level_find(enc->config.level);
    int reach = avo_min(level->max_vmv, 2048);
    job->tools = &enc->tools;
    job->dsp = &enc->dsp;
    job->sps = &enc->sps;
    job->pps = &enc->pps;
    job->mb_width = enc->sps.mb_width;
    job->mb_height = enc->sps.mb_height;
    job->seen_width = enc->config.width;
    job->seen_height = enc->config.height;
    job->mv_min_y = -4 * reach;
    job->mv_max_y = 4 * reach - 1;
    job->mv_min_x = -8192;
    job->mv_max_x = 8191;
    job->max_mvs_per_2mb = level->max_mvs_per_2mb;
    /* Its own row, what a vector reaches, and what filters lag behind (finish_row.c). */
    job->reach_rows = (16 + reach + 16) / 16;
    job->mvd_range = avo_mvd_range(16 * job->mb_width, 16 * job->mb_height);
    set_slices(enc, job);
}

static void carve_works(AvocetEncoder *enc, AvoArena *arena, int workers)
{
    const AvocetEncoderConfig *c = &enc->config;
    size_t filler = c->filler ? (size_t)(c->vbv_bufsize / 8) : 0;
    AvoProgress *frame_rows =
        avo_arena_take(arena, (size_t)enc->frame_count * sizeof *frame_rows, 0);
    enc->rows = avo_arena_take(arena, (size_t)workers * sizeof *enc->rows, 0);
    enc->quant_count = enc->tools.rounds_means ? 2 : 1;
    enc->quant = avo_arena_take(arena, (size_t)enc->quant_count * sizeof *enc->quant, 0);
    for (int i = 0; i < enc->work_count; i++) {
        AvoPictureWork *work = &enc->work[i];
        bind_job(enc, &work->job);
        work->job.level_rows = workers > 1 ? work->job.mb_height : 1;
        avo_picture_carve(work, arena, &enc->sps, c, filler);
        work->pool = enc->pool;
        work->workers = enc->rows;
        work->job.frame_rows = frame_rows;
        work->job.quant = enc->quant;
    }
    int mvd_range = enc->work[0].job.mvd_range;
    enc->mvd_bits = avo_arena_take(arena, (size_t)(2 * mvd_range + 1) * sizeof *enc->mvd_bits, 0);
    for (int i = 0; i < enc->work_count && enc->mvd_bits; i++)
        enc->work[i].job.mvd_bits = enc->mvd_bits + mvd_range;
}

/* The second set: intra pictures, whose means are rounded with hardly a dead zone (psy.h). */
static void init_quant(AvocetEncoder *enc)
{
    const int *chroma_offset = enc->pps.chroma_qp_offset;
    AvoDeadZones zones = enc->tools.deadzones;
    avo_quant_init(&enc->quant[0], &enc->pps.scaling, chroma_offset, zones);
    zones.mean = MEAN_DEADZONE;
    if (enc->quant_count > 1)
        avo_quant_init(&enc->quant[1], &enc->pps.scaling, chroma_offset, zones);
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

static int workers_of(const AvocetEncoderConfig *c)
{
    return avo_clip3(1, (c->height + 15) / 16, c->threads ? c->threads : avo_cpu_count());
}

bool avo_encoder_overlaps(const AvocetEncoderConfig *c)
{
    return avo_lookahead_delay(c) > 0 && !c->vbv_bufsize && workers_of(c) > 1;
}

int avo_encoder_setup(AvocetEncoder *enc, AvoArena *arena)
{
    const AvocetEncoderConfig *c = &enc->config;
    int dpb_frames = avo_config_dpb_frames(c), workers = workers_of(c);
    enc->reorder = avo_config_reorder_frames(c);
    avo_setup_sps(&enc->sps, c, dpb_frames, enc->reorder);
    avo_setup_pps(&enc->pps, &enc->sps, c);
    enc->has_fade_pps = avo_setup_fade_pps(&enc->fade_pps, &enc->pps);
    avo_tools_from_config(&enc->tools, c, enc->sps.profile_idc);
    if (c->bframes)
        avo_tools_for_leaves(&enc->tools_lesser, &enc->tools);
    else
        avo_tools_for_chain(&enc->tools, &enc->tools_lesser);
    avo_tools_for_beyond(&enc->tools, &enc->tools_beyond);
    avo_dsp_init(&enc->dsp, avo_cpu_detect() & c->cpu_mask);
    enc->announced_fps = c->fps;
    enc->overlaps = avo_encoder_overlaps(c);
    enc->work_count = enc->overlaps ? AVO_WORKS_MAX : 1;
    /* Besides the references: the picture begun and the one received last; and where pictures
     * overlap, what the one at work still reads though it dropped it: a long-term reference that it
     * replaced and one more. */
    enc->frame_count = dpb_frames + (enc->overlaps ? 4 : 2);

    carve_frames(enc, arena);
    avo_input_carve(&enc->input, arena, c, enc->sps.chroma_format_idc,
                    avo_lookahead_sources(c) + 1 + enc->work_count);
    enc->input.tasks = enc->pool = avo_pool_carve(arena, workers);
    enc->lookahead =
        avo_lookahead_carve(arena, &enc->input, enc->pool, workers, c, &enc->dsp, dpb_frames);
    avo_two_pass_carve(&enc->two_pass, arena, c);
    carve_works(enc, arena, workers);
    avo_packet_carve(&enc->headers, arena, 0, 0, 0, c->container == AVOCET_ANNEXB);
    if (!arena->base || arena->overflow)
        return arena->overflow ? AVOCET_ERR_MEMORY : AVOCET_OK;

    init_quant(enc);
    avo_mvd_bits_init(enc->mvd_bits, enc->work[0].job.mvd_range, c->cabac);
    avo_references_init(&enc->references, &enc->sps, &enc->pps, enc->frames, enc->frame_count, c);
    avo_deblock_trial_init(&enc->deblock_trial, c);
    avo_steady_init(&enc->steady, c);
    avo_chain_init(&enc->chain, c);
    AVO_RETURN_IF_ERROR(
        avo_rc_init(&enc->rc, c, enc->sps.mb_width * enc->sps.mb_height, &enc->message));
    AVO_RETURN_IF_ERROR(begin_two_pass(enc));
    AVO_RETURN_IF_ERROR(avo_encoder_check_buffer(enc));
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
        enc->has_plan = avo_lookahead_pop(enc->lookahead, &enc->plan);
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
        src->settings.number = enc->settings_asked;
        src->settings.config = enc->config;
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

/* What a picture takes besides its macroblocks, hardly ever less: bits of a slice, of the SEI
 * messages that each picture and those that a keyframe has with HRD parameters. */
enum { SLICE_LEAST = 88, TIMING_BITS = 88, BUFFERING_BITS = 104 };

/* A stream that tells the size of the decoder's buffer has to keep to it, and could not if the
 * least keyframe did not fit, or if the buffer filled more slowly than the least pictures empty it.
 * In I slices a macroblock takes five bits or more by CAVLC, some part of one by CABAC. */
int avo_encoder_check_buffer(AvocetEncoder *enc)
{
    const AvoVbv *vbv = &enc->rc.vbv;
    if (!enc->sps.vui.nal_hrd_present)
        return AVOCET_OK;
    avo_packet_reset(&enc->headers);
    add_parameter_sets(enc, &enc->headers);
    int64_t picture = TIMING_BITS + avo_max(1, enc->config.slices) * SLICE_LEAST,
            mbs = enc->pps.cabac ? enc->rc.mb_count / 4 : enc->rc.mb_count * 5,
            key = (int64_t)enc->headers.size * 8 + BUFFERING_BITS + picture + mbs;
    if (key > vbv->fill)
        return avo_fail(&enc->message, AVOCET_ERR_ARGUMENT,
                        "vbv-bufsize: %l bits, %l of them full at the start: the least keyframe "
                        "takes %l with its headers",
                        vbv->size, vbv->fill, key);
    if (picture > vbv->arrival + 1)
        return avo_fail(&enc->message, AVOCET_ERR_ARGUMENT,
                        "vbv-maxrate: %l bits/s bring %l a picture: the least picture takes %l "
                        "with its headers",
                        vbv->rate, vbv->arrival, picture);
    return AVOCET_OK;
}

static void add_hrd_sei(AvocetEncoder *enc, AvoPacketBuffer *p, const AvoPlan *plan)
{
    const AvoVbv *vbv = &enc->rc.vbv;
    bool buffering = plan->type == AVOCET_TYPE_IDR;
    if (enc->sps.vui.nal_hrd_present && buffering) {
        uint32_t delay = avo_vbv_delay(vbv), whole = vbv->ticks;
        AvoBitWriter w = avo_packet_writer(p);
        avo_write_sei_buffering_period(&w, &enc->sps, delay, whole - delay);
        avo_packet_add(p, 0, AVO_NAL_SEI, &w);
    }
    if (enc->sps.vui.nal_hrd_present || enc->sps.vui.pic_struct_present) {
        int64_t output = plan->src->display_index - plan->coded_index + enc->reorder;
        AvoBitWriter w = avo_packet_writer(p);
        avo_write_sei_pic_timing(&w, &enc->sps, (uint32_t)(2 * enc->since_buffering_period),
                                 (uint32_t)(2 * avo_max64(output, 0)), 0);
        avo_packet_add(p, 0, AVO_NAL_SEI, &w);
    }
    if (buffering)
        enc->since_buffering_period = 0;
    enc->since_buffering_period++;
}

/* Everything of the access unit before its slices (7.4.1.2.3). */
static void add_preamble(AvocetEncoder *enc, AvoPacketBuffer *p, const AvoPicJob *job)
{
    const AvocetEncoderConfig *c = &enc->config;
    bool idr = job->plan.type == AVOCET_TYPE_IDR;
    AvocetRational fps = job->plan.src->settings.config.fps;
    bool timing_changed = fps.num != enc->announced_fps.num || fps.den != enc->announced_fps.den;
    if (idr && timing_changed) {
        enc->sps.vui.num_units_in_tick = (uint32_t)fps.den;
        enc->sps.vui.time_scale = (uint32_t)fps.num * 2;
        enc->announced_fps = fps;
    }
    if (c->aud) {
        AvoBitWriter w = avo_packet_writer(p);
        avo_write_aud(&w, job->header.type);
        avo_packet_add(p, 0, AVO_NAL_AUD, &w);
    }
    if (idr && (c->repeat_headers || job->plan.coded_index == 0 || timing_changed))
        add_parameter_sets(enc, p);
    add_hrd_sei(enc, p, &job->plan);
    if (idr)
        avo_rc_know_keyframe(&enc->rc, (int64_t)p->size * 8, job->slice_count, enc->pps.cabac);
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

/* Explicit weights of a reference of a B picture: those that the lookahead found, or else what
 * makes the mean brightness the same. */
static AvoWeight b_weight(const AvoPicJob *job, int list, const AvoFrame *ref)
{
    const AvoPlanWeight *found = &job->plan.weight[list];
    int denom = job->header.luma_log2_denom;
    int offset = (job->rec->brightness_q4 - ref->brightness_q4 + 8) >> 4;
    AvoWeight w = {.w = {(int16_t)(1 << denom)}, .o = {(int16_t)avo_clip3(-128, 127, offset)}};
    bool is_found = found->used[0] && ref->poc == job->plan.weight_poc[list];
    for (int i = 0; i < 3 && is_found; i++) {
        w.w[i] = (int16_t)found->w[i];
        w.o[i] = (int16_t)found->o[i];
    }
    w.luma_flag = w.o[0] != 0 || w.w[0] != 1 << denom;
    w.chroma_flag = is_found && (found->used[1] || found->used[2]);
    return w;
}

static void set_b_weights(AvoPicJob *job)
{
    AvoSliceHeader *h = &job->header;
    h->luma_log2_denom = job->plan.weight[0].log2_denom[0];
    h->chroma_log2_denom = job->plan.weight[0].log2_denom[1];
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < job->refs.count[list]; i++)
            h->weight[list][i] = b_weight(job, list, job->refs.frame[list][i]);
}

/* The lookahead's weights belong to the nearest anchor before the picture; see lead_with_weighted
 * in references.c. */
static void set_p_weights(AvoPicJob *job)
{
    AvoSliceHeader *h = &job->header;
    const AvoPlanWeight *found = &job->plan.weight[0];
    h->luma_log2_denom = found->log2_denom[0];
    h->chroma_log2_denom = found->log2_denom[1];
    for (int i = 0; i < job->refs.count[0]; i++) {
        AvoWeight *w = &h->weight[0][i];
        bool here = i == 0 && job->refs.frame[0][i]->poc == job->plan.weight_poc[0];
        w->luma_flag = here && found->used[0];
        w->chroma_flag = here && (found->used[1] || found->used[2]);
        for (int c = 0; c < 3; c++) {
            bool used = here && found->used[c];
            w->w[c] = (int16_t)(used ? found->w[c]
                                     : 1 << (c ? h->chroma_log2_denom : h->luma_log2_denom));
            w->o[c] = (int16_t)(used ? found->o[c] : 0);
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

/* Costs of the picture before the one before, which is sure to be done. */
static void follow_direct_costs(AvocetEncoder *enc, int64_t coded_index)
{
    const AvoDirectCosts *seen = &enc->direct_seen[coded_index % AVO_WORKS_MAX];
    for (int kind = 0; kind < 2 && seen->compared; kind++)
        enc->direct_cost[kind] = enc->direct_cost[kind] * 3 / 4 + seen->cost[kind];
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
static const AvoPps *choose_pps(const AvocetEncoder *enc, const AvoPicJob *job)
{
    return enc->has_fade_pps && job->plan.fades ? &enc->fade_pps : &enc->pps;
}

static const AvoTools *choose_tools(const AvocetEncoder *enc, const AvoPlan *plan, int qp_q8)
{
    if (avo_rc_is_beyond(&enc->rc, qp_q8))
        return &enc->tools_beyond;
    bool lesser = enc->config.bframes
                      ? plan->type == AVOCET_TYPE_B
                      : plan->type == AVOCET_TYPE_P && avo_chain_position(plan->poc) != 0;
    return lesser ? &enc->tools_lesser : &enc->tools;
}

/* The buffer lets go of references that the picture drops, while it still reads them. */
static void hold_references(const AvoPicJob *job, int count)
{
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < job->refs.count[list]; i++)
            job->refs.frame[list][i]->refcount += count;
}

/* Pictures leave the decoder's buffer in the order of coding, at the times at which they are shown,
 * but for a delay. */
static int64_t dts_of(const AvocetEncoder *enc, int64_t coded_index)
{
    if (coded_index < enc->reorder)
        return enc->display_pts[coded_index] - enc->dts_shift;
    return enc->display_pts[(coded_index - enc->reorder) % AVO_PTS_RING];
}

static int64_t since_last_q16(const AvocetEncoder *enc, int64_t coded_index)
{
    if (!coded_index)
        return 0;
    return avo_lookahead_gap_q16(&enc->config,
                                 dts_of(enc, coded_index) - dts_of(enc, coded_index - 1));
}

static int start_picture(AvocetEncoder *enc, AvoPicJob *job)
{
    const AvocetEncoderConfig *c = &enc->config;
    AvoSliceHeader *h = &job->header;
    memset(h, 0, sizeof *h);
    h->type = slice_type_of(job->plan.type);
    job->pps = choose_pps(enc, job);
    h->pps_id = job->pps->id;
    job->rec = avo_references_start(&enc->references, &job->plan, h, &job->refs, &enc->message);
    if (!job->rec)
        return AVOCET_ERR_INTERNAL;
    job->rec->slice_type = h->type;
    follow_direct_costs(enc, job->plan.coded_index);
    h->direct_spatial = likes_spatial(enc);
    h->disable_deblocking_idc = !c->deblock;
    h->alpha_offset_div2 = c->deblock_alpha;
    h->beta_offset_div2 = c->deblock_beta;
    avo_deblock_trial_start(&enc->deblock_trial, job);
    job->rec->brightness_q4 = job->plan.brightness_q4;
    if (h->type == AVO_SLICE_P)
        set_p_weights(job);
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

    job->plan.since_q16 = since_last_q16(enc, job->plan.coded_index);
    avo_chain_start(&enc->chain, &job->plan);
    avo_rc_start(&enc->rc, &job->plan, &job->frame_qp);
    job->tools = choose_tools(enc, &job->plan, job->frame_qp.qp_q8);
    job->quant = &enc->quant[h->type == AVO_SLICE_I ? enc->quant_count - 1 : 0];
    if (job->plan.type == AVOCET_TYPE_IDR)
        enc->last_idr_coded = job->plan.coded_index;
    set_refresh(enc, job);
    hold_references(job, +1);
    return avo_references_finish(&enc->references, h, job->rec, &enc->message);
}

/* ---- settings that change ---- */

/* Whether pictures are begun before those before them are done, if there are threads: so what is
 * changed has to know its picture. */
static bool runs_ahead(const AvocetEncoder *enc)
{
    return avo_lookahead_delay(&enc->config) > 0 && !enc->rc.vbv.size;
}

static int apply_settings(AvocetEncoder *enc, const AvoSettings *settings)
{
    if (settings->number <= enc->settings_in_effect)
        return AVOCET_OK;
    AVO_RETURN_IF_ERROR(avo_rc_reconfigure(&enc->rc, &settings->config, &enc->message));
    AvoTools *const all[] = {&enc->tools, &enc->tools_lesser, &enc->tools_beyond};
    for (int i = 0; i < 3; i++) {
        all[i]->qp_min = settings->config.qp_min;
        all[i]->qp_max = settings->config.qp_max;
    }
    enc->settings_in_effect = settings->number;
    return AVOCET_OK;
}

int avo_encoder_reconfigure(AvocetEncoder *enc, const AvocetEncoderConfig *changed)
{
    const AvoSettings settings = {.number = enc->settings_asked + 1, .config = *changed};
    if (!runs_ahead(enc))
        AVO_RETURN_IF_ERROR(apply_settings(enc, &settings));
    enc->config = *changed;
    enc->settings_asked++;
    return AVOCET_OK;
}

/* ---- one after the other, or nearly so ---- */

static void match_picture(AvocetEncoder *enc, AvoPictureWork *work)
{
    int shift_q8 = avo_picture_match(work, &enc->steady);
    avo_rc_shift(&enc->rc, shift_q8, &work->job.frame_qp);
}

/* Of intra pictures some rows are coded for a try. The loop filter is chosen near the quantiser
 * that a keyframe will have, and makes a difference to its quality. */
static void taste_picture(AvocetEncoder *enc, AvoPictureWork *work)
{
    bool matches = avo_steady_start(&enc->steady, &work->job);
    if (matches)
        match_picture(enc, work);
    if (avo_deblock_trial_tastes(&enc->deblock_trial, &work->job))
        avo_picture_taste(work, &enc->deblock_trial);
    if (matches)
        match_picture(enc, work);
}

/* Begins the picture of enc->plan. */
static int begin_picture(AvocetEncoder *enc)
{
    AvoPictureWork *work = &enc->work[enc->begun % enc->work_count];
    work->job.plan = enc->plan;
    enc->has_plan = false;
    enc->begun++;
    AVO_RETURN_IF_ERROR(apply_settings(enc, &enc->plan.src->settings));
    AVO_RETURN_IF_ERROR(start_picture(enc, &work->job));
    avo_packet_reset(&work->packet);
    add_preamble(enc, &work->packet, &work->job);
    taste_picture(enc, work);
    avo_picture_begin(work);
    take_plan(enc);
    return AVOCET_OK;
}

/* ---- the picture is coded ---- */

/* What the decoder's buffer could not take in is sent as filler, so that the rate stays constant.
 * Returns its bits. */
static int64_t add_filler(const AvocetEncoder *enc, AvoPictureWork *work)
{
    size_t before = work->packet.size;
    AvoVbv after = enc->rc.vbv;
    int64_t excess = avo_vbv_take(&after, (int64_t)before * 8, work->job.plan.duration_q16);
    if (enc->config.filler && excess > 0)
        avo_packet_fill(&work->packet, (size_t)(excess + 7) / 8);
    return (int64_t)(work->packet.size - before) * 8;
}

static void report(AvocetEncoder *enc, const AvoPictureWork *work, int64_t filler_bits,
                   AvocetPacket *packet)
{
    const AvoPicJob *job = &work->job;
    AvoFrameStats stats = {
        .coded_index = job->plan.coded_index,
        .bits = (int64_t)work->packet.size * 8,
        .filler_bits = filler_bits,
        .qp_shift_q8 = avo_row_control_mean_q8(&job->row_control),
        .inter_cost = job->plan.inter_cost,
    };
    AvoDirectCosts direct = {.compared = job->compare_direct};
    int qp_sum = 0, mbs = job->mb_width * job->mb_height;
    for (int i = 0; i < job->mb_height; i++) {
        qp_sum += job->row_stats[i].qp_sum;
        direct.cost[0] += job->row_stats[i].direct_cost[0];
        direct.cost[1] += job->row_stats[i].direct_cost[1];
    }
    enc->direct_seen[job->plan.coded_index % AVO_WORKS_MAX] = direct;
    avo_deblock_trial_learn(&enc->deblock_trial, job);
    avo_steady_learn(&enc->steady, job);
    avo_chain_learn(&enc->chain, job);
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
    packet->dts = dts_of(enc, enc->coded);
    packet->opaque = plan->src->opaque;
    packet->type = plan->type;
    packet->keyframe = plan->type == AVOCET_TYPE_IDR;
    packet->is_reference = plan->type != AVOCET_TYPE_B;
    enc->coded++;
}

static void keep_recon(AvocetEncoder *enc, const AvoPicJob *job)
{
    hold_references(job, -1);
    if (enc->recon)
        enc->recon->refcount--;
    enc->recon = job->rec; /* takes over the caller's count */
}

/* Waits for the first of the pictures begun. */
static int end_picture(AvocetEncoder *enc, AvocetPacket *packet)
{
    AvoPictureWork *work = &enc->work[enc->coded % enc->work_count];
    AvoPicJob *job = &work->job;
    avo_picture_finish(work);
    while (avo_rc_retry(&enc->rc, &job->plan, (int64_t)work->packet.size * 8, &job->frame_qp)) {
        job->tools = choose_tools(enc, &job->plan, job->frame_qp.qp_q8);
        avo_picture_repeat(work);
    }
    int64_t filler_bits = add_filler(enc, work);
    if (work->packet.overflow)
        return avo_fail(&enc->message, AVOCET_ERR_INTERNAL,
                        "picture %l does not fit the output buffer", job->plan.coded_index);
    memset(packet, 0, sizeof *packet);
    packet->data = work->packet.data;
    packet->size = work->packet.size;
    measure(enc, job, packet);
    report(enc, work, filler_bits, packet);
    stamp(enc, &job->plan, packet);
    keep_recon(enc, job);
    avo_plan_release(&job->plan);
    return AVOCET_OK;
}

void avo_encoder_end_input(AvocetEncoder *enc)
{
    enc->flushed = true;
    avo_lookahead_flush(enc->lookahead);
    take_plan(enc);
}

/* ---- the order of it all ---- */

/* The picture of enc->plan next to the one at work, unless it comes with other settings or needs to
 * know what that one takes. */
static int begin_early(AvocetEncoder *enc)
{
    bool same_settings = enc->plan.src->settings.number <= enc->settings_in_effect;
    return same_settings && avo_rc_foresees(&enc->rc, &enc->plan) ? begin_picture(enc) : AVOCET_OK;
}

int avo_encoder_code_next(AvocetEncoder *enc, AvocetPacket *packet)
{
    if (enc->begun == enc->coded && enc->has_plan)
        AVO_RETURN_IF_ERROR(begin_picture(enc));
    if (enc->begun == enc->coded)
        return AVOCET_NEED_INPUT;
    if (enc->begun == enc->coded + 1 && enc->overlaps && runs_ahead(enc)) {
        if (enc->has_plan) {
            AVO_RETURN_IF_ERROR(begin_early(enc));
        } else if (!enc->flushed) {
            avo_picture_release_neighbours(&enc->work[enc->coded % enc->work_count]);
            return AVOCET_NEED_INPUT;
        }
    }
    return end_picture(enc, packet);
}
