/* One residual block as CAVLC or CABAC syntax (7.3.5.3.2, 7.3.5.3.3), force-inlined over what is
 * done with it: written, or only counted.
 *
 * In: levels in scan order, as in AvoLevels. Both coders start from a bit mask of the levels that
 * are not 0 and walk its set bits, so zeros cost next to nothing. */
#ifndef AVO_ENC_RESIDUAL_SYNTAX_H
#define AVO_ENC_RESIDUAL_SYNTAX_H

#include "base/bitwriter.h"
#include "enc/cabac_engine.h"
#include "enc/mb_bits.h"
#include "h264/cabac_tables.h"
#include "h264/cavlc_tables.h"

/* ---- the mask ---- */

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

/* Four levels at a time: bit 15 of each lane becomes "not 0", then one product gathers the four. */
AVO_INLINE uint32_t avo_nonzero4(const int16_t *levels)
{
    uint64_t v;
    memcpy(&v, levels, sizeof v);
    uint64_t t = (((v & 0x7fff7fff7fff7fff) + 0x7fff7fff7fff7fff) | v) & 0x8000800080008000;
    return (uint32_t)((t >> 15) * 0x1000200040008000 >> 60);
}

#else

AVO_INLINE uint32_t avo_nonzero4(const int16_t *l)
{
    return (l[0] != 0) | (uint32_t)(l[1] != 0) << 1 | (uint32_t)(l[2] != 0) << 2 |
           (uint32_t)(l[3] != 0) << 3;
}

#endif

/* Bit i: levels[i] is not 0; size is 4, 16 or 64. */
AVO_INLINE uint64_t avo_nonzero_mask(const int16_t *levels, int size)
{
    uint64_t mask = 0;
    for (int i = 0; i < size; i += 4)
        mask |= (uint64_t)avo_nonzero4(levels + i) << i;
    return mask;
}

/* Index of the highest set bit; mask is not 0. */
AVO_INLINE int avo_highest_bit(uint64_t mask)
{
#if defined(__GNUC__) || defined(__clang__)
    return 63 - __builtin_clzll(mask);
#else
    uint32_t high = (uint32_t)(mask >> 32);
    return high ? 32 + avo_log2_floor(high) : avo_log2_floor((uint32_t)mask);
#endif
}

/* Index of the lowest set bit; mask is not 0. */
AVO_INLINE int avo_lowest_bit(uint64_t mask)
{
#if defined(__GNUC__) || defined(__clang__)
    return __builtin_ctzll(mask);
#else
    return avo_highest_bit(mask & (0 - mask));
#endif
}

/* First used index and number of levels stored of a block. */
AVO_INLINE int avo_block_first(AvoBlockCat cat)
{
    return cat == AVO_CAT_I16_AC || cat == AVO_CAT_CHROMA_AC;
}

AVO_INLINE int avo_block_stored(AvoBlockCat cat)
{
    return cat == AVO_CAT_LUMA_8x8 ? 64 : cat == AVO_CAT_CHROMA_DC ? 4 : 16;
}

/* Mask of a block, bit 0 for its first used level.
 * The sizes are spelt out so that their loops unroll. */
AVO_INLINE uint64_t avo_block_mask(AvoBlockCat cat, const int16_t *levels)
{
    if (cat == AVO_CAT_LUMA_8x8)
        return avo_nonzero_mask(levels, 64);
    if (cat == AVO_CAT_CHROMA_DC)
        return avo_nonzero_mask(levels, 4);
    return avo_nonzero_mask(levels, 16) >> avo_block_first(cat);
}

/* ---- CAVLC (9.2) ---- */

/* Where CAVLC bits go: into w, or (not emit) only their number into bits. By value, so that a
 * compiler keeps it in registers while bytes are stored. */
typedef struct AvoCavlcSink {
    AvoBitWriter w;
    uint32_t bits;
} AvoCavlcSink;

AVO_INLINE void avo_cavlc_put(AvoCavlcSink *s, bool emit, int n, uint32_t value)
{
    if (emit)
        avo_bw_put(&s->w, n, value);
    else
        s->bits += (uint32_t)n;
}

AVO_INLINE void avo_cavlc_code(AvoCavlcSink *s, bool emit, AvoVlc code)
{
    AVO_ASSERT(code.size);
    avo_cavlc_put(s, emit, code.size, code.bits);
}

/* Table of coeff_token for nC (Table 9-5); -1 is chroma DC. */
AVO_INLINE int avo_coeff_token_table(int nc)
{
    return nc < 0 ? 4 : nc < 2 ? 0 : nc < 4 ? 1 : nc < 8 ? 2 : 3;
}

/* level_prefix and level_suffix (9.2.2.1 read backwards). bias: 2 for the first level behind fewer
 * than three trailing ones. An escape is prefix 15 with 12 bits, or a longer one (High profiles
 * only): rest + 4096 begins with the one that ends the prefix. */
AVO_INLINE void avo_cavlc_level(AvoCavlcSink *s, bool emit, int level, int bias, int suffix_length)
{
    uint32_t code = 2 * (uint32_t)avo_abs(level) - (level < 0 ? 1 : 2) - (uint32_t)bias;
    uint32_t rest;
    if (suffix_length == 0) {
        if (code < 14) {
            avo_cavlc_put(s, emit, (int)code + 1, 1);
            return;
        }
        if (code < 30) {
            avo_cavlc_put(s, emit, 19, 16 | (code - 14));
            return;
        }
        rest = code - 30;
    } else {
        uint32_t prefix = code >> suffix_length;
        if (prefix < 15) {
            uint32_t suffix = code & ((1u << suffix_length) - 1);
            avo_cavlc_put(s, emit, (int)prefix + 1 + suffix_length, 1u << suffix_length | suffix);
            return;
        }
        rest = code - (15u << suffix_length);
    }
    int bits = avo_log2_floor(rest + 4096);
    avo_cavlc_put(s, emit, bits + 3, 0);
    avo_cavlc_put(s, emit, bits + 1, rest + 4096);
}

/* run_before of all but the lowest level; at: positions from the highest down. */
AVO_INLINE void avo_cavlc_runs(AvoCavlcSink *s, bool emit, const uint8_t *at, int total,
                               int zeros_left)
{
    for (int i = 0; i + 1 < total && zeros_left > 0; i++) {
        int run = at[i] - at[i + 1] - 1;
        avo_cavlc_code(s, emit, avo_run_before[avo_min(zeros_left, 7) - 1][run]);
        zeros_left -= run;
    }
}

AVO_INLINE const AvoVlc *avo_total_zeros_codes(int total, int max_levels)
{
    return max_levels == 4 ? avo_total_zeros_chroma_dc[total - 1] : avo_total_zeros[total - 1];
}

/* A block with at least one level; max_levels is 16, 15 or 4, and level i of it is levels[i]. */
AVO_INLINE void avo_cavlc_levels(AvoCavlcSink *s, bool emit, int table, const int16_t *levels,
                                 uint32_t mask, int max_levels)
{
    int16_t value[16];
    uint8_t at[16];
    int total = 0, ones = 0;
    do {
        int i = avo_log2_floor(mask);
        mask ^= 1u << i;
        at[total] = (uint8_t)i;
        value[total++] = levels[i];
    } while (mask);
    uint32_t signs = 0;
    while (ones < 3 && ones < total && avo_abs(value[ones]) == 1)
        signs = signs << 1 | (value[ones++] < 0);
    avo_cavlc_code(s, emit, avo_coeff_token[table][total][ones]);
    avo_cavlc_put(s, emit, ones, signs);

    int suffix_length = total > 10 && ones < 3;
    for (int i = ones; i < total; i++) {
        avo_cavlc_level(s, emit, value[i], i == ones && ones < 3 ? 2 : 0, suffix_length);
        suffix_length += !suffix_length;
        suffix_length += suffix_length < 6 && avo_abs(value[i]) > 3 << (suffix_length - 1);
    }
    if (total == max_levels)
        return;
    int zeros = at[0] + 1 - total;
    avo_cavlc_code(s, emit, avo_total_zeros_codes(total, max_levels)[zeros]);
    avo_cavlc_runs(s, emit, at, total, zeros);
}

AVO_INLINE int avo_count_set16(uint32_t mask)
{
    mask -= mask >> 1 & 0x5555;
    mask = (mask & 0x3333) + (mask >> 2 & 0x3333);
    mask = (mask + (mask >> 4)) & 0x0f0f;
    return (int)((mask + (mask >> 8)) & 31);
}

/* Bits of levels behind the trailing ones, those in mask, from the highest down. */
AVO_INLINE uint32_t avo_cavlc_count_values(const int16_t *levels, uint32_t mask, int ones,
                                           int suffix_length)
{
    AvoCavlcSink sink = {.bits = 0};
    int bias = ones < 3 ? 2 : 0;
    for (; mask; bias = 0) {
        int i = avo_log2_floor(mask);
        mask ^= 1u << i;
        avo_cavlc_level(&sink, false, levels[i], bias, suffix_length);
        suffix_length += !suffix_length;
        suffix_length += suffix_length < 6 && avo_abs(levels[i]) > 3 << (suffix_length - 1);
    }
    return sink.bits;
}

/* Bits of run_before: within the upper and the lower eight levels by table, between them as in
 * avo_cavlc_runs(). */
AVO_INLINE uint32_t avo_cavlc_count_runs(uint32_t mask)
{
    uint32_t low = mask & 255, high = mask >> 8;
    uint32_t bits = avo_run_bits_8[0][low];
    if (!high)
        return bits;
    int zeros = 8 - avo_set_bits_8[low];
    bits += avo_run_bits_8[avo_min(zeros, 7)][high];
    if (!low)
        return bits;
    int at = 8 + avo_lowest_bit(high), run = at - 1 - avo_log2_floor(low);
    zeros += at - 8;
    return zeros ? bits + avo_run_before[avo_min(zeros, 7) - 1][run].size : bits;
}

/* As many bits as avo_cavlc_levels() writes, which would first list levels and positions. */
AVO_INLINE uint32_t avo_cavlc_count_levels(int table, const int16_t *levels, uint32_t mask,
                                           int max_levels)
{
    int total = avo_set_bits_8[mask & 255] + avo_set_bits_8[mask >> 8], ones = 0;
    int top = avo_log2_floor(mask);
    uint32_t rest = mask;
    for (int i = top; avo_abs(levels[i]) == 1; i = avo_log2_floor(rest)) {
        rest ^= 1u << i;
        if (++ones == 3 || !rest)
            break;
    }
    uint32_t bits = avo_coeff_token[table][total][ones].size + (uint32_t)ones;
    bits += avo_cavlc_count_values(levels, rest, ones, total > 10 && ones < 3);
    if (total == max_levels)
        return bits;
    bits += avo_total_zeros_codes(total, max_levels)[top + 1 - total].size;
    return bits + avo_cavlc_count_runs(mask);
}

/* residual_block_cavlc(). coded false: no level, whatever levels holds. */
AVO_INLINE void avo_cavlc_block(AvoCavlcSink *s, bool emit, AvoBlockCat cat, int nc, bool coded,
                                const int16_t *levels)
{
    int table = avo_coeff_token_table(nc);
    uint32_t mask = coded ? (uint32_t)avo_block_mask(cat, levels) : 0;
    if (!mask) {
        avo_cavlc_code(s, emit, avo_coeff_token[table][0][0]);
        return;
    }
    int first = avo_block_first(cat);
    avo_cavlc_levels(s, emit, table, levels + first, mask, avo_block_stored(cat) - first);
}

/* ---- CABAC (9.3) ---- */

/* Bits of the k-th order Exp-Golomb suffix (9.3.2.3), with its ones and the zero behind them. */
AVO_INLINE int avo_exp_golomb_bits(uint32_t v, int k)
{
    return 2 * avo_log2_floor(v + (1u << k)) + 1 - k;
}

/* The suffix as bypass bins: ones, a zero, then the bits below the highest one of v + 2^k. */
AVO_INLINE void avo_cabac_exp_golomb(AvoCabacCoder *c, uint32_t v, int k)
{
    uint32_t x = v + (1u << k);
    int bits = avo_log2_floor(x), ones = bits - k;
    avo_cabac_bypass(c, ones + 1, (1u << (ones + 1)) - 2);
    avo_cabac_bypass(c, bits, x - (1u << bits));
}

/* ctxIdxInc of significant_coeff_flag and last_significant_coeff_flag at level i (9.3.3.1.3): i
 * itself, in chroma DC too, where it is 2 at most; in 8x8 blocks by table. */
AVO_INLINE int avo_sig_inc(bool is_8x8, int i)
{
    return is_8x8 ? avo_cabac_sig_inc_8x8[i] : i;
}

AVO_INLINE int avo_last_inc(bool is_8x8, int i)
{
    return is_8x8 ? avo_cabac_last_inc_8x8[i] : i;
}

/* Contexts of coeff_abs_level_minus1 (9.3.3.1.3) from the levels before it in the block. */
typedef struct AvoAbsContext {
    int ones;    /* 1 + levels of 1 so far */
    int greater; /* levels above 1 so far */
    int limit;   /* of `greater`: 4, chroma DC 3 */
} AvoAbsContext;

AVO_INLINE int avo_abs_first(const AvoAbsContext *a)
{
    return a->greater ? 0 : avo_min(a->ones, 4);
}

AVO_INLINE int avo_abs_rest(const AvoAbsContext *a)
{
    return 5 + avo_min(a->greater, a->limit);
}

AVO_INLINE void avo_abs_next(AvoAbsContext *a, int magnitude)
{
    a->greater += magnitude > 1;
    a->ones += magnitude == 1;
}

/* Writes the significance map: levels 0..size - 1, mask not 0. */
AVO_INLINE void avo_cabac_write_map(AvoCabacCoder *c, uint8_t *sig, uint8_t *last, bool is_8x8,
                                    uint64_t mask, int size)
{
    int top = avo_highest_bit(mask);
    int end = avo_min(top, size - 2);
    for (int i = 0; i <= end; i++) {
        int bit = (int)(mask >> i & 1);
        avo_cabac_encode(c, &sig[avo_sig_inc(is_8x8, i)], bit);
        if (bit)
            avo_cabac_encode(c, &last[avo_last_inc(is_8x8, i)], i == top);
    }
}

/* Writes magnitudes and signs from the highest level down. */
AVO_INLINE void avo_cabac_write_levels(AvoCabacCoder *c, uint8_t *abs_state, int limit,
                                       const int16_t *levels, uint64_t mask)
{
    AvoAbsContext a = {1, 0, limit};
    while (mask) {
        int i = avo_highest_bit(mask);
        int magnitude = avo_abs(levels[i]);
        avo_cabac_encode(c, &abs_state[avo_abs_first(&a)], magnitude > 1);
        if (magnitude > 1) {
            uint8_t *rest = &abs_state[avo_abs_rest(&a)];
            int prefix = avo_min(magnitude - 1, 14);
            for (int k = 1; k < prefix; k++)
                avo_cabac_encode(c, rest, 1);
            if (prefix < 14)
                avo_cabac_encode(c, rest, 0);
            else
                avo_cabac_exp_golomb(c, (uint32_t)magnitude - 15, 0);
        }
        avo_cabac_bypass(c, 1, levels[i] < 0);
        avo_abs_next(&a, magnitude);
        mask ^= (uint64_t)1 << i;
    }
}

/* Counts the map. The flags "significant" and "last" never share a context, so each kind can run by
 * itself: the first without a branch on its value, the second over set bits alone. */
AVO_INLINE uint32_t avo_cabac_count_map(uint8_t *sig, uint8_t *last, bool is_8x8, uint64_t mask,
                                        int size)
{
    uint32_t bits = 0;
    int top = avo_highest_bit(mask);
    int end = avo_min(top, size - 2);
    for (int i = 0; i <= end; i++) {
        uint8_t *state = &sig[avo_sig_inc(is_8x8, i)];
        uint32_t step = avo_cabac_step[*state][mask >> i & 1];
        *state = (uint8_t)step;
        bits += step >> 8;
    }
    for (uint64_t rest = mask; rest; rest &= rest - 1) {
        int i = avo_lowest_bit(rest);
        if (i > end)
            break;
        uint8_t *state = &last[avo_last_inc(is_8x8, i)];
        uint32_t step = avo_cabac_step[*state][i == top];
        *state = (uint8_t)step;
        bits += step >> 8;
    }
    return bits;
}

AVO_INLINE uint32_t avo_cabac_count_levels(uint8_t *abs_state, int limit, const int16_t *levels,
                                           uint64_t mask)
{
    uint32_t bits = 0;
    AvoAbsContext a = {1, 0, limit};
    while (mask) {
        int i = avo_highest_bit(mask);
        int magnitude = avo_abs(levels[i]);
        uint8_t *first = &abs_state[avo_abs_first(&a)], *rest = &abs_state[avo_abs_rest(&a)];
        uint32_t step = avo_cabac_step[*first][magnitude > 1];
        uint32_t run = avo_cabac_unary[avo_min(magnitude - 1, 14)][*rest];
        *first = (uint8_t)step;
        *rest = (uint8_t)run;
        bits += (step >> 8) + (run >> 8) + 256;
        if (AVO_UNLIKELY(magnitude > 14))
            bits += 256 * (uint32_t)avo_exp_golomb_bits((uint32_t)magnitude - 15, 0);
        avo_abs_next(&a, magnitude);
        mask ^= (uint64_t)1 << i;
    }
    return bits;
}

#endif
