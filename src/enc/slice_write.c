/* Slice data from records: what does not depend on the entropy coding (see slice_write.h).
 *
 * Here are the walk over macroblocks, their neighbours A and B, and the chain of quantisers:
 * QPY,pred is the QP of the macroblock before, and one that sends no mb_qp_delta (skipped, nothing
 * coded, I_PCM) hands it on unchanged. */
#include "enc/slice_write.h"
#include "enc/mb_syntax.h"

size_t avo_slice_writer_position(const AvoSliceWriter *sw)
{
    if (sw->slice->syntax.cabac)
        return (size_t)avo_cabac_position(&sw->coder, sw->w->start);
    return avo_bw_bits(sw->w);
}

void avo_slice_writer_begin(AvoSliceWriter *sw, AvoBitWriter *w, const AvoSliceData *slice,
                            uint32_t *mb_bits)
{
    sw->w = w;
    sw->slice = slice;
    sw->mb_bits = mb_bits;
    sw->start_bits = avo_bw_bits(w);
    sw->next_mb = slice->first_mb;
    sw->qp = slice->slice_qp;
    sw->qp_delta_nonzero = false;
    sw->skip_run = 0;
    if (!slice->syntax.cabac)
        return;
    if (w->fill)
        avo_bw_put(w, 8 - w->fill, (1u << (8 - w->fill)) - 1); /* cabac_alignment_one_bit */
    avo_cabac_init_contexts(&sw->contexts, slice->syntax.slice_type, slice->cabac_init_idc,
                            slice->slice_qp);
    avo_cabac_start(&sw->coder, w->pos, w->end);
}

static void put_mb(AvoSliceWriter *sw, const AvoMbCode *code, const AvoLevels *levels)
{
    const AvoSliceData *slice = sw->slice;
    const AvoMbInfo *info = &slice->info[sw->next_mb];
    AvoMbSyntax mb = {.info = info,
                      .code = code,
                      .levels = levels,
                      .qp_pred = sw->qp,
                      .prev_qp_delta_nonzero = sw->qp_delta_nonzero};
    int mb_x = sw->next_mb % slice->mb_width;
    if (mb_x > 0 && info[-1].slice == info->slice)
        mb.nb.a = info - 1;
    if (sw->next_mb >= slice->mb_width && info[-slice->mb_width].slice == info->slice)
        mb.nb.b = info - slice->mb_width;

    size_t before = avo_slice_writer_position(sw);
    sw->next_mb++;
    if (slice->syntax.cabac)
        avo_cabac_write_mb(sw, &mb, sw->next_mb == slice->end_mb);
    else
        avo_cavlc_write_mb(sw, &mb);
    if (sw->mb_bits)
        sw->mb_bits[sw->next_mb - 1] = (uint32_t)(avo_slice_writer_position(sw) - before);

    bool sent = avo_mb_has_residual(info);
    sw->qp_delta_nonzero = sent && code->qp != sw->qp;
    if (sent)
        sw->qp = code->qp;
}

void avo_slice_writer_put(AvoSliceWriter *sw, int count, const AvoMbCode *code,
                          const AvoLevels *levels)
{
    AVO_ASSERT(sw->next_mb + count <= sw->slice->end_mb);
    for (int i = 0; i < count; i++)
        put_mb(sw, &code[i], &levels[i]);
}

void avo_slice_writer_end(AvoSliceWriter *sw, AvoSliceStats *stats)
{
    AVO_ASSERT(sw->next_mb == sw->slice->end_mb);
    AvoBitWriter *w = sw->w;
    if (sw->slice->syntax.cabac) {
        /* The last macroblock has flushed the coder, stop bit and alignment included. */
        w->pos = sw->coder.pos;
        w->overflow |= sw->coder.overflow;
    } else {
        if (sw->skip_run)
            avo_bw_ue(w, sw->skip_run);
        avo_bw_trailing(w);
    }
    if (stats) {
        stats->bits = avo_bw_bits(w) - sw->start_bits;
        stats->bins = sw->slice->syntax.cabac ? sw->coder.bins : 0;
    }
}

void avo_slice_data_write(AvoBitWriter *w, const AvoSliceData *slice, AvoSliceStats *stats)
{
    AvoSliceWriter sw;
    avo_slice_writer_begin(&sw, w, slice, stats ? stats->mb_bits : NULL);
    avo_slice_writer_put(&sw, slice->end_mb - slice->first_mb, slice->code + slice->first_mb,
                         slice->levels + slice->first_mb);
    avo_slice_writer_end(&sw, stats);
}
