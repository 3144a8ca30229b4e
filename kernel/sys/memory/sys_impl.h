/* What several families of system calls share. Private to kernel/sys/. */
#ifndef KERNEL_SYS_MEMORY_SYS_IMPL_H
#define KERNEL_SYS_MEMORY_SYS_IMPL_H

#include <asm/errno.h>
#include <asm/mman.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/compiler.h"
#include "mm/vm_map.h"

/* ---- Ranges of user memory ------------------------------------------------------------------- */

_Static_assert(PROT_READ == VM_READ && PROT_WRITE == VM_WRITE && PROT_EXEC == VM_EXEC,
               "an area's rights are PROT_* bits");
#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

/* Where the search for a mapping without a hint begins (design D4). */
#define MMAP_BASE 0x80000000u

/* Rounds len up to whole pages. Returns false if the result does not fit into 32 bits. */
static inline bool sys_round_length(uint32_t len, uint32_t *rounded)
{
    *rounded = page_ceil(len);
    return *rounded >= len;
}

/*
 * Chooses the place of a mapping that may lie anywhere: at the hint if that is free, else in the
 * first hole from MMAP_BASE on, else in the first hole at all. Inline because mmap is hot.
 *   hint: page aligned, or 0 for none
 *   len: whole pages, not 0
 * Returns 0 and *start, or -ENOMEM.
 */
static inline int sys_choose_place(struct vm_map *map, uint32_t hint, uint32_t len, vaddr_t *start)
{
    if (hint != 0 && is_user_range(hint, len) && hint + len <= VM_STACK_GUARD_FLOOR &&
        vm_map_is_free(map, vrange(hint, hint + len))) {
        start->raw = hint;
        return 0;
    }
    if (likely(vm_map_find_hole(map, len, MMAP_BASE, VM_STACK_GUARD_FLOOR, start)) ||
        vm_map_find_hole(map, len, USER_BASE, VM_STACK_GUARD_FLOOR, start)) {
        return 0;
    }
    return -ENOMEM;
}

#endif
