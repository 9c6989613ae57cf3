/* See decide.h: what all families share, and the order in which they are asked. */
#include "base/record.h"
#include "enc/block_quant.h"
#include "enc/coding.h"
#include "enc/decide.h"
#include "enc/psy.h"
#include "enc/unseen.h"

void avo_cand_init(const AvoRowCtx *row, AvoMbCand *cand, AvoMbType type)
{
    AvoMbInfo *info = &cand->info;
    avo_record_clear(info, sizeof *info);
    avo_record_clear(&cand->code, sizeof cand->code);
    cand->scored = cand->hopeless = cand->residual_counted = false;
    memset(cand->luma_score, 0, sizeof cand->luma_score);
    info->type = (uint8_t)type;
    info->qp = (int8_t)row->qp;
    info->slice = (uint16_t)row->slice;
    memset(info->intra_mode, AVO_I4_DC, sizeof info->intra_mode);
    memset(info->ref_idx, -1, sizeof info->ref_idx);
    memset(info->ref_slot, -1, sizeof info->ref_slot);
    cand->code.qp = (int8_t)row->qp;
}

void avo_trial_like_best(AvoRowCtx *row)
{
    AvoMbCand *trial = row->trial;
    trial->info = row->best->info;
    trial->code = row->best->code;
    trial->scored = trial->hopeless = trial->residual_counted = false;
    memset(trial->luma_score, 0, sizeof trial->luma_score);
}

void avo_keep_if_better(AvoRowCtx *row)
{
    if (row->trial->score < row->best->score)
        avo_swap_cand(row);
}

AvoMbSyntax avo_cand_syntax(const AvoRowCtx *row, const AvoMbCand *cand)
{
    return (AvoMbSyntax){
        .info = &cand->info,
        .code = &cand->code,
        .levels = &cand->levels,
        .nb = row->nb,
        .qp_pred = row->prev_qp,
        .prev_qp_delta_nonzero = row->prev_qp_delta_nonzero,
    };
}

bool avo_may_beat(const AvoMbCand *cand, const AvoMbCand *rival, int blk8)
{
    int64_t there = rival->luma_score[blk8], rest = there ? rival->score - there : 0;
    return cand->luma_score[blk8] + rest * 7 / 8 < rival->score;
}

/* Bits of the macroblock; cand->contexts are then those behind it. */
static uint32_t count_bits(const AvoRowCtx *row, AvoMbCand *cand)
{
    AvoMbSyntax mb = avo_cand_syntax(row, cand);
    if (!row->syntax.cabac)
        return avo_mb_bits(&row->syntax, &mb, NULL);
    if (!cand->residual_counted || !avo_mb_has_residual(&cand->info)) {
        avo_cabac_copy_contexts(&cand->contexts, &row->contexts);
        return avo_mb_bits(&row->syntax, &mb, &cand->contexts);
    }
    avo_coding_start_head(row, cand);
    return avo_mb_head_bits(&row->syntax, &mb, &cand->contexts) + cand->luma_bits_q8 +
           cand->chroma_bits_q8;
}

void avo_cand_score_below(AvoRowCtx *row, AvoMbCand *cand, int64_t limit)
{
    cand->ssd = avo_cand_ssd(row, cand);
    if (cand->ssd < limit)
        cand->ssd += avo_psy_distortion(row, cand);
    if (cand->ssd >= limit) {
        cand->score = INT64_MAX;
        return;
    }
    cand->bits_q8 = count_bits(row, cand);
    cand->score = avo_rd_score(row, cand->ssd, cand->bits_q8);
    cand->scored = true;
}

void avo_cand_score(AvoRowCtx *row, AvoMbCand *cand)
{
    avo_cand_score_below(row, cand, INT64_MAX);
}

bool avo_score_trial(AvoRowCtx *row)
{
    if (row->trial->hopeless)
        return false;
    avo_cand_score_below(row, row->trial, row->best->score);
    if (row->trial->score >= row->best->score)
        return false;
    avo_swap_cand(row);
    return true;
}

/* A macroblock may not take more than 3200 bits (A.3.1 n, 128 + RawMbBits), and samples sent as
 * they are need fewer bits from there on anyway. Only low QPs get near. */
static void guard_size(AvoRowCtx *row)
{
    enum { PCM_BITS_Q8 = 256 * 3060 };
    if (row->qp >= 20 || row->best->info.type == AVO_MB_IPCM)
        return;
    if (!row->best->scored)
        avo_cand_score(row, row->best);
    if (row->best->bits_q8 > PCM_BITS_Q8)
        avo_try_pcm(row);
}

static void refine(AvoRowCtx *row)
{
    if (AVO_MB_IS_INTRA(row->best->info.type))
        avo_refine_chroma_mode(row);
    else
        avo_refine_vectors(row);
}

static bool decides_by_trellis(const AvoRowCtx *row)
{
    const AvoTools *tools = row->job->tools;
    return tools->trellis == 2 || (tools->trellis_in_p && row->syntax.slice_type == AVO_SLICE_P);
}

void avo_decide_mb(AvoRowCtx *row)
{
    row->best->score = INT64_MAX;
    if (row->job->row_control.starved[row->mb_y]) {
        avo_starve_mb(row);
        return;
    }
    bool intra = row->syntax.slice_type == AVO_SLICE_I || avo_is_forced_intra(row);
    if (!intra)
        avo_fill_unseen(row);
    avo_psy_look(row);
    row->use_trellis = decides_by_trellis(row);
    if (row->job->tools->trellis)
        avo_trellis_lambdas(row);
    if (intra)
        avo_try_intra(row, AVO_COST_MAX, 0);
    else if (row->syntax.slice_type == AVO_SLICE_P)
        avo_decide_p(row);
    else
        avo_decide_b(row);
    if (avo_rd_level(row) == AVO_RD_REFINE)
        refine(row);
    if (row->job->tools->trellis && !decides_by_trellis(row))
        avo_final_trellis(row);
    if (row->job->tools->refine_qp)
        avo_refine_qp(row);
    guard_size(row);
}
