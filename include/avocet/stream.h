/* Avocet streaming: packets in, live video over the network out (RTSP, RTP).
 *
 *     AvocetRtspServerConfig config;
 *     AvocetStreamConfig video;
 *     avocet_rtsp_server_config_init(&config);
 *     avocet_stream_config_init(&video);
 *     video.path = "live";
 *     video.time_base = (AvocetRational){1, 30};
 *     AvocetRtspServer *server;
 *     if (avocet_rtsp_server_open(&server, &config, NULL, message, sizeof message) < 0) ...
 *     int stream = avocet_rtsp_server_add(server, &video);
 *     for each picture:
 *         if (avocet_rtsp_server_wants_keyframe(server, stream))
 *             avocet_encoder_force_keyframe(enc);
 *         ... packets of the encoder: avocet_rtsp_server_send(server, stream, &packet);
 *     avocet_rtsp_server_close(&server);
 *
 * Sending copies the packet into a ring buffer and returns. Clients come and go, and slow ones lose
 * whole pictures up to the next keyframe, without affecting the caller. What clients are told about
 * the H.264 stream comes from the packets.
 *
 * The first part needs an operating system with sockets (POSIX); elsewhere its functions return
 * AVOCET_ERR_UNSUPPORTED. The second part, "by hand", has the functions that the first is built on;
 * they need no operating system and allocate nothing. */
#ifndef AVOCET_STREAM_H
#define AVOCET_STREAM_H

#include <avocet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what is streamed ---- */

typedef struct AvocetStreamConfig {
    size_t size;                /* sizeof(AvocetStreamConfig), set by config_init */
    const char *path;           /* what follows rtsp://HOST:PORT/; "" (default): any path */
    AvocetRational time_base;   /* seconds per unit of the packets' pts; num at most 16384 */
    AvocetRational fps;         /* announced to clients; 0/0 (default): not announced */
    int nal_length_size;        /* of packets and headers: 0 start codes (default), 4 lengths */
    const uint8_t *headers;     /* SPS and PPS, so that clients learn them before the first
                                 * keyframe; NULL (default): from the first keyframe */
    size_t headers_size;
    size_t max_picture;         /* bytes; larger packets are not sent. 0 (default): a quarter of
                                 * ring_bytes */
    size_t ring_bytes;          /* memory for pictures being sent; 0 (default): 4 MB */
    int max_packet;             /* bytes of an RTP packet; default 1400 */
    int max_delay_ms;           /* a client that is further behind continues at the next keyframe;
                                 * default 2000 */
    /* Called when a client waits for a keyframe, from the server's thread, at most every 500 ms. It
     * must not call the server. NULL: see avocet_rtsp_server_wants_keyframe. */
    void (*keyframe_wanted)(void *opaque);
    void *opaque;
} AvocetStreamConfig;

/* Defaults; time_base is the caller's to fill in. */
AVOCET_API void avocet_stream_config_init(AvocetStreamConfig *config);

typedef struct AvocetStreamStats {
    int clients;                /* clients that receive the stream now */
    int64_t pictures, bytes;    /* sent by the caller */
    int64_t too_large;          /* pictures larger than max_picture, which were not sent on */
    int64_t clients_served;     /* all clients that have begun to play so far */
    int64_t pictures_skipped;   /* sum over all clients that were too slow */
    int64_t clients_dropped;    /* clients that took nothing for too long (stall_ms) */
} AvocetStreamStats;

/* ---- secrets ---- */

typedef struct AvocetUser {
    const char *name, *password;
} AvocetUser;

typedef enum AvocetHashKind { AVOCET_HASH_MD5, AVOCET_HASH_SHA256 } AvocetHashKind;
/* Writes the hash of data, 16 bytes (MD5) or 32 (SHA-256). Returns 0, or a negative number if it
 * cannot. */
typedef int (*AvocetHashFn)(void *opaque, AvocetHashKind kind, const uint8_t *data, size_t size,
                            uint8_t *hash);
/* 1 if the library was built with mbedTLS, whose hashes are used where no others are given. */
AVOCET_API int avocet_stream_has_hashes(void);

/* ---- RTSP server ---- */

typedef struct AvocetRtspServerConfig {
    size_t size;                /* sizeof(AvocetRtspServerConfig), set by config_init */
    const char *address;        /* to listen on; NULL (default): all, IPv4 and IPv6 */
    int port;                   /* default 8554; 0: any free one */
    int max_streams;            /* default 4 */
    int max_clients;            /* connections at a time; default 64, at most 1000 */
    int max_request;            /* bytes of a request; default 4096, 512 to 65536 */
    int request_ms;             /* time for a request to arrive whole, and for a client to begin
                                 * playing; default 10000 */
    int timeout_ms;             /* a session without a sign of life for this long ends; default
                                 * 60000 */
    int stall_ms;               /* a client that takes no byte for this long is dropped; default
                                 * 10000 */
    int udp;                    /* 1 (default): clients may ask for UDP; 0: only within the
                                 * connection */
    int own_thread;             /* 1 (default): the server has its own thread; 0: the caller calls
                                 * avocet_rtsp_server_run */
    /* Digest authentication: only these users are served. No users (default): everybody is. */
    const AvocetUser *users;
    int user_count;
    const char *realm;          /* default "avocet" */
    int md5;                    /* 1 (default): clients that do not know SHA-256 may use MD5 */
    int nonce_ms;               /* how long a nonce is valid; default 300000 */
    AvocetHashFn hash;          /* NULL (default): mbedTLS */
    void *hash_opaque;
    /* Called with a sentence when a client comes or goes, from the server's thread. NULL (default):
     * not called. */
    void (*log)(void *opaque, const char *text);
    void *log_opaque;
} AvocetRtspServerConfig;

typedef struct AvocetRtspServer AvocetRtspServer;

/* Defaults. */
AVOCET_API void avocet_rtsp_server_config_init(AvocetRtspServerConfig *config);
/* Opens a server, which listens from now on. Everything in config is copied, users and passwords
 * too. allocator NULL: malloc; it is called here, by avocet_rtsp_server_add and by close. On
 * failure *server is NULL and message (may be NULL) says why: AVOCET_ERR_ARGUMENT, AVOCET_ERR_IO
 * (the address or port), AVOCET_ERR_MEMORY, AVOCET_ERR_UNSUPPORTED (no sockets here, or users
 * without hashes). */
AVOCET_API int avocet_rtsp_server_open(AvocetRtspServer **server,
                                       const AvocetRtspServerConfig *config,
                                       const AvocetAllocator *allocator, char *message,
                                       size_t message_size);
/* The port that the server listens on. */
AVOCET_API int avocet_rtsp_server_port(const AvocetRtspServer *server);
/* Adds a stream and allocates its memory; path and headers are copied. Returns its number (from 0)
 * or an error, see avocet_rtsp_server_error. Add all streams before several threads send. */
AVOCET_API int avocet_rtsp_server_add(AvocetRtspServer *server, const AvocetStreamConfig *config);
/* Queues one access unit, copied; never waits for a client. AVOCET_OK also when it is too large to
 * be sent (see stats). AVOCET_ERR_DATA: no NAL units in the form of nal_length_size. Packets come
 * in decoding order; different streams may be fed from different threads. */
AVOCET_API int avocet_rtsp_server_send(AvocetRtspServer *server, int stream,
                                       const AvocetPacket *packet);
/* Returns 1, once, when a client waits for a keyframe. Ask before each picture is encoded. */
AVOCET_API int avocet_rtsp_server_wants_keyframe(AvocetRtspServer *server, int stream);
/* Counts of one stream up to now. May be called from any thread. */
AVOCET_API int avocet_rtsp_server_stats(AvocetRtspServer *server, int stream,
                                        AvocetStreamStats *stats);
/* With own_thread 0: serves clients until nothing is left to do, and waits up to wait_ms
 * milliseconds for something to do. AVOCET_ERR_STATE: the server has a thread of its own. */
AVOCET_API int avocet_rtsp_server_run(AvocetRtspServer *server, int wait_ms);
/* Sentence about the last error; "" if there was none. Valid until the next call. */
AVOCET_API const char *avocet_rtsp_server_error(const AvocetRtspServer *server);
/* Ends all sessions and frees everything; *server becomes NULL. NULL is fine. No other thread may
 * be inside a function of this server. Clients are sent what is left and told that the stream ends.
 * This returns as soon as all have gone, and after 5 seconds at the latest. */
AVOCET_API void avocet_rtsp_server_close(AvocetRtspServer **server);

/* ---- pushing to another server (ANNOUNCE, RECORD) ---- */

typedef struct AvocetRtspPushConfig {
    size_t size;                /* sizeof(AvocetRtspPushConfig), set by config_init */
    const char *url;            /* rtsp://[USER:PASSWORD@]HOST[:PORT]/PATH */
    int udp;                    /* 0 (default): media within the connection; 1: UDP */
    int timeout_ms;             /* to connect and for each answer; default 10000 */
    AvocetHashFn hash;          /* for servers that ask for a password; NULL (default): mbedTLS */
    void *hash_opaque;
} AvocetRtspPushConfig;

typedef struct AvocetRtspPush AvocetRtspPush;

/* Defaults; url is the caller's to fill in. */
AVOCET_API void avocet_rtsp_push_config_init(AvocetRtspPushConfig *config);
/* Connects and announces the stream, whose headers must be given. Returns when the server is ready
 * for the video; each of its answers may take timeout_ms. Everything given is copied. On
 * failure *push is NULL and message (may be NULL) says why: AVOCET_ERR_ARGUMENT, AVOCET_ERR_IO (no
 * connection, or the server refuses), AVOCET_ERR_UNSUPPORTED (no sockets here, or a password
 * without hashes), AVOCET_ERR_MEMORY. */
AVOCET_API int avocet_rtsp_push_open(AvocetRtspPush **push, const AvocetRtspPushConfig *config,
                                     const AvocetStreamConfig *stream,
                                     const AvocetAllocator *allocator, char *message,
                                     size_t message_size);
/* Queues one access unit, copied; never waits. AVOCET_ERR_IO once the connection is lost. */
AVOCET_API int avocet_rtsp_push_send(AvocetRtspPush *push, const AvocetPacket *packet);
/* Returns 1, once, when the server asks for a keyframe, or one is needed to continue. */
AVOCET_API int avocet_rtsp_push_wants_keyframe(AvocetRtspPush *push);
/* Counts up to now. May be called from any thread. */
AVOCET_API int avocet_rtsp_push_stats(AvocetRtspPush *push, AvocetStreamStats *stats);
/* Sentence about the last error; "" if there was none. Valid until the next call. */
AVOCET_API const char *avocet_rtsp_push_error(const AvocetRtspPush *push);
/* Sends what is queued (for at most timeout_ms), ends the session and frees everything; *push
 * becomes NULL. NULL is fine. */
AVOCET_API void avocet_rtsp_push_close(AvocetRtspPush **push);

/* ---- by hand: RTP, RTCP, SDP ---- */

/* Sender of one RTP stream (RFC 3550) with the payload format of RFC 6184, packetisation mode 1:
 * small NAL units share a packet (STAP-A), large ones are sent in pieces (FU-A).
 *
 *     avocet_rtp_init(&rtp, ssrc, sequence, 1400);
 *     for each access unit:
 *         avocet_rtp_begin(&rtp, data, size, 0, timestamp);
 *         while ((n = avocet_rtp_next(&rtp, datagram, sizeof datagram)) > 0) send(datagram, n); */
typedef struct AvocetRtp {
    uint32_t ssrc;
    uint16_t sequence;          /* of the next packet */
    int payload_type;           /* 96 */
    int max_packet;             /* bytes, including the RTP header of 12 */
    uint32_t packets, octets;   /* sent so far; octets counts the payload alone */
    /* The access unit being sent; for the functions below alone. */
    const uint8_t *data;
    size_t data_size, position;
    int nal_length_size;
    const uint8_t *nal, *next_nal; /* NULL: none */
    size_t nal_size, next_nal_size, nal_done;
    uint32_t timestamp;
} AvocetRtp;

/* Initialises a sender in the caller's memory; nothing has to be freed. ssrc, sequence: random
 * numbers (RFC 3550, 5.1). max_packet: bytes, 64 to 65535 (other values are moved into this range);
 * 1400 fits most networks. */
AVOCET_API void avocet_rtp_init(AvocetRtp *rtp, uint32_t ssrc, uint16_t sequence, int max_packet);
/* Starts an access unit, which must stay in memory until its last packet is written. timestamp:
 * 1/90000 s. */
AVOCET_API int avocet_rtp_begin(AvocetRtp *rtp, const uint8_t *data, size_t size,
                                int nal_length_size, uint32_t timestamp);
/* Writes the next packet. Returns its size, 0 when the access unit is done, or AVOCET_ERR_MEMORY if
 * packet_size is less than max_packet. */
AVOCET_API int avocet_rtp_next(AvocetRtp *rtp, uint8_t *packet, size_t packet_size);
/* Converts pts to 1/90000 s, modulo 2^32. */
AVOCET_API uint32_t avocet_rtp_time(int64_t pts, AvocetRational time_base);

/* Writes an RTCP sender report with the source's name (SDES CNAME). timestamp: a time in RTP units;
 * ntp: the same time in seconds since 1900, 32.32 fixed point. bye 1: a BYE follows, which ends the
 * stream. Returns its size or AVOCET_ERR_MEMORY. */
AVOCET_API int avocet_rtcp_write(const AvocetRtp *rtp, uint64_t ntp, uint32_t timestamp,
                                 const char *cname, int bye, uint8_t *out, size_t out_size);

/* What a receiver says in an RTCP datagram. */
typedef struct AvocetRtcpReport {
    int has_report;             /* 1: the next three are set, about the stream `ssrc` */
    int fraction_lost;          /* 1/256 of the packets since the last report */
    int packets_lost;           /* since the start */
    uint32_t jitter;            /* of the arrival times, in RTP units */
    int bye;                    /* 1: the receiver leaves */
    int wants_keyframe;         /* picture loss indication or full intra request (RFC 4585, 5104) */
} AvocetRtcpReport;
/* Reads an RTCP datagram. AVOCET_ERR_DATA: it is not one. */
AVOCET_API int avocet_rtcp_read(const uint8_t *data, size_t size, uint32_t ssrc,
                                AvocetRtcpReport *report);

/* Writes the session description (RFC 4566) of one H.264 stream, with sprop-parameter-sets if
 * headers holds SPS and PPS. control: URL of the track, for example "trackID=0". Returns its
 * length, without the final 0, or AVOCET_ERR_MEMORY. */
AVOCET_API int avocet_sdp_write(const char *name, uint32_t session_id, const char *control,
                                AvocetRational fps, const uint8_t *headers, size_t headers_size,
                                int nal_length_size, char *out, size_t out_size);

#ifdef __cplusplus
}
#endif

#endif
