/* Forward quantiser tables for all QPs and scaling lists,
 * beside the decoder's LevelScale tables. */
#ifndef AVO_ENC_QUANT_H
#define AVO_ENC_QUANT_H

#include "h264/quant_tables.h"

/* List order as in AvoScalingMatrix: 0..2 intra Y Cb Cr, 3..5 inter Y Cb Cr; 8x8: 0 intra, 1 inter.
 * level = (|c| + bias) * mf >> 16. The DC blocks of Intra16x16 and chroma use mf4[..][0] / 2.
 * round: the bias that rounds to the nearest level. ac: of blocks whose DC is coded apart, 0 there.
 */
typedef struct AvoQuantSet {
    uint16_t ac_mf4[6][52][16];
    uint16_t mf4[6][52][16], bias4[6][52][16], round4[6][52][16];
    uint16_t mf8[2][52][64], bias8[2][52][64], round8[2][52][64];
    uint16_t dc_mf[6][52], dc_bias[6][52], dc_round[6][52];
    AvoQuantTables scale;
    uint8_t chroma_qp[2][52]; /* QPC of Cb, Cr for a luma QP */
} AvoQuantSet;

/* In 1/64 of a quantiser step. mean: of the first coefficient of intra blocks, and of those whose
 * mean is coded apart. */
typedef struct AvoDeadZones {
    int mean, intra, inter;
} AvoDeadZones;

void avo_quant_init(AvoQuantSet *q, const AvoScalingMatrix *lists, const int chroma_qp_offset[2],
                    AvoDeadZones zones);

#endif
