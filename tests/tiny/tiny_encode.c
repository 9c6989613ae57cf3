/* Codes a file of raw pictures with the encoder for small machines; what the tests run.
 *
 *     tiny_encode IN WIDTHxHEIGHT OUT.264 [--recon OUT.yuv] [--frames N] [--formats a,b]
 *                 [--verbose] [NAME=VALUE ...]
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

typedef struct Job {
    const char *in_name, *out_name, *recon_name;
    long frames; /* -1: all */
    int verbose;
    AvocetEncoderConfig config;
    AvocetFormat turn[8];
    int turns;
    FILE *in, *out, *recon;
    size_t bytes;
    void *memory;
    AvocetEncoder *enc;
} Job;

static void set(Job *job, const char *name, const char *value)
{
    char message[256];
    if (avocet_encoder_config_set(&job->config, name, value, message, sizeof message) < 0)
        fail(name, message);
}

static void read_formats(Job *job, const char *list)
{
    for (job->turns = 0; job->turns < 8 && *list; job->turns++) {
        size_t n = strcspn(list, ",");
        char name[16] = "";
        memcpy(name, list, n < 15 ? n : 15);
        int format = avocet_format_find(name);
        if (format < 0)
            fail(name, "no such format");
        job->turn[job->turns] = (AvocetFormat)format;
        list += n + (list[n] == ',');
    }
}

static void read_words(Job *job, int argc, char **argv)
{
    const char *formats = NULL;
    if (argc < 4)
        fail("usage", "tiny_encode IN SIZE OUT [options]");
    job->in_name = argv[1];
    job->out_name = argv[3];
    job->frames = -1;
    avocet_encoder_config_init(&job->config, NULL, NULL);
    set(job, "size", argv[2]);
    for (int i = 4; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!strcmp(argv[i], "--recon") && i + 1 < argc) {
            job->recon_name = argv[++i];
        } else if (!strcmp(argv[i], "--frames") && i + 1 < argc) {
            job->frames = atol(argv[++i]);
        } else if (!strcmp(argv[i], "--formats") && i + 1 < argc) {
            formats = argv[++i];
        } else if (!strcmp(argv[i], "--verbose")) {
            job->verbose = 1;
        } else if (value) {
            *value = '\0';
            set(job, argv[i], value + 1);
        } else {
            fail(argv[i], "unknown");
        }
    }
    job->turn[0] = job->config.format;
    job->turns = 1;
    if (formats)
        read_formats(job, formats);
}

static void open_all(Job *job)
{
    char message[256] = "";
    if (avocet_encoder_memory(&job->config, &job->bytes, message, sizeof message) < 0)
        fail("settings", message);
    job->memory = need(malloc(job->bytes + 64));
    if (avocet_encoder_open_in(&job->enc, &job->config, job->memory, job->bytes + 64, message,
                               sizeof message) < 0)
        fail("open", message);
    for (int i = 0; avocet_encoder_adjustment(job->enc, i); i++)
        fprintf(stderr, "%s\n", avocet_encoder_adjustment(job->enc, i));
    job->in = need(fopen(job->in_name, "rb"));
    job->out = need(fopen(job->out_name, "wb"));
    job->recon = job->recon_name ? need(fopen(job->recon_name, "wb")) : NULL;
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

static void code_picture(Job *job, long n, AvocetFormat format, const uint8_t *samples)
{
    AvocetPicture picture;
    AvocetPacket packet;
    avocet_picture_init(&picture, format, job->config.width, job->config.height, samples);
    picture.pts = n;
    if (avocet_encoder_send(job->enc, &picture) < 0 ||
        avocet_encoder_receive(job->enc, &packet) != AVOCET_OK)
        fail("encode", avocet_encoder_error(job->enc));
    fwrite(packet.data, 1, packet.size, job->out);
    if (job->recon)
        write_recon(job->enc, job->recon);
    if (job->verbose)
        printf("%ld %s %lu QP %d\n", n, packet.keyframe ? "I" : "P", (unsigned long)packet.size,
               packet.qp);
}

int main(int argc, char **argv)
{
    static Job job;
    read_words(&job, argc, argv);
    open_all(&job);
    int width = job.config.width, height = job.config.height;
    uint8_t *samples = need(malloc(avocet_format_size(AVOCET_FORMAT_RGBA, width, height)));
    long n = 0;
    for (; n != job.frames; n++) {
        AvocetFormat format = job.turn[n % job.turns];
        size_t size = avocet_format_size(format, width, height);
        if (fread(samples, 1, size, job.in) != size)
            break;
        code_picture(&job, n, format, samples);
    }
    printf("%lu bytes of memory, %ld pictures\n", (unsigned long)job.bytes, n);
    avocet_encoder_close(&job.enc);
    free(samples);
    free(job.memory);
    if (fclose(job.out) || fclose(job.in) || (job.recon && fclose(job.recon)))
        fail("file", "cannot be written");
    return 0;
}
