/* The kernel table: everything that runs over samples or coefficients and may have SIMD versions.
 *
 * One table per handle, filled once by avo_dsp_init() from CPU flags and a mask, const afterwards.
 * Each entry has a C reference in dsp/c/; every other version must give the same bits
 * (tests/checkdsp proves it). Kernels know nothing of H.264 syntax.
 *
 * Conventions for all kernels:
 *  - strides are in samples and may be any value; a negative stride is allowed for sources;
 *  - "cur" blocks (the macroblock being coded) are 16-byte aligned with stride AVO_CUR_STRIDE (16)
 *    unless said otherwise; "ref"/"src" blocks have any alignment; dst of predictors and
 *    reconstructions are aligned to min(width, 16) bytes;
 *  - coefficient blocks are raster order (row * size + column), 32-byte aligned;
 *  - outputs never alias inputs unless said so. */
#ifndef AVO_DSP_DSP_H
#define AVO_DSP_DSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "dsp/pixel.h"

#define AVO_CUR_STRIDE 16 /* stride of the macroblock being coded (source samples) */
#define AVO_REC_STRIDE 32 /* stride of macroblock-sized prediction and reconstruction buffers */

/* Intra edge lines: pixel line[AVO_EDGE_SIZE], const pixel *edge = line + AVO_EDGE_ORIGIN. */
#define AVO_EDGE_ORIGIN 16
#define AVO_EDGE_SIZE   48

/* Block sizes, luma samples, width x height. */
typedef enum AvoBlkSize {
    AVO_BLK_16x16,
    AVO_BLK_16x8,
    AVO_BLK_8x16,
    AVO_BLK_8x8,
    AVO_BLK_8x4,
    AVO_BLK_4x8,
    AVO_BLK_4x4,
    AVO_BLK_COUNT
} AvoBlkSize;

/* Intra prediction modes. 0..8 (4x4, 8x8), 0..3 (16x16) and 0..3 (chroma) are the standard's
 * numbers (8.3); the DC variants for missing neighbours follow. */
enum {
    AVO_I4_V,
    AVO_I4_H,
    AVO_I4_DC,
    AVO_I4_DDL,
    AVO_I4_DDR,
    AVO_I4_VR,
    AVO_I4_HD,
    AVO_I4_VL,
    AVO_I4_HU,
    AVO_I4_DC_LEFT,
    AVO_I4_DC_TOP,
    AVO_I4_DC_128,
    AVO_I4_COUNT
};
enum {
    AVO_I16_V,
    AVO_I16_H,
    AVO_I16_DC,
    AVO_I16_PLANE,
    AVO_I16_DC_LEFT,
    AVO_I16_DC_TOP,
    AVO_I16_DC_128,
    AVO_I16_COUNT
};
enum {
    AVO_IC_DC,
    AVO_IC_H,
    AVO_IC_V,
    AVO_IC_PLANE,
    AVO_IC_DC_LEFT,
    AVO_IC_DC_TOP,
    AVO_IC_DC_128,
    AVO_IC_COUNT
};

typedef int (*AvoCostFn)(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b);
/* Cost of cur against several candidates that share one stride; out[i] belongs to ref[i]. */
typedef void (*AvoCostX3Fn)(const pixel *cur, const pixel *const ref[3], ptrdiff_t stride,
                            int out[3]);
typedef void (*AvoCostX4Fn)(const pixel *cur, const pixel *const ref[4], ptrdiff_t stride,
                            int out[4]);

/* Cost of cur (stride AVO_CUR_STRIDE) against the mean, (a + b + 1) >> 1, of each of `count` pairs
 * of blocks, 1..4; the blocks of each side share a stride. */
typedef void (*AvoMeanCostFn)(const pixel *cur, const pixel *const a[], ptrdiff_t stride_a,
                              const pixel *const b[], ptrdiff_t stride_b, int count, int out[]);

/* Intra predictor. edge points at the corner sample of a line that runs from bottom left over the
 * corner to top right: edge[-1 - y] is the left neighbour of row y, edge[0] the corner,
 * edge[1 + x] the upper neighbour of column x (x up to 7 for 4x4, 15 for 8x8, 15 for 16x16,
 * 7 for chroma). 8x8 luma gets the filtered line (filter_edge_8x8). The values of unavailable
 * samples do not matter to the modes that are legal without them, but vector versions load them:
 * keep every edge line in a buffer of AVO_EDGE_SIZE samples with the corner at
 * buffer[AVO_EDGE_ORIGIN]; all of it must be readable. */
typedef void (*AvoIntraFn)(pixel *dst, ptrdiff_t stride, const pixel *edge);

/* What the strength of an edge depends on (8.7.2.1), of a macroblock that is not intra. */
typedef struct AvoEdgeMotion {
    const int8_t *picture; /* [2][4]: picture of each list and 8x8 block; -1: list not used */
    const int16_t *mv;     /* [2][16][2]: vector of each list and 4x4 block, raster; 0: not used */
    const uint8_t *levels; /* [16]: not 0 where a 4x4 block has levels, raster */
    bool whole_8x8;        /* a block with levels stands for the four of its 8x8 */
} AvoEdgeMotion;

/* A block of the lookahead: its cost, and above that the lists used, a bit each. */
#define AVO_HERITAGE_COST 0x3fff
#define AVO_HERITAGE_LIST 14

/* What blocks of a picture in the lookahead are coded with, one each, and how to read it
 * (enc/propagate.c). */
typedef struct AvoHeritage {
    const uint16_t *blocks;    /* cost of the inter prediction and its lists */
    const uint16_t *intra;     /* cost of intra prediction, at most AVO_HERITAGE_COST */
    const uint16_t *weight;    /* 1/256: of a cost in bits */
    const uint32_t *inherited; /* below 1 << 28 */
    int swallowed;             /* of an inter cost, by quantisation */
    int duration_q8;           /* 1..2048 */
    int shift;                 /* 0..15: amounts are divided by 1 << shift */
} AvoHeritage;

/* From RGB: weights of R, G and B in 1/32768. Those of Y are positive and, with black on top, do
 * not leave the range of a sample. */
typedef struct AvoColourMatrix {
    int16_t y[3], cb[3], cr[3];
} AvoColourMatrix;

/* Some samples of a row, by colour. */
#define AVO_RGB_RUN 64
typedef struct AvoRgbRun {
    pixel r[AVO_RGB_RUN], g[AVO_RGB_RUN], b[AVO_RGB_RUN];
} AvoRgbRun;

/* Of four 8x8 blocks, left-right, top-bottom, from their 8x8 Hadamard transforms: sums of |AC| >> 2
 * of all coefficients, of the first row (what is the same in all rows of the block), of the first
 * column, and the sum of the samples. */
typedef struct AvoTexture {
    int all[4], row[4], column[4], sum[4];
} AvoTexture;

typedef struct AvoDsp {
    uint32_t cpu_flags; /* AVO_CPU_* actually used */

    /* ---- cost ---- */
    AvoCostFn sad[AVO_BLK_COUNT];
    AvoCostX3Fn sad_x3[AVO_BLK_COUNT]; /* cur stride is AVO_CUR_STRIDE */
    AvoCostX4Fn sad_x4[AVO_BLK_COUNT];
    /* SADs of the eight positions around ref, one sample away: above, left, right, below, then the
     * corners in reading order. Entries 16x16, 16x8, 8x16, 8x8. */
    void (*sad_around[AVO_BLK_8x8 + 1])(const pixel *cur, const pixel *ref, ptrdiff_t stride,
                                        int out[8]);
    /* The least of SAD + extra[i] over an 8x8 block's positions ref + i, i < count (a multiple of
     * 8): the sum, at most 65535, in the high half, the lowest i that has it in the low half. Reads
     * 8 samples beyond the last position's block. cur stride is AVO_CUR_STRIDE. */
    uint32_t (*sad_line_8x8)(const pixel *cur, const pixel *ref, ptrdiff_t stride,
                             const uint16_t *extra, int count);
    AvoCostFn ssd[AVO_BLK_COUNT];
    /* Sum of absolute 4x4 Hadamard coefficients of the difference, halved once over the whole
     * block: sum(|H4 d H4|) >> 1. */
    AvoCostFn satd[AVO_BLK_COUNT];
    AvoCostX3Fn satd_x3[AVO_BLK_COUNT];
    AvoCostX4Fn satd_x4[AVO_BLK_COUNT];
    AvoMeanCostFn sad_mean[AVO_BLK_COUNT];
    AvoMeanCostFn satd_mean[AVO_BLK_COUNT];
    /* 8x8 Hadamard: (sum over the blocks of sum(|H8 d H8|) + 2) >> 2.
     * Entries 16x16, 16x8, 8x16, 8x8. */
    AvoCostFn sa8d[AVO_BLK_8x8 + 1];
    /* Sum of samples in the low 32 bits, sum of squares in the high 32. [0] 16x16, [1] 8x8. */
    uint64_t (*var[2])(const pixel *src, ptrdiff_t stride);
    /* Texture of the four 8x8 blocks of 16x16 samples. */
    void (*texture)(const pixel *src, ptrdiff_t stride, AvoTexture *out);
    /* Squared error that the error of the means makes up, of the 4x4 blocks of 16x8 samples (two
     * planes of chroma side by side): (sum a - sum b)^2 >> 4, added up. */
    AvoCostFn mean_ssd;
    /* Sums for SSIM of two neighbouring 4x4 blocks:
     * sums[i] = {sum a, sum b, sum a^2 + b^2, sum ab}. */
    void (*ssim_4x4x2)(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                       int sums[2][4]);

    /* ---- intra prediction ---- */
    AvoIntraFn intra_4x4[AVO_I4_COUNT];
    AvoIntraFn intra_8x8[AVO_I4_COUNT];
    AvoIntraFn intra_16x16[AVO_I16_COUNT];
    AvoIntraFn intra_chroma[AVO_IC_COUNT]; /* 8x8, one plane */
    /* 8.3.2.2.1: raw line in, filtered line out, both as in AvoIntraFn with 8 left and 16 upper
     * samples. have: AVO_EDGE_* of what exists; without TOPRIGHT the last upper sample stands in.
     * What does not exist is unspecified in the output, whose whole AVO_EDGE_SIZE buffer must be
     * writable. */
    void (*filter_edge_8x8)(pixel *out_edge, const pixel *edge, unsigned have);

    /* Costs of all nine modes (out[AVO_I4_V] .. out[AVO_I4_HU]) of a block with stride
     * AVO_CUR_STRIDE: SATD for 4x4; sa8d for 8x8, whose edge line is the filtered one. DC means the
     * DC of both sides. What illegal modes get (missing neighbours) is meaningless. */
    void (*intra_satd_x9_4x4)(const pixel *cur, const pixel *edge, int out[9]);
    void (*intra_sa8d_x9_8x8)(const pixel *cur, const pixel *edge, int out[9]);

    /* ---- transform: difference of two blocks in, coefficients out; back with clipping ---- */
    void (*sub_dct_4x4)(coef out[16], const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                        ptrdiff_t stride_pred);
    /* Four 4x4 blocks of an 8x8 in coding order (left-right, top-bottom), out[i * 16]. */
    void (*sub_dct_4x4_x4)(coef out[64], const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                           ptrdiff_t stride_pred);
    void (*sub_dct_8x8)(coef out[64], const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                        ptrdiff_t stride_pred);
    /* dst += residual, (x + 32) >> 6, clipped. in is unchanged. All inverse transforms are
     * defined in 16-bit two's complement arithmetic, so that hostile streams too decode alike
     * everywhere. */
    void (*add_idct_4x4)(pixel *dst, ptrdiff_t stride, const coef in[16]);
    void (*add_idct_4x4_x4)(pixel *dst, ptrdiff_t stride, const coef in[64]);
    void (*add_idct_8x8)(pixel *dst, ptrdiff_t stride, const coef in[64]);
    /* Only in[0] set: dst += (dc + 32) >> 6 over 4x4. */
    void (*add_idct_4x4_dc)(pixel *dst, ptrdiff_t stride, int dc);
    /* 16 luma DCs, in place: forward (H c H + 1) >> 1 for |dc| <= 4095, inverse H c H without
     * scaling, modulo 2^16. */
    void (*hadamard_dc_4x4)(coef dc[16]);
    void (*ihadamard_dc_4x4)(coef dc[16]);

    /* ---- quantisation ---- */
    /* level = sign(c) * ((|c| + bias[i]) * mf[i] >> 16) in place (sign(0) is 0); the sum |c| + bias
     * saturates at 65535. Returns whether any level is non-zero. */
    int (*quant_4x4)(coef c[16], const uint16_t mf[16], const uint16_t bias[16]);
    /* Four 4x4 blocks; bit i of the result: block i has a non-zero level. */
    int (*quant_4x4_x4)(coef c[64], const uint16_t mf[16], const uint16_t bias[16]);
    int (*quant_8x8)(coef c[64], const uint16_t mf[64], const uint16_t bias[64]);
    int (*quant_4x4_dc)(coef c[16], int mf, int bias); /* one mf and bias for all 16 */
    int (*quant_2x2_dc)(coef c[4], int mf, int bias);
    /* 8.5.12.1, 8.5.13.1, in place. scale = LevelScale of qp % 6 in raster order.
     * 4x4: qp >= 24: c * scale << (qp/6 - 4), else rounded shift right; 8x8 the same around 36.
     * The result is taken modulo 2^16. scale is below 2^14. */
    void (*dequant_4x4)(coef c[16], const uint16_t scale[16], int qp);
    void (*dequant_8x8)(coef c[64], const uint16_t scale[64], int qp);
    /* 8.5.10 after ihadamard_dc_4x4, in place: one scale, LevelScale(qp % 6, 0, 0), for all 16. */
    void (*dequant_4x4_dc)(coef c[16], int scale, int qp);
    /* Raster to zig-zag order (8.5.6). Bit i of the result: out[i] is not 0. */
    uint32_t (*scan_4x4)(coef out[16], const coef in[16]);
    uint64_t (*scan_8x8)(coef out[64], const coef in[64]);
    /* CAVLC's four interleaved 4x4 blocks of an 8x8: out[i * 16 + k] = zigzag[4 * k + i]. */
    void (*scan_8x8_cavlc)(coef out[64], const coef in[64]);
    /* Index of the last non-zero level, -1 if none. [0]: 4, [1]: 15, [2]: 16, [3]: 64 levels. */
    int (*last_nonzero[4])(const coef *levels);
    int (*count_nonzero_16)(const coef levels[16]);

    /* ---- inter prediction ---- */
    /* Copy and rounded average of blocks of width 16, 8, 4 or 2 ([0] .. [3]), any even height. */
    void (*copy[4])(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                    int height);
    void (*avg[4])(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                   const pixel *b, ptrdiff_t stride_b, int height);
    /* Whole-plane half-sample filters (8.4.2.2.1): h, v and centre planes for width x height
     * samples of src. src has at least 3 valid samples around; width is a multiple of 16.
     * scratch: (width + 8) int16, 64-byte aligned. All planes share stride. */
    void (*hpel_planes)(pixel *h, pixel *v, pixel *c, const pixel *src, ptrdiff_t stride, int width,
                        int height, int16_t *scratch);
    /* Quarter-sample luma block straight from the integer plane, fx, fy 0..3, for users without
     * half-sample planes. width 16, 8 or 4. Reads at most 2 samples to the left and above, 3 to
     * the right and below. */
    void (*luma_qpel)(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                      int fx, int fy, int width, int height);
    /* 8.4.2.2.2, eighths 0..7; width 8, 4 or 2. The column to the right and the row below are read
     * only if fx or fy is not 0. */
    void (*chroma_mc)(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                      int fx, int fy, int width, int height);
    /* SATD of both chroma planes of a block that is predicted like that from cb and cr: cur is the
     * source's Cb, with Cr 8 columns to the right. width and height 8 or 4. */
    int (*chroma_satd)(const pixel *cur, const pixel *cb, const pixel *cr, ptrdiff_t stride, int fx,
                       int fy, int width, int height);
    /* 8.4.2.3, dst may equal src. width 16, 8, 4 or 2; |w| <= 128, |o| <= 128 (and below). */
    void (*weight)(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                   int width, int height, int log2_denom, int w, int o);
    /* ((a*w0 + b*w1 + 2^log2_denom) >> (log2_denom + 1)) + o, o already (o0 + o1 + 1) >> 1. */
    void (*weight_bi)(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                      const pixel *b, ptrdiff_t stride_b, int width, int height, int log2_denom,
                      int w0, int w1, int o);

    /* ---- temporal filter: blocks of 8 columns, predictions packed (stride 8) ---- */
    /* Block at fx, fy sixteenths (0..15) of a sample, six taps each way: reads 2 samples to the
     * left and above, 3 to the right and below. width 8 or 4, height even, at most 8. */
    void (*sixteenth)(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                      int fx, int fy, int width, int height);
    /* Slopes of an 8x8 block, right minus left and lower minus upper neighbour, and the sums of
     * their products: xx, xy, yy. Reads a sample around the block. */
    void (*slopes)(int16_t slope[2][64], const pixel *cur, ptrdiff_t stride, int sums[3]);
    /* How an 8x8 prediction differs, d = pred - cur: out = {sum of d^2, of d * slope[0], of
     * d * slope[1], of the squared sums of the four 4x4 quarters}. */
    void (*mismatch)(const pixel *cur, ptrdiff_t stride, const pixel *pred,
                     const int16_t slope[2][64], int out[4]);
    /* Pulls samples towards a prediction: sum += weight * d * (1 - (d * reach / 2^16)^2)^2, 0
     * beyond the reach, in 1/256 of a sample and in exactly the arithmetic of the C version. weight
     * 0..255, reach 256..65535. */
    void (*pull)(int16_t *sum, const pixel *cur, ptrdiff_t stride, const pixel *pred, int height,
                 int weight, int reach);
    /* dst = cur + (sum + 128) / 256, clipped. */
    void (*settle)(pixel *dst, ptrdiff_t stride_dst, const pixel *cur, ptrdiff_t stride,
                   const int16_t *sum, int height);

    /* ---- loop filter (8.7): pix points at q0 of the edge's first line ----
     * _v: vertical edge (filters across columns), 16 luma rows or 8 chroma rows;
     * _h: horizontal edge. tc0[i] belongs to 4 luma (2 chroma) lines; -1: bS is 0, leave alone. */
    void (*deblock_luma_v)(pixel *pix, ptrdiff_t stride, int alpha, int beta, const int8_t tc0[4]);
    void (*deblock_luma_h)(pixel *pix, ptrdiff_t stride, int alpha, int beta, const int8_t tc0[4]);
    void (*deblock_luma_intra_v)(pixel *pix, ptrdiff_t stride, int alpha, int beta); /* bS 4 */
    void (*deblock_luma_intra_h)(pixel *pix, ptrdiff_t stride, int alpha, int beta);
    void (*deblock_chroma_v)(pixel *pix, ptrdiff_t stride, int alpha, int beta,
                             const int8_t tc0[4]);
    void (*deblock_chroma_h)(pixel *pix, ptrdiff_t stride, int alpha, int beta,
                             const int8_t tc0[4]);
    void (*deblock_chroma_intra_v)(pixel *pix, ptrdiff_t stride, int alpha, int beta);
    void (*deblock_chroma_intra_h)(pixel *pix, ptrdiff_t stride, int alpha, int beta);
    /* Both chroma planes, where their thresholds are the same. */
    void (*deblock_pair_v)(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha, int beta,
                           const int8_t tc0[4]);
    void (*deblock_pair_h)(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha, int beta,
                           const int8_t tc0[4]);
    void (*deblock_pair_intra_v)(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha, int beta);
    void (*deblock_pair_intra_h)(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha, int beta);
    /* bS 0..2 of a macroblock's edges, [0] vertical, [1] horizontal, by edge (0: the border) and
     * piece of four samples. block: the macroblock, the one to the left, the one above; all without
     * intra prediction, or else that border's strengths are meaningless. lists 1: list 1 is used by
     * none of them. */
    void (*edge_strengths)(int8_t bs[2][4][4], const AvoEdgeMotion block[3], int lists);

    /* ---- planes ---- */
    /* Half-size plane: mean of 2x2 with the rounding (((a+b+1)>>1) + ((c+d+1)>>1) + 1) >> 1, where
     * a,b is the upper pair. width, height are those of dst. */
    void (*half_plane)(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                       int width, int height);
    /* Split interleaved chroma (NV12); n = samples per output row. */
    void (*split_uv)(pixel *u, pixel *v, const pixel *uv, int n);

    /* ---- lookahead ---- */
    /* What each of n blocks passes on to those that it is predicted from, per list that it uses;
     * inter is the cost of that without what is swallowed:
     *
     *     own = (max(intra, 1) * weight * duration_q8 >> 12) + 1
     *     share_q16 = ((intra - inter) << 16) / intra
     *     amount = (own + inherited) * share_q16 >> (16 + shift), half of it where both are used
     *
     * or 0 where no list is used or inter is not below intra. */
    void (*heritage)(uint32_t *amount, const AvoHeritage *of, int n);

    /* ---- pixel formats: rows of an application's picture, of which nothing else is read ---- */
    /* Of packed 4:2:2, where byte 2 i + luma_at is luma i (0: YUYV, 1: UYVY): n luma samples; n
     * samples of each chroma plane, means of two rows. */
    void (*luma_422)(pixel *luma, const uint8_t *src, int n, int luma_at);
    void (*chroma_422)(pixel *cb, pixel *cr, const uint8_t *upper, const uint8_t *lower, int n,
                       int luma_at);
    /* n samples, at most AVO_RGB_RUN, of three or four bytes (the fourth is dropped), and of 16
     * bits with five, six and five from the high bits on, widened by v * 255 / 31 or 63, rounded.
     * high_byte: 1: the second byte is the high one. */
    void (*unpack_3)(pixel *a, pixel *b, pixel *c, const uint8_t *src, int n);
    void (*unpack_4)(pixel *a, pixel *b, pixel *c, const uint8_t *src, int n);
    void (*unpack_565)(pixel *r, pixel *g, pixel *b, const uint8_t *src, int n, int high_byte);
    /* n luma samples; n chroma samples from means of 2x2. They may write anything behind those, up
     * to a multiple of 16 and of 8 samples. */
    void (*rgb_luma)(pixel *luma, const AvoRgbRun *run, const AvoColourMatrix *m, int black, int n);
    void (*rgb_chroma)(pixel *cb, pixel *cr, const AvoRgbRun *upper, const AvoRgbRun *lower,
                       const AvoColourMatrix *m, int n);
} AvoDsp;

/* What exists of an intra edge. */
enum { AVO_EDGE_LEFT = 1, AVO_EDGE_TOP = 2, AVO_EDGE_CORNER = 4, AVO_EDGE_TOPRIGHT = 8 };

/* Fills dsp with the best kernels for this CPU whose flags are in mask (AVO_CPU_* of dsp/cpu.h;
 * 0: C only). */
void avo_dsp_init(AvoDsp *dsp, uint32_t mask);
/* AVOCET_TINY: the few entries that the encoder for small machines calls, in C. */
void avo_dsp_init_tiny(AvoDsp *dsp);

#endif
