/* Inter macroblocks: what P and B share (filling, sealing, coding candidates),
 * and the decision for P. */
#include "enc/block_quant.h"
#include "enc/decide.h"

const AvoSearchBlock avo_blk_16x16 = {AVO_BLK_16x16, 0, 0, 16, 16};
const AvoSearchBlock avo_blk_8x8[4] = {{AVO_BLK_8x8, 0, 0, 8, 8},
                                       {AVO_BLK_8x8, 8, 0, 8, 8},
                                       {AVO_BLK_8x8, 0, 8, 8, 8},
                                       {AVO_BLK_8x8, 8, 8, 8, 8}};
const AvoSearchBlock avo_blk_16x8[2] = {{AVO_BLK_16x8, 0, 0, 16, 8}, {AVO_BLK_16x8, 0, 8, 16, 8}};
const AvoSearchBlock avo_blk_8x16[2] = {{AVO_BLK_8x16, 0, 0, 8, 16}, {AVO_BLK_8x16, 8, 0, 8, 16}};

/* ---- shared ---- */

void avo_set_motion(AvoMbInfo *info, int list, int x, int y, int w, int h, int ref, AvoMv mv)
{
    avo_mv_fill(&info->mv[list][4 * y + x], w, h, mv);
    for (int j = y & ~1; j < y + h; j += 2)
        for (int i = x & ~1; i < x + w; i += 2)
            info->ref_idx[list][j + (i >> 1)] = (int8_t)ref;
}

static uint8_t clip_mvd(int d)
{
    return (uint8_t)avo_min(avo_abs(d), 255);
}

/* One partition of one list, in 4x4 block units. */
static void seal_partition(AvoRowCtx *row, AvoMbCand *cand, int list, int x, int y, int w, int h)
{
    AvoMbInfo *info = &cand->info;
    int raster = 4 * y + x, ref = info->ref_idx[list][(y & 2) + (x >> 1)];
    AvoMv mv = info->mv[list][raster];
    if (ref >= 0) {
        AvoMv mvp;
        if (w == 4 && h == 2)
            mvp = avo_mvpred_16x8(&row->cache, list, y >> 1, ref);
        else if (w == 2 && h == 4)
            mvp = avo_mvpred_8x16(&row->cache, list, x >> 1, ref);
        else
            mvp = avo_mvpred_median(&row->cache, list, x, y, w, ref);
        AvoMv mvd = {(int16_t)(mv.x - mvp.x), (int16_t)(mv.y - mvp.y)};
        cand->code.mvd[list][raster] = mvd;
        for (int j = y; j < y + h; j++)
            for (int i = x; i < x + w; i++) {
                info->mvd[list][4 * j + i][0] = clip_mvd(mvd.x);
                info->mvd[list][4 * j + i][1] = clip_mvd(mvd.y);
            }
    }
    if (w < 4 || h < 4) /* another partition follows */
        avo_mvcache_fill(&row->cache, list, x, y, w, h, ref, mv);
}

static void seal_8x8(AvoRowCtx *row, AvoMbCand *cand, int list, int i)
{
    int x = (i & 1) * 2, y = (i >> 1) * 2;
    const AvoMbInfo *info = &cand->info;
    switch (cand->code.sub_type[i]) {
    case AVO_SUB_DIRECT:
        for (int k = 0; k < 4; k++) { /* counts as a neighbour with what it derived */
            int bx = x + (k & 1), by = y + (k >> 1);
            avo_mvcache_fill(&row->cache, list, bx, by, 1, 1, info->ref_idx[list][i],
                             info->mv[list][4 * by + bx]);
        }
        break;
    case AVO_SUB_8x8:
        seal_partition(row, cand, list, x, y, 2, 2);
        break;
    case AVO_SUB_8x4:
        seal_partition(row, cand, list, x, y, 2, 1);
        seal_partition(row, cand, list, x, y + 1, 2, 1);
        break;
    case AVO_SUB_4x8:
        seal_partition(row, cand, list, x, y, 1, 2);
        seal_partition(row, cand, list, x + 1, y, 1, 2);
        break;
    default:
        for (int k = 0; k < 4; k++)
            seal_partition(row, cand, list, x + (k & 1), y + (k >> 1), 1, 1);
    }
}

static void set_ref_slots(const AvoRowCtx *row, AvoMbInfo *info)
{
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < 4; i++) {
            int ref = info->ref_idx[list][i];
            info->ref_slot[list][i] =
                (int8_t)(ref < 0 ? -1 : row->job->refs.frame[list][ref]->slot);
        }
}

void avo_seal_inter(AvoRowCtx *row, AvoMbCand *cand)
{
    AvoMbInfo *info = &cand->info;
    set_ref_slots(row, info);
    memset(info->mvd, 0, sizeof info->mvd);
    if (AVO_MB_IS_SKIP(info->type) || info->type == AVO_MB_B_DIRECT)
        return;
    for (int list = 0; list < (row->syntax.slice_type == AVO_SLICE_B ? 2 : 1); list++) {
        switch (cand->code.partition) {
        case AVO_PART_16x16:
            seal_partition(row, cand, list, 0, 0, 4, 4);
            break;
        case AVO_PART_16x8:
            seal_partition(row, cand, list, 0, 0, 4, 2);
            seal_partition(row, cand, list, 0, 2, 4, 2);
            break;
        case AVO_PART_8x16:
            seal_partition(row, cand, list, 0, 0, 2, 4);
            seal_partition(row, cand, list, 2, 0, 2, 4);
            break;
        default:
            for (int i = 0; i < 4; i++)
                seal_8x8(row, cand, list, i);
        }
    }
}

void avo_predict_inter(AvoRowCtx *row, const AvoMbInfo *info, pixel *buffer)
{
    bool chroma = row->syntax.chroma_format;
    avo_predict_mb(&row->predict, info, row->mb_x, row->mb_y, buffer,
                   chroma ? buffer + AVO_REC_CB : NULL, chroma ? buffer + AVO_REC_CR : NULL);
}

/* 7.3.5: transform_size_8x8_flag may be sent only if nothing is smaller than 8x8. */
static bool may_use_8x8(const AvoRowCtx *row, const AvoMbCand *cand)
{
    const AvoMbInfo *info = &cand->info;
    if (!row->job->tools->transform_8x8 || AVO_MB_IS_SKIP(info->type))
        return false;
    if (info->type == AVO_MB_B_DIRECT)
        return row->syntax.direct_8x8_inference;
    if (info->type == AVO_MB_P8x8 || info->type == AVO_MB_B8x8)
        for (int i = 0; i < 4; i++) {
            int sub = cand->code.sub_type[i];
            if (sub == AVO_SUB_DIRECT ? !row->syntax.direct_8x8_inference : sub != AVO_SUB_8x8)
                return false;
        }
    return true;
}

static bool residual_likes_8x8(const AvoRowCtx *row)
{
    const AvoDsp *dsp = row->job->dsp;
    return dsp->sa8d[AVO_BLK_16x16](row->cur, AVO_CUR_STRIDE, row->pred, AVO_REC_STRIDE) <
           dsp->satd[AVO_BLK_16x16](row->cur, AVO_CUR_STRIDE, row->pred, AVO_REC_STRIDE);
}

/* A macroblock that turned out to be exactly what skip means is sent as skip (never a loss). */
static void become_skip(AvoRowCtx *row, AvoMbCand *cand)
{
    AvoMbInfo *info = &cand->info;
    if (info->cbp)
        return;
    info->transform_8x8 = 0;
    if (info->type == AVO_MB_B_DIRECT) {
        info->type = AVO_MB_B_SKIP;
    } else if (info->type == AVO_MB_P && cand->code.partition == AVO_PART_16x16 &&
               info->ref_idx[0][0] == 0 && info->mv[0][0].x == row->skip_mv.x &&
               info->mv[0][0].y == row->skip_mv.y) {
        info->type = AVO_MB_P_SKIP;
        memset(info->mvd, 0, sizeof info->mvd);
    }
}

static void drop_residual(const AvoRowCtx *row, AvoMbCand *cand)
{
    memcpy(cand->rec, row->pred, sizeof cand->rec);
    memset(cand->info.nnz, 0, sizeof cand->info.nnz);
    cand->info.cbp = cand->info.dc_flags = 0;
}

/* row->pred holds the prediction; transform_8x8 is set. May give up where the candidate cannot
 * become the best. */
void avo_code_inter_residual(AvoRowCtx *row, AvoMbCand *cand)
{
    memcpy(cand->rec, row->pred, sizeof cand->rec);
    if (avo_is_coded_again(row))
        memcpy(cand->pred, row->pred, sizeof cand->pred);
    memset(cand->info.nnz, 0, sizeof cand->info.nnz);
    cand->info.cbp = 0;
    bool rivals = avo_rd_level(row) != AVO_RD_SATD && row->best->score != INT64_MAX;
    cand->hopeless = !avo_code_inter_luma(row, cand, rivals ? row->best : NULL);
    if (cand->hopeless)
        return;
    avo_code_chroma(row, cand, false);
    if (row->use_trellis && cand->info.cbp && row->residual_gain < avo_saved_residual(row, cand))
        drop_residual(row, cand);
    if (!(cand->info.cbp & 15)) /* the flag is not sent then */
        cand->info.transform_8x8 = 0;
    become_skip(row, cand);
}

static void code_predicted(AvoRowCtx *row, AvoMbCand *cand)
{
    cand->info.transform_8x8 = may_use_8x8(row, cand) && residual_likes_8x8(row);
    avo_code_inter_residual(row, cand);
}

void avo_code_inter(AvoRowCtx *row, AvoMbCand *cand)
{
    avo_predict_inter(row, &cand->info, row->pred);
    code_predicted(row, cand);
}

/* row->trial is coded by one transform; both are scored. */
static void score_both_transforms(AvoRowCtx *row)
{
    AvoMbInfo info = row->trial->info;
    AvoMbCode code = row->trial->code;
    avo_score_trial(row);
    row->trial->info = info;
    row->trial->code = code;
    row->trial->info.transform_8x8 = !info.transform_8x8;
    avo_code_inter_residual(row, row->trial);
    avo_score_trial(row);
}

void avo_try_inter_predicted(AvoRowCtx *row, int cost)
{
    if (avo_rd_level(row) == AVO_RD_SATD) {
        row->trial->score = cost;
        avo_keep_if_better(row);
    } else {
        code_predicted(row, row->trial);
        /* What is hopeless by the likelier transform hardly ever wins by the other. */
        if (avo_rd_level(row) == AVO_RD_REFINE && !row->trial->hopeless &&
            row->trial->info.cbp & 15 && may_use_8x8(row, row->trial))
            score_both_transforms(row);
        else
            avo_score_trial(row);
    }
}

void avo_try_inter(AvoRowCtx *row, int cost)
{
    if (avo_rd_level(row) != AVO_RD_SATD)
        avo_predict_inter(row, &row->trial->info, row->pred);
    avo_try_inter_predicted(row, cost);
}

void avo_try_skip(AvoRowCtx *row)
{
    AvoMbCand *cand = row->trial;
    avo_seal_inter(row, cand);
    memcpy(cand->rec, row->pred, sizeof cand->rec);
    avo_score_trial(row);
}

void avo_try_other_transform(AvoRowCtx *row)
{
    if (AVO_MB_IS_INTRA(row->best->info.type) || !(row->best->info.cbp & 15) ||
        !may_use_8x8(row, row->best))
        return;
    AvoMbCand *cand = row->trial;
    avo_trial_like_best(row);
    cand->info.transform_8x8 = !row->best->info.transform_8x8;
    memcpy(row->pred, row->best->pred, sizeof row->pred);
    avo_code_inter_residual(row, cand);
    avo_score_trial(row);
}

/* The search measures those that are the same to the whole sample only once. */
AVO_INLINE void add_start(AvoMv *starts, int *n, AvoMv mv)
{
    AVO_ASSERT(*n < AVO_STARTS_MAX);
    starts[(*n)++] = mv;
}

/* What the lookahead found for this macroblock and those that come after it. */
static void add_lookahead(const AvoRowCtx *row, int list, AvoMv *starts, int *n)
{
    const AvoPicJob *job = row->job;
    const AvoMv *mv = job->plan.mv[list];
    if (!mv)
        return;
    add_start(starts, n, mv[row->mb_addr]);
    int step = job->plan.mv_step;
    if (row->mb_x + step < job->mb_width)
        add_start(starts, n, mv[row->mb_addr + step]);
    if (row->mb_y + step < job->mb_height)
        add_start(starts, n, mv[row->mb_addr + step * job->mb_width]);
}

/* A vector for a distance in time that is scale_q8 / 256 times its own. */
static AvoMv scale_mv(AvoMv mv, int scale_q8)
{
    return (AvoMv){(int16_t)avo_clip3(-8192, 8191, (mv.x * scale_q8 + 128) >> 8),
                   (int16_t)avo_clip3(-8192, 8191, (mv.y * scale_q8 + 128) >> 8)};
}

/* What was found in the nearest reference of a P macroblock, for one farther away. It serves as
 * well as co-located vectors there, which lie in records that are far from the processor by then.
 */
static AvoMv scaled_nearest(const AvoRowCtx *row, int ref)
{
    AvoFrame *const *f = row->job->refs.frame[0];
    int dist = row->job->rec->poc - f[ref]->poc, nearest = row->job->rec->poc - f[0]->poc;
    return scale_mv(row->m16[0][0].mv, avo_min(dist * 256 / nearest, 64 * 256));
}

/* Co-located vectors of the reference, scaled by distance. */
static void add_temporal(const AvoRowCtx *row, int list, int ref, AvoMv *starts, int *n)
{
    const AvoPicJob *job = row->job;
    const AvoFrame *f = job->refs.frame[list][ref];
    if (!f->info || f->slice_type == AVO_SLICE_I)
        return;
    static const int8_t around[2][2] = {{0, 0}, {1, 0}};
    for (int i = 0; i < 2; i++) {
        int x = row->mb_x + around[i][0], y = row->mb_y + around[i][1];
        if (x >= job->mb_width || y >= job->mb_height)
            continue;
        const AvoMbInfo *col = &f->info[y * job->mb_width + x];
        int l = col->ref_idx[0][0] >= 0 ? 0 : 1;
        if (col->ref_idx[l][0] < 0)
            continue;
        int dist_col = f->poc - (int)f->slot_poc[col->ref_slot[l][0]],
            dist = job->rec->poc - f->poc;
        if (!dist_col)
            continue;
        add_start(starts, n,
                  scale_mv(col->mv[l][0], dist == dist_col ? 256 : dist * 256 / dist_col));
    }
}

int avo_gather_starts(const AvoRowCtx *row, const AvoSearchBlock *b, int list, int ref,
                      AvoMv *starts)
{
    static const AvoMv zero = {0, 0};
    int n = 0;
    add_start(starts, &n, zero);
    const AvoMvCache *c = &row->cache;
    int x = b->x >> 2, y = b->y >> 2;
    const int at[3] = {AVO_MVC(x - 1, y), AVO_MVC(x, y - 1), AVO_MVC(x + (b->w >> 2), y - 1)};
    for (int i = 0; i < 3; i++)
        if (c->ref[list][at[i]] >= 0 && (i < 2 || y == 0))
            add_start(starts, &n, c->mv[list][at[i]]);
    if (b->size == AVO_BLK_16x16) {
        add_lookahead(row, list, starts, &n);
        if (ref > 0 && row->syntax.slice_type == AVO_SLICE_P)
            add_start(starts, &n, scaled_nearest(row, ref));
        else if (!row->job->tools->lean)
            add_temporal(row, list, ref, starts, &n);
        if (ref > 0)
            add_start(starts, &n, row->m16[list][0].mv);
    } else {
        add_start(starts, &n, row->m16[list][ref].mv);
    }
    return n;
}

/* ---- P ---- */

/* Bits of mb_type and sub types as SATD decisions see them, 1/256 bit. */
enum {
    P_BITS_16x16 = 256,
    P_BITS_16x8 = 3 * 256,
    P_BITS_8x16 = 3 * 256,
    P_BITS_8x8 = 3 * 256,
    P_BITS_SUB = 256,
    P_BITS_INTRA = 5 * 256,
    P_BITS_SETTLED = 100 * 256,
    P_BITS_UNDIVIDED = 40 * 256,
    P_BITS_PALE = 16 * 256
};

/* Cost below which neither other references nor parts are looked at, in pictures that hardly any
 * others build on. */
static int settled_cost(const AvoRowCtx *row)
{
    return row->job->tools->narrow ? avo_rate(row, P_BITS_SETTLED) : 0;
}

void avo_make_p_skip(AvoRowCtx *row, AvoMbCand *cand)
{
    avo_cand_init(row, cand, AVO_MB_P_SKIP);
    avo_set_motion(&cand->info, 0, 0, 0, 4, 4, 0, row->skip_mv);
}

/* Whether the residual of the skip prediction, left in row->trial, disappears anyway. */
static bool skip_leaves_nothing(AvoRowCtx *row)
{
    avo_make_p_skip(row, row->trial);
    avo_predict_inter(row, &row->trial->info, row->trial->rec);
    return avo_residual_vanishes(row, row->trial->rec);
}

static void take_p_skip(AvoRowCtx *row)
{
    avo_seal_inter(row, row->trial);
    row->trial->score = 0;
    avo_swap_cand(row);
}

/* A search confirms the skip vector: then skipping is only a question of the residual. */
static bool near_skip(const AvoRowCtx *row, const AvoMotion *m)
{
    return avo_abs(m->mv.x - row->skip_mv.x) <= 1 && avo_abs(m->mv.y - row->skip_mv.y) <= 1;
}

/* The vectors around, and those that the lookahead found here,
 * differ by no more than half a sample. */
static bool all_move_like_skip(const AvoRowCtx *row)
{
    const AvoMvCache *c = &row->cache;
    const int at[3] = {AVO_MVC(-1, 0), AVO_MVC(0, -1), AVO_MVC(4, -1)};
    AvoMv mv[6];
    int n = 0;
    for (int i = 0; i < 3; i++)
        if (c->ref[0][at[i]] >= 0)
            add_start(mv, &n, c->mv[0][at[i]]);
    add_lookahead(row, 0, mv, &n);
    for (int i = 0; i < n; i++)
        if (avo_abs(mv[i].x - row->skip_mv.x) > 2 || avo_abs(mv[i].y - row->skip_mv.y) > 2)
            return false;
    return true;
}

/* A look around the likeliest vectors, for less than a search: does the skip vector stand? */
static bool skip_vector_stands(AvoRowCtx *row)
{
    const AvoMvCache *c = &row->cache;
    const AvoMv *ahead = row->job->plan.mv[0];
    const int at[2] = {AVO_MVC(-1, 0), AVO_MVC(0, -1)};
    AvoMotion m = {.ref = 0, .mvp = avo_mvpred_median(c, 0, 0, 0, 4, 0)};
    AvoMv starts[3] = {ahead ? ahead[row->mb_addr] : row->skip_mv};
    for (int i = 0; i < 2; i++)
        starts[1 + i] = c->ref[0][at[i]] >= 0 ? c->mv[0][at[i]] : row->skip_mv;
    avo_motion_polish(row, &avo_blk_16x16, 0, starts, 3, &m);
    return near_skip(row, &m);
}

/* Luma moved by an odd number of samples stays as it is, while chroma moves by half a sample,
 * through a filter: what is scrolled or dragged on a screen gets paler from picture to picture, too
 * little at a time for a level to make up for it. Where true costs decide, and the filter does
 * harm, such a macroblock is no skip before others are tried, and other references are searched
 * with chroma: over two such steps chroma moves by whole samples, too. */
static bool turns_pale(AvoRowCtx *row, AvoMotion *m)
{
    bool halves_chroma = !((m->mv.x | m->mv.y) & 3) && (m->mv.x | m->mv.y) & 4;
    if (!halves_chroma || avo_rd_level(row) == AVO_RD_SATD)
        return false;
    int chroma = avo_motion_chroma(row, &avo_blk_16x16, m);
    if (chroma <= avo_rate(row, P_BITS_PALE))
        return false;
    if (!row->job->tools->chroma_me)
        m->cost += chroma;
    return true;
}

/* One more than asked for: the weighted duplicate of a picture. */
static int refs_searched(const AvoRowCtx *row)
{
    const AvoPicJob *job = row->job;
    return avo_min(job->refs.count[0], avo_min(job->tools->max_refs + 1, AVO_SEARCH_REFS));
}

/* Skips come in groups. One that stands alone saves little, and what it leaves out is missing in
 * the pictures to come. */
static bool beside_skip(const AvoNeighbours *nb)
{
    return (nb->a && nb->a->type == AVO_MB_P_SKIP) || (nb->b && nb->b->type == AVO_MB_P_SKIP) ||
           (nb->c && nb->c->type == AVO_MB_P_SKIP);
}

/* Returns the best cost, or -1 when the macroblock was skipped on the way (left in row->best). */
static int search_p16(AvoRowCtx *row, bool may_skip, int *best_ref)
{
    int best = AVO_COST_MAX, refs = refs_searched(row), settled = settled_cost(row);
    /* Where all is coded to be compared, the search costs little. Where SAD alone decides, the skip
     * vector is believed. */
    bool asked = may_skip && avo_rd_level(row) == AVO_RD_SATD && beside_skip(&row->nb);
    bool nothing_left = asked && skip_leaves_nothing(row);
    row->chroma_decides = false;
    if (nothing_left &&
        (!row->job->tools->subpel_satd || all_move_like_skip(row) || skip_vector_stands(row))) {
        take_p_skip(row);
        return -1;
    }
    for (int ref = 0; ref < refs; ref++) {
        AvoMv starts[AVO_STARTS_MAX];
        AvoMotion *m = &row->m16[0][ref];
        if (best < settled && !row->chroma_decides) {
            *m = (AvoMotion){.mv = row->m16[0][0].mv, .ref = (int8_t)ref, .cost = AVO_COST_MAX};
            continue;
        }
        m->ref = (int8_t)ref;
        m->mvp = avo_mvpred_median(&row->cache, 0, 0, 0, 4, ref);
        int n = avo_gather_starts(row, &avo_blk_16x16, 0, ref, starts);
        int stop = best == AVO_COST_MAX ? best : best + best / 4;
        avo_motion_search(row, &avo_blk_16x16, 0, starts, n, stop, m);
        if (ref == 0)
            row->chroma_decides = turns_pale(row, m);
        if (ref == 0 && may_skip && !row->chroma_decides && near_skip(row, m) &&
            (asked ? nothing_left : skip_leaves_nothing(row))) {
            take_p_skip(row);
            return -1;
        }
        if (m->cost < best) {
            best = m->cost;
            *best_ref = ref;
        }
    }
    return best + avo_rate(row, P_BITS_16x16);
}

void avo_polish_known(AvoRowCtx *row, const AvoSearchBlock *b, int list, AvoMotion *m)
{
    const AvoMvCache *c = &row->cache;
    const int at[2] = {AVO_MVC((b->x >> 2) - 1, b->y >> 2), AVO_MVC(b->x >> 2, (b->y >> 2) - 1)};
    AvoMv known[3] = {row->m16[list][m->ref].mv};
    for (int i = 0; i < 2; i++)
        known[1 + i] = c->ref[list][at[i]] >= 0 ? c->mv[list][at[i]] : known[0];
    avo_motion_polish(row, b, list, known, 3, m);
}

/* Best reference for one partition: those that the larger blocks liked. refs: bit mask. quarters:
 * of a half, the vectors of its two 8x8 blocks, near which its own will be; else NULL. */
static int search_partition(AvoRowCtx *row, const AvoSearchBlock *b, unsigned refs,
                            const AvoMv *quarters, int part, AvoMotion *best)
{
    const AvoTools *tools = row->job->tools;
    best->cost = AVO_COST_MAX;
    for (int ref = 0; refs >> ref; ref++) {
        if (!(refs >> ref & 1))
            continue;
        bool is_light = tools->light || (tools->narrow && best->cost != AVO_COST_MAX);
        AvoMv starts[AVO_STARTS_MAX];
        AvoMotion m = {.ref = (int8_t)ref};
        int stop = best->cost == AVO_COST_MAX ? AVO_COST_MAX : best->cost + best->cost / 4;
        if (b->size == AVO_BLK_16x8)
            m.mvp = avo_mvpred_16x8(&row->cache, 0, part, ref);
        else if (b->size == AVO_BLK_8x16)
            m.mvp = avo_mvpred_8x16(&row->cache, 0, part, ref);
        else
            m.mvp = avo_mvpred_median(&row->cache, 0, b->x >> 2, b->y >> 2, b->w >> 2, ref);
        if (quarters) {
            const AvoMv near[3] = {quarters[0], quarters[1], row->m16[0][ref].mv};
            avo_motion_polish(row, b, 0, near, 3, &m);
        } else if (is_light) {
            avo_polish_known(row, b, 0, &m);
        } else {
            int n = avo_gather_starts(row, b, 0, ref, starts);
            avo_motion_search(row, b, 0, starts, n, stop, &m);
        }
        if (m.cost < best->cost)
            *best = m;
    }
    avo_mvcache_fill(&row->cache, 0, b->x >> 2, b->y >> 2, b->w >> 2, b->h >> 2, best->ref,
                     best->mv);
    return best->cost;
}

static unsigned refs_to_try(const AvoRowCtx *row, int best_ref)
{
    const AvoTools *tools = row->job->tools;
    unsigned refs = 1u << best_ref;
    if (!tools->mixed_refs)
        return refs;
    int n = refs_searched(row);
    for (int ref = 0; ref < n; ref++)
        if (row->m16[0][ref].cost <= row->m16[0][best_ref].cost * 9 / 8)
            refs |= 1u << ref;
    return refs | 1;
}

static int search_p8(AvoRowCtx *row, int best_ref)
{
    int cost = avo_rate(row, P_BITS_8x8 + 4 * P_BITS_SUB);
    unsigned refs = refs_to_try(row, best_ref);
    for (int i = 0; i < 4; i++)
        cost += search_partition(row, &avo_blk_8x8[i], refs, NULL, 0, &row->m8[0][i]);
    return cost;
}

static int search_p_halves(AvoRowCtx *row, bool horizontal, int limit)
{
    int cost = avo_rate(row, P_BITS_16x8);
    for (int part = 0; part < 2; part++) {
        const AvoMotion *a = &row->m8[0][horizontal ? 2 * part : part];
        const AvoMotion *c = &row->m8[0][horizontal ? 2 * part + 1 : part + 2];
        const AvoMv quarters[2] = {a->mv, c->mv};
        const AvoSearchBlock *b = horizontal ? &avo_blk_16x8[part] : &avo_blk_8x16[part];
        AvoMotion *m = horizontal ? &row->m16x8[0][part] : &row->m8x16[0][part];
        cost += search_partition(row, b, 1u << a->ref | 1u << c->ref, quarters, part, m);
        if (cost > limit)
            return AVO_COST_MAX;
    }
    return cost;
}

/* A way to divide an 8x8 block, and the bits of its sub_mb_type. */
typedef struct SubShape {
    AvoSubType type;
    AvoBlkSize size;
    uint8_t w, h, count;
    uint16_t bits;
} SubShape;

/* Vectors of an 8x8 block's parts with the reference of the whole one, to mv[4] (per 4x4). Returns
 * their cost, or gives up where it exceeds the limit. */
static int search_shape(AvoRowCtx *row, int blk8, const SubShape *shape, int limit, AvoMv mv[4])
{
    const AvoMotion *whole = &row->m8[0][blk8];
    int x0 = (blk8 & 1) * 8, y0 = (blk8 >> 1) * 8;
    int ref_rate = avo_rate(row, avo_ref_bits(row, 0, whole->ref));
    int cost = avo_rate(row, shape->bits) + ref_rate;
    for (int i = 0; i < shape->count && cost < limit; i++) {
        int dx = shape->w == 4 ? (i & 1) * 4 : 0;
        int dy = shape->h == 4 ? (shape->w == 8 ? i : i >> 1) * 4 : 0;
        AvoSearchBlock b = {shape->size, (uint8_t)(x0 + dx), (uint8_t)(y0 + dy), shape->w,
                            shape->h};
        AvoMotion m = {.ref = whole->ref};
        int bx = b.x >> 2, by = b.y >> 2, bw = b.w >> 2, bh = b.h >> 2;
        m.mvp = avo_mvpred_median(&row->cache, 0, bx, by, bw, m.ref);
        const AvoMv starts[2] = {whole->mv, {0, 0}};
        if (row->job->tools->p4x4)
            avo_motion_search(row, &b, 0, starts, 2, AVO_COST_MAX, &m);
        else
            avo_motion_polish(row, &b, 0, starts, 1, &m);
        cost += m.cost - ref_rate;
        avo_mvcache_fill(&row->cache, 0, bx, by, bw, bh, m.ref, m.mv);
        for (int j = 0; j < bh; j++)
            for (int l = 0; l < bw; l++)
                mv[(dy >> 2) * 2 + (dx >> 2) + 2 * j + l] = m.mv;
    }
    return cost;
}

/* Vectors of their own cannot pay for what is predicted well. */
static bool worth_dividing(const AvoRowCtx *row, const AvoMotion *whole)
{
    return row->job->tools->p4x4 || whole->cost - whole->rate >= avo_rate(row, P_BITS_UNDIVIDED);
}

/* Sub-partitions of one 8x8: the vectors go to mv[4] (per 4x4). Keeps the best in *type. */
static int search_p_sub(AvoRowCtx *row, int blk8, AvoSubType *type, AvoMv mv[4])
{
    static const SubShape shapes[3] = {{AVO_SUB_4x4, AVO_BLK_4x4, 4, 4, 4, 3 * 256},
                                       {AVO_SUB_4x8, AVO_BLK_4x8, 4, 8, 2, 3 * 256},
                                       {AVO_SUB_8x4, AVO_BLK_8x4, 8, 4, 2, 3 * 256}};
    const AvoMotion *whole = &row->m8[0][blk8];
    int best = whole->cost + avo_rate(row, P_BITS_SUB), x = (blk8 & 1) * 2, y = blk8 & 2;
    int first = row->job->tools->p4x4 ? 0 : 1; /* 4x4 tells whether halves are worth a look */
    *type = AVO_SUB_8x8;
    for (int i = 0; i < 4; i++)
        mv[i] = whole->mv;
    for (int k = first; k < 3 && worth_dividing(row, whole); k++) {
        AvoMv found[4];
        int cost = search_shape(row, blk8, &shapes[k], best, found);
        if (cost < best) {
            best = cost;
            *type = shapes[k].type;
            memcpy(mv, found, sizeof found);
        } else if (k == 0 && cost > best + best / 8) {
            break;
        }
    }
    for (int i = 0; i < 4; i++)
        avo_mvcache_fill(&row->cache, 0, x + (i & 1), y + (i >> 1), 1, 1, whole->ref, mv[i]);
    return best;
}

/* A.3.1: two macroblocks in a row may not have more vectors than the level says. What the last
 * macroblock of the row above had is not known in time, so it counts as full. */
static bool sub_vectors_allowed(const AvoRowCtx *row)
{
    int limit = row->job->max_mvs_per_2mb;
    if (limit < 0)
        return true;
    int before = 16;
    if (row->mb_x > 0) {
        const AvoMbInfo *left = row->job->rec->info + row->mb_addr - 1;
        const AvoMbCode *code = &row->job->code[row->mb_addr - 1];
        static const int per_sub[] = {1, 2, 2, 4, 1};
        before = left->type == AVO_MB_P || left->type == AVO_MB_P_SKIP ? 2 : 0;
        if (left->type == AVO_MB_P8x8)
            for (int i = 0; i < 4; i++)
                before += per_sub[code->sub_type[i]];
    }
    return before + 16 <= limit;
}

static void make_p(AvoRowCtx *row, AvoMbCand *cand, AvoPartition partition, int best_ref)
{
    avo_cand_init(row, cand, partition == AVO_PART_8x8 ? AVO_MB_P8x8 : AVO_MB_P);
    cand->code.partition = (uint8_t)partition;
    AvoMbInfo *info = &cand->info;
    switch (partition) {
    case AVO_PART_16x16:
        avo_set_motion(info, 0, 0, 0, 4, 4, best_ref, row->m16[0][best_ref].mv);
        break;
    case AVO_PART_16x8:
        for (int i = 0; i < 2; i++)
            avo_set_motion(info, 0, 0, 2 * i, 4, 2, row->m16x8[0][i].ref, row->m16x8[0][i].mv);
        break;
    case AVO_PART_8x16:
        for (int i = 0; i < 2; i++)
            avo_set_motion(info, 0, 2 * i, 0, 2, 4, row->m8x16[0][i].ref, row->m8x16[0][i].mv);
        break;
    default:
        for (int i = 0; i < 4; i++) {
            cand->code.sub_type[i] = AVO_SUB_8x8;
            avo_set_motion(info, 0, (i & 1) * 2, (i >> 1) * 2, 2, 2, row->m8[0][i].ref,
                           row->m8[0][i].mv);
        }
    }
    avo_seal_inter(row, cand);
}

/* Sub-macroblocks as search_p_sub left them. */
static void make_p_sub(AvoRowCtx *row, AvoMbCand *cand)
{
    avo_cand_init(row, cand, AVO_MB_P8x8);
    cand->code.partition = AVO_PART_8x8;
    for (int i = 0; i < 4; i++) {
        cand->code.sub_type[i] = (uint8_t)row->sub_type[i];
        for (int k = 0; k < 4; k++)
            avo_set_motion(&cand->info, 0, (i & 1) * 2 + (k & 1), (i >> 1) * 2 + (k >> 1), 1, 1,
                           row->m8[0][i].ref, row->sub_mv[i][k]);
    }
    avo_seal_inter(row, cand);
}

/* Whether 8x8 blocks may be divided: into halves where together they are the best so far. Those of
 * two macroblocks have no more vectors than any level allows. */
static bool wants_subs(const AvoRowCtx *row, int cost8, int best)
{
    const AvoTools *tools = row->job->tools;
    return (tools->p4x4 && cost8 < best + best / 8 && sub_vectors_allowed(row)) ||
           (tools->p8x4 && cost8 <= best);
}

/* Divides the 8x8 blocks further; AVO_COST_MAX if none is better for it. Not in place of the whole
 * blocks: those may use the 8x8 transform, which SATD does not see. */
static int search_p_subs(AvoRowCtx *row)
{
    int cost = avo_rate(row, P_BITS_8x8);
    bool divided = false;
    for (int i = 0; i < 4; i++) {
        cost += search_p_sub(row, i, &row->sub_type[i], row->sub_mv[i]);
        divided |= row->sub_type[i] != AVO_SUB_8x8;
    }
    return divided ? cost : AVO_COST_MAX;
}

/* The reference that came second for the whole macroblock may still code it best. */
static void try_other_ref(AvoRowCtx *row, int best_ref, int best)
{
    int refs = refs_searched(row), second = -1;
    for (int ref = 0; ref < refs; ref++)
        if (ref != best_ref && (second < 0 || row->m16[0][ref].cost < row->m16[0][second].cost))
            second = ref;
    int near = row->job->tools->near_only ? 32 : 16;
    if (second < 0 || row->m16[0][second].cost > best + best / near)
        return;
    make_p(row, row->trial, AVO_PART_16x16, second);
    avo_try_inter(row, row->m16[0][second].cost);
}

void avo_decide_p(AvoRowCtx *row)
{
    const AvoTools *tools = row->job->tools;
    bool rd = avo_rd_level(row) != AVO_RD_SATD;
    row->skip_mv = avo_mvpred_pskip(&row->cache, &row->nb);
    bool may_skip = avo_motion_allowed(row, &avo_blk_16x16, row->skip_mv);
    int best_ref = 0, cost[4] = {AVO_COST_MAX, AVO_COST_MAX, AVO_COST_MAX, AVO_COST_MAX};
    int rivals = tools->near_only ? 16 : 8; /* what exceeds the best by less may win by true cost */
    int cost_sub = AVO_COST_MAX, best = search_p16(row, tools->fast_pskip && may_skip, &best_ref);
    if (best < 0)
        return;
    cost[AVO_PART_16x16] = best;
    if (tools->p8x8 && best > settled_cost(row)) {
        cost[AVO_PART_8x8] = search_p8(row, best_ref);
        if (wants_subs(row, cost[AVO_PART_8x8], best))
            cost_sub = search_p_subs(row);
        /* Halves may win where quarters lose, but by SATD alone that pays too seldom. */
        int near = avo_rd_level(row) == AVO_RD_REFINE ? 8 : 16;
        if (cost[AVO_PART_8x8] < (rd ? best + best / near : best)) {
            best = avo_min(best, cost[AVO_PART_8x8]);
            int limit = rd ? best + best / rivals : best; /* by SATD, only the best can win */
            cost[AVO_PART_16x8] = search_p_halves(row, true, limit);
            cost[AVO_PART_8x16] = search_p_halves(row, false, limit);
            best = avo_min(best, avo_min(cost[AVO_PART_16x8], cost[AVO_PART_8x16]));
        }
    }

    /* SATD flatters small blocks: they are a candidate more, not a measure for the others. */
    if (cost_sub < best || (rd && cost_sub <= best + best / rivals)) {
        make_p_sub(row, row->trial);
        avo_try_inter(row, cost_sub);
    }
    for (int part = AVO_PART_16x16; part <= AVO_PART_8x8; part++)
        if (cost[part] == best || (rd && cost[part] <= best + best / rivals)) {
            make_p(row, row->trial, (AvoPartition)part, best_ref);
            avo_try_inter(row, cost[part]);
        }
    if (rd && row->use_trellis)
        try_other_ref(row, best_ref, best);
    if (rd && may_skip && row->best->info.type != AVO_MB_P_SKIP) {
        avo_make_p_skip(row, row->trial);
        avo_predict_inter(row, &row->trial->info, row->pred);
        avo_try_skip(row);
    }
    avo_try_intra(row, best, P_BITS_INTRA);
    if (!AVO_MB_IS_INTRA(row->best->info.type)) {
        if (!rd)
            avo_code_inter(row, row->best);
        else if (avo_rd_level(row) == AVO_RD_MODE)
            avo_try_other_transform(row);
    }
}
