/* Chroma weights of B pictures in fades.
 *
 * Chroma follows what luma has chosen: each block is predicted from the references that suit its
 * luma best. What is left is distortion rather than bits, as hardly any chroma is coded in such
 * pictures, and little of it stands for much: a whole picture that is paler by half a step. So it
 * is measured by squares, against the bits of the header, in both planes together, since they
 * share a flag.
 *
 * In: mean and deviation of the planes, the fields of vectors, the choices of luma. Out: weights of
 * both planes with one denominator, plain where they are not worth their bits. */
#include "base/bitwriter.h"
#include "enc/lookahead_internal.h"

#define WAYS 4

/* Weights of both planes, in one of several ways, and what they leave. */
typedef struct Way {
    AvoFadeWeights weights[2];
    uint64_t error;
} Way;

/* ---- what they leave ---- */

/* Samples of a reference's chroma that a block's vector points at: where they are, or made of the
 * neighbours in buffer (8.4.2.2.2). */
static const pixel *chroma_at(const AvoFadePictures *p, int list, int plane, int x, int y,
                              pixel *buffer, ptrdiff_t *stride)
{
    const AvoPlane *ref = &p->ref[list]->plane[plane];
    AvoMv mv = p->mv[list][y * p->la->mb_width + x];
    int fx = 4 * (mv.x & 1), fy = 4 * (mv.y & 1), size = fx || fy ? 9 : 8;
    int rx = avo_clip3(0, ref->width - size, 8 * x + (mv.x >> 1));
    int ry = avo_clip3(0, ref->height - size, 8 * y + (mv.y >> 1));
    const pixel *from = ref->data + ry * ref->stride + rx;
    *stride = ref->stride;
    if (!(fx || fy))
        return from;
    p->la->dsp->chroma_mc(buffer, AVO_CUR_STRIDE, from, ref->stride, fx, fy, 8, 8);
    *stride = AVO_CUR_STRIDE;
    return buffer;
}

static void weigh(const AvoDsp *dsp, pixel *pred, const pixel *const from[2],
                  const ptrdiff_t stride[2], const AvoFadeWeights *w, int choice)
{
    if (choice == AVO_FADE_BOTH)
        dsp->weight_bi(pred, AVO_CUR_STRIDE, from[0], stride[0], from[1], stride[1], 8, 8,
                       w->log2_denom, w->scale[0], w->scale[1], avo_fade_offset_of_mixture(w));
    else
        dsp->weight(pred, AVO_CUR_STRIDE, from[choice], stride[choice], 8, 8, w->log2_denom,
                    w->scale[choice], w->offset[choice]);
}

/* Adds a block's squared errors. */
static void add_block(const AvoFadePictures *p, Way way[WAYS], int plane, int x, int y, int choice)
{
    const AvoDsp *dsp = p->la->dsp;
    const AvoPlane *cur = &p->cur->plane[plane];
    const pixel *block = cur->data + 8 * y * cur->stride + 8 * x, *from[2] = {NULL, NULL};
    AVO_ALIGN(64) pixel buffer[2][8 * AVO_CUR_STRIDE], pred[8 * AVO_CUR_STRIDE];
    ptrdiff_t stride[2] = {0, 0};
    for (int list = 0; list < 2; list++)
        if (choice == list || choice == AVO_FADE_BOTH)
            from[list] = chroma_at(p, list, plane, x, y, buffer[list], &stride[list]);
    for (int i = 0; i < WAYS; i++) {
        weigh(dsp, pred, from, stride, &way[i].weights[plane - 1], choice);
        way[i].error += (uint64_t)dsp->ssd[AVO_BLK_8x8](block, cur->stride, pred, AVO_CUR_STRIDE);
    }
}

/* Of every other block, like the fields of a chessboard. */
static void add_errors(const AvoFadePictures *p, Way way[WAYS], const uint16_t *choice)
{
    const AvoLookahead *la = p->la;
    for (int y = 0; y < la->mb_height; y++)
        for (int x = y & 1; x < la->mb_width; x += 2)
            for (int plane = 1; plane < 3; plane++)
                add_block(p, way, plane, x, y, choice[y * la->mb_width + x]);
}

/* ---- what they take ---- */

static bool is_plain(const Way *way, int list)
{
    return avo_fade_is_plain(&way->weights[0], list) && avo_fade_is_plain(&way->weights[1], list);
}

static int se_bits(int v)
{
    return avo_ue_bits(avo_se_code(v));
}

/* Bits of 7.3.3.2 for chroma, but the flags. */
static int bits_of(const Way *way)
{
    int bits = avo_ue_bits((uint32_t)way->weights[0].log2_denom);
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < 2 && !is_plain(way, list); i++)
            bits += se_bits(way->weights[i].scale[list]) + se_bits(way->weights[i].offset[list]);
    return bits;
}

/* By SATD a bit is worth a sixth of what a quantiser swallows, by squares the square of half of
 * that. Every other block is looked at, so bits count twice: coding noise, which a mixture without
 * weights averages best, is not seen in the sources. */
static uint64_t cost_of(const AvoLookahead *la, const Way *way)
{
    uint64_t swallowed = (uint64_t)la->swallowed;
    return way->error + (uint64_t)bits_of(way) * swallowed * swallowed / 144;
}

/* ---- a picture ---- */

void avo_weight_chroma_pair(const AvoFadePictures *p, const uint16_t *choice, AvoFadeWeights out[2])
{
    Way way[WAYS];
    int best = 0;
    for (int i = 0; i < 2; i++) {
        AvoFade f = avo_fade_of(p, 1 + i);
        way[0].weights[i] = (AvoFadeWeights)AVO_FADE_PLAIN(0);
        avo_fade_by_mean(&f, &way[1].weights[i]);
        avo_fade_by_mixture(&f, &way[2].weights[i]);
        avo_fade_by_contrast(&f, &way[3].weights[i]);
    }
    for (int i = 0; i < WAYS; i++)
        way[i].error = 0;
    add_errors(p, way, choice);
    for (int i = 1; i < WAYS; i++)
        if (cost_of(p->la, &way[i]) < cost_of(p->la, &way[best]))
            best = i;
    out[0] = way[best].weights[0];
    out[1] = way[best].weights[1];
}
