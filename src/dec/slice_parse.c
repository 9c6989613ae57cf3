/* See slice_parse.h. */
#include "dec/slice_parse.h"

static int out_of_range(AvoMessage *msg, const char *element)
{
    return avo_fail(msg, AVOCET_ERR_DATA, "slice header: %s is out of range", element);
}

int avo_slice_header_begin(AvoSliceHeader *h, AvoSliceBits *b, AvoMessage *msg)
{
    static const AvoSliceType types[3] = {AVO_SLICE_P, AVO_SLICE_B, AVO_SLICE_I};
    h->first_mb = avo_sb_ue(b);
    uint32_t type = avo_sb_ue(b), pps_id = avo_sb_ue(b);
    if (avo_sb_overread(b))
        return avo_fail(msg, AVOCET_ERR_DATA, "slice header is cut short");
    if (type > 9)
        return out_of_range(msg, "slice_type");
    if (type % 5 > 2)
        return avo_fail(msg, AVOCET_ERR_UNSUPPORTED, "SP and SI slices are not supported");
    if (pps_id > 255)
        return out_of_range(msg, "pic_parameter_set_id");
    h->type = types[type % 5];
    h->pps_id = (int)pps_id;
    return AVOCET_OK;
}

static void parse_poc(AvoSliceHeader *h, AvoSliceBits *b, const AvoSps *sps, const AvoPps *pps)
{
    if (sps->poc_type == 0) {
        h->poc_lsb = (int)avo_sb_get(b, sps->log2_max_poc_lsb);
        if (pps->bottom_field_pic_order_present)
            h->delta_poc_bottom = avo_sb_se(b);
    }
    if (sps->poc_type == 1 && !sps->delta_pic_order_always_zero) {
        h->delta_poc[0] = avo_sb_se(b);
        if (pps->bottom_field_pic_order_present)
            h->delta_poc[1] = avo_sb_se(b);
    }
}

static int parse_ref_counts(AvoSliceHeader *h, AvoSliceBits *b, const AvoPps *pps, AvoMessage *msg)
{
    int lists = h->type == AVO_SLICE_B ? 2 : 1;
    h->num_ref_idx_override = avo_sb_flag(b);
    for (int l = 0; l < lists; l++) {
        uint32_t count =
            h->num_ref_idx_override ? avo_sb_ue(b) + 1 : (uint32_t)pps->num_ref_idx_default[l];
        if (count < 1 || count > AVO_REFS_MAX)
            return out_of_range(msg, "num_ref_idx_active_minus1");
        h->num_ref_idx[l] = (int)count;
    }
    return AVOCET_OK;
}

/* One list of ref_pic_list_modification(). */
static int parse_modifications(AvoSliceHeader *h, AvoSliceBits *b, int l, AvoMessage *msg)
{
    if (!avo_sb_flag(b))
        return AVOCET_OK;
    for (;;) {
        uint32_t idc = avo_sb_ue(b);
        if (idc == 3)
            return AVOCET_OK;
        if (idc > 3 || h->modification_count[l] > AVO_REFS_MAX || avo_sb_overread(b))
            return out_of_range(msg, "modification_of_pic_nums_idc");
        AvoRefModification *m = &h->modification[l][h->modification_count[l]++];
        m->idc = (int)idc;
        m->value = avo_sb_ue(b);
    }
}

/* Weight and offset; false: out of range. */
static bool parse_weight(AvoSliceBits *b, int16_t *w, int16_t *o)
{
    int32_t weight = avo_sb_se(b), offset = avo_sb_se(b);
    *w = (int16_t)weight;
    *o = (int16_t)offset;
    return weight >= -128 && weight <= 127 && offset >= -128 && offset <= 127;
}

static int parse_weights(AvoSliceHeader *h, AvoSliceBits *b, bool has_chroma, AvoMessage *msg)
{
    uint32_t luma_denom = avo_sb_ue(b), chroma_denom = has_chroma ? avo_sb_ue(b) : 0;
    if (luma_denom > 7 || chroma_denom > 7)
        return out_of_range(msg, "log2_weight_denom");
    h->luma_log2_denom = (int)luma_denom;
    h->chroma_log2_denom = (int)chroma_denom;
    for (int l = 0; l < (h->type == AVO_SLICE_B ? 2 : 1); l++)
        for (int i = 0; i < h->num_ref_idx[l]; i++) {
            AvoWeight *w = &h->weight[l][i];
            bool ok = true;
            w->luma_flag = avo_sb_flag(b);
            if (w->luma_flag)
                ok = parse_weight(b, &w->w[0], &w->o[0]);
            w->chroma_flag = has_chroma && avo_sb_flag(b);
            for (int c = 1; c < 3 && w->chroma_flag; c++)
                ok = parse_weight(b, &w->w[c], &w->o[c]) && ok;
            if (!ok)
                return out_of_range(msg, "weight");
        }
    return AVOCET_OK;
}

/* dec_ref_pic_marking() */
static int parse_marking(AvoSliceHeader *h, AvoSliceBits *b, AvoMessage *msg)
{
    if (h->nal_unit_type == 5) {
        h->no_output_of_prior_pics = avo_sb_flag(b);
        h->long_term_reference = avo_sb_flag(b);
        return AVOCET_OK;
    }
    h->adaptive_marking = avo_sb_flag(b);
    while (h->adaptive_marking) {
        uint32_t op = avo_sb_ue(b);
        if (op == 0)
            break;
        if (op > 6 || h->mmco_count >= (int)AVO_COUNT(h->mmco) || avo_sb_overread(b))
            return out_of_range(msg, "memory_management_control_operation");
        AvoMmco *m = &h->mmco[h->mmco_count++];
        m->op = (int)op;
        if (op != 5)
            m->arg1 = avo_sb_ue(b);
        if (op == 3)
            m->arg2 = avo_sb_ue(b);
    }
    return AVOCET_OK;
}

static int parse_deblocking(AvoSliceHeader *h, AvoSliceBits *b, AvoMessage *msg)
{
    uint32_t idc = avo_sb_ue(b);
    if (idc > 2)
        return out_of_range(msg, "disable_deblocking_filter_idc");
    h->disable_deblocking_idc = (int)idc;
    if (idc != 1) {
        h->alpha_offset_div2 = avo_sb_se(b);
        h->beta_offset_div2 = avo_sb_se(b);
    }
    if (h->alpha_offset_div2 < -6 || h->alpha_offset_div2 > 6 || h->beta_offset_div2 < -6 ||
        h->beta_offset_div2 > 6)
        return out_of_range(msg, "deblocking filter offset");
    return AVOCET_OK;
}

/* Everything about reference pictures, for P and B slices. */
static int parse_references(AvoSliceHeader *h, AvoSliceBits *b, const AvoSps *sps,
                            const AvoPps *pps, AvoMessage *msg)
{
    if (h->type == AVO_SLICE_B)
        h->direct_spatial = avo_sb_flag(b);
    AVO_RETURN_IF_ERROR(parse_ref_counts(h, b, pps, msg));
    AVO_RETURN_IF_ERROR(parse_modifications(h, b, 0, msg));
    if (h->type == AVO_SLICE_B)
        AVO_RETURN_IF_ERROR(parse_modifications(h, b, 1, msg));
    if (h->type == AVO_SLICE_P ? pps->weighted_pred : pps->weighted_bipred_idc == 1)
        AVO_RETURN_IF_ERROR(parse_weights(h, b, sps->chroma_format_idc != 0, msg));
    return AVOCET_OK;
}

/* slice_group_change_cycle has Ceil(Log2(PicSizeInMapUnits / SliceGroupChangeRate + 1)) bits. */
static int change_cycle_bits(const AvoSps *sps, const AvoPps *pps)
{
    uint32_t size = (uint32_t)(sps->mb_width * sps->mb_height), rate = pps->slice_group_change_rate;
    uint32_t cycles = size / rate + (size % rate != 0);
    return avo_log2_floor(cycles) + 1; /* Ceil(Log2(cycles + 1)) */
}

static int parse_quantiser(AvoSliceHeader *h, AvoSliceBits *b, const AvoPps *pps, AvoMessage *msg)
{
    if (pps->cabac && h->type != AVO_SLICE_I) {
        uint32_t idc = avo_sb_ue(b);
        if (idc > 2)
            return out_of_range(msg, "cabac_init_idc");
        h->cabac_init_idc = (int)idc;
    }
    int64_t qp = (int64_t)pps->init_qp + avo_sb_se(b);
    if (qp < 0 || qp > 51)
        return out_of_range(msg, "slice_qp_delta");
    h->qp = (int)qp;
    return AVOCET_OK;
}

int avo_slice_header_parse(AvoSliceHeader *h, AvoSliceBits *b, const AvoSps *sps, const AvoPps *pps,
                           AvoMessage *msg)
{
    if (h->first_mb >= (uint32_t)(sps->mb_width * sps->mb_height))
        return out_of_range(msg, "first_mb_in_slice");
    h->frame_num = (int)avo_sb_get(b, sps->log2_max_frame_num);
    if (!sps->frame_mbs_only && avo_sb_flag(b))
        return avo_fail(msg, AVOCET_ERR_UNSUPPORTED,
                        "interlaced coding (field pictures) is not supported");
    if (h->nal_unit_type == 5) {
        uint32_t id = avo_sb_ue(b);
        if (id > 65535)
            return out_of_range(msg, "idr_pic_id");
        h->idr_pic_id = (int)id;
        h->frame_num = 0;
    }
    parse_poc(h, b, sps, pps);
    if (pps->redundant_pic_cnt_present)
        h->redundant_pic_cnt = (int)avo_min64(avo_sb_ue(b), 128);
    if (h->type != AVO_SLICE_I)
        AVO_RETURN_IF_ERROR(parse_references(h, b, sps, pps, msg));
    if (h->nal_ref_idc != 0)
        AVO_RETURN_IF_ERROR(parse_marking(h, b, msg));
    AVO_RETURN_IF_ERROR(parse_quantiser(h, b, pps, msg));
    if (pps->deblocking_control_present)
        AVO_RETURN_IF_ERROR(parse_deblocking(h, b, msg));
    if (pps->num_slice_groups > 1 && pps->slice_group_map_type >= 3 &&
        pps->slice_group_map_type <= 5)
        h->slice_group_change_cycle = avo_sb_get(b, change_cycle_bits(sps, pps));
    if (avo_sb_overread(b))
        return avo_fail(msg, AVOCET_ERR_DATA, "slice header is cut short");
    return AVOCET_OK;
}

bool avo_slice_starts_picture(const AvoSliceHeader *h, const AvoSliceHeader *last)
{
    bool idr = h->nal_unit_type == 5, last_idr = last->nal_unit_type == 5;
    return h->frame_num != last->frame_num || h->pps_id != last->pps_id ||
           (h->nal_ref_idc == 0) != (last->nal_ref_idc == 0) || idr != last_idr ||
           (idr && h->idr_pic_id != last->idr_pic_id) || h->poc_lsb != last->poc_lsb ||
           h->delta_poc_bottom != last->delta_poc_bottom || h->delta_poc[0] != last->delta_poc[0] ||
           h->delta_poc[1] != last->delta_poc[1];
}

/* ---- slice groups (8.2.2) ---- */

typedef struct GroupMap {
    uint8_t *map;
    int width, height, size;
    const AvoPps *pps;
} GroupMap;

static void map_interleaved(const GroupMap *m)
{
    int64_t i = 0;
    while (i < m->size)
        for (int g = 0; g < m->pps->num_slice_groups && i < m->size; g++) {
            int64_t run = (int64_t)m->pps->run_length_minus1[g] + 1;
            int64_t end = avo_min64(i + run, m->size);
            memset(m->map + i, g, (size_t)(end - i));
            i = end;
        }
}

static void map_dispersed(const GroupMap *m)
{
    int n = m->pps->num_slice_groups;
    for (int i = 0; i < m->size; i++)
        m->map[i] = (uint8_t)((i % m->width + i / m->width * n / 2) % n);
}

static void map_foreground(const GroupMap *m)
{
    memset(m->map, m->pps->num_slice_groups - 1, (size_t)m->size);
    for (int g = m->pps->num_slice_groups - 2; g >= 0; g--) {
        int first = (int)avo_min64(m->pps->top_left[g], m->size - 1);
        int last = (int)avo_min64(m->pps->bottom_right[g], m->size - 1);
        for (int y = first / m->width; y <= last / m->width; y++)
            for (int x = first % m->width; x <= last % m->width; x++)
                m->map[y * m->width + x] = (uint8_t)g;
    }
}

/* A spiral from the middle: group 0 inside, 1 outside. */
static void map_box_out(const GroupMap *m, int inside)
{
    int dir = m->pps->slice_group_change_direction;
    int x = (m->width - dir) / 2, y = (m->height - dir) / 2;
    int left = x, right = x, top = y, bottom = y, dx = dir - 1, dy = dir;
    memset(m->map, 1, (size_t)m->size);
    for (int done = 0; done < inside;) {
        uint8_t *unit = &m->map[y * m->width + x];
        done += *unit;
        *unit = 0;
        if (dx == -1 && x == left) {
            x = left = avo_max(left - 1, 0);
            dx = 0;
            dy = 2 * dir - 1;
        } else if (dx == 1 && x == right) {
            x = right = avo_min(right + 1, m->width - 1);
            dx = 0;
            dy = 1 - 2 * dir;
        } else if (dy == -1 && y == top) {
            y = top = avo_max(top - 1, 0);
            dx = 1 - 2 * dir;
            dy = 0;
        } else if (dy == 1 && y == bottom) {
            y = bottom = avo_min(bottom + 1, m->height - 1);
            dx = 2 * dir - 1;
            dy = 0;
        } else {
            x += dx;
            y += dy;
        }
    }
}

static void map_raster(const GroupMap *m, int upper_left)
{
    int dir = m->pps->slice_group_change_direction;
    memset(m->map, dir, (size_t)upper_left);
    memset(m->map + upper_left, 1 - dir, (size_t)(m->size - upper_left));
}

static void map_wipe(const GroupMap *m, int upper_left)
{
    int dir = m->pps->slice_group_change_direction, done = 0;
    for (int x = 0; x < m->width; x++)
        for (int y = 0; y < m->height; y++)
            m->map[y * m->width + x] = (uint8_t)(done++ < upper_left ? dir : 1 - dir);
}

static void map_explicit(const GroupMap *m)
{
    for (int i = 0; i < m->size; i++)
        m->map[i] = (uint8_t)avo_min(m->pps->slice_group_id[i], m->pps->num_slice_groups - 1);
}

void avo_slice_group_map(uint8_t *map, const AvoSps *sps, const AvoPps *pps, uint32_t change_cycle)
{
    int size = sps->mb_width * sps->mb_height;
    const GroupMap m = {map, sps->mb_width, sps->mb_height, size, pps};
    int group0 = (int)avo_min64((int64_t)change_cycle * pps->slice_group_change_rate, size);
    int upper_left = pps->slice_group_change_direction ? size - group0 : group0;
    switch (pps->slice_group_map_type) {
    case 0:
        map_interleaved(&m);
        break;
    case 1:
        map_dispersed(&m);
        break;
    case 2:
        map_foreground(&m);
        break;
    case 3:
        map_box_out(&m, group0);
        break;
    case 4:
        map_raster(&m, upper_left);
        break;
    case 5:
        map_wipe(&m, upper_left);
        break;
    default:
        map_explicit(&m);
    }
}
