/* Scaling of levels back to coefficients: LevelScale4x4 and LevelScale8x8 (8.5.9) for one set of
 * scaling lists. */
#ifndef AVO_H264_QUANT_TABLES_H
#define AVO_H264_QUANT_TABLES_H

#include "h264/paramset.h"

typedef struct AvoQuantTables {
    uint16_t dequant4[6][6][16]; /* [list: Intra Y Cb Cr, Inter Y Cb Cr][qp % 6][raster] */
    uint16_t dequant8[2][6][64]; /* [list: Intra Y, Inter Y] */
} AvoQuantTables;

void avo_quant_tables_init_dequant(AvoQuantTables *t, const AvoScalingMatrix *m);

#endif
