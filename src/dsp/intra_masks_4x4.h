/* The nine 4x4 intra modes as byte shuffles, for the vector kernels that cost all of them at once.
 *
 * Three lines along the edge hold everything a mode can need; byte k belongs to line index
 * k - 4 (see dsp.h): the samples, their 3-tap and their 2-tap averages. A block, 16 bytes, is a
 * shuffle of one line, or of the last two combined. */
#ifndef AVO_DSP_INTRA_MASKS_4X4_H
#define AVO_DSP_INTRA_MASKS_4X4_H

#include <stdint.h>
#include "base/util.h"

#define NONE 0x80

/* By mode: V and H from the samples, DDL and after from the 3-tap line. */
static const AVO_ALIGN(16) uint8_t avo_intra_4x4_masks[9][16] = {
    {5, 6, 7, 8, 5, 6, 7, 8, 5, 6, 7, 8, 5, 6, 7, 8},                      /* V */
    {3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0},                      /* H */
    {0},                                                                   /* DC: not from here */
    {6, 7, 8, 9, 7, 8, 9, 10, 8, 9, 10, 11, 9, 10, 11, 12},                /* DDL */
    {4, 5, 6, 7, 3, 4, 5, 6, 2, 3, 4, 5, 1, 2, 3, 4},                      /* DDR */
    {NONE, NONE, NONE, NONE, 4, 5, 6, 7, 3, NONE, NONE, NONE, 2, 4, 5, 6}, /* VR */
    {NONE, 4, 5, 6, NONE, 3, NONE, 4, NONE, 2, NONE, 3, NONE, 1, NONE, 2}, /* HD */
    {NONE, NONE, NONE, NONE, 6, 7, 8, 9, NONE, NONE, NONE, NONE, 7, 8, 9, 10}, /* VL */
    {NONE, 2, NONE, 1, NONE, 1, NONE, 0, NONE, 0, 15, 15, 15, 15, 15, 15},     /* HU */
};

/* VR, HD, VL, HU: what comes from the 2-tap line. */
static const AVO_ALIGN(16) uint8_t avo_intra_4x4_masks2[4][16] = {
    {4, 5, 6, 7, NONE, NONE, NONE, NONE, NONE, 4, 5, 6, NONE, NONE, NONE, NONE},       /* VR */
    {3, NONE, NONE, NONE, 2, NONE, 3, NONE, 1, NONE, 2, NONE, 0, NONE, 1, NONE},       /* HD */
    {5, 6, 7, 8, NONE, NONE, NONE, NONE, 6, 7, 8, 9, NONE, NONE, NONE, NONE},          /* VL */
    {2, NONE, 1, NONE, 1, NONE, 0, NONE, 0, NONE, NONE, NONE, NONE, NONE, NONE, NONE}, /* HU */
};

#undef NONE

#endif
