/* One picture being coded, with all that it needs of its own: so a second one can be begun before
 * the first is done.
 *
 *     job set up by pipeline.c -> begin -> [threads: temporal filter, rows, slice data] -> finish
 *
 * Rows of macroblocks are tasks of the pool. Each waits for the row above, and for as much of its
 * references as vectors of this level can reach: what those are does not depend on when anything
 * runs, so neither do the bytes. Whoever predicts from a reference has to keep to that range. */
#ifndef AVO_ENC_PICTURE_WORK_H
#define AVO_ENC_PICTURE_WORK_H

#include "base/taskpool.h"
#include "enc/deblock_trial.h"
#include "enc/job.h"
#include "enc/packet.h"
#include "enc/picture_write.h"
#include "enc/row.h"
#include "enc/steady.h"
#include "enc/temporal_filter.h"

typedef struct AvoPictureWork {
    AvoPicJob job;
    AvoPacketBuffer packet;
    AvoTemporalFilter filter;
    /* Private. */
    AvoPictureWriter writer;
    AvoTaskPool *pool;
    AvoRowCtx *workers;           /* scratch, one per thread of the pool */
    AvoTaskBatch filtering, rows; /* tasks: rows of macroblocks */
    bool filters;
    size_t preamble; /* bytes of the packet before the slices */
} AvoPictureWork;

/* Carves the arrays; safe on a dry run. job->mb_width and the like come later (pipeline.c).
 * filler_bytes: room for filler behind a picture. */
void avo_picture_carve(AvoPictureWork *work, AvoArena *arena, const AvoSps *sps,
                       const AvocetEncoderConfig *config, size_t filler_bytes);
/* Before begin: chooses the loop filter's offsets by some rows, see deblock_trial.h. */
void avo_picture_taste(AvoPictureWork *work, AvoDeblockTrial *trial);
/* Before begin: how far from its quantiser it has the quality of those before, see steady.h. */
int avo_picture_match(AvoPictureWork *work, AvoSteady *steady);
/* Gives the pool the rows of work->job, which is set up; work->packet holds what goes before the
 * slices. */
void avo_picture_begin(AvoPictureWork *work);
/* Returns once the neighbours that the temporal filter draws on are not needed any more, and gives
 * them back. */
void avo_picture_release_neighbours(AvoPictureWork *work);
/* Returns once the picture is in the packet. Of pictures begun, the first has to be finished first.
 */
void avo_picture_finish(AvoPictureWork *work);
/* Codes the picture that was just finished again, with the quantiser that job->frame_qp has now. */
void avo_picture_repeat(AvoPictureWork *work);

#endif
