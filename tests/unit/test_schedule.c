/* The same bytes whatever the threads do: every rate mode and kind of picture structure, at many
 * numbers of threads, with tasks that start late at random. Also what the thread sanitizer is run
 * on. */
#include "../api/api.h"
#include "enc/encoder.h"

/* Enough macroblocks for the lookahead to share its work; and for the lightest part of it, too. */
enum { W = 336, H = 272, LARGE_W = 640, LARGE_H = 608, N = 11, LONG = 24 };

typedef enum Kind { PLAIN, LARGE, CHANGING, RATED } Kind;

typedef struct Mode {
    const char *preset;
    const char *option[4][2];
    Kind kind; /* changing: quantiser, frame rate and buffer, while it runs; rated: bit rate */
} Mode;

static const Mode modes[] = {
    {"veryfast", {{"qp", "30"}}, PLAIN},
    {"fast", {{"crf", "28"}, {"b-adapt", "2"}}, PLAIN},
    {"veryfast", {{"bitrate", "300k"}, {"keyint", "6"}}, PLAIN},
    {"veryfast",
     {{"bitrate", "300k"}, {"vbv-maxrate", "300k"}, {"vbv-bufsize", "150k"}},
     PLAIN},
    {"superfast",
     {{"crf", "26"}, {"vbv-maxrate", "200k"}, {"vbv-bufsize", "100k"}, {"slices", "3"}},
     PLAIN},
    {"veryfast",
     {{"bitrate", "200k"}, {"bframes", "0"}, {"rc-lookahead", "0"}, {"intra-refresh", "1"}},
     PLAIN},
    {"superfast", {{"qp", "26"}, {"cabac", "0"}, {"weightp", "2"}}, PLAIN},
    {"superfast", {{"crf", "32"}}, LARGE},
    /* Pictures that overlap, one begun while others of all kinds are at work. */
    {"veryfast", {{"crf", "30"}, {"rc-lookahead", "9"}, {"direct", "auto"}, {"ref", "3"}}, PLAIN},
    {"veryfast", {{"crf", "28"}, {"rc-lookahead", "6"}, {"bframes", "0"}, {"keyint", "7"}}, PLAIN},
    {"superfast", {{"crf", "30"}, {"rc-lookahead", "5"}, {"bframes", "3"}}, CHANGING},
    {"superfast", {{"qp", "30"}, {"bframes", "2"}, {"slices", "4"}}, CHANGING},
    {"superfast", {{"bitrate", "300k"}, {"rc-lookahead", "4"}, {"keyint", "9"}}, RATED},
    {"veryfast", {{"bitrate", "200k"}, {"rc-lookahead", "3"}, {"bframes", "2"}}, RATED},
};

static AvocetEncoderConfig config_of(const Mode *m)
{
    char message[256] = "";
    AvocetEncoderConfig config =
        api_config(m->preset, m->kind == LARGE ? LARGE_W : W, m->kind == LARGE ? LARGE_H : H);
    for (int i = 0; i < 4 && m->option[i][0]; i++)
        CHECK(avocet_encoder_config_set(&config, m->option[i][0], m->option[i][1], message,
                                        sizeof message) == AVOCET_OK,
              "%s", message);
    return config;
}

static void change(AvocetEncoder *enc, int n)
{
    static const char *const changes[][2] = {{"crf", "20"},  {"qp", "22"},   {"qpmax", "31"},
                                             {"fps", "30"},  {"crf", "35"},  {"qp", "40"},
                                             {"qpmin", "5"}, {"qpmax", "51"}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        if ((int)(5 + 2 * i) == n)
            CHECK(avocet_encoder_set(enc, changes[i][0], changes[i][1]) == AVOCET_OK, "%s",
                  avocet_encoder_error(enc));
    if (n == LONG - 3) {
        CHECK(avocet_encoder_set(enc, "vbv-bufsize", "200k") == AVOCET_OK &&
                  avocet_encoder_set(enc, "vbv-maxrate", "200k") == AVOCET_OK,
              "%s", avocet_encoder_error(enc));
    }
}

static void change_rate(AvocetEncoder *enc, int n)
{
    const char *rate = n == 8 ? "500k" : n == 13 ? "150k" : NULL;
    if (rate)
        CHECK(avocet_encoder_set(enc, "bitrate", rate) == AVOCET_OK, "%s",
              avocet_encoder_error(enc));
}

static int pictures_of(const Mode *mode)
{
    return mode->kind == CHANGING || mode->kind == RATED ? LONG : N;
}

/* seed 0: undisturbed. */
static ApiStream encode(const Mode *mode, const AvocetEncoderConfig *config, uint32_t seed)
{
    ApiStream s = {0};
    AvocetEncoder *enc;
    CHECK(avocet_encoder_open(&enc, config, NULL, NULL, 0) == AVOCET_OK, "open");
    if (!enc)
        return s;
    avo_pool_disturb(enc->pool, seed);
    for (int n = 0; n < pictures_of(mode); n++) {
        if (mode->kind == CHANGING)
            change(enc, n);
        if (mode->kind == RATED)
            change_rate(enc, n);
        CHECK(api_send_range(enc, &s, n, n + 1) == AVOCET_OK, "%s", avocet_encoder_error(enc));
    }
    avocet_encoder_flush(enc);
    CHECK(api_receive(enc, &s) == AVOCET_END, "%s", avocet_encoder_error(enc));
    avocet_encoder_close(&enc);
    return s;
}

#if defined(__SANITIZE_THREAD__)
static const int threads[] = {4}; /* it watches every access and is slow */
#else
static const int threads[] = {2, 3, 4, 8, 16};
#endif

/* Pictures at work are given up. */
static void test_close_at_work(void)
{
    AvocetEncoderConfig config = api_config("veryfast", W, H);
    config.lookahead = 4;
    config.bframes = 2;
    config.threads = 4;
    for (int pictures = 4; pictures < 12; pictures++) {
        AvocetEncoder *enc;
        ApiStream s = {0};
        CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "open");
        for (int n = 0; n < pictures; n++) {
            AvocetPacket packet;
            api_send(enc, n);
            if (n > 6 && avocet_encoder_receive(enc, &packet) == AVOCET_OK)
                api_take(&s, &packet); /* leaves others where they are */
        }
        avocet_encoder_close(&enc);
        CHECK(!enc && s.packets < pictures, "%d packets of %d", s.packets, pictures);
        api_free(&s);
    }
}

int main(void)
{
    test_close_at_work();
    for (size_t m = 0; m < sizeof modes / sizeof modes[0]; m++) {
        AvocetEncoderConfig config = config_of(&modes[m]);
        ApiStream one = encode(&modes[m], &config, 0);
        for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
            config.threads = threads[i];
            for (uint32_t seed = 0; seed < 2; seed++) {
                ApiStream many = encode(&modes[m], &config, seed ? (uint32_t)(100 * m + i) + 1 : 0);
                CHECK(api_same(&one, &many), "mode %zu, %d threads, %s", m, threads[i],
                      seed ? "disturbed" : "as they come");
                api_free(&many);
            }
        }
        api_free(&one);
    }
    return check_finish();
}
