/* Loop filter, AVX2: luma edges with both sides of the edge in one register, the p sample of a
 * line in the lower and the q sample at the same distance in the upper half. The filter is
 * symmetric, so one pass does both; only delta of the normal filter, which is shared, is worked
 * out in 128 bits. See deblock_sse41.c for the byte arithmetic. */
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_AVX2

/* [a | b] to [b | a] */
AVO_INLINE __m256i swap_sides(__m256i v)
{
    return _mm256_permute2x128_si256(v, v, 0x01);
}

/* How far |a - b| is beyond the limit; 0 where it is not. */
AVO_INLINE __m256i excess(__m256i a, __m256i b, __m256i limit)
{
    __m256i diff = _mm256_or_si256(_mm256_subs_epu8(a, b), _mm256_subs_epu8(b, a));
    return _mm256_subs_epu8(diff, limit);
}

/* 0xff where |a - b| < limit + 1. */
AVO_INLINE __m256i is_near(__m256i a, __m256i b, __m256i limit)
{
    return _mm256_cmpeq_epi8(excess(a, b, limit), _mm256_setzero_si256());
}

AVO_INLINE __m256i low_bit(__m256i v)
{
    return _mm256_and_si256(v, _mm256_set1_epi8(1));
}

/* (a + b) >> 1 */
AVO_INLINE __m256i mean_floor(__m256i a, __m256i b)
{
    return _mm256_sub_epi8(_mm256_avg_epu8(a, b), low_bit(_mm256_xor_si256(a, b)));
}

/* (a + b + c + d + 2) >> 2 */
AVO_INLINE __m256i mean4(__m256i a, __m256i b, __m256i c, __m256i d)
{
    __m256i u = _mm256_avg_epu8(a, b), v = _mm256_avg_epu8(c, d);
    __m256i rounded = _mm256_or_si256(_mm256_xor_si256(a, b), _mm256_xor_si256(c, d));
    return _mm256_sub_epi8(_mm256_avg_epu8(u, v),
                           low_bit(_mm256_and_si256(rounded, _mm256_xor_si256(u, v))));
}

/* filterSamplesFlag but for bS, the same in both halves. other0: samples 0 with sides swapped. */
AVO_INLINE __m256i edge_mask(__m256i s1, __m256i s0, __m256i other0, int alpha, int beta)
{
    __m256i across = excess(s0, other0, _mm256_set1_epi8((char)(alpha - 1)));
    __m256i inside = excess(s1, s0, _mm256_set1_epi8((char)(beta - 1)));
    inside = _mm256_or_si256(inside, swap_sides(inside));
    return _mm256_cmpeq_epi8(_mm256_or_si256(across, inside), _mm256_setzero_si256());
}

/* Changes of p0 upwards in the lower half, downwards in the upper half; q0 gets the reverse. */
AVO_INLINE __m256i clipped_delta(__m256i s1, __m256i s0, __m128i tc)
{
    const __m128i ones = _mm_set1_epi8(-1), bias = _mm_set1_epi8((char)161);
    __m128i p1 = _mm256_castsi256_si128(s1), q1 = _mm256_extracti128_si256(s1, 1);
    __m128i p0 = _mm256_castsi256_si128(s0), q0 = _mm256_extracti128_si256(s0, 1);
    __m128i l = _mm_and_si128(_mm_xor_si128(q0, p0), _mm_set1_epi8(1));
    __m128i outer = _mm_avg_epu8(_mm_avg_epu8(p1, _mm_xor_si128(q1, ones)), _mm_set1_epi8(3));
    __m128i sum = _mm_adds_epu8(_mm_avg_epu8(q0, _mm_xor_si128(p0, ones)), _mm_avg_epu8(outer, l));
    __m128i up = _mm_min_epu8(_mm_subs_epu8(sum, bias), tc);
    __m128i down = _mm_min_epu8(_mm_subs_epu8(bias, sum), tc);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(up), down, 1);
}

/* 8.7.2.3: s2, s1, s0 hold the samples at distance 2, 1, 0 from the edge, [p | q]. */
AVO_INLINE void filter_luma(__m256i s2, __m256i *s1, __m256i *s0, int alpha, int beta,
                            const int8_t tc0[4])
{
    const __m256i spread =
        _mm256_broadcastsi128_si256(_mm_set_epi8(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0));
    __m256i tc = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(load4(tc0)), spread);
    __m256i other0 = swap_sides(*s0);
    __m256i mask = _mm256_and_si256(edge_mask(*s1, *s0, other0, alpha, beta),
                                    _mm256_cmpgt_epi8(tc, _mm256_set1_epi8(-1)));
    __m256i flat = _mm256_and_si256(is_near(s2, *s0, _mm256_set1_epi8((char)(beta - 1))), mask);
    /* tc0 + ap + aq */
    __m128i tc_edge =
        _mm_sub_epi8(_mm256_castsi256_si128(_mm256_sub_epi8(_mm256_and_si256(tc, mask), flat)),
                     _mm256_extracti128_si256(flat, 1));
    __m256i up_down = clipped_delta(*s1, *s0, tc_edge);

    __m256i tc1 = _mm256_and_si256(tc, flat);
    __m256i v = mean_floor(s2, _mm256_avg_epu8(*s0, other0));
    *s1 =
        _mm256_min_epu8(_mm256_max_epu8(v, _mm256_subs_epu8(*s1, tc1)), _mm256_adds_epu8(*s1, tc1));
    *s0 = _mm256_subs_epu8(_mm256_adds_epu8(*s0, up_down), swap_sides(up_down));
}

/* (2 a1 + a0 + b1 + 2) >> 2: bS 4 where only the sample at the edge changes. */
AVO_INLINE __m256i weak_a0(__m256i a1, __m256i a0, __m256i b1)
{
    return _mm256_avg_epu8(a1, mean_floor(a0, b1));
}

/* 8.7.2.4 */
AVO_INLINE void filter_luma_intra(__m256i s3, __m256i *s2, __m256i *s1, __m256i *s0, int alpha,
                                  int beta)
{
    __m256i x0 = *s0, x1 = *s1, x2 = *s2, b0 = swap_sides(x0), b1 = swap_sides(x1);
    __m256i mask = edge_mask(x1, x0, b0, alpha, beta);
    __m256i strong = is_near(x0, b0, _mm256_set1_epi8((char)((alpha >> 2) + 1)));
    strong = _mm256_and_si256(strong, is_near(x2, x0, _mm256_set1_epi8((char)(beta - 1))));
    strong = _mm256_and_si256(strong, mask);

    __m256i weak0 = weak_a0(x1, x0, b1);
    __m256i strong0 = mean4(mean_floor(x2, b1), x1, x0, b0);
    __m256i strong1 = mean4(x2, x1, x0, b0);
    __m256i dropped = low_bit(_mm256_and_si256(_mm256_xor_si256(x2, x1), _mm256_xor_si256(x0, b0)));
    __m256i strong2 =
        mean4(s3, x2, _mm256_add_epi8(mean_floor(x2, x1), dropped), mean_floor(x0, b0));

    *s0 = _mm256_blendv_epi8(x0, _mm256_blendv_epi8(weak0, strong0, strong), mask);
    *s1 = _mm256_blendv_epi8(x1, strong1, strong);
    *s2 = _mm256_blendv_epi8(x2, strong2, strong);
}

/* ---- horizontal edges ---- */

AVO_INLINE __m256i load_sides(const pixel *pix, ptrdiff_t stride, int distance)
{
    return load16x2(pix - (distance + 1) * stride, pix + distance * stride);
}

AVO_INLINE void store_sides(pixel *pix, ptrdiff_t stride, int distance, __m256i v)
{
    store16(pix - (distance + 1) * stride, _mm256_castsi256_si128(v));
    store16(pix + distance * stride, _mm256_extracti128_si256(v, 1));
}

static void deblock_luma_h(pixel *pix, ptrdiff_t stride, int alpha, int beta, const int8_t tc0[4])
{
    if (!alpha || !beta)
        return;
    __m256i s0 = load_sides(pix, stride, 0), s1 = load_sides(pix, stride, 1);
    filter_luma(load_sides(pix, stride, 2), &s1, &s0, alpha, beta, tc0);
    store_sides(pix, stride, 0, s0);
    store_sides(pix, stride, 1, s1);
}

static void deblock_luma_intra_h(pixel *pix, ptrdiff_t stride, int alpha, int beta)
{
    if (!alpha || !beta)
        return;
    __m256i s0 = load_sides(pix, stride, 0), s1 = load_sides(pix, stride, 1);
    __m256i s2 = load_sides(pix, stride, 2);
    filter_luma_intra(load_sides(pix, stride, 3), &s2, &s1, &s0, alpha, beta);
    store_sides(pix, stride, 0, s0);
    store_sides(pix, stride, 1, s1);
    store_sides(pix, stride, 2, s2);
}

/* ---- vertical edges of bS 4 ----
 *
 * Those of less are no quicker than in deblock_sse41.c: most of their time goes into the
 * transposition. */

/* [0, 1 | 2, 3], 8 bytes of each row. Loads that repeat themselves and blends leave the unit that
 * shuffles to the transposition. */
AVO_INLINE __m256i load8x4(const pixel *p, ptrdiff_t stride)
{
    __m256i r0 = _mm256_castsi128_si256(load8(p));
    __m256i r1 = _mm256_set1_epi64x((long long)avo_load_u64(p + stride));
    __m256i r2 = _mm256_set1_epi64x((long long)avo_load_u64(p + 2 * stride));
    __m256i r3 = _mm256_set1_epi64x((long long)avo_load_u64(p + 3 * stride));
    return _mm256_blend_epi32(_mm256_blend_epi32(r0, r1, 0x0c), _mm256_blend_epi32(r2, r3, 0xc0),
                              0xf0);
}

/* 16 rows of p3 .. q3 to s[0] .. s[3], s[i] = [p_i | q_i] of 16 rows. */
AVO_INLINE void load_columns(__m256i s[4], const pixel *p, ptrdiff_t stride)
{
    __m256i r[4], a[4], b[4];
    AVO_UNROLL
    for (int i = 0; i < 4; i++) /* [row i, i + 4 | row i + 8, i + 12] */
        r[i] = load8x4(p + i * stride, 4 * stride);
    AVO_UNROLL
    for (int i = 0; i < 2; i++) { /* rows i, i + 2 woven; a[2], a[3]: 4 rows further down */
        a[i] = _mm256_unpacklo_epi8(r[i], r[i + 2]);
        a[i + 2] = _mm256_unpackhi_epi8(r[i], r[i + 2]);
    }
    AVO_UNROLL
    for (int i = 0; i < 4; i += 2) { /* 4 rows per 32 bits; columns 0-3, columns 4-7 */
        b[i] = _mm256_unpacklo_epi8(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_epi8(a[i], a[i + 1]);
    }
    /* [c0 c1 of rows 0-7 | of rows 8-15] and so on, then whole columns [c0 | c1] */
    __m256i c01 = _mm256_permute4x64_epi64(_mm256_unpacklo_epi32(b[0], b[2]), 0xd8);
    __m256i c23 = _mm256_permute4x64_epi64(_mm256_unpackhi_epi32(b[0], b[2]), 0xd8);
    __m256i c45 = _mm256_permute4x64_epi64(_mm256_unpacklo_epi32(b[1], b[3]), 0xd8);
    __m256i c67 = _mm256_permute4x64_epi64(_mm256_unpackhi_epi32(b[1], b[3]), 0xd8);
    s[0] = _mm256_permute2x128_si256(c23, c45, 0x21); /* [c3 | c4] */
    s[1] = _mm256_blend_epi32(c23, c45, 0xf0);        /* [c2 | c5] */
    s[2] = _mm256_permute2x128_si256(c01, c67, 0x21); /* [c1 | c6] */
    s[3] = _mm256_blend_epi32(c01, c67, 0xf0);        /* [c0 | c7] */
}

/* [p3 .. p0 of 4 rows | q0 .. q3 of 4 rows] to 4 rows of 8. */
AVO_INLINE void store_rows_8(pixel *p, ptrdiff_t stride, __m256i v)
{
    v = _mm256_permutevar8x32_epi32(v, _mm256_set_epi32(7, 3, 6, 2, 5, 1, 4, 0));
    __m128i upper = _mm256_castsi256_si128(v), lower = _mm256_extracti128_si256(v, 1);
    store8(p, upper);
    store8_high(p + stride, upper);
    store8(p + 2 * stride, lower);
    store8_high(p + 3 * stride, lower);
}

static void deblock_luma_intra_v(pixel *pix, ptrdiff_t stride, int alpha, int beta)
{
    __m256i s[4], c[4];
    if (!alpha || !beta)
        return;
    load_columns(s, pix - 4, stride);
    filter_luma_intra(s[3], &s[2], &s[1], &s[0], alpha, beta);

    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        c[i] = _mm256_blend_epi32(s[3 - i], s[i], 0xf0); /* [p3 | q0] .. [p0 | q3] */
    __m256i lo01 = _mm256_unpacklo_epi8(c[0], c[1]), hi01 = _mm256_unpackhi_epi8(c[0], c[1]);
    __m256i lo23 = _mm256_unpacklo_epi8(c[2], c[3]), hi23 = _mm256_unpackhi_epi8(c[2], c[3]);
    store_rows_8(pix - 4, stride, _mm256_unpacklo_epi16(lo01, lo23));
    store_rows_8(pix - 4 + 4 * stride, stride, _mm256_unpackhi_epi16(lo01, lo23));
    store_rows_8(pix - 4 + 8 * stride, stride, _mm256_unpacklo_epi16(hi01, hi23));
    store_rows_8(pix - 4 + 12 * stride, stride, _mm256_unpackhi_epi16(hi01, hi23));
}

/* ---- the same, chroma: 8 lines in one register, [p1 p0 q0 q1 of rows 0-3 | of rows 4-7] ---- */

/* Rows a and b, 4 bytes each, in lanes 0 and 1 of each half. */
AVO_INLINE __m256i load_rows_4(const pixel *a, const pixel *b)
{
    return _mm256_blend_epi32(_mm256_set1_epi32((int)avo_load_u32(a)),
                              _mm256_set1_epi32((int)avo_load_u32(b)), 0xaa);
}

/* 4x4 bytes in each half, rows to columns and back. */
AVO_INLINE __m256i transpose_bytes(__m256i v)
{
    return _mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(_mm_set_epi8(
                                      15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0)));
}

AVO_INLINE __m256i load_chroma(const pixel *p, ptrdiff_t stride)
{
    const pixel *lower = p + 4 * stride;
    __m256i r01 = load_rows_4(p, p + stride);
    __m256i r23 = load_rows_4(p + 2 * stride, p + 3 * stride);
    __m256i r45 = load_rows_4(lower, lower + stride);
    __m256i r67 = load_rows_4(lower + 2 * stride, lower + 3 * stride);
    return transpose_bytes(_mm256_blend_epi32(_mm256_blend_epi32(r01, r23, 0x0c),
                                              _mm256_blend_epi32(r45, r67, 0xc0), 0xf0));
}

AVO_INLINE void store_chroma(pixel *p, ptrdiff_t stride, __m256i v)
{
    v = transpose_bytes(v);
    store4x4(p, stride, _mm256_castsi256_si128(v));
    store4x4(p + 4 * stride, stride, _mm256_extracti128_si256(v, 1));
}

/* The four columns in another order. */
#define COLUMNS(v, c0, c1, c2, c3) _mm256_shuffle_epi32(v, _MM_SHUFFLE(c3, c2, c1, c0))

/* The edge_mask() of this order, right in the columns p0 and q0.
 * inner: p1 and q1 in their place. */
AVO_INLINE __m256i chroma_mask(__m256i v, __m256i inner, int alpha, int beta)
{
    __m256i across = excess(v, COLUMNS(v, 3, 2, 1, 0), _mm256_set1_epi8((char)(alpha - 1)));
    __m256i inside = excess(v, inner, _mm256_set1_epi8((char)(beta - 1)));
    inside = _mm256_or_si256(inside, COLUMNS(inside, 3, 2, 1, 0));
    return _mm256_cmpeq_epi8(_mm256_or_si256(across, inside), _mm256_setzero_si256());
}

/* 8.7.2.4 */
static void deblock_chroma_intra_v(pixel *pix, ptrdiff_t stride, int alpha, int beta)
{
    if (!alpha || !beta)
        return;
    __m256i v = load_chroma(pix - 2, stride);
    __m256i inner = COLUMNS(v, 0, 0, 3, 3), beyond = COLUMNS(v, 3, 3, 0, 0);
    __m256i mask = chroma_mask(v, inner, alpha, beta);
    mask = _mm256_blend_epi32(_mm256_setzero_si256(), mask, 0x66);
    v = _mm256_blendv_epi8(v, weak_a0(inner, v, beyond), mask);
    store_chroma(pix - 2, stride, v);
}

AVO_TARGET_END

void AVO_BPC(avo_deblock_init_avx2)(AvoDsp *dsp)
{
    dsp->deblock_luma_h = deblock_luma_h;
    dsp->deblock_luma_intra_v = deblock_luma_intra_v;
    dsp->deblock_luma_intra_h = deblock_luma_intra_h;
    dsp->deblock_chroma_intra_v = deblock_chroma_intra_v;
}

#else

void AVO_BPC(avo_deblock_init_avx2)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
