/* Fuzz target: any bytes as what RTSP clients and servers say. Built with -fsanitize=fuzzer it is a
 * libFuzzer program; linked with replay.c it runs files and mutations of them without a fuzzer.
 *
 * The bytes go to the request parser and a session (once open, once with passwords), cut in pieces
 * by the first byte; to the reader of challenges; to the RTCP reader; and through the packetiser.
 * Of a session that never showed a password this checks that it does not play. The hash is a toy:
 * what is tested is what surrounds it. */
#include <avocet/stream.h>
#include <stdlib.h>
#include <string.h>
#include "stream/rtsp_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int toy_hash(void *opaque, AvocetHashKind kind, const uint8_t *data, size_t size,
                    uint8_t *hash)
{
    size_t n = kind == AVOCET_HASH_MD5 ? 16 : 32;
    (void)opaque;
    for (size_t i = 0; i < n; i++)
        hash[i] = (uint8_t)(i * 37 + 11);
    for (size_t i = 0; i < size; i++)
        hash[i % n] = (uint8_t)(hash[i % n] * 31 + data[i] + (hash[(i + 7) % n] >> 3));
    return 0;
}

/* ---- a host without a network ---- */

static int host_find(void *opaque, AvoSpan path)
{
    (void)opaque;
    return avo_span_is(path, "live") ? 0 : -1;
}

static int host_describe(void *opaque, int stream, char *out, size_t size)
{
    (void)opaque;
    return avocet_sdp_write("x", (uint32_t)stream, "trackID=0", (AvocetRational){25, 1}, NULL, 0, 0,
                            out, size);
}

static uint32_t host_ssrc(void *opaque, int stream)
{
    (void)opaque;
    return (uint32_t)stream + 7;
}

static uint16_t host_sequence(void *opaque)
{
    (void)opaque;
    return 9;
}

static bool host_open_udp(void *opaque, const int client_port[2], int server_port[2])
{
    (void)opaque;
    if (client_port[0] < 1 || client_port[0] > 65535 || client_port[1] < 1 ||
        client_port[1] > 65535)
        abort();
    server_port[0] = 5000;
    server_port[1] = 5001;
    return true;
}

static void host_close_udp(void *opaque)
{
    (void)opaque;
}

static bool host_random(void *opaque, uint8_t *bytes, size_t size)
{
    uint32_t *state = opaque;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)((*state = *state * 1664525 + 1013904223) >> 24);
    return true;
}

static int64_t host_now_ms(void *opaque)
{
    (void)opaque;
    return 1000;
}

/* ---- the targets ---- */

static void run_session(const uint8_t *data, size_t size, size_t piece, int users)
{
    static const AvocetUser user = {"me", "secret"};
    const AvoSessionRules rules = {
        {&user, users, "room", true, {toy_hash, NULL}}, 1000000, 60000, true};
    uint32_t state = 1;
    const AvoSessionHost host = {&state,         host_find,     host_describe,
                                 host_ssrc,      host_sequence, host_open_udp,
                                 host_close_udp, host_random,   host_now_ms};
    AvoSession session;
    char text[8192];
    size_t at = 0, end = 0;
    avo_session_init(&session);
    while (end < size && !session.close) {
        AvoRtspMessage request;
        end = size - end < piece ? size : end + piece;
        int status;
        while (at < end && !session.close &&
               (status = avo_rtsp_parse(data + at, end - at, &request)) != 0) {
            AvoTextOut reply = avo_text_out(text, sizeof text);
            if (status < 0) {
                avo_session_refuse(&session, 400, &reply);
                break;
            }
            if (request.size == 0 || request.size > end - at)
                abort();
            avo_session_handle(&session, &rules, &host, &request, &reply);
            if (reply.overflow || reply.used >= sizeof text || text[reply.used])
                abort();
            at += request.size;
        }
    }
    if (users && session.state != AVO_SESSION_INIT)
        abort(); /* nobody guesses the nonce */
}

static void run_client(const uint8_t *data, size_t size)
{
    AvoRtspMessage m;
    AvoAuthChallenge challenge;
    char text[8192];
    if (avo_rtsp_parse(data, size, &m) == 1 && m.status &&
        avo_auth_read_challenge(&challenge, &m)) {
        AvoTextOut out = avo_text_out(text, sizeof text);
        const AvoHasher hasher = {toy_hash, NULL};
        avo_auth_put_answer(&out, &challenge, hasher, "me", "secret", "ANNOUNCE",
                            "rtsp://host/path", "0123456789abcdef");
    }
    AvoRtspUrl url;
    avo_rtsp_url((AvoSpan){(const char *)data, size}, &url);
}

static void run_packets(const uint8_t *data, size_t size, int most)
{
    static uint8_t packet[1500];
    AvocetRtcpReport report;
    AvocetRtp rtp;
    avocet_rtcp_read(data, size, 7, &report);
    for (int lengths = 0; lengths <= 4; lengths += 4) {
        size_t out = 0;
        int n;
        avocet_rtp_init(&rtp, 7, 0, most);
        avocet_rtp_begin(&rtp, data, size, lengths, 0);
        while ((n = avocet_rtp_next(&rtp, packet, sizeof packet)) > 0)
            out += (size_t)n;
        if (n < 0 || (n == 0 && out > size * 20 + 64))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t piece = size && data[0] < 9 ? (size_t)data[0] + 1 : size + 1;
    if (size && data[0] < 9)
        data++, size--;
    run_session(data, size, piece, 0);
    run_session(data, size, piece, 1);
    run_client(data, size);
    run_packets(data, size, piece < 9 ? 64 + (int)piece : 1400);
    return 0;
}
