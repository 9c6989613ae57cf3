/* Inter prediction, SSE4.1: averages, half-sample planes, quarter-sample luma, chroma, weights.
 *
 * The 6-tap filter is three pmaddubsw over pairs of samples with (1, -5), (20, 20) and (-5, 1); its
 * result, at most 42 * 255, fits 16 bits. The centre samples need it over 16-bit intermediates t:
 * with a, b, c the sums of the outer, middle and inner pair, the filter is a - 5b + 20c, and
 *     floor((a - 5b + 20c) / 16) = ((((a - b) >> 2) - b + c) >> 2) + c
 * exactly, because nested floor divisions are one floor division. One step may leave 16 bits for
 * extreme input; a saturating addition keeps the clipped result right. (x + 512) >> 10 then is
 * ((x >> 4) + 32) >> 6. pmulhrsw by 2^(15 - n) does the rounded shift right by n. */
#include "dsp/x86/x86.h"

#ifdef AVO_X86

#include "dsp/x86/hadamard_sse41.h"

AVO_TARGET_SSE41

/* ---- average ---- */

static void avg_16(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                   const pixel *b, ptrdiff_t stride_b, int height)
{
    for (int y = 0; y < height; y++)
        store16(dst + y * stride_dst,
                _mm_avg_epu8(load16(a + y * stride_a), load16(b + y * stride_b)));
}

static void avg_8(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                  const pixel *b, ptrdiff_t stride_b, int height)
{
    for (int y = 0; y < height; y++)
        store8(dst + y * stride_dst,
               _mm_avg_epu8(load8(a + y * stride_a), load8(b + y * stride_b)));
}

static void avg_4(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                  const pixel *b, ptrdiff_t stride_b, int height)
{
    for (int y = 0; y < height; y++)
        store4(dst + y * stride_dst,
               _mm_avg_epu8(load4(a + y * stride_a), load4(b + y * stride_b)));
}

/* ---- filters ---- */

/* 6-tap over bytes: three registers of sample pairs to 16-bit sums. */
AVO_INLINE __m128i tap6_pairs(__m128i outer_left, __m128i inner, __m128i outer_right)
{
    const __m128i left = _mm_set1_epi16((short)0xfb01); /* (1, -5) */
    const __m128i mid = _mm_set1_epi16(0x1414);         /* (20, 20) */
    const __m128i right = _mm_set1_epi16(0x01fb);       /* (-5, 1) */
    return _mm_add_epi16(
        _mm_add_epi16(_mm_maddubs_epi16(outer_left, left), _mm_maddubs_epi16(outer_right, right)),
        _mm_maddubs_epi16(inner, mid));
}

/* (v + 16) >> 5 */
AVO_INLINE __m128i round5(__m128i v)
{
    return _mm_mulhrs_epi16(v, _mm_set1_epi16(1 << 10));
}

/* Centre sample before clipping from six neighbouring intermediates at t - 2 .. t + 3. */
AVO_INLINE __m128i centre_8(const int16_t *t)
{
    __m128i a = _mm_add_epi16(load16(t - 2), load16(t + 3));
    __m128i b = _mm_add_epi16(load16(t - 1), load16(t + 2));
    __m128i c = _mm_add_epi16(load16(t), load16(t + 1));
    __m128i v = _mm_srai_epi16(_mm_sub_epi16(a, b), 2);
    v = _mm_srai_epi16(_mm_adds_epi16(v, _mm_sub_epi16(c, b)), 2);
    return _mm_mulhrs_epi16(_mm_add_epi16(v, c), _mm_set1_epi16(1 << 9));
}

/* Horizontal half-samples of 16 neighbours: even and odd columns apart, then woven together. */
AVO_INLINE __m128i half_h_16(const pixel *p)
{
    const __m128i weave = _mm_set_epi8(15, 7, 14, 6, 13, 5, 12, 4, 11, 3, 10, 2, 9, 1, 8, 0);
    __m128i even = tap6_pairs(load16(p - 2), load16(p), load16(p + 2));
    __m128i odd = tap6_pairs(load16(p - 1), load16(p + 1), load16(p + 3));
    return _mm_shuffle_epi8(_mm_packus_epi16(round5(even), round5(odd)), weave);
}

/* Vertical intermediates of 16 columns to t. */
AVO_INLINE void tap6_v_16(int16_t *t, const pixel *p, ptrdiff_t stride)
{
    __m128i r0 = load16(p - 2 * stride), r1 = load16(p - stride), r2 = load16(p);
    __m128i r3 = load16(p + stride), r4 = load16(p + 2 * stride), r5 = load16(p + 3 * stride);
    store16(t, tap6_pairs(_mm_unpacklo_epi8(r0, r1), _mm_unpacklo_epi8(r2, r3),
                          _mm_unpacklo_epi8(r4, r5)));
    store16(t + 8, tap6_pairs(_mm_unpackhi_epi8(r0, r1), _mm_unpackhi_epi8(r2, r3),
                              _mm_unpackhi_epi8(r4, r5)));
}

/* ---- whole planes ---- */

void avo_hpel_planes_sse41(pixel *h, pixel *v, pixel *c, const pixel *src, ptrdiff_t stride,
                           int width, int height, int16_t *scratch)
{
    int16_t *mid = scratch + 2;
    for (int y = 0; y < height; y++, src += stride, h += stride, v += stride, c += stride) {
        /* columns -2 .. width + 2; the last step goes back so as not to read further */
        for (int x = -2; x < width + 3; x += 16) {
            int at = avo_min(x, width + 3 - 16);
            tap6_v_16(mid + at, src + at, stride);
        }
        for (int x = 0; x < width; x += 16) {
            const int16_t *t = mid + x;
            store16(h + x, half_h_16(src + x));
            store16(v + x, _mm_packus_epi16(round5(load16(t)), round5(load16(t + 8))));
            store16(c + x, _mm_packus_epi16(centre_8(t), centre_8(t + 8)));
        }
    }
}

/* ---- quarter-sample luma: half-samples of a block, averaged with another block on request ---- */

/* Stores one row of 8-bit results of the block's width. */
AVO_INLINE void sink_row(const AvoLumaSink *sink, int y, int width, __m128i v)
{
    pixel *dst = sink->dst + y * sink->stride;
    const pixel *with = sink->with ? sink->with + y * sink->stride_with : NULL;
    if (width == 16) {
        store16(dst, with ? _mm_avg_epu8(v, load16(with)) : v);
    } else if (width == 8) {
        store8(dst, with ? _mm_avg_epu8(v, load8(with)) : v);
    } else {
        store4(dst, with ? _mm_avg_epu8(v, load4(with)) : v);
    }
}

/* One row of 8 horizontal half-samples in the low half. */
AVO_INLINE __m128i half_h_8(const pixel *p)
{
    __m128i v = tap6_pairs(_mm_unpacklo_epi8(load8(p - 2), load8(p - 1)),
                           _mm_unpacklo_epi8(load8(p), load8(p + 1)),
                           _mm_unpacklo_epi8(load8(p + 2), load8(p + 3)));
    v = round5(v);
    return _mm_packus_epi16(v, v);
}

AVO_INLINE __m128i half_h_4(const pixel *p)
{
    __m128i v = tap6_pairs(_mm_unpacklo_epi8(load4(p - 2), load4(p - 1)),
                           _mm_unpacklo_epi8(load4(p), load4(p + 1)),
                           _mm_unpacklo_epi8(load4(p + 2), load4(p + 3)));
    v = round5(v);
    return _mm_packus_epi16(v, v);
}

AVO_INLINE void half_h(const AvoLumaSink *sink, const pixel *src, ptrdiff_t stride, int width,
                       int height)
{
    for (int y = 0; y < height; y++, src += stride)
        sink_row(sink, y, width,
                 width == 16  ? half_h_16(src)
                 : width == 8 ? half_h_8(src)
                              : half_h_4(src));
}

/* Vertical half-samples: a window of five registers, each with the pairs of two rows (y, y + 1),
 * slides down the block. */
AVO_INLINE void half_v(const AvoLumaSink *sink, const pixel *src, ptrdiff_t stride, int width,
                       int height)
{
    int halves = width == 16 ? 2 : 1;
    __m128i pairs[6][2], row, next;

    row = width == 16  ? load16(src - 2 * stride)
          : width == 8 ? load8(src - 2 * stride)
                       : load4(src - 2 * stride);
    AVO_UNROLL
    for (int i = 0; i < 4; i++) {
        const pixel *p = src + (i - 1) * stride;
        next = width == 16 ? load16(p) : width == 8 ? load8(p) : load4(p);
        pairs[i][0] = _mm_unpacklo_epi8(row, next);
        pairs[i][1] = _mm_unpackhi_epi8(row, next);
        row = next;
    }
    for (int y = 0; y < height; y++) {
        const pixel *p = src + (y + 3) * stride;
        __m128i v[2];
        next = width == 16 ? load16(p) : width == 8 ? load8(p) : load4(p);
        pairs[4][0] = _mm_unpacklo_epi8(row, next);
        pairs[4][1] = _mm_unpackhi_epi8(row, next);
        row = next;
        AVO_UNROLL
        for (int i = 0; i < halves; i++)
            v[i] = round5(tap6_pairs(pairs[0][i], pairs[2][i], pairs[4][i]));
        sink_row(sink, y, width, _mm_packus_epi16(v[0], v[halves - 1]));
        AVO_UNROLL
        for (int i = 0; i < 4; i++) {
            pairs[i][0] = pairs[i + 1][0];
            pairs[i][1] = pairs[i + 1][1];
        }
    }
}

#define MID_STRIDE 24 /* of the intermediates of a block: columns -2 .. 18 and room to load */

/* Vertical intermediates of 8 columns down a block. */
AVO_INLINE void tap6_v_columns(int16_t *t, const pixel *src, ptrdiff_t stride, int height)
{
    __m128i pairs[5], row = load8(src - 2 * stride), next;
    AVO_UNROLL
    for (int i = 0; i < 4; i++) {
        next = load8(src + (i - 1) * stride);
        pairs[i] = _mm_unpacklo_epi8(row, next);
        row = next;
    }
    for (int y = 0; y < height; y++, t += MID_STRIDE) {
        next = load8(src + (y + 3) * stride);
        pairs[4] = _mm_unpacklo_epi8(row, next);
        row = next;
        store16(t, tap6_pairs(pairs[0], pairs[2], pairs[4]));
        AVO_UNROLL
        for (int i = 0; i < 4; i++)
            pairs[i] = pairs[i + 1];
    }
}

AVO_INLINE void centre(const AvoLumaSink *sink, const pixel *src, ptrdiff_t stride, int width,
                       int height)
{
    AVO_ALIGN(16) int16_t mid[16 * MID_STRIDE];
    int16_t *t = mid + 2;
    /* columns -2 .. width + 2 in steps of 8, the last one going back */
    for (int x = -2; x < width + 3; x += 8) {
        int at = avo_min(x, width + 3 - 8);
        tap6_v_columns(t + at, src + at, stride, height);
    }
    for (int y = 0; y < height; y++, t += MID_STRIDE) {
        __m128i v = centre_8(t); /* width 4: the upper lanes are rubbish */
        sink_row(sink, y, width, _mm_packus_epi16(v, width == 16 ? centre_8(t + 8) : v));
    }
}

#include "dsp/luma_cases.h"

void avo_luma_qpel_sse41(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                         int fx, int fy, int width, int height)
{
    if (!fx && !fy) {
        for (int y = 0; y < height; y++, dst += stride_dst, src += stride_src) {
            if (width == 16)
                store16(dst, load16(src));
            else if (width == 8)
                store8(dst, load8(src));
            else
                store4(dst, load4(src));
        }
    } else if (width == 16) {
        luma_block(dst, stride_dst, src, stride_src, fx, fy, 16, height);
    } else if (width == 8) {
        luma_block(dst, stride_dst, src, stride_src, fx, fy, 8, height);
    } else {
        luma_block(dst, stride_dst, src, stride_src, fx, fy, 4, height);
    }
}

/* ---- chroma ---- */

/* (8-fx)(8-fy) in the low byte and fx(8-fy) in the high byte of each lane, and the same of fy:
 * weights for pairs of the upper and of the lower row. At most 64, so bytes do. */
typedef struct ChromaWeights {
    __m128i upper, lower;
} ChromaWeights;

AVO_INLINE ChromaWeights chroma_weights(int fx, int fy)
{
    int pair = (8 - fx) | fx << 8;
    ChromaWeights w = {_mm_set1_epi16((short)(pair * (8 - fy))),
                       _mm_set1_epi16((short)(pair * fy))};
    return w;
}

AVO_INLINE __m128i chroma_filter(__m128i upper, __m128i lower, ChromaWeights w)
{
    __m128i v = _mm_add_epi16(_mm_maddubs_epi16(upper, w.upper), _mm_maddubs_epi16(lower, w.lower));
    v = _mm_mulhrs_epi16(v, _mm_set1_epi16(1 << 9)); /* (v + 32) >> 6 */
    return _mm_packus_epi16(v, v);
}

/* Two rows of 4: each pair of the upper row in the low half. */
AVO_INLINE __m128i chroma_pairs_4(const pixel *p, ptrdiff_t right)
{
    return _mm_unpacklo_epi8(load4(p), load4(p + right));
}

void avo_chroma_mc_sse41(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                         int fx, int fy, int width, int height)
{
    const ChromaWeights w = chroma_weights(fx, fy);
    /* samples without weight are not read */
    ptrdiff_t right = fx ? 1 : 0, below = fy ? stride_src : 0;

    if (width == 8) {
        __m128i upper = _mm_unpacklo_epi8(load8(src), load8(src + right));
        for (int y = 0; y < height; y++, dst += stride_dst, src += stride_src) {
            const pixel *next = y + 1 < height ? src + stride_src : src + below;
            __m128i lower = _mm_unpacklo_epi8(load8(next), load8(next + right));
            store8(dst, chroma_filter(upper, lower, w));
            upper = lower;
        }
    } else if (width == 4) {
        for (int y = 0; y < height; y += 2, dst += 2 * stride_dst, src += 2 * stride_src) {
            __m128i r0 = chroma_pairs_4(src, right), r1 = chroma_pairs_4(src + stride_src, right);
            __m128i r2 = chroma_pairs_4(src + stride_src + below, right);
            __m128i v = chroma_filter(_mm_unpacklo_epi64(r0, r1), _mm_unpacklo_epi64(r1, r2), w);
            store4(dst, v);
            avo_store_u32(dst + stride_dst, (uint32_t)_mm_extract_epi32(v, 1));
        }
    } else {
        const pixel *next = src;
        int left = (8 - fx) * src[0] + fx * src[right]; /* of the upper row, column 0 and 1 */
        int mid = (8 - fx) * src[1] + fx * src[1 + right];
        for (int y = 0; y < height; y++, dst += stride_dst) {
            next += y + 1 < height ? stride_src : below;
            int next_left = (8 - fx) * next[0] + fx * next[right];
            int next_mid = (8 - fx) * next[1] + fx * next[1 + right];
            dst[0] = (pixel)(((8 - fy) * left + fy * next_left + 32) >> 6);
            dst[1] = (pixel)(((8 - fy) * mid + fy * next_mid + 32) >> 6);
            left = next_left, mid = next_mid;
        }
    }
}

/* ---- weights ---- */

/* Loads and stores up to 8 samples: a piece of a row, two rows of 4 or of 2. */
AVO_INLINE __m128i load_piece(const pixel *p, ptrdiff_t stride, int width)
{
    if (width >= 8)
        return load8(p);
    if (width == 4)
        return _mm_unpacklo_epi32(load4(p), load4(p + stride));
    return _mm_cvtsi32_si128((int)(avo_load_u16(p) | (uint32_t)avo_load_u16(p + stride) << 16));
}

AVO_INLINE void store_piece(pixel *p, ptrdiff_t stride, int width, __m128i v)
{
    if (width >= 8) {
        store8(p, v);
    } else if (width == 4) {
        store4(p, v);
        avo_store_u32(p + stride, (uint32_t)_mm_extract_epi32(v, 1));
    } else {
        avo_store_u16(p, (uint32_t)_mm_extract_epi16(v, 0));
        avo_store_u16(p + stride, (uint32_t)_mm_extract_epi16(v, 1));
    }
}

/* |a * w| <= 128 * 255, so everything fits 16 bits. */
AVO_INLINE void weight_block(pixel *dst, ptrdiff_t stride_dst, const pixel *src,
                             ptrdiff_t stride_src, int width, int height, int log2_denom, int w,
                             int o)
{
    const __m128i factor = _mm_set1_epi16((short)w), offset = _mm_set1_epi16((short)o);
    const __m128i round = _mm_set1_epi16((short)(log2_denom ? 1 << (log2_denom - 1) : 0));
    const __m128i shift = _mm_cvtsi32_si128(log2_denom);
    int rows = width >= 8 ? 1 : 2;

    for (int y = 0; y < height; y += rows) {
        for (int x = 0; x < width; x += 8) {
            const pixel *p = src + y * stride_src + x;
            __m128i v = _mm_cvtepu8_epi16(load_piece(p, stride_src, width));
            v = _mm_adds_epi16(_mm_mullo_epi16(v, factor), round);
            v = _mm_adds_epi16(_mm_sra_epi16(v, shift), offset);
            store_piece(dst + y * stride_dst + x, stride_dst, width, _mm_packus_epi16(v, v));
        }
    }
}

void avo_weight_sse41(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                      int width, int height, int log2_denom, int w, int o)
{
    if (width == 16)
        weight_block(dst, stride_dst, src, stride_src, 16, height, log2_denom, w, o);
    else if (width == 8)
        weight_block(dst, stride_dst, src, stride_src, 8, height, log2_denom, w, o);
    else if (width == 4)
        weight_block(dst, stride_dst, src, stride_src, 4, height, log2_denom, w, o);
    else
        weight_block(dst, stride_dst, src, stride_src, 2, height, log2_denom, w, o);
}

/* Whether a * w0 + b * w1 + 2^log2_denom fits 16 bits and both weights fit a signed byte. */
AVO_INLINE bool weights_are_small(int w0, int w1)
{
    return avo_min(w0, w1) >= -128 && avo_max(w0, w1) <= 127 && w0 + w1 >= -128 && w0 + w1 <= 127;
}

/* a and b woven, 8 pairs of bytes, to 8 results before clipping. */
AVO_INLINE __m128i weigh_small(__m128i ab, __m128i weights, __m128i round, __m128i shift,
                               __m128i offset)
{
    __m128i v = _mm_add_epi16(_mm_maddubs_epi16(ab, weights), round);
    return _mm_adds_epi16(_mm_sra_epi16(v, shift), offset);
}

/* The same through 32 bits for weights of any size. */
AVO_INLINE __m128i weigh_any(__m128i ab, __m128i weights, __m128i round, __m128i shift,
                             __m128i offset)
{
    __m128i lo = _mm_madd_epi16(_mm_cvtepu8_epi16(ab), weights);
    __m128i hi = _mm_madd_epi16(_mm_unpackhi_epi8(ab, _mm_setzero_si128()), weights);
    lo = _mm_sra_epi32(_mm_add_epi32(lo, round), shift);
    hi = _mm_sra_epi32(_mm_add_epi32(hi, round), shift);
    return _mm_adds_epi16(_mm_packs_epi32(lo, hi), offset);
}

AVO_INLINE void weight_bi_block(pixel *dst, ptrdiff_t stride_dst, const pixel *a,
                                ptrdiff_t stride_a, const pixel *b, ptrdiff_t stride_b, int width,
                                int height, int log2_denom, int w0, int w1, int o, bool small)
{
    const __m128i weights = small ? _mm_set1_epi16((short)((w0 & 255) | (w1 & 255) << 8))
                                  : _mm_set1_epi32((int)((w0 & 65535) | (uint32_t)w1 << 16));
    const __m128i round =
        small ? _mm_set1_epi16((short)(1 << log2_denom)) : _mm_set1_epi32(1 << log2_denom);
    const __m128i shift = _mm_cvtsi32_si128(log2_denom + 1), offset = _mm_set1_epi16((short)o);
    int rows = width >= 8 ? 1 : 2;

    for (int y = 0; y < height; y += rows) {
        for (int x = 0; x < width; x += 8) {
            __m128i ab = _mm_unpacklo_epi8(load_piece(a + y * stride_a + x, stride_a, width),
                                           load_piece(b + y * stride_b + x, stride_b, width));
            __m128i v = small ? weigh_small(ab, weights, round, shift, offset)
                              : weigh_any(ab, weights, round, shift, offset);
            store_piece(dst + y * stride_dst + x, stride_dst, width, _mm_packus_epi16(v, v));
        }
    }
}

void avo_weight_bi_sse41(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                         const pixel *b, ptrdiff_t stride_b, int width, int height, int log2_denom,
                         int w0, int w1, int o)
{
#define WEIGH(w, small)                                                                            \
    weight_bi_block(dst, stride_dst, a, stride_a, b, stride_b, w, height, log2_denom, w0, w1, o,   \
                    small)
    if (!weights_are_small(w0, w1))
        WEIGH(width, false);
    else if (width == 16)
        WEIGH(16, true);
    else if (width == 8)
        WEIGH(8, true);
    else if (width == 4)
        WEIGH(4, true);
    else
        WEIGH(2, true);
#undef WEIGH
}

/* ---- cost of chroma: rows of 8 samples, of one plane or of both 4 wide ---- */

/* Pairs of a sample and its right neighbour. */
AVO_INLINE __m128i chroma_pairs(const pixel *cb, const pixel *cr, ptrdiff_t right, int width)
{
    if (width == 8)
        return _mm_unpacklo_epi8(load8(cb), load8(cb + right));
    return _mm_unpacklo_epi64(chroma_pairs_4(cb, right), chroma_pairs_4(cr, right));
}

AVO_INLINE __m128i chroma_source_row(const pixel *cur, int width)
{
    __m128i v = width == 8 ? load8(cur) : _mm_unpacklo_epi32(load4(cur), load4(cur + 8));
    return _mm_maddubs_epi16(_mm_unpacklo_epi64(v, v), butterfly_weights());
}

/* Of 8 columns: partial sums in 32-bit lanes. cr is not read where width is 8. */
AVO_INLINE __m128i chroma_satd_8(const pixel *cur, const pixel *cb, const pixel *cr,
                                 ptrdiff_t stride, int fx, int fy, int width, int height)
{
    const ChromaWeights w = chroma_weights(fx, fy);
    ptrdiff_t right = fx ? 1 : 0, below = fy ? stride : 0; /* do not read without weight */
    __m128i sum = _mm_setzero_si128(), upper = chroma_pairs(cb, cr, right, width), v[4];
    for (int y = 0; y < height; y += 4) {
        AVO_UNROLL
        for (int i = 0; i < 4; i++, cur += AVO_CUR_STRIDE) {
            ptrdiff_t next = y + i + 1 < height ? (y + i + 1) * stride : (y + i) * stride + below;
            __m128i lower = chroma_pairs(cb + next, cr + next, right, width);
            __m128i p = chroma_filter(upper, lower, w);
            v[i] = _mm_sub_epi16(chroma_source_row(cur, width),
                                 _mm_maddubs_epi16(p, butterfly_weights()));
            upper = lower;
        }
        sum = _mm_add_epi32(sum, even_lanes(satd_finish(v)));
    }
    return sum;
}

static int chroma_satd(const pixel *cur, const pixel *cb, const pixel *cr, ptrdiff_t stride, int fx,
                       int fy, int width, int height)
{
    if (width == 4)
        return hsum_epi32(chroma_satd_8(cur, cb, cr, stride, fx, fy, 4, height));
    return hsum_epi32(_mm_add_epi32(chroma_satd_8(cur, cb, cb, stride, fx, fy, 8, height),
                                    chroma_satd_8(cur + 8, cr, cr, stride, fx, fy, 8, height)));
}

AVO_TARGET_END

void AVO_BPC(avo_interp_init_sse41)(AvoDsp *dsp)
{
    dsp->avg[0] = avg_16;
    dsp->avg[1] = avg_8;
    dsp->avg[2] = avg_4;
    dsp->hpel_planes = avo_hpel_planes_sse41;
    dsp->luma_qpel = avo_luma_qpel_sse41;
    dsp->chroma_mc = avo_chroma_mc_sse41;
    dsp->chroma_satd = chroma_satd;
    dsp->weight = avo_weight_sse41;
    dsp->weight_bi = avo_weight_bi_sse41;
}

#else

void AVO_BPC(avo_interp_init_sse41)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
