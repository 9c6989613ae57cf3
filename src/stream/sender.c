/* See sender.h. */
#include "stream/sender.h"
#include "base/bytes.h"
#include "base/thread.h"

enum {
    /* Taken from the ring at once by UDP, unless the receiver is late already, with pauses between,
     * so that no queue on the way is flooded. Without threads nobody comes back in time. */
    UDP_BYTES = AVO_THREADS && AVO_FILL_BYTES > 12 * 1024 ? 12 * 1024 : AVO_FILL_BYTES,
    UDP_PAUSE_US = AVO_THREADS ? 1000 : 0,
    /* From the last picture to the good-bye, which has a way of its own and ends the playing: a
     * player on a busy machine may still have many datagrams in its queue. */
    UDP_LINGER_US = 1200000,
    REPORT_US = 5000000,
    FRAME = 4 /* '$', channel, size */
};

void avo_sender_init(AvoSender *s, uint8_t *out, uint16_t sequence)
{
    memset(s, 0, sizeof *s);
    s->socket[0] = s->socket[1] = AVO_NO_SOCKET;
    s->out = out;
    s->sequence = sequence;
}

void avo_sender_start(AvoSender *s, AvoStream *stream, int64_t now_us)
{
    s->stream = stream;
    s->report_us = s->progress_us = s->pause_us = now_us;
    avo_ring_join(&stream->ring, &s->cursor);
    stream->stats.clients++;
    stream->stats.clients_served++;
}

void avo_sender_stop(AvoSender *s)
{
    if (s->stream)
        s->stream->stats.clients--;
    s->stream = NULL;
}

void avo_sender_close(AvoSender *s)
{
    avo_net_close(&s->socket[0]);
    avo_net_close(&s->socket[1]);
    s->udp = false;
    s->head = s->tail = 0;
}

static void put_frame_head(AvoSender *s, int channel, size_t n)
{
    uint8_t *p = s->out + s->tail;
    p[0] = '$';
    p[1] = (uint8_t)channel;
    avo_put_u16(p + 2, (uint32_t)n);
    s->tail += FRAME + n;
}

static void put_report(AvoSender *s, int64_t now_us, int bye)
{
    AvocetRtp rtp = s->stream->rtp;
    rtp.packets = s->packets;
    rtp.octets = s->octets;
    int n = avocet_rtcp_write(&rtp, avo_net_wall_ntp(), avo_stream_time_now(s->stream, now_us),
                              "avocet", bye, s->out + s->tail + FRAME,
                              AVO_SENDER_BYTES - s->tail - FRAME);
    if (n > 0)
        put_frame_head(s, s->channel[1], (size_t)n);
}

/* A packet out of the ring, with this receiver's own sequence number. */
static int put_packet(AvoSender *s, int64_t now_us)
{
    uint8_t *p = s->out + s->tail + FRAME;
    int64_t skipped = s->cursor.skipped;
    int n = avo_ring_read(&s->stream->ring, &s->cursor, now_us,
                          (int64_t)s->stream->config.max_delay_ms * 1000, p,
                          AVO_SENDER_BYTES - s->tail - FRAME);
    s->sequence = (uint16_t)(s->sequence + s->cursor.gap);
    s->cursor.gap = 0;
    s->stream->stats.pictures_skipped += s->cursor.skipped - skipped;
    if (n <= 0)
        return n;
    avo_put_u16(p + 2, s->sequence++);
    s->packets++;
    s->octets += (uint32_t)n - 12;
    put_frame_head(s, s->channel[0], (size_t)n);
    return n;
}

bool avo_sender_fill(AvoSender *s, int64_t now_us)
{
    if (!s->stream || s->head < s->tail || now_us < s->pause_us)
        return false;
    bool late = s->stream->ring.next - s->cursor.number > 2;
    size_t most = s->udp && !late ? UDP_BYTES : AVO_FILL_BYTES;
    s->head = s->tail = 0;
    while (s->tail < most && put_packet(s, now_us) > 0)
        ;
    if (s->tail && now_us >= s->report_us) { /* behind media: the report then has its time */
        put_report(s, now_us, 0);
        s->report_us = now_us + REPORT_US;
    }
    if (s->tail == 0)
        s->progress_us = now_us;
    return s->cursor.waiting;
}

bool avo_sender_may_leave(const AvoSender *s, int64_t now_us)
{
    return !s->udp || now_us - s->pause_us > UDP_LINGER_US;
}

void avo_sender_bye(AvoSender *s, int64_t now_us)
{
    if (s->head == s->tail)
        s->head = s->tail = 0;
    if (s->stream && AVO_SENDER_BYTES - s->tail > 256)
        put_report(s, now_us, 1);
}

/* Each packet as a datagram of its own. One that the system does not take at all is lost,
 * as in the network. */
static int flush_udp(AvoSender *s, int64_t now_us)
{
    while (s->head < s->tail) {
        const uint8_t *p = s->out + s->head;
        size_t n = avo_get_u16(p + 2);
        AvoSocket to = s->socket[p[1] == s->channel[1]];
        if (avo_net_write(to, p + FRAME, n) == 0)
            return 0;
        s->head += FRAME + n;
    }
    if (s->tail)
        s->pause_us = now_us + UDP_PAUSE_US;
    s->head = s->tail = 0;
    s->progress_us = now_us;
    return 1;
}

int avo_sender_flush(AvoSender *s, AvoSocket connection, int64_t now_us)
{
    if (s->udp)
        return flush_udp(s, now_us);
    while (s->head < s->tail) {
        ptrdiff_t n = avo_net_write(connection, s->out + s->head, s->tail - s->head);
        if (n <= 0)
            return (int)n;
        s->head += (size_t)n;
        s->progress_us = now_us;
    }
    return 1;
}
