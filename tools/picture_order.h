/* The pictures of a file in order of output, and where decoding must start to show one of them: for
 * jumps in the player and --seek. Nothing is decoded for it; the reader has found the packets. */
#ifndef TOOLS_PICTURE_ORDER_H
#define TOOLS_PICTURE_ORDER_H

#include <avocet/mux.h>
#include "fault.h"

typedef struct PictureOrder {
    int64_t count;
    int64_t *rank; /* [packet]: number in order of output */
    int64_t *time; /* [number]: time, in time base units from the first */
    double unit;   /* seconds */
} PictureOrder;

/* 0 or -1. */
int picture_order_init(PictureOrder *order, AvocetReader *reader, Fault *fault);
void picture_order_free(PictureOrder *order);
/* The picture on the screen after so many seconds. */
int64_t picture_order_at(const PictureOrder *order, double seconds);
/* The packet to start with so that picture `number` comes out as if everything had been decoded:
 * the last IDR picture or exact recovery point that is shown no later; the first packet if there is
 * none. */
int64_t picture_order_start(const PictureOrder *order, AvocetReader *reader, int64_t number);

#endif
