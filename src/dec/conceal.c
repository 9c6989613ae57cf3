/* Making up what is missing: macroblocks that no slice brought, pictures that were never received.
 * See pic_job.h.
 *
 * A missing macroblock is copied from the same place of the nearest reference picture (mid grey if
 * there is none) and recorded as intra, in a slice of its own without loop filter. */
#include "dec/pic_job.h"

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

int avo_job_conceal(AvoPicJob *job)
{
    AvoFrame *f = &job->frame->f;
    AvoDecFrame *from = job->stand_in;
    int slice = job->frame->slices, count = 0;
    job->slices[slice] = (AvoDeblockSlice){.disable_idc = 1};
    if (from)
        avo_progress_wait(&from->lines, f->plane[0].height);
    for (int i = 0; i < job->mb_count; i++)
        if (f->info[i].slice == AVO_SLICE_NONE) {
            copy_mb(f, from ? &from->f : NULL, i % f->mb_width, i / f->mb_width);
            make_intra(&f->info[i], slice);
            count++;
        }
    return count;
}
