/* Making up what is missing: macroblocks that no slice brought, pictures that were never received.
 * See decoder.h.
 *
 * A missing macroblock is copied from the same place of the nearest reference picture (mid grey if
 * there is none) and recorded as intra, in a slice of its own without loop filter. */
#include "dec/decoder.h"

/* The reference frame decoded last, marked or not, as long as its samples are still there. */
static AvoFrame *last_decoded(AvocetDecoder *dec)
{
    AvoFrame *last = NULL;
    for (int i = 0; i < dec->frame_count; i++) {
        AvoDecFrame *frame = &dec->frames[i];
        if (frame != dec->current && frame->was_reference && (!last || frame->f.uid > last->uid))
            last = &frame->f;
    }
    return last;
}

AvoFrame *avo_dec_nearest_reference(AvocetDecoder *dec, int poc)
{
    AvoFrame *best = NULL;
    int64_t best_distance = 0;
    for (int i = 0; i < dec->dpb.count; i++) {
        AvoFrame *f = dec->dpb.ref[i];
        int64_t distance = (int64_t)f->poc - poc;
        distance = distance < 0 ? -distance : distance;
        if (f->non_existing || (best && distance >= best_distance))
            continue;
        best = f;
        best_distance = distance;
    }
    return best ? best : last_decoded(dec);
}

static void make_intra(AvoMbInfo *mb, int slice)
{
    memset(mb, 0, sizeof *mb);
    mb->type = AVO_MB_I16x16;
    mb->qp = 26;
    mb->slice = (uint16_t)slice;
    memset(mb->intra_mode, AVO_I4_DC, sizeof mb->intra_mode);
    memset(mb->ref_idx, AVO_REF_NONE, sizeof mb->ref_idx);
    memset(mb->ref_slot, -1, sizeof mb->ref_slot);
}

void avo_dec_fill_grey(AvoFrame *frame)
{
    for (int c = 0; c < (frame->chroma_format ? 3 : 1); c++) {
        const AvoPlane *p = &frame->plane[c];
        int pad = c ? AVO_FRAME_PAD / 2 : AVO_FRAME_PAD;
        for (int y = -pad; y < p->height + pad; y++)
            memset(p->data + y * p->stride - pad, 1 << (AVO_BIT_DEPTH - 1),
                   (size_t)(p->width + 2 * pad) * sizeof(pixel));
    }
    for (int i = 0; i < frame->mb_width * frame->mb_height; i++)
        make_intra(&frame->info[i], 0);
}

static void copy_mb(AvoFrame *to, const AvoFrame *from, int mb_x, int mb_y)
{
    for (int c = 0; c < (to->chroma_format ? 3 : 1); c++) {
        size_t size = c ? 8 : 16;
        ptrdiff_t stride = to->plane[c].stride;
        ptrdiff_t at = (ptrdiff_t)size * (mb_y * stride + mb_x);
        for (size_t y = 0; y < size; y++, at += stride)
            if (from)
                memcpy(to->plane[c].data + at, from->plane[c].data + at, size * sizeof(pixel));
            else
                memset(to->plane[c].data + at, 1 << (AVO_BIT_DEPTH - 1), size * sizeof(pixel));
    }
}

int avo_dec_conceal(AvocetDecoder *dec)
{
    AvoFrame *f = &dec->current->f;
    const AvoFrame *from = avo_dec_nearest_reference(dec, f->poc);
    int slice = dec->current->slices, count = 0;
    dec->slices[slice] = (AvoDeblockSlice){.disable_idc = 1};
    for (int i = 0; i < dec->mb_count; i++)
        if (f->info[i].slice == AVO_SLICE_NONE) {
            copy_mb(f, from, i % f->mb_width, i / f->mb_width);
            make_intra(&f->info[i], slice);
            count++;
        }
    return count;
}
