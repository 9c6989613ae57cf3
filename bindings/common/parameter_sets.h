/* SPS and PPS out of what an encoder wrote. */
#ifndef AVO_BINDINGS_PARAMETER_SETS_H
#define AVO_BINDINGS_PARAMETER_SETS_H

#include <stddef.h>
#include <stdint.h>

/* Copies the SPS and PPS units of an access unit to out, led as they are found: by start codes, or
 * by four-byte lengths. Returns the bytes, or 0 if there are none or they need more than size. */
size_t avo_parameter_sets_copy(const uint8_t *data, size_t data_size, int lengths, uint8_t *out,
                               size_t size);

#endif
