/* Any other video file through libavformat, libavcodec and libswscale, where the build found them.
 * Formats that the encoder takes pass through untouched; other YCbCr is converted to 4:2:0, other
 * RGB to 24 bit RGB. */
#include "input/input.h"

#ifdef AVOCET_HAVE_LAVF
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <stdlib.h>

typedef struct Lavf {
    Input base;
    AVFormatContext *container;
    AVCodecContext *decoder;
    struct SwsContext *scaler;
    AVPacket *packet;
    AVFrame *frame, *scaled;
    int stream;
    int constant_rate; /* the user gave --fps: count pictures instead of reading timestamps */
    int64_t first_pts, last_pts, count;
    int draining;
    int ready; /* frame holds a picture that was decoded to learn the format */
    const char *name;
} Lavf;

int input_lavf_available(void)
{
    return 1;
}

static const struct {
    enum AVPixelFormat theirs;
    AvocetFormat ours;
} formats[] = {
    {AV_PIX_FMT_YUV420P, AVOCET_FORMAT_I420},      {AV_PIX_FMT_YUVJ420P, AVOCET_FORMAT_I420},
    {AV_PIX_FMT_NV12, AVOCET_FORMAT_NV12},         {AV_PIX_FMT_NV21, AVOCET_FORMAT_NV21},
    {AV_PIX_FMT_YUYV422, AVOCET_FORMAT_YUYV},      {AV_PIX_FMT_UYVY422, AVOCET_FORMAT_UYVY},
    {AV_PIX_FMT_GRAY8, AVOCET_FORMAT_GRAY8},       {AV_PIX_FMT_RGB24, AVOCET_FORMAT_RGB24},
    {AV_PIX_FMT_BGR24, AVOCET_FORMAT_BGR24},       {AV_PIX_FMT_RGBA, AVOCET_FORMAT_RGBA},
    {AV_PIX_FMT_BGRA, AVOCET_FORMAT_BGRA},         {AV_PIX_FMT_RGB565LE, AVOCET_FORMAT_RGB565LE},
    {AV_PIX_FMT_RGB565BE, AVOCET_FORMAT_RGB565BE},
};

static int find_format(int theirs)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if ((int)formats[i].theirs == theirs)
            return (int)formats[i].ours;
    return -1;
}

static int fail(const Lavf *l, const char *what, int code, Fault *fault)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(code, text, sizeof text);
    return fault_set(fault, "%s: %s: %s", l->name, what, text);
}

/* The next picture into l->frame; 1, 0 at the end, -1. */
static int decode(Lavf *l, Fault *fault)
{
    for (;;) {
        int status = avcodec_receive_frame(l->decoder, l->frame);
        if (status == 0)
            return 1;
        if (status == AVERROR_EOF || (status == AVERROR(EAGAIN) && l->draining))
            return 0;
        if (status != AVERROR(EAGAIN))
            return fail(l, "cannot decode", status, fault);
        status = av_read_frame(l->container, l->packet);
        if (status == AVERROR_EOF) {
            l->draining = 1;
            avcodec_send_packet(l->decoder, NULL);
            continue;
        }
        if (status < 0)
            return fail(l, "cannot read", status, fault);
        if (l->packet->stream_index == l->stream)
            status = avcodec_send_packet(l->decoder, l->packet);
        av_packet_unref(l->packet);
        if (status < 0 && status != AVERROR(EAGAIN))
            return fail(l, "cannot decode", status, fault);
    }
}

/* Timestamps start at 0 and always rise. */
static int64_t next_pts(Lavf *l)
{
    int64_t pts = l->frame->best_effort_timestamp;
    int64_t n = l->count++;
    if (l->constant_rate)
        return n;
    if (n == 0)
        l->first_pts = pts == AV_NOPTS_VALUE ? 0 : pts;
    pts = pts == AV_NOPTS_VALUE ? l->last_pts + 1 : pts - l->first_pts;
    if (n > 0 && pts <= l->last_pts)
        pts = l->last_pts + 1;
    l->last_pts = pts;
    return pts;
}

static int is_full_range(const AVFrame *f)
{
    return f->color_range == AVCOL_RANGE_JPEG || f->format == AV_PIX_FMT_YUVJ420P ||
           f->format == AV_PIX_FMT_YUVJ422P || f->format == AV_PIX_FMT_YUVJ444P;
}

/* Format to convert to: the encoder turns RGB into YCbCr itself, by the matrix that it signals. */
static AvocetFormat nearest_format(const AVFrame *f)
{
    const AVPixFmtDescriptor *description = av_pix_fmt_desc_get((enum AVPixelFormat)f->format);
    int rgb = description && (description->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL));
    return rgb ? AVOCET_FORMAT_RGB24 : AVOCET_FORMAT_I420;
}

/* A scaler that keeps the range and, for YCbCr, the matrix. */
static int prepare_scaler(Lavf *l)
{
    const InputInfo *info = &l->base.info;
    const AVFrame *f = l->frame;
    const int *matrix = sws_getCoefficients(SWS_CS_DEFAULT);
    int full = is_full_range(f);
    l->scaler = sws_getCachedContext(
        l->scaler, f->width, f->height, (enum AVPixelFormat)f->format, info->width, info->height,
        info->format == AVOCET_FORMAT_I420 ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_RGB24,
        SWS_BICUBIC | SWS_ACCURATE_RND, NULL, NULL, NULL);
    if (!l->scaler)
        return -1;
    sws_setColorspaceDetails(l->scaler, matrix, full, matrix, full, 0, 1 << 16, 1 << 16);
    return 0;
}

/* The frame in the size and format promised. */
static const AVFrame *convert(Lavf *l, Fault *fault)
{
    const InputInfo *info = &l->base.info;
    const AVFrame *f = l->frame;
    if (find_format(f->format) == (int)info->format && f->width == info->width &&
        f->height == info->height)
        return f;
    if (nearest_format(f) != info->format || prepare_scaler(l) < 0) {
        fault_set(fault, "%s: the pixel format changes to one that cannot be converted", l->name);
        return NULL;
    }
    if (!l->scaled->data[0]) {
        l->scaled->format =
            info->format == AVOCET_FORMAT_I420 ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_RGB24;
        l->scaled->width = info->width;
        l->scaled->height = info->height;
        if (av_frame_get_buffer(l->scaled, 0) < 0) {
            fault_set(fault, "%s: not enough memory", l->name);
            return NULL;
        }
    }
    sws_scale(l->scaler, (const uint8_t *const *)f->data, f->linesize, 0, f->height,
              l->scaled->data, l->scaled->linesize);
    return l->scaled;
}

static int read_picture(Input *input, AvocetPicture *picture, Fault *fault)
{
    Lavf *l = (Lavf *)input;
    int got = l->ready ? 1 : decode(l, fault);
    l->ready = 0;
    if (got <= 0)
        return got;
    const AVFrame *frame = convert(l, fault);
    if (!frame)
        return -1;
    avocet_picture_init(picture, l->base.info.format, l->base.info.width, l->base.info.height,
                        NULL);
    for (int p = 0; p < 3; p++) {
        picture->plane[p] = frame->data[p];
        picture->stride[p] = frame->linesize[p];
    }
    picture->pts = next_pts(l);
    return 1;
}

static int skip_pictures(Input *input, int64_t count, Fault *fault)
{
    Lavf *l = (Lavf *)input;
    for (; count > 0; count--) {
        int got = l->ready ? 1 : decode(l, fault);
        l->ready = 0;
        if (got <= 0)
            return got;
    }
    return 1;
}

static void close_lavf(Input *input)
{
    Lavf *l = (Lavf *)input;
    sws_freeContext(l->scaler);
    av_frame_free(&l->frame);
    av_frame_free(&l->scaled);
    av_packet_free(&l->packet);
    avcodec_free_context(&l->decoder);
    avformat_close_input(&l->container);
    free(l);
}

static int open_decoder(Lavf *l, Fault *fault)
{
    int status = avformat_open_input(&l->container, l->name, NULL, NULL);
    if (status < 0)
        return fail(l, "cannot open", status, fault);
    status = avformat_find_stream_info(l->container, NULL);
    if (status < 0)
        return fail(l, "cannot read", status, fault);
    l->stream = av_find_best_stream(l->container, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (l->stream < 0)
        return fault_set(fault, "%s has no video", l->name);
    AVStream *stream = l->container->streams[l->stream];
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    l->decoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!l->decoder || avcodec_parameters_to_context(l->decoder, stream->codecpar) < 0)
        return fault_set(fault, "%s: no decoder for %s", l->name,
                         avcodec_get_name(stream->codecpar->codec_id));
    l->decoder->pkt_timebase = stream->time_base;
    status = avcodec_open2(l->decoder, codec, NULL);
    return status < 0 ? fail(l, "cannot decode", status, fault) : 0;
}

static int known(int code)
{
    return code == 2 ? -1 : code; /* 2: unspecified */
}

/* From the first picture, which only the decoder knows for sure. */
static void describe(Lavf *l, const InputRequest *request)
{
    AVStream *stream = l->container->streams[l->stream];
    AVFrame *f = l->frame;
    InputInfo *info = &l->base.info;
    int format = find_format(f->format);
    AVRational fps = av_guess_frame_rate(l->container, stream, f);
    AVRational sar = av_guess_sample_aspect_ratio(l->container, stream, f);
    *info = input_info_unknown("video file");
    info->format = format >= 0 ? (AvocetFormat)format : nearest_format(f);
    info->width = f->width;
    info->height = f->height;
    info->fps =
        fps.num > 0 && fps.den > 0 ? (AvocetRational){fps.num, fps.den} : (AvocetRational){25, 1};
    if (request->fps.num)
        info->fps = request->fps;
    else
        info->time_base = (AvocetRational){stream->time_base.num, stream->time_base.den};
    l->constant_rate = request->fps.num != 0;
    if (sar.num > 0 && sar.den > 0 && sar.num < 65536 && sar.den < 65536)
        info->sar = (AvocetRational){sar.num, sar.den};
    if (info->format >= AVOCET_FORMAT_RGB24)
        info->full_range = -1; /* RGB is always full; the range of the stream is a choice */
    else if (is_full_range(f))
        info->full_range = 1;
    else if (f->color_range == AVCOL_RANGE_MPEG)
        info->full_range = 0;
    info->primaries = known(f->color_primaries);
    info->transfer = known(f->color_trc);
    info->matrix = f->colorspace == AVCOL_SPC_RGB ? -1 : known(f->colorspace);
    info->frames = stream->nb_frames > 0 ? stream->nb_frames : -1;
}

Input *input_lavf_open(const InputRequest *request, Fault *fault)
{
    av_log_set_level(AV_LOG_FATAL);
    Lavf *l = calloc(1, sizeof *l);
    if (!l) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    l->base = (Input){.read = read_picture, .skip = skip_pictures, .close = close_lavf};
    l->name = request->name;
    l->packet = av_packet_alloc();
    l->frame = av_frame_alloc();
    l->scaled = av_frame_alloc();
    int status = l->packet && l->frame && l->scaled ? 1 : fault_set(fault, "not enough memory");
    if (status > 0)
        status = open_decoder(l, fault);
    if (status >= 0)
        status = decode(l, fault);
    if (status == 0)
        fault_set(fault, "%s has no pictures", l->name);
    if (status <= 0) {
        close_lavf(&l->base);
        return NULL;
    }
    l->ready = 1;
    describe(l, request);
    return &l->base;
}
#endif
