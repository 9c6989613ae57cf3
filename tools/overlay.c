/* See overlay.h. */
#include "overlay.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const Colour white = {255, 255, 255}, black = {0, 0, 0};

static const struct {
    const char *name, *help;
} overlays_known[OVERLAY_COUNT] = {
    {"mb", "types of macroblocks: red intra, green P, blue B, grey skipped"},
    {"part", "partitions"},
    {"mv", "motion vectors: yellow list 0, cyan list 1"},
    {"ref", "references: green 0, yellow 1, orange 2, red 3, violet 4.."},
    {"qp", "quantiser: blue fine, red coarse"},
    {"bits", "bits per macroblock: blue few, red many"},
    {"residual", "what was added to the prediction, instead of the picture"},
    {"prediction", "the prediction alone, instead of the picture"},
    {"unfiltered", "the picture before the loop filter"},
    {"bar", "sizes of pictures: red IDR, orange I, green P, blue B"},
};

const char *overlay_name(int i)
{
    return overlays_known[i].name;
}

const char *overlay_help(int i)
{
    return overlays_known[i].help;
}

int overlay_parse(const char *list, unsigned *overlays, Fault *fault)
{
    while (*list) {
        size_t n = strcspn(list, ",");
        int i = 0;
        while (i < OVERLAY_COUNT && (strlen(overlays_known[i].name) != n ||
                                     strncmp(overlays_known[i].name, list, n) != 0))
            i++;
        if (i == OVERLAY_COUNT)
            return fault_set(fault,
                             "no overlay \"%.*s\": mb, part, mv, ref, qp, bits, residual, "
                             "prediction, unfiltered, bar",
                             (int)n, list);
        *overlays |= 1u << i;
        list += n + (list[n] == ',');
    }
    return 0;
}

double overlay_mean_qp(const AvocetInspection *inside)
{
    double sum = 0;
    int count = inside->mb_width * inside->mb_height;
    for (int i = 0; i < count; i++)
        sum += inside->mb[i].qp;
    return count ? sum / count : 0;
}

const char *overlay_frame_type(AvocetFrameType type)
{
    static const char *const names[] = {"?", "IDR", "I", "P", "Bref", "B"};
    return names[type];
}

Colour overlay_frame_colour(AvocetFrameType type)
{
    static const Colour colours[] = {{128, 128, 128}, {230, 60, 50},  {240, 130, 60},
                                     {70, 170, 80},   {60, 110, 220}, {120, 170, 245}};
    return colours[type];
}

/* ---- partitions ---- */

/* A rectangle of a macroblock that has vectors of its own, in units of 4x4 blocks. */
typedef struct MbPart {
    int x, y, w, h;
} MbPart;

static int is_inter(const AvocetMacroblock *mb)
{
    return mb->type >= AVOCET_MB_P_SKIP;
}

static int same_vectors(const AvocetMacroblock *mb, int a, int b)
{
    return memcmp(&mb->mv[0][a], &mb->mv[0][b], sizeof mb->mv[0][a]) == 0 &&
           memcmp(&mb->mv[1][a], &mb->mv[1][b], sizeof mb->mv[1][a]) == 0;
}

/* Size of the parts of an 8x8 block. Derived vectors may be one or four. */
static void sub_size(const AvocetMacroblock *mb, int blk8, int *w, int *h)
{
    static const uint8_t sizes[4][2] = {{2, 2}, {2, 1}, {1, 2}, {1, 1}};
    int at = (blk8 & 2) * 4 + (blk8 & 1) * 2, sub = mb->sub[blk8];
    if (sub == AVOCET_SUB_DIRECT)
        sub = same_vectors(mb, at, at + 1) && same_vectors(mb, at, at + 4) &&
                      same_vectors(mb, at, at + 5)
                  ? AVOCET_SUB_8X8
                  : AVOCET_SUB_4X4;
    *w = sizes[sub][0];
    *h = sizes[sub][1];
}

/* All of a macroblock (one if it is intra); returns how many, at most 16. */
static int find_parts(const AvocetMacroblock *mb, MbPart parts[16])
{
    static const uint8_t sizes[4][2] = {{4, 4}, {4, 2}, {2, 4}, {2, 2}};
    int count = 0, w = sizes[mb->partition][0], h = sizes[mb->partition][1];
    if (mb->partition != AVOCET_PART_8X8) {
        for (int y = 0; y < 4; y += h)
            for (int x = 0; x < 4; x += w)
                parts[count++] = (MbPart){x, y, w, h};
        return count;
    }
    for (int blk8 = 0; blk8 < 4; blk8++) {
        int x0 = (blk8 & 1) * 2, y0 = blk8 & 2;
        sub_size(mb, blk8, &w, &h);
        for (int y = y0; y < y0 + 2; y += h)
            for (int x = x0; x < x0 + 2; x += w)
                parts[count++] = (MbPart){x, y, w, h};
    }
    return count;
}

/* ---- what is drawn for one macroblock ---- */

/* Blue over green and yellow to red. */
static Colour heat(double t)
{
    static const Colour stops[] = {
        {20, 40, 160}, {20, 140, 220}, {60, 190, 80}, {250, 220, 50}, {220, 30, 20}};
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    int i = t >= 1 ? 3 : (int)(t * 4);
    double f = t * 4 - i;
    const Colour *a = &stops[i], *b = &stops[i + 1];
    return (Colour){(uint8_t)(a->r + (b->r - a->r) * f), (uint8_t)(a->g + (b->g - a->g) * f),
                    (uint8_t)(a->b + (b->b - a->b) * f)};
}

static Colour type_colour(const AvocetMacroblock *mb)
{
    static const Colour colours[] = {{0, 0, 0},       {235, 50, 40},  {240, 110, 30},
                                     {250, 170, 40},  {250, 60, 220}, {120, 120, 120},
                                     {40, 160, 60},   {140, 220, 60}, {120, 120, 120},
                                     {110, 150, 230}, {40, 80, 220},  {20, 180, 230}};
    return colours[mb->type];
}

/* Skipped ones lie under a thin veil only, so that the coded ones stand out. */
static int type_alpha(const AvocetMacroblock *mb)
{
    return mb->type == AVOCET_MB_P_SKIP || mb->type == AVOCET_MB_B_SKIP ? 40 : 120;
}

static void draw_reference(Canvas *canvas, const AvocetMacroblock *mb, int x, int y, int unit)
{
    static const Colour colours[] = {
        {40, 170, 70}, {240, 220, 40}, {250, 140, 30}, {230, 40, 40}, {150, 60, 220}};
    for (int i = 0; i < 4 && is_inter(mb); i++) {
        int ref = mb->ref_idx[0][i] >= 0 ? mb->ref_idx[0][i] : mb->ref_idx[1][i];
        if (ref >= 0)
            canvas_fill(canvas, x + (i & 1) * 2 * unit, y + (i & 2) * unit, 2 * unit, 2 * unit,
                        colours[ref > 4 ? 4 : ref], 130);
    }
}

static void draw_vector(Canvas *canvas, AvocetVector v, int x, int y, int scale, Colour colour)
{
    int x1 = x + v.x * scale / 4, y1 = y + v.y * scale / 4;
    canvas_line(canvas, x, y, x1, y1, colour, 256);
    canvas_fill(canvas, x - (scale > 1), y - (scale > 1), scale > 1 ? 3 : 2, scale > 1 ? 3 : 2,
                colour, 256);
}

static void draw_vectors(Canvas *canvas, const AvocetMacroblock *mb, int x, int y, int scale)
{
    static const Colour colours[2] = {{255, 235, 60}, {60, 245, 255}};
    MbPart parts[16];
    int count = is_inter(mb) ? find_parts(mb, parts) : 0, unit = 4 * scale;
    for (int i = 0; i < count; i++)
        for (int list = 0; list < 2; list++) {
            const MbPart *p = &parts[i];
            if (mb->ref_idx[list][(p->y & 2) + (p->x >> 1)] >= 0)
                draw_vector(canvas, mb->mv[list][4 * p->y + p->x], x + (2 * p->x + p->w) * unit / 2,
                            y + (2 * p->y + p->h) * unit / 2, scale, colours[list]);
        }
}

static void draw_partitions(Canvas *canvas, const AvocetMacroblock *mb, int x, int y, int unit)
{
    MbPart parts[16] = {{0, 0, 4, 4}};
    int count = 1;
    if (is_inter(mb)) {
        count = find_parts(mb, parts);
    } else if (mb->type == AVOCET_MB_I4X4 || mb->type == AVOCET_MB_I8X8) {
        int size = mb->type == AVOCET_MB_I4X4 ? 1 : 2;
        count = 16 / (size * size);
        for (int i = 0; i < count; i++)
            parts[i] = (MbPart){i * size % 4, i * size / 4 * size, size, size};
    }
    for (int i = 0; i < count; i++)
        canvas_frame(canvas, x + parts[i].x * unit, y + parts[i].y * unit, parts[i].w * unit,
                     parts[i].h * unit, white, 150);
}

static void draw_mb(Canvas *canvas, const AvocetMacroblock *mb, int x, int y, int scale,
                    unsigned overlays)
{
    int size = 16 * scale;
    if (overlays & OVERLAY_QP)
        canvas_fill(canvas, x, y, size, size, heat((mb->qp - 10) / 35.0), 150);
    if (overlays & OVERLAY_BITS)
        canvas_fill(canvas, x, y, size, size, heat(log2(1.0 + mb->bits) / 10), 150);
    if (overlays & OVERLAY_TYPES)
        canvas_fill(canvas, x, y, size, size, type_colour(mb), type_alpha(mb));
    if (overlays & OVERLAY_REFERENCES)
        draw_reference(canvas, mb, x, y, 4 * scale);
    if (overlays & (OVERLAY_TYPES | OVERLAY_QP | OVERLAY_BITS))
        canvas_frame(canvas, x, y, size, size, black, 70);
    if (overlays & OVERLAY_PARTITIONS)
        draw_partitions(canvas, mb, x, y, 4 * scale);
}

/* ---- the picture below ---- */

/* Residual as a picture around mid grey, twice as strong. The buffer is the caller's to free. */
static int make_residual(const AvocetInspection *inside, AvocetPicture *p, uint8_t **buffer,
                         Fault *fault)
{
    const AvocetPicture *a = &inside->unfiltered, *b = &inside->prediction;
    uint8_t *to = *buffer = malloc(avocet_format_size(a->format, a->width, a->height));
    if (!to)
        return fault_set(fault, "not enough memory");
    avocet_picture_init(p, a->format, a->width, a->height, to);
    for (int c = 0; c < 3 && a->plane[c]; c++)
        for (int y = 0; y < (c ? (a->height + 1) / 2 : a->height); y++)
            for (int x = 0; x < (c ? (a->width + 1) / 2 : a->width); x++) {
                int d = a->plane[c][y * a->stride[c] + x] - b->plane[c][y * b->stride[c] + x];
                int v = 128 + 2 * d;
                *to++ = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
    return 0;
}

static int load_base(Canvas *canvas, const Shown *s, unsigned overlays, int scale, Fault *fault)
{
    if (s->inside && (overlays & OVERLAY_RESIDUAL)) {
        AvocetPicture residual;
        uint8_t *buffer;
        if (make_residual(s->inside, &residual, &buffer, fault) < 0)
            return -1;
        int status = canvas_load(canvas, &residual, s->info, scale, fault);
        free(buffer);
        return status;
    }
    const AvocetPicture *p = s->picture;
    if (s->inside && (overlays & OVERLAY_PREDICTION))
        p = &s->inside->prediction;
    else if (s->inside && (overlays & OVERLAY_UNFILTERED))
        p = &s->inside->unfiltered;
    return canvas_load(canvas, p, s->info, scale, fault);
}

/* ---- bar of types and sizes ---- */

/* The first of the pictures for which there is room: this one in the middle, as far as others lie
 * on both sides. */
static int64_t first_in_bar(const Shown *s, int64_t room)
{
    int64_t first = s->stat_current - room / 2, last = s->stat_count - room;
    first = first < last ? first : last;
    return first > 0 ? first : 0;
}

/* Each picture a column whose height grows with the root of its size, this one on white. The bar
 * lies at the top, as the player has its own at the bottom. */
static void draw_bar(Canvas *canvas, const Shown *s, int scale)
{
    int column = 4 * scale, height = 40 * scale;
    height = height < canvas->height / 3 ? height : canvas->height / 3;
    int64_t room = canvas->width / column, first = first_in_bar(s, room), largest = 1;
    int64_t end = first + room < s->stat_count ? first + room : s->stat_count;
    canvas_fill(canvas, 0, 0, canvas->width, height, black, 150);
    for (int64_t i = first; i < end; i++)
        largest = s->stats[i].bytes > largest ? s->stats[i].bytes : largest;
    for (int64_t i = first; i < end; i++) {
        double share = sqrt((double)s->stats[i].bytes / (double)largest);
        int h = 1 + (int)(share * (height - 2 * scale)), x = (int)(i - first) * column;
        if (i == s->stat_current)
            canvas_fill(canvas, x - 1, 0, column + 1, height, white, 200);
        canvas_fill(canvas, x, height - h, column - 1, h, overlay_frame_colour(s->stats[i].type),
                    230);
    }
}

int overlay_render(Canvas *canvas, const Shown *s, unsigned overlays, int scale, Fault *fault)
{
    if (load_base(canvas, s, overlays, scale, fault) < 0)
        return -1;
    const AvocetInspection *in = s->inside;
    for (int pass = 0; in && pass < 2; pass++) /* vectors lie above everything */
        for (int i = 0; i < in->mb_width * in->mb_height; i++) {
            int x = (i % in->mb_width * 16 - in->crop_x) * scale;
            int y = (i / in->mb_width * 16 - in->crop_y) * scale;
            if (pass == 0)
                draw_mb(canvas, &in->mb[i], x, y, scale, overlays);
            else if (overlays & OVERLAY_VECTORS)
                draw_vectors(canvas, &in->mb[i], x, y, scale);
        }
    if (overlays & OVERLAY_BAR)
        draw_bar(canvas, s, scale);
    return 0;
}
