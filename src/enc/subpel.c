/* Fractions of samples: from a whole-sample vector to half and quarter samples by SATD (SAD at the
 * fastest) on the half-sample planes, with chroma where the tools want it.
 *
 * The neighbours of a position are measured by one kernel call: half-sample neighbours in the
 * planes as they are, quarter-sample ones as means of two blocks in them. */
#include "enc/motion_internal.h"

const AvoQpelRule avo_qpel_rule[16] = {
    {0, 0, 0, 0, 0}, {0, 0, 1, 0, 0}, {1, 0, 1, 0, 0}, {1, 0, 0, 1, 0},
    {0, 0, 2, 0, 0}, {1, 0, 2, 0, 0}, {1, 0, 3, 0, 0}, {1, 0, 2, 1, 0},
    {2, 0, 2, 0, 0}, {2, 0, 3, 0, 0}, {3, 0, 3, 0, 0}, {2, 1, 3, 0, 0},
    {2, 0, 0, 0, 1}, {2, 0, 1, 0, 1}, {3, 0, 1, 0, 1}, {2, 1, 1, 0, 1},
};

/* ---- luma ---- */

static const pixel *fetch_weighted(const AvoSearch *s, AvoMv mv, pixel *buffer, ptrdiff_t *stride)
{
    const pixel *p = avo_search_fetch(s, mv, buffer, stride);
    if (!s->weight)
        return p;
    s->dsp->weight(buffer, AVO_REC_STRIDE, p, *stride, s->block->w, s->block->h,
                   s->row->job->refs.log2_denom[0], s->weight->w[0], s->weight->o[0]);
    *stride = AVO_REC_STRIDE;
    return buffer;
}

/* The two blocks in the planes whose mean a vector means; twice the same where it needs none. */
AVO_INLINE void blocks_at(const AvoSearch *s, AvoMv mv, const pixel **first, const pixel **second)
{
    const AvoQpelRule *r = &avo_qpel_rule[(mv.y & 3) * 4 + (mv.x & 3)];
    ptrdiff_t at = (mv.y >> 2) * s->stride + (mv.x >> 2);
    *first = s->plane[r->a] + at + r->ax;
    *second = s->plane[r->b] + at + r->bx + (r->by ? s->stride : 0);
}

/* Distortions of up to four vectors in an unweighted reference, mostly by one kernel call. */
static void distortions_in_planes(const AvoSearch *s, const AvoMv *mv, int count, int *out)
{
    const AvoDsp *dsp = s->dsp;
    AvoBlkSize size = s->block->size;
    const bool satd = s->row->job->tools->subpel_satd;
    const pixel *cur = avo_search_source(s), *a[4], *b[4];
    unsigned quarter = 0;
    for (int i = 0; i < count; i++) {
        blocks_at(s, mv[i], &a[i], &b[i]);
        quarter |= (unsigned)(mv[i].x | mv[i].y) & 1;
    }
    if (quarter) {
        (satd ? dsp->satd_mean : dsp->sad_mean)[size](cur, a, s->stride, b, s->stride, count, out);
        return;
    }
    if (count == 4)
        (satd ? dsp->satd_x4 : dsp->sad_x4)[size](cur, a, s->stride, out);
    else if (count == 3)
        (satd ? dsp->satd_x3 : dsp->sad_x3)[size](cur, a, s->stride, out);
    else
        for (int i = 0; i < count; i++)
            out[i] = (satd ? dsp->satd : dsp->sad)[size](cur, AVO_CUR_STRIDE, a[i], s->stride);
}

/* Distortions of up to four vectors. */
static void luma_distortions(const AvoSearch *s, const AvoMv *mv, int count, int *out)
{
    const AvoTools *tools = s->row->job->tools;
    if (!s->weight) {
        distortions_in_planes(s, mv, count, out);
        return;
    }
    AvoCostFn cost = (tools->subpel_satd ? s->dsp->satd : s->dsp->sad)[s->block->size];
    for (int i = 0; i < count; i++) {
        ptrdiff_t stride;
        const pixel *p = fetch_weighted(s, mv[i], s->row->block[0], &stride);
        out[i] = cost(avo_search_source(s), AVO_CUR_STRIDE, p, stride);
    }
}

/* ---- chroma ---- */

static bool wants_chroma(const AvoSearch *s)
{
    const AvoRowCtx *row = s->row;
    return row->job->tools->chroma_me && row->syntax.chroma_format &&
           s->block->size <= AVO_BLK_8x8 && row->syntax.slice_type == AVO_SLICE_P;
}

/* Source samples of a block's chroma: Cb, with Cr 8 columns to the right. */
AVO_INLINE const pixel *chroma_source(const AvoSearch *s)
{
    return s->row->cur + AVO_CUR_CB + (s->block->y >> 1) * AVO_CUR_STRIDE + (s->block->x >> 1);
}

/* With weights everything goes through memory. */
static int weighted_chroma_distortion(const AvoSearch *s, const AvoWeight *w, AvoMv mv,
                                      ptrdiff_t at)
{
    static const AvoBlkSize half[4] = {[AVO_BLK_16x16] = AVO_BLK_8x8,
                                       [AVO_BLK_16x8] = AVO_BLK_8x4,
                                       [AVO_BLK_8x16] = AVO_BLK_4x8,
                                       [AVO_BLK_8x8] = AVO_BLK_4x4};
    const AvoSearchBlock *b = s->block;
    const AvoDsp *dsp = s->dsp;
    pixel *buffer = s->row->block[0];
    int sum = 0, width = b->w / 2, height = b->h / 2;
    for (int plane = 1; plane <= 2; plane++) {
        const AvoPlane *from = &s->frame->plane[plane];
        dsp->chroma_mc(buffer, AVO_REC_STRIDE, from->data + at, from->stride, mv.x & 7, mv.y & 7,
                       width, height);
        dsp->weight(buffer, AVO_REC_STRIDE, buffer, AVO_REC_STRIDE, width, height,
                    s->row->job->refs.log2_denom[1], w->w[plane], w->o[plane]);
        sum += dsp->satd[half[b->size]](chroma_source(s) + 8 * (plane - 1), AVO_CUR_STRIDE, buffer,
                                        AVO_REC_STRIDE);
    }
    return sum;
}

/* Cost of a vector's chroma, both planes (8.4.2.2.2).
 * Only for blocks whose chroma is at least 4x4. */
static int chroma_distortion(const AvoSearch *s, int list, int ref, AvoMv mv)
{
    const AvoSearchBlock *b = s->block;
    const AvoSliceRefs *refs = &s->row->job->refs;
    const AvoWeight *w = &refs->weight[list][ref];
    const AvoPlane *p = &s->frame->plane[1];
    int x = s->row->mb_x * 8 + (b->x >> 1) + (mv.x >> 3);
    int y = s->row->mb_y * 8 + (b->y >> 1) + (mv.y >> 3);
    ptrdiff_t at = y * p->stride + x;
    if (refs->weight_mode == AVO_WEIGHT_EXPLICIT && w->chroma_flag)
        return weighted_chroma_distortion(s, w, mv, at);
    return s->dsp->chroma_satd(chroma_source(s), p->data + at, s->frame->plane[2].data + at,
                               p->stride, mv.x & 7, mv.y & 7, b->w / 2, b->h / 2);
}

/* ---- search ---- */

typedef struct Refinement {
    const AvoSearch *s;
    int list, base_rate;
    bool chroma;
    int chroma_best; /* of the best vector */
    unsigned likely; /* neighbours that the next round of steps begins with: see around[] */
} Refinement;

/* Takes a vector whose luma distortion is known if it is better. */
AVO_INLINE bool keep_better(Refinement *f, AvoMv mv, int distortion, AvoMotion *m)
{
    if (f->base_rate + distortion >= m->cost)
        return false;
    int rate = f->base_rate + avo_search_rate(f->s, mv.x, mv.y);
    int cost = rate + distortion;
    if (cost >= m->cost)
        return false;
    if (f->chroma) {
        /* Neighbours' chroma differs little: not worth a look where luma
         * leaves no room for most of it. */
        if (cost + f->chroma_best * 7 / 8 >= m->cost)
            return false;
        int chroma = chroma_distortion(f->s, f->list, m->ref, mv);
        cost += chroma;
        if (cost >= m->cost)
            return false;
        f->chroma_best = chroma;
    }
    m->cost = cost;
    m->rate = rate;
    m->mv = mv;
    return true;
}

/* Neighbours of a vector, one bit each in sets: above, left, right, below, then the corners. */
static const int8_t around[8][2] = {{0, -1},  {-1, 0}, {1, 0},  {0, 1},
                                    {-1, -1}, {1, -1}, {-1, 1}, {1, 1}};
#define DIAMOND 0x0fu

/* Nearer neighbours that are worth a look where none of a diamond, whose costs these are, is better
 * than its centre: at the better sides, and the corner between them. */
static unsigned better_sides(const int cost[4])
{
    unsigned right = cost[2] <= cost[1], below = cost[3] <= cost[0];
    return 1u << (below ? 3 : 0) | 1u << (right ? 2 : 1) | 1u << (4 + right + 2 * below);
}

/* Small diamonds around the best vector. The direction we came from leads to the centre before: not
 * tried again. */
static void refine(Refinement *f, int step, int iterations, AvoMotion *m)
{
    unsigned wanted = f->likely;
    f->likely = DIAMOND;
    while (iterations-- > 0) {
        AvoMv mv[4];
        int direction[4], cost[4], n = 0, found = -1;
        for (int i = 0; i < 8; i++) {
            int x = m->mv.x + around[i][0] * step, y = m->mv.y + around[i][1] * step;
            if (!(wanted >> i & 1) || !avo_search_inside(f->s, x >> 2, y >> 2))
                continue;
            mv[n] = (AvoMv){(int16_t)x, (int16_t)y};
            direction[n++] = i;
        }
        luma_distortions(f->s, mv, n, cost);
        for (int i = 0; i < n; i++)
            if (keep_better(f, mv[i], cost[i], m))
                found = direction[i];
        if (found < 0) {
            if (n == 4)
                f->likely = better_sides(cost);
            return;
        }
        wanted = found < 4 ? DIAMOND & ~(1u << (3 - found)) : DIAMOND;
    }
}

/* The cheapest of some vectors, without repetitions; all must be inside the limits. */
static void choose(Refinement *f, const AvoMv *mv, int count, AvoMotion *m)
{
    AvoMv kept[4] = {mv[0]};
    int cost[4], n = 0;
    for (int i = 0; i < count; i++) {
        int k = 0;
        while (k < n && (kept[k].x != mv[i].x || kept[k].y != mv[i].y))
            k++;
        if (k == n)
            kept[n++] = mv[i];
    }
    luma_distortions(f->s, kept, n, cost);
    for (int i = 0; i < n; i++)
        keep_better(f, kept[i], cost[i], m);
}

void avo_subpel_search(const AvoSearch *s, int list, int base_rate, AvoMotion *m)
{
    const AvoTools *tools = s->row->job->tools;
    Refinement f = {s, list, base_rate, wants_chroma(s), 0, DIAMOND};
    AvoMv whole = m->mv, start[3] = {m->mv};
    int n = 1;
    /* The predicted vector itself costs no difference bits and is often a fraction;
     * so are other starts. */
    if ((m->mvp.x | m->mvp.y) & 3 && avo_search_inside(s, m->mvp.x >> 2, m->mvp.y >> 2))
        start[n++] = m->mvp;
    if ((s->near.x | s->near.y) & 3 && avo_search_inside(s, s->near.x >> 2, s->near.y >> 2))
        start[n++] = s->near;
    m->cost = INT32_MAX;
    choose(&f, start, n, m);
    if ((m->mv.x == whole.x && m->mv.y == whole.y) || tools->quarterpel_steps < 2)
        refine(&f, 2, tools->halfpel_steps, m);
    refine(&f, 1, tools->quarterpel_steps, m);
}

void avo_motion_polish(AvoRowCtx *row, const AvoSearchBlock *b, int list, const AvoMv *starts,
                       int count, AvoMotion *m)
{
    const AvoTools *tools = row->job->tools;
    AvoSearch s;
    avo_search_bind(&s, row, b, list, m->ref);
    avo_search_centre(&s, m->mvp);
    Refinement f = {&s, list,   avo_rate(row, avo_ref_bits(row, list, m->ref)), wants_chroma(&s),
                    0,  DIAMOND};
    AvoMv mv[4];
    int whole = tools->fullpel_only ? ~3 : ~0;
    for (int i = 0; i <= count; i++) {
        AvoMv from = i ? starts[i - 1] : m->mvp;
        mv[i].x = (int16_t)(avo_clip3(4 * s.min_x, 4 * s.max_x, from.x) & whole);
        mv[i].y = (int16_t)(avo_clip3(4 * s.min_y, 4 * s.max_y, from.y) & whole);
    }
    m->cost = INT32_MAX;
    choose(&f, mv, count + 1, m);
    if (!tools->fullpel_only)
        refine(&f, 1, tools->quarterpel_steps, m);
}
