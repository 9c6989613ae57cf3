/* A sequence of still pictures: a printf pattern with one number (img%03d.png, from the first of 0
 * to 9 that exists up to the first that is missing), a glob ("shots/(*).jpg", sorted by name), or
 * one file. All must have one size. */
#define _POSIX_C_SOURCE 200809L
#include "input/input.h"
#include "input/still.h"
#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

typedef struct Stills {
    Input base;
    char **path; /* in order */
    size_t count, index;
    int64_t pts;
    Still current;
} Stills;

/* ---- names ---- */

/* Length of a conversion like %d or %03d at text, 0: none. */
static size_t conversion_length(const char *text)
{
    size_t n = 1;
    if (text[0] != '%')
        return 0;
    while (n < 4 && isdigit((unsigned char)text[n]))
        n++;
    return text[n] == 'd' ? n + 1 : 0;
}

/* The one number of a pattern; NULL if there is none or more than one. */
static const char *find_conversion(const char *pattern)
{
    const char *found = NULL;
    for (const char *p = pattern; *p; p++)
        if (conversion_length(p)) {
            if (found)
                return NULL;
            found = p;
        }
    return found;
}

static char *numbered(const char *pattern, int number)
{
    const char *at = find_conversion(pattern);
    size_t n = conversion_length(at);
    int digits = n > 2 ? atoi(at + 1) : 0; /* atoi stops at the d */
    size_t size = strlen(pattern) + 128;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%.*s%0*d%s", (int)(at - pattern), pattern, digits, number, at + n);
    return path;
}

static int add_path(Stills *s, char *path)
{
    char **grown = path ? realloc(s->path, (s->count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(path);
        return -1;
    }
    s->path = grown;
    s->path[s->count++] = path;
    return 0;
}

static int list_numbered(Stills *s, const char *pattern)
{
    int number = 0;
    for (int tries = 0; tries < 10; tries++, number++) {
        char *path = numbered(pattern, number);
        int there = path && access(path, F_OK) == 0;
        free(path);
        if (there)
            break;
    }
    for (;; number++) {
        char *path = numbered(pattern, number);
        if (!path)
            return -1;
        if (access(path, F_OK) != 0) {
            free(path);
            return 0;
        }
        if (add_path(s, path) < 0)
            return -1;
    }
}

static int list_glob(Stills *s, const char *pattern)
{
    glob_t found;
    int status = 0;
    if (glob(pattern, 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc && status == 0; i++)
        status = add_path(s, strdup(found.gl_pathv[i]));
    globfree(&found);
    return status;
}

static int is_still_name(const char *name)
{
    static const char *const extensions[] = {"png", "jpg", "jpeg", "ppm", "pgm", "pnm"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof extensions / sizeof extensions[0]; i++)
        if (strcasecmp(dot + 1, extensions[i]) == 0)
            return 1;
    return 0;
}

int input_stills_wanted(const char *name)
{
    if (is_still_name(name))
        return 1;
    return access(name, F_OK) != 0 && (find_conversion(name) || strpbrk(name, "*?[") != NULL);
}

static int list_paths(Stills *s, const char *name)
{
    if (access(name, F_OK) == 0)
        return add_path(s, strdup(name));
    if (find_conversion(name))
        return list_numbered(s, name);
    return list_glob(s, name);
}

/* ---- pictures ---- */

static int load_next(Stills *s, Fault *fault)
{
    const char *path = s->path[s->index++];
    free(s->current.rgb);
    s->current.rgb = NULL;
    if (still_load(path, &s->current, fault) < 0)
        return -1;
    const InputInfo *info = &s->base.info;
    if (info->width && (s->current.width != info->width || s->current.height != info->height))
        return fault_set(fault, "%s is %dx%d, but %s is %dx%d: all stills must have one size", path,
                         s->current.width, s->current.height, s->path[0], info->width,
                         info->height);
    return 0;
}

static int read_still(Input *input, AvocetPicture *picture, Fault *fault)
{
    Stills *s = (Stills *)input;
    if (s->index == s->count)
        return 0;
    if ((s->index > 0 || !s->current.rgb) && load_next(s, fault) < 0)
        return -1;
    if (s->index == 0)
        s->index = 1; /* was loaded to learn the size */
    avocet_picture_init(picture, AVOCET_FORMAT_RGB24, s->current.width, s->current.height,
                        s->current.rgb);
    picture->pts = s->pts++;
    return 1;
}

static int skip_stills(Input *input, int64_t count, Fault *fault)
{
    Stills *s = (Stills *)input;
    (void)fault;
    size_t left = s->count - s->index;
    if (count > 0) {
        free(s->current.rgb);
        s->current.rgb = NULL;
    }
    s->index += (size_t)count < left ? (size_t)count : left;
    return s->index < s->count;
}

static void close_stills(Input *input)
{
    Stills *s = (Stills *)input;
    for (size_t i = 0; i < s->count; i++)
        free(s->path[i]);
    free(s->path);
    free(s->current.rgb);
    free(s);
}

Input *input_stills_open(const InputRequest *request, Fault *fault)
{
    Stills *s = calloc(1, sizeof *s);
    if (!s) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    s->base = (Input){.info = input_info_unknown("stills"),
                      .read = read_still,
                      .skip = skip_stills,
                      .close = close_stills};
    int status = list_paths(s, request->name);
    if (status < 0)
        fault_set(fault, "not enough memory");
    else if (s->count == 0)
        status = fault_set(fault, "%s: no such picture", request->name);
    else
        status = load_next(s, fault);
    if (status < 0) {
        close_stills(&s->base);
        return NULL;
    }
    s->index = 0;
    s->base.info.format = AVOCET_FORMAT_RGB24;
    s->base.info.width = s->current.width;
    s->base.info.height = s->current.height;
    s->base.info.fps = request->fps.num ? request->fps : (AvocetRational){25, 1};
    s->base.info.frames = (int64_t)s->count;
    return &s->base;
}
