/* See play_window.h. Through SDL2, where the build found it. */
#include "play_window.h"
#include <stdlib.h>
#include <string.h>

#ifdef AVOCET_HAVE_SDL2
#define SDL_MAIN_HANDLED
#include <SDL.h>

enum {
    BAR_HEIGHT = 34,
    BAR_MARGIN = 10,
    BAR_SHOWN_MS = 2500,
    TEXT = 2,
    HELP_INDENT = 3,
    HELP_PITCH = 10
};

static const Colour panel_back = {24, 26, 30}, panel_text = {235, 235, 235};

typedef struct SdlWindow {
    PlayWindow base;
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *picture, *panel;
    int picture_width, picture_height, panel_width, panel_height;
    double sar;
    Canvas bar, help;
    int mouse_moved, dragging, is_full;
    SDL_Rect before; /* full screen */
    Uint32 mouse_time;
} SdlWindow;

int play_window_available(void)
{
    return 1;
}

static void close_window(PlayWindow *window)
{
    SdlWindow *w = (SdlWindow *)window;
    if (w->picture)
        SDL_DestroyTexture(w->picture);
    if (w->panel)
        SDL_DestroyTexture(w->panel);
    if (w->renderer)
        SDL_DestroyRenderer(w->renderer);
    if (w->window)
        SDL_DestroyWindow(w->window);
    canvas_free(&w->bar);
    canvas_free(&w->help);
    SDL_Quit();
    free(w);
}

static void set_title(PlayWindow *window, const char *title)
{
    SDL_SetWindowTitle(((SdlWindow *)window)->window, title);
}

/* First by hand, which is all there is without a window manager, then with its help: only it can
 * put the window above its panels. */
static void toggle_fullscreen(PlayWindow *window)
{
    SdlWindow *w = (SdlWindow *)window;
    SDL_Rect screen, *before = &w->before;
    int display = SDL_GetWindowDisplayIndex(w->window);
    w->is_full = !w->is_full;
    if (w->is_full && SDL_GetDisplayBounds(display < 0 ? 0 : display, &screen) == 0) {
        SDL_GetWindowPosition(w->window, &before->x, &before->y);
        SDL_GetWindowSize(w->window, &before->w, &before->h);
        SDL_SetWindowBordered(w->window, SDL_FALSE);
        SDL_SetWindowPosition(w->window, screen.x, screen.y);
        SDL_SetWindowSize(w->window, screen.w, screen.h);
    }
    SDL_SetWindowFullscreen(w->window, w->is_full ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
    if (!w->is_full && before->w > 0) {
        SDL_SetWindowBordered(w->window, SDL_TRUE);
        SDL_SetWindowSize(w->window, before->w, before->h);
        SDL_SetWindowPosition(w->window, before->x, before->y);
    }
}

/* ---- events ---- */

static int bar_visible(const SdlWindow *w)
{
    return w->dragging || (w->mouse_moved && SDL_GetTicks() - w->mouse_time < BAR_SHOWN_MS);
}

static double share_at(const SdlWindow *w, int x)
{
    int width, height;
    SDL_GetWindowSize(w->window, &width, &height);
    double share = (double)(x - BAR_MARGIN) / (width - 2 * BAR_MARGIN);
    return share < 0 ? 0 : share > 1 ? 1 : share;
}

static int is_in_bar(const SdlWindow *w, int y)
{
    int width, height;
    SDL_GetWindowSize(w->window, &width, &height);
    return y >= height - BAR_HEIGHT;
}

static PlayEvent key_event(SDL_Keycode key)
{
    static const struct {
        SDL_Keycode sdl;
        int key;
    } keys[] = {{SDLK_LEFT, PLAY_KEY_LEFT},    {SDLK_RIGHT, PLAY_KEY_RIGHT},
                {SDLK_UP, PLAY_KEY_UP},        {SDLK_DOWN, PLAY_KEY_DOWN},
                {SDLK_HOME, PLAY_KEY_HOME},    {SDLK_END, PLAY_KEY_END},
                {SDLK_ESCAPE, PLAY_KEY_ESCAPE}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].sdl == key)
            return (PlayEvent){PLAY_EVENT_KEY, keys[i].key, 0};
    if (key >= 32 && key < 127)
        return (PlayEvent){PLAY_EVENT_KEY, (int)key, 0};
    return (PlayEvent){PLAY_EVENT_NONE, 0, 0};
}

static PlayEvent mouse_event(SdlWindow *w, const SDL_Event *e)
{
    int was_visible = bar_visible(w);
    w->mouse_moved = 1;
    w->mouse_time = SDL_GetTicks();
    if (e->type == SDL_MOUSEBUTTONUP)
        w->dragging = 0;
    if (e->type == SDL_MOUSEBUTTONDOWN && e->button.button == SDL_BUTTON_LEFT &&
        is_in_bar(w, e->button.y)) {
        w->dragging = 1;
        return (PlayEvent){PLAY_EVENT_SEEK, 0, share_at(w, e->button.x)};
    }
    if (e->type == SDL_MOUSEMOTION && w->dragging)
        return (PlayEvent){PLAY_EVENT_SEEK, 0, share_at(w, e->motion.x)};
    return (PlayEvent){was_visible ? PLAY_EVENT_NONE : PLAY_EVENT_REDRAW, 0, 0};
}

/* SDL_WaitEventTimeout would do the same, but under X11 it sends itself events that may arrive
 * after the window was closed, which ends the program with an X error. */
static int wait_event(SDL_Event *e, int milliseconds)
{
    Uint32 start = SDL_GetTicks();
    for (;;) {
        if (SDL_PollEvent(e))
            return 1;
        int rest = milliseconds - (int)(SDL_GetTicks() - start);
        if (rest <= 0)
            return 0;
        SDL_Delay(rest < 4 ? (Uint32)rest : 4);
    }
}

static PlayEvent next_event(PlayWindow *window, int milliseconds)
{
    SdlWindow *w = (SdlWindow *)window;
    SDL_Event e;
    int was_visible = bar_visible(w);
    if (!wait_event(&e, milliseconds))
        return (PlayEvent){was_visible && !bar_visible(w) ? PLAY_EVENT_REDRAW : PLAY_EVENT_NONE, 0,
                           0};
    switch (e.type) {
    case SDL_QUIT:
        return (PlayEvent){PLAY_EVENT_QUIT, 0, 0};
    case SDL_KEYDOWN:
        return key_event(e.key.keysym.sym);
    case SDL_MOUSEMOTION:
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
        return mouse_event(w, &e);
    case SDL_WINDOWEVENT:
        return (PlayEvent){PLAY_EVENT_REDRAW, 0, 0};
    default:
        return (PlayEvent){PLAY_EVENT_NONE, 0, 0};
    }
}

/* ---- drawing ---- */

/* Canvas to a texture of its size, made anew when the size changes. */
static int upload(SdlWindow *w, SDL_Texture **texture, int *width, int *height,
                  const Canvas *canvas)
{
    if (*texture && (*width != canvas->width || *height != canvas->height)) {
        SDL_DestroyTexture(*texture);
        *texture = NULL;
    }
    if (!*texture) {
        *texture = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_RGB24,
                                     SDL_TEXTUREACCESS_STREAMING, canvas->width, canvas->height);
        *width = canvas->width;
        *height = canvas->height;
    }
    return *texture ? SDL_UpdateTexture(*texture, NULL, canvas->rgb, 3 * canvas->width) : -1;
}

/* The largest place in the window with the picture's shape. */
static SDL_Rect place_picture(const SdlWindow *w, int width, int height)
{
    int window_width, window_height;
    SDL_GetRendererOutputSize(w->renderer, &window_width, &window_height);
    double shape = width * w->sar / height;
    SDL_Rect r = {0, 0, window_width, (int)(window_width / shape + 0.5)};
    if (r.h > window_height) {
        r.h = window_height;
        r.w = (int)(window_height * shape + 0.5);
    }
    r.x = (window_width - r.w) / 2;
    r.y = (window_height - r.h) / 2;
    return r;
}

static int draw_panel(SdlWindow *w, const Canvas *canvas, int x, int y)
{
    SDL_Rect to = {x, y, canvas->width, canvas->height};
    if (upload(w, &w->panel, &w->panel_width, &w->panel_height, canvas) != 0)
        return -1;
    return SDL_RenderCopy(w->renderer, w->panel, NULL, &to);
}

static int draw_bar(SdlWindow *w, const PlayView *view, Fault *fault)
{
    static const Colour rail = {80, 84, 92}, done = {235, 120, 40};
    size_t letters = strlen(view->status);
    int width, height;
    SDL_GetRendererOutputSize(w->renderer, &width, &height);
    if (canvas_resize(&w->bar, width, BAR_HEIGHT, fault) < 0)
        return -1;
    int length = width - 2 * BAR_MARGIN, y = BAR_HEIGHT - 11;
    int size = canvas_text_width(letters, TEXT) <= length ? TEXT : 1;
    canvas_fill(&w->bar, 0, 0, width, BAR_HEIGHT, panel_back, 256);
    canvas_text(&w->bar, BAR_MARGIN, 4, size, view->status, letters, panel_text);
    canvas_fill(&w->bar, BAR_MARGIN, y, length, 6, rail, 256);
    if (view->position >= 0)
        canvas_fill(&w->bar, BAR_MARGIN, y, (int)(length * view->position), 6, done, 256);
    return draw_panel(w, &w->bar, 0, height - BAR_HEIGHT);
}

/* How many letters of a text go into a line: all, or those before a space. */
static size_t letters_that_fit(const char *text, size_t most)
{
    size_t length = strlen(text), fit = most;
    if (length <= most)
        return length;
    while (fit > 0 && text[fit] != ' ')
        fit--;
    return fit ? fit : most;
}

/* Lines of help, broken where the window is too narrow; their number. Where `canvas` is NULL they
 * are counted only. */
static int put_help(Canvas *canvas, const char *const *lines, size_t columns, int size)
{
    int row = 0;
    for (; *lines; lines++) {
        const char *text = *lines;
        size_t indent = 0;
        do {
            size_t letters = letters_that_fit(text, columns - indent);
            if (canvas)
                canvas_text(canvas, BAR_MARGIN + canvas_text_width(indent, size),
                            BAR_MARGIN + row * HELP_PITCH * size, size, text, letters, panel_text);
            row++;
            text += letters;
            text += *text == ' ';
            indent = HELP_INDENT;
        } while (*text);
    }
    return row;
}

/* In large letters where they fit, in small ones else. */
static int draw_help(SdlWindow *w, const PlayView *view, Fault *fault)
{
    int width, height, size = TEXT + 1, rows = 0;
    size_t columns = 0, longest = 0;
    SDL_GetRendererOutputSize(w->renderer, &width, &height);
    for (int i = 0; view->help[i]; i++)
        longest = strlen(view->help[i]) > longest ? strlen(view->help[i]) : longest;
    do {
        int room = (width - 4 * BAR_MARGIN) / canvas_text_width(1, --size);
        columns = room < 2 * HELP_INDENT ? 2 * HELP_INDENT : (size_t)room;
        columns = columns < longest ? columns : longest;
        rows = put_help(NULL, view->help, columns, size);
    } while (size > 1 && (columns < longest || rows * HELP_PITCH * size + 4 * BAR_MARGIN > height));
    if (canvas_resize(&w->help, canvas_text_width(columns, size) + 2 * BAR_MARGIN,
                      rows * HELP_PITCH * size + 2 * BAR_MARGIN, fault) < 0)
        return -1;
    canvas_fill(&w->help, 0, 0, w->help.width, w->help.height, panel_back, 256);
    put_help(&w->help, view->help, columns, size);
    return draw_panel(w, &w->help, BAR_MARGIN, BAR_MARGIN);
}

static int show(PlayWindow *window, const PlayView *view, Fault *fault)
{
    SdlWindow *w = (SdlWindow *)window;
    SDL_SetRenderDrawColor(w->renderer, 0, 0, 0, 255);
    SDL_RenderClear(w->renderer);
    int status = 0;
    if (view->canvas && view->canvas->rgb) {
        SDL_Rect to = place_picture(w, view->canvas->width, view->canvas->height);
        status = upload(w, &w->picture, &w->picture_width, &w->picture_height, view->canvas);
        if (status == 0)
            status = SDL_RenderCopy(w->renderer, w->picture, NULL, &to);
    }
    if (status != 0)
        return fault_set(fault, "cannot draw: %s", SDL_GetError());
    if (bar_visible(w) && draw_bar(w, view, fault) < 0)
        return -1;
    if (view->help && draw_help(w, view, fault) < 0)
        return -1;
    SDL_RenderPresent(w->renderer);
    return 0;
}

/* ---- opening ---- */

/* The largest whole multiple of a half that fits on the screen, at most the wish. */
static void fit_to_screen(int *width, int *height)
{
    SDL_Rect usable;
    if (SDL_GetDisplayUsableBounds(0, &usable) != 0)
        return;
    while ((*width > usable.w || *height > usable.h) && *width > 160) {
        *width /= 2;
        *height /= 2;
    }
}

static PlayWindow *fail(SdlWindow *w, Fault *fault)
{
    fault_set(fault, "cannot open a window: %s", SDL_GetError());
    close_window(&w->base);
    return NULL;
}

/* Without a screen SDL plays to nobody, which is right only if asked for. */
static int is_unseen(void)
{
    const char *driver = SDL_GetCurrentVideoDriver();
    return !SDL_getenv("SDL_VIDEODRIVER") && driver &&
           (!strcmp(driver, "offscreen") || !strcmp(driver, "dummy") || !strcmp(driver, "evdev"));
}

PlayWindow *play_window_open(const char *title, int width, int height, double sar, Fault *fault)
{
    SdlWindow *w = calloc(1, sizeof *w);
    if (!w) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    w->base = (PlayWindow){set_title, toggle_fullscreen, next_event, show, close_window};
    SDL_SetMainReady();
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); /* Ctrl-C ends the program */
    if (SDL_Init(SDL_INIT_VIDEO) != 0)
        return fail(w, fault);
    if (is_unseen()) {
        SDL_SetError("there is no screen (DISPLAY and WAYLAND_DISPLAY are not set)");
        return fail(w, fault);
    }
    w->sar = sar;
    width = (int)(width * sar + 0.5);
    fit_to_screen(&width, &height);
    w->window = SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, width,
                                 height, SDL_WINDOW_RESIZABLE);
    if (w->window)
        w->renderer = SDL_CreateRenderer(w->window, -1, 0);
    if (w->window && !w->renderer)
        w->renderer = SDL_CreateRenderer(w->window, -1, SDL_RENDERER_SOFTWARE);
    return w->renderer ? &w->base : fail(w, fault);
}
#endif
