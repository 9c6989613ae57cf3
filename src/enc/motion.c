/* See motion.h. Whole samples: start points, then a pattern; positions are measured in batches by
 * SAD, in an order that decides between equals. Fractions are in subpel.c, pairs in bidir.c. */
#include "base/fixmath.h"
#include "enc/motion_internal.h"

/* Whole samples that a 16x16 block may lie outside: the rest of the padding is for taps. */
#define FULL_MARGIN 24

/* Columns beside the refreshed area that loop filter and taps may have spoilt. */
#define CLEAN_MARGIN 8

/* ---- bits ---- */

/* The table is symmetric around its middle. Differences beyond MVD_EXACT hardly occur and cost
 * about as much. */
#define MVD_EXACT 2047

static int mvd_bits(bool cabac, int d)
{
    if (cabac)
        return d ? 384 + (int)((2 * avo_log2_q16((uint64_t)d + 1)) >> 8) : 160;
    return d ? 256 * (2 * avo_log2_floor(2 * (uint32_t)d) + 1) : 256;
}

int avo_mvd_range(int width, int height)
{
    return 8 * (avo_max(width, height) + 64);
}

void avo_mvd_bits_init(uint16_t *table, int range, bool cabac)
{
    for (int d = 0; d <= range; d++)
        table[range + d] = table[range - d] =
            d <= MVD_EXACT ? (uint16_t)mvd_bits(cabac, d) : table[range + MVD_EXACT];
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

/* ---- set-up ---- */

/* Vectors that stay inside the padding and the level's range, in whole samples for this block. */
static void set_limits(AvoSearch *s, const AvoRowCtx *row, const AvoSearchBlock *b)
{
    const AvoPicJob *job = row->job;
    int px = row->mb_x * 16 + b->x, py = row->mb_y * 16 + b->y;
    s->min_x = avo_max(-px - FULL_MARGIN, (job->mv_min_x >> 2) + 1);
    s->max_x = avo_min(job->mb_width * 16 - px - b->w + FULL_MARGIN, (job->mv_max_x >> 2) - 1);
    s->min_y = avo_max(-py - FULL_MARGIN, (job->mv_min_y >> 2) + 1);
    s->max_y = avo_min(job->mb_height * 16 - py - b->h + FULL_MARGIN, (job->mv_max_y >> 2) - 1);
    if (job->refresh_limits &&
        row->mb_x < job->refresh_begin) /* clean area looks at clean area only */
        s->max_x = avo_min(s->max_x,
                           avo_max(job->refresh_begin * 16 - px - b->w - CLEAN_MARGIN, s->min_x));
}

void avo_search_bind(AvoSearch *s, AvoRowCtx *row, const AvoSearchBlock *b, int list, int ref)
{
    const AvoPicJob *job = row->job;
    const AvoSliceRefs *refs = &job->refs;
    const AvoFrame *f = refs->frame[list][ref];
    s->row = row;
    s->dsp = job->dsp;
    s->block = b;
    s->frame = f;
    s->ref = ref;
    s->weight = refs->weight_mode == AVO_WEIGHT_EXPLICIT && refs->weight[list][ref].luma_flag
                    ? &refs->weight[list][ref]
                    : NULL;
    s->stride = f->plane[0].stride;
    ptrdiff_t at = (row->mb_y * 16 + b->y) * s->stride + row->mb_x * 16 + b->x;
    s->whole = f->plane[0].data + at;
    s->quarter = f->quarter;
    s->lambda = row->lambda_q8;
    set_limits(s, row, b);
}

void avo_search_centre(AvoSearch *s, AvoMv mvp)
{
    const AvoPicJob *job = s->row->job;
    int most = job->mvd_range / 2; /* no vector in use is longer */
    s->bits_x = job->mvd_bits - avo_clip3(-most, most, mvp.x);
    s->bits_y = job->mvd_bits - avo_clip3(-most, most, mvp.y);
}

bool avo_motion_inside(AvoRowCtx *row, const AvoSearchBlock *b, AvoMv mv)
{
    AvoSearch s;
    set_limits(&s, row, b);
    return avo_search_inside(&s, mv.x >> 2, mv.y >> 2);
}

bool avo_motion_allowed(AvoRowCtx *row, const AvoSearchBlock *b, AvoMv mv)
{
    const AvoPicJob *job = row->job;
    if (!job->refresh_limits || row->mb_x >= job->refresh_begin)
        return true;
    int right = row->mb_x * 16 + b->x + b->w + ((mv.x + 3) >> 2);
    return right <= job->refresh_begin * 16 - CLEAN_MARGIN;
}

/* ---- measuring ---- */

/* A whole-sample vector. */
typedef struct Point {
    int16_t x, y;
} Point;

AVO_INLINE bool take(AvoSearch *s, Point p, int sad)
{
    if (sad >= s->cost)
        return false;
    int cost = sad + avo_search_rate(s, 4 * p.x, 4 * p.y);
    if (cost >= s->cost)
        return false;
    s->cost = cost;
    s->x = p.x;
    s->y = p.y;
    return true;
}

AVO_INLINE const pixel *sample_at(const AvoSearch *s, Point p)
{
    return s->whole + p.y * s->stride + p.x;
}

/* Up to four positions inside the limits; returns the last that was better than all before, -1 if
 * none was. */
static int try_batch(AvoSearch *s, const Point *p, int count)
{
    const AvoDsp *dsp = s->dsp;
    AvoBlkSize size = s->block->size;
    int cost[4], found = -1;
    if (count >= 3) {
        const pixel *at[4];
        for (int i = 0; i < count; i++)
            at[i] = sample_at(s, p[i]);
        if (count == 4)
            dsp->sad_x4[size](s->cur, at, s->stride, cost);
        else
            dsp->sad_x3[size](s->cur, at, s->stride, cost);
    } else {
        for (int i = 0; i < count; i++)
            cost[i] = dsp->sad[size](s->cur, AVO_CUR_STRIDE, sample_at(s, p[i]), s->stride);
    }
    for (int i = 0; i < count; i++)
        if (take(s, p[i], cost[i]))
            found = i;
    return found;
}

/* Whether all positions that differ by up to two are inside the limits. */
AVO_INLINE bool well_inside(const AvoSearch *s, int x, int y)
{
    return x - 2 >= s->min_x && x + 2 <= s->max_x && y - 2 >= s->min_y && y + 2 <= s->max_y;
}

/* Positions around (x, y), at most two away where there are up to four, in order; those outside the
 * limits are left out. Returns the index of the one that is best now, -1 if none was better. */
static int try_around(AvoSearch *s, int x, int y, const int8_t (*d)[2], int count)
{
    Point p[4];
    if (count <= 4 && well_inside(s, x, y)) {
        for (int i = 0; i < count; i++)
            p[i] = (Point){(int16_t)(x + d[i][0]), (int16_t)(y + d[i][1])};
        return try_batch(s, p, count);
    }
    int from[4], n = 0, best = -1;
    for (int i = 0; i < count; i++) {
        int px = x + d[i][0], py = y + d[i][1];
        if (avo_search_inside(s, px, py)) {
            p[n] = (Point){(int16_t)px, (int16_t)py};
            from[n++] = i;
        }
        if (n == 4 || (n && i + 1 == count)) {
            int found = try_batch(s, p, n);
            if (found >= 0)
                best = from[found];
            n = 0;
        }
    }
    return best;
}

/* SADs of four positions for a whole macroblock, far from the best one: half of it tells of most
 * that they are worse. False if they all are; moves the pointers. */
static bool far_sads(const AvoSearch *s, const pixel *at[4], int sad[4])
{
    const AvoCostX4Fn half = s->dsp->sad_x4[AVO_BLK_16x8];
    int lower[4];
    half(s->cur, at, s->stride, sad);
    if (avo_min(avo_min(sad[0], sad[1]), avo_min(sad[2], sad[3])) >= s->cost)
        return false;
    for (int i = 0; i < 4; i++)
        at[i] += 8 * s->stride;
    half(s->cur + 8 * AVO_CUR_STRIDE, at, s->stride, lower);
    for (int i = 0; i < 4; i++)
        sad[i] += lower[i];
    return true;
}

static void try_far(AvoSearch *s, const Point p[4])
{
    const pixel *at[4];
    int sad[4];
    for (int i = 0; i < 4; i++)
        at[i] = sample_at(s, p[i]);
    if (far_sads(s, at, sad))
        for (int i = 0; i < 4; i++)
            take(s, p[i], sad[i]);
}

/* Positions collected one by one, measured four at a time. */
typedef struct Batch {
    Point p[4];
    int n;
} Batch;

static void batch_flush(AvoSearch *s, Batch *b)
{
    if (b->n == 4 && s->block->size == AVO_BLK_16x16)
        try_far(s, b->p);
    else if (b->n)
        try_batch(s, b->p, b->n);
    b->n = 0;
}

AVO_INLINE void batch_add(AvoSearch *s, Batch *b, int x, int y)
{
    if (!avo_search_inside(s, x, y))
        return;
    b->p[b->n++] = (Point){(int16_t)x, (int16_t)y};
    if (b->n == 4)
        batch_flush(s, b);
}

/* ---- patterns ---- */

static const int8_t diamond[4][2] = {{0, -1}, {-1, 0}, {1, 0}, {0, 1}};
static const int8_t corners[4][2] = {{-1, -1}, {1, -1}, {-1, 1}, {1, 1}};

/* Steps of one sample until the centre wins. Behind a step only three neighbours are new. */
static void search_diamond(AvoSearch *s, int steps)
{
    static const int8_t onwards[4][3][2] = {{{0, -1}, {-1, 0}, {1, 0}},
                                            {{0, -1}, {-1, 0}, {0, 1}},
                                            {{0, -1}, {1, 0}, {0, 1}},
                                            {{-1, 0}, {1, 0}, {0, 1}}};
    static const uint8_t index[4][3] = {{0, 1, 2}, {0, 1, 3}, {0, 2, 3}, {1, 2, 3}};
    if (steps <= 0)
        return;
    int dir = try_around(s, s->x, s->y, diamond, 4);
    while (dir >= 0 && --steps > 0) {
        int found = try_around(s, s->x, s->y, onwards[dir], 3);
        dir = found < 0 ? -1 : index[dir][found];
    }
}

/* The square around a position: its sides, then its corners. */
typedef struct Square {
    int x, y;
    bool measured; /* all at once, into sad */
    int sad[8];
} Square;

/* One kernel for all eight loads little more than four positions one by one. */
static void open_square(const AvoSearch *s, Square *q)
{
    AvoBlkSize size = s->block->size;
    q->x = s->x;
    q->y = s->y;
    q->measured = size <= AVO_BLK_8x8 && well_inside(s, q->x, q->y);
    if (q->measured)
        s->dsp->sad_around[size](s->cur, sample_at(s, (Point){(int16_t)q->x, (int16_t)q->y}),
                                 s->stride, q->sad);
}

/* Whether one of the sides or corners is the best position now. */
static bool try_square(AvoSearch *s, const Square *q, const int8_t (*d)[2])
{
    const int *sad = q->sad + (d == corners ? 4 : 0);
    bool found = false;
    if (!q->measured)
        return try_around(s, q->x, q->y, d, 4) >= 0;
    for (int i = 0; i < 4; i++)
        found |= take(s, (Point){(int16_t)(q->x + d[i][0]), (int16_t)(q->y + d[i][1])}, sad[i]);
    return found;
}

/* Where no direct neighbour is better than the start, only the square around it is looked at. Else
 * a hexagon of radius 2 is moved to its best corner until the centre wins, then the square around
 * it; after the first round only the three corners that are new need to be looked at. */
static void search_hexagon(AvoSearch *s, int steps)
{
    Square q;
    open_square(s, &q);
    if (!try_square(s, &q, diamond)) {
        try_square(s, &q, corners);
        return;
    }
    static const int8_t hexagon[8][2] = {{1, -2}, {-1, -2}, {-2, 0}, {-1, 2},
                                         {1, 2},  {2, 0},   {1, -2}, {-1, -2}};
    int dir = try_around(s, s->x, s->y, hexagon + 1, 6);
    while (dir >= 0 && --steps > 0) {
        int found = try_around(s, s->x, s->y, hexagon + dir, 3);
        dir = found < 0 ? -1 : (dir + found + 5) % 6;
    }
    open_square(s, &q);
    try_square(s, &q, diamond);
    try_square(s, &q, corners);
}

/* Cross, small square, then growing 16-point hexagons: finds motion that the predictors missed. */
static void search_multi_hexagon(AvoSearch *s, int range)
{
    static const int8_t square[20][2] = {{-2, -2}, {-1, -2}, {0, -2}, {1, -2}, {2, -2},
                                         {-2, -1}, {-1, -1}, {1, -1}, {2, -1}, {-2, 0},
                                         {2, 0},   {-2, 1},  {-1, 1}, {1, 1},  {2, 1},
                                         {-2, 2},  {-1, 2},  {0, 2},  {1, 2},  {2, 2}};
    static const int8_t ring[16][2] = {{0, -4},  {0, 4},  {-2, -3}, {2, -3}, {-4, -2}, {4, -2},
                                       {-4, -1}, {4, -1}, {-4, 0},  {4, 0},  {-4, 1},  {4, 1},
                                       {-4, 2},  {4, 2},  {-2, 3},  {2, 3}};
    AvoBlkSize size = s->block->size;
    int area = size == AVO_BLK_16x16 ? 256 : size == AVO_BLK_8x8 ? 64 : 128;
    search_diamond(s, 2);
    if (s->cost < 5 * area) { /* already good: no need to look far */
        search_hexagon(s, range / 2);
        return;
    }
    Batch b = {.n = 0};
    int cx = s->x, cy = s->y;
    for (int d = 1; d <= range; d += 2) {
        batch_add(s, &b, cx - d, cy);
        batch_add(s, &b, cx + d, cy);
    }
    for (int d = 1; d <= range / 2; d += 2) {
        batch_add(s, &b, cx, cy - d);
        batch_add(s, &b, cx, cy + d);
    }
    batch_flush(s, &b);
    cx = s->x;
    cy = s->y;
    try_around(s, cx, cy, square, 20);
    for (int k = 1; k <= range / 4; k++)
        for (int i = 0; i < 16; i++)
            batch_add(s, &b, cx + ring[i][0] * k, cy + ring[i][1] * k);
    batch_flush(s, &b);
    search_hexagon(s, range);
}

/* The positions first..last times step. */
static void search_line(AvoSearch *s, Point step, int first, int last)
{
    ptrdiff_t next = step.y * s->stride + step.x;
    for (int k = first; k <= last; k += 4) {
        const pixel *p = s->whole + k * next, *at[4] = {p, p + next, p + 2 * next, p + 3 * next};
        int sad[4], count = avo_min(last - k + 1, 4);
        for (int i = count; i < 4; i++)
            at[i] = p;
        if (far_sads(s, at, sad))
            for (int i = 0; i < count; i++)
                take(s, (Point){(int16_t)(step.x * (k + i)), (int16_t)(step.y * (k + i))}, sad[i]);
    }
}

/* Scrolling and window moves: exact matches far away along one axis that no neighbour has found
 * yet. Only worth it for whole macroblocks that nothing near has come close to, in the nearest
 * pictures. */
static void search_axes(AvoSearch *s, int range)
{
    enum { POOR_SAD = 10 * 256 };
    if (s->block->size != AVO_BLK_16x16 || s->ref != 0 || s->cost < POOR_SAD)
        return;
    if (s->min_x <= 0 && s->max_x >= 0)
        search_line(s, (Point){0, 1}, avo_max(-range, s->min_y), avo_min(range - 1, s->max_y));
    if (s->cost >= POOR_SAD && s->min_y <= 0 && s->max_y >= 0)
        search_line(s, (Point){1, 0}, avo_max(-range, s->min_x), avo_min(range - 1, s->max_x));
}

static void search_exhaustive(AvoSearch *s, int range)
{
    int x0 = avo_max(s->x - range, s->min_x), x1 = avo_min(s->x + range, s->max_x);
    int y0 = avo_max(s->y - range, s->min_y), y1 = avo_min(s->y + range, s->max_y);
    Batch b = {.n = 0};
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x += 4) /* runs of four may end outside the range */
            for (int k = 0; k < 4; k++)
                batch_add(s, &b, x + k, y);
    batch_flush(s, &b);
}

/* ---- the search ---- */

/* The source block as it would have to look in a weighted reference: whole-sample search of fades
 * works on it. */
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

/* The predicted vector and the starts, rounded and without most repetitions: a place in `seen`
 * knows the last position that fell to it. One that is listed again is measured again, no more.
 * Which of them repeat cannot be predicted, so there is no branch on it. Returns their number. */
static int list_starts(const AvoSearch *s, AvoMv mvp, const AvoMv *starts, int count, Point *p)
{
    uint32_t seen[16];
    int n = 0;
    memset(seen, 0x7f, sizeof seen); /* no vector is that long */
    for (int i = -1; i < count; i++) {
        AvoMv mv = i < 0 ? mvp : starts[i];
        int x = avo_clip3(s->min_x, s->max_x, (mv.x + 2) >> 2),
            y = avo_clip3(s->min_y, s->max_y, (mv.y + 2) >> 2);
        uint32_t position = (uint32_t)x << 16 | (uint16_t)y, *place = &seen[(x + 4 * y) & 15];
        p[n] = (Point){(int16_t)x, (int16_t)y};
        n += *place != position;
        *place = position;
    }
    return n;
}

static void try_starts(AvoSearch *s, AvoMv mvp, const AvoMv *starts, int count)
{
    Point p[AVO_SEARCH_STARTS + 1];
    int n = list_starts(s, mvp, starts, count, p);
    for (int i = 0; i < n; i += 4)
        try_batch(s, p + i, avo_min(n - i, 4));
}

/* The start that the best position came from, before it was rounded. */
static AvoMv exact_start(const AvoSearch *s, const AvoMv *starts, int count)
{
    for (int i = 0; i < count; i++)
        if ((starts[i].x + 2) >> 2 == s->x && (starts[i].y + 2) >> 2 == s->y)
            return starts[i];
    return (AvoMv){(int16_t)(4 * s->x), (int16_t)(4 * s->y)};
}

/* Hexagon, and farther where that leaves a whole macroblock poor in the nearest picture: leaves,
 * water and crowds have many near minima. */
static void search_hexagon_or_farther(AvoSearch *s)
{
    enum { POOR_SAD = 8 * 256 };
    const AvoTools *tools = s->row->job->tools;
    search_hexagon(s, tools->merange / 2);
    if (tools->search_farther && s->block->size == AVO_BLK_16x16 && s->ref == 0 &&
        s->cost >= POOR_SAD)
        search_multi_hexagon(s, tools->merange);
}

static void search_whole_samples(AvoSearch *s, AvoMv mvp, const AvoMv *starts, int count)
{
    const AvoTools *tools = s->row->job->tools;
    s->cost = INT32_MAX;
    try_starts(s, mvp, starts, count);
    switch (tools->me) {
    case AVOCET_ME_DIA:
        search_diamond(s, tools->merange);
        break;
    case AVOCET_ME_HEX:
        search_hexagon_or_farther(s);
        if (s->row->syntax.slice_type != AVO_SLICE_B) /* these start from what P pictures found */
            search_axes(s, 4 * tools->merange);
        break;
    case AVOCET_ME_UMH:
        search_axes(s, 4 * tools->merange);
        search_multi_hexagon(s, tools->merange);
        break;
    default:
        search_axes(s, 4 * tools->merange);
        search_exhaustive(s, tools->merange);
    }
    s->near = exact_start(s, starts, count);
}

void avo_motion_search(AvoRowCtx *row, const AvoSearchBlock *b, int list, const AvoMv *starts,
                       int count, int stop_at, AvoMotion *m)
{
    AvoSearch s;
    avo_search_bind(&s, row, b, list, m->ref);
    avo_search_centre(&s, m->mvp);
    s.cur = s.weight ? unweighted_source(row, b, s.weight) : avo_search_source(&s);
    search_whole_samples(&s, m->mvp, starts, count);

    int base_rate = avo_rate(row, avo_ref_bits(row, list, m->ref));
    m->mv = (AvoMv){(int16_t)(4 * s.x), (int16_t)(4 * s.y)};
    m->rate = base_rate + avo_search_rate(&s, m->mv.x, m->mv.y);
    m->cost = s.cost + base_rate;
    if (!row->job->tools->fullpel_only && m->cost <= stop_at)
        avo_subpel_search(&s, list, base_rate, m);
}
