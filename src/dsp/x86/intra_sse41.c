/* Intra predictors and costs of all modes of a block, SSE4.1. The predictors proper are in
 * intra_rows_sse41.h. */
#include "dsp/entries.h"
#include "dsp/x86/x86.h"

#ifdef AVO_X86

#include "dsp/x86/hadamard_sse41.h"
#include "dsp/x86/intra_modes_4x4.h"
#include "dsp/x86/intra_rows_sse41.h"
#include "dsp/x86/intra_straight_8x8.h"

AVO_TARGET_SSE41

/* Stores rows of n samples. */
AVO_INLINE void store_rows(pixel *dst, ptrdiff_t stride, const __m128i *rows, int n)
{
    AVO_UNROLL
    for (int y = 0; y < n; y++, dst += stride) {
        if (n == 16)
            store16(dst, rows[y]);
        else if (n == 8)
            store8(dst, rows[y]);
        else
            store4(dst, rows[y]);
    }
}

#define DEFINE_PRED(mode, n)                                                                       \
    static void pred_##mode##_##n(pixel *dst, ptrdiff_t stride, const pixel *edge)                 \
    {                                                                                              \
        __m128i rows[n];                                                                           \
        rows_##mode(rows, edge, n);                                                                \
        store_rows(dst, stride, rows, n);                                                          \
    }

#define DEFINE_ALL_SIZES(mode)                                                                     \
    DEFINE_PRED(mode, 4)                                                                           \
    DEFINE_PRED(mode, 8)                                                                           \
    DEFINE_PRED(mode, 16)

#define DEFINE_SMALL(mode)                                                                         \
    DEFINE_PRED(mode, 4)                                                                           \
    DEFINE_PRED(mode, 8)

DEFINE_ALL_SIZES(v)
DEFINE_ALL_SIZES(h)
DEFINE_ALL_SIZES(dc)
DEFINE_ALL_SIZES(dc_left)
DEFINE_ALL_SIZES(dc_top)
DEFINE_ALL_SIZES(dc_128)
DEFINE_SMALL(ddl)
DEFINE_SMALL(ddr)
DEFINE_SMALL(vr)
DEFINE_SMALL(hd)
DEFINE_SMALL(vl)
DEFINE_SMALL(hu)

/* ---- plane ---- */

/* Sum over 8-bit samples times signed bytes. */
AVO_INLINE int weighted_sum(__m128i samples, __m128i weights)
{
    __m128i pairs = _mm_maddubs_epi16(samples, weights);
    return hsum_epi32(_mm_madd_epi16(pairs, _mm_set1_epi16(1)));
}

/* Lanes 0 .. 7 times b plus base; nothing leaves 16 bits (8.3.3.4: at most 16 * 510 + 16 * 717). */
AVO_INLINE __m128i ramp(int base, int b)
{
    const __m128i steps = _mm_set_epi16(7, 6, 5, 4, 3, 2, 1, 0);
    return _mm_add_epi16(_mm_set1_epi16((short)base),
                         _mm_mullo_epi16(steps, _mm_set1_epi16((short)b)));
}

static void pred_plane_16(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    /* weights of line indices 0 .. 15 and -16 .. -1; the two ends come by hand */
    const __m128i w_top = _mm_set_epi8(7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, -6, -7, -8);
    const __m128i w_left = _mm_set_epi8(-7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8);
    int sum_h = weighted_sum(load16(edge), w_top) + 8 * edge[16];
    int sum_v = weighted_sum(load16(edge - 16), w_left) - 8 * edge[0];
    int a = 16 * (edge[-16] + edge[16]);
    int b = (5 * sum_h + 32) >> 6, c = (5 * sum_v + 32) >> 6;
    __m128i lo = ramp(a - 7 * b - 7 * c + 16, b), hi = ramp(a + b - 7 * c + 16, b);
    const __m128i down = _mm_set1_epi16((short)c);
    for (int y = 0; y < 16; y++, dst += stride) {
        store16(dst, _mm_packus_epi16(_mm_srai_epi16(lo, 5), _mm_srai_epi16(hi, 5)));
        lo = _mm_add_epi16(lo, down);
        hi = _mm_add_epi16(hi, down);
    }
}

static void pred_plane_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    const __m128i w_top = _mm_set_epi8(0, 0, 0, 0, 0, 0, 0, 4, 3, 2, 1, 0, -1, -2, -3, -4);
    const __m128i w_left = _mm_set_epi8(0, 0, 0, 0, 0, 0, 0, -4, -3, -2, -1, 0, 1, 2, 3, 4);
    int sum_h = weighted_sum(load16(edge), w_top);      /* line indices 0 .. 8 */
    int sum_v = weighted_sum(load16(edge - 8), w_left); /* line indices -8 .. 0 */
    int a = 16 * (edge[-8] + edge[8]);
    int b = (34 * sum_h + 32) >> 6, c = (34 * sum_v + 32) >> 6;
    __m128i row = ramp(a - 3 * b - 3 * c + 16, b);
    const __m128i down = _mm_set1_epi16((short)c);
    for (int y = 0; y < 8; y++, dst += stride) {
        __m128i v = _mm_srai_epi16(row, 5);
        store8(dst, _mm_packus_epi16(v, v));
        row = _mm_add_epi16(row, down);
    }
}

/* ---- chroma DC ---- */

/* Upper and lower rows of the block: two DCs of 4 columns each. */
AVO_INLINE void fill_quarters(pixel *dst, ptrdiff_t stride, int dc00, int dc10, int dc01, int dc11)
{
    uint64_t ones = 0x01010101u;
    uint64_t upper = (uint64_t)dc00 * ones | (uint64_t)dc10 * (ones << 32);
    uint64_t lower = (uint64_t)dc01 * ones | (uint64_t)dc11 * (ones << 32);
    AVO_UNROLL
    for (int y = 0; y < 4; y++) {
        avo_store_u64(dst + y * stride, upper);
        avo_store_u64(dst + (y + 4) * stride, lower);
    }
}

static void pred_dc_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    int left0 = sum_n(edge - 4, 4), left1 = sum_n(edge - 8, 4);
    int top0 = sum_n(edge + 1, 4), top1 = sum_n(edge + 5, 4);
    fill_quarters(dst, stride, (left0 + top0 + 4) >> 3, (top1 + 2) >> 2, (left1 + 2) >> 2,
                  (left1 + top1 + 4) >> 3);
}

static void pred_dc_left_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    int dc0 = (sum_n(edge - 4, 4) + 2) >> 2, dc1 = (sum_n(edge - 8, 4) + 2) >> 2;
    fill_quarters(dst, stride, dc0, dc0, dc1, dc1);
}

static void pred_dc_top_chroma(pixel *dst, ptrdiff_t stride, const pixel *edge)
{
    int dc0 = (sum_n(edge + 1, 4) + 2) >> 2, dc1 = (sum_n(edge + 5, 4) + 2) >> 2;
    fill_quarters(dst, stride, dc0, dc1, dc0, dc1);
}

/* ---- 8.3.2.2.1: what does not exist is filtered too, from rubbish ---- */

static void filter_edge_8x8(pixel *out_edge, const pixel *edge, unsigned have)
{
    const __m128i next = _mm_set_epi8(15, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
    const __m128i repeat = _mm_set_epi8(7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m128i previous = _mm_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, 6, 5, 4, 3, 2, 1, 0, 0);
    bool has_corner = have & AVO_EDGE_CORNER;
    __m128i top = load16(edge + 1), left = load8(edge - 8);

    if (!(have & AVO_EDGE_TOPRIGHT))
        top = _mm_shuffle_epi8(top, repeat);
    __m128i before = _mm_insert_epi8(_mm_slli_si128(top, 1), has_corner ? edge[0] : edge[1], 0);
    __m128i above = _mm_insert_epi8(_mm_srli_si128(left, 1), has_corner ? edge[0] : edge[-1], 7);
    store16(out_edge + 1, avg3(before, top, _mm_shuffle_epi8(top, next)));
    store8(out_edge - 8, avg3(_mm_shuffle_epi8(left, previous), left, above));

    int corner_top = have & AVO_EDGE_TOP ? edge[1] : edge[0];
    int corner_left = have & AVO_EDGE_LEFT ? edge[-1] : edge[0];
    out_edge[0] = (pixel)((corner_top + 2 * edge[0] + corner_left + 2) >> 2);
}

/* ---- costs of all nine modes of a 4x4 ---- */

/* Two blocks of 16 samples, rows woven and doubled for the first butterfly: see row_4x2. */
AVO_INLINE void rows_of_blocks(__m128i rows[4], __m128i a, __m128i b)
{
    __m128i r01 = _mm_unpacklo_epi32(a, b), r23 = _mm_unpackhi_epi32(a, b);
    rows[0] = _mm_maddubs_epi16(_mm_unpacklo_epi64(r01, r01), butterfly_weights());
    rows[1] = _mm_maddubs_epi16(_mm_unpackhi_epi64(r01, r01), butterfly_weights());
    rows[2] = _mm_maddubs_epi16(_mm_unpacklo_epi64(r23, r23), butterfly_weights());
    rows[3] = _mm_maddubs_epi16(_mm_unpackhi_epi64(r23, r23), butterfly_weights());
}

/* SATD of cur (doubled, see row_4x2) against two blocks: lanes [a b] of 32 bits in the low half. */
AVO_INLINE __m128i satd_two(const __m128i cur[4], __m128i a, __m128i b)
{
    __m128i v[4];
    rows_of_blocks(v, a, b);
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        v[y] = _mm_sub_epi16(cur[y], v[y]);
    __m128i sums = even_lanes(satd_finish(v));
    return _mm_add_epi32(sums, _mm_unpackhi_epi64(sums, sums));
}

static void intra_satd_x9_4x4(const pixel *cur, const pixel *edge, int out[9])
{
    IntraLines4x4 lines = intra_lines_4x4(edge);
    int dc = (sum_n(edge - 4, 4) + sum_n(edge + 1, 4) + 4) >> 3;
    __m128i c[4], block_dc = _mm_set1_epi8((char)dc);
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        c[y] = row_4x2(cur + y * AVO_CUR_STRIDE, cur + y * AVO_CUR_STRIDE);
    store8(out + AVO_I4_V,
           satd_two(c, intra_block_4x4(&lines, AVO_I4_V), intra_block_4x4(&lines, AVO_I4_H)));
    store8(out + AVO_I4_DDL,
           satd_two(c, intra_block_4x4(&lines, AVO_I4_DDL), intra_block_4x4(&lines, AVO_I4_DDR)));
    store8(out + AVO_I4_VR,
           satd_two(c, intra_block_4x4(&lines, AVO_I4_VR), intra_block_4x4(&lines, AVO_I4_HD)));
    store8(out + AVO_I4_VL,
           satd_two(c, intra_block_4x4(&lines, AVO_I4_VL), intra_block_4x4(&lines, AVO_I4_HU)));
    out[AVO_I4_DC] = _mm_cvtsi128_si32(satd_two(c, block_dc, block_dc));
}

/* ---- costs of all nine modes of an 8x8 ---- */

/* (sum |H8 (cur - pred) H8| + 2) >> 2; cur has had its first butterfly. */
AVO_INLINE int sa8d_rows(const __m128i cur[8], const __m128i pred[8])
{
    __m128i v[8];
    AVO_UNROLL
    for (int y = 0; y < 8; y++) {
        __m128i doubled = _mm_unpacklo_epi64(pred[y], pred[y]);
        v[y] = _mm_sub_epi16(cur[y], _mm_maddubs_epi16(doubled, butterfly_weights()));
    }
    hadamard_4_of_8(v);
    return (hsum_epi32(abs_sum_8x8(v)) + 1) >> 1;
}

static void intra_sa8d_x9_8x8(const pixel *cur, const pixel *edge, int out[9])
{
    __m128i c[8], rows[8];
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        c[y] = row_8(cur + y * AVO_CUR_STRIDE);
#define COST(mode, name)                                                                           \
    rows_##name(rows, edge, 8);                                                                    \
    out[mode] = sa8d_rows(c, rows);
    COST(AVO_I4_DDL, ddl)
    COST(AVO_I4_DDR, ddr)
    COST(AVO_I4_VR, vr)
    COST(AVO_I4_HD, hd)
    COST(AVO_I4_VL, vl)
    COST(AVO_I4_HU, hu)
#undef COST
    sa8d_straight_8x8(c, edge, out);
}

AVO_TARGET_END

void AVO_BPC(avo_intra_init_sse41)(AvoDsp *dsp)
{
    AVO_SET_INTRA_SMALL(4)
    AVO_SET_INTRA_WHOLE
    AVO_SET_INTRA_SMALL(8)
    dsp->filter_edge_8x8 = filter_edge_8x8;
    dsp->intra_satd_x9_4x4 = intra_satd_x9_4x4;
    dsp->intra_sa8d_x9_8x8 = intra_sa8d_x9_8x8;
}

#else

void AVO_BPC(avo_intra_init_sse41)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
