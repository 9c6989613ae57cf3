/* See psy.h.
 *
 * Texture is the energy of an 8x8 Hadamard transform without its mean. In I pictures lines count by
 * themselves: the energies of the transform's first row and first column, which come from the sums
 * of columns and rows. Otherwise a vertical prediction that draws one row of noise down a block
 * would be taken for the block's noise, and dark noisy scenes get streaks.
 *
 * Means: the eye sees an even patch of another brightness or colour long before it misses noise of
 * the same squared error. Inter pictures inherit their means; in I pictures, where a block is
 * predicted from the border of the one before, an error that is not worth its bits in this block
 * goes on into the next and grows to a patch. */
#include "enc/psy.h"

enum { LUMA_BLOCKS = 4, SIZE = 8 };

/* ---- texture ---- */

static void hadamard_8(int v[SIZE])
{
    for (int step = 1; step < SIZE; step *= 2)
        for (int i = 0; i < SIZE; i++)
            if (!(i & step)) {
                int a = v[i], b = v[i + step];
                v[i] = a + b;
                v[i + step] = a - b;
            }
}

/* Energy of what is the same in all rows (or columns) of a block, from the sums of its columns (or
 * rows), in units of AvoDsp.hadamard_ac. Leaves their transform. */
static int line_energy(int sums[SIZE])
{
    int energy = 0;
    hadamard_8(sums);
    for (int i = 1; i < SIZE; i++)
        energy += avo_abs(sums[i]);
    return energy >> 2;
}

/* Fills all but what is neither a line nor the mean. */
static void look_at_sums(AvoBlockLook *look, const pixel *p, ptrdiff_t stride)
{
    int columns[SIZE] = {0}, rows[SIZE] = {0};
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++) {
            columns[x] += p[y * stride + x];
            rows[y] += p[y * stride + x];
        }
    look->lines[0] = line_energy(columns);
    look->lines[1] = line_energy(rows);
    look->sum = rows[0]; /* of the transform: its mean */
}

static AvoBlockLook look_at(const AvoRowCtx *row, const pixel *p, ptrdiff_t stride)
{
    AvoBlockLook look = {0};
    if (row->job->tools->psy_rd)
        look.rest = (int)(row->job->dsp->hadamard_ac[AVO_BLK_8x8](p, stride) >> 32);
    if (row->syntax.slice_type == AVO_SLICE_I) {
        look_at_sums(&look, p, stride);
        look.rest -= look.lines[0] + look.lines[1];
    }
    return look;
}

enum { TEXTURE_Q8 = 166 }; /* weight of a unit of texture at strength 1 */

/* Texture that got lost or was added, of a block. */
static int texture_error(const AvoBlockLook *got, const AvoBlockLook *is)
{
    return avo_abs(got->rest - is->rest) + avo_abs(got->lines[0] - is->lines[0]) +
           avo_abs(got->lines[1] - is->lines[1]);
}

/* ---- means ---- */

/* Squared error that the means' own makes up, of the 4x4 blocks of one plane of chroma. */
static int64_t chroma_mean_error(const pixel *cur, const pixel *rec)
{
    int64_t error = 0;
    for (int at_y = 0; at_y < 8; at_y += 4)
        for (int at_x = 0; at_x < 8; at_x += 4) {
            int off = 0;
            for (int y = at_y; y < at_y + 4; y++)
                for (int x = at_x; x < at_x + 4; x++)
                    off += cur[y * AVO_CUR_STRIDE + x] - rec[y * AVO_REC_STRIDE + x];
            error += (int64_t)off * off / 16;
        }
    return error;
}

/* ---- both ---- */

void avo_psy_look(AvoRowCtx *row)
{
    if (!row->job->tools->psy_rd && !avo_means_matter(row))
        return;
    for (int i = 0; i < LUMA_BLOCKS; i++)
        row->look[i] = look_at(row, row->cur + (i >> 1) * SIZE * AVO_CUR_STRIDE + (i & 1) * SIZE,
                               AVO_CUR_STRIDE);
}

int64_t avo_psy_distortion(const AvoRowCtx *row, const AvoMbCand *cand)
{
    int psy_rd = row->job->tools->psy_rd, texture = 0;
    bool means_matter = avo_means_matter(row);
    int64_t luma = 0, chroma = 0;
    if (!psy_rd && !means_matter)
        return 0;
    for (int i = 0; i < LUMA_BLOCKS; i++) {
        const AvoBlockLook *is = &row->look[i];
        int at = (i >> 1) * SIZE * AVO_REC_STRIDE + (i & 1) * SIZE;
        AvoBlockLook got = look_at(row, cand->rec + at, AVO_REC_STRIDE);
        texture += psy_rd ? texture_error(&got, is) : 0;
        luma += (int64_t)(got.sum - is->sum) * (got.sum - is->sum) / (SIZE * SIZE);
    }
    if (means_matter && row->syntax.chroma_format)
        chroma = chroma_mean_error(row->cur + AVO_CUR_CB, cand->rec + AVO_REC_CB) +
                 chroma_mean_error(row->cur + AVO_CUR_CR, cand->rec + AVO_REC_CR);
    int64_t weight = (int64_t)row->lambda_q8 * TEXTURE_Q8 * psy_rd;
    return weight * texture / (100 * 256 * 256) + AVO_MEAN_EXTRA_LUMA * luma +
           AVO_MEAN_EXTRA_CHROMA * chroma;
}
