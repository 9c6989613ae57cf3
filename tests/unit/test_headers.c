/* Parameter sets, slice headers, SEI, access unit delimiters: random contents written, then read by
 * the decoder's parsers; every value must come back, and writing what was read gives the same bits.
 */
#include <string.h>
#include "check.h"
#include "dec/paramset_parse.h"
#include "dec/slice_parse.h"
#include "enc/headers_write.h"
#include "h264/nal.h"

enum { BUFFER = 4096 };

static uint8_t first[BUFFER + AVO_SB_PADDING], second[BUFFER];
static AvoMessage message;

#define SAME(a, b, member)                                                                         \
    CHECK((a)->member == (b)->member, "%ld and %ld", (long)(a)->member, (long)(b)->member)
#define SAME_BYTES(a, b, member)                                                                   \
    CHECK(!memcmp(&(a)->member, &(b)->member, sizeof(a)->member), "bytes differ")

static size_t written(const AvoBitWriter *w)
{
    CHECK(!w->overflow && !w->fill, "%d bits left", w->fill);
    return (size_t)(w->pos - w->start);
}

static bool coin(Random *r)
{
    return random_chance(r, 50);
}

static uint32_t some_bits(Random *r, int n)
{
    return n ? random_next(r) >> (32 - n) : 0;
}

/* ---- sequence parameter sets ---- */

static void random_lists(Random *r, AvoScalingMatrix *m, int count)
{
    m->present = coin(r);
    for (int i = 0; m->present && i < count; i++) {
        uint8_t *list = i < 6 ? m->list4x4[i] : m->list8x8[i - 6];
        int size = i < 6 ? 16 : 64, same_from = random_below(r, size + 10);
        m->list_present[i] = coin(r);
        m->use_default[i] = m->list_present[i] && random_chance(r, 25);
        for (int k = 0; k < size; k++)
            list[k] = k > same_from ? list[k - 1] : (uint8_t)random_in(r, 1, 255);
    }
}

static void random_hrd(Random *r, AvoHrd *hrd)
{
    hrd->cpb_count = random_in(r, 1, 32);
    hrd->bit_rate_scale = random_below(r, 16);
    hrd->cpb_size_scale = random_below(r, 16);
    for (int i = 0; i < hrd->cpb_count; i++) {
        hrd->bit_rate_value_minus1[i] = some_bits(r, random_in(r, 0, 31));
        hrd->cpb_size_value_minus1[i] = some_bits(r, random_in(r, 0, 31));
        hrd->cbr_flag[i] = coin(r);
    }
    hrd->initial_cpb_removal_delay_length = random_in(r, 1, 32);
    hrd->cpb_removal_delay_length = random_in(r, 1, 32);
    hrd->dpb_output_delay_length = random_in(r, 1, 32);
    hrd->time_offset_length = random_below(r, 32);
}

static void random_vui(Random *r, AvoVui *v)
{
    v->aspect_ratio_info_present = coin(r);
    v->aspect_ratio_idc = coin(r) ? 255 : random_below(r, 17);
    v->sar_width = random_below(r, 65536);
    v->sar_height = random_below(r, 65536);
    v->overscan_info_present = coin(r);
    v->overscan_appropriate = coin(r);
    v->video_signal_type_present = coin(r);
    v->video_format = random_below(r, 8);
    v->video_full_range = coin(r);
    v->colour_description_present = coin(r);
    v->colour_primaries = random_below(r, 256);
    v->transfer_characteristics = random_below(r, 256);
    v->matrix_coefficients = random_below(r, 256);
    v->chroma_loc_info_present = coin(r);
    v->chroma_sample_loc_type_top = random_below(r, 6);
    v->chroma_sample_loc_type_bottom = random_below(r, 6);
    v->timing_info_present = coin(r);
    v->num_units_in_tick = random_next(r) | 1;
    v->time_scale = random_next(r) | 1;
    v->fixed_frame_rate = coin(r);
    v->nal_hrd_present = coin(r);
    v->vcl_hrd_present = coin(r);
    random_hrd(r, &v->nal_hrd);
    random_hrd(r, &v->vcl_hrd);
    v->low_delay_hrd = coin(r);
    v->pic_struct_present = coin(r);
    v->bitstream_restriction = coin(r);
    v->motion_vectors_over_pic_boundaries = coin(r);
    v->max_bytes_per_pic_denom = random_below(r, 17);
    v->max_bits_per_mb_denom = random_below(r, 17);
    v->log2_max_mv_length_horizontal = random_below(r, 17);
    v->log2_max_mv_length_vertical = random_below(r, 17);
    v->max_num_reorder_frames = random_below(r, 4);
    v->max_dec_frame_buffering = random_in(r, 4, 16);
}

static void random_poc(Random *r, AvoSps *sps)
{
    sps->poc_type = random_below(r, 3);
    sps->log2_max_poc_lsb = random_in(r, 4, 16);
    sps->delta_pic_order_always_zero = coin(r);
    sps->offset_for_non_ref_pic = random_in(r, -1000000, 1000000);
    sps->offset_for_top_to_bottom_field = random_in(r, -1000000, 1000000);
    sps->num_ref_frames_in_poc_cycle = random_below(r, 256);
    for (int i = 0; i < sps->num_ref_frames_in_poc_cycle; i++)
        sps->offset_for_ref_frame[i] = random_in(r, -1000, 1000);
}

static void random_sps(Random *r, AvoSps *sps)
{
    static const uint8_t profiles[] = {66, 77, 88, 100, 110};
    memset(sps, 0, sizeof *sps);
    sps->profile_idc = profiles[random_below(r, 5)];
    bool high = sps->profile_idc >= 100;
    sps->constraint_flags = (uint8_t)random_below(r, 64);
    sps->level_idc = random_below(r, 256);
    sps->id = random_below(r, 32);
    sps->chroma_format_idc = high ? random_below(r, 2) : 1;
    sps->bit_depth_luma = high ? random_in(r, 8, 14) : 8;
    sps->bit_depth_chroma = high ? random_in(r, 8, 14) : 8;
    avo_scaling_flat(&sps->scaling);
    if (high)
        random_lists(r, &sps->scaling, 8);
    sps->log2_max_frame_num = random_in(r, 4, 16);
    random_poc(r, sps);
    sps->max_num_ref_frames = random_below(r, 17);
    sps->gaps_in_frame_num_allowed = coin(r);
    sps->frame_mbs_only = random_chance(r, 80);
    sps->mb_width = random_in(r, 1, 500);
    sps->mb_height = random_in(r, 1, 250) * (sps->frame_mbs_only ? 1 : 2);
    sps->mb_adaptive_frame_field = !sps->frame_mbs_only && coin(r);
    sps->direct_8x8_inference = !sps->frame_mbs_only || coin(r);
    sps->cropping = coin(r);
    if (sps->cropping) {
        sps->crop_left = random_below(r, 3);
        sps->crop_right = random_below(r, 3);
        sps->crop_top = random_below(r, 2);
        sps->crop_bottom = random_below(r, 2);
    }
    sps->vui_present = coin(r);
    random_vui(r, &sps->vui);
}

static void same_hrd(const AvoHrd *a, const AvoHrd *b)
{
    SAME(a, b, cpb_count);
    SAME(a, b, bit_rate_scale);
    SAME(a, b, cpb_size_scale);
    for (int i = 0; i < a->cpb_count; i++) {
        SAME(a, b, bit_rate_value_minus1[i]);
        SAME(a, b, cpb_size_value_minus1[i]);
        SAME(a, b, cbr_flag[i]);
    }
    SAME(a, b, initial_cpb_removal_delay_length);
    SAME(a, b, cpb_removal_delay_length);
    SAME(a, b, dpb_output_delay_length);
    SAME(a, b, time_offset_length);
}

static void same_vui_display(const AvoVui *a, const AvoVui *b)
{
    SAME(a, b, aspect_ratio_info_present);
    if (a->aspect_ratio_info_present) {
        SAME(a, b, aspect_ratio_idc);
        if (a->aspect_ratio_idc == 255) {
            SAME(a, b, sar_width);
            SAME(a, b, sar_height);
        }
    }
    SAME(a, b, overscan_info_present);
    if (a->overscan_info_present)
        SAME(a, b, overscan_appropriate);
    SAME(a, b, video_signal_type_present);
    if (a->video_signal_type_present) {
        SAME(a, b, video_format);
        SAME(a, b, video_full_range);
        SAME(a, b, colour_description_present);
    }
    if (a->video_signal_type_present && a->colour_description_present) {
        SAME(a, b, colour_primaries);
        SAME(a, b, transfer_characteristics);
        SAME(a, b, matrix_coefficients);
    }
    SAME(a, b, chroma_loc_info_present);
    if (a->chroma_loc_info_present) {
        SAME(a, b, chroma_sample_loc_type_top);
        SAME(a, b, chroma_sample_loc_type_bottom);
    }
}

static void same_vui(const AvoVui *a, const AvoVui *b)
{
    same_vui_display(a, b);
    SAME(a, b, timing_info_present);
    if (a->timing_info_present) {
        SAME(a, b, num_units_in_tick);
        SAME(a, b, time_scale);
        SAME(a, b, fixed_frame_rate);
    }
    SAME(a, b, nal_hrd_present);
    SAME(a, b, vcl_hrd_present);
    if (a->nal_hrd_present)
        same_hrd(&a->nal_hrd, &b->nal_hrd);
    if (a->vcl_hrd_present)
        same_hrd(&a->vcl_hrd, &b->vcl_hrd);
    if (a->nal_hrd_present || a->vcl_hrd_present)
        SAME(a, b, low_delay_hrd);
    SAME(a, b, pic_struct_present);
    SAME(a, b, bitstream_restriction);
    if (a->bitstream_restriction) {
        SAME(a, b, motion_vectors_over_pic_boundaries);
        SAME(a, b, max_bytes_per_pic_denom);
        SAME(a, b, max_bits_per_mb_denom);
        SAME(a, b, log2_max_mv_length_horizontal);
        SAME(a, b, log2_max_mv_length_vertical);
        SAME(a, b, max_num_reorder_frames);
        SAME(a, b, max_dec_frame_buffering);
    }
}

static void same_sps(const AvoSps *a, const AvoSps *b)
{
    SAME(a, b, profile_idc);
    SAME(a, b, constraint_flags);
    SAME(a, b, level_idc);
    SAME(a, b, id);
    SAME(a, b, chroma_format_idc);
    SAME(a, b, bit_depth_luma);
    SAME(a, b, bit_depth_chroma);
    SAME(a, b, scaling.present);
    SAME_BYTES(a, b, scaling.list4x4);
    SAME_BYTES(a, b, scaling.list8x8);
    SAME(a, b, log2_max_frame_num);
    SAME(a, b, poc_type);
    if (a->poc_type == 0)
        SAME(a, b, log2_max_poc_lsb);
    if (a->poc_type == 1) {
        SAME(a, b, delta_pic_order_always_zero);
        SAME(a, b, offset_for_non_ref_pic);
        SAME(a, b, offset_for_top_to_bottom_field);
        SAME(a, b, num_ref_frames_in_poc_cycle);
        SAME_BYTES(a, b, offset_for_ref_frame);
    }
    SAME(a, b, max_num_ref_frames);
    SAME(a, b, gaps_in_frame_num_allowed);
    SAME(a, b, mb_width);
    SAME(a, b, mb_height);
    SAME(a, b, frame_mbs_only);
    SAME(a, b, mb_adaptive_frame_field);
    SAME(a, b, direct_8x8_inference);
    SAME(a, b, cropping);
    SAME(a, b, crop_left);
    SAME(a, b, crop_right);
    SAME(a, b, crop_top);
    SAME(a, b, crop_bottom);
    SAME(a, b, vui_present);
    if (a->vui_present)
        same_vui(&a->vui, &b->vui);
}

static void check_sps(Random *r, AvoSps *sps)
{
    AvoSps back;
    AvoBitWriter w;
    random_sps(r, sps);
    avo_bw_init(&w, first, BUFFER);
    avo_write_sps(&w, sps);
    size_t size = written(&w);
    message.text[0] = 0;
    CHECK(avo_sps_parse(&back, first, size, &message) == AVOCET_OK, "%s", message.text);
    avo_scaling_resolve_sps(&sps->scaling);
    same_sps(sps, &back);
    avo_bw_init(&w, second, BUFFER);
    avo_write_sps(&w, &back);
    CHECK(written(&w) == size && !memcmp(first, second, size), "%zu bytes", size);
}

/* ---- picture parameter sets ---- */

static void random_pps(Random *r, const AvoSps *sps, AvoPps *pps)
{
    memset(pps, 0, sizeof *pps);
    pps->id = random_below(r, 256);
    pps->sps_id = sps->id;
    pps->cabac = coin(r);
    pps->bottom_field_pic_order_present = coin(r);
    pps->num_slice_groups = 1;
    pps->num_ref_idx_default[0] = random_in(r, 1, 32);
    pps->num_ref_idx_default[1] = random_in(r, 1, 32);
    pps->weighted_pred = coin(r);
    pps->weighted_bipred_idc = random_below(r, 3);
    pps->init_qp = random_below(r, 52);
    pps->init_qs = random_below(r, 52);
    pps->chroma_qp_offset[0] = pps->chroma_qp_offset[1] = random_in(r, -12, 12);
    pps->deblocking_control_present = coin(r);
    pps->constrained_intra_pred = coin(r);
    pps->redundant_pic_cnt_present = coin(r);
    pps->has_high_part = coin(r);
    if (pps->has_high_part) {
        pps->transform_8x8_mode = coin(r);
        random_lists(r, &pps->scaling, pps->transform_8x8_mode ? 8 : 6);
        pps->chroma_qp_offset[1] = random_in(r, -12, 12);
    }
}

static void compare_pps(const AvoPps *pps, const AvoPps *back)
{
    SAME(pps, back, id);
    SAME(pps, back, sps_id);
    SAME(pps, back, cabac);
    SAME(pps, back, bottom_field_pic_order_present);
    SAME(pps, back, num_slice_groups);
    SAME(pps, back, num_ref_idx_default[0]);
    SAME(pps, back, num_ref_idx_default[1]);
    SAME(pps, back, weighted_pred);
    SAME(pps, back, weighted_bipred_idc);
    SAME(pps, back, init_qp);
    SAME(pps, back, init_qs);
    SAME(pps, back, chroma_qp_offset[0]);
    SAME(pps, back, chroma_qp_offset[1]);
    SAME(pps, back, deblocking_control_present);
    SAME(pps, back, constrained_intra_pred);
    SAME(pps, back, redundant_pic_cnt_present);
    SAME(pps, back, transform_8x8_mode);
    SAME(pps, back, has_high_part);
    SAME_BYTES(pps, back, scaling.list4x4);
    SAME_BYTES(pps, back, scaling.list8x8);
}

static void check_pps(Random *r, const AvoSps *sps, AvoPps *pps)
{
    AvoPps back;
    AvoBitWriter w;
    random_pps(r, sps, pps);
    avo_bw_init(&w, first, BUFFER);
    avo_write_pps(&w, pps, sps);
    size_t size = written(&w);
    message.text[0] = 0;
    CHECK(avo_pps_parse(&back, first, size, NULL, &message) == AVOCET_OK &&
              avo_pps_activate(&back, sps, &message) == AVOCET_OK,
          "%s", message.text);
    avo_scaling_resolve_pps(&pps->scaling, &sps->scaling, pps->transform_8x8_mode);
    compare_pps(pps, &back);
    avo_bw_init(&w, second, BUFFER);
    avo_write_pps(&w, &back, sps);
    CHECK(written(&w) == size && !memcmp(first, second, size), "%zu bytes", size);
}

/* ---- slice headers ---- */

static void random_references(Random *r, AvoSliceHeader *h, const AvoPps *pps)
{
    h->direct_spatial = coin(r);
    h->num_ref_idx_override = coin(r);
    for (int list = 0; list < 2; list++) {
        h->num_ref_idx[list] =
            h->num_ref_idx_override ? random_in(r, 1, 32) : pps->num_ref_idx_default[list];
        h->modification_count[list] = coin(r) ? random_below(r, h->num_ref_idx[list] + 1) : 0;
        for (int i = 0; i < h->modification_count[list]; i++)
            h->modification[list][i] =
                (AvoRefModification){random_below(r, 3), (uint32_t)random_below(r, 70000)};
        for (int i = 0; i < h->num_ref_idx[list]; i++) {
            AvoWeight *weight = &h->weight[list][i];
            weight->luma_flag = coin(r);
            weight->chroma_flag = coin(r);
            for (int c = 0; c < 3; c++) {
                weight->w[c] = (int16_t)random_in(r, -128, 127);
                weight->o[c] = (int16_t)random_in(r, -128, 127);
            }
        }
    }
    h->luma_log2_denom = random_below(r, 8);
    h->chroma_log2_denom = random_below(r, 8);
}

static void random_header(Random *r, AvoSliceHeader *h, const AvoSps *sps, const AvoPps *pps)
{
    memset(h, 0, sizeof *h);
    h->type = (AvoSliceType)random_below(r, 3);
    h->nal_unit_type = h->type == AVO_SLICE_I && coin(r) ? AVO_NAL_IDR : AVO_NAL_SLICE;
    h->nal_ref_idc = h->nal_unit_type == AVO_NAL_IDR ? random_in(r, 1, 3) : random_below(r, 4);
    h->first_mb = (uint32_t)random_below(r, sps->mb_width * sps->mb_height);
    h->pps_id = pps->id;
    h->frame_num =
        h->nal_unit_type == AVO_NAL_IDR ? 0 : random_below(r, 1 << sps->log2_max_frame_num);
    h->idr_pic_id = random_below(r, 65536);
    h->poc_lsb = random_below(r, 1 << sps->log2_max_poc_lsb);
    h->delta_poc_bottom = random_in(r, -100, 100);
    h->delta_poc[0] = random_in(r, -100, 100);
    h->delta_poc[1] = random_in(r, -100, 100);
    h->redundant_pic_cnt = 0;
    random_references(r, h, pps);
    h->no_output_of_prior_pics = coin(r);
    h->long_term_reference = coin(r);
    h->adaptive_marking = coin(r);
    h->mmco_count = h->adaptive_marking ? random_below(r, 10) : 0;
    for (int i = 0; i < h->mmco_count; i++)
        h->mmco[i] = (AvoMmco){random_in(r, 1, 6), (uint32_t)random_below(r, 20),
                               (uint32_t)random_below(r, 20)};
    h->cabac_init_idc = random_below(r, 3);
    h->qp = random_below(r, 52);
    h->disable_deblocking_idc = random_below(r, 3);
    h->alpha_offset_div2 = random_in(r, -6, 6);
    h->beta_offset_div2 = random_in(r, -6, 6);
}

static void same_references(const AvoSliceHeader *a, const AvoSliceHeader *b, const AvoSps *sps,
                            const AvoPps *pps)
{
    bool is_b = a->type == AVO_SLICE_B;
    SAME(a, b, num_ref_idx_override);
    if (is_b)
        SAME(a, b, direct_spatial);
    bool weights = is_b ? pps->weighted_bipred_idc == 1 : pps->weighted_pred;
    if (weights)
        SAME(a, b, luma_log2_denom);
    if (weights && sps->chroma_format_idc)
        SAME(a, b, chroma_log2_denom);
    for (int list = 0; list < 1 + is_b; list++) {
        SAME(a, b, num_ref_idx[list]);
        SAME(a, b, modification_count[list]);
        for (int i = 0; i < a->modification_count[list]; i++) {
            SAME(a, b, modification[list][i].idc);
            SAME(a, b, modification[list][i].value);
        }
        for (int i = 0; weights && i < a->num_ref_idx[list]; i++)
            for (int c = 0; c < (sps->chroma_format_idc ? 3 : 1); c++) {
                const AvoWeight *wa = &a->weight[list][i], *wb = &b->weight[list][i];
                bool sent = c ? wa->chroma_flag : wa->luma_flag;
                CHECK(sent == (c ? wb->chroma_flag : wb->luma_flag), "component %d", c);
                CHECK(!sent || (wa->w[c] == wb->w[c] && wa->o[c] == wb->o[c]), "component %d", c);
            }
    }
}

static void same_header(const AvoSliceHeader *a, const AvoSliceHeader *b, const AvoSps *sps,
                        const AvoPps *pps)
{
    bool idr = a->nal_unit_type == AVO_NAL_IDR;
    SAME(a, b, first_mb);
    SAME(a, b, type);
    SAME(a, b, pps_id);
    SAME(a, b, frame_num);
    if (idr)
        SAME(a, b, idr_pic_id);
    if (sps->poc_type == 0)
        SAME(a, b, poc_lsb);
    if (sps->poc_type == 0 && pps->bottom_field_pic_order_present)
        SAME(a, b, delta_poc_bottom);
    if (sps->poc_type == 1 && !sps->delta_pic_order_always_zero)
        SAME(a, b, delta_poc[0]);
    if (a->type != AVO_SLICE_I)
        same_references(a, b, sps, pps);
    if (a->nal_ref_idc && idr) {
        SAME(a, b, no_output_of_prior_pics);
        SAME(a, b, long_term_reference);
    } else if (a->nal_ref_idc) {
        SAME(a, b, adaptive_marking);
        SAME(a, b, mmco_count);
        for (int i = 0; i < a->mmco_count; i++) {
            SAME(a, b, mmco[i].op);
            CHECK(a->mmco[i].op == 5 || a->mmco[i].arg1 == b->mmco[i].arg1, "%d", a->mmco[i].op);
            CHECK(a->mmco[i].op != 3 || a->mmco[i].arg2 == b->mmco[i].arg2, "%d", a->mmco[i].op);
        }
    }
    if (pps->cabac && a->type != AVO_SLICE_I)
        SAME(a, b, cabac_init_idc);
    SAME(a, b, qp);
    if (pps->deblocking_control_present)
        SAME(a, b, disable_deblocking_idc);
    if (pps->deblocking_control_present && a->disable_deblocking_idc != 1) {
        SAME(a, b, alpha_offset_div2);
        SAME(a, b, beta_offset_div2);
    }
}

static void check_header(Random *r, AvoSps *sps, AvoPps *pps)
{
    static AvoSliceHeader h, back;
    AvoBitWriter w;
    AvoSliceBits bits;
    if (!sps->frame_mbs_only || sps->bit_depth_luma != 8)
        return;
    random_header(r, &h, sps, pps);
    memset(first, 0, sizeof first);
    avo_bw_init(&w, first, BUFFER);
    avo_write_slice_header(&w, &h, sps, pps);
    size_t size = avo_bw_bits(&w);
    avo_bw_trailing(&w);
    memset(&back, 0, sizeof back);
    back.nal_unit_type = h.nal_unit_type;
    back.nal_ref_idc = h.nal_ref_idc;
    message.text[0] = 0;
    avo_sb_init(&bits, first, written(&w));
    CHECK(avo_slice_header_begin(&back, &bits, &message) == AVOCET_OK &&
              avo_slice_header_parse(&back, &bits, sps, pps, &message) == AVOCET_OK,
          "%s", message.text);
    CHECK(bits.pos == size, "%zu bits read of %zu", bits.pos, size);
    same_header(&h, &back, sps, pps);
}

/* ---- SEI and the small ones ---- */

typedef struct Sei {
    int count, type;
    size_t size;
    uint8_t payload[BUFFER];
} Sei;

static void take_sei(void *opaque, int type, const uint8_t *payload, size_t size)
{
    Sei *sei = opaque;
    sei->count++;
    sei->type = type;
    sei->size = size;
    memcpy(sei->payload, payload, size < BUFFER ? size : 0);
}

/* Parses the message in w; a bit reader over its payload. */
static AvoBitReader read_sei(const AvoBitWriter *w, Sei *sei, int type)
{
    AvoBitReader r;
    sei->count = 0;
    avo_sei_parse(first, written(w), take_sei, sei);
    CHECK(sei->count == 1 && sei->type == type, "%d messages of type %d", sei->count, sei->type);
    avo_br_init(&r, sei->payload, sei->size);
    return r;
}

static void check_user_data(Random *r, Sei *sei)
{
    uint8_t uuid[16], data[1000];
    AvoBitWriter w;
    size_t size = (size_t)random_below(r, 1000);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = uuid[i % 16] = (uint8_t)random_next(r);
    avo_bw_init(&w, first, BUFFER);
    avo_write_sei_user_data(&w, uuid, data, size);
    read_sei(&w, sei, 5);
    CHECK(sei->size == size + 16 && !memcmp(sei->payload, uuid, 16) &&
              !memcmp(sei->payload + 16, data, size),
          "%zu bytes", size);
}

static void check_recovery_point(Random *r, Sei *sei)
{
    AvoBitWriter w;
    int count = random_below(r, 1 << 16);
    bool exact = coin(r), broken = coin(r);
    avo_bw_init(&w, first, BUFFER);
    avo_write_sei_recovery_point(&w, count, exact, broken);
    AvoBitReader b = read_sei(&w, sei, 6);
    CHECK((int)avo_br_ue(&b) == count, "recovery_frame_cnt %d", count);
    CHECK(avo_br_flag(&b) == exact && avo_br_flag(&b) == broken && avo_br_get(&b, 2) == 0, "flags");
    CHECK(!b.error && (avo_br_left(&b) == 0 || !avo_br_more_data(&b)), "end of payload");
}

static void check_timing(Random *r, Sei *sei, const AvoSps *sps)
{
    static const int clocks[] = {1, 1, 1, 2, 2, 3, 3, 2, 3};
    const AvoHrd *hrd[2] = {&sps->vui.nal_hrd, &sps->vui.vcl_hrd};
    bool present[2] = {sps->vui.nal_hrd_present, sps->vui.vcl_hrd_present};
    AvoBitWriter w;
    uint32_t delay = some_bits(r, 32), offset = some_bits(r, 32);
    avo_bw_init(&w, first, BUFFER);
    avo_write_sei_buffering_period(&w, sps, delay, offset);
    AvoBitReader b = read_sei(&w, sei, 0);
    CHECK((int)avo_br_ue(&b) == sps->id, "id %d", sps->id);
    for (int k = 0; k < 2; k++)
        for (int i = 0; present[k] && i < hrd[k]->cpb_count; i++) {
            int n = hrd[k]->initial_cpb_removal_delay_length;
            CHECK(avo_br_get(&b, n) == delay << (32 - n) >> (32 - n), "%d bits", n);
            CHECK(avo_br_get(&b, n) == offset << (32 - n) >> (32 - n), "%d bits", n);
        }
    CHECK(!b.error && (avo_br_left(&b) == 0 || !avo_br_more_data(&b)), "end of payload");

    int pic_struct = random_below(r, 9);
    avo_bw_init(&w, first, BUFFER);
    avo_write_sei_pic_timing(&w, sps, delay, offset, pic_struct);
    b = read_sei(&w, sei, 1);
    if (present[0] || present[1]) {
        const AvoHrd *used = hrd[!present[0]];
        int n = used->cpb_removal_delay_length, m = used->dpb_output_delay_length;
        CHECK(avo_br_get(&b, n) == delay << (32 - n) >> (32 - n), "%d bits", n);
        CHECK(avo_br_get(&b, m) == offset << (32 - m) >> (32 - m), "%d bits", m);
    }
    if (sps->vui.pic_struct_present) {
        CHECK((int)avo_br_get(&b, 4) == pic_struct, "pic_struct");
        CHECK(avo_br_get(&b, clocks[pic_struct]) == 0, "clock timestamps");
    }
    CHECK(!b.error && (avo_br_left(&b) == 0 || !avo_br_more_data(&b)), "end of payload");
}

static void check_small(void)
{
    static const uint8_t aud[3] = {
        [AVO_SLICE_I] = 0x10, [AVO_SLICE_P] = 0x30, [AVO_SLICE_B] = 0x50};
    static const uint8_t filler[4] = {0xff, 0xff, 0xff, 0x80};
    AvoBitWriter w;
    for (int type = 0; type < 3; type++) {
        avo_bw_init(&w, first, BUFFER);
        avo_write_aud(&w, (AvoSliceType)type);
        CHECK(written(&w) == 1 && first[0] == aud[type], "type %d: %02x", type, first[0]);
    }
    avo_bw_init(&w, first, BUFFER);
    avo_write_filler(&w, 3);
    CHECK(written(&w) == 4 && !memcmp(first, filler, 4), "filler");
}

int main(void)
{
    static AvoSps sps;
    static AvoPps pps;
    static Sei sei;
    Random r = {4711};
    for (int i = 0; i < 1500; i++) {
        check_sps(&r, &sps);
        check_pps(&r, &sps, &pps);
        for (int k = 0; k < 4; k++)
            check_header(&r, &sps, &pps);
        check_user_data(&r, &sei);
        check_recovery_point(&r, &sei);
        check_timing(&r, &sei, &sps);
    }
    check_small();
    return check_finish();
}
