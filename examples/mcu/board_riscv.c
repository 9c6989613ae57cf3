/* 32-bit RISC-V from reset: stack pointer, zeroed data, main. Instructions from minstret. */
#include "board.h"

__asm__(".section .text.start, \"ax\"\n"
        ".globl _start\n"
        "_start:\n"
        ".option push\n"
        ".option norelax\n"
        "    la gp, __global_pointer$\n"
        ".option pop\n"
        "    la sp, board_stack_end\n"
        "    call board_start\n"
        "1:  j 1b\n"
        ".previous\n");

extern uint32_t bss_begin[], bss_end[];

void board_start(void)
{
    for (uint32_t *p = bss_begin; p < bss_end; p++)
        *p = 0;
    main();
}

/* The three instructions around ebreak that mark a semihosting call must be
 * uncompressed and in one page. */
long board_call(long operation, const void *argument)
{
    register long a0 __asm__("a0") = operation;
    register const void *a1 __asm__("a1") = argument;
    __asm__ volatile(".option push\n"
                     ".option norvc\n"
                     ".balign 16\n"
                     "slli x0, x0, 0x1f\n"
                     "ebreak\n"
                     "srai x0, x0, 7\n"
                     ".option pop\n"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
    return a0;
}

uint64_t board_instructions(void)
{
    uint32_t high, low, again;
    do {
        __asm__ volatile(".option push\n"
                         ".option arch, +zicsr\n"
                         "rdinstreth %0\n"
                         "rdinstret %1\n"
                         "rdinstreth %2\n"
                         ".option pop\n"
                         : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return (uint64_t)high << 32 | low;
}
