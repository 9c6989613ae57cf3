/* What intra pictures take in advance. See ratecontrol.h.
 *
 * A keyframe takes many times the bits of a picture, and would make those behind it coarse if they
 * had to pay at once. So it takes a loan, which is paid back picture by picture; half of a rare one
 * is saved up before it, as a stream may end anywhere. In: sums of bits, plans, what pictures
 * became. Out: by how much the sum of bits is off in earnest (rate_base.c acts on that); without
 * lookahead also a coarser quantiser for pictures that would take too much. */
#include "enc/rate_internal.h"

/* 1 / part that an anchor has in what the next keyframe is expected to take; without lookahead */
#define EXCESS      2
#define EXCESS_LIVE 16
/* Without lookahead: part of the stream so far by which large pictures may take the sum off, or as
 * much of the rate; but no coarser for that than this at a cut, and at keyframes that are due; not
 * where these come more often than once in so many times of paying for them. */
#define LENT_PART   110
#define LENT_MS     100
#define LENT_CUT_Q8 1536
#define LENT_DUE_Q8 1152
#define LENT_RARE   4
#define LENT_MISS   16 /* what takes more than that by 1 / part is coded again */

/* Without lookahead nobody knows whether time is left to pay for large pictures: so far they may
 * take the sum off, and no farther. */
static int64_t most_lent(const AvoRateControl *rc)
{
    return avo_max64((rc->bits_due >> 8) / LENT_PART, rc->bitrate * LENT_MS / 1000);
}

/* Keyframes are seldom. Where they come often, they are a good part of the bits at any rate, and
 * quality that moves for each of them would do so again and again. */
static bool is_rare(const AvoRateControl *rc)
{
    return !rc->keyint || rc->keyint > LENT_RARE * rc->loan_pictures;
}

/* Half of what the next keyframe takes is saved up before it, so that the sum is never off by more
 * than half, wherever the stream ends, and quality falls neither before nor behind it by as much.
 * A buffer could not hold what is saved. */
static int64_t saving(const AvoRateControl *rc, int64_t since_keyframe)
{
    int64_t left = rc->keyint - 1 - since_keyframe, n = rc->loan_pictures;
    if (rc->vbv.size || left < 0 || left >= n || (!rc->live && !is_rare(rc)))
        return 0;
    int64_t half =
        avo_min64(rc->key_excess / 2, rc->live ? most_lent(rc) * 2 : avo_rate_tolerance(rc) / 2);
    return half * avo_min64(n, (n - left) * 4 / 3) / n;
}

int64_t avo_rate_saved_up(const AvoRateControl *rc)
{
    return saving(rc, rc->since_keyframe);
}

/* By how much the sum may be off behind the pictures that are foreseen, because of intra pictures:
 * what is lent then, less what is saved. */
int64_t avo_rate_lent_ahead(const AvoRateControl *rc, const AvoPlan *plan)
{
    if (plan->ahead_is_all)
        return 0;
    int64_t loan = rc->loan, step = rc->loan_step, since = rc->since_keyframe;
    for (int i = -1; i < plan->ahead_count; i++) {
        AvocetFrameType type = i < 0 ? plan->type : (AvocetFrameType)plan->ahead[i].type;
        if (avo_rc_kind(type) == AVO_RC_I) {
            loan = avo_max64(0, rc->key_excess - saving(rc, since));
            step = loan / rc->loan_pictures + 1;
        } else {
            loan = avo_max64(0, loan - step);
        }
        since = type == AVOCET_TYPE_IDR ? 0 : since + 1;
    }
    return loan - saving(rc, since);
}

/* Bits so far beyond those due. */
int64_t avo_rate_bits_beyond(const AvoRateControl *rc)
{
    return rc->bits_done + avo_rate_bits_in_flight(rc) - (rc->bits_due >> 8);
}

/* What intra pictures took in advance does not count: it is paid back picture by picture. Nor does
 * what is saved up for one that comes. */
int64_t avo_rate_bits_over(const AvoRateControl *rc, const AvoPlan *plan)
{
    return avo_rate_bits_beyond(rc) - rc->loan + (plan->ahead_is_all ? 0 : avo_rate_saved_up(rc));
}

/* An intra picture takes a loan, the others pay it back. */
void avo_rate_settle_loan(AvoRateControl *rc, const AvoRcFlight *f, int64_t bits, int64_t scaled)
{
    if (f->kind != AVO_RC_I) {
        rc->loan = avo_max64(0, rc->loan - rc->loan_step);
        scaled = avo_min64(rc->scaled_loan, rc->scaled_step);
        rc->scaled_loan -= scaled;
        rc->scaled_bits += (uint64_t)scaled;
        return;
    }
    int64_t excess = avo_max64(0, bits - rc->bits_per_picture_q8 / 256);
    rc->loan = avo_max64(0, excess - rc->saved);
    rc->loan_step = rc->loan / rc->loan_pictures + 1;
    if (!rc->live)
        return;
    rc->scaled_bits += (uint64_t)rc->scaled_loan; /* the rest of the last one */
    rc->scaled_loan = 0;
    int64_t usual = avo_rate_share_of_group(rc, scaled);
    if (rc->wanted_bits)
        usual = (int64_t)avo_muldiv(rc->scaled_bits, (uint64_t)rc->bits_per_picture_q8 >> 8,
                                    rc->wanted_bits);
    rc->scaled_loan = avo_max64(0, scaled - usual);
    rc->scaled_step = rc->scaled_loan / rc->loan_pictures + 1;
    rc->scaled_bits -= (uint64_t)avo_max64(0, scaled - usual);
}

/* What a keyframe would take here beyond the average, over the last pictures. */
void avo_rate_foresee_keyframe(AvoRateControl *rc, const AvoPlan *plan)
{
    if (rc->mode != AVOCET_RATE_BITRATE || plan->layer > 0 || plan->intra_cost <= 0)
        return;
    int32_t log2_at_0 = avo_rate_log2_intra_at_0(rc, plan);
    int qp =
        rc->last_base_q8 + avo_rate_kind_offset_q8(rc, AVO_RC_I, 0) + avo_rate_complexity_q8(rc);
    int64_t excess = avo_max64(0, avo_rate_bits_at(log2_at_0, qp) - rc->bits_per_picture_q8 / 256);
    int64_t weight = rc->live ? EXCESS_LIVE : EXCESS;
    rc->key_excess += rc->anchors ? (excess - rc->key_excess) / weight : excess;
}

/* What the picture will take; at a cut as if it were all intra. */
static int64_t bits_expected(const AvoRateControl *rc, const AvoRcFlight *f)
{
    int32_t log2_intra = avo_rate_log2_bits_at_0(rc, AVO_RC_CLASS_I, f->cost);
    return f->is_cut ? avo_max64(f->bits_planned, avo_rate_bits_at(log2_intra, f->qp_q8))
                     : f->bits_planned;
}

/* How much coarser a picture may be so that less is lent for it. */
static int most_raise_q8(const AvoRateControl *rc, const AvoRcFlight *f)
{
    if (!rc->live || rc->vbv.size || rc->anchors <= 1)
        return 0;
    if (f->is_cut)
        return LENT_CUT_Q8;
    return f->kind == AVO_RC_I && is_rare(rc) ? LENT_DUE_Q8 : 0;
}

/* What the picture started last may take so that the sum is off by no more than most_lent. */
static int64_t most_for(const AvoRateControl *rc, const AvoRcFlight *f)
{
    int64_t before = avo_rate_bits_beyond(rc) - f->bits_planned;
    return avo_max64(most_lent(rc) - before, 1);
}

/* The picture started last, intra or a cut, is coarser where it would take the sum off by more than
 * most_lent. */
void avo_rate_lower_loan(AvoRateControl *rc, AvoFrameQp *out)
{
    AvoRcFlight *f = avo_rate_latest_flight(rc);
    int limit = most_raise_q8(rc, f);
    if (!limit)
        return;
    int64_t most = most_for(rc, f);
    int raise =
        avo_qp_delta_q8(avo_log2_ratio_q16((uint64_t)bits_expected(rc, f) + 1, (uint64_t)most));
    limit = avo_min(limit, avo_max(avo_rate_highest_q8(rc) - f->qp_q8, 0));
    f->raise_q8 = avo_clip3(0, limit, raise);
    f->qp_q8 = out->qp_q8 = f->qp_q8 + f->raise_q8;
    f->bits_planned = out->bits_planned =
        (int64_t)avo_mul_q16((uint64_t)f->bits_planned, avo_step_ratio_q16(-f->raise_q8));
}

bool avo_rate_retry_loan(const AvoRateControl *rc, AvoRcFlight *f, int64_t bits)
{
    int room = avo_min(most_raise_q8(rc, f) - f->raise_q8, avo_rate_highest_q8(rc) - f->qp_q8);
    int64_t most = most_for(rc, f);
    if (f->tries || room <= 0 || bits <= most + most / LENT_MISS)
        return false;
    int raise = avo_qp_delta_q8(avo_log2_ratio_q16((uint64_t)bits, (uint64_t)most));
    raise = avo_min(raise, room);
    f->tries++;
    f->raise_q8 += raise;
    f->qp_q8 += raise;
    f->bits_planned = most;
    return true;
}
