/* See divide.h. */
#include "base/divide.h"

#if AVOCET_TINY

/* Bit by bit from the highest one that the quotient can have. */
uint64_t avo_divide_unsigned(uint64_t a, uint64_t b)
{
    uint64_t quotient = 0;
    int shift = 0;
    while (b <= a >> 1 && shift < 63) {
        b <<= 1;
        shift++;
    }
    for (; shift >= 0; shift--, b >>= 1) {
        quotient <<= 1;
        if (a >= b) {
            a -= b;
            quotient |= 1;
        }
    }
    return quotient;
}

int64_t avo_divide(int64_t a, int64_t b)
{
    uint64_t quotient = avo_divide_unsigned(a < 0 ? 0 - (uint64_t)a : (uint64_t)a,
                                            b < 0 ? 0 - (uint64_t)b : (uint64_t)b);
    return (int64_t)((a < 0) != (b < 0) ? 0 - quotient : quotient);
}

#endif
