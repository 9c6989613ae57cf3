/* Weighted prediction: finds fades and the scale and offset that undo them.
 *
 * A fade changes mean and deviation of all planes alike, so both are compared first, which costs
 * next to nothing. Where they differ, scale = ratio of deviations and offset = what the means then
 * still differ by; the half-size search runs again on the weighted reference, and the weights stay
 * if the SATD of the picture falls clearly. Chroma planes are tried one by one with the vectors
 * found.
 *
 * In: the planes' mean and deviation, from sums of their rows. Out: AvoPlanWeight per (picture,
 * distance), 7.4.3.2: sample = ((ref * w + 2^(denom - 1)) >> denom) + o. */
#include "enc/lookahead_internal.h"

#define LOG2_DENOM   6
#define WORTH_Q8     248 /* weighted cost / plain cost that is worth a weight table */
#define SAME_MEAN_Q8 64  /* means this close, 1/256 sample, and ... */
#define SAME_DEV_Q8  3   /* deviations of a ratio this close to 1: no fade */

/* ---- statistics ---- */

/* Luma is measured at half size, so a row of macroblocks has eight lines in all three planes. */
static const AvoPlane *measured_plane(const AvoSource *source, int i)
{
    return i ? &source->plane[i] : &source->half;
}

void avo_weight_examine_row(const AvoLookahead *la, const AvoSource *source, int y)
{
    const AvoLowres *lr = source->lookahead;
    for (int i = 0; i < 3; i++) {
        const AvoPlane *p = measured_plane(source, i);
        AvoLineSums *s = &lr->line_sums[i][y];
        s->sum = s->squares = 0;
        for (int x = 0; p->data && x < p->width; x += 8) {
            uint64_t both = la->dsp->var[1](p->data + 8 * y * p->stride + x, p->stride);
            s->sum += both & 0xffffffff;
            s->squares += both >> 32;
        }
    }
}

void avo_weight_examined(const AvoLookahead *la, AvoSource *source)
{
    AvoLowres *lr = source->lookahead;
    for (int i = 0; i < 3; i++) {
        const AvoPlane *p = measured_plane(source, i);
        uint64_t sum = 0, squares = 0, n = (uint64_t)p->width * (uint64_t)p->height;
        lr->mean_q8[i] = lr->deviation_q8[i] = 0;
        if (!p->data)
            continue;
        for (int y = 0; y < la->mb_height; y++) {
            sum += lr->line_sums[i][y].sum;
            squares += lr->line_sums[i][y].squares;
        }
        uint64_t mean_q8 = (sum << 8) / n, square_q16 = (squares << 16) / n;
        lr->mean_q8[i] = (int)mean_q8;
        lr->deviation_q8[i] =
            (int)avo_isqrt(square_q16 > mean_q8 * mean_q8 ? square_q16 - mean_q8 * mean_q8 : 0);
    }
}

/* Scale and offset that give plane i of ref the mean and deviation of cur. False: they have them
 * already, or no weights could do it. */
static bool guess(const AvoLowres *cur, const AvoLowres *ref, int i, int *w, int *o)
{
    int mean = cur->mean_q8[i], ref_mean = ref->mean_q8[i];
    int dev = cur->deviation_q8[i], ref_dev = ref->deviation_q8[i];
    int scale_q8 = ref_dev > 0 ? (int)(((int64_t)dev << 8) / ref_dev) : 256;
    if (avo_abs(mean - ref_mean) < SAME_MEAN_Q8 && avo_abs(scale_q8 - 256) <= SAME_DEV_Q8)
        return false;
    *w = (scale_q8 + 2) >> (8 - LOG2_DENOM);
    if (*w > 127 || *w < 1)
        return false;
    *o = (mean - ref_mean * *w / (1 << LOG2_DENOM) + 128) >> 8;
    return *o >= -128 && *o <= 127 && (*o != 0 || *w != 1 << LOG2_DENOM);
}

/* ---- luma ---- */

bool avo_weight_luma(const AvoLookahead *la, int index, int past, AvoPlanWeight *out)
{
    int w, o;
    memset(out, 0, sizeof *out);
    if (!guess(avo_lowres(la, index), avo_lowres(la, index - past), 0, &w, &o))
        return false;
    out->used[0] = true;
    out->log2_denom[0] = out->log2_denom[1] = LOG2_DENOM;
    out->w[0] = w;
    out->o[0] = o;
    out->w[1] = out->w[2] = 1 << LOG2_DENOM;
    return true;
}

void avo_weight_plane(const AvoLookahead *la, const AvoPlane *to, const AvoPlane *from,
                      const AvoPlanWeight *weight)
{
    ptrdiff_t at = -AVO_LOWRES_MARGIN * from->stride - AVO_LOWRES_MARGIN;
    int height = from->height + 2 * AVO_LOWRES_MARGIN;
    for (int x = 0; x < from->width + 2 * AVO_LOWRES_MARGIN; x += 16, at += 16)
        la->dsp->weight(to->data + at, to->stride, from->data + at, from->stride, 16, height,
                        weight->log2_denom[0], weight->w[0], weight->o[0]);
}

bool avo_weight_pays(uint64_t weighted, uint64_t plain)
{
    return weighted < plain * WORTH_Q8 >> 8;
}

/* ---- chroma ---- */

/* SATD of chroma plane i against the reference at the luma vectors (whole samples of chroma), plain
 * and weighted. */
static void chroma_costs(const AvoLookahead *la, int index, int past, int i,
                         const AvoPlanWeight *weight, uint64_t cost[2])
{
    const AvoPlane *cur = &la->window[index]->plane[i], *ref = &la->window[index - past]->plane[i];
    const AvoMv *mv = avo_lowres(la, index)->mv[0][past - 1];
    AVO_ALIGN(64) pixel weighted[8 * AVO_CUR_STRIDE];
    cost[0] = cost[1] = 0;
    for (int y = 0, k = 0; y < la->mb_height; y++) {
        for (int x = 0; x < la->mb_width; x++, k++) {
            int rx = avo_clip3(0, ref->width - 8, 8 * x + (mv[k].x >> 1));
            int ry = avo_clip3(0, ref->height - 8, 8 * y + (mv[k].y >> 1));
            const pixel *block = cur->data + 8 * y * cur->stride + 8 * x;
            const pixel *from = ref->data + ry * ref->stride + rx;
            la->dsp->weight(weighted, AVO_CUR_STRIDE, from, ref->stride, 8, 8,
                            weight->log2_denom[1], weight->w[i], weight->o[i]);
            cost[0] += (uint64_t)la->dsp->satd[AVO_BLK_8x8](block, cur->stride, from, ref->stride);
            cost[1] +=
                (uint64_t)la->dsp->satd[AVO_BLK_8x8](block, cur->stride, weighted, AVO_CUR_STRIDE);
        }
    }
}

void avo_weight_chroma(const AvoLookahead *la, int index, int past, AvoPlanWeight *weight)
{
    const AvoLowres *cur = avo_lowres(la, index), *ref = avo_lowres(la, index - past);
    if (!weight->used[0]) {
        memset(weight, 0, sizeof *weight);
        weight->log2_denom[0] = weight->log2_denom[1] = LOG2_DENOM;
        weight->w[0] = weight->w[1] = weight->w[2] = 1 << LOG2_DENOM;
    }
    for (int i = 1; i < 3 && la->window[index]->plane[i].data; i++) {
        uint64_t cost[2];
        int w, o;
        if (!guess(cur, ref, i, &w, &o))
            continue;
        weight->w[i] = w;
        weight->o[i] = o;
        chroma_costs(la, index, past, i, weight, cost);
        weight->used[i] = avo_weight_pays(cost[1], cost[0]);
        if (!weight->used[i]) {
            weight->w[i] = 1 << LOG2_DENOM;
            weight->o[i] = 0;
        }
    }
}
