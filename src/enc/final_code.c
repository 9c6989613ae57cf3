/* The macroblock as it was decided, coded again: with the trellis, for presets that cannot afford
 * that on every candidate, and at quantisers nearby. Modes, vectors and the transform stay; only
 * levels and what follows from them change. */
#include "enc/coding.h"
#include "enc/decide.h"
#include "enc/edges.h"

static void recode_inter(AvoRowCtx *row, AvoMbCand *cand)
{
    memcpy(row->pred, row->best->pred, sizeof row->pred);
    avo_code_inter_residual(row, cand);
}

static void recode_i16(AvoRowCtx *row, AvoMbCand *cand)
{
    AVO_ALIGN(16) pixel line[AVO_EDGE_LINE];
    unsigned have = avo_edge_mb(row, 0, line);
    int predictor = avo_i16_predictor(cand->code.intra16_mode, have);
    row->job->dsp->intra_16x16[predictor](cand->rec, AVO_REC_STRIDE, line + AVO_EDGE_CORNER_AT);
    avo_code_i16_luma(row, cand);
}

static void recode_block(AvoRowCtx *row, AvoMbCand *cand, int size, int raster,
                         AvoCodingMark *group)
{
    AVO_ALIGN(16) pixel line[AVO_EDGE_LINE];
    const AvoDsp *dsp = row->job->dsp;
    int x = raster & 3, y = raster >> 2, mode = cand->info.intra_mode[raster];
    pixel *rec = cand->rec + 4 * y * AVO_REC_STRIDE + 4 * x;
    if (size == 4) {
        unsigned have = avo_edge_4x4(row, cand->rec, x, y, line);
        dsp->intra_4x4[avo_i4_predictor(mode, have)](rec, AVO_REC_STRIDE,
                                                     line + AVO_EDGE_CORNER_AT);
        avo_code_intra_4x4(row, cand, raster);
    } else {
        unsigned have = avo_edge_8x8(row, cand->rec, x >> 1, y >> 1, line);
        dsp->intra_8x8[avo_i4_predictor(mode, have)](rec, AVO_REC_STRIDE,
                                                     line + AVO_EDGE_CORNER_AT);
        avo_code_intra_8x8(row, cand, (y & 2) + (x >> 1));
    }
    avo_coding_follow_intra(row, cand, size, raster, group);
}

static void recode_intra(AvoRowCtx *row, AvoMbCand *cand)
{
    if (cand->info.type == AVO_MB_I16x16) {
        recode_i16(row, cand);
    } else {
        AvoCodingMark group;
        int size = cand->info.type == AVO_MB_I4x4 ? 4 : 8;
        avo_coding_start_luma(row, cand);
        for (int i = 0; i < 16; i += size * size / 16)
            recode_block(row, cand, size, avo_blk_raster[i], &group);
        avo_cbp_from_nnz(cand);
    }
    if (row->syntax.chroma_format)
        avo_predict_intra_chroma(row, cand->info.intra_chroma_mode, cand->rec + AVO_REC_CB,
                                 cand->rec + AVO_REC_CR);
    avo_code_chroma(row, cand, true);
}

void avo_final_trellis(AvoRowCtx *row)
{
    AvoMbCand *best = row->best, *trial = row->trial;
    bool intra = AVO_MB_IS_INTRA(best->info.type);
    if (AVO_MB_IS_SKIP(best->info.type) || best->info.type == AVO_MB_IPCM ||
        (!intra && !best->info.cbp))
        return;
    if (avo_rd_level(row) == AVO_RD_SATD)
        avo_cand_score(row, best);
    avo_trial_like_best(row);
    row->use_trellis = true;
    if (intra)
        recode_intra(row, trial);
    else
        recode_inter(row, trial);
    row->use_trellis = false;
    if (trial->hopeless)
        return;
    avo_cand_score_below(row, trial, best->score + 1);
    if (trial->score <= best->score)
        avo_swap_cand(row);
}

/* ---- quantisers nearby ---- */

static void set_qp(AvoRowCtx *row, int qp)
{
    row->qp = qp;
    for (int c = 0; c < 2; c++)
        row->qp_chroma[c] = row->job->quant->chroma_qp[c][qp];
}

/* Codes row->best at another quantiser, for the same lambda; true if that is better. */
static bool try_qp(AvoRowCtx *row, int qp, int transform_8x8)
{
    const AvoTools *tools = row->job->tools;
    AvoMbCand *trial = row->trial;
    int before = row->qp;
    /* A trial before may have ended as a skip, which has no residual. */
    if (qp < tools->qp_min || qp > tools->qp_max || AVO_MB_IS_SKIP(row->best->info.type))
        return false;
    avo_trial_like_best(row);
    trial->info.qp = trial->code.qp = (int8_t)qp;
    trial->info.transform_8x8 =
        (uint8_t)transform_8x8; /* may have been left out for want of levels */
    set_qp(row, qp);
    if (AVO_MB_IS_INTRA(trial->info.type))
        recode_intra(row, trial);
    else
        recode_inter(row, trial);
    if (avo_score_trial(row))
        return true;
    set_qp(row, before);
    return false;
}

void avo_refine_qp(AvoRowCtx *row)
{
    const AvoMbInfo *info = &row->best->info;
    if (AVO_MB_IS_SKIP(info->type) || info->type == AVO_MB_IPCM || !info->cbp)
        return;
    int wanted = row->qp, t8 = info->transform_8x8;
    row->use_trellis = row->job->tools->trellis > 0;
    /* The quantiser of the macroblock before needs no mb_qp_delta. */
    bool done = row->prev_qp != wanted && avo_abs(row->prev_qp - wanted) <= 2 &&
                try_qp(row, row->prev_qp, t8);
    for (int step = -1; step <= 1 && !done; step += 2) {
        done = try_qp(row, wanted + step, t8);
        if (done) /* where one step pays, two may */
            try_qp(row, wanted + 2 * step, t8);
    }
}
