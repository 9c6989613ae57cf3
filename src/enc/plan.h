/* What travels between the encoder's stages: source pictures, the lookahead's verdict, the rate
 * control's answer.
 *
 *     input --AvoSource--> lookahead --AvoPlan--> rate control --AvoFrameQp--> pipeline
 *                                                     ^                            |
 *                                                     '-------AvoFrameStats--------'
 *
 * The pipeline analyses and codes; its numbers return with a fixed delay in pictures.
 * All numbers are integers or fixed point (suffix _q8: 1/256), so the plans are the same on every
 * machine. */
#ifndef AVO_ENC_PLAN_H
#define AVO_ENC_PLAN_H

#include <avocet/encoder.h>
#include "h264/frame.h"

/* Settings as they were when the picture was sent. Changes travel with the pictures where these are
 * begun before earlier ones are done, so that it is always the same picture that they begin with.
 */
typedef struct AvoSettings {
    int64_t number; /* counts the changes */
    AvocetEncoderConfig config;
} AvoSettings;

/* A picture to be coded: converted, padded to whole macroblocks. From input.c's pool, reference
 * counted; immutable once the lookahead has it. */
typedef struct AvoSource {
    /* mb_width * 16 x mb_height * 16 (chroma half), border samples repeated up to there. */
    AvoPlane plane[3];
    AvoPlane half; /* half-size luma, padded by AVO_FRAME_PAD on all sides */
    int64_t pts;
    int64_t display_index; /* 0, 1, 2, ... in the order of sending */
    AvocetFrameType wish;  /* AUTO, IDR, I */
    void *opaque;
    int8_t *roi;    /* per macroblock QP offset given by the user; NULL: none was given */
    int16_t *aq_q8; /* per macroblock adaptive quantiser offset, filled by adaptive_quant.c */
    AvoSettings settings;
    int refcount;
    void *lookahead; /* cost cache of lowres_cost.c */
} AvoSource;

/* Luma/chroma weights of a reference, for explicit weighted prediction; denom 2^log2_denom. */
typedef struct AvoPlanWeight {
    bool used[3];      /* per plane */
    int log2_denom[2]; /* luma, chroma */
    int w[3], o[3];
} AvoPlanWeight;

/* What the lookahead expects after a picture, for buffer planning. */
typedef struct AvoPlanAhead {
    int8_t type, layer; /* AvocetFrameType */
    int32_t duration_q16;
    int64_t cost; /* intra_cost or inter_cost of that picture */
} AvoPlanAhead;

#define AVO_NEIGHBOURS_MAX 8

/* A picture near the one to be coded, for the temporal filter. */
typedef struct AvoNeighbour {
    AvoSource *src;  /* one reference held */
    int distance;    /* in pictures; above 0: later */
    const AvoMv *mv; /* a field of the half-size search; NULL: none fits */
    int scale_q8;    /* what turns it into vectors from the picture to src, whole samples */
} AvoNeighbour;

/* Where P pictures follow each other, every fourth one, from the IDR picture on, is a fine one: it
 * is coded finer where rate control is free to (chain.h), and it stays a reference for longer. */
#define AVO_CHAIN 4

/* 0: a fine one. */
static inline int avo_chain_position(int poc)
{
    return poc / 2 % AVO_CHAIN;
}

/* One coded picture, in coding order. */
typedef struct AvoPlan {
    AvoSource *src;       /* one reference held by the plan */
    AvocetFrameType type; /* IDR, I, P, BREF, B */
    int layer;            /* 0: I and P; 1: B between anchors, 2: between those, ... */
    int poc;              /* 2 * (display index - display index of its IDR) */
    int64_t coded_index;  /* 0, 1, 2, ... */
    bool scenecut;        /* intra: a new scene begins here, whatever made it intra */
    bool closes_minigop;  /* last picture in coding order of its mini-GOP */
    int64_t minigop_start,
        minigop_end; /* display indexes of the anchors around (end: of this picture's own anchor) */
    bool fades;      /* B: the anchor of its mini-GOP has weights, of luma or much of chroma */
    /* P: of the anchor before, list 0. B that fade: of the nearest reference of each list. */
    AvoPlanWeight weight[2];
    int weight_poc[2]; /* of those references */
    int brightness_q4; /* mean luma, 1/16 */
    /* Costs at half size, sums of SATD over inner blocks, at the references the plan assumes. */
    int64_t intra_cost, inter_cost;
    int still_q8; /* share of the blocks that cost nothing: in P, they stand still to the sample */
    /* Sum over all blocks of cost * 2^(-offset / 6):
     * proportional to the bits expected, offsets included. */
    int64_t bits_cost;
    const uint32_t *row_cost; /* the same per row of macroblocks; NULL: not known */
    int chain_q8;             /* share of the usual steps between fine and coarse P pictures */
    int64_t duration_q16;     /* display duration relative to 1/fps, 1.0 = 65536 */
    int64_t since_q16;        /* decoding time since the picture before it, the same; first: 0 */
    /* Pictures after this one in coding order, as far as they are foreseen. */
    const AvoPlanAhead *ahead;
    int ahead_count;
    bool ahead_is_all; /* nothing follows them */
    /* QP offsets per macroblock: adaptive quantisation + importance propagation + region of
     * interest, 1/256 QP. Valid until the plan is released. NULL: all 0. */
    const int16_t *qp_offset_q8;
    int qp_offset_mean_q8; /* their mean */
    bool importance;       /* importance propagation is part of them */
    /* Per macroblock vectors of the half-size search against list 0 and list 1's nearest reference
     * (quarter luma samples at full size), predictors for the motion search; NULL if not searched.
     */
    const AvoMv *mv[2];
    int mv_step; /* as many columns and rows of macroblocks share a vector */
    AvoNeighbour neighbour[AVO_NEIGHBOURS_MAX]; /* what the temporal filter may draw on */
    int neighbour_count;
} AvoPlan;

/* Rate control's answer for a picture. */
typedef struct AvoFrameQp {
    /* Quantiser of the picture, 1/256 QP; a macroblock's is
     * clip((qp_q8 + qp_offset_q8 + 128) >> 8, qp_min, qp_max). */
    int qp_q8;
    int64_t bits_planned;        /* 0: none */
    int64_t bits_low, bits_high; /* rows are corrected outside of these; bits_high 0: never */
    bool starve;                 /* rows beyond bits_planned are coded with next to nothing */
} AvoFrameQp;

/* What the coded picture turned out to be. */
typedef struct AvoFrameStats {
    int64_t coded_index;
    int64_t bits;        /* access unit, all NAL units */
    int64_t filler_bits; /* of them filler */
    int qp_shift_q8;     /* mean correction of rows against the picture's quantiser */
    int64_t inter_cost;  /* from the plan */
} AvoFrameStats;

#endif
