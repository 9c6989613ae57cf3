/* CPU features that kernels may need: flags, and their detection at run time.
 * Detection reads the CPU (on x86 also which registers the OS saves); no libc, no OS call. */
#ifndef AVO_DSP_CPU_H
#define AVO_DSP_CPU_H

#include <stdint.h>

enum {
    AVO_CPU_SSE41 = 1 << 0,  /* SSE2, SSE3, SSSE3 and SSE4.1 */
    AVO_CPU_AVX2 = 1 << 1,   /* AVX and AVX2; includes AVO_CPU_SSE41 */
    AVO_CPU_AVX512 = 1 << 2, /* AVX-512 F, BW, VL and DQ; includes AVO_CPU_AVX2 */
    AVO_CPU_NEON = 1 << 3    /* Advanced SIMD of AArch64 */
};

#define AVO_CPU_ALL 0xffffffffu /* mask that forbids nothing */

/* What this CPU and its operating system offer. */
uint32_t avo_cpu_detect(void);

/* flags & mask without levels whose lower level is missing. */
uint32_t avo_cpu_restrict(uint32_t flags, uint32_t mask);

#endif
