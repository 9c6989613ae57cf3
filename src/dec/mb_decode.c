/* Samples of the macroblock at work: prediction and residual, straight into the picture
 * (8.3, 8.4.2, 8.5). The loop filter runs later, so neighbouring samples are as intra prediction
 * wants them. See slice_dec.h. */
#include "dec/slice_dec.h"
#include "h264/intra_modes.h"

/* Where the macroblock lies in the picture. */
typedef struct MbPixels {
    pixel *data[3];
    ptrdiff_t stride[3];
} MbPixels;

static MbPixels locate(const AvoSliceDec *s)
{
    MbPixels p = {{NULL, NULL, NULL}, {0, 0, 0}};
    for (int c = 0; c < (s->has_chroma ? 3 : 1); c++) {
        const AvoPlane *plane = &s->frame->plane[c];
        int size = c ? 8 : 16;
        p.data[c] = plane->data + size * (s->mb_y * plane->stride + s->mb_x);
        p.stride[c] = plane->stride;
    }
    return p;
}

/* Where someone looks inside: what was predicted, before the residual comes. */
static void note_prediction(const AvoSliceDec *s, int c, const pixel *dst, int n)
{
    if (s->trace)
        avo_trace_prediction(s, c, dst, n);
}

/* ---- intra prediction ---- */

/* May intra prediction use this neighbour's samples? (8.3.1.2) */
static bool is_usable(const AvoSliceDec *s, const AvoMbInfo *mb)
{
    return mb && (!s->pps->constrained_intra_pred || AVO_MB_IS_INTRA(mb->type));
}

/* AVO_EDGE_* of the whole macroblock. */
static unsigned mb_edges(const AvoSliceDec *s)
{
    return (is_usable(s, s->nb.a) ? AVO_EDGE_LEFT : 0u) |
           (is_usable(s, s->nb.b) ? AVO_EDGE_TOP : 0u) |
           (is_usable(s, s->nb.d) ? AVO_EDGE_CORNER : 0u) |
           (is_usable(s, s->nb.c) ? AVO_EDGE_TOPRIGHT : 0u);
}

/* The same for a block of w x w 4x4 blocks at (x, y) inside the macroblock. Bit y * 4 + x of
 * `earlier`: what lies right above precedes the block in coding order (6.4.11). */
static unsigned block_edges(unsigned mb, int x, int y, int w)
{
    const unsigned earlier = w == 1 ? 0x575fu : 0x010fu;
    unsigned have = 0;
    if (x > 0 || (mb & AVO_EDGE_LEFT))
        have |= AVO_EDGE_LEFT;
    if (y > 0 || (mb & AVO_EDGE_TOP))
        have |= AVO_EDGE_TOP;
    if (x > 0 && y > 0)
        have |= AVO_EDGE_CORNER;
    else if (x > 0)
        have |= mb & AVO_EDGE_TOP ? AVO_EDGE_CORNER : 0;
    else if (y > 0)
        have |= mb & AVO_EDGE_LEFT ? AVO_EDGE_CORNER : 0;
    else
        have |= mb & AVO_EDGE_CORNER;
    if (y > 0)
        have |= earlier >> (4 * y + x) & 1 ? AVO_EDGE_TOPRIGHT : 0;
    else if (x + w < 4)
        have |= mb & AVO_EDGE_TOP ? AVO_EDGE_TOPRIGHT : 0;
    else
        have |= mb & AVO_EDGE_TOPRIGHT;
    return have;
}

/* Copies what exists of the line around an n x n block; right:
 * samples wanted to the upper right. */
static void load_edge(pixel *edge, const pixel *pix, ptrdiff_t stride, int n, int right,
                      unsigned have)
{
    if (have & AVO_EDGE_LEFT)
        for (int y = 0; y < n; y++)
            edge[-1 - y] = pix[y * stride - 1];
    if (have & AVO_EDGE_CORNER)
        edge[0] = pix[-stride - 1];
    if (!(have & AVO_EDGE_TOP))
        return;
    memcpy(edge + 1, pix - stride, (size_t)n * sizeof(pixel));
    if (right && (have & AVO_EDGE_TOPRIGHT))
        memcpy(edge + 1 + n, pix - stride + n, (size_t)right * sizeof(pixel));
    else if (right)
        memset(edge + 1 + n, edge[n], (size_t)right);
}

/* ---- residual ---- */

enum { ACCUMULATE_NONE, ACCUMULATE_DOWN, ACCUMULATE_RIGHT };

/* Lossless block (8.5.15): residual without transform. With vertical or horizontal prediction each
 * sample continues from the one above or to the left, which is the same as accumulating the
 * residual on the prediction. */
static void add_bypass(pixel *dst, ptrdiff_t stride, coef *in, int n, int accumulate)
{
    ptrdiff_t from = accumulate == ACCUMULATE_DOWN    ? -stride
                     : accumulate == ACCUMULATE_RIGHT ? -1
                                                      : 0;
    for (int y = 0; y < n; y++, dst += stride)
        for (int x = 0; x < n; x++)
            dst[x] = avo_clip_pixel(dst[x + from] + in[y * n + x]);
}

/* Modes of intra prediction that a lossless residual accumulates along. */
static int accumulation(int mode, int vertical, int horizontal)
{
    return mode == vertical     ? ACCUMULATE_DOWN
           : mode == horizontal ? ACCUMULATE_RIGHT
                                : ACCUMULATE_NONE;
}

/* One 4x4 block with nnz levels. Clears the coefficients. */
static void add_4x4(const AvoSliceDec *s, pixel *dst, ptrdiff_t stride, coef in[16], int nnz,
                    int accumulate)
{
    if (s->bypass) {
        if (nnz || in[0] || accumulate)
            add_bypass(dst, stride, in, 4, accumulate);
    } else if (nnz > 1 || (nnz == 1 && !in[0])) {
        s->dsp->add_idct_4x4(dst, stride, in);
    } else if (in[0]) {
        s->dsp->add_idct_4x4_dc(dst, stride, in[0]);
        in[0] = 0;
        return;
    } else {
        return;
    }
    memset(in, 0, 16 * sizeof *in);
}

/* nnz for add_4x4 of a block whose DC is coded apart:
 * with any AC level it needs the whole transform. */
static int ac_count(int nnz)
{
    return nnz ? 16 : 0;
}

static void add_8x8(const AvoSliceDec *s, pixel *dst, ptrdiff_t stride, coef in[64], int accumulate)
{
    if (s->bypass)
        add_bypass(dst, stride, in, 8, accumulate);
    else
        s->dsp->add_idct_8x8(dst, stride, in);
    memset(in, 0, 64 * sizeof *in);
}

/* Luma residual of inter macroblocks. */
static void add_luma(AvoSliceDec *s, const MbPixels *p)
{
    const AvoMbInfo *mb = s->mb;
    for (int blk8 = 0; blk8 < 4; blk8++) {
        if (!(mb->cbp >> blk8 & 1))
            continue;
        pixel *dst = p->data[0] + (blk8 >> 1) * 8 * p->stride[0] + (blk8 & 1) * 8;
        if (mb->transform_8x8) {
            add_8x8(s, dst, p->stride[0], s->work.luma[4 * blk8], ACCUMULATE_NONE);
            continue;
        }
        for (int i = 0; i < 4; i++)
            add_4x4(s, dst + (i >> 1) * 4 * p->stride[0] + (i & 1) * 4, p->stride[0],
                    s->work.luma[4 * blk8 + i], mb->nnz[avo_blk_raster[4 * blk8 + i]],
                    ACCUMULATE_NONE);
    }
}

/* Inverse transform and scaling of the four chroma DC levels (8.5.11) into their blocks. */
static void spread_chroma_dc(AvoSliceDec *s, int c)
{
    coef *dc = s->work.chroma_dc[c];
    coef(*blocks)[16] = s->work.chroma[c];
    if (s->bypass) {
        for (int i = 0; i < 4; i++)
            blocks[i][0] = dc[i];
    } else {
        int qp = avo_slice_chroma_qp(s, c), list = (AVO_MB_IS_INTRA(s->mb->type) ? 1 : 4) + c;
        uint32_t scale = (uint32_t)s->quant->dequant4[list][qp % 6][0] << (qp / 6);
        int f[4] = {dc[0] + dc[1] + dc[2] + dc[3], dc[0] - dc[1] + dc[2] - dc[3],
                    dc[0] + dc[1] - dc[2] - dc[3], dc[0] - dc[1] - dc[2] + dc[3]};
        for (int i = 0; i < 4; i++)
            blocks[i][0] = (coef)((int32_t)((uint32_t)f[i] * scale) >> 5);
    }
    memset(dc, 0, 4 * sizeof *dc);
}

static void add_chroma(AvoSliceDec *s, const MbPixels *p, int accumulate)
{
    const AvoMbInfo *mb = s->mb;
    if (mb->cbp >> 4 == 0 && !(s->bypass && accumulate))
        return;
    for (int c = 0; c < 2; c++) {
        spread_chroma_dc(s, c);
        for (int i = 0; i < 4; i++)
            add_4x4(s, p->data[1 + c] + (i >> 1) * 4 * p->stride[1] + (i & 1) * 4, p->stride[1],
                    s->work.chroma[c][i], ac_count(mb->nnz[16 + 4 * c + i]), accumulate);
    }
}

/* ---- macroblock types ---- */

static void decode_pcm(const AvoSliceDec *s, const MbPixels *p)
{
    const uint8_t *src = s->work.pcm;
    for (int c = 0; c < (s->has_chroma ? 3 : 1); c++) {
        size_t size = c ? 8 : 16;
        for (size_t y = 0; y < size; y++, src += size)
            for (size_t x = 0; x < size; x++)
                p->data[c][(ptrdiff_t)y * p->stride[c] + (ptrdiff_t)x] = src[x];
    }
}

static bool decode_intra_4x4(AvoSliceDec *s, const MbPixels *p, unsigned mb_have)
{
    const AvoMbInfo *mb = s->mb;
    pixel line[AVO_EDGE_SIZE] = {0}, *edge = line + AVO_EDGE_ORIGIN;
    for (int i = 0; i < 16; i++) {
        int raster = avo_blk_raster[i], x = raster & 3, y = raster >> 2,
            mode = mb->intra_mode[raster];
        pixel *dst = p->data[0] + 4 * (y * p->stride[0] + x);
        unsigned have = block_edges(mb_have, x, y, 1);
        int kernel = avo_i4_predictor(mode, have);
        if (!avo_i4_mode_legal(mode, have))
            return false;
        load_edge(edge, dst, p->stride[0], 4, 4, have);
        s->dsp->intra_4x4[kernel](dst, p->stride[0], edge);
        note_prediction(s, 0, dst, 4);
        if (mb->nnz[raster])
            add_4x4(s, dst, p->stride[0], s->work.luma[i], mb->nnz[raster],
                    accumulation(mode, AVO_I4_V, AVO_I4_H));
    }
    return true;
}

static bool decode_intra_8x8(AvoSliceDec *s, const MbPixels *p, unsigned mb_have)
{
    const AvoMbInfo *mb = s->mb;
    pixel line[AVO_EDGE_SIZE] = {0}, filtered[AVO_EDGE_SIZE] = {0};
    for (int i = 0; i < 4; i++) {
        int x = (i & 1) * 2, y = i & 2, mode = mb->intra_mode[4 * y + x];
        pixel *dst = p->data[0] + 4 * (y * p->stride[0] + x);
        unsigned have = block_edges(mb_have, x, y, 2);
        int kernel = avo_i4_predictor(mode, have);
        if (!avo_i4_mode_legal(mode, have))
            return false;
        load_edge(line + AVO_EDGE_ORIGIN, dst, p->stride[0], 8, 8, have);
        s->dsp->filter_edge_8x8(filtered + AVO_EDGE_ORIGIN, line + AVO_EDGE_ORIGIN, have);
        s->dsp->intra_8x8[kernel](dst, p->stride[0], filtered + AVO_EDGE_ORIGIN);
        note_prediction(s, 0, dst, 8);
        if (mb->cbp >> i & 1)
            add_8x8(s, dst, p->stride[0], s->work.luma[4 * i],
                    accumulation(mode, AVO_I4_V, AVO_I4_H));
    }
    return true;
}

/* DC levels of Intra16x16 into their blocks (8.5.10). */
static void spread_luma_dc(AvoSliceDec *s)
{
    coef *dc = s->work.luma_dc;
    if (!(s->mb->dc_flags & AVO_DC_LUMA))
        return;
    if (!s->bypass) {
        s->dsp->ihadamard_dc_4x4(dc);
        s->dsp->dequant_4x4_dc(dc, s->quant->dequant4[0][s->qp % 6][0], s->qp);
    }
    for (int i = 0; i < 16; i++)
        s->work.luma[i][0] = dc[avo_blk_raster[i]];
    memset(dc, 0, 16 * sizeof *dc);
}

static bool decode_intra_16x16(AvoSliceDec *s, const MbPixels *p, unsigned have)
{
    const AvoMbInfo *mb = s->mb;
    pixel line[AVO_EDGE_SIZE] = {0}, *edge = line + AVO_EDGE_ORIGIN;
    int mode = s->work.intra16_mode;
    int kernel = avo_i16_predictor(mode, have);
    if (!avo_i16_mode_legal(mode, have))
        return false;
    load_edge(edge, p->data[0], p->stride[0], 16, 0, have);
    s->dsp->intra_16x16[kernel](p->data[0], p->stride[0], edge);
    note_prediction(s, 0, p->data[0], 16);
    spread_luma_dc(s);
    for (int i = 0; i < 16; i++) {
        int raster = avo_blk_raster[i];
        pixel *dst = p->data[0] + 4 * ((raster >> 2) * p->stride[0] + (raster & 3));
        add_4x4(s, dst, p->stride[0], s->work.luma[i], ac_count(mb->nnz[raster]),
                accumulation(mode, AVO_I16_V, AVO_I16_H));
    }
    return true;
}

static bool decode_intra_chroma(AvoSliceDec *s, const MbPixels *p, unsigned have)
{
    pixel line[AVO_EDGE_SIZE] = {0}, *edge = line + AVO_EDGE_ORIGIN;
    int mode = s->mb->intra_chroma_mode;
    int kernel = avo_chroma_predictor(mode, have);
    if (!avo_chroma_mode_legal(mode, have))
        return false;
    for (int c = 1; c < 3; c++) {
        load_edge(edge, p->data[c], p->stride[c], 8, 0, have);
        s->dsp->intra_chroma[kernel](p->data[c], p->stride[c], edge);
        note_prediction(s, c, p->data[c], 8);
    }
    add_chroma(s, p, accumulation(mode, AVO_IC_V, AVO_IC_H));
    return true;
}

static bool decode_intra(AvoSliceDec *s, const MbPixels *p)
{
    unsigned have = mb_edges(s);
    bool ok;
    switch (s->mb->type) {
    case AVO_MB_I4x4:
        ok = decode_intra_4x4(s, p, have);
        break;
    case AVO_MB_I8x8:
        ok = decode_intra_8x8(s, p, have);
        break;
    default:
        ok = decode_intra_16x16(s, p, have);
    }
    return ok && (!s->has_chroma || decode_intra_chroma(s, p, have));
}

/* ---- references that other threads are at ---- */

void avo_mb_wait_lines(AvoSliceDec *s, int list, int ref, int lines)
{
    if (s->known_lines[list][ref] >= lines)
        return;
    avo_progress_wait(s->ref_lines[list][ref], lines);
    s->known_lines[list][ref] = avo_progress_get(s->ref_lines[list][ref]);
}

/* Waits for all lines that the macroblock's vectors reach, three more for the filters' taps (as
 * many as one more chroma line and its rounding take). */
static void wait_references(AvoSliceDec *s)
{
    const AvoMbInfo *mb = s->mb;
    int height = s->frame->plane[0].height;
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < 4; i++) {
            int ref = mb->ref_idx[list][i];
            if (ref < 0)
                continue;
            const AvoMv *mv = &mb->mv[list][8 * (i >> 1) + 2 * (i & 1)];
            int lowest = avo_max(avo_max(mv[0].y, mv[1].y), avo_max(mv[4].y, mv[5].y));
            int end = 16 * s->mb_y + 8 * (i >> 1) + 8 + (lowest >> 2) + 3;
            avo_mb_wait_lines(s, list, ref, avo_clip3(1, height, end));
        }
}

static void note_whole(const AvoSliceDec *s, const MbPixels *p)
{
    for (int c = 0; c < (s->has_chroma ? 3 : 1); c++)
        note_prediction(s, c, p->data[c], c ? 8 : 16);
}

bool avo_mb_reconstruct(AvoSliceDec *s)
{
    MbPixels p = locate(s);
    if (s->mb->type == AVO_MB_IPCM) {
        decode_pcm(s, &p);
        note_whole(s, &p);
        return true;
    }
    if (AVO_MB_IS_INTRA(s->mb->type))
        return decode_intra(s, &p);
    if (s->waits)
        wait_references(s);
    avo_predict_mb_into(&s->predict, s->mb, s->mb_x, s->mb_y, p.data, p.stride[0], p.stride[1]);
    note_whole(s, &p);
    if (s->mb->cbp & 15)
        add_luma(s, &p);
    if (s->has_chroma)
        add_chroma(s, &p, ACCUMULATE_NONE);
    return true;
}
