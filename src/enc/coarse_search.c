/* Long motion: exhaustive search between pictures at an eighth of the size.
 *
 * In: the half-size pictures of the window. Out: one vector per 8x8 block of the small picture
 * (64x64 samples of the full one), as a start for the search at half size. What moves fast, moves
 * over a large area or is not seen by the encoder's short-range searches either: those follow their
 * neighbours' vectors, and somebody has to find the first one. The small pictures are so small that
 * every position within AVO_COARSE_RANGE can be tried. */
#include "enc/lookahead_internal.h"

#define EDGE 8 /* width of a block; smaller pictures are not searched */

void avo_coarse_carve(AvoLowres *lr, AvoArena *arena, const AvoLookahead *la)
{
    lr->coarse.width = 2 * la->mb_width;
    lr->coarse.height = 2 * la->mb_height;
    lr->coarse.stride = (ptrdiff_t)avo_align_up((size_t)lr->coarse.width + AVO_COARSE_OVERRUN, 16);
    lr->coarse.data = avo_arena_take(
        arena, (size_t)lr->coarse.stride * (size_t)lr->coarse.height * sizeof(pixel), 64);
    size_t blocks = (size_t)la->coarse_width * (size_t)la->coarse_height;
    for (int dir = 0; dir < 2; dir++)
        lr->coarse_mv[dir] = avo_arena_take(arena, blocks * sizeof(AvoMv), 0);
}

#define PIECE 256 /* samples that are made at a time */

/* Each sample is about the mean of a 4x4 block at half size: halved twice, by way of two lines at a
 * quarter of the picture's size for each line. */
void avo_coarse_row(const AvoDsp *dsp, AvoLowres *lr, const AvoPlane *half, int mb_y)
{
    AVO_ALIGN(64) pixel quarter[2 * 2 * PIECE];
    const AvoPlane *to = &lr->coarse;
    for (int y = 2 * mb_y; y < 2 * mb_y + 2; y++)
        for (int x = 0; x < to->width; x += PIECE) {
            int width = avo_min(PIECE, to->width - x);
            dsp->half_plane(quarter, 2 * PIECE, half->data + 4 * y * half->stride + 4 * x,
                            half->stride, 2 * width, 2);
            dsp->half_plane(to->data + y * to->stride + x, to->stride, quarter, 2 * PIECE, width,
                            1);
        }
}

/* Place of block i along a side: the last one is moved inwards to lie in the picture. */
AVO_INLINE int block_at(int i, int size)
{
    return avo_min(EDGE * i, size - EDGE);
}

#define LINE 24 /* positions of a line, rounded up to what the kernel takes */

/* What a column's distance from no motion costs, for the positions x0..x1. Returns the count for
 * the kernel; those behind x1 cost too much. */
static int set_distances(uint16_t *extra, int x0, int x1, int x)
{
    int count = (x1 - x0 + 8) & ~7;
    for (int i = 0; i < count; i++)
        extra[i] = (uint16_t)(x0 + i <= x1 ? 2 * avo_abs(x0 + i - x) : 65535);
    return count;
}

static AvoMv search_block(const AvoDsp *dsp, const AvoPlane *cur, const AvoPlane *ref, int x, int y)
{
    AVO_ALIGN(64) pixel block[EDGE * AVO_CUR_STRIDE];
    uint16_t extra[LINE];
    int x0 = avo_max(x - AVO_COARSE_RANGE, 0),
        x1 = avo_min(x + AVO_COARSE_RANGE, ref->width - EDGE);
    int y0 = avo_max(y - AVO_COARSE_RANGE, 0),
        y1 = avo_min(y + AVO_COARSE_RANGE, ref->height - EDGE);
    int count = set_distances(extra, x0, x1, x);
    AvoMv best = {0, 0};
    dsp->copy[1](block, AVO_CUR_STRIDE, cur->data + y * cur->stride + x, cur->stride, EDGE);
    int best_cost =
        dsp->sad[AVO_BLK_8x8](block, AVO_CUR_STRIDE, ref->data + y * ref->stride + x, ref->stride);
    for (int py = y0; py <= y1; py++) {
        int distance = 2 * avo_abs(py - y);
        if (distance >= best_cost) /* as it is the less when nothing moves */
            continue;
        uint32_t least =
            dsp->sad_line_8x8(block, ref->data + py * ref->stride + x0, ref->stride, extra, count);
        int cost = (int)(least >> 16) + distance, px = x0 + (int)(least & 0xffff);
        if (cost < best_cost) {
            best_cost = cost;
            best = (AvoMv){(int16_t)(8 * (px - x)), (int16_t)(8 * (py - y))};
        }
    }
    return best;
}

void avo_coarse_search_row(const AvoLookahead *la, const AvoLowres *cur, const AvoLowres *ref,
                           int dir, int by)
{
    const AvoPlane *c = &cur->coarse, *r = &ref->coarse;
    AvoMv *mv = cur->coarse_mv[dir] + by * la->coarse_width;
    for (int bx = 0; bx < la->coarse_width; bx++)
        *mv++ = search_block(la->dsp, c, r, block_at(bx, c->width), block_at(by, c->height));
}

bool avo_coarse_is_possible(const AvoLowres *lr)
{
    return lr->coarse.width >= EDGE && lr->coarse.height >= EDGE;
}
