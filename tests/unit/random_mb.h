/* Random macroblock records that a bitstream could really have: every type, partition and transform
 * the slice allows, modes whose neighbours exist, levels of many densities and sizes. Vectors are
 * not predicted: the differences are random and the vectors are whatever they make. */
#ifndef AVO_TESTS_RANDOM_MB_H
#define AVO_TESTS_RANDOM_MB_H

#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "enc/mb_bits.h"

typedef struct RandomPicture {
    Random random;
    AvoSyntaxCtx syntax;
    int mb_width, mb_height;
    AvoMbInfo *info;
    AvoMbCode *code;
    AvoLevels *levels;
    int max_level; /* magnitude */
    int pcm_percent, skip_percent, intra_percent;
    int qp_step; /* how far the QP wanders from macroblock to macroblock; 0: fixed */
    int qp;      /* wanted QP at the moment */
} RandomPicture;

static inline void random_picture_alloc(RandomPicture *p, int mb_width, int mb_height)
{
    size_t count = (size_t)mb_width * (size_t)mb_height;
    p->mb_width = mb_width;
    p->mb_height = mb_height;
    p->info = calloc(count, sizeof *p->info);
    p->code = calloc(count, sizeof *p->code);
    p->levels = calloc(count, sizeof *p->levels);
    for (size_t i = 0; i < count; i++)
        p->info[i].slice = AVO_SLICE_NONE;
}

static inline void random_picture_free(RandomPicture *p)
{
    free(p->info);
    free(p->code);
    free(p->levels);
}

/* ---- levels ---- */

static inline int16_t random_level(RandomPicture *p)
{
    static const int tops[] = {1, 1, 1, 2, 3, 8, 20, 60, 2000, 1 << 15};
    int top = tops[random_below(&p->random, 10)];
    int level = random_in(&p->random, 1, top < p->max_level ? top : p->max_level);
    return (int16_t)(random_chance(&p->random, 50) ? -level : level);
}

/* Fills levels[first..first + size - 1]; returns how many are not 0. */
static inline int random_levels(RandomPicture *p, int16_t *levels, int first, int size)
{
    static const int densities[] = {0, 3, 10, 30, 60, 95, 100};
    int density = densities[random_below(&p->random, 7)], count = 0;
    memset(levels + first, 0, (size_t)size * sizeof *levels);
    for (int i = first; i < first + size; i++)
        if (random_chance(&p->random, density)) {
            levels[i] = random_level(p);
            count++;
        }
    return count;
}

/* An 8x8 block under the 8x8 transform: 64 levels in CABAC, which must not all be 0, four
 * interleaved 4x4 blocks in CAVLC. */
static inline void random_block_8x8(RandomPicture *p, AvoMbInfo *info, AvoLevels *lv, int i)
{
    int16_t *all = (int16_t *)lv + 64 * i; /* luma[4 * i] and the three behind it */
    if (p->syntax.cabac && !random_levels(p, all, 0, 64))
        all[random_below(&p->random, 64)] = random_level(p);
    for (int k = 4 * i; k < 4 * i + 4; k++)
        info->nnz[avo_blk_raster[k]] =
            (uint8_t)(p->syntax.cabac ? 1 : random_levels(p, lv->luma[k], 0, 16));
}

static inline void random_luma(RandomPicture *p, AvoMbInfo *info, AvoLevels *lv)
{
    for (int i = 0; i < 4; i++) {
        if (!(info->cbp >> i & 1))
            continue;
        if (info->transform_8x8) {
            random_block_8x8(p, info, lv, i);
            continue;
        }
        int first = info->type == AVO_MB_I16x16;
        for (int k = 4 * i; k < 4 * i + 4; k++)
            info->nnz[avo_blk_raster[k]] =
                (uint8_t)random_levels(p, lv->luma[k], first, 16 - first);
    }
}

/* Residual for info->cbp, transform_8x8 and type as they are. */
static inline void random_residual(RandomPicture *p, AvoMbInfo *info, AvoLevels *lv)
{
    /* Rubbish where nothing is coded: it must not matter. */
    memset(lv, random_below(&p->random, 256), sizeof *lv);
    if (info->type == AVO_MB_I16x16 && random_levels(p, lv->luma_dc, 0, 16))
        info->dc_flags |= AVO_DC_LUMA;
    random_luma(p, info, lv);
    for (int c = 0; c < 2 && info->cbp >> 4; c++)
        if (random_levels(p, lv->chroma_dc[c], 0, 4))
            info->dc_flags |= (uint8_t)(AVO_DC_CB << c);
    for (int k = 0; k < 8 && info->cbp >> 4 == 2; k++)
        info->nnz[16 + k] = (uint8_t)random_levels(p, lv->chroma_ac[k >> 2][k & 3], 1, 15);
}

/* ---- intra ---- */

/* Which neighbours the intra prediction of the macroblock may use. */
enum { HAS_LEFT = 1, HAS_ABOVE = 2, HAS_CORNER = 4 };

static inline int random_available(const RandomPicture *p, int addr)
{
    int slice = p->info[addr].slice, x = addr % p->mb_width, w = p->mb_width, has = 0;
    if (x > 0 && p->info[addr - 1].slice == slice)
        has |= HAS_LEFT;
    if (addr >= w && p->info[addr - w].slice == slice)
        has |= HAS_ABOVE;
    if (addr >= w && x > 0 && p->info[addr - w - 1].slice == slice)
        has |= HAS_CORNER;
    return has;
}

/* A mode of 0..8 (4x4 and 8x8) that the available samples allow. */
static inline int random_small_mode(Random *r, int has)
{
    static const uint8_t needs[9] = {HAS_ABOVE, HAS_LEFT, 0,         HAS_ABOVE, 7,
                                     7,         7,        HAS_ABOVE, HAS_LEFT};
    for (;;) {
        int mode = random_below(r, 9);
        if ((needs[mode] & ~has) == 0)
            return mode;
    }
}

/* Modes of the blocks, `step` 4x4 blocks wide, and how they are sent (8.3.1.1, 8.3.2.1). */
static inline void random_intra_modes(RandomPicture *p, int addr, int step)
{
    AvoMbInfo *info = &p->info[addr];
    AvoMbCode *code = &p->code[addr];
    int has = random_available(p, addr), w = p->mb_width;
    for (int k = 0; k < 16; k += step * step) {
        int r = avo_blk_raster[k], x = r & 3, y = r >> 2;
        int a = x ? info->intra_mode[r - 1] : has & HAS_LEFT ? info[-1].intra_mode[r + 3] : -1;
        int b = y ? info->intra_mode[r - 4] : has & HAS_ABOVE ? info[-w].intra_mode[r + 12] : -1;
        int predicted = a < 0 || b < 0 ? 2 : a < b ? a : b;
        int here = (x || has & HAS_LEFT ? HAS_LEFT : 0) | (y || has & HAS_ABOVE ? HAS_ABOVE : 0);
        if (x && y)
            here |= HAS_CORNER;
        else if (x ? has & HAS_ABOVE : y ? has & HAS_LEFT : has & HAS_CORNER)
            here |= HAS_CORNER;
        int mode = random_small_mode(&p->random, here);
        for (int j = 0; j < step * step; j++)
            info->intra_mode[r + (j % step) + 4 * (j / step)] = (int8_t)mode;
        code->intra_pred[k / (step * step)] = (int8_t)(mode == predicted  ? -1
                                                       : mode < predicted ? mode
                                                                          : mode - 1);
    }
}

static inline void random_intra(RandomPicture *p, int addr)
{
    Random *r = &p->random;
    AvoMbInfo *info = &p->info[addr];
    int has = random_available(p, addr), chroma = p->syntax.chroma_format ? random_below(r, 3) : 0;
    static const uint8_t needs16[4] = {HAS_ABOVE, HAS_LEFT, 0, 7};
    static const uint8_t needs_chroma[4] = {0, HAS_LEFT, HAS_ABOVE, 7};
    memset(info->ref_idx, -1, sizeof info->ref_idx);
    memset(info->intra_mode, 2, sizeof info->intra_mode);
    int kind = random_below(r, p->syntax.transform_8x8_mode ? 3 : 2);
    info->type = (uint8_t)(kind == 0 ? AVO_MB_I4x4 : kind == 1 ? AVO_MB_I16x16 : AVO_MB_I8x8);
    info->transform_8x8 = info->type == AVO_MB_I8x8;
    info->cbp = (uint8_t)(random_below(r, 16) | chroma << 4);
    if (info->type == AVO_MB_I16x16) {
        info->cbp = (uint8_t)((info->cbp & 1 ? 15 : 0) | chroma << 4);
        do
            p->code[addr].intra16_mode = (uint8_t)random_below(r, 4);
        while (needs16[p->code[addr].intra16_mode] & ~has);
    } else {
        random_intra_modes(p, addr, info->type == AVO_MB_I8x8 ? 2 : 1);
    }
    if (p->syntax.chroma_format)
        do
            info->intra_chroma_mode = (uint8_t)random_below(r, 4);
        while (needs_chroma[info->intra_chroma_mode] & ~has);
}

static inline void random_pcm(RandomPicture *p, int addr)
{
    AvoMbInfo *info = &p->info[addr];
    uint8_t *samples = (uint8_t *)p->levels[addr].luma;
    info->type = AVO_MB_IPCM;
    info->cbp = 0x2f;
    info->dc_flags = 7;
    info->intra_chroma_mode = (uint8_t)random_below(&p->random, 4); /* means nothing here */
    memset(info->nnz, 16, sizeof info->nnz);
    memset(info->ref_idx, -1, sizeof info->ref_idx);
    memset(info->intra_mode, 2, sizeof info->intra_mode);
    /* Many 0 and 1 as well: they ask for emulation prevention. */
    int top = random_chance(&p->random, 50) ? 256 : 3;
    for (int i = 0; i < 384; i++)
        samples[i] = (uint8_t)random_below(&p->random, top);
}

/* ---- inter ---- */

static inline int random_mvd_value(Random *r)
{
    static const int tops[] = {0, 1, 3, 9, 40, 300};
    int top = tops[random_below(r, 6)];
    return random_in(r, -top, top);
}

/* References of one 8x8 block (or a whole partition): P list 0, B either or both. */
static inline void random_refs(RandomPicture *p, int8_t ref[2])
{
    int lists = p->syntax.slice_type == AVO_SLICE_B ? random_in(&p->random, 1, 3) : 1;
    for (int list = 0; list < 2; list++)
        ref[list] =
            (int8_t)(lists >> list & 1 ? random_below(&p->random, p->syntax.num_ref_idx[list])
                                       : -1);
}

/* A random difference for the w x h blocks from blk on, in every list that the block's 8x8 uses. */
static inline void random_mvd(RandomPicture *p, int addr, int list, int blk, int w, int h)
{
    AvoMbInfo *info = &p->info[addr];
    AvoMv mvd = {(int16_t)random_mvd_value(&p->random), (int16_t)random_mvd_value(&p->random)};
    if (info->ref_idx[list][(blk >> 3) * 2 + (blk >> 1 & 1)] < 0)
        return;
    p->code[addr].mvd[list][blk] = mvd;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            uint8_t *at = info->mvd[list][blk + x + 4 * y];
            at[0] = (uint8_t)(abs(mvd.x) < 255 ? abs(mvd.x) : 255);
            at[1] = (uint8_t)(abs(mvd.y) < 255 ? abs(mvd.y) : 255);
        }
}

static inline void random_partitions(RandomPicture *p, int addr)
{
    AvoMbInfo *info = &p->info[addr];
    int partition = random_below(&p->random, 3);
    int w = partition == AVO_PART_8x16 ? 2 : 4, h = partition == AVO_PART_16x8 ? 2 : 4;
    int8_t ref[2][2];
    p->code[addr].partition = (uint8_t)partition;
    random_refs(p, ref[0]);
    random_refs(p, ref[1]);
    for (int i = 0; i < 4; i++) {
        int part = partition == AVO_PART_16x8 ? i >> 1 : partition == AVO_PART_8x16 ? i & 1 : 0;
        info->ref_idx[0][i] = ref[part][0];
        info->ref_idx[1][i] = ref[part][1];
    }
    for (int list = 0; list < 2; list++) {
        random_mvd(p, addr, list, 0, w, h);
        if (partition)
            random_mvd(p, addr, list, partition == AVO_PART_16x8 ? 8 : 2, w, h);
    }
}

static inline void random_sub_mbs(RandomPicture *p, int addr)
{
    AvoMbInfo *info = &p->info[addr];
    Random *r = &p->random;
    bool is_b = p->syntax.slice_type == AVO_SLICE_B, ref0 = random_chance(r, 30);
    bool small = random_chance(r, 60);
    for (int i = 0; i < 4; i++) {
        int8_t ref[2];
        int sub = small ? random_below(r, 4) : AVO_SUB_8x8;
        if (is_b && random_chance(r, 25))
            sub = AVO_SUB_DIRECT;
        random_refs(p, ref);
        if (!is_b && ref0)
            ref[0] = 0;
        p->code[addr].sub_type[i] = (uint8_t)sub;
        info->ref_idx[0][i] = ref[0];
        info->ref_idx[1][i] = ref[1];
        if (sub == AVO_SUB_DIRECT) {
            /* Its references are derived by others; whatever they are, contexts ignore them. */
            info->direct8x8 |= (uint8_t)(1 << i);
            continue;
        }
        int w = sub == AVO_SUB_4x8 || sub == AVO_SUB_4x4 ? 1 : 2;
        int h = sub == AVO_SUB_8x4 || sub == AVO_SUB_4x4 ? 1 : 2;
        for (int list = 0; list < 2; list++)
            for (int y = 0; y < 2; y += h)
                for (int x = 0; x < 2; x += w)
                    random_mvd(p, addr, list, (i & 1) * 2 + (i >> 1) * 8 + x + 4 * y, w, h);
    }
}

static inline bool random_may_transform_8x8(const RandomPicture *p, int addr)
{
    const AvoMbInfo *info = &p->info[addr];
    const AvoSyntaxCtx *sx = &p->syntax;
    if (!sx->transform_8x8_mode || !(info->cbp & 15))
        return false;
    if (info->type == AVO_MB_B_DIRECT)
        return sx->direct_8x8_inference;
    if (info->type == AVO_MB_P || info->type == AVO_MB_B)
        return true;
    for (int i = 0; i < 4; i++) {
        int sub = p->code[addr].sub_type[i];
        if (sub == AVO_SUB_DIRECT ? !sx->direct_8x8_inference : sub != AVO_SUB_8x8)
            return false;
    }
    return true;
}

static inline void random_inter(RandomPicture *p, int addr)
{
    AvoMbInfo *info = &p->info[addr];
    Random *r = &p->random;
    bool is_b = p->syntax.slice_type == AVO_SLICE_B, skip = random_chance(r, p->skip_percent);
    int kind = random_below(r, 10);
    memset(info->intra_mode, 2, sizeof info->intra_mode);
    memset(info->ref_idx, -1, sizeof info->ref_idx);
    if (skip || (is_b && kind < 2)) {
        info->type = (uint8_t)(!is_b ? AVO_MB_P_SKIP : skip ? AVO_MB_B_SKIP : AVO_MB_B_DIRECT);
        info->direct8x8 = is_b ? 15 : 0;
        for (int i = 0; i < 4; i++)
            for (int list = 0; list < 1 + is_b; list++)
                info->ref_idx[list][i] =
                    (int8_t)(is_b ? random_below(r, p->syntax.num_ref_idx[list]) : 0);
    } else if (kind < 6) {
        info->type = is_b ? AVO_MB_B : AVO_MB_P;
        random_partitions(p, addr);
    } else {
        info->type = is_b ? AVO_MB_B8x8 : AVO_MB_P8x8;
        random_sub_mbs(p, addr);
    }
    if (skip)
        return;
    int chroma = p->syntax.chroma_format ? random_below(r, 3) : 0;
    info->cbp = (uint8_t)(random_chance(r, 70) ? random_below(r, 16) | chroma << 4 : 0);
    info->transform_8x8 = random_may_transform_8x8(p, addr) && random_chance(r, 50);
}

/* ---- one macroblock ---- */

/* Fills the records of the macroblock; those to the left and above must be there. */
static inline void random_mb(RandomPicture *p, int addr, int slice)
{
    AvoMbInfo *info = &p->info[addr];
    Random *r = &p->random;
    memset(info, 0, sizeof *info);
    memset(&p->code[addr], 0x55, sizeof p->code[addr]);
    info->slice = (uint16_t)slice;
    if (random_chance(r, 60)) {
        p->qp += random_in(r, -p->qp_step, p->qp_step);
        p->qp = p->qp < 0 ? 0 : p->qp > 51 ? 51 : p->qp;
    }
    p->code[addr].qp = (int8_t)p->qp;
    if (random_chance(r, p->pcm_percent)) {
        random_pcm(p, addr);
        return;
    }
    if (p->syntax.slice_type == AVO_SLICE_I || random_chance(r, p->intra_percent))
        random_intra(p, addr);
    else
        random_inter(p, addr);
    random_residual(p, info, &p->levels[addr]);
}

#endif
