/* Loop filter of one row (8.7), from the small records.
 *
 * The same filters as the big encoder's (dsp), with strengths that know only what this encoder
 * makes: one reference, one vector a macroblock. The row above is finished by it, its last three
 * lines included. */
#include "base/util.h"
#include "enc/tiny/tiny.h"
#include "h264/tables.h"
#include "base/small_code.h"

#if AVOCET_TINY

/* What the filters are given at one quantiser. */
typedef struct Strength {
    int qp; /* -1: none yet */
    int alpha, beta;
    int8_t tc0[4]; /* by bS */
} Strength;

typedef struct Edges {
    const AvoTiny *t;
    int mb_x, mb_y;
    Strength luma, chroma; /* of the edge before: mostly those of the next as well */
} Edges;

/* Pieces of an edge and the bits of the blocks beside it:
 * a column of a mask of blocks, or a row. */
typedef struct Edge {
    bool horizontal;
    int at;      /* 0 to 3; 0: the macroblock's border */
    unsigned bS; /* 2 bits a piece, 3 at most; STRONG */
} Edge;

#define STRONG 0x100u

static void set_strength(Strength *s, const AvocetEncoderConfig *c, int qp)
{
    if (s->qp == qp)
        return;
    int a = avo_clip3(0, 51, qp + 2 * c->deblock_alpha);
    s->qp = qp;
    s->alpha = avo_deblock_alpha[a];
    s->beta = avo_deblock_beta[avo_clip3(0, 51, qp + 2 * c->deblock_beta)];
    s->tc0[0] = -1;
    for (int i = 1; i < 4; i++)
        s->tc0[i] = (int8_t)avo_deblock_tc0[a][i];
}

static bool far_apart(AvoMv a, AvoMv b)
{
    return avo_abs(a.x - b.x) >= 4 || avo_abs(a.y - b.y) >= 4;
}

/* bS of the four pieces between q and the block before it, which is in p when the edge is the
 * macroblock's border; 0 if there is nothing to filter. */
static unsigned find_bs(const Edge *e, const AvoTinyMb *p, const AvoTinyMb *q)
{
    int before = (e->at + 3) & 3;
    if (p->is_intra || q->is_intra)
        return e->at ? 0xff : STRONG;
    unsigned bs = p != q && far_apart(p->mv, q->mv) ? 0x55 : 0;
    if (!(p->coded | q->coded))
        return bs;
    unsigned coded = e->horizontal ? q->coded >> 4 * e->at | p->coded >> 4 * before
                                   : q->coded >> e->at | p->coded >> before;
    int step = e->horizontal ? 1 : 4;
    for (int i = 0; i < 4; i++)
        if (coded >> i * step & 1)
            bs = (bs & ~(3u << 2 * i)) | 2u << 2 * i;
    return bs;
}

static void filter_plane(const Edges *all, const Edge *e, int plane, const Strength *s)
{
    const AvoTiny *t = all->t;
    const AvoDsp *dsp = &t->dsp;
    if (!s->alpha || !s->beta)
        return;
    int size = plane ? 8 : 16, step = plane ? 2 : 4;
    ptrdiff_t stride = t->ref_stride[plane];
    pixel *pix = t->ref[plane] + size * (all->mb_y * stride + all->mb_x) +
                 step * e->at * (e->horizontal ? stride : 1);
    if (e->bS == STRONG) {
        if (plane)
            (e->horizontal ? dsp->deblock_chroma_intra_h
                           : dsp->deblock_chroma_intra_v)(pix, stride, s->alpha, s->beta);
        else
            (e->horizontal ? dsp->deblock_luma_intra_h
                           : dsp->deblock_luma_intra_v)(pix, stride, s->alpha, s->beta);
        return;
    }
    const int8_t tc0[4] = {s->tc0[e->bS & 3], s->tc0[e->bS >> 2 & 3], s->tc0[e->bS >> 4 & 3],
                           s->tc0[e->bS >> 6 & 3]};
    if (plane)
        (e->horizontal ? dsp->deblock_chroma_h : dsp->deblock_chroma_v)(pix, stride, s->alpha,
                                                                        s->beta, tc0);
    else
        (e->horizontal ? dsp->deblock_luma_h : dsp->deblock_luma_v)(pix, stride, s->alpha, s->beta,
                                                                    tc0);
}

static void filter_edge(Edges *all, bool horizontal, int at, const AvoTinyMb *p, const AvoTinyMb *q)
{
    Edge e = {horizontal, at, 0};
    e.bS = find_bs(&e, p, q);
    if (!e.bS)
        return;
    set_strength(&all->luma, all->t->config, (p->qp + q->qp + 1) >> 1);
    filter_plane(all, &e, 0, &all->luma);
    if (at & 1)
        return;
    set_strength(&all->chroma, all->t->config,
                 (avo_chroma_qp[p->qp] + avo_chroma_qp[q->qp] + 1) >> 1);
    filter_plane(all, &e, 1, &all->chroma);
    filter_plane(all, &e, 2, &all->chroma);
}

void avo_tiny_deblock_row(AvoTiny *t, int mb_y)
{
    Edges e = {.t = t, .mb_y = mb_y, .luma.qp = -1, .chroma.qp = -1};
    for (int mb_x = 0; mb_x < t->mb_w; mb_x++) {
        const AvoTinyMb *mb = &t->row[mb_x];
        bool flat = !mb->is_intra && !mb->coded; /* nothing inside to filter */
        e.mb_x = mb_x;
        for (int direction = 0; direction < 2; direction++) {
            if (direction ? mb_y > 0 : mb_x > 0)
                filter_edge(&e, direction, 0, direction ? &t->row_above[mb_x] : mb - 1, mb);
            for (int at = 1; at < 4 && !flat; at++)
                filter_edge(&e, direction, at, mb, mb);
        }
    }
}
#endif
