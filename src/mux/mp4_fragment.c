/* Fragmented MP4 (ISO 14496-12, 8.8; CMAF, ISO 23000-19): a header once, then per fragment
 *
 *     moof  mfhd
 *           traf  tfhd tfdt trun
 *     mdat
 *
 * A fragment's samples are gathered in memory, because their sizes stand in front of them; then
 * everything goes out in one piece and is made durable. */
#include "mux/mp4_writer.h"

#define MAX_FRAGMENT   (16u << 20) /* where a fragment ends for its size when it may grow */
#define FLAGS_KEYFRAME 0x02000000u /* depends on no other */
#define FLAGS_OTHER    0x01010000u /* depends on others, decoding cannot start here */

/* trun flags */
enum {
    HAS_DATA_OFFSET = 1,
    HAS_FIRST_FLAGS = 4,
    HAS_DURATION = 0x100,
    HAS_SIZE = 0x200,
    HAS_FLAGS = 0x400,
    HAS_CTS = 0x800
};

void avo_mp4_start_fragmented(AvocetMp4Writer *w)
{
    static const char brands[] = "iso6\0\0\0\0iso6mp41cmfccmf2";
    AvoBoxes *b = &w->scratch;
    size_t brand_bytes =
        sizeof brands - 1 - (w->track.negative_offsets ? 0 : 4); /* cmf2: no edit list */
    avo_sink_put_box(&w->sink, (uint32_t)(8 + brand_bytes), "ftyp");
    avo_sink_put(&w->sink, (const uint8_t *)brands, brand_bytes);
    b->used = 0;
    avo_moov_build_empty(b, &w->track);
    avo_sink_put(&w->sink, b->data, b->used);
    avo_sink_sync(&w->sink);
}

/* Room for `size` more bytes. Memory of a fixed size is never exceeded, other grows by half. */
static int make_room(AvocetMp4Writer *w, size_t size)
{
    AvoFragment *f = &w->fragment;
    if (size <= f->size - f->used)
        return AVOCET_OK;
    if (w->config.fragment_bytes)
        return avo_fail(&w->message, AVOCET_ERR_MEMORY,
                        "a picture of %l bytes does not fit fragment_bytes %l", (int64_t)size,
                        (int64_t)w->config.fragment_bytes);
    size_t more = f->used + size;
    more += more / 2 + 4096;
    uint8_t *data = w->allocator.alloc(w->allocator.opaque, more, 16);
    if (!data)
        return avo_fail(&w->message, AVOCET_ERR_MEMORY, "no memory for a fragment of %l bytes",
                        (int64_t)more);
    if (f->used)
        memcpy(data, f->data, f->used);
    if (f->data)
        w->allocator.free(w->allocator.opaque, f->data);
    f->data = data;
    f->size = more;
    return AVOCET_OK;
}

/* Must the fragment end before this packet? */
static bool is_complete(const AvocetMp4Writer *w, const AvocetPacket *packet, int64_t dts,
                        size_t size)
{
    const AvoFragment *f = &w->fragment;
    const AvocetMp4Config *c = &w->config;
    size_t most = c->fragment_bytes ? c->fragment_bytes : MAX_FRAGMENT;
    if (!f->count)
        return false;
    if (f->count == f->capacity || f->used >= most || size > most - f->used)
        return true;
    /* Compared as whole and rest, so that no product overflows. */
    int64_t length = dts - f->first_dts, scale = w->track.timescale;
    bool is_long = length / scale > c->fragment_ms / 1000 ||
                   (length / scale == c->fragment_ms / 1000 &&
                    length % scale * 1000 >= c->fragment_ms % 1000 * scale);
    return is_long && (packet->keyframe || !c->fragment_at_keyframes);
}

int avo_mp4_add_to_fragment(AvocetMp4Writer *w, const AvocetPacket *packet, int64_t dts,
                            int64_t pts, int64_t size)
{
    AvoFragment *f = &w->fragment;
    if (is_complete(w, packet, dts, (size_t)size))
        AVO_RETURN_IF_ERROR(avo_mp4_write_fragment(w, dts));
    AVO_RETURN_IF_ERROR(make_room(w, (size_t)size));
    if (f->count)
        f->sample[f->count - 1].duration = (uint32_t)(dts - w->last_dts);
    else
        f->first_dts = dts;
    avo_mp4_put_sample(w, packet, (AvoSampleTarget){NULL, f->data + f->used});
    f->used += (size_t)size;
    AvoFragmentSample *s = &f->sample[f->count++];
    s->size = (uint32_t)size;
    s->duration = 0; /* until the next one comes */
    s->cts = (int32_t)(pts - dts - (w->track.negative_offsets ? w->track.delay : 0));
    s->keyframe = packet->keyframe != 0;
    return AVOCET_OK;
}

/* What of the samples must stand in the run, because it is not the same for all. */
static uint32_t choose_flags(const AvoFragment *f)
{
    uint32_t flags = HAS_DATA_OFFSET | HAS_SIZE;
    for (int i = 0; i < f->count; i++) {
        const AvoFragmentSample *s = &f->sample[i];
        if (s->duration != f->sample[0].duration)
            flags |= HAS_DURATION;
        if (s->cts)
            flags |= HAS_CTS;
        if (i && s->keyframe)
            flags |= HAS_FLAGS;
    }
    if (f->sample[0].keyframe && !(flags & HAS_FLAGS))
        flags |= HAS_FIRST_FLAGS;
    return flags;
}

static uint32_t trun_bytes(const AvoFragment *f, uint32_t flags)
{
    uint32_t per_sample = 4 + (flags & HAS_DURATION ? 4 : 0) + (flags & HAS_FLAGS ? 4 : 0) +
                          (flags & HAS_CTS ? 4 : 0);
    return 20 + (flags & HAS_FIRST_FLAGS ? 4 : 0) + per_sample * (uint32_t)f->count;
}

static void put_trun(AvoSink *s, const AvoFragment *f, uint32_t flags, uint32_t data_offset)
{
    avo_sink_put_full_box(s, trun_bytes(f, flags), "trun", 1u << 24 | flags);
    avo_sink_put_u32(s, (uint32_t)f->count);
    avo_sink_put_u32(s, data_offset);
    if (flags & HAS_FIRST_FLAGS)
        avo_sink_put_u32(s, FLAGS_KEYFRAME);
    for (int i = 0; i < f->count; i++) {
        const AvoFragmentSample *p = &f->sample[i];
        if (flags & HAS_DURATION)
            avo_sink_put_u32(s, p->duration);
        avo_sink_put_u32(s, p->size);
        if (flags & HAS_FLAGS)
            avo_sink_put_u32(s, p->keyframe ? FLAGS_KEYFRAME : FLAGS_OTHER);
        if (flags & HAS_CTS)
            avo_sink_put_u32(s, (uint32_t)p->cts);
    }
}

static void put_moof(AvoSink *s, const AvoFragment *f, uint32_t flags, uint64_t time)
{
    uint32_t traf = 8 + 24 + 20 + trun_bytes(f, flags), moof = 8 + 16 + traf;
    avo_sink_put_box(s, moof, "moof");
    avo_sink_put_full_box(s, 16, "mfhd", 0);
    avo_sink_put_u32(s, (uint32_t)f->number);
    avo_sink_put_box(s, traf, "traf");
    /* default-base-is-moof, default sample duration and flags */
    avo_sink_put_full_box(s, 24, "tfhd", 0x020000 | 0x08 | 0x20);
    avo_sink_put_u32(s, 1);
    avo_sink_put_u32(s, f->sample[0].duration);
    avo_sink_put_u32(s, FLAGS_OTHER);
    avo_sink_put_full_box(s, 20, "tfdt", 1u << 24);
    avo_sink_put_u64(s, time);
    put_trun(s, f, flags, moof + 8);
}

static int announce(AvocetMp4Writer *w, uint32_t flags, int64_t duration)
{
    const AvoFragment *f = &w->fragment;
    if (!w->config.fragment)
        return AVOCET_OK;
    AvocetMp4Fragment info = {
        .number = f->number,
        .time = f->first_dts - w->track.first_dts,
        .duration = duration,
        .timescale = (int32_t)w->track.timescale,
        .samples = f->count,
        .keyframe = f->sample[0].keyframe,
        .bytes = 8 + 16 + 8 + 24 + 20 + trun_bytes(f, flags) + 8 + (uint64_t)f->used,
    };
    if (w->config.fragment(w->config.fragment_opaque, &info) < 0)
        return avo_fail(&w->message, AVOCET_ERR_IO, "fragment %l was refused", f->number);
    return AVOCET_OK;
}

int avo_mp4_write_fragment(AvocetMp4Writer *w, int64_t next_dts)
{
    AvoFragment *f = &w->fragment;
    if (!f->count)
        return AVOCET_OK;
    bool known = next_dts != AVOCET_NO_TIME && next_dts > w->last_dts &&
                 next_dts - w->last_dts <= (int64_t)UINT32_MAX;
    f->sample[f->count - 1].duration =
        (uint32_t)(known ? next_dts - w->last_dts : avo_mp4_last_step(w));
    f->number++;
    int64_t duration = w->last_dts - f->first_dts + f->sample[f->count - 1].duration;
    uint32_t flags = choose_flags(f);
    AVO_RETURN_IF_ERROR(announce(w, flags, duration));
    put_moof(&w->sink, f, flags, (uint64_t)(f->first_dts - w->track.first_dts));
    avo_sink_put_box(&w->sink, (uint32_t)(8 + f->used), "mdat");
    avo_sink_put(&w->sink, f->data, f->used);
    avo_sink_sync(&w->sink);
    f->count = 0;
    f->used = 0;
    return avo_mp4_io_status(w);
}
