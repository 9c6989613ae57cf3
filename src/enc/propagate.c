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

#define AMOUNT_MAX 0x0fffffffu

/* What all blocks of one picture have in common. */
typedef struct Pass {
    const AvoLookahead *la;
    int duration_q8;
    uint32_t *past, *future; /* where amounts go; NULL: already coded, nobody needs to know */
    const AvoMv *mv_past, *mv_future;
} Pass;

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

/* Spreads over the up to four blocks under a displaced block; vectors in half samples, a block is
 * 16 of them wide. What falls outside the picture is lost. */
static void spread(const AvoLookahead *la, uint32_t *to, int x, int y, AvoMv mv, uint32_t amount)
{
    int px = 16 * x + mv.x, py = 16 * y + mv.y;
    int bx = px >> 4, by = py >> 4;
    unsigned fx = (unsigned)px & 15, fy = (unsigned)py & 15;
    if (fx == 0 && fy == 0) {
        if (bx >= 0 && bx < la->mb_width && by >= 0 && by < la->mb_height)
            add_amount(&to[by * la->mb_width + bx], amount);
        return;
    }
    unsigned weight[4] = {(16 - fx) * (16 - fy), fx * (16 - fy), (16 - fx) * fy, fx * fy};
    for (int k = 0; k < 4; k++) {
        int tx = bx + (k & 1), ty = by + (k >> 1);
        if (weight[k] && tx >= 0 && tx < la->mb_width && ty >= 0 && ty < la->mb_height)
            add_amount(&to[ty * la->mb_width + tx], (uint32_t)((uint64_t)amount * weight[k] >> 8));
    }
}

static void pass_on_block(const Pass *p, int x, int y, int i, uint32_t amount, int lists)
{
    if (lists == AVO_LOWRES_BOTH)
        amount /= 2;
    if (lists & AVO_LOWRES_PAST && p->past)
        spread(p->la, p->past, x, y, p->mv_past[i], amount);
    if (lists & AVO_LOWRES_FUTURE && p->future)
        spread(p->la, p->future, x, y, p->mv_future[i], amount);
}

static void pass_on_picture(AvoLookahead *la, const AvoGopEntry *e)
{
    if (e->past <= 0 && e->future < 0)
        return; /* intra, or a P picture right behind what is coded */
    AvoLowres *lr = avo_lowres(la, e->index);
    int past = e->index - e->past, future = e->future < 0 ? 0 : e->future - e->index;
    const uint16_t *blocks = avo_lowres_blocks(la, e->index, past, future, la->block_scratch);
    Pass p = {.la = la,
              .duration_q8 = avo_propagate_duration_q8(la, e->index),
              .past = e->past > 0 ? avo_lowres(la, e->past)->inherited : NULL,
              .future = future ? avo_lowres(la, e->future)->inherited : NULL,
              .mv_past = lr->mv[0][past - 1],
              .mv_future = future ? lr->mv[1][future - 1] : NULL};
    for (int y = 0, i = 0; y < la->mb_height; y++) {
        for (int x = 0; x < la->mb_width; x++, i++) {
            int inter = avo_max(0, (blocks[i] & AVO_LOWRES_COST_MAX) - la->swallowed);
            int intra = lr->intra[i];
            int lists = blocks[i] >> AVO_LOWRES_LIST_SHIFT;
            if (lists == AVO_LOWRES_INTRA || inter >= intra)
                continue;
            uint64_t total = own_amount(lr, i, p.duration_q8) + lr->inherited[i];
            uint32_t share_q16 = ((uint32_t)(intra - inter) << 16) / (uint32_t)intra;
            pass_on_block(&p, x, y, i, (uint32_t)(total * share_q16 >> 16), lists);
        }
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

static void set_offsets(AvoLookahead *la, int index)
{
    const AvoSource *s = la->window[index];
    AvoLowres *lr = avo_lowres(la, index);
    int duration_q8 = avo_propagate_duration_q8(la, index);
    int strength_q8 = 5 * 256 * (100 - la->config.qcomp) / 100;
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
    for (int k = 0; k < la->minigop_length; k++)
        set_offsets(la, la->entry[k].index);
}
