/* Avocet decoder: H.264 bytes in, pictures out (progressive 8 bit 4:2:0 and 4:0:0 of the Baseline,
 * Main and High profiles).
 *
 *     AvocetDecoderConfig config;
 *     avocet_decoder_config_init(&config);
 *     AvocetDecoder *dec;
 *     if (avocet_decoder_open(&dec, &config, NULL, message, sizeof message) < 0) ...
 *     while bytes are left:
 *         avocet_decoder_send(dec, bytes, size, pts);
 *         while ((status = avocet_decoder_receive(dec, &out)) != AVOCET_NEED_INPUT)
 *             if (status == AVOCET_OK) show(out.picture);
 *             else puts(avocet_decoder_error(dec));     // a damaged unit: decoding can go on
 *     avocet_decoder_flush(dec);
 *     while ((status = avocet_decoder_receive(dec, &out)) != AVOCET_END) ...
 *     avocet_decoder_close(&dec);
 *
 * A negative status of avocet_decoder_receive reports one NAL unit that is damaged or not
 * supported. The unit is skipped and the next call continues after it; missing parts of pictures
 * are filled from other pictures and counted. Whatever the input, the decoder neither crashes nor
 * hangs, and its memory is limited by the settings. */
#ifndef AVOCET_DECODER_H
#define AVOCET_DECODER_H

#include <avocet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct AvocetDecoder AvocetDecoder;

typedef struct AvocetDecoderConfig {
    size_t size;            /* sizeof(AvocetDecoderConfig), set by config_init */
    int max_width;          /* samples; streams with larger pictures are refused; default 8192. In
                             * any case pictures have at most 139264 macroblocks (level 6.2) */
    int max_height;         /* likewise, default 8192 */
    int nal_length_size;    /* 0: Annex B start codes (default); 1, 2, 4: big-endian lengths of that
                             * many bytes before each NAL unit, as in MP4 */
    int whole_units;        /* 1: every send holds complete NAL units of complete pictures, so that
                             * the last unit can be decoded at once, without waiting for the next
                             * start code. Implied by nal_length_size. Default 0: the bytes may be
                             * cut anywhere. */
    uint32_t cpu_mask;      /* instruction sets that may be used; default ~0: all that this CPU has;
                             * 0: plain C. The pictures are the same. */
    /* Called for each SEI message (payloadType and payload, Annex D) when it is parsed; may be
     * NULL. The payload is valid during the call. */
    void (*sei)(void *opaque, int type, const uint8_t *payload, size_t payload_size);
    void *sei_opaque;
    int inspect;            /* 1: record what avocet_decoder_inspect shows; frames then take about
                             * three times the memory, and decoding takes longer. Default 0. */
    int threads;            /* 1 (default): pictures come out as early as their order allows.
                             * 2 to 16, or 0 for one per core: that many pictures are decoded at
                             * a time. They come out later, by up to twice as many pictures (flush
                             * gives the rest), and take more frames of memory. The pictures are
                             * the same. */
} AvocetDecoderConfig;

/* Defaults. */
AVOCET_API void avocet_decoder_config_init(AvocetDecoderConfig *config);

/* Opens a decoder; config is copied. config NULL: defaults; allocator NULL: malloc. Besides being
 * called in open and close, the allocator is called while decoding when a stream starts, changes
 * its picture size or has a larger unit than any before. On failure *decoder is NULL and message
 * (may be NULL) says why. */
AVOCET_API int avocet_decoder_open(AvocetDecoder **decoder, const AvocetDecoderConfig *config,
                                   const AvocetAllocator *allocator, char *message,
                                   size_t message_size);
/* Frees everything; *decoder becomes NULL. NULL is fine. */
AVOCET_API void avocet_decoder_close(AvocetDecoder **decoder);

/* Sends bytes to decode. They are not copied and must stay valid until receive returns
 * AVOCET_NEED_INPUT. pts, in any unit, is passed on to the pictures that start in these bytes.
 * AVOCET_ERR_BUSY: the bytes sent before are not used up yet. */
AVOCET_API int avocet_decoder_send(AvocetDecoder *decoder, const uint8_t *data, size_t size,
                                   int64_t pts);
/* No more bytes will come; receive until AVOCET_END. After that, send starts a new stream. */
AVOCET_API int avocet_decoder_flush(AvocetDecoder *decoder);

/* A picture in output order. */
typedef struct AvocetDecodedPicture {
    AvocetPicture picture;  /* I420 or GRAY8, cropped; owned by the decoder, valid until the next
                             * receive or close. type: IDR, I, P, BREF or B (no reference) */
    int keyframe;           /* 1: IDR */
    int is_reference;       /* 0: no other picture depends on it */
    int poc;                /* picture order count (8.2.1) */
    int frame_num;          /* as in its slice headers (7.4.3) */
    int64_t coding_number;  /* counts pictures in coding order */
    int slices;             /* decoded slices */
    int damaged_mbs;        /* macroblocks that were missing or damaged and had to be made up */
    int missing_refs;       /* 1: it refers to pictures that were never received; others were used
                             * in their place */
    int lost_frames;        /* reference pictures that were lost right before it, according to
                             * frame_num */
    int64_t slice_bytes;    /* size of its slice NAL units, without start codes and emulation
                             * prevention bytes */
} AvocetDecodedPicture;

/* Receives the next picture in output order: AVOCET_OK, AVOCET_NEED_INPUT, AVOCET_END (flushed, and
 * all pictures given out) or an error about one NAL unit (see the top). */
AVOCET_API int avocet_decoder_receive(AvocetDecoder *decoder, AvocetDecodedPicture *picture);

/* ---- a look inside ---- */

typedef enum AvocetMbType {
    AVOCET_MB_MISSING,  /* not received but made up; everything else in the record is 0 */
    AVOCET_MB_I4X4,
    AVOCET_MB_I8X8,
    AVOCET_MB_I16X16,
    AVOCET_MB_IPCM,     /* samples sent uncoded */
    AVOCET_MB_P_SKIP,
    AVOCET_MB_P,        /* one or two partitions */
    AVOCET_MB_P8X8,     /* four partitions, each with sub-partitions */
    AVOCET_MB_B_SKIP,
    AVOCET_MB_B_DIRECT, /* vectors derived, with residual */
    AVOCET_MB_B,
    AVOCET_MB_B8X8
} AvocetMbType;

typedef enum AvocetMbPartition {
    AVOCET_PART_16X16, AVOCET_PART_16X8, AVOCET_PART_8X16, AVOCET_PART_8X8
} AvocetMbPartition;

typedef enum AvocetSubPartition {
    AVOCET_SUB_8X8, AVOCET_SUB_8X4, AVOCET_SUB_4X8, AVOCET_SUB_4X4,
    AVOCET_SUB_DIRECT /* derived: up to one vector per 4x4 block */
} AvocetSubPartition;

typedef struct AvocetVector {
    int16_t x, y; /* quarter luma samples; positive to the right and downwards */
} AvocetVector;

/* What the stream says about one macroblock (16x16 luma samples). */
typedef struct AvocetMacroblock {
    uint8_t type;               /* AvocetMbType */
    uint8_t partition;          /* AvocetMbPartition; 16x16 when intra */
    uint8_t sub[4];             /* AvocetSubPartition of each 8x8 block when the partition is 8x8 */
    uint8_t transform_8x8;      /* 1: residual in 8x8 blocks */
    uint8_t cbp;                /* coded_block_pattern: bits 0..3 luma 8x8 blocks, chroma << 4 */
    uint8_t intra_chroma_mode;  /* intra_chroma_pred_mode, 0..3 */
    int8_t qp;                  /* QPY 0..51; 0 for IPCM */
    uint16_t slice;             /* number of its slice in the picture */
    int8_t intra_mode[16];      /* per 4x4 block in raster order, numbered as in the standard: 0..8
                                 * for I4X4 and I8X8, 0..3 for I16X16; -1 for other types */
    int8_t ref_idx[2][4];       /* [list][8x8 block]; -1: list not used */
    int32_t ref_poc[2][4];      /* picture order count of that reference; 0 where there is none */
    AvocetVector mv[2][16];     /* [list][4x4 block in raster order]; 0 where the list is not
                                 * used */
    uint32_t bits;              /* that it took in the stream; with CAVLC, the first macroblock of a
                                 * skip run has the bits of the whole run */
    uint32_t residual;          /* sum of squares of the residual samples of all planes;
                                 * 0..24969600 */
} AvocetMacroblock;

typedef struct AvocetInspection {
    int mb_width, mb_height;
    int crop_x, crop_y;         /* macroblock (x, y) starts at sample (16 x - crop_x,
                                 * 16 y - crop_y) of the received picture */
    const AvocetMacroblock *mb; /* mb_width * mb_height records, raster order */
    AvocetPicture prediction;   /* before the residual was added; cropped like the picture */
    AvocetPicture unfiltered;   /* with the residual, before the loop filter; cropped, too */
} AvocetInspection;

/* Macroblocks, prediction and unfiltered samples of the picture received last; owned by the
 * decoder, valid until the next receive or close. Samples of missing macroblocks are undefined in
 * prediction and unfiltered. AVOCET_ERR_STATE: no picture was received yet, or the decoder was
 * opened without config.inspect. */
AVOCET_API int avocet_decoder_inspect(const AvocetDecoder *decoder, AvocetInspection *inspection);

/* What the stream's parameter sets say. */
typedef struct AvocetStreamInfo {
    int profile_idc, level_idc;
    int constraint_flags;               /* bit i: constraint_seti_flag */
    int width, height;                  /* cropped */
    int coded_width, coded_height;      /* whole macroblocks */
    int chroma_format_idc, bit_depth;   /* 0: 4:0:0, 1: 4:2:0 */
    int cabac, transform_8x8, slice_groups, weighted_pred, weighted_bipred_idc;
    int max_ref_frames, dpb_frames, reorder_frames; /* reorder_frames: limit that applies */
    int poc_type;
    int sar_width, sar_height;          /* 0: not told */
    AvocetRational fps;                 /* 0/0: not told */
    int fixed_frame_rate;
    int video_format, full_range;
    int colour_primaries, transfer, colour_matrix; /* H.273 codes, 2: not told */
    int chroma_loc;                     /* -1: not told */
    /* What the level allows (Tables ): macroblocks per second, per picture and in the
     * decoded picture buffer; bits per second and in the coded picture buffer. 0: no such level. */
    int level_mb_rate, level_mbs, level_dpb_mbs;
    int64_t level_bitrate, level_cpb_size;
    /* Hypothetical reference decoder (E.1.2): 0 none, 1 of all NAL units, 2 of slices alone; bits
     * per second, bits; 1: constant rate; size of initial_cpb_removal_delay in SEI messages. */
    int hrd;
    int64_t hrd_bitrate, hrd_cpb_size;
    int hrd_cbr, hrd_delay_bits;
} AvocetStreamInfo;

/* Fills in what holds for the picture decoded last. AVOCET_NEED_INPUT: there was none yet. */
AVOCET_API int avocet_decoder_info(const AvocetDecoder *decoder, AvocetStreamInfo *info);

/* A sentence about the last error of this handle; "" if there was none. Valid until the next
 * call. */
AVOCET_API const char *avocet_decoder_error(const AvocetDecoder *decoder);
/* Where the NAL unit of the last error starts, in bytes from the start of the stream (of everything
 * sent since open or since the last AVOCET_END). */
AVOCET_API uint64_t avocet_decoder_error_offset(const AvocetDecoder *decoder);

#ifdef __cplusplus
}
#endif

#endif
