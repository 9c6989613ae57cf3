/* One row of macroblocks: source converted, window moved down, macroblocks coded, loop filter.
 *
 * The window holds the old picture's lines that the row can refer to. It moves down before the row
 * is coded, so every line is copied before the new picture overwrites it: the row's own lines, and
 * those of the rows below, are still old. The line that intra prediction will need is kept before
 * the loop filter touches it. */
#include "base/util.h"
#include "enc/convert.h"
#include "enc/tiny/tiny.h"
#include "base/small_code.h"

#if AVOCET_TINY

/* ---- window ---- */

/* Lines above the row that the window of a plane begins with, and its height. */
AVO_INLINE int lines_above(int plane)
{
    return plane ? AVO_TINY_ABOVE / 2 : AVO_TINY_ABOVE;
}

AVO_INLINE int lines_of(int plane)
{
    return plane ? AVO_TINY_CHROMA_LINES : AVO_TINY_LINES;
}

/* Line i of the window; beyond the picture its first and last lines go on. */
static void load_line(AvoTiny *t, int plane, int i, int mb_y)
{
    int size = plane ? 8 : 16, pad = plane ? AVO_TINY_PAD / 2 : AVO_TINY_PAD;
    int width = size * t->mb_w;
    int y = avo_clip3(0, size * t->mb_h - 1, size * mb_y - lines_above(plane) + i);
    const pixel *src = t->ref[plane] + y * t->ref_stride[plane];
    pixel *dst = t->window[plane] + i * t->window_stride[plane];
    memcpy(dst, src, (size_t)width);
    memset(dst - pad, src[0], (size_t)pad);
    memset(dst + width, src[width - 1], (size_t)pad);
}

static void move_window(AvoTiny *t, int mb_y)
{
    for (int plane = 0; plane < 3; plane++) {
        int step = plane ? 8 : 16, lines = lines_of(plane), first = 0;
        if (mb_y > 0) {
            size_t stride = (size_t)t->window_stride[plane];
            pixel *start = t->window[plane] - (plane ? AVO_TINY_PAD / 2 : AVO_TINY_PAD);
            memmove(start, start + (size_t)step * stride, (size_t)(lines - step) * stride);
            first = lines - step;
        }
        for (int i = first; i < lines; i++)
            load_line(t, plane, i, mb_y);
    }
}

/* ---- source ---- */

static void convert_row(AvoTiny *t, const AvocetPicture *picture, int mb_y)
{
    AvocetPicture band = avo_convert_band(picture, 16 * mb_y, 16);
    AvoPlane planes[3];
    for (int i = 0; i < 3; i++) {
        int size = i ? 8 : 16;
        planes[i] = (AvoPlane){t->source[i], size * t->mb_w, size * t->mb_w, size};
    }
    avo_convert_picture(planes, &band, t->config, &t->dsp, true);
}

/* Differences to the right and below, on every fourth line, of all macroblocks. */
uint32_t avo_tiny_measure(AvoTiny *t, const AvocetPicture *picture)
{
    ptrdiff_t stride = 16 * t->mb_w;
    uint32_t sum = 0;
    for (int mb_y = 0; mb_y < t->mb_h; mb_y++) {
        convert_row(t, picture, mb_y);
        for (int mb_x = 0; mb_x < t->mb_w; mb_x++) {
            const pixel *p = t->source[0] + 16 * mb_x;
            pixel *half = t->work->half;
            avo_word_halve(half, 16, p, 4 * stride, 16, 4);
            sum += (uint32_t)avo_word_sad_16(half, 16, p + stride, 4 * stride, 4);
            sum += (uint32_t)avo_word_sad_16(half, 16, p + 1, 4 * stride, 4);
        }
    }
    return sum;
}

/* ---- macroblocks ---- */

static void bind_neighbours(AvoTiny *t, int mb_x, int mb_y)
{
    AvoTinyWork *w = t->work;
    bool left = mb_x > 0, above = mb_y > 0, right = mb_x + 1 < t->mb_w;
    w->mb_x = mb_x;
    w->mb_y = mb_y;
    for (int i = 0; i < 3; i++) {
        int size = i ? 8 : 16;
        w->cur[i] = t->source[i] + size * mb_x;
        w->rec[i] = t->ref[i] + size * (mb_y * t->ref_stride[i] + mb_x);
    }
    avo_word_halve(w->half, 16, w->cur[0], 2 * 16 * t->mb_w, 16, 8);
    w->mb = &t->row[mb_x];
    w->left = left ? w->mb - 1 : NULL;
    w->above = above ? &t->row_above[mb_x] : NULL;
    w->above_left = left && above ? &t->row_above[mb_x - 1] : NULL;
    w->above_right = right && above ? &t->row_above[mb_x + 1] : NULL;
    w->edges = (left ? AVO_EDGE_LEFT : 0u) | (above ? AVO_EDGE_TOP : 0u) |
               (left && above ? AVO_EDGE_CORNER : 0u) | (right && above ? AVO_EDGE_TOPRIGHT : 0u);
}

/* Counts and modes of the neighbours into the grids of the macroblock. */
static void load_grids(AvoTiny *t)
{
    AvoTinyWork *w = t->work;
    const uint8_t *top = t->top_nnz + 8 * w->mb_x;
    for (int i = 0; i < 4; i++) {
        w->nnz[AVO_TINY_GRID(i, -1)] = w->above ? top[i] : AVO_TINY_NO_BLOCK;
        w->nnz[AVO_TINY_GRID(-1, i)] = w->left ? t->left_nnz[0][i] : AVO_TINY_NO_BLOCK;
        w->i4_grid[AVO_TINY_GRID(i, -1)] = w->above ? t->top_modes[4 * w->mb_x + i] : -1;
        w->i4_grid[AVO_TINY_GRID(-1, i)] = w->left ? t->left_modes[i] : -1;
    }
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < 2; i++) {
            w->nnz_c[c][1 + i] = w->above ? top[4 + 2 * c + i] : AVO_TINY_NO_BLOCK;
            w->nnz_c[c][4 * (i + 1)] = w->left ? t->left_nnz[1][2 * c + i] : AVO_TINY_NO_BLOCK;
        }
}

static void store_grids(AvoTiny *t)
{
    const AvoTinyWork *w = t->work;
    uint8_t *top = t->top_nnz + 8 * w->mb_x;
    for (int i = 0; i < 4; i++) {
        top[i] = w->nnz[AVO_TINY_GRID(i, 3)];
        t->left_nnz[0][i] = w->nnz[AVO_TINY_GRID(3, i)];
        t->top_modes[4 * w->mb_x + i] = w->i4_grid[AVO_TINY_GRID(i, 3)];
        t->left_modes[i] = w->i4_grid[AVO_TINY_GRID(3, i)];
    }
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < 2; i++) {
            top[4 + 2 * c + i] = w->nnz_c[c][9 + i];
            t->left_nnz[1][2 * c + i] = w->nnz_c[c][4 * (i + 1) + 2];
        }
}

/* The row's last lines, before the loop filter. */
static void keep_bottom(AvoTiny *t, int mb_y)
{
    for (int i = 0; i < 3; i++) {
        int size = i ? 8 : 16;
        memcpy(t->top[i], t->ref[i] + (size * (mb_y + 1) - 1) * t->ref_stride[i],
               (size_t)(size * t->mb_w));
    }
}

void avo_tiny_code_row(AvoTiny *t, const AvocetPicture *picture, int mb_y)
{
    AvoTinyMb *above = t->row;
    t->row = t->row_above;
    t->row_above = above;
    convert_row(t, picture, mb_y);
    if (!t->is_idr) {
        move_window(t, mb_y);
        t->subpel->done = 0;
    }
    int qp = avo_tiny_rate_row(t, mb_y);
    for (int mb_x = 0; mb_x < t->mb_w; mb_x++) {
        bind_neighbours(t, mb_x, mb_y);
        load_grids(t);
        t->work->qp = qp;
        avo_tiny_code_mb(t);
        store_grids(t);
    }
    keep_bottom(t, mb_y);
    if (t->config->deblock)
        avo_tiny_deblock_row(t, mb_y);
}
#endif
