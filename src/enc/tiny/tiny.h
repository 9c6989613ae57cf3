/* The encoder for small machines (AVOCET_TINY): its state, and the doors between its files.
 *
 * The big encoder keeps records of whole pictures so that analysis, entropy coding and rate control
 * can run apart. Here memory and instructions are what is short, so one macroblock after the other
 * is decided, coded and written, and nothing is kept but lines:
 *
 *     send(picture)  tiny_encoder.c    type and quantiser of the picture (tiny_rate.c)
 *       per row      tiny_row.c        source rows converted, window of the reference moved down
 *         per MB     tiny_decide.c     skip, vectors (tiny_search.c, tiny_subpel.c), intra
 *                                      (tiny_intra.c), residual (tiny_residual.c)
 *                    tiny_cavlc.c      bits, escaped into the packet (tiny_stream.c)
 *       per row      tiny_deblock.c    loop filter, straight in the reference picture
 *
 * The new picture is written over the one it refers to: what a row may still refer to has been
 * copied into the window before. So there is one picture in memory, besides the application's.
 *
 * Constrained Baseline: I and P, one reference, 16x16 vectors, Intra 16x16 and 4x4, CAVLC,
 * loop filter. Everything is integer; nothing is divided per macroblock. */
#ifndef AVO_ENC_TINY_TINY_H
#define AVO_ENC_TINY_TINY_H

#include <avocet/encoder.h>
#include "base/arena.h"
#include "base/status.h"
#include "base/util.h"
#include "dsp/dsp.h"
#include "dsp/word.h"
#include "h264/mb.h"

/* ---- limits ---- */

#define AVO_TINY_QP_MIN       10 /* below, levels need escapes that Baseline lacks */
#define AVO_TINY_REACH        16 /* of vectors beyond the row and the picture */
#define AVO_TINY_PAD          24 /* columns of the window beside the picture */
#define AVO_TINY_ABOVE        (AVO_TINY_REACH + 3)
#define AVO_TINY_LINES        (AVO_TINY_ABOVE + 16 + AVO_TINY_REACH + 3)
#define AVO_TINY_CHROMA_LINES (AVO_TINY_ABOVE / 2 + 8 + AVO_TINY_REACH / 2 + 1)
#define AVO_TINY_MB_BITS      3200 /* of one macroblock (A.3.1 n) */
#define AVO_TINY_MB_BYTES     2048 /* buffer for one macroblock's bits, whatever it may take */

/* ---- pieces ---- */

/* Bits of one macroblock before they are escaped into the packet. 32 bit arithmetic only. */
typedef struct AvoTinyBits {
    uint32_t cache; /* the upper 32 - free bits wait here */
    int free;
    uint8_t *pos, *start, *end;
    bool overflow;
} AvoTinyBits;

/* What a macroblock's neighbours and the loop filter need to know of it. */
typedef struct AvoTinyMb {
    uint16_t coded; /* bit per raster block with luma levels */
    uint8_t qp;
    uint8_t is_intra;
    AvoMv mv;
} AvoTinyMb;

/* Forward and inverse quantiser at one QP. */
typedef struct AvoTinyQuant {
    int qp;
    uint16_t mf[16];       /* level = (|c| + bias) * mf >> 16 */
    uint16_t step[16];     /* scaled back: level * step */
    uint16_t bias[2][16];  /* inter, intra */
    uint16_t limit[2][16]; /* the largest |c| of level 0 */
} AvoTinyQuant;

typedef enum AvoTinyType { AVO_TINY_P16x16, AVO_TINY_I16x16, AVO_TINY_I4x4 } AvoTinyType;

/* Place of block (x, y) in a grid whose first row and the column at x = -1 are the neighbours'.
 * Rows of four begin at whole words. */
#define AVO_TINY_GRID(x, y) (8 * (y) + (x) + 12)

/* The macroblock at work. */
typedef struct AvoTinyWork {
    AvoTinyType type;
    int mb_x, mb_y;
    const pixel *cur[3];             /* source, in the row buffer */
    pixel *rec[3];                   /* where it is reconstructed */
    AVO_ALIGN(4) pixel half[8 * 16]; /* every other line of cur[0], as costs want it */
    unsigned edges;                  /* AVO_EDGE_* around the macroblock */
    const AvoTinyMb *left, *above, *above_right, *above_left; /* NULL: not there */
    AvoTinyMb *mb;                                            /* its own record */
    AvoMv mvp, skip_mv, mvd;
    int qp;
    int cbp;
    int i16_mode, chroma_mode;
    int8_t i4_mode[16]; /* coding order; -1: the predicted one, else rem_intra4x4_pred_mode */
    AVO_ALIGN(4) int8_t i4_grid[40]; /* modes with those of the neighbours, AVO_TINY_GRID */
    /* Levels in scan order, blocks in coding order. */
    AVO_ALIGN(4) coef luma[16][16];
    AVO_ALIGN(4) coef chroma_ac[2][4][16];
    coef luma_dc[16], chroma_dc[2][4];
    AVO_ALIGN(4) coef coefs[256]; /* transform coefficients while they are at work */
    /* TotalCoeff with those of the neighbours, NO_BLOCK where there is none. */
    AVO_ALIGN(4) uint8_t nnz[40]; /* AVO_TINY_GRID */
    uint8_t nnz_c[2][16];         /* (y + 1) * 4 + x + 1 */
} AvoTinyWork;

#define AVO_TINY_NO_BLOCK 64

/* Half samples around one vector in whole samples (tiny_subpel.c). Columns and rows of each array
 * begin at the offset from the block that its comment names. */
#define AVO_TINY_SUB_STRIDE 28
typedef struct AvoTinySubpel {
    int x, y; /* position in the picture; done says whether it holds */
    unsigned done;
    uint32_t pad;                                              /* keeps the arrays aligned */
    pixel g[22 * AVO_TINY_SUB_STRIDE];                         /* whole samples, -3, -3 */
    pixel b[18 * 20], h[17 * AVO_TINY_SUB_STRIDE], j[17 * 20]; /* -1, -1; -3, -1; -1, -1 */
    uint16_t mid[22 * 20]; /* b without rounding, rows from -3 */
} AvoTinySubpel;

/* What is known of the cost of a picture type. */
typedef struct AvoTinyRate {
    int64_t bits_per_picture_q8;
    int64_t debt;           /* bits spent beyond what was due */
    int fps;                /* rounded, at least 1 */
    uint32_t complexity[2]; /* bits * quantiser step / 16 of recent P and I pictures */
    bool known[2];
    int base_qp; /* of the picture being coded */
    int row_qp;
    int last_qp[2];  /* average, P and I */
    uint32_t target; /* bits of this picture; 0: constant quantiser */
    uint32_t qp_sum;
} AvoTinyRate;

typedef struct AvoTiny {
    AvocetEncoderConfig *config; /* in effect; the handle's */
    AvoDsp dsp;
    int mb_w, mb_h;
    AvoTinyRate rate;
    AvoTinyQuant quant, chroma_quant;
    AvoTinyBits bits;

    /* Slow memory. */
    pixel *ref[3]; /* the reference, becoming the new picture row by row; no padding */
    ptrdiff_t ref_stride[3];
    uint8_t *packet;
    size_t packet_size, packet_capacity;
    size_t slice_start; /* of the picture's NAL unit in the packet */
    int zeros;          /* zero bytes at the packet's end (emulation prevention) */
    bool packet_overflow;

    /* Fast memory. */
    pixel *source[3]; /* one row of macroblocks of the picture being coded */
    pixel *window[3]; /* first line of the window, first column of the picture */
    ptrdiff_t window_stride[3];
    pixel *top[3]; /* the line above the row before the loop filter */
    AvoTinyMb *row, *row_above;
    uint8_t *top_nnz;       /* 8 a macroblock: 4 luma, 2 Cb, 2 Cr */
    int8_t *top_modes;      /* 4 a macroblock */
    uint8_t left_nnz[2][8]; /* right column: luma 4; then Cb 2, Cr 2 */
    int8_t left_modes[4];
    uint32_t *row_bits[2]; /* bits up to the end of each row in the last P and I picture */
    AvoTinyWork *work;
    AvoTinySubpel *subpel;

    /* The picture. */
    bool is_idr;
    int skip_run;
    int last_qp; /* QP that mb_qp_delta counts from */
    int frame_num, idr_pic_id;
    int since_idr;         /* pictures */
    uint32_t picture_bits; /* of the slice so far */
    uint8_t headers[80];   /* SPS and PPS as NAL units */
    int headers_size;
} AvoTiny;

/* ---- tiny_encoder.c ---- */

/* Carves everything out of arena (dry run too) and, if it is a real one, sets it up. */
int avo_tiny_setup(AvoTiny *t, AvoArena *arena, AvocetEncoderConfig *config, AvoMessage *msg);
/* Codes picture into t->packet. wants_idr: at the caller's wish. */
int avo_tiny_code(AvoTiny *t, const AvocetPicture *picture, bool wants_idr, AvoMessage *msg);

/* ---- tiny_row.c ---- */
void avo_tiny_code_row(AvoTiny *t, const AvocetPicture *picture, int mb_y);
/* A measure of the picture's detail. */
uint32_t avo_tiny_measure(AvoTiny *t, const AvocetPicture *picture);

/* ---- tiny_decide.c ---- */
/* Decides, reconstructs and writes one macroblock, whose neighbours are bound. */
void avo_tiny_code_mb(AvoTiny *t);
extern const uint8_t avo_tiny_lambda[52];

/* ---- tiny_search.c ---- */
/* Best vector in whole samples (returned in quarters) and its cost. */
AvoMv avo_tiny_search(const AvoTiny *t, int *cost);
/* SAD at the nearest whole vector, estimated from every fourth line. */
int avo_tiny_coarse_sad(const AvoTiny *t, AvoMv mv);
bool avo_tiny_in_reach(const AvoTiny *t, AvoMv mv);
/* Bits of a vector's difference. */
int avo_tiny_mvd_bits(AvoMv mv, AvoMv mvp);
/* Vector prediction of the macroblock, 8.4.1.3 and 8.4.1.1. */
void avo_tiny_predict_mv(AvoTinyWork *w);

/* ---- tiny_subpel.c ---- */
/* Polishes mv to quarter samples; cost is that of the search, and is updated. */
AvoMv avo_tiny_refine(AvoTiny *t, AvoMv mv, int *cost);
/* Inter prediction of the macroblock into rec. */
void avo_tiny_predict_luma(AvoTiny *t, AvoMv mv);
void avo_tiny_predict_chroma(const AvoTiny *t, AvoMv mv);

/* ---- tiny_intra.c ---- */
/* Cost of the best mode, in the units of SAD; w->i16_mode names it. */
int avo_tiny_try_i16(AvoTiny *t);
/* Decides, codes and reconstructs the 16 blocks;
 * returns INT32_MAX as soon as it exceeds give_up. */
int avo_tiny_try_i4(AvoTiny *t, int give_up);
void avo_tiny_predict_i16(AvoTiny *t);
void avo_tiny_predict_intra_chroma(AvoTiny *t);

/* ---- tiny_residual.c ---- */
void avo_tiny_quant_set(AvoTinyQuant *q, int qp);
/* Prediction in rec becomes reconstruction; levels, nnz and cbp are set. */
void avo_tiny_code_inter_luma(AvoTiny *t);
void avo_tiny_code_i16_luma(AvoTiny *t);
void avo_tiny_code_i4_block(AvoTiny *t, int k);
void avo_tiny_code_chroma(AvoTiny *t);

/* ---- tiny_cavlc.c ---- */
void avo_tiny_write_mb(AvoTiny *t);
void avo_tiny_write_skip_run(AvoTiny *t);

/* ---- tiny_deblock.c ---- */
void avo_tiny_deblock_row(AvoTiny *t, int mb_y);

/* ---- tiny_rate.c ---- */
void avo_tiny_rate_init(AvoTinyRate *r, const AvocetEncoderConfig *config);
/* Takes over a changed bit rate, frame rate or bounds. */
void avo_tiny_rate_change(AvoTinyRate *r, const AvocetEncoderConfig *config);
/* Before the first picture: what it and the next may cost, by the detail in it. */
void avo_tiny_rate_guess(AvoTinyRate *r, uint32_t detail);
void avo_tiny_rate_begin(AvoTiny *t);
/* QP of the row that comes. */
int avo_tiny_rate_row(AvoTiny *t, int mb_y);
void avo_tiny_rate_end(AvoTiny *t);

/* ---- tiny_stream.c ---- */
void avo_tiny_write_headers(AvoTiny *t);
/* is_first: of the stream, which begins with the parameter sets in any case. */
void avo_tiny_begin_slice(AvoTiny *t, bool is_first);
void avo_tiny_end_slice(AvoTiny *t);
/* Moves the finished bytes of t->bits into the packet. */
void avo_tiny_drain(AvoTiny *t);
/* Whether the packet may become too small unless the rest of the picture is
 * coded in next to nothing. */
bool avo_tiny_is_full(const AvoTiny *t);

#endif
