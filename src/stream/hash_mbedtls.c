/* See hash.h. The one file that knows mbedTLS (AVOCET_HAVE_MBEDTLS: the build found it). */
#include "stream/hash.h"

#if defined(AVOCET_HAVE_MBEDTLS)

#include <mbedtls/md.h>

static int hash_mbedtls(void *opaque, AvocetHashKind kind, const uint8_t *data, size_t size,
                        uint8_t *hash)
{
    (void)opaque;
    const mbedtls_md_info_t *info =
        mbedtls_md_info_from_type(kind == AVOCET_HASH_MD5 ? MBEDTLS_MD_MD5 : MBEDTLS_MD_SHA256);
    return info && mbedtls_md(info, data, size, hash) == 0 ? 0 : -1;
}

AvocetHashFn avo_hash_default(void)
{
    return hash_mbedtls;
}

#else

AvocetHashFn avo_hash_default(void)
{
    return NULL;
}

#endif

int avocet_stream_has_hashes(void)
{
    return avo_hash_default() != NULL;
}
