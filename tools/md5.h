/* MD5 (RFC 1321), to compare decoded pictures with published sums. */
#ifndef TOOLS_MD5_H
#define TOOLS_MD5_H

#include <stddef.h>
#include <stdint.h>

typedef struct Md5 {
    uint32_t state[4];
    uint64_t size;
    uint8_t block[64];
} Md5;

void md5_init(Md5 *m);
void md5_add(Md5 *m, const uint8_t *p, size_t n);
/* 32 hexadecimal digits. */
void md5_end(Md5 *m, char hex[33]);

#endif
