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

/* ---- SATD, 8x8 Hadamard ---- */

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

/* ---- texture ---- */

/* One 8x8: over four lanes each, halves of the sums of all and of the first row's coefficients, and
 * the sum of the first column's; returns the sum of the samples.
 *
 * Rows of the transform are told by the parity of lanes, so the first one makes the even lanes of
 * the first maximum. The first column is e + f, where e is in lanes 0 and 1, f in 4 and 5 of the
 * first register of each pair. */
AVO_INLINE int32_t texture_8x8(const pixel *src, ptrdiff_t stride, uint32x4_t *all, uint32x4_t *row,
                               uint32x4_t *column)
{
    int16x8_t v[8], first;
    uint16x8_t most[4];
    int32x2_t sum[4];
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        v[y] = to_s16(vld1_u8(src + y * stride));
    hadamard_4_of_8(v);
    butterfly_8(v);
    AVO_UNROLL
    for (int i = 0; i < 4; i++) {
        most[i] = max_abs_halves(v[2 * i], v[2 * i + 1]);
        sum[i] = vreinterpret_s32_s16(vadd_s16(vget_low_s16(v[2 * i]), vget_high_s16(v[2 * i])));
    }
    first =
        vreinterpretq_s16_s32(vcombine_s32(vtrn1_s32(sum[0], sum[1]), vtrn1_s32(sum[2], sum[3])));
    *all = vpadalq_u16(vpaddlq_u16(vaddq_u16(most[0], most[1])), vaddq_u16(most[2], most[3]));
    *row = vandq_u32(vreinterpretq_u32_u16(most[0]), vdupq_n_u32(0xffff));
    *column = vpaddlq_u16(vreinterpretq_u16_s16(vabsq_s16(first)));
    return vgetq_lane_s16(first, 0);
}

AVO_INLINE uint32x4_t fold4(const uint32x4_t v[4])
{
    return vpaddq_u32(vpaddq_u32(v[0], v[1]), vpaddq_u32(v[2], v[3]));
}

static void texture(const pixel *src, ptrdiff_t stride, AvoTexture *out)
{
    uint32x4_t all[4], row[4], column[4];
    for (int i = 0; i < 4; i++)
        out->sum[i] = texture_8x8(src + (i >> 1) * 8 * stride + (i & 1) * 8, stride, &all[i],
                                  &row[i], &column[i]);
    uint32x4_t dc = vreinterpretq_u32_s32(vld1q_s32(out->sum));
    uint32x4_t twice_all = vshlq_n_u32(fold4(all), 1), twice_row = vshlq_n_u32(fold4(row), 1);
    vst1q_s32(out->all, vreinterpretq_s32_u32(vshrq_n_u32(vsubq_u32(twice_all, dc), 2)));
    vst1q_s32(out->row, vreinterpretq_s32_u32(vshrq_n_u32(vsubq_u32(twice_row, dc), 2)));
    vst1q_s32(out->column, vreinterpretq_s32_u32(vshrq_n_u32(vsubq_u32(fold4(column), dc), 2)));
}

/* ---- errors of means ---- */

static int mean_ssd(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b)
{
    int32x4_t ssd = vdupq_n_s32(0);
    for (int i = 0; i < 2; i++) { /* four blocks side by side */
        int16x8_t left = vdupq_n_s16(0), right = left;
        AVO_UNROLL
        for (int y = 0; y < 4; y++, a += stride_a, b += stride_b) {
            uint8x16_t p = vld1q_u8(a), q = vld1q_u8(b);
            left = vaddq_s16(left, diff_u8(vget_low_u8(p), vget_low_u8(q)));
            right = vaddq_s16(right, diff_u8(vget_high_u8(p), vget_high_u8(q)));
        }
        int32x4_t off = vpaddq_s32(vpaddlq_s16(left), vpaddlq_s16(right));
        ssd = vsraq_n_s32(ssd, vmulq_s32(off, off), 4);
    }
    return vaddvq_s32(ssd);
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
AVO_FOR_BLK_SIZES_8(AVO_SA8D_ENTRY)
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
