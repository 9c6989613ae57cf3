/* See row_filter.h. */
#include "dec/row_filter.h"

void avo_row_filter_start(AvoRowFilter *filter, const AvoDsp *dsp, AvoFrame *frame,
                          const AvoDeblockSlice *slices, bool pads, AvoProgress *lines)
{
    *filter = (AvoRowFilter){.dsp = dsp,
                             .frame = frame,
                             .slices = slices,
                             .pads = pads,
                             .lines = lines,
                             .row_end = frame->mb_width};
}

/* Luma lines that are final once `rows` rows are filtered: the next row changes up to three lines
 * of luma and one of chroma above it. */
static int final_lines(const AvoRowFilter *f, int rows)
{
    return rows == 0 ? 0 : rows == f->frame->mb_height ? 16 * rows : 16 * rows - 4;
}

static void filter_row(AvoRowFilter *f)
{
    AvoFrame *frame = f->frame;
    int from = final_lines(f, f->filtered), to = final_lines(f, f->filtered + 1);
    avo_deblock_row(f->dsp, frame, f->filtered, f->slices);
    f->filtered++;
    for (int c = 0; f->pads && c < (frame->chroma_format ? 3 : 1); c++)
        avo_plane_pad_rows(&frame->plane[c], c ? AVO_FRAME_PAD / 2 : AVO_FRAME_PAD, from >> (c > 0),
                           to >> (c > 0));
    avo_progress_publish(f->lines, to);
}

void avo_row_filter_end_row(AvoRowFilter *f)
{
    int width = f->frame->mb_width, decoded = f->row_end / width;
    f->row_end += width;
    while (f->filtered < decoded - 1)
        filter_row(f);
}

void avo_row_filter_finish(AvoRowFilter *f)
{
    while (f->filtered < f->frame->mb_height)
        filter_row(f);
}
