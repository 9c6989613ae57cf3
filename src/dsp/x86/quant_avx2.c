/* Quantisation, scaling and the 8x8 scan, AVX2: 16 coefficients per register. */
#include "dsp/x86/x86.h"

#ifdef AVO_X86

#include "dsp/x86/scan_masks.h"

AVO_TARGET_AVX2

/* ---- quantisation ---- */

/* Quantises 16 coefficients in place and returns the levels. */
AVO_INLINE __m256i quant_16(coef *c, __m256i mf, __m256i bias)
{
    __m256i v = load32(c);
    __m256i level = _mm256_mulhi_epu16(_mm256_adds_epu16(_mm256_abs_epi16(v), bias), mf);
    level = _mm256_sign_epi16(level, v);
    store32(c, level);
    return level;
}

AVO_INLINE int any_bit(__m256i v)
{
    return !_mm256_testz_si256(v, v);
}

static int quant_4x4(coef c[16], const uint16_t mf[16], const uint16_t bias[16])
{
    return any_bit(quant_16(c, load32(mf), load32(bias)));
}

static int quant_4x4_x4(coef c[64], const uint16_t mf[16], const uint16_t bias[16])
{
    __m256i m = load32(mf), b = load32(bias);
    int mask = 0;
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        mask |= any_bit(quant_16(c + 16 * i, m, b)) << i;
    return mask;
}

static int quant_8x8(coef c[64], const uint16_t mf[64], const uint16_t bias[64])
{
    __m256i any = _mm256_setzero_si256();
    AVO_UNROLL
    for (int i = 0; i < 64; i += 16)
        any = _mm256_or_si256(any, quant_16(c + i, load32(mf + i), load32(bias + i)));
    return any_bit(any);
}

static int quant_4x4_dc(coef c[16], int mf, int bias)
{
    return any_bit(quant_16(c, _mm256_set1_epi16((short)mf), _mm256_set1_epi16((short)bias)));
}

/* ---- scaling; see the SSE4.1 version ---- */

AVO_INLINE void dequant_left(coef *c, __m256i scale, __m128i shift)
{
    store32(c, _mm256_mullo_epi16(load32(c), _mm256_sll_epi16(scale, shift)));
}

AVO_INLINE void dequant_right(coef *c, __m256i scale, __m256i round, __m128i shift)
{
    const __m256i one = _mm256_set1_epi16(1), low = _mm256_set1_epi32(0xffff);
    __m256i v = load32(c);
    __m256i lo =
        _mm256_madd_epi16(_mm256_unpacklo_epi16(v, one), _mm256_unpacklo_epi16(scale, round));
    __m256i hi =
        _mm256_madd_epi16(_mm256_unpackhi_epi16(v, one), _mm256_unpackhi_epi16(scale, round));
    lo = _mm256_and_si256(_mm256_sra_epi32(lo, shift), low);
    hi = _mm256_and_si256(_mm256_sra_epi32(hi, shift), low);
    store32(c, _mm256_packus_epi32(lo, hi));
}

AVO_INLINE void dequant(coef *c, int n, const uint16_t *scale, int dc_scale, int qp, int base)
{
    int shift = qp / 6 - base;
    const __m256i dc = _mm256_set1_epi16((short)dc_scale);
    if (shift >= 0) {
        __m128i count = _mm_cvtsi32_si128(shift);
        for (int i = 0; i < n; i += 16)
            dequant_left(c + i, scale ? load32(scale + i) : dc, count);
    } else {
        __m128i count = _mm_cvtsi32_si128(-shift);
        __m256i round = _mm256_set1_epi16((short)(1 << (-shift - 1)));
        for (int i = 0; i < n; i += 16)
            dequant_right(c + i, scale ? load32(scale + i) : dc, round, count);
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

/* ---- scan: rows r and 7 - r share a register, and so do outputs i and 7 - i ---- */

AVO_INLINE __m256i scan_pair(const __m256i in[8], const int *rows, int n,
                             const uint8_t (*masks)[2][16])
{
    __m256i v = _mm256_shuffle_epi8(in[rows[0]], load32(masks[0]));
    AVO_UNROLL
    for (int k = 1; k < n; k++)
        v = _mm256_or_si256(v, _mm256_shuffle_epi8(in[rows[k]], load32(masks[k])));
    return v;
}

/* z[i] = positions [8i .. 8i + 7 | 8(7 - i) .. 8(7 - i) + 7] */
AVO_INLINE void zigzag_8x8(__m256i z[4], const coef in[64])
{
    static const int rows0[] = {0, 1, 2}, rows1[] = {0, 1, 2, 3, 4};
    static const int rows2[] = {1, 2, 3, 4, 5, 6}, rows3[] = {0, 1, 2, 3};
    __m256i v[8]; /* [row i | row 7 - i] */
    AVO_UNROLL
    for (int i = 0; i < 8; i++)
        v[i] = load16x2(in + 8 * i, in + 8 * (7 - i));
    z[0] = scan_pair(v, rows0, 3, scan_8x8_masks);
    z[1] = scan_pair(v, rows1, 5, scan_8x8_masks + 3);
    z[2] = scan_pair(v, rows2, 6, scan_8x8_masks + 8);
    z[3] = scan_pair(v, rows3, 4, scan_8x8_masks + 14);
}

AVO_INLINE uint32_t nonzero_bytes(__m256i v)
{
    return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_setzero_si256()));
}

/* The upper halves of z run backwards. */
AVO_INLINE uint64_t nonzero_positions(const __m256i z[4])
{
    __m256i outer = _mm256_packs_epi16(z[0], z[1]), inner = _mm256_packs_epi16(z[2], z[3]);
    __m256i first = _mm256_permute2x128_si256(outer, inner, 0x20);
    __m256i last = _mm256_permute2x128_si256(inner, outer, 0x31);
    last = _mm256_shuffle_epi32(last, _MM_SHUFFLE(1, 0, 3, 2));
    return (uint64_t)nonzero_bytes(last) << 32 | nonzero_bytes(first);
}

static uint64_t scan_8x8(coef out[64], const coef in[64])
{
    __m256i z[4];
    zigzag_8x8(z, in);
    AVO_UNROLL
    for (int i = 0; i < 4; i++) {
        store16(out + 8 * i, _mm256_castsi256_si128(z[i]));
        store16(out + 8 * (7 - i), _mm256_extracti128_si256(z[i], 1));
    }
    return nonzero_positions(z);
}

/* Pairs of levels of each output as 32-bit lanes, a 4x4 transposition of those within the halves;
 * the upper half, whose registers run backwards, is turned round at the end. */
static void scan_8x8_cavlc(coef out[64], const coef in[64])
{
    const __m256i pairs = _mm256_broadcastsi128_si256(
        _mm_set_epi8(15, 14, 7, 6, 13, 12, 5, 4, 11, 10, 3, 2, 9, 8, 1, 0));
    const __m256i turn = _mm256_set_epi32(4, 5, 6, 7, 3, 2, 1, 0);
    __m256i z[4];
    zigzag_8x8(z, in);
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        z[i] = _mm256_shuffle_epi8(z[i], pairs);
    __m256i lo01 = _mm256_unpacklo_epi32(z[0], z[1]), hi01 = _mm256_unpackhi_epi32(z[0], z[1]);
    __m256i lo23 = _mm256_unpacklo_epi32(z[2], z[3]), hi23 = _mm256_unpackhi_epi32(z[2], z[3]);
    z[0] = _mm256_unpacklo_epi64(lo01, lo23);
    z[1] = _mm256_unpackhi_epi64(lo01, lo23);
    z[2] = _mm256_unpacklo_epi64(hi01, hi23);
    z[3] = _mm256_unpackhi_epi64(hi01, hi23);
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        store32(out + 16 * i, _mm256_permutevar8x32_epi32(z[i], turn));
}

AVO_TARGET_END

void AVO_BPC(avo_quant_init_avx2)(AvoDsp *dsp)
{
    dsp->quant_4x4 = quant_4x4;
    dsp->quant_4x4_x4 = quant_4x4_x4;
    dsp->quant_8x8 = quant_8x8;
    dsp->quant_4x4_dc = quant_4x4_dc;
    dsp->dequant_4x4 = dequant_4x4;
    dsp->dequant_8x8 = dequant_8x8;
    dsp->dequant_4x4_dc = dequant_4x4_dc;
    dsp->scan_8x8 = scan_8x8;
    dsp->scan_8x8_cavlc = scan_8x8_cavlc;
}

#else

void AVO_BPC(avo_quant_init_avx2)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
