/* Annex B byte stream: the packets as they are, one after another. See output.h. */
#define _POSIX_C_SOURCE 200809L
#include "output/output.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct Output {
    FILE *file;
    const char *name;
    int64_t bytes;
    int failed; /* the disk is full or the reader gone: said once, nothing more is tried */
};

int output_check_name(const char *name, Fault *fault)
{
    static const char *const extensions[] = {"264", "h264", "avc"};
    const char *dot = strrchr(name, '.'), *slash = strrchr(name, '/');
    if (strcmp(name, "-") == 0 || strncmp(name, "/dev/", 5) == 0)
        return 0;
    for (size_t i = 0; dot && i < sizeof extensions / sizeof extensions[0]; i++)
        if (strcasecmp(dot + 1, extensions[i]) == 0)
            return 0;
    if (!dot || (slash && dot < slash))
        return fault_set(fault, "output %s: give it a name that ends in .264 or .h264", name);
    return fault_set(
        fault,
        "output %s: %s files cannot be written, only .264 and .h264 (wrap one afterwards: "
        "ffmpeg -i x.264 -c copy %s)",
        name, dot, name);
}

Output *output_open(const char *name, Fault *fault)
{
    Output *output = calloc(1, sizeof *output);
    if (!output) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    int to_stdout = strcmp(name, "-") == 0;
    output->file = to_stdout ? stdout : fopen(name, "wb");
    output->name = to_stdout ? "standard output" : name;
    if (!output->file) {
        fault_set(fault, "cannot create %s: %s", name, strerror(errno));
        free(output);
        return NULL;
    }
    return output;
}

static int fail_write(Output *output, Fault *fault)
{
    output->failed = 1;
    return fault_set(fault, "cannot write %s: %s (about %" PRId64 " bytes are written)",
                     output->name, strerror(errno), output->bytes);
}

int output_write(Output *output, const AvocetPacket *packet, Fault *fault)
{
    if (fwrite(packet->data, 1, packet->size, output->file) != packet->size)
        return fail_write(output, fault);
    output->bytes += (int64_t)packet->size;
    return 0;
}

int64_t output_bytes(const Output *output)
{
    return output->bytes;
}

int output_close(Output *output, Fault *fault)
{
    int status = 0, already = output->failed;
    if (fflush(output->file) != 0 && !already)
        status = fail_write(output, fault);
    if (output->file != stdout && fclose(output->file) != 0 && !already && status == 0)
        status = fail_write(output, fault);
    free(output);
    return status;
}
