/* Rate control: one quantiser per picture, from the lookahead's plans and from what coded pictures
 * cost.
 *
 * Calls, all in coding order, from one thread:
 *
 *     start(k), [start(k + 1),] end(k), ...
 *
 * With lookahead, the quantiser of picture k + 1 depends on pictures up to k - 1 only, whether k is
 * reported by then or not: so it may be begun before k is done, and the bytes do not depend on
 * threads. Picture k is counted with the bits predicted for it. Where a rate is to be met, k has to
 * be known after all if it is an intra picture, or the end is in sight. With a buffer (VBV) all
 * before is known, too: what is in it is to be known to the bit, and a picture that came out too
 * large is coded again:
 *
 *     start(k), [code, retry(k, bits) says yes]..., end(k)
 *
 * Every quantiser is a sum: base + what its kind of picture differs from a P picture (+ complexity,
 * without importance propagation). Modes differ in where the base comes from: constant, or such
 * that the bits meet a rate. Quantisers are 1/256 QP, a logarithmic scale of the step: 6 QP double
 * it and about halve the bits, so bits are predicted as
 *
 *     log2 bits = coefficient(class of picture) + log2 cost - qp / 6. */
#ifndef AVO_ENC_RATECONTROL_H
#define AVO_ENC_RATECONTROL_H

#include "base/status.h"
#include "enc/plan.h"
#include "enc/vbv.h"

#define AVO_RC_FLIGHT_MAX 64 /* pictures between start and end, at most */
#define AVO_RC_LAYERS     8

enum { AVO_RC_I, AVO_RC_P, AVO_RC_BREF, AVO_RC_B, AVO_RC_KINDS };

/* Pictures whose bits are predicted from each other: kinds, the fine and the coarse P pictures of a
 * chain, layers of B pictures. */
enum {
    AVO_RC_CLASS_I,
    AVO_RC_CLASS_P,
    AVO_RC_CLASS_P_COARSE,
    AVO_RC_CLASS_BREF_1,
    AVO_RC_CLASS_BREF_2,
    AVO_RC_CLASS_BREF_3, /* and deeper */
    AVO_RC_CLASS_B,
    AVO_RC_CLASSES
};

/* What was learned about the bits of one class. */
typedef struct AvoRcPredictor {
    int32_t log2_coeff_q16;      /* of the last few pictures, */
    int64_t cost;                /* and what they cost in the mean */
    uint64_t bits_sum, cost_sum; /* of all, slowly forgotten; bits at QP 0 */
    int32_t log2_offsets_q16; /* log2(bits_cost / plain cost): what the offsets of its blocks do */
    int seen;                 /* pictures, saturating */
} AvoRcPredictor;

/* A picture that was started and is not yet learned from. */
typedef struct AvoRcFlight {
    int64_t coded_index, display_index;
    int64_t cost, bits_planned, duration_q16;
    int64_t bits_most; /* near the end, so that the sum can still be met; 0: does not matter */
    int kind, class;
    int qp_q8, qp_planned_q8, relative_q8;
    int shift_q8; /* part of qp_q8 and relative_q8, see avo_rc_shift */
    int raise_q8; /* part of qp_q8, so that not too much is lent */
    AvocetFrameType type;
    int layer;
    bool is_cut;
    bool ends;        /* an anchor behind which nothing comes, of a given average rate */
    int tries;        /* that were coded again, */
    int starved;      /* of them with starved rows */
    bool is_buffered; /* the buffer takes it in */
    bool is_done;     /* reported: what it took, but for filler, and that */
    int64_t bits, filler_bits;
} AvoRcFlight;

typedef struct AvoTwoPass AvoTwoPass; /* two_pass.h */

typedef struct AvoRateControl {
    /* Settings. */
    AvocetRateMode mode;
    int mb_count;
    int base_q8;                 /* constant QP and CRF */
    int64_t bits_per_picture_q8; /* ABR: wanted in 1/fps seconds */
    int64_t bitrate;
    int qp_min_q8, qp_max_q8, qp_step_q8;
    int key_step_q8;                    /* qp_step_q8 of the base at a keyframe within a scene */
    int intra_offset_q8;                /* I below P */
    int layer_offset_q8[AVO_RC_LAYERS]; /* B above P: half of pbratio per layer */
    int leaf_offset_q8;                 /* least offset of B pictures that nobody refers to */
    int chain_offset_q8[AVO_CHAIN];     /* of P pictures next to each other, in turn */
    int qcomp;                          /* 1/100; 100: complexity does not count */
    int pivot_cost;                     /* cost per macroblock that leaves QP alone */
    bool live;                          /* ABR, and nothing is known of what follows */
    int loan_pictures;                  /* that pay for an intra picture */
    int keyint;                         /* pictures from keyframe to keyframe; 0: not known */
    bool foresees;                      /* see avo_rc_foresees; without a buffer */
    int minigop;                        /* pictures at most */

    AvoTwoPass *two_pass; /* NULL: there was no first pass */

    /* History. */
    AvoRcPredictor predictor[AVO_RC_CLASSES];
    uint64_t scaled_bits; /* ABR: bits of past pictures as they would be at base 0 */
    uint64_t wanted_bits; /* and what they should have been */
    /* Mean duration of as many pictures, of the last few, and how many there were. */
    int64_t pace_q16, recent_pace_q16, paced;
    int64_t bits_done, bits_due; /* since the start; due in 1/256 */
    int64_t time_q16;            /* pictures' durations so far, 1/fps */
    /* Bits of the last intra picture beyond the average that are not yet paid back, and what every
     * picture pays; live also of scaled_bits. */
    int64_t loan, loan_step, scaled_loan, scaled_step;
    /* What a keyframe would take beyond the average, bits that were saved up for the last one,
     * pictures started since. */
    int64_t key_excess, saved, since_keyframe;
    int64_t blurred_cost, blurred_count_q8; /* complexity, weighted 1, 1/2, 1/4, ... */
    int anchor_qp_q8[2];                    /* of the last two anchors, as if they were P */
    int last_base_q8;                       /* ABR: of the last anchor, before the buffer spoke */
    int64_t anchors, anchor_index;          /* their number, coded index of the last */
    AvoVbv vbv;
    int64_t key_least;       /* bits that the buffer must hold for a keyframe; 0: not known */
    AvocetPassRecord record; /* of the picture reported last */

    AvoRcFlight flight[AVO_RC_FLIGHT_MAX];
    int flight_first, flight_count;
} AvoRateControl;

/* Sets up. mb_count: macroblocks per picture. */
int avo_rc_init(AvoRateControl *rc, const AvocetEncoderConfig *config, int mb_count,
                AvoMessage *msg);
/* Kind of a type, and how far its quantisers lie from the base, but for complexity. */
int avo_rc_kind(AvocetFrameType type);
int avo_rc_relative_q8(const AvoRateControl *rc, AvocetFrameType type, int layer);
/* Whether this picture, the next one, may be started before the last one is reported. */
bool avo_rc_foresees(const AvoRateControl *rc, const AvoPlan *plan);
/* Whether a picture's quantiser is above the last one that there is, so that decisions have to save
 * what no quantiser can. A lower qp_max is a limit that the user has set to the loss: it stays. */
bool avo_rc_is_beyond(const AvoRateControl *rc, int qp_q8);
/* The quantiser of the next picture in coding order. */
void avo_rc_start(AvoRateControl *rc, const AvoPlan *plan, AvoFrameQp *out);
/* Moves the quantiser of the picture started last, as far as limits allow, and of no other. */
void avo_rc_shift(AvoRateControl *rc, int shift_q8, AvoFrameQp *out);
/* What any keyframe takes, whatever its quantiser: bits before its slices, slices, by CABAC or not.
 * Pictures between leave as much in the buffer. */
void avo_rc_know_keyframe(AvoRateControl *rc, int64_t header_bits, int slices, bool cabac);
/* Whether the picture started last, now coded with `bits`, shall be coded again with the quantiser
 * put into out: because it is too large for the buffer (until no quantiser is left), because it is
 * the first or, with lookahead, the first anchor behind it, and was coded with a guess that proved
 * wrong, or because it is near the end, or, without lookahead, a keyframe or a cut, and the sum
 * would be off. plan: that it was started with. */
bool avo_rc_retry(AvoRateControl *rc, const AvoPlan *plan, int64_t bits, AvoFrameQp *out);
/* What a picture became, in the order they were started. */
void avo_rc_end(AvoRateControl *rc, const AvoFrameStats *stats);
/* Takes over bitrate, crf, qp, qp_min, qp_max, qp_step, vbv_* and fps from config, for the next
 * picture started; the rate mode stays and what was learned is kept. */
int avo_rc_reconfigure(AvoRateControl *rc, const AvocetEncoderConfig *config, AvoMessage *msg);

#endif
