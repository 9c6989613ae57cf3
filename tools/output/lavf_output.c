/* Other containers (Matroska, QuickTime, MPEG-TS, FLV) through libavformat, where the build found
 * it. See output.h. */
#include "output/output.h"

#ifdef AVOCET_HAVE_LAVF
#include <avocet/mux.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdlib.h>
#include <string.h>

typedef struct LavfOutput {
    Output base;
    AVFormatContext *container;
    AVStream *stream;
    AVPacket *packet;
    AVRational time_base; /* of the packets that come */
    int64_t duration;
    const char *name;
    int has_header, failed;
} LavfOutput;

int output_lavf_check(const char *name, Fault *fault)
{
    const AVOutputFormat *format = av_guess_format(NULL, name, NULL);
    /* 0: no; negative: the format keeps no list (MPEG-TS), but takes it. */
    if (format && avformat_query_codec(format, AV_CODEC_ID_H264, FF_COMPLIANCE_NORMAL) != 0)
        return 0;
    return fault_set(fault,
                     "output %s: this libavformat does not write H.264 to such files; .264 and "
                     ".mp4 need nothing",
                     name);
}

static int fail(LavfOutput *l, const char *what, int code, Fault *fault)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(code, text, sizeof text);
    l->failed = 1;
    return fault_set(fault, "cannot %s %s: %s", what, l->name, text);
}

static int write_packet(Output *output, const AvocetPacket *packet, Fault *fault)
{
    LavfOutput *l = (LavfOutput *)output;
    AVPacket *p = l->packet;
    int status = av_new_packet(p, (int)packet->size);
    if (status < 0)
        return fail(l, "write", status, fault);
    memcpy(p->data, packet->data, packet->size);
    p->pts = packet->pts;
    p->dts = packet->dts;
    p->duration = l->duration;
    p->flags = packet->keyframe ? AV_PKT_FLAG_KEY : 0;
    av_packet_rescale_ts(p, l->time_base, l->stream->time_base);
    status = av_interleaved_write_frame(l->container, p);
    if (status >= 0 && l->container->pb->error < 0)
        status = l->container->pb->error;
    if (status < 0)
        return fail(l, "write", status, fault);
    output->bytes = avio_tell(l->container->pb);
    return 0;
}

static void free_all(LavfOutput *l)
{
    av_packet_free(&l->packet);
    avformat_free_context(l->container);
    free(l);
}

static int close_file(Output *output, Fault *fault)
{
    LavfOutput *l = (LavfOutput *)output;
    int status = l->has_header ? av_write_trailer(l->container) : 0;
    int closed = avio_closep(&l->container->pb);
    int was_failed = l->failed;
    if (status >= 0)
        status = closed;
    if (status < 0 && !was_failed)
        status = fail(l, "write", status, fault);
    free_all(l);
    return was_failed ? 0 : status < 0 ? -1 : 0;
}

static void describe(const LavfOutput *l, const OutputTrack *track, const AvocetVideoInfo *info)
{
    AVCodecParameters *p = l->stream->codecpar;
    p->codec_type = AVMEDIA_TYPE_VIDEO;
    p->codec_id = AV_CODEC_ID_H264;
    p->width = info->width;
    p->height = info->height;
    p->profile = info->profile_idc;
    p->level = info->level_idc;
    p->format = info->chroma_format_idc ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_GRAY8;
    p->color_range = info->full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    p->color_primaries = (enum AVColorPrimaries)info->colour_primaries;
    p->color_trc = (enum AVColorTransferCharacteristic)info->transfer;
    p->color_space = (enum AVColorSpace)info->colour_matrix;
    p->video_delay = info->reorder_frames;
    if (info->sar_width)
        p->sample_aspect_ratio = (AVRational){info->sar_width, info->sar_height};
    l->stream->sample_aspect_ratio = p->sample_aspect_ratio;
    l->stream->time_base = l->time_base;
    l->stream->avg_frame_rate = (AVRational){track->fps.num, track->fps.den};
}

static int start(LavfOutput *l, const OutputTrack *track, Fault *fault)
{
    AvocetVideoInfo info;
    if (avocet_video_info(track->headers, track->headers_size, 0, &info) < 0)
        return fault_set(fault, "%s: the stream has no SPS", l->name);
    int status = avformat_alloc_output_context2(&l->container, NULL, NULL, l->name);
    if (status < 0)
        return fail(l, "create", status, fault);
    l->stream = avformat_new_stream(l->container, NULL);
    l->packet = av_packet_alloc();
    uint8_t *extradata = av_mallocz(track->headers_size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!l->stream || !l->packet || !extradata) {
        av_free(extradata);
        return fault_set(fault, "not enough memory");
    }
    memcpy(extradata, track->headers, track->headers_size);
    l->stream->codecpar->extradata = extradata;
    l->stream->codecpar->extradata_size = (int)track->headers_size;
    describe(l, track, &info);
    status = avio_open(&l->container->pb, l->name, AVIO_FLAG_WRITE);
    if (status < 0)
        return fail(l, "create", status, fault);
    /* Times as they are: the first picture's dts may be below 0,
     * which most of these formats cannot say. */
    l->container->avoid_negative_ts = AVFMT_AVOID_NEG_TS_AUTO;
    l->container->flags |= AVFMT_FLAG_BITEXACT;
    status = avformat_write_header(l->container, NULL);
    if (status < 0)
        return fail(l, "write", status, fault);
    l->has_header = 1;
    return 0;
}

Output *output_lavf_open(const char *name, const OutputTrack *track, Fault *fault)
{
    LavfOutput *l = calloc(1, sizeof *l);
    if (!l) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    av_log_set_level(AV_LOG_FATAL);
    l->base.write = write_packet;
    l->base.close = close_file;
    l->name = name;
    l->time_base = (AVRational){track->time_base.num, track->time_base.den};
    l->duration = track->frame_duration;
    if (start(l, track, fault) == 0)
        return &l->base;
    if (l->container)
        avio_closep(&l->container->pb);
    free_all(l);
    return NULL;
}
#endif
