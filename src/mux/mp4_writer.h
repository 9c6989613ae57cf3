/* The MP4 writer's handle, shared by its three parts: mp4_write.c (common, and files with one
 * index), mp4_fragment.c, mp4_finish.c (the index, and moving it to the front). */
#ifndef AVO_MUX_MP4_WRITER_H
#define AVO_MUX_MP4_WRITER_H

#include "base/status.h"
#include "mux/mp4_moov.h"

typedef struct AvoFragmentSample {
    uint32_t size, duration;
    int32_t cts; /* as written: pts - dts, less the track's delay with negative offsets */
    bool keyframe;
} AvoFragmentSample;

/* The fragment that is being gathered. */
typedef struct AvoFragment {
    AvoFragmentSample *sample;
    int count, capacity;
    uint8_t *data;
    size_t used, size;
    int64_t number, first_dts;
} AvoFragment;

struct AvocetMp4Writer {
    AvocetMp4Config config;
    AvocetAllocator allocator;
    AvoMessage message;
    int failed;             /* status that every further call returns; 0: none */
    bool started, finished; /* started: the head of the file is written */
    int64_t packets;
    bool sets_change; /* the stream changes its parameter sets: they stay in the samples since */

    AvoSink sink;
    AvoTrack track;
    AvoBoxes scratch;

    /* Times in timescale units. */
    int64_t time_factor;         /* of the packets' units */
    int64_t last_dts, step;      /* step: last_dts minus the dts before */
    int64_t first_pts, last_pts; /* least, greatest */
    int64_t last_pts_step;       /* from the second greatest to the greatest; 0: there is none */

    AvoFragment fragment;

    /* Not fragmented. */
    AvoIndex index;
    AvoGroup group;
    uint64_t repair_at;    /* offset of the box with the repair header, */
    uint64_t repair_bytes; /* and its size; 0: there is none */
    uint64_t mdat_at;      /* offset of 16 bytes: an empty box, and the head of mdat */
};

/* mp4_write.c: a packet's NAL units with 4-byte lengths,
 * without parameter sets that the track has anyway. */
typedef struct AvoSampleTarget {
    AvoSink *sink; /* either this */
    uint8_t *data; /* or this; both NULL: only counts */
} AvoSampleTarget;
int64_t avo_mp4_put_sample(const AvocetMp4Writer *w, const AvocetPacket *packet,
                           AvoSampleTarget target);
/* The last sample's duration in decoding order, when no other follows. */
int64_t avo_mp4_last_step(const AvocetMp4Writer *w);
int avo_mp4_io_status(AvocetMp4Writer *w);

/* mp4_fragment.c */
void avo_mp4_start_fragmented(AvocetMp4Writer *w);
int avo_mp4_add_to_fragment(AvocetMp4Writer *w, const AvocetPacket *packet, int64_t dts,
                            int64_t pts, int64_t size);
/* next_dts in timescale units, or AVOCET_NO_TIME. */
int avo_mp4_write_fragment(AvocetMp4Writer *w, int64_t next_dts);

/* mp4_finish.c: everything behind the media data. */
int avo_mp4_finish_index(AvocetMp4Writer *w);

/* ---- finding one's way in a file whose data was being moved to the front ----
 *
 * While media data moves towards the end of the file to make room for the index in front, this note
 * is the last thing in the file: a box "free" of AVO_MOVE_BYTES. Byte x of the file as it was is
 * now
 *
 *     at x + shift                    if x >= moved_from (and x < end), else
 *     at spare_at + (x - spare_from)  if x >= spare_from, else
 *     at x. */
#define AVO_MOVE_BYTES 80
#define AVO_MOVE_MAGIC "avomove1"
typedef struct AvoMoveNote {
    uint64_t insert_at; /* where the room is made */
    uint64_t end;       /* of the bytes that move */
    uint64_t shift;
    uint64_t moov_at;  /* an index for the file as it was; it does not move */
    uint64_t spare_at; /* a place for copies */
    uint64_t spare_bytes;
    uint64_t moved_from, spare_from; /* what changes */
} AvoMoveNote;

#endif
