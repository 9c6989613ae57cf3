/* Kernels of the temporal filter, SSE4.1. A row of 8 samples is one register of 16-bit lanes. */
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_SSE41

AVO_INLINE __m128i load8_wide(const pixel *p)
{
    return _mm_cvtepu8_epi16(load8(p));
}

/* ---- sixteenths ---- */

/* Neighbouring taps as pairs of bytes, for the horizontal filter: (0, 1), (2, 3), (4, 5). */
typedef struct BytePairs {
    __m128i tap[3];
} BytePairs;

AVO_INLINE BytePairs byte_pairs(const int8_t *taps)
{
    BytePairs p;
    for (int i = 0; i < 3; i++)
        p.tap[i] = _mm_set1_epi16((int16_t)avo_load_u16(taps + 2 * i));
    return p;
}

/* 8 columns from the 16 samples that start 2 to the left. */
AVO_INLINE __m128i filter_row(__m128i s, const BytePairs *p)
{
    const __m128i pairs = _mm_set_epi8(8, 7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0);
    __m128i a = _mm_maddubs_epi16(_mm_shuffle_epi8(s, pairs), p->tap[0]);
    __m128i b = _mm_maddubs_epi16(_mm_shuffle_epi8(_mm_srli_si128(s, 2), pairs), p->tap[1]);
    __m128i c = _mm_maddubs_epi16(_mm_shuffle_epi8(_mm_srli_si128(s, 4), pairs), p->tap[2]);
    return _mm_add_epi16(_mm_add_epi16(a, c), b);
}

AVO_INLINE __m128i madd_rows(const __m128i r[6], const __m128i tap[3], bool high)
{
    __m128i sum = _mm_set1_epi32(2048);
    AVO_UNROLL
    for (int i = 0; i < 3; i++) {
        __m128i pair = high ? _mm_unpackhi_epi16(r[2 * i], r[2 * i + 1])
                            : _mm_unpacklo_epi16(r[2 * i], r[2 * i + 1]);
        sum = _mm_add_epi32(sum, _mm_madd_epi16(pair, tap[i]));
    }
    return _mm_srai_epi32(sum, 12);
}

/* Reads whole registers: 16 samples of each row where the block and its margin are 13 or 9 wide. */
void avo_sixteenth_sse41(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                         int fx, int fy, int width, int height)
{
    const int8_t *v = avo_sixteenth_taps[fy];
    BytePairs h = byte_pairs(avo_sixteenth_taps[fx]);
    __m128i row[6], tap[3];
    for (int i = 0; i < 3; i++)
        tap[i] = _mm_set1_epi32((int)((uint32_t)(uint16_t)v[2 * i + 1] << 16 | (uint16_t)v[2 * i]));
    src -= 2 * stride_src + 2;
    for (int i = 0; i < 5; i++, src += stride_src)
        row[i] = filter_row(load16(src), &h);
    for (int y = 0; y < height; y++, src += stride_src, dst += stride_dst) {
        row[5] = filter_row(load16(src), &h);
        __m128i lo = madd_rows(row, tap, false), hi = lo;
        if (width == 8)
            hi = madd_rows(row, tap, true);
        __m128i out = _mm_packus_epi16(_mm_packs_epi32(lo, hi), lo);
        if (width == 8)
            store8(dst, out);
        else
            store4(dst, out);
        AVO_UNROLL
        for (int i = 0; i < 5; i++)
            row[i] = row[i + 1];
    }
}

/* ---- comparison ---- */

static void slopes(int16_t slope[2][64], const pixel *cur, ptrdiff_t stride, int sums[3])
{
    __m128i xx = _mm_setzero_si128(), xy = xx, yy = xx;
    __m128i above = load8_wide(cur - stride), here = load8_wide(cur);
    for (int y = 0; y < 8; y++, cur += stride) {
        __m128i below = load8_wide(cur + stride);
        __m128i gx = _mm_sub_epi16(load8_wide(cur + 1), load8_wide(cur - 1));
        __m128i gy = _mm_sub_epi16(below, above);
        store16(&slope[0][8 * y], gx);
        store16(&slope[1][8 * y], gy);
        xx = _mm_add_epi32(xx, _mm_madd_epi16(gx, gx));
        xy = _mm_add_epi32(xy, _mm_madd_epi16(gx, gy));
        yy = _mm_add_epi32(yy, _mm_madd_epi16(gy, gy));
        above = here;
        here = below;
    }
    sums[0] = hsum_epi32(xx);
    sums[1] = hsum_epi32(xy);
    sums[2] = hsum_epi32(yy);
}

static void mismatch(const pixel *cur, ptrdiff_t stride, const pixel *pred,
                     const int16_t slope[2][64], int out[4])
{
    const __m128i one = _mm_set1_epi16(1);
    __m128i square = _mm_setzero_si128(), x = square, y = square, quarter[2];
    for (int half = 0; half < 2; half++) {
        __m128i sum = _mm_setzero_si128();
        for (int i = 4 * half; i < 4 * half + 4; i++) {
            __m128i d = _mm_sub_epi16(load8_wide(pred + 8 * i), load8_wide(cur + i * stride));
            square = _mm_add_epi32(square, _mm_madd_epi16(d, d));
            x = _mm_add_epi32(x, _mm_madd_epi16(d, load16(&slope[0][8 * i])));
            y = _mm_add_epi32(y, _mm_madd_epi16(d, load16(&slope[1][8 * i])));
            sum = _mm_add_epi16(sum, d);
        }
        quarter[half] = _mm_madd_epi16(sum, one);
    }
    __m128i sums = _mm_hadd_epi32(quarter[0], quarter[1]); /* of the four quarters */
    __m128i low = _mm_hadd_epi32(square, x);
    __m128i high = _mm_hadd_epi32(y, _mm_mullo_epi32(sums, sums));
    _mm_storeu_si128((__m128i *)out, _mm_hadd_epi32(low, high));
}

/* ---- average ---- */

static void pull(int16_t *sum, const pixel *cur, ptrdiff_t stride, const pixel *pred, int height,
                 int weight, int reach)
{
    const __m128i most = _mm_set1_epi16(255);
    const __m128i w = _mm_set1_epi16((int16_t)weight), r = _mm_set1_epi16((int16_t)reach);
    for (int y = 0; y < height; y++, cur += stride, pred += 8, sum += 8) {
        __m128i d = _mm_sub_epi16(load8_wide(pred), load8_wide(cur));
        __m128i a = _mm_abs_epi16(d);
        __m128i u = _mm_min_epu16(_mm_mulhi_epu16(_mm_slli_epi16(a, 8), r), most);
        __m128i v = _mm_sub_epi16(most, _mm_srli_epi16(_mm_mullo_epi16(u, u), 8));
        __m128i part = _mm_mulhi_epu16(_mm_mullo_epi16(v, v), _mm_mullo_epi16(a, w));
        store16(sum, _mm_add_epi16(load16(sum), _mm_sign_epi16(part, d)));
    }
}

static void settle(pixel *dst, ptrdiff_t stride_dst, const pixel *cur, ptrdiff_t stride,
                   const int16_t *sum, int height)
{
    const __m128i half = _mm_set1_epi16(128);
    for (int y = 0; y < height; y++) {
        __m128i s = _mm_srai_epi16(_mm_adds_epi16(load16(sum + 8 * y), half), 8);
        s = _mm_add_epi16(s, load8_wide(cur + y * stride));
        store8(dst + y * stride_dst, _mm_packus_epi16(s, s));
    }
}

AVO_TARGET_END

void AVO_BPC(avo_temporal_init_sse41)(AvoDsp *dsp)
{
    dsp->sixteenth = avo_sixteenth_sse41;
    dsp->slopes = slopes;
    dsp->mismatch = mismatch;
    dsp->pull = pull;
    dsp->settle = settle;
}

#else

void AVO_BPC(avo_temporal_init_sse41)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
