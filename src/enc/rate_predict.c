/* What pictures will take. See ratecontrol.h.
 *
 * In: a picture's cost from the lookahead, what pictures of its class took before. Out: its bits at
 * QP 0, as a logarithm.
 *
 *     log2 bits = coefficient(class) + log2 cost - qp / 6
 *
 * The coefficient is that of the last few pictures, which are the likest. But where little moves,
 * most is skipped, and a unit of cost takes fewer bits than elsewhere. So what a picture costs
 * beyond the last few takes as much as cost has taken on the whole: behind a still scene, a cut is
 * not expected to be cheap. */
#include "enc/rate_internal.h"

/* First guesses, replaced by what is seen. Those of inter pictures are near the means of the first
 * 30 pictures of thirteen clips, `veryfast` and `medium`, --crf 18 to 38. Without lookahead the
 * first picture is coded twice, which tells more of those behind it. */
static const int32_t first_coeff_q16[AVO_RC_CLASSES] = {
    [AVO_RC_CLASS_I] = 170072,      [AVO_RC_CLASS_P] = 139000,     [AVO_RC_CLASS_P_COARSE] = 139000,
    [AVO_RC_CLASS_BREF_1] = 112700, [AVO_RC_CLASS_BREF_2] = 87200, [AVO_RC_CLASS_BREF_3] = 60300,
    [AVO_RC_CLASS_B] = 52400,
};
#define FIRST_COEFF_LIVE_Q16 170072

/* What the first picture of a class takes beyond its guess is expected of classes not seen yet,
 * too, of an intra picture half; but not more. */
#define MISSED_MOST (3 * 32768)

#define RECENT       4  /* 1 / part of a new picture in the last few */
#define MEMORY_SHIFT 6  /* of the whole: half is forgotten in 44 pictures of a class */
#define HEIRS        16 /* pictures that make one as important as usual */

/* Sums of bits at QP 0 and of costs hold 1/256, so that forgetting is smooth. */
#define COST_SHIFT 8

void avo_rate_init_prediction(AvoRateControl *rc)
{
    for (int i = 0; i < AVO_RC_CLASSES; i++)
        rc->predictor[i].log2_coeff_q16 = rc->live ? FIRST_COEFF_LIVE_Q16 : first_coeff_q16[i];
}

static int class_of(int kind, int layer, bool coarse)
{
    switch (kind) {
    case AVO_RC_I:
        return AVO_RC_CLASS_I;
    case AVO_RC_P:
        return coarse ? AVO_RC_CLASS_P_COARSE : AVO_RC_CLASS_P;
    case AVO_RC_BREF:
        return AVO_RC_CLASS_BREF_1 + avo_clip3(1, 3, layer) - 1;
    default:
        return AVO_RC_CLASS_B;
    }
}

int avo_rate_class(const AvoRateControl *rc, const AvoPlan *plan)
{
    bool coarse = rc->chain_offset_q8[avo_chain_position(plan->poc)] > 0;
    return class_of(avo_rc_kind(plan->type), plan->layer, coarse);
}

int32_t avo_rate_log2_bits_at_0(const AvoRateControl *rc, int class, int64_t bits_cost)
{
    const AvoRcPredictor *p = &rc->predictor[class];
    uint64_t cost = (uint64_t)avo_max64(bits_cost, 1), usual = (uint64_t)p->cost;
    if (p->seen && cost > usual) {
        int32_t busy = avo_log2_ratio_q16(p->bits_sum, p->cost_sum) - p->log2_coeff_q16;
        cost = usual + avo_mul_q16(cost - usual, avo_exp2_q16(busy));
    }
    return p->log2_coeff_q16 + avo_log2_q16(cost);
}

int32_t avo_rate_log2_plan_at_0(const AvoRateControl *rc, const AvoPlan *plan)
{
    return avo_rate_log2_bits_at_0(rc, avo_rate_class(rc, plan), plan->bits_cost);
}

/* The last pictures of a stream are important to hardly any others. */
int32_t avo_rate_log2_ahead_at_0(const AvoRateControl *rc, const AvoPlan *plan, int i)
{
    const AvoPlanAhead *a = &plan->ahead[i];
    int class = class_of(avo_rc_kind((AvocetFrameType)a->type), a->layer, false);
    int heirs = plan->ahead_is_all ? avo_min(plan->ahead_count - 1 - i, HEIRS) : HEIRS;
    return avo_rate_log2_bits_at_0(rc, class, a->cost) +
           rc->predictor[class].log2_offsets_q16 / HEIRS * heirs;
}

int32_t avo_rate_log2_intra_at_0(const AvoRateControl *rc, const AvoPlan *plan)
{
    return avo_rate_log2_bits_at_0(rc, AVO_RC_CLASS_I, plan->intra_cost) +
           rc->predictor[AVO_RC_CLASS_I].log2_offsets_q16;
}

int64_t avo_rate_bits_at(int32_t log2_at_0_q16, int qp_q8)
{
    int32_t log2_q16 = log2_at_0_q16 - (int32_t)((int64_t)qp_q8 * 128 / 3);
    return (int64_t)(avo_exp2_q16(avo_clip3(0, 40 * 65536, log2_q16)) >> 16);
}

/* A new picture counts for a quarter, the first ones for more. */
static int64_t mix(int64_t value, int64_t seen_value, int seen)
{
    return value + (seen_value - value) / avo_min(seen + 1, RECENT);
}

void avo_rate_learn_offsets(AvoRateControl *rc, const AvoPlan *plan)
{
    AvoRcPredictor *p = &rc->predictor[avo_rate_class(rc, plan)];
    int64_t plain = avo_rc_kind(plan->type) == AVO_RC_I ? plan->intra_cost : plan->inter_cost;
    if (plain <= 0 || plan->bits_cost <= 0)
        return;
    int32_t offsets = avo_log2_ratio_q16((uint64_t)plan->bits_cost, (uint64_t)plain);
    p->log2_offsets_q16 = (int32_t)mix(p->log2_offsets_q16, offsets, p->seen);
}

/* The first of its class tells of those that are not seen yet. */
static void teach_unseen(AvoRateControl *rc, int class, int32_t missed_q16)
{
    int32_t missed = avo_clip3(-MISSED_MOST, MISSED_MOST, missed_q16);
    if (class == AVO_RC_CLASS_I)
        missed /= 2;
    for (int i = 0; i < AVO_RC_CLASSES; i++)
        if (!rc->predictor[i].seen && i != class)
            rc->predictor[i].log2_coeff_q16 += missed;
}

void avo_rate_learn_bits(AvoRateControl *rc, const AvoRcFlight *f, int64_t bits)
{
    AvoRcPredictor *p = &rc->predictor[f->class];
    int32_t log2_at_0 =
        avo_log2_q16((uint64_t)avo_max64(bits, 1)) + (int32_t)((int64_t)f->qp_q8 * 128 / 3);
    int32_t coeff = log2_at_0 - avo_log2_q16((uint64_t)f->cost);
    bool is_beyond = avo_rc_is_beyond(rc, f->qp_q8);
    if (!p->seen && !is_beyond && !rc->live)
        teach_unseen(rc, f->class, coeff - p->log2_coeff_q16);
    /* Beyond the last quantiser most is skipped, which tells nothing of finer pictures. */
    if (!p->seen || !is_beyond || coeff > p->log2_coeff_q16)
        p->log2_coeff_q16 = (int32_t)mix(p->log2_coeff_q16, coeff, p->seen);
    p->cost = mix(p->cost, f->cost, p->seen);
    p->bits_sum -= p->bits_sum >> MEMORY_SHIFT;
    p->bits_sum += (uint64_t)avo_rate_bits_at(log2_at_0, 0) << COST_SHIFT;
    p->cost_sum -= p->cost_sum >> MEMORY_SHIFT;
    p->cost_sum += (uint64_t)f->cost << COST_SHIFT;
    p->seen = avo_min(p->seen + 1, 1000);
}
