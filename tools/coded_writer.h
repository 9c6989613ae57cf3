/* Pictures encoded with our own encoder into a file:
 * overlays as a video that every player shows. */
#ifndef TOOLS_CODED_WRITER_H
#define TOOLS_CODED_WRITER_H

#include <avocet/decoder.h>
#include "output/output.h"

typedef struct CodedWriter {
    const char *name;
    AvocetEncoder *encoder;
    Output *output;
    int64_t count;
} CodedWriter;

/* Is this the name of a file that holds coded video (.mp4, .264, .mkv, ...)? */
int coded_writer_wanted(const char *name);
/* I420; info: rate, aspect and colours of the stream that the picture comes from. The first picture
 * creates the file. 0 or -1. */
int coded_writer_add(CodedWriter *writer, const char *name, const AvocetPicture *picture,
                     const AvocetStreamInfo *info, Fault *fault);
/* Completes the file. */
int coded_writer_close(CodedWriter *writer, Fault *fault);

#endif
