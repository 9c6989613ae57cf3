/* See rbsp.h. A byte above 3 rules out itself and the two after it, so the search moves in steps of
 * three through ordinary data, and what lies between two removals is copied at once. */
#include "base/rbsp.h"

AVO_INLINE size_t move_bytes(uint8_t *out, size_t room, const uint8_t *data, size_t n)
{
    n = n < room ? n : room;
    if (n)
        memmove(out, data, n);
    return n;
}

size_t avo_rbsp_unescape(uint8_t *out, size_t out_size, const uint8_t *data, size_t size)
{
    size_t written = 0, done = 0, i = 2;
    while (i < size && written < out_size) {
        if (data[i] > 3) {
            i += 3;
        } else if (data[i] == 3 && !data[i - 1] && !data[i - 2]) {
            written += move_bytes(out + written, out_size - written, data + done, i - done);
            done = i + 1;
            i += 3;
        } else {
            i++;
        }
    }
    return written + move_bytes(out + written, out_size - written, data + done, size - done);
}
