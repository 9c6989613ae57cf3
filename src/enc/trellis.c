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
 * For every state the cheapest way to reach it is kept. A coefficient that rounds to 0 stays 0, so
 * only those that round to something are steps of the program; each may keep its rounded level,
 * take the one below, and 0 if it rounds to 1 or 2. Contexts are taken as they stand before the
 * block: within it only the unary part of a magnitude adapts.
 *
 * Costs are in 1/256 bit: bits come from tables as they are, and a squared error is divided by
 * lambda once per coefficient. They are relative to the rounded levels, which keeps them small
 * whatever the levels are, and to a flag "not significant" at every position below the first level,
 * so leaving a coefficient out costs no bits. A way is one number: its cost above, and below, as a
 * note, what was done at each step. So the better of two ways is the smaller number, and there is
 * nothing to branch on.
 *
 *     63 ................. 32   31 .......................... 5   4 3      2 1 0
 *     cost                      how far below the rounded level   (step    state at the start
 *                               each step went, two bits each     0)       of the stretch
 *
 * After STRETCH steps the notes are full: they are put aside, and new ones begin. */
#include "enc/trellis.h"
#include "enc/coef_error.h"
#include "enc/residual_syntax.h"

/* ---- ways ---- */

typedef int64_t Way;
#define WAY_COST   ((int64_t)1 << 32)
#define IMPOSSIBLE (WAY_COST << 29)

enum { STATES = 8, ONES = 3, LARGE = 4 }; /* LARGE: states that have seen a level above 1 */
enum { STATE_MASK = 7, FIRST_NOTE = 3, NOTE_BITS = 2, NOTE_MASK = 3, STRETCH = 14 };

/* Cheapest ways to the states that have seen no level above 1: 0 to 3. */
typedef struct Small {
    Way none, one, two, three;
} Small;

/* To the others, of which `reached` can be reached so far. */
typedef struct Large {
    Way way[LARGE];
    int reached;
} Large;

typedef uint32_t Notes[STATES];

AVO_INLINE Way cheaper(Way a, Way b)
{
    return b < a ? b : a;
}

/* ---- rate ---- */

/* Contexts of the block. */
typedef struct Rates {
    const uint8_t *significant, *last, *abs_level;
} Rates;

AVO_INLINE int bin_bits(uint8_t state, int bin)
{
    return avo_cabac_entropy[state ^ bin];
}

AVO_INLINE Rates find_rates(const AvoTrellisBlock *b)
{
    const AvoCabacCatBase *base = &avo_cabac_cat[b->cat];
    const uint8_t *state = b->contexts->state;
    return (Rates){&state[base->significant], &state[base->last], &state[base->abs_level]};
}

/* Magnitude 1 with its sign, by context of the first bin. */
AVO_INLINE Way one_of(const Rates *r, int ctx)
{
    return (bin_bits(r->abs_level[ctx], 0) + 256) * WAY_COST;
}

/* The first bin of a magnitude above 1 with its sign; ctx 0..4. */
AVO_INLINE Way above_one(const Rates *r, int ctx)
{
    return (bin_bits(r->abs_level[ctx], 1) + 256) * WAY_COST;
}

/* All other bins of a magnitude: by the state of their context, and what does not depend on it. */
typedef struct Tail {
    const uint32_t *unary;
    Way suffix;
} Tail;

AVO_INLINE Tail find_tail(int level)
{
    Tail t = {avo_cabac_unary[avo_min(level - 1, 14)], 0};
    if (AVO_UNLIKELY(level > 14))
        t.suffix = 256 * WAY_COST * avo_exp_golomb_bits((uint32_t)level - 15, 0);
    return t;
}

/* ctx 5..9 */
AVO_INLINE Way tail_bits(const Rates *r, int ctx, const Tail *t)
{
    return (Way)(t->unary[r->abs_level[ctx]] >> 8) * WAY_COST + t->suffix;
}

/* What significant_coeff_flag 0 costs at all positions below each one up to top. */
AVO_INLINE void sum_zeros(int *below, const Rates *r, bool is_8x8, int top)
{
    int sum = 0;
    for (int i = 0; i < top; i++) {
        below[i] = sum;
        sum += bin_bits(r->significant[avo_sig_inc(is_8x8, i)], 0);
    }
    below[top] = sum;
}

/* ---- distortion ---- */

/* From differences of squared errors, AVO_TRELLIS_SCORE_BITS fractional bits, to 1/256 bit. */
typedef struct Exchange {
    int64_t lambda;     /* what 1/256 bit costs */
    int64_t per_lambda; /* its reciprocal, 2^-PER_LAMBDA_BITS */
    int64_t most;       /* what costs COST_MOST */
} Exchange;

/* Nobody wants a level that errs by as many bits: whatever lies beyond is as bad. */
enum { COST_MOST = 1 << 21, PER_LAMBDA_BITS = 40 };

AVO_INLINE Exchange find_exchange(const AvoTrellisBlock *b)
{
    int64_t lambda = b->lambda2_q8 << (AVO_TRELLIS_SCORE_BITS - 16);
    return (Exchange){lambda, ((int64_t)1 << PER_LAMBDA_BITS) / lambda, lambda * COST_MOST};
}

AVO_INLINE int to_bits(const Exchange *e, int64_t error)
{
    const int64_t half = (int64_t)1 << (PER_LAMBDA_BITS - 1);
    return (int)((avo_min64(error, e->most) * e->per_lambda + half) >> PER_LAMBDA_BITS);
}

/* ---- steps ---- */

/* One coefficient: what there is to be added to a way. */
typedef struct Step {
    int level;        /* rounded magnitude */
    Way start, go_on; /* not 0, as the first level of the block or a later one: its flags */
    Way less;         /* one less than rounded */
    Way one, drop;    /* 1 without its bits, and 0: where it rounds to 1 or 2 */
} Step;

/* What may become of a coefficient; at: where its note lies. Returns what its rounded level gains
 * over 0. */
AVO_INLINE int64_t measure_levels(Step *s, const AvoTrellisBlock *b, const Exchange *e,
                                  AvoCoefKind kind, int raster, int magnitude, int at)
{
    const AvoCoefPoint p = avo_trellis_point(b, kind, raster, magnitude);
    int64_t down = avo_coef_step_down(&p, s->level);
    int less = to_bits(e, down);
    s->less = less * WAY_COST + ((Way)1 << at);
    s->one = 0;
    s->drop = s->less;
    if (s->level == 1)
        return down;
    if (s->level == 2) {
        less += to_bits(e, avo_coef_step_down(&p, 1));
        s->one = s->less;
        s->drop = less * WAY_COST + ((Way)2 << at);
    }
    return -avo_coef_change(&p, s->level);
}

/* i: position of the coefficient among those that the block may have. */
AVO_INLINE void measure_flags(Step *s, const Rates *r, const int *zeros_below, bool is_8x8, int i,
                              bool is_last_position)
{
    s->start = zeros_below[i] * WAY_COST;
    s->go_on = 0;
    if (is_last_position) /* no flags: it is there if nothing before was last */
        return;
    uint8_t significant = r->significant[avo_sig_inc(is_8x8, i)];
    uint8_t last = r->last[avo_last_inc(is_8x8, i)];
    int flag = bin_bits(significant, 1);
    s->start += (flag + bin_bits(last, 1)) * WAY_COST;
    s->go_on = (flag + bin_bits(last, 0) - bin_bits(significant, 0)) * WAY_COST;
}

/* ---- the program ---- */

/* Each advance moves to the next coefficient, in place: the states from above down, as none is
 * reached from a higher one. Those not reached yet stay out of reach by themselves. */
AVO_INLINE void advance_small(Small *w, const Way one[5], const Step *s)
{
    Way on = s->one + s->go_on;
    w->three = cheaper(w->three + cheaper(s->drop, on + one[4]), w->two + on + one[3]);
    w->two = cheaper(w->two + s->drop, w->one + on + one[2]);
    w->one = cheaper(w->one + s->drop, w->none + s->one + s->start + one[1]);
    w->none += s->drop;
}

/* What states that have seen a level above 1 do with one that is 1 or 0 in the end. */
AVO_INLINE Way small_behind_large(const Way one[5], const Step *s)
{
    return cheaper(s->drop, s->one + s->go_on + one[0]);
}

/* Of the magnitudes above 1 that a coefficient may take: the rounded one, and one below. */
typedef struct Tails {
    Tail rounded, below;
} Tails;

AVO_INLINE Tails find_tails(const Step *s)
{
    return (Tails){find_tail(s->level), find_tail(s->level - 1)};
}

/* A magnitude above 1 but for its first bin and sign, with `before` others before it in the block:
 * the rounded one, or one below that if it is above 1, too. */
AVO_INLINE Way large_level(const Rates *r, const Step *s, const Tails *t, int before)
{
    Way rounded = tail_bits(r, 5 + before, &t->rounded);
    return s->level == 2 ? rounded
                         : cheaper(rounded, s->less + tail_bits(r, 5 + before, &t->below));
}

/* Cheapest way to a first level above 1. */
AVO_INLINE Way first_large(const Small *w, const Rates *r, const Step *s, const Tails *t)
{
    Way best = w->none + s->start + above_one(r, 1);
    best = cheaper(best, w->one + s->go_on + above_one(r, 2));
    best = cheaper(best, w->two + s->go_on + above_one(r, 3));
    best = cheaper(best, w->three + s->go_on + above_one(r, 4));
    return best + large_level(r, s, t, 0);
}

/* States that have seen a level above 1, where this is another or, from the others, the first of
 * them. small: what it takes to make it 1 or 0. */
AVO_INLINE void advance_large(Large *w, const Small *others, const Rates *r, const Step *s,
                              Way small)
{
    const Tails t = find_tails(s);
    const Way first = first_large(others, r, s, &t);
    const Way above = s->go_on + above_one(r, 0);
    w->reached = avo_min(w->reached + 1, LARGE);
    for (int i = w->reached - 1; i >= 0; i--) {
        Way stay = w->way[i] + small;
        if (i == LARGE - 1)
            stay = cheaper(stay, w->way[i] + above + large_level(r, s, &t, LARGE));
        w->way[i] = cheaper(stay, i ? w->way[i - 1] + above + large_level(r, s, &t, i) : first);
    }
}

AVO_INLINE void advance(Small *small, Large *large, const Rates *r, const Way one[5], const Step *s)
{
    if (s->level == 1) {
        if (large->reached) {
            Way more = small_behind_large(one, s);
            for (int i = 0; i < large->reached; i++)
                large->way[i] += more;
        }
        advance_small(small, one, s);
    } else if (s->level == 2) {
        advance_large(large, small, r, s, small_behind_large(one, s));
        advance_small(small, one, s);
    } else { /* a level above 1 it is */
        advance_large(large, small, r, s, IMPOSSIBLE);
        *small = (Small){IMPOSSIBLE, IMPOSSIBLE, IMPOSSIBLE, IMPOSSIBLE};
    }
}

/* Puts the note of a way to a state aside and begins a new one. */
AVO_INLINE Way turn_page(uint32_t *notes, Way way, int state)
{
    notes[state] = (uint32_t)way;
    return way - (Way)(uint32_t)way + state;
}

AVO_INLINE void turn_pages(uint32_t *notes, Small *small, Large *large)
{
    small->none = turn_page(notes, small->none, 0);
    small->one = turn_page(notes, small->one, 1);
    small->two = turn_page(notes, small->two, 2);
    small->three = turn_page(notes, small->three, 3);
    for (int i = 0; i < LARGE; i++)
        large->way[i] = turn_page(notes, large->way[i], 4 + i);
}

AVO_INLINE Way best_way(const Small *small, const Large *large)
{
    Way best = cheaper(cheaper(small->one, small->two), small->three);
    for (int i = 0; i < large->reached; i++)
        best = cheaper(best, large->way[i]);
    return best;
}

/* Reads the notes backwards; levels: magnitudes in scan order; at: behind the last note; pages: how
 * many were put aside. */
AVO_INLINE void follow_notes(int16_t *levels, uint64_t mask, uint32_t note, int at,
                             const Notes *notes, int pages)
{
    for (; mask; mask &= mask - 1) {
        if (at == FIRST_NOTE && pages) {
            note = notes[--pages][note & STATE_MASK];
            at = FIRST_NOTE + NOTE_BITS * STRETCH;
        }
        at -= NOTE_BITS;
        int i = avo_lowest_bit(mask);
        levels[i] = (int16_t)(levels[i] - (note >> at & NOTE_MASK));
    }
}

/* Everything about the coefficient at position i of the scan; adds what its rounded level gains
 * over 0. */
AVO_INLINE Step measure(const AvoTrellisBlock *b, AvoCoefKind kind, const Rates *r,
                        const Exchange *e, const int *zeros_below, const coef *c, int i, int level,
                        int at, int64_t *gain)
{
    const int first = kind == AVO_COEF_AC, size = kind == AVO_COEF_8x8      ? 64
                                                  : kind == AVO_COEF_DC_2x2 ? 4
                                                                            : 16;
    int raster = avo_coef_raster(kind, i);
    Step s = {.level = level};
    *gain += measure_levels(&s, b, e, kind, raster, avo_abs(c[raster]), at);
    measure_flags(&s, r, zeros_below, kind == AVO_COEF_8x8, i - first, i == size - 1);
    return s;
}

/* The cheapest way through a block of one coefficient. */
AVO_INLINE Way choose_one(const AvoTrellisBlock *b, AvoCoefKind kind, const Rates *r,
                          const Exchange *e, const int *zeros_below, const coef *c,
                          const int16_t *levels, uint64_t mask, int64_t *gain)
{
    int i = avo_lowest_bit(mask);
    Step s = measure(b, kind, r, e, zeros_below, c, i, levels[i], FIRST_NOTE, gain);
    Way one = s.level <= 2 ? s.one + s.start + one_of(r, 1) : IMPOSSIBLE;
    if (s.level == 1)
        return one;
    const Tails t = find_tails(&s);
    return cheaper(one, s.start + above_one(r, 1) + large_level(r, &s, &t, 0));
}

/* Through one of several; notes, pages and at as follow_notes() wants them. */
AVO_INLINE Way choose_many(const AvoTrellisBlock *b, AvoCoefKind kind, const Rates *r,
                           const Exchange *e, const int *zeros_below, const coef *c,
                           const int16_t *levels, uint64_t mask, int64_t *gain, Notes *notes,
                           int *pages, int *at)
{
    const Way one[5] = {one_of(r, 0), one_of(r, 1), one_of(r, 2), one_of(r, 3), one_of(r, 4)};
    Small small = {0, IMPOSSIBLE, IMPOSSIBLE, IMPOSSIBLE};
    Large large = {{IMPOSSIBLE, IMPOSSIBLE, IMPOSSIBLE, IMPOSSIBLE}, 0};
    for (; mask; *at += NOTE_BITS) {
        int i = avo_highest_bit(mask);
        mask ^= (uint64_t)1 << i;
        if (kind != AVO_COEF_DC_2x2 && *at == FIRST_NOTE + NOTE_BITS * STRETCH) {
            turn_pages(notes[(*pages)++], &small, &large);
            *at = FIRST_NOTE;
        }
        Step s = measure(b, kind, r, e, zeros_below, c, i, levels[i], *at, gain);
        advance(&small, &large, r, one, &s);
    }
    return best_way(&small, &large);
}

/* As avo_cavlc_choose(). */
AVO_INLINE int64_t choose(int16_t *levels, const coef *c, uint64_t mask, const AvoTrellisBlock *b,
                          AvoCoefKind kind)
{
    const Rates r = find_rates(b);
    const Exchange e = find_exchange(b);
    Notes notes[64 / STRETCH];
    Way best;
    int zeros_below[64], at = FIRST_NOTE, pages = 0;
    int64_t gain = 0;
    sum_zeros(zeros_below, &r, kind == AVO_COEF_8x8, avo_highest_bit(mask) - (kind == AVO_COEF_AC));
    if (!(mask & (mask - 1))) {
        best = choose_one(b, kind, &r, &e, zeros_below, c, levels, mask, &gain);
        at += NOTE_BITS;
    } else {
        best =
            choose_many(b, kind, &r, &e, zeros_below, c, levels, mask, &gain, notes, &pages, &at);
    }
    int64_t bits = best >> 32;
    if (b->cbf_inc >= 0) {
        uint8_t cbf = b->contexts->state[avo_cabac_cat[b->cat].coded_block_flag + b->cbf_inc];
        bits += bin_bits(cbf, 1) - bin_bits(cbf, 0);
    }
    gain -= e.lambda * bits;
    if (gain <= 0)
        return 0;
    follow_notes(levels, mask, (uint32_t)best, at, notes, pages);
    return gain;
}

/* ---- blocks ---- */

AVO_INLINE int block_size(AvoCoefKind kind)
{
    return kind == AVO_COEF_8x8 ? 64 : kind == AVO_COEF_DC_2x2 ? 4 : 16;
}

/* Magnitudes in scan order of levels in raster order; returns which are not 0. */
AVO_INLINE uint64_t scan_magnitudes(coef *levels, const coef *raster, const AvoTrellisBlock *b,
                                    AvoCoefKind kind)
{
    uint64_t mask;
    if (kind == AVO_COEF_8x8) {
        mask = b->dsp->scan_8x8(levels, raster);
    } else if (kind == AVO_COEF_DC_2x2) {
        memcpy(levels, raster, 4 * sizeof *levels);
        mask = avo_nonzero_mask(levels, 4);
    } else {
        mask = b->dsp->scan_4x4(levels, raster);
    }
    for (int i = 0; i < block_size(kind); i++)
        levels[i] = (coef)avo_min(avo_abs(levels[i]), b->max_level);
    return mask;
}

AVO_INLINE bool choose_block(coef *c, const coef *rounded, const AvoTrellisBlock *b, int64_t *gain,
                             AvoCoefKind kind)
{
    const int size = block_size(kind);
    AVO_ALIGN(64) coef levels[64];
    uint64_t mask = scan_magnitudes(levels, rounded, b, kind);
    *gain =
        b->contexts ? choose(levels, c, mask, b, kind) : avo_cavlc_choose(levels, c, mask, b, kind);
    coef chosen[64];
    memset(chosen, 0, (size_t)size * sizeof *c);
    for (uint64_t rest = *gain ? mask : 0; rest; rest &= rest - 1) {
        int i = avo_lowest_bit(rest), raster = avo_coef_raster(kind, i), sign = -(c[raster] < 0);
        chosen[raster] = (coef)((levels[i] ^ sign) - sign);
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
