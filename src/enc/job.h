/* One picture being coded: everything its rows read in common (const for them) and the arrays they
 * fill, each row its own part. Made by pipeline.c, worked on by row.c and finish_row.c, written out
 * by picture_work.c. */
#ifndef AVO_ENC_JOB_H
#define AVO_ENC_JOB_H

#include "base/arena.h"
#include "base/thread.h"
#include "dsp/dsp.h"
#include "enc/mb_bits.h"
#include "enc/plan.h"
#include "enc/quant.h"
#include "enc/row_control.h"
#include "enc/tools.h"
#include "h264/deblock.h"
#include "h264/predict.h"

#define AVO_SLICES_MAX 256

/* Sums over the macroblocks of one row; added up when the picture is done, so no order matters. */
typedef struct AvoRowStats {
    AVO_ALIGN(64) int qp_sum; /* rows next to each other are written side by side */
    /* SATD of spatial and temporal direct prediction where both were looked at. */
    int64_t direct_cost[2];
    /* Quarters of macroblocks of P pictures that are predicted from a reference, and from another
     * than the first. */
    int inter_blocks, far_blocks;
} AvoRowStats;

/* Offsets of the loop filter that are tried, see deblock_trial.h. */
#define AVO_DEBLOCK_PAIRS 8

/* What a picture's samples would be like with each of them. */
typedef struct AvoDeblockTally {
    bool on;
    bool by_texture;
    int alpha, beta; /* what the pairs are added to */
    uint64_t error[AVO_DEBLOCK_PAIRS];
    AvoPlane row[3];  /* copy of a row of macroblocks; before it, lines of the row above */
    uint16_t *weight; /* of the row's 8x8 blocks of luma */
    AvoDeblockSlice slice[AVO_SLICES_MAX];
} AvoDeblockTally;

typedef struct AvoPicJob {
    const AvoTools *tools;
    const AvoDsp *dsp;
    const AvoSps *sps;
    const AvoPps *pps;
    const AvoQuantSet *quant;
    const uint16_t *mvd_bits; /* by vector difference, -mvd_range..mvd_range, see motion.h */
    int mvd_range;
    int mb_width, mb_height;
    int seen_width, seen_height; /* luma samples that are not cropped */

    AvoPlan plan;
    AvoFrameQp frame_qp;
    AvoRowControl row_control;
    /* Planes to be coded: the source's or what the temporal filter made of them. */
    const AvoPlane *input;
    AvoFrame *rec;         /* picture being reconstructed */
    AvoSliceHeader header; /* of the first slice; the others differ in first_mb only */
    AvoSliceRefs refs;
    AvoSliceRefs other_refs; /* the same with the other kind of direct prediction; when comparing */
    bool compare_direct;
    int slice_count;
    int slice_end_row[AVO_SLICES_MAX];
    AvoDeblockSlice deblock_slice[AVO_SLICES_MAX];
    AvoDeblockTally deblock_tally;
    int slice_qp;
    int mv_min_y, mv_max_y; /* level's vector range, quarter samples */
    int mv_min_x, mv_max_x;
    int max_mvs_per_2mb; /* level's limit on vectors of two macroblocks in a row; -1: none */
    /* Macroblock columns coded intra by intra refresh; begin == end: none. */
    int refresh_begin, refresh_end;
    bool refresh_limits; /* columns before refresh_begin are clean and must stay so */
    bool use_direct;     /* B: direct modes may be used */
    bool deblock;        /* at least one slice is filtered */

    AvoMbCode *code; /* per macroblock */
    /* See avo_job_levels. One worker alone writes each row as soon as it is decided: one row of
     * levels, which never leaves the processor's cache. Otherwise all rows. */
    AvoLevels *levels;
    int level_rows;
    pixel *line[3]; /* unfiltered bottom line of each macroblock row, plane by plane */
    ptrdiff_t line_stride[3];
    /* Per row: shadow contexts after its first macroblocks, see row.c. */
    AvoCabacContexts *row_contexts;
    /* Per row: macroblocks decided, and one more when the row is complete. */
    AvoProgress *row_progress;
    AvoRelay finishing; /* of complete rows, in order */
    /* By slot of a frame: rows that are final, up to what the next row still filters. */
    AvoProgress *frame_rows;
    int reach_rows; /* so many of a reference have to be final before a row begins, from its own on
                     */
    int8_t *row_last_qp; /* per row: QPY of its last macroblock once resolved */
    AvoRowStats *row_stats;
    uint32_t *mb_bits; /* per macroblock, filled by the entropy coder */
    int16_t *hpel_scratch;
} AvoPicJob;

AVO_INLINE AvoProgress *avo_job_finished_rows(const AvoPicJob *job, const AvoFrame *frame)
{
    return &job->frame_rows[frame->slot];
}

/* Levels of a row of macroblocks. */
AVO_INLINE AvoLevels *avo_job_levels(const AvoPicJob *job, int mb_y)
{
    return job->levels + mb_y % job->level_rows * job->mb_width;
}

#endif
