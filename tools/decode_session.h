/* A coded file run through the decoder: what "avocet decode" and "avocet info" have in common. */
#ifndef TOOLS_DECODE_SESSION_H
#define TOOLS_DECODE_SESSION_H

#include <avocet/decoder.h>
#include <signal.h>
#include "stream_input.h"

typedef struct DecodeSession DecodeSession;
struct DecodeSession {
    StreamInput input;
    AvocetDecoder *decoder;
    int inspect;                              /* set before open: keep the inside of pictures */
    int threads;                              /* set before open; 0: one per core */
    SeekPoint seek;                           /* set before open: pictures before it are left out */
    int64_t first;                            /* number of the first picture taken */
    int64_t decoded;                          /* with those that are left out */
    int64_t pictures, damaged, errors;        /* pictures: taken */
    int64_t unsupported;                      /* of the errors */
    int64_t made_up, lost_frames;             /* macroblocks; reference pictures that never came */
    int64_t rootless;                         /* pictures that refer to such as never came */
    int64_t most;                             /* pictures to take at most, -1: all */
    const volatile sig_atomic_t *interrupted; /* not 0: stop; may be NULL */
    /* A picture in output order. -1: stop, fault is written. */
    int (*take)(DecodeSession *session, const AvocetDecodedPicture *picture, Fault *fault);
    /* Set before open; may be NULL. opaque is user. */
    void (*sei)(void *opaque, int type, const uint8_t *payload, size_t payload_size);
    void *user;
    int errors_told;
    Fault last_error; /* of the decoder */
};

/* Opens input and decoder. 0 or -1. */
int decode_session_open(DecodeSession *session, const char *name, Fault *fault);
/* Decodes everything. Damaged units are told on standard error (the first ten) and counted; -1: a
 * fault that ended it: of the input, of take, or a stream without any picture. */
int decode_session_run(DecodeSession *session, Fault *fault);
/* Was everything decoded as it was meant? -1: the fault says what the stream is. */
int decode_session_verdict(const DecodeSession *session, Fault *fault);
void decode_session_close(DecodeSession *session);

#endif
