/* Bit writer and bit reader: Exp-Golomb codes against their definition, random strings there and
 * back, ends of buffers. */
#include <stdlib.h>
#include <string.h>
#include "base/bitreader.h"
#include "base/bitwriter.h"
#include "check.h"

/* ue(v) as the standard defines it, as text. */
static void define_ue(char *text, uint32_t v)
{
    int zeros = 0, n = 0;
    while (((uint64_t)v + 1) >> (zeros + 1))
        zeros++;
    for (int i = 0; i < zeros; i++)
        text[n++] = '0';
    for (int i = zeros; i >= 0; i--)
        text[n++] = (char)('0' + (((uint64_t)v + 1) >> i & 1));
    text[n] = 0;
}

static void as_text(char *text, const AvoBitWriter *w)
{
    size_t bits = avo_bw_bits(w), n = 0;
    for (; n < bits; n++) {
        size_t byte = n / 8;
        int value = byte < (size_t)(w->pos - w->start) ? w->start[byte] >> (7 - n % 8)
                                                       : (int)(w->cache >> (bits - 1 - n));
        text[n] = (char)('0' + (value & 1));
    }
    text[n] = 0;
}

static void check_ue(uint32_t v)
{
    uint8_t buffer[16];
    char want[80], got[80];
    AvoBitWriter w;
    avo_bw_init(&w, buffer, sizeof buffer);
    avo_bw_ue(&w, v);
    define_ue(want, v);
    as_text(got, &w);
    CHECK(!strcmp(want, got), "ue(%u): %s instead of %s", v, got, want);
    CHECK(avo_ue_bits(v) == (int)strlen(want), "ue(%u)", v);
}

static void check_exp_golomb(void)
{
    static const struct {
        int v;
        uint32_t code;
    } se[] = {{0, 0}, {1, 1},  {-1, 2},         {2, 3},        {-2, 4},
              {3, 5}, {-3, 6}, {-32768, 65536}, {32768, 65535}};
    for (uint32_t v = 0; v < 5000; v++)
        check_ue(v);
    for (int i = 13; i < 32; i++)
        for (int d = -2; d < 2; d++)
            check_ue((1u << i) + (uint32_t)d);
    check_ue(0xfffffffe);
    for (size_t i = 0; i < sizeof se / sizeof se[0]; i++)
        CHECK(avo_se_code(se[i].v) == se[i].code, "se(%d)", se[i].v);
}

/* ---- random strings there and back ---- */

enum { ITEM_BITS, ITEM_UE, ITEM_SE, ITEM_COUNT };

typedef struct Item {
    int kind, size;
    uint32_t value;
} Item;

static Item random_item(Random *r)
{
    Item item = {random_below(r, ITEM_COUNT), random_below(r, 33), 0};
    uint32_t any = random_next(r);
    item.value = item.size == 0 ? 0 : any >> (32 - item.size);
    if (item.kind == ITEM_UE && item.value == 0xffffffff)
        item.value = 0;
    if (item.kind == ITEM_SE)
        item.value >>= 2;
    return item;
}

static void put_item(AvoBitWriter *w, const Item *item)
{
    int s = item->size & 1 ? -(int)item->value : (int)item->value;
    switch (item->kind) {
    case ITEM_BITS:
        avo_bw_put(w, item->size, item->value);
        break;
    case ITEM_UE:
        avo_bw_ue(w, item->value);
        break;
    default:
        avo_bw_ue(w, avo_se_code(s));
    }
}

static bool get_item(AvoBitReader *r, const Item *item)
{
    int s = item->size & 1 ? -(int)item->value : (int)item->value;
    switch (item->kind) {
    case ITEM_BITS:
        return avo_br_get(r, item->size) == item->value;
    case ITEM_UE:
        return avo_br_ue(r) == item->value;
    default:
        return avo_br_se(r) == s;
    }
}

static void check_round_trip(Random *r)
{
    static uint8_t buffer[4096];
    Item items[200];
    int count = random_in(r, 1, 200);
    AvoBitWriter w;
    AvoBitReader reader;
    int64_t position[200];
    avo_bw_init(&w, buffer, sizeof buffer);
    for (int i = 0; i < count; i++) {
        position[i] = (int64_t)avo_bw_bits(&w);
        items[i] = random_item(r);
        put_item(&w, &items[i]);
    }
    int64_t end = (int64_t)avo_bw_bits(&w);
    avo_bw_trailing(&w);
    CHECK(!w.overflow && !w.fill, "%d items", count);
    size_t size = (size_t)(w.pos - w.start);
    avo_br_init(&reader, buffer, size);
    bool good = true, more = true, at = true;
    for (int i = 0; i < count; i++) {
        at &= avo_br_position(&reader) == position[i];
        more &= avo_br_more_data(&reader) == (position[i] < end);
        good &= get_item(&reader, &items[i]);
    }
    CHECK(good && at && more && !reader.error, "%d items: %d %d %d", count, good, at, more);
    CHECK(!avo_br_more_data(&reader), "%d items", count);
    CHECK(avo_br_left(&reader) == (int64_t)size * 8 - end, "%d items", count);
    avo_br_get(&reader, 1);
    while (avo_br_left(&reader) > 0)
        avo_br_get(&reader, 1);
    CHECK(!reader.error && avo_br_aligned(&reader), "%d items", count);
    CHECK(avo_br_get(&reader, 1) == 0 && reader.error, "read past the end");
}

/* A buffer that is too small: nothing is written behind it, the flag stays. */
static void check_overflow(Random *r)
{
    for (int size = 0; size < 40; size++) {
        uint8_t *buffer = malloc((size_t)size + 1);
        AvoBitWriter w;
        int bits = 0;
        avo_bw_init(&w, buffer, (size_t)size);
        while (bits < size * 8 + 40) {
            int n = random_in(r, 1, 32);
            bits += n;
            avo_bw_put(&w, n, random_next(r) >> (32 - n));
            CHECK(w.overflow == (bits / 8 > size), "%d bits in %d bytes", bits, size);
        }
        CHECK(w.pos == w.end, "%d", size);
        free(buffer);
    }
}

static void check_empty(void)
{
    static const uint8_t zeros[4] = {0, 0, 0, 0};
    AvoBitReader r;
    avo_br_init(&r, zeros, 0);
    CHECK(!avo_br_more_data(&r) && avo_br_get(&r, 32) == 0 && r.error, "no data");
    avo_br_init(&r, zeros, 4);
    CHECK(!avo_br_more_data(&r) && avo_br_ue(&r) == 0 && r.error, "a code of zeros only");
}

int main(void)
{
    Random r = {12345};
    check_exp_golomb();
    for (int i = 0; i < 2000; i++)
        check_round_trip(&r);
    check_overflow(&r);
    check_empty();
    return check_finish();
}
