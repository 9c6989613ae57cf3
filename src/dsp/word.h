/* Kernels for machines without SIMD: four samples in a 32 bit word, two 16 bit lanes where sums
 * need room. Plain C with the same results everywhere; on a 32 bit core without a byte-wise
 * difference they take about half the instructions of loops over samples.
 *
 * Not in the kernel table: whoever wants them calls them. Strides are multiples of 4. Words are
 * read as a whole: up to 7 samples behind a line's last one. */
#ifndef AVO_DSP_WORD_H
#define AVO_DSP_WORD_H

#include <stddef.h>
#include "base/util.h"
#include "dsp/pixel.h"

/* Coarse SAD over 16 or 8 columns: sum of d >= 0 ? d : -d - 1, where d is the difference of the
 * samples without their lowest bits. cur is aligned to 4. Half of a SAD, about. Over 16 columns,
 * cur is what avo_word_halve has made of the samples, since it is compared with many. */
int avo_word_sad_16(const pixel *cur, ptrdiff_t stride_cur, const pixel *ref, ptrdiff_t stride_ref,
                    int rows);
void avo_word_halve(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                    int width, int rows);
int avo_word_sad_8(const pixel *cur, ptrdiff_t stride_cur, const pixel *ref, ptrdiff_t stride_ref,
                   int rows);
/* dst = (a + b + 1) >> 1, width a multiple of 8, dst aligned to 4. */
void avo_word_mean(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                   const pixel *b, ptrdiff_t stride_b, int width, int rows);
/* Copies columns from any alignment to an aligned place; width a multiple of 8. */
void avo_word_copy(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                   int width, int rows);
/* Four bytes; both sides are aligned to 4. */
AVO_INLINE void avo_word_copy_4(void *dst, const void *src)
{
#if defined(__GNUC__) || defined(__clang__)
    dst = __builtin_assume_aligned(dst, 4);
    src = __builtin_assume_aligned(src, 4);
#endif
    memcpy(dst, src, 4);
}

/* Chroma samples between samples (8.4.2.2.2), eighths 0..7, 8 columns; dst aligned to 4. */
void avo_word_chroma(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                     int fx, int fy, int rows);

/* Half samples (8.4.2.2.1) of `words` * 4 columns.
 * horizontal: mid[i] is the six-tap sum at src + 2 + i, plus AVO_WORD_BIAS, in the order 0 2 1 3 of
 * each four; src aligned to 4, words + 2 words of it are read.
 * across: dst is the rounded sample at src + 2 + i; dst aligned to 4.
 * vertical: dst at src's columns, rows -2 .. 3 around src are read; both aligned. */
#define AVO_WORD_BIAS 2560
void avo_word_half_horizontal(uint16_t *mid, const pixel *src, ptrdiff_t stride, int words,
                              int rows);
void avo_word_half_across(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride,
                          int words, int rows);
void avo_word_half_vertical(pixel *dst, const pixel *src, ptrdiff_t stride, int words, int rows);
/* Centre half samples from mid; rows of both are `stride` apart.
 * dst row 0 is from mid rows 0 .. 5. */
void avo_word_half_centre(pixel *dst, const uint16_t *mid, int stride, int columns, int rows);
/* Coarse SAD over 16 columns of cur, halved, against the mean of a and b. */
int avo_word_sad_mean_16(const pixel *cur, ptrdiff_t stride_cur, const pixel *a, ptrdiff_t stride_a,
                         const pixel *b, ptrdiff_t stride_b, int rows);

/* Transforms of the difference of one 4x4 block, or of the four of an 8x8 block; and the way back
 * (like add_idct_4x4 of the kernel table, as long as nothing leaves 16 bits). Samples are aligned
 * to 4. */
void avo_word_sub_dct(coef *out, const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                      ptrdiff_t stride_pred, int blocks);
void avo_word_add_idct_4x4(pixel *dst, ptrdiff_t stride, const coef in[16]);
/* Adds one residual to a 4x4 block. */
void avo_word_add_4x4(pixel *dst, ptrdiff_t stride, int residual);

#endif
