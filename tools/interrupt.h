/* Ctrl-C and SIGTERM as a flag that work in progress looks at, so that what is done can be kept. */
#ifndef TOOLS_INTERRUPT_H
#define TOOLS_INTERRUPT_H

#include <signal.h>

/* From now on these signals set the flag; a second one kills. A reader that went away (SIGPIPE)
 * becomes a write error with a message. Returns the flag, not 0 once a signal came. */
const volatile sig_atomic_t *interrupt_watch(void);

#endif
