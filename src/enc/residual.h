/* Transform, quantisation and reconstruction of one macroblock's residual (8.5), candidate by
 * candidate.
 *
 * Each function takes a prediction, leaves quantised levels in scan order, the counts the entropy
 * coder needs (nnz, dc_flags, cbp) and the reconstruction in the candidate. */
#ifndef AVO_ENC_RESIDUAL_H
#define AVO_ENC_RESIDUAL_H

#include "enc/row.h"

/* The prediction is already in cand->rec. */
void avo_code_i16_luma(AvoRowCtx *row, AvoMbCand *cand);
/* One 4x4 block (raster) or 8x8 block of an intra macroblock; sets its nnz, not the cbp. Returns
 * whether it has levels. */
bool avo_code_intra_4x4(AvoRowCtx *row, AvoMbCand *cand, int raster);
bool avo_code_intra_8x8(AvoRowCtx *row, AvoMbCand *cand, int blk8);
/* Whole inter luma with the transform that cand->info.transform_8x8 says; no chroma is coded yet.
 * Where the bits are counted meanwhile (coding.h), sets cand->luma_score, and gives up with false
 * once there is no hope to become better than the rival (NULL: there is none). */
bool avo_code_inter_luma(AvoRowCtx *row, AvoMbCand *cand, const AvoMbCand *rival);
/* Whether a candidate whose luma is coded up to blk8 may still become better than its rival. What
 * is to come (the rest of luma, chroma, vectors, types) costs about what it costs there; 7/8 of
 * that is taken for granted. */
bool avo_may_beat(const AvoMbCand *cand, const AvoMbCand *rival, int blk8);
/* Both chroma planes. Sets the cbp's chroma part; nothing for 4:0:0. */
void avo_code_chroma(AvoRowCtx *row, AvoMbCand *cand, bool intra);
/* cbp luma bits from nnz of I4x4, I8x8. */
void avo_cbp_from_nnz(AvoMbCand *cand);
/* I_PCM: samples into levels and rec. */
void avo_code_pcm(AvoRowCtx *row, AvoMbCand *cand);
/* Sum of squared errors of cand->rec against the source, all planes, chroma by its weights. */
int64_t avo_cand_ssd(const AvoRowCtx *row, const AvoMbCand *cand);
/* True if an inter prediction in cand->rec leaves nothing to code at this QP:
 * the macroblock can be skipped. */
bool avo_residual_vanishes(AvoRowCtx *row, const pixel *pred);

#endif
