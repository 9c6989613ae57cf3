/* A picture's slice data: everything that turns the slices of one picture into samples, and nothing
 * that looks at other pictures than its references.
 *
 * picture.c reads the headers, builds the reference lists and keeps the buffers' books in the order
 * of the stream; none of that needs a sample. With one thread it hands over each slice at once.
 * With more, slices are only stored, several pictures are gathered, and then all of them run side
 * by side; a picture waits for the lines of its references that it needs (AvoDecFrame.lines). So
 * what comes out does not depend on the number of threads. */
#ifndef AVO_DEC_PIC_JOB_H
#define AVO_DEC_PIC_JOB_H

#include "dec/row_filter.h"
#include "dec/slice_dec.h"

/* 16 in the buffer, the one at work, the one that the caller looks at, the last reference, a grey
 * stand-in, one to start from a gap; the rest for pictures that run side by side. One bit each in
 * AvoPicJob.uses. */
#define AVO_DEC_FRAMES       AVO_SLOTS_MAX
#define AVO_DEC_FRAMES_EXTRA 5

#define AVO_JOB_SLICES 32 /* stored at most; pictures of more slices are decoded at once */

typedef struct AvoDecFrame {
    AvoFrame f;        /* first: AvoFrame pointers of the pool convert */
    AvoTrace trace;    /* carved behind f where it is wanted */
    AvoProgress lines; /* that other pictures may refer to (row_filter.h) */
    void *memory;      /* NULL: not allocated yet */
    bool decoded;      /* its slices have run */
    bool waiting;      /* decoded, not yet put into the output queue */
    bool queued;       /* in the output queue */
    bool held;         /* the caller looks at it */
    bool missing_refs;
    bool has_b, has_p;
    bool was_reference; /* nal_ref_idc was not 0 */
    int poc, frame_num; /* before MMCO 5 rebased them */
    int slices, damaged_mbs, lost_frames;
    int64_t slice_bytes;                         /* of the slice units that were used */
    int crop_x, crop_y, crop_width, crop_height; /* luma samples */
} AvoDecFrame;

/* Memory that grows. */
typedef struct AvoDecBuffer {
    uint8_t *data;
    size_t size, capacity;
} AvoDecBuffer;

/* A slice behind its header. */
typedef struct AvoJobSlice {
    AvoSliceHeader header;
    AvoSliceRefs refs;
    AvoSliceBits bits;
    size_t at;            /* of bits.data in AvoPicJob.bytes, when stored */
    uint64_t unit_offset; /* in the stream, for messages */
    int status;           /* AVOCET_OK, or why it is damaged */
    AvoMessage message;
} AvoJobSlice;

typedef struct AvoPicJob {
    /* Constant while it runs. The sets are copies: the stream may replace them meanwhile. */
    const AvoDsp *dsp;
    const AvoVlcTables *vlc;
    AvoSps sps;
    AvoPps pps;
    uint32_t sps_serial, pps_serial;
    AvoQuantTables quant;
    AvoDecFrame *frame;
    AvoDecFrame *stand_in; /* for macroblocks that are missing; NULL: grey */
    AvoDecFrame *grey;     /* stands for references that never were; NULL: not needed */
    uint32_t uses;         /* frames of the pool that it reads, one bit each */
    uint8_t *group_map;    /* slice group of each macroblock, when the picture has groups */

    bool has_first;    /* a slice with first_mb 0 was met */
    int accepted;      /* slices whose header is good */
    bool runs_at_once; /* slices are not stored */
    bool waits;        /* its references may be at work */
    AvoJobSlice *stored;
    int stored_count;
    AvoDecBuffer bytes; /* of the stored slices, each followed by AVO_SB_PADDING zeros */

    int mb_count, mbs_done;
    AvoDeblockSlice *slices; /* [slice number]; the last one is for concealed macroblocks */
    int slice_capacity;
    AvoRowFilter filter;
    AvoSliceDec slice;
    AVO_ALIGN(64) pixel predict_scratch[AVO_PREDICT_SCRATCH];
} AvoPicJob;

/* Before the first slice runs. */
void avo_job_start(AvoPicJob *job);
/* Decodes one slice; negative: damaged, with slice->message. */
int avo_job_run_slice(AvoPicJob *job, AvoJobSlice *slice);
/* Makes up what is missing, filters what is not yet filtered. */
void avo_job_finish(AvoPicJob *job);
/* All stored slices. */
void avo_job_run_stored(AvoPicJob *job);

/* ---- conceal.c ---- */

/* Makes up the macroblocks that are missing; returns how many. */
int avo_job_conceal(AvoPicJob *job);
/* Fills a frame with mid grey, as an intra picture. */
void avo_dec_fill_grey(AvoFrame *frame);

#endif
