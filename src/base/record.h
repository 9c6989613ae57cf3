/* Copying and clearing records of a few hundred bytes.
 *
 * Where a size is known, compilers put string instructions ("rep movs", "rep stos") in the place of
 * memcpy and memset, whose start takes longer than the C library's vector loop takes for all of it.
 * Behind a function the size is not known to them. */
#ifndef AVO_BASE_RECORD_H
#define AVO_BASE_RECORD_H

#include <stddef.h>

void avo_record_copy(void *to, const void *from, size_t size);
void avo_record_clear(void *record, size_t size);

#endif
