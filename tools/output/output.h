/* Where the stream goes: one interface for every writer of packets. An Output is opened by name
 * (output.c finds the writer by the extension, or by the options) and takes packet after packet. A
 * writer embeds Output as its first member. */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <avocet/avocet.h>
#include <avocet/stream.h>
#include "fault.h"

enum { OUTPUT_USERS = 32, OUTPUT_USER_BYTES = 256 };

/* What the user said about the output; zero: nothing. */
typedef struct OutputOptions {
    double fragment;           /* MP4: seconds per fragment; 0: one index for the whole file */
    int index_last;            /* MP4: leave the index behind the data */
    const char *hls;           /* folder for HLS, instead of a file */
    double segment;            /* HLS: seconds per segment; 0: 4 */
    int window;                /* HLS: segments in the list, older ones are deleted; 0: keep all */
    const char *listen, *push; /* RTSP: URL to serve at or to send to, instead of a file */
    AvocetUser users[OUTPUT_USERS]; /* listen; in user_text */
    char user_text[OUTPUT_USERS][OUTPUT_USER_BYTES];
    int user_count;
    int max_clients;    /* listen; 0: 64 */
    int no_udp, no_md5; /* listen */
    int udp;            /* push */
    int tell;           /* RTSP: say on standard error who comes and goes */
} OutputOptions;

/* What will come. */
typedef struct OutputTrack {
    const uint8_t *headers; /* SPS and PPS with start codes; valid while the output is open */
    size_t headers_size;
    AvocetRational time_base, fps;
    int64_t frame_duration; /* of the last picture, in time_base; 0: unknown */
} OutputTrack;

typedef struct Output Output;
struct Output {
    int64_t bytes; /* written so far */
    int (*write)(Output *output, const AvocetPacket *packet, Fault *fault);
    /* Should the picture with this pts become a keyframe? NULL: no wishes. */
    int (*wants_keyframe)(Output *output, int64_t pts);
    /* Completes and frees. What was written stays. */
    int (*close)(Output *output, Fault *fault);
};

/* Sets the option of that name ("fragment", "hls", ...); value NULL: a flag. 0, -1 with fault. */
int output_set_option(OutputOptions *options, const char *name, const char *value, Fault *fault);
/* Is the name's extension one that can be written, and do the options fit it? Else the fault says
 * which are. */
int output_check_name(const char *name, const OutputOptions *options, Fault *fault);
/* Creates the file ("-": standard output). NULL: fault. */
Output *output_open(const char *name, const OutputOptions *options, const OutputTrack *track,
                    Fault *fault);
/* Track of an encoder that is open. */
OutputTrack output_track(AvocetEncoder *encoder);

/* The writers. */
Output *output_annexb_open(const char *name, Fault *fault);
Output *output_mp4_open(const char *name, const OutputOptions *options, const OutputTrack *track,
                        Fault *fault);
Output *output_hls_open(const OutputOptions *options, const OutputTrack *track, Fault *fault);
Output *output_lavf_open(const char *name, const OutputTrack *track, Fault *fault);
Output *output_rtsp_open(const OutputOptions *options, const OutputTrack *track, Fault *fault);
/* The options --listen, --push and what belongs to them; values stay the caller's. */
int output_rtsp_set_option(OutputOptions *options, const char *name, const char *value,
                           Fault *fault);
int output_rtsp_check(const OutputOptions *options, Fault *fault);
/* Does libavformat write files of this extension (and is it there)? Else -1 and a fault. */
int output_lavf_check(const char *name, Fault *fault);

#endif
