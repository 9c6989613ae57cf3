/* See unseen.h.
 *
 * Pictures are coded in whole macroblocks; what reaches beyond their width and height is cropped
 * away by the decoder (7.4.2.1.1, frame_cropping_flag). The source repeats its last samples there.
 * That suits intra prediction, but when the picture moves across its edge no vector fits both the
 * samples that are seen and those that are not, and the latter cost bits and time for nothing: the
 * last row of a 1080p picture took three times as long as others.
 *
 * So a vector is looked for that suits what is seen, among those that are likely, and what is not
 * seen becomes what this vector predicts: no residual is left there as long as the macroblock moves
 * about like that. */
#include "enc/unseen.h"

#define TRIED_MAX 5 /* no motion, the lookahead's vector, three neighbours' */

typedef struct Guess {
    int8_t ref_idx[2];
    AvoMv mv[2];
} Guess;

typedef struct Fill {
    AvoRowCtx *row;
    int width, height; /* of what is seen, luma samples */
    Guess best;
    int cost;
} Fill;

static void predict(AvoRowCtx *row, const Guess *g, unsigned planes, pixel *to)
{
    avo_predict_block(&row->predict, row->mb_x, row->mb_y, 0, 0, 4, 4, g->ref_idx, g->mv, planes,
                      to, to + AVO_REC_CB, to + AVO_REC_CR);
}

static int seen_sad(const Fill *f, const pixel *pred)
{
    int sum = 0;
    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++)
            sum += avo_abs(f->row->cur[y * AVO_CUR_STRIDE + x] - pred[y * AVO_REC_STRIDE + x]);
    return sum;
}

/* Returns the cost. */
static int try_guess(Fill *f, const Guess *g)
{
    predict(f->row, g, 1, f->row->block[0]);
    int cost = seen_sad(f, f->row->block[0]);
    if (cost < f->cost) {
        f->cost = cost;
        f->best = *g;
    }
    return cost;
}

/* Rows beyond what vectors of the level reach may not be done yet (picture_work.h). */
static bool is_in_reach(const AvoPicJob *job, AvoMv mv)
{
    return mv.y >= job->mv_min_y && mv.y <= job->mv_max_y;
}

/* The best guess of one list among no motion, the lookahead's vector and the neighbours'. */
static Guess try_list(Fill *f, int list)
{
    const AvoRowCtx *row = f->row;
    const AvoMvCache *c = &row->cache;
    const AvoMv *ahead = row->job->plan.mv[list];
    const int at[3] = {AVO_MVC(-1, 0), AVO_MVC(0, -1), AVO_MVC(4, -1)};
    Guess tried[TRIED_MAX] = {{{-1, -1}, {{0, 0}, {0, 0}}}}, best;
    int count = 1, least = INT32_MAX;
    tried[0].ref_idx[list] = 0;
    best = tried[0];
    if (ahead && is_in_reach(row->job, ahead[row->mb_addr])) {
        tried[count] = tried[0];
        tried[count++].mv[list] = ahead[row->mb_addr];
    }
    for (int i = 0; i < 3; i++)
        if (c->ref[list][at[i]] >= 0) {
            tried[count] = tried[0];
            tried[count].ref_idx[list] = c->ref[list][at[i]];
            tried[count++].mv[list] = c->mv[list][at[i]];
        }
    for (int i = 0; i < count; i++) {
        int cost = try_guess(f, &tried[i]);
        if (cost < least) {
            least = cost;
            best = tried[i];
        }
    }
    return best;
}

/* What is not seen of one block of the source. */
static void take_over(pixel *cur, const pixel *pred, int size, int width, int height)
{
    for (int y = 0; y < size; y++) {
        int x = y < height ? width : 0;
        memcpy(cur + y * AVO_CUR_STRIDE + x, pred + y * AVO_REC_STRIDE + x, (size_t)(size - x));
    }
}

void avo_fill_unseen(AvoRowCtx *row)
{
    const AvoPicJob *job = row->job;
    Fill f = {.row = row,
              .width = avo_min(16, job->seen_width - 16 * row->mb_x),
              .height = avo_min(16, job->seen_height - 16 * row->mb_y),
              .cost = INT32_MAX};
    if (f.width == 16 && f.height == 16)
        return;
    Guess first = try_list(&f, 0);
    if (row->syntax.slice_type == AVO_SLICE_B) {
        Guess both = try_list(&f, 1);
        both.ref_idx[0] = first.ref_idx[0];
        both.mv[0] = first.mv[0];
        try_guess(&f, &both);
    }
    pixel *pred = row->block[0];
    predict(row, &f.best, row->syntax.chroma_format ? 3 : 1, pred);
    take_over(row->cur, pred, 16, f.width, f.height);
    if (!row->syntax.chroma_format)
        return;
    take_over(row->cur + AVO_CUR_CB, pred + AVO_REC_CB, 8, (f.width + 1) / 2, (f.height + 1) / 2);
    take_over(row->cur + AVO_CUR_CR, pred + AVO_REC_CR, 8, (f.width + 1) / 2, (f.height + 1) / 2);
}
