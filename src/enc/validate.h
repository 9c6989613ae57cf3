/* From the settings asked for to the settings in effect.
 *
 * Three outcomes, never silence: a value outside its range or a contradiction is an error that
 * names the options; what the profile, the level or another option rules out is switched off or
 * lowered, with a sentence that says so; values that stand for "choose" (level 0, profile auto,
 * time base 0/0, min_keyint 0, colour -1) are filled in. */
#ifndef AVO_ENC_VALIDATE_H
#define AVO_ENC_VALIDATE_H

#include <avocet/encoder.h>
#include "base/status.h"

#define AVO_ADJUSTMENTS_MAX 24

/* One sentence each: "ref lowered from 16 to 4: level 4 holds 4 pictures of this size". */
typedef struct AvoAdjustments {
    int count;
    char text[AVO_ADJUSTMENTS_MAX][160];
} AvoAdjustments;

/* Checks *effective and makes it what will be encoded; running it again on the result changes
 * nothing. adjustments may be NULL. On an error *effective is undefined. */
int avo_config_validate(AvocetEncoderConfig *effective, AvoAdjustments *adjustments,
                        AvoMessage *msg);

/* Pictures that come out of a decoder later than pictures sent after them, at most
 * (num_reorder_frames): one per level of the B pyramid. */
int avo_config_reorder_frames(const AvocetEncoderConfig *config);
/* Pictures that the decoder must hold for these settings (max_dec_frame_buffering). */
int avo_config_dpb_frames(const AvocetEncoderConfig *config);

#endif
