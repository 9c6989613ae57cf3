/* Bits into words with 32 bit arithmetic: what base/bitwriter.h does with 64 bits costs a small
 * machine several instructions for each of its shifts. */
#ifndef AVO_ENC_TINY_TINY_BITS_H
#define AVO_ENC_TINY_TINY_BITS_H

#include "base/util.h"
#include "enc/tiny/tiny.h"

AVO_INLINE void avo_tiny_store(AvoTinyBits *b)
{
    if (b->end - b->pos < 4) {
        b->overflow = true;
        return;
    }
    b->pos[0] = (uint8_t)(b->cache >> 24);
    b->pos[1] = (uint8_t)(b->cache >> 16);
    b->pos[2] = (uint8_t)(b->cache >> 8);
    b->pos[3] = (uint8_t)b->cache;
    b->pos += 4;
}

/* n is 0..31 (not 0 in the very first call), value has no bits above them. */
AVO_INLINE void avo_tiny_put(AvoTinyBits *b, int n, uint32_t value)
{
    b->free -= n;
    if (b->free >= 0) {
        b->cache |= value << b->free;
    } else {
        b->cache |= value >> -b->free;
        avo_tiny_store(b);
        b->free += 32;
        b->cache = value << b->free;
    }
}

AVO_INLINE void avo_tiny_put_ue(AvoTinyBits *b, uint32_t v)
{
    int bits = avo_log2_floor(v + 1);
    if (bits > 15) {
        avo_tiny_put(b, bits, 0);
        avo_tiny_put(b, bits + 1, v + 1);
        return;
    }
    avo_tiny_put(b, 2 * bits + 1, v + 1);
}

/* Bits since the last drain. */
AVO_INLINE int avo_tiny_bits_used(const AvoTinyBits *b)
{
    return (int)(b->pos - b->start) * 8 + 32 - b->free;
}

#endif
