/* What avocet_decoder_inspect() shows of a picture, kept while it is decoded. See trace.c. */
#ifndef AVO_DEC_TRACE_H
#define AVO_DEC_TRACE_H

#include <avocet/decoder.h>
#include "base/arena.h"
#include "h264/frame.h"

struct AvoSliceDec;

/* Planes have no padding of their own but the stride of the frame's, so one offset serves both. */
typedef struct AvoTrace {
    AvocetMacroblock *mb; /* raster order; NULL: nobody wants to look inside */
    pixel *prediction[3]; /* before the residual was added */
    pixel *unfiltered[3]; /* before the loop filter */
} AvoTrace;

/* Carves the memory for a frame that is carved already; safe on a dry run. */
void avo_trace_carve(AvoTrace *trace, const AvoFrame *frame, AvoArena *arena);
/* All macroblocks are missing until they are decoded. */
void avo_trace_reset(const AvoTrace *trace, int mb_count);

/* Keeps the prediction of n x n samples at dst, which lies in plane c of the frame. */
void avo_trace_prediction(const struct AvoSliceDec *s, int c, const pixel *dst, int n);
/* Bits of the slice that are used up; differences of it are what macroblocks cost. */
void avo_trace_mark(struct AvoSliceDec *s);
/* The macroblock at work is complete: writes its record. */
void avo_trace_mb(struct AvoSliceDec *s);

#endif
