/* Reading a byte stream (Annex B): where access units are, and when they are shown. See reader.h,
 * avc_syntax.h.
 *
 * The stream knows no times. Pictures are shown at a constant rate in the order of their picture
 * order counts, counted anew from each IDR picture (or one that resets the count); they are decoded
 * as late as that order allows. The whole file is looked at once, through a window, before the
 * first packet is delivered. */
#include "mux/reader.h"
#include "mux/avc_syntax.h"
#include "mux/nal_scan.h"

#define WINDOW      (64 * 1024)
#define HEAD        2048 /* bytes of a unit that are looked at */
#define MOST_LATE   64   /* pictures that one may be shown before its turn in decoding order */
#define MOST_HEADER (64 * 1024)

/* While scanning, a sample's dts holds the number of its period between IDR pictures, its pts the
 * picture order count. */
typedef struct Scan {
    AvocetReader *r;
    AvoAvcState *state;
    uint8_t *window;
    uint64_t window_at;
    size_t window_size;
    /* The access unit being gathered. */
    uint64_t unit_at;
    bool in_unit, has_picture, keyframe, pair_done;
    AvoAvcSlice slice;
    int64_t period;
    int32_t order;
} Scan;

/* Makes n bytes from `at` on visible, fewer at the end of the file. */
static size_t look(Scan *s, uint64_t at, size_t n)
{
    if (at < s->window_at || at + n > s->window_at + s->window_size) {
        uint64_t left = s->r->source.size - at;
        size_t size = left < WINDOW ? (size_t)left : WINDOW;
        s->window_at = at;
        s->window_size = avo_reader_fetch(s->r, at, s->window, size) ? size : 0;
    }
    size_t seen = s->window_size - (size_t)(at - s->window_at);
    return seen < n ? seen : n;
}

static const uint8_t *bytes_at(const Scan *s, uint64_t at)
{
    return s->window + (at - s->window_at);
}

/* Offset of the next 00 00 01 at or after `at`; the size of the file if there is none. */
static uint64_t next_code(Scan *s, uint64_t at)
{
    while (s->r->source.size - at >= 3) {
        if (look(s, at, 3) < 3)
            break;
        size_t n = s->window_size - (size_t)(at - s->window_at);
        size_t found = avo_scan_start_code(bytes_at(s, at), n, 0);
        if (found < n)
            return at + found;
        at += n - 2; /* a code may begin in the last two bytes */
    }
    return s->r->source.size;
}

/* ---- access units ---- */

static int end_unit(Scan *s, uint64_t end)
{
    if (s->in_unit && s->has_picture) {
        AvoReaderSample sample = {
            .offset = s->unit_at, .dts = s->period, .pts = s->order, .keyframe = s->keyframe};
        if (end - s->unit_at > INT32_MAX)
            return avo_fail(&s->r->message, AVOCET_ERR_DATA, "a picture of more than 2 GB");
        sample.size = (uint32_t)(end - s->unit_at);
        AVO_RETURN_IF_ERROR(avo_reader_add(s->r, &sample));
    }
    s->in_unit = s->has_picture = false;
    return AVOCET_OK;
}

static int start_unit(Scan *s, uint64_t at)
{
    if (s->in_unit && !s->has_picture)
        return AVOCET_OK; /* headers in front of a picture belong to it */
    AVO_RETURN_IF_ERROR(end_unit(s, at));
    s->unit_at = at;
    s->in_unit = true;
    return AVOCET_OK;
}

/* Two fields of one frame make one sample. */
static bool is_second_field(const Scan *s, const AvoAvcSlice *slice)
{
    return s->slice.field && slice->field && s->slice.bottom != slice->bottom &&
           s->slice.frame_num == slice->frame_num && !s->pair_done &&
           slice->nal_type != AVO_UNIT_IDR;
}

static int take_slice(Scan *s, uint64_t at, const uint8_t *nal, size_t size)
{
    AvoAvcSlice slice;
    if (!avo_avc_read_slice(s->state, &slice, nal, size) || slice.redundant)
        return AVOCET_OK;
    if (s->has_picture && !avo_avc_new_picture(&s->slice, &slice))
        return AVOCET_OK;
    if (s->has_picture && is_second_field(s, &slice)) {
        avo_avc_picture_order(s->state, &slice);
        s->pair_done = true;
        s->slice = slice;
        return AVOCET_OK;
    }
    AVO_RETURN_IF_ERROR(start_unit(s, at));
    s->keyframe = slice.nal_type == AVO_UNIT_IDR;
    s->period += s->keyframe || slice.resets;
    s->order = avo_avc_picture_order(s->state, &slice);
    if (slice.resets)
        s->order = 0;
    s->has_picture = true;
    s->pair_done = false;
    s->slice = slice;
    return AVOCET_OK;
}

/* Parameter sets of the whole stream, each once. */
static int keep_header(AvocetReader *r, const uint8_t *nal, size_t size)
{
    static const uint8_t start_code[4] = {0, 0, 0, 1};
    AvocetNal known;
    size_t pos = 0, used = r->info.headers_size;
    while (avocet_nal_next(r->headers, used, 0, &pos, &known) > 0)
        if (known.size == size && memcmp(known.data, nal, size) == 0)
            return AVOCET_OK;
    if (size >= HEAD || used + size + 4 > MOST_HEADER)
        return AVOCET_OK;
    AVO_RETURN_IF_ERROR(
        avo_reader_grow(r, &r->headers, &r->headers_capacity, used + size + 4, used));
    memcpy(r->headers + used, start_code, 4);
    memcpy(r->headers + used + 4, nal, size);
    r->info.headers_size = used + size + 4;
    return AVOCET_OK;
}

/* A unit from its start code at `at` to `end`. */
static int take_unit(Scan *s, uint64_t at, uint64_t end)
{
    uint64_t start = at + 3;
    size_t size = end - start < HEAD ? (size_t)(end - start) : HEAD;
    /* zero_byte belongs to the unit behind it */
    uint64_t lead = at > 0 && look(s, at - 1, 1) == 1 && *bytes_at(s, at - 1) == 0 ? at - 1 : at;
    size = look(s, start, size);
    const uint8_t *nal = bytes_at(s, start);
    while (size && start + size == end && !nal[size - 1])
        size--;
    if (!size)
        return AVOCET_OK;
    int type = nal[0] & 31;
    if (type == AVO_UNIT_SLICE || type == AVO_UNIT_PARTITION_A || type == AVO_UNIT_IDR)
        return take_slice(s, lead, nal, size);
    bool starts = (type >= AVO_UNIT_SEI && type <= AVO_UNIT_AUD) ||
                  (type >= AVO_UNIT_PREFIX && type <= AVO_UNIT_RESERVED_18);
    if (starts)
        AVO_RETURN_IF_ERROR(start_unit(s, lead));
    if (type == AVO_UNIT_SPS || type == AVO_UNIT_PPS) {
        avo_avc_take_headers(s->state, nal, size);
        return keep_header(s->r, nal, size);
    }
    return AVOCET_OK;
}

static int scan_file(Scan *s)
{
    uint64_t at = next_code(s, 0), size = s->r->source.size;
    while (at < size) {
        uint64_t next = next_code(s, at + 3);
        AVO_RETURN_IF_ERROR(take_unit(s, at, next));
        at = next;
    }
    return end_unit(s, size);
}

/* ---- times ---- */

static bool is_shown_before(const AvoReaderSample *a, const AvoReaderSample *b)
{
    return a->dts != b->dts ? a->dts < b->dts : a->pts < b->pts;
}

/* Sorts numbers of samples by when they are shown. Pictures move few places, so each is inserted
 * from the end. */
static void sort_by_order(const AvoReaderSample *sample, uint32_t *order, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t place = i;
        while (place > 0 && i - place < MOST_LATE &&
               is_shown_before(&sample[i], &sample[order[place - 1]])) {
            order[place] = order[place - 1];
            place--;
        }
        order[place] = (uint32_t)i;
    }
}

static int set_times(AvocetReader *r)
{
    int64_t count = r->info.packets, delay = 0;
    if (count > UINT32_MAX)
        return AVOCET_ERR_UNSUPPORTED;
    size_t bytes = (size_t)count * sizeof(uint32_t);
    uint32_t *order = avo_reader_take(r, bytes ? bytes : 1);
    if (!order)
        return AVOCET_ERR_MEMORY;
    sort_by_order(r->sample, order, count);
    for (int64_t i = 0; i < count; i++) {
        r->sample[order[i]].pts = i;
        delay = avo_max64(delay, order[i] - i);
    }
    for (int64_t i = 0; i < count; i++)
        r->sample[i].dts = i - delay;
    if (count)
        r->sample[0].keyframe =
            true; /* where a player starts, whether it is an IDR picture or not */
    avo_reader_give(r, order, bytes ? bytes : 1);
    return AVOCET_OK;
}

static void choose_rate(AvocetReader *r)
{
    AvocetVideoInfo video;
    AvocetRational fps = r->config.fps;
    if (fps.num <= 0 || fps.den <= 0) {
        fps = (AvocetRational){25, 1};
        if (avocet_video_info(r->headers, r->info.headers_size, 0, &video) >= 0 && video.fps.num)
            fps = video.fps;
    }
    r->info.time_base = (AvocetRational){fps.den, fps.num};
    r->info.frame_duration = 1;
}

int avo_reader_open_annexb(AvocetReader *r)
{
    Scan s = {.r = r};
    size_t state_bytes = sizeof *s.state;
    s.state = avo_reader_take(r, state_bytes);
    s.window = avo_reader_take(r, WINDOW);
    int status = s.state && s.window ? AVOCET_OK : AVOCET_ERR_MEMORY;
    if (status >= 0) {
        memset(s.state, 0, state_bytes);
        status = scan_file(&s);
    }
    avo_reader_give(r, s.state, state_bytes);
    avo_reader_give(r, s.window, WINDOW);
    if (status < 0)
        return status;
    if (!r->info.packets)
        return avo_fail(&r->message, AVOCET_ERR_DATA, "it is neither MP4 nor an H.264 byte stream");
    choose_rate(r);
    return set_times(r);
}
