/* What the eye minds beyond the squared error, as an error to be added to it: texture that is lost,
 * and in I pictures means that are off. Both belong to psycho-visual strengths above 0: to the
 * default tuning, but not to psnr and ssim. */
#ifndef AVO_ENC_PSY_H
#define AVO_ENC_PSY_H

#include "enc/row.h"

/* In I pictures the error of a block's mean counts 1 + so many times, in luma by 8x8, in chroma by
 * 4x4 (the same area). */
enum { AVO_MEAN_EXTRA_LUMA = 3, AVO_MEAN_EXTRA_CHROMA = 7 };

/* Whether means count more in this slice. */
AVO_INLINE bool avo_means_matter(const AvoRowCtx *row)
{
    return row->job->tools->keep_means && row->syntax.slice_type == AVO_SLICE_I;
}

/* Looks at the source's macroblock in row->cur: fills row->look. */
void avo_psy_look(AvoRowCtx *row);

/* In squared error, of a coded candidate for it. */
int64_t avo_psy_distortion(const AvoRowCtx *row, const AvoMbCand *cand);

#endif
