/* Importance propagation: how much of what a block is coded with does later pictures inherit?
 *
 * Walking the assumed structure backwards, each picture behind all that refer to it, each block
 * passes on
 *
 *     amount = (own + inherited) * (intra - inter) / intra
 *
 * to the blocks that its vector touches, by area; half and half when it averages two references.
 * own is its intra cost in bits: weighted by the adaptive quantiser (a block that is coded finer
 * carries more bits) and by how long its picture is shown. A block that k later blocks copy from
 * then has inherited about k times its own cost, and is worth coding finer:
 *
 *     QP offset = -strength * log2((own + inherited) / own)
 *
 * inter is what quantisation will leave of the prediction error: an error that the step swallows is
 * never coded, the block stays a copy and passes all of its importance on (la->swallowed).
 *
 * Amounts are unsigned, in 1/16 of a cost unit, saturating at AMOUNT_MAX, so nothing overflows
 * however long the lookahead is. */
#include "enc/lookahead_internal.h"
#include <limits.h>

#define AMOUNT_MAX 0x0fffffffu

/* What follows a keyframe counts for the pictures before it as if it were predicted; where an
 * average rate has to pay for it as it comes, half of that is enough. */
#define KEY_SHIFT_ABR 1

/* Rows that a task takes from or gives to, if there are threads and enough to do for them. */
#define BAND          8
#define MIN_BANDS_MBS 1500

/* One picture passing on its importance: to where, along which vectors, and how much per block. */
typedef struct Pass {
    const AvoLookahead *la;
    const AvoLowres *lr;
    const uint16_t *blocks; /* costs and lists of the picture */
    uint32_t *amount;       /* per block and list that it uses */
    AvoReach *reach;        /* per row */
    int duration_q8;
    int shift;       /* amounts are passed on divided by 1 << shift */
    uint32_t *to[2]; /* past and future; NULL: already coded, nobody needs to know */
    const AvoMv *mv[2];
} Pass;

/* Pictures that do not need each other, passing on at once. Vectors may lead anywhere, so the
 * amounts are found first; then each band of each reference takes what is meant for it. Sums that
 * saturate are the same in any order. */
typedef struct Passes {
    Pass pass[AVO_LA_PASSES];
    int count;
    uint32_t *target[2 * AVO_LA_PASSES]; /* what they pass on to, each once */
    int target_count;
    int band, bands; /* rows of a band, bands of a picture */
} Passes;

/* As the kernel that finds amounts has it (heritage in dsp/dsp.h). */
AVO_INLINE uint32_t own_amount(const AvoLowres *lr, int i, int duration_q8)
{
    uint64_t cost = (uint64_t)avo_max(lr->intra[i], 1) * lr->aq_factor_q8[i];
    return (uint32_t)(cost * (unsigned)duration_q8 >> 12) + 1;
}

AVO_INLINE void add_amount(uint32_t *at, uint32_t amount)
{
    uint32_t sum = *at + amount;
    *at = sum > AMOUNT_MAX ? AMOUNT_MAX : sum;
}

/* Adds to the blocks of rows y0..y1-1 among the up to four under a displaced block; vectors in half
 * samples, a block is 16 of them wide. What falls outside the picture is lost. */
static void spread(const Pass *p, int list, int i, int x, int y, int y0, int y1)
{
    AvoMv mv = p->mv[list][i];
    int px = 16 * x + mv.x, py = 16 * y + mv.y, width = p->la->mb_width;
    int bx = px >> 4, by = py >> 4;
    if (by + 1 < y0 || by >= y1)
        return;
    unsigned fx = (unsigned)px & 15, fy = (unsigned)py & 15;
    unsigned weight[4] = {(16 - fx) * (16 - fy), fx * (16 - fy), (16 - fx) * fy, fx * fy};
    bool inside = bx >= 0 && bx + 1 < width && by >= y0 && by + 1 < y1;
    for (int k = 0; k < 4; k++) {
        int tx = bx + (k & 1), ty = by + (k >> 1);
        if (inside || (tx >= 0 && tx < width && ty >= y0 && ty < y1))
            add_amount(&p->to[list][ty * width + tx],
                       (uint32_t)((uint64_t)p->amount[i] * weight[k] >> 8));
    }
}

/* What each block of a row passes on per list. */
static void find_amounts(const Pass *p, int y)
{
    const AvoLowres *lr = p->lr;
    int width = p->la->mb_width, first = y * width;
    const AvoHeritage of = {.blocks = p->blocks + first,
                            .intra = lr->intra + first,
                            .weight = lr->aq_factor_q8 + first,
                            .inherited = lr->inherited + first,
                            .swallowed = p->la->swallowed,
                            .duration_q8 = p->duration_q8,
                            .shift = p->shift};
    p->la->dsp->heritage(p->amount + first, &of, width);
}

AVO_INLINE bool passes_on(const Pass *p, int list, int i)
{
    return p->amount[i] && p->blocks[i] >> AVO_LOWRES_LIST_SHIFT & 1 << list;
}

/* Rows of the reference under a row's displaced blocks. */
static void find_reach(const Pass *p, int y)
{
    int width = p->la->mb_width;
    for (int list = 0; list < 2; list++) {
        AvoReach *r = &p->reach[y];
        r->first[list] = INT_MAX;
        r->last[list] = INT_MIN;
        for (int i = y * width; p->to[list] && i < (y + 1) * width; i++)
            if (passes_on(p, list, i)) {
                int by = (16 * y + p->mv[list][i].y) >> 4;
                r->first[list] = avo_min(r->first[list], by);
                r->last[list] = avo_max(r->last[list], by + 1);
            }
    }
}

/* A band of a picture. */
static void give_task(void *context, int i, int worker)
{
    const Passes *all = context;
    const Pass *p = &all->pass[i / all->bands];
    int y0 = i % all->bands * all->band, y1 = avo_min(y0 + all->band, p->la->mb_height);
    (void)worker;
    for (int y = y0; y < y1; y++) {
        find_amounts(p, y);
        find_reach(p, y);
    }
}

/* What rows y0..y1-1 of a reference get from a picture. */
static void take(const Pass *p, int list, int y0, int y1)
{
    int width = p->la->mb_width;
    for (int y = 0; y < p->la->mb_height; y++) {
        if (p->reach[y].first[list] >= y1 || p->reach[y].last[list] < y0)
            continue;
        for (int x = 0, i = y * width; x < width; x++, i++)
            if (passes_on(p, list, i))
                spread(p, list, i, x, y, y0, y1);
    }
}

/* A band of a reference. */
static void take_task(void *context, int i, int worker)
{
    const Passes *all = context;
    const uint32_t *target = all->target[i / all->bands];
    int y0 = i % all->bands * all->band;
    int y1 = avo_min(y0 + all->band, all->pass[0].la->mb_height);
    (void)worker;
    for (int k = 0; k < all->count; k++)
        for (int list = 0; list < 2; list++)
            if (all->pass[k].to[list] == target)
                take(&all->pass[k], list, y0, y1);
}

/* Each band looks at some rows that others look at, too: a loss on one thread. */
static bool is_banded(const AvoLookahead *la)
{
    return la->mb_count >= MIN_BANDS_MBS && la->workers > 1;
}

static void run_tasks(const AvoLookahead *la, AvoTaskFn fn, Passes *all, int count)
{
    if (is_banded(la)) {
        avo_lookahead_run(la, fn, all, count);
        return;
    }
    for (int i = 0; i < count; i++)
        fn(all, i, 0);
}

static void run_passes(const AvoLookahead *la, Passes *all)
{
    if (!all->count)
        return;
    run_tasks(la, give_task, all, all->count * all->bands);
    run_tasks(la, take_task, all, all->target_count * all->bands);
    all->count = all->target_count = 0;
}

static void add_target(Passes *all, uint32_t *target)
{
    for (int i = 0; i < all->target_count; i++)
        if (all->target[i] == target)
            return;
    if (target)
        all->target[all->target_count++] = target;
}

static void add_pass(const AvoLookahead *la, const AvoGopEntry *e, Passes *all)
{
    if (e->past <= 0 && e->future < 0)
        return; /* intra, or a P picture right behind what is coded */
    if (all->count == avo_propagate_passes(la))
        run_passes(la, all);
    bool across = e->type == AVOCET_TYPE_IDR && la->config.rate_mode == AVOCET_RATE_BITRATE;
    const AvoLowres *lr = avo_lowres(la, e->index);
    int past = avo_gop_past(e), future = avo_gop_future(e);
    int k = all->count++;
    all->pass[k] =
        (Pass){.la = la,
               .lr = lr,
               .blocks = avo_lowres_blocks(la, e->index, past, future, la->block_scratch),
               .amount = la->amount_scratch + k * la->mb_count,
               .reach = la->reach_scratch + k * la->mb_height,
               .duration_q8 = avo_propagate_duration_q8(la, e->index),
               .shift = across && !la->types ? KEY_SHIFT_ABR : 0,
               .to = {e->past > 0 ? avo_lowres(la, e->past)->inherited : NULL,
                      future ? avo_lowres(la, e->future)->inherited : NULL},
               .mv = {lr->mv[0][past - 1], future ? lr->mv[1][future - 1] : NULL}};
    for (int list = 0; list < 2; list++)
        add_target(all, all->pass[k].to[list]);
}

int avo_propagate_passes(const AvoLookahead *la)
{
    return is_banded(la) ? AVO_LA_PASSES : 1;
}

/* B pictures layer by layer, as each refers to lower ones alone; then anchors, each to the one
 * before. */
static void pass_on_window(const AvoLookahead *la)
{
    Passes all = {.band = is_banded(la) ? BAND : la->mb_height};
    int top = 0;
    all.bands = (la->mb_height + all.band - 1) / all.band;
    for (int k = 0; k < la->entry_count; k++)
        top = avo_max(top, la->entry[k].layer);
    for (int layer = top; layer > 0; layer--) {
        for (int k = 0; k < la->entry_count; k++)
            if (la->entry[k].layer == layer)
                add_pass(la, &la->entry[k], &all);
        run_passes(la, &all);
    }
    for (int k = la->entry_count - 1; k >= 0; k--)
        if (la->entry[k].layer == 0) {
            add_pass(la, &la->entry[k], &all);
            run_passes(la, &all);
        }
}

int avo_propagate_duration_q8(const AvoLookahead *la, int index)
{
    return avo_clip3(32, 2048, (int)(avo_lookahead_duration_q16(la, index) >> 8));
}

/* strength * log2((own + inherited) / own), 1/256 QP. */
static int importance_q8(const AvoLowres *lr, int i, int duration_q8, int strength_q8)
{
    if (!lr->inherited[i])
        return 0;
    uint32_t own = own_amount(lr, i, duration_q8);
    int64_t log2_q16 = avo_log2_ratio_q16((uint64_t)own + lr->inherited[i], own);
    return (int)(log2_q16 * strength_q8 >> 16);
}

static void set_offsets(void *context, int k, int worker)
{
    const AvoLookahead *la = context;
    int index = la->entry[k].index;
    const AvoSource *s = la->window[index];
    AvoLowres *lr = avo_lowres(la, index);
    int duration_q8 = avo_propagate_duration_q8(la, index);
    int strength_q8 = 5 * 256 * (100 - la->config.qcomp) / 100;
    (void)worker;
    for (int i = 0; i < la->mb_count; i++) {
        int offset = s->aq_q8[i];
        if (la->propagates)
            offset -= importance_q8(lr, i, duration_q8, strength_q8);
        if (s->roi)
            offset += s->roi[i] * 256;
        lr->qp_offset_q8[i] = (int16_t)avo_clip3(-51 * 256, 51 * 256, offset);
    }
}

void avo_propagate_window(AvoLookahead *la)
{
    if (la->propagates) {
        for (int k = 0; k < la->entry_count; k++)
            memset(avo_lowres(la, la->entry[k].index)->inherited, 0,
                   (size_t)la->mb_count * sizeof(uint32_t));
        pass_on_window(la);
    }
    avo_lookahead_run(la, set_offsets, la, la->minigop_length);
}
