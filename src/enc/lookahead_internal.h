/* Shared by the files of the lookahead: lookahead.c (window and plans), lowres_cost.c (half-size
 * costs), scenecut.c, gop_shape.c, propagate.c, adaptive_quant.c, weight_estimate.c. Nobody else
 * includes it.
 *
 * Pictures are named by their index in the window: [0] is the last anchor already planned (NULL
 * before the first picture), [1 .. count] are undecided, in display order. */
#ifndef AVO_ENC_LOOKAHEAD_INTERNAL_H
#define AVO_ENC_LOOKAHEAD_INTERNAL_H

#include "base/fixmath.h"
#include "enc/lookahead.h"

#define AVO_LA_BFRAMES_MAX  16
#define AVO_LA_DISTANCE_MAX (AVO_LA_BFRAMES_MAX + 1) /* between a picture and its reference */
#define AVO_LA_DEPTH_MAX    250
#define AVO_LA_WINDOW_MAX   (AVO_LA_DEPTH_MAX + 1)

/* A picture's place in the structure that is assumed for it. */
typedef struct AvoGopEntry {
    int16_t index;        /* in the window */
    int16_t past, future; /* window indexes of its nearest references; -1: none */
    int8_t layer;
    int8_t type; /* AvocetFrameType */
} AvoGopEntry;

struct AvoLookahead {
    AvocetEncoderConfig config;
    const AvoDsp *dsp;
    int mb_width, mb_height, mb_count;
    int bframes; /* in effect */
    int layers;  /* of B pictures; 0: none */
    int delay;

    AvoSource *window[AVO_LA_WINDOW_MAX + 1];
    int count;
    bool flushing;
    int64_t last_idr; /* display index; -1: none yet */
    int64_t next_coded_index;
    int64_t last_duration_q16;

    /* Structure of the window, filled by avo_gop_decide: anchors in display order. */
    AvoGopEntry entry[AVO_LA_WINDOW_MAX + 1]; /* coding order */
    int entry_count;
    int minigop_length; /* entries that are decided, from entry[0] on */

    AvoPlan out[AVO_LA_BFRAMES_MAX + 1];
    int out_first, out_count;
};

/* ---- gop_shape.c ---- */

/* Coding order of the mini-GOP whose anchors are at window indexes lo and hi: hi first, then the B
 * pictures between by halving, at most `layers` deep. Writes hi - lo entries, returns their number.
 */
int avo_gop_order(AvoGopEntry *out, int lo, int hi, AvocetFrameType anchor_type, int layers);
/* Decides the structure of the whole window: la->entry, entry_count, minigop_length. */
void avo_gop_decide(AvoLookahead *la);

#endif
