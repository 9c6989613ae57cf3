/* Vectors by true rate-distortion cost: the slowest presets move each vector of the chosen inter macroblock by quarter
 * samples, code the macroblock and keep what is really cheaper. */
#include "enc/decide.h"

/* A rectangle of 4x4 blocks with vectors of its own. */
typedef struct Part {
    uint8_t x, y, w, h;
} Part;

/* The partitions of an inter macroblock whose vectors are sent; returns how many. */
static int list_parts(const AvoMbCand *cand, Part part[16])
{
    static const Part whole = {0, 0, 4, 4}, rows[2] = {{0, 0, 4, 2}, {0, 2, 4, 2}}, columns[2] = {{0, 0, 2, 4}, {2, 0, 2, 4}};
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
        uint8_t w = sub == AVO_SUB_8x8 || sub == AVO_SUB_8x4 ? 2 : 1, h = sub == AVO_SUB_8x8 || sub == AVO_SUB_4x8 ? 2 : 1;
        for (uint8_t dy = 0; dy < 2; dy = (uint8_t)(dy + h))
            for (uint8_t dx = 0; dx < 2; dx = (uint8_t)(dx + w))
                part[n++] = (Part){(uint8_t)(x + dx), (uint8_t)(y + dy), w, h};
    }
    return n;
}

static AvoSearchBlock block_of(const Part *p)
{
    static const AvoBlkSize size[5][5] = { /* [w][h] */
        [4] = {[4] = AVO_BLK_16x16, [2] = AVO_BLK_16x8},
        [2] = {[4] = AVO_BLK_8x16, [2] = AVO_BLK_8x8, [1] = AVO_BLK_8x4},
        [1] = {[2] = AVO_BLK_4x8, [1] = AVO_BLK_4x4},
    };
    return (AvoSearchBlock){size[p->w][p->h], (uint8_t)(4 * p->x), (uint8_t)(4 * p->y), (uint8_t)(4 * p->w), (uint8_t)(4 * p->h)};
}

/* Tries the macroblock in row->best with one vector moved; true if that was better. */
static bool try_moved(AvoRowCtx *row, const Part *p, int list, AvoMv mv, int transform_8x8)
{
    AvoMbCand *cand = row->trial;
    const AvoMbInfo *best = &row->best->info;
    AvoSearchBlock b = block_of(p);
    if (!avo_motion_inside(row, &b, mv))
        return false;
    cand->info = *best;
    cand->code = row->best->code;
    cand->info.transform_8x8 = (uint8_t)transform_8x8;
    int ref = best->ref_idx[list][(p->y & 2) + (p->x >> 1)];
    avo_set_motion(&cand->info, list, p->x, p->y, p->w, p->h, ref, mv);
    avo_seal_inter(row, cand);
    avo_predict_inter(row, &cand->info, row->pred);
    avo_code_inter_residual(row, cand);
    return avo_score_trial(row);
}

static void refine_vector(AvoRowCtx *row, const Part *p, int list, int rounds)
{
    static const int8_t around[8][2] = {{0, -1}, {-1, 0}, {1, 0}, {0, 1}, {-1, -1}, {1, -1}, {-1, 1}, {1, 1}};
    int t8 = row->best->info.transform_8x8, directions = row->job->tools->refine_square ? 8 : 4;
    while (rounds-- > 0) {
        AvoMv centre = row->best->info.mv[list][4 * p->y + p->x];
        bool moved = false;
        for (int i = 0; i < directions && !AVO_MB_IS_SKIP(row->best->info.type); i++) {
            AvoMv mv = {(int16_t)(centre.x + around[i][0]), (int16_t)(centre.y + around[i][1])};
            moved |= try_moved(row, p, list, mv, t8);
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
