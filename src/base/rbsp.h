/* Emulation prevention of byte streams, taken out: NAL unit bytes to RBSP bytes (7.3.1). The other
 * way round is part of writing units, see h264/nal.h. */
#ifndef AVO_BASE_RBSP_H
#define AVO_BASE_RBSP_H

#include "base/util.h"

/* Copies bytes without each 03 that follows two zeros, until either end is reached; data starts
 * behind the unit's header. Returns how many came out. out may be data itself. */
size_t avo_rbsp_unescape(uint8_t *out, size_t out_size, const uint8_t *data, size_t size);

#endif
