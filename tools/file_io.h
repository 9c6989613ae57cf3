/* Files for the library's containers: a file to read from at any place,
 * and one to write MP4 into. */
#ifndef TOOLS_FILE_IO_H
#define TOOLS_FILE_IO_H

#include <avocet/mux.h>
#include "fault.h"

typedef struct FileIo {
    int fd;
    const char *name;
    int error; /* errno of what failed; 0: nothing did */
    int is_regular;
    int64_t written; /* bytes appended */
} FileIo;

/* 0 or -1. Only regular files can be read (any place, any order). */
int file_io_open_read(FileIo *file, const char *name, AvocetSource *source, Fault *fault);
/* Is output another file than input? Writing over the input would destroy it before it is read. 0,
 * or -1 with fault. */
int file_io_check_output(const char *input, const char *output, Fault *fault);
/* Creates the file; "-" is standard output. Positions,
 * reading and cutting work in regular files only. */
int file_io_create(FileIo *file, const char *name, AvocetSink *sink, Fault *fault);
/* The last failure as a sentence. Returns -1. */
int file_io_fault(const FileIo *file, Fault *fault);
int file_io_close(FileIo *file, Fault *fault);

#endif
