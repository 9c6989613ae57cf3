/* Residual of a macroblock: transform, quantisation, reconstruction (8.5).
 *
 * In: source in cur, prediction in rec. Out: levels in scan order, TotalCoeff in the nnz grids,
 * cbp, and rec becomes the reconstruction. Blocks of inter macroblocks whose few small levels cost
 * more than they bring are dropped. */
#include "base/util.h"
#include "enc/tiny/tiny.h"
#include "h264/tables.h"

#if AVOCET_TINY

enum { INTER = 0, INTRA = 1 };

/* ---- quantiser ---- */

/* The bias is a part of a step: 1/5 (inter) or 1/3 (intra), in units of the coefficient. A step is
 * norm_adjust * 2^(qp / 6) / 4, / 3.2 or / 2.56, depending on the place in the block; k is the
 * inverse of that times the part, in 1/1024. */
void avo_tiny_quant_set(AvoTinyQuant *q, int qp)
{
    static const uint16_t k[3][2] = {{51, 85}, {64, 107}, {80, 133}};
    int rem = qp % 6, shift = qp / 6;
    if (q->qp == qp)
        return;
    q->qp = qp;
    for (int i = 0; i < 16; i++) {
        int place = (i & 1) + (i >> 2 & 1), step = avo_norm_adjust_4x4[rem][i] << shift;
        int mf = (avo_quant_mf_4x4[rem][i] * 2 + (1 << shift >> 1)) >> shift;
        q->mf[i] = (uint16_t)mf;
        q->step[i] = (uint16_t)step;
        for (int intra = 0; intra < 2; intra++) {
            q->bias[intra][i] = (uint16_t)((step * k[place][intra] + 512) >> 10);
            q->limit[intra][i] = (uint16_t)(65535 / mf - q->bias[intra][i]);
        }
    }
}

/* Sixteen coefficients as words. */
typedef struct Block {
    AVO_ALIGN(4) coef c[16];
} Block;

/* Bit per place in the scan: its coefficient is not below the limit. There are three limits. */
static AVO_NOINLINE unsigned find_levels(const uint16_t *limits, const coef *c)
{
    const unsigned a = limits[0], b = limits[1], d = limits[5];
    unsigned mask = 0;
#define AT(scan, place, limit) mask |= (unsigned)(2 * limit < (unsigned)c[place] + limit) << scan
    AT(0, 0, a), AT(1, 1, b), AT(2, 4, b), AT(3, 8, a), AT(4, 5, d), AT(5, 2, a);
    AT(6, 3, b), AT(7, 6, b), AT(8, 9, b), AT(9, 12, b), AT(10, 13, d), AT(11, 10, a);
    AT(12, 7, d), AT(13, 11, b), AT(14, 14, b), AT(15, 15, d);
#undef AT
    return mask;
}

/* Quantises a block and scales the levels back. c: coefficients in, scaled levels out; levels from
 * index `first` on: in scan order. Returns how many are not 0; if none, both are left as they are.
 */
static int quantise(const AvoTinyQuant *q, int intra, coef *c, coef *levels, int first)
{
    int count = 0;
    if (first)
        c[0] = 0; /* is elsewhere */
    unsigned mask = find_levels(q->limit[intra], c);
    if (!mask)
        return 0;
    const Block in = *(const Block *)c;
    *(Block *)c = *(Block *)levels = (Block){{0}};
    for (int i = 0; mask; i++, mask >>= 1) {
        if (!(mask & 1))
            continue;
        int z = avo_zigzag_4x4[i], v = in.c[z];
        int level = (int)((unsigned)(avo_abs(v) + q->bias[intra][z]) * q->mf[z] >> 16);
        level = v < 0 ? -level : level;
        levels[i] = (coef)level;
        c[z] = (coef)(level * q->step[z]);
        count++;
    }
    return count;
}

/* DC of Intra16x16 and chroma: half the multiplier, twice the bias (8.5.10, 8.5.11). */
static int quantise_dc(const AvoTinyQuant *q, int intra, coef *c, int size)
{
    int any = 0;
    for (int i = 0; i < size; i++) {
        unsigned sum = (unsigned)(avo_abs(c[i]) + 2 * q->bias[intra][0]);
        int level = (int)(sum * (unsigned)((q->mf[0] + 1) >> 1) >> 16);
        c[i] = (coef)(c[i] < 0 ? -level : level);
        any |= level;
    }
    return any;
}

/* ---- pieces ---- */

/* From this QP on, contrived blocks come close to what 16 bits hold on the way back to samples. */
#define COARSE_QP 44

static void add_idct(const AvoTiny *t, pixel *dst, ptrdiff_t stride, const coef *c)
{
    (t->quant.qp < COARSE_QP ? avo_word_add_idct_4x4 : t->dsp.add_idct_4x4)(dst, stride, c);
}

static void add_dc(pixel *dst, ptrdiff_t stride, int dc)
{
    int add = (dc + 32) >> 6;
    if (add)
        avo_word_add_4x4(dst, stride, add);
}

AVO_INLINE uint8_t *luma_nnz(AvoTinyWork *w, int k)
{
    int raster = avo_blk_raster[k];
    return w->nnz + AVO_TINY_GRID(raster & 3, raster >> 2);
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

/* Difference per sample, in 1/16 of lambda, below which an 8x8 block is not worth a transform. */
#define EMPTY_SAD 8

/* Measured on the odd lines: the search has looked at the even ones, and knows how well they do. */
static bool is_near(const AvoTinyWork *w, const pixel *cur, ptrdiff_t stride_cur, const pixel *rec,
                    ptrdiff_t stride_rec, int parts)
{
    int sad = avo_word_sad_8(cur + stride_cur, 2 * stride_cur, rec + stride_rec, 2 * stride_rec, 4);
    return 2 * sad < avo_tiny_lambda[w->qp] * EMPTY_SAD * parts;
}

/* Four blocks of 8x8 block b8: levels into w->luma, scaled ones stay in w->coefs, counts in the
 * grid. Returns a bit per block with levels, 0 if they are not worth their bits; *worth grows by
 * what they are worth. */
static unsigned quantise_8x8(AvoTiny *t, int b8, int *worth)
{
    AvoTinyWork *w = t->work;
    coef *c = w->coefs + 64 * b8;
    ptrdiff_t stride_cur = t->mb_w * 16, stride_rec = t->ref_stride[0];
    const pixel *cur = w->cur[0] + 8 * ((b8 >> 1) * stride_cur + (b8 & 1));
    const pixel *rec = w->rec[0] + 8 * ((b8 >> 1) * stride_rec + (b8 & 1));
    unsigned mask = 0;
    int mine = 0;
    if (is_near(w, cur, stride_cur, rec, stride_rec, 2))
        return 0;
    avo_word_sub_dct(c, cur, stride_cur, rec, stride_rec, 4);
    for (int i = 0; i < 4; i++) {
        coef *levels = w->luma[4 * b8 + i];
        int count = quantise(&t->quant, INTER, c + 16 * i, levels, 0);
        *luma_nnz(w, 4 * b8 + i) = (uint8_t)count;
        mask |= (unsigned)(count > 0) << i;
        if (count && mine < 4)
            mine += block_worth(levels);
    }
    if (mine < 4)
        return 0;
    *worth += mine;
    return mask;
}

void avo_tiny_code_inter_luma(AvoTiny *t)
{
    AvoTinyWork *w = t->work;
    unsigned mask[4];
    int worth = 0;
    for (int b8 = 0; b8 < 4; b8++)
        mask[b8] = quantise_8x8(t, b8, &worth);
    w->cbp = 0;
    for (int b8 = 0; b8 < 4; b8++) {
        if (!mask[b8] || worth < 6) {
            for (int k = 4 * b8; k < 4 * b8 + 4; k++)
                *luma_nnz(w, k) = 0;
            continue;
        }
        w->cbp |= 1 << b8;
        for (int i = 0; i < 4; i++)
            if (mask[b8] >> i & 1)
                add_idct(t, luma_rec(t, 4 * b8 + i), t->ref_stride[0], w->coefs + 64 * b8 + 16 * i);
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
        avo_word_sub_dct(c, w->cur[0] + 4 * ((raster >> 2) * stride + (raster & 3)), stride,
                         luma_rec(t, k), t->ref_stride[0], 1);
        dc[raster] = c[0];
        int count = quantise(&t->quant, INTRA, c, w->luma[k], 1);
        *luma_nnz(w, k) = (uint8_t)count;
        any |= count;
    }
    w->cbp = any ? 15 : 0;
    t->dsp.hadamard_dc_4x4(dc);
    quantise_dc(&t->quant, INTRA, dc, 16);
    for (int i = 0; i < 16; i++)
        w->luma_dc[i] = dc[avo_zigzag_4x4[i]];
    t->dsp.ihadamard_dc_4x4(dc);
    for (int k = 0; k < 16; k++) {
        int value = (dc[avo_blk_raster[k]] * t->quant.step[0] + 2) >> 2;
        w->coefs[16 * k] = (coef)value;
        if (*luma_nnz(w, k))
            add_idct(t, luma_rec(t, k), t->ref_stride[0], w->coefs + 16 * k);
        else
            add_dc(luma_rec(t, k), t->ref_stride[0], value);
    }
}

void avo_tiny_code_i4_block(AvoTiny *t, int k)
{
    AvoTinyWork *w = t->work;
    int raster = avo_blk_raster[k];
    ptrdiff_t stride = t->mb_w * 16;
    coef *c = w->coefs;
    pixel *rec = luma_rec(t, k);
    avo_word_sub_dct(c, w->cur[0] + 4 * ((raster >> 2) * stride + (raster & 3)), stride, rec,
                     t->ref_stride[0], 1);
    int count = quantise(&t->quant, INTRA, c, w->luma[k], 0);
    *luma_nnz(w, k) = (uint8_t)count;
    if (count) {
        w->cbp |= 1 << (k >> 2);
        add_idct(t, rec, t->ref_stride[0], c);
    }
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

AVO_INLINE uint8_t *chroma_nnz(AvoTinyWork *w, int c, int i)
{
    return w->nnz_c[c] + 4 + (i >> 1) * 4 + (i & 1) + 1;
}

/* One plane; returns 1 for DC levels, 2 for AC levels, both or none. The counts in the grid are
 * those of AC levels. */
static int quantise_chroma(AvoTiny *t, int c, int intra)
{
    AvoTinyWork *w = t->work;
    const AvoTinyQuant *q = &t->chroma_quant;
    coef *coefs = w->coefs + 64 * c, *dc = w->chroma_dc[c];
    int worth = 0, any = 0;
    const pixel *cur = w->cur[1 + c], *rec = w->rec[1 + c];
    if (!intra && is_near(w, cur, t->mb_w * 8, rec, t->ref_stride[1 + c], 1)) {
        memset(dc, 0, sizeof w->chroma_dc[c]);
    } else {
        avo_word_sub_dct(coefs, cur, t->mb_w * 8, rec, t->ref_stride[1 + c], 4);
        for (int i = 0; i < 4; i++) {
            dc[i] = coefs[16 * i];
            int count = quantise(q, intra, coefs + 16 * i, w->chroma_ac[c][i], 1);
            *chroma_nnz(w, c, i) = (uint8_t)count;
            any |= count;
            if (count && worth < 7)
                worth += block_worth(w->chroma_ac[c][i]);
        }
        hadamard_2x2(dc, dc);
    }
    int found = quantise_dc(q, intra, dc, 4) ? 1 : 0;
    if (any && (intra || worth >= 7))
        return found | 2;
    /* Levels that are dropped in one plane only must not be written. */
    memset(w->chroma_ac[c], 0, sizeof w->chroma_ac[c]);
    for (int i = 0; i < 4; i++)
        *chroma_nnz(w, c, i) = 0;
    return found;
}

static void reconstruct_chroma(AvoTiny *t, int c)
{
    AvoTinyWork *w = t->work;
    coef dc[4];
    hadamard_2x2(dc, w->chroma_dc[c]);
    for (int i = 0; i < 4; i++) {
        coef *block = w->coefs + 64 * c + 16 * i;
        pixel *rec = w->rec[1 + c] + 4 * ((i >> 1) * t->ref_stride[1 + c] + (i & 1));
        int value = dc[i] * t->chroma_quant.step[0] >> 1; /* 8.5.11.2 */
        block[0] = (coef)value;
        if (*chroma_nnz(w, c, i))
            add_idct(t, rec, t->ref_stride[1 + c], block);
        else
            add_dc(rec, t->ref_stride[1 + c], value);
    }
}

void avo_tiny_code_chroma(AvoTiny *t)
{
    AvoTinyWork *w = t->work;
    int intra = w->type >= AVO_TINY_I16x16, both = 0;
    for (int c = 0; c < 2; c++) {
        int found = quantise_chroma(t, c, intra);
        both |= found;
        if (found)
            reconstruct_chroma(t, c);
    }
    w->cbp |= both & 2 ? 32 : both ? 16 : 0;
}
#endif
