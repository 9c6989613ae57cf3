/* Settings, relative quantisers, what coded pictures teach, and the calls. See
 * ratecontrol.h; rate_internal.h tells what the other parts do. */
#include "enc/rate_internal.h"

/* Importance propagation lowers most blocks by several QP; this much per unit of 1 - qcomp brings
 * the mean quality of a CRF number back to what it is without. */
#define TREE_LIFT_Q8 3456 /* 13.5 QP */

/* CRF numbers are meant for 25 pictures per second; each picture of a faster stream is seen for
 * less long and may be coarser. */
#define CRF_RATE 25

#define PIVOT_WITH_B    120 /* cost per macroblock of P pictures at which CRF equals their QP */
#define PIVOT_WITHOUT_B 80  /* the same when they lie next to each other */

#define MEMORY_SHIFT 8 /* ABR forgets half of the past in about 180 pictures, */
#define MEMORY_LIVE  5 /* without lookahead in about 22 */
#define LOAN_TIME    1 /* seconds until the bits of an intra picture are made up for, */
#define LOAN_LIVE    2 /* without lookahead */

#define STEADY_B_Q8    -256 /* B pictures against anchors, where quality is to be even, */
#define STEADY_STEP_Q8 128  /* and how far the base may move right at a keyframe */

#define SPARE      64   /* 1 / part of the buffer that a picture's rows leave untouched */
#define BAND       8    /* rows may miss the plan by 1 / part of it before they are corrected, */
#define LEEWAY     4    /* or by 1 / part of what the buffer holds beyond it */
#define BEYOND_Q8  4096 /* a picture's quantiser above qp_max: blocks have offsets below 0 */
#define LAST_Q8    (51 * 256) /* of the quantisers that there are */
#define VIRTUAL_Q8 5120       /* and of those beyond, at which lambda ends, above it */

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

/* Planned for pictures that are not learned from yet. */
int64_t avo_rate_bits_in_flight(const AvoRateControl *rc)
{
    int64_t sum = 0;
    for (int i = 0; i < rc->flight_count; i++)
        sum += rc->flight[avo_rate_flight_at(rc, i)].bits_planned;
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
    rc->bits_due = (rc->bits_done + avo_rate_bits_in_flight(rc)) * 256;
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
    memset(rc, 0, sizeof *rc);
    rc->mode = config->rate_mode;
    rc->mb_count = mb_count;
    rc->qcomp = rc->mode == AVOCET_RATE_QP || has_tree(config) ? 100 : config->qcomp;
    rc->live = rc->mode == AVOCET_RATE_BITRATE && config->lookahead == 0 && config->bframes == 0;
    rc->foresees = config->lookahead > 0 || config->bframes > 0;
    rc->keyint = config->intra_refresh ? 0 : config->keyint;
    rc->minigop = config->bframes + 1;
    rc->pivot_cost = config->bframes ? PIVOT_WITH_B : PIVOT_WITHOUT_B;
    avo_rate_init_prediction(rc);
    set_offsets(rc, config, has_tree(config));
    return avo_rc_reconfigure(rc, config, msg);
}

/* ---- relative quantisers ---- */

static int layer_offset_q8(const AvoRateControl *rc, int layer)
{
    return rc->layer_offset_q8[avo_clip3(0, AVO_RC_LAYERS - 1, layer)];
}

int avo_rate_kind_offset_q8(const AvoRateControl *rc, int kind, int layer)
{
    if (kind == AVO_RC_I)
        return -rc->intra_offset_q8;
    int offset = layer_offset_q8(rc, layer);
    return kind == AVO_RC_B ? avo_max(offset, rc->leaf_offset_q8) : offset;
}

/* Fine pictures pay where what is shown moves or is noisy, so that pictures draw on them. On a
 * screen most stands still to the last sample and is copied from any picture as it is; what is new
 * comes at any time and had better be coded once. So the steps fade with what stands still beyond
 * half of the picture; and with what draws on the past (chain.h). */
static int chain_offset_q8(const AvoRateControl *rc, const AvoPlan *plan)
{
    int offset = rc->chain_offset_q8[avo_chain_position(plan->poc)];
    int moving_q8 = avo_min(2 * (256 - plan->still_q8), 256);
    offset = offset * moving_q8 / 256 * plan->chain_q8 / 256;
    if (rc->mode != AVOCET_RATE_QP)
        return offset;
    return (offset + 128) & ~255; /* whole QP */
}

int avo_rc_relative_q8(const AvoRateControl *rc, AvocetFrameType type, int layer)
{
    return avo_rate_kind_offset_q8(rc, avo_rc_kind(type), layer);
}

/* Complex stretches get coarser steps, by the part of their complexity that qcomp leaves. The cost
 * of P pictures is averaged over the last few; that of intra pictures says nothing about motion. */
int avo_rate_complexity_q8(const AvoRateControl *rc)
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

/* ---- what coded pictures teach ---- */

/* A rate is to be met, and what the last picture took may be far from what was planned: an intra
 * picture, which takes many bits; one of the first two anchors, which may be coded again; any where
 * the end is in sight, as few are left to make up for it. */
static bool is_doubtful(const AvoRateControl *rc, const AvoPlan *plan)
{
    if (rc->mode != AVOCET_RATE_BITRATE || !rc->flight_count)
        return false;
    const AvoRcFlight *last = &rc->flight[avo_rate_flight_at(rc, rc->flight_count - 1)];
    return plan->ahead_is_all || last->kind == AVO_RC_I || (rc->anchors <= 2 && !last->layer);
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
    rc->flight_first = avo_rate_flight_at(rc, 1);
    rc->flight_count--;
    rc->bits_done += f.bits;
    if (f.is_buffered)
        avo_vbv_take(&rc->vbv, f.bits + f.filler_bits, time_behind_q16(rc, &f));

    uint64_t bits = (uint64_t)avo_max64(f.bits, 1);
    if (f.coded_index == rc->anchor_index)
        rc->anchor_qp_q8[0] = f.qp_q8 - f.shift_q8 - avo_rate_kind_offset_q8(rc, f.kind, 0);
    if (rc->two_pass)
        avo_two_pass_end(rc->two_pass, f.display_index, f.kind,
                         avo_mul_q16(bits, avo_step_ratio_q16(f.qp_q8 - f.relative_q8)));
    if (f.cost > 0 && !f.starved)
        avo_rate_learn_bits(rc, &f, f.bits);
    if (rc->mode == AVOCET_RATE_BITRATE) {
        uint64_t scaled = avo_mul_q16(bits, avo_step_ratio_q16(f.qp_q8 - f.relative_q8));
        avo_rate_settle_loan(rc, &f, f.bits, (int64_t)scaled);
        rc->scaled_bits += scaled;
        rc->wanted_bits +=
            avo_mul_q16((uint64_t)rc->bits_per_picture_q8, (uint64_t)f.duration_q16) >> 8;
        int shift = rc->live ? MEMORY_LIVE : MEMORY_SHIFT;
        avo_rate_learn_pace(rc, f.duration_q16, shift);
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

/* Where bits are promised, blocks are to reach qp_max, or the end of what is beyond the last
 * quantiser, whatever their offsets. */
int avo_rate_highest_q8(const AvoRateControl *rc)
{
    bool promised = rc->vbv.size || rc->mode == AVOCET_RATE_BITRATE;
    bool last = rc->qp_max_q8 == LAST_Q8 && rc->mode != AVOCET_RATE_QP;
    return rc->qp_max_q8 + (promised ? BEYOND_Q8 : 0) + (last ? VIRTUAL_Q8 : 0);
}

bool avo_rc_is_beyond(const AvoRateControl *rc, int qp_q8)
{
    return qp_q8 > LAST_Q8 && avo_rate_highest_q8(rc) >= LAST_Q8 + VIRTUAL_Q8;
}

/* The buffer as it will be when the picture after the first `count` that are in flight is due. */
AvoVbv avo_rate_vbv_after(const AvoRateControl *rc, int count)
{
    AvoVbv vbv = rc->vbv;
    for (int i = 0; i < count; i++) {
        const AvoRcFlight *f = &rc->flight[avo_rate_flight_at(rc, i)];
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
    bits[0] = avo_rate_bits_at(avo_rate_log2_plan_at_0(rc, plan), qp_q8);
    duration[0] = plan->duration_q16;
    for (int i = 1; i < n; i++) {
        const AvoPlanAhead *a = &plan->ahead[i - 1];
        int offset = avo_rate_kind_offset_q8(rc, avo_rc_kind((AvocetFrameType)a->type), a->layer);
        bits[i] = avo_rate_bits_at(avo_rate_log2_ahead_at_0(rc, plan, i - 1), base + offset);
        duration[i] = a->duration_q16;
    }
    AvoVbv vbv = avo_rate_vbv_after(rc, rc->flight_count);
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
        rc->flight_first = avo_rate_flight_at(rc, 1);
        rc->flight_count--;
    }
    rc->flight[avo_rate_flight_at(rc, rc->flight_count++)] = (AvoRcFlight){
        .coded_index = plan->coded_index,
        .display_index = plan->src ? plan->src->display_index : plan->coded_index,
        .type = plan->type,
        .layer = plan->layer,
        .kind = kind,
        .class = avo_rate_class(rc, plan),
        .qp_q8 = qp_q8,
        .relative_q8 = relative_q8,
        .cost = plan->bits_cost,
        .bits_planned = bits,
        .qp_planned_q8 = qp_q8,
        .ends = rc->mode == AVOCET_RATE_BITRATE && plan->layer == 0 && is_last(rc, plan),
        .is_cut = is_cut(plan),
        .duration_q16 = plan->duration_q16,
        .is_buffered = rc->vbv.size > 0};
    rc->bits_due += avo_rate_due_q8(rc, plan->duration_q16);
    rc->time_q16 += plan->duration_q16;
    if (kind == AVO_RC_I)
        rc->saved = avo_rate_saved_up(rc);
    rc->since_keyframe = plan->type == AVOCET_TYPE_IDR ? 0 : rc->since_keyframe + 1;
    if (plan->layer == 0) {
        rc->anchor_qp_q8[1] = rc->anchor_qp_q8[0];
        rc->anchor_qp_q8[0] = qp_q8 - avo_rate_kind_offset_q8(rc, kind, 0);
        rc->anchors++;
        rc->anchor_index = plan->coded_index;
    }
    avo_rate_learn_offsets(rc, plan);
}

/* What rows keep the picture within: up to what the buffer holds beyond the plan is shared with
 * the pictures that follow; far below the plan, bits would be wasted. `before`: so many pictures in
 * flight come before it. */
static void set_band(const AvoRateControl *rc, int before, AvoFrameQp *out)
{
    AvoVbv vbv = avo_rate_vbv_after(rc, before);
    int64_t most = avo_max64(vbv.fill - vbv.size / SPARE, vbv.fill / 2);
    int64_t leeway = avo_max64(out->bits_planned / BAND, (most - out->bits_planned) / LEEWAY);
    out->bits_low = out->bits_planned / 2;
    out->bits_high = avo_clip3_64(1, avo_max64(most, 1), out->bits_planned + leeway);
}

void avo_rc_start(AvoRateControl *rc, const AvoPlan *plan, AvoFrameQp *out)
{
    int kind = avo_rc_kind(plan->type);
    settle_before(rc, plan->coded_index - avo_rc_foresees(rc, plan));
    if (!rc->vbv.counted)
        avo_vbv_take(&rc->vbv, 0, plan->since_q16);
    blur_complexity(rc, plan);
    int complexity = rc->two_pass ? rc->two_pass->picture[plan->src->display_index].complexity_q8
                                  : avo_rate_complexity_q8(rc);
    int relative = avo_rate_kind_offset_q8(rc, kind, plan->layer) + complexity;
    if (kind == AVO_RC_P)
        relative += chain_offset_q8(rc, plan);
    int qp = avo_rate_base_q8(rc, plan, relative) + relative;
    bool counts = rc->mode == AVOCET_RATE_BITRATE && plan->ahead_is_all && !rc->vbv.size;
    int64_t most = counts ? avo_max64(1, avo_rate_most_at_end(rc, plan, qp, relative)) : 0;
    avo_rate_foresee_keyframe(rc, plan);
    if (rc->mode != AVOCET_RATE_QP)
        qp += vbv_raise_q8(rc, plan, qp, relative);
    out->qp_q8 = avo_clip3(rc->qp_min_q8, avo_rate_highest_q8(rc), qp);
    out->starve = false;
    out->bits_planned = rc->mode == AVOCET_RATE_QP
                            ? 0
                            : avo_rate_bits_at(avo_rate_log2_plan_at_0(rc, plan), out->qp_q8);
    out->bits_low = out->bits_high = 0;
    if (rc->vbv.size)
        set_band(rc, rc->flight_count, out);
    remember(rc, plan, kind, out->qp_q8, relative, out->bits_planned);
    avo_rate_latest_flight(rc)->bits_most = most;
    avo_rate_lower_loan(rc, out);
}

/* What a finer picture may take: half of the buffer, so that others find room. */
static int finest_q8(const AvoRateControl *rc, const AvoRcFlight *f)
{
    int64_t room = avo_rate_vbv_after(rc, rc->flight_count - 1).fill / 2;
    if (!rc->vbv.size || !f->bits_planned)
        return rc->qp_min_q8;
    uint64_t most = (uint64_t)avo_max64(room, 1);
    int finer = avo_qp_delta_q8(avo_log2_ratio_q16((uint64_t)f->bits_planned, most));
    return f->qp_q8 + avo_min(0, finer);
}

void avo_rc_shift(AvoRateControl *rc, int shift_q8, AvoFrameQp *out)
{
    AvoRcFlight *f = avo_rate_latest_flight(rc);
    int low = avo_max(rc->qp_min_q8, finest_q8(rc, f));
    int qp = avo_clip3(avo_min(low, f->qp_q8), avo_rate_highest_q8(rc), f->qp_q8 + shift_q8);
    int moved = qp - f->qp_q8;
    f->shift_q8 += moved + f->raise_q8;
    f->relative_q8 += moved + f->raise_q8;
    f->qp_q8 = out->qp_q8 = qp;
    f->bits_planned = out->bits_planned =
        (int64_t)avo_mul_q16((uint64_t)f->bits_planned, avo_step_ratio_q16(-moved));
    avo_rate_lower_loan(rc, out);
    if (rc->vbv.size)
        set_band(rc, rc->flight_count - 1, out);
}

/* The first picture in flight that is not reported yet. */
static AvoRcFlight *first_at_work(AvoRateControl *rc)
{
    for (int i = 0; i < rc->flight_count; i++) {
        AvoRcFlight *f = &rc->flight[avo_rate_flight_at(rc, i)];
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
