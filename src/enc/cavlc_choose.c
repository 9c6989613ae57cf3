/* Levels of a block under CAVLC (see trellis.h). Every code of a block depends on all its levels,
 * so there is no short list of states; but few levels are worth a look: those whose lowering by one
 * adds little distortion. From the highest frequency down each of them is tried with the exact
 * number of bits, and kept if the score falls. */
#include "enc/residual_syntax.h"
#include "enc/trellis.h"

/* More bits than lowering a level saves, as a rule: a level of 1 that vanishes with its run, a
 * larger one. */
enum { SAVED_ONE_Q8 = 8 * 256, SAVED_LARGE_Q8 = 4 * 256, PASSES = 2 };

/* One 4x4 block as CAVLC sees it. */
typedef struct Part {
    AvoBlockCat cat;
    int nc;
    int64_t lambda;         /* of 1/256 bit */
    int16_t levels[16];     /* with signs */
    AvoCoefPoint point[16]; /* valid where the rounded level is not 0 */
    uint32_t mask;          /* of the rounded levels that are not 0 */
    uint32_t left;          /* of those that are not 0 yet */
} Part;

static int64_t part_cost(const Part *p)
{
    return p->lambda * avo_block_bits_cavlc_of(p->cat, p->nc, p->levels, p->left);
}

/* Tries one less at every level that is left; returns by how much the score fell. */
static int64_t lower_levels(Part *p, int64_t *cost)
{
    int64_t fall = 0;
    for (uint32_t rest = p->left; rest;) {
        int i = avo_log2_floor(rest);
        rest ^= 1u << i;
        int16_t level = p->levels[i];
        int magnitude = avo_abs(level);
        int64_t error =
            avo_coef_change(&p->point[i], magnitude - 1) - avo_coef_change(&p->point[i], magnitude);
        if (error > p->lambda * (magnitude == 1 ? SAVED_ONE_Q8 : SAVED_LARGE_Q8))
            continue;
        p->levels[i] = (int16_t)(level > 0 ? level - 1 : level + 1);
        p->left ^= (uint32_t)(magnitude == 1) << i;
        int64_t lower = part_cost(p);
        if (error + lower < *cost) {
            fall += *cost - lower - error;
            *cost = lower;
        } else {
            p->levels[i] = level;
            p->left |= 1u << i;
        }
    }
    return fall;
}

/* Gain over the empty block, 0 if that is best; levels are then 0. */
static int64_t choose_part(Part *p)
{
    static const int16_t none[16];
    int64_t empty = p->lambda * avo_block_bits_cavlc_of(p->cat, p->nc, none, 0),
            cost = part_cost(p), change = 0;
    for (uint32_t rest = p->mask; rest; rest &= rest - 1) {
        int i = avo_lowest_bit(rest);
        change += avo_coef_change(&p->point[i], avo_abs(p->levels[i]));
    }
    int64_t gain = empty - cost - change;
    /* A lone level of 1 has no other choice than the empty block. */
    bool lone = !(p->mask & (p->mask - 1)) && avo_abs(p->levels[avo_lowest_bit(p->mask)]) == 1;
    for (int pass = 0; pass < PASSES && !lone; pass++) {
        int64_t fall = lower_levels(p, &cost);
        gain += fall;
        if (!fall)
            break;
    }
    if (gain > 0)
        return gain;
    memset(p->levels, 0, sizeof p->levels);
    p->left = 0;
    return 0;
}

/* 9.2.1 */
static int nc_of(int left, int above)
{
    if (left >= 0 && above >= 0)
        return (left + above + 1) >> 1;
    return left >= 0 ? left : above >= 0 ? above : 0;
}

/* Takes every `parts`-th level from `at` on, chooses, puts the magnitudes back. mask: of all
 * levels. */
static int64_t run_part(Part *p, int16_t *levels, const coef *c, uint64_t mask,
                        const AvoTrellisBlock *b, AvoCoefKind kind, int at, int parts)
{
    p->mask = 0;
    memset(p->levels, 0, sizeof p->levels);
    for (uint64_t rest = parts == 1 ? mask : mask >> at & 0x1111111111111111; rest;
         rest &= rest - 1) {
        int from = avo_lowest_bit(rest) + at, i = from / parts;
        int raster = avo_coef_raster(kind, from);
        p->mask |= 1u << i;
        p->levels[i] = (int16_t)(c[raster] < 0 ? -levels[from] : levels[from]);
        p->point[i] = avo_trellis_point(b, kind, raster, avo_abs(c[raster]));
    }
    p->left = p->mask;
    if (!p->mask)
        return 0;
    int64_t gain = choose_part(p);
    for (uint32_t rest = p->mask; rest; rest &= rest - 1) {
        int i = avo_lowest_bit(rest);
        levels[parts * i + at] = (int16_t)avo_abs(p->levels[i]);
    }
    return gain;
}

int64_t avo_cavlc_choose(int16_t *levels, const coef *c, uint64_t mask, const AvoTrellisBlock *b,
                         AvoCoefKind kind)
{
    Part part = {.cat = b->cat, .lambda = b->lambda2_q8 << (AVO_TRELLIS_SCORE_BITS - 16)};
    if (kind != AVO_COEF_8x8) {
        part.nc = kind == AVO_COEF_DC_2x2 ? -1 : nc_of(b->left[0], b->above[0]);
        return run_part(&part, levels, c, mask, b, kind, 0, 1);
    }
    /* 7.3.5.3.2: four interleaved 4x4 blocks, each the neighbour of the next. */
    int64_t gain = 0;
    int left[2] = {b->left[0], b->left[1]}, above[2] = {b->above[0], b->above[1]};
    part.cat = AVO_CAT_LUMA_4x4;
    for (int i = 0; i < 4; i++) {
        part.nc = nc_of(left[i >> 1], above[i & 1]);
        gain += run_part(&part, levels, c, mask, b, kind, i, 4);
        left[i >> 1] = above[i & 1] = avo_count_set16(part.left);
    }
    return gain;
}
