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
#include <sys/stat.h>
#include "commands.h"
#include "decode_session.h"
#include "picture_writer.h"
#include "progress.h"

typedef struct Options {
    const char *input, *output;
    int64_t frames, seek; /* frames -1: all */
    int quiet, verbose, no_progress, help;
} Options;

typedef struct Job {
    Options options;
    DecodeSession session;
    PictureWriter writer;
    Progress progress;
    int64_t written;
} Job;

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    interrupted = 1;
    signal(number, SIG_DFL);
}

static void watch_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN; /* a reader that went away is a write error with a message */
    sigaction(SIGPIPE, &action, NULL);
}

/* ---- command line ---- */

static void print_help(void)
{
    puts("usage: avocet decode [options] INPUT -o OUTPUT\n"
         "\n"
         "INPUT is an H.264 byte stream (.264, .h264), or - for standard input. OUTPUT is .y4m,\n"
         ".yuv (raw planes), shot%04d.png, or - for y4m on standard output.\n"
         "\n"
         "  -o, --output FILE   where to write\n"
         "      --frames N      at most N pictures; --seek N leaves out the first N\n"
         "      --quiet         faults only\n"
         "      --verbose       a line per picture\n"
         "      --no-progress   no progress line (there is none outside a terminal anyway)\n"
         "\n"
         "Missing or damaged parts of pictures are filled from other pictures. Exit status: 0\n"
         "success, 1 failure or damage in the stream, 2 wrong usage.");
}

static int parse_count(const char *name, const char *text, int64_t *value, Fault *fault)
{
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (end == text || *end || v < 0 || errno)
        return fault_set(fault, "%s wants a number of pictures, not \"%s\"", name, text);
    *value = v;
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
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (!strcmp(word, flags[i].name)) {
            *(int *)((char *)o + flags[i].member) = 1;
            return 0;
        }
    int is_output = !strcmp(word, "-o") || !strcmp(word, "--output");
    int is_frames = !strcmp(word, "--frames"), is_seek = !strcmp(word, "--seek");
    if (is_output || is_frames || is_seek) {
        const char *value = *next;
        *next = NULL;
        if (!value)
            return fault_set(fault, "%s wants a value", word);
        if (is_output)
            o->output = value;
        return is_output ? 0 : parse_count(word, value, is_seek ? &o->seek : &o->frames, fault);
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
    if (p->damaged_mbs)
        fprintf(stderr, "  %d macroblocks damaged", p->damaged_mbs);
    fputs(p->missing_refs ? "  references missing\n" : "\n", stderr);
}

static int take_picture(DecodeSession *s, const AvocetDecodedPicture *p, Fault *fault)
{
    Job *job = s->user;
    AvocetStreamInfo info;
    if (s->pictures <= job->options.seek)
        return 0;
    avocet_decoder_info(s->decoder, &info);
    if (job->options.verbose && !job->options.quiet)
        print_picture(job, p);
    if (picture_writer_add(&job->writer, &p->picture, &info, fault) < 0)
        return -1;
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
            seconds > 0 ? (double)s->pictures / seconds : 0.0);
    if (s->damaged || s->errors)
        fprintf(stderr, "; %" PRId64 " pictures damaged, %" PRId64 " faults", s->damaged,
                s->errors);
    fputc('\n', stderr);
}

/* Writing over the input would destroy it before it is read. */
static int check_not_input(const Options *o, Fault *fault)
{
    struct stat in, out;
    if (stat(o->input, &in) == 0 && stat(o->output, &out) == 0 && S_ISREG(out.st_mode) &&
        in.st_dev == out.st_dev && in.st_ino == out.st_ino)
        return fault_set(fault, "%s is the input; choose another output", o->output);
    return 0;
}

/* 0 or -1 with the fault written. */
static int run(Job *job, Fault *fault)
{
    Options *o = &job->options;
    DecodeSession *s = &job->session;
    s->take = take_picture;
    s->user = job;
    s->interrupted = &interrupted;
    s->most = o->frames < 0 ? -1 : o->frames + o->seek;
    if (decode_session_open(s, o->input, fault) < 0 || check_not_input(o, fault) < 0 ||
        picture_writer_open(&job->writer, o->output, fault) < 0)
        return -1;
    progress_start(&job->progress, !o->quiet && !o->no_progress && !o->verbose, -1, 25);
    double start = progress_clock();
    int status = decode_session_run(s, fault);
    progress_clear(&job->progress);
    if (!o->quiet)
        print_summary(job, progress_clock() - start);
    if (status == 0 && interrupted)
        status = fault_set(fault, "interrupted after %" PRId64 " pictures", job->written);
    else if (status == 0 && job->written == 0 && o->frames != 0)
        status = fault_set(fault, "%s: --seek goes beyond its end", o->input);
    else if (status == 0 && (s->errors || s->damaged))
        status = fault_set(fault, "%s is damaged; what could be decoded is written", s->input.name);
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
    watch_signals();
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
