/* The lookahead: pictures in display order in, plans in coding order out.
 *
 *     push -> window of undecided pictures -> shape of the next mini-GOP -> importance -> plans
 *          -> pop
 *
 * It holds back avo_lookahead_delay() pictures: the plan of the first picture comes right after
 * picture number 1 + delay is pushed (delay 0: every push yields its plan at once). From then on
 * each push decides a mini-GOP when the last one is used up, so plans come in bursts: after push n,
 * plans for at least n - delay pictures have come out in all. What is decided depends on the
 * pictures alone, never on when pop is called. */
#ifndef AVO_ENC_LOOKAHEAD_H
#define AVO_ENC_LOOKAHEAD_H

#include "base/taskpool.h"
#include "enc/input.h"

typedef struct AvoLookahead AvoLookahead;

/* Pictures held back; depends on bframes and lookahead only. */
int avo_lookahead_delay(const AvocetEncoderConfig *config);
/* Sources that the lookahead itself may hold at once. The pool needs these, plus one to fill, plus
 * those of the plans that the pipeline has popped and not yet released. */
int avo_lookahead_sources(const AvocetEncoderConfig *config);
/* Layers of B pictures that dpb_frames reference frames allow: 0 none, 1 flat, 2 one level of
 * reference B, ... As many as frames; where all n layers are there from the first picture on, n + 1
 * frames are held. */
int avo_lookahead_layers(const AvocetEncoderConfig *config, int dpb_frames);

/* Carves the lookahead and the cost caches of all sources of `pool` (already carved on the same
 * arena). config is copied, dsp must stay. Returns NULL on a dry run and when the arena overflows.
 * dpb_frames: reference frames that the stream may hold (max_num_ref_frames). tasks: runs rows of
 * blocks side by side, once it is started; NULL: one after the other, or a dry run. workers: of
 * tasks, 1 without. */
AvoLookahead *avo_lookahead_carve(AvoArena *arena, AvoInputPool *pool, AvoTaskPool *tasks,
                                  int workers, const AvocetEncoderConfig *config,
                                  const AvoDsp *dsp, int dpb_frames);

/* B pictures in a row that are possible. */
int avo_lookahead_bframes(const AvoLookahead *la);
/* Instead of deciding types, takes those of the first pass, by display index (AvocetFrameType);
 * wishes do not count then. types must live. */
void avo_lookahead_follow(AvoLookahead *la, const int8_t *types, int64_t count);
/* Takes the next picture in display order (retains its own reference). Must not be called while
 * avo_lookahead_pop would still return a plan. */
void avo_lookahead_push(AvoLookahead *la, AvoSource *source);
/* No more pictures: the rest is decided; pop until it returns false. */
void avo_lookahead_flush(AvoLookahead *la);
/* The next plan in coding order; false: push more (or all is out after flush). The plan owns one
 * reference on its source and its pointers live as long as that: give it back with
 * avo_plan_release. */
bool avo_lookahead_pop(AvoLookahead *la, AvoPlan *plan);
void avo_plan_release(AvoPlan *plan);
/* Gives back its neighbours alone, once the temporal filter is done. */
void avo_plan_release_neighbours(AvoPlan *plan);

/* A difference of timestamps relative to 1/fps, 1.0 = 65536. */
int64_t avo_lookahead_gap_q16(const AvocetEncoderConfig *config, int64_t gap);

#endif
