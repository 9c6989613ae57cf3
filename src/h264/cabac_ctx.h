/* CABAC contexts (9.3.1.1): state bytes, initialisation, transition tables shared by writer,
 * counter and reader. */
#ifndef AVO_H264_CABAC_CTX_H
#define AVO_H264_CABAC_CTX_H

#include <stdint.h>
#include <string.h>
#include "h264/mb.h"

#define AVO_CABAC_CONTEXTS 1024

/* One context: pStateIdx << 1 | valMPS. */
typedef struct AvoCabacContexts {
    uint8_t state[AVO_CABAC_CONTEXTS];
} AvoCabacContexts;

/* Copies the contexts of frame macroblocks in 4:2:0 and 4:0:0: all that the encoder uses. */
#define AVO_CABAC_CONTEXTS_USED 464
static inline void avo_cabac_copy_contexts(AvoCabacContexts *to, const AvoCabacContexts *from)
{
    memcpy(to->state, from->state, AVO_CABAC_CONTEXTS_USED);
}

void avo_cabac_init_contexts(AvoCabacContexts *ctx, AvoSliceType type, int cabac_init_idc,
                             int slice_qp);

extern const uint8_t avo_cabac_range_lps[64][4];
/* Next state byte for [state byte][bin]. */
extern const uint8_t avo_cabac_next[128][2];
/* Cost of a bin in 1/256 bit, index state byte ^ bin: then the low bit is 0 for the more probable
 * value, 1 for the other, and the rest is pStateIdx. */
extern const uint16_t avo_cabac_entropy[128];

#endif
