/* Block costs, AVX2: the sizes where 256-bit registers pay; the rest stays with SSE4.1.
 *
 * The Hadamard transforms are in hadamard_avx2.h. */
#include "dsp/entries.h"
#include "dsp/x86/x86.h"

#ifdef AVO_X86

#include "dsp/x86/hadamard_avx2.h"
#include "dsp/x86/hadamard_sse41.h"

AVO_TARGET_AVX2

/* ---- SAD, 16 wide: two rows per register ---- */

/* packed: cur has AVO_CUR_STRIDE, so that its rows follow each other without a gap. */
AVO_INLINE void sad_multi_16(const pixel *cur, ptrdiff_t stride_cur, bool packed,
                             const pixel *const *ref, ptrdiff_t stride, int height, int n,
                             __m128i sum[4])
{
    __m256i acc[4];
    AVO_UNROLL
    for (int i = 0; i < n; i++)
        acc[i] = _mm256_setzero_si256();
    for (int y = 0; y < height; y += 2, cur += 2 * stride_cur) {
        __m256i c = packed ? load32(cur) : load16x2(cur, cur + stride_cur);
        AVO_UNROLL
        for (int i = 0; i < n; i++) {
            const pixel *p = ref[i] + y * stride;
            acc[i] = _mm256_add_epi32(acc[i], _mm256_sad_epu8(c, load16x2(p, p + stride)));
        }
    }
    AVO_UNROLL
    for (int i = 0; i < n; i++)
        sum[i] = fold_epi32(acc[i]);
}

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

#define DEFINE_SAD(w, h)                                                                           \
    static int sad_##w##x##h(const pixel *a, ptrdiff_t stride_a, const pixel *b,                   \
                             ptrdiff_t stride_b)                                                   \
    {                                                                                              \
        __m128i sum[4];                                                                            \
        sad_multi_16(a, stride_a, false, &b, stride_b, h, 1, sum);                                 \
        return hsum_sad(sum[0]);                                                                   \
    }                                                                                              \
    static void sad_x3_##w##x##h(const pixel *cur, const pixel *const ref[3], ptrdiff_t stride,    \
                                 int out[3])                                                       \
    {                                                                                              \
        __m128i sum[4];                                                                            \
        sad_multi_16(cur, AVO_CUR_STRIDE, true, ref, stride, h, 3, sum);                           \
        store3(out, sad_fold4(sum[0], sum[1], sum[2], sum[2]));                                    \
    }                                                                                              \
    static void sad_x4_##w##x##h(const pixel *cur, const pixel *const ref[4], ptrdiff_t stride,    \
                                 int out[4])                                                       \
    {                                                                                              \
        __m128i sum[4];                                                                            \
        sad_multi_16(cur, AVO_CUR_STRIDE, true, ref, stride, h, 4, sum);                           \
        store16(out, sad_fold4(sum[0], sum[1], sum[2], sum[3]));                                   \
    }

DEFINE_SAD(16, 16)
DEFINE_SAD(16, 8)

/* ---- SAD of the eight positions around one ---- */

/* A register holds two rows. Those above and below a position are loaded once for both, and those
 * beside it are put together from them. One column of positions: above, beside (not at x = 0, the
 * middle one), below. */
AVO_INLINE void sad_around_16(const pixel *cur, const pixel *ref, ptrdiff_t stride, int height,
                              int x, __m128i sum[3])
{
    __m256i over = load16x2(ref - stride + x, ref + x), acc[3];
    AVO_UNROLL
    for (int i = 0; i < 3; i++)
        acc[i] = _mm256_setzero_si256();
    for (int y = 0; y < height; y += 2) {
        const pixel *p = ref + (y + 1) * stride + x;
        __m256i c = load32(cur + y * AVO_CUR_STRIDE), under = load16x2(p, p + stride);
        acc[0] = _mm256_add_epi32(acc[0], _mm256_sad_epu8(c, over));
        if (x)
            acc[1] = _mm256_add_epi32(
                acc[1], _mm256_sad_epu8(c, _mm256_permute2x128_si256(over, under, 0x21)));
        acc[2] = _mm256_add_epi32(acc[2], _mm256_sad_epu8(c, under));
        over = under;
    }
    AVO_UNROLL
    for (int i = 0; i < 3; i++)
        sum[i] = fold_epi32(acc[i]);
}

/* The same, 8 wide. */
AVO_INLINE void sad_around_8(const pixel *cur, const pixel *ref, ptrdiff_t stride, int height,
                             int x, __m128i sum[3])
{
    __m128i over = load8x2(ref - stride + x, ref + x);
    AVO_UNROLL
    for (int i = 0; i < 3; i++)
        sum[i] = _mm_setzero_si128();
    for (int y = 0; y < height; y += 2) {
        const pixel *p = ref + (y + 1) * stride + x, *q = cur + y * AVO_CUR_STRIDE;
        __m128i c = load8x2(q, q + AVO_CUR_STRIDE), under = load8x2(p, p + stride);
        sum[0] = _mm_add_epi32(sum[0], _mm_sad_epu8(c, over));
        if (x)
            sum[1] = _mm_add_epi32(sum[1], _mm_sad_epu8(c, _mm_alignr_epi8(under, over, 8)));
        sum[2] = _mm_add_epi32(sum[2], _mm_sad_epu8(c, under));
        over = under;
    }
}

AVO_INLINE void sad_around(const pixel *cur, const pixel *ref, ptrdiff_t stride, int width,
                           int height, int out[8])
{
    __m128i sum[3][3]; /* by column, then row */
    AVO_UNROLL
    for (int x = 0; x < 3; x++)
        if (width == 16)
            sad_around_16(cur, ref, stride, height, x - 1, sum[x]);
        else
            sad_around_8(cur, ref, stride, height, x - 1, sum[x]);
    store16(out, sad_fold4(sum[1][0], sum[0][1], sum[2][1], sum[1][2]));
    store16(out + 4, sad_fold4(sum[0][0], sum[2][0], sum[0][2], sum[2][2]));
}

#define DEFINE_SAD_AROUND(w, h)                                                                    \
    static void sad_around_##w##x##h(const pixel *cur, const pixel *ref, ptrdiff_t stride,         \
                                     int out[8])                                                   \
    {                                                                                              \
        sad_around(cur, ref, stride, w, h, out);                                                   \
    }

AVO_FOR_BLK_SIZES_8(DEFINE_SAD_AROUND)

/* ---- SSD ---- */

/* Sum of (a - b)^2 over 16 bytes. */
AVO_INLINE __m256i ssd16(__m128i a, __m128i b)
{
    __m256i d = _mm256_sub_epi16(_mm256_cvtepu8_epi16(a), _mm256_cvtepu8_epi16(b));
    return _mm256_madd_epi16(d, d);
}

AVO_INLINE int ssd_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                         int width, int height)
{
    __m256i even = _mm256_setzero_si256(), odd = even;
    for (int y = 0; y < height; y += width == 8 ? 4 : 2) {
        const pixel *p = a + y * stride_a, *q = b + y * stride_b;
        if (width == 8) {
            even =
                _mm256_add_epi32(even, ssd16(load8x2(p, p + stride_a), load8x2(q, q + stride_b)));
            p += 2 * stride_a, q += 2 * stride_b;
            odd = _mm256_add_epi32(odd, ssd16(load8x2(p, p + stride_a), load8x2(q, q + stride_b)));
        } else {
            even = _mm256_add_epi32(even, ssd16(load16(p), load16(q)));
            odd = _mm256_add_epi32(odd, ssd16(load16(p + stride_a), load16(q + stride_b)));
        }
    }
    return hsum_epi32(fold_epi32(_mm256_add_epi32(even, odd)));
}

AVO_FOR_BLK_SIZES_8(AVO_SSD_ENTRY)

/* n rows of a block 16 wide, or of two blocks 8 wide of which the second
 * starts `below` rows down. */
AVO_INLINE void load_rows(__m256i *rows, const pixel *p, ptrdiff_t stride, int width, int n,
                          int below)
{
    AVO_UNROLL
    for (int y = 0; y < n; y++, p += stride)
        rows[y] = width == 16 ? row_16(p) : row_8x2(p, p + below * stride);
}

/* ---- SATD ---- */

AVO_INLINE __m256i satd_diff(const __m256i cur[4], const __m256i ref[4])
{
    __m256i v[4];
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        v[y] = _mm256_sub_epi16(cur[y], ref[y]);
    butterfly_4_avx2(v);
    return _mm256_add_epi16(_mm256_add_epi16(max_abs_pairs_avx2(v[0]), max_abs_pairs_avx2(v[1])),
                            _mm256_add_epi16(max_abs_pairs_avx2(v[2]), max_abs_pairs_avx2(v[3])));
}

/* Rows of the mean of two blocks, as load_rows() would load them. */
AVO_INLINE void load_mean_rows(__m256i *rows, const pixel *a, ptrdiff_t stride_a, const pixel *b,
                               ptrdiff_t stride_b, int width)
{
    AVO_UNROLL
    for (int y = 0; y < 4; y++, a += stride_a, b += stride_b)
        rows[y] = width == 16 ? spread_16(_mm_avg_epu8(load16(a), load16(b)))
                              : spread_8x2(_mm_avg_epu8(load8x2(a, a + 4 * stride_a),
                                                        load8x2(b, b + 4 * stride_b)));
}

/* SATD of n candidates; sum[i] holds four partial sums each. A 16-bit lane collects parts of at
 * most four 4x4 blocks, whose half sums are at most 8160 each: no overflow. */
AVO_INLINE void satd_multi(const pixel *cur, ptrdiff_t stride_cur, const pixel *const *ref,
                           ptrdiff_t stride, int width, int height, int n, __m128i sum[4])
{
    int step = width == 16 ? 4 : 8;
    __m256i c[4], r[4], acc[4];
    AVO_UNROLL
    for (int i = 0; i < n; i++)
        acc[i] = _mm256_setzero_si256();
    for (int y = 0; y < height; y += step) {
        load_rows(c, cur + y * stride_cur, stride_cur, width, 4, 4);
        AVO_UNROLL
        for (int i = 0; i < n; i++) {
            load_rows(r, ref[i] + y * stride, stride, width, 4, 4);
            acc[i] = _mm256_add_epi16(acc[i], satd_diff(c, r));
        }
    }
    AVO_UNROLL
    for (int i = 0; i < n; i++)
        sum[i] = fold_epi32(_mm256_madd_epi16(acc[i], _mm256_set1_epi32(1)));
}

/* The same against means of pairs. */
AVO_INLINE void satd_mean_multi(const pixel *cur, const pixel *const *a, ptrdiff_t stride_a,
                                const pixel *const *b, ptrdiff_t stride_b, int width, int height,
                                int n, __m128i sum[4])
{
    int step = width == 16 ? 4 : 8;
    __m256i c[4], r[4], acc[4];
    AVO_UNROLL
    for (int i = 0; i < n; i++)
        acc[i] = _mm256_setzero_si256();
    for (int y = 0; y < height; y += step) {
        load_rows(c, cur + y * AVO_CUR_STRIDE, AVO_CUR_STRIDE, width, 4, 4);
        AVO_UNROLL
        for (int i = 0; i < n; i++) {
            load_mean_rows(r, a[i] + y * stride_a, stride_a, b[i] + y * stride_b, stride_b, width);
            acc[i] = _mm256_add_epi16(acc[i], satd_diff(c, r));
        }
    }
    AVO_UNROLL
    for (int i = 0; i < n; i++)
        sum[i] = fold_epi32(_mm256_madd_epi16(acc[i], _mm256_set1_epi32(1)));
}

AVO_INLINE __m128i fold4(__m128i s0, __m128i s1, __m128i s2, __m128i s3)
{
    return _mm_hadd_epi32(_mm_hadd_epi32(s0, s1), _mm_hadd_epi32(s2, s3));
}

#define DEFINE_SATD(w, h)                                                                          \
    static int satd_##w##x##h(const pixel *a, ptrdiff_t stride_a, const pixel *b,                  \
                              ptrdiff_t stride_b)                                                  \
    {                                                                                              \
        __m128i sum[4];                                                                            \
        satd_multi(a, stride_a, &b, stride_b, w, h, 1, sum);                                       \
        return hsum_epi32(sum[0]);                                                                 \
    }                                                                                              \
    static void satd_x3_##w##x##h(const pixel *cur, const pixel *const ref[3], ptrdiff_t stride,   \
                                  int out[3])                                                      \
    {                                                                                              \
        __m128i sum[4];                                                                            \
        satd_multi(cur, AVO_CUR_STRIDE, ref, stride, w, h, 3, sum);                                \
        store3(out, fold4(sum[0], sum[1], sum[2], sum[2]));                                        \
    }                                                                                              \
    static void satd_x4_##w##x##h(const pixel *cur, const pixel *const ref[4], ptrdiff_t stride,   \
                                  int out[4])                                                      \
    {                                                                                              \
        __m128i sum[4];                                                                            \
        satd_multi(cur, AVO_CUR_STRIDE, ref, stride, w, h, 4, sum);                                \
        store16(out, fold4(sum[0], sum[1], sum[2], sum[3]));                                       \
    }

AVO_FOR_BLK_SIZES_8(DEFINE_SATD)

#define DEFINE_SATD_MEAN(w, h)                                                                     \
    static void satd_mean_##w##x##h(const pixel *cur, const pixel *const *a, ptrdiff_t stride_a,   \
                                    const pixel *const *b, ptrdiff_t stride_b, int count,          \
                                    int *out)                                                      \
    {                                                                                              \
        __m128i sum[4];                                                                            \
        if (count == 4) {                                                                          \
            satd_mean_multi(cur, a, stride_a, b, stride_b, w, h, 4, sum);                          \
            store16(out, fold4(sum[0], sum[1], sum[2], sum[3]));                                   \
        } else if (count == 3) {                                                                   \
            satd_mean_multi(cur, a, stride_a, b, stride_b, w, h, 3, sum);                          \
            store3(out, fold4(sum[0], sum[1], sum[2], sum[2]));                                    \
        } else {                                                                                   \
            for (int i = 0; i < count; i++) {                                                      \
                satd_mean_multi(cur, a + i, stride_a, b + i, stride_b, w, h, 1, sum);              \
                out[i] = hsum_epi32(sum[0]);                                                       \
            }                                                                                      \
        }                                                                                          \
    }

AVO_FOR_BLK_SIZES_8(DEFINE_SATD_MEAN)

/* ---- 8x8 Hadamard: 16x8, or two 8x8 on top of each other ---- */

AVO_INLINE int sa8d_block(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                          int width, int height)
{
    __m256i sum = _mm256_setzero_si256(), v[8], r[8];
    for (int y = 0; y < height; y += width == 16 ? 8 : 16) {
        load_rows(v, a + y * stride_a, stride_a, width, 8, 8);
        load_rows(r, b + y * stride_b, stride_b, width, 8, 8);
        AVO_UNROLL
        for (int i = 0; i < 8; i++)
            v[i] = _mm256_sub_epi16(v[i], r[i]);
        hadamard_4_of_8_avx2(v);
        sum = _mm256_add_epi32(sum, abs_sum_8x8_avx2(v));
    }
    return (hsum_epi32(fold_epi32(sum)) + 1) >> 1; /* (2 * sum + 2) >> 2 */
}

AVO_SA8D_ENTRY(16, 16)
AVO_SA8D_ENTRY(16, 8)
AVO_SA8D_ENTRY(8, 16)

/* ---- texture ---- */

/* Two 8x8 blocks side by side, by 64-bit lanes: as lines_of_8x8(). The first column is in the
 * lower half; column and dc have one 32-bit lane per block. */
AVO_INLINE void texture_16x8(const pixel *src, ptrdiff_t stride, __m128i *all, __m128i *row,
                             __m128i *column, __m128i *dc)
{
    const __m256i one = _mm256_set1_epi16(1);
    __m256i v[8], most[4];
    __m128i first[2];
    load_rows(v, src, stride, 16, 8, 8);
    hadamard_4_of_8_avx2(v);
    butterfly_8_avx2(v);
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        most[i] = max_abs_quads_avx2(v[2 * i], v[2 * i + 1]);
    *all = fold_epi32(_mm256_add_epi32(_mm256_madd_epi16(_mm256_add_epi16(most[0], most[1]), one),
                                       _mm256_madd_epi16(_mm256_add_epi16(most[2], most[3]), one)));
    *row = fold_epi32(_mm256_madd_epi16(most[0], _mm256_set1_epi32(1)));
    AVO_UNROLL
    for (int i = 0; i < 2; i++) {
        __m128 p = _mm_castsi128_ps(_mm256_castsi256_si128(v[4 * i])),
               q = _mm_castsi128_ps(_mm256_castsi256_si128(v[4 * i + 2]));
        first[i] = _mm_add_epi16(_mm_castps_si128(_mm_shuffle_ps(p, q, _MM_SHUFFLE(2, 0, 2, 0))),
                                 _mm_castps_si128(_mm_shuffle_ps(p, q, _MM_SHUFFLE(3, 1, 3, 1))));
    }
    *dc = first[0];
    *column = _mm_madd_epi16(_mm_add_epi16(_mm_abs_epi16(first[0]), _mm_abs_epi16(first[1])),
                             _mm_set1_epi16(1));
    *column = _mm_add_epi32(*column, _mm_unpackhi_epi64(*column, *column));
}

static void texture(const pixel *src, ptrdiff_t stride, AvoTexture *out)
{
    __m128i all[2], row[2], column[2], dc[2];
    for (int i = 0; i < 2; i++)
        texture_16x8(src + 8 * i * stride, stride, &all[i], &row[i], &column[i], &dc[i]);
    store_texture(out, _mm_hadd_epi32(all[0], all[1]), _mm_hadd_epi32(row[0], row[1]),
                  _mm_unpacklo_epi64(column[0], column[1]), _mm_unpacklo_epi64(dc[0], dc[1]));
}

/* ---- errors of means: rows 0-3 of samples in the lower half, 4-7 in the upper ---- */

static int mean_ssd(const pixel *a, ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b)
{
    const __m256i ones = _mm256_set1_epi8(1);
    __m256i off = _mm256_setzero_si256();
    AVO_UNROLL
    for (int y = 0; y < 4; y++) {
        const pixel *p = a + y * stride_a, *q = b + y * stride_b;
        off = _mm256_add_epi16(off, _mm256_maddubs_epi16(load16x2(p, p + 4 * stride_a), ones));
        off = _mm256_sub_epi16(off, _mm256_maddubs_epi16(load16x2(q, q + 4 * stride_b), ones));
    }
    off = _mm256_madd_epi16(off, _mm256_set1_epi16(1));
    return hsum_epi32(fold_epi32(_mm256_srli_epi32(_mm256_mullo_epi32(off, off), 4)));
}

/* ---- a line of positions ---- */

/* Eight positions at a time, two rows per register. */
static uint32_t sad_line_8x8(const pixel *cur, const pixel *ref, ptrdiff_t stride,
                             const uint16_t *extra, int count)
{
    uint32_t best = UINT32_MAX;
    __m256i c[4];
    for (int y = 0; y < 4; y++) {
        const pixel *row = cur + 2 * y * AVO_CUR_STRIDE;
        c[y] = _mm256_inserti128_si256(_mm256_castsi128_si256(load8(row)),
                                       load8(row + AVO_CUR_STRIDE), 1);
    }
    for (int i = 0; i < count; i += 8, ref += 8) {
        __m256i v = _mm256_setzero_si256();
        AVO_UNROLL
        for (int y = 0; y < 4; y++) {
            __m256i r = load16x2(ref + 2 * y * stride, ref + (2 * y + 1) * stride);
            __m256i left = _mm256_mpsadbw_epu8(r, c[y], 0),
                    right = _mm256_mpsadbw_epu8(r, c[y], 055);
            v = _mm256_add_epi16(v, _mm256_add_epi16(left, right));
        }
        __m128i sum = _mm_add_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
        best = least_of_8(best, _mm_adds_epu16(sum, load16(extra + i)), i);
    }
    return best;
}

/* ---- variance ---- */

static uint64_t var_16x16(const pixel *src, ptrdiff_t stride)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i sum = zero, squares = zero;
    for (int y = 0; y < 16; y += 2, src += 2 * stride) {
        __m256i v = load16x2(src, src + stride);
        __m256i lo = _mm256_unpacklo_epi8(v, zero), hi = _mm256_unpackhi_epi8(v, zero);
        sum = _mm256_add_epi32(sum, _mm256_sad_epu8(v, zero));
        squares = _mm256_add_epi32(
            squares, _mm256_add_epi32(_mm256_madd_epi16(lo, lo), _mm256_madd_epi16(hi, hi)));
    }
    return (uint64_t)(uint32_t)hsum_epi32(fold_epi32(squares)) << 32 |
           (uint32_t)hsum_sad(fold_epi32(sum));
}

/* Two rows per register of words. */
static uint64_t var_8x8(const pixel *src, ptrdiff_t stride)
{
    __m128i sum = _mm_setzero_si128();
    __m256i squares = _mm256_setzero_si256();
    AVO_UNROLL
    for (int y = 0; y < 8; y += 2) {
        __m128i v = load8x2(src + y * stride, src + (y + 1) * stride);
        __m256i words = _mm256_cvtepu8_epi16(v);
        sum = _mm_add_epi32(sum, _mm_sad_epu8(v, _mm_setzero_si128()));
        squares = _mm256_add_epi32(squares, _mm256_madd_epi16(words, words));
    }
    return (uint64_t)(uint32_t)hsum_epi32(fold_epi32(squares)) << 32 | (uint32_t)hsum_sad(sum);
}

AVO_TARGET_END

void AVO_BPC(avo_cost_init_avx2)(AvoDsp *dsp)
{
    AVO_SET_SAD(16, 16)
    AVO_SET_SAD(16, 8)
    AVO_FOR_BLK_SIZES_8(AVO_SET_SAD_AROUND)
    AVO_FOR_BLK_SIZES_8(AVO_SET_SSD_SATD)
    AVO_SET_SA8D(16, 16)
    AVO_SET_SA8D(16, 8)
    AVO_SET_SA8D(8, 16)
    dsp->texture = texture;
    dsp->mean_ssd = mean_ssd;
    dsp->sad_line_8x8 = sad_line_8x8;
    dsp->var[0] = var_16x16;
    dsp->var[1] = var_8x8;
}

#else

void AVO_BPC(avo_cost_init_avx2)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
