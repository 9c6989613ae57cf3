/* See quality.h. */
#include "enc/quality.h"

uint64_t avo_quality_sse(const AvoPlane *a, const AvoPlane *b, int width, int height)
{
    uint64_t sum = 0;
    for (int y = 0; y < height; y++) {
        const pixel *p = a->data + y * a->stride, *q = b->data + y * b->stride;
        uint32_t line = 0; /* 8192 * 255^2 fits */
        for (int x = 0; x < width; x++) {
            int d = p[x] - q[x];
            line += (uint32_t)(d * d);
        }
        sum += line;
    }
    return sum;
}

/* SSIM of one 8x8 window from the sums of its four 4x4 blocks. */
static double window(const int a[4], const int b[4], const int c[4], const int d[4])
{
    const double c1 = .01 * .01 * 255 * 255 * 64 * 64, c2 = .03 * .03 * 255 * 255 * 64 * 63;
    double s1 = a[0] + b[0] + c[0] + d[0], s2 = a[1] + b[1] + c[1] + d[1];
    double ss = a[2] + b[2] + c[2] + d[2], s12 = a[3] + b[3] + c[3] + d[3];
    double variances = ss * 64 - s1 * s1 - s2 * s2, covariance = s12 * 64 - s1 * s2;
    return (2 * s1 * s2 + c1) * (2 * covariance + c2) /
           ((s1 * s1 + s2 * s2 + c1) * (variances + c2));
}

double avo_quality_ssim(const AvoDsp *dsp, const AvoPlane *a, const AvoPlane *b, int width,
                        int height)
{
    int columns = width / 4, rows = height / 4;
    double total = 0;
    if (columns < 2 || rows < 2)
        return 1;
    for (int y = 0; y + 1 < rows; y++)
        for (int x = 0; x + 1 < columns; x++) {
            int upper[2][4], lower[2][4];
            ptrdiff_t at_a = 4 * y * a->stride + 4 * x, at_b = 4 * y * b->stride + 4 * x;
            dsp->ssim_4x4x2(a->data + at_a, a->stride, b->data + at_b, b->stride, upper);
            dsp->ssim_4x4x2(a->data + at_a + 4 * a->stride, a->stride,
                            b->data + at_b + 4 * b->stride, b->stride, lower);
            total += window(upper[0], upper[1], lower[0], lower[1]);
        }
    return total / ((double)(columns - 1) * (rows - 1));
}
