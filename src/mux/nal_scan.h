/* What containers need of NAL units beyond avocet_nal_next():
 * their types, and start codes in a stream. */
#ifndef AVO_MUX_NAL_SCAN_H
#define AVO_MUX_NAL_SCAN_H

#include <stddef.h>
#include <stdint.h>

enum {
    AVO_UNIT_SLICE = 1,
    AVO_UNIT_PARTITION_A = 2,
    AVO_UNIT_PARTITION_C = 4,
    AVO_UNIT_IDR = 5,
    AVO_UNIT_SEI = 6,
    AVO_UNIT_SPS = 7,
    AVO_UNIT_PPS = 8,
    AVO_UNIT_AUD = 9,
    AVO_UNIT_PREFIX = 14,
    AVO_UNIT_RESERVED_18 = 18
};

/* Position of the next 00 00 01 at or after `from`; size if there is none. */
size_t avo_scan_start_code(const uint8_t *p, size_t size, size_t from);

#endif
