/* Bits out of bytes, most significant first, with a sticky error flag that is tested once per NAL.
 * Used for headers and CAVLC; the bytes are RBSP (emulation prevention removed, see base/rbsp.h).
 * Reading past the end gives zeros and sets the flag; nothing outside [data, data + size) is
 * touched. */
#ifndef AVO_BASE_BITREADER_H
#define AVO_BASE_BITREADER_H

#include "base/util.h"

typedef struct AvoBitReader {
    const uint8_t *start, *pos, *end;
    uint64_t cache; /* the next bits, from bit 63 down; zeros below the first `count` */
    int count;      /* bits in cache */
    int padding;    /* how many of them are zeros from behind the end */
    int64_t stop;   /* position of rbsp_stop_one_bit, the last one bit of the data; -1: none */
    bool error;     /* sticky: read past the end, or a code that does not exist */
} AvoBitReader;

AVO_INLINE void avo_br_init(AvoBitReader *r, const uint8_t *data, size_t size)
{
    r->start = r->pos = data;
    r->end = data + size;
    r->cache = 0;
    r->count = r->padding = 0;
    r->error = false;
    while (size && !data[size - 1])
        size--;
    r->stop = (int64_t)size * 8 - 1;
    for (int last = size ? data[size - 1] : 1; !(last & 1); last >>= 1)
        r->stop--;
}

/* Makes at least 32 bits available. */
AVO_INLINE void avo_br_fill(AvoBitReader *r)
{
    while (r->count <= 56) {
        if (AVO_LIKELY(r->pos < r->end))
            r->cache |= (uint64_t)*r->pos++ << (56 - r->count);
        else
            r->padding += 8;
        r->count += 8;
    }
}

/* The next n bits without taking them; n is 1..32. */
AVO_INLINE uint32_t avo_br_peek(AvoBitReader *r, int n)
{
    if (r->count < 32)
        avo_br_fill(r);
    return (uint32_t)(r->cache >> 32) >> (32 - n);
}

/* Takes n bits that were peeked; n is 0..32. */
AVO_INLINE void avo_br_skip(AvoBitReader *r, int n)
{
    r->cache <<= n;
    r->count -= n;
    if (AVO_UNLIKELY(r->count < r->padding)) {
        r->error = true;
        r->padding = r->count;
    }
}

/* n is 0..32. */
AVO_INLINE uint32_t avo_br_get(AvoBitReader *r, int n)
{
    if (n == 0)
        return 0;
    uint32_t v = avo_br_peek(r, n);
    avo_br_skip(r, n);
    return v;
}

AVO_INLINE int avo_br_flag(AvoBitReader *r)
{
    return (int)avo_br_get(r, 1);
}

/* ue(v) (9.1), 0..2^32 - 2. */
AVO_INLINE uint32_t avo_br_ue(AvoBitReader *r)
{
    uint32_t head = avo_br_peek(r, 32);
    if (AVO_UNLIKELY(!head)) {
        r->error = true;
        return 0;
    }
    int zeros = 31 - avo_log2_floor(head);
    avo_br_skip(r, zeros);
    return avo_br_get(r, zeros + 1) - 1;
}

AVO_INLINE int32_t avo_br_se(AvoBitReader *r)
{
    uint32_t code = avo_br_ue(r);
    return code & 1 ? (int32_t)(code >> 1) + 1 : -(int32_t)(code >> 1);
}

/* Bits taken so far. */
AVO_INLINE int64_t avo_br_position(const AvoBitReader *r)
{
    return (r->pos - r->start) * 8 - (r->count - r->padding);
}

AVO_INLINE int64_t avo_br_left(const AvoBitReader *r)
{
    return (r->end - r->pos) * 8 + (r->count - r->padding);
}

/* more_rbsp_data() (7.2) */
AVO_INLINE bool avo_br_more_data(const AvoBitReader *r)
{
    return avo_br_position(r) < r->stop;
}

AVO_INLINE bool avo_br_aligned(const AvoBitReader *r)
{
    return !(avo_br_position(r) & 7);
}

#endif
