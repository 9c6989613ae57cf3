/* Decoded pictures as RGB, for scripts that show or save them. */
#ifndef AVO_BINDINGS_TO_RGB_H
#define AVO_BINDINGS_TO_RGB_H

#include <avocet/avocet.h>

/* Writes width * height * 3 bytes R, G, B of an I420 or GRAY8 picture. matrix: H.273 colour matrix
 * (1: BT.709, 9 and 10: BT.2020, all others: BT.601); full_range: 1 if samples use 0..255. Each
 * chroma sample covers its 2x2 pixels. */
void avo_to_rgb(uint8_t *rgb, const AvocetPicture *picture, int matrix, int full_range);

#endif
