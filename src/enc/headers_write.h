/* Parameter sets, AUD, SEI and slice headers as RBSP bits (7.3.2, 7.3.3, Annex D). Each function
 * writes a complete RBSP with trailing bits, except the slice header, which slice data follows. */
#ifndef AVO_ENC_HEADERS_WRITE_H
#define AVO_ENC_HEADERS_WRITE_H

#include "base/bitwriter.h"
#include "h264/slice.h"

void avo_write_sps(AvoBitWriter *w, const AvoSps *sps);
void avo_write_pps(AvoBitWriter *w, const AvoPps *pps, const AvoSps *sps);
void avo_write_aud(AvoBitWriter *w, AvoSliceType highest); /* I, P (I and P), B (all) */
void avo_write_slice_header(AvoBitWriter *w, const AvoSliceHeader *h, const AvoSps *sps,
                            const AvoPps *pps);

void avo_write_sei_user_data(AvoBitWriter *w, const uint8_t uuid[16], const uint8_t *data,
                             size_t size);
void avo_write_sei_recovery_point(AvoBitWriter *w, int recovery_frame_cnt, bool exact_match,
                                  bool broken_link);
/* NAL and/or VCL HRD as the SPS has them; delays in 90 kHz ticks. */
void avo_write_sei_buffering_period(AvoBitWriter *w, const AvoSps *sps, uint32_t initial_delay,
                                    uint32_t initial_offset);
void avo_write_sei_pic_timing(AvoBitWriter *w, const AvoSps *sps, uint32_t cpb_removal_delay,
                              uint32_t dpb_output_delay, int pic_struct);
void avo_write_filler(AvoBitWriter *w, size_t bytes);

#endif
