/* The C reference against the standard's formulas, written here a second time in the standard's own
 * terms: p[x, y] with row -1 above and column -1 left, matrices for transforms, tables by case. */
#include "checkdsp/checkdsp.h"

/* ---- intra (8.3) ---- */

static AVO_ALIGN(64) pixel line[AVO_EDGE_SIZE];

/* p[x, y] of the current edge line. */
static int p(int x, int y)
{
    return y < 0 ? line[AVO_EDGE_ORIGIN + 1 + x] : line[AVO_EDGE_ORIGIN - 1 - y];
}

static int f2(int a, int b)
{
    return (a + b + 1) >> 1;
}

static int f3(int a, int b, int c)
{
    return (a + 2 * b + c + 2) >> 2;
}

/* p[-1, y] where y = -1 is the corner; p[x, -1] likewise. */
static int left(int y)
{
    return p(-1, y);
}

static int top(int x)
{
    return p(x, -1);
}

/* 8.3.1.2.4 (4x4), 8.3.2.2.5 (8x8) and so on; n is the block size. */
static int directional(int mode, int n, int x, int y)
{
    int z;
    switch (mode) {
    case AVO_I4_V:
        return top(x);
    case AVO_I4_H:
        return left(y);
    case AVO_I4_DDL:
        return x == n - 1 && y == n - 1 ? (top(2 * n - 2) + 3 * top(2 * n - 1) + 2) >> 2
                                        : f3(top(x + y), top(x + y + 1), top(x + y + 2));
    case AVO_I4_DDR:
        return x > y   ? f3(top(x - y - 2), top(x - y - 1), top(x - y))
               : x < y ? f3(left(y - x - 2), left(y - x - 1), left(y - x))
                       : f3(top(0), left(-1), left(0));
    case AVO_I4_VR:
        z = 2 * x - y;
        if (z >= 0 && z % 2 == 0)
            return f2(top(x - (y >> 1) - 1), top(x - (y >> 1)));
        if (z > 0)
            return f3(top(x - (y >> 1) - 2), top(x - (y >> 1) - 1), top(x - (y >> 1)));
        if (z == -1)
            return f3(left(0), left(-1), top(0));
        return f3(left(y - 2 * x - 1), left(y - 2 * x - 2), left(y - 2 * x - 3));
    case AVO_I4_HD:
        z = 2 * y - x;
        if (z >= 0 && z % 2 == 0)
            return f2(left(y - (x >> 1) - 1), left(y - (x >> 1)));
        if (z > 0)
            return f3(left(y - (x >> 1) - 2), left(y - (x >> 1) - 1), left(y - (x >> 1)));
        if (z == -1)
            return f3(left(0), left(-1), top(0));
        return f3(top(x - 2 * y - 1), top(x - 2 * y - 2), top(x - 2 * y - 3));
    case AVO_I4_VL:
        return y % 2 == 0 ? f2(top(x + (y >> 1)), top(x + (y >> 1) + 1))
                          : f3(top(x + (y >> 1)), top(x + (y >> 1) + 1), top(x + (y >> 1) + 2));
    default: /* horizontal up */
        z = x + 2 * y;
        if (z > 2 * n - 3)
            return left(n - 1);
        if (z == 2 * n - 3)
            return (left(n - 2) + 3 * left(n - 1) + 2) >> 2;
        return z % 2 == 0 ? f2(left(y + (x >> 1)), left(y + (x >> 1) + 1))
                          : f3(left(y + (x >> 1)), left(y + (x >> 1) + 1), left(y + (x >> 1) + 2));
    }
}

static int sum_of(int (*side)(int), int first, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += side(first + i);
    return sum;
}

/* DC over what is available; 128 without any. */
static int dc_of(bool have_left, bool have_top, int n, int x0, int y0)
{
    int sum = (have_left ? sum_of(left, y0, n) : 0) + (have_top ? sum_of(top, x0, n) : 0);
    int count = n * (have_left + have_top);
    return count ? (sum + count / 2) / count : 128;
}

static int small_dc(int mode, int n)
{
    bool have_left = mode == AVO_I4_DC || mode == AVO_I4_DC_LEFT;
    bool have_top = mode == AVO_I4_DC || mode == AVO_I4_DC_TOP;
    return dc_of(have_left, have_top, n, 0, 0);
}

static bool is_small_dc(int mode)
{
    return mode == AVO_I4_DC || mode >= AVO_I4_DC_LEFT;
}

static void check_intra_small(Tester *t, const AvoIntraFn *table, int n)
{
    pixel dst[8 * 8];
    for (int mode = 0; mode < AVO_I4_COUNT; mode++) {
        if (!check_begin(t, true, "formula intra_%dx%d mode %d", n, n, mode))
            continue;
        for (int round = 0; round < 5 * SHAPE_COUNT; round++) {
            fill_pixels(line, sizeof(line), round % SHAPE_COUNT);
            table[mode](dst, 8, line + AVO_EDGE_ORIGIN);
            for (int i = 0; i < n * n; i++) {
                int x = i % n, y = i / n;
                int want = is_small_dc(mode) ? small_dc(mode, n) : directional(mode, n, x, y);
                CHECK(t, dst[y * 8 + x] == want);
            }
        }
        check_end(t);
    }
}

/* 8.3.3.4 for n = 16, 8.3.4.4 for n = 8. */
static int plane_of(int n, int x, int y)
{
    int h = 0, v = 0, half = n / 2;
    for (int k = 0; k < half; k++) {
        h += (k + 1) * (top(half + k) - top(half - 2 - k));
        v += (k + 1) * (left(half + k) - left(half - 2 - k));
    }
    int a = 16 * (left(n - 1) + top(n - 1));
    int b = n == 16 ? (5 * h + 32) >> 6 : (34 * h + 32) >> 6;
    int c = n == 16 ? (5 * v + 32) >> 6 : (34 * v + 32) >> 6;
    return avo_clip3(0, 255, (a + b * (x - (half - 1)) + c * (y - (half - 1)) + 16) >> 5);
}

static int pred_16(int mode, int x, int y)
{
    switch (mode) {
    case AVO_I16_V:
        return top(x);
    case AVO_I16_H:
        return left(y);
    case AVO_I16_PLANE:
        return plane_of(16, x, y);
    default:
        return dc_of(mode == AVO_I16_DC || mode == AVO_I16_DC_LEFT,
                     mode == AVO_I16_DC || mode == AVO_I16_DC_TOP, 16, 0, 0);
    }
}

/* 8.3.4.1-3: which neighbours a 4x4 chroma block's DC uses. */
static int chroma_dc(bool have_left, bool have_top, int x0, int y0)
{
    if (x0 > 0 && y0 == 0 && have_top)
        have_left = false;
    else if (x0 == 0 && y0 > 0 && have_left)
        have_top = false;
    return dc_of(have_left, have_top, 4, x0, y0);
}

static int pred_chroma(int mode, int x, int y)
{
    switch (mode) {
    case AVO_IC_V:
        return top(x);
    case AVO_IC_H:
        return left(y);
    case AVO_IC_PLANE:
        return plane_of(8, x, y);
    default:
        return chroma_dc(mode == AVO_IC_DC || mode == AVO_IC_DC_LEFT,
                         mode == AVO_IC_DC || mode == AVO_IC_DC_TOP, x & 4, y & 4);
    }
}

static void check_intra_big(Tester *t, const char *name, const AvoIntraFn *table, int n,
                            int (*formula)(int, int, int))
{
    pixel dst[16 * 16];
    for (int mode = 0; mode < 7; mode++) {
        if (!check_begin(t, true, "formula intra_%s mode %d", name, mode))
            continue;
        for (int round = 0; round < 5 * SHAPE_COUNT; round++) {
            fill_pixels(line, sizeof(line), round % SHAPE_COUNT);
            table[mode](dst, 16, line + AVO_EDGE_ORIGIN);
            for (int i = 0; i < n * n; i++)
                CHECK(t, dst[i / n * 16 + i % n] == formula(mode, i % n, i / n));
        }
        check_end(t);
    }
}

/* 8.3.2.2.1 */
static void check_filter_formula(Tester *t)
{
    if (!check_begin(t, true, "formula filter_edge_8x8"))
        return;
    for (int round = 0; round < 16 * SHAPE_COUNT; round++) {
        unsigned have = (unsigned)round & 15;
        bool has_corner = have & AVO_EDGE_CORNER;
        pixel out_line[AVO_EDGE_SIZE] = {0}, *out = out_line + AVO_EDGE_ORIGIN;
        fill_pixels(line, sizeof(line), round / 16);
        if (!(have & AVO_EDGE_TOP))
            have &= ~(unsigned)AVO_EDGE_TOPRIGHT;
        t->ref->filter_edge_8x8(out, line + AVO_EDGE_ORIGIN, have);
        if (!(have & AVO_EDGE_TOPRIGHT))
            memset(line + AVO_EDGE_ORIGIN + 9, top(7), 8);
        if (have & AVO_EDGE_TOP) {
            CHECK(t, out[1] == (has_corner ? f3(top(-1), top(0), top(1))
                                           : (3 * top(0) + top(1) + 2) >> 2));
            for (int x = 1; x < 15; x++)
                CHECK(t, out[1 + x] == f3(top(x - 1), top(x), top(x + 1)));
            CHECK(t, out[16] == (top(14) + 3 * top(15) + 2) >> 2);
        }
        if (have & AVO_EDGE_LEFT) {
            CHECK(t, out[-1] == (has_corner ? f3(left(-1), left(0), left(1))
                                            : (3 * left(0) + left(1) + 2) >> 2));
            for (int y = 1; y < 7; y++)
                CHECK(t, out[-1 - y] == f3(left(y - 1), left(y), left(y + 1)));
            CHECK(t, out[-8] == (left(6) + 3 * left(7) + 2) >> 2);
        }
        if (has_corner) {
            bool has_top = have & AVO_EDGE_TOP, has_left = have & AVO_EDGE_LEFT;
            int want = has_top && has_left ? f3(top(0), top(-1), left(0))
                       : has_top           ? (3 * top(-1) + top(0) + 2) >> 2
                       : has_left          ? (3 * top(-1) + left(0) + 2) >> 2
                                           : top(-1);
            CHECK(t, out[0] == want);
        }
    }
    check_end(t);
}

/* ---- transforms: matrices in floating point (test only) ---- */

static const int cf4[4][4] = {{1, 1, 1, 1}, {2, 1, -1, -2}, {1, -1, -1, 1}, {1, -2, 2, -1}};
static const int cf8[8][8] = {/* times 1/8 */
                              {8, 8, 8, 8, 8, 8, 8, 8},     {12, 10, 6, 3, -3, -6, -10, -12},
                              {8, 4, -4, -8, -8, -4, 4, 8}, {10, -3, -12, -6, 6, 12, 3, -10},
                              {8, -8, -8, 8, 8, -8, -8, 8}, {6, -12, 3, 10, -10, -3, 12, -6},
                              {4, -8, 8, -4, -4, 8, -8, 4}, {3, -6, 10, -12, 12, -10, 6, -3}};

/* Basis value: coefficient k of sample i. */
static double basis(int n, int k, int i)
{
    return n == 4 ? cf4[k][i] : cf8[k][i] / 8.0;
}

static double norm(int n, int k)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += basis(n, k, i) * basis(n, k, i);
    return sum;
}

/* Coefficient (row u, column v) of a residual: Cf X Cf^T. */
static double forward_at(int n, const int *residual, int u, int v)
{
    double sum = 0;
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x++)
            sum += basis(n, u, y) * basis(n, v, x) * residual[y * n + x];
    return sum;
}

static double distance(double a, double b)
{
    return a > b ? a - b : b - a;
}

/* Coefficients equal the matrix product (8x8: up to its internal shifts); scaled by 64 over the
 * norms of their basis functions, the inverse transform gives the residual back. */
static void check_round_trip(Tester *t, int n)
{
    AVO_ALIGN(32) coef c[64];
    AVO_ALIGN(16) pixel cur[64], pred[64];
    int residual[64];
    if (!check_begin(t, true, "formula transform_%dx%d", n, n))
        return;
    for (int round = 0; round < SHAPE_COUNT * SHAPE_COUNT; round++) {
        fill_pixels(cur, sizeof(cur), round % SHAPE_COUNT);
        fill_pixels(pred, sizeof(pred), round / SHAPE_COUNT % SHAPE_COUNT);
        for (int i = 0; i < n * n; i++)
            residual[i] = cur[i] - pred[i];
        if (n == 4)
            t->ref->sub_dct_4x4(c, cur, n, pred, n);
        else
            t->ref->sub_dct_8x8(c, cur, n, pred, n);
        for (int i = 0; i < n * n; i++) {
            int u = i / n, v = i % n;
            double want = forward_at(n, residual, u, v), scaled;
            CHECK(t, distance(c[i], want) <= (n == 4 ? 0 : 16));
            scaled = c[i] * 64 / (norm(n, u) * norm(n, v));
            /* the inverse's odd 4x4 basis rows are half of the forward ones */
            if (n == 4)
                scaled *= (u & 1 ? 2 : 1) * (v & 1 ? 2 : 1);
            c[i] = (coef)(scaled + (scaled < 0 ? -0.5 : 0.5));
        }
        if (n == 4)
            t->ref->add_idct_4x4(pred, n, c);
        else
            t->ref->add_idct_8x8(pred, n, c);
        for (int i = 0; i < n * n; i++)
            CHECK(t, avo_abs(pred[i] - cur[i]) <= 1);
    }
    check_end(t);
}

static void check_transform_groups(Tester *t)
{
    AVO_ALIGN(32) coef c[64], one[16];
    AVO_ALIGN(16) pixel cur[64], pred[64], dst[64], want[64];
    if (!check_begin(t, true, "formula transform groups of 4"))
        return;
    for (int round = 0; round < 20; round++) {
        fill_pixels(cur, sizeof(cur), SHAPE_RANDOM);
        fill_pixels(pred, sizeof(pred), SHAPE_RANDOM);
        memcpy(dst, pred, sizeof(dst));
        memcpy(want, pred, sizeof(want));
        t->ref->sub_dct_4x4_x4(c, cur, 8, pred, 8);
        t->ref->add_idct_4x4_x4(dst, 8, c);
        for (int i = 0; i < 4; i++) {
            int at = (i & 1) * 4 + (i >> 1) * 32; /* coding order 0 1 / 2 3 */
            t->ref->sub_dct_4x4(one, cur + at, 8, pred + at, 8);
            CHECK(t, !memcmp(one, c + 16 * i, sizeof(one)));
            t->ref->add_idct_4x4(want + at, 8, one);
        }
        CHECK(t, !memcmp(dst, want, sizeof(dst)));
        memset(one, 0, sizeof(one));
        one[0] = (coef)rnd_range(-17000, 17000);
        t->ref->add_idct_4x4(dst, 8, one);
        t->ref->add_idct_4x4_dc(want, 8, one[0]);
        CHECK(t, !memcmp(dst, want, sizeof(dst)));
    }
    check_end(t);
}

/* 8.5.10 */
static void check_dc_transform(Tester *t)
{
    static const int h[4][4] = {{1, 1, 1, 1}, {1, 1, -1, -1}, {1, -1, -1, 1}, {1, -1, 1, -1}};
    AVO_ALIGN(32) coef c[16], forward[16], inverse[16];
    if (!check_begin(t, true, "formula hadamard_dc_4x4"))
        return;
    for (int round = 0; round < 20; round++) {
        fill_coefs(c, 16, 2000);
        memcpy(forward, c, sizeof(c));
        memcpy(inverse, c, sizeof(c));
        t->ref->hadamard_dc_4x4(forward);
        t->ref->ihadamard_dc_4x4(inverse);
        for (int i = 0; i < 16; i++) {
            int sum = 0;
            for (int k = 0; k < 16; k++)
                sum += h[i / 4][k / 4] * c[k] * h[k % 4][i % 4];
            CHECK(t, inverse[i] == sum);
            CHECK(t, forward[i] == (sum + 1) >> 1);
        }
    }
    check_end(t);
}

/* ---- scans ---- */

/* Walks the zig-zag of an n x n block; returns the raster index of scan position k. */
static int zigzag_at(int n, int k)
{
    int x = 0, y = 0;
    while (k--) {
        bool up = (x + y) % 2 == 0; /* on its way to the upper right */
        if (up ? x == n - 1 : y == n - 1)
            up ? y++ : x++;
        else if (up ? y == 0 : x == 0)
            up ? x++ : y++;
        else
            x += up ? 1 : -1, y += up ? -1 : 1;
    }
    return y * n + x;
}

static void check_scans(Tester *t)
{
    AVO_ALIGN(32) coef in[64], out4[16], out8[64], out_cavlc[64];
    if (!check_begin(t, true, "formula scans"))
        return;
    for (int i = 0; i < 64; i++)
        in[i] = (coef)i;
    uint32_t mask4 = t->ref->scan_4x4(out4, in);
    uint64_t mask8 = t->ref->scan_8x8(out8, in);
    for (int i = 0; i < 16; i++)
        CHECK(t, (mask4 >> i & 1) == (out4[i] != 0));
    for (int i = 0; i < 64; i++)
        CHECK(t, (mask8 >> i & 1) == (out8[i] != 0));
    t->ref->scan_8x8_cavlc(out_cavlc, in);
    for (int i = 0; i < 64; i++) {
        CHECK(t, i >= 16 || out4[i] == zigzag_at(4, i));
        CHECK(t, out8[i] == zigzag_at(8, i));
        CHECK(t, out_cavlc[i] == zigzag_at(8, 4 * (i % 16) + i / 16));
    }
    check_end(t);
}

/* ---- quantisation ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static void check_quant_formula(Tester *t)
{
    AVO_ALIGN(32) coef c[64], in[64];
    AVO_ALIGN(32) uint16_t scale[64], mf[64], bias[64];
    if (!check_begin(t, true, "formula quant and dequant"))
        return;
    for (int round = 0; round < 52 * 4; round++) {
        int qp = round % 52, any = 0;
        fill_coefs(in, 64, 2000 >> (qp / 8));
        for (int i = 0; i < 64; i++) {
            scale[i] = (uint16_t)rnd_range(1, 1000);
            mf[i] = (uint16_t)rnd_range(1, 65535);
            bias[i] = (uint16_t)rnd_range(0, 20000);
        }
        memcpy(c, in, sizeof(c));
        t->ref->dequant_4x4(c, scale, qp);
        for (int i = 0; i < 16; i++) { /* (c * scale * 2^(qp / 6)) / 16, rounded */
            int64_t want =
                floor_div((int64_t)in[i] * scale[i] * (1 << (qp / 6)) + (qp < 24) * 8, 16);
            CHECK(t, c[i] == (coef)want);
        }
        memcpy(c, in, sizeof(c));
        t->ref->dequant_8x8(c, scale, qp);
        for (int i = 0; i < 64; i++) {
            int64_t want =
                floor_div((int64_t)in[i] * scale[i] * (1 << (qp / 6)) + (qp < 36) * 32, 64);
            CHECK(t, c[i] == (coef)want);
        }
        memcpy(c, in, sizeof(c));
        int result = t->ref->quant_8x8(c, mf, bias);
        for (int i = 0; i < 64; i++) {
            int want = (int)((int64_t)(avo_abs(in[i]) + bias[i]) * mf[i] / 65536);
            want = in[i] < 0 ? -want : in[i] > 0 ? want : 0;
            any |= want;
            CHECK(t, c[i] == want);
        }
        CHECK(t, result == (any != 0));
    }
    check_end(t);
}

/* ---- inter prediction (8.4.2.2.1) ---- */

static pixel area[AREA_SIZE];

static int at(int x, int y)
{
    return area[AREA_ORIGIN + y * AREA_STRIDE + x];
}

static int six(int a, int b, int c, int d, int e, int f)
{
    return a - 5 * b + 20 * c + 20 * d - 5 * e + f;
}

static int b1(int x, int y)
{
    return six(at(x - 2, y), at(x - 1, y), at(x, y), at(x + 1, y), at(x + 2, y), at(x + 3, y));
}

static int h1(int x, int y)
{
    return six(at(x, y - 2), at(x, y - 1), at(x, y), at(x, y + 1), at(x, y + 2), at(x, y + 3));
}

static int clip1(int v)
{
    return avo_clip3(0, 255, v);
}

static int sample_b(int x, int y)
{
    return clip1((b1(x, y) + 16) >> 5);
}

static int sample_h(int x, int y)
{
    return clip1((h1(x, y) + 16) >> 5);
}

static int sample_j(int x, int y) /* over horizontal intermediates, unlike the reference */
{
    int j1 = six(b1(x, y - 2), b1(x, y - 1), b1(x, y), b1(x, y + 1), b1(x, y + 2), b1(x, y + 3));
    return clip1((j1 + 512) >> 10);
}

/* The 16 positions of figure 8-4, by name. */
static int quarter_sample(int fx, int fy, int x, int y)
{
    int G = at(x, y), H = at(x + 1, y), M = at(x, y + 1);
    int b = sample_b(x, y), h = sample_h(x, y), j = sample_j(x, y);
    int m = sample_h(x + 1, y), s = sample_b(x, y + 1);
    const int by_position[16] = {
        G,        f2(G, b), b,        f2(b, H), /* fy 0 */
        f2(G, h), f2(b, h), f2(b, j), f2(b, m), /* fy 1 */
        h,        f2(h, j), j,        f2(j, m), /* fy 2 */
        f2(h, M), f2(h, s), f2(j, s), f2(s, m), /* fy 3 */
    };
    return by_position[fy * 4 + fx];
}

static void check_luma_formula(Tester *t)
{
    pixel dst[16 * 16];
    if (!check_begin(t, true, "formula luma_qpel"))
        return;
    for (int round = 0; round < 16 * SHAPE_COUNT; round++) {
        int fx = round & 3, fy = round >> 2 & 3;
        fill_pixels(area, sizeof(area), round / 16);
        t->ref->luma_qpel(dst, 16, area + AREA_ORIGIN, AREA_STRIDE, fx, fy, 16, 16);
        for (int i = 0; i < 256; i++)
            CHECK(t, dst[i] == quarter_sample(fx, fy, i & 15, i >> 4));
    }
    check_end(t);
}

static void check_hpel_formula(Tester *t)
{
    static pixel planes[3][AREA_SIZE];
    static AVO_ALIGN(64) int16_t scratch[16 + 8];
    if (!check_begin(t, true, "formula hpel_planes"))
        return;
    for (int round = 0; round < SHAPE_COUNT; round++) {
        fill_pixels(area, sizeof(area), round);
        t->ref->hpel_planes(planes[0], planes[1], planes[2], area + AREA_ORIGIN, AREA_STRIDE, 16,
                            16, scratch);
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 16; x++) {
                CHECK(t, planes[0][y * AREA_STRIDE + x] == sample_b(x, y));
                CHECK(t, planes[1][y * AREA_STRIDE + x] == sample_h(x, y));
                CHECK(t, planes[2][y * AREA_STRIDE + x] == sample_j(x, y));
            }
        }
    }
    check_end(t);
}

static void check_chroma_formula(Tester *t)
{
    pixel dst[8 * 8];
    if (!check_begin(t, true, "formula chroma_mc"))
        return;
    for (int round = 0; round < 64; round++) {
        int fx = round & 7, fy = round >> 3;
        fill_pixels(area, sizeof(area), SHAPE_RANDOM);
        t->ref->chroma_mc(dst, 8, area + AREA_ORIGIN, AREA_STRIDE, fx, fy, 8, 8);
        for (int i = 0; i < 64; i++) {
            int x = i & 7, y = i >> 3;
            int want = ((8 - fx) * (8 - fy) * at(x, y) + fx * (8 - fy) * at(x + 1, y) +
                        (8 - fx) * fy * at(x, y + 1) + fx * fy * at(x + 1, y + 1) + 32) >>
                       6;
            CHECK(t, dst[i] == want);
        }
    }
    check_end(t);
}

/* ---- loop filter (8.7.2), one line at a time: v[0..3] is p0..p3, v[4..7] is q0..q3 ---- */

static void line_normal(int v[8], int alpha, int beta, int tc0, bool chroma)
{
    int *p = v, *q = v + 4, p0 = v[0], p1 = v[1], q0 = v[4], q1 = v[5];
    bool ap = avo_abs(p[2] - p0) < beta, aq = avo_abs(q[2] - q0) < beta;
    if (tc0 < 0 || avo_abs(p0 - q0) >= alpha || avo_abs(p1 - p0) >= beta ||
        avo_abs(q1 - q0) >= beta)
        return;
    int tc = chroma ? tc0 + 1 : tc0 + ap + aq;
    int delta = avo_clip3(-tc, tc, (((q0 - p0) * 4) + (p1 - q1) + 4) >> 3);
    p[0] = clip1(p0 + delta);
    q[0] = clip1(q0 - delta);
    if (!chroma && ap)
        p[1] += avo_clip3(-tc0, tc0, (p[2] + ((p0 + q0 + 1) >> 1) - p1 * 2) >> 1);
    if (!chroma && aq)
        q[1] += avo_clip3(-tc0, tc0, (q[2] + ((p0 + q0 + 1) >> 1) - q1 * 2) >> 1);
}

static void line_strong(int v[8], int alpha, int beta, bool chroma)
{
    int p0 = v[0], p1 = v[1], p2 = v[2], p3 = v[3], q0 = v[4], q1 = v[5], q2 = v[6], q3 = v[7];
    bool small = avo_abs(p0 - q0) < (alpha >> 2) + 2;
    if (avo_abs(p0 - q0) >= alpha || avo_abs(p1 - p0) >= beta || avo_abs(q1 - q0) >= beta)
        return;
    if (!chroma && small && avo_abs(p2 - p0) < beta) {
        v[0] = (p2 + 2 * p1 + 2 * p0 + 2 * q0 + q1 + 4) >> 3;
        v[1] = (p2 + p1 + p0 + q0 + 2) >> 2;
        v[2] = (2 * p3 + 3 * p2 + p1 + p0 + q0 + 4) >> 3;
    } else {
        v[0] = (2 * p1 + p0 + q1 + 2) >> 2;
    }
    if (!chroma && small && avo_abs(q2 - q0) < beta) {
        v[4] = (p1 + 2 * p0 + 2 * q0 + 2 * q1 + q2 + 4) >> 3;
        v[5] = (p0 + q0 + q1 + q2 + 2) >> 2;
        v[6] = (2 * q3 + 3 * q2 + q1 + q0 + p0 + 4) >> 3;
    } else {
        v[4] = (2 * q1 + q0 + p1 + 2) >> 2;
    }
}

/* Runs one edge kernel on a drawn area and compares every line with the formulas.
 * tc0 NULL: bS 4. */
static void check_edge_formula(Tester *t, bool vertical, bool chroma, bool strong)
{
    static pixel before[AREA_SIZE];
    const AvoDsp *dsp = t->ref;
    int lines = chroma ? 8 : 16, alpha = deblock_alpha[rnd_range(16, 51)];
    int beta = deblock_beta[rnd_range(16, 51)], spread = rnd_range(2, 40);
    ptrdiff_t across = vertical ? 1 : AREA_STRIDE, along = vertical ? AREA_STRIDE : 1;
    int8_t tc0[4];

    for (int i = 0; i < 4; i++)
        tc0[i] = (int8_t)rnd_range(-1, 25);
    for (int i = 0; i < AREA_SIZE; i++)
        area[i] = before[i] = clip1(128 + rnd_range(-spread, spread));
    pixel *pix = area + AREA_ORIGIN;
    if (strong)
        (vertical ? chroma ? dsp->deblock_chroma_intra_v : dsp->deblock_luma_intra_v
         : chroma ? dsp->deblock_chroma_intra_h
                  : dsp->deblock_luma_intra_h)(pix, AREA_STRIDE, alpha, beta);
    else
        (vertical ? chroma ? dsp->deblock_chroma_v : dsp->deblock_luma_v
         : chroma ? dsp->deblock_chroma_h
                  : dsp->deblock_luma_h)(pix, AREA_STRIDE, alpha, beta, tc0);

    for (int i = 0; i < lines; i++) {
        const pixel *in = before + AREA_ORIGIN + i * along, *out = pix + i * along;
        int v[8];
        for (int k = 0; k < 4; k++)
            v[k] = in[-(k + 1) * across], v[4 + k] = in[k * across];
        if (strong)
            line_strong(v, alpha, beta, chroma);
        else
            line_normal(v, alpha, beta, tc0[i / (lines / 4)], chroma);
        for (int k = 0; k < 4; k++)
            CHECK(t, out[-(k + 1) * across] == v[k] && out[k * across] == v[4 + k]);
    }
}

static void check_deblock_formula(Tester *t)
{
    for (int kind = 0; kind < 8; kind++) {
        if (!check_begin(t, true, "formula deblock_%s%s_%s", kind & 1 ? "chroma" : "luma",
                         kind & 2 ? "_intra" : "", kind & 4 ? "v" : "h"))
            continue;
        for (int round = 0; round < 200; round++)
            check_edge_formula(t, kind & 4, kind & 1, kind & 2);
        check_end(t);
    }
}

/* ---- costs ---- */

/* Sum of |H d H| over the first rows and columns of n x n coefficients, by explicit sign matrices.
 */
static int hadamard_sum(const pixel *a, const pixel *b, int n, int rows, int columns)
{
    int sum = 0;
    for (int u = 0; u < rows; u++) {
        for (int v = 0; v < columns; v++) {
            int c = 0;
            for (int y = 0; y < n; y++)
                for (int x = 0; x < n; x++) {
                    int ones = (u & y) ^ ((v & x) << 3); /* parity decides the sign */
                    int parity = (0x6996 >> ((ones ^ ones >> 3) & 7) & 1);
                    int d = a[y * 16 + x] - b[y * AREA_STRIDE + x];
                    c += parity ? -d : d;
                }
            sum += avo_abs(c);
        }
    }
    return sum;
}

static void check_cost_formula(Tester *t)
{
    static AVO_ALIGN(16) pixel cur[256];
    if (!check_begin(t, true, "formula costs"))
        return;
    for (int round = 0; round < SHAPE_COUNT * SHAPE_COUNT; round++) {
        const pixel *ref = area + AREA_ORIGIN;
        int satd = 0, sa8d = 0, sad = 0, ssd = 0, mean_ssd = 0;
        fill_pixels(cur, sizeof(cur), round % SHAPE_COUNT);
        fill_pixels(area, sizeof(area), round / SHAPE_COUNT);
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 16; x++) {
                int d = cur[y * 16 + x] - at(x, y);
                sad += avo_abs(d);
                ssd += d * d;
                if (!(x & 3) && !(y & 3))
                    satd += hadamard_sum(cur + y * 16 + x, ref + y * AREA_STRIDE + x, 4, 4, 4);
                if (!(x & 7) && !(y & 7))
                    sa8d += hadamard_sum(cur + y * 16 + x, ref + y * AREA_STRIDE + x, 8, 8, 8);
            }
        }
        for (int i = 0; i < 8; i++) {
            int x = i % 4 * 4, y = i / 4 * 4;
            int off = hadamard_sum(cur + y * 16 + x, ref + y * AREA_STRIDE + x, 4, 1, 1);
            mean_ssd += off * off / 16;
        }
        CHECK(t, t->ref->mean_ssd(cur, 16, ref, AREA_STRIDE) == mean_ssd);
        CHECK(t, t->ref->sad[AVO_BLK_16x16](cur, 16, ref, AREA_STRIDE) == sad);
        CHECK(t, t->ref->ssd[AVO_BLK_16x16](cur, 16, ref, AREA_STRIDE) == ssd);
        CHECK(t, t->ref->satd[AVO_BLK_16x16](cur, 16, ref, AREA_STRIDE) == satd >> 1);
        CHECK(t, t->ref->sa8d[AVO_BLK_16x16](cur, 16, ref, AREA_STRIDE) == (sa8d + 2) >> 2);
    }
    check_end(t);
}

/* Sums over an n x n block: samples, and squares. */
static void sums_of(const pixel *src, int n, uint32_t *sum, uint32_t *squares)
{
    *sum = *squares = 0;
    for (int i = 0; i < n * n; i++) {
        int v = src[i / n * 16 + i % n];
        *sum += (uint32_t)v;
        *squares += (uint32_t)(v * v);
    }
}

static void check_texture_formula(Tester *t)
{
    static AVO_ALIGN(16) pixel cur[256];
    static const pixel zeros[AREA_STRIDE * 8];
    if (!check_begin(t, true, "formula variance and texture"))
        return;
    for (int round = 0; round < 4 * SHAPE_COUNT; round++) {
        uint32_t sum, squares;
        AvoTexture texture;
        fill_pixels(cur, sizeof(cur), round % SHAPE_COUNT);
        sums_of(cur, 8, &sum, &squares);
        CHECK(t, t->ref->var[1](cur, 16) == ((uint64_t)squares << 32 | sum));
        t->ref->texture(cur, 16, &texture);
        for (int i = 0; i < 4; i++) {
            const pixel *p = cur + i / 2 * 128 + i % 2 * 8;
            sums_of(p, 8, &sum, &squares);
            CHECK(t, texture.sum[i] == (int)sum);
            CHECK(t, texture.all[i] == (hadamard_sum(p, zeros, 8, 8, 8) - (int)sum) >> 2);
            CHECK(t, texture.row[i] == (hadamard_sum(p, zeros, 8, 1, 8) - (int)sum) >> 2);
            CHECK(t, texture.column[i] == (hadamard_sum(p, zeros, 8, 8, 1) - (int)sum) >> 2);
        }
        sums_of(cur, 16, &sum, &squares);
        CHECK(t, t->ref->var[0](cur, 16) == ((uint64_t)squares << 32 | sum));
    }
    check_end(t);
}

void check_formulas(Tester *t)
{
    check_intra_small(t, t->ref->intra_4x4, 4);
    check_intra_small(t, t->ref->intra_8x8, 8);
    check_intra_big(t, "16x16", t->ref->intra_16x16, 16, pred_16);
    check_intra_big(t, "chroma", t->ref->intra_chroma, 8, pred_chroma);
    check_filter_formula(t);
    check_round_trip(t, 4);
    check_round_trip(t, 8);
    check_transform_groups(t);
    check_dc_transform(t);
    check_scans(t);
    check_quant_formula(t);
    check_luma_formula(t);
    check_hpel_formula(t);
    check_chroma_formula(t);
    check_deblock_formula(t);
    check_cost_formula(t);
    check_texture_formula(t);
}
