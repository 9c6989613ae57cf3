/* Costs of V, H and DC of an 8x8 block, for the kernels that cost all modes at once, SSE4.1.
 *
 * Of the transform of such a prediction nothing but the first row, the first column or the DC is
 * not 0, so one transform of the block itself does for all three. */
#ifndef AVO_DSP_X86_INTRA_STRAIGHT_8X8_H
#define AVO_DSP_X86_INTRA_STRAIGHT_8X8_H

#include "dsp/x86/hadamard_sse41.h"
#include "dsp/x86/intra_rows_sse41.h"

AVO_TARGET_SSE41

/* Half of the first row of coefficients without the upper neighbours', as maxima in even lanes. v:
 * the first rows of the transformed block, from which eight times their transform is taken. */
AVO_INLINE __m128i row_without_top(const __m128i v[2], const pixel *edge)
{
    __m128i top = _mm_slli_epi16(row_8(edge + 1), 3), next = _mm_srli_epi32(top, 16);
    return max_abs_quads(_mm_sub_epi16(v[0], _mm_add_epi16(top, next)),
                         _mm_sub_epi16(v[1], _mm_sub_epi16(top, next)));
}

/* Eight times the transform of the left neighbours, in the order of lines_of_8x8(). */
AVO_INLINE __m128i left_column(const pixel *edge)
{
    const __m128i pairs = _mm_set_epi8(0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7);
    const __m128i weights = _mm_set_epi8(-1, 1, 1, 1, -1, 1, 1, 1, -1, 1, 1, 1, -1, 1, 1, 1);
    __m128i v = _mm_maddubs_epi16(_mm_shuffle_epi8(load8(edge - 8), pairs), weights);
    v = _mm_add_epi16(_mm_shuffle_epi32(v, _MM_SHUFFLE(2, 2, 0, 0)),
                      _mm_sign_epi16(_mm_shuffle_epi32(v, _MM_SHUFFLE(3, 3, 1, 1)),
                                     _mm_set_epi16(-1, -1, 1, 1, -1, -1, 1, 1)));
    v = _mm_add_epi16(
        _mm_unpacklo_epi64(v, v),
        _mm_sign_epi16(_mm_unpackhi_epi64(v, v), _mm_set_epi16(-1, -1, -1, -1, 1, 1, 1, 1)));
    return _mm_slli_epi16(v, 3);
}

/* v: rows of the block with their first butterfly; they are lost. */
AVO_INLINE void sa8d_straight_8x8(__m128i v[8], const pixel *edge, int out[3])
{
    __m128i all, column, row = lines_of_8x8(v, &all, &column);
    __m128i less = _mm_sub_epi16(column, left_column(edge));
    __m128i top = _mm_add_epi32(
        all, even_lanes(_mm_sub_epi16(row_without_top(v, edge), row))); /* half of the sum */
    __m128i left = _mm_add_epi32(_mm_add_epi32(all, all),
                                 _mm_sub_epi32(abs_sum_epi16(less), abs_sum_epi16(column)));
    __m128i sums = _mm_hadd_epi32(_mm_hadd_epi32(top, left), _mm_hadd_epi32(all, all));
    int dc = _mm_extract_epi16(column, 0);
    int off = dc - 64 * ((sum_n(edge - 8, 8) + sum_n(edge + 1, 8) + 8) >> 4);
    out[AVO_I4_V] = (_mm_cvtsi128_si32(sums) + 1) >> 1;
    out[AVO_I4_H] = (_mm_extract_epi32(sums, 1) + 2) >> 2;
    out[AVO_I4_DC] = (2 * _mm_extract_epi32(sums, 2) - dc + (off < 0 ? -off : off) + 2) >> 2;
}

AVO_TARGET_END

#endif
