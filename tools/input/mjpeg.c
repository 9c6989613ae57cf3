/* See mjpeg.h. */
#include "input/mjpeg.h"

#ifdef AVOCET_HAVE_LAVF
#include <libavcodec/avcodec.h>
#include <libswscale/swscale.h>
#include <stdlib.h>
#include <string.h>

typedef struct LavcMjpeg {
    Mjpeg base;
    AVCodecContext *decoder;
    struct SwsContext *scaler;
    AVPacket *packet;
    AVFrame *frame, *scaled;
    int width, height;
} LavcMjpeg;

int mjpeg_available(void)
{
    return avcodec_find_decoder(AV_CODEC_ID_MJPEG) != NULL;
}

static int make_target(LavcMjpeg *m)
{
    m->scaled->format = AV_PIX_FMT_YUV420P;
    m->scaled->width = m->width;
    m->scaled->height = m->height;
    return av_frame_get_buffer(m->scaled, 32);
}

/* The formats with J say in their name that the range is full, which is told apart here. */
static enum AVPixelFormat plain_format(int format)
{
    switch (format) {
    case AV_PIX_FMT_YUVJ420P:
        return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
        return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
        return AV_PIX_FMT_YUV444P;
    default:
        return (enum AVPixelFormat)format;
    }
}

/* Any kind of chroma to 4:2:0; cameras use full range, which is kept. */
static int convert(LavcMjpeg *m)
{
    m->scaler = sws_getCachedContext(m->scaler, m->frame->width, m->frame->height,
                                     plain_format(m->frame->format), m->width, m->height,
                                     AV_PIX_FMT_YUV420P, SWS_BILINEAR, NULL, NULL, NULL);
    if (!m->scaler)
        return -1;
    const int *table = sws_getCoefficients(SWS_CS_ITU601);
    sws_setColorspaceDetails(m->scaler, table, 1, table, 1, 0, 1 << 16, 1 << 16);
    return sws_scale(m->scaler, (const uint8_t *const *)m->frame->data, m->frame->linesize, 0,
                     m->frame->height, m->scaled->data, m->scaled->linesize);
}

static int decode(Mjpeg *mjpeg, const uint8_t *data, size_t size, AvocetPicture *picture,
                  Fault *fault)
{
    LavcMjpeg *m = (LavcMjpeg *)mjpeg;
    if (av_new_packet(m->packet, (int)size) < 0)
        return fault_set(fault, "not enough memory");
    memcpy(m->packet->data, data, size);
    int status = avcodec_send_packet(m->decoder, m->packet);
    av_packet_unref(m->packet);
    if (status < 0 || avcodec_receive_frame(m->decoder, m->frame) < 0 || convert(m) < 0)
        return 0;
    picture->format = AVOCET_FORMAT_I420;
    for (int i = 0; i < 3; i++) {
        picture->plane[i] = m->scaled->data[i];
        picture->stride[i] = m->scaled->linesize[i];
    }
    return 1;
}

static void close_mjpeg(Mjpeg *mjpeg)
{
    LavcMjpeg *m = (LavcMjpeg *)mjpeg;
    sws_freeContext(m->scaler);
    av_frame_free(&m->frame);
    av_frame_free(&m->scaled);
    av_packet_free(&m->packet);
    avcodec_free_context(&m->decoder);
    free(m);
}

Mjpeg *mjpeg_open(int width, int height, Fault *fault)
{
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_MJPEG);
    LavcMjpeg *m = calloc(1, sizeof *m);
    if (!m) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    m->base = (Mjpeg){decode, close_mjpeg};
    m->width = width;
    m->height = height;
    av_log_set_level(AV_LOG_FATAL); /* damaged pictures are left out in silence */
    m->decoder = avcodec_alloc_context3(codec);
    m->packet = av_packet_alloc();
    m->frame = av_frame_alloc();
    m->scaled = av_frame_alloc();
    if (!codec || !m->decoder || !m->packet || !m->frame || !m->scaled || make_target(m) < 0 ||
        avcodec_open2(m->decoder, codec, NULL) < 0) {
        fault_set(fault, "libavcodec cannot decode Motion JPEG");
        close_mjpeg(&m->base);
        return NULL;
    }
    return &m->base;
}
#endif
