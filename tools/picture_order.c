/* See picture_order.h. */
#include "picture_order.h"
#include <stdlib.h>
#include <string.h>

typedef struct Entry {
    int64_t pts, packet;
} Entry;

static int compare(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    if (x->pts != y->pts)
        return x->pts < y->pts ? -1 : 1;
    return x->packet < y->packet ? -1 : x->packet > y->packet;
}

int picture_order_init(PictureOrder *order, AvocetReader *reader, Fault *fault)
{
    const AvocetReaderInfo *info = avocet_reader_info(reader);
    size_t count = (size_t)info->packets;
    Entry *entries = malloc((count + 1) * sizeof *entries);
    memset(order, 0, sizeof *order);
    order->count = info->packets;
    order->unit = info->time_base.den ? (double)info->time_base.num / info->time_base.den : 0.04;
    order->rank = malloc((count + 1) * sizeof *order->rank);
    order->time = malloc((count + 1) * sizeof *order->time);
    if (!entries || !order->rank || !order->time) {
        free(entries);
        return fault_set(fault, "not enough memory");
    }
    for (int64_t i = 0; i < order->count; i++) {
        AvocetPacket packet;
        avocet_reader_packet(reader, i, &packet);
        entries[i] = (Entry){packet.pts, i};
    }
    qsort(entries, count, sizeof *entries, compare);
    for (int64_t i = 0; i < order->count; i++) {
        order->rank[entries[i].packet] = i;
        order->time[i] = entries[i].pts - entries[0].pts;
    }
    free(entries);
    return 0;
}

void picture_order_free(PictureOrder *order)
{
    free(order->rank);
    free(order->time);
    memset(order, 0, sizeof *order);
}

int64_t picture_order_at(const PictureOrder *order, double seconds)
{
    int64_t low = 0, high = order->count - 1;
    while (low < high) {
        int64_t middle = (low + high + 1) / 2;
        if ((double)order->time[middle] * order->unit <= seconds + 1e-9)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* ---- where decoding may start ---- */

/* One SEI unit (D.1): does it hold a recovery point (payload type 6) from which on everything is
 * exact at once: recovery_frame_cnt 0, exact_match_flag 1? Both come in the first two bits. */
static int is_exact_recovery(const uint8_t *p, size_t size)
{
    size_t at = 1;
    while (at + 2 < size) {
        int type = 0;
        size_t length = 0;
        for (; at < size && p[at] == 255; at++)
            type += 255;
        type += at < size ? p[at++] : 0;
        for (; at < size && p[at] == 255; at++)
            length += 255;
        length += at < size ? p[at++] : 0;
        if (type == 6)
            return length > 0 && at < size && (p[at] & 0xc0) == 0xc0;
        at += length;
    }
    return 0;
}

static int starts_with_recovery(AvocetReader *reader, int64_t number)
{
    AvocetPacket packet;
    AvocetNal nal;
    size_t at = 0;
    if (avocet_reader_read(reader, number, &packet) != AVOCET_OK)
        return 0;
    while (avocet_nal_next(packet.data, packet.size, 0, &at, &nal) > 0 && nal.type > 5)
        if (nal.type == 6 && is_exact_recovery(nal.data, nal.size))
            return 1;
    return 0;
}

int64_t picture_order_start(const PictureOrder *order, AvocetReader *reader, int64_t number)
{
    int64_t key = 0, at = 0;
    for (int64_t i = 0; i < order->count; i++) {
        AvocetPacket packet;
        avocet_reader_packet(reader, i, &packet);
        if (order->rank[i] == number)
            at = i;
        if (packet.keyframe && order->rank[i] <= number && order->rank[i] >= order->rank[key])
            key = i;
    }
    for (int64_t i = at; i > key; i--)
        if (order->rank[i] <= number && starts_with_recovery(reader, i))
            return i;
    return key;
}
