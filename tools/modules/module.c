/* See module.h. An opened module stays open until the program ends:
 * opening it again only counts. */
#define _POSIX_C_SOURCE 200809L
#include "modules/module.h"

#ifdef AVOCET_MODULE_FOLDER /* from the program's folder to that of installed modules */
#include <avocet/avocet.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FOLDER_BYTES = 1000, FILE_BYTES = 1200 };

/* Folder of the running program, links followed. 0 or -1. */
static int own_folder(char folder[FOLDER_BYTES])
{
    ssize_t n = readlink("/proc/self/exe", folder, FOLDER_BYTES);
    if (n <= 0 || n >= FOLDER_BYTES)
        return -1;
    folder[n] = 0;
    *strrchr(folder, '/') = 0;
    return 0;
}

/* The path of the module's file. 0 or -1. */
static int find(const char *name, const char *purpose, char file[FILE_BYTES], Fault *fault)
{
    static const char *const places[] = {"", "/" AVOCET_MODULE_FOLDER};
    char folder[FOLDER_BYTES];
    if (own_folder(folder) < 0)
        return fault_set(fault, "%s takes avocet-%s.so, but where the program is cannot be found",
                         purpose, name);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int n = snprintf(file, FILE_BYTES, "%s%s/avocet-%s.so", folder, places[i], name);
        if (n < FILE_BYTES && access(file, F_OK) == 0)
            return 0;
    }
    return fault_set(fault,
                     "%s takes avocet-%s.so, which is built and installed with the program, but is "
                     "neither in %.200s nor in its %s",
                     purpose, name, folder, AVOCET_MODULE_FOLDER);
}

const ModuleHead *module_load(const char *name, size_t size, const char *purpose, Fault *fault)
{
    char file[FILE_BYTES];
    if (find(name, purpose, file, fault) < 0)
        return NULL;
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    const ModuleHead *head = handle ? dlsym(handle, "avocet_module") : NULL;
    if (!head)
        fault_set(fault, "%s takes avocet-%s.so, which does not load: %s", purpose, name,
                  dlerror());
    else if (head->size != size || strcmp(head->version, avocet_version()) != 0)
        fault_set(fault,
                  "%s takes %s, but that file is of another build (%s) than the program (%s)",
                  purpose, file, head->version, avocet_version());
    else
        return head;
    return NULL;
}
#endif
