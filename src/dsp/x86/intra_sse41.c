/* Intra predictors, SSE4.1. All read the edge line (see dsp.h) with unaligned loads. The
 * directional modes of 4x4 and 8x8 first compute one or two lines of 2-tap and 3-tap averages
 * along the edge; every row of the block then is a piece of such a line, which moves from row to
 * row. */
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_SSE41

/* (a + 2b + c + 2) >> 2 */
AVO_INLINE __m128i avg3(__m128i a, __m128i b, __m128i c)
{
    __m128i outer = _mm_sub_epi8(_mm_avg_epu8(a, c),
                                 _mm_and_si128(_mm_xor_si128(a, c), _mm_set1_epi8(1)));
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

/* Stores the first n (4 or 8) bytes. */
AVO_INLINE void store_n(pixel *dst, int n, __m128i v)
{
    if (n == 8)
        store8(dst, v);
    else
        store4(dst, v);
}

/* Fills an n x n block (n 4, 8, 16) with one value. */
AVO_INLINE void fill(pixel *dst, ptrdiff_t stride, int n, int value)
{
    __m128i v = _mm_set1_epi8((char)value);
    AVO_UNROLL
    for (int y = 0; y < n; y++) {
        if (n == 16)
            store16(dst + y * stride, v);
        else
            store_n(dst + y * stride, n, v);
    }
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

/* ---- V, H, DC of any size ---- */

AVO_INLINE void pred_v(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    __m128i v = load_n(edge + 1, n);
    AVO_UNROLL
    for (int y = 0; y < n; y++) {
        if (n == 16)
            store16(dst + y * stride, v);
        else
            store_n(dst + y * stride, n, v);
    }
}

AVO_INLINE void pred_h(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    __m128i left = load16(edge - 16); /* left neighbour of row y in byte 15 - y */
    AVO_UNROLL
    for (int y = 0; y < n; y++) {
        __m128i v = _mm_shuffle_epi8(left, _mm_set1_epi8((char)(15 - y)));
        if (n == 16)
            store16(dst + y * stride, v);
        else
            store_n(dst + y * stride, n, v);
    }
}

AVO_INLINE void pred_dc(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    int log2_n = n == 16 ? 4 : n == 8 ? 3 : 2;
    fill(dst, stride, n, (sum_n(edge - n, n) + sum_n(edge + 1, n) + n) >> (log2_n + 1));
}

AVO_INLINE void pred_dc_left(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    int log2_n = n == 16 ? 4 : n == 8 ? 3 : 2;
    fill(dst, stride, n, (sum_n(edge - n, n) + n / 2) >> log2_n);
}

AVO_INLINE void pred_dc_top(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    int log2_n = n == 16 ? 4 : n == 8 ? 3 : 2;
    fill(dst, stride, n, (sum_n(edge + 1, n) + n / 2) >> log2_n);
}

AVO_INLINE void pred_dc_128(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    (void)edge;
    fill(dst, stride, n, 128);
}

/* ---- directional modes, n 4 or 8; names as in the C version ---- */

/* Row y: v shifted down by first - y * step bytes or so; a constant shift once unrolled. */
#define SHIFT_CASE(k)                                                                             \
    case k: return _mm_srli_si128(v, k);

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
    default: return v;
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

AVO_INLINE void pred_ddl(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    __m128i t = avg3(load16(edge + 1), top_shifted(edge, n, 1), top_shifted(edge, n, 2));
    AVO_UNROLL
    for (int y = 0; y < n; y++)
        store_n(dst + y * stride, n, shift_bytes(t, y));
}

AVO_INLINE void pred_ddr(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    __m128i t = tap3(edge - n);
    AVO_UNROLL
    for (int y = 0; y < n; y++)
        store_n(dst + y * stride, n, shift_bytes(t, n - y));
}

/* Even rows: 2-tap averages, pushed right by one every two rows; odd rows: 3-tap. What comes in on
 * the left are 3-tap averages down the left edge, every other one. */
AVO_INLINE void pred_vr(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    __m128i t = tap3(edge - n), even, odd;
    if (n == 8) {
        even = _mm_shuffle_epi8(t, _mm_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                                7, 5, 3));
        even = _mm_or_si128(even, _mm_slli_si128(tap2(edge), 3));
        odd = _mm_shuffle_epi8(t, _mm_set_epi8(-1, -1, -1, -1, -1, 15, 14, 13, 12, 11, 10, 9, 8, 6,
                                               4, 2));
    } else {
        even = _mm_shuffle_epi8(t, _mm_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                                -1, -1, 3));
        even = _mm_or_si128(even, _mm_slli_si128(tap2(edge), 1));
        odd = _mm_shuffle_epi8(t, _mm_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 7, 6, 5,
                                               4, 2));
    }
    AVO_UNROLL
    for (int j = 0; j < n / 2; j++) {
        store_n(dst + 2 * j * stride, n, shift_bytes(even, n / 2 - 1 - j));
        store_n(dst + (2 * j + 1) * stride, n, shift_bytes(odd, n / 2 - 1 - j));
    }
}

/* One line of 2-tap and 3-tap averages in turn, up the left edge, then 3-tap ones along the top;
 * each row starts two further back than the one above. */
AVO_INLINE void pred_hd(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    __m128i t = tap3(edge - n + 1);                                  /* from index 1 - n */
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
        store_n(dst + y * stride, n, v);
    }
}

AVO_INLINE void pred_vl(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    __m128i even = tap2(edge + 1), odd = tap3(edge + 2);
    AVO_UNROLL
    for (int j = 0; j < n / 2; j++) {
        store_n(dst + 2 * j * stride, n, shift_bytes(even, j));
        store_n(dst + (2 * j + 1) * stride, n, shift_bytes(odd, j));
    }
}

/* As HD, but down the left edge; past the end the last sample repeats. */
AVO_INLINE void pred_hu(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
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
        store_n(dst + y * stride, n, v);
    }
}

#define DEFINE_PRED(mode, n)                                                                      \
    static void pred_##mode##_##n(pixel *dst, ptrdiff_t stride, const pixel *edge)                \
    {                                                                                             \
        pred_##mode(dst, stride, edge, n);                                                        \
    }

#define DEFINE_ALL_SIZES(mode)                                                                    \
    DEFINE_PRED(mode, 4)                                                                          \
    DEFINE_PRED(mode, 8)                                                                          \
    DEFINE_PRED(mode, 16)

#define DEFINE_SMALL(mode)                                                                        \
    DEFINE_PRED(mode, 4)                                                                          \
    DEFINE_PRED(mode, 8)

DEFINE_ALL_SIZES(v)
DEFINE_ALL_SIZES(h)
DEFINE_ALL_SIZES(dc)
DEFINE_ALL_SIZES(dc_left)
DEFINE_ALL_SIZES(dc_top)
DEFINE_ALL_SIZES(dc_128)
DEFINE_SMALL(ddl)
DEFINE_SMALL(ddr)
DEFINE_SMALL(vr)
DEFINE_SMALL(hd)
DEFINE_SMALL(vl)
DEFINE_SMALL(hu)

/* ---- plane ---- */

/* Sum over 8-bit samples times signed bytes. */
AVO_INLINE int weighted_sum(__m128i samples, __m128i weights)
{
    __m128i pairs = _mm_maddubs_epi16(samples, weights);
    return hsum_epi32(_mm_madd_epi16(pairs, _mm_set1_epi16(1)));
}

/* Lanes 0 .. 7 times b plus base; nothing leaves 16 bits (8.3.3.4: at most 16 * 510 + 16 * 717). */
AVO_INLINE __m128i ramp(int base, int b)
{
    const __m128i steps = _mm_set_epi16(7, 6, 5, 4, 3, 2, 1, 0);
    return _mm_add_epi16(_mm_set1_epi16((short)base),
                         _mm_mullo_epi16(steps, _mm_set1_epi16((short)b)));
}

static void pred_plane_16(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    /* weights of line indices 0 .. 15 and -16 .. -1; the two ends come by hand */
    const __m128i w_top = _mm_set_epi8(7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, -6, -7, -8);
    const __m128i w_left = _mm_set_epi8(-7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8);
    int sum_h = weighted_sum(load16(edge), w_top) + 8 * edge[16];
    int sum_v = weighted_sum(load16(edge - 16), w_left) - 8 * edge[0];
    int a = 16 * (edge[-16] + edge[16]);
    int b = (5 * sum_h + 32) >> 6, c = (5 * sum_v + 32) >> 6;
    __m128i lo = ramp(a - 7 * b - 7 * c + 16, b), hi = ramp(a + b - 7 * c + 16, b);
    const __m128i down = _mm_set1_epi16((short)c);
    for (int y = 0; y < 16; y++, dst += stride) {
        store16(dst, _mm_packus_epi16(_mm_srai_epi16(lo, 5), _mm_srai_epi16(hi, 5)));
        lo = _mm_add_epi16(lo, down);
        hi = _mm_add_epi16(hi, down);
    }
}

static void pred_plane_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    const __m128i w_top = _mm_set_epi8(0, 0, 0, 0, 0, 0, 0, 4, 3, 2, 1, 0, -1, -2, -3, -4);
    const __m128i w_left = _mm_set_epi8(0, 0, 0, 0, 0, 0, 0, -4, -3, -2, -1, 0, 1, 2, 3, 4);
    int sum_h = weighted_sum(load16(edge), w_top);      /* line indices 0 .. 8  */
    int sum_v = weighted_sum(load16(edge - 8), w_left); /* line indices -8 .. 0 */
    int a = 16 * (edge[-8] + edge[8]);
    int b = (34 * sum_h + 32) >> 6, c = (34 * sum_v + 32) >> 6;
    __m128i row = ramp(a - 3 * b - 3 * c + 16, b);
    const __m128i down = _mm_set1_epi16((short)c);
    for (int y = 0; y < 8; y++, dst += stride) {
        __m128i v = _mm_srai_epi16(row, 5);
        store8(dst, _mm_packus_epi16(v, v));
        row = _mm_add_epi16(row, down);
    }
}

/* ---- chroma DC ---- */

/* Upper and lower rows of the block: two DCs of 4 columns each. */
AVO_INLINE void fill_quarters(pixel *dst, ptrdiff_t stride, int dc00, int dc10, int dc01, int dc11)
{
    uint64_t ones = 0x01010101u;
    uint64_t upper = (uint64_t)dc00 * ones | (uint64_t)dc10 * (ones << 32);
    uint64_t lower = (uint64_t)dc01 * ones | (uint64_t)dc11 * (ones << 32);
    AVO_UNROLL
    for (int y = 0; y < 4; y++) {
        avo_store_u64(dst + y * stride, upper);
        avo_store_u64(dst + (y + 4) * stride, lower);
    }
}

static void pred_dc_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    int left0 = sum_n(edge - 4, 4), left1 = sum_n(edge - 8, 4);
    int top0 = sum_n(edge + 1, 4), top1 = sum_n(edge + 5, 4);
    fill_quarters(dst, stride, (left0 + top0 + 4) >> 3, (top1 + 2) >> 2, (left1 + 2) >> 2,
                  (left1 + top1 + 4) >> 3);
}

static void pred_dc_left_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    int dc0 = (sum_n(edge - 4, 4) + 2) >> 2, dc1 = (sum_n(edge - 8, 4) + 2) >> 2;
    fill_quarters(dst, stride, dc0, dc0, dc1, dc1);
}

static void pred_dc_top_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    int dc0 = (sum_n(edge + 1, 4) + 2) >> 2, dc1 = (sum_n(edge + 5, 4) + 2) >> 2;
    fill_quarters(dst, stride, dc0, dc1, dc0, dc1);
}

/* ---- 8.3.2.2.1: what does not exist is filtered too, from rubbish ---- */

static void filter_edge_8x8(pixel *out_edge, const pixel *edge, unsigned have)
{
    const __m128i next = _mm_set_epi8(15, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
    const __m128i repeat = _mm_set_epi8(7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m128i previous = _mm_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, 6, 5, 4, 3, 2, 1, 0, 0);
    bool has_corner = have & AVO_EDGE_CORNER;
    __m128i top = load16(edge + 1), left = load8(edge - 8);

    if (!(have & AVO_EDGE_TOPRIGHT))
        top = _mm_shuffle_epi8(top, repeat);
    __m128i before = _mm_insert_epi8(_mm_slli_si128(top, 1), has_corner ? edge[0] : edge[1], 0);
    __m128i above = _mm_insert_epi8(_mm_srli_si128(left, 1), has_corner ? edge[0] : edge[-1], 7);
    store16(out_edge + 1, avg3(before, top, _mm_shuffle_epi8(top, next)));
    store8(out_edge - 8, avg3(_mm_shuffle_epi8(left, previous), left, above));

    int corner_top = have & AVO_EDGE_TOP ? edge[1] : edge[0];
    int corner_left = have & AVO_EDGE_LEFT ? edge[-1] : edge[0];
    out_edge[0] = (pixel)((corner_top + 2 * edge[0] + corner_left + 2) >> 2);
}

AVO_TARGET_END

void AVO_BPC(avo_intra_init_sse41)(AvoDsp *dsp)
{
#define SET_SMALL(table, n)                                                                       \
    table[AVO_I4_V] = pred_v_##n;                                                                 \
    table[AVO_I4_H] = pred_h_##n;                                                                 \
    table[AVO_I4_DC] = pred_dc_##n;                                                               \
    table[AVO_I4_DDL] = pred_ddl_##n;                                                             \
    table[AVO_I4_DDR] = pred_ddr_##n;                                                             \
    table[AVO_I4_VR] = pred_vr_##n;                                                               \
    table[AVO_I4_HD] = pred_hd_##n;                                                               \
    table[AVO_I4_VL] = pred_vl_##n;                                                               \
    table[AVO_I4_HU] = pred_hu_##n;                                                               \
    table[AVO_I4_DC_LEFT] = pred_dc_left_##n;                                                     \
    table[AVO_I4_DC_TOP] = pred_dc_top_##n;                                                       \
    table[AVO_I4_DC_128] = pred_dc_128_##n;

    SET_SMALL(dsp->intra_4x4, 4)
    SET_SMALL(dsp->intra_8x8, 8)
    dsp->filter_edge_8x8 = filter_edge_8x8;

    dsp->intra_16x16[AVO_I16_V] = pred_v_16;
    dsp->intra_16x16[AVO_I16_H] = pred_h_16;
    dsp->intra_16x16[AVO_I16_DC] = pred_dc_16;
    dsp->intra_16x16[AVO_I16_PLANE] = pred_plane_16;
    dsp->intra_16x16[AVO_I16_DC_LEFT] = pred_dc_left_16;
    dsp->intra_16x16[AVO_I16_DC_TOP] = pred_dc_top_16;
    dsp->intra_16x16[AVO_I16_DC_128] = pred_dc_128_16;

    dsp->intra_chroma[AVO_IC_DC] = pred_dc_chroma;
    dsp->intra_chroma[AVO_IC_H] = pred_h_8;
    dsp->intra_chroma[AVO_IC_V] = pred_v_8;
    dsp->intra_chroma[AVO_IC_PLANE] = pred_plane_chroma;
    dsp->intra_chroma[AVO_IC_DC_LEFT] = pred_dc_left_chroma;
    dsp->intra_chroma[AVO_IC_DC_TOP] = pred_dc_top_chroma;
    dsp->intra_chroma[AVO_IC_DC_128] = pred_dc_128_8;
}

#else

void AVO_BPC(avo_intra_init_sse41)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
