/* The bits of a candidate's residual, counted block by block while its levels are made.
 *
 * The trellis wants to know the contexts as the entropy coder will find them at the block at hand.
 * They are kept in cand->contexts, which start as those in front of the macroblock and are moved on
 * over every block that will really be sent; what each takes is added up. So once a candidate is
 * coded, only what stands in front of its residual remains to be counted (decide.c).
 *
 * Only where levels are chosen by trellis under CABAC; else all of this does nothing, and
 * cand->residual_counted says so. */
#ifndef AVO_ENC_CODING_H
#define AVO_ENC_CODING_H

#include "enc/row.h"

/* Puts the contexts of luma or chroma to the start of the macroblock. They share none, so each may
 * be coded anew by itself. */
void avo_coding_start_luma(const AvoRowCtx *row, AvoMbCand *cand);
void avo_coding_start_chroma(const AvoRowCtx *row, AvoMbCand *cand);

/* Instead of the former, where luma is as in another candidate. */
void avo_coding_keep_luma(AvoMbCand *cand, const AvoMbCand *from);
/* The same for all that stands in front of the residual, once that is counted. */
void avo_coding_start_head(const AvoRowCtx *row, AvoMbCand *cand);

/* To take back blocks of one kind that are not sent in the end. */
typedef struct AvoCodingMark {
    uint8_t flag[4], significant[15], last[15], abs_level[10];
    uint32_t bits_q8;
} AvoCodingMark;
void avo_coding_mark(AvoMbCand *cand, AvoBlockCat cat, AvoCodingMark *mark);
void avo_coding_undo(AvoMbCand *cand, AvoBlockCat cat, const AvoCodingMark *mark);

/* A 4x4 block with index k in nnz, levels in scan order, NULL: none. nonzero: which are not 0. */
void avo_coding_follow_4x4(const AvoRowCtx *row, AvoMbCand *cand, AvoBlockCat cat, int k,
                           const int16_t *levels, uint32_t nonzero);
void avo_coding_follow_8x8(AvoMbCand *cand, const int16_t *levels, uint64_t nonzero);
/* DC levels of Intra16x16 or chroma as they lie in cand; flag: AVO_DC_*. */
void avo_coding_follow_dc(const AvoRowCtx *row, AvoMbCand *cand, int flag);
/* A block of an intra macroblock as it lies in cand; size 4 or 8, raster: its (first) 4x4 block.
 * Blocks of 4x4 come in coding order; group is used from one to the next, since the fourth of an
 * 8x8 shows whether any of them is sent. */
void avo_coding_follow_intra(const AvoRowCtx *row, AvoMbCand *cand, int size, int raster,
                             AvoCodingMark *group);

#endif
