/* YUV4MPEG2 (.y4m): a line of parameters, then pictures, each after a line FRAME. Planar 4:2:0 and
 * grey, 8 bit. */
#include "input/frame_reader.h"
#include <stdlib.h>
#include <string.h>

typedef struct Header {
    int width, height;
    AvocetRational fps, sar;
    char chroma[32];
    int full_range;
} Header;

static int parse_ratio(const char *text, AvocetRational *ratio)
{
    char *end;
    long num = strtol(text, &end, 10);
    if (*end != ':')
        return -1;
    long den = strtol(end + 1, &end, 10);
    if (*end || num < 0 || den < 0 || num > 0x7fffffff || den > 0x7fffffff)
        return -1;
    *ratio = (AvocetRational){(int)num, (int)den};
    return 0;
}

/* One parameter: a letter and its value. Unknown letters are left alone, as the format asks. */
static int parse_parameter(Header *h, const char *word)
{
    switch (word[0]) {
    case 'W':
        h->width = atoi(word + 1);
        return 0;
    case 'H':
        h->height = atoi(word + 1);
        return 0;
    case 'F':
        return parse_ratio(word + 1, &h->fps);
    case 'A':
        return parse_ratio(word + 1, &h->sar);
    case 'C':
        strncpy(h->chroma, word + 1, sizeof h->chroma - 1);
        return 0;
    case 'X':
        if (strcmp(word, "XCOLORRANGE=FULL") == 0)
            h->full_range = 1;
        if (strcmp(word, "XCOLORRANGE=LIMITED") == 0)
            h->full_range = 0;
        return 0;
    default:
        return 0;
    }
}

static int read_line(ByteSource *source, char *line, size_t size, Fault *fault)
{
    int failed = 0;
    for (size_t n = 0; n < size - 1; n++) {
        if (byte_source_read(source, &line[n], 1, &failed, fault) != 1)
            break;
        if (line[n] == '\n') {
            line[n] = 0;
            return 0;
        }
    }
    return failed ? -1 : fault_set(fault, "%s: the y4m header is damaged", source->name);
}

static int parse_header(ByteSource *source, Header *h, Fault *fault)
{
    char line[512];
    if (read_line(source, line, sizeof line, fault) < 0)
        return -1;
    memset(h, 0, sizeof *h);
    h->full_range = -1;
    for (char *word = line + 10; word && *word;) {
        char *next = strchr(word, ' ');
        if (next)
            *next++ = 0;
        if (parse_parameter(h, word) < 0)
            return fault_set(fault, "%s: damaged y4m parameter \"%s\"", source->name, word);
        word = next;
    }
    if (h->width <= 0 || h->height <= 0)
        return fault_set(fault, "%s: the y4m header has no size", source->name);
    return 0;
}

/* Format of the chroma tag, -1 for those that need a conversion. */
static int chroma_format(const char *chroma)
{
    static const char *const planar[] = {"", "420", "420jpeg", "420mpeg2", "420paldv", NULL};
    for (int i = 0; planar[i]; i++)
        if (strcmp(chroma, planar[i]) == 0)
            return AVOCET_FORMAT_I420;
    return strcmp(chroma, "mono") == 0 ? AVOCET_FORMAT_GRAY8 : -1;
}

/* With frame headers of the usual length. */
static int64_t count_frames(const ByteSource *source, const InputInfo *info)
{
    int64_t size = byte_source_size(source);
    size_t frame = avocet_format_size(info->format, info->width, info->height) + 6;
    return size < 0 ? -1 : (size - 10) / (int64_t)frame;
}

static Input *fail_chroma(const InputRequest *request, ByteSource *source, const char *chroma,
                          Fault *fault)
{
    byte_source_close(source);
    if (input_lavf_available() && strcmp(request->name, "-") != 0)
        return input_lavf_open(request, fault);
    fault_set(fault,
              "%s: chroma format C%s is not 8 bit 4:2:0 or mono; convert it: "
              "ffmpeg -i INPUT -pix_fmt yuv420p OUTPUT.y4m",
              source->name, chroma);
    return NULL;
}

Input *input_y4m_open(const InputRequest *request, ByteSource source, Fault *fault)
{
    Header h;
    if (parse_header(&source, &h, fault) < 0) {
        byte_source_close(&source);
        return NULL;
    }
    int format = chroma_format(h.chroma);
    if (format < 0)
        return fail_chroma(request, &source, h.chroma, fault);
    if (request->format >= 0 ||
        (request->width && (request->width != h.width || request->height != h.height))) {
        byte_source_close(&source);
        fault_set(fault, "%s says itself that it is %dx%d %s: leave out --size and --format",
                  source.name, h.width, h.height, avocet_format_name((AvocetFormat)format));
        return NULL;
    }
    InputInfo info = input_info_unknown("y4m");
    info.format = (AvocetFormat)format;
    info.width = h.width;
    info.height = h.height;
    info.fps = h.fps.num && h.fps.den ? h.fps : (AvocetRational){25, 1};
    if (request->fps.num)
        info.fps = request->fps;
    if (h.sar.num && h.sar.den)
        info.sar = h.sar;
    info.full_range = h.full_range;
    info.frames = count_frames(&source, &info);
    return frame_reader_open(&info, source, 1, fault);
}
