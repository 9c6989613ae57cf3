/* SPS and PPS out of what an encoder wrote, and the record that MP4 and WebRTC libraries want of them. */
#ifndef AVO_BINDINGS_PARAMETER_SETS_H
#define AVO_BINDINGS_PARAMETER_SETS_H

#include <stddef.h>
#include <stdint.h>

/* Copies the SPS and PPS units of an access unit, as they are, to out (NULL: only count). lengths: units are led by
 * four-byte lengths instead of start codes. Returns the bytes, or 0 if there are none or they need more than size. */
size_t avo_parameter_sets_copy(const uint8_t *data, size_t data_size, int lengths, uint8_t *out, size_t size);

/* AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1) of one SPS and one PPS as copied above; same result. */
size_t avo_parameter_sets_avcc(const uint8_t *sets, size_t sets_size, int lengths, uint8_t *out, size_t size);

#endif
