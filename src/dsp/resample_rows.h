/* Half-size planes and chroma splitting in steps of 16 outputs. Widths that are no multiple of 16
 * end with a step that overlaps the one before; narrow planes go sample by sample.
 *
 * Included once by each SIMD file, after its half_16() and split_16(). */
#ifndef AVO_DSP_RESAMPLE_ROWS_H
#define AVO_DSP_RESAMPLE_ROWS_H

AVO_INLINE pixel half_1(const pixel *src, ptrdiff_t stride)
{
    const pixel *below = src + stride;
    return (pixel)((((src[0] + src[1] + 1) >> 1) + ((below[0] + below[1] + 1) >> 1) + 1) >> 1);
}

AVO_INLINE void half_plane_16(pixel *dst, ptrdiff_t stride_dst, const pixel *src,
                              ptrdiff_t stride_src, int width, int height)
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

AVO_INLINE void split_uv_16(pixel *u, pixel *v, const pixel *uv, int n)
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
        split_16(u + at, v + at, uv + 2 * at);
    }
}

#endif
