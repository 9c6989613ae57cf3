/* Half-size planes and chroma splitting, SSE4.1: one step of 16 outputs each. */
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_SSE41

/* 8 outputs from 16 samples of two rows: (((a+b+1)>>1) + ((c+d+1)>>1) + 1) >> 1 as 16-bit lanes. */
AVO_INLINE __m128i half_8(__m128i upper, __m128i lower)
{
    const __m128i one = _mm_set1_epi8(1), zero = _mm_setzero_si128();
    upper = _mm_avg_epu16(_mm_maddubs_epi16(upper, one), zero);
    lower = _mm_avg_epu16(_mm_maddubs_epi16(lower, one), zero);
    return _mm_avg_epu16(upper, lower);
}

AVO_INLINE void half_16(pixel *dst, const pixel *src, ptrdiff_t stride)
{
    const pixel *below = src + stride;
    store16(dst, _mm_packus_epi16(half_8(load16(src), load16(below)),
                                  half_8(load16(src + 16), load16(below + 16))));
}

AVO_INLINE void split_16(pixel *u, pixel *v, const pixel *uv)
{
    const __m128i low = _mm_set1_epi16(0xff);
    __m128i a = load16(uv), b = load16(uv + 16);
    store16(u, _mm_packus_epi16(_mm_and_si128(a, low), _mm_and_si128(b, low)));
    store16(v, _mm_packus_epi16(_mm_srli_epi16(a, 8), _mm_srli_epi16(b, 8)));
}

#include "dsp/resample_rows.h"

void avo_half_plane_sse41(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                          int width, int height)
{
    half_plane_16(dst, stride_dst, src, stride_src, width, height);
}

void avo_split_uv_sse41(pixel *u, pixel *v, const pixel *uv, int n)
{
    split_uv_16(u, v, uv, n);
}

AVO_TARGET_END

void AVO_BPC(avo_resample_init_sse41)(AvoDsp *dsp)
{
    dsp->half_plane = avo_half_plane_sse41;
    dsp->split_uv = avo_split_uv_sse41;
}

#else

void AVO_BPC(avo_resample_init_sse41)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
