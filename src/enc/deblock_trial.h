/* Offsets of the loop filter by trial (slice_alpha_c0_offset_div2, slice_beta_offset_div2).
 *
 *     start(picture)   its offsets, by what is known so far
 *     taste(picture)   an I picture: some rows are coded for a try, then it chooses
 *     row(row)         a P picture, before a row is filtered: what each pair would make of it
 *     learn(picture)   when it is coded
 *
 * How strong a filter suits depends on the content: water, gravel and screens want less than the
 * standard's thresholds, smooth faces at fine quantisers more. A slice header says it before the
 * first row is known, so a P picture relies on what the P pictures before it would have liked. The
 * I picture that begins a scene has none before it, and matters most. B pictures stay at what
 * --deblock says, and so do P pictures where there are no others: choosing for those gained nothing
 * (docs/compression.md).
 *
 * What a picture measured is used from two pictures later on in coding order, however many threads
 * there are, as the next one may have begun before it was known. */
#ifndef AVO_ENC_DEBLOCK_TRIAL_H
#define AVO_ENC_DEBLOCK_TRIAL_H

#include "base/taskpool.h"
#include "enc/job.h"
#include "enc/row.h"

/* Pictures that have been coded. */
typedef struct AvoDeblockTrial {
    bool on;
    bool inter_on;                  /* P pictures try, too */
    bool by_texture;                /* errors count less where there is texture */
    int alpha, beta;                /* --deblock: pair 0 */
    int64_t scene_start;            /* coded index */
    int64_t last_taste, last_trial; /* coded indexes; -1: none in this scene */
    /* log2 of each pair's error against pair 0's, 1/65536; below 0: better. */
    int32_t intra[AVO_DEBLOCK_PAIRS];
    int32_t inter[AVO_DEBLOCK_PAIRS]; /* fading mean over P pictures */
    /* Of the P picture that tried last, not yet part of inter. */
    int32_t pending[AVO_DEBLOCK_PAIRS];
    int64_t pending_index; /* -1: none */
} AvoDeblockTrial;

void avo_deblock_trial_init(AvoDeblockTrial *trial, const AvocetEncoderConfig *config);
/* Memory for a picture at work; safe on a dry run. */
void avo_deblock_tally_carve(AvoDeblockTally *tally, AvoArena *arena, int mb_width, bool chroma);
/* Sets the offsets of job's picture, in its header and its slices. */
void avo_deblock_trial_start(AvoDeblockTrial *trial, AvoPicJob *job);
/* Is this a picture to taste? Then everything must be ready for its first row. */
bool avo_deblock_trial_tastes(const AvoDeblockTrial *trial, const AvoPicJob *job);
/* Codes some rows with the workers of pool, rows: one context per worker; what they leave behind is
 * not needed. Sets the offsets anew. */
void avo_deblock_trial_taste(AvoDeblockTrial *trial, AvoPicJob *job, AvoTaskPool *pool,
                             AvoRowCtx *rows);
/* Luma of a row that is being tasted, as the filter would leave it. */
const AvoPlane *avo_deblock_trial_copy(AvoPicJob *job, int mb_y);
/* mb_y is decided and its quantisers are resolved; the row above is filtered. */
void avo_deblock_trial_row(AvoPicJob *job, int mb_y);
void avo_deblock_trial_learn(AvoDeblockTrial *trial, const AvoPicJob *job);

#endif
