/* See stream_setup.h. What players get wrong without being told is always told: timing, colour,
 * range, reordering. */
#include "enc/stream_setup.h"
#include "base/util.h"

static const uint8_t profile_idc_of[] = {
    [AVOCET_PROFILE_AUTO] = AVO_PROFILE_HIGH,
    [AVOCET_PROFILE_BASELINE] = AVO_PROFILE_BASELINE,
    [AVOCET_PROFILE_MAIN] = AVO_PROFILE_MAIN,
    [AVOCET_PROFILE_HIGH] = AVO_PROFILE_HIGH,
};

/* The smallest scale of E.2.2 under which value fits an ue(v) sensibly. */
static void hrd_scale(int64_t value, int base_shift, int *scale, uint32_t *minus1)
{
    *scale = 0;
    while (*scale < 15 && (value & ((int64_t)1 << (base_shift + *scale))) == 0 &&
           (value >> (base_shift + *scale + 1)) > 0)
        ++*scale;
    int64_t units = value >> (base_shift + *scale);
    *minus1 = (uint32_t)(avo_max64(units, 1) - 1);
}

/* A counter of fields since the last keyframe, modulo its range (D.2.3). Each picture carries one:
 * where keyframes are sure to come, two bytes do. */
static int removal_delay_length(const AvocetEncoderConfig *c)
{
    return !c->intra_refresh && c->keyint < 1 << 15 ? 16 : 24;
}

static void setup_hrd(AvoHrd *hrd, const AvocetEncoderConfig *c)
{
    hrd->cpb_count = 1;
    hrd_scale(c->vbv_maxrate, 6, &hrd->bit_rate_scale, &hrd->bit_rate_value_minus1[0]);
    hrd_scale(c->vbv_bufsize, 4, &hrd->cpb_size_scale, &hrd->cpb_size_value_minus1[0]);
    hrd->cbr_flag[0] = c->nal_hrd == AVOCET_HRD_CBR;
    hrd->initial_cpb_removal_delay_length = 24;
    hrd->cpb_removal_delay_length = removal_delay_length(c);
    hrd->dpb_output_delay_length = 8; /* twice 16 pictures that wait, and 16 B pictures */
    hrd->time_offset_length = 0;
}

static void setup_sar(AvoVui *v, const AvocetEncoderConfig *c)
{
    v->aspect_ratio_info_present = c->sar_width > 0 && c->sar_height > 0;
    v->aspect_ratio_idc =
        c->sar_width == c->sar_height ? 1 : 255; /* 1: square, 255: Extended_SAR */
    v->sar_width = c->sar_width;
    v->sar_height = c->sar_height;
}

static void setup_vui(AvoVui *v, const AvocetEncoderConfig *c, int dpb_frames, int reorder)
{
    setup_sar(v, c);
    v->overscan_info_present = c->overscan > 0;
    v->overscan_appropriate = c->overscan == 2;
    v->video_signal_type_present = true;
    v->video_format = c->video_format;
    v->video_full_range = c->full_range;
    v->colour_description_present = true;
    v->colour_primaries = c->colour_primaries;
    v->transfer_characteristics = c->transfer;
    v->matrix_coefficients = c->colour_matrix;
    v->chroma_loc_info_present = c->chroma_loc > 0;
    v->chroma_sample_loc_type_top = v->chroma_sample_loc_type_bottom = c->chroma_loc;
    v->timing_info_present = true;
    v->num_units_in_tick = (uint32_t)c->fps.den;
    v->time_scale = (uint32_t)c->fps.num * 2; /* a tick is a field */
    v->fixed_frame_rate = c->time_base.num == c->fps.den && c->time_base.den == c->fps.num;
    v->nal_hrd_present = c->nal_hrd != AVOCET_HRD_NONE;
    if (v->nal_hrd_present)
        setup_hrd(&v->nal_hrd, c);
    v->pic_struct_present = c->pic_struct;
    v->bitstream_restriction = true;
    v->motion_vectors_over_pic_boundaries = true;
    v->log2_max_mv_length_horizontal = v->log2_max_mv_length_vertical = 13; /* 2048 luma samples */
    v->max_num_reorder_frames = reorder;
    v->max_dec_frame_buffering = dpb_frames;
}

static void setup_scaling(AvoScalingMatrix *m, const AvocetEncoderConfig *c)
{
    avo_scaling_flat(m);
    if (c->cqm == AVOCET_CQM_FLAT)
        return;
    m->present = true;
    for (int i = 0; i < 8; i++)
        m->list_present[i] = c->cqm == AVOCET_CQM_CUSTOM; /* JVT: all fall back to the defaults */
    if (c->cqm == AVOCET_CQM_CUSTOM) {
        memcpy(m->list4x4, c->cqm4, sizeof m->list4x4);
        memcpy(m->list8x8, c->cqm8, sizeof m->list8x8);
    }
    avo_scaling_resolve_sps(m);
}

void avo_setup_sps(AvoSps *sps, const AvocetEncoderConfig *c, int dpb_frames, int reorder)
{
    memset(sps, 0, sizeof *sps);
    sps->profile_idc = profile_idc_of[c->profile];
    sps->level_idc = c->level;
    if (sps->profile_idc == AVO_PROFILE_BASELINE)
        sps->constraint_flags = 3; /* Constrained Baseline: also within Main */
    else if (sps->profile_idc == AVO_PROFILE_MAIN)
        sps->constraint_flags = 2;
    if (c->level == 9 && sps->profile_idc != AVO_PROFILE_HIGH) { /* level 1b (A.3.4.1) */
        sps->level_idc = 11;
        sps->constraint_flags |= 8;
    }
    sps->chroma_format_idc =
        c->format == AVOCET_FORMAT_GRAY8 && sps->profile_idc == AVO_PROFILE_HIGH ? 0 : 1;
    sps->bit_depth_luma = sps->bit_depth_chroma = 8;
    setup_scaling(&sps->scaling, c);
    sps->log2_max_frame_num = dpb_frames > 4 ? 8 : 4;
    sps->poc_type = c->bframes ? 0 : 2;
    sps->log2_max_poc_lsb = 8;
    sps->max_num_ref_frames = dpb_frames;
    sps->mb_width = (c->width + 15) / 16;
    sps->mb_height = (c->height + 15) / 16;
    sps->frame_mbs_only = true;
    sps->direct_8x8_inference = true;
    int unit = sps->chroma_format_idc ? 2 : 1;
    sps->crop_right = (sps->mb_width * 16 - c->width) / unit;
    sps->crop_bottom = (sps->mb_height * 16 - c->height) / unit;
    sps->cropping = sps->crop_right || sps->crop_bottom;
    sps->vui_present = true;
    setup_vui(&sps->vui, c, dpb_frames, reorder);
}

void avo_setup_pps(AvoPps *pps, const AvoSps *sps, const AvocetEncoderConfig *c)
{
    memset(pps, 0, sizeof *pps);
    pps->cabac = c->cabac;
    pps->num_slice_groups = 1;
    pps->num_ref_idx_default[0] = avo_max(1, avo_min(c->ref, sps->max_num_ref_frames));
    pps->num_ref_idx_default[1] = 1;
    pps->weighted_pred = c->weightp > 0;
    pps->weighted_bipred_idc = !c->bframes || !c->weightb ? 0 : c->weightb == 2 ? 1 : 2;
    pps->init_qp = 26;
    pps->init_qs = 26;
    pps->chroma_qp_offset[0] = pps->chroma_qp_offset[1] = c->chroma_qp_offset;
    pps->deblocking_control_present = true;
    pps->constrained_intra_pred = c->constrained_intra;
    pps->transform_8x8_mode = c->transform_8x8;
    pps->has_high_part = sps->profile_idc == AVO_PROFILE_HIGH;
    pps->scaling = sps->scaling;
    pps->scaling.present = false;
}

bool avo_setup_fade_pps(AvoPps *pps, const AvoPps *usual)
{
    *pps = *usual;
    pps->id = usual->id + 1;
    pps->weighted_bipred_idc = 1;
    return usual->weighted_pred && usual->weighted_bipred_idc == 2;
}
