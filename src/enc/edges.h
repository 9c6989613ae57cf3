/* Lines of neighbouring samples for intra prediction, in the form dsp's predictors take (dsp.h:
 * AvoIntraFn). Samples come from the macroblock's own reconstruction, the unfiltered line above and
 * the column kept from the macroblock to the left. */
#ifndef AVO_ENC_EDGES_H
#define AVO_ENC_EDGES_H

#include "enc/row.h"
#include "h264/intra_modes.h"

/* A line with room for 16 left samples, the corner and 24 upper ones;
 * at AVO_EDGE_CORNER_AT is the corner. */
#define AVO_EDGE_LINE      64
#define AVO_EDGE_CORNER_AT 16

/* Each fills line and returns AVO_EDGE_* of what is there.
 * plane: 0 luma 16x16, 1 Cb, 2 Cr (8x8). */
unsigned avo_edge_mb(const AvoRowCtx *row, int plane, pixel *line);
/* Block (bx, by) in units of 4 (8) samples; rec: luma reconstruction of this macroblock so far. The
 * 4x4 line has its upper right samples replaced where they are missing; the 8x8 line is already
 * filtered. */
unsigned avo_edge_4x4(const AvoRowCtx *row, const pixel *rec, int bx, int by, pixel *line);
unsigned avo_edge_8x8(const AvoRowCtx *row, const pixel *rec, int bx, int by, pixel *line);

#endif
