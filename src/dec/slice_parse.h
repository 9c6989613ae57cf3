/* Slice headers from bits (7.3.3). */
#ifndef AVO_DEC_SLICE_PARSE_H
#define AVO_DEC_SLICE_PARSE_H

#include "dec/slice_bits.h"
#include "h264/slice.h"

/* Reads first_mb_in_slice, slice_type and pic_parameter_set_id, which name the parameter sets. */
int avo_slice_header_begin(AvoSliceHeader *h, AvoSliceBits *b, AvoMessage *msg);
/* The rest, with the sets that it named; nal_ref_idc and nal_unit_type are filled in already. */
int avo_slice_header_parse(AvoSliceHeader *h, AvoSliceBits *b, const AvoSps *sps, const AvoPps *pps,
                           AvoMessage *msg);
/* Does h start another picture than `last`, which came before it? (7.4.1.2.4) */
bool avo_slice_starts_picture(const AvoSliceHeader *h, const AvoSliceHeader *last);

/* Slice group of every macroblock (8.2.2) into map, one byte per macroblock of a frame. */
void avo_slice_group_map(uint8_t *map, const AvoSps *sps, const AvoPps *pps, uint32_t change_cycle);

#endif
