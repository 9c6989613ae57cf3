/* Mode decision: one macroblock, all ways to code it, the cheapest kept.
 *
 * A way is tried by filling row->trial (info, code, levels, rec, score) and calling
 * avo_keep_if_better(), which swaps it with row->best. Scores of one macroblock are of one kind:
 * SATD + lambda * bits where the tools say AVO_RD_SATD, else SSD + lambda2 * bits of the macroblock
 * really coded. Families: decide_intra.c, decide_inter.c (P), decide_b.c. */
#ifndef AVO_ENC_DECIDE_H
#define AVO_ENC_DECIDE_H

#include "enc/motion.h"
#include "enc/residual.h"
#include "enc/row.h"

#define AVO_COST_MAX (1 << 28)

AVO_INLINE AvoRdLevel avo_rd_level(const AvoRowCtx *row)
{
    return row->job->tools->rd[row->syntax.slice_type];
}

/* Whether the macroblock may be coded again, by another transform or with the trellis, once it was
 * chosen. */
AVO_INLINE bool avo_is_coded_again(const AvoRowCtx *row)
{
    return avo_rd_level(row) != AVO_RD_SATD || row->job->tools->trellis;
}

/* Within the columns of an intra refresh. */
AVO_INLINE bool avo_is_forced_intra(const AvoRowCtx *row)
{
    return row->mb_x >= row->job->refresh_begin && row->mb_x < row->job->refresh_end;
}

/* decide.c */
void avo_cand_init(const AvoRowCtx *row, AvoMbCand *cand, AvoMbType type);
/* Records of row->best into row->trial, to be changed a little and coded again. */
void avo_trial_like_best(AvoRowCtx *row);
void avo_keep_if_better(AvoRowCtx *row);
/* SSD + lambda2 * bits of a coded candidate; sets ssd, bits_q8, score. */
void avo_cand_score(AvoRowCtx *row, AvoMbCand *cand);
/* The same where only scores below the limit matter: gives up with INT64_MAX, bits uncounted, if
 * the error is beyond. */
void avo_cand_score_below(AvoRowCtx *row, AvoMbCand *cand, int64_t limit);
/* Scores row->trial, which is coded, and keeps it if better. */
bool avo_score_trial(AvoRowCtx *row);
/* The macroblock as entropy coding sees this candidate. */
AvoMbSyntax avo_cand_syntax(const AvoRowCtx *row, const AvoMbCand *cand);

/* decide_intra.c */
typedef struct AvoIntraChoice {
    int mode16, cost16;    /* best Intra16x16 mode and its SATD cost */
    int cost_of_mode16[4]; /* of each; AVO_COST_MAX: not to be used */
    int chroma_mode, chroma_cost;
    bool chroma_done;
} AvoIntraChoice;
/* SATD search of Intra16x16. */
void avo_intra16_search(AvoRowCtx *row, AvoIntraChoice *choice);
/* Tries all intra types and keeps what beats row->best. inter_cost: best inter SATD cost,
 * AVO_COST_MAX without one. */
void avo_try_intra(AvoRowCtx *row, int inter_cost, int type_bits_q8);
void avo_try_pcm(AvoRowCtx *row);
/* The other chroma modes for row->best, an intra macroblock, by true cost. */
void avo_refine_chroma_mode(AvoRowCtx *row);
void avo_predict_intra_chroma(const AvoRowCtx *row, int mode, pixel *cb, pixel *cr);

/* decide_inter.c */
void avo_decide_p(AvoRowCtx *row);
/* Fills vectors of a rectangle of 4x4 blocks in info. */
void avo_set_motion(AvoMbInfo *info, int list, int x, int y, int w, int h, int ref, AvoMv mv);
/* Vector differences, reference slots, vector cache:
 * everything that follows from the chosen vectors. */
void avo_seal_inter(AvoRowCtx *row, AvoMbCand *cand);
/* Predicts, codes and scores row->trial (sealed), keeps it if better. cost is its SATD cost. */
void avo_try_inter(AvoRowCtx *row, int cost);
/* The same with its prediction in row->pred. */
void avo_try_inter_predicted(AvoRowCtx *row, int cost);
/* The other transform size for the best inter candidate; AVO_RD_REFINE tries both for each. */
void avo_try_other_transform(AvoRowCtx *row);
/* Prediction of the whole macroblock into an AVO_REC_SIZE buffer. */
void avo_predict_inter(AvoRowCtx *row, const AvoMbInfo *info, pixel *buffer);
/* Residual against row->pred by the transform that cand->info says; the candidate remembers the
 * prediction. Sets cand->hopeless and gives up where it cannot become better than row->best, which
 * avo_score_trial() understands. */
void avo_code_inter_residual(AvoRowCtx *row, AvoMbCand *cand);
/* Codes row->best, which was decided by SATD only. */
void avo_code_inter(AvoRowCtx *row, AvoMbCand *cand);
/* Scores row->trial, P_Skip or B_Skip not sealed yet, by true cost;
 * its prediction is in row->pred. */
void avo_try_skip(AvoRowCtx *row);
/* P_Skip with row->skip_mv, and B_Skip or B_Direct with row->direct;
 * neither sealed nor predicted. */
void avo_make_p_skip(AvoRowCtx *row, AvoMbCand *cand);
void avo_make_direct(const AvoRowCtx *row, AvoMbCand *cand, AvoMbType type);
int avo_gather_starts(const AvoRowCtx *row, const AvoSearchBlock *b, int list, int ref,
                      AvoMv *starts);
/* Vector of a block from those around it and the whole macroblock's, without a search; m->ref and
 * m->mvp are given. */
void avo_polish_known(AvoRowCtx *row, const AvoSearchBlock *b, int list, AvoMotion *m);

#define AVO_STARTS_MAX 12
extern const AvoSearchBlock avo_blk_16x16, avo_blk_8x8[4], avo_blk_16x8[2], avo_blk_8x16[2];

/* final_code.c: codes the macroblock once more with the trellis, as it was decided, and keeps that
 * if it is not worse. */
void avo_final_trellis(AvoRowCtx *row);
/* Keeps the macroblock at a quantiser nearby if that is better; changes row->qp then. */
void avo_refine_qp(AvoRowCtx *row);

/* refine.c: moves the vectors of row->best as long as that pays. */
void avo_refine_vectors(AvoRowCtx *row);

/* starve.c: the macroblock as it takes the fewest bits, whatever it looks like. */
void avo_starve_mb(AvoRowCtx *row);

/* decide_b.c */
void avo_decide_b(AvoRowCtx *row);

#endif
