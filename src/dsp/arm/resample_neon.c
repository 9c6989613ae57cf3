/* Half-size planes and chroma splitting, NEON: loads that de-interleave do most of it. Widths
 * that are no multiple of 16 end with a step that overlaps the one before; narrow planes go
 * sample by sample. */
#include "dsp/arm/arm.h"

#ifdef AVO_ARM64

AVO_INLINE void half_16(pixel *dst, const pixel *src, ptrdiff_t stride)
{
    uint8x16x2_t upper = vld2q_u8(src), lower = vld2q_u8(src + stride);
    vst1q_u8(dst, vrhaddq_u8(vrhaddq_u8(upper.val[0], upper.val[1]),
                             vrhaddq_u8(lower.val[0], lower.val[1])));
}

AVO_INLINE pixel half_1(const pixel *src, ptrdiff_t stride)
{
    const pixel *below = src + stride;
    return (pixel)((((src[0] + src[1] + 1) >> 1) + ((below[0] + below[1] + 1) >> 1) + 1) >> 1);
}

static void half_plane(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                       int width, int height)
{
    for (int y = 0; y < height; y++, dst += stride_dst, src += 2 * stride_src) {
        if (width < 16) {
            for (int x = 0; x < width; x++)
                dst[x] = half_1(src + 2 * x, stride_src);
            continue;
        }
        for (int x = 0; x < width; x += 16) {
            int at = avo_min(x, width - 16);
            half_16(dst + at, src + 2 * at, stride_src);
        }
    }
}

static void split_uv(pixel *u, pixel *v, const pixel *uv, int n)
{
    if (n < 16) {
        for (int i = 0; i < n; i++) {
            u[i] = uv[2 * i];
            v[i] = uv[2 * i + 1];
        }
        return;
    }
    for (int i = 0; i < n; i += 16) {
        int at = avo_min(i, n - 16);
        uint8x16x2_t pairs = vld2q_u8(uv + 2 * at);
        vst1q_u8(u + at, pairs.val[0]);
        vst1q_u8(v + at, pairs.val[1]);
    }
}

void AVO_BPC(avo_resample_init_neon)(AvoDsp *dsp)
{
    dsp->half_plane = half_plane;
    dsp->split_uv = split_uv;
}

#else

void AVO_BPC(avo_resample_init_neon)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
