/* What "avocet info" counts over a stream: bits over time, structure of the groups of pictures, how
 * full the decoder's buffer would be. */
#ifndef TOOLS_STREAM_STATS_H
#define TOOLS_STREAM_STATS_H

#include <avocet/decoder.h>
#include "fault.h"

/* A picture; they are added in order of output. */
typedef struct StatPicture {
    int64_t coding; /* rises in coding order */
    int64_t bytes;
    uint8_t type; /* AvocetFrameType */
} StatPicture;

typedef struct StreamStats {
    StatPicture *pictures; /* in order of output until stats_finish, then in coding order */
    int64_t count, capacity;
    double fps;
    int64_t bytes;

    /* Groups of pictures, from IDR to IDR. */
    int64_t groups, shortest, longest;
    int b_run;            /* most B pictures in a row */
    char first_group[65]; /* I IDR, i I, P, B referred to, b; in order of output */

    /* Bits of each second in coding order; the last one counts the part of a second that it is. */
    double *curve; /* kb/s */
    int64_t seconds;
    double mean, peak, least; /* peak and least: of whole seconds, if there is one */

    /* The buffer of the hypothetical reference decoder, when its parameters are known. */
    int has_buffer;
    double least_full; /* share of the buffer right after a picture was taken out */
    int64_t underflows, overflows;
} StreamStats;

/* 0 or -1. */
int stats_add(StreamStats *stats, const StatPicture *picture, Fault *fault);
/* Everything that follows from the pictures. bytes: of each packet in coding order, where known
 * (NULL: those of the pictures). delay: initial_cpb_removal_delay, 0: not told. */
int stats_finish(StreamStats *stats, const AvocetStreamInfo *info, double fps, const int64_t *bytes,
                 int64_t packets, uint32_t delay, Fault *fault);
void stats_free(StreamStats *stats);

#endif
