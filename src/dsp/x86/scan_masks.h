/* pshufb masks of the 8x8 zig-zag, shared by the SSE4.1 and AVX2 scans.
 *
 * The scan has a symmetry: position 63 - k holds raster index 63 - zigzag[k]. So output
 * registers i and 7 - i (8 positions each) are fetched from rows r and 7 - r by mirrored masks,
 * which come here as pairs: the first for output i from row r, the second for output 7 - i from
 * row 7 - r. */
#ifndef AVO_DSP_X86_SCAN_MASKS_H
#define AVO_DSP_X86_SCAN_MASKS_H

#include <stdint.h>
#include "base/util.h"

/* A 16-bit lane by number, or nothing. */
#define LANE(i) 2 * (i), 2 * (i) + 1
#define NO_LANE 0x80, 0x80

static const AVO_ALIGN(32) uint8_t scan_8x8_masks[18][2][16] = {
    /* output 0 from rows 0, 1, 2 (and 7 from 7, 6, 5) */
    {{LANE(0), LANE(1), NO_LANE, NO_LANE, NO_LANE, LANE(2), LANE(3), NO_LANE},
     {NO_LANE, LANE(4), LANE(5), NO_LANE, NO_LANE, NO_LANE, LANE(6), LANE(7)}},
    {{NO_LANE, NO_LANE, LANE(0), NO_LANE, LANE(1), NO_LANE, NO_LANE, LANE(2)},
     {LANE(5), NO_LANE, NO_LANE, LANE(6), NO_LANE, LANE(7), NO_LANE, NO_LANE}},
    {{NO_LANE, NO_LANE, NO_LANE, LANE(0), NO_LANE, NO_LANE, NO_LANE, NO_LANE},
     {NO_LANE, NO_LANE, NO_LANE, NO_LANE, LANE(7), NO_LANE, NO_LANE, NO_LANE}},
    /* output 1 from rows 0, 1, 2, 3, 4 */
    {{NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, LANE(4), LANE(5)},
     {LANE(2), LANE(3), NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE}},
    {{NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, LANE(3), NO_LANE, NO_LANE},
     {NO_LANE, NO_LANE, LANE(4), NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE}},
    {{LANE(1), NO_LANE, NO_LANE, NO_LANE, LANE(2), NO_LANE, NO_LANE, NO_LANE},
     {NO_LANE, NO_LANE, NO_LANE, LANE(5), NO_LANE, NO_LANE, NO_LANE, LANE(6)}},
    {{NO_LANE, LANE(0), NO_LANE, LANE(1), NO_LANE, NO_LANE, NO_LANE, NO_LANE},
     {NO_LANE, NO_LANE, NO_LANE, NO_LANE, LANE(6), NO_LANE, LANE(7), NO_LANE}},
    {{NO_LANE, NO_LANE, LANE(0), NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE},
     {NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, LANE(7), NO_LANE, NO_LANE}},
    /* output 2 from rows 1, 2, 3, 4, 5, 6 */
    {{LANE(4), NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE},
     {NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, LANE(3)}},
    {{NO_LANE, LANE(3), NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE},
     {NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, LANE(4), NO_LANE}},
    {{NO_LANE, NO_LANE, LANE(2), NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE},
     {NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, LANE(5), NO_LANE, NO_LANE}},
    {{NO_LANE, NO_LANE, NO_LANE, LANE(1), NO_LANE, NO_LANE, NO_LANE, LANE(2)},
     {LANE(5), NO_LANE, NO_LANE, NO_LANE, LANE(6), NO_LANE, NO_LANE, NO_LANE}},
    {{NO_LANE, NO_LANE, NO_LANE, NO_LANE, LANE(0), NO_LANE, LANE(1), NO_LANE},
     {NO_LANE, LANE(6), NO_LANE, LANE(7), NO_LANE, NO_LANE, NO_LANE, NO_LANE}},
    {{NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, LANE(0), NO_LANE, NO_LANE},
     {NO_LANE, NO_LANE, LANE(7), NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE}},
    /* output 3 from rows 0, 1, 2, 3 */
    {{NO_LANE, NO_LANE, NO_LANE, LANE(6), LANE(7), NO_LANE, NO_LANE, NO_LANE},
     {NO_LANE, NO_LANE, NO_LANE, LANE(0), LANE(1), NO_LANE, NO_LANE, NO_LANE}},
    {{NO_LANE, NO_LANE, LANE(5), NO_LANE, NO_LANE, LANE(6), NO_LANE, NO_LANE},
     {NO_LANE, NO_LANE, LANE(1), NO_LANE, NO_LANE, LANE(2), NO_LANE, NO_LANE}},
    {{NO_LANE, LANE(4), NO_LANE, NO_LANE, NO_LANE, NO_LANE, LANE(5), NO_LANE},
     {NO_LANE, LANE(2), NO_LANE, NO_LANE, NO_LANE, NO_LANE, LANE(3), NO_LANE}},
    {{LANE(3), NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, LANE(4)},
     {LANE(3), NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE, LANE(4)}},
};

#undef LANE
#undef NO_LANE

#endif
