/* See overlay_canvas.h. */
#include "overlay_canvas.h"
#include <stdlib.h>
#include <string.h>
#include "overlay_font.h"

int canvas_resize(Canvas *canvas, int width, int height, Fault *fault)
{
    size_t size = (size_t)width * (size_t)height * 3;
    if (size > canvas->capacity) {
        uint8_t *rgb = realloc(canvas->rgb, size);
        if (!rgb)
            return fault_set(fault, "not enough memory for a picture of %dx%d", width, height);
        canvas->rgb = rgb;
        canvas->capacity = size;
    }
    canvas->width = width;
    canvas->height = height;
    return 0;
}

void canvas_free(Canvas *canvas)
{
    free(canvas->rgb);
    memset(canvas, 0, sizeof *canvas);
}

/* ---- colours ---- */

/* Conversion in 1/65536: r = (y - base) * luma + cr * r_cr and so on. */
typedef struct Matrix {
    int base, luma, r_cr, g_cb, g_cr, b_cb;
    double kr, kb; /* shares of red and blue in luma */
    int full_range;
} Matrix;

static Matrix find_matrix(const AvocetStreamInfo *info)
{
    Matrix m = {.kr = 0.299, .kb = 0.114};
    if (info && info->colour_matrix == 1) {
        m.kr = 0.2126;
        m.kb = 0.0722;
    } else if (info && info->colour_matrix == 9) {
        m.kr = 0.2627;
        m.kb = 0.0593;
    }
    m.full_range = info && info->full_range;
    double kg = 1 - m.kr - m.kb, unit = 65536 * (m.full_range ? 1 : 255.0 / 224);
    m.base = m.full_range ? 0 : 16;
    m.luma = (int)(65536 * (m.full_range ? 1 : 255.0 / 219) + 0.5);
    m.r_cr = (int)(unit * 2 * (1 - m.kr) + 0.5);
    m.b_cb = (int)(unit * 2 * (1 - m.kb) + 0.5);
    m.g_cr = -(int)(unit * 2 * (1 - m.kr) * m.kr / kg + 0.5);
    m.g_cb = -(int)(unit * 2 * (1 - m.kb) * m.kb / kg + 0.5);
    return m;
}

static uint8_t clip(int v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* One row of samples, each repeated scale times. */
static void load_row(uint8_t *to, const AvocetPicture *p, int y, const Matrix *m, int scale)
{
    const uint8_t *luma = p->plane[0] + y * p->stride[0];
    const uint8_t *cb = p->plane[1] ? p->plane[1] + (y >> 1) * p->stride[1] : NULL;
    const uint8_t *cr = p->plane[2] ? p->plane[2] + (y >> 1) * p->stride[2] : NULL;
    for (int x = 0; x < p->width; x++) {
        int l = (luma[x] - m->base) * m->luma + 32768;
        int u = cb ? cb[x >> 1] - 128 : 0, v = cr ? cr[x >> 1] - 128 : 0;
        uint8_t r = clip((l + v * m->r_cr) >> 16), b = clip((l + u * m->b_cb) >> 16);
        uint8_t g = clip((l + u * m->g_cb + v * m->g_cr) >> 16);
        for (int i = 0; i < scale; i++, to += 3) {
            to[0] = r;
            to[1] = g;
            to[2] = b;
        }
    }
}

int canvas_load(Canvas *canvas, const AvocetPicture *picture, const AvocetStreamInfo *info,
                int scale, Fault *fault)
{
    Matrix m = find_matrix(info);
    if (canvas_resize(canvas, picture->width * scale, picture->height * scale, fault) < 0)
        return -1;
    size_t row = (size_t)canvas->width * 3;
    uint8_t *to = canvas->rgb;
    for (int y = 0; y < picture->height; y++) {
        load_row(to, picture, y, &m, scale);
        for (int i = 1; i < scale; i++)
            memcpy(to + (size_t)i * row, to, row);
        to += (size_t)scale * row;
    }
    return 0;
}

static uint8_t to_luma(const Matrix *m, const double c[3])
{
    double y = m->kr * c[0] + (1 - m->kr - m->kb) * c[1] + m->kb * c[2];
    return clip((int)(m->full_range ? y + 0.5 : 16 + y * 219 / 255 + 0.5));
}

/* Mean colour of the pixels of a 2x2 square that exist. */
static void mean_colour(const Canvas *canvas, int x, int y, double mean[3])
{
    int count = 0;
    mean[0] = mean[1] = mean[2] = 0;
    for (int j = y; j < y + 2 && j < canvas->height; j++)
        for (int i = x; i < x + 2 && i < canvas->width; i++, count++)
            for (int c = 0; c < 3; c++)
                mean[c] +=
                    canvas->rgb[3 * ((size_t)j * (size_t)canvas->width + (size_t)i) + (size_t)c];
    for (int c = 0; c < 3; c++)
        mean[c] /= count;
}

void canvas_store_i420(const Canvas *canvas, const AvocetStreamInfo *info, uint8_t *to)
{
    Matrix m = find_matrix(info);
    int w = canvas->width, h = canvas->height;
    uint8_t *cb = to + (size_t)w * (size_t)h;
    uint8_t *cr = cb + (size_t)((w + 1) / 2) * (size_t)((h + 1) / 2);
    const uint8_t *from = canvas->rgb;
    for (size_t i = 0; i < (size_t)w * (size_t)h; i++, from += 3)
        *to++ = to_luma(&m, (const double[3]){from[0], from[1], from[2]});
    double unit = m.full_range ? 1 : 224.0 / 255;
    for (int y = 0; y < h; y += 2)
        for (int x = 0; x < w; x += 2) {
            double c[3];
            mean_colour(canvas, x, y, c);
            double luma = m.kr * c[0] + (1 - m.kr - m.kb) * c[1] + m.kb * c[2];
            *cb++ = clip((int)(128.5 + unit * (c[2] - luma) / (2 * (1 - m.kb))));
            *cr++ = clip((int)(128.5 + unit * (c[0] - luma) / (2 * (1 - m.kr))));
        }
}

/* ---- drawing ---- */

static void blend(Canvas *canvas, int x, int y, Colour colour, int alpha)
{
    if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height)
        return;
    uint8_t *p = canvas->rgb + 3 * ((size_t)y * (size_t)canvas->width + (size_t)x);
    p[0] = (uint8_t)((p[0] * (256 - alpha) + colour.r * alpha) >> 8);
    p[1] = (uint8_t)((p[1] * (256 - alpha) + colour.g * alpha) >> 8);
    p[2] = (uint8_t)((p[2] * (256 - alpha) + colour.b * alpha) >> 8);
}

void canvas_fill(Canvas *canvas, int x, int y, int w, int h, Colour colour, int alpha)
{
    int x1 = x + w < canvas->width ? x + w : canvas->width;
    int y1 = y + h < canvas->height ? y + h : canvas->height;
    for (int j = y < 0 ? 0 : y; j < y1; j++)
        for (int i = x < 0 ? 0 : x; i < x1; i++)
            blend(canvas, i, j, colour, alpha);
}

void canvas_frame(Canvas *canvas, int x, int y, int w, int h, Colour colour, int alpha)
{
    canvas_fill(canvas, x, y, w, 1, colour, alpha);
    canvas_fill(canvas, x, y + 1, 1, h - 1, colour, alpha);
}

void canvas_line(Canvas *canvas, int x0, int y0, int x1, int y1, Colour colour, int alpha)
{
    int dx = abs(x1 - x0), dy = -abs(y1 - y0), error = dx + dy;
    int step_x = x0 < x1 ? 1 : -1, step_y = y0 < y1 ? 1 : -1;
    for (;;) {
        blend(canvas, x0, y0, colour, alpha);
        if (x0 == x1 && y0 == y1)
            return;
        int twice = 2 * error;
        if (twice >= dy) {
            error += dy;
            x0 += step_x;
        }
        if (twice <= dx) {
            error += dx;
            y0 += step_y;
        }
    }
}

/* ---- text ---- */

void canvas_text(Canvas *canvas, int x, int y, int size, const char *text, size_t length,
                 Colour colour)
{
    for (size_t i = 0; i < length; i++, x += canvas_text_width(1, size)) {
        const uint8_t *glyph = overlay_font_glyph(text[i]);
        for (int dot = 0; dot < FONT_WIDTH * FONT_HEIGHT; dot++) {
            int column = dot % FONT_WIDTH, row = dot / FONT_WIDTH;
            if (glyph[row] >> (FONT_WIDTH - 1 - column) & 1)
                canvas_fill(canvas, x + column * size, y + row * size, size, size, colour, 256);
        }
    }
}

int canvas_text_width(size_t length, int size)
{
    return (int)length * (FONT_WIDTH + 1) * size;
}
