/* Motion search: the vector of one block in one reference, first in whole samples by SAD, then down to quarters by SATD
 * on the half-sample planes; and the joint search of bidirectional pairs.
 *
 * A block is a rectangle of the macroblock; costs are distortion + lambda * bits of the vector difference. */
#ifndef AVO_ENC_MOTION_H
#define AVO_ENC_MOTION_H

#include "enc/row.h"

typedef struct AvoSearchBlock {
    AvoBlkSize size;
    uint8_t x, y, w, h; /* samples inside the macroblock */
} AvoSearchBlock;

/* Bits of one vector difference component, 1/256 bit. */
AVO_INLINE int avo_mvd_bits(const AvoRowCtx *row, int d)
{
    d = avo_abs(d);
    return row->job->mvd_bits[avo_min(d, AVO_MVD_BITS - 1)];
}

AVO_INLINE int avo_mv_rate(const AvoRowCtx *row, AvoMv mv, AvoMv mvp)
{
    return avo_rate(row, avo_mvd_bits(row, mv.x - mvp.x) + avo_mvd_bits(row, mv.y - mvp.y));
}

/* Fills the table of AVO_MVD_BITS entries: exact for CAVLC, an average for CABAC. */
void avo_mvd_bits_init(uint16_t *table, bool cabac);

/* Bits of ref_idx, 1/256 bit. */
int avo_ref_bits(const AvoRowCtx *row, int list, int ref);

/* Searches block b in list/m->ref from m->mvp and the `count` starts; sets mv, cost and rate. The reference's rate is
 * included. stop_at: no fraction search if the whole-sample cost is above it. */
void avo_motion_search(AvoRowCtx *row, const AvoSearchBlock *b, int list, const AvoMv *starts, int count, int stop_at,
                       AvoMotion *m);
/* Distortion (SATD, SAD at the fastest) plus chroma if wanted of one vector, without rate. */
int avo_motion_distortion(AvoRowCtx *row, const AvoSearchBlock *b, int list, int ref, AvoMv mv);
/* May block b use this vector? Only intra refresh forbids any that prediction yields: its clean area looks at clean
 * samples only. */
bool avo_motion_allowed(AvoRowCtx *row, const AvoSearchBlock *b, AvoMv mv);
/* Is this vector of block b within reach: padding, level, intra refresh? */
bool avo_motion_inside(AvoRowCtx *row, const AvoSearchBlock *b, AvoMv mv);
/* Best joint pair near m0 and m1: refines both vectors in place when the tools ask for it; returns distortion + rates. */
int avo_bidir_search(AvoRowCtx *row, const AvoSearchBlock *b, AvoMotion *m0, AvoMotion *m1);

/* Prediction block of a vector: points into the reference's planes or into buffer (stride AVO_REC_STRIDE); explicit
 * weights applied. */
const pixel *avo_fetch_luma(const AvoRowCtx *row, const AvoSearchBlock *b, int list, int ref, AvoMv mv, pixel *buffer,
                            ptrdiff_t *stride);

#endif
