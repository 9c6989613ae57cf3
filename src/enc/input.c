/* See input.h. Samples are converted by convert.c, straight into the padded planes. */
#include "enc/input.h"
#include "enc/convert.h"

#define ROI_LIMIT 51 /* QP offsets a user may ask for */

/* ---- pool ---- */

static void carve_plane(AvoPlane *p, AvoArena *arena, int width, int height)
{
    p->width = width;
    p->height = height;
    p->stride = (ptrdiff_t)avo_align_up((size_t)width, 64);
    /* 64 samples behind the last row: kernels may load whole vectors. */
    p->data = avo_arena_take(arena, ((size_t)p->stride * (size_t)height + 64) * sizeof(pixel), 64);
}

/* Padding AVO_FRAME_PAD on all sides, the picture itself 64-byte aligned. */
void avo_input_carve_half(AvoPlane *p, AvoArena *arena, int mb_width, int mb_height)
{
    p->width = 8 * mb_width;
    p->height = 8 * mb_height;
    p->stride = (ptrdiff_t)avo_align_up((size_t)p->width + 2 * AVO_FRAME_PAD, 64);
    size_t rows = (size_t)p->height + 2 * AVO_FRAME_PAD;
    pixel *block = avo_arena_take(arena, (rows * (size_t)p->stride + 128) * sizeof(pixel), 64);
    p->data = block ? block + 64 + AVO_FRAME_PAD * p->stride : NULL;
}

void avo_input_carve(AvoInputPool *pool, AvoArena *arena, const AvocetEncoderConfig *config,
                     int chroma_format, int count)
{
    pool->mb_width = (config->width + 15) / 16;
    pool->mb_height = (config->height + 15) / 16;
    pool->chroma_format = chroma_format;
    pool->count = count;
    pool->next_display_index = 0;
    pool->tasks = NULL;
    size_t mbs = (size_t)pool->mb_width * (size_t)pool->mb_height;
    pool->sources = avo_arena_take(arena, (size_t)count * sizeof *pool->sources, 0);
    pool->roi_storage = avo_arena_take(arena, (size_t)count * mbs, 0);
    for (int i = 0; i < count; i++) {
        AvoSource dry = {0}, *s = pool->sources ? &pool->sources[i] : &dry;
        carve_plane(&s->plane[0], arena, 16 * pool->mb_width, 16 * pool->mb_height);
        if (chroma_format)
            for (int c = 1; c < 3; c++)
                carve_plane(&s->plane[c], arena, 8 * pool->mb_width, 8 * pool->mb_height);
        avo_input_carve_half(&s->half, arena, pool->mb_width, pool->mb_height);
        s->aq_q8 = avo_arena_take(arena, mbs * sizeof *s->aq_q8, 0);
    }
}

AvoSource *avo_input_take(AvoInputPool *pool)
{
    for (int i = 0; i < pool->count; i++) {
        AvoSource *s = &pool->sources[i];
        if (s->refcount == 0) {
            s->refcount = 1;
            return s;
        }
    }
    return NULL;
}

AvoSource *avo_input_retain(AvoSource *source)
{
    source->refcount++;
    return source;
}

void avo_input_release(AvoSource *source)
{
    if (source) {
        AVO_ASSERT(source->refcount > 0);
        source->refcount--;
    }
}

/* ---- checks and the whole ---- */

static int check_picture(const AvoInputPool *pool, const AvocetPicture *picture,
                         const AvocetEncoderConfig *config, AvoMessage *msg)
{
    AVO_RETURN_IF_ERROR(avo_convert_check(picture, config, msg));
    if (!pool->chroma_format && picture->format != AVOCET_FORMAT_GRAY8)
        return avo_fail(
            msg, AVOCET_ERR_ARGUMENT,
            "the stream has no colour, pictures of format %s can not be coded: open the "
            "encoder with another format than gray8",
            avocet_format_name(picture->format));
    if (picture->type != AVOCET_TYPE_AUTO && picture->type != AVOCET_TYPE_IDR &&
        picture->type != AVOCET_TYPE_I)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT,
                        "picture type %d can not be asked for: only AUTO, IDR and I",
                        picture->type);
    for (int i = 0; picture->qp_offset && i < pool->mb_width * pool->mb_height; i++)
        if (avo_abs(picture->qp_offset[i]) > ROI_LIMIT)
            return avo_fail(msg, AVOCET_ERR_ARGUMENT,
                            "qp_offset %d of macroblock %d is outside -51..51",
                            picture->qp_offset[i], i);
    return AVOCET_OK;
}

/* ---- samples ---- */

/* Below this many macroblocks waking threads takes longer than the work. */
#define MIN_SHARED_MBS 300

typedef struct Conversion {
    const AvoInputPool *pool;
    const AvoSource *source;
    const AvocetPicture *picture;
    const AvocetEncoderConfig *config;
    const AvoDsp *dsp;
} Conversion;

/* One row of macroblocks: its samples, and at half size with padding. */
static void convert_row(void *context, int mb_y, int worker)
{
    const Conversion *c = context;
    const AvoPlane *half = &c->source->half;
    AvocetPicture band = avo_convert_band(c->picture, 16 * mb_y, 16);
    AvoPlane planes[3];
    (void)worker;
    for (int i = 0; i < 3; i++) {
        planes[i] = c->source->plane[i];
        planes[i].height = i ? 8 : 16;
        if (planes[i].data)
            planes[i].data += planes[i].height * mb_y * planes[i].stride;
    }
    avo_convert_picture(planes, &band, c->config, c->dsp, c->pool->chroma_format != 0);
    c->dsp->half_plane(half->data + 8 * mb_y * half->stride, half->stride, planes[0].data,
                       planes[0].stride, half->width, 8);
    avo_plane_pad_rows(half, AVO_FRAME_PAD, 8 * mb_y, 8 * mb_y + 8);
}

static void convert_samples(const AvoInputPool *pool, Conversion *conversion)
{
    if (pool->tasks && pool->mb_width * pool->mb_height >= MIN_SHARED_MBS) {
        avo_pool_run(pool->tasks, convert_row, conversion, pool->mb_height);
        return;
    }
    for (int mb_y = 0; mb_y < pool->mb_height; mb_y++)
        convert_row(conversion, mb_y, 0);
}

int avo_input_convert(AvoInputPool *pool, AvoSource *source, const AvocetPicture *picture,
                      const AvocetEncoderConfig *config, const AvoDsp *dsp, AvoMessage *msg)
{
    AVO_RETURN_IF_ERROR(check_picture(pool, picture, config, msg));
    convert_samples(pool, &(Conversion){pool, source, picture, config, dsp});

    source->pts = picture->pts;
    source->display_index = pool->next_display_index++;
    source->wish = picture->type;
    source->opaque = picture->opaque;
    source->roi = NULL;
    if (picture->qp_offset) {
        size_t mbs = (size_t)pool->mb_width * (size_t)pool->mb_height;
        source->roi = pool->roi_storage + (size_t)(source - pool->sources) * mbs;
        memcpy(source->roi, picture->qp_offset, mbs);
    }
    return AVOCET_OK;
}
