/* Finds the reader for an input name; the byte source that y4m and raw readers share.
 * See input.h. */
#define _POSIX_C_SOURCE   200809L
#define _FILE_OFFSET_BITS 64
#include "input/input.h"
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* ---- bytes ---- */

static int byte_source_open(ByteSource *source, const char *name, Fault *fault)
{
    struct stat info;
    memset(source, 0, sizeof *source);
    source->name = strcmp(name, "-") ? name : "standard input";
    source->file = strcmp(name, "-") ? fopen(name, "rb") : stdin;
    if (!source->file)
        return fault_set(fault, "cannot open %s: %s", name, strerror(errno));
    if (fstat(fileno(source->file), &info) == 0 && S_ISDIR(info.st_mode)) {
        byte_source_close(source);
        return fault_set(fault, "%s is a folder; for stills give a pattern: %s/*.png", name, name);
    }
    source->head_size = fread(source->head, 1, sizeof source->head, source->file);
    if (ferror(source->file)) {
        fault_set(fault, "cannot read %s: %s", source->name, strerror(errno));
        byte_source_close(source);
        return -1;
    }
    if (source->head_size == 0) {
        byte_source_close(source);
        return fault_set(fault, "%s is empty", strcmp(name, "-") ? name : "standard input");
    }
    return 0;
}

void byte_source_close(ByteSource *source)
{
    if (source->file && source->file != stdin)
        fclose(source->file);
    source->file = NULL;
}

size_t byte_source_read(ByteSource *source, void *to, size_t n, int *failed, Fault *fault)
{
    size_t kept = source->head_size - source->head_used;
    size_t from_head = kept < n ? kept : n;
    memcpy(to, source->head + source->head_used, from_head);
    source->head_used += from_head;
    if (from_head == n)
        return n;
    size_t got = fread((uint8_t *)to + from_head, 1, n - from_head, source->file);
    *failed = ferror(source->file) != 0;
    if (*failed)
        fault_set(fault, "cannot read %s: %s", source->name, strerror(errno));
    return from_head + got;
}

int64_t byte_source_size(const ByteSource *source)
{
    struct stat info;
    if (fstat(fileno(source->file), &info) != 0 || !S_ISREG(info.st_mode))
        return -1;
    return info.st_size;
}

int byte_source_jump(ByteSource *source, int64_t n)
{
    int64_t kept = (int64_t)(source->head_size - source->head_used);
    int64_t size = byte_source_size(source), at = ftello(source->file);
    if (size < 0 || at < 0 || at + n - kept > size)
        return -1;
    if (fseeko(source->file, n - kept, SEEK_CUR) != 0)
        return -1;
    source->head_used = source->head_size;
    return 0;
}

/* ---- choice ---- */

static int has_extension(const char *name, const char *const *list)
{
    const char *dot = strrchr(name, '.');
    for (; dot && *list; list++)
        if (strcasecmp(dot + 1, *list) == 0)
            return 1;
    return 0;
}

static int is_raw(const InputRequest *request)
{
    static const char *const extensions[] = {"yuv",  "raw",  "rgb",  "i420", "nv12",
                                             "nv21", "yuyv", "uyvy", "gray", NULL};
    return request->format >= 0 || has_extension(request->name, extensions) ||
           strcmp(request->name, "-") == 0 || (request->width && !input_lavf_available());
}

static Input *fail_unknown(const InputRequest *request, Fault *fault)
{
    fault_set(fault,
              "%s is not a .y4m file. Raw frames need --size WxH --fps N --format F; "
              "reading other video files needs a build with libavformat, libavcodec and "
              "libswscale (Debian: libavformat-dev libavcodec-dev libswscale-dev), or a pipe: "
              "ffmpeg -i %s -f yuv4mpegpipe -pix_fmt yuv420p - | avocet encode - -o OUTPUT",
              request->name, request->name);
    return NULL;
}

static Input *open_file(const InputRequest *request, Fault *fault)
{
    ByteSource source;
    if (byte_source_open(&source, request->name, fault) < 0)
        return NULL;
    if (source.head_size >= 10 && memcmp(source.head, "YUV4MPEG2 ", 10) == 0)
        return input_y4m_open(request, source, fault);
    if (is_raw(request))
        return input_yuv_open(request, source, fault);
    byte_source_close(&source);
    return input_lavf_available() ? input_lavf_open(request, fault) : fail_unknown(request, fault);
}

/* What the encoder cannot take is the input's fault, not that of the options. */
static int check_size(const Input *input, const char *name, Fault *fault)
{
    int w = input->info.width, h = input->info.height;
    if (w >= 16 && h >= 16 && w <= 8192 && h <= 8192)
        return 0;
    return fault_set(fault, "%s: %dx%d cannot be encoded: sizes go from 16x16 to 8192x8192", name,
                     w, h);
}

Input *input_open(const InputRequest *request, Fault *fault)
{
    Input *input;
    if (strcmp(request->name, "testsrc") == 0)
        input = input_testsrc_open(request, fault);
    else if (input_v4l2_wanted(request->name))
        input = input_v4l2_open(request, fault);
    else if (input_stills_wanted(request->name))
        input = input_stills_open(request, fault);
    else
        input = open_file(request, fault);
    if (input && check_size(input, request->name, fault) < 0) {
        input->close(input);
        return NULL;
    }
    return input;
}

int input_skip(Input *input, int64_t count, Fault *fault)
{
    AvocetPicture picture;
    if (input->skip)
        return input->skip(input, count, fault);
    for (; count > 0; count--) {
        int got = input->read(input, &picture, fault);
        if (got <= 0)
            return got;
    }
    return 1;
}
