/* Half-size planes and chroma splitting, NEON: loads that de-interleave do most of it. */
#include "dsp/arm/arm.h"

#ifdef AVO_ARM64

AVO_INLINE void half_16(pixel *dst, const pixel *src, ptrdiff_t stride)
{
    uint8x16x2_t upper = vld2q_u8(src), lower = vld2q_u8(src + stride);
    vst1q_u8(dst, vrhaddq_u8(vrhaddq_u8(upper.val[0], upper.val[1]),
                             vrhaddq_u8(lower.val[0], lower.val[1])));
}

AVO_INLINE void split_16(pixel *u, pixel *v, const pixel *uv)
{
    uint8x16x2_t pairs = vld2q_u8(uv);
    vst1q_u8(u, pairs.val[0]);
    vst1q_u8(v, pairs.val[1]);
}

#include "dsp/resample_rows.h"

static void half_plane(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                       int width, int height)
{
    half_plane_16(dst, stride_dst, src, stride_src, width, height);
}

static void split_uv(pixel *u, pixel *v, const pixel *uv, int n)
{
    split_uv_16(u, v, uv, n);
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
