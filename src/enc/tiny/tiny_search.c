/* Motion in whole samples, and the prediction of vectors (8.4.1.3, 8.4.1.1).
 *
 * The reference is the window: the lines of the old picture that this row of macroblocks can reach,
 * padded to the sides, so nothing needs to be clipped. A few vectors that neighbours suggest are
 * tried, then a small diamond walks downhill from the best of them. Costs are coarse SADs of every
 * other line (a quarter of a SAD), scaled back, plus the bits of the vector's difference. */
#include "base/util.h"
#include "enc/tiny/tiny.h"
#include "base/small_code.h"

#if AVOCET_TINY

#define MAX_STEPS 12 /* of the diamond */
/* Cost per lambda below which the best of the suggested vectors is not improved upon. */
#define GOOD_COST 50

/* ---- prediction of vectors ---- */

static const AvoMv zero_mv = {0, 0};

/* A neighbouring macroblock: ref 0 with its vector, or -1 (intra), or -2: not available. */
typedef struct Neighbour {
    int ref;
    AvoMv mv;
} Neighbour;

static Neighbour neighbour(const AvoTinyMb *mb)
{
    if (!mb)
        return (Neighbour){-2, zero_mv};
    return mb->is_intra ? (Neighbour){-1, zero_mv} : (Neighbour){0, mb->mv};
}

static AvoMv median(Neighbour a, Neighbour b, Neighbour c)
{
    if (b.ref == -2 && c.ref == -2 && a.ref != -2)
        return a.mv;
    int same = (a.ref == 0) + (b.ref == 0) + (c.ref == 0);
    if (same == 1)
        return a.ref == 0 ? a.mv : b.ref == 0 ? b.mv : c.mv;
    return (AvoMv){(int16_t)avo_median3(a.mv.x, b.mv.x, c.mv.x),
                   (int16_t)avo_median3(a.mv.y, b.mv.y, c.mv.y)};
}

static bool is_zero(AvoMv mv)
{
    return mv.x == 0 && mv.y == 0;
}

void avo_tiny_predict_mv(AvoTinyWork *w)
{
    Neighbour a = neighbour(w->left), b = neighbour(w->above);
    Neighbour c = neighbour(w->above_right ? w->above_right : w->above_left);
    w->mvp = median(a, b, c);
    w->skip_mv = w->mvp;
    if (a.ref == -2 || b.ref == -2 || (a.ref == 0 && is_zero(a.mv)) ||
        (b.ref == 0 && is_zero(b.mv)))
        w->skip_mv = zero_mv;
}

/* ---- bits ---- */

int avo_tiny_mvd_bits(AvoMv mv, AvoMv mvp)
{
    static const uint8_t bits[64] = {
        1,  3,  5,  5,  7,  7,  7,  7,  9,  9,  9,  9,  9,  9,  9,  9,  11, 11, 11, 11, 11, 11,
        11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13,
        13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13};
    int x = avo_abs(mv.x - mvp.x), y = avo_abs(mv.y - mvp.y);
    return (x < 64 ? bits[x] : 16) + (y < 64 ? bits[y] : 16);
}

/* ---- search ---- */

bool avo_tiny_in_reach(const AvoTiny *t, AvoMv mv)
{
    const AvoTinyWork *w = t->work;
    int x = 64 * w->mb_x + mv.x, limit = 4 * AVO_TINY_REACH;
    return mv.y >= -limit && mv.y <= limit && x >= -limit && x <= 64 * t->mb_w;
}

typedef struct Search {
    const AvoTiny *t;
    const pixel *ref; /* the macroblock's own place in the window */
    int lambda;
    AvoMv best;
    int cost;
} Search;

/* Every fourth line first; the lines between them only if those are no worse than the best. */
static bool try_mv(Search *s, AvoMv mv)
{
    const AvoTinyWork *w = s->t->work;
    if (!avo_tiny_in_reach(s->t, mv))
        return false;
    ptrdiff_t stride = s->t->window_stride[0];
    const pixel *ref = s->ref + (mv.y >> 2) * stride + (mv.x >> 2);
    int cost = s->lambda * avo_tiny_mvd_bits(mv, w->mvp);
    int sad = avo_word_sad_16(w->half, 32, ref, 4 * stride, 4);
    if (cost + 8 * sad > s->cost + (s->cost >> 3))
        return false;
    sad += avo_word_sad_16(w->half + 16, 32, ref + 2 * stride, 4 * stride, 4);
    cost += 4 * sad;
    if (cost >= s->cost)
        return false;
    s->cost = cost;
    s->best = mv;
    return true;
}

static AvoMv whole(AvoMv mv)
{
    return (AvoMv){(int16_t)((mv.x + 2) & ~3), (int16_t)((mv.y + 2) & ~3)};
}

/* Vectors of the neighbours, each once. */
static void try_neighbours(Search *s)
{
    const AvoTinyWork *w = s->t->work;
    AvoMv tried[5] = {whole(w->mvp), zero_mv};
    int count = 2;
    const AvoTinyMb *near[3] = {w->left, w->above, w->above_right};
    for (int i = 0; i < 3; i++)
        if (near[i] && !near[i]->is_intra)
            tried[count++] = whole(near[i]->mv);
    for (int i = 0; i < count; i++) {
        int k = 0;
        while (tried[k].x != tried[i].x || tried[k].y != tried[i].y)
            k++;
        if (k == i)
            try_mv(s, tried[i]);
    }
}

/* Never back to where the last step came from. */
static void walk_diamond(Search *s)
{
    static const int8_t dx[4] = {4, 0, -4, 0}, dy[4] = {0, 4, 0, -4};
    int from = -1;
    for (int step = 0; step < MAX_STEPS; step++) {
        AvoMv centre = s->best;
        int direction = -1;
        for (int i = 0; i < 4; i++)
            if (i != from &&
                try_mv(s, (AvoMv){(int16_t)(centre.x + dx[i]), (int16_t)(centre.y + dy[i])}))
                direction = i;
        if (direction < 0)
            return;
        from = direction ^ 2;
    }
}

int avo_tiny_coarse_sad(const AvoTiny *t, AvoMv mv)
{
    const AvoTinyWork *w = t->work;
    ptrdiff_t stride = t->window_stride[0];
    const pixel *ref = t->window[0] + (AVO_TINY_ABOVE + ((mv.y + 2) >> 2)) * stride + 16 * w->mb_x +
                       ((mv.x + 2) >> 2);
    return 8 * avo_word_sad_16(w->half, 32, ref, 4 * stride, 4);
}

AvoMv avo_tiny_search(const AvoTiny *t, int *cost)
{
    const AvoTinyWork *w = t->work;
    Search s = {.t = t, .lambda = avo_tiny_lambda[w->qp], .cost = INT32_MAX / 2};
    s.ref = t->window[0] + AVO_TINY_ABOVE * t->window_stride[0] + 16 * w->mb_x;
    try_neighbours(&s);
    if (s.cost >= s.lambda * GOOD_COST)
        walk_diamond(&s);
    *cost = s.cost;
    return s.best;
}
#endif
