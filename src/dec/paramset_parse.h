/* Sequence and picture parameter sets from bits (7.3.2.1, 7.3.2.2, Annex E),
 * and SEI messages (7.3.2.3). */
#ifndef AVO_DEC_PARAMSET_PARSE_H
#define AVO_DEC_PARAMSET_PARSE_H

#include "base/bitreader.h"
#include "h264/paramset.h"

/* Ranges are checked (avo_sps_check), scaling lists resolved. Sets for tools that this decoder
 * lacks parse well; see avo_sps_unsupported. */
int avo_sps_parse(AvoSps *sps, const uint8_t *rbsp, size_t size, AvoMessage *msg);
/* The first thing in a set that this decoder does not do, as a phrase; NULL: none. */
const char *avo_sps_unsupported(const AvoSps *sps);

/* The set's lists stay unresolved and its ranges unchecked, since the sequence parameter set it
 * names may come later: avo_pps_activate does both for a copy. slice_group_id is allocated and
 * belongs to the caller from then on. */
int avo_pps_parse(AvoPps *pps, const uint8_t *rbsp, size_t size, const AvocetAllocator *allocator,
                  AvoMessage *msg);
int avo_pps_activate(AvoPps *pps, const AvoSps *sps, AvoMessage *msg);

/* Calls sei for each message; stops silently where the sizes do not fit. */
void avo_sei_parse(const uint8_t *rbsp, size_t size,
                   void (*sei)(void *opaque, int type, const uint8_t *payload, size_t payload_size),
                   void *opaque);

#endif
