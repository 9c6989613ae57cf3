/* Transforms, SSE4.1. One 4x4 block lives in two registers of two rows each, [row0 row1] [row2
 * row3]; two blocks side by side and 8x8 blocks have a register per row. Butterflies run between
 * registers, so each direction but the vertical one needs a transposition before and after. */
#include "dsp/entries.h"
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_SSE41

/* ---- 4x4, one block ---- */

/* [r0 r1] [r2 r3] to [c0 c1] [c2 c3], rows and columns of four 16-bit lanes. */
AVO_INLINE void transpose_4x4(__m128i *r01, __m128i *r23)
{
    __m128i even = _mm_unpacklo_epi16(*r01, *r23); /* r0 woven with r2 */
    __m128i odd = _mm_unpackhi_epi16(*r01, *r23);  /* r1 woven with r3 */
    *r01 = _mm_unpacklo_epi16(even, odd);
    *r23 = _mm_unpackhi_epi16(even, odd);
}

AVO_INLINE __m128i swap_halves(__m128i v)
{
    return _mm_shuffle_epi32(v, _MM_SHUFFLE(1, 0, 3, 2));
}

/* Forward transform between rows. */
AVO_INLINE void dct4(__m128i *r01, __m128i *r23)
{
    __m128i r32 = swap_halves(*r23);
    __m128i s = _mm_add_epi16(*r01, r32); /* [s03 s12] */
    __m128i t = _mm_sub_epi16(*r01, r32); /* [t03 t12] */
    __m128i t2 = _mm_add_epi16(t, t);
    *r01 = _mm_add_epi16(_mm_unpacklo_epi64(s, t2), _mm_unpackhi_epi64(s, t));
    *r23 = _mm_sub_epi16(_mm_unpacklo_epi64(s, t), _mm_unpackhi_epi64(s, t2));
}

/* 8.5.12.2 between rows. */
AVO_INLINE void idct4(__m128i *r01, __m128i *r23)
{
    __m128i half01 = _mm_blend_epi16(*r01, _mm_srai_epi16(*r01, 1), 0xf0); /* [d0 d1/2] */
    __m128i half23 = _mm_blend_epi16(*r23, _mm_srai_epi16(*r23, 1), 0xf0); /* [d2 d3/2] */
    __m128i e03 = _mm_add_epi16(*r01, half23);                             /* [e0 e3] */
    __m128i e12 = _mm_sub_epi16(half01, *r23);                             /* [e1 e2] */
    __m128i e01 = _mm_unpacklo_epi64(e03, e12), e32 = _mm_unpackhi_epi64(e03, e12);
    *r01 = _mm_add_epi16(e01, e32);
    *r23 = swap_halves(_mm_sub_epi16(e01, e32));
}

/* Difference of two rows of 4 each. */
AVO_INLINE __m128i diff_4x2(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b)
{
    __m128i p = _mm_unpacklo_epi32(load4(a), load4(a + stride_a));
    __m128i q = _mm_unpacklo_epi32(load4(b), load4(b + stride_b));
    return _mm_sub_epi16(_mm_cvtepu8_epi16(p), _mm_cvtepu8_epi16(q));
}

static void sub_dct_4x4(coef out[16], const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                        ptrdiff_t stride_pred)
{
    __m128i r01 = diff_4x2(cur, stride_cur, pred, stride_pred);
    __m128i r23 = diff_4x2(cur + 2 * stride_cur, stride_cur, pred + 2 * stride_pred, stride_pred);
    dct4(&r01, &r23);
    transpose_4x4(&r01, &r23);
    dct4(&r01, &r23);
    transpose_4x4(&r01, &r23);
    store16(out, r01);
    store16(out + 8, r23);
}

/* Adds two rows of residual to two rows of 4 samples; 8 bytes. */
AVO_INLINE __m128i add_rows_4(const pixel *dst, ptrdiff_t stride, __m128i residual)
{
    __m128i p = _mm_unpacklo_epi32(load4(dst), load4(dst + stride));
    return _mm_add_epi16(_mm_cvtepu8_epi16(p), residual);
}

AVO_INLINE void add_block_4x4(pixel *dst, ptrdiff_t stride, __m128i r01, __m128i r23)
{
    __m128i v =
        _mm_packus_epi16(add_rows_4(dst, stride, r01), add_rows_4(dst + 2 * stride, stride, r23));
    store4(dst, v);
    avo_store_u32(dst + stride, (uint32_t)_mm_extract_epi32(v, 1));
    avo_store_u32(dst + 2 * stride, (uint32_t)_mm_extract_epi32(v, 2));
    avo_store_u32(dst + 3 * stride, (uint32_t)_mm_extract_epi32(v, 3));
}

/* (v + 32) >> 6 in 16 bits with wrap-around. */
AVO_INLINE __m128i round6(__m128i v)
{
    return _mm_srai_epi16(_mm_add_epi16(v, _mm_set1_epi16(32)), 6);
}

static void add_idct_4x4(pixel *dst, ptrdiff_t stride, const coef in[16])
{
    __m128i r01 = load16(in), r23 = load16(in + 8);
    transpose_4x4(&r01, &r23);
    idct4(&r01, &r23);
    transpose_4x4(&r01, &r23);
    idct4(&r01, &r23);
    add_block_4x4(dst, stride, round6(r01), round6(r23));
}

static void add_idct_4x4_dc(pixel *dst, ptrdiff_t stride, int dc)
{
    __m128i residual = round6(_mm_set1_epi16((short)dc));
    add_block_4x4(dst, stride, residual, residual);
}

/* ---- 4x4, two blocks side by side: a register per row, [left block, right block] ---- */

AVO_INLINE void dct4_pair(__m128i v[4])
{
    __m128i s03 = _mm_add_epi16(v[0], v[3]), t03 = _mm_sub_epi16(v[0], v[3]);
    __m128i s12 = _mm_add_epi16(v[1], v[2]), t12 = _mm_sub_epi16(v[1], v[2]);
    v[0] = _mm_add_epi16(s03, s12);
    v[1] = _mm_add_epi16(_mm_add_epi16(t03, t03), t12);
    v[2] = _mm_sub_epi16(s03, s12);
    v[3] = _mm_sub_epi16(t03, _mm_add_epi16(t12, t12));
}

AVO_INLINE void idct4_pair(__m128i v[4])
{
    __m128i e0 = _mm_add_epi16(v[0], v[2]), e1 = _mm_sub_epi16(v[0], v[2]);
    __m128i e2 = _mm_sub_epi16(_mm_srai_epi16(v[1], 1), v[3]);
    __m128i e3 = _mm_add_epi16(v[1], _mm_srai_epi16(v[3], 1));
    v[0] = _mm_add_epi16(e0, e3);
    v[1] = _mm_add_epi16(e1, e2);
    v[2] = _mm_sub_epi16(e1, e2);
    v[3] = _mm_sub_epi16(e0, e3);
}

/* Rows of two blocks to v[0], v[1] = left block's [c0 c1] [c2 c3], v[2], v[3] = the right one's. */
AVO_INLINE void split_columns(__m128i v[4])
{
    __m128i l01 = _mm_unpacklo_epi16(v[0], v[1]), l23 = _mm_unpacklo_epi16(v[2], v[3]);
    __m128i r01 = _mm_unpackhi_epi16(v[0], v[1]), r23 = _mm_unpackhi_epi16(v[2], v[3]);
    v[0] = _mm_unpacklo_epi32(l01, l23);
    v[1] = _mm_unpackhi_epi32(l01, l23);
    v[2] = _mm_unpacklo_epi32(r01, r23);
    v[3] = _mm_unpackhi_epi32(r01, r23);
}

/* [x0 x1] [x2 x3] of the left and of the right block to four registers [left xi, right xi]. */
AVO_INLINE void join_blocks(__m128i v[4])
{
    __m128i l01 = v[0], l23 = v[1], r01 = v[2], r23 = v[3];
    v[0] = _mm_unpacklo_epi64(l01, r01);
    v[1] = _mm_unpackhi_epi64(l01, r01);
    v[2] = _mm_unpacklo_epi64(l23, r23);
    v[3] = _mm_unpackhi_epi64(l23, r23);
}

AVO_INLINE __m128i diff_8(const pixel *a, const pixel *b)
{
    return _mm_sub_epi16(_mm_cvtepu8_epi16(load8(a)), _mm_cvtepu8_epi16(load8(b)));
}

AVO_INLINE void sub_dct_pair(coef out[32], const pixel *cur, ptrdiff_t stride_cur,
                             const pixel *pred, ptrdiff_t stride_pred)
{
    __m128i v[4];
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        v[y] = diff_8(cur + y * stride_cur, pred + y * stride_pred);
    dct4_pair(v);
    split_columns(v);
    join_blocks(v);
    dct4_pair(v);
    split_columns(v); /* columns to rows: left [r0 r1] [r2 r3], right [r0 r1] [r2 r3] */
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        store16(out + 8 * i, v[i]);
}

static void sub_dct_4x4_x4(coef out[64], const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                           ptrdiff_t stride_pred)
{
    sub_dct_pair(out, cur, stride_cur, pred, stride_pred);
    sub_dct_pair(out + 32, cur + 4 * stride_cur, stride_cur, pred + 4 * stride_pred, stride_pred);
}

/* Adds 8 residuals to 8 samples. */
AVO_INLINE void add_row_8(pixel *dst, __m128i residual)
{
    __m128i v = _mm_add_epi16(_mm_cvtepu8_epi16(load8(dst)), residual);
    store8(dst, _mm_packus_epi16(v, v));
}

AVO_INLINE void add_idct_pair(pixel *dst, ptrdiff_t stride, const coef in[32])
{
    __m128i v[4] = {load16(in), load16(in + 8), load16(in + 16), load16(in + 24)};
    transpose_4x4(&v[0], &v[1]);
    transpose_4x4(&v[2], &v[3]);
    join_blocks(v);
    idct4_pair(v);
    split_columns(v);
    join_blocks(v);
    idct4_pair(v);
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        add_row_8(dst + y * stride, round6(v[y]));
}

static void add_idct_4x4_x4(pixel *dst, ptrdiff_t stride, const coef in[64])
{
    add_idct_pair(dst, stride, in);
    add_idct_pair(dst + 4 * stride, stride, in + 32);
}

/* ---- 8x8 ---- */

AVO_INLINE void transpose_8x8(__m128i v[8])
{
    __m128i a[8], b[8];
    AVO_UNROLL
    for (int i = 0; i < 4; i++) { /* rows i and i + 4 woven */
        a[2 * i] = _mm_unpacklo_epi16(v[i], v[i + 4]);
        a[2 * i + 1] = _mm_unpackhi_epi16(v[i], v[i + 4]);
    }
    AVO_UNROLL
    for (int i = 0; i < 4; i++) { /* ... with i + 2 and i + 6 */
        b[2 * i] = _mm_unpacklo_epi16(a[i], a[i + 4]);
        b[2 * i + 1] = _mm_unpackhi_epi16(a[i], a[i + 4]);
    }
    AVO_UNROLL
    for (int i = 0; i < 4; i++) {
        v[2 * i] = _mm_unpacklo_epi16(b[i], b[i + 4]);
        v[2 * i + 1] = _mm_unpackhi_epi16(b[i], b[i + 4]);
    }
}

/* x + (x >> 1) */
AVO_INLINE __m128i times_1_5(__m128i x)
{
    return _mm_add_epi16(x, _mm_srai_epi16(x, 1));
}

/* Forward transform between registers. */
AVO_INLINE void dct8(__m128i v[8])
{
    __m128i a0 = _mm_add_epi16(v[0], v[7]), b0 = _mm_sub_epi16(v[0], v[7]);
    __m128i a1 = _mm_add_epi16(v[1], v[6]), b1 = _mm_sub_epi16(v[1], v[6]);
    __m128i a2 = _mm_add_epi16(v[2], v[5]), b2 = _mm_sub_epi16(v[2], v[5]);
    __m128i a3 = _mm_add_epi16(v[3], v[4]), b3 = _mm_sub_epi16(v[3], v[4]);
    __m128i s0 = _mm_add_epi16(a0, a3), s2 = _mm_sub_epi16(a0, a3);
    __m128i s1 = _mm_add_epi16(a1, a2), s3 = _mm_sub_epi16(a1, a2);
    __m128i t0 = _mm_add_epi16(_mm_add_epi16(b1, b2), times_1_5(b0));
    __m128i t1 = _mm_sub_epi16(_mm_sub_epi16(b0, b3), times_1_5(b2));
    __m128i t2 = _mm_sub_epi16(_mm_add_epi16(b0, b3), times_1_5(b1));
    __m128i t3 = _mm_add_epi16(_mm_sub_epi16(b1, b2), times_1_5(b3));
    v[0] = _mm_add_epi16(s0, s1);
    v[1] = _mm_add_epi16(t0, _mm_srai_epi16(t3, 2));
    v[2] = _mm_add_epi16(s2, _mm_srai_epi16(s3, 1));
    v[3] = _mm_add_epi16(t1, _mm_srai_epi16(t2, 2));
    v[4] = _mm_sub_epi16(s0, s1);
    v[5] = _mm_sub_epi16(t2, _mm_srai_epi16(t1, 2));
    v[6] = _mm_sub_epi16(_mm_srai_epi16(s2, 1), s3);
    v[7] = _mm_sub_epi16(_mm_srai_epi16(t0, 2), t3);
}

/* 8.5.13.2 between registers. */
AVO_INLINE void idct8(__m128i v[8])
{
    __m128i e0 = _mm_add_epi16(v[0], v[4]), e2 = _mm_sub_epi16(v[0], v[4]);
    __m128i e4 = _mm_sub_epi16(_mm_srai_epi16(v[2], 1), v[6]);
    __m128i e6 = _mm_add_epi16(v[2], _mm_srai_epi16(v[6], 1));
    __m128i e1 = _mm_sub_epi16(_mm_sub_epi16(v[5], v[3]), times_1_5(v[7]));
    __m128i e3 = _mm_sub_epi16(_mm_add_epi16(v[1], v[7]), times_1_5(v[3]));
    __m128i e5 = _mm_add_epi16(_mm_sub_epi16(v[7], v[1]), times_1_5(v[5]));
    __m128i e7 = _mm_add_epi16(_mm_add_epi16(v[3], v[5]), times_1_5(v[1]));
    __m128i f0 = _mm_add_epi16(e0, e6), f6 = _mm_sub_epi16(e0, e6);
    __m128i f2 = _mm_add_epi16(e2, e4), f4 = _mm_sub_epi16(e2, e4);
    __m128i f1 = _mm_add_epi16(e1, _mm_srai_epi16(e7, 2));
    __m128i f3 = _mm_add_epi16(e3, _mm_srai_epi16(e5, 2));
    __m128i f5 = _mm_sub_epi16(_mm_srai_epi16(e3, 2), e5);
    __m128i f7 = _mm_sub_epi16(e7, _mm_srai_epi16(e1, 2));
    v[0] = _mm_add_epi16(f0, f7);
    v[1] = _mm_add_epi16(f2, f5);
    v[2] = _mm_add_epi16(f4, f3);
    v[3] = _mm_add_epi16(f6, f1);
    v[4] = _mm_sub_epi16(f6, f1);
    v[5] = _mm_sub_epi16(f4, f3);
    v[6] = _mm_sub_epi16(f2, f5);
    v[7] = _mm_sub_epi16(f0, f7);
}

static void sub_dct_8x8(coef out[64], const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                        ptrdiff_t stride_pred)
{
    __m128i v[8];
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        v[y] = diff_8(cur + y * stride_cur, pred + y * stride_pred);
    dct8(v);
    transpose_8x8(v);
    dct8(v);
    transpose_8x8(v);
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        store16(out + 8 * y, v[y]);
}

static void add_idct_8x8(pixel *dst, ptrdiff_t stride, const coef in[64])
{
    __m128i v[8];
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        v[y] = load16(in + 8 * y);
    transpose_8x8(v);
    idct8(v);
    transpose_8x8(v);
    idct8(v);
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        add_row_8(dst + y * stride, round6(v[y]));
}

/* ---- DC of Intra 16x16 ---- */

/* Everything of the 4-point Hadamard between rows but its last additions: the results are
 * *sum + *diff = [out0 out1] and *sum - *diff = [out3 out2]. */
AVO_INLINE void hadamard4_start(__m128i r01, __m128i r23, __m128i *sum, __m128i *diff)
{
    __m128i s = _mm_add_epi16(r01, r23); /* [r0+r2 r1+r3] */
    __m128i d = _mm_sub_epi16(r01, r23); /* [r0-r2 r1-r3] */
    *sum = _mm_unpacklo_epi64(s, d);
    *diff = _mm_unpackhi_epi64(s, d);
}

AVO_INLINE void hadamard4(__m128i *r01, __m128i *r23)
{
    __m128i sum, diff;
    hadamard4_start(*r01, *r23, &sum, &diff);
    *r01 = _mm_add_epi16(sum, diff);
    *r23 = swap_halves(_mm_sub_epi16(sum, diff));
}

/* (a + b + 1) >> 1 of signed lanes. */
AVO_INLINE __m128i avg_epi16(__m128i a, __m128i b)
{
    const __m128i bias = _mm_set1_epi16((short)0x8000);
    return _mm_xor_si128(_mm_avg_epu16(_mm_xor_si128(a, bias), _mm_xor_si128(b, bias)), bias);
}

/* |dc| <= 4095: the second pass reaches +-32760 before its last additions, which average. */
static void hadamard_dc_4x4(coef dc[16])
{
    __m128i r01 = load16(dc), r23 = load16(dc + 8), sum, diff;
    hadamard4(&r01, &r23);
    transpose_4x4(&r01, &r23);
    hadamard4_start(r01, r23, &sum, &diff);
    r01 = avg_epi16(sum, diff);
    r23 = swap_halves(avg_epi16(sum, _mm_sub_epi16(_mm_setzero_si128(), diff)));
    transpose_4x4(&r01, &r23);
    store16(dc, r01);
    store16(dc + 8, r23);
}

static void ihadamard_dc_4x4(coef dc[16])
{
    __m128i r01 = load16(dc), r23 = load16(dc + 8);
    hadamard4(&r01, &r23);
    transpose_4x4(&r01, &r23);
    hadamard4(&r01, &r23);
    transpose_4x4(&r01, &r23);
    store16(dc, r01);
    store16(dc + 8, r23);
}

AVO_TARGET_END

void AVO_BPC(avo_transform_init_sse41)(AvoDsp *dsp)
{
    AVO_SET_TRANSFORM
    AVO_SET_TRANSFORM_8X8
}

#else

void AVO_BPC(avo_transform_init_sse41)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
