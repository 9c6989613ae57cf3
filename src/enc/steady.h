/* Keyframes within a scene get the quality of the pictures before them.
 *
 *     start(picture)   whether it is such a keyframe; then
 *     match(picture)   codes some rows of it for a try: the quantiser that suits
 *     learn(picture)   when it is coded: its error in those rows
 *
 * Why: nothing refers across a keyframe, so how good it should be follows from nothing that has
 * been coded; importance is but a guess, and a step of quality at every keyframe is seen as
 * pumping. On screens, predicted pictures get better and better and a keyframe would fall behind
 * them; where things move, an intra picture is better than predicted ones at the same quantiser.
 *
 * The aim is the last anchor that is known, as anchors are what the pictures around a keyframe
 * build on. What a picture measured is used from two pictures later on in coding order, however
 * many threads there are. */
#ifndef AVO_ENC_STEADY_H
#define AVO_ENC_STEADY_H

#include "base/taskpool.h"
#include "enc/job.h"
#include "enc/row.h"

typedef struct AvoSteadyAnchor {
    int64_t coded_index;
    uint64_t error;
    bool fades; /* it is of a fade or right behind one: no aim */
} AvoSteadyAnchor;

typedef struct AvoSteady {
    bool on;
    bool chain;                /* no B pictures: anchors are the fine ones of the chain */
    int coarser_most_q8;       /* than planned */
    int64_t last_intra;        /* coded index */
    bool weighted;             /* the last anchor was */
    int fading;                /* anchors to come that a fade still counts for */
    int shift_q8;              /* of the picture at hand, so far */
    AvoSteadyAnchor anchor[2]; /* the last two that are coded, latest first */
} AvoSteady;

void avo_steady_init(AvoSteady *steady, const AvocetEncoderConfig *config);
bool avo_steady_start(AvoSteady *steady, const AvoPicJob *job);
void avo_steady_learn(AvoSteady *steady, const AvoPicJob *job);
/* By how much to move the quantiser of a picture that is ready for its first row, 1/256 QP; it has
 * to be started again. */
int avo_steady_match(AvoSteady *steady, AvoPicJob *job, AvoTaskPool *pool, AvoRowCtx *rows);

#endif
