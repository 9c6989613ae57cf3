/* The four functions of the C library that Avocet calls, for builds without one. Word by word where
 * both sides allow it. */
#include <stdint.h>
#include <string.h>

typedef uint32_t __attribute__((may_alias)) Word;

#define ALIGNED(a, b) ((((uintptr_t)(a) | (uintptr_t)(b)) & 3) == 0)

/* Upwards; the destination may overlap what has been read. */
static void copy_up(uint8_t *d, const uint8_t *s, size_t size)
{
    if (ALIGNED(d, s)) {
        for (; size >= 16; size -= 16, d += 16, s += 16) {
            Word a = ((const Word *)s)[0], b = ((const Word *)s)[1];
            Word c = ((const Word *)s)[2], e = ((const Word *)s)[3];
            ((Word *)d)[0] = a;
            ((Word *)d)[1] = b;
            ((Word *)d)[2] = c;
            ((Word *)d)[3] = e;
        }
        for (; size >= 4; size -= 4, d += 4, s += 4)
            *(Word *)d = *(const Word *)s;
    }
    while (size--)
        *d++ = *s++;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    copy_up(to, from, size);
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    uint8_t *d = to;
    const uint8_t *s = from;
    if (d <= s || d >= s + size)
        copy_up(d, s, size);
    else
        while (size--)
            d[size] = s[size];
    return to;
}

void *memset(void *to, int value, size_t size)
{
    uint8_t *d = to;
    uint32_t word = (uint8_t)value * 0x01010101u;
    if (ALIGNED(d, d))
        for (; size >= 4; size -= 4, d += 4)
            *(Word *)d = word;
    while (size--)
        *d++ = (uint8_t)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const uint8_t *p = a, *q = b;
    for (; size; size--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}
