/* What every x86 kernel file needs: the intrinsics, the switch that turns an instruction set on
 * for the functions between AVO_TARGET_x and AVO_TARGET_END without compiler flags, and small
 * loads.
 *
 * Files guard themselves with AVO_X86 and compile to an init function that does nothing
 * elsewhere. Lane comments write a register from its lowest lane: [a b | c d] with | between
 * 128-bit halves. */
#ifndef AVO_DSP_X86_X86_H
#define AVO_DSP_X86_X86_H

#include "dsp/dsp_internal.h"

#if AVO_BIT_DEPTH == 8 && (defined(__x86_64__) || defined(_M_X64))
#define AVO_X86 1

#include <immintrin.h>

#define AVO_PRAGMA(x) _Pragma(#x)
#if defined(__clang__)
#define AVO_TARGET(isa)                                                                            \
    AVO_PRAGMA(clang attribute push(__attribute__((target(isa))), apply_to = function))
#define AVO_TARGET_END AVO_PRAGMA(clang attribute pop)
#elif defined(__GNUC__)
#define AVO_TARGET(isa) AVO_PRAGMA(GCC push_options) AVO_PRAGMA(GCC target(isa))
#define AVO_TARGET_END  AVO_PRAGMA(GCC pop_options)
#else
#define AVO_TARGET(isa) /* intrinsics work everywhere */
#define AVO_TARGET_END
#endif

#define AVO_TARGET_SSE41  AVO_TARGET("sse4.1")
#define AVO_TARGET_AVX2   AVO_TARGET("avx2")
#define AVO_TARGET_AVX512 AVO_TARGET("avx512f,avx512bw,avx512vl,avx512dq")

AVO_TARGET_SSE41

/* ---- unaligned loads and stores of 2, 4, 8, 16 bytes ---- */

AVO_INLINE uint16_t avo_load_u16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

AVO_INLINE uint32_t avo_load_u32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

AVO_INLINE uint64_t avo_load_u64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

AVO_INLINE void avo_store_u16(void *p, uint32_t v)
{
    uint16_t low = (uint16_t)v;
    memcpy(p, &low, sizeof(low));
}

AVO_INLINE void avo_store_u32(void *p, uint32_t v)
{
    memcpy(p, &v, sizeof(v));
}

AVO_INLINE void avo_store_u64(void *p, uint64_t v)
{
    memcpy(p, &v, sizeof(v));
}

AVO_INLINE __m128i load4(const void *p)
{
    return _mm_cvtsi32_si128((int)avo_load_u32(p));
}

AVO_INLINE __m128i load8(const void *p)
{
    return _mm_loadl_epi64((const __m128i *)p);
}

AVO_INLINE __m128i load16(const void *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

/* [8 bytes of lo, 8 bytes of hi] */
AVO_INLINE __m128i load8x2(const void *lo, const void *hi)
{
    return _mm_castps_si128(_mm_loadh_pi(_mm_castsi128_ps(load8(lo)), (const __m64 *)hi));
}

/* The lesser of best and the least lane of v, cost << 16 | index, whose lanes have indexes from
 * `first` on. */
AVO_INLINE uint32_t least_of_8(uint32_t best, __m128i v, int first)
{
    uint32_t least = (uint32_t)_mm_cvtsi128_si32(_mm_minpos_epu16(v)); /* index << 16 | cost */
    least = least << 16 | ((least >> 16) + (uint32_t)first);
    return least < best ? least : best;
}

/* [p p], 8 bytes each */
AVO_INLINE __m128i load8_dup(const void *p)
{
    return _mm_set1_epi64x((long long)avo_load_u64(p));
}

/* Four rows of 4 bytes. */
AVO_INLINE __m128i load4x4(const pixel *p, ptrdiff_t stride)
{
    __m128i v = load4(p);
    v = _mm_insert_epi32(v, (int)avo_load_u32(p + stride), 1);
    v = _mm_insert_epi32(v, (int)avo_load_u32(p + 2 * stride), 2);
    return _mm_insert_epi32(v, (int)avo_load_u32(p + 3 * stride), 3);
}

AVO_INLINE void store4(void *p, __m128i v)
{
    avo_store_u32(p, (uint32_t)_mm_cvtsi128_si32(v));
}

/* Four rows of 4 bytes; two of them a move, which costs less than a lane's extraction each. */
AVO_INLINE void store4x4(pixel *p, ptrdiff_t stride, __m128i v)
{
    uint64_t upper = (uint64_t)_mm_cvtsi128_si64(v), lower = (uint64_t)_mm_extract_epi64(v, 1);
    avo_store_u32(p, (uint32_t)upper);
    avo_store_u32(p + stride, (uint32_t)(upper >> 32));
    avo_store_u32(p + 2 * stride, (uint32_t)lower);
    avo_store_u32(p + 3 * stride, (uint32_t)(lower >> 32));
}

AVO_INLINE void store8(void *p, __m128i v)
{
    _mm_storel_epi64((__m128i *)p, v);
}

AVO_INLINE void store8_high(void *p, __m128i v)
{
    _mm_storeh_pi((__m64 *)p, _mm_castsi128_ps(v));
}

AVO_INLINE void store16(void *p, __m128i v)
{
    _mm_storeu_si128((__m128i *)p, v);
}

/* ---- sums over lanes ---- */

/* Sum of four 32-bit lanes. */
AVO_INLINE int hsum_epi32(__m128i v)
{
    v = _mm_add_epi32(v, _mm_unpackhi_epi64(v, v));
    v = _mm_add_epi32(v, _mm_shuffle_epi32(v, _MM_SHUFFLE(1, 1, 1, 1)));
    return _mm_cvtsi128_si32(v);
}

/* Sum of the two 64-bit lanes that psadbw leaves (each below 2^31). */
AVO_INLINE int hsum_sad(__m128i v)
{
    return _mm_cvtsi128_si32(_mm_add_epi32(v, _mm_unpackhi_epi64(v, v)));
}

AVO_TARGET_END

AVO_TARGET_AVX2

AVO_INLINE __m256i load32(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

/* [16 bytes of lo | 16 bytes of hi] */
AVO_INLINE __m256i load16x2(const void *lo, const void *hi)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load16(lo)), load16(hi), 1);
}

/* [p | p], 16 bytes each */
AVO_INLINE __m256i load16_dup(const void *p)
{
    return _mm256_broadcastsi128_si256(load16(p));
}

AVO_INLINE void store32(void *p, __m256i v)
{
    _mm256_storeu_si256((__m256i *)p, v);
}

/* Two registers of 16-bit lanes to bytes in natural order. */
AVO_INLINE __m256i pack_32(__m256i lo, __m256i hi)
{
    return _mm256_permute4x64_epi64(_mm256_packus_epi16(lo, hi), _MM_SHUFFLE(3, 1, 2, 0));
}

/* Low half + high half, 32-bit lanes. */
AVO_INLINE __m128i fold_epi32(__m256i v)
{
    return _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
}

AVO_TARGET_END

/* ---- kernels that wider versions hand their narrow cases to ---- */

void avo_hpel_planes_sse41(pixel *h, pixel *v, pixel *c, const pixel *src, ptrdiff_t stride,
                           int width, int height, int16_t *scratch);
void avo_luma_qpel_sse41(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                         int fx, int fy, int width, int height);
void avo_chroma_mc_sse41(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                         int fx, int fy, int width, int height);
void avo_weight_sse41(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                      int width, int height, int log2_denom, int w, int o);
void avo_weight_bi_sse41(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                         const pixel *b, ptrdiff_t stride_b, int width, int height, int log2_denom,
                         int w0, int w1, int o);

void avo_sixteenth_sse41(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                         int fx, int fy, int width, int height);

void avo_half_plane_sse41(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                          int width, int height);
void avo_split_uv_sse41(pixel *u, pixel *v, const pixel *uv, int n);

void avo_luma_422_sse41(pixel *luma, const uint8_t *src, int n, int luma_at);
void avo_chroma_422_sse41(pixel *cb, pixel *cr, const uint8_t *upper, const uint8_t *lower, int n,
                          int luma_at);
void avo_unpack_3_sse41(pixel *a, pixel *b, pixel *c, const uint8_t *src, int n);
void avo_unpack_4_sse41(pixel *a, pixel *b, pixel *c, const uint8_t *src, int n);

#endif
#endif
