/* The same bytes whatever the threads do: every rate mode and kind of picture structure, at many
 * numbers of threads, with tasks that start late at random. Also what the thread sanitizer is run
 * on. */
#include "../api/api.h"
#include "enc/encoder.h"

/* Enough macroblocks for the lookahead to share its work; and for the lightest part of it, too. */
enum { W = 336, H = 272, LARGE_W = 640, LARGE_H = 608, N = 11 };

typedef struct Mode {
    const char *preset;
    const char *option[4][2];
    bool large;
} Mode;

static const Mode modes[] = {
    {"veryfast", {{"qp", "30"}}, false},
    {"fast", {{"crf", "28"}, {"b-adapt", "2"}}, false},
    {"veryfast", {{"bitrate", "300000"}, {"keyint", "6"}}, false},
    {"veryfast",
     {{"bitrate", "300000"}, {"vbv-maxrate", "300000"}, {"vbv-bufsize", "150000"}},
     false},
    {"superfast",
     {{"crf", "26"}, {"vbv-maxrate", "200000"}, {"vbv-bufsize", "100000"}, {"slices", "3"}},
     false},
    {"veryfast",
     {{"bitrate", "200000"}, {"bframes", "0"}, {"rc-lookahead", "0"}, {"intra-refresh", "1"}},
     false},
    {"superfast", {{"qp", "26"}, {"cabac", "0"}, {"weightp", "2"}}, false},
    {"superfast", {{"crf", "32"}}, true},
};

static AvocetEncoderConfig config_of(const Mode *m)
{
    char message[256] = "";
    AvocetEncoderConfig config =
        api_config(m->preset, m->large ? LARGE_W : W, m->large ? LARGE_H : H);
    for (int i = 0; i < 4 && m->option[i][0]; i++)
        CHECK(avocet_encoder_config_set(&config, m->option[i][0], m->option[i][1], message,
                                        sizeof message) == AVOCET_OK,
              "%s", message);
    return config;
}

static ApiStream encode_disturbed(const AvocetEncoderConfig *config, uint32_t seed)
{
    ApiStream s = {0};
    AvocetEncoder *enc;
    CHECK(avocet_encoder_open(&enc, config, NULL, NULL, 0) == AVOCET_OK, "open");
    if (!enc)
        return s;
    avo_pool_disturb(enc->pool, seed);
    CHECK(api_send_range(enc, &s, 0, N) == AVOCET_OK, "%s", avocet_encoder_error(enc));
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

int main(void)
{
    for (size_t m = 0; m < sizeof modes / sizeof modes[0]; m++) {
        AvocetEncoderConfig config = config_of(&modes[m]);
        ApiStream one = api_encode(&config, N);
        for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
            config.threads = threads[i];
            for (uint32_t seed = 0; seed < 2; seed++) {
                ApiStream many = encode_disturbed(&config, seed ? (uint32_t)(100 * m + i) + 1 : 0);
                CHECK(api_same(&one, &many), "mode %zu, %d threads, %s", m, threads[i],
                      seed ? "disturbed" : "as they come");
                api_free(&many);
            }
        }
        api_free(&one);
    }
    return check_finish();
}
