/* Memory and pictures of the small encoder; see tiny.h for the way of a picture. */
#include "base/util.h"
#include "enc/tiny/tiny_bits.h"
#include "enc/convert.h"
#include "base/divide.h"
#include "base/small_code.h"

#if AVOCET_TINY

/* ---- memory ---- */

/* Bytes of the largest packet: what some pictures may take at the target rate, or, without one,
 * four bits a sample. Pictures that would not fit are coded more coarsely at their end. */
static size_t packet_bytes(const AvocetEncoderConfig *c, int mbs)
{
    size_t least = (size_t)mbs * 32 + 2048, most = (size_t)mbs * 128 + 2048;
    if (c->rate_mode != AVOCET_RATE_BITRATE)
        return most;
    int64_t picture = avo_divide(avo_divide(c->bitrate, 8) * c->fps.den, c->fps.num);
    return (size_t)avo_clip3_64((int64_t)least, (int64_t)most, 4 * picture + 2048);
}

/* What changes slowly or is only passed through. */
static void carve_slow(AvoTiny *t, AvoArena *arena)
{
    for (int i = 0; i < 3; i++) {
        size_t size = i ? 8 : 16;
        t->ref_stride[i] = (ptrdiff_t)size * t->mb_w;
        t->ref[i] = avo_arena_take(arena, size * size * (size_t)(t->mb_w * t->mb_h), 0);
    }
    t->packet_capacity = packet_bytes(t->config, t->mb_w * t->mb_h);
    t->packet = avo_arena_take(arena, t->packet_capacity, 0);
}

/* Word-wise kernels read up to 7 samples behind a block's last line. */
#define SLACK 8

static void carve_window(AvoTiny *t, AvoArena *arena)
{
    for (int i = 0; i < 3; i++) {
        int size = i ? 8 : 16, pad = i ? AVO_TINY_PAD / 2 : AVO_TINY_PAD;
        size_t stride = (size_t)(size * t->mb_w + 2 * pad);
        size_t lines = i ? AVO_TINY_CHROMA_LINES : AVO_TINY_LINES;
        pixel *block = avo_arena_take(arena, SLACK + stride * lines + SLACK, 16);
        t->window_stride[i] = (ptrdiff_t)stride;
        t->window[i] = block ? block + SLACK + pad : NULL;
    }
}

/* What every macroblock touches. */
static void carve_fast(AvoTiny *t, AvoArena *arena)
{
    size_t w = (size_t)t->mb_w, h = (size_t)t->mb_h;
    carve_window(t, arena);
    for (int i = 0; i < 3; i++) {
        size_t size = i ? 8 : 16;
        t->source[i] = avo_arena_take(arena, size * size * w, 16);
        t->top[i] = avo_arena_take(arena, size * w + 4, 16);
    }
    t->row = avo_arena_take(arena, w * sizeof *t->row, 16);
    t->row_above = avo_arena_take(arena, w * sizeof *t->row, 16);
    t->top_nnz = avo_arena_take(arena, 8 * w, 16);
    t->top_modes = avo_arena_take(arena, 4 * w, 16);
    for (int i = 0; i < 2; i++)
        t->row_bits[i] = avo_arena_take(arena, h * sizeof *t->row_bits[i], 16);
    t->work = avo_arena_take(arena, sizeof *t->work, 16);
    t->subpel = avo_arena_take(arena, sizeof *t->subpel, 16);
    t->bits.start = avo_arena_take(arena, AVO_TINY_MB_BYTES, 16);
    t->bits.end = t->bits.start ? t->bits.start + AVO_TINY_MB_BYTES : NULL;
}

int avo_tiny_setup(AvoTiny *t, AvoArena *arena, AvocetEncoderConfig *config, AvoMessage *msg)
{
    t->config = config;
    t->mb_w = (config->width + 15) / 16;
    t->mb_h = (config->height + 15) / 16;
    carve_fast(t, arena);
    carve_slow(t, arena);
    if (arena->overflow)
        return avo_fail(msg, AVOCET_ERR_MEMORY,
                        "the settings need more memory than can be addressed");
    if (!arena->base)
        return AVOCET_OK;
    avo_dsp_init_tiny(&t->dsp);
    avo_tiny_rate_init(&t->rate, config);
    t->quant.qp = t->chroma_quant.qp = -1;
    t->since_idr = -1;
    avo_tiny_write_headers(t);
    return AVOCET_OK;
}

/* ---- pictures ---- */

static void choose_type(AvoTiny *t, bool wants_idr)
{
    bool due = t->since_idr < 0 || t->since_idr + 1 >= t->config->keyint;
    t->is_idr = due || wants_idr;
}

/* A row's count replaces that of the last picture when rate control has seen the latter. */
static void code_rows(AvoTiny *t, const AvocetPicture *picture)
{
    uint32_t *row_bits = t->row_bits[t->is_idr], before = 0;
    for (int y = 0; y < t->mb_h; y++) {
        avo_tiny_code_row(t, picture, y);
        if (y)
            row_bits[y - 1] = before;
        before = t->picture_bits;
    }
    row_bits[t->mb_h - 1] = before;
}

int avo_tiny_code(AvoTiny *t, const AvocetPicture *picture, bool wants_idr, AvoMessage *msg)
{
    AVO_RETURN_IF_ERROR(avo_convert_check(picture, t->config, msg));
    choose_type(t, wants_idr);
    if (t->is_idr) {
        t->frame_num = 0;
        t->idr_pic_id = (t->idr_pic_id + 1) & 1;
    }
    int age = t->since_idr;
    t->since_idr = t->is_idr ? 0 : age + 1;
    if (age < 0)
        avo_tiny_rate_guess(&t->rate, avo_tiny_measure(t, picture));
    avo_tiny_rate_begin(t);
    t->last_qp = t->rate.base_qp;
    t->picture_bits = 0;
    t->skip_run = 0;
    avo_tiny_begin_slice(t, age < 0);
    code_rows(t, picture);
    avo_tiny_end_slice(t);
    if (t->packet_overflow)
        return avo_fail(msg, AVOCET_ERR_INTERNAL, "a picture did not fit into the packet");
    avo_tiny_rate_end(t);
    t->frame_num = (t->frame_num + 1) & 15;
    return AVOCET_OK;
}
#endif
