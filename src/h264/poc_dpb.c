/* See poc_dpb.h. Frames only: PicNum is FrameNumWrap,
 * LongTermPicNum is LongTermFrameIdx (8.2.4.1). */
#include "h264/poc_dpb.h"
#include "base/util.h"

/* ---- picture order count (8.2.1) ---- */

static bool is_idr(const AvoSliceHeader *h)
{
    return h->nal_unit_type == 5;
}

static bool has_mmco5(const AvoSliceHeader *h)
{
    for (int i = 0; i < h->mmco_count; i++)
        if (h->mmco[i].op == 5)
            return h->adaptive_marking && h->nal_ref_idc != 0;
    return false;
}

/* 8.2.1.1 */
static int poc_msb(const AvoPocState *s, const AvoSps *sps, const AvoSliceHeader *h)
{
    int64_t prev_msb = is_idr(h) ? 0 : s->prev_poc_msb, prev_lsb = is_idr(h) ? 0 : s->prev_poc_lsb;
    int64_t max = (int64_t)1 << sps->log2_max_poc_lsb, msb = prev_msb;
    if (h->poc_lsb < prev_lsb && prev_lsb - h->poc_lsb >= max / 2)
        msb = prev_msb + max;
    else if (h->poc_lsb > prev_lsb && h->poc_lsb - prev_lsb > max / 2)
        msb = prev_msb - max;
    return (int)avo_clip3_64(INT32_MIN / 2, INT32_MAX / 2, msb);
}

/* FrameNumOffset of types 1 and 2 (8.2.1.2). */
static int frame_num_offset(const AvoPocState *s, const AvoSps *sps, const AvoSliceHeader *h)
{
    if (is_idr(h))
        return 0;
    int64_t offset = s->prev_had_mmco5 ? 0 : s->prev_frame_num_offset;
    if ((s->prev_had_mmco5 ? 0 : s->prev_frame_num) > h->frame_num)
        offset += (int64_t)1 << sps->log2_max_frame_num;
    return (int)avo_min64(offset, INT32_MAX / 4);
}

/* expectedPicOrderCnt of type 1 plus the slice's deltas; min(top, bottom). */
static int64_t poc_type1(const AvoPocState *s, const AvoSps *sps, const AvoSliceHeader *h)
{
    int length = sps->num_ref_frames_in_poc_cycle;
    int64_t abs_frame_num = length ? (int64_t)frame_num_offset(s, sps, h) + h->frame_num : 0;
    if (h->nal_ref_idc == 0 && abs_frame_num > 0)
        abs_frame_num--;
    int64_t expected = 0;
    if (abs_frame_num > 0) {
        int64_t cycle = 0;
        for (int i = 0; i < length; i++)
            cycle += sps->offset_for_ref_frame[i];
        expected = avo_clip3_64(INT32_MIN, INT32_MAX, cycle) * ((abs_frame_num - 1) / length);
        for (int i = 0; i <= (abs_frame_num - 1) % length; i++)
            expected += sps->offset_for_ref_frame[i];
    }
    if (h->nal_ref_idc == 0)
        expected += sps->offset_for_non_ref_pic;
    int64_t top = expected + h->delta_poc[0];
    int64_t bottom = top + sps->offset_for_top_to_bottom_field + h->delta_poc[1];
    return avo_min64(top, bottom);
}

int avo_poc_decode(const AvoPocState *state, const AvoSps *sps, const AvoSliceHeader *header)
{
    int64_t poc;
    if (sps->poc_type == 0) {
        int64_t top = (int64_t)poc_msb(state, sps, header) + header->poc_lsb;
        poc = avo_min64(top, top + header->delta_poc_bottom);
    } else if (sps->poc_type == 1) {
        poc = poc_type1(state, sps, header);
    } else {
        poc = 2 * ((int64_t)frame_num_offset(state, sps, header) + header->frame_num);
        if (header->nal_ref_idc == 0)
            poc--;
    }
    return (int)avo_clip3_64(INT32_MIN / 2, INT32_MAX / 2, poc);
}

void avo_poc_commit(AvoPocState *state, const AvoSps *sps, const AvoSliceHeader *header,
                    int poc_after_marking)
{
    (void)poc_after_marking; /* 0 after MMCO 5 of a frame, and else what avo_poc_decode gave */
    AvoPocState next = *state;
    bool mmco5 = has_mmco5(header);
    if (header->nal_ref_idc != 0) {
        next.prev_poc_msb = sps->poc_type == 0 && !mmco5 ? poc_msb(state, sps, header) : 0;
        next.prev_poc_lsb = header->poc_lsb;
        /* The rebased TopFieldOrderCnt: how far top lies above min(top, bottom). */
        if (mmco5)
            next.prev_poc_lsb = avo_max(0, -avo_max(header->delta_poc_bottom, -INT32_MAX));
    }
    next.prev_frame_num = mmco5 ? 0 : header->frame_num;
    next.prev_frame_num_offset = mmco5 ? 0 : frame_num_offset(state, sps, header);
    next.prev_had_mmco5 = mmco5;
    *state = next;
}

/* ---- reference lists (8.2.4) ---- */

static bool is_long(const AvoFrame *f)
{
    return f->long_term_idx >= 0;
}

static int frame_num_wrap(const AvoFrame *f, const AvoSps *sps, int frame_num)
{
    return f->frame_num > frame_num ? f->frame_num - (1 << sps->log2_max_frame_num) : f->frame_num;
}

/* The DPB's frames with a sort key each. */
typedef struct Sorted {
    AvoFrame *frame[AVO_REFS_MAX];
    int64_t key[AVO_REFS_MAX];
    int count;
} Sorted;

/* Insertion in rising order of key; equal keys keep their order. */
static void sorted_add(Sorted *s, AvoFrame *frame, int64_t key)
{
    int at = s->count++;
    for (; at > 0 && s->key[at - 1] > key; at--) {
        s->frame[at] = s->frame[at - 1];
        s->key[at] = s->key[at - 1];
    }
    s->frame[at] = frame;
    s->key[at] = key;
}

static int append(AvoFrame **list, int count, const Sorted *s)
{
    memcpy(list + count, s->frame, (size_t)s->count * sizeof *list);
    return count + s->count;
}

/* 8.2.4.2.1: short-term by descending PicNum, long-term by ascending LongTermPicNum. */
static int init_p_list(const AvoDpb *dpb, const AvoSps *sps, int frame_num, AvoFrame **list)
{
    Sorted near_refs = {.count = 0}, far_refs = {.count = 0};
    for (int i = 0; i < dpb->count; i++) {
        AvoFrame *f = dpb->ref[i];
        if (is_long(f))
            sorted_add(&far_refs, f, f->long_term_idx);
        else
            sorted_add(&near_refs, f, -(int64_t)frame_num_wrap(f, sps, frame_num));
    }
    return append(list, append(list, 0, &near_refs), &far_refs);
}

/* 8.2.4.2.3: by distance in output order, list 0 starting backwards and list 1 forwards. */
static int init_b_lists(const AvoDpb *dpb, const AvoSps *sps, int poc,
                        AvoFrame *list[2][AVO_REFS_MAX])
{
    Sorted before = {.count = 0}, after = {.count = 0}, far_refs = {.count = 0};
    for (int i = 0; i < dpb->count; i++) {
        AvoFrame *f = dpb->ref[i];
        if (is_long(f))
            sorted_add(&far_refs, f, f->long_term_idx);
        else if (f->non_existing && sps->poc_type == 0)
            continue;
        else if (f->poc < poc)
            sorted_add(&before, f, -(int64_t)f->poc);
        else
            sorted_add(&after, f, f->poc);
    }
    int count = append(list[0], append(list[0], append(list[0], 0, &before), &after), &far_refs);
    append(list[1], append(list[1], append(list[1], 0, &after), &before), &far_refs);
    if (count > 1 && memcmp(list[0], list[1], (size_t)count * sizeof list[0][0]) == 0) {
        AvoFrame *first = list[1][0];
        list[1][0] = list[1][1];
        list[1][1] = first;
    }
    return count;
}

static AvoFrame *find_short(const AvoDpb *dpb, const AvoSps *sps, int frame_num, int pic_num)
{
    for (int i = 0; i < dpb->count; i++)
        if (!is_long(dpb->ref[i]) && frame_num_wrap(dpb->ref[i], sps, frame_num) == pic_num)
            return dpb->ref[i];
    return NULL;
}

static AvoFrame *find_long(const AvoDpb *dpb, int64_t long_term_idx)
{
    for (int i = 0; i < dpb->count; i++)
        if (is_long(dpb->ref[i]) && dpb->ref[i]->long_term_idx == long_term_idx)
            return dpb->ref[i];
    return NULL;
}

/* 8.2.4.3.1: puts frame at index `at`, shifts the rest up and removes its later duplicate. */
static void insert_entry(AvoFrame **list, int count, int at, AvoFrame *frame)
{
    AvoFrame *carried = frame;
    for (int i = at; i < count; i++) {
        AvoFrame *next = list[i];
        list[i] = carried;
        carried = next;
        if (carried == frame)
            break;
    }
}

/* One list's modifications (8.2.4.3). */
static int modify_list(const AvoDpb *dpb, const AvoSps *sps, const AvoSliceHeader *h, int l,
                       AvoFrame **list, AvoMessage *msg)
{
    const int64_t max_pic_num = (int64_t)1 << sps->log2_max_frame_num;
    int64_t pred = h->frame_num;
    int at = 0;
    for (int i = 0; i < h->modification_count[l] && at < h->num_ref_idx[l]; i++) {
        const AvoRefModification *m = &h->modification[l][i];
        AvoFrame *frame;
        if (m->idc == 2) {
            frame = find_long(dpb, m->value);
        } else {
            int64_t diff = (int64_t)m->value + 1;
            if (diff > max_pic_num)
                return avo_fail(msg, AVOCET_ERR_DATA, "abs_diff_pic_num_minus1 %l is too large",
                                diff - 1);
            pred += m->idc == 0 ? -diff : diff;
            pred += pred < 0 ? max_pic_num : pred >= max_pic_num ? -max_pic_num : 0;
            frame = find_short(dpb, sps, h->frame_num,
                               (int)(pred > h->frame_num ? pred - max_pic_num : pred));
        }
        if (!frame)
            return avo_fail(msg, AVOCET_ERR_DATA,
                            "reference list %d names a picture that is not in the buffer", l);
        insert_entry(list, h->num_ref_idx[l], at++, frame);
    }
    return AVOCET_OK;
}

static void init_lists(const AvoDpb *dpb, const AvoSps *sps, const AvoSliceHeader *header, int poc,
                       AvoFrame *list[2][AVO_REFS_MAX])
{
    int count = 0;
    memset(list, 0, 2 * sizeof list[0]);
    if (header->type == AVO_SLICE_P)
        count = init_p_list(dpb, sps, header->frame_num, list[0]);
    else if (header->type == AVO_SLICE_B)
        count = init_b_lists(dpb, sps, poc, list);
    for (int l = 0; l < 2; l++)
        for (int i = header->num_ref_idx[l]; i < count; i++)
            list[l][i] = NULL;
}

int avo_ref_lists_build(const AvoDpb *dpb, const AvoSps *sps, const AvoSliceHeader *header, int poc,
                        AvoFrame *list[2][AVO_REFS_MAX], AvoMessage *msg)
{
    init_lists(dpb, sps, header, poc, list);
    int lists = header->type == AVO_SLICE_I ? 0 : header->type == AVO_SLICE_P ? 1 : 2;
    for (int l = 0; l < lists; l++)
        AVO_RETURN_IF_ERROR(modify_list(dpb, sps, header, l, list[l], msg));
    return AVOCET_OK;
}

/* The command that makes `frame` the next entry; *pred is picNumPred. Differences are modulo
 * MaxPicNum, so the shorter way round is taken and FrameNumWrap need not be known. */
static AvoRefModification modification_for(const AvoSps *sps, const AvoFrame *frame, int *pred)
{
    if (is_long(frame))
        return (AvoRefModification){2, (uint32_t)frame->long_term_idx};
    int max_pic_num = 1 << sps->log2_max_frame_num;
    int up = (frame->frame_num - *pred) & (max_pic_num - 1), down = max_pic_num - up;
    *pred = frame->frame_num;
    if (down <= up || up == 0)
        return (AvoRefModification){0, (uint32_t)down - 1};
    return (AvoRefModification){1, (uint32_t)up - 1};
}

int avo_ref_lists_modify(const AvoDpb *dpb, const AvoSps *sps, AvoSliceHeader *header, int poc,
                         AvoFrame *const *wanted[2])
{
    AvoFrame *list[2][AVO_REFS_MAX];
    init_lists(dpb, sps, header, poc, list);
    int lists = header->type == AVO_SLICE_I ? 0 : header->type == AVO_SLICE_P ? 1 : 2;
    header->modification_count[0] = header->modification_count[1] = 0;
    for (int l = 0; l < lists; l++) {
        int count = header->num_ref_idx[l], pred = header->frame_num;
        for (int i = 0; i < count; i++) {
            if (memcmp(list[l] + i, wanted[l] + i, (size_t)(count - i) * sizeof list[l][0]) == 0)
                break;
            if (!wanted[l][i] || !wanted[l][i]->is_ref)
                return AVOCET_ERR_INTERNAL;
            header->modification[l][header->modification_count[l]++] =
                modification_for(sps, wanted[l][i], &pred);
            insert_entry(list[l], count, i, wanted[l][i]);
        }
    }
    return AVOCET_OK;
}

/* ---- marking (8.2.5) ---- */

#define LONG_TERM_IDX_MAX 31 /* fields would need more than 15 */

static void unmark_at(AvoDpb *dpb, int i)
{
    dpb->ref[i]->is_ref = false;
    dpb->ref[i]->long_term_idx = -1;
    dpb->ref[i] = dpb->ref[--dpb->count];
}

static void unmark(AvoDpb *dpb, const AvoFrame *frame)
{
    for (int i = 0; i < dpb->count; i++)
        if (dpb->ref[i] == frame) {
            unmark_at(dpb, i);
            return;
        }
}

static void unmark_all(AvoDpb *dpb)
{
    while (dpb->count > 0)
        unmark_at(dpb, dpb->count - 1);
    dpb->max_long_term_idx = -1;
}

/* 8.2.5.3. A buffer full of long-term frames (not legal) gives up one of them. */
static void slide_window(AvoDpb *dpb, const AvoSps *sps, int frame_num)
{
    while (dpb->count > 0 && dpb->count >= dpb->max_refs) {
        int oldest = 0;
        for (int i = 1; i < dpb->count; i++) {
            const AvoFrame *a = dpb->ref[i], *b = dpb->ref[oldest];
            if (is_long(a) != is_long(b)
                    ? is_long(b)
                    : frame_num_wrap(a, sps, frame_num) < frame_num_wrap(b, sps, frame_num))
                oldest = i;
        }
        unmark_at(dpb, oldest);
    }
}

static void drop_long(AvoDpb *dpb, int64_t idx, const AvoFrame *except)
{
    AvoFrame *holder = find_long(dpb, idx);
    if (holder && holder != except)
        unmark(dpb, holder);
}

static void limit_long(AvoDpb *dpb, int64_t max_idx)
{
    dpb->max_long_term_idx = (int)avo_clip3_64(-1, LONG_TERM_IDX_MAX, max_idx);
    for (int i = dpb->count - 1; i >= 0; i--)
        if (dpb->ref[i]->long_term_idx > dpb->max_long_term_idx)
            unmark_at(dpb, i);
}

/* One operation (8.2.5.4). False: it names a picture or index that does not exist; nothing was
 * changed. MaxLongTermFrameIdx is not enforced: streams are about that never raise it and still
 * mean what they say. */
static bool apply_mmco(AvoDpb *dpb, const AvoSps *sps, int frame_num, const AvoMmco *m,
                       AvoFrame *current)
{
    AvoFrame *f = NULL;
    if (m->op == 1 || m->op == 3) {
        int64_t pic_num = (int64_t)frame_num - ((int64_t)m->arg1 + 1);
        if (pic_num >= INT32_MIN)
            f = find_short(dpb, sps, frame_num, (int)pic_num);
    }
    switch (m->op) {
    case 1:
        if (f)
            unmark(dpb, f);
        return f != NULL;
    case 2:
        f = find_long(dpb, m->arg1);
        if (f)
            unmark(dpb, f);
        return f != NULL;
    case 3:
        if (!f || m->arg2 > LONG_TERM_IDX_MAX)
            return false;
        drop_long(dpb, m->arg2, f);
        f->long_term_idx = (int)m->arg2;
        return true;
    case 4:
        limit_long(dpb, (int64_t)m->arg1 - 1);
        return true;
    case 5:
        unmark_all(dpb);
        return true;
    case 6:
        if (m->arg1 > LONG_TERM_IDX_MAX)
            return false;
        drop_long(dpb, m->arg1, current);
        current->long_term_idx = (int)m->arg1;
        return true;
    default:
        return false;
    }
}

static int apply_mmcos(AvoDpb *dpb, const AvoSps *sps, const AvoSliceHeader *header,
                       AvoFrame *current, AvoMessage *msg)
{
    int status = AVOCET_OK;
    for (int i = 0; i < header->mmco_count; i++)
        if (!apply_mmco(dpb, sps, header->frame_num, &header->mmco[i], current))
            status = avo_fail(msg, AVOCET_ERR_DATA,
                              "memory_management_control_operation %d names no such picture",
                              header->mmco[i].op);
    if (has_mmco5(header)) {
        current->poc = 0;
        current->frame_num = 0;
    }
    return status;
}

int avo_dpb_mark(AvoDpb *dpb, const AvoSps *sps, const AvoSliceHeader *header, AvoFrame *current,
                 AvoMessage *msg)
{
    int status = AVOCET_OK;
    current->long_term_idx = -1;
    if (is_idr(header)) {
        unmark_all(dpb);
        if (header->long_term_reference)
            current->long_term_idx = dpb->max_long_term_idx = 0;
    } else if (header->adaptive_marking) {
        status = apply_mmcos(dpb, sps, header, current, msg);
    }
    slide_window(dpb, sps, header->frame_num);
    current->is_ref = true;
    dpb->ref[dpb->count++] = current;
    return status;
}
