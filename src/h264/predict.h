/* Inter prediction of samples from vectors and references (8.4.2), via the kernels in dsp/. */
#ifndef AVO_H264_PREDICT_H
#define AVO_H264_PREDICT_H

#include "dsp/dsp.h"
#include "h264/slice.h"

/* Prediction of a whole macroblock into y (stride AVO_REC_STRIDE), cb and cr (same stride;
 * NULL-safe for 4:0:0). info gives partitions by ref_idx and mv per 4x4 (uniform areas are merged:
 * 16x16, 16x8, 8x16, 8x8, 4x4). Uses the references' half-sample planes when present, else filters
 * from the integer plane: same samples. Vectors may point anywhere: positions are clamped so that
 * only padding is read. */
typedef struct AvoPredictCtx {
    const AvoDsp *dsp;
    const AvoSliceRefs *refs;
    pixel *scratch; /* AVO_PREDICT_SCRATCH samples, 64-byte aligned */
} AvoPredictCtx;
#define AVO_PREDICT_SCRATCH (2 * 3 * 16 * AVO_REC_STRIDE)

void avo_predict_mb(const AvoPredictCtx *ctx, const AvoMbInfo *info, int mb_x, int mb_y, pixel *y,
                    pixel *cb, pixel *cr);
/* The same with planes and strides of the caller's, such as those of a picture. */
void avo_predict_mb_into(const AvoPredictCtx *ctx, const AvoMbInfo *info, int mb_x, int mb_y,
                         pixel *const dst[3], ptrdiff_t stride_luma, ptrdiff_t stride_chroma);
/* One rectangle with one vector per used list, in 4x4 block units inside the macroblock; w, h 1, 2
 * or 4. Writes to y/cb/cr at the block's place in the macroblock-sized buffers. planes: 1 luma, 2
 * chroma, 3 both. */
void avo_predict_block(const AvoPredictCtx *ctx, int mb_x, int mb_y, int bx, int by, int bw, int bh,
                       const int8_t ref_idx[2], const AvoMv mv[2], unsigned planes, pixel *y,
                       pixel *cb, pixel *cr);

#endif
