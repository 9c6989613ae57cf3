/* The stream depends on pictures and settings only: not on threads, CPU, other encoders, the way
 * samples lie in memory, or when packets are taken. */
#include <pthread.h>
#include <stdbool.h>
#include "api.h"

enum { W = 112, H = 80, N = 14 };

static void test_threads_and_cpu(void)
{
    static const char *const presets[] = {"superfast", "medium", "slow"};
    static const int threads[] = {2, 3, 8, 0};
    static const char *const cpus[] = {"c", "sse41", "avx2", "avx512", "neon", "auto"};
    for (size_t p = 0; p < sizeof presets / sizeof presets[0]; p++) {
        AvocetEncoderConfig config = api_config(presets[p], W, H);
        ApiStream one = api_encode(&config, N);
        for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
            config.threads = threads[i];
            ApiStream many = api_encode(&config, N);
            CHECK(api_same(&one, &many), "%s: %d threads", presets[p], threads[i]);
            api_free(&many);
        }
        config.threads = 1;
        for (size_t i = 0; i < sizeof cpus / sizeof cpus[0]; i++) {
            CHECK(avocet_encoder_config_set(&config, "cpu", cpus[i], NULL, 0) == AVOCET_OK, "%s",
                  cpus[i]);
            ApiStream other = api_encode(&config, N);
            CHECK(api_same(&one, &other), "%s: cpu %s", presets[p], cpus[i]);
            api_free(&other);
        }
        api_free(&one);
    }
}

/* The thread sanitizer is slow. */
#if defined(__SANITIZE_THREAD__)
#define WATCHES_THREADS 1
#else
#define WATCHES_THREADS 0
#endif

/* Every mode of rate control and every structure of pictures, at every number of threads and SIMD
 * level, in pictures large enough that the lookahead shares its work. */
static const char *const rate_modes[][10] = {
    {"qp", "30"},
    {"crf", "28", "b-adapt", "2"},
    {"bitrate", "300k"},
    {"bitrate", "300k", "keyint", "4", "mbtree", "0"},
    {"bitrate", "300k", "vbv-maxrate", "300k", "vbv-bufsize", "100k", "nal-hrd", "cbr"},
    {"bitrate", "200k", "vbv-maxrate", "400k", "vbv-bufsize", "80k", "nal-hrd", "vbr"},
    {"bitrate", "30k", "vbv-maxrate", "30k", "vbv-bufsize", "8k"},
    {"crf", "20", "vbv-maxrate", "300k", "vbv-bufsize", "100k"},
    {"qp", "28", "cabac", "0", "slices", "3"},
    {"tune", "zerolatency", "qp", "30"},
    {"tune", "zerolatency", "crf", "28", "slices", "4"},
    {"tune", "zerolatency", "bitrate", "300k"},
    {"tune", "zerolatency", "bitrate", "300k", "vbv-maxrate", "300k", "vbv-bufsize", "60k"},
    {"tune", "zerolatency", "bitrate", "300k", "intra-refresh", "1", "keyint", "6"},
};

static AvocetEncoderConfig config_of_mode(size_t m)
{
    const char *const *word = rate_modes[m];
    bool live = strcmp(word[0], "tune") == 0;
    AvocetEncoderConfig config;
    avocet_encoder_config_init(&config, "veryfast", live ? word[1] : NULL);
    config.width = 336;
    config.height = 272;
    for (int i = live ? 2 : 0; i < 10 && word[i]; i += 2)
        CHECK(avocet_encoder_config_set(&config, word[i], word[i + 1], NULL, 0) == AVOCET_OK,
              "%s %s", word[i], word[i + 1]);
    return config;
}

static void test_rate_modes(void)
{
    static const struct {
        int threads;
        const char *cpu;
    } machines[] = {{2, "c"}, {3, "sse41"}, {4, "avx2"}, {8, "avx512"}, {16, "auto"}, {1, "c"}};
    for (size_t m = 0; m < sizeof rate_modes / sizeof rate_modes[0]; m++) {
        AvocetEncoderConfig config = config_of_mode(m);
        config.threads = 1;
        ApiStream one = api_encode(&config, 10);
        for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
            config.threads = machines[i].threads;
            avocet_encoder_config_set(&config, "cpu", machines[i].cpu, NULL, 0);
            ApiStream other = api_encode(&config, 10);
            CHECK(api_same(&one, &other), "mode %zu: %d threads, cpu %s", m, machines[i].threads,
                  machines[i].cpu);
            api_free(&other);
        }
        api_free(&one);
    }
}

/* Encoders that take turns. */
static void test_interleaved(void)
{
    enum { COUNT = 12 };
    AvocetEncoder *enc[COUNT];
    ApiStream s[COUNT];
    memset(s, 0, sizeof s);
    for (int i = 0; i < COUNT; i++) {
        AvocetEncoderConfig config = api_config(i & 1 ? "veryfast" : "medium", W - 2 * i, H);
        config.crf = 2000 + 100 * i;
        CHECK(avocet_encoder_open(&enc[i], &config, NULL, NULL, 0) == AVOCET_OK, "open");
    }
    for (int n = 0; n < N; n++)
        for (int i = 0; i < COUNT; i++)
            api_send_range(enc[i], &s[i], n, n + 1);
    for (int i = 0; i < COUNT; i++) {
        AvocetEncoderConfig config = api_config(i & 1 ? "veryfast" : "medium", W - 2 * i, H);
        config.crf = 2000 + 100 * i;
        avocet_encoder_flush(enc[i]);
        api_receive(enc[i], &s[i]);
        avocet_encoder_close(&enc[i]);
        ApiStream alone = api_encode(&config, N);
        CHECK(api_same(&s[i], &alone), "encoder %d", i);
        api_free(&alone);
        api_free(&s[i]);
    }
}

static void *encode_in_thread(void *argument)
{
    ApiStream *s = argument;
    AvocetEncoderConfig config = api_config("fast", W, H);
    AvocetEncoder *enc;
    if (avocet_encoder_open(&enc, &config, NULL, NULL, 0) != AVOCET_OK)
        return NULL;
    api_send_range(enc, s, 0, N);
    avocet_encoder_flush(enc);
    api_receive(enc, s);
    avocet_encoder_close(&enc);
    return NULL;
}

static void test_encoders_in_threads(void)
{
    enum { COUNT = 6 };
    pthread_t thread[COUNT];
    ApiStream s[COUNT];
    AvocetEncoderConfig config = api_config("fast", W, H);
    memset(s, 0, sizeof s);
    for (int i = 0; i < COUNT; i++)
        pthread_create(&thread[i], NULL, encode_in_thread, &s[i]);
    ApiStream alone = api_encode(&config, N);
    for (int i = 0; i < COUNT; i++) {
        pthread_join(thread[i], NULL);
        CHECK(api_same(&s[i], &alone), "encoder %d in a thread", i);
        api_free(&s[i]);
    }
    api_free(&alone);
}

/* The same picture with wide rows, upside down with a negative stride, and tightly packed. */
static ApiStream encode_layout(AvocetFormat format, int layout)
{
    AvocetEncoderConfig config = api_config("superfast", 50, 38);
    ApiStream s = {0};
    AvocetEncoder *enc;
    AvocetPicture tight;
    config.format = format;
    size_t size = avocet_format_size(format, 50, 38);
    uint8_t *samples = malloc(size), *wide = malloc(size * 4 + 4096);
    CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    for (int n = 0; n < 5 && enc; n++) {
        api_draw(samples, format, 50, 38, n);
        avocet_picture_init(&tight, format, 50, 38, samples);
        AvocetPicture picture = tight;
        uint8_t *to = wide + 64;
        for (int p = 0; p < 3 && layout && tight.plane[p]; p++) {
            int rows =
                p && (format == AVOCET_FORMAT_I420 || format <= AVOCET_FORMAT_NV21) ? 19 : 38;
            ptrdiff_t bytes = tight.stride[p], stride = bytes + 13;
            for (int y = 0; y < rows; y++) {
                int at = layout == 1 ? y : rows - 1 - y;
                memset(to + at * stride, 0xee, (size_t)stride);
                memcpy(to + at * stride, tight.plane[p] + y * bytes, (size_t)bytes);
            }
            picture.plane[p] = layout == 1 ? to : to + (rows - 1) * stride;
            picture.stride[p] = layout == 1 ? stride : -stride;
            to += rows * stride;
        }
        picture.pts = n;
        CHECK(avocet_encoder_send(enc, &picture) == AVOCET_OK, "%s", avocet_encoder_error(enc));
        api_receive(enc, &s);
    }
    if (enc) {
        avocet_encoder_flush(enc);
        api_receive(enc, &s);
    }
    avocet_encoder_close(&enc);
    free(samples);
    free(wide);
    return s;
}

static void test_strides(void)
{
    for (int format = 0; format < AVOCET_FORMAT_COUNT; format++) {
        ApiStream tight = encode_layout((AvocetFormat)format, 0);
        for (int layout = 1; layout <= 2; layout++) {
            ApiStream other = encode_layout((AvocetFormat)format, layout);
            CHECK(api_same(&tight, &other), "%s, layout %d",
                  avocet_format_name((AvocetFormat)format), layout);
            api_free(&other);
        }
        api_free(&tight);
    }
}

/* Packets taken as late as possible. */
static void test_late_receiver(void)
{
    AvocetEncoderConfig config = api_config("medium", W, H);
    ApiStream eager = api_encode(&config, N), late = {0};
    AvocetEncoder *enc;
    AvocetPacket packet;
    CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    for (int n = 0; n < N;) {
        int status = api_send(enc, n);
        if (status == AVOCET_ERR_BUSY && avocet_encoder_receive(enc, &packet) == AVOCET_OK)
            api_take(&late, &packet);
        else
            n++;
    }
    avocet_encoder_flush(enc);
    api_receive(enc, &late);
    CHECK(api_same(&eager, &late), "the time of receiving matters");
    avocet_encoder_close(&enc);
    api_free(&eager);
    api_free(&late);
}

int main(void)
{
    test_threads_and_cpu();
    if (!WATCHES_THREADS) /* test_schedule does that there */
        test_rate_modes();
    test_interleaved();
    test_encoders_in_threads();
    test_strides();
    test_late_receiver();
    return check_finish();
}
