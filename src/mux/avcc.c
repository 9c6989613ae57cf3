/* See avcc.h and <avocet/mux.h>.
 *
 *     version 1 | profile | constraint flags | level | 111111 lengthSizeMinusOne
 *     111 numOfSPS | (size16 SPS)* | numOfPPS8 | (size16 PPS)*
 *     of High profiles: 111111 chroma_format | 11111 depthY-8 | 11111 depthC-8 | numOfSPSExt8 */
#include "mux/avcc.h"
#include "mux/avc_syntax.h"
#include "mux/nal_scan.h"
#include "base/bitreader.h"
#include "base/rbsp.h"
#include "base/bytes.h"

/* Appends as far as there is room; counts all. */
typedef struct Output {
    uint8_t *data;
    size_t size, used;
} Output;

static void put(Output *o, const uint8_t *data, size_t size)
{
    if (o->data && o->used <= o->size && size <= o->size - o->used)
        memcpy(o->data + o->used, data, size);
    o->used += size;
}

static void put_byte(Output *o, uint32_t v)
{
    uint8_t byte = (uint8_t)v;
    put(o, &byte, 1);
}

/* seq_parameter_set_id or pic_parameter_set_id. */
static uint32_t set_id(const AvocetNal *nal)
{
    uint8_t bytes[16];
    AvoBitReader r;
    size_t lead = nal->type == AVO_UNIT_SPS ? 4 : 1; /* NAL header; profile, constraints, level */
    size_t n = nal->size > lead
                   ? avo_rbsp_unescape(bytes, sizeof bytes, nal->data + lead, nal->size - lead)
                   : 0;
    avo_br_init(&r, bytes, n);
    return avo_br_ue(&r);
}

/* The first parameter set of each id. Returns their number, or an error. */
static int put_sets(Output *o, const uint8_t *headers, size_t size, int length_size, int type,
                    int most)
{
    AvocetNal nal, before;
    size_t pos = 0;
    int count = 0, status;
    while ((status = avocet_nal_next(headers, size, length_size, &pos, &nal)) > 0) {
        size_t back = 0;
        if (nal.type != type)
            continue;
        while (avocet_nal_next(headers, size, length_size, &back, &before) > 0 &&
               before.data != nal.data)
            if (before.type == type && set_id(&before) == set_id(&nal))
                break;
        if (before.data != nal.data)
            continue;
        if (nal.size > 0xffff || ++count > most)
            return AVOCET_ERR_DATA;
        uint8_t length[2];
        avo_put_u16(length, (uint32_t)nal.size);
        put(o, length, 2);
        put(o, nal.data, nal.size);
    }
    return status < 0 ? status : count;
}

static bool find_sps(const uint8_t *headers, size_t size, int length_size, AvocetNal *nal)
{
    size_t pos = 0;
    while (avocet_nal_next(headers, size, length_size, &pos, nal) > 0)
        if (nal->type == AVO_UNIT_SPS && nal->size >= 4)
            return true;
    return false;
}

int avocet_video_info(const uint8_t *headers, size_t size, int nal_length_size,
                      AvocetVideoInfo *info)
{
    AvocetNal nal;
    AvoAvcSps sps;
    if (!headers || !info)
        return AVOCET_ERR_ARGUMENT;
    if (!find_sps(headers, size, nal_length_size, &nal) ||
        avo_avc_read_sps(&sps, nal.data, nal.size) < 0)
        return AVOCET_ERR_DATA;
    *info = sps.info;
    return AVOCET_OK;
}

void avocet_video_codec_text(const AvocetVideoInfo *info, char text[12])
{
    static const char digits[] = "0123456789abcdef";
    const int bytes[3] = {info->profile_idc, info->constraint_flags, info->level_idc};
    memcpy(text, "avc1.", 5);
    for (int i = 0; i < 3; i++) {
        text[5 + 2 * i] = digits[bytes[i] >> 4 & 15];
        text[6 + 2 * i] = digits[bytes[i] & 15];
    }
    text[11] = 0;
}

/* Fewer than have a chroma part in their SPS: those that ISO/IEC 14496-15 names for this record
 * (5.3.3.1.2; 144 is the High 4:4:4 of old), and 244, which took its place. */
static bool has_extension(int profile_idc)
{
    return profile_idc == 100 || profile_idc == 110 || profile_idc == 122 || profile_idc == 144 ||
           profile_idc == 244;
}

int64_t avocet_avcc_write(const uint8_t *headers, size_t size, int nal_length_size, uint8_t *out,
                          size_t out_size)
{
    AvocetNal sps;
    AvocetVideoInfo info;
    Output o = {out, out_size, 0};
    int status = avocet_video_info(headers, size, nal_length_size, &info);
    if (status < 0 || !find_sps(headers, size, nal_length_size, &sps))
        return status < 0 ? status : AVOCET_ERR_DATA;
    put_byte(&o, 1);
    put(&o, sps.data + 1, 3);
    put_byte(&o, 0xfc | 3);
    size_t count_at = o.used;
    put_byte(&o, 0xe0);
    int count = put_sets(&o, headers, size, nal_length_size, AVO_UNIT_SPS, 31);
    if (count < 0)
        return count;
    if (out && count_at < out_size)
        out[count_at] = (uint8_t)(0xe0 | count);
    count_at = o.used;
    put_byte(&o, 0);
    count = put_sets(&o, headers, size, nal_length_size, AVO_UNIT_PPS, 255);
    if (count <= 0)
        return count < 0 ? count : AVOCET_ERR_DATA;
    if (out && count_at < out_size)
        out[count_at] = (uint8_t)count;
    if (has_extension(info.profile_idc)) {
        put_byte(&o, 0xfc | (uint32_t)info.chroma_format_idc);
        put_byte(&o, 0xf8 | (uint32_t)(info.bit_depth_luma - 8));
        put_byte(&o, 0xf8 | (uint32_t)(info.bit_depth_chroma - 8));
        put_byte(&o, 0);
    }
    return out && o.used > out_size ? AVOCET_ERR_MEMORY : (int64_t)o.used;
}

/* ---- reading ---- */

/* Walks the parameter sets of a record: state before the first call {avcc, size, 0}. */
typedef struct SetWalk {
    const uint8_t *data;
    size_t size, pos;
    int left; /* sets of the current type */
    bool in_pps;
} SetWalk;

/* 1 and the set, 0 at the end, AVOCET_ERR_DATA. */
static int walk_next(SetWalk *w, const uint8_t **set, size_t *set_size)
{
    if (w->pos == 0) {
        if (w->size < 7 || w->data[0] != 1)
            return AVOCET_ERR_DATA;
        w->left = w->data[5] & 31;
        w->pos = 6;
    }
    while (w->left == 0) {
        if (w->in_pps)
            return 0;
        if (w->pos >= w->size)
            return AVOCET_ERR_DATA;
        w->left = w->data[w->pos++];
        w->in_pps = true;
    }
    if (w->size - w->pos < 2)
        return AVOCET_ERR_DATA;
    *set_size = avo_get_u16(w->data + w->pos);
    w->pos += 2;
    if (*set_size == 0 || *set_size > w->size - w->pos)
        return AVOCET_ERR_DATA;
    *set = w->data + w->pos;
    w->pos += *set_size;
    w->left--;
    return 1;
}

bool avo_avcc_contains(const uint8_t *avcc, size_t size, const AvocetNal *nal)
{
    SetWalk walk = {avcc, size, 0, 0, false};
    const uint8_t *set;
    size_t set_size;
    while (walk_next(&walk, &set, &set_size) > 0)
        if (set_size == nal->size && memcmp(set, nal->data, set_size) == 0)
            return true;
    return false;
}

int64_t avo_avcc_to_annexb(const uint8_t *avcc, size_t size, uint8_t *out, size_t out_size,
                           int *nal_length_size)
{
    static const uint8_t start_code[4] = {0, 0, 0, 1};
    SetWalk walk = {avcc, size, 0, 0, false};
    Output o = {out, out_size, 0};
    const uint8_t *set;
    size_t set_size;
    int status;
    while ((status = walk_next(&walk, &set, &set_size)) > 0) {
        put(&o, start_code, 4);
        put(&o, set, set_size);
    }
    if (status < 0)
        return status;
    *nal_length_size = (avcc[4] & 3) + 1;
    return *nal_length_size == 3 ? AVOCET_ERR_DATA : (int64_t)o.used;
}
