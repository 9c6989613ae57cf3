/* See still_writer.h. */
#include "still_writer.h"
#include <stdio.h>
#include <string.h>
#ifdef AVOCET_HAVE_PNG
#include <png.h>
#endif

int still_writer_wanted(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && strcmp(name + n - 4, ".png") == 0;
}

/* The number's place in a name like shot%04d.png: where it starts, how long it is, how many digits
 * it wants. False: there is none. */
static int find_number(const char *name, size_t *at, size_t *length, int *digits)
{
    const char *p = strchr(name, '%');
    if (!p)
        return 0;
    size_t n = 1;
    *digits = 0;
    while (p[n] >= '0' && p[n] <= '9' && *digits < 10)
        *digits = *digits * 10 + (p[n++] - '0');
    if (p[n] != 'd' || *digits > 20)
        return 0;
    *at = (size_t)(p - name);
    *length = n + 1;
    return 1;
}

int still_writer_check_name(const char *name, Fault *fault)
{
    size_t at, length;
    int digits;
    if (strchr(name, '%') &&
        (!find_number(name, &at, &length, &digits) || strchr(name + at + length, '%')))
        return fault_set(fault, "%s: one number like %%04d is possible in it", name);
#ifdef AVOCET_HAVE_PNG
    return 0;
#else
    return fault_set(
        fault,
        "cannot write %s: this build has no PNG (it needs libpng; Debian: libpng-dev); "
        "write .y4m",
        name);
#endif
}

#ifdef AVOCET_HAVE_PNG
static int write_png(const char *path, const Canvas *canvas, Fault *fault)
{
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = (png_uint_32)canvas->width;
    image.height = (png_uint_32)canvas->height;
    image.format = PNG_FORMAT_RGB;
    if (!png_image_write_to_file(&image, path, 0, canvas->rgb, 0, NULL))
        return fault_set(fault, "cannot write %s: %s", path, image.message);
    return 0;
}
#else
static int write_png(const char *path, const Canvas *canvas, Fault *fault)
{
    (void)canvas;
    return still_writer_check_name(path, fault);
}
#endif

int still_writer_add(const char *name, int64_t number, const Canvas *canvas, Fault *fault)
{
    char path[4096];
    size_t at, length;
    int digits;
    if (!find_number(name, &at, &length, &digits)) {
        if (number > 1)
            return fault_set(fault, "%s holds one picture; a name like shot%%04d.png or --frames 1",
                             name);
        return write_png(name, canvas, fault);
    }
    int n = snprintf(path, sizeof path, "%.*s%0*lld%s", (int)at, name, digits, (long long)number,
                     name + at + length);
    if (n < 0 || (size_t)n >= sizeof path)
        return fault_set(fault, "%s is too long", name);
    return write_png(path, canvas, fault);
}
