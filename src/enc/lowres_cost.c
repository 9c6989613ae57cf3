/* Costs at half size: what a picture would cost as intra, as P or as B picture, block by block.
 *
 * In: the padded half-size luma of the sources in the window. Out: AvoLowres, filled on demand and
 * kept, because shape search, scene cut detection, importance propagation and rate control ask for
 * the same pairs again and again.
 *
 * Search: a few candidates (median, zero, neighbours, two shorter ways one after the other or, for
 * the future, the way back from there, the same of blocks nearby, and what the search at an eighth
 * of the size found: coarse_search.c), a diamond on SAD, a half-sample diamond on SATD over
 * planes that are interpolated once per picture (not at the fastest). All kernel calls take four
 * positions at once. The fields are true to motion rather than cheapest per block: vector
 * differences cost. */
#include "enc/lookahead_internal.h"

#define REACH         12 /* whole samples that a block may lie outside the picture */
#define BIDIR_PENALTY 4
#define DIAMOND_STEPS 16
#define FADED_Q8      (8 * 256) /* change of mean luma that only a fade makes, */
#define FADED_SHARE   32        /* or this part of the light: fades are even in darkness */
#define CLEARLY_Q8    240       /* part of the cost that weights come down to in any fade */
#define BLACK_Q8      (16 * 256)
#define GOOD_SAD      (64 * 3 / 4) /* below this no whole-sample search */

/* ---- memory ---- */

/* Whole mini-GOPs ask for powers of two alone. */
static bool is_usual(int distance)
{
    return (distance & (distance - 1)) == 0;
}

static void carve_fields(AvoLowres *lr, AvoArena *arena, const AvoLookahead *la, int distance)
{
    size_t n = (size_t)la->mb_count;
    for (int dir = 0; dir < 2; dir++)
        if (distance <= (dir ? la->future_max : la->past_max)) {
            lr->mv[dir][distance - 1] = avo_arena_take(arena, n * sizeof(AvoMv), 0);
            lr->inter[dir][distance - 1] = avo_arena_take(arena, n * sizeof(uint16_t), 0);
        }
}

void avo_lowres_carve_rare(AvoLowres *lr, AvoArena *arena, const AvoLookahead *la, int distance)
{
    if (la->wants_costs && !is_usual(distance))
        carve_fields(lr, arena, la, distance);
}

void avo_lowres_carve(AvoLowres *lr, AvoArena *arena, const AvoLookahead *la)
{
    size_t n = (size_t)la->mb_count;
    memset(lr, 0, sizeof *lr);
    lr->aq_factor_q8 = avo_arena_take(arena, n * sizeof *lr->aq_factor_q8, 0);
    lr->qp_offset_q8 = avo_arena_take(arena, n * sizeof *lr->qp_offset_q8, 0);
    for (int i = 0; i < 3 && la->wants_means; i++)
        lr->line_sums[i] =
            avo_arena_take(arena, (size_t)la->mb_height * sizeof *lr->line_sums[i], 0);
    if (la->wants_ahead)
        lr->ahead = avo_arena_take(arena, AVO_LA_AHEAD_MAX * sizeof *lr->ahead, 0);
    if (!la->wants_costs)
        return;
    avo_coarse_carve(lr, arena, la);
    for (int i = 0; i < 3 && !la->whole_only; i++)
        avo_input_carve_half(&lr->hpel[i], arena, la->mb_width, la->mb_height);
    lr->intra = avo_arena_take(arena, n * sizeof *lr->intra, 0);
    lr->row_cost = avo_arena_take(arena, (size_t)la->mb_height * sizeof *lr->row_cost, 0);
    if (la->propagates)
        lr->inherited = avo_arena_take(arena, n * sizeof *lr->inherited, 0);
    for (int d = 1; d <= AVO_LA_DISTANCE_MAX; d++)
        if (is_usual(d))
            carve_fields(lr, arena, la, d);
    for (int dir = 0; dir < 2; dir++)
        if (dir ? la->future_max : la->past_max)
            lr->plan_mv[dir] = avo_arena_take(arena, n * sizeof(AvoMv), 0);
    for (int i = 0; i < AVO_LOWRES_PAIRS && la->future_max; i++)
        lr->pair[i].block = avo_arena_take(arena, n * sizeof(uint16_t), 0);
}

/* ---- which blocks are measured ---- */

/* Where no B picture and no importance asks for each block, one of four or sixteen (the last one)
 * speaks for all: sums and vectors to start from lose next to nothing by it. */
typedef struct Group {
    int x, y;   /* the block that is measured */
    int x0, y0; /* the first of the group */
    int x1, y1; /* behind the last */
} Group;

AVO_INLINE Group group_at(const AvoLookahead *la, int column, int line)
{
    Group g = {.x0 = column * la->step, .y0 = line * la->step};
    g.x1 = avo_min(g.x0 + la->step, la->mb_width);
    g.y1 = avo_min(g.y0 + la->step, la->mb_height);
    g.x = g.x1 - 1;
    g.y = g.y1 - 1;
    return g;
}

AVO_INLINE int group_columns(const AvoLookahead *la)
{
    return (la->mb_width + la->step - 1) / la->step;
}

AVO_INLINE int group_lines(const AvoLookahead *la)
{
    return (la->mb_height + la->step - 1) / la->step;
}

AVO_INLINE void set_costs(const AvoLookahead *la, uint16_t *blocks, const Group *g, int cost)
{
    for (int y = g->y0; y < g->y1; y++)
        for (int x = g->x0; x < g->x1; x++)
            blocks[y * la->mb_width + x] = (uint16_t)cost;
}

AVO_INLINE void set_vectors(const AvoLookahead *la, AvoMv *field, const Group *g, AvoMv mv)
{
    for (int y = g->y0; y < g->y1; y++)
        for (int x = g->x0; x < g->x1; x++)
            field[y * la->mb_width + x] = mv;
}

/* ---- picture preparation ---- */

/* Half-sample planes from the padded plane, with AVO_LOWRES_MARGIN samples around the picture. */
static void make_hpel_row(const AvoLookahead *la, const AvoSource *source, int y, int worker)
{
    const AvoLowres *lr = source->lookahead;
    const AvoPlane *half = &source->half;
    int first = y > 0 ? 8 * y : -AVO_LOWRES_MARGIN;
    int end = y < la->mb_height - 1 ? 8 * y + 8 : half->height + AVO_LOWRES_MARGIN;
    int width = (int)avo_align_up((size_t)half->width + 2 * AVO_LOWRES_MARGIN, 16);
    ptrdiff_t at = first * half->stride - AVO_LOWRES_MARGIN;
    la->dsp->hpel_planes(lr->hpel[0].data + at, lr->hpel[1].data + at, lr->hpel[2].data + at,
                         half->data + at, half->stride, width, end - first,
                         la->hpel_scratch + worker * la->hpel_scratch_stride);
}

/* Intra edge of an 8x8 block; the padding stands in for what is outside the picture. */
static void load_edge(pixel *edge, const pixel *block, ptrdiff_t stride)
{
    memcpy(edge, block - stride - 1, 17 * sizeof(pixel));
    for (int y = 0; y < 8; y++)
        edge[-1 - y] = block[y * stride - 1];
}

/* Cost of the best intra mode, predicted from source samples. */
static int intra_block(const AvoDsp *dsp, const pixel *block, ptrdiff_t stride)
{
    AVO_ALIGN(64) pixel cur[8 * AVO_CUR_STRIDE];
    AVO_ALIGN(64) pixel line[AVO_EDGE_SIZE] = {0}, smooth[AVO_EDGE_SIZE];
    int cost[9], best = AVO_LOWRES_COST_MAX;
    load_edge(line + AVO_EDGE_ORIGIN, block, stride);
    dsp->copy[1](cur, AVO_CUR_STRIDE, block, stride, 8);
    dsp->filter_edge_8x8(smooth + AVO_EDGE_ORIGIN, line + AVO_EDGE_ORIGIN,
                         AVO_EDGE_LEFT | AVO_EDGE_TOP | AVO_EDGE_CORNER | AVO_EDGE_TOPRIGHT);
    dsp->intra_sa8d_x9_8x8(cur, smooth + AVO_EDGE_ORIGIN, cost);
    for (int i = 0; i < 9; i++)
        best = avo_min(best, cost[i]);
    return best;
}

/* Border blocks are half padding and badly predicted: they do not count in decisions on pictures,
 * unless there is nothing else. */
static uint64_t inner_sum(const AvoLookahead *la, const uint16_t *blocks)
{
    uint64_t sum = 0;
    int x0 = la->mb_width > 2, y0 = la->mb_height > 2;
    for (int y = y0; y < la->mb_height - y0; y++)
        for (int x = x0; x < la->mb_width - x0; x++)
            sum += blocks[y * la->mb_width + x] & AVO_LOWRES_COST_MAX;
    return sum;
}

uint64_t avo_lowres_inner_count(const AvoLookahead *la)
{
    return (uint64_t)(la->mb_width - 2 * (la->mb_width > 2)) *
           (uint64_t)(la->mb_height - 2 * (la->mb_height > 2));
}

static void measure_intra(const AvoLookahead *la, const AvoSource *source, int line)
{
    const AvoLowres *lr = source->lookahead;
    const AvoPlane *half = &source->half;
    for (int column = 0; column < group_columns(la); column++) {
        Group g = group_at(la, column, line);
        const pixel *block = half->data + 8 * g.y * half->stride + 8 * g.x;
        set_costs(la, lr->intra, &g, intra_block(la->dsp, block, half->stride));
    }
}

void avo_lowres_examine_row(const AvoLookahead *la, const AvoSource *source, int y, int worker)
{
    if (!la->whole_only)
        make_hpel_row(la, source, y, worker);
    avo_coarse_row(la->dsp, source->lookahead, &source->half, y);
    if ((y + 1) % la->step == 0 || y == la->mb_height - 1)
        measure_intra(la, source, y / la->step);
}

void avo_lowres_examined(const AvoLookahead *la, AvoSource *source)
{
    AvoLowres *lr = source->lookahead;
    memset(lr->searched, 0, sizeof lr->searched);
    for (int i = 0; i < 3 && la->whole_only; i++)
        lr->hpel[i] = source->half;
    memset(lr->weight, 0, sizeof lr->weight);
    memset(lr->sum, 0xff, sizeof lr->sum); /* AVO_LOWRES_UNKNOWN */
    for (int i = 0; i < AVO_LOWRES_PAIRS; i++)
        lr->pair[i].past = lr->pair[i].future = 0;
    lr->next_pair = 0;
    lr->intra_sum = inner_sum(la, lr->intra);
}

/* ---- search in one direction ---- */

typedef struct BlockSearch {
    const AvoDsp *dsp;
    const pixel *plane[4]; /* whole, h, v, centre samples of the reference at the block's place */
    ptrdiff_t stride;
    AvoMv pred;
    int min_x, max_x, min_y, max_y; /* half samples */
    AvoMv mv;
    int cost;
    AVO_ALIGN(64) pixel cur[8 * AVO_CUR_STRIDE];
} BlockSearch;

/* Four times about the bits of a vector component that differs by d from its prediction,
 * 2 * floor(log2 d) + 3. Smooth fields serve all uses better than cheapest blocks. */
static const uint8_t component_cost[64] = {
    0,  12, 20, 20, 28, 28, 28, 28, 36, 36, 36, 36, 36, 36, 36, 36, 44, 44, 44, 44, 44, 44,
    44, 44, 44, 44, 44, 44, 44, 44, 44, 44, 52, 52, 52, 52, 52, 52, 52, 52, 52, 52, 52, 52,
    52, 52, 52, 52, 52, 52, 52, 52, 52, 52, 52, 52, 52, 52, 52, 52, 52, 52, 52, 52,
};

AVO_INLINE int mv_cost(const BlockSearch *s, AvoMv mv)
{
    return component_cost[avo_min(avo_abs(mv.x - s->pred.x), 63)] +
           component_cost[avo_min(avo_abs(mv.y - s->pred.y), 63)];
}

AVO_INLINE const pixel *at_mv(const BlockSearch *s, AvoMv mv)
{
    return s->plane[(mv.x & 1) | (mv.y & 1) << 1] + (mv.y >> 1) * s->stride + (mv.x >> 1);
}

/* Tries four positions with one kernel call and keeps the best; returns whether one was better. */
AVO_INLINE bool try_four(BlockSearch *s, AvoCostX4Fn fn, const AvoMv mv[4])
{
    const pixel *ref[4] = {at_mv(s, mv[0]), at_mv(s, mv[1]), at_mv(s, mv[2]), at_mv(s, mv[3])};
    int cost[4], best = -1;
    fn(s->cur, ref, s->stride, cost);
    for (int i = 0; i < 4; i++) {
        if (cost[i] >= s->cost)
            continue;
        int c = cost[i] + mv_cost(s, mv[i]);
        if (c < s->cost) {
            s->cost = c;
            best = i;
        }
    }
    if (best < 0)
        return false;
    s->mv = mv[best];
    return true;
}

AVO_INLINE AvoMv clip_mv(const BlockSearch *s, int x, int y)
{
    return (AvoMv){(int16_t)avo_clip3(s->min_x, s->max_x, x),
                   (int16_t)avo_clip3(s->min_y, s->max_y, y)};
}

/* Walks to the lowest of the four neighbours at distance step until none is lower. */
AVO_INLINE void walk_diamond(BlockSearch *s, AvoCostX4Fn fn, int step, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        AvoMv c = s->mv;
        int16_t left = (int16_t)avo_max(c.x - step, s->min_x);
        int16_t right = (int16_t)avo_min(c.x + step, s->max_x);
        int16_t above = (int16_t)avo_max(c.y - step, s->min_y);
        int16_t below = (int16_t)avo_min(c.y + step, s->max_y);
        AvoMv around[4] = {{left, c.y}, {right, c.y}, {c.x, above}, {c.x, below}};
        if (!try_four(s, fn, around))
            break;
    }
}

/* ---- a field of vectors ---- */

/* Motion is seldom even over many pictures, so two ways in a row say more than one that is scaled.
 */
static AvoHint find_hint(const AvoLookahead *la, int index, int dir, int distance)
{
    const AvoLowres *lr = avo_lowres(la, index);
    if (dir) {
        const AvoLowres *other = avo_lowres(la, index + distance);
        if (other->searched[0][distance - 1])
            return (AvoHint){.mv = other->mv[0][distance - 1], .reversed = true, .scale_q8 = -256};
    }
    for (int d = distance - 1; d > 0; d--) {
        const AvoLowres *there = avo_lowres(la, dir ? index + d : index - d);
        int rest = distance - d;
        if (lr->searched[dir][d - 1] && there->searched[dir][rest - 1])
            return (AvoHint){.mv = lr->mv[dir][d - 1],
                             .onward = there->mv[dir][rest - 1],
                             .scale_q8 = 256 * distance / d};
    }
    for (int d = distance - 1; d > 0; d--)
        if (lr->searched[dir][d - 1])
            return (AvoHint){.mv = lr->mv[dir][d - 1], .scale_q8 = 256 * distance / d};
    for (int d = 1; d <= (dir ? la->past_max : la->future_max); d++)
        if (lr->searched[!dir][d - 1])
            return (AvoHint){.mv = lr->mv[!dir][d - 1], .scale_q8 = -256 * distance / d};
    return (AvoHint){.mv = NULL};
}

AVO_INLINE AvoMv scaled(AvoMv mv, int scale_q8)
{
    return (AvoMv){(int16_t)((mv.x * scale_q8 + 128) >> 8),
                   (int16_t)((mv.y * scale_q8 + 128) >> 8)};
}

/* A field's vector where the block at x, y arrives by mv. */
static AvoMv vector_at(const AvoLookahead *la, const AvoMv *field, int x, int y, AvoMv mv)
{
    int tx = avo_clip3(0, la->mb_width - 1, (16 * x + mv.x + 8) >> 4);
    int ty = avo_clip3(0, la->mb_height - 1, (16 * y + mv.y + 8) >> 4);
    return field[ty * la->mb_width + tx];
}

/* What the hint says of block x, y. */
static AvoMv hinted(const AvoLookahead *la, const AvoHint *hint, int x, int y)
{
    AvoMv mv = hint->mv[y * la->mb_width + x];
    if (hint->onward) {
        AvoMv rest = vector_at(la, hint->onward, x, y, mv);
        return (AvoMv){(int16_t)(mv.x + rest.x), (int16_t)(mv.y + rest.y)};
    }
    if (hint->reversed)
        return scaled(vector_at(la, hint->mv, x, y, scaled(mv, -256)), -256);
    return scaled(mv, hint->scale_q8);
}

/* Median prediction and candidates from the vectors found so far in this field. */
static void predict_block(BlockSearch *s, AvoMv out[5], const AvoMv *field, int width,
                          const Group *g)
{
    static const AvoMv zero = {0, 0};
    const AvoMv *above = field + (g->y0 - 1) * width;
    AvoMv left = g->x0 ? field[g->y0 * width + g->x0 - 1] : zero;
    AvoMv top = g->y0 ? above[g->x0] : left;
    AvoMv right = g->y0 && g->x1 < width ? above[g->x1] : top;
    s->pred.x = (int16_t)avo_median3(left.x, top.x, right.x);
    s->pred.y = (int16_t)avo_median3(left.y, top.y, right.y);
    out[0] = clip_mv(s, s->pred.x, s->pred.y);
    out[1] = zero;
    out[2] = clip_mv(s, left.x, left.y);
    out[3] = clip_mv(s, top.x, top.y);
    out[4] = clip_mv(s, right.x, right.y);
}

/* Two candidates from the coarse field: of the block's place and of the next place diagonally. */
static void add_coarse(const AvoLookahead *la, const BlockSearch *s, AvoMv out[2],
                       const AvoMv *coarse, int x, int y)
{
    int cx = x / 4, cy = y / 4;
    int nx = avo_min(cx + 1, la->coarse_width - 1), ny = avo_min(cy + 1, la->coarse_height - 1);
    AvoMv here = coarse[cy * la->coarse_width + cx], next = coarse[ny * la->coarse_width + nx];
    out[0] = clip_mv(s, here.x, here.y);
    out[1] = clip_mv(s, next.x, next.y);
}

/* What a block at g is searched with: its place in the planes and limits. */
static void start_block(const AvoField *f, BlockSearch *s, const Group *g)
{
    const AvoLookahead *la = f->la;
    ptrdiff_t at = 8 * g->y * s->stride + 8 * g->x;
    for (int k = 0; k < 4; k++)
        s->plane[k] = f->plane[k] + at;
    s->min_x = -2 * (8 * g->x + REACH);
    s->max_x = 2 * (8 * (la->mb_width - 1 - g->x) + REACH);
    s->min_y = -2 * (8 * g->y + REACH);
    s->max_y = 2 * (8 * (la->mb_height - 1 - g->y) + REACH);
    la->dsp->copy[1](s->cur, AVO_CUR_STRIDE, f->cur->data + at, s->stride, 8);
}

static AvoMv clip_hinted(const AvoField *f, const BlockSearch *s, int x, int y)
{
    AvoMv mv = hinted(f->la, &f->hint, x, y);
    return clip_mv(s, mv.x, mv.y);
}

/* What the fields around say of the blocks to the right and below, and the first of them alone. */
static void try_hints(const AvoField *f, BlockSearch *s, const Group *g)
{
    const AvoLookahead *la = f->la;
    int x = g->x0, x1 = avo_min(g->x1, la->mb_width - 1);
    int y = g->y0, y1 = avo_min(g->y1, la->mb_height - 1);
    AvoMv alone = scaled(f->hint.mv[y * la->mb_width + x], f->hint.scale_q8);
    AvoMv mv[4] = {clip_hinted(f, s, x1, y), clip_hinted(f, s, x, y1), clip_hinted(f, s, x1, y1),
                   clip_mv(s, alone.x, alone.y)};
    try_four(s, s->dsp->sad_x4[AVO_BLK_8x8], mv);
}

/* Candidates by fours, the likeliest first, as long as none is good. */
static void try_candidates(const AvoField *f, BlockSearch *s, const Group *g)
{
    AvoMv mv[8] = {{0, 0}};
    predict_block(s, mv, f->mv, f->la->mb_width, g);
    s->cost = INT32_MAX;
    try_four(s, s->dsp->sad_x4[AVO_BLK_8x8], mv);
    if (s->cost <= GOOD_SAD)
        return;
    if (f->hint.mv)
        mv[5] = clip_hinted(f, s, g->x0, g->y0);
    if (f->coarse)
        add_coarse(f->la, s, &mv[6], f->coarse, g->x, g->y);
    try_four(s, s->dsp->sad_x4[AVO_BLK_8x8], mv + 4);
    if (s->cost > GOOD_SAD && f->hint.mv)
        try_hints(f, s, g);
}

AVO_INLINE bool is_zero(AvoMv mv)
{
    return !(mv.x | mv.y);
}

/* Whether the block and those around it stand still, to the last sample, as most of a screen does:
 * the whole search would find nothing else. */
static bool stands_still(const AvoField *f, const BlockSearch *s, const Group *g)
{
    int width = f->la->mb_width;
    const AvoMv *left = f->mv + g->y0 * width + g->x0 - 1, *above = left + 1 - width;
    bool still_around =
        (!g->x0 || is_zero(left[0])) &&
        (!g->y0 || (is_zero(above[0]) && (g->x1 >= width || is_zero(above[g->x1 - g->x0]))));
    ptrdiff_t at = 8 * g->y * s->stride + 8 * g->x;
    return still_around &&
           !s->dsp->sad[AVO_BLK_8x8](f->cur->data + at, s->stride, f->plane[0] + at, s->stride);
}

static void search_block(const AvoField *f, BlockSearch *s, const Group *g)
{
    if (stands_still(f, s, g)) {
        s->mv = (AvoMv){0, 0};
        s->cost = 0;
        return;
    }
    start_block(f, s, g);
    try_candidates(f, s, g);
    if (s->cost > GOOD_SAD)
        walk_diamond(s, s->dsp->sad_x4[AVO_BLK_8x8], 2, DIAMOND_STEPS);
    s->cost = s->dsp->satd[AVO_BLK_8x8](s->cur, AVO_CUR_STRIDE, at_mv(s, s->mv), s->stride) +
              mv_cost(s, s->mv);
    if (!f->la->whole_only && s->cost > 0)
        walk_diamond(s, s->dsp->satd_x4[AVO_BLK_8x8], 1, 2);
}

/* Blocks are small, and telling another processor takes as long as one of them: rows tell each
 * other of so many at once. */
#define PROGRESS_STEP 8

int avo_lowres_lines(const AvoLookahead *la)
{
    return group_lines(la);
}

bool avo_lowres_line_is_ready(const AvoField *f, int line)
{
    int lead = avo_min(2 * PROGRESS_STEP, group_columns(f->la));
    return line == 0 || avo_progress_get(&f->row_progress[line - 1]) >= lead;
}

/* Candidates need the vectors to the left and above, up to one group further right. */
void avo_lowres_search_line(const AvoField *f, int line)
{
    const AvoLookahead *la = f->la;
    BlockSearch s = {.dsp = la->dsp, .stride = f->cur->stride};
    for (int column = 0, columns = group_columns(la); column < columns; column++) {
        Group g = group_at(la, column, line);
        if (line > 0 && column % PROGRESS_STEP == 0)
            avo_progress_wait(&f->row_progress[line - 1],
                              avo_min(column + PROGRESS_STEP + 1, columns));
        search_block(f, &s, &g);
        set_vectors(la, f->mv, &g, s.mv);
        set_costs(la, f->cost, &g, avo_min(s.cost, AVO_LOWRES_COST_MAX));
        if (column % PROGRESS_STEP == 0 || column + 1 == columns)
            avo_progress_publish(&f->row_progress[line], column + 1);
    }
}

static void search_task(void *context, int line, int worker)
{
    (void)worker;
    avo_lowres_search_line(context, line);
}

static void search_rows(AvoField *field)
{
    int lines = group_lines(field->la);
    field->row_progress = field->la->row_progress;
    for (int y = 0; y < lines; y++)
        avo_progress_reset(&field->row_progress[y]);
    avo_lookahead_run(field->la, search_task, field, lines);
}

/* Whether weights lower the cost of a sample of the blocks where they are: one of eight, in
 * diagonal rows. */
static bool weight_promises(const AvoLookahead *la, int index, int distance,
                            const AvoPlanWeight *weight)
{
    const AvoPlane *cur = &la->window[index]->half;
    const AvoSource *ref = la->window[index - distance];
    const AvoMv *mv = avo_lowres(la, index)->mv[0][distance - 1];
    AVO_ALIGN(64) pixel block[8 * AVO_CUR_STRIDE];
    uint64_t plain = 0, weighted = 0;
    for (int y = 0; y < la->mb_height; y++) {
        for (int x = 3 * y & 7; x < la->mb_width; x += 8) {
            ptrdiff_t at = 8 * y * cur->stride + 8 * x;
            const pixel *from = avo_lowres_at(ref, mv[y * la->mb_width + x], at);
            la->dsp->weight(block, AVO_CUR_STRIDE, from, cur->stride, 8, 8, weight->log2_denom[0],
                            weight->w[0], weight->o[0]);
            AvoCostFn satd = la->dsp->satd[AVO_BLK_8x8];
            plain += (uint64_t)satd(cur->data + at, cur->stride, from, cur->stride);
            weighted += (uint64_t)satd(cur->data + at, cur->stride, block, AVO_CUR_STRIDE);
        }
    }
    return avo_weight_pays(weighted, plain);
}

/* Samples that look alike are elsewhere then: neither long motion nor the vectors found without
 * weights say anything. What a moving camera changes of the brightness is less. */
static bool is_fade(const AvoLowres *cur, const AvoLowres *ref)
{
    int change = avo_abs(cur->mean_q8[0] - ref->mean_q8[0]);
    int light = avo_max(cur->mean_q8[0], ref->mean_q8[0]) - BLACK_Q8;
    return change >= avo_min(FADED_Q8, light / FADED_SHARE);
}

/* Whether a quarter of the picture, by texture, is found again to the last sample: then something
 * bright or dark has come or gone, as windows do, and nothing fades. */
static bool much_is_unchanged(const AvoLookahead *la, const AvoLowres *lr, int dir, int distance)
{
    const uint16_t *inter = lr->inter[dir][distance - 1];
    uint64_t texture = 0, unchanged = 0;
    for (int i = 0; i < la->mb_count; i++) {
        texture += lr->intra[i];
        unchanged += inter[i] ? 0 : lr->intra[i];
    }
    return unchanged > texture / 4;
}

/* Searches again with the reference under weights if the brightness has changed; keeps the better
 * field. Where nothing was promised (into the future nothing is asked) it has to be much better, as
 * in fades: what moves through a small picture changes the mean, too. */
static void search_weighted(const AvoLookahead *la, int index, int dir, int distance,
                            const AvoHint *hint)
{
    AvoLowres *lr = avo_lowres(la, index);
    const AvoSource *ref = la->window[dir ? index + distance : index - distance];
    const AvoLowres *there = ref->lookahead;
    AvoPlanWeight *weight = &lr->weight[dir][distance - 1];
    if (!avo_weight_luma(lr, there, weight))
        return;
    bool unchanged = much_is_unchanged(la, lr, dir, distance);
    bool promised = !unchanged && !dir && weight_promises(la, index, distance, weight);
    if (unchanged || (!promised && !is_fade(lr, there))) {
        memset(weight, 0, sizeof *weight);
        return;
    }
    avo_weight_plane(la, &la->weighted[0], &ref->half, weight);
    for (int k = 0; k < 3; k++)
        avo_weight_plane(la, &la->weighted[1 + k], &there->hpel[k], weight);
    AvoField field = {.la = la,
                      .cur = &la->window[index]->half,
                      .plane = {la->weighted[0].data, la->weighted[1].data, la->weighted[2].data,
                                la->weighted[3].data},
                      .hint = *hint,
                      .mv = la->mv_scratch,
                      .cost = la->inter_scratch};
    search_rows(&field);
    uint16_t *cost = lr->inter[dir][distance - 1];
    uint64_t plain = inner_sum(la, cost), least = promised ? plain : plain * CLEARLY_Q8 >> 8;
    if (!avo_weight_pays(inner_sum(la, la->inter_scratch), least)) {
        memset(weight, 0, sizeof *weight);
        return;
    }
    memcpy(cost, la->inter_scratch, (size_t)la->mb_count * sizeof *cost);
    memcpy(lr->mv[dir][distance - 1], la->mv_scratch, (size_t)la->mb_count * sizeof(AvoMv));
}

static AvoField field_of(const AvoLookahead *la, const AvoSource *cur, const AvoSource *ref,
                         int dir, int distance)
{
    const AvoLowres *c = cur->lookahead, *r = ref->lookahead;
    return (AvoField){.la = la,
                      .cur = &cur->half,
                      .plane = {ref->half.data, r->hpel[0].data, r->hpel[1].data, r->hpel[2].data},
                      .mv = c->mv[dir][distance - 1],
                      .cost = c->inter[dir][distance - 1]};
}

bool avo_lowres_wants_coarse(const AvoLookahead *la, const AvoLowres *cur, const AvoLowres *ref)
{
    return !(la->wants_weights && is_fade(cur, ref)) && avo_coarse_is_possible(cur);
}

AvoField avo_lowres_first_field(const AvoLookahead *la, const AvoSource *cur, const AvoSource *ref)
{
    return field_of(la, cur, ref, 0, 1);
}

AvoField avo_lowres_field(const AvoLookahead *la, int index, int dir, int distance)
{
    int ref = dir ? index + distance : index - distance;
    AVO_ASSERT(distance >= 1 && distance <= (dir ? la->future_max : la->past_max));
    AvoField field = field_of(la, la->window[index], la->window[ref], dir, distance);
    field.hint = find_hint(la, index, dir, distance);
    return field;
}

void avo_lowres_searched(const AvoLookahead *la, int index, int dir, int distance,
                         const AvoHint *hint)
{
    if (la->wants_weights)
        search_weighted(la, index, dir, distance, hint);
    avo_lowres(la, index)->searched[dir][distance - 1] = true;
}

/* ---- pictures as P and B ---- */

static void p_blocks(const AvoLookahead *la, int index, int past, uint16_t *out)
{
    const AvoLowres *lr = avo_lowres(la, index);
    const uint16_t *inter = lr->inter[0][past - 1];
    for (int i = 0; i < la->mb_count; i++) {
        int intra = lr->intra[i] + AVO_LOWRES_PENALTY;
        out[i] = (uint16_t)(inter[i] < intra ? inter[i] | AVO_LOWRES_PAST << AVO_LOWRES_LIST_SHIFT
                                             : avo_min(intra, AVO_LOWRES_COST_MAX));
    }
}

typedef struct Pair {
    const AvoLookahead *la;
    int index, past, future;
    uint16_t *out;
} Pair;

static void b_row(const Pair *p, int y)
{
    const AvoLookahead *la = p->la;
    const AvoLowres *lr = avo_lowres(la, p->index);
    const AvoSource *ref0 = la->window[p->index - p->past];
    const AvoSource *ref1 = la->window[p->index + p->future];
    const AvoPlane *cur = &la->window[p->index]->half;
    const AvoMv *mv0 = lr->mv[0][p->past - 1], *mv1 = lr->mv[1][p->future - 1];
    const uint16_t *inter0 = lr->inter[0][p->past - 1], *inter1 = lr->inter[1][p->future - 1];
    ptrdiff_t stride = cur->stride;
    AVO_ALIGN(64) pixel mean[8 * AVO_CUR_STRIDE];
    for (int x = 0, i = y * la->mb_width; x < la->mb_width; x++, i++) {
        ptrdiff_t at = 8 * y * stride + 8 * x;
        if (!inter0[i]) { /* nothing costs less */
            p->out[i] = AVO_LOWRES_PAST << AVO_LOWRES_LIST_SHIFT;
            continue;
        }
        la->dsp->avg[1](mean, AVO_CUR_STRIDE, avo_lowres_at(ref0, mv0[i], at), stride,
                        avo_lowres_at(ref1, mv1[i], at), stride, 8);
        int best = BIDIR_PENALTY +
                   la->dsp->satd[AVO_BLK_8x8](mean, AVO_CUR_STRIDE, cur->data + at, stride);
        int lists = AVO_LOWRES_BOTH;
        if (inter0[i] < best) {
            best = inter0[i];
            lists = AVO_LOWRES_PAST;
        }
        if (inter1[i] < best) {
            best = inter1[i];
            lists = AVO_LOWRES_FUTURE;
        }
        if (lr->intra[i] + AVO_LOWRES_PENALTY < best) {
            best = lr->intra[i] + AVO_LOWRES_PENALTY;
            lists = AVO_LOWRES_INTRA;
        }
        p->out[i] = (uint16_t)(avo_min(best, AVO_LOWRES_COST_MAX) | lists << AVO_LOWRES_LIST_SHIFT);
    }
}

#define PAIRS_AT_ONCE 16

typedef struct PairList {
    Pair pair[PAIRS_AT_ONCE];
    int count;
} PairList;

static void pair_task(void *context, int i, int worker)
{
    const Pair *pair = context;
    int rows = pair->la->mb_height;
    (void)worker;
    b_row(&pair[i / rows], i % rows);
}

static void run_pairs(const AvoLookahead *la, PairList *list)
{
    if (list->count)
        avo_lookahead_run(la, pair_task, list->pair, list->count * la->mb_height);
    list->count = 0;
}

static const uint16_t *find_pair(const AvoLowres *lr, int past, int future)
{
    for (int i = 0; i < AVO_LOWRES_PAIRS; i++)
        if (lr->pair[i].past == past && lr->pair[i].future == future)
            return lr->pair[i].block;
    return NULL;
}

/* Both fields have been searched. Returns where its blocks will be once the list is run. */
static const uint16_t *add_pair(const AvoLookahead *la, PairList *list, int index, int past,
                                int future)
{
    AvoLowres *lr = avo_lowres(la, index);
    const uint16_t *known = find_pair(lr, past, future);
    if (known)
        return known;
    AvoLowresPair *pair = &lr->pair[lr->next_pair++ % AVO_LOWRES_PAIRS];
    pair->past = past;
    pair->future = future;
    list->pair[list->count++] = (Pair){la, index, past, future, pair->block};
    return pair->block;
}

const uint16_t *avo_lowres_blocks(const AvoLookahead *la, int index, int past, int future,
                                  uint16_t *out)
{
    PairList list;
    list.count = 0;
    avo_fields_want(la, index, past, future);
    avo_fields_search(la);
    if (!future) {
        p_blocks(la, index, past, out);
        return out;
    }
    const uint16_t *blocks = add_pair(la, &list, index, past, future);
    run_pairs(la, &list);
    return blocks;
}

uint32_t avo_lowres_cost(const AvoLookahead *la, int index, int past, int future)
{
    uint32_t *sum = &avo_lowres(la, index)->sum[past][future];
    if (*sum == AVO_LOWRES_UNKNOWN)
        *sum =
            (uint32_t)inner_sum(la, avo_lowres_blocks(la, index, past, future, la->block_scratch));
    return *sum;
}

bool avo_lowres_knows(const AvoLookahead *la, const AvoGopEntry *e)
{
    return avo_lowres(la, e->index)->sum[avo_gop_past(e)][avo_gop_future(e)] != AVO_LOWRES_UNKNOWN;
}

uint32_t avo_lowres_nearer_cost(const AvoLookahead *la, const AvoGopEntry *e)
{
    int past = avo_gop_past(e), future = avo_gop_future(e);
    if (avo_lowres_knows(la, e))
        return avo_lowres(la, e->index)->sum[past][future];
    uint32_t most = 0;
    for (int p = 1; p <= past; p++)
        for (int f = future > 0; f <= future; f++) {
            uint32_t sum = avo_lowres(la, e->index)->sum[p][f];
            if (sum != AVO_LOWRES_UNKNOWN && sum > most)
                most = sum;
        }
    return most;
}

void avo_lowres_find_costs(const AvoLookahead *la, const AvoGopEntry *entry, int count)
{
    PairList list;
    list.count = 0;
    for (int k = 0; k < count; k++)
        if (!avo_lowres_knows(la, &entry[k]))
            avo_fields_want(la, entry[k].index, avo_gop_past(&entry[k]), avo_gop_future(&entry[k]));
    avo_fields_search(la);
    for (int k = 0; k < count; k++) {
        const AvoGopEntry *e = &entry[k];
        if (avo_gop_future(e) && !avo_lowres_knows(la, e))
            add_pair(la, &list, e->index, avo_gop_past(e), avo_gop_future(e));
        if (list.count == PAIRS_AT_ONCE)
            run_pairs(la, &list);
    }
    run_pairs(la, &list);
    for (int k = 0; k < count; k++)
        avo_lowres_cost(la, entry[k].index, avo_gop_past(&entry[k]), avo_gop_future(&entry[k]));
}
