/* See cli_options.h. The encoder's options are not known here: name, form, choices, range, default
 * and help come from avocet_encoder_option(), so a new option of the library appears by itself. */
#include "cli_options.h"
#include "input/input.h"
#include "input/still.h"
#include "play_window.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const command_name[] = {
    [CLI_ENCODE] = "encode", [CLI_STREAM] = "stream", [CLI_RECORD] = "record"};

/* ---- options of the program itself ---- */

typedef enum Own {
    OWN_OUTPUT,
    OWN_OUTPUT_OPTION, /* of the writer: see output/output.h */
    OWN_STREAM_OPTION, /* the same, of "avocet stream" alone, like the next */
    OWN_LOOP,
    OWN_PRESET,
    OWN_TUNE,
    OWN_FRAMES,
    OWN_SEEK,
    OWN_RECON,
    OWN_JSON,
    OWN_STATS,
    OWN_QUIET,
    OWN_VERBOSE,
    OWN_NO_PROGRESS,
    OWN_HELP,
    OWN_VERSION
} Own;

static const struct {
    const char *name, *form, *help;
    Own id;
} own_options[] = {
    {"output", "<file>", "Output file: .264, .h264, .mp4, .mkv, ...; - is standard output.",
     OWN_OUTPUT},
    {"fragment", "<seconds>", "MP4: fragments of this length, each complete when written.",
     OWN_OUTPUT_OPTION},
    {"faststart", "", "MP4: index in front, for playing while loading [on].", OWN_OUTPUT_OPTION},
    {"no-faststart", "", "MP4: index behind the data.", OWN_OUTPUT_OPTION},
    {"hls", "<folder>", "Write an HLS stream (CMAF segments and playlists) instead of a file.",
     OWN_OUTPUT_OPTION},
    {"hls-segment", "<seconds>", "HLS: length of a segment [4].", OWN_OUTPUT_OPTION},
    {"hls-window", "<integer>", "HLS: live, with so many segments in the playlist [all].",
     OWN_OUTPUT_OPTION},
    {"listen", "<url>", "Serve by RTSP at rtsp://[HOST][:PORT]/PATH (--help of stream).",
     OWN_STREAM_OPTION},
    {"push", "<url>", "Send to an RTSP server: rtsp://[USER:PASSWORD@]HOST[:PORT]/PATH.",
     OWN_STREAM_OPTION},
    {"user", "<name:password>", "--listen: only for who knows this; may be repeated.",
     OWN_STREAM_OPTION},
    {"users", "<file>", "--listen: the same from a file, a line NAME:PASSWORD each.",
     OWN_STREAM_OPTION},
    {"max-clients", "<integer>", "--listen: most connections at a time [64].", OWN_STREAM_OPTION},
    {"no-udp", "", "--listen: within the connection only.", OWN_STREAM_OPTION},
    {"no-md5", "", "--listen: passwords by SHA-256 only.", OWN_STREAM_OPTION},
    {"udp", "", "--push: send by UDP.", OWN_STREAM_OPTION},
    {"loop", "", "Start again at the end of the input.", OWN_LOOP},
    {"preset", "<name>", "Speed against compression: ultrafast to placebo, or 0 to 9 [medium].",
     OWN_PRESET},
    {"tune", "<list>",
     "For a kind of source or use: psnr, film, zerolatency, ... (--help=presets).", OWN_TUNE},
    {"frames", "<integer>", "Encode at most this many pictures.", OWN_FRAMES},
    {"seek", "<integer>", "Leave out this many pictures at the start [0].", OWN_SEEK},
    {"recon", "<file>", "Write what a decoder will show, as .y4m in display order.", OWN_RECON},
    {"json", "<file>", "Write a summary; - is standard output.", OWN_JSON},
    {"stats", "<file>", "Statistics between passes [avocet.stats].", OWN_STATS},
    {"quiet", "", "Say nothing but errors.", OWN_QUIET},
    {"verbose", "", "A line per coded picture.", OWN_VERBOSE},
    {"no-progress", "", "No progress line (there is none outside a terminal anyway).",
     OWN_NO_PROGRESS},
    {"help", "[=all|presets|OPTION]", "This help, all options, what presets set, or one option.",
     OWN_HELP},
    {"version", "", "Version and what was built in.", OWN_VERSION},
};

static const struct {
    char letter;
    const char *name;
} short_options[] = {
    {'o', "output"},  {'h', "help"},       {'V', "version"}, {'v', "verbose"}, {'q', "qp"},
    {'B', "bitrate"}, {'b', "bframes"},    {'r', "ref"},     {'I', "keyint"},  {'i', "min-keyint"},
    {'f', "deblock"}, {'A', "partitions"}, {'m', "subme"},   {'t', "trellis"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int find_own(const char *name)
{
    for (size_t i = 0; i < COUNT(own_options); i++)
        if (strcmp(own_options[i].name, name) == 0)
            return (int)i;
    return -1;
}

static int is_of_stream(int own)
{
    return own_options[own].id == OWN_STREAM_OPTION || own_options[own].id == OWN_LOOP;
}

static const AvocetOption *find_table(const char *name)
{
    for (int i = 0; i < avocet_encoder_option_count(); i++)
        if (strcmp(avocet_encoder_option(i)->name, name) == 0)
            return avocet_encoder_option(i);
    return NULL;
}

/* The names that `name` lists by index, with `separator` between them. */
static void list_names(char *text, size_t size, const char *separator,
                       const char *(*name)(int index))
{
    size_t used = 0;
    text[0] = 0;
    for (int i = 0; name(i) && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? separator : "", name(i));
}

/* ---- wrong names ---- */

/* Letters to insert, delete or replace from a to b. */
static int distance(const char *a, const char *b)
{
    int row[64];
    int m = (int)strlen(b);
    if (m >= 64)
        return 64;
    for (int j = 0; j <= m; j++)
        row[j] = j;
    for (int i = 1; a[i - 1]; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int replace = diagonal + (a[i - 1] != b[j - 1]);
            int other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replace < other ? replace : other;
        }
    }
    return row[m];
}

static int fail_unknown(const char *name, Fault *fault)
{
    const char *best = NULL;
    int least = 3;
    for (size_t i = 0; i < COUNT(own_options) + (size_t)avocet_encoder_option_count(); i++) {
        const char *other = i < COUNT(own_options)
                                ? own_options[i].name
                                : avocet_encoder_option((int)(i - COUNT(own_options)))->name;
        int d = distance(name, other);
        if (d < least) {
            least = d;
            best = other;
        }
    }
    if (best)
        return fault_set(fault, "no option --%s; is --%s meant?", name, best);
    return fault_set(fault, "no option --%s (see avocet encode --help=all)", name);
}

/* ---- parsing ---- */

static int parse_count(const char *name, const char *text, int64_t *value, Fault *fault)
{
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno || end == text || *end || v < 0)
        return fault_set(fault, "--%s %s: must be a number of pictures", name, text);
    *value = v;
    return 0;
}

static int set_own(CliOptions *o, int index, const char *value, Fault *fault)
{
    if (is_of_stream(index) && o->command != CLI_STREAM)
        return fault_set(fault, "--%s is for avocet stream", own_options[index].name);
    switch (own_options[index].id) {
    case OWN_OUTPUT:
        o->output = value;
        return 0;
    case OWN_OUTPUT_OPTION:
    case OWN_STREAM_OPTION:
        return output_set_option(&o->output_options, own_options[index].name, value, fault);
    case OWN_PRESET:
    case OWN_TUNE: /* taken by set_presets beforehand */
        return 0;
    case OWN_FRAMES:
        return parse_count("frames", value, &o->frames, fault);
    case OWN_SEEK:
        return parse_count("seek", value, &o->seek, fault);
    case OWN_LOOP:
        o->loop = 1;
        return 0;
    case OWN_RECON:
        o->recon = value;
        return 0;
    case OWN_JSON:
        o->json = value;
        return 0;
    case OWN_STATS:
        o->stats = value;
        return 0;
    case OWN_QUIET:
        o->quiet = 1;
        return 0;
    case OWN_VERBOSE:
        o->verbose = 1;
        return 0;
    case OWN_NO_PROGRESS:
        o->no_progress = 1;
        return 0;
    case OWN_HELP:
        o->help = value ? value : "";
        return 0;
    case OWN_VERSION:
        o->version = 1;
        return 0;
    }
    return -1;
}

/* Which of the input's own properties the user overrides. */
static void note_given(CliOptions *o, const char *name)
{
    const struct {
        const char *name;
        int *flag;
    } given[] = {
        {"size", &o->has_size},         {"input-res", &o->has_size}, {"format", &o->has_format},
        {"input-csp", &o->has_format},  {"fps", &o->has_fps},        {"sar", &o->has_sar},
        {"range", &o->has_range},       {"color", &o->has_color},    {"colour", &o->has_color},
        {"colorprim", &o->has_color},   {"transfer", &o->has_color}, {"colormatrix", &o->has_color},
        {"timebase", &o->has_timebase}, {"keyint", &o->has_keyint},
    };
    for (size_t i = 0; i < COUNT(given); i++)
        if (strcmp(given[i].name, name) == 0)
            *given[i].flag = 1;
}

static int set_encoder(CliOptions *o, const char *name, const char *value, Fault *fault)
{
    char message[256];
    int status = avocet_encoder_config_set(&o->config, name, value, message, sizeof message);
    if (status == AVOCET_ERR_OPTION)
        return fail_unknown(name, fault);
    if (status < 0)
        return fault_set(fault, "--%s", message);
    note_given(o, name);
    return 0;
}

/* One word of the command line, taken apart. */
typedef struct Word {
    char name[64];
    const char *value; /* NULL: none */
    int own;           /* index or -1 */
    int used;          /* words of argv */
} Word;

static int accepts(const char *name, const char *value)
{
    AvocetEncoderConfig scratch;
    avocet_encoder_config_init(&scratch, NULL, NULL);
    return avocet_encoder_config_set(&scratch, name, value, NULL, 0) == AVOCET_OK;
}

/* Does the option take the next word (NULL: there is none) as its value? Flags never do, nor
 * "no-NAME"; those that may stand alone do if the word makes sense as their value. */
static int takes_value(const Word *word, const char *next)
{
    char reason[8];
    AvocetEncoderConfig scratch;
    if (word->own >= 0)
        return own_options[word->own].form[0] == '<';
    const AvocetOption *option = find_table(word->name);
    if (option && strcmp(option->form, "<flag>") == 0)
        return 0;
    avocet_encoder_config_init(&scratch, NULL, NULL);
    int alone = avocet_encoder_config_set(&scratch, word->name, NULL, reason, sizeof reason);
    if (alone == AVOCET_OK)
        return option && next && accepts(word->name, next);
    return alone == AVOCET_ERR_ARGUMENT; /* not for unknown names */
}

static int split_word(Word *word, int argc, char **argv, Fault *fault)
{
    const char *text = argv[0];
    word->value = NULL;
    word->used = 1;
    if (text[1] == '-') {
        const char *equals = strchr(text, '=');
        size_t n = equals ? (size_t)(equals - text - 2) : strlen(text + 2);
        if (n >= sizeof word->name)
            return fault_set(fault, "no option %s", text);
        memcpy(word->name, text + 2, n);
        word->name[n] = 0;
        word->value = equals ? equals + 1 : NULL;
    } else {
        size_t i = 0;
        while (i < COUNT(short_options) && short_options[i].letter != text[1])
            i++;
        if (i == COUNT(short_options))
            return fault_set(fault, "no option %s (see avocet encode --help)", text);
        strcpy(word->name, short_options[i].name);
        word->value = text[2] ? text + 2 : NULL;
    }
    word->own = find_own(word->name);
    if (word->own >= 0 && word->value && !own_options[word->own].form[0])
        return fault_set(fault, "--%s takes no value", word->name);
    if (!word->value && takes_value(word, argc > 1 ? argv[1] : NULL)) {
        if (argc < 2)
            return fault_set(fault, "--%s needs a value", word->name);
        word->value = argv[1];
        word->used = 2;
    }
    return 0;
}

static int is_option(const char *text)
{
    return text[0] == '-' && text[1];
}

static int fail_names(Fault *fault, const char *what, const char *given,
                      const char *(*name)(int index))
{
    char names[200];
    list_names(names, sizeof names, ", ", name);
    return fault_set(fault, "%s %s: must be one of %s", what, given, names);
}

/* Presets come first wherever they stand, so that every other option changes them. */
static int set_presets(CliOptions *o, int argc, char **argv, Fault *fault)
{
    for (int i = 0; i < argc;) {
        Word word;
        if (!is_option(argv[i])) {
            i++;
            continue;
        }
        if (split_word(&word, argc - i, argv + i, fault) < 0)
            return -1;
        i += word.used;
        if (word.own >= 0 && own_options[word.own].id == OWN_PRESET)
            o->preset = word.value;
        if (word.own >= 0 && own_options[word.own].id == OWN_TUNE)
            o->tune = word.value;
    }
    if (avocet_encoder_config_init(&o->config, o->preset, NULL) < 0)
        return fail_names(fault, "--preset", o->preset, avocet_encoder_preset_name);
    int status = avocet_encoder_config_init(&o->config, o->preset, o->tune);
    if (status == AVOCET_ERR_CONFLICT)
        return fault_set(fault,
                         "--tune %s: only fastdecode and zerolatency go together with another tune",
                         o->tune);
    if (status < 0)
        return fail_names(fault, "--tune", o->tune, avocet_encoder_tune_name);
    return 0;
}

static int check_rate_options(const char *names[3], Fault *fault)
{
    const char *first = NULL;
    for (int i = 0; i < 3; i++) {
        if (names[i] && first)
            return fault_set(fault, "--%s and --%s contradict each other: give one of them", first,
                             names[i]);
        if (names[i])
            first = names[i];
    }
    return 0;
}

static int set_all(CliOptions *o, int argc, char **argv, Fault *fault)
{
    static const char *const rates[3] = {"qp", "crf", "bitrate"};
    const char *rate_given[3] = {NULL, NULL, NULL};
    for (int i = 0; i < argc;) {
        Word word;
        if (!is_option(argv[i])) {
            if (o->input)
                return fault_set(fault, "two inputs: %s and %s", o->input, argv[i]);
            o->input = argv[i++];
            continue;
        }
        if (split_word(&word, argc - i, argv + i, fault) < 0)
            return -1;
        i += word.used;
        int status = word.own >= 0 ? set_own(o, word.own, word.value, fault)
                                   : set_encoder(o, word.name, word.value, fault);
        if (status < 0)
            return -1;
        for (int k = 0; k < 3; k++)
            if (strcmp(word.name, rates[k]) == 0)
                rate_given[k] = rates[k];
    }
    return check_rate_options(rate_given, fault);
}

/* Live: small delay for a stream, speed for both. */
static void set_live_defaults(CliOptions *o)
{
    if (o->command == CLI_ENCODE)
        return;
    o->preset = "veryfast";
    if (o->command == CLI_STREAM)
        o->tune = "zerolatency";
}

static int check_output(CliOptions *o, Fault *fault)
{
    const OutputOptions *out = &o->output_options;
    const char *at = out->push ? strrchr(out->push, '@') : NULL; /* passwords are not told */
    const char *const given[] = {o->output, out->hls, out->listen, at ? at + 1 : out->push};
    int count = 0;
    for (size_t i = 0; i < COUNT(given); i++)
        if (given[i]) {
            count++;
            o->output = given[i]; /* for messages */
        }
    if (count > 1)
        return fault_set(fault, "two outputs: choose one of -o, --hls, --listen and --push");
    if (count == 0 && o->command == CLI_STREAM)
        return fault_set(fault, "where to? --listen rtsp://:8554/live or --push rtsp://HOST/PATH");
    if (count == 0)
        return fault_set(fault, "no output given: -o FILE (see avocet %s --help)",
                         command_name[o->command]);
    return 0;
}

int cli_parse(CliOptions *o, CliCommand command, int argc, char **argv, Fault *fault)
{
    memset(o, 0, sizeof *o);
    o->command = command;
    o->frames = -1;
    set_live_defaults(o);
    if (set_presets(o, argc, argv, fault) < 0 || set_all(o, argc, argv, fault) < 0)
        return -1;
    if (o->help || o->version)
        return 0;
    if (!o->input)
        return fault_set(fault, "no input given (see avocet %s --help)", command_name[command]);
    if (check_output(o, fault) < 0)
        return -1;
    if (o->json && strcmp(o->json, "-") == 0 && strcmp(o->output, "-") == 0)
        return fault_set(fault, "output and --json cannot both go to standard output");
    if (o->stats && !o->config.pass)
        return fault_set(fault, "--stats needs --pass 1, 2 or 3");
    if (!o->stats)
        o->stats = "avocet.stats";
    if (command == CLI_STREAM && strcmp(o->input, "testsrc") == 0)
        o->loop = 1; /* like a camera it goes on until it is stopped, or --frames */
    return 0;
}

/* ---- help ---- */

void cli_print_usage(void)
{
    puts("usage: avocet COMMAND ...\n"
         "\n"
         "  encode    encode video to H.264\n"
         "  decode    decode H.264 to pictures\n"
         "  info      tell what an H.264 stream holds\n"
         "  remux     copy H.264 between containers, repair MP4\n"
         "  inspect   show what the encoder of a stream decided\n"
         "  play      play H.264 in a window\n"
         "  stream    encode in real time and send by RTSP\n"
         "  record    encode what a camera sees\n"
         "\n"
         "avocet COMMAND --help tells more; avocet --version says what was built in.");
}

/* Names beside the name of their option, in lines of 80 characters. */
static void print_names(const char *head, const char *(*name_at)(int))
{
    enum { LEFT = 24, WIDE = 80 };
    size_t column = LEFT;
    printf("%-*s", LEFT, head);
    for (int i = 0; name_at(i); i++) {
        const char *name = name_at(i);
        if (column > LEFT && column + 1 + strlen(name) > WIDE) {
            printf("\n%*s", LEFT, "");
            column = LEFT;
        }
        column += (size_t)printf(column > LEFT ? " %s" : "%s", name);
    }
    putchar('\n');
}

static void print_short_help(void)
{
    puts("usage: avocet encode [options] INPUT -o OUTPUT.264\n"
         "\n"
         "INPUT is a .y4m file, raw frames (with --size, --fps, --format), stills\n"
         "(img%03d.png, 'shots/*.jpg'), testsrc (a generated scene), any other video file\n"
         "(where built with libavformat), or - for standard input. OUTPUT is .264, .h264,\n"
         ".mp4 or (with libavformat) .mkv .mov .ts .flv; - is standard output.\n"
         "\n"
         "  -o, --output FILE     where to write\n"
         "      --fragment SEC    .mp4 in fragments that survive a power cut\n"
         "      --hls FOLDER      HLS stream instead of a file");
    print_names("      --preset NAME", avocet_encoder_preset_name);
    print_names("      --tune NAME", avocet_encoder_tune_name);
    puts("      --crf N           constant quality, 0 to 63, lower is better [23]\n"
         "  -q, --qp N            constant quantiser, 0 to 51\n"
         "  -B, --bitrate RATE    average bit rate: 800k, 2M\n"
         "      --pass N          1: measure, 2: encode to the bit rate\n"
         "                        (--stats FILE between them)\n"
         "      --profile NAME    baseline, main, high [auto]\n"
         "      --level LEVEL     1 to 6.2 [auto]\n"
         "  -I, --keyint N        most pictures between keyframes [250]\n"
         "  -b, --bframes N       most B pictures in a row\n"
         "      --size WxH        of raw frames and testsrc\n"
         "      --fps N[/D]       pictures per second\n"
         "      --format F        of raw frames: i420 nv12 nv21 yuyv uyvy gray8 rgb24\n"
         "                        bgr24 rgba bgra rgb565le ...\n"
         "      --frames N        at most N pictures; --seek N leaves out the first N\n"
         "      --recon FILE.y4m  what a decoder will show\n"
         "      --psnr, --ssim    measure quality\n"
         "      --json FILE       summary for programs\n"
         "      --quiet           errors only\n"
         "\n"
         "Exit status: 0 success, 1 failure, 2 wrong usage.\n"
         "More: --help=all (every option), --help=presets (what presets and tunes set),\n"
         "--help=OPTION.");
}

static void print_stream_help(void)
{
    puts("usage: avocet stream [options] INPUT --listen rtsp://[HOST][:PORT]/PATH\n"
         "       avocet stream [options] INPUT --push rtsp://[USER:PASS@]HOST[:PORT]/PATH\n"
         "\n"
         "Encodes in real time and sends by RTSP. INPUT is a camera (/dev/video0),\n"
         "testsrc, - for standard input, or a file as for avocet encode. Stops at the end\n"
         "of the input or on Ctrl-C.\n"
         "\n"
         "      --listen URL      serve: any number of players may come and go; without\n"
         "                        HOST at every address (IPv4 and IPv6), PORT is 8554 if\n"
         "                        not given\n"
         "      --user NAME:PASSWORD, --users FILE\n"
         "                        players must know one of these (Digest authentication)\n"
         "      --max-clients N   most connections at a time [64]\n"
         "      --no-udp          within the connection only\n"
         "      --no-md5          passwords by SHA-256 only\n"
         "      --push URL        send to a server that takes ANNOUNCE and RECORD\n"
         "      --udp             with --push: by UDP\n"
         "      --loop            start again at the end of the input (testsrc always)\n"
         "      --size WxH        of a camera, testsrc or raw frames; --fps N, --format F\n"
         "                        likewise\n"
         "      --frames N        at most N pictures\n"
         "      --quiet           errors only\n"
         "\n"
         "All options of avocet encode that concern coding work here. Defaults:\n"
         "--preset veryfast --tune zerolatency, a keyframe every 2 seconds and whenever a\n"
         "player joins. Example:\n"
         "  avocet stream /dev/video0 --size 1280x720 --fps 30 --bitrate 2M \\\n"
         "      --listen rtsp://:8554/live\n"
         "  ffplay rtsp://localhost:8554/live\n"
         "\n"
         "Exit status: 0 success, 1 failure, 2 wrong usage.");
}

static void print_record_help(void)
{
    puts("usage: avocet record [options] /dev/video0 -o OUTPUT.mp4\n"
         "\n"
         "Encodes what a camera sees until Ctrl-C or --frames; the file is complete then.\n"
         "OUTPUT as for avocet encode; --fragment 1 keeps an .mp4 whole even when power\n"
         "fails.\n"
         "\n"
         "      --size WxH        wanted picture size [the camera's own]\n"
         "      --fps N           wanted pictures per second\n"
         "      --format F        wanted format: yuyv, nv12, i420, uyvy, gray8 [the first\n"
         "                        that is fast enough; else the camera's Motion JPEG,\n"
         "                        where built with libavcodec]\n"
         "      --frames N        at most N pictures\n"
         "      --quiet           errors only\n"
         "\n"
         "All options of avocet encode that concern coding work here. Defaults: --preset\n"
         "veryfast, a keyframe every 2 seconds.\n"
         "\n"
         "Exit status: 0 success, 1 failure, 2 wrong usage.");
}

/* A name and its help beside it, in lines of a hundred characters. */
static void print_beside(const char *head, const char *help, const char *default_text)
{
    enum { LEFT = 33, WIDE = 100 };
    char text[600];
    size_t column = LEFT;
    snprintf(text, sizeof text, default_text[0] ? "%s [%s]" : "%s", help, default_text);
    printf("  %-30s", head);
    for (const char *word = text; *word;) {
        size_t length = strcspn(word, " ");
        if (column > LEFT && column + length > WIDE) {
            printf("\n%*s", LEFT - 1, "");
            column = LEFT;
        }
        printf(" %.*s", (int)length, word);
        column += length + 1;
        word += length + (word[length] == ' ');
    }
    putchar('\n');
}

static void print_option(const AvocetOption *o)
{
    char head[80];
    const char *default_text = o->default_text;
    const int is_flag = strcmp(o->form, "<flag>") == 0;
    if (is_flag && default_text[0])
        default_text = default_text[0] == '1' ? "on" : "off";
    snprintf(head, sizeof head, "--%s %s", o->name, is_flag ? "" : o->form);
    print_beside(head, o->help, default_text);
    if (o->choices)
        printf("  %-30s   %s\n", "", o->choices);
    else if (o->maximum > o->minimum && o->maximum < 1e9)
        printf("  %-30s   %g to %g\n", "", o->minimum, o->maximum);
}

static void print_all_options(CliCommand command)
{
    static const char *const forms[] = {[CLI_ENCODE] = "encode [options] INPUT -o OUTPUT.264",
                                        [CLI_STREAM] = "stream [options] INPUT --listen URL",
                                        [CLI_RECORD] =
                                            "record [options] /dev/video0 -o OUTPUT.mp4"};
    const char *group = "";
    printf("usage: avocet %s\n\nProgram:\n", forms[command]);
    for (size_t i = 0; i < COUNT(own_options); i++) {
        char head[80];
        if (is_of_stream((int)i) && command != CLI_STREAM)
            continue;
        snprintf(head, sizeof head, "--%s%s%s", own_options[i].name,
                 own_options[i].form[0] == '<' ? " " : "", own_options[i].form);
        print_beside(head, own_options[i].help, "");
    }
    for (int i = 0; i < avocet_encoder_option_count(); i++) {
        const AvocetOption *o = avocet_encoder_option(i);
        if (strcmp(group, o->group) != 0) {
            group = o->group;
            printf("\n%c%s:\n", group[0] - 'a' + 'A', group + 1);
        }
        print_option(o);
    }
    puts("\n"
         "Flags are on when named and off as --no-NAME; --no-scenecut, --no-deblock,\n"
         "--no-weightp, --no-weightb, --no-trellis, --no-psy-rd, --no-aq-mode and\n"
         "--no-temporal-filter stand for 0. Defaults are those of preset medium.\n"
         "Short: -o output, -q qp, -B bitrate, -I keyint, -i min-keyint, -b bframes,\n"
         "-r ref, -f deblock, -A partitions, -m subme, -t trellis, -v verbose, -h help,\n"
         "-V version.");
}

/* Options whose values differ between two configurations. */
static void print_difference(const AvocetEncoderConfig *from, const AvocetEncoderConfig *to)
{
    int column = 0;
    for (int i = 0; i < avocet_encoder_option_count(); i++) {
        const AvocetOption *o = avocet_encoder_option(i);
        char before[512], after[512], item[640];
        avocet_encoder_config_get(from, o->name, before, sizeof before);
        avocet_encoder_config_get(to, o->name, after, sizeof after);
        if (strcmp(before, after) == 0 || strcmp(o->name, "psy") == 0)
            continue;
        int flag = strcmp(o->form, "<flag>") == 0;
        if (flag)
            snprintf(item, sizeof item, "--%s%s", after[0] == '0' ? "no-" : "", o->name);
        else
            snprintf(item, sizeof item, "--%s %s", o->name, after);
        if (column + (int)strlen(item) > 84) {
            printf("\n%14s", "");
            column = 0;
        }
        column += printf(" %s", item);
    }
    putchar('\n');
}

static void print_presets(void)
{
    AvocetEncoderConfig medium, other;
    const char *name;
    avocet_encoder_config_init(&medium, "medium", NULL);
    puts("Presets, as what they change against medium:\n");
    for (int i = 0; (name = avocet_encoder_preset_name(i)) != NULL; i++) {
        avocet_encoder_config_init(&other, name, NULL);
        printf("  %-11s:", name);
        print_difference(&medium, &other);
    }
    puts("\nTunes, on top of preset medium (comma separated; of the first seven only one\n"
         "at a time):\n");
    for (int i = 0; (name = avocet_encoder_tune_name(i)) != NULL; i++) {
        avocet_encoder_config_init(&other, "medium", name);
        printf("  %-11s:", name);
        print_difference(&medium, &other);
    }
}

int cli_print_help(CliCommand command, const char *topic)
{
    if (!topic[0] && command == CLI_STREAM)
        print_stream_help();
    else if (!topic[0] && command == CLI_RECORD)
        print_record_help();
    else if (!topic[0])
        print_short_help();
    else if (strcmp(topic, "all") == 0)
        print_all_options(command);
    else if (strcmp(topic, "presets") == 0)
        print_presets();
    else if (find_table(topic))
        print_option(find_table(topic));
    else
        return -1;
    return 0;
}

void cli_print_version(void)
{
    printf("avocet %s\n", avocet_version());
    printf("PNG stills: %s; JPEG stills: %s; other video files (libavformat): %s\n",
           still_has_png() ? "yes" : "no", still_has_jpeg() ? "yes" : "no",
           input_lavf_available() ? "yes" : "no");
    printf("player (SDL2): %s; RTSP passwords (mbedTLS): %s\n",
           play_window_available() ? "yes" : "no", avocet_stream_has_hashes() ? "yes" : "no");
}
