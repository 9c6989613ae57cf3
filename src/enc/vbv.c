/* See vbv.h. */
#include "enc/vbv.h"
#include "base/fixmath.h"

#define RESERVE 8     /* 1 / part of the buffer that plans leave untouched */
#define CLOCK   90000 /* of initial_cpb_removal_delay */
/* A tick of CLOCK is a multiple of 1 / PARTS bit at any multiple of 64 bits/s. */
#define PARTS 5625

/* ---- settings ---- */

/* Bits that arrive in whole ticks; what remains of one more into *part. */
static int64_t bits_of_ticks(const AvoVbv *vbv, uint64_t ticks, uint64_t fps_num, uint64_t *part)
{
    uint64_t bits = avo_muldiv(ticks, (uint64_t)vbv->rate, CLOCK);
    uint64_t rest = ticks * (uint64_t)vbv->rate - bits * CLOCK;
    *part = rest / (CLOCK / PARTS) * fps_num;
    return (int64_t)bits;
}

/* bit_rate_value counts 64 bits/s, cpb_size_value 16 bits (E.2.2). A buffer that waits when it is
 * full does so in whole ticks, so a little of it is never used. */
static void round_as_hrd(AvoVbv *vbv, uint64_t fps_num)
{
    vbv->rate = avo_max64(vbv->rate & ~(int64_t)63, 64);
    vbv->size = avo_max64(vbv->size & ~(int64_t)15, 16);
    vbv->ticks = (uint32_t)avo_muldiv((uint64_t)vbv->size, CLOCK, (uint64_t)vbv->rate);
    if (!vbv->constant)
        vbv->size = bits_of_ticks(vbv, vbv->ticks, fps_num, &vbv->size_part);
}

static void set_arrival(AvoVbv *vbv, AvocetRational fps)
{
    uint64_t num = (uint64_t)fps.num, den = (uint64_t)fps.den;
    vbv->arrival = (int64_t)avo_muldiv((uint64_t)vbv->rate, den, num);
    vbv->parts = PARTS * num;
    vbv->arrival_part = ((uint64_t)vbv->rate * den - (uint64_t)vbv->arrival * num) * PARTS;
}

void avo_vbv_configure(AvoVbv *vbv, const AvocetEncoderConfig *config)
{
    int64_t old_size = vbv->size, old_fill = vbv->fill;
    bool on = config->vbv_bufsize > 0 && config->vbv_maxrate > 0 && config->fps.num > 0;
    memset(vbv, 0, sizeof *vbv);
    if (!on)
        return;
    vbv->size = config->vbv_bufsize;
    vbv->rate = config->vbv_maxrate;
    vbv->constant = config->filler;
    vbv->counted = config->nal_hrd != AVOCET_HRD_NONE;
    if (vbv->counted)
        round_as_hrd(vbv, (uint64_t)config->fps.num);
    set_arrival(vbv, config->fps);
    if (old_size > 0) /* what is inside stays, as far as there is room */
        vbv->fill = avo_min64(old_fill, vbv->size);
    else
        vbv->fill = (int64_t)avo_muldiv((uint64_t)vbv->size,
                                        (uint64_t)avo_clip3(0, 100, config->vbv_init), 100);
    if (vbv->counted) { /* as the first buffering period says it */
        uint64_t ticks = avo_muldiv((uint64_t)vbv->fill, CLOCK, (uint64_t)vbv->rate);
        vbv->fill = bits_of_ticks(vbv, ticks ? ticks : 1, (uint64_t)config->fps.num, &vbv->part);
    }
}

bool avo_vbv_same(const AvoVbv *vbv, const AvocetEncoderConfig *config)
{
    AvoVbv fresh = {0};
    avo_vbv_configure(&fresh, config);
    return fresh.size == vbv->size && fresh.rate == vbv->rate && fresh.arrival == vbv->arrival &&
           fresh.arrival_part == vbv->arrival_part;
}

/* ---- the bucket ---- */

static void let_arrive(AvoVbv *vbv, int64_t duration_q16)
{
    if (!vbv->counted) {
        vbv->fill += (int64_t)avo_mul_q16((uint64_t)vbv->arrival, (uint64_t)duration_q16);
        return;
    }
    vbv->fill += vbv->arrival;
    vbv->part += vbv->arrival_part;
    if (vbv->part >= vbv->parts) {
        vbv->part -= vbv->parts;
        vbv->fill++;
    }
}

int64_t avo_vbv_take(AvoVbv *vbv, int64_t bits, int64_t duration_q16)
{
    if (!vbv->size)
        return 0;
    vbv->fill -= bits;
    let_arrive(vbv, duration_q16);
    int64_t excess = vbv->fill + (vbv->part > vbv->size_part) - vbv->size;
    if (excess <= 0)
        return 0;
    vbv->fill -= excess;
    if (!vbv->constant) { /* it waits, exactly full */
        vbv->fill = vbv->size;
        vbv->part = vbv->size_part;
    }
    return excess;
}

/* Rounded up, which (C-15) and (C-16) allow. */
uint32_t avo_vbv_delay(const AvoVbv *vbv)
{
    uint64_t fill_q16 = (uint64_t)avo_max64(vbv->fill, 0) << 16;
    uint64_t rate_q16 = (uint64_t)vbv->rate << 16;
    fill_q16 += avo_muldiv(vbv->part, 65536, vbv->parts);
    uint64_t ticks = avo_muldiv(fill_q16, CLOCK, rate_q16);
    ticks += fill_q16 * CLOCK != ticks * rate_q16;
    return (uint32_t)(ticks < 1 ? 1 : ticks > vbv->ticks ? vbv->ticks : ticks);
}

/* ---- planning ---- */

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
