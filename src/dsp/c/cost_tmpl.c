/* Block costs, C reference: SAD, SSD, SATD (4x4 and 8x8 Hadamard), variance, texture energy and the
 * sums behind SSIM. Samples in, numbers out; exact integers, so any other version can match. */
#include "dsp/entries.h"

AVO_INLINE int sad_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                         int width, int height)
{
    int sum = 0;
    for (int y = 0; y < height; y++, a += stride_a, b += stride_b)
        for (int x = 0; x < width; x++)
            sum += avo_abs(a[x] - b[x]);
    return sum;
}

AVO_INLINE int ssd_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                         int width, int height)
{
    int sum = 0;
    for (int y = 0; y < height; y++, a += stride_a, b += stride_b)
        for (int x = 0; x < width; x++)
            sum += (a[x] - b[x]) * (a[x] - b[x]);
    return sum;
}

/* Four-point Hadamard transform. The order of the outputs differs from the standard's matrices,
 * which no sum of absolute values notices; out[0] is the DC. */
AVO_INLINE void hadamard4(int out[4], int v0, int v1, int v2, int v3)
{
    int s01 = v0 + v1, d01 = v0 - v1, s23 = v2 + v3, d23 = v2 - v3;
    out[0] = s01 + s23;
    out[1] = d01 + d23;
    out[2] = s01 - s23;
    out[3] = d01 - d23;
}

AVO_INLINE int abs_sum4(const int v[4])
{
    return avo_abs(v[0]) + avo_abs(v[1]) + avo_abs(v[2]) + avo_abs(v[3]);
}

/* Difference of a row of 4 (b NULL: the row itself), transformed. */
AVO_INLINE void hadamard4_row(int out[4], const pixel *a, const pixel *b)
{
    if (b)
        hadamard4(out, a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]);
    else
        hadamard4(out, a[0], a[1], a[2], a[3]);
}

/* Sum of absolute coefficients of the 4x4 Hadamard transform of a - b. */
AVO_INLINE int abs_hadamard_4x4(const pixel *a, ptrdiff_t stride_a, const pixel *b,
                                ptrdiff_t stride_b)
{
    int rows[4][4], column[4], sum = 0;
    for (int y = 0; y < 4; y++)
        hadamard4_row(rows[y], a + y * stride_a, b + y * stride_b);
    for (int x = 0; x < 4; x++) {
        hadamard4(column, rows[0][x], rows[1][x], rows[2][x], rows[3][x]);
        sum += abs_sum4(column);
    }
    return sum;
}

/* Sum of absolute coefficients of an 8-point transform, which is two of 4 points and one more
 * butterfly. */
AVO_INLINE int abs_hadamard_8(const int v[8])
{
    int top[4], low[4], sum = 0;
    hadamard4(top, v[0], v[1], v[2], v[3]);
    hadamard4(low, v[4], v[5], v[6], v[7]);
    for (int i = 0; i < 4; i++)
        sum += avo_abs(top[i] + low[i]) + avo_abs(top[i] - low[i]);
    return sum;
}

/* The same of the 8x8 transform of a - b, or of a. */
AVO_INLINE int abs_hadamard_8x8(const pixel *a, ptrdiff_t stride_a, const pixel *b,
                                ptrdiff_t stride_b)
{
    int columns[8][8], top[4], low[4], sum = 0;
    for (int y = 0; y < 8; y++) {
        const pixel *p = a + y * stride_a, *q = b ? b + y * stride_b : NULL;
        hadamard4_row(top, p, q);
        hadamard4_row(low, p + 4, q ? q + 4 : NULL);
        for (int i = 0; i < 4; i++) {
            columns[i][y] = top[i] + low[i];
            columns[4 + i][y] = top[i] - low[i];
        }
    }
    for (int x = 0; x < 8; x++)
        sum += abs_hadamard_8(columns[x]);
    return sum;
}

AVO_INLINE int satd_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                          int width, int height)
{
    int sum = 0;
    for (int y = 0; y < height; y += 4)
        for (int x = 0; x < width; x += 4)
            sum += abs_hadamard_4x4(a + y * stride_a + x, stride_a, b + y * stride_b + x, stride_b);
    return sum >> 1;
}

AVO_INLINE int sa8d_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                          int width, int height)
{
    int sum = 0;
    for (int y = 0; y < height; y += 8)
        for (int x = 0; x < width; x += 8)
            sum += abs_hadamard_8x8(a + y * stride_a + x, stride_a, b + y * stride_b + x, stride_b);
    return (sum + 2) >> 2;
}

/* The DC coefficient is the sum of the samples, and never negative. */
static void texture(const pixel *src, ptrdiff_t stride, AvoTexture *out)
{
    for (int i = 0; i < 4; i++) {
        const pixel *p = src + (i >> 1) * 8 * stride + (i & 1) * 8;
        int columns[8] = {0}, rows[8] = {0}, sum = 0;
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++) {
                columns[x] += p[y * stride + x];
                rows[y] += p[y * stride + x];
                sum += p[y * stride + x];
            }
        out->all[i] = (abs_hadamard_8x8(p, stride, NULL, 0) - sum) >> 2;
        out->row[i] = (abs_hadamard_8(columns) - sum) >> 2;
        out->column[i] = (abs_hadamard_8(rows) - sum) >> 2;
        out->sum[i] = sum;
    }
}

static int mean_ssd(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b)
{
    int ssd = 0;
    for (int i = 0; i < 8; i++) {
        int off = 0, at_x = i % 4 * 4, at_y = i / 4 * 4;
        for (int y = at_y; y < at_y + 4; y++)
            for (int x = at_x; x < at_x + 4; x++)
                off += a[y * stride_a + x] - b[y * stride_b + x];
        ssd += off * off >> 4;
    }
    return ssd;
}

#define DEFINE_COST_MULTI(name, w, h)                                                              \
    static void name##_x3_##w##x##h(const pixel *cur, const pixel *const ref[3], ptrdiff_t stride, \
                                    int out[3])                                                    \
    {                                                                                              \
        for (int i = 0; i < 3; i++)                                                                \
            out[i] = name##_##w##x##h(cur, AVO_CUR_STRIDE, ref[i], stride);                        \
    }                                                                                              \
    static void name##_x4_##w##x##h(const pixel *cur, const pixel *const ref[4], ptrdiff_t stride, \
                                    int out[4])                                                    \
    {                                                                                              \
        for (int i = 0; i < 4; i++)                                                                \
            out[i] = name##_##w##x##h(cur, AVO_CUR_STRIDE, ref[i], stride);                        \
    }

#define DEFINE_BLK(w, h)                                                                           \
    AVO_COST_ENTRY(sad, w, h)                                                                      \
    AVO_COST_ENTRY(ssd, w, h)                                                                      \
    AVO_COST_ENTRY(satd, w, h)                                                                     \
    DEFINE_COST_MULTI(sad, w, h)                                                                   \
    DEFINE_COST_MULTI(satd, w, h)

AVO_FOR_BLK_SIZES(DEFINE_BLK)
AVO_FOR_BLK_SIZES_8(AVO_SA8D_ENTRY)
AVO_FOR_BLK_SIZES_8(AVO_SAD_AROUND_ENTRY)

/* ---- SAD and SATD against a mean ---- */

AVO_INLINE void mean_block(pixel *mean, const pixel *a, ptrdiff_t stride_a, const pixel *b,
                           ptrdiff_t stride_b, int width, int height)
{
    for (int y = 0; y < height; y++, mean += 16, a += stride_a, b += stride_b)
        for (int x = 0; x < width; x++)
            mean[x] = (pixel)((a[x] + b[x] + 1) >> 1);
}

AVO_FOR_BLK_SIZES(AVO_SAD_MEAN_ENTRY)
AVO_FOR_BLK_SIZES(AVO_SATD_MEAN_ENTRY)

/* For the intra costs. */
int AVO_BPC(avo_satd_4x4_c)(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b)
{
    return satd_4x4(a, stride_a, b, stride_b);
}

int AVO_BPC(avo_sa8d_8x8_c)(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b)
{
    return sa8d_8x8(a, stride_a, b, stride_b);
}

static uint32_t sad_line_8x8(const pixel *cur, const pixel *ref, ptrdiff_t stride,
                             const uint16_t *extra, int count)
{
    uint32_t best = UINT32_MAX;
    for (int i = 0; i < count; i++) {
        int sum = sad_8x8(cur, AVO_CUR_STRIDE, ref + i, stride) + extra[i];
        uint32_t cost = (uint32_t)avo_min(sum, 65535) << 16 | (uint32_t)i;
        best = cost < best ? cost : best;
    }
    return best;
}

AVO_INLINE uint64_t var_block(const pixel *src, ptrdiff_t stride, int size)
{
    uint32_t sum = 0, sum_sq = 0;
    for (int y = 0; y < size; y++, src += stride) {
        for (int x = 0; x < size; x++) {
            sum += src[x];
            sum_sq += (uint32_t)(src[x] * src[x]);
        }
    }
    return (uint64_t)sum_sq << 32 | sum;
}

AVO_VAR_ENTRY(16)
AVO_VAR_ENTRY(8)

static void ssim_4x4x2(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                       int sums[2][4])
{
    for (int blk = 0; blk < 2; blk++, a += 4, b += 4) {
        int sum_a = 0, sum_b = 0, squares = 0, product = 0;
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 4; x++) {
                int p = a[y * stride_a + x], q = b[y * stride_b + x];
                sum_a += p;
                sum_b += q;
                squares += p * p + q * q;
                product += p * q;
            }
        }
        sums[blk][0] = sum_a;
        sums[blk][1] = sum_b;
        sums[blk][2] = squares;
        sums[blk][3] = product;
    }
}

void AVO_BPC(avo_cost_init_c)(AvoDsp *dsp)
{
    AVO_SET_COST
}
