/* Pictures: activation of parameter sets, frame pool, frame_num gaps, start, slices, end. See
 * decoder.h.
 *
 * A slice unit goes through avo_dec_slice():
 *   1. read the header with the parameter sets it names;
 *   2. if it starts another picture: finish the one at work, activate the sets, start the new one;
 *   3. build the reference lists, decode the macroblocks;
 *   4. finish the picture as soon as all macroblocks are there.
 * Each step may ask for an empty output queue (AVO_DEC_AGAIN); the unit is then read again from the
 * start, and what is done already is found done. */
#include "dec/decoder.h"

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
    give_back(dec, dec->slices);
    give_back(dec, dec->group_map);
    memset(dec->frames, 0, sizeof dec->frames);
    memset(&dec->dpb, 0, sizeof dec->dpb);
    dec->slices = NULL;
    dec->group_map = NULL;
    dec->frame_count = 0;
    dec->current = NULL;
    dec->held = NULL;
    dec->is_active = false;
    dec->has_header = false;
    dec->prev_ref_frame_num = -1;
}

/* ---- activation (7.4.1.2.1) ---- */

static int check_supported(AvocetDecoder *dec, const AvoSps *sps)
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
    dec->slice_capacity = avo_min(dec->mb_count, AVO_SLICE_NONE - 2);
    dec->slices = take(dec, ((size_t)dec->slice_capacity + 1) * sizeof *dec->slices);
    dec->group_map = take(dec, (size_t)dec->mb_count);
    if (!dec->slices || !dec->group_map) {
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

static void adopt_sps(AvocetDecoder *dec, int id)
{
    dec->active_sps = *dec->sps[id];
    dec->active_sps_serial = dec->sps_serial[id];
    dec->active_pps_serial = 0;
    avo_dec_find_limits(dec);
    dec->frame_count = avo_max(dec->frame_count, dec->dpb_frames + 3);
}

/* Makes another sequence parameter set the active one. No picture is at work. Only an IDR picture
 * may bring another set; where one comes in between and the frames stay the same, decoding simply
 * goes on with it. */
static int activate_sps(AvocetDecoder *dec, int id, bool is_idr)
{
    const AvoSps *sps = dec->sps[id];
    if (!is_idr && !needs_new_frames(dec, sps)) {
        adopt_sps(dec, id);
        return AVOCET_OK;
    }
    avo_dec_output_all(dec);
    if (dec->queue_count > 0)
        return AVO_DEC_AGAIN;
    if (needs_new_frames(dec, sps))
        AVO_RETURN_IF_ERROR(activate_size(dec, sps));
    for (int i = 0; i < dec->dpb.count; i++)
        dec->dpb.ref[i]->is_ref = false;
    memset(&dec->poc, 0, sizeof dec->poc);
    dec->dpb = (AvoDpb){.max_long_term_idx = -1};
    dec->prev_ref_frame_num = -1;
    dec->is_active = true;
    adopt_sps(dec, id);
    return AVOCET_OK;
}

static int activate_pps(AvocetDecoder *dec, int id)
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
    return f != dec->current && !f->f.is_ref && !f->waiting && !f->queued && !f->held;
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
    avo_arena_init(&arena, frame->memory, size);
    carve(dec, &frame->f, &frame->trace, &arena);
    return AVOCET_OK;
}

/* Takes a free frame and resets what the last picture left in it, except samples and records. */
static int take_frame(AvocetDecoder *dec, AvoDecFrame **taken)
{
    AvoDecFrame *frame = find_free(dec);
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
    *taken = frame;
    return AVOCET_OK;
}

/* ---- references that were never received ---- */

/* A header as if for a reference frame of this frame_num, for marking and order counts. */
static const AvoSliceHeader *imply_header(AvocetDecoder *dec, int frame_num)
{
    AvoSliceHeader *h = &dec->implied;
    memset(h, 0, sizeof *h);
    h->nal_unit_type = AVO_NAL_SLICE;
    h->nal_ref_idc = 1;
    h->frame_num = frame_num;
    return h;
}

/* One "non-existing" frame (8.2.5.2). */
static int add_gap_frame(AvocetDecoder *dec, int frame_num)
{
    AvoDecFrame *frame;
    const AvoSliceHeader *h = imply_header(dec, frame_num);
    int status = take_frame(dec, &frame);
    if (status != AVOCET_OK)
        return status;
    frame->f.non_existing = true;
    frame->f.frame_num = frame_num;
    if (dec->active_sps.poc_type != 0) {
        frame->f.poc = avo_poc_decode(&dec->poc, &dec->active_sps, h);
        avo_poc_commit(&dec->poc, &dec->active_sps, h, frame->f.poc);
    }
    avo_dpb_mark(&dec->dpb, &dec->active_sps, h, &frame->f, NULL);
    dec->prev_ref_frame_num = frame_num;
    return AVOCET_OK;
}

/* Reference frames between the last one and this picture that were not received. */
static int missing_frames(const AvocetDecoder *dec, const AvoSliceHeader *h)
{
    int max = 1 << dec->active_sps.log2_max_frame_num;
    if (h->nal_unit_type == AVO_NAL_IDR || dec->prev_ref_frame_num < 0 ||
        h->frame_num == dec->prev_ref_frame_num)
        return 0;
    return (h->frame_num - dec->prev_ref_frame_num - 1) & (max - 1);
}

/* Fills a gap in frame_num where the stream may have gaps. Elsewhere pictures were lost: the frames
 * that are there serve better than frames without samples. Of a long gap only the frames that would
 * remain in the window are made. */
static int fill_gap(AvocetDecoder *dec, const AvoSliceHeader *h)
{
    int max = 1 << dec->active_sps.log2_max_frame_num;
    if (!dec->active_sps.gaps_in_frame_num_allowed)
        return AVOCET_OK;
    for (int n = avo_min(missing_frames(dec, h), dec->dpb.max_refs); n > 0; n--) {
        int status = add_gap_frame(dec, (h->frame_num - n) & (max - 1));
        if (status != AVOCET_OK)
            return status;
    }
    return AVOCET_OK;
}

/* A grey frame for streams that start with pictures which refer to others. */
static int add_grey_reference(AvocetDecoder *dec)
{
    AvoDecFrame *frame;
    int max = 1 << dec->active_sps.log2_max_frame_num;
    const AvoSliceHeader *h = imply_header(dec, (dec->header.frame_num - 1) & (max - 1));
    int status = take_frame(dec, &frame);
    if (status != AVOCET_OK)
        return status;
    frame->f.frame_num = h->frame_num;
    frame->f.poc = dec->current->f.poc - 2;
    avo_dec_fill_grey(&frame->f);
    avo_dpb_mark(&dec->dpb, &dec->active_sps, h, &frame->f, NULL);
    return AVOCET_OK;
}

/* Puts a stand-in where a list has no picture, or one without samples. */
static int complete_lists(AvocetDecoder *dec, AvoSliceRefs *refs)
{
    for (int l = 0; l < 2; l++)
        for (int i = 0; i < refs->count[l]; i++) {
            AvoFrame *f = refs->frame[l][i];
            if (f && !f->non_existing)
                continue;
            dec->current->missing_refs |= i == 0; /* further entries may stay unused */
            f = avo_dec_nearest_reference(dec, dec->current->f.poc);
            if (!f) {
                int status = add_grey_reference(dec);
                if (status != AVOCET_OK)
                    return status;
                f = avo_dec_nearest_reference(dec, dec->current->f.poc);
            }
            refs->frame[l][i] = f;
        }
    return AVOCET_OK;
}

/* ---- start of a picture ---- */

static void find_cropping(const AvocetDecoder *dec, AvoDecFrame *frame)
{
    const AvoSps *sps = &dec->active_sps;
    int unit_x = sps->chroma_format_idc ? 2 : 1;
    int unit_y = unit_x * (sps->frame_mbs_only ? 1 : 2);
    frame->crop_x = unit_x * sps->crop_left;
    frame->crop_y = unit_y * sps->crop_top;
    frame->crop_width = 16 * sps->mb_width - frame->crop_x - unit_x * sps->crop_right;
    frame->crop_height = 16 * sps->mb_height - frame->crop_y - unit_y * sps->crop_bottom;
}

/* Which pictures the slots hold, for temporal direct prediction of later pictures. */
static void note_slots(const AvocetDecoder *dec, AvoFrame *f)
{
    for (int i = 0; i < AVO_DEC_FRAMES; i++) {
        f->slot_uid[i] = dec->frames[i].f.uid;
        f->slot_poc[i] = dec->frames[i].f.poc;
    }
}

static int start_picture(AvocetDecoder *dec, const AvoSliceHeader *h)
{
    AvoDecFrame *frame;
    int status = fill_gap(dec, h);
    if (status == AVOCET_OK)
        status = take_frame(dec, &frame);
    if (status != AVOCET_OK)
        return status;
    AvoFrame *f = &frame->f;
    f->poc = avo_poc_decode(&dec->poc, &dec->active_sps, h);
    f->frame_num = h->frame_num;
    f->is_idr = h->nal_unit_type == AVO_NAL_IDR;
    f->slice_type = h->type;
    f->pts = dec->unit_pts;
    note_slots(dec, f);
    for (int i = 0; i < dec->mb_count; i++)
        f->info[i].slice = AVO_SLICE_NONE;
    avo_trace_reset(&frame->trace, dec->mb_count);
    frame->poc = f->poc;
    frame->frame_num = f->frame_num;
    frame->was_reference = h->nal_ref_idc != 0;
    frame->missing_refs = missing_frames(dec, h) > 0;
    find_cropping(dec, frame);
    if (dec->active_pps.num_slice_groups > 1)
        avo_slice_group_map(dec->group_map, &dec->active_sps, &dec->active_pps,
                            h->slice_group_change_cycle);
    dec->current = frame;
    dec->mbs_done = 0;
    return AVOCET_OK;
}

/* ---- slices ---- */

static void note_slice(AvocetDecoder *dec, const AvoSliceHeader *h)
{
    dec->slices[dec->current->slices] = (AvoDeblockSlice){
        .disable_idc = h->disable_deblocking_idc,
        .alpha_offset = 2 * h->alpha_offset_div2,
        .beta_offset = 2 * h->beta_offset_div2,
        .chroma_qp_offset = {dec->active_pps.chroma_qp_offset[0],
                             dec->active_pps.chroma_qp_offset[1]},
    };
}

/* RefPicList0 and 1 and everything that follows from them. */
static int prepare_references(AvocetDecoder *dec, const AvoSliceHeader *h)
{
    AvoSliceDec *s = &dec->slice;
    AvoSliceRefs *refs = &s->refs;
    memset(refs, 0, sizeof *refs);
    refs->type = h->type;
    refs->count[0] = h->num_ref_idx[0];
    refs->count[1] = h->num_ref_idx[1];
    if (avo_ref_lists_build(&dec->dpb, &dec->active_sps, h, dec->current->f.poc, refs->frame,
                            &dec->message) < 0)
        dec->current->missing_refs = true;
    int status = complete_lists(dec, refs);
    if (status != AVOCET_OK)
        return status;
    avo_slice_refs_derive(refs, h, &dec->active_pps, &dec->active_sps, dec->current->f.poc);
    for (int l = 0; l < 2; l++)
        for (int i = 0; i < refs->count[l]; i++)
            s->slot_of_ref[l][i] = (int8_t)refs->frame[l][i]->slot;
    /* Only in damaged streams is the co-located reference not in list 0. */
    for (int i = 0; i < AVO_SLOTS_MAX; i++)
        refs->col_to_ref0[i] = (int8_t)avo_max(refs->col_to_ref0[i], 0);
    return AVOCET_OK;
}

static void prepare_slice(AvocetDecoder *dec, const AvoSliceHeader *h, const AvoSliceBits *bits)
{
    AvoSliceDec *s = &dec->slice;
    s->dsp = &dec->dsp;
    s->vlc = &dec->vlc;
    s->sps = &dec->active_sps;
    s->pps = &dec->active_pps;
    s->header = h;
    s->quant = &dec->quant;
    s->frame = &dec->current->f;
    s->trace = dec->current->trace.mb ? &dec->current->trace : NULL;
    s->group_of_mb = dec->active_pps.num_slice_groups > 1 ? dec->group_map : NULL;
    s->predict = (AvoPredictCtx){&dec->dsp, &s->refs, dec->predict_scratch};
    s->slice = dec->current->slices;
    s->cabac = dec->active_pps.cabac;
    s->has_chroma = dec->active_sps.chroma_format_idc != 0;
    s->br = *bits;
}

/* Slice data of the current picture. */
static int decode_slice(AvocetDecoder *dec, const AvoSliceHeader *h, const AvoSliceBits *bits)
{
    AvoDecFrame *current = dec->current;
    if (current->slices >= dec->slice_capacity)
        return avo_fail(&dec->message, AVOCET_ERR_DATA, "too many slices in a picture");
    int status = prepare_references(dec, h);
    if (status != AVOCET_OK)
        return status;
    prepare_slice(dec, h, bits);
    note_slice(dec, h);
    current->slice_bytes += (int64_t)dec->rbsp.size + 1;
    status = avo_slice_data_decode(&dec->slice, &dec->message);
    dec->mbs_done += dec->slice.mbs_done;
    if (dec->slice.mbs_done > 0) {
        current->slices++;
        current->has_p |= h->type == AVO_SLICE_P;
        current->has_b |= h->type == AVO_SLICE_B;
    }
    if (dec->mbs_done == dec->mb_count)
        avo_dec_finish_picture(dec);
    return status;
}

/* Reads the header; the sets it names are found but not yet active. */
static int read_header(AvocetDecoder *dec, AvoSliceHeader *h, AvoSliceBits *bits)
{
    AVO_RETURN_IF_ERROR(avo_slice_header_begin(h, bits, &dec->message));
    const AvoPps *pps = dec->pps[h->pps_id];
    if (!pps)
        return avo_fail(&dec->message, AVOCET_ERR_DATA, "picture parameter set %d is missing",
                        h->pps_id);
    const AvoSps *sps = dec->sps[pps->sps_id];
    if (!sps)
        return avo_fail(&dec->message, AVOCET_ERR_DATA, "sequence parameter set %d is missing",
                        pps->sps_id);
    AVO_RETURN_IF_ERROR(check_supported(dec, sps));
    AVO_RETURN_IF_ERROR(avo_pps_check(pps, sps, &dec->message));
    return avo_slice_header_parse(h, bits, sps, pps, &dec->message);
}

/* Activates what the header names and starts its picture. */
static int begin_picture(AvocetDecoder *dec, const AvoSliceHeader *h)
{
    int sps_id = dec->pps[h->pps_id]->sps_id;
    if (!dec->is_active || dec->active_sps_serial != dec->sps_serial[sps_id]) {
        int status = activate_sps(dec, sps_id, h->nal_unit_type == AVO_NAL_IDR);
        if (status != AVOCET_OK)
            return status;
    }
    AVO_RETURN_IF_ERROR(activate_pps(dec, h->pps_id));
    return start_picture(dec, h);
}

/* Are these the very sets that the current picture was started with? */
static bool is_active_set(const AvocetDecoder *dec, int pps_id)
{
    return dec->is_active && dec->active_pps_serial == dec->pps_serial[pps_id] &&
           dec->active_sps_serial == dec->sps_serial[dec->pps[pps_id]->sps_id];
}

/* A first slice where the picture has one already: another picture whose header is the same. That
 * is not legal, but encoders are about that never change idr_pic_id. */
static bool starts_again(const AvocetDecoder *dec, const AvoSliceHeader *h)
{
    return h->first_mb == 0 && (!dec->current || dec->current->f.info[0].slice != AVO_SLICE_NONE);
}

int avo_dec_slice(AvocetDecoder *dec, int nal_ref_idc, int nal_unit_type)
{
    AvoSliceHeader *h = &dec->next_header;
    AvoSliceBits bits;
    memset(h, 0, sizeof *h);
    h->nal_ref_idc = nal_ref_idc;
    h->nal_unit_type = nal_unit_type;
    avo_sb_init(&bits, dec->rbsp.data, dec->rbsp.size);
    AVO_RETURN_IF_ERROR(read_header(dec, h, &bits));
    if (h->redundant_pic_cnt > 0)
        return AVOCET_OK; /* the primary slices are what is shown */
    bool starts = !dec->has_header || !is_active_set(dec, h->pps_id) ||
                  avo_slice_starts_picture(h, &dec->header) || starts_again(dec, h);
    if (starts && dec->current)
        avo_dec_finish_picture(dec);
    if (!starts && !dec->current)
        return avo_fail(&dec->message, AVOCET_ERR_DATA, "slice belongs to a finished picture");
    if (starts) {
        if (dec->queue_count > 0)
            return AVO_DEC_AGAIN;
        dec->has_header = false;
        int status = begin_picture(dec, h);
        if (status != AVOCET_OK)
            return status;
    }
    dec->header = *h;
    dec->has_header = true;
    return decode_slice(dec, &dec->header, &bits);
}

/* ---- end of a picture ---- */

static void filter_and_pad(AvocetDecoder *dec)
{
    AvoFrame *f = &dec->current->f;
    for (int y = 0; y < f->mb_height; y++)
        avo_deblock_row(&dec->dsp, f, y, dec->slices);
    if (!dec->current->was_reference)
        return;
    for (int c = 0; c < (f->chroma_format ? 3 : 1); c++)
        avo_plane_pad_rows(&f->plane[c], c ? AVO_FRAME_PAD / 2 : AVO_FRAME_PAD, 0,
                           f->plane[c].height);
}

static bool has_mmco5(const AvoSliceHeader *h)
{
    for (int i = 0; i < h->mmco_count; i++)
        if (h->mmco[i].op == 5)
            return true;
    return false;
}

void avo_dec_finish_picture(AvocetDecoder *dec)
{
    AvoDecFrame *current = dec->current;
    const AvoSliceHeader *h = &dec->header;
    if (!current)
        return;
    if (dec->mbs_done == 0) { /* nothing of it was received: as if it never existed */
        current->was_reference = false;
        dec->current = NULL;
        return;
    }
    if (dec->mbs_done < dec->mb_count)
        current->damaged_mbs = avo_dec_conceal(dec);
    filter_and_pad(dec);
    bool starts_sequence = current->f.is_idr || has_mmco5(h);
    avo_poc_commit(&dec->poc, &dec->active_sps, h, current->f.poc);
    if (current->was_reference) {
        avo_dpb_mark(&dec->dpb, &dec->active_sps, h, &current->f, &dec->message);
        dec->prev_ref_frame_num = current->f.frame_num;
    }
    avo_dec_store(dec, starts_sequence, current->f.is_idr && h->no_output_of_prior_pics);
    dec->current = NULL;
}
