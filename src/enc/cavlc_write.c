/* CAVLC slice data: macroblock syntax written with variable-length codes (7.3.4, 9.2).
 *
 * In: macroblocks one by one; out: bits in the slice's bit writer. */
#include "enc/mb_syntax.h"
#include "enc/slice_write.h"

void avo_cavlc_write_block(AvoBitWriter *w, AvoBlockCat cat, int nc, bool coded,
                           const int16_t *levels)
{
    AvoCavlcSink sink = {*w, 0};
    avo_cavlc_block(&sink, true, cat, nc, coded, levels);
    *w = sink.w;
}

/* Skipped macroblocks only lengthen the run that precedes the next coded one. */
void avo_cavlc_write_mb(AvoSliceWriter *sw, const AvoMbSyntax *mb)
{
    const AvoSyntaxCtx *syntax = &sw->slice->syntax;
    if (AVO_MB_IS_SKIP(mb->info->type)) {
        sw->skip_run++;
        return;
    }
    AvoSink sink = {.cavlc = {*sw->w, 0}};
    if (syntax->slice_type != AVO_SLICE_I)
        avo_sink_ue(&sink, AVO_SINK_CAVLC_WRITE, sw->skip_run);
    sw->skip_run = 0;
    avo_syntax_macroblock(&sink, AVO_SINK_CAVLC_WRITE, syntax, mb);
    *sw->w = sink.cavlc.w;
}
