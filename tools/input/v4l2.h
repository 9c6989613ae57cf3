/* The system calls that reading a camera takes, so that tests can put a camera of their own in
 * their place. */
#ifndef TOOLS_V4L2_H
#define TOOLS_V4L2_H

#include <stddef.h>
#include "input/input.h"

typedef struct V4l2System {
    int (*open)(const char *name);
    int (*control)(int fd, unsigned long request, void *argument); /* ioctl */
    void *(*map)(int fd, size_t size, long offset);                /* NULL: failed */
    void (*unmap)(void *memory, size_t size);
    int (*wait)(int fd, int timeout_ms); /* poll: 1 readable, 0 timeout, -1 errno */
    void (*close)(int fd);
} V4l2System;

/* system NULL: the real one. */
Input *input_v4l2_open_on(const InputRequest *request, const V4l2System *system, Fault *fault);

#endif
