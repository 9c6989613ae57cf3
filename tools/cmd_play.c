/* avocet play: a player for H.264 that can show what the encoder decided.
 *
 * One loop: which picture is due, get it, draw it, wait for the next or for the user. The clock is
 * anchored at a picture (anchor_time, anchor_index); pause, steps and jumps set the anchor anew. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "play_source.h"
#include "play_window.h"
#include "progress.h"

enum { SKIPPED_MOST = 8 }; /* pictures that are decoded but not drawn when time is short */

static const char overlay_keys[] = "mpvrkbdens"; /* in the order of OVERLAY_* */

static const char *const key_lines[] = {"space       pause, go on",
                                        ". ,         a picture on, back",
                                        "left right  5 s back, on (down, up: 60 s)",
                                        "Home End    first picture, last picture",
                                        "[ ]         slower, faster",
                                        "f l         full screen, loop",
                                        "h q         this help, quit"};

enum {
    KEY_LINES = sizeof key_lines / sizeof key_lines[0],
    HELP_LINES = KEY_LINES + OVERLAY_COUNT + 1
};

typedef struct Player {
    const char *input;
    int loop, paused, exits, fullscreen, show_help, verbose;
    unsigned overlays;
    int64_t start;
    double speed;

    PlaySource *source;
    PlayWindow *window;
    Canvas canvas;
    int64_t index; /* of the picture on the screen; -1: none yet */
    const PlayFrame *frame;
    double anchor_time; /* when the picture anchor_index was or will be shown */
    int64_t anchor_index;
    int at_end, quit, redraw;
    int64_t drawn, skipped;
    double worst_delay;
    char overlay_line[OVERLAY_COUNT][100];
    const char *help[HELP_LINES + 1]; /* NULL at the end */
} Player;

/* ---- command line ---- */

/* Lines of help: keys, then what each overlay shows. */
static void make_help(Player *p)
{
    int lines = 0;
    for (int i = 0; i < KEY_LINES; i++)
        p->help[lines++] = key_lines[i];
    for (int i = 0; i < OVERLAY_COUNT; i++) {
        snprintf(p->overlay_line[i], sizeof p->overlay_line[i], "%c  %s", overlay_keys[i],
                 overlay_help(i));
        p->help[lines++] = p->overlay_line[i];
    }
    p->help[lines++] = "0  no overlays";
}

static void print_help(const Player *p)
{
    puts("usage: avocet play [options] INPUT\n"
         "\n"
         "Plays .mp4, .264 or .h264 in a window; - plays a byte stream or MP4 from a pipe\n"
         "as it comes (MP4 without fragments at its end):\n"
         "  avocet encode camera.y4m -o - | tee camera.264 | avocet play -\n"
         "\n"
         "      --overlay LIST  overlays from the start (see avocet inspect --help)\n"
         "      --start N       first picture, from 0\n"
         "      --pause         start paused\n"
         "      --loop          again and again\n"
         "      --fullscreen    over the whole screen\n"
         "      --exit          end with the video\n"
         "      --verbose       tell at the end how many pictures were drawn, how late\n"
         "\n"
         "Keys:");
    for (int i = 0; p->help[i]; i++)
        printf("  %s\n", p->help[i]);
    puts("The bar at the bottom comes with the mouse; a click in it jumps there.");
}

static int parse(Player *p, int argc, char **argv, int *help, Fault *fault)
{
    const struct {
        const char *name;
        int *flag;
    } flags[] = {{"--pause", &p->paused},
                 {"--loop", &p->loop},
                 {"--fullscreen", &p->fullscreen},
                 {"--exit", &p->exits},
                 {"--verbose", &p->verbose},
                 {"-v", &p->verbose},
                 {"--help", help},
                 {"-h", help}};
    for (int i = 0; i < argc; i++) {
        size_t k = 0, count = sizeof flags / sizeof flags[0];
        while (k < count && strcmp(argv[i], flags[k].name))
            k++;
        int is_overlay = !strcmp(argv[i], "--overlay"), is_start = !strcmp(argv[i], "--start");
        if (k < count) {
            *flags[k].flag = 1;
        } else if (is_overlay || is_start) {
            if (i + 1 == argc)
                return fault_set(fault, "%s wants a value", argv[i]);
            const char *value = argv[++i];
            char *end = NULL;
            if (is_overlay && overlay_parse(value, &p->overlays, fault) < 0)
                return -1;
            if (is_start)
                p->start = strtoll(value, &end, 10);
            if (is_start && (end == value || *end || p->start < 0))
                return fault_set(fault, "--start wants a number, not \"%s\"", value);
        } else if (argv[i][0] == '-' && argv[i][1]) {
            return fault_set(fault, "no option %s (see avocet play --help)", argv[i]);
        } else if (p->input) {
            return fault_set(fault, "two inputs: %s and %s", p->input, argv[i]);
        } else {
            p->input = argv[i];
        }
    }
    return p->input || *help ? 0 : fault_set(fault, "no input (see avocet play --help)");
}

/* ---- time ---- */

static void anchor(Player *p, int64_t index)
{
    p->anchor_time = progress_clock();
    p->anchor_index = index;
}

/* When that picture is to be shown. */
static double due(const Player *p, int64_t index)
{
    return p->anchor_time +
           (play_source_time(p->source, index) - play_source_time(p->source, p->anchor_index)) /
               p->speed;
}

/* ---- pictures ---- */

static int scale_of(const Player *p)
{
    return p->frame->picture.width <= 640 ? 2 : 1;
}

static int open_window(Player *p, Fault *fault)
{
    const AvocetStreamInfo *info = play_source_info(p->source);
    double sar =
        info->sar_width && info->sar_height ? (double)info->sar_width / info->sar_height : 1;
    int scale = scale_of(p);
    p->window = play_window_open("avocet", p->frame->picture.width * scale,
                                 p->frame->picture.height * scale, sar, fault);
    if (p->window && p->fullscreen)
        p->window->toggle_fullscreen(p->window);
    return p->window ? 0 : -1;
}

static void describe(const Player *p, char *text, size_t size)
{
    int64_t count = play_source_count(p->source);
    double t = play_source_time(p->source, p->index);
    char of[32] = "";
    if (count > 0)
        snprintf(of, sizeof of, "/%" PRId64, count - 1);
    snprintf(text, size, "%" PRId64 "%s  %s  %d:%05.2f  %" PRId64 " bytes%s%s%s", p->index, of,
             overlay_frame_type(p->frame->stat.type), (int)(t / 60), t - 60 * (int)(t / 60),
             p->frame->stat.bytes, p->frame->damaged ? "  damaged" : "", p->loop ? "  loop" : "",
             p->paused ? "  paused" : "");
}

static int draw(Player *p, Fault *fault)
{
    char status[160], title[400];
    Shown shown = {.picture = &p->frame->picture, .info = play_source_info(p->source)};
    if (p->frame->inside.mb)
        shown.inside = &p->frame->inside;
    shown.stats = play_source_stats(p->source, &shown.stat_count);
    shown.stat_current = p->index;
    if (!p->window && open_window(p, fault) < 0)
        return -1;
    if (overlay_render(&p->canvas, &shown, p->overlays, p->overlays ? scale_of(p) : 1, fault) < 0)
        return -1;
    describe(p, status, sizeof status);
    snprintf(title, sizeof title, "%s - %s - avocet", p->input, status);
    p->window->set_title(p->window, title);
    int64_t count = play_source_count(p->source);
    PlayView view = {&p->canvas, count > 1 ? (double)p->index / (double)(count - 1) : -1, status,
                     p->show_help ? p->help : NULL};
    p->redraw = 0;
    p->drawn++;
    return p->window->show(p->window, &view, fault);
}

/* Gets a picture. PLAY_* or a fault; the picture on the screen stays when there is none. */
static int take(Player *p, int64_t index, Fault *fault)
{
    const PlayFrame *frame;
    play_source_want_inside(p->source, (p->overlays & ~(unsigned)OVERLAY_BAR) != 0);
    int status = play_source_frame(p->source, index, &frame, fault);
    if (status == PLAY_READY) {
        p->frame = frame;
        p->index = frame->index;
        p->redraw = 1;
    }
    return status;
}

static int jump(Player *p, int64_t index, Fault *fault)
{
    int64_t count = play_source_count(p->source);
    if (count > 0 && index >= count)
        index = count - 1;
    int status = take(p, index < 0 ? 0 : index, fault);
    p->at_end = 0;
    anchor(p, p->index);
    return status < 0 ? -1 : 0;
}

/* ---- the user ---- */

static int move(Player *p, int key, Fault *fault)
{
    if (key == '.' || key == ',') {
        p->paused = p->redraw = 1;
        return jump(p, p->index + (key == '.' ? 1 : -1), fault);
    }
    if (play_source_is_live(p->source))
        return 0; /* what is to come is not there yet */
    double t = play_source_time(p->source, p->index);
    switch (key) {
    case PLAY_KEY_HOME:
        return jump(p, 0, fault);
    case PLAY_KEY_END:
        return jump(p, play_source_count(p->source) - 1, fault);
    case PLAY_KEY_LEFT:
        return jump(p, play_source_at(p->source, t - 5), fault);
    case PLAY_KEY_RIGHT:
        return jump(p, play_source_at(p->source, t + 5), fault);
    case PLAY_KEY_DOWN:
        return jump(p, play_source_at(p->source, t - 60), fault);
    case PLAY_KEY_UP:
        return jump(p, play_source_at(p->source, t + 60), fault);
    default:
        return 0;
    }
}

/* The overlay that a key switches, 0: none. */
static unsigned overlay_of_key(int key)
{
    const char *at = key > 0 && key < 128 ? strchr(overlay_keys, key) : NULL;
    return at ? 1u << (at - overlay_keys) : 0;
}

static int switch_overlay(Player *p, int key, Fault *fault)
{
    p->overlays = key == '0' ? 0 : p->overlays ^ overlay_of_key(key);
    p->redraw = 1;
    double time = p->anchor_time;
    int64_t index = p->anchor_index;
    int status = jump(p, p->index, fault); /* again, with its inside */
    p->anchor_time = time;
    p->anchor_index = index;
    return status;
}

static int handle_key(Player *p, int key, Fault *fault)
{
    p->redraw = 1;
    switch (key) {
    case 'q':
    case PLAY_KEY_ESCAPE:
        p->quit = 1;
        return 0;
    case ' ':
        p->paused = !p->paused;
        if (!p->paused && p->at_end)
            return jump(p, 0, fault);
        anchor(p, p->index);
        return 0;
    case 'f':
        p->window->toggle_fullscreen(p->window);
        return 0;
    case 'l':
        p->loop = !p->loop;
        return 0;
    case 'h':
        p->show_help = !p->show_help;
        return 0;
    case '[':
    case ']':
        p->speed *= key == '[' ? 0.5 : 2;
        p->speed = p->speed < 1.0 / 16 ? 1.0 / 16 : p->speed > 16 ? 16 : p->speed;
        anchor(p, p->index);
        return 0;
    default:
        return key == '0' || overlay_of_key(key) ? switch_overlay(p, key, fault)
                                                 : move(p, key, fault);
    }
}

static int handle(Player *p, PlayEvent e, Fault *fault)
{
    switch (e.type) {
    case PLAY_EVENT_QUIT:
        p->quit = 1;
        return 0;
    case PLAY_EVENT_REDRAW:
        p->redraw = 1;
        return 0;
    case PLAY_EVENT_KEY:
        return handle_key(p, e.key, fault);
    case PLAY_EVENT_SEEK:
        if (play_source_is_live(p->source))
            return 0;
        return jump(p, (int64_t)(e.share * (double)(play_source_count(p->source) - 1) + 0.5),
                    fault);
    default:
        return 0;
    }
}

/* ---- the loop ---- */

static int reach_end(Player *p, Fault *fault)
{
    if (p->loop && !play_source_is_live(p->source))
        return jump(p, 0, fault);
    p->at_end = p->paused = p->redraw = 1;
    p->quit |= p->exits;
    return 0;
}

/* Goes on to the picture that is due; pictures whose time has passed are decoded only. */
static int advance(Player *p, Fault *fault)
{
    double now = progress_clock();
    for (int i = 0; i < SKIPPED_MOST && due(p, p->index + 1) <= now; i++) {
        int64_t before = p->index;
        int was_waiting = p->redraw;
        if (play_source_count(p->source) == p->index + 1)
            return reach_end(p, fault); /* the last one has had its time */
        int status = take(p, p->index + 1, fault);
        if (status < 0)
            return -1;
        if (status == PLAY_END)
            return reach_end(p, fault);
        if (status == PLAY_WAIT) { /* the pipe is slower than the clock */
            anchor(p, before);
            p->anchor_time = now - (due(p, before + 1) - p->anchor_time);
            return 0;
        }
        p->skipped += was_waiting;
        double delay = now - due(p, p->index);
        p->worst_delay = delay > p->worst_delay ? delay : p->worst_delay;
    }
    if (due(p, p->index) < now - 0.5) /* hopelessly late: the clock waits for the pictures */
        anchor(p, p->index);
    return 0;
}

/* Milliseconds until something is to do. */
static int patience(const Player *p)
{
    if (p->redraw)
        return 0;
    if (p->paused)
        return 100;
    double rest = due(p, p->index + 1) - progress_clock();
    int most = play_source_is_live(p->source) ? 5 : 50;
    int wait = rest <= 0 ? (play_source_is_live(p->source) ? 2 : 0) : (int)(rest * 1000) + 1;
    return wait > most ? most : wait;
}

static int wait_for_first(Player *p, Fault *fault)
{
    int status;
    while ((status = take(p, p->start, fault)) == PLAY_WAIT)
        play_source_wait(p->source, 200);
    if (status == PLAY_END)
        return fault_set(
            fault, p->start ? "%s ends before picture %" PRId64 : "%s: no H.264 pictures in it",
            p->input, p->start);
    return status < 0 ? -1 : 0;
}

static int run(Player *p, Fault *fault)
{
    p->source = play_source_open(p->input, fault);
    if (!p->source || wait_for_first(p, fault) < 0)
        return -1;
    if (draw(p, fault) < 0)
        return -1;
    anchor(p, p->index);
    while (!p->quit) {
        PlayEvent e = p->window->wait(p->window, patience(p));
        if (handle(p, e, fault) < 0)
            return -1;
        if (!p->paused && !p->quit && advance(p, fault) < 0)
            return -1;
        if (p->redraw && !p->quit && draw(p, fault) < 0)
            return -1;
    }
    return 0;
}

int cmd_play(int argc, char **argv)
{
    static Player p;
    Fault fault;
    int help = 0;
    p.speed = 1;
    p.index = -1;
    make_help(&p);
    if (parse(&p, argc, argv, &help, &fault) < 0) {
        fprintf(stderr, "avocet: %s\n", fault.text);
        return EXIT_USAGE;
    }
    if (help) {
        print_help(&p);
        return EXIT_DONE;
    }
    int status =
        play_window_available()
            ? run(&p, &fault)
            : fault_set(&fault, "this build has no player (it needs SDL2; Debian: libsdl2-dev)");
    if (p.window)
        p.window->close(p.window);
    play_source_close(p.source);
    canvas_free(&p.canvas);
    if (status < 0)
        fprintf(stderr, "avocet: %s\n", fault.text);
    else if (p.verbose)
        fprintf(stderr,
                "drawn %" PRId64 " times, %" PRId64 " pictures skipped, %.0f ms late at worst\n",
                p.drawn, p.skipped, 1000 * p.worst_delay);
    return status < 0 ? EXIT_FAILED : EXIT_DONE;
}
