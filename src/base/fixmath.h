/* Logarithms, powers and ratios in fixed point: what rate control and lookahead need instead of
 * libm, with the same result on every machine.
 *
 * Suffix _q8: 1/256, _q16: 1/65536. Quantisers live in a logarithmic scale already (6 QP double the
 * step), so most of the rate control works in sums of QP and comes here only to turn a ratio of
 * bits into QP and back. */
#ifndef AVO_BASE_FIXMATH_H
#define AVO_BASE_FIXMATH_H

#include "base/util.h"

/* log2(v), 1/65536, rounded down, error below 2/65536. v 0 counts as 1. */
int32_t avo_log2_q16(uint64_t v);
/* 2^(x / 65536), 1/65536, relative error below 2^-16 plus half a unit.
 * Above 2^47 it stays at 2^47. */
uint64_t avo_exp2_q16(int32_t x_q16);
/* Square root, rounded down. */
uint32_t avo_isqrt(uint64_t v);

/* log2(a / b), 1/65536; 0 counts as 1. */
AVO_INLINE int32_t avo_log2_ratio_q16(uint64_t a, uint64_t b)
{
    return avo_log2_q16(a) - avo_log2_q16(b);
}

/* a * b / 65536 without losing the high bits; the result must fit. */
AVO_INLINE uint64_t avo_mul_q16(uint64_t a, uint64_t b_q16)
{
    return (a >> 16) * b_q16 + (a & 0xffff) * (b_q16 >> 16) +
           (((a & 0xffff) * (b_q16 & 0xffff)) >> 16);
}

/* a * b / c for any values whose result fits (and c below 2^63). */
uint64_t avo_muldiv(uint64_t a, uint64_t b, uint64_t c);

/* A difference of QP and the factor on the quantiser step that it stands for: 6 QP double it. */
AVO_INLINE uint64_t avo_step_ratio_q16(int qp_delta_q8)
{
    return avo_exp2_q16((int32_t)((int64_t)qp_delta_q8 * 128 / 3)); /* * 65536 / 256 / 6 */
}
AVO_INLINE int avo_qp_delta_q8(int32_t log2_ratio_q16)
{
    return (int)((int64_t)log2_ratio_q16 * 6 / 256);
}

/* ---- lambda: what a bit is worth at a QP ---- */

#define AVO_LAMBDA_QPS 64 /* entries; 52 and above serve B pictures' raised weights */

/* For SAD and SATD: 2^((qp - 12) / 6). */
extern const uint32_t avo_lambda_satd_q8[AVO_LAMBDA_QPS];
/* For SSD: 0.85 * 2^((qp - 12) / 3). */
extern const uint32_t avo_lambda_ssd_q8[AVO_LAMBDA_QPS];

#endif
