/* Division of 64 bit numbers. Cores of 32 bits have it from the compiler's library, as two
 * kilobytes of code that are fast; in the build for small machines, where a picture takes a few
 * dozen of them, it is a loop over bits instead. */
#ifndef AVO_BASE_DIVIDE_H
#define AVO_BASE_DIVIDE_H

#include "base/util.h"

#if AVOCET_TINY

/* b is not 0. Quotients are cut off towards 0, as by the operator. */
uint64_t avo_divide_unsigned(uint64_t a, uint64_t b);
int64_t avo_divide(int64_t a, int64_t b);

#else

AVO_INLINE uint64_t avo_divide_unsigned(uint64_t a, uint64_t b)
{
    return a / b;
}

AVO_INLINE int64_t avo_divide(int64_t a, int64_t b)
{
    return a / b;
}

#endif

#endif
