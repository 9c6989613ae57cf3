/* Adaptive quantisation: finer steps where the picture is flat, coarser ones where texture hides
 * the error.
 *
 * In: the full-size planes of a source. Out: an offset per macroblock, 1/256 QP,
 *
 *     offset = strength * slope * log2((energy + floor) / pivot)
 *
 * energy: sum of squared differences from the mean, luma and both chroma blocks.
 *
 *  mode 1   slope 1, hardly a floor: what is flat gets fine steps, down to the faintest gradient,
 *           where coarse ones would show as bands. For eyes.
 *  mode 2   slope 1.75 above a floor of about 60 per sample, below which contrast no longer counts:
 *           errors weigh as SSIM weighs them, relative to (energy + constant). For SSIM.
 *
 * Steps relative to the mean of each picture were tried in mode 2 and lose: a picture that is flat
 * as a whole deserves its finer steps. */
#include "enc/lookahead_internal.h"

#define OFFSET_LIMIT (12 * 256)

typedef struct AqMode {
    int slope; /* 1/100 QP per doubled energy */
    uint32_t floor, pivot;
} AqMode;

static const AqMode aq_modes[] = {{0, 1, 1}, {100, 512, 16896}, {175, 16384, 45056}};

/* Squared deviation from the mean of a block of 1 << log2_n samples. */
static uint32_t deviation(uint64_t sums, int log2_n)
{
    uint64_t sum = sums & 0xffffffff, squares = sums >> 32;
    return (uint32_t)(squares - ((sum * sum) >> log2_n));
}

static uint32_t energy_of(const AvoDsp *dsp, const AvoSource *s, int x, int y)
{
    const AvoPlane *luma = &s->plane[0];
    uint32_t energy =
        deviation(dsp->var[0](luma->data + 16 * y * luma->stride + 16 * x, luma->stride), 8);
    for (int c = 1; c < 3 && s->plane[c].data; c++) {
        const AvoPlane *p = &s->plane[c];
        energy += deviation(dsp->var[1](p->data + 8 * y * p->stride + 8 * x, p->stride), 6);
    }
    return energy;
}

void avo_aq_row(const AvoLookahead *la, AvoSource *source, int y)
{
    AvoLowres *lr = source->lookahead;
    bool off = la->config.rate_mode == AVOCET_RATE_QP;
    AqMode mode = aq_modes[off ? 0 : avo_clip3(0, 2, la->config.aq_mode)];
    int gain = mode.slope * la->config.aq_strength; /* 1/10000 */
    int32_t pivot_q16 = avo_log2_q16(mode.pivot);
    for (int x = 0, i = y * la->mb_width; x < la->mb_width; x++, i++) {
        int64_t log2_q16 = 0;
        if (gain)
            log2_q16 =
                avo_log2_q16((uint64_t)energy_of(la->dsp, source, x, y) + mode.floor) - pivot_q16;
        int offset_q8 = (int)(log2_q16 * gain / (256 * 10000));
        offset_q8 = avo_clip3(-OFFSET_LIMIT, OFFSET_LIMIT, offset_q8);
        source->aq_q8[i] = (int16_t)offset_q8;
        lr->aq_factor_q8[i] = (uint16_t)(avo_step_ratio_q16(-offset_q8) >> 8);
    }
}
