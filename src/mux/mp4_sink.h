/* Bytes on their way out: small writes are gathered, positions counted, the first failure kept. And
 * boxes that are built in memory before they are written. */
#ifndef AVO_MUX_MP4_SINK_H
#define AVO_MUX_MP4_SINK_H

#include <avocet/mux.h>
#include "base/bytes.h"

#define AVO_SINK_BYTES 512

typedef struct AvoSink {
    AvocetSink out;
    uint64_t position; /* bytes put so far, gathered ones included */
    bool failed;       /* a callback failed: nothing more is tried */
    size_t used;
    uint8_t gathered[AVO_SINK_BYTES];
} AvoSink;

void avo_sink_init(AvoSink *sink, const AvocetSink *out);
void avo_sink_put(AvoSink *sink, const uint8_t *data, size_t size);
void avo_sink_put_u32(AvoSink *sink, uint32_t v);
void avo_sink_put_u64(AvoSink *sink, uint64_t v);
/* Size and type of a box. */
void avo_sink_put_box(AvoSink *sink, uint32_t size, const char type[4]);
/* Size, type, version and flags. */
void avo_sink_put_full_box(AvoSink *sink, uint32_t size, const char type[4],
                           uint32_t version_flags);
void avo_sink_put_zeros(AvoSink *sink, uint64_t count);
/* Hands on what is gathered. */
void avo_sink_flush(AvoSink *sink);
/* Flushes and makes durable. */
void avo_sink_sync(AvoSink *sink);
void avo_sink_write_at(AvoSink *sink, uint64_t offset, const uint8_t *data, size_t size);

/* A tree of boxes in memory: begin() notes where a box starts, end() fills in its size. */
typedef struct AvoBoxes {
    uint8_t *data; /* NULL: only counts */
    size_t capacity, used;
} AvoBoxes;

void avo_boxes_put(AvoBoxes *b, const void *data, size_t size);
void avo_boxes_u8(AvoBoxes *b, uint32_t v);
void avo_boxes_u16(AvoBoxes *b, uint32_t v);
void avo_boxes_u32(AvoBoxes *b, uint32_t v);
void avo_boxes_u64(AvoBoxes *b, uint64_t v);
void avo_boxes_zeros(AvoBoxes *b, size_t count);
size_t avo_boxes_begin(AvoBoxes *b, const char type[4]);
size_t avo_boxes_begin_full(AvoBoxes *b, const char type[4], uint32_t version_flags);
/* extra: bytes of the box that will follow but are not written here. */
void avo_boxes_end(AvoBoxes *b, size_t begin, uint64_t extra);

#endif
