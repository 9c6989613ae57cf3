/* See chain.h. */
#include "enc/chain.h"

/* Three fifths of the steps at and below FAR_LEAST, all of them from FAR_MOST on; each picture that
 * tells moves the mean by a quarter. */
enum { FAR_LEAST_Q8 = 13, FAR_MOST_Q8 = 102, LEAST_CHAIN_Q8 = 154, LEARN_SHIFT = 2 };

/* Before anything is known. */
enum { UNKNOWN_CHAIN_Q8 = 192 };

void avo_chain_init(AvoChain *chain, const AvocetEncoderConfig *config)
{
    chain->on = config->ref > 1;
    chain->far_q8 = -1;
    for (int i = 0; i < AVO_CHAIN_DELAY; i++)
        chain->seen_q8[i] = -1;
}

static void follow(AvoChain *chain, int seen_q8)
{
    if (seen_q8 < 0)
        return;
    if (chain->far_q8 < 0)
        chain->far_q8 = seen_q8;
    else
        chain->far_q8 += (seen_q8 - chain->far_q8) / (1 << LEARN_SHIFT);
}

void avo_chain_start(AvoChain *chain, AvoPlan *plan)
{
    follow(chain, chain->seen_q8[plan->coded_index % AVO_CHAIN_DELAY]);
    int above_q8 = avo_clip3(0, FAR_MOST_Q8 - FAR_LEAST_Q8, chain->far_q8 - FAR_LEAST_Q8);
    int more_q8 = (256 - LEAST_CHAIN_Q8) * above_q8 / (FAR_MOST_Q8 - FAR_LEAST_Q8);
    plan->chain_q8 = chain->far_q8 < 0 ? UNKNOWN_CHAIN_Q8 : LEAST_CHAIN_Q8 + more_q8;
    /* In a fade, which picture matches best is a matter of brightness. */
    if (!chain->on || plan->weight[0].used[0])
        plan->chain_q8 = 256;
}

/* The picture right behind a fine one has the finest before it. Those with few blocks that refer to
 * anything tell nothing, nor do those of fades. */
void avo_chain_learn(AvoChain *chain, const AvoPicJob *job)
{
    int inter = 0, far = 0, blocks = 4 * job->mb_width * job->mb_height;
    for (int i = 0; i < job->mb_height; i++) {
        inter += job->row_stats[i].inter_blocks;
        far += job->row_stats[i].far_blocks;
    }
    bool tells = job->plan.type == AVOCET_TYPE_P && avo_chain_position(job->plan.poc) != 1 &&
                 inter > blocks / 4 && !job->plan.weight[0].used[0];
    chain->seen_q8[job->plan.coded_index % AVO_CHAIN_DELAY] = tells ? far * 256 / inter : -1;
}
