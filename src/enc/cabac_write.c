/* CABAC slice data: macroblock syntax written through the arithmetic coder (7.3.4, 9.3).
 *
 * In: macroblocks one by one; out: bytes, which the coder stores itself (cabac_engine.h). */
#include "enc/mb_syntax.h"
#include "enc/slice_write.h"

void avo_cabac_write_bin(AvoCabacCoder *c, uint8_t *state, int bin)
{
    avo_cabac_encode(c, state, bin);
}

void avo_cabac_write_sign(AvoCabacCoder *c, int negative)
{
    avo_cabac_bypass(c, 1, (uint32_t)negative);
}

void avo_cabac_write_exp_golomb(AvoCabacCoder *c, uint32_t v, int k)
{
    avo_cabac_exp_golomb(c, v, k);
}

/* residual_block_cabac(). The coder is copied: stores to contexts and bytes could otherwise be
 * stores to it, for all a compiler knows. */
void avo_cabac_write_block(AvoCabacCoder *c, uint8_t *state, AvoBlockCat cat, int cbf_inc,
                           bool coded, const int16_t *levels)
{
    const AvoCabacCatBase *base = &avo_cabac_cat[cat];
    bool is_8x8 = cat == AVO_CAT_LUMA_8x8;
    int first = avo_block_first(cat), size = avo_block_stored(cat);
    uint64_t mask = coded ? avo_block_mask(cat, levels) : 0;
    AVO_ASSERT(mask || !is_8x8);
    if (!is_8x8)
        avo_cabac_encode(c, &state[base->coded_block_flag + cbf_inc], mask != 0);
    if (!mask)
        return;
    uint8_t *sig = &state[base->significant], *last = &state[base->last];
    AvoCabacCoder copy = *c;
    if (is_8x8)
        avo_cabac_write_map(&copy, sig, last, true, mask, 64);
    else
        avo_cabac_write_map(&copy, sig, last, false, mask, size - first);
    avo_cabac_write_levels(&copy, &state[base->abs_level], cat == AVO_CAT_CHROMA_DC ? 3 : 4,
                           levels + first, mask);
    *c = copy;
}

/* One macroblock with its skip flag and end_of_slice_flag. */
void avo_cabac_write_mb(AvoSliceWriter *sw, const AvoMbSyntax *mb, bool last)
{
    const AvoSyntaxCtx *syntax = &sw->slice->syntax;
    AvoSink sink = {.coder = &sw->coder, .state = sw->contexts.state};
    if (syntax->slice_type != AVO_SLICE_I)
        avo_syntax_skip_flag(&sink, AVO_SINK_CABAC_WRITE, syntax, mb);
    if (!AVO_MB_IS_SKIP(mb->info->type))
        avo_syntax_macroblock(&sink, AVO_SINK_CABAC_WRITE, syntax, mb);
    if (last)
        avo_cabac_finish(&sw->coder);
    else
        avo_cabac_continue(&sw->coder);
}
