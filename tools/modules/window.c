/* The program's side of window.h: opens the module for the player, or says that there is none.
 * Where SDL2 is linked directly, this file is empty. */
#include "modules/window.h"

#if defined(AVOCET_WINDOW_MODULE)

int play_window_available(void)
{
    return 1;
}

PlayWindow *play_window_open(const char *title, int width, int height, double sar, Fault *fault)
{
    const WindowModule *module =
        (const WindowModule *)module_load("window", sizeof *module, "avocet play", fault);
    return module ? module->open(title, width, height, sar, fault) : NULL;
}

#elif !defined(AVOCET_HAVE_SDL2)

int play_window_available(void)
{
    return 0;
}

PlayWindow *play_window_open(const char *title, int width, int height, double sar, Fault *fault)
{
    (void)title, (void)width, (void)height, (void)sar;
    fault_set(fault, "this build has no player (it needs SDL2; Debian: libsdl2-dev)");
    return NULL;
}
#endif
