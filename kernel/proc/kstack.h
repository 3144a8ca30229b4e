/*
 * Kernel stacks: a slot of address space each, with an unmapped guard page below the stack
 * (docs/memory-map.md). The number of slots limits how many processes there can be.
 */
#ifndef KERNEL_PROC_KSTACK_H
#define KERNEL_PROC_KSTACK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/compiler.h"

#define KSTACK_BASE      0xF8000000u
#define KSTACK_SLOT_SIZE 0x4000u
#define KSTACK_PAGES     2u
#define KSTACK_SIZE      (KSTACK_PAGES * PAGE_SIZE)
#define KSTACK_MAX       4096u

/* Allocates a stack. Returns the address of its end, or 0 without memory. The caller makes sure
 * that fewer than KSTACK_MAX exist. */
must_check uint32_t kstack_alloc(void);
/* Frees the stack that ends at `top`. Nobody runs on it. */
void kstack_free(uint32_t top);

/* True if kva lies in the unmapped page below a stack: a stack overflow, for the panic screen. */
bool kstack_is_guard(uint32_t kva);

#endif
