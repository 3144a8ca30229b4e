/* Page faults. */
#ifndef KERNEL_TRAP_PAGE_FAULT_H
#define KERNEL_TRAP_PAGE_FAULT_H

#include <stdbool.h>

struct trap_frame;

/* Turns the fault trace on or off (trace= on the command line): one record for every page fault. */
void trap_configure(bool trace);

/* Handles a page fault with the registers *tf. Returns when the access can be repeated, or the
 * kernel code at tf->eip was sent to its fixup. */
void trap_page_fault(struct trap_frame *tf);

#endif
