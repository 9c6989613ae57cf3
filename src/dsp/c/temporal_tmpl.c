/* Kernels of the temporal filter, C reference: sixteenth samples, comparison of a block with its
 * prediction, and the robust average. All work on blocks of 8 columns; predictions are packed, with
 * stride 8. */
#include "dsp/dsp_internal.h"

/* Windowed sinc (three lobes) at sixteenths of a sample; each row sums to 64. */
const int8_t avo_sixteenth_taps[16][8] = {
    {0, 0, 64, 0, 0, 0},     {1, -3, 63, 4, -1, 0},   {1, -5, 62, 8, -2, 0},
    {2, -7, 60, 12, -3, 0},  {2, -9, 57, 17, -4, 1},  {2, -9, 53, 23, -6, 1},
    {2, -9, 49, 28, -7, 1},  {2, -9, 44, 34, -8, 1},  {2, -9, 39, 39, -9, 2},
    {1, -8, 34, 44, -9, 2},  {1, -7, 28, 49, -9, 2},  {1, -6, 23, 53, -9, 2},
    {1, -4, 17, 57, -9, 2},  {0, -3, 12, 60, -7, 2},  {0, -2, 8, 62, -5, 1},
    {0, -1, 4, 63, -3, 1},
};

#define TAPS(p, step, tap)                                                                         \
    ((p)[-2 * (step)] * (tap)[0] + (p)[-(step)] * (tap)[1] + (p)[0] * (tap)[2] +                   \
     (p)[step] * (tap)[3] + (p)[2 * (step)] * (tap)[4] + (p)[3 * (step)] * (tap)[5])

static void sixteenth(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                      int fx, int fy, int width, int height)
{
    int16_t mid[(8 + 5) * 8];
    const int8_t *h = avo_sixteenth_taps[fx], *v = avo_sixteenth_taps[fy];
    for (int y = 0; y < height + 5; y++)
        for (int x = 0; x < width; x++) {
            const pixel *p = src + (y - 2) * stride_src + x;
            mid[8 * y + x] = (int16_t)TAPS(p, 1, h);
        }
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const int16_t *p = mid + 8 * (y + 2) + x;
            dst[y * stride_dst + x] = avo_clip_pixel((TAPS(p, 8, v) + 2048) >> 12);
        }
}

static void slopes(int16_t slope[2][64], const pixel *cur, ptrdiff_t stride, int sums[3])
{
    sums[0] = sums[1] = sums[2] = 0;
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++) {
            const pixel *p = cur + y * stride + x;
            int gx = p[1] - p[-1], gy = p[stride] - p[-stride];
            slope[0][8 * y + x] = (int16_t)gx;
            slope[1][8 * y + x] = (int16_t)gy;
            sums[0] += gx * gx;
            sums[1] += gx * gy;
            sums[2] += gy * gy;
        }
}

static void mismatch(const pixel *cur, ptrdiff_t stride, const pixel *pred,
                     const int16_t slope[2][64], int out[4])
{
    int quarter[4] = {0};
    out[0] = out[1] = out[2] = out[3] = 0;
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++) {
            int d = pred[8 * y + x] - cur[y * stride + x];
            out[0] += d * d;
            out[1] += d * slope[0][8 * y + x];
            out[2] += d * slope[1][8 * y + x];
            quarter[(y >> 2) * 2 + (x >> 2)] += d;
        }
    for (int i = 0; i < 4; i++)
        out[3] += quarter[i] * quarter[i];
}

static void pull(int16_t *sum, const pixel *cur, ptrdiff_t stride, const pixel *pred, int height,
                 int weight, int reach)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < 8; x++) {
            int d = pred[8 * y + x] - cur[y * stride + x], a = avo_abs(d);
            int u = avo_min(a * reach >> 8, 255), v = 255 - (u * u >> 8);
            int part = (int)((uint32_t)(v * v) * (uint32_t)(a * weight) >> 16);
            sum[8 * y + x] = (int16_t)(sum[8 * y + x] + (d < 0 ? -part : part));
        }
}

static void settle(pixel *dst, ptrdiff_t stride_dst, const pixel *cur, ptrdiff_t stride,
                   const int16_t *sum, int height)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < 8; x++)
            dst[y * stride_dst + x] =
                avo_clip_pixel(cur[y * stride + x] + ((sum[8 * y + x] + 128) >> 8));
}

void AVO_BPC(avo_temporal_init_c)(AvoDsp *dsp)
{
    dsp->sixteenth = sixteenth;
    dsp->slopes = slopes;
    dsp->mismatch = mismatch;
    dsp->pull = pull;
    dsp->settle = settle;
}
