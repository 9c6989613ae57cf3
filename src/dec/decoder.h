/* The decoder handle and what its files share.
 *
 *     dec_api.c     public functions
 *     nal_parse.c   bytes -> NAL units (AvoNalSource), and what each type of unit does
 *     picture.c     start and end of pictures, reference lists, missing references
 *     frame_pool.c  memory that depends on the picture size, activation of parameter sets
 *     pic_job.c     the slices of one picture, now or later
 *     schedule.c    pictures side by side
 *     conceal.c     missing macroblocks
 *     output.c      decoded picture buffer: which picture comes out when
 *
 * Work is done in receive, one NAL unit after the other, only while no picture can be handed out. A
 * unit that needs room that only output can make (a new picture, a new size) is put off with
 * AVO_DEC_AGAIN and met again when the queue has been emptied, so the pool stays small and nothing
 * is ever dropped for lack of space.
 *
 * With several threads the slices of up to job_count pictures are gathered before they run; the
 * books (order counts, marking, order of output) are kept meanwhile as if they had run. */
#ifndef AVO_DEC_DECODER_H
#define AVO_DEC_DECODER_H

#include <avocet/decoder.h>
#include "base/taskpool.h"
#include "dec/paramset_parse.h"
#include "dec/pic_job.h"
#include "dec/slice_parse.h"
#include "h264/nal.h"
#include "h264/poc_dpb.h"
#include "h264/tables.h"

#define AVO_DEC_THREADS_MAX 16

enum { AVO_DEC_AGAIN = 100 }; /* put off: empty the output queue first */

/* A damaged slice that was found by a picture that ran side by side with others. */
typedef struct AvoDecFault {
    int status;
    uint64_t unit_offset;
    AvoMessage message;
} AvoDecFault;

/* Cuts bytes into NAL units, however they arrive. */
typedef struct AvoNalSource {
    const uint8_t *data; /* what the caller gave, at the next byte */
    size_t size;
    uint64_t offset;      /* of data in the stream */
    int64_t pts;          /* of data */
    bool in_unit;         /* a start code was met: bytes belong to a unit */
    int zeros;            /* zero bytes right before data, up to 2 */
    AvoDecBuffer pending; /* the unit's bytes from earlier sends */
    uint64_t unit_offset; /* where the unit that is being collected started */
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
    bool told_layers; /* that there are layers which are not decoded */

    AvoNalSource source;
    AvoDecBuffer rbsp; /* the unit at work without its header byte, zero padded */
    bool has_unit;     /* rbsp is to be handled (again) */
    uint8_t unit_header;
    uint64_t unit_offset; /* where it started in the stream */
    int64_t unit_pts;

    /* Parameter sets as they came; serial numbers tell replaced ones apart. */
    AvoSps *sps[32];
    AvoPps *pps[256];
    uint32_t sps_serial[32], pps_serial[256], last_serial;

    /* Those in use: copies, since the stream may replace them at any time. */
    bool is_active; /* sps, and everything whose size follows from it, is valid */
    AvoSps active_sps;
    uint32_t active_sps_serial;
    AvoPps active_pps; /* scaling lists resolved */
    uint32_t active_pps_serial;
    AvoQuantTables quant;
    int mb_count;
    int dpb_frames, reorder_frames;

    /* The picture at work. */
    AvoDecFrame *current;       /* NULL: none */
    AvoPicJob *job;             /* its slices */
    AvoSliceHeader header;      /* of the slice met last */
    bool has_header;            /* header belongs to the current picture or the last one */
    AvoSliceHeader next_header; /* being read; too large for the stack */
    AvoSliceHeader implied;     /* of frames that were never received */

    /* Pictures that run side by side. */
    AvoTaskPool *pool; /* NULL: one thread */
    AvoPicJob **jobs;  /* [0, pending) are gathered, [pending] is for the next picture */
    int job_count, pending;
    int batch; /* pictures that are gathered before they run, at most job_count */
    void *job_memory;
    AvoDecFault *faults; /* of jobs that have run, to be told */
    int fault_count, faults_told;

    /* References and output. */
    AvoDecFrame frames[AVO_DEC_FRAMES];
    int frame_count; /* used part of frames */
    AvoDpb dpb;
    AvoPocState poc;
    int prev_ref_frame_num;      /* -1: no reference picture yet */
    AvoDecFrame *last_reference; /* decoded last, marked or not; NULL: none */
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

/* ---- frame_pool.c ---- */

/* Can pictures with these parameters be decoded? */
int avo_dec_check_supported(AvocetDecoder *dec, const AvoSps *sps);
/* Makes another sequence parameter set the active one. No picture is at work. */
int avo_dec_activate_sps(AvocetDecoder *dec, int id, bool is_idr);
int avo_dec_activate_pps(AvocetDecoder *dec, int id);
/* Takes a free frame and resets what the last picture left in it, except samples and records. */
int avo_dec_take_frame(AvocetDecoder *dec, AvoDecFrame **taken);
/* Frees what depends on the picture size. */
void avo_dec_deactivate(AvocetDecoder *dec);

/* ---- schedule.c ---- */

/* Memory and threads for pictures that run side by side. */
int avo_dec_open_jobs(AvocetDecoder *dec, AvoMessage *msg);
void avo_dec_close_jobs(AvocetDecoder *dec);
/* A job for the current picture. */
void avo_dec_begin_job(AvocetDecoder *dec);
/* Place for the next slice of the current picture. */
AvoJobSlice *avo_dec_next_slice(AvocetDecoder *dec);
/* Runs or stores the slice that avo_dec_next_slice gave last. */
int avo_dec_add_slice(AvocetDecoder *dec, AvoJobSlice *slice);
/* All slices of the current picture are there. */
void avo_dec_end_job(AvocetDecoder *dec);
/* Runs everything that was gathered. */
void avo_dec_run_jobs(AvocetDecoder *dec);
/* Is this frame read or written by a picture that was not run yet? */
bool avo_dec_is_busy(const AvocetDecoder *dec, const AvoDecFrame *frame);

/* ---- output.c ---- */

/* Can a picture be handed out? */
AVO_INLINE bool avo_dec_has_output(const AvocetDecoder *dec)
{
    return dec->queue_count > 0 && dec->queue[0]->decoded;
}
/* Makes room for one more frame in the buffer (C.4.5.3). */
void avo_dec_bump(AvocetDecoder *dec);
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
/* Limits of the level that a set names, NULL if there is no such level. */
const AvoLevelLimits *avo_sps_level(const AvoSps *sps);
/* Sizes of the buffer and the reordering limit from the active sequence parameter set. */
void avo_dec_find_limits(AvocetDecoder *dec);

#endif
