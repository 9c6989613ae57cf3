/* Public small talk: names and sizes of pixel formats, an empty picture over a buffer, texts of
 * status codes and the version. Everything is a constant table; see avocet/types.h for the
 * contracts. */
#include <avocet/avocet.h>
#include "base/text.h"
#include "base/small_code.h"

#define DIGITS_(x) #x
#define DIGITS(x)  DIGITS_(x)

/* How a format is laid out: bytes of a row of each plane = (width / across rounded up) * bytes. */
typedef struct FormatRow {
    const char *name, *synonym, *second_synonym;
    struct {
        uint8_t across, down; /* horizontal and vertical subsampling */
        uint8_t bytes;        /* per sample group */
    } plane[3];               /* bytes 0: no such plane */
} FormatRow;

static const FormatRow formats[AVOCET_FORMAT_COUNT] = {
    [AVOCET_FORMAT_I420] = {"i420", "yuv420p", "yuv420", {{1, 1, 1}, {2, 2, 1}, {2, 2, 1}}},
    [AVOCET_FORMAT_NV12] = {"nv12", NULL, NULL, {{1, 1, 1}, {2, 2, 2}}},
    [AVOCET_FORMAT_NV21] = {"nv21", NULL, NULL, {{1, 1, 1}, {2, 2, 2}}},
    [AVOCET_FORMAT_YUYV] = {"yuyv", "yuyv422", "yuy2", {{2, 1, 4}}},
    [AVOCET_FORMAT_UYVY] = {"uyvy", "uyvy422", NULL, {{2, 1, 4}}},
    [AVOCET_FORMAT_GRAY8] = {"gray8", "gray", "i400", {{1, 1, 1}}},
    [AVOCET_FORMAT_RGB24] = {"rgb24", "rgb", NULL, {{1, 1, 3}}},
    [AVOCET_FORMAT_BGR24] = {"bgr24", "bgr", NULL, {{1, 1, 3}}},
    [AVOCET_FORMAT_RGBA] = {"rgba", "rgb0", NULL, {{1, 1, 4}}},
    [AVOCET_FORMAT_BGRA] = {"bgra", "bgr0", NULL, {{1, 1, 4}}},
    [AVOCET_FORMAT_RGB565LE] = {"rgb565le", "rgb565", NULL, {{1, 1, 2}}},
    [AVOCET_FORMAT_RGB565BE] = {"rgb565be", NULL, NULL, {{1, 1, 2}}},
};

static const FormatRow *find_row(AvocetFormat format)
{
    return (unsigned)format < AVOCET_FORMAT_COUNT ? &formats[format] : NULL;
}

static size_t row_bytes(const FormatRow *row, int plane, int width)
{
    size_t across = row->plane[plane].across;
    return ((size_t)width + across - 1) / across * row->plane[plane].bytes;
}

static size_t plane_rows(const FormatRow *row, int plane, int height)
{
    size_t down = row->plane[plane].down;
    return ((size_t)height + down - 1) / down;
}

const char *avocet_format_name(AvocetFormat format)
{
    const FormatRow *row = find_row(format);
    return row ? row->name : NULL;
}

int avocet_format_find(const char *name)
{
    if (!name)
        return -1;
    size_t n = avo_text_length(name);
    for (int i = 0; i < AVOCET_FORMAT_COUNT; i++) {
        const FormatRow *row = &formats[i];
        if (avo_text_is_word(name, n, row->name) ||
            (row->synonym && avo_text_is_word(name, n, row->synonym)) ||
            (row->second_synonym && avo_text_is_word(name, n, row->second_synonym)))
            return i;
    }
    return -1;
}

size_t avocet_format_size(AvocetFormat format, int width, int height)
{
    const FormatRow *row = find_row(format);
    if (!row || width <= 0 || height <= 0)
        return 0;
    size_t total = 0;
    for (int p = 0; p < 3 && row->plane[p].bytes; p++)
        total += row_bytes(row, p, width) * plane_rows(row, p, height);
    return total;
}

void avocet_picture_init(AvocetPicture *picture, AvocetFormat format, int width, int height,
                         const uint8_t *buffer)
{
    const FormatRow *row = find_row(format);
    memset(picture, 0, sizeof *picture);
    picture->format = format;
    picture->width = width;
    picture->height = height;
    if (!row || !buffer || width <= 0 || height <= 0)
        return;
    for (int p = 0; p < 3 && row->plane[p].bytes; p++) {
        picture->plane[p] = buffer;
        picture->stride[p] = (ptrdiff_t)row_bytes(row, p, width);
        buffer += row_bytes(row, p, width) * plane_rows(row, p, height);
    }
}

const char *avocet_status_text(int status)
{
    switch (status) {
    case AVOCET_OK:
        return "success";
    case AVOCET_NEED_INPUT:
        return "more input is needed";
    case AVOCET_END:
        return "end of stream";
    case AVOCET_ERR_ARGUMENT:
        return "invalid argument";
    case AVOCET_ERR_OPTION:
        return "no such option";
    case AVOCET_ERR_CONFLICT:
        return "conflicting options";
    case AVOCET_ERR_MEMORY:
        return "not enough memory";
    case AVOCET_ERR_BUSY:
        return "encoder is full, receive packets first";
    case AVOCET_ERR_STATE:
        return "call out of order";
    case AVOCET_ERR_DATA:
        return "damaged stream";
    case AVOCET_ERR_UNSUPPORTED:
        return "not supported";
    case AVOCET_ERR_IO:
        return "read or write failed";
    case AVOCET_ERR_INTERNAL:
        return "internal error, please report it";
    default:
        return "unknown status";
    }
}

const char *avocet_version(void)
{
    return DIGITS(AVOCET_VERSION_MAJOR) "." DIGITS(AVOCET_VERSION_MINOR) "." DIGITS(
        AVOCET_VERSION_PATCH);
}
