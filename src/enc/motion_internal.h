/* State of one vector search, shared by motion.c (whole samples),
 * subpel.c (fractions) and bidir.c (pairs). */
#ifndef AVO_ENC_MOTION_INTERNAL_H
#define AVO_ENC_MOTION_INTERNAL_H

#include "enc/motion.h"

/* One block and one reference. Samples and source point at the block; vectors are relative to its
 * own place. */
typedef struct AvoSearch {
    AvoRowCtx *row;
    const AvoDsp *dsp;
    const AvoSearchBlock *block;
    const AvoFrame *frame;
    int ref;
    const AvoWeight *weight; /* explicit luma weights of the reference, NULL without */
    const pixel *cur;        /* whole samples: inverse-weighted when the reference has weights */
    const pixel *whole;      /* the reference's whole samples */
    ptrdiff_t stride;
    const int32_t (*quarter)[2]; /* from them to other positions: see avo_motion_prepare() */
    /* Bits of a vector by its component in quarter samples (the tables are centred at the predicted
     * vector), and what they cost. */
    const uint16_t *bits_x, *bits_y;
    int lambda;
    int min_x, max_x, min_y, max_y; /* whole samples */
    int x, y, cost;                 /* best so far in whole samples */
    AvoMv near; /* a start, to the fraction, that rounds to (x, y); else the same vector */
} AvoSearch;

/* Block, reference and limits; not what depends on the predicted vector. */
void avo_search_bind(AvoSearch *s, AvoRowCtx *row, const AvoSearchBlock *block, int list, int ref);
/* Centres the bit tables at the predicted vector. */
void avo_search_centre(AvoSearch *s, AvoMv mvp);

/* Lambda times the bits of a vector within the limits. */
AVO_INLINE int avo_search_rate(const AvoSearch *s, int x_qpel, int y_qpel)
{
    return (int)((unsigned)s->lambda * (unsigned)(s->bits_x[x_qpel] + s->bits_y[y_qpel]) >> 16);
}

AVO_INLINE bool avo_search_inside(const AvoSearch *s, int x, int y)
{
    return x >= s->min_x && x <= s->max_x && y >= s->min_y && y <= s->max_y;
}

/* ---- prediction blocks (8.4.2.2.1) ---- */

/* The two blocks in the planes whose mean a vector means; twice the same where it needs none. */
AVO_INLINE void avo_search_blocks(const AvoSearch *s, AvoMv mv, const pixel **first,
                                  const pixel **second)
{
    const int32_t *way = s->quarter[(mv.y & 3) * 4 + (mv.x & 3)];
    const pixel *at = s->whole + (mv.y >> 2) * s->stride + (mv.x >> 2);
    *first = at + way[0];
    *second = at + way[1];
}

AVO_INLINE int avo_width_index(int w)
{
    return w == 16 ? 0 : w == 8 ? 1 : 2;
}

/* The block that a vector points at, without weights: in the planes, or averaged into buffer
 * (AVO_REC_STRIDE). */
AVO_INLINE const pixel *avo_search_fetch(const AvoSearch *s, AvoMv mv, pixel *buffer,
                                         ptrdiff_t *stride)
{
    const pixel *first, *second;
    avo_search_blocks(s, mv, &first, &second);
    if (!((mv.x | mv.y) & 1)) {
        *stride = s->stride;
        return first;
    }
    s->dsp->avg[avo_width_index(s->block->w)](buffer, AVO_REC_STRIDE, first, s->stride, second,
                                              s->stride, s->block->h);
    *stride = AVO_REC_STRIDE;
    return buffer;
}

AVO_INLINE const pixel *avo_search_source(const AvoSearch *s)
{
    return s->row->cur + s->block->y * AVO_CUR_STRIDE + s->block->x;
}

/* subpel.c: from the whole-sample result in m (mv and rate) to the best vector; m->cost without
 * stop conditions. */
void avo_subpel_search(const AvoSearch *s, int list, int base_rate, AvoMotion *m);

#endif
