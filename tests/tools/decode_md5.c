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

/* ---- MD5 (RFC 1321) ---- */

typedef struct Md5 {
    uint32_t state[4];
    uint64_t size;
    uint8_t block[64];
} Md5;

static const uint8_t md5_shift[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
/* floor(2^32 * |sin(i + 1)|) */
static const uint32_t md5_sine[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

static void md5_init(Md5 *m)
{
    static const uint32_t start[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    memcpy(m->state, start, sizeof start);
    m->size = 0;
}

static void md5_block(Md5 *m, const uint8_t *p)
{
    uint32_t x[16], a = m->state[0], b = m->state[1], c = m->state[2], d = m->state[3];
    for (int i = 0; i < 16; i++)
        x[i] = (uint32_t)p[4 * i] | (uint32_t)p[4 * i + 1] << 8 | (uint32_t)p[4 * i + 2] << 16 |
               (uint32_t)p[4 * i + 3] << 24;
    for (int i = 0; i < 64; i++) {
        uint32_t f;
        int k;
        switch (i >> 4) {
        case 0:
            f = (b & c) | (~b & d), k = i;
            break;
        case 1:
            f = (d & b) | (~d & c), k = 5 * i + 1;
            break;
        case 2:
            f = b ^ c ^ d, k = 3 * i + 5;
            break;
        default:
            f = c ^ (b | ~d), k = 7 * i;
        }
        int s = md5_shift[(i >> 4) * 4 + (i & 3)];
        uint32_t t = a + f + md5_sine[i] + x[k & 15];
        a = d, d = c, c = b;
        b += t << s | t >> (32 - s);
    }
    m->state[0] += a, m->state[1] += b, m->state[2] += c, m->state[3] += d;
}

static void md5_add(Md5 *m, const uint8_t *p, size_t n)
{
    size_t used = m->size & 63;
    m->size += n;
    if (used) {
        size_t part = 64 - used < n ? 64 - used : n;
        memcpy(m->block + used, p, part);
        if (used + part < 64)
            return;
        md5_block(m, m->block);
        p += part, n -= part;
    }
    for (; n >= 64; p += 64, n -= 64)
        md5_block(m, p);
    memcpy(m->block, p, n);
}

static void md5_end(Md5 *m, char hex[33])
{
    static const uint8_t padding[64] = {0x80};
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(m->size * 8 >> 8 * i);
    md5_add(m, padding, ((119 - (m->size & 63)) & 63) + 1);
    md5_add(m, length, 8);
    for (int i = 0; i < 16; i++)
        sprintf(hex + 2 * i, "%02x", (unsigned)(m->state[i >> 2] >> 8 * (i & 3) & 255));
}

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
    fputs(
        "usage: decode_md5 [--chunk BYTES] [--whole] [--cpu MASK] [--threads N] [--yuv OUT] [--frames]\n"
        "                  STREAM\n",
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
