/* One stream as server and push share it: packets go into its ring, parameter sets are kept, times
 * are mapped. The caller guards it by a lock. */
#ifndef AVO_STREAM_STREAM_SOURCE_H
#define AVO_STREAM_STREAM_SOURCE_H

#include "base/status.h"
#include "stream/packet_ring.h"

enum { AVO_STREAM_HEADERS = 1024, AVO_STREAM_PATH = 256 };

typedef struct AvoStream {
    AvocetStreamConfig config;
    char path[AVO_STREAM_PATH];
    AvocetRtp rtp; /* makes the packets; clients put their own sequence numbers in */
    AvoPacketRing ring;
    uint8_t headers[AVO_STREAM_HEADERS]; /* SPS and PPS with start codes */
    size_t headers_size, max_picture;
    uint32_t session_id, time_offset;
    /* The picture shown last of those that have come: what sender reports tell the time by. */
    uint32_t last_time;
    int64_t last_us;
    bool started, keyframe_wanted;
    int64_t last_wish_us;
    AvocetStreamStats stats;
} AvoStream;

int avo_stream_check_config(const AvocetStreamConfig *config, AvoMessage *message);
/* Bytes of its ring. */
size_t avo_stream_ring_bytes(const AvocetStreamConfig *config);
/* random: 12 bytes. */
void avo_stream_init(AvoStream *stream, const AvocetStreamConfig *config, uint8_t *ring,
                     const uint8_t *random);
int avo_stream_send(AvoStream *stream, const AvocetPacket *packet, int64_t now_us);
/* A client waits for a keyframe. True if somebody is to be told now. */
bool avo_stream_wish_keyframe(AvoStream *stream, int64_t now_us);
/* The wish, once. */
bool avo_stream_take_wish(AvoStream *stream);
/* RTP time that belongs to this moment. */
uint32_t avo_stream_time_now(const AvoStream *stream, int64_t now_us);
int avo_stream_describe(const AvoStream *stream, const char *control, char *out, size_t size);

#endif
