/* Parts of the program in files of their own. FFmpeg's libraries and SDL2 bring a hundred and fifty
 * shared libraries with them, which take longer to load than many a command takes to run; so what
 * needs them is a module, avocet-NAME.so, opened when a command comes to need it.
 *
 * A module exports one symbol, avocet_module: its table of functions, which begins with a
 * ModuleHead. media.h and window.h are the tables; NAME.c is the program's side of each and
 * NAME_table.c the module's. A build without modules (the CMake option AVOCET_MODULES; any build by
 * hand) links the same functions directly. */
#ifndef TOOLS_MODULE_H
#define TOOLS_MODULE_H

#include <stddef.h>
#include "fault.h"

typedef struct ModuleHead {
    const char *version; /* avocet_version() of the module */
    size_t size;         /* of its table */
} ModuleHead;

/* The table of that module. purpose, for messages: what the user wanted that takes it, such as
 * "reading clip.mkv". Looked for beside the program and where it is installed. NULL: fault. */
const ModuleHead *module_load(const char *name, size_t size, const char *purpose, Fault *fault);

#endif
