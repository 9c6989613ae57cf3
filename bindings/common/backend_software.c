/* The library itself as a backend: a thin layer over avocet_encoder_*. */
#include "backend.h"
#include "say.h"

#include <string.h>

typedef struct Software {
    AvocetEncoder *encoder;
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
    int status = avocet_encoder_open_in(&s->encoder, config, (uint8_t *)memory + LEAD,
                                        memory_size - LEAD, message, message_size);
    *handle = status < 0 ? NULL : s;
    return status;
}

static void software_close(void *handle)
{
    Software *s = handle;
    avocet_encoder_close(&s->encoder);
}

static int software_send(void *handle, const AvocetPicture *picture)
{
    return avocet_encoder_send(((Software *)handle)->encoder, picture);
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
    return avocet_encoder_set(((Software *)handle)->encoder, name, value);
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
    return avocet_encoder_error(((Software *)handle)->encoder);
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
