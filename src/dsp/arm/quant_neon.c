/* Quantisation, scaling, scans and level counts, NEON. */
#include "dsp/entries.h"
#include "dsp/arm/arm.h"

#ifdef AVO_ARM64

/* ---- quantisation ---- */

/* The levels of 8 coefficients. */
AVO_INLINE int16x8_t quant_lanes(int16x8_t v, uint16x8_t mf, uint16x8_t bias)
{
    uint16x8_t sum = vqaddq_u16(vreinterpretq_u16_s16(vabsq_s16(v)), bias);
    uint32x4_t lo = vmull_u16(vget_low_u16(sum), vget_low_u16(mf));
    uint32x4_t hi = vmull_high_u16(sum, mf);
    uint16x8_t level = vuzp2q_u16(vreinterpretq_u16_u32(lo), vreinterpretq_u16_u32(hi));
    level = vandq_u16(level, vtstq_s16(v, v)); /* 0 stays 0 */
    int16x8_t sign = vshrq_n_s16(v, 15), l = vreinterpretq_s16_u16(level);
    return vsubq_s16(veorq_s16(l, sign), sign);
}

AVO_INLINE int16x8_t quant_8(coef *c, uint16x8_t mf, uint16x8_t bias)
{
    int16x8_t level = quant_lanes(vld1q_s16(c), mf, bias);
    vst1q_s16(c, level);
    return level;
}

AVO_INLINE int any_bit(int16x8_t v)
{
    return vmaxvq_u16(vreinterpretq_u16_s16(v)) != 0;
}

static int quant_4x4(coef c[16], const uint16_t mf[16], const uint16_t bias[16])
{
    int16x8_t lo = quant_8(c, vld1q_u16(mf), vld1q_u16(bias));
    int16x8_t hi = quant_8(c + 8, vld1q_u16(mf + 8), vld1q_u16(bias + 8));
    return any_bit(vorrq_s16(lo, hi));
}

static int quant_4x4_x4(coef c[64], const uint16_t mf[16], const uint16_t bias[16])
{
    int mask = 0;
    for (int i = 0; i < 4; i++)
        mask |= quant_4x4(c + 16 * i, mf, bias) << i;
    return mask;
}

static int quant_8x8(coef c[64], const uint16_t mf[64], const uint16_t bias[64])
{
    int16x8_t any = vdupq_n_s16(0);
    for (int i = 0; i < 64; i += 8)
        any = vorrq_s16(any, quant_8(c + i, vld1q_u16(mf + i), vld1q_u16(bias + i)));
    return any_bit(any);
}

static int quant_4x4_dc(coef c[16], int mf, int bias)
{
    uint16x8_t m = vdupq_n_u16((uint16_t)mf), b = vdupq_n_u16((uint16_t)bias);
    int16x8_t lo = quant_8(c, m, b), hi = quant_8(c + 8, m, b);
    return any_bit(vorrq_s16(lo, hi));
}

static int quant_2x2_dc(coef c[4], int mf, int bias)
{
    int16x8_t v = vcombine_s16(vld1_s16(c), vdup_n_s16(0));
    v = quant_lanes(v, vdupq_n_u16((uint16_t)mf), vdupq_n_u16((uint16_t)bias));
    vst1_s16(c, vget_low_s16(v));
    return any_bit(v);
}

/* ---- scaling ---- */

/* 8 coefficients: to the left only the low 16 bits are formed; to the right in 32 bits, rounded. */
AVO_INLINE void dequant_8(coef *c, int16x8_t scale, int shift)
{
    int16x8_t v = vld1q_s16(c);
    if (shift >= 0) {
        v = vshlq_s16(vmulq_s16(v, scale), vdupq_n_s16((int16_t)shift));
    } else {
        int32x4_t count = vdupq_n_s32(shift);
        int32x4_t lo = vrshlq_s32(vmull_s16(vget_low_s16(v), vget_low_s16(scale)), count);
        int32x4_t hi = vrshlq_s32(vmull_high_s16(v, scale), count);
        v = vuzp1q_s16(vreinterpretq_s16_s32(lo), vreinterpretq_s16_s32(hi));
    }
    vst1q_s16(c, v);
}

static void dequant_4x4(coef c[16], const uint16_t scale[16], int qp)
{
    for (int i = 0; i < 16; i += 8)
        dequant_8(c + i, vreinterpretq_s16_u16(vld1q_u16(scale + i)), qp / 6 - 4);
}

static void dequant_8x8(coef c[64], const uint16_t scale[64], int qp)
{
    for (int i = 0; i < 64; i += 8)
        dequant_8(c + i, vreinterpretq_s16_u16(vld1q_u16(scale + i)), qp / 6 - 6);
}

static void dequant_4x4_dc(coef c[16], int scale, int qp)
{
    for (int i = 0; i < 16; i += 8)
        dequant_8(c + i, vdupq_n_s16((int16_t)scale), qp / 6 - 6);
}

/* ---- scans: table look-ups of bytes; an index out of range leaves the other half's result ---- */

#define LANE(i) 2 * (i), 2 * (i) + 1
#define LANES(a, b, c, d, e, f, g, h)                                                              \
    LANE(a), LANE(b), LANE(c), LANE(d), LANE(e), LANE(f), LANE(g), LANE(h)

static const uint8_t zigzag_4x4[32] = {LANES(0, 1, 4, 8, 5, 2, 3, 6),
                                       LANES(9, 12, 13, 10, 7, 11, 14, 15)};
static const uint8_t zigzag_8x8[128] = {
    LANES(0, 1, 8, 16, 9, 2, 3, 10),       LANES(17, 24, 32, 25, 18, 11, 4, 5),
    LANES(12, 19, 26, 33, 40, 48, 41, 34), LANES(27, 20, 13, 6, 7, 14, 21, 28),
    LANES(35, 42, 49, 56, 57, 50, 43, 36), LANES(29, 22, 15, 23, 30, 37, 44, 51),
    LANES(58, 59, 52, 45, 38, 31, 39, 46), LANES(53, 60, 61, 54, 47, 55, 62, 63)};

/* A bit per lane of two registers, in its byte: 1 << number % 8 where the lane is not 0. */
AVO_INLINE uint8x16_t lane_bits(int16x8_t lo, int16x8_t hi)
{
    static const uint8_t bits[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t set = vcombine_u8(vmovn_u16(vtstq_s16(lo, lo)), vmovn_u16(vtstq_s16(hi, hi)));
    return vandq_u8(set, vld1q_u8(bits));
}

static uint32_t scan_4x4(coef out[16], const coef in[16])
{
    uint8x16x2_t block = {
        {vreinterpretq_u8_s16(vld1q_s16(in)), vreinterpretq_u8_s16(vld1q_s16(in + 8))}};
    int16x8_t first = vreinterpretq_s16_u8(vqtbl2q_u8(block, vld1q_u8(zigzag_4x4)));
    int16x8_t second = vreinterpretq_s16_u8(vqtbl2q_u8(block, vld1q_u8(zigzag_4x4 + 16)));
    vst1q_s16(out, first);
    vst1q_s16(out + 8, second);
    uint8x16_t bits = lane_bits(first, second);
    return (uint32_t)vaddv_u8(vget_low_u8(bits)) | (uint32_t)vaddv_u8(vget_high_u8(bits)) << 8;
}

AVO_INLINE uint8x16x4_t load_half(const coef *in)
{
    uint8x16x4_t half = {
        {vreinterpretq_u8_s16(vld1q_s16(in)), vreinterpretq_u8_s16(vld1q_s16(in + 8)),
         vreinterpretq_u8_s16(vld1q_s16(in + 16)), vreinterpretq_u8_s16(vld1q_s16(in + 24))}};
    return half;
}

/* Positions 8i .. 8i + 7 of the zig-zag scan. */
AVO_INLINE int16x8_t zigzag_8(uint8x16x4_t upper, uint8x16x4_t lower, int i)
{
    uint8x16_t at = vld1q_u8(zigzag_8x8 + 16 * i);
    uint8x16_t v = vqtbl4q_u8(upper, at);
    return vreinterpretq_s16_u8(vqtbx4q_u8(v, lower, vsubq_u8(at, vdupq_n_u8(64))));
}

static uint64_t scan_8x8(coef out[64], const coef in[64])
{
    uint8x16x4_t upper = load_half(in), lower = load_half(in + 32);
    uint8x16_t bits[4];
    AVO_UNROLL
    for (int i = 0; i < 4; i++) {
        int16x8_t first = zigzag_8(upper, lower, 2 * i);
        int16x8_t second = zigzag_8(upper, lower, 2 * i + 1);
        vst1q_s16(out + 16 * i, first);
        vst1q_s16(out + 16 * i + 8, second);
        bits[i] = lane_bits(first, second);
    }
    uint8x16_t sums = vpaddq_u8(vpaddq_u8(bits[0], bits[1]), vpaddq_u8(bits[2], bits[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
}

/* De-interleaves by 4: twice evens from odds. */
static void scan_8x8_cavlc(coef out[64], const coef in[64])
{
    uint8x16x4_t upper = load_half(in), lower = load_half(in + 32);
    AVO_UNROLL
    for (int half = 0; half < 2; half++) {
        int16x8_t z[4];
        AVO_UNROLL
        for (int i = 0; i < 4; i++)
            z[i] = zigzag_8(upper, lower, 4 * half + i);
        int16x8_t even01 = vuzp1q_s16(z[0], z[1]), odd01 = vuzp2q_s16(z[0], z[1]);
        int16x8_t even23 = vuzp1q_s16(z[2], z[3]), odd23 = vuzp2q_s16(z[2], z[3]);
        coef *to = out + 8 * half;
        vst1q_s16(to, vuzp1q_s16(even01, even23));
        vst1q_s16(to + 16, vuzp1q_s16(odd01, odd23));
        vst1q_s16(to + 32, vuzp2q_s16(even01, even23));
        vst1q_s16(to + 48, vuzp2q_s16(odd01, odd23));
    }
}

/* ---- levels ---- */

/* 4 bits per level of 16: all set where it is not zero. */
AVO_INLINE uint64_t nonzero_nibbles(int16x8_t lo, int16x8_t hi)
{
    uint8x16_t bytes = vcombine_u8(vmovn_u16(vtstq_s16(lo, lo)), vmovn_u16(vtstq_s16(hi, hi)));
    uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8(bytes), 4);
    return vget_lane_u64(vreinterpret_u64_u8(nibbles), 0);
}

AVO_INLINE int last_nibble(uint64_t nibbles)
{
    uint32_t upper = (uint32_t)(nibbles >> 32), lower = (uint32_t)nibbles;
    return upper ? 8 + (avo_log2_floor(upper) >> 2) : lower ? avo_log2_floor(lower) >> 2 : -1;
}

static int last_nonzero_4(const coef *levels)
{
    int16x8_t zero = vdupq_n_s16(0);
    return last_nibble(nonzero_nibbles(vcombine_s16(vld1_s16(levels), vget_low_s16(zero)), zero));
}

/* The second half starts at 7 so as not to read a 16th level; its first level counts twice. */
static int last_nonzero_15(const coef *levels)
{
    uint64_t nibbles = nonzero_nibbles(vld1q_s16(levels), vld1q_s16(levels + 7));
    return last_nibble((nibbles & 0xffffffffu) | nibbles >> 32 << 28);
}

static int last_nonzero_16(const coef *levels)
{
    return last_nibble(nonzero_nibbles(vld1q_s16(levels), vld1q_s16(levels + 8)));
}

static int last_nonzero_64(const coef *levels)
{
    for (int i = 48; i >= 0; i -= 16) {
        int last = last_nonzero_16(levels + i);
        if (last >= 0)
            return i + last;
    }
    return -1;
}

static int count_nonzero_16(const coef levels[16])
{
    int16x8_t lo = vld1q_s16(levels), hi = vld1q_s16(levels + 8);
    /* set lanes are -1 */
    uint16x8_t set = vaddq_u16(vtstq_s16(lo, lo), vtstq_s16(hi, hi));
    return -vaddvq_s16(vreinterpretq_s16_u16(set));
}

void AVO_BPC(avo_quant_init_neon)(AvoDsp *dsp)
{
    AVO_SET_QUANT
}

#else

void AVO_BPC(avo_quant_init_neon)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
