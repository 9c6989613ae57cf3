/* Parameter sets: levels, derived values, range checks, scaling lists (see paramset.h). */
#include "h264/paramset.h"
#include "base/util.h"
#include "base/divide.h"
#include "base/small_code.h"

/* ---- levels (Annex A) ---- */

#define LEVEL_1B 9

const AvoLevelLimits *avo_level_find(int level_idc)
{
    for (size_t i = 0; i < AVO_LEVEL_COUNT; i++)
        if (avo_levels[i].level_idc == level_idc)
            return &avo_levels[i];
    return NULL;
}

int avo_level_max_dpb_frames(const AvoLevelLimits *level, int mb_width, int mb_height)
{
    int64_t frames = avo_divide(level->max_dpb_mbs, (int64_t)mb_width * mb_height);
    return (int)avo_min64(frames, 16);
}

int avo_profile_cpb_factor(int profile_idc, bool nal)
{
    const AvoProfileFactors *found = &avo_profile_factors[0];
    for (size_t i = 0; i < AVO_PROFILE_COUNT; i++)
        if (avo_profile_factors[i].profile_idc == profile_idc)
            found = &avo_profile_factors[i];
    return nal ? found->nal : found->vcl;
}

/* A.3.1: area, and no side longer than sqrt(8 * MaxFS). */
static bool fits_frame(const AvoLevelLimits *level, int64_t width, int64_t height)
{
    int64_t side = (int64_t)level->max_fs * 8;
    return width * height <= level->max_fs && width * width <= side && height * height <= side;
}

/* Slices per picture <= MaxMBPS * picture interval / SliceRate; not in Baseline and Extended. */
static bool fits_slices(const AvoLevelLimits *level, const AvoLevelDemand *d)
{
    if (level->slice_rate < 0 || d->profile_idc == AVO_PROFILE_BASELINE ||
        d->profile_idc == AVO_PROFILE_EXTENDED)
        return true;
    return (int64_t)d->slices * level->slice_rate * d->fps_num <=
           (int64_t)level->max_mbps * d->fps_den;
}

/* The bound fR on the picture interval (1/172 s) is left alone: it would raise small, fast streams
 * to level 6, which helps no decoder. */
const char *avo_level_violation(const AvoLevelLimits *level, const AvoLevelDemand *d)
{
    int64_t factor = avo_profile_cpb_factor(d->profile_idc, false);
    int64_t mbs = (int64_t)d->mb_width * d->mb_height;
    bool has_rate = d->fps_num && d->fps_den;

    if (!fits_frame(level, d->mb_width, d->mb_height))
        return "frame size";
    if (has_rate && mbs * d->fps_num > (int64_t)level->max_mbps * d->fps_den)
        return "macroblock rate";
    if (d->dpb_frames > avo_level_max_dpb_frames(level, d->mb_width, d->mb_height))
        return "decoded picture buffer";
    if (d->max_bitrate > level->max_br * factor)
        return "bitrate";
    if (d->cpb_bits > level->max_cpb * factor)
        return "buffer size";
    if (has_rate && !fits_slices(level, d))
        return "slice rate";
    return NULL;
}

const AvoLevelLimits *avo_level_choose(const AvoLevelDemand *demand)
{
    for (size_t i = 0; i < AVO_LEVEL_COUNT; i++)
        if (avo_levels[i].level_idc != LEVEL_1B && !avo_level_violation(&avo_levels[i], demand))
            return &avo_levels[i];
    return NULL;
}

/* ---- range checks ---- */

/* One syntax element and its range; a list of them reads like the semantics of the standard. */
typedef struct Range {
    const char *name;
    int64_t value, min, max;
} Range;

static int check_ranges(const Range *ranges, size_t count, const char *where, AvoMessage *msg)
{
    for (size_t i = 0; i < count; i++) {
        const Range *r = &ranges[i];
        if (r->value < r->min || r->value > r->max)
            return avo_fail(msg, AVOCET_ERR_DATA, "%s: %s is %l, allowed are %l to %l", where,
                            r->name, r->value, r->min, r->max);
    }
    return AVOCET_OK;
}

static int check_hrd(const AvoHrd *hrd, AvoMessage *msg)
{
    const Range ranges[] = {
        {"cpb_cnt_minus1", hrd->cpb_count - 1, 0, 31},
        {"bit_rate_scale", hrd->bit_rate_scale, 0, 15},
        {"cpb_size_scale", hrd->cpb_size_scale, 0, 15},
        {"initial_cpb_removal_delay_length", hrd->initial_cpb_removal_delay_length, 1, 32},
        {"cpb_removal_delay_length", hrd->cpb_removal_delay_length, 1, 32},
        {"dpb_output_delay_length", hrd->dpb_output_delay_length, 1, 32},
        {"time_offset_length", hrd->time_offset_length, 0, 31},
    };
    return check_ranges(ranges, AVO_COUNT(ranges), "HRD", msg);
}

static int check_vui(const AvoVui *vui, AvoMessage *msg)
{
    const Range ranges[] = {
        {"aspect_ratio_idc", vui->aspect_ratio_idc, 0, 255},
        {"sar_width", vui->sar_width, 0, 65535},
        {"sar_height", vui->sar_height, 0, 65535},
        {"video_format", vui->video_format, 0, 7},
        {"chroma_sample_loc_type_top_field", vui->chroma_sample_loc_type_top, 0, 5},
        {"chroma_sample_loc_type_bottom_field", vui->chroma_sample_loc_type_bottom, 0, 5},
    };
    AVO_RETURN_IF_ERROR(check_ranges(ranges, AVO_COUNT(ranges), "VUI", msg));
    if (vui->nal_hrd_present)
        AVO_RETURN_IF_ERROR(check_hrd(&vui->nal_hrd, msg));
    if (vui->vcl_hrd_present)
        AVO_RETURN_IF_ERROR(check_hrd(&vui->vcl_hrd, msg));
    if (!vui->bitstream_restriction)
        return AVOCET_OK;
    const Range restrictions[] = {
        {"max_bytes_per_pic_denom", vui->max_bytes_per_pic_denom, 0, 16},
        {"max_bits_per_mb_denom", vui->max_bits_per_mb_denom, 0, 16},
        {"log2_max_mv_length_horizontal", vui->log2_max_mv_length_horizontal, 0, 16},
        {"log2_max_mv_length_vertical", vui->log2_max_mv_length_vertical, 0, 16},
        {"max_dec_frame_buffering", vui->max_dec_frame_buffering, 0, 16},
        {"max_num_reorder_frames", vui->max_num_reorder_frames, 0, vui->max_dec_frame_buffering},
    };
    return check_ranges(restrictions, AVO_COUNT(restrictions), "VUI", msg);
}

/* Cropping must leave at least one sample of each kind (7.4.2.1.1). */
static int check_cropping(const AvoSps *sps, AvoMessage *msg)
{
    int unit_x = sps->chroma_format_idc == 1 || sps->chroma_format_idc == 2 ? 2 : 1;
    int unit_y = (sps->chroma_format_idc == 1 ? 2 : 1) * (sps->frame_mbs_only ? 1 : 2);
    int64_t width = 16 * (int64_t)sps->mb_width, height = 16 * (int64_t)sps->mb_height;
    int64_t max_x = (width - 1) / unit_x, max_y = (height - 1) / unit_y;
    const Range ranges[] = {
        {"frame_crop_left_offset", sps->crop_left, 0, max_x},
        {"frame_crop_right_offset", sps->crop_right, 0, max_x - sps->crop_left},
        {"frame_crop_top_offset", sps->crop_top, 0, max_y},
        {"frame_crop_bottom_offset", sps->crop_bottom, 0, max_y - sps->crop_top},
    };
    return check_ranges(ranges, AVO_COUNT(ranges), "SPS", msg);
}

int avo_sps_check(const AvoSps *sps, AvoMessage *msg)
{
    const Range ranges[] = {
        {"profile_idc", sps->profile_idc, 0, 255},
        {"level_idc", sps->level_idc, 0, 255},
        {"seq_parameter_set_id", sps->id, 0, 31},
        {"chroma_format_idc", sps->chroma_format_idc, 0, 3},
        {"bit_depth_luma", sps->bit_depth_luma, 8, 14},
        {"bit_depth_chroma", sps->bit_depth_chroma, 8, 14},
        {"log2_max_frame_num", sps->log2_max_frame_num, 4, 16},
        {"pic_order_cnt_type", sps->poc_type, 0, 2},
        {"num_ref_frames_in_pic_order_cnt_cycle", sps->num_ref_frames_in_poc_cycle, 0, 255},
        {"max_num_ref_frames", sps->max_num_ref_frames, 0, 16},
        /* MaxFS of the highest level bounds a side by sqrt(8 * 139264). */
        {"pic_width_in_mbs", sps->mb_width, 1, 1055},
        {"pic_height_in_mbs", sps->mb_height, 1, 1055},
    };
    AVO_RETURN_IF_ERROR(check_ranges(ranges, AVO_COUNT(ranges), "SPS", msg));
    if (sps->poc_type == 0 && (sps->log2_max_poc_lsb < 4 || sps->log2_max_poc_lsb > 16))
        return avo_fail(msg, AVOCET_ERR_DATA, "SPS: log2_max_pic_order_cnt_lsb is %d",
                        sps->log2_max_poc_lsb);
    if (!sps->frame_mbs_only && !sps->direct_8x8_inference)
        return avo_fail(msg, AVOCET_ERR_DATA, "SPS: direct_8x8_inference_flag is 0 with fields");
    if (sps->cropping)
        AVO_RETURN_IF_ERROR(check_cropping(sps, msg));
    return sps->vui_present ? check_vui(&sps->vui, msg) : AVOCET_OK;
}

int avo_pps_check(const AvoPps *pps, const AvoSps *sps, AvoMessage *msg)
{
    const Range ranges[] = {
        {"pic_parameter_set_id", pps->id, 0, 255},
        {"seq_parameter_set_id", pps->sps_id, sps->id, sps->id},
        {"num_slice_groups", pps->num_slice_groups, 1, 8},
        {"slice_group_map_type", pps->slice_group_map_type, 0, 6},
        {"num_ref_idx_l0_default_active", pps->num_ref_idx_default[0], 1, 32},
        {"num_ref_idx_l1_default_active", pps->num_ref_idx_default[1], 1, 32},
        {"weighted_bipred_idc", pps->weighted_bipred_idc, 0, 2},
        {"pic_init_qp", pps->init_qp, -6 * (sps->bit_depth_luma - 8), AVO_QP_MAX},
        {"pic_init_qs", pps->init_qs, 0, AVO_QP_MAX},
        {"chroma_qp_index_offset", pps->chroma_qp_offset[0], -12, 12},
        {"second_chroma_qp_index_offset", pps->chroma_qp_offset[1], -12, 12},
    };
    return check_ranges(ranges, AVO_COUNT(ranges), "PPS", msg);
}

/* ---- scaling lists (7.4.2.1.1.1, Table 7-2) ---- */

#define FLAT 16

void avo_scaling_flat(AvoScalingMatrix *m)
{
    memset(m, 0, sizeof *m);
    memset(m->list4x4, FLAT, sizeof m->list4x4);
    memset(m->list8x8, FLAT, sizeof m->list8x8);
}

static uint8_t *list_at(AvoScalingMatrix *m, int i)
{
    return i < 6 ? m->list4x4[i] : m->list8x8[i - 6];
}

static size_t list_size(int i)
{
    return i < 6 ? 16 : 64;
}

/* Lists 0..2 and 6 are for intra, 3..5 and 7 for inter macroblocks. */
static const uint8_t *default_list(int i)
{
    return i < 6 ? avo_scaling_default_4x4[i / 3] : avo_scaling_default_8x8[i - 6];
}

/* Completes lists [0, count) in order, since Cb falls back on Y and Cr on Cb. The first list of a
 * kind falls back on the default (rule A, sps NULL) or on the sequence's list (rule B). */
static void resolve(AvoScalingMatrix *m, const AvoScalingMatrix *sps, int count)
{
    for (int i = 0; i < count; i++) {
        const uint8_t *from = NULL;
        if (m->list_present[i])
            from = m->use_default[i] ? default_list(i) : NULL;
        else if (i < 6 && i % 3)
            from = m->list4x4[i - 1];
        else if (sps)
            from = i < 6 ? sps->list4x4[i] : sps->list8x8[i - 6];
        else
            from = default_list(i);
        if (from)
            memcpy(list_at(m, i), from, list_size(i));
    }
}

void avo_scaling_resolve_sps(AvoScalingMatrix *m)
{
    if (m->present)
        resolve(m, NULL, 8);
    else
        avo_scaling_flat(m);
}

void avo_scaling_resolve_pps(AvoScalingMatrix *m, const AvoScalingMatrix *sps, bool transform_8x8)
{
    if (!m->present)
        memcpy(m->list4x4, sps->list4x4, sizeof m->list4x4);
    if (!m->present || !transform_8x8)
        memcpy(m->list8x8, sps->list8x8, sizeof m->list8x8);
    if (m->present)
        resolve(m, sps->present ? sps : NULL, transform_8x8 ? 8 : 6);
}
