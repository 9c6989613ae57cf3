/* What is lost is made up and reported: slices that never came, slices with broken data, reference
 * pictures that never came, streams that start in the middle. */
#include "decode_api.h"
#include <avocet/mux.h>

enum { SLICES = 4, WIDTH = 64, HEIGHT = 128, MBS = (WIDTH / 16) * (HEIGHT / 16) };

/* The stream without NAL units that `drop` names by their number among the slices. */
static size_t without_slices(uint8_t *to, const ApiStream *s, int (*drop)(int slice))
{
    AvocetNal nal;
    size_t at = 0, size = 0;
    int slice = 0;
    static const uint8_t code[4] = {0, 0, 0, 1};
    while (avocet_nal_next(s->bytes, s->size, 0, &at, &nal) > 0) {
        int is_slice = nal.type == 1 || nal.type == 5;
        if (is_slice && drop(slice++))
            continue;
        memcpy(to + size, code, 4);
        memcpy(to + size + 4, nal.data, nal.size);
        size += 4 + nal.size;
    }
    return size;
}

static AvocetEncoderConfig plain_config(void)
{
    AvocetEncoderConfig config = api_config("fast", WIDTH, HEIGHT);
    config.slices = SLICES;
    config.bframes = 0;
    config.keyint = 100;
    config.scenecut = 0;
    return config;
}

static Pictures decode_without(const Coded *c, int (*drop)(int slice))
{
    uint8_t *bytes = malloc(c->stream.size + 1000);
    size_t size = without_slices(bytes, &c->stream, drop);
    Pictures all = decode(NULL, bytes, size, size);
    free(bytes);
    return all;
}

static int drop_nothing(int slice)
{
    return slice < 0;
}

static int drop_one_slice(int slice)
{
    return slice == 5 * SLICES + 2;
}

static int drop_picture(int slice)
{
    return slice / SLICES == 6;
}

static int drop_first_pictures(int slice)
{
    return slice < 3 * SLICES;
}

/* One slice of a P picture: its macroblocks are copied, the rest of the picture is as it was, the
 * pictures before are not touched. */
static void test_missing_slice(void)
{
    AvocetEncoderConfig config = plain_config();
    Coded c = encode(&config);
    Pictures whole = decode_without(&c, drop_nothing), lossy = decode_without(&c, drop_one_slice);
    CHECK(whole.count == N && whole.damaged == 0 && whole.errors == 0, "whole");
    CHECK(lossy.count == N && lossy.errors == 0, "%d pictures, %s", lossy.count, lossy.text);
    CHECK(lossy.damaged == MBS / SLICES && lossy.damaged_pictures == 1 && lossy.lost_frames == 0,
          "%d macroblocks of %d pictures made up", lossy.damaged, lossy.damaged_pictures);
    for (int n = 0; n < 5; n++)
        CHECK(lossy.hash[n] == whole.hash[n], "picture %d", n);
    CHECK(lossy.hash[5] != whole.hash[5], "nothing was lost?");
    api_free(&c.stream);
}

/* Luma of picture `wanted` of a stream. */
static void decode_luma(const uint8_t *bytes, size_t size, int wanted, uint8_t *luma)
{
    AvocetDecoder *dec;
    AvocetDecodedPicture out;
    int n = 0, status;
    CHECK(avocet_decoder_open(&dec, NULL, NULL, NULL, 0) == AVOCET_OK, "open");
    CHECK(avocet_decoder_send(dec, bytes, size, 0) == AVOCET_OK, "send");
    while ((status = avocet_decoder_receive(dec, &out)) != AVOCET_END) {
        if (status == AVOCET_NEED_INPUT)
            avocet_decoder_flush(dec);
        else if (n++ == wanted)
            for (int y = 0; y < HEIGHT; y++)
                memcpy(luma + y * WIDTH, out.picture.plane[0] + y * out.picture.stride[0], WIDTH);
    }
    avocet_decoder_close(&dec);
}

/* What stands in for the slice is the picture before, and the loop filter leaves it alone, but for
 * the three rows that the slice below reaches. */
static void test_stand_in(void)
{
    enum { FIRST = 2 * HEIGHT / SLICES, END = 3 * HEIGHT / SLICES - 3 };
    static uint8_t before[WIDTH * HEIGHT], lossy[WIDTH * HEIGHT];
    AvocetEncoderConfig config = plain_config();
    Coded c = encode(&config);
    uint8_t *bytes = malloc(c.stream.size + 1000);
    size_t size = without_slices(bytes, &c.stream, drop_one_slice);
    decode_luma(bytes, size, 4, before);
    decode_luma(bytes, size, 5, lossy);
    for (int y = FIRST; y < END; y++)
        CHECK(!memcmp(before + y * WIDTH, lossy + y * WIDTH, WIDTH), "row %d is not copied", y);
    CHECK(memcmp(before, lossy, WIDTH * FIRST), "nothing moves");
    free(bytes);
    api_free(&c.stream);
}

/* A reference picture that never came shows by its number. */
static void test_missing_picture(void)
{
    AvocetEncoderConfig config = plain_config();
    Coded c = encode(&config);
    Pictures lossy = decode_without(&c, drop_picture);
    CHECK(lossy.count == N - 1 && lossy.damaged == 0, "%d pictures", lossy.count);
    CHECK(lossy.lost_frames == 1 && lossy.missing_refs >= 1, "%d lost, %d missing",
          lossy.lost_frames, lossy.missing_refs);
    api_free(&c.stream);
}

/* A stream that starts in the middle: a grey picture stands for what was before. */
static void test_late_start(void)
{
    AvocetEncoderConfig config = plain_config();
    Coded c = encode(&config);
    Pictures lossy = decode_without(&c, drop_first_pictures);
    CHECK(lossy.count == N - 3 && lossy.missing_refs >= 1,
          "%d pictures, %d with missing references", lossy.count, lossy.missing_refs);
    api_free(&c.stream);
}

/* Slice data that breaks off: macroblocks before that place stay, the others are made up; the error
 * says where. */
static void test_broken_data(void)
{
    for (int cabac = 0; cabac < 2; cabac++) {
        AvocetEncoderConfig config = plain_config();
        config.cabac = cabac;
        config.slices = 1;
        config.qp = 20;
        config.rate_mode = AVOCET_RATE_QP;
        Coded c = encode(&config);
        Pictures whole = decode(NULL, c.stream.bytes, c.stream.size, c.stream.size);
        size_t at = 0;
        for (int n = 0; n < 8; n++)
            at += c.packet_size[n];
        /* The last third of picture 7 never came. */
        size_t cut = c.packet_size[7] / 3;
        memmove(c.stream.bytes + at - cut, c.stream.bytes + at, c.stream.size - at);
        Pictures broken = decode(NULL, c.stream.bytes, c.stream.size - cut, c.stream.size);
        CHECK(broken.count == N, "cabac %d: %d pictures", cabac, broken.count);
        CHECK(broken.errors == 1 && broken.last_error == AVOCET_ERR_DATA &&
                  strstr(broken.text, "damaged at macroblock"),
              "cabac %d: %d errors, %s", cabac, broken.errors, broken.text);
        CHECK(broken.damaged > 0 && broken.damaged < MBS && broken.damaged_pictures == 1,
              "cabac %d: %d macroblocks made up", cabac, broken.damaged);
        for (int n = 0; n < 7; n++)
            CHECK(broken.hash[n] == whole.hash[n], "cabac %d: picture %d", cabac, n);
        api_free(&c.stream);
    }
}

int main(void)
{
    test_missing_slice();
    test_stand_in();
    test_missing_picture();
    test_late_start();
    test_broken_data();
    return check_finish();
}
