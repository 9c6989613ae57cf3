/* See trellis.h. Dynamic programming over the coefficients of a block, from the highest frequency down, which is the
 * order in which CABAC codes magnitudes (7.3.5.3.3).
 *
 * The contexts of a magnitude depend on how many ones and how many larger levels came before it in the block, both
 * capped (9.3.3.1.3): eight states, of which one means that no level has come yet.
 *
 *     state       0     1     2     3     4     5     6     7
 *     ones        0     1     2    3..    any
 *     above one   0     0     0     0     1     2     3    4..
 *     first bin   ctx1  ctx2  ctx3  ctx4  ctx0  ctx0  ctx0  ctx0
 *     other bins  ctx5  ctx5  ctx5  ctx5  ctx6  ctx7  ctx8  ctx9
 *
 * For every state the cheapest way to reach it is kept. A coefficient that rounds to 0 stays 0 and costs every started
 * way the same, so only those that round to something are steps of the program; each may keep its rounded level, take
 * the one below, and 0 if it rounds to 1 or 2. Contexts are taken as they stand before the block: within it only the
 * unary part of a magnitude adapts.
 *
 * Scores have AVO_TRELLIS_SCORE_BITS fractional bits and are relative to a block of zeros. */
#include "enc/trellis.h"
#include "enc/residual_syntax.h"
#include "h264/tables.h"

typedef enum Kind { KIND_4x4, KIND_AC, KIND_DC_4x4, KIND_DC_2x2, KIND_8x8 } Kind;

/* ---- distortion ---- */

/* A coefficient and its level meet as the decoder's scaled value (8.5.12.1, 8.5.13.1, without its rounding) in 1/256:
 * target = c * gain / 2^10 against level * step. The squared error of the samples is the square of their difference
 * times weight, in units of 2^-(AVO_TRELLIS_SCORE_BITS + shift). gain inverts the forward transform; weight is the product
 * of the squared norms of the inverse transform's basis functions, which are by row and column
 *
 *     4x4   0, 2: 4     1, 3: 5/2
 *     8x8   0, 4: 8     2, 6: 5     odd: 289/32
 *
 * and for DC blocks, whose Hadamard transforms are orthogonal with equal norms, one value for all. */
typedef struct Measure {
    int32_t gain;
    int16_t weight;
} Measure;

#define M0 {1048576, 1024}
#define M1 {838861, 640}
#define M2 {671089, 400}
static const Measure measure_4x4[16] = {M0, M1, M0, M1, M1, M2, M1, M2, M0, M1, M0, M1, M1, M2, M1, M2};
#undef M0
#undef M1
#undef M2

/* By classes of row and column: 0: 0, 4; 2: 2, 6; 1: odd. */
#define M00 {262144, 2048}
#define M02 {419430, 1280}
#define M22 {671089, 800}
#define M01 {232211, 2312}
#define M12 {371537, 1445}
#define M11 {205695, 2610}
#define ROW0 M00, M01, M02, M01, M00, M01, M02, M01
#define ROW1 M01, M11, M12, M11, M01, M11, M12, M11
#define ROW2 M02, M12, M22, M12, M02, M12, M22, M12
static const Measure measure_8x8[64] = {ROW0, ROW1, ROW2, ROW1, ROW0, ROW1, ROW2, ROW1};
#undef ROW0
#undef ROW1
#undef ROW2
#undef M00
#undef M02
#undef M22
#undef M01
#undef M12
#undef M11

static const Measure measure_dc_4x4 = {131072, 256}, measure_dc_2x2 = {262144, 64};

/* By Kind: the step is LevelScale << (qp / 6 + up). */
static const struct {
    uint8_t up, shift;
} units[] = {[KIND_4x4] = {4, 16}, [KIND_AC] = {4, 16}, [KIND_DC_4x4] = {2, 10}, [KIND_DC_2x2] = {3, 10}, [KIND_8x8] = {2, 15}};

typedef struct Point {
    int64_t target, step;
    int weight, shift;
} Point;

AVO_INLINE Point locate(const AvoTrellisBlock *b, Kind kind, int raster, int magnitude)
{
    const bool dc = kind == KIND_DC_4x4 || kind == KIND_DC_2x2;
    const Measure *m = kind == KIND_DC_4x4   ? &measure_dc_4x4
                       : kind == KIND_DC_2x2 ? &measure_dc_2x2
                       : kind == KIND_8x8    ? &measure_8x8[raster]
                                             : &measure_4x4[raster];
    return (Point){
        .target = ((int64_t)magnitude * m->gain + 512) >> 10,
        .step = (int64_t)b->scale[dc ? 0 : raster] << (b->qp / 6 + units[kind].up),
        .weight = m->weight,
        .shift = units[kind].shift,
    };
}

/* Distortion with `level` minus distortion with 0. */
AVO_INLINE int64_t change(const Point *p, int level)
{
    int64_t value = level * p->step;
    return value * (value - 2 * p->target) * p->weight >> p->shift;
}

/* ---- rate ---- */

enum { STATES = 8 };
static const uint8_t first_ctx[STATES] = {1, 2, 3, 4, 0, 0, 0, 0};

typedef struct Rates {
    const uint8_t *significant, *last, *abs_level;
    int64_t lambda;    /* of 1/256 bit                                           */
    int64_t one[5];    /* magnitude 1, by ctx of the first bin; with sign        */
    int64_t more[5];   /* magnitude above 1, without the bins behind the first   */
} Rates;

AVO_INLINE int64_t bin_cost(int64_t lambda, uint8_t state, int bin)
{
    return lambda * avo_cabac_entropy[state ^ bin];
}

AVO_INLINE void load_rates(Rates *r, const AvoTrellisBlock *b)
{
    const AvoCabacCatBase *base = &avo_cabac_cat[b->cat];
    const uint8_t *state = b->contexts->state;
    r->significant = &state[base->significant];
    r->last = &state[base->last];
    r->abs_level = &state[base->abs_level];
    r->lambda = b->lambda2_q8 << (AVO_TRELLIS_SCORE_BITS - 16);
    for (int i = 0; i < 5; i++) {
        r->one[i] = bin_cost(r->lambda, r->abs_level[i], 0) + 256 * r->lambda;
        r->more[i] = bin_cost(r->lambda, r->abs_level[i], 1) + 256 * r->lambda;
    }
}

/* All bins of a magnitude above 1 but the first; ctx 5..9. */
AVO_INLINE int64_t rest_cost(const Rates *r, int ctx, int level)
{
    uint32_t bits = avo_cabac_unary[avo_min(level - 1, 14)][r->abs_level[ctx]] >> 8;
    if (AVO_UNLIKELY(level > 14))
        bits += 256 * (uint32_t)avo_exp_golomb_bits((uint32_t)level - 15, 0);
    return r->lambda * bits;
}

/* ---- the program ---- */

#define IMPOSSIBLE ((int64_t)1 << 60)

/* What a way did at a step: state it came from, and how far below the rounded level it went (0, 1, DROP: to 0). */
enum { FROM_MASK = 7, BELOW_SHIFT = 3, DROP = 2 };

typedef struct Ways {
    int64_t score[STATES]; /* without what all started ways share */
} Ways;

AVO_INLINE void relax(Ways *to, uint8_t *path, int state, int64_t score, int from, int below)
{
    bool better = score < to->score[state];
    to->score[state] = better ? score : to->score[state];
    path[state] = better ? (uint8_t)(from | below << BELOW_SHIFT) : path[state];
}

/* Leaves the coefficient 0. */
AVO_INLINE void step_zero(Ways *to, const Ways *ways, uint8_t *path, int64_t zero)
{
    to->score[0] = ways->score[0];
    path[0] = 0 | DROP << BELOW_SHIFT;
    for (int s = 1; s < STATES; s++) {
        to->score[s] = ways->score[s] + zero;
        path[s] = (uint8_t)(s | DROP << BELOW_SHIFT);
    }
}

/* Magnitude 1. start, go_on: distortion and flags if it is the first level, or not. */
AVO_INLINE void step_one(Ways *to, const Ways *ways, uint8_t *path, const Rates *r, int64_t start, int64_t go_on,
                         int below)
{
    relax(to, path, 1, ways->score[0] + start + r->one[1], 0, below);
    relax(to, path, 2, ways->score[1] + go_on + r->one[2], 1, below);
    relax(to, path, 3, ways->score[2] + go_on + r->one[3], 2, below);
    relax(to, path, 3, ways->score[3] + go_on + r->one[4], 3, below);
    for (int s = 4; s < STATES; s++)
        relax(to, path, s, ways->score[s] + go_on + r->one[0], s, below);
}

/* Magnitudes `level` and level - 1 that are above 1: both lead to the same state, so the choice is made first. */
AVO_INLINE void step_more(Ways *to, const Ways *ways, uint8_t *path, const Rates *r, int64_t start, int64_t go_on,
                          const Point *p, int level)
{
    int64_t best[5];
    int below[5];
    int64_t high = change(p, level), low = level > 2 ? change(p, level - 1) : IMPOSSIBLE;
    for (int i = 0; i < 5; i++) {
        best[i] = high + rest_cost(r, 5 + i, level);
        int64_t other = level > 2 ? low + rest_cost(r, 5 + i, level - 1) : IMPOSSIBLE;
        below[i] = other < best[i];
        best[i] = below[i] ? other : best[i];
    }
    relax(to, path, 4, ways->score[0] + start + r->more[1] + best[0], 0, below[0]);
    for (int s = 1; s < 4; s++)
        relax(to, path, 4, ways->score[s] + go_on + r->more[first_ctx[s]] + best[0], s, below[0]);
    for (int s = 4; s < STATES; s++)
        relax(to, path, avo_min(s + 1, 7), ways->score[s] + go_on + r->more[0] + best[s - 3], s, below[s - 3]);
}

/* Goes back from the best final state; levels: magnitudes in scan order. */
AVO_INLINE void trace(int16_t *levels, uint64_t mask, const uint8_t (*path)[STATES], int steps, int state)
{
    for (int k = steps - 1; k >= 0; k--) {
        int i = avo_lowest_bit(mask), did = path[k][state], below = did >> BELOW_SHIFT;
        levels[i] = below == DROP ? 0 : (int16_t)(levels[i] - below);
        state = did & FROM_MASK;
        mask &= mask - 1;
    }
}

/* levels: rounded magnitudes in scan order, replaced; c: coefficients in raster order; mask: levels that are not 0.
 * Returns the gain, 0 if an empty block is best (levels are then undefined). */
AVO_INLINE int64_t choose(int16_t *levels, const coef *c, uint64_t mask, const AvoTrellisBlock *b, Kind kind)
{
    const bool is_8x8 = kind == KIND_8x8;
    const int first = kind == KIND_AC, size = is_8x8 ? 64 : kind == KIND_DC_2x2 ? 4 : 16;
    const uint8_t *scan = is_8x8 ? avo_zigzag_8x8 : avo_zigzag_4x4;
    uint8_t path[64][STATES];
    Rates rates;
    load_rates(&rates, b);
    Ways ways = {{0, IMPOSSIBLE, IMPOSSIBLE, IMPOSSIBLE, IMPOSSIBLE, IMPOSSIBLE, IMPOSSIBLE, IMPOSSIBLE}};
    int64_t shared = 0; /* what all started ways have paid for zeros */
    int steps = 0, at = avo_highest_bit(mask);
    for (uint64_t rest = mask; rest;) {
        int i = avo_highest_bit(rest), zeros = 0;
        rest ^= (uint64_t)1 << i;
        for (; at > i; at--)
            if (at < size - 1)
                zeros += avo_cabac_entropy[rates.significant[avo_sig_inc(is_8x8, at - first)]];
        at = i - 1;
        shared += rates.lambda * zeros;

        int raster = kind == KIND_DC_2x2 ? i : scan[i], level = levels[i];
        Point p = locate(b, kind, raster, avo_abs(c[raster]));
        int64_t zero = 0, go_on = 0, start = -shared;
        if (i < size - 1) {
            uint8_t sig = rates.significant[avo_sig_inc(is_8x8, i - first)];
            uint8_t last = rates.last[avo_last_inc(is_8x8, i - first)];
            int64_t present = bin_cost(rates.lambda, sig, 1);
            zero = bin_cost(rates.lambda, sig, 0);
            go_on = present + bin_cost(rates.lambda, last, 0);
            start += present + bin_cost(rates.lambda, last, 1);
        }
        Ways next;
        uint8_t *did = path[steps++];
        if (level <= 2) {
            step_zero(&next, &ways, did, zero);
            int64_t d = change(&p, 1);
            step_one(&next, &ways, did, &rates, start + d, go_on + d, level - 1);
        } else {
            for (int s = 0; s < STATES; s++)
                next.score[s] = IMPOSSIBLE;
        }
        if (level >= 2)
            step_more(&next, &ways, did, &rates, start, go_on, &p, level);
        ways = next;
    }
    int zeros = 0;
    for (; at >= first; at--)
        zeros += avo_cabac_entropy[rates.significant[avo_sig_inc(is_8x8, at - first)]];
    shared += rates.lambda * zeros;
    int best = 1;
    for (int s = 2; s < STATES; s++)
        if (ways.score[s] < ways.score[best])
            best = s;
    int64_t gain = -(ways.score[best] + shared);
    if (b->cbf_inc >= 0) {
        uint8_t cbf = b->contexts->state[avo_cabac_cat[b->cat].coded_block_flag + b->cbf_inc];
        gain += bin_cost(rates.lambda, cbf, 0) - bin_cost(rates.lambda, cbf, 1);
    }
    if (gain <= 0)
        return 0;
    trace(levels, mask, path, steps, best);
    return gain;
}

/* ---- blocks ---- */

AVO_INLINE bool quant_block(coef *c, const AvoTrellisBlock *b, int64_t *gain, Kind kind)
{
    const int size = kind == KIND_8x8 ? 64 : kind == KIND_DC_2x2 ? 4 : 16;
    const AvoDsp *dsp = b->dsp;
    AVO_ALIGN(64) coef original[64], levels[64];
    memcpy(original, c, (size_t)size * sizeof *c);
    if (kind == KIND_AC)
        c[0] = 0;
    int any;
    switch (kind) {
    case KIND_DC_4x4: any = dsp->quant_4x4_dc(c, b->mf[0], b->round[0]); break;
    case KIND_DC_2x2: any = dsp->quant_2x2_dc(c, b->mf[0], b->round[0]); break;
    case KIND_8x8: any = dsp->quant_8x8(c, b->mf, b->round); break;
    default: any = dsp->quant_4x4(c, b->mf, b->round);
    }
    *gain = 0;
    if (any) {
        if (kind == KIND_8x8)
            dsp->scan_8x8(levels, c);
        else if (kind == KIND_DC_2x2)
            memcpy(levels, c, 4 * sizeof *c);
        else
            dsp->scan_4x4(levels, c);
        for (int i = 0; i < size; i++)
            levels[i] = (coef)avo_min(avo_abs(levels[i]), b->max_level);
        uint64_t mask = avo_nonzero_mask(levels, size);
        *gain = choose(levels, original, mask, b, kind);
        if (!*gain)
            memset(c, 0, (size_t)size * sizeof *c);
        for (uint64_t rest = *gain ? mask : 0; rest; rest &= rest - 1) {
            int i = avo_lowest_bit(rest);
            int raster = kind == KIND_8x8 ? avo_zigzag_8x8[i] : kind == KIND_DC_2x2 ? i : avo_zigzag_4x4[i];
            c[raster] = original[raster] < 0 ? (coef)-levels[i] : levels[i];
        }
    }
    if (kind == KIND_AC)
        c[0] = original[0];
    return *gain > 0;
}

/* One instance per kind, so that sizes and shifts are constants. */
#define INSTANCE(name, kind)                                                                                         \
    static AVO_NOINLINE bool name(coef *c, const AvoTrellisBlock *b, int64_t *gain)                                  \
    {                                                                                                                \
        return quant_block(c, b, gain, kind);                                                                        \
    }
INSTANCE(quant_4x4, KIND_4x4)
INSTANCE(quant_ac, KIND_AC)
INSTANCE(quant_dc_4x4, KIND_DC_4x4)
INSTANCE(quant_dc_2x2, KIND_DC_2x2)
INSTANCE(quant_8x8, KIND_8x8)

bool avo_trellis_quant(coef *c, const AvoTrellisBlock *block, int64_t *gain)
{
    int64_t unused;
    if (!gain)
        gain = &unused;
    switch (block->cat) {
    case AVO_CAT_I16_DC: return quant_dc_4x4(c, block, gain);
    case AVO_CAT_I16_AC:
    case AVO_CAT_CHROMA_AC: return quant_ac(c, block, gain);
    case AVO_CAT_CHROMA_DC: return quant_dc_2x2(c, block, gain);
    case AVO_CAT_LUMA_8x8: return quant_8x8(c, block, gain);
    default: return quant_4x4(c, block, gain);
    }
}
