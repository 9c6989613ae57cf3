/* The default allocator: the one place where the library asks the C library for memory. */
#ifndef AVO_BASE_MEMORY_H
#define AVO_BASE_MEMORY_H

#include <avocet/types.h>

/* malloc and free with alignment; lives as long as the program. NULL when built with
 * AVOCET_NO_MALLOC. */
const AvocetAllocator *avo_memory_default(void);

#endif
