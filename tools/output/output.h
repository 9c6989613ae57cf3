/* Where the stream goes. Only Annex B files so far; the interface is that of any writer of packets.
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <avocet/avocet.h>
#include "fault.h"

typedef struct Output Output;

/* Is the name's extension one that can be written? Else the fault says which are. */
int output_check_name(const char *name, Fault *fault);
/* Creates the file ("-": standard output). NULL: fault. */
Output *output_open(const char *name, Fault *fault);
int output_write(Output *output, const AvocetPacket *packet, Fault *fault);
int64_t output_bytes(const Output *output);
/* Flushes and closes; a fault when the last bytes could not be written. What was written stays. */
int output_close(Output *output, Fault *fault);

#endif
