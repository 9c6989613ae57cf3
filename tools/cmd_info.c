/* avocet info: what an H.264 byte stream holds, for people or (--json) for programs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "decode_session.h"

/* What was counted while the stream was decoded. */
typedef struct Count {
    AvocetStreamInfo first; /* of the first picture */
    int64_t type[6];        /* by AvocetFrameType */
    int64_t slices, size_changes;
    int width, height; /* of the picture before */
} Count;

static int take_picture(DecodeSession *s, const AvocetDecodedPicture *p, Fault *fault)
{
    Count *c = s->user;
    (void)fault;
    if (s->pictures == 1)
        avocet_decoder_info(s->decoder, &c->first);
    else
        c->size_changes += p->picture.width != c->width || p->picture.height != c->height;
    c->width = p->picture.width;
    c->height = p->picture.height;
    c->type[p->picture.type]++;
    c->slices += p->slices;
    return 0;
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

static double rate_of(const AvocetStreamInfo *i)
{
    return i->fps.den ? (double)i->fps.num / i->fps.den : 0;
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
    double fps = rate_of(i);
    printf("bytes      %" PRIu64, s->input.given);
    if (fps > 0)
        printf(" in %.2f s at %.3f fps: %.1f kb/s\n", (double)s->pictures / fps, fps,
               (double)s->input.given * 8 / 1000 * fps / (double)s->pictures);
    else
        printf("; the stream does not tell its frame rate\n");
    if (s->errors || s->damaged)
        printf("damage     %" PRId64 " pictures, %" PRId64 " faults\n", s->damaged, s->errors);
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
    printf("  \"damaged_pictures\": %" PRId64 ",\n  \"faults\": %" PRId64 "\n}\n", s->damaged,
           s->errors);
}

static void print_help(void)
{
    puts("usage: avocet info [--json] INPUT\n"
         "\n"
         "Decodes an H.264 byte stream (.264, .h264, or - for standard input) and tells what it\n"
         "holds. --json: for programs. Exit status: 0 success, 1 failure or damage in the stream,\n"
         "2 wrong usage.");
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
    s.user = &count;
    int status = decode_session_open(&s, input, fault);
    if (status == 0)
        status = decode_session_run(&s, fault);
    if (s.pictures > 0)
        (json ? print_json : print_text)(&s, &count);
    if (status == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        status = fault_set(fault, "cannot write standard output");
    if (status == 0 && (s.errors || s.damaged))
        status = fault_set(fault, "%s is damaged", s.input.name);
    decode_session_close(&s);
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
