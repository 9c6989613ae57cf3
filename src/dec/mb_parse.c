/* Slice data and the macroblock layer (7.3.4, 7.3.5): the order of syntax elements, once for both
 * entropy codings, and what follows from them at once: vectors, references, prediction modes, QP.
 * See slice_dec.h.
 *
 * A macroblock is decoded in three steps: begin (where it is, who its neighbours are), read (syntax
 * -> AvoMbInfo and AvoMbWork), reconstruct (samples). Only then is it marked as part of the slice,
 * so an error leaves it missing. */
#include "dec/mb_read.h"
#include "h264/tables.h"

enum { LIST0 = 1 }; /* in AvoMbWork.pred */

/* ---- elements in either coding ---- */

static int read_sub_type(AvoSliceDec *s)
{
    return s->cabac ? avo_cabac_read_sub_type(s) : (int)avo_sb_ue(&s->br);
}

static int read_intra_mode(AvoSliceDec *s)
{
    if (s->cabac)
        return avo_cabac_read_intra_mode(s);
    return avo_sb_flag(&s->br) ? -1 : (int)avo_sb_get(&s->br, 3);
}

/* te(v) or ae(v), -1: out of range. */
static int read_ref_idx(AvoSliceDec *s, int list, int blk8)
{
    unsigned count = (unsigned)s->refs.count[list], ref;
    if (count == 1)
        return 0;
    if (s->cabac)
        ref = (unsigned)avo_cabac_read_ref_idx(s, list, blk8);
    else
        ref = count == 2 ? !avo_sb_flag(&s->br) : avo_sb_ue(&s->br);
    return ref < count ? (int)ref : -1;
}

static bool read_mvd(AvoSliceDec *s, int list, int blk, int mvd[2])
{
    if (s->cabac)
        return avo_cabac_read_mvd(s, list, blk, mvd);
    mvd[0] = avo_sb_se(&s->br);
    mvd[1] = avo_sb_se(&s->br);
    return true;
}

/* ---- setting rectangles of 4x4 blocks ---- */

static void set_vectors(AvoSliceDec *s, int list, int x, int y, int w, int h, int ref, AvoMv mv)
{
    avo_mvcache_fill(&s->mvc, list, x, y, w, h, ref, mv);
    for (int j = y; j < y + h; j++)
        for (int i = x; i < x + w; i++)
            s->mb->mv[list][4 * j + i] = mv;
}

/* |mvd| as CABAC contexts want it. */
static void set_mvd(AvoMbInfo *mb, int list, int x, int y, int w, int h, const int mvd[2])
{
    uint8_t dx = (uint8_t)avo_min(avo_abs(mvd[0]), 255),
            dy = (uint8_t)avo_min(avo_abs(mvd[1]), 255);
    for (int j = y; j < y + h; j++)
        for (int i = x; i < x + w; i++) {
            mb->mvd[list][4 * j + i][0] = dx;
            mb->mvd[list][4 * j + i][1] = dy;
        }
}

/* Reference of 8x8 block blk8; its picture follows. */
static void set_ref(AvoSliceDec *s, int list, int blk8, int ref)
{
    s->mb->ref_idx[list][blk8] = (int8_t)ref;
    s->mb->ref_slot[list][blk8] = ref >= 0 ? s->slot_of_ref[list][ref] : -1;
}

/* ---- macroblocks without vectors ---- */

/* Predicted Intra4x4PredMode or Intra8x8PredMode of a block from those to
 * its left and above (8.3.1.1). */
static int predicted_mode(const AvoSliceDec *s, int x, int y)
{
    const AvoMbInfo *a = x ? s->mb : s->nb.a, *b = y ? s->mb : s->nb.b;
    if (!a || !b)
        return AVO_I4_DC;
    if (s->pps->constrained_intra_pred && !(AVO_MB_IS_INTRA(a->type) && AVO_MB_IS_INTRA(b->type)))
        return AVO_I4_DC;
    int left = a->intra_mode[4 * y + (x ? x - 1 : 3)];
    int above = b->intra_mode[x + 4 * (y ? y - 1 : 3)];
    return avo_min(left, above);
}

/* For an 8x8 block, predicted_mode looks at 4x4 blocks in the row of its upper edge and the column
 * of its left edge. Of an Intra4x4 neighbour these are blocks 8x8idx * 4 + 1 and + 2, as 8.3.2.1
 * wants. */
static void read_intra_modes(AvoSliceDec *s)
{
    AvoMbInfo *mb = s->mb;
    int count = mb->transform_8x8 ? 4 : 16, size = mb->transform_8x8 ? 2 : 1;
    for (int i = 0; i < count; i++) {
        int raster = avo_blk_raster[mb->transform_8x8 ? 4 * i : i], x = raster & 3, y = raster >> 2;
        int predicted = predicted_mode(s, x, y), rem = read_intra_mode(s);
        int mode = rem < 0 ? predicted : rem + (rem >= predicted);
        for (int j = 0; j < size; j++)
            for (int k = 0; k < size; k++)
                mb->intra_mode[raster + 4 * j + k] = (int8_t)mode;
    }
}

static bool read_chroma_mode(AvoSliceDec *s)
{
    unsigned mode = 0;
    if (s->has_chroma)
        mode = s->cabac ? (unsigned)avo_cabac_read_chroma_mode(s) : avo_sb_ue(&s->br);
    s->mb->intra_chroma_mode = (uint8_t)mode;
    return mode <= 3;
}

/* pcm_alignment_zero_bits and samples. */
static bool read_pcm(AvoSliceDec *s)
{
    AvoMbInfo *mb = s->mb;
    size_t size = s->has_chroma ? 384 : 256;
    const uint8_t *pcm, *end;
    if (s->cabac) {
        pcm = avo_cabac_byte_position(&s->reader);
        end = s->reader.end;
    } else {
        pcm = s->br.data + ((s->br.pos + 7) >> 3);
        end = s->br.data + ((s->br.end + 7) >> 3);
    }
    if (pcm > end || (size_t)(end - pcm) < size)
        return false;
    s->work.pcm = pcm;
    if (s->cabac)
        avo_cabac_reader_start(&s->reader, pcm + size, end);
    else
        s->br.pos = (size_t)(pcm + size - s->br.data) * 8;
    mb->cbp = 0x2f;
    mb->qp = 0;
    mb->dc_flags = AVO_DC_LUMA | AVO_DC_CB | AVO_DC_CR;
    memset(mb->nnz, 16, sizeof mb->nnz);
    return true;
}

/* ---- vectors ---- */

/* Vector of the partition w x h at (x, y) from its prediction and difference. */
static bool read_vector(AvoSliceDec *s, int list, int x, int y, int w, int h, int ref, AvoMv pred)
{
    int mvd[2];
    if (!read_mvd(s, list, 4 * y + x, mvd))
        return false;
    AvoMv mv = {(int16_t)((unsigned)pred.x + (unsigned)mvd[0]),
                (int16_t)((unsigned)pred.y + (unsigned)mvd[1])};
    set_vectors(s, list, x, y, w, h, ref, mv);
    if (s->cabac)
        set_mvd(s->mb, list, x, y, w, h, mvd);
    return true;
}

static AvoMv predict_partition(const AvoSliceDec *s, int list, int part, int ref)
{
    switch (s->work.partition) {
    case AVO_PART_16x8:
        return avo_mvpred_16x8(&s->mvc, list, part, ref);
    case AVO_PART_8x16:
        return avo_mvpred_8x16(&s->mvc, list, part, ref);
    default:
        return avo_mvpred_median(&s->mvc, list, 0, 0, 4, ref);
    }
}

/* mb_pred() of inter macroblocks with one or two partitions. */
static bool read_partitions(AvoSliceDec *s)
{
    static const uint8_t size[3][2] = {{4, 4}, {4, 2}, {2, 4}}; /* [AvoPartition]: width, height */
    static const uint8_t blocks[3][2] = {{15, 0}, {3, 12}, {5, 10}}; /* mask of its 8x8 blocks */
    const AvoMbWork *work = &s->work;
    int w = size[work->partition][0], h = size[work->partition][1];
    int parts = work->partition == AVO_PART_16x16 ? 1 : 2;
    for (int list = 0; list < 2; list++)
        for (int part = 0; part < parts; part++) {
            if (!(work->pred[part] >> list & 1))
                continue;
            int first = part == 0 ? 0 : work->partition == AVO_PART_16x8 ? 2 : 1;
            int ref = read_ref_idx(s, list, first);
            if (ref < 0)
                return false;
            for (int blk8 = 0; blk8 < 4; blk8++)
                if (blocks[work->partition][part] >> blk8 & 1)
                    set_ref(s, list, blk8, ref);
        }
    for (int list = 0; list < 2; list++)
        for (int part = 0; part < parts; part++) {
            int x = part * (w & 2), y = part * (h & 2), blk8 = (y & 2) | x >> 1;
            int ref = s->mb->ref_idx[list][blk8];
            if (ref >= 0 &&
                !read_vector(s, list, x, y, w, h, ref, predict_partition(s, list, part, ref)))
                return false;
        }
    return true;
}

/* Takes one 8x8 block of the derived direct vectors (8.4.1.2). */
static void take_direct(AvoSliceDec *s, int blk8)
{
    int x = (blk8 & 1) * 2, y = blk8 & 2;
    for (int list = 0; list < 2; list++) {
        int ref = s->direct.ref_idx[list][blk8];
        set_ref(s, list, blk8, ref);
        for (int j = y; j < y + 2; j++)
            for (int i = x; i < x + 2; i++)
                set_vectors(s, list, i, j, 1, 1, ref, s->direct.mv[list][4 * j + i]);
    }
    s->mb->direct8x8 |= (uint8_t)(1 << blk8);
}

/* Vectors of one sub-macroblock. */
static bool read_sub_vectors(AvoSliceDec *s, int list, int blk8)
{
    static const uint8_t size[4][2] = {{2, 2}, {2, 1}, {1, 2}, {1, 1}}; /* [AvoSubType] */
    int type = s->work.sub_type[blk8], w = size[type][0], h = size[type][1];
    int x0 = (blk8 & 1) * 2, y0 = blk8 & 2, ref = s->mb->ref_idx[list][blk8];
    for (int y = y0; y < y0 + 2; y += h)
        for (int x = x0; x < x0 + 2; x += w)
            if (!read_vector(s, list, x, y, w, h, ref,
                             avo_mvpred_median(&s->mvc, list, x, y, w, ref)))
                return false;
    return true;
}

/* sub_mb_type of all four blocks into work->sub_type and pred. */
static bool read_sub_types(AvoSliceDec *s)
{
    AvoMbWork *work = &s->work;
    bool is_b = s->header->type == AVO_SLICE_B;
    for (int i = 0; i < 4; i++) {
        unsigned type = (unsigned)read_sub_type(s);
        if (type >= (is_b ? AVO_COUNT(avo_b_sub_types) : 4u))
            return false;
        work->sub_type[i] = is_b ? avo_b_sub_types[type].sub_type : (uint8_t)type;
        work->pred[i] = is_b ? (uint8_t)(avo_b_sub_types[type].pred + 1) : LIST0;
        if (work->sub_type[i] == AVO_SUB_DIRECT)
            work->pred[i] = 0;
    }
    return true;
}

/* sub_mb_pred(). all_ref0: P_8x8ref0, references are not sent. */
static bool read_sub_macroblocks(AvoSliceDec *s, bool all_ref0)
{
    AvoMbWork *work = &s->work;
    if (!read_sub_types(s))
        return false;
    for (int i = 0; i < 4; i++)
        if (work->sub_type[i] == AVO_SUB_DIRECT) {
            if (!s->mb->direct8x8 &&
                !avo_direct_derive(&s->direct, &s->mvc, &s->refs, s->mb_x, s->mb_y))
                return false;
            take_direct(s, i);
        }
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < 4; i++) {
            if (work->sub_type[i] == AVO_SUB_DIRECT)
                continue;
            int ref = AVO_REF_NONE;
            if (work->pred[i] >> list & 1) {
                ref = all_ref0 ? 0 : read_ref_idx(s, list, i);
                if (ref < 0)
                    return false;
            }
            set_ref(s, list, i, ref);
        }
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < 4; i++)
            if ((work->pred[i] >> list & 1) && !read_sub_vectors(s, list, i))
                return false;
    return true;
}

/* ---- skipped and direct macroblocks ---- */

static bool derive_direct_mb(AvoSliceDec *s)
{
    if (!avo_direct_derive(&s->direct, &s->mvc, &s->refs, s->mb_x, s->mb_y))
        return false;
    for (int list = 0; list < 2; list++) {
        memcpy(s->mb->mv[list], s->direct.mv[list], sizeof s->mb->mv[list]);
        for (int i = 0; i < 4; i++)
            set_ref(s, list, i, s->direct.ref_idx[list][i]);
    }
    s->mb->direct8x8 = 0x0f;
    return true;
}

static void derive_p_skip(AvoSliceDec *s)
{
    AvoMv mv = avo_mvpred_pskip(&s->mvc, &s->nb);
    for (int i = 0; i < 16; i++)
        s->mb->mv[0][i] = mv;
    for (int i = 0; i < 4; i++)
        set_ref(s, 0, i, 0);
}

/* ---- macroblock ---- */

/* Finds place and neighbours of the macroblock at s->mb_addr and resets its record. False: it was
 * decoded before. */
static bool begin_mb(AvoSliceDec *s)
{
    AvoMbInfo *mb = &s->frame->info[s->mb_addr];
    if (mb->slice != AVO_SLICE_NONE)
        return false;
    s->mb = mb;
    s->mb_x = s->mb_addr % s->frame->mb_width;
    s->mb_y = s->mb_addr / s->frame->mb_width;
    if (s->waits && s->refs.col) /* for the records that direct prediction reads */
        avo_mb_wait_lines(s, 1, 0, 16 * s->mb_y + 1);
    avo_neighbours_find(&s->nb, s->frame->info, s->frame->mb_width, s->mb_x, s->mb_y, s->slice);
    memset(mb, 0, sizeof *mb);
    mb->slice = AVO_SLICE_NONE;
    memset(mb->intra_mode, AVO_I4_DC, sizeof mb->intra_mode);
    memset(mb->ref_idx, AVO_REF_NONE, sizeof mb->ref_idx);
    memset(mb->ref_slot, -1, sizeof mb->ref_slot);
    return true;
}

/* False: it cannot be, or was made of bits that do not exist. */
static bool finish_mb(AvoSliceDec *s)
{
    bool overread = s->cabac ? avo_cabac_overread(&s->reader) : avo_sb_overread(&s->br);
    if (overread || !avo_mb_reconstruct(s))
        return false;
    s->mb->slice = (uint16_t)s->slice;
    s->mbs_done++;
    if (s->trace)
        avo_trace_mb(s);
    avo_row_filter_mb(s->filter, s->mb_addr);
    return true;
}

static bool decode_skipped_mb(AvoSliceDec *s)
{
    AvoMbInfo *mb = s->mb;
    bool is_p = s->header->type == AVO_SLICE_P;
    avo_mvcache_load(&s->mvc, &s->nb, is_p ? 1 : 2);
    mb->qp = (int8_t)s->qp;
    s->last_delta_nonzero = false;
    s->bypass = false;
    if (is_p) {
        mb->type = AVO_MB_P_SKIP;
        derive_p_skip(s);
    } else {
        mb->type = AVO_MB_B_SKIP;
        if (!derive_direct_mb(s))
            return false;
    }
    return finish_mb(s);
}

/* Neighbouring TotalCoeff or coded_block_flag into s->nz; the inside becomes 0. */
static void load_nz(AvoSliceDec *s)
{
    const AvoMbInfo *a = s->nb.a, *b = s->nb.b;
    int missing = s->cabac ? AVO_MB_IS_INTRA(s->mb->type) : AVO_NZ_MISSING;
    uint8_t *nz = s->nz.luma;
    memset(nz, 0, sizeof s->nz.luma);
    if (b)
        memcpy(nz + AVO_NZ_LUMA(0, -1), b->nnz + 12, 4);
    else
        memset(nz + AVO_NZ_LUMA(0, -1), missing, 4);
    for (int y = 0; y < 4; y++)
        nz[AVO_NZ_LUMA(-1, y)] = a ? a->nnz[4 * y + 3] : (uint8_t)missing;
    for (int c = 0; c < 2; c++) {
        nz = s->nz.chroma[c];
        memset(nz, 0, sizeof s->nz.chroma[c]);
        for (int i = 0; i < 2; i++) {
            nz[AVO_NZ_CHROMA(i, -1)] = b ? b->nnz[16 + 4 * c + 2 + i] : (uint8_t)missing;
            nz[AVO_NZ_CHROMA(-1, i)] = a ? a->nnz[16 + 4 * c + 2 * i + 1] : (uint8_t)missing;
        }
    }
}

static void store_nz(AvoSliceDec *s)
{
    for (int y = 0; y < 4; y++)
        memcpy(s->mb->nnz + 4 * y, s->nz.luma + AVO_NZ_LUMA(0, y), 4);
    for (int c = 0; c < 2; c++)
        for (int y = 0; y < 2; y++)
            memcpy(s->mb->nnz + 16 + 4 * c + 2 * y, s->nz.chroma[c] + AVO_NZ_CHROMA(0, y), 2);
}

static bool read_cbp(AvoSliceDec *s)
{
    bool inter = !AVO_MB_IS_INTRA(s->mb->type);
    if (s->cabac) {
        s->mb->cbp = (uint8_t)avo_cabac_read_cbp(s);
        return true;
    }
    uint32_t code = avo_sb_ue(&s->br);
    if (code >= (s->has_chroma ? 48u : 16u))
        return false;
    s->mb->cbp = s->has_chroma ? avo_me_to_cbp[inter][code] : avo_me_to_cbp_mono[inter][code];
    return true;
}

/* May transform_size_8x8_flag follow the coded_block_pattern of an inter macroblock? (7.3.5) */
static bool may_transform_8x8(const AvoSliceDec *s)
{
    const AvoMbInfo *mb = s->mb;
    if (!s->pps->transform_8x8_mode || AVO_MB_IS_INTRA(mb->type) || !(mb->cbp & 15))
        return false;
    if (mb->type == AVO_MB_B_DIRECT)
        return s->sps->direct_8x8_inference;
    if (mb->type != AVO_MB_P8x8 && mb->type != AVO_MB_B8x8)
        return true;
    for (int i = 0; i < 4; i++) {
        int sub = s->work.sub_type[i];
        if (sub == AVO_SUB_DIRECT ? !s->sps->direct_8x8_inference : sub != AVO_SUB_8x8)
            return false;
    }
    return true;
}

static bool read_transform_8x8(AvoSliceDec *s)
{
    return s->cabac ? avo_cabac_read_transform_8x8(s) : avo_sb_flag(&s->br);
}

/* mb_qp_delta and QPY (7.4.5). */
static bool read_qp_delta(AvoSliceDec *s)
{
    int delta = 0;
    if (!s->cabac)
        delta = avo_sb_se(&s->br);
    else if (!avo_cabac_read_qp_delta(s, &delta))
        return false;
    if (delta < -26 || delta > 25)
        return false;
    s->last_delta_nonzero = delta != 0;
    s->mb->qp_delta_nonzero = delta != 0;
    s->qp = (s->qp + delta + 52) % 52;
    return true;
}

/* coded_block_pattern and everything behind it. */
static bool read_coded_residual(AvoSliceDec *s)
{
    AvoMbInfo *mb = s->mb;
    if (mb->type != AVO_MB_I16x16) {
        if (!read_cbp(s))
            return false;
        if (may_transform_8x8(s))
            mb->transform_8x8 = read_transform_8x8(s);
    }
    s->last_delta_nonzero = s->last_delta_nonzero && (mb->cbp || mb->type == AVO_MB_I16x16);
    s->bypass = s->sps->qpprime_y_zero_transform_bypass && s->qp == 0;
    if (mb->cbp || mb->type == AVO_MB_I16x16) {
        if (!read_qp_delta(s))
            return false;
        s->bypass = s->sps->qpprime_y_zero_transform_bypass && s->qp == 0;
        load_nz(s);
        if (!(s->cabac ? avo_cabac_read_residual(s) : avo_cavlc_read_residual(s)))
            return false;
        store_nz(s);
    }
    mb->qp = (int8_t)s->qp;
    return true;
}

/* Intra mb_type of Table 7-11. */
static bool read_intra_mb(AvoSliceDec *s, int type)
{
    AvoMbInfo *mb = s->mb;
    if (type > 25)
        return false;
    if (type == 25) {
        mb->type = AVO_MB_IPCM;
        s->last_delta_nonzero = false;
        s->bypass = false;
        return read_pcm(s);
    }
    if (type == 0) {
        mb->type = AVO_MB_I4x4;
        if (s->pps->transform_8x8_mode && read_transform_8x8(s)) {
            mb->type = AVO_MB_I8x8;
            mb->transform_8x8 = 1;
        }
        read_intra_modes(s);
    } else {
        mb->type = AVO_MB_I16x16;
        s->work.intra16_mode = (uint8_t)((type - 1) & 3);
        mb->cbp = (uint8_t)((type > 12 ? 15 : 0) | ((type - 1) / 4 % 3) << 4);
    }
    return read_chroma_mode(s) && read_coded_residual(s);
}

static bool read_p_mb(AvoSliceDec *s, int type)
{
    AvoMbWork *work = &s->work;
    avo_mvcache_load(&s->mvc, &s->nb, 1);
    s->mb->type = type < 3 ? AVO_MB_P : AVO_MB_P8x8;
    bool ok;
    if (type < 3) {
        work->partition = (uint8_t)type; /* 16x16, 16x8, 8x16 in both numberings */
        work->pred[0] = work->pred[1] = LIST0;
        ok = read_partitions(s);
    } else {
        work->partition = AVO_PART_8x8;
        ok = read_sub_macroblocks(s, type == 4);
    }
    return ok && read_coded_residual(s);
}

static bool read_b_mb(AvoSliceDec *s, int type)
{
    AvoMbWork *work = &s->work;
    bool ok;
    avo_mvcache_load(&s->mvc, &s->nb, 2);
    if (type == 0) {
        s->mb->type = AVO_MB_B_DIRECT;
        work->partition = AVO_PART_8x8;
        ok = derive_direct_mb(s);
    } else if (type == 22) {
        s->mb->type = AVO_MB_B8x8;
        work->partition = AVO_PART_8x8;
        ok = read_sub_macroblocks(s, false);
    } else {
        s->mb->type = AVO_MB_B;
        work->partition = avo_b_mb_types[type].partition;
        for (int i = 0; i < 2; i++)
            work->pred[i] = (uint8_t)(avo_b_mb_types[type].pred[i] + 1);
        ok = read_partitions(s);
    }
    return ok && read_coded_residual(s);
}

/* macroblock_layer() */
static bool decode_coded_mb(AvoSliceDec *s)
{
    unsigned type = s->cabac ? (unsigned)avo_cabac_read_mb_type(s) : avo_sb_ue(&s->br);
    bool ok;
    if (type > 48)
        return false;
    if (s->header->type == AVO_SLICE_P && type < 5)
        ok = read_p_mb(s, (int)type);
    else if (s->header->type == AVO_SLICE_B && type < 23)
        ok = read_b_mb(s, (int)type);
    else if (s->header->type == AVO_SLICE_P)
        ok = read_intra_mb(s, (int)type - 5);
    else
        ok = read_intra_mb(s, (int)type - (s->header->type == AVO_SLICE_B ? 23 : 0));
    return ok && finish_mb(s);
}

/* ---- slice data ---- */

/* Next macroblock of the slice's group (8.2.2); the number of macroblocks if there is none. */
static int next_mb(const AvoSliceDec *s, int addr)
{
    int count = s->frame->mb_width * s->frame->mb_height, next = addr + 1;
    if (s->group_of_mb)
        while (next < count && s->group_of_mb[next] != s->group_of_mb[addr])
            next++;
    return next;
}

static int damaged(const AvoSliceDec *s, AvoMessage *msg)
{
    return avo_fail(msg, AVOCET_ERR_DATA, "slice data is damaged at macroblock %d", s->mb_addr);
}

static bool is_past_end(const AvoSliceDec *s)
{
    return s->mb_addr >= s->frame->mb_width * s->frame->mb_height;
}

static int decode_cavlc(AvoSliceDec *s, AvoMessage *msg)
{
    bool may_skip = s->header->type != AVO_SLICE_I;
    while (avo_sb_more(&s->br)) {
        uint32_t run = may_skip ? avo_sb_ue(&s->br) : 0;
        for (; run > 0; run--, s->mb_addr = next_mb(s, s->mb_addr))
            if (is_past_end(s) || !begin_mb(s) || !decode_skipped_mb(s))
                return damaged(s, msg);
        if (!avo_sb_more(&s->br))
            break;
        if (is_past_end(s) || !begin_mb(s) || !decode_coded_mb(s))
            return damaged(s, msg);
        s->mb_addr = next_mb(s, s->mb_addr);
    }
    return avo_sb_overread(&s->br) ? damaged(s, msg) : AVOCET_OK;
}

static int decode_cabac(AvoSliceDec *s, AvoMessage *msg)
{
    bool may_skip = s->header->type != AVO_SLICE_I;
    do {
        if (is_past_end(s) || !begin_mb(s))
            return damaged(s, msg);
        bool skipped = may_skip && avo_cabac_read_skip(s);
        if (!(skipped ? decode_skipped_mb(s) : decode_coded_mb(s)))
            return damaged(s, msg);
        s->mb_addr = next_mb(s, s->mb_addr);
    } while (!avo_cabac_terminate(&s->reader));
    return AVOCET_OK;
}

int avo_slice_data_decode(AvoSliceDec *s, AvoMessage *msg)
{
    s->mb_addr = (int)s->header->first_mb;
    s->qp = s->header->qp;
    s->last_delta_nonzero = false;
    s->mbs_done = 0;
    memset(&s->work, 0, sizeof s->work);
    if (!s->cabac) {
        avo_trace_mark(s);
        return decode_cavlc(s, msg);
    }
    /* cabac_alignment_one_bits */
    const uint8_t *pos = s->br.data + ((s->br.pos + 7) >> 3);
    const uint8_t *end = s->br.data + ((s->br.end + 7) >> 3);
    if (pos >= end)
        return damaged(s, msg);
    avo_cabac_reader_start(&s->reader, pos, end);
    avo_trace_mark(s);
    avo_cabac_init_contexts(&s->contexts, s->header->type, s->header->cabac_init_idc, s->qp);
    return decode_cabac(s, msg);
}
