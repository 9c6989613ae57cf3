/* A live encoder, what class H264Encoder of the h264 module is in every language: one image in, one
 * access unit out, whichever backend encodes. Bindings turn their language's objects into these
 * calls and the statuses into exceptions:
 *
 *     AvocetEncoderConfig config;
 *     avo_live_configure(&config, &args, message, sizeof message);
 *     avocet_encoder_config_set(&config, "aq-mode", "2", ...);    // more options as wanted
 *     avo_live_open(&live, &config, NULL, &memory, message, sizeof message);
 *     avo_live_encode(&live, &picture, false, sink, opaque);      // gives sink the access unit
 *     avo_live_close(&live);
 *
 * No stdio, no globals, no allocation but one block at open. An AvoLive that is all zero is a
 * closed one. */
#ifndef AVO_BINDINGS_LIVE_H
#define AVO_BINDINGS_LIVE_H

#include "backend.h"
#include "parameter_sets.h"

#include <stdbool.h>

#if AVOCET_TINY
#define AVO_LIVE_PRESET "tiny"
#else
#define AVO_LIVE_PRESET "veryfast"
#endif
#define AVO_LIVE_BITRATE_MAX 2000000000 /* of the default */
#define AVO_LIVE_MESSAGE     200
#define AVO_LIVE_SETS_MAX    512 /* bytes of SPS and PPS, scaling lists included */
#define AVO_LIVE_AVCC_MAX    (AVO_LIVE_SETS_MAX + 16)
/* Size of the decoder's buffer at the target rate: what a second may exceed it by. */
#define AVO_LIVE_VBV_MS 200
/* Samples up to which waking more threads costs more than it gains. */
#define AVO_LIVE_ONE_THREAD (640 * 480)

typedef struct AvoLiveArgs {
    int width, height;
    const char *fps; /* "15", "30000/1001", "29.97" */
    int gop;         /* pictures from keyframe to keyframe; 0: one second */
    int64_t bitrate; /* bits per second; 0: width * height * fps */
    int qp_min, qp_max;
    const char *preset; /* NULL: AVO_LIVE_PRESET */
    const char *tune;   /* besides zerolatency; NULL: none */
} AvoLiveArgs;

/* Where the encoder's block comes from: from buffer if there is one, else from the allocator, whose
 * opaque must live as long as the encoder. */
typedef struct AvoLiveMemory {
    const AvocetAllocator *allocator;
    void *buffer;
    size_t buffer_size;
} AvoLiveMemory;

typedef struct AvoLiveTotals {
    int64_t frames, keyframes, bytes, largest, qp_sum;
} AvoLiveTotals;

typedef struct AvoLive {
    const AvoBackend *backend; /* NULL: closed */
    void *handle;
    int next_backend; /* "auto": where to look if this one cannot take the pictures; -1: nowhere */
    AvocetEncoderConfig config; /* as asked for */
    AvocetAllocator allocator;
    void *buffer; /* the caller's memory for backends, NULL: from the allocator */
    size_t buffer_size;
    void *block;  /* what the allocator gave */
    int delay;    /* pictures held back; 0 in all usual settings */
    bool own_vbv; /* the caller set the VBV: it does not follow the bit rate */
    bool force_keyframe;
    bool was_keyframe; /* the packet given last */
    int64_t next_pts;
    AvoLiveTotals totals;
    AvocetPacket last; /* its data only while pending */
    bool pending;      /* last did not fit into the buffer of encode_into and waits there */
    uint8_t sets[AVO_LIVE_SETS_MAX]; /* SPS and PPS */
    size_t sets_size;
    char message[AVO_LIVE_MESSAGE]; /* about the last error */
} AvoLive;

/* Settings of a live stream: zero latency, no B pictures, Constrained Baseline, keyframes every gop
 * pictures and only there (each with SPS and PPS), average bit rate within a VBV. */
int avo_live_configure(AvocetEncoderConfig *config, const AvoLiveArgs *args, char *message,
                       size_t message_size);

/* backend: NULL or "auto": the first that can, and the next one should it turn out that it cannot
 * take the pictures; else by name. On failure live is closed. */
int avo_live_open(AvoLive *live, const AvocetEncoderConfig *config, const char *backend,
                  const AvoLiveMemory *memory, char *message, size_t message_size);
/* Twice is harmless. was_keyframe, totals, sets and settings stay. */
void avo_live_close(AvoLive *live);

/* Receives a packet; a negative status of its own ends the call and is returned by it. */
typedef int (*AvoLiveSink)(void *opaque, const AvocetPacket *packet);

/* Codes picture (format, size, planes; type IDR: as a keyframe). Its pts counts if has_pts, else
 * pictures are numbered. Statuses: AVOCET_ERR_STATE if closed; AVOCET_ERR_ARGUMENT for a wrong
 * size; live->message says more. */
int avo_live_encode(AvoLive *live, AvocetPicture *picture, bool has_pts, AvoLiveSink sink,
                    void *opaque);
/* The same into a buffer; *written: bytes. If the buffer is too small, AVOCET_ERR_ARGUMENT names
 * the size needed and the next call hands out that access unit (its picture is not looked at). Only
 * without delay. */
int avo_live_encode_into(AvoLive *live, AvocetPicture *picture, bool has_pts, uint8_t *buffer,
                         size_t size, size_t *written);
/* Gives what is held back. No picture can be sent afterwards. */
int avo_live_flush(AvoLive *live, AvoLiveSink sink, void *opaque);

/* From the next picture on, without a keyframe. */
int avo_live_set_bitrate(AvoLive *live, int64_t bits_per_second);
int avo_live_set_fps(AvoLive *live, const char *fps);
int avo_live_set_qp(AvoLive *live, int qp_min, int qp_max);

/* SPS and PPS, *size 0 while a hardware encoder has not yet made any. */
int avo_live_headers(AvoLive *live, const uint8_t **data, size_t *size);
/* AVCDecoderConfigurationRecord into out (AVO_LIVE_AVCC_MAX is enough).
 * Returns its bytes; 0: not yet known. */
size_t avo_live_avcc(AvoLive *live, uint8_t *out, size_t size);

/* Bits as options take them: "1500.000k". */
void avo_live_bits_text(char text[32], int64_t bits);

/* Settings in effect. */
const AvocetEncoderConfig *avo_live_config(const AvoLive *live);
/* The index-th figure of stats(); false past the end. text is NULL for numbers. */
typedef struct AvoLiveStat {
    const char *name;
    const char *text;
    int64_t number;
} AvoLiveStat;
bool avo_live_stat(const AvoLive *live, int index, AvoLiveStat *stat);

#endif
