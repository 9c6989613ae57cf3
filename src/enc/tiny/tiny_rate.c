/* Rate control: one quantiser per picture, corrected from row to row. Integers only.
 *
 * What a picture costs is taken to be inversely proportional to the quantiser step; the product of
 * both, its complexity, is remembered for P and I pictures. Before a picture, the step is chosen so
 * that it and those up to the next keyframe (or for about a second) spend what is due to them, less
 * what was overspent before. While it is coded, every row compares what is spent with what the rows
 * of the last picture of that type would have led to expect, and the quantiser follows: a change of
 * scene is noticed within the picture in which it happens. */
#include "base/util.h"
#include "enc/tiny/tiny.h"
#include "h264/tables.h"
#include "base/divide.h"
#include "base/small_code.h"

#if AVOCET_TINY

/* Quantiser step * 16. */
static int step_q4(int qp)
{
    static const uint8_t base[6] = {10, 11, 13, 14, 16, 18};
    return base[qp % 6] << (qp / 6);
}

/* The QP whose step is nearest from below. */
static int qp_of_step(int64_t q4)
{
    int qp = 0;
    while (qp < AVO_QP_MAX && step_q4(qp + 1) <= q4)
        qp++;
    return qp;
}

static int bounded(const AvocetEncoderConfig *c, int qp)
{
    return avo_clip3(c->qp_min, c->qp_max, qp);
}

void avo_tiny_rate_change(AvoTinyRate *r, const AvocetEncoderConfig *c)
{
    r->bits_per_picture_q8 = c->rate_mode == AVOCET_RATE_BITRATE
                                 ? avo_divide(c->bitrate * 256, c->fps.num) * c->fps.den
                                 : 0;
    r->fps = avo_max(1, (c->fps.num + c->fps.den / 2) / c->fps.den);
}

/* Factors: what half a dozen clips took, about. */
void avo_tiny_rate_guess(AvoTinyRate *r, uint32_t detail)
{
    r->complexity[1] = detail * 7;
    r->complexity[0] = detail * 3;
}

void avo_tiny_rate_init(AvoTinyRate *r, const AvocetEncoderConfig *c)
{
    *r = (AvoTinyRate){0};
    avo_tiny_rate_change(r, c);
}

/* Pictures over which a balance is sought, this one included. */
static int horizon(const AvoTiny *t)
{
    const AvocetEncoderConfig *c = t->config;
    int fps = t->rate.fps;
    int left = avo_max(c->keyint - t->since_idr, 1);
    if (c->keyint > 2 * fps)
        left = avo_min(left, avo_max(fps - t->since_idr, fps / 2));
    return avo_max(left, avo_min(fps, 4));
}

static int picture_qp(const AvoTiny *t, bool is_intra, int64_t *expected)
{
    const AvoTinyRate *r = &t->rate;
    const AvocetEncoderConfig *c = t->config;
    int n = horizon(t);
    int64_t due =
        avo_max64(n * (r->bits_per_picture_q8 >> 8) - r->debt, r->bits_per_picture_q8 >> 10);
    int64_t cost = (int64_t)r->complexity[0] * (is_intra ? n - 1 : n);
    if (is_intra)
        cost += avo_divide((int64_t)r->complexity[1] * c->ip_ratio, 100);
    int64_t q4 = avo_divide(cost * 16, avo_max64(due, 1));
    if (is_intra)
        q4 = avo_divide(q4 * 100, c->ip_ratio);
    int qp = qp_of_step(q4);
    if (r->known[0])
        qp = is_intra ? avo_clip3(r->last_qp[0] - 6, r->last_qp[0] + 4, qp)
                      : avo_clip3(r->last_qp[0] - 3, r->last_qp[0] + 4, qp);
    else if (r->known[1])
        qp = avo_clip3(r->last_qp[1] - 6, r->last_qp[1] + 6, qp);
    qp = bounded(c, qp);
    *expected = avo_divide((int64_t)r->complexity[is_intra] * 16, step_q4(qp));
    return qp;
}

void avo_tiny_rate_begin(AvoTiny *t)
{
    AvoTinyRate *r = &t->rate;
    const AvocetEncoderConfig *c = t->config;
    r->qp_sum = 0;
    r->target = 0;
    if (!r->bits_per_picture_q8) {
        int qp = c->rate_mode == AVOCET_RATE_QP ? c->qp : (c->crf + 50) / 100;
        r->base_qp = bounded(c, t->is_idr ? qp - 3 : qp);
        r->row_qp = r->base_qp;
        return;
    }
    int64_t expected;
    r->base_qp = picture_qp(t, t->is_idr, &expected);
    int64_t most = 8 * (int64_t)t->packet_capacity / 2;
    if (c->vbv_bufsize)
        most = avo_min64(most, c->vbv_bufsize * 3 / 4);
    int64_t least = r->bits_per_picture_q8 >> 10;
    r->target = (uint32_t)avo_clip3_64(least < most ? least : most, most, expected);
    r->row_qp = r->base_qp;
}

/* Bits that the rows before mb_y should have taken. */
static int64_t expected_bits(const AvoTiny *t, int mb_y)
{
    const uint32_t *rows = t->row_bits[t->is_idr];
    uint32_t total = rows[t->mb_h - 1];
    if (!t->rate.known[t->is_idr] || !total)
        return avo_divide((int64_t)t->rate.target * mb_y, t->mb_h);
    return avo_divide((int64_t)t->rate.target * rows[mb_y - 1], total);
}

int avo_tiny_rate_row(AvoTiny *t, int mb_y)
{
    AvoTinyRate *r = &t->rate;
    if (!r->target || mb_y == 0)
        return r->row_qp;
    int64_t over = (int64_t)t->picture_bits - expected_bits(t, mb_y);
    int64_t eighths = avo_divide(over * 8, (int64_t)r->target);
    int change = eighths >= 8    ? 8
                 : eighths >= 4  ? 4
                 : eighths >= 2  ? 2
                 : eighths >= 1  ? 1
                 : eighths <= -2 ? -1
                                 : 0;
    int qp = bounded(t->config, r->base_qp + change);
    r->row_qp = avo_clip3(r->row_qp - 1, r->row_qp + 3, qp);
    return r->row_qp;
}

void avo_tiny_rate_end(AvoTiny *t)
{
    AvoTinyRate *r = &t->rate;
    int type = t->is_idr;
    int mbs = t->mb_w * t->mb_h, qp = (int)((r->qp_sum + (uint32_t)mbs / 2) / (uint32_t)mbs);
    r->last_qp[type] = qp;
    if (!r->bits_per_picture_q8)
        return;
    uint32_t bits = 8 * (uint32_t)t->packet_size;
    int64_t complexity = (int64_t)bits * step_q4(qp) / 16;
    complexity = avo_min64(complexity, UINT32_MAX / 4);
    if (r->known[type])
        complexity = (complexity + r->complexity[type]) / 2;
    r->complexity[type] = (uint32_t)complexity;
    r->known[type] = true;
    r->debt += bits - (r->bits_per_picture_q8 >> 8);
    /* What was saved up in quiet seconds is not spent at once afterwards. */
    int64_t picture = r->bits_per_picture_q8 >> 8;
    r->debt = avo_clip3_64(-picture, 2 * r->fps * picture, r->debt);
}
#endif
