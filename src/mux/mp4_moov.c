/* See mp4_moov.h; ISO 14496-12 (8.2 on), 14496-14, 14496-15.
 *
 *     moov  mvhd
 *           trak  tkhd
 *                 edts elst                     where the shown time begins in the media time
 *                 mdia  mdhd hdlr
 *                       minf  vmhd dinf(dref)
 *                             stbl  stsd(avc1(avcC colr pasp))  stts ctts stss stsc stsz stco|co64
 *           mvex trex                           fragmented only
 *
 * The tables stand at the very end of the tree. So everything before them is built in a small
 * buffer, whose open boxes are closed with the size that the tables will have, and the tables are
 * streamed from the index behind it: no copy of the index in its written form ever exists in
 * memory. */
#include "mux/mp4_moov.h"

#define PREFIX_BYTES 760 /* all boxes up to the tables, without avcC, in the longest versions */

size_t avo_moov_bound(const AvoTrack *track)
{
    return PREFIX_BYTES + track->avcc_size;
}

static void put_matrix(AvoBoxes *b)
{
    static const uint32_t unity[9] = {0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000};
    for (int i = 0; i < 9; i++)
        avo_boxes_u32(b, unity[i]);
}

/* Version 1 of a header box has 64-bit times. */
static bool is_long(const AvoTrack *t, int64_t duration)
{
    return duration > (int64_t)UINT32_MAX || t->creation_time > UINT32_MAX;
}

static void put_time(AvoBoxes *b, bool is_64, uint64_t v)
{
    if (is_64)
        avo_boxes_u64(b, v);
    else
        avo_boxes_u32(b, (uint32_t)v);
}

static void put_mvhd(AvoBoxes *b, const AvoTrack *t)
{
    bool is_64 = is_long(t, t->shown);
    size_t box = avo_boxes_begin_full(b, "mvhd", is_64 ? 1u << 24 : 0);
    put_time(b, is_64, t->creation_time);
    put_time(b, is_64, t->creation_time);
    avo_boxes_u32(b, t->timescale); /* that of the track, so that durations are exact */
    put_time(b, is_64, (uint64_t)t->shown);
    avo_boxes_u32(b, 0x10000); /* rate 1 */
    avo_boxes_u16(b, 0x100);   /* volume 1 */
    avo_boxes_zeros(b, 10);
    put_matrix(b);
    avo_boxes_zeros(b, 24);
    avo_boxes_u32(b, 2); /* next_track_ID */
    avo_boxes_end(b, box, 0);
}

/* Width on a screen with square samples, 16.16. */
static uint32_t display_width(const AvocetVideoInfo *v)
{
    uint64_t width = (uint64_t)v->width << 16;
    if (v->sar_width && v->sar_height)
        width = (width * (uint64_t)v->sar_width + (uint64_t)v->sar_height / 2) /
                (uint64_t)v->sar_height;
    return width > UINT32_MAX ? (uint32_t)v->width << 16 : (uint32_t)width;
}

static void put_tkhd(AvoBoxes *b, const AvoTrack *t)
{
    bool is_64 = is_long(t, t->shown);
    size_t box =
        avo_boxes_begin_full(b, "tkhd", (is_64 ? 1u << 24 : 0) | 3); /* enabled, in movie */
    put_time(b, is_64, t->creation_time);
    put_time(b, is_64, t->creation_time);
    avo_boxes_u32(b, 1); /* track_ID */
    avo_boxes_u32(b, 0);
    put_time(b, is_64, (uint64_t)t->shown);
    avo_boxes_zeros(b, 16);
    put_matrix(b);
    avo_boxes_u32(b, display_width(&t->video));
    avo_boxes_u32(b, (uint32_t)t->video.height << 16);
    avo_boxes_end(b, box, 0);
}

/* The shown time starts `delay` into the media time,
 * because pictures are decoded earlier than shown. */
static void put_edts(AvoBoxes *b, const AvoTrack *t)
{
    bool is_64 = t->shown > (int64_t)UINT32_MAX || t->delay > INT32_MAX;
    size_t edts = avo_boxes_begin(b, "edts");
    size_t elst = avo_boxes_begin_full(b, "elst", is_64 ? 1u << 24 : 0);
    avo_boxes_u32(b, 1);
    put_time(b, is_64, (uint64_t)t->shown);
    put_time(b, is_64, (uint64_t)t->delay);
    avo_boxes_u32(b, 0x10000); /* rate 1 */
    avo_boxes_end(b, elst, 0);
    avo_boxes_end(b, edts, 0);
}

static void put_mdhd(AvoBoxes *b, const AvoTrack *t)
{
    int64_t duration = t->last_dts + t->last_step - t->first_dts;
    bool is_64 = is_long(t, duration);
    size_t box = avo_boxes_begin_full(b, "mdhd", is_64 ? 1u << 24 : 0);
    put_time(b, is_64, t->creation_time);
    put_time(b, is_64, t->creation_time);
    avo_boxes_u32(b, t->timescale);
    put_time(b, is_64, (uint64_t)duration);
    avo_boxes_u16(b, 0x55c4); /* language "und" */
    avo_boxes_u16(b, 0);
    avo_boxes_end(b, box, 0);
}

static void put_hdlr(AvoBoxes *b)
{
    size_t box = avo_boxes_begin_full(b, "hdlr", 0);
    avo_boxes_u32(b, 0);
    avo_boxes_put(b, "vide", 4);
    avo_boxes_zeros(b, 12);
    avo_boxes_put(b, "Avocet video", 13);
    avo_boxes_end(b, box, 0);
}

static void put_vmhd_dinf(AvoBoxes *b)
{
    size_t vmhd = avo_boxes_begin_full(b, "vmhd", 1);
    avo_boxes_zeros(b, 8);
    avo_boxes_end(b, vmhd, 0);
    size_t dinf = avo_boxes_begin(b, "dinf");
    size_t dref = avo_boxes_begin_full(b, "dref", 0);
    avo_boxes_u32(b, 1);
    size_t url = avo_boxes_begin_full(b, "url ", 1); /* in this file */
    avo_boxes_end(b, url, 0);
    avo_boxes_end(b, dref, 0);
    avo_boxes_end(b, dinf, 0);
}

static void put_colr_pasp(AvoBoxes *b, const AvocetVideoInfo *v)
{
    bool has_colour = v->colour_primaries != 2 || v->transfer != 2 || v->colour_matrix != 2;
    if (has_colour || v->full_range) {
        size_t colr = avo_boxes_begin(b, "colr");
        avo_boxes_put(b, "nclx", 4);
        avo_boxes_u16(b, (uint32_t)v->colour_primaries);
        avo_boxes_u16(b, (uint32_t)v->transfer);
        avo_boxes_u16(b, (uint32_t)v->colour_matrix);
        avo_boxes_u8(b, v->full_range ? 0x80 : 0);
        avo_boxes_end(b, colr, 0);
    }
    if (v->sar_width && v->sar_height) {
        size_t pasp = avo_boxes_begin(b, "pasp");
        avo_boxes_u32(b, (uint32_t)v->sar_width);
        avo_boxes_u32(b, (uint32_t)v->sar_height);
        avo_boxes_end(b, pasp, 0);
    }
}

static void put_stsd(AvoBoxes *b, const AvoTrack *t)
{
    size_t stsd = avo_boxes_begin_full(b, "stsd", 0);
    avo_boxes_u32(b, 1);
    size_t avc1 = avo_boxes_begin(b, "avc1");
    avo_boxes_zeros(b, 6);
    avo_boxes_u16(b, 1); /* data_reference_index */
    avo_boxes_zeros(b, 16);
    avo_boxes_u16(b, (uint32_t)t->video.width);
    avo_boxes_u16(b, (uint32_t)t->video.height);
    avo_boxes_u32(b, 0x480000); /* 72 dpi */
    avo_boxes_u32(b, 0x480000);
    avo_boxes_u32(b, 0);
    avo_boxes_u16(b, 1); /* frame_count */
    avo_boxes_zeros(b, 32);
    avo_boxes_u16(b, 24); /* depth */
    avo_boxes_u16(b, 0xffff);
    size_t avcc = avo_boxes_begin(b, "avcC");
    avo_boxes_put(b, t->avcc, t->avcc_size);
    avo_boxes_end(b, avcc, 0);
    put_colr_pasp(b, &t->video);
    avo_boxes_end(b, avc1, 0);
    avo_boxes_end(b, stsd, 0);
}

/* Boxes that stay open around the tables. */
typedef struct OpenBoxes {
    size_t moov, trak, mdia, minf, stbl;
} OpenBoxes;

static OpenBoxes put_prefix(AvoBoxes *b, const AvoTrack *t)
{
    OpenBoxes open;
    open.moov = avo_boxes_begin(b, "moov");
    put_mvhd(b, t);
    open.trak = avo_boxes_begin(b, "trak");
    put_tkhd(b, t);
    if (!t->negative_offsets)
        put_edts(b, t);
    open.mdia = avo_boxes_begin(b, "mdia");
    put_mdhd(b, t);
    put_hdlr(b);
    open.minf = avo_boxes_begin(b, "minf");
    put_vmhd_dinf(b);
    open.stbl = avo_boxes_begin(b, "stbl");
    put_stsd(b, t);
    return open;
}

static void close_track(AvoBoxes *b, const OpenBoxes *open, uint64_t extra)
{
    avo_boxes_end(b, open->stbl, extra);
    avo_boxes_end(b, open->minf, extra);
    avo_boxes_end(b, open->mdia, extra);
    avo_boxes_end(b, open->trak, extra);
}

static void put_empty_table(AvoBoxes *b, const char type[4], size_t bytes)
{
    size_t box = avo_boxes_begin_full(b, type, 0);
    avo_boxes_zeros(b, bytes);
    avo_boxes_end(b, box, 0);
}

static void put_mvex(AvoBoxes *b)
{
    size_t mvex = avo_boxes_begin(b, "mvex");
    size_t trex = avo_boxes_begin_full(b, "trex", 0);
    avo_boxes_u32(b, 1);    /* track_ID */
    avo_boxes_u32(b, 1);    /* sample description */
    avo_boxes_zeros(b, 12); /* default duration, size, flags: each fragment says its own */
    avo_boxes_end(b, trex, 0);
    avo_boxes_end(b, mvex, 0);
}

void avo_moov_build_empty(AvoBoxes *b, const AvoTrack *track)
{
    AvoTrack t = *track;
    t.shown = 0;
    t.last_dts = t.first_dts;
    t.last_step = 0;
    OpenBoxes open = put_prefix(b, &t);
    put_empty_table(b, "stts", 4);
    put_empty_table(b, "stsc", 4);
    put_empty_table(b, "stsz", 8);
    put_empty_table(b, "stco", 4);
    close_track(b, &open, 0);
    if (t.fragmented)
        put_mvex(b);
    avo_boxes_end(b, open.moov, 0);
}

/* ---- tables ---- */

typedef enum Table { STTS, CTTS, STSS, STSC, STSZ, STCO, CO64 } Table;

/* Receives a table entry by entry: counts them, or writes them. */
typedef struct TableOut {
    AvoSink *sink; /* NULL: count */
    Table table;
    uint32_t count;
    int64_t run, value; /* the run that is not written yet: `run` times `value` */
} TableOut;

static void put_entry(TableOut *o, uint32_t a, uint32_t b)
{
    o->count++;
    if (!o->sink)
        return;
    avo_sink_put_u32(o->sink, a);
    avo_sink_put_u32(o->sink, b);
}

static void end_run(TableOut *o)
{
    if (o->run)
        put_entry(o, (uint32_t)o->run, (uint32_t)o->value);
    o->run = 0;
}

/* For tables of (how often, value). */
static void put_run(TableOut *o, int64_t value)
{
    if (o->run && value != o->value)
        end_run(o);
    o->value = value;
    o->run++;
}

/* stsc: an entry where the number of samples in a chunk changes. chunk counts from 1. */
static void put_chunk(TableOut *o, uint32_t chunk, int64_t samples)
{
    if (!samples || samples == o->value)
        return;
    put_entry(o, chunk, (uint32_t)samples);
    if (o->sink)
        avo_sink_put_u32(o->sink, 1);
    o->value = samples;
}

static void put_sample(TableOut *o, const AvoIndexSample *s, uint32_t number, uint64_t shift)
{
    switch (o->table) {
    case CTTS:
        put_run(o, s->cts);
        break;
    case STSS:
        if (s->keyframe) {
            o->count++;
            if (o->sink)
                avo_sink_put_u32(o->sink, number);
        }
        break;
    case STSZ:
        if (o->sink)
            avo_sink_put_u32(o->sink, s->size);
        break;
    case STCO:
        if (s->starts_group && o->sink)
            avo_sink_put_u32(o->sink, (uint32_t)(s->offset + shift));
        break;
    case CO64:
        if (s->starts_group && o->sink)
            avo_sink_put_u64(o->sink, s->offset + shift);
        break;
    default:
        break;
    }
}

/* One look through the index for one table. */
static uint32_t run_table(AvoSink *sink, Table table, const AvoTrack *track, const AvoIndex *index,
                          uint64_t shift)
{
    TableOut out = {.sink = sink, .table = table};
    AvoIndexWalk walk;
    AvoIndexSample s, before = {0};
    uint32_t number = 0, chunk = 0;
    int64_t in_chunk = 0;
    avo_index_walk(&walk, index);
    while (avo_index_next(&walk, &s)) {
        if (table == STTS && number)
            put_run(&out, s.dts - before.dts);
        if (s.starts_group) {
            if (table == STSC)
                put_chunk(&out, chunk, in_chunk);
            chunk++;
            in_chunk = 0;
        }
        in_chunk++;
        put_sample(&out, &s, ++number, shift);
        before = s;
    }
    if (table == STTS && number)
        put_run(&out, track->last_step);
    if (table == STSC)
        put_chunk(&out, chunk, in_chunk);
    end_run(&out);
    return out.count;
}

/* Is every entry of the run-length table one and the same zero? Then the box says nothing. */
static bool all_shown_when_decoded(const AvoIndex *index)
{
    AvoIndexWalk walk;
    AvoIndexSample s;
    avo_index_walk(&walk, index);
    while (avo_index_next(&walk, &s))
        if (s.cts)
            return false;
    return true;
}

bool avo_moov_plan(AvoMoovPlan *p, const AvoTrack *track, const AvoIndex *index,
                   uint64_t last_offset, AvoBoxes *scratch)
{
    uint64_t samples = (uint64_t)index->samples, groups = (uint64_t)index->groups;
    memset(p, 0, sizeof *p);
    p->stts = run_table(NULL, STTS, track, index, 0);
    p->ctts = all_shown_when_decoded(index) ? 0 : run_table(NULL, CTTS, track, index, 0);
    p->stss = run_table(NULL, STSS, track, index, 0);
    p->stsc = run_table(NULL, STSC, track, index, 0);
    p->all_keyframes = p->stss == samples;
    p->table_bytes = 16 + 8 * (uint64_t)p->stts + (p->ctts ? 16 + 8 * (uint64_t)p->ctts : 0) +
                     (p->all_keyframes ? 0 : 16 + 4 * (uint64_t)p->stss) + 16 +
                     12 * (uint64_t)p->stsc + 20 + 4 * samples + 16;
    scratch->used = 0;
    put_prefix(scratch, track);
    p->bytes = scratch->used + p->table_bytes + 8 * groups; /* for now */
    p->long_offsets = last_offset + p->bytes > UINT32_MAX;
    p->table_bytes += groups * (p->long_offsets ? 8 : 4);
    p->bytes = scratch->used + p->table_bytes;
    return p->bytes <= UINT32_MAX && samples <= UINT32_MAX;
}

/* Size, type, version and number of entries. */
static void put_table_head(AvoSink *sink, const char type[4], uint32_t entries,
                           uint32_t entry_bytes)
{
    avo_sink_put_full_box(sink, 16 + entries * entry_bytes, type, 0);
    avo_sink_put_u32(sink, entries);
}

void avo_moov_write(AvoSink *sink, const AvoMoovPlan *p, const AvoTrack *track,
                    const AvoIndex *index, uint64_t shift, AvoBoxes *scratch)
{
    uint32_t samples = (uint32_t)index->samples, groups = (uint32_t)index->groups;
    scratch->used = 0;
    OpenBoxes open = put_prefix(scratch, track);
    close_track(scratch, &open, p->table_bytes);
    avo_boxes_end(scratch, open.moov, p->table_bytes);
    avo_sink_put(sink, scratch->data, scratch->used);
    put_table_head(sink, "stts", p->stts, 8);
    run_table(sink, STTS, track, index, 0);
    if (p->ctts) {
        put_table_head(sink, "ctts", p->ctts, 8);
        run_table(sink, CTTS, track, index, 0);
    }
    if (!p->all_keyframes) {
        put_table_head(sink, "stss", p->stss, 4);
        run_table(sink, STSS, track, index, 0);
    }
    put_table_head(sink, "stsc", p->stsc, 12);
    run_table(sink, STSC, track, index, 0);
    avo_sink_put_full_box(sink, 20 + 4 * samples, "stsz", 0);
    avo_sink_put_u32(sink, 0);
    avo_sink_put_u32(sink, samples);
    run_table(sink, STSZ, track, index, 0);
    put_table_head(sink, p->long_offsets ? "co64" : "stco", groups, p->long_offsets ? 8 : 4);
    run_table(sink, p->long_offsets ? CO64 : STCO, track, index, shift);
}
