/* Private to dsp/: the per-family init functions that fill the kernel table, and helpers that all
 * versions of a kernel share. */
#ifndef AVO_DSP_DSP_INTERNAL_H
#define AVO_DSP_DSP_INTERNAL_H

#include "base/util.h"
#include "dsp/dsp.h"

/* X(width, height) for each entry of AvoBlkSize. */
#define AVO_FOR_BLK_SIZES(X) X(16, 16) X(16, 8) X(8, 16) X(8, 8) X(8, 4) X(4, 8) X(4, 4)
/* The sizes that 8x8 transforms can tile. */
#define AVO_FOR_BLK_SIZES_8(X) X(16, 16) X(16, 8) X(8, 16) X(8, 8)

void AVO_BPC(avo_cost_init_c)(AvoDsp *dsp);
void AVO_BPC(avo_transform_init_c)(AvoDsp *dsp);
void AVO_BPC(avo_quant_init_c)(AvoDsp *dsp);
void AVO_BPC(avo_intra_init_c)(AvoDsp *dsp);
void AVO_BPC(avo_interp_init_c)(AvoDsp *dsp);
void AVO_BPC(avo_deblock_init_c)(AvoDsp *dsp);
void AVO_BPC(avo_resample_init_c)(AvoDsp *dsp);

#endif
