/* See mp4_sink.h. */
#include "mux/mp4_sink.h"

void avo_sink_init(AvoSink *sink, const AvocetSink *out)
{
    memset(sink, 0, sizeof *sink);
    sink->out = *out;
}

static void hand_on(AvoSink *s, const uint8_t *data, size_t size)
{
    if (!s->failed && size && s->out.write(s->out.opaque, data, size) < 0)
        s->failed = true;
}

void avo_sink_flush(AvoSink *s)
{
    hand_on(s, s->gathered, s->used);
    s->used = 0;
}

void avo_sink_put(AvoSink *s, const uint8_t *data, size_t size)
{
    s->position += size;
    if (size > AVO_SINK_BYTES - s->used)
        avo_sink_flush(s);
    if (size > AVO_SINK_BYTES) {
        hand_on(s, data, size);
        return;
    }
    memcpy(s->gathered + s->used, data, size);
    s->used += size;
}

void avo_sink_put_u32(AvoSink *s, uint32_t v)
{
    uint8_t bytes[4];
    avo_put_u32(bytes, v);
    avo_sink_put(s, bytes, 4);
}

void avo_sink_put_u64(AvoSink *s, uint64_t v)
{
    avo_sink_put_u32(s, (uint32_t)(v >> 32));
    avo_sink_put_u32(s, (uint32_t)v);
}

void avo_sink_put_box(AvoSink *s, uint32_t size, const char type[4])
{
    avo_sink_put_u32(s, size);
    avo_sink_put(s, (const uint8_t *)type, 4);
}

void avo_sink_put_full_box(AvoSink *s, uint32_t size, const char type[4], uint32_t version_flags)
{
    avo_sink_put_box(s, size, type);
    avo_sink_put_u32(s, version_flags);
}

void avo_sink_put_zeros(AvoSink *s, uint64_t count)
{
    static const uint8_t zeros[64];
    for (; count; count -= (uint64_t)avo_min64(64, (int64_t)count))
        avo_sink_put(s, zeros, (size_t)avo_min64(64, (int64_t)count));
}

void avo_sink_sync(AvoSink *s)
{
    avo_sink_flush(s);
    if (!s->failed && s->out.sync && s->out.sync(s->out.opaque) < 0)
        s->failed = true;
}

void avo_sink_write_at(AvoSink *s, uint64_t offset, const uint8_t *data, size_t size)
{
    avo_sink_flush(s);
    if (!s->failed && s->out.write_at(s->out.opaque, offset, data, size) < 0)
        s->failed = true;
}

/* ---- boxes in memory ---- */

void avo_boxes_put(AvoBoxes *b, const void *data, size_t size)
{
    if (b->data && b->used <= b->capacity && size <= b->capacity - b->used)
        memcpy(b->data + b->used, data, size);
    b->used += size;
}

void avo_boxes_u8(AvoBoxes *b, uint32_t v)
{
    uint8_t byte = (uint8_t)v;
    avo_boxes_put(b, &byte, 1);
}

void avo_boxes_u16(AvoBoxes *b, uint32_t v)
{
    uint8_t bytes[2];
    avo_put_u16(bytes, v);
    avo_boxes_put(b, bytes, 2);
}

void avo_boxes_u32(AvoBoxes *b, uint32_t v)
{
    uint8_t bytes[4];
    avo_put_u32(bytes, v);
    avo_boxes_put(b, bytes, 4);
}

void avo_boxes_u64(AvoBoxes *b, uint64_t v)
{
    uint8_t bytes[8];
    avo_put_u64(bytes, v);
    avo_boxes_put(b, bytes, 8);
}

void avo_boxes_zeros(AvoBoxes *b, size_t count)
{
    for (; count; count--)
        avo_boxes_u8(b, 0);
}

size_t avo_boxes_begin(AvoBoxes *b, const char type[4])
{
    size_t begin = b->used;
    avo_boxes_u32(b, 0);
    avo_boxes_put(b, type, 4);
    return begin;
}

size_t avo_boxes_begin_full(AvoBoxes *b, const char type[4], uint32_t version_flags)
{
    size_t begin = avo_boxes_begin(b, type);
    avo_boxes_u32(b, version_flags);
    return begin;
}

void avo_boxes_end(AvoBoxes *b, size_t begin, uint64_t extra)
{
    if (b->data && b->used <= b->capacity)
        avo_put_u32(b->data + begin, (uint32_t)(b->used - begin + extra));
}
