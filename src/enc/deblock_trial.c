/* See deblock_trial.h.
 *
 * A trial filters a copy of one row of macroblocks with each pair of offsets and sums its squared
 * error against the source; what later rows still change at its lower border is left out of
 * account. Where SSIM and the eye count rather than PSNR, an error weighs less in texture. */
#include "enc/deblock_trial.h"
#include "base/fixmath.h"
#include "enc/taste.h"

/* What is tried, on top of --deblock: alpha, beta, in steps of two QP. */
static const int8_t pairs[AVO_DEBLOCK_PAIRS][2] = {
    {0, 0}, {-1, -1}, {-3, -3}, {-6, -6}, {1, 0}, {2, 2}, {0, -2}, {-1, -3},
};

/* Rows tried on: of a P picture one in five, of an I picture one in four, at most six. */
#define TRIAL_STEP  5
#define TASTE_STEP  4
#define ROWS_MOST   6
#define TRIAL_EVERY 8  /* pictures from one P picture that tries to the next */
#define TASTE_EVERY 20 /* and from one I picture that tastes, within a scene */
#define INTRA_SHARE 4  /* P pictures like what I pictures do, but 1 / 4 as much */
#define FADE        4  /* a P picture is 1 / 4 of the mean */

#define LINES_ABOVE(plane) ((plane) ? 2 : 4) /* that the filter reads above a row */

/* SSIM's constant against small variances, (0.03 * 255)^2. */
#define TEXTURE_LEAST 58

void avo_deblock_trial_init(AvoDeblockTrial *trial, const AvocetEncoderConfig *config)
{
    memset(trial, 0, sizeof *trial);
    trial->on = config->deblock && config->deblock_trial;
    trial->inter_on = config->bframes > 0;
    trial->by_texture = config->aq_mode || config->psy_rd;
    trial->alpha = config->deblock_alpha;
    trial->beta = config->deblock_beta;
    trial->last_taste = trial->last_trial = trial->pending_index = -1;
}

void avo_deblock_tally_carve(AvoDeblockTally *tally, AvoArena *arena, int mb_width, bool chroma)
{
    for (int plane = 0; plane < (chroma ? 3 : 1); plane++) {
        AvoPlane *row = &tally->row[plane];
        row->height = plane ? 8 : 16;
        row->width = row->height * mb_width;
        row->stride = (ptrdiff_t)avo_align_up((size_t)row->width, 64);
        size_t lines = (size_t)(row->height + LINES_ABOVE(plane));
        pixel *samples = avo_arena_take(arena, (size_t)row->stride * lines * sizeof *samples, 64);
        row->data = samples ? samples + LINES_ABOVE(plane) * row->stride : NULL;
    }
    tally->weight = avo_arena_take(arena, (size_t)mb_width * 4 * sizeof *tally->weight, 0);
}

/* ---- choosing ---- */

static int best_of(const int32_t gain[AVO_DEBLOCK_PAIRS])
{
    int best = 0;
    for (int i = 1; i < AVO_DEBLOCK_PAIRS; i++)
        if (gain[i] < gain[best])
            best = i;
    return best;
}

static int offset_of(int centre, int step)
{
    return avo_clip3(-6, 6, centre + step);
}

static void set_pair(const AvoDeblockTrial *trial, AvoPicJob *job, int pair)
{
    int alpha = offset_of(trial->alpha, pairs[pair][0]),
        beta = offset_of(trial->beta, pairs[pair][1]);
    job->header.alpha_offset_div2 = alpha;
    job->header.beta_offset_div2 = beta;
    for (int i = 0; i < job->slice_count; i++) {
        job->deblock_slice[i].alpha_offset = 2 * alpha;
        job->deblock_slice[i].beta_offset = 2 * beta;
    }
}

/* ---- trying ---- */

/* A block's share of what SSIM takes off for its errors. */
static int texture_weight(const AvoDsp *dsp, const pixel *block, ptrdiff_t stride)
{
    uint64_t sums = dsp->var[1](block, stride);
    uint32_t sum = (uint32_t)sums, squares = (uint32_t)(sums >> 32);
    uint32_t variance = (squares - (uint32_t)((uint64_t)sum * sum >> 6)) >> 6;
    return (int)(65536 / (2 * variance + TEXTURE_LEAST));
}

static void find_weights(AvoDeblockTally *tally, const AvoPicJob *job, int mb_y)
{
    const AvoPlane *p = &job->plan.src->plane[0];
    const pixel *row = p->data + 16 * mb_y * p->stride;
    for (int i = 0; i < 4 * job->mb_width; i++) {
        const pixel *block = row + 8 * (i >> 1 & 1) * p->stride + 16 * (i >> 2) + 8 * (i & 1);
        tally->weight[i] =
            (uint16_t)(tally->by_texture ? texture_weight(job->dsp, block, p->stride) : 1);
    }
}

static int planes_of(const AvoPicJob *job)
{
    return job->rec->chroma_format ? 3 : 1;
}

static void copy_row(const AvoDeblockTally *tally, const AvoPicJob *job, int mb_y)
{
    for (int plane = 0; plane < planes_of(job); plane++) {
        const AvoPlane *to = &tally->row[plane], *p = &job->rec->plane[plane];
        const pixel *from = p->data + to->height * mb_y * p->stride;
        for (int y = -LINES_ABOVE(plane); y < to->height; y++)
            memcpy(to->data + y * to->stride, from + y * p->stride,
                   (size_t)to->width * sizeof(pixel));
    }
}

/* Of macroblock mb_x of the filtered copy, against the source. */
static uint64_t mb_error(const AvoDeblockTally *tally, const AvoPicJob *job, int mb_x, int mb_y)
{
    const AvoPlane *src = job->plan.src->plane, *row = tally->row;
    const AvoCostFn ssd = job->dsp->ssd[AVO_BLK_8x8];
    const uint16_t *weight = &tally->weight[4 * mb_x];
    uint64_t luma = 0, chroma = 0;
    for (int i = 0; i < 4; i++) {
        ptrdiff_t x = 16 * mb_x + 8 * (i & 1), y = 8 * (i >> 1);
        luma += (uint64_t)weight[i] *
                (unsigned)ssd(src[0].data + (16 * mb_y + y) * src[0].stride + x, src[0].stride,
                              row[0].data + y * row[0].stride + x, row[0].stride);
    }
    for (int c = 1; c < planes_of(job); c++)
        chroma += (unsigned)ssd(src[c].data + 8 * (mb_y * src[c].stride + mb_x), src[c].stride,
                                row[c].data + 8 * mb_x, row[c].stride);
    unsigned sum = (unsigned)weight[0] + weight[1] + weight[2] + weight[3];
    return luma + ((chroma * sum + 2) >> 2);
}

static uint64_t try_pair(AvoDeblockTally *tally, const AvoPicJob *job, int mb_y, int pair)
{
    for (int i = 0; i < job->slice_count; i++) {
        tally->slice[i].alpha_offset = 2 * offset_of(tally->alpha, pairs[pair][0]);
        tally->slice[i].beta_offset = 2 * offset_of(tally->beta, pairs[pair][1]);
    }
    copy_row(tally, job, mb_y);
    avo_deblock_row_copy(job->dsp, job->rec, mb_y, tally->slice, tally->row);
    uint64_t error = 0;
    for (int mb_x = 0; mb_x < job->mb_width; mb_x++)
        error += mb_error(tally, job, mb_x, mb_y);
    return error;
}

static void start_tally(AvoDeblockTally *tally, const AvoPicJob *job)
{
    memset(tally->error, 0, sizeof tally->error);
    memcpy(tally->slice, job->deblock_slice, (size_t)job->slice_count * sizeof tally->slice[0]);
}

static void try_row(AvoDeblockTally *tally, const AvoPicJob *job, int mb_y)
{
    find_weights(tally, job, mb_y);
    for (int i = 0; i < AVO_DEBLOCK_PAIRS; i++)
        tally->error[i] += try_pair(tally, job, mb_y, i);
}

/* Without errors nothing can be better. */
static void read_tally(const AvoDeblockTally *tally, int32_t gain[AVO_DEBLOCK_PAIRS])
{
    for (int i = 0; i < AVO_DEBLOCK_PAIRS; i++)
        gain[i] = avo_log2_ratio_q16(tally->error[i] + 1, tally->error[0] + 1);
}

/* ---- P pictures ---- */

void avo_deblock_trial_row(AvoPicJob *job, int mb_y)
{
    AvoDeblockTally *tally = &job->deblock_tally;
    if (!tally->on)
        return;
    if (mb_y == 0) /* also when it is coded once more */
        start_tally(tally, job);
    int count = avo_taste_count(job->mb_height, TRIAL_STEP, ROWS_MOST);
    if (avo_taste_row(job->mb_height, count, mb_y * count / job->mb_height) == mb_y)
        try_row(tally, job, mb_y);
}

static void take_pending(AvoDeblockTrial *trial)
{
    for (int i = 0; i < AVO_DEBLOCK_PAIRS; i++)
        trial->inter[i] += (trial->pending[i] - trial->inter[i]) / FADE;
    trial->pending_index = -1;
}

void avo_deblock_trial_learn(AvoDeblockTrial *trial, const AvoPicJob *job)
{
    if (!job->deblock_tally.on || job->plan.coded_index < trial->scene_start)
        return;
    if (trial->pending_index >= 0)
        take_pending(trial);
    read_tally(&job->deblock_tally, trial->pending);
    trial->pending_index = job->plan.coded_index;
}

void avo_deblock_trial_start(AvoDeblockTrial *trial, AvoPicJob *job)
{
    AvoDeblockTally *tally = &job->deblock_tally;
    bool p_picture = job->plan.type == AVOCET_TYPE_P;
    bool due = trial->last_trial < 0 || job->plan.coded_index - trial->last_trial >= TRIAL_EVERY;
    tally->on = trial->on && trial->inter_on && p_picture && due && job->mb_height > 1;
    if (tally->on)
        trial->last_trial = job->plan.coded_index;
    tally->by_texture = trial->by_texture;
    tally->alpha = trial->alpha;
    tally->beta = trial->beta;
    if (!trial->on)
        return;
    if (trial->pending_index >= 0 && trial->pending_index <= job->plan.coded_index - 2)
        take_pending(trial);
    if (p_picture)
        set_pair(trial, job, trial->inter_on ? best_of(trial->inter) : 0);
    else
        set_pair(trial, job, job->plan.layer == 0 ? best_of(trial->intra) : 0);
}

/* ---- I pictures ---- */

bool avo_deblock_trial_tastes(const AvoDeblockTrial *trial, const AvoPicJob *job)
{
    bool intra = job->plan.layer == 0 && job->plan.type != AVOCET_TYPE_P;
    bool due = trial->last_taste < 0 || job->plan.scenecut ||
               job->plan.coded_index - trial->last_taste >= TASTE_EVERY;
    return trial->on && intra && due && job->mb_height > 1;
}

/* No borders with rows that are not there. */
static void set_taste_slices(AvoDeblockTally *tally, const AvoPicJob *job)
{
    for (int i = 0; i < job->slice_count; i++) {
        tally->slice[i] = job->deblock_slice[0];
        tally->slice[i].disable_idc = job->deblock ? 2 : 1;
    }
}

const AvoPlane *avo_deblock_trial_copy(AvoPicJob *job, int mb_y)
{
    AvoDeblockTally *tally = &job->deblock_tally;
    set_taste_slices(tally, job);
    copy_row(tally, job, mb_y);
    avo_deblock_row_copy(job->dsp, job->rec, mb_y, tally->slice, tally->row);
    return &tally->row[0];
}

/* The picture is in disorder until it is started again. */
static void code_and_try(AvoTaste *taste)
{
    AvoPicJob *job = taste->job;
    AvoDeblockTally *tally = &job->deblock_tally;
    avo_taste_begin(taste);
    start_tally(tally, job);
    set_taste_slices(tally, job);
    for (int i = 0; i < taste->count; i++)
        try_row(tally, job, avo_taste_row(job->mb_height, taste->count, i));
    avo_taste_end(taste);
}

/* A new scene: its P pictures have said nothing yet. */
static void begin_scene(AvoDeblockTrial *trial, int64_t coded_index)
{
    for (int i = 0; i < AVO_DEBLOCK_PAIRS; i++)
        trial->inter[i] = trial->intra[i] / INTRA_SHARE;
    trial->pending_index = trial->last_trial = -1;
    trial->scene_start = coded_index;
}

void avo_deblock_trial_taste(AvoDeblockTrial *trial, AvoPicJob *job, AvoTaskPool *pool,
                             AvoRowCtx *rows)
{
    code_and_try(&(AvoTaste){.job = job,
                             .pool = pool,
                             .workers = rows,
                             .rows = job->mb_height,
                             .count = avo_taste_count(job->mb_height, TASTE_STEP, ROWS_MOST)});
    read_tally(&job->deblock_tally, trial->intra);
    if (trial->last_taste < 0 || job->plan.scenecut)
        begin_scene(trial, job->plan.coded_index);
    trial->last_taste = job->plan.coded_index;
    set_pair(trial, job, best_of(trial->intra));
}
