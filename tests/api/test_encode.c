/* The course of an encode: one packet per picture, timestamps, keyframes, reconstruction,
 * wrong calls. */
#include "api.h"

static int is_in(const int64_t *list, int count, int64_t value)
{
    for (int i = 0; i < count; i++)
        if (list[i] == value)
            return 1;
    return 0;
}

/* Rules that hold for any stream. */
static void check_stream(const ApiStream *s, int pictures)
{
    CHECK(s->packets == pictures, "%d packets for %d pictures", s->packets, pictures);
    for (int i = 0; i < s->packets && i < 256; i++) {
        CHECK(is_in(s->pts, s->packets, i), "no packet for picture %d", i);
        CHECK(s->dts[i] <= s->pts[i], "packet %d: dts above pts", i);
        CHECK(i == 0 || s->dts[i] > s->dts[i - 1], "packet %d: dts does not rise", i);
        CHECK(s->opaque[i] == (void *)(intptr_t)(s->pts[i] + 1), "packet %d: opaque", i);
        CHECK(s->keyframe[i] == (s->type[i] == AVOCET_TYPE_IDR), "packet %d: keyframe", i);
    }
    CHECK(pictures == 0 || (s->keyframe[0] && s->pts[0] == 0), "the first packet is no keyframe");
}

/* Short streams are where delays and timestamps go wrong. */
static void test_lengths(void)
{
    static const char *const presets[] = {"ultrafast", "veryfast", "medium", "veryslow"};
    for (size_t p = 0; p < sizeof presets / sizeof presets[0]; p++)
        for (int pictures = 0; pictures <= 20; pictures += pictures < 6 ? 1 : 7) {
            AvocetEncoderConfig config = api_config(presets[p], 48, 32);
            ApiStream s = api_encode(&config, pictures);
            check_stream(&s, pictures);
            api_free(&s);
        }
}

static void test_delay(void)
{
    static const char *const names[][2] = {
        {"medium", NULL}, {"ultrafast", NULL}, {"medium", "zerolatency"}, {"slower", NULL}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        AvocetEncoderConfig config;
        avocet_encoder_config_init(&config, names[i][0], names[i][1]);
        config.width = 48;
        config.height = 32;
        config.threads = i % 2 ? 1 : 2;
        int delay = avocet_encoder_delay(&config);
        AvocetEncoder *enc;
        CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "%s", names[i][0]);
        CHECK(delay >= 0 && delay < 300, "delay %d", delay);
        ApiStream s = {0};
        int n = 0;
        while (enc && s.packets == 0 && n < 400) {
            api_send(enc, n++);
            api_receive(enc, &s);
        }
        CHECK(n <= delay + 1, "%s: first packet after %d pictures, delay %d", names[i][0], n,
              delay);
        CHECK(!names[i][1] || delay == 0, "zerolatency has delay %d", delay);
        avocet_encoder_close(&enc);
        api_free(&s);
    }
}

static void test_force_keyframe(void)
{
    AvocetEncoderConfig config = api_config("fast", 64, 48);
    config.scenecut = 0;
    AvocetEncoder *enc;
    ApiStream s = {0};
    CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    api_send_range(enc, &s, 0, 9);
    CHECK(avocet_encoder_force_keyframe(enc) == AVOCET_OK, "force");
    api_send_range(enc, &s, 9, 15);
    /* The same by the picture's own wish. */
    AvocetPicture picture;
    uint8_t samples[64 * 48 * 3 / 2];
    api_draw(samples, AVOCET_FORMAT_I420, 64, 48, 15);
    avocet_picture_init(&picture, AVOCET_FORMAT_I420, 64, 48, samples);
    picture.pts = 15;
    picture.type = AVOCET_TYPE_IDR;
    CHECK(avocet_encoder_send(enc, &picture) == AVOCET_OK, "%s", avocet_encoder_error(enc));
    api_receive(enc, &s);
    api_send_range(enc, &s, 16, 20);
    avocet_encoder_flush(enc);
    api_receive(enc, &s);
    CHECK(s.keyframes == 3, "%d keyframes", s.keyframes);
    for (int i = 0; i < s.packets; i++)
        CHECK(s.keyframe[i] == (s.pts[i] == 0 || s.pts[i] == 9 || s.pts[i] == 15), "pts %d",
              (int)s.pts[i]);
    avocet_encoder_close(&enc);
    api_free(&s);
}

/* Squared error of columns [x0, x1) of a plane of the reconstruction against what was sent. */
static uint64_t plane_error(const AvocetPicture *picture, int plane, int n, int x0, int x1)
{
    uint64_t sum = 0;
    AvocetPicture sent;
    int w = picture->width, h = picture->height;
    uint8_t *source = malloc(avocet_format_size(AVOCET_FORMAT_I420, w, h));
    api_draw(source, AVOCET_FORMAT_I420, w, h, n);
    avocet_picture_init(&sent, AVOCET_FORMAT_I420, w, h, source);
    for (int y = 0; y < (plane ? (h + 1) / 2 : h); y++)
        for (int x = x0; x < x1; x++) {
            int d = picture->plane[plane][y * picture->stride[plane] + x] -
                    sent.plane[plane][y * sent.stride[plane] + x];
            sum += (uint64_t)(d * d);
        }
    free(source);
    return sum;
}

static uint64_t luma_error(const AvocetPicture *picture, int n, int x0, int x1)
{
    return plane_error(picture, 0, n, x0, x1);
}

static void test_recon_and_psnr(void)
{
    AvocetEncoderConfig config = api_config("medium", 80, 64);
    config.psnr = 1;
    AvocetEncoder *enc;
    AvocetPacket packet;
    AvocetPicture recon;
    CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    int sent = 0, status;
    do {
        if (sent < 12)
            api_send(enc, sent++);
        else
            avocet_encoder_flush(enc);
        while ((status = avocet_encoder_receive(enc, &packet)) == AVOCET_OK) {
            CHECK(avocet_encoder_recon(enc, &recon) == AVOCET_OK, "%s", avocet_encoder_error(enc));
            CHECK(recon.width == 80 && recon.height == 64 && recon.format == AVOCET_FORMAT_I420,
                  "shape");
            for (int plane = 0; plane < 3; plane++) {
                uint64_t error = plane_error(&recon, plane, (int)packet.pts, 0, plane ? 40 : 80);
                CHECK(packet.sse[plane] == error, "picture %d, plane %d: %d, %d measured",
                      (int)packet.pts, plane, (int)packet.sse[plane], (int)error);
            }
        }
    } while (status == AVOCET_NEED_INPUT);
    CHECK(status == AVOCET_END, "status %d", status);
    avocet_encoder_close(&enc);
}

/* What a packet says of itself against what its NAL units and settings say. */
static void test_packet_facts(void)
{
    AvocetEncoderConfig config = api_config("medium", 80, 64);
    config.rate_mode = AVOCET_RATE_QP;
    config.qp = 30;
    config.bframes = 3;
    AvocetEncoder *enc;
    AvocetPacket packet;
    int status, unused = 0, p = 0;
    CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    for (int n = 0; n <= 40; n++) {
        CHECK((n < 40 ? api_send(enc, n) : avocet_encoder_flush(enc)) == AVOCET_OK, "send");
        while ((status = avocet_encoder_receive(enc, &packet)) == AVOCET_OK) {
            AvocetNal nal;
            size_t pos = 0;
            while (avocet_nal_next(packet.data, packet.size, 0, &pos, &nal) == 1)
                if (nal.type == 1 || nal.type == 5)
                    CHECK(packet.is_reference == (nal.ref_idc > 0) &&
                              packet.keyframe == (nal.type == 5),
                          "picture %d: reference %d, keyframe %d", (int)packet.pts,
                          packet.is_reference, packet.keyframe);
            if (packet.type == AVOCET_TYPE_P)
                CHECK(packet.qp == 30, "picture %d: QP %d", (int)packet.pts, packet.qp);
            unused += !packet.is_reference;
            p += packet.type == AVOCET_TYPE_P;
        }
    }
    CHECK(status == AVOCET_END && unused > 4 && p > 4, "%d not referred to, %d P", unused, p);
    avocet_encoder_close(&enc);
}

/* Offsets of quality by region: the favoured half must come out better. */
static void test_region_of_interest(void)
{
    uint64_t error[2] = {0, 0};
    int8_t map[6 * 4];
    for (int i = 0; i < 24; i++)
        map[i] = (int8_t)(i % 6 < 3 ? -12 : 12);
    AvocetEncoderConfig config = api_config("fast", 96, 64);
    config.rate_mode = AVOCET_RATE_QP;
    config.qp = 30;
    config.bframes = 0;
    config.lookahead = 0;
    AvocetEncoder *enc;
    CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    uint8_t samples[96 * 64 * 3 / 2];
    for (int n = 0; n < 6; n++) {
        AvocetPicture picture, recon;
        AvocetPacket packet;
        api_draw(samples, AVOCET_FORMAT_I420, 96, 64, n);
        avocet_picture_init(&picture, AVOCET_FORMAT_I420, 96, 64, samples);
        picture.pts = n;
        picture.qp_offset = map;
        CHECK(avocet_encoder_send(enc, &picture) == AVOCET_OK, "%s", avocet_encoder_error(enc));
        while (avocet_encoder_receive(enc, &packet) == AVOCET_OK) {
            avocet_encoder_recon(enc, &recon);
            error[0] += luma_error(&recon, (int)packet.pts, 0, 48);
            error[1] += luma_error(&recon, (int)packet.pts, 48, 96);
        }
    }
    CHECK(error[0] * 2 < error[1], "left %d, right %d", (int)error[0], (int)error[1]);
    avocet_encoder_close(&enc);
}

static void test_wrong_open(void)
{
    AvocetEncoderConfig config = api_config("ultrafast", 48, 32);
    AvocetEncoder *enc;
    char message[256] = "";
    CHECK(avocet_encoder_open(&enc, NULL, NULL, message, sizeof message) == AVOCET_ERR_ARGUMENT &&
              !enc && message[0],
          "no config");
    CHECK(avocet_encoder_open(NULL, &config, NULL, NULL, 0) == AVOCET_ERR_ARGUMENT, "no handle");
    config.size = 4;
    CHECK(avocet_encoder_open(&enc, &config, NULL, message, sizeof message) ==
                  AVOCET_ERR_ARGUMENT &&
              !enc,
          "wrong size member");
    CHECK(strstr(message, "config.size") != NULL, "%s", message);
    config = api_config("ultrafast", 0, 0);
    CHECK(avocet_encoder_open(&enc, &config, NULL, message, sizeof message) ==
                  AVOCET_ERR_ARGUMENT &&
              !enc,
          "no picture size");
    CHECK(strstr(message, "size is not set") != NULL, "%s", message);
    config = api_config("ultrafast", 48, 32);
    config.crf = 9999;
    CHECK(avocet_encoder_open(&enc, &config, NULL, message, 10) == AVOCET_ERR_ARGUMENT && !enc,
          "crf");
    CHECK(strlen(message) == 9, "a short buffer is overrun or left open");
    config.crf = 2300;
    CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK && enc, "open");
    avocet_encoder_close(&enc);
    avocet_encoder_close(&enc);
    avocet_encoder_close(NULL);
}

static void check_wrong_pictures(AvocetEncoder *enc, const uint8_t *samples)
{
    AvocetPicture picture;
    CHECK(avocet_encoder_send(enc, NULL) == AVOCET_ERR_ARGUMENT, "no picture");
    avocet_picture_init(&picture, AVOCET_FORMAT_I420, 64, 32, samples);
    CHECK(avocet_encoder_send(enc, &picture) == AVOCET_ERR_ARGUMENT, "other width");
    CHECK(avocet_encoder_error(enc)[0], "no sentence about the error");
    avocet_picture_init(&picture, (AvocetFormat)99, 48, 32, samples);
    picture.format = (AvocetFormat)99;
    CHECK(avocet_encoder_send(enc, &picture) == AVOCET_ERR_ARGUMENT, "no such format");
    avocet_picture_init(&picture, AVOCET_FORMAT_I420, 48, 32, NULL);
    CHECK(avocet_encoder_send(enc, &picture) == AVOCET_ERR_ARGUMENT, "no planes");
}

/* Calls out of order and wrong pictures; good ones in between are coded. */
static void test_wrong_calls(void)
{
    AvocetEncoderConfig config = api_config("ultrafast", 48, 32);
    AvocetEncoder *enc;
    AvocetPacket packet;
    AvocetPicture picture;
    static const uint8_t samples[64 * 64 * 3];
    ApiStream s = {0};
    if (avocet_encoder_open(&enc, &config, NULL, NULL, 0) < 0) {
        CHECK(0, "open");
        return;
    }
    CHECK(avocet_encoder_receive(enc, &packet) == AVOCET_NEED_INPUT, "receive before send");
    CHECK(avocet_encoder_recon(enc, &picture) < 0, "reconstruction before any packet");
    check_wrong_pictures(enc, samples);
    avocet_picture_init(&picture, AVOCET_FORMAT_I420, 48, 32, samples);
    picture.pts = 5;
    CHECK(avocet_encoder_send(enc, &picture) == AVOCET_OK, "%s", avocet_encoder_error(enc));
    api_receive(enc, &s);
    CHECK(avocet_encoder_send(enc, &picture) == AVOCET_ERR_ARGUMENT, "the same pts again");
    picture.pts = 4;
    CHECK(avocet_encoder_send(enc, &picture) == AVOCET_ERR_ARGUMENT, "an earlier pts");
    picture.pts = 6;
    CHECK(avocet_encoder_send(enc, &picture) == AVOCET_OK, "it does not go on after errors");
    CHECK(avocet_encoder_flush(enc) == AVOCET_OK, "flush");
    picture.pts = 7;
    CHECK(avocet_encoder_send(enc, &picture) == AVOCET_ERR_STATE, "send after flush");
    CHECK(api_receive(enc, &s) == AVOCET_END && s.packets == 2, "%d packets", s.packets);
    CHECK(avocet_encoder_receive(enc, &packet) == AVOCET_END, "END stays");
    avocet_encoder_close(&enc);
    api_free(&s);
}

/* A caller that sends without receiving is told so, and nothing is lost. */
static void test_busy(void)
{
    AvocetEncoderConfig config = api_config("veryfast", 48, 32);
    AvocetEncoder *enc;
    ApiStream s = {0};
    int sent = 0, busy = 0;
    CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    while (sent < 120) {
        int status = api_send(enc, sent);
        if (status == AVOCET_ERR_BUSY) {
            busy++;
            CHECK(avocet_encoder_receive(enc, &(AvocetPacket){0}) == AVOCET_OK,
                  "busy without a packet");
            s.packets++;
            continue;
        }
        CHECK(status == AVOCET_OK, "%s", avocet_encoder_error(enc));
        sent++;
    }
    avocet_encoder_flush(enc);
    CHECK(api_receive(enc, &s) == AVOCET_END && s.packets == 120, "%d packets", s.packets);
    CHECK(busy > 0, "120 pictures fit in without a receive");
    avocet_encoder_close(&enc);
    api_free(&s);
}

static void test_headers_call(void)
{
    AvocetEncoderConfig config = api_config("veryfast", 48, 32);
    AvocetEncoder *enc;
    const uint8_t *data = NULL;
    size_t size = 0;
    CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    CHECK(avocet_encoder_headers(enc, &data, &size) == AVOCET_OK && size > 10, "headers");
    CHECK(size > 4 && memcmp(data, "\0\0\0\1\x67", 5) == 0, "they do not start with an SPS");
    CHECK(avocet_encoder_profile_idc(enc) == 100, "profile");
    CHECK(avocet_encoder_level_idc(enc) == 10, "level %d", avocet_encoder_level_idc(enc));
    const AvocetEncoderConfig *effective = avocet_encoder_config(enc);
    CHECK(effective->profile == AVOCET_PROFILE_HIGH && effective->level == 10,
          "settings in effect");
    CHECK(effective->time_base.num == 1 && effective->time_base.den == 25, "time base in effect");
    CHECK(avocet_encoder_adjustment(enc, 0) == NULL && avocet_encoder_adjustment(enc, -1) == NULL,
          "adjustments out of nothing");
    avocet_encoder_close(&enc);
}

/* Pictures of one stream may come in different formats; each is converted by its own. */
static void test_formats_in_turn(void)
{
    static const AvocetFormat formats[] = {AVOCET_FORMAT_I420, AVOCET_FORMAT_GRAY8,
                                           AVOCET_FORMAT_NV12, AVOCET_FORMAT_RGB565LE,
                                           AVOCET_FORMAT_YUYV};
    enum { W = 48, H = 32 };
    AvocetEncoderConfig config = api_config("ultrafast", W, H);
    config.rate_mode = AVOCET_RATE_QP;
    config.qp = 10;
    config.format = AVOCET_FORMAT_RGB565LE;
    static uint8_t samples[W * H * 2];
    AvocetEncoder *enc;
    CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    for (int n = 0; n < 10; n++) {
        AvocetFormat format = formats[n % 5];
        AvocetPicture picture, recon;
        AvocetPacket packet;
        int rgb = format == AVOCET_FORMAT_RGB565LE;
        memset(samples, rgb ? 0xff : 128, sizeof samples);
        if (format == AVOCET_FORMAT_GRAY8)
            memset(samples, 60, sizeof samples);
        avocet_picture_init(&picture, format, W, H, samples);
        picture.pts = n;
        CHECK(avocet_encoder_send(enc, &picture) == AVOCET_OK, "%s", avocet_encoder_error(enc));
        CHECK(avocet_encoder_receive(enc, &packet) == AVOCET_OK, "no packet");
        CHECK(packet.keyframe == (n == 0), "picture %d: keyframe %d", n, packet.keyframe);
        CHECK(avocet_encoder_recon(enc, &recon) == AVOCET_OK, "recon");
        int luma = recon.plane[0][0], wanted = rgb ? 235 : format == AVOCET_FORMAT_GRAY8 ? 60 : 128;
        int chroma = recon.plane[1][0];
        CHECK(abs(luma - wanted) <= 3 && abs(chroma - 128) <= 3, "format %d: %d %d", format, luma,
              chroma);
    }
    avocet_encoder_close(&enc);
}

int main(void)
{
    test_formats_in_turn();
    test_lengths();
    test_delay();
    test_force_keyframe();
    test_recon_and_psnr();
    test_packet_facts();
    test_region_of_interest();
    test_wrong_open();
    test_wrong_calls();
    test_busy();
    test_headers_call();
    return check_finish();
}
