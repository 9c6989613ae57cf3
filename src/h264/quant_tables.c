/* See quant_tables.h. */
#include "h264/quant_tables.h"
#include "h264/tables.h"

void avo_quant_tables_init_dequant(AvoQuantTables *t, const AvoScalingMatrix *m)
{
    for (int list = 0; list < 6; list++)
        for (int rem = 0; rem < 6; rem++)
            for (int k = 0; k < 16; k++) {
                int at = avo_zigzag_4x4[k];
                t->dequant4[list][rem][at] =
                    (uint16_t)(m->list4x4[list][k] * avo_norm_adjust_4x4[rem][at]);
            }
    for (int list = 0; list < 2; list++)
        for (int rem = 0; rem < 6; rem++)
            for (int k = 0; k < 64; k++) {
                int at = avo_zigzag_8x8[k];
                t->dequant8[list][rem][at] =
                    (uint16_t)(m->list8x8[list][k] * avo_norm_adjust_8x8[rem][at]);
            }
}
