/* Picture order count (8.2.1), reference list initialisation and modification (8.2.4), marking
 * (8.2.5). The encoder uses the same code as a decoder, so both agree by construction on what the
 * lists are. Frames are not owned: the DPB holds pointers and the owner's retain/release happens
 * outside, guided by is_ref. */
#ifndef AVO_H264_POC_DPB_H
#define AVO_H264_POC_DPB_H

#include "h264/slice.h"

typedef struct AvoPocState { /* carried from picture to picture, all POC types */
    int prev_poc_msb, prev_poc_lsb;
    int prev_frame_num, prev_frame_num_offset;
    bool prev_had_mmco5;
} AvoPocState;
/* POC of the picture with this header; call once per picture,
 * then avo_poc_commit after its marking. */
int avo_poc_decode(const AvoPocState *state, const AvoSps *sps, const AvoSliceHeader *header);
void avo_poc_commit(AvoPocState *state, const AvoSps *sps, const AvoSliceHeader *header,
                    int poc_after_marking);

typedef struct AvoDpb {
    AvoFrame *ref[AVO_REFS_MAX]; /* frames marked as reference (short or long), any order */
    int count;
    int max_refs;          /* max(max_num_ref_frames, 1) */
    int max_long_term_idx; /* -1: none */
} AvoDpb;

/* Initial RefPicList0/1 for a frame with frame_num and poc, modified as header says, cut to
 * header->num_ref_idx. Entries without a picture are NULL; negative status when a modification
 * names a picture that is not there. */
int avo_ref_lists_build(const AvoDpb *dpb, const AvoSps *sps, const AvoSliceHeader *header, int poc,
                        AvoFrame *list[2][AVO_REFS_MAX], AvoMessage *msg);
/* Finds the modifications that turn the initial list into the wanted one (encoder); wanted entries
 * must be in the DPB. Sets header->modification*, none when the initial list already starts with
 * the wanted entries. */
int avo_ref_lists_modify(const AvoDpb *dpb, const AvoSps *sps, AvoSliceHeader *header, int poc,
                         AvoFrame *const *wanted[2]);
/* Marking after a reference picture is decoded (IDR, sliding window or MMCO): updates dpb, clears
 * is_ref of frames that fall out, adds `current`. MMCO 5 rebases current->poc and frame_num. */
int avo_dpb_mark(AvoDpb *dpb, const AvoSps *sps, const AvoSliceHeader *header, AvoFrame *current,
                 AvoMessage *msg);

#endif
