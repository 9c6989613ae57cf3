/* Sequence and picture parameter sets (7.3.2.1, 7.3.2.2, Annex E):
 * structs, checks, derived sizes, levels. */
#ifndef AVO_H264_PARAMSET_H
#define AVO_H264_PARAMSET_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"
#include "h264/tables.h"

typedef struct AvoHrd { /* E.1.2, one schedule (cpb_cnt_minus1 = 0) written; up to 32 parsed */
    int cpb_count;
    int bit_rate_scale, cpb_size_scale;
    uint32_t bit_rate_value_minus1[32], cpb_size_value_minus1[32];
    bool cbr_flag[32];
    int initial_cpb_removal_delay_length, cpb_removal_delay_length, dpb_output_delay_length;
    int time_offset_length;
} AvoHrd;

typedef struct AvoVui { /* E.1.1; names of the standard */
    bool aspect_ratio_info_present;
    int aspect_ratio_idc, sar_width, sar_height;
    bool overscan_info_present, overscan_appropriate;
    bool video_signal_type_present;
    int video_format;
    bool video_full_range, colour_description_present;
    int colour_primaries, transfer_characteristics, matrix_coefficients;
    bool chroma_loc_info_present;
    int chroma_sample_loc_type_top, chroma_sample_loc_type_bottom;
    bool timing_info_present;
    uint32_t num_units_in_tick, time_scale;
    bool fixed_frame_rate;
    bool nal_hrd_present, vcl_hrd_present;
    AvoHrd nal_hrd, vcl_hrd;
    bool low_delay_hrd, pic_struct_present;
    bool bitstream_restriction;
    bool motion_vectors_over_pic_boundaries;
    int max_bytes_per_pic_denom, max_bits_per_mb_denom;
    int log2_max_mv_length_horizontal, log2_max_mv_length_vertical;
    int max_num_reorder_frames, max_dec_frame_buffering;
} AvoVui;

/* Scaling lists in zig-zag order; which are sent explicitly. Index 0..5: 4x4 Intra Y,Cb,Cr Inter
 * Y,Cb,Cr; 6, 7: 8x8 Intra Y, Inter Y (4:2:0). */
typedef struct AvoScalingMatrix {
    bool present;           /* seq_/pic_scaling_matrix_present_flag */
    bool list_present[8];   /* seq_/pic_scaling_list_present_flag */
    bool use_default[8];    /* sent as "use the default list" */
    uint8_t list4x4[6][16]; /* effective lists after fall-back */
    uint8_t list8x8[2][64];
} AvoScalingMatrix;

typedef struct AvoSps {
    int profile_idc, level_idc;
    uint8_t constraint_flags; /* bit 0: constraint_set0_flag ... bit 5: constraint_set5_flag */
    int id;
    int chroma_format_idc; /* 0 or 1 here; others parsed and refused by users of the struct */
    bool separate_colour_plane;
    int bit_depth_luma, bit_depth_chroma;
    bool qpprime_y_zero_transform_bypass;
    AvoScalingMatrix scaling;
    int log2_max_frame_num;
    int poc_type, log2_max_poc_lsb;
    bool delta_pic_order_always_zero;
    int offset_for_non_ref_pic, offset_for_top_to_bottom_field;
    int num_ref_frames_in_poc_cycle;
    int32_t offset_for_ref_frame[256];
    int max_num_ref_frames;
    bool gaps_in_frame_num_allowed;
    int mb_width, mb_height; /* frame, macroblocks */
    bool frame_mbs_only, mb_adaptive_frame_field, direct_8x8_inference;
    bool cropping;
    int crop_left, crop_right, crop_top, crop_bottom; /* crop units as in the syntax */
    bool vui_present;
    AvoVui vui;
} AvoSps;

typedef struct AvoPps {
    int id, sps_id;
    bool cabac, bottom_field_pic_order_present;
    int num_slice_groups, slice_group_map_type; /* >1: Baseline FMO, decoder only */
    uint32_t run_length_minus1[8], top_left[8], bottom_right[8];
    bool slice_group_change_direction;
    uint32_t slice_group_change_rate;
    uint32_t pic_size_in_map_units;
    uint8_t *slice_group_id;    /* map type 6, owned by whoever parsed it; NULL otherwise */
    int num_ref_idx_default[2]; /* active counts, not minus 1 */
    bool weighted_pred;
    int weighted_bipred_idc;
    int init_qp; /* 26 + pic_init_qp_minus26 */
    int init_qs;
    int chroma_qp_offset[2]; /* Cb, Cr */
    bool deblocking_control_present, constrained_intra_pred, redundant_pic_cnt_present;
    bool transform_8x8_mode;
    bool has_high_part;       /* transform_8x8_mode_flag and what follows is sent */
    AvoScalingMatrix scaling; /* effective for pictures using this PPS after fall-back */
} AvoPps;

enum {
    AVO_PROFILE_BASELINE = 66,
    AVO_PROFILE_MAIN = 77,
    AVO_PROFILE_EXTENDED = 88,
    AVO_PROFILE_HIGH = 100
};

const AvoLevelLimits *avo_level_find(int level_idc);
/* MaxDpbFrames for a picture size at a level (A.3.1 h). */
int avo_level_max_dpb_frames(const AvoLevelLimits *level, int mb_width, int mb_height);
/* Factor on max_br / max_cpb for a profile: cpbBrNalFactor (nal) or cpbBrVclFactor. */
int avo_profile_cpb_factor(int profile_idc, bool nal);

/* What a stream asks of a level, for choosing and for checking. */
typedef struct AvoLevelDemand {
    int profile_idc;
    int mb_width, mb_height;
    uint32_t fps_num, fps_den; /* 0/0: unknown */
    int dpb_frames;            /* max_dec_frame_buffering wanted */
    int64_t max_bitrate;       /* bit/s, VBV or average; 0: unknown */
    int64_t cpb_bits;          /* 0: unknown */
    int slices;
} AvoLevelDemand;
/* First limit of `level` that is exceeded: a phrase for messages ("frame size", "macroblock rate",
 * "decoded picture buffer", "bitrate", "buffer size"), NULL when everything fits. */
const char *avo_level_violation(const AvoLevelLimits *level, const AvoLevelDemand *demand);
/* Lowest level that fits, or NULL if none does. Level 1b is never chosen automatically. */
const AvoLevelLimits *avo_level_choose(const AvoLevelDemand *demand);

/* Range checks of a set as it was filled or parsed: AVOCET_OK, or AVOCET_ERR_DATA with the syntax
 * element in the message. Whether this library does what the set asks for is not judged here. sps:
 * the one the PPS names. */
int avo_sps_check(const AvoSps *sps, AvoMessage *msg);
int avo_pps_check(const AvoPps *pps, const AvoSps *sps, AvoMessage *msg);

/* Effective lists after fall-back rules A and B (7.4.2.1.1.1, Table 7-2). */
void avo_scaling_flat(AvoScalingMatrix *m);
void avo_scaling_resolve_sps(AvoScalingMatrix *m);
void avo_scaling_resolve_pps(AvoScalingMatrix *m, const AvoScalingMatrix *sps, bool transform_8x8);

#endif
