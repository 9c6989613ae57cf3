/* One block of the kernel heritage (dsp.h), and rows in steps of several: rows that are no multiple
 * of a step end with one that overlaps the one before; short ones go block by block.
 *
 * Divisions are exact in double precision: a quotient below 2^17 of integers below 2^31 is either
 * whole or 2^-14 away from the next whole number at least, which is far more than rounding moves
 * it. */
#ifndef AVO_DSP_HERITAGE_ROW_H
#define AVO_DSP_HERITAGE_ROW_H

#include "dsp/dsp_internal.h"

AVO_INLINE uint32_t heritage_of(const AvoHeritage *of, int i)
{
    int intra = of->intra[i], lists = of->blocks[i] >> AVO_HERITAGE_LIST;
    int inter = avo_max(0, (of->blocks[i] & AVO_HERITAGE_COST) - of->swallowed);
    if (!lists || inter >= intra)
        return 0;
    uint64_t cost = (uint64_t)(unsigned)intra * of->weight[i];
    uint64_t total = (cost * (unsigned)of->duration_q8 >> 12) + 1 + of->inherited[i];
    uint32_t share_q16 = ((uint32_t)(intra - inter) << 16) / (uint32_t)intra;
    return (uint32_t)(total * share_q16 >> (16 + of->shift)) >> (lists == 3);
}

/* step_blocks(): `step` blocks from `at` on. */
#define AVO_HERITAGE_ROW(step_blocks, step)                                                        \
    static void heritage(uint32_t *amount, const AvoHeritage *of, int n)                           \
    {                                                                                              \
        for (int i = 0; n < (step) && i < n; i++)                                                  \
            amount[i] = heritage_of(of, i);                                                        \
        for (int i = 0; n >= (step) && i < n; i += (step))                                         \
            step_blocks(amount, of, avo_min(i, n - (step)));                                       \
    }

#endif
