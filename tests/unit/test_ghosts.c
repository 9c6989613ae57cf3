/* The temporal filter leaves no ghosts: on scenes where a neighbour shows something else at the
 * same place (an object comes, goes or stops, a flash, a cross fade, a texture that repeats), what
 * it adds to the picture stays below a part of the noise.
 *
 * Where a ghost could be is known, as the scenes are drawn: 4x4 blocks whose clean samples differ
 * from those of some neighbour by the noise's deviation on the mean. There the mean of what the
 * filter changed is taken over each block. Averaging noise away changes such a mean by an eighth of
 * the deviation or so; a ghost, which has the same sign all over a block, by its whole height. The
 * bounds are in deviations of the noise that is seen: the source's, and a fifth of what a coarse
 * quantiser is going to add. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/util.h"
#include "check.h"
#include "dsp/cpu.h"
#include "enc/temporal_filter.h"

enum { MB_W = 8, MB_H = 6, WIDTH = 16 * MB_W, HEIGHT = 16 * MB_H, NEIGHBOURS = 8 };

#define STRENGTH   4   /* the default; a stronger filter may do more in proportion */
#define RMS_MAX    0.5 /* over all such blocks, */
#define ONE_MAX    1.5 /* and of each, in deviations */
#define STEP_SHARE 16  /* an even error of a step has a deviation of 1 / sqrt(12) */

/* ---- scenes: clean luma at x, y of picture t, the one to be filtered being 0 ---- */

static int wave(int v, int period)
{
    int at = ((v % period) + period) % period;
    return abs(2 * at - period) * 64 / period;
}

static int background(int x, int y)
{
    return 70 + wave(x + 2 * y, 23) + wave(3 * x - y, 57) / 2;
}

static int inside(int x, int y, int left, int top)
{
    return x >= left && x < left + 28 && y >= top && y < top + 36;
}

static int object(int x, int y)
{
    return 160 + wave(x, 9) / 2 + wave(y, 13) / 4;
}

static int passes(int x, int y, int t)
{
    int left = 46 + 7 * t;
    return inside(x, y, left, 30) ? object(x - left, y) : background(x, y);
}

static int stops(int x, int y, int t)
{
    int left = 46 + 9 * avo_min(t, 0);
    return inside(x, y, left, 30) ? object(x - left, y) : background(x, y);
}

static int goes(int x, int y, int t)
{
    return t < 0 && inside(x, y, 46, 30) ? object(x, y) : background(x, y);
}

/* Hardly brighter than the even ground that it moves over. */
static int shadow(int x, int y, int t)
{
    return inside(x, y, 46 + 5 * t, 30) ? 88 : 80;
}

static int flashes(int x, int y, int t)
{
    return background(x, y) + (t == 1 ? 40 : 0);
}

static int is_flash(int x, int y, int t)
{
    return background(x, y) + (t == 0 ? 25 : 0);
}

static int crosses(int x, int y, int t)
{
    return (background(x, y) * (4 - t) + (20 + wave(2 * x - y, 41) * 2) * (4 + t)) / 8;
}

/* Stripes that look alike moved by a period, before something that is seen between them and rests
 * not. */
static int fence(int x, int y, int t)
{
    return (x + 4 * t) % 8 < 4 ? 60 : background(x + 3 * t, y);
}

typedef int (*SceneFn)(int x, int y, int t);

/* ---- pictures ---- */

static AvoSource picture[NEIGHBOURS + 1]; /* [0]: the one to be filtered */
static double clean[NEIGHBOURS + 1][WIDTH * HEIGHT];
static AvoPlan plan;
static int16_t aq_q8[MB_W * MB_H], important_q8[MB_W * MB_H];

static void open_pictures(void)
{
    plan = (AvoPlan){.src = &picture[0], .type = AVOCET_TYPE_P, .neighbour_count = NEIGHBOURS};
    for (int i = 0; i <= NEIGHBOURS; i++) {
        AvoPlane *p = &picture[i].plane[0];
        *p = (AvoPlane){.width = WIDTH, .height = HEIGHT, .stride = WIDTH};
        p->data = aligned_alloc(64, WIDTH * HEIGHT + 64);
        picture[i].aq_q8 = aq_q8;
        if (i == 0)
            continue;
        plan.neighbour[i - 1].src = &picture[i];
        plan.neighbour[i - 1].distance = (i + 1) / 2 * (i & 1 ? 1 : -1);
    }
    for (int i = 0; i < MB_W * MB_H; i++)
        important_q8[i] = -4096; /* filtered as much as there is */
    plan.qp_offset_q8 = important_q8;
    plan.importance = true;
}

/* Nearly normal. */
static double noise(Random *r, double deviation)
{
    int sum = 0;
    for (int i = 0; i < 12; i++)
        sum += random_in(r, -500, 500);
    return sum * deviation / 1000;
}

static void draw(SceneFn scene, double deviation, uint64_t seed)
{
    Random r = {seed};
    for (int i = 0; i <= NEIGHBOURS; i++)
        for (int k = 0; k < WIDTH * HEIGHT; k++) {
            clean[i][k] = scene(k % WIDTH, k / WIDTH, i ? plan.neighbour[i - 1].distance : 0);
            picture[i].plane[0].data[k] =
                avo_clip_pixel((int)lround(clean[i][k] + noise(&r, deviation)));
        }
}

/* ---- ghosts ---- */

/* Mean of a - b over the 4x4 block at k. */
static double mean_of(const double *a, const double *b, int k)
{
    double sum = 0;
    for (int i = 0; i < 16; i++)
        sum += a[k + i / 4 * WIDTH + i % 4] - b[k + i / 4 * WIDTH + i % 4];
    return sum / 16;
}

static double change_of(const AvoPlane *filtered, int k)
{
    double sum = 0;
    for (int i = 0; i < 16; i++) {
        int at = k + i / 4 * WIDTH + i % 4;
        sum += filtered->data[at / WIDTH * filtered->stride + at % WIDTH] -
               picture[0].plane[0].data[at];
    }
    return sum / 16;
}

static bool may_have_ghost(int k, double deviation)
{
    for (int i = 1; i <= NEIGHBOURS; i++)
        if (fabs(mean_of(clean[i], clean[0], k)) > deviation)
            return true;
    return false;
}

/* What the filter changes where there may be ghosts, in the unit given. */
static int measure(const AvoPlane *filtered, double deviation, double unit, double *rms,
                   double *most)
{
    double squares = 0;
    int count = 0;
    *most = 0;
    for (int k = 0; k < WIDTH * HEIGHT; k += 4)
        if (k / WIDTH % 4 == 0 && may_have_ghost(k, deviation)) {
            double change = change_of(filtered, k) / unit;
            squares += change * change;
            *most = fmax(*most, fabs(change));
            count++;
        }
    *rms = sqrt(squares / avo_max(count, 1));
    return count;
}

static void check_scene(AvoTemporalFilter *f, const char *name, int qp, double deviation)
{
    double unit = hypot(deviation, exp2((qp - 4) / 6.0) / STEP_SHARE), rms, most;
    double more = (double)f->strength / STRENGTH;
    CHECK(avo_temporal_start(f, &plan, qp * 256), "the filter starts");
    for (int y = 0; y < MB_H; y++)
        avo_temporal_row(f, y);
    int count = measure(&f->plane[0], deviation, unit, &rms, &most);
    CHECK(count >= 20, "%s: %d blocks could have a ghost", name, count);
    CHECK(rms < RMS_MAX * more && most < ONE_MAX * more,
          "%s, strength %d, QP %d, noise %.0f: %.2f of the noise's deviation on the mean, %.2f at "
          "most",
          name, f->strength, qp, deviation, rms, most);
}

static const struct {
    const char *name;
    SceneFn fn;
} scenes[] = {
    {"an object passes", passes},     {"an object stops", stops},
    {"an object goes", goes},         {"a shadow passes", shadow},
    {"a neighbour flashes", flashes}, {"the picture is a flash", is_flash},
    {"cross fade", crosses},          {"behind a fence", fence},
};

int main(void)
{
    static const int strengths[] = {STRENGTH, 10};
    static AvoTemporalFilter filter;
    AvoDsp dsp;
    avo_dsp_init(&dsp, AVO_CPU_ALL);
    open_pictures();
    void *memory = aligned_alloc(64, 1 << 20);
    for (unsigned k = 0; k < 2; k++) {
        AvoArena arena;
        avo_arena_init(&arena, memory, 1 << 20);
        avo_temporal_carve(&filter, &arena, &dsp, MB_W, MB_H, 0, strengths[k]);
        for (unsigned i = 0; i < sizeof scenes / sizeof *scenes; i++)
            for (int deviation = 2; deviation <= 6; deviation += 2) {
                draw(scenes[i].fn, deviation, 100 + i);
                for (int qp = 22; qp <= 38; qp += 8)
                    check_scene(&filter, scenes[i].name, qp, deviation);
            }
    }
    for (int i = 0; i <= NEIGHBOURS; i++)
        free(picture[i].plane[0].data);
    free(memory);
    return check_finish();
}
