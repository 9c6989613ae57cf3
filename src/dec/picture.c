/* Pictures: start, reference lists, frame_num gaps, slices, end. See decoder.h.
 *
 * A slice unit goes through avo_dec_slice():
 *   1. read the header with the parameter sets it names;
 *   2. if it starts another picture: finish the one at work, activate the sets, start the new one;
 *   3. build the reference lists, run or store the slice (schedule.c);
 *   4. finish the picture as soon as all macroblocks are there.
 * Each step may ask for an empty output queue (AVO_DEC_AGAIN); the unit is then read again from the
 * start, and what is done already is found done. Nothing here looks at samples or records, so that
 * it goes the same way whether slices run at once or later. */
#include "dec/decoder.h"

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
    avo_dec_bump(dec);
    int status = avo_dec_take_frame(dec, &frame);
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

/* The reference frame that is nearest in order of output; the one decoded last where none is
 * marked; NULL where there never was one. */
static AvoFrame *nearest_reference(AvocetDecoder *dec, int poc)
{
    AvoFrame *best = NULL;
    int64_t best_distance = 0;
    for (int i = 0; i < dec->dpb.count; i++) {
        AvoFrame *f = dec->dpb.ref[i];
        int64_t distance = (int64_t)f->poc - poc;
        distance = distance < 0 ? -distance : distance;
        if (f->non_existing || (best && distance >= best_distance))
            continue;
        best = f;
        best_distance = distance;
    }
    return best ? best : dec->last_reference ? &dec->last_reference->f : NULL;
}

/* A grey frame for streams that start with pictures which refer to others. It is not part of the
 * buffer: it serves the picture at work only. */
static int provide_grey(AvocetDecoder *dec)
{
    AvoDecFrame *frame;
    if (dec->job->grey)
        return AVOCET_OK;
    int max = 1 << dec->active_sps.log2_max_frame_num;
    int status = avo_dec_take_frame(dec, &frame);
    if (status != AVOCET_OK)
        return status;
    frame->f.frame_num = (dec->header.frame_num - 1) & (max - 1);
    frame->f.poc = dec->current->f.poc - 2;
    avo_dec_fill_grey(&frame->f);
    avo_progress_publish(&frame->lines, frame->f.plane[0].height);
    dec->job->grey = frame;
    dec->job->uses |= 1u << frame->f.slot;
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
            f = nearest_reference(dec, dec->current->f.poc);
            if (!f) {
                int status = provide_grey(dec);
                if (status != AVOCET_OK)
                    return status;
                f = &dec->job->grey->f;
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
        status = avo_dec_take_frame(dec, &frame);
    if (status != AVOCET_OK)
        return status;
    AvoFrame *f = &frame->f;
    f->poc = avo_poc_decode(&dec->poc, &dec->active_sps, h);
    f->frame_num = h->frame_num;
    f->is_idr = h->nal_unit_type == AVO_NAL_IDR;
    f->slice_type = h->type;
    f->pts = dec->unit_pts;
    note_slots(dec, f);
    frame->poc = f->poc;
    frame->frame_num = f->frame_num;
    frame->was_reference = h->nal_ref_idc != 0;
    frame->missing_refs = missing_frames(dec, h) > 0;
    if (!dec->active_sps.gaps_in_frame_num_allowed)
        frame->lost_frames = missing_frames(dec, h);
    find_cropping(dec, frame);
    dec->current = frame;
    avo_dec_begin_job(dec);
    if (dec->active_pps.num_slice_groups > 1)
        avo_slice_group_map(dec->job->group_map, &dec->active_sps, &dec->active_pps,
                            h->slice_group_change_cycle);
    return AVOCET_OK;
}

/* ---- slices ---- */

/* RefPicList0 and 1 and everything that follows from them. */
static int prepare_references(AvocetDecoder *dec, const AvoSliceHeader *h, AvoSliceRefs *refs)
{
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
            dec->job->uses |= 1u << refs->frame[l][i]->slot;
    /* Only in damaged streams is the co-located reference not in list 0. */
    for (int i = 0; i < AVO_SLOTS_MAX; i++)
        refs->col_to_ref0[i] = (int8_t)avo_max(refs->col_to_ref0[i], 0);
    return AVOCET_OK;
}

/* Slice data of the current picture. */
static int take_slice(AvocetDecoder *dec, const AvoSliceHeader *h, const AvoSliceBits *bits)
{
    AvoJobSlice *slice = avo_dec_next_slice(dec);
    int status = prepare_references(dec, h, &slice->refs);
    if (status != AVOCET_OK)
        return status;
    slice->header = *h;
    slice->bits = *bits;
    dec->current->slice_bytes += (int64_t)dec->rbsp.size + 1;
    dec->job->has_first |= h->first_mb == 0;
    dec->job->accepted++;
    status = avo_dec_add_slice(dec, slice);
    if (dec->job->mbs_done == dec->mb_count)
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
    AVO_RETURN_IF_ERROR(avo_dec_check_supported(dec, sps));
    AVO_RETURN_IF_ERROR(avo_pps_check(pps, sps, &dec->message));
    return avo_slice_header_parse(h, bits, sps, pps, &dec->message);
}

/* Activates what the header names and starts its picture. */
static int begin_picture(AvocetDecoder *dec, const AvoSliceHeader *h)
{
    int sps_id = dec->pps[h->pps_id]->sps_id;
    if (!dec->is_active || dec->active_sps_serial != dec->sps_serial[sps_id]) {
        int status = avo_dec_activate_sps(dec, sps_id, h->nal_unit_type == AVO_NAL_IDR);
        if (status != AVOCET_OK)
            return status;
    }
    AVO_RETURN_IF_ERROR(avo_dec_activate_pps(dec, h->pps_id));
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
    return h->first_mb == 0 && (!dec->current || dec->job->has_first);
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
        if (avo_dec_has_output(dec))
            return AVO_DEC_AGAIN;
        dec->has_header = false;
        int status = begin_picture(dec, h);
        if (status != AVOCET_OK)
            return status;
    }
    dec->header = *h;
    dec->has_header = true;
    return take_slice(dec, &dec->header, &bits);
}

/* ---- end of a picture ---- */

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
    if (dec->job->accepted == 0) { /* nothing of it was received: as if it never existed */
        current->was_reference = false;
        dec->current = NULL;
        return;
    }
    AvoFrame *stand_in = nearest_reference(dec, current->f.poc);
    dec->job->stand_in = (AvoDecFrame *)(void *)stand_in;
    if (stand_in)
        dec->job->uses |= 1u << stand_in->slot;
    avo_dec_end_job(dec);
    bool starts_sequence = current->f.is_idr || has_mmco5(h);
    avo_poc_commit(&dec->poc, &dec->active_sps, h, current->f.poc);
    if (current->was_reference) {
        avo_dpb_mark(&dec->dpb, &dec->active_sps, h, &current->f, &dec->message);
        dec->prev_ref_frame_num = current->f.frame_num;
        dec->last_reference = current;
    }
    avo_dec_store(dec, starts_sequence, current->f.is_idr && h->no_output_of_prior_pics);
    dec->current = NULL;
    if (dec->pending >= dec->batch)
        avo_dec_run_jobs(dec);
}
