/* Inter prediction, AVX2: the wide cases; narrow ones go to SSE4.1. See interp_sse41.c for the
 * arithmetic. Blocks of 8 columns are done two rows at a time, one per 128-bit half. */
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_AVX2

/* ---- average, two rows per register ---- */

static void avg_16(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                   const pixel *b, ptrdiff_t stride_b, int height)
{
    for (int y = 0; y < height; y += 2) {
        __m256i v = _mm256_avg_epu8(load16x2(a, a + stride_a), load16x2(b, b + stride_b));
        store16(dst, _mm256_castsi256_si128(v));
        store16(dst + stride_dst, _mm256_extracti128_si256(v, 1));
        a += 2 * stride_a, b += 2 * stride_b, dst += 2 * stride_dst;
    }
}

/* ---- filters ---- */

AVO_INLINE __m256i tap6_pairs(__m256i outer_left, __m256i inner, __m256i outer_right)
{
    const __m256i left = _mm256_set1_epi16((short)0xfb01); /* (1, -5) */
    const __m256i mid = _mm256_set1_epi16(0x1414);         /* (20, 20) */
    const __m256i right = _mm256_set1_epi16(0x01fb);       /* (-5, 1) */
    return _mm256_add_epi16(_mm256_add_epi16(_mm256_maddubs_epi16(outer_left, left),
                                             _mm256_maddubs_epi16(outer_right, right)),
                            _mm256_maddubs_epi16(inner, mid));
}

AVO_INLINE __m256i round5(__m256i v)
{
    return _mm256_mulhrs_epi16(v, _mm256_set1_epi16(1 << 10));
}

AVO_INLINE __m256i centre_16(const int16_t *t)
{
    __m256i a = _mm256_add_epi16(load32(t - 2), load32(t + 3));
    __m256i b = _mm256_add_epi16(load32(t - 1), load32(t + 2));
    __m256i c = _mm256_add_epi16(load32(t), load32(t + 1));
    __m256i v = _mm256_srai_epi16(_mm256_sub_epi16(a, b), 2);
    v = _mm256_srai_epi16(_mm256_adds_epi16(v, _mm256_sub_epi16(c, b)), 2);
    return _mm256_mulhrs_epi16(_mm256_add_epi16(v, c), _mm256_set1_epi16(1 << 9));
}

/* Even and odd columns in one register of bytes to natural order, per half. */
AVO_INLINE __m256i weave(__m256i even, __m256i odd)
{
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_set_epi8(15, 7, 14, 6, 13, 5, 12, 4, 11, 3, 10, 2, 9, 1, 8, 0));
    return _mm256_shuffle_epi8(_mm256_packus_epi16(even, odd), order);
}

AVO_INLINE __m256i half_h_32(const pixel *p)
{
    __m256i even = tap6_pairs(load32(p - 2), load32(p), load32(p + 2));
    __m256i odd = tap6_pairs(load32(p - 1), load32(p + 1), load32(p + 3));
    return weave(round5(even), round5(odd));
}

/* Vertical intermediates of 32 columns.
 * The unpacks leave columns [0-7 | 16-23] and [8-15 | 24-31]. */
AVO_INLINE void tap6_v_32(int16_t *t, const pixel *p, ptrdiff_t stride)
{
    __m256i r0 = load32(p - 2 * stride), r1 = load32(p - stride), r2 = load32(p);
    __m256i r3 = load32(p + stride), r4 = load32(p + 2 * stride), r5 = load32(p + 3 * stride);
    __m256i lo = tap6_pairs(_mm256_unpacklo_epi8(r0, r1), _mm256_unpacklo_epi8(r2, r3),
                            _mm256_unpacklo_epi8(r4, r5));
    __m256i hi = tap6_pairs(_mm256_unpackhi_epi8(r0, r1), _mm256_unpackhi_epi8(r2, r3),
                            _mm256_unpackhi_epi8(r4, r5));
    store32(t, _mm256_permute2x128_si256(lo, hi, 0x20));
    store32(t + 16, _mm256_permute2x128_si256(lo, hi, 0x31));
}

/* Width is a multiple of 16: where 32 do not fit, the last step overlaps the one before. */
static void hpel_planes(pixel *h, pixel *v, pixel *c, const pixel *src, ptrdiff_t stride, int width,
                        int height, int16_t *scratch)
{
    int16_t *mid = scratch + 2;
    if (width < 32) {
        avo_hpel_planes_sse41(h, v, c, src, stride, width, height, scratch);
        return;
    }
    for (int y = 0; y < height; y++, src += stride, h += stride, v += stride, c += stride) {
        for (int x = -2; x < width + 3; x += 32) {
            int at = avo_min(x, width + 3 - 32);
            tap6_v_32(mid + at, src + at, stride);
        }
        for (int x = 0; x < width; x += 32) {
            int at = avo_min(x, width - 32);
            const int16_t *t = mid + at;
            store32(h + at, half_h_32(src + at));
            store32(v + at, pack_32(round5(load32(t)), round5(load32(t + 16))));
            store32(c + at, pack_32(centre_16(t), centre_16(t + 16)));
        }
    }
}

/* ---- quarter-sample luma, 16 wide ---- */

/* Two rows of 16. */
AVO_INLINE void sink_rows(const AvoLumaSink *sink, int y, __m256i v)
{
    pixel *dst = sink->dst + y * sink->stride;
    if (sink->with) {
        const pixel *with = sink->with + y * sink->stride_with;
        v = _mm256_avg_epu8(v, load16x2(with, with + sink->stride_with));
    }
    store16(dst, _mm256_castsi256_si128(v));
    store16(dst + sink->stride, _mm256_extracti128_si256(v, 1));
}

AVO_INLINE void half_h(const AvoLumaSink *sink, const pixel *src, ptrdiff_t stride, int width,
                       int height)
{
    (void)width; /* 16 */
    for (int y = 0; y < height; y += 2, src += 2 * stride) {
        const pixel *p = src, *q = src + stride;
        __m256i even = tap6_pairs(load16x2(p - 2, q - 2), load16x2(p, q), load16x2(p + 2, q + 2));
        __m256i odd =
            tap6_pairs(load16x2(p - 1, q - 1), load16x2(p + 1, q + 1), load16x2(p + 3, q + 3));
        sink_rows(sink, y, weave(round5(even), round5(odd)));
    }
}

/* Rows y and y + 1 of 16 samples woven: columns 0-7 in the lower, 8-15 in the upper half. */
AVO_INLINE __m256i weave_rows(__m128i upper, __m128i lower)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_unpacklo_epi8(upper, lower)),
                                   _mm_unpackhi_epi8(upper, lower), 1);
}

/* A window of pairs of rows slides down; see the SSE4.1 version. */
AVO_INLINE void start_window(__m256i pairs[5], __m128i *row, const pixel *src, ptrdiff_t stride)
{
    *row = load16(src - 2 * stride);
    AVO_UNROLL
    for (int i = 0; i < 4; i++) {
        __m128i next = load16(src + (i - 1) * stride);
        pairs[i] = weave_rows(*row, next);
        *row = next;
    }
}

/* Takes in one more row; returns the unrounded filter output of the row three above it. */
AVO_INLINE __m256i slide_window(__m256i pairs[5], __m128i *row, const pixel *next_row)
{
    __m128i next = load16(next_row);
    pairs[4] = weave_rows(*row, next);
    *row = next;
    __m256i v = tap6_pairs(pairs[0], pairs[2], pairs[4]);
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        pairs[i] = pairs[i + 1];
    return v;
}

AVO_INLINE void half_v(const AvoLumaSink *sink, const pixel *src, ptrdiff_t stride, int width,
                       int height)
{
    (void)width; /* 16 */
    __m256i pairs[5];
    __m128i row;
    start_window(pairs, &row, src, stride);
    for (int y = 0; y < height; y += 2) {
        __m256i v0 = round5(slide_window(pairs, &row, src + (y + 3) * stride));
        __m256i v1 = round5(slide_window(pairs, &row, src + (y + 4) * stride));
        /* [row0 0-7, row1 0-7 | row0 8-15, row1 8-15] to rows */
        sink_rows(sink, y, pack_32(v0, v1));
    }
}

#define MID_STRIDE 32

AVO_INLINE void centre(const AvoLumaSink *sink, const pixel *src, ptrdiff_t stride, int width,
                       int height)
{
    (void)width; /* 16 */
    AVO_ALIGN(32) int16_t mid[16 * MID_STRIDE];
    int16_t *t = mid + 2;
    /* columns -2 .. 13 and 3 .. 18 */
    AVO_UNROLL
    for (int x = -2; x <= 3; x += 5) {
        __m256i pairs[5];
        __m128i row;
        start_window(pairs, &row, src + x, stride);
        for (int y = 0; y < height; y++)
            store32(t + y * MID_STRIDE + x, slide_window(pairs, &row, src + x + (y + 3) * stride));
    }
    for (int y = 0; y < height; y += 2, t += 2 * MID_STRIDE)
        sink_rows(sink, y, pack_32(centre_16(t), centre_16(t + MID_STRIDE)));
}

#include "dsp/luma_cases.h"

static void luma_qpel(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                      int fx, int fy, int width, int height)
{
    if (width != 16 || (!fx && !fy))
        avo_luma_qpel_sse41(dst, stride_dst, src, stride_src, fx, fy, width, height);
    else
        luma_block(dst, stride_dst, src, stride_src, fx, fy, 16, height);
}

/* ---- chroma, 8 wide: two rows per register ----
 * A function of its own, so that narrow blocks are passed on before anything is set up. */

static AVO_NOINLINE void chroma_8(pixel *dst, ptrdiff_t stride_dst, const pixel *src,
                                  ptrdiff_t stride_src, int fx, int fy, int height)
{
    int pair = (8 - fx) | fx << 8; /* weights of a sample and its right neighbour */
    const __m256i w_upper = _mm256_set1_epi16((short)(pair * (8 - fy)));
    const __m256i w_lower = _mm256_set1_epi16((short)(pair * fy));
    ptrdiff_t right = fx ? 1 : 0, below = fy ? stride_src : 0; /* do not read without weight */
    __m128i r0 = _mm_unpacklo_epi8(load8(src), load8(src + right)), r1, r2;

    for (int y = 0; y < height; y += 2, dst += 2 * stride_dst) {
        src += stride_src;
        r1 = _mm_unpacklo_epi8(load8(src), load8(src + right));
        src += y + 2 < height ? stride_src : below;
        r2 = _mm_unpacklo_epi8(load8(src), load8(src + right));
        __m256i upper = _mm256_inserti128_si256(_mm256_castsi128_si256(r0), r1, 1);
        __m256i lower = _mm256_inserti128_si256(_mm256_castsi128_si256(r1), r2, 1);
        __m256i v = _mm256_add_epi16(_mm256_maddubs_epi16(upper, w_upper),
                                     _mm256_maddubs_epi16(lower, w_lower));
        v = _mm256_mulhrs_epi16(v, _mm256_set1_epi16(1 << 9)); /* (v + 32) >> 6 */
        v = _mm256_packus_epi16(v, v);
        store8(dst, _mm256_castsi256_si128(v));
        store8(dst + stride_dst, _mm256_extracti128_si256(v, 1));
        r0 = r2;
    }
}

static void chroma_mc(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                      int fx, int fy, int width, int height)
{
    if (width == 8)
        chroma_8(dst, stride_dst, src, stride_src, fx, fy, height);
    else
        avo_chroma_mc_sse41(dst, stride_dst, src, stride_src, fx, fy, width, height);
}

/* ---- weights, 16 and 8 wide: 16 samples per register ---- */

/* A row of 16 or two rows of 8. */
AVO_INLINE __m128i load_piece(const pixel *p, ptrdiff_t stride, int width)
{
    return width == 16 ? load16(p) : load8x2(p, p + stride);
}

AVO_INLINE void store_piece(pixel *p, ptrdiff_t stride, int width, __m256i v)
{
    __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    if (width == 16) {
        store16(p, bytes);
    } else {
        store8(p, bytes);
        store8_high(p + stride, bytes);
    }
}

static void weight(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                   int width, int height, int log2_denom, int w, int o)
{
    if (width < 8) {
        avo_weight_sse41(dst, stride_dst, src, stride_src, width, height, log2_denom, w, o);
        return;
    }
    const __m256i factor = _mm256_set1_epi16((short)w), offset = _mm256_set1_epi16((short)o);
    const __m256i round = _mm256_set1_epi16((short)(log2_denom ? 1 << (log2_denom - 1) : 0));
    const __m128i shift = _mm_cvtsi32_si128(log2_denom);
    int rows = width == 16 ? 1 : 2;
    for (int y = 0; y < height; y += rows) {
        __m256i v = _mm256_cvtepu8_epi16(load_piece(src + y * stride_src, stride_src, width));
        v = _mm256_adds_epi16(_mm256_mullo_epi16(v, factor), round);
        v = _mm256_adds_epi16(_mm256_sra_epi16(v, shift), offset);
        store_piece(dst + y * stride_dst, stride_dst, width, v);
    }
}

static AVO_NOINLINE void weight_bi_wide(pixel *dst, ptrdiff_t stride_dst, const pixel *a,
                                        ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b,
                                        int width, int height, int log2_denom, int w0, int w1,
                                        int o)
{
    const __m256i weights = _mm256_set1_epi16((short)((w0 & 255) | (w1 & 255) << 8));
    const __m256i round = _mm256_set1_epi16((short)(1 << log2_denom));
    const __m256i offset = _mm256_set1_epi16((short)o);
    const __m128i shift = _mm_cvtsi32_si128(log2_denom + 1);
    int rows = width == 16 ? 1 : 2;
    for (int y = 0; y < height; y += rows) {
        __m256i ab = weave_rows(load_piece(a + y * stride_a, stride_a, width),
                                load_piece(b + y * stride_b, stride_b, width));
        __m256i v = _mm256_add_epi16(_mm256_maddubs_epi16(ab, weights), round);
        v = _mm256_adds_epi16(_mm256_sra_epi16(v, shift), offset);
        store_piece(dst + y * stride_dst, stride_dst, width, v);
    }
}

/* Weights that fit a byte and results that fit 16 bits. */
AVO_INLINE bool is_small(int w0, int w1)
{
    return avo_min(w0, w1) >= -128 && avo_max(w0, w1) <= 127 && w0 + w1 >= -128 && w0 + w1 <= 127;
}

static void weight_bi(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                      const pixel *b, ptrdiff_t stride_b, int width, int height, int log2_denom,
                      int w0, int w1, int o)
{
    if (width >= 8 && is_small(w0, w1))
        weight_bi_wide(dst, stride_dst, a, stride_a, b, stride_b, width, height, log2_denom, w0, w1,
                       o);
    else
        avo_weight_bi_sse41(dst, stride_dst, a, stride_a, b, stride_b, width, height, log2_denom,
                            w0, w1, o);
}

AVO_TARGET_END

void AVO_BPC(avo_interp_init_avx2)(AvoDsp *dsp)
{
    dsp->avg[0] = avg_16;
    dsp->hpel_planes = hpel_planes;
    dsp->luma_qpel = luma_qpel;
    dsp->chroma_mc = chroma_mc;
    dsp->weight = weight;
    dsp->weight_bi = weight_bi;
}

#else

void AVO_BPC(avo_interp_init_avx2)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
