/* Pictures from the application into the encoder: any pixel format in, a padded AvoSource out.
 *
 * The pool is carved once; a source is taken, filled by avo_input_convert, handed to the lookahead
 * and comes back when its last reference is released. Not thread-safe: one thread (the pipeline's)
 * takes, retains and releases. */
#ifndef AVO_ENC_INPUT_H
#define AVO_ENC_INPUT_H

#include "base/arena.h"
#include "base/status.h"
#include "base/taskpool.h"
#include "dsp/dsp.h"
#include "enc/plan.h"

typedef struct AvoInputPool {
    AvoSource *sources;  /* NULL on a dry run */
    int8_t *roi_storage; /* count maps of mb_width * mb_height */
    int count;
    int mb_width, mb_height;
    int chroma_format; /* of the stream: 0: 4:0:0, 1: 4:2:0 */
    int64_t next_display_index;
    AvoTaskPool *tasks; /* converts rows of large pictures side by side; NULL: one after another */
} AvoInputPool;

/* Carves `count` sources; safe on a dry run. chroma_format 0 leaves out the chroma planes. */
void avo_input_carve(AvoInputPool *pool, AvoArena *arena, const AvocetEncoderConfig *config,
                     int chroma_format, int count);

/* Carves a plane of the size and padding of AvoSource.half. */
void avo_input_carve_half(AvoPlane *plane, AvoArena *arena, int mb_width, int mb_height);

/* A free source with one reference, or NULL when all are in use. */
AvoSource *avo_input_take(AvoInputPool *pool);
AvoSource *avo_input_retain(AvoSource *source); /* returns its argument */
void avo_input_release(AvoSource *source);      /* NULL is fine */

/* Checks the picture against config and fills source: planes with their padding up to whole
 * macroblocks, half-size plane, pts, wish, region of interest, the next display index. On an error
 * source is unchanged in all but its samples, and no display index is used up. */
int avo_input_convert(AvoInputPool *pool, AvoSource *source, const AvocetPicture *picture,
                      const AvocetEncoderConfig *config, const AvoDsp *dsp, AvoMessage *msg);

#endif
