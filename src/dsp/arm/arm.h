/* What every NEON kernel file needs. Advanced SIMD is part of AArch64, so nothing has to be
 * switched on; on other machines the files compile to an init function that does nothing. */
#ifndef AVO_DSP_ARM_ARM_H
#define AVO_DSP_ARM_ARM_H

#include "dsp/dsp_internal.h"

#if AVO_BIT_DEPTH == 8 && (defined(__aarch64__) || defined(_M_ARM64)) && !defined(__AARCH64EB__)
#define AVO_ARM64 1

#include <arm_neon.h>

/* ---- loads and stores of 4 bytes ---- */

AVO_INLINE uint32_t load_u32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

AVO_INLINE void store_u32(void *p, uint32_t v)
{
    memcpy(p, &v, sizeof(v));
}

/* 4 samples, zeros above. */
AVO_INLINE uint8x8_t load4(const pixel *p)
{
    return vreinterpret_u8_u32(vset_lane_u32(load_u32(p), vdup_n_u32(0), 0));
}

/* Two rows of 4 samples. */
AVO_INLINE uint8x8_t load4x2(const pixel *p, ptrdiff_t stride)
{
    return vreinterpret_u8_u32(
        vset_lane_u32(load_u32(p + stride), vreinterpret_u32_u8(load4(p)), 1));
}

AVO_INLINE void store4(pixel *p, uint8x8_t v)
{
    store_u32(p, vget_lane_u32(vreinterpret_u32_u8(v), 0));
}

AVO_INLINE void store4_high(pixel *p, uint8x8_t v)
{
    store_u32(p, vget_lane_u32(vreinterpret_u32_u8(v), 1));
}

AVO_INLINE int16x8_t to_s16(uint8x8_t v)
{
    return vreinterpretq_s16_u16(vmovl_u8(v));
}

/* a - b, widened. */
AVO_INLINE int16x8_t diff_u8(uint8x8_t a, uint8x8_t b)
{
    return vreinterpretq_s16_u16(vsubl_u8(a, b));
}

#endif
#endif
