/* How far the fine P pictures of a chain (plan.h) stand above those between.
 *
 *     start(chain, plan)   before the picture's quantiser is chosen: plan->chain_q8
 *     learn(chain, job)    when it is coded
 *
 * Why: a fine picture pays where pictures after it draw on it for long. Where nearly every block
 * finds its best match in the picture right before, as in water, or before a camera held by hand,
 * what is fine is soon replaced, and large steps cost more than they bring. Fine texture that moves
 * by parts of a sample is taken from any picture that shows it better. So the share of blocks that
 * refer past the picture before tells how large the steps may be.
 *
 * What a picture has shown is used from two pictures later on in coding order, however many threads
 * there are. */
#ifndef AVO_ENC_CHAIN_H
#define AVO_ENC_CHAIN_H

#include "enc/job.h"

enum { AVO_CHAIN_DELAY = 2 };

typedef struct AvoChain {
    bool on;                      /* there is more than one reference: else all steps stay */
    int far_q8;                   /* mean share of blocks that refer past the picture before; -1 */
    int seen_q8[AVO_CHAIN_DELAY]; /* of the last pictures, not yet in far_q8; -1: tells nothing */
} AvoChain;

void avo_chain_init(AvoChain *chain, const AvocetEncoderConfig *config);
void avo_chain_start(AvoChain *chain, AvoPlan *plan);
void avo_chain_learn(AvoChain *chain, const AvoPicJob *job);

#endif
