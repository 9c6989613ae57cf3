/* See references.h.
 *
 * Policy: pictures fall out in display order (the one shown first goes first), which keeps the
 * pictures around the current position of a pyramid. Where P pictures follow each other, those
 * between the fine ones of the chain (plan.h) fall out first: what the neighbour of the current
 * picture lacks is more likely in one from longer ago, and coded better there. The standard's
 * sliding window drops in coding order instead; where the two differ, an MMCO 1 says so. Lists are
 * ordered by distance in display order; where that is not the initial order, modification commands
 * say so. */
#include "enc/references.h"
#include "base/util.h"

void avo_references_init(AvoReferences *r, const AvoSps *sps, const AvoPps *pps, AvoFrame *pool,
                         int pool_size, const AvocetEncoderConfig *config)
{
    memset(r, 0, sizeof *r);
    r->sps = sps;
    r->pps = pps;
    r->pool = pool;
    r->pool_size = pool_size;
    r->dpb.max_refs = avo_max(sps->max_num_ref_frames, 1);
    r->dpb.max_long_term_idx = -1;
    r->max_refs = config->ref;
    r->long_term_interval = config->long_term;
    r->duplicates = config->weightp == 2;
    r->is_chain = config->bframes == 0;
}

static AvoFrame *take_frame(AvoReferences *r)
{
    for (int i = 0; i < r->pool_size; i++)
        if (r->pool[i].refcount == 0) {
            r->pool[i].refcount = 1;
            return &r->pool[i];
        }
    return NULL;
}

static int distance(const AvoFrame *f, int poc)
{
    return avo_abs(f->poc - poc);
}

/* References on one side of poc, nearest first; long-term ones last.
 * side < 0: before, > 0: after. */
static int collect(const AvoReferences *r, int poc, int side, AvoFrame **out)
{
    int n = 0;
    for (int i = 0; i < r->dpb.count; i++) {
        AvoFrame *f = r->dpb.ref[i];
        if ((f->poc < poc) != (side < 0))
            continue;
        int at = n++;
        for (; at > 0; at--) {
            const AvoFrame *other = out[at - 1];
            bool other_long = other->long_term_idx >= 0, this_long = f->long_term_idx >= 0;
            if (other_long == this_long ? distance(other, poc) <= distance(f, poc) : !other_long)
                break;
            out[at] = out[at - 1];
        }
        out[at] = f;
    }
    return n;
}

/* The lookahead measured its weights against the anchor before the picture. Where they are used,
 * that anchor leads the list, since P_Skip and most blocks look at entry 0; a second entry of it
 * serves the blocks that do not follow the fade. Returns the new number of entries. */
static int lead_with_weighted(const AvoReferences *r, const AvoPlan *plan, AvoFrame **list,
                              int count)
{
    const AvoPlanWeight *w = &plan->weight[0];
    if (plan->type != AVOCET_TYPE_P || !(w->used[0] || w->used[1] || w->used[2]))
        return count;
    int anchor_poc = plan->weight_poc[0];
    for (int i = 1; i < count; i++)
        if (list[i]->poc == anchor_poc) {
            AvoFrame *anchor = list[i];
            memmove(list + 1, list, (size_t)i * sizeof *list);
            list[0] = anchor;
        }
    if (!r->duplicates || count == 0 || list[0]->poc != anchor_poc || count >= 16)
        return count;
    memmove(list + 1, list, (size_t)count * sizeof *list);
    return count + 1;
}

/* Of the same light. */
static bool is_even(const AvoPlanWeight *w)
{
    return w->used[0] && w->w[0] == 1 << w->log2_denom[0] && w->o[0] == 0;
}

/* In fades the nearest picture is also the nearest in brightness, and the weights of more would
 * take up a good part of a small B picture (faces and gardens faded: -0.6 to -1.7 % of the bits, a
 * dark animation -7 %). Not where colours alone fade: there a pan may take 16 % more bits of
 * luma from one reference. */
static void choose_lists(const AvoReferences *r, const AvoPlan *plan, int poc, AvoSliceRefs *refs)
{
    bool is_b = plan->type == AVOCET_TYPE_B || plan->type == AVOCET_TYPE_BREF;
    refs->count[0] = refs->count[1] = 0;
    if (plan->type == AVOCET_TYPE_P || is_b) {
        int count = collect(r, poc, -1, refs->frame[0]);
        int listed = lead_with_weighted(r, plan, refs->frame[0], count);
        refs->count[0] = avo_min(listed, avo_min(r->max_refs + (listed > count), 16));
    }
    if (is_b)
        refs->count[1] = avo_min(collect(r, poc, 1, refs->frame[1]), r->max_refs);
    bool nearest_only =
        is_b && plan->fades && !(is_even(&plan->weight[0]) && is_even(&plan->weight[1]));
    for (int list = 0; list < 2 && nearest_only; list++)
        refs->count[list] = avo_min(refs->count[list], 1);
}

/* The short-term reference that is displayed first; fine ones of a chain may be left out. */
static AvoFrame *first_shown(const AvoReferences *r, bool fine_too)
{
    AvoFrame *first = NULL;
    for (int i = 0; i < r->dpb.count; i++) {
        AvoFrame *f = r->dpb.ref[i];
        if (f->long_term_idx < 0 && (fine_too || avo_chain_position(f->poc)) &&
            (!first || f->poc < first->poc))
            first = f;
    }
    return first;
}

/* The short-term reference that will be missed least. */
static AvoFrame *least_useful(const AvoReferences *r)
{
    AvoFrame *coarse = r->is_chain ? first_shown(r, false) : NULL;
    return coarse ? coarse : first_shown(r, true);
}

static int frame_num_wrap(const AvoReferences *r, const AvoFrame *f, int frame_num)
{
    return f->frame_num > frame_num ? f->frame_num - (1 << r->sps->log2_max_frame_num)
                                    : f->frame_num;
}

/* What the sliding window would drop (8.2.5.3). */
static AvoFrame *first_coded(const AvoReferences *r, int frame_num)
{
    AvoFrame *first = NULL;
    for (int i = 0; i < r->dpb.count; i++) {
        AvoFrame *f = r->dpb.ref[i];
        if (f->long_term_idx < 0 &&
            (!first || frame_num_wrap(r, f, frame_num) < frame_num_wrap(r, first, frame_num)))
            first = f;
    }
    return first;
}

static void add_mmco(AvoSliceHeader *h, int op, uint32_t arg1, uint32_t arg2)
{
    h->adaptive_marking = true;
    h->mmco[h->mmco_count++] = (AvoMmco){op, arg1, arg2};
}

static void drop(const AvoReferences *r, AvoSliceHeader *h, const AvoFrame *f)
{
    add_mmco(h, 1, (uint32_t)(h->frame_num - frame_num_wrap(r, f, h->frame_num) - 1), 0);
}

static void choose_marking(AvoReferences *r, const AvoPlan *plan, AvoSliceHeader *h)
{
    bool becomes_long = r->long_term_interval && plan->layer == 0 &&
                        r->refs_since_long_term >= r->long_term_interval;
    int kept = r->dpb.count;
    if (becomes_long) {
        if (!r->long_term_allowed)
            add_mmco(h, 4, 1, 0);
        for (int i = 0; i < r->dpb.count; i++)
            kept -= r->dpb.ref[i]->long_term_idx == 0; /* replaced by the new one */
        add_mmco(h, 6, 0, 0);
    }
    if (kept < r->dpb.max_refs)
        return;
    AvoFrame *victim = least_useful(r);
    if (victim && (h->adaptive_marking || victim != first_coded(r, h->frame_num)))
        drop(r, h, victim);
}

AvoFrame *avo_references_start(AvoReferences *r, const AvoPlan *plan, AvoSliceHeader *h,
                               AvoSliceRefs *refs, AvoMessage *msg)
{
    bool idr = plan->type == AVOCET_TYPE_IDR, is_ref = plan->type != AVOCET_TYPE_B;
    AvoFrame *f = take_frame(r);
    if (!f) {
        avo_fail(msg, AVOCET_ERR_INTERNAL, "no free reconstruction frame");
        return NULL;
    }
    h->nal_unit_type = idr ? 5 : 1;
    h->nal_ref_idc = idr ? 3 : plan->layer == 0 ? 2 : is_ref ? 1 : 0;
    if (idr) {
        r->frame_num = 0;
        r->idr_pic_id ^= 1;
        h->idr_pic_id = r->idr_pic_id;
    }
    h->frame_num = r->frame_num;
    h->poc_lsb = plan->poc & ((1 << r->sps->log2_max_poc_lsb) - 1);
    f->poc = plan->poc;
    f->frame_num = h->frame_num;
    f->long_term_idx = -1;
    f->is_ref = is_ref;
    f->is_idr = idr;
    f->uid = r->next_uid++;
    f->pts = plan->src->pts;
    for (int i = 0; i < r->pool_size; i++) {
        f->slot_uid[i] = r->pool[i].uid;
        f->slot_poc[i] = r->pool[i].poc;
    }

    choose_lists(r, plan, plan->poc, refs);
    refs->type = h->type;
    h->num_ref_idx[0] = refs->count[0];
    h->num_ref_idx[1] = refs->count[1];
    h->num_ref_idx_override =
        (refs->count[0] && refs->count[0] != r->pps->num_ref_idx_default[0]) ||
        (refs->count[1] && refs->count[1] != r->pps->num_ref_idx_default[1]);
    if (h->type != AVO_SLICE_I) {
        AvoFrame *const *const wanted[2] = {refs->frame[0], refs->frame[1]};
        if (avo_ref_lists_modify(&r->dpb, r->sps, h, plan->poc, (AvoFrame *const **)wanted) < 0) {
            avo_fail(msg, AVOCET_ERR_INTERNAL,
                     "a wanted reference is not in the decoded picture buffer");
            return NULL;
        }
    }
    if (is_ref && !idr)
        choose_marking(r, plan, h);
    return f;
}

static void release_dropped(AvoReferences *r, AvoFrame *const *before, int count,
                            const AvoFrame *current)
{
    for (int i = 0; i < count; i++) {
        bool still = false;
        for (int k = 0; k < r->dpb.count; k++)
            still |= r->dpb.ref[k] == before[i];
        if (!still && before[i] != current)
            before[i]->refcount--;
    }
}

int avo_references_finish(AvoReferences *r, const AvoSliceHeader *h, AvoFrame *f, AvoMessage *msg)
{
    AvoFrame *before[AVO_REFS_MAX];
    int count = r->dpb.count;
    if (h->nal_ref_idc) {
        memcpy(before, r->dpb.ref, sizeof before);
        f->refcount++; /* the buffer's own */
        AVO_RETURN_IF_ERROR(avo_dpb_mark(&r->dpb, r->sps, h, f, msg));
        release_dropped(r, before, count, f);
        r->frame_num = (h->frame_num + 1) & ((1 << r->sps->log2_max_frame_num) - 1);
        if (f->is_idr) {
            r->long_term_allowed = false;
            r->refs_since_long_term = 0;
        }
        r->refs_since_long_term = f->long_term_idx >= 0 ? 1 : r->refs_since_long_term + 1;
        for (int i = 0; i < h->mmco_count; i++)
            r->long_term_allowed |= h->mmco[i].op == 4;
    }
    avo_poc_commit(&r->poc, r->sps, h, f->poc);
    return AVOCET_OK;
}
