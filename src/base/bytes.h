/* Big-endian numbers in byte buffers, as containers and network protocols have them. */
#ifndef AVO_BASE_BYTES_H
#define AVO_BASE_BYTES_H

#include "base/util.h"

AVO_INLINE void avo_put_u16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

AVO_INLINE void avo_put_u32(uint8_t *p, uint32_t v)
{
    avo_put_u16(p, v >> 16);
    avo_put_u16(p + 2, v & 0xffff);
}

AVO_INLINE void avo_put_u64(uint8_t *p, uint64_t v)
{
    avo_put_u32(p, (uint32_t)(v >> 32));
    avo_put_u32(p + 4, (uint32_t)v);
}

AVO_INLINE uint32_t avo_get_u16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

AVO_INLINE uint32_t avo_get_u32(const uint8_t *p)
{
    return avo_get_u16(p) << 16 | avo_get_u16(p + 2);
}

AVO_INLINE uint64_t avo_get_u64(const uint8_t *p)
{
    return (uint64_t)avo_get_u32(p) << 32 | avo_get_u32(p + 4);
}

#endif
