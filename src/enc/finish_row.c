/* What happens to a row of macroblocks after it is decided: QPs resolved, loop filter, half-sample
 * planes, padding.
 *
 * The loop filter of a row changes up to 3 luma rows above it, and half-sample filters reach 3 rows
 * down, so each step lags the one before:
 *
 *     decided   16 * (r + 1)
 *     filtered  16 * (r + 1) - 4      (chroma 8 * (r + 1) - 2): final samples, padding
 *     halves    16 * (r + 1) - 8 */
#include "enc/row.h"

/* Half-sample planes are computed this far outside; beyond, every column and row is the same. */
#define HALF_MARGIN 16
#define HALF_ROWS   8

void avo_resolve_row_qp(AvoPicJob *job, int mb_y)
{
    int slice = 0;
    while (mb_y >= job->slice_end_row[slice])
        slice++;
    bool first = mb_y == 0 || (slice > 0 && job->slice_end_row[slice - 1] == mb_y);
    int qp = first ? job->slice_qp : job->row_last_qp[mb_y - 1];
    AvoMbInfo *info = &job->rec->info[mb_y * job->mb_width];
    for (int x = 0; x < job->mb_width; x++, info++) {
        if (info->type == AVO_MB_IPCM)
            continue;
        if (info->cbp || info->type == AVO_MB_I16x16)
            qp = info->qp;
        else
            info->qp = (int8_t)qp;
    }
    job->row_last_qp[mb_y] = (int8_t)qp;
}

/* Rows [y0, y1) of a half-sample plane, which is known HALF_MARGIN columns
 * outside the picture already. */
static void pad_half_plane(const AvoPlane *p, int y0, int y1)
{
    AvoPlane wide = *p;
    wide.data -= HALF_MARGIN + HALF_ROWS * p->stride;
    wide.width += 2 * HALF_MARGIN;
    wide.height += 2 * HALF_ROWS;
    /* The rows above and below take more than the padding that is left at the sides. */
    int sides = AVO_FRAME_PAD - HALF_MARGIN, ends = AVO_FRAME_PAD - HALF_ROWS;
    for (int y = y0 + HALF_ROWS; y < y1 + HALF_ROWS; y++) {
        pixel *line = wide.data + y * wide.stride;
        memset(line - sides, line[0], (size_t)sides);
        memset(line + wide.width, line[wide.width - 1], (size_t)sides);
    }
    size_t bytes = (size_t)(wide.width + 2 * sides) * sizeof(pixel);
    if (y0 == -HALF_ROWS)
        for (int y = 1; y <= ends; y++)
            memcpy(wide.data - sides - y * wide.stride, wide.data - sides, bytes);
    if (y1 == p->height + HALF_ROWS) {
        const pixel *last = wide.data - sides + (wide.height - 1) * wide.stride;
        for (int y = 0; y < ends; y++)
            memcpy(wide.data - sides + (wide.height + y) * wide.stride, last, bytes);
    }
}

static void make_half_planes(AvoPicJob *job, int y0, int y1)
{
    AvoFrame *f = job->rec;
    const AvoPlane *p = &f->plane[0];
    ptrdiff_t at = y0 * p->stride - HALF_MARGIN;
    job->dsp->hpel_planes(f->hpel[0].data + at, f->hpel[1].data + at, f->hpel[2].data + at,
                          p->data + at, p->stride, p->width + 2 * HALF_MARGIN, y1 - y0,
                          job->hpel_scratch);
    for (int i = 0; i < 3; i++)
        pad_half_plane(&f->hpel[i], y0, y1);
}

/* First row that is not final when macroblock rows up to and including mb_y are filtered. */
static int end_of(const AvoPicJob *job, int mb_y, int size, int lag)
{
    return mb_y + 1 == job->mb_height ? size * job->mb_height
           : mb_y < 0                 ? 0
                                      : size * (mb_y + 1) - lag;
}

void avo_finish_row(AvoPicJob *job, int mb_y)
{
    AvoFrame *f = job->rec;
    if (job->deblock)
        avo_deblock_row(job->dsp, f, mb_y, job->deblock_slice);
    if (job->header.nal_ref_idc == 0)
        return;
    avo_plane_pad_rows(&f->plane[0], AVO_FRAME_PAD, end_of(job, mb_y - 1, 16, 4),
                       end_of(job, mb_y, 16, 4));
    if (f->chroma_format)
        for (int c = 1; c < 3; c++)
            avo_plane_pad_rows(&f->plane[c], AVO_FRAME_PAD / 2, end_of(job, mb_y - 1, 8, 2),
                               end_of(job, mb_y, 8, 2));
    int y0 = mb_y == 0 ? -HALF_ROWS : end_of(job, mb_y - 1, 16, 8);
    int y1 = end_of(job, mb_y, 16, 8) + (mb_y + 1 == job->mb_height ? HALF_ROWS : 0);
    make_half_planes(job, y0, y1);
}
