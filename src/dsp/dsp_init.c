/* Fills the kernel table: C for every entry first, then each ISA level the CPU has in rising order,
 * so that the best version of a kernel is the one that stays. */
#include "dsp/dsp_internal.h"
#include "dsp/cpu.h"

#if AVOCET_TINY

void avo_dsp_init_tiny(AvoDsp *dsp)
{
    memset(dsp, 0, sizeof(*dsp));
    AVO_BPC(avo_transform_init_c)(dsp);
    AVO_BPC(avo_intra_init_c)(dsp);
    AVO_BPC(avo_deblock_init_c)(dsp);
    AVO_BPC(avo_resample_init_c)(dsp);
    AVO_BPC(avo_convert_init_c)(dsp);
}

#else

void avo_dsp_init(AvoDsp *dsp, uint32_t mask)
{
    uint32_t flags = mask ? avo_cpu_restrict(avo_cpu_detect(), mask) : 0;

    memset(dsp, 0, sizeof(*dsp));
    dsp->cpu_flags = flags;

#define CALL_INIT(family, isa) AVO_BPC(avo_##family##_init_##isa)(dsp);
    AVO_FOR_FAMILIES(CALL_INIT, c)
    if (flags & AVO_CPU_SSE41) {
        AVO_FOR_FAMILIES(CALL_INIT, sse41)
    }
    if (flags & AVO_CPU_AVX2) {
        AVO_FOR_FAMILIES(CALL_INIT, avx2)
    }
    if (flags & AVO_CPU_AVX512) {
        CALL_INIT(quant, avx512)
    }
    if (flags & AVO_CPU_NEON) {
        CALL_INIT(cost, neon)
        CALL_INIT(transform, neon)
        CALL_INIT(quant, neon)
        CALL_INIT(intra, neon)
        CALL_INIT(interp, neon)
        CALL_INIT(deblock, neon)
        CALL_INIT(strength, neon)
        CALL_INIT(resample, neon)
        CALL_INIT(convert, neon)
        CALL_INIT(temporal, neon)
        CALL_INIT(heritage, neon)
    }
}

#endif
