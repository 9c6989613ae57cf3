/* avocet remux: the same pictures in another container. Also repairs MP4 files that were cut or
 * never finished. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <avocet/mux.h>
#include "commands.h"
#include "file_io.h"
#include "output/output.h"

typedef struct Options {
    const char *input, *output;
    OutputOptions output_options;
    AvocetRational fps;
    int quiet, help;
} Options;

typedef struct Remux {
    Options options;
    FileIo file;
    AvocetReader *reader;
    Output *output;
} Remux;

static void print_help(void)
{
    puts("usage: avocet remux [options] INPUT OUTPUT\n"
         "\n"
         "Copies H.264 video between containers without coding it anew. INPUT is .264\n"
         "(Annex B) or .mp4, also one that was cut off or left unfinished: everything\n"
         "whole in it is saved. OUTPUT is .264, .mp4 or (with libavformat) .mkv .mov .ts\n"
         ".flv.\n"
         "\n"
         "      --fragment SEC    .mp4 in fragments that survive a power cut\n"
         "      --no-faststart    .mp4 with its index behind the data\n"
         "      --hls FOLDER      HLS stream instead of a file, cut at the keyframes there\n"
         "                        are; --hls-segment SEC, --hls-window N\n"
         "      --fps N[/D]       rate of a .264 file that does not tell its own\n"
         "      --quiet           errors only\n"
         "\n"
         "Exit status: 0 success, 1 failure, 2 wrong usage.");
}

/* ---- command line ---- */

static int parse_fps(AvocetRational *fps, const char *text, Fault *fault)
{
    AvocetEncoderConfig config;
    char message[200];
    avocet_encoder_config_init(&config, NULL, NULL);
    if (avocet_encoder_config_set(&config, "fps", text, message, sizeof message) < 0)
        return fault_set(fault, "--%s", message);
    *fps = config.fps;
    return 0;
}

static int set_option(Options *o, const char *name, const char *value, Fault *fault)
{
    if (strcmp(name, "fps") == 0)
        return parse_fps(&o->fps, value, fault);
    if (strcmp(name, "output") == 0) {
        o->output = value;
        return 0;
    }
    return output_set_option(&o->output_options, name, value, fault);
}

/* One option, whose value may be the next word. Returns the words used or -1. */
static int parse_option(Options *o, const char *word, const char *next, Fault *fault)
{
    static const char *const flags[] = {"faststart", "no-faststart"};
    char name[32];
    const char *equals = strchr(word, '=');
    if (strcmp(word, "--quiet") == 0)
        return o->quiet = 1;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return o->help = 1;
    if (strcmp(word, "-o") == 0)
        word = "--output";
    if (strncmp(word, "--", 2) != 0 || strlen(word) >= sizeof name + 2)
        return fault_set(fault, "no option %s (see avocet remux --help)", word);
    snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - word - 2) : (int)sizeof name - 1,
             word + 2);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (strcmp(name, flags[i]) == 0)
            return set_option(o, name, NULL, fault) < 0 ? -1 : 1;
    const char *value = equals ? equals + 1 : next;
    if (!value)
        return fault_set(fault, "--%s needs a value", name);
    return set_option(o, name, value, fault) < 0 ? -1 : equals ? 1 : 2;
}

static int parse(Options *o, int argc, char **argv, Fault *fault)
{
    for (int i = 0; i < argc;) {
        int used = 1;
        if (argv[i][0] == '-' && argv[i][1])
            used = parse_option(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL, fault);
        else if (!o->input)
            o->input = argv[i];
        else if (!o->output)
            o->output = argv[i];
        else
            return fault_set(fault, "too many names: %s", argv[i]);
        if (used < 0)
            return -1;
        i += used;
    }
    if (o->help)
        return 0;
    if (o->output && o->output_options.hls)
        return fault_set(fault, "two outputs: %s and --hls %s", o->output, o->output_options.hls);
    if (!o->output)
        o->output = o->output_options.hls;
    if (!o->input || !o->output)
        return fault_set(fault, "INPUT and OUTPUT are needed (see avocet remux --help)");
    return output_check_name(o->output, &o->output_options, fault);
}

/* ---- work ---- */

static int open_input(Remux *m, Fault *fault)
{
    AvocetReaderConfig config;
    AvocetSource source;
    char message[256];
    avocet_reader_config_init(&config);
    config.fps = m->options.fps;
    if (file_io_open_read(&m->file, m->options.input, &source, fault) < 0)
        return -1;
    if (avocet_reader_open(&m->reader, &config, &source, NULL, message, sizeof message) < 0)
        return fault_set(fault, "%s: %s", m->options.input, message);
    return 0;
}

static int open_output(Remux *m, Fault *fault)
{
    const AvocetReaderInfo *info = avocet_reader_info(m->reader);
    OutputTrack track = {.headers = info->headers,
                         .headers_size = info->headers_size,
                         .time_base = info->time_base,
                         .fps = info->video.fps,
                         .frame_duration = info->frame_duration};
    if (file_io_check_output(m->options.input, m->options.output, fault) < 0)
        return -1;
    m->output = output_open(m->options.output, &m->options.output_options, &track, fault);
    return m->output ? 0 : -1;
}

static int copy_packets(Remux *m, Fault *fault)
{
    AvocetPacket packet;
    int status;
    for (int64_t i = 0; (status = avocet_reader_read(m->reader, i, &packet)) == AVOCET_OK; i++)
        if (m->output->write(m->output, &packet, fault) < 0)
            return -1;
    if (status < 0)
        return fault_set(fault, "%s: %s", m->options.input, avocet_reader_error(m->reader));
    return 0;
}

static void print_summary(const Remux *m)
{
    const AvocetReaderInfo *info = avocet_reader_info(m->reader);
    double seconds = (double)info->duration * info->time_base.num / info->time_base.den;
    fprintf(stderr, "%" PRId64 " pictures, %.3f s, %dx%d\n", info->packets, seconds,
            info->video.width, info->video.height);
    if (info->repaired)
        fprintf(stderr,
                "avocet: note: %s was unfinished or cut; %" PRIu64
                " bytes at its end belong to no whole picture\n",
                m->options.input, info->lost_bytes);
}

static int run(Remux *m, Fault *fault)
{
    if (open_input(m, fault) < 0 || open_output(m, fault) < 0)
        return -1;
    int status = copy_packets(m, fault);
    Fault second;
    if (m->output->close(m->output, &second) < 0 && status == 0) {
        *fault = second;
        status = -1;
    }
    if (status == 0 && !m->options.quiet)
        print_summary(m);
    return status;
}

int cmd_remux(int argc, char **argv)
{
    Remux m = {.file = {.fd = -1}};
    Fault fault, ignored;
    if (parse(&m.options, argc, argv, &fault) < 0) {
        fprintf(stderr, "avocet: %s\n", fault.text);
        return EXIT_USAGE;
    }
    if (m.options.help) {
        print_help();
        return EXIT_DONE;
    }
    int status = run(&m, &fault);
    avocet_reader_close(&m.reader);
    file_io_close(&m.file, &ignored);
    if (status < 0)
        fprintf(stderr, "avocet: %s\n", fault.text);
    return status < 0 ? EXIT_FAILED : EXIT_DONE;
}
