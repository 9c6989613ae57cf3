/* Where the images come from: a camera, or a generated scene. */
#ifndef FRAME_SOURCE_H
#define FRAME_SOURCE_H

#include <avocet/avocet.h>
#include <stdbool.h>

enum { FRAME_WIDTH = 320, FRAME_HEIGHT = 240 }; /* QVGA */

bool frame_source_open(void);
/* The next image, valid until frame_source_return. */
bool frame_source_take(AvocetPicture *picture);
void frame_source_return(void);

#endif
