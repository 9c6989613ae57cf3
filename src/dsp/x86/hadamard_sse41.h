/* Hadamard transforms for cost kernels, SSE4.1.
 *
 * They take the first horizontal butterfly in the load: a row of 8 samples is doubled into both
 * halves of a register and multiplied with (1, 1, ...) below and (1, -1, ...) above by pmaddubsw,
 * which leaves the sums and the differences of neighbours as 16-bit lanes
 *     [x0+x1 x2+x3 x4+x5 x6+x7 x0-x1 x2-x3 x4-x5 x6-x7].
 * Vertical butterflies then run between registers. The last butterfly is never done: for it,
 *     |a + b| + |a - b| = 2 max(|a|, |b|),
 * and the factor 2 is the halving that the costs want anyway. */
#ifndef AVO_DSP_X86_HADAMARD_SSE41_H
#define AVO_DSP_X86_HADAMARD_SSE41_H

#include "dsp/x86/x86.h"

AVO_TARGET_SSE41

/* ---- 4x4: 8 columns of 4 rows are two blocks ---- */

AVO_INLINE __m128i butterfly_weights(void)
{
    return _mm_set_epi8(-1, 1, -1, 1, -1, 1, -1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
}

/* First horizontal butterfly of a row of 8 samples, see above. */
AVO_INLINE __m128i row_8(const pixel *p)
{
    return _mm_maddubs_epi16(load8_dup(p), butterfly_weights());
}

/* The same for two rows of 4 samples, lines of two blocks on top of each other. */
AVO_INLINE __m128i row_4x2(const pixel *p, const pixel *q)
{
    __m128i v = _mm_unpacklo_epi32(load4(p), load4(q));
    return _mm_maddubs_epi16(_mm_unpacklo_epi64(v, v), butterfly_weights());
}

/* Vertical butterflies over four rows, in place. */
AVO_INLINE void butterfly_4(__m128i v[4])
{
    __m128i s01 = _mm_add_epi16(v[0], v[1]), d01 = _mm_sub_epi16(v[0], v[1]);
    __m128i s23 = _mm_add_epi16(v[2], v[3]), d23 = _mm_sub_epi16(v[2], v[3]);
    v[0] = _mm_add_epi16(s01, s23);
    v[1] = _mm_add_epi16(d01, d23);
    v[2] = _mm_sub_epi16(s01, s23);
    v[3] = _mm_sub_epi16(d01, d23);
}

/* max(|x|, |right neighbour|) in even lanes; odd lanes are rubbish. */
AVO_INLINE __m128i max_abs_pairs(__m128i v)
{
    v = _mm_abs_epi16(v);
    return _mm_max_epi16(v, _mm_srli_epi32(v, 16));
}

/* Vertical half and last butterfly of an 8x4 (or two 4x4); partial sums in even lanes. */
AVO_INLINE __m128i satd_finish(__m128i v[4])
{
    butterfly_4(v);
    return _mm_add_epi16(_mm_add_epi16(max_abs_pairs(v[0]), max_abs_pairs(v[1])),
                         _mm_add_epi16(max_abs_pairs(v[2]), max_abs_pairs(v[3])));
}

/* Adds the even lanes up. A lane holds at most 4 blocks of 8160: no overflow. */
AVO_INLINE __m128i even_lanes(__m128i v)
{
    return _mm_madd_epi16(v, _mm_set1_epi32(1));
}

/* ---- 8x8 ---- */

/* Second horizontal butterfly for two registers: neighbours added and subtracted. Lanes of a come
 * out even, of b odd. */
AVO_INLINE void butterfly_neighbours(__m128i *a, __m128i *b)
{
    __m128i left = _mm_blend_epi16(*a, _mm_slli_epi32(*b, 16), 0xaa);
    __m128i right = _mm_blend_epi16(_mm_srli_epi32(*a, 16), *b, 0xaa);
    *a = _mm_add_epi16(left, right);
    *b = _mm_sub_epi16(left, right);
}

/* Last horizontal butterfly (partners two lanes apart) of two registers as max of absolutes. */
AVO_INLINE __m128i max_abs_quads(__m128i a, __m128i b)
{
    a = _mm_abs_epi16(a);
    b = _mm_abs_epi16(b);
    __m128i left = _mm_blend_epi16(a, _mm_slli_epi64(b, 32), 0xcc);
    __m128i right = _mm_blend_epi16(_mm_srli_epi64(a, 32), b, 0xcc);
    return _mm_max_epi16(left, right);
}

/* All but the last vertical and the last horizontal step of an 8x8 transform. */
AVO_INLINE void hadamard_4_of_8(__m128i v[8])
{
    butterfly_4(v);
    butterfly_4(v + 4);
    AVO_UNROLL
    for (int i = 0; i < 8; i += 2)
        butterfly_neighbours(&v[i], &v[i + 1]);
}

/* The last vertical step of eight rows, whose halves have had their 4-point transforms. */
AVO_INLINE void butterfly_8(__m128i v[8])
{
    AVO_UNROLL
    for (int i = 0; i < 4; i++) {
        __m128i top = v[i], low = v[4 + i];
        v[i] = _mm_add_epi16(top, low);
        v[4 + i] = _mm_sub_epi16(top, low);
    }
}

/* Completes the 8x8 and returns half of the sum of absolutes, spread over four lanes. */
AVO_INLINE __m128i abs_sum_8x8(__m128i v[8])
{
    const __m128i one = _mm_set1_epi16(1);
    __m128i sum = _mm_setzero_si128();
    butterfly_8(v);
    AVO_UNROLL
    for (int i = 0; i < 8; i += 2) /* each at most 16320: only pairs fit 16 bits signed */
        sum = _mm_add_epi32(sum, _mm_madd_epi16(max_abs_quads(v[i], v[i + 1]), one));
    return sum;
}

/* ---- first row and first column of an 8x8 ---- */

/* Transforms v, rows with their first butterfly: half of the sum of absolutes, over four lanes, and
 * the first column's coefficients. Returns maxima whose even lanes are those of the first row.
 *
 * Rows of the transform are told by the parity of lanes, so the first one makes the even lanes of
 * the first maximum. The first column is e + f, where e is in lanes 0 and 1, f in 2 and 3 of the
 * first register of each pair. */
AVO_INLINE __m128i lines_of_8x8(__m128i v[8], __m128i *all, __m128i *column)
{
    const __m128i one = _mm_set1_epi16(1);
    __m128i most[4];
    hadamard_4_of_8(v);
    butterfly_8(v);
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        most[i] = max_abs_quads(v[2 * i], v[2 * i + 1]);
    *all = _mm_add_epi32(_mm_madd_epi16(_mm_add_epi16(most[0], most[1]), one),
                         _mm_madd_epi16(_mm_add_epi16(most[2], most[3]), one));
    __m128i upper = _mm_unpacklo_epi32(v[0], v[2]), lower = _mm_unpacklo_epi32(v[4], v[6]);
    *column = _mm_add_epi16(_mm_unpacklo_epi64(upper, lower), _mm_unpackhi_epi64(upper, lower));
    return most[0];
}

AVO_INLINE __m128i abs_sum_epi16(__m128i v)
{
    return _mm_madd_epi16(_mm_abs_epi16(v), _mm_set1_epi16(1));
}

/* A lane for each of four blocks: halves of the sums of all and of the first row's coefficients,
 * the sum of the first column's, and in the lower 16 bits the sum of the samples. */
AVO_INLINE void store_texture(AvoTexture *out, __m128i all, __m128i row, __m128i column, __m128i dc)
{
    dc = _mm_and_si128(dc, _mm_set1_epi32(0xffff));
    store16(out->all, _mm_srli_epi32(_mm_sub_epi32(_mm_add_epi32(all, all), dc), 2));
    store16(out->row, _mm_srli_epi32(_mm_sub_epi32(_mm_add_epi32(row, row), dc), 2));
    store16(out->column, _mm_srli_epi32(_mm_sub_epi32(column, dc), 2));
    store16(out->sum, dc);
}

AVO_TARGET_END

#endif
