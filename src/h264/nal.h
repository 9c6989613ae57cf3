/* NAL units (7.3.1, Annex B): their types, and writing them with header, start code or length, and
 * emulation prevention. Reading: avocet_nal_next() and base/rbsp.h; the decoder, whose input may be
 * cut anywhere, cuts units itself. */
#ifndef AVO_H264_NAL_H
#define AVO_H264_NAL_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

enum {
    AVO_NAL_SLICE = 1,
    AVO_NAL_IDR = 5,
    AVO_NAL_SEI = 6,
    AVO_NAL_SPS = 7,
    AVO_NAL_PPS = 8,
    AVO_NAL_AUD = 9,
    AVO_NAL_END_SEQ = 10,
    AVO_NAL_END_STREAM = 11,
    AVO_NAL_FILLER = 12
};

/* Appends one NAL (Annex B: 4-byte start code when long_start, else 3; or a 4-byte big-endian
 * length) with the RBSP escaped. Returns bytes written, 0 if out is too small. */
size_t avo_nal_write(uint8_t *out, size_t out_size, bool annexb, bool long_start, int nal_ref_idc,
                     int nal_unit_type, const uint8_t *rbsp, size_t rbsp_size);
/* Worst size of the above for an RBSP of n bytes. */
size_t avo_nal_bound(size_t n);

#endif
