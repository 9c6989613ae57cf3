/* Which kind of still, and the kind that needs no library: binary PPM (P6) and PGM (P5).
 * See still.h. */
#include "input/still.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Next number of a PNM header; comments run from # to the end of the line. -1: none. */
static long pnm_number(FILE *file)
{
    long v = 0;
    int c = getc(file);
    while (isspace(c) || c == '#') {
        if (c == '#')
            while (c != '\n' && c != EOF)
                c = getc(file);
        c = getc(file);
    }
    if (!isdigit(c))
        return -1;
    for (; isdigit(c) && v < 1000000; c = getc(file))
        v = v * 10 + (c - '0');
    return v;
}

static int load_pnm(const char *path, FILE *file, Still *still, Fault *fault)
{
    int grey = getc(file) == 'P' && getc(file) == '5';
    long w = pnm_number(file), h = pnm_number(file), max = pnm_number(file);
    if (w <= 0 || h <= 0 || w > 65535 || h > 65535)
        return fault_set(fault, "%s: the PPM header is damaged", path);
    if (max != 255)
        return fault_set(fault, "%s: only 8 bit PPM (maximum 255) can be read, this one has %ld",
                         path, max);
    size_t samples = (size_t)w * (size_t)h, size = samples * (grey ? 1 : 3);
    uint8_t *rgb = malloc(samples * 3);
    if (!rgb)
        return fault_set(fault, "%s: not enough memory for %ldx%ld", path, w, h);
    size_t got = fread(rgb, 1, size, file);
    if (got < size) {
        free(rgb);
        return fault_set(fault, "%s is cut short (%zu of %zu bytes of samples)", path, got, size);
    }
    for (size_t i = samples; grey && i-- > 0;)
        rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = rgb[i];
    *still = (Still){(int)w, (int)h, rgb};
    return 0;
}

int still_load(const char *path, Still *still, Fault *fault)
{
    FILE *file = fopen(path, "rb");
    uint8_t head[8] = {0};
    int status;
    if (!file)
        return fault_set(fault, "cannot open %s: %s", path, strerror(errno));
    size_t got = fread(head, 1, sizeof head, file);
    rewind(file);
    if (got >= 2 && head[0] == 'P' && (head[1] == '5' || head[1] == '6'))
        status = load_pnm(path, file, still, fault);
    else if (got == 8 && memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0)
        status = still_load_png(path, still, fault);
    else if (got >= 3 && head[0] == 0xff && head[1] == 0xd8 && head[2] == 0xff)
        status = still_load_jpeg(path, still, fault);
    else
        status = fault_set(fault, got ? "%s is not a PNG, JPEG, PPM or PGM picture" : "%s is empty",
                           path);
    fclose(file);
    return status;
}
