/* Between trap.c, which decides, and report.c, which says it. */
#ifndef KERNEL_TRAP_TRAP_H
#define KERNEL_TRAP_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/vm_fault.h"

struct process;
struct trap_frame;

/* The line of a refused page fault, and before it contract L8's line where it belongs. */
void trap_report_fault(const struct process *self, const struct trap_frame *tf,
                       const struct vm_fault *fault, enum vm_fault_result result);
/* "NAME[PID]: SIGFPE at ip 08049012: divide error". */
void trap_report_exception(const struct process *self, const struct trap_frame *tf, int signal,
                           const char *what);
/* The line of a general protection: it says what the error code or the instruction gives away. */
void trap_report_protection(const struct process *self, const struct trap_frame *tf);
/* One record of the fault trace: cost in instructions (clock ticks). */
void trap_trace_fault(const struct process *self, const struct trap_frame *tf,
                      const struct vm_fault *fault, uint64_t tsc, uint32_t cost);

/* trace: write a record for every page fault (trace= on the command line). */
void trap_configure(bool trace);

/* The signal that a refusal of this kind ends a process with. */
int trap_signal_of(enum vm_fault_result result);

#endif
