/* Block costs, NEON: SAD, SSD, SATD, 8x8 Hadamard cost, variance, texture energy, SSIM sums.
 * The Hadamard transforms are in hadamard_neon.h. */
#include "dsp/entries.h"
#include "dsp/arm/arm.h"

#ifdef AVO_ARM64

#include "dsp/arm/hadamard_neon.h"

/* ---- SAD: 16-bit lanes collect at most 32 differences ---- */

AVO_INLINE int sad_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                         int width, int height)
{
    uint16x8_t sum = vdupq_n_u16(0), sum2 = sum;
    if (width == 16) {
        for (int y = 0; y < height; y++, a += stride_a, b += stride_b) {
            uint8x16_t p = vld1q_u8(a), q = vld1q_u8(b);
            sum = vabal_u8(sum, vget_low_u8(p), vget_low_u8(q));
            sum2 = vabal_high_u8(sum2, p, q);
        }
    } else if (width == 8) {
        for (int y = 0; y < height; y++, a += stride_a, b += stride_b)
            sum = vabal_u8(sum, vld1_u8(a), vld1_u8(b));
    } else {
        for (int y = 0; y < height; y += 2, a += 2 * stride_a, b += 2 * stride_b)
            sum = vabal_u8(sum, load4x2(a, stride_a), load4x2(b, stride_b));
    }
    return (int)vaddlvq_u16(vaddq_u16(sum, sum2));
}

/* ---- SSD ---- */

AVO_INLINE uint32x4_t ssd8(uint32x4_t sum, uint8x8_t a, uint8x8_t b)
{
    uint8x8_t d = vabd_u8(a, b);
    return vpadalq_u16(sum, vmull_u8(d, d));
}

AVO_INLINE int ssd_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                         int width, int height)
{
    uint32x4_t sum = vdupq_n_u32(0);
    if (width == 4) {
        for (int y = 0; y < height; y += 2, a += 2 * stride_a, b += 2 * stride_b)
            sum = ssd8(sum, load4x2(a, stride_a), load4x2(b, stride_b));
        return (int)vaddvq_u32(sum);
    }
    for (int y = 0; y < height; y++, a += stride_a, b += stride_b)
        for (int x = 0; x < width; x += 8)
            sum = ssd8(sum, vld1_u8(a + x), vld1_u8(b + x));
    return (int)vaddvq_u32(sum);
}

/* ---- SATD, 8x8 Hadamard, texture ---- */

AVO_INLINE int satd_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                          int width, int height)
{
    int16x8_t v[4];
    if (width == 4 && height == 4) {
        /* one block: the upper half stays 0 */
        AVO_UNROLL
        for (int y = 0; y < 4; y++)
            v[y] = diff_u8(load4(a + y * stride_a), load4(b + y * stride_b));
        return (int)vaddlvq_u16(satd_finish(v));
    }
    if (width == 4) { /* 4x8: the lower block beside the upper one */
        AVO_UNROLL
        for (int y = 0; y < 4; y++)
            v[y] = diff_u8(load4x2(a + y * stride_a, 4 * stride_a),
                           load4x2(b + y * stride_b, 4 * stride_b));
        return (int)vaddlvq_u16(satd_finish(v));
    }
    uint32x4_t sum = vdupq_n_u32(0);
    for (int y = 0; y < height; y += 4) {
        for (int x = 0; x < width; x += 8) {
            const pixel *p = a + y * stride_a + x, *q = b + y * stride_b + x;
            AVO_UNROLL
            for (int i = 0; i < 4; i++)
                v[i] = diff_u8(vld1_u8(p + i * stride_a), vld1_u8(q + i * stride_b));
            sum = vpadalq_u16(sum, satd_finish(v));
        }
    }
    return (int)vaddvq_u32(sum);
}

AVO_INLINE int sa8d_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                          int width, int height)
{
    uint32x4_t sum = vdupq_n_u32(0);
    for (int y = 0; y < height; y += 8) {
        for (int x = 0; x < width; x += 8) {
            const pixel *p = a + y * stride_a + x, *q = b + y * stride_b + x;
            int16x8_t v[8];
            AVO_UNROLL
            for (int i = 0; i < 8; i++)
                v[i] = diff_u8(vld1_u8(p + i * stride_a), vld1_u8(q + i * stride_b));
            hadamard_4_of_8(v);
            sum = abs_sum_8x8(sum, v);
        }
    }
    return (int)((vaddvq_u32(sum) + 1) >> 1); /* (2 * sum + 2) >> 2 */
}

/* The DCs of either transform add up to the sum of the samples. */
AVO_INLINE uint64_t hadamard_ac_block(const pixel *src, ptrdiff_t stride, int width, int height)
{
    uint32x4_t sum4 = vdupq_n_u32(0), sum8 = sum4, dc = sum4;
    for (int y = 0; y < height; y += 8) {
        for (int x = 0; x < width; x += 8) {
            const pixel *p = src + y * stride + x;
            int16x8_t v[8];
            uint16x8_t samples = vdupq_n_u16(0), abs4 = samples;
            AVO_UNROLL
            for (int i = 0; i < 8; i++) {
                v[i] = to_s16(vld1_u8(p + i * stride));
                samples = vaddq_u16(samples, vreinterpretq_u16_s16(v[i]));
            }
            dc = vpadalq_u16(dc, samples);
            hadamard_4_of_8(v);
            AVO_UNROLL
            for (int i = 0; i < 8; i++) /* at most 8 * 4080 */
                abs4 = vaddq_u16(abs4, vreinterpretq_u16_s16(vabsq_s16(v[i])));
            sum4 = vpadalq_u16(sum4, abs4);
            sum8 = abs_sum_8x8(sum8, v);
        }
    }
    uint32_t samples = vaddvq_u32(dc);
    uint32_t ac4 = vaddvq_u32(sum4) - samples, ac8 = 2 * vaddvq_u32(sum8) - samples;
    return (uint64_t)(ac8 >> 2) << 32 | ac4 >> 1;
}

/* ---- all sizes ---- */

#define DEFINE_COST_MULTI(name, w, h)                                                              \
    static void name##_x3_##w##x##h(const pixel *cur, const pixel *const ref[3], ptrdiff_t stride, \
                                    int out[3])                                                    \
    {                                                                                              \
        for (int i = 0; i < 3; i++)                                                                \
            out[i] = name##_block(cur, AVO_CUR_STRIDE, ref[i], stride, w, h);                      \
    }                                                                                              \
    static void name##_x4_##w##x##h(const pixel *cur, const pixel *const ref[4], ptrdiff_t stride, \
                                    int out[4])                                                    \
    {                                                                                              \
        for (int i = 0; i < 4; i++)                                                                \
            out[i] = name##_block(cur, AVO_CUR_STRIDE, ref[i], stride, w, h);                      \
    }

#define DEFINE_BLK(w, h)                                                                           \
    AVO_COST_ENTRY(sad, w, h)                                                                      \
    AVO_COST_ENTRY(ssd, w, h)                                                                      \
    AVO_COST_ENTRY(satd, w, h)                                                                     \
    DEFINE_COST_MULTI(sad, w, h)                                                                   \
    DEFINE_COST_MULTI(satd, w, h)

AVO_FOR_BLK_SIZES(DEFINE_BLK)
AVO_FOR_BLK_SIZES_8(AVO_COST_ENTRIES_8)
AVO_FOR_BLK_SIZES_8(AVO_SAD_AROUND_ENTRY)

/* ---- SATD against a mean ---- */

AVO_INLINE void mean_block(pixel *mean, const pixel *a, ptrdiff_t stride_a, const pixel *b,
                           ptrdiff_t stride_b, int width, int height)
{
    for (int y = 0; y < height; y++, mean += 16, a += stride_a, b += stride_b) {
        if (width == 4)
            store4(mean, vrhadd_u8(load4(a), load4(b)));
        for (int x = 0; x + 8 <= width; x += 8)
            vst1_u8(mean + x, vrhadd_u8(vld1_u8(a + x), vld1_u8(b + x)));
    }
}

AVO_FOR_BLK_SIZES(AVO_SAD_MEAN_ENTRY)
AVO_FOR_BLK_SIZES(AVO_SATD_MEAN_ENTRY)

/* ---- variance and SSIM ---- */

AVO_INLINE uint64_t var_block(const pixel *src, ptrdiff_t stride, int size)
{
    uint16x8_t sum = vdupq_n_u16(0); /* at most 32 samples per lane */
    uint32x4_t squares = vdupq_n_u32(0);
    for (int y = 0; y < size; y++, src += stride) {
        for (int x = 0; x < size; x += 8) {
            uint8x8_t v = vld1_u8(src + x);
            sum = vaddw_u8(sum, v);
            squares = vpadalq_u16(squares, vmull_u8(v, v));
        }
    }
    return (uint64_t)vaddvq_u32(squares) << 32 | vaddlvq_u16(sum);
}

AVO_VAR_ENTRY(16)
AVO_VAR_ENTRY(8)

static uint32_t sad_line_8x8(const pixel *cur, const pixel *ref, ptrdiff_t stride,
                             const uint16_t *extra, int count)
{
    uint32_t best = UINT32_MAX;
    for (int i = 0; i < count; i++) {
        uint16x8_t sum = vdupq_n_u16(0);
        AVO_UNROLL
        for (int y = 0; y < 8; y++)
            sum = vabal_u8(sum, vld1_u8(cur + y * AVO_CUR_STRIDE), vld1_u8(ref + i + y * stride));
        uint32_t cost = (uint32_t)vaddvq_u16(sum) + extra[i];
        cost = (cost < 65535 ? cost : 65535) << 16 | (uint32_t)i;
        best = cost < best ? cost : best;
    }
    return best;
}

/* Lanes 0-3 belong to the first block, 4-7 to the second; pairwise sums keep them apart. */
static void ssim_4x4x2(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                       int sums[2][4])
{
    uint16x8_t sum_a = vdupq_n_u16(0), sum_b = sum_a;
    uint32x4_t squares = vdupq_n_u32(0), product = squares;
    AVO_UNROLL
    for (int y = 0; y < 4; y++) {
        uint8x8_t p = vld1_u8(a + y * stride_a), q = vld1_u8(b + y * stride_b);
        sum_a = vaddw_u8(sum_a, p);
        sum_b = vaddw_u8(sum_b, q);
        squares = vpadalq_u16(vpadalq_u16(squares, vmull_u8(p, p)), vmull_u8(q, q));
        product = vpadalq_u16(product, vmull_u8(p, q));
    }
    uint32x4_t ab = vpaddq_u32(vpaddlq_u16(sum_a), vpaddlq_u16(sum_b)); /* [a0 a1 b0 b1] */
    uint32x4_t sp = vpaddq_u32(squares, product);                       /* [s0 s1 p0 p1] */
    uint32x4_t first = vuzp1q_u32(ab, sp), second = vuzp2q_u32(ab, sp);
    vst1q_s32(sums[0], vreinterpretq_s32_u32(first));
    vst1q_s32(sums[1], vreinterpretq_s32_u32(second));
}

void AVO_BPC(avo_cost_init_neon)(AvoDsp *dsp)
{
    AVO_SET_COST
}

#else

void AVO_BPC(avo_cost_init_neon)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
