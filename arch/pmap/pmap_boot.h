/* How boot brings the page tables up. Included by kernel/main.c alone. */
#ifndef ARCH_PMAP_BOOT_H
#define ARCH_PMAP_BOOT_H

#include "lib/addr.h"

/* What boot/entry.asm maps at KERNEL_BASE: all that may ever be mapped directly. */
#define BOOT_MAPPED_BYTES (896u << 20)

/*
 * Replaces the boot page tables by the final ones: all memory below the direct limit at
 * KERNEL_BASE with 2 MiB pages (4 KiB at the kernel's own sections: text read-only executable,
 * rodata read-only, data without execute), global where the CPU can.
 *   needs: cpu_init() done; memory up to BOOT_MAPPED_BYTES mapped at KERNEL_BASE by boot/entry.asm
 *   ram_end: first frame number past the end of usable memory
 *   take: gives directly mapped, early, never freed frames (order: contiguous pages), zeroed
 *   after: pmap_direct works for every frame below pmap_direct_limit()
 */
void pmap_bootstrap(pfn_t ram_end, pfn_t (*take)(uint32_t npages));

#endif
