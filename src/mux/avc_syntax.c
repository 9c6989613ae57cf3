/* See avc_syntax.h. Clause numbers are those of ITU-T H.264. */
#include "mux/avc_syntax.h"
#include "mux/nal_scan.h"
#include "base/bitreader.h"
#include "base/profile.h"
#include "base/rbsp.h"

/* Enough for any sensible SPS and for slice headers up to dec_ref_pic_marking(). Lives on the
 * stack; our own SPS without scaling lists takes 40 bytes. */
#ifdef AVOCET_TINY
#define HEAD_BYTES 256
#else
#define HEAD_BYTES 1024
#endif

static AvoBitReader open_unit(uint8_t *buffer, const uint8_t *nal, size_t size)
{
    AvoBitReader r;
    size_t n = size > 1 ? avo_rbsp_unescape(buffer, HEAD_BYTES, nal + 1, size - 1) : 0;
    avo_br_init(&r, buffer, n);
    return r;
}

/* ---- sequence parameter set (7.3.2.1.1) ---- */

static void skip_scaling_list(AvoBitReader *r, int size)
{
    int last = 8, next = 8;
    for (int j = 0; j < size; j++) {
        if (next)
            next = (int)(((unsigned)last + (unsigned)avo_br_se(r)) & 255);
        last = next ? next : last;
    }
}

static void read_chroma_format(AvoBitReader *r, AvoAvcSps *sps)
{
    AvocetVideoInfo *info = &sps->info;
    info->chroma_format_idc = (int)avo_br_ue(r);
    if (info->chroma_format_idc == 3)
        sps->separate_planes = avo_br_flag(r);
    info->bit_depth_luma = 8 + (int)avo_min64(avo_br_ue(r), 100);
    info->bit_depth_chroma = 8 + (int)avo_min64(avo_br_ue(r), 100);
    avo_br_flag(r); /* qpprime_y_zero_transform_bypass_flag */
    if (avo_br_flag(r))
        for (int i = 0; i < (info->chroma_format_idc == 3 ? 12 : 8); i++)
            if (avo_br_flag(r))
                skip_scaling_list(r, i < 6 ? 16 : 64);
    r->error |= info->chroma_format_idc < 0 || info->chroma_format_idc > 3 ||
                info->bit_depth_luma < 8 || info->bit_depth_luma > 14 ||
                info->bit_depth_chroma < 8 || info->bit_depth_chroma > 14;
}

static void read_order_count(AvoBitReader *r, AvoAvcSps *sps)
{
    uint32_t type = avo_br_ue(r);
    sps->poc_type = (uint8_t)type;
    if (type == 0) {
        uint32_t bits = avo_br_ue(r) + 4;
        sps->poc_lsb_bits = (uint8_t)bits;
        r->error |= bits < 4 || bits > 16;
    } else if (type == 1) {
        sps->delta_poc_always_zero = avo_br_flag(r);
        sps->offset_non_ref = avo_br_se(r);
        sps->offset_top_to_bottom = avo_br_se(r);
        uint32_t length = avo_br_ue(r);
        r->error |= length > 255;
        sps->cycle_length = length > 255 ? 0 : (int)length;
        for (int i = 0; i < sps->cycle_length; i++)
            sps->offset_ref[i] = avo_br_se(r);
    }
    r->error |= type > 2;
}

/* Picture size in samples, after cropping. */
static void read_size(AvoBitReader *r, AvoAvcSps *sps)
{
    AvocetVideoInfo *info = &sps->info;
    uint32_t width_mbs = avo_br_ue(r) + 1, height_units = avo_br_ue(r) + 1, crop[4] = {0};
    sps->frame_mbs_only = avo_br_flag(r);
    uint32_t fields = sps->frame_mbs_only ? 1 : 2;
    if (!sps->frame_mbs_only)
        avo_br_flag(r); /* mb_adaptive_frame_field_flag */
    avo_br_flag(r);     /* direct_8x8_inference_flag */
    if (avo_br_flag(r))
        for (int i = 0; i < 4; i++)
            crop[i] = avo_br_ue(r);
    if (width_mbs == 0 || width_mbs > 4096 || height_units == 0 || height_units > 4096) {
        r->error = true;
        return;
    }
    int chroma = sps->separate_planes ? 0 : info->chroma_format_idc;
    uint32_t unit_x = chroma == 1 || chroma == 2 ? 2 : 1, unit_y = (chroma == 1 ? 2 : 1) * fields;
    uint64_t width = 16 * (uint64_t)width_mbs, height = 16 * (uint64_t)height_units * fields;
    uint64_t cut_x = ((uint64_t)crop[0] + crop[1]) * unit_x;
    uint64_t cut_y = ((uint64_t)crop[2] + crop[3]) * unit_y;
    r->error |= cut_x >= width || cut_y >= height;
    info->width = (int)(width - cut_x);
    info->height = (int)(height - cut_y);
}

/* ---- VUI (E.1.1) ---- */

static void skip_hrd(AvoBitReader *r)
{
    uint32_t count = avo_br_ue(r) + 1;
    r->error |= count > 32;
    avo_br_get(r, 8);
    for (uint32_t i = 0; i < count && !r->error; i++) {
        avo_br_ue(r);
        avo_br_ue(r);
        avo_br_flag(r);
    }
    avo_br_get(r, 20);
}

static void read_aspect(AvoBitReader *r, AvocetVideoInfo *info)
{
    static const uint8_t known[17][2] = {
        {0, 0},   {1, 1},   {12, 11}, {10, 11}, {16, 11},  {40, 33}, {24, 11}, {20, 11}, {32, 11},
        {80, 33}, {18, 11}, {15, 11}, {64, 33}, {160, 99}, {4, 3},   {3, 2},   {2, 1}};
    uint32_t idc = avo_br_get(r, 8);
    if (idc == 255) {
        info->sar_width = (int)avo_br_get(r, 16);
        info->sar_height = (int)avo_br_get(r, 16);
    } else if (idc < AVO_COUNT(known)) {
        info->sar_width = known[idc][0];
        info->sar_height = known[idc][1];
    }
    if (!info->sar_width || !info->sar_height)
        info->sar_width = info->sar_height = 0;
}

static void read_signal_type(AvoBitReader *r, AvocetVideoInfo *info)
{
    avo_br_get(r, 3); /* video_format */
    info->full_range = avo_br_flag(r);
    if (avo_br_flag(r)) {
        info->colour_primaries = (int)avo_br_get(r, 8);
        info->transfer = (int)avo_br_get(r, 8);
        info->colour_matrix = (int)avo_br_get(r, 8);
    }
}

static void read_timing(AvoBitReader *r, AvocetVideoInfo *info)
{
    uint64_t units = avo_br_get(r, 32), scale = avo_br_get(r, 32);
    avo_br_flag(r); /* fixed_frame_rate_flag */
    units *= 2;     /* a frame lasts two ticks (E.2.1) */
    while (units && scale && units % 2 == 0 && scale % 2 == 0) {
        units /= 2;
        scale /= 2;
    }
    if (units && scale && units <= INT32_MAX && scale <= INT32_MAX)
        info->fps = (AvocetRational){(int)scale, (int)units};
}

static void read_restriction(AvoBitReader *r, AvocetVideoInfo *info)
{
    avo_br_flag(r);
    for (int i = 0; i < 4; i++)
        avo_br_ue(r);
    uint32_t reorder = avo_br_ue(r);
    if (reorder <= 16)
        info->reorder_frames = (int)reorder;
}

/* A damaged VUI takes nothing away from what was read before it. */
static void read_vui(AvoBitReader *r, AvocetVideoInfo *info)
{
    if (avo_br_flag(r))
        read_aspect(r, info);
    if (avo_br_flag(r)) /* overscan */
        avo_br_flag(r);
    if (avo_br_flag(r))
        read_signal_type(r, info);
    if (avo_br_flag(r)) { /* chroma location */
        avo_br_ue(r);
        avo_br_ue(r);
    }
    if (avo_br_flag(r))
        read_timing(r, info);
    int nal_hrd = avo_br_flag(r);
    if (nal_hrd)
        skip_hrd(r);
    int vcl_hrd = avo_br_flag(r);
    if (vcl_hrd)
        skip_hrd(r);
    if (nal_hrd || vcl_hrd)
        avo_br_flag(r);
    avo_br_flag(r); /* pic_struct_present_flag */
    if (avo_br_flag(r) && !r->error)
        read_restriction(r, info);
}

int avo_avc_read_sps(AvoAvcSps *sps, const uint8_t *nal, size_t size)
{
    uint8_t buffer[HEAD_BYTES];
    if (size < 4 || (nal[0] & 31) != AVO_UNIT_SPS)
        return AVOCET_ERR_DATA;
    AvoBitReader r = open_unit(buffer, nal, size);
    memset(sps, 0, sizeof *sps);
    AvocetVideoInfo *info = &sps->info;
    info->chroma_format_idc = 1;
    info->bit_depth_luma = info->bit_depth_chroma = 8;
    info->colour_primaries = info->transfer = info->colour_matrix = 2;
    info->reorder_frames = 16;
    info->profile_idc = (int)avo_br_get(&r, 8);
    info->constraint_flags = (int)avo_br_get(&r, 8);
    info->level_idc = (int)avo_br_get(&r, 8);
    uint32_t id = avo_br_ue(&r);
    if (avo_profile_has_chroma_part(info->profile_idc))
        read_chroma_format(&r, sps);
    uint32_t frame_num_bits = avo_br_ue(&r) + 4;
    if (id > 31 || frame_num_bits < 4 || frame_num_bits > 16 || r.error)
        return AVOCET_ERR_DATA;
    sps->frame_num_bits = (uint8_t)frame_num_bits;
    read_order_count(&r, sps);
    avo_br_ue(&r);   /* max_num_ref_frames */
    avo_br_flag(&r); /* gaps_in_frame_num_value_allowed_flag */
    read_size(&r, sps);
    if (r.error)
        return AVOCET_ERR_DATA;
    if (avo_br_flag(&r) && !r.error)
        read_vui(&r, info);
    sps->valid = true;
    return (int)id;
}

/* ---- picture parameter set (7.3.2.2) ---- */

static void skip_slice_groups(AvoBitReader *r, uint32_t groups)
{
    uint32_t type = avo_br_ue(r);
    if (type == 0) {
        for (uint32_t i = 0; i < groups; i++)
            avo_br_ue(r);
    } else if (type == 2) {
        for (uint32_t i = 0; i + 1 < groups; i++) {
            avo_br_ue(r);
            avo_br_ue(r);
        }
    } else if (type >= 3 && type <= 5) {
        avo_br_flag(r);
        avo_br_ue(r);
    } else if (type == 6) {
        uint32_t count = avo_br_ue(r) + 1;
        int bits = groups > 4 ? 3 : groups > 2 ? 2 : 1;
        for (uint32_t i = 0; i < count && !r->error; i++)
            avo_br_get(r, bits);
    }
}

static int read_pps(AvoAvcPps *pps, const uint8_t *nal, size_t size)
{
    uint8_t buffer[HEAD_BYTES];
    AvoBitReader r = open_unit(buffer, nal, size);
    memset(pps, 0, sizeof *pps);
    uint32_t id = avo_br_ue(&r), sps_id = avo_br_ue(&r);
    avo_br_flag(&r); /* entropy_coding_mode_flag */
    pps->bottom_poc_present = avo_br_flag(&r);
    uint32_t groups = avo_br_ue(&r) + 1;
    if (id > 255 || sps_id > 31 || groups == 0 || groups > 8)
        return AVOCET_ERR_DATA;
    if (groups > 1)
        skip_slice_groups(&r, groups);
    uint32_t refs0 = avo_br_ue(&r), refs1 = avo_br_ue(&r);
    pps->weighted_pred = avo_br_flag(&r);
    pps->weighted_bipred = (uint8_t)avo_br_get(&r, 2);
    for (int i = 0; i < 3; i++)
        avo_br_se(&r);
    avo_br_get(&r, 2);
    pps->redundant_present = avo_br_flag(&r);
    /* What a large map of slice groups pushes out of the buffer only costs the last flags. */
    if (refs0 > 31 || refs1 > 31)
        return AVOCET_ERR_DATA;
    pps->refs[0] = (uint8_t)(refs0 + 1);
    pps->refs[1] = (uint8_t)(refs1 + 1);
    pps->sps_id = (uint8_t)sps_id;
    pps->valid = true;
    return (int)id;
}

void avo_avc_take_headers(AvoAvcState *state, const uint8_t *nal, size_t size)
{
    if ((nal[0] & 31) == AVO_UNIT_SPS) {
        AvoAvcSps sps;
        int id = avo_avc_read_sps(&sps, nal, size);
        if (id >= 0)
            state->sps[id] = sps;
    } else if ((nal[0] & 31) == AVO_UNIT_PPS) {
        AvoAvcPps pps;
        int id = read_pps(&pps, nal, size);
        if (id >= 0)
            state->pps[id] = pps;
    }
}

/* ---- slice header (7.3.3) ---- */

static void skip_list_modification(AvoBitReader *r)
{
    if (!avo_br_flag(r))
        return;
    for (int i = 0; i < 66 && !r->error; i++) {
        if (avo_br_ue(r) == 3)
            return;
        avo_br_ue(r);
    }
    r->error = true;
}

static void skip_weights(AvoBitReader *r, const int refs[2], int lists, bool chroma)
{
    avo_br_ue(r);
    if (chroma)
        avo_br_ue(r);
    for (int list = 0; list < lists; list++)
        for (int i = 0; i < refs[list] && !r->error; i++) {
            if (avo_br_flag(r)) {
                avo_br_se(r);
                avo_br_se(r);
            }
            if (chroma && avo_br_flag(r))
                for (int k = 0; k < 4; k++)
                    avo_br_se(r);
        }
}

/* dec_ref_pic_marking() of a picture that is not IDR: is there an operation 5? */
static bool read_marking(AvoBitReader *r)
{
    if (!avo_br_flag(r))
        return false;
    bool resets = false;
    for (int i = 0; i < 66 && !r->error; i++) {
        uint32_t operation = avo_br_ue(r);
        if (operation == 0)
            break;
        resets |= operation == 5;
        if (operation == 1 || operation == 2 || operation == 3 || operation == 4 || operation == 6)
            avo_br_ue(r);
        if (operation == 3)
            avo_br_ue(r);
    }
    return resets && !r->error;
}

static bool find_reset(AvoBitReader *r, const AvoAvcSps *sps, const AvoAvcPps *pps,
                       const AvoAvcSlice *slice)
{
    bool inter = slice->slice_type != 2 && slice->slice_type != 4, b = slice->slice_type == 1;
    int refs[2] = {pps->refs[0], pps->refs[1]};
    if (slice->nal_type == AVO_UNIT_IDR || !slice->ref_idc)
        return false;
    if (b)
        avo_br_flag(r); /* direct_spatial_mv_pred_flag */
    if (inter && avo_br_flag(r)) {
        refs[0] = (int)avo_min64(avo_br_ue(r), 100) + 1;
        if (b)
            refs[1] = (int)avo_min64(avo_br_ue(r), 100) + 1;
    }
    if (refs[0] > 32 || refs[1] > 32)
        return false;
    if (inter)
        skip_list_modification(r);
    if (b)
        skip_list_modification(r);
    if ((pps->weighted_pred && inter && !b) || (pps->weighted_bipred == 1 && b))
        skip_weights(r, refs, b ? 2 : 1, !sps->separate_planes && sps->info.chroma_format_idc);
    return read_marking(r);
}

bool avo_avc_read_slice(const AvoAvcState *state, AvoAvcSlice *s, const uint8_t *nal, size_t size)
{
    uint8_t buffer[HEAD_BYTES];
    AvoBitReader r = open_unit(buffer, nal, size);
    memset(s, 0, sizeof *s);
    s->nal_type = nal[0] & 31;
    s->ref_idc = nal[0] >> 5 & 3;
    s->first_mb = avo_br_ue(&r);
    s->slice_type = (int)(avo_br_ue(&r) % 5);
    uint32_t pps_id = avo_br_ue(&r);
    if (r.error || pps_id > 255 || !state->pps[pps_id].valid)
        return false;
    const AvoAvcPps *pps = &state->pps[pps_id];
    const AvoAvcSps *sps = &state->sps[pps->sps_id];
    if (!sps->valid)
        return false;
    s->pps_id = (int)pps_id;
    s->sps_id = pps->sps_id;
    if (sps->separate_planes)
        avo_br_get(&r, 2);
    s->frame_num = avo_br_get(&r, sps->frame_num_bits);
    if (!sps->frame_mbs_only) {
        s->field = avo_br_flag(&r);
        s->bottom = s->field && avo_br_flag(&r);
    }
    if (s->nal_type == AVO_UNIT_IDR)
        s->idr_pic_id = avo_br_ue(&r);
    bool second = pps->bottom_poc_present && !s->field;
    if (sps->poc_type == 0) {
        s->poc_lsb = avo_br_get(&r, sps->poc_lsb_bits);
        s->delta_poc_bottom = second ? avo_br_se(&r) : 0;
    } else if (sps->poc_type == 1 && !sps->delta_poc_always_zero) {
        s->delta_poc[0] = avo_br_se(&r);
        s->delta_poc[1] = second ? avo_br_se(&r) : 0;
    }
    if (pps->redundant_present)
        s->redundant = avo_br_ue(&r) > 0;
    if (r.error)
        return false;
    s->resets = find_reset(&r, sps, pps, s);
    return true;
}

bool avo_avc_new_picture(const AvoAvcSlice *a, const AvoAvcSlice *b)
{
    bool a_idr = a->nal_type == AVO_UNIT_IDR, b_idr = b->nal_type == AVO_UNIT_IDR;
    return a->frame_num != b->frame_num || a->pps_id != b->pps_id || a->field != b->field ||
           a->bottom != b->bottom || (a->ref_idc == 0) != (b->ref_idc == 0) || a_idr != b_idr ||
           (a_idr && a->idr_pic_id != b->idr_pic_id) || a->poc_lsb != b->poc_lsb ||
           a->delta_poc_bottom != b->delta_poc_bottom || a->delta_poc[0] != b->delta_poc[0] ||
           a->delta_poc[1] != b->delta_poc[1];
}

/* ---- picture order count (8.2.1) ---- */

/* Sums in 64 bits, then reduced: hostile offsets may exceed what a picture order count can be. */
static int32_t to_int32(int64_t v)
{
    return (int32_t)avo_clip3_64(INT32_MIN / 2, INT32_MAX / 2, v);
}

static int32_t order_type_0(AvoAvcState *t, const AvoAvcSps *sps, const AvoAvcSlice *s)
{
    bool idr = s->nal_type == AVO_UNIT_IDR;
    int32_t max_lsb = 1 << sps->poc_lsb_bits, lsb = (int32_t)s->poc_lsb;
    int64_t prev_msb = idr ? 0 : t->prev_poc_msb, msb = prev_msb;
    int32_t prev_lsb = idr ? 0 : t->prev_poc_lsb;
    if (lsb < prev_lsb && prev_lsb - lsb >= max_lsb / 2)
        msb += max_lsb;
    else if (lsb > prev_lsb && lsb - prev_lsb > max_lsb / 2)
        msb -= max_lsb;
    int64_t top = msb + lsb, bottom = s->field ? top : top + s->delta_poc_bottom;
    int64_t order = s->field ? top : avo_min64(top, bottom);
    if (s->ref_idc) {
        t->prev_poc_msb = s->resets ? 0 : to_int32(msb);
        t->prev_poc_lsb = !s->resets ? lsb : s->bottom ? 0 : to_int32(top - order);
    }
    return to_int32(order);
}

static int64_t frame_num_offset(AvoAvcState *t, const AvoAvcSps *sps, const AvoAvcSlice *s)
{
    if (s->nal_type == AVO_UNIT_IDR)
        return 0;
    int64_t wrap = t->prev_frame_num > s->frame_num ? 1 << sps->frame_num_bits : 0;
    return avo_clip3_64(0, INT32_MAX, t->prev_frame_num_offset + wrap);
}

static int32_t order_type_1(const AvoAvcSps *sps, const AvoAvcSlice *s, int64_t offset)
{
    int64_t number = sps->cycle_length ? offset + s->frame_num : 0, expected = 0;
    if (!s->ref_idc && number > 0)
        number--;
    if (number > 0) {
        int64_t cycles = (number - 1) / sps->cycle_length, place = (number - 1) % sps->cycle_length;
        int64_t sum = 0;
        for (int i = 0; i < sps->cycle_length; i++)
            sum += sps->offset_ref[i];
        /* |sum| < 255 * 2^31 and cycles < 2^32: limited so that the product stays in range. */
        expected = to_int32(sum) * avo_min64(cycles, INT32_MAX);
        for (int64_t i = 0; i <= place; i++)
            expected += sps->offset_ref[i];
    }
    if (!s->ref_idc)
        expected += sps->offset_non_ref;
    if (s->field)
        return to_int32(expected + s->delta_poc[0] + (s->bottom ? sps->offset_top_to_bottom : 0));
    int64_t top = expected + s->delta_poc[0];
    int64_t bottom = top + sps->offset_top_to_bottom + s->delta_poc[1];
    return to_int32(avo_min64(top, bottom));
}

int32_t avo_avc_picture_order(AvoAvcState *t, const AvoAvcSlice *s)
{
    const AvoAvcSps *sps = &t->sps[s->sps_id];
    if (sps->poc_type == 0)
        return order_type_0(t, sps, s);
    int64_t offset = frame_num_offset(t, sps, s);
    int32_t order = sps->poc_type == 1
                        ? order_type_1(sps, s, offset)
                        : to_int32(2 * (offset + s->frame_num) - (s->ref_idc ? 0 : 1));
    t->prev_frame_num = s->resets ? 0 : s->frame_num;
    t->prev_frame_num_offset = s->resets ? 0 : offset;
    return order;
}
