/* The lines about programs that the kernel ends, and the records of the fault trace. */
#ifndef KERNEL_TRAP_REPORT_H
#define KERNEL_TRAP_REPORT_H

#include <stdint.h>

#include "mm/vm_fault.h"

struct process;
struct trap_frame;

/* Prints the line about a refused page fault, preceded by contract L8's line if that applies. */
void trap_report_fault(const struct process *self, const struct trap_frame *tf,
                       const struct vm_fault *fault, enum vm_fault_result result);
/* Prints "NAME[PID]: SIGFPE at ip 08049012: divide error". */
void trap_report_exception(const struct process *self, const struct trap_frame *tf, int signal,
                           const char *what);
/* Prints the line about a general protection fault, with what the error code or the instruction
 * tells about its reason. */
void trap_report_protection(const struct process *self, const struct trap_frame *tf);
/* Writes one record of the fault trace. cost: in ticks of the time-stamp counter. */
void trap_trace_fault(const struct process *self, const struct trap_frame *tf,
                      const struct vm_fault *fault, uint64_t tsc, uint32_t cost);

/* Returns the signal that ends a process whose fault had this result. */
int trap_signal_of(enum vm_fault_result result);

#endif
