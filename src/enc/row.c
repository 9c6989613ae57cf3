/* See row.h: one row of macroblocks.
 * Per macroblock: load what surrounds it, decide, store the result. */
#include "enc/row.h"
#include "base/fixmath.h"
#include "base/record.h"

/* ---- waiting for the row above ---- */

/* Looks at the counter only when it has to: every look fetches it from the processor that counts
 * on. */
static void wait_for_above(AvoRowCtx *row, int needed)
{
    if (row->mb_y == 0)
        return;
    AvoProgress *above = &row->job->row_progress[row->mb_y - 1];
    needed = avo_min(needed, row->job->mb_width);
    if (row->above_done < needed) {
        avo_progress_wait(above, needed);
        row->above_done = avo_progress_get(above);
    }
}

/* ---- load ---- */

static int slice_of_row(const AvoPicJob *job, int mb_y)
{
    int slice = 0;
    while (mb_y >= job->slice_end_row[slice])
        slice++;
    return slice;
}

/* size is a constant at each call. */
AVO_INLINE void copy_square(pixel *to, ptrdiff_t stride_to, const pixel *from,
                            ptrdiff_t stride_from, int size)
{
    const size_t bytes = (size_t)size * sizeof *to;
    for (int y = 0; y < size; y += 4, to += 4 * stride_to, from += 4 * stride_from) {
        memcpy(to, from, bytes);
        memcpy(to + stride_to, from + stride_from, bytes);
        memcpy(to + 2 * stride_to, from + 2 * stride_from, bytes);
        memcpy(to + 3 * stride_to, from + 3 * stride_from, bytes);
    }
}

AVO_INLINE void load_plane(AvoRowCtx *row, int plane, int size, pixel *to)
{
    const AvoPlane *p = &row->job->input[plane];
    copy_square(to, AVO_CUR_STRIDE, p->data + size * (row->mb_y * p->stride + row->mb_x), p->stride,
                size);
}

static void load_source(AvoRowCtx *row)
{
    load_plane(row, 0, 16, row->cur);
    if (!row->syntax.chroma_format)
        return;
    load_plane(row, 1, 8, row->cur + AVO_CUR_CB);
    load_plane(row, 2, 8, row->cur + AVO_CUR_CR);
}

/* Memory that macroblocks further right will need: rows of a picture lie too far apart for the
 * processor to guess. A cache line holds a row of several macroblocks; each of them asks for its
 * share of the rows of the next line, so that requests do not queue up in front of what is needed
 * now. All inline: compilers leave out calls to functions that do nothing but prefetch. */
#define CACHE_LINE 64

/* size (16 or 8) is a constant at each call. */
AVO_INLINE void prefetch_rows(const AvoPlane *p, int x, int y, int size, int mb_x)
{
    const int share = size * size / CACHE_LINE, first = mb_x % (CACHE_LINE / size) * share;
    const pixel *at = p->data + (y + first) * p->stride + x + CACHE_LINE;
    AVO_PREFETCH(at);
    if (share < 4)
        return;
    AVO_PREFETCH(at + p->stride);
    AVO_PREFETCH(at + 2 * p->stride);
    AVO_PREFETCH(at + 3 * p->stride);
}

#define PREFETCH_REACH 8 /* samples around a block that a search looks at */
#define RECORDS_AHEAD  3

/* What searches ask of the record of a macroblock further right. */
AVO_INLINE void prefetch_record(const AvoRowCtx *row, const AvoFrame *f)
{
    if (!f->info)
        return;
    int mb_x = avo_min(row->mb_x + RECORDS_AHEAD, row->job->mb_width - 1);
    const char *info = (const char *)&f->info[row->mb_y * row->job->mb_width + mb_x];
    AVO_PREFETCH(info + offsetof(AvoMbInfo, ref_idx));
    AVO_PREFETCH(info + offsetof(AvoMbInfo, mv[1]));
}

/* All planes of a picture where a vector points from the macroblock. */
AVO_INLINE void prefetch_reference(const AvoRowCtx *row, const AvoFrame *f, AvoMv mv)
{
    const AvoPlane *p = &f->plane[0];
    int x = avo_clip3(-AVO_FRAME_PAD / 2, p->width, 16 * row->mb_x + (mv.x >> 2));
    int y = avo_clip3(-AVO_FRAME_PAD / 2, p->height, 16 * row->mb_y + (mv.y >> 2));
    x += PREFETCH_REACH;
    prefetch_rows(p, x, y, 16, row->mb_x);
    for (int k = 0; k < 3 && f->hpel[k].data; k++)
        prefetch_rows(&f->hpel[k], x, y, 16, row->mb_x);
    for (int c = 1; c < 3 && f->chroma_format; c++)
        prefetch_rows(&f->plane[c], x >> 1, y >> 1, 8, row->mb_x);
}

/* References whose records are asked for vectors: of P pictures the nearest one alone. */
AVO_INLINE int asked_records(const AvoPicJob *job, int list)
{
    return job->refs.type == AVO_SLICE_P ? avo_min(job->refs.count[list], 1)
                                         : job->refs.count[list];
}

AVO_INLINE void prefetch_ahead(const AvoRowCtx *row)
{
    const AvoPicJob *job = row->job;
    int x = 8 * row->mb_x, y = 8 * row->mb_y;
    prefetch_rows(&job->plan.src->plane[0], 2 * x, 2 * y, 16, row->mb_x);
    prefetch_rows(&job->rec->plane[0], 2 * x, 2 * y, 16, row->mb_x);
    for (int plane = 1; plane < 3 && row->syntax.chroma_format; plane++) {
        prefetch_rows(&job->plan.src->plane[plane], x, y, 8, row->mb_x);
        prefetch_rows(&job->rec->plane[plane], x, y, 8, row->mb_x);
    }
    for (int list = 0; list < 2; list++)
        if (job->refs.count[list])
            prefetch_reference(row, job->refs.frame[list][0], row->m16[list][0].mv);
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < asked_records(job, list); i++)
            prefetch_record(row, job->refs.frame[list][i]);
}

/* What the row above knows of the macroblock that will be up to the right next: it was decided by
 * another processor, and is still in that one's cache. */
AVO_INLINE void prefetch_above(const AvoRowCtx *row)
{
    const AvoPicJob *job = row->job;
    int mb_x = row->mb_x + 2, mb_y = row->mb_y - 1;
    if (mb_x >= row->above_done)
        return;
    const char *info = (const char *)&job->rec->info[mb_y * job->mb_width + mb_x];
    for (size_t at = 0; at < sizeof(AvoMbInfo); at += CACHE_LINE)
        AVO_PREFETCH(info + at);
    for (int plane = 0; plane < (row->syntax.chroma_format ? 3 : 1); plane++)
        AVO_PREFETCH(job->line[plane] + mb_y * job->line_stride[plane] + (plane ? 8 : 16) * mb_x);
}

static bool intra_usable(const AvoRowCtx *row, const AvoMbInfo *mb)
{
    return mb && (!row->job->tools->constrained_intra || AVO_MB_IS_INTRA(mb->type));
}

/* The line above is kept unfiltered by the job;
 * to the left, the picture itself is not filtered yet. */
static void load_edges(AvoRowCtx *row)
{
    const AvoPicJob *job = row->job;
    row->intra_edges = (intra_usable(row, row->nb.a) ? AVO_EDGE_LEFT : 0) |
                       (intra_usable(row, row->nb.b) ? AVO_EDGE_TOP : 0) |
                       (intra_usable(row, row->nb.c) ? AVO_EDGE_TOPRIGHT : 0) |
                       (intra_usable(row, row->nb.d) ? AVO_EDGE_CORNER : 0);
    for (int plane = 0; plane < (row->syntax.chroma_format ? 3 : 1); plane++) {
        int size = plane ? 8 : 16;
        const AvoPlane *p = &job->rec->plane[plane];
        row->left[plane] = p->data + row->mb_y * size * p->stride + row->mb_x * size - 1;
        row->left_stride[plane] = p->stride;
        if (row->mb_y == 0)
            continue;
        row->top[plane] =
            job->line[plane] + (row->mb_y - 1) * job->line_stride[plane] + row->mb_x * size;
        if (row->mb_x > 0)
            row->corner[plane] = row->top[plane][-1];
    }
}

/* Between the entries of a table by QP. */
static int64_t lambda_at(const uint32_t *table, int qp_q8)
{
    int qp = qp_q8 >> 8, part = qp_q8 & 255;
    return table[qp] + ((int64_t)table[qp + 1] - table[qp]) * part / 256;
}

/* Bits fall twice as fast with lambda alone as with quantiser and lambda together. */
#define BEYOND_SHARE_Q8 160

/* The quantiser that lambda is taken for in a picture beyond the last one. */
static int beyond_q8(const AvoRowCtx *row, int qp_q8)
{
    const AvoTools *tools = row->job->tools;
    int over = avo_max(0, qp_q8 - tools->qp_max * 256) * BEYOND_SHARE_Q8 / 256;
    int lambda_qp_q8 = avo_min(qp_q8, tools->qp_max * 256) + over;
    return avo_clip3(0, (AVO_LAMBDA_QPS - 2) * 256,
                     lambda_qp_q8 + tools->beyond_q8[row->syntax.slice_type]);
}

/* A quantiser is whole, what is wanted is not: lambda keeps to that, no more than 1 QP away. */
static void set_lambda(AvoRowCtx *row, int qp_q8)
{
    const AvoTools *tools = row->job->tools;
    int satd_qp = row->qp;
    int wanted_q8 = avo_clip3(avo_max(row->qp - 1, 0) * 256, (row->qp + 1) * 256, qp_q8);
    if (tools->beyond) {
        wanted_q8 = beyond_q8(row, qp_q8);
        satd_qp = (wanted_q8 + 128) >> 8;
    }
    row->lambda_q8 = (int)avo_lambda_satd_q8[satd_qp];
    row->lambda2_q8 = lambda_at(avo_lambda_ssd_q8, wanted_q8) * tools->lambda2_share_q8 >> 8;
}

/* The quantiser of chroma is up to 12 finer than that of luma (Table 8-15), and further where
 * chroma_qp_index_offset says so. A lambda for luma would leave out what it is fine enough to keep,
 * so the finer it is, the more errors count. */
static int chroma_weight_q8(const AvoRowCtx *row, int plane)
{
    static const uint16_t sixth_q8[6] = {256, 287, 323, 362, 406, 456}; /* of a doubling */
    enum { BIAS = 6, FINER_MOST = 16 }; /* BIAS: doublings, so that none is below 0 */
    int finer = avo_min(row->qp - row->qp_chroma[plane], FINER_MOST);
    int sixths = finer * row->job->tools->chroma_sixths + 6 * BIAS;
    return (sixth_q8[sixths % 6] << sixths / 6) >> BIAS;
}

static void set_qp(AvoRowCtx *row)
{
    const AvoPicJob *job = row->job;
    int qp_q8 = job->frame_qp.qp_q8 + job->row_control.shift_q8[row->mb_y];
    if (job->plan.qp_offset_q8)
        qp_q8 += job->plan.qp_offset_q8[row->mb_addr];
    row->qp = avo_clip3(job->tools->qp_min, job->tools->qp_max, (qp_q8 + 128) >> 8);
    if (job->plan.qp_offset_q8 && avo_abs(qp_q8 - 256 * row->prev_qp) <= job->tools->qp_inertia_q8)
        row->qp = row->prev_qp;
    for (int plane = 0; plane < 2; plane++) {
        row->qp_chroma[plane] = job->quant->chroma_qp[plane][row->qp];
        row->chroma_weight_q8[plane] = chroma_weight_q8(row, plane);
    }
    set_lambda(row, qp_q8);
}

static void load_mb(AvoRowCtx *row, int mb_x)
{
    const AvoPicJob *job = row->job;
    row->mb_x = mb_x;
    row->mb_addr = row->mb_y * job->mb_width + mb_x;
    prefetch_ahead(row);
    prefetch_above(row);
    avo_neighbours_find(&row->nb, job->rec->info, job->mb_width, mb_x, row->mb_y, row->slice);
    set_qp(row);
    load_source(row);
    load_edges(row);
    if (row->syntax.slice_type != AVO_SLICE_I)
        avo_mvcache_load(&row->cache, &row->nb, row->syntax.slice_type == AVO_SLICE_B ? 2 : 1);
}

/* ---- store ---- */

AVO_INLINE void store_plane(const AvoRowCtx *row, int plane, int size, const pixel *rec)
{
    const AvoPicJob *job = row->job;
    const AvoPlane *p = &job->rec->plane[plane];
    pixel *to = p->data + row->mb_y * size * p->stride + row->mb_x * size;
    copy_square(to, p->stride, rec, AVO_REC_STRIDE, size);
    memcpy(job->line[plane] + row->mb_y * job->line_stride[plane] + row->mb_x * size,
           rec + (size - 1) * AVO_REC_STRIDE, (size_t)size);
}

static void store_samples(AvoRowCtx *row, const AvoMbCand *cand)
{
    store_plane(row, 0, 16, cand->rec);
    if (!row->syntax.chroma_format)
        return;
    store_plane(row, 1, 8, cand->rec + AVO_REC_CB);
    store_plane(row, 2, 8, cand->rec + AVO_REC_CR);
}

/* Advances the shadow contexts and the QP chain as the entropy coder will. */
static void follow_syntax(AvoRowCtx *row, AvoMbCand *cand)
{
    const AvoMbInfo *info = &cand->info;
    bool sends_qp = (info->cbp || info->type == AVO_MB_I16x16) && info->type != AVO_MB_IPCM;
    if (row->track_contexts && cand->scored) {
        avo_cabac_copy_contexts(&row->contexts, &cand->contexts);
    } else if (row->track_contexts) {
        AvoMbSyntax mb = {.info = info,
                          .code = &cand->code,
                          .levels = &cand->levels,
                          .nb = row->nb,
                          .qp_pred = row->prev_qp,
                          .prev_qp_delta_nonzero = row->prev_qp_delta_nonzero};
        avo_mb_bits(&row->syntax, &mb, &row->contexts);
    }
    row->prev_qp_delta_nonzero = sends_qp && row->qp != row->prev_qp;
    cand->info.qp_delta_nonzero = (uint8_t)row->prev_qp_delta_nonzero;
    if (sends_qp)
        row->prev_qp = row->qp;
}

/* Those that the entropy coder will read. */
static void store_levels(AvoLevels *to, const AvoLevels *from, const AvoMbInfo *info)
{
    if (info->type == AVO_MB_IPCM) {
        *to = *from;
        return;
    }
    for (int i = 0; i < 4; i++)
        if (info->cbp >> i & 1)
            memcpy(to->luma[4 * i], from->luma[4 * i], 4 * sizeof to->luma[0]);
    if (info->dc_flags & AVO_DC_LUMA)
        memcpy(to->luma_dc, from->luma_dc, sizeof to->luma_dc);
    if (info->cbp >> 4)
        memcpy(to->chroma_dc, from->chroma_dc, sizeof to->chroma_dc);
    if (info->cbp >> 4 == 2)
        memcpy(to->chroma_ac, from->chroma_ac, sizeof to->chroma_ac);
}

static void count_references(AvoRowCtx *row, const AvoMbInfo *info)
{
    if (row->syntax.slice_type != AVO_SLICE_P || AVO_MB_IS_INTRA(info->type))
        return;
    int nearest = row->job->refs.frame[0][0]->slot;
    row->stats->inter_blocks += 4;
    for (int i = 0; i < 4; i++)
        row->stats->far_blocks += info->ref_slot[0][i] != nearest;
}

static void store_mb(AvoRowCtx *row)
{
    const AvoPicJob *job = row->job;
    AvoMbCand *cand = row->best;
    follow_syntax(row, cand);
    store_samples(row, cand);
    avo_record_copy(&job->rec->info[row->mb_addr], &cand->info, sizeof cand->info);
    if (!AVO_MB_IS_SKIP(cand->info.type)) {
        avo_record_copy(&job->code[row->mb_addr], &cand->code, sizeof cand->code);
        store_levels(&avo_job_levels(job, row->mb_y)[row->mb_x], &cand->levels, &cand->info);
    }
    row->stats->qp_sum += row->qp;
    count_references(row, &cand->info);
}

/* ---- the row ---- */

static void start_row(AvoRowCtx *row, const AvoPicJob *job, int mb_y)
{
    row->job = job;
    row->mb_y = mb_y;
    row->above_done = 0;
    row->slice = slice_of_row(job, mb_y);
    row->best = &row->cand[0];
    row->trial = &row->cand[1];
    row->stats = &job->row_stats[mb_y];
    memset(row->stats, 0, sizeof *row->stats);
    for (int list = 0; list < 2; list++)
        row->m16[list][0].mv = (AvoMv){0, 0}; /* hints of what to prefetch */
    row->predict = (AvoPredictCtx){job->dsp, &job->refs, row->predict_scratch};
    row->syntax = (AvoSyntaxCtx){
        .slice_type = job->refs.type,
        .cabac = job->tools->cabac,
        .transform_8x8_mode = job->pps->transform_8x8_mode,
        .direct_8x8_inference = job->sps->direct_8x8_inference,
        .chroma_format = job->sps->chroma_format_idc,
        .num_ref_idx = {job->refs.count[0], job->refs.count[1]},
    };
    row->prev_qp = job->slice_qp;
    row->prev_qp_delta_nonzero = 0;
    row->track_contexts =
        job->tools->cabac && (job->tools->rd[job->refs.type] != AVO_RD_SATD || job->tools->trellis);
    bool first_of_slice =
        mb_y == 0 || job->slice_end_row[row->slice > 0 ? row->slice - 1 : 0] == mb_y;
    if (!row->track_contexts) { /* even odds, whatever the last picture left */
        memset(&row->contexts, 0, sizeof row->contexts);
        return;
    }
    if (first_of_slice) {
        avo_cabac_init_contexts(&row->contexts, job->refs.type, job->header.cabac_init_idc,
                                job->slice_qp);
    } else {
        wait_for_above(row, job->tools->context_columns);
        row->contexts = job->row_contexts[mb_y - 1];
    }
}

void avo_row_encode(AvoRowCtx *row, const AvoPicJob *job, int mb_y)
{
    start_row(row, job, mb_y);
    for (int mb_x = 0; mb_x < job->mb_width; mb_x++) {
        wait_for_above(row, mb_x + 2);
        load_mb(row, mb_x);
        avo_decide_mb(row);
        store_mb(row);
        if (mb_x == avo_min(job->tools->context_columns, job->mb_width) - 1 && row->track_contexts)
            job->row_contexts[mb_y] = row->contexts;
        avo_progress_publish(&job->row_progress[mb_y], mb_x + 1);
    }
}
