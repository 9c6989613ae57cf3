/* avocet inspect: a stream's decisions as pictures, curves and tables. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "coded_writer.h"
#include "commands.h"
#include "decode_session.h"
#include "file_io.h"
#include "input/input.h"
#include "mb_table.h"
#include "overlay.h"
#include "picture_writer.h"
#include "plots.h"
#include "still_writer.h"

typedef struct Options {
    const char *input, *output, *overlay, *plots, *csv, *json, *source, *scale, *frames, *seek;
    int help;
} Options;

typedef struct Job {
    Options options;
    unsigned overlays;
    int64_t frames; /* -1: all */
    int scale;      /* 0: by the size of the pictures */
    DecodeSession session;
    Canvas canvas;
    uint8_t *i420; /* the canvas for the picture writer */
    PictureWriter writer;
    CodedWriter coded;
    int is_still, is_coded, writes;
    int64_t stills;
    MbTable csv, json;
    Input *source;
    PlotPoint *points;
    FrameStat *stats;
    int64_t count, capacity;
} Job;

/* ---- command line ---- */

static void print_help(void)
{
    puts("usage: avocet inspect [options] INPUT\n"
         "\n"
         "Shows what the encoder of INPUT (.264, .h264, .mp4, or - for standard input)\n"
         "decided.\n"
         "\n"
         "  -o, --output FILE   pictures with overlays: .mp4 or another coded video, .y4m,\n"
         "                      .yuv, shot%04d.png, or - (y4m)\n"
         "      --overlay LIST  what is drawn, several separated by commas [mb,mv]:");
    for (int i = 0; i < OVERLAY_COUNT; i++)
        printf("      %-11s %s\n", overlay_name(i), overlay_help(i));
    puts("      --scale N       N x N pixels a sample, 1 to 8 [2 up to 640 wide, else 1]\n"
         "      --plots FILE    curves as SVG: bits, QP, types (and PSNR with --source)\n"
         "      --source FILE   what was encoded: .y4m, stills, testsrc\n"
         "      --csv FILE      a row per macroblock\n"
         "      --json FILE     an object per macroblock\n"
         "      --frames N      at most N pictures\n"
         "      --seek N        leaves out the first N pictures, or the time 12.5s or\n"
         "                      1:02.5\n"
         "\n"
         "Exit status: 0 success, 1 failure or damage in the stream, 2 wrong usage.");
}

static int parse_number(const char *name, const char *text, int64_t low, int64_t high,
                        int64_t *value, Fault *fault)
{
    char *end;
    if (!text)
        return 0;
    long long v = strtoll(text, &end, 10);
    if (end == text || *end || v < low || v > high)
        return fault_set(fault, "%s wants a number from %lld to %lld, not \"%s\"", name,
                         (long long)low, (long long)high, text);
    *value = v;
    return 0;
}

/* Where the value of an option goes; NULL: no option of that name. */
static const char **option_place(Options *o, const char *word)
{
    const struct {
        const char *name;
        const char **place;
    } table[] = {
        {"-o", &o->output},       {"--output", &o->output}, {"--overlay", &o->overlay},
        {"--plots", &o->plots},   {"--csv", &o->csv},       {"--json", &o->json},
        {"--source", &o->source}, {"--scale", &o->scale},   {"--frames", &o->frames},
        {"--seek", &o->seek},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (!strcmp(word, table[i].name))
            return table[i].place;
    return NULL;
}

static int parse_words(Options *o, int argc, char **argv, Fault *fault)
{
    for (int i = 0; i < argc; i++) {
        const char **place = option_place(o, argv[i]);
        if (place && i + 1 == argc)
            return fault_set(fault, "%s wants a value", argv[i]);
        if (place)
            *place = argv[++i];
        else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            o->help = 1;
        else if (argv[i][0] == '-' && argv[i][1])
            return fault_set(fault, "no option %s (see avocet inspect --help)", argv[i]);
        else if (o->input)
            return fault_set(fault, "two inputs: %s and %s", o->input, argv[i]);
        else
            o->input = argv[i];
    }
    return 0;
}

static int parse(Job *job, int argc, char **argv, Fault *fault)
{
    Options *o = &job->options;
    int64_t scale = 0;
    if (parse_words(o, argc, argv, fault) < 0)
        return -1;
    if (o->help)
        return 0;
    if (!o->input)
        return fault_set(fault, "no input (see avocet inspect --help)");
    if (!o->output && !o->plots && !o->csv && !o->json)
        return fault_set(fault, "nothing to make: -o, --plots, --csv or --json FILE");
    job->frames = -1;
    if (parse_number("--scale", o->scale, 1, 8, &scale, fault) < 0 ||
        parse_number("--frames", o->frames, 0, INT32_MAX, &job->frames, fault) < 0 ||
        (o->seek && seek_point_parse(&job->session.seek, o->seek, fault) < 0))
        return -1;
    job->scale = (int)scale;
    if (overlay_parse(o->overlay ? o->overlay : "mb,mv", &job->overlays, fault) < 0)
        return -1;
    job->is_coded = o->output && coded_writer_wanted(o->output);
    return o->output && !job->is_coded ? picture_writer_check_name(o->output, fault) : 0;
}

/* ---- one picture ---- */

static int remember(Job *job, const AvocetDecodedPicture *p, const AvocetInspection *inside,
                    Fault *fault)
{
    if (job->count == job->capacity) {
        int64_t capacity = job->capacity ? 2 * job->capacity : 256;
        PlotPoint *points = realloc(job->points, (size_t)capacity * sizeof *points);
        job->points = points ? points : job->points;
        FrameStat *stats = realloc(job->stats, (size_t)capacity * sizeof *stats);
        job->stats = stats ? stats : job->stats;
        if (!points || !stats)
            return fault_set(fault, "not enough memory");
        job->capacity = capacity;
    }
    FrameStat stat = {p->picture.type, p->slice_bytes, overlay_mean_qp(inside)};
    job->stats[job->count] = stat;
    job->points[job->count++] = (PlotPoint){stat, -1};
    return 0;
}

static double luma_psnr(const AvocetPicture *a, const AvocetPicture *b)
{
    uint64_t sse = 0;
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++) {
            int d = a->plane[0][y * a->stride[0] + x] - b->plane[0][y * b->stride[0] + x];
            sse += (uint64_t)(d * d);
        }
    return sse ? 10 * log10(65025.0 * a->width * a->height / (double)sse) : 100;
}

static int open_source(Job *job, const AvocetPicture *p, Fault *fault)
{
    InputRequest request = {.name = job->options.source, .format = -1, .frames = -1};
    if (!strcmp(job->options.source, "testsrc")) { /* what happens in it depends on its length */
        request.width = p->width;
        request.height = p->height;
        request.frames = stream_input_pictures(&job->session.input);
        if (request.frames < 0 && job->frames >= 0)
            request.frames = job->frames + job->session.first;
    }
    job->source = input_open(&request, fault);
    if (!job->source)
        return -1;
    return job->session.first > 0 ? input_skip(job->source, job->session.first, fault) : 0;
}

static int compare(Job *job, const AvocetPicture *p, Fault *fault)
{
    AvocetPicture source;
    if (!job->options.source)
        return 0;
    if (!job->source && open_source(job, p, fault) < 0)
        return -1;
    int got = job->source->read(job->source, &source, fault);
    if (got < 0)
        return -1;
    if (got == 0)
        return fault_set(fault, "%s ends after %" PRId64 " pictures, before the stream",
                         job->options.source, job->count - 1);
    if ((source.format != AVOCET_FORMAT_I420 && source.format != AVOCET_FORMAT_GRAY8) ||
        source.width != p->width || source.height != p->height)
        return fault_set(fault, "%s: pictures must be 4:2:0 or grey of %dx%d", job->options.source,
                         p->width, p->height);
    job->points[job->count - 1].psnr = luma_psnr(p, &source);
    return 0;
}

/* The canvas to a video file. */
static int write_planes(Job *job, const AvocetStreamInfo *info, Fault *fault)
{
    const Canvas *c = &job->canvas;
    AvocetPicture picture;
    uint8_t *i420 = realloc(job->i420, avocet_format_size(AVOCET_FORMAT_I420, c->width, c->height));
    if (!i420)
        return fault_set(fault, "not enough memory");
    job->i420 = i420;
    canvas_store_i420(c, info, i420);
    avocet_picture_init(&picture, AVOCET_FORMAT_I420, c->width, c->height, i420);
    if (job->is_coded)
        return coded_writer_add(&job->coded, job->options.output, &picture, info, fault);
    return picture_writer_add(&job->writer, &picture, info, fault);
}

static int draw(Job *job, const AvocetDecodedPicture *p, const AvocetInspection *inside,
                Fault *fault)
{
    AvocetStreamInfo info;
    if (!job->writes)
        return 0;
    avocet_decoder_info(job->session.decoder, &info);
    int scale = job->scale ? job->scale : p->picture.width <= 640 ? 2 : 1;
    Shown shown = {&p->picture, inside, &info, job->stats, job->count, job->count - 1};
    if (overlay_render(&job->canvas, &shown, job->overlays, scale, fault) < 0)
        return -1;
    return job->is_still ? still_writer_add(job->options.output, ++job->stills, &job->canvas, fault)
                         : write_planes(job, &info, fault);
}

static int take_picture(DecodeSession *s, const AvocetDecodedPicture *p, Fault *fault)
{
    Job *job = s->user;
    AvocetInspection inside;
    if (avocet_decoder_inspect(s->decoder, &inside) != AVOCET_OK)
        return fault_set(fault, "the decoder keeps no inside of pictures");
    if (remember(job, p, &inside, fault) < 0 || compare(job, &p->picture, fault) < 0 ||
        draw(job, p, &inside, fault) < 0 || mb_table_add(&job->csv, p, &inside, fault) < 0)
        return -1;
    return mb_table_add(&job->json, p, &inside, fault);
}

/* ---- the whole ---- */

static int open_outputs(Job *job, Fault *fault)
{
    const Options *o = &job->options;
    const char *const names[] = {o->output, o->plots, o->csv, o->json};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i] && file_io_check_output(o->input, names[i], fault) < 0)
            return -1;
    job->writes = o->output != NULL;
    job->is_still = o->output && still_writer_wanted(o->output);
    if (o->output && !job->is_still && !job->is_coded &&
        picture_writer_open(&job->writer, o->output, fault) < 0)
        return -1;
    if (mb_table_open(&job->csv, o->csv, 0, fault) < 0)
        return -1;
    return mb_table_open(&job->json, o->json, 1, fault);
}

static int run(Job *job, Fault *fault)
{
    DecodeSession *s = &job->session;
    s->take = take_picture;
    s->user = job;
    s->inspect = 1;
    s->most = job->frames;
    if (decode_session_open(s, job->options.input, fault) < 0 || open_outputs(job, fault) < 0 ||
        decode_session_run(s, fault) < 0)
        return -1;
    if (job->count == 0)
        return fault_set(fault, "%s: --seek or --frames leaves no picture", s->input.name);
    if (job->options.plots &&
        plots_write(job->options.plots, s->input.name, job->points, job->count, fault) < 0)
        return -1;
    return decode_session_verdict(s, fault);
}

/* Closes what can still fail; the first fault is kept. */
static int close_outputs(Job *job, int status, Fault *fault)
{
    Fault last;
    if (picture_writer_close(&job->writer, &last) < 0 && status == 0) {
        *fault = last;
        status = -1;
    }
    if (coded_writer_close(&job->coded, &last) < 0 && status == 0) {
        *fault = last;
        status = -1;
    }
    for (int i = 0; i < 2; i++)
        if (mb_table_close(i ? &job->json : &job->csv, &last) < 0 && status == 0) {
            *fault = last;
            status = -1;
        }
    return status;
}

int cmd_inspect(int argc, char **argv)
{
    static Job job;
    Fault fault;
    if (parse(&job, argc, argv, &fault) < 0) {
        fprintf(stderr, "avocet: %s\n", fault.text);
        return EXIT_USAGE;
    }
    if (job.options.help) {
        print_help();
        return EXIT_DONE;
    }
    int status = close_outputs(&job, run(&job, &fault), &fault);
    decode_session_close(&job.session);
    if (job.source)
        job.source->close(job.source);
    canvas_free(&job.canvas);
    free(job.i420);
    free(job.points);
    free(job.stats);
    if (status < 0)
        fprintf(stderr, "avocet: %s\n", fault.text);
    return status < 0 ? EXIT_FAILED : EXIT_DONE;
}
