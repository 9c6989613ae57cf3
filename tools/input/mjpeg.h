/* Pictures of cameras that compress them one by one (Motion JPEG), through libavcodec where the
 * build found it. */
#ifndef TOOLS_MJPEG_H
#define TOOLS_MJPEG_H

#include <avocet/types.h>
#include "fault.h"

typedef struct Mjpeg Mjpeg;
struct Mjpeg {
    /* Decodes to I420, valid until the next call. 1, 0: damaged, to be left out, -1: fault. */
    int (*decode)(Mjpeg *mjpeg, const uint8_t *data, size_t size, AvocetPicture *picture,
                  Fault *fault);
    void (*close)(Mjpeg *mjpeg);
};

int mjpeg_available(void);
/* NULL: fault. */
Mjpeg *mjpeg_open(int width, int height, Fault *fault);

#endif
