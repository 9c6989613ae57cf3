/* Sizes of the fixed buffers. Built with AVOCET_STREAM_SMALL a server takes some 13 KB a client and
 * 10 KB besides, instead of 80 KB and 70 KB: for machines with little memory (MicroPython). What a
 * client is sent is the same, in smaller portions. */
#ifndef AVO_STREAM_LIMITS_H
#define AVO_STREAM_LIMITS_H

#ifndef AVOCET_STREAM_SMALL
#define AVOCET_STREAM_SMALL 0
#endif

enum {
    AVO_RING_PICTURES = AVOCET_STREAM_SMALL ? 64 : 1024,         /* under way */
    AVO_MAX_PACKET = AVOCET_STREAM_SMALL ? 1472 : 60000,         /* bytes of an RTP packet */
    AVO_FILL_BYTES = AVOCET_STREAM_SMALL ? 6 * 1024 : 48 * 1024, /* taken from the ring at once */
    /* A client's buffers: of media (a filling, its last packet and a report fit), of answers. */
    AVO_SENDER_BYTES = AVOCET_STREAM_SMALL ? 8 * 1024 : 64 * 1024,
    AVO_REPLY_BYTES = AVOCET_STREAM_SMALL ? 4 * 1024 : 8 * 1024,
    AVO_MAX_USERS = AVOCET_STREAM_SMALL ? 4 : 64
};

#endif
