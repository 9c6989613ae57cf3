/* The pictures under way, as RTP packets, in one ring of memory that all clients of a stream read.
 *
 * The sender writes and never waits: what is oldest is overwritten. A client is a cursor into the
 * ring. One that falls too far behind (in time, or because what it was reading is gone) leaves out
 * whole pictures and goes on at a keyframe. So no client costs memory of its own, and none can hold
 * up another. The caller guards ring and cursors by one lock. */
#ifndef AVO_STREAM_PACKET_RING_H
#define AVO_STREAM_PACKET_RING_H

#include <avocet/stream.h>
#include "base/util.h"
#include "stream/limits.h"

typedef struct AvoRingPicture {
    uint64_t at; /* where its packets start, counted from the first byte ever written */
    uint32_t bytes, packets;
    int64_t arrived_us;
    bool keyframe;
} AvoRingPicture;

typedef struct AvoPacketRing {
    AvoRingPicture picture[AVO_RING_PICTURES]; /* by number % AVO_RING_PICTURES */
    uint64_t first, next; /* numbers of the pictures it holds: first..next - 1 */
    uint64_t write;
    uint8_t *data;
    size_t size;
} AvoPacketRing;

typedef struct AvoRingCursor {
    uint64_t number;       /* picture */
    uint32_t offset;       /* bytes of it that are read */
    uint32_t packets_left; /* of it */
    uint32_t gap;          /* packets that will never be read, for the caller to take */
    int64_t skipped;       /* pictures left out since it joined */
    bool waiting;          /* for a keyframe */
    bool joining;          /* has read nothing yet */
} AvoRingCursor;

void avo_ring_init(AvoPacketRing *ring, uint8_t *data, size_t size);
/* Adds an access unit, headers (may be NULL) in front of it; rtp makes the packets. False: it does
 * not fit. */
bool avo_ring_add(AvoPacketRing *ring, AvocetRtp *rtp, const uint8_t *headers, size_t headers_size,
                  const AvocetPacket *packet, int nal_length_size, uint32_t timestamp,
                  int64_t now_us);

/* A client joins: at the next keyframe. */
void avo_ring_join(const AvoPacketRing *ring, AvoRingCursor *cursor);
/* Copies the cursor's next RTP packet. Returns its size, 0: nothing to read now, -1: room is too
 * small. Pictures older than max_delay_us are left out. */
int avo_ring_read(const AvoPacketRing *ring, AvoRingCursor *cursor, int64_t now_us,
                  int64_t max_delay_us, uint8_t *out, size_t room);
/* Would avo_ring_read give something? */
bool avo_ring_has_more(const AvoPacketRing *ring, const AvoRingCursor *cursor);

#endif
