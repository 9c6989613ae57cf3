/* The decoded picture buffer's output side: "bumping" (C.4). See decoder.h.
 *
 * A frame waits until the buffer is full or more frames wait than the stream reorders; then the one
 * with the lowest picture order count goes. IDR pictures and MMCO 5 start a new count, so
 * everything before them goes first. */
#include "dec/decoder.h"
#include "h264/tables.h"

static void enqueue(AvocetDecoder *dec, AvoDecFrame *frame)
{
    frame->waiting = false;
    frame->queued = true;
    dec->queue[dec->queue_count++] = frame;
}

/* Which comes out first? Equal counts are not legal; then the one decoded first. */
static bool precedes(const AvoFrame *a, const AvoFrame *b)
{
    return a->poc != b->poc ? a->poc < b->poc : a->uid < b->uid;
}

/* The waiting frame with the lowest picture order count, `except` left out. */
static AvoDecFrame *first_waiting(AvocetDecoder *dec, const AvoDecFrame *except)
{
    AvoDecFrame *first = NULL;
    for (int i = 0; i < dec->frame_count; i++) {
        AvoDecFrame *f = &dec->frames[i];
        if (f != except && f->waiting && (!first || precedes(&f->f, &first->f)))
            first = f;
    }
    return first;
}

bool avo_dec_output_one(AvocetDecoder *dec)
{
    AvoDecFrame *first = first_waiting(dec, NULL);
    if (first)
        enqueue(dec, first);
    return first != NULL;
}

void avo_dec_output_all(AvocetDecoder *dec)
{
    while (avo_dec_output_one(dec)) {
    }
}

/* Frames that the buffer must keep besides the current one. */
static int fullness(const AvocetDecoder *dec)
{
    int count = 0;
    for (int i = 0; i < dec->frame_count; i++) {
        const AvoDecFrame *f = &dec->frames[i];
        count += f != dec->current && (f->f.is_ref || f->waiting);
    }
    return count;
}

static int waiting_count(const AvocetDecoder *dec)
{
    int count = 0;
    for (int i = 0; i < dec->frame_count; i++)
        count += dec->frames[i].waiting;
    return count;
}

static void drop_waiting(AvocetDecoder *dec, const AvoDecFrame *except)
{
    for (int i = 0; i < dec->frame_count; i++)
        if (&dec->frames[i] != except)
            dec->frames[i].waiting = false;
}

/* Makes room for the current picture. True: it had to be output at once instead (C.4.5.2). */
static bool make_room(AvocetDecoder *dec)
{
    AvoDecFrame *current = dec->current;
    while (fullness(dec) >= dec->dpb_frames) {
        AvoDecFrame *first = first_waiting(dec, current);
        if (!current->f.is_ref && (!first || current->f.poc < first->f.poc)) {
            enqueue(dec, current);
            return true;
        }
        if (!first)
            return false; /* more references than the buffer holds: not legal, no harm */
        enqueue(dec, first);
    }
    return false;
}

void avo_dec_bump(AvocetDecoder *dec)
{
    while (fullness(dec) >= dec->dpb_frames && avo_dec_output_one(dec)) {
    }
}

void avo_dec_store(AvocetDecoder *dec, bool starts_sequence, bool drop_prior)
{
    if (drop_prior)
        drop_waiting(dec, dec->current);
    else if (starts_sequence)
        avo_dec_output_all(dec);
    if (make_room(dec))
        return;
    dec->current->waiting = true;
    while (waiting_count(dec) > dec->reorder_frames)
        avo_dec_output_one(dec);
}

/* ---- limits ---- */

/* Intra-only variants of the High profiles (A.2.8 and on) reorder nothing. */
static bool is_intra_profile(const AvoSps *sps)
{
    static const uint8_t profiles[] = {44, 86, 100, 110, 122, 244};
    for (size_t i = 0; i < sizeof profiles; i++)
        if (sps->profile_idc == profiles[i])
            return (sps->constraint_flags & 8) != 0;
    return false;
}

const AvoLevelLimits *avo_sps_level(const AvoSps *sps)
{
    bool is_1b = sps->level_idc == 11 && (sps->constraint_flags & 8) && sps->profile_idc <= 88;
    return avo_level_find(is_1b ? 9 : sps->level_idc);
}

void avo_dec_find_limits(AvocetDecoder *dec)
{
    const AvoSps *sps = &dec->active_sps;
    const AvoLevelLimits *level = avo_sps_level(sps);
    int frames = level ? avo_level_max_dpb_frames(level, sps->mb_width, sps->mb_height) : 16;
    bool restricted = sps->vui_present && sps->vui.bitstream_restriction;
    if (restricted)
        frames = sps->vui.max_dec_frame_buffering;
    /* Streams may understate their level, but none can need more than the highest one allows. */
    const AvoLevelLimits *highest = &avo_levels[AVO_LEVEL_COUNT - 1];
    int most = avo_level_max_dpb_frames(highest, sps->mb_width, sps->mb_height);
    dec->dpb_frames = avo_clip3(1, avo_max(most, 1), avo_max(frames, sps->max_num_ref_frames));
    dec->dpb.max_refs = avo_clip3(1, dec->dpb_frames, sps->max_num_ref_frames);
    dec->reorder_frames = dec->dpb_frames;
    if (restricted)
        dec->reorder_frames = sps->vui.max_num_reorder_frames;
    else if (sps->poc_type == 2 || is_intra_profile(sps))
        dec->reorder_frames = 0;
}

/* ---- handing out ---- */

static AvocetFrameType frame_type(const AvoDecFrame *frame, bool is_reference)
{
    if (frame->f.is_idr)
        return AVOCET_TYPE_IDR;
    if (frame->has_b)
        return is_reference ? AVOCET_TYPE_BREF : AVOCET_TYPE_B;
    return frame->has_p ? AVOCET_TYPE_P : AVOCET_TYPE_I;
}

/* Points a picture into planes like those of the frame, cropped. */
static void describe_planes(const AvoDecFrame *frame, pixel *const data[3], AvocetPicture *p)
{
    memset(p, 0, sizeof *p);
    p->format = frame->f.chroma_format ? AVOCET_FORMAT_I420 : AVOCET_FORMAT_GRAY8;
    p->width = frame->crop_width;
    p->height = frame->crop_height;
    for (int c = 0; c < (frame->f.chroma_format ? 3 : 1); c++) {
        ptrdiff_t stride = frame->f.plane[c].stride;
        int sub = c ? 1 : 0;
        p->plane[c] = data[c] + (frame->crop_y >> sub) * stride + (frame->crop_x >> sub);
        p->stride[c] = stride;
    }
    p->pts = frame->f.pts;
    p->type = frame_type(frame, frame->was_reference);
}

bool avo_dec_describe_inside(const AvocetDecoder *dec, AvocetInspection *out)
{
    const AvoDecFrame *frame = dec->held;
    memset(out, 0, sizeof *out);
    if (!frame || !frame->trace.mb)
        return false;
    out->mb_width = frame->f.mb_width;
    out->mb_height = frame->f.mb_height;
    out->crop_x = frame->crop_x;
    out->crop_y = frame->crop_y;
    out->mb = frame->trace.mb;
    describe_planes(frame, frame->trace.prediction, &out->prediction);
    describe_planes(frame, frame->trace.unfiltered, &out->unfiltered);
    return true;
}

void avo_dec_take_output(AvocetDecoder *dec, AvocetDecodedPicture *out)
{
    AvoDecFrame *frame = dec->queue[0];
    dec->queue_count--;
    memmove(dec->queue, dec->queue + 1, (size_t)dec->queue_count * sizeof dec->queue[0]);
    frame->queued = false;
    frame->held = true;
    dec->held = frame;

    memset(out, 0, sizeof *out);
    pixel *data[3] = {frame->f.plane[0].data, frame->f.plane[1].data, frame->f.plane[2].data};
    describe_planes(frame, data, &out->picture);
    out->is_reference = frame->was_reference;
    out->keyframe = frame->f.is_idr;
    out->poc = frame->poc;
    out->frame_num = frame->frame_num;
    out->coding_number = frame->f.uid;
    out->slices = frame->slices;
    out->damaged_mbs = frame->damaged_mbs;
    out->missing_refs = frame->missing_refs;
    out->lost_frames = frame->lost_frames;
    out->slice_bytes = frame->slice_bytes;
}
