/* See lookahead.h. This file owns the window and turns decided mini-GOPs into plans; what is
 * decided comes from gop_shape.c and the files behind it. */
#include "enc/lookahead_internal.h"

int avo_lookahead_delay(const AvocetEncoderConfig *config)
{
    return avo_min(avo_max(config->lookahead, config->bframes), AVO_LA_DEPTH_MAX);
}

int avo_lookahead_sources(const AvocetEncoderConfig *config)
{
    return avo_lookahead_delay(config) +
           2; /* the window when a mini-GOP is decided, and the anchor */
}

/* References for the pyramid, out of a buffer of dpb_frames. */
static int pyramid_frames(const AvocetEncoderConfig *config, int dpb_frames)
{
    return dpb_frames - (config->long_term > 0 && dpb_frames > 2);
}

int avo_lookahead_layers(const AvocetEncoderConfig *config, int dpb_frames)
{
    if (config->bframes == 0 || dpb_frames < 2)
        return 0;
    int wanted = config->b_pyramid == AVOCET_PYRAMID_NONE ? 1
                 : config->b_pyramid == AVOCET_PYRAMID_STRICT
                     ? 2
                     : 1 + avo_log2_floor((uint32_t)config->bframes);
    int frames = pyramid_frames(config, dpb_frames);
    return frames > 2 ? avo_min(wanted, frames) : 1;
}

/* As many as the pyramid's layers hold. */
static int longest_run(const AvocetEncoderConfig *config, int layers)
{
    if (!layers)
        return 0;
    int most = config->b_pyramid == AVOCET_PYRAMID_NORMAL ? (1 << layers) - 1 : AVO_LA_BFRAMES_MAX;
    return avo_min(avo_min(config->bframes, most), AVO_LA_BFRAMES_MAX);
}

/* CRF that the settings amount to, 1/100. For an average rate a rough guess from the bits per
 * macroblock will do: about 45 of them stand for CRF 23, and 2.2 times as many for 6 less. */
static int nominal_crf(const AvocetEncoderConfig *config, int mb_count)
{
    if (config->rate_mode != AVOCET_RATE_BITRATE)
        return config->crf;
    uint64_t per_second =
        avo_muldiv((uint64_t)mb_count * 45, (uint64_t)config->fps.num, (uint64_t)config->fps.den);
    int32_t log2_q16 = avo_log2_ratio_q16((uint64_t)config->bitrate, per_second);
    return avo_clip3(1200, 4000, 2300 - (int)((int64_t)log2_q16 * 530 / 65536));
}

/* Everything that follows from the settings. */
static void configure(AvoLookahead *la, const AvocetEncoderConfig *config, const AvoInputPool *pool,
                      int dpb_frames)
{
    memset(la, 0, sizeof *la);
    la->config = *config;
    la->mb_width = pool->mb_width;
    la->mb_height = pool->mb_height;
    la->mb_count = la->mb_width * la->mb_height;
    la->coarse_width = (la->mb_width + 3) / 4;
    la->coarse_height = (la->mb_height + 3) / 4;
    la->limits.layers = avo_lookahead_layers(config, dpb_frames);
    la->limits.frames = pyramid_frames(config, dpb_frames);
    la->bframes = longest_run(config, la->limits.layers);
    la->delay = avo_lookahead_delay(config);
    la->min_keyint = config->min_keyint ? config->min_keyint : config->keyint / 10;
    la->min_keyint = avo_clip3(1, config->keyint / 2 + 1, la->min_keyint);

    /* About six times lambda: 72 at CRF 28, doubled by 6 more. */
    int coarser_q8 = (nominal_crf(config, la->mb_count) - 2800) * 256 / 100;
    la->swallowed = (int)avo_mul_q16(72, avo_step_ratio_q16(coarser_q8));

    bool constant_qp = config->rate_mode == AVOCET_RATE_QP;
    bool cuts = config->scenecut && !config->intra_refresh;
    la->propagates = config->mbtree && config->lookahead > 0 && !constant_qp;
    la->wants_offsets = !constant_qp && (config->aq_mode || la->propagates);
    la->wants_cuts = cuts;
    la->wants_costs = la->propagates || cuts || (la->bframes && config->b_adapt) || !constant_qp;
    la->whole_only = config->subme <= 1 && !la->bframes && !la->propagates;
    la->step = la->bframes || la->propagates ? 1 : la->whole_only ? 4 : 2;
    la->wants_weights = config->weightp > 0 && la->wants_costs;
    la->wants_means = la->wants_weights || config->weightb == 2;
    la->wants_ahead =
        la->delay > 0 && (config->vbv_bufsize > 0 || config->rate_mode == AVOCET_RATE_BITRATE);
    la->past_max = avo_max(la->bframes + 1, cuts && la->delay ? AVO_LA_FLASH_MAX + 1 : 1);
    la->future_max = la->limits.layers == 1 ? la->bframes : la->bframes ? (la->bframes + 2) / 2 : 0;
    la->last_idr = -1;
}

static void carve_caches(const AvoLookahead *la, AvoArena *arena, AvoInputPool *pool)
{
    AvoLowres *caches = avo_arena_take(arena, (size_t)pool->count * sizeof *caches, 0);
    for (int i = 0; i < pool->count; i++) {
        AvoLowres dry, *lr = caches ? &caches[i] : &dry;
        avo_lowres_carve(lr, arena, la);
        if (pool->sources)
            pool->sources[i].lookahead = lr;
    }
    for (int d = 1; d <= AVO_LA_DISTANCE_MAX; d++)
        for (int i = 0; i < pool->count; i++) {
            AvoLowres dry, *lr = caches ? &caches[i] : &dry;
            avo_lowres_carve_rare(lr, arena, la, d);
        }
}

/* Below this many macroblocks waking threads takes longer than the work. */
#define MIN_SHARED_MBS 300

#define GAP_MOST 4096 /* pictures from one to the next: no buffer is larger */

/* Seconds of a pause that count as the duration of the picture before it, so that an average rate
 * is met: what a longer one saves must not be spent all at once behind it. At least so many
 * pictures. */
#define PAUSE_SECONDS  2
#define PAUSE_PICTURES 16

bool avo_lookahead_shares(const AvoLookahead *la)
{
    return la->tasks && la->workers > 1 && la->mb_count >= MIN_SHARED_MBS;
}

void avo_lookahead_run(const AvoLookahead *la, AvoTaskFn fn, void *context, int count)
{
    if (avo_lookahead_shares(la)) {
        avo_pool_run(la->tasks, fn, context, count);
        return;
    }
    for (int i = 0; i < count; i++)
        fn(context, i, 0);
}

static void carve_scratch(AvoLookahead *la, AvoArena *arena)
{
    size_t n = (size_t)la->mb_count;
    if (!la->wants_costs)
        return;
    la->hpel_scratch_stride = avo_align_up((size_t)la->mb_width * 8 + 64, 32);
    la->hpel_scratch = avo_arena_take(
        arena, (size_t)la->workers * la->hpel_scratch_stride * sizeof *la->hpel_scratch, 64);
    la->row_progress = avo_arena_take(arena, (size_t)la->mb_height * sizeof *la->row_progress, 64);
    la->block_scratch = avo_arena_take(arena, n * sizeof *la->block_scratch, 0);
    if (la->propagates) {
        size_t passes = (size_t)avo_propagate_passes(la), rows = (size_t)la->mb_height;
        la->amount_scratch = avo_arena_take(arena, passes * n * sizeof *la->amount_scratch, 0);
        la->reach_scratch = avo_arena_take(arena, passes * rows * sizeof *la->reach_scratch, 0);
    }
    if (!la->wants_weights)
        return;
    for (int i = 0; i < 4; i++)
        avo_input_carve_half(&la->weighted[i], arena, la->mb_width, la->mb_height);
    la->mv_scratch = avo_arena_take(arena, n * sizeof *la->mv_scratch, 0);
    la->inter_scratch = avo_arena_take(arena, n * sizeof *la->inter_scratch, 0);
}

AvoLookahead *avo_lookahead_carve(AvoArena *arena, AvoInputPool *pool, AvoTaskPool *tasks,
                                  int workers, const AvocetEncoderConfig *config, const AvoDsp *dsp,
                                  int dpb_frames)
{
    AvoLookahead dry, *carved = avo_arena_take(arena, sizeof *carved, 0);
    AvoLookahead *la = carved ? carved : &dry;
    configure(la, config, pool, dpb_frames);
    la->dsp = dsp;
    la->tasks = tasks;
    la->workers = workers;
    size_t places = (size_t)la->delay + 2;
    la->window = avo_arena_take(arena, places * sizeof *la->window, 0);
    la->entry = avo_arena_take(arena, places * sizeof *la->entry, 0);
    la->out = avo_arena_take(arena, ((size_t)la->bframes + 1) * sizeof *la->out, 0);
    la->anchor = avo_arena_take(arena, places * sizeof *la->anchor, 0);
    la->path_cost = avo_arena_take(arena, places * sizeof *la->path_cost, 0);
    la->path_length = avo_arena_take(arena, places * sizeof *la->path_length, 0);
    carve_scratch(la, arena);
    avo_examine_carve(la, arena);
    avo_fields_carve(la, arena);
    carve_caches(la, arena, pool);
    return arena->overflow ? NULL : carved;
}

int avo_lookahead_bframes(const AvoLookahead *la)
{
    return la->bframes;
}

void avo_lookahead_follow(AvoLookahead *la, const int8_t *types, int64_t count)
{
    la->types = types;
    la->types_count = count;
}

void avo_lookahead_push(AvoLookahead *la, AvoSource *source)
{
    AVO_ASSERT(la->count <= la->delay && !la->flushing);
    la->window[++la->count] = avo_input_retain(source);
    avo_examine_begin(la);
}

void avo_lookahead_flush(AvoLookahead *la)
{
    la->flushing = true;
}

int64_t avo_lookahead_gap_q16(const AvocetEncoderConfig *c, int64_t gap)
{
    if (c->time_base.num <= 0 || c->time_base.den <= 0)
        return avo_clip3_64(0, GAP_MOST, gap) << 16;
    uint64_t num = (uint64_t)c->time_base.num * (uint64_t)c->fps.num;
    uint64_t den = (uint64_t)c->time_base.den * (uint64_t)c->fps.den;
    int64_t most = (int64_t)avo_muldiv(GAP_MOST, den, num) + 1; /* keeps all in range */
    return (int64_t)avo_muldiv((uint64_t)avo_clip3_64(0, most, gap) << 16, num, den);
}

static int64_t longest_q16(const AvocetEncoderConfig *c)
{
    return avo_clip3_64(PAUSE_PICTURES, GAP_MOST, PAUSE_SECONDS * (int64_t)c->fps.num / c->fps.den)
           << 16;
}

int64_t avo_lookahead_duration_q16(const AvoLookahead *la, int index)
{
    int next = index < la->count ? index + 1 : index; /* the newest takes that of the one before */
    if (next == 0 || !la->window[next - 1])
        return 65536;
    int64_t gap = la->window[next]->pts - la->window[next - 1]->pts;
    return avo_clip3_64(65536 / 16, longest_q16(&la->config),
                        avo_lookahead_gap_q16(&la->config, gap));
}

/* Sums of the picture under the references it is planned with. */
static void fill_costs(AvoLookahead *la, AvoPlan *plan, const AvoGopEntry *e)
{
    AvoLowres *lr = avo_lowres(la, e->index);
    plan->intra_cost = plan->inter_cost = (int64_t)lr->intra_sum;
    const uint16_t *blocks = lr->intra;
    if (e->past >= 0) {
        int past = avo_gop_past(e), future = avo_gop_future(e);
        plan->inter_cost = avo_lowres_cost(la, e->index, past, future);
        blocks = avo_lowres_blocks(la, e->index, past, future, la->block_scratch);
    }
    uint64_t sum_q8 = 0;
    int still = 0;
    for (int y = 0, i = 0; y < la->mb_height; y++) {
        uint64_t row_q8 = 0;
        for (int x = 0; x < la->mb_width; x++, i++) {
            uint64_t cost = blocks[i] & AVO_LOWRES_COST_MAX;
            int offset = plan->qp_offset_q8 ? plan->qp_offset_q8[i] : 0;
            still += cost == 0;
            row_q8 += offset ? cost * (avo_step_ratio_q16(-offset) >> 8) : cost << 8;
        }
        lr->row_cost[y] = (uint32_t)avo_min64((int64_t)(row_q8 >> 8), UINT32_MAX);
        sum_q8 += row_q8;
    }
    plan->still_q8 = still * 256 / la->mb_count;
    plan->row_cost = lr->row_cost;
    plan->bits_cost = (int64_t)(sum_q8 >> 8);
}

/* Vectors of a finished search field as predictors: half samples at half size become quarter
 * samples at full size. */
static const AvoMv *export_field(const AvoLookahead *la, AvoLowres *lr, int dir, int distance)
{
    if (!lr->searched[dir][distance - 1])
        return NULL;
    const AvoMv *from = lr->mv[dir][distance - 1];
    AvoMv *to = lr->plan_mv[dir];
    for (int i = 0; i < la->mb_count; i++) {
        to[i].x = (int16_t)avo_clip3(-32768, 32767, 4 * from[i].x);
        to[i].y = (int16_t)avo_clip3(-32768, 32767, 4 * from[i].y);
    }
    return to;
}

static void fill_vectors(const AvoLookahead *la, AvoPlan *plan, const AvoGopEntry *e)
{
    AvoLowres *lr = avo_lowres(la, e->index);
    plan->mv_step = la->step;
    if (e->past >= 0)
        plan->mv[0] = export_field(la, lr, 0, e->index - e->past);
    if (e->future >= 0)
        plan->mv[1] = export_field(la, lr, 1, e->future - e->index);
}

/* What comes after entry k. */
static void fill_ahead(const AvoLookahead *la, AvoPlan *plan, int k)
{
    AvoPlanAhead *out = avo_lowres(la, la->entry[k].index)->ahead;
    int known = la->flushing ? la->entry_count : la->run_count;
    int n = avo_min(known - k - 1, AVO_LA_AHEAD_MAX);
    for (int i = 0; i < n; i++) {
        const AvoGopEntry *e = &la->entry[k + 1 + i];
        out[i].type = e->type;
        out[i].layer = e->layer;
        out[i].duration_q16 = (int32_t)avo_lookahead_duration_q16(la, e->index);
        out[i].cost = e->past < 0
                          ? (int64_t)avo_lowres(la, e->index)->intra_sum
                          : avo_lowres_cost(la, e->index, avo_gop_past(e), avo_gop_future(e));
    }
    plan->ahead = out;
    plan->ahead_count = n;
    plan->ahead_is_all = la->flushing && n == known - k - 1;
}

static void fill_offsets(const AvoLookahead *la, AvoPlan *plan)
{
    const AvoLowres *lr = plan->src->lookahead;
    if (!la->wants_offsets && !plan->src->roi)
        return;
    int64_t sum = 0;
    for (int i = 0; i < la->mb_count; i++)
        sum += lr->qp_offset_q8[i];
    plan->qp_offset_q8 = lr->qp_offset_q8;
    plan->qp_offset_mean_q8 = (int)(sum / la->mb_count);
    plan->importance = la->propagates;
}

/* Weights of a picture whose references were searched. */
static void fill_weight(AvoLookahead *la, AvoPlan *plan, const AvoGopEntry *e)
{
    const AvoLowres *lr = avo_lowres(la, e->index);
    int past = e->index - e->past, future = e->future - e->index;
    bool has_past = e->past >= 0 && lr->searched[0][past - 1];
    bool has_future = e->future >= 0 && lr->searched[1][future - 1];
    bool colours_fade = false;
    plan->weight_poc[0] = plan->poc - 2 * past;
    plan->weight_poc[1] = plan->poc + 2 * future;
    if (plan->type == AVOCET_TYPE_P && has_past) {
        plan->weight[0] = lr->weight[0][past - 1];
        colours_fade = avo_weight_chroma(la, e->index, past, &plan->weight[0]);
    }
    if (plan->layer == 0)
        la->fades = plan->weight[0].used[0] || colours_fade;
    plan->fades = plan->layer > 0 && la->fades;
    if (plan->fades && la->config.weightb && has_past && has_future)
        avo_weight_pair(la, e->index, past, future, plan->weight);
}

/* A field of vectors between a picture and its neighbour, whichever way it was searched. */
static void find_field(const AvoLookahead *la, int index, AvoNeighbour *n)
{
    const AvoLowres *here = avo_lowres(la, index), *there = n->src->lookahead;
    int dir = n->distance > 0, d = avo_abs(n->distance);
    if (here->searched[dir][d - 1]) {
        n->mv = here->mv[dir][d - 1];
        n->scale_q8 = 256;
    } else if (there->searched[!dir][d - 1]) {
        n->mv = there->mv[!dir][d - 1];
        n->scale_q8 = -256;
    }
}

/* Only pictures that a whole mini-GOP builds on are worth filtering. Nearest neighbours first. */
static void fill_neighbours(const AvoLookahead *la, AvoPlan *plan, const AvoGopEntry *e)
{
    bool alone = plan->type == AVOCET_TYPE_P && la->minigop_length == 1;
    if (!la->config.temporal_filter || plan->layer > 0 || alone)
        return;
    for (int d = 1; d <= AVO_NEIGHBOURS_MAX / 2; d++)
        for (int sign = -1; sign <= 1; sign += 2) {
            int index = e->index + sign * d;
            if (index < 0 || index > la->count || !la->window[index])
                continue;
            AvoNeighbour *n = &plan->neighbour[plan->neighbour_count++];
            n->src = avo_input_retain(la->window[index]);
            n->distance = sign * d;
            find_field(la, e->index, n);
        }
}

static void fill_plan(AvoLookahead *la, AvoPlan *plan, int k)
{
    const AvoGopEntry *e = &la->entry[k];
    AvoSource *s = la->window[e->index], *anchor = la->window[la->minigop_length];
    bool intra = e->type == AVOCET_TYPE_IDR || e->type == AVOCET_TYPE_I;
    memset(plan, 0, sizeof *plan);
    plan->src = avo_input_retain(s);
    plan->type = (AvocetFrameType)e->type;
    plan->layer = e->layer;
    if (plan->type == AVOCET_TYPE_IDR)
        la->last_idr = s->display_index;
    plan->poc = (int)(2 * (s->display_index - la->last_idr));
    plan->coded_index = la->next_coded_index++;
    plan->closes_minigop = k == la->minigop_length - 1;
    plan->minigop_start = intra ? s->display_index : la->window[0]->display_index;
    plan->minigop_end = anchor->display_index;
    plan->duration_q16 = avo_lookahead_duration_q16(la, e->index);
    fill_offsets(la, plan);
    if (la->wants_means)
        plan->brightness_q4 = avo_lowres(la, e->index)->mean_q8[0] >> 4;
    if (la->wants_costs) {
        plan->scenecut = intra && (la->first_is_cut || avo_scenecut_is_new(la, e->index));
        fill_costs(la, plan, e);
        fill_vectors(la, plan, e);
    }
    if (la->wants_weights)
        fill_weight(la, plan, e);
    if (la->wants_ahead)
        fill_ahead(la, plan, k);
    fill_neighbours(la, plan, e);
}

/* Decides the next mini-GOP, moves its plans to the output and its pictures out of the window. */
static void decide_minigop(AvoLookahead *la)
{
    avo_examine_finish(la);
    avo_gop_decide(la);
    avo_propagate_window(la);
    if (la->wants_ahead && la->flushing)
        avo_gop_append_rest(la);
    int length = la->minigop_length;
    for (int k = 0; k < length; k++)
        fill_plan(la, &la->out[k], k);
    la->out_first = 0;
    la->out_count = length;
    for (int i = 0; i < length; i++)
        avo_input_release(la->window[i]);
    for (int i = 0; i + length <= la->count; i++)
        la->window[i] = la->window[i + length];
    la->count -= length;
}

bool avo_lookahead_pop(AvoLookahead *la, AvoPlan *plan)
{
    if (la->out_count == 0) {
        if (la->count == 0 || (!la->flushing && la->count <= la->delay))
            return false;
        decide_minigop(la);
    }
    *plan = la->out[la->out_first++];
    la->out_count--;
    return true;
}

void avo_plan_release_neighbours(AvoPlan *plan)
{
    for (int i = 0; i < plan->neighbour_count; i++)
        avo_input_release(plan->neighbour[i].src);
    plan->neighbour_count = 0;
}

void avo_plan_release(AvoPlan *plan)
{
    avo_input_release(plan->src);
    plan->src = NULL;
    avo_plan_release_neighbours(plan);
}
