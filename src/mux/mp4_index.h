/* The index of an MP4 file while it is written, in about 6 bytes a picture, and the journal: the
 * same bytes, put among the media data.
 *
 * Samples are gathered into groups of up to AVO_GROUP_SAMPLES, which lie in one piece in the file
 * (a "chunk" of the format). A closed group is a string of variable-length integers:
 *
 *     count | zigzag(dts of the first) | per sample: head | [dts step] | [zigzag(pts - dts)]
 *     head = size << 3 | keyframe << 2 | step differs << 1 | pts - dts differs
 *
 * where step is dts minus the dts before; step and pts - dts stay as they were unless they differ
 * (both start at 0 in each group, so groups can be read by themselves). Times are in units of the
 * track's timescale.
 *
 * In the file a group's samples are followed by the group as a unit that looks like one of the
 * track's own (4-byte length, then a byte of unspecified nal_unit_type 31), so that walking along
 * lengths finds it:
 *
 *     length32 | 0x1f | "avoj" | the bytes above
 */
#ifndef AVO_MUX_MP4_INDEX_H
#define AVO_MUX_MP4_INDEX_H

#include <avocet/types.h>
#include "base/util.h"

#define AVO_GROUP_SAMPLES 16
#define AVO_GROUP_BYTES   (AVO_GROUP_SAMPLES * 25 + 16)
#define AVO_INDEX_BLOCK   (16 * 1024)

/* What a journal unit has between its length and the group's own bytes: nal_unit_type 31, "avoj".
 */
extern const uint8_t avo_journal_mark[5];
/* What the repair header begins with (mp4_write.c): "avoj", version 1. */
extern const uint8_t avo_repair_mark[8];
#define AVO_JOURNAL_LEAD (4 + (int)sizeof avo_journal_mark)

typedef struct AvoIndexSample {
    uint64_t offset; /* in the file */
    uint32_t size;
    bool keyframe;
    bool starts_group;
    int64_t dts, cts; /* cts: pts - dts */
} AvoIndexSample;

/* ---- a group being built ---- */

typedef struct AvoGroup {
    int count;
    uint64_t bytes; /* of its samples */
    int64_t first_dts, last_dts;
    int64_t step, cts; /* as coded last */
    size_t used;
    uint8_t data[AVO_GROUP_BYTES]; /* without count and first dts */
} AvoGroup;

void avo_group_add(AvoGroup *group, const AvoIndexSample *sample);
/* The coded group, AVO_GROUP_BYTES at most. */
size_t avo_group_close(const AvoGroup *group, uint8_t *out);

/* ---- reading a coded group ---- */

typedef struct AvoGroupReader {
    const uint8_t *data, *end;
    uint64_t left; /* samples */
    bool first;
    int64_t dts, step, cts;
} AvoGroupReader;

bool avo_group_open(AvoGroupReader *reader, const uint8_t *data, size_t size);
/* 1, 0 at the end, AVOCET_ERR_DATA. offset and starts_group are not set. */
int avo_group_next(AvoGroupReader *reader, AvoIndexSample *sample);

/* ---- the index ---- */

typedef struct AvoIndexBlock {
    struct AvoIndexBlock *next;
    size_t capacity, used;
    uint8_t data[];
} AvoIndexBlock;

typedef struct AvoIndex {
    AvoIndexBlock *first, *last;
    AvocetAllocator allocator;
    bool fixed;     /* only the first block */
    uint64_t start; /* offset of the first group */
    size_t gap; /* bytes between a group's samples and the next group, but for the coded group */
    bool journal;
    int64_t samples, groups;
} AvoIndex;

/* A first block of that many bytes of data; fixed: never another. False: no memory. */
bool avo_index_init(AvoIndex *index, const AvocetAllocator *allocator, size_t bytes, bool fixed,
                    bool journal);
/* Room for one more group of any size. False: no memory. */
bool avo_index_reserve(AvoIndex *index);
/* Adds the group for which there is room. */
void avo_index_add(AvoIndex *index, const uint8_t *group, size_t size, int samples);
void avo_index_free(AvoIndex *index);

typedef struct AvoIndexWalk {
    const AvoIndex *index;
    const AvoIndexBlock *block;
    size_t position; /* in the block: next group */
    AvoGroupReader group;
    uint64_t offset; /* of the next sample */
    size_t after;    /* bytes behind this group's samples */
} AvoIndexWalk;

void avo_index_walk(AvoIndexWalk *walk, const AvoIndex *index);
bool avo_index_next(AvoIndexWalk *walk, AvoIndexSample *sample);

#endif
