/* Names of the CPU's exceptions (trap_names.h). */
#include "arch/trap_names.h"

#include <stddef.h>

#include "arch/trap.h"

const char *trap_name(uint32_t vector)
{
    static const char *const names[] = {
        [TRAP_DIVIDE] = "divide error",
        [TRAP_DEBUG] = "debug trap",
        [TRAP_NMI] = "NMI",
        [TRAP_BREAKPOINT] = "breakpoint",
        [TRAP_OVERFLOW] = "overflow trap",
        [TRAP_BOUND] = "bound range exceeded",
        [TRAP_INVALID_OPCODE] = "invalid opcode",
        [TRAP_NO_FPU] = "no floating point unit",
        [TRAP_DOUBLE_FAULT] = "double fault",
        [TRAP_INVALID_TSS] = "invalid task state",
        [TRAP_NOT_PRESENT] = "segment not present",
        [TRAP_STACK] = "stack segment",
        [TRAP_PROTECTION] = "general protection",
        [TRAP_PAGE_FAULT] = "page fault",
        [TRAP_FPU] = "floating point error",
        [TRAP_ALIGNMENT] = "alignment check",
        [TRAP_MACHINE_CHECK] = "machine check",
        [TRAP_SIMD] = "SIMD floating point error",
    };

    return vector < array_size(names) ? names[vector] : NULL;
}
