/* Which neighbouring macroblocks may be used (6.4.9),
 * and the vector cache of the macroblock at work. */
#ifndef AVO_H264_NEIGHBOUR_H
#define AVO_H264_NEIGHBOUR_H

#include "base/util.h"
#include "h264/mb.h"

/* Neighbours A left, B above, C above right, D above left; NULL: not available. */
typedef struct AvoNeighbours {
    const AvoMbInfo *a, *b, *c, *d;
} AvoNeighbours;

/* Availability by picture border and slice number: info is the picture's array, whose entries of
 * not yet decoded macroblocks must have another slice number (AVO_SLICE_NONE). */
#define AVO_SLICE_NONE 0xffff
void avo_neighbours_find(AvoNeighbours *nb, const AvoMbInfo *info, int mb_width, int mb_x, int mb_y,
                         int slice);

/* Vectors and references around and in the current macroblock, one line of 8 per row of 4x4 blocks:
 *
 *      . . . D B B B B C        index of block (x, y) is AVO_MVC(x, y) = 12 + x + 8 * y,
 *      . . . A 0 1 2 3 -        x -1..4, y -1..3; C sits at (4, -1); the column right of the
 *      . . . A 4 5 6 7 -        macroblock (x = 4, y >= 0) is never available.
 *      . . . A 8 9 . . -
 *      . . . A . . . . - */
#define AVO_MVC(x, y)   (12 + (x) + 8 * (y))
#define AVO_MVC_SIZE    48
#define AVO_REF_NONE    (-1) /* intra, or list not used */
#define AVO_REF_MISSING (-2) /* macroblock not available */

typedef struct AvoMvCache {
    AvoMv mv[2][AVO_MVC_SIZE];
    int8_t ref[2][AVO_MVC_SIZE];
} AvoMvCache;

/* Loads the border from the neighbours; inside becomes AVO_REF_NONE / 0.
 * lists: 1 for P, 2 for B. */
void avo_mvcache_load(AvoMvCache *cache, const AvoNeighbours *nb, int lists);

/* One vector for a rectangle of 4x4 blocks in raster order. Whole rows go by stores of eight bytes:
 * avo_mv_uniform() reads them like that, soon after, and would have to wait for smaller ones. */
AVO_INLINE void avo_mv_fill(AvoMv *at, int w, int h, AvoMv mv)
{
    uint32_t one;
    memcpy(&one, &mv, sizeof one);
    const uint64_t pair = one * (((uint64_t)1 << 32) + 1);
    for (int j = 0; w == 4 && j < h; j++, at += 4) {
        memcpy(at, &pair, sizeof pair);
        memcpy(at + 2, &pair, sizeof pair);
    }
    for (int j = 0; w < 4 && j < h; j++, at += 4)
        for (int i = 0; i < w; i++)
            at[i] = mv;
}

/* Whether all 16 vectors of a macroblock are the same. */
AVO_INLINE bool avo_mv_uniform(const AvoMv mv[16])
{
    uint64_t pair[8], differs = 0;
    memcpy(pair, mv, sizeof pair);
    for (int i = 1; i < 8; i++)
        differs |= pair[i] ^ pair[0];
    return !(differs | (pair[0] >> 32 ^ (uint32_t)pair[0]));
}

/* Whether the four 8x8 blocks of a macroblock have the same reference. */
AVO_INLINE bool avo_ref_uniform(const int8_t ref[4])
{
    return ref[0] == ref[1] && ref[0] == ref[2] && ref[0] == ref[3];
}

/* Sets a rectangle of 4x4 blocks, all in block units; w is 1, 2 or 4. References are written in one
 * piece: compilers would call memset for them. */
AVO_INLINE void avo_mvcache_fill(AvoMvCache *cache, int list, int x, int y, int w, int h, int ref,
                                 AvoMv mv)
{
    const uint32_t refs = 0x01010101u * (uint8_t)ref;
    for (int j = y; j < y + h; j++) {
        int8_t *to = &cache->ref[list][AVO_MVC(x, j)];
        if (w == 4)
            memcpy(to, &refs, 4);
        else if (w == 2)
            memcpy(to, &refs, 2);
        else
            *to = (int8_t)ref;
        for (int i = x; i < x + w; i++)
            cache->mv[list][AVO_MVC(i, j)] = mv;
    }
}

#endif
