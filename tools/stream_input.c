/* See stream_input.h. */
#define _POSIX_C_SOURCE 200809L
#include "stream_input.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PIECE = 1 << 18 };

static int is_mp4(FILE *file)
{
    uint8_t head[8];
    size_t n = fread(head, 1, sizeof head, file);
    rewind(file);
    return n == sizeof head && memcmp(head + 4, "ftyp", 4) == 0;
}

static int open_reader(StreamInput *in, const char *name, Fault *fault)
{
    AvocetSource source;
    char message[256];
    if (file_io_open_read(&in->packet_file, name, &source, fault) < 0)
        return -1;
    if (avocet_reader_open(&in->reader, NULL, &source, NULL, message, sizeof message) == AVOCET_OK)
        return 0;
    Fault ignored;
    file_io_close(&in->packet_file, &ignored);
    return fault_set(fault, "%s: %s", name, message);
}

static int read_packet(StreamInput *in, const uint8_t **data, size_t *size, int64_t *pts,
                       Fault *fault)
{
    AvocetPacket packet;
    if (in->sends_headers) {
        const AvocetReaderInfo *info = avocet_reader_info(in->reader);
        in->sends_headers = 0;
        *data = info->headers;
        *size = info->headers_size;
        return 1;
    }
    if (in->order.count && in->next < in->order.count)
        *pts = in->order.rank[in->next];
    int status = avocet_reader_read(in->reader, in->next++, &packet);
    if (status == AVOCET_END)
        return 0;
    if (status < 0)
        return fault_set(fault, "%s: %s", in->name, avocet_reader_error(in->reader));
    in->given += packet.size;
    *data = packet.data;
    *size = packet.size;
    return 1;
}

int stream_input_open(StreamInput *in, const char *name, Fault *fault)
{
    struct stat about;
    memset(in, 0, sizeof *in);
    in->name = strcmp(name, "-") ? name : "standard input";
    in->path = name;
    in->size = -1;
    in->file = strcmp(name, "-") ? fopen(name, "rb") : stdin;
    if (!in->file)
        return fault_set(fault, "cannot open %s: %s", name, strerror(errno));
    if (fstat(fileno(in->file), &about) == 0 && S_ISDIR(about.st_mode))
        return fault_set(fault, "%s is a folder", name);
    if (fstat(fileno(in->file), &about) == 0 && S_ISREG(about.st_mode))
        in->size = (int64_t)about.st_size;
    if (in->size >= 8 && is_mp4(in->file))
        return open_reader(in, name, fault);
    in->buffer = malloc(PIECE);
    return in->buffer ? 0 : fault_set(fault, "not enough memory");
}

/* ---- jumps ---- */

int seek_point_parse(SeekPoint *point, const char *text, Fault *fault)
{
    char *end;
    double seconds = 0, part;
    int is_time = strchr(text, ':') || strchr(text, 's') || strchr(text, '.');
    memset(point, 0, sizeof *point);
    point->is_time = is_time;
    if (!is_time) {
        errno = 0;
        point->pictures = strtoll(text, &end, 10);
        if (end != text && !*end && point->pictures >= 0 && !errno)
            return 0;
    }
    for (const char *at = text; is_time; at = end + 1) {
        part = *at >= '0' && *at <= '9' ? strtod(at, &end) : -1;
        if (part < 0 || part > 1e9)
            break;
        seconds = 60 * seconds + part;
        point->seconds = seconds;
        if (!*end || !strcmp(end, "s"))
            return 0;
        if (*end != ':')
            break;
    }
    return fault_set(fault,
                     "--seek wants a number of pictures or a time like 12.5s or 1:02.5, not \"%s\"",
                     text);
}

int stream_input_seek(StreamInput *in, const SeekPoint *point, int64_t *first, Fault *fault)
{
    *first = point->pictures;
    if (in->size < 0)
        return point->is_time
                   ? fault_set(fault, "%s: only a file can be searched for a time", in->name)
                   : 0;
    if (!in->reader && open_reader(in, in->path, fault) < 0)
        return -1;
    if (picture_order_init(&in->order, in->reader, fault) < 0)
        return -1;
    if (point->is_time)
        *first = picture_order_at(&in->order, point->seconds);
    if (*first < in->order.count)
        in->next = picture_order_start(&in->order, in->reader, *first);
    else
        in->next = in->order.count;
    in->sends_headers = 1;
    return 0;
}

/* Kinds of files that people give by mistake, by their first bytes. */
static const char *other_kind(const uint8_t *p, size_t n)
{
    static const struct {
        const char *kind;
        size_t at, length;
        const char *mark;
    } kinds[] = {
        {"a Matroska file", 0, 4, "\x1a\x45\xdf\xa3"},
        {"a y4m file", 0, 9, "YUV4MPEG2"},
        {"a PNG picture", 0, 4, "\x89PNG"},
        {"a RIFF file (AVI)", 0, 4, "RIFF"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (n >= kinds[i].at + kinds[i].length &&
            memcmp(p + kinds[i].at, kinds[i].mark, kinds[i].length) == 0)
            return kinds[i].kind;
    return NULL;
}

int stream_input_read(StreamInput *in, const uint8_t **data, size_t *size, int64_t *pts,
                      Fault *fault)
{
    *pts = 0;
    if (in->reader)
        return read_packet(in, data, size, pts, fault);
    int status;
    while ((status = pipe_demux_next(&in->demux, data, size, fault)) == 0 && !in->demux.at_end) {
        size_t n = fread(in->buffer, 1, PIECE, in->file);
        if (n == 0 && ferror(in->file))
            return fault_set(fault, "cannot read %s: %s", in->name, strerror(errno));
        const char *kind = in->given == 0 ? other_kind(in->buffer, n) : NULL;
        if (kind)
            return fault_set(fault,
                             "%s is %s, not MP4 or an H.264 byte stream (Annex B); \"ffmpeg -i %s "
                             "-c:v copy -an x.mp4\" takes H.264 out of it",
                             in->name, kind, in->name);
        in->given += n;
        if (n == 0)
            pipe_demux_end(&in->demux);
        if (pipe_demux_add(&in->demux, in->buffer, n, fault) < 0)
            return -1;
    }
    return status;
}

int64_t stream_input_pictures(const StreamInput *in)
{
    StreamInput other = {.path = in->path, .name = in->name};
    Fault ignored;
    if (in->reader)
        return avocet_reader_info(in->reader)->packets;
    if (in->size < 0 || open_reader(&other, in->path, &ignored) < 0)
        return -1;
    int64_t pictures = avocet_reader_info(other.reader)->packets;
    stream_input_close(&other);
    return pictures;
}

void stream_input_close(StreamInput *in)
{
    if (in->file && in->file != stdin)
        fclose(in->file);
    if (in->reader) {
        Fault ignored;
        avocet_reader_close(&in->reader);
        file_io_close(&in->packet_file, &ignored);
    }
    picture_order_free(&in->order);
    pipe_demux_free(&in->demux);
    free(in->buffer);
    memset(in, 0, sizeof *in);
}
