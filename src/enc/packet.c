/* See packet.h. */
#include "enc/packet.h"
#include "enc/headers_write.h"
#include "h264/nal.h"

#define MB_BYTES      420  /* 3200 bits is the limit of A.3.1, plus what an estimate may be off */
#define HEADER_BYTES  8192 /* parameter sets with scaling lists, SEI with all settings */
#define SLICE_BYTES   512
#define FILLER_SYNTAX 5 /* start code, header and trailing bits of a filler NAL */

void avo_packet_carve(AvoPacketBuffer *p, AvoArena *arena, int mb_count, int slices,
                      size_t filler_bytes, bool annexb)
{
    p->rbsp_capacity = (size_t)mb_count * MB_BYTES + (size_t)slices * SLICE_BYTES + HEADER_BYTES;
    p->capacity =
        avo_nal_bound(p->rbsp_capacity) + (size_t)slices * 64 + HEADER_BYTES + filler_bytes;
    p->rbsp = avo_arena_take(arena, p->rbsp_capacity, 64);
    p->data = avo_arena_take(arena, p->capacity, 64);
    p->annexb = annexb;
    avo_packet_reset(p);
}

void avo_packet_reset(AvoPacketBuffer *p)
{
    p->size = 0;
    p->overflow = false;
}

AvoBitWriter avo_packet_writer(const AvoPacketBuffer *p)
{
    AvoBitWriter w;
    avo_bw_init(&w, p->rbsp, p->rbsp_capacity);
    return w;
}

/* B.1.2: zero_byte before parameter sets and the first NAL of an access unit. */
static bool wants_zero_byte(const AvoPacketBuffer *p, int nal_unit_type)
{
    return p->size == 0 || nal_unit_type == AVO_NAL_SPS || nal_unit_type == AVO_NAL_PPS;
}

void avo_packet_add(AvoPacketBuffer *p, int nal_ref_idc, int nal_unit_type, const AvoBitWriter *w)
{
    size_t bytes = (size_t)(w->pos - w->start);
    size_t n = avo_nal_write(p->data + p->size, p->capacity - p->size, p->annexb,
                             wants_zero_byte(p, nal_unit_type), nal_ref_idc, nal_unit_type,
                             w->start, bytes);
    p->overflow |= w->overflow || n == 0;
    p->size += n;
}

void avo_packet_fill(AvoPacketBuffer *p, size_t bytes)
{
    while (bytes > 0 && p->size + FILLER_SYNTAX + 16 < p->capacity) {
        size_t room = p->capacity - p->size - FILLER_SYNTAX - 16,
               payload = bytes > FILLER_SYNTAX ? bytes - FILLER_SYNTAX : 0;
        payload = payload < room ? payload : room;
        payload = payload < HEADER_BYTES - 16 ? payload : HEADER_BYTES - 16;
        AvoBitWriter w = avo_packet_writer(p);
        avo_write_filler(&w, payload);
        avo_packet_add(p, 0, AVO_NAL_FILLER, &w);
        bytes -= bytes < payload + FILLER_SYNTAX ? bytes : payload + FILLER_SYNTAX;
    }
}

void avo_packet_zero_words(AvoPacketBuffer *p, uint64_t bins, size_t vcl_bytes, int mb_count)
{
    uint64_t raw = 3072ull * (uint64_t)mb_count / 32;
    while (p->annexb && bins * 3 > 32 * (uint64_t)vcl_bytes + 3 * raw &&
           p->size + 3 <= p->capacity) {
        p->data[p->size++] = 0;
        p->data[p->size++] = 0;
        p->data[p->size++] = 3;
        vcl_bytes += 3;
    }
}
