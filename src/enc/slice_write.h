/* Records of an analysed slice -> slice data (7.3.4), CAVLC or CABAC.
 *
 * Either the whole slice at once (avo_slice_data_write), or in pieces that follow the analysis row
 * by row: begin, any number of runs of macroblocks in order, end. The bytes are the same. */
#ifndef AVO_ENC_SLICE_WRITE_H
#define AVO_ENC_SLICE_WRITE_H

#include "base/bitwriter.h"
#include "enc/cabac_engine.h"
#include "enc/mb_bits.h"

/* What one slice needs to be written; everything const,
 * so slices of one picture can be written in parallel. */
typedef struct AvoSliceData {
    AvoSyntaxCtx syntax;
    int mb_width;
    int first_mb, end_mb; /* [first, end) in raster order */
    int slice_qp;
    int cabac_init_idc;
    const AvoMbInfo *info; /* whole picture */
    const AvoMbCode *code; /* whole picture; not read when writing in pieces */
    const AvoLevels *levels;
} AvoSliceData;

typedef struct AvoSliceStats {
    uint64_t bits;     /* slice data bits, alignment and trailing bits included */
    uint64_t bins;     /* CABAC bins coded (for cabac_zero_words) */
    uint32_t *mb_bits; /* per macroblock bits if not NULL: indexed by mb address */
} AvoSliceStats;

/* Appends slice_data() and rbsp_slice_trailing_bits() behind the slice header already in w.
 * Overflow is w->overflow. */
void avo_slice_data_write(AvoBitWriter *w, const AvoSliceData *slice, AvoSliceStats *stats);

/* ---- in pieces ---- */

/* State between pieces; no pointers into itself, about 1.2 KB (CABAC contexts). */
typedef struct AvoSliceWriter {
    AvoBitWriter *w;
    const AvoSliceData *slice;
    uint32_t *mb_bits;     /* as in AvoSliceStats */
    size_t start_bits;     /* of w, before the slice data */
    int next_mb;           /* address of the macroblock to come */
    int qp;                /* QPY,pred of it (7.4.5) */
    bool qp_delta_nonzero; /* of the macroblock before it */
    uint32_t skip_run;     /* CAVLC: skipped macroblocks not yet written */
    AvoCabacCoder coder;   /* CABAC: owns w's buffer until the end */
    AvoCabacContexts contexts;
} AvoSliceWriter;

/* w, slice and mb_bits must live until the end. */
void avo_slice_writer_begin(AvoSliceWriter *sw, AvoBitWriter *w, const AvoSliceData *slice,
                            uint32_t *mb_bits);
/* The next `count` macroblocks; code and levels point to the first of them. Their info and that of
 * their neighbours must be in slice->info. */
void avo_slice_writer_put(AvoSliceWriter *sw, int count, const AvoMbCode *code,
                          const AvoLevels *levels);
/* Bits in w, its header included, as far as they are settled. */
size_t avo_slice_writer_position(const AvoSliceWriter *sw);
/* bits and bins of stats are set; stats may be NULL.
 * All macroblocks up to end_mb must have been put. */
void avo_slice_writer_end(AvoSliceWriter *sw, AvoSliceStats *stats);

/* The two codings of one macroblock (cavlc_write.c, cabac_write.c); for slice_write.c. */
void avo_cavlc_write_mb(AvoSliceWriter *sw, const AvoMbSyntax *mb);
void avo_cabac_write_mb(AvoSliceWriter *sw, const AvoMbSyntax *mb, bool last);

#endif
