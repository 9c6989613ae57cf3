/* The decoder's buffer as rate control sees it: see AvoVbv in ratecontrol.h. */
#include "base/fixmath.h"
#include "enc/ratecontrol.h"

#define RESERVE 8 /* 1 / part of the buffer that plans leave untouched */

void avo_vbv_configure(AvoVbv *vbv, const AvocetEncoderConfig *config)
{
    int64_t old_size = vbv->size, old_fill = vbv->fill;
    bool on = config->vbv_bufsize > 0 && config->vbv_maxrate > 0;
    vbv->size = on ? config->vbv_bufsize : 0;
    vbv->rate = on ? config->vbv_maxrate : 0;
    vbv->constant = on && config->nal_hrd == AVOCET_HRD_CBR;
    vbv->arrival = on && config->fps.num > 0
                       ? (int64_t)avo_muldiv((uint64_t)vbv->rate, (uint64_t)config->fps.den,
                                             (uint64_t)config->fps.num)
                       : 0;
    if (!on)
        vbv->fill = 0;
    else if (old_size > 0)
        vbv->fill = old_fill < 0 ? 0
                                 : (int64_t)avo_muldiv((uint64_t)old_fill, (uint64_t)vbv->size,
                                                       (uint64_t)old_size);
    else
        vbv->fill = (int64_t)avo_muldiv((uint64_t)vbv->size,
                                        (uint64_t)avo_clip3(0, 100, config->vbv_init), 100);
}

static int64_t arrived(const AvoVbv *vbv, int64_t duration_q16)
{
    return (int64_t)avo_mul_q16((uint64_t)vbv->arrival, (uint64_t)duration_q16);
}

int64_t avo_vbv_take(AvoVbv *vbv, int64_t bits, int64_t duration_q16)
{
    if (!vbv->size)
        return 0;
    vbv->fill += arrived(vbv, duration_q16) - bits;
    int64_t excess = avo_max64(0, vbv->fill - vbv->size);
    vbv->fill -= excess;
    return excess;
}

/* Whether the pictures fit when each takes 2^(-raise / 6) of its bits. */
static bool fits(const AvoVbv *vbv, const int64_t *bits, const int64_t *duration_q16, int n,
                 int raise_q8)
{
    uint64_t factor_q16 = avo_step_ratio_q16(-raise_q8);
    /* The reserve may already be used up: then the buffer need only not fall any further. */
    int64_t reserve = avo_min64(vbv->size / RESERVE, avo_max64(0, vbv->fill) / 2);
    AvoVbv trial = *vbv;
    for (int i = 0; i < n; i++) {
        int64_t taken = (int64_t)avo_mul_q16((uint64_t)bits[i], factor_q16);
        if (trial.fill - taken < reserve)
            return false;
        avo_vbv_take(&trial, taken, duration_q16[i]);
    }
    return true;
}

int avo_vbv_raise_q8(const AvoVbv *vbv, const int64_t *bits, const int64_t *duration_q16, int n)
{
    if (!vbv->size || fits(vbv, bits, duration_q16, n, 0))
        return 0;
    int lo = 0, hi = 64 * 256; /* does not fit at lo */
    while (hi - lo > 16) {
        int middle = (lo + hi) / 2;
        if (fits(vbv, bits, duration_q16, n, middle))
            hi = middle;
        else
            lo = middle;
    }
    return hi;
}
