/* Transforms, NEON. Butterflies run between registers that hold a row each: one 4x4 block in half
 * registers, two side by side or an 8x8 in whole ones. */
#include "dsp/entries.h"
#include "dsp/arm/arm.h"

#ifdef AVO_ARM64

/* ---- 4x4 pairs: [left block, right block] per row ---- */

/* Rows to columns within each block. */
AVO_INLINE void transpose_4x4_pair(int16x8_t v[4])
{
    int32x4_t a = vreinterpretq_s32_s16(vtrn1q_s16(v[0], v[1]));
    int32x4_t b = vreinterpretq_s32_s16(vtrn2q_s16(v[0], v[1]));
    int32x4_t c = vreinterpretq_s32_s16(vtrn1q_s16(v[2], v[3]));
    int32x4_t d = vreinterpretq_s32_s16(vtrn2q_s16(v[2], v[3]));
    v[0] = vreinterpretq_s16_s32(vtrn1q_s32(a, c));
    v[1] = vreinterpretq_s16_s32(vtrn1q_s32(b, d));
    v[2] = vreinterpretq_s16_s32(vtrn2q_s32(a, c));
    v[3] = vreinterpretq_s16_s32(vtrn2q_s32(b, d));
}

AVO_INLINE void dct4(int16x8_t v[4])
{
    int16x8_t s03 = vaddq_s16(v[0], v[3]), t03 = vsubq_s16(v[0], v[3]);
    int16x8_t s12 = vaddq_s16(v[1], v[2]), t12 = vsubq_s16(v[1], v[2]);
    v[0] = vaddq_s16(s03, s12);
    v[1] = vaddq_s16(vaddq_s16(t03, t03), t12);
    v[2] = vsubq_s16(s03, s12);
    v[3] = vsubq_s16(t03, vaddq_s16(t12, t12));
}

/* 8.5.12.2 */
AVO_INLINE void idct4(int16x8_t v[4])
{
    int16x8_t e0 = vaddq_s16(v[0], v[2]), e1 = vsubq_s16(v[0], v[2]);
    int16x8_t e2 = vsubq_s16(vshrq_n_s16(v[1], 1), v[3]);
    int16x8_t e3 = vaddq_s16(v[1], vshrq_n_s16(v[3], 1));
    v[0] = vaddq_s16(e0, e3);
    v[1] = vaddq_s16(e1, e2);
    v[2] = vsubq_s16(e1, e2);
    v[3] = vsubq_s16(e0, e3);
}

/* (v + 32) >> 6 in 16 bits with wrap-around, which a rounding shift would not have. */
AVO_INLINE int16x8_t round6(int16x8_t v)
{
    return vshrq_n_s16(vaddq_s16(v, vdupq_n_s16(32)), 6);
}

AVO_INLINE void sub_dct_pair(coef out[32], const pixel *cur, ptrdiff_t stride_cur,
                             const pixel *pred, ptrdiff_t stride_pred)
{
    int16x8_t v[4];
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        v[y] = diff_u8(vld1_u8(cur + y * stride_cur), vld1_u8(pred + y * stride_pred));
    dct4(v);
    transpose_4x4_pair(v);
    dct4(v);
    transpose_4x4_pair(v);
    AVO_UNROLL
    for (int y = 0; y < 4; y++) {
        vst1_s16(out + 4 * y, vget_low_s16(v[y]));
        vst1_s16(out + 16 + 4 * y, vget_high_s16(v[y]));
    }
}

static void sub_dct_4x4_x4(coef out[64], const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                           ptrdiff_t stride_pred)
{
    sub_dct_pair(out, cur, stride_cur, pred, stride_pred);
    sub_dct_pair(out + 32, cur + 4 * stride_cur, stride_cur, pred + 4 * stride_pred, stride_pred);
}

/* One block: the right half of the registers stays 0. */
static void sub_dct_4x4(coef out[16], const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                        ptrdiff_t stride_pred)
{
    int16x8_t v[4];
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        v[y] = diff_u8(load4(cur + y * stride_cur), load4(pred + y * stride_pred));
    dct4(v);
    transpose_4x4_pair(v);
    dct4(v);
    transpose_4x4_pair(v);
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        vst1_s16(out + 4 * y, vget_low_s16(v[y]));
}

AVO_INLINE void add_row_8(pixel *dst, int16x8_t residual)
{
    vst1_u8(dst, vqmovun_s16(vaddq_s16(to_s16(vld1_u8(dst)), residual)));
}

AVO_INLINE void add_row_4(pixel *dst, int16x8_t residual)
{
    store4(dst, vqmovun_s16(vaddq_s16(to_s16(load4(dst)), residual)));
}

AVO_INLINE void idct_pair(int16x8_t v[4])
{
    transpose_4x4_pair(v);
    idct4(v);
    transpose_4x4_pair(v);
    idct4(v);
}

static void add_idct_4x4(pixel *dst, ptrdiff_t stride, const coef in[16])
{
    int16x8_t v[4];
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        v[y] = vcombine_s16(vld1_s16(in + 4 * y), vdup_n_s16(0));
    idct_pair(v);
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        add_row_4(dst + y * stride, round6(v[y]));
}

static void add_idct_4x4_x4(pixel *dst, ptrdiff_t stride, const coef in[64])
{
    for (int half = 0; half < 2; half++, dst += 4 * stride, in += 32) {
        int16x8_t v[4];
        AVO_UNROLL
        for (int y = 0; y < 4; y++)
            v[y] = vcombine_s16(vld1_s16(in + 4 * y), vld1_s16(in + 16 + 4 * y));
        idct_pair(v);
        AVO_UNROLL
        for (int y = 0; y < 4; y++)
            add_row_8(dst + y * stride, round6(v[y]));
    }
}

static void add_idct_4x4_dc(pixel *dst, ptrdiff_t stride, int dc)
{
    int16x8_t residual = round6(vdupq_n_s16((int16_t)dc));
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        add_row_4(dst + y * stride, residual);
}

/* ---- 8x8 ---- */

AVO_INLINE void transpose_8x8(int16x8_t v[8])
{
    int32x4_t a[8];
    int64x2_t b[8];
    AVO_UNROLL
    for (int i = 0; i < 8; i += 2) { /* 2x2 of lanes */
        a[i] = vreinterpretq_s32_s16(vtrn1q_s16(v[i], v[i + 1]));
        a[i + 1] = vreinterpretq_s32_s16(vtrn2q_s16(v[i], v[i + 1]));
    }
    AVO_UNROLL
    for (int i = 0; i < 8; i += 4) { /* 2x2 of pairs */
        b[i] = vreinterpretq_s64_s32(vtrn1q_s32(a[i], a[i + 2]));
        b[i + 1] = vreinterpretq_s64_s32(vtrn1q_s32(a[i + 1], a[i + 3]));
        b[i + 2] = vreinterpretq_s64_s32(vtrn2q_s32(a[i], a[i + 2]));
        b[i + 3] = vreinterpretq_s64_s32(vtrn2q_s32(a[i + 1], a[i + 3]));
    }
    AVO_UNROLL
    for (int i = 0; i < 4; i++) { /* 2x2 of halves */
        v[i] = vreinterpretq_s16_s64(vtrn1q_s64(b[i], b[i + 4]));
        v[i + 4] = vreinterpretq_s16_s64(vtrn2q_s64(b[i], b[i + 4]));
    }
}

/* x + (x >> 1) */
AVO_INLINE int16x8_t times_1_5(int16x8_t x)
{
    return vsraq_n_s16(x, x, 1);
}

AVO_INLINE void dct8(int16x8_t v[8])
{
    int16x8_t a0 = vaddq_s16(v[0], v[7]), b0 = vsubq_s16(v[0], v[7]);
    int16x8_t a1 = vaddq_s16(v[1], v[6]), b1 = vsubq_s16(v[1], v[6]);
    int16x8_t a2 = vaddq_s16(v[2], v[5]), b2 = vsubq_s16(v[2], v[5]);
    int16x8_t a3 = vaddq_s16(v[3], v[4]), b3 = vsubq_s16(v[3], v[4]);
    int16x8_t s0 = vaddq_s16(a0, a3), s2 = vsubq_s16(a0, a3);
    int16x8_t s1 = vaddq_s16(a1, a2), s3 = vsubq_s16(a1, a2);
    int16x8_t t0 = vaddq_s16(vaddq_s16(b1, b2), times_1_5(b0));
    int16x8_t t1 = vsubq_s16(vsubq_s16(b0, b3), times_1_5(b2));
    int16x8_t t2 = vsubq_s16(vaddq_s16(b0, b3), times_1_5(b1));
    int16x8_t t3 = vaddq_s16(vsubq_s16(b1, b2), times_1_5(b3));
    v[0] = vaddq_s16(s0, s1);
    v[1] = vsraq_n_s16(t0, t3, 2);
    v[2] = vsraq_n_s16(s2, s3, 1);
    v[3] = vsraq_n_s16(t1, t2, 2);
    v[4] = vsubq_s16(s0, s1);
    v[5] = vsubq_s16(t2, vshrq_n_s16(t1, 2));
    v[6] = vsubq_s16(vshrq_n_s16(s2, 1), s3);
    v[7] = vsubq_s16(vshrq_n_s16(t0, 2), t3);
}

/* 8.5.13.2 */
AVO_INLINE void idct8(int16x8_t v[8])
{
    int16x8_t e0 = vaddq_s16(v[0], v[4]), e2 = vsubq_s16(v[0], v[4]);
    int16x8_t e4 = vsubq_s16(vshrq_n_s16(v[2], 1), v[6]);
    int16x8_t e6 = vsraq_n_s16(v[2], v[6], 1);
    int16x8_t e1 = vsubq_s16(vsubq_s16(v[5], v[3]), times_1_5(v[7]));
    int16x8_t e3 = vsubq_s16(vaddq_s16(v[1], v[7]), times_1_5(v[3]));
    int16x8_t e5 = vaddq_s16(vsubq_s16(v[7], v[1]), times_1_5(v[5]));
    int16x8_t e7 = vaddq_s16(vaddq_s16(v[3], v[5]), times_1_5(v[1]));
    int16x8_t f0 = vaddq_s16(e0, e6), f6 = vsubq_s16(e0, e6);
    int16x8_t f2 = vaddq_s16(e2, e4), f4 = vsubq_s16(e2, e4);
    int16x8_t f1 = vsraq_n_s16(e1, e7, 2), f3 = vsraq_n_s16(e3, e5, 2);
    int16x8_t f5 = vsubq_s16(vshrq_n_s16(e3, 2), e5);
    int16x8_t f7 = vsubq_s16(e7, vshrq_n_s16(e1, 2));
    v[0] = vaddq_s16(f0, f7);
    v[1] = vaddq_s16(f2, f5);
    v[2] = vaddq_s16(f4, f3);
    v[3] = vaddq_s16(f6, f1);
    v[4] = vsubq_s16(f6, f1);
    v[5] = vsubq_s16(f4, f3);
    v[6] = vsubq_s16(f2, f5);
    v[7] = vsubq_s16(f0, f7);
}

static void sub_dct_8x8(coef out[64], const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                        ptrdiff_t stride_pred)
{
    int16x8_t v[8];
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        v[y] = diff_u8(vld1_u8(cur + y * stride_cur), vld1_u8(pred + y * stride_pred));
    dct8(v);
    transpose_8x8(v);
    dct8(v);
    transpose_8x8(v);
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        vst1q_s16(out + 8 * y, v[y]);
}

static void add_idct_8x8(pixel *dst, ptrdiff_t stride, const coef in[64])
{
    int16x8_t v[8];
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        v[y] = vld1q_s16(in + 8 * y);
    transpose_8x8(v);
    idct8(v);
    transpose_8x8(v);
    idct8(v);
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        add_row_8(dst + y * stride, round6(v[y]));
}

/* ---- DC of Intra 16x16: rows in the lower halves ---- */

AVO_INLINE void hadamard4(int16x8_t v[4])
{
    int16x8_t s01 = vaddq_s16(v[0], v[1]), d01 = vsubq_s16(v[0], v[1]);
    int16x8_t s23 = vaddq_s16(v[2], v[3]), d23 = vsubq_s16(v[2], v[3]);
    v[0] = vaddq_s16(s01, s23);
    v[1] = vsubq_s16(s01, s23);
    v[2] = vsubq_s16(d01, d23);
    v[3] = vaddq_s16(d01, d23);
}

/* hadamard4 with (x + 1) >> 1; |s|, |d| of the second pass stay within 16 bits. */
AVO_INLINE void hadamard4_halved(int16x8_t v[4])
{
    int16x8_t s01 = vaddq_s16(v[0], v[1]), d01 = vsubq_s16(v[0], v[1]);
    int16x8_t s23 = vaddq_s16(v[2], v[3]), d23 = vsubq_s16(v[2], v[3]);
    v[0] = vrhaddq_s16(s01, s23);
    v[1] = vrhaddq_s16(s01, vnegq_s16(s23));
    v[2] = vrhaddq_s16(d01, vnegq_s16(d23));
    v[3] = vrhaddq_s16(d01, d23);
}

AVO_INLINE void load_dc(int16x8_t v[4], const coef *dc)
{
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        v[y] = vcombine_s16(vld1_s16(dc + 4 * y), vdup_n_s16(0));
}

AVO_INLINE void store_dc(coef *dc, const int16x8_t v[4])
{
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        vst1_s16(dc + 4 * y, vget_low_s16(v[y]));
}

static void hadamard_dc_4x4(coef dc[16])
{
    int16x8_t v[4];
    load_dc(v, dc);
    hadamard4(v);
    transpose_4x4_pair(v);
    hadamard4_halved(v);
    transpose_4x4_pair(v);
    store_dc(dc, v);
}

static void ihadamard_dc_4x4(coef dc[16])
{
    int16x8_t v[4];
    load_dc(v, dc);
    hadamard4(v);
    transpose_4x4_pair(v);
    hadamard4(v);
    transpose_4x4_pair(v);
    store_dc(dc, v);
}

void AVO_BPC(avo_transform_init_neon)(AvoDsp *dsp)
{
    AVO_SET_TRANSFORM
    AVO_SET_TRANSFORM_8X8
}

#else

void AVO_BPC(avo_transform_init_neon)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
