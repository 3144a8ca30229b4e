/* From the boot loader's memory map to a working frame allocator. Called by main.c alone. */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct boot_info;

/* Sets up the final page tables and gives every usable frame to mm/phys/frame.c: what the map offers,
 * below mem= and within the CPU's reach, minus the kernel and the initrd. Panics, naming what it
 * needs, on a machine that is too small.
 *   needs: cpu_init, gdt_init, cmdline_parse done */
void memory_init(const struct boot_info *boot);
/* Is [start, end), physical bytes, memory that the machine really has? */
bool memory_exists(const struct boot_info *boot, uint64_t start, uint64_t end);

#endif
