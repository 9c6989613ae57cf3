/* Annex B byte stream: the packets as they are, one after another. See output.h. */
#include "output/output.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct AnnexB {
    Output base;
    FILE *file;
    const char *name;
    int failed; /* the disk is full or the reader gone: said once, nothing more is tried */
} AnnexB;

static int fail_write(AnnexB *a, Fault *fault)
{
    a->failed = 1;
    return fault_set(fault, "cannot write %s: %s (about %" PRId64 " bytes are written)", a->name,
                     strerror(errno), a->base.bytes);
}

static int write_packet(Output *output, const AvocetPacket *packet, Fault *fault)
{
    AnnexB *a = (AnnexB *)output;
    if (fwrite(packet->data, 1, packet->size, a->file) != packet->size)
        return fail_write(a, fault);
    output->bytes += (int64_t)packet->size;
    return 0;
}

static int close_file(Output *output, Fault *fault)
{
    AnnexB *a = (AnnexB *)output;
    int status = 0, already = a->failed;
    if (fflush(a->file) != 0 && !already)
        status = fail_write(a, fault);
    if (a->file != stdout && fclose(a->file) != 0 && !already && status == 0)
        status = fail_write(a, fault);
    free(a);
    return status;
}

Output *output_annexb_open(const char *name, Fault *fault)
{
    AnnexB *a = calloc(1, sizeof *a);
    if (!a) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    int to_stdout = strcmp(name, "-") == 0;
    a->base.write = write_packet;
    a->base.close = close_file;
    a->file = to_stdout ? stdout : fopen(name, "wb");
    a->name = to_stdout ? "standard output" : name;
    if (!a->file) {
        fault_set(fault, "cannot create %s: %s", name, strerror(errno));
        free(a);
        return NULL;
    }
    return &a->base;
}
