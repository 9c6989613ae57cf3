/* Weighted prediction of B pictures in fades: a scale and an offset for each of the two references.
 *
 * Blocks of one reference need its weights to be right; those of both need the mixture to be right,
 * whose offset is the mean of both, rounded. Offsets are whole steps of brightness, so a mixture
 * may be half a step off, which in even darkness is most of the error there is. So scales next to
 * the ratio of the deviations and offsets rounded up and down are tried together, for what remains
 * of the differences of mean and deviation in all three predictions.
 *
 * Scales take bits, a good part of a small picture, and deviations also change by what moves. So
 * three ways are compared by SATD at half size, each block by its best prediction: the shortest
 * form (a weight of 1 with nothing behind the point, offsets by mean brightness), the same with
 * offsets that suit the mixture, and scales.
 *
 * In: mean and deviation of the three pictures, the fields of vectors. Out: AvoPlanWeight of both
 * references, with one denominator. */
#include "enc/lookahead_internal.h"

#define LOG2_DENOM  5 /* finer, few scales would fit SUM_MAX */
#define SCALE_MAX   127
#define SUM_MAX     128 /* of both scales, 8.4.2.3 */
#define OF_MIXTURE  8   /* how much the mixture counts beside each reference alone */
#define WORTH_Q8    252 /* part of the cost that a longer form has to come down to */
#define LEAST_BLOCK 2   /* blocks count with at least this part of what a quantiser swallows */
#define FLAT_Q8     64  /* a picture of less deviation has no contrast to scale */

/* A plane as weights see it. */
typedef struct Light {
    int mean_q8, deviation_q8;
} Light;

typedef struct Fade {
    Light cur, ref[2];
} Fade;

/* ---- weights ---- */

static Light light_of(const AvoLowres *lr)
{
    return (Light){lr->mean_q8[0], lr->deviation_q8[0]};
}

static Light weighted(const Light *ref, const AvoPlanWeight *w)
{
    int denom = w->log2_denom[0];
    return (Light){(ref->mean_q8 * w->w[0] >> denom) + w->o[0] * 256,
                   ref->deviation_q8 * w->w[0] >> denom};
}

static int offset_of_mixture(const AvoPlanWeight w[2])
{
    return (w[0].o[0] + w[1].o[0] + 1) >> 1;
}

static Light mixture(const Light ref[2], const AvoPlanWeight w[2])
{
    int denom = w[0].log2_denom[0] + 1;
    int mean = ref[0].mean_q8 * w[0].w[0] + ref[1].mean_q8 * w[1].w[0];
    int deviation = ref[0].deviation_q8 * w[0].w[0] + ref[1].deviation_q8 * w[1].w[0];
    return (Light){(mean >> denom) + offset_of_mixture(w) * 256, deviation >> denom};
}

static int64_t distance(Light a, Light b)
{
    int64_t mean = a.mean_q8 - b.mean_q8, deviation = a.deviation_q8 - b.deviation_q8;
    return mean * mean + deviation * deviation;
}

static int64_t misfit(const Fade *f, const AvoPlanWeight w[2])
{
    return distance(f->cur, weighted(&f->ref[0], &w[0])) +
           distance(f->cur, weighted(&f->ref[1], &w[1])) +
           OF_MIXTURE * distance(f->cur, mixture(f->ref, w));
}

/* The weights of one reference for a scale; its offset rounded down, or up. */
static AvoPlanWeight with_scale(const Fade *f, int list, int denom, int scale, int up)
{
    AvoPlanWeight w = {.used = {true}, .log2_denom = {denom}, .w = {scale}};
    int rest_q8 = f->cur.mean_q8 - weighted(&f->ref[list], &w).mean_q8;
    w.o[0] = avo_clip3(-128, 127, (rest_q8 >> 8) + up);
    return w;
}

/* Takes over the best offsets for two scales if they fit better than what is there. */
static void try_scales(const Fade *f, int denom, int s0, int s1, AvoPlanWeight out[2])
{
    if (avo_min(s0, s1) < 1 || avo_max(s0, s1) > SCALE_MAX || s0 + s1 > SUM_MAX)
        return;
    for (int up = 0; up < 4; up++) {
        AvoPlanWeight w[2] = {with_scale(f, 0, denom, s0, up & 1),
                              with_scale(f, 1, denom, s1, up >> 1)};
        if (misfit(f, w) < misfit(f, out)) {
            out[0] = w[0];
            out[1] = w[1];
        }
    }
}

/* Offsets alone, each rounded for itself. */
static void by_brightness(const Fade *f, AvoPlanWeight out[2])
{
    for (int list = 0; list < 2; list++) {
        AvoPlanWeight w = {.used = {true}, .w = {1}};
        int offset = (f->cur.mean_q8 - f->ref[list].mean_q8 + 128) >> 8;
        w.o[0] = avo_clip3(-128, 127, offset);
        out[list] = w;
    }
}

static int ratio_of_contrast(const Fade *f, int list)
{
    int of = f->ref[list].deviation_q8;
    return of < FLAT_Q8 ? 1 << LOG2_DENOM : ((f->cur.deviation_q8 << LOG2_DENOM) + of / 2) / of;
}

static void by_contrast(const Fade *f, AvoPlanWeight out[2])
{
    int s0 = ratio_of_contrast(f, 0), s1 = ratio_of_contrast(f, 1);
    for (int i = 0; i < 9; i++)
        try_scales(f, LOG2_DENOM, s0 - 1 + i % 3, s1 - 1 + i / 3, out);
}

/* ---- what they are worth ---- */

typedef struct Pictures {
    const AvoLookahead *la;
    const AvoSource *cur, *ref[2];
    const AvoMv *mv[2];
} Pictures;

/* SATD of the best of a block's three predictions; at: its place in the planes. */
static int block_cost(const Pictures *p, int block, ptrdiff_t at, const AvoPlanWeight w[2])
{
    const AvoDsp *dsp = p->la->dsp;
    AVO_ALIGN(64) pixel pred[8 * AVO_CUR_STRIDE];
    const pixel *cur = p->cur->half.data + at, *from[2];
    ptrdiff_t stride = p->cur->half.stride;
    int best = INT32_MAX, denom = w[0].log2_denom[0];
    for (int list = 0; list < 2; list++) {
        from[list] = avo_lowres_at(p->ref[list], p->mv[list][block], at);
        dsp->weight(pred, AVO_CUR_STRIDE, from[list], stride, 8, 8, denom, w[list].w[0],
                    w[list].o[0]);
        best = avo_min(best, dsp->satd[AVO_BLK_8x8](cur, stride, pred, AVO_CUR_STRIDE));
    }
    dsp->weight_bi(pred, AVO_CUR_STRIDE, from[0], stride, from[1], stride, 8, 8, denom, w[0].w[0],
                   w[1].w[0], offset_of_mixture(w));
    return avo_min(best, dsp->satd[AVO_BLK_8x8](cur, stride, pred, AVO_CUR_STRIDE));
}

/* Of every other block, like the fields of a chessboard. What is swallowed anyway need not become
 * less. */
static uint64_t picture_cost(const Pictures *p, const AvoPlanWeight w[2])
{
    const AvoLookahead *la = p->la;
    int least = la->swallowed / LEAST_BLOCK;
    uint64_t sum = 0;
    for (int y = 0; y < la->mb_height; y++)
        for (int x = y & 1; x < la->mb_width; x += 2) {
            ptrdiff_t at = 8 * y * p->cur->half.stride + 8 * x;
            sum += (uint64_t)avo_max(least, block_cost(p, y * la->mb_width + x, at, w));
        }
    return sum;
}

/* Takes over other weights, whose table is `longer`, if they pay. */
static void take_if_worth(const Pictures *p, AvoPlanWeight best[2], uint64_t *cost,
                          const AvoPlanWeight other[2], bool longer)
{
    uint64_t c = picture_cost(p, other);
    if (c + (longer ? (uint64_t)p->la->swallowed / LEAST_BLOCK : 0) >= *cost * WORTH_Q8 >> 8)
        return;
    *cost = c;
    best[0] = other[0];
    best[1] = other[1];
}

void avo_weight_pair(const AvoLookahead *la, int index, int past, int future, AvoPlanWeight out[2])
{
    const AvoLowres *lr = avo_lowres(la, index);
    const Pictures p = {.la = la,
                        .cur = la->window[index],
                        .ref = {la->window[index - past], la->window[index + future]},
                        .mv = {lr->mv[0][past - 1], lr->mv[1][future - 1]}};
    const Fade f = {.cur = light_of(lr),
                    .ref = {light_of(p.ref[0]->lookahead), light_of(p.ref[1]->lookahead)}};
    AvoPlanWeight other[2];
    by_brightness(&f, out);
    uint64_t cost = picture_cost(&p, out);
    by_brightness(&f, other);
    try_scales(&f, 0, 1, 1, other);
    take_if_worth(&p, out, &cost, other, false);
    by_contrast(&f, other);
    take_if_worth(&p, out, &cost, other, true);
}
