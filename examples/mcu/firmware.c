/* A firmware that codes pictures: all an encoder needs on a chip without an operating system, and
 * what bench/mcu.py measures.
 *
 * Memory is one static array; there is no malloc, no stdio, no thread, and of the C library only
 * the functions of mem.c. Pictures come from a file of the host and the stream goes to one, through
 * semihosting; on a real board that is a camera's buffer and a card or a network.
 *
 * Reads firmware.args: WIDTH HEIGHT FORMAT PICTURES INPUT OUTPUT [NAME=VALUE ...], separated by
 * blanks. Prints "name value" lines. */
#include <avocet/avocet.h>
#include <string.h>
#include "board.h"

#ifndef FIRMWARE_MEMORY
#define FIRMWARE_MEMORY (8u << 20)
#endif

static uint8_t memory[FIRMWARE_MEMORY];
static uint8_t samples[2048 * 1024];
static char arguments[1024];

/* ---- semihosting ---- */

enum { SYS_OPEN = 1, SYS_CLOSE = 2, SYS_WRITE0 = 4, SYS_WRITE = 5, SYS_READ = 6, SYS_EXIT = 0x18 };
enum { READ_BINARY = 1, WRITE_BINARY = 5 };

static size_t length(const char *text)
{
    size_t n = 0;
    while (text[n])
        n++;
    return n;
}

static long open_file(const char *name, long mode)
{
    long block[3] = {(long)name, mode, (long)length(name)};
    return board_call(SYS_OPEN, block);
}

/* Bytes read. */
static size_t read_file(long file, void *to, size_t size)
{
    long block[3] = {file, (long)to, (long)size};
    return size - (size_t)board_call(SYS_READ, block);
}

static void write_file(long file, const void *from, size_t size)
{
    long block[3] = {file, (long)from, (long)size};
    board_call(SYS_WRITE, block);
}

static void say(const char *text)
{
    board_call(SYS_WRITE0, text);
}

/* In 32 bits, as all numbers here: a division of 64 bits would bring 1 KB of the compiler's
 * library. */
static void say_number(const char *name, uint32_t value)
{
    char text[24];
    size_t at = sizeof text - 1;
    text[at] = '\0';
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    say(name);
    say(" ");
    say(text + at);
    say("\n");
}

static void leave(int status)
{
    /* ADP_Stopped_ApplicationExit, or a run-time error. */
    board_call(SYS_EXIT, (const void *)(status ? 0x20023ul : 0x20026ul));
    for (;;)
        ;
}

static void fail(const char *what, const char *why)
{
    say("error ");
    say(what);
    say(": ");
    say(why);
    say("\n");
    leave(1);
}

/* ---- stack ---- */

#define PAINT 0xa5

static void __attribute__((noinline)) paint_stack(void)
{
    uint8_t *here = __builtin_frame_address(0);
    for (volatile uint8_t *p = board_stack; p < here - 256; p++)
        *p = PAINT;
}

/* Bytes that were used below `top` since it was painted. */
static size_t stack_used(const uint8_t *top)
{
    const uint8_t *p = board_stack;
    while (p < top && *p == PAINT)
        p++;
    return (size_t)(top - p);
}

/* ---- the bench ---- */

typedef struct Job {
    AvocetEncoderConfig config;
    long pictures;
    const char *input, *output;
} Job;

/* The next word of the arguments; NULL at their end. */
static char *next_word(char **at)
{
    char *p = *at;
    while (*p == ' ' || *p == '\n')
        p++;
    if (!*p)
        return NULL;
    char *word = p;
    while (*p && *p != ' ' && *p != '\n')
        p++;
    if (*p)
        *p++ = '\0';
    *at = p;
    return word;
}

static long number(const char *text)
{
    long n = 0;
    while (text && *text >= '0' && *text <= '9')
        n = 10 * n + *text++ - '0';
    return n;
}

static void read_job(Job *job)
{
    char message[128] = "", *at = arguments, *word;
    long file = open_file("firmware.args", READ_BINARY);
    if (file < 0)
        fail("firmware.args", "not there");
    arguments[read_file(file, arguments, sizeof arguments - 1)] = '\0';
    avocet_encoder_config_init(&job->config, NULL, NULL);
    job->config.width = (int)number(next_word(&at));
    job->config.height = (int)number(next_word(&at));
    word = next_word(&at);
    if (avocet_encoder_config_set(&job->config, "format", word, message, sizeof message) < 0)
        fail("format", message);
    job->pictures = number(next_word(&at));
    job->input = next_word(&at);
    job->output = next_word(&at);
    while ((word = next_word(&at)) != NULL) {
        char *value = word;
        while (*value && *value != '=')
            value++;
        if (*value)
            *value++ = '\0';
        if (avocet_encoder_config_set(&job->config, word, value, message, sizeof message) < 0)
            fail(word, message);
    }
}

static AvocetEncoder *open_encoder(const Job *job)
{
    char message[128] = "";
    AvocetEncoder *encoder;
    size_t need = 0;
    uint64_t start = board_instructions();
    paint_stack();
    if (avocet_encoder_memory(&job->config, &need, message, sizeof message) < 0 ||
        avocet_encoder_open_in(&encoder, &job->config, memory, sizeof memory, message,
                               sizeof message) < 0)
        fail("open", message);
    say_number("open_instructions", board_instructions() - start);
    say_number("open_stack", stack_used(__builtin_frame_address(0)));
    say_number("memory", need);
    return encoder;
}

/* A sum that may exceed 32 bits. */
typedef struct Sum {
    uint32_t thousands, rest;
} Sum;

static uint32_t mean(Sum sum, uint32_t n)
{
    return sum.thousands / n * 1000 + (sum.thousands % n * 1000 + sum.rest) / n;
}

static void run(const Job *job, AvocetEncoder *encoder)
{
    Sum sum = {0};
    uint32_t most = 0, bytes = 0;
    long in = open_file(job->input, READ_BINARY), out = open_file(job->output, WRITE_BINARY), n = 0;
    size_t size = avocet_format_size(job->config.format, job->config.width, job->config.height);
    if (in < 0 || out < 0 || size > sizeof samples)
        fail("files", "cannot be opened, or pictures are too large");
    paint_stack();
    for (; n < job->pictures && read_file(in, samples, size) == size; n++) {
        AvocetPicture picture;
        AvocetPacket packet;
        avocet_picture_init(&picture, job->config.format, job->config.width, job->config.height,
                            samples);
        picture.pts = n;
        uint64_t start = board_instructions();
        if (avocet_encoder_send(encoder, &picture) < 0 ||
            avocet_encoder_receive(encoder, &packet) != AVOCET_OK)
            fail("encode", avocet_encoder_error(encoder));
        uint32_t spent = (uint32_t)(board_instructions() - start);
        sum.thousands += spent / 1000;
        sum.rest += spent % 1000;
        most = spent > most ? spent : most;
        bytes += (uint32_t)packet.size;
        write_file(out, packet.data, packet.size);
    }
    board_call(SYS_CLOSE, &out);
    say_number("pictures", (uint32_t)n);
    say_number("instructions", n ? mean(sum, (uint32_t)n) : 0);
    say_number("most_instructions", most);
    say_number("bytes", bytes);
    say_number("stack", stack_used(__builtin_frame_address(0)));
}

int main(void)
{
    static Job job;
    read_job(&job);
    AvocetEncoder *encoder = open_encoder(&job);
    run(&job, encoder);
    avocet_encoder_close(&encoder);
    leave(0);
    return 0;
}
