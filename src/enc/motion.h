/* Motion search: the vector of one block in one reference, first in whole samples by SAD, then down
 * to quarters by SATD on the half-sample planes; and the joint search of bidirectional pairs.
 *
 * A block is a rectangle of the macroblock; costs are distortion + lambda * bits of the vector
 * difference. */
#ifndef AVO_ENC_MOTION_H
#define AVO_ENC_MOTION_H

#include "enc/row.h"

typedef struct AvoSearchBlock {
    AvoBlkSize size;
    uint8_t x, y, w, h; /* samples inside the macroblock */
} AvoSearchBlock;

#define AVO_SEARCH_STARTS 16 /* start points of a search at most */

/* The table of the bits of a vector difference component, 1/256 bit: of 2 * range + 1 entries,
 * exact for CAVLC, an average for CABAC. The range reaches as far as vectors of pictures of that
 * size may differ. */
int avo_mvd_range(int width, int height);
void avo_mvd_bits_init(uint16_t *table, int range, bool cabac);

/* Bits of ref_idx, 1/256 bit. */
int avo_ref_bits(const AvoRowCtx *row, int list, int ref);

/* Once per frame: fills f->quarter, the way from a sample of plane 0 to the two samples, of that
 * plane or of half-sample planes, whose mean the quarter position [4 * (y & 3) + (x & 3)] is; and
 * f->beside, the same for its neighbours, [1] those by two quarters (subpel.c: around). */
void avo_motion_prepare(AvoFrame *f);

/* Searches block b in list/m->ref from m->mvp and the `count` starts; sets mv, cost and rate. The
 * reference's rate is included. stop_at: no fraction search if the whole-sample cost is above it.
 */
void avo_motion_search(AvoRowCtx *row, const AvoSearchBlock *b, int list, const AvoMv *starts,
                       int count, int stop_at, AvoMotion *m);
/* Cost of the chroma of a block of a P macroblock, 8x8 or larger; 0 where there is none. */
int avo_motion_chroma(AvoRowCtx *row, const AvoSearchBlock *b, const AvoMotion *m);
/* For blocks whose motion is nearly known: the best of m->mvp and up to three starts, all to the
 * fraction, moved by quarter samples. */
void avo_motion_polish(AvoRowCtx *row, const AvoSearchBlock *b, int list, const AvoMv *starts,
                       int count, AvoMotion *m);
/* May block b use this vector? Only intra refresh forbids any that prediction yields: its clean
 * area looks at clean samples only. */
bool avo_motion_allowed(AvoRowCtx *row, const AvoSearchBlock *b, AvoMv mv);
/* Is this vector of block b within reach: padding, level, intra refresh? */
bool avo_motion_inside(AvoRowCtx *row, const AvoSearchBlock *b, AvoMv mv);
/* Best joint pair near m0 and m1: refines both vectors in place when the tools ask for it; returns
 * distortion + rates. */
int avo_bidir_search(AvoRowCtx *row, const AvoSearchBlock *b, AvoMotion *m0, AvoMotion *m1);

#endif
