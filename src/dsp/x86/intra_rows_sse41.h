/* Intra predictors as rows in registers, SSE4.1: shared by the predictors, which store them, and
 * by the kernels that cost all modes of a block at once.
 *
 * All read the edge line (see dsp.h) with unaligned loads. The directional modes of 4x4 and 8x8
 * first compute one or two lines of 2-tap and 3-tap averages along the edge; every row of the
 * block then is a piece of such a line, which moves from row to row. rows[y] holds row y in its
 * first n bytes. */
#ifndef AVO_DSP_X86_INTRA_ROWS_SSE41_H
#define AVO_DSP_X86_INTRA_ROWS_SSE41_H

#include "dsp/x86/x86.h"

AVO_TARGET_SSE41

/* (a + 2b + c + 2) >> 2 */
AVO_INLINE __m128i avg3(__m128i a, __m128i b, __m128i c)
{
    __m128i outer =
        _mm_sub_epi8(_mm_avg_epu8(a, c), _mm_and_si128(_mm_xor_si128(a, c), _mm_set1_epi8(1)));
    return _mm_avg_epu8(b, outer);
}

/* 3-tap averages around line[0] .. line[15]. */
AVO_INLINE __m128i tap3(const pixel *line)
{
    return avg3(load16(line - 1), load16(line), load16(line + 1));
}

/* (line[i] + line[i + 1] + 1) >> 1, i = 0 .. 15 */
AVO_INLINE __m128i tap2(const pixel *line)
{
    return _mm_avg_epu8(load16(line), load16(line + 1));
}

/* n (4, 8, 16) bytes, zeros above. */
AVO_INLINE __m128i load_n(const pixel *p, int n)
{
    return n == 16 ? load16(p) : n == 8 ? load8(p) : load4(p);
}

AVO_INLINE int sum_n(const pixel *p, int n)
{
    __m128i sums = _mm_sad_epu8(load_n(p, n), _mm_setzero_si128());
    return n == 16 ? hsum_sad(sums) : _mm_cvtsi128_si32(sums);
}

AVO_INLINE void rows_fill(__m128i *rows, int n, int value)
{
    __m128i v = _mm_set1_epi8((char)value);
    AVO_UNROLL
    for (int y = 0; y < n; y++)
        rows[y] = v;
}

/* ---- V, H, DC of any size ---- */

AVO_INLINE void rows_v(__m128i *rows, const pixel *edge, int n)
{
    __m128i v = load_n(edge + 1, n);
    AVO_UNROLL
    for (int y = 0; y < n; y++)
        rows[y] = v;
}

AVO_INLINE void rows_h(__m128i *rows, const pixel *edge, int n)
{
    __m128i left = load16(edge - 16); /* left neighbour of row y in byte 15 - y */
    AVO_UNROLL
    for (int y = 0; y < n; y++)
        rows[y] = _mm_shuffle_epi8(left, _mm_set1_epi8((char)(15 - y)));
}

AVO_INLINE void rows_dc(__m128i *rows, const pixel *edge, int n)
{
    int log2_n = n == 16 ? 4 : n == 8 ? 3 : 2;
    rows_fill(rows, n, (sum_n(edge - n, n) + sum_n(edge + 1, n) + n) >> (log2_n + 1));
}

AVO_INLINE void rows_dc_left(__m128i *rows, const pixel *edge, int n)
{
    int log2_n = n == 16 ? 4 : n == 8 ? 3 : 2;
    rows_fill(rows, n, (sum_n(edge - n, n) + n / 2) >> log2_n);
}

AVO_INLINE void rows_dc_top(__m128i *rows, const pixel *edge, int n)
{
    int log2_n = n == 16 ? 4 : n == 8 ? 3 : 2;
    rows_fill(rows, n, (sum_n(edge + 1, n) + n / 2) >> log2_n);
}

AVO_INLINE void rows_dc_128(__m128i *rows, const pixel *edge, int n)
{
    (void)edge;
    rows_fill(rows, n, 128);
}

/* ---- directional modes, n 4 or 8; names as in the C version ---- */

/* v shifted down by n bytes; one instruction once the loop around it is unrolled. */
#define SHIFT_CASE(k)                                                                              \
    case k:                                                                                        \
        return _mm_srli_si128(v, k);

AVO_INLINE __m128i shift_bytes(__m128i v, int n)
{
    switch (n) {
        SHIFT_CASE(0)
        SHIFT_CASE(1)
        SHIFT_CASE(2)
        SHIFT_CASE(3)
        SHIFT_CASE(4)
        SHIFT_CASE(5)
        SHIFT_CASE(6)
        SHIFT_CASE(7)
        SHIFT_CASE(8)
        SHIFT_CASE(10)
        SHIFT_CASE(12)
        SHIFT_CASE(14)
    default:
        return v;
    }
}

/* The upper neighbours, 2n of them, shifted by `by` with the last one repeated. */
AVO_INLINE __m128i top_shifted(const pixel *edge, int n, int by)
{
    const __m128i steps = _mm_set_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m128i from = _mm_min_epu8(_mm_add_epi8(steps, _mm_set1_epi8((char)by)),
                                _mm_set1_epi8((char)(2 * n - 1)));
    return _mm_shuffle_epi8(load16(edge + 1), from);
}

AVO_INLINE void rows_ddl(__m128i *rows, const pixel *edge, int n)
{
    __m128i t = avg3(load16(edge + 1), top_shifted(edge, n, 1), top_shifted(edge, n, 2));
    AVO_UNROLL
    for (int y = 0; y < n; y++)
        rows[y] = shift_bytes(t, y);
}

AVO_INLINE void rows_ddr(__m128i *rows, const pixel *edge, int n)
{
    __m128i t = tap3(edge - n);
    AVO_UNROLL
    for (int y = 0; y < n; y++)
        rows[y] = shift_bytes(t, n - y);
}

/* Even rows: 2-tap averages, pushed right by one every two rows; odd rows: 3-tap. What comes in on
 * the left are 3-tap averages down the left edge, every other one. */
AVO_INLINE void rows_vr(__m128i *rows, const pixel *edge, int n)
{
    __m128i t = tap3(edge - n), even, odd;
    if (n == 8) {
        even = _mm_shuffle_epi8(
            t, _mm_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 7, 5, 3));
        even = _mm_or_si128(even, _mm_slli_si128(tap2(edge), 3));
        odd = _mm_shuffle_epi8(
            t, _mm_set_epi8(-1, -1, -1, -1, -1, 15, 14, 13, 12, 11, 10, 9, 8, 6, 4, 2));
    } else {
        even = _mm_shuffle_epi8(
            t, _mm_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 3));
        even = _mm_or_si128(even, _mm_slli_si128(tap2(edge), 1));
        odd = _mm_shuffle_epi8(
            t, _mm_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 7, 6, 5, 4, 2));
    }
    AVO_UNROLL
    for (int j = 0; j < n / 2; j++) {
        rows[2 * j] = shift_bytes(even, n / 2 - 1 - j);
        rows[2 * j + 1] = shift_bytes(odd, n / 2 - 1 - j);
    }
}

/* One line of 2-tap and 3-tap averages in turn, up the left edge, then 3-tap ones along the top;
 * each row starts two further back than the one above. */
AVO_INLINE void rows_hd(__m128i *rows, const pixel *edge, int n)
{
    __m128i t = tap3(edge - n + 1); /* from index 1 - n */
    __m128i woven = _mm_unpacklo_epi8(tap2(edge - n), t), top = shift_bytes(t, n);
    __m128i line = n == 8 ? woven : _mm_unpacklo_epi64(woven, top);
    AVO_UNROLL
    for (int y = 0; y < n; y++) {
        int at = 2 * (n - 1 - y);
        __m128i v = shift_bytes(line, at);
        if (n == 8 && at > 8) /* 16 - at bytes are left, the top follows */
            v = at == 10   ? _mm_alignr_epi8(top, line, 10)
                : at == 12 ? _mm_alignr_epi8(top, line, 12)
                           : _mm_alignr_epi8(top, line, 14);
        rows[y] = v;
    }
}

AVO_INLINE void rows_vl(__m128i *rows, const pixel *edge, int n)
{
    __m128i even = tap2(edge + 1), odd = tap3(edge + 2);
    AVO_UNROLL
    for (int j = 0; j < n / 2; j++) {
        rows[2 * j] = shift_bytes(even, j);
        rows[2 * j + 1] = shift_bytes(odd, j);
    }
}

/* As HD, but down the left edge; past the end the last sample repeats. */
AVO_INLINE void rows_hu(__m128i *rows, const pixel *edge, int n)
{
    const __m128i down = n == 8 ? _mm_set_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7)
                                : _mm_set_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3);
    __m128i l0 = _mm_shuffle_epi8(load_n(edge - n, n), down); /* row 0, 1, ... n - 1, n - 1, ... */
    __m128i l1 = _mm_alignr_epi8(l0, l0, 1), l2 = _mm_alignr_epi8(l0, l0, 2);
    __m128i t2 = _mm_avg_epu8(l0, l1), t3 = avg3(l0, l1, l2);
    __m128i line = _mm_unpacklo_epi8(t2, t3), rest = _mm_shuffle_epi8(l0, _mm_set1_epi8(8));
    AVO_UNROLL
    for (int y = 0; y < n; y++) {
        int at = 2 * y;
        __m128i v = shift_bytes(line, at);
        if (n == 8 && at > 8)
            v = at == 10   ? _mm_alignr_epi8(rest, line, 10)
                : at == 12 ? _mm_alignr_epi8(rest, line, 12)
                           : _mm_alignr_epi8(rest, line, 14);
        rows[y] = v;
    }
}

#undef SHIFT_CASE

AVO_TARGET_END

#endif
