/* The slice at work: everything between its header and its reconstructed macroblocks.
 *
 *     slice_parse.c   header -> AvoSliceHeader
 *     pic_job.c       the slices of one picture
 *     mb_parse.c      slice data and macroblock layer -> AvoMbInfo, AvoMbWork
 *     cavlc_read.c, cabac_read.c   syntax elements and residual blocks for mb_parse.c
 *     mb_decode.c     AvoMbInfo, AvoMbWork -> samples
 *     row_filter.c    loop filter, one row behind
 *
 * Residual blocks are scaled (8.5.12.1) while they are read, so AvoMbWork holds coefficients ready
 * for the inverse transform; what a macroblock leaves in it is cleared when its samples are done.
 */
#ifndef AVO_DEC_SLICE_DEC_H
#define AVO_DEC_SLICE_DEC_H

#include "dec/cabac_engine_dec.h"
#include "dec/row_filter.h"
#include "dec/trace.h"
#include "dec/vlc_read.h"
#include "dsp/dsp.h"
#include "h264/mvpred.h"
#include "h264/neighbour.h"
#include "h264/predict.h"
#include "h264/quant_tables.h"
#include "h264/slice.h"

/* What the syntax says about the macroblock at work beyond its AvoMbInfo. */
typedef struct AvoMbWork {
    AVO_ALIGN(32)
    coef luma[16][16]; /* coding order, raster inside; an 8x8 transform has 64
                        * from luma[4 * i] on */
    AVO_ALIGN(32) coef chroma[2][4][16];
    coef luma_dc[16];     /* Intra16x16, levels in raster order of the blocks */
    coef chroma_dc[2][4]; /* levels */
    uint8_t partition;    /* AvoPartition */
    uint8_t sub_type[4];  /* AvoSubType */
    uint8_t pred[4];      /* lists used by a partition or 8x8 block: bit 0 list 0,
                           * bit 1 list 1 */
    uint8_t intra16_mode;
    const uint8_t *pcm; /* I_PCM: 256 luma samples, then Cb, Cr */
} AvoMbWork;

/* TotalCoeff (CAVLC) or coded_block_flag (CABAC) of the blocks in and around the macroblock:
 *
 *     luma   . . . . B B B B      index AVO_NZ_LUMA(x, y); x, y -1..3
 *            . . . A 0 1 2 3
 *            . . . A 4 ...
 *     chroma . B B                index AVO_NZ_CHROMA(x, y); x, y -1..1
 *            A 0 1
 *            A 2 3 */
#define AVO_NZ_LUMA(x, y)   (12 + (x) + 8 * (y))
#define AVO_NZ_CHROMA(x, y) (5 + (x) + 4 * (y))
#define AVO_NZ_MISSING      0x80 /* CAVLC: block not available */

typedef struct AvoNzCache {
    uint8_t luma[40];
    uint8_t chroma[2][12];
} AvoNzCache;

typedef struct AvoSliceDec {
    /* Constant for the slice. */
    const AvoDsp *dsp;
    const AvoVlcTables *vlc;
    const AvoSps *sps;
    const AvoPps *pps;
    const AvoSliceHeader *header;
    const AvoQuantTables *quant;
    AvoFrame *frame;
    const uint8_t *group_of_mb; /* slice group of each macroblock; NULL: one group */
    AvoSliceRefs refs;
    int8_t slot_of_ref[2][AVO_REFS_MAX];
    AvoPredictCtx predict;
    const AvoTrace *trace; /* NULL: nobody wants to look inside */
    AvoRowFilter *filter;
    int slice; /* number in the picture */
    bool cabac;
    bool has_chroma;
    bool waits;                              /* references may be at work on other threads */
    AvoProgress *ref_lines[2][AVO_REFS_MAX]; /* how far they are; set if it waits */
    int known_lines[2][AVO_REFS_MAX];        /* what was seen there last */

    /* Bits: br for CAVLC (and the header before), reader and contexts for CABAC. */
    AvoSliceBits br;
    AvoCabacReader reader;
    AvoCabacContexts contexts;

    /* Carried from macroblock to macroblock. */
    int mb_addr;
    int qp;                  /* QPY */
    bool last_delta_nonzero; /* previous macroblock had mb_qp_delta other than 0 */
    int mbs_done;
    int64_t trace_mark; /* bits before the macroblock at work, where traced */

    /* The macroblock at work. */
    int mb_x, mb_y;
    AvoMbInfo *mb;
    AvoNeighbours nb;
    AvoMvCache mvc;
    AvoDirect direct;
    AvoNzCache nz;
    AvoMbWork work;
    bool bypass; /* lossless: qpprime_y_zero_transform_bypass_flag and QPY 0 */
} AvoSliceDec;

/* mb_parse.c: decodes all macroblocks of the slice. The bits start at s->br. Negative: damaged;
 * s->mbs_done macroblocks before that are good. */
int avo_slice_data_decode(AvoSliceDec *s, AvoMessage *msg);

/* mb_decode.c */
bool avo_mb_reconstruct(AvoSliceDec *s);
/* Returns once `lines` luma lines of a reference (1 to the picture's height) are final. */
void avo_mb_wait_lines(AvoSliceDec *s, int list, int ref, int lines);

/* Chroma QP of plane 0 Cb, 1 Cr (8.5.8). */
AVO_INLINE int avo_slice_chroma_qp(const AvoSliceDec *s, int plane)
{
    return avo_chroma_qp[avo_clip3(0, 51, s->qp + s->pps->chroma_qp_offset[plane])];
}

#endif
