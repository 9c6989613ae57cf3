/* The figures of quality against their definitions, written out here in real numbers: squared
 * error, and SSIM with windows of 8x8 samples, four samples apart. */
#include <math.h>
#include "check.h"
#include "enc/quality.h"

enum { STRIDE = 96, ROWS = 64, SIZE = STRIDE * ROWS };

static uint8_t a[SIZE], b[SIZE];

/* Mean, variance and covariance with 1 / (n - 1), as in Wang et al. 2004. */
static double ssim_of_window(const uint8_t *p, const uint8_t *q)
{
    const double c1 = 0.01 * 0.01 * 255 * 255, c2 = 0.03 * 0.03 * 255 * 255;
    double mean_p = 0, mean_q = 0, var_p = 0, var_q = 0, both = 0;
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++) {
            mean_p += p[y * STRIDE + x] / 64.0;
            mean_q += q[y * STRIDE + x] / 64.0;
        }
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++) {
            double dp = p[y * STRIDE + x] - mean_p, dq = q[y * STRIDE + x] - mean_q;
            var_p += dp * dp / 63;
            var_q += dq * dq / 63;
            both += dp * dq / 63;
        }
    return (2 * mean_p * mean_q + c1) * (2 * both + c2) /
           ((mean_p * mean_p + mean_q * mean_q + c1) * (var_p + var_q + c2));
}

static double ssim_of_plane(int width, int height)
{
    double sum = 0;
    int count = 0;
    for (int y = 0; y + 8 <= height / 4 * 4; y += 4)
        for (int x = 0; x + 8 <= width / 4 * 4; x += 4, count++)
            sum += ssim_of_window(a + y * STRIDE + x, b + y * STRIDE + x);
    return count ? sum / count : 1;
}

static uint64_t sse_of_plane(int width, int height)
{
    uint64_t sum = 0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int64_t d = a[y * STRIDE + x] - b[y * STRIDE + x];
            sum += (uint64_t)(d * d);
        }
    return sum;
}

static void fill(Random *r, int noise)
{
    for (int i = 0; i < SIZE; i++) {
        a[i] = (uint8_t)random_in(r, noise > 100 ? 0 : 100, noise > 100 ? 255 : 140);
        int v = a[i] + random_in(r, -noise, noise);
        b[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

int main(void)
{
    static const int sizes[][2] = {{96, 64}, {64, 48}, {17, 9}, {8, 8}, {7, 30}, {33, 63}};
    Random r = {2025};
    AvoDsp dsp;
    for (int level = 0; level < 2; level++) {
        avo_dsp_init(&dsp, level ? ~0u : 0);
        for (int round = 0; round < 60; round++) {
            int w = sizes[round % 6][0], h = sizes[round % 6][1];
            AvoPlane plane_a = {.data = a, .stride = STRIDE, .width = w, .height = h},
                     plane_b = {.data = b, .stride = STRIDE, .width = w, .height = h};
            fill(&r, round * 4);
            double got = avo_quality_ssim(&dsp, &plane_a, &plane_b, w, h);
            double wanted = ssim_of_plane(w, h);
            CHECK(fabs(got - wanted) < 1e-6, "SSIM %dx%d: %.9f, %.9f by definition", w, h, got,
                  wanted);
            uint64_t sse = avo_quality_sse(&plane_a, &plane_b, w, h);
            CHECK(sse == sse_of_plane(w, h), "squared error %dx%d", w, h);
        }
    }
    return check_finish();
}
