/* See parameter_sets.h. */
#include "parameter_sets.h"

#include <string.h>

#include <avocet/mux.h>

enum { NAL_SPS = 7, NAL_PPS = 8 };

/* Start code or length. */
static void put_lead(uint8_t out[4], const AvocetNal *nal, int lengths)
{
    uint32_t lead = lengths ? (uint32_t)nal->size : 1;
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(lead >> (24 - 8 * i));
}

size_t avo_parameter_sets_copy(const uint8_t *data, size_t data_size, int lengths, uint8_t *out,
                               size_t size)
{
    AvocetNal nal;
    size_t pos = 0, used = 0;
    while (avocet_nal_next(data, data_size, lengths ? 4 : 0, &pos, &nal) > 0) {
        if (nal.type != NAL_SPS && nal.type != NAL_PPS)
            continue;
        if (nal.size + 4 > size - used)
            return 0;
        put_lead(out + used, &nal, lengths);
        memcpy(out + used + 4, nal.data, nal.size);
        used += nal.size + 4;
    }
    return used;
}
