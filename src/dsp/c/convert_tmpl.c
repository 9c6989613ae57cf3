/* Pixel formats to samples by plane, C reference: packed 4:2:2, and RGB in short runs. */
#include "dsp/entries.h"

#include "base/small_code.h"

static void luma_422(pixel *luma, const uint8_t *src, int n, int luma_at)
{
    for (int i = 0; i < n; i++)
        luma[i] = src[2 * i + luma_at];
}

static void chroma_422(pixel *cb, pixel *cr, const uint8_t *upper, const uint8_t *lower, int n,
                       int luma_at)
{
    int b = !luma_at, r = b + 2;
    for (int i = 0; i < n; i++) {
        cb[i] = (pixel)((upper[4 * i + b] + lower[4 * i + b] + 1) >> 1);
        cr[i] = (pixel)((upper[4 * i + r] + lower[4 * i + r] + 1) >> 1);
    }
}

AVO_INLINE void unpack_bytes(pixel *a, pixel *b, pixel *c, const uint8_t *src, int size, int n)
{
    for (int i = 0; i < n; i++) {
        a[i] = src[size * i];
        b[i] = src[size * i + 1];
        c[i] = src[size * i + 2];
    }
}

static void unpack_3(pixel *a, pixel *b, pixel *c, const uint8_t *src, int n)
{
    unpack_bytes(a, b, c, src, 3, n);
}

static void unpack_4(pixel *a, pixel *b, pixel *c, const uint8_t *src, int n)
{
    unpack_bytes(a, b, c, src, 4, n);
}

static void unpack_565(pixel *r, pixel *g, pixel *b, const uint8_t *src, int n, int high_byte)
{
    for (int i = 0; i < n; i++) {
        unsigned v = (unsigned)src[2 * i + high_byte] << 8 | src[2 * i + 1 - high_byte];
        r[i] = (pixel)(((v >> 11) * 527 + 23) >> 6);
        g[i] = (pixel)(((v >> 5 & 63) * 259 + 33) >> 6);
        b[i] = (pixel)(((v & 31) * 527 + 23) >> 6);
    }
}

static void rgb_luma(pixel *luma, const AvoRgbRun *run, const AvoColourMatrix *m, int black, int n)
{
    int round = (black << 15) + (1 << 14);
    for (int i = 0; i < n; i++)
        luma[i] =
            (pixel)((run->r[i] * m->y[0] + run->g[i] * m->y[1] + run->b[i] * m->y[2] + round) >>
                    15);
}

/* From sums of 2x2. */
static void rgb_chroma(pixel *cb, pixel *cr, const AvoRgbRun *upper, const AvoRgbRun *lower,
                       const AvoColourMatrix *m, int n)
{
    int round = (128 << 17) + (1 << 16);
    for (int i = 0; i < n; i++) {
        int r = upper->r[2 * i] + upper->r[2 * i + 1] + lower->r[2 * i] + lower->r[2 * i + 1];
        int g = upper->g[2 * i] + upper->g[2 * i + 1] + lower->g[2 * i] + lower->g[2 * i + 1];
        int b = upper->b[2 * i] + upper->b[2 * i + 1] + lower->b[2 * i] + lower->b[2 * i + 1];
        cb[i] = avo_clip_pixel((r * m->cb[0] + g * m->cb[1] + b * m->cb[2] + round) >> 17);
        cr[i] = avo_clip_pixel((r * m->cr[0] + g * m->cr[1] + b * m->cr[2] + round) >> 17);
    }
}

void AVO_BPC(avo_convert_init_c)(AvoDsp *dsp)
{
    AVO_SET_CONVERT
}
