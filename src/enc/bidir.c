/* Pairs of vectors: the bidirectional prediction of one block, both vectors moved by quarter
 * samples until no move of either lowers the cost of the pair. */
#include "enc/motion_internal.h"

enum { PAIRS_MAX = 128 }; /* pairs remembered as tried */

/* The block of one list's vector. */
typedef struct Side {
    AvoSearch s;
    AvoMotion *m;
    int base_rate;  /* of m->rate: the reference's part */
    const pixel *p; /* prediction by m->mv */
    ptrdiff_t stride;
    pixel *buffer, *spare; /* p may lie in buffer */
} Side;

typedef struct Pair {
    AvoRowCtx *row;
    const AvoSearchBlock *block;
    Side side[2];
    AvoWeight weight; /* of the mixture: w[0], w[1], o[0] */
    int log2_denom;
    bool weighted;
    AvoCostFn cost;
    bool by_mean; /* cost is SATD and the mixture a plain mean */
    uint32_t tried[PAIRS_MAX];
    int tried_count;
    uint64_t tried_bits; /* a bit of each, by its hash */
} Pair;

static void find_weights(Pair *pair, int ref0, int ref1)
{
    const AvoSliceRefs *refs = &pair->row->job->refs;
    pair->weighted = false;
    if (refs->weight_mode == AVO_WEIGHT_EXPLICIT) {
        const AvoWeight *a = &refs->weight[0][ref0], *c = &refs->weight[1][ref1];
        pair->weighted = true;
        pair->log2_denom = refs->log2_denom[0];
        pair->weight.w[0] = a->w[0];
        pair->weight.w[1] = c->w[0];
        pair->weight.o[0] = (int16_t)((a->o[0] + c->o[0] + 1) >> 1);
    } else if (refs->weight_mode == AVO_WEIGHT_IMPLICIT) {
        int w1 = refs->implicit_w1[ref0][ref1];
        pair->weighted = w1 != 32;
        pair->log2_denom = 5;
        pair->weight.w[0] = (int16_t)(64 - w1);
        pair->weight.w[1] = (int16_t)w1;
        pair->weight.o[0] = 0;
    }
}

/* Distortion of the mixture of two blocks. */
static int distortion(const Pair *pair, const pixel *p0, ptrdiff_t s0, const pixel *p1,
                      ptrdiff_t s1)
{
    const AvoDsp *dsp = pair->row->job->dsp;
    const AvoSearchBlock *b = pair->block;
    const pixel *cur = avo_search_source(&pair->side[0].s);
    if (pair->by_mean) {
        int cost;
        dsp->satd_mean[b->size](cur, &p0, s0, &p1, s1, 1, &cost);
        return cost;
    }
    pixel *out = pair->row->block[4];
    if (pair->weighted)
        dsp->weight_bi(out, AVO_REC_STRIDE, p0, s0, p1, s1, b->w, b->h, pair->log2_denom,
                       pair->weight.w[0], pair->weight.w[1], pair->weight.o[0]);
    else
        dsp->avg[avo_width_index(b->w)](out, AVO_REC_STRIDE, p0, s0, p1, s1, b->h);
    return pair->cost(cur, AVO_CUR_STRIDE, out, AVO_REC_STRIDE);
}

static void start_side(Pair *pair, int list, AvoMotion *m)
{
    Side *side = &pair->side[list];
    avo_search_bind(&side->s, pair->row, pair->block, list, m->ref);
    side->m = m;
    side->buffer = pair->row->block[2 * list];
    side->spare = pair->row->block[2 * list + 1];
    side->p = avo_search_fetch(&side->s, m->mv, side->buffer, &side->stride);
}

/* Both vectors in one number; moves of up to 63 quarter samples do not meet again. */
static uint32_t pair_key(AvoMv a, AvoMv b)
{
    return (uint32_t)(a.x & 255) | (uint32_t)(a.y & 255) << 8 | (uint32_t)(b.x & 255) << 16 |
           (uint32_t)(b.y & 255) << 24;
}

/* True if the pair was measured before; remembers it. Most were not, and have no bit either. */
static bool known(Pair *pair, uint32_t key)
{
    int n = pair->tried_count;
    uint64_t bit = (uint64_t)1 << (key * 0x9e3779b1u >> 26);
    for (int i = n - 1; i >= 0 && pair->tried_bits & bit; i--)
        if (pair->tried[i] == key)
            return true;
    pair->tried_bits |= bit;
    if (n < PAIRS_MAX)
        pair->tried[pair->tried_count++] = key;
    return false;
}

/* Moves the vector of one list if that is better than *best. */
static bool try_move(Pair *pair, int list, int dx, int dy, int *best)
{
    Side *side = &pair->side[list], *other = &pair->side[!list];
    AvoMv mv = {(int16_t)(side->m->mv.x + dx), (int16_t)(side->m->mv.y + dy)};
    if (!avo_search_inside(&side->s, mv.x >> 2, mv.y >> 2) ||
        known(pair, list ? pair_key(other->m->mv, mv) : pair_key(mv, other->m->mv)))
        return false;
    ptrdiff_t stride;
    const pixel *p = avo_search_fetch(&side->s, mv, side->spare, &stride);
    int rate = side->base_rate + avo_search_rate(&side->s, mv.x, mv.y);
    int cost = rate + other->m->rate;
    cost += list ? distortion(pair, other->p, other->stride, p, stride)
                 : distortion(pair, p, stride, other->p, other->stride);
    if (cost >= *best)
        return false;
    *best = cost;
    side->m->mv = mv;
    side->m->rate = rate;
    side->p = p;
    side->stride = stride;
    pixel *t = side->buffer;
    side->buffer = side->spare;
    side->spare = t;
    return true;
}

int avo_bidir_search(AvoRowCtx *row, const AvoSearchBlock *b, AvoMotion *m0, AvoMotion *m1)
{
    static const int8_t diamond[4][2] = {{0, -1}, {-1, 0}, {1, 0}, {0, 1}};
    const AvoTools *tools = row->job->tools;
    Pair pair; /* large: not to be cleared */
    pair.row = row;
    pair.block = b;
    pair.tried_count = 0;
    pair.tried_bits = 0;
    pair.cost = (tools->subpel_satd ? row->job->dsp->satd : row->job->dsp->sad)[b->size];
    find_weights(&pair, m0->ref, m1->ref);
    pair.by_mean = tools->subpel_satd && !pair.weighted;
    start_side(&pair, 0, m0);
    start_side(&pair, 1, m1);
    int best = m0->rate + m1->rate;
    best +=
        distortion(&pair, pair.side[0].p, pair.side[0].stride, pair.side[1].p, pair.side[1].stride);
    /* What does not come near the better one of the two alone will not beat it. */
    if (!tools->bidir_refine || best > avo_min(m0->cost, m1->cost) * 33 / 32)
        return best;
    for (int i = 0; i < 2; i++) {
        Side *side = &pair.side[i];
        avo_search_centre(&side->s, side->m->mvp);
        side->base_rate = side->m->rate - avo_search_rate(&side->s, side->m->mv.x, side->m->mv.y);
    }
    known(&pair, pair_key(m0->mv, m1->mv));
    for (int rounds = 0; rounds < tools->quarterpel_steps - 1; rounds++) {
        bool moved = false;
        for (int k = 0; k < 8; k++) /* four directions of the one, then of the other */
            moved |= try_move(&pair, k >> 2, diamond[k & 3][0], diamond[k & 3][1], &best);
        if (!moved)
            break;
    }
    return best;
}
