/* The library itself as a backend: a thin layer over avocet_encoder_*. What it adds is the change
 * of the pixel format between pictures: an encoder is opened for one format, so another one means
 * opening again in the same memory (and a keyframe). */
#include "backend.h"
#include "say.h"

#include <stdbool.h>
#include <string.h>

typedef struct Software {
    AvocetEncoder *encoder;
    AvocetEncoderConfig config; /* as asked for, with the format in use */
    void *memory;               /* behind this struct */
    size_t memory_size;
    bool holds_back;   /* pictures in the encoder would be lost */
    char message[200]; /* why opening again failed */
} Software;

/* The struct needs more alignment than the caller promises. */
#define LEAD (sizeof(Software) + 2 * sizeof(void *))

static int software_memory(const AvocetEncoderConfig *config, size_t *bytes, char *message,
                           size_t message_size)
{
    int status = avocet_encoder_memory(config, bytes, message, message_size);
    *bytes += LEAD + 64; /* 64: avocet_encoder_open_in */
    return status;
}

static int software_open(void **handle, const AvocetEncoderConfig *config, void *memory,
                         size_t memory_size, char *message, size_t message_size)
{
    size_t step = sizeof(void *), lead = (size_t)(-(uintptr_t)memory & (step - 1));
    if (memory_size < LEAD) {
        avo_say(message, message_size, "%l bytes of memory are too few", (int64_t)memory_size);
        return AVOCET_ERR_MEMORY;
    }
    Software *s = (Software *)((uint8_t *)memory + lead);
    memset(s, 0, sizeof *s);
    s->config = *config;
    s->memory = (uint8_t *)memory + LEAD;
    s->memory_size = memory_size - LEAD;
    int status = avocet_encoder_open_in(&s->encoder, &s->config, s->memory, s->memory_size, message,
                                        message_size);
    *handle = status < 0 ? NULL : s;
    return status;
}

static void software_close(void *handle)
{
    Software *s = handle;
    avocet_encoder_close(&s->encoder);
}

/* Opens again for pictures of another format. If that fails, the encoder is as it was but for a new
 * keyframe. */
static int change_format(Software *s, AvocetFormat format)
{
    AvocetEncoderConfig old = s->config, changed = s->config;
    changed.format = format;
    if (s->holds_back) {
        avo_say(s->message, sizeof s->message,
                "the pixel format cannot change from %s to %s while pictures are held back",
                avocet_format_name(old.format), avocet_format_name(format));
        return AVOCET_ERR_ARGUMENT;
    }
    avocet_encoder_close(&s->encoder);
    int status = avocet_encoder_open_in(&s->encoder, &changed, s->memory, s->memory_size,
                                        s->message, sizeof s->message);
    if (status < 0)
        avocet_encoder_open_in(&s->encoder, &old, s->memory, s->memory_size, NULL, 0);
    else
        s->config = changed;
    return status;
}

static int software_send(void *handle, const AvocetPicture *picture)
{
    Software *s = handle;
    s->message[0] = '\0';
    if (picture->format != s->config.format) {
        int status = change_format(s, picture->format);
        if (status < 0)
            return status;
    }
    int status = avocet_encoder_send(s->encoder, picture);
    s->holds_back |= status == AVOCET_OK && avocet_encoder_delay(&s->config) > 0;
    return status;
}

static int software_receive(void *handle, AvocetPacket *packet)
{
    return avocet_encoder_receive(((Software *)handle)->encoder, packet);
}

static int software_flush(void *handle)
{
    return avocet_encoder_flush(((Software *)handle)->encoder);
}

static int software_set(void *handle, const char *name, const char *value)
{
    Software *s = handle;
    int status = avocet_encoder_set(s->encoder, name, value);
    if (status == AVOCET_OK)
        avocet_encoder_config_set(&s->config, name, value, NULL, 0);
    return status;
}

static int software_headers(void *handle, const uint8_t **data, size_t *size)
{
    return avocet_encoder_headers(((Software *)handle)->encoder, data, size);
}

static const AvocetEncoderConfig *software_config(void *handle)
{
    return avocet_encoder_config(((Software *)handle)->encoder);
}

static const char *software_adjustment(void *handle, int index)
{
    return avocet_encoder_adjustment(((Software *)handle)->encoder, index);
}

static const char *software_error(void *handle)
{
    Software *s = handle;
    return s->message[0] ? s->message : avocet_encoder_error(s->encoder);
}

const AvoBackend avo_backend_software = {
    .name = "software",
    .memory = software_memory,
    .open = software_open,
    .close = software_close,
    .send = software_send,
    .receive = software_receive,
    .flush = software_flush,
    .set = software_set,
    .headers = software_headers,
    .config = software_config,
    .adjustment = software_adjustment,
    .error = software_error,
};
