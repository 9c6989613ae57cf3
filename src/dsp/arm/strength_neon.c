/* Strengths of the loop filter's edges, NEON: the 16 blocks q of a macroblock, raster, against the
 * blocks p beside them, which are q moved by one block with the neighbour's last line moved in. So
 * every edge of a direction, border and inside, comes out of one comparison. */
#include "dsp/arm/arm.h"

#ifdef AVO_ARM64

/* The 16 vectors of a list, one row of blocks per register. */
typedef struct Vectors {
    int16x8_t row[4];
} Vectors;

AVO_INLINE Vectors load_vectors(const AvoEdgeMotion *m, int list)
{
    Vectors v;
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        v.row[i] = vld1q_s16(m->mv + 32 * list + 8 * i);
    return v;
}

/* Blocks to the left: of each row, the neighbour's last and the first three. */
AVO_INLINE Vectors move_right(const Vectors *q, const AvoEdgeMotion *left, int list)
{
    Vectors v;
    AVO_UNROLL
    for (int i = 0; i < 4; i++)
        v.row[i] = vextq_s16(vld1q_s16(left->mv + 32 * list + 8 * i), q->row[i], 6);
    return v;
}

AVO_INLINE Vectors move_down(const Vectors *q, const AvoEdgeMotion *above, int list)
{
    Vectors v = {{vld1q_s16(above->mv + 32 * list + 24), q->row[0], q->row[1], q->row[2]}};
    return v;
}

/* Differences of two rows, saturated, below 4 in both components: 0xff per block. */
AVO_INLINE uint8x8_t near_rows(const Vectors *p, const Vectors *q, int i)
{
    int8x16_t d = vcombine_s8(vqmovn_s16(vqsubq_s16(q->row[i], p->row[i])),
                              vqmovn_s16(vqsubq_s16(q->row[i + 1], p->row[i + 1])));
    uint8x16_t beyond = vcgtq_u8(vreinterpretq_u8_s8(vqabsq_s8(d)), vdupq_n_u8(3));
    return vmovn_u16(vceqq_u16(vreinterpretq_u16_u8(beyond), vdupq_n_u16(0)));
}

/* 0xff per block whose vectors are close. */
AVO_INLINE uint8x16_t are_near(const Vectors *p, const Vectors *q)
{
    return vcombine_u8(near_rows(p, q, 0), near_rows(p, q, 2));
}

/* Everything of one direction's p or q blocks, a byte per block but for vectors. */
typedef struct Side {
    Vectors mv[2];
    uint8x16_t picture[2], coded;
} Side;

AVO_INLINE uint8x16_t load_coded(const AvoEdgeMotion *m)
{
    uint8x16_t v = vld1q_u8(m->levels);
    if (m->whole_8x8) {
        v = vorrq_u8(v, vreinterpretq_u8_u32(vrev64q_u32(vreinterpretq_u32_u8(v))));
        v = vorrq_u8(v, vrev16q_u8(v));
    }
    return v;
}

/* [4 pictures of the macroblock, 4 of the one to the left, 4 of the one above]. */
AVO_INLINE uint8x16_t load_pictures(const AvoEdgeMotion block[3], int list)
{
    uint32x4_t v = vdupq_n_u32(load_u32(block[0].picture + 4 * list));
    v = vsetq_lane_u32(load_u32(block[1].picture + 4 * list), v, 1);
    return vreinterpretq_u8_u32(vsetq_lane_u32(load_u32(block[2].picture + 4 * list), v, 2));
}

AVO_INLINE uint8x16_t find_strengths(const Side *p, const Side *q, int lists)
{
    uint8x16_t same =
        vandq_u8(vceqq_u8(p->picture[0], q->picture[0]), are_near(&p->mv[0], &q->mv[0]));
    if (lists == 2) {
        uint8x16_t crossed = vandq_u8(vceqq_u8(p->picture[0], q->picture[1]),
                                      vceqq_u8(p->picture[1], q->picture[0]));
        same = vandq_u8(same, vceqq_u8(p->picture[1], q->picture[1]));
        same = vandq_u8(same, are_near(&p->mv[1], &q->mv[1]));
        crossed = vandq_u8(crossed, are_near(&p->mv[0], &q->mv[1]));
        crossed = vandq_u8(crossed, are_near(&p->mv[1], &q->mv[0]));
        same = vorrq_u8(same, crossed);
    }
    const uint8x16_t one = vdupq_n_u8(1);
    uint8x16_t coded = vminq_u8(vorrq_u8(p->coded, q->coded), one);
    return vmaxq_u8(vaddq_u8(coded, coded), vbicq_u8(one, same));
}

AVO_INLINE void strengths_of(int8_t bs[2][4][4], const AvoEdgeMotion block[3], int lists)
{
    static const uint8_t here[16] = {0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3};
    static const uint8_t left[16] = {5, 0, 0, 1, 5, 0, 0, 1, 7, 2, 2, 3, 7, 2, 2, 3};
    static const uint8_t above[16] = {10, 10, 11, 11, 0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3};
    static const uint8_t columns[16] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
    Side q, v, h;
    AVO_UNROLL
    for (int list = 0; list < lists; list++) {
        uint8x16_t pictures = load_pictures(block, list);
        q.mv[list] = load_vectors(&block[0], list);
        v.mv[list] = move_right(&q.mv[list], &block[1], list);
        h.mv[list] = move_down(&q.mv[list], &block[2], list);
        q.picture[list] = vqtbl1q_u8(pictures, vld1q_u8(here));
        v.picture[list] = vqtbl1q_u8(pictures, vld1q_u8(left));
        h.picture[list] = vqtbl1q_u8(pictures, vld1q_u8(above));
    }
    q.coded = load_coded(&block[0]);
    v.coded = vreinterpretq_u8_u32(
        vorrq_u32(vshlq_n_u32(vreinterpretq_u32_u8(q.coded), 8),
                  vshrq_n_u32(vreinterpretq_u32_u8(load_coded(&block[1])), 24)));
    h.coded = vextq_u8(load_coded(&block[2]), q.coded, 12);
    uint8x16_t vertical = vqtbl1q_u8(find_strengths(&v, &q, lists), vld1q_u8(columns));
    vst1q_u8((uint8_t *)bs[0], vertical);
    vst1q_u8((uint8_t *)bs[1], find_strengths(&h, &q, lists));
}

static void edge_strengths(int8_t bs[2][4][4], const AvoEdgeMotion block[3], int lists)
{
    if (lists == 1)
        strengths_of(bs, block, 1);
    else
        strengths_of(bs, block, 2);
}

void AVO_BPC(avo_strength_init_neon)(AvoDsp *dsp)
{
    dsp->edge_strengths = edge_strengths;
}

#else

void AVO_BPC(avo_strength_init_neon)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
