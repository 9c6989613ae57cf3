/* RTSP server and push: settings that make no sense, memory that fails at every single allocation,
 * a server that the caller runs itself. */
#include <avocet/avocet.h>
#include <stdlib.h>
#include <string.h>
#include "unit/check.h"

static const uint8_t headers[] = {0,    0, 0, 1, 0x67, 0x42, 0xc0, 0x1e,
                                  0xab, 0, 0, 0, 1,    0x68, 0xce, 0x3c};

/* ---- memory ---- */

typedef struct Failing {
    int left, taken; /* calls that succeed; blocks not given back */
} Failing;

static void *take(void *opaque, size_t size, size_t align)
{
    Failing *f = opaque;
    if (f->left-- <= 0)
        return NULL;
    f->taken++;
    return aligned_alloc(align, (size + align - 1) / align * align);
}

static void give_back(void *opaque, void *pointer)
{
    Failing *f = opaque;
    f->taken -= pointer != NULL;
    free(pointer);
}

static AvocetRtspServerConfig quiet_config(void)
{
    AvocetRtspServerConfig config;
    avocet_rtsp_server_config_init(&config);
    config.port = 0;
    config.address = "127.0.0.1";
    config.max_clients = 4;
    return config;
}

static void test_memory(void)
{
    const AvocetRtspServerConfig config = quiet_config();
    AvocetStreamConfig video;
    avocet_stream_config_init(&video);
    int good = 0;
    for (int calls = 0; calls < 20 && !good; calls++) {
        Failing failing = {calls, 0};
        const AvocetAllocator allocator = {take, give_back, &failing};
        AvocetRtspServer *server = NULL;
        char message[256] = "";
        int status = avocet_rtsp_server_open(&server, &config, &allocator, message, sizeof message);
        if (status == AVOCET_OK) {
            status = avocet_rtsp_server_add(server, &video);
            good = status >= 0;
        } else {
            CHECK(!server && message[0], "message of status %d", status);
        }
        CHECK(status >= 0 || status == AVOCET_ERR_MEMORY, "status %d", status);
        avocet_rtsp_server_close(&server);
        CHECK(failing.taken == 0, "%d blocks are lost after %d calls", failing.taken, calls);
    }
    CHECK(good, "never opened");
}

static void test_push_memory(void)
{
    AvocetRtspPushConfig config;
    AvocetStreamConfig video;
    avocet_rtsp_push_config_init(&config);
    avocet_stream_config_init(&video);
    video.headers = headers;
    video.headers_size = sizeof headers;
    config.url = "rtsp://127.0.0.1:1/x"; /* nobody listens at port 1 */
    int status = 0;
    for (int calls = 0; calls < 12 && status != AVOCET_ERR_IO; calls++) {
        Failing failing = {calls, 0};
        const AvocetAllocator allocator = {take, give_back, &failing};
        AvocetRtspPush *push = NULL;
        char message[256] = "";
        status = avocet_rtsp_push_open(&push, &config, &video, &allocator, message, sizeof message);
        CHECK(status < 0 && !push && message[0], "status %d", status);
        CHECK(failing.taken == 0, "%d blocks are lost", failing.taken);
    }
    CHECK(status == AVOCET_ERR_IO, "status %d", status);
}

/* ---- settings ---- */

static void refuse_server(AvocetRtspServerConfig config, const char *word)
{
    AvocetRtspServer *server = NULL;
    char message[256] = "";
    int status = avocet_rtsp_server_open(&server, &config, NULL, message, sizeof message);
    CHECK(status < 0 && !server && strstr(message, word), "%s: %d \"%s\"", word, status, message);
    avocet_rtsp_server_close(&server);
}

static void test_server_settings(void)
{
    const AvocetUser nameless = {"", "x"}, open_user = {"me", ""}, quoted = {"a\"b", "x"};
    AvocetRtspServerConfig c;
#define REFUSE(change, word) (c = quiet_config(), change, refuse_server(c, word))
    REFUSE(c.size = 3, "config_init");
    REFUSE(c.port = 70000, "port 70000");
    REFUSE(c.max_streams = 0, "max_streams");
    REFUSE(c.max_clients = 100000, "max_clients");
    REFUSE(c.max_request = 10, "max_request");
    REFUSE(c.stall_ms = 0, "stall_ms");
    REFUSE(c.realm = "a\"b", "realm");
    REFUSE((c.users = &nameless, c.user_count = 1), "user 0");
    REFUSE((c.users = &quoted, c.user_count = 1), "user 0");
    REFUSE((c.users = &open_user, c.user_count = 1), "no password");
    REFUSE(c.user_count = 2, "user_count");
    REFUSE(c.address = "no such host.invalid", "no host");
#undef REFUSE
}

static void test_stream_settings(void)
{
    const AvocetRtspServerConfig config = quiet_config();
    AvocetRtspServer *server = NULL;
    AvocetStreamConfig v;
    CHECK(avocet_rtsp_server_open(&server, &config, NULL, NULL, 0) == AVOCET_OK &&
              avocet_rtsp_server_port(server) > 0,
          "open");
#define REFUSE(change, word)                                                                       \
    (avocet_stream_config_init(&v), change,                                                        \
     avocet_rtsp_server_add(server, &v) < 0 && strstr(avocet_rtsp_server_error(server), word))
    CHECK(REFUSE(v.size = 1, "config_init"), "size");
    CHECK(REFUSE(v.path = "a b", "path"), "path");
    CHECK(REFUSE((v.time_base = (AvocetRational){0, 1}), "time_base"), "time base");
    CHECK(REFUSE((v.time_base = (AvocetRational){20000, 1}), "time_base"), "time base");
    CHECK(REFUSE(v.nal_length_size = 2, "nal_length_size"), "lengths");
    CHECK(REFUSE(v.max_packet = 50, "max_packet"), "packets");
    CHECK(REFUSE(v.ring_bytes = 10, "ring_bytes"), "ring");
    CHECK(REFUSE(v.max_picture = 5 << 20, "max_picture"), "pictures");
#undef REFUSE
    avocet_stream_config_init(&v);
    for (int i = 0; i < 4; i++)
        CHECK(avocet_rtsp_server_add(server, &v) == i, "stream %d", i);
    CHECK(avocet_rtsp_server_add(server, &v) == AVOCET_ERR_STATE, "a fifth");
    const AvocetPacket nothing = {0}, garbage = {.data = headers + 4, .size = 3};
    CHECK(avocet_rtsp_server_send(server, 0, &nothing) == AVOCET_ERR_ARGUMENT, "no packet");
    CHECK(avocet_rtsp_server_send(server, 0, &garbage) == AVOCET_ERR_DATA, "no start code");
    CHECK(avocet_rtsp_server_send(server, 9, &garbage) == AVOCET_ERR_ARGUMENT, "no stream");
    CHECK(avocet_rtsp_server_run(server, 0) == AVOCET_ERR_STATE, "a server with its own thread");
    avocet_rtsp_server_close(&server);
    avocet_rtsp_server_close(&server);
}

/* Ring and rates: a server without clients takes everything, as many and as large as it comes. */
static void test_sending(void)
{
    AvocetRtspServerConfig config = quiet_config();
    AvocetStreamConfig v;
    AvocetStreamStats stats;
    AvocetRtspServer *server = NULL;
    Random random = {5};
    static uint8_t data[70000];
    config.own_thread = 0;
    avocet_stream_config_init(&v);
    v.ring_bytes = 200000;
    CHECK(avocet_rtsp_server_open(&server, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    CHECK(avocet_rtsp_server_add(server, &v) == 0, "add");
    for (int i = 0; i < 5000; i++) {
        size_t size = (size_t)random_in(&random, 5, random_chance(&random, 10) ? 69000 : 3000);
        memset(data, 0x55, size);
        memcpy(data, "\0\0\1\x65", 4);
        const AvocetPacket packet = {.data = data, .size = size, .pts = i, .keyframe = i % 10 == 0};
        CHECK(avocet_rtsp_server_send(server, 0, &packet) == AVOCET_OK, "packet %d of %d bytes", i,
              (int)size);
        if (i % 100 == 0)
            CHECK(avocet_rtsp_server_run(server, 0) == AVOCET_OK, "run");
    }
    CHECK(avocet_rtsp_server_stats(server, 0, &stats) == AVOCET_OK && stats.pictures == 5000 &&
              stats.too_large > 0,
          "stats");
    CHECK(!avocet_rtsp_server_wants_keyframe(server, 0), "nobody waits");
    avocet_rtsp_server_close(&server);
}

int main(void)
{
    test_memory();
    test_push_memory();
    test_server_settings();
    test_stream_settings();
    test_sending();
    return check_finish();
}
