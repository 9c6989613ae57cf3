/* Decodes an H.264 byte stream with the public decoder API and prints the MD5 of its pictures:
 * planes Y, Cb, Cr one after the other, cropped, in output order; 4:0:0 pictures get chroma planes
 * of 128, as the published sums have them. The partner of tests/conformance; also handy by itself.
 *
 *     decode_md5 [--chunk BYTES] [--whole] [--cpu MASK] [--threads N] [--yuv OUT] [--frames] STREAM
 *
 * Prints "MD5 pictures damaged errors last-status text". Exit status 0 when the stream was read to
 * its end, whatever it held; 2 for wrong usage or an unreadable file. */
#include <avocet/decoder.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "md5.h"

/* ---- decoding ---- */

typedef struct Job {
    const char *path, *yuv_path;
    size_t chunk;
    int per_frame;
    AvocetDecoderConfig config;

    Md5 md5;
    FILE *yuv;
    long pictures, damaged, errors;
    int last_status;
    char last_error[300];
} Job;

static void take_picture(Job *job, const AvocetDecodedPicture *out)
{
    static uint8_t grey[16384];
    const AvocetPicture *p = &out->picture;
    Md5 own;
    md5_init(&own);
    memset(grey, 128, sizeof grey);
    for (int c = 0; c < 3; c++) {
        int w = c ? (p->width + 1) / 2 : p->width, h = c ? (p->height + 1) / 2 : p->height;
        for (int y = 0; y < h; y++) {
            const uint8_t *row = p->plane[c] ? p->plane[c] + y * p->stride[c] : grey;
            md5_add(&job->md5, row, (size_t)w);
            if (job->per_frame)
                md5_add(&own, row, (size_t)w);
            if (job->yuv)
                fwrite(row, 1, (size_t)w, job->yuv);
        }
    }
    if (job->per_frame) {
        char hex[33];
        md5_end(&own, hex);
        printf("%ld %s poc %d type %d slices %d damaged %d\n", job->pictures, hex, out->poc,
               (int)p->type, out->slices, out->damaged_mbs);
    }
    job->pictures++;
    job->damaged += out->damaged_mbs > 0;
}

/* Receives until the decoder wants something. */
static void drain(Job *job, AvocetDecoder *dec)
{
    AvocetDecodedPicture out;
    for (;;) {
        int status = avocet_decoder_receive(dec, &out);
        if (status == AVOCET_OK) {
            take_picture(job, &out);
        } else if (status < 0) {
            job->errors++;
            job->last_status = status;
            snprintf(job->last_error, sizeof job->last_error, "%s", avocet_decoder_error(dec));
        } else {
            return;
        }
    }
}

static void decode(Job *job, const uint8_t *data, size_t size)
{
    AvocetDecoder *dec;
    char message[256];
    if (avocet_decoder_open(&dec, &job->config, NULL, message, sizeof message) < 0) {
        fprintf(stderr, "decode_md5: %s\n", message);
        exit(2);
    }
    size_t chunk = job->chunk ? job->chunk : size;
    for (size_t at = 0; at < size; at += chunk) {
        avocet_decoder_send(dec, data + at, size - at < chunk ? size - at : chunk, 0);
        drain(job, dec);
    }
    avocet_decoder_flush(dec);
    drain(job, dec);
    avocet_decoder_close(&dec);
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t capacity = 0;
    *size = 0;
    if (!f)
        return NULL;
    for (;;) {
        if (*size == capacity) {
            capacity = capacity ? 2 * capacity : 1 << 16;
            uint8_t *grown = realloc(data, capacity);
            if (!grown)
                break;
            data = grown;
        }
        size_t n = fread(data + *size, 1, capacity - *size, f);
        if (n == 0)
            break;
        *size += n;
    }
    fclose(f);
    return data;
}

static int usage(void)
{
    fputs("usage: decode_md5 [--chunk BYTES] [--whole] [--cpu MASK] [--threads N] [--frames]\n"
          "                  [--yuv OUT] STREAM\n",
          stderr);
    return 2;
}

static int parse_arguments(Job *job, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "--whole"))
            job->config.whole_units = 1;
        else if (!strcmp(argv[i], "--frames"))
            job->per_frame = 1;
        else if (!strcmp(argv[i], "--chunk") && next)
            job->chunk = (size_t)strtoul(argv[++i], NULL, 0);
        else if (!strcmp(argv[i], "--cpu") && next)
            job->config.cpu_mask = (uint32_t)strtoul(argv[++i], NULL, 0);
        else if (!strcmp(argv[i], "--threads") && next)
            job->config.threads = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--yuv") && next)
            job->yuv_path = argv[++i];
        else if (argv[i][0] != '-' && !job->path)
            job->path = argv[i];
        else
            return 0;
    }
    return job->path != NULL;
}

int main(int argc, char **argv)
{
    static Job job;
    size_t size;
    char hex[33];
    avocet_decoder_config_init(&job.config);
    if (!parse_arguments(&job, argc, argv))
        return usage();
    uint8_t *data = read_file(job.path, &size);
    if (!data) {
        fprintf(stderr, "decode_md5: cannot read %s\n", job.path);
        return 2;
    }
    if (job.yuv_path && !(job.yuv = fopen(job.yuv_path, "wb"))) {
        fprintf(stderr, "decode_md5: cannot write %s\n", job.yuv_path);
        return 2;
    }
    md5_init(&job.md5);
    decode(&job, data, size);
    md5_end(&job.md5, hex);
    printf("%s %ld %ld %ld %d %s\n", hex, job.pictures, job.damaged, job.errors, job.last_status,
           job.last_error[0] ? job.last_error : "-");
    if (job.yuv)
        fclose(job.yuv);
    free(data);
    return 0;
}
