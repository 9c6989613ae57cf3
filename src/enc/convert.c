/* See convert.h. Conversion works straight from the application's rows into planes, one or two rows
 * at a time: no picture-sized buffer lies between.
 *
 * Three families: planar luma with some form of 4:2:0 chroma (rows copied or split), packed 4:2:2
 * (luma picked out, chroma of two rows averaged), RGB (two rows unpacked in short runs, luma per
 * sample, chroma per 2x2). Rounding is always to nearest. Where a size is odd the last column or
 * row stands in for the missing one. */
#include "enc/convert.h"
#include "base/small_code.h"

/* ---- padding ---- */

/* Repeats the last column and row of the width x height samples written
 * into the rest of the plane. */
static void extend_plane(const AvoPlane *p, int width, int height)
{
    for (int y = 0; y < height; y++) {
        pixel *row = p->data + y * p->stride;
        memset(row + width, row[width - 1], (size_t)(p->width - width));
    }
    const pixel *last = p->data + (height - 1) * p->stride;
    for (int y = height; y < p->height; y++)
        memcpy(p->data + y * p->stride, last, (size_t)p->width);
}

static void fill_plane(const AvoPlane *p, int value)
{
    for (int y = 0; y < p->height; y++)
        memset(p->data + y * p->stride, value, (size_t)p->width);
}

/* ---- planar luma, 4:2:0 chroma ---- */

static void copy_plane(const AvoPlane *p, const uint8_t *src, ptrdiff_t stride, int width,
                       int height)
{
    for (int y = 0; y < height; y++)
        memcpy(p->data + y * p->stride, src + y * stride, (size_t)width);
}

static void convert_planar(const AvoPlane planes[3], const AvocetPicture *picture,
                           const AvoDsp *dsp, bool chroma)
{
    int cw = (picture->width + 1) / 2, ch = (picture->height + 1) / 2;
    copy_plane(&planes[0], picture->plane[0], picture->stride[0], picture->width, picture->height);
    if (!chroma)
        return;
    switch (picture->format) {
    case AVOCET_FORMAT_I420:
        copy_plane(&planes[1], picture->plane[1], picture->stride[1], cw, ch);
        copy_plane(&planes[2], picture->plane[2], picture->stride[2], cw, ch);
        break;
    case AVOCET_FORMAT_NV12:
    case AVOCET_FORMAT_NV21: {
        int first = picture->format == AVOCET_FORMAT_NV12 ? 1 : 2;
        const AvoPlane *a = &planes[first], *b = &planes[3 - first];
        for (int y = 0; y < ch; y++)
            dsp->split_uv(a->data + y * a->stride, b->data + y * b->stride,
                          picture->plane[1] + y * picture->stride[1], cw);
        break;
    }
    default: /* GRAY8 in a 4:2:0 stream */
        fill_plane(&planes[1], 1 << (AVO_BIT_DEPTH - 1));
        fill_plane(&planes[2], 1 << (AVO_BIT_DEPTH - 1));
        break;
    }
}

/* ---- packed 4:2:2 ---- */

static void convert_packed_422(const AvoPlane planes[3], const AvocetPicture *picture,
                               const AvoDsp *dsp, bool chroma)
{
    int luma_at = picture->format == AVOCET_FORMAT_UYVY;
    int width = picture->width, height = picture->height;
    for (int y = 0; y < height; y++) {
        const uint8_t *src = picture->plane[0] + y * picture->stride[0];
        dsp->luma_422(planes[0].data + y * planes[0].stride, src, width, luma_at);
        if (!chroma || y & 1)
            continue;
        const uint8_t *below = y + 1 < height ? src + picture->stride[0] : src;
        dsp->chroma_422(planes[1].data + y / 2 * planes[1].stride,
                        planes[2].data + y / 2 * planes[2].stride, src, below, (width + 1) / 2,
                        luma_at);
    }
}

/* ---- RGB ---- */

/* [matrix][full range]: BT.601, BT.709, BT.2020. The rows for Cb and Cr sum to 0 and the one for Y
 * to the luma range exactly, so grey stays grey and white is white. */
static const AvoColourMatrix colour_matrices[3][2] = {
    {{{8414, 16520, 3208}, {-4857, -9535, 14392}, {14392, -12051, -2341}},
     {{9798, 19234, 3736}, {-5529, -10855, 16384}, {16384, -13720, -2664}}},
    {{{5983, 20127, 2032}, {-3298, -11094, 14392}, {14392, -13072, -1320}},
     {{6966, 23436, 2366}, {-3754, -12630, 16384}, {16384, -14882, -1502}}},
    {{{7393, 19080, 1669}, {-4019, -10373, 14392}, {14392, -13234, -1158}},
     {{8608, 22217, 1943}, {-4575, -11809, 16384}, {16384, -15066, -1318}}},
};

/* config.colour_matrix is an H.273 code; what it does not name is BT.601 or BT.709 by height. */
static const AvoColourMatrix *choose_matrix(const AvocetEncoderConfig *config)
{
    int which;
    switch (config->colour_matrix) {
    case 1:
        which = 1;
        break;
    case 4:
    case 5:
    case 6:
        which = 0;
        break;
    case 9:
    case 10:
        which = 2;
        break;
    default:
        which = config->height > 576;
        break;
    }
    return &colour_matrices[which][config->full_range != 0];
}

/* n samples, and one more copy of the last when n is odd. */
static void unpack_run(AvoRgbRun *run, const AvoDsp *dsp, const uint8_t *src, AvocetFormat format,
                       int n)
{
    switch (format) {
    case AVOCET_FORMAT_RGB24:
        dsp->unpack_3(run->r, run->g, run->b, src, n);
        break;
    case AVOCET_FORMAT_BGR24:
        dsp->unpack_3(run->b, run->g, run->r, src, n);
        break;
    case AVOCET_FORMAT_RGBA:
        dsp->unpack_4(run->r, run->g, run->b, src, n);
        break;
    case AVOCET_FORMAT_BGRA:
        dsp->unpack_4(run->b, run->g, run->r, src, n);
        break;
    default:
        dsp->unpack_565(run->r, run->g, run->b, src, n, format == AVOCET_FORMAT_RGB565LE);
        break;
    }
    if (n & 1) {
        run->r[n] = run->r[n - 1];
        run->g[n] = run->g[n - 1];
        run->b[n] = run->b[n - 1];
    }
}

static int rgb_bytes(AvocetFormat format)
{
    switch (format) {
    case AVOCET_FORMAT_RGB24:
    case AVOCET_FORMAT_BGR24:
        return 3;
    case AVOCET_FORMAT_RGBA:
    case AVOCET_FORMAT_BGRA:
        return 4;
    default:
        return 2;
    }
}

static void convert_rgb(const AvoPlane planes[3], const AvocetPicture *picture,
                        const AvocetEncoderConfig *config, const AvoDsp *dsp, bool chroma)
{
    const AvoColourMatrix *m = choose_matrix(config);
    int bytes = rgb_bytes(picture->format), black = config->full_range ? 0 : 16;
    AvoRgbRun upper = {.r = {0}}, lower = {.r = {0}}; /* kernels take what lies behind a row, too */
    for (int y = 0; y < picture->height; y += 2) {
        bool has_lower = y + 1 < picture->height;
        const uint8_t *src = picture->plane[0] + y * picture->stride[0];
        const uint8_t *below = has_lower ? src + picture->stride[0] : src;
        pixel *luma = planes[0].data + y * planes[0].stride;
        for (int x = 0; x < picture->width; x += AVO_RGB_RUN) {
            int n = avo_min(AVO_RGB_RUN, picture->width - x);
            unpack_run(&upper, dsp, src + x * bytes, picture->format, n);
            dsp->rgb_luma(luma + x, &upper, m, black, n);
            unpack_run(&lower, dsp, below + x * bytes, picture->format, n);
            if (has_lower)
                dsp->rgb_luma(luma + planes[0].stride + x, &lower, m, black, n);
            if (chroma)
                dsp->rgb_chroma(planes[1].data + y / 2 * planes[1].stride + x / 2,
                                planes[2].data + y / 2 * planes[2].stride + x / 2, &upper, &lower,
                                m, (n + 1) / 2);
        }
    }
}

static void convert_samples(const AvoPlane planes[3], const AvocetPicture *picture,
                            const AvocetEncoderConfig *config, const AvoDsp *dsp, bool chroma)
{
    switch (picture->format) {
    case AVOCET_FORMAT_I420:
    case AVOCET_FORMAT_NV12:
    case AVOCET_FORMAT_NV21:
    case AVOCET_FORMAT_GRAY8:
        convert_planar(planes, picture, dsp, chroma);
        break;
    case AVOCET_FORMAT_YUYV:
    case AVOCET_FORMAT_UYVY:
        convert_packed_422(planes, picture, dsp, chroma);
        break;
    default:
        convert_rgb(planes, picture, config, dsp, chroma);
        break;
    }
}

void avo_convert_picture(const AvoPlane planes[3], const AvocetPicture *picture,
                         const AvocetEncoderConfig *config, const AvoDsp *dsp, bool chroma)
{
    convert_samples(planes, picture, config, dsp, chroma);
    extend_plane(&planes[0], picture->width, picture->height);
    for (int c = 1; c < 3 && chroma; c++)
        extend_plane(&planes[c], (picture->width + 1) / 2, (picture->height + 1) / 2);
}

static int plane_step(AvocetFormat format, int plane)
{
    return plane && (format == AVOCET_FORMAT_I420 || format == AVOCET_FORMAT_NV12 ||
                     format == AVOCET_FORMAT_NV21)
               ? 2
               : 1;
}

AvocetPicture avo_convert_band(const AvocetPicture *picture, int y, int rows)
{
    AvocetPicture band = *picture;
    band.height = avo_min(rows, picture->height - y);
    for (int i = 0; i < 3; i++)
        if (band.plane[i])
            band.plane[i] += y / plane_step(picture->format, i) * picture->stride[i];
    return band;
}

/* ---- checks ---- */

/* Bytes that one row of the given plane must have; 0: the format has no such plane. */
static int row_bytes(AvocetFormat format, int plane, int width)
{
    int cw = (width + 1) / 2;
    switch (format) {
    case AVOCET_FORMAT_I420:
        return plane == 0 ? width : cw;
    case AVOCET_FORMAT_NV12:
    case AVOCET_FORMAT_NV21:
        return plane == 0 ? width : plane == 1 ? 2 * cw : 0;
    case AVOCET_FORMAT_GRAY8:
        return plane == 0 ? width : 0;
    case AVOCET_FORMAT_YUYV:
    case AVOCET_FORMAT_UYVY:
        return plane == 0 ? 4 * cw : 0;
    default:
        return plane == 0 ? rgb_bytes(format) * width : 0;
    }
}

int avo_convert_check(const AvocetPicture *picture, const AvocetEncoderConfig *config,
                      AvoMessage *msg)
{
    if ((unsigned)picture->format >= AVOCET_FORMAT_COUNT)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "there is no picture format %d", picture->format);
    if (picture->width != config->width || picture->height != config->height)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT,
                        "picture is %dx%d, the encoder was opened for %dx%d", picture->width,
                        picture->height, config->width, config->height);
    for (int i = 0; i < 3; i++) {
        int bytes = row_bytes(picture->format, i, picture->width);
        if (bytes && !picture->plane[i])
            return avo_fail(msg, AVOCET_ERR_ARGUMENT, "picture plane %d is NULL", i);
        ptrdiff_t stride = picture->stride[i];
        if (bytes && (stride < 0 ? -stride : stride) < bytes)
            return avo_fail(msg, AVOCET_ERR_ARGUMENT,
                            "stride of picture plane %d is less than its %d bytes per row", i,
                            bytes);
    }
    return AVOCET_OK;
}
