/* See pass_stats.h. */
#define _POSIX_C_SOURCE 200809L
#include "pass_stats.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const type_names[] = {[AVOCET_TYPE_IDR] = "IDR",
                                         [AVOCET_TYPE_I] = "I",
                                         [AVOCET_TYPE_P] = "P",
                                         [AVOCET_TYPE_BREF] = "Bref",
                                         [AVOCET_TYPE_B] = "B"};
enum { TYPES = sizeof type_names / sizeof type_names[0], LINE = 200 };

/* ---- reading ---- */

static int type_of(const char *name)
{
    for (int i = 0; i < TYPES; i++)
        if (type_names[i] && strcmp(name, type_names[i]) == 0)
            return i;
    return -1;
}

static int check_head(const PassStats *s, const char *line, const AvocetEncoderConfig *c,
                      Fault *fault)
{
    int width, height, num, den, version;
    if (sscanf(line, "avocet-stats %d %dx%d %d/%d", &version, &width, &height, &num, &den) != 5)
        return fault_set(fault, "%s:1: no statistics of avocet encode --pass 1", s->name);
    if (version != 1)
        return fault_set(fault, "%s:1: version %d of the statistics is unknown", s->name, version);
    if (width != c->width || height != c->height || num != c->fps.num || den != c->fps.den)
        return fault_set(
            fault, "%s:1: the first pass saw %dx%d at %d/%d fps, this is %dx%d at %d/%d", s->name,
            width, height, num, den, c->width, c->height, c->fps.num, c->fps.den);
    return 0;
}

static int grow(PassStats *s, int64_t *room, Fault *fault)
{
    if (s->count < *room)
        return 0;
    int64_t more = *room ? *room * 2 : 1024;
    AvocetPassRecord *bigger = realloc(s->record, (size_t)more * sizeof *bigger);
    if (!bigger)
        return fault_set(fault, "%s: not enough memory", s->name);
    s->record = bigger;
    *room = more;
    return 0;
}

static int parse_record(const PassStats *s, const char *line, int64_t number, AvocetPassRecord *r,
                        Fault *fault)
{
    char type[8], rest;
    int n = sscanf(line, "%" SCNd64 " %7s %d %d %" SCNd64 " %" SCNd64 " %" SCNd64 " %c",
                   &r->display_index, type, &r->layer, &r->qp_q8, &r->bits, &r->cost,
                   &r->duration_q16, &rest);
    int code = n >= 2 ? type_of(type) : -1;
    if (n != 7 || code < 0)
        return fault_set(fault, "%s:%" PRId64 ": no line of a picture: \"%.60s\"", s->name, number,
                         line);
    r->type = (AvocetFrameType)code;
    return 0;
}

/* 1: that was the last line. */
static int take_line(PassStats *s, const char *line, int64_t number, int64_t *room, Fault *fault)
{
    int64_t count;
    char rest;
    if (line[0] == '#')
        return 0;
    if (sscanf(line, "end %" SCNd64 " %c", &count, &rest) == 1) {
        if (count == s->count && count > 0)
            return 1;
        return fault_set(fault,
                         "%s:%" PRId64 ": %" PRId64 " pictures announced, %" PRId64 " are there",
                         s->name, number, count, s->count);
    }
    if (grow(s, room, fault) < 0 || parse_record(s, line, number, &s->record[s->count], fault) < 0)
        return -1;
    s->count++;
    return 0;
}

/* Without its end; it may appear in a message. */
static void make_printable(char *line)
{
    line[strcspn(line, "\r\n")] = 0;
    for (; *line; line++)
        if (*line < 32 || *line > 126)
            *line = '?';
}

static int read_lines(PassStats *s, FILE *file, const AvocetEncoderConfig *config, Fault *fault)
{
    char line[LINE];
    int64_t room = 0, number = 0;
    int status = 0;
    while (status == 0 && fgets(line, sizeof line, file)) {
        make_printable(line);
        number++;
        status = number == 1 ? check_head(s, line, config, fault)
                             : take_line(s, line, number, &room, fault);
    }
    if (status == 0)
        return fault_set(fault, "%s:%" PRId64 ": the statistics end early, the first pass did not",
                         s->name, number + 1);
    return status < 0 ? -1 : 0;
}

int pass_stats_read(PassStats *s, const char *name, const AvocetEncoderConfig *config, Fault *fault)
{
    s->name = name;
    FILE *file = fopen(name, "r");
    if (!file)
        return fault_set(fault, "%s: %s (avocet encode --pass 1 writes it)", name, strerror(errno));
    int status = read_lines(s, file, config, fault);
    fclose(file);
    return status;
}

/* ---- writing ---- */

int pass_stats_create(PassStats *s, const char *name, const AvocetEncoderConfig *c, Fault *fault)
{
    struct stat there;
    const char *own = name;
    s->name = name;
    s->temporary[0] = 0;
    if (stat(name, &there) == 0 && S_ISREG(there.st_mode)) {
        if ((size_t)snprintf(s->temporary, sizeof s->temporary, "%s.new", name) >=
            sizeof s->temporary)
            return fault_set(fault, "%.80s...: the name is too long", name);
        own = s->temporary;
    }
    s->file = fopen(own, "w");
    if (!s->file)
        return fault_set(fault, "%s: %s", own, strerror(errno));
    fprintf(s->file,
            "avocet-stats 1 %dx%d %d/%d\n# picture type layer qp/256 bits cost duration/65536\n",
            c->width, c->height, c->fps.num, c->fps.den);
    return 0;
}

int pass_stats_add(PassStats *s, const AvocetPassRecord *r, Fault *fault)
{
    int n = fprintf(s->file, "%" PRId64 " %s %d %d %" PRId64 " %" PRId64 " %" PRId64 "\n",
                    r->display_index, type_names[r->type], r->layer, r->qp_q8, r->bits, r->cost,
                    r->duration_q16);
    if (n < 0)
        return fault_set(fault, "%s: %s", s->name, strerror(errno));
    s->written++;
    return 0;
}

int pass_stats_close(PassStats *s, int complete, Fault *fault)
{
    int status = 0;
    if (s->file && complete)
        fprintf(s->file, "end %" PRId64 "\n", s->written);
    if (s->file && (ferror(s->file) | fclose(s->file)))
        status = fault_set(fault, "%s: %s", s->name, strerror(errno));
    if (s->file && s->temporary[0] &&
        (complete && status == 0 ? rename(s->temporary, s->name) : remove(s->temporary)))
        status = fault_set(fault, "%s: %s", s->temporary, strerror(errno));
    free(s->record);
    s->record = NULL;
    s->file = NULL;
    return status;
}
