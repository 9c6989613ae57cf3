/* Planes in, planes out, C reference: half-size luma for the lookahead and the splitting of
 * interleaved chroma. */
#include "dsp/dsp_internal.h"

static void half_plane(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                       int width, int height)
{
    for (int y = 0; y < height; y++, dst += stride_dst, src += 2 * stride_src) {
        const pixel *below = src + stride_src;
        for (int x = 0; x < width; x++) {
            int upper = (src[2 * x] + src[2 * x + 1] + 1) >> 1;
            int lower = (below[2 * x] + below[2 * x + 1] + 1) >> 1;
            dst[x] = (pixel)((upper + lower + 1) >> 1);
        }
    }
}

static void split_uv(pixel *u, pixel *v, const pixel *uv, int n)
{
    for (int i = 0; i < n; i++) {
        u[i] = uv[2 * i];
        v[i] = uv[2 * i + 1];
    }
}

void AVO_BPC(avo_resample_init_c)(AvoDsp *dsp)
{
    dsp->half_plane = half_plane;
    dsp->split_uv = split_uv;
}
