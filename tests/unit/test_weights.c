/* Weights of fades: whatever part of a scene's light two pictures have, the scale and offset found
 * give the one the brightness and contrast of the other, as far as their steps allow. */
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

int main(void)
{
    test_same();
    test_fades();
    test_limits();
    return check_finish();
}
