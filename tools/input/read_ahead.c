/* Reads pictures in a thread of its own while others are encoded. See input.h.
 *
 * Three buffers go round: the picture that the caller has, and up to two read ahead. Slot n % SLOTS
 * holds picture n. */
#include "input/input.h"
#include <pthread.h>
#include <stdlib.h>

#define SLOTS 3

typedef struct Slot {
    uint8_t *buffer;
    AvocetPicture picture;
    int status; /* what fill returned */
    Fault fault;
} Slot;

typedef struct ReadAhead {
    Input base;
    Input *inner;
    Slot slot[SLOTS];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int started;           /* the thread runs; until then the inner input may be used directly */
    int64_t filled, taken; /* pictures; guarded by lock */
    int quit;              /* guarded by lock */
} ReadAhead;

static void *reader(void *argument)
{
    ReadAhead *r = argument;
    int status = 1;
    pthread_mutex_lock(&r->lock);
    while (!r->quit && status > 0) {
        if (r->filled - (r->taken - 1) >= SLOTS) { /* the last one taken is still in use */
            pthread_cond_wait(&r->changed, &r->lock);
            continue;
        }
        Slot *slot = &r->slot[r->filled % SLOTS];
        pthread_mutex_unlock(&r->lock);
        status = slot->status =
            r->inner->fill(r->inner, slot->buffer, &slot->picture, &slot->fault);
        pthread_mutex_lock(&r->lock);
        r->filled++;
        pthread_cond_broadcast(&r->changed);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* The end or a fault stays in its slot and is given again. */
static int read_picture(Input *input, AvocetPicture *picture, Fault *fault)
{
    ReadAhead *r = (ReadAhead *)input;
    if (!r->started && pthread_create(&r->thread, NULL, reader, r))
        return fault_set(fault, "cannot start a thread that reads the input");
    r->started = 1;
    pthread_mutex_lock(&r->lock);
    while (r->filled == r->taken)
        pthread_cond_wait(&r->changed, &r->lock);
    Slot *slot = &r->slot[r->taken % SLOTS];
    if (slot->status > 0)
        r->taken++;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    *picture = slot->picture;
    if (slot->status < 0)
        *fault = slot->fault;
    return slot->status;
}

static void close_reader(Input *input)
{
    ReadAhead *r = (ReadAhead *)input;
    if (r->started) {
        pthread_mutex_lock(&r->lock);
        r->quit = 1;
        pthread_cond_broadcast(&r->changed);
        pthread_mutex_unlock(&r->lock);
        pthread_join(r->thread, NULL);
    }
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    r->inner->close(r->inner);
    for (int i = 0; i < SLOTS; i++)
        free(r->slot[i].buffer);
    free(r);
}

static ReadAhead *allocate(const InputInfo *info)
{
    ReadAhead *r = calloc(1, sizeof *r);
    size_t size = avocet_format_size(info->format, info->width, info->height);
    int complete = r != NULL;
    for (int i = 0; r && i < SLOTS; i++)
        complete &= (r->slot[i].buffer = malloc(size)) != NULL;
    if (complete && pthread_mutex_init(&r->lock, NULL) == 0) {
        if (pthread_cond_init(&r->changed, NULL) == 0)
            return r;
        pthread_mutex_destroy(&r->lock);
    }
    for (int i = 0; r && i < SLOTS; i++)
        free(r->slot[i].buffer);
    free(r);
    return NULL;
}

Input *input_read_ahead(Input *inner)
{
    ReadAhead *r = inner->fill ? allocate(&inner->info) : NULL;
    if (!r)
        return inner;
    r->base = (Input){.info = inner->info, .read = read_picture, .close = close_reader};
    r->inner = inner;
    return &r->base;
}
