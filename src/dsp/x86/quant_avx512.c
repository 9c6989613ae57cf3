/* Scans and last levels, AVX-512: shuffles of 16-bit lanes across two whole registers make each
 * scan one or two instructions, and masks find the last level. (512-bit versions of the other
 * families were no faster than AVX2 on CPUs that split such operations in two, and are left
 * out.) */
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_AVX512

AVO_INLINE __m512i load64(const void *p)
{
    return _mm512_loadu_si512(p);
}

AVO_INLINE void store64(void *p, __m512i v)
{
    _mm512_storeu_si512(p, v);
}

/* ---- scans ---- */

static const AVO_ALIGN(64) uint16_t zigzag_4x4[16] = {0, 1,  4,  8,  5, 2,  3,  6,
                                                      9, 12, 13, 10, 7, 11, 14, 15};
static const AVO_ALIGN(64) uint16_t zigzag_8x8[64] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};
/* zigzag_8x8[4 k + i] at 16 i + k */
static const AVO_ALIGN(64) uint16_t zigzag_8x8_cavlc[64] = {
    0,  9,  17, 18, 12, 40, 27, 7,  35, 57, 29, 30, 58, 38, 53, 47, 1,  2,  24, 11, 19, 48,
    20, 14, 42, 50, 22, 37, 59, 31, 60, 55, 8,  3,  32, 4,  26, 41, 13, 21, 49, 43, 15, 44,
    52, 39, 61, 62, 16, 10, 25, 5,  33, 34, 6,  28, 56, 36, 23, 51, 45, 46, 54, 63};

static uint32_t scan_4x4(coef out[16], const coef in[16])
{
    __m256i v = _mm256_permutexvar_epi16(load32(zigzag_4x4), load32(in));
    store32(out, v);
    return _mm256_test_epi16_mask(v, v);
}

AVO_INLINE uint64_t permute_64(coef out[64], const coef in[64], const uint16_t order[64])
{
    __m512i lo = load64(in), hi = load64(in + 32);
    __m512i first = _mm512_permutex2var_epi16(lo, load64(order), hi);
    __m512i last = _mm512_permutex2var_epi16(lo, load64(order + 32), hi);
    store64(out, first);
    store64(out + 32, last);
    return (uint64_t)_mm512_test_epi16_mask(last, last) << 32 |
           _mm512_test_epi16_mask(first, first);
}

static uint64_t scan_8x8(coef out[64], const coef in[64])
{
    return permute_64(out, in, zigzag_8x8);
}

static void scan_8x8_cavlc(coef out[64], const coef in[64])
{
    permute_64(out, in, zigzag_8x8_cavlc);
}

/* ---- levels ---- */

AVO_INLINE int last_bit(uint32_t mask)
{
    return mask ? avo_log2_floor(mask) : -1;
}

static int last_nonzero_15(const coef *levels)
{
    __m256i v = _mm256_maskz_loadu_epi16(0x7fff, levels);
    return last_bit(_mm256_test_epi16_mask(v, v));
}

static int last_nonzero_16(const coef *levels)
{
    __m256i v = load32(levels);
    return last_bit(_mm256_test_epi16_mask(v, v));
}

static int last_nonzero_64(const coef *levels)
{
    __m512i lo = load64(levels), hi = load64(levels + 32);
    uint32_t upper = _mm512_test_epi16_mask(hi, hi);
    return upper ? 32 + last_bit(upper) : last_bit(_mm512_test_epi16_mask(lo, lo));
}

AVO_TARGET_END

void AVO_BPC(avo_quant_init_avx512)(AvoDsp *dsp)
{
    dsp->scan_4x4 = scan_4x4;
    dsp->scan_8x8 = scan_8x8;
    dsp->scan_8x8_cavlc = scan_8x8_cavlc;
    dsp->last_nonzero[1] = last_nonzero_15;
    dsp->last_nonzero[2] = last_nonzero_16;
    dsp->last_nonzero[3] = last_nonzero_64;
}

#else

void AVO_BPC(avo_quant_init_avx512)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
