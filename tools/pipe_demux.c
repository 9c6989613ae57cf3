/* See pipe_demux.h.
 *
 * Init segment and fragment together are a small MP4 file in memory; the library's reader does the
 * rest. Fragments may name places in the whole file, so what lay between is kept as a gap: the
 * reader sees a "free" box there. */
#include "pipe_demux.h"
#include <stdlib.h>
#include <string.h>

#define MOST ((size_t)1 << 30) /* bytes that may wait */

int pipe_demux_add(PipeDemux *d, const uint8_t *data, size_t size, Fault *fault)
{
    if (size > MOST - d->size)
        return fault_set(fault, "the MP4 file in the pipe is too large to wait for its end");
    if (d->size + size > d->capacity) {
        size_t capacity = 2 * (d->size + size);
        uint8_t *bytes = realloc(d->bytes, capacity);
        if (!bytes)
            return fault_set(fault, "not enough memory");
        d->bytes = bytes;
        d->capacity = capacity;
    }
    if (size)
        memcpy(d->bytes + d->size, data, size);
    d->size += size;
    return 0;
}

void pipe_demux_end(PipeDemux *d)
{
    d->at_end = 1;
}

void pipe_demux_free(PipeDemux *d)
{
    avocet_reader_close(&d->reader);
    free(d->bytes);
    memset(d, 0, sizeof *d);
}

/* ---- boxes (ISO/IEC 14496-12, 4.2) ---- */

static uint64_t be(const uint8_t *p, int n)
{
    uint64_t v = 0;
    while (n--)
        v = v << 8 | *p++;
    return v;
}

static int is_type(const uint8_t *box, const char *type)
{
    return memcmp(box + 4, type, 4) == 0;
}

/* Size of the box at p of `left` bytes, 0: not known yet, or to the end of the file. */
static uint64_t box_size(const uint8_t *p, size_t left)
{
    uint64_t size = left < 8 ? 0 : be(p, 4);
    if (size == 1)
        size = left < 16 ? 0 : be(p + 8, 8);
    return size >= 8 ? size : 0;
}

/* Does a whole moov box say that fragments follow? */
static int has_fragments(const uint8_t *moov, size_t size)
{
    for (size_t at = 8; at + 8 <= size;) {
        uint64_t n = box_size(moov + at, size - at);
        if (is_type(moov + at, "mvex"))
            return 1;
        if (n == 0 || n > size - at)
            return 0;
        at += (size_t)n;
    }
    return 0;
}

static void find_kind(PipeDemux *d)
{
    if (d->size < 8)
        d->kind = d->at_end ? PIPE_BYTES : PIPE_UNKNOWN;
    else if (!is_type(d->bytes, "ftyp") && !is_type(d->bytes, "styp"))
        d->kind = PIPE_BYTES;
    else
        d->kind = PIPE_FRAGMENTS; /* until the index says otherwise */
}

/* Goes over complete boxes. 1: a fragment ends at d->box. */
static int find_fragment(PipeDemux *d)
{
    while (d->kind == PIPE_FRAGMENTS && d->size - d->box >= 8) {
        const uint8_t *box = d->bytes + d->box;
        uint64_t size = box_size(box, d->size - d->box);
        if (!d->init && is_type(box, "mdat")) {
            d->kind = PIPE_WHOLE; /* the index comes last */
            return 0;
        }
        if (size == 0 || size > d->size - d->box)
            return 0;
        d->box += (size_t)size;
        if (is_type(box, "moov")) {
            d->init = d->box;
            if (!has_fragments(box, (size_t)size))
                d->kind = PIPE_WHOLE;
        } else if (d->init && is_type(box, "mdat")) {
            return 1;
        }
    }
    return 0;
}

/* ---- reading ---- */

/* A byte of the header of the box that stands for what is gone. */
static uint8_t gap_byte(const PipeDemux *d, uint64_t at)
{
    static const uint8_t head[8] = {0, 0, 0, 1, 'f', 'r', 'e', 'e'};
    return at < 8 ? head[at] : at < 16 ? (uint8_t)(d->gap >> (8 * (15 - at))) : 0;
}

static int64_t read_bytes(void *opaque, uint64_t offset, uint8_t *to, size_t size)
{
    const PipeDemux *d = opaque;
    uint64_t left = offset < d->source.size ? d->source.size - offset : 0;
    size = size < left ? size : (size_t)left;
    for (size_t i = 0; i < size; i++, offset++) {
        if (offset >= d->init + d->gap) {
            memcpy(to + i, d->bytes + (offset - d->gap), size - i);
            break;
        }
        to[i] = offset < d->init ? d->bytes[offset] : gap_byte(d, offset - d->init);
    }
    return (int64_t)size;
}

/* Drops the fragment; the init segment stays for the next one. */
static void end_fragment(PipeDemux *d)
{
    avocet_reader_close(&d->reader);
    if (d->kind == PIPE_WHOLE) {
        d->size = d->init = 0;
        return;
    }
    memmove(d->bytes + d->init, d->bytes + d->fragment_end, d->size - d->fragment_end);
    d->size -= d->fragment_end - d->init;
    d->gap += d->fragment_end - d->init;
    d->box = d->init;
}

/* The first `size` bytes as a file. Fragments may hold other tracks alone; they are passed over. */
static int open_fragment(PipeDemux *d, size_t size, Fault *fault)
{
    char message[256];
    d->source = (AvocetSource){read_bytes, d->gap + size, d};
    d->fragment_end = size;
    d->packet = 0;
    if (avocet_reader_open(&d->reader, NULL, &d->source, NULL, message, sizeof message) ==
        AVOCET_OK)
        return 0;
    if (d->kind == PIPE_WHOLE)
        return fault_set(fault, "the MP4 file in the pipe: %s", message);
    end_fragment(d);
    return 0;
}

/* A byte stream: everything that waits, once. */
static int give_bytes(PipeDemux *d, const uint8_t **data, size_t *size)
{
    if (d->size == 0)
        return 0;
    *data = d->bytes;
    *size = d->size;
    d->size = 0;
    return 1;
}

int pipe_demux_next(PipeDemux *d, const uint8_t **data, size_t *size, Fault *fault)
{
    if (d->kind == PIPE_UNKNOWN)
        find_kind(d);
    if (d->kind == PIPE_BYTES)
        return give_bytes(d, data, size);
    for (;;) {
        AvocetPacket packet;
        int status = d->reader ? avocet_reader_read(d->reader, d->packet++, &packet) : AVOCET_END;
        if (status == AVOCET_OK) {
            *data = packet.data;
            *size = packet.size;
            return 1;
        }
        if (status < 0)
            return fault_set(fault, "the MP4 file in the pipe: %s", avocet_reader_error(d->reader));
        if (d->reader)
            end_fragment(d);
        if (d->kind == PIPE_FRAGMENTS && find_fragment(d)) {
            if (open_fragment(d, d->box, fault) < 0)
                return -1;
        } else if (d->kind == PIPE_WHOLE && d->at_end && d->size > d->init) {
            if (open_fragment(d, d->size, fault) < 0)
                return -1;
        } else {
            return 0;
        }
    }
}
