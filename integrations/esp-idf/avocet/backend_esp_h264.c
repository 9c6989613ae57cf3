/* The ESP32-P4's hardware encoder as a backend, through Espressif's component esp_h264.
 *
 * It takes RGB565 (chips from revision 3.0 on), sizes of whole macroblocks from 80x80 to 1920x2032,
 * whole frame rates and keyframe intervals up to 255. Whatever else is asked for is answered by
 * AVOCET_ERR_UNSUPPORTED, so that "auto" goes on to the software. Images are copied: the encoder
 * reads by DMA from an aligned buffer of its own.
 *
 * The component has no call for a keyframe on demand and none for new quantiser bounds: both start
 * the encoder anew. */
#include "backend.h"
#include "say.h"

#include <stdlib.h>
#include <string.h>

#include "esp_h264_alloc.h"
#include "esp_h264_enc_param_hw.h"
#include "esp_h264_enc_single.h"
#include "esp_h264_enc_single_hw.h"

typedef struct Hardware {
    AvocetEncoderConfig config;
    esp_h264_enc_handle_t encoder;
    esp_h264_enc_param_hw_handle_t parameters;
    uint8_t *in, *out; /* seen by DMA */
    uint32_t in_size, out_size;
    AvocetPacket packet;
    bool has_packet;
    char message[160];
} Hardware;

static const char *error_name(esp_h264_err_t error)
{
    switch (error) {
    case ESP_H264_ERR_ARG:
        return "invalid argument";
    case ESP_H264_ERR_MEM:
        return "no memory";
    case ESP_H264_ERR_UNSUPPORTED:
        return "not supported";
    case ESP_H264_ERR_TIMEOUT:
        return "timeout";
    case ESP_H264_ERR_OVERFLOW:
        return "output buffer overflow";
    default:
        return "failure";
    }
}

static int fail(Hardware *h, int status, const char *what, esp_h264_err_t error)
{
    avo_say(h->message, sizeof h->message, "hardware encoder, %s: %s", what, error_name(error));
    return status;
}

/* ---- what it can ---- */

static bool is_plain(const AvocetEncoderConfig *c)
{
    return c->rate_mode == AVOCET_RATE_BITRATE && c->bframes == 0 &&
           c->profile == AVOCET_PROFILE_BASELINE && c->container == AVOCET_ANNEXB &&
           c->slices <= 1 && !c->intra_refresh && c->keyint <= 255;
}

static bool is_size(int samples, int most)
{
    return samples % 16 == 0 && samples >= 80 && samples <= most;
}

static bool is_rate(AvocetRational fps)
{
    return fps.num % fps.den == 0 && fps.num / fps.den <= 255;
}

/* NULL if it can. */
static const char *obstacle(const AvocetEncoderConfig *c)
{
    if (!is_size(c->width, 1920) || !is_size(c->height, 2032))
        return "sizes are multiples of 16 from 80x80 to 1920x2032";
    if (!is_rate(c->fps))
        return "frame rates are whole numbers up to 255";
    if (!is_plain(c))
        return "only bit rate, keyframe interval (up to 255) and quantiser bounds can be set";
    if (c->format != AVOCET_FORMAT_RGB565LE)
        return "images must be RGB565";
    return NULL;
}

/* ---- start and stop ---- */

static void stop(Hardware *h)
{
    if (h->encoder) {
        esp_h264_enc_close(h->encoder);
        esp_h264_enc_del(h->encoder);
    }
    h->encoder = NULL;
    h->parameters = NULL;
}

static esp_h264_err_t start(Hardware *h)
{
    const AvocetEncoderConfig *c = &h->config;
    esp_h264_enc_cfg_hw_t config = {
        .pic_type = ESP_H264_RAW_FMT_RGB565_LE,
        .gop = (uint8_t)c->keyint,
        .fps = (uint8_t)(c->fps.num / c->fps.den),
        .res = {.width = (uint16_t)c->width, .height = (uint16_t)c->height},
        .rc = {.bitrate = (uint32_t)c->bitrate,
               .qp_min = (uint8_t)c->qp_min,
               .qp_max = (uint8_t)c->qp_max},
    };
    esp_h264_err_t error = esp_h264_enc_hw_new(&config, &h->encoder);
    if (error == ESP_H264_ERR_OK)
        error = esp_h264_enc_hw_get_param_hd(h->encoder, &h->parameters);
    if (error == ESP_H264_ERR_OK)
        error = esp_h264_enc_open(h->encoder);
    if (error != ESP_H264_ERR_OK)
        stop(h);
    return error;
}

static void hardware_close(void *handle)
{
    Hardware *h = handle;
    stop(h);
    if (h->in)
        esp_h264_free(h->in);
    if (h->out)
        esp_h264_free(h->out);
    free(h);
}

static int hardware_open(void **handle, const AvocetEncoderConfig *config, void *memory,
                         size_t memory_size, char *message, size_t message_size)
{
    const char *why = obstacle(config);
    (void)memory;
    (void)memory_size;
    if (why) {
        avo_say(message, message_size, "hardware encoder: %s", why);
        return AVOCET_ERR_UNSUPPORTED;
    }
    Hardware *h = calloc(1, sizeof *h);
    if (!h)
        return AVOCET_ERR_MEMORY;
    h->config = *config;
    uint32_t size = (uint32_t)config->width * (uint32_t)config->height * 2;
    h->in = esp_h264_aligned_calloc(16, 1, size, &h->in_size, ESP_H264_MEM_SPIRAM);
    h->out = esp_h264_aligned_calloc(16, 1, size, &h->out_size, ESP_H264_MEM_SPIRAM);
    esp_h264_err_t error = h->in && h->out ? start(h) : ESP_H264_ERR_MEM;
    if (error != ESP_H264_ERR_OK) { /* an old chip, or another encoder holds the hardware */
        fail(h, 0, "open", error);
        avo_say(message, message_size, "%s", h->message);
        hardware_close(h);
        return AVOCET_ERR_UNSUPPORTED;
    }
    *handle = h;
    return AVOCET_OK;
}

static int restart(Hardware *h)
{
    stop(h);
    esp_h264_err_t error = start(h);
    return error == ESP_H264_ERR_OK ? AVOCET_OK : fail(h, AVOCET_ERR_IO, "restart", error);
}

/* ---- pictures ---- */

static void copy_rows(uint8_t *to, const AvocetPicture *picture)
{
    size_t bytes = (size_t)picture->width * 2;
    for (int y = 0; y < picture->height; y++, to += bytes)
        memcpy(to, picture->plane[0] + y * picture->stride[0], bytes);
}

static void describe(AvocetPacket *packet, const esp_h264_enc_out_frame_t *out,
                     const AvocetPicture *picture)
{
    *packet = (AvocetPacket){
        .data = out->raw_data.buffer,
        .size = out->length,
        .pts = picture->pts,
        .dts = picture->pts,
        .type = out->frame_type == ESP_H264_FRAME_TYPE_IDR ? AVOCET_TYPE_IDR
                : out->frame_type == ESP_H264_FRAME_TYPE_I ? AVOCET_TYPE_I
                                                           : AVOCET_TYPE_P,
        .keyframe = out->frame_type == ESP_H264_FRAME_TYPE_IDR,
        .is_reference = 1,
        .opaque = picture->opaque,
    };
}

static int hardware_send(void *handle, const AvocetPicture *picture)
{
    Hardware *h = handle;
    if (picture->format != AVOCET_FORMAT_RGB565LE)
        return fail(h, AVOCET_ERR_UNSUPPORTED, "images must be RGB565", ESP_H264_ERR_UNSUPPORTED);
    if (picture->type == AVOCET_TYPE_IDR || !h->encoder) {
        int status = restart(h);
        if (status < 0)
            return status;
    }
    copy_rows(h->in, picture);
    esp_h264_enc_in_frame_t in = {
        .raw_data = {.buffer = h->in, .len = (uint32_t)(picture->width * picture->height * 2)},
        .pts = (uint32_t)picture->pts,
    };
    esp_h264_enc_out_frame_t out = {.raw_data = {.buffer = h->out, .len = h->out_size}};
    esp_h264_err_t error = esp_h264_enc_process(h->encoder, &in, &out);
    if (error != ESP_H264_ERR_OK) {
        stop(h); /* the next picture starts anew, with a keyframe */
        return fail(h, AVOCET_ERR_IO, "encode", error);
    }
    describe(&h->packet, &out, picture);
    h->has_packet = true;
    return AVOCET_OK;
}

static int hardware_receive(void *handle, AvocetPacket *packet)
{
    Hardware *h = handle;
    if (!h->has_packet)
        return AVOCET_NEED_INPUT;
    h->has_packet = false;
    *packet = h->packet;
    return AVOCET_OK;
}

static int hardware_flush(void *handle)
{
    (void)handle;
    return AVOCET_OK;
}

/* ---- settings ---- */

/* Bit rate and frame rate change at once; bounds of the quantiser need a new start; the hardware
 * has no VBV. */
static int hardware_set(void *handle, const char *name, const char *value)
{
    Hardware *h = handle;
    AvocetEncoderConfig old = h->config, *c = &h->config;
    esp_h264_err_t error = ESP_H264_ERR_OK;
    int status = avocet_encoder_config_set(c, name, value, h->message, sizeof h->message);
    const char *why = status == AVOCET_OK ? obstacle(c) : NULL;
    if (why) {
        avo_say(h->message, sizeof h->message, "hardware encoder: %s", why);
        status = AVOCET_ERR_ARGUMENT;
    }
    if (status == AVOCET_OK && h->parameters && c->bitrate != old.bitrate)
        error = esp_h264_enc_set_bitrate(&h->parameters->base, (uint32_t)c->bitrate);
    else if (status == AVOCET_OK && h->parameters &&
             c->fps.num / c->fps.den != old.fps.num / old.fps.den)
        error = esp_h264_enc_set_fps(&h->parameters->base, (uint8_t)(c->fps.num / c->fps.den));
    else if (status == AVOCET_OK && (c->qp_min != old.qp_min || c->qp_max != old.qp_max))
        stop(h);
    if (error != ESP_H264_ERR_OK)
        status = fail(h, AVOCET_ERR_IO, "set", error);
    if (status < 0)
        h->config = old;
    return status;
}

static const AvocetEncoderConfig *hardware_config(void *handle)
{
    return &((Hardware *)handle)->config;
}

static const char *hardware_error(void *handle)
{
    return ((Hardware *)handle)->message;
}

const AvoBackend avo_backend_esp_h264 = {
    .name = "esp32p4",
    .open = hardware_open,
    .close = hardware_close,
    .send = hardware_send,
    .receive = hardware_receive,
    .flush = hardware_flush,
    .set = hardware_set,
    .config = hardware_config,
    .error = hardware_error,
};
