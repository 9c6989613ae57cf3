/* Coded bytes that come through a pipe, whatever they are: a byte stream goes through as it is; of
 * fragmented MP4 each fragment is taken apart once it is complete; MP4 with one index for the whole
 * file only when it has come to its end. */
#ifndef TOOLS_PIPE_DEMUX_H
#define TOOLS_PIPE_DEMUX_H

#include <avocet/mux.h>
#include "fault.h"

typedef enum PipeKind { PIPE_UNKNOWN, PIPE_BYTES, PIPE_FRAGMENTS, PIPE_WHOLE } PipeKind;

/* All zero: nothing came yet. */
typedef struct PipeDemux {
    PipeKind kind;
    uint8_t *bytes; /* that wait; of MP4: init segment first, then from the fragment's start on */
    size_t size, capacity;
    size_t init;  /* size of the init segment; 0: not complete yet */
    uint64_t gap; /* bytes of fragments that are gone */
    size_t box;   /* where the next box starts */
    int at_end;
    AvocetSource source;  /* the bytes that the reader sees */
    AvocetReader *reader; /* of the fragment at work; NULL: none */
    int64_t packet;
    size_t fragment_end;
} PipeDemux;

/* More bytes. 0 or -1. */
int pipe_demux_add(PipeDemux *demux, const uint8_t *data, size_t size, Fault *fault);
/* No more will come. */
void pipe_demux_end(PipeDemux *demux);
/* The next bytes for the decoder, valid until the next call: 1;
 * 0: add more first (or the end); -1: a fault. */
int pipe_demux_next(PipeDemux *demux, const uint8_t **data, size_t *size, Fault *fault);
void pipe_demux_free(PipeDemux *demux);

#endif
