/* See psy.h.
 *
 * Texture is the energy of an 8x8 Hadamard transform without its mean. In I pictures lines count by
 * themselves: the energies of the transform's first row and first column. Otherwise a vertical
 * prediction that draws one row of noise down a block would be taken for the block's noise, and
 * dark noisy scenes get streaks.
 *
 * Means: the eye sees an even patch of another brightness or colour long before it misses noise of
 * the same squared error. Inter pictures inherit their means; in I pictures, where a block is
 * predicted from the border of the one before, an error that is not worth its bits in this block
 * goes on into the next and grows to a patch. */
#include "enc/psy.h"

enum { LUMA_BLOCKS = 4, SIZE = 8 };

/* ---- texture ---- */

enum { TEXTURE_Q8 = 166 }; /* weight of a unit of texture at strength 1 */

/* Texture that got lost or was added. */
static int texture_error(const AvoTexture *got, const AvoTexture *is, bool lines_count)
{
    int error = 0;
    for (int i = 0; i < LUMA_BLOCKS; i++) {
        int row = got->row[i] - is->row[i], column = got->column[i] - is->column[i];
        int all = got->all[i] - is->all[i];
        error += lines_count ? avo_abs(row) + avo_abs(column) + avo_abs(all - row - column)
                             : avo_abs(all);
    }
    return error;
}

/* ---- means ---- */

/* Squared error that the means' own makes up, of 8x8 blocks. */
static int64_t luma_mean_error(const AvoTexture *got, const AvoTexture *is)
{
    int64_t error = 0;
    for (int i = 0; i < LUMA_BLOCKS; i++) {
        int off = got->sum[i] - is->sum[i]; /* below 2^14 */
        error += (off * off) / (SIZE * SIZE);
    }
    return error;
}

/* ---- both ---- */

void avo_psy_look(AvoRowCtx *row)
{
    if (row->job->tools->psy_rd || avo_means_matter(row))
        row->job->dsp->texture(row->cur, AVO_CUR_STRIDE, &row->look);
}

int64_t avo_psy_distortion(const AvoRowCtx *row, const AvoMbCand *cand)
{
    const AvoDsp *dsp = row->job->dsp;
    int psy_rd = row->job->tools->psy_rd;
    bool means_matter = avo_means_matter(row);
    int64_t error = 0;
    AvoTexture got;
    if (!psy_rd && !means_matter)
        return 0;
    dsp->texture(cand->rec, AVO_REC_STRIDE, &got);
    if (psy_rd) {
        int64_t weight = (int64_t)row->lambda_q8 * TEXTURE_Q8 * psy_rd;
        bool lines_count = row->syntax.slice_type == AVO_SLICE_I;
        error += weight * texture_error(&got, &row->look, lines_count) / (100 * 256 * 256);
    }
    if (means_matter)
        error += AVO_MEAN_EXTRA_LUMA * luma_mean_error(&got, &row->look);
    if (means_matter && row->syntax.chroma_format)
        error += AVO_MEAN_EXTRA_CHROMA * dsp->mean_ssd(row->cur + AVO_CUR_CB, AVO_CUR_STRIDE,
                                                       cand->rec + AVO_REC_CB, AVO_REC_STRIDE);
    return error;
}
