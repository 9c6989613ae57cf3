/* Pixel formats to samples by plane, SSE4.1: steps of 16 samples. */
#include "dsp/entries.h"
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_SSE41

/* ---- packed 4:2:2 ---- */

/* The lower bytes of 16-bit lanes, or the upper ones. */
AVO_INLINE __m128i half_of(__m128i v, int upper)
{
    return upper ? _mm_srli_epi16(v, 8) : _mm_and_si128(v, _mm_set1_epi16(0xff));
}

AVO_INLINE void luma_16(pixel *luma, const uint8_t *src, int luma_at)
{
    store16(luma,
            _mm_packus_epi16(half_of(load16(src), luma_at), half_of(load16(src + 16), luma_at)));
}

/* Cb and Cr in turn, 8 of each, means of two rows. */
AVO_INLINE __m128i chroma_mean(const uint8_t *upper, const uint8_t *lower, int luma_at)
{
    __m128i a = _mm_avg_epu8(load16(upper), load16(lower));
    __m128i b = _mm_avg_epu8(load16(upper + 16), load16(lower + 16));
    return _mm_packus_epi16(half_of(a, !luma_at), half_of(b, !luma_at));
}

AVO_INLINE void chroma_16(pixel *cb, pixel *cr, const uint8_t *upper, const uint8_t *lower,
                          int luma_at)
{
    __m128i a = chroma_mean(upper, lower, luma_at);
    __m128i b = chroma_mean(upper + 32, lower + 32, luma_at);
    store16(cb, _mm_packus_epi16(half_of(a, 0), half_of(b, 0)));
    store16(cr, _mm_packus_epi16(half_of(a, 1), half_of(b, 1)));
}

/* ---- RGB ---- */

/* v[i]: 4 samples a, 4 b, 4 c. */
AVO_INLINE void store_planes(pixel *a, pixel *b, pixel *c, const __m128i v[4])
{
    __m128i ab0 = _mm_unpacklo_epi32(v[0], v[1]), ab2 = _mm_unpacklo_epi32(v[2], v[3]);
    __m128i c0 = _mm_unpackhi_epi32(v[0], v[1]), c2 = _mm_unpackhi_epi32(v[2], v[3]);
    store16(a, _mm_unpacklo_epi64(ab0, ab2));
    store16(b, _mm_unpackhi_epi64(ab0, ab2));
    store16(c, _mm_unpacklo_epi64(c0, c2));
}

AVO_INLINE void unpack_3_16(pixel *a, pixel *b, pixel *c, const uint8_t *src)
{
    const __m128i order = _mm_set_epi8(-1, -1, -1, -1, 11, 8, 5, 2, 10, 7, 4, 1, 9, 6, 3, 0);
    __m128i s0 = load16(src), s1 = load16(src + 16), s2 = load16(src + 32);
    __m128i v[4] = {s0, _mm_alignr_epi8(s1, s0, 12), _mm_alignr_epi8(s2, s1, 8),
                    _mm_srli_si128(s2, 4)};
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        v[i] = _mm_shuffle_epi8(v[i], order);
    store_planes(a, b, c, v);
}

AVO_INLINE void unpack_4_16(pixel *a, pixel *b, pixel *c, const uint8_t *src)
{
    const __m128i order = _mm_set_epi8(-1, -1, -1, -1, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
    __m128i v[4];
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        v[i] = _mm_shuffle_epi8(load16(src + 16 * i), order);
    store_planes(a, b, c, v);
}

/* (v * factor + round) >> 6 */
AVO_INLINE __m128i widen(__m128i v, int factor, int round)
{
    v = _mm_mullo_epi16(v, _mm_set1_epi16((int16_t)factor));
    return _mm_srli_epi16(_mm_add_epi16(v, _mm_set1_epi16((int16_t)round)), 6);
}

AVO_INLINE void unpack_565_16(pixel *r, pixel *g, pixel *b, __m128i v0, __m128i v1)
{
    const __m128i six = _mm_set1_epi16(63), five = _mm_set1_epi16(31);
    store16(r, _mm_packus_epi16(widen(_mm_srli_epi16(v0, 11), 527, 23),
                                widen(_mm_srli_epi16(v1, 11), 527, 23)));
    store16(g, _mm_packus_epi16(widen(_mm_and_si128(_mm_srli_epi16(v0, 5), six), 259, 33),
                                widen(_mm_and_si128(_mm_srli_epi16(v1, 5), six), 259, 33)));
    store16(b, _mm_packus_epi16(widen(_mm_and_si128(v0, five), 527, 23),
                                widen(_mm_and_si128(v1, five), 527, 23)));
}

AVO_INLINE void unpack_565_le_16(pixel *r, pixel *g, pixel *b, const uint8_t *src)
{
    unpack_565_16(r, g, b, load16(src), load16(src + 16));
}

AVO_INLINE void unpack_565_be_16(pixel *r, pixel *g, pixel *b, const uint8_t *src)
{
    const __m128i swap = _mm_set_epi8(14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1);
    unpack_565_16(r, g, b, _mm_shuffle_epi8(load16(src), swap),
                  _mm_shuffle_epi8(load16(src + 16), swap));
}

#include "dsp/convert_rows.h"

void avo_luma_422_sse41(pixel *luma, const uint8_t *src, int n, int luma_at)
{
    if (luma_at)
        luma_422_rows(luma, src, n, 1);
    else
        luma_422_rows(luma, src, n, 0);
}

void avo_chroma_422_sse41(pixel *cb, pixel *cr, const uint8_t *upper, const uint8_t *lower, int n,
                          int luma_at)
{
    if (luma_at)
        chroma_422_rows(cb, cr, upper, lower, n, 1);
    else
        chroma_422_rows(cb, cr, upper, lower, n, 0);
}

void avo_unpack_3_sse41(pixel *a, pixel *b, pixel *c, const uint8_t *src, int n)
{
    unpack_3_rows(a, b, c, src, n);
}

void avo_unpack_4_sse41(pixel *a, pixel *b, pixel *c, const uint8_t *src, int n)
{
    unpack_4_rows(a, b, c, src, n);
}

static void unpack_565(pixel *r, pixel *g, pixel *b, const uint8_t *src, int n, int high_byte)
{
    if (high_byte)
        unpack_565_le_rows(r, g, b, src, n);
    else
        unpack_565_be_rows(r, g, b, src, n);
}

/* Weights of R and G, and of B and of a lane that holds UNIT and brings in what is added. */
typedef struct Weights {
    __m128i rg, bu;
} Weights;

#define UNIT (1 << 14)

AVO_INLINE Weights weights(const int16_t m[3], int units)
{
    return (Weights){_mm_set1_epi32((int)((uint32_t)(uint16_t)m[1] << 16 | (uint16_t)m[0])),
                     _mm_set1_epi32((int)((uint32_t)units << 16 | (uint16_t)m[2]))};
}

AVO_INLINE __m128i weigh(__m128i rg, __m128i bu, const Weights *w)
{
    return _mm_add_epi32(_mm_madd_epi16(rg, w->rg), _mm_madd_epi16(bu, w->bu));
}

/* 8 luma samples from 16-bit lanes. */
AVO_INLINE __m128i luma_8(__m128i r, __m128i g, __m128i b, const Weights *w)
{
    const __m128i unit = _mm_set1_epi16(UNIT);
    __m128i lo = weigh(_mm_unpacklo_epi16(r, g), _mm_unpacklo_epi16(b, unit), w);
    __m128i hi = weigh(_mm_unpackhi_epi16(r, g), _mm_unpackhi_epi16(b, unit), w);
    return _mm_packs_epi32(_mm_srai_epi32(lo, 15), _mm_srai_epi32(hi, 15));
}

static void rgb_luma(pixel *luma, const AvoRgbRun *run, const AvoColourMatrix *m, int black, int n)
{
    const __m128i zero = _mm_setzero_si128();
    const Weights w = weights(m->y, 2 * black + 1);
    for (int i = 0; i < n; i += 16) {
        __m128i r = load16(run->r + i), g = load16(run->g + i), b = load16(run->b + i);
        __m128i lo = luma_8(_mm_unpacklo_epi8(r, zero), _mm_unpacklo_epi8(g, zero),
                            _mm_unpacklo_epi8(b, zero), &w);
        __m128i hi = luma_8(_mm_unpackhi_epi8(r, zero), _mm_unpackhi_epi8(g, zero),
                            _mm_unpackhi_epi8(b, zero), &w);
        store16(luma + i, _mm_packus_epi16(lo, hi));
    }
}

/* Sums of 2x2. */
AVO_INLINE __m128i sum_2x2(const pixel *upper, const pixel *lower)
{
    const __m128i one = _mm_set1_epi8(1);
    return _mm_add_epi16(_mm_maddubs_epi16(load16(upper), one),
                         _mm_maddubs_epi16(load16(lower), one));
}

static void rgb_chroma(pixel *cb, pixel *cr, const AvoRgbRun *upper, const AvoRgbRun *lower,
                       const AvoColourMatrix *m, int n)
{
    const __m128i unit = _mm_set1_epi16(UNIT);
    const int units = ((128 << 17) + (1 << 16)) / UNIT;
    const Weights wb = weights(m->cb, units), wr = weights(m->cr, units);
    for (int i = 0; i < n; i += 8) {
        __m128i r = sum_2x2(upper->r + 2 * i, lower->r + 2 * i);
        __m128i g = sum_2x2(upper->g + 2 * i, lower->g + 2 * i);
        __m128i b = sum_2x2(upper->b + 2 * i, lower->b + 2 * i);
        __m128i rg0 = _mm_unpacklo_epi16(r, g), rg4 = _mm_unpackhi_epi16(r, g);
        __m128i bu0 = _mm_unpacklo_epi16(b, unit), bu4 = _mm_unpackhi_epi16(b, unit);
        __m128i vb = _mm_packs_epi32(_mm_srai_epi32(weigh(rg0, bu0, &wb), 17),
                                     _mm_srai_epi32(weigh(rg4, bu4, &wb), 17));
        __m128i vr = _mm_packs_epi32(_mm_srai_epi32(weigh(rg0, bu0, &wr), 17),
                                     _mm_srai_epi32(weigh(rg4, bu4, &wr), 17));
        __m128i both = _mm_packus_epi16(vb, vr);
        store8(cb + i, both);
        store8_high(cr + i, both);
    }
}

AVO_TARGET_END

void AVO_BPC(avo_convert_init_sse41)(AvoDsp *dsp)
{
    dsp->luma_422 = avo_luma_422_sse41;
    dsp->chroma_422 = avo_chroma_422_sse41;
    dsp->unpack_3 = avo_unpack_3_sse41;
    dsp->unpack_4 = avo_unpack_4_sse41;
    dsp->unpack_565 = unpack_565;
    dsp->rgb_luma = rgb_luma;
    dsp->rgb_chroma = rgb_chroma;
}

#else

void AVO_BPC(avo_convert_init_sse41)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
