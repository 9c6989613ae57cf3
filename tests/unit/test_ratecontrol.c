/* Rate control against a model of an encoder: bits = cost * coefficient(kind) * 2^(-qp / 6) *
 * noise. Checks constant quantisers exactly, bounds, the rate reached, the buffer kept, changes
 * while running. */
#include <math.h>
#include <stdlib.h>
#include "check.h"
#include "enc/ratecontrol.h"

enum { MBS = 396, AHEAD = 40, PICTURES_MAX = 3000 };

static AvocetEncoderConfig base_config(AvocetRateMode mode)
{
    AvocetEncoderConfig c = {.rate_mode = mode,
                             .fps = {25, 1},
                             .qp = 26,
                             .crf = 2300,
                             .bitrate = 800000,
                             .qp_min = 0,
                             .qp_max = 51,
                             .qp_step = 4,
                             .ip_ratio = 140,
                             .pb_ratio = 130,
                             .qcomp = 60,
                             .keyint = 250,
                             .bframes = 3,
                             .lookahead = AHEAD,
                             .mbtree = 1};
    return c;
}

/* A stream of mini-GOPs P B b b with an I picture every 100 of them and complexity that changes. */
typedef struct Stream {
    AvoPlan plan[PICTURES_MAX + AHEAD];
    AvoPlanAhead ahead[PICTURES_MAX + AHEAD];
    int n;
} Stream;

static Stream stream;

static void make_stream(int n, bool calm, Random *r)
{
    memset(&stream, 0, sizeof stream);
    stream.n = n;
    int64_t level = 150;
    for (int i = 0; i < n + AHEAD; i++) {
        AvoPlan *p = &stream.plan[i];
        int place = i % 4;
        if (!calm && random_chance(r, 1))
            level = random_in(r, 40, 500);
        bool intra = i % 400 == 0;
        p->type = intra        ? AVOCET_TYPE_IDR
                  : place == 0 ? AVOCET_TYPE_P
                  : place == 1 ? AVOCET_TYPE_BREF
                               : AVOCET_TYPE_B;
        p->layer = place == 0 ? 0 : place == 1 ? 1 : 2;
        p->coded_index = i;
        p->duration_q16 = 65536;
        p->since_q16 = i ? 65536 : 0;
        p->intra_cost = MBS * 800;
        p->inter_cost =
            intra ? p->intra_cost
                  : MBS * level * (4 - (place > 0) - (place > 1)) / 4 * random_in(r, 90, 110) / 100;
        p->bits_cost = p->inter_cost * (place ? 1 : 2);
        stream.ahead[i] = (AvoPlanAhead){.type = (int8_t)p->type,
                                         .layer = (int8_t)p->layer,
                                         .duration_q16 = 65536,
                                         .cost = p->inter_cost};
        p->ahead = &stream.ahead[i + 1];
        p->ahead_count = AHEAD - 1;
    }
    for (int i = 0; i < n; i++)
        stream.plan[i].ahead_count = avo_min(AHEAD - 1, n - 1 - i);
}

typedef struct Result {
    double bits, worst_fill, mean_qp;
    int qp_q8[PICTURES_MAX];
    double bits_of[PICTURES_MAX];
} Result;

static Result result;

static double model_bits(const AvoPlan *p, int qp_q8, int noise, Random *r)
{
    static const double coeff[] = {0, 6, 6, 6, 3.5, 2};
    double q = exp2(-qp_q8 / 256.0 / 6) * random_in(r, 100 - noise, 100 + noise) / 100.0;
    return ceil((double)p->bits_cost * coeff[p->type] * q) + 100;
}

/* Runs the stream with reports `delay` pictures late. change_at: the picture before which config2
 * takes effect; -1: none. */
static void run(const AvocetEncoderConfig *config, const AvocetEncoderConfig *config2,
                int change_at, int delay, int noise)
{
    static AvoRateControl rc;
    Random r = {99};
    AvoMessage msg = {""};
    AvoFrameStats stats[PICTURES_MAX];
    double fill = (double)config->vbv_bufsize * config->vbv_init / 100;
    memset(&result, 0, sizeof result);
    result.worst_fill = 1e30;
    CHECK(avo_rc_init(&rc, config, MBS, &msg) == AVOCET_OK, "%s", msg.text);
    const AvocetEncoderConfig *now = config;
    for (int i = 0; i < stream.n; i++) {
        if (i == change_at) {
            now = config2;
            CHECK(avo_rc_reconfigure(&rc, now, &msg) == AVOCET_OK, "%s", msg.text);
        }
        AvoFrameQp qp;
        const AvoPlan *p = &stream.plan[i];
        avo_rc_start(&rc, p, &qp);
        double bits = model_bits(p, qp.qp_q8, noise, &r);
        stats[i] = (AvoFrameStats){.coded_index = i, .bits = (int64_t)bits};
        if (i >= delay)
            avo_rc_end(&rc, &stats[i - delay]);
        result.qp_q8[i] = qp.qp_q8;
        result.bits_of[i] = bits;
        result.bits += bits;
        result.mean_qp += qp.qp_q8 / 256.0 / stream.n;
        fill -= bits;
        result.worst_fill = fmin(result.worst_fill, fill);
        double arrival = (double)now->vbv_maxrate * now->fps.den / now->fps.num;
        fill = fmin(fill + arrival, (double)now->vbv_bufsize);
        CHECK(qp.qp_q8 >= now->qp_min * 256 && qp.qp_q8 <= now->qp_max * 256,
              "picture %d: QP %d/256 out of bounds", i, qp.qp_q8);
    }
}

static void constant_quantiser(void)
{
    Random r = {1};
    make_stream(500, false, &r);
    for (int qp = 0; qp <= 51; qp += 3) {
        AvocetEncoderConfig c = base_config(AVOCET_RATE_QP);
        c.qp = qp;
        run(&c, NULL, -1, 3, 20);
        for (int i = 0; i < stream.n; i++) {
            AvocetFrameType t = stream.plan[i].type;
            int layer = stream.plan[i].layer; /* half of pbratio's 2 QP each; a leaf has both */
            int want = t == AVOCET_TYPE_IDR    ? qp - 3
                       : t == AVOCET_TYPE_P    ? qp
                       : t == AVOCET_TYPE_BREF ? qp + layer
                                               : qp + (layer > 2 ? layer : 2);
            CHECK(result.qp_q8[i] == avo_clip3(0, 51, want) * 256,
                  "QP %d, picture %d of type %d: %d/256", qp, i, t, result.qp_q8[i]);
        }
    }
}

static void constant_quality(void)
{
    Random r = {2};
    make_stream(500, false, &r);
    for (int tree = 0; tree <= 1; tree++) {
        AvocetEncoderConfig c = base_config(AVOCET_RATE_CRF);
        c.mbtree = tree;
        run(&c, NULL, -1, 3, 20);
        double at_23 = result.mean_qp;
        c.crf = 2600;
        run(&c, NULL, -1, 3, 20);
        CHECK(fabs(result.mean_qp - at_23 - 3) < 0.1, "3 CRF are %.2f QP", result.mean_qp - at_23);
        for (int i = 1; tree && i < stream.n; i++)
            if (stream.plan[i].type == AVOCET_TYPE_P)
                CHECK(result.qp_q8[i] == result.qp_q8[4], "with the tree all P have one QP");
        c.qp_min = 20;
        c.qp_max = 24;
        run(&c, NULL, -1, 3, 20);
    }
}

/* A minute at 25 Hz. Complexity that jumps by a factor of ten may leave
 * some per cent at the end. */
static void average_rate(void)
{
    for (int seed = 1; seed <= 6; seed++) {
        Random r = {(uint64_t)seed};
        make_stream(1500, seed == 1, &r);
        for (int delay = 0; delay <= 12; delay += 6) {
            for (int64_t rate = 100000; rate <= 6400000; rate *= 4) {
                AvocetEncoderConfig c = base_config(AVOCET_RATE_BITRATE);
                c.bitrate = rate;
                run(&c, NULL, -1, delay, 20);
                double wanted = (double)rate * stream.n / 25;
                CHECK(fabs(result.bits / wanted - 1) < (seed == 1 ? 0.03 : 0.08),
                      "seed %d delay %d rate %d: %.1f %% off", seed, delay, (int)rate,
                      100 * (result.bits / wanted - 1));
            }
        }
    }
}

/* The second half of ten seconds takes twenty times or a twentieth of what the first did, or an
 * intra picture comes near the end: the sum is met all the same. */
static void ends(void)
{
    for (int kind = 0; kind <= 2; kind++) {
        Random r = {5};
        make_stream(250, true, &r);
        for (int i = 0; i < stream.n; i++) {
            AvoPlan *p = &stream.plan[i];
            int factor = kind == 2 || (i < 125) == (kind == 0) ? 1 : 20;
            bool late = kind == 2 && i == 236;
            p->scenecut = late || (kind <= 1 && i == 125);
            if (late)
                p->type = AVOCET_TYPE_IDR;
            if (late)
                p->inter_cost = p->intra_cost;
            p->inter_cost *= factor;
            p->bits_cost *= factor * (late ? 8 : 1);
            p->ahead_is_all = i + AHEAD >= stream.n;
            stream.ahead[i].type = (int8_t)p->type;
            stream.ahead[i].cost = p->inter_cost;
        }
        for (int64_t rate = 800000; rate <= 3200000; rate *= 4) {
            AvocetEncoderConfig c = base_config(AVOCET_RATE_BITRATE);
            c.bitrate = rate;
            run(&c, NULL, -1, 0, 10);
            double off = result.bits / ((double)rate * stream.n / 25) - 1;
            CHECK(fabs(off) < (kind == 1 ? 0.03 : 0.015), "kind %d rate %d: %.1f %% off", kind,
                  (int)rate, 100 * off);
        }
    }
}

static void without_lookahead(void)
{
    Random r = {4};
    make_stream(1500, false, &r);
    for (int i = 0; i < stream.n; i++) {
        stream.plan[i].ahead = NULL;
        stream.plan[i].ahead_count = 0;
    }
    AvocetEncoderConfig c = base_config(AVOCET_RATE_BITRATE);
    c.lookahead = 0;
    run(&c, NULL, -1, 0, 20);
    double wanted = (double)c.bitrate * stream.n / 25;
    CHECK(fabs(result.bits / wanted - 1) < 0.08, "rate is %.1f %% off",
          100 * (result.bits / wanted - 1));
}

/* P pictures only: every fourth is finer, by less the more of it stands still. */
static void chain(void)
{
    static const struct {
        int still_q8, chain_q8, fine, between;
    } want[] = {{0, 256, 23, 27},   {128, 256, 23, 27}, {192, 256, 25, 27},
                {256, 256, 26, 26}, {0, 154, 24, 27},   {0, 200, 24, 27}};
    AvocetEncoderConfig c = base_config(AVOCET_RATE_QP);
    c.bframes = c.lookahead = 0;
    for (int k = 0; k < 6; k++) {
        memset(&stream, 0, sizeof stream);
        stream.n = 16;
        for (int i = 0; i < stream.n; i++)
            stream.plan[i] = (AvoPlan){.type = i ? AVOCET_TYPE_P : AVOCET_TYPE_IDR,
                                       .poc = 2 * i,
                                       .coded_index = i,
                                       .duration_q16 = 65536,
                                       .intra_cost = MBS * 800,
                                       .inter_cost = MBS * 100,
                                       .bits_cost = MBS * 100,
                                       .still_q8 = i ? want[k].still_q8 : 0,
                                       .chain_q8 = want[k].chain_q8};
        run(&c, NULL, -1, 3, 20);
        for (int i = 1; i < stream.n; i++) {
            int qp = i % AVO_CHAIN ? want[k].between : want[k].fine;
            CHECK(result.qp_q8[i] == qp * 256,
                  "%d/256 still, %d/256 of the steps, picture %d: %d/256, not %d", want[k].still_q8,
                  want[k].chain_q8, i, result.qp_q8[i], qp);
        }
    }
}

/* The buffer of a second never runs dry, in any mode, although the model deviates by 15 %. */
static void buffer(void)
{
    for (int seed = 1; seed <= 6; seed++) {
        Random r = {(uint64_t)seed * 77};
        make_stream(1000, false, &r);
        for (int mode = 0; mode <= 2; mode += 2) {
            for (int64_t rate = 400000; rate <= 6400000; rate *= 4) {
                AvocetEncoderConfig c = base_config(mode ? AVOCET_RATE_BITRATE : AVOCET_RATE_CRF);
                c.bitrate = rate;
                c.vbv_maxrate = rate;
                c.vbv_bufsize = rate;
                c.vbv_init = 90;
                run(&c, NULL, -1, 2, 15);
                CHECK(result.worst_fill >= 0, "seed %d mode %d rate %d: underflow by %.0f bits",
                      seed, mode, (int)rate, -result.worst_fill);
            }
        }
    }
}

/* A new bit rate is reached within seconds. */
static void change_of_rate(void)
{
    Random r = {8};
    make_stream(1000, true, &r);
    AvocetEncoderConfig c = base_config(AVOCET_RATE_BITRATE), lower = c;
    lower.bitrate = c.bitrate / 4;
    run(&c, &lower, 500, 4, 10);
    double after = 0;
    for (int i = 600; i < 1000; i++)
        after += result.bits_of[i];
    CHECK(fabs(after / (lower.bitrate * 400.0 / 25) - 1) < 0.15,
          "after the change: %.0f %% of the rate", 100 * after / (lower.bitrate * 400.0 / 25));
}

/* Of an anchor that is moved by shift_q8, or not. */
typedef struct Moved {
    int qp_q8, recorded_q8, next_b_q8;
    int64_t bits_planned, fill;
} Moved;

static Moved move_anchor(const AvocetEncoderConfig *config, int shift_q8)
{
    enum { ANCHOR = 8 };
    AvoRateControl rc;
    AvoMessage msg;
    AvoFrameQp out;
    Moved m = {0};
    CHECK(avo_rc_init(&rc, config, MBS, &msg) == 0, "cannot start");
    for (int i = 0; i <= ANCHOR + 3; i++) {
        avo_rc_start(&rc, &stream.plan[i], &out);
        if (i == ANCHOR) {
            m.fill = rc.vbv.fill;
            avo_rc_shift(&rc, shift_q8, &out);
            m.qp_q8 = out.qp_q8;
            m.bits_planned = out.bits_planned;
        }
        avo_rc_end(&rc, &(AvoFrameStats){.coded_index = i, .bits = 20000});
        if (i == ANCHOR)
            m.recorded_q8 = rc.record.qp_q8;
    }
    m.next_b_q8 = out.qp_q8;
    return m;
}

/* A keyframe moved to what is before it is moved alone: neither B pictures nor a second pass follow
 * it. With a buffer it takes half of what is there at most. */
static void shift(void)
{
    Random r = {9};
    make_stream(100, true, &r);
    AvocetEncoderConfig c = base_config(AVOCET_RATE_CRF);
    Moved a = move_anchor(&c, 0), b = move_anchor(&c, 768);
    CHECK(b.qp_q8 == a.qp_q8 + 768, "moved by %d, not 768", b.qp_q8 - a.qp_q8);
    CHECK(b.recorded_q8 == a.recorded_q8, "recorded %d/256 away", b.recorded_q8 - a.recorded_q8);
    CHECK(b.next_b_q8 == a.next_b_q8, "B moved by %d/256, too", b.next_b_q8 - a.next_b_q8);
    c.vbv_maxrate = c.vbv_bufsize = 800000;
    c.vbv_init = 90;
    Moved fine = move_anchor(&c, -40 * 256);
    CHECK(fine.bits_planned > fine.fill / 4 && fine.bits_planned <= fine.fill / 2 + 1000,
          "%d bits planned of %d", (int)fine.bits_planned, (int)fine.fill);
}

/* The first two anchors of a stream whose pictures take `share` of what is guessed, and the B
 * picture behind them: quantisers, and how often each was coded again. */
typedef struct Start {
    int qp_q8[3], tries[3];
} Start;

static Start start_at(const AvocetEncoderConfig *config, double share)
{
    AvoRateControl rc;
    AvoMessage msg;
    Start s = {0};
    CHECK(avo_rc_init(&rc, config, MBS, &msg) == 0, "cannot start");
    for (int i = 0; i < 3; i++) {
        static const double coeff[] = {6, 4.35, 3.29}; /* guesses: 2^2.595, 2^2.12, 2^1.72 */
        const AvoPlan *p = &stream.plan[i == 1 ? 4 : i == 2 ? 1 : 0];
        AvoFrameQp qp;
        int64_t bits;
        AvoPlan plan = *p;
        plan.coded_index = i;
        plan.bits_cost = plan.inter_cost;
        avo_rc_start(&rc, &plan, &qp);
        for (;; s.tries[i]++) {
            bits = (int64_t)((double)plan.bits_cost * coeff[i] * share * exp2(-qp.qp_q8 / 1536.0));
            if (!avo_rc_retry(&rc, &plan, bits, &qp))
                break;
        }
        s.qp_q8[i] = qp.qp_q8;
        avo_rc_end(&rc, &(AvoFrameStats){.coded_index = i, .bits = bits});
    }
    return s;
}

/* With lookahead, the first two anchors are coded again where the guesses prove wrong: coarser at
 * once, finer by little, as what comes may be noise. B pictures follow. Not with a buffer. */
static void first_guess(void)
{
    Random r = {3};
    make_stream(100, true, &r);
    AvocetEncoderConfig c = base_config(AVOCET_RATE_BITRATE);
    Start right = start_at(&c, 1), dear = start_at(&c, 4), cheap = start_at(&c, 0.25);
    CHECK(!right.tries[0] && !right.tries[1], "coded again, %d and %d times", right.tries[0],
          right.tries[1]);
    CHECK(dear.tries[0] > 0 && dear.tries[1] > 0, "not coded again: %d, %d", dear.tries[0],
          dear.tries[1]);
    CHECK(abs(dear.qp_q8[1] - right.qp_q8[1] - 12 * 256) < 512, "four times the bits: %+d/256",
          dear.qp_q8[1] - right.qp_q8[1]);
    CHECK(abs(dear.qp_q8[2] - dear.qp_q8[1]) < 512, "B %+d/256 from its anchors",
          dear.qp_q8[2] - dear.qp_q8[1]);
    CHECK(cheap.qp_q8[0] < right.qp_q8[0] && cheap.qp_q8[0] >= right.qp_q8[0] - 640,
          "a quarter of the bits: %+d/256", cheap.qp_q8[0] - right.qp_q8[0]);
    c.vbv_maxrate = c.vbv_bufsize = 8000000;
    c.vbv_init = 90;
    Start buffered = start_at(&c, 4);
    CHECK(!buffered.tries[0] && !buffered.tries[1], "coded again with a buffer");
}

int main(void)
{
    constant_quantiser();
    constant_quality();
    average_rate();
    ends();
    without_lookahead();
    chain();
    buffer();
    shift();
    first_guess();
    change_of_rate();
    return check_finish();
}
