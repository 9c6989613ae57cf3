/* See stream_source.h. */
#include "stream/stream_source.h"
#include <avocet/mux.h>
#include "base/bytes.h"
#include "base/text.h"

enum {
    NAL_SLICE = 1,
    NAL_IDR = 5,
    NAL_SPS = 7,
    NAL_PPS = 8,
    RING_DEFAULT = 4 << 20,
    WISH_US = 500000 /* between two calls for a keyframe */
};

void avocet_stream_config_init(AvocetStreamConfig *config)
{
    memset(config, 0, sizeof *config);
    config->size = sizeof *config;
    config->path = "";
    config->time_base = (AvocetRational){1, 25};
    config->max_packet = 1400;
    config->max_delay_ms = 2000;
}

static bool is_path(const char *path)
{
    for (; *path; path++)
        if ((unsigned char)*path <= 32 || (unsigned char)*path >= 127 || *path == '"' ||
            *path == '?' || *path == '#')
            return false;
    return true;
}

int avo_stream_check_config(const AvocetStreamConfig *c, AvoMessage *m)
{
    const int bad = AVOCET_ERR_ARGUMENT;
    if (c->size != sizeof *c)
        return avo_fail(m, bad, "AvocetStreamConfig was not set up by avocet_stream_config_init");
    if (!c->path || avo_text_length(c->path) >= AVO_STREAM_PATH || !is_path(c->path))
        return avo_fail(m, bad, "path: at most %d visible characters without \" ? #",
                        AVO_STREAM_PATH - 1);
    if (c->time_base.num <= 0 || c->time_base.num > 16384 || c->time_base.den <= 0)
        return avo_fail(m, bad, "time_base %d/%d: 1 to 16384 over a positive number",
                        c->time_base.num, c->time_base.den);
    if (c->nal_length_size != 0 && c->nal_length_size != 4)
        return avo_fail(m, bad,
                        "nal_length_size %d: packets have start codes (0) or lengths of 4 bytes",
                        c->nal_length_size);
    if (c->max_packet < 128 || c->max_packet > AVO_MAX_PACKET)
        return avo_fail(m, bad, "max_packet %d: 128 to %d bytes", c->max_packet, AVO_MAX_PACKET);
    if (c->max_delay_ms < 1)
        return avo_fail(m, bad, "max_delay_ms %d: must be positive", c->max_delay_ms);
    if (c->ring_bytes && (c->ring_bytes < 65536 || c->ring_bytes > (size_t)1 << 30))
        return avo_fail(m, bad, "ring_bytes: 65536 to 1 GB");
    if (c->max_picture > avo_stream_ring_bytes(c) / 2)
        return avo_fail(m, bad, "max_picture: at most half of ring_bytes");
    return AVOCET_OK;
}

size_t avo_stream_ring_bytes(const AvocetStreamConfig *config)
{
    return config->ring_bytes ? config->ring_bytes : RING_DEFAULT;
}

/* ---- parameter sets ---- */

/* Keeps the parameter sets of data, if there is an SPS among them. Slices end the search. */
static bool take_headers(AvoStream *s, const uint8_t *data, size_t size)
{
    uint8_t kept[AVO_STREAM_HEADERS];
    size_t used = 0, at = 0;
    bool has_sps = false;
    AvocetNal nal;
    while (avocet_nal_next(data, size, s->config.nal_length_size, &at, &nal) == 1) {
        if (nal.type >= NAL_SLICE && nal.type <= NAL_IDR)
            break;
        if ((nal.type != NAL_SPS && nal.type != NAL_PPS) || nal.size + 4 > sizeof kept - used)
            continue;
        has_sps |= nal.type == NAL_SPS;
        avo_put_u32(kept + used, s->config.nal_length_size ? (uint32_t)nal.size : 1);
        memcpy(kept + used + 4, nal.data, nal.size);
        used += 4 + nal.size;
    }
    if (has_sps) {
        memcpy(s->headers, kept, used);
        s->headers_size = used;
    }
    return has_sps;
}

void avo_stream_init(AvoStream *s, const AvocetStreamConfig *config, uint8_t *ring,
                     const uint8_t *random)
{
    s->config = *config;
    avo_text_copy(s->path, sizeof s->path,
                  config->path[0] == '/' ? config->path + 1 : config->path);
    s->config.path = s->path;
    avocet_rtp_init(&s->rtp, avo_get_u32(random), 0, config->max_packet);
    s->session_id = avo_get_u32(random + 4);
    s->time_offset = avo_get_u32(random + 8);
    avo_ring_init(&s->ring, ring, avo_stream_ring_bytes(config));
    s->max_picture = config->max_picture ? config->max_picture : avo_stream_ring_bytes(config) / 4;
    s->last_wish_us = -WISH_US;
    if (config->headers)
        take_headers(s, config->headers, config->headers_size);
    s->config.headers = NULL;
}

/* ---- packets ---- */

int avo_stream_send(AvoStream *s, const AvocetPacket *packet, int64_t now_us)
{
    s->stats.pictures++;
    s->stats.bytes += (int64_t)packet->size;
    if (packet->size > s->max_picture) {
        s->stats.too_large++;
        return AVOCET_OK;
    }
    bool complete = !packet->keyframe || take_headers(s, packet->data, packet->size);
    uint32_t time = avocet_rtp_time(packet->pts, s->config.time_base) + s->time_offset;
    if (!avo_ring_add(&s->ring, &s->rtp, s->headers, complete ? 0 : s->headers_size, packet,
                      s->config.nal_length_size, time, now_us))
        return AVOCET_ERR_DATA;
    if (!s->started || (int32_t)(time - s->last_time) > 0) {
        s->last_time = time;
        s->last_us = now_us;
    }
    s->started = true;
    return AVOCET_OK;
}

bool avo_stream_wish_keyframe(AvoStream *s, int64_t now_us)
{
    if (now_us - s->last_wish_us < WISH_US)
        return false;
    s->last_wish_us = now_us;
    s->keyframe_wanted = true;
    return true;
}

bool avo_stream_take_wish(AvoStream *s)
{
    bool wanted = s->keyframe_wanted;
    s->keyframe_wanted = false;
    return wanted;
}

uint32_t avo_stream_time_now(const AvoStream *s, int64_t now_us)
{
    return s->started ? s->last_time + (uint32_t)((now_us - s->last_us) * 9 / 100) : s->time_offset;
}

int avo_stream_describe(const AvoStream *s, const char *control, char *out, size_t size)
{
    return avocet_sdp_write(s->path[0] ? s->path : "Avocet", s->session_id, control, s->config.fps,
                            s->headers, s->headers_size, s->config.nal_length_size, out, size);
}
