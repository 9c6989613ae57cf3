/* Loop filter, SSE4.1: a whole edge at once, 16 (luma) or 8 (chroma) lines as bytes of a
 * register, one register per distance from the edge. Vertical edges are transposed on the way in
 * and out.
 *
 * All arithmetic is on bytes; pavgb, (a + b + 1) >> 1, and corrections for the bits it rounds
 * away replace the wider sums of 8.7.2:
 *  - delta = (4 (q0 - p0) + (p1 - q1) + 4) >> 3. With d0 = q0 - p0 = 2 h + l (l its low bit) and
 *    d1 = p1 - q1 this is h + ((l + 1 + (d1 >> 2)) >> 1). pavgb(q0, 255 - p0) is h + 128,
 * pavgb(pavgb(p1, 255 - q1), 3) is (d1 >> 2) + 66, and averaging that with l gives the second
 * term + 33; so delta is a sum of two bytes - 161, and saturation only cuts what tc clips
 * anyway.
 *  - a rounded mean of four is the mean of two means, less one where that rounded up twice. */
#include "dsp/entries.h"
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_SSE41

AVO_INLINE __m128i abs_diff(__m128i a, __m128i b)
{
    return _mm_or_si128(_mm_subs_epu8(a, b), _mm_subs_epu8(b, a));
}

/* 0xff where |a - b| < limit + 1. */
AVO_INLINE __m128i is_near(__m128i a, __m128i b, __m128i limit)
{
    return _mm_cmpeq_epi8(_mm_subs_epu8(abs_diff(a, b), limit), _mm_setzero_si128());
}

/* Lowest bit of each byte. */
AVO_INLINE __m128i low_bit(__m128i v)
{
    return _mm_and_si128(v, _mm_set1_epi8(1));
}

/* (a + b) >> 1 */
AVO_INLINE __m128i mean_floor(__m128i a, __m128i b)
{
    return _mm_sub_epi8(_mm_avg_epu8(a, b), low_bit(_mm_xor_si128(a, b)));
}

/* (a + b + c + d + 2) >> 2 */
AVO_INLINE __m128i mean4(__m128i a, __m128i b, __m128i c, __m128i d)
{
    __m128i u = _mm_avg_epu8(a, b), v = _mm_avg_epu8(c, d);
    __m128i rounded = _mm_or_si128(_mm_xor_si128(a, b), _mm_xor_si128(c, d));
    return _mm_sub_epi8(_mm_avg_epu8(u, v), low_bit(_mm_and_si128(rounded, _mm_xor_si128(u, v))));
}

/* filterSamplesFlag but for bS; alpha, beta above 0. */
AVO_INLINE __m128i edge_mask(__m128i p1, __m128i p0, __m128i q0, __m128i q1, int alpha, int beta)
{
    const __m128i a = _mm_set1_epi8((char)(alpha - 1)), b = _mm_set1_epi8((char)(beta - 1));
    return _mm_and_si128(is_near(p0, q0, a), _mm_and_si128(is_near(p1, p0, b), is_near(q1, q0, b)));
}

/* p0 += delta, q0 -= delta, delta clipped to +-tc (tc 0: no change). */
AVO_INLINE void move_p0_q0(__m128i p1, __m128i *p0, __m128i *q0, __m128i q1, __m128i tc)
{
    const __m128i ones = _mm_set1_epi8(-1), bias = _mm_set1_epi8((char)161);
    __m128i l = low_bit(_mm_xor_si128(*q0, *p0));
    __m128i outer = _mm_avg_epu8(_mm_avg_epu8(p1, _mm_xor_si128(q1, ones)), _mm_set1_epi8(3));
    __m128i sum =
        _mm_adds_epu8(_mm_avg_epu8(*q0, _mm_xor_si128(*p0, ones)), _mm_avg_epu8(outer, l));
    __m128i up = _mm_min_epu8(_mm_subs_epu8(sum, bias), tc);
    __m128i down = _mm_min_epu8(_mm_subs_epu8(bias, sum), tc);
    *p0 = _mm_subs_epu8(_mm_adds_epu8(*p0, up), down);
    *q0 = _mm_subs_epu8(_mm_adds_epu8(*q0, down), up);
}

/* p1 + Clip3(-tc, tc, ((p2 + ((p0 + q0 + 1) >> 1)) >> 1) - p1), mean being the inner average. */
AVO_INLINE __m128i move_p1(__m128i p2, __m128i p1, __m128i mean, __m128i tc)
{
    __m128i v = mean_floor(p2, mean);
    return _mm_min_epu8(_mm_max_epu8(v, _mm_subs_epu8(p1, tc)), _mm_adds_epu8(p1, tc));
}

/* 8.7.2.3 for luma. v: p2 p1 p0 q0 q1 q2; tc0 per line, -1 where bS is 0. */
AVO_INLINE void filter_luma(__m128i v[6], int alpha, int beta, __m128i tc0)
{
    const __m128i b = _mm_set1_epi8((char)(beta - 1));
    __m128i p1 = v[1], q1 = v[4];
    __m128i mask = edge_mask(v[1], v[2], v[3], v[4], alpha, beta);
    mask = _mm_and_si128(mask, _mm_cmpgt_epi8(tc0, _mm_set1_epi8(-1)));
    __m128i ap = _mm_and_si128(is_near(v[0], v[2], b), mask);
    __m128i aq = _mm_and_si128(is_near(v[5], v[3], b), mask);
    __m128i mean = _mm_avg_epu8(v[2], v[3]);
    __m128i tc = _mm_sub_epi8(_mm_sub_epi8(_mm_and_si128(tc0, mask), ap), aq);

    v[1] = move_p1(v[0], p1, mean, _mm_and_si128(tc0, ap));
    v[4] = move_p1(v[5], q1, mean, _mm_and_si128(tc0, aq));
    move_p0_q0(p1, &v[2], &v[3], q1, tc);
}

AVO_INLINE void filter_chroma(__m128i v[4], int alpha, int beta, __m128i tc0)
{
    __m128i mask = edge_mask(v[0], v[1], v[2], v[3], alpha, beta);
    mask = _mm_and_si128(mask, _mm_cmpgt_epi8(tc0, _mm_set1_epi8(-1)));
    __m128i tc = _mm_and_si128(_mm_add_epi8(tc0, _mm_set1_epi8(1)), mask);
    move_p0_q0(v[0], &v[1], &v[2], v[3], tc);
}

/* (2 a1 + a0 + b1 + 2) >> 2: bS 4 where only the sample at the edge changes. */
AVO_INLINE __m128i weak_a0(__m128i a1, __m128i a0, __m128i b1)
{
    return _mm_avg_epu8(a1, mean_floor(a0, b1));
}

/* One side of 8.7.2.4: a[0], a[1], a[2], a[3] outwards from the edge, b0 and b1 beyond it. mask:
 * lines to filter at all, strong: those that get the long filter. */
AVO_INLINE void filter_strong_side(__m128i *a0, __m128i *a1, __m128i *a2, __m128i a3, __m128i b0,
                                   __m128i b1, __m128i mask, __m128i strong)
{
    __m128i x0 = *a0, x1 = *a1, x2 = *a2;
    /* (a2 + 2 a1 + 2 a0 + 2 b0 + b1 + 4) >> 3 = (((a2 + b1) >> 1) + a1 + a0 + b0 + 2) >> 2 */
    __m128i s0 = mean4(mean_floor(x2, b1), x1, x0, b0);
    __m128i s1 = mean4(x2, x1, x0, b0);
    /* (2 a3 + 3 a2 + a1 + a0 + b0 + 4) >> 3 = (a3 + a2 + ((a2 + a1 + a0 + b0) >> 1) + 2) >> 2; the
     * inner half sum is that of two floored means, plus one where both dropped a bit */
    __m128i dropped = low_bit(_mm_and_si128(_mm_xor_si128(x2, x1), _mm_xor_si128(x0, b0)));
    __m128i s2 = mean4(a3, x2, _mm_add_epi8(mean_floor(x2, x1), dropped), mean_floor(x0, b0));

    *a0 = _mm_blendv_epi8(x0, _mm_blendv_epi8(weak_a0(x1, x0, b1), s0, strong), mask);
    *a1 = _mm_blendv_epi8(x1, s1, strong);
    *a2 = _mm_blendv_epi8(x2, s2, strong);
}

/* v: p3 p2 p1 p0 q0 q1 q2 q3. */
AVO_INLINE void filter_luma_intra(__m128i v[8], int alpha, int beta)
{
    const __m128i b = _mm_set1_epi8((char)(beta - 1));
    __m128i p1 = v[2], p0 = v[3], q0 = v[4], q1 = v[5];
    __m128i mask = edge_mask(p1, p0, q0, q1, alpha, beta);
    __m128i small = _mm_and_si128(mask, is_near(p0, q0, _mm_set1_epi8((char)((alpha >> 2) + 1))));
    __m128i strong_p = _mm_and_si128(small, is_near(v[1], p0, b));
    __m128i strong_q = _mm_and_si128(small, is_near(v[6], q0, b));

    filter_strong_side(&v[3], &v[2], &v[1], v[0], q0, q1, mask, strong_p);
    filter_strong_side(&v[4], &v[5], &v[6], v[7], p0, p1, mask, strong_q);
}

AVO_INLINE void filter_chroma_intra(__m128i v[4], int alpha, int beta)
{
    __m128i mask = edge_mask(v[0], v[1], v[2], v[3], alpha, beta);
    __m128i p0 = weak_a0(v[0], v[1], v[3]), q0 = weak_a0(v[3], v[2], v[0]);
    v[1] = _mm_blendv_epi8(v[1], p0, mask);
    v[2] = _mm_blendv_epi8(v[2], q0, mask);
}

/* Each of the four values for 4 luma lines. */
AVO_INLINE __m128i spread_tc0_luma(const int8_t tc0[4])
{
    return _mm_shuffle_epi8(load4(tc0),
                            _mm_set_epi8(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0));
}

/* Each for 2 chroma lines; the upper half of the register does not matter. */
AVO_INLINE __m128i spread_tc0_chroma(const int8_t tc0[4])
{
    return _mm_shuffle_epi8(load4(tc0),
                            _mm_set_epi8(3, 3, 2, 2, 1, 1, 0, 0, 3, 3, 2, 2, 1, 1, 0, 0));
}

/* ---- horizontal edges ---- */

static void deblock_luma_h(pixel *pix, ptrdiff_t stride, int alpha, int beta, const int8_t tc0[4])
{
    __m128i v[6];
    if (!alpha || !beta)
        return;
    AVO_UNROLL
    for (int i = 0; i < 6; i++)
        v[i] = load16(pix + (i - 3) * stride);
    filter_luma(v, alpha, beta, spread_tc0_luma(tc0));
    AVO_UNROLL
    for (int i = 1; i < 5; i++)
        store16(pix + (i - 3) * stride, v[i]);
}

static void deblock_luma_intra_h(pixel *pix, ptrdiff_t stride, int alpha, int beta)
{
    __m128i v[8];
    if (!alpha || !beta)
        return;
    AVO_UNROLL
    for (int i = 0; i < 8; i++)
        v[i] = load16(pix + (i - 4) * stride);
    filter_luma_intra(v, alpha, beta);
    AVO_UNROLL
    for (int i = 1; i < 7; i++)
        store16(pix + (i - 4) * stride, v[i]);
}

AVO_INLINE void load_chroma_h(__m128i v[4], const pixel *pix, ptrdiff_t stride)
{
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        v[i] = load8(pix + (i - 2) * stride);
}

static void deblock_chroma_h(pixel *pix, ptrdiff_t stride, int alpha, int beta, const int8_t tc0[4])
{
    __m128i v[4];
    if (!alpha || !beta)
        return;
    load_chroma_h(v, pix, stride);
    filter_chroma(v, alpha, beta, spread_tc0_chroma(tc0));
    store8(pix - stride, v[1]);
    store8(pix, v[2]);
}

static void deblock_chroma_intra_h(pixel *pix, ptrdiff_t stride, int alpha, int beta)
{
    __m128i v[4];
    if (!alpha || !beta)
        return;
    load_chroma_h(v, pix, stride);
    filter_chroma_intra(v, alpha, beta);
    store8(pix - stride, v[1]);
    store8(pix, v[2]);
}

/* ---- vertical edges, luma ---- */

/* 16 rows of 8 samples from p to 8 columns of 16. */
AVO_INLINE void load_columns_8(__m128i c[8], const pixel *p, ptrdiff_t stride)
{
    __m128i r[8], a[8], b[8];
    AVO_UNROLL
    for (int i = 0; i < 8; i++)
        r[i] = load8x2(p + i * stride, p + (i + 8) * stride); /* [row i, row i + 8] */
    AVO_UNROLL
    for (int i = 0; i < 4; i++) { /* a[0..3]: rows 0-7, a[4..7]: rows 8-15 */
        a[i] = _mm_unpacklo_epi8(r[i], r[i + 4]);
        a[i + 4] = _mm_unpackhi_epi8(r[i], r[i + 4]);
    }
    AVO_UNROLL
    for (int i = 0; i < 8; i += 4) { /* b: rows 0 2 4 6 and 1 3 5 7, columns 0-3 and 4-7 */
        b[i] = _mm_unpacklo_epi8(a[i], a[i + 2]);
        b[i + 1] = _mm_unpackhi_epi8(a[i], a[i + 2]);
        b[i + 2] = _mm_unpacklo_epi8(a[i + 1], a[i + 3]);
        b[i + 3] = _mm_unpackhi_epi8(a[i + 1], a[i + 3]);
    }
    AVO_UNROLL
    for (int i = 0; i < 8; i += 4) { /* a: 8 rows in order, columns 0-1, 2-3, 4-5, 6-7 */
        a[i] = _mm_unpacklo_epi8(b[i], b[i + 2]);
        a[i + 1] = _mm_unpackhi_epi8(b[i], b[i + 2]);
        a[i + 2] = _mm_unpacklo_epi8(b[i + 1], b[i + 3]);
        a[i + 3] = _mm_unpackhi_epi8(b[i + 1], b[i + 3]);
    }
    AVO_UNROLL
    for (int i = 0; i < 4; i++) {
        c[2 * i] = _mm_unpacklo_epi64(a[i], a[i + 4]);
        c[2 * i + 1] = _mm_unpackhi_epi64(a[i], a[i + 4]);
    }
}

/* 4 columns of 16 samples to 16 rows of 4. */
AVO_INLINE void store_columns_4(pixel *p, ptrdiff_t stride, const __m128i c[4])
{
    __m128i lo01 = _mm_unpacklo_epi8(c[0], c[1]), hi01 = _mm_unpackhi_epi8(c[0], c[1]);
    __m128i lo23 = _mm_unpacklo_epi8(c[2], c[3]), hi23 = _mm_unpackhi_epi8(c[2], c[3]);
    store4x4(p, stride, _mm_unpacklo_epi16(lo01, lo23));
    store4x4(p + 4 * stride, stride, _mm_unpackhi_epi16(lo01, lo23));
    store4x4(p + 8 * stride, stride, _mm_unpacklo_epi16(hi01, hi23));
    store4x4(p + 12 * stride, stride, _mm_unpackhi_epi16(hi01, hi23));
}

/* Two rows of 8. */
AVO_INLINE void store_rows_8(pixel *p, ptrdiff_t stride, __m128i v)
{
    store8(p, v);
    store8_high(p + stride, v);
}

/* 8 columns of 16 samples to 16 rows of 8. */
AVO_INLINE void store_columns_8(pixel *p, ptrdiff_t stride, const __m128i c[8])
{
    __m128i a[8];
    AVO_UNROLL
    for (int i = 0; i < 4; i++) {
        a[i] = _mm_unpacklo_epi8(c[2 * i], c[2 * i + 1]);     /* columns 2i, 2i + 1, rows 0-7 */
        a[i + 4] = _mm_unpackhi_epi8(c[2 * i], c[2 * i + 1]); /* rows 8-15 */
    }
    AVO_UNROLL
    for (int i = 0; i < 8; i += 4, p += 8 * stride) {
        __m128i left = _mm_unpacklo_epi16(a[i], a[i + 1]); /* columns 0-3, rows 0-3 */
        __m128i right = _mm_unpacklo_epi16(a[i + 2], a[i + 3]);
        store_rows_8(p, stride, _mm_unpacklo_epi32(left, right));
        store_rows_8(p + 2 * stride, stride, _mm_unpackhi_epi32(left, right));
        left = _mm_unpackhi_epi16(a[i], a[i + 1]);
        right = _mm_unpackhi_epi16(a[i + 2], a[i + 3]);
        store_rows_8(p + 4 * stride, stride, _mm_unpacklo_epi32(left, right));
        store_rows_8(p + 6 * stride, stride, _mm_unpackhi_epi32(left, right));
    }
}

static void deblock_luma_v(pixel *pix, ptrdiff_t stride, int alpha, int beta, const int8_t tc0[4])
{
    __m128i v[8];
    if (!alpha || !beta)
        return;
    load_columns_8(v, pix - 4, stride);
    filter_luma(v + 1, alpha, beta, spread_tc0_luma(tc0));
    store_columns_4(pix - 2, stride, v + 2);
}

static void deblock_luma_intra_v(pixel *pix, ptrdiff_t stride, int alpha, int beta)
{
    __m128i v[8];
    if (!alpha || !beta)
        return;
    load_columns_8(v, pix - 4, stride);
    filter_luma_intra(v, alpha, beta);
    store_columns_8(pix - 4, stride, v);
}

/* ---- vertical edges, chroma ---- */

/* 4x4 bytes, rows to columns. */
AVO_INLINE __m128i transpose_bytes(__m128i v)
{
    return _mm_shuffle_epi8(v, _mm_set_epi8(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0));
}

/* 8 rows of 4 samples to p1 p0 q0 q1 in the low halves. */
AVO_INLINE void load_chroma_v(__m128i v[4], const pixel *pix, ptrdiff_t stride)
{
    __m128i upper = transpose_bytes(load4x4(pix - 2, stride));
    __m128i lower = transpose_bytes(load4x4(pix - 2 + 4 * stride, stride));
    v[0] = _mm_unpacklo_epi32(upper, lower); /* [p1 of 8 rows, p0 of 8 rows] */
    v[2] = _mm_unpackhi_epi32(upper, lower);
    v[1] = _mm_unpackhi_epi64(v[0], v[0]);
    v[3] = _mm_unpackhi_epi64(v[2], v[2]);
}

AVO_INLINE void store_chroma_v(pixel *pix, ptrdiff_t stride, const __m128i v[4])
{
    __m128i p = _mm_unpacklo_epi8(v[0], v[1]); /* p1 p0 of each row */
    __m128i q = _mm_unpacklo_epi8(v[2], v[3]);
    store4x4(pix - 2, stride, _mm_unpacklo_epi16(p, q));
    store4x4(pix - 2 + 4 * stride, stride, _mm_unpackhi_epi16(p, q));
}

static void deblock_chroma_v(pixel *pix, ptrdiff_t stride, int alpha, int beta, const int8_t tc0[4])
{
    __m128i v[4];
    if (!alpha || !beta)
        return;
    load_chroma_v(v, pix, stride);
    filter_chroma(v, alpha, beta, spread_tc0_chroma(tc0));
    store_chroma_v(pix, stride, v);
}

static void deblock_chroma_intra_v(pixel *pix, ptrdiff_t stride, int alpha, int beta)
{
    __m128i v[4];
    if (!alpha || !beta)
        return;
    load_chroma_v(v, pix, stride);
    filter_chroma_intra(v, alpha, beta);
    store_chroma_v(pix, stride, v);
}

/* ---- both chroma planes ---- */

AVO_INLINE void load_pair_h(__m128i v[4], const pixel *cb, const pixel *cr, ptrdiff_t stride)
{
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        v[i] = load8x2(cb + (i - 2) * stride, cr + (i - 2) * stride);
}

AVO_INLINE void store_pair_h(pixel *cb, pixel *cr, ptrdiff_t stride, const __m128i v[4])
{
    store8(cb - stride, v[1]);
    store8_high(cr - stride, v[1]);
    store8(cb, v[2]);
    store8_high(cr, v[2]);
}

static void deblock_pair_h(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha, int beta,
                           const int8_t tc0[4])
{
    __m128i v[4];
    if (!alpha || !beta)
        return;
    load_pair_h(v, cb, cr, stride);
    filter_chroma(v, alpha, beta, spread_tc0_chroma(tc0));
    store_pair_h(cb, cr, stride, v);
}

static void deblock_pair_intra_h(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha, int beta)
{
    __m128i v[4];
    if (!alpha || !beta)
        return;
    load_pair_h(v, cb, cr, stride);
    filter_chroma_intra(v, alpha, beta);
    store_pair_h(cb, cr, stride, v);
}

/* p1 p0 q0 q1 of rows 0-3 of Cb, rows 0-3 of Cr, rows 4-7 of Cb, rows 4-7 of Cr. */
AVO_INLINE void load_pair_v(__m128i v[4], const pixel *cb, const pixel *cr, ptrdiff_t stride)
{
    __m128i b0 = transpose_bytes(load4x4(cb - 2, stride));
    __m128i r0 = transpose_bytes(load4x4(cr - 2, stride));
    __m128i b4 = transpose_bytes(load4x4(cb - 2 + 4 * stride, stride));
    __m128i r4 = transpose_bytes(load4x4(cr - 2 + 4 * stride, stride));
    __m128i p0 = _mm_unpacklo_epi32(b0, r0), q0 = _mm_unpackhi_epi32(b0, r0);
    __m128i p4 = _mm_unpacklo_epi32(b4, r4), q4 = _mm_unpackhi_epi32(b4, r4);
    v[0] = _mm_unpacklo_epi64(p0, p4);
    v[1] = _mm_unpackhi_epi64(p0, p4);
    v[2] = _mm_unpacklo_epi64(q0, q4);
    v[3] = _mm_unpackhi_epi64(q0, q4);
}

AVO_INLINE void store_pair_v(pixel *cb, pixel *cr, ptrdiff_t stride, const __m128i v[4])
{
    __m128i p0 = _mm_unpacklo_epi8(v[0], v[1]), p4 = _mm_unpackhi_epi8(v[0], v[1]);
    __m128i q0 = _mm_unpacklo_epi8(v[2], v[3]), q4 = _mm_unpackhi_epi8(v[2], v[3]);
    store4x4(cb - 2, stride, _mm_unpacklo_epi16(p0, q0));
    store4x4(cr - 2, stride, _mm_unpackhi_epi16(p0, q0));
    store4x4(cb - 2 + 4 * stride, stride, _mm_unpacklo_epi16(p4, q4));
    store4x4(cr - 2 + 4 * stride, stride, _mm_unpackhi_epi16(p4, q4));
}

static void deblock_pair_v(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha, int beta,
                           const int8_t tc0[4])
{
    __m128i v[4];
    if (!alpha || !beta)
        return;
    load_pair_v(v, cb, cr, stride);
    filter_chroma(
        v, alpha, beta,
        _mm_shuffle_epi8(load4(tc0), _mm_set_epi8(3, 3, 2, 2, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1, 0, 0)));
    store_pair_v(cb, cr, stride, v);
}

static void deblock_pair_intra_v(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha, int beta)
{
    __m128i v[4];
    if (!alpha || !beta)
        return;
    load_pair_v(v, cb, cr, stride);
    filter_chroma_intra(v, alpha, beta);
    store_pair_v(cb, cr, stride, v);
}

AVO_TARGET_END

void AVO_BPC(avo_deblock_init_sse41)(AvoDsp *dsp)
{
    AVO_SET_DEBLOCK
    AVO_SET_DEBLOCK_PAIR
}

#else

void AVO_BPC(avo_deblock_init_sse41)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
