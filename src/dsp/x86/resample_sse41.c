/* Half-size planes and chroma splitting, SSE4.1. Widths that are no multiple of the step end
 * with a step that overlaps the one before; narrow planes go sample by sample. */
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

AVO_INLINE pixel half_1(const pixel *src, ptrdiff_t stride)
{
    const pixel *below = src + stride;
    return (pixel)((((src[0] + src[1] + 1) >> 1) + ((below[0] + below[1] + 1) >> 1) + 1) >> 1);
}

void avo_half_plane_sse41(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                          int width, int height)
{
    for (int y = 0; y < height; y++, dst += stride_dst, src += 2 * stride_src) {
        if (width < 16) {
            for (int x = 0; x < width; x++)
                dst[x] = half_1(src + 2 * x, stride_src);
            continue;
        }
        for (int x = 0; x < width; x += 16) {
            int at = avo_min(x, width - 16);
            half_16(dst + at, src + 2 * at, stride_src);
        }
    }
}

AVO_INLINE void split_16(pixel *u, pixel *v, const pixel *uv)
{
    const __m128i low = _mm_set1_epi16(0xff);
    __m128i a = load16(uv), b = load16(uv + 16);
    store16(u, _mm_packus_epi16(_mm_and_si128(a, low), _mm_and_si128(b, low)));
    store16(v, _mm_packus_epi16(_mm_srli_epi16(a, 8), _mm_srli_epi16(b, 8)));
}

void avo_split_uv_sse41(pixel *u, pixel *v, const pixel *uv, int n)
{
    if (n < 16) {
        for (int i = 0; i < n; i++) {
            u[i] = uv[2 * i];
            v[i] = uv[2 * i + 1];
        }
        return;
    }
    for (int i = 0; i < n; i += 16) {
        int at = avo_min(i, n - 16);
        split_16(u + at, v + at, uv + 2 * at);
    }
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
