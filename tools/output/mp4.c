/* MP4 files, by the library's own writer. See output.h, <avocet/mux.h>. */
#include "output/output.h"
#include "file_io.h"
#include <avocet/mux.h>
#include <stdlib.h>

typedef struct Mp4 {
    Output base;
    AvocetMp4Writer *writer;
    FileIo file;
    int failed;
} Mp4;

static int fail(Mp4 *m, Fault *fault)
{
    m->failed = 1;
    if (m->file.error)
        return file_io_fault(&m->file, fault);
    return fault_set(fault, "%s: %s", m->file.name, avocet_mp4_error(m->writer));
}

static int write_packet(Output *output, const AvocetPacket *packet, Fault *fault)
{
    Mp4 *m = (Mp4 *)output;
    if (avocet_mp4_write(m->writer, packet) < 0)
        return fail(m, fault);
    output->bytes = (int64_t)avocet_mp4_bytes(m->writer);
    return 0;
}

static int close_file(Output *output, Fault *fault)
{
    Mp4 *m = (Mp4 *)output;
    int status = 0;
    if (!m->failed && avocet_mp4_finish(m->writer) < 0)
        status = fail(m, fault);
    avocet_mp4_close(&m->writer);
    Fault second;
    if (file_io_close(&m->file, &second) < 0 && status == 0 && !m->failed) {
        *fault = second;
        status = -1;
    }
    free(m);
    return status;
}

static void configure(AvocetMp4Config *config, const OutputOptions *options,
                      const OutputTrack *track)
{
    avocet_mp4_config_init(config);
    config->time_base = track->time_base;
    config->frame_duration = track->frame_duration;
    config->layout = options->index_last ? AVOCET_MP4_INDEX_LAST : AVOCET_MP4_INDEX_FIRST;
    if (options->fragment > 0) {
        config->layout = AVOCET_MP4_FRAGMENTED;
        config->fragment_ms = (int)(options->fragment * 1000 + 0.5);
    }
}

Output *output_mp4_open(const char *name, const OutputOptions *options, const OutputTrack *track,
                        Fault *fault)
{
    char message[256];
    AvocetSink sink;
    AvocetMp4Config config;
    Mp4 *m = calloc(1, sizeof *m);
    if (!m) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    m->base.write = write_packet;
    m->base.close = close_file;
    configure(&config, options, track);
    int status = file_io_create(&m->file, name, &sink, fault);
    if (status == 0 && config.layout != AVOCET_MP4_FRAGMENTED && !m->file.is_regular)
        status = fault_set(fault, "%s is not a file one can go back in: MP4 there needs --fragment",
                           m->file.name);
    if (status == 0 && avocet_mp4_open(&m->writer, &config, &sink, track->headers,
                                       track->headers_size, NULL, message, sizeof message) < 0)
        status = fault_set(fault, "%s: %s", m->file.name, message);
    if (status == 0)
        return &m->base;
    Fault ignored;
    if (m->file.fd > 0)
        file_io_close(&m->file, &ignored);
    free(m);
    return NULL;
}
