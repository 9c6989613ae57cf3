/* What is found out about a picture as soon as it is there: half-sample planes, texture, intra
 * costs, mean and deviation, and the field of vectors to the picture before, which scene cut
 * detection and all longer searches begin with.
 *
 * Nothing of it is asked for before the next mini-GOP is decided. So with threads it is done in the
 * background, several pictures at once, while the application fetches the next ones and pictures
 * are coded. One batch of tasks per picture, in this order, each kind after the one before:
 *
 *     rows of macroblocks | what they sum up to | rows of the coarse search | lines of the search
 */
#include "enc/lookahead_internal.h"

static bool examines(const AvoLookahead *la)
{
    return la->wants_offsets || la->wants_costs || la->wants_means;
}

/* Where types are known, fields are looked for as they are needed. */
static bool searches(const AvoLookahead *la)
{
    return la->wants_cuts && !la->types;
}

void avo_examine_carve(AvoLookahead *la, AvoArena *arena)
{
    for (int i = 0; i < AVO_LA_EXAMINED; i++)
        la->examination[i].row_progress = avo_arena_take(
            arena, (size_t)la->mb_height * sizeof *la->examination[i].row_progress, 64);
}

/* ---- tasks ---- */

/* Tasks of the same picture that come before task i. */
static int tasks_before(const AvoLookahead *la, int i)
{
    if (i < la->mb_height)
        return 0;
    int summed = la->mb_height + 1, searched = summed + la->coarse_height;
    return i < summed ? la->mb_height : i < searched ? summed : searched;
}

/* The picture before has its sums then. */
static bool needs_before(const AvoExamination *e, int i)
{
    return i == e->la->mb_height && e->before;
}

static bool is_ready(void *context, int i)
{
    AvoExamination *e = context;
    const AvoLookahead *la = e->la;
    return avo_progress_get(&e->batch.done) >= tasks_before(la, i) &&
           (!needs_before(e, i) || avo_progress_get(&e->before->batch.done) > la->mb_height);
}

static void examine_row(const AvoExamination *e, int y, int worker)
{
    const AvoLookahead *la = e->la;
    if (la->wants_offsets)
        avo_aq_row(la, e->source, y);
    if (la->wants_costs)
        avo_lowres_examine_row(la, e->source, y, worker);
    if (la->wants_means)
        avo_weight_examine_row(la, e->source, y);
}

static void sum_up(AvoExamination *e)
{
    const AvoLookahead *la = e->la;
    if (la->wants_costs)
        avo_lowres_examined(la, e->source);
    if (la->wants_means)
        avo_weight_examined(la, e->source);
    e->has_coarse = e->before &&
                    avo_lowres_wants_coarse(la, e->source->lookahead, e->before->source->lookahead);
}

static void search(const AvoExamination *e, int line)
{
    const AvoLowres *lr = e->source->lookahead;
    AvoField field = avo_lowres_first_field(e->la, e->source, e->before->source);
    field.coarse = e->has_coarse ? lr->coarse_mv[0] : NULL;
    field.row_progress = e->row_progress;
    avo_lowres_search_line(&field, line);
}

static void examine(void *context, int i, int worker)
{
    AvoExamination *e = context;
    const AvoLookahead *la = e->la;
    avo_progress_wait(&e->batch.done, tasks_before(la, i));
    if (needs_before(e, i))
        avo_progress_wait(&e->before->batch.done, la->mb_height + 1);
    if (i < la->mb_height)
        examine_row(e, i, worker);
    else if ((i -= la->mb_height) == 0)
        sum_up(e);
    else if (--i >= la->coarse_height)
        search(e, i - la->coarse_height);
    else if (e->has_coarse)
        avo_coarse_search_row(la, e->source->lookahead, e->before->source->lookahead, 0, i);
}

/* ---- one after the other ---- */

static AvoExamination *examination_of(AvoLookahead *la, int64_t picture)
{
    return &la->examination[picture % AVO_LA_EXAMINED];
}

/* Of pictures below n. */
static void finish_below(AvoLookahead *la, int64_t n)
{
    for (; la->examined < n; la->examined++) {
        AvoExamination *e = examination_of(la, la->examined);
        if (e->at_work)
            avo_pool_finish_first(la->tasks, &e->batch);
        e->at_work = false;
        if (e->before)
            avo_lowres_searched(la, la->count - (int)(la->pushed - 1 - la->examined), 0, 1,
                                &(AvoHint){.mv = NULL});
    }
}

void avo_examine_begin(AvoLookahead *la)
{
    int64_t n = la->pushed++;
    if (!examines(la))
        return;
    /* Its place is free, and nobody looks at what was there before: the next picture is done. */
    finish_below(la, n - AVO_LA_EXAMINED + 2);
    AvoExamination *e = examination_of(la, n);
    e->la = la;
    e->source = la->window[la->count];
    e->before = n > 0 && searches(la) ? examination_of(la, n - 1) : NULL;
    e->has_coarse = false;
    for (int y = 0; y < la->mb_height; y++)
        avo_progress_reset(&e->row_progress[y]);
    int tasks = la->mb_height + 1;
    if (e->before)
        tasks += la->coarse_height + avo_lowres_lines(la);
    if ((e->at_work = avo_lookahead_shares(la))) {
        avo_pool_submit_first(la->tasks, &e->batch, examine, is_ready, e, tasks);
    } else {
        avo_pool_run_alone(&e->batch, examine, e, tasks);
        finish_below(la, la->pushed);
    }
}

void avo_examine_finish(AvoLookahead *la)
{
    if (examines(la))
        finish_below(la, la->pushed);
}
