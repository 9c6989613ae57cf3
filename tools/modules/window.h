/* The module of SDL2: the player's window (play_window.h). */
#ifndef TOOLS_WINDOW_H
#define TOOLS_WINDOW_H

#include "modules/module.h"
#include "play_window.h"

typedef struct WindowModule {
    ModuleHead head;
    PlayWindow *(*open)(const char *title, int width, int height, double sar, Fault *fault);
} WindowModule;

#endif
