/* Changes while running: bit rate, quantiser, frame rate. They take effect without a keyframe. */
#include "api.h"

static AvocetEncoder *open_live(AvocetRateMode mode)
{
    AvocetEncoderConfig config;
    AvocetEncoder *enc;
    avocet_encoder_config_init(&config, "veryfast", "zerolatency");
    config.width = 160;
    config.height = 96;
    config.threads = 1;
    config.scenecut = 0;
    config.rate_mode = mode;
    config.qp = 24;
    config.pb_ratio = 100; /* P pictures are all alike */
    config.bitrate = 600000;
    CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    return enc;
}

static void test_qp(void)
{
    AvocetEncoder *enc = open_live(AVOCET_RATE_QP);
    ApiStream s = {0};
    api_send_range(enc, &s, 0, 8);
    CHECK(avocet_encoder_set(enc, "qp", "40") == AVOCET_OK, "%s", avocet_encoder_error(enc));
    api_send_range(enc, &s, 8, 16);
    CHECK(s.packets == 16 && s.keyframes == 1, "%d packets, %d keyframes", s.packets, s.keyframes);
    for (int i = 1; i < s.packets; i++)
        CHECK(s.qp[i] == (i < 8 ? 24 : 40), "packet %d has QP %d", i, s.qp[i]);
    avocet_encoder_close(&enc);
    api_free(&s);
}

/* With lookahead the change begins with the picture sent next, not with those that wait. */
static void test_qp_ahead(int threads)
{
    AvocetEncoderConfig config = api_config("veryfast", 160, 96);
    AvocetEncoder *enc;
    ApiStream s = {0};
    config.threads = threads;
    config.rate_mode = AVOCET_RATE_QP;
    config.qp = 24;
    config.bframes = 0;
    config.pb_ratio = 100;
    config.lookahead = 6;
    config.scenecut = 0;
    CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    api_send_range(enc, &s, 0, 12);
    CHECK(avocet_encoder_set(enc, "qp", "40") == AVOCET_OK, "%s", avocet_encoder_error(enc));
    api_send_range(enc, &s, 12, 14);
    CHECK(avocet_encoder_set(enc, "qp", "30") == AVOCET_OK, "%s", avocet_encoder_error(enc));
    api_send_range(enc, &s, 14, 20);
    avocet_encoder_flush(enc);
    api_receive(enc, &s);
    CHECK(s.packets == 20, "%d packets", s.packets);
    for (int i = 1; i < s.packets; i++) {
        int expected = s.pts[i] < 12 ? 24 : s.pts[i] < 14 ? 40 : 30;
        CHECK(s.qp[i] == expected, "%d threads: picture %d has QP %d", threads, (int)s.pts[i],
              s.qp[i]);
    }
    avocet_encoder_close(&enc);
    api_free(&s);
}

/* Mean size of packets [first, end). */
static double mean_size(const size_t *at, int first, int end)
{
    return (double)(at[end] - at[first]) / (end - first);
}

/* What the first pictures after a change take by the old quantiser, the next ones make up for. */
static void test_bitrate(void)
{
    AvocetEncoder *enc = open_live(AVOCET_RATE_BITRATE);
    ApiStream s = {0};
    size_t at[181] = {0};
    for (int n = 0; n < 180; n++) {
        if (n % 60 == 0)
            CHECK(avocet_encoder_set(enc, "bitrate", n == 60 ? "150k" : "600k") == AVOCET_OK, "%s",
                  avocet_encoder_error(enc));
        api_send_range(enc, &s, n, n + 1);
        at[n + 1] = s.size;
    }
    CHECK(s.keyframes == 1, "%d keyframes", s.keyframes);
    static const int kbps[] = {600, 150, 600};
    for (int part = 0; part < 3; part++) {
        double seen = mean_size(at, 60 * part, 60 * part + 60) * 8 * 25 / 1000;
        CHECK(seen > 0.85 * kbps[part] && seen < 1.1 * kbps[part], "%.0f kbit/s of %d", seen,
              kbps[part]);
    }
    avocet_encoder_close(&enc);
    api_free(&s);
}

static void test_fps(void)
{
    AvocetEncoder *enc = open_live(AVOCET_RATE_CRF);
    ApiStream s = {0};
    api_send_range(enc, &s, 0, 4);
    CHECK(avocet_encoder_set(enc, "fps", "12.5") == AVOCET_OK, "%s", avocet_encoder_error(enc));
    api_send_range(enc, &s, 4, 8);
    CHECK(avocet_encoder_config(enc)->fps.num == 25 && avocet_encoder_config(enc)->fps.den == 2,
          "settings in effect");
    CHECK(s.packets == 8 && s.keyframes == 1, "%d packets, %d keyframes", s.packets, s.keyframes);
    avocet_encoder_close(&enc);
    api_free(&s);
}

static void test_what_cannot_change(void)
{
    AvocetEncoder *enc = open_live(AVOCET_RATE_CRF);
    CHECK(avocet_encoder_set(enc, "crf", "30") == AVOCET_OK, "%s", avocet_encoder_error(enc));
    CHECK(avocet_encoder_config(enc)->crf == 3000, "crf in effect");
    CHECK(avocet_encoder_set(enc, "crf", "99") == AVOCET_ERR_ARGUMENT, "out of range");
    CHECK(avocet_encoder_config(enc)->crf == 3000, "a refused value is in effect");
    CHECK(avocet_encoder_error(enc)[0], "no sentence");
    CHECK(avocet_encoder_set(enc, "ref", "2") == AVOCET_ERR_ARGUMENT, "ref");
    CHECK(avocet_encoder_set(enc, "size", "64x64") == AVOCET_ERR_ARGUMENT, "size");
    CHECK(avocet_encoder_set(enc, "nonsense", "1") < 0, "nonsense");
    avocet_encoder_close(&enc);
}

int main(void)
{
    test_qp();
    test_qp_ahead(1);
    test_qp_ahead(4);
    test_bitrate();
    test_fps();
    test_what_cannot_change();
    return check_finish();
}
