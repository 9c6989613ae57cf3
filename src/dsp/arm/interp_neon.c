/* Inter prediction, NEON: averages, half-sample planes, quarter-sample luma, chroma, weights.
 *
 * The 6-tap filter is outer - 5 middle + 20 inner over widened pair sums; the rounded, clipped
 * shift is part of the narrowing instruction. The centre samples use the identity
 *     floor((a - 5b + 20c) / 16) = ((((a - b) >> 2) - b + c) >> 2) + c
 * (nested floor divisions) to stay in 16 bits; the one addition that may leave them saturates,
 * which clipping hides. */
#include "dsp/arm/arm.h"

#ifdef AVO_ARM64

#include "dsp/arm/hadamard_neon.h"

/* ---- average ---- */

static void avg_16(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                   const pixel *b, ptrdiff_t stride_b, int height)
{
    for (int y = 0; y < height; y++)
        vst1q_u8(dst + y * stride_dst,
                 vrhaddq_u8(vld1q_u8(a + y * stride_a), vld1q_u8(b + y * stride_b)));
}

static void avg_8(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                  const pixel *b, ptrdiff_t stride_b, int height)
{
    for (int y = 0; y < height; y++)
        vst1_u8(dst + y * stride_dst,
                vrhadd_u8(vld1_u8(a + y * stride_a), vld1_u8(b + y * stride_b)));
}

static void avg_4(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                  const pixel *b, ptrdiff_t stride_b, int height)
{
    for (int y = 0; y < height; y++)
        store4(dst + y * stride_dst, vrhadd_u8(load4(a + y * stride_a), load4(b + y * stride_b)));
}

/* ---- filters over 8 samples ---- */

AVO_INLINE int16x8_t tap6(uint8x8_t r0, uint8x8_t r1, uint8x8_t r2, uint8x8_t r3, uint8x8_t r4,
                          uint8x8_t r5)
{
    int16x8_t outer = vreinterpretq_s16_u16(vaddl_u8(r0, r5));
    int16x8_t middle = vreinterpretq_s16_u16(vaddl_u8(r1, r4));
    int16x8_t inner = vreinterpretq_s16_u16(vaddl_u8(r2, r3));
    return vmlaq_n_s16(vmlsq_n_s16(outer, middle, 5), inner, 20);
}

AVO_INLINE int16x8_t tap6_v(const pixel *p, ptrdiff_t stride)
{
    return tap6(vld1_u8(p - 2 * stride), vld1_u8(p - stride), vld1_u8(p), vld1_u8(p + stride),
                vld1_u8(p + 2 * stride), vld1_u8(p + 3 * stride));
}

AVO_INLINE uint8x8_t round5(int16x8_t v)
{
    return vqrshrun_n_s16(v, 5);
}

AVO_INLINE uint8x8_t half_h_8(const pixel *p)
{
    return round5(tap6(vld1_u8(p - 2), vld1_u8(p - 1), vld1_u8(p), vld1_u8(p + 1), vld1_u8(p + 2),
                       vld1_u8(p + 3)));
}

/* 4 samples without reading beyond p + 6. */
AVO_INLINE uint8x8_t half_h_4(const pixel *p)
{
    return round5(
        tap6(load4(p - 2), load4(p - 1), load4(p), load4(p + 1), load4(p + 2), load4(p + 3)));
}

AVO_INLINE uint8x8_t half_v_8(const pixel *p, ptrdiff_t stride)
{
    return round5(tap6_v(p, stride));
}

AVO_INLINE uint8x8_t half_v_4(const pixel *p, ptrdiff_t stride)
{
    return round5(tap6(load4(p - 2 * stride), load4(p - stride), load4(p), load4(p + stride),
                       load4(p + 2 * stride), load4(p + 3 * stride)));
}

/* From six neighbouring intermediates at t - 2 .. t + 3. */
AVO_INLINE uint8x8_t centre_8(const int16_t *t)
{
    int16x8_t a = vaddq_s16(vld1q_s16(t - 2), vld1q_s16(t + 3));
    int16x8_t b = vaddq_s16(vld1q_s16(t - 1), vld1q_s16(t + 2));
    int16x8_t c = vaddq_s16(vld1q_s16(t), vld1q_s16(t + 1));
    int16x8_t v = vshrq_n_s16(vsubq_s16(a, b), 2);
    v = vshrq_n_s16(vqaddq_s16(v, vsubq_s16(c, b)), 2);
    return vqrshrun_n_s16(vaddq_s16(v, c), 6);
}

/* ---- whole planes ---- */

static void hpel_planes(pixel *h, pixel *v, pixel *c, const pixel *src, ptrdiff_t stride, int width,
                        int height, int16_t *scratch)
{
    int16_t *mid = scratch + 2;
    for (int y = 0; y < height; y++, src += stride, h += stride, v += stride, c += stride) {
        /* columns -2 .. width + 2; the last step goes back so as not to read further */
        for (int x = -2; x < width + 3; x += 8) {
            int at = avo_min(x, width + 3 - 8);
            vst1q_s16(mid + at, tap6_v(src + at, stride));
        }
        for (int x = 0; x < width; x += 8) {
            vst1_u8(h + x, half_h_8(src + x));
            vst1_u8(v + x, round5(vld1q_s16(mid + x)));
            vst1_u8(c + x, centre_8(mid + x));
        }
    }
}

/* ---- quarter-sample luma ---- */

/* Stores n (8 or 4) samples of row y from column x. */
AVO_INLINE void sink_piece(const AvoLumaSink *sink, int x, int y, int n, uint8x8_t v)
{
    pixel *dst = sink->dst + y * sink->stride + x;
    if (sink->with) {
        const pixel *with = sink->with + y * sink->stride_with + x;
        v = vrhadd_u8(v, n == 8 ? vld1_u8(with) : load4(with));
    }
    if (n == 8)
        vst1_u8(dst, v);
    else
        store4(dst, v);
}

AVO_INLINE void half_h(const AvoLumaSink *sink, const pixel *src, ptrdiff_t stride, int width,
                       int height)
{
    for (int y = 0; y < height; y++, src += stride) {
        if (width == 4)
            sink_piece(sink, 0, y, 4, half_h_4(src));
        for (int x = 0; x + 8 <= width; x += 8)
            sink_piece(sink, x, y, 8, half_h_8(src + x));
    }
}

AVO_INLINE void half_v(const AvoLumaSink *sink, const pixel *src, ptrdiff_t stride, int width,
                       int height)
{
    for (int y = 0; y < height; y++, src += stride) {
        if (width == 4)
            sink_piece(sink, 0, y, 4, half_v_4(src, stride));
        for (int x = 0; x + 8 <= width; x += 8)
            sink_piece(sink, x, y, 8, half_v_8(src + x, stride));
    }
}

AVO_INLINE void centre(const AvoLumaSink *sink, const pixel *src, ptrdiff_t stride, int width,
                       int height)
{
    int16_t mid[8 + 16 + 8]; /* one row; width 4 loads beyond what it needs */
    int16_t *t = mid + 2;
    memset(mid, 0, sizeof(mid));
    for (int y = 0; y < height; y++, src += stride) {
        for (int x = -2; x < width + 3; x += 8) {
            int at = avo_min(x, width + 3 - 8);
            vst1q_s16(t + at, tap6_v(src + at, stride));
        }
        for (int x = 0; x < width; x += 8)
            sink_piece(sink, x, y, width == 4 ? 4 : 8, centre_8(t + x));
    }
}

#include "dsp/luma_cases.h"

static void luma_qpel(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                      int fx, int fy, int width, int height)
{
    if (!fx && !fy) {
        for (int y = 0; y < height; y++)
            memcpy(dst + y * stride_dst, src + y * stride_src, (size_t)width);
    } else if (width == 16) {
        luma_block(dst, stride_dst, src, stride_src, fx, fy, 16, height);
    } else if (width == 8) {
        luma_block(dst, stride_dst, src, stride_src, fx, fy, 8, height);
    } else {
        luma_block(dst, stride_dst, src, stride_src, fx, fy, 4, height);
    }
}

/* ---- pieces of 8 samples for chroma and weights ----
 *
 * Half a row of 16, a row of 8, two rows of 4 or of 2. */

AVO_INLINE uint8x8_t load_piece(const pixel *p, ptrdiff_t stride, int width)
{
    if (width >= 8)
        return vld1_u8(p);
    if (width == 4)
        return load4x2(p, stride);
    uint8x8_t v = vdup_n_u8(0);
    v = vld1_lane_u8(p, v, 0);
    v = vld1_lane_u8(p + 1, v, 1);
    v = vld1_lane_u8(p + stride, v, 4);
    return vld1_lane_u8(p + stride + 1, v, 5);
}

AVO_INLINE void store_piece(pixel *p, ptrdiff_t stride, int width, uint8x8_t v)
{
    if (width >= 8) {
        vst1_u8(p, v);
    } else if (width == 4) {
        store4(p, v);
        store4_high(p + stride, v);
    } else {
        vst1_lane_u8(p, v, 0);
        vst1_lane_u8(p + 1, v, 1);
        vst1_lane_u8(p + stride, v, 4);
        vst1_lane_u8(p + stride + 1, v, 5);
    }
}

AVO_INLINE void chroma_block(pixel *dst, ptrdiff_t stride_dst, const pixel *src,
                             ptrdiff_t stride_src, int fx, int fy, int width, int height)
{
    const uint8x8_t wa = vdup_n_u8((uint8_t)((8 - fx) * (8 - fy)));
    const uint8x8_t wb = vdup_n_u8((uint8_t)(fx * (8 - fy)));
    const uint8x8_t wc = vdup_n_u8((uint8_t)((8 - fx) * fy)), wd = vdup_n_u8((uint8_t)(fx * fy));
    ptrdiff_t right = fx ? 1 : 0, below = fy ? stride_src : 0; /* do not read without weight */
    int rows = width == 8 ? 1 : 2;
    for (int y = 0; y < height; y += rows, dst += rows * stride_dst, src += rows * stride_src) {
        uint16x8_t v = vmull_u8(load_piece(src, stride_src, width), wa);
        v = vmlal_u8(v, load_piece(src + right, stride_src, width), wb);
        v = vmlal_u8(v, load_piece(src + below, stride_src, width), wc);
        v = vmlal_u8(v, load_piece(src + below + right, stride_src, width), wd);
        store_piece(dst, stride_dst, width, vrshrn_n_u16(v, 6));
    }
}

static void chroma_mc(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                      int fx, int fy, int width, int height)
{
    if (width == 8)
        chroma_block(dst, stride_dst, src, stride_src, fx, fy, 8, height);
    else if (width == 4)
        chroma_block(dst, stride_dst, src, stride_src, fx, fy, 4, height);
    else
        chroma_block(dst, stride_dst, src, stride_src, fx, fy, 2, height);
}

/* The predictions go through memory, both planes side by side;
 * 4 wide, a row of 8 is one of each. */
static int chroma_satd(const pixel *cur, const pixel *cb, const pixel *cr, ptrdiff_t stride, int fx,
                       int fy, int width, int height)
{
    AVO_ALIGN(16) pixel pred[8 * 16];
    uint32x4_t sum = vdupq_n_u32(0);
    int16x8_t v[4];
    chroma_mc(pred, 16, cb, stride, fx, fy, width, height);
    chroma_mc(pred + width, 16, cr, stride, fx, fy, width, height);
    for (int y = 0; y < height; y += 4)
        for (int x = 0; x < 2 * width; x += 8) {
            AVO_UNROLL
            for (int i = 0; i < 4; i++) {
                const pixel *c = cur + (y + i) * AVO_CUR_STRIDE + x;
                uint8x8_t row = width == 8 ? vld1_u8(c) : load4x2(c, 8);
                v[i] = diff_u8(row, vld1_u8(pred + (y + i) * 16 + x));
            }
            sum = vpadalq_u16(sum, satd_finish(v));
        }
    return (int)vaddvq_u32(sum);
}

/* ---- weights: a rounding shift by a negative count is the rounded shift right ---- */

static void weight(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                   int width, int height, int log2_denom, int w, int o)
{
    const int16x8_t shift = vdupq_n_s16((int16_t)-log2_denom), offset = vdupq_n_s16((int16_t)o);
    int rows = width >= 8 ? 1 : 2;
    for (int y = 0; y < height; y += rows) {
        for (int x = 0; x < width; x += 8) {
            int16x8_t v = to_s16(load_piece(src + y * stride_src + x, stride_src, width));
            v = vrshlq_s16(vmulq_n_s16(v, (int16_t)w), shift);
            v = vqaddq_s16(v, offset);
            store_piece(dst + y * stride_dst + x, stride_dst, width, vqmovun_s16(v));
        }
    }
}

static void weight_bi(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                      const pixel *b, ptrdiff_t stride_b, int width, int height, int log2_denom,
                      int w0, int w1, int o)
{
    const int32x4_t shift = vdupq_n_s32(-(log2_denom + 1));
    const int16x8_t offset = vdupq_n_s16((int16_t)o);
    int rows = width >= 8 ? 1 : 2;
    for (int y = 0; y < height; y += rows) {
        for (int x = 0; x < width; x += 8) {
            int16x8_t p = to_s16(load_piece(a + y * stride_a + x, stride_a, width));
            int16x8_t q = to_s16(load_piece(b + y * stride_b + x, stride_b, width));
            int32x4_t lo = vmull_n_s16(vget_low_s16(p), (int16_t)w0);
            int32x4_t hi = vmull_high_n_s16(p, (int16_t)w0);
            lo = vrshlq_s32(vmlal_n_s16(lo, vget_low_s16(q), (int16_t)w1), shift);
            hi = vrshlq_s32(vmlal_high_n_s16(hi, q, (int16_t)w1), shift);
            int16x8_t v = vqaddq_s16(vcombine_s16(vqmovn_s32(lo), vqmovn_s32(hi)), offset);
            store_piece(dst + y * stride_dst + x, stride_dst, width, vqmovun_s16(v));
        }
    }
}

void AVO_BPC(avo_interp_init_neon)(AvoDsp *dsp)
{
    dsp->avg[0] = avg_16;
    dsp->avg[1] = avg_8;
    dsp->avg[2] = avg_4;
    dsp->hpel_planes = hpel_planes;
    dsp->luma_qpel = luma_qpel;
    dsp->chroma_mc = chroma_mc;
    dsp->chroma_satd = chroma_satd;
    dsp->weight = weight;
    dsp->weight_bi = weight_bi;
}

#else

void AVO_BPC(avo_interp_init_neon)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
