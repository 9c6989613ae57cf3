/* The public functions of avocet/encoder.h over the small encoder: arguments checked, calls in
 * order.
 *
 * A picture is coded while it is sent, straight from the application's memory; receive hands out
 * what came of it. */
#include "base/memory.h"
#include "base/text.h"
#include "enc/tiny/tiny.h"
#include "enc/tiny/tiny_config.h"
#include "base/small_code.h"

#if AVOCET_TINY

struct AvocetEncoder {
    AvocetEncoderConfig config; /* in effect */
    AvoTiny tiny;
    AvoMessage message;
    AvocetAllocator allocator; /* free is NULL when the memory is the caller's */
    void *block;
    uint32_t adjusted;
    AvocetPacket packet;
    bool has_packet, flushed, force_keyframe;
    bool has_recon;
    int64_t sent, last_pts;
    int failed; /* sticky */
};

/* ---- open and close ---- */

static void copy_message(const AvoMessage *from, int status, char *message, size_t size)
{
    if (message && size)
        avo_text_copy(message, size, from->text[0] ? from->text : avocet_status_text(status));
}

/* Carves the handle, then what it points to. On a dry run settings and
 * encoder are those of `dry`. */
typedef struct Dry {
    AvocetEncoderConfig config;
    AvoTiny tiny;
} Dry;

static int measure(const AvocetEncoderConfig *config, size_t *bytes, AvoMessage *msg)
{
    AvoArena arena;
    Dry dry = {.config = *config};
    AVO_RETURN_IF_ERROR(avo_tiny_config_settle(&dry.config, NULL, msg));
    avo_arena_init(&arena, NULL, 0);
    avo_arena_take(&arena, sizeof(AvocetEncoder), 0);
    AVO_RETURN_IF_ERROR(avo_tiny_setup(&dry.tiny, &arena, &dry.config, msg));
    *bytes = arena.used;
    return AVOCET_OK;
}

int avocet_encoder_memory(const AvocetEncoderConfig *config, size_t *bytes, char *message,
                          size_t message_size)
{
    AvoMessage msg = {""};
    int status = config && bytes ? measure(config, bytes, &msg) : AVOCET_ERR_ARGUMENT;
    if (status < 0)
        copy_message(&msg, status, message, message_size);
    return status;
}

int avocet_encoder_delay(const AvocetEncoderConfig *config)
{
    return config ? 0 : AVOCET_ERR_ARGUMENT;
}

/* In a block that is known to be large enough and aligned. */
static int open_in_block(AvocetEncoder **encoder, const AvocetEncoderConfig *config, void *block,
                         size_t size, AvoMessage *msg)
{
    AvoArena arena;
    avo_arena_init(&arena, block, size);
    AvocetEncoder *enc = avo_arena_take(&arena, sizeof *enc, 0);
    enc->block = block;
    enc->config = *config;
    AVO_RETURN_IF_ERROR(avo_tiny_config_settle(&enc->config, &enc->adjusted, msg));
    AVO_RETURN_IF_ERROR(avo_tiny_setup(&enc->tiny, &arena, &enc->config, msg));
    *encoder = enc;
    return AVOCET_OK;
}

int avocet_encoder_open_in(AvocetEncoder **encoder, const AvocetEncoderConfig *config, void *memory,
                           size_t memory_size, char *message, size_t message_size)
{
    AvoMessage msg = {""};
    size_t need = 0, lead = memory ? (size_t)(-(uintptr_t)memory & (AVO_ARENA_ALIGN - 1)) : 0;
    int status = AVOCET_ERR_ARGUMENT;
    if (encoder)
        *encoder = NULL;
    if (encoder && config && memory)
        status = measure(config, &need, &msg);
    if (status == AVOCET_OK && (memory_size < lead || memory_size - lead < need))
        status = avo_fail(&msg, AVOCET_ERR_MEMORY, "%l bytes are given, %l are needed",
                          (int64_t)memory_size, (int64_t)(need + lead));
    if (status == AVOCET_OK)
        status = open_in_block(encoder, config, (uint8_t *)memory + lead, need, &msg);
    if (status < 0)
        copy_message(&msg, status, message, message_size);
    return status;
}

int avocet_encoder_open(AvocetEncoder **encoder, const AvocetEncoderConfig *config,
                        const AvocetAllocator *allocator, char *message, size_t message_size)
{
    AvoMessage msg = {""};
    size_t need = 0;
    void *block = NULL;
    int status = AVOCET_ERR_ARGUMENT;
    if (!allocator)
        allocator = avo_memory_default();
    if (encoder)
        *encoder = NULL;
    if (encoder && config && allocator && allocator->alloc && allocator->free)
        status = measure(config, &need, &msg);
    if (status == AVOCET_OK) {
        block = allocator->alloc(allocator->opaque, need, AVO_ARENA_ALIGN);
        status = block
                     ? open_in_block(encoder, config, block, need, &msg)
                     : avo_fail(&msg, AVOCET_ERR_MEMORY, "cannot allocate %l bytes", (int64_t)need);
    }
    if (status == AVOCET_OK) {
        (*encoder)->allocator = *allocator;
        return AVOCET_OK;
    }
    if (block)
        allocator->free(allocator->opaque, block);
    copy_message(&msg, status, message, message_size);
    return status;
}

void avocet_encoder_close(AvocetEncoder **encoder)
{
    if (!encoder || !*encoder)
        return;
    AvocetAllocator allocator = (*encoder)->allocator;
    void *block = (*encoder)->block;
    if (allocator.free)
        allocator.free(allocator.opaque, block);
    *encoder = NULL;
}

/* ---- pictures and packets ---- */

static int check_order(AvocetEncoder *enc, const AvocetPicture *picture)
{
    AvoMessage *msg = &enc->message;
    if (enc->failed)
        return enc->failed;
    if (enc->flushed)
        return avo_fail(msg, AVOCET_ERR_STATE, "no picture can be sent after flush");
    if (enc->has_packet)
        return avo_fail(msg, AVOCET_ERR_BUSY, "receive packets before sending more pictures");
    if (enc->sent && picture->pts <= enc->last_pts)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT,
                        "pts %l is not above %l, that of the last picture", picture->pts,
                        enc->last_pts);
    if (picture->type != AVOCET_TYPE_AUTO && picture->type != AVOCET_TYPE_IDR &&
        picture->type != AVOCET_TYPE_I)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT,
                        "picture type %d can not be asked for: only AUTO, IDR and I",
                        picture->type);
    return AVOCET_OK;
}

int avocet_encoder_send(AvocetEncoder *enc, const AvocetPicture *picture)
{
    if (!enc)
        return AVOCET_ERR_ARGUMENT;
    if (!picture)
        return avo_fail(&enc->message, AVOCET_ERR_ARGUMENT, "no picture was given");
    AVO_RETURN_IF_ERROR(check_order(enc, picture));
    AvoTiny *t = &enc->tiny;
    bool wants_idr = enc->force_keyframe || picture->type != AVOCET_TYPE_AUTO;
    int status = avo_tiny_code(t, picture, wants_idr, &enc->message);
    if (status < 0) {
        enc->failed = status == AVOCET_ERR_INTERNAL ? status : 0;
        return status;
    }
    enc->force_keyframe = false;
    enc->has_packet = true;
    enc->last_pts = picture->pts;
    enc->sent++;
    enc->packet = (AvocetPacket){.data = t->packet,
                                 .size = t->packet_size,
                                 .pts = picture->pts,
                                 .dts = picture->pts,
                                 .type = t->is_idr ? AVOCET_TYPE_IDR : AVOCET_TYPE_P,
                                 .keyframe = t->is_idr,
                                 .is_reference = 1,
                                 .qp = t->rate.last_qp[t->is_idr],
                                 .opaque = picture->opaque};
    return AVOCET_OK;
}

int avocet_encoder_receive(AvocetEncoder *enc, AvocetPacket *packet)
{
    if (!enc || !packet)
        return AVOCET_ERR_ARGUMENT;
    if (enc->failed)
        return enc->failed;
    if (!enc->has_packet)
        return enc->flushed ? AVOCET_END : AVOCET_NEED_INPUT;
    *packet = enc->packet;
    enc->has_packet = false;
    enc->has_recon = true;
    return AVOCET_OK;
}

int avocet_encoder_flush(AvocetEncoder *enc)
{
    if (!enc)
        return AVOCET_ERR_ARGUMENT;
    enc->flushed = true;
    return AVOCET_OK;
}

int avocet_encoder_recon(AvocetEncoder *enc, AvocetPicture *picture)
{
    if (!enc || !picture)
        return AVOCET_ERR_ARGUMENT;
    if (!enc->has_recon || enc->has_packet)
        return avo_fail(&enc->message, AVOCET_ERR_STATE, "no packet was received yet");
    memset(picture, 0, sizeof *picture);
    picture->format = AVOCET_FORMAT_I420;
    picture->width = (enc->config.width + 1) / 2 * 2;
    picture->height = (enc->config.height + 1) / 2 * 2;
    picture->pts = enc->last_pts;
    for (int i = 0; i < 3; i++) {
        picture->plane[i] = enc->tiny.ref[i];
        picture->stride[i] = enc->tiny.ref_stride[i];
    }
    return AVOCET_OK;
}

/* ---- settings ---- */

int avocet_encoder_headers(AvocetEncoder *enc, const uint8_t **data, size_t *size)
{
    if (!enc || !data || !size)
        return AVOCET_ERR_ARGUMENT;
    *data = enc->tiny.headers;
    *size = (size_t)enc->tiny.headers_size;
    return AVOCET_OK;
}

int avocet_encoder_force_keyframe(AvocetEncoder *enc)
{
    if (!enc)
        return AVOCET_ERR_ARGUMENT;
    enc->force_keyframe = true;
    return AVOCET_OK;
}

int avocet_encoder_set(AvocetEncoder *enc, const char *name, const char *value)
{
    if (!enc || !name)
        return AVOCET_ERR_ARGUMENT;
    AvocetEncoderConfig changed = enc->config;
    AVO_RETURN_IF_ERROR(avo_tiny_config_read(&changed, name, value, true, &enc->message));
    if (changed.rate_mode != enc->config.rate_mode)
        return avo_fail(&enc->message, AVOCET_ERR_ARGUMENT,
                        "%s cannot take over rate control while the encoder runs", name);
    AVO_RETURN_IF_ERROR(avo_tiny_config_settle(&changed, NULL, &enc->message));
    enc->config = changed;
    avo_tiny_rate_change(&enc->tiny.rate, &enc->config);
    return AVOCET_OK;
}

const AvocetEncoderConfig *avocet_encoder_config(const AvocetEncoder *enc)
{
    return enc ? &enc->config : NULL;
}

const char *avocet_encoder_adjustment(const AvocetEncoder *enc, int index)
{
    for (int bit = 0; enc && index >= 0 && avo_tiny_adjustment(bit); bit++)
        if (enc->adjusted >> bit & 1 && index-- == 0)
            return avo_tiny_adjustment(bit);
    return NULL;
}

int avocet_encoder_profile_idc(const AvocetEncoder *enc)
{
    return enc ? 66 : AVOCET_ERR_ARGUMENT;
}

int avocet_encoder_level_idc(const AvocetEncoder *enc)
{
    if (!enc)
        return AVOCET_ERR_ARGUMENT;
    return enc->config.level == 9 ? 11 : enc->config.level;
}

const char *avocet_encoder_error(const AvocetEncoder *enc)
{
    return enc ? enc->message.text : "";
}
#endif
