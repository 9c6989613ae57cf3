/* The macroblock at work and the worker's scratch: what one worker needs to encode rows of a
 * picture.
 *
 * A worker owns one AvoRowCtx; nothing in it outlives a row except as scratch. The files of mode
 * decision (decide*.c, motion.c, subpel.c, bidir.c, residual.c, trellis.c) all work on it and write
 * only to it. */
#ifndef AVO_ENC_ROW_H
#define AVO_ENC_ROW_H

#include "enc/job.h"
#include "h264/mvpred.h"

/* Macroblock-sized sample buffer, stride AVO_REC_STRIDE (32), 16 rows:
 *
 *     columns 0..15: luma, 16..23 rows 0..7: Cb, 24..31 rows 0..7: Cr */
#define AVO_REC_SIZE (16 * AVO_REC_STRIDE)
#define AVO_REC_CB   16
#define AVO_REC_CR   24

/* The source macroblock, stride AVO_CUR_STRIDE (16): luma 16 rows, then Cb columns 0..7 and Cr
 * columns 8..15 of 8 rows. */
#define AVO_CUR_SIZE (24 * AVO_CUR_STRIDE)
#define AVO_CUR_CB   (16 * AVO_CUR_STRIDE)
#define AVO_CUR_CR   (16 * AVO_CUR_STRIDE + 8)

/* One way to code the macroblock, with what it costs. Candidates are values: filled, compared,
 * swapped by pointer. */
typedef struct AvoMbCand {
    AVO_ALIGN(64) pixel rec[AVO_REC_SIZE];
    AVO_ALIGN(64) pixel pred[AVO_REC_SIZE]; /* inter prediction, once the residual was coded */
    AvoLevels levels;
    AvoMbInfo info;
    AvoMbCode code;
    int64_t ssd; /* luma and chroma (plus psycho-visual terms) */
    uint32_t bits_q8;
    int64_t luma_score[4]; /* what luma up to each 8x8 makes of the score, 0: not known */
    bool hopeless;         /* given up while it was coded: not to be scored */
    /* Coded and counted: ssd and bits_q8 are known, contexts is what CABAC has behind it. */
    bool scored;
    /* luma_bits_q8 and chroma_bits_q8 are known, and contexts is what CABAC has behind the
     * residual: see coding.h. */
    bool residual_counted;
    uint32_t luma_bits_q8, chroma_bits_q8; /* of the residual */
    AvoCabacContexts contexts;
    int64_t score; /* ssd + lambda2 * bits, or SATD + lambda * bits while nothing is coded yet */
} AvoMbCand;

/* Result of a vector search. */
typedef struct AvoMotion {
    AvoMv mv, mvp;
    int8_t ref;
    int cost; /* distortion + lambda * (vector bits + reference bits) */
    int rate; /* the lambda * bits part of cost */
} AvoMotion;

#define AVO_SEARCH_REFS 16 /* list entries searched at most */

typedef struct AvoRowCtx {
    const AvoPicJob *job;
    int mb_x, mb_y, mb_addr, slice;
    int above_done; /* macroblocks of the row above that are known to be decided */
    int qp;         /* QPY wanted for this macroblock */
    int qp_chroma[2];
    int chroma_weight_q8[2];       /* of squared errors of Cb and Cr beside those of luma */
    int lambda_q8;                 /* for SAD and SATD */
    int64_t lambda2_q8;            /* for SSD */
    int64_t trellis_lambda2_q8[2]; /* for levels of inter and intra blocks chosen by trellis */
    bool use_trellis;              /* the levels being made now are chosen by trellis */
    int prev_qp;                   /* QPY of the macroblock before, QPY,pred of this one */
    int prev_qp_delta_nonzero;

    AvoNeighbours nb;
    unsigned intra_edges; /* AVO_EDGE_* usable for intra prediction */
    AvoMvCache cache;
    AvoSyntaxCtx syntax;
    bool track_contexts;       /* contexts are kept up to date */
    AvoCabacContexts contexts; /* shadow: as the entropy coder will find them, about */

    AVO_ALIGN(64) pixel cur[AVO_CUR_SIZE];
    AVO_ALIGN(64) pixel pred[AVO_REC_SIZE]; /* inter prediction shared by transform trials */
    /* Sample above column 0 of this macroblock, [-1] the corner; valid if available. */
    const pixel *top[3];
    const pixel *left[3]; /* sample to the left of row 0; left_stride apart */
    ptrdiff_t left_stride[3];
    pixel corner[3];

    AvoTexture look; /* of the source, for psycho-visual decisions (psy.h) */
    /* Trellis: score that the residual of the inter macroblock gains, but for cbp. */
    int64_t residual_gain;

    AvoMbCand *best, *trial;
    AvoMbCand cand[2];

    AvoDirect direct; /* B: direct vectors of this macroblock */
    bool direct_valid;
    AvoMotion m16[2][AVO_SEARCH_REFS]; /* 16x16 result per list and reference */
    AvoMotion m8[2][4];                /* best per 8x8 */
    AvoMotion m16x8[2][2], m8x16[2][2];
    AvoSubType sub_type[4]; /* P8x8 */
    AvoMv sub_mv[4][4];
    AvoMv skip_mv;       /* P_Skip vector */
    bool chroma_decides; /* P: vectors of this macroblock are measured with chroma in any case */
    AvoPredictCtx predict;
    AVO_ALIGN(64) pixel predict_scratch[AVO_PREDICT_SCRATCH];
    AVO_ALIGN(64) pixel block[5][AVO_REC_SIZE]; /* blocks fetched during search */
    AVO_ALIGN(64) coef coefs[256];
    AvoRowStats *stats;
} AvoRowCtx;

/* row.c: encodes macroblock row mb_y of the job: decisions, levels, unfiltered reconstruction.
 * Waits for the row above to be two macroblocks ahead. */
void avo_row_encode(AvoRowCtx *row, const AvoPicJob *job, int mb_y);

/* decide.c: leaves the chosen way to code the macroblock in row->best. */
void avo_decide_mb(AvoRowCtx *row);

/* finish_row.c: the loop filter for row mb_y, then half-sample planes and padding of what became
 * final. In row order. */
void avo_finish_row(AvoPicJob *job, int mb_y);
/* Gives macroblocks that sent no mb_qp_delta the QP they inherit, in coding order. */
void avo_resolve_row_qp(AvoPicJob *job, int mb_y);

/* ---- helpers that several of the files share ---- */

AVO_INLINE int avo_rate(const AvoRowCtx *row, int bits_q8)
{
    return (int)(((int64_t)row->lambda_q8 * bits_q8) >> 16);
}

AVO_INLINE int64_t avo_rd_score(const AvoRowCtx *row, int64_t ssd, uint32_t bits_q8)
{
    return ssd + ((row->lambda2_q8 * (int64_t)bits_q8 + 32768) >> 16);
}

AVO_INLINE void avo_swap_cand(AvoRowCtx *row)
{
    AvoMbCand *t = row->best;
    row->best = row->trial;
    row->trial = t;
}

#endif
