/* The media side of one receiver, a client of the server or the server that is pushed to: takes
 * packets out of the ring as fast as the receiver takes them from the network, within its RTSP
 * connection or by UDP, with sender reports between them. */
#ifndef AVO_STREAM_SENDER_H
#define AVO_STREAM_SENDER_H

#include "stream/net.h"
#include "stream/stream_source.h"

typedef struct AvoSender {
    AvoStream *stream; /* NULL: nothing is sent */
    AvoRingCursor cursor;
    bool udp;
    int channel[2];      /* of RTP and RTCP within the connection */
    AvoSocket socket[2]; /* UDP */
    uint16_t sequence;
    uint32_t packets, octets;
    int64_t report_us;   /* when the next report is due */
    int64_t progress_us; /* when the receiver last took something, or nothing was left for it */
    int64_t pause_us;    /* UDP: not before */
    uint8_t *out;        /* AVO_SENDER_BYTES: packets, each behind '$', channel, size */
    size_t head, tail;
} AvoSender;

void avo_sender_init(AvoSender *sender, uint8_t *out, uint16_t sequence);
/* Starts at the next keyframe. The lock is held. */
void avo_sender_start(AvoSender *sender, AvoStream *stream, int64_t now_us);
/* Stops; what is in `out` still goes out. */
void avo_sender_stop(AvoSender *sender);
void avo_sender_close(AvoSender *sender);

/* Takes packets from the ring if `out` is empty. The lock is held.
 * True: it waits for a keyframe. */
bool avo_sender_fill(AvoSender *sender, int64_t now_us);
/* May it say good-bye? By UDP that must not overtake the last pictures: players that read it first
 * stop there. */
bool avo_sender_may_leave(const AvoSender *sender, int64_t now_us);
/* Adds a last report that says good-bye. */
void avo_sender_bye(AvoSender *sender, int64_t now_us);
/* Sends what is in `out`. 1: all is gone, 0: not now, -1: the connection has ended. */
int avo_sender_flush(AvoSender *sender, AvoSocket connection, int64_t now_us);

#endif
