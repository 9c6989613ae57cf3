/* See residual.h. Blocks are handled one 8x8 at a time so that the kernels for four 4x4 blocks can
 * be used; levels whose cost is not worth their gain are dropped by avo_decimate_score when trellis
 * is off. */
#include "enc/residual.h"
#include "enc/block_quant.h"
#include "enc/coding.h"
#include "enc/residual_syntax.h"
#include "h264/tables.h"

/* Whether a run of small levels is worth coding: isolated ones at high frequency score low (after
 * the reference model's decision of the same kind). Levels above one always are. */
static int decimate_score(AvoBlockCat cat, const coef *levels, uint64_t nonzero)
{
    static const uint8_t score_by_run[16] = {3, 2, 2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    int score = 0, next = 0; /* next: behind the level before */
    /* Four positions of an 8x8 scan correspond to one of a 4x4 scan. */
    int scale = cat == AVO_CAT_LUMA_8x8 ? 2 : 0;
    const coef *used = levels + avo_block_first(cat);
    for (uint64_t mask = nonzero >> avo_block_first(cat); mask; mask &= mask - 1) {
        int i = avo_lowest_bit(mask);
        if ((unsigned)(used[i] + 1) > 2)
            return 9;
        score += score_by_run[avo_min((i - next) >> scale, 15)];
        next = i + 1;
    }
    return score;
}

/* Levels beyond what CAVLC can code outside High profile lose their excess. */
static void clip_levels(const AvoRowCtx *row, coef *c, int n)
{
    if (row->job->tools->clip_levels_cavlc && row->qp < 12)
        for (int i = 0; i < n; i++)
            c[i] = (coef)avo_clip3(-2047, 2047, c[i]);
}

/* ---- luma, 4x4 and 8x8 transform ---- */

/* What nnz says of a block: the number of its levels, with CABAC only whether there are any. */
AVO_INLINE uint8_t nnz_of(const AvoRowCtx *row, uint32_t nonzero)
{
    return (uint8_t)(row->job->tools->cabac ? nonzero != 0 : avo_count_set16(nonzero));
}

/* Quantised raster block -> levels in coding order, count into nnz. */
static int store_4x4(const AvoRowCtx *row, AvoMbCand *cand, const coef *c, int raster)
{
    uint32_t nonzero = row->job->dsp->scan_4x4(cand->levels.luma[avo_blk_coding[raster]], c);
    return cand->info.nnz[raster] = nnz_of(row, nonzero);
}

static void set_nnz_8x8(AvoMbCand *cand, int blk8, int value)
{
    uint8_t *nnz = &cand->info.nnz[(blk8 >> 1) * 8 + (blk8 & 1) * 2];
    nnz[0] = nnz[1] = nnz[4] = nnz[5] = (uint8_t)value;
}

/* Quantised 8x8 block -> levels as the entropy coder in use wants them. With CABAC returns which
 * are not 0, with CAVLC 0. */
static uint64_t store_8x8(const AvoRowCtx *row, AvoMbCand *cand, const coef *c, int blk8)
{
    const AvoDsp *dsp = row->job->dsp;
    int16_t *levels = cand->levels.luma[4 * blk8];
    if (row->job->tools->cabac) {
        set_nnz_8x8(cand, blk8, 1);
        return dsp->scan_8x8(levels, c);
    }
    dsp->scan_8x8_cavlc(levels, c);
    for (int i = 0; i < 4; i++)
        cand->info.nnz[avo_blk_raster[4 * blk8 + i]] =
            (uint8_t)dsp->count_nonzero_16(levels + 16 * i);
    return 0;
}

/* Four 4x4 blocks of one kind whose coefficients lie one after the other. */
typedef struct Quad {
    AvoBlockCat cat;
    int list, qp;
    const uint8_t *k;      /* index of each in nnz */
    int16_t (*levels)[16]; /* where their levels go */
    uint32_t nonzero[4];   /* which of them are not 0, once they are chosen */
} Quad;

static Quad luma_quad(AvoMbCand *cand, AvoBlockCat cat, int list, int qp, int blk8)
{
    return (Quad){.cat = cat,
                  .list = list,
                  .qp = qp,
                  .k = &avo_blk_raster[4 * blk8],
                  .levels = &cand->levels.luma[4 * blk8]};
}

/* Quantises four blocks (AC blocks: whatever is in the place of their DC): without the trellis in
 * place, with it to the nearest levels, into rounded. Bit i of the result: block i has levels. */
static int round_quad(const AvoRowCtx *row, coef *rounded, coef *c, const Quad *q)
{
    const AvoQuantSet *set = row->job->quant;
    if (row->use_trellis)
        return avo_round_4x4_x4(row, rounded, c, q->list, q->qp);
    return row->job->dsp->quant_4x4_x4(
        c, (q->cat == AVO_CAT_LUMA_4x4 ? set->mf4 : set->ac_mf4)[q->list][q->qp],
        set->bias4[q->list][q->qp]);
}

/* Chooses the levels of four blocks, of which those of `some` are not empty when rounded, and puts
 * back what a decoder will make of them; they may be worth *gain more than before. Returns which
 * blocks have levels then. */
static int choose_quad(AvoRowCtx *row, AvoMbCand *cand, coef *c, const coef *rounded, int some,
                       Quad *q, int64_t *gain)
{
    const AvoDsp *dsp = row->job->dsp;
    int mask = 0;
    for (int i = 0; i < 4; i++)
        cand->info.nnz[q->k[i]] = 0;
    for (int i = 0; i < 4; i++, c += 16) {
        int k = q->k[i];
        int64_t block_gain = 0;
        bool any = some >> i & 1;
        if (row->use_trellis && any)
            any = avo_choose_4x4(row, cand, c, rounded + 16 * i, q->cat, q->list, q->qp, k,
                                 &block_gain);
        if (!any) {
            memset(c, 0, 16 * sizeof *c);
            avo_coding_follow_4x4(row, cand, q->cat, k, NULL, 0);
            continue;
        }
        clip_levels(row, c, 16);
        q->nonzero[i] = dsp->scan_4x4(q->levels[i], c);
        cand->info.nnz[k] = nnz_of(row, q->nonzero[i]);
        avo_coding_follow_4x4(row, cand, q->cat, k, q->levels[i], q->nonzero[i]);
        dsp->dequant_4x4(c, row->job->quant->scale.dequant4[q->list][q->qp % 6], q->qp);
        mask |= 1 << i;
        *gain += block_gain;
    }
    return mask;
}

bool avo_code_intra_4x4(AvoRowCtx *row, AvoMbCand *cand, int raster)
{
    const AvoDsp *dsp = row->job->dsp;
    int x = (raster & 3) * 4, y = (raster >> 2) * 4;
    pixel *rec = cand->rec + y * AVO_REC_STRIDE + x;
    coef *c = row->coefs;
    dsp->sub_dct_4x4(c, row->cur + y * AVO_CUR_STRIDE + x, AVO_CUR_STRIDE, rec, AVO_REC_STRIDE);
    if (!avo_quant_4x4(row, cand, c, AVO_CAT_LUMA_4x4, AVO_LIST_INTRA_Y, row->qp, raster, NULL)) {
        cand->info.nnz[raster] = 0;
        return false;
    }
    clip_levels(row, c, 16);
    store_4x4(row, cand, c, raster);
    dsp->dequant_4x4(c, row->job->quant->scale.dequant4[AVO_LIST_INTRA_Y][row->qp % 6], row->qp);
    dsp->add_idct_4x4(rec, AVO_REC_STRIDE, c);
    return true;
}

bool avo_code_intra_8x8(AvoRowCtx *row, AvoMbCand *cand, int blk8)
{
    const AvoDsp *dsp = row->job->dsp;
    int x = (blk8 & 1) * 8, y = (blk8 >> 1) * 8;
    pixel *rec = cand->rec + y * AVO_REC_STRIDE + x;
    coef *c = row->coefs;
    dsp->sub_dct_8x8(c, row->cur + y * AVO_CUR_STRIDE + x, AVO_CUR_STRIDE, rec, AVO_REC_STRIDE);
    if (!avo_quant_8x8(row, cand, c, AVO_LIST8_INTRA, row->qp, blk8, NULL)) {
        set_nnz_8x8(cand, blk8, 0);
        return false;
    }
    store_8x8(row, cand, c, blk8);
    dsp->dequant_8x8(c, row->job->quant->scale.dequant8[0][row->qp % 6], row->qp);
    dsp->add_idct_8x8(rec, AVO_REC_STRIDE, c);
    return true;
}

void avo_cbp_from_nnz(AvoMbCand *cand)
{
    int cbp = 0;
    for (int i = 0; i < 16; i++)
        if (cand->info.nnz[i])
            cbp |= 1 << ((i >> 3) * 2 + ((i >> 1) & 1));
    cand->info.cbp = (uint8_t)((cand->info.cbp & ~15) | cbp);
}

/* One 8x8 of inter luma by 4x4 transforms; returns the decimation score, leaves dequantised
 * coefficients in c and the blocks that have levels in *mask. */
static int inter_8x8_by_4x4(AvoRowCtx *row, AvoMbCand *cand, coef *c, int blk8, int *mask,
                            int64_t *gain)
{
    Quad q = luma_quad(cand, AVO_CAT_LUMA_4x4, AVO_LIST_INTER_Y, row->qp, blk8);
    AVO_ALIGN(64) coef rounded[64];
    int score = 0, some = round_quad(row, rounded, c, &q);
    if (!some) {
        set_nnz_8x8(cand, blk8, 0);
        return *mask = 0;
    }
    *mask = choose_quad(row, cand, c, rounded, some, &q, gain);
    for (int i = 0; i < 4 && !row->use_trellis && score < 6; i++)
        if (*mask >> i & 1)
            score += decimate_score(q.cat, q.levels[i], q.nonzero[i]);
    return score;
}

static int inter_8x8_by_8x8(AvoRowCtx *row, AvoMbCand *cand, coef *c, int blk8, int *mask,
                            int64_t *gain)
{
    *mask = avo_quant_8x8(row, cand, c, AVO_LIST8_INTER, row->qp, blk8, gain);
    if (!*mask) {
        set_nnz_8x8(cand, blk8, 0);
        return 0;
    }
    int score = 0;
    if (!row->use_trellis) {
        coef zigzag[64];
        uint64_t nonzero = row->job->dsp->scan_8x8(zigzag, c);
        score = decimate_score(AVO_CAT_LUMA_8x8, zigzag, nonzero);
    }
    uint64_t nonzero = store_8x8(row, cand, c, blk8);
    avo_coding_follow_8x8(cand, cand->levels.luma[4 * blk8], nonzero);
    row->job->dsp->dequant_8x8(c, row->job->quant->scale.dequant8[1][row->qp % 6], row->qp);
    return score;
}

static void add_8x8(const AvoDsp *dsp, pixel *rec, const coef *c, bool transform_8x8)
{
    if (transform_8x8)
        dsp->add_idct_8x8(rec, AVO_REC_STRIDE, c);
    else
        dsp->add_idct_4x4_x4(rec, AVO_REC_STRIDE, c);
}

/* Levels of one 8x8 of inter luma, left out again where they are not worth it; true if any are
 * left. cbp: bits of those before. */
static bool code_inter_8x8(AvoRowCtx *row, AvoMbCand *cand, int blk8, int cbp, int *total_score)
{
    const AvoDsp *dsp = row->job->dsp;
    int x = (blk8 & 1) * 8, y = (blk8 >> 1) * 8, mask, score;
    const pixel *cur = row->cur + y * AVO_CUR_STRIDE + x,
                *pred = cand->rec + y * AVO_REC_STRIDE + x;
    coef *c = row->coefs + 64 * blk8;
    AvoBlockCat cat = cand->info.transform_8x8 ? AVO_CAT_LUMA_8x8 : AVO_CAT_LUMA_4x4;
    AvoCodingMark before;
    int64_t gain = 0;
    avo_coding_mark(cand, cat, &before);
    if (cat == AVO_CAT_LUMA_8x8) {
        dsp->sub_dct_8x8(c, cur, AVO_CUR_STRIDE, pred, AVO_REC_STRIDE);
        score = inter_8x8_by_8x8(row, cand, c, blk8, &mask, &gain);
    } else {
        dsp->sub_dct_4x4_x4(c, cur, AVO_CUR_STRIDE, pred, AVO_REC_STRIDE);
        score = inter_8x8_by_4x4(row, cand, c, blk8, &mask, &gain);
    }
    bool worth_it = row->use_trellis ? mask && gain >= avo_saved_luma_8x8(row, cand, blk8, cbp)
                                     : mask && (score >= 4 || !row->job->tools->dct_decimate);
    if (!worth_it) {
        set_nnz_8x8(cand, blk8, 0);
        avo_coding_undo(cand, cat, &before);
        return false;
    }
    row->residual_gain += gain;
    *total_score += score;
    return true;
}

static void rebuild_inter_8x8(const AvoRowCtx *row, AvoMbCand *cand, int blk8)
{
    add_8x8(row->job->dsp, cand->rec + (blk8 >> 1) * 8 * AVO_REC_STRIDE + (blk8 & 1) * 8,
            row->coefs + 64 * blk8, cand->info.transform_8x8);
}

static int64_t ssd_8x8(const AvoRowCtx *row, const AvoMbCand *cand, int blk8)
{
    int x = (blk8 & 1) * 8, y = (blk8 >> 1) * 8;
    return row->job->dsp->ssd[AVO_BLK_8x8](row->cur + y * AVO_CUR_STRIDE + x, AVO_CUR_STRIDE,
                                           cand->rec + y * AVO_REC_STRIDE + x, AVO_REC_STRIDE);
}

/* The trellis has weighed each 8x8 by itself, so they can be finished one by one. */
static bool code_inter_luma_by_trellis(AvoRowCtx *row, AvoMbCand *cand, const AvoMbCand *rival)
{
    int64_t ssd = 0;
    int cbp = 0, unused = 0;
    for (int i = 0; i < 4; i++) {
        if (code_inter_8x8(row, cand, i, cbp, &unused)) {
            rebuild_inter_8x8(row, cand, i);
            cbp |= 1 << i;
        }
        cand->info.cbp = (uint8_t)cbp;
        if (!cand->residual_counted)
            continue;
        ssd += ssd_8x8(row, cand, i);
        cand->luma_score[i] = avo_rd_score(row, ssd, cand->luma_bits_q8);
        if (rival && !avo_may_beat(cand, rival, i))
            return false;
    }
    return true;
}

bool avo_code_inter_luma(AvoRowCtx *row, AvoMbCand *cand, const AvoMbCand *rival)
{
    int score = 0, cbp = 0;
    avo_coding_start_luma(row, cand);
    row->residual_gain = 0;
    memset(cand->luma_score, 0, sizeof cand->luma_score);
    if (row->use_trellis)
        return code_inter_luma_by_trellis(row, cand, rival);
    for (int i = 0; i < 4; i++)
        cbp |= code_inter_8x8(row, cand, i, cbp, &score) << i;
    if (row->job->tools->dct_decimate && score < 6 && cbp) {
        memset(cand->info.nnz, 0, 16);
        cbp = 0;
    }
    for (int i = 0; i < 4; i++)
        if (cbp >> i & 1)
            rebuild_inter_8x8(row, cand, i);
    cand->info.cbp = (uint8_t)cbp;
    return true;
}

/* ---- Intra16x16 ---- */

/* 8.5.10: the scaled DC of each block, in place. */
static void dequant_luma_dc(coef dc[16], int scale, int qp)
{
    for (int i = 0; i < 16; i++)
        dc[i] = (coef)(qp >= 36 ? (dc[i] * scale) * (1 << (qp / 6 - 6))
                                : (dc[i] * scale + (1 << (5 - qp / 6))) >> (6 - qp / 6));
}

/* Transforms all blocks: their DC goes to dc (raster), their AC to row->coefs. */
static void transform_i16(AvoRowCtx *row, const AvoMbCand *cand, coef dc[16])
{
    for (int blk8 = 0; blk8 < 4; blk8++) {
        int x = (blk8 & 1) * 8, y = (blk8 >> 1) * 8;
        coef *c = row->coefs + 64 * blk8;
        row->job->dsp->sub_dct_4x4_x4(c, row->cur + y * AVO_CUR_STRIDE + x, AVO_CUR_STRIDE,
                                      cand->rec + y * AVO_REC_STRIDE + x, AVO_REC_STRIDE);
        for (int i = 0; i < 4; i++) {
            dc[avo_blk_raster[4 * blk8 + i]] = c[16 * i];
            c[16 * i] = 0;
        }
    }
}

/* AC of all blocks: where one is coded, all are. True if any levels are left. */
static bool code_i16_ac(AvoRowCtx *row, AvoMbCand *cand)
{
    AVO_ALIGN(64) coef rounded[256];
    int some[4], any = 0;
    int64_t gain = 0;
    AvoCodingMark before;
    Quad q[4];
    memset(cand->info.nnz, 0, 16);
    for (int i = 0; i < 4; i++) {
        q[i] = luma_quad(cand, AVO_CAT_I16_AC, AVO_LIST_INTRA_Y, row->qp, i);
        any |= some[i] = round_quad(row, rounded + 64 * i, row->coefs + 64 * i, &q[i]);
    }
    if (!any)
        return false;
    avo_coding_mark(cand, AVO_CAT_I16_AC, &before);
    any = 0;
    for (int i = 0; i < 4; i++)
        any |= choose_quad(row, cand, row->coefs + 64 * i, rounded + 64 * i, some[i], &q[i], &gain);
    if (any && (!row->use_trellis || gain >= avo_saved_i16_ac(row, cand)))
        return true;
    avo_coding_undo(cand, AVO_CAT_I16_AC, &before);
    memset(cand->info.nnz, 0, 16);
    return false;
}

/* Levels of the DC; then dc holds what a decoder makes of them. True if any are left. */
static bool code_i16_dc(AvoRowCtx *row, AvoMbCand *cand, coef dc[16])
{
    const AvoDsp *dsp = row->job->dsp;
    dsp->hadamard_dc_4x4(dc);
    if (!avo_quant_dc(row, cand, dc, AVO_CAT_I16_DC, AVO_DC_LUMA, AVO_LIST_INTRA_Y, row->qp, NULL))
        return false;
    clip_levels(row, dc, 16);
    dsp->scan_4x4(cand->levels.luma_dc, dc);
    dsp->ihadamard_dc_4x4(dc);
    dequant_luma_dc(dc, row->job->quant->scale.dequant4[AVO_LIST_INTRA_Y][row->qp % 6][0], row->qp);
    return true;
}

static void rebuild_i16(const AvoRowCtx *row, AvoMbCand *cand, const coef dc[16], bool any_dc)
{
    const AvoDsp *dsp = row->job->dsp;
    for (int i = 0; i < 16; i++) {
        int raster = avo_blk_raster[i];
        pixel *rec = cand->rec + (raster >> 2) * 4 * AVO_REC_STRIDE + (raster & 3) * 4;
        if (cand->info.nnz[raster]) {
            AVO_ALIGN(32) coef c[16];
            memcpy(c, row->coefs + 16 * i, sizeof c);
            c[0] = any_dc ? dc[raster] : 0;
            dsp->add_idct_4x4(rec, AVO_REC_STRIDE, c);
        } else if (any_dc && dc[raster]) {
            dsp->add_idct_4x4_dc(rec, AVO_REC_STRIDE, dc[raster]);
        }
    }
}

void avo_code_i16_luma(AvoRowCtx *row, AvoMbCand *cand)
{
    AVO_ALIGN(32) coef dc[16];
    avo_coding_start_luma(row, cand);
    transform_i16(row, cand, dc);
    bool any_ac = code_i16_ac(row, cand), any_dc = code_i16_dc(row, cand, dc);
    cand->info.dc_flags =
        (uint8_t)((cand->info.dc_flags & ~AVO_DC_LUMA) | (any_dc ? AVO_DC_LUMA : 0));
    avo_coding_follow_dc(row, cand, AVO_DC_LUMA);
    cand->info.cbp = (uint8_t)((cand->info.cbp & ~15) | (any_ac ? 15 : 0));
    if (any_dc || any_ac)
        rebuild_i16(row, cand, dc, any_dc);
}

/* ---- chroma ---- */

static void hadamard_2x2(coef d[4])
{
    int a = d[0] + d[1], b = d[0] - d[1], c = d[2] + d[3], e = d[2] - d[3];
    d[0] = (coef)(a + c);
    d[1] = (coef)(b + e);
    d[2] = (coef)(a - c);
    d[3] = (coef)(b - e);
}

typedef struct ChromaPlane {
    AVO_ALIGN(64) coef ac[64]; /* four blocks, dequantised */
    AVO_ALIGN(64) coef rounded[64];
    coef dc[4];
    Quad quad;
    int some; /* blocks that are not empty when rounded */
    bool any_dc, any_ac;
    int64_t dc_gain, ac_gain; /* trellis only */
} ChromaPlane;

static void code_chroma_dc(AvoRowCtx *row, AvoMbCand *cand, ChromaPlane *p, int plane)
{
    const AvoQuantSet *q = row->job->quant;
    int list = p->quad.list, qp = p->quad.qp;
    hadamard_2x2(p->dc);
    p->any_dc = avo_quant_dc(row, cand, p->dc, AVO_CAT_CHROMA_DC, AVO_DC_CB << plane, list, qp,
                             &p->dc_gain);
    p->dc_gain = p->dc_gain * row->chroma_weight_q8[plane] >> 8;
    if (!p->any_dc)
        return;
    clip_levels(row, p->dc, 4);
    memcpy(cand->levels.chroma_dc[plane], p->dc, sizeof p->dc);
    hadamard_2x2(p->dc);
    int scale = q->scale.dequant4[list][qp % 6][0];
    for (int i = 0; i < 4; i++)
        p->dc[i] = (coef)(((p->dc[i] * scale) * (1 << (qp / 6))) >> 5);
}

/* Transforms one plane and rounds its AC. */
static void transform_chroma(AvoRowCtx *row, AvoMbCand *cand, ChromaPlane *p, int plane, int list)
{
    static const uint8_t index[2][4] = {{16, 17, 18, 19}, {20, 21, 22, 23}};
    const pixel *cur = row->cur + (plane ? AVO_CUR_CR : AVO_CUR_CB);
    const pixel *pred = cand->rec + (plane ? AVO_REC_CR : AVO_REC_CB);
    row->job->dsp->sub_dct_4x4_x4(p->ac, cur, AVO_CUR_STRIDE, pred, AVO_REC_STRIDE);
    for (int i = 0; i < 4; i++) {
        p->dc[i] = p->ac[16 * i];
        if (row->use_trellis)
            p->ac[16 * i] = 0;
    }
    p->quad = (Quad){.cat = AVO_CAT_CHROMA_AC,
                     .list = list,
                     .qp = row->qp_chroma[plane],
                     .k = index[plane],
                     .levels = cand->levels.chroma_ac[plane]};
    p->some = round_quad(row, p->rounded, p->ac, &p->quad);
    p->any_ac = false;
    p->dc_gain = p->ac_gain = 0;
}

static void code_chroma_ac(AvoRowCtx *row, AvoMbCand *cand, ChromaPlane *p, bool may_decimate)
{
    int mask = choose_quad(row, cand, p->ac, p->rounded, p->some, &p->quad, &p->ac_gain), score = 0;
    p->any_ac = mask;
    if (!mask || !may_decimate || !row->job->tools->dct_decimate || row->use_trellis)
        return;
    for (int i = 0; i < 4; i++)
        if (mask >> i & 1)
            score += decimate_score(p->quad.cat, p->quad.levels[i], p->quad.nonzero[i]);
    if (score < 7) {
        memset(&cand->info.nnz[p->quad.k[0]], 0, 4);
        p->any_ac = false;
    }
}

static void rebuild_chroma_plane(const AvoRowCtx *row, AvoMbCand *cand, ChromaPlane *p, int plane)
{
    for (int i = 0; i < 4; i++) {
        pixel *rec = cand->rec + (plane ? AVO_REC_CR : AVO_REC_CB) + (i >> 1) * 4 * AVO_REC_STRIDE +
                     (i & 1) * 4;
        coef *c = p->ac + 16 * i;
        if (cand->info.nnz[16 + 4 * plane + i]) {
            c[0] = p->any_dc ? p->dc[i] : 0;
            row->job->dsp->add_idct_4x4(rec, AVO_REC_STRIDE, c);
        } else if (p->any_dc && p->dc[i]) {
            row->job->dsp->add_idct_4x4_dc(rec, AVO_REC_STRIDE, p->dc[i]);
        }
    }
}

/* Leaves out AC, then DC too, where all of it gains less than its place in the syntax costs. */
static void drop_chroma(AvoRowCtx *row, AvoMbCand *cand, ChromaPlane p[2])
{
    if ((p[0].any_ac || p[1].any_ac) &&
        p[0].ac_gain + p[1].ac_gain < avo_saved_chroma_ac(row, cand)) {
        memset(&cand->info.nnz[16], 0, 8);
        p[0].any_ac = p[1].any_ac = false;
        p[0].ac_gain = p[1].ac_gain = 0;
    }
    if (!p[0].any_ac && !p[1].any_ac && (p[0].any_dc || p[1].any_dc) &&
        p[0].dc_gain + p[1].dc_gain < avo_saved_chroma_dc(row, cand)) {
        p[0].any_dc = p[1].any_dc = false;
        p[0].dc_gain = p[1].dc_gain = 0;
    }
    row->residual_gain += p[0].ac_gain + p[1].ac_gain + p[0].dc_gain + p[1].dc_gain;
}

void avo_code_chroma(AvoRowCtx *row, AvoMbCand *cand, bool intra)
{
    cand->info.cbp &= 15;
    cand->info.dc_flags &= AVO_DC_LUMA;
    memset(&cand->info.nnz[16], 0, 8);
    if (!row->syntax.chroma_format)
        return;
    ChromaPlane p[2];
    AvoCodingMark before;
    avo_coding_start_chroma(row, cand);
    avo_coding_mark(cand, AVO_CAT_CHROMA_AC, &before);
    for (int plane = 0; plane < 2; plane++)
        transform_chroma(row, cand, &p[plane], plane, (intra ? 1 : 4) + plane);
    for (int plane = 0; plane < 2 && (p[0].some || p[1].some); plane++)
        code_chroma_ac(row, cand, &p[plane], !intra);
    for (int plane = 0; plane < 2; plane++)
        code_chroma_dc(row, cand, &p[plane], plane);
    if (row->use_trellis)
        drop_chroma(row, cand, p);
    int chroma = p[0].any_ac || p[1].any_ac ? 2 : p[0].any_dc || p[1].any_dc ? 1 : 0;
    cand->info.cbp |= (uint8_t)(chroma << 4);
    cand->info.dc_flags |= (uint8_t)((p[0].any_dc ? AVO_DC_CB : 0) | (p[1].any_dc ? AVO_DC_CR : 0));
    if (chroma < 2)
        avo_coding_undo(cand, AVO_CAT_CHROMA_AC, &before);
    for (int plane = 0; plane < 2 && chroma; plane++)
        avo_coding_follow_dc(row, cand, AVO_DC_CB << plane);
    for (int plane = 0; plane < 2; plane++)
        if (p[plane].any_dc || p[plane].any_ac)
            rebuild_chroma_plane(row, cand, &p[plane], plane);
}

/* ---- the rest ---- */

void avo_code_pcm(AvoRowCtx *row, AvoMbCand *cand)
{
    uint8_t *samples = (uint8_t *)cand->levels.luma;
    for (int y = 0; y < 16; y++) {
        memcpy(samples + 16 * y, row->cur + y * AVO_CUR_STRIDE, 16);
        memcpy(cand->rec + y * AVO_REC_STRIDE, row->cur + y * AVO_CUR_STRIDE, 16);
    }
    for (int y = 0; y < 8; y++) {
        memcpy(samples + 256 + 8 * y, row->cur + AVO_CUR_CB + y * AVO_CUR_STRIDE, 8);
        memcpy(samples + 320 + 8 * y, row->cur + AVO_CUR_CR + y * AVO_CUR_STRIDE, 8);
        memcpy(cand->rec + AVO_REC_CB + y * AVO_REC_STRIDE,
               row->cur + AVO_CUR_CB + y * AVO_CUR_STRIDE, 8);
        memcpy(cand->rec + AVO_REC_CR + y * AVO_REC_STRIDE,
               row->cur + AVO_CUR_CR + y * AVO_CUR_STRIDE, 8);
    }
    memset(cand->info.nnz, 16, sizeof cand->info.nnz);
    cand->info.cbp = 0x2f;
    cand->info.dc_flags = AVO_DC_LUMA | AVO_DC_CB | AVO_DC_CR;
}

int64_t avo_cand_ssd(const AvoRowCtx *row, const AvoMbCand *cand)
{
    const AvoDsp *dsp = row->job->dsp;
    int64_t ssd = dsp->ssd[AVO_BLK_16x16](row->cur, AVO_CUR_STRIDE, cand->rec, AVO_REC_STRIDE);
    for (int plane = 0; plane < (row->syntax.chroma_format ? 2 : 0); plane++) {
        int64_t error =
            dsp->ssd[AVO_BLK_8x8](row->cur + (plane ? AVO_CUR_CR : AVO_CUR_CB), AVO_CUR_STRIDE,
                                  cand->rec + (plane ? AVO_REC_CR : AVO_REC_CB), AVO_REC_STRIDE);
        ssd += error * row->chroma_weight_q8[plane] >> 8;
    }
    return ssd;
}

/* Like avo_code_inter_luma and avo_code_chroma without keeping anything, stopping at the first
 * level. Where the trellis will choose levels it may keep what a dead zone swallows, and what many
 * pictures refer to should keep it, so luma is rounded to the nearest level there, and the
 * means of chroma: a macroblock skipped too readily costs those that refer to it more than its own
 * bits were worth. */
bool avo_residual_vanishes(AvoRowCtx *row, const pixel *pred)
{
    const AvoDsp *dsp = row->job->dsp;
    const AvoQuantSet *q = row->job->quant;
    const uint16_t *mf = q->mf4[AVO_LIST_INTER_Y][row->qp];
    bool nearest = row->use_trellis || row->job->tools->careful_skip;
    bool nearest_dc = row->use_trellis || row->job->tools->careful_dc;
    const uint16_t *bias = (nearest ? q->round4 : q->bias4)[AVO_LIST_INTER_Y][row->qp];
    const uint16_t(*dc_bias)[52] = nearest_dc ? q->dc_round : q->dc_bias;
    coef *c = row->coefs;
    for (int i = 0; i < 4; i++) {
        int x = (i & 1) * 8, y = (i >> 1) * 8;
        dsp->sub_dct_4x4_x4(c, row->cur + y * AVO_CUR_STRIDE + x, AVO_CUR_STRIDE,
                            pred + y * AVO_REC_STRIDE + x, AVO_REC_STRIDE);
        if (dsp->quant_4x4_x4(c, mf, bias))
            return false;
    }
    for (int plane = 0; plane < (row->syntax.chroma_format ? 2 : 0); plane++) {
        int qp = row->qp_chroma[plane], list = 4 + plane;
        coef dc[4];
        dsp->sub_dct_4x4_x4(c, row->cur + (plane ? AVO_CUR_CR : AVO_CUR_CB), AVO_CUR_STRIDE,
                            pred + (plane ? AVO_REC_CR : AVO_REC_CB), AVO_REC_STRIDE);
        for (int i = 0; i < 4; i++)
            dc[i] = c[16 * i];
        hadamard_2x2(dc);
        if (dsp->quant_2x2_dc(dc, q->dc_mf[list][qp], dc_bias[list][qp]) ||
            dsp->quant_4x4_x4(c, q->ac_mf4[list][qp], q->bias4[list][qp]))
            return false;
    }
    return true;
}
