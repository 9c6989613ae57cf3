/* Transforms, AVX2: the four 4x4 blocks of an 8x8 at once. A register holds one row of each block,
 * [left right] of the upper pair in its lower half and of the lower pair in its upper half; all
 * shuffles stay within the halves, as in transform_sse41.c for one pair. */
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_AVX2

AVO_INLINE void dct4(__m256i v[4])
{
    __m256i s03 = _mm256_add_epi16(v[0], v[3]), t03 = _mm256_sub_epi16(v[0], v[3]);
    __m256i s12 = _mm256_add_epi16(v[1], v[2]), t12 = _mm256_sub_epi16(v[1], v[2]);
    v[0] = _mm256_add_epi16(s03, s12);
    v[1] = _mm256_add_epi16(_mm256_add_epi16(t03, t03), t12);
    v[2] = _mm256_sub_epi16(s03, s12);
    v[3] = _mm256_sub_epi16(t03, _mm256_add_epi16(t12, t12));
}

/* 8.5.12.2 */
AVO_INLINE void idct4(__m256i v[4])
{
    __m256i e0 = _mm256_add_epi16(v[0], v[2]), e1 = _mm256_sub_epi16(v[0], v[2]);
    __m256i e2 = _mm256_sub_epi16(_mm256_srai_epi16(v[1], 1), v[3]);
    __m256i e3 = _mm256_add_epi16(v[1], _mm256_srai_epi16(v[3], 1));
    v[0] = _mm256_add_epi16(e0, e3);
    v[1] = _mm256_add_epi16(e1, e2);
    v[2] = _mm256_sub_epi16(e1, e2);
    v[3] = _mm256_sub_epi16(e0, e3);
}

/* Rows of pairs to v[0], v[1] = left blocks' [c0 c1] [c2 c3], v[2], v[3] = the right ones'. */
AVO_INLINE void split_columns(__m256i v[4])
{
    __m256i l01 = _mm256_unpacklo_epi16(v[0], v[1]), l23 = _mm256_unpacklo_epi16(v[2], v[3]);
    __m256i r01 = _mm256_unpackhi_epi16(v[0], v[1]), r23 = _mm256_unpackhi_epi16(v[2], v[3]);
    v[0] = _mm256_unpacklo_epi32(l01, l23);
    v[1] = _mm256_unpackhi_epi32(l01, l23);
    v[2] = _mm256_unpacklo_epi32(r01, r23);
    v[3] = _mm256_unpackhi_epi32(r01, r23);
}

/* [x0 x1] [x2 x3] of the left and of the right blocks to four registers [left xi, right xi]. */
AVO_INLINE void join_blocks(__m256i v[4])
{
    __m256i l01 = v[0], l23 = v[1], r01 = v[2], r23 = v[3];
    v[0] = _mm256_unpacklo_epi64(l01, r01);
    v[1] = _mm256_unpackhi_epi64(l01, r01);
    v[2] = _mm256_unpacklo_epi64(l23, r23);
    v[3] = _mm256_unpackhi_epi64(l23, r23);
}

/* [r0 r1] [r2 r3] to [c0 c1] [c2 c3] of one block per half. */
AVO_INLINE void transpose_4x4(__m256i *r01, __m256i *r23)
{
    __m256i even = _mm256_unpacklo_epi16(*r01, *r23); /* r0 woven with r2 */
    __m256i odd = _mm256_unpackhi_epi16(*r01, *r23);  /* r1 woven with r3 */
    *r01 = _mm256_unpacklo_epi16(even, odd);
    *r23 = _mm256_unpackhi_epi16(even, odd);
}

/* Rows y and y + 4 of 8 samples as 16-bit lanes. */
AVO_INLINE __m256i load_rows(const pixel *p, ptrdiff_t stride)
{
    return _mm256_cvtepu8_epi16(load8x2(p, p + 4 * stride));
}

static void sub_dct_4x4_x4(coef out[64], const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                           ptrdiff_t stride_pred)
{
    __m256i v[4];
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        v[y] = _mm256_sub_epi16(load_rows(cur + y * stride_cur, stride_cur),
                                load_rows(pred + y * stride_pred, stride_pred));
    dct4(v);
    split_columns(v);
    join_blocks(v);
    dct4(v);
    split_columns(
        v); /* columns to rows: v[0], v[1] rows 0-1, 2-3 of blocks 0 | 2; v[2], v[3] 1 | 3 */
    store32(out, _mm256_permute2x128_si256(v[0], v[1], 0x20));
    store32(out + 16, _mm256_permute2x128_si256(v[2], v[3], 0x20));
    store32(out + 32, _mm256_permute2x128_si256(v[0], v[1], 0x31));
    store32(out + 48, _mm256_permute2x128_si256(v[2], v[3], 0x31));
}

/* Rows y, y + 1 and y + 4, y + 5 of dst plus residuals. */
AVO_INLINE void add_rows(pixel *dst, ptrdiff_t stride, __m256i res0, __m256i res1)
{
    const __m256i round = _mm256_set1_epi16(32);
    res0 = _mm256_srai_epi16(_mm256_add_epi16(res0, round), 6);
    res1 = _mm256_srai_epi16(_mm256_add_epi16(res1, round), 6);
    __m256i v = _mm256_packus_epi16(_mm256_add_epi16(load_rows(dst, stride), res0),
                                    _mm256_add_epi16(load_rows(dst + stride, stride), res1));
    __m128i upper = _mm256_castsi256_si128(v), lower = _mm256_extracti128_si256(v, 1);
    store8(dst, upper);
    store8_high(dst + stride, upper);
    store8(dst + 4 * stride, lower);
    store8_high(dst + 5 * stride, lower);
}

static void add_idct_4x4_x4(pixel *dst, ptrdiff_t stride, const coef in[64])
{
    __m256i v[4] = {load16x2(in, in + 32), load16x2(in + 8, in + 40), load16x2(in + 16, in + 48),
                    load16x2(in + 24, in + 56)};
    transpose_4x4(&v[0], &v[1]);
    transpose_4x4(&v[2], &v[3]);
    join_blocks(v);
    idct4(v);
    split_columns(v);
    join_blocks(v);
    idct4(v);
    add_rows(dst, stride, v[0], v[1]);
    add_rows(dst + 2 * stride, stride, v[2], v[3]);
}

AVO_TARGET_END

void AVO_BPC(avo_transform_init_avx2)(AvoDsp *dsp)
{
    dsp->sub_dct_4x4_x4 = sub_dct_4x4_x4;
    dsp->add_idct_4x4_x4 = add_idct_4x4_x4;
}

#else

void AVO_BPC(avo_transform_init_avx2)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
