/* Private to arch/: what gdt.c, idt.c, trap.c and trap.asm agree on. */
#ifndef ARCH_TRAP_IMPL_H
#define ARCH_TRAP_IMPL_H

#include <stdint.h>

#define IDT_VECTORS 256

/* The double fault's task, for the gate. */
#define SEL_DOUBLE_FAULT_TSS 0x48u

/* trap.asm: entry points in the order of the vectors, and the system call's own. */
extern const uint32_t trap_stubs[IDT_VECTORS];
void trap_syscall_entry(void);

#endif
