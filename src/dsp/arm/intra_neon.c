/* Costs of all intra modes of a block, NEON. 4x4 blocks are table look-ups in lines of averages
 * along the edge (see intra_masks_4x4.h); 8x8 blocks come from the C predictors. */
#include "dsp/arm/arm.h"

#ifdef AVO_ARM64

#include "dsp/arm/hadamard_neon.h"
#include "dsp/intra_masks_4x4.h"

/* ---- 4x4 ---- */

typedef struct IntraLines4x4 {
    uint8x16_t samples, taps3, taps2;
} IntraLines4x4;

/* The ends of the line repeat where a tap reaches beyond them; byte 15 of the 3-tap line is the
 * last left sample itself. */
static IntraLines4x4 intra_lines_4x4(const pixel *edge)
{
    static const uint8_t before[16] = {0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 0};
    static const uint8_t middle[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 12, 0};
    static const uint8_t after[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 12, 12, 0};
    uint8x16_t line = vld1q_u8(edge - 4);
    uint8x16_t p = vqtbl1q_u8(line, vld1q_u8(before)), q = vqtbl1q_u8(line, vld1q_u8(middle));
    uint8x16_t r = vqtbl1q_u8(line, vld1q_u8(after));
    IntraLines4x4 lines = {line, vrhaddq_u8(q, vhaddq_u8(p, r)), vrhaddq_u8(q, r)};
    return lines;
}

AVO_INLINE uint8x16_t intra_block_4x4(const IntraLines4x4 *lines, int mode)
{
    uint8x16_t line = mode == AVO_I4_V || mode == AVO_I4_H ? lines->samples : lines->taps3;
    uint8x16_t block = vqtbl1q_u8(line, vld1q_u8(avo_intra_4x4_masks[mode]));
    if (mode >= AVO_I4_VR)
        block = vorrq_u8(
            block, vqtbl1q_u8(lines->taps2, vld1q_u8(avo_intra_4x4_masks2[mode - AVO_I4_VR])));
    return block;
}

/* SATDs of cur (each row twice) against two blocks of 16 samples. */
AVO_INLINE void satd_two(const uint8x8_t cur[4], uint8x16_t a, uint8x16_t b, int *cost_a,
                         int *cost_b)
{
    uint32x4_t p = vreinterpretq_u32_u8(a), q = vreinterpretq_u32_u8(b);
    uint8x16_t r01 = vreinterpretq_u8_u32(vzip1q_u32(p, q)); /* rows 0 of a, b, rows 1 */
    uint8x16_t r23 = vreinterpretq_u8_u32(vzip2q_u32(p, q));
    int16x8_t v[4] = {diff_u8(cur[0], vget_low_u8(r01)), diff_u8(cur[1], vget_high_u8(r01)),
                      diff_u8(cur[2], vget_low_u8(r23)), diff_u8(cur[3], vget_high_u8(r23))};
    satd_two_blocks(v, cost_a, cost_b);
}

static void intra_satd_x9_4x4(const pixel *cur, const pixel *edge, int out[9])
{
    IntraLines4x4 lines = intra_lines_4x4(edge);
    unsigned sum = (unsigned)vaddlv_u8(load4(edge - 4)) + vaddlv_u8(load4(edge + 1));
    uint8x8_t c[4];
    int ignored;
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        c[y] = vreinterpret_u8_u32(vdup_n_u32(load_u32(cur + y * AVO_CUR_STRIDE)));
#define BLOCK(mode) intra_block_4x4(&lines, mode)
    satd_two(c, BLOCK(AVO_I4_V), BLOCK(AVO_I4_H), &out[AVO_I4_V], &out[AVO_I4_H]);
    satd_two(c, BLOCK(AVO_I4_DDL), BLOCK(AVO_I4_DDR), &out[AVO_I4_DDL], &out[AVO_I4_DDR]);
    satd_two(c, BLOCK(AVO_I4_VR), BLOCK(AVO_I4_HD), &out[AVO_I4_VR], &out[AVO_I4_HD]);
    satd_two(c, BLOCK(AVO_I4_VL), BLOCK(AVO_I4_HU), &out[AVO_I4_VL], &out[AVO_I4_HU]);
#undef BLOCK
    uint8x16_t dc = vdupq_n_u8((uint8_t)((sum + 4) >> 3));
    satd_two(c, dc, dc, &out[AVO_I4_DC], &ignored);
}

/* ---- 8x8 ---- */

static void intra_sa8d_x9_8x8(const pixel *cur, const pixel *edge, int out[9])
{
    pixel block[64];
    for (int mode = 0; mode < 9; mode++) {
        int16x8_t v[8];
        AVO_BPC(avo_intra_8x8_c)[mode](block, 8, edge);
        AVO_UNROLL
        for (int y = 0; y < 8; y++)
            v[y] = diff_u8(vld1_u8(cur + y * AVO_CUR_STRIDE), vld1_u8(block + 8 * y));
        hadamard_4_of_8(v);
        out[mode] = (int)((vaddvq_u32(abs_sum_8x8(vdupq_n_u32(0), v)) + 1) >> 1);
    }
}

void AVO_BPC(avo_intra_init_neon)(AvoDsp *dsp)
{
    dsp->intra_satd_x9_4x4 = intra_satd_x9_4x4;
    dsp->intra_sa8d_x9_8x8 = intra_sa8d_x9_8x8;
}

#else

void AVO_BPC(avo_intra_init_neon)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
