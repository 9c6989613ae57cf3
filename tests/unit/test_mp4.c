/* MP4 writer and reader: every layout and option read back, files killed at every call, cut at
 * every byte, full disks, failing memory, files beyond 4 GB. */
#include "mux_file.h"

static void expect_whole(MemFile *f, const TestStream *s, int64_t unit, int own_shift,
                         const char *what)
{
    AvocetSource source = mem_source(f);
    AvocetReader *reader;
    char message[200] = "";
    int status = avocet_reader_open(&reader, NULL, &source, NULL, message, sizeof message);
    CHECK(status == AVOCET_OK, "%s: %d %s", what, status, message);
    if (status < 0)
        return;
    int64_t same = compare(reader, s, unit, own_shift);
    CHECK(same == s->count, "%s: %lld of %d", what, (long long)same, s->count);
    CHECK(!avocet_reader_info(reader)->repaired, "%s: counts as repaired", what);
    avocet_reader_close(&reader);
}

static int write_all(MemFile *f, const AvocetMp4Config *config, const TestStream *s,
                     int with_headers)
{
    AvocetSink sink = mem_sink(f);
    AvocetMp4Writer *w;
    char message[200] = "";
    int status = avocet_mp4_open(&w, config, &sink, with_headers ? test_headers : NULL,
                                 sizeof test_headers, NULL, message, sizeof message);
    if (status < 0) {
        printf("open: %s\n", message);
        return status;
    }
    for (int i = 0; i < s->count && status >= 0; i++)
        status = avocet_mp4_write(w, &s->p[i].packet);
    if (status >= 0)
        status = avocet_mp4_finish(w);
    avocet_mp4_close(&w);
    return status;
}

/* The headers with lengths instead of start codes. */
static size_t with_lengths(uint8_t headers[64])
{
    size_t pos = 0, used = 0;
    AvocetNal nal;
    while (avocet_nal_next(test_headers, sizeof test_headers, 0, &pos, &nal) > 0) {
        memcpy(headers + used, "\0\0\0", 3);
        headers[used + 3] = (uint8_t)nal.size;
        memcpy(headers + used + 4, nal.data, nal.size);
        used += 4 + nal.size;
    }
    return used;
}

static const char *layout_name(AvocetMp4Layout layout)
{
    static const char *const names[] = {"index last", "index first", "fragmented"};
    return names[layout];
}

/* ---- every layout and shape ---- */

static void check_shapes(Random *r)
{
    static const TestShape shapes[] = {
        {1, 10, 0, 1, 0, 100, 0},      {2, 10, 3, 1, 0, 100, 0},
        {60, 12, 0, 1, 0, 400, 0},     {100, 25, 3, 1, 0, 400, 5},
        {100, 30, 2, 1001, 0, 300, 0}, {300, 50, 3, 40, 25, 90, -1000},
        {64, 1, 0, 2, 1, 50, 7},       {1000, 250, 7, 3000, 2000, 40, 90000},
    };
    static const AvocetRational bases[] = {
        {1, 30}, {1001, 30000}, {1, 90000}, {2, 60}, {1, 1000000}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (int option = 0; option < 24; option++) {
            AvocetMp4Config c;
            char what[100];
            avocet_mp4_config_init(&c);
            c.layout = (AvocetMp4Layout)(option % 3);
            c.time_base = bases[random_below(r, 5)];
            c.fragment_ms = option % 2 ? 200 : 1000;
            c.fragment_at_keyframes = option / 3 % 2;
            c.negative_offsets = c.layout == AVOCET_MP4_FRAGMENTED && option / 6 % 2;
            c.journal = option / 6 % 2;
            c.fragment_bytes = option / 12 ? 4096 : 0;
            MemFile f = {.no_truncate = option % 5 == 0};
            TestStream s = make_stream(r, &shapes[i]);
            snprintf(what, sizeof what, "shape %d option %d, %s", (int)i, option,
                     layout_name(c.layout));
            int status = write_all(&f, &c, &s, option & 1);
            CHECK(status == AVOCET_OK, "%s: %d", what, status);
            int64_t unit = c.time_base.num == 1001 ? 1001 : 1;
            expect_whole(&f, &s, unit, c.negative_offsets, what);
            mem_free(&f);
            free_stream(&s);
        }
}

/* Durations and what the SPS says reach the reader. */
static void check_info(Random *r)
{
    static const TestShape shape = {50, 25, 3, 100, 0, 100, 0};
    for (int layout = 0; layout < 3; layout++) {
        AvocetMp4Config c;
        AvocetReader *reader;
        MemFile f = {0};
        TestStream s = make_stream(r, &shape);
        avocet_mp4_config_init(&c);
        c.layout = (AvocetMp4Layout)layout;
        c.time_base = (AvocetRational){1, 3000};
        c.frame_duration = 70;
        CHECK(write_all(&f, &c, &s, 1) == AVOCET_OK, "layout %d", layout);
        AvocetSource source = mem_source(&f);
        CHECK(avocet_reader_open(&reader, NULL, &source, NULL, NULL, 0) == AVOCET_OK, "layout %d",
              layout);
        const AvocetReaderInfo *i = avocet_reader_info(reader);
        CHECK(i->is_mp4 && i->is_fragmented == (layout == 2), "layout %d: fragmented %d", layout,
              i->is_fragmented);
        CHECK(i->time_base.num == 1 && i->time_base.den == 3000, "1/%d", i->time_base.den);
        CHECK(i->duration == 49 * 100 + 70, "layout %d: duration %lld", layout,
              (long long)i->duration);
        CHECK(i->video.profile_idc == 100 && i->video.level_idc == 10, "%d %d",
              i->video.profile_idc, i->video.level_idc);
        CHECK(i->headers_size == sizeof test_headers &&
                  !memcmp(i->headers, test_headers, sizeof test_headers),
              "layout %d: %d bytes of headers", layout, (int)i->headers_size);
        AvocetPacket p;
        CHECK(avocet_reader_packet(reader, 50, &p) == AVOCET_END, "a packet past the end");
        CHECK(avocet_reader_packet(reader, -1, &p) == AVOCET_ERR_ARGUMENT, "packet -1");
        avocet_reader_close(&reader);
        mem_free(&f);
        free_stream(&s);
    }
}

/* ---- interrupted files ---- */

/* Packets of a damaged file that are read back the same; -1: it cannot be opened; less:
 * something differs. */
static int64_t count_repaired(MemFile *f, const TestStream *s)
{
    AvocetSource source = mem_source(f);
    AvocetReader *reader;
    if (avocet_reader_open(&reader, NULL, &source, NULL, NULL, 0) < 0)
        return -1;
    int64_t same = compare(reader, s, 1, 0);
    avocet_reader_close(&reader);
    return same;
}

/* Killed at every call of the sink: what was journalled, or in whole fragments, is there. Groups
 * and fragments hold at most 16 pictures here. */
static void check_kills(Random *r, AvocetMp4Layout layout)
{
    static const TestShape shape = {70, 20, 3, 1, 0, 700, 0};
    TestStream s = make_stream(r, &shape);
    AvocetMp4Config c;
    avocet_mp4_config_init(&c);
    c.layout = layout;
    c.time_base = (AvocetRational){1, 30};
    c.fragment_ms = 500;
    long calls = 0;
    for (long kill = 1;; kill++) {
        MemFile f = {.fail_at = kill};
        AvocetSink sink = mem_sink(&f);
        AvocetMp4Writer *w;
        int status =
            avocet_mp4_open(&w, &c, &sink, test_headers, sizeof test_headers, NULL, NULL, 0);
        int written = 0;
        while (written < s.count && status >= 0) {
            status = avocet_mp4_write(w, &s.p[written].packet);
            written += status >= 0;
        }
        if (status >= 0)
            status = avocet_mp4_finish(w);
        CHECK(status == AVOCET_OK || status == AVOCET_ERR_IO, "kill %ld: status %d", kill, status);
        avocet_mp4_close(&w);
        int64_t least =
            written == s.count && layout != AVOCET_MP4_FRAGMENTED ? s.count - 16 : written - 32;
        int64_t same = least > 0 || f.size ? count_repaired(&f, &s) : 0;
        if (same == -1 && least <= 0)
            same = 0;
        CHECK(same >= least && same >= 0, "%s, kill %ld: %d written, %lld read",
              layout_name(layout), kill, written, (long long)same);
        calls = f.calls;
        int done = f.calls < kill;
        mem_free(&f);
        if (done)
            break;
    }
    CHECK(calls > (layout == AVOCET_MP4_FRAGMENTED ? 10 : 50), "only %ld calls", calls);
    free_stream(&s);
}

/* Where the contents of the only box of this type begin, behind version and flags. */
static const uint8_t *find_box(const MemFile *f, const char type[4])
{
    for (uint64_t i = 0; i + 8 < f->size; i++)
        if (!memcmp(f->data + i, type, 4))
            return f->data + i + 8;
    return NULL;
}

/* What no reader of ours needs, but others: when it was made, whether the track is to be shown. */
static void check_movie_headers(Random *r)
{
    static const TestShape shape = {20, 20, 0, 1, 0, 100, 0};
    static const char types[3][5] = {"mvhd", "tkhd", "mdhd"};
    TestStream s = make_stream(r, &shape);
    for (int layout = 0; layout < 3; layout++) {
        MemFile f = {0};
        AvocetMp4Config c;
        avocet_mp4_config_init(&c);
        c.layout = (AvocetMp4Layout)layout;
        c.time_base = (AvocetRational){1, 30};
        c.journal = 0;
        c.creation_time = 0xe1b2c3d4;
        CHECK(write_all(&f, &c, &s, 1) == AVOCET_OK, "layout %d", layout);
        for (int i = 0; i < 3; i++) {
            const uint8_t *box = find_box(&f, types[i]);
            CHECK(box && !memcmp(box, "\xe1\xb2\xc3\xd4\xe1\xb2\xc3\xd4", 8), "%s, layout %d: time",
                  types[i], layout);
            CHECK(box && box[-1] == (i == 1 ? 3 : 0), "%s, layout %d: flags", types[i], layout);
        }
        mem_free(&f);
    }
    free_stream(&s);
}

/* Behind the sets of a High profile stream: 4:2:0, 8 bits twice, no further sets (5.3.3.1.2). */
static void check_configuration(void)
{
    uint8_t record[128];
    int64_t n = avocet_avcc_write(test_headers, sizeof test_headers, 0, record, sizeof record);
    CHECK(n > 11 && !memcmp(record, "\x01\x64\x00\x0a\xff\xe1", 6), "begin of avcC");
    CHECK(n > 11 && !memcmp(record + n - 4, "\xfd\xf8\xf8\x00", 4), "end of avcC, %d bytes",
          (int)n);
}

typedef struct Announced {
    MemFile file;
    AvocetMp4Fragment last; /* number 0: none */
    uint64_t at;            /* where it begins */
} Announced;

static int on_fragment(void *opaque, const AvocetMp4Fragment *next)
{
    Announced *a = opaque;
    const AvocetMp4Fragment *last = &a->last;
    CHECK(a->file.synced == a->file.size, "fragment %d: %d bytes before it, %d durable",
          (int)next->number, (int)a->file.size, (int)a->file.synced);
    if (last->number)
        CHECK(a->file.size - a->at == last->bytes && next->time == last->time + last->duration,
              "fragment %d is not as announced", (int)last->number);
    CHECK(next->number == last->number + 1 && next->samples > 0 && next->timescale == 30 &&
              next->keyframe == (next->number % 2 == 1),
          "fragment %d", (int)next->number);
    a->last = *next;
    a->at = a->file.size;
    return 0;
}

/* Each fragment is what was announced, and durable before the next one begins. */
static void check_fragments(Random *r)
{
    static const TestShape shape = {64, 20, 0, 1, 0, 700, 0};
    TestStream s = make_stream(r, &shape);
    Announced a = {0};
    AvocetSink sink = mem_sink(&a.file);
    AvocetMp4Config c;
    AvocetMp4Writer *w;
    avocet_mp4_config_init(&c);
    c.layout = AVOCET_MP4_FRAGMENTED;
    c.time_base = (AvocetRational){1, 30};
    c.fragment_ms = 333; /* every ten pictures, which every second time is at a keyframe */
    c.fragment = on_fragment;
    c.fragment_opaque = &a;
    CHECK(avocet_mp4_open(&w, &c, &sink, test_headers, sizeof test_headers, NULL, NULL, 0) ==
              AVOCET_OK,
          "open");
    for (int i = 0; i < s.count; i++)
        CHECK(avocet_mp4_write(w, &s.p[i].packet) == AVOCET_OK, "%s", avocet_mp4_error(w));
    CHECK(avocet_mp4_finish(w) == AVOCET_OK, "%s", avocet_mp4_error(w));
    avocet_mp4_close(&w);
    CHECK(a.file.size - a.at == a.last.bytes && a.file.synced == a.file.size, "the last fragment");
    CHECK(a.last.number >= 5 && a.last.time + a.last.duration == s.count, "%d fragments",
          (int)a.last.number);
    mem_free(&a.file);
    free_stream(&s);
}

/* Once finishing has begun, not one picture may be lost. */
static void check_kills_at_the_end(Random *r)
{
    static const TestShape shape = {64, 20, 3, 1, 0, 3000, 0};
    TestStream s = make_stream(r, &shape);
    AvocetMp4Config c;
    avocet_mp4_config_init(&c);
    c.layout = AVOCET_MP4_INDEX_FIRST;
    c.time_base = (AvocetRational){1, 30};
    MemFile whole = {0};
    AvocetSink sink = mem_sink(&whole);
    AvocetMp4Writer *w;
    avocet_mp4_open(&w, &c, &sink, test_headers, sizeof test_headers, NULL, NULL, 0);
    for (int i = 0; i < s.count; i++)
        avocet_mp4_write(w, &s.p[i].packet);
    long before = whole.calls + 2; /* the last group and its journal */
    avocet_mp4_finish(w);
    avocet_mp4_close(&w);
    long after = whole.calls;
    mem_free(&whole);
    CHECK(after - before > 40, "finishing took %ld calls", after - before);
    for (long kill = before; kill <= after; kill++) {
        MemFile f = {.fail_at = kill, .no_truncate = kill % 2 == 0};
        write_all(&f, &c, &s, 1);
        int64_t same = count_repaired(&f, &s);
        CHECK(same == s.count || kill < before + 4, "kill %ld of %ld: %lld of %d", kill, after,
              (long long)same, s.count);
        mem_free(&f);
    }
    free_stream(&s);
}

static void check_cuts(Random *r)
{
    static const TestShape shape = {40, 10, 2, 1, 0, 60, 0};
    for (int layout = 0; layout < 3; layout++) {
        TestStream s = make_stream(r, &shape);
        MemFile f = {0};
        AvocetMp4Config c;
        avocet_mp4_config_init(&c);
        c.layout = (AvocetMp4Layout)layout;
        c.time_base = (AvocetRational){1, 30};
        c.fragment_ms = 250;
        CHECK(write_all(&f, &c, &s, 1) == AVOCET_OK, "layout %d", layout);
        uint64_t size = f.size;
        int64_t most = 0, all = 0;
        for (uint64_t cut = 0; cut <= size; cut++) {
            MemFile part = {.data = f.data, .size = cut};
            int64_t same = count_repaired(&part, &s);
            CHECK(same >= -1, "%s cut at %lld: packet %lld differs", layout_name(c.layout),
                  (long long)cut, (long long)(-1 - same));
            CHECK(same >= most - (same == -1),
                  "%s cut at %lld: fewer packets than at a shorter cut", layout_name(c.layout),
                  (long long)cut);
            most = same > most ? same : most;
            all += same;
        }
        CHECK(most == s.count, "%lld", (long long)most);
        CHECK(all / (int64_t)size >= s.count / 4, "%s: %lld packets on average",
              layout_name(c.layout), (long long)(all / (int64_t)size));
        mem_free(&f);
        free_stream(&s);
    }
}

static void check_full_disk(Random *r)
{
    static const TestShape shape = {200, 50, 3, 1, 0, 500, 0};
    for (int layout = 0; layout < 3; layout++)
        for (int i = 0; i < 60; i++) {
            TestStream s = make_stream(r, &shape);
            MemFile f = {.most = (uint64_t)random_in(r, 2000, 110000)};
            AvocetMp4Config c;
            avocet_mp4_config_init(&c);
            c.layout = (AvocetMp4Layout)layout;
            c.time_base = (AvocetRational){1, 30};
            int status = write_all(&f, &c, &s, 1);
            CHECK(status == AVOCET_ERR_IO || f.size < f.most, "status %d", status);
            CHECK(count_repaired(&f, &s) >= (int64_t)(f.size / 2000) - 64, "%s, %lld bytes: %lld",
                  layout_name(c.layout), (long long)f.size, (long long)count_repaired(&f, &s));
            mem_free(&f);
            free_stream(&s);
        }
}

/* ---- limits ---- */

static void check_fixed_memory(Random *r)
{
    static const TestShape shape = {400, 20, 0, 1, 0, 80, 0};
    TestStream s = make_stream(r, &shape);
    AvocetMp4Config c;
    avocet_mp4_config_init(&c);
    c.index_bytes = 1024;
    c.time_base = (AvocetRational){1, 30};
    MemFile f = {0};
    AvocetSink sink = mem_sink(&f);
    AvocetMp4Writer *w;
    CHECK(avocet_mp4_open(&w, &c, &sink, NULL, 0, NULL, NULL, 0) == AVOCET_OK, "open");
    int n = 0;
    while (n < s.count && avocet_mp4_write(w, &s.p[n].packet) == AVOCET_OK)
        n++;
    CHECK(n > 100 && n < s.count, "%d pictures fit 1024 bytes", n);
    CHECK(avocet_mp4_write(w, &s.p[n].packet) == AVOCET_ERR_MEMORY, "%s", avocet_mp4_error(w));
    CHECK(avocet_mp4_finish(w) == AVOCET_OK, "%s", avocet_mp4_error(w));
    CHECK(avocet_mp4_write(w, &s.p[n].packet) == AVOCET_ERR_STATE, "%s", avocet_mp4_error(w));
    avocet_mp4_close(&w);
    TestStream front = {s.p, n};
    expect_whole(&f, &front, 1, 0, "full index");
    mem_free(&f);
    c.layout = AVOCET_MP4_FRAGMENTED;
    c.fragment_bytes = 60;
    f = (MemFile){0};
    sink = mem_sink(&f);
    CHECK(avocet_mp4_open(&w, &c, &sink, NULL, 0, NULL, NULL, 0) == AVOCET_OK, "open");
    int refused = 0;
    for (int i = 0; i < s.count; i++)
        refused += avocet_mp4_write(w, &s.p[i].packet) == AVOCET_ERR_MEMORY;
    CHECK(refused > 0 && refused < s.count, "%d refused", refused);
    CHECK(avocet_mp4_finish(w) == AVOCET_OK, "%s", avocet_mp4_error(w));
    avocet_mp4_close(&w);
    mem_free(&f);
    free_stream(&s);
}

typedef struct Counted {
    long calls, fail_at, live;
} Counted;

static void *counted_alloc(void *opaque, size_t size, size_t align)
{
    Counted *c = opaque;
    (void)align;
    if (++c->calls == c->fail_at)
        return NULL;
    c->live++;
    return malloc(size);
}

static void counted_free(void *opaque, void *p)
{
    ((Counted *)opaque)->live--;
    free(p);
}

static void check_allocation_failures(Random *r)
{
    static const TestShape shape = {3000, 100, 2, 1, 0, 60, 0};
    TestStream s = make_stream(r, &shape);
    for (int layout = 0; layout < 3; layout++)
        for (long fail = 1; fail < 40; fail++) {
            Counted count = {0, fail, 0};
            AvocetAllocator allocator = {counted_alloc, counted_free, &count};
            MemFile f = {0};
            AvocetMp4Config c;
            avocet_mp4_config_init(&c);
            c.layout = (AvocetMp4Layout)layout;
            AvocetSink sink = mem_sink(&f);
            AvocetMp4Writer *w;
            int status = avocet_mp4_open(&w, &c, &sink, NULL, 0, &allocator, NULL, 0);
            for (int i = 0; i < s.count && status >= 0; i++)
                status = avocet_mp4_write(w, &s.p[i].packet);
            if (status >= 0)
                status = avocet_mp4_finish(w);
            CHECK(status == (count.calls >= fail ? AVOCET_ERR_MEMORY : AVOCET_OK),
                  "layout %d, allocation %ld: %d", layout, fail, status);
            avocet_mp4_close(&w);
            CHECK(count.live == 0, "layout %d, allocation %ld: %ld blocks left", layout, fail,
                  count.live);
            if (status == AVOCET_OK) {
                Counted again = {0, fail, 0};
                AvocetAllocator reading = {counted_alloc, counted_free, &again};
                AvocetSource source = mem_source(&f);
                AvocetReader *reader;
                status = avocet_reader_open(&reader, NULL, &source, &reading, NULL, 0);
                CHECK(status == (again.calls >= fail ? AVOCET_ERR_MEMORY : AVOCET_OK),
                      "reading, allocation %ld: %d", fail, status);
                avocet_reader_close(&reader);
                CHECK(again.live == 0, "reading, allocation %ld: %ld blocks left", fail,
                      again.live);
            }
            mem_free(&f);
        }
    free_stream(&s);
}

/* ---- beyond 4 GB: a file of which only the small writes are kept ---- */

typedef struct SparsePiece {
    uint64_t at;
    size_t size;
    uint8_t data[4096];
} SparsePiece;

typedef struct SparseFile {
    SparsePiece *piece;
    int count;
    uint64_t size;
} SparseFile;

static int sparse_put(SparseFile *f, uint64_t at, const uint8_t *data, size_t size)
{
    if (at + size > f->size)
        f->size = at + size;
    if (size > 4096)
        return 0;
    if (f->count % 64 == 0)
        f->piece = realloc(f->piece, ((size_t)f->count + 64) * sizeof *f->piece);
    if (!f->piece)
        abort();
    SparsePiece *p = &f->piece[f->count++];
    p->at = at;
    p->size = size;
    memcpy(p->data, data, size);
    return 0;
}

static int sparse_write(void *opaque, const uint8_t *data, size_t size)
{
    SparseFile *f = opaque;
    return sparse_put(f, f->size, data, size);
}

static int sparse_write_at(void *opaque, uint64_t at, const uint8_t *data, size_t size)
{
    return sparse_put(opaque, at, data, size);
}

static int64_t sparse_read(void *opaque, uint64_t at, uint8_t *data, size_t size)
{
    const SparseFile *f = opaque;
    if (at >= f->size)
        return 0;
    if (size > f->size - at)
        size = (size_t)(f->size - at);
    memset(data, 0, size);
    for (int i = 0; i < f->count; i++)
        for (size_t k = 0; k < f->piece[i].size; k++) {
            uint64_t x = f->piece[i].at + k;
            if (x >= at && x < at + size)
                data[x - at] = f->piece[i].data[k];
        }
    return (int64_t)size;
}

/* Every fourth packet is small, so that it is kept and can be read back. */
static AvocetPacket large_packet(uint8_t *data, uint8_t small[100], size_t size, int64_t i)
{
    int is_small = i % 4 == 3;
    memset(small, (int)i, 100);
    memcpy(small, "\0\0\0\x60\x65", 5);
    /* Half a day between two pictures: the whole lasts longer than 32 bits count. */
    return (AvocetPacket){.data = is_small ? small : data,
                          .size = is_small ? 100 : size,
                          .pts = i * 3888000000,
                          .dts = i * 3888000000,
                          .keyframe = 1};
}

static void check_large_packets(AvocetReader *reader, int count)
{
    for (int64_t i = 3; i < count; i += 4) {
        AvocetPacket p = {0};
        int status = avocet_reader_read(reader, i, &p);
        CHECK(status == AVOCET_OK && p.size == 100 && p.pts == i * 3888000000 &&
                  !memcmp(p.data, "\0\0\0\x60\x65", 5) && p.data[5] == i && p.data[99] == i,
              "packet %d: status %d, %d bytes", (int)i, status, (int)p.size);
    }
}

static void check_large(void)
{
    enum { SIZE = 200 << 20, COUNT = 40 };
    uint8_t *data = malloc(SIZE), small[100];
    if (!data)
        abort();
    memset(data, 0x55, SIZE);
    memcpy(data, "\x0c\x7f\xff\xfc\x65", 5); /* length of the one unit */
    for (int layout = 0; layout < 3; layout += 2) {
        SparseFile f = {0};
        AvocetSink sink = {.write = sparse_write, .write_at = sparse_write_at, .opaque = &f};
        AvocetMp4Config c;
        AvocetMp4Writer *w;
        AvocetReader *reader;
        avocet_mp4_config_init(&c);
        c.layout = (AvocetMp4Layout)layout;
        c.time_base = (AvocetRational){1, 90000};
        c.nal_length_size = 4;
        uint8_t headers[64];
        size_t used = with_lengths(headers);
        CHECK(avocet_mp4_open(&w, &c, &sink, headers, used, NULL, NULL, 0) == AVOCET_OK, "open");
        for (int64_t i = 0; i < COUNT; i++) {
            AvocetPacket p = large_packet(data, small, SIZE, i);
            CHECK(avocet_mp4_write(w, &p) == AVOCET_OK, "%s", avocet_mp4_error(w));
        }
        CHECK(avocet_mp4_finish(w) == AVOCET_OK, "%s", avocet_mp4_error(w));
        CHECK(avocet_mp4_bytes(w) == f.size && f.size > 5000000000u, "%lld bytes",
              (long long)f.size);
        avocet_mp4_close(&w);
        AvocetSource source = {sparse_read, f.size, &f};
        AvocetReaderConfig rc;
        char message[200] = "";
        avocet_reader_config_init(&rc);
        rc.nal_length_size = 4;
        CHECK(avocet_reader_open(&reader, &rc, &source, NULL, message, sizeof message) == AVOCET_OK,
              "%s", message);
        if (reader) {
            const AvocetReaderInfo *info = avocet_reader_info(reader);
            CHECK(info->packets == COUNT && !info->repaired, "%lld packets",
                  (long long)info->packets);
            CHECK(info->duration == COUNT * 3888000000, "%lld", (long long)info->duration);
            check_large_packets(reader, COUNT);
        }
        avocet_reader_close(&reader);
        free(f.piece);
    }
    free(data);
}

/* ---- wrong use ---- */

static void check_arguments(Random *r)
{
    static const TestShape shape = {3, 10, 0, 1, 0, 50, 0};
    TestStream s = make_stream(r, &shape);
    AvocetMp4Config c;
    AvocetMp4Writer *w;
    MemFile f = {0};
    AvocetSink sink = mem_sink(&f);
    char message[200] = "";
    avocet_mp4_config_init(&c);
    c.time_base = (AvocetRational){0, 1};
    CHECK(avocet_mp4_open(&w, &c, &sink, NULL, 0, NULL, message, sizeof message) ==
                  AVOCET_ERR_ARGUMENT &&
              !w && strstr(message, "time_base"),
          "%s", message);
    c.time_base = (AvocetRational){1, 30};
    sink.write_at = NULL;
    CHECK(avocet_mp4_open(&w, &c, &sink, NULL, 0, NULL, message, sizeof message) ==
              AVOCET_ERR_ARGUMENT,
          "%s", message);
    sink = mem_sink(&f);
    CHECK(avocet_mp4_open(&w, &c, &sink, (const uint8_t *)"\0\0\1\x68", 4, NULL, message,
                          sizeof message) == AVOCET_ERR_DATA,
          "%s", message);
    CHECK(avocet_mp4_open(&w, &c, &sink, NULL, 0, NULL, message, sizeof message) == AVOCET_OK, "%s",
          message);
    CHECK(avocet_mp4_finish(w) == AVOCET_ERR_STATE, "finished without packets");
    CHECK(avocet_mp4_write(w, &s.p[0].packet) == AVOCET_OK, "%s", avocet_mp4_error(w));
    AvocetPacket p = s.p[1].packet;
    p.dts = s.p[0].packet.dts;
    CHECK(avocet_mp4_write(w, &p) == AVOCET_ERR_ARGUMENT, "dts repeated");
    p = s.p[1].packet;
    p.pts = p.dts - 1;
    CHECK(avocet_mp4_write(w, &p) == AVOCET_ERR_ARGUMENT, "shown before decoded");
    p = s.p[1].packet;
    p.pts = p.dts = INT64_MAX;
    CHECK(avocet_mp4_write(w, &p) == AVOCET_ERR_ARGUMENT, "huge time");
    p = s.p[1].packet;
    p.size = 0;
    CHECK(avocet_mp4_write(w, &p) == AVOCET_ERR_ARGUMENT, "empty packet");
    CHECK(avocet_mp4_write(w, &s.p[1].packet) == AVOCET_OK, "%s", avocet_mp4_error(w));
    CHECK(avocet_mp4_end_fragment(w, AVOCET_NO_TIME) == AVOCET_ERR_STATE,
          "fragments in a plain file");
    CHECK(avocet_mp4_finish(w) == AVOCET_OK && avocet_mp4_finish(w) == AVOCET_OK, "%s",
          avocet_mp4_error(w));
    avocet_mp4_close(&w);
    avocet_mp4_close(&w);
    TestStream two = {s.p, 2};
    expect_whole(&f, &two, 1, 0, "after refused packets");
    mem_free(&f);
    free_stream(&s);
}

/* Packets with 4-byte lengths give the same file as with start codes. */
static void check_length_packets(Random *r)
{
    static const TestShape shape = {30, 10, 2, 1, 0, 200, 0};
    TestStream s = make_stream(r, &shape);
    for (int layout = 0; layout < 3; layout++) {
        AvocetMp4Config c;
        MemFile a = {0}, b = {0};
        avocet_mp4_config_init(&c);
        c.layout = (AvocetMp4Layout)layout;
        CHECK(write_all(&a, &c, &s, 0) == AVOCET_OK, "layout %d", layout);
        AvocetReaderConfig rc;
        AvocetReader *reader;
        AvocetMp4Writer *w;
        AvocetPacket p;
        AvocetSource source = mem_source(&a);
        AvocetSink sink = mem_sink(&b);
        avocet_reader_config_init(&rc);
        rc.nal_length_size = 4;
        c.nal_length_size = 4;
        uint8_t headers[64];
        size_t used = with_lengths(headers);
        CHECK(avocet_reader_open(&reader, &rc, &source, NULL, NULL, 0) == AVOCET_OK, "reader");
        CHECK(avocet_mp4_open(&w, &c, &sink, headers, used, NULL, NULL, 0) == AVOCET_OK, "writer");
        for (int64_t i = 0; avocet_reader_read(reader, i, &p) == AVOCET_OK; i++)
            CHECK(avocet_mp4_write(w, &p) == AVOCET_OK, "%s", avocet_mp4_error(w));
        CHECK(avocet_mp4_finish(w) == AVOCET_OK, "%s", avocet_mp4_error(w));
        avocet_mp4_close(&w);
        avocet_reader_close(&reader);
        CHECK(a.size == b.size && memcmp(a.data, b.data, a.size) == 0, "layout %d: files differ",
              layout);
        mem_free(&a);
        mem_free(&b);
    }
    free_stream(&s);
}

int main(void)
{
    Random r = {2024};
    check_shapes(&r);
    check_info(&r);
    for (int layout = 0; layout < 3; layout++)
        check_kills(&r, (AvocetMp4Layout)layout);
    check_configuration();
    check_movie_headers(&r);
    check_fragments(&r);
    check_kills_at_the_end(&r);
    check_cuts(&r);
    check_full_disk(&r);
    check_fixed_memory(&r);
    check_allocation_failures(&r);
    check_large();
    check_arguments(&r);
    check_length_packets(&r);
    return check_finish();
}
