/* From coded pictures to access units: NAL units in their order, with start codes or lengths, in
 * the encoder's output buffer. */
#ifndef AVO_ENC_PACKET_H
#define AVO_ENC_PACKET_H

#include "base/arena.h"
#include "base/bitwriter.h"

typedef struct AvoPacketBuffer {
    uint8_t *data;
    size_t size, capacity;
    uint8_t *rbsp; /* scratch for the NAL being made */
    size_t rbsp_capacity;
    bool annexb;
    bool overflow; /* sticky until reset */
} AvoPacketBuffer;

/* Room for any picture of mb_count macroblocks in `slices` slices, and filler_bytes of filler
 * behind it. */
void avo_packet_carve(AvoPacketBuffer *p, AvoArena *arena, int mb_count, int slices,
                      size_t filler_bytes, bool annexb);
void avo_packet_reset(AvoPacketBuffer *p);
/* A writer over the scratch; then avo_packet_add appends what was written as one NAL. */
AvoBitWriter avo_packet_writer(const AvoPacketBuffer *p);
void avo_packet_add(AvoPacketBuffer *p, int nal_ref_idc, int nal_unit_type, const AvoBitWriter *w);
/* Appends filler data NAL units of about `bytes` in all, as far as there is room (7.3.2.7). */
void avo_packet_fill(AvoPacketBuffer *p, size_t bytes);
/* 7.4.2.10: appends cabac_zero_words to the last NAL if the picture has more
 * bins than its bytes allow. */
void avo_packet_zero_words(AvoPacketBuffer *p, uint64_t bins, size_t vcl_bytes, int mb_count);

#endif
