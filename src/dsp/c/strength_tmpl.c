/* Strengths of the loop filter's edges, C reference (8.7.2.1): of a macroblock without intra
 * prediction, along its borders and inside. Where one vector serves all of it and nothing has
 * levels, as in most of a quiet picture, the inside is not looked at. */
#include "dsp/dsp_internal.h"

#if !AVOCET_TINY

AVO_INLINE int far_apart(const int16_t *a, const int16_t *b)
{
    /* |d| >= 4 for either component, with one unsigned comparison each */
    return ((unsigned)(a[0] - b[0] + 3) > 6u) | ((unsigned)(a[1] - b[1] + 3) > 6u);
}

AVO_INLINE const int16_t *mv_of(const AvoEdgeMotion *m, int list, int blk)
{
    return m->mv + 32 * list + 2 * blk;
}

AVO_INLINE int picture_of(const AvoEdgeMotion *m, int list, int blk)
{
    return m->picture[4 * list + ((blk >> 3 << 1) | (blk >> 1 & 1))];
}

/* Other pictures, another number of vectors, or vectors 4 quarter samples apart. What unused lists
 * hold makes sets of one and of two pictures compare alike. */
AVO_INLINE int motion_differs(const AvoEdgeMotion *p, int p_blk, const AvoEdgeMotion *q, int q_blk,
                              int lists)
{
    int p0 = picture_of(p, 0, p_blk), q0 = picture_of(q, 0, q_blk);
    if (lists == 1)
        return (p0 != q0) | far_apart(mv_of(p, 0, p_blk), mv_of(q, 0, q_blk));
    int p1 = picture_of(p, 1, p_blk), q1 = picture_of(q, 1, q_blk);
    if (p0 == q0 && p1 == q1 &&
        !(far_apart(mv_of(p, 0, p_blk), mv_of(q, 0, q_blk)) |
          far_apart(mv_of(p, 1, p_blk), mv_of(q, 1, q_blk))))
        return 0;
    return !(p0 == q1 && p1 == q0 &&
             !(far_apart(mv_of(p, 0, p_blk), mv_of(q, 1, q_blk)) |
               far_apart(mv_of(p, 1, p_blk), mv_of(q, 0, q_blk))));
}

/* One set of pictures and vectors for the whole macroblock. */
static bool has_one_motion(const AvoEdgeMotion *m, int lists)
{
    for (int list = 0; list < lists; list++) {
        const int8_t *picture = m->picture + 4 * list;
        const int16_t *mv = m->mv + 32 * list;
        int differs =
            (picture[0] ^ picture[1]) | (picture[0] ^ picture[2]) | (picture[0] ^ picture[3]);
        for (int i = 2; i < 32; i++)
            differs |= mv[i] ^ mv[i & 1];
        if (differs)
            return false;
    }
    return true;
}

/* Bit per raster block: it has levels. */
static unsigned coded_blocks(const AvoEdgeMotion *m)
{
    unsigned mask = 0;
    for (int i = 0; i < 16; i++)
        mask |= (unsigned)(m->levels[i] != 0) << i;
    if (m->whole_8x8) {
        mask |= (mask & 0x0f0f) << 4 | (mask & 0xf0f0) >> 4;
        mask |= (mask & 0x5555) << 1 | (mask & 0xaaaa) >> 1;
    }
    return mask;
}

/* One edge of four pieces: p_blk, q_blk are the first blocks beside it, `along` leads on. */
static void find_edge(int8_t bs[4], const AvoEdgeMotion *p, unsigned p_coded, int p_blk,
                      const AvoEdgeMotion *q, unsigned q_coded, int q_blk, int along, int lists)
{
    for (int i = 0; i < 4; i++, p_blk += along, q_blk += along)
        bs[i] = (p_coded >> p_blk | q_coded >> q_blk) & 1
                    ? 2
                    : (int8_t)motion_differs(p, p_blk, q, q_blk, lists);
}

static void edge_strengths(int8_t bs[2][4][4], const AvoEdgeMotion block[3], int lists)
{
    const AvoEdgeMotion *q = block;
    unsigned coded = coded_blocks(q);
    bool is_even = !coded && has_one_motion(q, lists);
    for (int direction = 0; direction < 2; direction++) {
        int across = direction ? 4 : 1, along = direction ? 1 : 4;
        const AvoEdgeMotion *p = &block[1 + direction];
        find_edge(bs[direction][0], p, coded_blocks(p), 3 * across, q, coded, 0, along, lists);
        if (is_even) {
            memset(bs[direction][1], 0, 12);
            continue;
        }
        for (int edge = 1; edge < 4; edge++)
            find_edge(bs[direction][edge], q, coded, (edge - 1) * across, q, coded, edge * across,
                      along, lists);
    }
}

void AVO_BPC(avo_strength_init_c)(AvoDsp *dsp)
{
    dsp->edge_strengths = edge_strengths;
}

#endif
