/* Bits into bytes, most significant first, with a sticky overflow flag that is tested once per NAL.
 * Used for headers and CAVLC; the buffer receives RBSP bytes (no emulation prevention, see
 * h264/nal.h). */
#ifndef AVO_BASE_BITWRITER_H
#define AVO_BASE_BITWRITER_H

#include "base/util.h"

typedef struct AvoBitWriter {
    uint8_t *start, *pos, *end;
    uint64_t cache; /* the low `fill` bits are not yet stored */
    int fill;       /* < 8 after each call that stores */
    bool overflow;  /* sticky: bytes did not fit and were dropped */
} AvoBitWriter;

AVO_INLINE void avo_bw_init(AvoBitWriter *w, uint8_t *buffer, size_t size)
{
    w->start = w->pos = buffer;
    w->end = buffer + size;
    w->cache = 0;
    w->fill = 0;
    w->overflow = false;
}

/* n is 0..32; bits above n in value must be 0. */
AVO_INLINE void avo_bw_put(AvoBitWriter *w, int n, uint32_t value)
{
    w->cache = w->cache << n | value;
    w->fill += n;
    while (w->fill >= 8) {
        w->fill -= 8;
        if (AVO_LIKELY(w->pos < w->end))
            *w->pos++ = (uint8_t)(w->cache >> w->fill);
        else
            w->overflow = true;
    }
}

/* Bits of ue(v) (9.1). */
AVO_INLINE int avo_ue_bits(uint32_t v)
{
    return 2 * avo_log2_floor(v + 1) + 1;
}

AVO_INLINE void avo_bw_ue(AvoBitWriter *w, uint32_t v)
{
    int bits = avo_log2_floor(v + 1);
    avo_bw_put(w, bits, 0);
    avo_bw_put(w, bits + 1, v + 1);
}

AVO_INLINE uint32_t avo_se_code(int v)
{
    return v > 0 ? 2 * (uint32_t)v - 1 : 2 * (uint32_t)(-v);
}

AVO_INLINE size_t avo_bw_bits(const AvoBitWriter *w)
{
    return (size_t)(w->pos - w->start) * 8 + (size_t)w->fill;
}

/* rbsp_trailing_bits(): a one, then zeros to the byte boundary. */
AVO_INLINE void avo_bw_trailing(AvoBitWriter *w)
{
    avo_bw_put(w, 1, 1);
    if (w->fill)
        avo_bw_put(w, 8 - w->fill, 0);
}

#endif
