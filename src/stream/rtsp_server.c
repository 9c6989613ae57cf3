/* RTSP server: public functions, memory, the thread. See <avocet/stream.h>, rtsp_server.h. */
#include "stream/rtsp_server.h"
#include "base/memory.h"
#include "stream/hash.h"

enum {
    MAX_CLIENTS = 1000,
    IDLE_MS = 250, /* how often timeouts are looked at */
    /* For clients to take what is left and then their leave, when the server closes. It does not
     * wait for those that have gone, so that this is generous: a player on a busy machine may
     * answer the good-bye after seconds. */
    FAREWELL_US = 5000000
};

void avocet_rtsp_server_config_init(AvocetRtspServerConfig *config)
{
    memset(config, 0, sizeof *config);
    config->size = sizeof *config;
    config->port = 8554;
    config->max_streams = 4;
    config->max_clients = 64;
    config->max_request = 4096;
    config->request_ms = 10000;
    config->timeout_ms = 60000;
    config->stall_ms = 10000;
    config->udp = 1;
    config->own_thread = 1;
    config->realm = "avocet";
    config->md5 = 1;
    config->nonce_ms = 300000;
}

/* ---- checks ---- */

/* Fits into a quoted string of a header, and into our memory. */
static bool is_quotable(const char *text)
{
    size_t n = text ? avo_text_length(text) : AVO_NAME_BYTES;
    for (size_t i = 0; i < n && n < AVO_NAME_BYTES; i++)
        if ((unsigned char)text[i] < 32 || text[i] == 127 || text[i] == '"' || text[i] == '\\')
            return false;
    return n < AVO_NAME_BYTES;
}

static int check_users(const AvocetRtspServerConfig *c, AvoMessage *m)
{
    const int bad = AVOCET_ERR_ARGUMENT;
    if (c->user_count < 0 || c->user_count > AVO_MAX_USERS || (c->user_count && !c->users))
        return avo_fail(m, bad, "user_count %d: 0 to %d", c->user_count, AVO_MAX_USERS);
    if (!is_quotable(c->realm))
        return avo_fail(m, bad, "realm: at most %d characters without quotation marks",
                        AVO_NAME_BYTES - 1);
    for (int i = 0; i < c->user_count; i++) {
        const AvocetUser *u = &c->users[i];
        if (!is_quotable(u->name) || !u->name[0] || !u->password ||
            avo_text_length(u->password) >= AVO_NAME_BYTES)
            return avo_fail(
                m, bad,
                "user %d: name and password have 1 to %d characters, the name no quotation marks",
                i, AVO_NAME_BYTES - 1);
        if (!u->password[0])
            return avo_fail(m, bad, "user %s has no password", u->name);
    }
    if (c->user_count && !c->hash && !avo_hash_default())
        return avo_fail(m, AVOCET_ERR_UNSUPPORTED,
                        "users need hashes: a build with mbedTLS (Debian: libmbedtls-dev)");
    return AVOCET_OK;
}

static int check_config(const AvocetRtspServerConfig *c, AvoMessage *m)
{
    const int bad = AVOCET_ERR_ARGUMENT;
    if (c->size != sizeof *c)
        return avo_fail(m, bad,
                        "AvocetRtspServerConfig was not set up by avocet_rtsp_server_config_init");
    if (c->port < 0 || c->port > 65535)
        return avo_fail(m, bad, "port %d: 0 to 65535", c->port);
    if (c->max_streams < 1 || c->max_streams > AVO_MAX_STREAMS)
        return avo_fail(m, bad, "max_streams %d: 1 to %d", c->max_streams, AVO_MAX_STREAMS);
    if (c->max_clients < 1 || c->max_clients > MAX_CLIENTS)
        return avo_fail(m, bad, "max_clients %d: 1 to %d", c->max_clients, MAX_CLIENTS);
    if (c->max_request < 512 || c->max_request > 65536)
        return avo_fail(m, bad, "max_request %d: 512 to 65536 bytes", c->max_request);
    if (c->request_ms < 1 || c->timeout_ms < 1 || c->stall_ms < 1 || c->nonce_ms < 1)
        return avo_fail(m, bad, "request_ms, timeout_ms, stall_ms and nonce_ms must be positive");
    return check_users(c, m);
}

/* ---- opening ---- */

static void *take(AvocetRtspServer *s, size_t bytes)
{
    void *p = s->allocator.alloc(s->allocator.opaque, bytes, 64);
    if (p)
        memset(p, 0, bytes);
    return p;
}

static void give_back(AvocetRtspServer *s, void *p)
{
    if (p)
        s->allocator.free(s->allocator.opaque, p);
}

/* Each client's buffers: requests, answers, media. */
static bool take_memory(AvocetRtspServer *s)
{
    size_t in = avo_align_up((size_t)s->config.max_request, 64),
           each = in + AVO_REPLY_BYTES + AVO_SENDER_BYTES;
    int n = s->config.max_clients;
    s->thread = take(s, avo_net_thread_bytes());
    s->set = take(s, avo_net_set_bytes(1 + AVO_MAX_LISTENERS + 3 * n));
    s->client = take(s, (size_t)n * sizeof *s->client);
    s->client_memory = take(s, (size_t)n * each);
    if (!s->thread || !s->set || !s->client || !s->client_memory)
        return false;
    for (int i = 0; i < n; i++) {
        AvoClient *c = &s->client[i];
        c->in = s->client_memory + (size_t)i * each;
        c->reply = (char *)c->in + in;
        avo_sender_init(&c->sender, c->in + in + AVO_REPLY_BYTES, 0);
        c->socket = AVO_NO_SOCKET;
    }
    return true;
}

/* Copies the texts, which are the caller's. */
static void take_users(AvocetRtspServer *s)
{
    AvocetRtspServerConfig *c = &s->config;
    avo_text_copy(s->realm, sizeof s->realm, c->realm);
    for (int i = 0; i < c->user_count; i++) {
        avo_text_copy(s->user_text[i].name, AVO_NAME_BYTES, c->users[i].name);
        avo_text_copy(s->user_text[i].password, AVO_NAME_BYTES, c->users[i].password);
        s->user[i] = (AvocetUser){s->user_text[i].name, s->user_text[i].password};
    }
    c->realm = s->realm;
    c->users = s->user;
    c->address = NULL;
    AvoHasher hasher = {c->hash, c->hash_opaque};
    if (!hasher.fn)
        hasher.fn = avo_hash_default();
    s->rules = (AvoSessionRules){.auth = {s->user, c->user_count, s->realm, c->md5 != 0, hasher},
                                 .nonce_ms = c->nonce_ms,
                                 .timeout_ms = c->timeout_ms,
                                 .udp = c->udp != 0};
}

static bool is_quitting(AvocetRtspServer *s)
{
    avo_net_lock(s->thread);
    bool quit = s->quit;
    avo_net_unlock(s->thread);
    return quit;
}

static void run(void *argument)
{
    AvocetRtspServer *s = argument;
    while (!is_quitting(s) || avo_server_has_clients(s))
        avo_server_round(s, IDLE_MS);
}

static int start(AvocetRtspServer *s, const char *address, AvoMessage *m)
{
    if (!take_memory(s))
        return avo_fail(m, AVOCET_ERR_MEMORY, "no memory for %d clients", s->config.max_clients);
    if (!avo_net_lock_init(s->thread))
        return avo_fail(m, AVOCET_ERR_IO, "the system gives no lock");
    int count =
        avo_net_listen(address, s->config.port, s->listener, AVO_MAX_LISTENERS, &s->port, m);
    AVO_RETURN_IF_ERROR(count);
    s->listener_count = count;
    if (!avo_net_wake_open(s->wake))
        return avo_fail(m, AVOCET_ERR_IO, "the system gives no pipe");
    take_users(s);
    if (s->config.own_thread && !avo_net_thread_start(s->thread, run, s))
        return avo_fail(m, AVOCET_ERR_UNSUPPORTED,
                        "no thread: use own_thread 0 and avocet_rtsp_server_run");
    return AVOCET_OK;
}

int avocet_rtsp_server_open(AvocetRtspServer **server, const AvocetRtspServerConfig *config,
                            const AvocetAllocator *allocator, char *message, size_t message_size)
{
    AvoMessage text = {""};
    if (!server || !config)
        return AVOCET_ERR_ARGUMENT;
    *server = NULL;
    if (!allocator)
        allocator = avo_memory_default();
    int status = check_config(config, &text);
    AvocetRtspServer *s = NULL;
    if (status == AVOCET_OK) {
        s = allocator->alloc(allocator->opaque, sizeof *s, 64);
        status = s ? AVOCET_OK : AVOCET_ERR_MEMORY;
    }
    if (s) {
        memset(s, 0, sizeof *s);
        s->config = *config;
        s->allocator = *allocator;
        s->wake[0] = s->wake[1] = AVO_NO_SOCKET;
        *server = s;
        status = start(s, config->address, &text);
    }
    if (status < 0) {
        avo_text_copy(message, message_size, text.text[0] ? text.text : avocet_status_text(status));
        avocet_rtsp_server_close(server);
    }
    return status;
}

int avocet_rtsp_server_port(const AvocetRtspServer *server)
{
    return server ? server->port : 0;
}

int avocet_rtsp_server_add(AvocetRtspServer *s, const AvocetStreamConfig *config)
{
    uint8_t random[12];
    if (!s || !config)
        return AVOCET_ERR_ARGUMENT;
    AVO_RETURN_IF_ERROR(avo_stream_check_config(config, &s->message));
    if (s->stream_count == s->config.max_streams)
        return avo_fail(&s->message, AVOCET_ERR_STATE, "there are max_streams %d streams already",
                        s->stream_count);
    if (!avo_net_random(random, sizeof random))
        return avo_fail(&s->message, AVOCET_ERR_IO, "the system gives no random numbers");
    AvoStream *stream = take(s, sizeof *stream);
    uint8_t *ring = take(s, avo_stream_ring_bytes(config));
    if (!stream || !ring) {
        give_back(s, stream);
        give_back(s, ring);
        return avo_fail(&s->message, AVOCET_ERR_MEMORY, "no memory for a stream");
    }
    avo_stream_init(stream, config, ring, random);
    avo_net_lock(s->thread);
    int number = s->stream_count++;
    s->stream[number] = stream;
    avo_net_unlock(s->thread);
    return number;
}

/* ---- use ---- */

static bool has_stream(const AvocetRtspServer *s, int stream)
{
    return s && stream >= 0 && stream < s->stream_count;
}

int avocet_rtsp_server_send(AvocetRtspServer *s, int stream, const AvocetPacket *packet)
{
    if (!has_stream(s, stream) || !packet || !packet->data || !packet->size)
        return AVOCET_ERR_ARGUMENT;
    int64_t now = avo_net_now_us();
    avo_net_lock(s->thread);
    int status = avo_stream_send(s->stream[stream], packet, now);
    if (status < 0)
        avo_fail(&s->message, status,
                 "the packet holds no NAL units in the form of nal_length_size");
    avo_net_unlock(s->thread);
    avo_net_wake_signal(s->wake);
    return status;
}

int avocet_rtsp_server_wants_keyframe(AvocetRtspServer *s, int stream)
{
    if (!has_stream(s, stream))
        return 0;
    avo_net_lock(s->thread);
    bool wanted = avo_stream_take_wish(s->stream[stream]);
    avo_net_unlock(s->thread);
    return wanted;
}

int avocet_rtsp_server_stats(AvocetRtspServer *s, int stream, AvocetStreamStats *stats)
{
    if (!has_stream(s, stream) || !stats)
        return AVOCET_ERR_ARGUMENT;
    avo_net_lock(s->thread);
    *stats = s->stream[stream]->stats;
    avo_net_unlock(s->thread);
    return AVOCET_OK;
}

int avocet_rtsp_server_run(AvocetRtspServer *s, int wait_ms)
{
    if (!s)
        return AVOCET_ERR_ARGUMENT;
    if (s->config.own_thread)
        return avo_fail(&s->message, AVOCET_ERR_STATE, "the server has a thread of its own");
    avo_server_round(s, avo_max(wait_ms, 0));
    return AVOCET_OK;
}

const char *avocet_rtsp_server_error(const AvocetRtspServer *s)
{
    return s ? s->message.text : "";
}

/* ---- closing ---- */

static void end_sessions(AvocetRtspServer *s)
{
    int64_t until = avo_net_now_us() + FAREWELL_US;
    avo_net_lock(s->thread);
    s->quit = true;
    s->quit_us = until;
    avo_net_unlock(s->thread);
    if (!s->config.own_thread) {
        run(s);
    } else {
        avo_net_wake_signal(s->wake);
        avo_net_thread_join(s->thread);
    }
}

void avocet_rtsp_server_close(AvocetRtspServer **server)
{
    AvocetRtspServer *s = server ? *server : NULL;
    if (!s)
        return;
    *server = NULL;
    if (s->wake[0] >= 0)
        end_sessions(s);
    for (int i = 0; i < s->listener_count; i++)
        avo_net_close(&s->listener[i]);
    avo_net_wake_close(s->wake);
    for (int i = 0; i < s->stream_count; i++) {
        give_back(s, s->stream[i]->ring.data);
        give_back(s, s->stream[i]);
    }
    if (s->thread)
        avo_net_lock_destroy(s->thread);
    memset(s->user_text, 0, sizeof s->user_text);
    give_back(s, s->thread);
    give_back(s, s->set);
    give_back(s, s->client_memory);
    give_back(s, s->client);
    AvocetAllocator allocator = s->allocator;
    allocator.free(allocator.opaque, s);
}
