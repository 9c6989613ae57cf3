/* One block of memory, carved into aligned pieces at open; nothing is ever given back singly.
 *
 * The same carving code runs twice: first dry (base NULL) to learn the size, then for real, so the
 * two cannot drift apart. On a dry run avo_arena_take() returns NULL and only counts; carving code
 * must therefore not write through the pointers it gets, except into structs it owns elsewhere:
 *
 *     Foo *foo = avo_arena_take(arena, n * sizeof *foo, 0);
 *     for (int i = 0; i < n; i++) {
 *         Foo dry, *f = foo ? &foo[i] : &dry;     // write into dry on the dry run
 *         f->line = avo_arena_take(arena, width, 64);
 *     } */
#ifndef AVO_BASE_ARENA_H
#define AVO_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

#define AVO_ARENA_ALIGN 64 /* alignment when 0 is asked for, and of the block itself */

typedef struct AvoArena {
    uint8_t *base; /* NULL: dry run */
    size_t used;
    size_t capacity;
    bool is_zeroed; /* the memory at base is zero already */
    bool overflow;  /* a real run asked for more than capacity; the caller must give up */
} AvoArena;

void avo_arena_init(AvoArena *arena, void *base, size_t capacity);
/* Zeroed memory of `bytes`, aligned to `align` (power of two, 0: AVO_ARENA_ALIGN). NULL on a dry
 * run, on overflow and for 0 bytes. */
void *avo_arena_take(AvoArena *arena, size_t bytes, size_t align);

#endif
