/* What blocks of the lookahead pass on, AVX2: eight at a time, four per division. */
#include "dsp/heritage_row.h"
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_AVX2

/* a / b of eight blocks, rounded down. */
AVO_INLINE __m256i divide(__m256i a, __m256i b)
{
    __m256d low = _mm256_div_pd(_mm256_cvtepi32_pd(_mm256_castsi256_si128(a)),
                                _mm256_cvtepi32_pd(_mm256_castsi256_si128(b)));
    __m256d high = _mm256_div_pd(_mm256_cvtepi32_pd(_mm256_extracti128_si256(a, 1)),
                                 _mm256_cvtepi32_pd(_mm256_extracti128_si256(b, 1)));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm256_cvttpd_epi32(low)),
                                   _mm256_cvttpd_epi32(high), 1);
}

/* a * b >> shift, products of 64 bits, results of 32. */
AVO_INLINE __m256i multiply(__m256i a, __m256i b, __m128i shift)
{
    __m256i even = _mm256_srl_epi64(_mm256_mul_epu32(a, b), shift);
    __m256i odd = _mm256_srl_epi64(
        _mm256_mul_epu32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32)), shift);
    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}

AVO_INLINE void heritage_8(uint32_t *amount, const AvoHeritage *of, int at)
{
    const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi32(1);
    __m256i blocks = _mm256_cvtepu16_epi32(load16(of->blocks + at));
    __m256i intra = _mm256_cvtepu16_epi32(load16(of->intra + at));
    __m256i lists = _mm256_srli_epi32(blocks, AVO_HERITAGE_LIST);
    __m256i inter = _mm256_sub_epi32(_mm256_and_si256(blocks, _mm256_set1_epi32(AVO_HERITAGE_COST)),
                                     _mm256_set1_epi32(of->swallowed));
    __m256i saved = _mm256_max_epi32(_mm256_sub_epi32(intra, _mm256_max_epi32(inter, zero)), zero);
    saved = _mm256_andnot_si256(_mm256_cmpeq_epi32(lists, zero), saved);

    intra = _mm256_max_epi32(intra, one);
    __m256i share = divide(_mm256_slli_epi32(saved, 16), intra);
    __m256i cost = _mm256_mullo_epi32(intra, _mm256_cvtepu16_epi32(load16(of->weight + at)));
    __m256i own = multiply(cost, _mm256_set1_epi32(of->duration_q8), _mm_cvtsi32_si128(12));
    __m256i total = _mm256_add_epi32(_mm256_add_epi32(own, one), load32(of->inherited + at));
    __m256i all = multiply(total, share, _mm_cvtsi32_si128(16 + of->shift));
    __m256i is_pair = _mm256_cmpeq_epi32(lists, _mm256_set1_epi32(3));
    store32(amount + at, _mm256_srlv_epi32(all, _mm256_and_si256(is_pair, one)));
}

AVO_HERITAGE_ROW(heritage_8, 8)

AVO_TARGET_END

void AVO_BPC(avo_heritage_init_avx2)(AvoDsp *dsp)
{
    dsp->heritage = heritage;
}

#else

void AVO_BPC(avo_heritage_init_avx2)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
