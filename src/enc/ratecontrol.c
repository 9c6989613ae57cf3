/* See ratecontrol.h. Sections: settings, prediction of bits, relative quantisers, base, calls. */
#include "base/fixmath.h"
#include "enc/ratecontrol.h"
#include "enc/two_pass.h"

/* Importance propagation lowers most blocks by several QP; this much per unit of 1 - qcomp brings
 * the mean quality of a CRF number back to what it is without. */
#define TREE_LIFT_Q8 3456 /* 13.5 QP */

/* CRF numbers are meant for 25 pictures per second; each picture of a faster stream is seen for
 * less long and may be coarser. */
#define CRF_RATE 25

#define PIVOT_WITH_B    120 /* cost per macroblock of P pictures at which CRF equals their QP */
#define PIVOT_WITHOUT_B 80  /* the same when they lie next to each other */

#define LOG2_COEFF_I    (2 * 65536 + 39000) /* first guesses, replaced by what is seen */
#define LOG2_COEFF_P    (2 * 65536 + 39000)
#define LOG2_COEFF_BREF (1 * 65536 + 52000)
#define LOG2_COEFF_B    (1 * 65536)

#define MEMORY_SHIFT 8 /* ABR forgets half of the past in about 180 pictures, */
#define MEMORY_LIVE  5 /* without lookahead in about 22 */
#define LOAN_TIME    1 /* seconds until the bits of an intra picture are made up for, */
#define LOAN_LIVE    2 /* without lookahead */
#define INTRA_COST   8 /* times the bits of a P picture, before anything is known */
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
#define HEIRS       16 /* pictures that make one as important as usual */
/* How far the base moves so that the last pictures meet the sum; that of B pictures beyond their
 * anchors, up; half of it down, as a few fine leaves would only look odd. */
#define ENDING_Q8   3072
#define ENDING_B_Q8 1024

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

#define STEADY_B_Q8    -256 /* B pictures against anchors, where quality is to be even, */
#define STEADY_STEP_Q8 256  /* and how far the base may move right at a keyframe */

#define SPARE        64   /* 1 / part of the buffer that a picture's rows leave untouched */
#define BAND         8    /* rows may miss the plan by 1 / part of it before they are corrected, */
#define LEEWAY       4    /* or by 1 / part of what the buffer holds beyond it */
#define TRIES_MAX    4    /* of raised quantisers; the last is the highest */
#define LAST_TRIES   2    /* of an anchor that ends the stream, */
#define LAST_PART    200  /* whose sum is off by more than 1 / part, */
#define LAST_MOST_Q8 1536 /* this far from its plan at most */
#define BEYOND_Q8    4096 /* a picture's quantiser above qp_max: blocks have offsets below 0 */
#define LAST_Q8      (51 * 256) /* of the quantisers that there are */
#define VIRTUAL_Q8   5120       /* and of those beyond, at which lambda ends, above it */

/* ---- settings ---- */

int avo_rc_kind(AvocetFrameType type)
{
    switch (type) {
    case AVOCET_TYPE_IDR:
    case AVOCET_TYPE_I:
        return AVO_RC_I;
    case AVOCET_TYPE_BREF:
        return AVO_RC_BREF;
    case AVOCET_TYPE_B:
        return AVO_RC_B;
    default:
        return AVO_RC_P;
    }
}

static int ratio_to_qp_q8(int ratio)
{
    return avo_qp_delta_q8(avo_log2_ratio_q16((uint64_t)avo_max(ratio, 1), 100));
}

/* Distances between kinds of pictures. With importance propagation the offsets of the blocks make
 * most of the difference; for the eye, which sees quality flicker, more than is good. Without B
 * pictures and lookahead, the fine P pictures of the chain are coded finer than those between,
 * which draw on them. Not with a buffer, whose use is that pictures are alike. */
static void set_offsets(AvoRateControl *rc, const AvocetEncoderConfig *config, bool tree)
{
    static const int8_t chain_share[AVO_CHAIN] = {-3, 1, 1, 1};
    int i = ratio_to_qp_q8(config->ip_ratio), b = ratio_to_qp_q8(config->pb_ratio);
    if (rc->mode == AVOCET_RATE_QP) { /* whole QP */
        i = (i + 128) & ~255;
        b = (b + 128) & ~255;
    }
    rc->intra_offset_q8 = tree ? i / 4 : i;
    rc->layer_offset_q8[0] = 0;
    for (int layer = 1; layer < AVO_RC_LAYERS; layer++)
        rc->layer_offset_q8[layer] = !tree            ? b * layer / 2
                                     : config->steady ? STEADY_B_Q8
                                                      : 128 * (layer - 1);
    rc->leaf_offset_q8 = !tree ? b : config->steady ? STEADY_B_Q8 : 0;
    bool chain = !config->bframes && !tree && !config->vbv_bufsize && !config->pass;
    for (int n = 0; n < AVO_CHAIN; n++)
        rc->chain_offset_q8[n] = chain ? chain_share[n] * b / 2 : 0;
    if (rc->mode == AVOCET_RATE_QP) /* else qcomp makes intra pictures finer */
        rc->intra_offset_q8 -= rc->chain_offset_q8[0];
}

/* Lower for slow pictures, higher for fast ones, in the measure that qcomp allows. */
static int duration_lift_q8(const AvocetEncoderConfig *config)
{
    int32_t log2_q16 = avo_log2_ratio_q16((uint64_t)config->fps.num << 8,
                                          ((uint64_t)config->fps.den * CRF_RATE) << 8);
    log2_q16 = avo_clip3(-2 * 65536, 2 * 65536, log2_q16);
    return avo_qp_delta_q8(log2_q16) * (100 - config->qcomp) / 100;
}

static bool has_tree(const AvocetEncoderConfig *config)
{
    return config->mbtree && config->lookahead > 0 && config->rate_mode != AVOCET_RATE_QP;
}

/* Place of the picture that `after` others in flight come before. */
static int flight_at(const AvoRateControl *rc, int after)
{
    return (rc->flight_first + after) % AVO_RC_FLIGHT_MAX;
}

/* Planned for pictures that are not learned from yet. */
static int64_t bits_in_flight(const AvoRateControl *rc)
{
    int64_t sum = 0;
    for (int i = 0; i < rc->flight_count; i++)
        sum += rc->flight[flight_at(rc, i)].bits_planned;
    return sum;
}

/* A new average rate: the past counts as if it had been wanted at that rate,
 * debts are forgotten. */
static void set_rate(AvoRateControl *rc, const AvocetEncoderConfig *config)
{
    int64_t old = rc->bits_per_picture_q8;
    rc->bitrate = config->bitrate;
    rc->bits_per_picture_q8 = (int64_t)avo_muldiv(
        (uint64_t)config->bitrate * 256, (uint64_t)config->fps.den, (uint64_t)config->fps.num);
    int64_t loan_time =
        (rc->live ? LOAN_LIVE : LOAN_TIME) * (int64_t)config->fps.num / config->fps.den;
    rc->loan_pictures = (int)avo_clip3_64(1, avo_max64(loan_time, 1), config->keyint - 1);
    if (!old || old == rc->bits_per_picture_q8)
        return;
    rc->loan = 0;
    rc->wanted_bits = avo_muldiv(rc->wanted_bits, (uint64_t)rc->bits_per_picture_q8, (uint64_t)old);
    rc->bits_due = (rc->bits_done + bits_in_flight(rc)) * 256;
}

int avo_rc_reconfigure(AvoRateControl *rc, const AvocetEncoderConfig *config, AvoMessage *msg)
{
    if (rc->mode == AVOCET_RATE_BITRATE && config->bitrate <= 0)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "bitrate must be above 0");
    if (rc->vbv.counted && !avo_vbv_same(&rc->vbv, config))
        return avo_fail(msg, AVOCET_ERR_ARGUMENT,
                        "fps, vbv-maxrate and vbv-bufsize cannot change with nal-hrd: "
                        "the stream has promised them");
    bool tree = has_tree(config);
    rc->qp_min_q8 = config->qp_min * 256;
    rc->qp_max_q8 = config->qp_max * 256;
    rc->qp_step_q8 = avo_max(config->qp_step, 1) * 256;
    rc->key_step_q8 = rc->qp_step_q8;
    if (config->steady && !rc->live)
        rc->key_step_q8 = avo_min(rc->qp_step_q8, STEADY_STEP_Q8);
    if (rc->mode == AVOCET_RATE_QP)
        rc->base_q8 = config->qp * 256;
    else
        rc->base_q8 = config->crf * 256 / 100;
    if (tree && rc->mode == AVOCET_RATE_CRF)
        rc->base_q8 += TREE_LIFT_Q8 * (100 - config->qcomp) / 100 + duration_lift_q8(config);
    if (rc->mode == AVOCET_RATE_BITRATE)
        set_rate(rc, config);
    if (!rc->vbv.counted)
        avo_vbv_configure(&rc->vbv, config);
    return AVOCET_OK;
}

int avo_rc_init(AvoRateControl *rc, const AvocetEncoderConfig *config, int mb_count,
                AvoMessage *msg)
{
    static const int32_t first_coeff[AVO_RC_KINDS] = {LOG2_COEFF_I, LOG2_COEFF_P, LOG2_COEFF_BREF,
                                                      LOG2_COEFF_B};
    memset(rc, 0, sizeof *rc);
    rc->mode = config->rate_mode;
    rc->mb_count = mb_count;
    rc->qcomp = rc->mode == AVOCET_RATE_QP || has_tree(config) ? 100 : config->qcomp;
    rc->live = rc->mode == AVOCET_RATE_BITRATE && config->lookahead == 0 && config->bframes == 0;
    rc->foresees = config->lookahead > 0 || config->bframes > 0;
    rc->keyint = config->intra_refresh ? 0 : config->keyint;
    rc->minigop = config->bframes + 1;
    rc->pivot_cost = config->bframes ? PIVOT_WITH_B : PIVOT_WITHOUT_B;
    for (int i = 0; i < AVO_RC_KINDS; i++)
        rc->predictor[i].log2_coeff_q16 = first_coeff[i];
    set_offsets(rc, config, has_tree(config));
    return avo_rc_reconfigure(rc, config, msg);
}

/* ---- prediction of bits ---- */

/* Bits at QP 0 of a picture with this cost, as a logarithm. */
static int32_t log2_bits_at_0(const AvoRateControl *rc, int kind, int64_t bits_cost)
{
    return rc->predictor[kind].log2_coeff_q16 + avo_log2_q16((uint64_t)avo_max64(bits_cost, 1));
}

static int64_t bits_at(int32_t log2_at_0_q16, int qp_q8)
{
    int32_t log2_q16 = log2_at_0_q16 - (int32_t)((int64_t)qp_q8 * 128 / 3);
    return (int64_t)(avo_exp2_q16(avo_clip3(0, 40 * 65536, log2_q16)) >> 16);
}

/* A new picture counts for a quarter, the first ones for more. */
static void learn(int32_t *value, int32_t seen_value, int seen)
{
    *value += (int32_t)(((int64_t)seen_value - *value) / avo_min(seen + 1, 4));
}

/* Bits at QP 0 of the i-th picture that is foreseen, with the usual effect of offsets on its kind.
 * The last pictures of a stream are important to hardly any others. */
static int32_t log2_ahead_at_0(const AvoRateControl *rc, const AvoPlan *plan, int i)
{
    int kind = avo_rc_kind((AvocetFrameType)plan->ahead[i].type);
    int heirs = plan->ahead_is_all ? avo_min(plan->ahead_count - 1 - i, HEIRS) : HEIRS;
    return log2_bits_at_0(rc, kind, plan->ahead[i].cost) +
           rc->predictor[kind].log2_offsets_q16 / HEIRS * heirs;
}

/* ---- relative quantisers ---- */

static int layer_offset_q8(const AvoRateControl *rc, int layer)
{
    return rc->layer_offset_q8[avo_clip3(0, AVO_RC_LAYERS - 1, layer)];
}

static int kind_offset_q8(const AvoRateControl *rc, int kind, int layer)
{
    if (kind == AVO_RC_I)
        return -rc->intra_offset_q8;
    int offset = layer_offset_q8(rc, layer);
    return kind == AVO_RC_B ? avo_max(offset, rc->leaf_offset_q8) : offset;
}

/* Fine pictures pay where what is shown moves or is noisy, so that pictures draw on them. On a
 * screen most stands still to the last sample and is copied from any picture as it is; what is new
 * comes at any time and had better be coded once. So the steps fade with what stands still beyond
 * half of the picture. */
static int chain_offset_q8(const AvoRateControl *rc, const AvoPlan *plan)
{
    int offset = rc->chain_offset_q8[avo_chain_position(plan->poc)];
    int moving_q8 = avo_min(2 * (256 - plan->still_q8), 256);
    offset = offset * moving_q8 / 256;
    return rc->mode == AVOCET_RATE_QP ? (offset + 128) & ~255 : offset;
}

int avo_rc_relative_q8(const AvoRateControl *rc, AvocetFrameType type, int layer)
{
    return kind_offset_q8(rc, avo_rc_kind(type), layer);
}

/* Complex stretches get coarser steps, by the part of their complexity that qcomp leaves. The cost
 * of P pictures is averaged over the last few; that of intra pictures says nothing about motion. */
static int complexity_q8(const AvoRateControl *rc)
{
    if (rc->qcomp == 100 || !rc->blurred_count_q8)
        return 0;
    int64_t mean = rc->blurred_cost * 256 / rc->blurred_count_q8;
    int32_t log2_q16 = avo_log2_ratio_q16((uint64_t)avo_max64(mean, rc->mb_count),
                                          (uint64_t)rc->pivot_cost * (unsigned)rc->mb_count);
    return avo_qp_delta_q8(log2_q16) * (100 - rc->qcomp) / 100;
}

static void blur_complexity(AvoRateControl *rc, const AvoPlan *plan)
{
    if (plan->type != AVOCET_TYPE_P)
        return;
    rc->blurred_cost = rc->blurred_cost / 2 + plan->inter_cost;
    rc->blurred_count_q8 = rc->blurred_count_q8 / 2 + 256;
}

/* ---- base of the average bit rate ---- */

/* Before anything is known: intra bits per picture of a group, were all groups like this one. */
static int64_t share_of_group(const AvoRateControl *rc, int64_t intra_bits)
{
    int n = rc->loan_pictures;
    return intra_bits * (INTRA_COST + n) / (INTRA_COST * (n + 1));
}

/* Bits at base 0 and bits wanted of this picture and those foreseen. */
static void sum_ahead(const AvoRateControl *rc, const AvoPlan *plan, int relative_q8,
                      uint64_t *scaled, uint64_t *wanted)
{
    int64_t durations = plan->duration_q16;
    int complexity = complexity_q8(rc);
    *scaled = (uint64_t)bits_at(log2_bits_at_0(rc, avo_rc_kind(plan->type), plan->bits_cost),
                                relative_q8);
    for (int i = 0; i < plan->ahead_count; i++) {
        const AvoPlanAhead *a = &plan->ahead[i];
        int relative =
            kind_offset_q8(rc, avo_rc_kind((AvocetFrameType)a->type), a->layer) + complexity;
        *scaled += (uint64_t)bits_at(log2_ahead_at_0(rc, plan, i), relative);
        durations += a->duration_q16;
    }
    *wanted = avo_mul_q16((uint64_t)rc->bits_per_picture_q8, (uint64_t)durations) >> 8;
    if (rc->live && !rc->wanted_bits)
        *scaled = (uint64_t)share_of_group(rc, (int64_t)*scaled);
}

static int64_t tolerance(const AvoRateControl *rc)
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
    int64_t half = avo_min64(rc->key_excess / 2, rc->live ? most_lent(rc) * 2 : tolerance(rc) / 2);
    return half * avo_min64(n, (n - left) * 4 / 3) / n;
}

static int64_t saved_up(const AvoRateControl *rc)
{
    return saving(rc, rc->since_keyframe);
}

/* By how much the sum may be off behind the pictures that are foreseen, because of intra pictures:
 * what is lent then, less what is saved. */
static int64_t lent_ahead(const AvoRateControl *rc, const AvoPlan *plan)
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
static int64_t bits_beyond(const AvoRateControl *rc)
{
    return rc->bits_done + bits_in_flight(rc) - (rc->bits_due >> 8);
}

/* What intra pictures took in advance does not count: it is paid back picture by picture. Nor does
 * what is saved up for one that comes. */
static int64_t bits_over(const AvoRateControl *rc, const AvoPlan *plan)
{
    return bits_beyond(rc) - rc->loan + (plan->ahead_is_all ? 0 : saved_up(rc));
}

/* Moves the base when the sum of bits so far is off. */
static int overflow_q8(const AvoRateControl *rc, const AvoPlan *plan)
{
    int64_t over = bits_over(rc, plan), most = tolerance(rc);
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
    int64_t even = (int64_t)wanted - bits_beyond(rc) + lent_ahead(rc, plan), most = tolerance(rc);
    int low = base_for_q8(scaled, even + most / 2), high = base_for_q8(scaled, even - most);
    return avo_clip3(base - BOUND_Q8, base + BOUND_Q8, avo_clip3(low, high, base));
}

/* The base at which these last pictures take what is left. */
static int ending_base_q8(const AvoRateControl *rc, uint64_t scaled, uint64_t wanted)
{
    int64_t left = (rc->bits_due >> 8) + (int64_t)wanted - rc->bits_done - bits_in_flight(rc);
    return base_for_q8(scaled, left);
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

static int abr_base_q8(const AvoRateControl *rc, const AvoPlan *plan, int relative_q8)
{
    uint64_t scaled, wanted;
    sum_ahead(rc, plan, relative_q8, &scaled, &wanted);
    int32_t log2_q16 = avo_log2_ratio_q16(rc->scaled_bits + scaled, rc->wanted_bits + wanted);
    int base = avo_qp_delta_q8(log2_q16) + overflow_q8(rc, plan);
    if (!rc->live)
        base = bounded_base_q8(rc, plan, base, scaled, wanted);
    if (!plan->ahead_is_all)
        return base;
    return avo_clip3(base - ENDING_Q8, base + ENDING_Q8, ending_base_q8(rc, scaled, wanted));
}

/* ---- what coded pictures teach ---- */

/* An intra picture takes a loan, the others pay it back. */
static void settle_loan(AvoRateControl *rc, const AvoRcFlight *f, int64_t bits, int64_t scaled)
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
    int64_t usual = share_of_group(rc, scaled);
    if (rc->wanted_bits)
        usual = (int64_t)avo_muldiv(rc->scaled_bits, (uint64_t)rc->bits_per_picture_q8 >> 8,
                                    rc->wanted_bits);
    rc->scaled_loan = avo_max64(0, scaled - usual);
    rc->scaled_step = rc->scaled_loan / rc->loan_pictures + 1;
    rc->scaled_bits -= (uint64_t)avo_max64(0, scaled - usual);
}

/* A rate is to be met, and what the last picture took may be far from what was planned: an intra
 * picture, which takes many bits; any where the end is in sight, as few are left to make up for it.
 */
static bool is_doubtful(const AvoRateControl *rc, const AvoPlan *plan)
{
    if (rc->mode != AVOCET_RATE_BITRATE || !rc->flight_count)
        return false;
    return plan->ahead_is_all || rc->flight[flight_at(rc, rc->flight_count - 1)].kind == AVO_RC_I;
}

bool avo_rc_foresees(const AvoRateControl *rc, const AvoPlan *plan)
{
    return rc->foresees && !rc->vbv.size && !is_doubtful(rc, plan);
}

/* Until the next picture leaves the buffer. How long that is shows when it comes, unless pictures
 * are counted. */
static int64_t time_behind_q16(const AvoRateControl *rc, const AvoRcFlight *f)
{
    return rc->vbv.counted ? f->duration_q16 : 0;
}

/* What the first picture in flight became is known from now on. */
static void settle(AvoRateControl *rc)
{
    AvoRcFlight f = rc->flight[rc->flight_first];
    rc->flight_first = flight_at(rc, 1);
    rc->flight_count--;
    rc->bits_done += f.bits;
    if (f.is_buffered)
        avo_vbv_take(&rc->vbv, f.bits + f.filler_bits, time_behind_q16(rc, &f));

    uint64_t bits = (uint64_t)avo_max64(f.bits, 1);
    if (f.coded_index == rc->anchor_index)
        rc->anchor_qp_q8[0] = f.qp_q8 - f.shift_q8 - kind_offset_q8(rc, f.kind, 0);
    if (rc->two_pass)
        avo_two_pass_end(rc->two_pass, f.display_index, f.kind,
                         avo_mul_q16(bits, avo_step_ratio_q16(f.qp_q8 - f.relative_q8)));
    if (f.cost > 0 && !f.starved) {
        int32_t coeff =
            avo_log2_ratio_q16(bits, (uint64_t)f.cost) + (int32_t)((int64_t)f.qp_q8 * 128 / 3);
        AvoRcPredictor *p = &rc->predictor[f.kind];
        learn(&p->log2_coeff_q16, coeff, p->seen);
        p->seen = avo_min(p->seen + 1, 1000);
    }
    if (rc->mode == AVOCET_RATE_BITRATE) {
        uint64_t scaled = avo_mul_q16(bits, avo_step_ratio_q16(f.qp_q8 - f.relative_q8));
        settle_loan(rc, &f, f.bits, (int64_t)scaled);
        rc->scaled_bits += scaled;
        rc->wanted_bits +=
            avo_mul_q16((uint64_t)rc->bits_per_picture_q8, (uint64_t)f.duration_q16) >> 8;
        int shift = rc->live ? MEMORY_LIVE : MEMORY_SHIFT;
        rc->scaled_bits -= rc->scaled_bits >> shift;
        rc->wanted_bits -= rc->wanted_bits >> shift;
    }
}

/* Those before coded_index that are reported. */
static void settle_before(AvoRateControl *rc, int64_t coded_index)
{
    while (rc->flight_count) {
        const AvoRcFlight *f = &rc->flight[rc->flight_first];
        if (!f->is_done || f->coded_index >= coded_index)
            return;
        settle(rc);
    }
}

/* ---- calls ---- */

/* B pictures follow the anchors around them rather than the base of the moment. */
static int two_pass_base_q8(AvoRateControl *rc, const AvoPlan *plan)
{
    int base = avo_two_pass_base_q8(rc->two_pass, rc->bits_done + bits_in_flight(rc));
    if (plan->coded_index)
        base = avo_clip3(rc->last_base_q8 - rc->qp_step_q8 / 2,
                         rc->last_base_q8 + rc->qp_step_q8 / 2, base);
    avo_two_pass_start(rc->two_pass, plan->src->display_index, avo_rc_kind(plan->type));
    return rc->last_base_q8 = base;
}

/* Where bits are promised, blocks are to reach qp_max, or the end of what is beyond the last
 * quantiser, whatever their offsets. */
static int highest_q8(const AvoRateControl *rc)
{
    bool promised = rc->vbv.size || rc->mode == AVOCET_RATE_BITRATE;
    bool last = rc->qp_max_q8 == LAST_Q8 && rc->mode != AVOCET_RATE_QP;
    return rc->qp_max_q8 + (promised ? BEYOND_Q8 : 0) + (last ? VIRTUAL_Q8 : 0);
}

bool avo_rc_is_beyond(const AvoRateControl *rc, int qp_q8)
{
    return qp_q8 > LAST_Q8 && highest_q8(rc) >= LAST_Q8 + VIRTUAL_Q8;
}

/* What B pictures are coarser than their anchors say, where the sum is over by more than is
 * tolerated before the next anchor could answer. */
static int haste_q8(const AvoRateControl *rc, const AvoPlan *plan)
{
    if (rc->mode != AVOCET_RATE_BITRATE)
        return 0;
    int64_t over = bits_over(rc, plan), most = tolerance(rc);
    if (over <= most)
        return 0;
    return avo_min(avo_qp_delta_q8(avo_log2_ratio_q16((uint64_t)over, (uint64_t)most)), HASTE_Q8);
}

/* How far the base may move from anchor to anchor: where the sum is farther off than is tolerated,
 * as after a start with a wrong guess, it cannot wait for many of them. */
static int step_q8(const AvoRateControl *rc, const AvoPlan *plan)
{
    int64_t over = bits_over(rc, plan), times = 1 + (over < 0 ? -over : over) / tolerance(rc);
    return rc->qp_step_q8 * (int)avo_min64(times, STEPS_MOST);
}

static int picture_base_q8(AvoRateControl *rc, const AvoPlan *plan, int relative_q8)
{
    if (rc->two_pass)
        return two_pass_base_q8(rc, plan);
    if (rc->mode == AVOCET_RATE_QP)
        return rc->base_q8;
    if (plan->layer > 0 && rc->anchors > 1) {
        int mean = (rc->anchor_qp_q8[0] + rc->anchor_qp_q8[1]) / 2 - complexity_q8(rc);
        mean += haste_q8(rc, plan);
        return plan->ahead_is_all ? near_ending_q8(rc, plan, relative_q8, mean) : mean;
    }
    if (rc->mode == AVOCET_RATE_CRF)
        return rc->base_q8;
    int base = abr_base_q8(rc, plan, relative_q8);
    if (rc->anchors && !plan->scenecut) {
        int last = rc->last_base_q8, step = step_q8(rc, plan);
        int up = plan->ahead_is_all ? 2 * step : step;
        if (plan->type == AVOCET_TYPE_IDR)
            step = up = rc->key_step_q8;
        base = avo_clip3(last - step, last + up, base);
    }
    rc->last_base_q8 = avo_clip3(rc->qp_min_q8 - relative_q8, highest_q8(rc) - relative_q8, base);
    return base;
}

/* What a keyframe would take here beyond the average, over the last pictures. */
static void foresee_keyframe(AvoRateControl *rc, const AvoPlan *plan)
{
    if (rc->mode != AVOCET_RATE_BITRATE || plan->layer > 0 || plan->intra_cost <= 0)
        return;
    int32_t log2_at_0 =
        log2_bits_at_0(rc, AVO_RC_I, plan->intra_cost) + rc->predictor[AVO_RC_I].log2_offsets_q16;
    int qp = rc->last_base_q8 + kind_offset_q8(rc, AVO_RC_I, 0) + complexity_q8(rc);
    int64_t excess = avo_max64(0, bits_at(log2_at_0, qp) - rc->bits_per_picture_q8 / 256);
    int64_t weight = rc->live ? EXCESS_LIVE : EXCESS;
    rc->key_excess += rc->anchors ? (excess - rc->key_excess) / weight : excess;
}

/* The buffer as it will be when the picture after the first `count` that are in flight is due. */
static AvoVbv vbv_after(const AvoRateControl *rc, int count)
{
    AvoVbv vbv = rc->vbv;
    for (int i = 0; i < count; i++) {
        const AvoRcFlight *f = &rc->flight[flight_at(rc, i)];
        avo_vbv_take(&vbv, f->bits_planned, time_behind_q16(rc, f));
    }
    return vbv;
}

static int vbv_raise_q8(const AvoRateControl *rc, const AvoPlan *plan, int qp_q8, int relative_q8)
{
    enum { PLANNED_MAX = 65 };
    int64_t bits[PLANNED_MAX], duration[PLANNED_MAX];
    if (!rc->vbv.size)
        return 0;
    int n = avo_min(plan->ahead_count + 1, PLANNED_MAX);
    int base = qp_q8 - relative_q8;
    bits[0] = bits_at(log2_bits_at_0(rc, avo_rc_kind(plan->type), plan->bits_cost), qp_q8);
    duration[0] = plan->duration_q16;
    for (int i = 1; i < n; i++) {
        const AvoPlanAhead *a = &plan->ahead[i - 1];
        int offset = kind_offset_q8(rc, avo_rc_kind((AvocetFrameType)a->type), a->layer);
        bits[i] = bits_at(log2_ahead_at_0(rc, plan, i - 1), base + offset);
        duration[i] = a->duration_q16;
    }
    AvoVbv vbv = vbv_after(rc, rc->flight_count);
    return avo_vbv_raise_q8(&vbv, bits, duration, n);
}

/* What a second pass needs to know of a picture: the shift will be there again. */
static void record(AvoRateControl *rc, const AvoRcFlight *f, int64_t bits, int64_t cost)
{
    rc->record = (AvocetPassRecord){.display_index = f->display_index,
                                    .type = f->type,
                                    .layer = f->layer,
                                    .qp_q8 = f->qp_q8 - f->shift_q8,
                                    .bits = bits,
                                    .cost = cost,
                                    .duration_q16 = f->duration_q16};
}

/* Whether it begins a scene; where nobody looks for cuts, they are P pictures that hardly anything
 * predicts. */
static bool is_cut(const AvoPlan *plan)
{
    return plan->scenecut ||
           (plan->type == AVOCET_TYPE_P && plan->inter_cost > plan->intra_cost / 4 * 3);
}

/* Known from the lookahead or from the first pass. */
static bool is_last(const AvoRateControl *rc, const AvoPlan *plan)
{
    if (rc->two_pass && plan->coded_index == rc->two_pass->count - 1)
        return true;
    return plan->ahead_is_all && !plan->ahead_count;
}

static void remember(AvoRateControl *rc, const AvoPlan *plan, int kind, int qp_q8, int relative_q8,
                     int64_t bits)
{
    if (rc->flight_count == AVO_RC_FLIGHT_MAX) { /* never reported: forget the oldest */
        rc->flight_first = flight_at(rc, 1);
        rc->flight_count--;
    }
    rc->flight[flight_at(rc, rc->flight_count++)] = (AvoRcFlight){
        .coded_index = plan->coded_index,
        .display_index = plan->src ? plan->src->display_index : plan->coded_index,
        .type = plan->type,
        .layer = plan->layer,
        .kind = kind,
        .qp_q8 = qp_q8,
        .relative_q8 = relative_q8,
        .cost = plan->bits_cost,
        .bits_planned = bits,
        .qp_planned_q8 = qp_q8,
        .ends = rc->mode == AVOCET_RATE_BITRATE && plan->layer == 0 && is_last(rc, plan),
        .is_cut = is_cut(plan),
        .duration_q16 = plan->duration_q16,
        .is_buffered = rc->vbv.size > 0};
    rc->bits_due +=
        (int64_t)avo_mul_q16((uint64_t)rc->bits_per_picture_q8, (uint64_t)plan->duration_q16);
    rc->time_q16 += plan->duration_q16;
    if (kind == AVO_RC_I)
        rc->saved = saved_up(rc);
    rc->since_keyframe = plan->type == AVOCET_TYPE_IDR ? 0 : rc->since_keyframe + 1;
    if (plan->layer == 0) {
        rc->anchor_qp_q8[1] = rc->anchor_qp_q8[0];
        rc->anchor_qp_q8[0] = qp_q8 - kind_offset_q8(rc, kind, 0);
        rc->anchors++;
        rc->anchor_index = plan->coded_index;
    }
    AvoRcPredictor *p = &rc->predictor[kind];
    int64_t plain = kind == AVO_RC_I ? plan->intra_cost : plan->inter_cost;
    if (plain > 0 && plan->bits_cost > 0)
        learn(&p->log2_offsets_q16, avo_log2_ratio_q16((uint64_t)plan->bits_cost, (uint64_t)plain),
              p->seen);
}

/* What rows keep the picture within: up to what the buffer holds beyond the plan is shared with
 * the pictures that follow; far below the plan, bits would be wasted. `before`: so many pictures in
 * flight come before it. */
static void set_band(const AvoRateControl *rc, int before, AvoFrameQp *out)
{
    AvoVbv vbv = vbv_after(rc, before);
    int64_t most = avo_max64(vbv.fill - vbv.size / SPARE, vbv.fill / 2);
    int64_t leeway = avo_max64(out->bits_planned / BAND, (most - out->bits_planned) / LEEWAY);
    out->bits_low = out->bits_planned / 2;
    out->bits_high = avo_clip3_64(1, avo_max64(most, 1), out->bits_planned + leeway);
}

static AvoRcFlight *latest_flight(AvoRateControl *rc)
{
    return &rc->flight[flight_at(rc, rc->flight_count - 1)];
}

/* What the picture will take; at a cut as if it were all intra. */
static int64_t bits_expected(const AvoRateControl *rc, const AvoRcFlight *f)
{
    int32_t log2_intra = log2_bits_at_0(rc, AVO_RC_I, f->cost);
    return f->is_cut ? avo_max64(f->bits_planned, bits_at(log2_intra, f->qp_q8)) : f->bits_planned;
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

/* The picture started last, intra or a cut, is coarser where it would take the sum off by more than
 * most_lent. */
static void lower_loan(AvoRateControl *rc, AvoFrameQp *out)
{
    AvoRcFlight *f = latest_flight(rc);
    int limit = most_raise_q8(rc, f);
    if (!limit)
        return;
    int64_t before = bits_beyond(rc) - f->bits_planned;
    int64_t most = avo_max64(most_lent(rc) - before, 1);
    int raise =
        avo_qp_delta_q8(avo_log2_ratio_q16((uint64_t)bits_expected(rc, f) + 1, (uint64_t)most));
    limit = avo_min(limit, avo_max(highest_q8(rc) - f->qp_q8, 0));
    f->raise_q8 = avo_clip3(0, limit, raise);
    f->qp_q8 = out->qp_q8 = f->qp_q8 + f->raise_q8;
    f->bits_planned = out->bits_planned =
        (int64_t)avo_mul_q16((uint64_t)f->bits_planned, avo_step_ratio_q16(-f->raise_q8));
}

void avo_rc_start(AvoRateControl *rc, const AvoPlan *plan, AvoFrameQp *out)
{
    int kind = avo_rc_kind(plan->type);
    settle_before(rc, plan->coded_index - avo_rc_foresees(rc, plan));
    if (!rc->vbv.counted)
        avo_vbv_take(&rc->vbv, 0, plan->since_q16);
    blur_complexity(rc, plan);
    int complexity = rc->two_pass ? rc->two_pass->picture[plan->src->display_index].complexity_q8
                                  : complexity_q8(rc);
    int relative = kind_offset_q8(rc, kind, plan->layer) + complexity;
    if (kind == AVO_RC_P)
        relative += chain_offset_q8(rc, plan);
    int qp = picture_base_q8(rc, plan, relative) + relative;
    foresee_keyframe(rc, plan);
    if (rc->mode != AVOCET_RATE_QP)
        qp += vbv_raise_q8(rc, plan, qp, relative);
    out->qp_q8 = avo_clip3(rc->qp_min_q8, highest_q8(rc), qp);
    out->starve = false;
    out->bits_planned = rc->mode == AVOCET_RATE_QP
                            ? 0
                            : bits_at(log2_bits_at_0(rc, kind, plan->bits_cost), out->qp_q8);
    out->bits_low = out->bits_high = 0;
    if (rc->vbv.size)
        set_band(rc, rc->flight_count, out);
    remember(rc, plan, kind, out->qp_q8, relative, out->bits_planned);
    lower_loan(rc, out);
}

/* What a finer picture may take: half of the buffer, so that others find room. */
static int finest_q8(const AvoRateControl *rc, const AvoRcFlight *f)
{
    int64_t room = vbv_after(rc, rc->flight_count - 1).fill / 2;
    if (!rc->vbv.size || !f->bits_planned)
        return rc->qp_min_q8;
    uint64_t most = (uint64_t)avo_max64(room, 1);
    int finer = avo_qp_delta_q8(avo_log2_ratio_q16((uint64_t)f->bits_planned, most));
    return f->qp_q8 + avo_min(0, finer);
}

void avo_rc_shift(AvoRateControl *rc, int shift_q8, AvoFrameQp *out)
{
    AvoRcFlight *f = latest_flight(rc);
    int low = avo_max(rc->qp_min_q8, finest_q8(rc, f));
    int qp = avo_clip3(avo_min(low, f->qp_q8), highest_q8(rc), f->qp_q8 + shift_q8);
    int moved = qp - f->qp_q8;
    f->shift_q8 += moved + f->raise_q8;
    f->relative_q8 += moved + f->raise_q8;
    f->qp_q8 = out->qp_q8 = qp;
    f->bits_planned = out->bits_planned =
        (int64_t)avo_mul_q16((uint64_t)f->bits_planned, avo_step_ratio_q16(-moved));
    lower_loan(rc, out);
    if (rc->vbv.size)
        set_band(rc, rc->flight_count - 1, out);
}

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
    f->qp_q8 = avo_clip3(rc->qp_min_q8, highest_q8(rc), f->qp_q8);
    rc->last_base_q8 = f->qp_q8 - f->relative_q8;
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
    qp = avo_clip3(rc->qp_min_q8, highest_q8(rc), qp);
    if (qp == f->qp_q8)
        return false;
    f->tries++;
    f->qp_q8 = qp;
    f->bits_planned = left;
    return true;
}

static bool retry_for_buffer(const AvoRateControl *rc, AvoRcFlight *f, int64_t bits,
                             AvoFrameQp *out)
{
    if (!rc->vbv.size)
        return false;
    int64_t room = vbv_after(rc, rc->flight_count - 1).fill;
    if (bits <= room || f->starved == 2)
        return false;
    int64_t aim = avo_max64(room - room / 16, 1);
    int raise = avo_qp_delta_q8(avo_log2_ratio_q16((uint64_t)bits, (uint64_t)aim)) + 256;
    int most = highest_q8(rc);
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

bool avo_rc_retry(AvoRateControl *rc, int64_t bits, AvoFrameQp *out)
{
    if (!rc->flight_count)
        return false;
    AvoRcFlight *f = latest_flight(rc);
    if (retry_first(rc, f, bits) || retry_last(rc, f, bits)) {
        *out = (AvoFrameQp){.qp_q8 = f->qp_q8, .bits_planned = f->bits_planned};
        return true;
    }
    return retry_for_buffer(rc, f, bits, out);
}

/* The first picture in flight that is not reported yet. */
static AvoRcFlight *first_at_work(AvoRateControl *rc)
{
    for (int i = 0; i < rc->flight_count; i++) {
        AvoRcFlight *f = &rc->flight[flight_at(rc, i)];
        if (!f->is_done)
            return f;
    }
    return NULL;
}

void avo_rc_end(AvoRateControl *rc, const AvoFrameStats *stats)
{
    AvoRcFlight *f = first_at_work(rc);
    if (!f)
        return;
    AVO_ASSERT(f->coded_index == stats->coded_index);
    f->is_done = true;
    f->bits = stats->bits - stats->filler_bits;
    f->filler_bits = stats->filler_bits;
    f->qp_q8 += stats->qp_shift_q8;
    record(rc, f, avo_max64(f->bits, 1), stats->inter_cost);
    if (!rc->foresees || rc->vbv.size)
        settle_before(rc, INT64_MAX);
}
