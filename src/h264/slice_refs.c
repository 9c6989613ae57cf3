/* What follows from a slice's reference lists once per slice: weights (8.4.2.3) and the constants
 * of direct prediction (8.4.1.2). See slice.h. */
#include "base/util.h"
#include "h264/slice.h"

static bool is_long_term(const AvoFrame *f)
{
    return f->long_term_idx >= 0;
}

/* DistScaleFactor of 8.4.1.2.3. False: equal order counts or a long-term list 0 picture; vectors
 * are not scaled. */
static bool dist_scale_factor(int *factor, int current_poc, const AvoFrame *ref0,
                              const AvoFrame *ref1)
{
    int64_t distance = (int64_t)ref1->poc - ref0->poc;
    if (distance == 0 || is_long_term(ref0))
        return false;
    int tb = (int)avo_clip3_64(-128, 127, (int64_t)current_poc - ref0->poc);
    int td = (int)avo_clip3_64(-128, 127, distance);
    int tx = (16384 + avo_abs(td / 2)) / td;
    *factor = avo_clip3(-1024, 1023, (tb * tx + 32) >> 6);
    return true;
}

/* 8.4.2.3.1, implicit mode: weight of the list 1 sample out of 64. */
static int implicit_weight(int current_poc, const AvoFrame *ref0, const AvoFrame *ref1)
{
    int factor;
    if (!ref0 || !ref1 || is_long_term(ref1) ||
        !dist_scale_factor(&factor, current_poc, ref0, ref1))
        return 32;
    int w1 = factor >> 2;
    return w1 < -64 || w1 > 128 ? 32 : w1;
}

static AvoWeightMode weight_mode(AvoSliceType type, const AvoPps *pps)
{
    if (type == AVO_SLICE_P && pps->weighted_pred)
        return AVO_WEIGHT_EXPLICIT;
    if (type == AVO_SLICE_B && pps->weighted_bipred_idc == 1)
        return AVO_WEIGHT_EXPLICIT;
    if (type == AVO_SLICE_B && pps->weighted_bipred_idc == 2)
        return AVO_WEIGHT_IMPLICIT;
    return AVO_WEIGHT_NONE;
}

/* The header's weights, with the default where a component has no flag. */
static void explicit_weights(AvoSliceRefs *refs, const AvoSliceHeader *header)
{
    refs->log2_denom[0] = header->luma_log2_denom;
    refs->log2_denom[1] = header->chroma_log2_denom;
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < refs->count[list]; i++) {
            AvoWeight *w = &refs->weight[list][i];
            *w = header->weight[list][i];
            for (int c = 0; c < 3; c++)
                if (c == 0 ? !w->luma_flag : !w->chroma_flag) {
                    w->w[c] = (int16_t)(1 << refs->log2_denom[c > 0]);
                    w->o[c] = 0;
                }
        }
}

static void temporal_scales(AvoSliceRefs *refs, int current_poc)
{
    for (int i = 0; i < refs->count[0]; i++) {
        int factor = 0;
        const AvoFrame *ref0 = refs->frame[0][i];
        refs->ref0_is_long_term[i] =
            !ref0 || !refs->col || !dist_scale_factor(&factor, current_poc, ref0, refs->col);
        refs->dist_scale[i] = (int16_t)factor;
    }
}

/* Which list 0 index names the picture that a slot held while the co-located picture was coded.
 * Identity is the uid: a slot may hold another picture by now. */
static void map_colocated_slots(AvoSliceRefs *refs)
{
    memset(refs->col_to_ref0, -1, sizeof refs->col_to_ref0);
    if (!refs->col)
        return;
    for (int slot = 0; slot < AVO_SLOTS_MAX; slot++)
        for (int i = refs->count[0] - 1; i >= 0; i--) {
            const AvoFrame *f = refs->frame[0][i];
            if (f && f->uid == refs->col->slot_uid[slot])
                refs->col_to_ref0[slot] = (int8_t)i;
        }
}

void avo_slice_refs_derive(AvoSliceRefs *refs, const AvoSliceHeader *header, const AvoPps *pps,
                           const AvoSps *sps, int current_poc)
{
    refs->weight_mode = weight_mode(refs->type, pps);
    if (refs->weight_mode == AVO_WEIGHT_EXPLICIT)
        explicit_weights(refs, header);
    if (refs->weight_mode == AVO_WEIGHT_IMPLICIT)
        for (int i = 0; i < refs->count[0]; i++)
            for (int j = 0; j < refs->count[1]; j++)
                refs->implicit_w1[i][j] =
                    (int16_t)implicit_weight(current_poc, refs->frame[0][i], refs->frame[1][j]);
    refs->direct_spatial = header->direct_spatial;
    refs->direct_8x8_inference = sps->direct_8x8_inference;
    refs->col = refs->type == AVO_SLICE_B && refs->count[1] > 0 ? refs->frame[1][0] : NULL;
    refs->col_is_long_term = refs->col && is_long_term(refs->col);
    if (refs->type == AVO_SLICE_B && !refs->direct_spatial) {
        temporal_scales(refs, current_poc);
        map_colocated_slots(refs);
    }
}
