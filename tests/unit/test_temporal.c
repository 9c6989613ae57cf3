/* The temporal filter on scenes whose clean signal is known: it takes noise away, leaves what moves
 * apart alone, and does the same on every CPU and in every order of rows. */
#include <stdlib.h>
#include <string.h>
#include "base/util.h"
#include "check.h"
#include "dsp/cpu.h"
#include "enc/temporal_filter.h"

enum { MB_W = 8, MB_H = 6, WIDTH = 16 * MB_W, HEIGHT = 16 * MB_H, NEIGHBOURS = 8, QP = 30 };

typedef struct Scene {
    AvoSource cur, neighbour[NEIGHBOURS];
    AvoSource clean; /* cur without noise */
    AvoPlan plan;
} Scene;

static void take_planes(AvoSource *s)
{
    for (int c = 0; c < 3; c++) {
        AvoPlane *p = &s->plane[c];
        p->width = c ? WIDTH / 2 : WIDTH;
        p->height = c ? HEIGHT / 2 : HEIGHT;
        p->stride = (ptrdiff_t)avo_align_up((size_t)p->width, 64);
        p->data = aligned_alloc(64, (size_t)p->stride * (size_t)p->height + 64);
    }
    s->aq_q8 = calloc(MB_W * MB_H, sizeof *s->aq_q8);
}

static void give_planes(AvoSource *s)
{
    for (int c = 0; c < 3; c++)
        free(s->plane[c].data);
    free(s->aq_q8);
}

/* A triangle wave: edges and slopes at every scale, defined between samples too. 1/16 samples. */
static int wave(int v, int period)
{
    int at = ((v % period) + period) % period;
    return avo_abs(2 * at - period);
}

/* Content at x, y, both in 1/16 samples. kind 1 has nothing in common with kind 0. */
static int texture(int x, int y, int kind)
{
    if (kind)
        return (x / 64 + y / 48) & 1 ? 255 : 0;
    return 50 + wave(x + 2 * y, 16 * 23) * 60 / (16 * 23) +
           wave(3 * x - y, 16 * 57) * 50 / (16 * 57) + wave(y, 16 * 31) * 40 / (16 * 31);
}

/* Moved by dx, dy sixteenths, with noise up to +-noise. */
static void draw(AvoSource *s, int dx, int dy, int kind, int noise, Random *r)
{
    for (int c = 0; c < 3; c++) {
        AvoPlane *p = &s->plane[c];
        int scale = c ? 32 : 16;
        for (int y = 0; y < p->height; y++)
            for (int x = 0; x < p->width; x++) {
                int v = texture(scale * x - dx, scale * y - dy, kind);
                int n = noise ? random_in(r, -noise, noise) + random_in(r, -noise, noise) : 0;
                p->data[y * p->stride + x] = avo_clip_pixel(v + n / 2);
            }
    }
}

static void open_scene(Scene *s)
{
    memset(s, 0, sizeof *s);
    take_planes(&s->cur);
    take_planes(&s->clean);
    s->plan.src = &s->cur;
    s->plan.type = AVOCET_TYPE_P;
    s->plan.neighbour_count = NEIGHBOURS;
    for (int i = 0; i < NEIGHBOURS; i++) {
        take_planes(&s->neighbour[i]);
        s->plan.neighbour[i].src = &s->neighbour[i];
        s->plan.neighbour[i].distance = (i / 2 + 1) * (i & 1 ? 1 : -1);
    }
}

static void close_scene(Scene *s)
{
    give_planes(&s->cur);
    give_planes(&s->clean);
    for (int i = 0; i < NEIGHBOURS; i++)
        give_planes(&s->neighbour[i]);
}

/* dx, dy: motion per picture. */
static void draw_scene(Scene *s, int dx, int dy, int noise, uint64_t seed)
{
    Random r = {seed};
    draw(&s->clean, 0, 0, 0, 0, &r);
    draw(&s->cur, 0, 0, 0, noise, &r);
    for (int i = 0; i < NEIGHBOURS; i++) {
        int d = s->plan.neighbour[i].distance;
        draw(&s->neighbour[i], d * dx, d * dy, 0, noise, &r);
    }
}

/* ---- running ---- */

typedef struct Bench {
    AvoDsp dsp;
    AvoTemporalFilter filter;
    void *memory;
} Bench;

static void open_bench(Bench *b, uint32_t cpu)
{
    size_t size = 0;
    b->memory = NULL;
    avo_dsp_init(&b->dsp, cpu);
    for (int pass = 0; pass < 2; pass++) {
        AvoArena arena;
        avo_arena_init(&arena, b->memory, size);
        avo_temporal_carve(&b->filter, &arena, &b->dsp, MB_W, MB_H, 1, 4);
        size = arena.used;
        if (pass == 0)
            b->memory = aligned_alloc(64, avo_align_up(size, 64));
    }
}

static void filter(Bench *b, const Scene *s, int qp, bool backwards)
{
    CHECK(avo_temporal_start(&b->filter, &s->plan, qp * 256), "the filter starts");
    for (int i = 0; i < MB_H; i++)
        avo_temporal_row(&b->filter, backwards ? MB_H - 1 - i : i);
}

static uint64_t sse(const AvoPlane *a, const AvoPlane *b, int x0, int y0, int x1, int y1)
{
    uint64_t sum = 0;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            int d = a->data[y * a->stride + x] - b->data[y * b->stride + x];
            sum += (uint64_t)(d * d);
        }
    return sum;
}

static uint64_t sse_all(const AvoPlane *a, const AvoPlane *b)
{
    return sse(a, b, 0, 0, a->width, a->height);
}

/* ---- tests ---- */

static void test_noise(Bench *b, Scene *s, int dx, int dy, int percent, const char *what)
{
    draw_scene(s, dx, dy, 12, 7 + (uint64_t)dx);
    filter(b, s, QP, false);
    for (int c = 0; c < 3; c++) {
        uint64_t before = sse_all(&s->cur.plane[c], &s->clean.plane[c]);
        uint64_t after = sse_all(&b->filter.plane[c], &s->clean.plane[c]);
        CHECK(100 * after < (uint64_t)percent * before, "%s, plane %d: error %lu, was %lu", what, c,
              (unsigned long)after, (unsigned long)before);
    }
}

static void test_identical(Bench *b, Scene *s)
{
    draw_scene(s, 0, 0, 0, 1);
    filter(b, s, QP, false);
    for (int c = 0; c < 3; c++)
        CHECK(!sse_all(&b->filter.plane[c], &s->cur.plane[c]),
              "a still clean scene stays, plane %d", c);
}

static void test_cut(Bench *b, Scene *s)
{
    Random r = {3};
    draw_scene(s, 0, 0, 6, 2);
    for (int i = 0; i < NEIGHBOURS; i++)
        draw(&s->neighbour[i], 99, 41, 1, 6, &r);
    filter(b, s, QP, false);
    for (int c = 0; c < 3; c++)
        CHECK(!sse_all(&b->filter.plane[c], &s->cur.plane[c]),
              "another scene does not show, plane %d", c);
}

/* A bright object covers part of the picture and of no neighbour. */
static void test_occlusion(Bench *b, Scene *s)
{
    enum { X0 = 40, Y0 = 24, X1 = 72, Y1 = 56 };
    draw_scene(s, 0, 0, 6, 5);
    AvoPlane *p = &s->cur.plane[0];
    for (int y = Y0; y < Y1; y++)
        for (int x = X0; x < X1; x++)
            p->data[y * p->stride + x] = (pixel)(200 + ((x ^ y) & 7));
    filter(b, s, QP, false);
    CHECK(!sse(&b->filter.plane[0], p, X0, Y0, X1, Y1), "what appears is left as it is");
    CHECK(sse(&b->filter.plane[0], p, 0, 64, WIDTH, HEIGHT) > 0, "the rest is filtered");
}

/* Even areas that grow brighter: the filter must not mix the levels. */
static void test_fade(Bench *b, Scene *s)
{
    for (int i = -1; i < NEIGHBOURS; i++) {
        AvoSource *t = i < 0 ? &s->cur : &s->neighbour[i];
        int level = 60 + (i < 0 ? 0 : 3 * avo_max(0, s->plan.neighbour[i].distance));
        for (int c = 0; c < 3; c++)
            memset(t->plane[c].data, level,
                   (size_t)t->plane[c].stride * (size_t)t->plane[c].height);
    }
    filter(b, s, QP, false);
    CHECK(!sse_all(&b->filter.plane[0], &s->cur.plane[0]), "a fade keeps its levels");
}

/* Finer quantisers keep more of the source. */
static void test_strength(Bench *b, Scene *s)
{
    uint64_t last = 0;
    draw_scene(s, 20, -9, 10, 11);
    for (int qp = 22; qp <= 40; qp += 6) {
        filter(b, s, qp, false);
        uint64_t change = sse_all(&b->filter.plane[0], &s->cur.plane[0]);
        CHECK(change > last, "QP %d: change %lu, with a finer one %lu", qp, (unsigned long)change,
              (unsigned long)last);
        last = change;
    }
}

static void test_same_everywhere(Bench *b, Bench *plain, Scene *s)
{
    for (int round = 0; round < 6; round++) {
        draw_scene(s, 13 * round, 7 * round - 20, 4 * round, 20 + (uint64_t)round);
        filter(plain, s, 20 + 5 * round, false);
        filter(b, s, 20 + 5 * round, true);
        for (int c = 0; c < 3; c++)
            CHECK(!sse_all(&b->filter.plane[c], &plain->filter.plane[c]),
                  "round %d, plane %d: rows backwards and SIMD change nothing", round, c);
    }
}

static void test_nothing_to_do(Bench *b, Scene *s)
{
    AvoPlan plan = s->plan;
    plan.neighbour_count = 0;
    CHECK(!avo_temporal_start(&b->filter, &plan, QP * 256),
          "without neighbours nothing is filtered");
}

int main(void)
{
    static Scene scene;
    static Bench bench, plain;
    open_scene(&scene);
    open_bench(&bench, AVO_CPU_ALL);
    open_bench(&plain, 0);
    test_noise(&bench, &scene, 0, 0, 55, "still");
    test_noise(&bench, &scene, 20, 0, 65, "panning");
    test_noise(&bench, &scene, 11, -27, 65, "panning aslant");
    test_identical(&bench, &scene);
    test_cut(&bench, &scene);
    test_occlusion(&bench, &scene);
    test_fade(&bench, &scene);
    test_strength(&bench, &scene);
    test_same_everywhere(&bench, &plain, &scene);
    test_nothing_to_do(&bench, &scene);
    close_scene(&scene);
    free(bench.memory);
    free(plain.memory);
    return check_finish();
}
