/* The default allocator: the one place where the library asks the C library for memory. */
#ifndef AVO_BASE_MEMORY_H
#define AVO_BASE_MEMORY_H

#include <avocet/types.h>
#include <stdbool.h>

/* malloc and free with alignment; lives as long as the program. NULL when built with
 * AVOCET_NO_MALLOC. */
const AvocetAllocator *avo_memory_default(void);
/* Whether what this allocator gives is zero: the default one's memory is,
 * without having been touched. */
bool avo_memory_is_zeroed(const AvocetAllocator *allocator);

#endif
