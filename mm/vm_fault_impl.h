/* What faults (vm_fault.c) and populating (vm_populate.c) have in common. Private to mm/. */
#ifndef MM_VM_FAULT_IMPL_H
#define MM_VM_FAULT_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/pmap.h"
#include "lib/compiler.h"
#include "mm/map/vm_map_impl.h"
#include "mm/vm_fault.h"

/* Returns the cause of the refusal, or VM_CAUSE_COUNT if the area allows the access. i386 has no
 * write-only and no execute-only pages: any right implies read. */
static inline uint8_t vm_fault_refusal(const struct vm_area *area, uint32_t access)
{
    if (area->prot == 0) {
        return VM_CAUSE_NO_ACCESS;
    }
    if (access == VM_WRITE && !(area->prot & VM_WRITE)) {
        return VM_CAUSE_READ_ONLY;
    }
    if (access == VM_EXEC && !(area->prot & VM_EXEC) && pmap_has_nx()) {
        return VM_CAUSE_NO_EXEC;
    }
    return VM_CAUSE_COUNT;
}

/* True if the first access to private anonymous memory gets a frame of zeros. Otherwise it is a
 * read that gets the shared zero page. */
static inline bool vm_fault_wants_frame(const struct vm_area *area, uint32_t access)
{
    return access == VM_WRITE || (area->flags & VM_OWN_ZERO);
}

/* Counts n pages that have entered the map. */
static inline void vm_fault_count_pages(struct vm_map *map, struct fl_account *account, uint32_t n)
{
    map->rss_pages += n;
    account->pages += n;
}

/*
 * The two halves of a fault whose area is known and allows the access, by what pmap_lookup found
 * for the page of fault->va. They set pfn, cause and bytes_lost, and count no fault. Both return
 * what vm_fault returns; vm_fault_absent may sleep, and returns VM_FAULT_AGAIN if area and page
 * must be looked up again.
 */
enum vm_fault_result vm_fault_absent(struct vm_map *map, struct vm_area *area,
                                     struct vm_fault *fault, const struct pmap_entry *absent);
enum vm_fault_result vm_fault_resident(struct vm_map *map, const struct vm_area *area,
                                       struct vm_fault *fault, const struct pmap_entry *entry);

#endif
