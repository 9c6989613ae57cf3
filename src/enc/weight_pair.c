/* Weighted prediction of B pictures in fades: a scale and an offset for each of the two references.
 *
 * Scales take bits, a good part of a small picture, and deviations also change by what moves. So
 * three ways are compared by SATD at half size, each block by its best prediction: the shortest
 * form (a weight of 1 with nothing behind the point, offsets by mean brightness), the same with
 * offsets that suit the mixture, and scales. Chroma follows what luma has chosen: weight_chroma.c.
 *
 * In: mean and deviation of the three pictures, the fields of vectors. Out: AvoPlanWeight of both
 * references, with one denominator for luma and one for chroma. */
#include "enc/lookahead_internal.h"

#define WORTH_Q8    252 /* part of the cost that a longer form has to come down to */
#define LEAST_BLOCK 2   /* blocks count with at least this part of what a quantiser swallows */

/* SATD of a block under weights by what it is predicted from: the past, the future, both. at: its
 * place in the planes. Returns which is best. */
static int block_costs(const AvoFadePictures *p, int block, ptrdiff_t at, const AvoFadeWeights *w,
                       int cost[3])
{
    const AvoDsp *dsp = p->la->dsp;
    AVO_ALIGN(64) pixel pred[8 * AVO_CUR_STRIDE];
    const pixel *cur = p->cur->half.data + at, *from[2];
    ptrdiff_t stride = p->cur->half.stride;
    int best = AVO_FADE_BOTH, denom = w->log2_denom;
    for (int list = 0; list < 2; list++) {
        from[list] = avo_lowres_at(p->ref[list], p->mv[list][block], at);
        dsp->weight(pred, AVO_CUR_STRIDE, from[list], stride, 8, 8, denom, w->scale[list],
                    w->offset[list]);
        cost[list] = dsp->satd[AVO_BLK_8x8](cur, stride, pred, AVO_CUR_STRIDE);
    }
    dsp->weight_bi(pred, AVO_CUR_STRIDE, from[0], stride, from[1], stride, 8, 8, denom, w->scale[0],
                   w->scale[1], avo_fade_offset_of_mixture(w));
    cost[AVO_FADE_BOTH] = dsp->satd[AVO_BLK_8x8](cur, stride, pred, AVO_CUR_STRIDE);
    for (int list = 0; list < 2; list++)
        best = cost[list] < cost[best] ? list : best;
    return best;
}

/* Of every other block, like the fields of a chessboard, and what these are predicted from. What is
 * swallowed anyway need not become less. */
static uint64_t picture_cost(const AvoFadePictures *p, const AvoFadeWeights *w, uint16_t *choice)
{
    const AvoLookahead *la = p->la;
    int least = la->swallowed / LEAST_BLOCK, cost[3];
    uint64_t sum = 0;
    for (int y = 0; y < la->mb_height; y++)
        for (int x = y & 1; x < la->mb_width; x += 2) {
            ptrdiff_t at = 8 * y * p->cur->half.stride + 8 * x;
            int i = y * la->mb_width + x, best = block_costs(p, i, at, w, cost);
            choice[i] = (uint16_t)best;
            sum += (uint64_t)avo_max(least, cost[best]);
        }
    return sum;
}

/* Takes over other weights, whose table is `longer`, if they pay. */
static void take_if_worth(const AvoFadePictures *p, AvoFadeWeights *best, uint64_t *cost,
                          const AvoFadeWeights *other, bool longer)
{
    uint64_t c = picture_cost(p, other, p->la->block_scratch);
    if (c + (longer ? (uint64_t)p->la->swallowed / LEAST_BLOCK : 0) >= *cost * WORTH_Q8 >> 8)
        return;
    *cost = c;
    *best = *other;
}

static void find_luma(const AvoFadePictures *p, AvoFadeWeights *out)
{
    AvoFade f = avo_fade_of(p, 0);
    AvoFadeWeights other;
    avo_fade_by_mean(&f, out);
    uint64_t cost = picture_cost(p, out, p->la->block_scratch);
    avo_fade_by_mixture(&f, &other);
    take_if_worth(p, out, &cost, &other, false);
    avo_fade_by_contrast(&f, &other);
    take_if_worth(p, out, &cost, &other, true);
}

void avo_weight_pair(const AvoLookahead *la, int index, int past, int future, AvoPlanWeight out[2])
{
    const AvoLowres *lr = avo_lowres(la, index);
    const AvoFadePictures p = {.la = la,
                               .cur = la->window[index],
                               .ref = {la->window[index - past], la->window[index + future]},
                               .mv = {lr->mv[0][past - 1], lr->mv[1][future - 1]}};
    AvoFadeWeights weights[3] = {AVO_FADE_PLAIN(0), AVO_FADE_PLAIN(0), AVO_FADE_PLAIN(0)};
    find_luma(&p, &weights[0]);
    if (p.cur->plane[1].data) {
        picture_cost(&p, &weights[0], la->block_scratch); /* for the choices */
        avo_weight_chroma_pair(&p, la->block_scratch, &weights[1]);
    }
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < 3; i++) {
            const AvoFadeWeights *w = &weights[i];
            out[list].used[i] = i == 0 || !avo_fade_is_plain(w, list);
            out[list].log2_denom[i > 0] = w->log2_denom;
            out[list].w[i] = w->scale[list];
            out[list].o[i] = w->offset[list];
        }
}
