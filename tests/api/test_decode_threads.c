/* Several pictures at a time: the same pictures, in the same order, with the same report of damage,
 * at any number of threads. */
#include "decode_api.h"

static Pictures decode_with(int threads, const Coded *c, const uint8_t *bytes, size_t chunk)
{
    AvocetDecoderConfig config;
    avocet_decoder_config_init(&config);
    config.threads = threads;
    return decode(&config, bytes, c->stream.size, chunk);
}

static int same_report(const Pictures *a, const Pictures *b)
{
    return same_pictures(a, b) && a->errors == b->errors && a->damaged == b->damaged &&
           a->missing_refs == b->missing_refs && a->lost_frames == b->lost_frames;
}

static const int counts[] = {2, 3, 8, 16};
enum { COUNTS = sizeof counts / sizeof counts[0] };

static void compare(const char *name, const AvocetEncoderConfig *config)
{
    Coded c = encode(config);
    const size_t chunks[2] = {501, c.stream.size};
    for (int i = 0; i < COUNTS; i++)
        for (int j = 0; j < 2; j++) {
            size_t chunk = chunks[j];
            Pictures one = decode_with(1, &c, c.stream.bytes, chunk);
            Pictures many = decode_with(counts[i], &c, c.stream.bytes, chunk);
            CHECK(same_report(&one, &many) && many.errors == 0 && many.count == N,
                  "%s with %d threads: %d pictures, %d errors (%s)", name, counts[i], many.count,
                  many.errors, many.text);
            for (int n = 0; n < many.count && n < N; n++)
                CHECK(many.hash[n] == c.recon[n] && many.pts[n] == one.pts[n],
                      "%s with %d threads: picture %d", name, counts[i], n);
        }
    api_free(&c.stream);
}

static void test_same_pictures(void)
{
    AvocetEncoderConfig config = api_config("medium", W, H);
    compare("medium", &config);
    config.direct = AVOCET_DIRECT_TEMPORAL;
    compare("temporal", &config);
    config = api_config("slow", 48, 320);
    config.slices = 3;
    config.cabac = 0;
    compare("tall, CAVLC, slices", &config);
    config = api_config("ultrafast", W, H);
    config.keyint = 3;
    compare("short groups", &config);
}

/* Far more slices than are stored: such pictures run alone. */
static void test_many_slices(void)
{
    AvocetEncoderConfig config = api_config("superfast", 32, 16 * 40);
    config.slices = 40;
    compare("40 slices", &config);
}

static void test_damage(void)
{
    AvocetEncoderConfig config = api_config("fast", 160, 128);
    Random random = {31};
    int damaged = 0;
    config.slices = 2;
    Coded c = encode(&config);
    for (int i = 0; i < 300; i++) {
        uint8_t *bytes = malloc(c.stream.size);
        memcpy(bytes, c.stream.bytes, c.stream.size);
        for (int j = 0; j < 1 + i % 12; j++)
            bytes[random_next(&random) % c.stream.size] ^= (uint8_t)(1 << random_below(&random, 8));
        Pictures one = decode_with(1, &c, bytes, c.stream.size);
        Pictures many = decode_with(counts[i % COUNTS], &c, bytes, c.stream.size);
        CHECK(one.count == 0 ? many.count == 0 : same_report(&one, &many),
              "variant %d, %d threads: %d and %d pictures, %d and %d errors", i, counts[i % COUNTS],
              one.count, many.count, one.errors, many.errors);
        damaged += one.damaged > 0;
        free(bytes);
    }
    CHECK(damaged > 30, "damage was noticed in %d streams", damaged);
    api_free(&c.stream);
}

/* Pictures come late, at most two per thread, and all of them. */
static void test_delay(void)
{
    AvocetEncoderConfig config = api_config("ultrafast", W, H);
    AvocetDecoderConfig decoder_config;
    AvocetDecoder *dec;
    Pictures all;
    size_t at = 0;
    memset(&all, 0, sizeof all);
    Coded c = encode(&config);
    avocet_decoder_config_init(&decoder_config);
    decoder_config.whole_units = 1;
    decoder_config.threads = 3;
    CHECK(avocet_decoder_open(&dec, &decoder_config, NULL, NULL, 0) == AVOCET_OK, "open");
    for (int n = 0; n < c.stream.packets; n++) {
        avocet_decoder_send(dec, c.stream.bytes + at, c.packet_size[n], 70 + n);
        at += c.packet_size[n];
        CHECK(drain(dec, &all) == AVOCET_NEED_INPUT, "drain");
        CHECK(all.count >= n + 1 - 6, "%d pictures after %d packets", all.count, n + 1);
    }
    avocet_decoder_flush(dec);
    CHECK(drain(dec, &all) == AVOCET_END && all.count == N, "%d pictures", all.count);
    for (int n = 0; n < all.count; n++)
        CHECK(all.pts[n] == 70 + n && all.hash[n] == c.recon[n], "picture %d", n);
    avocet_decoder_close(&dec);
    api_free(&c.stream);
}

/* Closing in the middle of everything. */
static void test_early_close(void)
{
    AvocetEncoderConfig config = api_config("medium", W, H);
    AvocetDecoderConfig decoder_config;
    AvocetDecodedPicture out;
    Coded c = encode(&config);
    avocet_decoder_config_init(&decoder_config);
    decoder_config.threads = 2;
    for (size_t size = 100; size < c.stream.size; size += c.stream.size / 9) {
        AvocetDecoder *dec;
        CHECK(avocet_decoder_open(&dec, &decoder_config, NULL, NULL, 0) == AVOCET_OK, "open");
        avocet_decoder_send(dec, c.stream.bytes, size, 0);
        avocet_decoder_receive(dec, &out);
        avocet_decoder_close(&dec);
        CHECK(!dec, "closed");
    }
    decoder_config.threads = 17;
    AvocetDecoder *dec;
    CHECK(avocet_decoder_open(&dec, &decoder_config, NULL, NULL, 0) == AVOCET_ERR_ARGUMENT, "17");
    api_free(&c.stream);
}

int main(void)
{
    test_same_pictures();
    test_many_slices();
    test_damage();
    test_delay();
    test_early_close();
    return check_finish();
}
