/* See intra_modes.h: 8.3.1.2, 8.3.2.2, 8.3.3, 8.3.4. */
#include "h264/intra_modes.h"

enum { ALL = AVO_EDGE_TOP | AVO_EDGE_LEFT | AVO_EDGE_CORNER };

const uint8_t avo_i4_needs[9] = {
    [AVO_I4_V] = AVO_EDGE_TOP,   [AVO_I4_H] = AVO_EDGE_LEFT, [AVO_I4_DC] = 0,
    [AVO_I4_DDL] = AVO_EDGE_TOP, [AVO_I4_DDR] = ALL,         [AVO_I4_VR] = ALL,
    [AVO_I4_HD] = ALL,           [AVO_I4_VL] = AVO_EDGE_TOP, [AVO_I4_HU] = AVO_EDGE_LEFT,
};
const uint8_t avo_i16_needs[4] = {[AVO_I16_V] = AVO_EDGE_TOP,
                                  [AVO_I16_H] = AVO_EDGE_LEFT,
                                  [AVO_I16_DC] = 0,
                                  [AVO_I16_PLANE] = ALL};
const uint8_t avo_chroma_needs[4] = {
    [AVO_IC_DC] = 0, [AVO_IC_H] = AVO_EDGE_LEFT, [AVO_IC_V] = AVO_EDGE_TOP, [AVO_IC_PLANE] = ALL};
