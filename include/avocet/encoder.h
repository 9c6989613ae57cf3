/* Avocet encoder: pictures in, H.264 access units out (ITU-T H.264, progressive 8 bit 4:2:0 and
 * 4:0:0).
 *
 *     AvocetEncoderConfig config;
 *     avocet_encoder_config_init(&config, "medium", NULL);
 *     config.width = 640; config.height = 360; config.fps = (AvocetRational){30, 1};
 *     AvocetEncoder *enc;
 *     if (avocet_encoder_open(&enc, &config, NULL, message, sizeof message) < 0) ...
 *     for each picture:
 *         avocet_encoder_send(enc, &picture);
 *         while (avocet_encoder_receive(enc, &packet) == AVOCET_OK)
 *             write(packet.data, packet.size);
 *     avocet_encoder_flush(enc);
 *     while (avocet_encoder_receive(enc, &packet) == AVOCET_OK)
 *         write(packet.data, packet.size);
 *     avocet_encoder_close(&enc);
 *
 * One picture in gives one packet out, avocet_encoder_delay() pictures later and in coding order.
 * The bytes depend on the pictures and the settings only: not on threads, CPU or timing. */
#ifndef AVOCET_ENCODER_H
#define AVOCET_ENCODER_H

#include <avocet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct AvocetEncoder AvocetEncoder;

typedef enum AvocetProfile {
    AVOCET_PROFILE_AUTO, /* the lowest that has the tools asked for */
    AVOCET_PROFILE_BASELINE, /* Constrained Baseline */
    AVOCET_PROFILE_MAIN,
    AVOCET_PROFILE_HIGH
} AvocetProfile;

typedef enum AvocetRateMode { AVOCET_RATE_CRF, AVOCET_RATE_QP, AVOCET_RATE_BITRATE } AvocetRateMode;
typedef enum AvocetMe {
    AVOCET_ME_DIA,
    AVOCET_ME_HEX,
    AVOCET_ME_UMH,
    AVOCET_ME_ESA,
    AVOCET_ME_TESA
} AvocetMe;
typedef enum AvocetDirect {
    AVOCET_DIRECT_NONE,
    AVOCET_DIRECT_SPATIAL,
    AVOCET_DIRECT_TEMPORAL,
    AVOCET_DIRECT_AUTO
} AvocetDirect;
typedef enum AvocetPyramid {
    AVOCET_PYRAMID_NONE,
    AVOCET_PYRAMID_STRICT,
    AVOCET_PYRAMID_NORMAL
} AvocetPyramid;
typedef enum AvocetCqm { AVOCET_CQM_FLAT, AVOCET_CQM_JVT, AVOCET_CQM_CUSTOM } AvocetCqm;
typedef enum AvocetHrd { AVOCET_HRD_NONE, AVOCET_HRD_VBR, AVOCET_HRD_CBR } AvocetHrd;
typedef enum AvocetContainer { AVOCET_ANNEXB, AVOCET_AVCC } AvocetContainer;

/* Partitions to try, besides 16x16, 16x8, 8x16 (which p8x8 and b8x8 bring along). */
enum {
    AVOCET_PART_I4x4 = 1, AVOCET_PART_I8x8 = 2, AVOCET_PART_P8x8 = 4, AVOCET_PART_P4x4 = 8,
    AVOCET_PART_B8x8 = 16
};

/* What a pass over the pictures leaves of each, for the next pass. */
typedef struct AvocetPassRecord {
    int64_t display_index;       /* 0, 1, 2, ... in the order of sending */
    AvocetFrameType type;
    int layer;                   /* of B pictures: 1 between anchors, 2 between those, ... */
    int qp_q8;                   /* quantiser of the picture, 1/256 QP */
    int64_t bits;
    int64_t cost;                /* of prediction, as the lookahead saw it */
    int64_t duration_q16;        /* of display, 65536: 1/fps */
} AvocetPassRecord;

/* All settings. Fill by avocet_encoder_config_init, then change members or use
 * avocet_encoder_config_set. Every member but `size` and the pass records is an option of the same
 * meaning in the option table (with range and default). */
typedef struct AvocetEncoderConfig {
    size_t size;                 /* sizeof(AvocetEncoderConfig), set by config_init */

    /* Input. */
    int width, height;           /* 16..8192 samples, odd sizes are cropped in the stream */
    AvocetFormat format;         /* of most pictures (each may have its own); GRAY8 gives a 4:0:0
                                  * stream in High profile, 4:2:0 with neutral chroma otherwise */
    AvocetRational fps;          /* pictures per second: timing in the stream, rate control */
    AvocetRational time_base;    /* seconds per pts unit; 0/0: 1/fps */

    /* Stream. */
    AvocetProfile profile;
    int level;                   /* 10 * level (1b: 9), 0: lowest that fits */
    int keyint, min_keyint;      /* pictures between IDR; min_keyint 0: keyint / 10 */
    int scenecut;                /* 0 off .. 100; higher finds more cuts */
    int intra_refresh;           /* columns of intra macroblocks instead of keyframes */
    int bframes;                 /* B pictures in a row at most, 0..16 */
    int b_adapt;                 /* 0 fixed, 1 fast, 2 optimal placement */
    AvocetPyramid b_pyramid;     /* none, strict: one level, normal: any depth */
    int ref;                     /* reference pictures, 1..16 */
    int long_term;               /* every n-th reference picture is kept as a long-term one; 0:
                                  * none */
    int slices;                  /* slices per picture; 0 or 1: one */
    int cabac;
    int transform_8x8;
    AvocetCqm cqm;
    uint8_t cqm4[6][16];         /* custom lists, zig-zag order: Intra Y Cb Cr, Inter Y Cb Cr */
    uint8_t cqm8[2][64];         /* Intra Y, Inter Y */
    int chroma_qp_offset;        /* -12..12 */
    int deblock;                 /* 0: off */
    int deblock_alpha, deblock_beta; /* -6..6, half of FilterOffsetA and B */
    int weightp;                 /* 0 off, 1 simple, 2 with duplicates of references */
    int weightb;                 /* B pictures: 0 off, 1 implicit weights (in fades explicit ones,
                                  * unless weightp is off), 2 explicit by brightness */
    AvocetDirect direct;
    int constrained_intra;

    /* Decisions. */
    AvocetMe me;
    int merange;                 /* integer samples, 4..1024 */
    int subme;                   /* 0..11, effort of sub-sample search and mode decision */
    unsigned partitions;         /* AVOCET_PART_* */
    int trellis;                 /* 0 off, 1 final decision, 2 all decisions */
    int chroma_me, mixed_refs, fast_pskip, dct_decimate;
    int psy_rd;                  /* psycho-visual strength, 1/100; 0 off */
    int qp_rd;                   /* macroblocks try quantisers nearby; from subme 8 on */
    int deblock_trial;           /* I and P pictures try offsets around deblock_alpha, deblock_beta;
                                  * the option "deblock" clears it */

    /* Rate. */
    AvocetRateMode rate_mode;
    int qp;                      /* constant QP of P pictures, 0..51; see pb_ratio */
    int crf;                     /* constant quality, 1/100: 2300 stands for 23 */
    int64_t bitrate;             /* bits per second */
    int64_t vbv_maxrate;         /* bits per second; 0: no limit */
    int64_t vbv_bufsize;         /* bits */
    int vbv_init;                /* initial fill, 1/100 of the buffer */
    int qp_min, qp_max;          /* of every macroblock, 0..51 */
    int qp_step;                 /* from picture to picture at most, in average bit rate */
    int ip_ratio, pb_ratio;      /* quantiser step I:P and B:P, 1/100 (140, 130). Without B
                                  * pictures, lookahead and buffer, P pictures take turns by
                                  * pb_ratio */
    int qcomp;                   /* 0: constant bit rate .. 100: constant quantiser */
    int aq_mode;                 /* adaptive quantisation: 0 off, 1 by variance, for eyes; 2 by
                                  * variance as SSIM weighs errors */
    int aq_strength;             /* of it, 1/100 */
    int mbtree;                  /* importance propagation */
    int steady;                  /* even quality: B near anchors, no step at keyframes */
    int lookahead;               /* pictures, 0..250 */
    int temporal_filter;         /* denoising of reference pictures before coding, 0 off .. 10 */
    AvocetHrd nal_hrd;
    int filler;                  /* fill CBR with filler NAL units */
    int pass;                    /* 0: the only one; 1: first, records are kept; 2: last, needs the
                                  * records of the pass before; 3: the same, and keeps records */
    int slow_firstpass;          /* pass 1 decides as carefully as the others */
    const AvocetPassRecord *pass_records; /* pass 2 and 3: one per picture, any order; not needed
                                  * any more once the encoder is open */
    int64_t pass_count;

    /* Headers. */
    AvocetContainer container;   /* start codes or 4-byte lengths */
    int repeat_headers;          /* SPS and PPS before every IDR */
    int aud;
    int pic_struct;
    int sei_version;             /* user data SEI naming the encoder and settings */
    int sar_width, sar_height;   /* sample aspect ratio, 0: 1:1 */
    int overscan;                /* 0 undefined, 1 show, 2 crop */
    int video_format;            /* 5: undefined */
    int full_range;              /* 1: samples use 0..255 */
    int colour_primaries, transfer, colour_matrix; /* H.273 codes; -1: by height, BT.709 from 577
                                                    * lines on, else BT.601 */
    int chroma_loc;              /* 0..5 */

    /* Machine. */
    int threads;                 /* 0: one per core; the bytes do not depend on it */
    uint32_t cpu_mask;           /* highest kernels to use; ~0: all. See option "cpu" */
    int psnr, ssim;              /* measure, see AvocetPacket */
} AvocetEncoderConfig;

/* Defaults, then preset ("ultrafast" .. "placebo", or "0".."9"; NULL: medium), then tunes, comma
 * separated (NULL: none). AVOCET_ERR_ARGUMENT: a name does not exist; AVOCET_ERR_CONFLICT: two
 * tunes that exclude each other. */
AVOCET_API int avocet_encoder_config_init(AvocetEncoderConfig *config, const char *preset,
                                          const char *tune);
/* Sets one option by its name, the same names and forms as on the command line ("crf" "23.5",
 * "bitrate" "800k", "deblock" "-1:-1", "partitions" "all", "size" "640x360"). value NULL: the name
 * alone, as is enough for flags. AVOCET_ERR_OPTION: no such name; AVOCET_ERR_ARGUMENT,
 * AVOCET_ERR_UNSUPPORTED: the value; the configuration is as before then. message (may be NULL)
 * receives the reason of a failure. */
AVOCET_API int avocet_encoder_config_set(AvocetEncoderConfig *config, const char *name,
                                         const char *value, char *message, size_t message_size);
/* The option's value as text, the form that config_set takes, cut to text_size bytes. Returns its
 * length or an error. */
AVOCET_API int avocet_encoder_config_get(const AvocetEncoderConfig *config, const char *name,
                                         char *text, size_t text_size);

/* The option table, for help texts and bindings. */
typedef struct AvocetOption {
    const char *name;
    const char *group;           /* "input", "stream", "decisions", "rate", "headers", "machine" */
    const char *form;            /* "<integer>", "<number>", "<flag>", "<name>", "<bits/s>", ... */
    const char *choices;         /* "a|b|c" for names, NULL otherwise */
    double minimum, maximum;     /* of numbers, in the option's own unit; both 0: does not apply */
    const char *default_text;    /* default of preset medium */
    const char *help;            /* one sentence */
} AvocetOption;
AVOCET_API int avocet_encoder_option_count(void);
/* Option of that number, from 0, in order of groups; NULL past the end. It lives as long as the
 * program. */
AVOCET_API const AvocetOption *avocet_encoder_option(int index);
/* Presets by rising effort, and tunes; NULL past the end. */
AVOCET_API const char *avocet_encoder_preset_name(int index);
AVOCET_API const char *avocet_encoder_tune_name(int index);

/* Bytes that an encoder with these settings takes, all in one block. Fails as opening would. */
AVOCET_API int avocet_encoder_memory(const AvocetEncoderConfig *config, size_t *bytes,
                                     char *message, size_t message_size);
/* Pictures that must be sent before the first packet comes out, at most; or an error. With several
 * threads (and lookahead, and no buffer) one more than with one: it is held back to overlap with
 * the next. */
AVOCET_API int avocet_encoder_delay(const AvocetEncoderConfig *config);

/* Opens an encoder; config is copied. allocator NULL: malloc. On failure *encoder is NULL and
 * message (may be NULL) says why: AVOCET_ERR_ARGUMENT, AVOCET_ERR_CONFLICT, AVOCET_ERR_UNSUPPORTED
 * (settings), AVOCET_ERR_MEMORY. For the time of opening (and of avocet_encoder_memory) a second
 * block, of the size of a handle, is borrowed to measure with. */
AVOCET_API int avocet_encoder_open(AvocetEncoder **encoder, const AvocetEncoderConfig *config,
                                   const AvocetAllocator *allocator, char *message,
                                   size_t message_size);
/* The same in memory of the caller's (any alignment; avocet_encoder_memory() + 64 bytes), which
 * must live until close. */
AVOCET_API int avocet_encoder_open_in(AvocetEncoder **encoder, const AvocetEncoderConfig *config,
                                      void *memory, size_t memory_size, char *message,
                                      size_t message_size);
/* Frees everything; *encoder becomes NULL. NULL is fine. */
AVOCET_API void avocet_encoder_close(AvocetEncoder **encoder);

/* Gives a picture; pts must increase. AVOCET_ERR_BUSY: receive until there is no packet, then send
 * it again. AVOCET_ERR_STATE: after flush. AVOCET_ERR_ARGUMENT: the picture (size, format, planes,
 * pts); it is left out, and the next one may be sent. */
AVOCET_API int avocet_encoder_send(AvocetEncoder *encoder, const AvocetPicture *picture);
/* The next packet in coding order: AVOCET_OK, AVOCET_NEED_INPUT, AVOCET_END or an error, which
 * stays. */
AVOCET_API int avocet_encoder_receive(AvocetEncoder *encoder, AvocetPacket *packet);
/* No more pictures will come; receive until AVOCET_END. */
AVOCET_API int avocet_encoder_flush(AvocetEncoder *encoder);
/* Reconstruction of the packet received last, as a decoder will show it (cropped, I420 or GRAY8);
 * valid until the next send, receive or close. AVOCET_ERR_STATE: there was no packet yet. */
AVOCET_API int avocet_encoder_recon(AvocetEncoder *encoder, AvocetPicture *picture);

/* The record of the packet received last, in any pass: collect them and give them to the next one.
 * AVOCET_ERR_STATE: there was no packet yet. */
AVOCET_API int avocet_encoder_pass_record(const AvocetEncoder *encoder, AvocetPassRecord *record);
/* SPS and PPS (and the version SEI) as they start the stream; valid until close. */
AVOCET_API int avocet_encoder_headers(AvocetEncoder *encoder, const uint8_t **data, size_t *size);
/* The next picture sent becomes an IDR picture. */
AVOCET_API int avocet_encoder_force_keyframe(AvocetEncoder *encoder);
/* Changes an option while running, without a keyframe: from the next picture sent on; but where a
 * buffer is kept, from the next one coded on, which with lookahead was sent before. Possible for
 * bitrate, vbv_maxrate, vbv_bufsize, qp, crf, qp_min, qp_max, fps; AVOCET_ERR_ARGUMENT for others.
 */
AVOCET_API int avocet_encoder_set(AvocetEncoder *encoder, const char *name, const char *value);
/* Settings after all adjustments and changes; valid until close. */
AVOCET_API const AvocetEncoderConfig *avocet_encoder_config(const AvocetEncoder *encoder);
/* What was adjusted and why, one sentence each ("ref lowered from 16 to 4: level 4 holds 4 pictures
 * of this size"); NULL past the end. They are valid until close. */
AVOCET_API const char *avocet_encoder_adjustment(const AvocetEncoder *encoder, int index);
/* Profile and level of the stream (profile_idc, level_idc). */
AVOCET_API int avocet_encoder_profile_idc(const AvocetEncoder *encoder);
AVOCET_API int avocet_encoder_level_idc(const AvocetEncoder *encoder);
/* Sentence about the last error of this handle; "" if there was none. Valid until the next call. */
AVOCET_API const char *avocet_encoder_error(const AvocetEncoder *encoder);

#ifdef __cplusplus
}
#endif

#endif
