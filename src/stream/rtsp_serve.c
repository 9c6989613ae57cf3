/* The loop of the RTSP server: accepts, reads requests, answers, sends. See rtsp_server.h.
 *
 * One thread serves all clients and waits for none of them: sockets do not block, a client's bytes
 * pile up nowhere but in its fixed buffers. The lock is held only while packets are copied out of a
 * ring. */
#include "stream/rtsp_server.h"
#include "base/bytes.h"

enum {
    ROUNDS = 8,           /* refills of one client before the others have their turn */
    END_US = 500000,      /* for a client to close after we did */
    ANSWER_US = 2000000,  /* the last part of the farewell: to answer the good-bye */
    CROWDED_US = 2000000, /* who does not play so long may be put out when there is no place */
    ACCEPT_AT_ONCE = 16,
    DEAF_US = 100000,
    LEAVING_MS = 20 /* how often it is looked whether all is said */
};

static void say(AvocetRtspServer *s, const AvoClient *c, const char *what, const char *more)
{
    char text[256];
    if (!s->config.log)
        return;
    avo_format(text, sizeof text, "%s %s%s", c->peer, what, more);
    s->config.log(s->config.log_opaque, text);
}

/* ---- what sessions ask for ---- */

static int host_find(void *opaque, AvoSpan path)
{
    AvocetRtspServer *s = opaque;
    int found = -1;
    avo_net_lock(s->thread);
    for (int i = 0; i < s->stream_count && found < 0; i++)
        if (!s->stream[i]->path[0] || avo_span_is(path, s->stream[i]->path))
            found = i;
    avo_net_unlock(s->thread);
    return found;
}

static int host_describe(void *opaque, int stream, char *out, size_t size)
{
    AvocetRtspServer *s = opaque;
    avo_net_lock(s->thread);
    int n = avo_stream_describe(s->stream[stream], "trackID=0", out, size);
    avo_net_unlock(s->thread);
    return n;
}

static uint32_t host_ssrc(void *opaque, int stream)
{
    AvocetRtspServer *s = opaque;
    return s->stream[stream]->rtp.ssrc; /* never changes */
}

static uint16_t host_sequence(void *opaque)
{
    AvocetRtspServer *s = opaque;
    return s->current->sender.sequence;
}

static bool host_open_udp(void *opaque, const int client_port[2], int server_port[2])
{
    AvocetRtspServer *s = opaque;
    AvoClient *c = s->current;
    avo_sender_close(&c->sender);
    return avo_net_udp_pair(c->socket, client_port, c->sender.socket, server_port);
}

static void host_close_udp(void *opaque)
{
    AvocetRtspServer *s = opaque;
    avo_sender_close(&s->current->sender);
}

static bool host_random(void *opaque, uint8_t *bytes, size_t size)
{
    (void)opaque;
    return avo_net_random(bytes, size);
}

static int64_t host_now_ms(void *opaque)
{
    (void)opaque;
    return avo_net_now_us() / 1000;
}

/* ---- clients ---- */

static void drop(AvocetRtspServer *s, AvoClient *c, const char *why)
{
    avo_net_lock(s->thread);
    avo_sender_stop(&c->sender);
    avo_net_unlock(s->thread);
    avo_sender_close(&c->sender);
    avo_net_close(&c->socket);
    say(s, c, why, "");
}

bool avo_server_has_clients(const AvocetRtspServer *s)
{
    for (int i = 0; i < s->config.max_clients; i++)
        if (s->client[i].socket >= 0)
            return true;
    return false;
}

/* A free place, if need be that of the client that has been doing nothing for the longest time. */
static AvoClient *find_place(AvocetRtspServer *s, int64_t now)
{
    AvoClient *idle = NULL;
    for (int i = 0; i < s->config.max_clients; i++) {
        AvoClient *c = &s->client[i];
        if (c->socket < 0)
            return c;
        if (c->session.state == AVO_SESSION_INIT && now - c->since_us > CROWDED_US &&
            (!idle || c->since_us < idle->since_us))
            idle = c;
    }
    if (idle)
        drop(s, idle, "is put out: no place for all");
    return idle;
}

static void welcome(AvoClient *c, AvoSocket socket, const char *peer, int64_t now)
{
    uint8_t random[2] = {0, 0};
    uint8_t *in = c->in, *out = c->sender.out;
    char *reply = c->reply;
    memset(c, 0, sizeof *c);
    c->socket = socket;
    c->in = in;
    c->reply = reply;
    c->since_us = c->life_us = now;
    avo_text_copy(c->peer, sizeof c->peer, peer);
    avo_net_random(random, sizeof random);
    avo_session_init(&c->session);
    avo_sender_init(&c->sender, out, (uint16_t)avo_get_u16(random));
}

static void accept_all(AvocetRtspServer *s, AvoSocket listener, int64_t now)
{
    static const char full[] = "RTSP/1.0 503 Service Unavailable\r\nServer: Avocet\r\n\r\n";
    for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
        char peer[AVO_NET_PEER_TEXT];
        AvoSocket socket = avo_net_accept(listener, peer);
        if (socket < 0) {
            if (i == 0)
                s->deaf_us = now + DEAF_US;
            return;
        }
        AvoClient *c = find_place(s, now);
        if (c) {
            welcome(c, socket, peer, now);
        } else {
            avo_net_write(socket, (const uint8_t *)full, sizeof full - 1);
            avo_net_close(&socket);
        }
    }
}

/* From now on nothing is read; when all is sent the connection ends. */
static void end_client(AvocetRtspServer *s, AvoClient *c, int64_t now)
{
    avo_net_lock(s->thread);
    avo_sender_stop(&c->sender);
    avo_net_unlock(s->thread);
    if (!c->ending)
        c->end_us = now + END_US;
    c->ending = true;
}

/* ---- requests ---- */

/* Lets the sender follow what the session has become. */
static void follow_session(AvocetRtspServer *s, AvoClient *c, int64_t now)
{
    bool plays = c->session.state == AVO_SESSION_PLAYING;
    if (plays == (c->sender.stream != NULL))
        return;
    avo_net_lock(s->thread);
    if (plays) {
        c->sender.udp = c->session.udp;
        c->sender.channel[0] = c->session.udp ? 0 : c->session.channel[0];
        c->sender.channel[1] = c->session.udp ? 1 : c->session.channel[1];
        avo_sender_start(&c->sender, s->stream[c->session.stream], now);
    } else {
        avo_sender_stop(&c->sender);
    }
    avo_net_unlock(s->thread);
    say(s, c, plays ? c->session.udp ? "plays by UDP: /" : "plays: /" : "stops",
        plays ? s->stream[c->session.stream]->path : "");
}

static void answer(AvocetRtspServer *s, AvoClient *c, const AvoRtspMessage *request, int refusal,
                   int64_t now)
{
    const AvoSessionHost host = {s,
                                 host_find,
                                 host_describe,
                                 host_ssrc,
                                 host_sequence,
                                 host_open_udp,
                                 host_close_udp,
                                 host_random,
                                 host_now_ms};
    AvoTextOut reply = avo_text_out(c->reply, AVO_REPLY_BYTES);
    s->current = c;
    if (refusal)
        avo_session_refuse(&c->session, refusal, &reply);
    else
        avo_session_handle(&c->session, &s->rules, &host, request, &reply);
    c->reply_head = 0;
    c->reply_tail = reply.used;
    follow_session(s, c, now);
    if (c->session.close)
        end_client(s, c, now);
}

static void read_rtcp(AvocetRtspServer *s, AvoClient *c, const uint8_t *data, size_t size,
                      int64_t now)
{
    AvocetRtcpReport report;
    bool tell = false;
    AvoStream *stream = c->sender.stream;
    if (!stream || avocet_rtcp_read(data, size, stream->rtp.ssrc, &report) < 0)
        return;
    c->life_us = now;
    if (report.wants_keyframe) {
        avo_net_lock(s->thread);
        tell = avo_stream_wish_keyframe(stream, now);
        avo_net_unlock(s->thread);
    }
    if (tell && stream->config.keyframe_wanted)
        stream->config.keyframe_wanted(stream->config.opaque);
}

static void consume(AvoClient *c, size_t n)
{
    c->in_used -= n;
    memmove(c->in, c->in + n, c->in_used);
}

/* The interleaved packet or request at the start of what has come. False: it is not whole yet. */
static bool take_one(AvocetRtspServer *s, AvoClient *c, int64_t now)
{
    AvoRtspMessage request;
    size_t most = (size_t)s->config.max_request;
    if (c->in[0] == '$') {
        if (c->in_used < 4)
            return false;
        size_t n = 4 + avo_get_u16(c->in + 2);
        if (n > most) {
            c->skip = n;
            return true;
        }
        if (c->in_used < n)
            return false;
        if (c->in[1] == c->sender.channel[1])
            read_rtcp(s, c, c->in + 4, n - 4, now);
        consume(c, n);
        return true;
    }
    int status = avo_rtsp_parse(c->in, c->in_used, &request);
    if (status == 0 && c->in_used < most)
        return false;
    if (status == 1) {
        c->life_us = now;
        answer(s, c, &request, 0, now);
        consume(c, request.size);
    } else {
        answer(s, c, NULL, status < 0 ? 400 : 413, now);
        c->in_used = 0;
    }
    return true;
}

/* As long as the answers have gone out: a client that does not read them is not heard. */
static void take_requests(AvocetRtspServer *s, AvoClient *c, int64_t now)
{
    while (c->in_used && c->reply_head == c->reply_tail && !c->ending) {
        if (c->skip) {
            size_t n = c->skip < c->in_used ? c->skip : c->in_used;
            c->skip -= n;
            consume(c, n);
        } else if (!take_one(s, c, now)) {
            break;
        }
    }
    if (c->in_used == 0)
        c->request_us = 0;
    else if (c->request_us == 0)
        c->request_us = now;
}

static bool read_connection(AvocetRtspServer *s, AvoClient *c)
{
    uint8_t nothing[512];
    size_t room = (size_t)s->config.max_request - c->in_used;
    if (c->ending)
        return avo_net_read(c->socket, nothing, sizeof nothing) >= 0;
    ptrdiff_t n = room ? avo_net_read(c->socket, c->in + c->in_used, room) : 0;
    if (n > 0)
        c->in_used += (size_t)n;
    return n >= 0;
}

static void read_udp(AvocetRtspServer *s, AvoClient *c, int which, int64_t now)
{
    uint8_t data[1500];
    for (int i = 0; i < 8; i++) {
        ptrdiff_t n = avo_net_read(c->sender.socket[which], data, sizeof data);
        if (n <= 0)
            return;
        if (which == 1)
            read_rtcp(s, c, data, (size_t)n, now);
    }
}

/* ---- sending ---- */

/* 1: all gone, 0: not now, -1: the connection has ended. */
static int flush_reply(AvoClient *c, int64_t now)
{
    while (c->reply_head < c->reply_tail) {
        ptrdiff_t n = avo_net_write(c->socket, (const uint8_t *)c->reply + c->reply_head,
                                    c->reply_tail - c->reply_head);
        if (n <= 0)
            return (int)n;
        c->reply_head += (size_t)n;
        c->sender.progress_us = now;
    }
    return 1;
}

static void fill(AvocetRtspServer *s, AvoClient *c, int64_t now)
{
    AvoStream *stream = c->sender.stream;
    bool tell = false;
    if (c->bye_us) /* the last word */
        return;
    avo_net_lock(s->thread);
    if (avo_sender_fill(&c->sender, now))
        tell = avo_stream_wish_keyframe(stream, now);
    avo_net_unlock(s->thread);
    if (tell && stream->config.keyframe_wanted)
        stream->config.keyframe_wanted(stream->config.opaque);
}

/* Media up to the end of a packet, then answers, then more media.
 * False: the connection has ended. */
static bool send_what_is_there(AvocetRtspServer *s, AvoClient *c, int64_t now)
{
    for (int i = 0; i < ROUNDS; i++) {
        int media = avo_sender_flush(&c->sender, c->socket, now);
        int reply = media == 1 || c->sender.udp ? flush_reply(c, now) : 0;
        if (media < 0 || reply < 0)
            return false;
        if (media == 0 || reply == 0)
            return true;
        fill(s, c, now);
        if (c->sender.head == c->sender.tail)
            return true;
    }
    return true;
}

/* ---- one client's turn ---- */

/* Why the client has to go, or NULL. */
static const char *find_fault(const AvocetRtspServer *s, const AvoClient *c, int64_t now)
{
    int64_t request = (int64_t)s->config.request_ms * 1000,
            timeout = (int64_t)s->config.timeout_ms * 1000;
    bool pending = c->sender.head < c->sender.tail || c->reply_head < c->reply_tail;
    if (s->leaving && now > s->quit_us)
        return "is dropped: the server closes";
    if (c->ending)
        return now > c->end_us ? "is gone" : NULL;
    if (pending &&
        now - avo_max64(c->sender.progress_us, c->life_us) > (int64_t)s->config.stall_ms * 1000)
        return "is dropped: it takes nothing";
    if (c->request_us && !pending && now - c->request_us > request)
        return "is dropped: its request does not end";
    if (c->session.state == AVO_SESSION_INIT &&
        (now - c->life_us > request || now - c->since_us > 6 * request))
        return "is dropped: it asks for nothing";
    if ((c->session.state == AVO_SESSION_READY ||
         (c->session.state == AVO_SESSION_PLAYING && c->session.udp)) &&
        now - c->life_us > timeout)
        return "is dropped: no sign of life";
    return NULL;
}

static void drop_faulty(AvocetRtspServer *s, AvoClient *c, const char *fault)
{
    if (c->sender.stream) {
        avo_net_lock(s->thread);
        c->sender.stream->stats.clients_dropped++;
        avo_net_unlock(s->thread);
    }
    drop(s, c, fault);
}

/* Adds the good-bye once everything before it is out, or there is no more time for it. */
static void say_bye(AvocetRtspServer *s, AvoClient *c, int64_t now)
{
    avo_net_lock(s->thread);
    bool more = avo_ring_has_more(&c->sender.stream->ring, &c->sender.cursor) ||
                !avo_sender_may_leave(&c->sender, now);
    if (!more || now > s->quit_us - ANSWER_US) {
        avo_sender_bye(&c->sender, now);
        c->bye_us = now;
    }
    avo_net_unlock(s->thread);
}

/* The stream is over: what is left goes out, then a good-bye. Players answer it with TEARDOWN, some
 * with PAUSE before that, and call a connection that ends before they could a fault: it stays until
 * they have, or until the farewell is nearly over. */
static void finish_client(AvocetRtspServer *s, AvoClient *c, int64_t now)
{
    if (c->ending || c->sender.head < c->sender.tail || c->reply_head < c->reply_tail)
        return;
    bool expected = c->bye_us && c->session.state != AVO_SESSION_INIT;
    if (c->sender.stream && !c->bye_us)
        say_bye(s, c, now);
    else if (!expected || now > s->quit_us - END_US)
        end_client(s, c, now);
}

static void serve_client(AvocetRtspServer *s, AvoClient *c, int64_t now)
{
    int ready = c->place[0] >= 0 ? avo_net_set_ready(s->set, c->place[0]) : 0;
    for (int i = 0; i < 2; i++)
        if (c->place[1 + i] >= 0 && (avo_net_set_ready(s->set, c->place[1 + i]) & AVO_NET_READ))
            read_udp(s, c, i, now);
    if ((ready & AVO_NET_READ) && !read_connection(s, c)) {
        drop(s, c, "is gone");
        return;
    }
    take_requests(s, c, now);
    if (s->leaving)
        finish_client(s, c, now);
    if (!send_what_is_there(s, c, now)) {
        drop(s, c, "is gone");
        return;
    }
    if (c->ending && c->sender.head == c->sender.tail && c->reply_head == c->reply_tail)
        avo_net_end_writing(c->socket);
    const char *fault = find_fault(s, c, now);
    if (fault)
        drop_faulty(s, c, fault);
}

/* ---- waiting ---- */

/* Adds a client to the set; returns how long it may wait at most. */
static int add_client(AvocetRtspServer *s, AvoClient *c, int wait_ms)
{
    bool media = c->sender.head < c->sender.tail, reply = c->reply_head < c->reply_tail,
         more = false;
    bool hears = c->ending || (!reply && c->in_used < (size_t)s->config.max_request);
    int wanted =
        (hears ? AVO_NET_READ : 0) | (reply || (media && !c->sender.udp) ? AVO_NET_WRITE : 0);
    c->place[0] = avo_net_set_add(s->set, c->socket, wanted);
    c->place[1] = c->place[2] = -1;
    for (int i = 0; i < 2; i++)
        if (c->sender.socket[i] >= 0)
            c->place[1 + i] =
                avo_net_set_add(s->set, c->sender.socket[i],
                                AVO_NET_READ | (media && c->sender.udp ? AVO_NET_WRITE : 0));
    avo_net_lock(s->thread);
    more = c->sender.stream && !media && !c->bye_us &&
           avo_ring_has_more(&c->sender.stream->ring, &c->sender.cursor);
    avo_net_unlock(s->thread);
    if (s->leaving)
        wait_ms = avo_min(wait_ms, LEAVING_MS);
    return more && !reply ? (c->sender.udp ? avo_min(wait_ms, 1) : 0) : wait_ms;
}

void avo_server_round(AvocetRtspServer *s, int wait_ms)
{
    int listener[AVO_MAX_LISTENERS];
    avo_net_lock(s->thread);
    s->leaving = s->quit;
    avo_net_unlock(s->thread);
    bool hears = !s->leaving && avo_net_now_us() >= s->deaf_us;
    avo_net_set_clear(s->set);
    int wake = avo_net_set_add(s->set, s->wake[0], AVO_NET_READ);
    for (int i = 0; i < s->listener_count; i++)
        listener[i] = avo_net_set_add(s->set, s->listener[i], hears ? AVO_NET_READ : 0);
    for (int i = 0; i < s->config.max_clients; i++)
        if (s->client[i].socket >= 0)
            wait_ms = add_client(s, &s->client[i], wait_ms);
    avo_net_set_wait(s->set, wait_ms);
    int64_t now = avo_net_now_us();
    if (avo_net_set_ready(s->set, wake))
        avo_net_wake_drain(s->wake);
    for (int i = 0; i < s->config.max_clients; i++)
        if (s->client[i].socket >= 0)
            serve_client(s, &s->client[i], now);
    for (int i = 0; i < s->listener_count; i++)
        if (avo_net_set_ready(s->set, listener[i]) && hears)
            accept_all(s, s->listener[i], now);
}
