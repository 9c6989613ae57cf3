/* Vectors by true rate-distortion cost: the slowest presets move each vector of the chosen inter
 * macroblock by quarter samples, code the macroblock and keep what is really cheaper. A vector
 * whose prediction is worse than the one at hand is not coded: it hardly ever wins. */
#include "enc/decide.h"
#include "h264/predict.h"

/* A rectangle of 4x4 blocks with vectors of its own. */
typedef struct Part {
    uint8_t x, y, w, h;
} Part;

/* The partitions of an inter macroblock whose vectors are sent; returns how many. */
static int list_parts(const AvoMbCand *cand, Part part[16])
{
    static const Part whole = {0, 0, 4, 4}, rows[2] = {{0, 0, 4, 2}, {0, 2, 4, 2}},
                      columns[2] = {{0, 0, 2, 4}, {2, 0, 2, 4}};
    int n = 0;
    switch (cand->code.partition) {
    case AVO_PART_16x16:
        part[0] = whole;
        return 1;
    case AVO_PART_16x8:
        memcpy(part, rows, sizeof rows);
        return 2;
    case AVO_PART_8x16:
        memcpy(part, columns, sizeof columns);
        return 2;
    default:
        break;
    }
    for (int i = 0; i < 4; i++) {
        uint8_t x = (uint8_t)((i & 1) * 2), y = (uint8_t)((i >> 1) * 2);
        int sub = cand->code.sub_type[i];
        if (sub == AVO_SUB_DIRECT)
            continue;
        uint8_t w = sub == AVO_SUB_8x8 || sub == AVO_SUB_8x4 ? 2 : 1,
                h = sub == AVO_SUB_8x8 || sub == AVO_SUB_4x8 ? 2 : 1;
        for (uint8_t dy = 0; dy < 2; dy = (uint8_t)(dy + h))
            for (uint8_t dx = 0; dx < 2; dx = (uint8_t)(dx + w))
                part[n++] = (Part){(uint8_t)(x + dx), (uint8_t)(y + dy), w, h};
    }
    return n;
}

static AvoSearchBlock block_of(const Part *p)
{
    static const AvoBlkSize size[5][5] = {
        /* [w][h] */
        [4] = {[4] = AVO_BLK_16x16, [2] = AVO_BLK_16x8},
        [2] = {[4] = AVO_BLK_8x16, [2] = AVO_BLK_8x8, [1] = AVO_BLK_8x4},
        [1] = {[2] = AVO_BLK_4x8, [1] = AVO_BLK_4x4},
    };
    return (AvoSearchBlock){size[p->w][p->h], (uint8_t)(4 * p->x), (uint8_t)(4 * p->y),
                            (uint8_t)(4 * p->w), (uint8_t)(4 * p->h)};
}

/* One part and list whose vector is moved. */
typedef struct Moving {
    Part part;
    int list;
    AvoSearchBlock block;
    int transform_8x8; /* the transform before any trial: without levels it is forgotten */
    int satd;          /* of the macroblock as row->best predicts it */
} Moving;

/* What a prediction may be worse than the one at hand, as a share of it: 1 / 2^WORSE_SHIFT. */
enum { WORSE_SHIFT = 4 };

static int part_satd(const AvoRowCtx *row, const Moving *m, const pixel *pred)
{
    const AvoSearchBlock *b = &m->block;
    return row->job->dsp->satd[b->size](row->cur + b->y * AVO_CUR_STRIDE + b->x, AVO_CUR_STRIDE,
                                        pred + b->y * AVO_REC_STRIDE + b->x, AVO_REC_STRIDE);
}

/* Predicts the part by a moved vector: luma into row->pred, and if that is not too bad the rest of
 * the macroblock there, too. Returns the macroblock's SATD, or -1. */
static int predict_moved(AvoRowCtx *row, const Moving *m, AvoMv moved)
{
    const AvoMbCand *best = row->best;
    const Part *p = &m->part;
    int at = 4 * p->y + p->x, blk8 = (p->y & 2) + (p->x >> 1);
    const int8_t refs[2] = {best->info.ref_idx[0][blk8], best->info.ref_idx[1][blk8]};
    AvoMv mv[2] = {best->info.mv[0][at], best->info.mv[1][at]};
    mv[m->list] = moved;
    bool chroma = row->syntax.chroma_format;
    avo_predict_block(&row->predict, row->mb_x, row->mb_y, p->x, p->y, p->w, p->h, refs, mv, 1,
                      row->pred, NULL, NULL);
    int satd = m->satd - part_satd(row, m, best->pred) + part_satd(row, m, row->pred);
    if (satd > m->satd + (m->satd >> WORSE_SHIFT))
        return -1;
    memcpy(row->pred, best->pred, sizeof row->pred);
    avo_predict_block(&row->predict, row->mb_x, row->mb_y, p->x, p->y, p->w, p->h, refs, mv,
                      chroma ? 3 : 1, row->pred, row->pred + AVO_REC_CB, row->pred + AVO_REC_CR);
    return satd;
}

/* Tries the macroblock in row->best with the vector moved; true if that was better. */
static bool try_moved(AvoRowCtx *row, Moving *m, AvoMv mv)
{
    AvoMbCand *cand = row->trial;
    const AvoMbInfo *best = &row->best->info;
    const Part *p = &m->part;
    if (!avo_motion_inside(row, &m->block, mv))
        return false;
    int satd = predict_moved(row, m, mv);
    if (satd < 0)
        return false;
    avo_trial_like_best(row);
    cand->info.transform_8x8 = (uint8_t)m->transform_8x8;
    int ref = best->ref_idx[m->list][(p->y & 2) + (p->x >> 1)];
    avo_set_motion(&cand->info, m->list, p->x, p->y, p->w, p->h, ref, mv);
    avo_seal_inter(row, cand);
    avo_code_inter_residual(row, cand);
    if (!avo_score_trial(row))
        return false;
    m->satd = satd;
    return true;
}

static void refine_vector(AvoRowCtx *row, const Part *p, int list, int rounds)
{
    static const int8_t around[8][2] = {{0, -1},  {-1, 0}, {1, 0},  {0, 1},
                                        {-1, -1}, {1, -1}, {-1, 1}, {1, 1}};
    const AvoDsp *dsp = row->job->dsp;
    int directions = row->job->tools->refine_square ? 8 : 4;
    Moving m = {*p, list, block_of(p), row->best->info.transform_8x8, 0};
    m.satd = dsp->satd[AVO_BLK_16x16](row->cur, AVO_CUR_STRIDE, row->best->pred, AVO_REC_STRIDE);
    while (rounds-- > 0) {
        AvoMv centre = row->best->info.mv[list][4 * p->y + p->x];
        bool moved = false;
        for (int i = 0; i < directions && !AVO_MB_IS_SKIP(row->best->info.type); i++) {
            AvoMv mv = {(int16_t)(centre.x + around[i][0]), (int16_t)(centre.y + around[i][1])};
            moved |= try_moved(row, &m, mv);
        }
        if (!moved)
            return;
    }
}

void avo_refine_vectors(AvoRowCtx *row)
{
    const AvoMbInfo *info = &row->best->info;
    if (AVO_MB_IS_INTRA(info->type) || AVO_MB_IS_SKIP(info->type) || info->type == AVO_MB_B_DIRECT)
        return;
    Part part[16];
    int n = list_parts(row->best, part), rounds = row->job->tools->refine_rounds;
    for (int i = 0; i < n; i++)
        for (int list = 0; list < 2; list++) {
            if (AVO_MB_IS_SKIP(row->best->info.type))
                return;
            if (row->best->info.ref_idx[list][(part[i].y & 2) + (part[i].x >> 1)] >= 0)
                refine_vector(row, &part[i], list, rounds);
        }
}
