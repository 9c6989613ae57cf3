/* See picture_writer.h. */
#include "picture_writer.h"
#include "still_writer.h"
#include <errno.h>
#include <string.h>

static int has_extension(const char *name, const char *extension)
{
    size_t n = strlen(name), m = strlen(extension);
    return n > m && strcmp(name + n - m, extension) == 0;
}

/* Decoding alone, to measure or to check: nothing is copied. */
static int is_nowhere(const char *name)
{
    return !strcmp(name, "/dev/null");
}

int picture_writer_check_name(const char *name, Fault *fault)
{
    if (is_nowhere(name) || !strcmp(name, "-") || has_extension(name, ".y4m") ||
        has_extension(name, ".yuv"))
        return 0;
    if (still_writer_wanted(name))
        return still_writer_check_name(name, fault);
    return fault_set(fault,
                     "cannot write %s: .y4m, .yuv (raw planes), %%04d.png or - for standard output",
                     name);
}

int picture_writer_open(PictureWriter *w, const char *name, Fault *fault)
{
    memset(w, 0, sizeof *w);
    w->name = strcmp(name, "-") ? name : "standard output";
    w->is_nowhere = is_nowhere(name);
    if (w->is_nowhere || still_writer_wanted(name))
        return 0;
    w->is_y4m = !has_extension(name, ".yuv");
    w->file = strcmp(name, "-") ? fopen(name, "wb") : stdout;
    return w->file ? 0 : fault_set(fault, "cannot create %s: %s", name, strerror(errno));
}

static int fail_write(const PictureWriter *w, Fault *fault)
{
    return fault_set(fault, "cannot write %s: %s", w->name, strerror(errno));
}

static int write_header(PictureWriter *w, const AvocetStreamInfo *info, Fault *fault)
{
    AvocetRational fps = info->fps.den ? info->fps : (AvocetRational){25, 1};
    int has_sar = info->sar_width && info->sar_height;
    int n = fprintf(w->file, "YUV4MPEG2 W%d H%d F%d:%d Ip A%d:%d C%s XCOLORRANGE=%s\n", w->width,
                    w->height, fps.num, fps.den, has_sar ? info->sar_width : 0,
                    has_sar ? info->sar_height : 0,
                    w->format == AVOCET_FORMAT_GRAY8 ? "mono" : "420mpeg2",
                    info->full_range ? "FULL" : "LIMITED");
    return n < 0 ? fail_write(w, fault) : 0;
}

/* The chroma planes that a grey picture has not: neutral, as other decoders write raw planes. */
static int write_neutral(PictureWriter *w, const AvocetPicture *p, Fault *fault)
{
    size_t count = 2 * (size_t)((p->width + 1) / 2) * (size_t)((p->height + 1) / 2);
    for (size_t i = 0; i < count; i++)
        if (putc(128, w->file) == EOF)
            return fail_write(w, fault);
    return 0;
}

static int write_planes(PictureWriter *w, const AvocetPicture *p, Fault *fault)
{
    for (int c = 0; c < 3 && p->plane[c]; c++) {
        size_t width = (size_t)(c ? (p->width + 1) / 2 : p->width);
        int height = c ? (p->height + 1) / 2 : p->height;
        for (int y = 0; y < height; y++)
            if (fwrite(p->plane[c] + y * p->stride[c], 1, width, w->file) != width)
                return fail_write(w, fault);
    }
    return p->plane[1] || w->is_y4m ? 0 : write_neutral(w, p, fault);
}

int picture_writer_add(PictureWriter *w, const AvocetPicture *p, const AvocetStreamInfo *info,
                       Fault *fault)
{
    if (!w->file && !w->is_nowhere)
        return canvas_load(&w->canvas, p, info, 1, fault) < 0
                   ? -1
                   : still_writer_add(w->name, ++w->stills, &w->canvas, fault);
    if (!w->width) {
        w->width = p->width;
        w->height = p->height;
        w->format = p->format;
        if (w->is_y4m && write_header(w, info, fault) < 0)
            return -1;
    }
    if (p->width != w->width || p->height != w->height || p->format != w->format)
        return fault_set(fault, "the pictures change from %dx%d to %dx%d; %s holds one size",
                         w->width, w->height, p->width, p->height, w->name);
    if (w->is_nowhere)
        return 0;
    if (w->is_y4m && fputs("FRAME\n", w->file) < 0)
        return fail_write(w, fault);
    return write_planes(w, p, fault);
}

int picture_writer_close(PictureWriter *w, Fault *fault)
{
    canvas_free(&w->canvas);
    if (!w->file)
        return 0;
    int status = fflush(w->file) != 0 ? fail_write(w, fault) : 0;
    if (w->file != stdout && fclose(w->file) != 0 && status == 0)
        status = fail_write(w, fault);
    w->file = NULL;
    return status;
}
