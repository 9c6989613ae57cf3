/* What blocks of the lookahead pass on, SSE4.1: four at a time, two per division. */
#include "dsp/heritage_row.h"
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_SSE41

/* a / b of four blocks, rounded down. */
AVO_INLINE __m128i divide(__m128i a, __m128i b)
{
    __m128d low = _mm_div_pd(_mm_cvtepi32_pd(a), _mm_cvtepi32_pd(b));
    __m128d high = _mm_div_pd(_mm_cvtepi32_pd(_mm_unpackhi_epi64(a, a)),
                              _mm_cvtepi32_pd(_mm_unpackhi_epi64(b, b)));
    return _mm_unpacklo_epi64(_mm_cvttpd_epi32(low), _mm_cvttpd_epi32(high));
}

/* a * b >> shift, products of 64 bits, results of 32. */
AVO_INLINE __m128i multiply(__m128i a, __m128i b, __m128i shift)
{
    __m128i even = _mm_srl_epi64(_mm_mul_epu32(a, b), shift);
    __m128i odd = _mm_srl_epi64(_mm_mul_epu32(_mm_srli_epi64(a, 32), _mm_srli_epi64(b, 32)), shift);
    return _mm_blend_epi16(even, _mm_slli_epi64(odd, 32), 0xcc);
}

AVO_INLINE void heritage_4(uint32_t *amount, const AvoHeritage *of, int at)
{
    const __m128i zero = _mm_setzero_si128(), one = _mm_set1_epi32(1);
    __m128i blocks = _mm_cvtepu16_epi32(load8(of->blocks + at));
    __m128i intra = _mm_cvtepu16_epi32(load8(of->intra + at));
    __m128i lists = _mm_srli_epi32(blocks, AVO_HERITAGE_LIST);
    __m128i inter = _mm_sub_epi32(_mm_and_si128(blocks, _mm_set1_epi32(AVO_HERITAGE_COST)),
                                  _mm_set1_epi32(of->swallowed));
    __m128i saved = _mm_max_epi32(_mm_sub_epi32(intra, _mm_max_epi32(inter, zero)), zero);
    saved = _mm_andnot_si128(_mm_cmpeq_epi32(lists, zero), saved);

    intra = _mm_max_epi32(intra, one);
    __m128i share = divide(_mm_slli_epi32(saved, 16), intra);
    __m128i cost = _mm_mullo_epi32(intra, _mm_cvtepu16_epi32(load8(of->weight + at)));
    __m128i own = multiply(cost, _mm_set1_epi32(of->duration_q8), _mm_cvtsi32_si128(12));
    __m128i total = _mm_add_epi32(_mm_add_epi32(own, one), load16(of->inherited + at));
    __m128i all = multiply(total, share, _mm_cvtsi32_si128(16 + of->shift));
    __m128i is_pair = _mm_cmpeq_epi32(lists, _mm_set1_epi32(3));
    store16(amount + at, _mm_blendv_epi8(all, _mm_srli_epi32(all, 1), is_pair));
}

AVO_HERITAGE_ROW(heritage_4, 4)

AVO_TARGET_END

void AVO_BPC(avo_heritage_init_sse41)(AvoDsp *dsp)
{
    dsp->heritage = heritage;
}

#else

void AVO_BPC(avo_heritage_init_sse41)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
