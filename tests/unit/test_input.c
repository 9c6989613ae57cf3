/* Conversion of every pixel format against plain formulas: odd sizes, negative strides, padding,
 * and what is refused. */
#include <math.h>
#include <stdlib.h>
#include "check.h"
#include "enc/input.h"

typedef struct Setup {
    AvocetEncoderConfig config;
    AvoDsp dsp;
    AvoInputPool pool;
    AvoSource *source;
    void *memory;
} Setup;

static void setup(Setup *s, AvocetFormat format, int width, int height, int chroma_format)
{
    memset(s, 0, sizeof *s);
    s->config.width = width;
    s->config.height = height;
    s->config.format = format;
    s->config.colour_matrix = -1;
    avo_dsp_init(&s->dsp, ~0u);
    size_t size = 0;
    for (int pass = 0; pass < 2; pass++) {
        AvoArena arena;
        avo_arena_init(&arena, s->memory, size);
        avo_input_carve(&s->pool, &arena, &s->config, chroma_format, 2);
        if (pass == 0) {
            size = arena.used;
            s->memory = aligned_alloc(64, avo_align_up(size, 64));
        } else {
            CHECK(!arena.overflow && arena.used == size, "carving counts the same twice");
        }
    }
    s->source = avo_input_take(&s->pool);
}

/* ---- a picture of the application ---- */

typedef struct Image {
    AvocetPicture picture;
    uint8_t *buffer;
} Image;

static int plane_bytes(AvocetFormat f, int plane, int w)
{
    int cw = (w + 1) / 2;
    static const int rgb_bytes[AVOCET_FORMAT_COUNT] = {
        [AVOCET_FORMAT_RGB24] = 3, [AVOCET_FORMAT_BGR24] = 3,    [AVOCET_FORMAT_RGBA] = 4,
        [AVOCET_FORMAT_BGRA] = 4,  [AVOCET_FORMAT_RGB565LE] = 2, [AVOCET_FORMAT_RGB565BE] = 2};
    if (rgb_bytes[f])
        return plane ? 0 : rgb_bytes[f] * w;
    if (f == AVOCET_FORMAT_YUYV || f == AVOCET_FORMAT_UYVY)
        return plane ? 0 : 4 * cw;
    if (f == AVOCET_FORMAT_I420)
        return plane ? cw : w;
    if (f == AVOCET_FORMAT_GRAY8)
        return plane ? 0 : w;
    return plane == 0 ? w : plane == 1 ? 2 * cw : 0;
}

static Image make_image(AvocetFormat f, int w, int h, bool flipped, Random *r)
{
    Image image = {.picture = {.format = f, .width = w, .height = h}};
    size_t total = 0, at[3];
    int slack = random_below(r, 9);
    for (int i = 0; i < 3; i++) {
        at[i] = total;
        total += (size_t)(plane_bytes(f, i, w) + slack) * (size_t)h;
    }
    image.buffer = malloc(total);
    for (size_t i = 0; i < total; i++)
        image.buffer[i] = (uint8_t)random_next(r);
    for (int i = 0; i < 3; i++) {
        int bytes = plane_bytes(f, i, w), rows = i ? (h + 1) / 2 : h;
        if (!bytes)
            continue;
        ptrdiff_t stride = bytes + slack;
        image.picture.plane[i] = image.buffer + at[i] + (flipped ? (rows - 1) * stride : 0);
        image.picture.stride[i] = flipped ? -stride : stride;
    }
    return image;
}

/* ---- what it should become ---- */

typedef struct Rgb {
    double r, g, b;
} Rgb;

static const uint8_t *byte_at(const AvocetPicture *p, int plane, int x, int y)
{
    return p->plane[plane] + y * p->stride[plane] + x;
}

static Rgb rgb_at(const AvocetPicture *p, int x, int y)
{
    x = avo_min(x, p->width - 1);
    y = avo_min(y, p->height - 1);
    const uint8_t *b;
    int v;
    switch (p->format) {
    case AVOCET_FORMAT_RGB24:
        b = byte_at(p, 0, 3 * x, y);
        return (Rgb){b[0], b[1], b[2]};
    case AVOCET_FORMAT_BGR24:
        b = byte_at(p, 0, 3 * x, y);
        return (Rgb){b[2], b[1], b[0]};
    case AVOCET_FORMAT_RGBA:
        b = byte_at(p, 0, 4 * x, y);
        return (Rgb){b[0], b[1], b[2]};
    case AVOCET_FORMAT_BGRA:
        b = byte_at(p, 0, 4 * x, y);
        return (Rgb){b[2], b[1], b[0]};
    default:
        b = byte_at(p, 0, 2 * x, y);
        v = p->format == AVOCET_FORMAT_RGB565LE ? b[0] | b[1] << 8 : b[1] | b[0] << 8;
        return (Rgb){round((v >> 11) * 255 / 31.0), round((v >> 5 & 63) * 255 / 63.0),
                     round((v & 31) * 255 / 31.0)};
    }
}

static bool is_rgb(AvocetFormat f)
{
    return f >= AVOCET_FORMAT_RGB24;
}

/* H.273 equations, 8 bit. component 0: Y, 1: Cb, 2: Cr. */
static double matrix(Rgb c, int component, double kr, double kb, bool full)
{
    double y = kr * c.r + (1 - kr - kb) * c.g + kb * c.b;
    double cb = (c.b - y) / (2 * (1 - kb)), cr = (c.r - y) / (2 * (1 - kr));
    if (component == 0)
        return full ? y : 16 + y * 219 / 255;
    return fmin(255, 128 + (component == 1 ? cb : cr) * (full ? 1 : 224.0 / 255));
}

static double wanted_luma(const AvocetPicture *p, int x, int y, const AvocetEncoderConfig *c,
                          double kr, double kb)
{
    if (is_rgb(p->format))
        return matrix(rgb_at(p, x, y), 0, kr, kb, c->full_range);
    if (p->format == AVOCET_FORMAT_YUYV)
        return *byte_at(p, 0, 2 * x, y);
    if (p->format == AVOCET_FORMAT_UYVY)
        return *byte_at(p, 0, 2 * x + 1, y);
    return *byte_at(p, 0, x, y);
}

/* Chroma sample x, y of component 1 (Cb) or 2 (Cr). */
static double wanted_chroma(const AvocetPicture *p, int i, int x, int y,
                            const AvocetEncoderConfig *c, double kr, double kb)
{
    int below = avo_min(2 * y + 1, p->height - 1), at;
    double sum = 0;
    switch (p->format) {
    case AVOCET_FORMAT_I420:
        return *byte_at(p, i, x, y);
    case AVOCET_FORMAT_NV12:
        return *byte_at(p, 1, 2 * x + i - 1, y);
    case AVOCET_FORMAT_NV21:
        return *byte_at(p, 1, 2 * x + 2 - i, y);
    case AVOCET_FORMAT_GRAY8:
        return 128;
    case AVOCET_FORMAT_YUYV:
    case AVOCET_FORMAT_UYVY:
        at = 4 * x + (p->format == AVOCET_FORMAT_YUYV) + 2 * (i - 1);
        return (*byte_at(p, 0, at, 2 * y) + *byte_at(p, 0, at, below)) / 2.0;
    default:
        for (int k = 0; k < 4; k++)
            sum += matrix(rgb_at(p, 2 * x + (k & 1), 2 * y + (k >> 1)), i, kr, kb, c->full_range);
        return sum / 4;
    }
}

/* ---- comparison ---- */

/* RGB goes through rounded coefficients, 565 through rounded widening; everything else is exact but
 * for the rounding of averages, which is upwards. */
static double tolerance(AvocetFormat f)
{
    return is_rgb(f) ? 0.53 : 0.51;
}

static void compare(const Setup *s, const AvocetPicture *p, double kr, double kb)
{
    const AvocetEncoderConfig *c = &s->config;
    double off = tolerance(p->format);
    int bad = 0;
    for (int i = 0; i < 3 && s->source->plane[i].data; i++) {
        const AvoPlane *plane = &s->source->plane[i];
        int w = i ? (p->width + 1) / 2 : p->width, h = i ? (p->height + 1) / 2 : p->height;
        for (int y = 0; y < plane->height; y++) {
            for (int x = 0; x < plane->width; x++) {
                int ix = avo_min(x, w - 1), iy = avo_min(y, h - 1); /* padding repeats the edge */
                double want =
                    i ? wanted_chroma(p, i, ix, iy, c, kr, kb) : wanted_luma(p, ix, iy, c, kr, kb);
                bad += fabs(plane->data[y * plane->stride + x] - want) > off;
            }
        }
    }
    CHECK(bad == 0, "format %d %dx%d full %d matrix %d: %d samples are wrong", p->format, p->width,
          p->height, c->full_range, c->colour_matrix, bad);
    /* Half-size plane with its padding. */
    const AvoPlane *half = &s->source->half, *luma = &s->source->plane[0];
    bad = 0;
    for (int y = -AVO_FRAME_PAD; y < half->height + AVO_FRAME_PAD; y++) {
        for (int x = -AVO_FRAME_PAD; x < half->width + AVO_FRAME_PAD; x++) {
            int ix = avo_clip3(0, half->width - 1, x), iy = avo_clip3(0, half->height - 1, y);
            const pixel *q = luma->data + 2 * iy * luma->stride + 2 * ix;
            int upper = (q[0] + q[1] + 1) >> 1,
                lower = (q[luma->stride] + q[luma->stride + 1] + 1) >> 1;
            bad += half->data[y * half->stride + x] != (upper + lower + 1) >> 1;
        }
    }
    CHECK(bad == 0, "half-size plane %dx%d: %d samples are wrong", p->width, p->height, bad);
}

static void convert_one(AvocetFormat f, int w, int h, bool flipped, int full, int code, Random *r)
{
    static const double k[3][2] = {{0.299, 0.114}, {0.2126, 0.0722}, {0.2627, 0.0593}};
    int which = code == 1 ? 1 : code == 9 ? 2 : code == -1 && h > 576 ? 1 : 0;
    Setup s;
    setup(&s, f, w, h, 1);
    s.config.full_range = full;
    s.config.colour_matrix = code;
    Image image = make_image(f, w, h, flipped, r);
    image.picture.pts = 77;
    AvoMessage msg = {""};
    int status = avo_input_convert(&s.pool, s.source, &image.picture, &s.config, &s.dsp, &msg);
    CHECK(status == AVOCET_OK, "format %d: %s", f, msg.text);
    CHECK(s.source->pts == 77 && s.source->display_index == 0, "pts and index");
    compare(&s, &image.picture, k[which][0], k[which][1]);
    free(image.buffer);
    free(s.memory);
}

static void all_formats(void)
{
    static const int sizes[][2] = {{16, 16}, {17, 17}, {33, 18}, {64, 31}, {131, 49}, {20, 600}};
    static const int codes[] = {-1, 1, 6, 9};
    Random r = {5};
    for (int f = 0; f < AVOCET_FORMAT_COUNT; f++)
        for (size_t i = 0; i < AVO_COUNT(sizes); i++)
            for (int flipped = 0; flipped < 2; flipped++)
                for (int full = 0; full < (is_rgb((AvocetFormat)f) ? 2 : 1); full++)
                    for (size_t c = 0; c < (is_rgb((AvocetFormat)f) ? AVO_COUNT(codes) : 1); c++)
                        convert_one((AvocetFormat)f, sizes[i][0], sizes[i][1], flipped, full,
                                    codes[c], &r);
}

/* White, black and greys must come out exactly, chroma neutral. */
static void greys(void)
{
    for (int full = 0; full < 2; full++) {
        for (int code = 1; code <= 9; code += 4) {
            Setup s;
            setup(&s, AVOCET_FORMAT_RGB24, 16, 16, 1);
            s.config.full_range = full;
            s.config.colour_matrix = code;
            for (int v = 0; v < 256; v++) {
                uint8_t rgb[16 * 16 * 3];
                AvoMessage msg;
                memset(rgb, v, sizeof rgb);
                AvocetPicture p = {.format = AVOCET_FORMAT_RGB24,
                                   .width = 16,
                                   .height = 16,
                                   .plane = {rgb},
                                   .stride = {48}};
                avo_input_convert(&s.pool, s.source, &p, &s.config, &s.dsp, &msg);
                int want = full ? v : (int)(16 + v * 219 / 255.0 + 0.5);
                CHECK(s.source->plane[0].data[0] == want, "grey %d became %d", v,
                      s.source->plane[0].data[0]);
                CHECK(s.source->plane[1].data[0] == 128 && s.source->plane[2].data[0] == 128,
                      "grey %d is coloured", v);
            }
            free(s.memory);
        }
    }
}

static void monochrome(void)
{
    Setup s;
    setup(&s, AVOCET_FORMAT_GRAY8, 40, 24, 0);
    CHECK(!s.source->plane[1].data && !s.source->plane[2].data, "4:0:0 has no chroma planes");
    Random r = {6};
    Image image = make_image(AVOCET_FORMAT_GRAY8, 40, 24, false, &r);
    AvoMessage msg;
    CHECK(avo_input_convert(&s.pool, s.source, &image.picture, &s.config, &s.dsp, &msg) ==
              AVOCET_OK,
          "4:0:0 conversion");
    compare(&s, &image.picture, 0, 0);
    free(image.buffer);
    free(s.memory);
}

static void refusals(void)
{
    Setup s;
    setup(&s, AVOCET_FORMAT_I420, 32, 32, 1);
    Random r = {7};
    Image image = make_image(AVOCET_FORMAT_I420, 32, 32, false, &r);
    int8_t offsets[4] = {0, -51, 51, 3};
    for (int k = 0; k < 8; k++) {
        AvocetPicture p = image.picture;
        AvoMessage msg = {""};
        p.qp_offset = offsets;
        offsets[3] = 3;
        if (k == 1)
            p.format = AVOCET_FORMAT_NV12;
        if (k == 2)
            p.width = 30;
        if (k == 3)
            p.plane[2] = NULL;
        if (k == 4)
            p.stride[1] = 15;
        if (k == 5)
            p.type = AVOCET_TYPE_B;
        if (k == 6)
            offsets[3] = 52;
        if (k == 7)
            p.stride[0] = -31;
        int64_t index = s.pool.next_display_index;
        int status = avo_input_convert(&s.pool, s.source, &p, &s.config, &s.dsp, &msg);
        CHECK((status == AVOCET_OK) == (k == 0), "case %d: status %d", k, status);
        CHECK(k == 0 || msg.text[0], "case %d explains itself", k);
        CHECK(s.pool.next_display_index == index + (k == 0), "case %d: index", k);
        if (k == 0)
            CHECK(s.source->roi && s.source->roi[1] == -51 && s.source->roi[3] == 3,
                  "region of interest");
    }
    free(image.buffer);
    free(s.memory);
}

static void pool(void)
{
    Setup s;
    setup(&s, AVOCET_FORMAT_I420, 32, 32, 1);
    AvoSource *second = avo_input_take(&s.pool);
    CHECK(second && second != s.source, "two sources in the pool");
    CHECK(!avo_input_take(&s.pool), "and no third");
    avo_input_retain(second);
    avo_input_release(second);
    CHECK(!avo_input_take(&s.pool), "still referenced");
    avo_input_release(second);
    CHECK(avo_input_take(&s.pool) == second, "free again");
    avo_input_release(NULL);
    free(s.memory);
}

int main(void)
{
    all_formats();
    greys();
    monochrome();
    refusals();
    pool();
    return check_finish();
}
