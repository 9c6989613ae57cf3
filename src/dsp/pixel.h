/* The sample and coefficient types of the bit depth being compiled, and the name suffix that
 * keeps the depths apart. Only files that touch samples include this; today the one depth is 8. */
#ifndef AVO_DSP_PIXEL_H
#define AVO_DSP_PIXEL_H

#include <stdint.h>

#ifndef AVO_BIT_DEPTH
#define AVO_BIT_DEPTH 8
#endif

#if AVO_BIT_DEPTH == 8
typedef uint8_t pixel;
typedef int16_t coef; /* transform coefficients and quantised levels */
#define AVO_BPC(name) name##_8
#else
#error "bit depth not supported yet"
#endif

#define AVO_PIXEL_MAX ((1 << AVO_BIT_DEPTH) - 1)

static inline pixel avo_clip_pixel(int v)
{
    return (pixel)(v < 0 ? 0 : v > AVO_PIXEL_MAX ? AVO_PIXEL_MAX : v);
}

#endif
