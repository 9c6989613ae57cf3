/* The little that a container must understand of H.264: what the picture looks like (SPS), where
 * one picture ends and the next begins, and in which order pictures are shown (slice headers).
 * Reading only, of untrusted bytes: every value is checked, every read bounded.
 *
 * The codec has its own, complete reading of these units; containers stand beside the codec, not on
 * it, so that a program that only packs or streams need not link it. */
#ifndef AVO_MUX_AVC_SYNTAX_H
#define AVO_MUX_AVC_SYNTAX_H

#include <avocet/mux.h>
#include "base/util.h"

typedef struct AvoAvcSps {
    bool valid;
    AvocetVideoInfo info;
    bool separate_planes, frame_mbs_only;
    uint8_t frame_num_bits, poc_type, poc_lsb_bits;
    bool delta_poc_always_zero;
    int32_t offset_non_ref, offset_top_to_bottom;
    int cycle_length; /* POC type 1 */
    int32_t offset_ref[255];
} AvoAvcSps;

typedef struct AvoAvcPps {
    bool valid;
    uint8_t sps_id;
    bool bottom_poc_present, redundant_present, weighted_pred;
    uint8_t weighted_bipred, refs[2];
} AvoAvcPps;

typedef struct AvoAvcSlice {
    int nal_type, ref_idc;
    uint32_t first_mb;
    int slice_type; /* 0 P, 1 B, 2 I, 3 SP, 4 SI */
    int pps_id, sps_id;
    uint32_t frame_num, idr_pic_id, poc_lsb;
    int32_t delta_poc_bottom, delta_poc[2];
    bool field, bottom, redundant, resets; /* resets: memory_management_control_operation 5 */
} AvoAvcSlice;

/* Parameter sets met so far and the state of the picture order count. */
typedef struct AvoAvcState {
    AvoAvcSps sps[32];
    AvoAvcPps pps[256];
    /* 8.2.1 */
    int32_t prev_poc_msb, prev_poc_lsb;
    uint32_t prev_frame_num;
    int64_t prev_frame_num_offset;
} AvoAvcState;

/* NAL bytes with header. Returns the id or an error. */
int avo_avc_read_sps(AvoAvcSps *sps, const uint8_t *nal, size_t size);
/* A unit of any type: parameter sets are taken in; others leave the state alone.
 * Damaged ones are ignored. */
void avo_avc_take_headers(AvoAvcState *state, const uint8_t *nal, size_t size);
/* Header of a slice (types 1, 2, 5); false if it is damaged or its parameter sets are missing. */
bool avo_avc_read_slice(const AvoAvcState *state, AvoAvcSlice *slice, const uint8_t *nal,
                        size_t size);
/* Does b start another picture than a belongs to (7.4.1.2.4)? */
bool avo_avc_new_picture(const AvoAvcSlice *a, const AvoAvcSlice *b);
/* PicOrderCnt of the picture (8.2.1), which must be asked for once per picture, in decoding order.
 * After a picture that `resets`, counting starts anew as after an IDR. */
int32_t avo_avc_picture_order(AvoAvcState *state, const AvoAvcSlice *slice);

#endif
