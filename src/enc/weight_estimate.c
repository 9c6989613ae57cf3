/* Weighted prediction: finds fades and the scale and offset that undo them.
 *
 * A fade changes mean and deviation of all planes alike, so both are compared first, which costs
 * next to nothing. Where they differ, scale = ratio of deviations and offset = what the means then
 * still differ by; the half-size search runs again on the weighted reference, and the weights stay
 * if the SATD of the picture falls clearly. Chroma planes are tried one by one with the vectors
 * found; in a fade their contrast is sure to change, so they get as much of it as a scale can give.
 *
 * In: the planes' mean and deviation, from sums of their rows. Out: AvoPlanWeight per (picture,
 * distance), 7.4.3.2: sample = ((ref * w + 2^(denom - 1)) >> denom) + o. */
#include "enc/lookahead_internal.h"

#define LOG2_DENOM    6
#define LEAST_DENOM   4 /* of luma, for scales up to eight at the dark end of a fade */
#define SCALE_MAX     127
#define SCALES_AROUND 2
#define WORTH_Q8      248 /* weighted cost / plain cost that is worth a weight table */
#define FADES_Q8      160 /* the same that is sure to be a fade, of chroma */
#define SAME_MEAN_Q8  64  /* means this close, 1/256 sample, and ... */
#define SAME_DEV_Q8   3   /* deviations of a ratio this close to 1: no fade */

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

/* What weights leave of the differences of mean and deviation, squared. */
static int64_t misfit(const AvoLowres *cur, const AvoLowres *ref, int i, int denom, int w, int o)
{
    int64_t mean = cur->mean_q8[i] - (ref->mean_q8[i] * w >> denom) - o * 256;
    int64_t deviation = cur->deviation_q8[i] - (ref->deviation_q8[i] * w >> denom);
    return mean * mean + deviation * deviation;
}

/* Offsets are whole steps of brightness, so a scale nearby may suit mean and deviation better than
 * their ratio itself. */
static void fit(const AvoLowres *cur, const AvoLowres *ref, int i, int denom, int *w, int *o)
{
    int64_t least = INT64_MAX;
    int first = avo_max(1, *w - SCALES_AROUND), last = avo_min(SCALE_MAX, *w + SCALES_AROUND);
    for (int scale = first; scale <= last; scale++) {
        int rest_q8 = cur->mean_q8[i] - (ref->mean_q8[i] * scale >> denom);
        int offset = (rest_q8 + 128) >> 8;
        int64_t error = misfit(cur, ref, i, denom, scale, offset);
        if (error < least) {
            least = error;
            *w = scale;
            *o = offset;
        }
    }
}

static int in_steps(int scale_q8, int denom)
{
    return (scale_q8 + (1 << (7 - denom))) >> (8 - denom);
}

/* Scale and offset that give plane i of ref the mean and deviation of cur, over the greatest
 * denominator from least_denom on; those that come nearest, if asked. False: they have them
 * already, or no weights could do it. */
static bool guess(const AvoLowres *cur, const AvoLowres *ref, int i, int least_denom, bool nearest,
                  AvoPlanWeight *out)
{
    int dev = cur->deviation_q8[i], ref_dev = ref->deviation_q8[i];
    int scale_q8 = ref_dev > 0 ? (int)(((int64_t)dev << 8) / ref_dev) : 256;
    if (avo_abs(cur->mean_q8[i] - ref->mean_q8[i]) < SAME_MEAN_Q8 &&
        avo_abs(scale_q8 - 256) <= SAME_DEV_Q8)
        return false;
    int denom = LOG2_DENOM, *w = &out->w[i], *o = &out->o[i];
    while (denom > least_denom && in_steps(scale_q8, denom) > SCALE_MAX)
        denom--;
    *w = nearest ? avo_clip3(1, SCALE_MAX, in_steps(scale_q8, denom)) : in_steps(scale_q8, denom);
    if (*w > SCALE_MAX || *w < 1)
        return false;
    fit(cur, ref, i, denom, w, o);
    out->log2_denom[i > 0] = denom;
    return *o >= -128 && *o <= 127 && (*o != 0 || *w != 1 << denom);
}

/* ---- luma ---- */

bool avo_weight_luma(const AvoLowres *cur, const AvoLowres *ref, AvoPlanWeight *out)
{
    memset(out, 0, sizeof *out);
    out->used[0] = guess(cur, ref, 0, LEAST_DENOM, false, out);
    out->log2_denom[1] = LOG2_DENOM;
    out->w[1] = out->w[2] = 1 << LOG2_DENOM;
    return out->used[0];
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

bool avo_weight_chroma(const AvoLookahead *la, int index, int past, AvoPlanWeight *weight)
{
    const AvoLowres *cur = avo_lowres(la, index), *ref = avo_lowres(la, index - past);
    bool fades = weight->used[0];
    uint64_t sum[2] = {0, 0};
    if (!fades) {
        memset(weight, 0, sizeof *weight);
        weight->log2_denom[0] = weight->log2_denom[1] = LOG2_DENOM;
        weight->w[0] = weight->w[1] = weight->w[2] = 1 << LOG2_DENOM;
    }
    for (int i = 1; i < 3 && la->window[index]->plane[i].data; i++) {
        uint64_t cost[2] = {0, 0};
        if (guess(cur, ref, i, LOG2_DENOM, fades, weight))
            chroma_costs(la, index, past, i, weight, cost);
        weight->used[i] = avo_weight_pays(cost[1], cost[0]);
        if (!weight->used[i]) {
            weight->w[i] = 1 << LOG2_DENOM;
            weight->o[i] = 0;
        }
        sum[0] += cost[0];
        sum[1] += cost[weight->used[i]];
    }
    return sum[1] < sum[0] * FADES_Q8 >> 8;
}
