/* Writes the encoder's reconstruction as .y4m. Pictures come in coding order and go out in display
 * order: each waits until all with earlier timestamps are written. */
#ifndef TOOLS_RECON_H
#define TOOLS_RECON_H

#include <avocet/avocet.h>
#include "fault.h"

typedef struct Recon Recon;

Recon *recon_open(const char *name, const AvocetEncoderConfig *config, Fault *fault);
/* A picture was sent to the encoder: its turn comes after those sent before. */
int recon_expect(Recon *recon, int64_t pts, Fault *fault);
/* The reconstruction of the packet with this pts. */
int recon_add(Recon *recon, int64_t pts, const AvocetPicture *picture, Fault *fault);
int recon_close(Recon *recon, Fault *fault);

#endif
