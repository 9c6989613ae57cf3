/* Fits a scale and an offset for both references of a B picture to a change of light in one plane.
 *
 * Blocks of one reference need its weights to be right; those of both need the mixture to be right,
 * whose offset is the mean of both, rounded. Offsets are whole steps, so a mixture may be half a
 * step off, which in even darkness is most of the error there is. So scales next to the ratio of
 * the deviations and offsets rounded up and down are tried together, for what remains of the
 * differences of mean and deviation in all three predictions.
 *
 * In: mean and deviation of the plane in the three pictures. Out: AvoFadeWeights. What they are
 * worth is another matter: weight_pair.c. */
#include "enc/lookahead_internal.h"

#define LOG2_DENOM 5 /* finer, few scales would fit SUM_MAX */
#define SCALE_MAX  127
#define SUM_MAX    128 /* of both scales, 8.4.2.3 */
#define OF_MIXTURE 8   /* how much the mixture counts beside each reference alone */
#define FLAT_Q8    64  /* a picture of less deviation has no contrast to scale */

static AvoLight light_of(const AvoSource *source, int plane)
{
    const AvoLowres *lr = source->lookahead;
    return (AvoLight){lr->mean_q8[plane], lr->deviation_q8[plane]};
}

AvoFade avo_fade_of(const AvoFadePictures *p, int plane)
{
    return (AvoFade){light_of(p->cur, plane),
                     {light_of(p->ref[0], plane), light_of(p->ref[1], plane)}};
}

static AvoLight weighted(const AvoLight *ref, int denom, int scale, int offset)
{
    return (AvoLight){(ref->mean_q8 * scale >> denom) + offset * 256,
                      ref->deviation_q8 * scale >> denom};
}

static AvoLight mixture(const AvoLight ref[2], const AvoFadeWeights *w)
{
    int mean = ref[0].mean_q8 * w->scale[0] + ref[1].mean_q8 * w->scale[1];
    int deviation = ref[0].deviation_q8 * w->scale[0] + ref[1].deviation_q8 * w->scale[1];
    int denom = w->log2_denom + 1;
    return (AvoLight){(mean >> denom) + avo_fade_offset_of_mixture(w) * 256, deviation >> denom};
}

static int64_t distance(AvoLight a, AvoLight b)
{
    int64_t mean = a.mean_q8 - b.mean_q8, deviation = a.deviation_q8 - b.deviation_q8;
    return mean * mean + deviation * deviation;
}

static int64_t misfit(const AvoFade *f, const AvoFadeWeights *w)
{
    int64_t sum = OF_MIXTURE * distance(f->cur, mixture(f->ref, w));
    for (int list = 0; list < 2; list++)
        sum += distance(f->cur,
                        weighted(&f->ref[list], w->log2_denom, w->scale[list], w->offset[list]));
    return sum;
}

/* The offset of one reference for its scale, rounded down. */
static int offset_of(const AvoFade *f, int list, int denom, int scale)
{
    return (f->cur.mean_q8 - weighted(&f->ref[list], denom, scale, 0).mean_q8) >> 8;
}

/* Takes over the best offsets for two scales if they fit better than what is there. */
static void try_scales(const AvoFade *f, int denom, int s0, int s1, AvoFadeWeights *out)
{
    if (avo_min(s0, s1) < 1 || avo_max(s0, s1) > SCALE_MAX || s0 + s1 > SUM_MAX)
        return;
    int o0 = offset_of(f, 0, denom, s0), o1 = offset_of(f, 1, denom, s1);
    for (int up = 0; up < 4; up++) {
        AvoFadeWeights w = {
            denom,
            {s0, s1},
            {avo_clip3(-128, 127, o0 + (up & 1)), avo_clip3(-128, 127, o1 + (up >> 1))}};
        if (misfit(f, &w) < misfit(f, out))
            *out = w;
    }
}

void avo_fade_by_mean(const AvoFade *f, AvoFadeWeights *out)
{
    *out = (AvoFadeWeights){0, {1, 1}, {0, 0}};
    for (int list = 0; list < 2; list++) {
        int offset = (f->cur.mean_q8 - f->ref[list].mean_q8 + 128) >> 8;
        out->offset[list] = avo_clip3(-128, 127, offset);
    }
}

void avo_fade_by_mixture(const AvoFade *f, AvoFadeWeights *out)
{
    avo_fade_by_mean(f, out);
    try_scales(f, 0, 1, 1, out);
}

static int ratio_of_contrast(const AvoFade *f, int list)
{
    int of = f->ref[list].deviation_q8;
    return of < FLAT_Q8 ? 1 << LOG2_DENOM : ((f->cur.deviation_q8 << LOG2_DENOM) + of / 2) / of;
}

void avo_fade_by_contrast(const AvoFade *f, AvoFadeWeights *out)
{
    int s0 = ratio_of_contrast(f, 0), s1 = ratio_of_contrast(f, 1);
    avo_fade_by_mean(f, out);
    out->log2_denom = LOG2_DENOM; /* whatever fits, as other planes share it */
    out->scale[0] = out->scale[1] = 1 << LOG2_DENOM;
    for (int i = 0; i < 9; i++)
        try_scales(f, LOG2_DENOM, s0 - 1 + i % 3, s1 - 1 + i / 3, out);
}
