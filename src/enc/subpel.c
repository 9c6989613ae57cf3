/* Fractions of samples: from a whole-sample vector to half and quarter samples by SATD (SAD at the
 * fastest) on the half-sample planes, with chroma where the tools want it.
 *
 * The neighbours of a position are measured by one kernel call: half-sample neighbours in the
 * planes as they are, quarter-sample ones as means of two blocks in them. */
#include "enc/motion_internal.h"

/* ---- quarter positions ---- */

/* The mean of a sample of plane a and one of plane b, or, with even fx and fy, one sample (a and b
 * are the same). Planes: whole samples, then h, v and centre half-samples. Offsets are in whole
 * samples; a is never below the position's own row. */
static const struct {
    uint8_t a, ax, b, bx, by;
} rule[16] = {
    {0, 0, 0, 0, 0}, {0, 0, 1, 0, 0}, {1, 0, 1, 0, 0}, {1, 0, 0, 1, 0},
    {0, 0, 2, 0, 0}, {1, 0, 2, 0, 0}, {1, 0, 3, 0, 0}, {1, 0, 2, 1, 0},
    {2, 0, 2, 0, 0}, {2, 0, 3, 0, 0}, {3, 0, 3, 0, 0}, {2, 1, 3, 0, 0},
    {2, 0, 0, 0, 1}, {2, 0, 1, 0, 1}, {3, 0, 1, 0, 1}, {2, 1, 1, 0, 1},
};

/* Neighbours of a vector: above, left, right, below, then the corners. */
static const AvoMv around[2][8] = {
    {{0, -1}, {-1, 0}, {1, 0}, {0, 1}, {-1, -1}, {1, -1}, {-1, 1}, {1, 1}},
    {{0, -2}, {-2, 0}, {2, 0}, {0, 2}, {-2, -2}, {2, -2}, {-2, 2}, {2, 2}}};

/* Where the blocks of neighbours lie, from the whole sample of the vector itself. */
static void prepare_neighbours(AvoFrame *f, int step)
{
    for (int k = 0; k < 16; k++)
        for (int d = 0; d < 8; d++) {
            int x = (k & 3) + around[step - 1][d].x, y = (k >> 2) + around[step - 1][d].y;
            const int32_t *way = f->quarter[(y & 3) * 4 + (x & 3)];
            int32_t whole = (int32_t)((y >> 2) * f->plane[0].stride + (x >> 2));
            f->beside[step - 1][k][d][0] = whole + way[0];
            f->beside[step - 1][k][d][1] = whole + way[1];
        }
}

void avo_motion_prepare(AvoFrame *f)
{
    const AvoPlane *plane[4] = {&f->plane[0], &f->hpel[0], &f->hpel[1], &f->hpel[2]};
    ptrdiff_t from_whole[4] = {0};
    for (int i = 1; i < 4 && plane[i]->data; i++) /* none in a dry run */
        from_whole[i] = plane[i]->data - plane[0]->data;
    for (int k = 0; k < 16; k++) {
        f->quarter[k][0] = (int32_t)(from_whole[rule[k].a] + rule[k].ax);
        f->quarter[k][1] =
            (int32_t)(from_whole[rule[k].b] + rule[k].bx + rule[k].by * plane[0]->stride);
    }
    prepare_neighbours(f, 1);
    prepare_neighbours(f, 2);
}

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

/* What refining the vector of one block needs throughout. */
typedef struct Refinement {
    const AvoSearch *s;
    const pixel *cur;
    AvoCostFn cost;
    AvoCostX3Fn cost_x3;
    AvoCostX4Fn cost_x4;
    AvoMeanCostFn cost_mean;
    int list, base_rate;
    bool chroma;
    int chroma_best;          /* of the best vector */
    const struct Set *likely; /* neighbours that the next round of steps begins with */
} Refinement;

/* Distortions of up to four blocks in the planes, or of the means of pairs, mostly by one kernel
 * call. */
AVO_INLINE void measure(const Refinement *f, const pixel *const *a, const pixel *const *b,
                        bool means, int count, int *out)
{
    ptrdiff_t stride = f->s->stride;
    if (means)
        f->cost_mean(f->cur, a, stride, b, stride, count, out);
    else if (count == 4)
        f->cost_x4(f->cur, a, stride, out);
    else if (count == 3)
        f->cost_x3(f->cur, a, stride, out);
    else
        for (int i = 0; i < count; i++)
            out[i] = f->cost(f->cur, AVO_CUR_STRIDE, a[i], stride);
}

/* Distortions of up to four vectors in an unweighted reference. */
AVO_INLINE void distortions_in_planes(const Refinement *f, const AvoMv *mv, int count, int *out)
{
    const pixel *a[4], *b[4];
    unsigned quarter = 0;
    for (int i = 0; i < count; i++) {
        avo_search_blocks(f->s, mv[i], &a[i], &b[i]);
        quarter |= (unsigned)(mv[i].x | mv[i].y) & 1;
    }
    measure(f, a, b, quarter, count, out);
}

static AVO_NOINLINE void weighted_distortions(const Refinement *f, const AvoMv *mv, int count,
                                              int *out)
{
    const AvoSearch *s = f->s;
    for (int i = 0; i < count; i++) {
        ptrdiff_t stride;
        const pixel *p = fetch_weighted(s, mv[i], s->row->block[0], &stride);
        out[i] = f->cost(f->cur, AVO_CUR_STRIDE, p, stride);
    }
}

/* Distortions of up to four vectors. */
AVO_INLINE void luma_distortions(const Refinement *f, const AvoMv *mv, int count, int *out)
{
    if (f->s->weight)
        weighted_distortions(f, mv, count, out);
    else
        distortions_in_planes(f, mv, count, out);
}

/* ---- chroma ---- */

static bool wants_chroma(const AvoSearch *s)
{
    const AvoRowCtx *row = s->row;
    return (row->job->tools->chroma_me || row->chroma_decides) && row->syntax.chroma_format &&
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

int avo_motion_chroma(AvoRowCtx *row, const AvoSearchBlock *b, const AvoMotion *m)
{
    AvoSearch s;
    if (!row->syntax.chroma_format)
        return 0;
    avo_search_bind(&s, row, b, 0, m->ref);
    return chroma_distortion(&s, 0, m->ref, m->mv);
}

/* ---- search ---- */

/* Neighbours of a vector that are looked at together, by their index in around[step - 1]. */
typedef struct Set {
    uint8_t count, direction[4];
} Set;

static const Set all_sides = {4, {0, 1, 2, 3}};
/* Behind a step in a direction: the centre before is not tried again. */
static const Set onwards[4] = {{3, {0, 1, 2}}, {3, {0, 1, 3}}, {3, {0, 2, 3}}, {3, {1, 2, 3}}};
/* Two sides and the corner between them: [2 * below + right]. */
static const Set quadrant[4] = {{3, {0, 1, 4}}, {3, {0, 2, 5}}, {3, {1, 3, 6}}, {3, {2, 3, 7}}};

static void start_refinement(Refinement *f, const AvoSearch *s, int list, int base_rate)
{
    const AvoDsp *dsp = s->dsp;
    const bool satd = s->row->job->tools->subpel_satd;
    AvoBlkSize size = s->block->size;
    f->s = s;
    f->cur = avo_search_source(s);
    f->cost = (satd ? dsp->satd : dsp->sad)[size];
    f->cost_x3 = (satd ? dsp->satd_x3 : dsp->sad_x3)[size];
    f->cost_x4 = (satd ? dsp->satd_x4 : dsp->sad_x4)[size];
    f->cost_mean = (satd ? dsp->satd_mean : dsp->sad_mean)[size];
    f->list = list;
    f->base_rate = base_rate;
    f->chroma = wants_chroma(s);
    f->chroma_best = 0;
    f->likely = &all_sides;
}

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

/* Nearer neighbours that are worth a look where none of all sides, whose costs these are, is better
 * than their centre. */
static const Set *better_sides(const int cost[4])
{
    return &quadrant[2 * (cost[3] <= cost[0]) + (cost[2] <= cost[1])];
}

AVO_INLINE AvoMv neighbour(AvoMv centre, int step, int direction)
{
    const AvoMv *offset = &around[step - 1][direction];
    return (AvoMv){(int16_t)(centre.x + offset->x), (int16_t)(centre.y + offset->y)};
}

/* The neighbours of a set that are inside the limits. */
static Set inside_of(const AvoSearch *s, AvoMv centre, int step, const Set *set)
{
    Set inside = {0};
    for (int i = 0; i < set->count; i++) {
        AvoMv mv = neighbour(centre, step, set->direction[i]);
        inside.direction[inside.count] = set->direction[i];
        inside.count += avo_search_inside(s, mv.x >> 2, mv.y >> 2);
    }
    return inside;
}

/* Distortions of neighbours. Where one needs a mean all may be measured as one. */
AVO_INLINE void neighbour_distortions(const Refinement *f, AvoMv centre, int step, const Set *set,
                                      int *out)
{
    const AvoSearch *s = f->s;
    if (s->weight) {
        AvoMv mv[4];
        for (int i = 0; i < set->count; i++)
            mv[i] = neighbour(centre, step, set->direction[i]);
        weighted_distortions(f, mv, set->count, out);
        return;
    }
    const int32_t(*beside)[2] = s->frame->beside[step - 1][(centre.y & 3) * 4 + (centre.x & 3)];
    const pixel *at = s->whole + (centre.y >> 2) * s->stride + (centre.x >> 2), *a[4], *b[4];
    for (int i = 0; i < set->count; i++) {
        a[i] = at + beside[set->direction[i]][0];
        b[i] = at + beside[set->direction[i]][1];
    }
    measure(f, a, b, step == 1 || ((centre.x | centre.y) & 1), set->count, out);
}

/* Small diamonds around the best vector. */
static void refine(Refinement *f, int step, int iterations, AvoMotion *m)
{
    const AvoSearch *s = f->s;
    const Set *set = f->likely;
    f->likely = &all_sides;
    while (iterations-- > 0) {
        const AvoMv centre = m->mv;
        int x = centre.x >> 2, y = centre.y >> 2, cost[4], found = -1;
        Set inside;
        if (x <= s->min_x || x >= s->max_x || y <= s->min_y || y >= s->max_y) {
            inside = inside_of(s, centre, step, set);
            if (!inside.count)
                return;
            set = &inside;
        }
        neighbour_distortions(f, centre, step, set, cost);
        for (int i = 0; i < set->count; i++)
            if (keep_better(f, neighbour(centre, step, set->direction[i]), cost[i], m))
                found = set->direction[i];
        if (found < 0) {
            if (set->count == 4)
                f->likely = better_sides(cost);
            return;
        }
        set = found < 4 ? &onwards[found] : &all_sides;
    }
}

/* The cheapest of some vectors, without repetitions; all must be inside the limits. */
static void choose(Refinement *f, const AvoMv *mv, int count, AvoMotion *m)
{
    AvoMv kept[4] = {mv[0]};
    int cost[4], n = 0;
    for (int i = 0; i < count; i++) {
        bool repeated = false;
        for (int k = 0; k < n; k++)
            repeated |= (kept[k].x == mv[i].x) & (kept[k].y == mv[i].y);
        kept[n] = mv[i];
        n += !repeated;
    }
    luma_distortions(f, kept, n, cost);
    for (int i = 0; i < n; i++)
        keep_better(f, kept[i], cost[i], m);
}

void avo_subpel_search(const AvoSearch *s, int list, int base_rate, AvoMotion *m)
{
    const AvoTools *tools = s->row->job->tools;
    Refinement f;
    AvoMv whole = m->mv, start[3] = {m->mv};
    int n = 1;
    /* The predicted vector itself costs no difference bits and is often a fraction;
     * so are other starts. */
    if ((m->mvp.x | m->mvp.y) & 3 && avo_search_inside(s, m->mvp.x >> 2, m->mvp.y >> 2))
        start[n++] = m->mvp;
    if ((s->near.x | s->near.y) & 3 && avo_search_inside(s, s->near.x >> 2, s->near.y >> 2))
        start[n++] = s->near;
    start_refinement(&f, s, list, base_rate);
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
    Refinement f;
    start_refinement(&f, &s, list, avo_rate(row, avo_ref_bits(row, list, m->ref)));
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
