/* The arithmetic decoder (9.3.1.2, 9.3.3.2), without any syntax.
 *
 * The standard keeps a 9-bit offset and reads a bit per renormalisation. Here value holds the
 * offset with `extra` more bits of the stream below it, so renormalising is only counting `extra`
 * down, and every 32 bits four bytes are added from below:
 *
 *     value = offset << extra | the next extra bits         compare with range << extra
 *
 * Behind the end of the data the engine reads zeros; avo_cabac_overread() tells. */
#ifndef AVO_DEC_CABAC_ENGINE_DEC_H
#define AVO_DEC_CABAC_ENGINE_DEC_H

#include "dec/slice_bits.h"
#include "h264/cabac_ctx.h"

typedef struct AvoCabacReader {
    uint64_t value;
    uint32_t range;
    int extra;          /* at least 0 between calls */
    const uint8_t *pos; /* next byte to load */
    const uint8_t *end; /* of the data; AVO_SB_PADDING readable bytes follow */
} AvoCabacReader;

AVO_INLINE void avo_cabac_refill(AvoCabacReader *c)
{
    c->value = c->value << 32 | avo_load_be32(c->pos);
    c->extra += 32;
    c->pos += c->pos < c->end + 8 ? 4 : 0; /* then on and on from the padding, which is zero */
}

/* At slice data start and behind I_PCM samples. */
AVO_INLINE void avo_cabac_reader_start(AvoCabacReader *c, const uint8_t *pos, const uint8_t *end)
{
    c->pos = pos;
    c->end = end;
    c->value = 0;
    c->extra = -9;
    c->range = 510;
    avo_cabac_refill(c);
}

/* Has the engine consumed bits that do not exist? The 9-bit register runs up to a byte ahead. */
AVO_INLINE bool avo_cabac_overread(const AvoCabacReader *c)
{
    return c->pos - (c->extra >> 3) > c->end + 2;
}

/* First whole byte behind what the 9-bit register has read: the samples of I_PCM. */
AVO_INLINE const uint8_t *avo_cabac_byte_position(const AvoCabacReader *c)
{
    return c->pos - (c->extra >> 3);
}

AVO_INLINE int avo_cabac_shift(uint32_t range)
{
    return avo_clz64(range) - 55; /* to bring range back to 256..511 */
}

AVO_INLINE int avo_cabac_decision(AvoCabacReader *c, uint8_t *state)
{
    uint32_t s = *state;
    uint32_t lps = avo_cabac_range_lps[s >> 1][c->range >> 6 & 3];
    uint32_t range = c->range - lps;
    uint64_t scaled = (uint64_t)range << c->extra;
    /* All ones when the bin is the less probable one. */
    uint64_t is_lps = (uint64_t)((int64_t)(scaled - c->value - 1) >> 63);
    c->value -= scaled & is_lps;
    range += (lps - range) & (uint32_t)is_lps;
    int bin = (int)((s ^ (uint32_t)is_lps) & 1);
    *state = avo_cabac_next[s][bin];
    int shift = avo_cabac_shift(range);
    c->range = range << shift;
    c->extra -= shift;
    if (AVO_UNLIKELY(c->extra < 0))
        avo_cabac_refill(c);
    return bin;
}

AVO_INLINE int avo_cabac_bypass(AvoCabacReader *c)
{
    if (AVO_UNLIKELY(--c->extra < 0))
        avo_cabac_refill(c);
    uint64_t scaled = (uint64_t)c->range << c->extra;
    uint64_t is_one = (uint64_t)((int64_t)(scaled - c->value - 1) >> 63);
    c->value -= scaled & is_one;
    return (int)(is_one & 1);
}

AVO_INLINE int avo_cabac_terminate(AvoCabacReader *c)
{
    c->range -= 2;
    if (c->value >= (uint64_t)c->range << c->extra)
        return 1;
    int shift = avo_cabac_shift(c->range);
    c->range <<= shift;
    c->extra -= shift;
    if (AVO_UNLIKELY(c->extra < 0))
        avo_cabac_refill(c);
    return 0;
}

#endif
