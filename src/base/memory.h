/* The default allocator: the one place where the library asks the C library for memory. */
#ifndef AVO_BASE_MEMORY_H
#define AVO_BASE_MEMORY_H

#include <avocet/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* malloc and free with alignment; lives as long as the program. NULL when built with
 * AVOCET_NO_MALLOC. */
const AvocetAllocator *avo_memory_default(void);
/* Whether what this allocator gives is zero: the default one's memory is,
 * without having been touched. */
bool avo_memory_is_zeroed(const AvocetAllocator *allocator);
/* Part of such a block, not touched yet, that will be read at random again and again: in large
 * pages, where the system has them, the processor finds its way by 16 entries instead of thousands.
 * Nothing for what is written once and read once: whole large pages are cleared at first use, and
 * a system that has to find them first takes longer than over small ones. */
void avo_memory_prefer_large(uint8_t *part, size_t size);

#endif
