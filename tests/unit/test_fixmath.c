/* Fixed-point logarithms and powers against libm. */
#include <math.h>
#include "base/fixmath.h"
#include "check.h"

static void logarithms(void)
{
    Random r = {1};
    double worst = 0;
    for (int i = 0; i < 200000; i++) {
        uint64_t v = ((uint64_t)random_next(&r) << 32 | random_next(&r)) >> random_below(&r, 64);
        double error = v ? avo_log2_q16(v) / 65536.0 - log2((double)v) : 0;
        if (fabs(error) > fabs(worst))
            worst = error;
    }
    CHECK(fabs(worst) < 2.0 / 65536, "log2 is off by %g", worst);
    CHECK(avo_log2_q16(0) == 0 && avo_log2_q16(1) == 0, "log2 of 0 and 1");
    for (int i = 0; i < 64; i++)
        CHECK(avo_log2_q16((uint64_t)1 << i) == i << 16, "log2 of 2^%d", i);
    for (uint64_t v = 1; v < 100000; v++)
        CHECK(avo_log2_q16(v) <= avo_log2_q16(v + 1), "log2 rises at %d", (int)v);
}

static void powers(void)
{
    Random r = {2};
    for (int i = 0; i < 200000; i++) {
        int32_t x = random_in(&r, -20 * 65536, 46 * 65536);
        double exact = exp2(x / 65536.0) * 65536, got = (double)avo_exp2_q16(x);
        CHECK(fabs(got - exact) <= exact / 65536 + 0.51, "2^(%d/65536): %g, not %g", x, got, exact);
    }
    for (int i = -16; i < 47; i++)
        CHECK(avo_exp2_q16(i * 65536) == (uint64_t)1 << (i + 16), "2^%d", i);
    CHECK(avo_exp2_q16(INT32_MAX) == (uint64_t)1 << 63, "saturates");
    CHECK(avo_exp2_q16(INT32_MIN) == 0, "vanishes");
    for (int qp = -100; qp <= 100; qp++) {
        double ratio = (double)avo_step_ratio_q16(qp * 64) / 65536, exact = exp2(qp / 24.0);
        CHECK(fabs(ratio - exact) < 4e-5 * exact + 0.6 / 65536, "step ratio of %d/4 QP", qp);
    }
    CHECK(avo_qp_delta_q8(65536) == 6 * 256 && avo_qp_delta_q8(-65536) == -6 * 256,
          "6 QP per octave");
}

static void products(void)
{
    Random r = {3};
    for (int i = 0; i < 20000; i++) {
        uint64_t a = random_next(&r), b = random_next(&r), c = random_next(&r) + 1ull;
        CHECK(avo_muldiv(a, b, c) == a * b / c, "muldiv in 64 bits");
        uint64_t big = (uint64_t)random_next(&r) << 20 | random_next(&r);
        CHECK(avo_muldiv(big, c, c) == big, "muldiv by the same");
        CHECK(avo_muldiv(big, 3 * c, c) == 3 * big, "muldiv by three times the same");
        CHECK(avo_muldiv(big << 8, 1000003, 1000003ull << 8) == big, "muldiv with large values");
        CHECK(avo_mul_q16(a << 20, 65536) == a << 20, "mul_q16 by 1");
        CHECK(avo_mul_q16(a, b) == (a * b) >> 16, "mul_q16");
        uint32_t root = avo_isqrt(big);
        CHECK((uint64_t)root * root <= big && (root + 1ull) * (root + 1ull) > big, "isqrt");
    }
    CHECK(avo_isqrt(UINT64_MAX) == UINT32_MAX, "isqrt of the largest");
}

static void lambdas(void)
{
    for (int qp = 0; qp < AVO_LAMBDA_QPS; qp++) {
        double satd = 256 * exp2((qp - 12) / 6.0), ssd = 256 * 0.85 * exp2((qp - 12) / 3.0);
        CHECK(fabs(avo_lambda_satd_q8[qp] - satd) <= 0.5, "lambda of QP %d", qp);
        CHECK(fabs(avo_lambda_ssd_q8[qp] - ssd) <= 0.5, "lambda for SSD of QP %d", qp);
    }
}

int main(void)
{
    logarithms();
    powers();
    products();
    lambdas();
    return check_finish();
}
