/* What macroblocks and blocks cost: the counting side of the macroblock syntax (see mb_bits.h).
 *
 * The same code as the writers (mb_syntax.h), over sinks that add up code lengths or entropies. */
#include "enc/mb_bits.h"
#include "enc/mb_syntax.h"

/* ---- blocks ---- */

/* mask: of the levels, bit 0 for the first used one. */
AVO_INLINE uint32_t count_cavlc(AvoBlockCat cat, int nc, const int16_t *levels, uint32_t mask)
{
    int table = avo_coeff_token_table(nc), first = avo_block_first(cat);
    if (!mask)
        return avo_coeff_token[table][0][0].size;
    return avo_cavlc_count_levels(table, levels + first, mask, avo_block_stored(cat) - first);
}

uint32_t avo_cavlc_count_block(AvoBlockCat cat, int nc, bool coded, const int16_t *levels)
{
    return count_cavlc(cat, nc, levels, coded ? (uint32_t)avo_block_mask(cat, levels) : 0);
}

/* A block with levels, behind its coded_block_flag. is_8x8 is a constant at each call. */
AVO_INLINE uint32_t count_cabac(uint8_t *state, const AvoCabacCatBase *base, bool is_8x8, int limit,
                                const int16_t *levels, uint64_t mask, int size)
{
    return avo_cabac_count_map(&state[base->significant], &state[base->last], is_8x8, mask, size) +
           avo_cabac_count_levels(&state[base->abs_level], limit, levels, mask);
}

/* mask: of the levels, bit 0 for the first used one. */
AVO_INLINE uint32_t count_masked(uint8_t *state, AvoBlockCat cat, int cbf_inc,
                                 const int16_t *levels, uint64_t mask)
{
    const AvoCabacCatBase *base = &avo_cabac_cat[cat];
    if (cat == AVO_CAT_LUMA_8x8)
        return mask ? count_cabac(state, base, true, 4, levels, mask, 64) : 0;
    uint8_t *cbf = &state[base->coded_block_flag + cbf_inc];
    uint32_t step = avo_cabac_step[*cbf][mask != 0];
    *cbf = (uint8_t)step;
    if (!mask)
        return step >> 8;
    int first = avo_block_first(cat), size = avo_block_stored(cat);
    int limit = cat == AVO_CAT_CHROMA_DC ? 3 : 4;
    return (step >> 8) + count_cabac(state, base, false, limit, levels + first, mask, size - first);
}

uint32_t avo_cabac_count_block(uint8_t *state, AvoBlockCat cat, int cbf_inc, bool coded,
                               const int16_t *levels)
{
    return count_masked(state, cat, cbf_inc, levels, coded ? avo_block_mask(cat, levels) : 0);
}

uint32_t avo_block_bits_cabac(AvoCabacContexts *ctx, AvoBlockCat cat, int cbf_inc,
                              const int16_t *levels, uint64_t nonzero)
{
    return count_masked(ctx->state, cat, cbf_inc, levels, nonzero >> avo_block_first(cat));
}

/* Copies the few contexts that a block can reach. */
uint32_t avo_block_bits_kept(const AvoCabacContexts *ctx, AvoBlockCat cat, int cbf_inc,
                             const int16_t *levels)
{
    enum { MAP = 16, LEVELS = 10 };
    const AvoCabacCatBase *base = &avo_cabac_cat[cat];
    const bool is_8x8 = cat == AVO_CAT_LUMA_8x8;
    uint8_t significant[MAP], last[MAP], abs_level[LEVELS];
    memcpy(significant, &ctx->state[base->significant], sizeof significant);
    memcpy(last, &ctx->state[base->last], sizeof last);
    memcpy(abs_level, &ctx->state[base->abs_level], sizeof abs_level);
    uint64_t mask = avo_block_mask(cat, levels);
    uint32_t bits = 0;
    if (!is_8x8)
        bits = avo_cabac_entropy[ctx->state[base->coded_block_flag + cbf_inc] ^ (mask != 0)];
    if (!mask)
        return bits;
    int first = avo_block_first(cat), size = avo_block_stored(cat) - first;
    int limit = cat == AVO_CAT_CHROMA_DC ? 3 : 4;
    if (is_8x8)
        bits += avo_cabac_count_map(significant, last, true, mask, 64);
    else
        bits += avo_cabac_count_map(significant, last, false, mask, size);
    return bits + avo_cabac_count_levels(abs_level, limit, levels + first, mask);
}

uint32_t avo_block_bits_cavlc(AvoBlockCat cat, int nc, const int16_t *levels)
{
    AVO_ASSERT(cat != AVO_CAT_LUMA_8x8);
    return avo_cavlc_count_block(cat, nc, true, levels) << 8;
}

uint32_t avo_block_bits_cavlc_of(AvoBlockCat cat, int nc, const int16_t *levels, uint32_t nonzero)
{
    AVO_ASSERT(cat != AVO_CAT_LUMA_8x8);
    return count_cavlc(cat, nc, levels, nonzero >> avo_block_first(cat)) << 8;
}

/* ---- macroblocks ---- */

/* A skipped macroblock lengthens a run, which costs a bit now and then; a coded one is preceded by
 * a run, of length 0 as far as is known here. */
enum { CAVLC_SKIP_Q8 = 128 };

static uint32_t count_cavlc_mb(const AvoSyntaxCtx *syntax, const AvoMbSyntax *mb)
{
    AvoSink sink = {.cavlc = {.bits = 0}};
    if (AVO_MB_IS_SKIP(mb->info->type))
        return CAVLC_SKIP_Q8;
    if (syntax->slice_type != AVO_SLICE_I)
        avo_sink_ue(&sink, AVO_SINK_CAVLC_COUNT, 0);
    avo_syntax_macroblock(&sink, AVO_SINK_CAVLC_COUNT, syntax, mb);
    return sink.cavlc.bits << 8;
}

uint32_t avo_mb_head_bits(const AvoSyntaxCtx *syntax, const AvoMbSyntax *mb, AvoCabacContexts *ctx)
{
    AvoSink sink = {.state = ctx->state};
    if (syntax->slice_type != AVO_SLICE_I)
        avo_syntax_skip_flag(&sink, AVO_SINK_CABAC_COUNT, syntax, mb);
    if (!AVO_MB_IS_SKIP(mb->info->type))
        avo_syntax_head(&sink, AVO_SINK_CABAC_COUNT, syntax, mb);
    return sink.bits_q8;
}

static uint32_t residual_bits(const AvoMbSyntax *mb, AvoCabacContexts *ctx)
{
    AvoSink sink = {.state = ctx->state};
    avo_syntax_residual_cabac(&sink, AVO_SINK_CABAC_COUNT, mb);
    return sink.bits_q8;
}

uint32_t avo_mb_bits(const AvoSyntaxCtx *syntax, const AvoMbSyntax *mb, AvoCabacContexts *ctx)
{
    if (!ctx)
        return count_cavlc_mb(syntax, mb);
    uint32_t bits = avo_mb_head_bits(syntax, mb, ctx);
    return avo_mb_has_residual(mb->info) ? bits + residual_bits(mb, ctx) : bits;
}
