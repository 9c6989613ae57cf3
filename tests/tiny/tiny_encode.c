/* Codes a file of raw pictures with the encoder for small machines; what the tests run.
 *
 *     tiny_encode IN WIDTHxHEIGHT OUT.264 [--recon OUT.yuv] [--frames N] [--formats a,b]
 * [NAME=VALUE ...]
 *
 * --formats: the pictures' formats in turn; IN holds them one after the other. Prints bytes of
 * memory, and bytes and QP of each picture with --verbose. */
#include <avocet/avocet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "tiny_encode: %s: %s\n", what, why);
    exit(1);
}

static void *need(void *p)
{
    if (!p)
        fail("memory or file", "not to be had");
    return p;
}

static void write_recon(AvocetEncoder *enc, FILE *out)
{
    AvocetPicture p;
    if (avocet_encoder_recon(enc, &p) < 0)
        fail("recon", avocet_encoder_error(enc));
    for (int i = 0; i < 3; i++)
        for (int y = 0; y < p.height >> (i > 0); y++)
            fwrite(p.plane[i] + y * p.stride[i], 1, (size_t)(p.width >> (i > 0)), out);
}

int main(int argc, char **argv)
{
    AvocetEncoderConfig config;
    char message[256] = "", *formats = NULL;
    const char *recon_name = NULL;
    long frames = -1;
    int verbose = 0;
    if (argc < 4)
        fail("usage", "tiny_encode IN SIZE OUT [options]");
    avocet_encoder_config_init(&config, NULL, NULL);
    if (avocet_encoder_config_set(&config, "size", argv[2], message, sizeof message) < 0)
        fail(argv[2], message);
    for (int i = 4; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!strcmp(argv[i], "--recon") && i + 1 < argc) {
            recon_name = argv[++i];
        } else if (!strcmp(argv[i], "--frames") && i + 1 < argc) {
            frames = atol(argv[++i]);
        } else if (!strcmp(argv[i], "--formats") && i + 1 < argc) {
            formats = argv[++i];
        } else if (!strcmp(argv[i], "--verbose")) {
            verbose = 1;
        } else if (value) {
            *value = '\0';
            if (avocet_encoder_config_set(&config, argv[i], value + 1, message, sizeof message) < 0)
                fail(argv[i], message);
        } else {
            fail(argv[i], "unknown");
        }
    }
    AvocetFormat turn[8] = {config.format};
    int turns = 1;
    if (formats)
        for (turns = 0; turns < 8 && *formats; turns++) {
            size_t n = strcspn(formats, ",");
            char name[16] = "";
            memcpy(name, formats, n < 15 ? n : 15);
            int format = avocet_format_find(name);
            if (format < 0)
                fail(name, "no such format");
            turn[turns] = (AvocetFormat)format;
            formats += n + (formats[n] == ',');
        }
    size_t bytes;
    if (avocet_encoder_memory(&config, &bytes, message, sizeof message) < 0)
        fail("settings", message);
    void *memory = need(malloc(bytes + 64));
    AvocetEncoder *enc;
    if (avocet_encoder_open_in(&enc, &config, memory, bytes + 64, message, sizeof message) < 0)
        fail("open", message);
    for (int i = 0; avocet_encoder_adjustment(enc, i); i++)
        fprintf(stderr, "%s\n", avocet_encoder_adjustment(enc, i));
    FILE *in = need(fopen(argv[1], "rb")), *out = need(fopen(argv[3], "wb"));
    FILE *recon = recon_name ? need(fopen(recon_name, "wb")) : NULL;
    size_t largest = avocet_format_size(AVOCET_FORMAT_RGBA, config.width, config.height);
    uint8_t *samples = need(malloc(largest));
    long n = 0;
    for (; n != frames; n++) {
        AvocetFormat format = turn[n % turns];
        size_t size = avocet_format_size(format, config.width, config.height);
        AvocetPicture picture;
        AvocetPacket packet;
        if (fread(samples, 1, size, in) != size)
            break;
        avocet_picture_init(&picture, format, config.width, config.height, samples);
        picture.pts = n;
        if (avocet_encoder_send(enc, &picture) < 0 ||
            avocet_encoder_receive(enc, &packet) != AVOCET_OK)
            fail("encode", avocet_encoder_error(enc));
        fwrite(packet.data, 1, packet.size, out);
        if (recon)
            write_recon(enc, recon);
        if (verbose)
            printf("%ld %s %lu QP %d\n", n, packet.keyframe ? "I" : "P", (unsigned long)packet.size,
                   packet.qp);
    }
    printf("%lu bytes of memory, %ld pictures\n", (unsigned long)bytes, n);
    avocet_encoder_close(&enc);
    free(samples);
    free(memory);
    if (fclose(out) || fclose(in) || (recon && fclose(recon)))
        fail("file", "cannot be written");
    return 0;
}
