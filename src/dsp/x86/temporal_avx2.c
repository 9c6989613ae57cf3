/* Kernels of the temporal filter, AVX2: two rows of 8 samples per register, [row y | row y + 1]. */
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_AVX2

AVO_INLINE __m256i load8_wide_x2(const pixel *a, const pixel *b)
{
    return _mm256_cvtepu8_epi16(load8x2(a, b));
}

/* ---- sixteenths ---- */

/* Columns of two rows, each from the 16 samples that start 2 to the left. */
AVO_INLINE __m256i filter_rows(const pixel *src, ptrdiff_t stride, const __m256i tap[3])
{
    const __m256i pairs =
        _mm256_broadcastsi128_si256(_mm_set_epi8(8, 7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0));
    __m256i s = load16x2(src, src + stride);
    __m256i a = _mm256_maddubs_epi16(_mm256_shuffle_epi8(s, pairs), tap[0]);
    s = _mm256_srli_si256(s, 2);
    __m256i b = _mm256_maddubs_epi16(_mm256_shuffle_epi8(s, pairs), tap[1]);
    s = _mm256_srli_si256(s, 2);
    __m256i c = _mm256_maddubs_epi16(_mm256_shuffle_epi8(s, pairs), tap[2]);
    return _mm256_add_epi16(_mm256_add_epi16(a, c), b);
}

/* Of rows [0 | 1], [2 | 3], [4 | 5], [6 | 7], two output rows: taps 0, 1 belong to rows 0, 1 in the
 * lower half and 1, 2 in the upper. */
AVO_INLINE __m256i filter_columns(const __m256i even[3], const __m256i odd[3], const __m256i tap[3])
{
    __m256i lo = _mm256_set1_epi32(2048), hi = lo;
    AVO_UNROLL
    for (int i = 0; i < 3; i++) {
        lo =
            _mm256_add_epi32(lo, _mm256_madd_epi16(_mm256_unpacklo_epi16(even[i], odd[i]), tap[i]));
        hi =
            _mm256_add_epi32(hi, _mm256_madd_epi16(_mm256_unpackhi_epi16(even[i], odd[i]), tap[i]));
    }
    return _mm256_packs_epi32(_mm256_srai_epi32(lo, 12), _mm256_srai_epi32(hi, 12));
}

static void sixteenth(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                      int fx, int fy, int width, int height)
{
    if (width < 8 || height & 1) {
        avo_sixteenth_sse41(dst, stride_dst, src, stride_src, fx, fy, width, height);
        return;
    }
    const int8_t *across = avo_sixteenth_taps[fx], *down = avo_sixteenth_taps[fy];
    __m256i h[3], v[3], even[3], odd[3];
    for (int i = 0; i < 3; i++) {
        h[i] = _mm256_set1_epi16((int16_t)avo_load_u16(across + 2 * i));
        v[i] = _mm256_set1_epi32(
            (int)((uint32_t)(uint16_t)down[2 * i + 1] << 16 | (uint16_t)down[2 * i]));
    }
    src -= 2 * stride_src + 2;
    for (int i = 0; i < 3; i++)
        even[i] = filter_rows(src + 2 * i * stride_src, stride_src, h);
    for (int i = 0; i < 2; i++)
        odd[i] = _mm256_permute2x128_si256(even[i], even[i + 1], 0x21);
    src += 6 * stride_src;
    for (int y = 0; y < height; y += 2, src += 2 * stride_src, dst += 2 * stride_dst) {
        ptrdiff_t step = y + 2 < height ? stride_src : 0; /* the last pair needs one row only */
        __m256i next = filter_rows(src, step, h);
        odd[2] = _mm256_permute2x128_si256(even[2], next, 0x21);
        __m256i rows = filter_columns(even, odd, v);
        rows = _mm256_packus_epi16(rows, rows);
        store8(dst, _mm256_castsi256_si128(rows));
        store8(dst + stride_dst, _mm256_extracti128_si256(rows, 1));
        even[0] = even[1], even[1] = even[2], even[2] = next;
        odd[0] = odd[1], odd[1] = odd[2];
    }
}

/* ---- comparison ---- */

static void mismatch(const pixel *cur, ptrdiff_t stride, const pixel *pred,
                     const int16_t slope[2][64], int out[4])
{
    const __m256i one = _mm256_set1_epi16(1);
    __m256i square = _mm256_setzero_si256(), x = square, y = square, quarter[2];
    for (int half = 0; half < 2; half++) {
        __m256i sum = _mm256_setzero_si256();
        for (int i = 4 * half; i < 4 * half + 4; i += 2) {
            const pixel *c = cur + i * stride;
            __m256i d = _mm256_sub_epi16(_mm256_cvtepu8_epi16(load16(pred + 8 * i)),
                                         load8_wide_x2(c, c + stride));
            square = _mm256_add_epi32(square, _mm256_madd_epi16(d, d));
            x = _mm256_add_epi32(x, _mm256_madd_epi16(d, load32(&slope[0][8 * i])));
            y = _mm256_add_epi32(y, _mm256_madd_epi16(d, load32(&slope[1][8 * i])));
            sum = _mm256_add_epi16(sum, d);
        }
        quarter[half] = _mm256_madd_epi16(sum, one);
    }
    __m128i sums = _mm_hadd_epi32(fold_epi32(quarter[0]), fold_epi32(quarter[1]));
    __m128i low = _mm_hadd_epi32(fold_epi32(square), fold_epi32(x));
    __m128i high = _mm_hadd_epi32(fold_epi32(y), _mm_mullo_epi32(sums, sums));
    _mm_storeu_si128((__m128i *)out, _mm_hadd_epi32(low, high));
}

/* ---- average ---- */

static void pull(int16_t *sum, const pixel *cur, ptrdiff_t stride, const pixel *pred, int height,
                 int weight, int reach)
{
    const __m256i most = _mm256_set1_epi16(255);
    const __m256i w = _mm256_set1_epi16((int16_t)weight), r = _mm256_set1_epi16((int16_t)reach);
    for (int y = 0; y < height; y += 2, cur += 2 * stride, pred += 16, sum += 16) {
        __m256i d =
            _mm256_sub_epi16(_mm256_cvtepu8_epi16(load16(pred)), load8_wide_x2(cur, cur + stride));
        __m256i a = _mm256_abs_epi16(d);
        __m256i u = _mm256_min_epu16(_mm256_mulhi_epu16(_mm256_slli_epi16(a, 8), r), most);
        __m256i v = _mm256_sub_epi16(most, _mm256_srli_epi16(_mm256_mullo_epi16(u, u), 8));
        __m256i part = _mm256_mulhi_epu16(_mm256_mullo_epi16(v, v), _mm256_mullo_epi16(a, w));
        store32(sum, _mm256_add_epi16(load32(sum), _mm256_sign_epi16(part, d)));
    }
}

AVO_TARGET_END

void AVO_BPC(avo_temporal_init_avx2)(AvoDsp *dsp)
{
    dsp->sixteenth = sixteenth;
    dsp->mismatch = mismatch;
    dsp->pull = pull;
}

#else

void AVO_BPC(avo_temporal_init_avx2)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
