/* Syntax elements below the macroblock layer in both entropy codings. Errors are negative; elements
 * that cannot be damaged by themselves (a bit, a CABAC bin) have none, the over-read check of the
 * caller finds truncation. */
#ifndef AVO_DEC_MB_READ_H
#define AVO_DEC_MB_READ_H

#include "dec/slice_dec.h"

/* ---- CAVLC, cavlc_read.c; single codes are read from s->br by the caller ---- */

/* Levels of the whole macroblock into s->work; fills s->nz and mb->dc_flags. False: damaged. */
bool avo_cavlc_read_residual(AvoSliceDec *s);

/* ---- CABAC, cabac_read.c ---- */

bool avo_cabac_read_skip(AvoSliceDec *s);
/* mb_type as in Tables 7-11, 7-13, 7-14: I 0..25; P 0..3, intra from 5 on;
 * B 0..22, intra from 23 on. */
int avo_cabac_read_mb_type(AvoSliceDec *s);
int avo_cabac_read_sub_type(AvoSliceDec *s);
/* -1: predicted mode, else rem_intra_pred_mode. */
int avo_cabac_read_intra_mode(AvoSliceDec *s);
int avo_cabac_read_chroma_mode(AvoSliceDec *s);
bool avo_cabac_read_transform_8x8(AvoSliceDec *s);
int avo_cabac_read_cbp(AvoSliceDec *s);
/* True: ok. mb_qp_delta as sent. */
bool avo_cabac_read_qp_delta(AvoSliceDec *s, int *delta);
/* Reference index of 8x8 block blk8 (the first of its partition); -1: damaged. */
int avo_cabac_read_ref_idx(AvoSliceDec *s, int list, int blk8);
/* Vector difference of the partition that starts at raster block blk. False: damaged. */
bool avo_cabac_read_mvd(AvoSliceDec *s, int list, int blk, int mvd[2]);
bool avo_cabac_read_residual(AvoSliceDec *s);

/* ---- scaling of levels, shared ---- */

/* How the levels of a block become coefficients (8.5.12.1, 8.5.13.1). */
typedef struct AvoLevelScale {
    const uint16_t *scale; /* raster LevelScale of qp % 6; NULL: levels as they are */
    int shift;             /* qp / 6 */
    int down;              /* 4 for 4x4, 6 for 8x8 blocks */
} AvoLevelScale;

/* (level * scale << shift, rounded) >> down, modulo 2^16 for levels that no encoder sends. */
AVO_INLINE coef avo_scale_level(const AvoLevelScale *ls, int pos, int level)
{
    if (!ls->scale)
        return (coef)level;
    uint32_t product = ((uint32_t)level * ls->scale[pos] << ls->shift) + (1u << (ls->down - 1));
    return (coef)((int32_t)product >> ls->down);
}

AVO_INLINE AvoLevelScale avo_level_scale_4x4(const AvoSliceDec *s, int list, int qp)
{
    const uint16_t *scale = s->bypass ? NULL : s->quant->dequant4[list][qp % 6];
    return (AvoLevelScale){scale, qp / 6, 4};
}

AVO_INLINE AvoLevelScale avo_level_scale_8x8(const AvoSliceDec *s, int list, int qp)
{
    const uint16_t *scale = s->bypass ? NULL : s->quant->dequant8[list][qp % 6];
    return (AvoLevelScale){scale, qp / 6, 6};
}

#endif
