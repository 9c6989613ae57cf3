/* The decoder's buffer as the encoder foresees it: a leaky bucket (Annex C) that fills at `rate` up
 * to `size`, and out of which a picture's bits are taken at once when the picture is due.
 *
 * Where the stream itself describes the buffer (HRD parameters), a checker follows it to the last
 * bit: then removal times count pictures, whatever their durations, rate and size are what the
 * parameters can express, and the fill level is kept as an exact fraction. */
#ifndef AVO_ENC_VBV_H
#define AVO_ENC_VBV_H

#include <avocet/encoder.h>
#include "base/util.h"

typedef struct AvoVbv {
    int64_t size, rate;    /* bits, bits per second; size 0: no buffer */
    int64_t fill;          /* whole bits inside when the next picture is due, */
    uint64_t part, parts;  /* and part / parts of one more */
    uint64_t size_part;    /* the same of size */
    uint32_t ticks;        /* 1/90000 s that `rate` takes to fill it */
    int64_t arrival;       /* bits that come in 1/fps seconds, */
    uint64_t arrival_part; /* and arrival_part / parts of one more */
    bool constant;         /* bits come whether there is room or not: filler must make it */
    bool counted;          /* every picture lasts 1/fps seconds */
} AvoVbv;

/* Takes bufsize, maxrate and fps from config; what was inside stays, as far as there is room. */
void avo_vbv_configure(AvoVbv *vbv, const AvocetEncoderConfig *config);
/* Whether config describes the buffer that vbv was configured for. */
bool avo_vbv_same(const AvoVbv *vbv, const AvocetEncoderConfig *config);
/* A picture of `bits` leaves, then its duration passes. Returns the bits that found no room (with a
 * constant rate: filler that must be sent with the picture). */
int64_t avo_vbv_take(AvoVbv *vbv, int64_t bits, int64_t duration_q16);
/* The least that the quantisers of n pictures with these bits must rise, 1/256 QP, so that none
 * comes too late and a reserve stays. */
int avo_vbv_raise_q8(const AvoVbv *vbv, const int64_t *bits, const int64_t *duration_q16, int n);
/* For buffering periods: ticks from the first bit's arrival to the picture's removal. Only where
 * the stream describes the buffer. */
uint32_t avo_vbv_delay(const AvoVbv *vbv);

#endif
