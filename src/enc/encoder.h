/* The encoder handle: its stages, and the little state that belongs to none of them. Only enc_api.c
 * and pipeline.c see it; every stage gets what it needs as parameters. */
#ifndef AVO_ENC_ENCODER_H
#define AVO_ENC_ENCODER_H

#include "base/taskpool.h"
#include "enc/chain.h"
#include "enc/deblock_trial.h"
#include "enc/input.h"
#include "enc/lookahead.h"
#include "enc/picture_work.h"
#include "enc/ratecontrol.h"
#include "enc/references.h"
#include "enc/two_pass.h"
#include "enc/validate.h"

/* Presentation times kept: more than lookahead and reordering hold back. */
#define AVO_PTS_RING 512

/* Pictures at work at once, at most. */
#define AVO_WORKS_MAX 2

/* What spatial and temporal direct prediction cost in a picture where both were looked at. */
typedef struct AvoDirectCosts {
    bool compared;
    int64_t cost[2];
} AvoDirectCosts;

struct AvocetEncoder {
    AvocetEncoderConfig config; /* with all changes asked for */
    AvoAdjustments adjustments;
    AvoMessage message;
    AvocetAllocator allocator; /* free is NULL when the memory is the caller's */
    void *block;               /* what the allocator gave; this struct is its first piece */

    AvoDsp dsp;
    AvoSps sps;
    AvoPps pps;
    AvoPps fade_pps; /* of B pictures in fades: explicit weights instead of implicit ones */
    bool has_fade_pps;
    AvoTools tools;
    AvoTools tools_lesser; /* of leaves, and P pictures between the fine ones of a chain */
    AvoTools tools_beyond; /* of pictures that the last quantiser is too fine for */
    AvoQuantSet *quant; /* the last one is that of intra pictures */
    int quant_count;
    uint16_t *mvd_bits;
    AvoTaskPool *pool;
    AvoRowCtx *rows; /* one per worker */
    AvoInputPool input;
    AvoLookahead *lookahead;
    AvoRateControl rc;
    AvoTwoPass two_pass;
    AvoReferences references;
    AvoDeblockTrial deblock_trial;
    AvoSteady steady;
    AvoChain chain;
    AvoPictureWork work[AVO_WORKS_MAX]; /* picture n of those coded is at work in n % work_count */
    int work_count;
    bool overlaps;           /* work_count above 1: the next picture may begin early */
    AvoPacketBuffer headers; /* SPS, PPS, SEI as they start the stream */
    AvoFrame *frames;
    int frame_count;
    AvoFrame *recon; /* of the packet received last; holds a reference count */

    /* Times. */
    int reorder;                       /* num_reorder_frames */
    int64_t display_pts[AVO_PTS_RING]; /* by display index modulo the size */
    int64_t sent;                      /* pictures taken */
    int64_t last_pts;
    int64_t dts_shift;      /* pts of picture number `reorder` - pts of picture 0 */
    int64_t begun, coded;   /* pictures */
    int64_t direct_cost[2]; /* direct "auto": recent costs of spatial and temporal, fading */
    AvoDirectCosts direct_seen[AVO_WORKS_MAX]; /* of the last pictures, not yet in direct_cost */
    int64_t since_buffering_period;            /* pictures, HRD */
    int64_t last_idr_coded;

    AvoPlan plan;  /* of the next picture, taken from the lookahead already, */
    bool has_plan; /* if this is true */
    bool force_keyframe, flushed;
    /* Changes while running, see AvoSettings: number of those asked for and of those in effect. */
    int64_t settings_asked, settings_in_effect;
    AvocetRational announced_fps; /* by the parameter sets */
    int failed;                   /* sticky error of the pipeline */
};

/* pipeline.c */
/* Carves and sets up all stages; a dry run (arena without base) only counts.
 * enc: where to put them. */
int avo_encoder_setup(AvocetEncoder *enc, AvoArena *arena);
/* Whether pictures of an encoder with these (valid) settings overlap: one picture is held back then
 * until the next can begin. */
bool avo_encoder_overlaps(const AvocetEncoderConfig *config);
/* The next picture in coding order: AVOCET_OK, AVOCET_NEED_INPUT, or an error. */
int avo_encoder_code_next(AvocetEncoder *enc, AvocetPacket *packet);
int avo_encoder_take_picture(AvocetEncoder *enc, const AvocetPicture *picture);
/* No more pictures will come. */
void avo_encoder_end_input(AvocetEncoder *enc);
/* Takes over the running changes in `changed`. */
int avo_encoder_reconfigure(AvocetEncoder *enc, const AvocetEncoderConfig *changed);
void avo_encoder_write_headers(AvocetEncoder *enc, AvoPacketBuffer *p);
/* Refuses a buffer that a stream with HRD parameters could not keep to. */
int avo_encoder_check_buffer(AvocetEncoder *enc);

#endif
