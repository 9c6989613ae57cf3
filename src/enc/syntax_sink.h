/* Where macroblock syntax goes: CAVLC or CABAC, written or only counted.
 *
 * mb_syntax.h states the order and the conditions of the syntax once and is force-inlined with a
 * constant AvoSinkKind, so each of the four combinations compiles to straight code. Residual
 * blocks, the bulk of the work, are functions of their own per kind. */
#ifndef AVO_ENC_SYNTAX_SINK_H
#define AVO_ENC_SYNTAX_SINK_H

#include "enc/residual_syntax.h"

typedef enum AvoSinkKind {
    AVO_SINK_CAVLC_WRITE,
    AVO_SINK_CAVLC_COUNT,
    AVO_SINK_CABAC_WRITE,
    AVO_SINK_CABAC_COUNT
} AvoSinkKind;

#define AVO_SINK_IS_CABAC(kind) ((kind) >= AVO_SINK_CABAC_WRITE)

typedef struct AvoSink {
    AvoCavlcSink cavlc;   /* CAVLC: writer, or whole bits */
    AvoCabacCoder *coder; /* CABAC written */
    uint8_t *state;       /* CABAC contexts, AVO_CABAC_CONTEXTS of them */
    uint32_t bits_q8;     /* CABAC counted: 1/256 bit */
} AvoSink;

/* What a terminate bin costs (1/256 bit): the coder gives it 2 of 256..510 parts of the range. */
enum { AVO_TERMINATE_0_Q8 = 2, AVO_TERMINATE_1_Q8 = 7 * 256 + 128 };

/* Bins out of line, for the many places outside residual blocks; whole blocks.
 * In cabac_write.c and cavlc_write.c. */
void avo_cabac_write_bin(AvoCabacCoder *c, uint8_t *state, int bin);
void avo_cabac_write_sign(AvoCabacCoder *c, int negative);
void avo_cabac_write_exp_golomb(AvoCabacCoder *c, uint32_t v, int k);
void avo_cabac_write_block(AvoCabacCoder *c, uint8_t *state, AvoBlockCat cat, int cbf_inc,
                           bool coded, const int16_t *levels);
void avo_cavlc_write_block(AvoBitWriter *w, AvoBlockCat cat, int nc, bool coded,
                           const int16_t *levels);
/* The same, counted (mb_bits.c): 1/256 bit with CABAC, whole bits with CAVLC. */
uint32_t avo_cabac_count_block(uint8_t *state, AvoBlockCat cat, int cbf_inc, bool coded,
                               const int16_t *levels);
uint32_t avo_cavlc_count_block(AvoBlockCat cat, int nc, bool coded, const int16_t *levels);

/* ---- CAVLC elements ---- */

AVO_INLINE void avo_sink_bits(AvoSink *s, AvoSinkKind kind, int n, uint32_t value)
{
    avo_cavlc_put(&s->cavlc, kind == AVO_SINK_CAVLC_WRITE, n, value);
}

AVO_INLINE void avo_sink_ue(AvoSink *s, AvoSinkKind kind, uint32_t v)
{
    if (kind == AVO_SINK_CAVLC_WRITE)
        avo_bw_ue(&s->cavlc.w, v);
    else
        s->cavlc.bits += (uint32_t)avo_ue_bits(v);
}

AVO_INLINE void avo_sink_se(AvoSink *s, AvoSinkKind kind, int v)
{
    avo_sink_ue(s, kind, avo_se_code(v));
}

/* te(v) with range 0..max, max > 0. */
AVO_INLINE void avo_sink_te(AvoSink *s, AvoSinkKind kind, int max, uint32_t v)
{
    if (max == 1)
        avo_sink_bits(s, kind, 1, !v);
    else
        avo_sink_ue(s, kind, v);
}

/* ---- CABAC bins ---- */

AVO_INLINE void avo_sink_bin(AvoSink *s, AvoSinkKind kind, int ctx, int bin)
{
    uint8_t *state = &s->state[ctx];
    if (kind == AVO_SINK_CABAC_WRITE) {
        avo_cabac_write_bin(s->coder, state, bin);
    } else {
        uint32_t step = avo_cabac_step[*state][bin];
        *state = (uint8_t)step;
        s->bits_q8 += step >> 8;
    }
}

/* The bins of a type; inc is added to the context of the first. */
AVO_INLINE void avo_sink_string(AvoSink *s, AvoSinkKind kind, const AvoCabacString *string, int inc)
{
    const uint8_t *ctx = string->ctx, *end = ctx + string->size;
    for (int bins = string->bins; ctx < end; ctx++, bins >>= 1, inc = 0)
        avo_sink_bin(s, kind, *ctx + inc, bins & 1);
}

AVO_INLINE void avo_sink_sign(AvoSink *s, AvoSinkKind kind, int negative)
{
    if (kind == AVO_SINK_CABAC_WRITE)
        avo_cabac_write_sign(s->coder, negative);
    else
        s->bits_q8 += 256;
}

AVO_INLINE void avo_sink_exp_golomb(AvoSink *s, AvoSinkKind kind, uint32_t v, int k)
{
    if (kind == AVO_SINK_CABAC_WRITE)
        avo_cabac_write_exp_golomb(s->coder, v, k);
    else
        s->bits_q8 += 256 * (uint32_t)avo_exp_golomb_bits(v, k);
}

/* The terminate bin inside mb_type: 0 means Intra16x16. (1, I_PCM, is part of avo_sink_pcm.) */
AVO_INLINE void avo_sink_not_pcm(AvoSink *s, AvoSinkKind kind)
{
    if (kind == AVO_SINK_CABAC_WRITE)
        avo_cabac_continue(s->coder);
    else
        s->bits_q8 += AVO_TERMINATE_0_Q8;
}

/* ---- residual blocks ---- */

AVO_INLINE void avo_sink_block_cavlc(AvoSink *s, AvoSinkKind kind, AvoBlockCat cat, int nc,
                                     bool coded, const int16_t *levels)
{
    if (kind == AVO_SINK_CAVLC_WRITE)
        avo_cavlc_write_block(&s->cavlc.w, cat, nc, coded, levels);
    else
        s->cavlc.bits += avo_cavlc_count_block(cat, nc, coded, levels);
}

AVO_INLINE void avo_sink_block_cabac(AvoSink *s, AvoSinkKind kind, AvoBlockCat cat, int cbf_inc,
                                     bool coded, const int16_t *levels)
{
    if (!coded && cat != AVO_CAT_LUMA_8x8) {
        avo_sink_bin(s, kind, avo_cabac_cat[cat].coded_block_flag + cbf_inc, 0);
        return;
    }
    if (kind == AVO_SINK_CABAC_WRITE)
        avo_cabac_write_block(s->coder, s->state, cat, cbf_inc, coded, levels);
    else
        s->bits_q8 += avo_cabac_count_block(s->state, cat, cbf_inc, coded, levels);
}

/* ---- I_PCM samples ---- */

/* Alignment and samples; with CABAC the terminate bin 1 in front, and the engine anew behind. The
 * number of alignment bits is not known when counting: 4 stand for it. */
AVO_INLINE void avo_sink_pcm(AvoSink *s, AvoSinkKind kind, const uint8_t *samples, int count)
{
    if (kind == AVO_SINK_CABAC_WRITE) {
        AvoCabacCoder *c = s->coder;
        avo_cabac_finish(c);
        if (c->overflow || c->end - c->pos < count) {
            c->overflow = true;
            return;
        }
        memcpy(c->pos, samples, (size_t)count);
        c->pos += count;
        avo_cabac_restart(c);
    } else if (kind == AVO_SINK_CAVLC_WRITE) {
        AvoBitWriter *w = &s->cavlc.w;
        if (w->fill)
            avo_bw_put(w, 8 - w->fill, 0);
        for (int i = 0; i < count; i++)
            avo_bw_put(w, 8, samples[i]);
    } else if (kind == AVO_SINK_CAVLC_COUNT) {
        s->cavlc.bits += 4 + 8 * (uint32_t)count;
    } else {
        s->bits_q8 += AVO_TERMINATE_1_Q8 + 256 * (4 + 8 * (uint32_t)count);
    }
}

#endif
