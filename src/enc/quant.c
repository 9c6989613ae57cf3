/* See quant.h. The standard fixes only the inverse; the forward multipliers are its reciprocals
 * with enough bits for a 16 bit multiply-high kernel. Scaling lists divide them (weight 16 is
 * neutral). */
#include "enc/quant.h"
#include "base/util.h"

static uint16_t clip_u16(uint32_t v)
{
    return (uint16_t)(v > 65535 ? 65535 : v < 1 ? 1 : v);
}

/* mf / 2^shift * 16 / weight, rounded. */
static uint16_t scaled_mf(uint32_t mf, int shift, int weight)
{
    uint32_t den = (uint32_t)weight << shift;
    return clip_u16((mf * 16 + den / 2) / den);
}

static uint16_t bias_for(int mf, int deadzone)
{
    return clip_u16((uint32_t)(deadzone * 1024 / mf));
}

enum { NEAREST = 32 }; /* as a dead zone: half a step */

static void init_4x4(AvoQuantSet *q, const AvoScalingMatrix *lists, int list, AvoDeadZones zones)
{
    bool intra = list < 3;
    int mean = intra ? zones.mean : zones.inter, rest = intra ? zones.intra : zones.inter;
    for (int qp = 0; qp < 52; qp++) {
        for (int k = 0; k < 16; k++) {
            int i = avo_zigzag_4x4[k];
            uint16_t mf =
                scaled_mf(avo_quant_mf_4x4[qp % 6][i] * 2u, qp / 6, lists->list4x4[list][k]);
            q->mf4[list][qp][i] = mf;
            q->ac_mf4[list][qp][i] = i ? mf : 0;
            q->bias4[list][qp][i] = bias_for(mf, i ? rest : mean);
            q->round4[list][qp][i] = bias_for(mf, NEAREST);
        }
        q->dc_mf[list][qp] = clip_u16((q->mf4[list][qp][0] + 1u) / 2);
        q->dc_bias[list][qp] = bias_for(q->dc_mf[list][qp], mean);
        q->dc_round[list][qp] = bias_for(q->dc_mf[list][qp], NEAREST);
    }
}

static void init_8x8(AvoQuantSet *q, const AvoScalingMatrix *lists, int list, AvoDeadZones zones)
{
    bool intra = list == 0;
    int mean = intra ? zones.mean : zones.inter, rest = intra ? zones.intra : zones.inter;
    for (int qp = 0; qp < 52; qp++)
        for (int k = 0; k < 64; k++) {
            int i = avo_zigzag_8x8[k];
            uint16_t mf = scaled_mf(avo_quant_mf_8x8[qp % 6][i], qp / 6, lists->list8x8[list][k]);
            q->mf8[list][qp][i] = mf;
            q->bias8[list][qp][i] = bias_for(mf, i ? rest : mean);
            q->round8[list][qp][i] = bias_for(mf, NEAREST);
        }
}

void avo_quant_init(AvoQuantSet *q, const AvoScalingMatrix *lists, const int chroma_qp_offset[2],
                    AvoDeadZones zones)
{
    for (int list = 0; list < 6; list++)
        init_4x4(q, lists, list, zones);
    for (int list = 0; list < 2; list++)
        init_8x8(q, lists, list, zones);
    avo_quant_tables_init_dequant(&q->scale, lists);
    for (int c = 0; c < 2; c++)
        for (int qp = 0; qp < 52; qp++)
            q->chroma_qp[c][qp] = avo_chroma_qp[avo_clip3(0, 51, qp + chroma_qp_offset[c])];
}
