/* The "moov" box: what the track is, and where and when its samples are. */
#ifndef AVO_MUX_MP4_MOOV_H
#define AVO_MUX_MP4_MOOV_H

#include "mux/mp4_index.h"
#include "mux/mp4_sink.h"

typedef struct AvoTrack {
    AvocetVideoInfo video;
    uint8_t *avcc;
    size_t avcc_size;
    uint32_t timescale;
    uint64_t creation_time;
    bool fragmented, negative_offsets;
    /* Timescale units; known from the first packet on. */
    int64_t first_dts, delay; /* delay: the first pts shown minus the first dts */
    /* Known at the end, not used when fragmented. */
    int64_t last_step;       /* duration of the last sample in decoding order */
    int64_t last_dts, shown; /* shown: how long the whole is, as shown */
} AvoTrack;

/* Bytes that avo_moov_build needs for a track at most. */
size_t avo_moov_bound(const AvoTrack *track);
/* The whole box with empty tables: to start a fragmented file, and kept for repairing in others. */
void avo_moov_build_empty(AvoBoxes *boxes, const AvoTrack *track);

/* Sizes of the tables: they follow from one look through the index. */
typedef struct AvoMoovPlan {
    uint32_t stts, ctts, stss, stsc; /* entries; ctts 0: box left out */
    bool all_keyframes;              /* stss left out */
    bool long_offsets;
    uint64_t table_bytes, bytes; /* of the tables; of moov altogether */
} AvoMoovPlan;

/* last_offset: no sample will lie further back in the file than that. False: too large for a box of
 * 32-bit size. */
bool avo_moov_plan(AvoMoovPlan *plan, const AvoTrack *track, const AvoIndex *index,
                   uint64_t last_offset, AvoBoxes *scratch);
/* Writes plan->bytes bytes. shift is added to all offsets; scratch: see avo_moov_bound. */
void avo_moov_write(AvoSink *sink, const AvoMoovPlan *plan, const AvoTrack *track,
                    const AvoIndex *index, uint64_t shift, AvoBoxes *scratch);

#endif
