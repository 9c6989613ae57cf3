/* See arena.h. */
#include "base/arena.h"
#include "base/util.h"
#include "base/small_code.h"

void avo_arena_init(AvoArena *arena, void *base, size_t capacity)
{
    arena->base = base;
    arena->used = 0;
    arena->capacity = capacity;
    arena->is_zeroed = false;
    arena->overflow = false;
}

void *avo_arena_take(AvoArena *arena, size_t bytes, size_t align)
{
    if (bytes == 0)
        return NULL;
    size_t start = avo_align_up(arena->used, align ? align : AVO_ARENA_ALIGN);
    if (bytes > SIZE_MAX - start) {
        arena->overflow = true;
        return NULL;
    }
    arena->used = start + bytes;
    if (!arena->base)
        return NULL;
    if (arena->used > arena->capacity) {
        arena->overflow = true;
        return NULL;
    }
    if (!arena->is_zeroed)
        memset(arena->base + start, 0, bytes);
    return arena->base + start;
}
