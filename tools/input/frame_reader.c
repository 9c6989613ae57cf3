/* See frame_reader.h. A picture that is cut short is a fault that says where; the pictures before
 * it are delivered. */
#include "input/frame_reader.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Reads the line "FRAME..."; 1, 0 at the end, -1. */
static int read_header(FrameReader *r, Fault *fault)
{
    char line[80];
    size_t n = 0;
    int failed = 0;
    while (n < sizeof line) {
        if (byte_source_read(&r->source, &line[n], 1, &failed, fault) != 1)
            break;
        if (line[n++] == '\n')
            break;
    }
    if (failed)
        return -1;
    if (n == 0)
        return 0;
    if (n >= 6 && memcmp(line, "FRAME", 5) == 0 && line[n - 1] == '\n')
        return 1;
    return fault_set(fault,
                     "%s: picture %" PRId64 " does not start with FRAME: the file is damaged",
                     r->source.name, r->index);
}

static int fill_frame(Input *input, uint8_t *buffer, AvocetPicture *picture, Fault *fault)
{
    FrameReader *r = (FrameReader *)input;
    int failed = 0;
    if (r->has_headers) {
        int header = read_header(r, fault);
        if (header <= 0)
            return header;
    }
    size_t got = byte_source_read(&r->source, buffer, r->frame_size, &failed, fault);
    if (failed)
        return -1;
    if (got == 0 && !r->has_headers)
        return 0;
    if (got < r->frame_size)
        return fault_set(fault, "%s: picture %" PRId64 " is cut short (%zu of %zu bytes)%s",
                         r->source.name, r->index, got, r->frame_size,
                         r->has_headers ? "" : "; are --size and --format right?");
    avocet_picture_init(picture, r->base.info.format, r->base.info.width, r->base.info.height,
                        buffer);
    picture->pts = r->index++;
    return 1;
}

static int read_frame(Input *input, AvocetPicture *picture, Fault *fault)
{
    return fill_frame(input, ((FrameReader *)input)->buffer, picture, fault);
}

/* Timestamps start at 0 with the first picture that is read. Headers may have any length, so with
 * them pictures are read, not jumped over. */
static int skip_frames(Input *input, int64_t count, Fault *fault)
{
    FrameReader *r = (FrameReader *)input;
    AvocetPicture ignored;
    if (r->has_headers || byte_source_jump(&r->source, count * (int64_t)r->frame_size) < 0)
        for (; count > 0; count--) {
            int got = read_frame(input, &ignored, fault);
            if (got <= 0)
                return got;
        }
    r->index = 0;
    return 1;
}

static void close_reader(Input *input)
{
    FrameReader *r = (FrameReader *)input;
    byte_source_close(&r->source);
    free(r->buffer);
    free(r);
}

Input *frame_reader_open(const InputInfo *info, ByteSource source, int has_headers, Fault *fault)
{
    FrameReader *r = calloc(1, sizeof *r);
    size_t size = avocet_format_size(info->format, info->width, info->height);
    uint8_t *buffer = malloc(size ? size : 1);
    if (!r || !buffer) {
        free(r);
        free(buffer);
        byte_source_close(&source);
        fault_set(fault, "not enough memory for a picture of %s", source.name);
        return NULL;
    }
    r->base = (Input){
        .info = *info,
        .read = read_frame,
        .fill = byte_source_size(&source) >= 0 ? fill_frame : NULL,
        .skip = skip_frames,
        .close = close_reader,
    };
    r->source = source;
    r->buffer = buffer;
    r->frame_size = size;
    r->has_headers = has_headers;
    return &r->base;
}
