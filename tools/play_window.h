/* The player's window: shows a canvas, keeping its aspect,
 * with a seek bar and lines of help over it. */
#ifndef TOOLS_PLAY_WINDOW_H
#define TOOLS_PLAY_WINDOW_H

#include "overlay.h"

/* What the user did. */
typedef enum PlayEventType {
    PLAY_EVENT_NONE,
    PLAY_EVENT_QUIT,
    PLAY_EVENT_KEY,  /* key: a character, or one of PLAY_KEY_* */
    PLAY_EVENT_SEEK, /* share: 0..1 along the bar */
    PLAY_EVENT_REDRAW
} PlayEventType;

enum {
    PLAY_KEY_LEFT = 1000,
    PLAY_KEY_RIGHT,
    PLAY_KEY_UP,
    PLAY_KEY_DOWN,
    PLAY_KEY_HOME,
    PLAY_KEY_END,
    PLAY_KEY_ESCAPE
};

typedef struct PlayEvent {
    PlayEventType type;
    int key;
    double share;
} PlayEvent;

/* What is to be shown. */
typedef struct PlayView {
    const Canvas *canvas;    /* picture and overlays */
    double position;         /* 0..1; negative: no bar */
    const char *status;      /* line in the bar */
    const char *const *help; /* lines, NULL at the end; NULL: none */
} PlayView;

typedef struct PlayWindow PlayWindow;
struct PlayWindow {
    void (*set_title)(PlayWindow *window, const char *title);
    void (*toggle_fullscreen)(PlayWindow *window);
    /* Waits at most that long for something to happen. */
    PlayEvent (*wait)(PlayWindow *window, int milliseconds);
    int (*show)(PlayWindow *window, const PlayView *view, Fault *fault); /* 0 or -1 */
    void (*close)(PlayWindow *window);
};

/* Is the player built in? */
int play_window_available(void);
/* sar: width of a sample against its height. NULL: fault. */
PlayWindow *play_window_open(const char *title, int width, int height, double sar, Fault *fault);

#endif
