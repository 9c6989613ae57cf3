/* Names for a second copy of the C kernels, compiled for the instruction set of the level that they
 * are timed against: what the compiler makes of them is what SIMD by hand has to beat. The build
 * puts this file before each of src/dsp/c (-include); vectorised.c collects the copies. */
#ifndef CHECKDSP_VECTORISED_H
#define CHECKDSP_VECTORISED_H

#define avo_cost_init_c_8      avo_cost_init_vectorised_8
#define avo_transform_init_c_8 avo_transform_init_vectorised_8
#define avo_quant_init_c_8     avo_quant_init_vectorised_8
#define avo_intra_init_c_8     avo_intra_init_vectorised_8
#define avo_interp_init_c_8    avo_interp_init_vectorised_8
#define avo_deblock_init_c_8   avo_deblock_init_vectorised_8
#define avo_strength_init_c_8  avo_strength_init_vectorised_8
#define avo_resample_init_c_8  avo_resample_init_vectorised_8
#define avo_convert_init_c_8   avo_convert_init_vectorised_8
#define avo_temporal_init_c_8  avo_temporal_init_vectorised_8
#define avo_heritage_init_c_8  avo_heritage_init_vectorised_8
#define avo_satd_4x4_c_8       avo_satd_4x4_vectorised_8
#define avo_sa8d_8x8_c_8       avo_sa8d_8x8_vectorised_8
#define avo_sixteenth_taps     avo_sixteenth_taps_vectorised

#endif
