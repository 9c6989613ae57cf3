/* RGB pictures into numbered PNG files. */
#ifndef TOOLS_STILL_WRITER_H
#define TOOLS_STILL_WRITER_H

#include "overlay_canvas.h"

/* Is this the name of a still picture (.png)? */
int still_writer_wanted(const char *name);
/* Can it be written, and does it hold at most one number (%d,
 * %04d)? Else the fault says why not. */
int still_writer_check_name(const char *name, Fault *fault);
/* Writes picture `number` (from 1; without a number in the name only one can be written). */
int still_writer_add(const char *name, int64_t number, const Canvas *canvas, Fault *fault);

#endif
