/* The decision for B macroblocks: skip and direct, then list 0, list 1 or both for 16x16, 8x8
 * blocks, and halves. */
#include "enc/decide.h"

/* The best way found for one block: one list, both, or direct. */
typedef struct Way {
    bool use[2];
    bool direct;
    AvoMotion m[2];
    int cost; /* with type bits */
} Way;

/* Type bits as SATD decisions see them, 1/256 bit; [list 0 only, list 1 only, both]. */
static const int bits_16x16[3] = {3 * 256, 3 * 256, 5 * 256};
static const int bits_half[3] = {0, 0, 256}; /* on top of bits_halves for the pair */
static const int bits_sub[3] = {3 * 256, 3 * 256, 4 * 256};
enum {
    BITS_DIRECT = 2 * 256,
    BITS_SKIP = 256,
    BITS_HALVES = 6 * 256,
    BITS_8x8 = 6 * 256,
    BITS_SUB_DIRECT = 256,
    BITS_INTRA = 8 * 256
};

static AvoMv predicted(const AvoRowCtx *row, const AvoSearchBlock *b, int list, int part, int ref)
{
    if (b->size == AVO_BLK_16x8)
        return avo_mvpred_16x8(&row->cache, list, part, ref);
    if (b->size == AVO_BLK_8x16)
        return avo_mvpred_8x16(&row->cache, list, part, ref);
    return avo_mvpred_median(&row->cache, list, b->x >> 2, b->y >> 2, b->w >> 2, ref);
}

/* Of the lists searched, each alone, and both together. */
static void choose_lists(AvoRowCtx *row, const AvoSearchBlock *b, unsigned lists,
                         AvoMotion found[2], const int type_bits[3], Way *way)
{
    int cost[2] = {AVO_COST_MAX, AVO_COST_MAX};
    for (int list = 0; list < 2; list++)
        if (lists >> list & 1)
            cost[list] = found[list].cost + avo_rate(row, type_bits[list]);
    way->direct = false;
    way->use[0] = cost[0] <= cost[1];
    way->use[1] = !way->use[0];
    way->cost = avo_min(cost[0], cost[1]);
    way->m[0] = found[0];
    way->m[1] = found[1];
    if (lists != 3)
        return;
    int cost2 = avo_bidir_search(row, b, &found[0], &found[1]) + avo_rate(row, type_bits[2]);
    if (cost2 < way->cost) {
        way->use[0] = way->use[1] = true;
        way->cost = cost2;
        way->m[0] = found[0];
        way->m[1] = found[1];
    }
}

static int refs_searched(const AvoRowCtx *row, int list)
{
    const AvoPicJob *job = row->job;
    return avo_min(job->refs.count[list], avo_min(job->tools->max_refs, AVO_SEARCH_REFS));
}

/* What parts of the macroblock try in one list. */
typedef struct PartRefs {
    unsigned refs;     /* bit mask */
    unsigned searched; /* of them; for the others known vectors are moved a little */
} PartRefs;

/* The best reference for all of the macroblock, and with mixed references those that are hardly
 * worse. */
static unsigned refs_of_parts(const AvoRowCtx *row, int list, int best)
{
    const AvoMotion *whole = row->m16[list];
    unsigned refs = 1u << best;
    int n = row->job->tools->mixed_refs_b ? refs_searched(row, list) : 0;
    for (int ref = 0; ref < n; ref++)
        if (whole[ref].cost <= whole[best].cost + whole[best].cost / 8)
            refs |= 1u << ref;
    return refs;
}

/* At the fastest, a list is not searched for parts if it suits the whole less than the other. */
static bool list_promises(const AvoRowCtx *row, const int best_ref[2], int list)
{
    const AvoTools *tools = row->job->tools;
    if (!tools->search_parts_b)
        return false;
    return !tools->light ||
           row->m16[list][best_ref[list]].cost <= row->m16[!list][best_ref[!list]].cost;
}

/* List 0, list 1 and the pair for an 8x8 block. */
static void search_way_8x8(AvoRowCtx *row, const AvoSearchBlock *b, const PartRefs part[2],
                           Way *way)
{
    AvoMotion found[2] = {{.cost = AVO_COST_MAX}, {.cost = AVO_COST_MAX}};
    for (int list = 0; list < 2; list++)
        for (int ref = 0; part[list].refs >> ref; ref++) {
            if (!(part[list].refs >> ref & 1))
                continue;
            AvoMv starts[AVO_STARTS_MAX];
            AvoMotion m = {.ref = (int8_t)ref, .mvp = predicted(row, b, list, 0, ref)};
            int best = found[list].cost;
            if (part[list].searched >> ref & 1) {
                int n = avo_gather_starts(row, b, list, ref, starts);
                int stop = best == AVO_COST_MAX ? AVO_COST_MAX : best + best / 4;
                avo_motion_search(row, b, list, starts, n, stop, &m);
            } else {
                avo_polish_known(row, b, list, &m);
            }
            if (m.cost < best)
                found[list] = m;
        }
    choose_lists(row, b, 3, found, bits_sub, way);
}

/* The same for half a macroblock from the vectors of its two 8x8 blocks, in the lists that they
 * use. */
static void search_way_half(AvoRowCtx *row, const AvoSearchBlock *b, int part, const Way *first,
                            const Way *second, Way *way)
{
    AvoMotion found[2] = {{.cost = AVO_COST_MAX}, {.cost = AVO_COST_MAX}};
    unsigned lists = 0;
    for (int list = 0; list < 2; list++) {
        if (!first->direct && !second->direct && !first->use[list] && !second->use[list])
            continue;
        lists |= 1u << list;
        const AvoMotion *a = &first->m[list], *c = &second->m[list];
        unsigned refs = 1u << a->ref | 1u << c->ref;
        for (int ref = 0; refs >> ref; ref++) {
            if (!(refs >> ref & 1))
                continue;
            const AvoMv near[3] = {a->mv, c->mv, row->m16[list][ref].mv};
            AvoMotion m = {.ref = (int8_t)ref, .mvp = predicted(row, b, list, part, ref)};
            avo_motion_polish(row, b, list, near, 3, &m);
            if (m.cost < found[list].cost)
                found[list] = m;
        }
    }
    choose_lists(row, b, lists, found, bits_half, way);
}

static void fill_cache(AvoRowCtx *row, const AvoSearchBlock *b, const Way *way)
{
    static const AvoMv zero = {0, 0};
    for (int list = 0; list < 2; list++)
        avo_mvcache_fill(&row->cache, list, b->x >> 2, b->y >> 2, b->w >> 2, b->h >> 2,
                         way->use[list] ? way->m[list].ref : AVO_REF_NONE,
                         way->use[list] ? way->m[list].mv : zero);
}

static void fill_cache_direct(AvoRowCtx *row, int i)
{
    for (int list = 0; list < 2; list++)
        for (int k = 0; k < 4; k++) {
            int x = (i & 1) * 2 + (k & 1), y = (i >> 1) * 2 + (k >> 1);
            avo_mvcache_fill(&row->cache, list, x, y, 1, 1, row->direct.ref_idx[list][i],
                             row->direct.mv[list][4 * y + x]);
        }
}

static void set_way(AvoMbInfo *info, const AvoSearchBlock *b, const Way *way)
{
    for (int list = 0; list < 2; list++)
        if (way->use[list])
            avo_set_motion(info, list, b->x >> 2, b->y >> 2, b->w >> 2, b->h >> 2, way->m[list].ref,
                           way->m[list].mv);
}

void avo_make_direct(const AvoRowCtx *row, AvoMbCand *cand, AvoMbType type)
{
    avo_cand_init(row, cand, type);
    memcpy(cand->info.mv, row->direct.mv, sizeof cand->info.mv);
    memcpy(cand->info.ref_idx, row->direct.ref_idx, sizeof cand->info.ref_idx);
    cand->info.direct8x8 = 15;
}

static void predict_direct(AvoRowCtx *row)
{
    avo_make_direct(row, row->trial, AVO_MB_B_SKIP);
    avo_predict_inter(row, &row->trial->info, row->pred);
}

/* Candidates are coded to be compared, but without the trellis. */
static bool codes_cheaply(const AvoRowCtx *row)
{
    return avo_rd_level(row) == AVO_RD_MODE && !row->use_trellis;
}

/* SATD below which direct prediction is so good that no search needs to confirm it; presets that
 * decide by SATD are content with less, those that have a cheaper way to confirm it with more. */
static int early_skip_limit(const AvoRowCtx *row)
{
    int bits = avo_rd_level(row) == AVO_RD_SATD ? 200 : codes_cheaply(row) ? 60 : 100;
    return avo_rate(row, bits * 256);
}

/* SATD beyond which some residual is always left. */
static int most_for_skip(const AvoRowCtx *row)
{
    return avo_rate(row, 400 * 256);
}

/* SATD of a whole macroblock below which dividing it would not save what it costs. */
static int small_enough(const AvoRowCtx *row)
{
    return avo_rate(row, row->job->tools->whole_bits * 256);
}

/* B_Skip at once: direct prediction, which is in row->pred, as it is. */
static void take_b_skip(AvoRowCtx *row)
{
    avo_make_direct(row, row->trial, AVO_MB_B_SKIP);
    avo_seal_inter(row, row->trial);
    memcpy(row->trial->rec, row->pred, sizeof row->pred);
    row->trial->score = 0;
    avo_swap_cand(row);
}

/* The likeliest vectors of a list's first reference, a little moved. */
static void look_around(AvoRowCtx *row, int list, AvoMotion *m)
{
    const AvoMvCache *c = &row->cache;
    const AvoMv *ahead = row->job->plan.mv[list];
    const int at[2] = {AVO_MVC(-1, 0), AVO_MVC(0, -1)};
    *m = (AvoMotion){.ref = 0, .mvp = avo_mvpred_median(c, list, 0, 0, 4, 0)};
    AvoMv other = row->direct.ref_idx[list][0] == 0 ? row->direct.mv[list][0] : m->mvp;
    AvoMv starts[3] = {ahead ? ahead[row->mb_addr] : m->mvp};
    for (int i = 0; i < 2; i++)
        starts[1 + i] = c->ref[list][at[i]] == 0 ? c->mv[list][at[i]] : other;
    avo_motion_polish(row, &avo_blk_16x16, list, starts, 3, m);
}

/* Whether direct prediction stands against a look around the likeliest vectors, for less than a
 * search. */
static bool direct_stands(AvoRowCtx *row, int direct_cost)
{
    AvoMotion m[2];
    for (int list = 0; list < 2; list++) {
        look_around(row, list, &m[list]);
        if (m[list].cost + avo_rate(row, bits_16x16[list]) < direct_cost)
            return false;
    }
    return direct_cost <=
           avo_bidir_search(row, &avo_blk_16x16, &m[0], &m[1]) + avo_rate(row, bits_16x16[2]);
}

static int search_lists(AvoRowCtx *row, int list)
{
    int refs = refs_searched(row, list), best = 0;
    for (int ref = 0; ref < refs; ref++) {
        AvoMv starts[AVO_STARTS_MAX];
        AvoMotion *m = &row->m16[list][ref];
        m->ref = (int8_t)ref;
        m->mvp = avo_mvpred_median(&row->cache, list, 0, 0, 4, ref);
        int n = avo_gather_starts(row, &avo_blk_16x16, list, ref, starts);
        int stop = ref ? row->m16[list][best].cost + row->m16[list][best].cost / 4 : AVO_COST_MAX;
        avo_motion_search(row, &avo_blk_16x16, list, starts, n, stop, m);
        if (m->cost < row->m16[list][best].cost)
            best = ref;
    }
    return best;
}

/* The reference that came second for the whole macroblock, if it is hardly worse; -1: none. */
static int second_ref(const AvoRowCtx *row, int list, int best)
{
    const AvoMotion *whole = row->m16[list];
    int refs = refs_searched(row, list), second = -1;
    for (int ref = 0; ref < refs; ref++)
        if (ref != best && (second < 0 || whole[ref].cost < whole[second].cost))
            second = ref;
    return second >= 0 && whole[second].cost <= whole[best].cost + whole[best].cost / 8 ? second
                                                                                        : -1;
}

/* The two references that are best alone need not be the best pair: each is also paired with the
 * other list's second. */
static void search_other_pairs(AvoRowCtx *row, const int best_ref[2], Way *pair)
{
    for (int list = 0; list < 2; list++) {
        int second = second_ref(row, list, best_ref[list]);
        if (second < 0)
            continue;
        Way way = {.use = {true, true},
                   .m = {row->m16[0][list ? best_ref[0] : second],
                         row->m16[1][list ? second : best_ref[1]]}};
        way.cost = avo_bidir_search(row, &avo_blk_16x16, &way.m[0], &way.m[1]) +
                   avo_rate(row, bits_16x16[2]);
        if (way.cost < pair->cost)
            *pair = way;
    }
}

/* List 0, list 1 and the pair for the whole macroblock; returns the index of the cheapest. */
static int search_b16(AvoRowCtx *row, int best_ref[2], Way way[3])
{
    for (int list = 0; list < 2; list++)
        best_ref[list] = search_lists(row, list);
    for (int i = 0; i < 3; i++) {
        way[i] = (Way){.use = {i != 1, i != 0},
                       .m = {row->m16[0][best_ref[0]], row->m16[1][best_ref[1]]}};
        way[i].cost = i < 2 ? way[i].m[i].cost
                            : avo_bidir_search(row, &avo_blk_16x16, &way[2].m[0], &way[2].m[1]);
        way[i].cost += avo_rate(row, bits_16x16[i]);
    }
    if (row->job->tools->mixed_refs_b)
        search_other_pairs(row, best_ref, &way[2]);
    int best = way[1].cost < way[0].cost;
    return way[2].cost < way[best].cost ? 2 : best;
}

static int direct_cost_8x8(const AvoRowCtx *row, int i, const pixel *direct_pred)
{
    const AvoSearchBlock *b = &avo_blk_8x8[i];
    return row->job->dsp->satd[AVO_BLK_8x8](row->cur + b->y * AVO_CUR_STRIDE + b->x, AVO_CUR_STRIDE,
                                            direct_pred + b->y * AVO_REC_STRIDE + b->x,
                                            AVO_REC_STRIDE) +
           avo_rate(row, BITS_SUB_DIRECT);
}

static int search_b8(AvoRowCtx *row, const int best_ref[2], const int direct_cost[4], Way way[4])
{
    int cost = avo_rate(row, BITS_8x8);
    PartRefs part[2];
    for (int list = 0; list < 2; list++)
        part[list] = (PartRefs){
            .refs = refs_of_parts(row, list, best_ref[list]),
            .searched = list_promises(row, best_ref, list) ? 1u << best_ref[list] : 0,
        };
    for (int i = 0; i < 4; i++) {
        search_way_8x8(row, &avo_blk_8x8[i], part, &way[i]);
        if (row->direct_valid && direct_cost[i] <= way[i].cost) {
            way[i].direct = true;
            way[i].cost = direct_cost[i];
            fill_cache_direct(row, i);
        } else {
            fill_cache(row, &avo_blk_8x8[i], &way[i]);
        }
        cost += way[i].cost;
    }
    return cost;
}

static int search_b_halves(AvoRowCtx *row, bool horizontal, const Way way8[4], int limit,
                           Way way[2])
{
    int cost = avo_rate(row, BITS_HALVES);
    for (int part = 0; part < 2; part++) {
        const AvoSearchBlock *b = horizontal ? &avo_blk_16x8[part] : &avo_blk_8x16[part];
        const Way *a = &way8[horizontal ? 2 * part : part],
                  *c = &way8[horizontal ? 2 * part + 1 : part + 2];
        search_way_half(row, b, part, a, c, &way[part]);
        fill_cache(row, b, &way[part]);
        cost += way[part].cost;
        if (cost > limit)
            return AVO_COST_MAX;
    }
    return cost;
}

static void make_b(AvoRowCtx *row, AvoMbCand *cand, AvoPartition partition, const Way *way)
{
    avo_cand_init(row, cand, partition == AVO_PART_8x8 ? AVO_MB_B8x8 : AVO_MB_B);
    cand->code.partition = (uint8_t)partition;
    AvoMbInfo *info = &cand->info;
    if (partition == AVO_PART_16x16) {
        set_way(info, &avo_blk_16x16, way);
    } else if (partition != AVO_PART_8x8) {
        for (int i = 0; i < 2; i++)
            set_way(info, partition == AVO_PART_16x8 ? &avo_blk_16x8[i] : &avo_blk_8x16[i],
                    &way[i]);
    } else {
        for (int i = 0; i < 4; i++) {
            cand->code.sub_type[i] = way[i].direct ? AVO_SUB_DIRECT : AVO_SUB_8x8;
            if (!way[i].direct) {
                set_way(info, &avo_blk_8x8[i], &way[i]);
                continue;
            }
            info->direct8x8 |= (uint8_t)(1 << i);
            for (int list = 0; list < 2; list++) {
                info->ref_idx[list][i] = row->direct.ref_idx[list][i];
                for (int k = 0; k < 4; k++) {
                    int raster = ((i >> 1) * 2 + (k >> 1)) * 4 + (i & 1) * 2 + (k & 1);
                    info->mv[list][raster] = row->direct.mv[list][raster];
                }
            }
        }
    }
    avo_seal_inter(row, cand);
}

/* Direct prediction, which is in row->pred, with a residual and, unless that disappeared,
 * without. */
static void try_direct(AvoRowCtx *row, int cost)
{
    avo_make_direct(row, row->trial, AVO_MB_B_DIRECT);
    avo_seal_inter(row, row->trial);
    avo_try_inter_predicted(row, cost);
    if (avo_rd_level(row) == AVO_RD_SATD || row->best->info.type == AVO_MB_B_SKIP)
        return;
    avo_make_direct(row, row->trial, AVO_MB_B_SKIP);
    avo_try_skip(row);
}

/* The lists that came second for the whole macroblock may still code it best; shown only by levels
 * as they will be. */
static void try_other_lists(AvoRowCtx *row, const Way way[3], int done, int best)
{
    for (int i = 0; i < 3; i++)
        if (i != done && way[i].cost <= best + best / 16) {
            make_b(row, row->trial, AVO_PART_16x16, &way[i]);
            avo_try_inter(row, way[i].cost);
        }
}

static int luma_satd(const AvoRowCtx *row)
{
    return row->job->dsp->satd[AVO_BLK_16x16](row->cur, AVO_CUR_STRIDE, row->pred, AVO_REC_STRIDE);
}

/* Looks at both kinds of direct prediction in a quarter of the macroblocks, for the choice of later
 * pictures. row->pred holds that of this picture's kind. */
static void compare_direct(AvoRowCtx *row)
{
    const AvoPicJob *job = row->job;
    int kind = !job->refs.direct_spatial, own = luma_satd(row), other = 2 * own;
    AvoDirect saved = row->direct;
    if (avo_direct_derive(&row->direct, &row->cache, &job->other_refs, row->mb_x, row->mb_y)) {
        predict_direct(row);
        other = luma_satd(row);
    }
    row->direct = saved;
    predict_direct(row);
    row->stats->direct_cost[kind] += own;
    row->stats->direct_cost[!kind] += other;
}

/* All that was found for one macroblock, SATD costs of partitions by AvoPartition. */
typedef struct Found {
    Way whole[3], rows[2], columns[2], quarters[4]; /* whole: list 0, list 1, both */
    int lists;                                      /* index of the cheapest in whole */
    int best_ref[2];
    int direct8[4], direct; /* cost of direct prediction, of each 8x8 and of all */
    int cost[4], best;
} Found;

/* Derives and measures direct prediction, which is left in row->pred. */
static void measure_direct(AvoRowCtx *row, Found *f)
{
    f->direct = AVO_COST_MAX;
    row->direct_valid =
        row->job->use_direct &&
        avo_direct_derive(&row->direct, &row->cache, &row->job->refs, row->mb_x, row->mb_y);
    if (!row->direct_valid)
        return;
    predict_direct(row);
    if (row->job->compare_direct && ((row->mb_x + row->mb_y) & 3) == 0)
        compare_direct(row);
    f->direct = avo_rate(row, BITS_DIRECT) - 4 * avo_rate(row, BITS_SUB_DIRECT);
    for (int i = 0; i < 4; i++) {
        f->direct8[i] = direct_cost_8x8(row, i, row->pred);
        f->direct += f->direct8[i];
    }
}

/* Quarters, and halves where those come near the best so far. Where SATD decides, halves that are
 * worse than the best cannot win. */
static void search_parts(AvoRowCtx *row, Found *f)
{
    int *cost = f->cost;
    cost[AVO_PART_8x8] = search_b8(row, f->best_ref, f->direct8, f->quarters);
    if (cost[AVO_PART_8x8] >= f->best + f->best / (row->job->tools->light ? 32 : 8))
        return;
    f->best = avo_min(f->best, cost[AVO_PART_8x8]);
    int limit = f->best + (avo_rd_level(row) == AVO_RD_SATD ? 0 : f->best / 8);
    cost[AVO_PART_16x8] = search_b_halves(row, true, f->quarters, limit, f->rows);
    cost[AVO_PART_8x16] = search_b_halves(row, false, f->quarters, limit, f->columns);
    f->best = avo_min(f->best, avo_min(cost[AVO_PART_16x8], cost[AVO_PART_8x16]));
}

/* Searches the whole macroblock by SATD; false if it was skipped on the way (left in row->best). */
static bool search_whole(AvoRowCtx *row, Found *f)
{
    measure_direct(row, f);
    bool nothing_left = row->job->tools->fast_pskip && f->direct < most_for_skip(row) &&
                        avo_residual_vanishes(row, row->pred);
    if (nothing_left && (f->direct < early_skip_limit(row) ||
                         (codes_cheaply(row) && direct_stands(row, f->direct)))) {
        take_b_skip(row);
        return false;
    }
    for (int part = AVO_PART_16x8; part <= AVO_PART_8x8; part++)
        f->cost[part] = AVO_COST_MAX;
    f->lists = search_b16(row, f->best_ref, f->whole);
    f->cost[AVO_PART_16x16] = f->whole[f->lists].cost;
    if (nothing_left && f->direct <= f->cost[AVO_PART_16x16]) {
        take_b_skip(row);
        return false;
    }
    f->best = avo_min(f->cost[AVO_PART_16x16], f->direct);
    return true;
}

/* Tries those of some partitions that came near the best. */
static void try_ways(AvoRowCtx *row, const Found *f, AvoPartition first, AvoPartition last)
{
    const Way *const ways[4] = {[AVO_PART_16x16] = &f->whole[f->lists],
                                [AVO_PART_16x8] = f->rows,
                                [AVO_PART_8x16] = f->columns,
                                [AVO_PART_8x8] = f->quarters};
    int limit = f->best;
    if (avo_rd_level(row) != AVO_RD_SATD)
        limit += f->best / (avo_rd_level(row) == AVO_RD_REFINE ? 8 : 16);
    for (int part = first; part <= (int)last; part++)
        if (f->cost[part] <= limit) {
            make_b(row, row->trial, (AvoPartition)part, ways[part]);
            avo_try_inter(row, f->cost[part]);
        }
}

/* Tries direct prediction and the whole macroblock. */
static void try_whole(AvoRowCtx *row, const Found *f)
{
    if (row->direct_valid && (avo_rd_level(row) != AVO_RD_SATD || f->direct == f->best))
        try_direct(row, f->direct);
    try_ways(row, f, AVO_PART_16x16, AVO_PART_16x16);
}

/* What leaves no residual is hardly better divided; known only where the whole has been coded. */
static bool may_divide(const AvoRowCtx *row, const Found *f)
{
    enum { BITS_IN_ANY_CASE = 250 * 256 };
    if (!row->job->tools->b8x8 || f->best <= small_enough(row))
        return false;
    return avo_rd_level(row) == AVO_RD_SATD || row->best->info.cbp ||
           f->best > avo_rate(row, BITS_IN_ANY_CASE);
}

static void try_inter(AvoRowCtx *row, Found *f)
{
    bool whole_first = avo_rd_level(row) != AVO_RD_SATD;
    if (whole_first)
        try_whole(row, f);
    if (may_divide(row, f))
        search_parts(row, f);
    if (!whole_first)
        try_whole(row, f);
    try_ways(row, f, AVO_PART_16x8, AVO_PART_8x8);
    if (whole_first && row->use_trellis)
        try_other_lists(row, f->whole, f->lists, f->best);
}

void avo_decide_b(AvoRowCtx *row)
{
    Found found;
    if (!search_whole(row, &found))
        return;
    try_inter(row, &found);
    avo_try_intra(row, found.best, BITS_INTRA);
    if (AVO_MB_IS_INTRA(row->best->info.type))
        return;
    if (avo_rd_level(row) == AVO_RD_SATD)
        avo_code_inter(row, row->best);
    else if (avo_rd_level(row) == AVO_RD_MODE)
        avo_try_other_transform(row);
}
