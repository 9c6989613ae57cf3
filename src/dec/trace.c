/* The look inside: a record per macroblock, the prediction and the samples before the loop filter,
 * kept beside a picture while it is decoded. Only where the caller asked for it
 * (AvocetDecoderConfig.inspect); else AvoSliceDec.trace is NULL and nothing of this runs.
 *
 * in: AvoSliceDec with the macroblock at work. out: AvoTrace of the frame. */
#include "dec/trace.h"
#include "dec/slice_dec.h"

void avo_trace_carve(AvoTrace *trace, const AvoFrame *frame, AvoArena *arena)
{
    size_t count = (size_t)frame->mb_width * (size_t)frame->mb_height;
    trace->mb = avo_arena_take(arena, count * sizeof *trace->mb, 0);
    for (int c = 0; c < (frame->chroma_format ? 3 : 1); c++) {
        const AvoPlane *p = &frame->plane[c];
        size_t size = (size_t)p->stride * (size_t)p->height * sizeof(pixel);
        trace->prediction[c] = avo_arena_take(arena, size, 0);
        trace->unfiltered[c] = avo_arena_take(arena, size, 0);
    }
}

void avo_trace_reset(const AvoTrace *trace, int mb_count)
{
    if (trace->mb)
        memset(trace->mb, 0, (size_t)mb_count * sizeof *trace->mb);
}

void avo_trace_prediction(const AvoSliceDec *s, int c, const pixel *dst, int n)
{
    const AvoPlane *plane = &s->frame->plane[c];
    pixel *to = s->trace->prediction[c] + (dst - plane->data);
    for (int y = 0; y < n; y++)
        memcpy(to + y * plane->stride, dst + y * plane->stride, (size_t)n * sizeof(pixel));
}

/* The arithmetic decoder has always read nine bits ahead, which no difference shows. */
static int64_t position(const AvoSliceDec *s)
{
    if (!s->cabac)
        return (int64_t)s->br.pos;
    return (int64_t)(s->reader.pos - s->br.data) * 8 - s->reader.extra;
}

void avo_trace_mark(AvoSliceDec *s)
{
    s->trace_mark = position(s);
}

/* Keeps the samples as they are now; returns the energy of what was added to the prediction. */
static uint32_t keep_samples(const AvoSliceDec *s)
{
    uint32_t energy = 0;
    for (int c = 0; c < (s->has_chroma ? 3 : 1); c++) {
        const AvoPlane *plane = &s->frame->plane[c];
        int size = c ? 8 : 16;
        ptrdiff_t at = size * (s->mb_y * plane->stride + s->mb_x);
        for (int y = 0; y < size; y++, at += plane->stride) {
            const pixel *from = plane->data + at, *prediction = s->trace->prediction[c] + at;
            memcpy(s->trace->unfiltered[c] + at, from, (size_t)size * sizeof(pixel));
            for (int x = 0; x < size; x++) {
                int d = from[x] - prediction[x];
                energy += (uint32_t)(d * d);
            }
        }
    }
    return energy;
}

/* Partitions of the types that do not send any follow from the type. */
static void describe_partitions(const AvoSliceDec *s, AvocetMacroblock *out)
{
    const AvoMbInfo *mb = s->mb;
    bool is_direct = mb->type == AVO_MB_B_SKIP || mb->type == AVO_MB_B_DIRECT;
    bool has_subs = mb->type == AVO_MB_P8x8 || mb->type == AVO_MB_B8x8;
    if (is_direct || has_subs)
        out->partition = AVOCET_PART_8X8;
    else if (mb->type == AVO_MB_P || mb->type == AVO_MB_B)
        out->partition = s->work.partition;
    for (int i = 0; i < 4; i++)
        if (is_direct || has_subs)
            out->sub[i] = is_direct ? AVOCET_SUB_DIRECT : s->work.sub_type[i];
}

static void describe_motion(const AvoSliceDec *s, AvocetMacroblock *out)
{
    const AvoMbInfo *mb = s->mb;
    memcpy(out->ref_idx, mb->ref_idx, sizeof out->ref_idx);
    for (int list = 0; list < 2; list++) {
        for (int i = 0; i < 4; i++) {
            int ref = mb->ref_idx[list][i];
            out->ref_poc[list][i] = ref >= 0 ? s->refs.frame[list][ref]->poc : 0;
        }
        for (int i = 0; i < 16; i++)
            out->mv[list][i] = (AvocetVector){mb->mv[list][i].x, mb->mv[list][i].y};
    }
}

void avo_trace_mb(AvoSliceDec *s)
{
    const AvoMbInfo *mb = s->mb;
    AvocetMacroblock *out = &s->trace->mb[s->mb_addr];
    int64_t now = position(s);
    memset(out, 0, sizeof *out);
    out->type = (uint8_t)(mb->type + 1); /* AVOCET_MB_MISSING comes first */
    out->transform_8x8 = mb->transform_8x8;
    out->cbp = mb->cbp;
    out->qp = mb->qp;
    out->slice = (uint16_t)s->slice;
    out->intra_chroma_mode = mb->intra_chroma_mode;
    memset(out->intra_mode, -1, sizeof out->intra_mode);
    if (mb->type == AVO_MB_I16x16)
        memset(out->intra_mode, s->work.intra16_mode, sizeof out->intra_mode);
    else if (mb->type == AVO_MB_I4x4 || mb->type == AVO_MB_I8x8)
        memcpy(out->intra_mode, mb->intra_mode, sizeof out->intra_mode);
    describe_partitions(s, out);
    describe_motion(s, out);
    out->bits = now > s->trace_mark ? (uint32_t)(now - s->trace_mark) : 0;
    out->residual = keep_samples(s);
    s->trace_mark = now;
}
