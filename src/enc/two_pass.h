/* Two-pass rate control: what a first pass left of every picture tells what each will cost, so the
 * bits asked for can be spread over the whole stream at one even quality.
 *
 *     records (types, quantisers, bits) --begin--> types for the lookahead
 *                                                  base of the quantisers, picture by picture
 *
 * The base is the one at which all pictures not yet coded are expected to take what is left of the
 * bits. The expectation scales each record's bits by its quantiser, and by how pictures of its kind
 * turned out in this pass so far. Thus the base hardly moves, and the sum is met. */
#ifndef AVO_ENC_TWO_PASS_H
#define AVO_ENC_TWO_PASS_H

#include "base/arena.h"
#include "enc/ratecontrol.h"

typedef struct AvoTwoPassPicture {
    int64_t scaled;    /* bits at base 0 */
    int complexity_q8; /* part of its quantiser that comes from complexity */
} AvoTwoPassPicture;

struct AvoTwoPass {
    int64_t count;               /* pictures; 0: there was no first pass */
    int8_t *type;                /* AvocetFrameType by display index */
    AvoTwoPassPicture *picture;  /* by display index */
    int64_t budget;              /* bits of all pictures */
    uint64_t rest[AVO_RC_KINDS]; /* bits at base 0 of what is not started yet */
    uint64_t prior[AVO_RC_KINDS]; /* of a few usual pictures */
    uint64_t was[AVO_RC_KINDS], is[AVO_RC_KINDS]; /* of what is coded: in the records, and now */
};

/* Room for the records of config; safe on a dry run. */
void avo_two_pass_carve(AvoTwoPass *tp, AvoArena *arena, const AvocetEncoderConfig *config);
/* Takes over the records of config, after rate control has its settings. bframes: B pictures in a
 * row that the lookahead allows. */
int avo_two_pass_begin(AvoTwoPass *tp, const AvoRateControl *rc, const AvocetEncoderConfig *config,
                       int bframes, AvoMessage *msg);
/* Base of the quantisers of what is not started, when `spent` bits are gone. */
int avo_two_pass_base_q8(const AvoTwoPass *tp, int64_t spent);
/* A picture is started, with this base found before; later: its bits are `scaled` at base 0. */
void avo_two_pass_start(AvoTwoPass *tp, int64_t display_index, int kind);
void avo_two_pass_end(AvoTwoPass *tp, int64_t display_index, int kind, uint64_t scaled);

#endif
