/* What a macroblock is: types, partitions, and the two records that describe a coded one.
 *
 * AvoMbInfo is what everybody else needs to know of a macroblock after it is decided: its
 * neighbours (prediction of vectors and modes, entropy contexts), the loop filter, and later
 * pictures (co-located vectors). One array of them belongs to each AvoFrame. Encoder and decoder
 * fill the same record.
 *
 * AvoMbCode is what only the entropy coder needs besides: the choices that were made and the
 * vector differences. With the quantised levels (AvoLevels) it is everything slice data contains,
 * so a picture can be written long after it was analysed.
 *
 * Order of 4x4 blocks: arrays in AvoMbInfo and AvoMbCode are in RASTER order (y * 4 + x) unless the
 * member says "coding order"; the coding order (6.4.3) is
 *
 *      0  1  4  5
 *      2  3  6  7
 *      8  9 12 13
 *     10 11 14 15      avo_blk_raster[coding] = raster and back avo_blk_coding[raster] */
#ifndef AVO_H264_MB_H
#define AVO_H264_MB_H

#include <stdint.h>
#include <stdbool.h>

typedef enum AvoSliceType { AVO_SLICE_P = 0, AVO_SLICE_B = 1, AVO_SLICE_I = 2 } AvoSliceType;

typedef enum AvoMbType {
    AVO_MB_I4x4,
    AVO_MB_I8x8,
    AVO_MB_I16x16,
    AVO_MB_IPCM,
    AVO_MB_P_SKIP,
    AVO_MB_P,    /* one or two partitions, AvoPartition says which */
    AVO_MB_P8x8, /* four sub-macroblocks */
    AVO_MB_B_SKIP,
    AVO_MB_B_DIRECT, /* B_Direct_16x16 with residual */
    AVO_MB_B,        /* one or two partitions; ref_idx >= 0 tells the lists used */
    AVO_MB_B8x8
} AvoMbType;

#define AVO_MB_IS_INTRA(type) ((type) <= AVO_MB_IPCM)
#define AVO_MB_IS_SKIP(type)  ((type) == AVO_MB_P_SKIP || (type) == AVO_MB_B_SKIP)

typedef enum AvoPartition {
    AVO_PART_16x16,
    AVO_PART_16x8,
    AVO_PART_8x16,
    AVO_PART_8x8
} AvoPartition;

typedef enum AvoSubType {
    AVO_SUB_8x8,
    AVO_SUB_8x4,
    AVO_SUB_4x8,
    AVO_SUB_4x4,
    AVO_SUB_DIRECT /* B_Direct_8x8 */
} AvoSubType;

typedef struct AvoMv {
    int16_t x, y; /* quarter luma samples */
} AvoMv;

/* DC coded_block_flags in AvoMbInfo.dc_flags. */
enum { AVO_DC_LUMA = 1, AVO_DC_CB = 2, AVO_DC_CR = 4 };

typedef struct AvoMbInfo {
    uint8_t type;          /* AvoMbType */
    uint8_t transform_8x8; /* transform_size_8x8_flag */
    uint8_t cbp;           /* luma bits 0..3, chroma << 4 (0, 1, 2); 0x2f for I_PCM */
    int8_t qp;             /* QPY used by the loop filter (0 for I_PCM) */
    uint16_t slice;        /* slice number in the picture; neighbours of another are unavailable */
    uint8_t intra_chroma_mode; /* 0 when inter */
    uint8_t dc_flags;          /* AVO_DC_*: coded DC blocks (all set for I_PCM) */
    uint8_t direct8x8;         /* bit i: 8x8 block i is direct (0xf for B_SKIP and B_DIRECT) */
    uint8_t qp_delta_nonzero;  /* this macroblock sent a mb_qp_delta other than 0 */
    uint8_t pad[2];
    /* TotalCoeff per block (CAVLC nC); with CABAC only zero or not matters, and an 8x8 transform
     * block sets all its four. 16 everywhere for I_PCM.
     * [0..15] luma raster, [16..19] Cb raster 2x2, [20..23] Cr. AC only for Intra16x16 and chroma.
     */
    uint8_t nnz[24];
    /* Intra4x4/8x8 prediction mode per 4x4 block; AVO_I4_DC (2) for every other macroblock. */
    int8_t intra_mode[16];
    int8_t ref_idx[2][4]; /* per 8x8; -1: list not used (both -1 when intra) */
    /* Which picture that is: the frame's slot number in the DPB (AvoFrame.slot), -1 none.
     * Duplicates of one picture in a list share it: the loop filter compares pictures, not indices.
     */
    int8_t ref_slot[2][4];
    AvoMv mv[2][16];       /* 0 where the list is not used */
    uint8_t mvd[2][16][2]; /* |mvd| clipped to 255, CABAC contexts; 0 for skip, direct, intra */
} AvoMbInfo;

typedef struct AvoMbCode {
    uint8_t partition;    /* AvoPartition of AVO_MB_P, AVO_MB_B */
    uint8_t sub_type[4];  /* AvoSubType of AVO_MB_P8x8, AVO_MB_B8x8 */
    uint8_t intra16_mode; /* AVO_I16_V..PLANE, the standard's number */
    int8_t qp;            /* QPY wanted; sent as delta where the syntax sends one. When it does
                           * not, the macroblock's QPY is the predicted one (7.4.5). */
    uint8_t pad;
    int8_t intra_pred[16]; /* coding order (8x8: first 4 entries): -1 use predicted mode, else
                            * rem_intra_pred_mode */
    AvoMv mvd[2][16];      /* vector differences, raster; valid at each partition's first block */
} AvoMbCode;

/* Quantised levels in scan order. A block's unused levels are 0; blocks without any level need not
 * be cleared (AvoMbInfo.nnz, dc_flags and cbp tell). AC blocks leave index 0 unused. */
typedef struct AvoLevels {
    int16_t luma[16][16]; /* coding order. 8x8 transform: CABAC 64 levels from luma[4 * i] on,
                           * CAVLC four interleaved 4x4 blocks (7.3.5.3.2) */
    int16_t luma_dc[16];
    int16_t chroma_dc[2][4];
    int16_t chroma_ac[2][4][16];
    /* I_PCM samples overlay: 256 luma, 64 Cb, 64 Cr bytes from the start of luma. */
} AvoLevels;

extern const uint8_t avo_blk_raster[16];
extern const uint8_t avo_blk_coding[16];

#endif
