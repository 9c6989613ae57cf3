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
 * Each picture sent gives one packet, at most avocet_encoder_delay() pictures later, in coding
 * order. The bytes depend only on the pictures and the settings, not on threads, CPU or timing.
 *
 * Functions that return int return an AvocetStatus unless they say otherwise. */
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

/* Partitions to try, besides 16x16. P8x8 and B8x8 include 16x8 and 8x16. */
enum {
    AVOCET_PART_I4x4 = 1, AVOCET_PART_I8x8 = 2, AVOCET_PART_P8x8 = 4, AVOCET_PART_P4x4 = 8,
    AVOCET_PART_B8x8 = 16
};

/* What one pass records of each picture for the next pass. */
typedef struct AvocetPassRecord {
    int64_t display_index;       /* 0, 1, 2, ... in the order of sending */
    AvocetFrameType type;
    int layer;                   /* B pictures: 1 between two anchors (I, P), 2 between those and
                                  * layer 1, ... */
    int qp_q8;                   /* quantiser of the picture, 1/256 QP */
    int64_t bits;                /* size of its access unit */
    int64_t cost;                /* of predicting it, estimated by the lookahead */
    int64_t duration_q16;        /* how long it is shown; 65536: 1/fps */
} AvocetPassRecord;

/* All settings. Call avocet_encoder_config_init first, then change members directly or by
 * avocet_encoder_config_set. Each member except `size` and the pass records belongs to an option,
 * whose range and default are in the option table (avocet_encoder_option). Members without a
 * comment are switches: 1 on, 0 off. */
typedef struct AvocetEncoderConfig {
    size_t size;                 /* sizeof(AvocetEncoderConfig), set by config_init */

    /* Input. */
    int width, height;           /* 16..8192 samples, odd sizes are cropped in the stream */
    AvocetFormat format;         /* of most pictures (each may have its own). GRAY8 gives a 4:0:0
                                  * stream in High profile, 4:2:0 with neutral chroma otherwise */
    AvocetRational fps;          /* pictures per second; for timing in the stream, rate control */
    AvocetRational time_base;    /* seconds per pts unit; 0/0: 1/fps */

    /* Stream. */
    AvocetProfile profile;
    int level;                   /* 10 * level (1b: 9), 0: lowest that fits */
    int keyint, min_keyint;      /* most and fewest pictures from IDR to IDR; min_keyint 0:
                                  * keyint / 10 */
    int scenecut;                /* 0 off .. 100; higher finds more cuts */
    int intra_refresh;           /* 1: a moving column of intra macroblocks instead of keyframes */
    int bframes;                 /* B pictures in a row at most, 0..16 */
    int b_adapt;                 /* 0 fixed, 1 fast, 2 optimal placement */
    AvocetPyramid b_pyramid;     /* none, strict: one level, normal: any depth */
    int ref;                     /* reference pictures, 1..16 */
    int long_term;               /* n: every n-th reference picture becomes a long-term one; 0:
                                  * none */
    int slices;                  /* slices per picture; 0 or 1: one */
    int cabac;                   /* 1: CABAC, 0: CAVLC */
    int transform_8x8;           /* option "8x8dct" */
    AvocetCqm cqm;               /* scaling matrices (8.5.6) */
    uint8_t cqm4[6][16];         /* for AVOCET_CQM_CUSTOM, in zig-zag order: Intra Y Cb Cr, Inter Y
                                  * Cb Cr */
    uint8_t cqm8[2][64];         /* likewise: Intra Y, Inter Y */
    int chroma_qp_offset;        /* chroma_qp_index_offset, -12..12 */
    int deblock;                 /* 0: off */
    int deblock_alpha, deblock_beta; /* -6..6, half of FilterOffsetA and FilterOffsetB (7.4.3) */
    int weightp;                 /* P pictures: 0 off, 1 one weight per reference, 2 also references
                                  * listed twice, with different weights */
    int weightb;                 /* B pictures: 0 off, 1 implicit weights (explicit ones in fades,
                                  * unless weightp is off), 2 always explicit, by brightness */
    AvocetDirect direct;
    int constrained_intra;

    /* Decisions. */
    AvocetMe me;
    int merange;                 /* whole samples, 4..1024 */
    int subme;                   /* effort of sub-sample search and mode decision, 0..11 */
    unsigned partitions;         /* AVOCET_PART_* */
    int trellis;                 /* 0 off, 1 final decision, 2 all decisions */
    int chroma_me, mixed_refs, fast_pskip, dct_decimate;
    int psy_rd;                  /* psycho-visual strength, 1/100; 0 off */
    int qp_rd;                   /* macroblocks try neighbouring quantisers; from subme 8 on */
    int deblock_trial;           /* I and P pictures try loop filter offsets around deblock_alpha
                                  * and deblock_beta; setting the option "deblock" clears it */

    /* Rate. */
    AvocetRateMode rate_mode;
    int qp;                      /* constant QP of P pictures, 0..51; see pb_ratio */
    int crf;                     /* constant quality, 1/100, 0..6300: 2300 means 23 */
    int64_t bitrate;             /* bits per second */
    int64_t vbv_maxrate;         /* bits per second into the decoder's buffer; 0: no limit */
    int64_t vbv_bufsize;         /* size of the decoder's buffer in bits; 0: none */
    int vbv_init;                /* how full it is at the start, 1/100 */
    int qp_min, qp_max;          /* limits for every macroblock, 0..51 */
    int qp_step;                 /* greatest change of QP between pictures (average bit rate) */
    int ip_ratio, pb_ratio;      /* quantiser step size of P relative to I, and of B relative to P,
                                  * 1/100 (140, 130). Without B pictures, lookahead and buffer,
                                  * pb_ratio sets fine P pictures apart from coarse ones; 100: all
                                  * are alike */
    int qcomp;                   /* 0: constant bit rate .. 100: constant quantiser */
    int aq_mode;                 /* adaptive quantisation: 0 off, 1 by variance, for the eye; 2 by
                                  * variance as SSIM weighs errors */
    int aq_strength;             /* strength of adaptive quantisation, 1/100 */
    int mbtree;                  /* better quality where later pictures build upon it */
    int steady;                  /* even quality: keyframes as good as what is before them, B
                                  * pictures close to their anchors */
    int lookahead;               /* pictures, 0..250 */
    int temporal_filter;         /* strength of denoising anchors before coding, 0 off .. 10 */
    AvocetHrd nal_hrd;           /* HRD parameters in the stream (Annex C); needs vbv_bufsize */
    int filler;                  /* fill up to the constant bit rate with filler NAL units */
    int pass;                    /* 0: the only pass; 1: the first; 2: the last, with the records of
                                  * the pass before; 3: between them, also with records */
    int slow_firstpass;          /* pass 1 decides as carefully as the others */
    const AvocetPassRecord *pass_records; /* pass 2 and 3: one per picture, in any order; read only
                                  * while the encoder is opened */
    int64_t pass_count;          /* number of pass_records */

    /* Headers. */
    AvocetContainer container;   /* start codes (Annex B) or 4-byte lengths, as MP4 has them */
    int repeat_headers;          /* SPS and PPS before every IDR, not only the first */
    int aud;                     /* access unit delimiters */
    int pic_struct;              /* pic_struct in picture timing SEI */
    int sei_version;             /* user data SEI that names the encoder and its settings */
    int sar_width, sar_height;   /* sample aspect ratio; 0: 1:1 */
    int overscan;                /* 0 undefined, 1 show, 2 crop */
    int video_format;            /* Table E-2; 5: undefined */
    int full_range;              /* 1: samples use 0..255, 0: 16..235 */
    int colour_primaries, transfer, colour_matrix; /* H.273 codes; -1: by height, BT.709 from 577
                                                    * lines on, else BT.601 */
    int chroma_loc;              /* chroma_sample_loc_type, 0..5 */

    /* Machine. */
    int threads;                 /* 0: one per core; the bytes do not depend on it */
    uint32_t cpu_mask;           /* instruction sets that may be used; ~0: all. See option "cpu" */
    int psnr, ssim;              /* measure quality, see AvocetPacket */
} AvocetEncoderConfig;

/* Sets the defaults, then those of a preset ("ultrafast" .. "placebo", or "0".."9"; NULL: medium),
 * then those of tunes, separated by commas (NULL: none). AVOCET_ERR_ARGUMENT: a name does not
 * exist; AVOCET_ERR_CONFLICT: two tunes that exclude each other. */
AVOCET_API int avocet_encoder_config_init(AvocetEncoderConfig *config, const char *preset,
                                          const char *tune);
/* Sets one option by name, with the names and value forms of the command line ("crf" "23.5",
 * "bitrate" "800k", "deblock" "-1:-1", "partitions" "all", "size" "640x360"). value NULL: the name
 * alone, which is enough for flags. AVOCET_ERR_OPTION: no such name; AVOCET_ERR_ARGUMENT,
 * AVOCET_ERR_UNSUPPORTED: the value is refused. After an error the configuration is as before, and
 * message (may be NULL) tells the reason. */
AVOCET_API int avocet_encoder_config_set(AvocetEncoderConfig *config, const char *name,
                                         const char *value, char *message, size_t message_size);
/* Writes the option's value as text, in the form that config_set takes, cut off and terminated
 * within text_size bytes. Returns the length of what was written, or an error. */
AVOCET_API int avocet_encoder_config_get(const AvocetEncoderConfig *config, const char *name,
                                         char *text, size_t text_size);

/* The option table, for help texts and bindings. */
typedef struct AvocetOption {
    const char *name;
    const char *group;           /* "input", "stream", "decisions", "rate", "headers", "machine" */
    const char *form;            /* "<integer>", "<number>", "<flag>", "<name>", "<bits/s>", ... */
    const char *choices;         /* "a|b|c" for names, NULL otherwise */
    double minimum, maximum;     /* of numbers, in the option's own unit; both 0: no limits */
    const char *default_text;    /* default of preset medium */
    const char *help;            /* one sentence */
} AvocetOption;
AVOCET_API int avocet_encoder_option_count(void);
/* The option with this index, from 0, ordered by group; NULL past the end. It stays valid as long
 * as the program runs. */
AVOCET_API const AvocetOption *avocet_encoder_option(int index);
/* Names of the presets by rising effort, and of the tunes; NULL past the end. */
AVOCET_API const char *avocet_encoder_preset_name(int index);
AVOCET_API const char *avocet_encoder_tune_name(int index);

/* Sets *bytes to the memory that an encoder with these settings takes, all in one block. Fails with
 * the same errors and messages as opening it. */
AVOCET_API int avocet_encoder_memory(const AvocetEncoderConfig *config, size_t *bytes,
                                     char *message, size_t message_size);
/* Returns how many pictures must be sent at most before the first packet comes out, or an error.
 * With several threads, lookahead and no buffer it is one more than with one thread, because a
 * picture is held back to overlap with the next. */
AVOCET_API int avocet_encoder_delay(const AvocetEncoderConfig *config);

/* Opens an encoder. config and allocator are copied; allocator NULL: malloc. On failure *encoder is
 * NULL and message (may be NULL) says why: AVOCET_ERR_ARGUMENT, AVOCET_ERR_CONFLICT,
 * AVOCET_ERR_UNSUPPORTED (settings), AVOCET_ERR_MEMORY. While opening (and in
 * avocet_encoder_memory), a second block of the size of a handle is allocated to measure with. */
AVOCET_API int avocet_encoder_open(AvocetEncoder **encoder, const AvocetEncoderConfig *config,
                                   const AvocetAllocator *allocator, char *message,
                                   size_t message_size);
/* The same in the caller's memory, which must stay until close: avocet_encoder_memory() + 64 bytes
 * at any alignment. */
AVOCET_API int avocet_encoder_open_in(AvocetEncoder **encoder, const AvocetEncoderConfig *config,
                                      void *memory, size_t memory_size, char *message,
                                      size_t message_size);
/* Frees everything; *encoder becomes NULL. NULL is fine. */
AVOCET_API void avocet_encoder_close(AvocetEncoder **encoder);

/* Sends a picture; pts must increase from picture to picture. AVOCET_ERR_BUSY: receive until there
 * is no packet, then send this picture again. AVOCET_ERR_STATE: after flush. AVOCET_ERR_ARGUMENT:
 * the picture is wrong (size, format, planes, pts) and is left out; the next one may be sent. */
AVOCET_API int avocet_encoder_send(AvocetEncoder *encoder, const AvocetPicture *picture);
/* Receives the next packet in coding order: AVOCET_OK, AVOCET_NEED_INPUT, AVOCET_END or an error,
 * which every later call returns, too. */
AVOCET_API int avocet_encoder_receive(AvocetEncoder *encoder, AvocetPacket *packet);
/* No more pictures will come; receive until AVOCET_END. */
AVOCET_API int avocet_encoder_flush(AvocetEncoder *encoder);
/* The picture of the packet received last, as a decoder will show it (cropped, I420 or GRAY8).
 * Valid until the next send, receive or close. AVOCET_ERR_STATE: there was no packet yet. */
AVOCET_API int avocet_encoder_recon(AvocetEncoder *encoder, AvocetPicture *picture);

/* The pass record of the packet received last, in any pass: collect them for the next pass.
 * AVOCET_ERR_STATE: there was no packet yet. */
AVOCET_API int avocet_encoder_pass_record(const AvocetEncoder *encoder, AvocetPassRecord *record);
/* SPS and PPS (and the version SEI) as at the start of the stream, in the form of `container`.
 * Valid until close. */
AVOCET_API int avocet_encoder_headers(AvocetEncoder *encoder, const uint8_t **data, size_t *size);
/* The next picture sent becomes an IDR picture. */
AVOCET_API int avocet_encoder_force_keyframe(AvocetEncoder *encoder);
/* Changes an option while the encoder runs, without a keyframe: bitrate, vbv_maxrate, vbv_bufsize,
 * qp, crf, qp_min, qp_max, fps; AVOCET_ERR_ARGUMENT for others. It takes effect from the next
 * picture sent on; where a buffer is kept, from the next picture coded on, which with lookahead was
 * sent before. */
AVOCET_API int avocet_encoder_set(AvocetEncoder *encoder, const char *name, const char *value);
/* The settings after all adjustments and changes; valid until close. */
AVOCET_API const AvocetEncoderConfig *avocet_encoder_config(const AvocetEncoder *encoder);
/* What was adjusted and why, one sentence for each index from 0 ("ref lowered from 16 to 4: level 4
 * holds 4 pictures of this size"); NULL past the end. Valid until close. */
AVOCET_API const char *avocet_encoder_adjustment(const AvocetEncoder *encoder, int index);
/* Profile and level of the stream (profile_idc, level_idc). */
AVOCET_API int avocet_encoder_profile_idc(const AvocetEncoder *encoder);
AVOCET_API int avocet_encoder_level_idc(const AvocetEncoder *encoder);
/* A sentence about the last error of this handle; "" if there was none. Valid until the next
 * call. */
AVOCET_API const char *avocet_encoder_error(const AvocetEncoder *encoder);

#ifdef __cplusplus
}
#endif

#endif
