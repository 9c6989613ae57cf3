/* avocet info: what an H.264 stream holds, for people or (--json) for programs.
 *
 * The stream is decoded as a whole: types and structure are those of the pictures that come out.
 * Sizes are those of the packets where the input is a file, else those of the slices. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "decode_session.h"
#include "stream_stats.h"

/* What was counted while the stream was decoded. */
typedef struct Count {
    AvocetStreamInfo first; /* of the first picture */
    int64_t type[6];        /* by AvocetFrameType */
    int64_t slices, size_changes;
    int width, height; /* of the picture before */
    StreamStats stats;
    uint8_t period[16]; /* start of the first buffering period SEI */
    size_t period_size;
    double fps; /* 0: the stream does not tell */
} Count;

static int take_picture(DecodeSession *s, const AvocetDecodedPicture *p, Fault *fault)
{
    Count *c = s->user;
    StatPicture stat = {p->coding_number, p->slice_bytes, (uint8_t)p->picture.type};
    if (s->pictures == 1)
        avocet_decoder_info(s->decoder, &c->first);
    else
        c->size_changes += p->picture.width != c->width || p->picture.height != c->height;
    c->width = p->picture.width;
    c->height = p->picture.height;
    c->type[p->picture.type]++;
    c->slices += p->slices;
    return stats_add(&c->stats, &stat, fault);
}

static void take_sei(void *opaque, int type, const uint8_t *payload, size_t size)
{
    Count *c = opaque;
    if (type != 0 || c->period_size)
        return;
    c->period_size = size < sizeof c->period ? size : sizeof c->period;
    memcpy(c->period, payload, c->period_size);
}

static unsigned read_bits(const Count *c, size_t *at, int count)
{
    unsigned value = 0;
    for (; count > 0; count--, ++*at)
        value =
            value << 1 | (*at < 8 * c->period_size ? c->period[*at / 8] >> (7 - *at % 8) & 1u : 0u);
    return value;
}

/* initial_cpb_removal_delay of the first schedule (D.1.1), behind an Exp-Golomb code. */
static uint32_t initial_delay(const Count *c)
{
    size_t at = 0;
    int zeros = 0;
    if (!c->period_size || !c->first.hrd)
        return 0;
    while (zeros < 32 && !read_bits(c, &at, 1))
        zeros++;
    at += (size_t)zeros;
    return read_bits(c, &at, c->first.hrd_delay_bits);
}

/* Sizes of a file's packets in coding order; *count 0: not known. Also the rate where the stream
 * does not tell one. */
static int64_t *packet_sizes(const StreamInput *in, Count *c, int64_t *count)
{
    AvocetSource source;
    AvocetReader *reader;
    FileIo file;
    Fault ignored;
    int64_t *sizes = NULL;
    *count = 0;
    if (in->size < 0 || file_io_open_read(&file, in->path, &source, &ignored) < 0)
        return NULL;
    if (avocet_reader_open(&reader, NULL, &source, NULL, NULL, 0) == AVOCET_OK) {
        const AvocetReaderInfo *info = avocet_reader_info(reader);
        sizes = malloc(((size_t)info->packets + 1) * sizeof *sizes);
        for (int64_t i = 0; sizes && i < info->packets; i++) {
            AvocetPacket packet;
            avocet_reader_packet(reader, i, &packet);
            sizes[i] = (int64_t)packet.size;
        }
        *count = sizes ? info->packets : 0;
        if (c->fps <= 0 && info->is_mp4 && info->duration > 0)
            c->fps = (double)info->packets * info->time_base.den /
                     ((double)info->duration * info->time_base.num);
        avocet_reader_close(&reader);
    }
    file_io_close(&file, &ignored);
    return sizes;
}

static int finish_stats(const DecodeSession *s, Count *c, Fault *fault)
{
    int64_t packets;
    c->fps = c->first.fps.den ? (double)c->first.fps.num / c->first.fps.den : 0;
    int64_t *sizes = packet_sizes(&s->input, c, &packets);
    int status =
        stats_finish(&c->stats, &c->first, c->fps, sizes, packets, initial_delay(c), fault);
    free(sizes);
    return status;
}

static const char *profile_name(const AvocetStreamInfo *i)
{
    switch (i->profile_idc) {
    case 66:
        return i->constraint_flags & 2 ? "Constrained Baseline" : "Baseline";
    case 77:
        return "Main";
    case 88:
        return "Extended";
    case 100:
        return "High";
    case 110:
        return "High 10";
    case 122:
        return "High 4:2:2";
    case 244:
        return "High 4:4:4 Predictive";
    default:
        return "unknown profile";
    }
}

static void level_name(const AvocetStreamInfo *i, char *text, size_t size)
{
    int is_1b = i->level_idc == 9 ||
                (i->level_idc == 11 && (i->constraint_flags & 8) && i->profile_idc <= 88);
    if (is_1b)
        snprintf(text, size, "1b");
    else
        snprintf(text, size, "%d.%d", i->level_idc / 10, i->level_idc % 10);
}

/* Names of H.273 that are met in practice; the number stands for the others. */
static void matrix_name(int code, char *text, size_t size)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {{1, "BT.709"},       {2, "not told"},   {5, "BT.601 (625)"},
                 {6, "BT.601 (525)"}, {7, "SMPTE 240M"}, {9, "BT.2020"}};
    snprintf(text, size, "matrix %d", code);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == code)
            snprintf(text, size, "%s", names[i].name);
}

static void print_coding(const AvocetStreamInfo *i)
{
    static const char *const bipred[] = {"", ", weighted B (explicit)", ", weighted B (implicit)"};
    printf("coding     %s%s%s%s, %d reference frame%s, %d reordered at most",
           i->cabac ? "CABAC" : "CAVLC", i->transform_8x8 ? ", 8x8 transform" : "",
           i->weighted_pred ? ", weighted P" : "", bipred[i->weighted_bipred_idc % 3],
           i->max_ref_frames, i->max_ref_frames == 1 ? "" : "s", i->reorder_frames);
    if (i->slice_groups > 1)
        printf(", %d slice groups", i->slice_groups);
    putchar('\n');
}

/* Eight heights of bars for up to 60 parts of the stream. */
static void print_curve(const StreamStats *t)
{
    static const char *const bars[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                       "\u2585", "\u2586", "\u2587", "\u2588"};
    int64_t columns = t->seconds < 60 ? t->seconds : 60;
    double highest = 0;
    for (int64_t i = 0; i < t->seconds; i++)
        highest = t->curve[i] > highest ? t->curve[i] : highest;
    printf("bit rate   %.1f kb/s, seconds from %.1f to %.1f kb/s", t->mean, t->least, t->peak);
    if (columns > 1 && highest > 0)
        printf("\n           ");
    for (int64_t k = 0; columns > 1 && highest > 0 && k < columns; k++) {
        int64_t from = k * t->seconds / columns, to = (k + 1) * t->seconds / columns;
        double sum = 0;
        for (int64_t i = from; i < to; i++)
            sum += t->curve[i];
        fputs(bars[(int)(7.99 * sum / (double)(to - from) / highest)], stdout);
    }
    putchar('\n');
}

static void print_groups(const StreamStats *t)
{
    printf("groups     %" PRId64 " of %" PRId64, t->groups, t->shortest);
    if (t->longest > t->shortest)
        printf(" to %" PRId64, t->longest);
    printf(" pictures, at most %d B in a row\n", t->b_run);
    printf("           %s%s\n", t->first_group,
           strlen(t->first_group) + 1 == sizeof t->first_group ? "..." : "");
}

/* How much of what the level allows the stream takes, 0 to 1 if it keeps to it. */
typedef struct LevelUse {
    double rate, size, buffer, bits;
} LevelUse;

static LevelUse level_use(const Count *c)
{
    const AvocetStreamInfo *i = &c->first;
    LevelUse use = {0, 0, 0, 0};
    double mbs = (double)i->coded_width * i->coded_height / 256;
    if (!i->level_mbs)
        return use;
    use.rate = mbs * c->fps / i->level_mb_rate;
    use.size = mbs / i->level_mbs;
    use.buffer = mbs * i->max_ref_frames / i->level_dpb_mbs;
    use.bits = c->stats.peak * 1000 / (double)i->level_bitrate;
    return use;
}

static void print_level(const Count *c)
{
    LevelUse use = level_use(c);
    if (!c->first.level_mbs) {
        puts("level use  there is no such level");
        return;
    }
    printf("level use  %.0f %% of its picture size, %.0f %% of its references", 100 * use.size,
           100 * use.buffer);
    if (c->fps > 0)
        printf(", %.0f %% of its macroblocks per second, %.0f %% of its bit rate", 100 * use.rate,
               100 * use.bits);
    putchar('\n');
}

static void print_hrd(const Count *c)
{
    const AvocetStreamInfo *i = &c->first;
    const StreamStats *t = &c->stats;
    if (!i->hrd) {
        puts("HRD        not told");
        return;
    }
    printf("HRD        %s, %.1f kb/s %s, buffer %.1f kb", i->hrd == 1 ? "all units" : "slices",
           (double)i->hrd_bitrate / 1000, i->hrd_cbr ? "constant" : "at most",
           (double)i->hrd_cpb_size / 1000);
    if (t->has_buffer && t->underflows + t->overflows == 0)
        printf(", at least %.0f %% full", 100 * t->least_full);
    else if (t->has_buffer)
        printf("; it runs dry %" PRId64 " times and over %" PRId64 " times", t->underflows,
               t->overflows);
    putchar('\n');
}

static void print_text(const DecodeSession *s, const Count *c)
{
    const AvocetStreamInfo *i = &c->first;
    char level[32], matrix[32];
    level_name(i, level, sizeof level);
    matrix_name(i->colour_matrix, matrix, sizeof matrix);
    printf("stream     H.264 %s, level %s, 8 bit %s\n", profile_name(i), level,
           i->chroma_format_idc ? "4:2:0" : "4:0:0");
    printf("size       %dx%d", i->width, i->height);
    if (i->coded_width != i->width || i->coded_height != i->height)
        printf(" (coded as %dx%d)", i->coded_width, i->coded_height);
    if (i->sar_width && i->sar_height)
        printf(", sample aspect %d:%d", i->sar_width, i->sar_height);
    printf("%s\n", c->size_changes ? ", changes on the way" : "");
    printf("colours    %s, %s range\n", matrix, i->full_range ? "full" : "limited");
    print_coding(i);
    printf("pictures   %" PRId64 ": %" PRId64 " IDR, %" PRId64 " I, %" PRId64 " P, %" PRId64
           " Bref, %" PRId64 " B; %.1f slices each\n",
           s->pictures, c->type[AVOCET_TYPE_IDR], c->type[AVOCET_TYPE_I], c->type[AVOCET_TYPE_P],
           c->type[AVOCET_TYPE_BREF], c->type[AVOCET_TYPE_B],
           (double)c->slices / (double)s->pictures);
    print_groups(&c->stats);
    printf("bytes      %" PRIu64, s->input.given);
    if (c->fps > 0)
        printf(" in %.2f s at %.3f fps\n", (double)s->pictures / c->fps, c->fps);
    else
        printf("; the stream does not tell its frame rate (25 fps are assumed)\n");
    print_curve(&c->stats);
    print_level(c);
    print_hrd(c);
    if (s->errors || s->damaged || s->lost_frames || s->rootless)
        printf("damage     %" PRId64 " pictures, %" PRId64 " faults, %" PRId64
               " macroblocks made up, %" PRId64 " reference pictures lost, %" PRId64
               " pictures lack references\n",
               s->damaged, s->errors, s->made_up, s->lost_frames, s->rootless);
}

static void print_json_stats(const Count *c)
{
    const AvocetStreamInfo *i = &c->first;
    const StreamStats *t = &c->stats;
    LevelUse use = level_use(c);
    printf("  \"groups\": {\"count\": %" PRId64 ", \"shortest\": %" PRId64 ", \"longest\": %" PRId64
           ", \"b_run\": %d, \"first\": \"%s\"},\n",
           t->groups, t->shortest, t->longest, t->b_run, t->first_group);
    printf("  \"bitrate\": {\"mean\": %.3f, \"least\": %.3f, \"peak\": %.3f, \"seconds\": [",
           t->mean, t->least, t->peak);
    for (int64_t k = 0; k < t->seconds; k++)
        printf("%s%.3f", k ? ", " : "", t->curve[k]);
    printf("]},\n  \"level_use\": {\"picture_size\": %.4f, \"references\": %.4f, "
           "\"macroblock_rate\": %.4f, \"bitrate\": %.4f},\n",
           use.size, use.buffer, use.rate, use.bits);
    if (!i->hrd) {
        puts("  \"hrd\": null,");
        return;
    }
    printf("  \"hrd\": {\"of\": \"%s\", \"bitrate\": %" PRId64 ", \"buffer\": %" PRId64
           ", \"cbr\": %s",
           i->hrd == 1 ? "nal" : "vcl", i->hrd_bitrate, i->hrd_cpb_size,
           i->hrd_cbr ? "true" : "false");
    if (t->has_buffer)
        printf(", \"least_full\": %.4f, \"underflows\": %" PRId64 ", \"overflows\": %" PRId64,
               t->least_full, t->underflows, t->overflows);
    puts("},");
}

static void print_json(const DecodeSession *s, const Count *c)
{
    const AvocetStreamInfo *i = &c->first;
    char level[32];
    level_name(i, level, sizeof level);
    printf("{\n  \"profile\": \"%s\",\n  \"profile_idc\": %d,\n  \"constraint_flags\": %d,\n"
           "  \"level\": \"%s\",\n  \"level_idc\": %d,\n",
           profile_name(i), i->profile_idc, i->constraint_flags, level, i->level_idc);
    printf("  \"width\": %d,\n  \"height\": %d,\n  \"coded_width\": %d,\n  \"coded_height\": %d,\n"
           "  \"chroma_format_idc\": %d,\n  \"bit_depth\": %d,\n",
           i->width, i->height, i->coded_width, i->coded_height, i->chroma_format_idc,
           i->bit_depth);
    printf("  \"sar\": [%d, %d],\n  \"fps\": [%d, %d],\n  \"full_range\": %s,\n"
           "  \"colour_primaries\": %d,\n  \"transfer\": %d,\n  \"colour_matrix\": %d,\n",
           i->sar_width, i->sar_height, i->fps.num, i->fps.den, i->full_range ? "true" : "false",
           i->colour_primaries, i->transfer, i->colour_matrix);
    printf("  \"cabac\": %s,\n  \"transform_8x8\": %s,\n  \"weighted_pred\": %s,\n"
           "  \"weighted_bipred_idc\": %d,\n  \"slice_groups\": %d,\n  \"ref_frames\": %d,\n"
           "  \"reorder_frames\": %d,\n  \"poc_type\": %d,\n",
           i->cabac ? "true" : "false", i->transform_8x8 ? "true" : "false",
           i->weighted_pred ? "true" : "false", i->weighted_bipred_idc, i->slice_groups,
           i->max_ref_frames, i->reorder_frames, i->poc_type);
    printf("  \"pictures\": %" PRId64 ",\n  \"types\": {\"IDR\": %" PRId64 ", \"I\": %" PRId64
           ", \"P\": %" PRId64 ", \"Bref\": %" PRId64 ", \"B\": %" PRId64
           "},\n  \"slices\": %" PRId64 ",\n  \"size_changes\": %" PRId64 ",\n  \"bytes\": %" PRIu64
           ",\n",
           s->pictures, c->type[AVOCET_TYPE_IDR], c->type[AVOCET_TYPE_I], c->type[AVOCET_TYPE_P],
           c->type[AVOCET_TYPE_BREF], c->type[AVOCET_TYPE_B], c->slices, c->size_changes,
           s->input.given);
    print_json_stats(c);
    printf("  \"damaged_pictures\": %" PRId64 ",\n  \"faults\": %" PRId64
           ",\n  \"made_up_macroblocks\": %" PRId64 ",\n  \"lost_references\": %" PRId64
           ",\n  \"pictures_lacking_references\": %" PRId64 "\n}\n",
           s->damaged, s->errors, s->made_up, s->lost_frames, s->rootless);
}

static void print_help(void)
{
    puts("usage: avocet info [--json] INPUT\n"
         "\n"
         "Decodes H.264 (.264, .h264, .mp4, or - for standard input) and tells what it\n"
         "holds: stream, groups of pictures, types, bit rate over time in kb/s, how much\n"
         "of its level it uses, the buffer of the hypothetical reference decoder. In the\n"
         "first group I is an IDR picture, i an I, B a B picture that others refer to, b\n"
         "one that they do not.\n"
         "\n"
         "      --json          the same and more, for programs\n"
         "\n"
         "Exit status: 0 success, 1 failure or damage in the stream, 2 wrong usage.");
}

static int parse(int argc, char **argv, const char **input, int *json, int *help, Fault *fault)
{
    for (int i = 0; i < argc; i++) {
        if (!strcmp(argv[i], "--json"))
            *json = 1;
        else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            *help = 1;
        else if (argv[i][0] == '-' && argv[i][1])
            return fault_set(fault, "no option %s (see avocet info --help)", argv[i]);
        else if (*input)
            return fault_set(fault, "two inputs: %s and %s", *input, argv[i]);
        else
            *input = argv[i];
    }
    return *input || *help ? 0 : fault_set(fault, "no input (see avocet info --help)");
}

static int run(const char *input, int json, Fault *fault)
{
    Count count;
    DecodeSession s;
    memset(&count, 0, sizeof count);
    memset(&s, 0, sizeof s);
    s.most = -1;
    s.take = take_picture;
    s.sei = take_sei;
    s.user = &count;
    int status = decode_session_open(&s, input, fault);
    if (status == 0)
        status = decode_session_run(&s, fault);
    if (s.pictures > 0 && finish_stats(&s, &count, fault) < 0)
        status = -1;
    else if (s.pictures > 0)
        (json ? print_json : print_text)(&s, &count);
    if (status == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        status = fault_set(fault, "cannot write standard output");
    if (status == 0)
        status = decode_session_verdict(&s, fault);
    decode_session_close(&s);
    stats_free(&count.stats);
    return status;
}

int cmd_info(int argc, char **argv)
{
    const char *input = NULL;
    int json = 0, help = 0, status = EXIT_DONE;
    Fault fault;
    if (parse(argc, argv, &input, &json, &help, &fault) < 0)
        status = EXIT_USAGE;
    else if (help)
        print_help();
    else if (run(input, json, &fault) < 0)
        status = EXIT_FAILED;
    if (status != EXIT_DONE)
        fprintf(stderr, "avocet: %s\n", fault.text);
    return status;
}
