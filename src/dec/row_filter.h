/* The loop filter and the padding of a picture while it is being decoded, and how far it is.
 *
 * Intra prediction wants the samples of the row above as they are before the filter. So a row of
 * macroblocks is filtered as soon as the row below it is decoded: nothing needs to be kept twice,
 * the samples are still in the cache, and other pictures may refer to the lines that are done while
 * the rest is still at work. Macroblocks that come in another order than raster order (slice
 * groups, arbitrary slice order, losses) wait for the end of the picture. */
#ifndef AVO_DEC_ROW_FILTER_H
#define AVO_DEC_ROW_FILTER_H

#include "base/thread.h"
#include "h264/deblock.h"

typedef struct AvoRowFilter {
    const AvoDsp *dsp;
    AvoFrame *frame;
    const AvoDeblockSlice *slices;
    bool pads;          /* the picture is a reference */
    AvoProgress *lines; /* luma lines that are final; the height: all, padding included */
    int next_mb;        /* all before it, in raster order, are decoded */
    int row_end;        /* first macroblock behind its row */
    int filtered;       /* rows */
} AvoRowFilter;

void avo_row_filter_start(AvoRowFilter *filter, const AvoDsp *dsp, AvoFrame *frame,
                          const AvoDeblockSlice *slices, bool pads, AvoProgress *lines);
/* A row of macroblocks is complete. */
void avo_row_filter_end_row(AvoRowFilter *filter);
/* The picture is complete. */
void avo_row_filter_finish(AvoRowFilter *filter);

/* Macroblock `addr` is decoded. */
AVO_INLINE void avo_row_filter_mb(AvoRowFilter *filter, int addr)
{
    if (addr == filter->next_mb && ++filter->next_mb == filter->row_end)
        avo_row_filter_end_row(filter);
}

#endif
