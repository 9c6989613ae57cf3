/* See rtsp_session.h. */
#include "stream/rtsp_session.h"

enum { MAX_REFUSED = 10, SDP_BYTES = 2048 };

#define METHODS "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER"
#define TRACK   "trackID=0"

/* A request under way. */
typedef struct Call {
    AvoSession *session;
    const AvoSessionRules *rules;
    const AvoSessionHost *host;
    const AvoRtspMessage *request;
    AvoTextOut *reply;
} Call;

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {413, "Request Entity Too Large"},
        {454, "Session Not Found"},
        {455, "Method Not Valid in This State"},
        {461, "Unsupported Transport"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "RTSP Version Not Supported"},
        {551, "Option not supported"},
    };
    for (size_t i = 0; i < AVO_COUNT(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Error";
}

static void put_status(AvoTextOut *out, int status)
{
    avo_put_text(out, "RTSP/1.0 ");
    avo_put_int(out, status);
    avo_put_text(out, " ");
    avo_put_text(out, reason_of(status));
    avo_put_text(out, "\r\n");
}

/* Status line and CSeq. */
static void start_reply(const Call *c, int status)
{
    put_status(c->reply, status);
    avo_put_text(c->reply, "CSeq: ");
    avo_put_span(c->reply, avo_rtsp_header(c->request, "CSeq", NULL));
    avo_put_text(c->reply, "\r\nServer: Avocet\r\n");
}

static void put_session(const Call *c)
{
    if (!c->session->id[0])
        return;
    avo_put_text(c->reply, "Session: ");
    avo_put_text(c->reply, c->session->id);
    avo_put_text(c->reply, ";timeout=");
    avo_put_int(c->reply, avo_max(c->rules->timeout_ms / 1000, 1));
    avo_put_text(c->reply, "\r\n");
}

/* A whole response without anything to tell. */
static void reply_simple(const Call *c, int status)
{
    start_reply(c, status);
    if (status == 200)
        put_session(c);
    if (status == 405 || status == 455 || status == 501)
        avo_put_text(c->reply, "Allow: " METHODS "\r\n");
    if (status == 551) {
        avo_put_text(c->reply, "Unsupported: ");
        avo_put_span(c->reply, avo_rtsp_header(c->request, "Require", NULL));
        avo_put_text(c->reply, "\r\n");
    }
    avo_put_text(c->reply, "\r\n");
}

static void end_session(const Call *c)
{
    if (c->session->udp)
        c->host->close_udp(c->host->opaque);
    c->session->udp = false;
    c->session->id[0] = 0;
    c->session->state = AVO_SESSION_INIT;
}

/* ---- who asks ---- */

static bool random_text(const Call *c, char *text, size_t size)
{
    uint8_t bytes[16];
    AvoTextOut out = avo_text_out(text, size);
    if (!c->host->random(c->host->opaque, bytes, sizeof bytes))
        return false;
    avo_put_hex(&out, bytes, (size - 1) / 2);
    return true;
}

/* A challenge, with a new nonce where the old one was answered (well or badly) or is too old. */
static void reply_unauthorized(const Call *c, bool stale)
{
    AvoSession *s = c->session;
    if (!random_text(c, s->nonce, sizeof s->nonce)) {
        s->nonce[0] = 0;
        reply_simple(c, 500);
        s->close = true;
        return;
    }
    s->nonce_since_ms = c->host->now_ms(c->host->opaque);
    s->nonce_count = 0;
    start_reply(c, 401);
    avo_auth_put_challenge(c->reply, &c->rules->auth, s->nonce, stale);
    avo_put_text(c->reply, "\r\n");
}

static bool is_allowed(const Call *c)
{
    AvoSession *s = c->session;
    if (c->rules->auth.count == 0)
        return true;
    if (s->nonce[0] && c->host->now_ms(c->host->opaque) - s->nonce_since_ms > c->rules->nonce_ms)
        s->nonce[0] = 0;
    AvoAuthResult result = avo_auth_check(&c->rules->auth, c->request, s->nonce, &s->nonce_count);
    if (result == AVO_AUTH_YES)
        return true;
    if (avo_rtsp_header(c->request, "Authorization", NULL).size && result == AVO_AUTH_NO)
        s->refused++;
    reply_unauthorized(c, result == AVO_AUTH_STALE);
    s->close |= s->refused >= MAX_REFUSED;
    return false;
}

/* ---- methods ---- */

static bool ends_with_track(AvoSpan text)
{
    const size_t n = sizeof TRACK - 1;
    return text.size >= n && memcmp(text.text + text.size - n, TRACK, n) == 0 &&
           (text.size == n || text.text[text.size - n - 1] == '/');
}

/* Stream of the request's URL, which may name the track.
 * -1: there is none (and that is answered). */
static int find_stream(const Call *c)
{
    AvoRtspUrl url;
    int stream = -1;
    if (avo_rtsp_url(c->request->url, &url)) {
        AvoSpan path = url.path;
        if (ends_with_track(path))
            path.size -= sizeof TRACK - 1;
        if (path.size && path.text[path.size - 1] == '/')
            path.size--;
        stream = c->host->find(c->host->opaque, path);
    }
    if (stream < 0)
        reply_simple(c, 404);
    return stream;
}

static void handle_options(const Call *c)
{
    start_reply(c, 200);
    put_session(c);
    avo_put_text(c->reply, "Public: " METHODS "\r\n\r\n");
}

static void handle_describe(const Call *c)
{
    char sdp[SDP_BYTES];
    int stream = find_stream(c);
    if (stream < 0)
        return;
    int n = c->host->describe(c->host->opaque, stream, sdp, sizeof sdp);
    if (n < 0) {
        reply_simple(c, 500);
        return;
    }
    AvoSpan url = c->request->url;
    start_reply(c, 200);
    avo_put_text(c->reply, "Content-Base: ");
    avo_put_span(c->reply, url);
    if (url.text[url.size - 1] != '/')
        avo_put_text(c->reply, "/");
    avo_put_text(c->reply, "\r\nContent-Type: application/sdp\r\nContent-Length: ");
    avo_put_int(c->reply, n);
    avo_put_text(c->reply, "\r\n\r\n");
    avo_put_text(c->reply, sdp);
}

/* "a-b" or "a"; both at most `most`. */
static bool read_pair(AvoSpan text, int most, int pair[2])
{
    AvoSpan first = avo_span_take(&text, '-');
    pair[0] = (int)avo_span_number(first, most);
    pair[1] = text.size ? (int)avo_span_number(avo_span_trim(text), most) : pair[0] + 1;
    return pair[0] >= 0 && pair[1] >= 0 && pair[1] <= most && pair[0] != pair[1];
}

typedef struct Transport {
    bool udp;
    int pair[2]; /* channels, or the client's ports */
} Transport;

/* One of the offers of a Transport header (12.39). */
static bool read_offer(const Call *c, AvoSpan offer, Transport *t)
{
    AvoSpan name, value;
    bool has_pair = false, usable = true;
    AvoSpan kind = avo_span_take(&offer, ';');
    bool tcp = avo_span_is_word(kind, "RTP/AVP/TCP");
    t->udp = avo_span_is_word(kind, "RTP/AVP") || avo_span_is_word(kind, "RTP/AVP/UDP");
    t->pair[0] = 0;
    t->pair[1] = 1;
    while (avo_rtsp_next_parameter(&offer, ';', &name, &value)) {
        if (avo_span_is_word(name, "multicast"))
            usable = false;
        if (avo_span_is_word(name, "mode") && !avo_span_is_word(value, "PLAY"))
            usable = false;
        if (avo_span_is_word(name, t->udp ? "client_port" : "interleaved")) {
            has_pair = true;
            usable &= read_pair(value, t->udp ? 65535 : 255, t->pair);
        }
    }
    return usable &&
           (tcp || (t->udp && c->rules->udp && has_pair && t->pair[0] > 0 && t->pair[1] > 0));
}

static bool read_transport(const Call *c, Transport *t)
{
    AvoSpan list = avo_rtsp_header(c->request, "Transport", NULL);
    while (list.size)
        if (read_offer(c, avo_span_take(&list, ','), t))
            return true;
    return false;
}

static void put_pair(AvoTextOut *out, const char *name, const int pair[2])
{
    avo_put_text(out, name);
    avo_put_int(out, pair[0]);
    avo_put_text(out, "-");
    avo_put_int(out, pair[1]);
}

static void reply_setup(const Call *c, const Transport *t, const int server_port[2])
{
    uint32_t ssrc = c->host->ssrc(c->host->opaque, c->session->stream);
    const uint8_t bytes[4] = {(uint8_t)(ssrc >> 24), (uint8_t)(ssrc >> 16), (uint8_t)(ssrc >> 8),
                              (uint8_t)ssrc};
    start_reply(c, 200);
    put_session(c);
    avo_put_text(c->reply,
                 t->udp ? "Transport: RTP/AVP;unicast" : "Transport: RTP/AVP/TCP;unicast");
    put_pair(c->reply, t->udp ? ";client_port=" : ";interleaved=", t->pair);
    if (t->udp)
        put_pair(c->reply, ";server_port=", server_port);
    avo_put_text(c->reply, ";ssrc=");
    avo_put_hex(c->reply, bytes, 4);
    avo_put_text(c->reply, ";mode=\"PLAY\"\r\n\r\n");
}

static void handle_setup(const Call *c)
{
    AvoSession *s = c->session;
    Transport t;
    int server_port[2] = {0, 0};
    int stream = find_stream(c);
    if (stream < 0)
        return;
    if (s->state == AVO_SESSION_PLAYING) {
        reply_simple(c, 455);
        return;
    }
    if (!read_transport(c, &t)) {
        reply_simple(c, 461);
        return;
    }
    end_session(c);
    if ((t.udp && !c->host->open_udp(c->host->opaque, t.pair, server_port)) ||
        !random_text(c, s->id, sizeof s->id)) {
        reply_simple(c, 503);
        return;
    }
    s->udp = t.udp;
    s->channel[0] = t.pair[0];
    s->channel[1] = t.pair[1];
    s->stream = stream;
    s->state = AVO_SESSION_READY;
    reply_setup(c, &t, server_port);
}

static void handle_play(const Call *c)
{
    AvoSpan url = c->request->url;
    start_reply(c, 200);
    put_session(c);
    avo_put_text(c->reply, "Range: npt=now-\r\nRTP-Info: url=");
    avo_put_span(c->reply, url);
    if (!ends_with_track(url)) {
        if (url.text[url.size - 1] != '/')
            avo_put_text(c->reply, "/");
        avo_put_text(c->reply, TRACK);
    }
    avo_put_text(c->reply, ";seq=");
    avo_put_int(c->reply, c->host->sequence(c->host->opaque));
    avo_put_text(c->reply, "\r\n\r\n");
    c->session->state = AVO_SESSION_PLAYING;
}

static void handle_pause(const Call *c)
{
    c->session->state = AVO_SESSION_READY;
    reply_simple(c, 200);
}

static void handle_teardown(const Call *c)
{
    end_session(c);
    reply_simple(c, 200);
}

static void handle_parameter(const Call *c)
{
    reply_simple(c, 200); /* without parameters: a sign of life (10.8); there are none */
}

static void handle_unsupported(const Call *c)
{
    reply_simple(c, 405);
}

static const struct {
    const char *name;
    void (*handle)(const Call *c);
    bool needs_session;
} methods[] = {
    {"OPTIONS", handle_options, false},
    {"DESCRIBE", handle_describe, false},
    {"SETUP", handle_setup, false},
    {"PLAY", handle_play, true},
    {"PAUSE", handle_pause, true},
    {"TEARDOWN", handle_teardown, true},
    {"GET_PARAMETER", handle_parameter, false},
    {"SET_PARAMETER", handle_parameter, false},
    {"ANNOUNCE", handle_unsupported, false},
    {"RECORD", handle_unsupported, false},
    {"REDIRECT", handle_unsupported, false},
};

/* A session that is named must be this one. */
static bool names_session(const Call *c, bool needed)
{
    AvoSpan value = avo_rtsp_header(c->request, "Session", NULL), id = avo_span_take(&value, ';');
    if (!id.size && !needed)
        return true;
    return c->session->id[0] && avo_span_is(id, c->session->id);
}

static void call_method(const Call *c)
{
    for (size_t i = 0; i < AVO_COUNT(methods); i++) {
        if (!avo_span_is(c->request->method, methods[i].name))
            continue;
        if (names_session(c, methods[i].needs_session))
            methods[i].handle(c);
        else
            reply_simple(c, c->session->id[0] || avo_rtsp_header(c->request, "Session", NULL).size
                                ? 454
                                : 455);
        return;
    }
    reply_simple(c, 501);
}

/* ---- all ---- */

void avo_session_init(AvoSession *session)
{
    memset(session, 0, sizeof *session);
}

void avo_session_refuse(AvoSession *session, int status, AvoTextOut *reply)
{
    put_status(reply, status);
    avo_put_text(reply, "Server: Avocet\r\n\r\n");
    session->close = true;
}

void avo_session_handle(AvoSession *session, const AvoSessionRules *rules,
                        const AvoSessionHost *host, const AvoRtspMessage *request,
                        AvoTextOut *reply)
{
    const Call call = {session, rules, host, request, reply};
    size_t start = reply->used;
    if (request->status)
        return; /* an answer to nothing that was asked */
    if (avo_rtsp_header_number(request, "CSeq", 0xffffffff) < 0)
        avo_session_refuse(session, 400, reply);
    else if (!avo_span_is(request->version, "RTSP/1.0"))
        reply_simple(&call, 505);
    else if (!is_allowed(&call))
        return;
    else if (avo_rtsp_header(request, "Require", NULL).size)
        reply_simple(&call, 551);
    else
        call_method(&call);
    if (reply->overflow) { /* a response that does not fit is none */
        reply->overflow = false;
        reply->used = start;
        reply->text[start] = 0;
        avo_session_refuse(session, 500, reply);
    }
}
