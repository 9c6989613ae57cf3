/* Kernels of the temporal filter, NEON. A row of 8 samples is one register of 16-bit lanes. */
#include "dsp/arm/arm.h"

#ifdef AVO_ARM64

/* a - b of 8 samples. */
AVO_INLINE int16x8_t difference(const pixel *a, const pixel *b)
{
    return diff_u8(vld1_u8(a), vld1_u8(b));
}

/* sum += a * b, 8 lanes into 4. */
AVO_INLINE int32x4_t add_products(int32x4_t sum, int16x8_t a, int16x8_t b)
{
    return vmlal_high_s16(vmlal_s16(sum, vget_low_s16(a), vget_low_s16(b)), a, b);
}

/* ---- sixteenths ---- */

/* 8 (or 4) columns of a row, unrounded; at most 100 * 255 either way. */
AVO_INLINE int16x8_t filter_row(const pixel *p, int width, const int16x8_t taps)
{
    int16x8_t sum = vdupq_n_s16(0);
#define ADD_TAP(i)                                                                                 \
    sum = vmlaq_laneq_s16(sum, to_s16(width == 8 ? vld1_u8(p + (i)-2) : load4(p + (i)-2)), taps, i)
    ADD_TAP(0);
    ADD_TAP(1);
    ADD_TAP(2);
    ADD_TAP(3);
    ADD_TAP(4);
    ADD_TAP(5);
#undef ADD_TAP
    return sum;
}

AVO_INLINE uint8x8_t filter_column(const int16x8_t row[6], const int16x8_t taps)
{
    int32x4_t lo = vmull_laneq_s16(vget_low_s16(row[0]), taps, 0);
    int32x4_t hi = vmull_high_laneq_s16(row[0], taps, 0);
#define ADD_TAP(i)                                                                                 \
    lo = vmlal_laneq_s16(lo, vget_low_s16(row[i]), taps, i);                                       \
    hi = vmlal_high_laneq_s16(hi, row[i], taps, i)
    ADD_TAP(1);
    ADD_TAP(2);
    ADD_TAP(3);
    ADD_TAP(4);
    ADD_TAP(5);
#undef ADD_TAP
    return vqmovn_u16(vcombine_u16(vqrshrun_n_s32(lo, 12), vqrshrun_n_s32(hi, 12)));
}

AVO_INLINE void filter_block(pixel *dst, ptrdiff_t stride_dst, const pixel *src,
                             ptrdiff_t stride_src, int fx, int fy, int width, int height)
{
    const int16x8_t h = vmovl_s8(vld1_s8(avo_sixteenth_taps[fx]));
    const int16x8_t v = vmovl_s8(vld1_s8(avo_sixteenth_taps[fy]));
    int16x8_t row[6];
    src -= 2 * stride_src;
    AVO_UNROLL
    for (int i = 0; i < 5; i++, src += stride_src)
        row[i] = filter_row(src, width, h);
    for (int y = 0; y < height; y++, src += stride_src, dst += stride_dst) {
        row[5] = filter_row(src, width, h);
        uint8x8_t out = filter_column(row, v);
        if (width == 8)
            vst1_u8(dst, out);
        else
            store4(dst, out);
        AVO_UNROLL
        for (int i = 0; i < 5; i++)
            row[i] = row[i + 1];
    }
}

static void sixteenth(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                      int fx, int fy, int width, int height)
{
    if (width == 8)
        filter_block(dst, stride_dst, src, stride_src, fx, fy, 8, height);
    else
        filter_block(dst, stride_dst, src, stride_src, fx, fy, 4, height);
}

/* ---- comparison ---- */

static void slopes(int16_t slope[2][64], const pixel *cur, ptrdiff_t stride, int sums[3])
{
    int32x4_t xx = vdupq_n_s32(0), xy = xx, yy = xx;
    for (int y = 0; y < 8; y++, cur += stride) {
        int16x8_t gx = difference(cur + 1, cur - 1), gy = difference(cur + stride, cur - stride);
        vst1q_s16(&slope[0][8 * y], gx);
        vst1q_s16(&slope[1][8 * y], gy);
        xx = add_products(xx, gx, gx);
        xy = add_products(xy, gx, gy);
        yy = add_products(yy, gy, gy);
    }
    sums[0] = vaddvq_s32(xx);
    sums[1] = vaddvq_s32(xy);
    sums[2] = vaddvq_s32(yy);
}

static void mismatch(const pixel *cur, ptrdiff_t stride, const pixel *pred,
                     const int16_t slope[2][64], int out[4])
{
    int32x4_t square = vdupq_n_s32(0), x = square, y = square, quarter[2];
    for (int half = 0; half < 2; half++) {
        int16x8_t sum = vdupq_n_s16(0);
        for (int i = 4 * half; i < 4 * half + 4; i++) {
            int16x8_t d = difference(pred + 8 * i, cur + i * stride);
            square = add_products(square, d, d);
            x = add_products(x, d, vld1q_s16(&slope[0][8 * i]));
            y = add_products(y, d, vld1q_s16(&slope[1][8 * i]));
            sum = vaddq_s16(sum, d);
        }
        quarter[half] = vpaddlq_s16(sum);
    }
    int32x4_t sums = vpaddq_s32(quarter[0], quarter[1]); /* of the four quarters */
    out[0] = vaddvq_s32(square);
    out[1] = vaddvq_s32(x);
    out[2] = vaddvq_s32(y);
    out[3] = vaddvq_s32(vmulq_s32(sums, sums));
}

/* ---- average ---- */

/* a * b >> shift, 16 bits unsigned, saturated. */
#define MULTIPLY_SHIFT(a, b, shift)                                                                \
    vcombine_u16(vqshrn_n_u32(vmull_u16(vget_low_u16(a), vget_low_u16(b)), shift),                 \
                 vqshrn_n_u32(vmull_high_u16(a, b), shift))

static void pull(int16_t *sum, const pixel *cur, ptrdiff_t stride, const pixel *pred, int height,
                 int weight, int reach)
{
    const uint16x8_t most = vdupq_n_u16(255), r = vdupq_n_u16((uint16_t)reach);
    for (int y = 0; y < height; y++, cur += stride, pred += 8, sum += 8) {
        int16x8_t d = difference(pred, cur), sign = vshrq_n_s16(d, 15);
        uint16x8_t a = vreinterpretq_u16_s16(vabsq_s16(d));
        uint16x8_t u = vminq_u16(MULTIPLY_SHIFT(a, r, 8), most);
        uint16x8_t v = vsubq_u16(most, vshrq_n_u16(vmulq_u16(u, u), 8));
        uint16x8_t scaled = vmulq_n_u16(a, (uint16_t)weight);
        int16x8_t part = vreinterpretq_s16_u16(MULTIPLY_SHIFT(vmulq_u16(v, v), scaled, 16));
        part = vsubq_s16(veorq_s16(part, sign), sign); /* with the sign of d */
        vst1q_s16(sum, vaddq_s16(vld1q_s16(sum), part));
    }
}

static void settle(pixel *dst, ptrdiff_t stride_dst, const pixel *cur, ptrdiff_t stride,
                   const int16_t *sum, int height)
{
    for (int y = 0; y < height; y++) {
        int16x8_t change = vrshrq_n_s16(vld1q_s16(sum + 8 * y), 8);
        int16x8_t v = vaddq_s16(change, to_s16(vld1_u8(cur + y * stride)));
        vst1_u8(dst + y * stride_dst, vqmovun_s16(v));
    }
}

void AVO_BPC(avo_temporal_init_neon)(AvoDsp *dsp)
{
    dsp->sixteenth = sixteenth;
    dsp->slopes = slopes;
    dsp->mismatch = mismatch;
    dsp->pull = pull;
    dsp->settle = settle;
}

#else

void AVO_BPC(avo_temporal_init_neon)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
