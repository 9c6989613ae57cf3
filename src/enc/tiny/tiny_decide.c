/* One macroblock: what it becomes, then its bits.
 *
 * In P pictures the predicted vector is tried first: if what it leaves is below what the quantiser
 * would keep, the macroblock is skipped and nothing else is looked at. Else vectors are searched,
 * and intra prediction is tried where they did badly. A macroblock that took more bits than the
 * standard allows is coded again with a coarser quantiser; one for which the packet may not have
 * room is coded in next to nothing. */
#include "enc/tiny/tiny_bits.h"
#include "h264/tables.h"
#include "base/small_code.h"

#if AVOCET_TINY

/* Weight of a bit against SAD: 0.92 * 2^((qp - 12) / 6). */
const uint8_t avo_tiny_lambda[52] = {1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,
                                     1,  1,  1,  1,  2,  2,  2,  2,  3,  3,  3,  4,  4,
                                     5,  5,  6,  7,  7,  8,  9,  10, 12, 13, 15, 17, 19,
                                     21, 23, 26, 29, 33, 37, 42, 47, 52, 59, 66, 74, 83};

/* Mean difference of a sample, in 1/16, below which a macroblock is skipped without a search; in
 * units of lambda. */
#define SKIP_SAD 3
/* The same for the whole vector next to the predicted one, from which on it is not looked at. */
#define SKIP_COARSE 9
/* Below this, vectors stay in whole samples. */
#define WHOLE_SAD 6

/* ---- inter ---- */

static bool is_skip_good(AvoTiny *t, int *cost)
{
    AvoTinyWork *w = t->work;
    int lambda = avo_tiny_lambda[w->qp];
    if (avo_tiny_coarse_sad(t, w->skip_mv) >= lambda * SKIP_COARSE * 16)
        return false;
    avo_tiny_predict_luma(t, w->skip_mv);
    *cost = 4 * avo_word_sad_16(w->half, 16, w->rec[0], 2 * t->ref_stride[0], 8);
    if (*cost >= lambda * SKIP_SAD * 16)
        return false;
    avo_tiny_predict_chroma(t, w->skip_mv);
    for (int c = 1; c < 3; c++)
        if (2 * avo_word_sad_8(w->cur[c], t->mb_w * 8, w->rec[c], t->ref_stride[c], 8) >=
            lambda * SKIP_SAD * 4)
            return false;
    return true;
}

/* Intra 4x4 modes as neighbours see them: DC for all other types. */
static void set_modes(AvoTinyWork *w)
{
    static const AVO_ALIGN(4) int8_t dc[4] = {AVO_I4_DC, AVO_I4_DC, AVO_I4_DC, AVO_I4_DC};
    for (int y = 0; y < 4; y++)
        avo_word_copy_4(w->i4_grid + AVO_TINY_GRID(0, y), dc);
}

static void set_mv(AvoTinyWork *w, AvoMv mv)
{
    w->mb->mv = mv;
    w->mvd = (AvoMv){(int16_t)(mv.x - w->mvp.x), (int16_t)(mv.y - w->mvp.y)};
}

/* Counts of a macroblock without residual. */
static void clear_residual(AvoTinyWork *w)
{
    for (int y = 0; y < 4; y++)
        memset(w->nnz + AVO_TINY_GRID(0, y), 0, 4);
    for (int c = 0; c < 2; c++)
        for (int y = 1; y < 3; y++)
            memset(w->nnz_c[c] + 4 * y + 1, 0, 2);
    w->cbp = 0;
}

static void code_skip(AvoTiny *t)
{
    AvoTinyWork *w = t->work;
    w->type = AVO_TINY_P16x16;
    set_mv(w, w->skip_mv);
    clear_residual(w);
    t->skip_run++;
}

/* Prediction and residual of the vector in w->mb; a macroblock that turns out to be empty and to
 * move as predicted is skipped. Returns false if it was. */
static bool code_inter(AvoTiny *t, AvoMv mv)
{
    AvoTinyWork *w = t->work;
    w->type = AVO_TINY_P16x16;
    set_modes(w);
    set_mv(w, mv);
    avo_tiny_predict_luma(t, mv);
    avo_tiny_predict_chroma(t, mv);
    avo_tiny_code_inter_luma(t);
    avo_tiny_code_chroma(t);
    if (w->cbp || mv.x != w->skip_mv.x || mv.y != w->skip_mv.y)
        return true;
    code_skip(t);
    return false;
}

/* ---- intra ---- */

/* Below this cost per lambda Intra 4x4 is not tried: its modes alone take as much. */
#define FLAT_COST 100

/* The better of Intra 16x16 and 4x4, if it is better than `against`. */
static bool code_intra(AvoTiny *t, int against)
{
    AvoTinyWork *w = t->work;
    int cost16 = avo_tiny_try_i16(t), limit = avo_min(cost16, against);
    if (cost16 > against + against / 8)
        return false;
    w->type = AVO_TINY_I4x4;
    if (cost16 < avo_tiny_lambda[w->qp] * FLAT_COST || avo_tiny_try_i4(t, limit) == INT32_MAX) {
        if (cost16 >= against)
            return false;
        w->type = AVO_TINY_I16x16;
        set_modes(w);
        avo_tiny_predict_i16(t);
        avo_tiny_code_i16_luma(t);
    }
    w->mb->is_intra = 1;
    set_mv(w, (AvoMv){0, 0});
    avo_tiny_predict_intra_chroma(t);
    avo_tiny_code_chroma(t);
    return true;
}

/* ---- the whole ---- */

/* Costs of a macroblock from which on intra prediction is worth a look, per lambda. */
#define INTRA_COST 224
/* What intra prediction must be better by: its types take more bits. */
#define INTRA_BITS 8

/* Returns false for a skipped macroblock, which has nothing to write. */
static bool code_p(AvoTiny *t)
{
    AvoTinyWork *w = t->work;
    int lambda = avo_tiny_lambda[w->qp], cost = 0, skip_cost = INT32_MAX;
    avo_tiny_predict_mv(w);
    if (avo_tiny_in_reach(t, w->skip_mv) && is_skip_good(t, &skip_cost)) {
        code_skip(t);
        return false;
    }
    AvoMv mv = avo_tiny_search(t, &cost);
    if (t->config->subme && cost >= lambda * WHOLE_SAD * 16)
        mv = avo_tiny_refine(t, mv, &cost);
    if (skip_cost <= cost) {
        mv = w->skip_mv;
        cost = skip_cost;
    }
    if (cost > lambda * INTRA_COST && code_intra(t, cost - lambda * INTRA_BITS))
        return true;
    return code_inter(t, mv);
}

/* Next to nothing: skipped, or a flat intra macroblock. Returns false if it was skipped. */
static bool code_poorly(AvoTiny *t)
{
    AvoTinyWork *w = t->work;
    w->qp = t->last_qp;
    if (!t->is_idr) {
        avo_tiny_predict_mv(w);
        if (avo_tiny_in_reach(t, w->skip_mv)) {
            avo_tiny_predict_luma(t, w->skip_mv);
            avo_tiny_predict_chroma(t, w->skip_mv);
            code_skip(t);
            return false;
        }
    }
    w->type = AVO_TINY_I16x16;
    w->i16_mode = AVO_I16_DC;
    avo_tiny_predict_i16(t);
    avo_tiny_predict_intra_chroma(t);
    w->mb->is_intra = 1;
    set_mv(w, (AvoMv){0, 0});
    clear_residual(w);
    memset(w->luma_dc, 0, sizeof w->luma_dc);
    return true;
}

/* Decides and writes with the quantiser w->qp. */
static void code_once(AvoTiny *t)
{
    AvoTinyWork *w = t->work;
    w->mb->is_intra = 0;
    set_modes(w);
    bool coded;
    if (avo_tiny_is_full(t)) {
        coded = code_poorly(t);
    } else {
        avo_tiny_quant_set(&t->quant, w->qp);
        avo_tiny_quant_set(&t->chroma_quant, avo_chroma_qp[w->qp]);
        coded = t->is_idr ? code_intra(t, INT32_MAX / 2) : code_p(t);
    }
    if (coded)
        avo_tiny_write_mb(t);
}

/* What the loop filter asks for. */
static void finish_record(AvoTiny *t)
{
    AvoTinyWork *w = t->work;
    unsigned coded = 0;
    if (w->cbp || w->type == AVO_TINY_I16x16)
        t->last_qp = w->qp;
    for (int i = 0; i < 16; i++)
        coded |= (unsigned)(w->nnz[AVO_TINY_GRID(i & 3, i >> 2)] != 0) << i;
    w->mb->coded = (uint16_t)coded;
    w->mb->qp = (uint8_t)t->last_qp;
}

void avo_tiny_code_mb(AvoTiny *t)
{
    AvoTinyWork *w = t->work;
    AvoTinyBits start = t->bits;
    int skip_run = t->skip_run, used = avo_tiny_bits_used(&start);
    for (;;) {
        code_once(t);
        if (w->qp >= AVO_QP_MAX ||
            (!t->bits.overflow && avo_tiny_bits_used(&t->bits) - used <= AVO_TINY_MB_BITS))
            break;
        t->bits = start;
        t->skip_run = skip_run;
        w->qp = avo_min(w->qp + 6, AVO_QP_MAX);
    }
    finish_record(t);
    t->rate.qp_sum += (uint32_t)t->last_qp;
    t->picture_bits += (uint32_t)(avo_tiny_bits_used(&t->bits) - used);
    avo_tiny_drain(t);
}
#endif
