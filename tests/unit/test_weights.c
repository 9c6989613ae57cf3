/* Weights of fades: whatever part of a scene's light two pictures have, the scale and offset found
 * give the one the brightness and contrast of the other, as far as their steps allow. Those of two
 * references do so alone and as a mixture, in chroma, too. */
#include "check.h"
#include "enc/lookahead_internal.h"

/* A scene of mean 120 and deviation 50 on black, in `percent` of its light. */
static AvoLowres faded(int percent)
{
    AvoLowres lr;
    memset(&lr, 0, sizeof lr);
    lr.mean_q8[0] = (16 * 100 + 104 * percent) * 256 / 100;
    lr.deviation_q8[0] = 50 * 256 * percent / 100;
    return lr;
}

/* What the weights do not make up for, 1/256 step. */
static void rest(const AvoLowres *cur, const AvoLowres *ref, const AvoPlanWeight *w, int *mean,
                 int *deviation)
{
    int denom = w->log2_denom[0];
    *mean = cur->mean_q8[0] - (ref->mean_q8[0] * w->w[0] >> denom) - w->o[0] * 256;
    *deviation = cur->deviation_q8[0] - (ref->deviation_q8[0] * w->w[0] >> denom);
}

static void test_same(void)
{
    AvoPlanWeight w;
    for (int light = 0; light <= 100; light += 5) {
        AvoLowres lr = faded(light);
        CHECK(!avo_weight_luma(&lr, &lr, &w) && !w.used[0], "weights for the same light, %d %%",
              light);
    }
}

static void test_fades(void)
{
    int64_t error = 0;
    int count = 0;
    for (int from = 10; from <= 100; from += 3)
        for (int to = 10; to <= 100; to += 7) {
            AvoLowres cur = faded(to), ref = faded(from);
            AvoPlanWeight w;
            int mean, deviation;
            if (from == to || to * 2 >= from * 15)
                continue;
            bool found = avo_weight_luma(&cur, &ref, &w);
            CHECK(found && w.used[0] && w.w[0] >= 1 && w.w[0] <= 127, "%d to %d %%: scale %d", from,
                  to, w.w[0]);
            rest(&cur, &ref, &w, &mean, &deviation);
            CHECK(avo_abs(mean) <= 129 && avo_abs(deviation) <= 2 * 256,
                  "%d to %d %%: mean off by %d, deviation by %d", from, to, mean, deviation);
            error += avo_abs(mean);
            count++;
        }
    /* Offsets rounded for themselves leave a quarter of a step, 64. */
    CHECK(error < 52 * count, "means off by %d of 256 steps", (int)(error / count));
}

/* Scales end at eight, and out of black, which has no contrast, offsets lead. */
static void test_limits(void)
{
    AvoLowres dark = faded(5), light = faded(100), black = faded(0);
    AvoPlanWeight w;
    CHECK(!avo_weight_luma(&light, &dark, &w), "a scale of 20: %d", w.w[0]);
    CHECK(avo_weight_luma(&dark, &black, &w) && avo_abs(w.w[0] - (1 << w.log2_denom[0])) <= 2 &&
              w.o[0] == 5,
          "out of black: scale %d, offset %d", w.w[0], w.o[0]);
}

/* A chroma plane of mean 120 and deviation 20 around no colour, in `percent` of its light. */
static AvoLight colour(int percent)
{
    return (AvoLight){(128 * 100 - 8 * percent) * 256 / 100, 20 * 256 * percent / 100};
}

static void check_pair(const AvoFade *f, const AvoFadeWeights *w, const char *kind, int deviation)
{
    for (int list = 0; list < 3; list++) {
        bool both = list == AVO_FADE_BOTH;
        int s0 = list == 1 ? 0 : w->scale[0], s1 = list == 0 ? 0 : w->scale[1];
        int denom = w->log2_denom + both;
        int offset = both ? avo_fade_offset_of_mixture(w) : w->offset[list];
        int mean = ((f->ref[0].mean_q8 * s0 + f->ref[1].mean_q8 * s1) >> denom) + offset * 256;
        int contrast = (f->ref[0].deviation_q8 * s0 + f->ref[1].deviation_q8 * s1) >> denom;
        CHECK(avo_abs(mean - f->cur.mean_q8) <= 257, "%s, reference %d: mean off by %d", kind, list,
              mean - f->cur.mean_q8);
        CHECK(avo_abs(contrast - f->cur.deviation_q8) <= deviation,
              "%s, reference %d: deviation off by %d", kind, list, contrast - f->cur.deviation_q8);
    }
}

/* Every kind has the brightness right; the longest has the contrast right, too, where a scale can
 * give it: twice at most, as offsets have to bring it back to no colour. */
static void test_pairs(void)
{
    int longest = 0;
    for (int past = 20; past <= 100; past += 4)
        for (int future = 20; future <= 100; future += 4) {
            AvoFade f = {colour((past + future) / 2), {colour(past), colour(future)}};
            AvoFadeWeights w;
            avo_fade_by_mean(&f, &w);
            check_pair(&f, &w, "offsets", 20 * 256);
            CHECK(w.log2_denom == 0, "offsets: 2^%d", w.log2_denom);
            avo_fade_by_mixture(&f, &w);
            check_pair(&f, &w, "offsets of the mixture", 20 * 256);
            avo_fade_by_contrast(&f, &w);
            CHECK(w.log2_denom == 5 && w.scale[0] + w.scale[1] <= 128 &&
                      avo_min(w.scale[0], w.scale[1]) > 0,
                  "%d to %d %%: scales %d and %d / 2^%d", past, future, w.scale[0], w.scale[1],
                  w.log2_denom);
            if (past + future > 4 * avo_min(past, future))
                continue;
            check_pair(&f, &w, "scales", 256);
            longest++;
        }
    CHECK(longest > 200, "%d pairs have scales", longest);
    AvoFadeWeights plain = AVO_FADE_PLAIN(5), other = plain;
    other.offset[1] = 1;
    CHECK(avo_fade_is_plain(&plain, 0) && avo_fade_is_plain(&plain, 1), "plain weights");
    CHECK(avo_fade_is_plain(&other, 0) && !avo_fade_is_plain(&other, 1), "an offset is not plain");
}

int main(void)
{
    test_pairs();
    test_same();
    test_fades();
    test_limits();
    return check_finish();
}
