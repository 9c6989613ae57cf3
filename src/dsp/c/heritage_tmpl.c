/* What blocks of the lookahead pass on, C reference. */
#include "dsp/heritage_row.h"

#if !AVOCET_TINY

static void heritage(uint32_t *amount, const AvoHeritage *of, int n)
{
    for (int i = 0; i < n; i++)
        amount[i] = heritage_of(of, i);
}

void AVO_BPC(avo_heritage_init_c)(AvoDsp *dsp)
{
    dsp->heritage = heritage;
}

#endif
