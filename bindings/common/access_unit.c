/* See access_unit.h. */
#include "access_unit.h"

#include <avocet/mux.h>

enum { NAL_IDR = 5 };

bool avo_is_keyframe(const uint8_t *data, size_t size)
{
    AvocetNal nal;
    size_t at = 0;
    while (avocet_nal_next(data, size, 0, &at, &nal) == 1)
        if (nal.type == NAL_IDR)
            return true;
    return false;
}
