/* bindings/common: the live encoder that the modules for Python, MicroPython and ESP-IDF stand on,
 * and the seam for hardware encoders. A stand-in for the ESP32-P4's encoder shows that a hardware
 * backend has the same interface, the same errors and the same effect, and gives way to the
 * software where it cannot do what is asked.
 *
 * Prints what fails and "N passed, N failed". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_esp_h264.h"
#include "image_format.h"
#include "live.h"
#include "say.h"
#include "to_rgb.h"

extern const AvoBackend avo_backend_esp_h264;
const AvoBackend *const avo_backends[] = {&avo_backend_esp_h264, &avo_backend_software, NULL};

static int passed, failed;

#define CHECK(condition) check(condition, #condition, __LINE__)
static void check(bool good, const char *what, int line)
{
    good ? passed++ : failed++;
    if (!good)
        printf("FAILED: line %d: %s\n", line, what);
}

/* ---- helpers ---- */

enum { WIDTH = 96, HEIGHT = 80 };

static uint8_t samples[WIDTH * HEIGHT * 3];
static char message[AVO_LIVE_MESSAGE];
static int blocks_held;
static size_t most_memory = (size_t)1 << 30;

static void *take(void *opaque, size_t size, size_t align)
{
    (void)opaque;
    (void)align;
    void *p = size > most_memory ? NULL : malloc(size);
    blocks_held += p != NULL;
    return p;
}

static void give(void *opaque, void *pointer)
{
    (void)opaque;
    blocks_held--;
    free(pointer);
}

static const AvocetAllocator allocator = {take, give, NULL};
static const AvoLiveMemory heap = {&allocator, NULL, 0};

static AvoLiveArgs default_args(void)
{
    return (AvoLiveArgs){.width = WIDTH, .height = HEIGHT, .fps = "10", .qp_min = 25, .qp_max = 45};
}

static AvocetEncoderConfig default_config(void)
{
    AvocetEncoderConfig config;
    AvoLiveArgs args = default_args();
    avo_live_configure(&config, &args, message, sizeof message);
    return config;
}

static int open_default(AvoLive *live, const char *backend)
{
    AvocetEncoderConfig config = default_config();
    return avo_live_open(live, &config, backend, &heap, message, sizeof message);
}

static AvocetPicture picture_of(AvocetFormat format, int number)
{
    AvocetPicture picture;
    for (size_t i = 0; i < sizeof samples; i++)
        samples[i] = (uint8_t)(i * 5 + i / WIDTH * 3 + (size_t)number * 7);
    avocet_picture_init(&picture, format, WIDTH, HEIGHT, samples);
    return picture;
}

typedef struct Stream {
    uint8_t data[200000];
    size_t size;
    int packets, status;
} Stream;

static int append(void *opaque, const AvocetPacket *packet)
{
    Stream *s = opaque;
    if (s->size + packet->size <= sizeof s->data)
        memcpy(s->data + s->size, packet->data, packet->size);
    s->size += packet->size;
    s->packets++;
    return s->status;
}

static Stream stream;

static int encode(AvoLive *live, AvocetFormat format, int number)
{
    AvocetPicture picture = picture_of(format, number);
    stream.size = 0;
    stream.packets = 0;
    return avo_live_encode(live, &picture, false, append, &stream);
}

static bool says(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

/* ---- settings ---- */

static void test_configure(void)
{
    AvocetEncoderConfig c;
    AvoLiveArgs args = default_args();
    CHECK(avo_live_configure(&c, &args, message, sizeof message) == AVOCET_OK);
    CHECK(c.keyint == 10 && c.bitrate == WIDTH * HEIGHT * 10 && c.bframes == 0 && c.lookahead == 0);
    CHECK(c.qp_min == 25 && c.qp_max == 45 && c.profile == AVOCET_PROFILE_BASELINE &&
          c.rate_mode == AVOCET_RATE_BITRATE);
    args.fps = "30000/1001";
    args.gop = 7;
    args.bitrate = 12345678;
    args.preset = "fast";
    args.tune = "psnr";
    CHECK(avo_live_configure(&c, &args, message, sizeof message) == AVOCET_OK);
    CHECK(c.keyint == 7 && c.bitrate == 12345678 && c.fps.num == 30000 && c.aq_mode == 0 &&
          c.lookahead == 0);
    args.gop = 0;
    CHECK(avo_live_configure(&c, &args, message, sizeof message) == AVOCET_OK && c.keyint == 30);
    args.width = 15;
    CHECK(avo_live_configure(&c, &args, message, sizeof message) == AVOCET_ERR_ARGUMENT &&
          says(message, "15x80"));
    args = default_args();
    args.gop = -1;
    CHECK(avo_live_configure(&c, &args, message, sizeof message) == AVOCET_ERR_ARGUMENT &&
          says(message, "gop"));
    args = default_args();
    args.fps = "fast";
    CHECK(avo_live_configure(&c, &args, message, sizeof message) == AVOCET_ERR_ARGUMENT &&
          says(message, "fps"));
    args = default_args();
    args.preset = "warp";
    CHECK(avo_live_configure(&c, &args, message, sizeof message) < 0 && says(message, "warp"));
}

/* ---- what every backend has in common ---- */

static void test_stream_of(const char *backend)
{
    AvoLive live;
    CHECK(open_default(&live, backend) == AVOCET_OK);
    CHECK(strcmp(live.backend->name, backend) == 0);
    for (int i = 0; i < 25; i++) {
        CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, i) == AVOCET_OK && stream.packets == 1 &&
              stream.size > 0);
        CHECK(live.was_keyframe == (i % 10 == 0));
    }
    const uint8_t *sets;
    size_t size;
    uint8_t avcc[AVO_LIVE_AVCC_MAX];
    CHECK(avo_live_headers(&live, &sets, &size) == AVOCET_OK && size > 16 && sets[4] == 0x67);
    CHECK(avo_live_avcc(&live, avcc, sizeof avcc) > 16 && avcc[0] == 1 && avcc[1] == sets[5]);
    CHECK(live.totals.frames == 25 && live.totals.keyframes == 3);

    live.force_keyframe = true;
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 30) == AVOCET_OK && live.was_keyframe);
    CHECK(stream.size > size && memcmp(stream.data, sets, size) == 0);
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 31) == AVOCET_OK && !live.was_keyframe);

    AvocetPicture small = picture_of(AVOCET_FORMAT_RGB565LE, 0);
    small.width = 64;
    CHECK(avo_live_encode(&live, &small, false, append, &stream) == AVOCET_ERR_ARGUMENT);
    CHECK(says(live.message, "image is 64x80, encoder is 96x80"));

    CHECK(avo_live_set_bitrate(&live, 54321) == AVOCET_OK &&
          avo_live_config(&live)->bitrate == 54321);
    CHECK(avo_live_set_fps(&live, "20") == AVOCET_OK && avo_live_config(&live)->fps.num == 20);
    CHECK(avo_live_set_qp(&live, 30, 40) == AVOCET_OK && avo_live_config(&live)->qp_min == 30);
    CHECK(avo_live_set_qp(&live, 41, 40) == AVOCET_ERR_ARGUMENT &&
          avo_live_config(&live)->qp_min == 30);
    CHECK(avo_live_set_bitrate(&live, -1) == AVOCET_ERR_ARGUMENT);
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 32) == AVOCET_OK);

    avo_live_close(&live);
    avo_live_close(&live);
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 0) == AVOCET_ERR_STATE &&
          says(live.message, "Encoder closed"));
    CHECK(avo_live_set_bitrate(&live, 1000) == AVOCET_ERR_STATE);
    CHECK(avo_live_flush(&live, append, &stream) == AVOCET_ERR_STATE);
    CHECK(live.totals.frames == 28 && avo_live_config(&live)->bitrate == 54321);
    CHECK(avo_live_headers(&live, &sets, &size) == AVOCET_OK && size > 16);
}

static void test_encode_into_of(const char *backend)
{
    AvoLive live;
    uint8_t buffer[100000];
    size_t written = 0;
    AvocetPicture picture = picture_of(AVOCET_FORMAT_RGB565LE, 0);
    CHECK(open_default(&live, backend) == AVOCET_OK);
    CHECK(avo_live_encode_into(&live, &picture, false, buffer, 5, &written) == AVOCET_ERR_ARGUMENT);
    CHECK(says(live.message, "buffer only 5"));
    CHECK(avo_live_encode_into(&live, &picture, false, buffer, sizeof buffer, &written) ==
              AVOCET_OK &&
          written > 5);
    CHECK(live.was_keyframe && live.totals.frames == 1);
    CHECK(avo_live_encode_into(&live, &picture, false, buffer, 5, &written) == AVOCET_ERR_ARGUMENT);
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 1) == AVOCET_OK &&
          live.was_keyframe); /* the last one was given up */
    avo_live_close(&live);
}

static void test_failing_sink(void)
{
    AvoLive live;
    CHECK(open_default(&live, "software") == AVOCET_OK);
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 0) == AVOCET_OK);
    stream.status = AVOCET_ERR_MEMORY;
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 1) == AVOCET_ERR_MEMORY);
    stream.status = 0;
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 2) == AVOCET_OK && live.was_keyframe);
    avo_live_close(&live);
}

/* ---- the choice of the backend ---- */

static const char *chosen(AvoLive *live)
{
    return live->backend ? live->backend->name : "none";
}

static void test_choice(void)
{
    AvoLive live, second;
    CHECK(open_default(&live, NULL) == AVOCET_OK && strcmp(chosen(&live), "esp32p4") == 0);
    /* There is one piece of hardware. */
    CHECK(open_default(&second, "auto") == AVOCET_OK && strcmp(chosen(&second), "software") == 0);
    avo_live_close(&second);
    CHECK(open_default(&second, "esp32p4") == AVOCET_ERR_UNSUPPORTED &&
          says(message, "hardware encoder"));
    CHECK(!second.backend);
    avo_live_close(&live);

    CHECK(open_default(&live, "toaster") == AVOCET_ERR_ARGUMENT && says(message, "toaster"));
    fake_hardware.old_chip = true;
    CHECK(open_default(&live, "auto") == AVOCET_OK && strcmp(chosen(&live), "software") == 0);
    avo_live_close(&live);
    fake_hardware.old_chip = false;
}

static void test_limits_of_hardware(void)
{
    static const struct {
        const char *name, *value, *reason;
    } refused[] = {
        {"size", "98x80", "multiples of 16"},
        {"size", "64x80", "80x80"},
        {"fps", "29.97", "whole numbers"},
        {"fps", "300", "255"},
        {"keyint", "300", "255"},
        {"slices", "2", "only bit rate"},
        {"qp", "30", "only bit rate"},
        {"format", "i420", "RGB565"},
        {"profile", "high", "only bit rate"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        AvoLive live;
        AvocetEncoderConfig config = default_config();
        CHECK(avocet_encoder_config_set(&config, refused[i].name, refused[i].value, NULL, 0) ==
              AVOCET_OK);
        CHECK(avo_live_open(&live, &config, "esp32p4", &heap, message, sizeof message) ==
              AVOCET_ERR_UNSUPPORTED);
        CHECK(says(message, refused[i].reason));
        CHECK(avo_live_open(&live, &config, "auto", &heap, message, sizeof message) == AVOCET_OK);
        CHECK(strcmp(chosen(&live), "software") == 0);
        avo_live_close(&live);
    }
}

/* Images that the hardware cannot take show up only when they come. */
static void test_change_at_first_image(void)
{
    AvoLive live;
    CHECK(open_default(&live, "auto") == AVOCET_OK && strcmp(chosen(&live), "esp32p4") == 0);
    CHECK(encode(&live, AVOCET_FORMAT_GRAY8, 0) == AVOCET_OK &&
          strcmp(chosen(&live), "software") == 0);
    CHECK(live.was_keyframe && !fake_hardware.open_now);
    CHECK(encode(&live, AVOCET_FORMAT_GRAY8, 1) == AVOCET_OK && !live.was_keyframe);
    avo_live_close(&live);

    CHECK(open_default(&live, "esp32p4") == AVOCET_OK);
    CHECK(encode(&live, AVOCET_FORMAT_GRAY8, 0) == AVOCET_ERR_UNSUPPORTED &&
          says(live.message, "RGB565"));
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 0) == AVOCET_OK);
    avo_live_close(&live);
}

static void test_hardware_settings(void)
{
    AvoLive live;
    int opened = fake_hardware.opened;
    CHECK(open_default(&live, "esp32p4") == AVOCET_OK);
    CHECK(fake_hardware.config.gop == 10 && fake_hardware.config.fps == 10);
    CHECK(fake_hardware.config.rc.bitrate == WIDTH * HEIGHT * 10 &&
          fake_hardware.config.rc.qp_max == 45);
    encode(&live, AVOCET_FORMAT_RGB565LE, 0);
    CHECK(avo_live_set_bitrate(&live, 60000) == AVOCET_OK &&
          fake_hardware.config.rc.bitrate == 60000);
    CHECK(avo_live_set_fps(&live, "12") == AVOCET_OK && fake_hardware.config.fps == 12);
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 1) == AVOCET_OK && !live.was_keyframe);
    CHECK(fake_hardware.opened == opened + 1);
    CHECK(avo_live_set_qp(&live, 20, 30) == AVOCET_OK);
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 2) == AVOCET_OK &&
          fake_hardware.config.rc.qp_max == 30);
    CHECK(fake_hardware.config.rc.bitrate == 60000 && fake_hardware.config.fps == 12);
    CHECK(avo_live_set_fps(&live, "12.5") == AVOCET_ERR_ARGUMENT &&
          says(live.message, "whole numbers"));
    avo_live_close(&live);
}

static void test_hardware_failure(void)
{
    AvoLive live;
    CHECK(open_default(&live, "esp32p4") == AVOCET_OK);
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 0) == AVOCET_OK);
    fake_hardware.next_error = ESP_H264_ERR_TIMEOUT;
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 1) == AVOCET_ERR_IO &&
          says(live.message, "timeout"));
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 2) == AVOCET_OK && live.was_keyframe);
    avo_live_close(&live);
    CHECK(fake_hardware.blocks == 0 && !fake_hardware.open_now);
}

/* ---- software ---- */

static void test_memory(void)
{
    AvoLive live;
    AvocetEncoderConfig config = default_config();
    static uint8_t block[8 << 20];
    AvoLiveMemory given = {&allocator, block, 100};
    CHECK(avo_live_open(&live, &config, "software", &given, message, sizeof message) ==
          AVOCET_ERR_MEMORY);
    CHECK(says(message, "100 bytes of memory are given"));
    given.buffer_size = sizeof block - 3;
    given.buffer = block + 3;
    int before = blocks_held;
    CHECK(avo_live_open(&live, &config, "software", &given, message, sizeof message) == AVOCET_OK);
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 0) == AVOCET_OK && blocks_held == before);
    CHECK(encode(&live, AVOCET_FORMAT_I420, 1) == AVOCET_OK && !live.was_keyframe &&
          blocks_held == before);
    avo_live_close(&live);
    most_memory = 1000;
    CHECK(open_default(&live, "software") == AVOCET_ERR_MEMORY && says(message, "cannot allocate"));
    CHECK(!live.backend);
    most_memory = (size_t)1 << 30;
}

static void test_delay(void)
{
    AvoLive live;
    AvocetEncoderConfig config = default_config();
    avocet_encoder_config_set(&config, "profile", "main", NULL, 0);
    avocet_encoder_config_set(&config, "bframes", "2", NULL, 0);
    avocet_encoder_config_set(&config, "b-adapt", "0", NULL, 0);
    CHECK(avo_live_open(&live, &config, NULL, &heap, message, sizeof message) == AVOCET_OK &&
          live.delay > 0);
    int packets = 0;
    for (int i = 0; i < 9; i++) {
        CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, i) == AVOCET_OK);
        packets += stream.packets;
    }
    CHECK(encode(&live, AVOCET_FORMAT_I420, 9) == AVOCET_OK); /* another format in between */
    packets += stream.packets;
    stream.size = 0;
    stream.packets = 0;
    CHECK(avo_live_flush(&live, append, &stream) == AVOCET_OK && packets + stream.packets == 10);
    size_t written;
    AvocetPicture picture = picture_of(AVOCET_FORMAT_RGB565LE, 0);
    CHECK(avo_live_encode_into(&live, &picture, false, samples, 1, &written) ==
          AVOCET_ERR_ARGUMENT);
    CHECK(encode(&live, AVOCET_FORMAT_RGB565LE, 9) == AVOCET_ERR_STATE);
    avo_live_close(&live);
}

static void test_stats(void)
{
    AvoLive live;
    AvoLiveStat stat;
    int n = 0;
    CHECK(open_default(&live, "software") == AVOCET_OK);
    encode(&live, AVOCET_FORMAT_RGB565LE, 0);
    size_t bytes = stream.size;
    encode(&live, AVOCET_FORMAT_RGB565LE, 1);
    while (avo_live_stat(&live, n, &stat)) {
        if (strcmp(stat.name, "bytes") == 0)
            CHECK(stat.number == (int64_t)(bytes + stream.size));
        if (strcmp(stat.name, "last_type") == 0)
            CHECK(strcmp(stat.text, "P") == 0);
        if (strcmp(stat.name, "mean_bitrate") == 0)
            CHECK(stat.number == (int64_t)(bytes + stream.size) * 8 * 10 / 2);
        n++;
    }
    CHECK(n >= 10 && !avo_live_stat(&live, -1, &stat));
    avo_live_close(&live);
}

/* ---- small parts ---- */

static void test_say(void)
{
    char text[40];
    avo_say(text, sizeof text, "%d %l %s %% %d", -5, INT64_MIN, "ab", 0);
    CHECK(strcmp(text, "-5 -9223372036854775808 ab % 0") == 0);
    avo_say(text, 5, "abcdefgh");
    CHECK(strcmp(text, "abcd") == 0);
    avo_say(NULL, 0, "%s", "x");
    avo_live_bits_text(text, 1234567);
    CHECK(strcmp(text, "1234.567k") == 0);
    avo_live_bits_text(text, 42);
    CHECK(strcmp(text, "0.042k") == 0);
}

static void test_formats(void)
{
    CHECK(avo_image_format_of_size(64 * 48 * 3 / 2, 64, 48) == AVOCET_FORMAT_I420);
    CHECK(avo_image_format_of_size(64 * 48, 64, 48) == AVOCET_FORMAT_GRAY8);
    CHECK(avo_image_format_of_size(64 * 48 * 2, 64, 48) == AVOCET_FORMAT_RGB565LE);
    CHECK(avo_image_format_of_size(64 * 48 * 3, 64, 48) == AVOCET_FORMAT_RGB24);
    CHECK(avo_image_format_of_size(33 * 21 + 2 * 17 * 11, 33, 21) == AVOCET_FORMAT_I420);
    CHECK(avo_image_format_of_size(100, 64, 48) == -1);
    CHECK(avo_image_format_of_pixformat(0x0C030002) == AVOCET_FORMAT_RGB565LE);
    CHECK(avo_image_format_of_pixformat(0x08020001) == AVOCET_FORMAT_GRAY8);
    CHECK(avo_image_format_of_pixformat(0x14050002) == AVOCET_FORMAT_YUYV);
    CHECK(avo_image_format_of_pixformat(0x14050102) == -1); /* YVYU */
    CHECK(avo_image_format_of_pixformat(0x06060000) == AVO_IMAGE_JPEG);
    CHECK(avo_image_format_of_pixformat(0) == -1);
}

/* All colours survive the way to YCbCr by the defining formulas and back by to_rgb,
 * within rounding. */
static void test_rgb(void)
{
    static const struct {
        int matrix;
        double kr, kb;
    } matrices[] = {{6, 0.299, 0.114}, {1, 0.2126, 0.0722}, {9, 0.2627, 0.0593}};
    int worst = 0;
    for (size_t m = 0; m < 3; m++)
        for (int full = 0; full < 2; full++)
            for (int colour = 0; colour < 4096; colour++) {
                int rgb[3] = {(colour >> 8) * 17, (colour >> 4 & 15) * 17, (colour & 15) * 17};
                double kr = matrices[m].kr, kb = matrices[m].kb;
                double y = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2];
                double cb = (rgb[2] - y) / (2 * (1 - kb)), cr = (rgb[0] - y) / (2 * (1 - kr));
                uint8_t yuv[3] = {(uint8_t)(full ? y + 0.5 : y * 219 / 255 + 16.5),
                                  (uint8_t)(cb * (full ? 1 : 224.0 / 255) + 128.5),
                                  (uint8_t)(cr * (full ? 1 : 224.0 / 255) + 128.5)};
                if ((full ? cb : cb * 224 / 255) + 128.5 >= 256 ||
                    (full ? cr : cr * 224 / 255) + 128.5 >= 256)
                    continue; /* beyond what 8 bits hold */
                AvocetPicture picture = {.format = AVOCET_FORMAT_I420,
                                         .width = 1,
                                         .height = 1,
                                         .plane = {yuv, yuv + 1, yuv + 2},
                                         .stride = {1, 1, 1}};
                uint8_t back[3];
                avo_to_rgb(back, &picture, matrices[m].matrix, full);
                for (int i = 0; i < 3; i++)
                    worst = abs(back[i] - rgb[i]) > worst ? abs(back[i] - rgb[i]) : worst;
            }
    CHECK(worst <= 3);
}

int main(void)
{
    test_configure();
    test_stream_of("software");
    test_stream_of("esp32p4");
    test_encode_into_of("software");
    test_encode_into_of("esp32p4");
    test_failing_sink();
    test_choice();
    test_limits_of_hardware();
    test_change_at_first_image();
    test_hardware_settings();
    test_hardware_failure();
    test_memory();
    test_delay();
    test_stats();
    test_say();
    test_formats();
    test_rgb();
    CHECK(blocks_held == 0 && fake_hardware.blocks == 0);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
