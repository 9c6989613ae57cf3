/* Half-size planes and chroma splitting, AVX2: 32 outputs per step; see resample_sse41.c. */
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_AVX2

AVO_INLINE __m256i half_16(__m256i upper, __m256i lower)
{
    const __m256i one = _mm256_set1_epi8(1), zero = _mm256_setzero_si256();
    upper = _mm256_avg_epu16(_mm256_maddubs_epi16(upper, one), zero);
    lower = _mm256_avg_epu16(_mm256_maddubs_epi16(lower, one), zero);
    return _mm256_avg_epu16(upper, lower);
}

AVO_INLINE void half_32(pixel *dst, const pixel *src, ptrdiff_t stride)
{
    const pixel *below = src + stride;
    store32(dst, pack_32(half_16(load32(src), load32(below)),
                         half_16(load32(src + 32), load32(below + 32))));
}

static void half_plane(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                       int width, int height)
{
    if (width < 32) {
        avo_half_plane_sse41(dst, stride_dst, src, stride_src, width, height);
        return;
    }
    for (int y = 0; y < height; y++, dst += stride_dst, src += 2 * stride_src) {
        for (int x = 0; x + 32 <= width; x += 32)
            half_32(dst + x, src + 2 * x, stride_src);
        if (width & 31)
            half_32(dst + width - 32, src + 2 * (width - 32), stride_src);
    }
}

AVO_INLINE void split_32(pixel *u, pixel *v, const pixel *uv)
{
    const __m256i low = _mm256_set1_epi16(0xff);
    __m256i a = load32(uv), b = load32(uv + 32);
    store32(u, pack_32(_mm256_and_si256(a, low), _mm256_and_si256(b, low)));
    store32(v, pack_32(_mm256_srli_epi16(a, 8), _mm256_srli_epi16(b, 8)));
}

static void split_uv(pixel *u, pixel *v, const pixel *uv, int n)
{
    if (n < 32) {
        avo_split_uv_sse41(u, v, uv, n);
        return;
    }
    for (int i = 0; i + 32 <= n; i += 32)
        split_32(u + i, v + i, uv + 2 * i);
    if (n & 31)
        split_32(u + n - 32, v + n - 32, uv + 2 * (n - 32));
}

AVO_TARGET_END

void AVO_BPC(avo_resample_init_avx2)(AvoDsp *dsp)
{
    dsp->half_plane = half_plane;
    dsp->split_uv = split_uv;
}

#else

void AVO_BPC(avo_resample_init_avx2)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
