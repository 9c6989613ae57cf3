/* Slice header (7.3.3) and the reference lists it stands for: filled by the encoder's pipeline or
 * by the decoder's parser, read by prediction, direct modes, entropy coding and the loop filter. */
#ifndef AVO_H264_SLICE_H
#define AVO_H264_SLICE_H

#include "h264/frame.h"
#include "h264/paramset.h"

#define AVO_REFS_MAX 32 /* entries of one list */

typedef struct AvoRefModification {
    int idc;        /* modification_of_pic_nums_idc 0, 1, 2 (3 ends the list and is not stored) */
    uint32_t value; /* abs_diff_pic_num_minus1 or long_term_pic_num */
} AvoRefModification;

typedef struct AvoMmco {
    int op;        /* memory_management_control_operation 1..6 */
    uint32_t arg1; /* difference_of_pic_nums_minus1 | long_term_pic_num |
                    * max_long_term_frame_idx_plus1 | long_term_frame_idx (6) */
    uint32_t arg2; /* long_term_frame_idx (3) */
} AvoMmco;

/* One reference's explicit weights (7.3.3.2), Y Cb Cr; without a flag the default 2^denom, 0. */
typedef struct AvoWeight {
    bool luma_flag, chroma_flag;
    int16_t w[3], o[3];
} AvoWeight;

typedef struct AvoSliceHeader {
    int nal_unit_type, nal_ref_idc;
    uint32_t first_mb;
    AvoSliceType type;
    int pps_id;
    int frame_num;
    int idr_pic_id;
    int poc_lsb, delta_poc_bottom, delta_poc[2];
    int redundant_pic_cnt;
    bool direct_spatial;
    bool num_ref_idx_override;
    int num_ref_idx[2]; /* active entries, not minus 1 */
    int modification_count[2];
    AvoRefModification modification[2][AVO_REFS_MAX + 1];
    int luma_log2_denom, chroma_log2_denom;
    AvoWeight weight[2][AVO_REFS_MAX];
    bool no_output_of_prior_pics, long_term_reference;
    bool adaptive_marking;
    int mmco_count;
    AvoMmco mmco[66];
    int cabac_init_idc;
    int qp; /* SliceQPY */
    int disable_deblocking_idc;
    int alpha_offset_div2, beta_offset_div2;
    uint32_t slice_group_change_cycle;
} AvoSliceHeader;

/* How a B or weighted P slice mixes samples (8.4.2.3). */
typedef enum AvoWeightMode {
    AVO_WEIGHT_NONE,
    AVO_WEIGHT_EXPLICIT,
    AVO_WEIGHT_IMPLICIT
} AvoWeightMode;

/* A slice's references with everything that is derived from them once per slice. */
typedef struct AvoSliceRefs {
    AvoSliceType type;
    int count[2];
    AvoFrame *frame[2][AVO_REFS_MAX]; /* RefPicList0, RefPicList1; NULL: no reference picture */
    AvoWeightMode weight_mode;
    int log2_denom[2]; /* luma, chroma */
    AvoWeight weight[2][AVO_REFS_MAX];
    int16_t implicit_w1[AVO_REFS_MAX][AVO_REFS_MAX]; /* [ref0][ref1]; w0 = 64 - w1 */
    /* Direct prediction (8.4.1.2). */
    bool direct_spatial, direct_8x8_inference;
    const AvoFrame *col; /* RefPicList1[0] */
    bool col_is_long_term;
    int16_t dist_scale[AVO_REFS_MAX];     /* temporal DistScaleFactor per list 0 entry */
    bool ref0_is_long_term[AVO_REFS_MAX]; /* or equal POC: vectors are taken unscaled */
    /* Temporal: lowest list 0 index of the picture that slot held when col was coded; -1: not in
     * list 0 (the stream may not use temporal direct then). */
    int8_t col_to_ref0[AVO_SLOTS_MAX];
} AvoSliceRefs;

/* Fills the derived members (weights mode, implicit weights, dist_scale, col_to_ref0) from type,
 * count, frame, poc of the current picture, header and PPS. In slice_refs.c. */
void avo_slice_refs_derive(AvoSliceRefs *refs, const AvoSliceHeader *header, const AvoPps *pps,
                           const AvoSps *sps, int current_poc);

#endif
