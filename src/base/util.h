/* Small helpers without any knowledge of video: inlining, alignment, clipping, assertions.
 * Everything here is a macro or an inline function. */
#ifndef AVO_BASE_UTIL_H
#define AVO_BASE_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
#define AVO_INLINE      static inline __attribute__((always_inline))
#define AVO_NOINLINE    __attribute__((noinline))
#define AVO_ALIGN(n)    __attribute__((aligned(n)))
#define AVO_LIKELY(x)   __builtin_expect(!!(x), 1)
#define AVO_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define AVO_PREFETCH(p) __builtin_prefetch(p)
#else
#define AVO_INLINE static inline
#define AVO_NOINLINE
#define AVO_ALIGN(n)    _Alignas(n)
#define AVO_LIKELY(x)   (x)
#define AVO_UNLIKELY(x) (x)
#define AVO_PREFETCH(p) ((void)0)
#endif

/* Assertions check our own logic, never the caller's input. They trap instead of printing
 * because the library has no stdio; NDEBUG removes them. */
#if defined(NDEBUG)
#define AVO_ASSERT(cond) ((void)0)
#elif defined(__GNUC__) || defined(__clang__)
#define AVO_ASSERT(cond) ((cond) ? (void)0 : __builtin_trap())
#else
#include <assert.h>
#define AVO_ASSERT(cond) assert(cond)
#endif

#define AVO_COUNT(array) (sizeof(array) / sizeof((array)[0]))

AVO_INLINE int avo_min(int a, int b)
{
    return a < b ? a : b;
}

AVO_INLINE int avo_max(int a, int b)
{
    return a > b ? a : b;
}

AVO_INLINE int64_t avo_min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

AVO_INLINE int64_t avo_max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

AVO_INLINE int avo_clip3(int lo, int hi, int v)
{
    return v < lo ? lo : v > hi ? hi : v;
}

AVO_INLINE int64_t avo_clip3_64(int64_t lo, int64_t hi, int64_t v)
{
    return v < lo ? lo : v > hi ? hi : v;
}

AVO_INLINE int avo_abs(int v)
{
    return v < 0 ? -v : v;
}

AVO_INLINE int avo_median3(int a, int b, int c)
{
    int lo = avo_min(a, b), hi = avo_max(a, b);
    return avo_max(lo, avo_min(hi, c));
}

AVO_INLINE size_t avo_align_up(size_t v, size_t align)
{
    return (v + align - 1) & ~(align - 1);
}

/* Floor of the binary logarithm; v must not be 0. */
AVO_INLINE int avo_log2_floor(uint32_t v)
{
#if AVOCET_TINY && defined(__riscv) && !defined(__riscv_zbb)
    /* Without an instruction for it, a call and a table. */
    int n = (v > 0xffff) << 4;
    n += (v >> n > 0xff) << 3;
    n += (v >> n > 0xf) << 2;
    n += (v >> n > 3) << 1;
    return n + (v >> n > 1);
#elif defined(__GNUC__) || defined(__clang__)
    return 31 - __builtin_clz(v);
#else
    int n = 0;
    while (v >>= 1)
        n++;
    return n;
#endif
}

#endif
