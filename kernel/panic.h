/*
 * The panic screen: what is shown when the kernel finds itself broken.
 * Also the hook of lib/assert.h. Never for a user's mistake and never for a lack of memory.
 */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/assert.h"
#include "lib/compiler.h"
#include "mm/vm_fault.h"

struct trap_frame;

/*
 * panic_trap: the end, with the registers of the trap that led here.
 *   tf: the trap's frame (from ring 0 its esp and ss are not there and not read)
 *   cr2: as read at trap entry; 0 if the trap was no page fault
 *   reason: one line, "page fault in the kernel", "kernel stack overflow", "NMI", ...
 */
noreturn_fn void panic_trap(const struct trap_frame *tf, uint32_t cr2, const char *reason);

/* The double-fault task calls this: only these registers of the thread are known (in its TSS). */
noreturn_fn void panic_double_fault(uint32_t eip, uint32_t esp, uint32_t ebp, uint32_t cr2,
                                    const char *reason);

/* One page fault, for the list of the last PANIC_FAULTS. */
#define PANIC_FAULTS 8u
struct fault_note {
    uint64_t tsc;
    int32_t pid;
    uint32_t ip;
    struct vm_fault fault;
};

extern struct fault_note panic_faults[PANIC_FAULTS];
extern uint32_t panic_fault_next;

/* Where the next note goes; the fault is handled in place there: every page fault pays for it. */
static inline struct fault_note *panic_next_note(void)
{
    return &panic_faults[panic_fault_next++ % PANIC_FAULTS];
}
/* The note before that one. */
static inline const struct fault_note *panic_last_note(void)
{
    return &panic_faults[(panic_fault_next - 1u) % PANIC_FAULTS];
}

#endif
