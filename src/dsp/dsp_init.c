/* Fills the kernel table: C for every entry first, then each ISA level the CPU has in rising order,
 * so that the best version of a kernel is the one that stays. */
#include "dsp/dsp_internal.h"
#include "dsp/cpu.h"

void avo_dsp_init(AvoDsp *dsp, uint32_t mask)
{
    uint32_t flags = mask ? avo_cpu_restrict(avo_cpu_detect(), mask) : 0;

    memset(dsp, 0, sizeof(*dsp));
    dsp->cpu_flags = flags;

    AVO_BPC(avo_cost_init_c)(dsp);
    AVO_BPC(avo_transform_init_c)(dsp);
    AVO_BPC(avo_quant_init_c)(dsp);
    AVO_BPC(avo_intra_init_c)(dsp);
    AVO_BPC(avo_interp_init_c)(dsp);
    AVO_BPC(avo_deblock_init_c)(dsp);
    AVO_BPC(avo_resample_init_c)(dsp);
}
