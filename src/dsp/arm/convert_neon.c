/* Pixel formats to samples by plane, NEON: loads that de-interleave do most of it. */
#include "dsp/entries.h"
#include "dsp/arm/arm.h"

#ifdef AVO_ARM64

/* ---- packed 4:2:2 ---- */

AVO_INLINE void luma_16(pixel *luma, const uint8_t *src, int luma_at)
{
    vst1q_u8(luma, vld2q_u8(src).val[luma_at]);
}

AVO_INLINE void chroma_16(pixel *cb, pixel *cr, const uint8_t *upper, const uint8_t *lower,
                          int luma_at)
{
    uint8x16x4_t a = vld4q_u8(upper), b = vld4q_u8(lower);
    vst1q_u8(cb, vrhaddq_u8(a.val[!luma_at], b.val[!luma_at]));
    vst1q_u8(cr, vrhaddq_u8(a.val[!luma_at + 2], b.val[!luma_at + 2]));
}

/* ---- RGB ---- */

AVO_INLINE void unpack_3_16(pixel *a, pixel *b, pixel *c, const uint8_t *src)
{
    uint8x16x3_t v = vld3q_u8(src);
    vst1q_u8(a, v.val[0]);
    vst1q_u8(b, v.val[1]);
    vst1q_u8(c, v.val[2]);
}

AVO_INLINE void unpack_4_16(pixel *a, pixel *b, pixel *c, const uint8_t *src)
{
    uint8x16x4_t v = vld4q_u8(src);
    vst1q_u8(a, v.val[0]);
    vst1q_u8(b, v.val[1]);
    vst1q_u8(c, v.val[2]);
}

/* (v * factor + round) >> 6 */
AVO_INLINE uint8x8_t widen(uint16x8_t v, int factor, int round)
{
    v = vmlaq_n_u16(vdupq_n_u16((uint16_t)round), v, (uint16_t)factor);
    return vshrn_n_u16(v, 6);
}

AVO_INLINE void unpack_565_8(pixel *r, pixel *g, pixel *b, uint8x16_t bytes)
{
    uint16x8_t v = vreinterpretq_u16_u8(bytes);
    vst1_u8(r, widen(vshrq_n_u16(v, 11), 527, 23));
    vst1_u8(g, widen(vandq_u16(vshrq_n_u16(v, 5), vdupq_n_u16(63)), 259, 33));
    vst1_u8(b, widen(vandq_u16(v, vdupq_n_u16(31)), 527, 23));
}

AVO_INLINE void unpack_565_le_16(pixel *r, pixel *g, pixel *b, const uint8_t *src)
{
    unpack_565_8(r, g, b, vld1q_u8(src));
    unpack_565_8(r + 8, g + 8, b + 8, vld1q_u8(src + 16));
}

AVO_INLINE void unpack_565_be_16(pixel *r, pixel *g, pixel *b, const uint8_t *src)
{
    unpack_565_8(r, g, b, vrev16q_u8(vld1q_u8(src)));
    unpack_565_8(r + 8, g + 8, b + 8, vrev16q_u8(vld1q_u8(src + 16)));
}

#include "dsp/convert_rows.h"

static void luma_422(pixel *luma, const uint8_t *src, int n, int luma_at)
{
    if (luma_at)
        luma_422_rows(luma, src, n, 1);
    else
        luma_422_rows(luma, src, n, 0);
}

static void chroma_422(pixel *cb, pixel *cr, const uint8_t *upper, const uint8_t *lower, int n,
                       int luma_at)
{
    if (luma_at)
        chroma_422_rows(cb, cr, upper, lower, n, 1);
    else
        chroma_422_rows(cb, cr, upper, lower, n, 0);
}

static void unpack_3(pixel *a, pixel *b, pixel *c, const uint8_t *src, int n)
{
    unpack_3_rows(a, b, c, src, n);
}

static void unpack_4(pixel *a, pixel *b, pixel *c, const uint8_t *src, int n)
{
    unpack_4_rows(a, b, c, src, n);
}

static void unpack_565(pixel *r, pixel *g, pixel *b, const uint8_t *src, int n, int high_byte)
{
    if (high_byte)
        unpack_565_le_rows(r, g, b, src, n);
    else
        unpack_565_be_rows(r, g, b, src, n);
}

AVO_INLINE int32x4_t weigh(int16x4_t r, int16x4_t g, int16x4_t b, const int16_t m[3])
{
    return vmlal_n_s16(vmlal_n_s16(vmull_n_s16(r, m[0]), g, m[1]), b, m[2]);
}

/* 8 luma samples but for black. */
AVO_INLINE uint8x8_t luma_8(uint8x8_t r8, uint8x8_t g8, uint8x8_t b8, const int16_t m[3])
{
    int16x8_t r = to_s16(r8), g = to_s16(g8), b = to_s16(b8);
    int32x4_t lo = weigh(vget_low_s16(r), vget_low_s16(g), vget_low_s16(b), m);
    int32x4_t hi = weigh(vget_high_s16(r), vget_high_s16(g), vget_high_s16(b), m);
    return vqmovun_s16(vcombine_s16(vrshrn_n_s32(lo, 15), vrshrn_n_s32(hi, 15)));
}

static void rgb_luma(pixel *luma, const AvoRgbRun *run, const AvoColourMatrix *m, int black, int n)
{
    for (int i = 0; i < n; i += 16) {
        uint8x16_t r = vld1q_u8(run->r + i), g = vld1q_u8(run->g + i), b = vld1q_u8(run->b + i);
        uint8x16_t v = vcombine_u8(luma_8(vget_low_u8(r), vget_low_u8(g), vget_low_u8(b), m->y),
                                   luma_8(vget_high_u8(r), vget_high_u8(g), vget_high_u8(b), m->y));
        vst1q_u8(luma + i, vaddq_u8(v, vdupq_n_u8((uint8_t)black)));
    }
}

/* Sums of 2x2. */
AVO_INLINE int16x8_t sum_2x2(const pixel *upper, const pixel *lower)
{
    return vreinterpretq_s16_u16(vpadalq_u8(vpaddlq_u8(vld1q_u8(upper)), vld1q_u8(lower)));
}

AVO_INLINE uint8x8_t chroma_8(int16x8_t r, int16x8_t g, int16x8_t b, const int16_t m[3])
{
    int32x4_t lo = weigh(vget_low_s16(r), vget_low_s16(g), vget_low_s16(b), m);
    int32x4_t hi = weigh(vget_high_s16(r), vget_high_s16(g), vget_high_s16(b), m);
    int16x8_t v = vcombine_s16(vmovn_s32(vrshrq_n_s32(lo, 17)), vmovn_s32(vrshrq_n_s32(hi, 17)));
    return vqmovun_s16(vaddq_s16(v, vdupq_n_s16(128)));
}

static void rgb_chroma(pixel *cb, pixel *cr, const AvoRgbRun *upper, const AvoRgbRun *lower,
                       const AvoColourMatrix *m, int n)
{
    for (int i = 0; i < n; i += 8) {
        int16x8_t r = sum_2x2(upper->r + 2 * i, lower->r + 2 * i);
        int16x8_t g = sum_2x2(upper->g + 2 * i, lower->g + 2 * i);
        int16x8_t b = sum_2x2(upper->b + 2 * i, lower->b + 2 * i);
        vst1_u8(cb + i, chroma_8(r, g, b, m->cb));
        vst1_u8(cr + i, chroma_8(r, g, b, m->cr));
    }
}

void AVO_BPC(avo_convert_init_neon)(AvoDsp *dsp)
{
    AVO_SET_CONVERT
}

#else

void AVO_BPC(avo_convert_init_neon)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
