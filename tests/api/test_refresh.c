/* Intra refresh: a decoder that starts at a recovery point shows, one sweep later, exactly what it
 * would show had it seen everything before. Nothing in the swept columns may come from the others:
 * vectors, intra prediction and the loop filter at their border all could bring it. */
#include "api.h"

enum { WIDTH = 112, HEIGHT = 64, PICTURES = 40, LUMA = WIDTH * HEIGHT };

typedef struct Coded {
    uint8_t *data;
    size_t size;
    uint8_t recon[LUMA];
} Coded;

static Coded coded[PICTURES];
static uint8_t headers[512];
static size_t header_bytes;

/* Texture without repetition that moves to the left, so that what the next picture looks like
 * stands to the right, where nothing is swept yet. */
static void draw(uint8_t *samples, int n)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            uint32_t v = (uint32_t)(x + 5 * n) / 3 * 73856093u ^ (uint32_t)(y + n) / 3 * 19349663u;
            samples[y * WIDTH + x] = (uint8_t)(64 + (v * 2654435761u >> 25));
        }
    memset(samples + LUMA, 128, LUMA / 2);
}

static void keep(AvocetEncoder *enc, const AvocetPacket *packet)
{
    Coded *c = &coded[packet->pts];
    AvocetPicture recon;
    c->data = malloc(packet->size);
    c->size = packet->size;
    memcpy(c->data, packet->data, packet->size);
    CHECK(avocet_encoder_recon(enc, &recon) == AVOCET_OK, "%s", avocet_encoder_error(enc));
    for (int y = 0; y < HEIGHT; y++)
        memcpy(c->recon + y * WIDTH, recon.plane[0] + y * recon.stride[0], WIDTH);
}

static void encode(const char *preset, int keyint)
{
    static uint8_t samples[LUMA * 3 / 2];
    AvocetEncoderConfig config = api_config(preset, WIDTH, HEIGHT);
    AvocetEncoder *enc;
    AvocetPacket packet;
    const uint8_t *data;
    config.intra_refresh = 1;
    config.keyint = keyint;
    CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    CHECK(avocet_encoder_headers(enc, &data, &header_bytes) == AVOCET_OK &&
              header_bytes <= sizeof headers,
          "headers");
    memcpy(headers, data, header_bytes);
    for (int n = 0; n <= PICTURES; n++) {
        AvocetPicture picture;
        draw(samples, n);
        avocet_picture_init(&picture, AVOCET_FORMAT_I420, WIDTH, HEIGHT, samples);
        picture.pts = n;
        CHECK((n < PICTURES ? avocet_encoder_send(enc, &picture) : avocet_encoder_flush(enc)) ==
                  AVOCET_OK,
              "%s", avocet_encoder_error(enc));
        while (avocet_encoder_receive(enc, &packet) == AVOCET_OK)
            keep(enc, &packet);
    }
    avocet_encoder_close(&enc);
}

/* SEI with a payload of type 6 (D.1.8). */
static int is_recovery_point(const Coded *c)
{
    AvocetNal nal;
    size_t pos = 0;
    while (avocet_nal_next(c->data, c->size, 0, &pos, &nal) == 1)
        if (nal.type == 6 && nal.size > 2 && nal.data[1] == 6)
            return 1;
    return 0;
}

static void compare(const AvocetPicture *shown, int first_clean)
{
    int n = (int)shown->pts, wrong = 0;
    if (n < first_clean)
        return;
    for (int y = 0; y < HEIGHT; y++)
        wrong +=
            memcmp(coded[n].recon + y * WIDTH, shown->plane[0] + y * shown->stride[0], WIDTH) != 0;
    CHECK(wrong == 0, "picture %d, clean from %d on: %d rows differ", n, first_clean, wrong);
}

/* Decodes from picture `start` on; those from first_clean on must be right. Returns how many. */
static int decode_from(int start, int first_clean)
{
    AvocetDecoderConfig config;
    AvocetDecoder *dec;
    AvocetDecodedPicture out;
    int status, right = 0;
    avocet_decoder_config_init(&config);
    config.whole_units = 1;
    CHECK(avocet_decoder_open(&dec, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    for (int n = start - 1; n <= PICTURES; n++) {
        if (n == PICTURES)
            avocet_decoder_flush(dec);
        else if (n < start)
            avocet_decoder_send(dec, headers, header_bytes, 0);
        else
            avocet_decoder_send(dec, coded[n].data, coded[n].size, n);
        while ((status = avocet_decoder_receive(dec, &out)) != AVOCET_NEED_INPUT &&
               status != AVOCET_END)
            if (status == AVOCET_OK) {
                compare(&out.picture, first_clean);
                right += out.picture.pts >= first_clean;
            }
    }
    avocet_decoder_close(&dec);
    return right;
}

static void test_recovery(const char *preset, int keyint)
{
    int points = 0;
    encode(preset, keyint);
    for (int n = 1; n + keyint < PICTURES; n++) {
        if (!is_recovery_point(&coded[n]))
            continue;
        points++;
        CHECK(decode_from(n, n + keyint) == PICTURES - n - keyint, "%s: from %d", preset, n);
    }
    CHECK(points >= 2, "%s: %d recovery points", preset, points);
    for (int n = 0; n < PICTURES; n++)
        free(coded[n].data);
}

int main(void)
{
    static const char *const presets[] = {"ultrafast", "veryfast", "medium", "slow"};
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++) {
        test_recovery(presets[i], 7);
        test_recovery(presets[i], 13);
    }
    return check_finish();
}
