/* Short sentences without stdio, which small machines do not have. */
#ifndef AVO_BINDINGS_SAY_H
#define AVO_BINDINGS_SAY_H

#include <stddef.h>

/* Writes text with %s (const char *), %d (int), %l (int64_t) and %% filled in, cut to size. text
 * may be NULL. */
void avo_say(char *text, size_t size, const char *form, ...);

#endif
