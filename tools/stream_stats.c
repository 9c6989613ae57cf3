/* See stream_stats.h. */
#include "stream_stats.h"
#include <stdlib.h>
#include <string.h>

int stats_add(StreamStats *s, const StatPicture *picture, Fault *fault)
{
    if (s->count == s->capacity) {
        int64_t capacity = s->capacity ? 2 * s->capacity : 1024;
        StatPicture *pictures = realloc(s->pictures, (size_t)capacity * sizeof *pictures);
        if (!pictures)
            return fault_set(fault, "not enough memory");
        s->pictures = pictures;
        s->capacity = capacity;
    }
    s->pictures[s->count++] = *picture;
    return 0;
}

/* ---- groups of pictures ---- */

static void note_group(StreamStats *s, int64_t length)
{
    s->groups++;
    s->shortest = s->groups == 1 || length < s->shortest ? length : s->shortest;
    s->longest = length > s->longest ? length : s->longest;
}

static void find_groups(StreamStats *s)
{
    static const char letters[] = "?IiPBb";
    int64_t start = 0;
    int run = 0;
    for (int64_t i = 0; i < s->count; i++) {
        int type = s->pictures[i].type;
        if (type == AVOCET_TYPE_IDR && i > start) {
            note_group(s, i - start);
            start = i;
        }
        run = type == AVOCET_TYPE_B || type == AVOCET_TYPE_BREF ? run + 1 : 0;
        s->b_run = run > s->b_run ? run : s->b_run;
        if (s->groups == 0 && i < (int64_t)sizeof s->first_group - 1)
            s->first_group[i] = letters[type];
    }
    if (s->count > start)
        note_group(s, s->count - start);
}

/* ---- bits over time ---- */

static int compare(const void *a, const void *b)
{
    const StatPicture *x = a, *y = b;
    return x->coding < y->coding ? -1 : x->coding > y->coding;
}

static int find_curve(StreamStats *s, Fault *fault)
{
    s->seconds = (int64_t)((double)(s->count - 1) / s->fps) + 1;
    s->curve = calloc((size_t)s->seconds, sizeof *s->curve);
    if (!s->curve)
        return fault_set(fault, "not enough memory");
    for (int64_t i = 0; i < s->count; i++)
        s->curve[(int64_t)((double)i / s->fps)] += (double)s->pictures[i].bytes * 8 / 1000;
    double duration = (double)s->count / s->fps, rest = duration - (double)(s->seconds - 1);
    s->mean = (double)s->bytes * 8 / 1000 / duration;
    if (rest > 0)
        s->curve[s->seconds - 1] /= rest < 1 ? rest : 1;
    int64_t whole = s->seconds > 1 && rest < 0.999 ? s->seconds - 1 : s->seconds;
    s->least = s->curve[0];
    for (int64_t i = 0; i < whole; i++) {
        s->peak = s->curve[i] > s->peak ? s->curve[i] : s->peak;
        s->least = s->curve[i] < s->least ? s->curve[i] : s->least;
    }
    return 0;
}

/* The coded picture buffer (C.1) at a constant rate of pictures: bits come in at the schedule's
 * rate, a picture's bits leave at once. */
static void follow_buffer(StreamStats *s, const AvocetStreamInfo *info, uint32_t delay)
{
    double rate = (double)info->hrd_bitrate, size = (double)info->hrd_cpb_size;
    double full = rate * delay / 90000;
    if (!info->hrd || rate <= 0 || size <= 0 || delay == 0)
        return;
    s->has_buffer = 1;
    s->least_full = 1;
    for (int64_t i = 0; i < s->count; i++) {
        full -= (double)s->pictures[i].bytes * 8;
        s->least_full = full / size < s->least_full ? full / size : s->least_full;
        s->underflows += full < 0;
        full += rate / s->fps;
        s->overflows += info->hrd_cbr && full > size * 1.001;
        full = full > size ? size : full;
    }
}

int stats_finish(StreamStats *s, const AvocetStreamInfo *info, double fps, const int64_t *bytes,
                 int64_t packets, uint32_t delay, Fault *fault)
{
    if (s->count == 0)
        return 0;
    find_groups(s);
    qsort(s->pictures, (size_t)s->count, sizeof *s->pictures, compare);
    int has_sizes = bytes && packets == s->count;
    for (int64_t i = 0; i < s->count; i++) {
        if (has_sizes)
            s->pictures[i].bytes = bytes[i];
        s->bytes += s->pictures[i].bytes;
    }
    s->fps = fps > 0 ? fps : 25;
    if (find_curve(s, fault) < 0)
        return -1;
    if (has_sizes)
        follow_buffer(s, info, delay);
    return 0;
}

void stats_free(StreamStats *s)
{
    free(s->pictures);
    free(s->curve);
    memset(s, 0, sizeof *s);
}
