/* The word-wise kernels of small machines against plain loops, with random and extreme samples, at
 * every alignment. */
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "dsp/word.h"

enum { STRIDE = 64, ROWS = 40 };

typedef struct Plane {
    pixel samples[STRIDE * ROWS];
} Plane;

static uint32_t state = 12345;

static unsigned next_random(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

/* round 0: black and white only; 1: small steps; else anything. */
static void fill(Plane *p, int round)
{
    for (int i = 0; i < STRIDE * ROWS; i++) {
        unsigned v = next_random();
        p->samples[i] = (pixel)(round == 0 ? (v & 1 ? 255 : 0) : round == 1 ? 100 + v % 7 : v);
    }
}

static int six_taps(const pixel *p, int step)
{
    return p[-2 * step] - 5 * p[-step] + 20 * p[0] + 20 * p[step] - 5 * p[2 * step] + p[3 * step];
}

static int coarse(int a, int b)
{
    int d = (a >> 1) - (b >> 1);
    return d >= 0 ? d : -d - 1;
}

static void test_sad(const Plane *a, const Plane *b, const Plane *c)
{
    for (int shift = 0; shift < 8; shift++) {
        const pixel *cur = a->samples + 4 * STRIDE + 16,
                    *ref = b->samples + 5 * STRIDE + 16 + shift;
        const pixel *other = c->samples + 3 * STRIDE + 20 + 3 * shift;
        int wanted[2] = {0, 0}, mean = 0;
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 16; x++) {
                int at = y * STRIDE + x, cost = coarse(cur[at], ref[at]);
                wanted[0] += cost;
                wanted[1] += x < 8 ? cost : 0;
                mean += coarse(cur[at], (ref[at] + other[at] + 1) >> 1);
            }
        _Alignas(4) pixel half[16 * 16];
        avo_word_halve(half, 16, cur, STRIDE, 16, 16);
        CHECK(avo_word_sad_16(half, 16, ref, STRIDE, 16) == wanted[0], "sad 16, shift %d", shift);
        CHECK(avo_word_sad_8(cur, STRIDE, ref, STRIDE, 16) == wanted[1], "sad 8, shift %d", shift);
        CHECK(avo_word_sad_mean_16(half, 16, ref, STRIDE, other, STRIDE, 16) == mean,
              "sad of a mean, shift %d", shift);
    }
}

static void test_copy_and_mean(const Plane *a, const Plane *b)
{
    for (int shift = 0; shift < 8; shift++) {
        _Alignas(4) pixel copied[24 * 10], mean[24 * 10];
        const pixel *p = a->samples + STRIDE + 8 + shift, *q = b->samples + STRIDE + 15 - shift;
        int wrong = 0;
        avo_word_copy(copied, 24, p, STRIDE, 24, 10);
        avo_word_mean(mean, 24, p, STRIDE, q, STRIDE, 24, 10);
        for (int y = 0; y < 10; y++)
            for (int x = 0; x < 24; x++) {
                int at = y * STRIDE + x;
                wrong += copied[24 * y + x] != p[at];
                wrong += mean[24 * y + x] != (p[at] + q[at] + 1) >> 1;
            }
        CHECK(!wrong, "copy and mean, shift %d: %d samples are wrong", shift, wrong);
    }
}

static void test_chroma(const Plane *a)
{
    for (int fy = 0; fy < 8; fy++)
        for (int fx = 0; fx < 8; fx++) {
            _Alignas(4) pixel out[8 * 8];
            const pixel *p = a->samples + 3 * STRIDE + 9 + fx;
            int wrong = 0;
            avo_word_chroma(out, 8, p, STRIDE, fx, fy, 8);
            for (int y = 0; y < 8; y++)
                for (int x = 0; x < 8; x++) {
                    const pixel *s = p + y * STRIDE + x;
                    int v = (8 - fx) * (8 - fy) * s[0] + fx * (8 - fy) * s[1] +
                            (8 - fx) * fy * s[STRIDE] + fx * fy * s[STRIDE + 1];
                    wrong += out[8 * y + x] != (v + 32) >> 6;
                }
            CHECK(!wrong, "chroma %d %d: %d samples are wrong", fx, fy, wrong);
        }
}

static void test_half_samples(const Plane *a)
{
    enum { WORDS = 5, N = 12 };
    const pixel *src = a->samples + 8 * STRIDE + 16;
    _Alignas(4) pixel across[4 * WORDS * N], centre[4 * WORDS * N];
    _Alignas(4) static pixel vertical[STRIDE * N];
    _Alignas(4) uint16_t mid[4 * WORDS * (N + 5)];
    int wrong[3] = {0, 0, 0};
    avo_word_half_across(across, 4 * WORDS, src, STRIDE, WORDS, N);
    avo_word_half_vertical(vertical, src, STRIDE, WORDS, N);
    avo_word_half_horizontal(mid, src - 2 * STRIDE, STRIDE, WORDS, N + 5);
    avo_word_half_centre(centre, mid, 4 * WORDS, 4 * WORDS, N);
    for (int y = 0; y < N; y++)
        for (int x = 0; x < 4 * WORDS; x++) {
            const pixel *p = src + y * STRIDE + x;
            int column[6];
            for (int k = 0; k < 6; k++)
                column[k] = six_taps(p + 2 + (k - 2) * STRIDE, 1);
            int sum = column[0] - 5 * column[1] + 20 * column[2] + 20 * column[3] - 5 * column[4] +
                      column[5];
            wrong[0] += across[4 * WORDS * y + x] != avo_clip_pixel((six_taps(p + 2, 1) + 16) >> 5);
            wrong[1] += vertical[STRIDE * y + x] != avo_clip_pixel((six_taps(p, STRIDE) + 16) >> 5);
            wrong[2] += centre[4 * WORDS * y + x] != avo_clip_pixel((sum + 512) >> 10);
        }
    CHECK(!wrong[0], "horizontal half samples: %d are wrong", wrong[0]);
    CHECK(!wrong[1], "vertical half samples: %d are wrong", wrong[1]);
    CHECK(!wrong[2], "centre half samples: %d are wrong", wrong[2]);
}

/* Against the standard's formulas in plain integers. */
static void forward(int *v, int step)
{
    int s03 = v[0] + v[3 * step], s12 = v[step] + v[2 * step];
    int t03 = v[0] - v[3 * step], t12 = v[step] - v[2 * step];
    v[0] = s03 + s12;
    v[step] = 2 * t03 + t12;
    v[2 * step] = s03 - s12;
    v[3 * step] = t03 - 2 * t12;
}

static void inverse(int *v, int step)
{
    int a = v[0] + v[2 * step], b = v[0] - v[2 * step];
    int c = (v[step] >> 1) - v[3 * step], d = v[step] + (v[3 * step] >> 1);
    v[0] = a + d;
    v[step] = b + c;
    v[2 * step] = b - c;
    v[3 * step] = a - d;
}

static void transform(int *v, void (*pass)(int *, int), int first, int second)
{
    for (int i = 0; i < 4; i++)
        pass(v + i * (5 - first), first);
    for (int i = 0; i < 4; i++)
        pass(v + i * (5 - second), second);
}

static void test_forward(const Plane *a, const Plane *b)
{
    coef out[64];
    int wrong = 0;
    avo_word_sub_dct(out, a->samples + 8, STRIDE, b->samples + 4 + STRIDE, STRIDE, 4);
    for (int k = 0; k < 4; k++) {
        int v[16], at = 4 * (k & 1) + 4 * (k >> 1) * STRIDE;
        for (int i = 0; i < 16; i++)
            v[i] = a->samples[8 + at + (i >> 2) * STRIDE + (i & 3)] -
                   b->samples[4 + STRIDE + at + (i >> 2) * STRIDE + (i & 3)];
        transform(v, forward, 1, 4);
        for (int i = 0; i < 16; i++)
            wrong += out[16 * k + i] != v[i];
    }
    CHECK(!wrong, "forward transform: %d coefficients are wrong", wrong);
}

/* Coefficients up to `most`: with sixteen of 2000 no sum leaves 16 bits. */
static void test_inverse(const Plane *a, int most)
{
    Plane out = *a;
    coef in[16];
    int v[16], wrong = 0, add = (int)(next_random() % 601) - 300;
    for (int i = 0; i < 16; i++)
        v[i] = in[i] = (coef)((int)(next_random() % (2 * (unsigned)most + 1)) - most);
    transform(v, inverse, 1, 4);
    avo_word_add_idct_4x4(out.samples + 2 * STRIDE + 4, STRIDE, in);
    avo_word_add_4x4(out.samples + 9 * STRIDE + 12, STRIDE, add);
    for (int i = 0; i < 16; i++) {
        int at = 2 * STRIDE + 4 + (i >> 2) * STRIDE + (i & 3), far = at + 7 * STRIDE + 8;
        wrong += out.samples[at] != avo_clip_pixel(a->samples[at] + ((v[i] + 32) >> 6));
        wrong += out.samples[far] != avo_clip_pixel(a->samples[far] + add);
    }
    CHECK(!wrong, "inverse transform up to %d, or %d added: %d samples are wrong", most, add,
          wrong);
}

int main(void)
{
    _Alignas(4) static Plane a, b, c;
    for (int round = 0; round < 30; round++) {
        fill(&a, round % 3);
        fill(&b, round % 3);
        fill(&c, round % 3);
        test_sad(&a, &b, &c);
        test_copy_and_mean(&a, &b);
        test_chroma(&a);
        test_half_samples(&a);
        test_forward(&a, &b);
        test_inverse(&a, round % 2 ? 2000 : 90);
    }
    return check_finish();
}
