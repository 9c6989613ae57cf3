/* The decoder's public interface: what the encoder wrote comes back sample for sample, however the
 * bytes arrive; damage, missing memory and calls out of order end in a status, never in a crash. */
#include "decode_api.h"

static void test_reconstruction(void)
{
    static const char *const presets[] = {"ultrafast", "superfast", "fast", "medium", "slower"};
    for (size_t p = 0; p < sizeof presets / sizeof presets[0]; p++)
        for (int grey = 0; grey < 2; grey++) {
            AvocetEncoderConfig config = api_config(presets[p], W, H);
            if (grey) {
                config.format = AVOCET_FORMAT_GRAY8;
                config.profile = AVOCET_PROFILE_HIGH;
            }
            Coded c = encode(&config);
            Pictures all = decode(NULL, c.stream.bytes, c.stream.size, c.stream.size);
            CHECK(all.count == N && all.errors == 0 && all.damaged == 0,
                  "%s: %d pictures, %d errors (%s)", presets[p], all.count, all.errors, all.text);
            for (int n = 0; n < all.count && n < N; n++)
                CHECK(all.hash[n] == c.recon[n], "%s, grey %d: picture %d", presets[p], grey, n);
            api_free(&c.stream);
        }
}

static void test_pieces(void)
{
    static const size_t chunks[] = {1, 2, 3, 5, 64, 1000};
    AvocetEncoderConfig config = api_config("medium", W, H);
    AvocetDecoderConfig plain;
    Coded c = encode(&config);
    Pictures whole = decode(NULL, c.stream.bytes, c.stream.size, c.stream.size);
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        Pictures pieces = decode(NULL, c.stream.bytes, c.stream.size, chunks[i]);
        CHECK(same_pictures(&whole, &pieces), "pieces of %d bytes", (int)chunks[i]);
    }
    avocet_decoder_config_init(&plain);
    plain.cpu_mask = 0;
    Pictures other = decode(&plain, c.stream.bytes, c.stream.size, c.stream.size);
    CHECK(same_pictures(&whole, &other), "plain C kernels");
    api_free(&c.stream);
}

/* A packet at a time: each picture can be had as soon as order allows, with its own pts. */
static void test_packets(void)
{
    AvocetEncoderConfig config = api_config("medium", W, H);
    AvocetDecoderConfig decoder_config;
    config.bframes = 0;
    Coded c = encode(&config);
    Pictures all;
    AvocetDecoder *dec;
    memset(&all, 0, sizeof all);
    avocet_decoder_config_init(&decoder_config);
    decoder_config.whole_units = 1;
    CHECK(avocet_decoder_open(&dec, &decoder_config, NULL, NULL, 0) == AVOCET_OK, "open");
    size_t at = 0;
    for (int n = 0; n < c.stream.packets; n++) {
        CHECK(avocet_decoder_send(dec, c.stream.bytes + at, c.packet_size[n], 1000 + n) ==
                  AVOCET_OK,
              "send");
        CHECK(drain(dec, &all) == AVOCET_NEED_INPUT && all.count == n + 1,
              "%d pictures after %d packets", all.count, n + 1);
        at += c.packet_size[n];
    }
    for (int n = 0; n < all.count; n++)
        CHECK(all.pts[n] == 1000 + n && all.hash[n] == c.recon[n], "picture %d", n);
    CHECK(all.type[0] == AVOCET_TYPE_IDR && all.type[1] == AVOCET_TYPE_P, "types");
    avocet_decoder_close(&dec);
    api_free(&c.stream);
}

/* The same stream with 4-byte lengths. */
static void test_lengths(void)
{
    AvocetEncoderConfig config = api_config("fast", W, H);
    AvocetDecoderConfig decoder_config;
    avocet_decoder_config_init(&decoder_config);
    decoder_config.nal_length_size = 4;
    Coded annexb = encode(&config);
    config.container = AVOCET_AVCC;
    Coded avcc = encode(&config);
    Pictures a = decode(NULL, annexb.stream.bytes, annexb.stream.size, annexb.stream.size);
    Pictures b = decode(&decoder_config, avcc.stream.bytes, avcc.stream.size, avcc.stream.size);
    CHECK(same_pictures(&a, &b), "%d and %d pictures (%s)", a.count, b.count, b.text);
    Pictures cut =
        decode(&decoder_config, avcc.stream.bytes, avcc.stream.size - 3, avcc.stream.size - 3);
    CHECK(cut.errors == 1 && cut.last_error == AVOCET_ERR_DATA, "cut: %d errors", cut.errors);
    api_free(&annexb.stream);
    api_free(&avcc.stream);
}

/* ---- damage ---- */

/* A slice that is missing or broken costs macroblocks, not pictures. */
static void test_damage(void)
{
    AvocetEncoderConfig config = api_config("fast", 160, 128);
    Coded c = encode(&config);
    Pictures whole = decode(NULL, c.stream.bytes, c.stream.size, c.stream.size);
    Random random = {77};
    int shown = 0, damaged = 0;
    for (int i = 0; i < 200; i++) {
        uint8_t *bytes = malloc(c.stream.size);
        memcpy(bytes, c.stream.bytes, c.stream.size);
        /* behind the first picture, so that there is something to make the rest up from */
        size_t first = c.packet_size[0];
        for (int j = 0; j < 4; j++)
            bytes[first + random_next(&random) % (c.stream.size - first)] ^=
                (uint8_t)(1 << random_below(&random, 8));
        Pictures all = decode(NULL, bytes, c.stream.size, c.stream.size);
        CHECK(all.hash[0] == whole.hash[0], "the first picture is intact");
        CHECK(all.errors == 0 || all.text[0], "an error without a sentence");
        shown += all.count;
        damaged += all.damaged > 0;
        free(bytes);
    }
    CHECK(shown > 200 * N * 8 / 10, "%d pictures of %d", shown, 200 * N);
    CHECK(damaged > 20, "damage was noticed in %d of 200 streams", damaged);
    api_free(&c.stream);
}

static void test_garbage(void)
{
    Random random = {5};
    uint8_t bytes[5000];
    for (int i = 0; i < 300; i++) {
        for (size_t j = 0; j < sizeof bytes; j++)
            bytes[j] = (uint8_t)(random_chance(&random, 60) ? (uint32_t)random_below(&random, 4)
                                                            : random_next(&random));
        Pictures all = decode(NULL, bytes, sizeof bytes, i % 3 ? sizeof bytes : 100);
        CHECK(all.count < 1000, "%d pictures out of nothing", all.count);
    }
    Pictures none = decode(NULL, bytes, 0, 1);
    CHECK(none.count == 0 && none.errors == 0, "an empty stream");
}

/* Parameter sets lost: an error that says so; later everything works. */
static void test_missing_headers(void)
{
    AvocetEncoderConfig config = api_config("superfast", W, H);
    config.keyint = 10;
    config.sei_version = 0;
    Coded c = encode(&config);
    Pictures all = decode(NULL, c.stream.bytes + 60, c.stream.size - 60, c.stream.size);
    CHECK(all.count == N - 10, "%d pictures after a lost start", all.count);
    CHECK(all.errors > 0 && all.last_error == AVOCET_ERR_DATA && strstr(all.text, "missing"), "%s",
          all.text);
    api_free(&c.stream);
}

/* ---- memory ---- */

typedef struct Counter {
    int calls, fail_at, live;
} Counter;

static void *count_alloc(void *opaque, size_t size, size_t align)
{
    Counter *c = opaque;
    if (++c->calls == c->fail_at)
        return NULL;
    void *p = aligned_alloc(align, (size + align - 1) / align * align);
    if (p) {
        memset(p, 0xa5, size);
        c->live++;
    }
    return p;
}

static void count_free(void *opaque, void *pointer)
{
    Counter *c = opaque;
    c->live--;
    free(pointer);
}

/* The n-th allocation fails, for all n until one does not. */
static void test_failing_allocations(void)
{
    AvocetEncoderConfig config = api_config("medium", W, H);
    Coded c = encode(&config);
    Pictures all;
    int n = 0;
    do {
        Counter counter = {.fail_at = ++n};
        AvocetAllocator allocator = {count_alloc, count_free, &counter};
        AvocetDecoder *dec;
        char message[200] = "";
        memset(&all, 0, sizeof all);
        int status = avocet_decoder_open(&dec, NULL, &allocator, message, sizeof message);
        if (status == AVOCET_OK) {
            avocet_decoder_send(dec, c.stream.bytes, c.stream.size, 0);
            drain(dec, &all);
            avocet_decoder_flush(dec);
            drain(dec, &all);
        } else {
            CHECK(status == AVOCET_ERR_MEMORY && !dec && message[0], "call %d: %d", n, status);
            all.errors = 1;
        }
        avocet_decoder_close(&dec);
        CHECK(counter.live == 0, "call %d: %d blocks leak", n, counter.live);
    } while (all.errors && n < 200);
    CHECK(n > 5 && n < 200 && all.count == N, "%d failures before success", n - 1);
    api_free(&c.stream);
}

/* ---- calls ---- */

static void count_sei(void *opaque, int type, const uint8_t *payload, size_t payload_size)
{
    int *count = opaque;
    *count += type == 5 && payload_size > 16 && payload != NULL;
}

static void test_info_and_sei(void)
{
    AvocetEncoderConfig config = api_config("medium", W, H);
    AvocetDecoderConfig decoder_config;
    AvocetStreamInfo info;
    AvocetDecoder *dec;
    Pictures all;
    int messages = 0;
    memset(&all, 0, sizeof all);
    config.sar_width = 4;
    config.sar_height = 3;
    Coded c = encode(&config);
    avocet_decoder_config_init(&decoder_config);
    decoder_config.sei = count_sei;
    decoder_config.sei_opaque = &messages;
    CHECK(avocet_decoder_open(&dec, &decoder_config, NULL, NULL, 0) == AVOCET_OK, "open");
    CHECK(avocet_decoder_info(dec, &info) == AVOCET_NEED_INPUT, "info before a picture");
    avocet_decoder_send(dec, c.stream.bytes, c.stream.size, 0);
    drain(dec, &all);
    CHECK(avocet_decoder_info(dec, &info) == AVOCET_OK, "info");
    CHECK(info.width == W && info.height == H && info.coded_width == 112 && info.coded_height == 80,
          "%dx%d in %dx%d", info.width, info.height, info.coded_width, info.coded_height);
    CHECK(info.profile_idc == 100 && info.cabac && info.bit_depth == 8, "profile %d",
          info.profile_idc);
    CHECK(info.sar_width == 4 && info.sar_height == 3, "sar");
    CHECK(info.fps.den && info.fps.num == 25 * info.fps.den, "fps %d/%d", info.fps.num,
          info.fps.den);
    /* Table A-1 at level 1, times 1500 for NAL units of High profile (Table A-2). */
    CHECK(info.level_idc == 10 && info.level_mb_rate == 1485 && info.level_mbs == 99 &&
              info.level_dpb_mbs == 396 && info.level_bitrate == 64 * 1500 &&
              info.level_cpb_size == 175 * 1500,
          "level %d: %d %d %d %lld %lld", info.level_idc, info.level_mb_rate, info.level_mbs,
          info.level_dpb_mbs, (long long)info.level_bitrate, (long long)info.level_cpb_size);
    CHECK(messages > 0, "the version SEI is not seen");
    avocet_decoder_close(&dec);
    api_free(&c.stream);
}

/* The picture stays valid until the next call; a second stream follows the first in one handle. */
static void test_order_of_calls(void)
{
    AvocetEncoderConfig config = api_config("medium", W, H);
    AvocetDecodedPicture out;
    AvocetDecoder *dec;
    Coded c = encode(&config);
    Pictures first, second;
    memset(&first, 0, sizeof first);
    memset(&second, 0, sizeof second);
    CHECK(avocet_decoder_open(&dec, NULL, NULL, NULL, 0) == AVOCET_OK, "open");
    CHECK(avocet_decoder_receive(dec, &out) == AVOCET_NEED_INPUT, "nothing sent yet");
    CHECK(avocet_decoder_send(dec, c.stream.bytes, c.stream.size, 0) == AVOCET_OK, "send");
    CHECK(avocet_decoder_send(dec, c.stream.bytes, 10, 0) == AVOCET_ERR_BUSY, "busy");
    drain(dec, &first);
    avocet_decoder_flush(dec);
    CHECK(avocet_decoder_send(dec, c.stream.bytes, 10, 0) == AVOCET_ERR_STATE, "send after flush");
    CHECK(drain(dec, &first) == AVOCET_END, "end");
    CHECK(avocet_decoder_send(dec, c.stream.bytes, c.stream.size, 0) == AVOCET_OK, "send again");
    drain(dec, &second);
    avocet_decoder_flush(dec);
    CHECK(drain(dec, &second) == AVOCET_END, "end again");
    CHECK(same_pictures(&first, &second) && first.errors + second.errors == 0, "second stream: %s",
          second.text);
    avocet_decoder_close(&dec);
    avocet_decoder_close(&dec);
    avocet_decoder_close(NULL);
    api_free(&c.stream);
}

static void test_arguments(void)
{
    AvocetDecoderConfig config;
    AvocetDecoder *dec = NULL;
    AvocetStreamInfo info;
    AvocetDecodedPicture out;
    char message[200] = "";
    avocet_decoder_config_init(&config);
    config.nal_length_size = 3;
    CHECK(avocet_decoder_open(&dec, &config, NULL, message, sizeof message) ==
                  AVOCET_ERR_ARGUMENT &&
              !dec && strstr(message, "nal_length_size"),
          "%s", message);
    CHECK(avocet_decoder_open(NULL, NULL, NULL, NULL, 0) == AVOCET_ERR_ARGUMENT, "no handle");
    CHECK(avocet_decoder_receive(NULL, &out) == AVOCET_ERR_ARGUMENT, "receive");
    CHECK(avocet_decoder_send(NULL, NULL, 0, 0) == AVOCET_ERR_ARGUMENT, "send");
    CHECK(avocet_decoder_flush(NULL) == AVOCET_ERR_ARGUMENT, "flush");
    CHECK(avocet_decoder_info(NULL, &info) == AVOCET_ERR_ARGUMENT, "info");
    CHECK(avocet_decoder_error(NULL)[0] == 0, "error");
}

/* Larger than allowed: refused with the size in the sentence. */
static void test_size_limit(void)
{
    AvocetEncoderConfig config = api_config("superfast", 160, 128);
    AvocetDecoderConfig decoder_config;
    Coded c = encode(&config);
    avocet_decoder_config_init(&decoder_config);
    decoder_config.max_width = 150;
    decoder_config.max_height = 128;
    Pictures all = decode(&decoder_config, c.stream.bytes, c.stream.size, c.stream.size);
    CHECK(all.count == N, "160 is 150 in whole macroblocks: %d pictures", all.count);
    decoder_config.max_width = 144;
    all = decode(&decoder_config, c.stream.bytes, c.stream.size, c.stream.size);
    CHECK(all.count == 0 && all.last_error == AVOCET_ERR_UNSUPPORTED && strstr(all.text, "160x128"),
          "%d pictures, %s", all.count, all.text);
    api_free(&c.stream);
}

/* Units of further layers: named once, the base layer is as it was. */
static void test_layers(void)
{
    static const uint8_t unit[8] = {0, 0, 0, 1, 0x74, 0x80, 0x12, 0x34}; /* nal_unit_type 20 */
    AvocetEncoderConfig config = api_config("fast", W, H);
    Coded c = encode(&config);
    Pictures base = decode(NULL, c.stream.bytes, c.stream.size, c.stream.size);
    uint8_t *bytes = malloc(c.stream.size + 8 * (size_t)c.stream.packets);
    size_t size = 0, at = 0;
    for (int n = 0; n < c.stream.packets; n++) {
        memcpy(bytes + size, c.stream.bytes + at, c.packet_size[n]);
        memcpy(bytes + size + c.packet_size[n], unit, sizeof unit);
        at += c.packet_size[n];
        size += c.packet_size[n] + sizeof unit;
    }
    Pictures all = decode(NULL, bytes, size, size);
    CHECK(all.errors == 1 && all.last_error == AVOCET_ERR_UNSUPPORTED && strstr(all.text, "MVC"),
          "%d errors: %s", all.errors, all.text);
    CHECK(same_pictures(&base, &all) && all.damaged == 0, "the base layer is another one");
    free(bytes);
    api_free(&c.stream);
}

int main(void)
{
    test_reconstruction();
    test_pieces();
    test_packets();
    test_lengths();
    test_damage();
    test_garbage();
    test_missing_headers();
    test_failing_allocations();
    test_info_and_sei();
    test_order_of_calls();
    test_arguments();
    test_size_limit();
    test_layers();
    return check_finish();
}
