/* MP4 writer: the public functions, what both kinds of file share, and the media data of files with
 * one index. See <avocet/mux.h>, mp4_writer.h.
 *
 * A file with one index, while it is written:
 *
 *     ftyp | free(repair header) | free(0) | mdat, size 0: "to the end of the file"
 *     group | journal unit | group | journal unit ...
 *
 * The repair header is "avoj", a version, and a moov box with empty tables, from which (and the
 * journal units, see mp4_index.h) the file can be read although it has no index. Finishing writes
 * moov behind the data and gives mdat its size; when that needs 64 bits, the empty box in front
 * gives its place. */
#include "mux/mp4_writer.h"
#include "mux/avcc.h"
#include "mux/nal_scan.h"
#include "base/memory.h"
#include "base/text.h"

/* ---- opening ---- */

void avocet_mp4_config_init(AvocetMp4Config *config)
{
    memset(config, 0, sizeof *config);
    config->size = sizeof *config;
    config->time_base = (AvocetRational){1, 25};
    config->fragment_ms = 1000;
    config->fragment_samples = 1024;
    config->journal = 1;
}

static int check_config(const AvocetMp4Config *c, const AvocetSink *sink, AvoMessage *m)
{
    const int bad = AVOCET_ERR_ARGUMENT;
    if (c->size != sizeof *c)
        return avo_fail(m, bad, "AvocetMp4Config was not set up by avocet_mp4_config_init");
    if (c->layout < AVOCET_MP4_INDEX_LAST || c->layout > AVOCET_MP4_FRAGMENTED)
        return avo_fail(m, bad, "layout %d does not exist", (int)c->layout);
    if (c->time_base.num <= 0 || c->time_base.den <= 0)
        return avo_fail(m, bad, "time_base %d/%d must be positive", c->time_base.num,
                        c->time_base.den);
    if (c->frame_duration < 0)
        return avo_fail(m, bad, "frame_duration must not be negative");
    if (c->nal_length_size != 0 && c->nal_length_size != 4)
        return avo_fail(m, bad,
                        "nal_length_size %d: packets have start codes (0) or lengths of 4 bytes",
                        c->nal_length_size);
    if (c->fragment_ms < 1 || c->fragment_samples < 1 || c->fragment_samples > 65536)
        return avo_fail(m, bad, "a fragment needs at least 1 ms and 1 to 65536 pictures");
    if (c->negative_offsets && c->layout != AVOCET_MP4_FRAGMENTED)
        return avo_fail(m, bad, "negative_offsets: only in fragmented files");
    if (c->index_bytes && c->index_bytes < AVO_GROUP_BYTES + 16)
        return avo_fail(m, bad, "index_bytes: at least %d", AVO_GROUP_BYTES + 16);
    if (!sink->write)
        return avo_fail(m, bad, "the sink cannot write");
    if (c->layout != AVOCET_MP4_FRAGMENTED && !sink->write_at)
        return avo_fail(m, bad,
                        "the sink cannot write at a position: only fragmented files do without");
    if (c->layout == AVOCET_MP4_INDEX_FIRST && !sink->read_at)
        return avo_fail(m, bad, "the sink cannot read: the index can only be behind the data");
    return AVOCET_OK;
}

static void *take(AvocetMp4Writer *w, size_t bytes)
{
    return w->allocator.alloc(w->allocator.opaque, bytes, 16);
}

static void give_back(AvocetMp4Writer *w, void *p)
{
    if (p)
        w->allocator.free(w->allocator.opaque, p);
}

/* Timescale and factor: a unit of the packets' time is num / den = factor / timescale seconds. */
static void set_timescale(AvocetMp4Writer *w)
{
    int a = w->config.time_base.num, b = w->config.time_base.den;
    while (b) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    w->time_factor = w->config.time_base.num / a;
    w->track.timescale = (uint32_t)(w->config.time_base.den / a);
}

/* Learns the track from SPS and PPS. */
static int take_headers(AvocetMp4Writer *w, const uint8_t *headers, size_t size)
{
    AvoTrack *t = &w->track;
    int length_size = w->config.nal_length_size;
    int status = avocet_video_info(headers, size, length_size, &t->video);
    int64_t bytes = status < 0 ? status : avocet_avcc_write(headers, size, length_size, NULL, 0);
    if (bytes < 0)
        return avo_fail(&w->message, (int)bytes,
                        "no usable SPS and PPS in the headers or the first packet");
    t->avcc = take(w, (size_t)bytes);
    t->avcc_size = (size_t)bytes;
    w->scratch.capacity = avo_moov_bound(t);
    w->scratch.data = take(w, w->scratch.capacity);
    if (!t->avcc || !w->scratch.data)
        return avo_fail(&w->message, AVOCET_ERR_MEMORY, "no memory for the parameter sets");
    avocet_avcc_write(headers, size, length_size, t->avcc, t->avcc_size);
    return AVOCET_OK;
}

static int take_memory(AvocetMp4Writer *w)
{
    const AvocetMp4Config *c = &w->config;
    bool ok;
    if (c->layout == AVOCET_MP4_FRAGMENTED) {
        AvoFragment *f = &w->fragment;
        f->capacity = c->fragment_samples;
        f->sample = take(w, (size_t)f->capacity * sizeof *f->sample);
        f->size = c->fragment_bytes;
        f->data = f->size ? take(w, f->size) : NULL;
        ok = f->sample && (f->data || !f->size);
    } else {
        size_t bytes = c->index_bytes ? c->index_bytes : AVO_INDEX_BLOCK;
        ok = avo_index_init(&w->index, &w->allocator, bytes, c->index_bytes != 0, c->journal);
    }
    return ok ? AVOCET_OK
              : avo_fail(&w->message, AVOCET_ERR_MEMORY, "no memory for the index or a fragment");
}

static int fail_open(AvocetMp4Writer **writer, int status, const AvoMessage *from, char *message,
                     size_t size)
{
    if (message && size)
        avo_text_copy(message, size, from->text[0] ? from->text : avocet_status_text(status));
    avocet_mp4_close(writer);
    return status;
}

int avocet_mp4_open(AvocetMp4Writer **writer, const AvocetMp4Config *config, const AvocetSink *sink,
                    const uint8_t *headers, size_t headers_size, const AvocetAllocator *allocator,
                    char *message, size_t message_size)
{
    AvoMessage text = {""};
    if (!writer || !config || !sink)
        return AVOCET_ERR_ARGUMENT;
    *writer = NULL;
    if (!allocator)
        allocator = avo_memory_default();
    int status = check_config(config, sink, &text);
    AvocetMp4Writer *w = NULL;
    if (status == AVOCET_OK) {
        w = allocator->alloc(allocator->opaque, sizeof *w, 16);
        status = w ? AVOCET_OK : AVOCET_ERR_MEMORY;
    }
    if (status < 0)
        return fail_open(writer, status, &text, message, message_size);
    memset(w, 0, sizeof *w);
    *writer = w;
    w->config = *config;
    w->allocator = *allocator;
    w->track.fragmented = config->layout == AVOCET_MP4_FRAGMENTED;
    w->track.negative_offsets = config->negative_offsets;
    w->track.creation_time = config->creation_time;
    avo_sink_init(&w->sink, sink);
    set_timescale(w);
    status = take_memory(w);
    if (status == AVOCET_OK && headers)
        status = take_headers(w, headers, headers_size);
    if (status < 0) {
        text = w->message;
        return fail_open(writer, status, &text, message, message_size);
    }
    return AVOCET_OK;
}

void avocet_mp4_close(AvocetMp4Writer **writer)
{
    if (!writer || !*writer)
        return;
    AvocetMp4Writer *w = *writer;
    AvocetAllocator allocator = w->allocator;
    if (!w->failed)
        avo_sink_flush(&w->sink);
    if (w->index.first)
        avo_index_free(&w->index);
    give_back(w, w->fragment.sample);
    give_back(w, w->fragment.data);
    give_back(w, w->track.avcc);
    give_back(w, w->scratch.data);
    allocator.free(allocator.opaque, w);
    *writer = NULL;
}

const char *avocet_mp4_error(const AvocetMp4Writer *writer)
{
    return writer ? writer->message.text : "";
}

uint64_t avocet_mp4_bytes(const AvocetMp4Writer *writer)
{
    return writer ? writer->sink.position : 0;
}

/* ---- starting a file with one index ---- */

static void start_plain(AvocetMp4Writer *w)
{
    static const char ftyp[] = "isom\0\0\2\0isomiso2avc1mp41";
    AvoSink *s = &w->sink;
    avo_sink_put_box(s, 8 + sizeof ftyp - 1, "ftyp");
    avo_sink_put(s, (const uint8_t *)ftyp, sizeof ftyp - 1);
    w->repair_at = s->position;
    if (w->config.journal) {
        w->scratch.used = 0;
        avo_moov_build_empty(&w->scratch, &w->track);
        w->repair_bytes = 16 + w->scratch.used;
        avo_sink_put_box(s, (uint32_t)w->repair_bytes, "free");
        avo_sink_put(s, avo_repair_mark, sizeof avo_repair_mark);
        avo_sink_put(s, w->scratch.data, w->scratch.used);
    }
    w->mdat_at = s->position;
    avo_sink_put_box(s, 8, "free");
    avo_sink_put_box(s, 0, "mdat");
    w->index.start = s->position;
}

/* ---- samples ---- */

static bool is_set(const AvocetNal *nal)
{
    return nal->type == AVO_UNIT_SPS || nal->type == AVO_UNIT_PPS;
}

static bool is_in_track(const AvocetMp4Writer *w, const AvocetNal *nal)
{
    return is_set(nal) && !w->sets_change &&
           avo_avcc_contains(w->track.avcc, w->track.avcc_size, nal);
}

/* A set that the track does not have may replace one that it has:
 * then none can be left out any more. */
static void watch_sets(AvocetMp4Writer *w, const AvocetPacket *packet)
{
    size_t pos = 0;
    AvocetNal nal;
    while (!w->sets_change &&
           avocet_nal_next(packet->data, packet->size, w->config.nal_length_size, &pos, &nal) > 0)
        w->sets_change =
            is_set(&nal) && !avo_avcc_contains(w->track.avcc, w->track.avcc_size, &nal);
}

int64_t avo_mp4_put_sample(const AvocetMp4Writer *w, const AvocetPacket *packet,
                           AvoSampleTarget target)
{
    size_t pos = 0, used = 0;
    AvocetNal nal;
    int status;
    while ((status = avocet_nal_next(packet->data, packet->size, w->config.nal_length_size, &pos,
                                     &nal)) > 0) {
        if (is_in_track(w, &nal))
            continue;
        uint8_t length[4];
        avo_put_u32(length, (uint32_t)nal.size);
        if (target.sink) {
            avo_sink_put(target.sink, length, 4);
            avo_sink_put(target.sink, nal.data, nal.size);
        } else if (target.data) {
            memcpy(target.data + used, length, 4);
            memcpy(target.data + used + 4, nal.data, nal.size);
        }
        used += 4 + nal.size;
    }
    return status < 0 ? status : (int64_t)used;
}

static void close_group(AvocetMp4Writer *w)
{
    uint8_t coded[AVO_GROUP_BYTES];
    if (!w->group.count)
        return;
    size_t size = avo_group_close(&w->group, coded);
    avo_index_add(&w->index, coded, size, w->group.count);
    if (w->config.journal) {
        avo_sink_put_u32(&w->sink, (uint32_t)(AVO_JOURNAL_LEAD - 4 + size));
        avo_sink_put(&w->sink, avo_journal_mark, sizeof avo_journal_mark);
        avo_sink_put(&w->sink, coded, size);
        avo_sink_flush(&w->sink);
    }
    memset(&w->group, 0, sizeof w->group);
}

static int add_to_group(AvocetMp4Writer *w, const AvocetPacket *packet, int64_t dts, int64_t pts,
                        int64_t size)
{
    AvoIndexSample s = {
        .size = (uint32_t)size, .keyframe = packet->keyframe != 0, .dts = dts, .cts = pts - dts};
    bool full = w->group.count == AVO_GROUP_SAMPLES ||
                (w->group.count && dts - w->group.first_dts >= (int64_t)w->track.timescale);
    if (full)
        close_group(w);
    /* Room for the whole group is taken with its first sample,
     * so that a full index can still be finished. */
    if (!w->group.count && !avo_index_reserve(&w->index))
        return avo_fail(&w->message, AVOCET_ERR_MEMORY,
                        "the index is full after %l pictures: finish the file", w->index.samples);
    avo_mp4_put_sample(w, packet, (AvoSampleTarget){&w->sink, NULL});
    avo_group_add(&w->group, &s);
    return AVOCET_OK;
}

int avo_mp4_io_status(AvocetMp4Writer *w)
{
    return w->sink.failed ? avo_fail(&w->message, AVOCET_ERR_IO, "writing failed near byte %l",
                                     (int64_t)w->sink.position)
                          : AVOCET_OK;
}

/* ---- times ---- */

/* A time in timescale units; false: too large. */
static bool scale_time(const AvocetMp4Writer *w, int64_t time, int64_t *scaled)
{
    int64_t most = (INT64_MAX >> 4) / w->time_factor;
    *scaled = time * (time > most || time < -most ? 0 : w->time_factor);
    return time <= most && time >= -most;
}

static int check_packet(AvocetMp4Writer *w, const AvocetPacket *packet, int64_t *dts, int64_t *pts)
{
    if (!packet->data || !packet->size)
        return avo_fail(&w->message, AVOCET_ERR_ARGUMENT, "a packet without data");
    if (!scale_time(w, packet->dts, dts) || !scale_time(w, packet->pts, pts))
        return avo_fail(&w->message, AVOCET_ERR_ARGUMENT, "time %l is too large", packet->pts);
    if (*pts < *dts || *pts - *dts > INT32_MAX)
        return avo_fail(&w->message, AVOCET_ERR_ARGUMENT, "pts %l does not fit dts %l", packet->pts,
                        packet->dts);
    if (w->packets && (*dts <= w->last_dts || *dts - w->last_dts > (int64_t)UINT32_MAX))
        return avo_fail(&w->message, AVOCET_ERR_ARGUMENT, "dts %l does not follow the one before",
                        packet->dts);
    return AVOCET_OK;
}

/* Notes a packet's times for the durations that the file will tell. */
static void note_times(AvocetMp4Writer *w, int64_t dts, int64_t pts)
{
    w->step = w->packets ? dts - w->last_dts : 0;
    w->last_dts = dts;
    if (!w->packets++) {
        w->first_pts = w->last_pts = pts;
    } else if (pts > w->last_pts) {
        w->last_pts_step = pts - w->last_pts;
        w->last_pts = pts;
    } else {
        int64_t step = w->last_pts - pts;
        w->last_pts_step = w->last_pts_step ? avo_min64(w->last_pts_step, step) : step;
        w->first_pts = avo_min64(w->first_pts, pts);
    }
}

int64_t avo_mp4_last_step(const AvocetMp4Writer *w)
{
    int64_t given = 0;
    if (w->config.frame_duration && scale_time(w, w->config.frame_duration, &given) &&
        given <= (int64_t)UINT32_MAX)
        return given;
    return w->step ? w->step : (int64_t)w->track.timescale / 25 + 1;
}

/* ---- packets ---- */

static int start(AvocetMp4Writer *w, const AvocetPacket *packet, int64_t dts, int64_t pts)
{
    if (!w->track.avcc)
        AVO_RETURN_IF_ERROR(take_headers(w, packet->data, packet->size));
    w->track.first_dts = dts;
    w->track.delay = pts - dts;
    if (w->track.fragmented)
        avo_mp4_start_fragmented(w);
    else
        start_plain(w);
    w->started = true;
    return avo_mp4_io_status(w);
}

static int write_packet(AvocetMp4Writer *w, const AvocetPacket *packet)
{
    int64_t dts = 0, pts = 0;
    AVO_RETURN_IF_ERROR(check_packet(w, packet, &dts, &pts));
    if (!w->started)
        AVO_RETURN_IF_ERROR(start(w, packet, dts, pts));
    watch_sets(w, packet);
    int64_t size = avo_mp4_put_sample(w, packet, (AvoSampleTarget){NULL, NULL});
    if (size <= 0 || size > INT32_MAX)
        return avo_fail(&w->message, size < 0 ? (int)size : AVOCET_ERR_ARGUMENT,
                        "a packet without NAL units or with damaged ones");
    if (w->track.fragmented)
        AVO_RETURN_IF_ERROR(avo_mp4_add_to_fragment(w, packet, dts, pts, size));
    else
        AVO_RETURN_IF_ERROR(add_to_group(w, packet, dts, pts, size));
    note_times(w, dts, pts);
    return avo_mp4_io_status(w);
}

int avocet_mp4_write(AvocetMp4Writer *w, const AvocetPacket *packet)
{
    if (!w || !packet)
        return AVOCET_ERR_ARGUMENT;
    if (w->failed)
        return w->failed;
    if (w->finished)
        return avo_fail(&w->message, AVOCET_ERR_STATE, "the file is finished");
    int status = write_packet(w, packet);
    /* With a full index the file is still good to be finished; otherwise nothing may follow. */
    if (status < 0 && status != AVOCET_ERR_ARGUMENT && !(status == AVOCET_ERR_MEMORY && w->packets))
        w->failed = status;
    return status;
}

int avocet_mp4_end_fragment(AvocetMp4Writer *w, int64_t next_dts)
{
    int64_t next = AVOCET_NO_TIME;
    if (!w || (next_dts != AVOCET_NO_TIME && !scale_time(w, next_dts, &next)))
        return AVOCET_ERR_ARGUMENT;
    if (w->failed)
        return w->failed;
    if (!w->track.fragmented)
        return avo_fail(&w->message, AVOCET_ERR_STATE, "the file has no fragments");
    int status = avo_mp4_write_fragment(w, next);
    w->failed = status < 0 ? status : 0;
    return status;
}

/* ---- the end ---- */

int avocet_mp4_finish(AvocetMp4Writer *w)
{
    if (!w)
        return AVOCET_ERR_ARGUMENT;
    if (w->failed)
        return w->failed;
    if (w->finished)
        return AVOCET_OK;
    if (!w->packets)
        return avo_fail(&w->message, AVOCET_ERR_STATE, "no packet was written");
    int status;
    if (w->track.fragmented) {
        status = avo_mp4_write_fragment(w, AVOCET_NO_TIME);
    } else {
        AvoTrack *t = &w->track;
        int64_t given = 0;
        scale_time(w, w->config.frame_duration, &given);
        t->last_dts = w->last_dts;
        t->last_step = avo_mp4_last_step(w);
        t->delay = w->first_pts - t->first_dts;
        int64_t shown_last = given ? given : w->last_pts_step ? w->last_pts_step : t->last_step;
        t->shown = w->last_pts + shown_last - w->first_pts;
        close_group(w);
        status = avo_mp4_finish_index(w);
    }
    w->finished = status >= 0;
    w->failed = status < 0 ? status : 0;
    return status;
}
