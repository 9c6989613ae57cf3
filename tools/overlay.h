/* Decoded pictures with what the stream says about them drawn on top:
 * for "avocet inspect" and the player. */
#ifndef TOOLS_OVERLAY_H
#define TOOLS_OVERLAY_H

#include "overlay_canvas.h"

enum {
    OVERLAY_TYPES = 1,        /* "mb": colour by type of macroblock, its grid */
    OVERLAY_PARTITIONS = 2,   /* "part" */
    OVERLAY_VECTORS = 4,      /* "mv" */
    OVERLAY_REFERENCES = 8,   /* "ref": colour by reference index */
    OVERLAY_QP = 16,          /* "qp": heat map */
    OVERLAY_BITS = 32,        /* "bits": heat map */
    OVERLAY_RESIDUAL = 64,    /* "residual": the residual instead of the picture */
    OVERLAY_PREDICTION = 128, /* "prediction": the prediction instead of the picture */
    OVERLAY_UNFILTERED = 256, /* "unfiltered": the picture before the loop filter */
    OVERLAY_BAR = 512,        /* "bar": types and sizes of the pictures around */
    OVERLAY_COUNT = 10
};

/* Name and explanation of overlay number i (flag 1 << i). */
const char *overlay_name(int i);
const char *overlay_help(int i);
/* Reads a list like "mv,mb". -1: fault names the wrong word. */
int overlay_parse(const char *list, unsigned *overlays, Fault *fault);

/* What the bar shows. */
typedef struct FrameStat {
    AvocetFrameType type;
    int64_t bytes;
    double qp; /* mean */
} FrameStat;

/* A picture to be drawn. */
typedef struct Shown {
    const AvocetPicture *picture;
    const AvocetInspection *inside; /* NULL: overlays are left out */
    const AvocetStreamInfo *info;
    const FrameStat *stats; /* in order of output; type AUTO: not known yet */
    int64_t stat_count, stat_current; /* current: this picture */
} Shown;

double overlay_mean_qp(const AvocetInspection *inside);
const char *overlay_frame_type(AvocetFrameType type);
Colour overlay_frame_colour(AvocetFrameType type);

/* Draws picture and overlays, each sample scale x scale pixels. 0 or -1. */
int overlay_render(Canvas *canvas, const Shown *shown, unsigned overlays, int scale, Fault *fault);

#endif
