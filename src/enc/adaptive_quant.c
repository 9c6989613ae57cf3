/* Adaptive quantisation: finer steps where the picture is flat, coarser ones where texture hides
 * the error.
 *
 * In: the full-size planes of a source. Out: an offset per macroblock, 1/256 QP. Energy is the sum
 * of squared differences from the mean, luma and both chroma blocks; its logarithm decides:
 *
 *  mode 1   offset = slope * (log2 energy - pivot), the same for every picture.
 *  mode 2   the picture's mean offset is that of mode 1 at its mean log2 energy; around it the
 * offset follows energy^(1/8), scaled to the same slope at the mean. That bends upwards: strong
 *           textures give more, flat areas (noise, banding) take less than in mode 1. */
#include "enc/lookahead_internal.h"

#define PIVOT_Q16    (14 << 16) /* log2 energy of a macroblock that keeps the picture's QP */
#define OFFSET_LIMIT (12 * 256)

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

/* Slope: 1 QP per doubled energy at strength 1. log2 in 1/65536 becomes QP in 1/256. */
static int plain_offset_q8(int64_t log2_energy_q16, int strength)
{
    return (int)((log2_energy_q16 - PIVOT_Q16) * strength / (100 * 256));
}

static void store(AvoSource *s, AvoLowres *lr, int i, int offset_q8)
{
    offset_q8 = avo_clip3(-OFFSET_LIMIT, OFFSET_LIMIT, offset_q8);
    s->aq_q8[i] = (int16_t)offset_q8;
    lr->aq_factor_q8[i] = (uint16_t)(avo_step_ratio_q16(-offset_q8) >> 8);
}

/* Mode 2 for a picture whose log2 energies (1/256) are in aq_q8. */
static void normalise(const AvoLookahead *la, AvoSource *s, AvoLowres *lr)
{
    int64_t sum_log_q8 = 0, sum_root_q16 = 0;
    for (int i = 0; i < la->mb_count; i++) {
        sum_log_q8 += s->aq_q8[i];
        sum_root_q16 += (int64_t)avo_exp2_q16(s->aq_q8[i] * 32); /* * 256 / 8 */
    }
    int strength = la->config.aq_strength;
    int mean_offset_q8 = plain_offset_q8(sum_log_q8 * 256 / la->mb_count, strength);
    int64_t mean_root_q16 = sum_root_q16 / la->mb_count;
    for (int i = 0; i < la->mb_count; i++) {
        int64_t root_q16 = (int64_t)avo_exp2_q16(s->aq_q8[i] * 32);
        /* d(root) / d(log2 energy) is root * ln 2 / 8, so the slope at the mean is 1 with gain
         * 11.54 / mean. */
        int64_t relative_q16 = (root_q16 - mean_root_q16) * 65536 / mean_root_q16;
        int64_t bend_q8 = relative_q16 * 2954 / 65536 * strength / 100;
        store(s, lr, i, mean_offset_q8 + (int)bend_q8);
    }
}

void avo_aq_begin(const AvoLookahead *la, AvoSource *source)
{
    AvoLowres *lr = source->lookahead;
    int mode = la->config.rate_mode == AVOCET_RATE_QP ? 0 : la->config.aq_mode;
    for (int y = 0, i = 0; y < la->mb_height; y++) {
        for (int x = 0; x < la->mb_width; x++, i++) {
            if (mode == 0) {
                store(source, lr, i, 0);
                continue;
            }
            int32_t log2_q16 = avo_log2_q16(energy_of(la->dsp, source, x, y));
            if (mode == 1)
                store(source, lr, i, plain_offset_q8(log2_q16, la->config.aq_strength));
            else
                source->aq_q8[i] = (int16_t)(log2_q16 >> 8);
        }
    }
    if (mode == 2)
        normalise(la, source, lr);
}
