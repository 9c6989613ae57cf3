/* NAL units: emulation prevention there and back on random and zero-rich data, start codes,
 * lengths, buffers that are too small. */
#include <stdlib.h>
#include <string.h>
#include <avocet/mux.h>
#include "check.h"
#include "base/rbsp.h"
#include "h264/nal.h"

/* The rule as it is stated (7.4.1), byte by byte. */
static size_t escape_plainly(uint8_t *out, const uint8_t *rbsp, size_t size)
{
    size_t n = 0;
    int zeros = 0;
    for (size_t i = 0; i < size; i++) {
        if (zeros == 2 && rbsp[i] <= 3) {
            out[n++] = 3;
            zeros = 0;
        }
        out[n++] = rbsp[i];
        zeros = rbsp[i] ? 0 : zeros + 1;
    }
    if (size && rbsp[size - 1] == 0)
        out[n++] = 3;
    return n;
}

static void fill(Random *r, uint8_t *data, size_t size)
{
    static const int tops[] = {1, 2, 3, 4, 5, 256};
    int top = tops[random_below(r, 6)], zeros = random_below(r, 100);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(random_chance(r, zeros) ? 0 : random_below(r, top));
}

static void check_one(Random *r, size_t size, bool annexb, bool long_start)
{
    uint8_t *rbsp = malloc(size + 1), *want = malloc(size * 2 + 8), *back = malloc(size * 2 + 8);
    size_t bound = avo_nal_bound(size), lead = annexb && !long_start ? 3 : 4;
    uint8_t *out = malloc(bound);
    fill(r, rbsp, size);
    size_t escaped = escape_plainly(want, rbsp, size);
    size_t n = avo_nal_write(out, bound, annexb, long_start, 2, AVO_NAL_SLICE, rbsp, size);
    CHECK(n == lead + 1 + escaped, "%zu bytes: %zu", size, n);
    CHECK(n && !memcmp(out + lead + 1, want, escaped), "%zu bytes", size);
    CHECK(out[lead] == 0x41, "header %02x", out[lead]);
    if (annexb)
        CHECK(!memcmp(out, long_start ? "\0\0\0\1" : "\0\0\1", lead), "start code");
    else
        CHECK((size_t)(out[0] << 24 | out[1] << 16 | out[2] << 8 | out[3]) == n - 4, "length");
    size_t m = avo_rbsp_unescape(back, size * 2 + 8, out + lead + 1, n - lead - 1);
    /* The 0x03 behind a final zero stays, unless two zeros are before it; no RBSP but one with
     * cabac_zero_words ends so. */
    bool tail = size && !rbsp[size - 1] && m == size + 1 && back[size] == 3;
    CHECK(m == size || tail, "%zu bytes: %zu back", size, m);
    CHECK(!memcmp(back, rbsp, size), "%zu bytes", size);
    m = avo_rbsp_unescape(out + lead + 1, n - lead - 1, out + lead + 1, n - lead - 1);
    CHECK(!memcmp(out + lead + 1, rbsp, size), "in place, %zu bytes", size);
    for (size_t room = 0; room < size && room < 40; room++) {
        memset(back, 0xee, size);
        m = avo_rbsp_unescape(back, room, want, escaped);
        CHECK(m == room && !memcmp(back, rbsp, room) && back[room] == 0xee, "first %zu of %zu",
              room, size);
    }
    /* Every smaller buffer is refused, and not touched behind its end. */
    for (size_t room = n > 20 ? n - 20 : 0; room < n; room++) {
        uint8_t *small = malloc(room + 1);
        CHECK(!avo_nal_write(small, room, annexb, long_start, 2, 1, rbsp, size), "room %zu", room);
        free(small);
    }
    free(out);
    free(back);
    free(want);
    free(rbsp);
}

/* Several NALs in one buffer, with zero bytes between them. */
static void check_scan(Random *r)
{
    static uint8_t stream[1 << 16];
    size_t used = 0, start[20], size[20], pos = 0;
    AvocetNal nal;
    int count = random_below(r, 20);
    for (int i = random_below(r, 3); i > 0; i--)
        stream[used++] = 0;
    for (int i = 0; i < count; i++) {
        uint8_t rbsp[500];
        size_t length = (size_t)random_in(r, 1, 500);
        bool long_start = random_chance(r, 50);
        fill(r, rbsp, length);
        rbsp[length - 1] |= 1;
        size_t n = avo_nal_write(stream + used, sizeof stream - used, true, long_start, 1, 5, rbsp,
                                 length);
        start[i] = used + (long_start ? 4 : 3);
        size[i] = n - (long_start ? 4 : 3);
        used += n;
        for (int k = random_below(r, 4); k > 0; k--)
            stream[used++] = 0;
    }
    for (int i = 0; i < count; i++) {
        int found = avocet_nal_next(stream, used, 0, &pos, &nal);
        CHECK(found == 1 && nal.data == stream + start[i] && nal.size == size[i], "NAL %d of %d", i,
              count);
        CHECK(nal.type == 5 && nal.ref_idc == 1, "its header, %d of %d", i, count);
    }
    CHECK(avocet_nal_next(stream, used, 0, &pos, &nal) == 0, "nothing behind %d", count);
}

static void check_rubbish(void)
{
    static const uint8_t data[] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0x65, 0, 0, 2, 0, 0, 1};
    size_t pos = 0;
    AvocetNal nal;
    CHECK(avocet_nal_next(data, sizeof data, 0, &pos, &nal) == 1 && nal.data == data + 10 &&
              nal.size == 4,
          "empty NALs");
    CHECK(avocet_nal_next(data, sizeof data, 0, &pos, &nal) == 0,
          "nothing behind the last start code");
    for (size_t size = 0; size < 4; size++) {
        pos = 0;
        CHECK(avocet_nal_next(data, size, 0, &pos, &nal) == 0, "%zu bytes", size);
    }
}

int main(void)
{
    Random r = {99};
    for (int i = 0; i < 3000; i++)
        check_one(&r, (size_t)random_below(&r, i < 1000 ? 12 : 300), i & 1, i & 2);
    for (int i = 0; i < 500; i++)
        check_scan(&r);
    check_rubbish();
    return check_finish();
}
