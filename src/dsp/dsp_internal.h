/* Private to dsp/: the per-family init functions that fill the kernel table, and helpers that all
 * versions of a kernel share. */
#ifndef AVO_DSP_DSP_INTERNAL_H
#define AVO_DSP_DSP_INTERNAL_H

#include "base/util.h"
#include "dsp/dsp.h"

/* Put before a loop of constant length that must vanish, because arrays of registers are indexed by
 * its counter. Compilers differ in whether -O2 does that by itself. */
#if defined(__clang__)
#define AVO_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define AVO_UNROLL _Pragma("GCC unroll 16")
#else
#define AVO_UNROLL
#endif

/* X(width, height) for each entry of AvoBlkSize. */
#define AVO_FOR_BLK_SIZES(X) X(16, 16) X(16, 8) X(8, 16) X(8, 8) X(8, 4) X(4, 8) X(4, 4)
/* The sizes that 8x8 transforms can tile. */
#define AVO_FOR_BLK_SIZES_8(X) X(16, 16) X(16, 8) X(8, 16) X(8, 8)

/* Interpolation at sixteenths of a sample; six taps, two zeros behind them. */
extern const int8_t avo_sixteenth_taps[16][8];

/* The last operation of a luma prediction: where its samples go and what they are averaged with. */
typedef struct AvoLumaSink {
    pixel *dst;
    ptrdiff_t stride;
    const pixel *with; /* NULL: nothing */
    ptrdiff_t stride_with;
} AvoLumaSink;

/* C kernels that other kernels are made of. */
int AVO_BPC(avo_satd_4x4_c)(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b);
int AVO_BPC(avo_sa8d_8x8_c)(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b);

/* X(family, isa) for each file of kernels, in the order in which they may replace each other. */
#define AVO_FOR_FAMILIES(X, isa)                                                                   \
    X(cost, isa)                                                                                   \
    X(transform, isa)                                                                              \
    X(quant, isa)                                                                                  \
    X(intra, isa)                                                                                  \
    X(interp, isa)                                                                                 \
    X(deblock, isa)                                                                                \
    X(strength, isa)                                                                               \
    X(resample, isa)                                                                               \
    X(convert, isa)                                                                                \
    X(temporal, isa)                                                                               \
    X(heritage, isa)

#define AVO_DECLARE_INIT(family, isa) void AVO_BPC(avo_##family##_init_##isa)(AvoDsp * dsp);

AVO_FOR_FAMILIES(AVO_DECLARE_INIT, c)
AVO_FOR_FAMILIES(AVO_DECLARE_INIT, sse41)
AVO_FOR_FAMILIES(AVO_DECLARE_INIT, avx2)
AVO_DECLARE_INIT(quant, avx512)
AVO_DECLARE_INIT(cost, neon)
AVO_DECLARE_INIT(transform, neon)
AVO_DECLARE_INIT(quant, neon)
AVO_DECLARE_INIT(intra, neon)
AVO_DECLARE_INIT(interp, neon)
AVO_DECLARE_INIT(deblock, neon)
AVO_DECLARE_INIT(strength, neon)
AVO_DECLARE_INIT(resample, neon)
AVO_DECLARE_INIT(convert, neon)
AVO_DECLARE_INIT(temporal, neon)
AVO_DECLARE_INIT(heritage, neon)

#endif
