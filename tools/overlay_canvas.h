/* A picture to draw on: RGB, with lines, filled areas and small text. */
#ifndef TOOLS_OVERLAY_CANVAS_H
#define TOOLS_OVERLAY_CANVAS_H

#include <avocet/decoder.h>
#include "fault.h"

typedef struct Canvas {
    int width, height;
    uint8_t *rgb; /* width * 3 bytes per row */
    size_t capacity;
} Canvas;

typedef struct Colour {
    uint8_t r, g, b;
} Colour;

/* Gives the canvas that size; its content is undefined. 0 or -1: no memory. */
int canvas_resize(Canvas *canvas, int width, int height, Fault *fault);
void canvas_free(Canvas *canvas);
/* A decoded picture, each sample scale x scale pixels; info tells matrix and range (NULL: BT.601,
 * limited). Resizes. 0 or -1. */
int canvas_load(Canvas *canvas, const AvocetPicture *picture, const AvocetStreamInfo *info,
                int scale, Fault *fault);
/* As I420 with the same matrix and range; to holds avocet_format_size() bytes. */
void canvas_store_i420(const Canvas *canvas, const AvocetStreamInfo *info, uint8_t *to);

/* All drawing is clipped. alpha 0..256: share of the colour. */
void canvas_fill(Canvas *canvas, int x, int y, int w, int h, Colour colour, int alpha);
void canvas_frame(Canvas *canvas, int x, int y, int w, int h, Colour colour, int alpha);
void canvas_line(Canvas *canvas, int x0, int y0, int x1, int y1, Colour colour, int alpha);
/* The first letters of a text (overlay_font.h), each dot size x size pixels. */
void canvas_text(Canvas *canvas, int x, int y, int size, const char *text, size_t length,
                 Colour colour);
int canvas_text_width(size_t length, int size);

#endif
