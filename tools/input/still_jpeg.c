/* JPEG through libjpeg. See still.h. */
#include "input/still.h"

#ifdef AVOCET_HAVE_JPEG
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>

int still_has_jpeg(void)
{
    return 1;
}

/* libjpeg reports errors by a callback that must not return. */
typedef struct Escape {
    struct jpeg_error_mgr manager;
    jmp_buf back;
    char text[JMSG_LENGTH_MAX];
} Escape;

static void escape(j_common_ptr jpeg)
{
    Escape *e = (Escape *)jpeg->err;
    e->manager.format_message(jpeg, e->text);
    longjmp(e->back, 1);
}

static void keep_quiet(j_common_ptr jpeg)
{
    (void)jpeg;
}

/* What must survive a longjmp lives here, not in registers. */
typedef struct Job {
    struct jpeg_decompress_struct jpeg;
    Escape error;
    FILE *file;
    uint8_t *rgb;
} Job;

/* 0, or what went wrong: -1 as libjpeg says, -2 no memory, -3 pictures came out but damaged. */
static int decode(Job *job)
{
    struct jpeg_decompress_struct *jpeg = &job->jpeg;
    jpeg->err = jpeg_std_error(&job->error.manager);
    job->error.manager.error_exit = escape;
    job->error.manager.output_message = keep_quiet;
    if (setjmp(job->error.back))
        return -1;
    jpeg_create_decompress(jpeg);
    jpeg_stdio_src(jpeg, job->file);
    jpeg_read_header(jpeg, TRUE);
    jpeg->out_color_space = JCS_RGB;
    jpeg_start_decompress(jpeg);
    size_t stride = (size_t)jpeg->output_width * 3;
    job->rgb = malloc(stride * jpeg->output_height);
    if (!job->rgb)
        return -2;
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = job->rgb + stride * jpeg->output_scanline;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
    return jpeg->err->num_warnings ? -3 : 0;
}

int still_load_jpeg(const char *path, Still *still, Fault *fault)
{
    Job *job = calloc(1, sizeof *job);
    if (!job)
        return fault_set(fault, "%s: not enough memory", path);
    job->file = fopen(path, "rb");
    int status = job->file ? decode(job) : -1;
    if (status == -1)
        fault_set(fault, "%s: %s", path, job->file ? job->error.text : "cannot be opened");
    if (status == -2)
        fault_set(fault, "%s: not enough memory", path);
    if (status == -3)
        fault_set(fault, "%s is damaged or cut short", path);
    if (status == 0)
        *still = (Still){(int)job->jpeg.output_width, (int)job->jpeg.output_height, job->rgb};
    jpeg_destroy_decompress(&job->jpeg);
    if (job->file)
        fclose(job->file);
    if (status)
        free(job->rgb);
    free(job);
    return status ? -1 : 0;
}
#else
int still_has_jpeg(void)
{
    return 0;
}

int still_load_jpeg(const char *path, Still *still, Fault *fault)
{
    (void)still;
    return fault_set(
        fault,
        "%s: this build cannot read JPEG (it needs libjpeg; Debian: libjpeg-dev); convert to PPM",
        path);
}
#endif
