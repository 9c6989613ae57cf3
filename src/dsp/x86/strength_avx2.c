/* Strengths of the loop filter's edges, AVX2: see strength_sse41.c; two rows of vectors per
 * register. */
#include "dsp/x86/x86.h"

#ifdef AVO_X86

AVO_TARGET_AVX2

/* The 16 vectors of a list: rows [0 | 1] and [2 | 3]. */
typedef struct Vectors {
    __m256i row[2];
} Vectors;

AVO_INLINE Vectors load_vectors(const AvoEdgeMotion *m, int list)
{
    const int16_t *mv = m->mv + 32 * list;
    return (Vectors){{load32(mv), load32(mv + 16)}};
}

/* Blocks to the left: of each row, the neighbour's last and the first three. */
AVO_INLINE Vectors move_right(const Vectors *q, const AvoEdgeMotion *left, int list)
{
    Vectors p = load_vectors(left, list);
    return (Vectors){
        {_mm256_alignr_epi8(q->row[0], p.row[0], 12), _mm256_alignr_epi8(q->row[1], p.row[1], 12)}};
}

AVO_INLINE Vectors move_down(const AvoEdgeMotion *here, const AvoEdgeMotion *above, int list)
{
    const int16_t *mv = here->mv + 32 * list;
    return (Vectors){{load16x2(above->mv + 32 * list + 24, mv), load32(mv + 8)}};
}

/* 0xff per block whose vectors, differences saturated, are less than 4 apart in both components. */
AVO_INLINE __m128i are_near(const Vectors *p, const Vectors *q)
{
    __m256i d = _mm256_packs_epi16(_mm256_subs_epi16(q->row[0], p->row[0]),
                                   _mm256_subs_epi16(q->row[1], p->row[1]));
    __m256i beyond = _mm256_subs_epu8(_mm256_add_epi8(d, _mm256_set1_epi8(3)), _mm256_set1_epi8(6));
    __m256i close = _mm256_cmpeq_epi16(beyond, _mm256_setzero_si256()); /* [0, 2 | 1, 3] */
    __m128i blocks =
        _mm_packs_epi16(_mm256_castsi256_si128(close), _mm256_extracti128_si256(close, 1));
    return _mm_shuffle_epi32(blocks, _MM_SHUFFLE(3, 1, 2, 0));
}

/* Everything of one direction's p or q blocks, a byte per block but for vectors. */
typedef struct Side {
    Vectors mv[2];
    __m128i picture[2], coded;
} Side;

AVO_INLINE __m128i load_coded(const AvoEdgeMotion *m)
{
    __m128i v = load16(m->levels);
    if (m->whole_8x8) {
        v = _mm_or_si128(v, _mm_shuffle_epi32(v, _MM_SHUFFLE(2, 3, 0, 1)));
        v = _mm_or_si128(v, _mm_or_si128(_mm_slli_epi16(v, 8), _mm_srli_epi16(v, 8)));
    }
    return v;
}

/* Per block, from [4 pictures of the macroblock, 4 of the one to the left, 4 of the one above]. */
AVO_INLINE __m128i load_pictures(const AvoEdgeMotion block[3], int list)
{
    __m128i v = load4(block[0].picture + 4 * list);
    v = _mm_insert_epi32(v, (int)avo_load_u32(block[1].picture + 4 * list), 1);
    return _mm_insert_epi32(v, (int)avo_load_u32(block[2].picture + 4 * list), 2);
}

AVO_INLINE __m128i find_strengths(const Side *p, const Side *q, int lists)
{
    __m128i same =
        _mm_and_si128(_mm_cmpeq_epi8(p->picture[0], q->picture[0]), are_near(&p->mv[0], &q->mv[0]));
    if (lists == 2) {
        __m128i crossed = _mm_and_si128(_mm_cmpeq_epi8(p->picture[0], q->picture[1]),
                                        _mm_cmpeq_epi8(p->picture[1], q->picture[0]));
        same = _mm_and_si128(same, _mm_cmpeq_epi8(p->picture[1], q->picture[1]));
        same = _mm_and_si128(same, are_near(&p->mv[1], &q->mv[1]));
        crossed = _mm_and_si128(crossed, are_near(&p->mv[0], &q->mv[1]));
        crossed = _mm_and_si128(crossed, are_near(&p->mv[1], &q->mv[0]));
        same = _mm_or_si128(same, crossed);
    }
    const __m128i one = _mm_set1_epi8(1);
    __m128i coded = _mm_min_epu8(_mm_or_si128(p->coded, q->coded), one);
    return _mm_max_epu8(_mm_add_epi8(coded, coded), _mm_andnot_si128(same, one));
}

AVO_INLINE void strengths_of(int8_t bs[2][4][4], const AvoEdgeMotion block[3], int lists)
{
    const __m128i here = _mm_set_epi8(3, 3, 2, 2, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1, 0, 0);
    const __m128i left = _mm_set_epi8(3, 2, 2, 7, 3, 2, 2, 7, 1, 0, 0, 5, 1, 0, 0, 5);
    const __m128i above = _mm_set_epi8(3, 3, 2, 2, 1, 1, 0, 0, 1, 1, 0, 0, 11, 11, 10, 10);
    const __m128i columns = _mm_set_epi8(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
    Side q, v, h;
    AVO_UNROLL
    for (int list = 0; list < lists; list++) {
        __m128i pictures = load_pictures(block, list);
        q.mv[list] = load_vectors(&block[0], list);
        v.mv[list] = move_right(&q.mv[list], &block[1], list);
        h.mv[list] = move_down(&block[0], &block[2], list);
        q.picture[list] = _mm_shuffle_epi8(pictures, here);
        v.picture[list] = _mm_shuffle_epi8(pictures, left);
        h.picture[list] = _mm_shuffle_epi8(pictures, above);
    }
    q.coded = load_coded(&block[0]);
    v.coded = _mm_or_si128(_mm_slli_epi32(q.coded, 8), _mm_srli_epi32(load_coded(&block[1]), 24));
    h.coded = _mm_alignr_epi8(q.coded, load_coded(&block[2]), 12);
    store16(bs[0], _mm_shuffle_epi8(find_strengths(&v, &q, lists), columns));
    store16(bs[1], find_strengths(&h, &q, lists));
}

static void edge_strengths(int8_t bs[2][4][4], const AvoEdgeMotion block[3], int lists)
{
    if (lists == 1)
        strengths_of(bs, block, 1);
    else
        strengths_of(bs, block, 2);
}

AVO_TARGET_END

void AVO_BPC(avo_strength_init_avx2)(AvoDsp *dsp)
{
    dsp->edge_strengths = edge_strengths;
}

#else

void AVO_BPC(avo_strength_init_avx2)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
