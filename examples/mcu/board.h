/* What the firmware wants of a board: files of the host (semihosting),
 * and a count of instructions. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/* A semihosting call (the same numbers on Arm and RISC-V). */
long board_call(long operation, const void *argument);

/* Instructions executed so far; on Cortex-M a multiple of 40, from the system timer of an emulator
 * that takes one nanosecond for each. */
uint64_t board_instructions(void);

/* The stack, from its lowest byte; the linker script sets it. */
extern uint8_t board_stack[], board_stack_end[];

int main(void);

#endif
