/* Pixel formats to samples by plane, AVX2: steps of 32 samples; see convert_sse41.c, which also
 * does what is shorter. */
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_AVX2

/* ---- packed 4:2:2 ---- */

/* The lower bytes of 16-bit lanes, or the upper ones. */
AVO_INLINE __m256i half_of(__m256i v, int upper)
{
    return upper ? _mm256_srli_epi16(v, 8) : _mm256_and_si256(v, _mm256_set1_epi16(0xff));
}

AVO_INLINE void luma_rows(pixel *luma, const uint8_t *src, int n, int luma_at)
{
    for (int i = 0; i < n; i += 32) {
        int at = avo_min(i, n - 32);
        const uint8_t *p = src + 2 * at;
        store32(luma + at, pack_32(half_of(load32(p), luma_at), half_of(load32(p + 32), luma_at)));
    }
}

static void luma_422(pixel *luma, const uint8_t *src, int n, int luma_at)
{
    if (n < 32)
        avo_luma_422_sse41(luma, src, n, luma_at);
    else if (luma_at)
        luma_rows(luma, src, n, 1);
    else
        luma_rows(luma, src, n, 0);
}

/* Cb and Cr in turn, 8 of each in each half, means of two rows: numbers 0-3, 8-11 | 4-7, 12-15. */
AVO_INLINE __m256i chroma_mean(const uint8_t *upper, const uint8_t *lower, int luma_at)
{
    __m256i a = _mm256_avg_epu8(load32(upper), load32(lower));
    __m256i b = _mm256_avg_epu8(load32(upper + 32), load32(lower + 32));
    return _mm256_packus_epi16(half_of(a, !luma_at), half_of(b, !luma_at));
}

/* Lanes of 32 bits: a 0 2 and b 0 2 in the lower half, 1 3 in the upper, to their natural order. */
AVO_INLINE __m256i in_order(__m256i v)
{
    return _mm256_permutevar8x32_epi32(v, _mm256_set_epi32(7, 3, 6, 2, 5, 1, 4, 0));
}

AVO_INLINE void chroma_rows(pixel *cb, pixel *cr, const uint8_t *upper, const uint8_t *lower, int n,
                            int luma_at)
{
    for (int i = 0; i < n; i += 32) {
        int at = avo_min(i, n - 32);
        __m256i a = chroma_mean(upper + 4 * at, lower + 4 * at, luma_at);
        __m256i b = chroma_mean(upper + 4 * at + 64, lower + 4 * at + 64, luma_at);
        store32(cb + at, in_order(_mm256_packus_epi16(half_of(a, 0), half_of(b, 0))));
        store32(cr + at, in_order(_mm256_packus_epi16(half_of(a, 1), half_of(b, 1))));
    }
}

static void chroma_422(pixel *cb, pixel *cr, const uint8_t *upper, const uint8_t *lower, int n,
                       int luma_at)
{
    if (n < 32)
        avo_chroma_422_sse41(cb, cr, upper, lower, n, luma_at);
    else if (luma_at)
        chroma_rows(cb, cr, upper, lower, n, 1);
    else
        chroma_rows(cb, cr, upper, lower, n, 0);
}

/* ---- RGB: samples 0-15 in the lower halves, 16-31 in the upper ones ---- */

/* v[i]: 4 samples a, 4 b, 4 c in each half, taken out by order. */
AVO_INLINE void store_planes(pixel *a, pixel *b, pixel *c, const __m256i s[4], __m128i order)
{
    __m256i v[4];
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        v[i] = _mm256_shuffle_epi8(s[i], _mm256_broadcastsi128_si256(order));
    __m256i ab0 = _mm256_unpacklo_epi32(v[0], v[1]), ab2 = _mm256_unpacklo_epi32(v[2], v[3]);
    __m256i c0 = _mm256_unpackhi_epi32(v[0], v[1]), c2 = _mm256_unpackhi_epi32(v[2], v[3]);
    store32(a, _mm256_unpacklo_epi64(ab0, ab2));
    store32(b, _mm256_unpackhi_epi64(ab0, ab2));
    store32(c, _mm256_unpacklo_epi64(c0, c2));
}

static void unpack_3(pixel *a, pixel *b, pixel *c, const uint8_t *src, int n)
{
    if (n < 32) {
        avo_unpack_3_sse41(a, b, c, src, n);
        return;
    }
    for (int i = 0; i < n; i += 32) {
        int at = avo_min(i, n - 32);
        const uint8_t *p = src + 3 * at;
        __m256i s0 = load16x2(p, p + 48), s1 = load16x2(p + 16, p + 64);
        __m256i s2 = load16x2(p + 32, p + 80);
        __m256i s[4] = {s0, _mm256_alignr_epi8(s1, s0, 12), _mm256_alignr_epi8(s2, s1, 8),
                        _mm256_srli_si256(s2, 4)};
        store_planes(a + at, b + at, c + at, s,
                     _mm_set_epi8(-1, -1, -1, -1, 11, 8, 5, 2, 10, 7, 4, 1, 9, 6, 3, 0));
    }
}

static void unpack_4(pixel *a, pixel *b, pixel *c, const uint8_t *src, int n)
{
    if (n < 32) {
        avo_unpack_4_sse41(a, b, c, src, n);
        return;
    }
    for (int i = 0; i < n; i += 32) {
        int at = avo_min(i, n - 32);
        const uint8_t *p = src + 4 * at;
        __m256i s[4];
        AVO_UNROLL
        for (int k = 0; k < 4; k++)
            s[k] = load16x2(p + 16 * k, p + 16 * k + 64);
        store_planes(a + at, b + at, c + at, s,
                     _mm_set_epi8(-1, -1, -1, -1, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0));
    }
}

/* Weights of R and G, and of B and of a lane that holds UNIT and brings in what is added. */
typedef struct Weights {
    __m256i rg, bu;
} Weights;

#define UNIT (1 << 14)

AVO_INLINE Weights weights(const int16_t m[3], int units)
{
    return (Weights){_mm256_set1_epi32((int)((uint32_t)(uint16_t)m[1] << 16 | (uint16_t)m[0])),
                     _mm256_set1_epi32((int)((uint32_t)units << 16 | (uint16_t)m[2]))};
}

AVO_INLINE __m256i weigh(__m256i rg, __m256i bu, const Weights *w)
{
    return _mm256_add_epi32(_mm256_madd_epi16(rg, w->rg), _mm256_madd_epi16(bu, w->bu));
}

static void rgb_luma(pixel *luma, const AvoRgbRun *run, const AvoColourMatrix *m, int black, int n)
{
    const __m256i unit = _mm256_set1_epi16(UNIT);
    const Weights w = weights(m->y, 2 * black + 1);
    for (int i = 0; i < n; i += 16) {
        __m256i r = _mm256_cvtepu8_epi16(load16(run->r + i));
        __m256i g = _mm256_cvtepu8_epi16(load16(run->g + i));
        __m256i b = _mm256_cvtepu8_epi16(load16(run->b + i));
        __m256i lo = weigh(_mm256_unpacklo_epi16(r, g), _mm256_unpacklo_epi16(b, unit), &w);
        __m256i hi = weigh(_mm256_unpackhi_epi16(r, g), _mm256_unpackhi_epi16(b, unit), &w);
        __m256i v = _mm256_packs_epi32(_mm256_srai_epi32(lo, 15), _mm256_srai_epi32(hi, 15));
        store16(luma + i, _mm256_castsi256_si128(pack_32(v, v)));
    }
}

/* Sums of 2x2. */
AVO_INLINE __m256i sum_2x2(const pixel *upper, const pixel *lower)
{
    const __m256i one = _mm256_set1_epi8(1);
    return _mm256_add_epi16(_mm256_maddubs_epi16(load32(upper), one),
                            _mm256_maddubs_epi16(load32(lower), one));
}

/* Of 16 samples; the last step writes 8 where more are not wanted. */
static void rgb_chroma(pixel *cb, pixel *cr, const AvoRgbRun *upper, const AvoRgbRun *lower,
                       const AvoColourMatrix *m, int n)
{
    const __m256i unit = _mm256_set1_epi16(UNIT);
    const int units = ((128 << 17) + (1 << 16)) / UNIT;
    const Weights wb = weights(m->cb, units), wr = weights(m->cr, units);
    for (int i = 0; i < n; i += 16) {
        __m256i r = sum_2x2(upper->r + 2 * i, lower->r + 2 * i);
        __m256i g = sum_2x2(upper->g + 2 * i, lower->g + 2 * i);
        __m256i b = sum_2x2(upper->b + 2 * i, lower->b + 2 * i);
        __m256i rg0 = _mm256_unpacklo_epi16(r, g), rg4 = _mm256_unpackhi_epi16(r, g);
        __m256i bu0 = _mm256_unpacklo_epi16(b, unit), bu4 = _mm256_unpackhi_epi16(b, unit);
        __m256i vb = _mm256_packs_epi32(_mm256_srai_epi32(weigh(rg0, bu0, &wb), 17),
                                        _mm256_srai_epi32(weigh(rg4, bu4, &wb), 17));
        __m256i vr = _mm256_packs_epi32(_mm256_srai_epi32(weigh(rg0, bu0, &wr), 17),
                                        _mm256_srai_epi32(weigh(rg4, bu4, &wr), 17));
        __m256i both = pack_32(vb, vr);
        __m128i b16 = _mm256_castsi256_si128(both), r16 = _mm256_extracti128_si256(both, 1);
        if (n - i > 8) {
            store16(cb + i, b16);
            store16(cr + i, r16);
        } else {
            store8(cb + i, b16);
            store8(cr + i, r16);
        }
    }
}

AVO_TARGET_END

void AVO_BPC(avo_convert_init_avx2)(AvoDsp *dsp)
{
    dsp->luma_422 = luma_422;
    dsp->chroma_422 = chroma_422;
    dsp->unpack_3 = unpack_3;
    dsp->unpack_4 = unpack_4;
    dsp->rgb_luma = rgb_luma;
    dsp->rgb_chroma = rgb_chroma;
}

#else

void AVO_BPC(avo_convert_init_avx2)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
