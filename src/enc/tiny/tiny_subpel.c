/* Vectors in quarter samples, and inter prediction of a macroblock (8.4.2.2).
 *
 * Half samples are made on demand around one whole vector: first the samples themselves go to an
 * aligned patch, then each kind of half sample is filtered once for all positions that the
 * refinement and the prediction may ask for. A quarter sample is the mean of two of them, taken
 * while its cost is measured. Since neighbours move alike, the patch made to test the predicted
 * vector mostly serves the refinement too. */
#include "base/util.h"
#include "enc/tiny/tiny.h"

#if AVOCET_TINY

/* B: of the lines 0, 2, .. 14 around the vector, which costs are measured at; B_REST:
 * the others. */
enum { HAVE_G = 1, HAVE_B = 2, HAVE_H = 4, HAVE_J = 8, HAVE_B_REST = 16 };

#define STRIDE   AVO_TINY_SUB_STRIDE
#define B_STRIDE 20

/* ---- half samples ---- */

/* Samples around the vector (x, y) in whole samples. */
static void make_patch(AvoTiny *t, int x, int y)
{
    AvoTinySubpel *s = t->subpel;
    const AvoTinyWork *w = t->work;
    int at_x = 16 * w->mb_x + x, at_y = 16 * w->mb_y + y;
    if (s->done && s->x == at_x && s->y == at_y)
        return;
    s->x = at_x;
    s->y = at_y;
    s->done = HAVE_G;
    ptrdiff_t stride = t->window_stride[0];
    avo_word_copy(s->g, STRIDE, t->window[0] + (AVO_TINY_ABOVE + y - 3) * stride + at_x - 3, stride,
                  24, 22);
}

static void need(AvoTinySubpel *s, unsigned kinds)
{
    kinds &= ~s->done;
    if (!kinds)
        return;
    if (kinds & HAVE_B)
        avo_word_half_across(s->b + B_STRIDE, 2 * B_STRIDE, s->g + 3 * STRIDE, 2 * STRIDE, 5, 8);
    if (kinds & HAVE_B_REST) {
        avo_word_half_across(s->b, 2 * B_STRIDE, s->g + 2 * STRIDE, 2 * STRIDE, 5, 9);
        avo_word_half_across(s->b + 17 * B_STRIDE, 0, s->g + 19 * STRIDE, 0, 5, 1);
    }
    if (kinds & HAVE_H)
        avo_word_half_vertical(s->h, s->g + 2 * STRIDE, STRIDE, 5, 17);
    if (kinds & HAVE_J) {
        avo_word_half_horizontal(s->mid, s->g, STRIDE, 5, 22);
        avo_word_half_centre(s->j, s->mid, B_STRIDE, 17, 17);
    }
    s->done |= kinds;
}

/* ---- quarter samples ---- */

/* Where the samples of a position come from: one array, or the mean of two. */
typedef struct Samples {
    const pixel *a, *b;
    ptrdiff_t stride_a, stride_b;
} Samples;

/* Kinds of samples by fraction (8.4.2.2.1, table 8-12): the first and the second operand, and
 * whether an operand lies one column to the right (1) or one row below (2). */
typedef struct Fraction {
    uint8_t first, first_at, second, second_at;
} Fraction;

#define G HAVE_G
#define B HAVE_B
#define H HAVE_H
#define J HAVE_J
static const Fraction fractions[4][4] = {
    /* [fy][fx] */
    {{G, 0, 0, 0}, {G, 0, B, 0}, {B, 0, 0, 0}, {G, 1, B, 0}},
    {{G, 0, H, 0}, {B, 0, H, 0}, {B, 0, J, 0}, {B, 0, H, 1}},
    {{H, 0, 0, 0}, {H, 0, J, 0}, {J, 0, 0, 0}, {H, 1, J, 0}},
    {{G, 2, H, 0}, {B, 2, H, 0}, {B, 2, J, 0}, {B, 2, H, 1}},
};
#undef G
#undef B
#undef H
#undef J

static const pixel *array_at(const AvoTinySubpel *s, int kind, int x, int y, ptrdiff_t *stride)
{
    *stride = kind == HAVE_G || kind == HAVE_H ? STRIDE : B_STRIDE;
    switch (kind) {
    case HAVE_G:
        return s->g + (y + 3) * STRIDE + x + 3;
    case HAVE_H:
        return s->h + (y + 1) * STRIDE + x + 3;
    case HAVE_B:
        return s->b + (y + 1) * B_STRIDE + x + 1;
    default:
        return s->j + (y + 1) * B_STRIDE + x + 1;
    }
}

/* Samples at (dx, dy) quarters from the patch's vector, -3 .. 3 each: all lines, or only those that
 * costs are measured at. */
static Samples samples_at(AvoTinySubpel *s, int dx, int dy, bool all)
{
    const Fraction *f = &fractions[dy & 3][dx & 3];
    int x = dx >> 2, y_a = (dy >> 2) + (f->first_at >> 1), y_b = (dy >> 2) + (f->second_at >> 1);
    unsigned kinds = f->first | f->second;
    Samples out = {0};
    if ((kinds & HAVE_B) && (all || ((f->first == HAVE_B ? y_a : y_b) & 1)))
        kinds |= HAVE_B_REST;
    need(s, kinds);
    out.a = array_at(s, f->first, x + (f->first_at & 1), y_a, &out.stride_a);
    if (f->second)
        out.b = array_at(s, f->second, x + (f->second_at & 1), y_b, &out.stride_b);
    return out;
}

static int offset(int mv, int base)
{
    return mv - 4 * base;
}

/* ---- refinement ---- */

typedef struct Refine {
    AvoTiny *t;
    int lambda;
    int base_x, base_y; /* the patch, relative to the macroblock */
    AvoMv best;
    int cost;
} Refine;

/* Coarse SAD of every fourth line from `line` on. */
static int sad_at(const Refine *r, const Samples *s, int line)
{
    const AvoTinyWork *w = r->t->work;
    const pixel *cur = w->half + 8 * line, *a = s->a + line * s->stride_a;
    if (!s->b)
        return avo_word_sad_16(cur, 32, a, 4 * s->stride_a, 4);
    return avo_word_sad_mean_16(cur, 32, a, 4 * s->stride_a, s->b + line * s->stride_b,
                                4 * s->stride_b, 4);
}

/* Like the search in whole samples: half of the lines only if the others
 * are no worse than the best. */
static int cost_at(const Refine *r, AvoMv mv)
{
    Samples s = samples_at(r->t->subpel, offset(mv.x, r->base_x), offset(mv.y, r->base_y), false);
    int bits = r->lambda * avo_tiny_mvd_bits(mv, r->t->work->mvp), sad = sad_at(r, &s, 0);
    if (8 * sad + bits > r->cost + (r->cost >> 3))
        return 8 * sad + bits;
    return 4 * (sad + sad_at(r, &s, 2)) + bits;
}

/* Cost of `from` moved by (dx, dy), which becomes the best if it is. */
static int try_move(Refine *r, AvoMv from, int dx, int dy)
{
    AvoMv mv = {(int16_t)(from.x + dx), (int16_t)(from.y + dy)};
    if (!avo_tiny_in_reach(r->t, mv))
        return INT32_MAX;
    int cost = cost_at(r, mv);
    if (cost < r->cost) {
        r->cost = cost;
        r->best = mv;
    }
    return cost;
}

/* Tries all four sides, but not opposite to one that was better; dx, dy lead to the cheaper ones.
 */
static void try_sides(Refine *r, int step, int *dx, int *dy)
{
    AvoMv from = r->best;
    int before = r->cost, left = try_move(r, from, -step, 0);
    int right = left < before ? INT32_MAX : try_move(r, from, step, 0);
    before = r->cost;
    int up = try_move(r, from, 0, -step);
    int down = up < before ? INT32_MAX : try_move(r, from, 0, step);
    *dx = left < right ? -1 : 1;
    *dy = up < down ? -1 : 1;
}

/* Quarters to the cheaper side of each axis and between them, but none that needs centre samples,
 * which are dear. halves: where it was before the halves were tried. */
static void try_plain_quarters(Refine *r, AvoMv halves, int dx, int dy)
{
    AvoMv from = r->best;
    /* From a half the cheaper side is back towards the middle. */
    if (from.x != halves.x)
        dx = -dx;
    if (from.y != halves.y)
        dy = -dy;
    if (!(from.y & 2))
        try_move(r, from, dx, 0);
    if (!(from.x & 2))
        try_move(r, from, 0, dy);
    try_move(r, from, dx, dy);
}

static void refine(Refine *r)
{
    AvoMv from = r->best;
    int dx, dy;
    try_sides(r, 2, &dx, &dy);
    if (r->t->config->subme < 2) {
        try_plain_quarters(r, from, dx, dy);
        return;
    }
    from = r->best;
    try_sides(r, 1, &dx, &dy);
    try_move(r, from, dx, dy);
}

AvoMv avo_tiny_refine(AvoTiny *t, AvoMv mv, int *cost)
{
    Refine r = {.t = t, .lambda = avo_tiny_lambda[t->work->qp], .best = mv, .cost = *cost};
    r.base_x = mv.x >> 2;
    r.base_y = mv.y >> 2;
    make_patch(t, r.base_x, r.base_y);
    refine(&r);
    *cost = r.cost;
    return r.best;
}

/* ---- prediction ---- */

void avo_tiny_predict_luma(AvoTiny *t, AvoMv mv)
{
    AvoTinySubpel *s = t->subpel;
    const AvoTinyWork *w = t->work;
    if (!((mv.x | mv.y) & 3)) {
        ptrdiff_t stride = t->window_stride[0];
        const pixel *from = t->window[0] + (AVO_TINY_ABOVE + mv.y / 4) * stride;
        avo_word_copy(w->rec[0], t->ref_stride[0], from + 16 * w->mb_x + mv.x / 4, stride, 16, 16);
        return;
    }
    int base_x = s->x - 16 * w->mb_x, base_y = s->y - 16 * w->mb_y;
    if (!s->done || avo_abs(offset(mv.x, base_x)) > 3 || avo_abs(offset(mv.y, base_y)) > 3) {
        base_x = (mv.x + 2) >> 2;
        base_y = (mv.y + 2) >> 2;
        make_patch(t, base_x, base_y);
    }
    Samples from = samples_at(s, offset(mv.x, base_x), offset(mv.y, base_y), true);
    ptrdiff_t stride = t->ref_stride[0];
    if (from.b)
        avo_word_mean(w->rec[0], stride, from.a, from.stride_a, from.b, from.stride_b, 16, 16);
    else
        avo_word_copy(w->rec[0], stride, from.a, from.stride_a, 16, 16);
}

void avo_tiny_predict_chroma(const AvoTiny *t, AvoMv mv)
{
    const AvoTinyWork *w = t->work;
    for (int c = 1; c < 3; c++) {
        ptrdiff_t stride = t->window_stride[c];
        int x = 8 * w->mb_x + (mv.x >> 3), y = AVO_TINY_ABOVE / 2 + (mv.y >> 3);
        avo_word_chroma(w->rec[c], t->ref_stride[c], t->window[c] + y * stride + x, stride,
                        mv.x & 7, mv.y & 7, 8);
    }
}
#endif
