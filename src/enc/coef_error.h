/* What a level does to the squared error of the samples, for each kind of residual block.
 *
 * A coefficient and its level meet as the decoder's scaled value (8.5.12.1, 8.5.13.1, without its
 * rounding) in 1/256: target = c * gain / 2^10 against level * step. The squared error of the
 * samples is the square of their difference times weight, in units of 2^-(AVO_TRELLIS_SCORE_BITS +
 * shift). gain inverts the forward transform; weight is the product of the squared norms of the
 * inverse transform's basis functions, which are by row and column
 *
 *     4x4   0, 2: 4     1, 3: 5/2
 *     8x8   0, 4: 8     2, 6: 5     odd: 289/32
 *
 * and for DC blocks, whose Hadamard transforms are orthogonal with equal norms, one value for all.
 */
#ifndef AVO_ENC_COEF_ERROR_H
#define AVO_ENC_COEF_ERROR_H

#include "base/util.h"
#include "h264/tables.h"

/* 4x4, the same without DC, DC of Intra16x16, chroma DC, 8x8. */
typedef enum AvoCoefKind {
    AVO_COEF_4x4,
    AVO_COEF_AC,
    AVO_COEF_DC_4x4,
    AVO_COEF_DC_2x2,
    AVO_COEF_8x8
} AvoCoefKind;

typedef struct AvoCoefMeasure {
    int32_t gain;
    int16_t weight;
} AvoCoefMeasure;

extern const AvoCoefMeasure avo_measure_4x4[16], avo_measure_8x8[64], avo_measure_dc_4x4,
    avo_measure_dc_2x2;

typedef struct AvoCoefPoint {
    int64_t target, step;
    int weight, shift;
} AvoCoefPoint;

AVO_INLINE int avo_coef_raster(AvoCoefKind kind, int scan)
{
    return kind == AVO_COEF_8x8      ? avo_zigzag_8x8[scan]
           : kind == AVO_COEF_DC_2x2 ? scan
                                     : avo_zigzag_4x4[scan];
}

/* scale: LevelScale(qp % 6); DC blocks use the first. */
AVO_INLINE AvoCoefPoint avo_coef_point(AvoCoefKind kind, const uint16_t *scale, int qp, int raster,
                                       int magnitude)
{
    /* The step is LevelScale << (qp / 6 + up). */
    static const struct {
        uint8_t up, shift;
    } units[] = {[AVO_COEF_4x4] = {4, 16},
                 [AVO_COEF_AC] = {4, 16},
                 [AVO_COEF_DC_4x4] = {2, 10},
                 [AVO_COEF_DC_2x2] = {3, 10},
                 [AVO_COEF_8x8] = {2, 15}};
    const bool dc = kind == AVO_COEF_DC_4x4 || kind == AVO_COEF_DC_2x2;
    const AvoCoefMeasure *m = kind == AVO_COEF_DC_4x4   ? &avo_measure_dc_4x4
                              : kind == AVO_COEF_DC_2x2 ? &avo_measure_dc_2x2
                              : kind == AVO_COEF_8x8    ? &avo_measure_8x8[raster]
                                                        : &avo_measure_4x4[raster];
    return (AvoCoefPoint){
        .target = ((int64_t)magnitude * m->gain + 512) >> 10,
        .step = (int64_t)scale[dc ? 0 : raster] << (qp / 6 + units[kind].up),
        .weight = m->weight,
        .shift = units[kind].shift,
    };
}

/* Squared error with magnitude `level` minus squared error with 0, AVO_TRELLIS_SCORE_BITS
 * fractional bits. */
AVO_INLINE int64_t avo_coef_change(const AvoCoefPoint *p, int level)
{
    int64_t value = level * p->step;
    return value * (value - 2 * p->target) * p->weight >> p->shift;
}

/* Squared error with magnitude level - 1 minus that with level, in the same unit. */
AVO_INLINE int64_t avo_coef_step_down(const AvoCoefPoint *p, int level)
{
    return p->step * (2 * p->target - (2 * level - 1) * p->step) * p->weight >> p->shift;
}

#endif
