/* The bit reader of slices: like base/bitreader.h, but made for speed. It has no cache to refill:
 * every read is one unaligned load at the bit position, so the buffer must be followed by
 * AVO_SB_PADDING readable zero bytes.
 *
 * Reading past the end is harmless and sticky: the position stops just behind the end, further bits
 * come from the padding, and avo_sb_overread() tells. So parsers check once per macroblock instead
 * of once per bit. */
#ifndef AVO_DEC_SLICE_BITS_H
#define AVO_DEC_SLICE_BITS_H

#include "base/util.h"

#define AVO_SB_PADDING 32

typedef struct AvoSliceBits {
    const uint8_t *data;
    size_t pos; /* bits consumed; end + 1 after an over-read */
    size_t end; /* bits that exist, rbsp_trailing_bits excluded */
} AvoSliceBits;

/* Bits of an RBSP without its trailing bits: position of the last 1 bit; 0 if there is none. */
AVO_INLINE size_t avo_sb_rbsp_bits(const uint8_t *rbsp, size_t size)
{
    while (size > 0 && rbsp[size - 1] == 0)
        size--;
    if (size == 0)
        return 0;
    size_t zeros = 0;
    while (!(rbsp[size - 1] >> zeros & 1))
        zeros++;
    return size * 8 - 1 - zeros;
}

AVO_INLINE void avo_sb_init(AvoSliceBits *r, const uint8_t *rbsp, size_t size)
{
    r->data = rbsp;
    r->pos = 0;
    r->end = avo_sb_rbsp_bits(rbsp, size);
}

/* Four and eight bytes as a big-endian number; compilers turn these into one load. */
AVO_INLINE uint32_t avo_load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

AVO_INLINE uint64_t avo_load_be64(const uint8_t *p)
{
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 |
           (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
           (uint64_t)p[6] << 8 | (uint64_t)p[7];
}

/* Leading zeros; v must not be 0. */
AVO_INLINE int avo_clz64(uint64_t v)
{
#if defined(__GNUC__) || defined(__clang__)
    return __builtin_clzll(v);
#else
    int n = 0;
    for (; !(v >> 63); v <<= 1)
        n++;
    return n;
#endif
}

/* The next 57 bits or more, left-aligned. */
AVO_INLINE uint64_t avo_sb_peek(const AvoSliceBits *r)
{
    return avo_load_be64(r->data + (r->pos >> 3)) << (r->pos & 7);
}

AVO_INLINE void avo_sb_skip(AvoSliceBits *r, size_t n)
{
    size_t pos = r->pos + n;
    r->pos = pos > r->end ? r->end + 1 : pos;
}

AVO_INLINE bool avo_sb_overread(const AvoSliceBits *r)
{
    return r->pos > r->end;
}

/* more_rbsp_data() (7.2) */
AVO_INLINE bool avo_sb_more(const AvoSliceBits *r)
{
    return r->pos < r->end;
}

/* n bits, 1..32. */
AVO_INLINE uint32_t avo_sb_get(AvoSliceBits *r, int n)
{
    uint64_t v = avo_sb_peek(r);
    avo_sb_skip(r, (size_t)n);
    return (uint32_t)(v >> (64 - n));
}

AVO_INLINE bool avo_sb_flag(AvoSliceBits *r)
{
    return avo_sb_get(r, 1) != 0;
}

/* ue(v) (9.1), 0..2^32 - 2. More than 31 leading zeros are not a legal code
 * and count as an over-read. */
AVO_INLINE uint32_t avo_sb_ue(AvoSliceBits *r)
{
    uint64_t v = avo_sb_peek(r);
    int zeros = avo_clz64(v | 1);
    if (AVO_UNLIKELY(zeros > 28)) { /* 2 * zeros + 1 bits may not all be in v */
        if (zeros > 31) {
            r->pos = r->end + 1;
            return 0;
        }
        avo_sb_skip(r, (size_t)zeros);
        v = avo_sb_peek(r);
        avo_sb_skip(r, (size_t)zeros + 1);
        return (uint32_t)(v >> (63 - zeros)) - 1;
    }
    avo_sb_skip(r, 2 * (size_t)zeros + 1);
    return (uint32_t)(v >> (63 - 2 * zeros)) - 1;
}

/* se(v) */
AVO_INLINE int32_t avo_sb_se(AvoSliceBits *r)
{
    uint32_t code = avo_sb_ue(r);
    return code & 1 ? (int32_t)(code >> 1) + 1 : -(int32_t)(code >> 1);
}

#endif
