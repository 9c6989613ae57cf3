/* Quantisation, scaling, scans and level counts, C reference. The arithmetic (saturating
 * |c| + bias, 16-bit high product, results modulo 2^16) is chosen so that 16-bit lanes can do
 * it. */
#include "dsp/entries.h"

/* Zig-zag scans for frames (figure 8-8, 8.5.6, 8.5.7): raster index by scan position. */
static const uint8_t zigzag_4x4[16] = {0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15};
static const uint8_t zigzag_8x8[64] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

/* ---- quantisation ---- */

AVO_INLINE coef quant_one(coef c, unsigned mf, unsigned bias)
{
    unsigned sum = (unsigned)avo_abs(c) + bias;
    int level = (int)((sum > 65535 ? 65535 : sum) * mf >> 16);
    return (coef)(c > 0 ? level : c < 0 ? -level : 0);
}

AVO_INLINE int quant_block(coef *c, const uint16_t *mf, const uint16_t *bias, int n)
{
    int any = 0;
    for (int i = 0; i < n; i++) {
        c[i] = quant_one(c[i], mf[i], bias[i]);
        any |= c[i];
    }
    return any != 0;
}

AVO_INLINE int quant_dc_block(coef *c, int mf, int bias, int n)
{
    int any = 0;
    for (int i = 0; i < n; i++) {
        c[i] = quant_one(c[i], (unsigned)mf, (unsigned)bias);
        any |= c[i];
    }
    return any != 0;
}

static int quant_4x4(coef c[16], const uint16_t mf[16], const uint16_t bias[16])
{
    return quant_block(c, mf, bias, 16);
}

static int quant_4x4_x4(coef c[64], const uint16_t mf[16], const uint16_t bias[16])
{
    int mask = 0;
    for (int i = 0; i < 4; i++)
        mask |= quant_block(c + i * 16, mf, bias, 16) << i;
    return mask;
}

static int quant_8x8(coef c[64], const uint16_t mf[64], const uint16_t bias[64])
{
    return quant_block(c, mf, bias, 64);
}

static int quant_4x4_dc(coef c[16], int mf, int bias)
{
    return quant_dc_block(c, mf, bias, 16);
}

static int quant_2x2_dc(coef c[4], int mf, int bias)
{
    return quant_dc_block(c, mf, bias, 4);
}

/* ---- scaling ---- */

/* c * scale * 2^(qp / 6 - base), rounded when that is a division. Unsigned because the product may
 * leave 32 bits in hostile streams; only the low 16 bits count. */
AVO_INLINE coef dequant_one(coef c, int scale, int qp, int base)
{
    int shift = qp / 6 - base;
    if (shift >= 0)
        return (coef)(uint16_t)((uint32_t)(c * scale) << shift);
    return (coef)(uint16_t)((c * scale + (1 << (-shift - 1))) >> -shift);
}

static void dequant_4x4(coef c[16], const uint16_t scale[16], int qp)
{
    for (int i = 0; i < 16; i++)
        c[i] = dequant_one(c[i], scale[i], qp, 4);
}

static void dequant_8x8(coef c[64], const uint16_t scale[64], int qp)
{
    for (int i = 0; i < 64; i++)
        c[i] = dequant_one(c[i], scale[i], qp, 6);
}

static void dequant_4x4_dc(coef c[16], int scale, int qp)
{
    for (int i = 0; i < 16; i++)
        c[i] = dequant_one(c[i], scale, qp, 6);
}

/* ---- scans and counts ---- */

static uint32_t scan_4x4(coef out[16], const coef in[16])
{
    uint32_t mask = 0;
    for (int i = 0; i < 16; i++) {
        out[i] = in[zigzag_4x4[i]];
        mask |= (uint32_t)(out[i] != 0) << i;
    }
    return mask;
}

static uint64_t scan_8x8(coef out[64], const coef in[64])
{
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++) {
        out[i] = in[zigzag_8x8[i]];
        mask |= (uint64_t)(out[i] != 0) << i;
    }
    return mask;
}

static void scan_8x8_cavlc(coef out[64], const coef in[64])
{
    for (int i = 0; i < 64; i++)
        out[(i & 3) * 16 + (i >> 2)] = in[zigzag_8x8[i]];
}

AVO_INLINE int last_nonzero(const coef *levels, int n)
{
    int i = n - 1;
    while (i >= 0 && !levels[i])
        i--;
    return i;
}

static int last_nonzero_4(const coef *levels)
{
    return last_nonzero(levels, 4);
}

static int last_nonzero_15(const coef *levels)
{
    return last_nonzero(levels, 15);
}

static int last_nonzero_16(const coef *levels)
{
    return last_nonzero(levels, 16);
}

static int last_nonzero_64(const coef *levels)
{
    return last_nonzero(levels, 64);
}

static int count_nonzero_16(const coef levels[16])
{
    int count = 0;
    for (int i = 0; i < 16; i++)
        count += levels[i] != 0;
    return count;
}

void AVO_BPC(avo_quant_init_c)(AvoDsp *dsp)
{
    AVO_SET_QUANT
}
