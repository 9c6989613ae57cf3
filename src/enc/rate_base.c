/* The base of a picture's quantiser. See ratecontrol.h.
 *
 * In: the plan, sums of bits so far, what is foreseen. Out: a quantiser that stands for all kinds
 * of pictures, to which ratecontrol.c adds what this picture differs by.
 *
 * With an average rate it is the one at which past and foreseen pictures together take what they
 * should, moved by how far the sum is off. B pictures follow the anchors around them instead. */
#include "enc/rate_internal.h"

#define INTRA_COST 8 /* times the bits of a P picture, before anything is known */

/* Bits over, in milliseconds of the rate, at which the base moves by 6 QP: grows with the square
 * root of the seconds so far, but not without lookahead. */
#define TOLERANCE_MS      200
#define TOLERANCE_LEAST   500
#define TOLERANCE_LIVE_MS 240
/* At least: the base moves once in a mini-GOP, so more would overshoot. */
#define TOLERANCE_MINIGOPS 2
#define HASTE_Q8           3072 /* the same of B pictures between, at most */
#define STEPS_MOST         4    /* times qp_step, at such a distance */
#define OVERFLOW_Q8        4608 /* the sum so far moves the base by 18 QP at most, */
#define BOUND_Q8           3072 /* the sum behind the pictures ahead by 12 more */

/* How far the base moves so that the last pictures meet the sum; that of B pictures beyond their
 * anchors, up; half of it down, as a few fine leaves would only look odd. */
#define ENDING_Q8   3072
#define ENDING_B_Q8 1024
/* These limits give way where the sum would be off by more than 1 / part of it: upwards by as much
 * again, down only by this, as what a much finer quantiser takes is hard to predict. */
#define ENDING_FINER_Q8 512
#define ENDING_PART     128

#define FIRST_STEPS 4 /* in which the base of the first picture is found */

#define PACE_SHIFT  4 /* the pace of late is the mean of about 2^PACE_SHIFT pictures, */
#define PACE_PAUSE  4 /* of which none lasts more than so many times as long; */
#define PACE_CHANCE 4 /* it is another if it differs by 1 / part from that of before */

/* Before anything is known: intra bits per picture of a group, were all groups like this one. */
int64_t avo_rate_share_of_group(const AvoRateControl *rc, int64_t intra_bits)
{
    int n = rc->loan_pictures;
    return intra_bits * (INTRA_COST + n) / (INTRA_COST * (n + 1));
}

/* Bits at base 0 and bits wanted of this picture and those foreseen. */
static void sum_ahead(const AvoRateControl *rc, const AvoPlan *plan, int relative_q8,
                      uint64_t *scaled, uint64_t *wanted)
{
    int64_t durations = plan->duration_q16;
    int complexity = avo_rate_complexity_q8(rc);
    *scaled = (uint64_t)avo_rate_bits_at(avo_rate_log2_plan_at_0(rc, plan), relative_q8);
    for (int i = 0; i < plan->ahead_count; i++) {
        const AvoPlanAhead *a = &plan->ahead[i];
        int relative =
            avo_rate_kind_offset_q8(rc, avo_rc_kind((AvocetFrameType)a->type), a->layer) +
            complexity;
        *scaled += (uint64_t)avo_rate_bits_at(avo_rate_log2_ahead_at_0(rc, plan, i), relative);
        durations += a->duration_q16;
    }
    *wanted = avo_mul_q16((uint64_t)rc->bits_per_picture_q8, (uint64_t)durations) >> 8;
    if (rc->live && !rc->wanted_bits)
        *scaled = (uint64_t)avo_rate_share_of_group(rc, (int64_t)*scaled);
}

int64_t avo_rate_tolerance(const AvoRateControl *rc)
{
    if (rc->live)
        return rc->bitrate * TOLERANCE_LIVE_MS / 1000 + 1;
    uint64_t pictures = (uint64_t)rc->time_q16 >> 16;
    uint64_t seconds_q8 =
        avo_muldiv(pictures * (uint64_t)rc->bits_per_picture_q8, 1, (uint64_t)rc->bitrate);
    int64_t root_q4 = avo_isqrt(seconds_q8); /* sqrt(seconds * 256) = 16 sqrt */
    int64_t by_time =
        rc->bitrate * avo_max64(TOLERANCE_LEAST, TOLERANCE_MS * root_q4 / 16) / 1000 + 1;
    return avo_max64(by_time, TOLERANCE_MINIGOPS * rc->minigop * rc->bits_per_picture_q8 / 256);
}

/* Moves the base when the sum of bits so far is off. */
static int overflow_q8(const AvoRateControl *rc, const AvoPlan *plan)
{
    int64_t over = avo_rate_bits_over(rc, plan), most = avo_rate_tolerance(rc);
    uint64_t sum = (uint64_t)(most + (over < 0 ? -over : over));
    int move = avo_min(avo_qp_delta_q8(avo_log2_ratio_q16(sum, (uint64_t)most)), OVERFLOW_Q8);
    return over < 0 ? -move : move;
}

/* The base at which pictures take so many bits. */
static int base_for_q8(uint64_t scaled, int64_t bits)
{
    return avo_qp_delta_q8(avo_log2_ratio_q16(scaled, (uint64_t)avo_max64(bits, 1)));
}

/* A scene that is much harder or easier than the past has no use for the past's base: the pictures
 * ahead may take the sum off by what is tolerated, by half of it if above, but no farther. */
static int bounded_base_q8(const AvoRateControl *rc, const AvoPlan *plan, int base, uint64_t scaled,
                           uint64_t wanted)
{
    int64_t even = (int64_t)wanted - avo_rate_bits_beyond(rc) + avo_rate_lent_ahead(rc, plan),
            most = avo_rate_tolerance(rc);
    int low = base_for_q8(scaled, even + most / 2), high = base_for_q8(scaled, even - most);
    return avo_clip3(base - BOUND_Q8, base + BOUND_Q8, avo_clip3(low, high, base));
}

/* What is left for these last pictures. */
static int64_t left_at_end(const AvoRateControl *rc, uint64_t wanted)
{
    return (int64_t)wanted - avo_rate_bits_beyond(rc);
}

/* By how much they may miss it. */
static int64_t slack_at_end(const AvoRateControl *rc, uint64_t wanted)
{
    return ((rc->bits_due >> 8) + (int64_t)wanted) / ENDING_PART;
}

/* The base at which they take it. */
static int ending_base_q8(const AvoRateControl *rc, uint64_t scaled, uint64_t wanted)
{
    return base_for_q8(scaled, left_at_end(rc, wanted));
}

/* The nearest to `base` at which the last pictures leave the sum well enough. */
static int keep_sum_q8(const AvoRateControl *rc, const AvoPlan *plan, int relative_q8, int base)
{
    uint64_t scaled, wanted;
    sum_ahead(rc, plan, relative_q8, &scaled, &wanted);
    int64_t left = left_at_end(rc, wanted), slack = slack_at_end(rc, wanted);
    int low = base_for_q8(scaled, left + slack), high = base_for_q8(scaled, left - slack);
    return avo_clip3(base - ENDING_FINER_Q8, base + ENDING_Q8, avo_clip3(low, high, base));
}

/* For B pictures, which otherwise take `base` from their anchors. */
static int near_ending_q8(const AvoRateControl *rc, const AvoPlan *plan, int relative_q8, int base)
{
    uint64_t scaled, wanted;
    if (rc->mode != AVOCET_RATE_BITRATE)
        return base;
    sum_ahead(rc, plan, relative_q8, &scaled, &wanted);
    int ending = ending_base_q8(rc, scaled, wanted);
    int least = avo_min(base, rc->last_base_q8) - ENDING_B_Q8 / 2;
    int most = avo_max(base, rc->last_base_q8) + ENDING_B_Q8;
    return avo_clip3(least, most, ending);
}

void avo_rate_learn_pace(AvoRateControl *rc, int64_t duration_q16, int memory)
{
    if (!rc->paced)
        rc->pace_q16 = rc->recent_pace_q16 = duration_q16;
    int64_t n = ++rc->paced, d = avo_min64(duration_q16, PACE_PAUSE * rc->recent_pace_q16);
    rc->pace_q16 += (d - rc->pace_q16) / avo_min64(n, 1 << memory);
    rc->recent_pace_q16 += (d - rc->recent_pace_q16) / avo_min64(n, 1 << PACE_SHIFT);
}

/* What past pictures should have taken, had they come as fast as those of late and ahead do. Where
 * pictures begin to come faster, say, each may take less from then on, and the base has to follow
 * at once, not as the memory fades. A pause is no such change. */
static uint64_t wanted_past(const AvoRateControl *rc, const AvoPlan *plan)
{
    if (rc->live || !rc->pace_q16)
        return rc->wanted_bits;
    int64_t count = 1 << PACE_SHIFT, sum = rc->recent_pace_q16 * count,
            most = PACE_PAUSE * rc->recent_pace_q16;
    for (int i = 0; i < plan->ahead_count; i++)
        sum += avo_min64(plan->ahead[i].duration_q16, most);
    int64_t pace = sum / (count + plan->ahead_count), change = pace - rc->pace_q16;
    if ((change < 0 ? -change : change) * PACE_CHANCE < rc->pace_q16)
        return rc->wanted_bits;
    return avo_muldiv(rc->wanted_bits, (uint64_t)pace, (uint64_t)rc->pace_q16);
}

static int abr_base_q8(const AvoRateControl *rc, const AvoPlan *plan, int relative_q8)
{
    uint64_t scaled, wanted;
    sum_ahead(rc, plan, relative_q8, &scaled, &wanted);
    int32_t log2_q16 = avo_log2_ratio_q16(rc->scaled_bits + scaled, wanted_past(rc, plan) + wanted);
    int base = avo_qp_delta_q8(log2_q16) + overflow_q8(rc, plan);
    if (!rc->live)
        base = bounded_base_q8(rc, plan, base, scaled, wanted);
    if (!plan->ahead_is_all)
        return base;
    return avo_clip3(base - ENDING_Q8, base + ENDING_Q8, ending_base_q8(rc, scaled, wanted));
}

/* B pictures follow the anchors around them rather than the base of the moment. */
static int two_pass_base_q8(AvoRateControl *rc, const AvoPlan *plan)
{
    int base = avo_two_pass_base_q8(rc->two_pass, rc->bits_done + avo_rate_bits_in_flight(rc));
    if (plan->coded_index)
        base = avo_clip3(rc->last_base_q8 - rc->qp_step_q8 / 2,
                         rc->last_base_q8 + rc->qp_step_q8 / 2, base);
    avo_two_pass_start(rc->two_pass, plan->src->display_index, avo_rc_kind(plan->type));
    return rc->last_base_q8 = base;
}

/* What B pictures are coarser than their anchors say, where the sum is over by more than is
 * tolerated before the next anchor could answer. */
static int haste_q8(const AvoRateControl *rc, const AvoPlan *plan)
{
    if (rc->mode != AVOCET_RATE_BITRATE)
        return 0;
    int64_t over = avo_rate_bits_over(rc, plan), most = avo_rate_tolerance(rc);
    if (over <= most)
        return 0;
    return avo_min(avo_qp_delta_q8(avo_log2_ratio_q16((uint64_t)over, (uint64_t)most)), HASTE_Q8);
}

/* How far the base may move from anchor to anchor: where the sum is farther off than is tolerated,
 * as after a start with a wrong guess, it cannot wait for many of them. */
static int step_q8(const AvoRateControl *rc, const AvoPlan *plan)
{
    int64_t over = avo_rate_bits_over(rc, plan),
            times = 1 + (over < 0 ? -over : over) / avo_rate_tolerance(rc);
    return rc->qp_step_q8 * (int)avo_min64(times, STEPS_MOST);
}

/* Where what follows gets as coarse as B pictures at the end may. */
int64_t avo_rate_most_at_end(const AvoRateControl *rc, const AvoPlan *plan, int qp_q8,
                             int relative_q8)
{
    uint64_t scaled, wanted;
    sum_ahead(rc, plan, relative_q8, &scaled, &wanted);
    int64_t own = avo_rate_bits_at(avo_rate_log2_plan_at_0(rc, plan), relative_q8);
    int64_t rest = (int64_t)avo_mul_q16(scaled - (uint64_t)own,
                                        avo_step_ratio_q16(relative_q8 - qp_q8 - ENDING_B_Q8));
    return left_at_end(rc, wanted) + slack_at_end(rc, wanted) - rest;
}

/* B pictures follow the anchors around them. */
static int base_between_q8(const AvoRateControl *rc, const AvoPlan *plan, int relative_q8)
{
    int mean = (rc->anchor_qp_q8[0] + rc->anchor_qp_q8[1]) / 2 - avo_rate_complexity_q8(rc);
    mean += haste_q8(rc, plan);
    return plan->ahead_is_all ? near_ending_q8(rc, plan, relative_q8, mean) : mean;
}

/* Nothing is known but costs, or, when it is coded again, what the picture took. What keyframes
 * that are foreseen borrow from pictures behind depends on the base itself, so it is found in
 * steps. */
static int first_base_q8(AvoRateControl *rc, const AvoPlan *plan, int relative_q8)
{
    uint64_t scaled, wanted;
    sum_ahead(rc, plan, relative_q8, &scaled, &wanted);
    for (int i = 0; i < FIRST_STEPS; i++) {
        int64_t lent = rc->live ? 0 : avo_rate_lent_ahead(rc, plan);
        int base = base_for_q8(scaled, (int64_t)wanted + lent);
        rc->last_base_q8 = avo_clip3(0, avo_rate_highest_q8(rc), base);
        avo_rate_foresee_keyframe(rc, plan);
    }
    return rc->last_base_q8;
}

static int anchor_base_q8(AvoRateControl *rc, const AvoPlan *plan, int relative_q8)
{
    if (!rc->anchors)
        return first_base_q8(rc, plan, relative_q8);
    int base = abr_base_q8(rc, plan, relative_q8);
    if (plan->scenecut)
        return base;
    int last = rc->last_base_q8, step = step_q8(rc, plan);
    int up = plan->ahead_is_all ? 2 * step : step;
    if (plan->type == AVOCET_TYPE_IDR) {
        step = rc->key_step_q8;
        up = plan->ahead_is_all ? up : step; /* pictures behind could not pay for it */
    }
    return avo_clip3(last - step, last + up, base);
}

int avo_rate_base_q8(AvoRateControl *rc, const AvoPlan *plan, int relative_q8)
{
    bool between = plan->layer > 0 && rc->anchors > 1, average = rc->mode == AVOCET_RATE_BITRATE;
    if (rc->two_pass)
        return two_pass_base_q8(rc, plan);
    if (rc->mode == AVOCET_RATE_QP || (!average && !between))
        return rc->base_q8;
    int base =
        between ? base_between_q8(rc, plan, relative_q8) : anchor_base_q8(rc, plan, relative_q8);
    if (average && plan->ahead_is_all)
        base = keep_sum_q8(rc, plan, relative_q8, base);
    if (between)
        return base;
    return rc->last_base_q8 =
               avo_clip3(rc->qp_min_q8 - relative_q8, avo_rate_highest_q8(rc) - relative_q8, base);
}

int avo_rate_again_base_q8(AvoRateControl *rc, const AvoPlan *plan, const AvoRcFlight *f)
{
    int64_t due_q8 = avo_rate_due_q8(rc, f->duration_q16);
    bool first = rc->anchors == 1;
    rc->flight_count--;
    rc->bits_due -= due_q8;
    int base =
        first ? first_base_q8(rc, plan, f->relative_q8) : abr_base_q8(rc, plan, f->relative_q8);
    rc->flight_count++;
    rc->bits_due += due_q8;
    return base;
}
