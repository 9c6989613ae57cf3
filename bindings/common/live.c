/* See live.h. */
#include "live.h"
#include "say.h"

#include <string.h>

#include <avocet/mux.h>

/* ---- settings ---- */

static int set_option(AvocetEncoderConfig *c, const char *name, int value, char *message,
                      size_t size)
{
    char text[16];
    avo_say(text, sizeof text, "%d", value);
    return avocet_encoder_config_set(c, name, text, message, size);
}

void avo_live_bits_text(char text[32], int64_t bits)
{
    avo_say(text, 32, "%l.%d%d%dk", bits / 1000, (int)(bits / 100 % 10), (int)(bits / 10 % 10),
            (int)(bits % 10));
}

/* Pictures per second, rounded, at least 1. */
static int whole_fps(AvocetRational fps)
{
    int n = (int)(((int64_t)fps.num + fps.den / 2) / fps.den);
    return n < 1 ? 1 : n;
}

/* One bit per sample, within what the option takes. */
static int64_t default_bitrate(const AvocetEncoderConfig *c)
{
    int64_t bits = (int64_t)c->width * c->height * c->fps.num / c->fps.den;
    return bits < AVO_LIVE_BITRATE_MAX ? bits : AVO_LIVE_BITRATE_MAX;
}

static int begin_config(AvocetEncoderConfig *c, const AvoLiveArgs *args, char *message, size_t size)
{
    const char *preset = args->preset ? args->preset : AVO_LIVE_PRESET;
    char tune[64];
    int status = avocet_encoder_config_init(c, preset, NULL);
    if (status < 0) {
        avo_say(message, size, "there is no preset \"%s\"", preset);
        return status;
    }
    avo_say(tune, sizeof tune, "%s%s%s", args->tune ? args->tune : "", args->tune ? "," : "",
            "zerolatency");
    status = avocet_encoder_config_init(c, preset, tune);
    if (status < 0)
        avo_say(message, size, "there is no tune \"%s\", or its parts contradict each other",
                args->tune);
    return status;
}

int avo_live_configure(AvocetEncoderConfig *c, const AvoLiveArgs *args, char *message, size_t size)
{
    int status = begin_config(c, args, message, size);
    if (status < 0)
        return status;
    if (args->width < 16 || args->height < 16 || args->width > 8192 || args->height > 8192) {
        avo_say(message, size, "size %dx%d is outside 16x16 to 8192x8192", args->width,
                args->height);
        return AVOCET_ERR_ARGUMENT;
    }
    if (args->gop < 0 || args->bitrate < 0) {
        avo_say(message, size, "%s is negative", args->gop < 0 ? "gop" : "bitrate");
        return AVOCET_ERR_ARGUMENT;
    }
    c->width = args->width;
    c->height = args->height;
    c->format = AVOCET_FORMAT_RGB565LE; /* what cameras of small boards give; the pictures decide */
    c->profile = AVOCET_PROFILE_BASELINE;
    c->scenecut = 0;
    c->sei_version = 0;
    c->threads = (int64_t)args->width * args->height <= AVO_LIVE_ONE_THREAD ? 1 : 0;
    status = avocet_encoder_config_set(c, "fps", args->fps, message, size);
    if (status == AVOCET_OK)
        status = set_option(c, "keyint", args->gop ? args->gop : whole_fps(c->fps), message, size);
    if (status == AVOCET_OK) {
        char bits[32];
        avo_live_bits_text(bits, args->bitrate ? args->bitrate : default_bitrate(c));
        status = avocet_encoder_config_set(c, "bitrate", bits, message, size);
    }
    if (status == AVOCET_OK)
        status = set_option(c, "qpmin", args->qp_min, message, size);
    if (status == AVOCET_OK)
        status = set_option(c, "qpmax", args->qp_max, message, size);
    return status;
}

/* At least two pictures of average size fit in. */
static int64_t vbv_size(const AvocetEncoderConfig *c, int64_t bitrate)
{
    int64_t usual = bitrate * AVO_LIVE_VBV_MS / 1000, least = bitrate * 2 * c->fps.den / c->fps.num;
    return usual > least ? usual : least;
}

/* What depends on options that the caller may have changed. */
static void finish_config(AvoLive *live)
{
    AvocetEncoderConfig *c = &live->config;
    live->own_vbv = c->vbv_maxrate || c->vbv_bufsize || c->rate_mode != AVOCET_RATE_BITRATE;
    if (!live->own_vbv) {
        c->vbv_maxrate = c->bitrate;
        c->vbv_bufsize = vbv_size(c, c->bitrate);
    }
}

/* ---- open and close ---- */

/* Memory of *size bytes, or of more: the caller's buffer is given whole. */
static void *take_block(AvoLive *live, size_t *size, char *message, size_t message_size)
{
    if (!live->buffer) {
        live->block = live->allocator.alloc(live->allocator.opaque, *size, sizeof(void *));
        if (!live->block)
            avo_say(message, message_size, "cannot allocate %l bytes", (int64_t)*size);
        return live->block;
    }
    if (live->buffer_size < *size) {
        avo_say(message, message_size, "%l bytes of memory are given, %l are needed",
                (int64_t)live->buffer_size, (int64_t)*size);
        return NULL;
    }
    *size = live->buffer_size;
    return live->buffer;
}

static void give_block(AvoLive *live)
{
    if (live->block)
        live->allocator.free(live->allocator.opaque, live->block);
    live->block = NULL;
}

static int open_backend(AvoLive *live, const AvoBackend *backend, char *message,
                        size_t message_size)
{
    size_t size = 0;
    void *block = NULL;
    int status =
        backend->memory ? backend->memory(&live->config, &size, message, message_size) : AVOCET_OK;
    if (status < 0)
        return status;
    if (size && !(block = take_block(live, &size, message, message_size)))
        return AVOCET_ERR_MEMORY;
    status = backend->open(&live->handle, &live->config, block, size, message, message_size);
    if (status < 0)
        give_block(live);
    else
        live->backend = backend;
    return status;
}

static void close_backend(AvoLive *live)
{
    live->backend->close(live->handle);
    live->backend = NULL;
    live->handle = NULL;
    give_block(live);
}

/* The first backend from `first` on that can. */
static int open_any(AvoLive *live, int first, char *message, size_t message_size)
{
    int status = AVOCET_ERR_UNSUPPORTED;
    for (int i = first; avo_backends[i] && status == AVOCET_ERR_UNSUPPORTED; i++) {
        status = open_backend(live, avo_backends[i], message, message_size);
        live->next_backend = i + 1;
    }
    return status;
}

static int open_named(AvoLive *live, const char *name, char *message, size_t message_size)
{
    live->next_backend = -1;
    for (int i = 0; avo_backends[i]; i++)
        if (strcmp(name, avo_backends[i]->name) == 0)
            return open_backend(live, avo_backends[i], message, message_size);
    avo_say(message, message_size, "there is no backend \"%s\" in this build", name);
    return AVOCET_ERR_ARGUMENT;
}

int avo_live_open(AvoLive *live, const AvocetEncoderConfig *config, const char *backend,
                  const AvoLiveMemory *memory, char *message, size_t message_size)
{
    bool any = !backend || strcmp(backend, "auto") == 0;
    memset(live, 0, sizeof *live);
    live->config = *config;
    live->allocator = *memory->allocator;
    live->buffer = memory->buffer;
    live->buffer_size = memory->buffer_size;
    finish_config(live);
    live->delay = avocet_encoder_delay(&live->config);
    if (message_size)
        message[0] = '\0';
    int status = any ? open_any(live, 0, message, message_size)
                     : open_named(live, backend, message, message_size);
    if (status < 0 && message_size && !message[0])
        avo_say(message, message_size, "%s", avocet_status_text(status));
    return status;
}

void avo_live_close(AvoLive *live)
{
    if (!live->backend)
        return;
    live->config = *avo_live_config(live);
    live->pending = false;
    close_backend(live);
}

/* ---- pictures ---- */

static int fail(AvoLive *live, int status, const char *text)
{
    avo_say(live->message, sizeof live->message, "%s", text);
    return status;
}

/* Takes over the backend's sentence. */
static int fail_backend(AvoLive *live, int status)
{
    const char *text = live->backend->error(live->handle);
    return fail(live, status, text[0] ? text : avocet_status_text(status));
}

static int fail_closed(AvoLive *live)
{
    return fail(live, AVOCET_ERR_STATE, "Encoder closed");
}

static int check_size(AvoLive *live, const AvocetPicture *picture)
{
    const AvocetEncoderConfig *c = &live->config;
    if (picture->width == c->width && picture->height == c->height)
        return AVOCET_OK;
    avo_say(live->message, sizeof live->message, "image is %dx%d, encoder is %dx%d", picture->width,
            picture->height, c->width, c->height);
    return AVOCET_ERR_ARGUMENT;
}

static void keep_sets(AvoLive *live, const AvocetPacket *packet)
{
    if (live->sets_size || !packet->keyframe)
        return;
    live->sets_size =
        avo_parameter_sets_copy(packet->data, packet->size, live->config.container == AVOCET_AVCC,
                                live->sets, sizeof live->sets);
}

static void count(AvoLive *live, const AvocetPacket *packet)
{
    AvoLiveTotals *t = &live->totals;
    live->last = *packet;
    live->was_keyframe = packet->type == AVOCET_TYPE_IDR || packet->type == AVOCET_TYPE_I;
    t->frames++;
    t->keyframes += live->was_keyframe;
    t->bytes += (int64_t)packet->size;
    t->qp_sum += packet->qp;
    if ((int64_t)packet->size > t->largest)
        t->largest = (int64_t)packet->size;
    keep_sets(live, packet);
}

/* Hands on the packets that are ready; without delay that is exactly one,
 * whose bytes stay valid. */
static int drain(AvoLive *live, AvoLiveSink sink, void *opaque)
{
    AvocetPacket packet;
    int status;
    while ((status = live->backend->receive(live->handle, &packet)) == AVOCET_OK) {
        count(live, &packet);
        int sunk = sink(opaque, &packet);
        if (sunk < 0) {
            live->force_keyframe = true; /* this access unit is lost */
            return fail(live, sunk, avocet_status_text(sunk));
        }
        if (live->delay == 0)
            return AVOCET_OK;
    }
    return status < 0 ? fail_backend(live, status) : AVOCET_OK;
}

/* A hardware encoder may find out only now that it cannot take such pictures: the next backend
 * starts afresh. */
static int send_picture(AvoLive *live, const AvocetPicture *picture)
{
    int status = live->backend->send(live->handle, picture);
    if (status == AVOCET_ERR_UNSUPPORTED && live->next_backend > 0 &&
        avo_backends[live->next_backend]) {
        close_backend(live);
        status = open_any(live, live->next_backend, live->message, sizeof live->message);
        if (status < 0)
            return status;
        live->sets_size = 0;
        status = live->backend->send(live->handle, picture);
    }
    return status < 0 ? fail_backend(live, status) : AVOCET_OK;
}

int avo_live_encode(AvoLive *live, AvocetPicture *picture, bool has_pts, AvoLiveSink sink,
                    void *opaque)
{
    if (!live->backend)
        return fail_closed(live);
    int status = check_size(live, picture);
    if (status < 0)
        return status;
    /* An access unit that was never fetched leaves a hole that only a keyframe closes. */
    if (live->force_keyframe || live->pending)
        picture->type = AVOCET_TYPE_IDR;
    if (!has_pts)
        picture->pts = live->next_pts;
    status = send_picture(live, picture);
    if (status < 0)
        return status;
    live->next_pts = picture->pts < INT64_MAX ? picture->pts + 1 : picture->pts;
    live->force_keyframe = live->pending = false;
    return drain(live, sink, opaque);
}

static int sink_none(void *opaque, const AvocetPacket *packet)
{
    (void)opaque;
    (void)packet;
    return AVOCET_OK;
}

int avo_live_encode_into(AvoLive *live, AvocetPicture *picture, bool has_pts, uint8_t *buffer,
                         size_t size, size_t *written)
{
    if (!live->backend)
        return fail_closed(live);
    if (live->delay)
        return fail(live, AVOCET_ERR_ARGUMENT,
                    "encode_into needs an encoder without B pictures and lookahead");
    if (!live->pending) {
        int status = avo_live_encode(live, picture, has_pts, sink_none, NULL);
        if (status < 0)
            return status;
    }
    live->pending = live->last.size > size;
    if (live->pending) {
        avo_say(live->message, sizeof live->message,
                "the access unit has %l bytes, the buffer only %l", (int64_t)live->last.size,
                (int64_t)size);
        return AVOCET_ERR_ARGUMENT;
    }
    memcpy(buffer, live->last.data, live->last.size);
    *written = live->last.size;
    return AVOCET_OK;
}

int avo_live_flush(AvoLive *live, AvoLiveSink sink, void *opaque)
{
    if (!live->backend)
        return fail_closed(live);
    int status = live->backend->flush(live->handle);
    if (status < 0)
        return fail_backend(live, status);
    return live->delay ? drain(live, sink, opaque) : AVOCET_OK;
}

/* ---- changes ---- */

static int change(AvoLive *live, const char *name, const char *text)
{
    int status = live->backend->set(live->handle, name, text);
    return status < 0 ? fail_backend(live, status) : AVOCET_OK;
}

static int change_bits(AvoLive *live, const char *name, int64_t bits)
{
    char text[32];
    avo_live_bits_text(text, bits);
    return change(live, name, text);
}

static int change_number(AvoLive *live, const char *name, int value)
{
    char text[16];
    avo_say(text, sizeof text, "%d", value);
    return change(live, name, text);
}

static int change_vbv(AvoLive *live, int64_t bitrate)
{
    int status = change_bits(live, "vbv-maxrate", bitrate);
    return status < 0 ? status : change_bits(live, "vbv-bufsize", vbv_size(&live->config, bitrate));
}

int avo_live_set_bitrate(AvoLive *live, int64_t bitrate)
{
    if (!live->backend)
        return fail_closed(live);
    if (live->config.rate_mode != AVOCET_RATE_BITRATE)
        return fail(live, AVOCET_ERR_ARGUMENT, "this encoder was opened without a bit rate");
    if (bitrate < 0)
        return fail(live, AVOCET_ERR_ARGUMENT, "bitrate is negative");
    if (bitrate == 0)
        bitrate = default_bitrate(&live->config);
    /* At no time may the average be above the greatest rate. */
    bool rises = bitrate > live->config.bitrate, follow = !live->own_vbv;
    int status = AVOCET_OK;
    if (rises && follow)
        status = change_vbv(live, bitrate);
    if (status == AVOCET_OK)
        status = change_bits(live, "bitrate", bitrate);
    if (status == AVOCET_OK && !rises && follow)
        status = change_vbv(live, bitrate);
    if (status == AVOCET_OK)
        live->config.bitrate = bitrate;
    return status;
}

int avo_live_set_fps(AvoLive *live, const char *fps)
{
    if (!live->backend)
        return fail_closed(live);
    int status = change(live, "fps", fps);
    if (status < 0)
        return status;
    return avocet_encoder_config_set(&live->config, "fps", fps, live->message,
                                     sizeof live->message);
}

int avo_live_set_qp(AvoLive *live, int qp_min, int qp_max)
{
    if (!live->backend)
        return fail_closed(live);
    if (qp_min < 0 || qp_max > 51 || qp_min > qp_max) {
        avo_say(live->message, sizeof live->message,
                "qp_min %d and qp_max %d are no range within 0..51", qp_min, qp_max);
        return AVOCET_ERR_ARGUMENT;
    }
    int status = change_number(live, "qpmin", qp_min);
    if (status == AVOCET_OK)
        status = change_number(live, "qpmax", qp_max);
    if (status == AVOCET_OK) {
        live->config.qp_min = qp_min;
        live->config.qp_max = qp_max;
    }
    return status;
}

/* ---- questions ---- */

int avo_live_headers(AvoLive *live, const uint8_t **data, size_t *size)
{
    if (live->backend && live->backend->headers) {
        const uint8_t *all;
        size_t n;
        int status = live->backend->headers(live->handle, &all, &n);
        if (status < 0)
            return fail_backend(live, status);
        live->sets_size = avo_parameter_sets_copy(all, n, live->config.container == AVOCET_AVCC,
                                                  live->sets, sizeof live->sets);
    }
    *data = live->sets;
    *size = live->sets_size;
    return AVOCET_OK;
}

size_t avo_live_avcc(AvoLive *live, uint8_t *out, size_t size)
{
    const uint8_t *sets;
    size_t n;
    if (avo_live_headers(live, &sets, &n) < 0)
        return 0;
    int64_t bytes =
        avocet_avcc_write(sets, n, live->config.container == AVOCET_AVCC ? 4 : 0, out, size);
    return bytes > 0 ? (size_t)bytes : 0;
}

const AvocetEncoderConfig *avo_live_config(const AvoLive *live)
{
    return live->backend && live->backend->config ? live->backend->config(live->handle)
                                                  : &live->config;
}

static const char *type_name(AvocetFrameType type)
{
    switch (type) {
    case AVOCET_TYPE_IDR:
        return "IDR";
    case AVOCET_TYPE_I:
        return "I";
    case AVOCET_TYPE_P:
        return "P";
    case AVOCET_TYPE_BREF:
    case AVOCET_TYPE_B:
        return "B";
    default:
        return "";
    }
}

/* Bits per second that the stream has had so far. */
static int64_t mean_bitrate(const AvoLive *live)
{
    const AvocetRational fps = live->config.fps;
    int64_t frames = live->totals.frames;
    return frames ? live->totals.bytes * 8 * fps.num / (frames * fps.den) : 0;
}

bool avo_live_stat(const AvoLive *live, int index, AvoLiveStat *stat)
{
    const AvoLiveTotals *t = &live->totals;
    const AvoLiveStat figures[] = {
        {"frames", NULL, t->frames},
        {"keyframes", NULL, t->keyframes},
        {"bytes", NULL, t->bytes},
        {"largest_frame", NULL, t->largest},
        {"mean_bitrate", NULL, mean_bitrate(live)},
        {"mean_qp", NULL, t->frames ? (t->qp_sum + t->frames / 2) / t->frames : 0},
        {"last_type", type_name(live->last.type), 0},
        {"last_bytes", NULL, (int64_t)live->last.size},
        {"last_qp", NULL, live->last.qp},
        {"last_pts", NULL, live->last.pts},
        {"backend", live->backend ? live->backend->name : "", 0},
    };
    if (index < 0 || index >= (int)(sizeof figures / sizeof *figures))
        return false;
    *stat = figures[index];
    return true;
}
