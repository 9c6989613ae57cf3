/* The division of the build for small machines (base/divide.c) against the operator. */
#undef AVOCET_TINY
#define AVOCET_TINY 1
#include "base/divide.c"
#include "check.h"

int main(void)
{
    Random random = {20};
    for (int i = 0; i < 20000; i++) {
        /* Of any length, small divisors above all. */
        uint64_t a = (uint64_t)random_next(&random) << 32 | random_next(&random);
        uint64_t b = (uint64_t)random_next(&random) << 32 | random_next(&random);
        a >>= random_next(&random) % 64;
        b >>= random_next(&random) % 64;
        b += !b;
        int64_t x = (int64_t)(a ^ (0 - (a & 1))), y = (int64_t)b;
        if (avo_divide_unsigned(a, b) != a / b)
            CHECK(0, "%llu / %llu", (unsigned long long)a, (unsigned long long)b);
        if (y && (x != INT64_MIN || y != -1) && avo_divide(x, y) != x / y)
            CHECK(0, "%lld / %lld", (long long)x, (long long)y);
    }
    const uint64_t most = UINT64_MAX;
    CHECK(avo_divide_unsigned(most, 1) == most, "the largest by 1");
    CHECK(avo_divide_unsigned(most, most) == 1, "the largest by itself");
    CHECK(avo_divide_unsigned(most - 1, most) == 0, "by more");
    CHECK(avo_divide(-7, 2) == -3 && avo_divide(7, -2) == -3, "cut off towards 0");
    CHECK(avo_divide(INT64_MIN, 1) == INT64_MIN, "the lowest");
    CHECK(tally.failed == 0, "random numbers");
    return check_finish();
}
