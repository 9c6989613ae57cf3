/* Loop filter offsets by trial: which pair a picture gets, from which pictures before it, whatever
 * the order in which those are done. The trial itself is tests/worth's. */
#include <string.h>
#include "check.h"
#include "enc/deblock_trial.h"

enum { MB_HEIGHT = 18 };

static AvoPicJob job;
static AvoFrame frame;

static void start(AvoDeblockTrial *trial, AvocetFrameType type, int64_t coded_index)
{
    memset(&job, 0, sizeof job);
    job.rec = &frame;
    job.mb_height = MB_HEIGHT;
    job.slice_count = 1;
    job.plan.type = type;
    job.plan.layer = type == AVOCET_TYPE_B || type == AVOCET_TYPE_BREF;
    job.plan.coded_index = coded_index;
    avo_deblock_trial_start(trial, &job);
}

/* The picture liked pair `best`. */
static void learn(AvoDeblockTrial *trial, int64_t coded_index, bool tried, int best)
{
    AvoPicJob coded = job;
    coded.plan.coded_index = coded_index;
    coded.deblock_tally.on = tried;
    for (int i = 0; i < AVO_DEBLOCK_PAIRS; i++)
        coded.deblock_tally.error[i] = i == best ? 900000 : 1000000;
    avo_deblock_trial_learn(trial, &coded);
}

static bool at_centre(void)
{
    return job.header.alpha_offset_div2 == 1 && job.header.beta_offset_div2 == -1;
}

static void test_delay(const AvocetEncoderConfig *config)
{
    AvoDeblockTrial trial;
    avo_deblock_trial_init(&trial, config);
    start(&trial, AVOCET_TYPE_P, 1);
    CHECK(at_centre() && job.deblock_tally.on, "the first P picture has offsets %d:%d",
          job.header.alpha_offset_div2, job.header.beta_offset_div2);
    learn(&trial, 1, true, 2);
    start(&trial, AVOCET_TYPE_P, 2);
    CHECK(at_centre(), "what a picture liked is used by the next one");
    CHECK(!job.deblock_tally.on, "two P pictures in a row try");
    start(&trial, AVOCET_TYPE_P, 3);
    CHECK(!at_centre(), "what a picture liked is not used two pictures later");
    CHECK(job.deblock_slice[0].alpha_offset == 2 * job.header.alpha_offset_div2 &&
              job.deblock_slice[0].beta_offset == 2 * job.header.beta_offset_div2,
          "header and filter disagree");
    start(&trial, AVOCET_TYPE_B, 4);
    CHECK(at_centre() && !job.deblock_tally.on, "B pictures have offsets of their own");
    start(&trial, AVOCET_TYPE_P, 9);
    CHECK(job.deblock_tally.on, "no P picture tries again");
}

/* Picture i may be done before picture i + 1 starts, or after that. */
static void test_order(const AvocetEncoderConfig *config)
{
    AvoDeblockTrial early, late;
    bool tried[41] = {false};
    avo_deblock_trial_init(&early, config);
    avo_deblock_trial_init(&late, config);
    for (int i = 1; i <= 40; i++) {
        start(&early, AVOCET_TYPE_P, i);
        AvoSliceHeader header = job.header;
        tried[i] = job.deblock_tally.on;
        learn(&early, i, tried[i], i % AVO_DEBLOCK_PAIRS);
        start(&late, AVOCET_TYPE_P, i);
        CHECK(header.alpha_offset_div2 == job.header.alpha_offset_div2 &&
                  header.beta_offset_div2 == job.header.beta_offset_div2 &&
                  tried[i] == job.deblock_tally.on,
              "picture %d depends on when the one before is done", i);
        learn(&late, i - 1, tried[i - 1], (i - 1) % AVO_DEBLOCK_PAIRS);
    }
}

static void test_switches(const AvocetEncoderConfig *config)
{
    AvocetEncoderConfig changed = *config;
    AvoDeblockTrial trial;
    changed.deblock_trial = 0;
    avo_deblock_trial_init(&trial, &changed);
    start(&trial, AVOCET_TYPE_IDR, 0);
    CHECK(!avo_deblock_trial_tastes(&trial, &job), "an I picture tastes though it should not");
    start(&trial, AVOCET_TYPE_P, 1);
    CHECK(!job.deblock_tally.on, "a P picture tries though it should not");

    changed = *config;
    changed.bframes = 0;
    avo_deblock_trial_init(&trial, &changed);
    start(&trial, AVOCET_TYPE_IDR, 0);
    CHECK(avo_deblock_trial_tastes(&trial, &job), "the first picture does not taste");
    start(&trial, AVOCET_TYPE_P, 1);
    CHECK(!job.deblock_tally.on, "P pictures try without B pictures");

    avo_deblock_trial_init(&trial, config);
    trial.last_taste = 0;
    start(&trial, AVOCET_TYPE_IDR, 15);
    CHECK(!avo_deblock_trial_tastes(&trial, &job), "every keyframe tastes");
    job.plan.scenecut = true;
    CHECK(avo_deblock_trial_tastes(&trial, &job), "a new scene is not tasted");
    start(&trial, AVOCET_TYPE_IDR, 250);
    CHECK(avo_deblock_trial_tastes(&trial, &job), "a keyframe ten seconds later does not taste");
}

/* --deblock is the centre; what comes out is legal. */
static void test_range(const AvocetEncoderConfig *config)
{
    for (int centre = -6; centre <= 6; centre += 6)
        for (int pair = 0; pair < AVO_DEBLOCK_PAIRS; pair++) {
            AvocetEncoderConfig changed = *config;
            changed.deblock_alpha = changed.deblock_beta = centre;
            AvoDeblockTrial trial;
            avo_deblock_trial_init(&trial, &changed);
            start(&trial, AVOCET_TYPE_P, 1);
            learn(&trial, 1, true, pair);
            start(&trial, AVOCET_TYPE_P, 9);
            int a = job.header.alpha_offset_div2, b = job.header.beta_offset_div2;
            CHECK(a >= -6 && a <= 6 && b >= -6 && b <= 6, "pair %d around %d: %d:%d", pair, centre,
                  a, b);
            CHECK(pair || (a == centre && b == centre), "pair 0 around %d: %d:%d", centre, a, b);
        }
}

int main(void)
{
    AvocetEncoderConfig config;
    avocet_encoder_config_init(&config, "medium", "psnr");
    CHECK(config.deblock_trial, "medium does not try");
    config.deblock_alpha = 1;
    config.deblock_beta = -1;
    test_delay(&config);
    test_order(&config);
    test_switches(&config);
    test_range(&config);
    return check_finish();
}
