/* Which pixel format does an image have? Users bring bytes,
 * cameras of several makers bring numbers. */
#ifndef AVO_BINDINGS_IMAGE_FORMAT_H
#define AVO_BINDINGS_IMAGE_FORMAT_H

#include <avocet/avocet.h>

#define AVO_IMAGE_JPEG 1000 /* a compressed picture: the binding must unpack it */

/* The format of so many bytes without further hints, by their number: I420, GRAY8, RGB565LE, RGB24
 * or RGBA. -1: none. */
int avo_image_format_of_size(size_t bytes, int width, int height);

/* The format of an OpenMV-style image.format() (sensor.RGB565, GRAYSCALE, YUV422, ...): an
 * AvocetFormat, AVO_IMAGE_JPEG or -1. */
int avo_image_format_of_pixformat(long value);

#endif
