/* AVCDecoderConfigurationRecord (ISO 14496-15, 5.3.3):
 * the parameter sets of a track, outside its samples. */
#ifndef AVO_MUX_AVCC_H
#define AVO_MUX_AVCC_H

#include <avocet/mux.h>
#include "base/util.h"

/* Is this parameter set, byte for byte, in the record? Such a one need not
 * be repeated in the samples. */
bool avo_avcc_contains(const uint8_t *avcc, size_t size, const AvocetNal *nal);
/* Checks a record and writes its parameter sets with 4-byte start codes. Returns the bytes (out
 * NULL: only counts), or AVOCET_ERR_DATA. *nal_length_size: that of the samples. */
int64_t avo_avcc_to_annexb(const uint8_t *avcc, size_t size, uint8_t *out, size_t out_size,
                           int *nal_length_size);

#endif
