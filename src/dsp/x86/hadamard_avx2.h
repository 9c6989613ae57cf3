/* Hadamard transforms for cost kernels, AVX2.
 *
 * Same scheme as hadamard_sse41.h (first horizontal butterfly in the load, last butterfly as a
 * maximum). A register holds either one row of 16 samples, sums of neighbours below and
 * differences above,
 *     [x0+x1 x2+x3 .. x14+x15 | x0-x1 x2-x3 .. x14-x15]
 * or two rows of 8 samples of two blocks on top of each other, each half laid out like there. */
#ifndef AVO_DSP_X86_HADAMARD_AVX2_H
#define AVO_DSP_X86_HADAMARD_AVX2_H

#include "dsp/x86/x86.h"

AVO_TARGET_AVX2

/* ---- rows with their first butterfly ---- */

AVO_INLINE __m256i weights_16(void)
{
    return _mm256_set_epi8(-1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, 1, 1, 1, 1, 1, 1,
                           1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
}

AVO_INLINE __m256i weights_8x2(void)
{
    return _mm256_set_epi8(-1, 1, -1, 1, -1, 1, -1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, 1, -1, 1, -1, 1,
                           -1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
}

/* One row of 16 samples. */
AVO_INLINE __m256i row_16(const pixel *p)
{
    return _mm256_maddubs_epi16(load16_dup(p), weights_16());
}

/* The same from a register. */
AVO_INLINE __m256i spread_16(__m128i v)
{
    return _mm256_maddubs_epi16(_mm256_broadcastsi128_si256(v), weights_16());
}

/* Rows of 8 samples of an upper and a lower block. */
AVO_INLINE __m256i row_8x2(const pixel *upper, const pixel *lower)
{
    __m256i u = _mm256_broadcastq_epi64(load8(upper)), l = _mm256_broadcastq_epi64(load8(lower));
    return _mm256_maddubs_epi16(_mm256_blend_epi32(u, l, 0xf0), weights_8x2());
}

/* The same from a register with the upper row below the lower one. */
AVO_INLINE __m256i spread_8x2(__m128i v)
{
    __m256i rows = _mm256_permute4x64_epi64(_mm256_castsi128_si256(v), _MM_SHUFFLE(1, 1, 0, 0));
    return _mm256_maddubs_epi16(rows, weights_8x2());
}

/* ---- 4x4 ---- */

/* Vertical butterflies over four rows, in place. */
AVO_INLINE void butterfly_4_avx2(__m256i v[4])
{
    __m256i s01 = _mm256_add_epi16(v[0], v[1]), d01 = _mm256_sub_epi16(v[0], v[1]);
    __m256i s23 = _mm256_add_epi16(v[2], v[3]), d23 = _mm256_sub_epi16(v[2], v[3]);
    v[0] = _mm256_add_epi16(s01, s23);
    v[1] = _mm256_add_epi16(d01, d23);
    v[2] = _mm256_sub_epi16(s01, s23);
    v[3] = _mm256_sub_epi16(d01, d23);
}

/* max(|x|, |right neighbour|) in even lanes; odd lanes are rubbish. */
AVO_INLINE __m256i max_abs_pairs_avx2(__m256i v)
{
    v = _mm256_abs_epi16(v);
    return _mm256_max_epi16(v, _mm256_srli_epi32(v, 16));
}

/* ---- 8x8: 16x8, or two 8x8 on top of each other ---- */

/* Second horizontal butterfly for two registers; lanes of a come out even, of b odd. */
AVO_INLINE void butterfly_neighbours_avx2(__m256i *a, __m256i *b)
{
    __m256i left = _mm256_blend_epi16(*a, _mm256_slli_epi32(*b, 16), 0xaa);
    __m256i right = _mm256_blend_epi16(_mm256_srli_epi32(*a, 16), *b, 0xaa);
    *a = _mm256_add_epi16(left, right);
    *b = _mm256_sub_epi16(left, right);
}

/* Last horizontal butterfly (partners two lanes apart) of two registers as max of absolutes. */
AVO_INLINE __m256i max_abs_quads_avx2(__m256i a, __m256i b)
{
    a = _mm256_abs_epi16(a);
    b = _mm256_abs_epi16(b);
    __m256i left = _mm256_blend_epi32(a, _mm256_slli_epi64(b, 32), 0xaa);
    __m256i right = _mm256_blend_epi32(_mm256_srli_epi64(a, 32), b, 0xaa);
    return _mm256_max_epi16(left, right);
}

/* All but the last vertical and the last horizontal step of 8x8 transforms. */
AVO_INLINE void hadamard_4_of_8_avx2(__m256i v[8])
{
    butterfly_4_avx2(v);
    butterfly_4_avx2(v + 4);
    AVO_UNROLL
    for (int i = 0; i < 8; i += 2)
        butterfly_neighbours_avx2(&v[i], &v[i + 1]);
}

/* The last vertical step of eight rows, whose halves have had their 4-point transforms. */
AVO_INLINE void butterfly_8_avx2(__m256i v[8])
{
    AVO_UNROLL
    for (int i = 0; i < 4; i++) {
        __m256i top = v[i], low = v[4 + i];
        v[i] = _mm256_add_epi16(top, low);
        v[4 + i] = _mm256_sub_epi16(top, low);
    }
}

/* The rest, and half of the sum of absolutes. */
AVO_INLINE __m256i abs_sum_8x8_avx2(__m256i v[8])
{
    const __m256i one = _mm256_set1_epi16(1);
    __m256i sum = _mm256_setzero_si256();
    butterfly_8_avx2(v);
    AVO_UNROLL
    for (int i = 0; i < 8; i += 4) { /* each maximum at most 16320: two fit 16 bits signed */
        __m256i pair = _mm256_add_epi16(max_abs_quads_avx2(v[i], v[i + 1]),
                                        max_abs_quads_avx2(v[i + 2], v[i + 3]));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pair, one));
    }
    return sum;
}

AVO_TARGET_END

#endif
