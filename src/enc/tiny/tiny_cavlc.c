/* A macroblock as CAVLC bits (7.3.5, 9.2), from the records in AvoTinyWork.
 *
 * The big encoder's template (mb_syntax.h) covers all slice types and both entropy coders and leans
 * on 64 bit masks; this one has the few types of the small encoder and 32 bit arithmetic, over the
 * same code tables. */
#include "enc/tiny/tiny_bits.h"
#include "h264/cavlc_tables.h"
#include "h264/tables.h"

#if AVOCET_TINY

/* Out of line: there are many calls, and few a macroblock. */
static AVO_NOINLINE void put_ue(AvoTinyBits *b, uint32_t v)
{
    avo_tiny_put_ue(b, v);
}

static void put_se(AvoTinyBits *b, int v)
{
    put_ue(b, v > 0 ? 2 * (uint32_t)v - 1 : 2 * (uint32_t)-v);
}

AVO_INLINE void put_code(AvoTinyBits *b, AvoVlc code)
{
    avo_tiny_put(b, code.size, code.bits);
}

/* level_prefix and level_suffix (9.2.2.1 read backwards); code is levelCode. */
static void put_level(AvoTinyBits *b, unsigned code, int suffix_length)
{
    if (suffix_length == 0 && code >= 14) {
        if (code < 30) {
            avo_tiny_put(b, 19, 1u << 4 | (code - 14));
        } else {
            avo_tiny_put(b, 16, 1);
            avo_tiny_put(b, 12, code - 30);
        }
        return;
    }
    unsigned prefix = code >> suffix_length;
    if (prefix < 15) {
        avo_tiny_put(b, (int)prefix + 1, 1);
        avo_tiny_put(b, suffix_length, code & ((1u << suffix_length) - 1));
    } else {
        avo_tiny_put(b, 16, 1);
        avo_tiny_put(b, 12, code - (15u << suffix_length));
    }
}

/* Levels behind the trailing ones. */
static void put_levels(AvoTinyBits *b, const coef *value, int ones, int total)
{
    int suffix_length = total > 10 && ones < 3;
    for (int i = ones; i < total; i++) {
        int v = value[i], magnitude = v < 0 ? -v : v;
        unsigned code = (unsigned)(2 * magnitude - 2 + (v < 0));
        if (i == ones && ones < 3)
            code -= 2;
        put_level(b, code, suffix_length);
        suffix_length += !suffix_length;
        suffix_length += suffix_length < 6 && magnitude > 3 << (suffix_length - 1);
    }
}

/* residual_block_cavlc() of `size` levels, of which at most `count` are not 0.
 * nc: -1 for chroma DC. */
static void put_block(AvoTinyBits *out, const coef *levels, int size, int count, int nc)
{
    coef value[16];
    uint8_t runs[16];
    int total = 0, ones = 0, zeros = 0;
    int table = nc < 0 ? 4 : nc < 2 ? 0 : nc < 4 ? 1 : nc < 8 ? 2 : 3;
    AvoTinyBits b = *out;
    int at = size - 1, last = size; /* of the levels found */
    for (; at >= 0 && total < count; at--) {
        if (!levels[at])
            continue;
        if (total)
            runs[total - 1] = (uint8_t)(last - at - 1);
        else
            zeros = at + 1;
        value[total++] = levels[at];
        last = at;
    }
    zeros -= total;
    uint32_t signs = 0;
    while (ones < 3 && ones < total && (value[ones] == 1 || value[ones] == -1))
        signs = signs << 1 | (value[ones++] < 0);
    put_code(&b, avo_coeff_token[table][total][ones]);
    if (total) {
        avo_tiny_put(&b, ones, signs);
        put_levels(&b, value, ones, total);
        if (total < size)
            put_code(&b, size == 4 ? avo_total_zeros_chroma_dc[total - 1][zeros]
                                   : avo_total_zeros[total - 1][zeros]);
        for (int i = 0; i < total - 1 && zeros > 0; i++) {
            put_code(&b, avo_run_before[avo_min(zeros, 7) - 1][runs[i]]);
            zeros -= runs[i];
        }
    }
    *out = b;
}

/* nC from the counts to the left and above, AVO_TINY_NO_BLOCK: not available (9.2.1). */
AVO_INLINE int context(int left, int above)
{
    int sum = left + above;
    return sum < AVO_TINY_NO_BLOCK ? (sum + 1) >> 1 : sum & (AVO_TINY_NO_BLOCK - 1);
}

static void put_luma(AvoTinyBits *b, const AvoTinyWork *w)
{
    bool is_i16 = w->type == AVO_TINY_I16x16;
    if (is_i16)
        put_block(b, w->luma_dc, 16, 16,
                  context(w->nnz[AVO_TINY_GRID(-1, 0)], w->nnz[AVO_TINY_GRID(0, -1)]));
    for (int k = 0; k < 16; k++) {
        if (!(w->cbp >> (k >> 2) & 1))
            continue;
        int raster = avo_blk_raster[k];
        const uint8_t *nnz = w->nnz + AVO_TINY_GRID(raster & 3, raster >> 2);
        put_block(b, w->luma[k] + is_i16, 16 - is_i16, *nnz, context(nnz[-1], nnz[-8]));
    }
}

static void put_chroma(AvoTinyBits *b, const AvoTinyWork *w)
{
    for (int c = 0; c < 2; c++)
        put_block(b, w->chroma_dc[c], 4, 4, -1);
    for (int k = 0; k < 8 && w->cbp >> 4 == 2; k++) {
        const uint8_t *nnz = w->nnz_c[k >> 2] + 4 + (k >> 1 & 1) * 4 + (k & 1) + 1;
        put_block(b, w->chroma_ac[k >> 2][k & 3] + 1, 15, *nnz, context(nnz[-1], nnz[-4]));
    }
}

static void put_intra_modes(AvoTinyBits *b, const AvoTinyWork *w)
{
    for (int k = 0; k < 16; k++)
        avo_tiny_put(b, w->i4_mode[k] < 0 ? 1 : 4, w->i4_mode[k] < 0 ? 1 : (uint32_t)w->i4_mode[k]);
}

/* mb_type and what is predicted how. */
static void put_prediction(AvoTinyBits *b, const AvoTinyWork *w, bool is_p)
{
    unsigned intra = is_p ? 5 : 0;
    switch (w->type) {
    case AVO_TINY_P16x16:
        put_ue(b, 0);
        put_se(b, w->mvd.x);
        put_se(b, w->mvd.y);
        break;
    case AVO_TINY_I16x16:
        put_ue(b, intra + 1 + (unsigned)(w->i16_mode + 4 * (w->cbp >> 4) + (w->cbp & 15 ? 12 : 0)));
        put_ue(b, (uint32_t)w->chroma_mode);
        break;
    case AVO_TINY_I4x4:
        put_ue(b, intra);
        put_intra_modes(b, w);
        put_ue(b, (uint32_t)w->chroma_mode);
        break;
    }
}

void avo_tiny_write_skip_run(AvoTiny *t)
{
    if (!t->is_idr)
        put_ue(&t->bits, (uint32_t)t->skip_run);
    t->skip_run = 0;
}

void avo_tiny_write_mb(AvoTiny *t)
{
    const AvoTinyWork *w = t->work;
    avo_tiny_write_skip_run(t);
    AvoTinyBits b = t->bits;
    put_prediction(&b, w, !t->is_idr);
    if (w->type != AVO_TINY_I16x16)
        put_ue(&b, avo_cbp_to_me[w->type != AVO_TINY_I4x4][w->cbp]);
    if (w->cbp || w->type == AVO_TINY_I16x16) {
        put_se(&b, w->qp - t->last_qp);
        put_luma(&b, w);
        if (w->cbp >> 4)
            put_chroma(&b, w);
    }
    t->bits = b;
}
#endif
