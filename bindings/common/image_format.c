/* See image_format.h.
 *
 * OpenMV (and ESP-VISION, which took its image library) describe a pixel format in one number:
 *
 *     bits 24..28 flags   16..23 identity   8..15 variant   0..7 bytes per pixel
 *
 * The identity and the variant tell all that is wanted here. RGB565 has its low byte first on these
 * machines. */
#include "image_format.h"

int avo_image_format_of_size(size_t bytes, int width, int height)
{
    static const AvocetFormat candidates[] = {
        AVOCET_FORMAT_I420,  AVOCET_FORMAT_GRAY8, AVOCET_FORMAT_RGB565LE,
        AVOCET_FORMAT_RGB24, AVOCET_FORMAT_RGBA,
    };
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        if (avocet_format_size(candidates[i], width, height) == bytes)
            return (int)candidates[i];
    return -1;
}

int avo_image_format_of_pixformat(long value)
{
    enum { GRAY = 2, RGB565 = 3, YUV422 = 5, JPEG = 6 };
    int identity = (int)(value >> 16 & 0xff), variant = (int)(value >> 8 & 0xff);
    if (variant != 0) /* 16-bit grey, YVYU, ... */
        return -1;
    switch (identity) {
    case GRAY:
        return AVOCET_FORMAT_GRAY8;
    case RGB565:
        return AVOCET_FORMAT_RGB565LE;
    case YUV422:
        return AVOCET_FORMAT_YUYV;
    case JPEG:
        return AVO_IMAGE_JPEG;
    default:
        return -1;
    }
}
