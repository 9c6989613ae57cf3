/* How the command line's parts report errors: one sentence, kept until someone prints it. */
#ifndef TOOLS_FAULT_H
#define TOOLS_FAULT_H

typedef struct Fault {
    char text[600];
} Fault;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
int fault_set(Fault *fault, const char *format, ...); /* returns -1 */

#endif
