/* Hadamard transforms for cost kernels, NEON. A register holds a row of 8 samples: of an 8x8, or
 * of two 4x4 side by side.
 *
 * The last butterfly of each transform is never done: |a + b| + |a - b| = 2 max(|a|, |b|), and
 * the factor 2 is the halving that the costs want anyway. */
#ifndef AVO_DSP_ARM_HADAMARD_NEON_H
#define AVO_DSP_ARM_HADAMARD_NEON_H

#include "dsp/arm/arm.h"

/* Vertical butterflies over four rows, in place. */
AVO_INLINE void butterfly_4(int16x8_t v[4])
{
    int16x8_t s01 = vaddq_s16(v[0], v[1]), d01 = vsubq_s16(v[0], v[1]);
    int16x8_t s23 = vaddq_s16(v[2], v[3]), d23 = vsubq_s16(v[2], v[3]);
    v[0] = vaddq_s16(s01, s23);
    v[1] = vaddq_s16(d01, d23);
    v[2] = vsubq_s16(s01, s23);
    v[3] = vsubq_s16(d01, d23);
}

/* Butterfly between neighbouring lanes of two registers; lanes of a come out even, of b odd. */
AVO_INLINE void butterfly_neighbours(int16x8_t *a, int16x8_t *b)
{
    int16x8_t left = vtrn1q_s16(*a, *b), right = vtrn2q_s16(*a, *b);
    *a = vaddq_s16(left, right);
    *b = vsubq_s16(left, right);
}

/* Partners two lanes apart: sums and differences, pairs of lanes of a first. */
AVO_INLINE void butterfly_pairs(int16x8_t *a, int16x8_t *b)
{
    int32x4_t p = vreinterpretq_s32_s16(*a), q = vreinterpretq_s32_s16(*b);
    int16x8_t left = vreinterpretq_s16_s32(vtrn1q_s32(p, q));
    int16x8_t right = vreinterpretq_s16_s32(vtrn2q_s32(p, q));
    *a = vaddq_s16(left, right);
    *b = vsubq_s16(left, right);
}

/* The same as a last butterfly: max of absolutes. */
AVO_INLINE uint16x8_t max_abs_pairs(int16x8_t a, int16x8_t b)
{
    int32x4_t p = vreinterpretq_s32_s16(vabsq_s16(a)), q = vreinterpretq_s32_s16(vabsq_s16(b));
    return vmaxq_u16(vreinterpretq_u16_s32(vtrn1q_s32(p, q)),
                     vreinterpretq_u16_s32(vtrn2q_s32(p, q)));
}

/* Partners four lanes apart, last butterfly. */
AVO_INLINE uint16x8_t max_abs_halves(int16x8_t a, int16x8_t b)
{
    int64x2_t p = vreinterpretq_s64_s16(vabsq_s16(a)), q = vreinterpretq_s64_s16(vabsq_s16(b));
    return vmaxq_u16(vreinterpretq_u16_s64(vtrn1q_s64(p, q)),
                     vreinterpretq_u16_s64(vtrn2q_s64(p, q)));
}

/* Half the sum of |H4 d H4| of an 8x4, spread over 8 lanes (at most 4 * 4080 each). */
AVO_INLINE uint16x8_t satd_finish(int16x8_t v[4])
{
    butterfly_4(v);
    butterfly_neighbours(&v[0], &v[1]);
    butterfly_neighbours(&v[2], &v[3]);
    return vaddq_u16(max_abs_pairs(v[0], v[1]), max_abs_pairs(v[2], v[3]));
}

/* The same as the SATDs of the left and of the right 4x4. After the transpositions of satd_finish
 * 32-bit lanes 0 and 1 belong to the left block, 2 and 3 to the right one. */
AVO_INLINE void satd_two_blocks(int16x8_t v[4], int *left, int *right)
{
    uint64x2_t sums = vpaddlq_u32(vpaddlq_u16(satd_finish(v)));
    *left = (int)vgetq_lane_u64(sums, 0);
    *right = (int)vgetq_lane_u64(sums, 1);
}

/* All but the last vertical and the last horizontal step of an 8x8. */
AVO_INLINE void hadamard_4_of_8(int16x8_t v[8])
{
    butterfly_4(v);
    butterfly_4(v + 4);
    AVO_UNROLL
    for (int i = 0; i < 8; i += 2)
        butterfly_neighbours(&v[i], &v[i + 1]);
    AVO_UNROLL
    for (int i = 0; i < 8; i += 2)
        butterfly_pairs(&v[i], &v[i + 1]);
}

/* The last vertical step of eight rows, whose halves have had their 4-point transforms. */
AVO_INLINE void butterfly_8(int16x8_t v[8])
{
    AVO_UNROLL
    for (int i = 0; i < 4; i++) {
        int16x8_t top = v[i], low = v[4 + i];
        v[i] = vaddq_s16(top, low);
        v[4 + i] = vsubq_s16(top, low);
    }
}

/* The rest, and half of the sum of absolutes over four lanes. */
AVO_INLINE uint32x4_t abs_sum_8x8(uint32x4_t sum, int16x8_t v[8])
{
    butterfly_8(v);
    AVO_UNROLL
    for (int i = 0; i < 8; i += 4)
        sum = vpadalq_u16(
            sum, vaddq_u16(max_abs_halves(v[i], v[i + 1]), max_abs_halves(v[i + 2], v[i + 3])));
    return sum;
}

#endif
