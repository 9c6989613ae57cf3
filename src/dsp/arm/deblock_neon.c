/* Loop filter, NEON: a whole edge at once, 16 (luma) or 8 (chroma) lines as bytes of a register,
 * one register per distance from the edge. Vertical edges are transposed on the way in and out. */
#include "dsp/entries.h"
#include "dsp/arm/arm.h"

#ifdef AVO_ARM64

/* ---- arithmetic ---- */

/* 0xff where |a - b| < limit. */
AVO_INLINE uint8x16_t is_near(uint8x16_t a, uint8x16_t b, int limit)
{
    return vcltq_u8(vabdq_u8(a, b), vdupq_n_u8((uint8_t)limit));
}

/* filterSamplesFlag but for bS. */
AVO_INLINE uint8x16_t edge_mask(uint8x16_t p1, uint8x16_t p0, uint8x16_t q0, uint8x16_t q1,
                                int alpha, int beta)
{
    return vandq_u8(is_near(p0, q0, alpha), vandq_u8(is_near(p1, p0, beta), is_near(q1, q0, beta)));
}

/* (4 (q0 - p0) + (p1 - q1) + 4) >> 3 of 8 lines, saturated to 8 bits (tc is far smaller). */
AVO_INLINE int8x8_t raw_delta(uint8x8_t p1, uint8x8_t p0, uint8x8_t q0, uint8x8_t q1)
{
    int16x8_t d = vaddq_s16(vshlq_n_s16(diff_u8(q0, p0), 2), diff_u8(p1, q1));
    return vqmovn_s16(vrshrq_n_s16(d, 3));
}

/* p0 += delta, q0 -= delta, delta clipped to +-tc (tc 0: no change). */
AVO_INLINE void move_p0_q0(uint8x16_t p1, uint8x16_t *p0, uint8x16_t *q0, uint8x16_t q1,
                           uint8x16_t tc)
{
    int8x16_t limit = vreinterpretq_s8_u8(tc);
    int8x16_t delta = vcombine_s8(
        raw_delta(vget_low_u8(p1), vget_low_u8(*p0), vget_low_u8(*q0), vget_low_u8(q1)),
        raw_delta(vget_high_u8(p1), vget_high_u8(*p0), vget_high_u8(*q0), vget_high_u8(q1)));
    delta = vminq_s8(vmaxq_s8(delta, vnegq_s8(limit)), limit);
    *p0 = vsqaddq_u8(*p0, delta);
    *q0 = vsqaddq_u8(*q0, vnegq_s8(delta));
}

/* p1 + Clip3(-tc, tc, ((p2 + mean) >> 1) - p1), mean being (p0 + q0 + 1) >> 1. */
AVO_INLINE uint8x16_t move_p1(uint8x16_t p2, uint8x16_t p1, uint8x16_t mean, uint8x16_t tc)
{
    uint8x16_t v = vhaddq_u8(p2, mean);
    return vminq_u8(vmaxq_u8(v, vqsubq_u8(p1, tc)), vqaddq_u8(p1, tc));
}

/* 8.7.2.3 for luma. v: p2 p1 p0 q0 q1 q2; tc0 per line, -1 where bS is 0. */
AVO_INLINE void filter_luma(uint8x16_t v[6], int alpha, int beta, int8x16_t tc0)
{
    uint8x16_t p1 = v[1], q1 = v[4], bound = vreinterpretq_u8_s8(tc0);
    uint8x16_t mask = vandq_u8(edge_mask(p1, v[2], v[3], q1, alpha, beta), vcgezq_s8(tc0));
    uint8x16_t ap = vandq_u8(is_near(v[0], v[2], beta), mask);
    uint8x16_t aq = vandq_u8(is_near(v[5], v[3], beta), mask);
    uint8x16_t mean = vrhaddq_u8(v[2], v[3]);
    uint8x16_t tc = vsubq_u8(vsubq_u8(vandq_u8(bound, mask), ap), aq);

    v[1] = move_p1(v[0], p1, mean, vandq_u8(bound, ap));
    v[4] = move_p1(v[5], q1, mean, vandq_u8(bound, aq));
    move_p0_q0(p1, &v[2], &v[3], q1, tc);
}

AVO_INLINE void filter_chroma(uint8x16_t v[4], int alpha, int beta, int8x16_t tc0)
{
    uint8x16_t mask = vandq_u8(edge_mask(v[0], v[1], v[2], v[3], alpha, beta), vcgezq_s8(tc0));
    uint8x16_t tc = vandq_u8(vreinterpretq_u8_s8(vaddq_s8(tc0, vdupq_n_s8(1))), mask);
    move_p0_q0(v[0], &v[1], &v[2], v[3], tc);
}

/* (2 a1 + a0 + b1 + 2) >> 2 */
AVO_INLINE uint8x16_t weak_a0(uint8x16_t a1, uint8x16_t a0, uint8x16_t b1)
{
    return vrhaddq_u8(a1, vhaddq_u8(a0, b1));
}

typedef struct StrongSide {
    uint8x8_t s0, s1, s2;
} StrongSide;

/* The long filter of 8.7.2.4 for 8 lines of one side: a0 .. a3 outwards from the edge, b0, b1
 * beyond it. */
AVO_INLINE StrongSide strong_side(uint8x8_t a0, uint8x8_t a1, uint8x8_t a2, uint8x8_t a3,
                                  uint8x8_t b0, uint8x8_t b1)
{
    uint16x8_t inner = vaddw_u8(vaddl_u8(a1, a0), b0); /* a1 + a0 + b0 */
    uint16x8_t four = vaddw_u8(inner, a2);             /* a2 + a1 + a0 + b0 */
    uint16x8_t s0 = vaddq_u16(vaddq_u16(inner, inner), vaddl_u8(a2, b1));
    uint16x8_t s2 = vaddq_u16(four, vshlq_n_u16(vaddl_u8(a3, a2), 1));
    StrongSide side = {vrshrn_n_u16(s0, 3), vrshrn_n_u16(four, 2), vrshrn_n_u16(s2, 3)};
    return side;
}

/* One side of 8.7.2.4: mask says which lines to filter at all, strong which get the long filter. */
AVO_INLINE void filter_strong_side(uint8x16_t *a0, uint8x16_t *a1, uint8x16_t *a2, uint8x16_t a3,
                                   uint8x16_t b0, uint8x16_t b1, uint8x16_t mask, uint8x16_t strong)
{
    StrongSide lo = strong_side(vget_low_u8(*a0), vget_low_u8(*a1), vget_low_u8(*a2),
                                vget_low_u8(a3), vget_low_u8(b0), vget_low_u8(b1));
    StrongSide hi = strong_side(vget_high_u8(*a0), vget_high_u8(*a1), vget_high_u8(*a2),
                                vget_high_u8(a3), vget_high_u8(b0), vget_high_u8(b1));
    uint8x16_t s0 = vbslq_u8(strong, vcombine_u8(lo.s0, hi.s0), weak_a0(*a1, *a0, b1));
    *a0 = vbslq_u8(mask, s0, *a0);
    *a1 = vbslq_u8(strong, vcombine_u8(lo.s1, hi.s1), *a1);
    *a2 = vbslq_u8(strong, vcombine_u8(lo.s2, hi.s2), *a2);
}

/* v: p3 p2 p1 p0 q0 q1 q2 q3. */
AVO_INLINE void filter_luma_intra(uint8x16_t v[8], int alpha, int beta)
{
    uint8x16_t p1 = v[2], p0 = v[3], q0 = v[4], q1 = v[5];
    uint8x16_t mask = edge_mask(p1, p0, q0, q1, alpha, beta);
    uint8x16_t small = vandq_u8(mask, is_near(p0, q0, (alpha >> 2) + 2));
    uint8x16_t strong_p = vandq_u8(small, is_near(v[1], p0, beta));
    uint8x16_t strong_q = vandq_u8(small, is_near(v[6], q0, beta));

    filter_strong_side(&v[3], &v[2], &v[1], v[0], q0, q1, mask, strong_p);
    filter_strong_side(&v[4], &v[5], &v[6], v[7], p0, p1, mask, strong_q);
}

AVO_INLINE void filter_chroma_intra(uint8x16_t v[4], int alpha, int beta)
{
    uint8x16_t mask = edge_mask(v[0], v[1], v[2], v[3], alpha, beta);
    uint8x16_t p0 = weak_a0(v[0], v[1], v[3]), q0 = weak_a0(v[3], v[2], v[0]);
    v[1] = vbslq_u8(mask, p0, v[1]);
    v[2] = vbslq_u8(mask, q0, v[2]);
}

/* Each of the four values for 4 luma lines, or for 2 chroma lines. */
AVO_INLINE int8x16_t spread_tc0(const int8_t tc0[4], bool luma)
{
    static const uint8_t by_4[16] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3};
    static const uint8_t by_2[16] = {0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 1, 1, 2, 2, 3, 3};
    uint8x16_t values = vreinterpretq_u8_u32(vdupq_n_u32(load_u32(tc0)));
    return vreinterpretq_s8_u8(vqtbl1q_u8(values, vld1q_u8(luma ? by_4 : by_2)));
}

/* ---- horizontal edges ---- */

static void deblock_luma_h(pixel *pix, ptrdiff_t stride, int alpha, int beta, const int8_t tc0[4])
{
    uint8x16_t v[6];
    AVO_UNROLL
    for (int i = 0; i < 6; i++)
        v[i] = vld1q_u8(pix + (i - 3) * stride);
    filter_luma(v, alpha, beta, spread_tc0(tc0, true));
    AVO_UNROLL
    for (int i = 1; i < 5; i++)
        vst1q_u8(pix + (i - 3) * stride, v[i]);
}

static void deblock_luma_intra_h(pixel *pix, ptrdiff_t stride, int alpha, int beta)
{
    uint8x16_t v[8];
    AVO_UNROLL
    for (int i = 0; i < 8; i++)
        v[i] = vld1q_u8(pix + (i - 4) * stride);
    filter_luma_intra(v, alpha, beta);
    AVO_UNROLL
    for (int i = 1; i < 7; i++)
        vst1q_u8(pix + (i - 4) * stride, v[i]);
}

/* Chroma uses the lower halves only. */
AVO_INLINE void load_chroma_h(uint8x16_t v[4], const pixel *pix, ptrdiff_t stride)
{
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        v[i] = vcombine_u8(vld1_u8(pix + (i - 2) * stride), vdup_n_u8(0));
}

AVO_INLINE void store_chroma_h(pixel *pix, ptrdiff_t stride, const uint8x16_t v[4])
{
    vst1_u8(pix - stride, vget_low_u8(v[1]));
    vst1_u8(pix, vget_low_u8(v[2]));
}

static void deblock_chroma_h(pixel *pix, ptrdiff_t stride, int alpha, int beta, const int8_t tc0[4])
{
    uint8x16_t v[4];
    load_chroma_h(v, pix, stride);
    filter_chroma(v, alpha, beta, spread_tc0(tc0, false));
    store_chroma_h(pix, stride, v);
}

static void deblock_chroma_intra_h(pixel *pix, ptrdiff_t stride, int alpha, int beta)
{
    uint8x16_t v[4];
    load_chroma_h(v, pix, stride);
    filter_chroma_intra(v, alpha, beta);
    store_chroma_h(pix, stride, v);
}

/* ---- vertical edges ---- */

/* 8x8 bytes in each half: rows to columns, and back. */
AVO_INLINE void transpose_8x8(uint8x16_t v[8])
{
    uint16x8_t a[8];
    uint32x4_t b[8];
    AVO_UNROLL
    for (int i = 0; i < 8; i += 2) {
        a[i] = vreinterpretq_u16_u8(vtrn1q_u8(v[i], v[i + 1]));
        a[i + 1] = vreinterpretq_u16_u8(vtrn2q_u8(v[i], v[i + 1]));
    }
    AVO_UNROLL
    for (int i = 0; i < 8; i += 4) {
        b[i] = vreinterpretq_u32_u16(vtrn1q_u16(a[i], a[i + 2]));
        b[i + 1] = vreinterpretq_u32_u16(vtrn1q_u16(a[i + 1], a[i + 3]));
        b[i + 2] = vreinterpretq_u32_u16(vtrn2q_u16(a[i], a[i + 2]));
        b[i + 3] = vreinterpretq_u32_u16(vtrn2q_u16(a[i + 1], a[i + 3]));
    }
    AVO_UNROLL
    for (int i = 0; i < 4; i++) {
        v[i] = vreinterpretq_u8_u32(vtrn1q_u32(b[i], b[i + 4]));
        v[i + 4] = vreinterpretq_u8_u32(vtrn2q_u32(b[i], b[i + 4]));
    }
}

/* 16 rows of p3 .. q3 to columns: rows 0-7 in the lower halves, 8-15 in the upper ones. */
AVO_INLINE void load_columns(uint8x16_t v[8], const pixel *p, ptrdiff_t stride)
{
    AVO_UNROLL
    for (int i = 0; i < 8; i++)
        v[i] = vcombine_u8(vld1_u8(p + i * stride), vld1_u8(p + (i + 8) * stride));
    transpose_8x8(v);
}

AVO_INLINE void store_columns(pixel *p, ptrdiff_t stride, uint8x16_t v[8])
{
    transpose_8x8(v);
    AVO_UNROLL
    for (int i = 0; i < 8; i++) {
        vst1_u8(p + i * stride, vget_low_u8(v[i]));
        vst1_u8(p + (i + 8) * stride, vget_high_u8(v[i]));
    }
}

/* The middle four columns (p1 p0 q0 q1), all that the normal filter changes. */
AVO_INLINE void store_middle(pixel *pix, ptrdiff_t stride, uint8x16_t v[8])
{
    uint8x16x4_t columns = {{v[2], v[3], v[4], v[5]}};
    pixel *p = pix - 2;
#define STORE_ROW(i) vst4q_lane_u8(p + (i)*stride, columns, i)
    STORE_ROW(0);
    STORE_ROW(1);
    STORE_ROW(2);
    STORE_ROW(3);
    STORE_ROW(4);
    STORE_ROW(5);
    STORE_ROW(6);
    STORE_ROW(7);
    STORE_ROW(8);
    STORE_ROW(9);
    STORE_ROW(10);
    STORE_ROW(11);
    STORE_ROW(12);
    STORE_ROW(13);
    STORE_ROW(14);
    STORE_ROW(15);
#undef STORE_ROW
}

static void deblock_luma_v(pixel *pix, ptrdiff_t stride, int alpha, int beta, const int8_t tc0[4])
{
    uint8x16_t v[8];
    load_columns(v, pix - 4, stride);
    filter_luma(v + 1, alpha, beta, spread_tc0(tc0, true));
    store_middle(pix, stride, v);
}

static void deblock_luma_intra_v(pixel *pix, ptrdiff_t stride, int alpha, int beta)
{
    uint8x16_t v[8];
    load_columns(v, pix - 4, stride);
    filter_luma_intra(v, alpha, beta);
    store_columns(pix - 4, stride, v);
}

/* 8 rows of 4 samples: 4 rows in a register, de-interleaved by 4. */
AVO_INLINE void load_chroma_v(uint8x16_t v[4], const pixel *pix, ptrdiff_t stride)
{
    const pixel *p = pix - 2;
    uint8x16_t upper = vcombine_u8(load4x2(p, stride), load4x2(p + 2 * stride, stride));
    uint8x16_t lower =
        vcombine_u8(load4x2(p + 4 * stride, stride), load4x2(p + 6 * stride, stride));
    uint8x16_t even = vuzp1q_u8(upper, lower), odd = vuzp2q_u8(upper, lower);
    v[0] = vuzp1q_u8(even, even); /* both halves alike; the upper one does not matter */
    v[1] = vuzp1q_u8(odd, odd);
    v[2] = vuzp2q_u8(even, even);
    v[3] = vuzp2q_u8(odd, odd);
}

/* Columns p1 p0 q0 q1 back to rows. */
AVO_INLINE void store_chroma_v(pixel *pix, ptrdiff_t stride, const uint8x16_t v[4])
{
    uint16x8_t p = vreinterpretq_u16_u8(vzip1q_u8(v[0], v[1]));
    uint16x8_t q = vreinterpretq_u16_u8(vzip1q_u8(v[2], v[3]));
    uint8x16_t upper = vreinterpretq_u8_u16(vzip1q_u16(p, q));
    uint8x16_t lower = vreinterpretq_u8_u16(vzip2q_u16(p, q));
    pixel *dst = pix - 2;
    store4(dst, vget_low_u8(upper));
    store4_high(dst + stride, vget_low_u8(upper));
    store4(dst + 2 * stride, vget_high_u8(upper));
    store4_high(dst + 3 * stride, vget_high_u8(upper));
    store4(dst + 4 * stride, vget_low_u8(lower));
    store4_high(dst + 5 * stride, vget_low_u8(lower));
    store4(dst + 6 * stride, vget_high_u8(lower));
    store4_high(dst + 7 * stride, vget_high_u8(lower));
}

static void deblock_chroma_v(pixel *pix, ptrdiff_t stride, int alpha, int beta, const int8_t tc0[4])
{
    uint8x16_t v[4];
    load_chroma_v(v, pix, stride);
    filter_chroma(v, alpha, beta, spread_tc0(tc0, false));
    store_chroma_v(pix, stride, v);
}

static void deblock_chroma_intra_v(pixel *pix, ptrdiff_t stride, int alpha, int beta)
{
    uint8x16_t v[4];
    load_chroma_v(v, pix, stride);
    filter_chroma_intra(v, alpha, beta);
    store_chroma_v(pix, stride, v);
}

/* ---- both chroma planes ---- */

AVO_INLINE void load_pair_h(uint8x16_t v[4], const pixel *cb, const pixel *cr, ptrdiff_t stride)
{
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        v[i] = vcombine_u8(vld1_u8(cb + (i - 2) * stride), vld1_u8(cr + (i - 2) * stride));
}

AVO_INLINE void store_pair_h(pixel *cb, pixel *cr, ptrdiff_t stride, const uint8x16_t v[4])
{
    store_chroma_h(cb, stride, v);
    vst1_u8(cr - stride, vget_high_u8(v[1]));
    vst1_u8(cr, vget_high_u8(v[2]));
}

static void deblock_pair_h(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha, int beta,
                           const int8_t tc0[4])
{
    uint8x16_t v[4];
    load_pair_h(v, cb, cr, stride);
    filter_chroma(v, alpha, beta, spread_tc0(tc0, false));
    store_pair_h(cb, cr, stride, v);
}

static void deblock_pair_intra_h(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha, int beta)
{
    uint8x16_t v[4];
    load_pair_h(v, cb, cr, stride);
    filter_chroma_intra(v, alpha, beta);
    store_pair_h(cb, cr, stride, v);
}

/* 8 rows of 4 samples of each plane to columns, Cb in the lower halves. */
AVO_INLINE void load_pair_v(uint8x16_t v[4], const pixel *cb, const pixel *cr, ptrdiff_t stride)
{
    uint8x16_t b[4], r[4];
    load_chroma_v(b, cb, stride);
    load_chroma_v(r, cr, stride);
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        v[i] = vcombine_u8(vget_low_u8(b[i]), vget_low_u8(r[i]));
}

AVO_INLINE void store_pair_v(pixel *cb, pixel *cr, ptrdiff_t stride, const uint8x16_t v[4])
{
    uint8x16_t r[4];
    store_chroma_v(cb, stride, v);
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        r[i] = vextq_u8(v[i], v[i], 8);
    store_chroma_v(cr, stride, r);
}

static void deblock_pair_v(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha, int beta,
                           const int8_t tc0[4])
{
    uint8x16_t v[4];
    load_pair_v(v, cb, cr, stride);
    filter_chroma(v, alpha, beta, spread_tc0(tc0, false));
    store_pair_v(cb, cr, stride, v);
}

static void deblock_pair_intra_v(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha, int beta)
{
    uint8x16_t v[4];
    load_pair_v(v, cb, cr, stride);
    filter_chroma_intra(v, alpha, beta);
    store_pair_v(cb, cr, stride, v);
}

void AVO_BPC(avo_deblock_init_neon)(AvoDsp *dsp)
{
    AVO_SET_DEBLOCK
    AVO_SET_DEBLOCK_PAIR
}

#else

void AVO_BPC(avo_deblock_init_neon)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
