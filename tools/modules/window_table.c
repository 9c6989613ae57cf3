/* What avocet-window.so exports. See window.h. */
#include "modules/window.h"

#ifdef AVOCET_BUILD_MODULE
extern const WindowModule avocet_module;

__attribute__((visibility("default"))) const WindowModule avocet_module = {
    .head = {AVOCET_BUILD_MODULE, sizeof(WindowModule)},
    .open = play_window_open,
};
#endif
