/* See file_io.h. Plain system calls: what has been handed over is with the system at once, and
 * survives the end of the process, however it comes. */
#define _POSIX_C_SOURCE   200809L
#define _FILE_OFFSET_BITS 64
#include "file_io.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int note_error(FileIo *f)
{
    f->error = errno ? errno : EIO;
    return -1;
}

/* ---- reading ---- */

static int64_t source_read(void *opaque, uint64_t offset, uint8_t *data, size_t size)
{
    FileIo *f = opaque;
    ssize_t n;
    do
        n = pread(f->fd, data, size, (off_t)offset);
    while (n < 0 && errno == EINTR);
    return n < 0 ? note_error(f) : n;
}

int file_io_open_read(FileIo *f, const char *name, AvocetSource *source, Fault *fault)
{
    struct stat info;
    memset(f, 0, sizeof *f);
    f->name = name;
    f->fd = open(name, O_RDONLY | O_CLOEXEC);
    if (f->fd < 0)
        return fault_set(fault, "cannot open %s: %s", name, strerror(errno));
    if (fstat(f->fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(f->fd);
        f->fd = -1;
        return fault_set(fault, "%s is not a file", name);
    }
    f->is_regular = 1;
    *source = (AvocetSource){source_read, (uint64_t)info.st_size, f};
    return 0;
}

/* ---- writing ---- */

int file_io_check_output(const char *input, const char *output, Fault *fault)
{
    struct stat in, out;
    if (stat(input, &in) == 0 && stat(output, &out) == 0 && S_ISREG(out.st_mode) &&
        in.st_dev == out.st_dev && in.st_ino == out.st_ino)
        return fault_set(fault, "%s is the input; choose another output", output);
    return 0;
}

static int write_fully(FileIo *f, int64_t offset, const uint8_t *data, size_t size)
{
    while (size) {
        ssize_t n =
            offset < 0 ? write(f->fd, data, size) : pwrite(f->fd, data, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return note_error(f);
        data += n;
        size -= (size_t)n;
        if (offset >= 0)
            offset += n;
        else
            f->written += n;
    }
    return 0;
}

static int sink_write(void *opaque, const uint8_t *data, size_t size)
{
    return write_fully(opaque, -1, data, size);
}

static int sink_write_at(void *opaque, uint64_t offset, const uint8_t *data, size_t size)
{
    return write_fully(opaque, (int64_t)offset, data, size);
}

static int sink_read_at(void *opaque, uint64_t offset, uint8_t *data, size_t size)
{
    while (size) {
        int64_t n = source_read(opaque, offset, data, size);
        if (n <= 0)
            return note_error(opaque);
        data += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return 0;
}

static int sink_truncate(void *opaque, uint64_t size)
{
    FileIo *f = opaque;
    return ftruncate(f->fd, (off_t)size) == 0 ? 0 : note_error(f);
}

static int sink_sync(void *opaque)
{
    FileIo *f = opaque;
    if (!f->is_regular || fdatasync(f->fd) == 0 || errno == EINVAL)
        return 0;
    return note_error(f);
}

int file_io_create(FileIo *f, const char *name, AvocetSink *sink, Fault *fault)
{
    struct stat info;
    int to_stdout = strcmp(name, "-") == 0;
    memset(f, 0, sizeof *f);
    f->name = to_stdout ? "standard output" : name;
    f->fd = to_stdout ? STDOUT_FILENO : open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (f->fd < 0)
        return fault_set(fault, "cannot create %s: %s", name, strerror(errno));
    f->is_regular = fstat(f->fd, &info) == 0 && S_ISREG(info.st_mode) && !to_stdout;
    *sink = (AvocetSink){.write = sink_write, .sync = sink_sync, .opaque = f};
    if (f->is_regular) {
        sink->write_at = sink_write_at;
        sink->read_at = sink_read_at;
        sink->truncate = sink_truncate;
    }
    return 0;
}

int file_io_fault(const FileIo *f, Fault *fault)
{
    return fault_set(fault, "cannot write %s: %s (about %" PRId64 " bytes are written)", f->name,
                     f->error ? strerror(f->error) : "unknown reason", f->written);
}

int file_io_close(FileIo *f, Fault *fault)
{
    int fd = f->fd;
    f->fd = -1;
    if (fd <= STDOUT_FILENO || close(fd) == 0)
        return 0;
    note_error(f);
    return file_io_fault(f, fault);
}
