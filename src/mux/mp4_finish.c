/* Finishing a file with one index: the index behind the data, and its way to the front.
 *
 * Behind: moov is written, then the size of mdat. If the second step is lost, mdat still reaches to
 * the end of the file, and readers that look for an index there (ours does) find it.
 *
 * In front: the data must make room. It moves inside the file, from its end on, and at each moment
 * all of it is somewhere:
 *
 *   1.  ... | mdat | free (room) | moov | free (spare) | free (note)
 *       is complete, with the index behind, and made durable
 *   2.  one stretch after another moves; the note tells how far it is
 *   3.  the index is written in front, its first 8 bytes last, and the file is cut behind the data
 *
 * Killed at any moment, the file can be read: before 2 and after 3 by everyone, in between by
 * readers that know the note (ours does; see mp4_writer.h). */
#include "mux/mp4_writer.h"

#define PIECE 2048       /* bytes on the stack */
#define SPARE (8u << 20) /* bytes moved between two notes */

/* mdat from w->mdat_at to `end`, in its short form if it can be. */
static void patch_mdat(AvocetMp4Writer *w, uint64_t at, uint64_t end)
{
    uint8_t head[16];
    uint64_t short_size = end - (at + 8);
    if (short_size <= UINT32_MAX) {
        avo_put_u32(head, (uint32_t)short_size);
        avo_sink_write_at(&w->sink, at + 8, head, 4);
        return;
    }
    avo_put_u32(head, 1);
    memcpy(head + 4, "mdat", 4);
    avo_put_u64(head + 8, end - at);
    avo_sink_write_at(&w->sink, at, head, 16);
}

/* ---- to the front ---- */

static void put_note(uint8_t out[AVO_MOVE_BYTES], const AvoMoveNote *n)
{
    const uint64_t fields[8] = {n->insert_at, n->end,         n->shift,      n->moov_at,
                                n->spare_at,  n->spare_bytes, n->moved_from, n->spare_from};
    avo_put_u32(out, AVO_MOVE_BYTES);
    memcpy(out + 4, "free" AVO_MOVE_MAGIC, 12);
    for (int i = 0; i < 8; i++)
        avo_put_u64(out + 16 + 8 * i, fields[i]);
}

/* The two fields that change, in one write, once everything before is durable. */
static void update_note(AvocetMp4Writer *w, const AvoMoveNote *note, uint64_t note_at)
{
    uint8_t bytes[16];
    avo_put_u64(bytes, note->moved_from);
    avo_put_u64(bytes + 8, note->spare_from);
    avo_sink_sync(&w->sink);
    avo_sink_write_at(&w->sink, note_at + AVO_MOVE_BYTES - 16, bytes, 16);
    avo_sink_sync(&w->sink);
}

/* The two stretches must not overlap. */
static bool copy_stretch(AvocetMp4Writer *w, uint64_t from, uint64_t to, uint64_t size)
{
    uint8_t piece[PIECE];
    const AvocetSink *out = &w->sink.out;
    for (uint64_t done = 0; done < size && !w->sink.failed; done += PIECE) {
        size_t n = (size_t)avo_min64(PIECE, (int64_t)(size - done));
        if (out->read_at(out->opaque, from + done, piece, n) < 0)
            w->sink.failed = true;
        avo_sink_write_at(&w->sink, to + done, piece, n);
    }
    return !w->sink.failed;
}

/* Moves [insert_at, end) up by shift, stretch by stretch from the end on. A stretch that is no
 * longer than the way it goes is copied directly: what is not copied yet stays whole. Longer ones
 * take the detour over the spare place. */
static bool move_data(AvocetMp4Writer *w, AvoMoveNote *note, uint64_t note_at)
{
    uint64_t stretch = note->spare_bytes     ? note->spare_bytes
                       : note->shift < SPARE ? note->shift
                                             : SPARE;
    while (note->moved_from > note->insert_at) {
        uint64_t left = note->moved_from - note->insert_at, size = left < stretch ? left : stretch;
        uint64_t from = note->moved_from - size, source = from;
        if (note->spare_bytes) {
            if (!copy_stretch(w, from, note->spare_at, size))
                return false;
            note->spare_from = from;
            update_note(w, note, note_at);
            source = note->spare_at;
        }
        if (!copy_stretch(w, source, from + note->shift, size))
            return false;
        note->moved_from = note->spare_from = from;
        update_note(w, note, note_at);
    }
    return !w->sink.failed;
}

/* An AvocetSink that writes moov at its place in front, except the first 8 bytes. */
typedef struct FrontWriter {
    AvocetMp4Writer *writer;
    uint64_t at, position;
} FrontWriter;

static int write_front(void *opaque, const uint8_t *data, size_t size)
{
    FrontWriter *f = opaque;
    size_t skip =
        f->position < 8 ? (size_t)avo_min64((int64_t)(8 - f->position), (int64_t)size) : 0;
    if (size > skip)
        avo_sink_write_at(&f->writer->sink, f->at + f->position + skip, data + skip, size - skip);
    f->position += size;
    return f->writer->sink.failed ? -1 : 0;
}

/* Writes moov over [at, at + plan->bytes), offsets raised by shift. What is left of a room of
 * `room` bytes becomes an empty box. */
static void put_front(AvocetMp4Writer *w, const AvoMoovPlan *plan, uint64_t at, uint64_t room,
                      uint64_t shift)
{
    uint8_t head[8];
    FrontWriter front = {w, at, 0};
    const AvocetSink out = {.write = write_front, .opaque = &front};
    AvoSink sink;
    avo_sink_init(&sink, &out);
    avo_moov_write(&sink, plan, &w->track, &w->index, shift, &w->scratch);
    avo_sink_flush(&sink);
    if (room > plan->bytes) {
        avo_put_u32(head, (uint32_t)(room - plan->bytes));
        memcpy(head + 4, "free", 4);
        avo_sink_write_at(&w->sink, at + plan->bytes, head, 8);
    }
    avo_sink_sync(&w->sink);
    avo_put_u32(head, (uint32_t)plan->bytes);
    memcpy(head + 4, "moov", 4);
    avo_sink_write_at(&w->sink, at, head, 8);
}

/* Cuts off what lies behind the media data, or makes it one empty box. The note comes first: from
 * here on it is wrong. */
static void drop_tail(AvocetMp4Writer *w, uint64_t end)
{
    uint8_t head[8] = {0};
    const AvocetSink *out = &w->sink.out;
    avo_sink_write_at(&w->sink, w->sink.position - AVO_MOVE_BYTES + 8, head, 8);
    if (out->truncate && !w->sink.failed) {
        w->sink.failed = out->truncate(out->opaque, end) < 0;
        w->sink.position = end;
        return;
    }
    avo_put_u32(head, (uint32_t)(w->sink.position - end));
    memcpy(head + 4, "free", 4);
    avo_sink_write_at(&w->sink, end, head, 8);
}

/* How far the data must move: so far that moov fits exactly, or with an empty box behind it. */
static uint64_t choose_shift(uint64_t moov_bytes, uint64_t repair_bytes)
{
    if (moov_bytes >= repair_bytes + 8)
        return moov_bytes - repair_bytes;
    return moov_bytes + 16 - repair_bytes; /* the caller has seen to it that this is at least 9 */
}

static void move_to_front(AvocetMp4Writer *w, const AvoMoovPlan *plan, uint64_t data_end)
{
    uint8_t bytes[AVO_MOVE_BYTES];
    AvoSink *s = &w->sink;
    AvoMoveNote note = {
        .insert_at = w->mdat_at, .end = data_end, .moved_from = data_end, .spare_from = data_end};
    uint64_t moving = data_end - w->mdat_at;
    note.shift = choose_shift(plan->bytes, w->repair_bytes);
    note.moov_at = data_end + note.shift;
    avo_sink_put_box(s, (uint32_t)note.shift, "free");
    avo_sink_put_zeros(s, note.shift - 8);
    avo_moov_write(s, plan, &w->track, &w->index, 0, &w->scratch);
    if (note.shift < SPARE && note.shift < moving) {
        note.spare_bytes = moving < SPARE ? moving : SPARE;
        note.spare_at = s->position + 8;
        avo_sink_put_box(s, (uint32_t)(8 + note.spare_bytes), "free");
        avo_sink_put_zeros(s, note.spare_bytes);
    }
    uint64_t note_at = s->position;
    put_note(bytes, &note);
    avo_sink_put(s, bytes, sizeof bytes);
    avo_sink_sync(s);
    patch_mdat(w, w->mdat_at, data_end);
    avo_sink_sync(s);
    if (!move_data(w, &note, note_at))
        return;
    put_front(w, plan, w->repair_at, w->repair_bytes + note.shift, note.shift);
    avo_sink_sync(s);
    drop_tail(w, data_end + note.shift);
    avo_sink_sync(s);
}

/* ---- both ---- */

int avo_mp4_finish_index(AvocetMp4Writer *w)
{
    AvoMoovPlan plan;
    uint64_t data_end = w->sink.position;
    if (!avo_moov_plan(&plan, &w->track, &w->index, data_end, &w->scratch))
        return avo_fail(&w->message, AVOCET_ERR_UNSUPPORTED, "the index would be larger than 4 GB");
    /* Does it fit in place of the repair header, exactly or with room for an empty box? */
    bool fits = plan.bytes == w->repair_bytes || plan.bytes + 8 <= w->repair_bytes;
    if (w->config.layout == AVOCET_MP4_INDEX_FIRST && !fits) {
        move_to_front(w, &plan, data_end);
        return avo_mp4_io_status(w);
    }
    if (w->config.layout == AVOCET_MP4_INDEX_FIRST) {
        patch_mdat(w, w->mdat_at, data_end);
        put_front(w, &plan, w->repair_at, w->repair_bytes, 0);
    } else {
        avo_moov_write(&w->sink, &plan, &w->track, &w->index, 0, &w->scratch);
        avo_sink_sync(&w->sink);
        patch_mdat(w, w->mdat_at, data_end);
    }
    avo_sink_sync(&w->sink);
    return avo_mp4_io_status(w);
}
