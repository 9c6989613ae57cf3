/* See edges.h. */
#include "enc/edges.h"

unsigned avo_edge_mb(const AvoRowCtx *row, int plane, pixel *line)
{
    pixel *edge = line + AVO_EDGE_CORNER_AT;
    int size = plane ? 8 : 16;
    AVO_ASSERT(!plane || row->syntax.chroma_format);
    if (row->intra_edges & AVO_EDGE_LEFT)
        for (int y = 0; y < size; y++)
            edge[-1 - y] = row->left[plane][y * row->left_stride[plane]];
    if (row->intra_edges & AVO_EDGE_CORNER)
        edge[0] = row->corner[plane];
    if (row->intra_edges & AVO_EDGE_TOP)
        memcpy(edge + 1, row->top[plane], (size_t)size * sizeof *edge);
    return row->intra_edges;
}

/* The raw line of a size x size block at sample (x, y) of the macroblock; topright tells whether a
 * block inside the macroblock may use the samples above right. */
static unsigned raw_edge(const AvoRowCtx *row, const pixel *rec, int x, int y, int size,
                         bool topright, pixel *edge)
{
    unsigned have = 0;
    bool line_above = row->intra_edges & AVO_EDGE_TOP; /* else `above` is not read when y is 0 */
    const pixel *above = y            ? rec + (y - 1) * AVO_REC_STRIDE + x
                         : line_above ? row->top[0] + x
                                      : rec;
    if (x) {
        for (int j = 0; j < size; j++)
            edge[-1 - j] = rec[(y + j) * AVO_REC_STRIDE + x - 1];
        have |= AVO_EDGE_LEFT;
    } else if (row->intra_edges & AVO_EDGE_LEFT) {
        for (int j = 0; j < size; j++)
            edge[-1 - j] = row->left[0][(y + j) * row->left_stride[0]];
        have |= AVO_EDGE_LEFT;
    }
    if (y || (row->intra_edges & AVO_EDGE_TOP)) {
        have |= AVO_EDGE_TOP;
        if (y ? topright : x + size < 16 || (row->intra_edges & AVO_EDGE_TOPRIGHT)) {
            memcpy(edge + 1, above, 2 * (size_t)size * sizeof *edge);
            have |= AVO_EDGE_TOPRIGHT;
        } else {
            memcpy(edge + 1, above, (size_t)size * sizeof *edge);
        }
    }
    if (x && y) {
        edge[0] = above[-1];
        have |= AVO_EDGE_CORNER;
    } else if (x) {
        if (row->intra_edges & AVO_EDGE_TOP) {
            edge[0] = above[-1];
            have |= AVO_EDGE_CORNER;
        }
    } else if (y) {
        if (row->intra_edges & AVO_EDGE_LEFT) {
            edge[0] = row->left[0][(y - 1) * row->left_stride[0]];
            have |= AVO_EDGE_CORNER;
        }
    } else if (row->intra_edges & AVO_EDGE_CORNER) {
        edge[0] = row->corner[0];
        have |= AVO_EDGE_CORNER;
    }
    return have;
}

unsigned avo_edge_4x4(const AvoRowCtx *row, const pixel *rec, int bx, int by, pixel *line)
{
    /* Bit = raster block whose upper right samples inside the macroblock are
     * decoded before it (6.4.11.4). */
    static const uint16_t has_topright =
        1 << 4 | 1 << 6 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 14;
    pixel *edge = line + AVO_EDGE_CORNER_AT;
    unsigned have = raw_edge(row, rec, bx * 4, by * 4, 4, has_topright >> (by * 4 + bx) & 1, edge);
    if ((have & (AVO_EDGE_TOP | AVO_EDGE_TOPRIGHT)) == AVO_EDGE_TOP)
        for (int i = 5; i <= 8; i++)
            edge[i] = edge[4];
    return have;
}

unsigned avo_edge_8x8(const AvoRowCtx *row, const pixel *rec, int bx, int by, pixel *line)
{
    pixel raw[AVO_EDGE_LINE];
    unsigned have =
        raw_edge(row, rec, bx * 8, by * 8, 8, by == 1 && bx == 0, raw + AVO_EDGE_CORNER_AT);
    row->job->dsp->filter_edge_8x8(line + AVO_EDGE_CORNER_AT, raw + AVO_EDGE_CORNER_AT, have);
    return have;
}
