/* RTP packets of H.264 access units (RFC 3550, RFC 6184 packetisation mode 1) and RTCP. See
 * <avocet/stream.h>.
 *
 * Packets are pulled, one call each, straight into the caller's memory. One NAL unit is looked at
 * ahead: it says whether the current one may share a packet, and whether a packet is the last of
 * its access unit (marker bit). */
#include <avocet/mux.h>
#include <avocet/stream.h>
#include "base/bytes.h"
#include "base/text.h"

enum {
    RTP_HEADER = 12,
    TYPE_STAP_A = 24,
    TYPE_FU_A = 28,
    MIN_PACKET = 64,
    RTCP_SR = 200,
    RTCP_RR = 201,
    RTCP_SDES = 202,
    RTCP_BYE = 203,
    RTCP_PSFB = 206
};

void avocet_rtp_init(AvocetRtp *rtp, uint32_t ssrc, uint16_t sequence, int max_packet)
{
    memset(rtp, 0, sizeof *rtp);
    rtp->ssrc = ssrc;
    rtp->sequence = sequence;
    rtp->payload_type = 96;
    rtp->max_packet = avo_clip3(MIN_PACKET, 65535, max_packet);
}

uint32_t avocet_rtp_time(int64_t pts, AvocetRational time_base)
{
    int64_t den = time_base.den > 0 ? time_base.den : 1, whole = pts / den, rest = pts % den;
    if (rest < 0) {
        rest += den;
        whole--;
    }
    uint64_t per_unit = (uint64_t)(uint32_t)time_base.num * 90000;
    return (uint32_t)((uint64_t)whole * per_unit +
                      ((uint64_t)rest * per_unit + (uint64_t)den / 2) / (uint64_t)den);
}

/* ---- access units to payloads ---- */

/* Moves the NAL unit looked at ahead to the current place and finds the one behind it. */
static void step(AvocetRtp *rtp)
{
    AvocetNal nal;
    rtp->nal = rtp->next_nal;
    rtp->nal_size = rtp->next_nal_size;
    rtp->nal_done = 0;
    bool found =
        avocet_nal_next(rtp->data, rtp->data_size, rtp->nal_length_size, &rtp->position, &nal) == 1;
    rtp->next_nal = found ? nal.data : NULL;
    rtp->next_nal_size = found ? nal.size : 0;
}

int avocet_rtp_begin(AvocetRtp *rtp, const uint8_t *data, size_t size, int nal_length_size,
                     uint32_t timestamp)
{
    if (!rtp || (!data && size) || (nal_length_size != 0 && nal_length_size != 4))
        return AVOCET_ERR_ARGUMENT;
    rtp->data = data;
    rtp->data_size = size;
    rtp->position = 0;
    rtp->nal_length_size = nal_length_size;
    rtp->timestamp = timestamp;
    rtp->next_nal = NULL;
    rtp->next_nal_size = 0;
    step(rtp);
    step(rtp);
    return AVOCET_OK;
}

/* One fragment (5.8): FU indicator, FU header, a piece of the unit without its first byte. */
static size_t write_fragment(AvocetRtp *rtp, uint8_t *out, size_t room)
{
    if (rtp->nal_done == 0)
        rtp->nal_done = 1;
    size_t left = rtp->nal_size - rtp->nal_done, n = left < room - 2 ? left : room - 2;
    int start = rtp->nal_done == 1, end = n == left;
    out[0] = (uint8_t)((rtp->nal[0] & 0xe0) | TYPE_FU_A);
    out[1] = (uint8_t)(start << 7 | end << 6 | (rtp->nal[0] & 31));
    memcpy(out + 2, rtp->nal + rtp->nal_done, n);
    rtp->nal_done += n;
    if (end)
        step(rtp);
    return n + 2;
}

static size_t put_aggregated(AvocetRtp *rtp, uint8_t *out)
{
    size_t n = rtp->nal_size;
    avo_put_u16(out, (uint32_t)n);
    memcpy(out + 2, rtp->nal, n);
    step(rtp);
    return n + 2;
}

/* Units that fit together (5.7.1): each with its size in front; the highest nal_ref_idc of all. */
static size_t write_aggregate(AvocetRtp *rtp, uint8_t *out, size_t room)
{
    int flags = 0, ref_idc = 0;
    size_t used = 1;
    do {
        flags |= rtp->nal[0] & 0x80;
        ref_idc = avo_max(ref_idc, rtp->nal[0] & 0x60);
        used += put_aggregated(rtp, out + used);
    } while (rtp->nal && used + 2 + rtp->nal_size <= room);
    out[0] = (uint8_t)(flags | ref_idc | TYPE_STAP_A);
    return used;
}

static size_t write_payload(AvocetRtp *rtp, uint8_t *out, size_t room)
{
    if (rtp->nal_done || rtp->nal_size > room)
        return write_fragment(rtp, out, room);
    if (rtp->next_nal && 5 + rtp->nal_size + rtp->next_nal_size <= room)
        return write_aggregate(rtp, out, room);
    size_t n = rtp->nal_size;
    memcpy(out, rtp->nal, n);
    step(rtp);
    return n;
}

int avocet_rtp_next(AvocetRtp *rtp, uint8_t *packet, size_t packet_size)
{
    if (!rtp || !packet)
        return AVOCET_ERR_ARGUMENT;
    if (!rtp->nal)
        return 0;
    if (packet_size < (size_t)rtp->max_packet)
        return AVOCET_ERR_MEMORY;
    size_t n = write_payload(rtp, packet + RTP_HEADER, (size_t)rtp->max_packet - RTP_HEADER);
    packet[0] = 2 << 6; /* version 2 */
    packet[1] = (uint8_t)((rtp->nal ? 0 : 0x80) | rtp->payload_type);
    avo_put_u16(packet + 2, rtp->sequence++);
    avo_put_u32(packet + 4, rtp->timestamp);
    avo_put_u32(packet + 8, rtp->ssrc);
    rtp->packets++;
    rtp->octets += (uint32_t)n;
    return (int)(n + RTP_HEADER);
}

/* ---- RTCP ---- */

/* Count or padding, type, length in words less one (6.4.1). */
static void put_rtcp_head(uint8_t *p, int count, int type, size_t size)
{
    p[0] = (uint8_t)(2 << 6 | count);
    p[1] = (uint8_t)type;
    avo_put_u16(p + 2, (uint32_t)(size / 4 - 1));
}

int avocet_rtcp_write(const AvocetRtp *rtp, uint64_t ntp, uint32_t timestamp, const char *cname,
                      int bye, uint8_t *out, size_t out_size)
{
    size_t name = avo_text_length(cname);
    name = name < 255 ? name : 255;
    size_t sdes = avo_align_up(4 + 4 + 2 + name + 1, 4), total = 28 + sdes + (bye ? 8 : 0);
    if (out_size < total)
        return AVOCET_ERR_MEMORY;
    memset(out, 0, total);
    put_rtcp_head(out, 0, RTCP_SR, 28);
    avo_put_u32(out + 4, rtp->ssrc);
    avo_put_u64(out + 8, ntp);
    avo_put_u32(out + 16, timestamp);
    avo_put_u32(out + 20, rtp->packets);
    avo_put_u32(out + 24, rtp->octets);
    uint8_t *p = out + 28;
    put_rtcp_head(p, 1, RTCP_SDES, sdes);
    avo_put_u32(p + 4, rtp->ssrc);
    p[8] = 1; /* CNAME; the zeros behind it end the list */
    p[9] = (uint8_t)name;
    memcpy(p + 10, cname, name);
    if (bye) {
        p += sdes;
        put_rtcp_head(p, 1, RTCP_BYE, 8);
        avo_put_u32(p + 4, rtp->ssrc);
    }
    return (int)total;
}

static void read_blocks(const uint8_t *p, const uint8_t *end, int count, uint32_t ssrc,
                        AvocetRtcpReport *report)
{
    for (; count > 0 && end - p >= 24; count--, p += 24) {
        if (avo_get_u32(p) != ssrc)
            continue;
        uint32_t lost = avo_get_u32(p + 4) & 0xffffff; /* signed, 24 bits */
        report->has_report = 1;
        report->fraction_lost = p[4];
        report->packets_lost = (int)lost - (lost & 0x800000 ? 0x1000000 : 0);
        report->jitter = avo_get_u32(p + 12);
    }
}

int avocet_rtcp_read(const uint8_t *data, size_t size, uint32_t ssrc, AvocetRtcpReport *report)
{
    memset(report, 0, sizeof *report);
    for (size_t at = 0; at < size;) {
        const uint8_t *p = data + at;
        size_t bytes = size - at < 4 ? 0 : 4 * ((size_t)avo_get_u16(p + 2) + 1);
        if (bytes == 0 || bytes > size - at || p[0] >> 6 != 2)
            return AVOCET_ERR_DATA;
        int count = p[0] & 31;
        if (p[1] == RTCP_SR && bytes >= 28)
            read_blocks(p + 28, p + bytes, count, ssrc, report);
        else if (p[1] == RTCP_RR && bytes >= 8)
            read_blocks(p + 8, p + bytes, count, ssrc, report);
        else if (p[1] == RTCP_BYE)
            report->bye = 1;
        else if (p[1] == RTCP_PSFB && (count == 1 || count == 4))
            report->wants_keyframe = 1;
        at += bytes;
    }
    return size ? AVOCET_OK : AVOCET_ERR_DATA;
}
