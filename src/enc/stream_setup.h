/* Parameter sets from the effective settings. */
#ifndef AVO_ENC_STREAM_SETUP_H
#define AVO_ENC_STREAM_SETUP_H

#include <avocet/encoder.h>
#include "h264/paramset.h"

/* config is validated; dpb_frames: reference frames the stream may hold; reorder:
 * num_reorder_frames. */
void avo_setup_sps(AvoSps *sps, const AvocetEncoderConfig *config, int dpb_frames, int reorder);
void avo_setup_pps(AvoPps *pps, const AvoSps *sps, const AvocetEncoderConfig *config);
/* The same with explicit weights for B pictures; false: the stream has no use for it. */
bool avo_setup_fade_pps(AvoPps *pps, const AvoPps *usual);

#endif
