/* See trellis.h. With CABAC: dynamic programming over the coefficients of a block, from the highest
 * frequency down, which is the order in which CABAC codes magnitudes (7.3.5.3.3).
 *
 * The contexts of a magnitude depend on how many ones and how many larger levels came before it in
 * the block, both capped (9.3.3.1.3): eight states, of which one means that no level has come yet.
 *
 *     state       0     1     2     3     4     5     6     7
 *     ones        0     1     2    3..    any
 *     above one   0     0     0     0     1     2     3    4..
 *     first bin   ctx1  ctx2  ctx3  ctx4  ctx0  ctx0  ctx0  ctx0
 *     other bins  ctx5  ctx5  ctx5  ctx5  ctx6  ctx7  ctx8  ctx9
 *
 * For every state the cheapest way to reach it is kept. A coefficient that rounds to 0 stays 0 and
 * costs every started way the same, so only those that round to something are steps of the program;
 * each may keep its rounded level, take the one below, and 0 if it rounds to 1 or 2. Contexts are
 * taken as they stand before the block: within it only the unary part of a magnitude adapts.
 *
 * Scores have AVO_TRELLIS_SCORE_BITS fractional bits and are relative to a block of zeros. */
#include "enc/trellis.h"
#include "enc/coef_error.h"
#include "enc/residual_syntax.h"

/* ---- rate ---- */

typedef struct Rates {
    const uint8_t *significant, *last, *abs_level; /* contexts                                  */
    int64_t lambda;                                /* what 1/256 bit costs                      */
} Rates;

AVO_INLINE Rates find_rates(const AvoTrellisBlock *b)
{
    const AvoCabacCatBase *base = &avo_cabac_cat[b->cat];
    const uint8_t *state = b->contexts->state;
    return (Rates){
        .significant = &state[base->significant],
        .last = &state[base->last],
        .abs_level = &state[base->abs_level],
        .lambda = b->lambda2_q8 << (AVO_TRELLIS_SCORE_BITS - 16),
    };
}

AVO_INLINE int bin_bits(uint8_t state, int bin)
{
    return avo_cabac_entropy[state ^ bin];
}

/* The first bin of a magnitude, above 1 or not, and the sign; ctx 0..4. */
AVO_INLINE int first_bits(const Rates *r, int ctx, int above)
{
    return bin_bits(r->abs_level[ctx], above) + 256;
}

/* All bins of a magnitude above 1 but the first; ctx 5..9. */
AVO_INLINE int rest_bits(const Rates *r, int ctx, int level)
{
    int bits = (int)(avo_cabac_unary[avo_min(level - 1, 14)][r->abs_level[ctx]] >> 8);
    if (AVO_UNLIKELY(level > 14))
        bits += 256 * avo_exp_golomb_bits((uint32_t)level - 15, 0);
    return bits;
}

/* ---- the program ---- */

enum { STATES = 8, LARGE = 4 }; /* LARGE: first state that has seen a level above 1 */
#define IMPOSSIBLE ((int64_t)1 << 60)

/* What the best way to a state did at a step: state it came from, and how far below the rounded
 * level it went (0, 1, DROP: to 0). */
enum { FROM_MASK = 7, BELOW_SHIFT = 3, DROP = 2 };

typedef struct Ways {
    int64_t score[STATES]; /* without what all started ways share                              */
    int ones, large;       /* states 1..ones and LARGE..LARGE + large - 1 can have been reached */
} Ways;

/* One coefficient: its rounded magnitude, distortions, flags. */
typedef struct Step {
    int level;
    int64_t zero; /* leaving it 0                                                      */
    int64_t start,
        go_on;   /* not 0, as the first level of the block or a later one: all but the magnitude */
    int64_t one; /* distortion of magnitude 1                                         */
    /* Magnitudes above 1 lead to the same state, so the better of two is known beforehand, by
     * context of the bins behind the first: its cost, and whether it is the lower. */
    int64_t more[5];
    int below[5];
} Step;

typedef struct Choice {
    int64_t score;
    int did;
} Choice;

AVO_INLINE void offer(Choice *best, int64_t score, int from, int below)
{
    bool better = score < best->score;
    best->score = better ? score : best->score;
    best->did = better ? from | below << BELOW_SHIFT : best->did;
}

/* Moves to the next coefficient, in place: the states from above down, as none is reached from a
 * higher one. kind of level: 1, 2, or 3 for all others, of which 0 and 1 are no candidates. */
AVO_INLINE void advance(Ways *w, uint8_t *path, const Rates *r, const Step *step, const int kind)
{
    const int first_large = first_bits(r, 0, 1), one_large = first_bits(r, 0, 0);
    int64_t to_large = IMPOSSIBLE;
    int to_large_from = 0;
    if (kind >= 2) {
        to_large = w->score[0] + step->start + r->lambda * first_bits(r, 1, 1);
        for (int s = 1; s <= w->ones; s++) {
            int64_t score = w->score[s] + step->go_on + r->lambda * first_bits(r, s + 1, 1);
            to_large_from = score < to_large ? s : to_large_from;
            to_large = score < to_large ? score : to_large;
        }
        to_large += step->more[0];
    }
    int large = kind >= 2 ? avo_min(w->large + 1, STATES - LARGE) : w->large;
    for (int s = LARGE + large - 1; s >= LARGE; s--) {
        Choice best = {IMPOSSIBLE, 0};
        if (kind <= 2) {
            best = (Choice){w->score[s] + step->zero, s | DROP << BELOW_SHIFT};
            offer(&best, w->score[s] + step->go_on + r->lambda * one_large + step->one, s,
                  kind - 1);
        }
        if (kind >= 2) {
            int64_t base = step->go_on + r->lambda * first_large;
            if (s == STATES - 1)
                offer(&best, w->score[s] + base + step->more[s - 3], s, step->below[s - 3]);
            if (s > LARGE)
                offer(&best, w->score[s - 1] + base + step->more[s - 4], s - 1, step->below[s - 4]);
            else
                offer(&best, to_large, to_large_from, step->below[0]);
        }
        w->score[s] = best.score;
        path[s] = (uint8_t)best.did;
    }
    w->large = large;
    int ones = kind <= 2 ? avo_min(w->ones + 1, LARGE - 1) : w->ones;
    for (int s = ones; s >= 1; s--) {
        Choice best = {IMPOSSIBLE, 0};
        if (kind <= 2) {
            best = (Choice){w->score[s] + step->zero, s | DROP << BELOW_SHIFT};
            int64_t base = step->one + (s == 1 ? step->start : step->go_on);
            offer(&best, w->score[s - 1] + base + r->lambda * first_bits(r, s, 0), s - 1, kind - 1);
            if (s == LARGE - 1)
                offer(&best, w->score[s] + base + r->lambda * first_bits(r, s + 1, 0), s, kind - 1);
        }
        w->score[s] = best.score;
        path[s] = (uint8_t)best.did;
    }
    w->ones = ones;
    path[0] = DROP << BELOW_SHIFT;
    if (kind > 2)
        w->score[0] = IMPOSSIBLE;
}

/* Chooses between `level` and level - 1 where both are above 1. */
AVO_INLINE void compare_large(Step *step, const Ways *w, const Rates *r, const AvoCoefPoint *p)
{
    int level = step->level;
    int64_t high = avo_coef_change(p, level),
            low = level > 2 ? avo_coef_change(p, level - 1) : IMPOSSIBLE;
    for (int i = 0; i <= w->large; i++) {
        int64_t a = high + r->lambda * rest_bits(r, 5 + i, level);
        int64_t b = level > 2 ? low + r->lambda * rest_bits(r, 5 + i, level - 1) : IMPOSSIBLE;
        step->below[i] = b < a;
        step->more[i] = b < a ? b : a;
    }
}

/* Bits of significant_coeff_flag 0 at positions from..to, without the last one, where it is not
 * sent. */
AVO_INLINE int zero_bits(const Rates *r, bool is_8x8, int from, int to)
{
    int bits = 0;
    for (int i = from; i <= to; i++)
        bits += bin_bits(r->significant[avo_sig_inc(is_8x8, i)], 0);
    return bits;
}

/* Goes back from the best final state; levels: magnitudes in scan order. */
AVO_INLINE void trace(int16_t *levels, uint64_t mask, const uint8_t (*path)[STATES], int steps,
                      int state)
{
    for (int k = steps - 1; k >= 0; k--) {
        int i = avo_lowest_bit(mask), did = path[k][state], below = did >> BELOW_SHIFT;
        levels[i] = below == DROP ? 0 : (int16_t)(levels[i] - below);
        state = did & FROM_MASK;
        mask &= mask - 1;
    }
}

AVO_INLINE int best_state(const Ways *w)
{
    int best = w->large ? LARGE : 1;
    for (int s = 1; s <= w->ones; s++)
        best = w->score[s] < w->score[best] ? s : best;
    for (int s = LARGE + 1; s < LARGE + w->large; s++)
        best = w->score[s] < w->score[best] ? s : best;
    return best;
}

/* As avo_cavlc_choose(). */
AVO_INLINE int64_t choose(int16_t *levels, const coef *c, uint64_t mask, const AvoTrellisBlock *b,
                          AvoCoefKind kind)
{
    const bool is_8x8 = kind == AVO_COEF_8x8;
    const int first = kind == AVO_COEF_AC, size = is_8x8 ? 64 : kind == AVO_COEF_DC_2x2 ? 4 : 16;
    const Rates r = find_rates(b);
    uint8_t path[64][STATES];
    Ways ways = {{0}, 0, 0};
    for (int s = 1; s < STATES; s++)
        ways.score[s] = IMPOSSIBLE;
    int64_t shared = 0; /* what all started ways have paid for zeros */
    int steps = 0, above = avo_highest_bit(mask);
    for (uint64_t rest = mask; rest;) {
        int i = avo_highest_bit(rest), raster = avo_coef_raster(kind, i);
        rest ^= (uint64_t)1 << i;
        shared += r.lambda * zero_bits(&r, is_8x8, i + 1 - first, above - 1 - first);
        above = i;
        AvoCoefPoint p = avo_coef_point(kind, b->scale, b->qp, raster, avo_abs(c[raster]));
        Step step = {.level = levels[i], .start = -shared};
        if (i < size - 1) {
            uint8_t significant = r.significant[avo_sig_inc(is_8x8, i - first)];
            uint8_t last = r.last[avo_last_inc(is_8x8, i - first)];
            step.zero = r.lambda * bin_bits(significant, 0);
            step.go_on = r.lambda * (bin_bits(significant, 1) + bin_bits(last, 0));
            step.start += r.lambda * (bin_bits(significant, 1) + bin_bits(last, 1));
        }
        if (step.level <= 2)
            step.one = avo_coef_change(&p, 1);
        if (step.level >= 2)
            compare_large(&step, &ways, &r, &p);
        uint8_t *did = path[steps++];
        if (step.level == 1)
            advance(&ways, did, &r, &step, 1);
        else if (step.level == 2)
            advance(&ways, did, &r, &step, 2);
        else
            advance(&ways, did, &r, &step, 3);
    }
    shared += r.lambda * zero_bits(&r, is_8x8, 0, above - 1 - first);
    int best = best_state(&ways);
    int64_t gain = -(ways.score[best] + shared);
    if (b->cbf_inc >= 0) {
        uint8_t cbf = b->contexts->state[avo_cabac_cat[b->cat].coded_block_flag + b->cbf_inc];
        gain += r.lambda * (bin_bits(cbf, 0) - bin_bits(cbf, 1));
    }
    if (gain <= 0)
        return 0;
    trace(levels, mask, path, steps, best);
    return gain;
}

/* ---- blocks ---- */

AVO_INLINE bool quant_block(coef *c, const AvoTrellisBlock *b, int64_t *gain, AvoCoefKind kind)
{
    const int size = kind == AVO_COEF_8x8 ? 64 : kind == AVO_COEF_DC_2x2 ? 4 : 16;
    const AvoDsp *dsp = b->dsp;
    AVO_ALIGN(64) coef original[64], levels[64];
    memcpy(original, c, (size_t)size * sizeof *c);
    if (kind == AVO_COEF_AC)
        c[0] = 0;
    int any;
    switch (kind) {
    case AVO_COEF_DC_4x4:
        any = dsp->quant_4x4_dc(c, b->mf[0], b->round[0]);
        break;
    case AVO_COEF_DC_2x2:
        any = dsp->quant_2x2_dc(c, b->mf[0], b->round[0]);
        break;
    case AVO_COEF_8x8:
        any = dsp->quant_8x8(c, b->mf, b->round);
        break;
    default:
        any = dsp->quant_4x4(c, b->mf, b->round);
    }
    *gain = 0;
    if (any) {
        if (kind == AVO_COEF_8x8)
            dsp->scan_8x8(levels, c);
        else if (kind == AVO_COEF_DC_2x2)
            memcpy(levels, c, 4 * sizeof *c);
        else
            dsp->scan_4x4(levels, c);
        for (int i = 0; i < size; i++)
            levels[i] = (coef)avo_min(avo_abs(levels[i]), b->max_level);
        uint64_t mask = avo_nonzero_mask(levels, size);
        *gain = b->contexts ? choose(levels, original, mask, b, kind)
                            : avo_cavlc_choose(levels, original, mask, b, kind);
        if (!*gain)
            memset(c, 0, (size_t)size * sizeof *c);
        for (uint64_t rest = *gain ? mask : 0; rest; rest &= rest - 1) {
            int i = avo_lowest_bit(rest), raster = avo_coef_raster(kind, i);
            c[raster] = original[raster] < 0 ? (coef)-levels[i] : levels[i];
        }
    }
    if (kind == AVO_COEF_AC)
        c[0] = original[0];
    return *gain > 0;
}

/* One instance per kind, so that sizes and shifts are constants. */
#define INSTANCE(name, kind)                                                                       \
    static AVO_NOINLINE bool name(coef *c, const AvoTrellisBlock *b, int64_t *gain)                \
    {                                                                                              \
        return quant_block(c, b, gain, kind);                                                      \
    }
INSTANCE(quant_4x4, AVO_COEF_4x4)
INSTANCE(quant_ac, AVO_COEF_AC)
INSTANCE(quant_dc_4x4, AVO_COEF_DC_4x4)
INSTANCE(quant_dc_2x2, AVO_COEF_DC_2x2)
INSTANCE(quant_8x8, AVO_COEF_8x8)

bool avo_trellis_quant(coef *c, const AvoTrellisBlock *block, int64_t *gain)
{
    int64_t unused;
    if (!gain)
        gain = &unused;
    switch (block->cat) {
    case AVO_CAT_I16_DC:
        return quant_dc_4x4(c, block, gain);
    case AVO_CAT_I16_AC:
    case AVO_CAT_CHROMA_AC:
        return quant_ac(c, block, gain);
    case AVO_CAT_CHROMA_DC:
        return quant_dc_2x2(c, block, gain);
    case AVO_CAT_LUMA_8x8:
        return quant_8x8(c, block, gain);
    default:
        return quant_4x4(c, block, gain);
    }
}
