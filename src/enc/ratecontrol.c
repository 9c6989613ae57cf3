/* See ratecontrol.h. */
#include "base/fixmath.h"
#include "enc/ratecontrol.h"

int avo_rc_init(AvoRateControl *rc, const AvocetEncoderConfig *config, int mb_count,
                AvoMessage *msg)
{
    memset(rc, 0, sizeof *rc);
    rc->mode = config->rate_mode;
    rc->mb_count = mb_count;
    rc->ip_offset_q8 = avo_qp_delta_q8(avo_log2_ratio_q16((uint64_t)config->ip_ratio, 100));
    rc->pb_offset_q8 = avo_qp_delta_q8(avo_log2_ratio_q16((uint64_t)config->pb_ratio, 100));
    rc->layer_offset_q8 = 256;
    return avo_rc_reconfigure(rc, config, msg);
}

void avo_rc_start(AvoRateControl *rc, const AvoPlan *plan, AvoFrameQp *out)
{
    int qp_q8 = rc->mode == AVOCET_RATE_QP ? rc->qp * 256 : rc->crf * 256 / 100;
    if (plan->type == AVOCET_TYPE_IDR || plan->type == AVOCET_TYPE_I)
        qp_q8 -= rc->ip_offset_q8;
    else if (plan->layer > 0)
        qp_q8 += rc->pb_offset_q8 + (plan->layer - 1) * rc->layer_offset_q8;
    out->qp_q8 = avo_clip3(rc->qp_min * 256, rc->qp_max * 256, qp_q8);
    out->bits_planned = 0;
}

void avo_rc_end(AvoRateControl *rc, const AvoFrameStats *stats)
{
    rc->bits_done += stats->bits;
}

int avo_rc_reconfigure(AvoRateControl *rc, const AvocetEncoderConfig *config, AvoMessage *msg)
{
    (void)msg;
    rc->qp = config->qp;
    rc->crf = config->crf;
    rc->bitrate = config->bitrate;
    rc->fps = config->fps;
    rc->qp_min = config->qp_min;
    rc->qp_max = config->qp_max;
    rc->qp_step = config->qp_step;
    return AVOCET_OK;
}
