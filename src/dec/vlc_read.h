/* Look-up tables that turn bits into CAVLC symbols. Built once per decoder from the code words in
 * h264/cavlc_tables.h. */
#ifndef AVO_DEC_VLC_READ_H
#define AVO_DEC_VLC_READ_H

#include "dec/slice_bits.h"

/* One code: length of the code word in bits (0: no such code) and its symbol. */
typedef struct AvoVlcEntry {
    uint8_t length, symbol;
} AvoVlcEntry;

/* coeff_token: the first 8 bits select an entry of `first`; length AVO_VLC_LONG there means that
 * the symbol is found in rest[symbol], selected by the next 8 bits. symbol = TotalCoeff << 2 |
 * TrailingOnes. */
#define AVO_VLC_LONG  0xff
#define AVO_VLC_RESTS 8
typedef struct AvoCoeffTokenTable {
    AvoVlcEntry first[256];
    AvoVlcEntry rest[AVO_VLC_RESTS][256];
} AvoCoeffTokenTable;

typedef struct AvoVlcTables {
    AvoCoeffTokenTable coeff_token[3]; /* nC 0..1, 2..3, 4..7 */
    AvoVlcEntry coeff_token_fixed[64]; /* nC 8.., 6 bits */
    AvoVlcEntry coeff_token_dc[256];   /* chroma DC, 8 bits */
    AvoVlcEntry total_zeros[15][512];  /* [TotalCoeff - 1], 9 bits */
    AvoVlcEntry total_zeros_dc[3][8];  /* 3 bits */
    AvoVlcEntry run_before[6][8];      /* [zerosLeft - 1], zerosLeft 1..6, 3 bits */
    uint8_t scan_8x8_cavlc[4][16];     /* raster position of coefficient k of interleaved block i */
} AvoVlcTables;

void avo_vlc_tables_init(AvoVlcTables *t);

#endif
