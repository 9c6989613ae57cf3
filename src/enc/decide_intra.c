/* Intra modes. Intra16x16 and chroma are searched by SATD; 4x4 and 8x8 blocks must be coded one
 * after another because each predicts from the one before, so trying them and coding them is the
 * same walk. */
#include "enc/block_quant.h"
#include "enc/coding.h"
#include "enc/decide.h"
#include "enc/edges.h"

/* Bits of an intra prediction mode of a 4x4 or 8x8 block, 1/256 bit. */
typedef struct ModeBits {
    int predicted, other;
} ModeBits;

static ModeBits mode_bits(const AvoRowCtx *row)
{
    if (!row->syntax.cabac)
        return (ModeBits){256, 4 * 256};
    int flag = row->contexts.state[68], rem = row->contexts.state[69];
    int rem_bit = (avo_cabac_entropy[rem] + avo_cabac_entropy[rem ^ 1]) / 2;
    return (ModeBits){avo_cabac_entropy[flag ^ 1],
                      avo_cabac_entropy[flag] + 3 * avo_min(rem_bit, 320)};
}

/* 8.3.1.1 and 8.3.2.1: mode of a neighbouring macroblock's block, -1 if it cannot be used. */
static int neighbour_mode(const AvoRowCtx *row, const AvoMbInfo *mb, int raster)
{
    if (!mb || (row->job->tools->constrained_intra && !AVO_MB_IS_INTRA(mb->type)))
        return -1;
    return mb->intra_mode[raster];
}

/* Predicted mode of the block whose upper left 4x4 block is (x, y). */
static int predicted_mode(const AvoRowCtx *row, const AvoMbInfo *info, int x, int y)
{
    int a = x ? info->intra_mode[y * 4 + x - 1] : neighbour_mode(row, row->nb.a, y * 4 + 3);
    int b = y ? info->intra_mode[(y - 1) * 4 + x] : neighbour_mode(row, row->nb.b, 12 + x);
    return a < 0 || b < 0 ? AVO_I4_DC : avo_min(a, b);
}

static int8_t coded_mode(int mode, int predicted)
{
    return (int8_t)(mode == predicted ? -1 : mode < predicted ? mode : mode - 1);
}

/* ---- Intra16x16 and chroma ---- */

void avo_intra16_search(AvoRowCtx *row, AvoIntraChoice *choice)
{
    const AvoDsp *dsp = row->job->dsp;
    AVO_ALIGN(16) pixel line[AVO_EDGE_LINE];
    unsigned have = avo_edge_mb(row, 0, line);
    choice->cost16 = AVO_COST_MAX;
    for (int mode = AVO_I16_V; mode <= AVO_I16_PLANE; mode++) {
        choice->cost_of_mode16[mode] = AVO_COST_MAX;
        if (!avo_i16_mode_legal(mode, have))
            continue;
        pixel *p = row->block[0];
        dsp->intra_16x16[avo_i16_predictor(mode, have)](p, AVO_REC_STRIDE,
                                                        line + AVO_EDGE_CORNER_AT);
        int cost = dsp->satd[AVO_BLK_16x16](row->cur, AVO_CUR_STRIDE, p, AVO_REC_STRIDE);
        cost += avo_rate(row, mode == AVO_I16_PLANE ? 768 : 512);
        choice->cost_of_mode16[mode] = cost;
        if (cost < choice->cost16) {
            choice->cost16 = cost;
            choice->mode16 = mode;
        }
    }
}

/* The neighbours of both planes' chroma. */
typedef struct ChromaEdges {
    AVO_ALIGN(16) pixel line[2][AVO_EDGE_LINE];
    unsigned have;
} ChromaEdges;

static void find_chroma_edges(const AvoRowCtx *row, ChromaEdges *edges)
{
    for (int plane = 1; plane <= 2; plane++)
        edges->have = avo_edge_mb(row, plane, edges->line[plane - 1]);
}

static void predict_chroma(const AvoRowCtx *row, const ChromaEdges *edges, int mode, pixel *cb,
                           pixel *cr)
{
    AvoIntraFn predict = row->job->dsp->intra_chroma[avo_chroma_predictor(mode, edges->have)];
    predict(cb, AVO_REC_STRIDE, edges->line[0] + AVO_EDGE_CORNER_AT);
    predict(cr, AVO_REC_STRIDE, edges->line[1] + AVO_EDGE_CORNER_AT);
}

void avo_predict_intra_chroma(const AvoRowCtx *row, int mode, pixel *cb, pixel *cr)
{
    ChromaEdges edges;
    find_chroma_edges(row, &edges);
    predict_chroma(row, &edges, mode, cb, cr);
}

static int chroma_mode_bits(int mode)
{
    static const int16_t bits[4] = {256, 3 * 256, 3 * 256, 5 * 256};
    return bits[mode];
}

static void chroma_search(AvoRowCtx *row, AvoIntraChoice *choice)
{
    const AvoDsp *dsp = row->job->dsp;
    ChromaEdges edges;
    choice->chroma_done = true;
    choice->chroma_mode = AVO_IC_DC;
    choice->chroma_cost = 0;
    if (!row->syntax.chroma_format)
        return;
    choice->chroma_cost = AVO_COST_MAX;
    find_chroma_edges(row, &edges);
    for (int mode = AVO_IC_DC; mode <= AVO_IC_PLANE; mode++) {
        if (!avo_chroma_mode_legal(mode, row->intra_edges))
            continue;
        pixel *p = row->block[0];
        predict_chroma(row, &edges, mode, p + AVO_REC_CB, p + AVO_REC_CR);
        int cost = avo_rate(row, chroma_mode_bits(mode));
        cost += dsp->satd[AVO_BLK_8x8](row->cur + AVO_CUR_CB, AVO_CUR_STRIDE, p + AVO_REC_CB,
                                       AVO_REC_STRIDE);
        cost += dsp->satd[AVO_BLK_8x8](row->cur + AVO_CUR_CR, AVO_CUR_STRIDE, p + AVO_REC_CR,
                                       AVO_REC_STRIDE);
        if (cost < choice->chroma_cost) {
            choice->chroma_cost = cost;
            choice->chroma_mode = mode;
        }
    }
}

static void code_intra_chroma(AvoRowCtx *row, AvoMbCand *cand, AvoIntraChoice *choice)
{
    if (!choice->chroma_done)
        chroma_search(row, choice);
    cand->info.intra_chroma_mode = (uint8_t)choice->chroma_mode;
    if (row->syntax.chroma_format)
        avo_predict_intra_chroma(row, choice->chroma_mode, cand->rec + AVO_REC_CB,
                                 cand->rec + AVO_REC_CR);
    avo_code_chroma(row, cand, true);
}

static void code_i16(AvoRowCtx *row, AvoMbCand *cand, AvoIntraChoice *choice, int mode)
{
    AVO_ALIGN(16) pixel line[AVO_EDGE_LINE];
    avo_cand_init(row, cand, AVO_MB_I16x16);
    unsigned have = avo_edge_mb(row, 0, line);
    row->job->dsp->intra_16x16[avo_i16_predictor(mode, have)](cand->rec, AVO_REC_STRIDE,
                                                              line + AVO_EDGE_CORNER_AT);
    cand->code.intra16_mode = (uint8_t)mode;
    avo_code_i16_luma(row, cand);
    code_intra_chroma(row, cand, choice);
}

/* ---- blocks of 4x4 and 8x8: the same walk with size 4 or 8 ---- */

typedef struct ModeCost {
    int mode, cost;
} ModeCost;

/* SATD costs of the legal modes of a block that lacks neighbours. */
static void costs_at_border(AvoRowCtx *row, int size, const pixel *cur, const pixel *edge,
                            unsigned have, int cost[9])
{
    const AvoDsp *dsp = row->job->dsp;
    const AvoIntraFn *predict = size == 4 ? dsp->intra_4x4 : dsp->intra_8x8;
    AvoCostFn measure = size == 4 ? dsp->satd[AVO_BLK_4x4] : dsp->sa8d[AVO_BLK_8x8];
    pixel *p = row->block[0];
    for (int mode = AVO_I4_V; mode <= AVO_I4_HU; mode++) {
        cost[mode] = AVO_COST_MAX;
        if (!avo_i4_mode_legal(mode, have))
            continue;
        predict[avo_i4_predictor(mode, have)](p, AVO_REC_STRIDE, edge);
        cost[mode] = measure(cur, AVO_CUR_STRIDE, p, AVO_REC_STRIDE);
    }
}

/* The cheapest mode, of equals the first. Which it is cannot be predicted, so there is no branch on
 * it. */
static ModeCost cheapest_mode(const int cost[9])
{
    int64_t least = (int64_t)cost[AVO_I4_V] * 16 + AVO_I4_V;
    for (int mode = AVO_I4_H; mode <= AVO_I4_HU; mode++)
        least = avo_min64(least, (int64_t)cost[mode] * 16 + mode);
    return (ModeCost){(int)(least & 15), (int)(least >> 4)};
}

/* Legal modes by SATD and bits, cheapest first, at most `keep`. Returns how many. */
static int rank_modes(AvoRowCtx *row, int size, int x, int y, const pixel *edge, unsigned have,
                      int predicted, ModeBits bits, int keep, ModeCost *ranked)
{
    const unsigned whole = AVO_EDGE_LEFT | AVO_EDGE_TOP | AVO_EDGE_CORNER;
    const AvoDsp *dsp = row->job->dsp;
    const pixel *cur = row->cur + y * AVO_CUR_STRIDE + x;
    int satd[9], n = 0, other = avo_rate(row, bits.other);
    if ((have & whole) != whole)
        costs_at_border(row, size, cur, edge, have, satd);
    else if (size == 4)
        dsp->intra_satd_x9_4x4(cur, edge, satd);
    else
        dsp->intra_sa8d_x9_8x8(cur, edge, satd);
    satd[predicted] += avo_rate(row, bits.predicted) - other;
    if (keep == 1) {
        ranked[0] = cheapest_mode(satd);
        ranked[0].cost += other;
        return 1;
    }
    for (int mode = AVO_I4_V; mode <= AVO_I4_HU; mode++) {
        int cost = satd[mode] + other;
        if (cost >= AVO_COST_MAX || (n == keep && cost >= ranked[n - 1].cost))
            continue;
        int at = n < keep ? n++ : keep - 1;
        while (at > 0 && ranked[at - 1].cost > cost) {
            ranked[at] = ranked[at - 1];
            at--;
        }
        ranked[at] = (ModeCost){mode, cost};
    }
    return n;
}

static void predict_block(const AvoRowCtx *row, AvoMbCand *cand, int size, int x, int y, int mode,
                          const pixel *edge, unsigned have)
{
    pixel *rec = cand->rec + y * AVO_REC_STRIDE + x;
    const AvoIntraFn *table = size == 4 ? row->job->dsp->intra_4x4 : row->job->dsp->intra_8x8;
    table[avo_i4_predictor(mode, have)](rec, AVO_REC_STRIDE, edge);
}

static void code_block(AvoRowCtx *row, AvoMbCand *cand, int size, int x, int y)
{
    if (size == 4)
        avo_code_intra_4x4(row, cand, (y >> 2) * 4 + (x >> 2));
    else
        avo_code_intra_8x8(row, cand, (y >> 3) * 2 + (x >> 3));
}

static int64_t block_ssd(const AvoRowCtx *row, const AvoMbCand *cand, int size, int x, int y)
{
    return row->job->dsp->ssd[size == 4 ? AVO_BLK_4x4 : AVO_BLK_8x8](
        row->cur + y * AVO_CUR_STRIDE + x, AVO_CUR_STRIDE, cand->rec + y * AVO_REC_STRIDE + x,
        AVO_REC_STRIDE);
}

/* SSD + lambda2 * bits of the block just coded. */
static int64_t block_score(AvoRowCtx *row, const AvoMbCand *cand, int size, int x, int y,
                           int mode_bits_q8)
{
    int raster = (y >> 2) * 4 + (x >> 2);
    const int16_t *levels = cand->levels.luma[avo_blk_coding[raster]];
    int64_t ssd = block_ssd(row, cand, size, x, y);
    uint32_t bits = (uint32_t)mode_bits_q8;
    bool coded = cand->info.nnz[raster] ||
                 (size == 8 && (cand->info.nnz[raster + 1] || cand->info.nnz[raster + 4] ||
                                cand->info.nnz[raster + 5]));
    if (row->syntax.cabac && size == 4) {
        int inc = avo_block_cbf_inc(row, &cand->info, raster);
        bits += coded ? avo_block_bits_kept(&row->contexts, AVO_CAT_LUMA_4x4, inc, levels)
                      : avo_cabac_entropy[row->contexts.state[93 + inc]];
    } else if (row->syntax.cabac) {
        bits += coded ? avo_block_bits_kept(&row->contexts, AVO_CAT_LUMA_8x8, 0, levels) : 0;
    } else if (coded) {
        for (int i = 0; i < (size == 4 ? 1 : 4); i++)
            bits += avo_block_bits_cavlc(AVO_CAT_LUMA_4x4, 2, levels + 16 * i);
    } else {
        bits += 256;
    }
    return avo_rd_score(row, ssd, bits);
}

/* A coded block, put aside while others are tried in its place. */
typedef struct CodedBlock {
    AVO_ALIGN(16) int16_t levels[64];
    AVO_ALIGN(16) pixel rec[64];
    uint8_t nnz[4];
} CodedBlock;

static void save_block(CodedBlock *to, const AvoMbCand *cand, int size, int raster)
{
    const pixel *rec = cand->rec + (raster >> 2) * 4 * AVO_REC_STRIDE + (raster & 3) * 4;
    const uint8_t *nnz = &cand->info.nnz[raster];
    memcpy(to->levels, cand->levels.luma[avo_blk_coding[raster]],
           (size_t)(size * size) * sizeof *to->levels);
    for (int y = 0; y < size; y++)
        memcpy(to->rec + y * size, rec + y * AVO_REC_STRIDE, (size_t)size * sizeof *rec);
    for (int i = 0; i < (size == 4 ? 1 : 4); i++)
        to->nnz[i] = nnz[(i >> 1) * 4 + (i & 1)];
}

static void restore_block(AvoMbCand *cand, const CodedBlock *from, int size, int raster)
{
    pixel *rec = cand->rec + (raster >> 2) * 4 * AVO_REC_STRIDE + (raster & 3) * 4;
    uint8_t *nnz = &cand->info.nnz[raster];
    memcpy(cand->levels.luma[avo_blk_coding[raster]], from->levels,
           (size_t)(size * size) * sizeof *from->levels);
    for (int y = 0; y < size; y++)
        memcpy(rec + y * AVO_REC_STRIDE, from->rec + y * size, (size_t)size * sizeof *rec);
    for (int i = 0; i < (size == 4 ? 1 : 4); i++)
        nnz[(i >> 1) * 4 + (i & 1)] = from->nnz[i];
}

/* One block whose mode is being chosen. */
typedef struct BlockSite {
    int size, x, y;
    const pixel *edge;
    unsigned have;
    int predicted;
} BlockSite;

/* Codes the block by each of n modes and leaves it as by the best, whose index is returned. */
static int choose_mode(AvoRowCtx *row, AvoMbCand *cand, const BlockSite *b, const ModeCost *ranked,
                       int n, ModeBits bits)
{
    CodedBlock saved;
    int64_t least = INT64_MAX;
    int best = 0, raster = (b->y >> 2) * 4 + (b->x >> 2);
    for (int i = 0; i < n; i++) {
        predict_block(row, cand, b->size, b->x, b->y, ranked[i].mode, b->edge, b->have);
        code_block(row, cand, b->size, b->x, b->y);
        int mode_bits_q8 = ranked[i].mode == b->predicted ? bits.predicted : bits.other;
        int64_t score = block_score(row, cand, b->size, b->x, b->y, mode_bits_q8);
        if (score >= least)
            continue;
        least = score;
        best = i;
        if (i + 1 < n)
            save_block(&saved, cand, b->size, raster);
    }
    if (best + 1 < n)
        restore_block(cand, &saved, b->size, raster);
    return best;
}

/* Small blocks in coding order: what has come together so far. */
typedef struct Walk {
    ModeBits bits;
    int cost; /* SATD and bits of the modes */
    int64_t ssd;
    uint32_t mode_bits_q8;
    AvoCodingMark group;
} Walk;

/* Chooses the mode of one block and leaves the block coded. */
static void decide_block(AvoRowCtx *row, AvoMbCand *cand, int size, int x, int y, Walk *walk)
{
    AVO_ALIGN(16) pixel line[AVO_EDGE_LINE];
    BlockSite b = {.size = size, .x = x, .y = y, .edge = line + AVO_EDGE_CORNER_AT};
    b.predicted = predicted_mode(row, &cand->info, x >> 2, y >> 2);
    b.have = size == 4 ? avo_edge_4x4(row, cand->rec, x >> 2, y >> 2, line)
                       : avo_edge_8x8(row, cand->rec, x >> 3, y >> 3, line);
    ModeCost ranked[9];
    int keep = avo_rd_level(row) == AVO_RD_REFINE ? 3 : 1, best = 0;
    int n = rank_modes(row, size, x, y, b.edge, b.have, b.predicted, walk->bits, keep, ranked);
    while (n > 1 && ranked[n - 1].cost > ranked[0].cost * 9 / 8 + 16)
        n--;
    if (n > 1) {
        best = choose_mode(row, cand, &b, ranked, n, walk->bits);
    } else {
        predict_block(row, cand, size, x, y, ranked[0].mode, b.edge, b.have);
        code_block(row, cand, size, x, y);
    }
    int mode = ranked[best].mode;
    avo_coding_follow_intra(row, cand, size, (y >> 2) * 4 + (x >> 2), &walk->group);
    for (int j = 0; j < size / 4; j++)
        for (int i = 0; i < size / 4; i++)
            cand->info.intra_mode[((y >> 2) + j) * 4 + (x >> 2) + i] = (int8_t)mode;
    int coding = avo_blk_coding[(y >> 2) * 4 + (x >> 2)];
    cand->code.intra_pred[size == 4 ? coding : coding >> 2] = coded_mode(mode, b.predicted);
    walk->cost += ranked[best].cost;
    walk->mode_bits_q8 += (uint32_t)(mode == b.predicted ? walk->bits.predicted : walk->bits.other);
}

/* Whether luma up to blk8, where an 8x8 has just been finished, leaves room below row->best in
 * truth. Levels count where their bits are known. What is to come is not guessed, as it is for
 * inter candidates: next to those, that goes wrong too often (0.3 to 0.5 %). */
static bool walk_may_win(const AvoRowCtx *row, AvoMbCand *cand, int blk8, Walk *walk)
{
    walk->ssd += block_ssd(row, cand, 8, (blk8 & 1) * 8, (blk8 >> 1) * 8);
    uint32_t bits = walk->mode_bits_q8 + cand->luma_bits_q8;
    return avo_rd_score(row, walk->ssd, bits) < row->best->score;
}

/* The whole walk; gives up with AVO_COST_MAX once the SATD cost exceeds limit, or luma costs too
 * much in truth. */
static int code_blocks(AvoRowCtx *row, AvoMbCand *cand, int size, int limit)
{
    avo_cand_init(row, cand, size == 4 ? AVO_MB_I4x4 : AVO_MB_I8x8);
    cand->info.transform_8x8 = size == 8;
    avo_coding_start_luma(row, cand);
    Walk walk = {.bits = mode_bits(row), .cost = avo_rate(row, 256)};
    bool by_truth = avo_rd_level(row) != AVO_RD_SATD;
    int per_block = size * size / 16;
    for (int i = 0; i < 16; i += per_block) {
        int raster = avo_blk_raster[i];
        decide_block(row, cand, size, (raster & 3) * 4, (raster >> 2) * 4, &walk);
        if (walk.cost > limit)
            return AVO_COST_MAX;
        if (by_truth && (i + per_block) % 4 == 0 && !walk_may_win(row, cand, i >> 2, &walk))
            return AVO_COST_MAX;
    }
    avo_cbp_from_nnz(cand);
    return walk.cost;
}

void avo_refine_chroma_mode(AvoRowCtx *row)
{
    int first = row->best->info.intra_chroma_mode;
    if (!row->syntax.chroma_format || row->best->info.type == AVO_MB_IPCM)
        return;
    for (int mode = AVO_IC_DC; mode <= AVO_IC_PLANE; mode++) {
        if (mode == first || !avo_chroma_mode_legal(mode, row->intra_edges))
            continue;
        AvoMbCand *trial = row->trial;
        const AvoMbCand *best = row->best;
        memcpy(trial->rec, best->rec, sizeof trial->rec);
        trial->levels = best->levels;
        avo_trial_like_best(row);
        avo_coding_keep_luma(trial, best);
        trial->info.intra_chroma_mode = (uint8_t)mode;
        avo_predict_intra_chroma(row, mode, trial->rec + AVO_REC_CB, trial->rec + AVO_REC_CR);
        avo_code_chroma(row, trial, true);
        avo_score_trial(row);
    }
}

/* ---- all together ---- */

static void score_trial(AvoRowCtx *row, int cost)
{
    if (avo_rd_level(row) != AVO_RD_SATD) {
        avo_score_trial(row);
        return;
    }
    row->trial->score = cost;
    avo_keep_if_better(row);
}

/* Intra16x16: the mode that SATD likes best; where modes are refined,
 * those it likes hardly less, too. */
static void try_i16(AvoRowCtx *row, AvoIntraChoice *choice, int cost)
{
    code_i16(row, row->trial, choice, choice->mode16);
    score_trial(row, cost);
    for (int mode = AVO_I16_V; avo_rd_level(row) == AVO_RD_REFINE && mode <= AVO_I16_PLANE; mode++)
        if (mode != choice->mode16 &&
            choice->cost_of_mode16[mode] <= choice->cost16 + choice->cost16 / 8) {
            code_i16(row, row->trial, choice, mode);
            score_trial(row, cost);
        }
}

static void try_blocks(AvoRowCtx *row, AvoIntraChoice *choice, int size, int type_cost, int limit)
{
    int cost = code_blocks(row, row->trial, size, limit);
    if (cost == AVO_COST_MAX)
        return;
    code_intra_chroma(row, row->trial, choice);
    score_trial(row, cost + type_cost);
}

/* Whether 4x4 and 8x8 blocks, which must be coded to be measured, promise anything next to inter
 * prediction. Encoders that do not divide inter macroblocks either keep them for I pictures, unless
 * they have both kinds. They will not beat what leaves no residual, in B pictures and where only
 * what is near deserves to be coded. */
static bool blocks_promise(const AvoRowCtx *row, int cost16, int inter_cost)
{
    const AvoTools *tools = row->job->tools;
    if (inter_cost == AVO_COST_MAX)
        return true;
    if (!tools->p8x8 && !tools->i8x8)
        return false;
    bool is_b = row->syntax.slice_type == AVO_SLICE_B && avo_rd_level(row) == AVO_RD_MODE;
    if ((is_b || tools->near_only) && !row->best->info.cbp)
        return false;
    int halves = 4 - (tools->narrow || tools->near_only) - (avo_rd_level(row) == AVO_RD_SATD);
    return 2 * cost16 <= halves * inter_cost;
}

/* Where SATD decides, only what is better than all before deserves to be coded to its end: blocks
 * give up at the best cost so far, and Intra16x16, which need not be coded to be measured, comes
 * last. near: cost that inter prediction has. */
static void try_by_satd(AvoRowCtx *row, AvoIntraChoice *choice, int type_cost, int near,
                        bool blocks)
{
    const AvoTools *tools = row->job->tools;
    int64_t before = row->best->score;
    int limit = avo_min(near, choice->cost16 - 1);
    if (blocks && tools->i8x8)
        try_blocks(row, choice, 8, type_cost, limit);
    if (row->best->score < before)
        limit = (int)avo_min64(limit, row->best->score - type_cost - 1);
    if (blocks && tools->i4x4)
        try_blocks(row, choice, 4, type_cost, limit);
    if (row->best->score == before && choice->cost16 + type_cost < near)
        try_i16(row, choice, choice->cost16 + type_cost);
}

/* Next to inter prediction only what comes near it deserves the work of coding. */
static void try_by_true_cost(AvoRowCtx *row, AvoIntraChoice *choice, int type_cost, int near,
                             bool blocks)
{
    const AvoTools *tools = row->job->tools;
    if (choice->cost16 + type_cost < near)
        try_i16(row, choice, choice->cost16 + type_cost);
    int limit = avo_min(near, choice->cost16 + choice->cost16 / 4);
    if (blocks && tools->i8x8)
        try_blocks(row, choice, 8, type_cost, limit);
    if (blocks && tools->i4x4)
        try_blocks(row, choice, 4, type_cost, limit);
}

/* A look at the mean of the border alone: where that comes nowhere near the inter prediction, other
 * modes hardly win. */
static bool intra_promises(AvoRowCtx *row, int inter_cost)
{
    const AvoDsp *dsp = row->job->dsp;
    AVO_ALIGN(16) pixel line[AVO_EDGE_LINE];
    pixel *p = row->block[0];
    unsigned have = avo_edge_mb(row, 0, line);
    dsp->intra_16x16[avo_i16_predictor(AVO_I16_DC, have)](p, AVO_REC_STRIDE,
                                                          line + AVO_EDGE_CORNER_AT);
    return dsp->sad[AVO_BLK_16x16](row->cur, AVO_CUR_STRIDE, p, AVO_REC_STRIDE) <=
           row->job->tools->intra_reach * inter_cost;
}

/* SATD cost up to which intra prediction may still win by true cost. */
static int near_inter(const AvoRowCtx *row, int inter_cost)
{
    if (inter_cost == AVO_COST_MAX)
        return AVO_COST_MAX;
    if (row->syntax.slice_type == AVO_SLICE_B && avo_rd_level(row) == AVO_RD_MODE)
        return inter_cost;
    return inter_cost + inter_cost / 4;
}

void avo_try_intra(AvoRowCtx *row, int inter_cost, int type_bits_q8)
{
    AvoIntraChoice choice = {0};
    if (row->job->tools->intra_reach && inter_cost != AVO_COST_MAX &&
        !intra_promises(row, inter_cost))
        return;
    int type_cost = avo_rate(row, type_bits_q8);
    avo_intra16_search(row, &choice);
    /* Intra refresh: small blocks would look at samples above right that are not clean yet. */
    bool spoilt = row->job->refresh_limits && row->mb_x + 1 == row->job->refresh_end;
    bool blocks = !spoilt && blocks_promise(row, choice.cost16 + type_cost, inter_cost);
    if (avo_rd_level(row) == AVO_RD_SATD)
        try_by_satd(row, &choice, type_cost, inter_cost, blocks);
    else
        try_by_true_cost(row, &choice, type_cost, near_inter(row, inter_cost), blocks);
}

void avo_try_pcm(AvoRowCtx *row)
{
    avo_cand_init(row, row->trial, AVO_MB_IPCM);
    row->trial->info.qp = 0;
    avo_code_pcm(row, row->trial);
    row->trial->bits_q8 = 256 * 3088;
    row->trial->ssd = 0;
    avo_swap_cand(row);
}
