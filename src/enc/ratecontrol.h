/* Rate control: one quantiser per picture, from the lookahead's plans and from what coded pictures
 * cost.
 *
 * Calls, all in coding order, from one thread:
 *
 *     avo_rc_start(plan k) ... avo_rc_start(plan k + delay), avo_rc_end(stats k), avo_rc_start(plan
 * k + delay + 1), ...
 *
 * The pipeline keeps that interleaving fixed, whatever its threads do, so the bytes do not depend
 * on them. Pictures between are counted with the bits predicted for them.
 *
 * Quantisers are in 1/256 QP, which is a logarithmic scale of the step: all averaging happens
 * there. */
#ifndef AVO_ENC_RATECONTROL_H
#define AVO_ENC_RATECONTROL_H

#include "base/status.h"
#include "enc/plan.h"

#define AVO_RC_FLIGHT_MAX 64 /* pictures between start and end, at most */

/* Bits of a picture as a line through what was seen: bits = cost * 2^(-qp / 6) * coeff. One per
 * kind of picture. */
typedef struct AvoRcPredictor {
    int32_t log2_coeff_q16; /* of bits per cost unit at QP 0 */
    int weight;             /* pictures seen, saturating */
} AvoRcPredictor;

enum { AVO_RC_KIND_I, AVO_RC_KIND_P, AVO_RC_KIND_BREF, AVO_RC_KIND_B, AVO_RC_KINDS };

/* Leaky bucket that a decoder is promised (Annex C), in vbv.c. fill counts bits * 2^8... in
 * time_scale units. */
typedef struct AvoVbv {
    bool on;
    int64_t size, rate; /* bits, bits per second */
    int64_t fill;       /* bits in the decoder's buffer before the next picture is taken out */
    int64_t in_per_frame_q16; /* bits that arrive in 1/fps seconds */
} AvoVbv;

typedef struct AvoRcFlight { /* a picture that was started and not yet reported */
    int64_t coded_index;
    int kind;
    int qp_q8;
    int64_t cost, bits_planned, duration_q16;
} AvoRcFlight;

typedef struct AvoRateControl {
    /* Settings. */
    AvocetRateMode mode;
    int mb_count;
    AvocetRational fps;
    int qp, crf;
    int64_t bitrate;
    int qp_min, qp_max, qp_step;
    int ip_offset_q8, pb_offset_q8, layer_offset_q8; /* QP distances between kinds of pictures */
    int qcomp; /* 1/100; 100 while importance propagation is on */
    int crf_base_q8;
    /* Average bit rate. */
    int64_t bits_done, bits_wanted_q8;
    int64_t window_cost_q8, window_bits_q8;
    /* Complexity history, log domain. */
    int64_t blurred_cost_q8, blurred_weight_q8;
    int last_anchor_qp_q8;
    bool started;
    AvoRcPredictor predictor[AVO_RC_KINDS];
    AvoVbv vbv;
    AvoRcFlight flight[AVO_RC_FLIGHT_MAX];
    int flight_first, flight_count;
} AvoRateControl;

/* Checks the combination of options that only rate control understands and sets up. mb_count:
 * macroblocks per picture. */
int avo_rc_init(AvoRateControl *rc, const AvocetEncoderConfig *config, int mb_count,
                AvoMessage *msg);
/* The quantiser of the next picture in coding order. */
void avo_rc_start(AvoRateControl *rc, const AvoPlan *plan, AvoFrameQp *out);
/* What a picture became: same order as started. */
void avo_rc_end(AvoRateControl *rc, const AvoFrameStats *stats);
/* Takes over bitrate, crf, qp, qp_min, qp_max, qp_step, vbv_* and fps from config; the rate mode
 * stays. Works for the next picture started; learned predictors are kept. */
int avo_rc_reconfigure(AvoRateControl *rc, const AvocetEncoderConfig *config, AvoMessage *msg);

#endif
