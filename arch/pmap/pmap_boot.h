/* The page tables at boot. For start-up alone. */
#ifndef ARCH_PMAP_BOOT_H
#define ARCH_PMAP_BOOT_H

#include "lib/addr.h"

/* What boot/entry.asm maps at KERNEL_BASE, and the most that is ever mapped directly. */
#define BOOT_MAPPED_BYTES (896u << 20)

/*
 * Replaces the boot page tables by the final ones: all memory below the direct limit at
 * KERNEL_BASE with 2 MiB pages (4 KiB at the kernel's own sections: text read-only executable,
 * rodata read-only, data without execute), global where the CPU can.
 *   Needs cpu_init() done and memory up to BOOT_MAPPED_BYTES mapped at KERNEL_BASE by
 *   boot/entry.asm.
 *   ram_end: first frame number past the end of usable memory
 *   take: returns so many contiguous, zeroed, directly mapped frames, which are never freed
 *   Afterwards pmap_direct works for every frame below pmap_direct_limit().
 */
void pmap_bootstrap(pfn_t ram_end, pfn_t (*take)(uint32_t npages));

#endif
