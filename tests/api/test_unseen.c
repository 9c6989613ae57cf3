/* What lies outside the picture in its last macroblocks costs nothing: a texture that scrolls down,
 * so that all of the last row is to be found in the picture before, takes no more bits where half
 * of that row is cropped than where all of it is seen. */
#include "api.h"

enum { WIDTH = 128, SEEN = 72, WHOLE = 80, STEP = 3, PICTURES = 12 };

static uint8_t texture(int x, int y)
{
    uint32_t v = (uint32_t)(x / 2) * 73856093u ^ (uint32_t)((y + 4096) / 2) * 19349663u;
    return (uint8_t)(64 + (v * 2654435761u >> 25));
}

static void draw(uint8_t *samples, int height, int n)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < WIDTH; x++)
            samples[y * WIDTH + x] = texture(x, y - STEP * n);
    memset(samples + WIDTH * height, 128, (size_t)(WIDTH * height / 2));
}

/* Bytes of all pictures but the first. */
static size_t scroll(const char *preset, int bframes, int height)
{
    static uint8_t samples[WIDTH * WHOLE * 3 / 2];
    AvocetEncoder *enc;
    AvocetEncoderConfig config = api_config(preset, WIDTH, height);
    ApiStream s = {0};
    AvocetPicture picture;
    size_t first = 0;
    config.rate_mode = AVOCET_RATE_QP;
    config.qp = 26;
    config.bframes = bframes;
    CHECK(avocet_encoder_open(&enc, &config, NULL, NULL, 0) == AVOCET_OK, "open");
    if (!enc)
        return 0;
    for (int n = 0; n < PICTURES; n++) {
        draw(samples, height, n);
        avocet_picture_init(&picture, AVOCET_FORMAT_I420, WIDTH, height, samples);
        picture.pts = n;
        CHECK(avocet_encoder_send(enc, &picture) == AVOCET_OK, "%s", avocet_encoder_error(enc));
        api_receive(enc, &s);
    }
    avocet_encoder_flush(enc);
    CHECK(api_receive(enc, &s) == AVOCET_END, "%s", avocet_encoder_error(enc));
    avocet_encoder_close(&enc);
    CHECK(s.packets == PICTURES, "%d pictures", s.packets);
    for (size_t i = 4; i + 4 < s.size && !first; i++) /* the first slice that is not IDR's */
        if (!s.bytes[i] && !s.bytes[i + 1] && s.bytes[i + 2] == 1 && (s.bytes[i + 3] & 31) == 1)
            first = i;
    size_t rest = first ? s.size - first : 0;
    api_free(&s);
    return rest;
}

int main(void)
{
    static const struct {
        const char *preset;
        int bframes;
    } cases[] = {{"ultrafast", 0}, {"veryfast", 0}, {"veryfast", 3}, {"medium", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t seen = scroll(cases[i].preset, cases[i].bframes, SEEN);
        size_t whole = scroll(cases[i].preset, cases[i].bframes, WHOLE);
        CHECK(seen > 0 && whole > 0, "%s: nothing was coded", cases[i].preset);
        CHECK(seen <= whole + whole / 50, "%s, %d B pictures: %zu bytes cropped, %zu whole",
              cases[i].preset, cases[i].bframes, seen, whole);
    }
    return check_finish();
}
