/* The trellis against the rules it follows:
 * - what it calls distortion is the squared error of the samples a decoder makes, for every
 * transform, QP and any scaling lists;
 * - its choice is the best of all combinations of its candidates, found by trying them all with
 * rates counted here from the contexts as they stand before the block;
 * - counted with contexts that adapt, as the coder really does, it is close to the best of all
 *   combinations and on the whole far better than plain rounding;
 * - under CAVLC the search downwards never ends above plain rounding, and close to the best. */
#include <math.h>
#include "check.h"
#include "dsp/cpu.h"
#include "enc/quant.h"
#include "enc/residual_syntax.h"
#include "enc/trellis.h"
#include "h264/tables.h"

static Random rnd = {0x9e3779b97f4a7c15};
static AvoDsp dsp;
static AvoQuantSet flat, shaped;

static const struct {
    AvoBlockCat cat;
    int first, size, list;
    const char *name;
} kinds[] = {
    {AVO_CAT_I16_DC, 0, 16, 0, "Intra16x16 DC"}, {AVO_CAT_I16_AC, 1, 16, 0, "Intra16x16 AC"},
    {AVO_CAT_LUMA_4x4, 0, 16, 3, "luma 4x4"},    {AVO_CAT_CHROMA_DC, 0, 4, 1, "chroma DC"},
    {AVO_CAT_CHROMA_AC, 1, 16, 5, "chroma AC"},  {AVO_CAT_LUMA_8x8, 0, 64, 1, "luma 8x8"},
};
enum { KINDS = 6 };

static AvoTrellisBlock make_block(const AvoQuantSet *q, int kind, int qp,
                                  const AvoCabacContexts *contexts)
{
    int list = kinds[kind].list;
    AvoTrellisBlock b = {
        .dsp = &dsp, .contexts = contexts, .cat = kinds[kind].cat, .qp = qp, .max_level = 2047};
    b.cbf_inc = b.cat == AVO_CAT_LUMA_8x8 ? -1 : random_below(&rnd, 4);
    b.scale = q->scale.dequant4[list][qp % 6];
    b.mf = q->mf4[list][qp];
    b.round = q->round4[list][qp];
    if (b.cat == AVO_CAT_LUMA_8x8) {
        b.scale = q->scale.dequant8[list][qp % 6];
        b.mf = q->mf8[list][qp];
        b.round = q->round8[list][qp];
    } else if (b.cat == AVO_CAT_I16_DC || b.cat == AVO_CAT_CHROMA_DC) {
        b.mf = &q->dc_mf[list][qp];
        b.round = &q->dc_round[list][qp];
    }
    return b;
}

static void random_contexts(AvoCabacContexts *ctx)
{
    for (int i = 0; i < AVO_CABAC_CONTEXTS; i++)
        ctx->state[i] = (uint8_t)random_below(&rnd, 124);
}

static void random_lists(AvoScalingMatrix *m)
{
    for (int list = 0; list < 6; list++)
        for (int i = 0; i < 16; i++)
            m->list4x4[list][i] = (uint8_t)random_in(&rnd, 8, 40);
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < 64; i++)
            m->list8x8[list][i] = (uint8_t)random_in(&rnd, 8, 40);
}

/* ---- distortion ---- */

enum { STRIDE = 16 };

/* Prediction 128, a residual of the size that QP treats with a few levels. DC kinds: constant over
 * each 4x4. */
static void random_source(uint8_t *cur, int kind, int qp)
{
    bool dc = kinds[kind].cat == AVO_CAT_I16_DC || kinds[kind].cat == AVO_CAT_CHROMA_DC;
    int spread = avo_min(90, (int)(4 * pow(2, qp / 6.0) / (dc ? 8 : 2)) + 3);
    int flat_value = 0;
    for (int y = 0; y < 16; y++)
        for (int x = 0; x < 16; x++) {
            if (dc && (x | y) & 3) {
                cur[y * STRIDE + x] = cur[(y & ~3) * STRIDE + (x & ~3)];
                continue;
            }
            flat_value = random_in(&rnd, -spread, spread);
            cur[y * STRIDE + x] = (uint8_t)(128 + flat_value);
        }
}

static double sse(const uint8_t *a, const uint8_t *b, int size)
{
    double sum = 0;
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++) {
            int d = a[y * STRIDE + x] - b[y * STRIDE + x];
            sum += d * d;
        }
    return sum;
}

static void hadamard_2x2(coef d[4])
{
    int a = d[0] + d[1], b = d[0] - d[1], c = d[2] + d[3], e = d[2] - d[3];
    d[0] = (coef)(a + c);
    d[1] = (coef)(b + e);
    d[2] = (coef)(a - c);
    d[3] = (coef)(b - e);
}

static int blocks_wide(AvoBlockCat cat)
{
    return cat == AVO_CAT_I16_DC ? 4 : cat == AVO_CAT_CHROMA_DC ? 2 : 1;
}

static void forward(coef *c, AvoBlockCat cat, const uint8_t *cur, const uint8_t *pred)
{
    if (cat == AVO_CAT_LUMA_8x8) {
        dsp.sub_dct_8x8(c, cur, STRIDE, pred, STRIDE);
        return;
    }
    int wide = blocks_wide(cat);
    coef block[16];
    for (int i = 0; i < wide * wide; i++) {
        int at = i / wide * 4 * STRIDE + i % wide * 4;
        dsp.sub_dct_4x4(wide == 1 ? c : block, cur + at, STRIDE, pred + at, STRIDE);
        if (wide > 1)
            c[i] = block[0];
    }
    if (cat == AVO_CAT_I16_DC)
        dsp.hadamard_dc_4x4(c);
    if (cat == AVO_CAT_CHROMA_DC)
        hadamard_2x2(c);
}

/* 8.5.10, 8.5.11, 8.5.12, 8.5.13. */
static void inverse(uint8_t *rec, coef *c, AvoBlockCat cat, const uint16_t *scale, int qp)
{
    if (cat == AVO_CAT_LUMA_8x8) {
        dsp.dequant_8x8(c, scale, qp);
        dsp.add_idct_8x8(rec, STRIDE, c);
    } else if (cat == AVO_CAT_I16_DC || cat == AVO_CAT_CHROMA_DC) {
        int wide = blocks_wide(cat);
        if (cat == AVO_CAT_I16_DC) {
            dsp.ihadamard_dc_4x4(c);
            dsp.dequant_4x4_dc(c, scale[0], qp);
        } else {
            hadamard_2x2(c);
        }
        for (int i = 0; i < wide * wide; i++) {
            int dc = cat == AVO_CAT_I16_DC ? c[i] : c[i] * scale[0] * (1 << qp / 6) >> 5;
            dsp.add_idct_4x4_dc(rec + i / wide * 4 * STRIDE + i % wide * 4, STRIDE, dc);
        }
    } else {
        dsp.dequant_4x4(c, scale, qp);
        dsp.add_idct_4x4(rec, STRIDE, c);
    }
}

/* With bits next to free, the gain is the squared error that went away. Rounding to whole samples
 * puts noise on every single block, so sums are compared; where a 4x4 has only a DC it is no noise,
 * and little is known of it. */
static void test_distortion(const AvoQuantSet *q, int kind, int qp)
{
    AvoBlockCat cat = kinds[kind].cat;
    AvoCabacContexts contexts;
    random_contexts(&contexts);
    int size = cat == AVO_CAT_LUMA_8x8 ? 8 : 4 * blocks_wide(cat);
    bool dc = cat == AVO_CAT_I16_DC || cat == AVO_CAT_CHROMA_DC;
    double real = 0, claimed = 0;
    for (int n = 0; n < 400; n++) {
        uint8_t cur[16 * STRIDE], pred[16 * STRIDE], rec[16 * STRIDE];
        AVO_ALIGN(64) coef c[64];
        random_source(cur, kind, qp);
        memset(pred, 128, sizeof pred);
        memset(rec, 128, sizeof rec);
        forward(c, cat, cur, pred);
        AvoTrellisBlock b = make_block(q, kind, qp, &contexts);
        b.lambda2_q8 = 1;
        if (kinds[kind].first)
            c[0] = 0; /* the rest of the error does not change */
        int64_t gain;
        bool any = avo_trellis_quant(c, &b, &gain);
        CHECK(any == (gain > 0), "kind %s qp %d", kinds[kind].name, qp);
        if (any)
            inverse(rec, c, cat, b.scale, qp);
        real += sse(cur, pred, size) - sse(cur, rec, size) + (any && !dc ? size * size / 12.0 : 0);
        claimed += (double)gain / (1 << AVO_TRELLIS_SCORE_BITS);
    }
    CHECK(fabs(real - claimed) < (dc ? 0.04 : 0.01) * real + 1, "%s qp %d: %.1f is %.1f",
          kinds[kind].name, qp, claimed, real);
}

/* ---- rate and choice ---- */

static double bin(uint8_t state, int value)
{
    return avo_cabac_entropy[state ^ value] / 256.0;
}

/* Bits of a block in scan order with contexts that stay as they are,
 * except within one unary part. */
static double frozen_bits(const AvoTrellisBlock *b, const int16_t *levels, int first, int size)
{
    const AvoCabacCatBase *base = &avo_cabac_cat[b->cat];
    const uint8_t *state = b->contexts->state;
    bool is_8x8 = b->cat == AVO_CAT_LUMA_8x8;
    int top = size - 1;
    while (top >= first && !levels[top])
        top--;
    double bits = is_8x8 ? 0 : bin(state[base->coded_block_flag + b->cbf_inc], top >= first);
    for (int i = first; i <= top && i < size - 1; i++) {
        bits += bin(state[base->significant + avo_sig_inc(is_8x8, i - first)], levels[i] != 0);
        if (levels[i])
            bits += bin(state[base->last + avo_last_inc(is_8x8, i - first)], i == top);
    }
    int ones = 0, greater = 0;
    for (int i = top; i >= first; i--) {
        int m = avo_abs(levels[i]);
        if (!m)
            continue;
        bits += 1 + bin(state[base->abs_level + (greater ? 0 : avo_min(4, 1 + ones))], m > 1);
        if (m > 1)
            bits += (avo_cabac_unary[avo_min(m - 1, 14)]
                                    [state[base->abs_level + 5 + avo_min(greater, 4)]] >>
                     8) /
                    256.0;
        if (m > 14)
            bits += avo_exp_golomb_bits((uint32_t)m - 15, 0);
        greater += m > 1;
        ones += m == 1;
    }
    return bits;
}

/* Squared error of one coefficient in the sample domain,
 * in the words of 8.5 and plain real numbers. */
static double error_of(const AvoTrellisBlock *b, int raster, int c, int level)
{
    static const double norm4[4] = {4, 2.5, 4, 2.5}, k4[4] = {1, 2, 1, 2};
    static const double norm8[8] = {8, 289 / 32.0, 5, 289 / 32.0, 8, 289 / 32.0, 5, 289 / 32.0};
    double scaled = (double)level * (1 << b->qp / 6), norm, exact;
    if (b->cat == AVO_CAT_I16_DC) {
        scaled *= b->scale[0] / 64.0;
        exact = c / 2.0;
        norm = 256;
    } else if (b->cat == AVO_CAT_CHROMA_DC) {
        scaled *= b->scale[0] / 32.0;
        exact = c;
        norm = 64;
    } else if (b->cat == AVO_CAT_LUMA_8x8) {
        scaled *= b->scale[raster] / 64.0;
        norm = norm8[raster >> 3] * norm8[raster & 7];
        exact = 64 * c / norm;
    } else {
        scaled *= b->scale[raster] / 16.0;
        norm = norm4[raster >> 2] * norm4[raster & 3];
        exact = 64 * c / (norm * k4[raster >> 2] * k4[raster & 3]);
    }
    return (exact - scaled) * (exact - scaled) * norm / 4096;
}

static int raster_of(const AvoTrellisBlock *b, int i)
{
    return b->cat == AVO_CAT_LUMA_8x8    ? avo_zigzag_8x8[i]
           : b->cat == AVO_CAT_CHROMA_DC ? i
                                         : avo_zigzag_4x4[i];
}

typedef struct Search {
    AvoTrellisBlock b;
    int first, size;
    AVO_ALIGN(64) coef c[64]; /* raster */
    int16_t rounded[64];      /* magnitudes in scan order from here on */
    int16_t levels[64];
    enum { FROZEN, ADAPTING, CAVLC } rate;
    double lambda, best;
} Search;

static int nc_of(int left, int above)
{
    return left < 0 ? avo_max(above, 0) : above < 0 ? left : (left + above + 1) >> 1;
}

/* 7.3.5.3.2: an 8x8 block is four interleaved 4x4 blocks, each a neighbour of the next. */
static double cavlc_bits(const AvoTrellisBlock *b, const int16_t *levels)
{
    int left[2] = {b->left[0], b->left[1]}, above[2] = {b->above[0], b->above[1]};
    uint32_t bits = 0;
    if (b->cat != AVO_CAT_LUMA_8x8)
        return avo_block_bits_cavlc(
                   b->cat, b->cat == AVO_CAT_CHROMA_DC ? -1 : nc_of(left[0], above[0]), levels) /
               256.0;
    for (int i = 0; i < 4; i++) {
        int16_t part[16];
        int count = 0;
        for (int k = 0; k < 16; k++)
            count += (part[k] = levels[4 * k + i]) != 0;
        bits += avo_block_bits_cavlc(AVO_CAT_LUMA_4x4, nc_of(left[i >> 1], above[i & 1]), part);
        left[i >> 1] = above[i & 1] = count;
    }
    return bits / 256.0;
}

/* levels: magnitudes; the signs are the coefficients'. */
static double score_of(const Search *s, const int16_t *levels)
{
    double sum = 0, bits;
    bool any = false;
    for (int i = s->first; i < s->size; i++) {
        int raster = raster_of(&s->b, i);
        any |= levels[i] != 0;
        sum += error_of(&s->b, raster, avo_abs(s->c[raster]), levels[i]);
    }
    if (s->rate == CAVLC) {
        int16_t with_sign[64] = {0};
        for (int i = s->first; i < s->size; i++)
            with_sign[i] = (int16_t)(s->c[raster_of(&s->b, i)] < 0 ? -levels[i] : levels[i]);
        bits = cavlc_bits(&s->b, with_sign);
    } else if (s->rate == ADAPTING) {
        AvoCabacContexts scratch = *s->b.contexts;
        bits = !any && s->b.cbf_inc < 0
                   ? 0
                   : avo_block_bits_cabac(&scratch, s->b.cat, s->b.cbf_inc, levels,
                                          avo_nonzero_mask(levels, avo_block_stored(s->b.cat))) /
                         256.0;
    } else {
        bits = frozen_bits(&s->b, levels, s->first, s->size);
    }
    return sum + s->lambda * bits;
}

/* All combinations of rounded level, the one below, and 0 for those rounded to at most 2, from
 * index i on. */
static void exhaust(Search *s, int i)
{
    while (i < s->size && !s->rounded[i])
        s->levels[i++] = 0;
    if (i >= s->size) {
        double score = score_of(s, s->levels);
        s->best = score < s->best ? score : s->best;
        return;
    }
    for (int below = 0; below <= (s->rounded[i] <= 2 ? s->rounded[i] : 1); below++) {
        s->levels[i] = (int16_t)(s->rounded[i] - below);
        exhaust(s, i + 1);
    }
}

/* Coefficients of which a handful round to something, high frequencies less often. */
static void random_coefficients(Search *s, int most)
{
    int left = most;
    memset(s->c, 0, sizeof s->c);
    for (int i = s->first; i < s->size; i++) {
        int raster = raster_of(&s->b, i);
        int mf = s->b.mf[s->b.cat == AVO_CAT_I16_DC || s->b.cat == AVO_CAT_CHROMA_DC ? 0 : raster];
        double level = random_below(&rnd, 1000) / 1000.0 - 0.5; /* stays 0 */
        if (left > 0 && random_below(&rnd, s->size) < 2 * most) {
            static const int tops[] = {1, 1, 2, 2, 3, 5, 10, 30};
            level *= 2 * tops[random_below(&rnd, 8)] + 1;
            left--;
        }
        double c = level * 65536 / mf;
        s->c[raster] = (coef)(c > 30000 ? 30000 : c < -30000 ? -30000 : c);
    }
    for (int i = s->first; i < s->size; i++) {
        int raster = raster_of(&s->b, i);
        int at = s->b.cat == AVO_CAT_I16_DC || s->b.cat == AVO_CAT_CHROMA_DC ? 0 : raster;
        uint32_t sum = (uint32_t)avo_abs(s->c[raster]) + s->b.round[at];
        s->rounded[i] = (int16_t)(avo_min((int)sum, 65535) * (int64_t)s->b.mf[at] >> 16);
    }
}

typedef struct Sums {
    double rounding, chosen, best;
} Sums;

static void start_search(Search *s, const AvoQuantSet *q, int kind,
                         const AvoCabacContexts *contexts)
{
    int qp = random_below(&rnd, 52);
    s->b = make_block(q, kind, qp, contexts);
    s->first = kinds[kind].first;
    s->size = kinds[kind].size;
    s->b.lambda2_q8 =
        (int64_t)(0.85 * 256 * pow(2, (qp - 12) / 3.0) * random_in(&rnd, 50, 200) / 100) + 1;
    s->lambda = (double)s->b.lambda2_q8 / 256;
    random_coefficients(s, 9);
}

/* Magnitudes chosen, in scan order. */
static int64_t quantise(const Search *s, int16_t chosen[64])
{
    AVO_ALIGN(64) coef c[64];
    memcpy(c, s->c, sizeof c);
    int64_t gain;
    bool any = avo_trellis_quant(c, &s->b, &gain);
    CHECK(any == (gain > 0), "%d", (int)s->b.cat);
    memset(chosen, 0, 64 * sizeof *chosen);
    for (int i = s->first; i < s->size; i++) {
        int raster = raster_of(&s->b, i);
        chosen[i] = (int16_t)avo_abs(c[raster]);
        CHECK(!chosen[i] || (c[raster] < 0) == (s->c[raster] < 0), "sign of %d", i);
    }
    return gain;
}

static void test_choice(const AvoQuantSet *q, int kind, Sums *adaptive)
{
    static Search s;
    static const int16_t none[64];
    int16_t chosen[64];
    AvoCabacContexts contexts;
    random_contexts(&contexts);
    start_search(&s, q, kind, &contexts);
    int qp = s.b.qp;
    int64_t gain = quantise(&s, chosen);
    int coded = 0;
    for (int i = s.first; i < s.size; i++)
        coded += s.rounded[i] != 0;
    for (int adapt = 0; adapt < 2; adapt++) {
        s.rate = adapt ? ADAPTING : FROZEN;
        s.best = score_of(&s, none);
        exhaust(&s, s.first);
        double got = score_of(&s, chosen), rounding = score_of(&s, s.rounded);
        if (adapt) {
            adaptive->best += s.best / s.lambda;
            adaptive->chosen += got / s.lambda;
            adaptive->rounding += rounding / s.lambda;
            continue;
        }
        /* Errors are rounded to 1/256 bit, coefficient by coefficient. */
        double slack = (2e-3 + coded / 256.0) * s.lambda + 2e-4 * got;
        CHECK(got <= rounding + slack, "%s qp %d: %g, rounding %g", kinds[kind].name, qp, got,
              rounding);
        CHECK(got <= s.best + slack, "%s qp %d: %g, best %g", kinds[kind].name, qp, got, s.best);
        double claimed = score_of(&s, none) - (double)gain / (1 << AVO_TRELLIS_SCORE_BITS);
        CHECK(fabs(claimed - got) <= slack + 2e-4 * score_of(&s, none), "%s qp %d: %g, claimed %g",
              kinds[kind].name, qp, got, claimed);
    }
}

static void test_cavlc(const AvoQuantSet *q, int kind, Sums *sums)
{
    static Search s;
    static const int16_t none[64];
    int16_t chosen[64];
    start_search(&s, q, kind, NULL);
    s.rate = CAVLC;
    for (int i = 0; i < 2; i++) {
        s.b.left[i] = (int8_t)random_in(&rnd, -1, 16);
        s.b.above[i] = (int8_t)random_in(&rnd, -1, 16);
    }
    int64_t gain = quantise(&s, chosen);
    double nothing = score_of(&s, none), rounding = score_of(&s, s.rounded),
           got = score_of(&s, chosen);
    s.best = nothing;
    exhaust(&s, s.first);
    sums->best += s.best / s.lambda;
    sums->chosen += got / s.lambda;
    sums->rounding += rounding / s.lambda;
    if (s.b.cat == AVO_CAT_LUMA_8x8) /* its parts are chosen one after the other */
        return;
    double slack = 2e-3 * s.lambda + 2e-4 * nothing;
    CHECK(got <= rounding + slack, "%s qp %d: %g, rounding %g", kinds[kind].name, s.b.qp, got,
          rounding);
    CHECK(fabs(nothing - (double)gain / (1 << AVO_TRELLIS_SCORE_BITS) - got) <= slack,
          "%s qp %d: %g", kinds[kind].name, s.b.qp, got);
}

/* A lone level meets every context once: the frozen count must be the real one. */
static void test_counter(int kind)
{
    AvoCabacContexts contexts, scratch;
    random_contexts(&contexts);
    scratch = contexts;
    AvoTrellisBlock b = make_block(&flat, kind, 20, &contexts);
    int16_t levels[64] = {0};
    levels[random_in(&rnd, kinds[kind].first, avo_min(kinds[kind].size, 16) - 1)] =
        (int16_t)random_in(&rnd, 1, 40);
    if (b.cat == AVO_CAT_LUMA_8x8)
        return; /* neighbouring positions share contexts */
    double real = avo_block_bits_cabac(&scratch, b.cat, b.cbf_inc, levels,
                                       avo_nonzero_mask(levels, avo_block_stored(b.cat))) /
                  256.0;
    double own = frozen_bits(&b, levels, kinds[kind].first, kinds[kind].size);
    CHECK(fabs(real - own) < 1e-9, "%s: %g bits are %g", kinds[kind].name, own, real);
}

int main(void)
{
    static const int no_offset[2] = {0, 0};
    const AvoDeadZones zones = {21, 21, 11};
    AvoScalingMatrix lists;
    avo_dsp_init(&dsp, AVO_CPU_ALL);
    avo_scaling_flat(&lists);
    avo_quant_init(&flat, &lists, no_offset, zones);
    random_lists(&lists);
    avo_quant_init(&shaped, &lists, no_offset, zones);

    for (int kind = 0; kind < KINDS; kind++) {
        for (int n = 0; n < 50; n++)
            test_counter(kind);
        for (int qp = 9; qp < 42;
             qp += 3) { /* below the noise is different, above samples would be clipped */
            test_distortion(&flat, kind, qp);
            test_distortion(&shaped, kind, qp);
        }
        Sums sums = {0};
        for (int n = 0; n < 300; n++)
            test_choice(n & 1 ? &flat : &shaped, kind, &sums);
        printf("%-14s rounding %+.2f %%, trellis %+.2f %% above the best\n", kinds[kind].name,
               100 * (sums.rounding / sums.best - 1), 100 * (sums.chosen / sums.best - 1));
        CHECK(sums.chosen < 1.02 * sums.best && sums.chosen < sums.rounding, "%s",
              kinds[kind].name);
        sums = (Sums){0};
        for (int n = 0; n < 300; n++)
            test_cavlc(n & 1 ? &flat : &shaped, kind, &sums);
        printf("%-14s CAVLC: rounding %+.2f %%, search %+.2f %% above the best\n", kinds[kind].name,
               100 * (sums.rounding / sums.best - 1), 100 * (sums.chosen / sums.best - 1));
        CHECK(sums.chosen < 1.02 * sums.best && sums.chosen < sums.rounding, "%s",
              kinds[kind].name);
    }
    return check_finish();
}
