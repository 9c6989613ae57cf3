/* Server side of RTSP (RFC 2326) as a state machine: a request in, a response out. It knows neither
 * sockets nor time nor memory; what it needs of them it asks of its host. One session belongs to
 * one connection. */
#ifndef AVO_STREAM_RTSP_SESSION_H
#define AVO_STREAM_RTSP_SESSION_H

#include "stream/rtsp_auth.h"

typedef enum AvoSessionState {
    AVO_SESSION_INIT,  /* nothing is set up */
    AVO_SESSION_READY, /* a transport is, nothing is sent */
    AVO_SESSION_PLAYING
} AvoSessionState;

typedef struct AvoSessionHost {
    void *opaque;
    /* Number of the stream at this path, or -1. */
    int (*find)(void *opaque, AvoSpan path);
    /* Its description as of avocet_sdp_write. */
    int (*describe)(void *opaque, int stream, char *out, size_t size);
    uint32_t (*ssrc)(void *opaque, int stream);
    /* Sequence number of the packet that this client gets next. */
    uint16_t (*sequence)(void *opaque);
    /* Takes a pair of ports and sends from there to the client's. False: there is none. */
    bool (*open_udp)(void *opaque, const int client_port[2], int server_port[2]);
    void (*close_udp)(void *opaque);
    bool (*random)(void *opaque, uint8_t *bytes, size_t size);
    int64_t (*now_ms)(void *opaque);
} AvoSessionHost;

typedef struct AvoSessionRules {
    AvoAuthRules auth;
    int nonce_ms, timeout_ms;
    bool udp;
} AvoSessionRules;

typedef struct AvoSession {
    AvoSessionState state;
    int stream;
    bool udp;
    int channel[2]; /* of RTP and RTCP within the connection */
    char id[17];    /* "": none */
    char nonce[AVO_NONCE_TEXT];
    int64_t nonce_since_ms;
    uint32_t nonce_count;
    int refused; /* wrong passwords */
    bool close;  /* the connection ends when the response is out */
} AvoSession;

void avo_session_init(AvoSession *session);
/* Answers a request. */
void avo_session_handle(AvoSession *session, const AvoSessionRules *rules,
                        const AvoSessionHost *host, const AvoRtspMessage *request,
                        AvoTextOut *reply);
/* Answers what is no request. */
void avo_session_refuse(AvoSession *session, int status, AvoTextOut *reply);

#endif
