/* PNG through libpng's simplified interface; transparent parts become black. See still.h. */
#include "input/still.h"

#ifdef AVOCET_HAVE_PNG
#include <png.h>
#include <stdlib.h>
#include <string.h>

int still_has_png(void)
{
    return 1;
}

int still_load_png(const char *path, Still *still, Fault *fault)
{
    png_image image;
    png_color black = {0, 0, 0};
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_file(&image, path))
        return fault_set(fault, "%s: %s", path, image.message);
    if (image.width > 65535 || image.height > 65535) {
        png_image_free(&image);
        return fault_set(fault, "%s: %ux%u is too large", path, image.width, image.height);
    }
    image.format = PNG_FORMAT_RGB;
    uint8_t *rgb = malloc(PNG_IMAGE_SIZE(image));
    if (!rgb) {
        png_image_free(&image);
        return fault_set(fault, "%s: not enough memory", path);
    }
    if (!png_image_finish_read(&image, &black, rgb, 0, NULL)) {
        free(rgb);
        return fault_set(fault, "%s: %s", path, image.message);
    }
    *still = (Still){(int)image.width, (int)image.height, rgb};
    return 0;
}
#else
int still_has_png(void)
{
    return 0;
}

int still_load_png(const char *path, Still *still, Fault *fault)
{
    (void)still;
    return fault_set(
        fault,
        "%s: this build cannot read PNG (it needs libpng; Debian: libpng-dev); convert to PPM",
        path);
}
#endif
