/* See motion.h. Whole-sample part: start points, then a pattern; the patterns share try_point(). */
#include "enc/motion.h"
#include "base/fixmath.h"

#define FULL_MARGIN 24 /* whole samples that a 16x16 block may lie outside: the rest of the padding is for taps */

#define CLEAN_MARGIN 8 /* columns beside the refreshed area that loop filter and taps may have spoilt */

/* State of one whole-sample search. Positions are whole samples relative to the block's own place. */
typedef struct Search {
    AvoRowCtx *row;
    const pixel *cur;        /* inverse-weighted when the reference has weights */
    const pixel *ref;        /* at displacement 0 */
    ptrdiff_t stride;
    AvoBlkSize size;
    AvoMv mvp;
    int min_x, max_x, min_y, max_y;
    int x, y, cost;          /* best so far */
} Search;

void avo_mvd_bits_init(uint16_t *table, bool cabac)
{
    for (int d = 0; d < AVO_MVD_BITS; d++) {
        if (cabac)
            table[d] = (uint16_t)(d ? 384 + ((2 * avo_log2_q16((uint64_t)d + 1)) >> 8) : 160);
        else
            table[d] = (uint16_t)(d ? 256 * (2 * avo_log2_floor(2 * (uint32_t)d) + 1) : 256);
    }
}

int avo_ref_bits(const AvoRowCtx *row, int list, int ref)
{
    int n = row->job->refs.count[list];
    if (n <= 1)
        return 0;
    if (n == 2)
        return 256;
    return 256 * (2 * avo_log2_floor((uint32_t)ref + 1) + 1);
}

static const AvoWeight *luma_weight(const AvoRowCtx *row, int list, int ref)
{
    const AvoSliceRefs *refs = &row->job->refs;
    if (refs->weight_mode != AVO_WEIGHT_EXPLICIT || !refs->weight[list][ref].luma_flag)
        return NULL;
    return &refs->weight[list][ref];
}

/* ---- prediction blocks ---- */

typedef struct QpelRule {
    uint8_t plane_a, ax, ay, plane_b, bx, by; /* 0 whole samples, 1 h, 2 v, 3 centre; plane_b 4: none */
} QpelRule;

/* 8.4.2.2.1: quarter position (fx, fy) at [fy * 4 + fx] is the average of two whole or half positions. */
static const QpelRule qpel_rule[16] = {
    {0, 0, 0, 4, 0, 0}, {0, 0, 0, 1, 0, 0}, {1, 0, 0, 4, 0, 0}, {1, 0, 0, 0, 1, 0},
    {0, 0, 0, 2, 0, 0}, {1, 0, 0, 2, 0, 0}, {1, 0, 0, 3, 0, 0}, {1, 0, 0, 2, 1, 0},
    {2, 0, 0, 4, 0, 0}, {2, 0, 0, 3, 0, 0}, {3, 0, 0, 4, 0, 0}, {2, 1, 0, 3, 0, 0},
    {2, 0, 0, 0, 0, 1}, {2, 0, 0, 1, 0, 1}, {3, 0, 0, 1, 0, 1}, {2, 1, 0, 1, 0, 1},
};

AVO_INLINE int width_index(int w)
{
    return w == 16 ? 0 : w == 8 ? 1 : 2;
}

static const pixel *fetch_unweighted(const AvoRowCtx *row, const AvoSearchBlock *b, const AvoFrame *f, AvoMv mv,
                                     pixel *buffer, ptrdiff_t *stride)
{
    const QpelRule *r = &qpel_rule[(mv.y & 3) * 4 + (mv.x & 3)];
    ptrdiff_t s = f->plane[0].stride;
    ptrdiff_t at = (ptrdiff_t)(row->mb_y * 16 + b->y + (mv.y >> 2)) * s + row->mb_x * 16 + b->x + (mv.x >> 2);
    const pixel *const plane[4] = {f->plane[0].data, f->hpel[0].data, f->hpel[1].data, f->hpel[2].data};
    const pixel *first = plane[r->plane_a] + at + r->ax + r->ay * s;
    if (r->plane_b == 4) {
        *stride = s;
        return first;
    }
    row->job->dsp->avg[width_index(b->w)](buffer, AVO_REC_STRIDE, first, s, plane[r->plane_b] + at + r->bx + r->by * s,
                                          s, b->h);
    *stride = AVO_REC_STRIDE;
    return buffer;
}

const pixel *avo_fetch_luma(const AvoRowCtx *row, const AvoSearchBlock *b, int list, int ref, AvoMv mv, pixel *buffer,
                            ptrdiff_t *stride)
{
    const AvoWeight *w = luma_weight(row, list, ref);
    const pixel *p = fetch_unweighted(row, b, row->job->refs.frame[list][ref], mv, buffer, stride);
    if (!w)
        return p;
    row->job->dsp->weight(buffer, AVO_REC_STRIDE, p, *stride, b->w, b->h, row->job->refs.log2_denom[0], w->w[0],
                          w->o[0]);
    *stride = AVO_REC_STRIDE;
    return buffer;
}

/* Vectors that stay inside the padding and the level's range, in whole samples for this block. */
static void set_limits(Search *s, const AvoSearchBlock *b)
{
    const AvoRowCtx *row = s->row;
    const AvoPicJob *job = row->job;
    int px = row->mb_x * 16 + b->x, py = row->mb_y * 16 + b->y;
    s->min_x = avo_max(-px - FULL_MARGIN, (job->mv_min_x >> 2) + 1);
    s->max_x = avo_min(job->mb_width * 16 - px - b->w + FULL_MARGIN, (job->mv_max_x >> 2) - 1);
    s->min_y = avo_max(-py - FULL_MARGIN, (job->mv_min_y >> 2) + 1);
    s->max_y = avo_min(job->mb_height * 16 - py - b->h + FULL_MARGIN, (job->mv_max_y >> 2) - 1);
    if (job->refresh_limits && row->mb_x < job->refresh_begin) /* clean area looks at clean area only */
        s->max_x = avo_min(s->max_x, avo_max(job->refresh_begin * 16 - px - b->w - CLEAN_MARGIN, s->min_x));
}

/* ---- whole samples ---- */

static int point_rate(const Search *s, int x, int y)
{
    return avo_rate(s->row, avo_mvd_bits(s->row, 4 * x - s->mvp.x) + avo_mvd_bits(s->row, 4 * y - s->mvp.y));
}

static bool inside(const Search *s, int x, int y)
{
    return x >= s->min_x && x <= s->max_x && y >= s->min_y && y <= s->max_y;
}

static bool try_point(Search *s, int x, int y)
{
    if (!inside(s, x, y))
        return false;
    int cost = s->row->job->dsp->sad[s->size](s->cur, AVO_CUR_STRIDE, s->ref + y * s->stride + x, s->stride);
    cost += point_rate(s, x, y);
    if (cost >= s->cost)
        return false;
    s->cost = cost;
    s->x = x;
    s->y = y;
    return true;
}

/* Four points around (x, y) at once; falls back to single ones at the border. */
static bool try_four(Search *s, int x, int y, const int8_t d[4][2])
{
    int before = s->cost;
    const pixel *p[4];
    for (int i = 0; i < 4; i++) {
        if (!inside(s, x + d[i][0], y + d[i][1])) {
            for (int k = 0; k < 4; k++)
                try_point(s, x + d[k][0], y + d[k][1]);
            return s->cost < before;
        }
        p[i] = s->ref + (y + d[i][1]) * s->stride + x + d[i][0];
    }
    int cost[4];
    s->row->job->dsp->sad_x4[s->size](s->cur, p, s->stride, cost);
    for (int i = 0; i < 4; i++) {
        if (cost[i] >= s->cost)
            continue;
        cost[i] += point_rate(s, x + d[i][0], y + d[i][1]);
        if (cost[i] < s->cost) {
            s->cost = cost[i];
            s->x = x + d[i][0];
            s->y = y + d[i][1];
        }
    }
    return s->cost < before;
}

static const int8_t diamond[4][2] = {{0, -1}, {-1, 0}, {1, 0}, {0, 1}};
static const int8_t corners[4][2] = {{-1, -1}, {1, -1}, {-1, 1}, {1, 1}};

static void search_diamond(Search *s, int steps)
{
    while (steps-- > 0 && try_four(s, s->x, s->y, diamond))
        ;
}

/* Hexagon of radius 2 moved to its best corner until the centre wins, then the square around it. After the first
 * round only the three corners that are new need to be looked at. */
static void search_hexagon(Search *s, int steps)
{
    static const int8_t hexagon[6][2] = {{-1, -2}, {-2, 0}, {-1, 2}, {1, 2}, {2, 0}, {1, -2}};
    int cx = s->x, cy = s->y, dir = -1;
    for (int i = 0; i < 6; i++)
        if (try_point(s, cx + hexagon[i][0], cy + hexagon[i][1]))
            dir = i;
    while (dir >= 0 && --steps > 0) {
        cx = s->x;
        cy = s->y;
        int from = dir == 0 ? 5 : dir - 1, found = -1;
        for (int i = from; i < from + 3; i++)
            if (try_point(s, cx + hexagon[i % 6][0], cy + hexagon[i % 6][1]))
                found = i % 6;
        dir = found;
    }
    cx = s->x;
    cy = s->y;
    try_four(s, cx, cy, diamond);
    try_four(s, cx, cy, corners);
}

/* Cross, small square, then growing 16-point hexagons: finds motion that the predictors missed. */
static void search_multi_hexagon(Search *s, int range)
{
    static const int8_t ring[16][2] = {{0, -4}, {0, 4},  {-2, -3}, {2, -3}, {-4, -2}, {4, -2}, {-4, -1}, {4, -1},
                                       {-4, 0}, {4, 0},  {-4, 1},  {4, 1},  {-4, 2},  {4, 2},  {-2, 3},  {2, 3}};
    int area = s->size == AVO_BLK_16x16 ? 256 : s->size == AVO_BLK_8x8 ? 64 : 128;
    search_diamond(s, 2);
    if (s->cost < 3 * area) { /* already good: no need to look far */
        search_hexagon(s, range / 2);
        return;
    }
    int cx = s->x, cy = s->y;
    for (int d = 1; d <= range; d += 2) {
        try_point(s, cx - d, cy);
        try_point(s, cx + d, cy);
    }
    for (int d = 1; d <= range / 2; d += 2) {
        try_point(s, cx, cy - d);
        try_point(s, cx, cy + d);
    }
    cx = s->x;
    cy = s->y;
    for (int dy = -2; dy <= 2; dy++)
        for (int dx = -2; dx <= 2; dx++)
            if (avo_abs(dx) + avo_abs(dy) > 1)
                try_point(s, cx + dx, cy + dy);
    for (int k = 1; k <= range / 4; k++)
        for (int i = 0; i < 16; i++)
            try_point(s, cx + ring[i][0] * k, cy + ring[i][1] * k);
    search_hexagon(s, range);
}

/* Scrolling and window moves: exact matches far away along one axis that no neighbour has found yet. Only worth it for
 * whole macroblocks that nothing near has come close to. */
static void search_axes(Search *s, int range)
{
    enum { POOR_SAD = 10 * 256 };
    static const int8_t down[4][2] = {{0, 0}, {0, 1}, {0, 2}, {0, 3}}, right[4][2] = {{0, 0}, {1, 0}, {2, 0}, {3, 0}};
    if (s->size != AVO_BLK_16x16 || s->cost < POOR_SAD)
        return;
    for (int y = -range; y < range; y += 4)
        try_four(s, 0, y, down);
    if (s->cost >= POOR_SAD)
        for (int x = -range; x < range; x += 4)
            try_four(s, x, 0, right);
}

static void search_exhaustive(Search *s, int range)
{
    int x0 = avo_max(s->x - range, s->min_x), x1 = avo_min(s->x + range, s->max_x);
    int y0 = avo_max(s->y - range, s->min_y), y1 = avo_min(s->y + range, s->max_y);
    static const int8_t run[4][2] = {{0, 0}, {1, 0}, {2, 0}, {3, 0}};
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x += 4)
            try_four(s, x, y, run);
}

bool avo_motion_allowed(AvoRowCtx *row, const AvoSearchBlock *b, AvoMv mv)
{
    const AvoPicJob *job = row->job;
    if (!job->refresh_limits || row->mb_x >= job->refresh_begin)
        return true;
    int right = row->mb_x * 16 + b->x + b->w + ((mv.x + 3) >> 2);
    return right <= job->refresh_begin * 16 - CLEAN_MARGIN;
}

bool avo_motion_inside(AvoRowCtx *row, const AvoSearchBlock *b, AvoMv mv)
{
    Search limits = {.row = row};
    set_limits(&limits, b);
    return inside(&limits, mv.x >> 2, mv.y >> 2);
}

/* The source block as it would have to look in a weighted reference: whole-sample search of fades works on it. */
static const pixel *unweighted_source(AvoRowCtx *row, const AvoSearchBlock *b, const AvoWeight *w)
{
    int denom = row->job->refs.log2_denom[0];
    pixel *out = row->block[3];
    for (int y = b->y; y < b->y + b->h; y++)
        for (int x = b->x; x < b->x + b->w; x++) {
            int v = (row->cur[y * AVO_CUR_STRIDE + x] - w->o[0]) * (1 << denom);
            out[y * AVO_CUR_STRIDE + x] = avo_clip_pixel(w->w[0] ? v / w->w[0] : v);
        }
    return out + b->y * AVO_CUR_STRIDE + b->x;
}

static void search_whole_samples(Search *s, const AvoMv *starts, int count)
{
    const AvoTools *tools = s->row->job->tools;
    s->x = avo_clip3(s->min_x, s->max_x, (s->mvp.x + 2) >> 2);
    s->y = avo_clip3(s->min_y, s->max_y, (s->mvp.y + 2) >> 2);
    s->cost = INT32_MAX;
    try_point(s, s->x, s->y);
    for (int i = 0; i < count; i++) {
        int x = avo_clip3(s->min_x, s->max_x, (starts[i].x + 2) >> 2);
        int y = avo_clip3(s->min_y, s->max_y, (starts[i].y + 2) >> 2);
        if (x != s->x || y != s->y)
            try_point(s, x, y);
    }
    switch (tools->me) {
    case AVOCET_ME_DIA:
        search_diamond(s, tools->merange);
        break;
    case AVOCET_ME_HEX:
        search_hexagon(s, tools->merange / 2);
        search_axes(s, 4 * tools->merange);
        break;
    case AVOCET_ME_UMH:
        search_axes(s, 4 * tools->merange);
        search_multi_hexagon(s, tools->merange);
        break;
    default:
        search_exhaustive(s, tools->merange);
    }
}

/* ---- fractions ---- */

/* Chroma SATD of a vector, both planes. Only for blocks whose chroma is at least 4x4. */
static int chroma_distortion(AvoRowCtx *row, const AvoSearchBlock *b, int list, int ref, AvoMv mv)
{
    static const AvoBlkSize half[AVO_BLK_COUNT] = {AVO_BLK_8x8, AVO_BLK_8x4, AVO_BLK_4x8, AVO_BLK_4x4, 0, 0, 0};
    const int8_t ref_idx[2] = {(int8_t)(list == 0 ? ref : -1), (int8_t)(list == 1 ? ref : -1)};
    const AvoMv mvs[2] = {mv, mv};
    pixel *out = row->block[2];
    avo_predict_block(&row->predict, row->mb_x, row->mb_y, b->x >> 2, b->y >> 2, b->w >> 2, b->h >> 2, ref_idx, mvs, 2,
                      out, out + AVO_REC_CB, out + AVO_REC_CR);
    const AvoCostFn satd = row->job->dsp->satd[half[b->size]];
    ptrdiff_t at_cur = (b->y >> 1) * AVO_CUR_STRIDE + (b->x >> 1), at = (b->y >> 1) * AVO_REC_STRIDE + (b->x >> 1);
    return satd(row->cur + AVO_CUR_CB + at_cur, AVO_CUR_STRIDE, out + AVO_REC_CB + at, AVO_REC_STRIDE) +
           satd(row->cur + AVO_CUR_CR + at_cur, AVO_CUR_STRIDE, out + AVO_REC_CR + at, AVO_REC_STRIDE);
}

static bool wants_chroma(const AvoRowCtx *row, const AvoSearchBlock *b)
{
    return row->job->tools->chroma_me && row->syntax.chroma_format && b->size <= AVO_BLK_8x8 &&
           row->syntax.slice_type == AVO_SLICE_P;
}

static int luma_distortion(AvoRowCtx *row, const AvoSearchBlock *b, int list, int ref, AvoMv mv)
{
    ptrdiff_t stride;
    const pixel *p = avo_fetch_luma(row, b, list, ref, mv, row->block[0], &stride);
    const AvoDsp *dsp = row->job->dsp;
    const AvoCostFn cost = row->job->tools->subpel_satd ? dsp->satd[b->size] : dsp->sad[b->size];
    return cost(row->cur + b->y * AVO_CUR_STRIDE + b->x, AVO_CUR_STRIDE, p, stride);
}

int avo_motion_distortion(AvoRowCtx *row, const AvoSearchBlock *b, int list, int ref, AvoMv mv)
{
    int d = luma_distortion(row, b, list, ref, mv);
    if (wants_chroma(row, b))
        d += chroma_distortion(row, b, list, ref, mv);
    return d;
}

/* Tries one vector; true if it is better. */
static bool try_vector(AvoRowCtx *row, const AvoSearchBlock *b, int list, int base_rate, AvoMv mv, AvoMotion *m)
{
    int rate = base_rate + avo_mv_rate(row, mv, m->mvp);
    int cost = rate + luma_distortion(row, b, list, m->ref, mv);
    if (cost >= m->cost)
        return false;
    if (wants_chroma(row, b)) {
        cost += chroma_distortion(row, b, list, m->ref, mv);
        if (cost >= m->cost)
            return false;
    }
    m->cost = cost;
    m->rate = rate;
    m->mv = mv;
    return true;
}

static void refine(AvoRowCtx *row, const AvoSearchBlock *b, int list, int base_rate, int step, int iterations,
                   const Search *limits, AvoMotion *m)
{
    int from = -1; /* direction we came from: its opposite was the last centre */
    while (iterations-- > 0) {
        AvoMv centre = m->mv;
        int found = -1;
        for (int i = 0; i < 4; i++) {
            if (from >= 0 && i == 3 - from)
                continue;
            AvoMv mv = {(int16_t)(centre.x + diamond[i][0] * step), (int16_t)(centre.y + diamond[i][1] * step)};
            if (!inside(limits, mv.x >> 2, mv.y >> 2))
                continue;
            if (try_vector(row, b, list, base_rate, mv, m))
                found = i;
        }
        if (found < 0)
            return;
        from = found;
    }
}

void avo_motion_search(AvoRowCtx *row, const AvoSearchBlock *b, int list, const AvoMv *starts, int count, int stop_at,
                       AvoMotion *m)
{
    const AvoTools *tools = row->job->tools;
    const AvoFrame *f = row->job->refs.frame[list][m->ref];
    const AvoWeight *w = luma_weight(row, list, m->ref);
    Search s = {.row = row, .size = b->size, .mvp = m->mvp, .stride = f->plane[0].stride};
    s.cur = w ? unweighted_source(row, b, w) : row->cur + b->y * AVO_CUR_STRIDE + b->x;
    s.ref = f->plane[0].data + (row->mb_y * 16 + b->y) * s.stride + row->mb_x * 16 + b->x;
    set_limits(&s, b);
    search_whole_samples(&s, starts, count);

    int base_rate = avo_rate(row, avo_ref_bits(row, list, m->ref));
    m->mv = (AvoMv){(int16_t)(4 * s.x), (int16_t)(4 * s.y)};
    m->rate = base_rate + avo_mv_rate(row, m->mv, m->mvp);
    m->cost = s.cost + base_rate;
    if (tools->fullpel_only || m->cost > stop_at)
        return;
    m->cost = m->rate + avo_motion_distortion(row, b, list, m->ref, m->mv);
    /* The predicted vector itself costs no difference bits and is often a fraction. */
    AvoMv mvp = m->mvp;
    if ((mvp.x | mvp.y) & 3 && inside(&s, mvp.x >> 2, mvp.y >> 2))
        try_vector(row, b, list, base_rate, mvp, m);
    refine(row, b, list, base_rate, 2, tools->halfpel_steps, &s, m);
    refine(row, b, list, base_rate, 1, tools->quarterpel_steps, &s, m);
}

/* ---- pairs ---- */

static int pair_distortion(AvoRowCtx *row, const AvoSearchBlock *b, const AvoMotion *m0, const AvoMotion *m1)
{
    const AvoDsp *dsp = row->job->dsp;
    const AvoSliceRefs *refs = &row->job->refs;
    ptrdiff_t s0, s1;
    const pixel *p0 = fetch_unweighted(row, b, refs->frame[0][m0->ref], m0->mv, row->block[0], &s0);
    const pixel *p1 = fetch_unweighted(row, b, refs->frame[1][m1->ref], m1->mv, row->block[1], &s1);
    pixel *out = row->block[2];
    int w1 = refs->weight_mode == AVO_WEIGHT_IMPLICIT ? refs->implicit_w1[m0->ref][m1->ref] : 32;
    if (refs->weight_mode == AVO_WEIGHT_EXPLICIT) {
        const AvoWeight *a = &refs->weight[0][m0->ref], *c = &refs->weight[1][m1->ref];
        dsp->weight_bi(out, AVO_REC_STRIDE, p0, s0, p1, s1, b->w, b->h, refs->log2_denom[0], a->w[0], c->w[0],
                       (a->o[0] + c->o[0] + 1) >> 1);
    } else if (w1 != 32) {
        dsp->weight_bi(out, AVO_REC_STRIDE, p0, s0, p1, s1, b->w, b->h, 5, 64 - w1, w1, 0);
    } else {
        dsp->avg[width_index(b->w)](out, AVO_REC_STRIDE, p0, s0, p1, s1, b->h);
    }
    const AvoCostFn cost = row->job->tools->subpel_satd ? dsp->satd[b->size] : dsp->sad[b->size];
    return cost(row->cur + b->y * AVO_CUR_STRIDE + b->x, AVO_CUR_STRIDE, out, AVO_REC_STRIDE);
}

int avo_bidir_search(AvoRowCtx *row, const AvoSearchBlock *b, AvoMotion *m0, AvoMotion *m1)
{
    int best = pair_distortion(row, b, m0, m1) + m0->rate + m1->rate;
    if (!row->job->tools->bidir_refine)
        return best;
    Search limits = {.row = row};
    set_limits(&limits, b);
    for (int rounds = 0; rounds < row->job->tools->quarterpel_steps - 1; rounds++) {
        bool moved = false;
        for (int k = 0; k < 8; k++) { /* four directions of the one, then of the other */
            AvoMotion *m = k < 4 ? m0 : m1, saved = *m;
            int base = m->rate - avo_mv_rate(row, m->mv, m->mvp);
            m->mv.x = (int16_t)(m->mv.x + diamond[k & 3][0]);
            m->mv.y = (int16_t)(m->mv.y + diamond[k & 3][1]);
            if (inside(&limits, m->mv.x >> 2, m->mv.y >> 2)) {
                m->rate = base + avo_mv_rate(row, m->mv, m->mvp);
                int cost = pair_distortion(row, b, m0, m1) + m0->rate + m1->rate;
                if (cost < best) {
                    best = cost;
                    moved = true;
                    continue;
                }
            }
            *m = saved;
        }
        if (!moved)
            break;
    }
    return best;
}
