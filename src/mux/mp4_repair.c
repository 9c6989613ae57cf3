/* Files of our writer that were not finished. See mp4_index.h (journal),
 * mp4_writer.h (move note), reader.h. */
#include "mux/reader.h"

/* A group of samples that ends at a journal unit.
 * False: the unit does not fit what lies before it. */
static bool is_valid_group(const uint8_t *coded, size_t size, uint64_t bytes_before)
{
    AvoGroupReader group;
    AvoIndexSample s;
    uint64_t sum = 0;
    int status;
    if (!avo_group_open(&group, coded, size) || group.left > AVO_GROUP_SAMPLES)
        return false;
    while ((status = avo_group_next(&group, &s)) > 0) {
        sum += s.size;
        if (s.dts > INT64_MAX / 8 || s.dts < -(INT64_MAX / 8) || s.cts < 0 || s.cts > INT32_MAX)
            return false;
    }
    return status == 0 && sum == bytes_before;
}

static int add_group(AvocetReader *r, const uint8_t *coded, size_t size, uint64_t offset)
{
    AvoGroupReader group;
    AvoIndexSample s;
    avo_group_open(&group, coded, size);
    while (avo_group_next(&group, &s) > 0) {
        AvoReaderSample sample = {.offset = offset,
                                  .size = s.size,
                                  .dts = s.dts,
                                  .pts = s.dts + s.cts,
                                  .keyframe = s.keyframe};
        AVO_RETURN_IF_ERROR(avo_reader_add(r, &sample));
        offset += s.size;
    }
    return AVOCET_OK;
}

/* Walks from length to length. Samples of the last group, whose journal unit was never written,
 * are lost. */
int avo_reader_follow_journal(AvocetReader *r, uint64_t start, uint64_t end)
{
    uint64_t group_at = start, at = start;
    uint8_t head[AVO_JOURNAL_LEAD], coded[AVO_GROUP_BYTES];
    while (at <= end && end - at >= AVO_JOURNAL_LEAD &&
           avo_reader_fetch(r, at, head, AVO_JOURNAL_LEAD)) {
        uint64_t length = avo_get_u32(head), next = at + 4 + length;
        if (!length || next > end)
            break;
        if (memcmp(head + 4, avo_journal_mark, sizeof avo_journal_mark) == 0) {
            size_t size = (size_t)(length + 4 - AVO_JOURNAL_LEAD);
            if (length + 4 < AVO_JOURNAL_LEAD || size > sizeof coded ||
                !avo_reader_fetch(r, at + AVO_JOURNAL_LEAD, coded, size) ||
                !is_valid_group(coded, size, at - group_at))
                break;
            AVO_RETURN_IF_ERROR(add_group(r, coded, size, group_at));
            group_at = next;
        }
        at = next;
    }
    /* A finished index behind the data is no loss. */
    bool is_index = end - group_at >= 8 && avo_reader_fetch(r, group_at, head, 8) &&
                    memcmp(head + 4, "moov", 4) == 0;
    r->info.lost_bytes = is_index ? 0 : end - group_at;
    return AVOCET_OK;
}

bool avo_reader_find_note(AvocetReader *r, AvoMoveNote *n)
{
    uint8_t b[AVO_MOVE_BYTES];
    if (r->source.size < AVO_MOVE_BYTES ||
        !avo_reader_fetch(r, r->source.size - AVO_MOVE_BYTES, b, sizeof b) ||
        memcmp(b + 4, "free" AVO_MOVE_MAGIC, 12) != 0)
        return false;
    uint64_t *const fields[8] = {&n->insert_at, &n->end,         &n->shift,      &n->moov_at,
                                 &n->spare_at,  &n->spare_bytes, &n->moved_from, &n->spare_from};
    for (int i = 0; i < 8; i++)
        *fields[i] = avo_get_u64(b + 16 + 8 * i);
    /* All places lie in the file, in order. */
    uint64_t size = r->source.size;
    return n->insert_at <= n->spare_from && n->spare_from <= n->moved_from &&
           n->moved_from <= n->end && n->end <= size && n->shift <= size - n->end &&
           n->moov_at <= size && n->spare_at <= size &&
           n->moved_from - n->spare_from <= size - n->spare_at;
}
