/* The statistics file between the passes of a two-pass encoding: text, one line per picture.
 *
 *     avocet-stats 1 352x288 30/1
 *     # picture type layer qp/256 bits cost duration/65536
 *     0 IDR 0 5376 43210 30211 65536
 *     ...
 *     end 300
 *
 * Reading names the line at fault; a file without its last line was cut off. */
#ifndef TOOLS_PASS_STATS_H
#define TOOLS_PASS_STATS_H

#include <stdio.h>
#include <avocet/encoder.h>
#include "fault.h"

typedef struct PassStats {
    const char *name;
    AvocetPassRecord *record; /* read from the file */
    int64_t count;
    FILE *file; /* being written: name.new until it is complete, where name is there already */
    char temporary[1024];
    int64_t written;
} PassStats;

/* Reads the records for a video as config describes it. 0 or -1. */
int pass_stats_read(PassStats *stats, const char *name, const AvocetEncoderConfig *config,
                    Fault *fault);
int pass_stats_create(PassStats *stats, const char *name, const AvocetEncoderConfig *config,
                      Fault *fault);
int pass_stats_add(PassStats *stats, const AvocetPassRecord *record, Fault *fault);
/* complete: everything was encoded; otherwise a file of that name stays as it was. */
int pass_stats_close(PassStats *stats, int complete, Fault *fault);

#endif
