/* Intra predictors, C reference (8.3.1.2, 8.3.2.2, 8.3.3, 8.3.4).
 *
 * All work on the edge line: index i of the line is the left neighbour of row -1 - i for i < 0,
 * the corner for 0, the upper neighbour of column i - 1 for i > 0. On that line the directional
 * modes of 4x4 and 8x8 are 2- and 3-tap averages around an index that depends on a linear form of x
 * and y, so few of them are different. */
#include "dsp/entries.h"

AVO_INLINE int avg2(int a, int b)
{
    return (a + b + 1) >> 1;
}

AVO_INLINE int avg3(int a, int b, int c)
{
    return (a + 2 * b + c + 2) >> 2;
}

/* (line[i - 1] + 2 line[i] + line[i + 1] + 2) >> 2 */
AVO_INLINE int tap3(const pixel *line, int i)
{
    return avg3(line[i - 1], line[i], line[i + 1]);
}

AVO_INLINE void fill_row(pixel *dst, int width, int value)
{
#if AVO_BIT_DEPTH == 8
    memset(dst, value, (size_t)width);
#else
    for (int x = 0; x < width; x++)
        dst[x] = (pixel)value;
#endif
}

AVO_INLINE void fill(pixel *dst, ptrdiff_t stride, int width, int height, int value)
{
    for (int y = 0; y < height; y++, dst += stride)
        fill_row(dst, width, value);
}

AVO_INLINE int sum_left(const pixel *edge, int first_row, int n)
{
    int sum = 0;
    for (int y = first_row; y < first_row + n; y++)
        sum += edge[-1 - y];
    return sum;
}

AVO_INLINE int sum_top(const pixel *edge, int first_col, int n)
{
    int sum = 0;
    for (int x = first_col; x < first_col + n; x++)
        sum += edge[1 + x];
    return sum;
}

/* ---- shared by all sizes: n is the block size ---- */

AVO_INLINE void pred_v(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    for (int y = 0; y < n; y++, dst += stride)
        memcpy(dst, edge + 1, (size_t)n * sizeof(pixel));
}

AVO_INLINE void pred_h(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    for (int y = 0; y < n; y++, dst += stride)
        fill_row(dst, n, edge[-1 - y]);
}

AVO_INLINE void pred_dc(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    fill(dst, stride, n, n, (sum_left(edge, 0, n) + sum_top(edge, 0, n) + n) / (2 * n));
}

AVO_INLINE void pred_dc_left(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    fill(dst, stride, n, n, (sum_left(edge, 0, n) + n / 2) / n);
}

AVO_INLINE void pred_dc_top(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    fill(dst, stride, n, n, (sum_top(edge, 0, n) + n / 2) / n);
}

AVO_INLINE void pred_dc_128(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    (void)edge;
    fill(dst, stride, n, n, 1 << (AVO_BIT_DEPTH - 1));
}

/* ---- directional modes of 4x4 and 8x8 ----
 *
 * Averages along the edge once, then rows as pieces of that line. Lines have room for n = 8. */

AVO_INLINE void put_row(pixel *dst, const pixel *piece, int n)
{
    memcpy(dst, piece, (size_t)n * sizeof(pixel));
}

AVO_INLINE void pred_ddl(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    pixel line[15];
    for (int i = 2; i < 2 * n; i++)
        line[i - 2] = (pixel)tap3(edge, i);
    line[2 * n - 2] = (pixel)avg3(edge[2 * n - 1], edge[2 * n], edge[2 * n]);
    for (int y = 0; y < n; y++)
        put_row(dst + y * stride, line + y, n);
}

AVO_INLINE void pred_ddr(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    pixel line[15];
    for (int i = 1 - n; i < n; i++)
        line[n - 1 + i] = (pixel)tap3(edge, i);
    for (int y = 0; y < n; y++)
        put_row(dst + y * stride, line + n - 1 - y, n);
}

/* Even rows: 2-tap averages, pushed right by one every two rows; odd rows: 3-tap. What comes in on
 * the left are 3-tap averages down the left edge, every other one. */
AVO_INLINE void pred_vr(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    pixel even[11], odd[11];
    int before = n / 2 - 1;
    for (int i = 0; i < before; i++) {
        even[before - 1 - i] = (pixel)tap3(edge, -1 - 2 * i);
        odd[before - 1 - i] = (pixel)tap3(edge, -2 - 2 * i);
    }
    for (int i = 0; i < n; i++) {
        even[before + i] = (pixel)avg2(edge[i], edge[i + 1]);
        odd[before + i] = (pixel)tap3(edge, i);
    }
    for (int j = 0; j <= before; j++) {
        put_row(dst + 2 * j * stride, even + before - j, n);
        put_row(dst + (2 * j + 1) * stride, odd + before - j, n);
    }
}

/* 2-tap and 3-tap averages in turn, up the left edge to the corner, then 3-tap ones along the
 * top; each row starts two before the one above. */
AVO_INLINE void pred_hd(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    pixel line[22];
    for (int i = 1 - n; i <= 0; i++) {
        line[2 * (n - 1 + i)] = (pixel)avg2(edge[i - 1], edge[i]);
        line[2 * (n - 1 + i) + 1] = (pixel)tap3(edge, i);
    }
    for (int i = 1; i < n - 1; i++)
        line[2 * n - 1 + i] = (pixel)tap3(edge, i);
    for (int y = 0; y < n; y++)
        put_row(dst + y * stride, line + 2 * (n - 1 - y), n);
}

AVO_INLINE void pred_vl(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    pixel even[11], odd[11];
    for (int i = 0; i < n + n / 2 - 1; i++) {
        even[i] = (pixel)avg2(edge[1 + i], edge[2 + i]);
        odd[i] = (pixel)tap3(edge, 2 + i);
    }
    for (int j = 0; j < n / 2; j++) {
        put_row(dst + 2 * j * stride, even + j, n);
        put_row(dst + (2 * j + 1) * stride, odd + j, n);
    }
}

/* As HD, but down the left edge; past the end the last sample repeats. */
AVO_INLINE void pred_hu(pixel *dst, ptrdiff_t stride, const pixel *edge, int n)
{
    pixel line[22];
    for (int i = 0; i < n - 1; i++) {
        const pixel *left = edge - 1 - i;
        line[2 * i] = (pixel)avg2(left[0], left[-1]);
        line[2 * i + 1] = (pixel)avg3(left[0], left[-1], left[i < n - 2 ? -2 : -1]);
    }
    fill_row(line + 2 * (n - 1), n, edge[-n]);
    for (int y = 0; y < n; y++)
        put_row(dst + y * stride, line + 2 * y, n);
}

/* ---- plane: 16x16 (8.3.3.4) and chroma (8.3.4.4) ---- */

/* factor and shift turn the gradient sums into slopes: (5 * H + 32) >> 6, (34 * H + 32) >> 6. */
AVO_INLINE void pred_plane(pixel *dst, ptrdiff_t stride, const pixel *edge, int n, int factor)
{
    int half = n / 2, sum_h = 0, sum_v = 0;
    for (int k = 1; k <= half; k++) {
        sum_h += k * (edge[half + k] - edge[half - k]);
        sum_v += k * (edge[-half - k] - edge[-half + k]);
    }
    int a = 16 * (edge[-n] + edge[n]);
    int b = (factor * sum_h + 32) >> 6, c = (factor * sum_v + 32) >> 6;
    for (int y = 0; y < n; y++, dst += stride)
        for (int x = 0; x < n; x++)
            dst[x] = avo_clip_pixel((a + b * (x - half + 1) + c * (y - half + 1) + 16) >> 5);
}

#define DEFINE_PRED(mode, n)                                                                       \
    static void pred_##mode##_##n(pixel *dst, ptrdiff_t stride, const pixel *edge)                 \
    {                                                                                              \
        pred_##mode(dst, stride, edge, n);                                                         \
    }

#define DEFINE_PLAIN(n)                                                                            \
    DEFINE_PRED(v, n)                                                                              \
    DEFINE_PRED(h, n)                                                                              \
    DEFINE_PRED(dc_128, n)

#define DEFINE_DC(n)                                                                               \
    DEFINE_PRED(dc, n)                                                                             \
    DEFINE_PRED(dc_left, n)                                                                        \
    DEFINE_PRED(dc_top, n)

#define DEFINE_DIRECTIONAL(n)                                                                      \
    DEFINE_PRED(ddl, n)                                                                            \
    DEFINE_PRED(ddr, n)                                                                            \
    DEFINE_PRED(vr, n)                                                                             \
    DEFINE_PRED(hd, n)                                                                             \
    DEFINE_PRED(vl, n)                                                                             \
    DEFINE_PRED(hu, n)

DEFINE_PLAIN(4)
DEFINE_PLAIN(8)
DEFINE_PLAIN(16)
DEFINE_DC(4)
DEFINE_DC(16)
DEFINE_DIRECTIONAL(4)
#if !AVOCET_TINY /* which has no 8x8 prediction */
DEFINE_DC(8)
DEFINE_DIRECTIONAL(8)
#endif

static void pred_plane_16(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    pred_plane(dst, stride, edge, 16, 5);
}

static void pred_plane_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    pred_plane(dst, stride, edge, 8, 34);
}

/* ---- chroma DC (8.3.4.1 .. 8.3.4.3): each 4x4 block has its own ---- */

AVO_INLINE void fill_quarters(pixel *dst, ptrdiff_t stride, int dc00, int dc10, int dc01, int dc11)
{
    fill(dst, stride, 4, 4, dc00);
    fill(dst + 4, stride, 4, 4, dc10);
    fill(dst + 4 * stride, stride, 4, 4, dc01);
    fill(dst + 4 * stride + 4, stride, 4, 4, dc11);
}

static void pred_dc_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    int left0 = sum_left(edge, 0, 4), left1 = sum_left(edge, 4, 4);
    int top0 = sum_top(edge, 0, 4), top1 = sum_top(edge, 4, 4);
    fill_quarters(dst, stride, (left0 + top0 + 4) >> 3, (top1 + 2) >> 2, (left1 + 2) >> 2,
                  (left1 + top1 + 4) >> 3);
}

static void pred_dc_left_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    int dc0 = (sum_left(edge, 0, 4) + 2) >> 2, dc1 = (sum_left(edge, 4, 4) + 2) >> 2;
    fill_quarters(dst, stride, dc0, dc0, dc1, dc1);
}

static void pred_dc_top_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    int dc0 = (sum_top(edge, 0, 4) + 2) >> 2, dc1 = (sum_top(edge, 4, 4) + 2) >> 2;
    fill_quarters(dst, stride, dc0, dc1, dc0, dc1);
}

#if !AVOCET_TINY
/* ---- 8.3.2.2.1 ---- */

static void filter_top_8x8(pixel *out, const pixel *edge, unsigned have)
{
    pixel top[17]; /* top[i] is line index i + 1; the last one repeats */
    for (int i = 0; i < 17; i++)
        top[i] = edge[1 + avo_min(i, have & AVO_EDGE_TOPRIGHT ? 15 : 7)];
    out[1] = (pixel)avg3(have & AVO_EDGE_CORNER ? edge[0] : top[0], top[0], top[1]);
    for (int i = 1; i < 16; i++)
        out[1 + i] = (pixel)avg3(top[i - 1], top[i], top[i + 1]);
}

static void filter_left_8x8(pixel *out, const pixel *edge, unsigned have)
{
    out[-1] = (pixel)avg3(have & AVO_EDGE_CORNER ? edge[0] : edge[-1], edge[-1], edge[-2]);
    for (int i = 2; i < 8; i++)
        out[-i] = (pixel)tap3(edge, -i);
    out[-8] = (pixel)avg3(edge[-7], edge[-8], edge[-8]);
}

static void filter_edge_8x8(pixel *out_edge, const pixel *edge, unsigned have)
{
    if (have & AVO_EDGE_TOP)
        filter_top_8x8(out_edge, edge, have);
    if (have & AVO_EDGE_LEFT)
        filter_left_8x8(out_edge, edge, have);
    if (have & AVO_EDGE_CORNER) {
        int above = have & AVO_EDGE_TOP ? edge[1] : edge[0];
        int left = have & AVO_EDGE_LEFT ? edge[-1] : edge[0];
        out_edge[0] = (pixel)avg3(above, edge[0], left);
    }
}

/* ---- costs of all modes ---- */

static const AvoIntraFn modes_4x4[9] = {pred_v_4,  pred_h_4,  pred_dc_4, pred_ddl_4, pred_ddr_4,
                                        pred_vr_4, pred_hd_4, pred_vl_4, pred_hu_4};
static const AvoIntraFn modes_8x8[9] = {pred_v_8,  pred_h_8,  pred_dc_8, pred_ddl_8, pred_ddr_8,
                                        pred_vr_8, pred_hd_8, pred_vl_8, pred_hu_8};

static void intra_satd_x9_4x4(const pixel *cur, const pixel *edge, int out[9])
{
    pixel block[16];
    for (int mode = 0; mode < 9; mode++) {
        modes_4x4[mode](block, 4, edge);
        out[mode] = AVO_BPC(avo_satd_4x4_c)(cur, AVO_CUR_STRIDE, block, 4);
    }
}

static void intra_sa8d_x9_8x8(const pixel *cur, const pixel *edge, int out[9])
{
    pixel block[64];
    for (int mode = 0; mode < 9; mode++) {
        modes_8x8[mode](block, 8, edge);
        out[mode] = AVO_BPC(avo_sa8d_8x8_c)(cur, AVO_CUR_STRIDE, block, 8);
    }
}
#endif

void AVO_BPC(avo_intra_init_c)(AvoDsp *dsp)
{
    AVO_SET_INTRA_SMALL(4)
    AVO_SET_INTRA_WHOLE
#if !AVOCET_TINY
    AVO_SET_INTRA_SMALL(8)
    dsp->filter_edge_8x8 = filter_edge_8x8;
    dsp->intra_satd_x9_4x4 = intra_satd_x9_4x4;
    dsp->intra_sa8d_x9_8x8 = intra_sa8d_x9_8x8;
#endif
}
