/* Reader: the public functions and what MP4 and Annex B share. See <avocet/mux.h>, reader.h. */
#include "mux/reader.h"
#include "mux/nal_scan.h"
#include "base/bitreader.h"
#include "base/rbsp.h"
#include "base/memory.h"
#include "base/text.h"

void avocet_reader_config_init(AvocetReaderConfig *config)
{
    memset(config, 0, sizeof *config);
    config->size = sizeof *config;
    config->memory_limit = (size_t)1 << 30;
}

/* ---- memory ---- */

void *avo_reader_take(AvocetReader *r, size_t bytes)
{
    void *p = NULL;
    if (bytes <= r->config.memory_limit - r->memory)
        p = r->allocator.alloc(r->allocator.opaque, bytes, 16);
    if (p)
        r->memory += bytes;
    else
        avo_fail(&r->message, AVOCET_ERR_MEMORY,
                 "%l bytes more are not to be had (memory_limit is %l)", (int64_t)bytes,
                 (int64_t)r->config.memory_limit);
    return p;
}

void avo_reader_give(AvocetReader *r, void *p, size_t bytes)
{
    if (!p)
        return;
    r->allocator.free(r->allocator.opaque, p);
    r->memory -= bytes;
}

int avo_reader_grow(AvocetReader *r, uint8_t **p, size_t *capacity, size_t need, size_t keep)
{
    if (need <= *capacity)
        return AVOCET_OK;
    size_t more = need + need / 2;
    if (more > r->config.memory_limit - r->memory)
        more = need; /* near the limit take only what must be */
    uint8_t *bigger = avo_reader_take(r, more);
    if (!bigger)
        return AVOCET_ERR_MEMORY;
    if (keep)
        memcpy(bigger, *p, keep);
    avo_reader_give(r, *p, *capacity);
    *p = bigger;
    *capacity = more;
    return AVOCET_OK;
}

int avo_reader_add(AvocetReader *r, const AvoReaderSample *sample)
{
    if (r->info.packets == r->capacity) {
        size_t bytes = (size_t)r->capacity * sizeof *sample, now = bytes;
        uint8_t *p = (uint8_t *)r->sample;
        AVO_RETURN_IF_ERROR(
            avo_reader_grow(r, &p, &now, bytes + bytes / 2 + 64 * sizeof *sample, bytes));
        r->sample = (AvoReaderSample *)(void *)p;
        size_t whole = now / sizeof *sample;
        r->memory -= now - whole * sizeof *sample; /* counted as it will be given back */
        r->capacity = (int64_t)whole;
    }
    r->sample[r->info.packets++] = *sample;
    return AVOCET_OK;
}

/* ---- bytes ---- */

static bool fetch_plain(AvocetReader *r, uint64_t offset, uint8_t *data, size_t size)
{
    if (offset > r->source.size || size > r->source.size - offset)
        return false;
    while (size) {
        int64_t got = r->source.read_at(r->source.opaque, offset, data, size);
        if (got <= 0 || (uint64_t)got > size)
            return false;
        data += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

/* Where byte x of the file as it was is now, and how many after it are there too. */
static uint64_t find_moved(const AvoMoveNote *n, uint64_t x, uint64_t *run)
{
    if (x >= n->end) {
        *run = UINT64_MAX - x;
        return x;
    }
    if (x >= n->moved_from) {
        *run = n->end - x;
        return x + n->shift;
    }
    if (x >= n->spare_from) {
        *run = n->moved_from - x;
        return n->spare_at + (x - n->spare_from);
    }
    *run = n->spare_from - x;
    return x;
}

bool avo_reader_fetch(AvocetReader *r, uint64_t offset, uint8_t *data, size_t size)
{
    if (!r->moving)
        return fetch_plain(r, offset, data, size);
    while (size) {
        uint64_t run, at = find_moved(&r->note, offset, &run);
        size_t n = size < run ? size : (size_t)run;
        if (!fetch_plain(r, at, data, n))
            return false;
        data += n;
        offset += n;
        size -= n;
    }
    return true;
}

/* ---- opening ---- */

static bool is_mp4(AvocetReader *r)
{
    static const char types[][5] = {"ftyp", "moov", "free", "skip", "wide",
                                    "mdat", "styp", "moof", "sidx"};
    uint8_t head[8];
    if (!avo_reader_fetch(r, 0, head, 8))
        return false;
    for (size_t i = 0; i < AVO_COUNT(types); i++)
        if (memcmp(head + 4, types[i], 4) == 0)
            return true;
    return false;
}

/* Decoders need times that rise and pictures that are not shown before they are decoded; files that
 * break this are bent until they fit. */
static void straighten_times(AvocetReader *r)
{
    int64_t early = 0;
    for (int64_t i = 0; i < r->info.packets; i++) {
        AvoReaderSample *s = &r->sample[i];
        if (i && s->dts <= s[-1].dts)
            s->dts = s[-1].dts + 1;
        early = avo_min64(early, s->pts - s->dts);
    }
    /* Negative composition offsets: decode all that much earlier. */
    for (int64_t i = 0; i < r->info.packets; i++)
        r->sample[i].dts += early;
}

static void sum_up(AvocetReader *r)
{
    AvocetReaderInfo *info = &r->info;
    int64_t first = r->sample[0].pts, last = first;
    for (int64_t i = 1; i < info->packets; i++) {
        first = avo_min64(first, r->sample[i].pts);
        last = avo_max64(last, r->sample[i].pts);
    }
    info->duration = last - first + info->frame_duration;
    info->headers = r->headers;
}

static int open_file(AvocetReader *r)
{
    int status = is_mp4(r) ? avo_reader_open_mp4(r) : avo_reader_open_annexb(r);
    if (status < 0)
        return status;
    if (!r->info.packets)
        return avo_fail(&r->message, AVOCET_ERR_DATA, "there is no picture in it");
    status = avocet_video_info(r->headers, r->info.headers_size, 0, &r->info.video);
    if (status < 0)
        return avo_fail(&r->message, status, "its SPS is damaged");
    straighten_times(r);
    sum_up(r);
    return AVOCET_OK;
}

int avocet_reader_open(AvocetReader **reader, const AvocetReaderConfig *config,
                       const AvocetSource *source, const AvocetAllocator *allocator, char *message,
                       size_t message_size)
{
    AvocetReaderConfig defaults;
    avocet_reader_config_init(&defaults);
    if (reader)
        *reader = NULL;
    if (!config)
        config = &defaults;
    if (!reader || !source || !source->read_at || config->size != sizeof *config ||
        (config->nal_length_size != 0 && config->nal_length_size != 4)) {
        if (message && message_size)
            avo_text_copy(message, message_size, avocet_status_text(AVOCET_ERR_ARGUMENT));
        return AVOCET_ERR_ARGUMENT;
    }
    if (!allocator)
        allocator = avo_memory_default();
    AvocetReader *r = allocator->alloc(allocator->opaque, sizeof *r, 16);
    int status = r ? AVOCET_OK : AVOCET_ERR_MEMORY;
    if (r) {
        memset(r, 0, sizeof *r);
        r->config = *config;
        r->source = *source;
        r->allocator = *allocator;
        status = open_file(r);
    }
    if (status < 0 && message && message_size)
        avo_text_copy(message, message_size,
                      r && r->message.text[0] ? r->message.text : avocet_status_text(status));
    if (status < 0)
        avocet_reader_close(&r);
    *reader = r;
    return status;
}

void avocet_reader_close(AvocetReader **reader)
{
    if (!reader || !*reader)
        return;
    AvocetReader *r = *reader;
    AvocetAllocator allocator = r->allocator;
    avo_reader_give(r, r->sample, (size_t)r->capacity * sizeof *r->sample);
    avo_reader_give(r, r->headers, r->headers_capacity);
    avo_reader_give(r, r->raw, r->raw_capacity);
    avo_reader_give(r, r->out, r->out_capacity);
    allocator.free(allocator.opaque, r);
    *reader = NULL;
}

const AvocetReaderInfo *avocet_reader_info(const AvocetReader *reader)
{
    return reader ? &reader->info : NULL;
}

const char *avocet_reader_error(const AvocetReader *reader)
{
    return reader ? reader->message.text : "";
}

/* ---- packets ---- */

int avocet_reader_packet(const AvocetReader *r, int64_t number, AvocetPacket *packet)
{
    if (!r || !packet || number < 0)
        return AVOCET_ERR_ARGUMENT;
    if (number >= r->info.packets)
        return AVOCET_END;
    const AvoReaderSample *s = &r->sample[number];
    memset(packet, 0, sizeof *packet);
    packet->size = s->size;
    packet->pts = s->pts;
    packet->dts = s->dts;
    packet->keyframe = s->keyframe;
    packet->type = s->keyframe ? AVOCET_TYPE_IDR : AVOCET_TYPE_AUTO;
    packet->is_reference = 1;
    return AVOCET_OK;
}

/* Type and use of the picture, from its first slice. */
static void look_at_slice(AvocetPacket *packet, const AvocetNal *nal)
{
    uint8_t bytes[16];
    AvoBitReader b;
    size_t n = avo_rbsp_unescape(bytes, sizeof bytes, nal->data + 1, nal->size - 1);
    avo_br_init(&b, bytes, n);
    avo_br_ue(&b); /* first_mb_in_slice */
    uint32_t type = avo_br_ue(&b) % 5;
    packet->is_reference = nal->ref_idc != 0;
    if (nal->type == AVO_UNIT_IDR)
        packet->type = AVOCET_TYPE_IDR;
    else if (type == 1)
        packet->type = nal->ref_idc ? AVOCET_TYPE_BREF : AVOCET_TYPE_B;
    else
        packet->type = type == 2 || type == 4 ? AVOCET_TYPE_I : AVOCET_TYPE_P;
}

/* The packet's NAL units in the form asked for. With out NULL only counts. */
typedef struct Conversion {
    const AvocetReader *reader;
    uint8_t *out;
    size_t used;
} Conversion;

static void put_unit(Conversion *c, const AvocetNal *nal)
{
    uint8_t lead[4];
    size_t lead_size = 4;
    if (c->reader->config.nal_length_size) {
        avo_put_u32(lead, (uint32_t)nal->size);
    } else {
        /* B.1.2: zero_byte in front of parameter sets and the first unit. */
        bool is_long = c->used == 0 || nal->type == AVO_UNIT_SPS || nal->type == AVO_UNIT_PPS;
        lead_size = is_long ? 4 : 3;
        avo_put_u32(lead, is_long ? 1 : 1 << 8);
    }
    if (c->out) {
        memcpy(c->out + c->used, lead, lead_size);
        memcpy(c->out + c->used + lead_size, nal->data, nal->size);
    }
    c->used += lead_size + nal->size;
}

static void put_headers(Conversion *c)
{
    const AvocetReader *r = c->reader;
    AvocetNal nal;
    size_t pos = 0;
    while (avocet_nal_next(r->headers, r->info.headers_size, 0, &pos, &nal) > 0)
        put_unit(c, &nal);
}

/* Must parameter sets be put in front of this packet? Not where the samples bring their own: those
 * may have replaced them. */
static bool wants_headers(AvocetReader *r, int64_t number, const AvocetPacket *packet)
{
    AvocetNal nal;
    size_t pos = 0;
    bool has_sps = false, has_set = false;
    if (!r->info.is_mp4 || r->config.nal_length_size)
        return false;
    while (avocet_nal_next(packet->data, packet->size, r->file_length_size, &pos, &nal) > 0) {
        has_sps |= nal.type == AVO_UNIT_SPS;
        has_set |= nal.type == AVO_UNIT_SPS || nal.type == AVO_UNIT_PPS;
    }
    bool wanted = !has_sps && (number == 0 || (packet->keyframe && !r->own_sets));
    r->own_sets = (r->own_sets && number != 0) || has_set;
    return wanted;
}

/* Parameter sets go in front of a keyframe that has none, behind an access unit delimiter. */
static int convert(Conversion *c, const AvocetPacket *packet, bool with_headers)
{
    AvocetNal nal;
    size_t pos = 0;
    int status;
    while ((status = avocet_nal_next(packet->data, packet->size, c->reader->file_length_size, &pos,
                                     &nal)) > 0) {
        if (with_headers && nal.type != AVO_UNIT_AUD) {
            put_headers(c);
            with_headers = false;
        }
        put_unit(c, &nal);
    }
    return status;
}

int avocet_reader_read(AvocetReader *r, int64_t number, AvocetPacket *packet)
{
    int status = avocet_reader_packet(r, number, packet);
    if (status != AVOCET_OK)
        return status;
    const AvoReaderSample *s = &r->sample[number];
    AVO_RETURN_IF_ERROR(avo_reader_grow(r, &r->raw, &r->raw_capacity, s->size, 0));
    if (!avo_reader_fetch(r, s->offset, r->raw, s->size))
        return avo_fail(&r->message, AVOCET_ERR_IO, "picture %l cannot be read", number);
    packet->data = r->raw;
    AvocetNal nal;
    size_t pos = 0;
    while (avocet_nal_next(r->raw, s->size, r->file_length_size, &pos, &nal) > 0)
        if (nal.type == AVO_UNIT_SLICE || nal.type == AVO_UNIT_IDR) {
            look_at_slice(packet, &nal);
            break;
        }
    if (!r->info.is_mp4 && !r->config.nal_length_size)
        return AVOCET_OK;
    bool with_headers = wants_headers(r, number, packet);
    Conversion count = {r, NULL, 0};
    if (convert(&count, packet, with_headers) < 0 || !count.used)
        return avo_fail(&r->message, AVOCET_ERR_DATA, "picture %l at byte %l is damaged", number,
                        (int64_t)s->offset);
    AVO_RETURN_IF_ERROR(avo_reader_grow(r, &r->out, &r->out_capacity, count.used, 0));
    Conversion write = {r, r->out, 0};
    convert(&write, packet, with_headers);
    packet->data = r->out;
    packet->size = write.used;
    return AVOCET_OK;
}
