/* Fuzz target: slices of any contents behind good parameter sets, so that every input reaches slice
 * headers and slice data. Built with -fsanitize=fuzzer it is a libFuzzer program; linked with
 * replay.c it runs files and mutations of them without a fuzzer.
 *
 * The first byte chooses one of the parameter sets below (modulo their number; bit 7: three
 * threads); then come slices: two bytes of length (cut at the end of the input) and a NAL unit,
 * whose type becomes 5 where it was 5 and 1 else. tests/fuzz/corpus.py writes such inputs with the
 * same options.
 */
#include <avocet/decoder.h>
#include <avocet/encoder.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Setting {
    const char *preset;
    const char *options[8]; /* name, value, ... */
} Setting;

static const Setting settings[] = {
    {"medium", {NULL}},
    {"fast", {"cabac", "0", NULL}},
    {"slow", {"bframes", "5", "direct", "temporal", NULL}},
    {"medium", {"profile", "baseline", NULL}},
    {"fast", {"format", "gray8", "profile", "high", NULL}},
    {"medium", {"cqm", "jvt", "slices", "3", "constrained-intra", "1", NULL}},
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

/* SPS and PPS with start codes; returns their size. */
static size_t make_headers(const Setting *s, uint8_t *to, size_t capacity)
{
    AvocetEncoderConfig config;
    AvocetEncoder *enc;
    const uint8_t *headers;
    size_t size = 0;
    avocet_encoder_config_init(&config, s->preset, NULL);
    config.width = 80;
    config.height = 64;
    config.fps = (AvocetRational){30, 1};
    config.threads = 1;
    for (int i = 0; s->options[i]; i += 2)
        if (avocet_encoder_config_set(&config, s->options[i], s->options[i + 1], NULL, 0) < 0)
            abort();
    if (avocet_encoder_open(&enc, &config, NULL, NULL, 0) < 0 ||
        avocet_encoder_headers(enc, &headers, &size) < 0 || size > capacity)
        abort();
    memcpy(to, headers, size);
    avocet_encoder_close(&enc);
    return size;
}

static void drain(AvocetDecoder *dec, uint32_t *sum)
{
    AvocetDecodedPicture out;
    int status;
    while ((status = avocet_decoder_receive(dec, &out)) != AVOCET_NEED_INPUT &&
           status != AVOCET_END)
        for (int c = 0; status == AVOCET_OK && c < 3 && out.picture.plane[c]; c++)
            for (int y = 0; y < out.picture.height >> (c > 0); y++)
                for (int x = 0; x < out.picture.width >> (c > 0); x++)
                    *sum = *sum * 31 + out.picture.plane[c][y * out.picture.stride[c] + x];
}

static void send_unit(AvocetDecoder *dec, const uint8_t *unit, size_t size, uint32_t *sum)
{
    static const uint8_t code[4] = {0, 0, 0, 1};
    uint8_t *bytes = malloc(size + 4);
    if (!bytes)
        abort();
    memcpy(bytes, code, 4);
    memcpy(bytes + 4, unit, size);
    bytes[4] = (uint8_t)((unit[0] & 0x60) | ((unit[0] & 31) == 5 ? 5 : 1));
    if (avocet_decoder_send(dec, bytes, size + 4, 0) < 0)
        abort();
    drain(dec, sum);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t headers[SETTINGS][512];
    static size_t headers_size[SETTINGS];
    AvocetDecoderConfig config;
    AvocetDecoder *dec;
    uint32_t sum = 0;
    if (size == 0)
        return 0;
    int which = (data[0] & 127) % SETTINGS;
    if (!headers_size[which])
        headers_size[which] = make_headers(&settings[which], headers[which], sizeof headers[which]);
    avocet_decoder_config_init(&config);
    config.threads = data[0] & 128 ? 3 : 1;
    if (avocet_decoder_open(&dec, &config, NULL, NULL, 0) < 0)
        abort();
    avocet_decoder_send(dec, headers[which], headers_size[which], 0);
    drain(dec, &sum);
    for (size_t at = 1; at + 2 < size;) {
        size_t n = (size_t)data[at] << 8 | data[at + 1];
        at += 2;
        n = n > size - at ? size - at : n;
        if (n > 1)
            send_unit(dec, data + at, n, &sum);
        at += n;
    }
    avocet_decoder_flush(dec);
    drain(dec, &sum);
    avocet_decoder_close(&dec);
    volatile uint32_t used = sum;
    (void)used;
    return 0;
}
