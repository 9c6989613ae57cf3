/* The example at the head of avocet/encoder.h, as it stands there, in a program that runs. */
#include "api.h"

static size_t written;

static void write_bytes(const uint8_t *data, size_t size)
{
    CHECK(data && size > 4, "an empty packet");
    written += size;
}

static int example(const AvocetPicture *pictures, int count)
{
    char message[200];
    AvocetPacket packet;

    AvocetEncoderConfig config;
    avocet_encoder_config_init(&config, "medium", NULL);
    config.width = 640;
    config.height = 360;
    config.fps = (AvocetRational){30, 1};
    AvocetEncoder *enc;
    if (avocet_encoder_open(&enc, &config, NULL, message, sizeof message) < 0)
        return -1;
    for (int i = 0; i < count; i++) {
        avocet_encoder_send(enc, &pictures[i]);
        while (avocet_encoder_receive(enc, &packet) == AVOCET_OK)
            write_bytes(packet.data, packet.size);
    }
    avocet_encoder_flush(enc);
    while (avocet_encoder_receive(enc, &packet) == AVOCET_OK)
        write_bytes(packet.data, packet.size);
    avocet_encoder_close(&enc);
    return 0;
}

int main(void)
{
    enum { COUNT = 3 };
    static uint8_t samples[COUNT][640 * 360 * 3 / 2];
    AvocetPicture pictures[COUNT];
    for (int i = 0; i < COUNT; i++) {
        api_draw(samples[i], AVOCET_FORMAT_I420, 640, 360, i);
        avocet_picture_init(&pictures[i], AVOCET_FORMAT_I420, 640, 360, samples[i]);
        pictures[i].pts = i;
    }
    CHECK(example(pictures, COUNT) == 0 && written > 1000, "%d bytes", (int)written);
    return check_finish();
}
