/* The CPU's exceptions except page faults. */
#ifndef KERNEL_TRAP_EXCEPTION_H
#define KERNEL_TRAP_EXCEPTION_H

#include "lib/compiler.h"

struct trap_frame;

/* Handles the exception of tf->vector, which is below TRAP_IRQ0 and not TRAP_PAGE_FAULT. Returns
 * when the interrupted code may go on. */
cold_fn void trap_exception(struct trap_frame *tf);

#endif
