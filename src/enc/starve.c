/* The least that a macroblock can be coded with: skipped where there is something to skip to, else
 * a flat intra prediction without residual.
 *
 * For rows that must not cost anything, because the highest quantiser still makes more of the
 * picture than the decoder's buffer holds. The picture is there on time and looks like the one
 * before it; the next ones repair it. */
#include "enc/decide.h"
#include "enc/edges.h"

static bool starve_p(AvoRowCtx *row)
{
    row->skip_mv = avo_mvpred_pskip(&row->cache, &row->nb);
    if (!avo_motion_allowed(row, &avo_blk_16x16, row->skip_mv))
        return false;
    avo_make_p_skip(row, row->best);
    return true;
}

static bool starve_b(AvoRowCtx *row)
{
    const AvoPicJob *job = row->job;
    if (!job->use_direct ||
        !avo_direct_derive(&row->direct, &row->cache, &job->refs, row->mb_x, row->mb_y))
        return false;
    avo_make_direct(row, row->best, AVO_MB_B_SKIP);
    return true;
}

static void predict_flat(AvoRowCtx *row, AvoMbCand *cand)
{
    AVO_ALIGN(16) pixel line[AVO_EDGE_LINE];
    avo_cand_init(row, cand, AVO_MB_I16x16);
    cand->code.intra16_mode = AVO_I16_DC;
    cand->info.intra_chroma_mode = AVO_IC_DC;
    unsigned have = avo_edge_mb(row, 0, line);
    row->job->dsp->intra_16x16[avo_i16_predictor(AVO_I16_DC, have)](cand->rec, AVO_REC_STRIDE,
                                                                    line + AVO_EDGE_CORNER_AT);
    if (row->syntax.chroma_format)
        avo_predict_intra_chroma(row, AVO_IC_DC, cand->rec + AVO_REC_CB, cand->rec + AVO_REC_CR);
}

void avo_starve_mb(AvoRowCtx *row)
{
    bool skipped = false;
    if (row->syntax.slice_type == AVO_SLICE_P && !avo_is_forced_intra(row))
        skipped = starve_p(row);
    else if (row->syntax.slice_type == AVO_SLICE_B)
        skipped = starve_b(row);
    if (!skipped) {
        predict_flat(row, row->best);
        return;
    }
    avo_seal_inter(row, row->best);
    avo_predict_inter(row, &row->best->info, row->best->rec);
}
