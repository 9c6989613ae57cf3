/* Residual of a macroblock: transform, quantisation, reconstruction (8.5).
 *
 * In: source in cur, prediction in rec. Out: levels in scan order, TotalCoeff in the nnz grids, cbp,
 * and rec becomes the reconstruction. Blocks of inter macroblocks whose few small levels cost more
 * than they bring are dropped. */
#if AVOCET_TINY
#include "base/util.h"
#include "enc/tiny/tiny.h"
#include "h264/tables.h"

enum { INTER = 0, INTRA = 1 };

/* ---- quantiser ---- */

/* The bias is a part of a step: 1/6 (inter) or 1/3 (intra), in units of the coefficient. A step is
 * norm_adjust * 2^(qp / 6) / 4, / 3.2 or / 2.56, depending on the place in the block; k is the
 * inverse of that times the part, in 1/1024. */
void avo_tiny_quant_set(AvoTinyQuant *q, int qp)
{
    static const uint16_t k[3][2] = {{43, 85}, {53, 107}, {67, 133}};
    int rem = qp % 6, shift = qp / 6;
    if (q->qp == qp)
        return;
    q->qp = qp;
    for (int i = 0; i < 16; i++) {
        int odd = (i & 1) + (i >> 2 & 1), place = odd == 0 ? 0 : odd == 1 ? 1 : 2;
        int norm = avo_norm_adjust_4x4[rem][i];
        q->mf[i] = (uint16_t)((avo_quant_mf_4x4[rem][i] * 2 + (1 << shift >> 1)) >> shift);
        q->scale[i] = (uint16_t)(16 * norm);
        for (int is_intra = 0; is_intra < 2; is_intra++)
            q->bias[is_intra][i] = (uint16_t)(((norm << shift) * k[place][is_intra] + 512) >> 10);
    }
    q->dc_mf = (q->mf[0] + 1) >> 1;
    q->dc_bias[INTER] = 2 * q->bias[INTER][0];
    q->dc_bias[INTRA] = 2 * q->bias[INTRA][0];
}

/* ---- pieces ---- */

static int count_levels(const coef *levels, int size)
{
    int count = 0;
    for (int i = 0; i < size; i++)
        count += levels[i] != 0;
    return count;
}

AVO_INLINE uint8_t *luma_nnz(AvoTinyWork *w, int k)
{
    int raster = avo_blk_raster[k];
    return w->nnz + (raster >> 2) * 8 + 8 + (raster & 3) + 1;
}

AVO_INLINE pixel *luma_rec(const AvoTiny *t, int k)
{
    int raster = avo_blk_raster[k];
    return t->work->rec[0] + 4 * ((raster >> 2) * t->ref_stride[0] + (raster & 3));
}

/* What a block's levels are worth: 9 as soon as one is above 1; else the less, the longer the runs
 * between the ones. */
static int block_worth(const coef *levels)
{
    static const uint8_t by_run[16] = {3, 2, 2, 1, 1, 1};
    int worth = 0, run = 0;
    for (int i = 0; i < 16; i++) {
        if (!levels[i]) {
            run++;
            continue;
        }
        if (levels[i] > 1 || levels[i] < -1)
            return 9;
        worth += by_run[run];
        run = 0;
    }
    return worth;
}

/* ---- inter ---- */

/* Four blocks of 8x8 block b8: levels into w->luma, coefficients stay in w->coefs. Returns a bit per
 * block with levels, 0 if they are not worth their bits; *worth grows by what they are worth. */
static unsigned quantise_8x8(AvoTiny *t, int b8, int *worth)
{
    AvoTinyWork *w = t->work;
    coef *c = w->coefs + 64 * b8;
    ptrdiff_t stride_cur = t->mb_w * 16, stride_rec = t->ref_stride[0];
    int x = 8 * (b8 & 1), y = 8 * (b8 >> 1), mine = 0;
    t->dsp.sub_dct_4x4_x4(c, w->cur[0] + y * stride_cur + x, stride_cur,
                          w->rec[0] + y * stride_rec + x, stride_rec);
    unsigned mask = (unsigned)t->dsp.quant_4x4_x4(c, t->quant.mf, t->quant.bias[INTER]);
    for (int i = 0; i < 4; i++) {
        if (!(mask >> i & 1))
            continue;
        t->dsp.scan_4x4(w->luma[4 * b8 + i], c + 16 * i);
        if (mine < 4)
            mine += block_worth(w->luma[4 * b8 + i]);
    }
    if (mine < 4)
        return 0;
    *worth += mine;
    return mask;
}

static void reconstruct_8x8(AvoTiny *t, int b8, unsigned mask)
{
    AvoTinyWork *w = t->work;
    for (int i = 0; i < 4; i++) {
        int k = 4 * b8 + i;
        if (!(mask >> i & 1))
            continue;
        *luma_nnz(w, k) = (uint8_t)count_levels(w->luma[k], 16);
        t->dsp.dequant_4x4(w->coefs + 16 * k, t->quant.scale, t->quant.qp);
        t->dsp.add_idct_4x4(luma_rec(t, k), t->ref_stride[0], w->coefs + 16 * k);
    }
}

void avo_tiny_code_inter_luma(AvoTiny *t)
{
    AvoTinyWork *w = t->work;
    unsigned mask[4];
    int worth = 0;
    for (int b8 = 0; b8 < 4; b8++)
        mask[b8] = quantise_8x8(t, b8, &worth);
    for (int y = 1; y < 5; y++)
        memset(w->nnz + 8 * y + 1, 0, 4);
    w->cbp = 0;
    if (worth < 6)
        return;
    for (int b8 = 0; b8 < 4; b8++) {
        if (!mask[b8])
            continue;
        w->cbp |= 1 << b8;
        for (int i = 0; i < 4; i++)
            if (!(mask[b8] >> i & 1))
                memset(w->luma[4 * b8 + i], 0, sizeof w->luma[0]);
        reconstruct_8x8(t, b8, mask[b8]);
    }
}

/* ---- intra ---- */

void avo_tiny_code_i16_luma(AvoTiny *t)
{
    AvoTinyWork *w = t->work;
    ptrdiff_t stride = t->mb_w * 16;
    coef dc[16];
    int any = 0;
    for (int k = 0; k < 16; k++) {
        int raster = avo_blk_raster[k];
        coef *c = w->coefs + 16 * k;
        t->dsp.sub_dct_4x4(c, w->cur[0] + 4 * ((raster >> 2) * stride + (raster & 3)), stride,
                           luma_rec(t, k), t->ref_stride[0]);
        dc[raster] = c[0];
        c[0] = 0;
        any |= t->dsp.quant_4x4(c, t->quant.mf, t->quant.bias[INTRA]);
        t->dsp.scan_4x4(w->luma[k], c);
        *luma_nnz(w, k) = (uint8_t)count_levels(w->luma[k] + 1, 15);
    }
    w->cbp = any ? 15 : 0;
    t->dsp.hadamard_dc_4x4(dc);
    t->dsp.quant_4x4_dc(dc, t->quant.dc_mf, t->quant.dc_bias[INTRA]);
    t->dsp.scan_4x4(w->luma_dc, dc);
    t->dsp.ihadamard_dc_4x4(dc);
    t->dsp.dequant_4x4_dc(dc, t->quant.scale[0], t->quant.qp);
    for (int k = 0; k < 16; k++) {
        coef *c = w->coefs + 16 * k;
        int value = dc[avo_blk_raster[k]];
        if (*luma_nnz(w, k)) {
            t->dsp.dequant_4x4(c, t->quant.scale, t->quant.qp);
            c[0] = (coef)value;
            t->dsp.add_idct_4x4(luma_rec(t, k), t->ref_stride[0], c);
        } else if (value) {
            t->dsp.add_idct_4x4_dc(luma_rec(t, k), t->ref_stride[0], value);
        }
    }
}

void avo_tiny_code_i4_block(AvoTiny *t, int k)
{
    AvoTinyWork *w = t->work;
    int raster = avo_blk_raster[k];
    ptrdiff_t stride = t->mb_w * 16;
    coef *c = w->coefs;
    pixel *rec = luma_rec(t, k);
    t->dsp.sub_dct_4x4(c, w->cur[0] + 4 * ((raster >> 2) * stride + (raster & 3)), stride, rec,
                       t->ref_stride[0]);
    if (!t->dsp.quant_4x4(c, t->quant.mf, t->quant.bias[INTRA])) {
        memset(w->luma[k], 0, sizeof w->luma[k]);
        *luma_nnz(w, k) = 0;
        return;
    }
    t->dsp.scan_4x4(w->luma[k], c);
    *luma_nnz(w, k) = (uint8_t)count_levels(w->luma[k], 16);
    w->cbp |= 1 << (k >> 2);
    t->dsp.dequant_4x4(c, t->quant.scale, t->quant.qp);
    t->dsp.add_idct_4x4(rec, t->ref_stride[0], c);
}

/* ---- chroma ---- */

/* The 2x2 DC transform (8.5.11.1), which is its own inverse. */
static void hadamard_2x2(coef out[4], const coef in[4])
{
    int a = in[0] + in[1], b = in[0] - in[1], c = in[2] + in[3], d = in[2] - in[3];
    out[0] = (coef)(a + c);
    out[1] = (coef)(b + d);
    out[2] = (coef)(a - c);
    out[3] = (coef)(b - d);
}

/* One plane; returns 1 for DC levels, 2 for AC levels, both or none. */
static int quantise_chroma(AvoTiny *t, int c, int is_intra)
{
    AvoTinyWork *w = t->work;
    const AvoTinyQuant *q = &t->chroma_quant;
    coef *coefs = w->coefs + 64 * c, dc[4];
    int worth = 0;
    t->dsp.sub_dct_4x4_x4(coefs, w->cur[1 + c], t->mb_w * 8, w->rec[1 + c], t->ref_stride[1 + c]);
    for (int i = 0; i < 4; i++) {
        dc[i] = coefs[16 * i];
        coefs[16 * i] = 0;
    }
    hadamard_2x2(dc, dc);
    int any_dc = t->dsp.quant_2x2_dc(dc, q->dc_mf, q->dc_bias[is_intra]);
    memcpy(w->chroma_dc[c], dc, sizeof dc);
    unsigned mask = (unsigned)t->dsp.quant_4x4_x4(coefs, q->mf, q->bias[is_intra]);
    for (int i = 0; i < 4; i++) {
        if (mask >> i & 1) {
            t->dsp.scan_4x4(w->chroma_ac[c][i], coefs + 16 * i);
            worth += block_worth(w->chroma_ac[c][i]);
        } else {
            memset(w->chroma_ac[c][i], 0, sizeof w->chroma_ac[c][i]);
        }
    }
    return (any_dc ? 1 : 0) | (mask && (is_intra || worth >= 7) ? 2 : 0);
}

static void reconstruct_chroma(AvoTiny *t, int c, bool with_ac)
{
    AvoTinyWork *w = t->work;
    const AvoTinyQuant *q = &t->chroma_quant;
    coef dc[4];
    hadamard_2x2(dc, w->chroma_dc[c]);
    for (int i = 0; i < 4; i++) {
        coef *block = w->coefs + 64 * c + 16 * i;
        pixel *rec = w->rec[1 + c] + 4 * ((i >> 1) * t->ref_stride[1 + c] + (i & 1));
        int value = dc[i] * (q->scale[0] << (q->qp / 6)) >> 5; /* 8.5.11.2 */
        if (with_ac && w->nnz_c[c][4 + (i >> 1) * 4 + (i & 1) + 1]) {
            t->dsp.dequant_4x4(block, q->scale, q->qp);
            block[0] = (coef)value;
            t->dsp.add_idct_4x4(rec, t->ref_stride[1 + c], block);
        } else if (value) {
            t->dsp.add_idct_4x4_dc(rec, t->ref_stride[1 + c], value);
        }
    }
}

void avo_tiny_code_chroma(AvoTiny *t)
{
    AvoTinyWork *w = t->work;
    int is_intra = w->type >= AVO_TINY_I16x16;
    int found[2] = {quantise_chroma(t, 0, is_intra), quantise_chroma(t, 1, is_intra)};
    int both = found[0] | found[1];
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < 4; i++) {
            /* Levels that were dropped in one plane only must not be written. */
            if (!(found[c] & 2))
                memset(w->chroma_ac[c][i], 0, sizeof w->chroma_ac[c][i]);
            w->nnz_c[c][4 + (i >> 1) * 4 + (i & 1) + 1] =
                (uint8_t)(both & 2 ? count_levels(w->chroma_ac[c][i] + 1, 15) : 0);
        }
    w->cbp |= both & 2 ? 32 : both ? 16 : 0;
    for (int c = 0; c < 2; c++)
        if (found[c])
            reconstruct_chroma(t, c, found[c] & 2);
}
#endif
