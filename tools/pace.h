/* Real time: each picture when its turn has come by its pts. */
#ifndef TOOLS_PACE_H
#define TOOLS_PACE_H

#include <avocet/types.h>
#include <signal.h>

typedef struct Pace {
    double unit;  /* seconds per unit of pts */
    double start; /* clock at pts 0; unknown before the first picture */
    int started;
} Pace;

void pace_start(Pace *pace, AvocetRational time_base);
/* Returns when it is time for the picture, or when *stop is set. Who is late by more than a second
 * is not made to hurry: time then starts anew. */
void pace_wait(Pace *pace, int64_t pts, const volatile sig_atomic_t *stop);

#endif
