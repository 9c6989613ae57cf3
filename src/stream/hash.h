/* The hashes that passwords need, where the library was built with mbedTLS. */
#ifndef AVO_STREAM_HASH_H
#define AVO_STREAM_HASH_H

#include <avocet/stream.h>

/* NULL: there are none. */
AvocetHashFn avo_hash_default(void);

#endif
