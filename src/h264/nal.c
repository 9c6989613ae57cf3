/* Writing NAL units (see nal.h; 7.3.1, 7.4.1, Annex B). */
#include "h264/nal.h"
#include "base/util.h"

/* Position of the next byte at or after `from` that needs a 0x03 in front of it: two zeros before
 * it and a value of at most 3; size if there is none. A byte above 3 rules out itself and the two
 * after it, so the search moves in steps of three through ordinary data. */
static size_t find_emulation(const uint8_t *p, size_t size, size_t from)
{
    size_t i = from;
    while (i < size) {
        if (p[i] > 3)
            i += 3;
        else if (p[i - 1])
            i += p[i] ? 3 : 2;
        else if (p[i - 2])
            i += p[i] ? 3 : 1;
        else
            return i;
    }
    return size;
}

/* Escapes rbsp into out; NULL if it does not fit. After an inserted 0x03 the count of zeros starts
 * anew, so the next candidate is two bytes on. */
static uint8_t *escape(uint8_t *out, const uint8_t *end, const uint8_t *rbsp, size_t size)
{
    size_t done = 0, at = avo_min64(2, (int64_t)size);
    while ((at = find_emulation(rbsp, size, at)) < size) {
        if ((size_t)(end - out) < at - done + 1)
            return NULL;
        memcpy(out, rbsp + done, at - done);
        out += at - done;
        *out++ = 3;
        done = at;
        at += 2;
    }
    if ((size_t)(end - out) < size - done)
        return NULL;
    memcpy(out, rbsp + done, size - done);
    out += size - done;
    /* Only cabac_zero_words end in zero; the last one gets its 0x03 as well (7.4.1). */
    if (size && !rbsp[size - 1]) {
        if (out == end)
            return NULL;
        *out++ = 3;
    }
    return out;
}

size_t avo_nal_bound(size_t n)
{
    return 4 + 1 + n + n / 2 + 1;
}

size_t avo_nal_write(uint8_t *out, size_t out_size, bool annexb, bool long_start, int nal_ref_idc,
                     int nal_unit_type, const uint8_t *rbsp, size_t rbsp_size)
{
    size_t lead = annexb && !long_start ? 3 : 4;
    if (out_size < lead + 1)
        return 0;
    out[lead] = (uint8_t)(nal_ref_idc << 5 | nal_unit_type);
    uint8_t *end = escape(out + lead + 1, out + out_size, rbsp, rbsp_size);
    if (!end)
        return 0;
    size_t total = (size_t)(end - out), payload = total - lead;
    if (annexb) {
        memset(out, 0, lead - 1);
        out[lead - 1] = 1;
    } else {
        for (int i = 0; i < 4; i++)
            out[i] = (uint8_t)(payload >> (24 - 8 * i));
    }
    return total;
}
