/* Weighted prediction of B pictures in fades: a scale and an offset for each of the two references.
 *
 * Scales take bits, a good part of a small picture, and deviations also change by what moves. So
 * three ways are compared by SATD at half size, each block by its best prediction: the shortest
 * form (a weight of 1 with nothing behind the point, offsets by mean brightness), the same with
 * offsets that suit the mixture, and scales.
 *
 * Chroma has the same ways and that of no weights. It follows what luma has chosen: each block is
 * predicted from the references that suit its luma best. What that leaves is distortion rather than
 * bits, as hardly any chroma is coded in such pictures; so it is measured by squares, against the
 * bits of the header.
 *
 * In: mean and deviation of the three pictures, the fields of vectors. Out: AvoPlanWeight of both
 * references, with one denominator for luma and one for chroma. */
#include "base/bitwriter.h"
#include "enc/lookahead_internal.h"

#define WORTH_Q8    252 /* part of the cost that a longer form has to come down to */
#define LEAST_BLOCK 2   /* blocks count with at least this part of what a quantiser swallows */

typedef struct Pictures {
    const AvoLookahead *la;
    const AvoSource *cur, *ref[2];
    const AvoMv *mv[2];
} Pictures;

static AvoLight light_of(const AvoSource *source, int plane)
{
    const AvoLowres *lr = source->lookahead;
    return (AvoLight){lr->mean_q8[plane], lr->deviation_q8[plane]};
}

static AvoFade fade_of(const Pictures *p, int plane)
{
    return (AvoFade){light_of(p->cur, plane),
                     {light_of(p->ref[0], plane), light_of(p->ref[1], plane)}};
}

/* ---- luma ---- */

/* SATD of a block under weights by what it is predicted from: the past, the future, both. at: its
 * place in the planes. Returns which is best. */
static int block_costs(const Pictures *p, int block, ptrdiff_t at, const AvoFadeWeights *w,
                       int cost[3])
{
    const AvoDsp *dsp = p->la->dsp;
    AVO_ALIGN(64) pixel pred[8 * AVO_CUR_STRIDE];
    const pixel *cur = p->cur->half.data + at, *from[2];
    ptrdiff_t stride = p->cur->half.stride;
    int best = 2, denom = w->log2_denom;
    for (int list = 0; list < 2; list++) {
        from[list] = avo_lowres_at(p->ref[list], p->mv[list][block], at);
        dsp->weight(pred, AVO_CUR_STRIDE, from[list], stride, 8, 8, denom, w->scale[list],
                    w->offset[list]);
        cost[list] = dsp->satd[AVO_BLK_8x8](cur, stride, pred, AVO_CUR_STRIDE);
    }
    dsp->weight_bi(pred, AVO_CUR_STRIDE, from[0], stride, from[1], stride, 8, 8, denom, w->scale[0],
                   w->scale[1], avo_fade_offset_of_mixture(w));
    cost[2] = dsp->satd[AVO_BLK_8x8](cur, stride, pred, AVO_CUR_STRIDE);
    for (int list = 0; list < 2; list++)
        best = cost[list] < cost[best] ? list : best;
    return best;
}

/* Of every other block, like the fields of a chessboard. What is swallowed anyway need not become
 * less. */
static uint64_t picture_cost(const Pictures *p, const AvoFadeWeights *w)
{
    const AvoLookahead *la = p->la;
    int least = la->swallowed / LEAST_BLOCK, cost[3];
    uint64_t sum = 0;
    for (int y = 0; y < la->mb_height; y++)
        for (int x = y & 1; x < la->mb_width; x += 2) {
            ptrdiff_t at = 8 * y * p->cur->half.stride + 8 * x;
            int best = block_costs(p, y * la->mb_width + x, at, w, cost);
            sum += (uint64_t)avo_max(least, cost[best]);
        }
    return sum;
}

/* Takes over other weights, whose table is `longer`, if they pay. */
static void take_if_worth(const Pictures *p, AvoFadeWeights *best, uint64_t *cost,
                          const AvoFadeWeights *other, bool longer)
{
    uint64_t c = picture_cost(p, other);
    if (c + (longer ? (uint64_t)p->la->swallowed / LEAST_BLOCK : 0) >= *cost * WORTH_Q8 >> 8)
        return;
    *cost = c;
    *best = *other;
}

static void find_luma(const Pictures *p, AvoFadeWeights *out)
{
    AvoFade f = fade_of(p, 0);
    AvoFadeWeights other;
    avo_fade_by_mean(&f, out);
    uint64_t cost = picture_cost(p, out);
    avo_fade_by_mixture(&f, &other);
    take_if_worth(p, out, &cost, &other, false);
    avo_fade_by_contrast(&f, &other);
    take_if_worth(p, out, &cost, &other, true);
}

/* ---- chroma ---- */

#define WAYS 4

/* Weights of both chroma planes, in one of several ways, and what they leave. */
typedef struct Way {
    AvoFadeWeights weights[2];
    uint64_t error;
} Way;

/* Samples of a reference's chroma that a block's vector points at: where they are, or made of the
 * neighbours in buffer (8.4.2.2.2). */
static const pixel *chroma_at(const Pictures *p, int list, int plane, int x, int y, pixel *buffer,
                              ptrdiff_t *stride)
{
    const AvoPlane *ref = &p->ref[list]->plane[plane];
    AvoMv mv = p->mv[list][y * p->la->mb_width + x];
    int fx = 4 * (mv.x & 1), fy = 4 * (mv.y & 1), beyond = fx || fy ? 9 : 8;
    int rx = avo_clip3(0, ref->width - beyond, 8 * x + (mv.x >> 1));
    int ry = avo_clip3(0, ref->height - beyond, 8 * y + (mv.y >> 1));
    const pixel *from = ref->data + ry * ref->stride + rx;
    *stride = ref->stride;
    if (!(fx || fy))
        return from;
    p->la->dsp->chroma_mc(buffer, AVO_CUR_STRIDE, from, ref->stride, fx, fy, 8, 8);
    *stride = AVO_CUR_STRIDE;
    return buffer;
}

/* Adds the squared errors of a chroma block that is predicted from the references `which` names. */
static void add_chroma_block(const Pictures *p, int plane, int x, int y, int which, Way way[WAYS])
{
    const AvoDsp *dsp = p->la->dsp;
    const AvoPlane *cur = &p->cur->plane[plane];
    const pixel *block = cur->data + 8 * y * cur->stride + 8 * x, *from[2] = {NULL, NULL};
    AVO_ALIGN(64) pixel buffer[2][8 * AVO_CUR_STRIDE], pred[8 * AVO_CUR_STRIDE];
    ptrdiff_t stride[2];
    for (int list = 0; list < 2; list++)
        if (which == list || which == 2)
            from[list] = chroma_at(p, list, plane, x, y, buffer[list], &stride[list]);
    for (int i = 0; i < WAYS; i++) {
        const AvoFadeWeights *w = &way[i].weights[plane - 1];
        if (which == 2)
            dsp->weight_bi(pred, AVO_CUR_STRIDE, from[0], stride[0], from[1], stride[1], 8, 8,
                           w->log2_denom, w->scale[0], w->scale[1], avo_fade_offset_of_mixture(w));
        else
            dsp->weight(pred, AVO_CUR_STRIDE, from[which], stride[which], 8, 8, w->log2_denom,
                        w->scale[which], w->offset[which]);
        way[i].error +=
            (uint64_t)dsp->ssd[AVO_BLK_8x8](block, cur->stride, pred, AVO_CUR_STRIDE);
    }
}

/* Of every other block, as luma. */
static void add_chroma_errors(const Pictures *p, const AvoFadeWeights *luma, Way way[WAYS])
{
    const AvoLookahead *la = p->la;
    int cost[3];
    for (int y = 0; y < la->mb_height; y++)
        for (int x = y & 1; x < la->mb_width; x += 2) {
            ptrdiff_t at = 8 * y * p->cur->half.stride + 8 * x;
            int which = block_costs(p, y * la->mb_width + x, at, luma, cost);
            add_chroma_block(p, 1, x, y, which, way);
            add_chroma_block(p, 2, x, y, which, way);
        }
}

static bool is_plain(const AvoFadeWeights *w, int list)
{
    return w->scale[list] == 1 << w->log2_denom && w->offset[list] == 0;
}

static bool uses_chroma(const Way *way, int list)
{
    return !is_plain(&way->weights[0], list) || !is_plain(&way->weights[1], list);
}

static int se_bits(int v)
{
    return avo_ue_bits(avo_se_code(v));
}

/* What 7.3.3.2 takes beyond the two flags. */
static int bits_of(const Way *way)
{
    int bits = avo_ue_bits((uint32_t)way->weights[0].log2_denom);
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < 2 && uses_chroma(way, list); i++)
            bits += se_bits(way->weights[i].scale[list]) +
                    se_bits(way->weights[i].offset[list]);
    return bits;
}

/* A bit is worth about a sixth of what a quantiser swallows by SATD, which is twice the root of its
 * worth in squares; and half of the blocks are looked at. */
static uint64_t cost_of(const AvoLookahead *la, const Way *way)
{
    uint64_t root = (uint64_t)la->swallowed;
    return way->error + (uint64_t)bits_of(way) * root * root / 144;
}

static void find_chroma(const Pictures *p, const AvoFadeWeights *luma, AvoFadeWeights out[2])
{
    static const AvoFadeWeights plain = {0, {1, 1}, {0, 0}};
    Way way[WAYS];
    int best = 0;
    for (int i = 0; i < 2; i++) {
        AvoFade f = fade_of(p, 1 + i);
        way[0].weights[i] = plain;
        avo_fade_by_mean(&f, &way[1].weights[i]);
        avo_fade_by_mixture(&f, &way[2].weights[i]);
        avo_fade_by_contrast(&f, &way[3].weights[i]);
    }
    for (int i = 0; i < WAYS; i++)
        way[i].error = 0;
    add_chroma_errors(p, luma, way);
    for (int i = 1; i < WAYS; i++)
        if (cost_of(p->la, &way[i]) < cost_of(p->la, &way[best]))
            best = i;
    out[0] = way[best].weights[0];
    out[1] = way[best].weights[1];
}

/* ---- both ---- */

void avo_weight_pair(const AvoLookahead *la, int index, int past, int future, AvoPlanWeight out[2])
{
    const AvoLowres *lr = avo_lowres(la, index);
    const Pictures p = {.la = la,
                        .cur = la->window[index],
                        .ref = {la->window[index - past], la->window[index + future]},
                        .mv = {lr->mv[0][past - 1], lr->mv[1][future - 1]}};
    AvoFadeWeights weights[3] = {{0, {1, 1}, {0, 0}}, {0, {1, 1}, {0, 0}}, {0, {1, 1}, {0, 0}}};
    find_luma(&p, &weights[0]);
    if (p.cur->plane[1].data)
        find_chroma(&p, &weights[0], &weights[1]);
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < 3; i++) {
            out[list].used[i] = i == 0 || !is_plain(&weights[i], list);
            out[list].log2_denom[i > 0] = weights[i].log2_denom;
            out[list].w[i] = weights[i].scale[list];
            out[list].o[i] = weights[i].offset[list];
        }
}
