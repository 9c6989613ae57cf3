/* Fuzz target: any bytes as a file into the reader (MP4 in all its states, or Annex B), and what it
 * makes of them into the MP4 writer. Built with -fsanitize=fuzzer it is a libFuzzer program; linked
 * with replay.c it runs files and mutations of them without a fuzzer. */
#include <avocet/mux.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY_LIMIT ((size_t)64 << 20)
/* Many samples may share the same bytes: enough is enough. */
#define MAX_READ ((uint64_t)16 << 20)

typedef struct Bytes {
    const uint8_t *data;
    size_t size;
} Bytes;

static int64_t read_bytes(void *opaque, uint64_t offset, uint8_t *to, size_t size)
{
    const Bytes *b = opaque;
    if (offset > b->size)
        abort(); /* the reader knows the size */
    if (size > b->size - offset)
        size = b->size - (size_t)offset;
    memcpy(to, b->data + offset, size);
    return (int64_t)size;
}

static int drop(void *opaque, const uint8_t *data, size_t size)
{
    uint64_t *sum = opaque;
    for (size_t i = 0; i < size; i++)
        *sum = *sum * 31 + data[i];
    return 0;
}

static int drop_at(void *opaque, uint64_t offset, const uint8_t *data, size_t size)
{
    (void)offset;
    return drop(opaque, data, size);
}

/* Everything the reader yields, through the writer. Its refusals (times that go back, ...) are part
 * of the game. */
static void copy(AvocetReader *reader, AvocetMp4Layout layout)
{
    const AvocetReaderInfo *info = avocet_reader_info(reader);
    uint64_t sum = 0, total = 0;
    const AvocetSink sink = {.write = drop, .write_at = drop_at, .opaque = &sum};
    AvocetMp4Config config;
    AvocetMp4Writer *writer;
    AvocetPacket packet;
    avocet_mp4_config_init(&config);
    config.layout = layout;
    config.time_base = info->time_base;
    config.frame_duration = info->frame_duration;
    if (avocet_mp4_open(&writer, &config, &sink, info->headers, info->headers_size, NULL, NULL, 0) <
        0)
        return;
    for (int64_t i = 0; total < MAX_READ; i++) {
        int status = avocet_reader_read(reader, i, &packet);
        if (status == AVOCET_END)
            break;
        if (status != AVOCET_OK) {
            total += 4096;
            continue;
        }
        total += packet.size + 64;
        avocet_mp4_write(writer, &packet);
    }
    avocet_mp4_finish(writer);
    avocet_mp4_close(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Bytes bytes = {data, size};
    const AvocetSource source = {read_bytes, size, &bytes};
    for (int lengths = 0; lengths <= 4; lengths += 4) {
        AvocetReaderConfig config;
        AvocetReader *reader;
        avocet_reader_config_init(&config);
        config.memory_limit = MEMORY_LIMIT;
        config.nal_length_size = lengths;
        if (avocet_reader_open(&reader, &config, &source, NULL, NULL, 0) < 0)
            continue;
        if (lengths == 0) {
            copy(reader, AVOCET_MP4_INDEX_LAST);
            copy(reader, AVOCET_MP4_FRAGMENTED);
        } else {
            AvocetPacket packet;
            for (int64_t i = 0; i < 2000 && avocet_reader_read(reader, i, &packet) != AVOCET_END;
                 i++)
                ;
        }
        avocet_reader_close(&reader);
    }
    return 0;
}
