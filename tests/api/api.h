/* What the tests of the public interface share:
 * a moving test picture, a whole encode into memory. */
#ifndef TESTS_API_H
#define TESTS_API_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <avocet/avocet.h>
#include "../unit/check.h"

/* Smooth waves and a block that move with n; every format gets something different in its bytes. */
static inline void api_draw(uint8_t *samples, AvocetFormat format, int width, int height, int n)
{
    size_t size = avocet_format_size(format, width, height);
    for (size_t i = 0; i < size; i++) {
        int x = (int)(i % (size_t)width), y = (int)(i / (size_t)width);
        int wave = ((x + 2 * n) * 5 & 127) + ((y + n) * 3 & 63);
        int block = x > 3 * n % width && x < 3 * n % width + width / 4 && y > height / 3 ? 50 : 0;
        samples[i] = (uint8_t)(16 + wave + block);
    }
}

/* All packets of an encode. */
typedef struct ApiStream {
    uint8_t *bytes;
    size_t size;
    int packets, keyframes;
    int64_t pts[256], dts[256];
    AvocetFrameType type[256];
    int qp[256], keyframe[256];
    uint64_t sse[256];
    void *opaque[256];
} ApiStream;

static inline void api_take(ApiStream *s, const AvocetPacket *packet)
{
    int n = s->packets++;
    s->bytes = realloc(s->bytes, s->size + packet->size);
    memcpy(s->bytes + s->size, packet->data, packet->size);
    s->size += packet->size;
    s->keyframes += packet->keyframe;
    if (n >= 256)
        return;
    s->pts[n] = packet->pts;
    s->dts[n] = packet->dts;
    s->type[n] = packet->type;
    s->qp[n] = packet->qp;
    s->keyframe[n] = packet->keyframe;
    s->sse[n] = packet->sse[0];
    s->opaque[n] = packet->opaque;
}

/* Everything that is ready; the status that ended it. */
static inline int api_receive(AvocetEncoder *enc, ApiStream *s)
{
    AvocetPacket packet;
    int status;
    while ((status = avocet_encoder_receive(enc, &packet)) == AVOCET_OK)
        api_take(s, &packet);
    return status;
}

static inline AvocetEncoderConfig api_config(const char *preset, int width, int height)
{
    AvocetEncoderConfig config;
    avocet_encoder_config_init(&config, preset, NULL);
    config.width = width;
    config.height = height;
    config.fps = (AvocetRational){25, 1};
    config.threads = 1;
    return config;
}

/* Sends picture n of the test scene. */
static inline int api_send(AvocetEncoder *enc, int n)
{
    const AvocetEncoderConfig *c = avocet_encoder_config(enc);
    AvocetPicture picture;
    uint8_t *samples = malloc(avocet_format_size(c->format, c->width, c->height));
    api_draw(samples, c->format, c->width, c->height, n);
    avocet_picture_init(&picture, c->format, c->width, c->height, samples);
    picture.pts = n;
    picture.opaque = (void *)(intptr_t)(n + 1);
    int status = avocet_encoder_send(enc, &picture);
    free(samples);
    return status;
}

/* Sends pictures [first, end), taking packets as they come. */
static inline int api_send_range(AvocetEncoder *enc, ApiStream *s, int first, int end)
{
    for (int n = first; n < end; n++) {
        int status = api_send(enc, n);
        if (status < 0)
            return status;
        status = api_receive(enc, s);
        if (status != AVOCET_NEED_INPUT)
            return status < 0 ? status : AVOCET_ERR_INTERNAL;
    }
    return AVOCET_OK;
}

/* A whole encode of `pictures` pictures; empty when something failed. */
static inline ApiStream api_encode(const AvocetEncoderConfig *config, int pictures)
{
    ApiStream s;
    AvocetEncoder *enc;
    char message[256] = "";
    memset(&s, 0, sizeof s);
    int status = avocet_encoder_open(&enc, config, NULL, message, sizeof message);
    CHECK(status == AVOCET_OK, "%s", message);
    if (status != AVOCET_OK)
        return s;
    status = api_send_range(enc, &s, 0, pictures);
    CHECK(status == AVOCET_OK, "%s", avocet_encoder_error(enc));
    CHECK(avocet_encoder_flush(enc) == AVOCET_OK, "%s", avocet_encoder_error(enc));
    status = api_receive(enc, &s);
    CHECK(status == AVOCET_END, "status %d: %s", status, avocet_encoder_error(enc));
    avocet_encoder_close(&enc);
    CHECK(enc == NULL, "close");
    return s;
}

static inline int api_same(const ApiStream *a, const ApiStream *b)
{
    return a->size == b->size && a->size > 0 && memcmp(a->bytes, b->bytes, a->size) == 0;
}

static inline void api_free(ApiStream *s)
{
    free(s->bytes);
    memset(s, 0, sizeof *s);
}

#endif
