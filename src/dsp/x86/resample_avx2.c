/* Half-size planes, AVX2: 32 outputs per step; see resample_sse41.c. */
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
    __m256i v = _mm256_packus_epi16(half_16(load32(src), load32(below)),
                                    half_16(load32(src + 32), load32(below + 32)));
    store32(dst, _mm256_permute4x64_epi64(v, _MM_SHUFFLE(3, 1, 2, 0)));
}

static void half_plane(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                       int width, int height)
{
    if (width < 32) {
        avo_half_plane_sse41(dst, stride_dst, src, stride_src, width, height);
        return;
    }
    for (int y = 0; y < height; y++, dst += stride_dst, src += 2 * stride_src) {
        for (int x = 0; x < width; x += 32) {
            int at = avo_min(x, width - 32);
            half_32(dst + at, src + 2 * at, stride_src);
        }
    }
}

AVO_TARGET_END

void AVO_BPC(avo_resample_init_avx2)(AvoDsp *dsp)
{
    dsp->half_plane = half_plane;
}

#else

void AVO_BPC(avo_resample_init_avx2)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
