/* See frame.h.
 *
 * One row of a plane in memory, pad samples on both sides, data 64-byte aligned:
 *
 *     | lead | pad | width samples | pad | rest up to the next row's lead |
 *            ^     ^ data + y * stride
 *
 * lead = 64 - pad, so the padding may start in the middle of a 64-byte line while the picture does
 * not. AVO_FRAME_SLACK samples follow the last row: kernels may load whole vectors at the end of a
 * row. */
#include "h264/frame.h"
#include "base/util.h"

#define AVO_FRAME_SLACK 64

static void carve_plane(AvoPlane *p, AvoArena *arena, int width, int height, int pad)
{
    p->width = width;
    p->height = height;
    p->stride = (ptrdiff_t)avo_align_up((size_t)(width + 2 * pad) * sizeof(pixel), 64) /
                (ptrdiff_t)sizeof(pixel);
    size_t rows = (size_t)(height + 2 * pad);
    pixel *block = avo_arena_take(
        arena, (64 + rows * (size_t)p->stride + AVO_FRAME_SLACK) * sizeof(pixel), 64);
    p->data = block ? block + 64 + pad * p->stride : NULL;
}

void avo_frame_carve(AvoFrame *f, AvoArena *arena, int mb_width, int mb_height, int chroma_format,
                     unsigned parts)
{
    memset(f, 0, sizeof *f);
    f->mb_width = mb_width;
    f->mb_height = mb_height;
    f->chroma_format = chroma_format;
    f->long_term_idx = -1;
    carve_plane(&f->plane[0], arena, 16 * mb_width, 16 * mb_height, AVO_FRAME_PAD);
    if (chroma_format)
        for (int c = 1; c < 3; c++)
            carve_plane(&f->plane[c], arena, 8 * mb_width, 8 * mb_height, AVO_FRAME_PAD / 2);
    if (parts & AVO_FRAME_HPEL)
        for (int i = 0; i < 3; i++)
            carve_plane(&f->hpel[i], arena, 16 * mb_width, 16 * mb_height, AVO_FRAME_PAD);
    if (parts & AVO_FRAME_INFO)
        f->info = avo_arena_take(arena, (size_t)mb_width * (size_t)mb_height * sizeof *f->info, 0);
}

static void pad_sides(pixel *row, int width, int pad)
{
    memset(row - pad, row[0], (size_t)pad);
    memset(row + width, row[width - 1], (size_t)pad);
}

void avo_plane_pad_rows(const AvoPlane *plane, int pad, int y0, int y1)
{
    for (int y = y0; y < y1; y++)
        pad_sides(plane->data + y * plane->stride, plane->width, pad);
    size_t line = (size_t)(plane->width + 2 * pad) * sizeof(pixel);
    if (y0 == 0) {
        const pixel *src = plane->data - pad;
        for (int y = 1; y <= pad; y++)
            memcpy(plane->data - pad - y * plane->stride, src, line);
    }
    if (y1 == plane->height) {
        const pixel *src = plane->data - pad + (plane->height - 1) * plane->stride;
        for (int y = 0; y < pad; y++)
            memcpy(plane->data - pad + (plane->height + y) * plane->stride, src, line);
    }
}
