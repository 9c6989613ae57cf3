/* avocet decode: H.264 byte stream -> .y4m, .yuv or PNG files.
 *
 * Whatever goes wrong on the way (damage in the stream, a full disk, Ctrl-C), what could be decoded
 * is written; a stream with damage ends with exit status 1. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "decode_session.h"
#include "file_io.h"
#include "interrupt.h"
#include "md5.h"
#include "picture_writer.h"
#include "progress.h"

typedef struct Options {
    const char *input, *output;
    int64_t frames; /* -1: all */
    SeekPoint seek;
    int64_t threads;
    int quiet, verbose, no_progress, help, md5;
} Options;

typedef struct Job {
    Options options;
    DecodeSession session;
    PictureWriter writer;
    Progress progress;
    Md5 md5;
    int64_t written;
} Job;

/* ---- command line ---- */

static void print_help(void)
{
    puts("usage: avocet decode [options] INPUT -o OUTPUT\n"
         "\n"
         "INPUT is an H.264 byte stream (.264, .h264), MP4, or - for standard input.\n"
         "OUTPUT is .y4m, .yuv (raw 4:2:0), shot%04d.png, - for y4m on standard output,\n"
         "or /dev/null.\n"
         "\n"
         "  -o, --output FILE   where to write\n"
         "      --md5           prints the MD5 of all planes; -o is not needed then\n"
         "      --frames N      at most N pictures\n"
         "      --seek N        leaves out the first N pictures, or the time 12.5s or\n"
         "                      1:02.5. In a file decoding starts at the last keyframe\n"
         "                      before\n"
         "      --threads N     pictures decoded at a time; 0: one per core [0]\n"
         "      --quiet         faults only\n"
         "      --verbose       a line per picture\n"
         "      --no-progress   no progress line (outside a terminal there is none)\n"
         "\n"
         "Missing or damaged parts of pictures are filled from other pictures.\n"
         "\n"
         "Exit status: 0 success, 1 failure or damage in the stream, 2 wrong usage.");
}

static int parse_count(const char *name, const char *of, const char *text, int64_t *value,
                       Fault *fault)
{
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (end == text || *end || v < 0 || errno)
        return fault_set(fault, "%s wants a number of %s, not \"%s\"", name, of, text);
    *value = v;
    return 0;
}

/* The option's value; 0 or -1. */
static int parse_value(Options *o, const char *name, const char *value, Fault *fault)
{
    if (!strcmp(name, "--seek"))
        return seek_point_parse(&o->seek, value, fault);
    if (!strcmp(name, "--frames"))
        return parse_count(name, "pictures", value, &o->frames, fault);
    if (!strcmp(name, "--threads"))
        return parse_count(name, "threads", value, &o->threads, fault);
    o->output = value;
    return 0;
}

/* One word; *next is the one behind it (NULL: none), set to NULL when it was used up. */
static int parse_word(Options *o, const char *word, const char **next, Fault *fault)
{
    static const struct {
        const char *name;
        size_t member;
    } flags[] = {
        {"--quiet", offsetof(Options, quiet)}, {"--verbose", offsetof(Options, verbose)},
        {"-v", offsetof(Options, verbose)},    {"--no-progress", offsetof(Options, no_progress)},
        {"--help", offsetof(Options, help)},   {"-h", offsetof(Options, help)},
        {"--md5", offsetof(Options, md5)},
    };
    static const char *const with_value[] = {"-o", "--output", "--frames", "--seek", "--threads"};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (!strcmp(word, flags[i].name)) {
            *(int *)((char *)o + flags[i].member) = 1;
            return 0;
        }
    for (size_t i = 0; i < sizeof with_value / sizeof with_value[0]; i++)
        if (!strcmp(word, with_value[i])) {
            const char *value = *next;
            *next = NULL;
            return value ? parse_value(o, word, value, fault)
                         : fault_set(fault, "%s wants a value", word);
        }
    if (word[0] == '-' && word[1])
        return fault_set(fault, "no option %s (see avocet decode --help)", word);
    if (o->input)
        return fault_set(fault, "two inputs: %s and %s", o->input, word);
    o->input = word;
    return 0;
}

static int parse(Options *o, int argc, char **argv, Fault *fault)
{
    o->frames = -1;
    for (int i = 0; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL, *before = next;
        if (parse_word(o, argv[i], &next, fault) < 0)
            return -1;
        i += before != next;
    }
    if (o->help)
        return 0;
    if (!o->input)
        return fault_set(fault, "no input (see avocet decode --help)");
    if (!o->output && o->md5)
        o->output = "/dev/null";
    if (!o->output)
        return fault_set(fault, "no output: -o FILE (see avocet decode --help)");
    return picture_writer_check_name(o->output, fault);
}

/* ---- decoding ---- */

static void print_picture(const Job *job, const AvocetDecodedPicture *p)
{
    static const char *const names[] = {"?", "IDR", "I", "P", "Bref", "B"};
    fprintf(stderr, "%6" PRId64 "  coded %6" PRId64 "  %-4s poc %6d  %d slices", job->written,
            p->coding_number - 1, names[p->picture.type], p->poc, p->slices);
    if (p->lost_frames)
        fprintf(stderr, "  %d reference pictures lost before", p->lost_frames);
    if (p->damaged_mbs)
        fprintf(stderr, "  %d macroblocks made up", p->damaged_mbs);
    fputs(p->missing_refs ? "  references missing\n" : "\n", stderr);
}

/* Grey pictures count with neutral chroma, as in published sums and in .yuv files. */
static void add_md5(Job *job, const AvocetPicture *p)
{
    static uint8_t neutral[8192];
    memset(neutral, 128, sizeof neutral);
    for (int c = 0; c < 3; c++) {
        size_t width = (size_t)(c ? (p->width + 1) / 2 : p->width);
        int height = c ? (p->height + 1) / 2 : p->height;
        for (int y = 0; y < height; y++)
            md5_add(&job->md5, p->plane[c] ? p->plane[c] + y * p->stride[c] : neutral, width);
    }
}

static int print_md5(Job *job, Fault *fault)
{
    char hex[33];
    md5_end(&job->md5, hex);
    if (printf("%s\n", hex) < 0 || fflush(stdout) != 0)
        return fault_set(fault, "cannot write standard output");
    return 0;
}

static int take_picture(DecodeSession *s, const AvocetDecodedPicture *p, Fault *fault)
{
    Job *job = s->user;
    AvocetStreamInfo info;
    avocet_decoder_info(s->decoder, &info);
    if (job->options.verbose && !job->options.quiet)
        print_picture(job, p);
    if (picture_writer_add(&job->writer, &p->picture, &info, fault) < 0)
        return -1;
    if (job->options.md5)
        add_md5(job, &p->picture);
    job->written++;
    progress_update(&job->progress, job->written, (int64_t)s->input.given);
    return 0;
}

static void print_summary(const Job *job, double seconds)
{
    const DecodeSession *s = &job->session;
    fprintf(stderr, "decoded %" PRId64 " pictures", job->written);
    if (job->writer.width)
        fprintf(stderr, " %dx%d", job->writer.width, job->writer.height);
    fprintf(stderr, " in %.2f s (%.1f fps)", seconds,
            seconds > 0 ? (double)s->decoded / seconds : 0.0);
    if (s->damaged || s->errors)
        fprintf(stderr, "; %" PRId64 " pictures damaged, %" PRId64 " faults", s->damaged,
                s->errors);
    if (s->made_up)
        fprintf(stderr, "; %" PRId64 " macroblocks made up", s->made_up);
    if (s->lost_frames)
        fprintf(stderr, "; %" PRId64 " reference pictures lost", s->lost_frames);
    if (s->rootless)
        fprintf(stderr, "; %" PRId64 " pictures lack references", s->rootless);
    fputc('\n', stderr);
}

/* 0 or -1 with the fault written. */
static int run(Job *job, Fault *fault)
{
    Options *o = &job->options;
    DecodeSession *s = &job->session;
    s->take = take_picture;
    s->user = job;
    s->interrupted = interrupt_watch();
    s->most = o->frames;
    s->seek = o->seek;
    s->threads = (int)o->threads;
    if (decode_session_open(s, o->input, fault) < 0 ||
        file_io_check_output(o->input, o->output, fault) < 0 ||
        picture_writer_open(&job->writer, o->output, fault) < 0)
        return -1;
    progress_start(&job->progress, !o->quiet && !o->no_progress && !o->verbose, -1, 25);
    double start = progress_clock();
    Fault verdict;
    md5_init(&job->md5);
    int status = decode_session_run(s, fault);
    progress_clear(&job->progress);
    if (!o->quiet)
        print_summary(job, progress_clock() - start);
    if (o->md5 && job->written > 0 && print_md5(job, fault) < 0)
        return -1;
    if (status == 0 && *s->interrupted)
        status = fault_set(fault, "interrupted after %" PRId64 " pictures", job->written);
    else if (status == 0 && decode_session_verdict(s, &verdict) < 0)
        status = fault_set(fault, "%s; what could be decoded is written", verdict.text);
    return status;
}

int cmd_decode(int argc, char **argv)
{
    static Job job;
    Fault fault;
    if (parse(&job.options, argc, argv, &fault) < 0) {
        fprintf(stderr, "avocet: %s\n", fault.text);
        return EXIT_USAGE;
    }
    if (job.options.help) {
        print_help();
        return EXIT_DONE;
    }
    int status = run(&job, &fault);
    Fault last;
    if (picture_writer_close(&job.writer, &last) < 0 && status == 0) {
        fault = last;
        status = -1;
    }
    decode_session_close(&job.session);
    if (status < 0)
        fprintf(stderr, "avocet: %s\n", fault.text);
    return status < 0 ? EXIT_FAILED : EXIT_DONE;
}
