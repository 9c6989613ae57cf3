/* A quarter-sample block of luma (8.4.2.2.1) out of three operations, the cases of the C version's
 * luma_qpel(): for versions that average while they store.
 *
 * Included once by each SIMD file, after its half_h(), half_v() and centre(), each of which sends
 * its samples to a sink; so everything is inlined with that file's instructions. */
#ifndef AVO_DSP_LUMA_CASES_H
#define AVO_DSP_LUMA_CASES_H

/* fx, fy not both 0. */
AVO_INLINE void luma_block(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                           int fx, int fy, int width, int height)
{
    AVO_ALIGN(16) pixel tmp[16 * 16];
    AvoLumaSink to_tmp = {tmp, 16, NULL, 0};
    AvoLumaSink sink = {dst, stride_dst, NULL, 0};
    const pixel *right = src + (fx == 3), *below = src + (fy == 3) * stride_src;

    if ((fx & 1) && (fy & 1)) {
        half_h(&to_tmp, below, stride_src, width, height);
        sink.with = tmp, sink.stride_with = 16;
        half_v(&sink, right, stride_src, width, height);
    } else if (fy == 0) {
        if (fx & 1)
            sink.with = right, sink.stride_with = stride_src;
        half_h(&sink, src, stride_src, width, height);
    } else if (fx == 0) {
        if (fy & 1)
            sink.with = below, sink.stride_with = stride_src;
        half_v(&sink, src, stride_src, width, height);
    } else {
        if (fx & 1)
            half_v(&to_tmp, right, stride_src, width, height);
        else if (fy & 1)
            half_h(&to_tmp, below, stride_src, width, height);
        if ((fx | fy) & 1)
            sink.with = tmp, sink.stride_with = 16;
        centre(&sink, src, stride_src, width, height);
    }
}

#endif
