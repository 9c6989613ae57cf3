/* Inside of the RTSP server: rtsp_server.c holds the public functions and the memory, rtsp_serve.c
 * the loop that serves clients. */
#ifndef AVO_STREAM_RTSP_SERVER_H
#define AVO_STREAM_RTSP_SERVER_H

#include "stream/rtsp_session.h"
#include "stream/sender.h"

enum { AVO_MAX_LISTENERS = 4, AVO_MAX_STREAMS = 64, AVO_NAME_BYTES = 128 };

typedef struct AvoClient {
    AvoSocket socket; /* AVO_NO_SOCKET: the place is free */
    char peer[AVO_NET_PEER_TEXT];
    AvoSession session;
    AvoSender sender;
    uint8_t *in;          /* request bytes that have come */
    size_t in_used, skip; /* skip: bytes of an interleaved packet that are of no interest */
    char *reply;
    size_t reply_head, reply_tail;
    int64_t since_us;   /* connected */
    int64_t life_us;    /* last sign of life */
    int64_t request_us; /* start of the request at hand */
    bool ending;        /* nothing more is read; closed when the client does, or at end_us */
    int64_t end_us;
    int64_t bye_us; /* when it was told that the stream is over; 0: not yet */
    int place[3];   /* in the poll set: connection, UDP */
} AvoClient;

typedef struct AvoServerUser {
    char name[AVO_NAME_BYTES], password[AVO_NAME_BYTES];
} AvoServerUser;

struct AvocetRtspServer {
    AvocetRtspServerConfig config;
    AvocetAllocator allocator;
    AvoMessage message;
    AvoSessionRules rules;
    char realm[AVO_NAME_BYTES];
    AvoServerUser user_text[AVO_MAX_USERS];
    AvocetUser user[AVO_MAX_USERS];
    AvoSocket listener[AVO_MAX_LISTENERS], wake[2];
    int listener_count, port;
    AvoNetSet *set;
    AvoClient *client; /* max_clients */
    uint8_t *client_memory;
    /* Guarded by the lock: streams and what is in them. */
    AvoNetThread *thread;
    AvoStream *stream[AVO_MAX_STREAMS];
    int stream_count;
    bool quit;       /* send what is left and end */
    int64_t quit_us; /* ... until then: who has not gone is dropped */
    /* Of the serving thread alone. */
    bool leaving;    /* quit, as it was at the start of this round */
    int64_t deaf_us; /* too many open files: no connection is taken before this time */
    /* The client whose request is being answered: what the session's host functions are about. */
    AvoClient *current;
};

/* One round: waits for something to do, does it. */
void avo_server_round(AvocetRtspServer *server, int wait_ms);
/* After quit: is anybody still there? */
bool avo_server_has_clients(const AvocetRtspServer *server);

#endif
