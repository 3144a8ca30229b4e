/*
 * Traps: what the CPU and arch/trap.asm leave on the kernel stack, and the hooks that they call.
 */
#ifndef ARCH_TRAP_H
#define ARCH_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

/* Registers at trap entry, in stack order (arch/trap.asm pushes them; offsets asserted in
 * trap.c). The first six are the system call arguments in Linux's order, so a pointer to the frame
 * is a pointer to them. fs and gs stay in the CPU: the kernel uses neither, a switch saves them. */
struct trap_frame {
    uint32_t ebx, ecx, edx, esi, edi, ebp, eax;
    uint32_t ds, es;
    uint32_t vector; /* for int 0x80: 0x80 */
    uint32_t error; /* pushed by the CPU or 0; for int 0x80 the call number (as Linux's orig_eax) */
    uint32_t eip, cs, eflags;
    uint32_t esp, ss; /* only there when the trap came from ring 3 */
};

enum {
    TRAP_DIVIDE = 0,
    TRAP_DEBUG = 1,
    TRAP_NMI = 2,
    TRAP_BREAKPOINT = 3,
    TRAP_OVERFLOW = 4,
    TRAP_BOUND = 5,
    TRAP_INVALID_OPCODE = 6,
    TRAP_NO_FPU = 7,
    TRAP_DOUBLE_FAULT = 8,
    TRAP_INVALID_TSS = 10,
    TRAP_NOT_PRESENT = 11,
    TRAP_STACK = 12,
    TRAP_PROTECTION = 13,
    TRAP_PAGE_FAULT = 14,
    TRAP_FPU = 16,
    TRAP_ALIGNMENT = 17,
    TRAP_MACHINE_CHECK = 18,
    TRAP_SIMD = 19,
    TRAP_IRQ0 = 0x20,
    TRAP_SYSCALL = 0x80
};

/* Page-fault error code (SDM vol. 3, 4.7). */
#define PF_PRESENT  0x01u
#define PF_WRITE    0x02u
#define PF_USER     0x04u
#define PF_RESERVED 0x08u
#define PF_FETCH    0x10u

#define TRAP_EFLAGS_VM 0x20000u

/* `error` of a frame from int 0x80 whose call is over and must not be made again. */
#define SYSCALL_NONE 0xFFFFFFFFu

/* CS alone tells whether user or kernel code was interrupted (bad-input P19). In virtual-8086 mode
 * CS is no selector. No program can get there, except on QEMU 7.2, where an iret in ring 3 does it.
 * */
static inline bool trap_from_user(const struct trap_frame *tf)
{
    return (tf->cs & 3u) == 3u || (tf->eflags & TRAP_EFLAGS_VM);
}

/* ---- Hooks, defined by kernel/ -------------------------------------------------------------- */

/* Handles every vector but int 0x80. Runs on the kernel stack with interrupts off. */
void trap_dispatch(struct trap_frame *tf);
/* Handles int 0x80. Stores the result in tf->eax. */
void syscall_dispatch(struct trap_frame *tf);
/* Runs in the double-fault task, on its own stack, and prints the panic screen. eip, esp and ebp
 * are those of the thread that overflowed, as the TSS saved them. */
noreturn_fn void trap_double_fault(uint32_t eip, uint32_t esp, uint32_t ebp, uint32_t cr2);

/*
 * Stops the kernel and shows the registers of the trap.
 *   tf: the trap's frame; a trap from ring 0 has no esp and ss, and they are not read
 *   cr2: as read at trap entry; 0 if the trap was no page fault
 *   reason: one line, "page fault in the kernel", "kernel stack overflow", "NMI", ...
 */
noreturn_fn void panic_trap(const struct trap_frame *tf, uint32_t cr2, const char *reason);
/* Does the same for a double fault, where only these registers of the thread are known, from its
 * TSS. */
noreturn_fn void panic_double_fault(uint32_t eip, uint32_t esp, uint32_t ebp, uint32_t cr2,
                                    const char *reason);

/* ---- Defined in arch/ ----------------------------------------------------------------------- */

/* Loads the GDT and the TSS, clears the LDT, and prepares the double-fault task. */
void gdt_init(void);
/* Loads the IDT, with a gate for each vector. */
void idt_init(void);
/* Sets the stack that the next trap from ring 3 starts on. */
void tss_set_kernel_stack(uint32_t esp0);
/* Returns that stack. */
uint32_t tss_kernel_stack(void);
/* Sets the page tables that the double-fault task runs on: the kernel's own, which exist as long as
 * the kernel runs. pmap_bootstrap() calls this; until then gdt_init()'s CR3 serves. */
void tss_set_double_fault_cr3(uint32_t cr3);

/* Returns to ring 3 with the registers of *tf, which lies on the current kernel stack. */
noreturn_fn void trap_return(struct trap_frame *tf);

/* If a fault at tf->eip in the kernel has a fixup (user copy, segment register loads and iret on
 * the way out), applies it to *tf and returns true. The fixup of a failed return to ring 3 calls
 * trap_bad_return(). */
bool trap_fixup(struct trap_frame *tf);
/* Hook: ends the running process, whose registers in *tf cannot be loaded. */
void trap_bad_return(struct trap_frame *tf);

/* True if eip lies in the user-copy routines, the only kernel code that may touch user addresses.
 * */
bool trap_in_usercopy(uint32_t eip);

/* User segment selectors, RPL 3, and the TLS slots that set_thread_area assigns. */
#define SEL_KERNEL_CODE 0x08u
#define SEL_KERNEL_DATA 0x10u
#define SEL_USER_CODE   0x1Bu
#define SEL_USER_DATA   0x23u
#define GDT_TLS_FIRST   6 /* as Linux i386: entries 6, 7, 8 */
#define GDT_TLS_COUNT   3

/* Loads the three TLS descriptors of the running process, in raw GDT format; 0 is an empty one. */
void gdt_set_tls(const uint64_t tls[GDT_TLS_COUNT]);

#endif
