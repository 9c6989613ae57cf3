/* Fuzz target: any bytes into the decoder. Built with -fsanitize=fuzzer it is a libFuzzer program;
 * linked with replay.c it runs files and mutations of them without a fuzzer.
 *
 * The first byte chooses how the rest arrives: 0 (as Annex B streams start): everything at once;
 * else bits 0-1: Annex B at once, in small pieces, in whole units, or units of 2-byte length; bits
 * 2-4: size of the pieces; bit 5: three threads; bit 6: the inside is looked at. Every picture that
 * comes out is read, so that sanitizers see uninitialised or freed samples. */
#include <avocet/decoder.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Pictures that come out per input byte are bounded, but a picture can be large:
 * enough is enough. */
#define MAX_SAMPLES ((uint64_t)1 << 30)

typedef struct Sink {
    uint64_t samples;
    uint32_t sum;
} Sink;

static void read_picture(Sink *sink, const AvocetDecodedPicture *out)
{
    const AvocetPicture *p = &out->picture;
    for (int c = 0; c < 3 && p->plane[c]; c++) {
        int w = c ? (p->width + 1) / 2 : p->width, h = c ? (p->height + 1) / 2 : p->height;
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                sink->sum = sink->sum * 31 + p->plane[c][y * p->stride[c] + x];
        sink->samples += (uint64_t)w * (uint64_t)h;
    }
}

/* The records of a picture that was kept with its inside. */
static void read_inside(const AvocetDecoder *dec, Sink *sink)
{
    AvocetInspection in;
    if (avocet_decoder_inspect(dec, &in) != AVOCET_OK)
        return;
    for (int i = 0; i < in.mb_width * in.mb_height; i++)
        sink->sum = sink->sum * 31 + in.mb[i].bits + in.mb[i].type + (uint32_t)in.mb[i].mv[0][15].x;
}

static void drain(AvocetDecoder *dec, Sink *sink)
{
    AvocetDecodedPicture out;
    for (;;) {
        int status = avocet_decoder_receive(dec, &out);
        if (status == AVOCET_NEED_INPUT || status == AVOCET_END)
            return;
        if (status == AVOCET_OK && sink->samples < MAX_SAMPLES)
            read_picture(sink, &out);
        if (status == AVOCET_OK)
            read_inside(dec, sink);
    }
}

static void on_sei(void *opaque, int type, const uint8_t *payload, size_t payload_size)
{
    Sink *sink = opaque;
    sink->sum += (uint32_t)type;
    for (size_t i = 0; i < payload_size; i++)
        sink->sum = sink->sum * 31 + payload[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AvocetDecoderConfig config;
    AvocetDecoder *dec;
    AvocetStreamInfo info;
    Sink sink = {0, 0};
    avocet_decoder_config_init(&config);
    config.max_width = config.max_height = 2048;
    config.sei = on_sei;
    config.sei_opaque = &sink;
    size_t chunk = size;
    if (size && data[0]) {
        int mode = data[0] & 3;
        config.threads = data[0] & 32 ? 3 : 1;
        config.inspect = data[0] >> 6 & 1;
        chunk = mode == 0 ? size : (size_t)1 << (data[0] >> 2 & 7);
        config.whole_units = mode == 2;
        config.nal_length_size = mode == 3 ? 2 : 0;
        if (mode >= 2)
            chunk = size;
        data++, size--;
    }
    if (avocet_decoder_open(&dec, &config, NULL, NULL, 0) < 0)
        abort();
    for (size_t at = 0; at < size; at += chunk) {
        if (avocet_decoder_send(dec, data + at, size - at < chunk ? size - at : chunk, 0) < 0)
            abort();
        drain(dec, &sink);
    }
    avocet_decoder_flush(dec);
    drain(dec, &sink);
    avocet_decoder_info(dec, &info);
    avocet_decoder_close(&dec);
    volatile uint32_t used = sink.sum;
    (void)used;
    return 0;
}
