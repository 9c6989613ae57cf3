/* Transforms of the residual, C reference (8.5.12, 8.5.13 and their forward counterparts).
 * Blocks are raster order, row = vertical frequency. The inverse keeps 16-bit intermediates on
 * purpose: conforming streams never overflow them (8.5.12.2), and for those that do, all versions
 * agree. */
#include "dsp/entries.h"

/* One step of 16-bit arithmetic: the value modulo 2^16. */
AVO_INLINE coef wrap(int v)
{
    return (coef)(uint16_t)v;
}

#if !AVOCET_TINY /* which has word-wise ones, and no 8x8 transform */

/* ---- forward ---- */

static void sub_dct_4x4(coef out[16], const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                        ptrdiff_t stride_pred)
{
    int v[16];
    for (int y = 0; y < 4; y++, cur += stride_cur, pred += stride_pred) {
        int d0 = cur[0] - pred[0], d1 = cur[1] - pred[1];
        int d2 = cur[2] - pred[2], d3 = cur[3] - pred[3];
        int s03 = d0 + d3, s12 = d1 + d2, t03 = d0 - d3, t12 = d1 - d2;
        v[y * 4 + 0] = s03 + s12;
        v[y * 4 + 1] = 2 * t03 + t12;
        v[y * 4 + 2] = s03 - s12;
        v[y * 4 + 3] = t03 - 2 * t12;
    }
    for (int x = 0; x < 4; x++) {
        int s03 = v[x] + v[12 + x], s12 = v[4 + x] + v[8 + x];
        int t03 = v[x] - v[12 + x], t12 = v[4 + x] - v[8 + x];
        out[x] = (coef)(s03 + s12);
        out[4 + x] = (coef)(2 * t03 + t12);
        out[8 + x] = (coef)(s03 - s12);
        out[12 + x] = (coef)(t03 - 2 * t12);
    }
}

static void sub_dct_4x4_x4(coef out[64], const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                           ptrdiff_t stride_pred)
{
    for (int i = 0; i < 4; i++) {
        int x = (i & 1) * 4, y = (i >> 1) * 4;
        sub_dct_4x4(out + i * 16, cur + y * stride_cur + x, stride_cur, pred + y * stride_pred + x,
                    stride_pred);
    }
}

/* Forward 8-point transform in place over values that lie step apart. */
AVO_INLINE void dct8_1d(int *v, int step)
{
    int a0 = v[0] + v[7 * step], b0 = v[0] - v[7 * step];
    int a1 = v[step] + v[6 * step], b1 = v[step] - v[6 * step];
    int a2 = v[2 * step] + v[5 * step], b2 = v[2 * step] - v[5 * step];
    int a3 = v[3 * step] + v[4 * step], b3 = v[3 * step] - v[4 * step];
    int s0 = a0 + a3, s1 = a1 + a2, s2 = a0 - a3, s3 = a1 - a2;
    int t0 = b1 + b2 + (b0 >> 1) + b0, t1 = b0 - b3 - (b2 >> 1) - b2;
    int t2 = b0 + b3 - (b1 >> 1) - b1, t3 = b1 - b2 + (b3 >> 1) + b3;
    v[0] = s0 + s1;
    v[step] = t0 + (t3 >> 2);
    v[2 * step] = s2 + (s3 >> 1);
    v[3 * step] = t1 + (t2 >> 2);
    v[4 * step] = s0 - s1;
    v[5 * step] = t2 - (t1 >> 2);
    v[6 * step] = (s2 >> 1) - s3;
    v[7 * step] = (t0 >> 2) - t3;
}

static void sub_dct_8x8(coef out[64], const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                        ptrdiff_t stride_pred)
{
    int v[64];
    for (int y = 0; y < 8; y++, cur += stride_cur, pred += stride_pred)
        for (int x = 0; x < 8; x++)
            v[y * 8 + x] = cur[x] - pred[x];
    for (int x = 0; x < 8; x++)
        dct8_1d(v + x, 8); /* columns first: the shifts make the order matter */
    for (int y = 0; y < 8; y++)
        dct8_1d(v + y * 8, 1);
    for (int i = 0; i < 64; i++)
        out[i] = (coef)v[i];
}

#endif

/* ---- inverse ---- */

/* 8.5.12.2, one row or column, in place. */
AVO_INLINE void idct4_1d(coef *v, int step)
{
    coef d0 = v[0], d1 = v[step], d2 = v[2 * step], d3 = v[3 * step];
    coef e0 = wrap(d0 + d2), e1 = wrap(d0 - d2);
    coef e2 = wrap((d1 >> 1) - d3), e3 = wrap(d1 + (d3 >> 1));
    v[0] = wrap(e0 + e3);
    v[step] = wrap(e1 + e2);
    v[2 * step] = wrap(e1 - e2);
    v[3 * step] = wrap(e0 - e3);
}

AVO_INLINE void add_residual(pixel *dst, ptrdiff_t stride, const coef *v, int n)
{
    for (int y = 0; y < n; y++, dst += stride, v += n)
        for (int x = 0; x < n; x++)
            dst[x] = avo_clip_pixel(dst[x] + (wrap(v[x] + 32) >> 6));
}

static void add_idct_4x4(pixel *dst, ptrdiff_t stride, const coef in[16])
{
    coef v[16];
    memcpy(v, in, sizeof(v));
    for (int y = 0; y < 4; y++)
        idct4_1d(v + y * 4, 1);
    for (int x = 0; x < 4; x++)
        idct4_1d(v + x, 4);
    add_residual(dst, stride, v, 4);
}

#if !AVOCET_TINY

static void add_idct_4x4_x4(pixel *dst, ptrdiff_t stride, const coef in[64])
{
    for (int i = 0; i < 4; i++)
        add_idct_4x4(dst + (i >> 1) * 4 * stride + (i & 1) * 4, stride, in + i * 16);
}

/* 8.5.13.2, one row or column, in place. */
AVO_INLINE void idct8_1d(coef *v, int step)
{
    coef d0 = v[0], d1 = v[step], d2 = v[2 * step], d3 = v[3 * step];
    coef d4 = v[4 * step], d5 = v[5 * step], d6 = v[6 * step], d7 = v[7 * step];
    coef e0 = wrap(d0 + d4), e2 = wrap(d0 - d4);
    coef e4 = wrap((d2 >> 1) - d6), e6 = wrap(d2 + (d6 >> 1));
    coef e1 = wrap(d5 - d3 - d7 - (d7 >> 1)), e3 = wrap(d1 + d7 - d3 - (d3 >> 1));
    coef e5 = wrap(d7 - d1 + d5 + (d5 >> 1)), e7 = wrap(d3 + d5 + d1 + (d1 >> 1));
    coef f0 = wrap(e0 + e6), f2 = wrap(e2 + e4), f4 = wrap(e2 - e4), f6 = wrap(e0 - e6);
    coef f1 = wrap(e1 + (e7 >> 2)), f3 = wrap(e3 + (e5 >> 2));
    coef f5 = wrap((e3 >> 2) - e5), f7 = wrap(e7 - (e1 >> 2));
    v[0] = wrap(f0 + f7);
    v[step] = wrap(f2 + f5);
    v[2 * step] = wrap(f4 + f3);
    v[3 * step] = wrap(f6 + f1);
    v[4 * step] = wrap(f6 - f1);
    v[5 * step] = wrap(f4 - f3);
    v[6 * step] = wrap(f2 - f5);
    v[7 * step] = wrap(f0 - f7);
}

static void add_idct_8x8(pixel *dst, ptrdiff_t stride, const coef in[64])
{
    coef v[64];
    memcpy(v, in, sizeof(v));
    for (int y = 0; y < 8; y++)
        idct8_1d(v + y * 8, 1);
    for (int x = 0; x < 8; x++)
        idct8_1d(v + x, 8);
    add_residual(dst, stride, v, 8);
}

static void add_idct_4x4_dc(pixel *dst, ptrdiff_t stride, int dc)
{
    int residual = wrap(dc + 32) >> 6;
    for (int y = 0; y < 4; y++, dst += stride)
        for (int x = 0; x < 4; x++)
            dst[x] = avo_clip_pixel(dst[x] + residual);
}

#endif

/* ---- DC of Intra 16x16 (8.5.10) ---- */

/* The standard's 4-point Hadamard (its own inverse up to scale), in place. */
AVO_INLINE void hadamard4_1d(int *v, int step)
{
    int s01 = v[0] + v[step], d01 = v[0] - v[step];
    int s23 = v[2 * step] + v[3 * step], d23 = v[2 * step] - v[3 * step];
    v[0] = s01 + s23;
    v[step] = s01 - s23;
    v[2 * step] = d01 - d23;
    v[3 * step] = d01 + d23;
}

AVO_INLINE void hadamard4_2d(int v[16], const coef dc[16])
{
    for (int i = 0; i < 16; i++)
        v[i] = dc[i];
    for (int i = 0; i < 4; i++)
        hadamard4_1d(v + i * 4, 1);
    for (int i = 0; i < 4; i++)
        hadamard4_1d(v + i, 4);
}

static void hadamard_dc_4x4(coef dc[16])
{
    int v[16];
    hadamard4_2d(v, dc);
    for (int i = 0; i < 16; i++)
        dc[i] = (coef)((v[i] + 1) >> 1);
}

static void ihadamard_dc_4x4(coef dc[16])
{
    int v[16];
    hadamard4_2d(v, dc);
    for (int i = 0; i < 16; i++)
        dc[i] = wrap(v[i]);
}

void AVO_BPC(avo_transform_init_c)(AvoDsp *dsp)
{
#if AVOCET_TINY
    dsp->add_idct_4x4 = add_idct_4x4;
    dsp->hadamard_dc_4x4 = hadamard_dc_4x4;
    dsp->ihadamard_dc_4x4 = ihadamard_dc_4x4;
#else
    AVO_SET_TRANSFORM
    AVO_SET_TRANSFORM_8X8
#endif
}
