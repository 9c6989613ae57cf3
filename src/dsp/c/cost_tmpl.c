/* Block costs, C reference: SAD, SSD, SATD (4x4 and 8x8 Hadamard), variance, texture energy and the
 * sums behind SSIM. Samples in, numbers out; exact integers, so any other version can match. */
#include "dsp/dsp_internal.h"

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

/* Hadamard butterfly over n values that lie step apart, n a power of two. The order of the outputs
 * differs from the standard's matrices, which no sum of absolute values notices; [0] is the DC. */
AVO_INLINE void hadamard_1d(int *v, int n, int step)
{
    for (int half = n / 2; half > 0; half /= 2) {
        for (int i = 0; i < n; i++) {
            if (!(i & half)) {
                int p = v[i * step], q = v[(i + half) * step];
                v[i * step] = p + q;
                v[(i + half) * step] = p - q;
            }
        }
    }
}

/* 2-D Hadamard of the n x n difference of a and b (b may be NULL: of a itself). Returns the sum of
 * absolute coefficients; *dc gets the DC coefficient. */
AVO_INLINE int hadamard_abs_sum(const pixel *a, ptrdiff_t stride_a, const pixel *b,
                                ptrdiff_t stride_b, int n, int *dc)
{
    int v[64], sum = 0;
    for (int y = 0; y < n; y++) {
        for (int x = 0; x < n; x++)
            v[y * n + x] = a[y * stride_a + x] - (b ? b[y * stride_b + x] : 0);
        hadamard_1d(v + y * n, n, 1);
    }
    for (int x = 0; x < n; x++) {
        hadamard_1d(v + x, n, n);
        for (int y = 0; y < n; y++)
            sum += avo_abs(v[y * n + x]);
    }
    *dc = v[0];
    return sum;
}

AVO_INLINE int satd_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                          int width, int height)
{
    int sum = 0, dc;
    for (int y = 0; y < height; y += 4)
        for (int x = 0; x < width; x += 4)
            sum += hadamard_abs_sum(a + y * stride_a + x, stride_a, b + y * stride_b + x, stride_b,
                                    4, &dc);
    return sum >> 1;
}

AVO_INLINE int sa8d_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                          int width, int height)
{
    int sum = 0, dc;
    for (int y = 0; y < height; y += 8)
        for (int x = 0; x < width; x += 8)
            sum += hadamard_abs_sum(a + y * stride_a + x, stride_a, b + y * stride_b + x, stride_b,
                                    8, &dc);
    return (sum + 2) >> 2;
}

/* Sum of |AC| over the n x n Hadamards of a block. */
AVO_INLINE int ac_block(const pixel *src, ptrdiff_t stride, int n, int width, int height)
{
    int sum = 0, dc;
    for (int y = 0; y < height; y += n) {
        for (int x = 0; x < width; x += n) {
            sum += hadamard_abs_sum(src + y * stride + x, stride, NULL, 0, n, &dc);
            sum -= dc; /* never negative: a sum of samples */
        }
    }
    return sum;
}

#define DEFINE_COST(name, w, h)                                                                   \
    static int name##_##w##x##h(const pixel *a, ptrdiff_t stride_a, const pixel *b,               \
                                ptrdiff_t stride_b)                                               \
    {                                                                                             \
        return name##_block(a, stride_a, b, stride_b, w, h);                                      \
    }

#define DEFINE_COST_MULTI(name, w, h)                                                             \
    static void name##_x3_##w##x##h(const pixel *cur, const pixel *const ref[3],                  \
                                    ptrdiff_t stride, int out[3])                                 \
    {                                                                                             \
        for (int i = 0; i < 3; i++)                                                               \
            out[i] = name##_##w##x##h(cur, AVO_CUR_STRIDE, ref[i], stride);                       \
    }                                                                                             \
    static void name##_x4_##w##x##h(const pixel *cur, const pixel *const ref[4],                  \
                                    ptrdiff_t stride, int out[4])                                 \
    {                                                                                             \
        for (int i = 0; i < 4; i++)                                                               \
            out[i] = name##_##w##x##h(cur, AVO_CUR_STRIDE, ref[i], stride);                       \
    }

#define DEFINE_BLK(w, h)                                                                          \
    DEFINE_COST(sad, w, h)                                                                        \
    DEFINE_COST(ssd, w, h)                                                                        \
    DEFINE_COST(satd, w, h)                                                                       \
    DEFINE_COST_MULTI(sad, w, h)                                                                  \
    DEFINE_COST_MULTI(satd, w, h)

#define DEFINE_BLK_8(w, h)                                                                        \
    DEFINE_COST(sa8d, w, h)                                                                       \
    static uint64_t hadamard_ac_##w##x##h(const pixel *src, ptrdiff_t stride)                     \
    {                                                                                             \
        uint64_t sum4 = (uint64_t)ac_block(src, stride, 4, w, h);                                 \
        uint64_t sum8 = (uint64_t)ac_block(src, stride, 8, w, h);                                 \
        return (sum8 >> 2) << 32 | sum4 >> 1;                                                     \
    }

AVO_FOR_BLK_SIZES(DEFINE_BLK)
AVO_FOR_BLK_SIZES_8(DEFINE_BLK_8)

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

static uint64_t var_16x16(const pixel *src, ptrdiff_t stride)
{
    return var_block(src, stride, 16);
}

static uint64_t var_8x8(const pixel *src, ptrdiff_t stride)
{
    return var_block(src, stride, 8);
}

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
#define SET_BLK(w, h)                                                                             \
    dsp->sad[AVO_BLK_##w##x##h] = sad_##w##x##h;                                                  \
    dsp->sad_x3[AVO_BLK_##w##x##h] = sad_x3_##w##x##h;                                            \
    dsp->sad_x4[AVO_BLK_##w##x##h] = sad_x4_##w##x##h;                                            \
    dsp->ssd[AVO_BLK_##w##x##h] = ssd_##w##x##h;                                                  \
    dsp->satd[AVO_BLK_##w##x##h] = satd_##w##x##h;                                                \
    dsp->satd_x3[AVO_BLK_##w##x##h] = satd_x3_##w##x##h;                                          \
    dsp->satd_x4[AVO_BLK_##w##x##h] = satd_x4_##w##x##h;
#define SET_BLK_8(w, h)                                                                           \
    dsp->sa8d[AVO_BLK_##w##x##h] = sa8d_##w##x##h;                                                \
    dsp->hadamard_ac[AVO_BLK_##w##x##h] = hadamard_ac_##w##x##h;

    AVO_FOR_BLK_SIZES(SET_BLK)
    AVO_FOR_BLK_SIZES_8(SET_BLK_8)
    dsp->var[0] = var_16x16;
    dsp->var[1] = var_8x8;
    dsp->ssim_4x4x2 = ssim_4x4x2;
}
