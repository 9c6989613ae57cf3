/* Pictures that are coded again, with another quantiser. See avo_rc_retry in ratecontrol.h.
 *
 * In: what the picture started last takes. Out: a quantiser, if it has to be coded again: the first
 * of a live stream, or the first two anchors of another, whose quantisers were guesses; the last
 * ones, behind which nothing or little can make up for what they take; one that the buffer does not
 * hold. */
#include "enc/rate_internal.h"

#define GUESS_TRIES    2    /* of the first two anchors, */
#define GUESS_Q8       256  /* if the base is to move by more than that; */
#define GUESS_FINER_Q8 640  /* this far down at most: what is not seen yet may be noise */
#define TRIES_MAX      4    /* of raised quantisers; the last is the highest */
#define LAST_TRIES     2    /* of an anchor that ends the stream, */
#define LAST_PART      200  /* whose sum is off by more than 1 / part; */
#define END_TRIES      3    /* of a picture near the end that takes too much, */
#define END_PERCENT    70   /* in steps that fall short of what halves the bits; */
#define LAST_MOST_Q8   1536 /* this far from its plan at most */

/* Bits of a starved macroblock (starve.c) in an I slice, in halves, and of such a slice besides. */
#define STARVED_CABAC 3
#define STARVED_CAVLC 17
#define STARVED_SLICE 128

/* The first picture's bits are but a guess. */
static bool aims_well(int64_t planned, int64_t bits)
{
    return bits * 4 > planned * 3 && bits * 3 < planned * 4;
}

static bool retry_first(AvoRateControl *rc, AvoRcFlight *f, int64_t bits)
{
    if (!rc->live || rc->anchors != 1 || f->tries > 0 || aims_well(f->bits_planned, bits))
        return false;
    f->tries++;
    f->qp_q8 += avo_qp_delta_q8(avo_log2_ratio_q16((uint64_t)bits, (uint64_t)f->bits_planned));
    f->qp_q8 = avo_clip3(rc->qp_min_q8, avo_rate_highest_q8(rc), f->qp_q8);
    rc->last_base_q8 = f->qp_q8 - f->relative_q8;
    return true;
}

/* With lookahead, the first two anchors are coded with guesses of what pictures take. Whether what
 * they took moves the base at which all that is foreseen meets the rate; B pictures between them
 * follow the better guess. */
static bool retry_guess(AvoRateControl *rc, const AvoPlan *plan, AvoRcFlight *f, int64_t bits)
{
    bool guessed = rc->mode == AVOCET_RATE_BITRATE && !rc->live && !rc->two_pass && !rc->vbv.size;
    if (!guessed || rc->anchors > 2 || f->layer || plan->ahead_is_all || f->tries >= GUESS_TRIES ||
        f->cost <= 0)
        return false;
    AvoRcPredictor unseen[AVO_RC_CLASSES];
    memcpy(unseen, rc->predictor, sizeof unseen);
    int before = rc->last_base_q8, least = f->qp_planned_q8 - f->relative_q8 - GUESS_FINER_Q8;
    avo_rate_learn_bits(rc, f, bits);
    int base = avo_max(avo_rate_again_base_q8(rc, plan, f), least);
    int64_t planned = avo_rate_bits_at(avo_rate_log2_plan_at_0(rc, plan), base + f->relative_q8);
    memcpy(rc->predictor, unseen, sizeof unseen);
    int qp = avo_clip3(rc->qp_min_q8, avo_rate_highest_q8(rc), base + f->relative_q8);
    if (avo_abs(base - before) <= GUESS_Q8 || qp == f->qp_q8) {
        rc->last_base_q8 = before;
        return false;
    }
    f->tries++;
    f->qp_q8 = qp;
    f->bits_planned = planned;
    rc->last_base_q8 = base;
    rc->anchor_qp_q8[0] = rc->anchor_qp_q8[1] = qp - avo_rate_kind_offset_q8(rc, f->kind, 0);
    return true;
}

/* A keyframe that ends the stream takes a good part of its bits, is hard to predict, and nothing
 * follows that could make up for it. */
static bool retry_last(const AvoRateControl *rc, AvoRcFlight *f, int64_t bits)
{
    int64_t due = rc->bits_due >> 8, over = rc->bits_done + bits - due;
    if (!f->ends || rc->vbv.size || f->tries >= LAST_TRIES ||
        (over < 0 ? -over : over) <= due / LAST_PART)
        return false;
    int64_t left = avo_max64(bits - over, 1);
    int qp = f->qp_q8 + avo_qp_delta_q8(avo_log2_ratio_q16((uint64_t)bits, (uint64_t)left));
    int planned = f->qp_planned_q8 + f->shift_q8;
    qp = avo_clip3(planned - LAST_MOST_Q8, planned + LAST_MOST_Q8, qp);
    qp = avo_clip3(rc->qp_min_q8, avo_rate_highest_q8(rc), qp);
    if (qp == f->qp_q8)
        return false;
    f->tries++;
    f->qp_q8 = qp;
    f->bits_planned = left;
    return true;
}

void avo_rc_know_keyframe(AvoRateControl *rc, int64_t header_bits, int slices, bool cabac)
{
    rc->key_least = header_bits + slices * STARVED_SLICE +
                    rc->mb_count * (cabac ? STARVED_CABAC : STARVED_CAVLC) / 2;
}

/* What the picture may take. A keyframe may come at any time, and takes so much even if nothing is
 * coded but its headers: where that is a good part of a small buffer, what is spent here would be
 * missed there. Nothing helps a buffer that it hardly fits into. */
static int64_t room_for(const AvoRateControl *rc, const AvoRcFlight *f)
{
    AvoVbv vbv = avo_rate_vbv_after(rc, rc->flight_count - 1);
    if (f->type == AVOCET_TYPE_IDR || rc->key_least > vbv.size - vbv.size / 8)
        return vbv.fill;
    return vbv.fill - avo_max64(0, rc->key_least - vbv.arrival);
}

/* Near the end: what follows could not make up for what it takes. */
static bool retry_near_end(const AvoRateControl *rc, AvoRcFlight *f, int64_t bits)
{
    if (!f->bits_most || bits <= f->bits_most || f->tries >= END_TRIES)
        return false;
    int32_t log2_over = avo_log2_ratio_q16((uint64_t)bits, (uint64_t)f->bits_most);
    int raise = avo_max(avo_qp_delta_q8(log2_over) * END_PERCENT / 100, 128);
    int most = f->qp_planned_q8 + f->shift_q8 + LAST_MOST_Q8;
    int qp = avo_min(avo_min(f->qp_q8 + raise, most), avo_rate_highest_q8(rc));
    if (qp <= f->qp_q8)
        return false;
    f->tries++;
    f->qp_q8 = qp;
    f->bits_planned = f->bits_most;
    return true;
}

static bool retry_for_buffer(const AvoRateControl *rc, AvoRcFlight *f, int64_t bits,
                             AvoFrameQp *out)
{
    if (!rc->vbv.size)
        return false;
    int64_t room = room_for(rc, f);
    if (bits <= room || f->starved == 2)
        return false;
    int64_t aim = avo_max64(room - room / 16, 1);
    int raise = avo_qp_delta_q8(avo_log2_ratio_q16((uint64_t)bits, (uint64_t)aim)) + 256;
    int most = avo_rate_highest_q8(rc);
    bool starve = f->qp_q8 >= most;
    f->tries++;
    f->starved += starve;
    f->qp_q8 = f->tries >= TRIES_MAX ? most : avo_min(most, f->qp_q8 + avo_max(raise, 512));
    f->bits_planned = !starve ? aim : f->starved == 1 ? aim * 3 / 4 : 0;
    *out = (AvoFrameQp){.qp_q8 = f->qp_q8,
                        .bits_planned = f->bits_planned,
                        .bits_high = starve ? 0 : aim,
                        .starve = starve};
    return true;
}

bool avo_rc_retry(AvoRateControl *rc, const AvoPlan *plan, int64_t bits, AvoFrameQp *out)
{
    if (!rc->flight_count)
        return false;
    AvoRcFlight *f = avo_rate_latest_flight(rc);
    if (retry_first(rc, f, bits) || retry_guess(rc, plan, f, bits) || retry_last(rc, f, bits) ||
        retry_near_end(rc, f, bits) || avo_rate_retry_loan(rc, f, bits)) {
        *out = (AvoFrameQp){.qp_q8 = f->qp_q8, .bits_planned = f->bits_planned};
        return true;
    }
    return retry_for_buffer(rc, f, bits, out);
}
