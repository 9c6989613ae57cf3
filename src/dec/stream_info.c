/* What the parameter sets in use say, as the public interface tells it. */
#include "dec/decoder.h"
#include "h264/tables.h"

/* Pictures per second: two ticks each, in lowest terms. */
static AvocetRational frame_rate(const AvoVui *v)
{
    uint64_t den = 2 * (uint64_t)v->num_units_in_tick, num = v->time_scale;
    uint64_t a = num, b = den;
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    num /= a;
    den /= a;
    for (; num > INT32_MAX || den > INT32_MAX; num >>= 1, den >>= 1) {
    }
    return (AvocetRational){(int)num, (int)(den ? den : 1)};
}

/* The last schedule, which has the highest rate (E.2.2). */
static void describe_hrd(AvocetStreamInfo *info, const AvoHrd *hrd)
{
    int last = hrd->cpb_count - 1;
    info->hrd_bitrate = ((int64_t)hrd->bit_rate_value_minus1[last] + 1)
                        << (6 + hrd->bit_rate_scale);
    info->hrd_cpb_size = ((int64_t)hrd->cpb_size_value_minus1[last] + 1)
                         << (4 + hrd->cpb_size_scale);
    info->hrd_cbr = hrd->cbr_flag[last];
    info->hrd_delay_bits = hrd->initial_cpb_removal_delay_length;
}

static void describe_vui(AvocetStreamInfo *info, const AvoVui *v)
{
    info->sar_width = v->sar_width;
    info->sar_height = v->sar_height;
    if (v->timing_info_present && v->num_units_in_tick && v->time_scale) {
        info->fps = frame_rate(v);
        info->fixed_frame_rate = v->fixed_frame_rate;
    }
    if (v->video_signal_type_present) {
        info->video_format = v->video_format;
        info->full_range = v->video_full_range;
        info->colour_primaries = v->colour_primaries;
        info->transfer = v->transfer_characteristics;
        info->colour_matrix = v->matrix_coefficients;
    }
    if (v->chroma_loc_info_present)
        info->chroma_loc = v->chroma_sample_loc_type_top;
    if (v->nal_hrd_present || v->vcl_hrd_present)
        describe_hrd(info, v->nal_hrd_present ? &v->nal_hrd : &v->vcl_hrd);
    info->hrd = v->nal_hrd_present ? 1 : v->vcl_hrd_present ? 2 : 0;
}

/* Limits of Table A-1, times the factors of Table A-2 for NAL units. */
static void describe_level(AvocetStreamInfo *info, const AvoSps *sps)
{
    const AvoLevelLimits *level = avo_sps_level(sps);
    int factor = 1200;
    for (int i = 0; i < AVO_PROFILE_COUNT; i++)
        if (avo_profile_factors[i].profile_idc == sps->profile_idc)
            factor = avo_profile_factors[i].nal;
    if (!level)
        return;
    info->level_mb_rate = level->max_mbps;
    info->level_mbs = level->max_fs;
    info->level_dpb_mbs = level->max_dpb_mbs;
    info->level_bitrate = (int64_t)level->max_br * factor;
    info->level_cpb_size = (int64_t)level->max_cpb * factor;
}

int avocet_decoder_info(const AvocetDecoder *decoder, AvocetStreamInfo *info)
{
    if (!decoder || !info)
        return AVOCET_ERR_ARGUMENT;
    if (!decoder->is_active)
        return AVOCET_NEED_INPUT;
    const AvoSps *sps = &decoder->active_sps;
    const AvoPps *pps = &decoder->active_pps;
    int unit = sps->chroma_format_idc ? 2 : 1, unit_y = sps->frame_mbs_only ? unit : 2 * unit;
    *info = (AvocetStreamInfo){
        .profile_idc = sps->profile_idc,
        .constraint_flags = sps->constraint_flags,
        .level_idc = sps->level_idc,
        .coded_width = 16 * sps->mb_width,
        .coded_height = 16 * sps->mb_height,
        .width = 16 * sps->mb_width - unit * (sps->crop_left + sps->crop_right),
        .height = 16 * sps->mb_height - unit_y * (sps->crop_top + sps->crop_bottom),
        .chroma_format_idc = sps->chroma_format_idc,
        .bit_depth = sps->bit_depth_luma,
        .cabac = pps->cabac,
        .transform_8x8 = pps->transform_8x8_mode,
        .slice_groups = pps->num_slice_groups,
        .weighted_pred = pps->weighted_pred,
        .weighted_bipred_idc = pps->weighted_bipred_idc,
        .max_ref_frames = sps->max_num_ref_frames,
        .dpb_frames = decoder->dpb_frames,
        .reorder_frames = decoder->reorder_frames,
        .poc_type = sps->poc_type,
        .video_format = 5,
        .colour_primaries = 2,
        .transfer = 2,
        .colour_matrix = 2,
        .chroma_loc = -1,
    };
    if (sps->vui_present)
        describe_vui(info, &sps->vui);
    describe_level(info, sps);
    return AVOCET_OK;
}
