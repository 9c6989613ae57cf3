/* The arithmetic encoder (9.3.4.5), without any syntax.
 *
 * The standard describes it bit by bit with a 10-bit low and "outstanding" bits. Here low is a wide
 * register that keeps `pending` finished bits above its 9 working bits and gives 4 bytes away at a
 * time; a carry that leaves the register is added to the bytes already stored, so nothing needs to
 * be outstanding. A carry cannot leave the first byte: the standard's very first bit, which it
 * drops, is the place where it would go, and that is always 0.
 *
 *     bit  9+pending   8+pending ......... 9   8 ......... 0
 *          carry       finished bits           working bits (low, 9 bits; its range: 256..510) */
#ifndef AVO_ENC_CABAC_ENGINE_H
#define AVO_ENC_CABAC_ENGINE_H

#include "base/util.h"
#include "h264/cabac_tables.h"

typedef struct AvoCabacCoder {
    uint64_t low;
    uint32_t range;
    int pending;                /* < 32 between calls */
    uint8_t *pos, *end, *start; /* start: first byte a carry may reach */
    uint64_t bins;              /* bins coded so far (all kinds) */
    bool overflow;              /* sticky: bytes did not fit and were dropped */
} AvoCabacCoder;

#define AVO_CABAC_LOW_BITS 9

/* 9.3.1.2: at the start of slice data and behind I_PCM samples; counters go on. */
AVO_INLINE void avo_cabac_restart(AvoCabacCoder *c)
{
    c->low = 0;
    c->range = 510;
    c->pending = 0;
    c->start = c->pos;
}

AVO_INLINE void avo_cabac_start(AvoCabacCoder *c, uint8_t *pos, uint8_t *end)
{
    c->pos = pos;
    c->end = end;
    c->bins = 0;
    c->overflow = false;
    avo_cabac_restart(c);
}

AVO_INLINE void avo_cabac_carry(AvoCabacCoder *c)
{
    uint8_t *p = c->pos;
    while (p > c->start && ++*--p == 0) {
    }
}

/* Gives the top 32 pending bits away. */
AVO_INLINE void avo_cabac_store(AvoCabacCoder *c)
{
    c->pending -= 32;
    int keep = c->pending + AVO_CABAC_LOW_BITS;
    uint64_t out = c->low >> keep;
    c->low &= ((uint64_t)1 << keep) - 1;
    if (AVO_UNLIKELY(c->end - c->pos < 4 || c->overflow)) {
        c->overflow = true;
        return;
    }
    if (out >> 32)
        avo_cabac_carry(c);
    c->pos[0] = (uint8_t)(out >> 24);
    c->pos[1] = (uint8_t)(out >> 16);
    c->pos[2] = (uint8_t)(out >> 8);
    c->pos[3] = (uint8_t)out;
    c->pos += 4;
}

AVO_INLINE void avo_cabac_shift(AvoCabacCoder *c, uint32_t range, int shift)
{
    c->range = range << shift;
    c->low <<= shift;
    c->pending += shift;
    if (AVO_UNLIKELY(c->pending >= 32))
        avo_cabac_store(c);
}

/* One bin with an adaptive context (9.3.4.2). From one range to the next is the chain that decides
 * the speed: the row of LPS ranges is fetched beside it, and the MPS, which halves nothing, needs
 * one bit of shift at most. */
AVO_INLINE void avo_cabac_encode(AvoCabacCoder *c, uint8_t *state, int bin)
{
    uint32_t s = *state;
    const AvoCabacRow *row = &avo_cabac_row[s];
    uint32_t lps = row->range_lps >> (c->range >> 3 & 24) & 0xff;
    uint32_t range = c->range - lps;
    c->bins++;
    if ((s ^ (uint32_t)bin) & 1) {
        *state = row->next[1];
        c->low += range;
        avo_cabac_shift(c, lps, AVO_CABAC_LOW_BITS - 1 - avo_log2_floor(lps));
    } else {
        *state = row->next[0];
        avo_cabac_shift(c, range, (int)(range >> 8 ^ 1));
    }
}

/* The low n bits of value as bypass bins, most significant first (9.3.4.4); n is 0..16. */
AVO_INLINE void avo_cabac_bypass(AvoCabacCoder *c, int n, uint32_t value)
{
    c->low = (c->low << n) + (uint64_t)c->range * value;
    c->pending += n;
    c->bins += (unsigned)n;
    if (AVO_UNLIKELY(c->pending >= 32))
        avo_cabac_store(c);
}

/* The terminate bin 0 (9.3.4.5). */
AVO_INLINE void avo_cabac_continue(AvoCabacCoder *c)
{
    uint32_t range = c->range - 2;
    c->bins++;
    avo_cabac_shift(c, range, (int)(range >> 8 ^ 1));
}

/* The terminate bin 1 and the flush. Its last bit is a 1, which at the end of a slice is the stop
 * bit; then zeros to the byte boundary. pos is behind the last byte afterwards. */
AVO_INLINE void avo_cabac_finish(AvoCabacCoder *c)
{
    c->bins++;
    c->low += c->range - 2;
    int bits = c->pending + 7 + 2;
    uint64_t out = c->low | 1; /* low << 7 >> 7: the two bits of the flush are 8 and 7 of it */
    int fill = -bits & 7;
    out <<= fill;
    bits += fill;
    c->pending = 0;
    if (out >> bits && !c->overflow)
        avo_cabac_carry(c);
    for (; bits > 0; bits -= 8) {
        if (c->pos == c->end || c->overflow) {
            c->overflow = true;
            return;
        }
        *c->pos++ = (uint8_t)(out >> (bits - 8));
    }
}

/* Bits written so far, pending ones included: for statistics. */
AVO_INLINE int64_t avo_cabac_position(const AvoCabacCoder *c, const uint8_t *origin)
{
    return (c->pos - origin) * 8 + c->pending;
}

#endif
