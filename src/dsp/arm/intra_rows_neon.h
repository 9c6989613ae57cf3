/* Intra predictors as rows in registers, NEON: shared by the predictors, which store them, and by
 * the kernel that costs all modes of an 8x8 at once.
 *
 * All read the edge line (see dsp.h) with unaligned loads. The directional modes of 4x4 and 8x8
 * first compute one or two lines of 2-tap and 3-tap averages along the edge; every row of the
 * block then is a piece of such a line, which moves from row to row. rows[y] holds row y in its
 * first n bytes. */
#ifndef AVO_DSP_ARM_INTRA_ROWS_NEON_H
#define AVO_DSP_ARM_INTRA_ROWS_NEON_H

#include "dsp/arm/arm.h"

/* (a + 2b + c + 2) >> 2 */
AVO_INLINE uint8x16_t avg3(uint8x16_t a, uint8x16_t b, uint8x16_t c)
{
    return vrhaddq_u8(b, vhaddq_u8(a, c));
}

/* 3-tap averages around line[0] .. line[15]. */
AVO_INLINE uint8x16_t tap3(const pixel *line)
{
    return avg3(vld1q_u8(line - 1), vld1q_u8(line), vld1q_u8(line + 1));
}

/* (line[i] + line[i + 1] + 1) >> 1, i = 0 .. 15 */
AVO_INLINE uint8x16_t tap2(const pixel *line)
{
    return vrhaddq_u8(vld1q_u8(line), vld1q_u8(line + 1));
}

/* Sum of n (4, 8, 16) samples. */
AVO_INLINE int sum_n(const pixel *p, int n)
{
    return n == 16 ? vaddlvq_u8(vld1q_u8(p)) : vaddlv_u8(n == 8 ? vld1_u8(p) : load4(p));
}

AVO_INLINE void rows_same(uint8x16_t *rows, int n, uint8x16_t v)
{
    AVO_UNROLL
    for (int y = 0; y < n; y++)
        rows[y] = v;
}

AVO_INLINE void rows_fill(uint8x16_t *rows, int n, int value)
{
    rows_same(rows, n, vdupq_n_u8((uint8_t)value));
}

/* ---- V, H, DC of any size ---- */

AVO_INLINE void rows_v(uint8x16_t *rows, const pixel *edge, int n)
{
    rows_same(rows, n, vld1q_u8(edge + 1)); /* line indices up to 16 exist for all sizes */
}

AVO_INLINE void rows_h(uint8x16_t *rows, const pixel *edge, int n)
{
    AVO_UNROLL
    for (int y = 0; y < n; y++)
        rows[y] = vld1q_dup_u8(edge - 1 - y);
}

AVO_INLINE void rows_dc(uint8x16_t *rows, const pixel *edge, int n)
{
    int log2_n = n == 16 ? 4 : n == 8 ? 3 : 2;
    rows_fill(rows, n, (sum_n(edge - n, n) + sum_n(edge + 1, n) + n) >> (log2_n + 1));
}

AVO_INLINE void rows_dc_left(uint8x16_t *rows, const pixel *edge, int n)
{
    int log2_n = n == 16 ? 4 : n == 8 ? 3 : 2;
    rows_fill(rows, n, (sum_n(edge - n, n) + n / 2) >> log2_n);
}

AVO_INLINE void rows_dc_top(uint8x16_t *rows, const pixel *edge, int n)
{
    int log2_n = n == 16 ? 4 : n == 8 ? 3 : 2;
    rows_fill(rows, n, (sum_n(edge + 1, n) + n / 2) >> log2_n);
}

AVO_INLINE void rows_dc_128(uint8x16_t *rows, const pixel *edge, int n)
{
    (void)edge;
    rows_fill(rows, n, 128);
}

/* ---- directional modes, n 4 or 8; names as in the C version ---- */

/* The 16 bytes that start n bytes into [v next];
 * one instruction once the loop around it is unrolled. */
#define PIECE_CASE(k)                                                                              \
    case k:                                                                                        \
        return vextq_u8(v, next, k);

AVO_INLINE uint8x16_t piece(uint8x16_t v, uint8x16_t next, int n)
{
    switch (n) {
        PIECE_CASE(1)
        PIECE_CASE(2)
        PIECE_CASE(3)
        PIECE_CASE(4)
        PIECE_CASE(5)
        PIECE_CASE(6)
        PIECE_CASE(7)
        PIECE_CASE(8)
        PIECE_CASE(10)
        PIECE_CASE(12)
        PIECE_CASE(14)
    default:
        return v;
    }
}

#undef PIECE_CASE

/* The upper neighbours, 2n of them, shifted by `by` with the last one repeated. */
AVO_INLINE uint8x16_t top_shifted(const pixel *edge, int n, int by)
{
    static const uint8_t steps[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8x16_t from = vaddq_u8(vld1q_u8(steps), vdupq_n_u8((uint8_t)by));
    from = vminq_u8(from, vdupq_n_u8((uint8_t)(2 * n - 1)));
    return vqtbl1q_u8(vld1q_u8(edge + 1), from);
}

AVO_INLINE void rows_ddl(uint8x16_t *rows, const pixel *edge, int n)
{
    uint8x16_t t = avg3(vld1q_u8(edge + 1), top_shifted(edge, n, 1), top_shifted(edge, n, 2));
    AVO_UNROLL
    for (int y = 0; y < n; y++)
        rows[y] = piece(t, t, y);
}

AVO_INLINE void rows_ddr(uint8x16_t *rows, const pixel *edge, int n)
{
    uint8x16_t t = tap3(edge - n);
    AVO_UNROLL
    for (int y = 0; y < n; y++)
        rows[y] = piece(t, t, n - y);
}

/* Even rows: 2-tap averages, pushed right by one every two rows; odd rows: 3-tap. What comes in on
 * the left are 3-tap averages down the left edge, every other one. Indices: into the 3-tap line,
 * from 16 on into the 2-tap line. */
AVO_INLINE void rows_vr(uint8x16_t *rows, const pixel *edge, int n)
{
    static const uint8_t even_8[16] = {3, 5, 7, 16, 17, 18, 19, 20, 21, 22, 23},
                         even_4[16] = {3, 16, 17, 18, 19},
                         odd_8[16] = {2, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15},
                         odd_4[16] = {2, 4, 5, 6, 7};
    uint8x16x2_t t = {{tap3(edge - n), tap2(edge)}};
    uint8x16_t even = vqtbl2q_u8(t, vld1q_u8(n == 8 ? even_8 : even_4));
    uint8x16_t odd = vqtbl2q_u8(t, vld1q_u8(n == 8 ? odd_8 : odd_4));
    AVO_UNROLL
    for (int j = 0; j < n / 2; j++) {
        rows[2 * j] = piece(even, even, n / 2 - 1 - j);
        rows[2 * j + 1] = piece(odd, odd, n / 2 - 1 - j);
    }
}

/* One line of 2-tap and 3-tap averages in turn, up the left edge, then 3-tap ones along the top;
 * each row starts two further back than the one above. */
AVO_INLINE void rows_hd(uint8x16_t *rows, const pixel *edge, int n)
{
    uint8x16_t t = tap3(edge - n + 1); /* from index 1 - n */
    uint8x16_t woven = vzip1q_u8(tap2(edge - n), t), top = piece(t, t, n);
    uint8x16_t line = n == 8 ? woven : vcombine_u8(vget_low_u8(woven), vget_low_u8(top));
    AVO_UNROLL
    for (int y = 0; y < n; y++)
        rows[y] = piece(line, top, 2 * (n - 1 - y));
}

AVO_INLINE void rows_vl(uint8x16_t *rows, const pixel *edge, int n)
{
    uint8x16_t even = tap2(edge + 1), odd = tap3(edge + 2);
    AVO_UNROLL
    for (int j = 0; j < n / 2; j++) {
        rows[2 * j] = piece(even, even, j);
        rows[2 * j + 1] = piece(odd, odd, j);
    }
}

/* As HD, but down the left edge; past the end the last sample repeats. */
AVO_INLINE void rows_hu(uint8x16_t *rows, const pixel *edge, int n)
{
    static const uint8_t down_8[16] = {7, 6, 5, 4, 3, 2, 1}, down_4[16] = {3, 2, 1};
    uint8x16_t left = vld1q_u8(edge - n); /* row n - 1 first */
    uint8x16_t last = vdupq_laneq_u8(left, 0);
    uint8x16_t l0 = vqtbl1q_u8(left, vld1q_u8(n == 8 ? down_8 : down_4));
    uint8x16_t l1 = vextq_u8(l0, last, 1), l2 = vextq_u8(l0, last, 2);
    uint8x16_t line = vzip1q_u8(vrhaddq_u8(l0, l1), avg3(l0, l1, l2));
    AVO_UNROLL
    for (int y = 0; y < n; y++)
        rows[y] = piece(line, last, 2 * y);
}

#endif
