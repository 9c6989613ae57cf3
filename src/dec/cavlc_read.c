/* CAVLC residual blocks (7.3.5.3.2, 9.2). See mb_read.h. */
#include "dec/mb_read.h"
#include "h264/tables.h"

/* nC from the left and upper block's TotalCoeff (9.2.1). */
AVO_INLINE int context_of(int left, int above)
{
    int sum = left + above;
    if (!((left | above) & AVO_NZ_MISSING))
        return (sum + 1) >> 1;
    return sum & (AVO_NZ_MISSING - 1); /* the one that exists, or 0 */
}

enum { NC_CHROMA_DC = -1 };

/* coeff_token: TotalCoeff << 2 | TrailingOnes; -1: no such code. */
AVO_INLINE int read_coeff_token(AvoSliceBits *br, const AvoVlcTables *vlc, int nc)
{
    uint64_t bits = avo_sb_peek(br);
    AvoVlcEntry e;
    if (nc == NC_CHROMA_DC) {
        e = vlc->coeff_token_dc[bits >> 56];
    } else if (nc >= 8) {
        e = vlc->coeff_token_fixed[bits >> 58];
    } else {
        const AvoCoeffTokenTable *t = &vlc->coeff_token[nc < 2 ? 0 : nc < 4 ? 1 : 2];
        e = t->first[bits >> 56];
        if (e.length == AVO_VLC_LONG)
            e = t->rest[e.symbol][bits >> 48 & 255];
    }
    avo_sb_skip(br, e.length);
    return e.length ? e.symbol : -1;
}

/* One level after the trailing ones (9.2.2.1); *suffix_length adapts. False: damaged. */
AVO_INLINE bool read_level(AvoSliceBits *br, int *suffix_length, bool first_of_few_ones, int *level)
{
    uint64_t bits = avo_sb_peek(br);
    int prefix = avo_clz64(bits | 1);
    if (prefix > 24) /* 8.4.2.2: 15 + bits of the largest level, with room */
        return false;
    avo_sb_skip(br, (size_t)prefix + 1);
    int size = *suffix_length, code = avo_min(15, prefix) << size;
    if (prefix == 14 && size == 0)
        size = 4;
    else if (prefix >= 15)
        size = prefix - 3;
    if (size)
        code += (int)avo_sb_get(br, size);
    if (prefix >= 15 && *suffix_length == 0)
        code += 15;
    if (prefix >= 16)
        code += (1 << (prefix - 3)) - 4096;
    if (first_of_few_ones)
        code += 2;
    *level = code & 1 ? (-code - 1) >> 1 : (code + 2) >> 1;
    if (*suffix_length == 0)
        *suffix_length = 1;
    if (*suffix_length < 6 && avo_abs(*level) > 3 << (*suffix_length - 1))
        ++*suffix_length;
    return true;
}

/* total_zeros; -1: no such code. */
AVO_INLINE int read_total_zeros(AvoSliceBits *br, const AvoVlcTables *vlc, int total,
                                bool chroma_dc)
{
    uint64_t bits = avo_sb_peek(br);
    AvoVlcEntry e = chroma_dc ? vlc->total_zeros_dc[total - 1][bits >> 61]
                              : vlc->total_zeros[total - 1][bits >> 55];
    avo_sb_skip(br, e.length);
    return e.length ? e.symbol : -1;
}

/* run_before; -1: no such code. */
AVO_INLINE int read_run_before(AvoSliceBits *br, const AvoVlcTables *vlc, int zeros_left)
{
    uint64_t bits = avo_sb_peek(br);
    if (zeros_left <= 6) {
        AvoVlcEntry e = vlc->run_before[zeros_left - 1][bits >> 61];
        avo_sb_skip(br, e.length);
        return e.symbol;
    }
    if (bits >> 61) { /* 111 .. 001: runs 0 .. 6 */
        avo_sb_skip(br, 3);
        return 7 - (int)(bits >> 61);
    }
    int zeros = avo_clz64(bits | 1); /* 0001: 7, 00001: 8, ... 14 */
    avo_sb_skip(br, (size_t)zeros + 1);
    return zeros <= 10 ? zeros + 4 : -1;
}

/* One residual block of at most max_coeff levels into out at the raster positions
 * scan[0..max_coeff). Returns TotalCoeff; negative: damaged. */
static int read_block(AvoSliceDec *s, coef *out, int nc, int max_coeff, const uint8_t *scan,
                      const AvoLevelScale *scale)
{
    AvoSliceBits *br = &s->br;
    int token = read_coeff_token(br, s->vlc, nc);
    if (token <= 0)
        return token;
    int total = token >> 2, ones = token & 3;
    if (total > max_coeff)
        return -1;
    int level[16];
    uint64_t signs = avo_sb_peek(br);
    for (int i = 0; i < ones; i++)
        level[i] = signs >> (63 - i) & 1 ? -1 : 1;
    avo_sb_skip(br, (size_t)ones);
    int suffix_length = total > 10 && ones < 3;
    for (int i = ones; i < total; i++)
        if (!read_level(br, &suffix_length, i == ones && ones < 3, &level[i]))
            return -1;
    int zeros = 0;
    if (total < max_coeff) {
        zeros = read_total_zeros(br, s->vlc, total, nc == NC_CHROMA_DC);
        if (zeros < 0 || zeros + total > max_coeff)
            return -1;
    }
    int at = zeros + total - 1;
    for (int i = 0; i < total; i++) {
        int pos = scan[at];
        out[pos] = avo_scale_level(scale, pos, level[i]);
        if (zeros > 0 && i + 1 < total) {
            int run = read_run_before(br, s->vlc, zeros);
            if (run < 0 || run > zeros)
                return -1;
            zeros -= run;
            at -= run;
        }
        at--;
    }
    return total;
}

static const uint8_t scan_2x2[4] = {0, 1, 2, 3};

/* Block blk (coding order) of the luma plane, 4x4 or one of four interleaved parts of an 8x8. */
static bool read_luma_block(AvoSliceDec *s, int blk, coef *out, int max_coeff, const uint8_t *scan,
                            const AvoLevelScale *scale)
{
    int raster = avo_blk_raster[blk];
    uint8_t *nz = &s->nz.luma[AVO_NZ_LUMA(raster & 3, raster >> 2)];
    int total = read_block(s, out, context_of(nz[-1], nz[-8]), max_coeff, scan, scale);
    if (total < 0)
        return false;
    *nz = (uint8_t)total;
    return true;
}

static bool read_luma_8x8(AvoSliceDec *s, int blk8)
{
    const AvoMbInfo *mb = s->mb;
    bool intra = AVO_MB_IS_INTRA(mb->type);
    if (mb->transform_8x8) {
        AvoLevelScale scale = avo_level_scale_8x8(s, intra ? 0 : 1, s->qp);
        for (int i = 0; i < 4; i++)
            if (!read_luma_block(s, 4 * blk8 + i, s->work.luma[4 * blk8], 16,
                                 s->vlc->scan_8x8_cavlc[i], &scale))
                return false;
        return true;
    }
    AvoLevelScale scale = avo_level_scale_4x4(s, intra ? 0 : 3, s->qp);
    bool ac = mb->type == AVO_MB_I16x16;
    for (int i = 4 * blk8; i < 4 * blk8 + 4; i++)
        if (!read_luma_block(s, i, s->work.luma[i], 16 - ac, avo_zigzag_4x4 + ac, &scale))
            return false;
    return true;
}

static bool read_chroma_dc(AvoSliceDec *s)
{
    static const AvoLevelScale plain = {NULL, 0, 0};
    for (int c = 0; c < 2; c++) {
        int total = read_block(s, s->work.chroma_dc[c], NC_CHROMA_DC, 4, scan_2x2, &plain);
        if (total < 0)
            return false;
        s->mb->dc_flags |= (uint8_t)(total ? AVO_DC_CB << c : 0);
    }
    return true;
}

static bool read_chroma_ac(AvoSliceDec *s)
{
    for (int c = 0; c < 2; c++) {
        int list = (AVO_MB_IS_INTRA(s->mb->type) ? 1 : 4) + c;
        AvoLevelScale scale = avo_level_scale_4x4(s, list, avo_slice_chroma_qp(s, c));
        for (int i = 0; i < 4; i++) {
            uint8_t *nz = &s->nz.chroma[c][AVO_NZ_CHROMA(i & 1, i >> 1)];
            int total = read_block(s, s->work.chroma[c][i], context_of(nz[-1], nz[-4]), 15,
                                   avo_zigzag_4x4 + 1, &scale);
            if (total < 0)
                return false;
            *nz = (uint8_t)total;
        }
    }
    return true;
}

bool avo_cavlc_read_residual(AvoSliceDec *s)
{
    AvoMbInfo *mb = s->mb;
    if (mb->type == AVO_MB_I16x16) {
        static const AvoLevelScale plain = {NULL, 0, 0};
        const uint8_t *nz = &s->nz.luma[AVO_NZ_LUMA(0, 0)];
        int total =
            read_block(s, s->work.luma_dc, context_of(nz[-1], nz[-8]), 16, avo_zigzag_4x4, &plain);
        if (total < 0)
            return false;
        mb->dc_flags |= total ? AVO_DC_LUMA : 0;
    }
    for (int blk8 = 0; blk8 < 4; blk8++)
        if ((mb->cbp >> blk8 & 1) && !read_luma_8x8(s, blk8))
            return false;
    if (mb->cbp >> 4 && !read_chroma_dc(s))
        return false;
    if (mb->cbp >> 4 == 2 && !read_chroma_ac(s))
        return false;
    return !avo_sb_overread(&s->br);
}
