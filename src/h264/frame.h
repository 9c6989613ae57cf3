/* A picture in memory: padded planes, half-sample planes, half-size plane, macroblock records.
 *
 * Frames come from a pool that is carved once at open. Planes are padded by AVO_FRAME_PAD luma
 * samples (half of it for chroma) on every side, so a vector that points outside needs no special
 * code once it is clamped by avo_predict (predict.h). Sizes are those of the coded picture: whole
 * macroblocks. */
#ifndef AVO_H264_FRAME_H
#define AVO_H264_FRAME_H

#include <stddef.h>
#include "base/arena.h"
#include "dsp/pixel.h"
#include "h264/mb.h"

#define AVO_FRAME_PAD 32 /* luma samples around each plane */
#define AVO_SLOTS_MAX 32 /* slot numbers fit int8_t and index uid tables */

typedef struct AvoPlane {
    pixel *data;      /* first sample of the picture (inside the padding), 64-byte aligned */
    ptrdiff_t stride; /* samples, multiple of 64 */
    int width, height;
} AvoPlane;

typedef struct AvoFrame {
    AvoPlane plane[3]; /* Y, Cb, Cr; Cb and Cr data are NULL for 4:0:0 */
    AvoPlane hpel[3];  /* luma half-sample planes h, v, centre; data NULL when not wanted */
    int mb_width, mb_height;
    int chroma_format; /* 0: 4:0:0, 1: 4:2:0 */
    int slot;          /* index in its pool; AvoMbInfo.ref_slot refers to it */
    int refcount;

    /* The coded picture. */
    int poc;
    int frame_num;
    int long_term_idx; /* -1: not a long-term reference */
    bool is_ref;       /* marked "used for reference" */
    bool is_idr;
    bool non_existing; /* stands for a frame_num that was skipped (8.2.5.2); never shown */
    int64_t uid;       /* number in coding order, never reused: identity beyond slot reuse */
    AvoSliceType slice_type;
    AvoMbInfo *info; /* mb_width * mb_height records (kept for co-located direct and deblocking) */
    int64_t slot_uid[AVO_SLOTS_MAX]; /* uid that each slot held when this picture was coded */
    int64_t slot_poc[AVO_SLOTS_MAX]; /* and its poc (vector scaling) */
    int64_t pts;
    int brightness_q4;                           /* encoder: mean luma of the source, 1/16 */
    int32_t quarter[16][2], beside[2][16][8][2]; /* encoder: see avo_motion_prepare() */
    void *user;                                  /* encoder or decoder attachment */
} AvoFrame;

/* What to carve for each frame. */
enum { AVO_FRAME_HPEL = 1, AVO_FRAME_INFO = 2 };

/* Carves planes and records of one frame; safe on a dry-run arena (base/arena.h). */
void avo_frame_carve(AvoFrame *f, AvoArena *arena, int mb_width, int mb_height, int chroma_format,
                     unsigned parts);
/* Repeats the border samples of `plane` into the padding, for rows [y0, y1) of the picture; the
 * padding above and below is filled when y0 == 0 or y1 == height. */
void avo_plane_pad_rows(const AvoPlane *plane, int pad, int y0, int y1);

#endif
