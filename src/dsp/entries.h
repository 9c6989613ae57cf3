/* What the complete versions of a family of kernels (C, SSE4.1, NEON) would each write alike: the
 * entry points of every size around a version's inline functions, and the assignment of static
 * functions, named after the entries of AvoDsp, to these. Versions that replace only a part assign
 * by hand. Nothing here knows an instruction set. */
#ifndef AVO_DSP_ENTRIES_H
#define AVO_DSP_ENTRIES_H

#include "dsp/dsp_internal.h"

/* ---- cost ---- */

/* name_WxH() from name_block(). */
#define AVO_COST_ENTRY(name, w, h)                                                                 \
    static int name##_##w##x##h(const pixel *a, ptrdiff_t stride_a, const pixel *b,                \
                                ptrdiff_t stride_b)                                                \
    {                                                                                              \
        return name##_block(a, stride_a, b, stride_b, w, h);                                       \
    }

#define AVO_SSD_ENTRY(w, h) AVO_COST_ENTRY(ssd, w, h)

/* From mean_block() and name_block(); the mean goes through memory. */
#define AVO_MEAN_ENTRY(name, w, h)                                                                 \
    static void name##_mean_##w##x##h(const pixel *cur, const pixel *const *a, ptrdiff_t stride_a, \
                                      const pixel *const *b, ptrdiff_t stride_b, int count,        \
                                      int *out)                                                    \
    {                                                                                              \
        AVO_ALIGN(16) pixel mean[16 * 16];                                                         \
        for (int i = 0; i < count; i++) {                                                          \
            mean_block(mean, a[i], stride_a, b[i], stride_b, w, h);                                \
            out[i] = name##_block(cur, AVO_CUR_STRIDE, mean, 16, w, h);                            \
        }                                                                                          \
    }
#define AVO_SAD_MEAN_ENTRY(w, h)  AVO_MEAN_ENTRY(sad, w, h)
#define AVO_SATD_MEAN_ENTRY(w, h) AVO_MEAN_ENTRY(satd, w, h)

/* From sad_x4_WxH(). */
#define AVO_SAD_AROUND_ENTRY(w, h)                                                                 \
    static void sad_around_##w##x##h(const pixel *cur, const pixel *ref, ptrdiff_t stride,         \
                                     int out[8])                                                   \
    {                                                                                              \
        const pixel *above = ref - stride, *below = ref + stride;                                  \
        const pixel *const sides[4] = {above, ref - 1, ref + 1, below};                            \
        const pixel *const corners[4] = {above - 1, above + 1, below - 1, below + 1};              \
        sad_x4_##w##x##h(cur, sides, stride, out);                                                 \
        sad_x4_##w##x##h(cur, corners, stride, out + 4);                                           \
    }

#define AVO_SA8D_ENTRY(w, h) AVO_COST_ENTRY(sa8d, w, h)

/* From var_block(). */
#define AVO_VAR_ENTRY(size)                                                                        \
    static uint64_t var_##size##x##size(const pixel *src, ptrdiff_t stride)                        \
    {                                                                                              \
        return var_block(src, stride, size);                                                       \
    }

#define AVO_SET_SAD(w, h)                                                                          \
    dsp->sad[AVO_BLK_##w##x##h] = sad_##w##x##h;                                                   \
    dsp->sad_x3[AVO_BLK_##w##x##h] = sad_x3_##w##x##h;                                             \
    dsp->sad_x4[AVO_BLK_##w##x##h] = sad_x4_##w##x##h;
#define AVO_SET_SSD_SATD(w, h)                                                                     \
    dsp->ssd[AVO_BLK_##w##x##h] = ssd_##w##x##h;                                                   \
    dsp->satd[AVO_BLK_##w##x##h] = satd_##w##x##h;                                                 \
    dsp->satd_x3[AVO_BLK_##w##x##h] = satd_x3_##w##x##h;                                           \
    dsp->satd_x4[AVO_BLK_##w##x##h] = satd_x4_##w##x##h;                                           \
    dsp->satd_mean[AVO_BLK_##w##x##h] = satd_mean_##w##x##h;
#define AVO_SET_SAD_AROUND(w, h) dsp->sad_around[AVO_BLK_##w##x##h] = sad_around_##w##x##h;
#define AVO_SET_SA8D(w, h)       dsp->sa8d[AVO_BLK_##w##x##h] = sa8d_##w##x##h;

#define AVO_SET_SAD_MEAN(w, h) dsp->sad_mean[AVO_BLK_##w##x##h] = sad_mean_##w##x##h;

#define AVO_SET_COST                                                                               \
    AVO_FOR_BLK_SIZES(AVO_SET_SAD)                                                                 \
    AVO_FOR_BLK_SIZES_8(AVO_SET_SAD_AROUND)                                                        \
    AVO_FOR_BLK_SIZES(AVO_SET_SAD_MEAN)                                                            \
    AVO_FOR_BLK_SIZES(AVO_SET_SSD_SATD)                                                            \
    AVO_FOR_BLK_SIZES_8(AVO_SET_SA8D)                                                              \
    dsp->texture = texture;                                                                        \
    dsp->mean_ssd = mean_ssd;                                                                      \
    dsp->sad_line_8x8 = sad_line_8x8;                                                              \
    dsp->var[0] = var_16x16;                                                                       \
    dsp->var[1] = var_8x8;                                                                         \
    dsp->ssim_4x4x2 = ssim_4x4x2;

/* ---- transform, quant: *_8x8 apart, which tiny builds have not ---- */

#define AVO_SET_TRANSFORM                                                                          \
    dsp->sub_dct_4x4 = sub_dct_4x4;                                                                \
    dsp->sub_dct_4x4_x4 = sub_dct_4x4_x4;                                                          \
    dsp->add_idct_4x4 = add_idct_4x4;                                                              \
    dsp->add_idct_4x4_x4 = add_idct_4x4_x4;                                                        \
    dsp->add_idct_4x4_dc = add_idct_4x4_dc;                                                        \
    dsp->hadamard_dc_4x4 = hadamard_dc_4x4;                                                        \
    dsp->ihadamard_dc_4x4 = ihadamard_dc_4x4;
#define AVO_SET_TRANSFORM_8X8                                                                      \
    dsp->sub_dct_8x8 = sub_dct_8x8;                                                                \
    dsp->add_idct_8x8 = add_idct_8x8;

#define AVO_SET_QUANT                                                                              \
    dsp->quant_4x4 = quant_4x4;                                                                    \
    dsp->quant_4x4_x4 = quant_4x4_x4;                                                              \
    dsp->quant_8x8 = quant_8x8;                                                                    \
    dsp->quant_4x4_dc = quant_4x4_dc;                                                              \
    dsp->quant_2x2_dc = quant_2x2_dc;                                                              \
    dsp->dequant_4x4 = dequant_4x4;                                                                \
    dsp->dequant_8x8 = dequant_8x8;                                                                \
    dsp->dequant_4x4_dc = dequant_4x4_dc;                                                          \
    dsp->scan_4x4 = scan_4x4;                                                                      \
    dsp->scan_8x8 = scan_8x8;                                                                      \
    dsp->scan_8x8_cavlc = scan_8x8_cavlc;                                                          \
    dsp->last_nonzero[0] = last_nonzero_4;                                                         \
    dsp->last_nonzero[1] = last_nonzero_15;                                                        \
    dsp->last_nonzero[2] = last_nonzero_16;                                                        \
    dsp->last_nonzero[3] = last_nonzero_64;                                                        \
    dsp->count_nonzero_16 = count_nonzero_16;

/* ---- intra ---- */

#define AVO_SET_INTRA_SMALL(n)                                                                     \
    dsp->intra_##n##x##n[AVO_I4_V] = pred_v_##n;                                                   \
    dsp->intra_##n##x##n[AVO_I4_H] = pred_h_##n;                                                   \
    dsp->intra_##n##x##n[AVO_I4_DC] = pred_dc_##n;                                                 \
    dsp->intra_##n##x##n[AVO_I4_DDL] = pred_ddl_##n;                                               \
    dsp->intra_##n##x##n[AVO_I4_DDR] = pred_ddr_##n;                                               \
    dsp->intra_##n##x##n[AVO_I4_VR] = pred_vr_##n;                                                 \
    dsp->intra_##n##x##n[AVO_I4_HD] = pred_hd_##n;                                                 \
    dsp->intra_##n##x##n[AVO_I4_VL] = pred_vl_##n;                                                 \
    dsp->intra_##n##x##n[AVO_I4_HU] = pred_hu_##n;                                                 \
    dsp->intra_##n##x##n[AVO_I4_DC_LEFT] = pred_dc_left_##n;                                       \
    dsp->intra_##n##x##n[AVO_I4_DC_TOP] = pred_dc_top_##n;                                         \
    dsp->intra_##n##x##n[AVO_I4_DC_128] = pred_dc_128_##n;

#define AVO_SET_INTRA_WHOLE                                                                        \
    dsp->intra_16x16[AVO_I16_V] = pred_v_16;                                                       \
    dsp->intra_16x16[AVO_I16_H] = pred_h_16;                                                       \
    dsp->intra_16x16[AVO_I16_DC] = pred_dc_16;                                                     \
    dsp->intra_16x16[AVO_I16_PLANE] = pred_plane_16;                                               \
    dsp->intra_16x16[AVO_I16_DC_LEFT] = pred_dc_left_16;                                           \
    dsp->intra_16x16[AVO_I16_DC_TOP] = pred_dc_top_16;                                             \
    dsp->intra_16x16[AVO_I16_DC_128] = pred_dc_128_16;                                             \
    dsp->intra_chroma[AVO_IC_DC] = pred_dc_chroma;                                                 \
    dsp->intra_chroma[AVO_IC_H] = pred_h_8;                                                        \
    dsp->intra_chroma[AVO_IC_V] = pred_v_8;                                                        \
    dsp->intra_chroma[AVO_IC_PLANE] = pred_plane_chroma;                                           \
    dsp->intra_chroma[AVO_IC_DC_LEFT] = pred_dc_left_chroma;                                       \
    dsp->intra_chroma[AVO_IC_DC_TOP] = pred_dc_top_chroma;                                         \
    dsp->intra_chroma[AVO_IC_DC_128] = pred_dc_128_8;

/* ---- deblock ---- */

#define AVO_SET_DEBLOCK                                                                            \
    dsp->deblock_luma_v = deblock_luma_v;                                                          \
    dsp->deblock_luma_h = deblock_luma_h;                                                          \
    dsp->deblock_luma_intra_v = deblock_luma_intra_v;                                              \
    dsp->deblock_luma_intra_h = deblock_luma_intra_h;                                              \
    dsp->deblock_chroma_v = deblock_chroma_v;                                                      \
    dsp->deblock_chroma_h = deblock_chroma_h;                                                      \
    dsp->deblock_chroma_intra_v = deblock_chroma_intra_v;                                          \
    dsp->deblock_chroma_intra_h = deblock_chroma_intra_h;

#define AVO_SET_DEBLOCK_PAIR                                                                       \
    dsp->deblock_pair_v = deblock_pair_v;                                                          \
    dsp->deblock_pair_h = deblock_pair_h;                                                          \
    dsp->deblock_pair_intra_v = deblock_pair_intra_v;                                              \
    dsp->deblock_pair_intra_h = deblock_pair_intra_h;

/* ---- pixel formats ---- */

#define AVO_SET_CONVERT                                                                            \
    dsp->luma_422 = luma_422;                                                                      \
    dsp->chroma_422 = chroma_422;                                                                  \
    dsp->unpack_3 = unpack_3;                                                                      \
    dsp->unpack_4 = unpack_4;                                                                      \
    dsp->unpack_565 = unpack_565;                                                                  \
    dsp->rgb_luma = rgb_luma;                                                                      \
    dsp->rgb_chroma = rgb_chroma;

#endif
