/* The encoder's decoded picture buffer: which pictures stay as references, in which order a picture
 * lists them, and the marking syntax that makes every decoder do the same. */
#ifndef AVO_ENC_REFERENCES_H
#define AVO_ENC_REFERENCES_H

#include "enc/plan.h"
#include "h264/poc_dpb.h"

typedef struct AvoReferences {
    const AvoSps *sps;
    const AvoPps *pps;
    AvoFrame *pool; /* all reconstruction frames */
    int pool_size;
    AvoDpb dpb;
    AvoPocState poc;
    int frame_num; /* of the next picture */
    int idr_pic_id;
    int max_refs;           /* list entries per picture */
    bool duplicates;        /* a weighted reference is listed a second time without weights */
    bool is_chain;          /* P pictures only */
    int long_term_interval; /* every n-th reference picture of layer 0 becomes long-term; 0: none */
    int64_t refs_since_long_term;
    bool long_term_allowed; /* MMCO 4 was sent since the last IDR */
    int64_t next_uid;
} AvoReferences;

void avo_references_init(AvoReferences *r, const AvoSps *sps, const AvoPps *pps, AvoFrame *pool,
                         int pool_size, const AvocetEncoderConfig *config);
/* Takes a free frame for the picture and fills the header's numbering, lists and marking and refs'
 * frames and counts (derived members of refs excluded).
 * The frame has one reference count for the caller. */
AvoFrame *avo_references_start(AvoReferences *r, const AvoPlan *plan, AvoSliceHeader *header,
                               AvoSliceRefs *refs, AvoMessage *msg);
/* After the picture: marking, retention, counters.
 * Frames that fell out lose the buffer's reference count. */
int avo_references_finish(AvoReferences *r, const AvoSliceHeader *header, AvoFrame *frame,
                          AvoMessage *msg);

#endif
