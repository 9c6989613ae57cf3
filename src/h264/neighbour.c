/* See neighbour.h. */
#include "h264/neighbour.h"

static const AvoMbInfo *same_slice(const AvoMbInfo *mb, int slice)
{
    return mb->slice == slice ? mb : NULL;
}

void avo_neighbours_find(AvoNeighbours *nb, const AvoMbInfo *info, int mb_width, int mb_x, int mb_y,
                         int slice)
{
    const AvoMbInfo *mb = info + (ptrdiff_t)mb_y * mb_width + mb_x, *above = mb - mb_width;
    nb->a = mb_x > 0 ? same_slice(mb - 1, slice) : NULL;
    nb->b = mb_y > 0 ? same_slice(above, slice) : NULL;
    nb->c = mb_y > 0 && mb_x + 1 < mb_width ? same_slice(above + 1, slice) : NULL;
    nb->d = mb_y > 0 && mb_x > 0 ? same_slice(above - 1, slice) : NULL;
}

/* One corner of the border: block `blk` (raster) of a diagonal neighbour. */
static void load_corner(AvoMvCache *cache, int list, int at, const AvoMbInfo *mb, int blk, int blk8)
{
    if (mb) {
        cache->mv[list][at] = mb->mv[list][blk];
        cache->ref[list][at] = mb->ref_idx[list][blk8];
    } else {
        memset(&cache->mv[list][at], 0, sizeof(AvoMv));
        cache->ref[list][at] = AVO_REF_MISSING;
    }
}

static void load_above(AvoMvCache *cache, int list, const AvoMbInfo *b)
{
    AvoMv *mv = &cache->mv[list][AVO_MVC(0, -1)];
    int8_t *ref = &cache->ref[list][AVO_MVC(0, -1)];
    if (b) {
        memcpy(mv, &b->mv[list][12], 4 * sizeof *mv);
        ref[0] = ref[1] = b->ref_idx[list][2];
        ref[2] = ref[3] = b->ref_idx[list][3];
    } else {
        memset(mv, 0, 4 * sizeof *mv);
        memset(ref, AVO_REF_MISSING, 4);
    }
}

static void load_left(AvoMvCache *cache, int list, const AvoMbInfo *a)
{
    AvoMv *mv = &cache->mv[list][AVO_MVC(-1, 0)];
    int8_t *ref = &cache->ref[list][AVO_MVC(-1, 0)];
    static const AvoMv zero = {0, 0};
    for (int y = 0; y < 4; y++) {
        mv[8 * y] = a ? a->mv[list][4 * y + 3] : zero;
        ref[8 * y] = a ? a->ref_idx[list][(y & 2) + 1] : AVO_REF_MISSING;
    }
}

void avo_mvcache_load(AvoMvCache *cache, const AvoNeighbours *nb, int lists)
{
    for (int list = 0; list < lists; list++) {
        load_corner(cache, list, AVO_MVC(-1, -1), nb->d, 15, 3);
        load_above(cache, list, nb->b);
        load_corner(cache, list, AVO_MVC(4, -1), nb->c, 12, 2);
        load_left(cache, list, nb->a);
        for (int y = 0; y < 4; y++) {
            memset(&cache->mv[list][AVO_MVC(0, y)], 0, 4 * sizeof(AvoMv));
            memset(&cache->ref[list][AVO_MVC(0, y)], AVO_REF_NONE, 4);
            cache->ref[list][AVO_MVC(4, y)] = AVO_REF_MISSING;
        }
    }
}
