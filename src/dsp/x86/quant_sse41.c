/* Quantisation, scaling, scans and level counts, SSE4.1. */
#include "dsp/entries.h"
#include "dsp/x86/x86.h"

#ifdef AVO_X86

#include "dsp/x86/scan_masks.h"

AVO_TARGET_SSE41

/* ---- quantisation ---- */

/* Quantises 8 coefficients in place and returns the levels. */
AVO_INLINE __m128i quant_8(coef *c, __m128i mf, __m128i bias)
{
    __m128i v = load16(c);
    __m128i level = _mm_mulhi_epu16(_mm_adds_epu16(_mm_abs_epi16(v), bias), mf);
    level = _mm_sign_epi16(level, v);
    store16(c, level);
    return level;
}

AVO_INLINE int any_bit(__m128i v)
{
    return !_mm_testz_si128(v, v);
}

static int quant_4x4(coef c[16], const uint16_t mf[16], const uint16_t bias[16])
{
    __m128i lo = quant_8(c, load16(mf), load16(bias));
    __m128i hi = quant_8(c + 8, load16(mf + 8), load16(bias + 8));
    return any_bit(_mm_or_si128(lo, hi));
}

static int quant_4x4_x4(coef c[64], const uint16_t mf[16], const uint16_t bias[16])
{
    int mask = 0;
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        mask |= quant_4x4(c + 16 * i, mf, bias) << i;
    return mask;
}

static int quant_8x8(coef c[64], const uint16_t mf[64], const uint16_t bias[64])
{
    __m128i any = _mm_setzero_si128();
    AVO_UNROLL
    for (int i = 0; i < 64; i += 8)
        any = _mm_or_si128(any, quant_8(c + i, load16(mf + i), load16(bias + i)));
    return any_bit(any);
}

static int quant_4x4_dc(coef c[16], int mf, int bias)
{
    __m128i m = _mm_set1_epi16((short)mf), b = _mm_set1_epi16((short)bias);
    __m128i lo = quant_8(c, m, b), hi = quant_8(c + 8, m, b);
    return any_bit(_mm_or_si128(lo, hi));
}

static int quant_2x2_dc(coef c[4], int mf, int bias)
{
    __m128i m = _mm_set1_epi16((short)mf), b = _mm_set1_epi16((short)bias), v = load8(c);
    __m128i level = _mm_mulhi_epu16(_mm_adds_epu16(_mm_abs_epi16(v), b), m);
    level = _mm_sign_epi16(level, v); /* the unused upper lanes are 0 and stay 0 */
    store8(c, level);
    return any_bit(level);
}

/* ---- scaling ---- */

/* c * scale << shift; the low 16 bits are all that counts. */
AVO_INLINE void dequant_left(coef *c, __m128i scale, __m128i shift)
{
    store16(c, _mm_mullo_epi16(load16(c), _mm_sll_epi16(scale, shift)));
}

/* (c * scale + round) >> shift: (c, 1) times (scale, round) in 32 bits, low halves kept. */
AVO_INLINE void dequant_right(coef *c, __m128i scale, __m128i round, __m128i shift)
{
    const __m128i one = _mm_set1_epi16(1), low = _mm_set1_epi32(0xffff);
    __m128i v = load16(c);
    __m128i lo = _mm_madd_epi16(_mm_unpacklo_epi16(v, one), _mm_unpacklo_epi16(scale, round));
    __m128i hi = _mm_madd_epi16(_mm_unpackhi_epi16(v, one), _mm_unpackhi_epi16(scale, round));
    lo = _mm_and_si128(_mm_sra_epi32(lo, shift), low);
    hi = _mm_and_si128(_mm_sra_epi32(hi, shift), low);
    store16(c, _mm_packus_epi32(lo, hi));
}

/* scale NULL: `dc_scale` for all. */
AVO_INLINE void dequant(coef *c, int n, const uint16_t *scale, int dc_scale, int qp, int base)
{
    int shift = qp / 6 - base;
    const __m128i dc = _mm_set1_epi16((short)dc_scale);
    if (shift >= 0) {
        __m128i count = _mm_cvtsi32_si128(shift);
        for (int i = 0; i < n; i += 8)
            dequant_left(c + i, scale ? load16(scale + i) : dc, count);
    } else {
        __m128i count = _mm_cvtsi32_si128(-shift);
        __m128i round = _mm_set1_epi16((short)(1 << (-shift - 1)));
        for (int i = 0; i < n; i += 8)
            dequant_right(c + i, scale ? load16(scale + i) : dc, round, count);
    }
}

static void dequant_4x4(coef c[16], const uint16_t scale[16], int qp)
{
    dequant(c, 16, scale, 0, qp, 4);
}

static void dequant_8x8(coef c[64], const uint16_t scale[64], int qp)
{
    dequant(c, 64, scale, 0, qp, 6);
}

static void dequant_4x4_dc(coef c[16], int scale, int qp)
{
    dequant(c, 16, NULL, scale, qp, 6);
}

/* ---- scans ---- */

/* Bit per 16-bit lane: it is not 0. */
AVO_INLINE uint32_t nonzero_lanes(__m128i lo, __m128i hi)
{
    __m128i zeros = _mm_cmpeq_epi8(_mm_packs_epi16(lo, hi), _mm_setzero_si128());
    return (uint32_t)_mm_movemask_epi8(zeros) ^ 0xffff;
}

/* 0 1 4 8 5 2 3 6 | 9 12 13 10 7 11 14 15: each output needs one lane of the other half. */
static uint32_t scan_4x4(coef out[16], const coef in[16])
{
    __m128i lo = load16(in), hi = load16(in + 8);
    __m128i first =
        _mm_shuffle_epi8(lo, _mm_set_epi8(13, 12, 7, 6, 5, 4, 11, 10, -1, -1, 9, 8, 3, 2, 1, 0));
    __m128i second =
        _mm_shuffle_epi8(hi, _mm_set_epi8(15, 14, 13, 12, 7, 6, -1, -1, 5, 4, 11, 10, 9, 8, 3, 2));
    first = _mm_insert_epi16(first, _mm_extract_epi16(hi, 0), 3);
    second = _mm_insert_epi16(second, _mm_extract_epi16(lo, 7), 4);
    store16(out, first);
    store16(out + 8, second);
    return nonzero_lanes(first, second);
}

/* Outputs i and 7 - i from n rows: rows[k] of the first mask of each pair. */
AVO_INLINE void scan_pair(__m128i out[8], const __m128i in[8], int i, const int *rows, int n,
                          const uint8_t (*masks)[2][16])
{
    __m128i a = _mm_setzero_si128(), b = a;
    AVO_UNROLL
    for (int k = 0; k < n; k++) {
        a = _mm_or_si128(a, _mm_shuffle_epi8(in[rows[k]], load16(masks[k][0])));
        b = _mm_or_si128(b, _mm_shuffle_epi8(in[7 - rows[k]], load16(masks[k][1])));
    }
    out[i] = a;
    out[7 - i] = b;
}

AVO_INLINE void zigzag_8x8(__m128i z[8], const coef in[64])
{
    static const int rows0[] = {0, 1, 2}, rows1[] = {0, 1, 2, 3, 4};
    static const int rows2[] = {1, 2, 3, 4, 5, 6}, rows3[] = {0, 1, 2, 3};
    __m128i v[8];
    AVO_UNROLL
    for (int i = 0; i < 8; i++)
        v[i] = load16(in + 8 * i);
    scan_pair(z, v, 0, rows0, 3, scan_8x8_masks);
    scan_pair(z, v, 1, rows1, 5, scan_8x8_masks + 3);
    scan_pair(z, v, 2, rows2, 6, scan_8x8_masks + 8);
    scan_pair(z, v, 3, rows3, 4, scan_8x8_masks + 14);
}

static uint64_t scan_8x8(coef out[64], const coef in[64])
{
    __m128i z[8];
    uint64_t mask = 0;
    zigzag_8x8(z, in);
    AVO_UNROLL
    for (int i = 0; i < 8; i++)
        store16(out + 8 * i, z[i]);
    AVO_UNROLL
    for (int i = 0; i < 8; i += 2)
        mask |= (uint64_t)nonzero_lanes(z[i], z[i + 1]) << 8 * i;
    return mask;
}

/* Positions 8j .. 8j + 7 give each of the four outputs two levels: pairs as 32-bit lanes, then a
 * 4x4 transposition of those. */
AVO_INLINE void interleave_half(coef *out, const __m128i z[4])
{
    const __m128i pairs = _mm_set_epi8(15, 14, 7, 6, 13, 12, 5, 4, 11, 10, 3, 2, 9, 8, 1, 0);
    __m128i a = _mm_shuffle_epi8(z[0], pairs), b = _mm_shuffle_epi8(z[1], pairs);
    __m128i c = _mm_shuffle_epi8(z[2], pairs), d = _mm_shuffle_epi8(z[3], pairs);
    __m128i ab_lo = _mm_unpacklo_epi32(a, b), ab_hi = _mm_unpackhi_epi32(a, b);
    __m128i cd_lo = _mm_unpacklo_epi32(c, d), cd_hi = _mm_unpackhi_epi32(c, d);
    store16(out, _mm_unpacklo_epi64(ab_lo, cd_lo));
    store16(out + 16, _mm_unpackhi_epi64(ab_lo, cd_lo));
    store16(out + 32, _mm_unpacklo_epi64(ab_hi, cd_hi));
    store16(out + 48, _mm_unpackhi_epi64(ab_hi, cd_hi));
}

static void scan_8x8_cavlc(coef out[64], const coef in[64])
{
    __m128i z[8];
    zigzag_8x8(z, in);
    interleave_half(out, z);
    interleave_half(out + 8, z + 4);
}

/* ---- levels ---- */

/* Bit i: level i of 16 is not zero. */
AVO_INLINE uint32_t nonzero_mask(__m128i lo, __m128i hi)
{
    __m128i zero = _mm_cmpeq_epi8(_mm_packs_epi16(lo, hi), _mm_setzero_si128());
    return (uint32_t)_mm_movemask_epi8(zero) ^ 0xffff;
}

AVO_INLINE int last_bit(uint32_t mask)
{
    return mask ? avo_log2_floor(mask) : -1;
}

static int last_nonzero_4(const coef *levels)
{
    return last_bit(nonzero_mask(load8(levels), _mm_setzero_si128()));
}

/* The second load starts at 7 so as not to read a 16th level. */
static int last_nonzero_15(const coef *levels)
{
    uint32_t mask = nonzero_mask(load16(levels), load16(levels + 7));
    return last_bit((mask & 0xff) | mask >> 8 << 7);
}

static int last_nonzero_16(const coef *levels)
{
    return last_bit(nonzero_mask(load16(levels), load16(levels + 8)));
}

static int last_nonzero_64(const coef *levels)
{
    uint32_t mask[2];
    AVO_UNROLL
    for (int i = 0; i < 2; i++, levels += 32)
        mask[i] = nonzero_mask(load16(levels), load16(levels + 8)) |
                  nonzero_mask(load16(levels + 16), load16(levels + 24)) << 16;
    return mask[1] ? 32 + last_bit(mask[1]) : last_bit(mask[0]);
}

static int count_nonzero_16(const coef levels[16])
{
    const __m128i zero = _mm_setzero_si128();
    __m128i bytes = _mm_packs_epi16(load16(levels), load16(levels + 8));
    __m128i is_zero = _mm_sub_epi8(zero, _mm_cmpeq_epi8(bytes, zero)); /* 1 or 0 */
    return 16 - hsum_sad(_mm_sad_epu8(is_zero, zero));
}

AVO_TARGET_END

void AVO_BPC(avo_quant_init_sse41)(AvoDsp *dsp)
{
    AVO_SET_QUANT
}

#else

void AVO_BPC(avo_quant_init_sse41)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
