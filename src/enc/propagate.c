/* Importance propagation: how much of what a block is coded with does later pictures inherit?
 *
 * Walking the assumed structure backwards in coding order, each block passes on
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

/* One picture passing on its importance: to where, along which vectors, and how much per block.
 * Vectors may lead anywhere, so the amounts are found first; then each band of the references takes
 * what is meant for it, in the order of the blocks it comes from, however many bands there are. */
typedef struct Pass {
    const AvoLookahead *la;
    const AvoLowres *lr;
    const uint16_t *blocks; /* costs and lists of the picture */
    uint32_t *amount;       /* per block and list that it uses */
    AvoReach *reach;        /* per row */
    int band;               /* rows */
    int duration_q8;
    int shift;       /* amounts are passed on divided by 1 << shift */
    uint32_t *to[2]; /* past and future; NULL: already coded, nobody needs to know */
    const AvoMv *mv[2];
} Pass;

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

static void give_band(void *context, int band, int worker)
{
    const Pass *p = context;
    int end = avo_min((band + 1) * p->band, p->la->mb_height);
    (void)worker;
    for (int y = band * p->band; y < end; y++) {
        find_amounts(p, y);
        find_reach(p, y);
    }
}

static void take_band(void *context, int band, int worker)
{
    const Pass *p = context;
    int width = p->la->mb_width, height = p->la->mb_height;
    int y0 = band * p->band, y1 = avo_min(y0 + p->band, height);
    (void)worker;
    for (int list = 0; list < 2; list++)
        for (int y = 0; p->to[list] && y < height; y++) {
            if (p->reach[y].first[list] >= y1 || p->reach[y].last[list] < y0)
                continue;
            for (int x = 0, i = y * width; x < width; x++, i++)
                if (passes_on(p, list, i))
                    spread(p, list, i, x, y, y0, y1);
        }
}

/* Each band looks at some rows that others look at, too: a loss on one thread. */
static bool is_banded(const AvoLookahead *la)
{
    return la->mb_count >= MIN_BANDS_MBS && la->workers > 1;
}

static void run_bands(Pass *p, AvoTaskFn fn)
{
    if (p->band < p->la->mb_height)
        avo_lookahead_run(p->la, fn, p, (p->la->mb_height + p->band - 1) / p->band);
    else
        fn(p, 0, 0);
}

static void pass_on_picture(AvoLookahead *la, const AvoGopEntry *e)
{
    if (e->past <= 0 && e->future < 0)
        return; /* intra, or a P picture right behind what is coded */
    bool across = e->type == AVOCET_TYPE_IDR && la->config.rate_mode == AVOCET_RATE_BITRATE;
    const AvoLowres *lr = avo_lowres(la, e->index);
    int past = e->index - e->past, future = e->future < 0 ? 0 : e->future - e->index;
    Pass p = {.la = la,
              .lr = lr,
              .blocks = avo_lowres_blocks(la, e->index, past, future, la->block_scratch),
              .amount = la->amount_scratch,
              .reach = la->reach_scratch,
              .band = is_banded(la) ? BAND : la->mb_height,
              .duration_q8 = avo_propagate_duration_q8(la, e->index),
              .shift = across && !la->types ? KEY_SHIFT_ABR : 0,
              .to = {e->past > 0 ? avo_lowres(la, e->past)->inherited : NULL,
                     future ? avo_lowres(la, e->future)->inherited : NULL},
              .mv = {lr->mv[0][past - 1], future ? lr->mv[1][future - 1] : NULL}};
    run_bands(&p, give_band);
    run_bands(&p, take_band);
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
        for (int k = la->entry_count - 1; k >= 0; k--)
            pass_on_picture(la, &la->entry[k]);
    }
    avo_lookahead_run(la, set_offsets, la, la->minigop_length);
}
