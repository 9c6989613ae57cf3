/* Serves an H.264 or MP4 file by RTSP, picture by picture in real time, for tests:
 *
 *     rtsp_serve FILE [name=value ...]
 *
 * port, clients (how many must play before the first picture goes out), fps, user, password,
 * max_clients, request_ms, timeout_ms, stall_ms, nonce_ms, md5, udp, ring, headers (0: not told
 * beforehand), max_delay_ms. Prints "port N", then at the end how many pictures were sent, how long
 * the longest call of send took, the stream's statistics, and how long closing took. */
#define _POSIX_C_SOURCE 200809L
#include <avocet/avocet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static FILE *file;

static int64_t read_file(void *opaque, uint64_t offset, uint8_t *data, size_t size)
{
    (void)opaque;
    return fseek(file, (long)offset, SEEK_SET) == 0 ? (int64_t)fread(data, 1, size, file) : -1;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void pause_until(double when)
{
    double left = when - seconds();
    if (left > 0) {
        struct timespec t = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
        nanosleep(&t, NULL);
    }
}

static int argument(int argc, char **argv, const char *name, int otherwise)
{
    size_t n = strlen(name);
    for (int i = 2; i < argc; i++)
        if (strncmp(argv[i], name, n) == 0 && argv[i][n] == '=')
            return atoi(argv[i] + n + 1);
    return otherwise;
}

static const char *text_argument(int argc, char **argv, const char *name)
{
    size_t n = strlen(name);
    for (int i = 2; i < argc; i++)
        if (strncmp(argv[i], name, n) == 0 && argv[i][n] == '=')
            return argv[i] + n + 1;
    return NULL;
}

static void say(void *opaque, const char *text)
{
    (void)opaque;
    fprintf(stderr, "%s\n", text);
}

static void send_all(AvocetRtspServer *server, int stream, AvocetReader *reader, int fps,
                     int clients)
{
    AvocetStreamStats stats = {0};
    AvocetPacket packet;
    double worst = 0, start;
    int64_t sent = 0;
    while (avocet_rtsp_server_stats(server, stream, &stats) == AVOCET_OK &&
           stats.clients_served < clients)
        pause_until(seconds() + 0.02);
    start = seconds() + 0.1;
    for (; avocet_reader_read(reader, sent, &packet) == AVOCET_OK; sent++) {
        pause_until(start + (double)sent / fps);
        double before = seconds();
        if (avocet_rtsp_server_send(server, stream, &packet) < 0)
            printf("error %s\n", avocet_rtsp_server_error(server));
        double took = seconds() - before;
        worst = took > worst ? took : worst;
    }
    avocet_rtsp_server_stats(server, stream, &stats);
    printf("sent %lld worst_ms %.3f skipped %lld dropped %lld served %lld too_large %lld\n",
           (long long)sent, worst * 1000, (long long)stats.pictures_skipped,
           (long long)stats.clients_dropped, (long long)stats.clients_served,
           (long long)stats.too_large);
}

static void read_server(AvocetRtspServerConfig *config, int argc, char **argv)
{
    avocet_rtsp_server_config_init(config);
    config->port = argument(argc, argv, "port", 0);
    config->max_clients = argument(argc, argv, "max_clients", config->max_clients);
    config->request_ms = argument(argc, argv, "request_ms", config->request_ms);
    config->timeout_ms = argument(argc, argv, "timeout_ms", config->timeout_ms);
    config->stall_ms = argument(argc, argv, "stall_ms", config->stall_ms);
    config->nonce_ms = argument(argc, argv, "nonce_ms", config->nonce_ms);
    config->md5 = argument(argc, argv, "md5", 1);
    config->udp = argument(argc, argv, "udp", 1);
    config->log = say;
}

static void read_stream(AvocetStreamConfig *video, const AvocetReaderInfo *info, int argc,
                        char **argv)
{
    avocet_stream_config_init(video);
    video->path = "live";
    video->time_base = info->time_base;
    video->ring_bytes = (size_t)argument(argc, argv, "ring", 0);
    video->max_delay_ms = argument(argc, argv, "max_delay_ms", video->max_delay_ms);
    if (argument(argc, argv, "headers", 1)) {
        video->headers = info->headers;
        video->headers_size = info->headers_size;
    }
}

int main(int argc, char **argv)
{
    char message[256] = "";
    AvocetReader *reader = NULL;
    AvocetRtspServer *server = NULL;
    AvocetRtspServerConfig config;
    AvocetStreamConfig video;
    int fps = argument(argc, argv, "fps", 25);
    file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return 2;
    const AvocetSource source = {read_file, (uint64_t)ftell(file), NULL};
    if (avocet_reader_open(&reader, NULL, &source, NULL, message, sizeof message) < 0) {
        printf("error %s\n", message);
        return 1;
    }
    const AvocetUser user = {text_argument(argc, argv, "user"),
                             text_argument(argc, argv, "password")};
    read_server(&config, argc, argv);
    config.users = &user;
    config.user_count = user.name != NULL;
    read_stream(&video, avocet_reader_info(reader), argc, argv);
    int stream = -1;
    if (avocet_rtsp_server_open(&server, &config, NULL, message, sizeof message) == AVOCET_OK)
        stream = avocet_rtsp_server_add(server, &video);
    if (stream >= 0) {
        printf("port %d\n", avocet_rtsp_server_port(server));
        fflush(stdout);
        send_all(server, stream, reader, fps, argument(argc, argv, "clients", 1));
    } else {
        printf("error %s\n", server ? avocet_rtsp_server_error(server) : message);
    }
    double closing = seconds();
    avocet_rtsp_server_close(&server);
    printf("closed_ms %.0f\n", (seconds() - closing) * 1000);
    avocet_reader_close(&reader);
    fclose(file);
    return stream < 0;
}
