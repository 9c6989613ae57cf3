/* CPU feature detection: CPUID plus XGETBV on x86 (a feature counts only if the operating system
 * saves its registers), a compile-time fact on AArch64. 32-bit x86 runs the C kernels. */
#include "dsp/cpu.h"

#if defined(__x86_64__) || defined(_M_X64)
#define AVO_CPU_X86 1
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

#ifdef AVO_CPU_X86

typedef struct CpuidRegs {
    uint32_t a, b, c, d;
} CpuidRegs;

/* Registers of a CPUID leaf; all 0 if the CPU does not know the leaf. */
static CpuidRegs cpuid(uint32_t leaf)
{
    CpuidRegs r = {0, 0, 0, 0};
#if defined(_MSC_VER) && !defined(__clang__)
    int v[4];
    __cpuid(v, 0);
    if ((uint32_t)v[0] >= leaf) {
        __cpuidex(v, (int)leaf, 0);
        r.a = (uint32_t)v[0], r.b = (uint32_t)v[1], r.c = (uint32_t)v[2], r.d = (uint32_t)v[3];
    }
#else
    if (!__get_cpuid_count(leaf, 0, &r.a, &r.b, &r.c, &r.d))
        r.a = r.b = r.c = r.d = 0;
#endif
    return r;
}

/* Low half of XCR0: which register sets the operating system saves. */
static uint32_t xcr0(void)
{
#if defined(_MSC_VER) && !defined(__clang__)
    return (uint32_t)_xgetbv(0);
#else
    uint32_t lo, hi;
    __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(lo), "=d"(hi) : "c"(0)); /* xgetbv */
    (void)hi;
    return lo;
#endif
}

static int has_all(uint32_t reg, uint32_t bits)
{
    return (reg & bits) == bits;
}

uint32_t avo_cpu_detect(void)
{
    const uint32_t sse = 1u << 0 | 1u << 9 | 1u << 19; /* leaf 1 ecx: SSE3, SSSE3, 4.1 */
    const uint32_t os_avx = 1u << 27 | 1u << 28;       /* leaf 1 ecx: OSXSAVE, AVX */
    const uint32_t avx2 = 1u << 5;                     /* leaf 7 ebx */
    const uint32_t avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31; /* F, DQ, BW, VL */
    const uint32_t ymm = 0x06, zmm = 0xe6;                             /* XCR0 */
    uint32_t flags = 0;
    CpuidRegs leaf1 = cpuid(1), leaf7 = cpuid(7);

    if (has_all(leaf1.c, sse))
        flags |= AVO_CPU_SSE41;
    if (has_all(leaf1.c, os_avx)) {
        uint32_t saved = xcr0();
        if (has_all(leaf7.b, avx2) && has_all(saved, ymm))
            flags |= AVO_CPU_AVX2;
        if (has_all(leaf7.b, avx512) && has_all(saved, zmm))
            flags |= AVO_CPU_AVX512;
    }
    return avo_cpu_restrict(flags, AVO_CPU_ALL);
}

#elif defined(__aarch64__) || defined(_M_ARM64)

uint32_t avo_cpu_detect(void)
{
    return AVO_CPU_NEON;
}

#else

uint32_t avo_cpu_detect(void)
{
    return 0;
}

#endif

uint32_t avo_cpu_restrict(uint32_t flags, uint32_t mask)
{
    flags &= mask;
    if (!(flags & AVO_CPU_SSE41))
        flags &= ~(uint32_t)AVO_CPU_AVX2;
    if (!(flags & AVO_CPU_AVX2))
        flags &= ~(uint32_t)AVO_CPU_AVX512;
    return flags;
}
