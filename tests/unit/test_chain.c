/* How large the steps between fine and coarse P pictures are: by what pictures refer to, known from
 * two pictures later on. What that is worth is in docs/compression.md. */
#include <string.h>
#include "check.h"
#include "enc/chain.h"

enum { MBS = 8, BLOCKS = 4 * MBS * MBS };

static const AvocetEncoderConfig config = {.ref = 2};
static AvoRowStats stats[MBS];

static AvoPicJob job_of(AvocetFrameType type, int64_t coded_index)
{
    AvoPicJob job;
    memset(&job, 0, sizeof job);
    job.mb_width = job.mb_height = MBS;
    job.row_stats = stats;
    job.plan.type = type;
    job.plan.coded_index = coded_index;
    job.plan.poc = (int)(2 * coded_index);
    return job;
}

/* far_share: percent of the blocks that refer past the picture before. */
static void learn(AvoChain *chain, AvoPicJob job, int inter_share, int far_share)
{
    for (int i = 0; i < MBS; i++) {
        memset(&stats[i], 0, sizeof stats[i]);
        stats[i].inter_blocks = BLOCKS / MBS * inter_share / 100;
        stats[i].far_blocks = stats[i].inter_blocks * far_share / 100;
    }
    avo_chain_learn(chain, &job);
}

static int start(AvoChain *chain, int64_t coded_index)
{
    AvoPicJob job = job_of(AVOCET_TYPE_P, coded_index);
    avo_chain_start(chain, &job.plan);
    return job.plan.chain_q8;
}

/* The share after some pictures that all refer alike. */
static int settled(int inter_share, int far_share)
{
    AvoChain chain;
    int share = 0;
    avo_chain_init(&chain, &config);
    for (int n = 0; n < 20; n++) {
        share = start(&chain, n);
        learn(&chain, job_of(n ? AVOCET_TYPE_P : AVOCET_TYPE_IDR, n), inter_share, far_share);
    }
    return share;
}

static void test_share(void)
{
    int unknown = settled(10, 50);
    CHECK(settled(100, 0) == 154, "where nothing refers far, %d / 256", settled(100, 0));
    CHECK(settled(100, 60) == 256, "where most refers far, %d / 256", settled(100, 60));
    CHECK(unknown > 154 && unknown < 256, "of nearly intra pictures something is learned: %d",
          unknown);
    for (int far = 0, before = 0; far <= 60; far += 5) {
        int share = settled(100, far);
        CHECK(share >= before, "%d %% refer far: steps of %d after %d", far, share, before);
        before = share;
    }
}

static void test_delay(void)
{
    AvoChain chain;
    avo_chain_init(&chain, &config);
    int unknown = start(&chain, 2);
    learn(&chain, job_of(AVOCET_TYPE_P, 2), 100, 60);
    CHECK(start(&chain, 3) == unknown, "the picture before is known already");
    CHECK(start(&chain, 4) == 256, "the picture before that is not known");
}

static void test_what_tells(void)
{
    AvoChain chain;
    avo_chain_init(&chain, &config);
    int unknown = start(&chain, 4);
    learn(&chain, job_of(AVOCET_TYPE_P, 5), 100, 60);
    CHECK(start(&chain, 7) == unknown, "a picture right behind a fine one tells something");
    AvoPicJob faded = job_of(AVOCET_TYPE_P, 8);
    faded.plan.weight[0].used[0] = true;
    learn(&chain, faded, 100, 0);
    CHECK(start(&chain, 10) == unknown, "a picture of a fade tells something");
    faded.plan.coded_index = 12;
    avo_chain_start(&chain, &faded.plan);
    CHECK(faded.plan.chain_q8 == 256, "a picture of a fade has steps of %d", faded.plan.chain_q8);
}

static void test_one_reference(void)
{
    const AvocetEncoderConfig one = {.ref = 1};
    AvoChain chain;
    avo_chain_init(&chain, &one);
    learn(&chain, job_of(AVOCET_TYPE_P, 6), 100, 0);
    CHECK(start(&chain, 8) == 256, "steps of %d with one reference", start(&chain, 8));
}

int main(void)
{
    test_one_reference();
    test_share();
    test_delay();
    test_what_tells();
    return check_finish();
}
