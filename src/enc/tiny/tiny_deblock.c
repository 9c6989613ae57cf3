/* Loop filter of one row (8.7), from the small records.
 *
 * The same filters as the big encoder's (dsp), with strengths that know only what this encoder
 * makes: one reference, one vector a macroblock. The row above is finished by it, its last three
 * lines included. */
#include "base/util.h"
#include "enc/tiny/tiny.h"
#include "h264/tables.h"

#if AVOCET_TINY

typedef struct Edge {
    const AvoTiny *t;
    int alpha_offset, beta_offset;
    int mb_x, mb_y;
    bool horizontal;
} Edge;

static bool far_apart(AvoMv a, AvoMv b)
{
    return avo_abs(a.x - b.x) >= 4 || avo_abs(a.y - b.y) >= 4;
}

/* Strengths of the four pieces of edge `at` (0 to 3) between q and the block before it, which is in
 * p when the edge is the macroblock's border. Returns whether any is not 0. */
static bool find_strengths(int8_t bs[4], const AvoTinyMb *p, const AvoTinyMb *q, int at,
                           bool horizontal)
{
    int before = (at + 3) & 3, any = 0, apart = far_apart(p->mv, q->mv);
    if (p->is_intra || q->is_intra) {
        memset(bs, at ? 3 : 4, 4);
        return true;
    }
    for (int i = 0; i < 4; i++) {
        int qx = horizontal ? i : at, qy = horizontal ? at : i;
        int px = horizontal ? i : before, py = horizontal ? before : i;
        if ((q->coded >> (4 * qy + qx) | p->coded >> (4 * py + px)) & 1)
            bs[i] = 2;
        else
            bs[i] = (int8_t)apart;
        any |= bs[i];
    }
    return any != 0;
}

static void filter_plane(const Edge *e, int plane, int at, const int8_t bs[4], int qp)
{
    const AvoTiny *t = e->t;
    const AvoDsp *dsp = &t->dsp;
    int index_a = avo_clip3(0, 51, qp + e->alpha_offset);
    int alpha = avo_deblock_alpha[index_a];
    int beta = avo_deblock_beta[avo_clip3(0, 51, qp + e->beta_offset)];
    if (!alpha || !beta)
        return;
    int size = plane ? 8 : 16, step = plane ? 2 : 4;
    ptrdiff_t stride = t->ref_stride[plane];
    pixel *pix = t->ref[plane] + size * (e->mb_y * stride + e->mb_x) +
                 step * at * (e->horizontal ? stride : 1);
    if (bs[0] == 4) {
        if (plane)
            (e->horizontal ? dsp->deblock_chroma_intra_h
                           : dsp->deblock_chroma_intra_v)(pix, stride, alpha, beta);
        else
            (e->horizontal ? dsp->deblock_luma_intra_h : dsp->deblock_luma_intra_v)(pix, stride,
                                                                                    alpha, beta);
        return;
    }
    int8_t tc0[4];
    for (int i = 0; i < 4; i++)
        tc0[i] = bs[i] ? (int8_t)avo_deblock_tc0[index_a][bs[i]] : -1;
    if (plane)
        (e->horizontal ? dsp->deblock_chroma_h : dsp->deblock_chroma_v)(pix, stride, alpha, beta,
                                                                        tc0);
    else
        (e->horizontal ? dsp->deblock_luma_h : dsp->deblock_luma_v)(pix, stride, alpha, beta, tc0);
}

static void filter_edge(const Edge *e, int at, const AvoTinyMb *p, const AvoTinyMb *q)
{
    int8_t bs[4];
    if (!find_strengths(bs, p, q, at, e->horizontal))
        return;
    filter_plane(e, 0, at, bs, (p->qp + q->qp + 1) >> 1);
    if (at & 1)
        return;
    int qp_chroma = (avo_chroma_qp[p->qp] + avo_chroma_qp[q->qp] + 1) >> 1;
    filter_plane(e, 1, at, bs, qp_chroma);
    filter_plane(e, 2, at, bs, qp_chroma);
}

void avo_tiny_deblock_row(AvoTiny *t, int mb_y)
{
    Edge e = {.t = t,
              .alpha_offset = 2 * t->config->deblock_alpha,
              .beta_offset = 2 * t->config->deblock_beta,
              .mb_y = mb_y};
    for (int mb_x = 0; mb_x < t->mb_w; mb_x++) {
        const AvoTinyMb *mb = &t->row[mb_x];
        bool flat = !mb->is_intra && !mb->coded; /* nothing inside to filter */
        e.mb_x = mb_x;
        for (int direction = 0; direction < 2; direction++) {
            e.horizontal = direction;
            if (direction ? mb_y > 0 : mb_x > 0)
                filter_edge(&e, 0, direction ? &t->row_above[mb_x] : mb - 1, mb);
            for (int at = 1; at < 4 && !flat; at++)
                filter_edge(&e, at, mb, mb);
        }
    }
}
#endif
