/* From bits to NAL units: parameter sets, slice headers, emulation prevention (7.3.1, 7.3.2, 7.3.3,
 * Annex B), straight into the packet.
 *
 * The small encoder's streams differ from each other in a handful of numbers only, so its headers
 * are written line by line instead of through the structs of paramset.h, which take kilobytes. They
 * say what those of the big encoder say: timing, colour, range, and that nothing is reordered. */
#include "enc/tiny/tiny_bits.h"
#include "h264/nal.h"
#include "h264/paramset.h"
#include "base/small_code.h"

#if AVOCET_TINY

/* Bytes that a macroblock may take at worst when it is coded in next to nothing. */
#define POOREST_MB 4
/* Room to keep behind an ordinary macroblock: its bits escaped, and the end of the slice. */
#define MB_ROOM (AVO_TINY_MB_BITS / 8 * 3 / 2 + 64)

/* ---- bytes into the packet ---- */

static void emit_raw(AvoTiny *t, int byte)
{
    if (t->packet_size < t->packet_capacity)
        t->packet[t->packet_size++] = (uint8_t)byte;
    else
        t->packet_overflow = true;
}

static void emit(AvoTiny *t, int byte)
{
    if (t->zeros == 2 && byte <= 3) {
        emit_raw(t, 3);
        t->zeros = 0;
    }
    emit_raw(t, byte);
    t->zeros = byte ? 0 : t->zeros + 1;
}

void avo_tiny_drain(AvoTiny *t)
{
    AvoTinyBits *b = &t->bits;
    for (const uint8_t *p = b->start; p < b->pos; p++)
        emit(t, *p);
    b->pos = b->start;
}

bool avo_tiny_is_full(const AvoTiny *t)
{
    size_t done = (size_t)(t->work->mb_y * t->mb_w + t->work->mb_x);
    size_t left = (size_t)(t->mb_w * t->mb_h) - done;
    size_t used = t->packet_size + (size_t)(t->bits.pos - t->bits.start);
    return used + left * POOREST_MB + MB_ROOM > t->packet_capacity;
}

/* The start of a NAL unit: start code or room for the length. */
static size_t begin_nal(AvoTiny *t, int header)
{
    size_t start = t->packet_size;
    emit_raw(t, 0);
    emit_raw(t, 0);
    emit_raw(t, 0);
    emit_raw(t, 1);
    emit_raw(t, header);
    t->zeros = 0;
    t->bits.pos = t->bits.start;
    t->bits.cache = 0;
    t->bits.free = 32;
    return start;
}

/* rbsp_trailing_bits() and the last bytes; length in front where start codes are not wanted. */
static void end_nal(AvoTiny *t, size_t start)
{
    AvoTinyBits *b = &t->bits;
    avo_tiny_put(b, 1, 1);
    avo_tiny_drain(t);
    for (int shift = 24; 32 - b->free > 24 - shift; shift -= 8)
        emit(t, (int)(b->cache >> shift & 255));
    b->cache = 0;
    b->free = 32;
    size_t length = t->packet_size - start - 4;
    for (int i = 0; i < 4 && t->config->container == AVOCET_AVCC && !t->packet_overflow; i++)
        t->packet[start + (size_t)i] = (uint8_t)(length >> (24 - 8 * i));
}

/* ---- parameter sets (7.3.2.1.1, 7.3.2.2, E.1.1) ---- */

static AVO_NOINLINE void put(AvoTinyBits *b, int n, uint32_t value)
{
    avo_tiny_put(b, n, value);
}

static void flag(AvoTinyBits *b, int value)
{
    put(b, 1, value != 0);
}

static AVO_NOINLINE void ue(AvoTinyBits *b, int value)
{
    avo_tiny_put_ue(b, (uint32_t)value);
}

static void se(AvoTinyBits *b, int value)
{
    ue(b, value > 0 ? 2 * value - 1 : -2 * value);
}

static AVO_NOINLINE void word(AvoTinyBits *b, uint32_t value)
{
    put(b, 16, value >> 16);
    put(b, 16, value & 0xffff);
}

static void write_vui(AvoTinyBits *b, const AvocetEncoderConfig *c)
{
    bool has_sar = c->sar_width > 0 && c->sar_height > 0;
    flag(b, has_sar);
    if (has_sar) {
        bool square = c->sar_width == c->sar_height;
        put(b, 8, square ? 1 : 255);
        if (!square)
            word(b, (uint32_t)c->sar_width << 16 | (uint32_t)c->sar_height);
    }
    flag(b, 0); /* overscan */
    flag(b, 1); /* video signal */
    put(b, 3, (uint32_t)c->video_format);
    flag(b, c->full_range);
    flag(b, 1);
    put(b, 8, (uint32_t)c->colour_primaries);
    put(b, 8, (uint32_t)c->transfer);
    put(b, 8, (uint32_t)c->colour_matrix);
    flag(b, 0); /* chroma location */
    flag(b, 1); /* timing; a tick is a field */
    word(b, (uint32_t)c->fps.den);
    word(b, (uint32_t)c->fps.num * 2);
    flag(b, c->time_base.num == c->fps.den && c->time_base.den == c->fps.num);
    put(b, 3, 0); /* no HRD, no pic_struct */
    flag(b, 1);   /* restrictions */
    flag(b, 1);
    ue(b, 0);
    ue(b, 0);
    ue(b, 13);
    ue(b, 13);
    ue(b, 0); /* nothing is reordered */
    ue(b, 1);
}

static void write_sps(AvoTiny *t)
{
    const AvocetEncoderConfig *c = t->config;
    AvoTinyBits *b = &t->bits;
    bool is_1b = c->level == 9;
    put(b, 8, AVO_PROFILE_BASELINE);
    put(b, 8, is_1b ? 0xd0 : 0xc0); /* constraint flags 0, 1; 3 says level 1b (A.3.4.1) */
    put(b, 8, is_1b ? 11 : (uint32_t)c->level);
    ue(b, 0);
    ue(b, 0); /* frame_num of 4 bits */
    ue(b, 2); /* order count follows frame_num */
    ue(b, 1); /* one reference */
    flag(b, 0);
    ue(b, t->mb_w - 1);
    ue(b, t->mb_h - 1);
    flag(b, 1);
    flag(b, 1);
    int right = (t->mb_w * 16 - c->width) / 2, bottom = (t->mb_h * 16 - c->height) / 2;
    flag(b, right || bottom);
    if (right || bottom) {
        ue(b, 0);
        ue(b, right);
        ue(b, 0);
        ue(b, bottom);
    }
    flag(b, 1);
    write_vui(b, c);
}

static void write_pps(AvoTinyBits *b)
{
    ue(b, 0);
    ue(b, 0);
    flag(b, 0); /* CAVLC */
    flag(b, 0);
    ue(b, 0);
    ue(b, 0); /* one reference in each list */
    ue(b, 0);
    put(b, 3, 0); /* no weights */
    ue(b, 0);     /* QP 26 */
    ue(b, 0);
    ue(b, 0);
    flag(b, 1); /* the loop filter's strength is told by slices */
    flag(b, 0);
    flag(b, 0);
}

void avo_tiny_write_headers(AvoTiny *t)
{
    t->packet_size = 0;
    size_t start = begin_nal(t, 3 << 5 | AVO_NAL_SPS);
    write_sps(t);
    end_nal(t, start);
    start = begin_nal(t, 3 << 5 | AVO_NAL_PPS);
    write_pps(&t->bits);
    end_nal(t, start);
    AVO_ASSERT(t->packet_size <= sizeof t->headers);
    t->headers_size = (int)t->packet_size;
    memcpy(t->headers, t->packet, t->packet_size);
}

/* ---- slices (7.3.3) ---- */

static void write_access_unit_delimiter(AvoTiny *t)
{
    size_t start = begin_nal(t, AVO_NAL_AUD);
    put(&t->bits, 3, t->is_idr ? 0 : 1);
    end_nal(t, start);
}

static void write_slice_header(AvoTiny *t)
{
    const AvocetEncoderConfig *c = t->config;
    AvoTinyBits *b = &t->bits;
    ue(b, 0);
    ue(b, t->is_idr ? 7 : 5); /* all slices of the picture are of this type */
    ue(b, 0);
    put(b, 4, (uint32_t)t->frame_num);
    if (t->is_idr) {
        ue(b, t->idr_pic_id);
        put(b, 2, 0); /* prior pictures are shown, no long term */
    } else {
        put(b, 2, 0); /* list as it is */
        flag(b, 0);   /* sliding window */
    }
    se(b, t->last_qp - 26);
    ue(b, !c->deblock);
    if (c->deblock) {
        se(b, c->deblock_alpha);
        se(b, c->deblock_beta);
    }
}

void avo_tiny_begin_slice(AvoTiny *t, bool is_first)
{
    t->packet_size = 0;
    t->packet_overflow = false;
    if (t->config->aud)
        write_access_unit_delimiter(t);
    if (t->is_idr && (t->config->repeat_headers || is_first)) {
        memcpy(t->packet + t->packet_size, t->headers, (size_t)t->headers_size);
        t->packet_size += (size_t)t->headers_size;
    }
    t->slice_start = begin_nal(t, t->is_idr ? 3 << 5 | AVO_NAL_IDR : 2 << 5 | AVO_NAL_SLICE);
    write_slice_header(t);
}

void avo_tiny_end_slice(AvoTiny *t)
{
    if (t->skip_run)
        avo_tiny_write_skip_run(t);
    end_nal(t, t->slice_start);
}
#endif
