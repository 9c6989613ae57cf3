/* Which keyframes are matched to the pictures before them, and that what those measured counts from
 * two pictures later on, whatever the order in which they are done. What matching is worth is
 * measured by tests/rate/test_steady.py. */
#include <string.h>
#include "check.h"
#include "enc/steady.h"

enum { SIZE = 64 };

static pixel source_samples[SIZE * SIZE], coded_samples[SIZE * SIZE];
static AvoSource source;
static AvoFrame frame;
static AvoPicJob job;
static AvoDsp dsp;

static void set_job(AvocetFrameType type, int64_t coded_index)
{
    memset(&job, 0, sizeof job);
    source.plane[0] = (AvoPlane){.data = source_samples, .stride = SIZE};
    frame.plane[0] = (AvoPlane){.data = coded_samples, .stride = SIZE};
    job.dsp = &dsp;
    job.rec = &frame;
    job.mb_width = job.mb_height = SIZE / 16;
    job.seen_width = job.seen_height = SIZE;
    job.plan.src = &source;
    job.plan.type = type;
    job.plan.coded_index = coded_index;
}

static bool start(AvoSteady *steady, AvocetFrameType type, int64_t coded_index)
{
    set_job(type, coded_index);
    return avo_steady_start(steady, &job);
}

static void learn(AvoSteady *steady, int layer, int64_t coded_index, int error)
{
    set_job(layer ? AVOCET_TYPE_B : AVOCET_TYPE_P, coded_index);
    job.plan.layer = layer;
    memset(coded_samples, 100 + error, sizeof coded_samples);
    avo_steady_learn(steady, &job);
}

static void test_which(const AvocetEncoderConfig *config)
{
    AvoSteady steady;
    avo_steady_init(&steady, config);
    CHECK(!start(&steady, AVOCET_TYPE_IDR, 0), "the first picture is matched");
    CHECK(!start(&steady, AVOCET_TYPE_P, 20), "a P picture is matched");
    CHECK(start(&steady, AVOCET_TYPE_IDR, 30), "a keyframe is not matched");
    CHECK(!start(&steady, AVOCET_TYPE_IDR, 33), "a keyframe right behind another is matched");
    CHECK(!start(&steady, AVOCET_TYPE_I, 50), "an I picture is matched");
    CHECK(!start(&steady, AVOCET_TYPE_IDR, 53), "a keyframe right behind an I picture is matched");
    set_job(AVOCET_TYPE_IDR, 80);
    job.plan.scenecut = true;
    CHECK(!avo_steady_start(&steady, &job), "a new scene is matched to the one before");

    AvocetEncoderConfig changed = *config;
    changed.rate_mode = AVOCET_RATE_QP;
    avo_steady_init(&steady, &changed);
    CHECK(!start(&steady, AVOCET_TYPE_IDR, 30), "a constant quantiser is moved");
    changed = *config;
    changed.steady = 0;
    avo_steady_init(&steady, &changed);
    CHECK(!start(&steady, AVOCET_TYPE_IDR, 30), "matched though switched off");
}

/* Anchors only, latest first. */
static void test_anchors(const AvocetEncoderConfig *config)
{
    AvoSteady steady;
    avo_steady_init(&steady, config);
    learn(&steady, 0, 1, 2);
    learn(&steady, 0, 9, 4);
    learn(&steady, 1, 10, 9);
    const AvoSteadyAnchor *a = steady.anchor;
    CHECK(a[0].coded_index == 9 && a[1].coded_index == 1, "anchors %d and %d are known",
          (int)a[0].coded_index, (int)a[1].coded_index);
    CHECK(a[0].error > 3 * a[1].error && a[0].error < 5 * a[1].error,
          "twice the error is %.2f times the squares", (double)a[0].error / (double)a[1].error);
}

static void learn_fading(AvoSteady *steady, int64_t coded_index)
{
    set_job(AVOCET_TYPE_P, coded_index);
    job.plan.weight[0].used[0] = true;
    avo_steady_learn(steady, &job);
}

/* Neither a fade nor the anchor behind it is an aim, the next one is. An anchor counts from two
 * pictures later on. */
static void test_fades(const AvocetEncoderConfig *config)
{
    AvoSteady steady;
    avo_steady_init(&steady, config);
    learn_fading(&steady, 2);
    CHECK(start(&steady, AVOCET_TYPE_IDR, 20), "one anchor that is weighted makes a fade");
    learn(&steady, 0, 6, 2);
    learn_fading(&steady, 10);
    steady.last_intra = 0;
    learn_fading(&steady, 18);
    CHECK(start(&steady, AVOCET_TYPE_IDR, 19), "an anchor counts for the next picture");
    steady.last_intra = 0;
    CHECK(!start(&steady, AVOCET_TYPE_IDR, 20), "a keyframe in a fade is matched");
    learn(&steady, 0, 26, 2);
    steady.last_intra = 0;
    CHECK(!start(&steady, AVOCET_TYPE_IDR, 30), "a keyframe right behind a fade is matched");
    learn(&steady, 0, 34, 2);
    steady.last_intra = 0;
    CHECK(start(&steady, AVOCET_TYPE_IDR, 40), "a keyframe is not matched long after a fade");
}

/* Samples that nobody sees do not count. */
static void test_unseen(const AvocetEncoderConfig *config)
{
    AvoSteady steady;
    avo_steady_init(&steady, config);
    learn(&steady, 0, 1, 0);
    set_job(AVOCET_TYPE_P, 2);
    job.seen_width = job.seen_height = SIZE - 6;
    memset(coded_samples, 100, sizeof coded_samples);
    for (int i = 0; i < SIZE; i++)
        coded_samples[i * SIZE + SIZE - 3] = coded_samples[(SIZE - 3) * SIZE + i] = 255;
    avo_steady_learn(&steady, &job);
    CHECK(steady.anchor[0].error <= steady.anchor[1].error, "samples outside are compared");
}

int main(void)
{
    AvocetEncoderConfig config;
    avocet_encoder_config_init(&config, "medium", NULL);
    CHECK(config.steady, "medium is not steady");
    avo_dsp_init(&dsp, 0);
    memset(source_samples, 100, sizeof source_samples);
    test_which(&config);
    test_anchors(&config);
    test_fades(&config);
    test_unseen(&config);
    return check_finish();
}
