/* The public functions of avocet/encoder.h: check arguments, call the pipeline. */
#if !AVOCET_TINY /* tiny/tiny_api.c then */
#include "enc/encoder.h"
#include "base/memory.h"
#include "base/text.h"
#include "enc/options.h"

static void copy_message(const AvoMessage *from, int status, char *message, size_t size)
{
    if (message && size)
        avo_text_copy(message, size, from->text[0] ? from->text : avocet_status_text(status));
}

/* Counts what an encoder of valid settings takes; a handle that holds nothing serves as scratch. */
static int measure_with(AvocetEncoder *scratch, const AvocetEncoderConfig *config, size_t *bytes,
                        AvoMessage *message)
{
    memset(scratch, 0, sizeof *scratch);
    scratch->config = *config;
    int status = avo_config_validate(&scratch->config, NULL, message);
    AvoArena arena;
    avo_arena_init(&arena, NULL, 0);
    avo_arena_take(&arena, sizeof(AvocetEncoder), 0);
    if (status == AVOCET_OK)
        status = avo_encoder_setup(scratch, &arena);
    if (status == AVOCET_OK && arena.overflow)
        status = avo_fail(message, AVOCET_ERR_MEMORY,
                          "the settings need more memory than can be addressed");
    *bytes = arena.used;
    return status;
}

/* The scratch is too large for the stacks of threads and small systems, so it is borrowed from the
 * allocator for the time of the call. Without one (open_in, memory) from malloc; where there is
 * none, the stack must do. */
static int measure_need(const AvocetEncoderConfig *config, const AvocetAllocator *allocator,
                        size_t *bytes, AvoMessage *message)
{
#if defined(AVOCET_NO_MALLOC)
    if (!allocator) {
        AvocetEncoder scratch;
        return measure_with(&scratch, config, bytes, message);
    }
#else
    if (!allocator)
        allocator = avo_memory_default();
#endif
    AvocetEncoder *scratch = allocator->alloc(allocator->opaque, sizeof *scratch, AVO_ARENA_ALIGN);
    if (!scratch)
        return avo_fail(message, AVOCET_ERR_MEMORY, "cannot allocate %l bytes",
                        (int64_t)sizeof *scratch);
    int status = measure_with(scratch, config, bytes, message);
    allocator->free(allocator->opaque, scratch);
    return status;
}

int avocet_encoder_memory(const AvocetEncoderConfig *config, size_t *bytes, char *message,
                          size_t message_size)
{
    AvoMessage text = {""};
    int status = config && bytes ? measure_need(config, NULL, bytes, &text) : AVOCET_ERR_ARGUMENT;
    if (status < 0)
        copy_message(&text, status, message, message_size);
    return status;
}

int avocet_encoder_delay(const AvocetEncoderConfig *config)
{
    AvoMessage message = {""};
    if (!config)
        return AVOCET_ERR_ARGUMENT;
    AvocetEncoderConfig effective = *config;
    AVO_RETURN_IF_ERROR(avo_config_validate(&effective, NULL, &message));
    return avo_lookahead_delay(&effective) + avo_encoder_overlaps(&effective);
}

/* Opens in a block that is known to be large enough and aligned. */
static int open_in_block(AvocetEncoder **encoder, const AvocetEncoderConfig *config, void *block,
                         size_t size, bool is_zeroed, AvoMessage *message)
{
    AvoArena arena;
    avo_arena_init(&arena, block, size);
    arena.is_zeroed = is_zeroed;
    AvocetEncoder *enc = avo_arena_take(&arena, sizeof *enc, 0);
    enc->block = block;
    enc->config = *config;
    int status = avo_config_validate(&enc->config, &enc->adjustments, &enc->message);
    if (status == AVOCET_OK)
        status = avo_encoder_setup(enc, &arena);
    if (status < 0)
        *message = enc->message;
    else
        *encoder = enc;
    return status;
}

int avocet_encoder_open_in(AvocetEncoder **encoder, const AvocetEncoderConfig *config, void *memory,
                           size_t memory_size, char *message, size_t message_size)
{
    AvoMessage text = {""};
    size_t need = 0, lead = memory ? (size_t)(-(uintptr_t)memory & (AVO_ARENA_ALIGN - 1)) : 0;
    int status = AVOCET_ERR_ARGUMENT;
    if (encoder)
        *encoder = NULL;
    if (encoder && config && memory)
        status = measure_need(config, NULL, &need, &text);
    if (status == AVOCET_OK && (memory_size < lead || memory_size - lead < need))
        status = avo_fail(&text, AVOCET_ERR_MEMORY, "%l bytes are given, %l are needed",
                          (int64_t)memory_size, (int64_t)(need + lead));
    if (status == AVOCET_OK)
        status = open_in_block(encoder, config, (uint8_t *)memory + lead, need, false, &text);
    if (status < 0)
        copy_message(&text, status, message, message_size);
    return status;
}

int avocet_encoder_open(AvocetEncoder **encoder, const AvocetEncoderConfig *config,
                        const AvocetAllocator *allocator, char *message, size_t message_size)
{
    AvoMessage text = {""};
    size_t need = 0;
    int status = AVOCET_ERR_ARGUMENT;
    if (!allocator)
        allocator = avo_memory_default();
    if (encoder)
        *encoder = NULL;
    if (encoder && config && allocator && allocator->alloc && allocator->free)
        status = measure_need(config, allocator, &need, &text);
    void *block = NULL;
    if (status == AVOCET_OK) {
        block = allocator->alloc(allocator->opaque, need, AVO_ARENA_ALIGN);
        bool is_zeroed = avo_memory_is_zeroed(allocator);
        status =
            block ? open_in_block(encoder, config, block, need, is_zeroed, &text)
                  : avo_fail(&text, AVOCET_ERR_MEMORY, "cannot allocate %l bytes", (int64_t)need);
    }
    if (status < 0) {
        if (block)
            allocator->free(allocator->opaque, block);
        copy_message(&text, status, message, message_size);
        return status;
    }
    (*encoder)->allocator = *allocator;
    return AVOCET_OK;
}

void avocet_encoder_close(AvocetEncoder **encoder)
{
    if (!encoder || !*encoder)
        return;
    AvocetEncoder *enc = *encoder;
    AvocetAllocator allocator = enc->allocator;
    avo_pool_stop(enc->pool);
    if (allocator.free)
        allocator.free(allocator.opaque, enc->block);
    *encoder = NULL;
}

int avocet_encoder_send(AvocetEncoder *encoder, const AvocetPicture *picture)
{
    if (!encoder)
        return AVOCET_ERR_ARGUMENT;
    if (!picture)
        return avo_fail(&encoder->message, AVOCET_ERR_ARGUMENT, "no picture was given");
    if (encoder->failed)
        return encoder->failed;
    if (encoder->flushed)
        return avo_fail(&encoder->message, AVOCET_ERR_STATE, "no picture can be sent after flush");
    if (encoder->has_plan)
        return avo_fail(&encoder->message, AVOCET_ERR_BUSY,
                        "receive packets before sending more pictures");
    return avo_encoder_take_picture(encoder, picture);
}

int avocet_encoder_receive(AvocetEncoder *encoder, AvocetPacket *packet)
{
    if (!encoder || !packet)
        return AVOCET_ERR_ARGUMENT;
    if (encoder->failed)
        return encoder->failed;
    int status = avo_encoder_code_next(encoder, packet);
    if (status < 0)
        encoder->failed = status;
    if (status == AVOCET_NEED_INPUT && encoder->flushed)
        return AVOCET_END;
    return status;
}

int avocet_encoder_flush(AvocetEncoder *encoder)
{
    if (!encoder)
        return AVOCET_ERR_ARGUMENT;
    if (!encoder->flushed)
        avo_encoder_end_input(encoder);
    return AVOCET_OK;
}

int avocet_encoder_recon(AvocetEncoder *encoder, AvocetPicture *picture)
{
    if (!encoder || !picture)
        return AVOCET_ERR_ARGUMENT;
    const AvoFrame *f = encoder->recon;
    if (!f)
        return avo_fail(&encoder->message, AVOCET_ERR_STATE, "no packet was received yet");
    memset(picture, 0, sizeof *picture);
    picture->format = f->chroma_format ? AVOCET_FORMAT_I420 : AVOCET_FORMAT_GRAY8;
    int unit = f->chroma_format ? 2 : 1; /* cropping goes in whole chroma samples */
    picture->width = (encoder->config.width + unit - 1) / unit * unit;
    picture->height = (encoder->config.height + unit - 1) / unit * unit;
    picture->pts = f->pts;
    for (int i = 0; i < (f->chroma_format ? 3 : 1); i++) {
        picture->plane[i] = f->plane[i].data;
        picture->stride[i] = f->plane[i].stride;
    }
    return AVOCET_OK;
}

int avocet_encoder_pass_record(const AvocetEncoder *encoder, AvocetPassRecord *record)
{
    if (!encoder || !record)
        return AVOCET_ERR_ARGUMENT;
    if (!encoder->coded)
        return AVOCET_ERR_STATE;
    *record = encoder->rc.record;
    return AVOCET_OK;
}

int avocet_encoder_headers(AvocetEncoder *encoder, const uint8_t **data, size_t *size)
{
    if (!encoder || !data || !size)
        return AVOCET_ERR_ARGUMENT;
    *data = encoder->headers.data;
    *size = encoder->headers.size;
    return AVOCET_OK;
}

int avocet_encoder_force_keyframe(AvocetEncoder *encoder)
{
    if (!encoder)
        return AVOCET_ERR_ARGUMENT;
    encoder->force_keyframe = true;
    return AVOCET_OK;
}

int avocet_encoder_set(AvocetEncoder *encoder, const char *name, const char *value)
{
    if (!encoder || !name)
        return AVOCET_ERR_ARGUMENT;
    bool negated;
    const AvoOptionRow *row = avo_option_find(name, &negated);
    if (!row)
        return avo_fail(&encoder->message, AVOCET_ERR_OPTION, "there is no option \"%s\"", name);
    if (!(row->flags & AVO_OPTION_LIVE))
        return avo_fail(&encoder->message, AVOCET_ERR_ARGUMENT,
                        "%s cannot change while the encoder runs", name);
    AvocetEncoderConfig changed = encoder->config;
    AVO_RETURN_IF_ERROR(avo_option_set(&changed, name, value, &encoder->message));
    return avo_encoder_reconfigure(encoder, &changed);
}

const AvocetEncoderConfig *avocet_encoder_config(const AvocetEncoder *encoder)
{
    return encoder ? &encoder->config : NULL;
}

const char *avocet_encoder_adjustment(const AvocetEncoder *encoder, int index)
{
    if (!encoder || index < 0 || index >= encoder->adjustments.count)
        return NULL;
    return encoder->adjustments.text[index];
}

int avocet_encoder_profile_idc(const AvocetEncoder *encoder)
{
    return encoder ? encoder->sps.profile_idc : AVOCET_ERR_ARGUMENT;
}

int avocet_encoder_level_idc(const AvocetEncoder *encoder)
{
    return encoder ? encoder->sps.level_idc : AVOCET_ERR_ARGUMENT;
}

const char *avocet_encoder_error(const AvocetEncoder *encoder)
{
    return encoder ? encoder->message.text : "";
}
#endif
