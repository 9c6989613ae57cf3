/* Avocet containers: packets in, MP4 out (and back).
 *
 *     AvocetMp4Config config;
 *     avocet_mp4_config_init(&config);
 *     config.time_base = (AvocetRational){1, 30};
 *     AvocetMp4Writer *mp4;
 *     if (avocet_mp4_open(&mp4, &config, &sink, headers, headers_size, NULL, message,
 *                         sizeof message) < 0) ...
 *     for each packet:
 *         avocet_mp4_write(mp4, &packet);
 *     avocet_mp4_finish(mp4);
 *     avocet_mp4_close(&mp4);
 *
 * Everything that an MP4 file says of the video (size, aspect ratio, colours) comes from the
 * parameter sets. There is no file here: bytes go out and come in through callbacks, so a card
 * without a file system, a socket or a browser will do. */
#ifndef AVOCET_MUX_H
#define AVOCET_MUX_H

#include <avocet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- NAL units ---- */

/* Points into the bytes it was found in; header byte included, start code or length not. */
typedef struct AvocetNal {
    const uint8_t *data;
    size_t size;                /* at least 1 */
    int type;                   /* nal_unit_type: 1 slice, 5 IDR slice, 6 SEI, 7 SPS, 8 PPS, 9
                                 * AUD */
    int ref_idc;
} AvocetNal;

/* The next NAL unit at or after *pos (start with 0), which moves behind it. nal_length_size 0:
 * start codes (Annex B); 1, 2, 4: big-endian lengths of that many bytes. Returns 1, 0 at the end,
 * or AVOCET_ERR_DATA when a length does not fit. */
AVOCET_API int avocet_nal_next(const uint8_t *data, size_t size, int nal_length_size, size_t *pos,
                               AvocetNal *nal);

/* What a stream's first sequence parameter set says. */
typedef struct AvocetVideoInfo {
    int profile_idc, constraint_flags, level_idc; /* constraint_flags: the byte between the two */
    int width, height;          /* cropped */
    int chroma_format_idc, bit_depth_luma, bit_depth_chroma;
    int sar_width, sar_height;  /* 0: not told */
    int full_range;
    int colour_primaries, transfer, colour_matrix; /* H.273 codes; 2: not told */
    AvocetRational fps;         /* 0/0: not told */
    int reorder_frames;         /* pictures that may wait for others before they are shown */
} AvocetVideoInfo;

/* Reads them from bytes that hold an SPS. AVOCET_ERR_DATA: there is none, or it is damaged. */
AVOCET_API int avocet_video_info(const uint8_t *headers, size_t size, int nal_length_size,
                                 AvocetVideoInfo *info);
/* "avc1.640028", for playlists and browsers; text holds 12 characters. */
AVOCET_API void avocet_video_codec_text(const AvocetVideoInfo *info, char text[12]);
/* AVCDecoderConfigurationRecord ("avcC", extradata) from bytes that hold SPS and PPS, for 4-byte
 * lengths. Returns its size, AVOCET_ERR_MEMORY if out_size is too small (out NULL: only asks for
 * the size), or AVOCET_ERR_DATA. */
AVOCET_API int64_t avocet_avcc_write(const uint8_t *headers, size_t size, int nal_length_size,
                                     uint8_t *out, size_t out_size);

/* ---- writing MP4 ---- */

/* Where the bytes go. All return 0 or a negative number, which makes the call fail with
 * AVOCET_ERR_IO. */
typedef struct AvocetSink {
    /* Appends. */
    int (*write)(void *opaque, const uint8_t *data, size_t size);
    /* Overwrites bytes that were written before. Not needed for AVOCET_MP4_FRAGMENTED. */
    int (*write_at)(void *opaque, uint64_t offset, const uint8_t *data, size_t size);
    /* Reads bytes that were written before. Needed for AVOCET_MP4_INDEX_FIRST only. */
    int (*read_at)(void *opaque, uint64_t offset, uint8_t *data, size_t size);
    /* Cuts the file. May be NULL: a few bytes too many then stay behind, hidden in a box that
     * readers skip. */
    int (*truncate)(void *opaque, uint64_t size);
    /* Returns when everything written would survive a power cut. May be NULL. */
    int (*sync)(void *opaque);
    void *opaque;
} AvocetSink;

typedef enum AvocetMp4Layout {
    /* Index behind the media data. Until it is finished the file can be repaired (see
     * `journal`). */
    AVOCET_MP4_INDEX_LAST,
    /* Index in front ("faststart"), so that playing starts before the file has arrived. The
     * media data is moved when the file is finished, in place and in a way that can be resumed:
     * a kill at any moment loses nothing. */
    AVOCET_MP4_INDEX_FIRST,
    /* Fragmented (CMAF): each fragment carries its own index and is complete when written. Needs
     * neither seeking nor memory beyond one fragment. */
    AVOCET_MP4_FRAGMENTED
} AvocetMp4Layout;

/* A fragment that is about to be written. */
typedef struct AvocetMp4Fragment {
    int64_t number;             /* from 1 */
    int64_t time, duration;     /* of decoding, in units of 1 / timescale, from 0 */
    int32_t timescale;
    int samples;
    int keyframe;               /* 1: starts with one */
    uint64_t bytes;
} AvocetMp4Fragment;

typedef struct AvocetMp4Config {
    size_t size;                /* sizeof(AvocetMp4Config), set by config_init */
    AvocetMp4Layout layout;
    AvocetRational time_base;   /* seconds per unit of the packets' pts and dts; kept exactly */
    int64_t frame_duration;     /* how long the last picture is shown; 0: as long as the one
                                 * before */
    int nal_length_size;        /* of the packets: 0 start codes (default), 4 lengths */
    int negative_offsets;       /* delay of B pictures by negative composition offsets instead of an
                                 * edit list (brand cmf2); fragmented only */
    /* Fragmented. */
    int fragment_ms;            /* a fragment ends once it is this long; default 1000 */
    int fragment_at_keyframes;  /* ... and the next picture is a keyframe */
    size_t fragment_bytes;      /* memory for the media data of one; a fragment ends before it is
                                 * full. 0 (default): grows up to 16 MB */
    int fragment_samples;       /* most pictures in one; default 1024 */
    /* Called before the bytes of each fragment are written; may be NULL. Negative: the call
     * fails. */
    int (*fragment)(void *opaque, const AvocetMp4Fragment *fragment);
    void *fragment_opaque;
    /* Not fragmented. */
    size_t index_bytes;         /* memory for the index, taken at open: about 6 bytes a picture.
                                 * 0 (default): it grows in blocks of 16 KB through the allocator
                                 * while packets are written */
    int journal;                /* 1 (default): sizes and times are noted among the media data
                                 * (about 5 bytes a picture), from which an unfinished file is
                                 * repaired */
    uint64_t creation_time;     /* seconds since 1904-01-01 UTC; 0 (default): not told, so that
                                 * the same video gives the same file */
} AvocetMp4Config;

typedef struct AvocetMp4Writer AvocetMp4Writer;

/* Defaults: index last, with a journal; time_base is the caller's to fill in. */
AVOCET_API void avocet_mp4_config_init(AvocetMp4Config *config);
/* Opens a writer; config, sink and headers are copied, what their pointers lead to must stay until
 * close. headers: SPS and PPS (as of avocet_encoder_headers), in the packets' form; NULL: they are
 * taken from the first packet. allocator NULL: malloc. On failure *writer is NULL and message (may
 * be NULL) says why. Writes nothing yet. */
AVOCET_API int avocet_mp4_open(AvocetMp4Writer **writer, const AvocetMp4Config *config,
                               const AvocetSink *sink, const uint8_t *headers, size_t headers_size,
                               const AvocetAllocator *allocator, char *message,
                               size_t message_size);
/* Adds one access unit, in decoding order; its data is copied or written before the call returns.
 * After an error nothing more can be written. AVOCET_ERR_DATA: no NAL units in the form of
 * nal_length_size; AVOCET_ERR_ARGUMENT: times that do not increase; AVOCET_ERR_IO: a callback. */
AVOCET_API int avocet_mp4_write(AvocetMp4Writer *writer, const AvocetPacket *packet);
/* Ends the current fragment now, if it holds anything. next_dts: dts of the packet that will
 * follow, or AVOCET_NO_TIME when that is not known. */
AVOCET_API int avocet_mp4_end_fragment(AvocetMp4Writer *writer, int64_t next_dts);
#define AVOCET_NO_TIME INT64_MIN
/* Writes what is missing for a complete file. Without any packet there is nothing to write:
 * AVOCET_ERR_STATE. */
AVOCET_API int avocet_mp4_finish(AvocetMp4Writer *writer);
/* Frees everything; *writer becomes NULL. NULL is fine. Without finish the file stays unfinished,
 * but can be repaired. */
AVOCET_API void avocet_mp4_close(AvocetMp4Writer **writer);
/* Sentence about the last error; "" if there was none. Valid until the next call. */
AVOCET_API const char *avocet_mp4_error(const AvocetMp4Writer *writer);
/* Bytes written so far. */
AVOCET_API uint64_t avocet_mp4_bytes(const AvocetMp4Writer *writer);

/* ---- reading MP4 and Annex B ---- */

/* Where bytes come from. */
typedef struct AvocetSource {
    /* Bytes read (fewer than size at the end only), or negative. */
    int64_t (*read_at)(void *opaque, uint64_t offset, uint8_t *data, size_t size);
    uint64_t size;
    void *opaque;
} AvocetSource;

typedef struct AvocetReaderConfig {
    size_t size;                /* sizeof(AvocetReaderConfig), set by config_init */
    size_t memory_limit;        /* bytes taken at most; default 1 GB */
    AvocetRational fps;         /* of Annex B streams, which know no times; 0/0: from the stream,
                                 * 25 if it does not tell */
    int nal_length_size;        /* form of the packets: 0 start codes (default), with parameter
                                 * sets before each keyframe; 4 lengths */
} AvocetReaderConfig;

typedef struct AvocetReaderInfo {
    AvocetVideoInfo video;
    int is_mp4, is_fragmented;
    AvocetRational time_base;   /* of pts and dts */
    int64_t duration;           /* shown, time base units */
    int64_t frame_duration;     /* of the picture shown last */
    int64_t packets;
    const uint8_t *headers;     /* SPS and PPS, with start codes; valid until close */
    size_t headers_size;
    int repaired;               /* the file was unfinished or cut: packets are those found whole */
    uint64_t lost_bytes;        /* media data that is there but belongs to no whole picture */
} AvocetReaderInfo;

typedef struct AvocetReader AvocetReader;

/* Defaults. */
AVOCET_API void avocet_reader_config_init(AvocetReaderConfig *config);
/* Opens an MP4 file (its first H.264 track; whole, cut, or left unfinished by the writer above) or
 * an Annex B stream. config NULL: defaults. The allocator is called while opening and when a packet
 * is larger than any before. Whatever the bytes: no crash, no endless loop, memory within the
 * limit. source is copied; its opaque must stay until close. On failure *reader is NULL and message
 * (may be NULL) says why: AVOCET_ERR_DATA, AVOCET_ERR_UNSUPPORTED (no H.264), AVOCET_ERR_MEMORY,
 * AVOCET_ERR_IO. */
AVOCET_API int avocet_reader_open(AvocetReader **reader, const AvocetReaderConfig *config,
                                  const AvocetSource *source, const AvocetAllocator *allocator,
                                  char *message, size_t message_size);
/* Valid until close. */
AVOCET_API const AvocetReaderInfo *avocet_reader_info(const AvocetReader *reader);
/* The packet of that number (from 0, decoding order): all but data, whose size is that in the file.
 * AVOCET_END: past the last one. */
AVOCET_API int avocet_reader_packet(const AvocetReader *reader, int64_t number,
                                    AvocetPacket *packet);
/* The same with its data, valid until the next read or close. AVOCET_ERR_IO, AVOCET_ERR_DATA,
 * AVOCET_ERR_MEMORY: this packet cannot be had; others may. */
AVOCET_API int avocet_reader_read(AvocetReader *reader, int64_t number, AvocetPacket *packet);
/* Sentence about the last error; "" if there was none. Valid until the next call. */
AVOCET_API const char *avocet_reader_error(const AvocetReader *reader);
/* Frees everything; *reader becomes NULL. NULL is fine. */
AVOCET_API void avocet_reader_close(AvocetReader **reader);

#ifdef __cplusplus
}
#endif

#endif
