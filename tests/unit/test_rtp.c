/* RTP, RTCP, SDP: access units to packets and back by a depacketiser written here from RFC 6184;
 * reports; descriptions. */
#include <avocet/mux.h>
#include <avocet/stream.h>
#include <stdlib.h>
#include <string.h>
#include "unit/check.h"

enum { MAX_UNITS = 40, MAX_BYTES = 200000 };

typedef struct Units {
    uint8_t bytes[MAX_BYTES];
    size_t at[MAX_UNITS + 1];
    int count;
} Units;

static void add_unit(Units *u, const uint8_t *data, size_t size)
{
    memcpy(u->bytes + u->at[u->count], data, size);
    u->at[u->count + 1] = u->at[u->count] + size;
    u->count++;
}

/* ---- depacketiser ---- */

typedef struct Receiver {
    Units units;
    uint8_t fragment[MAX_BYTES];
    size_t fragment_size;
    int in_fragment, faults, packets, done, stap, fu, single;
    uint16_t sequence;
    uint32_t octets;
} Receiver;

static unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void take_fragment(Receiver *r, const uint8_t *p, size_t n)
{
    int start = p[1] >> 7, end = p[1] >> 6 & 1;
    r->fu++;
    if (n < 3 || start == r->in_fragment || (start && end)) {
        r->faults++;
        return;
    }
    if (start) {
        r->fragment[0] = (uint8_t)((p[0] & 0xe0) | (p[1] & 31));
        r->fragment_size = 1;
    } else if (r->fragment[0] != ((p[0] & 0xe0) | (p[1] & 31))) {
        r->faults++;
    }
    memcpy(r->fragment + r->fragment_size, p + 2, n - 2);
    r->fragment_size += n - 2;
    r->in_fragment = !end;
    if (end)
        add_unit(&r->units, r->fragment, r->fragment_size);
}

static void take_aggregate(Receiver *r, const uint8_t *p, size_t n)
{
    int units = 0, ref_idc = 0;
    size_t at = 1;
    r->stap++;
    while (at + 2 <= n) {
        size_t size = get16(p + at);
        at += 2;
        if (!size || at + size > n) {
            r->faults++;
            return;
        }
        ref_idc = (p[at] >> 5 & 3) > ref_idc ? p[at] >> 5 & 3 : ref_idc;
        add_unit(&r->units, p + at, size);
        at += size;
        units++;
    }
    r->faults += at != n || units < 2 || (p[0] >> 5 & 3) != ref_idc;
}

static void take_packet(Receiver *r, const uint8_t *p, size_t n, uint32_t timestamp, size_t most)
{
    r->faults += n <= 12 || n > most || p[0] != 0x80 || (p[1] & 0x7f) != 96 ||
                 get16(p + 2) != r->sequence || get32(p + 4) != timestamp ||
                 get32(p + 8) != 0x12345678 || r->done;
    r->done = p[1] >> 7;
    r->sequence++;
    r->packets++;
    r->octets += (uint32_t)n - 12;
    p += 12;
    n -= 12;
    int type = p[0] & 31;
    r->faults += r->in_fragment && type != 28;
    if (type == 28)
        take_fragment(r, p, n);
    else if (type == 24)
        take_aggregate(r, p, n);
    else
        r->single++, add_unit(&r->units, p, n);
}

/* ---- round trips ---- */

/* A NAL unit of that size without start codes in it. */
static size_t make_unit(Random *random, uint8_t *out, size_t size)
{
    static const uint8_t heads[] = {0x67, 0x68, 0x06, 0x65, 0x41, 0x01, 0x09};
    out[0] = heads[random_below(random, sizeof heads)];
    for (size_t i = 1; i < size; i++)
        out[i] = (uint8_t)(1 + random_below(random, 255));
    return size;
}

static size_t pick_size(Random *random, int most)
{
    switch (random_below(random, 5)) {
    case 0:
        return (size_t)random_in(random, 1, 20);
    case 1: /* around what one packet holds */
        return (size_t)random_in(random, most - 12 - 8, most - 12 + 8);
    case 2: /* around two fragments */
        return (size_t)random_in(random, 2 * (most - 14) - 4, 2 * (most - 14) + 4);
    case 3:
        return (size_t)random_in(random, 1, 4000);
    default:
        return (size_t)random_in(random, 1, 400);
    }
}

static void check_round_trip(Random *random, AvocetRtp *rtp, Receiver *r, Units *given,
                             uint8_t *stream)
{
    static uint8_t packet[65536];
    size_t size = 0;
    int length_size = random_chance(random, 50) ? 4 : 0, most = rtp->max_packet, n;
    uint32_t timestamp = random_next(random);
    given->count = 0;
    r->units.count = r->done = 0;
    for (int i = random_in(random, 1, 12); i > 0; i--) {
        uint8_t *unit = stream + size + 4;
        size_t bytes = make_unit(random, unit, pick_size(random, most));
        uint32_t head = length_size ? (uint32_t)bytes : 1;
        for (int k = 0; k < 4; k++)
            stream[size + (size_t)k] = (uint8_t)(head >> (24 - 8 * k));
        add_unit(given, unit, bytes);
        size += 4 + bytes;
    }
    CHECK(avocet_rtp_begin(rtp, stream, size, length_size, timestamp) == AVOCET_OK, "begin");
    while ((n = avocet_rtp_next(rtp, packet, sizeof packet)) > 0)
        take_packet(r, packet, (size_t)n, timestamp, (size_t)most);
    CHECK(n == 0 && r->done && !r->faults && !r->in_fragment, "status %d, %d faults, marker %d", n,
          r->faults, r->done);
    int same =
        given->count == r->units.count &&
        memcmp(given->at, r->units.at, sizeof given->at[0] * (size_t)(given->count + 1)) == 0;
    CHECK(same && memcmp(given->bytes, r->units.bytes, given->at[given->count]) == 0,
          "%d units became %d", given->count, r->units.count);
}

static void test_round_trips(void)
{
    Random random = {7};
    Receiver *r = calloc(1, sizeof *r);
    Units *given = calloc(1, sizeof *given);
    uint8_t *stream = malloc(MAX_BYTES);
    static const int sizes[] = {128, 500, 1400, 9000};
    for (int s = 0; r && given && stream && s < 4; s++) {
        AvocetRtp rtp;
        memset(r, 0, sizeof *r);
        avocet_rtp_init(&rtp, 0x12345678, 65500, sizes[s]);
        r->sequence = 65500;
        for (int i = 0; i < 400; i++)
            check_round_trip(&random, &rtp, r, given, stream);
        CHECK(r->stap && r->fu && r->single, "%d STAP-A, %d FU-A, %d single", r->stap, r->fu,
              r->single);
        CHECK(rtp.packets == (uint32_t)r->packets && rtp.octets == r->octets, "counts");
    }
    free(r);
    free(given);
    free(stream);
}

static void test_refusals(void)
{
    AvocetRtp rtp;
    uint8_t packet[100];
    const uint8_t unit[] = {0, 0, 1, 0x65, 1, 2, 3};
    avocet_rtp_init(&rtp, 1, 1, 1400);
    CHECK(avocet_rtp_begin(&rtp, unit, sizeof unit, 3, 0) == AVOCET_ERR_ARGUMENT,
          "lengths of 3 bytes");
    CHECK(avocet_rtp_begin(&rtp, unit, 2, 0, 0) == AVOCET_OK &&
              avocet_rtp_next(&rtp, packet, sizeof packet) == 0,
          "no unit");
    CHECK(avocet_rtp_begin(&rtp, unit, sizeof unit, 0, 0) == AVOCET_OK, "a unit");
    CHECK(avocet_rtp_next(&rtp, packet, sizeof packet) == AVOCET_ERR_MEMORY, "a packet too small");
}

static void test_times(void)
{
    CHECK(avocet_rtp_time(30, (AvocetRational){1, 30}) == 90000, "one second");
    CHECK(avocet_rtp_time(1001, (AvocetRational){1001, 30000}) == 3006003,
          "1001 pictures of 29.97");
    CHECK(avocet_rtp_time(-1, (AvocetRational){1, 90000}) == 0xffffffffu, "before zero");
    CHECK(avocet_rtp_time(INT64_C(1000000000000000001), (AvocetRational){1, 1000000000}) ==
              (uint32_t)UINT64_C(90000000000000),
          "nanoseconds of thirty years");
    for (int64_t i = 0; i < 1000; i++) /* every step is that of the rate, to a tick */
        CHECK((uint32_t)(avocet_rtp_time(i + 1, (AvocetRational){1, 24}) -
                         avocet_rtp_time(i, (AvocetRational){1, 24})) == 3750,
              "step");
}

static void test_reports(void)
{
    AvocetRtp rtp;
    AvocetRtcpReport report;
    uint8_t out[128];
    avocet_rtp_init(&rtp, 0xdeadbeef, 0, 1400);
    rtp.packets = 10;
    rtp.octets = 1000;
    int n =
        avocet_rtcp_write(&rtp, UINT64_C(0xe000000080000000), 90000, "name", 1, out, sizeof out);
    CHECK(n == 28 + 16 + 8 + 0 || n == 28 + 20 + 8, "%d bytes", n);
    CHECK(out[0] == 0x80 && out[1] == 200 && get16(out + 2) == 6 && get32(out + 4) == 0xdeadbeef,
          "SR");
    CHECK(get32(out + 8) == 0xe0000000 && get32(out + 12) == 0x80000000 && get32(out + 16) == 90000,
          "its time");
    CHECK(get32(out + 20) == 10 && get32(out + 24) == 1000, "its counts");
    CHECK(out[28] == 0x81 && out[29] == 202 && out[36] == 1 && out[37] == 4 &&
              memcmp(out + 38, "name", 4) == 0,
          "SDES");
    CHECK(out[n - 8] == 0x81 && out[n - 7] == 203 && get32(out + n - 4) == 0xdeadbeef, "BYE");
    CHECK(n % 4 == 0 && avocet_rtcp_write(&rtp, 0, 0, "name", 0, out, 40) == AVOCET_ERR_MEMORY,
          "room");
    CHECK(avocet_rtcp_read(out, (size_t)n, 1, &report) == AVOCET_OK && report.bye, "read back");
    const uint8_t rr[32] = {0x81, 201,  0,    7,    0, 0, 0, 9, 0xde, 0xad, 0xbe, 0xef,
                            64,   0xff, 0xff, 0xfe, 0, 0, 0, 1, 0,    0,    0,    77};
    CHECK(avocet_rtcp_read(rr, 32, 0xdeadbeef, &report) == AVOCET_OK && report.has_report &&
              report.fraction_lost == 64 && report.packets_lost == -2 && report.jitter == 77,
          "receiver report");
    CHECK(avocet_rtcp_read(rr, 32, 1, &report) == AVOCET_OK && !report.has_report,
          "of another stream");
    const uint8_t pli[12] = {0x81, 206, 0, 2};
    CHECK(avocet_rtcp_read(pli, 12, 1, &report) == AVOCET_OK && report.wants_keyframe, "PLI");
    for (size_t i = 0; i < 32; i++)
        CHECK(avocet_rtcp_read(rr, i, 1, &report) == AVOCET_ERR_DATA, "cut at %d", (int)i);
}

static void test_descriptions(void)
{
    const uint8_t headers[] = {0,    0, 0, 1, 0x67, 0x42, 0xc0, 0x1e,
                               0xab, 0, 0, 0, 1,    0x68, 0xce, 0x3c};
    char sdp[600], small[40];
    int n = avocet_sdp_write("live", 77, "trackID=0", (AvocetRational){30000, 1001}, headers,
                             sizeof headers, 0, sdp, sizeof sdp);
    CHECK(n == (int)strlen(sdp), "%d", n);
    CHECK(strstr(sdp, "a=rtpmap:96 H264/90000\r\n") != NULL, "%s", sdp);
    CHECK(strstr(sdp, "packetization-mode=1;profile-level-id=42c01e;sprop-parameter-sets=Z0LAHqs=,"
                      "aM48\r\n") != NULL,
          "%s", sdp);
    CHECK(strstr(sdp, "a=framerate:29.97\r\n") != NULL &&
              strstr(sdp, "a=control:trackID=0\r\n") != NULL,
          "%s", sdp);
    n = avocet_sdp_write("", 1, "t", (AvocetRational){0, 0}, NULL, 0, 0, sdp, sizeof sdp);
    CHECK(n > 0 && !strstr(sdp, "sprop") && !strstr(sdp, "framerate") &&
              strstr(sdp, "packetization-mode=1\r\n"),
          "%s", sdp);
    CHECK(avocet_sdp_write("live", 1, "t", (AvocetRational){0, 0}, headers, sizeof headers, 0,
                           small, sizeof small) == AVOCET_ERR_MEMORY,
          "room");
}

int main(void)
{
    test_round_trips();
    test_refusals();
    test_times();
    test_reports();
    test_descriptions();
    return check_finish();
}
