/* Costs of all intra modes of a block, AVX2: four 4x4 or two 8x8 blocks per register. The
 * predictors themselves gain nothing from wider registers. */
#include "dsp/x86/x86.h"

#ifdef AVO_X86

#include "dsp/x86/hadamard_avx2.h"
#include "dsp/x86/intra_modes_4x4.h"
#include "dsp/x86/intra_rows_sse41.h"
#include "dsp/x86/intra_straight_8x8.h"

AVO_TARGET_AVX2

AVO_INLINE __m256i join(__m128i lower, __m128i upper)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(lower), upper, 1);
}

/* First horizontal butterfly of 8 samples per half, each half doubled before. */
AVO_INLINE __m256i first_butterfly(__m256i doubled)
{
    const __m256i weights = _mm256_set_epi8(-1, 1, -1, 1, -1, 1, -1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1,
                                            1, -1, 1, -1, 1, -1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    return _mm256_maddubs_epi16(doubled, weights);
}

/* ---- 4x4 ---- */

/* Blocks [a | b] and [c | d], 16 samples each, against cur: SATDs [a b c d]. cur[y] has row y
 * doubled and transformed in each half, twice. */
AVO_INLINE __m128i satd_four(const __m256i cur[4], __m256i ab, __m256i cd)
{
    __m256i r01 = _mm256_unpacklo_epi32(ab, cd), r23 = _mm256_unpackhi_epi32(ab, cd), v[4];
    v[0] = first_butterfly(_mm256_unpacklo_epi64(r01, r01));
    v[1] = first_butterfly(_mm256_unpackhi_epi64(r01, r01));
    v[2] = first_butterfly(_mm256_unpacklo_epi64(r23, r23));
    v[3] = first_butterfly(_mm256_unpackhi_epi64(r23, r23));
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        v[y] = _mm256_sub_epi16(cur[y], v[y]);
    butterfly_4_avx2(v);
    __m256i sums =
        _mm256_add_epi16(_mm256_add_epi16(max_abs_pairs_avx2(v[0]), max_abs_pairs_avx2(v[1])),
                         _mm256_add_epi16(max_abs_pairs_avx2(v[2]), max_abs_pairs_avx2(v[3])));
    sums = _mm256_madd_epi16(sums, _mm256_set1_epi32(1)); /* [a c a c | b d b d] */
    sums = _mm256_add_epi32(sums, _mm256_srli_si256(sums, 8));
    return _mm_unpacklo_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
}

/* Modes `first` and the one after it, from one line each (see intra_modes_4x4.h). */
AVO_INLINE __m256i two_blocks(__m256i line, int first)
{
    return _mm256_shuffle_epi8(line, load32(avo_intra_4x4_masks[first]));
}

AVO_INLINE __m256i two_blocks_mixed(__m256i taps3, __m256i taps2, int first)
{
    return _mm256_or_si256(
        two_blocks(taps3, first),
        _mm256_shuffle_epi8(taps2, load32(avo_intra_4x4_masks2[first - AVO_I4_VR])));
}

static void intra_satd_x9_4x4(const pixel *cur, const pixel *edge, int out[9])
{
    IntraLines4x4 lines = intra_lines_4x4(edge);
    __m256i samples = _mm256_broadcastsi128_si256(lines.samples);
    __m256i taps3 = _mm256_broadcastsi128_si256(lines.taps3);
    __m256i taps2 = _mm256_broadcastsi128_si256(lines.taps2);
    int dc = (sum_n(edge - 4, 4) + sum_n(edge + 1, 4) + 4) >> 3;
    __m256i c[4], block_dc = _mm256_set1_epi8((char)dc);
    AVO_UNROLL
    for (int y = 0; y < 4; y++)
        c[y] = first_butterfly(_mm256_set1_epi32((int)avo_load_u32(cur + y * AVO_CUR_STRIDE)));

    __m128i costs = satd_four(c, two_blocks(samples, AVO_I4_V), two_blocks(taps3, AVO_I4_DDL));
    store8(out + AVO_I4_V, costs);
    out[AVO_I4_DC] = _mm_cvtsi128_si32(satd_four(c, block_dc, block_dc));
    store8_high(out + AVO_I4_DDL, costs);
    store16(out + AVO_I4_VR, satd_four(c, two_blocks_mixed(taps3, taps2, AVO_I4_VR),
                                       two_blocks_mixed(taps3, taps2, AVO_I4_VL)));
}

/* ---- 8x8 ---- */

/* Half of the sums of absolutes of two predictions, one per half. */
AVO_INLINE __m256i sa8d_two(const __m256i cur[8], const __m128i a[8], const __m128i b[8])
{
    __m256i v[8];
    AVO_UNROLL
    for (int y = 0; y < 8; y++) {
        __m256i rows = join(a[y], b[y]);
        v[y] = _mm256_sub_epi16(cur[y], first_butterfly(_mm256_unpacklo_epi64(rows, rows)));
    }
    hadamard_4_of_8_avx2(v);
    return abs_sum_8x8_avx2(v);
}

static void intra_sa8d_x9_8x8(const pixel *cur, const pixel *edge, int out[9])
{
    __m256i c[8], sum[3];
    __m128i a[8], b[8];
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        c[y] = first_butterfly(_mm256_broadcastq_epi64(load8(cur + y * AVO_CUR_STRIDE)));
#define SUM(i, name_a, name_b)                                                                     \
    rows_##name_a(a, edge, 8);                                                                     \
    rows_##name_b(b, edge, 8);                                                                     \
    sum[i] = sa8d_two(c, a, b);
    SUM(0, ddl, hd)
    SUM(1, ddr, vl)
    SUM(2, vr, hu)
#undef SUM
    __m256i costs =
        _mm256_hadd_epi32(_mm256_hadd_epi32(sum[0], sum[1]), _mm256_hadd_epi32(sum[2], sum[2]));
    costs = _mm256_srli_epi32(_mm256_add_epi32(costs, _mm256_set1_epi32(1)), 1);
    __m128i upper = _mm256_extracti128_si256(costs, 1);
    store16(out + AVO_I4_DDL, _mm256_castsi256_si128(costs)); /* and HD, which follows */
    store8(out + AVO_I4_HD, upper);
    out[AVO_I4_HU] = _mm_extract_epi32(upper, 2);
    AVO_UNROLL
    for (int y = 0; y < 8; y++)
        a[y] = _mm256_castsi256_si128(c[y]);
    sa8d_straight_8x8(a, edge, out);
}

AVO_TARGET_END

void AVO_BPC(avo_intra_init_avx2)(AvoDsp *dsp)
{
    dsp->intra_satd_x9_4x4 = intra_satd_x9_4x4;
    dsp->intra_sa8d_x9_8x8 = intra_sa8d_x9_8x8;
}

#else

void AVO_BPC(avo_intra_init_avx2)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
