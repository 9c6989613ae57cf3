/* Output to the network: an RTSP server that players come to, or a push to another server. See
 * output.h, <avocet/stream.h>. */
#include "output/output.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct Rtsp {
    Output base;
    const char *url;
    AvocetRtspServer *server; /* one of the two */
    AvocetRtspPush *push;
    int stream;
} Rtsp;

/* ---- options ---- */

/* "NAME:PASSWORD" */
static int add_user(OutputOptions *o, const char *text, size_t n, const char *where, Fault *fault)
{
    const char *colon = memchr(text, ':', n);
    if (!colon || colon == text || (size_t)(colon - text) + 1 == n)
        return fault_set(fault, "%s: must be NAME:PASSWORD", where);
    if (o->user_count == OUTPUT_USERS)
        return fault_set(fault, "%s: at most %d users", where, OUTPUT_USERS);
    if (n >= OUTPUT_USER_BYTES)
        return fault_set(fault, "%s: at most %d characters", where, OUTPUT_USER_BYTES - 1);
    char *copy = o->user_text[o->user_count];
    memcpy(copy, text, n);
    copy[n] = 0;
    copy[colon - text] = 0;
    o->users[o->user_count].name = copy;
    o->users[o->user_count].password = copy + (colon - text) + 1;
    o->user_count++;
    return 0;
}

static int add_users(OutputOptions *o, const char *name, Fault *fault)
{
    char line[512], where[300];
    int number = 0, status = 0;
    FILE *file = fopen(name, "r");
    if (!file)
        return fault_set(fault, "cannot open %s: %s", name, strerror(errno));
    while (status == 0 && fgets(line, sizeof line, file)) {
        size_t n = strcspn(line, "\r\n");
        snprintf(where, sizeof where, "%s, line %d", name, ++number);
        if (n && line[0] != '#')
            status = add_user(o, line, n, where, fault);
    }
    fclose(file);
    return status;
}

int output_rtsp_set_option(OutputOptions *o, const char *name, const char *value, Fault *fault)
{
    if (strcmp(name, "listen") == 0)
        o->listen = value;
    else if (strcmp(name, "push") == 0)
        o->push = value;
    else if (strcmp(name, "no-udp") == 0)
        o->no_udp = 1;
    else if (strcmp(name, "no-md5") == 0)
        o->no_md5 = 1;
    else if (strcmp(name, "udp") == 0)
        o->udp = 1;
    else if (strcmp(name, "user") == 0)
        return add_user(o, value, strlen(value), "--user", fault);
    else if (strcmp(name, "users") == 0)
        return add_users(o, value, fault);
    else if (strcmp(name, "max-clients") == 0) {
        char *end;
        long v = strtol(value, &end, 10);
        if (end == value || *end || v < 1 || v > 1000)
            return fault_set(fault, "--max-clients %s: must be 1 to 1000", value);
        o->max_clients = (int)v;
    } else
        return fault_set(fault, "no option --%s", name);
    return 0;
}

/* rtsp://[HOST][:PORT]/PATH, what listening needs of it. */
typedef struct Place {
    char host[256];
    int port;
    const char *path;
} Place;

static int read_place(const char *url, Place *place, Fault *fault)
{
    const char *p = url + 7, *slash, *port;
    if (strncasecmp(url, "rtsp://", 7) != 0)
        return fault_set(fault, "--listen %s: must be rtsp://[HOST][:PORT]/PATH", url);
    slash = strchr(p, '/');
    if (!slash)
        slash = p + strlen(p);
    const char *end = slash;
    port = *p == '[' ? memchr(p, ']', (size_t)(end - p)) : p;
    port = port ? memchr(port, ':', (size_t)(end - port)) : NULL;
    if (port) {
        char *after;
        long v = strtol(port + 1, &after, 10);
        if (after == port + 1 || after != end || v < 0 || v > 65535)
            return fault_set(fault, "--listen %s: the port must be 0 to 65535", url);
        place->port = (int)v;
        end = port;
    } else {
        place->port = 8554;
    }
    if (*p == '[' && end > p + 1 && end[-1] == ']') {
        p++;
        end--;
    }
    if ((size_t)(end - p) >= sizeof place->host)
        return fault_set(fault, "--listen %s: the host's name is too long", url);
    memcpy(place->host, p, (size_t)(end - p));
    place->host[end - p] = 0;
    place->path = *slash ? slash + 1 : "";
    return 0;
}

int output_rtsp_check(const OutputOptions *o, Fault *fault)
{
    Place place;
    if ((o->user_count || o->max_clients || o->no_udp || o->no_md5) && !o->listen)
        return fault_set(
            fault, "--user, --users, --max-clients, --no-udp and --no-md5 belong to --listen");
    if (o->udp && !o->push)
        return fault_set(fault, "--udp belongs to --push");
    if (o->user_count && !avocet_stream_has_hashes())
        return fault_set(fault,
                         "--user and --users need a build with mbedTLS (Debian: libmbedtls-dev)");
    if (o->push && strncasecmp(o->push, "rtsp://", 7) != 0)
        return fault_set(fault, "--push %s: must be rtsp://[USER:PASSWORD@]HOST[:PORT]/PATH",
                         o->push);
    return o->listen ? read_place(o->listen, &place, fault) : 0;
}

/* ---- packets ---- */

static int write_packet(Output *output, const AvocetPacket *packet, Fault *fault)
{
    Rtsp *r = (Rtsp *)output;
    int status = r->server ? avocet_rtsp_server_send(r->server, r->stream, packet)
                           : avocet_rtsp_push_send(r->push, packet);
    if (status < 0)
        return fault_set(fault, "%s: %s", r->url,
                         r->server ? avocet_rtsp_server_error(r->server)
                                   : avocet_rtsp_push_error(r->push));
    output->bytes += (int64_t)packet->size;
    return 0;
}

static int wants_keyframe(Output *output, int64_t pts)
{
    Rtsp *r = (Rtsp *)output;
    (void)pts;
    return r->server ? avocet_rtsp_server_wants_keyframe(r->server, r->stream)
                     : avocet_rtsp_push_wants_keyframe(r->push);
}

static int close_network(Output *output, Fault *fault)
{
    Rtsp *r = (Rtsp *)output;
    (void)fault;
    avocet_rtsp_server_close(&r->server);
    avocet_rtsp_push_close(&r->push);
    free(r);
    return 0;
}

/* ---- opening ---- */

static void tell(void *opaque, const char *text)
{
    (void)opaque;
    fprintf(stderr, "avocet: %s\n", text);
}

static void describe_stream(AvocetStreamConfig *config, const OutputTrack *track, const char *path)
{
    avocet_stream_config_init(config);
    config->path = path;
    config->time_base = track->time_base;
    config->fps = track->fps;
    config->headers = track->headers;
    config->headers_size = track->headers_size;
    config->ring_bytes = (size_t)16 << 20;
}

static int open_server(Rtsp *r, const OutputOptions *o, const OutputTrack *track, Fault *fault)
{
    char message[256];
    AvocetRtspServerConfig config;
    AvocetStreamConfig stream;
    Place place;
    if (read_place(o->listen, &place, fault) < 0)
        return -1;
    avocet_rtsp_server_config_init(&config);
    config.address = place.host[0] ? place.host : NULL;
    config.port = place.port;
    config.users = o->users;
    config.user_count = o->user_count;
    config.udp = !o->no_udp;
    config.md5 = !o->no_md5;
    config.log = o->tell ? tell : NULL;
    if (o->max_clients)
        config.max_clients = o->max_clients;
    if (avocet_rtsp_server_open(&r->server, &config, NULL, message, sizeof message) < 0)
        return fault_set(fault, "%s: %s", o->listen, message);
    describe_stream(&stream, track, place.path);
    r->stream = avocet_rtsp_server_add(r->server, &stream);
    if (r->stream < 0)
        return fault_set(fault, "%s: %s", o->listen, avocet_rtsp_server_error(r->server));
    if (o->tell)
        fprintf(stderr, "avocet: serving at port %d, path /%s\n",
                avocet_rtsp_server_port(r->server), place.path);
    return 0;
}

static int open_push(Rtsp *r, const OutputOptions *o, const OutputTrack *track, Fault *fault)
{
    char message[256];
    AvocetRtspPushConfig config;
    AvocetStreamConfig stream;
    avocet_rtsp_push_config_init(&config);
    config.url = o->push;
    config.udp = o->udp;
    describe_stream(&stream, track, "");
    if (avocet_rtsp_push_open(&r->push, &config, &stream, NULL, message, sizeof message) < 0)
        return fault_set(fault, "--push: %s", message);
    return 0;
}

Output *output_rtsp_open(const OutputOptions *o, const OutputTrack *track, Fault *fault)
{
    Rtsp *r = calloc(1, sizeof *r);
    if (!r) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    r->base.write = write_packet;
    r->base.wants_keyframe = wants_keyframe;
    r->base.close = close_network;
    r->url = o->listen ? o->listen : "--push";
    if ((o->listen ? open_server(r, o, track, fault) : open_push(r, o, track, fault)) == 0)
        return &r->base;
    close_network(&r->base, fault);
    return NULL;
}
