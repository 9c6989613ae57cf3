/* Block costs, SSE4.1: SAD, SSD, SATD, 8x8 Hadamard cost, variance, texture energy, SSIM sums.
 *
 * The Hadamard transforms are in hadamard_sse41.h. */
#include "dsp/entries.h"
#include "dsp/x86/x86.h"

#ifdef AVO_X86

#include "dsp/x86/hadamard_sse41.h"

AVO_TARGET_SSE41

/* ---- SAD ---- */

AVO_INLINE __m128i sad_rows(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                            int width, int height)
{
    __m128i sum = _mm_setzero_si128();
    if (width == 16) {
        for (int y = 0; y < height; y++, a += stride_a, b += stride_b)
            sum = _mm_add_epi32(sum, _mm_sad_epu8(load16(a), load16(b)));
    } else if (width == 8) {
        for (int y = 0; y < height; y += 2, a += 2 * stride_a, b += 2 * stride_b)
            sum = _mm_add_epi32(sum,
                                _mm_sad_epu8(load8x2(a, a + stride_a), load8x2(b, b + stride_b)));
    } else {
        for (int y = 0; y < height; y += 4, a += 4 * stride_a, b += 4 * stride_b)
            sum = _mm_add_epi32(sum, _mm_sad_epu8(load4x4(a, stride_a), load4x4(b, stride_b)));
    }
    return sum;
}

/* Four psadbw accumulators to four sums. */
AVO_INLINE __m128i sad_fold4(__m128i s0, __m128i s1, __m128i s2, __m128i s3)
{
    __m128i s01 = _mm_or_si128(s0, _mm_slli_epi64(s1, 32)); /* [s0 s1 s0 s1] */
    __m128i s23 = _mm_or_si128(s2, _mm_slli_epi64(s3, 32));
    return _mm_add_epi32(_mm_unpacklo_epi64(s01, s23), _mm_unpackhi_epi64(s01, s23));
}

AVO_INLINE void store3(int out[3], __m128i v)
{
    store8(out, v);
    out[2] = _mm_extract_epi32(v, 2);
}

/* As many rows as a register holds. */
AVO_INLINE __m128i load_rows_16(const pixel *p, ptrdiff_t stride, int width)
{
    return width == 16 ? load16(p) : width == 8 ? load8x2(p, p + stride) : load4x4(p, stride);
}

/* SAD of n candidates at once: cur is loaded once per step. */
AVO_INLINE void sad_multi(const pixel *cur, const pixel *const *ref, ptrdiff_t stride, int width,
                          int height, int n, __m128i sum[4])
{
    int rows = width == 16 ? 1 : width == 8 ? 2 : 4; /* rows per register */
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        sum[i] = _mm_setzero_si128();
    for (int y = 0; y < height; y += rows, cur += rows * AVO_CUR_STRIDE) {
        ptrdiff_t at = y * stride;
        __m128i c = load_rows_16(cur, AVO_CUR_STRIDE, width);
        AVO_UNROLL
        for (int i = 0; i < n; i++) {
            __m128i r = load_rows_16(ref[i] + at, stride, width);
            sum[i] = _mm_add_epi32(sum[i], _mm_sad_epu8(c, r));
        }
    }
}

/* The same against means of pairs. */
AVO_INLINE void sad_mean_multi(const pixel *cur, const pixel *const *a, ptrdiff_t stride_a,
                               const pixel *const *b, ptrdiff_t stride_b, int width, int height,
                               int n, __m128i sum[4])
{
    int rows = width == 16 ? 1 : width == 8 ? 2 : 4;
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        sum[i] = _mm_setzero_si128();
    for (int y = 0; y < height; y += rows, cur += rows * AVO_CUR_STRIDE) {
        __m128i c = load_rows_16(cur, AVO_CUR_STRIDE, width);
        AVO_UNROLL
        for (int i = 0; i < n; i++) {
            __m128i r = _mm_avg_epu8(load_rows_16(a[i] + y * stride_a, stride_a, width),
                                     load_rows_16(b[i] + y * stride_b, stride_b, width));
            sum[i] = _mm_add_epi32(sum[i], _mm_sad_epu8(c, r));
        }
    }
}

#define DEFINE_SAD(w, h)                                                                           \
    static int sad_##w##x##h(const pixel *a, ptrdiff_t stride_a, const pixel *b,                   \
                             ptrdiff_t stride_b)                                                   \
    {                                                                                              \
        return hsum_sad(sad_rows(a, stride_a, b, stride_b, w, h));                                 \
    }                                                                                              \
    static void sad_x3_##w##x##h(const pixel *cur, const pixel *const ref[3], ptrdiff_t stride,    \
                                 int out[3])                                                       \
    {                                                                                              \
        __m128i sum[4];                                                                            \
        sad_multi(cur, ref, stride, w, h, 3, sum);                                                 \
        store3(out, sad_fold4(sum[0], sum[1], sum[2], sum[3]));                                    \
    }                                                                                              \
    static void sad_x4_##w##x##h(const pixel *cur, const pixel *const ref[4], ptrdiff_t stride,    \
                                 int out[4])                                                       \
    {                                                                                              \
        __m128i sum[4];                                                                            \
        sad_multi(cur, ref, stride, w, h, 4, sum);                                                 \
        store16(out, sad_fold4(sum[0], sum[1], sum[2], sum[3]));                                   \
    }                                                                                              \
    static void sad_mean_##w##x##h(const pixel *cur, const pixel *const *a, ptrdiff_t stride_a,    \
                                   const pixel *const *b, ptrdiff_t stride_b, int count, int *out) \
    {                                                                                              \
        __m128i sum[4];                                                                            \
        if (count == 4) {                                                                          \
            sad_mean_multi(cur, a, stride_a, b, stride_b, w, h, 4, sum);                           \
            store16(out, sad_fold4(sum[0], sum[1], sum[2], sum[3]));                               \
            return;                                                                                \
        }                                                                                          \
        for (int i = 0; i < count; i++) {                                                          \
            sad_mean_multi(cur, a + i, stride_a, b + i, stride_b, w, h, 1, sum);                   \
            out[i] = hsum_sad(sum[0]);                                                             \
        }                                                                                          \
    }

AVO_FOR_BLK_SIZES(DEFINE_SAD)
AVO_FOR_BLK_SIZES_8(AVO_SAD_AROUND_ENTRY)

/* ---- SSD ---- */

/* Sum of (a - b)^2 over 8 samples held as bytes in the low halves. */
AVO_INLINE __m128i ssd8(__m128i a, __m128i b)
{
    __m128i d = _mm_sub_epi16(_mm_cvtepu8_epi16(a), _mm_cvtepu8_epi16(b));
    return _mm_madd_epi16(d, d);
}

AVO_INLINE int ssd_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                         int width, int height)
{
    __m128i sum = _mm_setzero_si128();
    if (width == 4) {
        for (int y = 0; y < height; y += 2, a += 2 * stride_a, b += 2 * stride_b)
            sum = _mm_add_epi32(sum, ssd8(_mm_unpacklo_epi32(load4(a), load4(a + stride_a)),
                                          _mm_unpacklo_epi32(load4(b), load4(b + stride_b))));
        return hsum_epi32(sum);
    }
    for (int y = 0; y < height; y++, a += stride_a, b += stride_b)
        for (int x = 0; x < width; x += 8)
            sum = _mm_add_epi32(sum, ssd8(load8(a + x), load8(b + x)));
    return hsum_epi32(sum);
}

AVO_FOR_BLK_SIZES(AVO_SSD_ENTRY)

/* ---- SATD ---- */

/* cur's rows of one 8x4, to be shared by several candidates. */
AVO_INLINE void load_rows_8(__m128i rows[4], const pixel *p, ptrdiff_t stride)
{
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        rows[y] = row_8(p + y * stride);
}

AVO_INLINE void load_rows_4x2(__m128i rows[4], const pixel *p, const pixel *q, ptrdiff_t stride)
{
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        rows[y] = row_4x2(p + y * stride, q + y * stride);
}

AVO_INLINE __m128i satd_diff(const __m128i cur[4], const __m128i ref[4])
{
    __m128i v[4];
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        v[y] = _mm_sub_epi16(cur[y], ref[y]);
    return satd_finish(v);
}

/* 4x4 on its own: rows 0 and 1 share a register, rows 2 and 3 the other:
 * [x0+x1 x2+x3 (row 0) x0+x1 x2+x3 (row 1) then the differences]. */
AVO_INLINE int satd_one_4x4(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b)
{
    __m128i r01 = _mm_sub_epi16(row_4x2(a, a + stride_a), row_4x2(b, b + stride_b));
    __m128i r23 = _mm_sub_epi16(row_4x2(a + 2 * stride_a, a + 3 * stride_a),
                                row_4x2(b + 2 * stride_b, b + 3 * stride_b));
    __m128i s = _mm_add_epi16(r01, r23), d = _mm_sub_epi16(r01, r23);
    /* second horizontal butterfly; rows 0 and 1 become neighbours for the last vertical one */
    __m128i hs = _mm_hadd_epi16(s, d), hd = _mm_hsub_epi16(s, d);
    return hsum_epi32(even_lanes(_mm_add_epi16(max_abs_pairs(hs), max_abs_pairs(hd))));
}

/* SATD of n candidates; sum[i] holds four partial sums each. Sizes other than 4x4. */
AVO_INLINE void satd_multi(const pixel *cur, ptrdiff_t stride_cur, const pixel *const *ref,
                           ptrdiff_t stride, int width, int height, int n, __m128i sum[4])
{
    __m128i c[4], r[4];
    AVO_UNROLL
    for (int i = 0; i < n; i++)
        sum[i] = _mm_setzero_si128();
    if (width == 4) { /* 4x8 */
        load_rows_4x2(c, cur, cur + 4 * stride_cur, stride_cur);
        AVO_UNROLL
        for (int i = 0; i < n; i++) {
            load_rows_4x2(r, ref[i], ref[i] + 4 * stride, stride);
            sum[i] = even_lanes(satd_diff(c, r));
        }
    }
    for (int x = 0; x + 8 <= width; x += 8) {
        for (int y = 0; y < height; y += 4) {
            load_rows_8(c, cur + y * stride_cur + x, stride_cur);
            AVO_UNROLL
            for (int i = 0; i < n; i++) {
                load_rows_8(r, ref[i] + y * stride + x, stride);
                sum[i] = _mm_add_epi32(sum[i], even_lanes(satd_diff(c, r)));
            }
        }
    }
}

AVO_INLINE __m128i fold4(__m128i s0, __m128i s1, __m128i s2, __m128i s3)
{
    return _mm_hadd_epi32(_mm_hadd_epi32(s0, s1), _mm_hadd_epi32(s2, s3));
}

AVO_INLINE int satd_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                          int width, int height)
{
    __m128i sum[4];
    if (width == 4 && height == 4)
        return satd_one_4x4(a, stride_a, b, stride_b);
    satd_multi(a, stride_a, &b, stride_b, width, height, 1, sum);
    return hsum_epi32(sum[0]);
}

/* Candidates pair up as two 4x4 of one register for the smallest size. */
AVO_INLINE void satd_multi_4x4(const pixel *cur, const pixel *const *ref, ptrdiff_t stride, int n,
                               int *out)
{
    __m128i c[4], r[4], sum[2];
    load_rows_4x2(c, cur, cur, AVO_CUR_STRIDE);
    AVO_UNROLL
    for (int i = 0; i < 2; i++) {
        load_rows_4x2(r, ref[2 * i], ref[avo_min(2 * i + 1, n - 1)], stride);
        /* lanes [first second first second] of 32 bits */
        sum[i] = even_lanes(satd_diff(c, r));
    }
    __m128i all = _mm_hadd_epi32(_mm_shuffle_epi32(sum[0], _MM_SHUFFLE(3, 1, 2, 0)),
                                 _mm_shuffle_epi32(sum[1], _MM_SHUFFLE(3, 1, 2, 0)));
    if (n == 4)
        store16(out, all);
    else
        store3(out, all);
}

#define DEFINE_SATD(w, h)                                                                          \
    static int satd_##w##x##h(const pixel *a, ptrdiff_t stride_a, const pixel *b,                  \
                              ptrdiff_t stride_b)                                                  \
    {                                                                                              \
        return satd_block(a, stride_a, b, stride_b, w, h);                                         \
    }                                                                                              \
    static void satd_x3_##w##x##h(const pixel *cur, const pixel *const ref[3], ptrdiff_t stride,   \
                                  int out[3])                                                      \
    {                                                                                              \
        __m128i sum[4];                                                                            \
        if (w == 4 && h == 4) {                                                                    \
            satd_multi_4x4(cur, ref, stride, 3, out);                                              \
            return;                                                                                \
        }                                                                                          \
        satd_multi(cur, AVO_CUR_STRIDE, ref, stride, w, h, 3, sum);                                \
        store3(out, fold4(sum[0], sum[1], sum[2], sum[2]));                                        \
    }                                                                                              \
    static void satd_x4_##w##x##h(const pixel *cur, const pixel *const ref[4], ptrdiff_t stride,   \
                                  int out[4])                                                      \
    {                                                                                              \
        __m128i sum[4];                                                                            \
        if (w == 4 && h == 4) {                                                                    \
            satd_multi_4x4(cur, ref, stride, 4, out);                                              \
            return;                                                                                \
        }                                                                                          \
        satd_multi(cur, AVO_CUR_STRIDE, ref, stride, w, h, 4, sum);                                \
        store16(out, fold4(sum[0], sum[1], sum[2], sum[3]));                                       \
    }

AVO_FOR_BLK_SIZES(DEFINE_SATD)

/* ---- SATD against a mean ---- */

AVO_INLINE void mean_block(pixel *mean, const pixel *a, ptrdiff_t stride_a, const pixel *b,
                           ptrdiff_t stride_b, int width, int height)
{
    for (int y = 0; y < height; y++, mean += 16, a += stride_a, b += stride_b) {
        if (width == 16)
            store16(mean, _mm_avg_epu8(load16(a), load16(b)));
        else if (width == 8)
            store8(mean, _mm_avg_epu8(load8(a), load8(b)));
        else
            store4(mean, _mm_avg_epu8(load4(a), load4(b)));
    }
}

AVO_FOR_BLK_SIZES(AVO_SATD_MEAN_ENTRY)

/* ---- 8x8 Hadamard ---- */

AVO_INLINE __m128i sa8d_8x8_lanes(const pixel *a, ptrdiff_t stride_a, const pixel *b,
                                  ptrdiff_t stride_b)
{
    __m128i v[8];
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        v[y] = _mm_sub_epi16(row_8(a + y * stride_a), row_8(b + y * stride_b));
    hadamard_4_of_8(v);
    return abs_sum_8x8(v);
}

AVO_INLINE int sa8d_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                          int width, int height)
{
    __m128i sum = _mm_setzero_si128();
    for (int y = 0; y < height; y += 8)
        for (int x = 0; x < width; x += 8)
            sum = _mm_add_epi32(sum, sa8d_8x8_lanes(a + y * stride_a + x, stride_a,
                                                    b + y * stride_b + x, stride_b));
    return (hsum_epi32(sum) + 1) >> 1; /* (2 * sum + 2) >> 2 */
}

AVO_FOR_BLK_SIZES_8(AVO_SA8D_ENTRY)

/* ---- texture ---- */

/* One 8x8: over four lanes each, halves of the sums of all and of the first row's coefficients, the
 * sum of the first column's, and in the lowest 16 bits of dc the sum of the samples. */
AVO_INLINE void texture_8x8(const pixel *src, ptrdiff_t stride, __m128i *all, __m128i *row,
                            __m128i *column, __m128i *dc)
{
    __m128i v[8];
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        v[y] = row_8(src + y * stride);
    *row = even_lanes(lines_of_8x8(v, all, dc));
    *column = abs_sum_epi16(*dc);
}

static void texture(const pixel *src, ptrdiff_t stride, AvoTexture *out)
{
    __m128i all[4], row[4], column[4], dc[4];
    for (int i = 0; i < 4; i++)
        texture_8x8(src + (i >> 1) * 8 * stride + (i & 1) * 8, stride, &all[i], &row[i], &column[i],
                    &dc[i]);
    __m128i sum =
        _mm_unpacklo_epi64(_mm_unpacklo_epi32(dc[0], dc[1]), _mm_unpacklo_epi32(dc[2], dc[3]));
    store_texture(out, fold4(all[0], all[1], all[2], all[3]), fold4(row[0], row[1], row[2], row[3]),
                  fold4(column[0], column[1], column[2], column[3]), sum);
}

/* ---- errors of means ---- */

/* Squared errors of the sums of four 4x4 side by side. */
AVO_INLINE __m128i sum_ssd_16x4(const pixel *a, ptrdiff_t stride_a, const pixel *b,
                                ptrdiff_t stride_b)
{
    const __m128i ones = _mm_set1_epi8(1);
    __m128i off = _mm_setzero_si128();
    AVO_UNROLL
    for (int y = 0; y < 4; y++) {
        off = _mm_add_epi16(off, _mm_maddubs_epi16(load16(a + y * stride_a), ones));
        off = _mm_sub_epi16(off, _mm_maddubs_epi16(load16(b + y * stride_b), ones));
    }
    off = _mm_madd_epi16(off, _mm_set1_epi16(1));
    return _mm_srli_epi32(_mm_mullo_epi32(off, off), 4);
}

static int mean_ssd(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b)
{
    return hsum_epi32(
        _mm_add_epi32(sum_ssd_16x4(a, stride_a, b, stride_b),
                      sum_ssd_16x4(a + 4 * stride_a, stride_a, b + 4 * stride_b, stride_b)));
}

/* ---- variance and SSIM ---- */

AVO_INLINE uint64_t var_block(const pixel *src, ptrdiff_t stride, int size)
{
    const __m128i zero = _mm_setzero_si128();
    __m128i sum = zero, squares = zero;
    for (int y = 0; y < size; y += size == 8 ? 2 : 1) {
        const pixel *row = src + y * stride;
        __m128i v = size == 8 ? load8x2(row, row + stride) : load16(row);
        __m128i lo = _mm_unpacklo_epi8(v, zero), hi = _mm_unpackhi_epi8(v, zero);
        sum = _mm_add_epi32(sum, _mm_sad_epu8(v, zero));
        squares = _mm_add_epi32(squares, _mm_madd_epi16(lo, lo));
        squares = _mm_add_epi32(squares, _mm_madd_epi16(hi, hi));
    }
    return (uint64_t)(uint32_t)hsum_epi32(squares) << 32 | (uint32_t)hsum_sad(sum);
}

AVO_VAR_ENTRY(16)
AVO_VAR_ENTRY(8)

/* 16-bit lanes 0-3 belong to the first block, 4-7 to the second. */
static void ssim_4x4x2(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                       int sums[2][4])
{
    const __m128i one = _mm_set1_epi16(1);
    __m128i sum_a = _mm_setzero_si128(), sum_b = sum_a, squares = sum_a, product = sum_a;
    AVO_UNROLL
    for (int y = 0; y < 4; y++) {
        __m128i p = _mm_cvtepu8_epi16(load8(a + y * stride_a));
        __m128i q = _mm_cvtepu8_epi16(load8(b + y * stride_b));
        sum_a = _mm_add_epi16(sum_a, p);
        sum_b = _mm_add_epi16(sum_b, q);
        squares = _mm_add_epi32(squares, _mm_add_epi32(_mm_madd_epi16(p, p), _mm_madd_epi16(q, q)));
        product = _mm_add_epi32(product, _mm_madd_epi16(p, q));
    }
    /* [a0 a1 b0 b1], [s0 s1 p0 p1] by block, then by block first */
    __m128i ab = _mm_hadd_epi32(_mm_madd_epi16(sum_a, one), _mm_madd_epi16(sum_b, one));
    __m128i sp = _mm_hadd_epi32(squares, product);
    ab = _mm_shuffle_epi32(ab, _MM_SHUFFLE(3, 1, 2, 0));
    sp = _mm_shuffle_epi32(sp, _MM_SHUFFLE(3, 1, 2, 0));
    store16(sums[0], _mm_unpacklo_epi64(ab, sp));
    store16(sums[1], _mm_unpackhi_epi64(ab, sp));
}

/* Eight positions at a time. */
static uint32_t sad_line_8x8(const pixel *cur, const pixel *ref, ptrdiff_t stride,
                             const uint16_t *extra, int count)
{
    uint32_t best = UINT32_MAX;
    for (int i = 0; i < count; i += 8) {
        __m128i sum = load16(extra + i), v = _mm_setzero_si128();
        AVO_UNROLL
        for (int y = 0; y < 8; y++) {
            __m128i r = load16(ref + i + y * stride), c = load8(cur + y * AVO_CUR_STRIDE);
            v = _mm_add_epi16(v,
                              _mm_add_epi16(_mm_mpsadbw_epu8(r, c, 0), _mm_mpsadbw_epu8(r, c, 5)));
        }
        best = least_of_8(best, _mm_adds_epu16(sum, v), i);
    }
    return best;
}

AVO_TARGET_END

void AVO_BPC(avo_cost_init_sse41)(AvoDsp *dsp)
{
    AVO_SET_COST
}

#else

void AVO_BPC(avo_cost_init_sse41)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
