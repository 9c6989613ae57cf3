/* NAL units in a buffer, in either form (7.3.1, Annex B; lengths as in ISO 14496-15). See
 * <avocet/mux.h>. */
#include <avocet/mux.h>
#include "mux/nal_scan.h"

size_t avo_scan_start_code(const uint8_t *p, size_t size, size_t from)
{
    /* The third byte of a start code is 1: a byte above 1 rules out three positions at once. */
    size_t i = from + 2;
    while (i < size) {
        if (p[i] > 1)
            i += 3;
        else if (p[i] == 0)
            i++;
        else if (!p[i - 1] && !p[i - 2])
            return i - 2;
        else
            i += 3;
    }
    return size;
}

static int set_nal(AvocetNal *nal, const uint8_t *data, size_t size)
{
    nal->data = data;
    nal->size = size;
    nal->type = data[0] & 31;
    nal->ref_idc = data[0] >> 5 & 3;
    return 1;
}

static int next_after_start_code(const uint8_t *data, size_t size, size_t *pos, AvocetNal *nal)
{
    size_t code = avo_scan_start_code(data, size, *pos);
    while (code < size) {
        size_t start = code + 3, next = avo_scan_start_code(data, size, start), end = next;
        while (end > start && !data[end - 1]) /* trailing_zero_8bits, zero_byte of the next */
            end--;
        *pos = next;
        if (end > start)
            return set_nal(nal, data + start, end - start);
        code = next;
    }
    *pos = size;
    return 0;
}

static int next_after_length(const uint8_t *data, size_t size, int length_size, size_t *pos,
                             AvocetNal *nal)
{
    while (*pos < size) {
        size_t left = size - *pos, length = 0;
        if (left < (size_t)length_size)
            return AVOCET_ERR_DATA;
        for (int i = 0; i < length_size; i++)
            length = length << 8 | data[*pos + (size_t)i];
        left -= (size_t)length_size;
        if (length > left)
            return AVOCET_ERR_DATA;
        size_t start = *pos + (size_t)length_size;
        *pos = start + length;
        if (length)
            return set_nal(nal, data + start, length);
    }
    return 0;
}

int avocet_nal_next(const uint8_t *data, size_t size, int nal_length_size, size_t *pos,
                    AvocetNal *nal)
{
    if ((!data && size) || !pos || !nal)
        return AVOCET_ERR_ARGUMENT;
    if (*pos >= size)
        return 0;
    if (nal_length_size == 0)
        return next_after_start_code(data, size, pos, nal);
    if (nal_length_size == 1 || nal_length_size == 2 || nal_length_size == 4)
        return next_after_length(data, size, nal_length_size, pos, nal);
    return AVOCET_ERR_ARGUMENT;
}
