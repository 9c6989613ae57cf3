/* See packet_ring.h. A picture lies in one piece: where the end of the ring is too near, it starts
 * at the beginning. Each packet has its size in front, two bytes. */
#include "stream/packet_ring.h"
#include "base/bytes.h"

void avo_ring_init(AvoPacketRing *ring, uint8_t *data, size_t size)
{
    ring->first = ring->next = 0;
    ring->write = 0;
    ring->data = data;
    ring->size = size;
}

static const AvoRingPicture *picture_at(const AvoPacketRing *ring, uint64_t number)
{
    return &ring->picture[number % AVO_RING_PICTURES];
}

/* More than the packets can take. Two packets in a row that could not be one hold more than a full
 * payload, except around the last fragment of a large unit. */
static size_t most_bytes(const AvocetRtp *rtp, size_t size)
{
    size_t payload = (size_t)rtp->max_packet - 14;
    return size + (3 * (size / payload) + 6) * 16;
}

/* Makes place for n bytes in one piece and gives it. */
static uint8_t *make_room(AvoPacketRing *ring, size_t n)
{
    size_t at = (size_t)(ring->write % ring->size);
    if (n > ring->size - at)
        ring->write += ring->size - at;
    while (ring->first < ring->next &&
           (picture_at(ring, ring->first)->at + ring->size < ring->write + n ||
            ring->next - ring->first == AVO_RING_PICTURES))
        ring->first++;
    return ring->data + ring->write % ring->size;
}

/* Packets of one buffer; the marker only on the last one of the picture.
 * Returns bytes, 0: no place. */
static size_t put_packets(AvocetRtp *rtp, uint8_t *out, size_t room, AvoRingPicture *p, bool last)
{
    size_t used = 0;
    while (rtp->nal) {
        if (room - used < 2 + (size_t)rtp->max_packet + 16)
            return 0;
        int n = avocet_rtp_next(rtp, out + used + 2, room - used - 2);
        if (n <= 0)
            return 0;
        avo_put_u16(out + used, (uint32_t)n);
        if (!last)
            out[used + 3] &= 0x7f;
        used += 2 + (size_t)n;
        p->packets++;
    }
    return used;
}

bool avo_ring_add(AvoPacketRing *ring, AvocetRtp *rtp, const uint8_t *headers, size_t headers_size,
                  const AvocetPacket *packet, int nal_length_size, uint32_t timestamp,
                  int64_t now_us)
{
    size_t n = most_bytes(rtp, headers_size + packet->size) + (size_t)rtp->max_packet + 32,
           used = 0;
    if (n > ring->size)
        return false;
    uint8_t *out = make_room(ring, n);
    AvoRingPicture p = {.at = ring->write, .arrived_us = now_us, .keyframe = packet->keyframe != 0};
    if (headers_size) {
        avocet_rtp_begin(rtp, headers, headers_size, nal_length_size, timestamp);
        used = put_packets(rtp, out, n, &p, false);
    }
    avocet_rtp_begin(rtp, packet->data, packet->size, nal_length_size, timestamp);
    size_t more = put_packets(rtp, out + used, n - used, &p, true);
    if (!more)
        return false;
    p.bytes = (uint32_t)(used + more);
    ring->write += p.bytes;
    ring->picture[ring->next % AVO_RING_PICTURES] = p;
    ring->next++;
    return true;
}

/* ---- reading ---- */

void avo_ring_join(const AvoPacketRing *ring, AvoRingCursor *cursor)
{
    *cursor = (AvoRingCursor){.number = ring->next, .waiting = true, .joining = true};
}

static void leave_out(AvoRingCursor *c, uint64_t to)
{
    if (!c->joining)
        c->skipped += (int64_t)(to - c->number);
    c->number = to;
    c->offset = 0;
}

/* Notices that the cursor is too far behind. */
static void check_behind(const AvoPacketRing *ring, AvoRingCursor *c, int64_t now_us,
                         int64_t max_delay_us)
{
    bool gone = c->number < ring->first;
    if (gone &&
        c->offset) { /* overtaken within a picture: the receiver sees it by the sequence numbers */
        c->gap += c->packets_left;
        leave_out(c, c->number + 1);
        c->waiting = true;
    }
    if (!c->waiting && !c->offset &&
        (gone || (c->number < ring->next &&
                  now_us - picture_at(ring, c->number)->arrived_us > max_delay_us)))
        c->waiting = true;
}

/* Goes to the newest keyframe that is not too old, or to the end. */
static void seek_keyframe(const AvoPacketRing *ring, AvoRingCursor *c, int64_t now_us,
                          int64_t max_delay_us)
{
    uint64_t from = c->number > ring->first ? c->number : ring->first;
    for (uint64_t n = ring->next; n > from; n--) {
        const AvoRingPicture *p = picture_at(ring, n - 1);
        if (p->keyframe && now_us - p->arrived_us <= max_delay_us) {
            leave_out(c, n - 1);
            c->waiting = false;
            return;
        }
    }
    leave_out(c, ring->next);
}

int avo_ring_read(const AvoPacketRing *ring, AvoRingCursor *c, int64_t now_us, int64_t max_delay_us,
                  uint8_t *out, size_t room)
{
    check_behind(ring, c, now_us, max_delay_us);
    if (c->waiting)
        seek_keyframe(ring, c, now_us, max_delay_us);
    if (c->waiting || c->number == ring->next)
        return 0;
    const AvoRingPicture *p = picture_at(ring, c->number);
    if (!c->offset)
        c->packets_left = p->packets;
    const uint8_t *record = ring->data + (p->at + c->offset) % ring->size;
    size_t n = avo_get_u16(record);
    if (n > room)
        return -1;
    memcpy(out, record + 2, n);
    c->joining = false;
    c->packets_left--;
    c->offset += 2 + (uint32_t)n;
    if (c->offset == p->bytes) {
        c->offset = 0;
        c->number++;
    }
    return (int)n;
}

bool avo_ring_has_more(const AvoPacketRing *ring, const AvoRingCursor *c)
{
    return c->number < ring->next;
}
