/* Reading MP4: plain and fragmented, whole and cut. See reader.h.
 *
 * moov and moof are loaded as a whole and walked in memory; all other boxes are passed over. A file
 * whose end is missing yields the samples that are there; one without an index is handed to
 * mp4_repair.c.
 *
 * Limits against hostile files: a box never reaches past its parent; tables have as many entries as
 * their bytes hold; a sample must lie inside the file; sums of times are kept within MAX_TIME. */
#include "mux/reader.h"
#include "mux/avcc.h"

#define MAX_TIME ((int64_t)1 << 60)
#define BOX(a, b, c, d)                                                                            \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/* Contents of a box in memory, without its size and type. */
typedef struct Box {
    const uint8_t *data;
    size_t size;
    uint32_t type;
} Box;

/* The next box inside; false at the end or where a box does not fit. */
static bool next_box(const Box *parent, size_t *pos, Box *box)
{
    size_t left = parent->size - *pos;
    if (left < 8)
        return false;
    const uint8_t *p = parent->data + *pos;
    uint64_t size = avo_get_u32(p);
    size_t head = 8;
    if (size == 1 && left >= 16) {
        size = avo_get_u64(p + 8);
        head = 16;
    } else if (size == 0) {
        size = left;
    }
    if (size < head || size > left)
        return false;
    *box = (Box){p + head, (size_t)size - head, avo_get_u32(p + 4)};
    *pos += (size_t)size;
    return true;
}

static bool find_box(const Box *parent, uint32_t type, Box *box)
{
    size_t pos = 0;
    while (next_box(parent, &pos, box))
        if (box->type == type)
            return true;
    *box = (Box){NULL, 0, 0};
    return false;
}

/* Along a path of types that ends with 0. */
static bool find_path(const Box *from, const uint32_t *path, Box *box)
{
    *box = *from;
    for (; *path; path++) {
        Box parent = *box;
        if (!find_box(&parent, *path, box))
            return false;
    }
    return true;
}

/* ---- the track ---- */

typedef struct ReadTrack {
    uint32_t id, timescale, movie_timescale;
    int64_t edit_start, edit_delay; /* media time shown first; time before that, media units */
    int64_t edit_duration;          /* movie units; 0: not told */
    bool has_edit;
    uint32_t default_duration, default_size, default_flags; /* trex */
    int64_t last_duration;                                  /* of the sample read last */
    int64_t next_time;                                      /* dts after the fragments read */
    uint64_t wanted; /* samples that the index names, also those that are not there */
} ReadTrack;

static uint32_t version_of(const Box *box)
{
    return box->size ? box->data[0] : 0;
}

static int read_avcc(AvocetReader *r, const Box *stsd)
{
    Box entry, avcc;
    size_t pos = 0;
    if (stsd->size < 8)
        return AVOCET_ERR_DATA;
    Box entries = {stsd->data + 8, stsd->size - 8, 0};
    while (next_box(&entries, &pos, &entry)) {
        if ((entry.type != BOX('a', 'v', 'c', '1') && entry.type != BOX('a', 'v', 'c', '3')) ||
            entry.size < 78)
            continue;
        Box inside = {entry.data + 78, entry.size - 78, 0};
        if (!find_box(&inside, BOX('a', 'v', 'c', 'C'), &avcc))
            continue;
        int64_t size = avo_avcc_to_annexb(avcc.data, avcc.size, NULL, 0, &r->file_length_size);
        if (size <= 0)
            return avo_fail(&r->message, AVOCET_ERR_DATA, "the parameter sets (avcC) are damaged");
        AVO_RETURN_IF_ERROR(avo_reader_grow(r, &r->headers, &r->headers_capacity, (size_t)size, 0));
        avo_avcc_to_annexb(avcc.data, avcc.size, r->headers, (size_t)size, &r->file_length_size);
        r->info.headers_size = (size_t)size;
        return AVOCET_OK;
    }
    return AVOCET_ERR_UNSUPPORTED;
}

static void read_edits(ReadTrack *t, const Box *elst)
{
    uint32_t version = version_of(elst);
    size_t entry = version ? 20 : 12, pos = 8;
    if (elst->size < 8)
        return;
    uint32_t count = avo_get_u32(elst->data + 4);
    for (uint32_t i = 0; i < count && elst->size - pos >= entry; i++, pos += entry) {
        const uint8_t *p = elst->data + pos;
        uint64_t duration = version ? avo_get_u64(p) : avo_get_u32(p);
        int64_t start = version ? (int64_t)avo_get_u64(p + 8) : (int32_t)avo_get_u32(p + 4);
        if (duration > (uint64_t)MAX_TIME || start > MAX_TIME)
            return;
        if (start >= 0) {
            t->edit_start = start;
            t->edit_duration = (int64_t)duration;
            t->has_edit = true;
            return;
        }
        if (t->movie_timescale && duration <= UINT32_MAX && t->edit_delay < MAX_TIME)
            t->edit_delay +=
                (int64_t)(duration * t->timescale / t->movie_timescale) & (MAX_TIME - 1);
    }
}

static uint32_t read_timescale(const Box *box)
{
    size_t at = version_of(box) ? 20 : 12;
    return box->size >= at + 4 ? avo_get_u32(box->data + at) : 0;
}

/* Takes the track if it is H.264 video. */
static int read_track_head(AvocetReader *r, ReadTrack *t, const Box *trak)
{
    static const uint32_t to_mdhd[] = {BOX('m', 'd', 'i', 'a'), BOX('m', 'd', 'h', 'd'), 0};
    static const uint32_t to_stsd[] = {BOX('m', 'd', 'i', 'a'), BOX('m', 'i', 'n', 'f'),
                                       BOX('s', 't', 'b', 'l'), BOX('s', 't', 's', 'd'), 0};
    static const uint32_t to_elst[] = {BOX('e', 'd', 't', 's'), BOX('e', 'l', 's', 't'), 0};
    Box box;
    if (!find_path(trak, to_stsd, &box))
        return AVOCET_ERR_UNSUPPORTED;
    AVO_RETURN_IF_ERROR(read_avcc(r, &box));
    t->timescale = find_path(trak, to_mdhd, &box) ? read_timescale(&box) : 0;
    if (!t->timescale || t->timescale > INT32_MAX)
        return avo_fail(&r->message, AVOCET_ERR_DATA, "the video track has no valid time scale");
    if (find_box(trak, BOX('t', 'k', 'h', 'd'), &box)) {
        size_t at = version_of(&box) ? 20 : 12;
        t->id = box.size >= at + 4 ? avo_get_u32(box.data + at) : 0;
    }
    if (find_path(trak, to_elst, &box))
        read_edits(t, &box);
    return AVOCET_OK;
}

static void read_trex(ReadTrack *t, const Box *moov)
{
    static const uint32_t to_mvex[] = {BOX('m', 'v', 'e', 'x'), 0};
    Box mvex, trex;
    size_t pos = 0;
    if (!find_path(moov, to_mvex, &mvex))
        return;
    while (next_box(&mvex, &pos, &trex))
        if (trex.type == BOX('t', 'r', 'e', 'x') && trex.size >= 24 &&
            avo_get_u32(trex.data + 4) == t->id) {
            t->default_duration = avo_get_u32(trex.data + 12);
            t->default_size = avo_get_u32(trex.data + 16);
            t->default_flags = avo_get_u32(trex.data + 20);
        }
}

/* ---- tables of one index ---- */

/* A table of fixed-size entries behind version, flags and count: how many are really there. */
typedef struct Table {
    const uint8_t *entry;
    uint32_t count;
} Table;

static Table open_table(const Box *stbl, uint32_t type, size_t entry_size)
{
    Box box;
    if (!find_box(stbl, type, &box) || box.size < 8)
        return (Table){NULL, 0};
    uint64_t count = avo_get_u32(box.data + 4), held = (box.size - 8) / entry_size;
    return (Table){box.data + 8, (uint32_t)(count < held ? count : held)};
}

/* Reads (how often, value) entries one value at a time; the last value stays at the end. */
typedef struct RunReader {
    Table table;
    uint32_t index, left;
    uint32_t value;
} RunReader;

static uint32_t next_value(RunReader *run)
{
    while (!run->left && run->index < run->table.count) {
        const uint8_t *p = run->table.entry + 8 * (size_t)run->index++;
        run->left = avo_get_u32(p);
        run->value = avo_get_u32(p + 4);
    }
    if (run->left)
        run->left--;
    return run->value;
}

/* Where chunks and samples are: walks stsc and stco together. */
typedef struct ChunkReader {
    Table to_chunk, offsets;
    bool long_offsets;
    uint32_t chunk, entry; /* chunk counts from 1 */
    uint32_t left;         /* samples of this chunk */
    uint64_t offset;
} ChunkReader;

/* Moves on to the next chunk that has samples; false when there is none. */
static bool next_chunk(ChunkReader *c)
{
    while (!c->left) {
        if (c->chunk >= c->offsets.count || !c->to_chunk.count)
            return false;
        c->chunk++;
        while (c->entry + 1 < c->to_chunk.count &&
               avo_get_u32(c->to_chunk.entry + 12 * (size_t)(c->entry + 1)) <= c->chunk)
            c->entry++;
        c->left = avo_get_u32(c->to_chunk.entry + 12 * (size_t)c->entry + 4);
        const uint8_t *p = c->offsets.entry + (c->long_offsets ? 8 : 4) * (size_t)(c->chunk - 1);
        c->offset = c->long_offsets ? avo_get_u64(p) : avo_get_u32(p);
    }
    return true;
}

/* Are all of these bytes in the file? */
static bool is_there(const AvocetReader *r, uint64_t offset, uint64_t size)
{
    uint64_t end = r->moving ? r->note.end : r->source.size;
    return offset <= end && size <= end - offset;
}

/* A sample if it is whole; others are left out. */
static int add_sample(AvocetReader *r, uint64_t offset, uint32_t size, int64_t dts, int64_t cts,
                      bool keyframe)
{
    AvoReaderSample s = {
        .offset = offset, .size = size, .dts = dts, .pts = dts + cts, .keyframe = keyframe};
    if (!size || !is_there(r, offset, size)) {
        r->info.repaired = 1;
        return AVOCET_OK;
    }
    return avo_reader_add(r, &s);
}

static int read_tables(AvocetReader *r, ReadTrack *t, const Box *stbl)
{
    Box stsz, stss;
    RunReader stts = {.table = open_table(stbl, BOX('s', 't', 't', 's'), 8)};
    RunReader ctts = {.table = open_table(stbl, BOX('c', 't', 't', 's'), 8)};
    Table sync = open_table(stbl, BOX('s', 't', 's', 's'), 4);
    bool all_sync = !find_box(stbl, BOX('s', 't', 's', 's'), &stss);
    ChunkReader chunks = {.to_chunk = open_table(stbl, BOX('s', 't', 's', 'c'), 12),
                          .offsets = open_table(stbl, BOX('s', 't', 'c', 'o'), 4)};
    if (!chunks.offsets.count) {
        chunks.offsets = open_table(stbl, BOX('c', 'o', '6', '4'), 8);
        chunks.long_offsets = true;
    }
    if (!find_box(stbl, BOX('s', 't', 's', 'z'), &stsz) || stsz.size < 12)
        return AVOCET_OK; /* fragmented: nothing here */
    uint32_t fixed_size = avo_get_u32(stsz.data + 4), count = avo_get_u32(stsz.data + 8),
             sync_at = 0;
    if (!fixed_size && count > (stsz.size - 12) / 4)
        count = (uint32_t)((stsz.size - 12) / 4);
    int64_t dts = 0;
    t->wanted += count;
    for (uint32_t i = 0; i < count && next_chunk(&chunks); i++) {
        uint32_t size = fixed_size ? fixed_size : avo_get_u32(stsz.data + 12 + 4 * (size_t)i);
        int64_t cts = (int32_t)next_value(&ctts);
        while (sync_at < sync.count && avo_get_u32(sync.entry + 4 * (size_t)sync_at) < i + 1)
            sync_at++;
        bool key = all_sync ||
                   (sync_at < sync.count && avo_get_u32(sync.entry + 4 * (size_t)sync_at) == i + 1);
        AVO_RETURN_IF_ERROR(add_sample(r, chunks.offset, size, dts, cts, key));
        /* A fixed size need not stand in the file:
         * without this, 16 bytes could ask for 2^32 rounds. */
        if (!is_there(r, chunks.offset, size) && fixed_size)
            break;
        t->last_duration = next_value(&stts);
        dts += t->last_duration;
        if (dts > MAX_TIME)
            return avo_fail(&r->message, AVOCET_ERR_DATA, "its times are too large");
        chunks.offset += size;
        chunks.left--;
    }
    return AVOCET_OK;
}

static int read_moov(AvocetReader *r, ReadTrack *t, const Box *moov)
{
    static const uint32_t to_stbl[] = {BOX('m', 'd', 'i', 'a'), BOX('m', 'i', 'n', 'f'),
                                       BOX('s', 't', 'b', 'l'), 0};
    Box box, stbl;
    size_t pos = 0;
    if (find_box(moov, BOX('m', 'v', 'h', 'd'), &box))
        t->movie_timescale = read_timescale(&box);
    while (next_box(moov, &pos, &box)) {
        if (box.type != BOX('t', 'r', 'a', 'k'))
            continue;
        int status = read_track_head(r, t, &box);
        if (status == AVOCET_ERR_UNSUPPORTED)
            continue;
        AVO_RETURN_IF_ERROR(status);
        read_trex(t, moov);
        return find_path(&box, to_stbl, &stbl) ? read_tables(r, t, &stbl) : AVOCET_OK;
    }
    return avo_fail(&r->message, AVOCET_ERR_UNSUPPORTED, "it has no H.264 track");
}

/* ---- fragments ---- */

typedef struct Traf {
    uint64_t base;
    uint32_t duration, size, flags;
    int64_t dts;
    uint64_t next_offset; /* behind the run before */
} Traf;

static uint32_t take_u32(const Box *box, size_t *pos)
{
    uint32_t v = *pos + 4 <= box->size ? avo_get_u32(box->data + *pos) : 0;
    *pos += 4;
    return v;
}

static bool read_tfhd(const ReadTrack *t, const Box *traf, uint64_t moof_at, Traf *out)
{
    Box tfhd, tfdt;
    size_t pos = 4;
    if (!find_box(traf, BOX('t', 'f', 'h', 'd'), &tfhd) || tfhd.size < 8)
        return false;
    uint32_t flags = avo_get_u32(tfhd.data) & 0xffffff;
    if (take_u32(&tfhd, &pos) != t->id)
        return false;
    *out = (Traf){moof_at, t->default_duration, t->default_size, t->default_flags, t->next_time, 0};
    if (flags & 1) {
        uint64_t high = take_u32(&tfhd, &pos);
        out->base = high << 32 | take_u32(&tfhd, &pos);
    }
    if (flags & 2)
        take_u32(&tfhd, &pos);
    if (flags & 8)
        out->duration = take_u32(&tfhd, &pos);
    if (flags & 0x10)
        out->size = take_u32(&tfhd, &pos);
    if (flags & 0x20)
        out->flags = take_u32(&tfhd, &pos);
    if (find_box(traf, BOX('t', 'f', 'd', 't'), &tfdt)) {
        if (version_of(&tfdt) && tfdt.size >= 12)
            out->dts = (int64_t)avo_get_u64(tfdt.data + 4);
        else if (tfdt.size >= 8)
            out->dts = avo_get_u32(tfdt.data + 4);
    }
    out->next_offset = out->base;
    return out->dts >= 0 && out->dts <= MAX_TIME;
}

/* One run of samples. *whole becomes false at the first sample that is not in the file. */
static int read_trun(AvocetReader *r, ReadTrack *t, Traf *traf, const Box *trun)
{
    size_t pos = 0;
    uint32_t flags = take_u32(trun, &pos), count = take_u32(trun, &pos);
    if (trun->size < 8)
        return AVOCET_OK;
    uint64_t offset = traf->next_offset;
    if (flags & 1)
        offset = traf->base + (uint64_t)(int64_t)(int32_t)take_u32(trun, &pos);
    uint32_t first_flags = flags & 4 ? take_u32(trun, &pos) : traf->flags;
    size_t entry = 0;
    for (int bit = 0x100; bit <= 0x800; bit <<= 1)
        entry += flags & (uint32_t)bit ? 4 : 0;
    t->wanted += count;
    for (uint32_t i = 0; i < count; i++) {
        if (pos > trun->size || trun->size - pos < entry)
            break;
        uint32_t duration = flags & 0x100 ? take_u32(trun, &pos) : traf->duration;
        uint32_t size = flags & 0x200 ? take_u32(trun, &pos) : traf->size;
        uint32_t sample_flags = flags & 0x400 ? take_u32(trun, &pos)
                                : i == 0      ? first_flags
                                              : traf->flags;
        int64_t cts = flags & 0x800 ? (int32_t)take_u32(trun, &pos) : 0;
        AVO_RETURN_IF_ERROR(add_sample(r, offset, size, traf->dts, cts, !(sample_flags & 0x10000)));
        if (!size || !is_there(r, offset, size))
            break; /* entries of no bytes, and what follows the end, are endless otherwise */
        offset += size;
        t->last_duration = duration;
        traf->dts += duration;
        if (traf->dts > MAX_TIME)
            return AVOCET_ERR_DATA;
    }
    traf->next_offset = offset;
    return AVOCET_OK;
}

static int read_moof(AvocetReader *r, ReadTrack *t, const Box *moof, uint64_t moof_at)
{
    Box traf_box, trun;
    Traf traf;
    size_t pos = 0;
    while (next_box(moof, &pos, &traf_box)) {
        size_t inside = 0;
        if (traf_box.type != BOX('t', 'r', 'a', 'f') || !read_tfhd(t, &traf_box, moof_at, &traf))
            continue;
        while (next_box(&traf_box, &inside, &trun))
            if (trun.type == BOX('t', 'r', 'u', 'n'))
                AVO_RETURN_IF_ERROR(read_trun(r, t, &traf, &trun));
        t->next_time = traf.dts;
    }
    return AVOCET_OK;
}

/* ---- the file ---- */

/* Head of a box in the file. */
typedef struct FileBox {
    uint64_t at, size, data; /* data: offset of its contents */
    uint32_t type;
    bool cut; /* reaches past the end of the file */
} FileBox;

static bool next_file_box(AvocetReader *r, uint64_t at, FileBox *box)
{
    uint8_t head[16];
    if (!avo_reader_fetch(r, at, head, 8))
        return false;
    box->at = at;
    box->size = avo_get_u32(head);
    box->type = avo_get_u32(head + 4);
    box->data = at + 8;
    if (box->size == 1) {
        if (!avo_reader_fetch(r, at + 8, head + 8, 8))
            return false;
        box->size = avo_get_u64(head + 8);
        box->data = at + 16;
    } else if (box->size == 0) {
        box->size = r->source.size - at;
    }
    if (box->size < box->data - at)
        return false;
    box->cut = box->size > r->source.size - at;
    return true;
}

/* Loads a box's contents; the memory belongs to the caller. */
static int load_box(AvocetReader *r, const FileBox *file, Box *box, uint8_t **memory)
{
    uint64_t size = file->size - (file->data - file->at);
    *memory = NULL;
    *box = (Box){NULL, 0, file->type};
    if (size > SIZE_MAX || !(*memory = avo_reader_take(r, size ? (size_t)size : 1)))
        return avo_fail(&r->message, AVOCET_ERR_MEMORY, "an index of %l bytes is too large",
                        (int64_t)size);
    *box = (Box){*memory, (size_t)size, file->type};
    if (avo_reader_fetch(r, file->data, *memory, (size_t)size))
        return AVOCET_OK;
    return avo_fail(&r->message, AVOCET_ERR_IO, "the index cannot be read");
}

/* Loads a moov or moof and reads it. */
static int read_index_box(AvocetReader *r, ReadTrack *t, const FileBox *file)
{
    Box box;
    uint8_t *memory;
    int status = load_box(r, file, &box, &memory);
    if (status >= 0)
        status = file->type == BOX('m', 'o', 'o', 'v') ? read_moov(r, t, &box)
                                                       : read_moof(r, t, &box, file->at);
    avo_reader_give(r, memory, box.size ? box.size : 1);
    return status;
}

/* The repair header of an unfinished file: a box "free" that holds "avoj", a version and a moov. */
static int read_repair_header(AvocetReader *r, ReadTrack *t, const FileBox *file)
{
    Box box, moov;
    uint8_t *memory;
    int status = load_box(r, file, &box, &memory);
    if (status >= 0) {
        Box inside = {box.data + 8, box.size - 8, 0};
        status = find_box(&inside, BOX('m', 'o', 'o', 'v'), &moov) ? read_moov(r, t, &moov)
                                                                   : AVOCET_ERR_DATA;
    }
    avo_reader_give(r, memory, box.size ? box.size : 1);
    return status;
}

/* What the walk over the boxes of the file finds. */
typedef struct Found {
    bool moov, moof, mdat, repair, cut;
    FileBox media, repair_header; /* the first of their kind */
    uint64_t end;                 /* of the whole boxes */
} Found;

static bool is_repair_header(AvocetReader *r, const FileBox *box)
{
    uint8_t mark[sizeof avo_repair_mark];
    return box->size >= 24 && box->size < 65536 &&
           avo_reader_fetch(r, box->data, mark, sizeof mark) &&
           memcmp(mark, avo_repair_mark, sizeof mark) == 0;
}

static int note_box(AvocetReader *r, ReadTrack *t, Found *found, const FileBox *box)
{
    if (box->type == BOX('m', 'd', 'a', 't') && !found->mdat) {
        found->mdat = true;
        found->media = *box;
    } else if (box->type == BOX('f', 'r', 'e', 'e') && !found->repair && !box->cut &&
               is_repair_header(r, box)) {
        found->repair = true;
        found->repair_header = *box;
    } else if (box->type == BOX('m', 'o', 'o', 'v') && !found->moov && !box->cut) {
        found->moov = true;
        return read_index_box(r, t, box);
    } else if (box->type == BOX('m', 'o', 'o', 'f') && found->moov && !box->cut) {
        found->moof = true;
        return read_index_box(r, t, box);
    }
    return AVOCET_OK;
}

static int walk_file(AvocetReader *r, ReadTrack *t, Found *found)
{
    FileBox box;
    uint64_t at = 0;
    while (at < r->source.size && next_file_box(r, at, &box)) {
        AVO_RETURN_IF_ERROR(note_box(r, t, found, &box));
        if (box.cut)
            break;
        at += box.size;
    }
    found->end = at;
    found->cut = at < r->source.size;
    return AVOCET_OK;
}

/* Times as shown: what the edit list leaves out in front comes before 0. */
static void apply_edits(AvocetReader *r, const ReadTrack *t)
{
    int64_t shift = t->edit_delay - t->edit_start;
    for (int64_t i = 0; i < r->info.packets; i++) {
        r->sample[i].dts += shift;
        r->sample[i].pts += shift;
    }
}

/* How long the last picture is shown: what the edit list leaves for it, else its duration in
 * decoding order. */
static void set_frame_duration(AvocetReader *r, const ReadTrack *t)
{
    if (!r->info.packets)
        return;
    int64_t first = r->sample[0].pts, last = first;
    for (int64_t i = 1; i < r->info.packets; i++) {
        first = avo_min64(first, r->sample[i].pts);
        last = avo_max64(last, r->sample[i].pts);
    }
    r->info.frame_duration = t->last_duration;
    bool exact =
        t->has_edit && t->movie_timescale == t->timescale && (uint64_t)r->info.packets == t->wanted;
    if (exact && t->edit_duration > last - first)
        r->info.frame_duration = t->edit_duration - (last - first);
    if (r->info.frame_duration <= 0)
        r->info.frame_duration = 1;
}

/* A file that was being finished: the index is found by the note, the data through it. */
static int read_moving(AvocetReader *r, ReadTrack *t)
{
    FileBox box;
    if (!next_file_box(r, r->note.moov_at, &box) || box.type != BOX('m', 'o', 'o', 'v') || box.cut)
        return avo_fail(&r->message, AVOCET_ERR_DATA,
                        "the index of the unfinished file is damaged");
    Box moov;
    uint8_t *memory;
    int status = load_box(r, &box, &moov, &memory);
    r->moving = true; /* from here on bytes are found by the note */
    r->info.repaired = 1;
    if (status >= 0)
        status = read_moov(r, t, &moov);
    avo_reader_give(r, memory, moov.size ? moov.size : 1);
    return status;
}

static int read_unindexed(AvocetReader *r, ReadTrack *t, const Found *found)
{
    if (!found->repair || !found->mdat)
        return avo_fail(&r->message, AVOCET_ERR_DATA,
                        "there is no index, and nothing to make one from");
    AVO_RETURN_IF_ERROR(read_repair_header(r, t, &found->repair_header));
    uint64_t end = found->media.cut ? r->source.size : found->media.at + found->media.size;
    r->info.repaired = 1;
    AVO_RETURN_IF_ERROR(avo_reader_follow_journal(r, found->media.data, end));
    int64_t n = r->info.packets;
    t->edit_start = t->edit_delay = 0; /* the journal has times as they were given */
    t->has_edit = false;
    t->last_duration = n > 1 ? r->sample[n - 1].dts - r->sample[n - 2].dts : 1;
    return AVOCET_OK;
}

int avo_reader_open_mp4(AvocetReader *r)
{
    ReadTrack track = {0};
    Found found = {0};
    int status;
    r->info.is_mp4 = 1;
    if (avo_reader_find_note(r, &r->note)) {
        status = read_moving(r, &track);
    } else {
        status = walk_file(r, &track, &found);
        if (status >= 0 && !found.moov)
            status = read_unindexed(r, &track, &found);
        else if (found.cut)
            r->info.repaired = 1;
    }
    if (status < 0)
        return status;
    r->info.is_fragmented = found.moof || (found.moov && !r->info.packets);
    r->info.time_base = (AvocetRational){1, (int)track.timescale};
    if (found.moof && r->info.repaired && r->info.packets) {
        const AvoReaderSample *last = &r->sample[r->info.packets - 1];
        uint64_t end = last->offset + last->size;
        r->info.lost_bytes = end < r->source.size ? r->source.size - end : 0;
    }
    apply_edits(r, &track);
    set_frame_duration(r, &track);
    return AVOCET_OK;
}
