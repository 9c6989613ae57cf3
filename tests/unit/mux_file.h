/* What the container tests share: a file in memory with faults to order, a made-up stream, and
 * comparing what was written with what is read back. */
#ifndef AVO_TESTS_MUX_FILE_H
#define AVO_TESTS_MUX_FILE_H

#include <stdlib.h>
#include <string.h>
#include <avocet/mux.h>
#include "check.h"

/* ---- a file in memory ---- */

typedef struct MemFile {
    uint8_t *data;
    uint64_t size, capacity;
    long calls;
    long fail_at;    /* this call writes half of its bytes; it and all later ones fail. 0: never */
    uint64_t most;   /* bytes the disk holds; 0: no limit */
    uint64_t synced; /* size at the last sync */
    int no_truncate;
} MemFile;

static int mem_is_dead(MemFile *f)
{
    return f->fail_at && f->calls > f->fail_at;
}

static int mem_put(MemFile *f, uint64_t at, const uint8_t *data, size_t size)
{
    f->calls++;
    if (mem_is_dead(f))
        return -1;
    int dies = f->fail_at && f->calls == f->fail_at;
    if (dies)
        size /= 2;
    if (f->most && at + size > f->most) {
        size = f->most > at ? (size_t)(f->most - at) : 0;
        dies = 1;
    }
    if (at + size > f->capacity) {
        f->capacity = (at + size) * 2;
        f->data = realloc(f->data, f->capacity);
        if (!f->data)
            abort();
    }
    if (size)
        memcpy(f->data + at, data, size);
    if (at + size > f->size)
        f->size = at + size;
    return dies ? -1 : 0;
}

static int mem_write(void *opaque, const uint8_t *data, size_t size)
{
    MemFile *f = opaque;
    return mem_put(f, f->size, data, size);
}

static int mem_write_at(void *opaque, uint64_t offset, const uint8_t *data, size_t size)
{
    MemFile *f = opaque;
    if (offset + size > f->size)
        abort(); /* the writer promises to stay inside */
    return mem_put(f, offset, data, size);
}

static int mem_read_at(void *opaque, uint64_t offset, uint8_t *data, size_t size)
{
    MemFile *f = opaque;
    if (mem_is_dead(f) || offset + size > f->size)
        return -1;
    memcpy(data, f->data + offset, size);
    return 0;
}

static int mem_truncate(void *opaque, uint64_t size)
{
    MemFile *f = opaque;
    f->calls++;
    if (mem_is_dead(f) || size > f->size)
        return -1;
    f->size = size;
    return 0;
}

static int mem_sync(void *opaque)
{
    MemFile *f = opaque;
    f->calls++;
    f->synced = f->size;
    return mem_is_dead(f) ? -1 : 0;
}

static AvocetSink mem_sink(MemFile *f)
{
    AvocetSink sink = {
        mem_write, mem_write_at, mem_read_at, f->no_truncate ? NULL : mem_truncate, mem_sync, f};
    return sink;
}

static int64_t mem_source_read(void *opaque, uint64_t offset, uint8_t *data, size_t size)
{
    const MemFile *f = opaque;
    if (offset >= f->size)
        return 0;
    if (size > f->size - offset)
        size = (size_t)(f->size - offset);
    memcpy(data, f->data + offset, size);
    return (int64_t)size;
}

static AvocetSource mem_source(MemFile *f)
{
    AvocetSource source = {mem_source_read, f->size, f};
    return source;
}

static void mem_free(MemFile *f)
{
    free(f->data);
    memset(f, 0, sizeof *f);
}

/* ---- a made-up stream ---- */

/* High profile, level 1, 64x64, square samples, BT.709 limited, 30 fps, 2 pictures reordered. */
static const uint8_t test_headers[] = {
    0,    0,    0,    1,    0x67, 0x64, 0x00, 0x0a, 0xac, 0xd9, 0x44, 0x26, 0xc0, 0x5a,
    0x80, 0x80, 0x80, 0xa0, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x07, 0x81, 0xe2,
    0x44, 0xb2, 0x2c, 0,    0,    0,    1,    0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0};

typedef struct TestPacket {
    uint8_t *data;
    AvocetPacket packet;
} TestPacket;

typedef struct TestStream {
    TestPacket *p;
    int count;
} TestStream;

/* How pictures lie in time. */
typedef struct TestShape {
    int count, keyint;
    int bframes;  /* P B B ..: shown before the P that comes first in decoding order */
    int64_t step; /* time units from picture to picture */
    int vary;     /* up to so many units more, at random */
    int max_bytes;
    int64_t start; /* pts of the first picture */
} TestShape;

/* Random bytes that need no emulation prevention, with a NAL header in front and a start code of 4
 * or 3 bytes. */
static size_t put_nal(uint8_t *to, Random *r, int lead, int header, int size)
{
    memset(to, 0, (size_t)lead - 1);
    to[lead - 1] = 1;
    to[lead] = (uint8_t)header;
    for (int i = 1; i < size; i++)
        to[lead + i] = (uint8_t)random_in(r, 1, 255);
    return (size_t)(lead + size);
}

static void make_packet(TestPacket *t, Random *r, const TestShape *shape, int key, int type)
{
    int nals = random_in(r, 1, 3), at = 0;
    t->data = malloc(sizeof test_headers + (size_t)shape->max_bytes * 3 + 64);
    if (!t->data)
        abort();
    if (random_chance(r, 20))
        at += (int)put_nal(t->data, r, 4, 9, 2);
    if (key) {
        memcpy(t->data + at, test_headers, sizeof test_headers);
        at += (int)sizeof test_headers;
    }
    for (int i = 0; i < nals; i++)
        at += (int)put_nal(t->data + at, r, at ? 3 : 4,
                           key                     ? 0x65
                           : type == AVOCET_TYPE_B ? 0x01
                                                   : 0x41,
                           random_in(r, 2, shape->max_bytes));
    t->packet.data = t->data;
    t->packet.size = (size_t)at;
    t->packet.keyframe = key;
    t->packet.type = (AvocetFrameType)type;
}

/* Pictures in decoding order; dts are the pts in rising order, moved back by the delay. */
static TestStream make_stream(Random *r, const TestShape *shape)
{
    int n = shape->count, delay = shape->bframes ? 1 : 0;
    TestStream s = {calloc((size_t)n, sizeof(TestPacket)), n};
    int64_t *shown = malloc(((size_t)n + 1) * sizeof *shown);
    if (!s.p || !shown)
        abort();
    shown[0] = shape->start;
    for (int i = 1; i <= n; i++)
        shown[i] =
            shown[i - 1] + shape->step + (shape->vary ? random_below(r, shape->vary + 1) : 0);
    for (int display = 0, coded = 0; display < n;) {
        int in_period = display % shape->keyint, group = 1;
        if (in_period && shape->bframes) {
            group = shape->bframes + 1;
            if (group > shape->keyint - in_period)
                group = shape->keyint - in_period;
            if (group > n - display)
                group = n - display;
        }
        for (int k = 0; k < group; k++, coded++) {
            int place = k == 0 ? display + group - 1 : display + k - 1;
            make_packet(&s.p[coded], r, shape, !in_period,
                        !in_period ? AVOCET_TYPE_IDR
                        : k        ? AVOCET_TYPE_B
                                   : AVOCET_TYPE_P);
            s.p[coded].packet.pts = shown[place];
        }
        display += group;
    }
    for (int i = 0; i < n; i++)
        s.p[i].packet.dts = i >= delay ? shown[i - delay] : shown[0] - shape->step * (delay - i);
    free(shown);
    return s;
}

static void free_stream(TestStream *s)
{
    for (int i = 0; i < s->count; i++)
        free(s->p[i].data);
    free(s->p);
}

/* ---- comparing ---- */

/* Next NAL unit that is no parameter set. */
static int next_picture_nal(const uint8_t *data, size_t size, int length_size, size_t *pos,
                            AvocetNal *nal)
{
    int status;
    while ((status = avocet_nal_next(data, size, length_size, pos, nal)) > 0)
        if (nal->type != 7 && nal->type != 8)
            break;
    return status;
}

static int same_nals(const AvocetPacket *a, int a_length, const AvocetPacket *b, int b_length)
{
    size_t a_pos = 0, b_pos = 0;
    AvocetNal x, y;
    for (;;) {
        int p = next_picture_nal(a->data, a->size, a_length, &a_pos, &x);
        int q = next_picture_nal(b->data, b->size, b_length, &b_pos, &y);
        if (p != q || p < 0)
            return 0;
        if (p == 0)
            return 1;
        if (x.size != y.size || memcmp(x.data, y.data, x.size) != 0)
            return 0;
    }
}

/* How many packets in front are the same as in the stream; -1 - i: packet i differs. Times may be
 * shifted by a constant; unit: of the reader's times per stream unit. own_shift: dts may have a
 * constant of their own. */
static int64_t compare(AvocetReader *reader, const TestStream *s, int64_t unit, int own_shift)
{
    const AvocetReaderInfo *info = avocet_reader_info(reader);
    AvocetPacket p;
    int64_t shift = 0, dts_shift = 0;
    for (int64_t i = 0; i < info->packets; i++) {
        const AvocetPacket *want = &s->p[i].packet;
        if (i >= s->count || avocet_reader_read(reader, i, &p) != AVOCET_OK)
            return -1 - i;
        if (i == 0) {
            shift = p.pts - want->pts * unit;
            dts_shift = own_shift ? p.dts - want->dts * unit : shift;
        }
        if (p.pts != want->pts * unit + shift || p.keyframe != want->keyframe ||
            !same_nals(&p, 0, want, 0))
            return -1 - i;
        if (p.dts != want->dts * unit + dts_shift)
            return -1 - i;
    }
    return info->packets;
}

#endif
