/* See paramset_parse.h. Names and order of elements are those of the syntax tables. */
#include "dec/paramset_parse.h"
#include "base/profile.h"

typedef AvoBitReader Bits;

static int ue(Bits *b)
{
    uint32_t v = avo_br_ue(b);
    return v > INT32_MAX ? INT32_MAX : (int)v;
}

static int u(Bits *b, int n)
{
    return (int)avo_br_get(b, n);
}

static bool flag(Bits *b)
{
    return avo_br_flag(b) != 0;
}

/* ---- scaling lists (7.3.2.1.1.1) ---- */

static bool parse_scaling_list(Bits *b, uint8_t *list, int size)
{
    int last = 8, next = 8;
    bool use_default = false;
    for (int j = 0; j < size; j++) {
        if (next != 0) {
            int delta = avo_clip3(-128, 127, avo_br_se(b));
            next = (last + delta + 256) & 255;
            use_default = j == 0 && next == 0;
        }
        if (next != 0)
            last = next;
        list[j] = (uint8_t)last;
    }
    return use_default;
}

/* count lists; those behind the eighth (4:4:4) are read and dropped. */
static void parse_scaling_matrix(Bits *b, AvoScalingMatrix *m, int count)
{
    uint8_t dropped[64];
    for (int i = 0; i < count; i++) {
        bool present = flag(b);
        if (i < 8)
            m->list_present[i] = present;
        if (!present)
            continue;
        if (i < 6)
            m->use_default[i] = parse_scaling_list(b, m->list4x4[i], 16);
        else if (i < 8)
            m->use_default[i] = parse_scaling_list(b, m->list8x8[i - 6], 64);
        else
            parse_scaling_list(b, dropped, 64);
    }
}

/* ---- VUI (E.1) ---- */

static void parse_hrd(Bits *b, AvoHrd *hrd)
{
    hrd->cpb_count = avo_min(ue(b), 32) + 1;
    if (hrd->cpb_count < 1 || hrd->cpb_count > 32) {
        b->error = true;
        return;
    }
    hrd->bit_rate_scale = u(b, 4);
    hrd->cpb_size_scale = u(b, 4);
    for (int i = 0; i < hrd->cpb_count; i++) {
        hrd->bit_rate_value_minus1[i] = avo_br_ue(b);
        hrd->cpb_size_value_minus1[i] = avo_br_ue(b);
        hrd->cbr_flag[i] = flag(b);
    }
    hrd->initial_cpb_removal_delay_length = u(b, 5) + 1;
    hrd->cpb_removal_delay_length = u(b, 5) + 1;
    hrd->dpb_output_delay_length = u(b, 5) + 1;
    hrd->time_offset_length = u(b, 5);
}

static void parse_video_signal(Bits *b, AvoVui *v)
{
    v->video_format = 5;
    v->colour_primaries = v->transfer_characteristics = v->matrix_coefficients = 2;
    v->video_signal_type_present = flag(b);
    if (!v->video_signal_type_present)
        return;
    v->video_format = u(b, 3);
    v->video_full_range = flag(b);
    v->colour_description_present = flag(b);
    if (v->colour_description_present) {
        v->colour_primaries = u(b, 8);
        v->transfer_characteristics = u(b, 8);
        v->matrix_coefficients = u(b, 8);
    }
}

static void parse_bitstream_restriction(Bits *b, AvoVui *v)
{
    v->bitstream_restriction = flag(b);
    if (!v->bitstream_restriction)
        return;
    v->motion_vectors_over_pic_boundaries = flag(b);
    v->max_bytes_per_pic_denom = ue(b);
    v->max_bits_per_mb_denom = ue(b);
    v->log2_max_mv_length_horizontal = ue(b);
    v->log2_max_mv_length_vertical = ue(b);
    v->max_num_reorder_frames = ue(b);
    v->max_dec_frame_buffering = ue(b);
    /* Limits that contradict themselves are worth nothing, but no reason to refuse the stream. */
    if (v->max_dec_frame_buffering > 16 || v->max_num_reorder_frames > v->max_dec_frame_buffering)
        v->bitstream_restriction = false;
}

static void parse_vui(Bits *b, AvoVui *v)
{
    v->aspect_ratio_info_present = flag(b);
    if (v->aspect_ratio_info_present) {
        v->aspect_ratio_idc = u(b, 8);
        if (v->aspect_ratio_idc == 255) {
            v->sar_width = u(b, 16);
            v->sar_height = u(b, 16);
        } else if (v->aspect_ratio_idc < AVO_SAMPLE_ASPECT_COUNT) {
            v->sar_width = avo_sample_aspects[v->aspect_ratio_idc].width;
            v->sar_height = avo_sample_aspects[v->aspect_ratio_idc].height;
        }
    }
    v->overscan_info_present = flag(b);
    if (v->overscan_info_present)
        v->overscan_appropriate = flag(b);
    parse_video_signal(b, v);
    v->chroma_loc_info_present = flag(b);
    if (v->chroma_loc_info_present) {
        v->chroma_sample_loc_type_top = ue(b);
        v->chroma_sample_loc_type_bottom = ue(b);
    }
    v->timing_info_present = flag(b);
    if (v->timing_info_present) {
        v->num_units_in_tick = avo_br_get(b, 32);
        v->time_scale = avo_br_get(b, 32);
        v->fixed_frame_rate = flag(b);
    }
    v->nal_hrd_present = flag(b);
    if (v->nal_hrd_present)
        parse_hrd(b, &v->nal_hrd);
    v->vcl_hrd_present = flag(b);
    if (v->vcl_hrd_present)
        parse_hrd(b, &v->vcl_hrd);
    if (v->nal_hrd_present || v->vcl_hrd_present)
        v->low_delay_hrd = flag(b);
    v->pic_struct_present = flag(b);
    parse_bitstream_restriction(b, v);
}

/* ---- sequence parameter set ---- */

static void parse_chroma_part(Bits *b, AvoSps *sps)
{
    sps->chroma_format_idc = ue(b);
    if (sps->chroma_format_idc == 3)
        sps->separate_colour_plane = flag(b);
    sps->bit_depth_luma = avo_min(ue(b), 100) + 8;
    sps->bit_depth_chroma = avo_min(ue(b), 100) + 8;
    sps->qpprime_y_zero_transform_bypass = flag(b);
    sps->scaling.present = flag(b);
    if (sps->scaling.present)
        parse_scaling_matrix(b, &sps->scaling, sps->chroma_format_idc == 3 ? 12 : 8);
}

static void parse_poc_part(Bits *b, AvoSps *sps)
{
    sps->poc_type = ue(b);
    if (sps->poc_type == 0)
        sps->log2_max_poc_lsb = avo_min(ue(b), 100) + 4;
    if (sps->poc_type != 1)
        return;
    sps->delta_pic_order_always_zero = flag(b);
    sps->offset_for_non_ref_pic = avo_br_se(b);
    sps->offset_for_top_to_bottom_field = avo_br_se(b);
    sps->num_ref_frames_in_poc_cycle = ue(b);
    for (int i = 0; i < sps->num_ref_frames_in_poc_cycle && i < 256; i++)
        sps->offset_for_ref_frame[i] = avo_br_se(b);
}

static void parse_size_part(Bits *b, AvoSps *sps)
{
    sps->mb_width = avo_min(ue(b), 1 << 16) + 1;
    sps->mb_height = avo_min(ue(b), 1 << 16) + 1;
    sps->frame_mbs_only = flag(b);
    if (!sps->frame_mbs_only) {
        sps->mb_height *= 2;
        sps->mb_adaptive_frame_field = flag(b);
    }
    sps->direct_8x8_inference = flag(b);
    sps->cropping = flag(b);
    if (sps->cropping) {
        sps->crop_left = ue(b);
        sps->crop_right = ue(b);
        sps->crop_top = ue(b);
        sps->crop_bottom = ue(b);
    }
}

int avo_sps_parse(AvoSps *sps, const uint8_t *rbsp, size_t size, AvoMessage *msg)
{
    Bits bits, *b = &bits;
    avo_br_init(b, rbsp, size);
    memset(sps, 0, sizeof *sps);
    sps->chroma_format_idc = 1;
    sps->bit_depth_luma = sps->bit_depth_chroma = 8;
    sps->profile_idc = u(b, 8);
    for (int i = 0; i < 6; i++)
        sps->constraint_flags |= (uint8_t)(flag(b) << i);
    u(b, 2);
    sps->level_idc = u(b, 8);
    sps->id = ue(b);
    if (avo_profile_has_chroma_part(sps->profile_idc))
        parse_chroma_part(b, sps);
    sps->log2_max_frame_num = avo_min(ue(b), 100) + 4;
    parse_poc_part(b, sps);
    sps->max_num_ref_frames = ue(b);
    sps->gaps_in_frame_num_allowed = flag(b);
    parse_size_part(b, sps);
    if (b->error)
        return avo_fail(msg, AVOCET_ERR_DATA, "sequence parameter set is cut short");
    sps->vui_present = flag(b);
    if (sps->vui_present)
        parse_vui(b, &sps->vui);
    if (b->error) /* nothing in the VUI is needed to decode: do without one that is damaged */
        sps->vui_present = false;
    avo_scaling_resolve_sps(&sps->scaling);
    if (sps->vui_present && avo_sps_check(sps, NULL) < 0)
        sps->vui_present = false;
    return avo_sps_check(sps, msg);
}

const char *avo_sps_unsupported(const AvoSps *sps)
{
    if (sps->chroma_format_idc > 1)
        return sps->chroma_format_idc == 2 ? "4:2:2 chroma" : "4:4:4 chroma";
    if (sps->bit_depth_luma != 8 || (sps->chroma_format_idc && sps->bit_depth_chroma != 8))
        return "more than 8 bits per sample";
    if (sps->mb_adaptive_frame_field)
        return "interlaced coding (MBAFF)";
    return NULL;
}

/* ---- picture parameter set ---- */

static int bits_for(int count)
{
    return count > 1 ? avo_log2_floor((uint32_t)count - 1) + 1 : 0;
}

/* Map type 6: one group number per map unit. */
static int parse_explicit_groups(Bits *b, AvoPps *pps, const AvocetAllocator *allocator,
                                 AvoMessage *msg)
{
    int length = bits_for(pps->num_slice_groups);
    pps->pic_size_in_map_units = (uint32_t)ue(b) + 1;
    if ((int64_t)pps->pic_size_in_map_units * length > avo_br_left(b))
        return avo_fail(msg, AVOCET_ERR_DATA, "picture parameter set is cut short");
    pps->slice_group_id = allocator->alloc(allocator->opaque, pps->pic_size_in_map_units, 64);
    if (!pps->slice_group_id)
        return avo_fail(msg, AVOCET_ERR_MEMORY, "no memory for a slice group map");
    for (uint32_t i = 0; i < pps->pic_size_in_map_units; i++)
        pps->slice_group_id[i] = (uint8_t)u(b, length);
    return AVOCET_OK;
}

static int parse_slice_groups(Bits *b, AvoPps *pps, const AvocetAllocator *allocator,
                              AvoMessage *msg)
{
    pps->slice_group_map_type = ue(b);
    if (pps->num_slice_groups > 8 || pps->slice_group_map_type > 6)
        return avo_fail(msg, AVOCET_ERR_DATA, "slice groups are out of range");
    switch (pps->slice_group_map_type) {
    case 0:
        for (int i = 0; i < pps->num_slice_groups; i++)
            pps->run_length_minus1[i] = (uint32_t)ue(b);
        break;
    case 2:
        for (int i = 0; i < pps->num_slice_groups - 1; i++) {
            pps->top_left[i] = (uint32_t)ue(b);
            pps->bottom_right[i] = (uint32_t)ue(b);
        }
        break;
    case 3:
    case 4:
    case 5:
        pps->slice_group_change_direction = flag(b);
        pps->slice_group_change_rate = (uint32_t)ue(b) + 1;
        break;
    case 6:
        return parse_explicit_groups(b, pps, allocator, msg);
    default:
        break;
    }
    return AVOCET_OK;
}

static void parse_high_part(Bits *b, AvoPps *pps)
{
    pps->has_high_part = true;
    pps->transform_8x8_mode = flag(b);
    pps->scaling.present = flag(b);
    if (pps->scaling.present)
        parse_scaling_matrix(b, &pps->scaling, pps->transform_8x8_mode ? 8 : 6);
    pps->chroma_qp_offset[1] = avo_br_se(b);
}

/* Everything behind the slice groups. */
static void parse_rest(Bits *b, AvoPps *pps)
{
    for (int l = 0; l < 2; l++)
        pps->num_ref_idx_default[l] = avo_min(ue(b), 100) + 1;
    pps->weighted_pred = flag(b);
    pps->weighted_bipred_idc = u(b, 2);
    pps->init_qp = avo_clip3(-1000, 1000, avo_br_se(b)) + 26;
    pps->init_qs = avo_clip3(-1000, 1000, avo_br_se(b)) + 26;
    pps->chroma_qp_offset[0] = pps->chroma_qp_offset[1] = avo_br_se(b);
    pps->deblocking_control_present = flag(b);
    pps->constrained_intra_pred = flag(b);
    pps->redundant_pic_cnt_present = flag(b);
    if (avo_br_more_data(b))
        parse_high_part(b, pps);
}

int avo_pps_parse(AvoPps *pps, const uint8_t *rbsp, size_t size, const AvocetAllocator *allocator,
                  AvoMessage *msg)
{
    Bits bits, *b = &bits;
    avo_br_init(b, rbsp, size);
    memset(pps, 0, sizeof *pps);
    pps->id = ue(b);
    pps->sps_id = ue(b);
    if (pps->id > 255 || pps->sps_id > 31)
        return avo_fail(msg, AVOCET_ERR_DATA, "picture parameter set has no such number");
    pps->cabac = flag(b);
    pps->bottom_field_pic_order_present = flag(b);
    pps->num_slice_groups = avo_min(ue(b), 100) + 1;
    if (pps->num_slice_groups > 1)
        AVO_RETURN_IF_ERROR(parse_slice_groups(b, pps, allocator, msg));
    parse_rest(b, pps);
    if (!b->error)
        return AVOCET_OK;
    if (pps->slice_group_id)
        allocator->free(allocator->opaque, pps->slice_group_id);
    pps->slice_group_id = NULL;
    return avo_fail(msg, AVOCET_ERR_DATA, "picture parameter set is cut short");
}

int avo_pps_activate(AvoPps *pps, const AvoSps *sps, AvoMessage *msg)
{
    AVO_RETURN_IF_ERROR(avo_pps_check(pps, sps, msg));
    if (pps->num_slice_groups > 1 && !sps->frame_mbs_only)
        return avo_fail(msg, AVOCET_ERR_UNSUPPORTED,
                        "slice groups together with fields are not supported");
    if (pps->slice_group_id &&
        pps->pic_size_in_map_units != (uint32_t)(sps->mb_width * sps->mb_height))
        return avo_fail(msg, AVOCET_ERR_DATA, "slice group map has the wrong size");
    avo_scaling_resolve_pps(&pps->scaling, &sps->scaling, pps->transform_8x8_mode);
    return AVOCET_OK;
}

/* ---- SEI ---- */

/* payloadType or payloadSize: bytes of 255, then the rest. */
static bool read_sei_number(const uint8_t **p, const uint8_t *end, size_t *value)
{
    *value = 0;
    while (*p < end && **p == 255) {
        *value += 255;
        ++*p;
    }
    if (*p == end)
        return false;
    *value += *(*p)++;
    return true;
}

void avo_sei_parse(const uint8_t *rbsp, size_t size,
                   void (*sei)(void *opaque, int type, const uint8_t *payload, size_t payload_size),
                   void *opaque)
{
    const uint8_t *p = rbsp, *end = rbsp + size;
    while (end > p && end[-1] == 0)
        end--;
    /* What is left after the last message is rbsp_trailing_bits: one byte. */
    while (end - p > 1) {
        size_t type, length;
        if (!read_sei_number(&p, end, &type) || !read_sei_number(&p, end, &length))
            return;
        if (length > (size_t)(end - p) || type > INT32_MAX)
            return;
        sei(opaque, (int)type, p, length);
        p += length;
    }
}
