/* See two_pass.h. */
#include "enc/two_pass.h"
#include "base/fixmath.h"

#define PRIOR  4 /* the records count like so many pictures of each kind seen in this pass, */
#define MEMORY 5 /* which forgets half of them in about 22 */
#define BLUR   8 /* complexity follows by 1 / BLUR per picture, from both sides */

#define DURATION_MOST_Q16 (4096 * 65536) /* of a picture, pauses included */

void avo_two_pass_carve(AvoTwoPass *tp, AvoArena *arena, const AvocetEncoderConfig *config)
{
    size_t n = config->pass >= 2 ? (size_t)config->pass_count : 0;
    tp->count = 0;
    tp->type = avo_arena_take(arena, n * sizeof *tp->type, 0);
    tp->picture = avo_arena_take(arena, n * sizeof *tp->picture, 0);
}

/* ---- checks ---- */

static bool is_known_type(int type)
{
    return type == AVOCET_TYPE_IDR || type == AVOCET_TYPE_I || type == AVOCET_TYPE_P ||
           type == AVOCET_TYPE_BREF || type == AVOCET_TYPE_B;
}

static int check_record(const AvoTwoPass *tp, const AvocetPassRecord *r, int64_t i, int64_t count,
                        AvoMessage *msg)
{
    if (r->display_index < 0 || r->display_index >= count)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "pass record %l: picture %l of %l", i,
                        r->display_index, count);
    if (tp->type[r->display_index] != AVOCET_TYPE_AUTO)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "pass record %l: picture %l is there twice", i,
                        r->display_index);
    if (!is_known_type(r->type) || r->layer < 0 || r->layer > 31 || r->bits < 1 ||
        r->bits > INT32_MAX || r->cost < 0 || r->cost > INT32_MAX || r->qp_q8 < -51 * 256 ||
        r->qp_q8 > 102 * 256 || r->duration_q16 < 1 || r->duration_q16 > DURATION_MOST_Q16)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "pass record %l: a number is out of range", i);
    return AVOCET_OK;
}

/* Types that the structure of this pass can follow. */
static int check_types(const AvoTwoPass *tp, int64_t count, int bframes, AvoMessage *msg)
{
    int run = 0;
    if (tp->type[0] != AVOCET_TYPE_IDR)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "pass records: picture 0 is no IDR");
    for (int64_t i = 0; i < count; i++) {
        bool b = tp->type[i] == AVOCET_TYPE_B || tp->type[i] == AVOCET_TYPE_BREF;
        run = b ? run + 1 : 0;
        if (run > bframes)
            return avo_fail(msg, AVOCET_ERR_CONFLICT,
                            "the first pass has %d B pictures in a row at picture %l, these "
                            "settings allow %d",
                            run, i, bframes);
    }
    return AVOCET_OK;
}

/* ---- allocation ---- */

/* Adds half the mean cost of what lies before each picture, or behind it, to complexity_q8;
 * `scaled` holds the costs, 0 for intra pictures, which say nothing about motion. */
static void blur(AvoTwoPass *tp, int64_t count, bool backwards)
{
    int64_t mean = 0;
    for (int64_t k = 0; k < count; k++) {
        AvoTwoPassPicture *p = &tp->picture[backwards ? count - 1 - k : k];
        if (p->scaled)
            mean = mean ? mean + (p->scaled - mean) / BLUR : p->scaled;
        p->complexity_q8 += (int)(mean / 2);
    }
}

/* Complex stretches get coarser steps, as without a first pass, but known from both sides. */
static void set_complexity(AvoTwoPass *tp, const AvoRateControl *rc, const AvocetPassRecord *record,
                           int64_t count)
{
    if (rc->qcomp == 100)
        return;
    for (int64_t i = 0; i < count; i++)
        tp->picture[record[i].display_index].scaled =
            record[i].type == AVOCET_TYPE_P ? record[i].cost : 0;
    blur(tp, count, false);
    blur(tp, count, true);
    uint64_t pivot = (uint64_t)rc->pivot_cost * (unsigned)rc->mb_count;
    for (int64_t i = 0; i < count; i++) {
        AvoTwoPassPicture *p = &tp->picture[i];
        int32_t log2_q16 =
            avo_log2_ratio_q16((uint64_t)avo_max(p->complexity_q8, rc->mb_count), pivot);
        p->complexity_q8 = avo_qp_delta_q8(log2_q16) * (100 - rc->qcomp) / 100;
    }
}

static void set_scaled(AvoTwoPass *tp, const AvoRateControl *rc, const AvocetPassRecord *r,
                       uint64_t pictures[AVO_RC_KINDS])
{
    AvoTwoPassPicture *p = &tp->picture[r->display_index];
    int relative = avo_rc_relative_q8(rc, r->type, r->layer) + p->complexity_q8;
    p->scaled =
        (int64_t)avo_mul_q16((uint64_t)r->bits, avo_step_ratio_q16(r->qp_q8 - relative)) + 1;
    int kind = avo_rc_kind(r->type);
    tp->rest[kind] += (uint64_t)p->scaled;
    pictures[kind]++;
}

int avo_two_pass_begin(AvoTwoPass *tp, const AvoRateControl *rc, const AvocetEncoderConfig *config,
                       int bframes, AvoMessage *msg)
{
    const AvocetPassRecord *record = config->pass_records;
    int64_t count = config->pass >= 2 ? config->pass_count : 0, duration_q16 = 0;
    memset(tp->rest, 0, sizeof tp->rest);
    memset(tp->was, 0, sizeof tp->was);
    memset(tp->is, 0, sizeof tp->is);
    for (int64_t i = 0; i < count; i++) {
        tp->type[i] = AVOCET_TYPE_AUTO;
        tp->picture[i] = (AvoTwoPassPicture){0, 0};
    }
    for (int64_t i = 0; i < count; i++) {
        AVO_RETURN_IF_ERROR(check_record(tp, &record[i], i, count, msg));
        tp->type[record[i].display_index] = (int8_t)record[i].type;
        duration_q16 += record[i].duration_q16;
    }
    if (!count)
        return AVOCET_OK;
    AVO_RETURN_IF_ERROR(check_types(tp, count, bframes, msg));
    set_complexity(tp, rc, record, count);
    uint64_t pictures[AVO_RC_KINDS] = {0};
    for (int64_t i = 0; i < count; i++)
        set_scaled(tp, rc, &record[i], pictures);
    for (int kind = 0; kind < AVO_RC_KINDS; kind++)
        tp->prior[kind] = pictures[kind] ? tp->rest[kind] / pictures[kind] * PRIOR : 0;
    tp->budget =
        (int64_t)(avo_mul_q16((uint64_t)rc->bits_per_picture_q8, (uint64_t)duration_q16) >> 8);
    tp->count = count;
    return AVOCET_OK;
}

/* ---- while coding ---- */

int avo_two_pass_base_q8(const AvoTwoPass *tp, int64_t spent)
{
    uint64_t expected = 0;
    for (int kind = 0; kind < AVO_RC_KINDS; kind++) {
        uint64_t prior = tp->prior[kind] + 1;
        expected += avo_muldiv(tp->rest[kind], tp->is[kind] + prior, tp->was[kind] + prior);
    }
    return avo_qp_delta_q8(
        avo_log2_ratio_q16(expected, (uint64_t)avo_max64(tp->budget - spent, 1)));
}

void avo_two_pass_start(AvoTwoPass *tp, int64_t display_index, int kind)
{
    uint64_t scaled = (uint64_t)tp->picture[display_index].scaled;
    tp->rest[kind] -= scaled < tp->rest[kind] ? scaled : tp->rest[kind];
}

void avo_two_pass_end(AvoTwoPass *tp, int64_t display_index, int kind, uint64_t scaled)
{
    tp->was[kind] += (uint64_t)tp->picture[display_index].scaled - (tp->was[kind] >> MEMORY);
    tp->is[kind] += scaled - (tp->is[kind] >> MEMORY);
}
