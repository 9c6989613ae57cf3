/* Memory as part of the interface: asked beforehand, taken once, from whomever the caller says; and
 * what happens when there is none. */
#include "api.h"

enum { GUARD = 64, MARK = 0xa5 };

/* An allocator that counts, guards its blocks, and fails at the n-th call. */
typedef struct Counter {
    int calls, fail_at; /* fail_at 0: never */
    int live;
    size_t bytes;
    int wrong_align, broken_guard;
} Counter;

typedef struct Head { /* before each block */
    void *raw;
    size_t size;
} Head;

static void *count_alloc(void *opaque, size_t size, size_t align)
{
    Counter *c = opaque;
    if (++c->calls == c->fail_at)
        return NULL;
    c->wrong_align |= align == 0 || align > 64 || (align & (align - 1));
    uint8_t *raw = malloc(size + 128 + sizeof(Head) + GUARD);
    if (!raw)
        return NULL;
    uintptr_t p = ((uintptr_t)raw + sizeof(Head) + align - 1) / align * align;
    Head head = {raw, size};
    memcpy((uint8_t *)p - sizeof head, &head, sizeof head);
    memset((uint8_t *)p, MARK, size + GUARD); /* not zero: nobody may count on that */
    c->live++;
    c->bytes += size;
    return (void *)p;
}

static void count_free(void *opaque, void *pointer)
{
    Counter *c = opaque;
    Head head;
    if (!pointer)
        return;
    memcpy(&head, (uint8_t *)pointer - sizeof head, sizeof head);
    for (int i = 0; i < GUARD; i++)
        c->broken_guard |= ((uint8_t *)pointer)[head.size + (size_t)i] != MARK;
    c->live--;
    c->bytes -= head.size;
    free(head.raw);
}

static const char *const presets[] = {"ultrafast", "veryfast", "medium", "slower"};

static ApiStream encode_with(const AvocetEncoderConfig *config, const AvocetAllocator *allocator,
                             Counter *counter)
{
    ApiStream s = {0};
    AvocetEncoder *enc;
    CHECK(avocet_encoder_open(&enc, config, allocator, NULL, 0) == AVOCET_OK, "open");
    int calls = counter->calls;
    size_t bytes = counter->bytes;
    CHECK(counter->live == 1 || !allocator, "%d blocks, not one", counter->live);
    CHECK(api_send_range(enc, &s, 0, 10) == AVOCET_OK, "%s", avocet_encoder_error(enc));
    avocet_encoder_flush(enc);
    CHECK(api_receive(enc, &s) == AVOCET_END, "%s", avocet_encoder_error(enc));
    CHECK(counter->calls == calls, "encoding allocates: %d calls", counter->calls - calls);
    avocet_encoder_close(&enc);
    CHECK(counter->bytes == 0 || !allocator, "bytes are not given back");
    counter->bytes = bytes;
    return s;
}

static void test_query_and_allocator(void)
{
    for (size_t p = 0; p < sizeof presets / sizeof presets[0]; p++) {
        AvocetEncoderConfig config = api_config(presets[p], 70, 50);
        Counter counter = {0};
        AvocetAllocator allocator = {count_alloc, count_free, &counter};
        size_t bytes = 0;
        CHECK(avocet_encoder_memory(&config, &bytes, NULL, 0) == AVOCET_OK && bytes > 10000,
              "query");
        ApiStream mine = encode_with(&config, &allocator, &counter),
                  usual = api_encode(&config, 10);
        CHECK(api_same(&mine, &usual), "%s: the stream depends on the allocator", presets[p]);
        CHECK(counter.live == 0, "%s: %d blocks are not given back", presets[p], counter.live);
        CHECK(!counter.wrong_align && !counter.broken_guard, "%s: alignment or guard", presets[p]);
        CHECK(counter.calls == 2,
              "%s: %d allocations, not the encoder and a handle to measure with", presets[p],
              counter.calls);
        CHECK(counter.bytes <= bytes + 64, "%s: %d bytes taken, %d told", presets[p],
              (int)counter.bytes, (int)bytes);
        api_free(&mine);
        api_free(&usual);
    }
}

/* In the caller's memory, at every alignment, with a guard behind. */
static void test_arena(void)
{
    for (size_t p = 0; p < sizeof presets / sizeof presets[0]; p++) {
        AvocetEncoderConfig config = api_config(presets[p], 70, 50);
        ApiStream usual = api_encode(&config, 10);
        size_t bytes = 0;
        avocet_encoder_memory(&config, &bytes, NULL, 0);
        for (size_t shift = 0; shift < 64; shift += shift < 4 ? 1 : 19) {
            uint8_t *block = malloc(bytes + 64 + shift + GUARD);
            memset(block, MARK, bytes + 64 + shift + GUARD);
            AvocetEncoder *enc;
            ApiStream s = {0};
            char message[200] = "";
            CHECK(avocet_encoder_open_in(&enc, &config, block + shift, bytes + 64, message,
                                         sizeof message) == AVOCET_OK,
                  "%s", message);
            if (enc) {
                api_send_range(enc, &s, 0, 10);
                avocet_encoder_flush(enc);
                api_receive(enc, &s);
                avocet_encoder_close(&enc);
            }
            int intact = 1;
            for (size_t i = 0; i < shift; i++)
                intact &= block[i] == MARK;
            for (size_t i = 0; i < GUARD; i++)
                intact &= block[bytes + 64 + shift + i] == MARK;
            CHECK(intact, "%s: written outside the memory given", presets[p]);
            CHECK(api_same(&s, &usual), "%s: other bytes in an arena", presets[p]);
            api_free(&s);
            free(block);
        }
        AvocetEncoder *enc = (AvocetEncoder *)&config;
        uint8_t *small = malloc(bytes);
        CHECK(avocet_encoder_open_in(&enc, &config, small, bytes / 2, NULL, 0) ==
                      AVOCET_ERR_MEMORY &&
                  !enc,
              "half the memory");
        CHECK(avocet_encoder_open_in(&enc, &config, NULL, bytes, NULL, 0) < 0 && !enc, "no memory");
        free(small);
        api_free(&usual);
    }
}

/* The n-th allocation fails, for all n until one does not. */
static void test_failing_allocations(void)
{
    for (size_t p = 0; p < sizeof presets / sizeof presets[0]; p++) {
        AvocetEncoderConfig config = api_config(presets[p], 64, 48);
        int n = 1, status;
        do {
            Counter counter = {.fail_at = n};
            AvocetAllocator allocator = {count_alloc, count_free, &counter};
            AvocetEncoder *enc;
            char message[200] = "";
            status = avocet_encoder_open(&enc, &config, &allocator, message, sizeof message);
            if (status != AVOCET_OK) {
                CHECK(status == AVOCET_ERR_MEMORY && !enc, "call %d: status %d", n, status);
                CHECK(message[0], "call %d: no message", n);
            }
            avocet_encoder_close(&enc);
            CHECK(counter.live == 0, "call %d: %d blocks leak", n, counter.live);
        } while (status != AVOCET_OK && n++ < 100);
        CHECK(status == AVOCET_OK && n > 1, "%s: %d failures before success", presets[p], n - 1);
    }
}

/* Sizes at which a sum of bytes might overflow: an answer or a clean error, and no allocation is
 * tried on the way. */
static void test_extreme_sizes(void)
{
    AvocetEncoderConfig config = api_config("placebo", 8192, 8192);
    size_t bytes = 0;
    int status = avocet_encoder_memory(&config, &bytes, NULL, 0);
    CHECK(status == AVOCET_OK && bytes > (size_t)8192 * 8192, "status %d", status);
    config = api_config("ultrafast", 16, 16);
    CHECK(avocet_encoder_memory(&config, &bytes, NULL, 0) == AVOCET_OK && bytes < 4000000,
          "16x16 takes %d bytes", (int)bytes);
    CHECK(avocet_encoder_memory(&config, NULL, NULL, 0) == AVOCET_ERR_ARGUMENT, "nowhere to write");
}

int main(void)
{
    test_query_and_allocator();
    test_arena();
    test_failing_allocations();
    test_extreme_sizes();
    return check_finish();
}
