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
    const uint8_t *significant, *last, *abs_level; /* contexts */
    int64_t lambda;                                /* what 1/256 bit costs */
    int64_t one[5]; /* what magnitude 1 costs with its sign, by context */
} Rates;

AVO_INLINE int bin_bits(uint8_t state, int bin)
{
    return avo_cabac_entropy[state ^ bin];
}

/* The first bin of a magnitude, above 1 or not, and the sign; ctx 0..4. */
AVO_INLINE int first_bits(const Rates *r, int ctx, int above)
{
    return bin_bits(r->abs_level[ctx], above) + 256;
}

AVO_INLINE Rates find_rates(const AvoTrellisBlock *b)
{
    const AvoCabacCatBase *base = &avo_cabac_cat[b->cat];
    const uint8_t *state = b->contexts->state;
    Rates r = {
        .significant = &state[base->significant],
        .last = &state[base->last],
        .abs_level = &state[base->abs_level],
        .lambda = b->lambda2_q8 << (AVO_TRELLIS_SCORE_BITS - 16),
    };
    for (int ctx = 0; ctx < 5; ctx++)
        r.one[ctx] = r.lambda * first_bits(&r, ctx, 0);
    return r;
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
    int64_t score[STATES]; /* without what all started ways share */
    int ones, large;       /* states 1..ones and LARGE..LARGE + large - 1 can have been reached */
} Ways;

/* One coefficient: its rounded magnitude, distortions, flags. */
typedef struct Step {
    int level;
    int64_t zero; /* leaving it 0 */
    /* Not 0, as the first level of the block or a later one: all but the magnitude. */
    int64_t start, go_on;
    int64_t one; /* distortion of magnitude 1 */
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
 * higher one. Four ways to do so, by what the coefficient rounded to (1, 2, above) and by whether a
 * level above 1 may have come before. */

/* Cheapest way to a first level above 1, which only the states below LARGE have to offer. */
AVO_INLINE Choice first_large(const Ways *w, const Rates *r, const Step *step)
{
    Choice best = {w->score[0] + step->start + r->lambda * first_bits(r, 1, 1), 0};
    for (int s = 1; s <= w->ones; s++)
        offer(&best, w->score[s] + step->go_on + r->lambda * first_bits(r, s + 1, 1), s, 0);
    best.score += step->more[0];
    return best;
}

/* States that have seen a level above 1. kind: 1, 2, or 3 for all others,
 * of which 0 and 1 are no candidates. */
AVO_INLINE void advance_large(Ways *w, uint8_t *path, const Rates *r, const Step *step,
                              const int kind)
{
    const int64_t above = step->go_on + r->lambda * first_bits(r, 0, 1);
    Choice first = {IMPOSSIBLE, 0};
    if (kind >= 2) {
        first = first_large(w, r, step);
        w->large = avo_min(w->large + 1, STATES - LARGE);
    }
    for (int s = LARGE + w->large - 1; s >= LARGE; s--) {
        Choice best = {IMPOSSIBLE, 0};
        if (kind <= 2) {
            best = (Choice){w->score[s] + step->zero, s | DROP << BELOW_SHIFT};
            offer(&best, w->score[s] + step->go_on + r->one[0] + step->one, s, kind - 1);
        }
        if (kind >= 2) {
            if (s == STATES - 1)
                offer(&best, w->score[s] + above + step->more[s - 3], s, step->below[s - 3]);
            if (s > LARGE)
                offer(&best, w->score[s - 1] + above + step->more[s - 4], s - 1,
                      step->below[s - 4]);
            else
                offer(&best, first.score, first.did, step->below[0]);
        }
        w->score[s] = best.score;
        path[s] = (uint8_t)best.did;
    }
}

/* States that have not: all three at once, those not reached yet stay out of reach by themselves.
 * below: how far 1 is below the rounded level. */
AVO_INLINE void advance_ones(Ways *w, uint8_t *path, const Rates *r, const Step *step, int below)
{
    int64_t *score = w->score, on = step->go_on + step->one;
    Choice third = {score[3] + step->zero, 3 | DROP << BELOW_SHIFT};
    Choice second = {score[2] + step->zero, 2 | DROP << BELOW_SHIFT};
    Choice first = {score[1] + step->zero, 1 | DROP << BELOW_SHIFT};
    offer(&third, score[2] + on + r->one[3], 2, below);
    offer(&third, score[3] + on + r->one[4], 3, below);
    offer(&second, score[1] + on + r->one[2], 1, below);
    offer(&first, score[0] + step->start + step->one + r->one[1], 0, below);
    score[1] = first.score;
    score[2] = second.score;
    score[3] = third.score;
    path[0] = DROP << BELOW_SHIFT;
    path[1] = (uint8_t)first.did;
    path[2] = (uint8_t)second.did;
    path[3] = (uint8_t)third.did;
    w->ones = avo_min(w->ones + 1, LARGE - 1);
}

AVO_INLINE void advance(Ways *w, uint8_t *path, const Rates *r, const Step *step)
{
    if (step->level == 1) {
        if (w->large)
            advance_large(w, path, r, step, 1);
        advance_ones(w, path, r, step, 0);
    } else if (step->level == 2) {
        advance_large(w, path, r, step, 2);
        advance_ones(w, path, r, step, 1);
    } else {
        advance_large(w, path, r, step, 3);
        for (int s = 0; s < LARGE; s++) /* a level it is, and not 1 */
            w->score[s] = IMPOSSIBLE;
    }
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

/* Bits of significant_coeff_flag 0 at positions from..to, without the last one,
 * where it is not sent. */
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
        advance(&ways, path[steps++], &r, &step);
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

AVO_INLINE int block_size(AvoCoefKind kind)
{
    return kind == AVO_COEF_8x8 ? 64 : kind == AVO_COEF_DC_2x2 ? 4 : 16;
}

/* Magnitudes in scan order of levels in raster order. */
AVO_INLINE void scan_magnitudes(coef *levels, const coef *raster, const AvoTrellisBlock *b,
                                AvoCoefKind kind)
{
    if (kind == AVO_COEF_8x8)
        b->dsp->scan_8x8(levels, raster);
    else if (kind == AVO_COEF_DC_2x2)
        memcpy(levels, raster, 4 * sizeof *levels);
    else
        b->dsp->scan_4x4(levels, raster);
    for (int i = 0; i < block_size(kind); i++)
        levels[i] = (coef)avo_min(avo_abs(levels[i]), b->max_level);
}

AVO_INLINE bool choose_block(coef *c, const coef *rounded, const AvoTrellisBlock *b, int64_t *gain,
                             AvoCoefKind kind)
{
    const int size = block_size(kind);
    AVO_ALIGN(64) coef levels[64];
    scan_magnitudes(levels, rounded, b, kind);
    uint64_t mask = avo_nonzero_mask(levels, size);
    *gain = b->contexts ? choose(levels, c, mask, b, kind)
                        : avo_cavlc_choose(levels, c, mask, b, kind);
    coef chosen[64] = {0};
    for (uint64_t rest = *gain ? mask : 0; rest; rest &= rest - 1) {
        int i = avo_lowest_bit(rest), raster = avo_coef_raster(kind, i);
        chosen[raster] = c[raster] < 0 ? (coef)-levels[i] : levels[i];
    }
    if (kind == AVO_COEF_AC)
        chosen[0] = c[0];
    memcpy(c, chosen, (size_t)size * sizeof *c);
    return *gain > 0;
}

/* One instance per kind, so that sizes and shifts are constants. */
#define INSTANCE(name, kind)                                                                       \
    static AVO_NOINLINE bool name(coef *c, const coef *rounded, const AvoTrellisBlock *b,          \
                                  int64_t *gain)                                                   \
    {                                                                                              \
        return choose_block(c, rounded, b, gain, kind);                                            \
    }
INSTANCE(choose_4x4, AVO_COEF_4x4)
INSTANCE(choose_ac, AVO_COEF_AC)
INSTANCE(choose_dc_4x4, AVO_COEF_DC_4x4)
INSTANCE(choose_dc_2x2, AVO_COEF_DC_2x2)
INSTANCE(choose_8x8, AVO_COEF_8x8)

bool avo_trellis_choose(coef *c, const coef *rounded, const AvoTrellisBlock *block, int64_t *gain)
{
    int64_t unused;
    if (!gain)
        gain = &unused;
    switch (block->cat) {
    case AVO_CAT_I16_DC:
        return choose_dc_4x4(c, rounded, block, gain);
    case AVO_CAT_I16_AC:
    case AVO_CAT_CHROMA_AC:
        return choose_ac(c, rounded, block, gain);
    case AVO_CAT_CHROMA_DC:
        return choose_dc_2x2(c, rounded, block, gain);
    case AVO_CAT_LUMA_8x8:
        return choose_8x8(c, rounded, block, gain);
    default:
        return choose_4x4(c, rounded, block, gain);
    }
}

/* Rounds to the nearest level; returns whether any is not 0. */
static int round_block(coef *rounded, const coef *c, const AvoTrellisBlock *b, size_t *size)
{
    const AvoDsp *dsp = b->dsp;
    *size = (b->cat == AVO_CAT_LUMA_8x8 ? 64 : b->cat == AVO_CAT_CHROMA_DC ? 4 : 16) * sizeof *c;
    memcpy(rounded, c, *size);
    switch (b->cat) {
    case AVO_CAT_I16_DC:
        return dsp->quant_4x4_dc(rounded, b->mf[0], b->round[0]);
    case AVO_CAT_CHROMA_DC:
        return dsp->quant_2x2_dc(rounded, b->mf[0], b->round[0]);
    case AVO_CAT_LUMA_8x8:
        return dsp->quant_8x8(rounded, b->mf, b->round);
    case AVO_CAT_I16_AC:
    case AVO_CAT_CHROMA_AC:
        rounded[0] = 0;
        return dsp->quant_4x4(rounded, b->mf, b->round);
    default:
        return dsp->quant_4x4(rounded, b->mf, b->round);
    }
}

bool avo_trellis_quant(coef *c, const AvoTrellisBlock *block, int64_t *gain)
{
    AVO_ALIGN(64) coef rounded[64];
    size_t size;
    if (round_block(rounded, c, block, &size))
        return avo_trellis_choose(c, rounded, block, gain);
    coef first = c[0];
    memset(c, 0, size);
    if (block->cat == AVO_CAT_I16_AC || block->cat == AVO_CAT_CHROMA_AC)
        c[0] = first;
    if (gain)
        *gain = 0;
    return false;
}
