/* HLS (RFC 8216): a folder with CMAF segments and playlists, for browsers and players over any web
 * server.
 *
 *     init.mp4
 *     seg00001.m4s  seg00002.m4s ...
 *     stream.m3u8   the segments
 *     master.m3u8   size, codec, rate
 *
 * Each file is written under another name and renamed when it is complete, and a segment before the
 * playlist that names it, so whoever reads sees whole files only. With a window the playlist moves
 * along (live), and segments that have left it for as long as it lasts are deleted; without one it
 * grows and is closed as a recording (VOD). See output.h. */
#define _POSIX_C_SOURCE 200809L
#include "output/output.h"
#include "file_io.h"
#include <avocet/mux.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_SEGMENT 4.0
#define NAME_BYTES      600

typedef struct Segment {
    int64_t number;
    double duration;
    int64_t bytes;
} Segment;

typedef struct Hls {
    Output base;
    const char *folder;
    double target; /* wished length of a segment */
    int window;
    OutputTrack track;
    AvocetVideoInfo video;
    AvocetMp4Writer *writer;
    /* The file that is being written. */
    FileIo file;
    AvocetSink sink;
    char name[32], path[NAME_BYTES];
    Segment now; /* number 0: the init file */
    Segment *segment;
    int64_t count, capacity, first; /* first: of those in the playlist */
    double peak;                    /* bits per second of the largest segment */
    double longest;
    int64_t first_pts, wished_part, written_part;
    int has_pts, failed;
    Fault fault;
} Hls;

/* ---- files ---- */

static void path_of(const Hls *h, char path[NAME_BYTES], const char *name, const char *suffix)
{
    snprintf(path, NAME_BYTES, "%s/%s%s", h->folder, name, suffix);
}

static int fail_errno(Hls *h, const char *what, const char *path)
{
    h->failed = 1;
    return fault_set(&h->fault, "cannot %s %s: %s", what, path, strerror(errno));
}

static int publish(Hls *h, const char *name)
{
    char from[NAME_BYTES], to[NAME_BYTES];
    path_of(h, from, name, ".tmp");
    path_of(h, to, name, "");
    return rename(from, to) == 0 ? 0 : fail_errno(h, "create", to);
}

static int open_part(Hls *h, const char *name)
{
    snprintf(h->name, sizeof h->name, "%s", name);
    path_of(h, h->path, name, ".tmp");
    if (file_io_create(&h->file, h->path, &h->sink, &h->fault) < 0) {
        h->failed = 1;
        h->name[0] = 0;
        return -1;
    }
    return 0;
}

/* A text file from the lines that `put` writes. */
static int write_text(Hls *h, const char *name, void (*put)(const Hls *h, FILE *f))
{
    char path[NAME_BYTES];
    path_of(h, path, name, ".tmp");
    FILE *f = fopen(path, "w");
    if (!f)
        return fail_errno(h, "create", path);
    put(h, f);
    int failed = fflush(f) != 0 || fsync(fileno(f)) != 0;
    if (fclose(f) != 0 || failed)
        return fail_errno(h, "write", path);
    return publish(h, name);
}

/* ---- playlists ---- */

static void put_stream(const Hls *h, FILE *f, const char *type)
{
    fprintf(f, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%.0f\n",
            fmax(ceil(h->target - 0.01), round(h->longest)));
    fprintf(f, "#EXT-X-MEDIA-SEQUENCE:%" PRId64 "\n",
            h->count > h->first ? h->segment[h->first].number : 1);
    if (type)
        fprintf(f, "#EXT-X-PLAYLIST-TYPE:%s\n", type);
    fputs("#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"\n", f);
    for (int64_t i = h->first; i < h->count; i++)
        fprintf(f, "#EXTINF:%.6f,\nseg%05" PRId64 ".m4s\n", h->segment[i].duration,
                h->segment[i].number);
}

static void put_running(const Hls *h, FILE *f)
{
    put_stream(h, f, h->window ? NULL : "EVENT");
}

static void put_ended(const Hls *h, FILE *f)
{
    put_stream(h, f, h->window ? NULL : "VOD");
    fputs("#EXT-X-ENDLIST\n", f);
}

static void put_master(const Hls *h, FILE *f)
{
    char codec[12];
    int64_t bytes = 0;
    double seconds = 0;
    for (int64_t i = h->first; i < h->count; i++) {
        bytes += h->segment[i].bytes;
        seconds += h->segment[i].duration;
    }
    avocet_video_codec_text(&h->video, codec);
    fprintf(f, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    fprintf(f,
            "#EXT-X-STREAM-INF:BANDWIDTH=%.0f,AVERAGE-BANDWIDTH=%.0f,CODECS=\"%s\","
            "RESOLUTION=%dx%d,FRAME-RATE=%.3f\n",
            ceil(h->peak), seconds > 0 ? (double)bytes * 8 / seconds : 0, codec, h->video.width,
            h->video.height, h->track.fps.den ? (double)h->track.fps.num / h->track.fps.den : 0);
    fputs("stream.m3u8\n", f);
}

static int write_playlists(Hls *h, int ended)
{
    if (write_text(h, "stream.m3u8", ended ? put_ended : put_running) < 0)
        return -1;
    return write_text(h, "master.m3u8", put_master);
}

/* ---- segments ---- */

static void delete_segment(Hls *h, int64_t number)
{
    char name[32], path[NAME_BYTES];
    snprintf(name, sizeof name, "seg%05" PRId64 ".m4s", number);
    path_of(h, path, name, "");
    unlink(path);
}

/* Moves the window on. What has left it stays for as long again, for clients that still hold the
 * old list. */
static void move_window(Hls *h)
{
    if (!h->window || h->count - h->first <= h->window)
        return;
    h->first = h->count - h->window;
    if (h->first < h->window)
        return;
    delete_segment(h, h->segment[0].number);
    memmove(h->segment, h->segment + 1, (size_t)(h->count - 1) * sizeof *h->segment);
    h->count--;
    h->first--;
}

static int remember(Hls *h)
{
    if (h->count == h->capacity) {
        int64_t more = h->capacity ? h->capacity * 2 : 64;
        Segment *p = realloc(h->segment, (size_t)more * sizeof *p);
        if (!p)
            return fault_set(&h->fault, "not enough memory");
        h->segment = p;
        h->capacity = more;
    }
    h->segment[h->count++] = h->now;
    h->longest = fmax(h->longest, h->now.duration);
    if (h->now.duration > 0)
        h->peak = fmax(h->peak, (double)h->now.bytes * 8 / h->now.duration);
    return 0;
}

/* Completes the file that is being written; a segment also enters the playlist. */
static int end_part(Hls *h, int ended)
{
    if (!h->name[0])
        return 0;
    h->base.bytes += h->file.written;
    h->now.bytes = h->file.written;
    if (file_io_close(&h->file, &h->fault) < 0)
        return -1;
    int status = publish(h, h->name);
    h->name[0] = 0;
    if (status < 0 || h->now.number == 0)
        return status;
    if (remember(h) < 0)
        return -1;
    move_window(h);
    return write_playlists(h, ended);
}

/* Called by the MP4 writer in front of each fragment. Those that do not start with a keyframe
 * continue the segment. */
static int on_fragment(void *opaque, const AvocetMp4Fragment *fragment)
{
    Hls *h = opaque;
    double duration = (double)fragment->duration / fragment->timescale;
    if (fragment->keyframe || h->now.number == 0) {
        char name[32];
        if (end_part(h, 0) < 0)
            return -1;
        h->now = (Segment){.number = h->now.number + 1};
        snprintf(name, sizeof name, "seg%05" PRId64 ".m4s", h->now.number);
        if (open_part(h, name) < 0)
            return -1;
    }
    h->now.duration += duration;
    return 0;
}

static int part_write(void *opaque, const uint8_t *data, size_t size)
{
    Hls *h = opaque;
    return h->sink.write(h->sink.opaque, data, size);
}

static int part_sync(void *opaque)
{
    Hls *h = opaque;
    return h->sink.sync(h->sink.opaque);
}

/* ---- output ---- */

/* Which segment a picture belongs to, by its time. */
static int64_t part_of(const Hls *h, int64_t pts)
{
    double seconds = (double)(pts - h->first_pts) * h->track.time_base.num / h->track.time_base.den;
    return (int64_t)floor(seconds / h->target + 1e-6);
}

static int wants_keyframe(Output *output, int64_t pts)
{
    Hls *h = (Hls *)output;
    if (!h->has_pts) {
        h->first_pts = pts;
        h->has_pts = 1;
        return 0;
    }
    int64_t part = part_of(h, pts);
    int wanted = part > h->wished_part;
    h->wished_part = part;
    return wanted;
}

static int fail(Hls *h, Fault *fault)
{
    h->failed = 1;
    if (h->file.error)
        file_io_fault(&h->file, fault);
    else if (h->fault.text[0])
        *fault = h->fault;
    else
        fault_set(fault, "%s: %s", h->folder, avocet_mp4_error(h->writer));
    return -1;
}

static int write_packet(Output *output, const AvocetPacket *packet, Fault *fault)
{
    Hls *h = (Hls *)output;
    if (!h->has_pts) {
        h->first_pts = packet->pts;
        h->has_pts = 1;
    }
    int64_t part = part_of(h, packet->pts);
    if (packet->keyframe && part > h->written_part) {
        h->written_part = part;
        if (avocet_mp4_end_fragment(h->writer, packet->dts) < 0)
            return fail(h, fault);
    }
    return avocet_mp4_write(h->writer, packet) < 0 ? fail(h, fault) : 0;
}

static int close_hls(Output *output, Fault *fault)
{
    Hls *h = (Hls *)output;
    int status = 0, was_failed = h->failed;
    if (!was_failed && (avocet_mp4_finish(h->writer) < 0 || end_part(h, 1) < 0))
        status = fail(h, fault);
    if (h->name[0]) { /* an unfinished segment: it was never seen */
        char path[NAME_BYTES];
        Fault ignored;
        path_of(h, path, h->name, ".tmp");
        file_io_close(&h->file, &ignored);
        unlink(path);
        if (h->count)
            write_playlists(h, 1);
    }
    avocet_mp4_close(&h->writer);
    free(h->segment);
    free(h);
    return status;
}

/* Files of an earlier stream: the playlists first,
 * so that nobody finds old names with new contents. */
static void clear_folder(Hls *h)
{
    char path[NAME_BYTES];
    static const char *const names[] = {"master.m3u8", "stream.m3u8", "init.mp4"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(h, path, names[i], "");
        unlink(path);
    }
    DIR *folder = opendir(h->folder);
    const struct dirent *entry;
    while (folder && (entry = readdir(folder)) != NULL) {
        const char *name = entry->d_name;
        size_t digits = strncmp(name, "seg", 3) == 0 ? strspn(name + 3, "0123456789") : 0;
        if (digits < 5 ||
            (strcmp(name + 3 + digits, ".m4s") != 0 && strcmp(name + 3 + digits, ".m4s.tmp") != 0))
            continue;
        path_of(h, path, name, "");
        unlink(path);
    }
    if (folder)
        closedir(folder);
}

static int start(Hls *h, Fault *fault)
{
    char message[256];
    AvocetMp4Config config;
    const AvocetSink sink = {.write = part_write, .sync = part_sync, .opaque = h};
    if (strlen(h->folder) > NAME_BYTES - 64)
        return fault_set(fault, "--hls: the folder's name is too long");
    if (mkdir(h->folder, 0777) != 0 && errno != EEXIST)
        return fault_set(fault, "cannot create %s: %s", h->folder, strerror(errno));
    if (avocet_video_info(h->track.headers, h->track.headers_size, 0, &h->video) < 0)
        return fault_set(fault, "%s: the stream has no SPS", h->folder);
    clear_folder(h);
    avocet_mp4_config_init(&config);
    config.layout = AVOCET_MP4_FRAGMENTED;
    config.time_base = h->track.time_base;
    config.frame_duration = h->track.frame_duration;
    config.negative_offsets = 1;
    config.fragment_ms = 24 * 3600 * 1000; /* cut by write_packet */
    config.fragment_at_keyframes = 1;
    config.fragment_samples = 65536;
    config.fragment = on_fragment;
    config.fragment_opaque = h;
    if (open_part(h, "init.mp4") < 0) {
        *fault = h->fault;
        return -1;
    }
    if (avocet_mp4_open(&h->writer, &config, &sink, h->track.headers, h->track.headers_size, NULL,
                        message, sizeof message) < 0)
        return fault_set(fault, "%s: %s", h->folder, message);
    return 0;
}

Output *output_hls_open(const OutputOptions *options, const OutputTrack *track, Fault *fault)
{
    Hls *h = calloc(1, sizeof *h);
    if (!h) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    h->base.write = write_packet;
    h->base.wants_keyframe = wants_keyframe;
    h->base.close = close_hls;
    h->folder = options->hls;
    h->target = options->segment > 0 ? options->segment : DEFAULT_SEGMENT;
    h->window = options->window;
    h->track = *track;
    if (start(h, fault) == 0)
        return &h->base;
    Fault ignored;
    if (h->name[0])
        file_io_close(&h->file, &ignored);
    free(h);
    return NULL;
}
