/* The built-in scene, for demonstrations and tests: the same pictures on every machine (integers
 * only).
 *
 * What it shows, in fifths of its length:
 *
 *     0 1   a textured plane under a slow diagonal camera pan, with moving textured objects
 *     2     a hard cut to another plane that pans the other way
 *     3     that plane fades to black, then the first one fades in
 *     4     the first plane again
 *
 * Light noise, like that of a sensor, lies over everything. Planes and objects are cut out of one
 * tile of smooth random texture, sampled at 1/16 sample, so there is true sub-sample motion to be
 * found. */
#include "input/input.h"
#include <stdlib.h>
#include <string.h>

#define TILE           512 /* samples; the texture repeats */
#define OBJECT_COUNT   5
#define DEFAULT_FRAMES 150

typedef struct Object {
    int round;          /* disc, else rectangle */
    int x, y;           /* 1/16 luma samples; the centre */
    int half_w, half_h; /* luma samples */
    int texture_x, texture_y;
    int gain, lift; /* luma = texture * gain / 16 + lift */
    int cb, cr;     /* tint */
} Object;

typedef struct TestSource {
    Input base;
    int64_t index, count;
    uint8_t (*tile)[TILE]; /* luma texture */
    uint8_t *buffer;
} TestSource;

/* A picture's view of the world. */
typedef struct View {
    int pan_x, pan_y;       /* 1/16 sample */
    int gain, lift, cb, cr; /* of the plane */
    int level;              /* brightness 0..256 of everything, for the fade */
    Object object[OBJECT_COUNT];
    uint32_t noise_seed;
} View;

static uint32_t hash(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t h = a * 0x9e3779b1u ^ b * 0x85ebca77u ^ c * 0xc2b2ae3du;
    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    h ^= h >> 12;
    h *= 0x297a2d39u;
    return h ^ h >> 15;
}

/* Smooth random values: bilinear interpolation on a grid of 2^shift samples
 * that wraps around the tile. */
static int octave(int x, int y, int shift, uint32_t seed)
{
    int cells = TILE >> shift, mask = (1 << shift) - 1;
    int gx = x >> shift, gy = y >> shift, fx = x & mask, fy = y & mask;
    int v[2][2];
    for (int j = 0; j < 2; j++)
        for (int i = 0; i < 2; i++)
            v[j][i] =
                (int)(hash((uint32_t)((gx + i) % cells), (uint32_t)((gy + j) % cells), seed) & 255);
    int top = v[0][0] * (mask + 1 - fx) + v[0][1] * fx;
    int bottom = v[1][0] * (mask + 1 - fx) + v[1][1] * fx;
    return (top * (mask + 1 - fy) + bottom * fy) >> (2 * shift);
}

static void make_tile(uint8_t (*tile)[TILE])
{
    for (int y = 0; y < TILE; y++)
        for (int x = 0; x < TILE; x++)
            tile[y][x] = (uint8_t)((octave(x, y, 6, 1) * 7 + octave(x, y, 4, 2) * 5 +
                                    octave(x, y, 2, 3) * 3 + octave(x, y, 1, 4)) >>
                                   4);
}

/* Texture at a position in 1/16 sample. */
static int texture(const TestSource *s, int x16, int y16)
{
    unsigned x = (unsigned)(x16 >> 4) % TILE, y = (unsigned)(y16 >> 4) % TILE;
    unsigned x1 = (x + 1) % TILE, y1 = (y + 1) % TILE;
    int fx = x16 & 15, fy = y16 & 15;
    int top = s->tile[y][x] * (16 - fx) + s->tile[y][x1] * fx;
    int bottom = s->tile[y1][x] * (16 - fx) + s->tile[y1][x1] * fx;
    return (top * (16 - fy) + bottom * fy + 128) >> 8;
}

/* Position that runs to and fro between lo and hi. */
static int bounce(int64_t position, int lo, int hi)
{
    int64_t span = hi > lo ? hi - lo : 1;
    int64_t t = position % (2 * span);
    return lo + (int)(t < span ? t : 2 * span - t);
}

static Object make_object(const InputInfo *info, int i, int64_t frame)
{
    int w16 = info->width * 16, h16 = info->height * 16;
    uint32_t r = hash((uint32_t)i, 77, 5);
    int half = info->height / (8 + 2 * i);
    int speed = info->width / 40 + 1; /* 1/16 samples per picture and step */
    Object o = {
        .round = i & 1,
        .half_w = half * (i % 3 == 0 ? 2 : 1) + 2,
        .half_h = half + 2,
        .texture_x = (int)(r & 0xfff),
        .texture_y = (int)(r >> 12 & 0xfff),
        .gain = i == 2 ? 24 : 12,
        .lift = 30 * i - 40,
        .cb = (int)(r >> 3 & 63) - 32,
        .cr = (int)(r >> 11 & 63) - 32,
    };
    o.x = bounce((int64_t)(r % 8191) + frame * speed * (i + 1), 0, w16);
    o.y = bounce((int64_t)(r % 6007) + frame * speed * (5 - i) / 2, 0, h16);
    return o;
}

static View make_view(const TestSource *s, int64_t frame)
{
    const InputInfo *info = &s->base.info;
    int64_t fifth = s->count / 5 > 0 ? s->count / 5 : 1;
    int64_t part = frame / fifth > 4 ? 4 : frame / fifth;
    int second = part == 2 || (part == 3 && frame - 3 * fifth < fifth / 2);
    int step = info->width / 24 + 3; /* 1/16 samples per picture */
    View v = {.level = 256, .noise_seed = (uint32_t)frame + 1};
    v.pan_x = (int)(frame * (second ? -step * 3 / 2 : step)) & 0xfffff;
    v.pan_y = (int)(frame * (second ? step / 5 : step / 3) + (second ? 4096 : 0)) & 0xfffff;
    v.gain = second ? 13 : 14;
    v.lift = second ? 60 : 8;
    v.cb = second ? 18 : -10;
    v.cr = second ? -22 : 14;
    if (part == 3) {
        int64_t half = fifth / 2 > 0 ? fifth / 2 : 1, t = frame - 3 * fifth;
        int64_t level = second ? 256 - t * 256 / half : (t - half) * 256 / half;
        v.level = (int)(level < 0 ? 0 : level > 256 ? 256 : level);
    }
    for (int i = 0; i < OBJECT_COUNT; i++)
        v.object[i] = make_object(info, i, frame);
    return v;
}

/* The object that covers this luma position, or NULL; later ones lie on top. */
static const Object *object_at(const View *v, int x, int y)
{
    for (int i = OBJECT_COUNT - 1; i >= 0; i--) {
        const Object *o = &v->object[i];
        int64_t dx = x - (o->x >> 4), dy = y - (o->y >> 4);
        int64_t w = o->half_w, h = o->half_h;
        int inside = o->round ? dx * dx * h * h + dy * dy * w * w <= w * w * h * h
                              : dx >= -w && dx <= w && dy >= -h && dy <= h;
        if (inside)
            return o;
    }
    return NULL;
}

static uint8_t clip_sample(int v)
{
    return (uint8_t)(v < 16 ? 16 : v > 235 ? 235 : v);
}

static int noise(const View *v, int x, int y)
{
    return (int)(hash((uint32_t)x, (uint32_t)y, v->noise_seed) >> 9 & 7) - 3;
}

static uint8_t luma_sample(const TestSource *s, const View *v, int x, int y)
{
    const Object *o = object_at(v, x, y);
    int value =
        o ? texture(s, x * 16 - o->x + o->texture_x, y * 16 - o->y + o->texture_y) * o->gain / 16 +
                o->lift
          : texture(s, x * 16 + v->pan_x, y * 16 + v->pan_y) * v->gain / 16 + v->lift;
    int n = noise(v, x, y);
    value = clip_sample(value) + n / 2;
    return clip_sample(16 + (value - 16) * v->level / 256);
}

/* Chroma follows the texture, flatter; cr says which plane. */
static uint8_t chroma_sample(const TestSource *s, const View *v, int x, int y, int cr)
{
    const Object *o = object_at(v, x, y);
    int t = o ? texture(s, x * 16 - o->x + o->texture_x, y * 16 - o->y + o->texture_y)
              : texture(s, x * 16 + v->pan_x, y * 16 + v->pan_y);
    int tint = o ? (cr ? o->cr : o->cb) : (cr ? v->cr : v->cb);
    int value = tint + (t - 128) / (cr ? 4 : -5);
    return (uint8_t)(128 + value * v->level / 256);
}

static void draw(const TestSource *s, const View *v)
{
    int w = s->base.info.width, h = s->base.info.height;
    int cw = (w + 1) / 2, ch = (h + 1) / 2;
    uint8_t *to = s->buffer;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            *to++ = luma_sample(s, v, x, y);
    for (int cr = 0; cr < 2 && s->base.info.format != AVOCET_FORMAT_GRAY8; cr++)
        for (int y = 0; y < ch; y++)
            for (int x = 0; x < cw; x++)
                *to++ = chroma_sample(s, v, x * 2, y * 2, cr);
}

static int read_scene(Input *input, AvocetPicture *picture, Fault *fault)
{
    TestSource *s = (TestSource *)input;
    (void)fault;
    if (s->index >= s->count)
        return 0;
    View view = make_view(s, s->index);
    draw(s, &view);
    avocet_picture_init(picture, s->base.info.format, s->base.info.width, s->base.info.height,
                        s->buffer);
    picture->pts = s->index++;
    return 1;
}

static void close_scene(Input *input)
{
    TestSource *s = (TestSource *)input;
    free(s->tile);
    free(s->buffer);
    free(s);
}

Input *input_testsrc_open(const InputRequest *request, Fault *fault)
{
    InputInfo info = input_info_unknown("testsrc");
    if (request->format >= 0 && request->format != AVOCET_FORMAT_I420 &&
        request->format != AVOCET_FORMAT_GRAY8) {
        fault_set(fault, "testsrc: --format can be i420 or gray8");
        return NULL;
    }
    info.format = request->format >= 0 ? (AvocetFormat)request->format : AVOCET_FORMAT_I420;
    info.width = request->width ? request->width : 640;
    info.height = request->height ? request->height : 360;
    info.fps = request->fps.num ? request->fps : (AvocetRational){30, 1};
    info.full_range = 0;
    info.frames = request->frames >= 0 ? request->frames : DEFAULT_FRAMES;
    TestSource *s = calloc(1, sizeof *s);
    if (s) {
        s->tile = malloc(sizeof *s->tile * TILE);
        s->buffer = malloc(avocet_format_size(info.format, info.width, info.height));
        s->base = (Input){.info = info, .read = read_scene, .close = close_scene};
        s->count = info.frames;
        if (s->tile && s->buffer) {
            make_tile(s->tile);
            return &s->base;
        }
        close_scene(&s->base);
    }
    fault_set(fault, "testsrc: not enough memory for %dx%d", info.width, info.height);
    return NULL;
}
