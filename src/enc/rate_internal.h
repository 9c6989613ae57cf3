/* What the parts of the rate control share; see ratecontrol.h. Nobody else includes this.
 *
 *     ratecontrol.c  settings, relative quantisers, what coded pictures teach, the calls
 *     rate_predict.c what pictures will take
 *     rate_base.c    the base of a picture's quantiser: average rate, second pass, B pictures
 *     rate_loan.c    what intra pictures take in advance, and what is saved up for them
 *     rate_retry.c   pictures that are coded again
 *     vbv.c          the buffer
 *     two_pass.c     what a first pass left */
#ifndef AVO_ENC_RATE_INTERNAL_H
#define AVO_ENC_RATE_INTERNAL_H

#include "base/fixmath.h"
#include "enc/ratecontrol.h"
#include "enc/two_pass.h"

/* ---- pictures in flight ---- */

/* Place of the picture that `after` others in flight come before. */
static inline int avo_rate_flight_at(const AvoRateControl *rc, int after)
{
    return (rc->flight_first + after) % AVO_RC_FLIGHT_MAX;
}

static inline AvoRcFlight *avo_rate_latest_flight(AvoRateControl *rc)
{
    return &rc->flight[avo_rate_flight_at(rc, rc->flight_count - 1)];
}

/* Planned for pictures that are not learned from yet. */
int64_t avo_rate_bits_in_flight(const AvoRateControl *rc);
/* The buffer as it will be when the picture after the first `count` that are in flight is due. */
AvoVbv avo_rate_vbv_after(const AvoRateControl *rc, int count);

/* Bits that are due in this time, 1/256. */
static inline int64_t avo_rate_due_q8(const AvoRateControl *rc, int64_t duration_q16)
{
    return (int64_t)avo_mul_q16((uint64_t)rc->bits_per_picture_q8, (uint64_t)duration_q16);
}

/* ---- prediction of bits ---- */

void avo_rate_init_prediction(AvoRateControl *rc);
int avo_rate_class(const AvoRateControl *rc, const AvoPlan *plan);
/* Bits at QP 0, as a logarithm: of a picture with this cost; of the one that is planned; of the
 * i-th that is foreseen, with the usual effect of offsets on its class; of an intra picture in
 * place of the one that is planned. */
int32_t avo_rate_log2_bits_at_0(const AvoRateControl *rc, int class, int64_t bits_cost);
int32_t avo_rate_log2_plan_at_0(const AvoRateControl *rc, const AvoPlan *plan);
int32_t avo_rate_log2_ahead_at_0(const AvoRateControl *rc, const AvoPlan *plan, int i);
int32_t avo_rate_log2_intra_at_0(const AvoRateControl *rc, const AvoPlan *plan);
int64_t avo_rate_bits_at(int32_t log2_at_0_q16, int qp_q8);
/* What a plan teaches, and what a picture took. */
void avo_rate_learn_offsets(AvoRateControl *rc, const AvoPlan *plan);
void avo_rate_learn_bits(AvoRateControl *rc, const AvoRcFlight *f, int64_t bits);

/* ---- relative quantisers ---- */

int avo_rate_kind_offset_q8(const AvoRateControl *rc, int kind, int layer);
int avo_rate_complexity_q8(const AvoRateControl *rc);
int avo_rate_highest_q8(const AvoRateControl *rc);

/* ---- base ---- */

int avo_rate_base_q8(AvoRateControl *rc, const AvoPlan *plan, int relative_q8);
/* That of the picture started last, one of the first two anchors, by what is known now. */
int avo_rate_again_base_q8(AvoRateControl *rc, const AvoPlan *plan, const AvoRcFlight *f);
/* How fast pictures come, learned from one; memory: the mean is over 2^memory of them. */
void avo_rate_learn_pace(AvoRateControl *rc, int64_t duration_q16, int memory);
/* What a picture that is started with this quantiser may take at most, if the pictures that are
 * foreseen behind it are the last. */
int64_t avo_rate_most_at_end(const AvoRateControl *rc, const AvoPlan *plan, int qp_q8,
                             int relative_q8);
/* Bits that the sum may be off before the base moves by 6 QP. */
int64_t avo_rate_tolerance(const AvoRateControl *rc);
/* Before anything is known: intra bits per picture of a group, were all groups like this one. */
int64_t avo_rate_share_of_group(const AvoRateControl *rc, int64_t intra_bits);

/* ---- loans ---- */

/* Bits so far beyond those due: all of them, and those that no intra picture accounts for. */
int64_t avo_rate_bits_beyond(const AvoRateControl *rc);
int64_t avo_rate_bits_over(const AvoRateControl *rc, const AvoPlan *plan);
/* By how much the sum may be off behind the pictures that are foreseen. */
int64_t avo_rate_lent_ahead(const AvoRateControl *rc, const AvoPlan *plan);
int64_t avo_rate_saved_up(const AvoRateControl *rc);
/* What a keyframe would take beyond the average, from the picture that is being started. */
void avo_rate_foresee_keyframe(AvoRateControl *rc, const AvoPlan *plan);
/* Makes the picture started last coarser if it would take too much in advance. */
void avo_rate_lower_loan(AvoRateControl *rc, AvoFrameQp *out);
/* Whether it has to be coded again because it took too much all the same. */
bool avo_rate_retry_loan(const AvoRateControl *rc, AvoRcFlight *f, int64_t bits);
/* What became of a picture; scaled: its bits as they would be at base 0. */
void avo_rate_settle_loan(AvoRateControl *rc, const AvoRcFlight *f, int64_t bits, int64_t scaled);

#endif
