/* What blocks of the lookahead pass on, NEON: four at a time, two per division. */
#include "dsp/arm/arm.h"
#include "dsp/heritage_row.h"

#ifdef AVO_ARM64

AVO_INLINE uint32x2_t divide_2(uint32x2_t a, uint32x2_t b)
{
    float64x2_t quotient = vdivq_f64(vcvtq_f64_u64(vmovl_u32(a)), vcvtq_f64_u64(vmovl_u32(b)));
    return vmovn_u64(vcvtq_u64_f64(quotient));
}

/* a / b of four blocks, rounded down. */
AVO_INLINE uint32x4_t divide(uint32x4_t a, uint32x4_t b)
{
    return vcombine_u32(divide_2(vget_low_u32(a), vget_low_u32(b)),
                        divide_2(vget_high_u32(a), vget_high_u32(b)));
}

/* a * b >> shift, products of 64 bits, results of 32. */
AVO_INLINE uint32x4_t multiply(uint32x4_t a, uint32x4_t b, int shift)
{
    int64x2_t right = vdupq_n_s64(-shift);
    uint64x2_t low = vshlq_u64(vmull_u32(vget_low_u32(a), vget_low_u32(b)), right);
    uint64x2_t high = vshlq_u64(vmull_u32(vget_high_u32(a), vget_high_u32(b)), right);
    return vcombine_u32(vmovn_u64(low), vmovn_u64(high));
}

AVO_INLINE void heritage_4(uint32_t *amount, const AvoHeritage *of, int at)
{
    uint32x4_t blocks = vmovl_u16(vld1_u16(of->blocks + at));
    uint32x4_t intra = vmovl_u16(vld1_u16(of->intra + at));
    uint32x4_t lists = vshrq_n_u32(blocks, AVO_HERITAGE_LIST);
    uint32x4_t inter = vqsubq_u32(vandq_u32(blocks, vdupq_n_u32(AVO_HERITAGE_COST)),
                                  vdupq_n_u32((uint32_t)of->swallowed));
    uint32x4_t saved = vandq_u32(vqsubq_u32(intra, inter), vtstq_u32(lists, lists));

    intra = vmaxq_u32(intra, vdupq_n_u32(1));
    uint32x4_t share = divide(vshlq_n_u32(saved, 16), intra);
    uint32x4_t cost = vmulq_u32(intra, vmovl_u16(vld1_u16(of->weight + at)));
    uint32x4_t own = multiply(cost, vdupq_n_u32((uint32_t)of->duration_q8), 12);
    uint32x4_t total = vaddq_u32(vaddq_u32(own, vdupq_n_u32(1)), vld1q_u32(of->inherited + at));
    uint32x4_t all = multiply(total, share, 16 + of->shift);
    uint32x4_t is_pair = vceqq_u32(lists, vdupq_n_u32(3));
    vst1q_u32(amount + at, vbslq_u32(is_pair, vshrq_n_u32(all, 1), all));
}

AVO_HERITAGE_ROW(heritage_4, 4)

void AVO_BPC(avo_heritage_init_neon)(AvoDsp *dsp)
{
    dsp->heritage = heritage;
}

#else

void AVO_BPC(avo_heritage_init_neon)(AvoDsp *dsp)
{
    (void)dsp;
}

#endif
