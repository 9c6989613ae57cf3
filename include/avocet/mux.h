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
 * Everything that an MP4 file says about the video (size, aspect ratio, colours) comes from the
 * parameter sets. This part opens no files: bytes are written and read through callbacks, so they
 * may go to a card without a file system, a socket or a browser. */
#ifndef AVOCET_MUX_H
#define AVOCET_MUX_H

#include <avocet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- NAL units ---- */

/* One NAL unit (7.3.1). It points into the bytes that it was found in, and includes the header byte
 * but no start code or length. */
typedef struct AvocetNal {
    const uint8_t *data;
    size_t size;                /* at least 1 */
    int type;                   /* nal_unit_type: 1 slice, 5 IDR slice, 6 SEI, 7 SPS, 8 PPS, 9
                                 * AUD */
    int ref_idc;                /* nal_ref_idc: 0 for what no other picture refers to */
} AvocetNal;

/* Finds the next NAL unit at or after *pos (start with 0) and moves *pos to its end.
 * nal_length_size 0: start codes (Annex B); 1, 2, 4: big-endian lengths of that many bytes. Returns
 * 1, or 0 at the end, or AVOCET_ERR_DATA if a length does not fit. */
AVOCET_API int avocet_nal_next(const uint8_t *data, size_t size, int nal_length_size, size_t *pos,
                               AvocetNal *nal);

/* What a stream's first sequence parameter set says (7.3.2.1, Annex E). */
typedef struct AvocetVideoInfo {
    int profile_idc, constraint_flags, level_idc; /* constraint_flags: the byte between the two */
    int width, height;          /* in samples, cropped */
    int chroma_format_idc, bit_depth_luma, bit_depth_chroma;
    int sar_width, sar_height;  /* 0: not told */
    int full_range;
    int colour_primaries, transfer, colour_matrix; /* H.273 codes; 2: not told */
    AvocetRational fps;         /* 0/0: not told */
    int reorder_frames;         /* pictures that may wait for others before they are shown */
} AvocetVideoInfo;

/* Reads *info from bytes that hold an SPS. AVOCET_ERR_DATA: there is none, or it is damaged. */
AVOCET_API int avocet_video_info(const uint8_t *headers, size_t size, int nal_length_size,
                                 AvocetVideoInfo *info);
/* Writes the codec's name for playlists and browsers, as "avc1.640028", with its final 0. */
AVOCET_API void avocet_video_codec_text(const AvocetVideoInfo *info, char text[12]);
/* Writes the AVCDecoderConfigurationRecord ("avcC", extradata; ISO/IEC 14496-15) for streams with
 * 4-byte lengths, from bytes that hold SPS and PPS. out NULL: nothing is written. Returns its size,
 * AVOCET_ERR_MEMORY if out_size is too small, or AVOCET_ERR_DATA. */
AVOCET_API int64_t avocet_avcc_write(const uint8_t *headers, size_t size, int nal_length_size,
                                     uint8_t *out, size_t out_size);

/* ---- writing MP4 ---- */

/* Where the bytes go. Each callback returns 0, or a negative number, which makes the library's call
 * fail with AVOCET_ERR_IO. */
typedef struct AvocetSink {
    /* Appends bytes at the end. */
    int (*write)(void *opaque, const uint8_t *data, size_t size);
    /* Overwrites bytes that were written before. Not needed for AVOCET_MP4_FRAGMENTED. */
    int (*write_at)(void *opaque, uint64_t offset, const uint8_t *data, size_t size);
    /* Reads bytes that were written before. Needed for AVOCET_MP4_INDEX_FIRST only. */
    int (*read_at)(void *opaque, uint64_t offset, uint8_t *data, size_t size);
    /* Cuts the file to this size. May be NULL: then a few unused bytes are left in it, in a box
     * that readers skip. */
    int (*truncate)(void *opaque, uint64_t size);
    /* Returns when everything written so far would survive a power cut. May be NULL. */
    int (*sync)(void *opaque);
    void *opaque;
} AvocetSink;

typedef enum AvocetMp4Layout {
    /* Index behind the media data. A file that was never finished can be repaired (see
     * `journal`). */
    AVOCET_MP4_INDEX_LAST,
    /* Index in front ("faststart"), so that a player can start before the file has arrived. The
     * media data is moved when the file is finished, in place and in a way that can be resumed:
     * if the program is killed at any moment, nothing is lost. */
    AVOCET_MP4_INDEX_FIRST,
    /* Fragmented (CMAF): each fragment carries its own index and is complete when written. Needs
     * neither seeking nor memory beyond one fragment. */
    AVOCET_MP4_FRAGMENTED
} AvocetMp4Layout;

/* A fragment that is about to be written. */
typedef struct AvocetMp4Fragment {
    int64_t number;             /* from 1 */
    int64_t time, duration;     /* decoding time from 0, in units of 1 / timescale seconds */
    int32_t timescale;
    int samples;                /* pictures in it */
    int keyframe;               /* 1: it starts with a keyframe */
    uint64_t bytes;
} AvocetMp4Fragment;

typedef struct AvocetMp4Config {
    size_t size;                /* sizeof(AvocetMp4Config), set by config_init */
    AvocetMp4Layout layout;
    AvocetRational time_base;   /* seconds per unit of the packets' pts and dts; kept exactly */
    int64_t frame_duration;     /* how long the last picture is shown, in time base units; 0: as
                                 * long as the one before */
    int nal_length_size;        /* of the packets: 0 start codes (default), 4 lengths */
    int negative_offsets;       /* 1: the delay of B pictures is told by negative composition
                                 * offsets instead of an edit list (brand cmf2); fragmented only */
    /* Fragmented. */
    int fragment_ms;            /* a fragment ends once it is this long; default 1000 */
    int fragment_at_keyframes;  /* 1: ... and the next picture is a keyframe */
    size_t fragment_bytes;      /* memory for the media data of a fragment, which ends before it is
                                 * full. 0 (default): it grows up to 16 MB */
    int fragment_samples;       /* most pictures in one; default 1024 */
    /* Called before the bytes of each fragment are written; may be NULL. A negative result makes
     * the library's call fail. */
    int (*fragment)(void *opaque, const AvocetMp4Fragment *fragment);
    void *fragment_opaque;
    /* Not fragmented. */
    size_t index_bytes;         /* memory for the index, taken at open: about 6 bytes a picture.
                                 * 0 (default): it grows in blocks of 16 KB through the allocator
                                 * while packets are written */
    int journal;                /* 1 (default): sizes and times are recorded among the media data
                                 * (about 5 bytes a picture), so that an unfinished file can be
                                 * repaired */
    uint64_t creation_time;     /* seconds since 1904-01-01 UTC; 0 (default): not stored, so that
                                 * the same video gives the same file */
} AvocetMp4Config;

typedef struct AvocetMp4Writer AvocetMp4Writer;

/* Defaults: index last, with a journal; time_base is the caller's to fill in. */
AVOCET_API void avocet_mp4_config_init(AvocetMp4Config *config);
/* Opens a writer; nothing is written yet. config, sink and headers are copied; what their opaque
 * pointers lead to must stay until close. headers: SPS and PPS (see avocet_encoder_headers), in the
 * form of the packets; NULL: they are taken from the first packet. allocator NULL: malloc. On
 * failure *writer is NULL and message (may be NULL) says why. */
AVOCET_API int avocet_mp4_open(AvocetMp4Writer **writer, const AvocetMp4Config *config,
                               const AvocetSink *sink, const uint8_t *headers, size_t headers_size,
                               const AvocetAllocator *allocator, char *message,
                               size_t message_size);
/* Adds one access unit, in decoding order; its data is copied or written before the call returns.
 * After an error nothing more can be written. AVOCET_ERR_DATA: no NAL units in the form of
 * nal_length_size; AVOCET_ERR_ARGUMENT: times that do not increase; AVOCET_ERR_IO: a callback. */
AVOCET_API int avocet_mp4_write(AvocetMp4Writer *writer, const AvocetPacket *packet);
/* Ends the current fragment now, unless it is empty. next_dts: dts of the packet that will follow,
 * or AVOCET_NO_TIME if that is not known. */
AVOCET_API int avocet_mp4_end_fragment(AvocetMp4Writer *writer, int64_t next_dts);
#define AVOCET_NO_TIME INT64_MIN
/* Writes the rest of the file, which is complete then. AVOCET_ERR_STATE: there was no packet. */
AVOCET_API int avocet_mp4_finish(AvocetMp4Writer *writer);
/* Frees everything; *writer becomes NULL. NULL is fine. Without avocet_mp4_finish the file stays
 * unfinished, but it can be repaired. */
AVOCET_API void avocet_mp4_close(AvocetMp4Writer **writer);
/* Sentence about the last error; "" if there was none. Valid until the next call. */
AVOCET_API const char *avocet_mp4_error(const AvocetMp4Writer *writer);
/* Bytes written so far. */
AVOCET_API uint64_t avocet_mp4_bytes(const AvocetMp4Writer *writer);

/* ---- reading MP4 and Annex B ---- */

/* Where bytes come from. */
typedef struct AvocetSource {
    /* Reads up to size bytes. Returns how many (fewer than size only at the end), or a negative
     * number. */
    int64_t (*read_at)(void *opaque, uint64_t offset, uint8_t *data, size_t size);
    uint64_t size;
    void *opaque;
} AvocetSource;

typedef struct AvocetReaderConfig {
    size_t size;                /* sizeof(AvocetReaderConfig), set by config_init */
    size_t memory_limit;        /* most bytes that the reader may allocate; default 1 GB */
    AvocetRational fps;         /* of Annex B streams, which have no times. 0/0 (default): from the
                                 * stream's parameter sets, or 25 if they do not tell */
    int nal_length_size;        /* form of the packets: 0 start codes (default), with parameter
                                 * sets before each keyframe; 4 lengths */
} AvocetReaderConfig;

typedef struct AvocetReaderInfo {
    AvocetVideoInfo video;
    int is_mp4, is_fragmented;
    AvocetRational time_base;   /* of pts and dts */
    int64_t duration;           /* from the first picture's display to the last one's end, in time
                                 * base units */
    int64_t frame_duration;     /* of the picture that is shown last */
    int64_t packets;
    const uint8_t *headers;     /* SPS and PPS, with start codes; valid until close */
    size_t headers_size;
    int repaired;               /* 1: the file was unfinished or cut; packets are those that were
                                 * found whole */
    uint64_t lost_bytes;        /* media data that belongs to no whole picture */
} AvocetReaderInfo;

typedef struct AvocetReader AvocetReader;

/* Defaults. */
AVOCET_API void avocet_reader_config_init(AvocetReaderConfig *config);
/* Opens an MP4 file (its first H.264 track; whole, cut, or left unfinished by the writer above) or
 * an Annex B stream. config NULL: defaults. source is copied; its opaque must stay until close.
 * allocator NULL: malloc; it is called while opening, and when a packet is larger than any before.
 * Whatever the bytes are, there is no crash and no endless loop, and memory stays within the limit.
 * On failure *reader is NULL and message (may be NULL) says why: AVOCET_ERR_DATA,
 * AVOCET_ERR_UNSUPPORTED (no H.264), AVOCET_ERR_MEMORY, AVOCET_ERR_IO. */
AVOCET_API int avocet_reader_open(AvocetReader **reader, const AvocetReaderConfig *config,
                                  const AvocetSource *source, const AvocetAllocator *allocator,
                                  char *message, size_t message_size);
/* What was found in the file; valid until close. */
AVOCET_API const AvocetReaderInfo *avocet_reader_info(const AvocetReader *reader);
/* Describes the packet with this number (from 0, in decoding order): everything but its data; size
 * is that in the file. AVOCET_END: past the last one. */
AVOCET_API int avocet_reader_packet(const AvocetReader *reader, int64_t number,
                                    AvocetPacket *packet);
/* The same with its data, valid until the next read or close. AVOCET_ERR_IO, AVOCET_ERR_DATA,
 * AVOCET_ERR_MEMORY: this packet cannot be read, but others may be. */
AVOCET_API int avocet_reader_read(AvocetReader *reader, int64_t number, AvocetPacket *packet);
/* Sentence about the last error; "" if there was none. Valid until the next call. */
AVOCET_API const char *avocet_reader_error(const AvocetReader *reader);
/* Frees everything; *reader becomes NULL. NULL is fine. */
AVOCET_API void avocet_reader_close(AvocetReader **reader);

#ifdef __cplusplus
}
#endif

#endif
