/* See record.h. */
#include "base/record.h"
#include <string.h>

void avo_record_copy(void *to, const void *from, size_t size)
{
    memcpy(to, from, size);
}

void avo_record_clear(void *record, size_t size)
{
    memset(record, 0, size);
}
