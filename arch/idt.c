/*
 * The interrupt descriptor table: all 256 vectors, so that whatever arrives is counted and named by
 * trap_dispatch(). Every gate is an interrupt gate (interrupts are off in the kernel) of DPL 0, so
 * that `int n` from a program is a protection fault; but for int3, into and the system call. The
 * double fault is a task gate (arch/gdt.c says why).
 *
 * SDM vol. 3, 6.11.
 */
#include "arch/trap.h"

#include "arch/instr.h"
#include "arch/trap_impl.h"

#define GATE_PRESENT   0x8000u
#define GATE_INTERRUPT 0x0E00u
#define GATE_TASK      0x0500u
#define GATE_DPL_USER  0x6000u

struct idt_gate {
    uint16_t offset_low, selector;
    uint16_t type, offset_high;
};
_Static_assert(sizeof(struct idt_gate) == 8, "SDM vol. 3, figure 6-2");

static _Alignas(8) struct idt_gate idt[IDT_VECTORS];

static void idt_set_interrupt(uint32_t vector, uint32_t entry, uint16_t dpl)
{
    idt[vector] =
        (struct idt_gate){(uint16_t)entry, SEL_KERNEL_CODE,
                          (uint16_t)(GATE_PRESENT | GATE_INTERRUPT | dpl), (uint16_t)(entry >> 16)};
}

void idt_init(void)
{
    struct table_pointer pointer = {sizeof(idt) - 1, (uint32_t)idt};

    for (uint32_t vector = 0; vector < IDT_VECTORS; vector++) {
        idt_set_interrupt(vector, trap_stubs[vector], 0);
    }
    idt_set_interrupt(TRAP_BREAKPOINT, trap_stubs[TRAP_BREAKPOINT], GATE_DPL_USER);
    idt_set_interrupt(TRAP_OVERFLOW, trap_stubs[TRAP_OVERFLOW], GATE_DPL_USER);
    idt_set_interrupt(TRAP_SYSCALL, (uint32_t)trap_syscall_entry, GATE_DPL_USER);
    idt[TRAP_DOUBLE_FAULT] =
        (struct idt_gate){0, SEL_DOUBLE_FAULT_TSS, GATE_PRESENT | GATE_TASK, 0};
    instr_lidt(&pointer);
}
