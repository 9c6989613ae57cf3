/* Intra predictors and costs of all modes of a block, NEON. The predictors proper are in
 * intra_rows_neon.h; for their costs, 4x4 blocks are table look-ups in lines of averages along the
 * edge (see intra_masks_4x4.h). */
#include "dsp/entries.h"
#include "dsp/arm/arm.h"

#ifdef AVO_ARM64

#include "dsp/arm/hadamard_neon.h"
#include "dsp/arm/intra_rows_neon.h"
#include "dsp/intra_masks_4x4.h"

/* Stores rows of n samples. */
AVO_INLINE void store_rows(pixel *dst, ptrdiff_t stride, const uint8x16_t *rows, int n)
{
    AVO_UNROLL
    for (int y = 0; y < n; y++, dst += stride) {
        if (n == 16)
            vst1q_u8(dst, rows[y]);
        else if (n == 8)
            vst1_u8(dst, vget_low_u8(rows[y]));
        else
            store4(dst, vget_low_u8(rows[y]));
    }
}

#define DEFINE_PRED(mode, n)                                                                       \
    static void pred_##mode##_##n(pixel *dst, ptrdiff_t stride, const pixel *edge)                 \
    {                                                                                              \
        uint8x16_t rows[n];                                                                        \
        rows_##mode(rows, edge, n);                                                                \
        store_rows(dst, stride, rows, n);                                                          \
    }

#define DEFINE_SMALL(mode)                                                                         \
    DEFINE_PRED(mode, 4)                                                                           \
    DEFINE_PRED(mode, 8)

#define DEFINE_ALL_SIZES(mode)                                                                     \
    DEFINE_SMALL(mode)                                                                             \
    DEFINE_PRED(mode, 16)

DEFINE_ALL_SIZES(v)
DEFINE_ALL_SIZES(h)
DEFINE_ALL_SIZES(dc)
DEFINE_ALL_SIZES(dc_left)
DEFINE_ALL_SIZES(dc_top)
DEFINE_ALL_SIZES(dc_128)
DEFINE_SMALL(ddl)
DEFINE_SMALL(ddr)
DEFINE_SMALL(vr)
DEFINE_SMALL(hd)
DEFINE_SMALL(vl)
DEFINE_SMALL(hu)

/* ---- plane ---- */

/* Sum of 8 samples times 1 .. 8, or 8 .. 1 where they lie the other way. */
AVO_INLINE int rising_sum(const pixel *p, bool falls)
{
    static const uint8_t weights[2][8] = {{1, 2, 3, 4, 5, 6, 7, 8}, {8, 7, 6, 5, 4, 3, 2, 1}};
    return vaddvq_u16(vmull_u8(vld1_u8(p), vld1_u8(weights[falls])));
}

/* The same with 4 samples and 1 .. 4. */
AVO_INLINE int rising_sum_4(const pixel *p, bool falls)
{
    static const uint8_t weights[2][8] = {{1, 2, 3, 4}, {4, 3, 2, 1}};
    return vaddvq_u16(vmull_u8(load4(p), vld1_u8(weights[falls])));
}

/* Lanes 0 .. 7 times b plus base; nothing leaves 16 bits (8.3.3.4: at most 16 * 510 + 16 * 717). */
AVO_INLINE int16x8_t ramp(int base, int b)
{
    static const int16_t steps[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    return vmlaq_n_s16(vdupq_n_s16((int16_t)base), vld1q_s16(steps), (int16_t)b);
}

static void pred_plane_16(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    int sum_h = rising_sum(edge + 9, false) - rising_sum(edge, true);
    int sum_v = rising_sum(edge - 16, true) - rising_sum(edge - 7, false);
    int a = 16 * (edge[-16] + edge[16]);
    int b = (5 * sum_h + 32) >> 6, c = (5 * sum_v + 32) >> 6;
    int16x8_t lo = ramp(a - 7 * b - 7 * c, b), hi = ramp(a + b - 7 * c, b);
    const int16x8_t down = vdupq_n_s16((int16_t)c);
    for (int y = 0; y < 16; y++, dst += stride) {
        vst1q_u8(dst, vcombine_u8(vqrshrun_n_s16(lo, 5), vqrshrun_n_s16(hi, 5)));
        lo = vaddq_s16(lo, down);
        hi = vaddq_s16(hi, down);
    }
}

static void pred_plane_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    int sum_h = rising_sum_4(edge + 5, false) - rising_sum_4(edge, true);
    int sum_v = rising_sum_4(edge - 8, true) - rising_sum_4(edge - 3, false);
    int a = 16 * (edge[-8] + edge[8]);
    int b = (34 * sum_h + 32) >> 6, c = (34 * sum_v + 32) >> 6;
    int16x8_t row = ramp(a - 3 * b - 3 * c, b);
    const int16x8_t down = vdupq_n_s16((int16_t)c);
    for (int y = 0; y < 8; y++, dst += stride) {
        vst1_u8(dst, vqrshrun_n_s16(row, 5));
        row = vaddq_s16(row, down);
    }
}

/* ---- chroma DC ---- */

/* Two DCs of 4 columns each. */
AVO_INLINE uint8x8_t halves(int left, int right)
{
    return vext_u8(vdup_n_u8((uint8_t)left), vdup_n_u8((uint8_t)right), 4);
}

AVO_INLINE void fill_quarters(pixel *dst, ptrdiff_t stride, int dc00, int dc10, int dc01, int dc11)
{
    uint8x8_t upper = halves(dc00, dc10), lower = halves(dc01, dc11);
    AVO_UNROLL
    for (int y = 0; y < 4; y++) {
        vst1_u8(dst + y * stride, upper);
        vst1_u8(dst + (y + 4) * stride, lower);
    }
}

static void pred_dc_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    int left0 = sum_n(edge - 4, 4), left1 = sum_n(edge - 8, 4);
    int top0 = sum_n(edge + 1, 4), top1 = sum_n(edge + 5, 4);
    fill_quarters(dst, stride, (left0 + top0 + 4) >> 3, (top1 + 2) >> 2, (left1 + 2) >> 2,
                  (left1 + top1 + 4) >> 3);
}

static void pred_dc_left_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    int dc0 = (sum_n(edge - 4, 4) + 2) >> 2, dc1 = (sum_n(edge - 8, 4) + 2) >> 2;
    fill_quarters(dst, stride, dc0, dc0, dc1, dc1);
}

static void pred_dc_top_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    int dc0 = (sum_n(edge + 1, 4) + 2) >> 2, dc1 = (sum_n(edge + 5, 4) + 2) >> 2;
    fill_quarters(dst, stride, dc0, dc1, dc0, dc1);
}

/* ---- 8.3.2.2.1: what does not exist is filtered too, from rubbish ---- */

static void filter_edge_8x8(pixel *out_edge, const pixel *edge, unsigned have)
{
    static const uint8_t repeat[16] = {0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7};
    bool has_corner = have & AVO_EDGE_CORNER;
    uint8x16_t top = vld1q_u8(edge + 1);
    uint8x8_t left = vld1_u8(edge - 8);

    if (!(have & AVO_EDGE_TOPRIGHT))
        top = vqtbl1q_u8(top, vld1q_u8(repeat));
    uint8x16_t before = vextq_u8(vdupq_n_u8(has_corner ? edge[0] : edge[1]), top, 15);
    uint8x16_t after = vextq_u8(top, vdupq_laneq_u8(top, 15), 1);
    vst1q_u8(out_edge + 1, avg3(before, top, after));
    uint8x8_t above = vext_u8(left, vdup_n_u8(has_corner ? edge[0] : edge[-1]), 1);
    uint8x8_t below = vext_u8(vdup_lane_u8(left, 0), left, 7);
    vst1_u8(out_edge - 8, vrhadd_u8(left, vhadd_u8(above, below)));

    int corner_top = have & AVO_EDGE_TOP ? edge[1] : edge[0];
    int corner_left = have & AVO_EDGE_LEFT ? edge[-1] : edge[0];
    out_edge[0] = (pixel)((corner_top + 2 * edge[0] + corner_left + 2) >> 2);
}

/* ---- costs of all nine modes of a 4x4 ---- */

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

/* ---- costs of all nine modes of an 8x8 ---- */

/* (sum |H8 (cur - pred) H8| + 2) >> 2 */
AVO_INLINE int sa8d_rows(const uint8x8_t cur[8], const uint8x16_t pred[8])
{
    int16x8_t v[8];
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        v[y] = diff_u8(cur[y], vget_low_u8(pred[y]));
    hadamard_4_of_8(v);
    return (int)((vaddvq_u32(abs_sum_8x8(vdupq_n_u32(0), v)) + 1) >> 1);
}

static void intra_sa8d_x9_8x8(const pixel *cur, const pixel *edge, int out[9])
{
    uint8x8_t c[8];
    uint8x16_t rows[8];
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        c[y] = vld1_u8(cur + y * AVO_CUR_STRIDE);
#define COST(mode, name)                                                                           \
    rows_##name(rows, edge, 8);                                                                    \
    out[mode] = sa8d_rows(c, rows);
    COST(AVO_I4_V, v)
    COST(AVO_I4_H, h)
    COST(AVO_I4_DC, dc)
    COST(AVO_I4_DDL, ddl)
    COST(AVO_I4_DDR, ddr)
    COST(AVO_I4_VR, vr)
    COST(AVO_I4_HD, hd)
    COST(AVO_I4_VL, vl)
    COST(AVO_I4_HU, hu)
#undef COST
}

void AVO_BPC(avo_intra_init_neon)(AvoDsp *dsp)
{
    AVO_SET_INTRA_SMALL(4)
    AVO_SET_INTRA_WHOLE
    AVO_SET_INTRA_SMALL(8)
    dsp->filter_edge_8x8 = filter_edge_8x8;
    dsp->intra_satd_x9_4x4 = intra_satd_x9_4x4;
    dsp->intra_sa8d_x9_8x8 = intra_sa8d_x9_8x8;
}

#else

void AVO_BPC(avo_intra_init_neon)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
