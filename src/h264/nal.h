/* NAL units (7.3.1, Annex B): headers, start codes, emulation prevention both ways. */
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
/* Next NAL of an Annex B buffer at or after *pos: start and size of its bytes (header included,
 * trailing zeros removed); false at the end. */
bool avo_nal_next(const uint8_t *data, size_t size, size_t *pos, size_t *nal_start,
                  size_t *nal_size);
/* Removes emulation prevention; out may hold `size` bytes; returns RBSP bytes (NAL header byte not
 * included in data). */
size_t avo_nal_unescape(uint8_t *out, const uint8_t *data, size_t size);

#endif
