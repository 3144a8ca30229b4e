/* Turns the boot loader's memory map into a working frame allocator. Only main.c calls it. */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct boot_info;

/* Sets up the final page tables and frees every usable frame into the allocator (mm/phys/frame.h):
 * all memory of the map below `limit` (a physical address, UINT64_MAX for none) and within the CPU's
 * reach, except the kernel and the initrd. Panics on a machine that is too small and names the size
 * that it needs. Call after cpu_init and gdt_init. */
void memory_init(const struct boot_info *boot, uint64_t limit);
/* Returns true if the machine has memory at all of [start, end), physical addresses. */
bool memory_exists(const struct boot_info *boot, uint64_t start, uint64_t end);

#endif
