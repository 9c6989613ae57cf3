/* The table of the C kernels compiled as CHECKDSP_VECTORISED says (the compiler's options, as
 * text). See vectorised.h. */
#ifdef CHECKDSP_VECTORISED
#include "checkdsp/vectorised.h"
#endif
#include "dsp/dsp_internal.h"
#include "checkdsp/checkdsp.h"
#include "dsp/cpu.h"

#ifdef CHECKDSP_VECTORISED

const char *vectorised_options(void)
{
    return CHECKDSP_VECTORISED;
}

bool vectorised_init(AvoDsp *dsp)
{
    uint32_t wanted = CHECKDSP_VECTORISED_CPU;
    if ((avo_cpu_detect() & wanted) != wanted)
        return false;
    memset(dsp, 0, sizeof(*dsp));
#define CALL_INIT(family, isa) AVO_BPC(avo_##family##_init_##isa)(dsp);
    AVO_FOR_FAMILIES(CALL_INIT, c)
    return true;
}

#else

const char *vectorised_options(void)
{
    return "";
}

bool vectorised_init(AvoDsp *dsp)
{
    (void)dsp;
    return false;
}

#endif
