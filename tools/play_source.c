/* See play_source.h.
 *
 * Of a file every packet is known from the start: its number in decoding order, whether it is a
 * keyframe, and by its time its number in order of output, which travels through the decoder as
 * pts. A jump restarts the decoder at the last keyframe before the picture. */
#define _POSIX_C_SOURCE 200809L
#include "play_source.h"
#include <avocet/mux.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "file_io.h"
#include "picture_order.h"
#include "pipe_demux.h"

enum { KEPT_MOST = 64, KEPT_LEAST = 4, PIECE = 1 << 16 };
#define MEMORY_MOST ((size_t)384 << 20)

struct PlaySource {
    int is_live; /* a pipe */
    FileIo file;
    AvocetReader *reader;
    int64_t count; /* pictures; -1: unknown */
    PictureOrder order;
    int64_t packet; /* next one to decode */
    uint8_t *piece; /* of a pipe */
    PipeDemux demux;
    int at_end, drained;

    AvocetDecoder *decoder;
    int inspect;
    int64_t next; /* number that the decoder gives next, if nothing is lost; -1: unknown */
    AvocetStreamInfo info;

    PlayFrame kept[KEPT_MOST];
    uint64_t clock;
    size_t memory;
    FrameStat *stats; /* [number] */
    int64_t stat_capacity;
};

/* ---- opening ---- */

/* What the container tells of the pictures before they are decoded. */
static int note_sizes(PlaySource *s, Fault *fault)
{
    s->stats = calloc((size_t)s->count, sizeof *s->stats);
    if (!s->stats)
        return fault_set(fault, "not enough memory");
    s->stat_capacity = s->count;
    for (int64_t i = 0; i < s->count; i++) {
        AvocetPacket packet;
        avocet_reader_packet(s->reader, i, &packet);
        s->stats[s->order.rank[i]].bytes = (int64_t)packet.size;
    }
    return 0;
}

static int open_file(PlaySource *s, const char *name, Fault *fault)
{
    AvocetSource source;
    char message[256];
    if (file_io_open_read(&s->file, name, &source, fault) < 0)
        return -1;
    if (avocet_reader_open(&s->reader, NULL, &source, NULL, message, sizeof message) < 0)
        return fault_set(fault, "%s: %s", name, message);
    const AvocetReaderInfo *info = avocet_reader_info(s->reader);
    s->count = info->packets;
    if (s->count == 0)
        return fault_set(fault, "%s: no H.264 pictures in it", name);
    return picture_order_init(&s->order, s->reader, fault) < 0 ? -1 : note_sizes(s, fault);
}

static int open_pipe(PlaySource *s, Fault *fault)
{
    s->is_live = s->inspect = 1; /* what has passed cannot be decoded again */
    s->count = -1;
    s->piece = malloc(PIECE);
    return s->piece ? 0 : fault_set(fault, "not enough memory");
}

static int start_decoder(PlaySource *s, Fault *fault)
{
    AvocetDecoderConfig config;
    char message[256];
    avocet_decoder_close(&s->decoder);
    avocet_decoder_config_init(&config);
    config.inspect = s->inspect;
    config.whole_units = !s->is_live;
    config.threads = s->is_live ? 1 : 0; /* what comes live is shown as soon as it can be */
    if (avocet_decoder_open(&s->decoder, &config, NULL, message, sizeof message) < 0)
        return fault_set(fault, "%s", message);
    return 0;
}

PlaySource *play_source_open(const char *name, Fault *fault)
{
    PlaySource *s = calloc(1, sizeof *s);
    struct stat about;
    if (!s) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    s->file.fd = -1;
    for (int i = 0; i < KEPT_MOST; i++)
        s->kept[i].index = -1;
    int is_pipe = !strcmp(name, "-") && !(fstat(0, &about) == 0 && S_ISREG(about.st_mode));
    int status = is_pipe ? open_pipe(s, fault)
                         : open_file(s, strcmp(name, "-") ? name : "/dev/stdin", fault);
    if (status < 0 || start_decoder(s, fault) < 0) {
        play_source_close(s);
        return NULL;
    }
    return s;
}

void play_source_close(PlaySource *s)
{
    Fault ignored;
    if (!s)
        return;
    avocet_decoder_close(&s->decoder);
    if (s->reader)
        avocet_reader_close(&s->reader);
    if (s->file.fd >= 0)
        file_io_close(&s->file, &ignored);
    for (int i = 0; i < KEPT_MOST; i++)
        free(s->kept[i].memory);
    picture_order_free(&s->order);
    free(s->piece);
    pipe_demux_free(&s->demux);
    free(s->stats);
    free(s);
}

/* ---- questions ---- */

int64_t play_source_count(const PlaySource *s)
{
    return s->count;
}

int play_source_is_live(const PlaySource *s)
{
    return s->is_live;
}

const AvocetStreamInfo *play_source_info(const PlaySource *s)
{
    return &s->info;
}

double play_source_time(const PlaySource *s, int64_t index)
{
    AvocetRational fps = s->info.fps.num > 0 ? s->info.fps : (AvocetRational){25, 1};
    if (s->is_live)
        return (double)index * fps.den / fps.num;
    if (index < s->count)
        return (double)s->order.time[index < 0 ? 0 : index] * s->order.unit;
    /* The end: the last picture lasts as long as the one before. */
    double last = (double)s->order.time[s->count - 1] * s->order.unit;
    return last +
           (s->count > 1 ? last - (double)s->order.time[s->count - 2] * s->order.unit : 0.04);
}

int64_t play_source_at(const PlaySource *s, double seconds)
{
    return picture_order_at(&s->order, seconds);
}

const FrameStat *play_source_stats(const PlaySource *s, int64_t *count)
{
    *count = s->is_live ? s->next : s->count;
    return s->stats;
}

/* ---- pictures that are kept ---- */

/* Copies planes of one picture to `to`, tightly packed; returns where they end. */
static uint8_t *copy_picture(AvocetPicture *out, const AvocetPicture *p, uint8_t *to)
{
    avocet_picture_init(out, p->format, p->width, p->height, to);
    out->type = p->type;
    for (int c = 0; c < 3 && p->plane[c]; c++) {
        size_t width = (size_t)(c ? (p->width + 1) / 2 : p->width);
        int height = c ? (p->height + 1) / 2 : p->height;
        for (int y = 0; y < height; y++, to += width)
            memcpy(to, p->plane[c] + y * p->stride[c], width);
    }
    return to;
}

/* The slot for another picture: an empty one while memory lasts, else the one not used longest. */
static PlayFrame *choose_slot(PlaySource *s, size_t size)
{
    PlayFrame *oldest = &s->kept[0];
    int used = 0;
    for (int i = 0; i < KEPT_MOST; i++)
        used += s->kept[i].memory != NULL;
    for (int i = 0; i < KEPT_MOST; i++) {
        PlayFrame *f = &s->kept[i];
        if (f->index < 0 && f->memory)
            return f;
        if (!f->memory && (used < KEPT_LEAST || s->memory + size <= MEMORY_MOST))
            return f;
        if (f->memory && (!oldest->memory || f->used < oldest->used))
            oldest = f;
    }
    return oldest;
}

static int note_stat(PlaySource *s, int64_t index, const FrameStat *stat)
{
    if (index >= s->stat_capacity) {
        int64_t capacity = index * 2 + 256;
        FrameStat *stats = realloc(s->stats, (size_t)capacity * sizeof *stats);
        if (!stats)
            return -1;
        memset(stats + s->stat_capacity, 0, (size_t)(capacity - s->stat_capacity) * sizeof *stats);
        s->stats = stats;
        s->stat_capacity = capacity;
    }
    s->stats[index] = *stat;
    return 0;
}

static PlayFrame *keep(PlaySource *s, const AvocetDecodedPicture *p, int64_t index, Fault *fault)
{
    AvocetInspection in;
    int has_inside = avocet_decoder_inspect(s->decoder, &in) == AVOCET_OK;
    size_t planes = avocet_format_size(p->picture.format, p->picture.width, p->picture.height);
    size_t records = has_inside ? (size_t)in.mb_width * (size_t)in.mb_height * sizeof *in.mb : 0;
    size_t size = records + planes * (has_inside ? 3 : 1);
    PlayFrame *f = choose_slot(s, size);
    if (f->memory_size != size) {
        void *memory = malloc(size);
        s->memory -= f->memory_size;
        free(f->memory);
        *f = (PlayFrame){.index = -1, .memory = memory, .memory_size = memory ? size : 0};
        s->memory += f->memory_size;
    }
    FrameStat stat = {p->picture.type, p->slice_bytes, has_inside ? overlay_mean_qp(&in) : 0};
    if (!f->memory || note_stat(s, index, &stat) < 0) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    f->index = index;
    f->stat = stat;
    f->keyframe = p->keyframe;
    f->damaged = p->damaged_mbs > 0;
    f->used = ++s->clock;
    memset(&f->inside, 0, sizeof f->inside);
    uint8_t *to = copy_picture(&f->picture, &p->picture, (uint8_t *)f->memory + records);
    if (has_inside) {
        f->inside = in;
        f->inside.mb = memcpy(f->memory, in.mb, records);
        to = copy_picture(&f->inside.prediction, &in.prediction, to);
        copy_picture(&f->inside.unfiltered, &in.unfiltered, to);
    }
    return f;
}

static PlayFrame *find_kept(PlaySource *s, int64_t index)
{
    for (int i = 0; i < KEPT_MOST; i++)
        if (s->kept[i].index == index && (s->kept[i].inside.mb || !s->inspect || s->is_live))
            return &s->kept[i];
    return NULL;
}

/* ---- decoding ---- */

static int seek(PlaySource *s, int64_t index, Fault *fault)
{
    if (s->next == index && !s->drained)
        return 0;
    int64_t start = picture_order_start(&s->order, s->reader, index);
    int is_ahead = s->next >= 0 && s->next <= index;
    if (is_ahead && start < s->packet && !s->drained)
        return 0; /* going on is nearer */
    if (start_decoder(s, fault) < 0)
        return -1;
    s->packet = start;
    s->at_end = s->drained = 0;
    s->next = s->order.rank[start];
    return 0;
}

void play_source_want_inside(PlaySource *s, int wanted)
{
    Fault ignored;
    if (s->inspect == wanted || s->is_live)
        return;
    s->inspect = wanted;
    start_decoder(s, &ignored);
    s->next = -1;
}

/* More bytes from the pipe: PLAY_READY, PLAY_WAIT, or a fault;
 * at its end nothing comes, but READY. */
static int read_pipe(PlaySource *s, Fault *fault)
{
    struct pollfd wait = {.fd = 0, .events = POLLIN};
    if (poll(&wait, 1, 0) <= 0)
        return PLAY_WAIT;
    ssize_t n = read(0, s->piece, PIECE);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return PLAY_WAIT;
    if (n < 0)
        return fault_set(fault, "cannot read standard input: %s", strerror(errno));
    if (n == 0)
        pipe_demux_end(&s->demux);
    return pipe_demux_add(&s->demux, s->piece, (size_t)n, fault) < 0 ? -1 : PLAY_READY;
}

/* More bytes to the decoder: PLAY_READY, PLAY_WAIT, PLAY_END or a fault. */
static int feed_pipe(PlaySource *s, Fault *fault)
{
    for (;;) {
        const uint8_t *data;
        size_t size;
        int status = pipe_demux_next(&s->demux, &data, &size, fault);
        if (status > 0) {
            avocet_decoder_send(s->decoder, data, size, 0);
            return PLAY_READY;
        }
        if (status < 0)
            return -1;
        if (s->demux.at_end)
            return PLAY_END;
        status = read_pipe(s, fault);
        if (status != PLAY_READY)
            return status;
    }
}

void play_source_wait(const PlaySource *s, int milliseconds)
{
    struct pollfd wait = {.fd = 0, .events = POLLIN};
    if (s->is_live)
        poll(&wait, 1, milliseconds);
}

static int feed(PlaySource *s, Fault *fault)
{
    AvocetPacket packet;
    if (s->is_live)
        return feed_pipe(s, fault);
    if (s->packet >= s->count)
        return PLAY_END;
    if (avocet_reader_read(s->reader, s->packet, &packet) < 0)
        return fault_set(fault, "%s: %s", s->file.name, avocet_reader_error(s->reader));
    avocet_decoder_send(s->decoder, packet.data, packet.size, s->order.rank[s->packet++]);
    return PLAY_READY;
}

/* The next picture out of the decoder. Damaged units are passed over. */
static int decode_next(PlaySource *s, PlayFrame **frame, Fault *fault)
{
    AvocetDecodedPicture picture;
    for (;;) {
        int status = avocet_decoder_receive(s->decoder, &picture);
        if (status == AVOCET_END) {
            s->drained = 1;
            return PLAY_END;
        }
        if (status == AVOCET_NEED_INPUT && !s->at_end) {
            int fed = feed(s, fault);
            if (fed == PLAY_END) {
                s->at_end = 1;
                avocet_decoder_flush(s->decoder);
            } else if (fed != PLAY_READY) {
                return fed;
            }
        }
        if (status != AVOCET_OK)
            continue;
        int64_t index = s->is_live ? s->next : picture.picture.pts;
        avocet_decoder_info(s->decoder, &s->info);
        *frame = keep(s, &picture, index, fault);
        s->next = index + 1;
        return *frame ? PLAY_READY : -1;
    }
}

int play_source_frame(PlaySource *s, int64_t index, const PlayFrame **frame, Fault *fault)
{
    PlayFrame *f = find_kept(s, index);
    if (!f && s->count >= 0 && index >= s->count)
        return PLAY_END;
    if (!f && s->is_live && index < s->next)
        return PLAY_END; /* no longer there */
    if (!f && !s->is_live && seek(s, index, fault) < 0)
        return -1;
    while (!f || f->index < index) {
        int status = decode_next(s, &f, fault);
        if (status == PLAY_END && s->is_live)
            s->count = s->next;
        if (status != PLAY_READY)
            return status;
    }
    f->used = ++s->clock;
    *frame = f;
    return PLAY_READY;
}
