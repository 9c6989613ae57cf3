/* Loop filter, C reference (8.7.2): one edge at a time. Samples across the edge are named as in the
 * standard: p3 p2 p1 p0 | q0 q1 q2 q3, with pix at q0 and `across` samples from one to the next. */
#include "dsp/entries.h"

/* filterSamplesFlag without the bS part (8-460). */
AVO_INLINE int edge_is_smooth(const pixel *pix, ptrdiff_t across, int alpha, int beta)
{
    int p1 = pix[-2 * across], p0 = pix[-across], q0 = pix[0], q1 = pix[across];
    return avo_abs(p0 - q0) < alpha && avo_abs(p1 - p0) < beta && avo_abs(q1 - q0) < beta;
}

/* Moves p0 and q0 towards each other by at most tc. */
AVO_INLINE void filter_p0_q0(pixel *pix, ptrdiff_t across, int tc)
{
    int p1 = pix[-2 * across], p0 = pix[-across], q0 = pix[0], q1 = pix[across];
    int delta = avo_clip3(-tc, tc, ((q0 - p0) * 4 + (p1 - q1) + 4) >> 3);
    pix[-across] = avo_clip_pixel(p0 + delta);
    pix[0] = avo_clip_pixel(q0 - delta);
}

/* 8.7.2.3, bS < 4, luma: one line. */
AVO_INLINE void luma_line(pixel *pix, ptrdiff_t across, int alpha, int beta, int tc0)
{
    int p2 = pix[-3 * across], p1 = pix[-2 * across], p0 = pix[-across];
    int q0 = pix[0], q1 = pix[across], q2 = pix[2 * across];
    int tc = tc0, mean = (p0 + q0 + 1) >> 1;

    if (!edge_is_smooth(pix, across, alpha, beta))
        return;
    if (avo_abs(p2 - p0) < beta) {
        pix[-2 * across] = (pixel)(p1 + avo_clip3(-tc0, tc0, (p2 + mean - p1 * 2) >> 1));
        tc++;
    }
    if (avo_abs(q2 - q0) < beta) {
        pix[across] = (pixel)(q1 + avo_clip3(-tc0, tc0, (q2 + mean - q1 * 2) >> 1));
        tc++;
    }
    int delta = avo_clip3(-tc, tc, ((q0 - p0) * 4 + (p1 - q1) + 4) >> 3);
    pix[-across] = avo_clip_pixel(p0 + delta);
    pix[0] = avo_clip_pixel(q0 - delta);
}

/* One side of 8.7.2.4 (bS 4, luma): a points at the sample next to the edge on the side that is
 * written, `away` leads away from the edge; b0, b1 are the two samples beyond the edge. */
AVO_INLINE void luma_strong_side(pixel *a, ptrdiff_t away, int b0, int b1, int strong)
{
    int a0 = a[0], a1 = a[away], a2 = a[2 * away], a3 = a[3 * away];
    if (strong) {
        a[0] = (pixel)((a2 + 2 * a1 + 2 * a0 + 2 * b0 + b1 + 4) >> 3);
        a[away] = (pixel)((a2 + a1 + a0 + b0 + 2) >> 2);
        a[2 * away] = (pixel)((2 * a3 + 3 * a2 + a1 + a0 + b0 + 4) >> 3);
    } else {
        a[0] = (pixel)((2 * a1 + a0 + b1 + 2) >> 2);
    }
}

/* 8.7.2.4, bS 4, luma: one line. */
AVO_INLINE void luma_intra_line(pixel *pix, ptrdiff_t across, int alpha, int beta)
{
    int p2 = pix[-3 * across], p1 = pix[-2 * across], p0 = pix[-across];
    int q0 = pix[0], q1 = pix[across], q2 = pix[2 * across];

    if (!edge_is_smooth(pix, across, alpha, beta))
        return;
    int small_step = avo_abs(p0 - q0) < (alpha >> 2) + 2;
    luma_strong_side(pix - across, -across, q0, q1, small_step && avo_abs(p2 - p0) < beta);
    luma_strong_side(pix, across, p0, p1, small_step && avo_abs(q2 - q0) < beta);
}

AVO_INLINE void chroma_intra_line(pixel *pix, ptrdiff_t across, int alpha, int beta)
{
    int p1 = pix[-2 * across], p0 = pix[-across], q0 = pix[0], q1 = pix[across];
    if (!edge_is_smooth(pix, across, alpha, beta))
        return;
    pix[-across] = (pixel)((2 * p1 + p0 + q1 + 2) >> 2);
    pix[0] = (pixel)((2 * q1 + q0 + p1 + 2) >> 2);
}

/* ---- whole edges: `along` steps from line to line ---- */

AVO_INLINE void luma_edge(pixel *pix, ptrdiff_t across, ptrdiff_t along, int alpha, int beta,
                          const int8_t tc0[4])
{
    for (int i = 0; i < 16; i++, pix += along)
        if (tc0[i >> 2] >= 0)
            luma_line(pix, across, alpha, beta, tc0[i >> 2]);
}

/* bS 4 is rare: where code has to be short, one function serves both directions. */
#if AVOCET_TINY
#define INTRA_EDGE static AVO_NOINLINE
#else
#define INTRA_EDGE AVO_INLINE
#endif

INTRA_EDGE void luma_intra_edge(pixel *pix, ptrdiff_t across, ptrdiff_t along, int alpha, int beta)
{
    for (int i = 0; i < 16; i++, pix += along)
        luma_intra_line(pix, across, alpha, beta);
}

AVO_INLINE void chroma_edge(pixel *pix, ptrdiff_t across, ptrdiff_t along, int alpha, int beta,
                            const int8_t tc0[4])
{
    for (int i = 0; i < 8; i++, pix += along)
        if (tc0[i >> 1] >= 0 && edge_is_smooth(pix, across, alpha, beta))
            filter_p0_q0(pix, across, tc0[i >> 1] + 1);
}

INTRA_EDGE void chroma_intra_edge(pixel *pix, ptrdiff_t across, ptrdiff_t along, int alpha,
                                  int beta)
{
    for (int i = 0; i < 8; i++, pix += along)
        chroma_intra_line(pix, across, alpha, beta);
}

#define DEFINE_EDGES(plane)                                                                        \
    static void deblock_##plane##_v(pixel *pix, ptrdiff_t stride, int alpha, int beta,             \
                                    const int8_t tc0[4])                                           \
    {                                                                                              \
        plane##_edge(pix, 1, stride, alpha, beta, tc0);                                            \
    }                                                                                              \
    static void deblock_##plane##_h(pixel *pix, ptrdiff_t stride, int alpha, int beta,             \
                                    const int8_t tc0[4])                                           \
    {                                                                                              \
        plane##_edge(pix, stride, 1, alpha, beta, tc0);                                            \
    }                                                                                              \
    static void deblock_##plane##_intra_v(pixel *pix, ptrdiff_t stride, int alpha, int beta)       \
    {                                                                                              \
        plane##_intra_edge(pix, 1, stride, alpha, beta);                                           \
    }                                                                                              \
    static void deblock_##plane##_intra_h(pixel *pix, ptrdiff_t stride, int alpha, int beta)       \
    {                                                                                              \
        plane##_intra_edge(pix, stride, 1, alpha, beta);                                           \
    }

DEFINE_EDGES(luma)
DEFINE_EDGES(chroma)

#if AVOCET_TINY

void AVO_BPC(avo_deblock_init_c)(AvoDsp *dsp){AVO_SET_DEBLOCK}

#else

#define DEFINE_PAIR(direction)                                                                     \
    static void deblock_pair_##direction(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha,        \
                                         int beta, const int8_t tc0[4])                            \
    {                                                                                              \
        deblock_chroma_##direction(cb, stride, alpha, beta, tc0);                                  \
        deblock_chroma_##direction(cr, stride, alpha, beta, tc0);                                  \
    }                                                                                              \
    static void deblock_pair_intra_##direction(pixel *cb, pixel *cr, ptrdiff_t stride, int alpha,  \
                                               int beta)                                           \
    {                                                                                              \
        deblock_chroma_intra_##direction(cb, stride, alpha, beta);                                 \
        deblock_chroma_intra_##direction(cr, stride, alpha, beta);                                 \
    }

DEFINE_PAIR(v)
DEFINE_PAIR(h)

void AVO_BPC(avo_deblock_init_c)(AvoDsp *dsp)
{
    AVO_SET_DEBLOCK
    AVO_SET_DEBLOCK_PAIR
}

#endif
