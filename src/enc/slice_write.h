/* Records of an analysed slice -> slice data (7.3.4), CAVLC or CABAC. */
#ifndef AVO_ENC_SLICE_WRITE_H
#define AVO_ENC_SLICE_WRITE_H

#include "base/bitwriter.h"
#include "enc/mb_bits.h"

/* What one slice needs to be written; everything const, so slices of one picture can be written in parallel. */
typedef struct AvoSliceData {
    AvoSyntaxCtx syntax;
    int mb_width;
    int first_mb, end_mb;         /* [first, end) in raster order */
    int slice_qp;
    int cabac_init_idc;
    const AvoMbInfo *info;        /* whole picture */
    const AvoMbCode *code;
    const AvoLevels *levels;
} AvoSliceData;

typedef struct AvoSliceStats {
    uint64_t bits;                /* slice data bits */
    uint64_t bins;                /* CABAC bins coded (for cabac_zero_words) */
    uint32_t *mb_bits;            /* per macroblock bits if not NULL: indexed by mb address */
} AvoSliceStats;

/* Appends slice_data() and rbsp_slice_trailing_bits() behind the slice header already in w. Overflow is w->overflow. */
void avo_slice_data_write(AvoBitWriter *w, const AvoSliceData *slice, AvoSliceStats *stats);

#endif
