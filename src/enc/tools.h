/* The settings as the macroblock code wants them: every preset and option boiled down to switches,
 * once, at open. */
#ifndef AVO_ENC_TOOLS_H
#define AVO_ENC_TOOLS_H

#include <avocet/encoder.h>
#include <stdbool.h>
#include "enc/quant.h"
#include "h264/mb.h"

/* How far mode decision goes; each level contains those before it. */
typedef enum AvoRdLevel {
    AVO_RD_SATD,   /* SATD and bit estimates decide everything */
    AVO_RD_MODE,   /* the last few candidates are coded and compared by SSD + lambda * bits */
    AVO_RD_REFINE, /* vectors, intra modes and transform size too */
} AvoRdLevel;

typedef struct AvoTools {
    AvocetMe me;
    int merange;
    bool fullpel_only;                   /* subme 0 */
    int halfpel_steps, quarterpel_steps; /* diamond iterations at most */
    bool subpel_satd;                    /* else SAD */
    bool light;     /* parts are searched near known vectors only, and seldom */
    bool lean;      /* and fewer vectors to start from */
    bool narrow;    /* only the likelier candidates, and nothing more where one is good already */
    bool near_only; /* where true costs decide, candidates are coded that SATD sees near the best */
    bool careful_skip; /* what rounding to the nearest level keeps is not skipped early: luma, */
    bool careful_dc;   /* the DC of chroma */
    bool chroma_me, mixed_refs, fast_pskip, dct_decimate;
    bool mixed_refs_b;  /* in B pictures, too, and pairs of others than the best references */
    AvoRdLevel rd[3];   /* by AvoSliceType */
    int refine_rounds;  /* of vectors by rate-distortion cost, where rd says AVO_RD_REFINE */
    bool refine_square; /* eight directions instead of four */
    bool refine_qp;     /* quantisers nearby by rate-distortion cost */
    int qp_inertia_q8; /* a quantiser that differs by less from that before is not changed, 1/256 */
    int chroma_sixths; /* of a doubling that errors of chroma count more by each step that its
                        * quantiser is finer than that of luma; 0: they never do */
    int trellis;
    bool trellis_in_p;    /* for all decisions of P macroblocks, whatever trellis says */
    int lambda2_share_q8; /* of the usual lambda for squared errors */
    bool beyond;          /* lambda follows quantisers above the last one that there is, */
    int beyond_q8[3];     /* from this far above it on, 1/256 QP, by AvoSliceType */
    int context_columns;  /* macroblocks after which the row below takes over the shadow contexts */
    int psy_rd;           /* 1/100 */
    bool keep_means; /* of blocks in I pictures, beyond what the squared error is worth; psy.h */
    bool i4x4, i8x8, p8x8, p4x4, b8x8;
    bool p8x4; /* halves of 8x8 blocks near their vectors, without p4x4 */
    bool cabac, transform_8x8;
    bool constrained_intra;
    int whole_bits;      /* B macroblocks whose SATD is below so many bits are not divided */
    bool search_parts_b; /* parts of B macroblocks are searched, else only near known vectors */
    int intra_reach; /* intra is asked where the border's mean comes within so many times the cost
                      * of inter prediction; 0: always */
    bool bidir_refine;
    bool search_farther;    /* with hexagons: multi-hexagon, too, where they find nothing good */
    int max_refs;           /* list 0 entries searched */
    AvoDeadZones deadzones; /* part of a step that rounds up, without trellis */
    bool rounds_means;      /* in intra pictures means have a dead zone of their own */
    int qp_min, qp_max;
    bool clip_levels_cavlc; /* level_prefix above 15 is not allowed (Baseline, Main) */
    bool measure_psnr, measure_ssim;
} AvoTools;

void avo_tools_from_config(AvoTools *tools, const AvocetEncoderConfig *config, int profile_idc);

/* Where P pictures follow each other, the fine ones of the chain (plan.h) take most of the bits and
 * are referred to for longest: effort pays there. Those between get along with less. fine: in, as
 * configured; out, of fine and intra pictures. */
void avo_tools_for_chain(AvoTools *fine, AvoTools *between);

/* The leaves of a pyramid, B pictures that no other refers to, are about half of all pictures, and
 * what is missed there is missed nowhere else and costs their own bits alone, which are few. The
 * slow presets leave out what hardly helps there, the fast ones save their time there first. */
void avo_tools_for_leaves(AvoTools *leaves, const AvoTools *all);

/* Where the last quantiser still takes too many bits, decisions have to save the rest: by true cost
 * in every preset, as SATD does not see what a macroblock that is skipped saves. */
void avo_tools_for_beyond(const AvoTools *usual, AvoTools *beyond);

#endif
