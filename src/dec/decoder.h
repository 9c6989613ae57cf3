/* The decoder handle and what its files share.
 *
 *     dec_api.c     public functions
 *     nal_parse.c   bytes -> NAL units (AvoNalSource), and what each type of unit does
 *     picture.c     start and end of pictures, frame pool, activation of parameter sets,
 *                   missing references
 *     conceal.c     missing macroblocks
 *     output.c      decoded picture buffer: which picture comes out when
 *
 * Work is done in receive, one NAL unit after the other, only while the output queue is empty. A
 * unit that needs room that only output can make (a new picture, a new size) is put off with
 * AVO_DEC_AGAIN and met again when the queue has been emptied, so the pool stays small and nothing
 * is ever dropped for lack of space. */
#ifndef AVO_DEC_DECODER_H
#define AVO_DEC_DECODER_H

#include <avocet/decoder.h>
#include "dec/paramset_parse.h"
#include "dec/slice_dec.h"
#include "dec/slice_parse.h"
#include "h264/deblock.h"
#include "h264/nal.h"
#include "h264/poc_dpb.h"

/* 16 in the buffer, the one at work, the one that the caller looks at, one to start from a gap. */
#define AVO_DEC_FRAMES 19

enum { AVO_DEC_AGAIN = 100 }; /* put off: empty the output queue first */

typedef struct AvoDecFrame {
    AvoFrame f;              /* first: AvoFrame pointers of the pool convert */
    AvoTrace trace;          /* carved behind f where it is wanted */
    void *memory;            /* NULL: not allocated yet */
    bool waiting;            /* decoded, not yet put into the output queue */
    bool queued;             /* in the output queue */
    bool held;               /* the caller looks at it */
    bool missing_refs;
    bool has_b, has_p;
    bool was_reference;      /* nal_ref_idc was not 0 */
    int poc, frame_num;      /* before MMCO 5 rebased them */
    int slices, damaged_mbs;
    int64_t slice_bytes;     /* of the slice units that were used */
    int crop_x, crop_y, crop_width, crop_height; /* luma samples */
} AvoDecFrame;

/* Memory that grows. */
typedef struct AvoDecBuffer {
    uint8_t *data;
    size_t size, capacity;
} AvoDecBuffer;

/* Cuts bytes into NAL units, however they arrive. */
typedef struct AvoNalSource {
    const uint8_t *data;     /* what the caller gave, at the next byte */
    size_t size;
    uint64_t offset;         /* of data in the stream */
    int64_t pts;             /* of data */
    bool in_unit;            /* a start code was met: bytes belong to a unit */
    int zeros;               /* zero bytes right before data, up to 2 */
    AvoDecBuffer pending;    /* the unit's bytes from earlier sends */
    uint64_t unit_offset;    /* where the unit that is being collected started */
    int64_t unit_pts;
} AvoNalSource;

struct AvocetDecoder {
    AvocetAllocator allocator;
    AvocetDecoderConfig config;
    AvoDsp dsp;
    AvoVlcTables vlc;
    AvoMessage message;
    uint64_t error_offset;
    bool flushing;

    AvoNalSource source;
    AvoDecBuffer rbsp;       /* the unit at work without its header byte, zero padded */
    bool has_unit;           /* rbsp is to be handled (again) */
    uint8_t unit_header;
    uint64_t unit_offset;    /* where it started in the stream */
    int64_t unit_pts;

    /* Parameter sets as they came; serial numbers tell replaced ones apart. */
    AvoSps *sps[32];
    AvoPps *pps[256];
    uint32_t sps_serial[32], pps_serial[256], last_serial;

    /* Those in use: copies, since the stream may replace them at any time. */
    bool is_active;          /* sps, and everything whose size follows from it, is valid */
    AvoSps active_sps;
    uint32_t active_sps_serial;
    AvoPps active_pps;       /* scaling lists resolved */
    uint32_t active_pps_serial;
    AvoQuantTables quant;
    int mb_count;
    int dpb_frames, reorder_frames;

    /* The picture at work. */
    AvoDecFrame *current;    /* NULL: none */
    AvoSliceHeader header;   /* of the slice met last */
    bool has_header;         /* header belongs to the current picture or the last one */
    AvoSliceHeader next_header; /* being read; too large for the stack */
    AvoSliceHeader implied;  /* of frames that were never received */
    int mbs_done;
    AvoDeblockSlice *slices; /* [slice number]; the last one is for concealed macroblocks */
    int slice_capacity;
    uint8_t *group_map;      /* slice group of each macroblock, when the picture has groups */
    AvoSliceDec slice;
    AVO_ALIGN(64) pixel predict_scratch[AVO_PREDICT_SCRATCH];

    /* References and output. */
    AvoDecFrame frames[AVO_DEC_FRAMES];
    int frame_count;         /* used part of frames */
    AvoDpb dpb;
    AvoPocState poc;
    int prev_ref_frame_num;  /* -1: no reference picture yet */
    int64_t next_uid;
    AvoDecFrame *queue[AVO_DEC_FRAMES];
    int queue_count;
    AvoDecFrame *held;
};

/* ---- nal_parse.c ---- */

/* Handles the next unit: AVOCET_OK, AVO_DEC_AGAIN, AVOCET_NEED_INPUT or an error. */
int avo_dec_step(AvocetDecoder *dec);
/* Grows a buffer to hold `size` bytes, keeping its content. */
int avo_dec_reserve(AvocetDecoder *dec, AvoDecBuffer *buffer, size_t size);
void avo_dec_free_parameter_sets(AvocetDecoder *dec);

/* ---- picture.c ---- */

/* A slice unit: everything from the header on. */
int avo_dec_slice(AvocetDecoder *dec, int nal_ref_idc, int nal_unit_type);
/* Ends the current picture, if there is one. */
void avo_dec_finish_picture(AvocetDecoder *dec);
/* Frees what depends on the picture size. */
void avo_dec_deactivate(AvocetDecoder *dec);

/* ---- conceal.c ---- */

/* Makes up the macroblocks that are missing; returns how many. */
int avo_dec_conceal(AvocetDecoder *dec);
/* Fills a frame with mid grey, as an intra picture. */
void avo_dec_fill_grey(AvoFrame *frame);
/* The best stand-in for a missing reference of the current picture; NULL if there is none. */
AvoFrame *avo_dec_nearest_reference(AvocetDecoder *dec, int poc);

/* ---- output.c ---- */

/* Puts all waiting frames into the output queue, in output order. */
void avo_dec_output_all(AvocetDecoder *dec);
/* Puts one waiting frame into the queue; false: none is waiting. */
bool avo_dec_output_one(AvocetDecoder *dec);
/* Stores the current picture and outputs what that pushes out (C.4.4, C.4.5). */
void avo_dec_store(AvocetDecoder *dec, bool starts_sequence, bool drop_prior);
/* Takes the first frame out of the queue and describes it. */
void avo_dec_take_output(AvocetDecoder *dec, AvocetDecodedPicture *out);
/* Fills in what was kept of the inside of the picture handed out last; false: nothing. */
bool avo_dec_describe_inside(const AvocetDecoder *dec, AvocetInspection *out);
/* Sizes of the buffer and the reordering limit from the active sequence parameter set. */
void avo_dec_find_limits(AvocetDecoder *dec);

#endif
