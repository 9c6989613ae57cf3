/* See recon.h. Two queues: timestamps in display order,
 * and pictures that came before their turn. */
#include "recon.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Waiting {
    int64_t pts;
    uint8_t *samples; /* tightly packed */
} Waiting;

struct Recon {
    FILE *file;
    const char *name;
    AvocetRational fps, sar;
    int full_range;
    int started; /* the header is written, with format and size of the first picture */
    AvocetFormat format;
    int width, height;
    int64_t *order; /* pts in display order, [order_first, order_end) are still to come */
    size_t order_first, order_end, order_capacity;
    Waiting *waiting;
    size_t waiting_count, waiting_capacity;
};

Recon *recon_open(const char *name, const AvocetEncoderConfig *config, Fault *fault)
{
    Recon *r = calloc(1, sizeof *r);
    if (!r) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    r->name = name;
    r->fps = config->fps;
    r->sar = (AvocetRational){config->sar_width, config->sar_height};
    r->full_range = config->full_range;
    r->file = strcmp(name, "-") ? fopen(name, "wb") : stdout;
    if (!r->file) {
        fault_set(fault, "cannot create %s: %s", name, strerror(errno));
        free(r);
        return NULL;
    }
    return r;
}

/* Makes room for one more element. */
static int grow(void **array, size_t *capacity, size_t count, size_t element)
{
    if (count < *capacity)
        return 0;
    size_t more = *capacity ? *capacity * 2 : 16;
    void *p = realloc(*array, more * element);
    if (!p)
        return -1;
    *array = p;
    *capacity = more;
    return 0;
}

int recon_expect(Recon *r, int64_t pts, Fault *fault)
{
    if (r->order_first > 1024 && r->order_first * 2 > r->order_end) { /* drop what is done */
        r->order_end -= r->order_first;
        memmove(r->order, r->order + r->order_first, r->order_end * sizeof *r->order);
        r->order_first = 0;
    }
    if (grow((void **)&r->order, &r->order_capacity, r->order_end, sizeof *r->order) < 0)
        return fault_set(fault, "not enough memory");
    r->order[r->order_end++] = pts;
    return 0;
}

static int fail_write(const Recon *r, Fault *fault)
{
    return fault_set(fault, "cannot write %s: %s", r->name, strerror(errno));
}

static int write_header(Recon *r, const AvocetPicture *picture, Fault *fault)
{
    r->format = picture->format;
    r->width = picture->width;
    r->height = picture->height;
    r->started = 1;
    int n = fprintf(
        r->file, "YUV4MPEG2 W%d H%d F%d:%d Ip A%d:%d C%s XCOLORRANGE=%s\n", r->width, r->height,
        r->fps.num, r->fps.den, r->sar.num ? r->sar.num : 1, r->sar.den ? r->sar.den : 1,
        r->format == AVOCET_FORMAT_GRAY8 ? "mono" : "420mpeg2", r->full_range ? "FULL" : "LIMITED");
    return n < 0 ? fail_write(r, fault) : 0;
}

static int write_samples(Recon *r, const uint8_t *samples, Fault *fault)
{
    size_t size = avocet_format_size(r->format, r->width, r->height);
    if (fputs("FRAME\n", r->file) < 0 || fwrite(samples, 1, size, r->file) != size)
        return fail_write(r, fault);
    return 0;
}

static void pack(uint8_t *to, const AvocetPicture *picture)
{
    for (int p = 0; p < (picture->format == AVOCET_FORMAT_GRAY8 ? 1 : 3); p++) {
        int w = p ? (picture->width + 1) / 2 : picture->width;
        int h = p ? (picture->height + 1) / 2 : picture->height;
        for (int y = 0; y < h; y++, to += w)
            memcpy(to, picture->plane[p] + y * picture->stride[p], (size_t)w);
    }
}

/* Writes everything whose turn has come. */
static int write_ready(Recon *r, Fault *fault)
{
    for (size_t i = 0; i < r->waiting_count && r->order_first < r->order_end;) {
        if (r->waiting[i].pts != r->order[r->order_first]) {
            i++;
            continue;
        }
        uint8_t *samples = r->waiting[i].samples;
        r->waiting[i] = r->waiting[--r->waiting_count];
        r->order_first++;
        int status = write_samples(r, samples, fault);
        free(samples);
        if (status < 0)
            return -1;
        i = 0;
    }
    return 0;
}

int recon_add(Recon *r, int64_t pts, const AvocetPicture *picture, Fault *fault)
{
    if (!r->started && write_header(r, picture, fault) < 0)
        return -1;
    if (picture->width != r->width || picture->height != r->height || picture->format != r->format)
        return fault_set(fault, "%s: the size of the reconstruction changed", r->name);
    uint8_t *samples = malloc(avocet_format_size(r->format, r->width, r->height));
    if (!samples || grow((void **)&r->waiting, &r->waiting_capacity, r->waiting_count,
                         sizeof *r->waiting) < 0) {
        free(samples);
        return fault_set(fault, "not enough memory");
    }
    pack(samples, picture);
    r->waiting[r->waiting_count++] = (Waiting){pts, samples};
    return write_ready(r, fault);
}

int recon_close(Recon *r, Fault *fault)
{
    int status = fflush(r->file) != 0 ? fail_write(r, fault) : 0;
    if (r->file != stdout && fclose(r->file) != 0 && status == 0)
        status = fail_write(r, fault);
    for (size_t i = 0; i < r->waiting_count; i++)
        free(r->waiting[i].samples);
    free(r->waiting);
    free(r->order);
    free(r);
    return status;
}
