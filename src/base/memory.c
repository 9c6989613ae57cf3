/* See memory.h. Aligned blocks come from plain calloc: the address that it gave is stored right in
 * front of them, which works everywhere (aligned_alloc does not exist on every system). Large
 * blocks come zeroed from the system, which does not touch them before they are used. */
#if defined(__linux__) && !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE /* madvise */
#endif
#include "base/memory.h"
#include "base/util.h"

#if defined(__linux__) && !defined(AVOCET_NO_MALLOC)
#include <sys/mman.h>
#endif

#if defined(AVOCET_NO_MALLOC)

const AvocetAllocator *avo_memory_default(void)
{
    return NULL;
}

bool avo_memory_is_zeroed(const AvocetAllocator *allocator)
{
    (void)allocator;
    return false;
}

#else

#include <stdlib.h>

static void *aligned_calloc(void *opaque, size_t size, size_t align)
{
    (void)opaque;
    size_t extra = sizeof(void *) + align;
    if (size > SIZE_MAX - extra)
        return NULL;
    uint8_t *block = calloc(1, size + extra);
    if (!block)
        return NULL;
    size_t lead = sizeof(void *) + align - 1;
    uint8_t *p = block + lead - (((uintptr_t)block + lead) & (align - 1));
    memcpy(p - sizeof block, &block, sizeof block);
    return p;
}

static void aligned_free(void *opaque, void *pointer)
{
    (void)opaque;
    if (pointer) {
        uint8_t *block;
        memcpy(&block, (uint8_t *)pointer - sizeof block, sizeof block);
        free(block);
    }
}

const AvocetAllocator *avo_memory_default(void)
{
    static const AvocetAllocator allocator = {aligned_calloc, aligned_free, NULL};
    return &allocator;
}

bool avo_memory_is_zeroed(const AvocetAllocator *allocator)
{
    return allocator->alloc == aligned_calloc;
}

#endif

#define LARGE_PAGE  ((size_t)2 << 20)
#define LARGE_BLOCK (4 * LARGE_PAGE) /* less would hardly fill any */

void avo_memory_prefer_large(uint8_t *part, size_t size)
{
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (size < LARGE_BLOCK)
        return;
    size_t lead = (0 - (uintptr_t)part) & (LARGE_PAGE - 1);
    madvise(part + lead, (size - lead) & ~(LARGE_PAGE - 1), MADV_HUGEPAGE);
#else
    (void)part;
    (void)size;
#endif
}
