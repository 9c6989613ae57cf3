/* RTSP client that sends: ANNOUNCE, SETUP, RECORD to a server that takes streams, then media like
 * the server's own sender. See <avocet/stream.h>.
 *
 * Opening talks step by step and waits for each answer; from then on one thread sends what is in
 * the ring, keeps the session alive and listens for the end. */
#include "stream/hash.h"
#include "stream/rtsp_auth.h"
#include "stream/sender.h"
#include "base/bytes.h"
#include "base/memory.h"

enum {
    IN_BYTES = 16384,
    OUT_BYTES = 8192,
    URL_BYTES = 512,
    SECRET_BYTES = 128,
    SDP_BYTES = 2048,
    ROUNDS = 8,
    IDLE_MS = 250,
    LEAVING_MS = 20,
    LAST_WORD_US = 500000 /* for the answer to TEARDOWN */
};

#define TRACK "streamid=0"

struct AvocetRtspPush {
    AvocetRtspPushConfig config;
    AvocetAllocator allocator;
    AvoMessage message;
    AvoHasher hasher;
    char url[URL_BYTES], user[SECRET_BYTES],
        password[SECRET_BYTES]; /* url: without user and password */
    AvoAuthChallenge challenge;
    AvoSocket socket, wake[2];
    AvoNetSet *set;
    AvoNetThread *thread;
    AvoStream *stream; /* guarded by the lock, as are the two below */
    bool quit, lost;
    int64_t quit_us;
    AvoSender sender;
    uint8_t *sender_memory, in[IN_BYTES];
    size_t in_used, skip;
    char out[OUT_BYTES], sdp[SDP_BYTES];
    size_t out_head, out_tail;
    char session[SECRET_BYTES];
    int cseq, timeout_s;
    int64_t request_us;     /* when the last one was sent */
    bool leaving, said_bye; /* of the thread alone */
};

void avocet_rtsp_push_config_init(AvocetRtspPushConfig *config)
{
    memset(config, 0, sizeof *config);
    config->size = sizeof *config;
    config->timeout_ms = 10000;
}

/* ---- requests ---- */

/* Puts a request into `out`. more: further header lines. */
static int put_request(AvocetRtspPush *p, const char *method, const char *track, const char *more,
                       const char *body)
{
    char url[URL_BYTES + 16], cnonce[17];
    uint8_t random[8];
    AvoTextOut u = avo_text_out(url, sizeof url), o = avo_text_out(p->out, sizeof p->out),
               c = avo_text_out(cnonce, sizeof cnonce);
    avo_put_text(&u, p->url);
    avo_put_text(&u, track);
    avo_put_text(&o, method);
    avo_put_text(&o, " ");
    avo_put_text(&o, url);
    avo_put_text(&o, " RTSP/1.0\r\nCSeq: ");
    avo_put_int(&o, ++p->cseq);
    avo_put_text(&o, "\r\nUser-Agent: Avocet\r\n");
    if (p->session[0]) {
        avo_put_text(&o, "Session: ");
        avo_put_text(&o, p->session);
        avo_put_text(&o, "\r\n");
    }
    if (p->challenge.known) {
        if (!avo_net_random(random, sizeof random))
            return avo_fail(&p->message, AVOCET_ERR_IO, "the system gives no random numbers");
        avo_put_hex(&c, random, sizeof random);
        if (!avo_auth_put_answer(&o, &p->challenge, p->hasher, p->user, p->password, method, url,
                                 cnonce))
            return avo_fail(&p->message, AVOCET_ERR_UNSUPPORTED,
                            "the server asks for a password: that needs a build with mbedTLS");
    }
    avo_put_text(&o, more);
    if (body[0]) {
        avo_put_text(&o, "Content-Length: ");
        avo_put_int(&o, (int64_t)avo_text_length(body));
        avo_put_text(&o, "\r\n");
    }
    avo_put_text(&o, "\r\n");
    avo_put_text(&o, body);
    p->out_head = 0;
    p->out_tail = o.used;
    p->request_us = avo_net_now_us();
    return o.overflow ? avo_fail(&p->message, AVOCET_ERR_ARGUMENT, "the URL is too long")
                      : AVOCET_OK;
}

/* 1: all gone, 0: not now, -1: the connection has ended. */
static int flush_request(AvocetRtspPush *p)
{
    while (p->out_head < p->out_tail) {
        ptrdiff_t n = avo_net_write(p->socket, (const uint8_t *)p->out + p->out_head,
                                    p->out_tail - p->out_head);
        if (n <= 0)
            return (int)n;
        p->out_head += (size_t)n;
    }
    return 1;
}

static void consume(AvocetRtspPush *p, size_t n)
{
    p->in_used -= n;
    memmove(p->in, p->in + n, p->in_used);
}

/* Leaves out what is interleaved. 1: a response is whole at the start of `in`, 0: not yet,
 * negative: this is no RTSP. */
static int find_response(AvocetRtspPush *p, AvoRtspMessage *response)
{
    while (p->in_used) {
        if (p->skip) {
            size_t n = p->skip < p->in_used ? p->skip : p->in_used;
            p->skip -= n;
            consume(p, n);
        } else if (p->in[0] == '$') {
            if (p->in_used < 4)
                return 0;
            p->skip = 4 + avo_get_u16(p->in + 2);
        } else {
            int status = avo_rtsp_parse(p->in, p->in_used, response);
            return status == 0 && p->in_used == IN_BYTES ? AVOCET_ERR_DATA : status;
        }
    }
    return 0;
}

static int lose(AvocetRtspPush *p, const char *why)
{
    return avo_fail(&p->message, AVOCET_ERR_IO, "%s: %s", p->url, why);
}

/* Waits for the connection and reads what has come. */
static int wait_and_read(AvocetRtspPush *p, int wanted, int64_t until_us)
{
    int64_t left = (until_us - avo_net_now_us()) / 1000;
    if (left <= 0)
        return lose(p, "no answer in time");
    avo_net_set_clear(p->set);
    avo_net_set_add(p->set, p->socket, wanted);
    avo_net_set_wait(p->set, (int)left);
    if (!(avo_net_set_ready(p->set, 0) & AVO_NET_READ))
        return AVOCET_OK;
    ptrdiff_t n = avo_net_read(p->socket, p->in + p->in_used, IN_BYTES - p->in_used);
    if (n < 0)
        return lose(p, "the server has ended the connection");
    p->in_used += (size_t)n;
    return AVOCET_OK;
}

/* Sends what is in `out` and waits for the answer, which stays at the start of `in`. */
static int exchange(AvocetRtspPush *p, AvoRtspMessage *response)
{
    int64_t until = avo_net_now_us() + (int64_t)p->config.timeout_ms * 1000;
    for (;;) {
        int sent = flush_request(p), found = find_response(p, response);
        if (sent < 0)
            return lose(p, "the server has ended the connection");
        if (found < 0)
            return lose(p, "the answer is no RTSP");
        if (found == 1 && response->status >= 200 &&
            avo_rtsp_header_number(response, "CSeq", 0x7fffffff) == p->cseq)
            return AVOCET_OK;
        if (found == 1)
            consume(p, response->size);
        else
            AVO_RETURN_IF_ERROR(wait_and_read(p, AVO_NET_READ | (sent ? 0 : AVO_NET_WRITE), until));
    }
}

/* The whole of one step, with a second try when a password is asked for. The answer is at the start
 * of `in` until the next step. */
static int step(AvocetRtspPush *p, const char *method, const char *track, const char *more,
                const char *body, AvoRtspMessage *response)
{
    for (int tries = 0;; tries++) {
        AVO_RETURN_IF_ERROR(put_request(p, method, track, more, body));
        AVO_RETURN_IF_ERROR(exchange(p, response));
        bool asks = response->status == 401 && tries < 2 && p->user[0] &&
                    avo_auth_read_challenge(&p->challenge, response);
        if (!asks)
            break;
        consume(p, response->size);
    }
    if (response->status == 200)
        return AVOCET_OK;
    return avo_fail(&p->message, AVOCET_ERR_IO, "%s: the server answers %s with %d%s", p->url,
                    method, response->status,
                    response->status == 401 ? p->user[0] ? " (wrong user or password)"
                                                         : " (it wants a user and a password)"
                                            : "");
}

/* ---- opening ---- */

static void take_session(AvocetRtspPush *p, const AvoRtspMessage *response)
{
    AvoSpan value = avo_rtsp_header(response, "Session", NULL), name, number;
    AvoSpan id = avo_span_take(&value, ';');
    AvoTextOut o = avo_text_out(p->session, sizeof p->session);
    avo_put_span(&o, id);
    while (avo_rtsp_next_parameter(&value, ';', &name, &number))
        if (avo_span_is_word(name, "timeout") && avo_span_number(number, 86400) > 0)
            p->timeout_s = (int)avo_span_number(number, 86400);
}

/* Where the server wants media: channels, or ports (by UDP). */
static int take_transport(AvocetRtspPush *p, const AvoRtspMessage *response)
{
    AvoSpan list = avo_rtsp_header(response, "Transport", NULL), name, value;
    const char *wanted = p->config.udp ? "server_port" : "interleaved";
    int pair[2] = {p->config.udp ? -1 : 0, p->config.udp ? -1 : 1};
    while (avo_rtsp_next_parameter(&list, ';', &name, &value)) {
        if (!avo_span_is_word(name, wanted))
            continue;
        AvoSpan first = avo_span_take(&value, '-');
        pair[0] = (int)avo_span_number(first, p->config.udp ? 65535 : 255);
        pair[1] =
            value.size ? (int)avo_span_number(value, p->config.udp ? 65535 : 255) : pair[0] + 1;
    }
    if (pair[0] < 0 || pair[1] < 0)
        return lose(p, "the server does not say where it takes the stream");
    p->sender.udp = p->config.udp != 0;
    if (p->config.udp) {
        p->sender.channel[1] = 1;
        if (!avo_net_udp_connect(p->sender.socket[0], p->socket, pair[0]) ||
            !avo_net_udp_connect(p->sender.socket[1], p->socket, pair[1]))
            return lose(p, "no UDP to the ports of the server");
    } else {
        p->sender.channel[0] = pair[0];
        p->sender.channel[1] = pair[1];
    }
    return AVOCET_OK;
}

static int set_up(AvocetRtspPush *p)
{
    char more[128];
    AvoRtspMessage response;
    AvoTextOut o = avo_text_out(more, sizeof more);
    if (p->config.udp) {
        int port[2];
        if (!avo_net_udp_pair(p->socket, (const int[2]){0, 0}, p->sender.socket, port))
            return lose(p, "the system gives no UDP ports");
        avo_put_text(&o, "Transport: RTP/AVP;unicast;client_port=");
        avo_put_int(&o, port[0]);
        avo_put_text(&o, "-");
        avo_put_int(&o, port[1]);
        avo_put_text(&o, ";mode=record\r\n");
    } else {
        avo_put_text(&o, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=record\r\n");
    }
    AVO_RETURN_IF_ERROR(step(p, "SETUP", "/" TRACK, more, "", &response));
    take_session(p, &response);
    int status = take_transport(p, &response);
    consume(p, response.size);
    return status;
}

static int announce(AvocetRtspPush *p)
{
    AvoRtspMessage response;
    int n = avo_stream_describe(p->stream, TRACK, p->sdp, sizeof p->sdp);
    AVO_RETURN_IF_ERROR(n);
    AVO_RETURN_IF_ERROR(step(p, "OPTIONS", "", "", "", &response));
    consume(p, response.size);
    AVO_RETURN_IF_ERROR(
        step(p, "ANNOUNCE", "", "Content-Type: application/sdp\r\n", p->sdp, &response));
    if (avo_rtsp_header(&response, "Session", NULL).size)
        take_session(p, &response);
    consume(p, response.size);
    AVO_RETURN_IF_ERROR(set_up(p));
    AVO_RETURN_IF_ERROR(step(p, "RECORD", "", "Range: npt=0.000-\r\n", "", &response));
    consume(p, response.size);
    return AVOCET_OK;
}

/* Characters written as %XX. */
static bool decode(char *to, size_t size, AvoSpan from)
{
    size_t used = 0;
    for (size_t i = 0; i < from.size; i++) {
        int value = from.text[i];
        if (value == '%' && i + 2 < from.size) {
            int digits = 0;
            for (size_t k = 1; k <= 2; k++) {
                char c = from.text[i + k];
                int d = c >= '0' && c <= '9'                 ? c - '0'
                        : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                             : -1;
                if (d < 0)
                    return false;
                digits = digits << 4 | d;
            }
            value = digits;
            i += 2;
        }
        if (used + 1 >= size || value == 0 || value == '"')
            return false;
        to[used++] = (char)value;
    }
    to[used] = 0;
    return true;
}

/* Takes the URL apart: user and password are kept, and left out of what is sent and told. */
static int take_url(AvocetRtspPush *p, const char *text, char *host, size_t host_size, int *port)
{
    AvoRtspUrl url;
    AvoTextOut h = avo_text_out(host, host_size), u = avo_text_out(p->url, sizeof p->url);
    if (!text || !avo_rtsp_url(avo_span(text), &url))
        return avo_fail(&p->message, AVOCET_ERR_ARGUMENT,
                        "url: must be rtsp://[USER:PASSWORD@]HOST[:PORT]/PATH");
    if (!decode(p->user, sizeof p->user, url.user) ||
        !decode(p->password, sizeof p->password, url.password))
        return avo_fail(&p->message, AVOCET_ERR_ARGUMENT,
                        "url: user or password too long or badly written");
    const char *rest = url.host.text[-1] == '[' ? url.host.text - 1 : url.host.text;
    avo_put_text(&u, "rtsp://");
    avo_put_text(&u, rest);
    while (u.used && u.text[u.used - 1] == '/')
        u.text[--u.used] = 0;
    avo_put_span(&h, url.host);
    for (size_t i = 0; i < u.used; i++)
        if ((unsigned char)u.text[i] <= 32 || (unsigned char)u.text[i] >= 127)
            return avo_fail(&p->message, AVOCET_ERR_ARGUMENT, "url: unusable characters");
    *port = url.port;
    return u.overflow || h.overflow ? avo_fail(&p->message, AVOCET_ERR_ARGUMENT, "url: too long")
                                    : AVOCET_OK;
}

static void *take(AvocetRtspPush *p, size_t bytes)
{
    void *memory = p->allocator.alloc(p->allocator.opaque, bytes, 64);
    if (memory)
        memset(memory, 0, bytes);
    return memory;
}

static int take_stream(AvocetRtspPush *p, const AvocetStreamConfig *config)
{
    uint8_t random[14];
    AVO_RETURN_IF_ERROR(avo_stream_check_config(config, &p->message));
    if (!avo_net_random(random, sizeof random))
        return avo_fail(&p->message, AVOCET_ERR_UNSUPPORTED, "this build has no sockets");
    p->set = take(p, avo_net_set_bytes(4));
    p->thread = take(p, avo_net_thread_bytes());
    p->sender_memory = take(p, AVO_SENDER_BYTES);
    p->stream = take(p, sizeof *p->stream);
    uint8_t *ring = p->stream ? take(p, avo_stream_ring_bytes(config)) : NULL;
    if (p->stream)
        avo_stream_init(p->stream, config, ring, random);
    if (!p->set || !p->thread || !p->sender_memory || !ring)
        return avo_fail(&p->message, AVOCET_ERR_MEMORY, "no memory for a stream");
    if (!p->stream->headers_size)
        return avo_fail(&p->message, AVOCET_ERR_ARGUMENT,
                        "headers: no SPS and PPS; a server has to know them");
    avo_sender_init(&p->sender, p->sender_memory, (uint16_t)avo_get_u16(random + 12));
    return AVOCET_OK;
}

/* ---- the thread ---- */

/* Answers to signs of life are of no interest, the end of the connection is. */
static bool read_answers(AvocetRtspPush *p)
{
    AvoRtspMessage response;
    ptrdiff_t n = avo_net_read(p->socket, p->in + p->in_used, IN_BYTES - p->in_used);
    int found;
    if (n < 0)
        return false;
    p->in_used += (size_t)n;
    while ((found = find_response(p, &response)) == 1)
        consume(p, response.size);
    return found == 0;
}

/* Between two media packets: a sign of life, or the last word. */
static void speak(AvocetRtspPush *p, int64_t now)
{
    if (p->out_head < p->out_tail || p->said_bye)
        return;
    avo_net_lock(p->thread);
    bool more = (avo_ring_has_more(&p->stream->ring, &p->sender.cursor) ||
                 !avo_sender_may_leave(&p->sender, now)) &&
                now < p->quit_us;
    if (p->leaving && !more)
        avo_sender_bye(&p->sender, now);
    avo_net_unlock(p->thread);
    if (p->leaving && !more) {
        put_request(p, "TEARDOWN", "", "", "");
        p->said_bye = true;
    } else if (now - p->request_us > (int64_t)p->timeout_s * 500000) {
        put_request(p, "OPTIONS", "", "", "");
    }
}

/* False: the connection has ended. */
static bool send_what_is_there(AvocetRtspPush *p, int64_t now)
{
    for (int i = 0; i < ROUNDS; i++) {
        int media = avo_sender_flush(&p->sender, p->socket, now);
        int request = media == 1 || p->sender.udp ? flush_request(p) : 0;
        if (media < 0 || request < 0)
            return false;
        if (media == 0 || request == 0)
            return true;
        avo_net_lock(p->thread);
        if (!p->said_bye && avo_sender_fill(&p->sender, now))
            avo_stream_wish_keyframe(p->stream, now);
        avo_net_unlock(p->thread);
        if (p->sender.head == p->sender.tail)
            speak(p, now);
        if (p->sender.head == p->sender.tail && p->out_head == p->out_tail)
            return true;
    }
    return true;
}

static const char *round_of(AvocetRtspPush *p)
{
    bool media = p->sender.head < p->sender.tail, request = p->out_head < p->out_tail;
    int wait = IDLE_MS;
    avo_net_lock(p->thread);
    p->leaving = p->quit;
    if (p->leaving)
        wait = LEAVING_MS;
    if (!media && !p->said_bye && avo_ring_has_more(&p->stream->ring, &p->sender.cursor))
        wait = p->sender.udp ? 1 : 0;
    avo_net_unlock(p->thread);
    avo_net_set_clear(p->set);
    avo_net_set_add(p->set, p->wake[0], AVO_NET_READ);
    avo_net_set_add(p->set, p->socket,
                    AVO_NET_READ | (request || (media && !p->sender.udp) ? AVO_NET_WRITE : 0));
    if (p->sender.udp && media)
        avo_net_set_add(p->set, p->sender.socket[0], AVO_NET_WRITE);
    avo_net_set_wait(p->set, wait);
    int64_t now = avo_net_now_us();
    if (avo_net_set_ready(p->set, 0))
        avo_net_wake_drain(p->wake);
    if ((avo_net_set_ready(p->set, 1) & AVO_NET_READ) && !read_answers(p))
        return "the server has ended the connection";
    if (!send_what_is_there(p, now))
        return "the server has ended the connection";
    if (p->sender.head < p->sender.tail &&
        now - p->sender.progress_us > (int64_t)p->config.timeout_ms * 1000)
        return "the server takes nothing";
    return NULL;
}

static void run(void *argument)
{
    AvocetRtspPush *p = argument;
    const char *fault = NULL;
    while (!fault) {
        fault = round_of(p);
        int64_t now = avo_net_now_us();
        if (p->leaving && ((p->said_bye && p->sender.head == p->sender.tail &&
                            p->out_head == p->out_tail && now - p->request_us > LAST_WORD_US) ||
                           now > p->quit_us + LAST_WORD_US))
            return;
    }
    avo_net_lock(p->thread);
    p->lost = true;
    avo_fail(&p->message, AVOCET_ERR_IO, "%s: %s", p->url, fault);
    avo_net_unlock(p->thread);
}

/* ---- public ---- */

static int start(AvocetRtspPush *p, const AvocetStreamConfig *stream)
{
    char host[256];
    int port = 0;
    if (p->config.size != sizeof p->config || p->config.timeout_ms < 1)
        return avo_fail(&p->message, AVOCET_ERR_ARGUMENT,
                        "AvocetRtspPushConfig was not set up by avocet_rtsp_push_config_init");
    AVO_RETURN_IF_ERROR(take_url(p, p->config.url, host, sizeof host, &port));
    AVO_RETURN_IF_ERROR(take_stream(p, stream));
    if (!avo_net_lock_init(p->thread) || !avo_net_wake_open(p->wake))
        return avo_fail(&p->message, AVOCET_ERR_UNSUPPORTED, "the system gives no lock or pipe");
    AVO_RETURN_IF_ERROR(avo_net_connect(host, port, p->config.timeout_ms, &p->socket, &p->message));
    AVO_RETURN_IF_ERROR(announce(p));
    avo_sender_start(&p->sender, p->stream, avo_net_now_us());
    if (!avo_net_thread_start(p->thread, run, p))
        return avo_fail(&p->message, AVOCET_ERR_UNSUPPORTED, "no thread");
    return AVOCET_OK;
}

int avocet_rtsp_push_open(AvocetRtspPush **push, const AvocetRtspPushConfig *config,
                          const AvocetStreamConfig *stream, const AvocetAllocator *allocator,
                          char *message, size_t message_size)
{
    if (!push || !config || !stream)
        return AVOCET_ERR_ARGUMENT;
    *push = NULL;
    if (!allocator)
        allocator = avo_memory_default();
    AvocetRtspPush *p = allocator->alloc(allocator->opaque, sizeof *p, 64);
    if (!p) {
        avo_text_copy(message, message_size, avocet_status_text(AVOCET_ERR_MEMORY));
        return AVOCET_ERR_MEMORY;
    }
    memset(p, 0, sizeof *p);
    p->allocator = *allocator;
    p->config = *config;
    p->hasher = (AvoHasher){config->hash ? config->hash : avo_hash_default(), config->hash_opaque};
    p->timeout_s = 60;
    p->socket = p->wake[0] = p->wake[1] = p->sender.socket[0] = p->sender.socket[1] = AVO_NO_SOCKET;
    *push = p;
    int status = start(p, stream);
    p->config.url = NULL;
    if (status < 0) {
        avo_text_copy(message, message_size,
                      p->message.text[0] ? p->message.text : avocet_status_text(status));
        avocet_rtsp_push_close(push);
    }
    return status;
}

int avocet_rtsp_push_send(AvocetRtspPush *p, const AvocetPacket *packet)
{
    if (!p || !packet || !packet->data || !packet->size)
        return AVOCET_ERR_ARGUMENT;
    int64_t now = avo_net_now_us();
    avo_net_lock(p->thread);
    int status = p->lost ? AVOCET_ERR_IO : avo_stream_send(p->stream, packet, now);
    if (status == AVOCET_ERR_DATA)
        avo_fail(&p->message, status,
                 "the packet holds no NAL units in the form of nal_length_size");
    avo_net_unlock(p->thread);
    avo_net_wake_signal(p->wake);
    return status;
}

int avocet_rtsp_push_wants_keyframe(AvocetRtspPush *p)
{
    if (!p)
        return 0;
    avo_net_lock(p->thread);
    bool wanted = avo_stream_take_wish(p->stream);
    avo_net_unlock(p->thread);
    return wanted;
}

int avocet_rtsp_push_stats(AvocetRtspPush *p, AvocetStreamStats *stats)
{
    if (!p || !stats)
        return AVOCET_ERR_ARGUMENT;
    avo_net_lock(p->thread);
    *stats = p->stream->stats;
    avo_net_unlock(p->thread);
    return AVOCET_OK;
}

const char *avocet_rtsp_push_error(const AvocetRtspPush *p)
{
    return p ? p->message.text : "";
}

static void give_back(AvocetRtspPush *p, void *memory)
{
    if (memory)
        p->allocator.free(p->allocator.opaque, memory);
}

void avocet_rtsp_push_close(AvocetRtspPush **push)
{
    AvocetRtspPush *p = push ? *push : NULL;
    if (!p)
        return;
    *push = NULL;
    if (p->wake[0] >= 0) {
        avo_net_lock(p->thread);
        p->quit = true;
        p->quit_us = avo_net_now_us() + (int64_t)p->config.timeout_ms * 1000;
        avo_net_unlock(p->thread);
        avo_net_wake_signal(p->wake);
        avo_net_thread_join(p->thread);
    }
    avo_sender_close(&p->sender);
    avo_net_close(&p->socket);
    avo_net_wake_close(p->wake);
    if (p->thread)
        avo_net_lock_destroy(p->thread);
    if (p->stream)
        give_back(p, p->stream->ring.data);
    give_back(p, p->stream);
    give_back(p, p->sender_memory);
    give_back(p, p->thread);
    give_back(p, p->set);
    memset(p->password, 0, sizeof p->password);
    AvocetAllocator allocator = p->allocator;
    allocator.free(allocator.opaque, p);
}
