/*
 * Populating brings pages in before the program touches them (MAP_POPULATE, mlock, teaching areas
 * with `populate`). Zeros come in batches; every other page takes the steps of a fault. No fault is
 * counted.
 */
#include <asm/errno.h>
#include <stddef.h>

#include "lib/assert.h"
#include "lib/minmax.h"
#include "mm/map/vm_map_impl.h"
#include "mm/phys/frame.h"
#include "mm/vm_fault_impl.h"

/* Brings one page in, or grants it the rights it lacks. */
static inline enum vm_fault_result populate_page(struct vm_map *map, struct vm_area *area,
                                                 vaddr_t va, uint32_t access)
{
    struct vm_fault fault = {.va = va, .access = (uint8_t)access};
    struct pmap_entry entry;

    if (!pmap_lookup(&map->pmap, va, &entry)) {
        return vm_fault_absent(map, area, &fault, &entry);
    }
    if (!(entry.prot & (access == VM_WRITE ? PMAP_WRITE : PMAP_READ))) {
        /* It may also be held without access, after PROT_NONE and back. */
        return vm_fault_resident(map, area, &fault, &entry);
    }
    return VM_FAULT_RESUME;
}

static int error_of(enum vm_fault_result result)
{
    if (result == VM_FAULT_KILLED) {
        return -EINTR;
    }
    return vm_fault_is_out_of_memory(result) ? -ENOMEM : -EFAULT;
}

/* Zeros for n absent pages of one page table, at most a batch, in private anonymous memory. Fails
 * with -ENOMEM if memory does not suffice for all; what came in stays. */
static noinline_fn int populate_zeros(struct vm_map *map, const struct vm_area *area, vaddr_t va,
                                      uint32_t n)
{
    struct pmap_batch batch;
    int err = pmap_reserve(&map->pmap, va);

    if (err != 0) {
        return err;
    }
    batch.count = frame_take_list(FRAME_USER, batch.pfn, n);
    for (uint32_t i = 0; i < batch.count; i++) {
        pmap_zero_page(batch.pfn[i]);
    }
    pmap_enter_batch(&map->pmap, va, &batch, area->prot);
    vm_fault_count_pages(map, &map->accounts[area->account], batch.count);
    if (unlikely(batch.count < n)) {
        pmap_trim(&map->pmap, va);
        return -ENOMEM;
    }
    return 0;
}

/* Populates the front of range, which lies in the area; *done says how many pages of it. None: a
 * pager slept, and area and page must be looked up again. */
static inline int populate_front(struct vm_map *map, struct vm_area *area, struct vrange range,
                                 uint32_t access, uint32_t *done)
{
    if (area->object == NULL && vm_fault_wants_frame(area, access)) {
        uint32_t n = pmap_count_absent(&map->pmap, range);

        if (n > 0) {
            *done = min_u32(n, PMAP_BATCH);
            return populate_zeros(map, area, range.start, *done);
        }
    }
    enum vm_fault_result result = populate_page(map, area, range.start, access);

    *done = result == VM_FAULT_RESUME;
    return likely(result == VM_FAULT_RESUME) || result == VM_FAULT_AGAIN ? 0 : error_of(result);
}

static int vm_map_populate_locked(struct vm_map *map, struct vrange range, bool write)
{
    lock_assert_held(&map->lock);
    uint32_t access = write ? VM_WRITE : VM_READ, done, pages = 0, version = map->version;
    struct vm_area *area = NULL;

    for (uint32_t va = range.start.raw; va < range.end.raw; va += done << PAGE_SHIFT) {
        if (area == NULL || map->version != version || va >= area->end) {
            version = map->version;
            area = vm_map_lookup(map, va);
            if (area == NULL || vm_fault_refusal(area, access) != VM_CAUSE_COUNT) {
                return -EFAULT;
            }
        }
        struct vrange front = vrange(va, min_u32(area->end, range.end.raw));
        int err = populate_front(map, area, front, access, &done);

        if (unlikely(err != 0)) {
            return err;
        }
        pages += done;
        if (pages >= PREEMPT_STEPS) {
            pages = 0;
            if (vm_map_preempt(map)) {
                return -EINTR;
            }
        }
    }
    return 0;
}

int vm_map_populate(struct vm_map *map, struct vrange range, bool write)
{
    lock_acquire(&map->lock);
    int result = vm_map_populate_locked(map, range, write);
    lock_release(&map->lock);
    return result;
}
