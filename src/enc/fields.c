/* Fields of vectors over any distance, several at once.
 *
 * In: pictures of the window and distances (avo_fields_want). Out: AvoLowres.mv and .inter of those
 * pictures.
 *
 * A field is a wavefront, whose lines hold each other up, and threads that share one all have to
 * fetch the whole reference. But the shape of mini-GOPs asks for many fields that do not need each
 * other. So each is a batch of its own, and the pool lets threads share one only when fewer are
 * left than there are threads. What a field gets as hints is settled before the first is searched,
 * so that it does not depend on which is done first. */
#include "enc/lookahead_internal.h"

#define AT_ONCE 16 /* fields: those of the shortest mini-GOPs of a stretch of 16 pictures */

typedef struct FieldSearch {
    AvoField field;
    const AvoLowres *cur, *ref;
    int index, dir, distance;
    int coarse_rows; /* tasks for long motion; then come the lines */
    AvoProgress *row_progress;
    AvoTaskBatch batch;
} FieldSearch;

struct AvoFieldList {
    FieldSearch search[AT_ONCE];
    int count;
};

void avo_fields_carve(AvoLookahead *la, AvoArena *arena)
{
    if (!la->wants_costs)
        return;
    la->fields = avo_arena_take(arena, sizeof *la->fields, 64);
    for (int i = 0; i < AT_ONCE; i++) {
        AvoProgress *rows = avo_arena_take(arena, (size_t)la->mb_height * sizeof *rows, 64);
        if (la->fields)
            la->fields->search[i].row_progress = rows;
    }
}

/* ---- tasks ---- */

static bool is_ready(void *context, int i)
{
    FieldSearch *s = context;
    int line = i - s->coarse_rows;
    return line < 0 || (line == 0 ? avo_progress_get(&s->batch.done) == s->coarse_rows
                                  : avo_lowres_line_is_ready(&s->field, line));
}

static void search(void *context, int i, int worker)
{
    FieldSearch *s = context;
    int line = i - s->coarse_rows;
    (void)worker;
    if (line < 0) {
        avo_coarse_search_row(s->field.la, s->cur, s->ref, s->dir, i);
        return;
    }
    if (line == 0)
        avo_progress_wait(&s->batch.done, s->coarse_rows);
    avo_lowres_search_line(&s->field, line);
}

/* ---- one after the other ---- */

static void begin(const AvoLookahead *la, FieldSearch *s)
{
    int ref = s->dir ? s->index + s->distance : s->index - s->distance;
    s->cur = avo_lowres(la, s->index);
    s->ref = avo_lowres(la, ref);
    s->field = avo_lowres_field(la, s->index, s->dir, s->distance);
    s->field.row_progress = s->row_progress;
    s->coarse_rows = avo_lowres_wants_coarse(la, s->cur, s->ref) ? la->coarse_height : 0;
    if (s->coarse_rows)
        s->field.coarse = s->cur->coarse_mv[s->dir];
    for (int y = 0; y < la->mb_height; y++)
        avo_progress_reset(&s->row_progress[y]);
}

void avo_fields_search(const AvoLookahead *la)
{
    AvoFieldList *list = la->fields;
    bool shares = avo_lookahead_shares(la);
    for (int i = 0; i < list->count; i++)
        begin(la, &list->search[i]);
    for (int i = 0; i < list->count; i++) {
        FieldSearch *s = &list->search[i];
        int tasks = s->coarse_rows + avo_lowres_lines(la);
        if (shares)
            avo_pool_submit_first(la->tasks, &s->batch, search, is_ready, s, tasks);
        else
            avo_pool_run_alone(&s->batch, search, s, tasks);
    }
    for (int i = 0; i < list->count && shares; i++)
        avo_pool_finish_first(la->tasks, &list->search[i].batch);
    for (int i = 0; i < list->count; i++) {
        const FieldSearch *s = &list->search[i];
        avo_lowres_searched(la, s->index, s->dir, s->distance, &s->field.hint);
    }
    list->count = 0;
}

static void want(const AvoLookahead *la, int index, int dir, int distance)
{
    AvoFieldList *list = la->fields;
    if (avo_lowres(la, index)->searched[dir][distance - 1])
        return;
    if (list->count == AT_ONCE)
        avo_fields_search(la);
    FieldSearch *s = &list->search[list->count++];
    s->index = index;
    s->dir = dir;
    s->distance = distance;
}

void avo_fields_want(const AvoLookahead *la, int index, int past, int future)
{
    want(la, index, 0, past);
    if (future)
        want(la, index, 1, future);
}
