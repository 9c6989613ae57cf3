/* See steady.h. */
#include "enc/steady.h"
#include "base/fixmath.h"
#include "enc/deblock_trial.h"
#include "enc/taste.h"

#define STEP        2 /* one row in so many is tasted */
#define DELAY       2 /* in coding order, until what a picture measured is used */
#define SCENE_LEAST 8 /* pictures since the last intra picture */
/* Pictures of a fade are poor, and so is what is copied from them: no aim are its anchors and one
 * behind it. One weighted anchor alone may be anything. */
#define FADE_ANCHORS 2
/* Six QP change the error fourfold, in practice rather threefold. */
#define SLOPE_PERCENT 72
/* In strong noise hardly any quantiser makes an intra picture as bad as its anchors are: it would
 * only lose its texture. What an average rate plans is a guess itself. */
#define COARSER_MOST_Q8         640
#define COARSER_MOST_AVERAGE_Q8 896
/* The keyframe may be a little worse than the anchor, as it has no B pictures before it. */
#define BIAS_Q8 64

/* Squared error that counts in any case: nobody sees what is below it. */
#define LEAST(samples) ((samples) / 2)

void avo_steady_init(AvoSteady *steady, const AvocetEncoderConfig *config)
{
    memset(steady, 0, sizeof *steady);
    steady->on = config->steady && config->rate_mode != AVOCET_RATE_QP;
    steady->chain = !config->bframes;
    bool guesses = config->rate_mode == AVOCET_RATE_BITRATE && config->pass < 2;
    steady->coarser_most_q8 =
        guesses && config->lookahead > 0 ? COARSER_MOST_AVERAGE_Q8 : COARSER_MOST_Q8;
}

/* Only whole macroblocks that are seen are compared: an inter picture has what it likes in the
 * others (unseen.c). */
static int rows_seen(const AvoPicJob *job)
{
    return job->seen_height / 16;
}

static int width_seen(const AvoPicJob *job)
{
    return avo_max(16, job->seen_width & ~15);
}

static int row_count(const AvoPicJob *job)
{
    return avo_taste_count(rows_seen(job), STEP, AVO_TASTE_ROWS);
}

static int row_at(const AvoPicJob *job, int index)
{
    return avo_taste_row(rows_seen(job), row_count(job), index);
}

/* Of luma in a row of macroblocks; `from`: its first line. */
static uint64_t row_error(const AvoPicJob *job, int mb_y, const pixel *from, ptrdiff_t stride)
{
    const AvoPlane *src = &job->plan.src->plane[0];
    const pixel *a = src->data + 16 * mb_y * src->stride;
    uint64_t sum = (uint64_t)LEAST(16 * width_seen(job));
    for (int x = 0; x < width_seen(job); x += 16)
        sum += (unsigned)job->dsp->ssd[AVO_BLK_16x16](a + x, src->stride, from + x, stride);
    return sum;
}

static uint64_t coded_error(const AvoPicJob *job)
{
    const AvoPlane *rec = &job->rec->plane[0];
    uint64_t sum = 0;
    for (int i = 0; i < row_count(job); i++)
        sum += row_error(job, row_at(job, i), rec->data + 16 * row_at(job, i) * rec->stride,
                         rec->stride);
    return sum;
}

static uint64_t tasted_error(AvoPicJob *job)
{
    uint64_t sum = 0;
    for (int i = 0; i < row_count(job); i++) {
        const AvoPlane *row = avo_deblock_trial_copy(job, row_at(job, i));
        sum += row_error(job, row_at(job, i), row->data, row->stride);
    }
    return sum;
}

/* The last anchor that is sure to be known. */
static const AvoSteadyAnchor *aim_of(const AvoSteady *steady, const AvoPicJob *job)
{
    bool known = steady->anchor[0].coded_index <= job->plan.coded_index - DELAY;
    return &steady->anchor[!known];
}

bool avo_steady_start(AvoSteady *steady, const AvoPicJob *job)
{
    const AvoPlan *plan = &job->plan;
    bool idr = plan->type == AVOCET_TYPE_IDR, intra = idr || plan->type == AVOCET_TYPE_I;
    int64_t in_scene = plan->coded_index - steady->last_intra;
    if (intra)
        steady->last_intra = plan->coded_index;
    steady->shift_q8 = 0;
    return steady->on && idr && !plan->scenecut && rows_seen(job) > 1 && in_scene >= SCENE_LEAST &&
           !aim_of(steady, job)->fades;
}

void avo_steady_learn(AvoSteady *steady, const AvoPicJob *job)
{
    const AvoPlan *plan = &job->plan;
    if (!steady->on)
        return;
    if (plan->layer > 0 || (steady->chain && avo_chain_position(plan->poc) != 0))
        return;
    steady->anchor[1] = steady->anchor[0];
    bool goes_on = steady->weighted && plan->weight[0].used[0];
    steady->fading = goes_on ? FADE_ANCHORS : avo_max(0, steady->fading - 1);
    steady->weighted = plan->weight[0].used[0];
    steady->anchor[0] = (AvoSteadyAnchor){plan->coded_index, coded_error(job), steady->fading > 0};
}

int avo_steady_match(AvoSteady *steady, AvoPicJob *job, AvoTaskPool *pool, AvoRowCtx *rows)
{
    AvoTaste taste = {
        .job = job, .pool = pool, .workers = rows, .rows = rows_seen(job), .count = row_count(job)};
    avo_taste_begin(&taste);
    int32_t log2_q16 = avo_log2_ratio_q16(aim_of(steady, job)->error, tasted_error(job));
    avo_taste_end(&taste);
    int shift = avo_qp_delta_q8(log2_q16) * SLOPE_PERCENT / 100 + BIAS_Q8;
    shift = avo_min(shift, steady->coarser_most_q8 - steady->shift_q8);
    steady->shift_q8 += shift;
    return shift;
}
