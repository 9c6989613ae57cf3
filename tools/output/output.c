/* Finds the writer for an output name. See output.h. */
#include "output/output.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum Kind { KIND_ANNEXB, KIND_MP4, KIND_HLS, KIND_LAVF, KIND_RTSP, KIND_NONE } Kind;

static const struct {
    const char *extension;
    Kind kind;
} kinds[] = {
    {"264", KIND_ANNEXB}, {"h264", KIND_ANNEXB}, {"avc", KIND_ANNEXB},
    {"mp4", KIND_MP4},    {"m4v", KIND_MP4},     {"mkv", KIND_LAVF},
    {"mov", KIND_LAVF},   {"ts", KIND_LAVF},     {"flv", KIND_LAVF},
};

static const char *extension_of(const char *name)
{
    const char *dot = strrchr(name, '.'), *slash = strrchr(name, '/');
    return dot && !(slash && dot < slash) ? dot + 1 : NULL;
}

static Kind kind_of(const char *name, const OutputOptions *options)
{
    const char *extension = extension_of(name);
    if (options->hls)
        return KIND_HLS;
    if (options->listen || options->push)
        return KIND_RTSP;
    if (strcmp(name, "-") == 0 || strncmp(name, "/dev/", 5) == 0)
        return options->fragment > 0 ? KIND_MP4 : KIND_ANNEXB;
    for (size_t i = 0; extension && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcasecmp(extension, kinds[i].extension) == 0)
            return kinds[i].kind;
    return KIND_NONE;
}

/* ---- options ---- */

static int parse_seconds(const char *name, const char *text, double *value, Fault *fault)
{
    char *end;
    double v = strtod(text, &end);
    if (end == text || *end || !(v >= 0.001 && v <= 3600))
        return fault_set(fault, "--%s %s: must be 0.001 to 3600 seconds", name, text);
    *value = v;
    return 0;
}

int output_set_option(OutputOptions *o, const char *name, const char *value, Fault *fault)
{
    if (strcmp(name, "fragment") == 0)
        return parse_seconds(name, value, &o->fragment, fault);
    if (strcmp(name, "hls-segment") == 0)
        return parse_seconds(name, value, &o->segment, fault);
    if (strcmp(name, "faststart") == 0 || strcmp(name, "no-faststart") == 0) {
        o->index_last = name[0] == 'n';
        return 0;
    }
    if (strcmp(name, "hls") == 0) {
        o->hls = value;
        return 0;
    }
    if (strcmp(name, "hls-window") == 0) {
        char *end;
        long v = strtol(value, &end, 10);
        if (end == value || *end || v < 2 || v > 10000)
            return fault_set(fault, "--%s %s: must be 2 to 10000 segments", name, value);
        o->window = (int)v;
        return 0;
    }
    return output_rtsp_set_option(o, name, value, fault);
}

static int check_options(const char *name, const OutputOptions *o, Kind kind, Fault *fault)
{
    if (o->fragment > 0 && kind != KIND_MP4)
        return fault_set(fault, "--fragment is for MP4 files, %s is none", name);
    if (o->index_last && kind != KIND_MP4)
        return fault_set(fault, "--no-faststart is for MP4 files, %s is none", name);
    if ((o->segment > 0 || o->window) && kind != KIND_HLS)
        return fault_set(fault, "--hls-segment and --hls-window need --hls FOLDER");
    return output_rtsp_check(o, fault);
}

int output_check_name(const char *name, const OutputOptions *options, Fault *fault)
{
    const char *extension = extension_of(name);
    Kind kind = kind_of(name, options);
    if (kind == KIND_NONE && !extension)
        return fault_set(fault, "output %s: give it a name that ends in .264, .h264 or .mp4", name);
    if (kind == KIND_NONE)
        return fault_set(fault,
                         "output %s: .%s files cannot be written, "
                         "only .264, .h264, .mp4 and, with libavformat, .mkv .mov .ts .flv",
                         name, extension);
    if (kind == KIND_LAVF && output_lavf_check(name, fault) < 0)
        return -1;
    return check_options(name, options, kind, fault);
}

/* ---- opening ---- */

OutputTrack output_track(AvocetEncoder *encoder)
{
    const AvocetEncoderConfig *c = avocet_encoder_config(encoder);
    OutputTrack track = {.fps = c->fps, .time_base = c->time_base};
    avocet_encoder_headers(encoder, &track.headers, &track.headers_size);
    if (!track.time_base.num || !track.time_base.den)
        track.time_base = (AvocetRational){c->fps.den, c->fps.num};
    int64_t units = (int64_t)c->fps.den * track.time_base.den,
            per = (int64_t)c->fps.num * track.time_base.num;
    track.frame_duration = units / per > 0 ? (units + per / 2) / per : 0;
    return track;
}

Output *output_open(const char *name, const OutputOptions *options, const OutputTrack *track,
                    Fault *fault)
{
    if (output_check_name(name, options, fault) < 0)
        return NULL;
    switch (kind_of(name, options)) {
    case KIND_MP4:
        return output_mp4_open(name, options, track, fault);
    case KIND_HLS:
        return output_hls_open(options, track, fault);
    case KIND_RTSP:
        return output_rtsp_open(options, track, fault);
    case KIND_LAVF:
        return output_lavf_open(name, track, fault);
    default:
        return output_annexb_open(name, fault);
    }
}
