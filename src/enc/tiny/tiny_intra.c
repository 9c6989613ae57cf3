/* Intra 16x16, 4x4 and chroma: which prediction, and making it (8.3).
 *
 * Candidates are measured by plain SADs of the prediction: 16x16 tries its three plain modes;
 * 4x4 goes block by block, since each predicts from the reconstruction of the one before, and gives
 * up as soon as it costs more than what it competes with. Neighbours to the left are still
 * unfiltered in the picture; those above come from the line kept for that. */
#include "base/util.h"
#include "enc/tiny/tiny.h"
#include "h264/intra_modes.h"
#include "base/small_code.h"

#if AVOCET_TINY

/* Bits that Intra 4x4 takes more than 16x16: sixteen modes against one. */
#define I4_BITS 16

/* ---- edges ---- */

/* Line around the macroblock in one plane, in the form that predictors want. */
static void make_edge(const AvoTiny *t, int plane, pixel *edge)
{
    const AvoTinyWork *w = t->work;
    int size = plane ? 8 : 16;
    ptrdiff_t stride = t->ref_stride[plane];
    const pixel *top = t->top[plane] + size * w->mb_x;
    if (w->edges & AVO_EDGE_LEFT)
        for (int y = 0; y < size; y++)
            edge[-1 - y] = w->rec[plane][y * stride - 1];
    if (w->edges & AVO_EDGE_CORNER)
        edge[0] = top[-1];
    if (w->edges & AVO_EDGE_TOP)
        memcpy(edge + 1, top, (size_t)size * sizeof *edge);
}

/* The same around block (bx, by) of 4x4; returns what exists. */
static unsigned make_edge_4x4(const AvoTiny *t, int bx, int by, pixel *edge)
{
    /* Bit = raster block whose upper right samples are decoded before it (6.4.11.4). */
    static const uint16_t has_topright =
        1 << 4 | 1 << 6 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 14;
    const AvoTinyWork *w = t->work;
    ptrdiff_t stride = t->ref_stride[0];
    const pixel *rec = w->rec[0] + 4 * (by * stride + bx);
    const pixel *above = by ? rec - stride : t->top[0] + 16 * w->mb_x + 4 * bx;
    bool left = bx || (w->edges & AVO_EDGE_LEFT), top = by || (w->edges & AVO_EDGE_TOP);
    unsigned have = 0;
    if (left) {
        for (int y = 0; y < 4; y++)
            edge[-1 - y] = rec[y * stride - 1];
        have |= AVO_EDGE_LEFT;
    }
    if (top) {
        bool more =
            by ? has_topright >> (by * 4 + bx) & 1 : bx < 3 || (w->edges & AVO_EDGE_TOPRIGHT);
        for (int x = 0; x < 4; x++) {
            edge[1 + x] = above[x];
            edge[5 + x] = above[more ? 4 + x : 3];
        }
        have |= AVO_EDGE_TOP;
    }
    if (left && top) {
        edge[0] = above[-1];
        have |= AVO_EDGE_CORNER;
    }
    return have;
}

/* ---- 16x16 ---- */

void avo_tiny_predict_i16(AvoTiny *t)
{
    const AvoTinyWork *w = t->work;
    pixel line[AVO_EDGE_SIZE];
    make_edge(t, 0, line + AVO_EDGE_ORIGIN);
    t->dsp.intra_16x16[avo_i16_predictor(w->i16_mode, w->edges)](w->rec[0], t->ref_stride[0],
                                                                 line + AVO_EDGE_ORIGIN);
}

int avo_tiny_try_i16(AvoTiny *t)
{
    AvoTinyWork *w = t->work;
    pixel line[AVO_EDGE_SIZE];
    int best = INT32_MAX;
    make_edge(t, 0, line + AVO_EDGE_ORIGIN);
    for (int mode = 0; mode < 3; mode++) {
        if (!avo_i16_mode_legal(mode, w->edges))
            continue;
        t->dsp.intra_16x16[avo_i16_predictor(mode, w->edges)](w->rec[0], t->ref_stride[0],
                                                              line + AVO_EDGE_ORIGIN);
        int cost = 4 * avo_word_sad_16(w->half, 16, w->rec[0], 2 * t->ref_stride[0], 8) +
                   avo_tiny_lambda[w->qp] * (mode == AVO_I16_DC ? 1 : 3);
        if (cost < best) {
            best = cost;
            w->i16_mode = mode;
        }
    }
    return best;
}

/* ---- 4x4 ---- */

static int sad_4x4(const pixel *a, ptrdiff_t stride_a, const pixel *b)
{
    int sum = 0;
    for (int y = 0; y < 4; y++, a += stride_a, b += 4)
        sum += avo_abs(a[0] - b[0]) + avo_abs(a[1] - b[1]) + avo_abs(a[2] - b[2]) +
               avo_abs(a[3] - b[3]);
    return sum;
}

/* Directional modes worth a try once the best of vertical, horizontal and DC is known. */
static const uint16_t i4_next[3] = {
    1 << AVO_I4_VR | 1 << AVO_I4_VL | 1 << AVO_I4_DDL,
    1 << AVO_I4_HD | 1 << AVO_I4_HU | 1 << AVO_I4_DDR,
    1 << AVO_I4_DDL | 1 << AVO_I4_DDR | 1 << AVO_I4_HU,
};

/* Block k while its modes are tried. */
typedef struct Block {
    const pixel *cur, *edge;
    ptrdiff_t stride;
    unsigned have;
    int lambda, predicted;
    int best, mode, kept; /* blocks[kept] is the best prediction */
    AVO_ALIGN(4) pixel blocks[2][16];
} Block;

static void try_mode(const AvoTiny *t, Block *b, int mode)
{
    if (!avo_i4_mode_legal(mode, b->have))
        return;
    pixel *block = b->blocks[!b->kept];
    t->dsp.intra_4x4[avo_i4_predictor(mode, b->have)](block, 4, b->edge);
    int cost = sad_4x4(b->cur, b->stride, block) + b->lambda * (mode == b->predicted ? 1 : 4);
    if (cost < b->best) {
        b->best = cost;
        b->mode = mode;
        b->kept = !b->kept;
    }
}

/* Best mode of block k; its prediction goes to rec. */
static int try_i4_block(AvoTiny *t, int k)
{
    AvoTinyWork *w = t->work;
    int raster = avo_blk_raster[k], bx = raster & 3, by = raster >> 2;
    int8_t *grid = w->i4_grid + AVO_TINY_GRID(bx, by);
    int left = grid[-1], above = grid[-8];
    pixel line[AVO_EDGE_SIZE];
    Block b = {.stride = t->mb_w * 16, .lambda = avo_tiny_lambda[w->qp], .best = INT32_MAX};
    b.edge = line + AVO_EDGE_ORIGIN;
    b.predicted = left < 0 || above < 0 ? AVO_I4_DC : avo_min(left, above);
    b.have = make_edge_4x4(t, bx, by, line + AVO_EDGE_ORIGIN);
    b.cur = w->cur[0] + 4 * (by * b.stride + bx);
    for (int mode = 0; mode < 3; mode++)
        try_mode(t, &b, mode);
    unsigned next = i4_next[b.mode] | (b.predicted > 2 ? 1u << b.predicted : 0);
    for (int mode = 3; mode < 9; mode++)
        if (next >> mode & 1)
            try_mode(t, &b, mode);
    *grid = (int8_t)b.mode;
    w->i4_mode[k] = (int8_t)(b.mode == b.predicted ? -1 : b.mode - (b.mode > b.predicted));
    pixel *rec = w->rec[0] + 4 * (by * t->ref_stride[0] + bx);
    for (int y = 0; y < 4; y++, rec += t->ref_stride[0])
        avo_word_copy_4(rec, b.blocks[b.kept] + 4 * y);
    return b.best;
}

int avo_tiny_try_i4(AvoTiny *t, int give_up)
{
    AvoTinyWork *w = t->work;
    int cost = avo_tiny_lambda[w->qp] * I4_BITS / 4;
    w->cbp = 0;
    for (int k = 0; k < 16; k++) {
        cost += try_i4_block(t, k);
        if (cost >= give_up)
            return INT32_MAX;
        avo_tiny_code_i4_block(t, k);
    }
    return cost;
}

/* ---- chroma ---- */

void avo_tiny_predict_intra_chroma(AvoTiny *t)
{
    AvoTinyWork *w = t->work;
    pixel lines[2][AVO_EDGE_SIZE];
    int best = INT32_MAX, best_mode = 0, last = -1;
    make_edge(t, 1, lines[0] + AVO_EDGE_ORIGIN);
    make_edge(t, 2, lines[1] + AVO_EDGE_ORIGIN);
    for (int pass = 0; pass < 4; pass++) {
        int mode = pass < 3 ? pass : best_mode;
        if (!avo_chroma_mode_legal(mode, w->edges) || (pass == 3 && last == best_mode))
            continue;
        int cost = avo_tiny_lambda[w->qp] * (mode == AVO_IC_DC ? 1 : 3);
        for (int c = 1; c < 3; c++) {
            t->dsp.intra_chroma[avo_chroma_predictor(mode, w->edges)](
                w->rec[c], t->ref_stride[c], lines[c - 1] + AVO_EDGE_ORIGIN);
            if (pass < 3)
                cost += 2 * avo_word_sad_8(w->cur[c], t->mb_w * 8, w->rec[c], t->ref_stride[c], 8);
        }
        last = mode;
        if (pass < 3 && cost < best) {
            best = cost;
            best_mode = mode;
        }
    }
    w->chroma_mode = best_mode;
}
#endif
