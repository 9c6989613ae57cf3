/* The public functions of avocet/decoder.h: check arguments,
 * run the decoder until something comes out. */
#include "base/memory.h"
#include "base/text.h"
#include "dec/decoder.h"

void avocet_decoder_config_init(AvocetDecoderConfig *config)
{
    memset(config, 0, sizeof *config);
    config->size = sizeof *config;
    config->max_width = config->max_height = 8192;
    config->cpu_mask = ~(uint32_t)0;
    config->threads = 1;
}

static int check_config(const AvocetDecoderConfig *c, AvoMessage *msg)
{
    if (c->size != sizeof *c)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "config was not made by config_init");
    if (c->max_width < 16 || c->max_height < 16 || c->max_width > 16384 || c->max_height > 16384)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "max_width and max_height must be 16 to 16384");
    if (c->nal_length_size != 0 && c->nal_length_size != 1 && c->nal_length_size != 2 &&
        c->nal_length_size != 4)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "nal_length_size must be 0, 1, 2 or 4");
    if (c->threads < 0 || c->threads > AVO_DEC_THREADS_MAX)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "threads must be 0 to %d", AVO_DEC_THREADS_MAX);
    return AVOCET_OK;
}

/* Everything that open does; *decoder stays NULL on failure. */
static int open_decoder(AvocetDecoder **decoder, const AvocetDecoderConfig *config,
                        const AvocetAllocator *allocator, AvoMessage *msg)
{
    AvocetDecoderConfig defaults;
    if (!config) {
        avocet_decoder_config_init(&defaults);
        config = &defaults;
    }
    AVO_RETURN_IF_ERROR(check_config(config, msg));
    if (!allocator)
        allocator = avo_memory_default();
    if (!allocator || !allocator->alloc || !allocator->free)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "allocator is incomplete");
    AvocetDecoder *dec = allocator->alloc(allocator->opaque, sizeof *dec, 64);
    if (!dec)
        return avo_fail(msg, AVOCET_ERR_MEMORY, "no memory for a decoder of %l bytes",
                        (int64_t)sizeof *dec);
    memset(dec, 0, sizeof *dec);
    dec->allocator = *allocator;
    dec->config = *config;
    dec->prev_ref_frame_num = -1;
    avo_dsp_init(&dec->dsp, config->cpu_mask);
    avo_vlc_tables_init(&dec->vlc);
    int status = avo_dec_open_jobs(dec, msg);
    if (status < 0) {
        allocator->free(allocator->opaque, dec);
        return status;
    }
    *decoder = dec;
    return AVOCET_OK;
}

int avocet_decoder_open(AvocetDecoder **decoder, const AvocetDecoderConfig *config,
                        const AvocetAllocator *allocator, char *message, size_t message_size)
{
    AvoMessage msg = {""};
    int status = AVOCET_ERR_ARGUMENT;
    if (decoder) {
        *decoder = NULL;
        status = open_decoder(decoder, config, allocator, &msg);
    }
    if (message && message_size)
        avo_text_copy(message, message_size,
                      status < 0 && !msg.text[0] ? avocet_status_text(status) : msg.text);
    return status;
}

static void free_buffer(AvocetDecoder *dec, AvoDecBuffer *buffer)
{
    if (buffer->data)
        dec->allocator.free(dec->allocator.opaque, buffer->data);
}

void avocet_decoder_close(AvocetDecoder **decoder)
{
    if (!decoder || !*decoder)
        return;
    AvocetDecoder *dec = *decoder;
    avo_dec_deactivate(dec);
    avo_dec_close_jobs(dec);
    avo_dec_free_parameter_sets(dec);
    free_buffer(dec, &dec->source.pending);
    free_buffer(dec, &dec->rbsp);
    dec->allocator.free(dec->allocator.opaque, dec);
    *decoder = NULL;
}

int avocet_decoder_send(AvocetDecoder *decoder, const uint8_t *data, size_t size, int64_t pts)
{
    if (!decoder || (!data && size))
        return AVOCET_ERR_ARGUMENT;
    if (decoder->flushing)
        return AVOCET_ERR_STATE;
    if (decoder->source.size || decoder->has_unit)
        return AVOCET_ERR_BUSY;
    decoder->source.data = data;
    decoder->source.size = size;
    decoder->source.pts = pts;
    return AVOCET_OK;
}

int avocet_decoder_flush(AvocetDecoder *decoder)
{
    if (!decoder)
        return AVOCET_ERR_ARGUMENT;
    decoder->flushing = true;
    return AVOCET_OK;
}

static void release_held(AvocetDecoder *dec)
{
    if (dec->held)
        dec->held->held = false;
    dec->held = NULL;
}

/* After the last byte of a stream: the next send starts a new one, with the same parameter sets. */
static void restart(AvocetDecoder *dec)
{
    for (int i = 0; i < dec->dpb.count; i++)
        dec->dpb.ref[i]->is_ref = false;
    dec->dpb.count = 0;
    dec->dpb.max_long_term_idx = -1;
    memset(&dec->poc, 0, sizeof dec->poc);
    dec->prev_ref_frame_num = -1;
    dec->last_reference = NULL;
    dec->has_header = false;
    dec->source.offset = 0;
    dec->flushing = dec->told_layers = false;
}

/* A damaged slice of a picture that ran later than its unit was met. */
static int tell_fault(AvocetDecoder *dec)
{
    const AvoDecFault *fault = &dec->faults[dec->faults_told++];
    dec->message = fault->message;
    dec->error_offset = fault->unit_offset;
    return fault->status;
}

static bool has_fault(const AvocetDecoder *dec)
{
    return dec->faults_told < dec->fault_count;
}

/* All bytes are used up. OK: there is something to hand out or to tell. */
static int run_dry(AvocetDecoder *dec)
{
    bool whole = dec->config.whole_units || dec->config.nal_length_size;
    if (whole || dec->flushing)
        avo_dec_finish_picture(dec);
    if (dec->flushing) {
        avo_dec_output_all(dec);
        avo_dec_run_jobs(dec);
    }
    if (avo_dec_has_output(dec) || has_fault(dec))
        return AVOCET_OK;
    if (!dec->flushing)
        return AVOCET_NEED_INPUT;
    restart(dec);
    return AVOCET_END;
}

int avocet_decoder_receive(AvocetDecoder *decoder, AvocetDecodedPicture *picture)
{
    if (!decoder || !picture)
        return AVOCET_ERR_ARGUMENT;
    release_held(decoder);
    for (;;) {
        if (has_fault(decoder))
            return tell_fault(decoder);
        if (avo_dec_has_output(decoder))
            break;
        int status = avo_dec_step(decoder);
        if (status == AVOCET_NEED_INPUT)
            status = run_dry(decoder);
        if (status < 0)
            decoder->error_offset = decoder->unit_offset;
        if (status < 0 || status == AVOCET_NEED_INPUT || status == AVOCET_END)
            return status;
    }
    avo_dec_take_output(decoder, picture);
    return AVOCET_OK;
}

/* ---- information ---- */

int avocet_decoder_inspect(const AvocetDecoder *decoder, AvocetInspection *inspection)
{
    if (!decoder || !inspection)
        return AVOCET_ERR_ARGUMENT;
    return avo_dec_describe_inside(decoder, inspection) ? AVOCET_OK : AVOCET_ERR_STATE;
}

const char *avocet_decoder_error(const AvocetDecoder *decoder)
{
    return decoder ? decoder->message.text : "";
}

uint64_t avocet_decoder_error_offset(const AvocetDecoder *decoder)
{
    return decoder ? decoder->error_offset : 0;
}
