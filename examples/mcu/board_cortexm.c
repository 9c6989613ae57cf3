/* Cortex-M from reset: vector table, zeroed data, main. Instructions from the system timer, which
 * an emulator that counts one nanosecond per instruction runs at 25 MHz. */
#include "board.h"

#define SYST_CSR (*(volatile uint32_t *)0xe000e010)
#define SYST_RVR (*(volatile uint32_t *)0xe000e014)
#define SYST_CVR (*(volatile uint32_t *)0xe000e018)
#define CPACR    (*(volatile uint32_t *)0xe000ed88)

static volatile uint32_t wraps;

extern uint32_t bss_begin[], bss_end[];

static void start(void)
{
    CPACR |= 0xfu << 20; /* the floating-point unit, which compilers may move words through */
    for (uint32_t *p = bss_begin; p < bss_end; p++)
        *p = 0;
    SYST_RVR = 0xffffff;
    SYST_CVR = 0;
    SYST_CSR = 7;
    main();
    for (;;)
        ;
}

static void stop(void)
{
    for (;;)
        ;
}

static void tick(void)
{
    wraps++;
}

typedef void (*Vector)(void);

__attribute__((section(".vectors"), used)) static const struct {
    uint8_t *stack;
    Vector handlers[15];
} vectors = {board_stack_end,
             {start, stop, stop, stop, stop, stop, 0, 0, 0, 0, stop, stop, 0, stop, tick}};

long board_call(long operation, const void *argument)
{
    register long r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

uint64_t board_instructions(void)
{
    uint32_t before, now;
    do {
        before = wraps;
        now = 0xffffff - SYST_CVR;
    } while (before != wraps);
    return ((uint64_t)before << 24 | now) * 40;
}
