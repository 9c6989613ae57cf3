/* See cabac_ctx.h; the tables are in cabac_tables.c. */
#include "h264/cabac_ctx.h"
#include "base/util.h"
#include "h264/cabac_tables.h"
#include "h264/tables.h"

/* 9.3.1.1. Context 276 is the terminate bin's: it never adapts and is not used as a state. */
void avo_cabac_init_contexts(AvoCabacContexts *ctx, AvoSliceType type, int cabac_init_idc,
                             int slice_qp)
{
    const int8_t(*mn)[2] = avo_cabac_init_mn[type == AVO_SLICE_I ? 0 : 1 + cabac_init_idc];
    int qp = avo_clip3(0, AVO_QP_MAX, slice_qp);
    for (int i = 0; i < AVO_CABAC_CONTEXTS; i++) {
        int pre = avo_clip3(1, 126, ((mn[i][0] * qp) >> 4) + mn[i][1]);
        ctx->state[i] = (uint8_t)(pre <= 63 ? (63 - pre) << 1 : (pre - 64) << 1 | 1);
    }
}
