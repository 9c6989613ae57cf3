/* Parameter sets, access unit delimiter, SEI, filler, slice headers as bits (see headers_write.h).
 *
 * Structs in, RBSP bits out; each function follows the syntax table of its clause line by line, so
 * it is best read beside it. Values are trusted: whoever filled the structs checked them. */
#include "enc/headers_write.h"
#include "base/profile.h"
#include "h264/nal.h"

/* ---- descriptors (7.2): out of line, since headers are many calls and no hot path ---- */

static AVO_NOINLINE void put(AvoBitWriter *w, int n, uint32_t value)
{
    avo_bw_put(w, n, value);
}

static AVO_NOINLINE void ue(AvoBitWriter *w, uint32_t v)
{
    avo_bw_ue(w, v);
}

static void flag(AvoBitWriter *w, int bit)
{
    put(w, 1, bit != 0);
}

static void se(AvoBitWriter *w, int v)
{
    ue(w, avo_se_code(v));
}

/* ---- scaling lists (7.3.2.1.1.1) ---- */

/* One list as differences. A run of equal values to the end is cut off by a difference that makes
 * the next scale 0, which tells the reader to repeat the last value. */
static void write_scaling_list(AvoBitWriter *w, const uint8_t *list, int size, bool use_default)
{
    int last = 8, count = size;
    if (use_default) {
        se(w, -last);
        return;
    }
    while (count > 1 && list[count - 1] == list[count - 2])
        count--;
    for (int i = 0; i < count; i++) {
        se(w, (int8_t)(list[i] - last));
        last = list[i];
    }
    if (count < size)
        se(w, (int8_t)-last);
}

static void write_scaling_matrix(AvoBitWriter *w, const AvoScalingMatrix *m, int count)
{
    for (int i = 0; i < count; i++) {
        flag(w, m->list_present[i]);
        if (!m->list_present[i])
            continue;
        if (i < 6)
            write_scaling_list(w, m->list4x4[i], 16, m->use_default[i]);
        else
            write_scaling_list(w, m->list8x8[i - 6], 64, m->use_default[i]);
    }
}

/* ---- sequence parameter set (7.3.2.1.1) ---- */

static void write_sps_high_part(AvoBitWriter *w, const AvoSps *sps)
{
    ue(w, (uint32_t)sps->chroma_format_idc);
    if (sps->chroma_format_idc == 3)
        flag(w, sps->separate_colour_plane);
    ue(w, (uint32_t)sps->bit_depth_luma - 8);
    ue(w, (uint32_t)sps->bit_depth_chroma - 8);
    flag(w, sps->qpprime_y_zero_transform_bypass);
    flag(w, sps->scaling.present);
    if (sps->scaling.present)
        write_scaling_matrix(w, &sps->scaling, 8);
}

static void write_sps_poc(AvoBitWriter *w, const AvoSps *sps)
{
    ue(w, (uint32_t)sps->poc_type);
    if (sps->poc_type == 0) {
        ue(w, (uint32_t)sps->log2_max_poc_lsb - 4);
    } else if (sps->poc_type == 1) {
        flag(w, sps->delta_pic_order_always_zero);
        se(w, sps->offset_for_non_ref_pic);
        se(w, sps->offset_for_top_to_bottom_field);
        ue(w, (uint32_t)sps->num_ref_frames_in_poc_cycle);
        for (int i = 0; i < sps->num_ref_frames_in_poc_cycle; i++)
            se(w, sps->offset_for_ref_frame[i]);
    }
}

/* E.1.2 */
static void write_hrd(AvoBitWriter *w, const AvoHrd *hrd)
{
    ue(w, (uint32_t)hrd->cpb_count - 1);
    put(w, 4, (uint32_t)hrd->bit_rate_scale);
    put(w, 4, (uint32_t)hrd->cpb_size_scale);
    for (int i = 0; i < hrd->cpb_count; i++) {
        ue(w, hrd->bit_rate_value_minus1[i]);
        ue(w, hrd->cpb_size_value_minus1[i]);
        flag(w, hrd->cbr_flag[i]);
    }
    put(w, 5, (uint32_t)hrd->initial_cpb_removal_delay_length - 1);
    put(w, 5, (uint32_t)hrd->cpb_removal_delay_length - 1);
    put(w, 5, (uint32_t)hrd->dpb_output_delay_length - 1);
    put(w, 5, (uint32_t)hrd->time_offset_length);
}

static void write_vui_video_signal(AvoBitWriter *w, const AvoVui *vui)
{
    flag(w, vui->video_signal_type_present);
    if (!vui->video_signal_type_present)
        return;
    put(w, 3, (uint32_t)vui->video_format);
    flag(w, vui->video_full_range);
    flag(w, vui->colour_description_present);
    if (vui->colour_description_present) {
        put(w, 8, (uint32_t)vui->colour_primaries);
        put(w, 8, (uint32_t)vui->transfer_characteristics);
        put(w, 8, (uint32_t)vui->matrix_coefficients);
    }
}

/* Picture description: aspect, overscan, signal, chroma location. */
static void write_vui_display(AvoBitWriter *w, const AvoVui *vui)
{
    flag(w, vui->aspect_ratio_info_present);
    if (vui->aspect_ratio_info_present) {
        put(w, 8, (uint32_t)vui->aspect_ratio_idc);
        if (vui->aspect_ratio_idc == 255) {
            put(w, 16, (uint32_t)vui->sar_width);
            put(w, 16, (uint32_t)vui->sar_height);
        }
    }
    flag(w, vui->overscan_info_present);
    if (vui->overscan_info_present)
        flag(w, vui->overscan_appropriate);
    write_vui_video_signal(w, vui);
    flag(w, vui->chroma_loc_info_present);
    if (vui->chroma_loc_info_present) {
        ue(w, (uint32_t)vui->chroma_sample_loc_type_top);
        ue(w, (uint32_t)vui->chroma_sample_loc_type_bottom);
    }
}

static void write_vui_timing(AvoBitWriter *w, const AvoVui *vui)
{
    flag(w, vui->timing_info_present);
    if (vui->timing_info_present) {
        put(w, 32, vui->num_units_in_tick);
        put(w, 32, vui->time_scale);
        flag(w, vui->fixed_frame_rate);
    }
    flag(w, vui->nal_hrd_present);
    if (vui->nal_hrd_present)
        write_hrd(w, &vui->nal_hrd);
    flag(w, vui->vcl_hrd_present);
    if (vui->vcl_hrd_present)
        write_hrd(w, &vui->vcl_hrd);
    if (vui->nal_hrd_present || vui->vcl_hrd_present)
        flag(w, vui->low_delay_hrd);
}

/* E.1.1 */
static void write_vui(AvoBitWriter *w, const AvoVui *vui)
{
    write_vui_display(w, vui);
    write_vui_timing(w, vui);
    flag(w, vui->pic_struct_present);
    flag(w, vui->bitstream_restriction);
    if (vui->bitstream_restriction) {
        flag(w, vui->motion_vectors_over_pic_boundaries);
        ue(w, (uint32_t)vui->max_bytes_per_pic_denom);
        ue(w, (uint32_t)vui->max_bits_per_mb_denom);
        ue(w, (uint32_t)vui->log2_max_mv_length_horizontal);
        ue(w, (uint32_t)vui->log2_max_mv_length_vertical);
        ue(w, (uint32_t)vui->max_num_reorder_frames);
        ue(w, (uint32_t)vui->max_dec_frame_buffering);
    }
}

void avo_write_sps(AvoBitWriter *w, const AvoSps *sps)
{
    put(w, 8, (uint32_t)sps->profile_idc);
    for (int i = 0; i < 6; i++)
        flag(w, sps->constraint_flags >> i & 1);
    put(w, 2, 0);
    put(w, 8, (uint32_t)sps->level_idc);
    ue(w, (uint32_t)sps->id);
    if (avo_profile_has_chroma_part(sps->profile_idc))
        write_sps_high_part(w, sps);
    ue(w, (uint32_t)sps->log2_max_frame_num - 4);
    write_sps_poc(w, sps);
    ue(w, (uint32_t)sps->max_num_ref_frames);
    flag(w, sps->gaps_in_frame_num_allowed);
    ue(w, (uint32_t)sps->mb_width - 1);
    ue(w, (uint32_t)(sps->mb_height >> !sps->frame_mbs_only) - 1);
    flag(w, sps->frame_mbs_only);
    if (!sps->frame_mbs_only)
        flag(w, sps->mb_adaptive_frame_field);
    flag(w, sps->direct_8x8_inference);
    flag(w, sps->cropping);
    if (sps->cropping) {
        ue(w, (uint32_t)sps->crop_left);
        ue(w, (uint32_t)sps->crop_right);
        ue(w, (uint32_t)sps->crop_top);
        ue(w, (uint32_t)sps->crop_bottom);
    }
    flag(w, sps->vui_present);
    if (sps->vui_present)
        write_vui(w, &sps->vui);
    avo_bw_trailing(w);
}

/* ---- picture parameter set (7.3.2.2) ---- */

/* Slice groups are never written: num_slice_groups is 1. sps would only be needed for 4:4:4, which
 * has more scaling lists. */
void avo_write_pps(AvoBitWriter *w, const AvoPps *pps, const AvoSps *sps)
{
    AVO_ASSERT(pps->num_slice_groups <= 1 && sps->chroma_format_idc != 3);
    (void)sps;
    ue(w, (uint32_t)pps->id);
    ue(w, (uint32_t)pps->sps_id);
    flag(w, pps->cabac);
    flag(w, pps->bottom_field_pic_order_present);
    ue(w, 0);
    ue(w, (uint32_t)pps->num_ref_idx_default[0] - 1);
    ue(w, (uint32_t)pps->num_ref_idx_default[1] - 1);
    flag(w, pps->weighted_pred);
    put(w, 2, (uint32_t)pps->weighted_bipred_idc);
    se(w, pps->init_qp - 26);
    se(w, pps->init_qs - 26);
    se(w, pps->chroma_qp_offset[0]);
    flag(w, pps->deblocking_control_present);
    flag(w, pps->constrained_intra_pred);
    flag(w, pps->redundant_pic_cnt_present);
    if (pps->has_high_part) {
        flag(w, pps->transform_8x8_mode);
        flag(w, pps->scaling.present);
        if (pps->scaling.present)
            write_scaling_matrix(w, &pps->scaling, pps->transform_8x8_mode ? 8 : 6);
        se(w, pps->chroma_qp_offset[1]);
    }
    avo_bw_trailing(w);
}

/* ---- access unit delimiter, filler (7.3.2.4, 7.3.2.7) ---- */

void avo_write_aud(AvoBitWriter *w, AvoSliceType highest)
{
    static const uint8_t primary_pic_type[] = {
        [AVO_SLICE_I] = 0, [AVO_SLICE_P] = 1, [AVO_SLICE_B] = 2};
    put(w, 3, primary_pic_type[highest]);
    avo_bw_trailing(w);
}

void avo_write_filler(AvoBitWriter *w, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        put(w, 8, 0xff);
    avo_bw_trailing(w);
}

/* ---- slice header (7.3.3) ---- */

static void write_poc(AvoBitWriter *w, const AvoSliceHeader *h, const AvoSps *sps,
                      const AvoPps *pps)
{
    bool bottom = pps->bottom_field_pic_order_present;
    if (sps->poc_type == 0) {
        uint32_t mask = (1u << sps->log2_max_poc_lsb) - 1;
        put(w, sps->log2_max_poc_lsb, (uint32_t)h->poc_lsb & mask);
        if (bottom)
            se(w, h->delta_poc_bottom);
    } else if (sps->poc_type == 1 && !sps->delta_pic_order_always_zero) {
        se(w, h->delta_poc[0]);
        if (bottom)
            se(w, h->delta_poc[1]);
    }
}

static void write_ref_counts(AvoBitWriter *w, const AvoSliceHeader *h)
{
    flag(w, h->num_ref_idx_override);
    if (!h->num_ref_idx_override)
        return;
    ue(w, (uint32_t)h->num_ref_idx[0] - 1);
    if (h->type == AVO_SLICE_B)
        ue(w, (uint32_t)h->num_ref_idx[1] - 1);
}

/* 7.3.3.1 */
static void write_modification(AvoBitWriter *w, const AvoSliceHeader *h, int list)
{
    int count = h->modification_count[list];
    flag(w, count > 0);
    if (!count)
        return;
    for (int i = 0; i < count; i++) {
        ue(w, (uint32_t)h->modification[list][i].idc);
        ue(w, h->modification[list][i].value);
    }
    ue(w, 3);
}

/* 7.3.3.2 */
static void write_weights(AvoBitWriter *w, const AvoSliceHeader *h, bool chroma)
{
    ue(w, (uint32_t)h->luma_log2_denom);
    if (chroma)
        ue(w, (uint32_t)h->chroma_log2_denom);
    for (int list = 0; list < (h->type == AVO_SLICE_B ? 2 : 1); list++) {
        for (int i = 0; i < h->num_ref_idx[list]; i++) {
            const AvoWeight *weight = &h->weight[list][i];
            flag(w, weight->luma_flag);
            if (weight->luma_flag) {
                se(w, weight->w[0]);
                se(w, weight->o[0]);
            }
            if (!chroma)
                continue;
            flag(w, weight->chroma_flag);
            for (int j = 1; weight->chroma_flag && j < 3; j++) {
                se(w, weight->w[j]);
                se(w, weight->o[j]);
            }
        }
    }
}

/* 7.3.3.3 */
static void write_marking(AvoBitWriter *w, const AvoSliceHeader *h)
{
    if (h->nal_unit_type == AVO_NAL_IDR) {
        flag(w, h->no_output_of_prior_pics);
        flag(w, h->long_term_reference);
        return;
    }
    flag(w, h->adaptive_marking);
    if (!h->adaptive_marking)
        return;
    for (int i = 0; i < h->mmco_count; i++) {
        const AvoMmco *m = &h->mmco[i];
        ue(w, (uint32_t)m->op);
        if (m->op != 5)
            ue(w, m->arg1);
        if (m->op == 3)
            ue(w, m->arg2);
    }
    ue(w, 0);
}

static void write_deblocking(AvoBitWriter *w, const AvoSliceHeader *h)
{
    ue(w, (uint32_t)h->disable_deblocking_idc);
    if (h->disable_deblocking_idc != 1) {
        se(w, h->alpha_offset_div2);
        se(w, h->beta_offset_div2);
    }
}

/* The reference part of P and B slices. */
static void write_references(AvoBitWriter *w, const AvoSliceHeader *h, const AvoSps *sps,
                             const AvoPps *pps)
{
    bool is_b = h->type == AVO_SLICE_B;
    if (is_b)
        flag(w, h->direct_spatial);
    write_ref_counts(w, h);
    write_modification(w, h, 0);
    if (is_b)
        write_modification(w, h, 1);
    if (is_b ? pps->weighted_bipred_idc == 1 : pps->weighted_pred)
        write_weights(w, h, sps->chroma_format_idc != 0);
}

void avo_write_slice_header(AvoBitWriter *w, const AvoSliceHeader *h, const AvoSps *sps,
                            const AvoPps *pps)
{
    AVO_ASSERT(sps->frame_mbs_only);
    ue(w, h->first_mb);
    ue(w, h->type);
    ue(w, (uint32_t)h->pps_id);
    put(w, sps->log2_max_frame_num, (uint32_t)h->frame_num & ((1u << sps->log2_max_frame_num) - 1));
    if (h->nal_unit_type == AVO_NAL_IDR)
        ue(w, (uint32_t)h->idr_pic_id);
    write_poc(w, h, sps, pps);
    if (pps->redundant_pic_cnt_present)
        ue(w, (uint32_t)h->redundant_pic_cnt);
    if (h->type != AVO_SLICE_I)
        write_references(w, h, sps, pps);
    if (h->nal_ref_idc)
        write_marking(w, h);
    if (pps->cabac && h->type != AVO_SLICE_I)
        ue(w, (uint32_t)h->cabac_init_idc);
    se(w, h->qp - pps->init_qp);
    if (pps->deblocking_control_present)
        write_deblocking(w, h);
}

/* ---- supplemental enhancement information (7.3.2.3.1, Annex D) ---- */

enum { SEI_BUFFERING_PERIOD = 0, SEI_PIC_TIMING = 1, SEI_USER_DATA = 5, SEI_RECOVERY_POINT = 6 };

/* A number coded as 0xff bytes and a rest. */
static void write_sei_number(AvoBitWriter *w, size_t v)
{
    for (; v >= 255; v -= 255)
        put(w, 8, 255);
    put(w, 8, (uint32_t)v);
}

static void write_sei_head(AvoBitWriter *w, int type, size_t size)
{
    write_sei_number(w, (size_t)type);
    write_sei_number(w, size);
}

/* A message whose payload was first written aside, since its size comes in front. */
static void write_sei_message(AvoBitWriter *w, int type, AvoBitWriter *payload)
{
    if (payload->fill)
        avo_bw_trailing(payload);
    size_t size = (size_t)(payload->pos - payload->start);
    write_sei_head(w, type, size);
    for (size_t i = 0; i < size; i++)
        put(w, 8, payload->start[i]);
    if (payload->overflow)
        w->overflow = true;
    avo_bw_trailing(w);
}

void avo_write_sei_user_data(AvoBitWriter *w, const uint8_t uuid[16], const uint8_t *data,
                             size_t size)
{
    write_sei_head(w, SEI_USER_DATA, 16 + size);
    for (size_t i = 0; i < 16; i++)
        put(w, 8, uuid[i]);
    for (size_t i = 0; i < size; i++)
        put(w, 8, data[i]);
    avo_bw_trailing(w);
}

void avo_write_sei_recovery_point(AvoBitWriter *w, int recovery_frame_cnt, bool exact_match,
                                  bool broken_link)
{
    uint8_t buffer[16];
    AvoBitWriter p;
    avo_bw_init(&p, buffer, sizeof buffer);
    ue(&p, (uint32_t)recovery_frame_cnt);
    flag(&p, exact_match);
    flag(&p, broken_link);
    put(&p, 2, 0);
    write_sei_message(w, SEI_RECOVERY_POINT, &p);
}

/* A delay modulo 2^n (D.2.2, D.2.3). */
static void put_delay(AvoBitWriter *p, int n, uint32_t delay)
{
    put(p, n, n < 32 ? delay & ((1u << n) - 1) : delay);
}

static void write_initial_delays(AvoBitWriter *p, const AvoHrd *hrd, uint32_t delay,
                                 uint32_t offset)
{
    for (int i = 0; i < hrd->cpb_count; i++) {
        put_delay(p, hrd->initial_cpb_removal_delay_length, delay);
        put_delay(p, hrd->initial_cpb_removal_delay_length, offset);
    }
}

void avo_write_sei_buffering_period(AvoBitWriter *w, const AvoSps *sps, uint32_t initial_delay,
                                    uint32_t initial_offset)
{
    uint8_t buffer[2 * 32 * 8 + 8];
    AvoBitWriter p;
    avo_bw_init(&p, buffer, sizeof buffer);
    ue(&p, (uint32_t)sps->id);
    if (sps->vui.nal_hrd_present)
        write_initial_delays(&p, &sps->vui.nal_hrd, initial_delay, initial_offset);
    if (sps->vui.vcl_hrd_present)
        write_initial_delays(&p, &sps->vui.vcl_hrd, initial_delay, initial_offset);
    write_sei_message(w, SEI_BUFFERING_PERIOD, &p);
}

void avo_write_sei_pic_timing(AvoBitWriter *w, const AvoSps *sps, uint32_t cpb_removal_delay,
                              uint32_t dpb_output_delay, int pic_struct)
{
    static const uint8_t clock_count[9] = {1, 1, 1, 2, 2, 3, 3, 2, 3}; /* Table D-1 */
    const AvoVui *vui = &sps->vui;
    uint8_t buffer[16];
    AvoBitWriter p;
    avo_bw_init(&p, buffer, sizeof buffer);
    if (vui->nal_hrd_present || vui->vcl_hrd_present) {
        const AvoHrd *hrd = vui->nal_hrd_present ? &vui->nal_hrd : &vui->vcl_hrd;
        put_delay(&p, hrd->cpb_removal_delay_length, cpb_removal_delay);
        put_delay(&p, hrd->dpb_output_delay_length, dpb_output_delay);
    }
    if (vui->pic_struct_present) {
        put(&p, 4, (uint32_t)pic_struct);
        put(&p, clock_count[pic_struct], 0); /* no clock timestamps */
    }
    write_sei_message(w, SEI_PIC_TIMING, &p);
}
