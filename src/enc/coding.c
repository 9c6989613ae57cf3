/* See coding.h. */
#include "enc/coding.h"
#include "enc/block_quant.h"
#include "enc/residual_syntax.h"
#include "h264/tables.h"

/* Contexts by what they serve in frame macroblocks (Table 9-34): flags, maps and levels of blocks
 * up to 4x4; transform_size_8x8_flag; blocks of 8x8. */
enum {
    CTX_BLOCKS = 85,
    CTX_BLOCKS_END = 276,
    CTX_TRANSFORM_8x8 = 399,
    CTX_8x8 = 402,
    CTX_8x8_END = 436
};

static bool counts(const AvoRowCtx *row)
{
    return row->use_trellis && row->syntax.cabac;
}

static uint32_t *bits_of(AvoMbCand *cand, AvoBlockCat cat)
{
    return cat == AVO_CAT_CHROMA_DC || cat == AVO_CAT_CHROMA_AC ? &cand->chroma_bits_q8
                                                                : &cand->luma_bits_q8;
}

/* A mark holds a little more than some kinds have: then it reaches into those of others, which
 * nobody changes between mark and undo. */
void avo_coding_mark(AvoMbCand *cand, AvoBlockCat cat, AvoCodingMark *mark)
{
    const AvoCabacCatBase *base = &avo_cabac_cat[cat];
    const uint8_t *state = cand->contexts.state;
    if (!cand->residual_counted)
        return;
    memcpy(mark->flag, state + base->coded_block_flag, sizeof mark->flag);
    memcpy(mark->significant, state + base->significant, sizeof mark->significant);
    memcpy(mark->last, state + base->last, sizeof mark->last);
    memcpy(mark->abs_level, state + base->abs_level, sizeof mark->abs_level);
    mark->bits_q8 = *bits_of(cand, cat);
}

void avo_coding_undo(AvoMbCand *cand, AvoBlockCat cat, const AvoCodingMark *mark)
{
    const AvoCabacCatBase *base = &avo_cabac_cat[cat];
    uint8_t *state = cand->contexts.state;
    if (!cand->residual_counted)
        return;
    memcpy(state + base->coded_block_flag, mark->flag, sizeof mark->flag);
    memcpy(state + base->significant, mark->significant, sizeof mark->significant);
    memcpy(state + base->last, mark->last, sizeof mark->last);
    memcpy(state + base->abs_level, mark->abs_level, sizeof mark->abs_level);
    *bits_of(cand, cat) = mark->bits_q8;
}

static void copy_residual_contexts(AvoCabacContexts *to, const AvoCabacContexts *from)
{
    memcpy(to->state + CTX_BLOCKS, from->state + CTX_BLOCKS, CTX_BLOCKS_END - CTX_BLOCKS);
    memcpy(to->state + CTX_8x8, from->state + CTX_8x8, CTX_8x8_END - CTX_8x8);
}

void avo_coding_start_luma(const AvoRowCtx *row, AvoMbCand *cand)
{
    cand->residual_counted = counts(row);
    cand->luma_bits_q8 = cand->chroma_bits_q8 = 0;
    if (cand->residual_counted)
        copy_residual_contexts(&cand->contexts, &row->contexts);
}

void avo_coding_keep_luma(AvoMbCand *cand, const AvoMbCand *from)
{
    cand->residual_counted = from->residual_counted;
    cand->luma_bits_q8 = from->luma_bits_q8;
    if (from->residual_counted)
        copy_residual_contexts(&cand->contexts, &from->contexts);
}

void avo_coding_start_chroma(const AvoRowCtx *row, AvoMbCand *cand)
{
    /* DC and AC lie side by side, the last of each kind. */
    static const struct {
        uint16_t from, to;
    } chroma[4] = {{97, 105}, {149, 166}, {210, 227}, {257, 276}};
    cand->residual_counted &= counts(row);
    cand->chroma_bits_q8 = 0;
    for (int i = 0; i < 4 && cand->residual_counted; i++)
        memcpy(cand->contexts.state + chroma[i].from, row->contexts.state + chroma[i].from,
               chroma[i].to - chroma[i].from);
}

void avo_coding_start_head(const AvoRowCtx *row, AvoMbCand *cand)
{
    memcpy(cand->contexts.state, row->contexts.state, CTX_BLOCKS);
    memcpy(cand->contexts.state + CTX_TRANSFORM_8x8, row->contexts.state + CTX_TRANSFORM_8x8, 3);
}

static void follow(AvoMbCand *cand, AvoBlockCat cat, int cbf_inc, const int16_t *levels,
                   uint64_t nonzero)
{
    uint32_t *bits = bits_of(cand, cat);
    if (levels) {
        *bits += avo_block_bits_cabac(&cand->contexts, cat, cbf_inc, levels, nonzero);
    } else {
        uint8_t *flag = &cand->contexts.state[avo_cabac_cat[cat].coded_block_flag + cbf_inc];
        *bits += avo_cabac_entropy[*flag];
        *flag = avo_cabac_next[*flag][0];
    }
}

void avo_coding_follow_4x4(const AvoRowCtx *row, AvoMbCand *cand, AvoBlockCat cat, int k,
                           const int16_t *levels, uint32_t nonzero)
{
    if (cand->residual_counted)
        follow(cand, cat, avo_block_cbf_inc(row, &cand->info, k), levels, nonzero);
}

void avo_coding_follow_8x8(AvoMbCand *cand, const int16_t *levels, uint64_t nonzero)
{
    if (cand->residual_counted)
        follow(cand, AVO_CAT_LUMA_8x8, 0, levels, nonzero);
}

void avo_coding_follow_dc(const AvoRowCtx *row, AvoMbCand *cand, int flag)
{
    if (!cand->residual_counted)
        return;
    int plane = flag == AVO_DC_CR;
    const int16_t *levels =
        flag == AVO_DC_LUMA ? cand->levels.luma_dc : cand->levels.chroma_dc[plane];
    bool coded = cand->info.dc_flags & flag;
    follow(cand, flag == AVO_DC_LUMA ? AVO_CAT_I16_DC : AVO_CAT_CHROMA_DC,
           avo_dc_cbf_inc(row, &cand->info, flag), coded ? levels : NULL,
           coded ? avo_nonzero_mask(levels, flag == AVO_DC_LUMA ? 16 : 4) : 0);
}

void avo_coding_follow_intra(const AvoRowCtx *row, AvoMbCand *cand, int size, int raster,
                             AvoCodingMark *group)
{
    int coding = avo_blk_coding[raster];
    const uint8_t *nnz = cand->info.nnz;
    const int16_t *levels = nnz[raster] ? cand->levels.luma[coding] : NULL;
    if (!cand->residual_counted)
        return;
    if (size == 8) {
        if (levels)
            avo_coding_follow_8x8(cand, levels, avo_nonzero_mask(levels, 64));
        return;
    }
    if ((coding & 3) == 0)
        avo_coding_mark(cand, AVO_CAT_LUMA_4x4, group);
    avo_coding_follow_4x4(row, cand, AVO_CAT_LUMA_4x4, raster, levels,
                          levels ? (uint32_t)avo_nonzero_mask(levels, 16) : 0);
    if ((coding & 3) == 3 && !(nnz[raster] | nnz[raster - 1] | nnz[raster - 4] | nnz[raster - 5]))
        avo_coding_undo(cand, AVO_CAT_LUMA_4x4, group);
}
