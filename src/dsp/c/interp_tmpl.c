/* Inter prediction, C reference: half-sample planes, quarter-sample luma, eighth-sample chroma,
 * averages and weights (8.4.2.2, 8.4.2.3). */
#include "dsp/dsp_internal.h"

/* The 6-tap filter (1, -5, 20, 20, -5, 1) between p[0] and p[step], without rounding. */
#define TAP6(p, step)                                                                              \
    ((p)[-2 * (step)] - 5 * (p)[-(step)] + 20 * (p)[0] + 20 * (p)[step] - 5 * (p)[2 * (step)] +    \
     (p)[3 * (step)])

/* ---- copy and average ---- */

/* Two rows a turn: half of the loop's own instructions. */
AVO_INLINE void copy_block(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                           int width, int height)
{
    for (int y = 0; y < height; y += 2, dst += 2 * stride_dst, src += 2 * stride_src) {
        memcpy(dst, src, (size_t)width * sizeof(pixel));
        memcpy(dst + stride_dst, src + stride_src, (size_t)width * sizeof(pixel));
    }
}

AVO_INLINE void avg_block(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                          const pixel *b, ptrdiff_t stride_b, int width, int height)
{
    for (int y = 0; y < height; y++, dst += stride_dst, a += stride_a, b += stride_b)
        for (int x = 0; x < width; x++)
            dst[x] = (pixel)((a[x] + b[x] + 1) >> 1);
}

#define DEFINE_COPY_AVG(w)                                                                         \
    static void copy_##w(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src, \
                         int height)                                                               \
    {                                                                                              \
        copy_block(dst, stride_dst, src, stride_src, w, height);                                   \
    }                                                                                              \
    static void avg_##w(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,      \
                        const pixel *b, ptrdiff_t stride_b, int height)                            \
    {                                                                                              \
        avg_block(dst, stride_dst, a, stride_a, b, stride_b, w, height);                           \
    }

DEFINE_COPY_AVG(16)
DEFINE_COPY_AVG(8)
DEFINE_COPY_AVG(4)
DEFINE_COPY_AVG(2)

/* ---- luma ---- */

/* Row by row: the vertical intermediates of a row, two columns to the left and three to the right
 * included, go to scratch, and the horizontal filter over them is the centre plane. */
static void hpel_planes(pixel *h, pixel *v, pixel *c, const pixel *src, ptrdiff_t stride, int width,
                        int height, int16_t *scratch)
{
    for (int y = 0; y < height; y++, src += stride, h += stride, v += stride, c += stride) {
        int16_t *mid = scratch + 2;
        for (int x = -2; x < width + 3; x++)
            mid[x] = (int16_t)TAP6(src + x, stride);
        for (int x = 0; x < width; x++) {
            v[x] = avo_clip_pixel((mid[x] + 16) >> 5);
            h[x] = avo_clip_pixel((TAP6(src + x, 1) + 16) >> 5);
            c[x] = avo_clip_pixel((TAP6(mid + x, 1) + 512) >> 10);
        }
    }
}

/* Half-sample between src[x] and its right (step 1) or lower (step stride) neighbour. */
AVO_INLINE void half_block(pixel *dst, const pixel *src, ptrdiff_t stride, ptrdiff_t step,
                           int width, int height)
{
    for (int y = 0; y < height; y++, dst += 16, src += stride)
        for (int x = 0; x < width; x++)
            dst[x] = avo_clip_pixel((TAP6(src + x, step) + 16) >> 5);
}

/* Centre half-samples (j). */
AVO_INLINE void centre_block(pixel *dst, const pixel *src, ptrdiff_t stride, int width, int height)
{
    int16_t mid[16 + 5];
    for (int y = 0; y < height; y++, dst += 16, src += stride) {
        for (int x = -2; x < width + 3; x++)
            mid[x + 2] = (int16_t)TAP6(src + x, stride);
        for (int x = 0; x < width; x++)
            dst[x] = avo_clip_pixel((TAP6(mid + 2 + x, 1) + 512) >> 10);
    }
}

/* 8.4.2.2.1: a quarter sample is one of G, b, h, j or the average of two samples around it. With
 * both fractions odd these are the nearest b and h; with one odd, the half-sample in the middle
 * of that axis's line and its nearest neighbour on the line. */
static void luma_qpel(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                      int fx, int fy, int width, int height)
{
    pixel a[16 * 16], b[16 * 16];
    const pixel *pa = a, *pb = NULL; /* pb: second operand of the average, if any */
    ptrdiff_t stride_a = 16, stride_b = 16;
    const pixel *right = src + (fx == 3), *below = src + (fy == 3) * stride_src;

    if ((fx & 1) && (fy & 1)) {
        half_block(a, below, stride_src, 1, width, height);          /* b or s */
        half_block(b, right, stride_src, stride_src, width, height); /* h or m */
        pb = b;
    } else if (fx == 0 && fy == 0) {
        pa = src, stride_a = stride_src;
    } else if (fy == 0) {
        half_block(a, src, stride_src, 1, width, height); /* b */
        if (fx & 1)
            pb = right, stride_b = stride_src;
    } else if (fx == 0) {
        half_block(a, src, stride_src, stride_src, width, height); /* h */
        if (fy & 1)
            pb = below, stride_b = stride_src;
    } else {
        centre_block(a, src, stride_src, width, height); /* j */
        if (fx & 1)
            half_block(b, right, stride_src, stride_src, width, height), pb = b;
        else if (fy & 1)
            half_block(b, below, stride_src, 1, width, height), pb = b;
    }
    if (pb)
        avg_block(dst, stride_dst, pa, stride_a, pb, stride_b, width, height);
    else
        copy_block(dst, stride_dst, pa, stride_a, width, height);
}

/* ---- chroma ---- */

static void chroma_mc(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                      int fx, int fy, int width, int height)
{
    int wa = (8 - fx) * (8 - fy), wb = fx * (8 - fy), wc = (8 - fx) * fy, wd = fx * fy;
    /* Neighbours without weight are not read. */
    ptrdiff_t right = fx ? 1 : 0, below = fy ? stride_src : 0;
    for (int y = 0; y < height; y++, dst += stride_dst, src += stride_src)
        for (int x = 0; x < width; x++)
            dst[x] = (pixel)((wa * src[x] + wb * src[x + right] + wc * src[x + below] +
                              wd * src[x + below + right] + 32) >>
                             6);
}

#if !AVOCET_TINY
static int chroma_satd(const pixel *cur, const pixel *cb, const pixel *cr, ptrdiff_t stride, int fx,
                       int fy, int width, int height)
{
    pixel pred[8 * 8];
    int sum = 0;
    for (int plane = 0; plane < 2; plane++, cur += 8) {
        chroma_mc(pred, 8, plane ? cr : cb, stride, fx, fy, width, height);
        for (int y = 0; y < height; y += 4)
            for (int x = 0; x < width; x += 4)
                sum += AVO_BPC(avo_satd_4x4_c)(cur + y * AVO_CUR_STRIDE + x, AVO_CUR_STRIDE,
                                               pred + y * 8 + x, 8);
    }
    return sum;
}
#endif

/* ---- weights ---- */

static void weight(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                   int width, int height, int log2_denom, int w, int o)
{
    int round = log2_denom ? 1 << (log2_denom - 1) : 0;
    for (int y = 0; y < height; y++, dst += stride_dst, src += stride_src)
        for (int x = 0; x < width; x++)
            dst[x] = avo_clip_pixel(((src[x] * w + round) >> log2_denom) + o);
}

static void weight_bi(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                      const pixel *b, ptrdiff_t stride_b, int width, int height, int log2_denom,
                      int w0, int w1, int o)
{
    int round = 1 << log2_denom;
    for (int y = 0; y < height; y++, dst += stride_dst, a += stride_a, b += stride_b)
        for (int x = 0; x < width; x++)
            dst[x] = avo_clip_pixel(((a[x] * w0 + b[x] * w1 + round) >> (log2_denom + 1)) + o);
}

void AVO_BPC(avo_interp_init_c)(AvoDsp *dsp)
{
    dsp->copy[0] = copy_16;
    dsp->copy[1] = copy_8;
    dsp->copy[2] = copy_4;
    dsp->copy[3] = copy_2;
    dsp->avg[0] = avg_16;
    dsp->avg[1] = avg_8;
    dsp->avg[2] = avg_4;
    dsp->avg[3] = avg_2;
    dsp->hpel_planes = hpel_planes;
    dsp->luma_qpel = luma_qpel;
    dsp->chroma_mc = chroma_mc;
#if !AVOCET_TINY
    dsp->chroma_satd = chroma_satd;
#endif
    dsp->weight = weight;
    dsp->weight_bi = weight_bi;
}
