/* See to_rgb.h.
 *
 *     R = Y' + a Cr'             a = 2 (1 - Kr), d = 2 (1 - Kb)
 *     G = Y' - b Cb' - c Cr'     b = d Kb / Kg, c = a Kr / Kg     (H.273, 8.3)
 *     B = Y' + d Cb'
 *
 * with Y' = (Y - black) * scale, Cb' and Cr' around 128 and scaled likewise; all in 1/65536. */
#include "to_rgb.h"

typedef struct Coefficients {
    int luma, black, a, b, c, d;
} Coefficients;

/* Rounded a, b, c, d of the three matrices for full range. */
static const int matrices[3][4] = {
    {91881, 22553, 46802, 116130},  /* BT.601 */
    {103206, 12276, 30679, 121609}, /* BT.709 */
    {96639, 10784, 37444, 123299},  /* BT.2020 */
};

static Coefficients choose(int matrix, int full_range)
{
    const int *m = matrices[matrix == 1 ? 1 : matrix == 9 || matrix == 10 ? 2 : 0];
    Coefficients k = {65536, 0, m[0], m[1], m[2], m[3]};
    if (!full_range) { /* luma 16..235, chroma 16..240 */
        k.luma = 76309;
        k.black = 16;
        k.a = (int)((int64_t)k.a * 255 / 224);
        k.b = (int)((int64_t)k.b * 255 / 224);
        k.c = (int)((int64_t)k.c * 255 / 224);
        k.d = (int)((int64_t)k.d * 255 / 224);
    }
    return k;
}

static uint8_t clip(int v)
{
    v = (v + 32768) >> 16;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

void avo_to_rgb(uint8_t *rgb, const AvocetPicture *p, int matrix, int full_range)
{
    const Coefficients k = choose(matrix, full_range);
    for (int y = 0; y < p->height; y++) {
        const uint8_t *luma = p->plane[0] + y * p->stride[0];
        const uint8_t *u = p->plane[1] ? p->plane[1] + y / 2 * p->stride[1] : NULL;
        const uint8_t *v = u ? p->plane[2] + y / 2 * p->stride[2] : NULL;
        for (int x = 0; x < p->width; x++, rgb += 3) {
            int base = (luma[x] - k.black) * k.luma, cb = u ? u[x / 2] - 128 : 0,
                cr = v ? v[x / 2] - 128 : 0;
            rgb[0] = clip(base + k.a * cr);
            rgb[1] = clip(base - k.b * cb - k.c * cr);
            rgb[2] = clip(base + k.d * cb);
        }
    }
}
