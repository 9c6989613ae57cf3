/* Fuzz target: any bytes into everything that reads NAL units and parameter sets. Built with
 * -fsanitize=fuzzer it is a libFuzzer program; linked with replay.c it runs files and mutations of
 * them without a fuzzer.
 *
 * The first byte chooses the form of the rest: 0, 1, 2, 4 the size of NAL lengths (0: start codes,
 * as in Annex B streams themselves), 7 one sequence parameter set, 8 one picture parameter set, 6
 * one SEI unit, each without NAL header. */
#include <avocet/mux.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "dec/paramset_parse.h"
#include "base/rbsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t used;

static void use(const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < size; i++)
        used = used * 31 + p[i];
}

static void read_sps(const uint8_t *rbsp, size_t size)
{
    AvoMessage message;
    AvoSps *sps = malloc(sizeof *sps);
    if (sps && avo_sps_parse(sps, rbsp, size, &message) == AVOCET_OK) {
        const char *reason = avo_sps_unsupported(sps);
        used += reason != NULL;
        use(sps, sizeof *sps);
    }
    free(sps);
}

static void read_pps(const uint8_t *rbsp, size_t size)
{
    AvoMessage message;
    const AvocetAllocator *allocator = avo_memory_default();
    AvoPps *pps = malloc(sizeof *pps);
    if (pps && avo_pps_parse(pps, rbsp, size, allocator, &message) == AVOCET_OK) {
        used += (uint32_t)pps->num_slice_groups;
        if (pps->slice_group_id)
            allocator->free(allocator->opaque, pps->slice_group_id);
    }
    free(pps);
}

static void on_sei(void *opaque, int type, const uint8_t *payload, size_t payload_size)
{
    (void)opaque;
    used += (uint32_t)type;
    use(payload, payload_size);
}

/* A unit as the decoder sees it: without emulation prevention. */
static void read_unit(const AvocetNal *nal)
{
    uint8_t *rbsp = malloc(nal->size + 1);
    if (!rbsp)
        return;
    size_t size = avo_rbsp_unescape(rbsp, nal->size, nal->data + 1, nal->size - 1);
    if (nal->type == 7 || nal->type == 15)
        read_sps(rbsp, size);
    else if (nal->type == 8)
        read_pps(rbsp, size);
    else if (nal->type == 6)
        avo_sei_parse(rbsp, size, on_sei, NULL);
    use(rbsp, size);
    free(rbsp);
}

static void read_units(const uint8_t *data, size_t size, int length_size)
{
    AvocetNal nal;
    AvocetVideoInfo info;
    uint8_t avcc[2048];
    char codec[12];
    size_t at = 0;
    while (avocet_nal_next(data, size, length_size, &at, &nal) > 0) {
        if (nal.data < data || nal.size == 0 || nal.data + nal.size > data + size || at > size)
            abort();
        read_unit(&nal);
    }
    if (avocet_video_info(data, size, length_size, &info) == AVOCET_OK) {
        avocet_video_codec_text(&info, codec);
        use(&info, sizeof info);
        use(codec, strlen(codec));
    }
    int64_t n = avocet_avcc_write(data, size, length_size, avcc, sizeof avcc);
    if (n > 0)
        use(avcc, (size_t)n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    switch (data[0]) {
    case 0:
        read_units(data, size, 0);
        break;
    case 1:
    case 2:
    case 4:
        read_units(data + 1, size - 1, data[0]);
        break;
    case 6:
        avo_sei_parse(data + 1, size - 1, on_sei, NULL);
        break;
    case 7:
        read_sps(data + 1, size - 1);
        break;
    case 8:
        read_pps(data + 1, size - 1);
        break;
    default:
        break;
    }
    return 0;
}
