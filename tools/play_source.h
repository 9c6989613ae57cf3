/* Pictures of a file by number, in order of output, for the player; of a pipe as they come.
 *
 * Pictures shown last are kept as copies, so a step back need not decode from the keyframe again.
 */
#ifndef TOOLS_PLAY_SOURCE_H
#define TOOLS_PLAY_SOURCE_H

#include "overlay.h"

typedef struct PlaySource PlaySource;

/* A picture that was decoded; valid until the next call of play_source_frame. */
typedef struct PlayFrame {
    int64_t index; /* in order of output, from 0; -1: empty */
    AvocetPicture picture;
    AvocetInspection inside; /* mb NULL: not kept */
    FrameStat stat;
    int keyframe, damaged;
    void *memory; /* planes and records */
    size_t memory_size;
    uint64_t used; /* when it was asked for last */
} PlayFrame;

enum { PLAY_WAIT = 0, PLAY_READY = 1, PLAY_END = 2 }; /* negative: fault */

/* A file (.mp4, .264) or "-". NULL: fault. */
PlaySource *play_source_open(const char *name, Fault *fault);
void play_source_close(PlaySource *source);
/* Number of pictures; -1: unknown (a pipe that has not ended). */
int64_t play_source_count(const PlaySource *source);
int play_source_is_live(const PlaySource *source);
/* When that picture is shown, in seconds from the first. */
double play_source_time(const PlaySource *source, int64_t index);
/* The picture shown at that time. Files only. */
int64_t play_source_at(const PlaySource *source, double seconds);
/* Keep the inside of pictures from now on? Pictures without it are decoded again (files). */
void play_source_want_inside(PlaySource *source, int wanted);
/* Decodes up to a picture. PLAY_WAIT: the pipe has nothing yet; PLAY_END: there is none of that
 * number. A picture that is lost is replaced by the next one. */
int play_source_frame(PlaySource *source, int64_t index, const PlayFrame **frame, Fault *fault);
/* Waits for bytes in the pipe, at most that long. */
void play_source_wait(const PlaySource *source, int milliseconds);
/* Known once a picture was decoded. */
const AvocetStreamInfo *play_source_info(const PlaySource *source);
/* Types and sizes in order of output: of all pictures of a file (type AUTO until they were
 * decoded), of those of a pipe so far; *count of them. */
const FrameStat *play_source_stats(const PlaySource *source, int64_t *count);

#endif
